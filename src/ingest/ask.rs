//! Asking a source: its list, page by page, with the validators of last time.
//!
//! Ends in a `Listing` or in words that say why there is none; stores nothing.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ETAG, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use http::{Response, StatusCode, Uri};
use sha2::{Digest, Sha256};

use super::failure::{Failure, usable};
use super::poll::Poll;
use super::schedule::{self, Outcome, Refusal, Said};
use super::{fresh, identity};
use crate::adapter::{About, Ask, Entry, Parsed, Problem, Request};
use crate::model::cause::Cause;
use crate::model::hub::Hub;
use crate::model::manners::host_of;
use crate::model::pause::Pause;
use crate::model::rhythm::Rhythm;
use crate::model::source::Validators;
use crate::model::time::Timestamp;
use crate::model::whereabouts::Whereabouts;
use crate::net;
use crate::store::{self, Hold, Known, LastAnswer};
use crate::websub::discovery;

/// What is said of an answer that no adapter of ours should have failed on.
pub(super) const UNREADABLE: &str =
    "reading the answer failed inside Feedloom; please report this source";

/// How long validators are sent without a whole answer in between (P-04).
const STALE: Duration = Duration::from_secs(8 * 24 * 3600);

/// An answer less than one in so many of the last is doubted (P-21).
const SHRUNK: u64 = 10;

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
    /// A host of pages that wants to be left alone.
    pub(super) hold: Option<Box<Hold>>,
    /// How long its answers may be kept, by their headers; the longest of them.
    pub(super) fresh: Option<Duration>,
    /// An answer is so much shorter than the last that it may be a mistake (P-21).
    pub(super) is_shrunk: bool,
    /// Where it is asked from now on.
    pub(super) whereabouts: Whereabouts,
    /// The hub it names.
    pub(super) hub: Option<Hub>,
    /// It was pushed by a hub, and tells of changes alone.
    pub(super) is_pushed: bool,
    /// What the answer before it showed, where this one is not as before.
    pub(super) last: LastAnswer,
    /// Every question was answered by "as before".
    pub(super) unchanged: bool,
}

/// The questions of a poll.
pub(super) struct Asks {
    pub(super) all: Vec<Ask>,
    /// Whether they go where the source moved for good.
    is_learned: bool,
}

/// What one question brought.
struct Answer {
    validators: Validators,
    fresh: Option<Duration>,
    /// Where it came from, by permanent redirects alone.
    moved_to: Option<String>,
    /// The hub it names.
    hub: Option<Hub>,
    /// Something to take; none when it is as before: a 304, or the same bytes.
    parsed: Option<Box<Parsed>>,
    is_shrunk: bool,
}

impl Poll<'_> {
    /// Asks everything the adapter wants asked, page by page.
    pub(super) async fn list(&self) -> Result<Listing, Failure> {
        let mut listing = Listing { unchanged: true, ..Listing::default() };
        let Asks { all, is_learned } = self.asks();
        let mut moved_to = None;
        for (position, ask) in all.into_iter().enumerate() {
            let stored = self.lease.state.validators.get(position).cloned().unwrap_or_default();
            let answer = self.ask(ask, &stored).await?;
            listing.validators.push(answer.validators);
            listing.fresh = listing.fresh.max(answer.fresh);
            listing.is_shrunk |= answer.is_shrunk;
            moved_to = answer.moved_to;
            listing.hub = answer.hub;
            if let Some(parsed) = answer.parsed {
                listing.unchanged = false;
                Box::pin(self.pages(*parsed, &mut listing)).await?;
            }
        }
        if !listing.unchanged {
            listing.last = self.last_answer().await?;
        }
        let (known, is_same) = (&self.lease.state.whereabouts, listing.is_same());
        listing.whereabouts = known.after(is_learned, moved_to.as_deref(), is_same, self.now);
        Ok(listing)
    }

    /// What is asked: where the source moved for good, when its one question is its own address.
    pub(super) fn asks(&self) -> Asks {
        let (adapter, source, state) =
            (&self.upstream.adapter, &self.upstream.source, &self.lease.state);
        let mut all = adapter.asks(source, self.now);
        let learned = state.whereabouts.asked(state.failures).and_then(|url| url.parse().ok());
        let is_plain = matches!(&all[..], [ask] if *ask.request.uri() == source.url);
        match learned.filter(|_| is_plain) {
            None => Asks { all, is_learned: false },
            Some(url) => {
                let request = &mut all[0].request;
                if authority(&url) != authority(&source.url) {
                    // As on the way there, so that no key of the operator's goes to another site.
                    *request.headers_mut() = net::harmless(request.headers());
                }
                *request.uri_mut() = url;
                Asks { all, is_learned: true }
            }
        }
    }

    /// What the last answer showed.
    pub(super) async fn last_answer(&self) -> Result<LastAnswer, Failure> {
        let last = self.store.last_answer(&self.upstream.source.id).await;
        last.map_err(|error| Failure::of(Cause::Ours, error.to_string()))
    }

    /// One question with its validators, byte for byte as they came (P-01).
    async fn ask(&self, mut ask: Ask, stored: &Validators) -> Result<Answer, Failure> {
        let url = ask.request.uri().to_string();
        let is_known = !self.force && !ask.leads_on && stored.url == url;
        let is_conditional = is_known && !self.is_stale(stored);
        if is_conditional {
            condition(&mut ask, IF_NONE_MATCH, stored.etag.as_deref());
            condition(&mut ask, IF_MODIFIED_SINCE, stored.last_modified.as_deref());
        }
        let answer = self.send(&ask.request).await?;
        let response = answer.response;
        let header = |name: HeaderName| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let (etag, last_modified) = (header(ETAG), header(LAST_MODIFIED));
        let fresh = fresh::fresh(response.headers());
        let moved_to = answer.moved.then(|| answer.at.clone());
        if response.status() == StatusCode::NOT_MODIFIED && is_conditional {
            // P-02: a tag on a 304 replaces the old one, a missing one keeps it.
            let (etag, last_modified) =
                (etag.or(stored.etag.clone()), last_modified.or(stored.last_modified.clone()));
            // Of those kept by earlier releases nobody knows since when.
            let whole_at = stored.whole_at.or(Some(self.now.millis()));
            let validators = Validators { etag, last_modified, whole_at, ..stored.clone() };
            return Ok(Answer { fresh, moved_to, ..Answer::as_before(validators) });
        }
        self.check(&answer.at, &response)?;
        let body = Sha256::digest(response.body()).into();
        let size = response.body().len() as u64;
        let validators = Validators {
            url,
            etag,
            last_modified,
            body: Some(body),
            size: Some(size),
            whole_at: Some(self.now.millis()),
        };
        if is_known && stored.body == Some(body) {
            return Ok(Answer { fresh, moved_to, ..Answer::as_before(validators) });
        }
        // What was doubted before and says the same again is believed.
        let is_first = is_known && !self.lease.state.unfinished;
        let is_shrunk = is_first && stored.size.is_some_and(|before| size < before / SHRUNK);
        let (headers, at) = (response.headers().clone(), answer.at);
        let parsed = Box::pin(self.parse(ask, at.clone(), response)).await?;
        let told = (parsed.about.hub.as_deref(), parsed.about.itself.as_deref());
        let hub = discovery::hub(&headers, told, &at);
        let parsed = Some(Box::new(parsed));
        Ok(Answer { fresh, moved_to, hub, parsed, is_shrunk, ..Answer::as_before(validators) })
    }

    /// Asks, unless another source has just asked the same (P-19).
    async fn send(&self, request: &Request) -> Result<net::Answer, net::Error> {
        if let Some(answer) = self.shared.as_ref().and_then(|shared| shared.get(request)) {
            return answer;
        }
        let answer = self.exchange(request).await;
        if let Some(shared) = &self.shared {
            shared.keep(request.clone(), &answer);
        }
        answer
    }

    /// Asks, where the site wishes it if its wishes are heard.
    pub(super) async fn exchange(&self, request: &Request) -> Result<net::Answer, net::Error> {
        let (source, permit) = (&self.upstream.source, &self.upstream.permit);
        if source.robots && !source.is_local() {
            self.robots.check(request.uri(), self.transport, permit, self.now).await?;
        }
        let answer = self.transport.send(request.clone(), permit).await?;
        self.bytes.fetch_add(answer.response.body().len() as u64, Ordering::Relaxed);
        Ok(answer)
    }

    /// Whether validators are not sent any more, since an origin might answer 304 for ever (P-04).
    fn is_stale(&self, stored: &Validators) -> bool {
        let whole_at = stored.whole_at.and_then(|at| Timestamp::from_millis(at, self.now.offset()));
        whole_at.is_some_and(|at| self.now.since(at) > STALE)
    }

    /// Goes on with an answer that can hold entries.
    pub(super) fn check(&self, at: &str, response: &Response<Bytes>) -> Result<(), Failure> {
        // What upstream asks for counts from its answer on, which may have been waited for.
        let now = self.clock.now();
        usable(response, now).map_err(|failure| {
            let hold = host_of(at).and_then(|host| {
                let is_told_to_all = response.status() == StatusCode::TOO_MANY_REQUESTS
                    || failure.refusal().retry_after.is_some() && self.manners.of(&host).holds_all;
                let until = schedule::peace(failure.refusal(), now).filter(|_| is_told_to_all)?;
                Some(Box::new(Hold { host, until }))
            });
            let state = &self.lease.state;
            let is_learned = state.whereabouts.asked(state.failures).is_some();
            let how = match failure.how {
                // The file's address may hold all the same.
                Outcome::Gone if is_learned => Outcome::Failed(Refusal::default()),
                how => how,
            };
            Failure { how, hold, ..failure }
        })
    }

    /// Parses off the runtime: pure work, bounded by the sizes that let the answer in.
    pub(super) async fn parse(
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
        self.work(parse).await.map_err(|_| Failure::of(Cause::Ours, UNREADABLE))
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
                    listing.retry_after = schedule::peace(failure.refusal(), self.clock.now());
                    listing.hold = failure.hold;
                    return Ok(());
                }
            };
        }
        listing.add(parsed);
        Ok(())
    }

    async fn page(&self, request: Request) -> Result<Parsed, Failure> {
        let ask = Ask::list(request);
        let answer = self.send(&ask.request).await?;
        self.check(&answer.at, &answer.response)?;
        self.parse(ask, answer.at, answer.response).await
    }

    async fn is_all_new(&self, entries: &[Entry]) -> Result<bool, Failure> {
        let known = self
            .known(entries)
            .await
            .map_err(|error| Failure::of(Cause::Ours, error.to_string()))?;
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

impl Answer {
    /// Nothing new.
    fn as_before(validators: Validators) -> Answer {
        Answer {
            validators,
            fresh: None,
            moved_to: None,
            hub: None,
            parsed: None,
            is_shrunk: false,
        }
    }
}

impl Listing {
    /// What it tells about the next poll.
    pub(super) fn said(&self, pause: Pause, rhythm: Rhythm) -> Said {
        let is_conditional = self.validators.iter().all(Validators::are_any);
        Said { pause, rhythm, fresh: self.fresh, is_conditional }
    }

    /// Whether it is the document we know: it is as before, or shows an entry of the last answer. What was
    /// never known before is what the operator meant.
    fn is_same(&self) -> bool {
        let known = &self.last.keys;
        let is_known = |entry: &Entry| known.binary_search(&entry.mark.key).is_ok();
        self.unchanged || known.is_empty() || self.entries.iter().any(is_known)
    }

    /// Whether all these entries are among its own.
    fn shows(&self, entries: &[Entry]) -> bool {
        let own: HashSet<u64> = self.entries.iter().map(|entry| entry.mark.key).collect();
        entries.iter().all(|entry| own.contains(&entry.mark.key))
    }

    pub(super) fn add(&mut self, parsed: Parsed) {
        if self.about == About::default() {
            self.about = parsed.about;
        }
        self.entries.extend(parsed.entries);
        self.problems.extend(parsed.problems);
        self.whole |= parsed.whole;
        self.is_cut |= parsed.is_cut;
    }
}

/// Scheme, host and port.
fn authority(url: &Uri) -> (Option<&str>, Option<&str>) {
    (url.scheme_str(), url.authority().map(|authority| authority.as_str()))
}

fn condition(ask: &mut Ask, name: HeaderName, stored: Option<&str>) {
    if let Some(value) = stored.and_then(|stored| HeaderValue::from_str(stored).ok()) {
        ask.request.headers_mut().insert(name, value);
    }
}
