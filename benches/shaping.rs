//! Refining and rendering, beside the bare libraries: `ammonia` alone on the same bodies, and the
//! `rss` and `atom_syndication` writers on a model already built.
//!
//! `cargo bench --bench shaping`

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use feedloom::format::{self, Format};
use feedloom::model::draft::{Draft, Refined, Stamp};
use feedloom::model::feed::{Feed, Head, Revision, Shelf, ShelfHead, Site};
use feedloom::model::item::{Item, ItemId, Record};
use feedloom::model::source::{Source, SourceId};
use feedloom::model::text::Text;
use feedloom::model::time::{Offset, Timestamp};

fn main() {
    divan::main();
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
            categories: vec!["财经".to_owned()],
            published: seen(),
            published_inferred: false,
            updated: seen(),
            seen: seen(),
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
    };
    let head = ShelfHead {
        shelf: Shelf::All,
        title: "全部".into(),
        description: None,
        language: None,
        head: Head { revision: Revision(1), at: seen() },
        aliases: Vec::new(),
    };
    Feed::assemble(&site, &head, items(), 300)
}

/// A hundred drafts become items: sanitised, keyed, dated.
#[divan::bench]
fn refine(bencher: Bencher) {
    let source = source();
    let drafts: Vec<Draft> = (0..ITEMS).map(draft).collect();
    bencher.counter(ItemsCount::new(ITEMS)).with_inputs(|| drafts.clone()).bench_values(|drafts| {
        drafts.into_iter().map(|draft| draft.refine(&source, seen())).collect::<Vec<_>>()
    });
}

/// The sanitiser alone on the same bodies.
#[divan::bench]
fn refine_ammonia_alone(bencher: Bencher) {
    let bodies: Vec<String> = (0..ITEMS).map(body).collect();
    let policy = ammonia::Builder::default();
    bencher
        .counter(ItemsCount::new(ITEMS))
        .bench(|| bodies.iter().map(|body| policy.clean(body).to_string()).collect::<Vec<_>>());
}

/// A hundred items of 5 KB in each format.
#[divan::bench(args = ["rss", "atom", "json"])]
fn render(bencher: Bencher, name: &str) {
    let (feed, format) = (feed(), format::named(name).expect("a format"));
    bencher
        .counter(BytesCount::new(format.render(&feed).bytes.len()))
        .bench(|| format.render(&feed));
}

/// The `rss` crate writing a channel it has already built.
#[divan::bench]
fn render_rss_crate_alone(bencher: Bencher) {
    let bytes = format::rss::Rss.render(&feed()).bytes;
    let channel = rss::Channel::read_from(&bytes[..]).expect("our own document");
    bencher.counter(BytesCount::new(bytes.len())).bench(|| channel.to_string());
}

/// The `atom_syndication` crate writing a feed it has already built.
#[divan::bench]
fn render_atom_crate_alone(bencher: Bencher) {
    let bytes = format::atom::Atom.render(&feed()).bytes;
    let document = atom_syndication::Feed::read_from(&bytes[..]).expect("our own document");
    bencher.counter(BytesCount::new(bytes.len())).bench(|| document.to_string());
}
