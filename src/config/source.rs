//! `[defaults]` and `[[source]]` → upstreams, each with the adapter its kind builds.

use std::path::Path;
use std::time::Duration;

use super::rules::{self, Sets};
use super::site::Taken;
use super::{Secret, Upstream, address, check, secret};
use crate::adapter::setting::{Mistake, Reader, Setting, Value};
use crate::adapter::{self, Kind, full_text};
use crate::model::category::{Category, folded};
use crate::model::feed::Window;
use crate::model::period::Period;
use crate::model::source::{Allowed, KeyRule, Limits, Source, SourceId};
use crate::model::time::Zone;

/// The kind that reads a folder; some rules hold for it alone.
const POSTS: &str = adapter::posts::KIND.name;

/// What a source inherits when it does not say otherwise.
pub(super) struct Defaults {
    interval: Option<Duration>,
    pub(super) zone: Zone,
    limits: Limits,
    budget: usize,
    /// How long items are kept, for ever when absent; a folder of posts has its own word on it.
    keep: Option<Duration>,
    /// How much of a shelf its feeds show.
    pub(super) window: Window,
    /// How often there are digests.
    pub(super) digests: Vec<Period>,
    /// Whether `robots.txt` is heard.
    pub(super) robots: bool,
}

impl Defaults {
    /// Without a word in the file; `zone` is the site's.
    pub(super) fn new(zone: Option<Zone>, keep: Option<Duration>) -> Defaults {
        Defaults {
            interval: None,
            zone: zone.unwrap_or_default(),
            limits: Limits::default(),
            budget: 100,
            keep,
            window: Window::default(),
            digests: Period::ALL.to_vec(),
            robots: false,
        }
    }

    /// Reads `[defaults]`.
    pub(super) fn read(self, table: &Setting, mistakes: &mut Vec<Mistake>) -> Defaults {
        let mut reader = Reader::new(table, mistakes);
        let defaults = Defaults {
            interval: reader.read("interval", check::duration).or(self.interval),
            zone: reader.read("timezone", check::zone).unwrap_or(self.zone),
            limits: limits(&mut reader, self.limits),
            budget: number(&mut reader, "details", 0).unwrap_or(self.budget),
            window: window(&mut reader, self.window),
            digests: digests(&mut reader).unwrap_or(self.digests),
            robots: reader.boolean("robots").unwrap_or(self.robots),
            ..self
        };
        reader.finish();
        defaults
    }
}

/// How often there are digests: a list of periods, each counted once.
fn digests(reader: &mut Reader) -> Option<Vec<Period>> {
    let mut periods = check::each(reader, "digests", |setting| {
        let word = setting.text()?;
        Period::named(word)
            .ok_or_else(|| check::unknown(setting, "period", word, &Period::ALL.map(Period::name)))
    })?;
    periods.sort();
    periods.dedup();
    Some(periods)
}

/// What sources are read against: the rest of the file.
pub(super) struct Surroundings<'a> {
    pub(super) folder: &'a Path,
    pub(super) secret: Secret<'a>,
    pub(super) defaults: &'a Defaults,
    pub(super) sets: &'a Sets,
    pub(super) categories: &'a [Category],
}

/// Reads every `[[source]]`; no two may have one id.
pub(super) fn read(
    tables: &[Setting],
    around: &Surroundings,
    mistakes: &mut Vec<Mistake>,
) -> Vec<Upstream> {
    let mut ids = Taken::default();
    let ranked = (0..).zip(tables);
    ranked.filter_map(|(rank, table)| upstream(table, rank, &mut ids, around, mistakes)).collect()
}

fn upstream(
    table: &Setting,
    rank: u32,
    ids: &mut Taken,
    around: &Surroundings,
    mistakes: &mut Vec<Mistake>,
) -> Option<Upstream> {
    let mut reader = Reader::new(table, mistakes);
    table.rows().ok()?; // That it is no table is all there is to say of it.
    let id = reader.required("id", |setting| ids.take(setting, check::slug(setting)?));
    let kind = reader.required("kind", kind);
    let source = source(&mut reader, id, kind, rank, around);
    refuse_headers_for_files(&mut reader, source.as_ref());
    refuse_posts_elsewhere(&mut reader, kind, source.as_ref());
    refuse_keys_of_other_kinds(table, kind, &mut reader);
    reader.allow([full_text::KEY]);
    if kind.is_some_and(|kind| kind.name == POSTS) && reader.get(full_text::KEY).is_some() {
        reader.note_key(full_text::KEY, "posts are whole as they are");
    }
    reader.finish();
    let kind = kind?;
    let table = prepared(table, around, mistakes);
    let adapter = (kind.build)(&table).map_err(|wrong| mistakes.extend(wrong)).ok();
    let adapter = full_text::wrap(&mut Reader::new(&table, mistakes), adapter?);
    Some(Upstream { source: source?, kind: kind.name, adapter })
}

fn kind(setting: &Setting) -> Result<&'static Kind, Mistake> {
    let word = setting.text()?;
    adapter::ALL.iter().find(|kind| kind.name == word).ok_or_else(|| {
        let names: Vec<_> = adapter::ALL.iter().map(|kind| kind.name).collect();
        check::unknown(setting, "kind", word, &names)
    })
}

/// Reads the keys every kind has. All of them are read before any is missed, so that all mistakes are told.
fn source(
    reader: &mut Reader,
    id: Option<String>,
    kind: Option<&Kind>,
    rank: u32,
    around: &Surroundings,
) -> Option<Source> {
    let defaults = around.defaults;
    let url = reader.required("url", |setting| address::of_source(setting, around.folder));
    let is_kept_for_ever = kind.is_some_and(|kind| kind.name == POSTS);
    let keep = if is_kept_for_ever { None } else { defaults.keep };
    let namespace = reader.read("namespace", check::words);
    let categories = check::each(reader, "categories", |name| category(name, around.categories));
    let source = Source {
        id: SourceId::new(id.as_deref().unwrap_or("unknown")).expect("a slug is a source's id"),
        rank,
        namespace: namespace.or_else(|| id.clone()).unwrap_or_default(),
        title: reader.read("title", check::words),
        url: url.clone().unwrap_or_default(),
        categories: once_each(categories.unwrap_or_default()),
        max_categories: number(reader, "max_categories", 1).unwrap_or(200),
        zone: reader.read("timezone", check::zone).unwrap_or(defaults.zone),
        language: reader.read("language", check::language),
        interval: reader.read("interval", check::duration).or(defaults.interval),
        keep: reader.read("keep", check::keeping).unwrap_or(keep),
        key: reader.read("key", key_rule).unwrap_or_default(),
        collapse: reader.boolean("collapse").unwrap_or(true),
        rules: rules::of_source(reader, around.sets),
        budget: number(reader, "details", 0).unwrap_or(defaults.budget),
        allow: check::each(reader, "allow", allowed).unwrap_or_default(),
        limits: limits(reader, defaults.limits),
        hub: reader.boolean("hub").unwrap_or(true),
        robots: reader.boolean("robots").unwrap_or(defaults.robots),
    };
    (id.is_some() && url.is_some()).then_some(source)
}

/// The name of a category; the id of one the file describes stands for its name.
pub(super) fn category(setting: &Setting, known: &[Category]) -> Result<String, Mistake> {
    let name = check::words(setting)?;
    let is_named = |category: &&Category| folded(&category.name) == folded(&name);
    let has_id = |category: &&Category| category.slug.as_deref() == Some(name.as_str());
    let found = known.iter().find(is_named).or_else(|| known.iter().find(has_id));
    Ok(found.map_or(name, |category| category.name.clone()))
}

fn key_rule(setting: &Setting) -> Result<KeyRule, Mistake> {
    let word = setting.text()?;
    let names: Vec<_> = KeyRule::ALL.iter().map(|rule| rule.name()).collect();
    KeyRule::named(word).ok_or_else(|| check::unknown(setting, "key", word, &names))
}

fn once_each(names: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    names.into_iter().filter(|name| seen.insert(folded(name))).collect()
}

/// A private address that may be reached.
pub(super) fn allowed(setting: &Setting) -> Result<Allowed, Mistake> {
    let text = setting.text()?;
    Allowed::parse(text).ok_or_else(|| {
        let what = format!("`{}` should be a host, an address or a network, such as `10.0.0.7:8080` or `10.0.0.0/8`", check::shown(text));
        Mistake::at(setting, what)
    })
}

/// The table as the adapter gets it: secrets found, and paths of this machine made whole.
fn prepared(table: &Setting, around: &Surroundings, mistakes: &mut Vec<Mistake>) -> Setting {
    let mut table = table.clone();
    let Value::Table(rows) = &mut table.value else { return table };
    for (name, setting) in rows {
        match name.text.as_str() {
            "headers" => secret::reveal(setting, around.secret, mistakes),
            "detail" | "page" | "lead" => address::root(setting, around.folder, mistakes),
            _ => {}
        }
    }
    table
}

fn refuse_headers_for_files(reader: &mut Reader, source: Option<&Source>) {
    if let Some(headers) = reader.get("headers").filter(|_| source.is_some_and(Source::is_local)) {
        reader.note(headers, "a file or folder takes no headers");
    }
}

fn refuse_posts_elsewhere(reader: &mut Reader, kind: Option<&Kind>, source: Option<&Source>) {
    let is_elsewhere = kind.is_some_and(|kind| kind.name == POSTS)
        && source.is_some_and(|source| !source.is_local());
    if let Some(url) = reader.get("url").filter(|_| is_elsewhere) {
        reader.note(url, "posts are read from a folder of this machine, such as `file:posts/`");
    }
}

/// A key of another kind is no typing mistake; what is said of it should help more than a similar word.
fn refuse_keys_of_other_kinds<'s>(
    table: &'s Setting,
    kind: Option<&Kind>,
    reader: &mut Reader<'s, '_>,
) {
    let own = kind.map_or(&[][..], |kind| kind.keys);
    reader.allow(own.iter().copied());
    for (name, _) in table.rows().unwrap_or_default() {
        let key = name.text.as_str();
        let mut others = adapter::ALL.iter().filter(|other| other.keys.contains(&key));
        let Some(other) = others.next().filter(|_| !own.contains(&key)) else { continue };
        reader.allow([key]);
        if let Some(kind) = kind {
            let what = format!("`{key}` is a key of kind `{}`, not of `{}`", other.name, kind.name);
            reader.mistakes().push(Mistake { span: name.span.clone(), what });
        }
    }
}

pub(super) fn window(reader: &mut Reader, base: Window) -> Window {
    let Some(table) = reader.table("window") else { return base };
    let mut inner = Reader::new(table, reader.mistakes());
    let window = Window {
        items: number(&mut inner, "items", 1).unwrap_or(base.items),
        age: inner.read("age", check::span).unwrap_or(base.age),
        max: number(&mut inner, "max", 1).unwrap_or(base.max),
        bytes: inner.read("bytes", check::size).unwrap_or(base.bytes),
    };
    if window.max < window.items {
        inner.note(
            table,
            format!("`max` ({}) should not be less than `items` ({})", window.max, window.items),
        );
    }
    inner.finish();
    window
}

fn limits(reader: &mut Reader, base: Limits) -> Limits {
    let Some(table) = reader.table("limits") else { return base };
    let mut inner = Reader::new(table, reader.mistakes());
    let limits = Limits {
        wire: inner.read("wire", check::size).unwrap_or(base.wire),
        decoded: inner.read("decoded", check::size).unwrap_or(base.decoded),
        ratio: number(&mut inner, "ratio", 1).unwrap_or(base.ratio),
        redirects: number(&mut inner, "redirects", 0).unwrap_or(base.redirects),
        connect: inner.read("connect", check::duration).unwrap_or(base.connect),
        headers: inner.read("headers", check::duration).unwrap_or(base.headers),
        total: inner.read("total", check::duration).unwrap_or(base.total),
    };
    inner.finish();
    limits
}

/// A count from `least` to a hundred thousand, more than anybody means.
pub(super) fn number<'s>(reader: &mut Reader<'s, '_>, key: &'s str, least: i64) -> Option<usize> {
    let number = reader.integer(key, least..=100_000)?;
    Some(usize::try_from(number).expect("the range begins at zero or above"))
}
