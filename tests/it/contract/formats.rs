//! Rows C-30 to C-60: what every document we serve owes its readers, whichever format they take.
//!
//! Each test reads documents with a strict reader of its own, not with the crates that wrote them.
//! Rows on archives, hubs and retired feeds (C-43 `rel=hub`, C-53 `next_url`, `hubs`, `expired`)
//! hold as far as these are served: nothing is promised that is not there.
//!
//! Warnings of feed validators that we accept, and why:
//!
//! - Entries with equal `updated`: a source that gives only days gives all articles of a day one
//!   time, and an invented order would be a lie.
//! - A self link that differs from the address asked: documents name their public address, which
//!   is not the one a test or a proxy asks at.
//! - Obsolete attributes: none; what we accept here is markup within bodies, which is upstream's,
//!   cleaned but not modernised.

use feedloom::format::{self, Document, Format, opml};
use feedloom::model::draft::{Draft, Refined, Stamp};
use feedloom::model::feed::{
    Archive, Catalogue, Feed, Head, Revision, Shelf, ShelfHead, Site, Tombstone,
};
use feedloom::model::item::{
    Also, Enclosure, Filed, Item, ItemId, Key, Label, Matter, Origin, Person, Record,
};
use feedloom::model::source::SourceId;
use feedloom::model::text::{PlainText, SafeHtml, Text};
use feedloom::model::time::{Offset, Zone};
use feedloom::model::twin::Reason;
use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use regex::Regex;
use serde_json::Value;

use crate::house::{self, House, time};

/// An element, read strictly.
#[derive(Clone, Debug, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Element>,
}

impl Element {
    fn of(tag: &BytesStart<'_>) -> Element {
        let attributes = tag.attributes().map(|attribute| {
            let attribute = attribute.expect("a well-formed attribute, given once");
            let value =
                attribute.normalized_value(XmlVersion::Implicit1_0).expect("known entities");
            (String::from_utf8(attribute.key.as_ref().to_vec()).unwrap(), value.into_owned())
        });
        Element {
            name: String::from_utf8(tag.name().as_ref().to_vec()).unwrap(),
            attributes: attributes.collect(),
            ..Element::default()
        }
    }

    /// The root of a well-formed document in declared UTF-8 and without a DOCTYPE.
    fn read(document: &Document) -> Element {
        let text = std::str::from_utf8(&document.bytes).expect("UTF-8");
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_end_names = true;
        let mut open = vec![Element::default()];
        let mut declared = false;
        loop {
            let within = open.last_mut().unwrap();
            match reader.read_event().unwrap_or_else(|error| panic!("{error} in {text}")) {
                Event::Decl(declaration) => {
                    let encoding = declaration.encoding().expect("an encoding").unwrap();
                    declared = encoding.eq_ignore_ascii_case(b"utf-8");
                }
                Event::Start(tag) => open.push(Element::of(&tag)),
                Event::Empty(tag) => within.children.push(Element::of(&tag)),
                Event::End(_) => {
                    let done = open.pop().unwrap();
                    open.last_mut().unwrap().children.push(done);
                }
                Event::Text(words) => within.text += &words.decode().unwrap(),
                Event::CData(words) => within.text += &words.decode().unwrap(),
                Event::GeneralRef(entity) => match entity.resolve_char_ref().unwrap() {
                    Some(character) => within.text.push(character),
                    None => {
                        let name = entity.decode().unwrap();
                        within.text += resolve_predefined_entity(&name).expect("a known entity");
                    }
                },
                Event::DocType(_) => panic!("a DOCTYPE in {text}"),
                Event::Comment(_) | Event::PI(_) => {}
                Event::Eof => break,
            }
        }
        assert!(declared, "no UTF-8 declared in {text}");
        assert_eq!((open.len(), open[0].children.len()), (1, 1), "one root in {text}");
        open.pop().and_then(|mut document| document.children.pop()).unwrap()
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &Element> + use<'_> {
        let found: Vec<_> = self.children.iter().filter(|child| child.name == name).collect();
        found.into_iter()
    }

    #[track_caller]
    fn one(&self, name: &str) -> &Element {
        let found: Vec<_> = self.all(name).collect();
        assert_eq!(found.len(), 1, "exactly one <{name}> in {self:#?}");
        found[0]
    }

    #[track_caller]
    fn says(&self, name: &str) -> &str {
        &self.one(name).text
    }

    fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// This element and all within it.
    fn every(&self) -> Vec<&Element> {
        std::iter::once(self).chain(self.children.iter().flat_map(Element::every)).collect()
    }

    /// The addresses of its Atom links with that relation.
    fn links(&self, name: &str, rel: &str) -> Vec<&str> {
        let links =
            self.all(name).filter(|link| link.attribute("rel").unwrap_or("alternate") == rel);
        links.map(|link| link.attribute("href").expect("an address")).collect()
    }
}

/// A twin of an item, by another source.
fn also(name: &str, link: Option<&str>, reason: Reason) -> Also {
    Also {
        id: ItemId::mint("other", &Key::guid(name)),
        source: SourceId::new(name).unwrap(),
        publication: format!("晚报 & {name}"),
        link: link.map(str::to_owned),
        reason,
    }
}

/// An item with everything an item can have.
fn record(name: &str) -> Record {
    let id = ItemId::mint("wire", &Key::guid(name));
    let file = |url: &str| Enclosure {
        url: url.to_owned(),
        media_type: Some("audio/mpeg".to_owned()),
        length: None,
    };
    let label = |term: &str| Label { term: term.to_owned(), scheme: Some("urn:words".to_owned()) };
    let html =
        "<p>正文 <b>重</b> &amp; <a href=\"https://wire.example/x?a=1&amp;b=2\">链接</a></p>";
    Record {
        id,
        public_id: id.urn(),
        guid: None,
        source: SourceId::new("wire").unwrap(),
        source_title: "电讯".to_owned(),
        source_url: Some("https://wire.example/feed?a=1&b=2".to_owned()),
        source_own_id: Some("tag:wire.example,2020:feed".to_owned()),
        matter: Matter {
            title: PlainText::recall("标题 A & B <c>".to_owned()),
            link: Some(format!("https://wire.example/{name}?a=1&b=2")),
            summary: Some(PlainText::recall("摘要 & 一句".to_owned())),
            content: Some(SafeHtml::recall(html.to_owned())),
            authors: vec![Person {
                name: "甲".to_owned(),
                email: Some("a@b.example".to_owned()),
                url: None,
            }],
            labels: vec![label("股票"), label("财经"), label("股票")],
            outlet: Some("日报".to_owned()),
            enclosures: vec![
                file("https://wire.example/1.mp3"),
                file("https://wire.example/2.mp3?a&b"),
            ],
            image: Some("https://wire.example/x.png?a=1&b=2".to_owned()),
            language: Some("en".to_owned()),
            comments: Some("https://wire.example/talk".to_owned()),
            rights: Some("©".to_owned()),
            ..Matter::default()
        },
        categories: vec![Filed { name: "财经".to_owned(), slug: "caijing".to_owned() }],
        published: time("2022-05-27T04:03:15Z"),
        published_inferred: false,
        updated: time("2022-05-27T05:03:15Z"),
        seen: time("2022-05-27T04:10:00Z"),
        also: vec![
            also("one", Some("https://b.example/1?a=1&b=2"), Reason::Text { percent: 97 }),
            also("two", None, Reason::Link),
        ],
    }
}

fn site() -> Site {
    Site {
        title: "新闻".to_owned(),
        url: "https://n.example".to_owned(),
        language: Some("zh-CN".to_owned()),
        description: None,
        zone: Zone::default(),
    }
}

fn shelf(shelf: Shelf, title: &str) -> ShelfHead {
    let head = Head { revision: Revision(7), at: time("2022-05-27T05:03:15Z") };
    let (title, aliases) = (title.to_owned(), Vec::new());
    ShelfHead {
        shelf,
        name: None,
        rank: None,
        title,
        description: None,
        language: None,
        head,
        came: head.at,
        aliases,
    }
}

fn feed(records: impl IntoIterator<Item = Record>) -> Feed {
    let items = records.into_iter().map(Item::recall).collect();
    Feed::assemble(&site(), &shelf(Shelf::Category("a-b".to_owned()), "A & B <c>"), items, 301)
}

fn changed(change: impl FnOnce(&mut Record)) -> Feed {
    let mut record = record("1");
    change(&mut record);
    feed([record])
}

fn full() -> Feed {
    feed([record("1"), record("2")])
}

fn atom(feed: &Feed) -> Element {
    Element::read(&format::atom::Atom.render(feed))
}

fn entry(feed: &Feed) -> Element {
    atom(feed).children.into_iter().find(|child| child.name == "entry").expect("an entry")
}

fn channel(feed: &Feed) -> Element {
    let mut rss = Element::read(&format::rss::Rss.render(feed));
    assert_eq!((rss.name.as_str(), rss.attribute("version")), ("rss", Some("2.0")));
    rss.children.pop().expect("a channel")
}

fn rss_item(feed: &Feed) -> Element {
    channel(feed).children.into_iter().find(|child| child.name == "item").expect("an item")
}

fn json(feed: &Feed) -> Value {
    serde_json::from_slice(&format::json::Json.render(feed).bytes).expect("JSON")
}

fn json_item(feed: &Feed) -> Value {
    json(feed)["items"][0].clone()
}

fn is_rfc3339(text: &str) -> bool {
    let form = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$";
    Regex::new(form).unwrap().is_match(text) && !text.ends_with("+00:00")
}

#[test]
fn every_document_is_well_formed_and_says_what_it_is() {
    for format in format::FEEDS {
        let document = format.render(&full());
        assert_eq!(document.media_type, format.media_type());
        assert!(document.media_type.ends_with("; charset=utf-8"));
        match format.name() {
            "json" => assert_eq!(json(&full())["items"].as_array().unwrap().len(), 2),
            _ => assert!(!Element::read(&document).children.is_empty()),
        }
    }
}

#[test]
fn c_30_an_upstream_id_stands_character_for_character() {
    for id in ["HTTP://Wire.Example:80/a/../%e4?B=1&A=2#x", "tag:wire.example,2022:甲", "urn:x:%7e"]
    {
        let feed = changed(|record| record.public_id = id.to_owned());
        assert_eq!(entry(&feed).says("id"), id);
        assert_eq!(rss_item(&feed).says("guid"), id);
        assert_eq!(json_item(&feed)["id"], id);
    }
}

#[test]
fn c_31_a_source_is_kept_with_id_title_and_time() {
    let origin = Origin {
        title: "通讯社".to_owned(),
        url: Some("https://agency.example/feed".to_owned()),
        id: Some("tag:agency.example,2000:Feed".to_owned()),
    };
    let entry = entry(&changed(|record| record.matter.origin = Some(origin)));
    let source = entry.one("source");
    assert_eq!(source.says("id"), "tag:agency.example,2000:Feed");
    assert_eq!(source.says("title"), "通讯社");
    assert!(is_rfc3339(source.says("updated")));
    assert_eq!(source.links("link", "via"), ["https://agency.example/feed"]);
}

#[test]
fn c_31_a_source_without_an_id_gets_one_of_its_own() {
    let id = |title: &str, url: Option<&str>| {
        let origin = Origin { title: title.to_owned(), url: url.map(str::to_owned), id: None };
        let entry = entry(&changed(|record| record.matter.origin = Some(origin)));
        entry.one("source").says("id").to_owned()
    };
    let own = entry(&full()).one("source").says("id").to_owned();
    let agency = id("甲", Some("https://agency.example/feed"));
    assert!(agency.starts_with("urn:uuid:"));
    assert_eq!(agency, id("乙", Some("https://agency.example/feed")));
    assert_ne!(agency, id("甲", Some("https://other.example/feed")));
    assert_ne!(id("甲", None), id("乙", None));
    assert_ne!(own, agency);
    assert_ne!(own, id("甲", None));
}

#[test]
fn c_31_a_source_is_named_by_its_title_and_not_by_the_outlet() {
    assert_eq!(entry(&full()).one("source").says("title"), "电讯");
    assert_eq!(rss_item(&full()).says("source"), "电讯");
}

#[test]
fn c_32_an_atom_feed_has_what_it_must() {
    let feed = atom(&full());
    assert_eq!(feed.attribute("xmlns"), Some("http://www.w3.org/2005/Atom"));
    assert!(feed.says("id").starts_with("urn:uuid:"));
    assert_eq!(feed.says("title"), "A & B <c>");
    assert!(is_rfc3339(feed.says("updated")));
    assert_eq!(feed.links("link", "self"), ["https://n.example/category/a-b.atom"]);
    assert_eq!(feed.links("link", "alternate").len(), 1);
    for entry in feed.all("entry") {
        assert!(!entry.one("author").says("name").is_empty());
    }
}

#[test]
fn twins_are_named_with_their_addresses() {
    let own = format!("https://n.example/item/{}", record("1").also[1].id);
    let addresses = ["https://b.example/1?a=1&b=2", own.as_str()];
    for (item, name) in [(entry(&full()), "link"), (rss_item(&full()), "atom:link")] {
        assert_eq!(item.links(name, "related"), addresses);
        let titles: Vec<_> = item.all(name).filter_map(|link| link.attribute("title")).collect();
        assert_eq!(titles, ["晚报 & one", "晚报 & two"]);
    }
    assert_eq!(
        json_item(&full())["_feedloom"]["also_from"],
        serde_json::json!([
            { "source": "one", "title": "晚报 & one", "url": addresses[0], "reason": "text", "percent": 97 },
            { "source": "two", "title": "晚报 & two", "url": addresses[1], "reason": "link" },
        ])
    );
    let alone = changed(|record| record.also.clear());
    assert!(entry(&alone).links("link", "related").is_empty());
    assert!(json_item(&alone)["_feedloom"].get("also_from").is_none());
}

#[test]
fn c_32_someone_is_always_the_author() {
    let nobody = changed(|record| (record.matter.authors, record.matter.outlet) = (vec![], None));
    assert_eq!(entry(&nobody).one("author").says("name"), "电讯");
}

#[test]
fn c_33_an_atom_entry_has_what_it_must() {
    let bare = changed(|record| {
        record.matter =
            Matter { title: PlainText::recall("只有标题".to_owned()), ..Matter::default() }
    });
    for entry in [entry(&full()), entry(&bare)] {
        assert!(!entry.says("id").is_empty() && !entry.says("title").is_empty());
        assert!(is_rfc3339(entry.says("updated")));
        assert_eq!(entry.links("link", "alternate").len(), 1);
        assert!(entry.all("content").count() <= 1 && entry.all("summary").count() <= 1);
    }
    assert!(entry(&bare).links("link", "alternate")[0].starts_with("https://n.example/item/"));
}

#[test]
fn c_34_an_edit_moves_updated_alone_and_ids_differ() {
    let later = time("2022-05-28T00:00:00Z");
    let edited = changed(|record| record.updated = later);
    assert_eq!(entry(&edited).says("published"), entry(&full()).says("published"));
    assert_eq!(entry(&edited).says("updated"), "2022-05-28T00:00:00Z");
    assert_eq!(rss_item(&edited).says("pubDate"), rss_item(&full()).says("pubDate"));
    assert_eq!(json_item(&edited)["date_published"], json_item(&full())["date_published"]);
    assert_eq!(json_item(&edited)["date_modified"], "2022-05-28T00:00:00Z");
    assert_eq!(entry(&edited).says("id"), entry(&full()).says("id"));
    let feed = atom(&full());
    let ids: Vec<_> = feed.all("entry").map(|entry| entry.says("id")).collect();
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn c_35_times_have_z_at_offset_zero_and_their_own_offset_else() {
    let china = changed(|record| {
        record.published = record.published.at(Offset::CHINA);
    });
    assert_eq!(entry(&china).says("published"), "2022-05-27T12:03:15+08:00");
    for format in ["atom", "json"] {
        let document = format::named(format).unwrap().render(&full());
        let text = std::str::from_utf8(&document.bytes).unwrap();
        assert!(!text.contains("+00:00"), "{text}");
        assert!(text.contains("2022-05-27T04:03:15Z"), "{text}");
    }
    let words = changed(|record| {
        let html = "<p>+00:00&lt;/updated&gt;</p>";
        record.matter.content = Some(SafeHtml::recall(html.to_owned()));
    });
    assert_eq!(entry(&words).says("content"), "<p>+00:00&lt;/updated&gt;</p>");
}

#[test]
fn c_36_every_namespace_is_declared_and_known() {
    const KNOWN: [&str; 5] = [
        "http://www.w3.org/2005/Atom",
        "http://purl.org/dc/elements/1.1/",
        "http://purl.org/rss/1.0/modules/content/",
        "http://search.yahoo.com/mrss/",
        "http://www.w3.org/XML/1998/namespace",
    ];
    for document in [format::rss::Rss.render(&full()), format::atom::Atom.render(&full())] {
        let root = Element::read(&document);
        for element in root.every() {
            let names = element.attributes.iter().map(|(name, _)| name).chain([&element.name]);
            for (prefix, _) in names.filter_map(|name| name.split_once(':')) {
                let declared = root.attribute(&format!("xmlns:{prefix}")).is_some();
                assert!(declared || ["xmlns", "xml"].contains(&prefix), "{prefix} is not declared");
            }
            for (name, value) in &element.attributes {
                assert!(!name.starts_with("xmlns") || KNOWN.contains(&value.as_str()), "{value}");
            }
        }
    }
}

/// The feed itself, and a page of its archive.
fn archived() -> (Feed, Feed) {
    let archive = Archive { page: None, older: Some(7), newer: None };
    let page = Archive { page: Some(7), older: Some(4), newer: Some(8) };
    (Feed { archive: Some(archive), ..full() }, Feed { archive: Some(page), ..full() })
}

#[test]
fn c_22_a_feed_leads_to_its_archive_and_a_page_back() {
    let (feed, page) = archived();
    let at =
        |n: u64, format: &str| vec![format!("https://n.example/archive/category/a-b/{n}.{format}")];
    for (format, name) in [("atom", "link"), ("rss", "atom:link")] {
        let read = |feed: &Feed| {
            let root = Element::read(&format::named(format).unwrap().render(feed));
            if format == "rss" { root.one("channel").children.clone() } else { root.children }
        };
        let links = |feed: &Feed, rel: &str| -> Vec<String> {
            let children = read(feed);
            let links = children.iter().filter(|child| child.name == name);
            let links = links.filter(|link| link.attribute("rel") == Some(rel));
            links.map(|link| link.attribute("href").unwrap().to_owned()).collect()
        };
        let own = vec![format!("https://n.example/category/a-b.{format}")];
        assert_eq!(
            (links(&feed, "self"), links(&feed, "prev-archive")),
            (own.clone(), at(7, format))
        );
        assert!(links(&feed, "next-archive").is_empty() && links(&feed, "current").is_empty());
        assert_eq!((links(&page, "self"), links(&page, "current")), (at(7, format), own));
        assert_eq!(links(&page, "prev-archive"), at(4, format));
        assert_eq!(links(&page, "next-archive"), at(8, format));
        let marked =
            |feed: &Feed| read(feed).iter().filter(|child| child.name == "fh:archive").count();
        assert_eq!((marked(&feed), marked(&page)), (0, 1));
        let text = format::named(format).unwrap().render(&page).bytes;
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(text.contains("xmlns:fh=\"http://purl.org/syndication/history/1.0\""), "{text}");
    }
    let json = |feed: &Feed| -> Value {
        serde_json::from_slice(&format::named("json").unwrap().render(feed).bytes).unwrap()
    };
    assert_eq!(json(&feed)["next_url"], at(7, "json")[0]);
    assert_eq!(json(&page)["next_url"], at(4, "json")[0]);
    assert_eq!(json(&page)["feed_url"], "https://n.example/category/a-b.json");
}

#[test]
fn c_10_atom_says_what_was_withdrawn_and_the_others_leave_it_out() {
    let stone = Tombstone { public_id: "tag:a&b".to_owned(), at: time("2022-05-27T06:00:00Z") };
    let feed = Feed { tombstones: vec![stone], ..full() };
    let root = Element::read(&format::named("atom").unwrap().render(&feed));
    let stone = root.one("at:deleted-entry");
    assert_eq!(stone.attribute("ref"), Some("tag:a&b"));
    assert_eq!(stone.attribute("when"), Some("2022-05-27T14:00:00+08:00"));
    assert_eq!(root.attribute("xmlns:at"), Some("http://purl.org/atompub/tombstones/1.0"));
    for format in ["rss", "json", "html"] {
        let document = format::named(format).unwrap().render(&feed);
        assert!(!String::from_utf8_lossy(&document.bytes).contains("tag:a"), "{format}");
    }
}

#[test]
fn c_40_an_rss_channel_and_its_items_have_what_they_must() {
    let channel = channel(&full());
    assert_eq!(channel.says("title"), "A & B <c>");
    assert_eq!(channel.says("link"), "https://n.example/category/a-b.html");
    assert!(!channel.says("description").is_empty());
    assert!(channel.all("item").all(|item| !item.says("title").is_empty()));
}

#[test]
fn c_41_every_item_has_a_guid_that_is_a_link_only_if_it_is_its_link() {
    let ours = rss_item(&full());
    assert_eq!(ours.one("guid").attribute("isPermaLink"), Some("false"));
    let link = "https://wire.example/1?a=1&b=2";
    let theirs = rss_item(&changed(|record| record.public_id = link.to_owned()));
    assert_eq!(theirs.says("guid"), theirs.says("link"));
    assert_ne!(theirs.one("guid").attribute("isPermaLink"), Some("false"));
    let other = changed(|record| record.public_id = "https://wire.example/else".to_owned());
    assert_eq!(rss_item(&other).one("guid").attribute("isPermaLink"), Some("false"));
}

#[test]
fn c_42_times_are_rfc_822_and_none_is_ahead() {
    let form = r"^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d ([+-]\d{4}|GMT)$";
    let form = Regex::new(form).unwrap();
    let channel = channel(&full());
    assert!(form.is_match(channel.says("lastBuildDate")));
    assert!(channel.all("item").all(|item| form.is_match(item.says("pubDate"))));
    let draft = Draft {
        title: Some(Text::plain("未来")),
        published: Some(Stamp::detect("2049-01-01T00:00:00Z")),
        ..Draft::default()
    };
    let refined = draft.refine(&house::source("wire"), time("2022-05-27T00:00:00Z"));
    let Refined::Item(candidate) = refined else { panic!("{refined:?}") };
    assert_eq!(candidate.published, None);
}

#[test]
fn c_43_a_channel_names_its_own_address() {
    let channel = channel(&full());
    assert_eq!(channel.links("atom:link", "self"), ["https://n.example/category/a-b.rss"]);
    assert_eq!(channel.one("atom:link").attribute("type"), Some("application/rss+xml"));
}

#[test]
fn c_44_ttl_is_whole_minutes_rounded_up_and_never_zero() {
    for (seconds, minutes) in [(0, "1"), (59, "1"), (300, "5"), (301, "6")] {
        let feed = Feed { max_age: seconds, ..full() };
        assert_eq!(channel(&feed).says("ttl"), minutes);
    }
}

#[test]
fn c_45_author_is_an_address_and_creator_a_name() {
    let by = |name: &str, email: Option<&str>| {
        let (name, email) = (name.to_owned(), email.map(str::to_owned));
        changed(|record| record.matter.authors = vec![Person { name, email, url: None }])
    };
    let real = by("甲", Some("a@b.example"));
    assert_eq!(rss_item(&real).says("author"), "a@b.example (甲)");
    assert_eq!(rss_item(&real).says("dc:creator"), "甲");
    assert_eq!(rss_item(&by("a@b.example", Some("a@b.example"))).says("author"), "a@b.example");
    assert_eq!(json_item(&real)["authors"][0]["url"], "mailto:a@b.example");
    for none in [None, Some("甲"), Some("@handle"), Some("a b@c.example"), Some("a@")] {
        let feed = by("甲", none);
        assert!(!rss_item(&feed).has("author"), "{none:?}");
        assert!(!entry(&feed).one("author").has("email"), "{none:?}");
        assert!(json_item(&feed)["authors"][0].get("url").is_none(), "{none:?}");
        assert_eq!(rss_item(&feed).says("dc:creator"), "甲");
    }
}

#[test]
fn c_46_a_body_stands_beside_a_plain_description_without_relative_addresses() {
    let item = rss_item(&full());
    assert_eq!(item.says("description"), "摘要 & 一句");
    assert!(item.says("content:encoded").starts_with("<p>正文 <b>重</b>"));
    let draft = Draft {
        title: Some(Text::plain("题")),
        link: Some("/a/1".to_owned()),
        content: Some(Text::html("<p><a href=\"../b\">乙</a><img src=\"c.png\"></p>")),
        ..Draft::default()
    };
    let refined = draft.refine(&house::source("wire"), time("2022-05-27T00:00:00Z"));
    let Refined::Item(candidate) = refined else { panic!("{refined:?}") };
    let feed = changed(|record| record.matter = candidate.matter.clone());
    let item = rss_item(&feed);
    let address = Regex::new("(?:href|src)=\"([^\"]*)\"").unwrap();
    let body = item.says("content:encoded");
    let addresses: Vec<_> = address.captures_iter(body).map(|found| found[1].to_owned()).collect();
    assert_eq!(addresses.len(), 2, "{body}");
    assert!(addresses.iter().all(|at| at.starts_with("https://news.example.com/")), "{body}");
    assert_eq!(item.says("link"), "https://news.example.com/a/1");
}

#[test]
fn c_47_one_enclosure_further_files_as_media_and_the_source() {
    let item = rss_item(&full());
    let file = item.one("enclosure");
    assert_eq!(file.attribute("url"), Some("https://wire.example/1.mp3"));
    assert_eq!(file.attribute("length"), Some("0"));
    assert_eq!(file.attribute("type"), Some("audio/mpeg"));
    let further = item.one("media:content");
    assert_eq!(further.attribute("url"), Some("https://wire.example/2.mp3?a&b"));
    let source = item.one("source");
    assert_eq!(source.attribute("url"), Some("https://wire.example/feed?a=1&b=2"));
}

#[test]
fn c_48_categories_have_their_domain_and_nothing_stands_twice() {
    let item = rss_item(&full());
    let categories: Vec<_> =
        item.all("category").map(|word| (word.text.as_str(), word.attribute("domain"))).collect();
    assert_eq!(categories, [("财经", None), ("股票", Some("urn:words"))]);
    let entry = entry(&full());
    let terms: Vec<_> = entry.all("category").filter_map(|word| word.attribute("term")).collect();
    assert_eq!(terms, ["财经", "股票"]);
    assert_eq!(json_item(&full())["tags"], serde_json::json!(["财经", "股票"]));
    for name in ["title", "link", "description", "guid", "pubDate", "author", "comments", "source"]
    {
        item.one(name);
    }
    let channel = channel(&full());
    for name in ["title", "link", "description", "language", "lastBuildDate", "generator", "ttl"] {
        channel.one(name);
    }
}

#[test]
fn c_50_a_json_feed_has_what_it_must() {
    let feed = json(&full());
    assert_eq!(feed["version"], "https://jsonfeed.org/version/1.1");
    assert_eq!(feed["title"], "A & B <c>");
    assert_eq!(feed["feed_url"], "https://n.example/category/a-b.json");
    assert_eq!(json(&self::feed([]))["items"], serde_json::json!([]));
}

#[test]
fn c_51_a_json_item_has_a_string_id_and_one_content() {
    let edited = changed(|record| record.matter.title = PlainText::recall("改".to_owned()));
    assert_eq!(json_item(&edited)["id"], json_item(&full())["id"]);
    assert!(json_item(&full())["id"].is_string());
    assert!(json_item(&full())["content_html"].is_string());
    let short = json_item(&changed(|record| record.matter.content = None));
    assert_eq!((short.get("content_html"), &short["content_text"]), (None, &"摘要 & 一句".into()));
    let bare = changed(|record| (record.matter.content, record.matter.summary) = (None, None));
    assert_eq!(json_item(&bare)["content_text"], "标题 A & B <c>");
}

#[test]
fn c_52_a_json_item_has_times_authors_language_and_attachments() {
    let item = json_item(&full());
    for time in ["date_published", "date_modified"] {
        assert!(is_rfc3339(item[time].as_str().unwrap()));
    }
    assert_eq!(item["authors"][0]["name"], "甲");
    assert_eq!(item["language"], "en");
    for file in item["attachments"].as_array().unwrap() {
        assert!(file["url"].is_string() && file["mime_type"].is_string());
    }
    assert_eq!(json(&full())["language"], "zh-CN");
}

#[test]
fn c_53_extensions_start_with_an_underscore_and_nothing_is_promised_in_vain() {
    const FEED: [&str; 7] =
        ["version", "title", "home_page_url", "feed_url", "description", "language", "items"];
    const ITEM: [&str; 12] = [
        "id",
        "url",
        "title",
        "content_html",
        "content_text",
        "summary",
        "image",
        "date_published",
        "date_modified",
        "authors",
        "tags",
        "language",
    ];
    let check = |object: &Value, known: &[&str]| {
        for name in object.as_object().unwrap().keys() {
            let is_extension = name.starts_with('_') && !name.contains('.');
            assert!(
                is_extension || name == "attachments" || known.contains(&name.as_str()),
                "{name}"
            );
        }
    };
    check(&json(&full()), &FEED);
    check(&json_item(&full()), &ITEM);
}

#[tokio::test]
async fn c_54_numeric_ids_are_read_and_items_without_id_are_dropped_and_told() {
    let toml = "[[source]]\nid = \"wire\"\nkind = \"feed\"\nurl = \"https://wire.example/f.json\"\ncategories = [\"财经\"]\n";
    let house = House::new(toml).await;
    house.web.serve(
        "https://wire.example/f.json",
        r#"{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[{"id":7,"title":"七","content_text":"文"},{},{"title":"无名","content_text":"文"}]}"#,
    );
    let report = house.poll("wire").await;
    assert_eq!((report.published, report.problems.len()), (1, 2), "{report:?}");
    assert!(report.problems[1].contains("entry 3, id: it has no id"), "{report:?}");
    let items = house.items(&Shelf::All).await;
    assert_eq!(items[0].guid.as_deref(), Some("7"));
}

#[test]
fn c_60_a_list_read_and_written_again_is_equal_byte_for_byte() {
    let category = Shelf::Category("a-b".to_owned());
    let shelves = vec![shelf(Shelf::All, "全部"), shelf(category, "甲 \"乙\" <丙> & '丁'\n戊")];
    let updated = time("2022-05-27T05:03:15Z");
    let first = opml::render(&Catalogue { site: site(), shelves, updated });
    let root = Element::read(&first);
    assert_eq!((root.name.as_str(), root.attribute("version")), ("opml", Some("2.0")));
    assert_eq!(root.one("head").says("title"), "新闻");
    assert_eq!(root.one("head").says("dateCreated"), "Fri, 27 May 2022 05:03:15 +0000");
    for outline in root.one("body").all("outline") {
        assert_eq!(outline.attribute("type"), Some("rss"));
        assert!(outline.attribute("text").is_some() && outline.attribute("xmlUrl").is_some());
    }
    let read = opml::read(std::str::from_utf8(&first.bytes).unwrap()).unwrap();
    let shelves = read.iter().map(|outline| {
        let path = outline.xml_url.strip_prefix("https://n.example/").unwrap();
        let path = path.strip_suffix(".atom").unwrap();
        let place = path.strip_prefix("category/").map(|slug| Shelf::Category(slug.to_owned()));
        shelf(place.unwrap_or(Shelf::All), &outline.title)
    });
    let again = Catalogue { site: site(), shelves: shelves.collect(), updated };
    assert_eq!(opml::render(&again), first);
}
