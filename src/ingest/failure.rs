//! Why a poll brought nothing: in words, by kind, and as far as the next try depends on it.
//!
//! It looks at one answer, and decides neither when to come back nor who is left alone.

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{Response, StatusCode};

use super::schedule::{Outcome, Refusal};
use crate::model::cause::Cause;
use crate::model::manners::asked_wait;
use crate::model::source::LISTING;
use crate::model::time::Timestamp;
use crate::net;
use crate::store::Hold;

/// Why a poll stopped.
pub(super) struct Failure {
    pub(super) what: String,
    pub(super) cause: Cause,
    pub(super) how: Outcome,
    /// A host that wants to be left alone until some time, whoever asks.
    pub(super) hold: Option<Box<Hold>>,
}

impl Failure {
    /// One that passes, or not; its next try waits as for any other.
    pub(super) fn of(cause: Cause, what: impl Into<String>) -> Failure {
        let how = Outcome::Failed(Refusal::default());
        Failure { what: what.into(), cause, how, hold: None }
    }

    /// One of what an answer says.
    pub(super) fn because(what: impl Into<String>) -> Failure {
        Failure::of(Cause::Unreadable, what)
    }

    /// What upstream asks of us.
    pub(super) fn refusal(&self) -> Refusal {
        if let Outcome::Failed(refusal) = self.how { refusal } else { Refusal::default() }
    }
}

impl From<net::Error> for Failure {
    fn from(error: net::Error) -> Failure {
        Failure::of(error.cause(), error.to_string())
    }
}

/// An answer that can hold entries; else why not, in words.
pub(super) fn usable(response: &Response<Bytes>, now: Timestamp) -> Result<(), Failure> {
    let status = response.status();
    if status == StatusCode::OK && response.headers().contains_key(WALL) {
        let what = "it answered with a page that tells people from programs";
        return Err(Failure::of(Cause::Wall, what));
    }
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
        let how = refused(status, retry_after(response, now));
        return Err(Failure { how, ..Failure::of(cause(response), what) });
    }
    if response.body().is_empty() && !is_listing(response) {
        let failure = Failure::of(Cause::Empty, "it answered 200 with an empty body");
        return Err(Failure { how: Outcome::Mute, ..failure });
    }
    Ok(())
}

/// What kind of failure an answer is that holds no entries.
fn cause(response: &Response<Bytes>) -> Cause {
    if is_wall(response) {
        return Cause::Wall;
    }
    match response.status() {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Cause::Busy,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Cause::Closed,
        StatusCode::NOT_FOUND => Cause::Missing,
        StatusCode::GONE => Cause::Gone,
        StatusCode::NO_CONTENT => Cause::Empty,
        status if status.is_server_error() => Cause::Server,
        _ => Cause::Status,
    }
}

/// How those who run most of them say that they do.
const WALL: &str = "cf-mitigated";

/// Whether a page that tells people from programs stands before the source: by its header, or by the words of
/// such pages.
fn is_wall(response: &Response<Bytes>) -> bool {
    const WORDS: [&[u8]; 4] =
        [b"cf-chl", b"_Incapsula_Resource", b"captcha-delivery.com", b"/.well-known/anubis"];
    let start = &response.body()[..response.body().len().min(16 << 10)];
    response.headers().contains_key(WALL)
        || WORDS.iter().any(|word| start.windows(word.len()).any(|part| part == *word))
}

/// What a status says of the next try.
fn refused(status: StatusCode, retry_after: Option<Timestamp>) -> Outcome {
    match status {
        StatusCode::GONE => Outcome::Gone,
        // P-20: no news, and no failure either.
        StatusCode::NO_CONTENT | StatusCode::PARTIAL_CONTENT => Outcome::Mute,
        _ => Outcome::Failed(Refusal {
            retry_after,
            is_busy: matches!(
                status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
            ),
            is_closed: matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN),
        }),
    }
}

/// A folder without files has an empty listing; that is an answer.
fn is_listing(response: &Response<Bytes>) -> bool {
    response
        .headers()
        .get(http::header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(LISTING.as_bytes()))
}

/// When it wants to be asked again.
fn retry_after(response: &Response<Bytes>, now: Timestamp) -> Option<Timestamp> {
    asked_wait(response.headers().get(RETRY_AFTER)?.to_str().ok()?, now)
}
