//! Reading feeds: ours beside feed-rs and the readers of the rss and atom_syndication crates, on
//! generated Chinese feeds of about 300 KB each. Ratios in one run mean something, times don't.
//!
//! `ours` goes from bytes to a document, as the others do; `on to drafts` to what the adapter hands out.

use std::hint::black_box;

use bytes::Bytes;
use feedloom::adapter::{Adapter, Response, Setting, decode, feed, setting::Value};
use feedloom::model::source::{Source, SourceId};
use feedloom::model::time::{Offset, Timestamp};

mod beside;
use beside::{Way, beside};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    for corpus in ["cdata", "escaped", "small", "atom"] {
        let bytes = feed_of(corpus);
        let mut ways = vec![ours(&bytes), entries(&bytes), feed_rs(&bytes)];
        ways.push(if corpus == "atom" { atom_crate(&bytes) } else { rss_crate(&bytes) });
        beside(&format!("{corpus}, {} KB, beside ours", bytes.len() / 1000), ways);
    }
}

fn ours(bytes: &[u8]) -> Way<'_> {
    let read = || {
        let decoded = decode::decode(black_box(bytes), Some("text/xml"));
        black_box(feed::read(&decoded.text, None).expect("a feed"));
    };
    ("ours", Box::new(read))
}

fn entries(bytes: &[u8]) -> Way<'_> {
    let adapter = adapter();
    let ask = adapter.asks(&source(), now()).remove(0);
    let response = Response::new(Bytes::copy_from_slice(bytes));
    let read = move || {
        black_box(adapter.parse(&ask, "https://news.example/rss.xml", black_box(&response)));
    };
    ("ours, on to drafts", Box::new(read))
}

fn feed_rs(bytes: &[u8]) -> Way<'_> {
    let read = move || drop(black_box(feed_rs::parser::parse(black_box(bytes)).expect("a feed")));
    ("feed-rs", Box::new(read))
}

fn rss_crate(bytes: &[u8]) -> Way<'_> {
    let read = move || drop(black_box(rss::Channel::read_from(black_box(bytes)).expect("a feed")));
    ("rss", Box::new(read))
}

fn atom_crate(bytes: &[u8]) -> Way<'_> {
    let read = move || {
        drop(black_box(atom_syndication::Feed::read_from(black_box(bytes)).expect("a feed")))
    };
    ("atom_syndication", Box::new(read))
}

fn now() -> Timestamp {
    Timestamp::from_seconds(1_794_450_600, Offset::CHINA).expect("a time of our days")
}

fn adapter() -> Box<dyn Adapter> {
    let nothing = Setting { span: 0..0, value: Value::Table(Vec::new()) };
    (feed::KIND.build)(&nothing).unwrap_or_else(|_| panic!("no setting is a mistake"))
}

fn source() -> Source {
    let url = http::Uri::from_static("https://news.example/rss.xml");
    Source::new(SourceId::new("bench").expect("a well-formed id"), url)
}

/// One of the corpora: articles in CDATA, articles escaped, many small items, Atom with escaped articles.
fn feed_of(corpus: &str) -> Vec<u8> {
    let document = match corpus {
        "cdata" => rss_of(60, |n| format!("<![CDATA[{}]]>", article(n))),
        "escaped" => rss_of(60, |n| escape(&article(n))),
        "small" => rss_of(500, |_| "早盘沪指高开，两市成交额放大，北向资金净流入。".to_owned()),
        _ => atom_of(60),
    };
    document.into_bytes()
}

fn rss_of(items: usize, description: impl Fn(usize) -> String) -> String {
    let items = (0..items).map(|n| {
        format!(
            "    <item>\n      <title>第{n}条：重庆荣昌全方位发力打造食安高地</title>\n      \
             <link>https://news.example/2026/11/{n}.html?from=rss&amp;n={n}</link>\n      \
             <description>{}</description>\n      <category>时政</category>\n      <dc:creator>记者 张三</dc:creator>\n      \
             <pubDate>Thu, 12 Nov 2026 07:45:10 +0800</pubDate>\n      \
             <guid isPermaLink=\"false\">news-{n}</guid>\n    </item>\n",
            description(n)
        )
    });
    let items: String = items.collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n  \
         <channel>\n    <title>新闻</title>\n    <link>https://news.example/</link>\n    \
         <description>要闻</description>\n{items}  </channel>\n</rss>\n"
    )
}

fn atom_of(entries: usize) -> String {
    let entries = (0..entries).map(|n| {
        format!(
            "  <entry>\n    <title>第{n}条：重庆荣昌全方位发力打造食安高地</title>\n    \
             <link href=\"https://news.example/2026/11/{n}.html\"/>\n    <id>tag:news.example,2026:{n}</id>\n    \
             <updated>2026-11-12T07:45:10+08:00</updated>\n    <author><name>张三</name></author>\n    \
             <content type=\"html\">{}</content>\n  </entry>\n",
            escape(&article(n))
        )
    });
    let entries: String = entries.collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n  <title>新闻</title>\n  \
         <id>tag:news.example,2026:feed</id>\n  <updated>2026-11-12T07:45:10+08:00</updated>\n{entries}</feed>\n"
    )
}

fn article(n: usize) -> String {
    let paragraph = "<p>记者12日从市交通局获悉，两江大桥<strong>今晨合龙</strong>，全长2.8公里，\
        详见<a href=\"https://news.example/a/1.html\">前期报道</a>。<img src=\"https://img.example/1.jpg\" alt=\"大桥\"></p>\n";
    paragraph.repeat(20 + n % 7)
}

fn escape(html: &str) -> String {
    html.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
