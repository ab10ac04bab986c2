//! `[[webhook]]`: who is told of what happens, and with which keys that is signed.

use super::secret::is_reference;
use super::site::Taken;
use super::{Secret, check, source, view};
use crate::adapter::setting::{Mistake, Reader, Setting, Value};
use crate::model::category::Category;
use crate::model::source::SourceId;
use crate::model::subscription::{self, Event, SubscriptionId};
use crate::model::view::View;
use crate::webhook::key::Key;

/// A webhook with its keys.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// As the file describes it.
    pub webhook: subscription::Webhook,
    /// What its messages are signed with, each of them.
    pub keys: Vec<Key>,
}

/// What webhooks are read against: the rest of the file.
pub(super) struct Known<'a> {
    pub(super) sources: &'a [SourceId],
    pub(super) categories: &'a [Category],
    pub(super) views: &'a [View],
    pub(super) secret: Secret<'a>,
}

/// The most keys one message is signed with.
const MOST_KEYS: usize = 4;

/// Reads every `[[webhook]]`; no two may have one id.
pub(super) fn read(
    tables: &[Setting],
    known: &Known<'_>,
    mistakes: &mut Vec<Mistake>,
) -> Vec<Webhook> {
    let mut ids = Taken::default();
    tables.iter().filter_map(|table| webhook(table, &mut ids, known, mistakes)).collect()
}

fn webhook(
    table: &Setting,
    ids: &mut Taken,
    known: &Known<'_>,
    mistakes: &mut Vec<Mistake>,
) -> Option<Webhook> {
    let mut reader = Reader::new(table, mistakes);
    table.rows().ok()?;
    let id = reader.required("id", |setting| ids.take(setting, check::slug(setting)?));
    let may_be_plain = reader.boolean("allow_http").unwrap_or(false);
    let url = reader.required("url", |setting| address(setting, known.secret, may_be_plain));
    let category = |setting| source::category(setting, known.categories);
    let categories = check::each(&mut reader, "categories", category).unwrap_or_default();
    let of_source = |setting| view::source(setting, known.sources);
    let sources = check::each(&mut reader, "sources", of_source).unwrap_or_default();
    let of_view = |setting| of_view(setting, known.views);
    let views = check::each(&mut reader, "views", of_view).unwrap_or_default();
    let query = reader.read("query", |setting| {
        view::query(setting)?;
        check::words(setting)
    });
    let events = check::each(&mut reader, "events", event).unwrap_or_default();
    let most = i64::try_from(subscription::Webhook::LARGEST_BATCH).unwrap_or(i64::MAX);
    let batch = reader.integer("batch", 1..=most).and_then(|number| number.try_into().ok());
    let backlog = reader.boolean("backlog").unwrap_or(false);
    let allow = check::each(&mut reader, "allow", source::allowed).unwrap_or_default();
    let keys = reader.required("secret", |setting| keys(setting, known.secret));
    reader.finish();
    let webhook = subscription::Webhook {
        id: SubscriptionId::new(&id?)?,
        url: url?,
        categories,
        sources,
        views,
        query,
        events,
        batch: batch.unwrap_or(1),
        backlog,
        allow,
    };
    Some(Webhook { webhook, keys: keys? })
}

/// Where it is: an address of the web, by `https` unless the operator says otherwise. It may be a secret
/// itself, as those of chat rooms are.
fn address(setting: &Setting, secret: Secret, may_be_plain: bool) -> Result<String, Mistake> {
    let text = setting.text()?;
    let found = if is_reference(text) {
        secret(text).map_err(|what| Mistake::at(setting, what))?
    } else {
        text.to_owned()
    };
    subscription::address(&found, may_be_plain).map_err(|what| Mistake::at(setting, what))
}

fn of_view(setting: &Setting, known: &[View]) -> Result<String, Mistake> {
    let text = setting.text()?;
    if known.iter().any(|view| view.id == text) {
        return Ok(text.to_owned());
    }
    let names: Vec<&str> = known.iter().map(|view| view.id.as_str()).collect();
    Err(check::unknown(setting, "view", text, &names))
}

fn event(setting: &Setting) -> Result<Event, Mistake> {
    let text = setting.text()?;
    Event::named(text).ok_or_else(|| {
        let names = Event::ALL.map(Event::name);
        check::unknown(setting, "event", text, &names)
    })
}

/// One key, or several while one takes the place of another. None of them stands in the file itself.
fn keys(setting: &Setting, secret: Secret) -> Result<Vec<Key>, Mistake> {
    let settings = match &setting.value {
        Value::Array(several) => several.as_slice(),
        _ => std::slice::from_ref(setting),
    };
    if settings.is_empty() || settings.len() > MOST_KEYS {
        let what = format!("there should be one key here, and {MOST_KEYS} at most");
        return Err(Mistake::at(setting, what));
    }
    settings.iter().map(|setting| key(setting, secret)).collect()
}

fn key(setting: &Setting, secret: Secret) -> Result<Key, Mistake> {
    let text = setting.text()?;
    if !is_reference(text) {
        let what = "a key does not stand in this file; write \"env:NAME\" or \"file:PATH\"";
        return Err(Mistake::at(setting, what));
    }
    let found = secret(text).map_err(|what| Mistake::at(setting, what))?;
    Key::read(found.trim()).map_err(|error| Mistake::at(setting, error.to_string()))
}
