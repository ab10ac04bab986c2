//! The kinds `json`, `html` and `sitemap`: a list, described in the file rather than in code.
//!
//! An answer is read into one JSON value (`written`), its entries are picked by a path, each entry's
//! fields by selectors (`select`). What an entry lacks is asked in a detail: one request more, whose
//! answer completes or replaces what the list showed. The adapter never judges what it picked:
//! times, links and markup are settled by `Draft::refine`, and whether a detail is asked at all by
//! `ingest`.

mod detail;
mod html;
mod json;
mod pages;
mod plan;
mod sign;
mod sitemap;
mod value;
mod written;

use std::collections::HashSet;

use http::Uri;
use serde_json::Value;
use url::{Position, Url};

use self::pages::Turn;
use self::plan::List;
use self::written::Answer;
use super::select::Use;
use super::select::path::{Path, words};
use super::select::template::Template;
use super::select::test::Test;
use super::{Adapter, Ask, Entry, Kind, Parsed, Problem, Request, Response, decode};
use crate::model::draft::Draft;
use crate::model::item::Membership;
use crate::model::source::{Mark, Source};
use crate::model::time::Timestamp;

/// `kind = "json"`.
pub const JSON: Kind = Kind { name: "json", keys: plan::KEYS, build: plan::json };
/// `kind = "html"`.
pub const HTML: Kind = Kind { name: "html", keys: plan::KEYS, build: plan::html };
/// `kind = "sitemap"`.
pub const SITEMAP: Kind = Kind { name: "sitemap", keys: plan::KEYS, build: plan::sitemap };

pub(super) use json::plain as unwrapped;

/// The most entries kept of one answer (T-15).
const ENTRIES_MOST: usize = 1_000;

impl Adapter for List {
    fn asks(&self, source: &Source, now: Timestamp) -> Vec<Ask> {
        let turn = Turn::new(source.url.to_string(), self.pages.as_ref(), now);
        // `build` has checked the places in the address; were it none after all, it is asked as it stands.
        let own = || source.url.clone();
        let request = match &self.lead {
            Some(lead) => self.lead_to(lead.address(&turn).unwrap_or_else(own), turn),
            None => self.put(self.page(&turn, None, None).unwrap_or_else(|_| own()), turn),
        };
        vec![Ask { request, of: None, leads_on: self.lead.is_some() }]
    }

    fn parse(&self, ask: &Ask, at: &str, response: &Response) -> Parsed {
        let text = decode::text(response);
        if let (Some(entry), Some(detail)) = (&ask.of, &self.detail) {
            return detail.complete(entry, &text);
        }
        let turn = ask.request.extensions().get::<Turn>();
        match (&self.lead, turn) {
            (Some(lead), Some(turn)) if turn.lead.is_none() => self.found(lead, turn, at, &text),
            _ => self.list(turn, at, &text),
        }
    }
}

impl List {
    fn list(&self, turn: Option<&Turn>, at: &str, text: &str) -> Parsed {
        let answer = match self.written.read(text) {
            Ok(answer) => answer,
            Err(what) => return Parsed::unusable(what),
        };
        let mut parsed = Parsed::default();
        if !self.items.exists(&answer.value) {
            let what = format!(
                "the answer has no `{}`; it is {}",
                self.items.as_str(),
                json::start(&answer.value.to_string())
            );
            return Parsed::unusable(what);
        }
        self.entries(&answer, at, turn, &mut parsed);
        parsed.problems.extend(answer.fault.clone().map(Problem::of_document));
        if answer.is_partial {
            let what = "the answer holds more than there is room for; what comes last is left out";
            parsed.problems.push(Problem::of_document(what));
        }
        if answer.broken_off {
            parsed.is_cut = true;
            let what = "the answer breaks off; what was complete before that is taken";
            parsed.problems.push(Problem::of_document(what));
        } else if !parsed.entries.is_empty() || !answer.parts.is_empty() {
            parsed.next = turn.and_then(|turn| self.next(turn, at, &answer));
        }
        parsed
    }

    /// The list's own address, now that what stands in it was found.
    fn found(&self, lead: &plan::Lead, turn: &Turn, at: &str, text: &str) -> Parsed {
        let value = match lead.value(text) {
            Ok(value) => value,
            Err(what) => return Parsed::unusable(format!("what leads to the list: {what}")),
        };
        let turn = Turn { lead: Some(value), ..turn.clone() };
        match self.page(&turn, None, Url::parse(at).ok().as_ref()) {
            Ok(address) => Parsed { next: Some(self.put(address, turn)), ..Parsed::default() },
            Err(what) => Parsed::unusable(what),
        }
    }

    fn entries(&self, answer: &Answer, at: &str, turn: Option<&Turn>, parsed: &mut Parsed) {
        let at = base_of(answer, Url::parse(at).ok());
        let mut names = HashSet::new();
        for item in self.items.find(&answer.value) {
            if parsed.entries.len() == ENTRIES_MOST {
                let what = format!(
                    "the answer has more than {ENTRIES_MOST} entries; the rest is left out"
                );
                parsed.problems.push(Problem::of_document(what));
                return;
            }
            let mut entry = self.entry(item, at.as_ref());
            // Lists do show a record twice; the first showing is the one that counts.
            let told_by_title = entry.draft.title.as_ref().filter(|_| self.by_title);
            let title = told_by_title.map(|title| title.raw.clone());
            if !names.insert((entry.mark.key, title)) {
                continue;
            }
            if entry.draft.dropped.is_none() {
                match self.follow(item, at.as_ref(), turn) {
                    Ok(follow) => entry.follow = follow,
                    Err(what) => {
                        parsed.problems.push(Problem::of_entry(parsed.entries.len(), None, what))
                    }
                }
            }
            parsed.entries.push(entry);
        }
    }

    fn entry(&self, item: &Value, at: Option<&Url>) -> Entry {
        let mut draft = Draft { base: self.base(at), ..Draft::default() };
        self.fields.fill(item, &mut draft);
        draft.categories = self.shelves(item);
        draft.dropped = self.skip.iter().find(|test| test.holds(item)).map(dropped);
        detail::anchor(&mut draft);
        Entry { mark: self.mark(item, &draft), draft, follow: None }
    }

    fn base(&self, at: Option<&Url>) -> Option<String> {
        let of_answer = at.filter(|at| at.scheme() != "file").map(Url::to_string);
        self.base.clone().or(of_answer)
    }

    /// The shelves an entry asks for. A name with two blanks in it is the same name (W3).
    fn shelves(&self, item: &Value) -> Vec<Membership> {
        let names = self.shelves.iter().flat_map(|selector| selector.values(item, Use::Word));
        let names = names.map(|name| name.split_whitespace().collect::<Vec<_>>().join(" "));
        names.map(|name| Membership { name, alias: None }).collect()
    }

    fn mark(&self, item: &Value, draft: &Draft) -> Mark {
        let looks: Vec<String> = self.looks.iter().map(|path| shown(path, item)).collect();
        let title = draft.title.as_ref().map(|title| &title.raw);
        let name = draft.guid.as_ref().or(draft.link.as_ref()).or(title);
        let name = name.cloned().unwrap_or_else(|| item.to_string());
        Mark::new(&name, looks.iter().map(String::as_str))
    }

    fn follow(
        &self,
        item: &Value,
        at: Option<&Url>,
        turn: Option<&Turn>,
    ) -> Result<Option<Request>, String> {
        let Some(detail) = &self.detail else { return Ok(None) };
        let value = |path: &Path| match path.find(item).into_iter().flat_map(words).next() {
            None => turn.and_then(|turn| turn.value(path)),
            found => found,
        };
        let Some(address) = detail.url.address(at, value)? else { return Ok(None) };
        let is_theirs =
            !detail.url.is_whole_address() || at.is_some_and(|at| at.origin() == address.origin());
        Ok(Some(self.question.fetch(uri(&address)?, is_theirs)))
    }

    fn next(&self, turn: &Turn, at: &str, answer: &Answer) -> Option<Request> {
        let at = Url::parse(at).ok();
        let parts = answer.parts.iter().filter_map(|part| at.as_ref()?.join(part).ok());
        let waiting: Vec<Uri> = parts.filter_map(|part| uri(&part).ok()).collect();
        let mut waiting = if waiting.is_empty() { turn.waiting.clone() } else { waiting };
        if !waiting.is_empty() {
            let address = waiting.remove(0);
            return Some(self.put(address, Turn { waiting, ..turn.clone() }));
        }
        let around = answer.around.as_ref().unwrap_or(&answer.value);
        let (turn, template) = self.pages.as_ref()?.next(turn, around)?;
        let base = base_of(answer, at);
        let address = self.page(&turn, template, base.as_ref()).ok()?;
        Some(self.put(address, turn))
    }

    fn page(
        &self,
        turn: &Turn,
        template: Option<&Template>,
        base: Option<&Url>,
    ) -> Result<Uri, String> {
        let address = match template {
            Some(template) => turn.address(template, base)?,
            None => turn.address(&Template::parse(&turn.address)?, base)?,
        };
        match &self.sign {
            Some(sign) => uri(&sign.signed(address)),
            None => uri(&address),
        }
    }

    fn put(&self, address: Uri, turn: Turn) -> Request {
        let mut request = self.question.put(address, |word| turn.value(word));
        request.extensions_mut().insert(turn);
        request
    }

    fn lead_to(&self, address: Uri, turn: Turn) -> Request {
        let mut request = self.question.fetch(address, true);
        request.extensions_mut().insert(turn);
        request
    }
}

/// Where relative addresses of an answer start: where the page says, else where it came from.
fn base_of(answer: &Answer, at: Option<Url>) -> Option<Url> {
    let base = answer.around.as_ref().and_then(|around| around.get(html::BASE)?.get(0)?.as_str());
    match (base, at) {
        (Some(base), Some(at)) => Some(at.join(base).unwrap_or(at)),
        (_, at) => at,
    }
}

fn dropped(test: &Test) -> String {
    format!("skip: {}", test.said())
}

fn shown(path: &Path, item: &Value) -> String {
    path.find(item).into_iter().map(Value::to_string).collect::<Vec<_>>().join("\n")
}

/// An address as it is sent. `http::Uri` wants a host where the `url` crate leaves out that of files.
fn uri(address: &Url) -> Result<Uri, String> {
    let written = match address.scheme() {
        "file" => format!("file://localhost{}", &address[Position::BeforePath..]),
        _ => address[..Position::AfterQuery].to_owned(),
    };
    written.parse().map_err(|error| format!("`{written}` is no address: {error}"))
}

#[cfg(test)]
mod tests;
