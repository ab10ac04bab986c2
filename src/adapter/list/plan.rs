//! What the file says of a list, checked and ready.

use http::Uri;
use scraper::Selector as Css;

use super::detail::{Detail, Fill};
use super::html::Page;
use super::json::Wrapper;
use super::pages::{self, Pages, Turn, WORDS};
use super::sign::Sign;
use super::written::Written;
use crate::adapter::Built;
use crate::adapter::question::Question;
use crate::adapter::select::fields::Fields;
use crate::adapter::select::path::{Language, Path};
use crate::adapter::select::template::Template;
use crate::adapter::select::test::Test;
use crate::adapter::select::{self, Selector, Use};
use crate::adapter::setting::{Mistake, Name, Reader, Setting, Value};
use crate::model::source::KeyRule;

/// Keys of the table of a source that is a list.
pub const KEYS: &[&str] = &[
    "method", "headers", "body", "wrapper", "items", "skip", "item", "category", "base", "detail",
    "page", "sign", "lead",
];

/// How one source's answers are read.
#[derive(Debug)]
pub struct List {
    /// How the list is asked.
    pub question: Question,
    /// What is asked before it, since its address holds what stands there.
    pub lead: Option<Lead>,
    /// How its address is signed.
    pub sign: Option<Sign>,
    /// What the list is written in.
    pub written: Written,
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
    /// Whether the file says that titles tell entries apart, so that one link may stand on several.
    pub by_title: bool,
}

/// A page that leads to the list: `{lead}` in the list's address is what stands there.
#[derive(Debug)]
pub struct Lead {
    url: Template,
    written: Written,
    value: Vec<Selector>,
}

impl Lead {
    /// Where it is.
    pub fn address(&self, turn: &Turn) -> Option<Uri> {
        super::uri(&turn.address(&self.url, None).ok()?).ok()
    }

    /// What stands there.
    pub fn value(&self, text: &str) -> Result<String, String> {
        let answer = self.written.read(text)?;
        let item = answer.value.pointer("/items/0").unwrap_or(&answer.value);
        let mut values = self.value.iter().flat_map(|selector| selector.values(item, Use::Word));
        values.next().map(|value| value.trim().to_owned()).ok_or("it has no such value".to_owned())
    }
}

/// What a list or a detail may be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Json,
    Html,
    Sitemap,
}

impl Kind {
    fn language(self) -> Language {
        match self {
            Kind::Html => Language::Css,
            Kind::Json | Kind::Sitemap => Language::Json,
        }
    }
}

/// Builds the adapter of `kind = "json"`; all mistakes at once.
pub fn json(setting: &Setting) -> Built {
    build(setting, Kind::Json)
}

/// As `json`, of `kind = "html"`.
pub fn html(setting: &Setting) -> Built {
    build(setting, Kind::Html)
}

/// As `json`, of `kind = "sitemap"`.
pub fn sitemap(setting: &Setting) -> Built {
    build(setting, Kind::Sitemap)
}

fn build(setting: &Setting, kind: Kind) -> Built {
    let mut mistakes = Vec::new();
    let list = List::read(&mut Reader::new(setting, &mut mistakes), kind);
    match list {
        Some(list) if mistakes.is_empty() => Ok(Box::new(list)),
        _ => Err(mistakes),
    }
}

impl List {
    fn read(reader: &mut Reader, kind: Kind) -> Option<List> {
        let language = kind.language();
        let own = reader.read("url", pages::address);
        let question = Question::read(reader, WORDS);
        let lead = reader.table("lead").and_then(|lead| Lead::read(lead, reader.mistakes()));
        let sign = reader.table("sign").and_then(|sign| Sign::read(sign, reader.mistakes()));
        refuse_wrapper(reader, kind);
        let wrapper = wrapper(reader);
        let items = items(reader, kind);
        let tests = reader.tables("skip");
        let skip: Vec<Test> =
            tests.iter().map(|test| Test::read(test, language, reader.mistakes())).collect();
        let fields = match (reader.table("item"), kind) {
            (Some(item), Kind::Sitemap) => {
                let own = item_fields(item, language, reader.mistakes());
                Some(own.or(sitemap_fields()))
            }
            (Some(item), _) => Some(item_fields(item, language, reader.mistakes())),
            (None, Kind::Sitemap) => Some(sitemap_fields()),
            (None, _) => reader
                .required("item", |setting| setting.rows().map(|_| setting))
                .map(|item| item_fields(item, language, reader.mistakes())),
        };
        let shelves = reader
            .get("category")
            .map(|category| select::selectors(category, Use::Word, language, reader.mistakes()));
        let base = reader.read("base", base);
        // The source's own key; whether its value is one is said where the source is read.
        let by_title =
            reader.get("key").and_then(|key| key.text().ok()) == Some(KeyRule::Title.name());
        let detail =
            reader.table("detail").and_then(|detail| detail_of(detail, kind, reader.mistakes()));
        let page = reader.table("page");
        let pages = page
            .map(|page| Pages::read(page, own.as_ref(), &question, language, reader.mistakes()));
        let shelves = shelves.unwrap_or_default();
        let (items, fields) = (items?, fields?);
        let looks = looks(&fields, &shelves, &skip, detail.as_ref());
        let places = looks.iter().chain(fields.all_paths());
        let around = pages.iter().flat_map(Pages::paths);
        let (written, items) = written(kind, wrapper, items, places, around);
        Some(List {
            question,
            lead,
            sign,
            written,
            items,
            skip,
            fields,
            shelves,
            base,
            detail,
            pages,
            looks,
            by_title,
        })
    }
}

/// Where entries stand, as the file says it.
enum Items {
    Path(Path),
    Elements(Option<(String, Css)>),
}

fn items(reader: &mut Reader, kind: Kind) -> Option<Items> {
    match kind {
        Kind::Json => {
            let path = |setting: &Setting| select::path(setting, Language::Json);
            reader.required("items", path).map(Items::Path)
        }
        Kind::Html => {
            let css = reader.required("items", css);
            css.map(|css| Items::Elements(Some(css)))
        }
        Kind::Sitemap => {
            if reader.get("items").is_some() {
                reader.note_key("items", "a sitemap's entries are known: its `url` elements");
            }
            Some(Items::Elements(None))
        }
    }
}

fn css(setting: &Setting) -> Result<(String, Css), Mistake> {
    let text = setting.text()?;
    let css =
        select::css::read(text).map_err(|why| Mistake::at(setting, format!("`{text}` {why}")))?;
    Ok((text.to_owned(), css))
}

/// What an answer is written in, and where in its value the entries stand.
fn written<'p>(
    kind: Kind,
    wrapper: Wrapper,
    items: Items,
    places: impl Iterator<Item = &'p Path>,
    around: impl Iterator<Item = &'p Path>,
) -> (Written, Path) {
    let all = || Path::parse("items[]").expect("a good path");
    match (kind, items) {
        (Kind::Html, Items::Elements(elements)) => {
            (Written::Html(Page::new(elements, places, around)), all())
        }
        (Kind::Html, Items::Path(_)) => (Written::Html(Page::new(None, places, around)), all()),
        (Kind::Sitemap, _) => (Written::Sitemap, all()),
        (Kind::Json, Items::Path(path)) => (Written::Json(wrapper), path),
        (Kind::Json, Items::Elements(_)) => (Written::Json(wrapper), all()),
    }
}

impl Lead {
    fn read(setting: &Setting, mistakes: &mut Vec<Mistake>) -> Option<Lead> {
        let mut reader = Reader::new(setting, mistakes);
        let url = reader.required("url", pages::address);
        let kind = reader.read("kind", kind).unwrap_or(Kind::Html);
        let wrapper = wrapper(&mut reader);
        let value = reader
            .get("value")
            .map(|value| select::selectors(value, Use::Word, kind.language(), reader.mistakes()));
        if value.is_none() {
            reader.note(setting, "`value` is missing here: what `{lead}` stands for");
        }
        reader.finish();
        let value = value?;
        let paths: Vec<Path> = value.iter().flat_map(Selector::paths).cloned().collect();
        let items = match kind {
            Kind::Json => Items::Path(Path::parse("").expect("the empty path is a path")),
            _ => Items::Elements(None),
        };
        let (written, _) = written(kind, wrapper, items, paths.iter(), std::iter::empty());
        Some(Lead { url: url?, written, value })
    }
}

fn kind(setting: &Setting) -> Result<Kind, Mistake> {
    match setting.text()? {
        "json" => Ok(Kind::Json),
        "html" => Ok(Kind::Html),
        other => Err(Mistake::at(setting, format!("`{other}` should be `json` or `html`"))),
    }
}

/// A detail is written in what its list is, unless the file says otherwise; that of a sitemap is a page.
fn detail_of(setting: &Setting, list: Kind, mistakes: &mut Vec<Mistake>) -> Option<Detail> {
    let mut reader = Reader::new(setting, mistakes);
    let fallback = if list == Kind::Sitemap { Kind::Html } else { list };
    let kind = reader.read("kind", kind).unwrap_or(fallback);
    let language = kind.language();
    let url = match (reader.get("url"), list) {
        (None, Kind::Sitemap) => Template::parse("{loc}").ok(),
        _ => reader.required("url", |setting| select::template(setting, list.language())),
    };
    refuse_wrapper(&mut reader, kind);
    let wrapper = wrapper(&mut reader);
    let items = match kind {
        Kind::Html => Items::Elements(reader.read("items", css)),
        _ => {
            let path = reader.read("items", |setting| select::path(setting, language));
            Items::Path(path.unwrap_or_else(|| Path::parse("").expect("the empty path is a path")))
        }
    };
    let fields = Fields::read(&mut reader, language);
    if fields.is_empty() {
        reader.note(setting, "a detail should fill at least one field, such as `content`");
    }
    let fills = reader.tables("fill");
    let fill = fills.iter().filter_map(|fill| fill_of(fill, reader.mistakes())).collect();
    reader.finish();
    let (written, item) = written(kind, wrapper, items, fields.all_paths(), std::iter::empty());
    Some(Detail { url: url?, written, item, fields, fill })
}

fn fill_of(setting: &Setting, mistakes: &mut Vec<Mistake>) -> Option<Fill> {
    let mut reader = Reader::new(setting, mistakes);
    let mark = reader.required("mark", |setting| match setting.text()? {
        text if text.contains("{n}") => Ok(text.to_owned()),
        _ => Err(Mistake::at(setting, "this should hold `{n}`, such as `<!--IMG#{n}-->`")),
    });
    let from = reader.required("from", |setting| select::path(setting, Language::Json));
    let template = reader.required("template", |setting| select::template(setting, Language::Json));
    reader.finish();
    Some(Fill { mark: mark?, from: from?, template: template? })
}

fn item_fields(setting: &Setting, language: Language, mistakes: &mut Vec<Mistake>) -> Fields {
    let mut reader = Reader::new(setting, mistakes);
    let fields = Fields::read(&mut reader, language);
    if fields.is_empty() {
        reader.note(setting, "an entry should fill at least one field, such as `title`");
    }
    reader.finish();
    fields
}

/// Where the fields of a sitemap's entries stand, by its own specification.
fn sitemap_fields() -> Fields {
    let setting = |value| Setting { span: 0..0, value };
    let name = |text: &str| Name { span: 0..0, text: text.to_owned() };
    let text = |text: &str| setting(Value::String(text.to_owned()));
    let paths = |paths: &[&str]| setting(Value::Array(paths.iter().copied().map(text).collect()));
    let keywords = vec![(name("path"), text("news.keywords")), (name("split"), text(","))];
    let rows = vec![
        (name("guid"), text("loc")),
        (name("link"), text("loc")),
        (name("title"), paths(&["news.title", "video.title"])),
        (name("published"), paths(&["news.publication_date", "video.publication_date", "lastmod"])),
        (name("category"), setting(Value::Table(keywords))),
        (name("outlet"), text("news.name")),
        (name("language"), text("news.language")),
        (name("image"), paths(&["image.loc", "video.thumbnail_loc"])),
    ];
    item_fields(&setting(Value::Table(rows)), Language::Json, &mut Vec::new())
}

fn wrapper(reader: &mut Reader) -> Wrapper {
    let setting = reader.table("wrapper");
    setting.map(|setting| Wrapper::read(setting, reader.mistakes())).unwrap_or_default()
}

fn refuse_wrapper(reader: &mut Reader, kind: Kind) {
    if kind != Kind::Json && reader.get("wrapper").is_some() {
        reader.note_key("wrapper", "only JSON comes in a wrapper");
    }
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
