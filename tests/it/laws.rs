//! Properties that hold for whatever comes in.

use std::time::Duration;

use feedloom::format::{self, Format};
use feedloom::model::draft::{Draft, Refined, Stamp};
use feedloom::model::feed::{Feed, Head, Revision, Shelf, ShelfHead, Site};
use feedloom::model::item::{Enclosure, Filed, Item, ItemId, Key, Label, Matter, Person, Record};
use feedloom::model::source::SourceId;
use feedloom::model::text::{PlainText, SafeHtml, Text};
use feedloom::model::time::{Offset, Timestamp, Zone};
use proptest::prelude::*;

use crate::house;

/// Pieces that make trouble when put side by side.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("<p>".to_owned()),
        Just("</p>".to_owned()),
        Just("<b>".to_owned()),
        Just("</b>".to_owned()),
        Just("<div>".to_owned()),
        Just("</div>".to_owned()),
        Just("<br>".to_owned()),
        Just("<span>".to_owned()),
        Just("</span>".to_owned()),
        Just("<center>".to_owned()),
        Just("</center>".to_owned()),
        Just("<pre>".to_owned()),
        Just("</pre>".to_owned()),
        Just("<table><tr><td>".to_owned()),
        Just("</td></tr></table>".to_owned()),
        Just("<img src=\"https://e.com/a.png\" alt=\"图片\">".to_owned()),
        Just("<img src=x onerror=alert(1)>".to_owned()),
        Just("<a href=\"javascript:alert(1)\">".to_owned()),
        Just("<a href=\"/x?a=1&b=2\">".to_owned()),
        Just("</a>".to_owned()),
        Just("<script>alert(1)</script>".to_owned()),
        Just("<svg><p>".to_owned()),
        Just("<math><style>".to_owned()),
        Just("<!-- --!>".to_owned()),
        Just("<ul><li>".to_owned()),
        Just("</li></ul>".to_owned()),
        Just("<h2>".to_owned()),
        Just("&nbsp;".to_owned()),
        Just("&amp;lt;".to_owned()),
        Just("&lt;b&gt;".to_owned()),
        Just("　　".to_owned()),
        Just("\u{200b}".to_owned()),
        Just("\u{ad}".to_owned()),
        Just("\u{85}".to_owned()),
        Just("<noscript>".to_owned()),
        Just("</noscript>".to_owned()),
        Just("<img src=s.gif data-src=https://e.com/b.png>".to_owned()),
        Just("<picture><source srcset=x>".to_owned()),
        Just(" ".to_owned()),
        Just("\n".to_owned()),
        Just("]]>".to_owned()),
        Just("<".to_owned()),
        Just("\"".to_owned()),
        "[\\PC]{0,6}",
        any::<String>().prop_map(|text| text.chars().take(8).collect()),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// T-18: what is clean stays as it is when it is cleaned again.
    #[test]
    fn t_18_cleaning_is_idempotent(html in soup()) {
        let once = SafeHtml::clean(&Text::html(html), None);
        let twice = SafeHtml::clean(&Text::html(once.as_str()), None);
        prop_assert_eq!(once, twice);
    }

    /// T-18: a second parser finds no element, attribute or scheme that could execute.
    #[test]
    fn t_18_nothing_executable_survives(html in soup()) {
        let clean = SafeHtml::clean(&Text::html(html), None);
        house::assert_harmless(clean.as_str());
    }

    /// Text typed as text keeps its words, whatever markup they look like.
    #[test]
    fn plain_text_keeps_its_words(text in soup()) {
        let plain = PlainText::of(&Text::plain(text.clone()));
        let paragraphs = SafeHtml::clean(&Text::plain(text), None);
        prop_assert_eq!(plain.as_str().replace(' ', ""), paragraphs.words().as_str().replace(' ', ""));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// T-20: whatever the fields hold, an independent parser reads back what was written.
    #[test]
    fn t_20_documents_read_back_equal(
        titles in prop::collection::vec((soup(), soup(), soup()), 1..5),
        millis in 0_i64..4_000_000_000_000,
        minutes in -720_i16..=840,
    ) {
        let at = Timestamp::from_seconds(millis / 1000, Offset::from_minutes(minutes).unwrap()).unwrap();
        let items: Vec<Item> = titles.iter().enumerate().filter_map(|(n, (title, guid, body))| item(n, title, guid, body, at)).collect();
        let feed = feed(items, at);
        for format in format::FEEDS {
            read_back(*format, &feed)?;
        }
    }
}

/// Every second item carries upstream's own absolute URI, every third only a summary.
fn item(n: usize, title: &str, guid: &str, body: &str, at: Timestamp) -> Option<Item> {
    let draft = Draft {
        guid: Some(format!("{n}{guid}")),
        title: Some(Text::plain(title)),
        link: Some(format!("https://e.com/{n}?a=1&b={n}")),
        content: Some(Text::html(body)),
        published: Some(Stamp::detect(at.rfc3339())),
        ..Draft::default()
    };
    let Refined::Item(candidate) = draft.refine(&house::source("wire"), at) else { return None };
    let id = ItemId::mint("wire", &candidate.keys[0]);
    let is_short = n % 3 == 2;
    let words = PlainText::of(&Text::plain(format!("摘要 & <{n}>")));
    Some(Item::recall(Record {
        id,
        public_id: if n % 2 == 1 { format!("tag:e.com,2022:/{n}?a=1&b=%7e甲") } else { id.urn() },
        guid: candidate.guid.clone(),
        source: SourceId::new("wire").unwrap(),
        source_title: "电讯".to_owned(),
        source_url: None,
        source_own_id: None,
        matter: Matter {
            authors: vec![Person {
                name: "甲 & 乙".into(),
                email: Some("a@b.example".into()),
                url: None,
            }],
            labels: vec![Label { term: "<财经>".into(), scheme: Some("urn:x".into()) }],
            enclosures: vec![
                Enclosure {
                    url: "https://e.com/1.mp3".into(),
                    media_type: Some("audio/mpeg".into()),
                    length: Some(5),
                },
                Enclosure { url: "https://e.com/2.mp3?a&b".into(), media_type: None, length: None },
            ],
            image: Some("https://e.com/x.png?a=1&b=2".into()),
            comments: Some(format!("https://e.com/talk/{n}?a=1&b=2")),
            summary: is_short.then_some(words).or(candidate.matter.summary.clone()),
            content: candidate.matter.content.clone().filter(|_| !is_short),
            ..candidate.matter.clone()
        },
        categories: vec![Filed { name: "A & B".to_owned(), slug: "a-b".to_owned() }],
        published: at,
        published_inferred: false,
        updated: at.plus(Duration::from_secs(60)),
        seen: at,
        also: Vec::new(),
    }))
}

fn feed(items: Vec<Item>, at: Timestamp) -> Feed {
    let site = Site {
        title: "新闻".into(),
        url: "https://n.example".into(),
        language: Some("zh-CN".into()),
        description: None,
        zone: Zone::default(),
    };
    let head = ShelfHead {
        name: None,
        rank: None,
        shelf: Shelf::Category("a-b".into()),
        title: "A & B <c>".into(),
        description: None,
        language: None,
        head: Head { revision: Revision(7), at },
        came: at,
        aliases: Vec::new(),
    };
    Feed::assemble(&site, &head, items, 300)
}

fn read_back(format: &dyn Format, feed: &Feed) -> Result<(), TestCaseError> {
    let bytes = format.render(feed).bytes;
    prop_assert_eq!(&bytes, &format.render(feed).bytes, "the same feed, the same bytes");
    let read = feed_rs::parser::parse(&bytes[..]);
    let read = match read {
        Ok(read) => read,
        Err(error) => {
            return Err(TestCaseError::fail(format!(
                "{}: {error}\n{}",
                format.name(),
                String::from_utf8_lossy(&bytes)
            )));
        }
    };
    prop_assert_eq!(read.entries.len(), feed.items.len());
    prop_assert_eq!(read.title.map(|title| title.content), Some(feed.title.clone()));
    for (entry, item) in read.entries.iter().zip(&feed.items) {
        prop_assert_eq!(&entry.id, &item.public_id);
        prop_assert_eq!(
            entry.title.as_ref().map(|title| title.content.trim()),
            Some(item.title.as_str())
        );
        prop_assert_eq!(Some(entry.links[0].href.as_str()), item.link.as_deref());
        prop_assert_eq!(entry.published.map(|at| at.timestamp()), Some(item.published.seconds()));
        if format.name() != "rss" {
            prop_assert_eq!(entry.updated.map(|at| at.timestamp()), Some(item.updated.seconds()));
        }
        let links: Vec<_> = entry.links.iter().map(|link| link.href.as_str()).collect();
        prop_assert_eq!(links, links_of(format, item), "{}", format.name());
        let body =
            entry.content.as_ref().and_then(|content| content.body.as_deref()).map(str::trim);
        let expected = item.content.as_ref().map(|html| html.as_str().trim());
        if expected.is_some() {
            prop_assert_eq!(body, expected, "{}", format.name());
        } else if let Some(words) = &item.summary {
            let summary = entry.summary.as_ref().map(|text| text.content.trim()).or(body);
            prop_assert_eq!(summary, Some(words.as_str()), "{}", format.name());
        }
    }
    Ok(())
}

/// The links the other parser finds: RSS keeps files apart, JSON Feed has no word for comments.
fn links_of<'a>(format: &dyn Format, item: &'a Item) -> Vec<&'a str> {
    let files = item.enclosures.iter().map(|file| file.url.as_str());
    let link = item.link.as_deref().into_iter();
    match format.name() {
        "rss" => link.chain(item.comments.as_deref()).collect(),
        "atom" => link.chain(files).chain(item.comments.as_deref()).collect(),
        _ => link.chain(files).collect(),
    }
}

#[test]
fn keys_of_different_kinds_never_meet() {
    assert_ne!(Key::guid("link a"), Key::link("a"));
    assert_ne!(ItemId::mint("a", &Key::guid("x")), ItemId::mint("b", &Key::guid("x")));
}
