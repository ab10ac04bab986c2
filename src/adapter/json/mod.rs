//! The `json` kind: a list in JSON, described in the file rather than in code.
//!
//! An answer is unwrapped (`unwrap`), its entries are picked by a path, each entry's fields by
//! selectors (`select`). What an entry lacks is asked in a detail: one request more, whose answer
//! completes or replaces what the list showed. The adapter never judges what it picked: times,
//! links and markup are settled by `Draft::refine`, and whether a detail is asked at all by `ingest`.

mod pages;
mod plan;
mod unwrap;

use std::collections::HashSet;

use http::Uri;
use serde_json::Value;
use url::{Position, Url};

use self::pages::Turn;
use self::plan::{Detail, Json};
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
pub const KIND: Kind = Kind { name: "json", keys: plan::KEYS, build: plan::build };

/// The most entries kept of one answer (T-15).
const ENTRIES_MOST: usize = 1_000;

impl Adapter for Json {
    fn asks(&self, source: &Source, now: Timestamp) -> Vec<Ask> {
        let turn = Turn {
            address: source.url.to_string(),
            page: self.pages.as_ref().map_or(1, pages::Pages::start),
            cursor: String::new(),
            now,
        };
        // `build` has checked the places in the address; were it none after all, it is asked as it stands.
        let filled = self.page(&turn, None, None).unwrap_or_else(|_| source.url.clone());
        vec![Ask { request: self.put(filled, turn), of: None }]
    }

    fn parse(&self, ask: &Ask, at: &str, response: &Response) -> Parsed {
        let text = decode::text(response);
        match (&ask.of, &self.detail) {
            (Some(entry), Some(detail)) => detail.complete(entry, &text),
            _ => self.list(ask.request.extensions().get(), at, &text),
        }
    }
}

impl Json {
    fn list(&self, turn: Option<&Turn>, at: &str, text: &str) -> Parsed {
        let unwrapped = match self.wrapper.unwrap(text) {
            Ok(unwrapped) => unwrapped,
            Err(what) => return Parsed::unusable(what),
        };
        let answer = unwrapped.value;
        let mut parsed = Parsed::default();
        if !self.items.exists(&answer) {
            let what = format!(
                "the answer has no `{}`; it is {}",
                self.items.as_str(),
                unwrap::start(&answer.to_string())
            );
            return Parsed::unusable(what);
        }
        self.entries(&answer, at, turn, &mut parsed);
        if unwrapped.broken_off {
            parsed.is_cut = true;
            let what = "the answer breaks off; what was complete before that is taken";
            parsed.problems.push(Problem::of_document(what));
        } else if !parsed.entries.is_empty() {
            parsed.next = turn.and_then(|turn| self.next(turn, at, &answer));
        }
        parsed
    }

    fn entries(&self, answer: &Value, at: &str, turn: Option<&Turn>, parsed: &mut Parsed) {
        let at = Url::parse(at).ok();
        let mut names = HashSet::new();
        for item in self.items.find(answer) {
            if parsed.entries.len() == ENTRIES_MOST {
                let what = format!(
                    "the answer has more than {ENTRIES_MOST} entries; the rest is left out"
                );
                parsed.problems.push(Problem::of_document(what));
                return;
            }
            let mut entry = self.entry(item, at.as_ref());
            // Lists do show a record twice; the first showing is the one that counts.
            if !names.insert(entry.mark.key) {
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
        anchor(&mut draft);
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

    fn next(&self, turn: &Turn, at: &str, answer: &Value) -> Option<Request> {
        let (turn, template) = self.pages.as_ref()?.next(turn, answer)?;
        let at = Url::parse(at).ok();
        let address = self.page(&turn, template, at.as_ref()).ok()?;
        Some(self.put(address, turn))
    }

    fn page(
        &self,
        turn: &Turn,
        template: Option<&Template>,
        base: Option<&Url>,
    ) -> Result<Uri, String> {
        match template {
            Some(template) => uri(&turn.address(template, base)?),
            None => uri(&turn.address(&Template::parse(&turn.address)?, base)?),
        }
    }

    fn put(&self, address: Uri, turn: Turn) -> Request {
        let mut request = self.question.put(address, |word| turn.value(word));
        request.extensions_mut().insert(turn);
        request
    }
}

impl Detail {
    /// The entry completed by its detail. An answer that holds nothing of what was asked completes
    /// it too, with a problem: asked again it would say the same. One that cannot be read at all
    /// yields no entry, so that it is asked again.
    fn complete(&self, entry: &Entry, text: &str) -> Parsed {
        let answer = match self.wrapper.unwrap(text) {
            Ok(unwrapped) if !unwrapped.broken_off => unwrapped.value,
            Ok(_) => return Parsed::unusable("the detail breaks off"),
            Err(what) => return Parsed::unusable(format!("the detail: {what}")),
        };
        let mut entry = Entry { follow: None, ..entry.clone() };
        let objects = self.item.find(&answer);
        let found = objects.first().map_or(0, |object| self.fields.fill(object, &mut entry.draft));
        anchor(&mut entry.draft);
        let mut parsed = Parsed { entries: vec![entry], ..Parsed::default() };
        if found == 0 {
            let what = format!(
                "its detail has nothing of what was asked; it is {}",
                unwrap::start(&answer.to_string())
            );
            parsed.problems.push(Problem::of_entry(0, Some("content"), what));
        }
        parsed
    }
}

/// Relative addresses in a body start from its article, not from the list's host.
fn anchor(draft: &mut Draft) {
    for text in [&mut draft.content, &mut draft.summary].into_iter().flatten() {
        text.base = draft.link.clone();
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
