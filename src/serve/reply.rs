//! `Reply`: what is to be said, and the one function that makes an HTTP answer of it, so that
//! conditions, codings, `HEAD`, caching and safety headers are the same everywhere.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};

use super::{conditional, encoding};
use crate::format::Document;
use crate::model::time::Timestamp;
use crate::press::{Coding, LEAST, Press, Printed, http_date};

/// An answer as it goes out.
pub(super) type Answer = Response<Bytes>;

/// What is to be said.
#[derive(Debug)]
pub(super) struct Reply {
    status: StatusCode,
    body: Body,
    keep: Keep,
    is_open: bool,
    is_hidden: bool,
    is_lasting: bool,
    headers: HeaderMap,
}

/// What stands in it.
#[derive(Clone, Debug)]
enum Body {
    /// A document with validators and coded copies.
    Printed(Arc<Printed>),
    /// Bytes that nobody will ask for again.
    Passing(Document),
}

impl Body {
    fn document(&self) -> &Document {
        match self {
            Body::Printed(printed) => &printed.document,
            Body::Passing(document) => document,
        }
    }
}

/// How long others may keep an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// As long as a feed, and a stale one is better than none (RFC 5861, row C-08).
    AsFeed,
    /// An hour: it hardly changes any more (row C-22).
    AnHour,
    /// A day: it changes only when the file does.
    ADay,
    /// Not at all.
    Not,
}

impl Keep {
    fn said(self, press: &Press) -> HeaderValue {
        match self {
            Keep::AsFeed => press.caching().clone(),
            Keep::AnHour => HeaderValue::from_static("public, max-age=3600"),
            Keep::ADay => HeaderValue::from_static("public, max-age=86400"),
            Keep::Not => HeaderValue::from_static("no-store"),
        }
    }
}

/// Third-party words stand in our pages, so nothing may run or load there but our own styles, and
/// pictures, sound and film over a safe line (row T-19).
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src https: data:; media-src https:; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
);

/// What scripts of other sites may read besides.
const EXPOSED: HeaderValue =
    HeaderValue::from_static("ETag, Last-Modified, Link, Retry-After, Feedloom-Cursor");

const EVERYONE: HeaderValue = HeaderValue::from_static("*");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const NONE: HeaderValue = HeaderValue::from_static("none");
const NOINDEX: HeaderValue = HeaderValue::from_static("noindex");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
const ACCEPT_ENCODING: HeaderValue = HeaderValue::from_static("Accept-Encoding");

const X_ROBOTS_TAG: HeaderName = HeaderName::from_static("x-robots-tag");

/// Methods that public addresses answer.
pub(super) const METHODS: &str = "GET, HEAD, OPTIONS";

impl Reply {
    /// A printed document, which readers may keep and ask about again.
    pub(super) fn printed(printed: Arc<Printed>) -> Reply {
        Reply { keep: Keep::AsFeed, ..Reply::of(Body::Printed(printed)) }
    }

    /// A few words, not kept by anyone.
    pub(super) fn words(status: StatusCode, words: &'static str) -> Reply {
        let bytes = Bytes::from_static(words.as_bytes());
        let document = Document { media_type: "text/plain; charset=utf-8", bytes };
        Reply { status, ..Reply::fresh(document) }
    }

    /// A document as of this moment, not kept by anyone.
    pub(super) fn fresh(document: Document) -> Reply {
        Reply::of(Body::Passing(document))
    }

    /// The same thing is elsewhere for good.
    pub(super) fn moved(location: &str) -> Reply {
        let reply = Reply::words(StatusCode::PERMANENT_REDIRECT, "It has moved for good.\n");
        reply.keep(Keep::ADay).with(header::LOCATION, location)
    }

    /// What may be asked here, for `OPTIONS` and for a browser's question before a request of
    /// another site (row C-10).
    pub(super) fn options() -> Reply {
        let reply = Reply::words(StatusCode::NO_CONTENT, "").open();
        reply
            .with(header::ALLOW, METHODS)
            .with(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS)
            .with(header::ACCESS_CONTROL_ALLOW_HEADERS, "Accept, If-None-Match, If-Modified-Since")
            .with(header::ACCESS_CONTROL_MAX_AGE, "86400")
    }

    fn of(body: Body) -> Reply {
        // Room for all that is said about a feed.
        let headers = HeaderMap::with_capacity(16);
        let (status, keep) = (StatusCode::OK, Keep::Not);
        Reply { status, body, keep, is_open: false, is_hidden: false, is_lasting: false, headers }
    }

    /// The same answer in other words.
    pub(super) fn saying(self, document: Document) -> Reply {
        Reply { body: Body::Passing(document), ..self }
    }

    /// Lets scripts of other sites read it (row C-10). Never for anything that knows who asks.
    pub(super) fn open(self) -> Reply {
        Reply { is_open: true, ..self }
    }

    /// Keeps it out of search engines: a feed's items are found at their sources (row C-23).
    pub(super) fn hidden(self) -> Reply {
        Reply { is_hidden: true, ..self }
    }

    /// The same is to be said to all who ask alike, until a shelf moves; many do.
    pub(super) fn lasting(self) -> Reply {
        Reply { is_lasting: true, ..self }
    }

    /// Whether the same will be said to all who ask alike from `now` on.
    pub(super) fn is_lasting(&self, now: Timestamp) -> bool {
        let Body::Printed(printed) = &self.body else { return false };
        self.is_lasting && printed.last_modified.is_none_or(|at| at <= now)
    }

    /// Says how long it may be kept.
    pub(super) fn keep(self, keep: Keep) -> Reply {
        Reply { keep, ..self }
    }

    /// Adds a header; a value that no header can carry is left out.
    pub(super) fn with(mut self, name: HeaderName, value: &str) -> Reply {
        if let Ok(value) = HeaderValue::try_from(value) {
            self.headers.append(name, value);
        }
        self
    }

    /// The answer to this request. The only place where one is made.
    pub(super) async fn finish(mut self, head: &Parts, press: &Press, now: Timestamp) -> Answer {
        let mut coding = self.coding(head);
        let is_known = self.is_known(head, coding, now);
        let mut headers = std::mem::take(&mut self.headers);
        headers.insert(header::CACHE_CONTROL, self.keep.said(press));
        if self.is_open {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, EVERYONE);
        }
        if is_known {
            self.say_tag(&mut headers, coding);
            return said(StatusCode::NOT_MODIFIED, headers, Bytes::new());
        }
        let mut body = self.body.document().bytes.clone();
        if let (Body::Printed(printed), Some(wanted)) = (&self.body, coding) {
            match press.coded(printed, wanted).await {
                Ok(copy) => body = copy,
                Err(error) => {
                    tracing::error!(%error, "a document goes out as it is");
                    coding = None;
                }
            }
        }
        if self.status != StatusCode::NO_CONTENT {
            headers.insert(header::CONTENT_LENGTH, body.len().into());
            let coding = coding.map(|coding| HeaderValue::from_static(coding.name()));
            headers.extend(coding.map(|coding| (header::CONTENT_ENCODING, coding)));
            self.say_what_it_is(&mut headers, now);
        }
        self.say_tag(&mut headers, coding);
        let is_silent = head.method == Method::HEAD;
        said(self.status, headers, if is_silent { Bytes::new() } else { body })
    }

    /// The coding this reader gets.
    fn coding(&self, head: &Parts) -> Option<Coding> {
        self.varies().then(|| encoding::best(&head.headers)).flatten()
    }

    /// Whether there are codings to choose from.
    fn varies(&self) -> bool {
        matches!(&self.body, Body::Printed(printed) if printed.document.bytes.len() >= LEAST)
    }

    /// What is said of a document each time, also to a reader that has it.
    fn say_tag(&self, headers: &mut HeaderMap, coding: Option<Coding>) {
        let Body::Printed(printed) = &self.body else { return };
        headers.insert(header::ETAG, printed.etag(coding).clone());
        headers.extend(printed.link.clone().map(|link| (header::LINK, link)));
        if self.varies() {
            headers.append(header::VARY, ACCEPT_ENCODING);
        }
    }

    /// What a reader has kept with the document already when it is told that it has the newest (RFC
    /// 9110 section 15.4.5).
    fn say_what_it_is(&self, headers: &mut HeaderMap, now: Timestamp) {
        let media_type = self.body.document().media_type;
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        if let Body::Printed(printed) = &self.body {
            // RFC 9110 section 8.8.2.1: never later than the answer's own date.
            let is_ahead = printed.last_modified.is_some_and(|at| at > now);
            let at = if is_ahead { http_date(now) } else { printed.modified.clone() };
            headers.extend(at.map(|at| (header::LAST_MODIFIED, at)));
            headers.insert(header::ACCEPT_RANGES, NONE);
        }
        if self.is_open {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
        if self.is_hidden {
            headers.insert(X_ROBOTS_TAG, NOINDEX);
        }
        if media_type.starts_with("text/html") {
            headers.insert(header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
            headers.insert(header::REFERRER_POLICY, NO_REFERRER);
        }
    }

    fn is_known(&self, head: &Parts, coding: Option<Coding>, now: Timestamp) -> bool {
        let Body::Printed(printed) = &self.body else { return false };
        matches!(head.method, Method::GET | Method::HEAD)
            && self.status == StatusCode::OK
            && conditional::is_asked(&head.headers)
            && conditional::is_known(
                &head.headers,
                printed.etag(coding),
                printed.last_modified,
                now,
            )
    }
}

fn said(status: StatusCode, headers: HeaderMap, body: Bytes) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    answer
}
