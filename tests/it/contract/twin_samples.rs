//! Twins among real posts of a seed system, where those are at hand beside the repository. Their
//! texts belong to others, so none of them stands here.

use std::path::{Path, PathBuf};

use feedloom::model::draft::{Draft, Refined, Stamp};
use feedloom::model::item::Candidate;
use feedloom::model::text::Text;
use feedloom::model::time::{Offset, Timestamp};
use feedloom::model::twin::{Gist, Reason, Told};

use super::house::source;

/// Pairs that tell one story: one digest twice under other titles, and an article in two forms.
const TWINS: [(&str, &str); 3] = [
    ("202112082206896571", "202112082206936037"),
    ("202205302396671645", "NW202205302396671645"),
    ("v-19a746ac", "v-3dd119dc"),
];

struct Post {
    name: String,
    candidate: Box<Candidate>,
}

#[test]
fn w_11_real_near_duplicates_are_found_and_nothing_else() {
    let posts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples/posts");
    if !posts.is_dir() {
        println!("skipped: ../shared/samples/posts is not at hand");
        return;
    }
    let mut files = Vec::new();
    walk(&posts, &mut files);
    let posts: Vec<Post> = files.iter().filter_map(|file| read(file)).collect();
    let mut met = 0;
    for (at, one) in posts.iter().enumerate() {
        for other in &posts[at + 1..] {
            let is = |a: &str, b: &str| one.name.contains(a) && other.name.contains(b);
            let meant = TWINS.iter().any(|(a, b)| is(a, b) || is(b, a));
            assert_eq!(judged(one, other).is_some(), meant, "{} {}", one.name, other.name);
            met += usize::from(meant);
        }
    }
    assert_eq!(met, TWINS.len(), "all pairs are there");
}

fn judged(one: &Post, other: &Post) -> Option<Reason> {
    let gist = |post: &Post| Gist::of(&post.candidate.matter, &[]);
    let (gists, others) = (gist(one), gist(other));
    let told = |post: &Post| {
        Told::of(&post.candidate.matter, post.candidate.published.expect("a time of its own"))
    };
    let reason = told(one).same(&told(other), false);
    let is_found = gists.words.iter().any(|hash| others.words.contains(hash));
    assert!(is_found || reason.is_none(), "{} {} are not looked for", one.name, other.name);
    reason
}

/// The posts as the kind that reads such folders would have them, roughly.
fn read(file: &Path) -> Option<Post> {
    let text = std::fs::read_to_string(file).expect("a file");
    let (head, body) = text.trim_start().strip_prefix("---")?.split_once("\n---")?;
    let field = |name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim().trim_matches('"').to_owned())
    };
    let body = body.split("\n<http").next().unwrap_or_default();
    let draft = Draft {
        title: field("title:").map(Text::plain),
        content: Some(Text::html(body.replace("\n> ", "").replace("\n\n", "<p>"))),
        published: field("date:").map(Stamp::detect),
        ..Draft::default()
    };
    let seen = Timestamp::from_seconds(1_795_000_000, Offset::UTC);
    match draft.refine(&source("posts"), seen.expect("a time")) {
        Refined::Item(candidate) if candidate.published.is_some() => {
            Some(Post { name: file.display().to_string(), candidate })
        }
        _ => None,
    }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => walk(&path, files),
            false => files.push(path),
        }
    }
}
