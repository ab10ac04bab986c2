//! `feeds.toml` → `Config`, complete or refused.
//!
//! All mistakes are told at once, each with its place and what was probably meant; after `parse`
//! nothing about the configuration can fail. Pure: the folder of the file and whatever finds secrets
//! are handed in. It deliberately does not look whether an address answers or a file is there.

mod address;
mod admin;
mod check;
mod host;
mod hub;
mod rules;
mod secret;
mod server;
mod site;
mod source;
mod toml;
mod view;
mod webhook;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::time::Duration;

pub use admin::Admin;
pub use hub::Hub;
pub use server::{Listen, Server};
pub use webhook::Webhook;

use crate::adapter::Adapter;
use crate::adapter::setting::{Mistake, Name, Reader, Setting, Value};
use crate::model::category::Category;
use crate::model::feed::{Site, Window};
use crate::model::manners::Manners;
use crate::model::period::Period;
use crate::model::source::{Source, SourceId};
use crate::model::time::Zone;
use crate::model::view::View;

/// Everything the file says, with defaults where it says nothing.
pub struct Config {
    /// What every document says of us.
    pub site: Site,
    /// The site's own zone; sources may have others.
    pub zone: Zone,
    /// How to reach the operator, for the User-Agent.
    pub contact: Option<String>,
    /// How hosts are treated.
    pub manners: Manners,
    /// How readers are answered.
    pub server: Server,
    /// Where the operator's own programs ask.
    pub admin: Option<Admin>,
    /// Where the store is, as `store::open` takes it; its path is absolute.
    pub store: String,
    /// How much of a shelf its feeds show.
    pub window: Window,
    /// What is pulled, in the file's order.
    pub upstreams: Vec<Upstream>,
    /// Named feeds made of shelves.
    pub views: Vec<View>,
    /// Our hub.
    pub hub: Hub,
    /// Who is told of what happens.
    pub webhooks: Vec<Webhook>,
    /// How often there are digests of categories and views.
    pub digests: Vec<Period>,
    /// How long what no source brought is kept; for ever when absent.
    pub keep: Option<Duration>,
    /// Categories the file describes; others come into being by their names.
    pub categories: Vec<Category>,
}

/// A source with the adapter that reads it.
pub struct Upstream {
    /// The source.
    pub source: Source,
    /// The name of its kind.
    pub kind: &'static str,
    /// What reads its answers.
    pub adapter: Box<dyn Adapter>,
}

/// What is wrong with the file, and where. Shown as `line:column: what`; the name of the file goes before it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Error {
    /// From one.
    pub line: usize,
    /// From one, in characters.
    pub column: usize,
    /// In plain words.
    pub what: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.what)
    }
}

impl std::error::Error for Error {}

/// Finds what `env:NAME` or `file:PATH` stands for, or says why it cannot.
pub type Secret<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// Reads the whole file. `folder` is where it lies, absolute: relative paths in it start there.
///
/// # Errors
/// Every mistake in the file, in its order.
pub fn parse(text: &str, folder: &Path, secret: Secret) -> Result<Config, Vec<Error>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut mistakes = Vec::new();
    let root = toml::read(text, &mut mistakes);
    let broken = lines_of(text, &mistakes);
    let mut meant = Vec::new();
    let config = read(&root, folder, secret, &mut meant);
    // What a broken line was to say is not known: it is blamed for its grammar alone.
    meant.retain(|mistake| !broken.contains(&toml::position(text, mistake.span.start).0));
    mistakes.append(&mut meant);
    match config {
        Some(config) if mistakes.is_empty() => Ok(config),
        _ => Err(placed(text, mistakes)),
    }
}

/// A source the file does not name, with every default: `kind` and `url` are all that is known of it.
///
/// # Errors
/// What is wrong with the address, in words.
pub fn alone(kind: &str, url: &str, folder: &Path) -> Result<Upstream, String> {
    let setting = |value| Setting { span: 0..0, value };
    let row = |key: &str, text: &str| {
        (Name { span: 0..0, text: key.to_owned() }, setting(Value::String(text.to_owned())))
    };
    let table = Value::Table(vec![row("id", "alone"), row("kind", kind), row("url", url)]);
    let around = source::Surroundings {
        folder,
        secret: &|name| Err(format!("`{name}` has no place here")),
        defaults: &source::Defaults::new(None, None),
        sets: &rules::Sets::new(),
        categories: &[],
    };
    let mut mistakes = Vec::new();
    let upstream = source::read(&[setting(table)], &around, &mut mistakes).pop();
    upstream.ok_or_else(|| {
        mistakes.into_iter().map(|mistake| mistake.what).collect::<Vec<_>>().join("; ")
    })
}

fn read(
    root: &Setting,
    folder: &Path,
    secret: Secret,
    mistakes: &mut Vec<Mistake>,
) -> Option<Config> {
    let mut reader = Reader::new(root, mistakes);
    let owner = match reader.get("site") {
        Some(table) => Some(site::owner(table, reader.mistakes())),
        None => {
            reader.note(root, "`[site]` is missing; it should hold `title` and `url`");
            None
        }
    };
    let (server, store) = (reader.get("server"), reader.get("store"));
    let server = server::read(server, folder, reader.mistakes());
    let admin = reader.get("admin");
    let admin = admin.and_then(|table| admin::read(table, folder, secret, reader.mistakes()));
    let hub = hub::read(reader.get("hub"), reader.mistakes());
    let keeping = site::keeping(store, folder, reader.mistakes());
    let manners = host::read(reader.tables("host"), reader.mistakes());
    let categories = site::categories(reader.tables("category"), reader.mistakes());
    let sets = reader.get("rules").map(|table| rules::sets(table, reader.mistakes()));
    let defaults = source::Defaults::new(owner.as_ref().and_then(|owner| owner.zone), keeping.keep);
    let zone = defaults.zone;
    let defaults = match reader.get("defaults") {
        Some(table) => defaults.read(table, reader.mistakes()),
        None => defaults,
    };
    let around = source::Surroundings {
        folder,
        secret,
        defaults: &defaults,
        sets: &sets.unwrap_or_default(),
        categories: &categories,
    };
    let upstreams = source::read(reader.tables("source"), &around, reader.mistakes());
    let ids: Vec<SourceId> = upstreams.iter().map(|upstream| upstream.source.id.clone()).collect();
    let known = view::Known { sources: &ids, categories: &categories, window: defaults.window };
    let views = view::read(reader.tables("view"), &known, reader.mistakes());
    let known = webhook::Known { sources: &ids, categories: &categories, views: &views, secret };
    let webhooks = webhook::read(reader.tables("webhook"), &known, reader.mistakes());
    reader.finish();
    let owner = owner?;
    Some(Config {
        site: owner.site?,
        zone,
        contact: owner.contact,
        manners,
        server,
        admin,
        hub,
        store: keeping.url,
        window: defaults.window,
        upstreams,
        views,
        webhooks,
        digests: defaults.digests,
        keep: keeping.keep,
        categories,
    })
}

fn lines_of(text: &str, mistakes: &[Mistake]) -> Vec<usize> {
    mistakes.iter().map(|mistake| toml::position(text, mistake.span.start).0).collect()
}

/// The mistakes with their places, in the order of the file, each once.
fn placed(text: &str, mistakes: Vec<Mistake>) -> Vec<Error> {
    let mut errors: Vec<_> = mistakes
        .into_iter()
        .map(|mistake| {
            let (line, column) = toml::position(text, mistake.span.start);
            Error { line, column, what: mistake.what }
        })
        .collect();
    errors.sort();
    errors.dedup();
    errors
}
