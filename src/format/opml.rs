//! OPML 2.0 (opml.org/spec2.opml): writes the catalogue, and reads subscription lists for `import`.
//!
//! Reading is tolerant (OPML 1.0, missing `text`, unknown attributes, broken ends) and bounded;
//! a DOCTYPE is ignored and no entity of its own is expanded.

use bytes::Bytes;
use quick_xml::Reader;
use quick_xml::Writer;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::Document;
use crate::model::feed::Catalogue;
use crate::model::feed::Shelf;
use crate::model::feed::ShelfHead;

const MEDIA_TYPE: &str = "text/x-opml; charset=utf-8";
/// Deepest nesting of outlines that is read.
const DEPTH: usize = 256;
/// Most outlines that are read.
const MOST: usize = 50_000;

/// One subscription of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// What it is called.
    pub title: String,
    /// The feed's address.
    pub xml_url: String,
    /// The site's address.
    pub html_url: Option<String>,
    /// Titles of the groups it stands in, outermost first.
    pub groups: Vec<String>,
}

/// Writes the list of feeds: one outline for each shelf, grouped by kind.
pub fn render(catalogue: &Catalogue) -> Document {
    let mut writer = Writer::new(Vec::new());
    write(&mut writer, catalogue).expect("writing to memory cannot fail");
    Document { media_type: MEDIA_TYPE, bytes: Bytes::from(writer.into_inner()) }
}

fn write(writer: &mut Writer<Vec<u8>>, catalogue: &Catalogue) -> std::io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer
        .write_event(Event::Start(BytesStart::new("opml").with_attributes([("version", "2.0")])))?;
    writer.create_element("head").write_inner_content(|head| {
        head.create_element("title").write_text_content(BytesText::new(&catalogue.site.title))?;
        let changed = catalogue.updated.rfc822();
        head.create_element("dateCreated").write_text_content(BytesText::new(&changed))?;
        head.create_element("dateModified").write_text_content(BytesText::new(&changed))?;
        Ok(())
    })?;
    writer.create_element("body").write_inner_content(|body| {
        for shelf in &catalogue.shelves {
            let language = shelf.language.as_ref().or(catalogue.site.language.as_ref());
            let xml_url = format!("{}{}.atom", catalogue.site.url, shelf.shelf.path());
            let html_url = catalogue.site.home_of(&shelf.shelf);
            let mut attributes = vec![
                ("text", shelf.title.as_str()),
                ("title", shelf.title.as_str()),
                ("type", "rss"),
                ("xmlUrl", xml_url.as_str()),
                ("htmlUrl", html_url.as_str()),
            ];
            attributes.extend(language.map(|language| ("language", language.as_str())));
            attributes.extend(shelf.description.as_deref().map(|text| ("description", text)));
            attributes.push(("category", kind(shelf)));
            body.create_element("outline").with_attributes(attributes).write_empty()?;
        }
        Ok(())
    })?;
    writer.write_event(Event::End(BytesEnd::new("opml")))
}

/// OPML categories are slash-delimited paths.
fn kind(shelf: &ShelfHead) -> &'static str {
    match shelf.shelf {
        Shelf::All => "/all",
        Shelf::Category(_) => "/category",
        Shelf::Source(_) => "/source",
        Shelf::View(_) => "/view",
        Shelf::Digest(..) => "/digest",
    }
}

/// Reads a subscription list. Outlines without a feed address are groups.
///
/// # Errors
/// In plain words when it is no OPML or larger than we read.
pub fn read(text: &str) -> Result<Vec<Outline>, String> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    let mut outlines = Vec::new();
    let mut groups: Vec<Option<String>> = Vec::new();
    let mut is_opml = false;
    loop {
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(_) if is_opml => break,
            Err(error) => return Err(format!("this is no XML: {error}")),
        };
        match event {
            Event::Start(tag) if is_named(&tag, "outline") => {
                if groups.len() >= DEPTH {
                    return Err(format!("outlines are nested deeper than {DEPTH} levels"));
                }
                groups.push(take(&tag, &groups, &mut outlines));
            }
            Event::Empty(tag) if is_named(&tag, "outline") => {
                take(&tag, &groups, &mut outlines);
            }
            Event::End(tag) if tag.name().as_ref().eq_ignore_ascii_case(b"outline") => {
                groups.pop();
            }
            Event::Start(tag) | Event::Empty(tag) => is_opml |= is_named(&tag, "opml"),
            Event::Eof => break,
            _ => {}
        }
        if outlines.len() > MOST {
            return Err(format!("the list has more than {MOST} subscriptions"));
        }
    }
    if is_opml {
        Ok(outlines)
    } else {
        Err("this is no OPML: there is no `opml` element".to_owned())
    }
}

fn is_named(tag: &BytesStart<'_>, name: &str) -> bool {
    tag.local_name().as_ref().eq_ignore_ascii_case(name.as_bytes())
}

/// Notes a subscription; of an outline that is none, the title it gives to those inside.
fn take(
    tag: &BytesStart<'_>,
    groups: &[Option<String>],
    outlines: &mut Vec<Outline>,
) -> Option<String> {
    let mut outline = Outline::default();
    let (mut text, mut title) = (None, None);
    for attribute in tag.html_attributes().with_checks(false).flatten() {
        let value = String::from_utf8_lossy(&attribute.value);
        let value = unescape(&value).map_or_else(|_| value.to_string(), |value| value.into_owned());
        let value = value.trim().to_owned();
        match attribute.key.local_name().as_ref().to_ascii_lowercase().as_slice() {
            b"text" => text = Some(value),
            b"title" => title = Some(value),
            b"xmlurl" | b"url" => outline.xml_url = value,
            b"htmlurl" => outline.html_url = (!value.is_empty()).then_some(value),
            _ => {}
        }
    }
    let title = text.filter(|text| !text.is_empty()).or(title).filter(|title| !title.is_empty());
    if outline.xml_url.is_empty() {
        return title;
    }
    outline.title = title.unwrap_or_else(|| outline.xml_url.clone());
    outline.groups = groups.iter().flatten().cloned().collect();
    outlines.push(outline);
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::feed::{Head, Revision, Site};
    use crate::model::time::{Offset, Timestamp, Zone};

    #[track_caller]
    fn check(opml: &str, expected: &[(&str, &str)]) {
        let outlines = read(opml).unwrap();
        let found: Vec<_> =
            outlines.iter().map(|o| (o.title.as_str(), o.xml_url.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn c_60_lists_are_read_as_people_write_them() {
        check(
            r#"<opml version="1.0"><body><outline title="甲" xmlUrl="https://e.com/a?b=1&c=2"/></body></opml>"#,
            &[("甲", "https://e.com/a?b=1&c=2")],
        );
        check(
            r#"<OPML><body><outline text='A &amp; B' XMLURL='https://e.com/'><outline text="x"/></body>"#,
            &[("A & B", "https://e.com/")],
        );
        check(
            r#"<opml><body><outline xmlUrl="https://e.com/"/>"#,
            &[("https://e.com/", "https://e.com/")],
        );
    }

    #[test]
    fn groups_name_what_is_inside() {
        let outlines = read(r#"<opml><body><outline text="财经"><outline text="甲" xmlUrl="https://e.com/"/></outline></body></opml>"#).unwrap();
        assert_eq!(outlines[0].groups, ["财经"]);
    }

    #[test]
    fn t_09_entities_of_its_own_are_not_expanded() {
        let outlines = read(r#"<!DOCTYPE opml [<!ENTITY x "boom">]><opml><body><outline text="&x;" xmlUrl="https://e.com/"/></body></opml>"#).unwrap();
        assert_eq!(outlines[0].title, "&x;");
    }

    #[test]
    fn what_is_no_list_is_refused_in_words() {
        assert!(read("<html></html>").unwrap_err().contains("no OPML"));
        assert!(
            read(&format!("<opml><body>{}", "<outline text='a'>".repeat(300)))
                .unwrap_err()
                .contains("nested")
        );
    }

    #[test]
    fn c_60_what_we_write_reads_back() {
        let at = Timestamp::from_seconds(1_653_624_195, Offset::CHINA).unwrap();
        let head = Head { revision: Revision(1), at };
        let shelf = |shelf, title: &str| ShelfHead {
            name: None,
            rank: None,
            shelf,
            title: title.to_owned(),
            description: None,
            language: None,
            head,
            came: at,
            aliases: vec![],
        };
        let site = Site {
            title: "新闻 & 消息".into(),
            url: "https://n.example".into(),
            language: None,
            description: None,
            zone: Zone::default(),
        };
        let shelves =
            vec![shelf(Shelf::All, "全部"), shelf(Shelf::Category("a-b".into()), "甲 \"乙\" <丙>")];
        let document = render(&Catalogue { site, shelves, updated: at });
        let outlines = read(std::str::from_utf8(&document.bytes).unwrap()).unwrap();
        assert_eq!(outlines[1].title, "甲 \"乙\" <丙>");
        assert_eq!(outlines[1].xml_url, "https://n.example/category/a-b.atom");
    }
}
