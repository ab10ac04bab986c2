//! The small language the declarative adapters share: where a field stands in an entry, and what
//! of it is meant. Building a selector is checking it: whatever is wrong is a `Mistake` with its
//! place, and once built nothing about it can fail.
//!
//! ```toml
//! title = "title"                                       # a bare text is a path
//! link = ["url", { template = "https://a.example/{id}.html" }]   # a list: the first that is not empty
//! summary = { path = "digest", strip_suffix = ["（*）", "(*)"] }
//! outlet = { path = "digest", suffix = ["（*）", "(*)"] }         # what the star stands for
//! published = ["time", { path = "id", pattern = "^(\\d{8})", format = "%Y%m%d", inferred = true }]
//! language = { value = "zh-CN" }
//! category = { path = "keywords", split = [",", " "] }
//! ```
//! It deliberately has no variables, no arithmetic and no conditions but `when`: an upstream that
//! needs more is worth an adapter of its own.

pub mod affix;
pub mod css;
pub mod fields;
pub mod path;
pub mod place;
pub mod template;
pub mod test;

use regex::{Regex, RegexBuilder};
use serde_json::Value;

use self::affix::Affix;
use self::path::{Language, Path, words};
use self::place::Place;
use self::template::{Manner, Template};
use self::test::Test;
use super::setting::{self, Mistake, Reader, Setting};
use crate::model::time::Form;

/// Where a field stands in an entry, and what of it is meant.
#[derive(Clone, Debug)]
pub struct Selector {
    from: From,
    split: Vec<String>,
    strip_prefix: Vec<Affix>,
    strip_suffix: Vec<Affix>,
    prefix: Vec<Affix>,
    suffix: Vec<Affix>,
    pattern: Option<Regex>,
    /// What the value is put into, where `{value}` stands.
    within: Option<Template>,
    when: Vec<Test>,
    /// Whether the text is markup, where the file says so.
    pub html: Option<bool>,
    /// How a time is written, where the file says so.
    pub forms: Vec<Form>,
    /// Whether the value is a guess.
    pub inferred: bool,
    /// The vocabulary of a label.
    pub scheme: Option<String>,
    /// The media type of a file.
    pub media_type: Option<String>,
}

#[derive(Clone, Debug)]
enum From {
    Path(Path),
    Template(Template),
    Constant(String),
}

/// What a selector is for; it decides which keys it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// A name or an identifier.
    Word,
    /// A text that may be markup.
    Text,
    /// The body, whose markup matters.
    Body,
    /// A time.
    Time,
    /// An address; values put into its template are percent-encoded.
    Address,
    /// A label of a vocabulary.
    Label,
    /// An attached file.
    File,
}

/// The longest pattern, in bytes (T-25).
const PATTERN_MOST: usize = 1 << 10;
/// The largest compiled pattern (T-25).
const COMPILED_MOST: usize = 1 << 20;
/// The memory a pattern may take while it runs (T-25).
const RUNNING_MOST: usize = 2 << 20;
/// How much of a field a pattern looks at, in bytes (T-25).
const INPUT_MOST: usize = 64 << 10;
/// How many values one field of one entry can have.
const VALUES_MOST: usize = 100;

impl Selector {
    /// Reads one selector: a path, or a table.
    pub fn read(
        setting: &Setting,
        used: Use,
        language: Language,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<Selector> {
        if let setting::Value::String(_) = setting.value {
            let path = place(setting, used, language);
            let path = path.map_err(|mistake| mistakes.push(mistake)).ok()?;
            return Some(Selector::of(From::Path(path)).typed(used, language));
        }
        if setting.rows().is_err() {
            mistakes.push(Mistake::at(
                setting,
                "this should be a path in quotes, or a table with `path`, `template` or `value`",
            ));
            return None;
        }
        let mut reader = Reader::new(setting, mistakes);
        let from = origin(setting, used, language, &mut reader);
        let from = from.unwrap_or_else(|| From::Constant(String::new()));
        let mut selector = Selector::of(from).typed(used, language);
        selector.refine_by(language, &mut reader);
        selector.describe_by(used, &mut reader);
        reader.finish();
        Some(selector)
    }

    fn of(from: From) -> Selector {
        Selector {
            from,
            split: Vec::new(),
            strip_prefix: Vec::new(),
            strip_suffix: Vec::new(),
            prefix: Vec::new(),
            suffix: Vec::new(),
            pattern: None,
            within: None,
            when: Vec::new(),
            html: None,
            forms: Vec::new(),
            inferred: false,
            scheme: None,
            media_type: None,
        }
    }

    /// What is read from a page is known to be markup or words; in JSON only looks tell.
    fn typed(mut self, used: Use, language: Language) -> Selector {
        if language == Language::Css && matches!(self.from, From::Path(_)) {
            self.html = match used {
                Use::Body => Some(true),
                Use::Text => Some(false),
                _ => None,
            };
        }
        self
    }

    fn refine_by(&mut self, language: Language, reader: &mut Reader) {
        self.split = reader.string_or_list("split").into_iter().map(str::to_owned).collect();
        if self.split.iter().any(String::is_empty) {
            self.split.clear();
            reader.note_key("split", "this should be a separator such as \",\"");
        }
        self.strip_prefix = reader.affixes("strip_prefix");
        self.strip_suffix = reader.affixes("strip_suffix");
        self.prefix = reader.affixes("prefix");
        self.suffix = reader.affixes("suffix");
        self.pattern = reader.read("pattern", pattern);
        self.within = reader.read("within", within);
        let tests = reader.tables("when");
        self.when =
            tests.iter().map(|test| Test::read(test, language, reader.mistakes())).collect();
    }

    fn describe_by(&mut self, used: Use, reader: &mut Reader) {
        match used {
            Use::Text | Use::Body => self.html = reader.boolean("html").or(self.html),
            Use::Time => {
                let formats = reader.get("format").map(Setting::one_or_list).unwrap_or_default();
                self.forms =
                    formats.iter().filter_map(|format| reader.noted(form(format))).collect();
                self.inferred = reader.boolean("inferred").unwrap_or(false);
            }
            Use::Label => self.scheme = reader.string("scheme").map(str::to_owned),
            Use::File => self.media_type = reader.string("type").map(str::to_owned),
            Use::Word | Use::Address => {}
        }
    }

    /// All its values in an entry, none of them blank.
    pub fn values(&self, entry: &Value, used: Use) -> Vec<String> {
        if !self.when.iter().all(|test| test.holds(entry)) {
            return Vec::new();
        }
        let mut values = match &self.from {
            From::Path(path) => path.find(entry).into_iter().flat_map(words).collect(),
            From::Constant(text) => vec![text.clone()],
            From::Template(template) => filled(template, entry, used).into_iter().collect(),
        };
        for separator in &self.split {
            values =
                values.iter().flat_map(|value| value.split(separator)).map(str::to_owned).collect();
        }
        let values = values.iter().flat_map(|value| self.meant(value));
        let values = values.filter(|value| !value.trim().is_empty());
        let values = values.filter_map(|value| match &self.within {
            Some(template) => filled(template, &serde_json::json!({ "value": value }), used),
            None => Some(value),
        });
        values.take(VALUES_MOST).collect()
    }

    /// What of a text is meant.
    fn meant(&self, text: &str) -> Vec<String> {
        let mut text = text;
        if let Some((_, rest)) = first(&self.strip_prefix, |affix| affix.split_start(text)) {
            text = rest;
        }
        if let Some((_, rest)) = first(&self.strip_suffix, |affix| affix.split_end(text)) {
            text = rest;
        }
        if !self.prefix.is_empty() {
            let star = first(&self.prefix, |affix| affix.split_start(text));
            return star.into_iter().map(|(star, _)| star.to_owned()).collect();
        }
        if !self.suffix.is_empty() {
            let star = first(&self.suffix, |affix| affix.split_end(text));
            return star.into_iter().map(|(star, _)| star.to_owned()).collect();
        }
        match &self.pattern {
            None => vec![text.to_owned()],
            Some(pattern) => matches(pattern, text),
        }
    }

    /// The fields it looks at.
    pub fn paths(&self) -> Vec<&Path> {
        let mut paths: Vec<&Path> = match &self.from {
            From::Path(path) => vec![path],
            From::Template(template) => template.paths().collect(),
            From::Constant(_) => Vec::new(),
        };
        paths.extend(self.when.iter().flat_map(Test::paths));
        paths
    }
}

/// Reads one selector or a list of them.
pub fn selectors(
    setting: &Setting,
    used: Use,
    language: Language,
    mistakes: &mut Vec<Mistake>,
) -> Vec<Selector> {
    let list = setting.one_or_list().iter();
    list.filter_map(|setting| Selector::read(setting, used, language, mistakes)).collect()
}

/// Reads a path.
pub fn path(setting: &Setting, language: Language) -> Result<Path, Mistake> {
    place(setting, Use::Word, language)
}

/// Reads a path; of an element that is to be a body its markup is meant, where nothing else is said.
fn place(setting: &Setting, used: Use, language: Language) -> Result<Path, Mistake> {
    let text = setting.text()?;
    let is_body = language == Language::Css && used == Use::Body && !Place::says_what(text);
    let read = match is_body {
        true => Path::read(&format!("{text}@html"), language),
        false => Path::read(text, language),
    };
    read.map_err(|what| Mistake::at(setting, format!("in the path `{text}`: {what}")))
}

/// Reads a template.
pub fn template(setting: &Setting, language: Language) -> Result<Template, Mistake> {
    let text = setting.text()?;
    Template::read(text, language)
        .map_err(|what| Mistake::at(setting, format!("in the template `{text}`: {what}")))
}

impl<'s> Reader<'s, '_> {
    /// One path or a list of paths.
    pub fn paths(&mut self, key: &'s str, language: Language) -> Vec<Path> {
        let list = self.get(key).map(Setting::one_or_list).unwrap_or_default();
        list.iter().filter_map(|setting| self.noted(path(setting, language))).collect()
    }

    fn affixes(&mut self, key: &'s str) -> Vec<Affix> {
        let list = self.get(key).map(Setting::one_or_list).unwrap_or_default();
        list.iter().filter_map(|setting| self.noted(affix(setting))).collect()
    }
}

fn origin(setting: &Setting, used: Use, language: Language, reader: &mut Reader) -> Option<From> {
    let path = reader.get("path").map(|setting| place(setting, used, language).map(From::Path));
    let template = reader.get("template");
    let template = template.map(|setting| self::template(setting, language).map(From::Template));
    let constant = reader
        .get("value")
        .map(|setting| setting.text().map(|text| From::Constant(text.to_owned())));
    let mut given = [path, template, constant].into_iter().flatten();
    match (given.next(), given.next()) {
        (Some(from), None) => reader.noted(from),
        _ => {
            reader.note(
                setting,
                "one of `path`, `template` and `value` is needed here, and only one",
            );
            None
        }
    }
}

/// The text a value is put into, where `{value}` stands.
fn within(setting: &Setting) -> Result<Template, Mistake> {
    match setting.text()?.contains("{value}") {
        true => template(setting, Language::Json),
        false => Err(Mistake::at(setting, "this should hold `{value}`, where the value goes")),
    }
}

fn filled(template: &Template, entry: &Value, used: Use) -> Option<String> {
    let value = |path: &Path| path.find(entry).into_iter().flat_map(words).next();
    let address = matches!(used, Use::Address | Use::File) && !template.is_whole_address();
    let manner = if address { Manner::Address } else { Manner::Plain };
    template.fill(manner, value)
}

fn first<'t>(
    affixes: &[Affix],
    split: impl Fn(&Affix) -> Option<(&'t str, &'t str)>,
) -> Option<(&'t str, &'t str)> {
    affixes.iter().find_map(split)
}

fn matches(pattern: &Regex, text: &str) -> Vec<String> {
    let text = &text[..text.floor_char_boundary(INPUT_MOST)];
    let found = pattern.captures_iter(text).take(VALUES_MOST);
    let meant = found.filter_map(|groups| groups.get(1).or_else(|| groups.get(0)));
    meant.map(|group| group.as_str().to_owned()).collect()
}

fn pattern(setting: &Setting) -> Result<Regex, Mistake> {
    let text = setting.text()?;
    if text.len() > PATTERN_MOST {
        return Err(Mistake::at(
            setting,
            format!("this pattern is longer than {PATTERN_MOST} bytes"),
        ));
    }
    let built =
        RegexBuilder::new(text).size_limit(COMPILED_MOST).dfa_size_limit(RUNNING_MOST).build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => {
            Mistake::at(setting, "this pattern is too large; use smaller repetitions")
        }
        _ => Mistake::at(
            setting,
            format!("this pattern cannot be read: {}", last_line(&error.to_string())),
        ),
    })
}

/// The `regex` crate draws the pattern and points into it; its last line says what is wrong.
fn last_line(error: &str) -> &str {
    let line = error.lines().last().unwrap_or(error);
    line.trim_start_matches("error: ").trim()
}

fn affix(setting: &Setting) -> Result<Affix, Mistake> {
    Affix::parse(setting.text()?).map_err(|what| Mistake::at(setting, what))
}

fn form(setting: &Setting) -> Result<Form, Mistake> {
    let text = setting.text()?;
    text.parse()
        .map_err(|_| Mistake::at(setting, format!("`{text}` is no format of a time; {FORMATS}")))
}

const FORMATS: &str = "known are datetime, date, relative, cn, epoch_s, epoch_ms, epoch_us, mdy, dmy and patterns such as %Y-%m-%d";

#[cfg(test)]
mod tests;
