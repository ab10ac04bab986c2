//! What the file says of a `json` source, checked and ready.

use super::pages::{self, Pages, WORDS};
use super::unwrap::Wrapper;
use crate::adapter::Built;
use crate::adapter::question::Question;
use crate::adapter::select::fields::Fields;
use crate::adapter::select::path::Path;
use crate::adapter::select::template::Template;
use crate::adapter::select::test::Test;
use crate::adapter::select::{self, Selector, Use};
use crate::adapter::setting::{Mistake, Reader, Setting};

/// Keys of a `json` source's table.
pub const KEYS: &[&str] = &[
    "method", "headers", "body", "wrapper", "items", "skip", "item", "category", "base", "detail",
    "page",
];

/// How one source's answers are read.
#[derive(Debug)]
pub struct Json {
    /// How the list is asked.
    pub question: Question,
    /// What the list comes in.
    pub wrapper: Wrapper,
    /// Where its entries stand.
    pub items: Path,
    /// Which entries are dropped.
    pub skip: Vec<Test>,
    /// Where an entry's fields stand.
    pub fields: Fields,
    /// Where the names of its shelves stand.
    pub shelves: Vec<Selector>,
    /// The address relative links start from, when not the answer's own.
    pub base: Option<String>,
    /// How an entry is completed.
    pub detail: Option<Detail>,
    /// Which pages are asked.
    pub pages: Option<Pages>,
    /// Everything of an entry that is looked at, times left out: its looks.
    pub looks: Vec<Path>,
}

/// How the answer is read that completes an entry.
#[derive(Debug)]
pub struct Detail {
    /// Where it is asked.
    pub url: Template,
    /// What it comes in.
    pub wrapper: Wrapper,
    /// Where in it the entry stands.
    pub item: Path,
    /// Where the entry's fields stand.
    pub fields: Fields,
}

/// Builds the adapter; all mistakes at once.
pub fn build(setting: &Setting) -> Built {
    let mut mistakes = Vec::new();
    let json = Json::read(&mut Reader::new(setting, &mut mistakes));
    match json {
        Some(json) if mistakes.is_empty() => Ok(Box::new(json)),
        _ => Err(mistakes),
    }
}

impl Json {
    fn read(reader: &mut Reader) -> Option<Json> {
        let own = reader.read("url", pages::address);
        let question = Question::read(reader, WORDS);
        let wrapper = wrapper(reader);
        let items = reader.required("items", select::path);
        let tests = reader.tables("skip");
        let skip: Vec<Test> =
            tests.iter().map(|test| Test::read(test, reader.mistakes())).collect();
        let item = reader.required("item", |setting| setting.rows().map(|_| setting));
        let fields = item.map(|item| item_fields(item, reader.mistakes()));
        let shelves = reader.get("category");
        let shelves =
            shelves.map(|category| select::selectors(category, Use::Word, reader.mistakes()));
        let base = reader.read("base", base);
        let detail =
            reader.table("detail").and_then(|detail| Detail::read(detail, reader.mistakes()));
        let page = reader.table("page");
        let pages = page.map(|page| Pages::read(page, own.as_ref(), reader.mistakes()));
        let shelves = shelves.unwrap_or_default();
        let (items, fields) = (items?, fields?);
        let looks = looks(&fields, &shelves, &skip, detail.as_ref());
        Some(Json { question, wrapper, items, skip, fields, shelves, base, detail, pages, looks })
    }
}

impl Detail {
    fn read(setting: &Setting, mistakes: &mut Vec<Mistake>) -> Option<Detail> {
        let mut reader = Reader::new(setting, mistakes);
        let url = reader.required("url", select::template);
        let wrapper = wrapper(&mut reader);
        let item = reader.read("items", select::path);
        let fields = Fields::read(&mut reader);
        if fields.is_empty() {
            reader.note(setting, "a detail should fill at least one field, such as `content`");
        }
        reader.finish();
        let item = item.unwrap_or_else(|| Path::parse("").expect("the empty path is a path"));
        Some(Detail { url: url?, wrapper, item, fields })
    }
}

fn item_fields(setting: &Setting, mistakes: &mut Vec<Mistake>) -> Fields {
    let mut reader = Reader::new(setting, mistakes);
    let fields = Fields::read(&mut reader);
    if fields.is_empty() {
        reader.note(setting, "an entry should fill at least one field, such as `title`");
    }
    reader.finish();
    fields
}

fn wrapper(reader: &mut Reader) -> Wrapper {
    let setting = reader.table("wrapper");
    setting.map(|setting| Wrapper::read(setting, reader.mistakes())).unwrap_or_default()
}

fn base(setting: &Setting) -> Result<String, Mistake> {
    let text = setting.text()?;
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(text.to_owned()),
        _ => Err(Mistake::at(
            setting,
            format!("`{text}` should be an address such as https://www.example.com/"),
        )),
    }
}

/// Each path once, in the file's order.
fn looks(
    fields: &Fields,
    shelves: &[Selector],
    skip: &[Test],
    detail: Option<&Detail>,
) -> Vec<Path> {
    let shelves = shelves.iter().flat_map(Selector::paths);
    let skip = skip.iter().flat_map(Test::paths);
    let detail = detail.iter().flat_map(|detail| detail.url.paths());
    let mut looks: Vec<Path> = Vec::new();
    for path in fields.paths().chain(shelves).chain(skip).chain(detail) {
        if !looks.contains(path) {
            looks.push(path.clone());
        }
    }
    looks
}
