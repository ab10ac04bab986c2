//! Asking a source: its list, page by page, with the validators of last time.
//!
//! Ends in a `Listing` or in words that say why there is none; stores nothing.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ETAG, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, RETRY_AFTER,
};
use http::{Response, StatusCode};
use sha2::{Digest, Sha256};

use super::identity;
use super::poll::Poll;
use crate::adapter::{About, Ask, Entry, Parsed, Problem, Request};
use crate::model::source::{LISTING, Validators};
use crate::model::time::Timestamp;
use crate::net;
use crate::store::{self, Known};

/// What is said of an answer that no adapter of ours should have failed on.
pub(super) const UNREADABLE: &str =
    "reading the answer failed inside Feedloom; please report this source";

/// Pages of one answer that are followed at most, whatever an adapter allows.
const PAGES: usize = 50;

/// What the list requests of a poll brought.
#[derive(Default)]
pub(super) struct Listing {
    pub(super) about: About,
    pub(super) entries: Vec<Entry>,
    pub(super) problems: Vec<Problem>,
    pub(super) validators: Vec<Validators>,
    pub(super) whole: bool,
    /// The document breaks off or a later page could not be had, so that the next poll should see it all again.
    pub(super) is_cut: bool,
    /// When upstream wants to be asked again, where a later page said so.
    pub(super) retry_after: Option<Timestamp>,
    /// Every question was answered by "as before".
    pub(super) unchanged: bool,
}

/// What one question brought.
enum Answer {
    /// As before: a 304, or the same bytes.
    Unchanged(Validators),
    /// Something to take.
    Changed(Validators, Box<Parsed>),
}

/// Why a poll stopped.
pub(super) struct Failure {
    pub(super) what: String,
    pub(super) retry_after: Option<Timestamp>,
    /// Whether upstream asks to be left alone for a while (429, 503).
    pub(super) is_busy: bool,
}

impl Failure {
    pub(super) fn because(what: impl Into<String>) -> Failure {
        Failure { what: what.into(), retry_after: None, is_busy: false }
    }
}

impl From<net::Error> for Failure {
    fn from(error: net::Error) -> Failure {
        Failure::because(error.to_string())
    }
}

impl Poll<'_> {
    /// Asks everything the adapter wants asked, page by page.
    pub(super) async fn list(&self) -> Result<Listing, Failure> {
        let mut listing = Listing { unchanged: true, ..Listing::default() };
        for (position, ask) in
            self.upstream.adapter.asks(&self.upstream.source, self.now).into_iter().enumerate()
        {
            let stored = self.lease.state.validators.get(position).cloned().unwrap_or_default();
            let answer = self.ask(&ask, &stored).await?;
            match answer {
                Answer::Unchanged(validators) => listing.validators.push(validators),
                Answer::Changed(validators, parsed) => {
                    listing.unchanged = false;
                    listing.validators.push(validators);
                    self.pages(*parsed, &mut listing).await?;
                }
            }
        }
        Ok(listing)
    }

    /// One question with its validators, byte for byte as they came (P-01).
    async fn ask(&self, ask: &Ask, stored: &Validators) -> Result<Answer, Failure> {
        let mut ask = ask.clone();
        let url = ask.request.uri().to_string();
        let is_known = !self.force && !ask.leads_on && stored.url == url;
        if is_known {
            condition(&mut ask, IF_NONE_MATCH, stored.etag.as_deref());
            condition(&mut ask, IF_MODIFIED_SINCE, stored.last_modified.as_deref());
        }
        let answer = self.transport.send(ask.request.clone(), &self.upstream.permit).await?;
        let response = answer.response;
        let header = |name: HeaderName| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let (etag, last_modified) = (header(ETAG), header(LAST_MODIFIED));
        if response.status() == StatusCode::NOT_MODIFIED && is_known {
            // P-02: a tag on a 304 replaces the old one, a missing one keeps it.
            let (etag, last_modified) =
                (etag.or(stored.etag.clone()), last_modified.or(stored.last_modified.clone()));
            return Ok(Answer::Unchanged(Validators { etag, last_modified, ..stored.clone() }));
        }
        usable(&response, self.now)?;
        let body = Sha256::digest(response.body()).into();
        let validators = Validators { url, etag, last_modified, body: Some(body) };
        if is_known && stored.body == Some(body) {
            return Ok(Answer::Unchanged(validators));
        }
        let parsed = self.parse(ask, answer.at, response).await?;
        Ok(Answer::Changed(validators, Box::new(parsed)))
    }

    /// Parses off the runtime: pure work, bounded by the sizes that let the answer in.
    async fn parse(
        &self,
        ask: Ask,
        at: String,
        response: Response<Bytes>,
    ) -> Result<Parsed, Failure> {
        let upstream = Arc::clone(self.upstream);
        let rule = identity::rule(&upstream.source, &self.lease.state);
        let parse = move || {
            let mut parsed = upstream.adapter.parse(&ask, &at, &response);
            for entry in &mut parsed.entries {
                identity::go_by(rule, entry, &upstream.source);
            }
            parsed
        };
        tokio::task::spawn_blocking(parse).await.map_err(|_| Failure::because(UNREADABLE))
    }

    /// Takes a page and those after it, until one shows an entry we know; all of them when the last
    /// listing was not taken to its end. A later page that fails costs itself and not those before it.
    async fn pages(&self, mut parsed: Parsed, listing: &mut Listing) -> Result<(), Failure> {
        for page in 2..=PAGES {
            // A page that shows nothing beyond those before it is the last, whatever it says.
            if !parsed.entries.is_empty() && listing.shows(&parsed.entries) {
                return Ok(());
            }
            let next = parsed.next.take();
            // A page without entries that names another only leads there.
            let goes_on = parsed.entries.is_empty() || self.lease.state.unfinished;
            let is_news = next.is_some() && (goes_on || self.is_all_new(&parsed.entries).await?);
            listing.add(parsed);
            let Some(request) = next.filter(|_| is_news) else { return Ok(()) };
            parsed = match self.page(request).await {
                Ok(parsed) => parsed,
                Err(failure) => {
                    let what = format!("page {page} is missing: {}", failure.what);
                    listing.problems.push(Problem::of_document(what));
                    listing.is_cut = true;
                    listing.retry_after = failure.retry_after;
                    return Ok(());
                }
            };
        }
        listing.add(parsed);
        Ok(())
    }

    async fn page(&self, request: Request) -> Result<Parsed, Failure> {
        let ask = Ask::list(request);
        let answer = self.transport.send(ask.request.clone(), &self.upstream.permit).await?;
        usable(&answer.response, self.now)?;
        self.parse(ask, answer.at, answer.response).await
    }

    async fn is_all_new(&self, entries: &[Entry]) -> Result<bool, Failure> {
        let known =
            self.known(entries).await.map_err(|error| Failure::because(error.to_string()))?;
        Ok(known.values().all(|known| *known == Known::New))
    }

    pub(super) async fn known(
        &self,
        entries: &[Entry],
    ) -> Result<HashMap<u64, Known>, store::Error> {
        let source = &self.upstream.source;
        let marks: Vec<_> =
            entries.iter().map(|entry| (entry.mark, entry.draft.keys(source))).collect();
        self.store.known(&source.id, &marks).await
    }
}

impl Listing {
    /// Whether all these entries are among its own.
    fn shows(&self, entries: &[Entry]) -> bool {
        let own: HashSet<u64> = self.entries.iter().map(|entry| entry.mark.key).collect();
        entries.iter().all(|entry| own.contains(&entry.mark.key))
    }

    fn add(&mut self, parsed: Parsed) {
        if self.about == About::default() {
            self.about = parsed.about;
        }
        self.entries.extend(parsed.entries);
        self.problems.extend(parsed.problems);
        self.whole |= parsed.whole;
        self.is_cut |= parsed.is_cut;
    }
}

fn condition(ask: &mut Ask, name: HeaderName, stored: Option<&str>) {
    if let Some(value) = stored.and_then(|stored| HeaderValue::from_str(stored).ok()) {
        ask.request.headers_mut().insert(name, value);
    }
}

/// An answer that can hold entries; else why not, in words.
pub(super) fn usable(response: &Response<Bytes>, now: Timestamp) -> Result<(), Failure> {
    let status = response.status();
    if status != StatusCode::OK {
        let what = match status {
            StatusCode::NOT_MODIFIED => {
                "it answered 304 Not Modified though nothing was asked conditionally".to_owned()
            }
            StatusCode::NO_CONTENT | StatusCode::PARTIAL_CONTENT => {
                format!("it answered {status} where a whole document was due")
            }
            status => format!("it answered {status}"),
        };
        let is_busy =
            matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        return Err(Failure { what, retry_after: retry_after(response, now), is_busy });
    }
    if response.body().is_empty() && !is_listing(response) {
        return Err(Failure::because("it answered 200 with an empty body"));
    }
    Ok(())
}

/// A folder without files has an empty listing; that is an answer.
fn is_listing(response: &Response<Bytes>) -> bool {
    response
        .headers()
        .get(http::header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(LISTING.as_bytes()))
}

/// `Retry-After` in both forms (RFC 9110 section 10.2.3).
fn retry_after(response: &Response<Bytes>, now: Timestamp) -> Option<Timestamp> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(now.plus(Duration::from_secs(seconds)));
    }
    let at = httpdate::parse_http_date(value).ok()?;
    let since = at.duration_since(std::time::UNIX_EPOCH).ok()?;
    Timestamp::from_seconds(i64::try_from(since.as_secs()).ok()?, now.offset())
}
