//! `feedloom import FILE.opml`: a list of subscriptions → sources for feeds.toml, on stdout.

use std::collections::HashSet;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use url::Url;

use super::{Outcome, app, note, results};
use crate::format::opml::{self, Outline};
use crate::model::category;

/// Which list.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  feedloom import subscriptions.opml >> feeds.toml

Ids that feeds.toml has already are not given again.")]
pub struct Arguments {
    /// An OPML file, as every feed reader exports it; `-` for standard input
    #[arg(value_name = "FILE.opml")]
    file: PathBuf,
}

/// The longest list that is read, in bytes.
const LONGEST: u64 = 64 << 20;

/// Writes a `[[source]]` for each subscription.
pub fn run(config: &Path, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let text = text(&arguments.file)
        .with_context(|| format!("{} cannot be read", arguments.file.display()))?;
    let outlines =
        opml::read(&text).map_err(|why| anyhow::anyhow!("{}: {why}", arguments.file.display()))?;
    // Only ids are wanted of the file there is; one that is wrong or absent takes none away.
    let known = app::configuration(config).map(|config| config.upstreams).unwrap_or_default();
    let mut taken = known.iter().map(|upstream| upstream.source.id.to_string()).collect();
    let mut results = results();
    results.write_all(sources(&outlines, &mut taken, note).as_bytes())?;
    results.flush()?;
    Ok(Outcome::Done)
}

fn text(path: &Path) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    match path == Path::new("-") {
        true => std::io::stdin().lock().take(LONGEST).read_to_end(&mut bytes)?,
        false => fs::File::open(path)?.take(LONGEST).read_to_end(&mut bytes)?,
    };
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned())
}

/// The sources as lines of the file; what cannot be one is told and left out.
fn sources(outlines: &[Outline], taken: &mut HashSet<String>, tell: impl Fn(String)) -> String {
    let mut seen = HashSet::new();
    let mut lines = String::new();
    for outline in outlines {
        let Some(url) = address(&outline.xml_url) else {
            tell(format!(
                "`{}` is left out: `{}` is no address on the web",
                outline.title, outline.xml_url
            ));
            continue;
        };
        if seen.insert(url.to_string()) {
            lines += &source(outline, &url, taken);
        }
    }
    lines
}

/// An address on the web, as it is written in the file. `feed:` is how some browsers wrote `http:`.
fn address(written: &str) -> Option<Url> {
    let written = written.trim();
    let web = match written.strip_prefix("feed:") {
        Some(rest) if rest.starts_with("//") => format!("http:{rest}"),
        Some(rest) => rest.to_owned(),
        None => written.to_owned(),
    };
    Url::parse(&web)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.username().is_empty())
}

fn source(outline: &Outline, url: &Url, taken: &mut HashSet<String>) -> String {
    let title = words(&outline.title);
    let name = if title.is_empty() { host(url) } else { title.as_str() };
    let id = category::slug(name, |slug| taken.contains(slug));
    taken.insert(id.clone());
    let mut lines = format!(
        "[[source]]\nid = {}\nkind = \"feed\"\nurl = {}\n",
        quoted(&id),
        quoted(url.as_str())
    );
    if !title.is_empty() {
        lines += &format!("title = {}\n", quoted(&title));
    }
    // The innermost group is what the reader's owner called the feed; the outer ones are folders.
    if let Some(group) =
        outline.groups.iter().map(|group| words(group)).rfind(|group| !group.is_empty())
    {
        lines += &format!("categories = [{}]\n", quoted(&group));
    }
    lines + "\n"
}

fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default().trim_start_matches("www.")
}

/// One line, as a title in the file should be.
fn words(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(title: &str, url: &str, group: Option<&str>) -> Outline {
        let groups = group.map(str::to_owned).into_iter().collect();
        Outline { title: title.to_owned(), xml_url: url.to_owned(), groups, ..Outline::default() }
    }

    fn imported(outlines: &[Outline]) -> String {
        sources(outlines, &mut HashSet::from(["jingji".to_owned()]), |_| {})
    }

    #[test]
    fn what_is_written_is_a_file_that_parses() {
        let lines = imported(&[
            outline(
                "人民网 \"财经\"\n",
                "http://www.people.example/rss/a.xml?x=1&y='",
                Some("时政"),
            ),
            outline("", "https://www.blog.example/atom", None),
            outline("", "feed://www.blog.example/other", None),
            outline("重复", "https://www.blog.example/atom", None),
            outline("不行", "javascript:alert(1)", None),
        ]);
        let file = format!("[site]\ntitle = \"t\"\nurl = \"http://127.0.0.1\"\n{lines}");
        let config = crate::config::parse(&file, Path::new("/"), &|_| Err(String::new()));
        let config = config.map_err(|errors| panic!("{file}{errors:?}")).unwrap();
        let sources: Vec<_> = config.upstreams.iter().map(|upstream| &upstream.source).collect();
        assert_eq!(sources.len(), 3);
        assert_eq!(sources[0].title.as_deref(), Some("人民网 \"财经\""));
        assert_eq!(sources[0].categories, ["时政"]);
        assert_ne!(sources[1].id, sources[2].id, "two feeds of one host have two ids");
    }

    #[test]
    fn an_id_that_is_taken_is_not_given_again() {
        assert!(
            !imported(&[outline("经济", "https://a.example/", None)]).contains("id = \"jingji\"\n")
        );
    }

    #[test]
    fn what_is_left_out_is_told() {
        let told = std::cell::Cell::new(0);
        sources(&[outline("x", "not an address", None)], &mut HashSet::new(), |_| {
            told.set(told.get() + 1)
        });
        assert_eq!(told.get(), 1);
    }
}
