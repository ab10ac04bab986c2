//! The page of one item, with the articles it speaks of.

use askama::Template;
use url::Url;

use super::{Frame, Line, Moment, Twin, write};
use crate::format::{Document, labels};
use crate::model::feed::Site;
use crate::model::item::{Enclosure, Item};

/// Characters of a description for search engines and previews.
const DESCRIPTION: usize = 160;

/// Writes the page of one item.
pub fn item(site: &Site, item: &Item, related: &[Item]) -> Document {
    let frame = Frame::new(&site.title, site.language.as_deref());
    let authors: Vec<&str> = item.authors.iter().map(|author| author.name.as_str()).collect();
    let link = item.link.as_deref();
    let page = ItemPage {
        language: frame.foreign(item.language.as_deref()),
        description: item.excerpt(DESCRIPTION).unwrap_or_default(),
        canonical: link.map_or_else(|| format!("{}/item/{}", site.url, item.id), str::to_owned),
        host: link.map(host).unwrap_or_default(),
        authors: authors.join(frame.words.comma),
        published: Moment::of(item.published),
        updated: (item.updated != item.published).then(|| Moment::of(item.updated)),
        files: item.enclosures.iter().map(File::of).collect(),
        labels: labels(item).map(|label| label.term.as_str()).collect(),
        has_more: !(related.is_empty()
            && item.also.is_empty()
            && item.categories.is_empty()
            && item.labels.is_empty()),
        also: item.also.iter().map(|also| Twin::of(also, frame.words)).collect(),
        related: related.iter().map(|other| Line::new(other, &frame)).collect(),
        item,
        frame,
    };
    write(&page)
}

#[derive(Template)]
#[template(path = "item.html")]
struct ItemPage<'a> {
    frame: Frame<'a>,
    item: &'a Item,
    language: Option<&'a str>,
    description: String,
    canonical: String,
    host: String,
    authors: String,
    published: Moment,
    updated: Option<Moment>,
    files: Vec<File<'a>>,
    labels: Vec<&'a str>,
    also: Vec<Twin<'a>>,
    related: Vec<Line<'a>>,
    has_more: bool,
}

/// An attached file: what it is called, and its kind with its size.
struct File<'a> {
    url: &'a str,
    name: String,
    kind: String,
}

impl File<'_> {
    fn of(file: &Enclosure) -> File<'_> {
        let url = Url::parse(&file.url).ok();
        let last = url.as_ref().and_then(|url| url.path_segments()?.next_back());
        let name = last.filter(|name| !name.is_empty()).unwrap_or(&file.url);
        let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy().into_owned();
        let size = file.length.filter(|length| *length > 0).map(size);
        let known = file.media_type.iter().cloned().chain(size);
        File { url: &file.url, name, kind: known.collect::<Vec<_>>().join(" · ") }
    }
}

/// Bytes as people read them.
fn size(bytes: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let mut size = bytes as f64;
    let mut unit = 0;
    while size >= 1000.0 && unit + 1 < units.len() {
        size /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{size:.1} {}", units[unit]) }
}

/// The host of an address, which is what people know a site by.
fn host(link: &str) -> String {
    let url = Url::parse(link).ok();
    url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| link.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_as_people_know_them() {
        let file = |url: &str, length| Enclosure {
            url: url.to_owned(),
            media_type: Some("audio/mpeg".to_owned()),
            length,
        };
        for (url, length, name, kind) in [
            (
                "https://a.example/x/%E9%9F%B3.mp3?a=1",
                Some(18_400_000),
                "音.mp3",
                "audio/mpeg · 18.4 MB",
            ),
            ("https://a.example/", Some(0), "https://a.example/", "audio/mpeg"),
            ("https://a.example/b", Some(999), "b", "audio/mpeg · 999 B"),
        ] {
            let file = file(url, length);
            let told = File::of(&file);
            assert_eq!((told.name.as_str(), told.kind.as_str()), (name, kind));
        }
    }
}
