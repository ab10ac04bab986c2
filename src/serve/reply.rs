//! `Reply`: what is to be said, and the one function that makes an HTTP answer of it, so that
//! conditions, `HEAD`, caching and safety headers are the same everywhere.

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use http_body_util::Full;

use super::conditional;
use crate::format::Document;
use crate::model::time::Timestamp;
use crate::press::{MAX_AGE, Printed};

/// An answer as it goes out.
pub(super) type Answer = Response<Full<Bytes>>;

/// What is to be said.
#[derive(Debug)]
pub(super) struct Reply {
    status: StatusCode,
    media_type: &'static str,
    body: Bytes,
    validators: Option<(String, Timestamp)>,
    keep: Keep,
    is_open: bool,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// How long others may keep an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// As long as a feed, and a stale one is better than none (RFC 5861, row C-08).
    AsFeed,
    /// A day: it changes only when the file does.
    ADay,
    /// Not at all.
    Not,
}

impl Keep {
    fn words(self) -> HeaderValue {
        match self {
            Keep::AsFeed => format!(
                "public, max-age={MAX_AGE}, stale-while-revalidate={MAX_AGE}, stale-if-error=86400"
            )
            .try_into()
            .expect("words and numbers"),
            Keep::ADay => HeaderValue::from_static("public, max-age=86400"),
            Keep::Not => HeaderValue::from_static("no-store"),
        }
    }
}

/// Third-party words stand in our pages, so nothing may run or load there but our own styles and
/// pictures over a safe line (row T-19).
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src https: data:; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Methods that public addresses answer.
pub(super) const METHODS: &str = "GET, HEAD, OPTIONS";

impl Reply {
    /// A printed document, which readers may keep and ask about again.
    pub(super) fn printed(printed: &Printed) -> Reply {
        let validators = Some((printed.etag.clone(), printed.last_modified));
        let document = &printed.document;
        Reply {
            validators,
            keep: Keep::AsFeed,
            ..Reply::of(document.media_type, document.bytes.clone())
        }
    }

    /// A few words, not kept by anyone.
    pub(super) fn words(status: StatusCode, words: &'static str) -> Reply {
        let body = Bytes::from_static(words.as_bytes());
        Reply { status, ..Reply::of("text/plain; charset=utf-8", body) }
    }

    /// A document as of this moment, not kept by anyone.
    pub(super) fn fresh(document: Document) -> Reply {
        Reply::of(document.media_type, document.bytes)
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

    fn of(media_type: &'static str, body: Bytes) -> Reply {
        Reply {
            status: StatusCode::OK,
            media_type,
            body,
            validators: None,
            keep: Keep::Not,
            is_open: false,
            headers: Vec::new(),
        }
    }

    /// Lets scripts of other sites read it (row C-10). Never for anything that knows who asks.
    pub(super) fn open(self) -> Reply {
        Reply { is_open: true, ..self }
    }

    /// Keeps it out of search engines: a feed's items are found at their sources (row C-23).
    pub(super) fn hidden(self) -> Reply {
        self.with(HeaderName::from_static("x-robots-tag"), "noindex")
    }

    /// Says how long it may be kept.
    pub(super) fn keep(self, keep: Keep) -> Reply {
        Reply { keep, ..self }
    }

    /// Adds a header; a value that no header can carry is left out.
    pub(super) fn with(mut self, name: HeaderName, value: &str) -> Reply {
        self.headers.extend(HeaderValue::try_from(value).ok().map(|value| (name, value)));
        self
    }

    /// The answer to this request. The only place where one is made.
    pub(super) fn finish(self, head: &Parts, now: Timestamp) -> Answer {
        let is_known = self.is_known(head, now);
        let is_silent = is_known || head.method == Method::HEAD;
        let body = if is_silent { Bytes::new() } else { self.body.clone() };
        let mut answer = Response::new(Full::new(body));
        *answer.status_mut() = if is_known { StatusCode::NOT_MODIFIED } else { self.status };
        let headers = answer.headers_mut();
        if !is_known && self.status != StatusCode::NO_CONTENT {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type));
            headers.insert(header::CONTENT_LENGTH, self.body.len().into());
        }
        self.say_validators(headers, now);
        self.say_safety(headers);
        headers.insert(header::CACHE_CONTROL, self.keep.words());
        headers.extend(self.headers);
        answer
    }

    fn say_validators(&self, headers: &mut HeaderMap, now: Timestamp) {
        let Some((etag, last_modified)) = &self.validators else { return };
        // RFC 9110 section 8.8.2.1: never later than the answer's own date.
        let at = conditional::written((*last_modified).min(now));
        for (name, value) in [(header::ETAG, Some(etag.clone())), (header::LAST_MODIFIED, at)] {
            let value = value.and_then(|value| HeaderValue::try_from(value).ok());
            headers.extend(value.map(|value| (name, value)));
        }
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("none"));
    }

    fn say_safety(&self, headers: &mut HeaderMap) {
        let mut say = |name, value| drop(headers.insert(name, HeaderValue::from_static(value)));
        say(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        if self.is_open {
            say(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
            say(header::ACCESS_CONTROL_EXPOSE_HEADERS, "ETag, Last-Modified, Link, Retry-After");
        }
        if self.media_type.starts_with("text/html") {
            say(header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
            say(header::REFERRER_POLICY, "no-referrer");
        }
    }

    fn is_known(&self, head: &Parts, now: Timestamp) -> bool {
        let asks =
            matches!(head.method, Method::GET | Method::HEAD) && self.status == StatusCode::OK;
        let Some((etag, last_modified)) = self.validators.as_ref().filter(|_| asks) else {
            return false;
        };
        conditional::is_known(&head.headers, etag, *last_modified, now)
    }
}
