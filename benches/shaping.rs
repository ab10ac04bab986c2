//! Refining and rendering, beside the bare libraries: `ammonia` alone on the same bodies, and the
//! `rss` and `atom_syndication` writers on a model already built.
//!
//! `cargo bench --bench shaping`

use std::hint::black_box;

use feedloom::format;
use feedloom::model::draft::{Draft, Refined, Stamp};
use feedloom::model::feed::{Feed, Head, Revision, Shelf, ShelfHead, Site};
use feedloom::model::item::{Filed, Item, ItemId, Record};
use feedloom::model::source::{Source, SourceId};
use feedloom::model::text::Text;
use feedloom::model::time::{Offset, Timestamp};

mod beside;
use beside::{Way, beside};

fn main() {
    refining();
    rendering();
}

const ITEMS: usize = 100;

fn body(n: usize) -> String {
    let sentence = "当日各项指标运行平稳，相关部门表示将继续推进重点工作，市场反应总体积极。";
    let paragraph = format!(
        "<p>第{n}条：{}<strong>重点</strong>，见<a href=\"https://e.com/a?b=1&c={n}\">原文</a>。</p>\n",
        sentence.repeat(2)
    );
    format!(
        "{}<center><img src=\"https://e.com/{n}_w640h360.jpg\" alt=\"图片\"></center>",
        paragraph.repeat(14)
    )
}

fn draft(n: usize) -> Draft {
    Draft {
        guid: Some(format!("urn:item:{n}")),
        title: Some(Text::unsaid(format!("第{n}条 ：指标运行平稳"))),
        link: Some(format!("https://e.com/a/{n}?utm_source=x")),
        summary: Some(Text::plain("当日各项指标运行平稳。")),
        content: Some(Text::html(body(n))),
        published: Some(Stamp::detect("Fri, 27 May 2022 12:03:15 +0800")),
        ..Draft::default()
    }
}

fn source() -> Source {
    let url = "https://e.com/".parse().expect("an address");
    Source::new(SourceId::new("wire").expect("well-formed"), url)
}

fn seen() -> Timestamp {
    Timestamp::from_seconds(1_653_627_600, Offset::CHINA).expect("in range")
}

fn items() -> Vec<Item> {
    let item = |n| {
        let Refined::Item(candidate) = draft(n).refine(&source(), seen()) else {
            panic!("it is an item")
        };
        let id = ItemId::mint("wire", &candidate.keys[0]);
        Item::recall(Record {
            id,
            public_id: id.urn(),
            guid: candidate.guid.clone(),
            source: source().id,
            source_title: "电讯".to_owned(),
            source_url: None,
            source_own_id: None,
            matter: candidate.matter.clone(),
            categories: vec![Filed { name: "财经".to_owned(), slug: "caijing".to_owned() }],
            published: seen(),
            published_inferred: false,
            updated: seen(),
            seen: seen(),
            also: Vec::new(),
        })
    };
    (0..ITEMS).map(item).collect()
}

fn feed() -> Feed {
    let site = Site {
        title: "新闻".into(),
        url: "https://n.example".into(),
        language: None,
        description: None,
        zone: feedloom::model::time::Zone::default(),
    };
    let head = ShelfHead {
        name: None,
        rank: None,
        shelf: Shelf::All,
        title: "全部".into(),
        description: None,
        language: None,
        head: Head { revision: Revision(1), at: seen() },
        came: seen(),
        aliases: Vec::new(),
    };
    Feed::assemble(&site, &head, items(), 300)
}

/// A hundred drafts become items, beside the sanitiser alone on the same bodies.
fn refining() {
    let source = source();
    let drafts: Vec<Draft> = (0..ITEMS).map(draft).collect();
    let bodies: Vec<String> = (0..ITEMS).map(body).collect();
    let policy = ammonia::Builder::default();
    let refine = || {
        // What a poll hands over is its own; so is what is refined here.
        for draft in drafts.clone() {
            black_box(draft.refine(&source, seen()));
        }
    };
    let clean = || {
        for body in &bodies {
            black_box(policy.clean(body).to_string());
        }
    };
    let ways: Vec<Way<'_>> = vec![("ours", Box::new(refine)), ("ammonia alone", Box::new(clean))];
    beside(&format!("refining {ITEMS} drafts of 5 KB, beside ours"), ways);
}

/// A hundred items of 5 KB in each format, beside the crates writing what they have already built.
fn rendering() {
    let feed = feed();
    let of = |name| format::named(name).expect("a format");
    let bytes = |name| of(name).render(&feed).bytes;
    let channel = rss::Channel::read_from(&bytes("rss")[..]).expect("our own document");
    let document = atom_syndication::Feed::read_from(&bytes("atom")[..]).expect("our own document");
    let render = |name| {
        let (format, feed) = (of(name), &feed);
        move || drop(black_box(format.render(feed)))
    };
    let beside =
        |name: &str, ways| beside(&format!("{name}, {ITEMS} items of 5 KB, beside ours"), ways);
    let write = || drop(black_box(channel.to_string()));
    beside("RSS", vec![("ours", Box::new(render("rss"))), ("rss, built already", Box::new(write))]);
    let write = || drop(black_box(document.to_string()));
    let crates = ("atom_syndication, built", Box::new(write) as Box<dyn FnMut()>);
    beside("Atom", vec![("ours", Box::new(render("atom"))), crates]);
    beside("JSON Feed", vec![("ours", Box::new(render("json")))]);
    beside("the page", vec![("ours", Box::new(render("html")))]);
}
