//! A post becomes a draft: front matter for what it says, body for what it is, file name for the rest.

use serde_json::{Map, Value};

use super::front_matter::{self, FrontMatter};
use super::seed::{self, Seed};
use crate::adapter::select::path::words;
use crate::adapter::select::{Selector, Use};
use crate::model::draft::{Draft, Stamp};
use crate::model::item::{Label, Membership, Person};
use crate::model::text::{LONGEST, Text};

/// What may open or end something in Markdown; its parser keeps a node for each.
const MARKS: &[u8] = b"[]*_`!<>&|~\\\n";
/// Marks a body may have.
const MARKS_MOST: usize = 100_000;

/// Which shelves posts stand on.
#[derive(Debug)]
pub enum Shelving {
    /// Each on that of the category read from it.
    Read,
    /// Those the file gives the whole source.
    Configured,
    /// Those these selectors find in the front matter.
    Selected(Vec<Selector>),
}

/// Reads a post; beside the draft what of it could not be used.
///
/// # Errors
/// In words, when it is no post.
pub fn read(
    name: &str,
    text: &str,
    shelving: &Shelving,
) -> Result<(Draft, Option<String>), String> {
    let (head, body) = front_matter::split(text)?;
    let front = FrontMatter::read(head)?;
    let broken = front
        .broken
        .as_ref()
        .map(|why| format!("its front matter is broken and was read line by line ({why})"));
    let kept = &body[..body.floor_char_boundary(LONGEST)];
    let is_long = kept.len() < body.len();
    let long =
        is_long.then(|| format!("its body is longer than {LONGEST} bytes; the rest was cut off"));
    let problems: Vec<String> = broken.into_iter().chain(long).collect();
    let problem = Some(problems.join("; ")).filter(|problem| !problem.is_empty());
    let body = kept.replace("\r\n", "\n");
    let post = Post { name: Name::of(name), front: front.rows, seed: seed::take_apart(&body) };
    Ok((post.draft(shelving), problem))
}

pub(super) struct Post<'t> {
    name: Name<'t>,
    pub(super) front: Map<String, Value>,
    pub(super) seed: Seed<'t>,
}

/// What a file's name says: `2022-05-27-NW1.md` is `NW1` of that day.
#[derive(Debug, PartialEq, Eq)]
struct Name<'t> {
    day: Option<&'t str>,
    stem: &'t str,
    is_html: bool,
}

impl<'t> Name<'t> {
    fn of(file: &'t str) -> Name<'t> {
        let (stem, extension) = file.rsplit_once('.').unwrap_or((file, ""));
        let is_html = extension.to_ascii_lowercase().starts_with("htm");
        let dated = stem.get(..10).filter(|day| is_day(day));
        match dated.and_then(|day| Some((day, stem[10..].strip_prefix('-')?))) {
            Some((day, stem)) if !stem.is_empty() => Name { day: Some(day), stem, is_html },
            // A fetcher that found no time wrote none and left the hyphen (Q2).
            _ => Name {
                day: dated,
                stem: stem.strip_prefix('-').filter(|s| !s.is_empty()).unwrap_or(stem),
                is_html,
            },
        }
    }
}

impl Post<'_> {
    fn draft(mut self, shelving: &Shelving) -> Draft {
        let read = self.belonging();
        let (categories, shelved) = match shelving {
            Shelving::Read => (read.memberships, true),
            Shelving::Configured => (Vec::new(), false),
            Shelving::Selected(selectors) => (selected(selectors, &self.front), false),
        };
        let labels = if shelved { read.tags } else { [read.names, read.tags].concat() };
        let (published, published_inferred) = self.published();
        let content = self.content();
        let summary = self.text(&["description", "excerpt", "summary"]).or(self.seed.digest.take());
        Draft {
            guid: Some(self.guid().to_owned()),
            title: self.text(&["title"]).map(Text::unsaid),
            link: self
                .seed
                .link
                .map(str::to_owned)
                .or_else(|| self.text(&["link", "canonical_url"])),
            summary: summary.map(Text::unsaid),
            content,
            published,
            updated: self.time(&["updated", "last_modified_at", "modified"]),
            published_inferred,
            held: true,
            authors: self.authors(),
            labels: labels.into_iter().map(|term| Label { term, scheme: None }).collect(),
            categories,
            outlet: self.seed.outlet.take(),
            image: self.text(&["image", "cover", "thumbnail"]),
            language: self.text(&["lang", "language", "locale"]),
            retracted: self.retracted(),
            ..Draft::default()
        }
    }

    /// Upstream's identifier: the front matter's, else the file's name without date and extension, never the link.
    fn guid(&self) -> String {
        self.text(&["guid", "id"]).unwrap_or_else(|| self.name.stem.to_owned())
    }

    /// The time of the front matter, else the day of the file's name, else the day an identifier starts with (Q2).
    fn published(&self) -> (Option<Stamp>, bool) {
        let written = self.time(&["date", "published_at"]);
        if written.is_some() {
            return (written, false);
        }
        let guid = self.guid();
        let day = self
            .name
            .day
            .map(str::to_owned)
            .or_else(|| day_of(&guid))
            .or_else(|| day_of(self.name.stem));
        (day.map(Stamp::detect), true)
    }

    /// A time that is more than the zone a fetcher put behind nothing (Q2).
    fn time(&self, keys: &[&str]) -> Option<Stamp> {
        let raw = self.text(keys)?;
        let is_zone = |word: &str| word.starts_with(['+', '-']) || word.eq_ignore_ascii_case("z");
        let is_time = raw.split_whitespace().any(|word| !is_zone(word));
        is_time.then(|| Stamp::detect(raw))
    }

    fn retracted(&self) -> Option<String> {
        let says = |key: &str, words: &[&str]| {
            let value = self.text(&[key]).unwrap_or_default();
            words.iter().any(|word| value.eq_ignore_ascii_case(word))
        };
        if says("published", &["false", "no", "off"]) {
            return Some("its front matter says `published: false`".to_owned());
        }
        says("draft", &["true", "yes", "on"])
            .then(|| "its front matter says `draft: true`".to_owned())
    }

    /// The body as HTML, unless it is the plain text of a digest (Q45).
    fn content(&self) -> Option<Text> {
        let article = self.seed.article.trim_end();
        if article.trim().is_empty() {
            return None;
        }
        let is_html = seed::starts_with_tag(article);
        let from_seed = self.seed.is_seed || self.seed.has_source_line;
        let mut content = match (self.name.is_html || (is_html && from_seed), from_seed && !is_html)
        {
            (true, _) => Text::html(article),
            (false, true) => Text::plain(article),
            (false, false) => markdown(article),
        };
        content.base = self.seed.link.map(str::to_owned);
        Some(content)
    }

    fn authors(&self) -> Vec<Person> {
        let written = ["author", "authors"].iter().find_map(|key| self.front.get(*key));
        let people = match written {
            Some(Value::Array(list)) => list.iter().collect(),
            Some(one) => vec![one],
            None => Vec::new(),
        };
        people.into_iter().filter_map(person).collect()
    }

    /// The first of these keys that says something, as text; of a table what it calls its path, address or name.
    fn text(&self, keys: &[&str]) -> Option<String> {
        keys.iter().find_map(|key| one(self.front.get(*key)?))
    }

    /// All that the first of these keys that says something says; blanks are folded.
    pub(super) fn list(&self, keys: &[&str]) -> Vec<String> {
        let found = keys
            .iter()
            .find_map(|key| Some(words(self.front.get(*key)?)).filter(|list| !list.is_empty()));
        let folded = |text: &String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        found.unwrap_or_default().iter().map(folded).collect()
    }
}

fn selected(selectors: &[Selector], front: &Map<String, Value>) -> Vec<Membership> {
    let front = Value::Object(front.clone());
    let names = selectors.iter().flat_map(|selector| selector.values(&front, Use::Word));
    names.map(|name| Membership { name: name.trim().to_owned(), alias: None }).collect()
}

fn one(value: &Value) -> Option<String> {
    let text = match value {
        Value::Object(table) => {
            ["path", "url", "name"].iter().find_map(|key| one(table.get(*key)?))?
        }
        other => words(other).into_iter().next()?,
    };
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn person(value: &Value) -> Option<Person> {
    let field = |key: &str| value.get(key).and_then(one);
    Some(Person { name: one(value)?, email: field("email"), url: field("url") })
}

/// The day an identifier starts with: `20220526…`, `NW20220526…`.
fn day_of(identifier: &str) -> Option<String> {
    let digits = identifier.trim_start_matches(|c: char| c.is_ascii_alphabetic()).get(..8)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let day = format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]);
    is_day(&day).then_some(day)
}

/// Whether this is a day of the calendar, `2022-05-27`, in the years there have been such files.
fn is_day(text: &str) -> bool {
    let well_formed = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let day = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d");
    well_formed && ("1990".."2100").contains(&text) && day.is_ok()
}

/// Markdown as HTML; markup in it passes, and is sanitised with all the rest later. A text with more
/// marks than people write is taken as it stands (T-15).
fn markdown(text: &str) -> Text {
    use pulldown_cmark::{Options, Parser, html};
    if text.bytes().filter(|byte| MARKS.contains(byte)).count() > MARKS_MOST {
        return Text::plain(text);
    }
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_FOOTNOTES;
    let mut rendered = String::with_capacity(text.len() * 3 / 2);
    html::push_html(&mut rendered, Parser::new_ext(text, options));
    Text::html(rendered)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(file: &str, day: Option<&str>, stem: &str) {
        let name = Name::of(file);
        assert_eq!((name.day, name.stem), (day, stem), "{file}");
    }

    #[test]
    fn names_of_files() {
        name("2022-05-27-NW202205272394352784.md", Some("2022-05-27"), "NW202205272394352784");
        name("2021-12-01-init.md", Some("2021-12-01"), "init");
        name("-202205262391921712.md", None, "202205262391921712");
        name("about.html", None, "about");
        name("2022-02-30-x.md", None, "2022-02-30-x");
        name("2022-05-27.md", Some("2022-05-27"), "2022-05-27");
        name("-.md", None, "-");
        name("新闻.md", None, "新闻");
    }

    #[test]
    fn q2_the_day_of_an_identifier() {
        let check = |id: &str, day: Option<&str>| assert_eq!(day_of(id).as_deref(), day, "{id}");
        check("202205262391921712", Some("2022-05-26"));
        check("NW202205262391921712", Some("2022-05-26"));
        check("20220230", None);
        check("99991231", None);
        check("2022", None);
        check("2022０526", None);
    }
}
