//! `Error`: why a reader does not get what was asked. The only place an error becomes a status code.
//!
//! Nothing of the request is repeated in an answer, and nothing of the inside: what broke is
//! logged here, once, for the operator.

use http::{StatusCode, header};

use super::reply::{Keep, METHODS, Reply};
use crate::format::html;
use crate::model::feed::Site;
use crate::store;

/// Why a reader does not get what was asked.
#[derive(Debug)]
pub(super) enum Error {
    /// It is at this address, which is ours and canonical.
    Moved(String),
    /// There is no such thing.
    NotFound,
    /// It ended for good.
    Gone,
    /// Only reading is done here.
    NotAllowed,
    /// A method nobody knows.
    NotImplemented,
    /// An HTTP/1.1 request that says no host (RFC 9112 section 3.2).
    NoHost,
    /// A search for nothing.
    NoWords,
    /// A longer address than any of ours.
    TooLong,
    /// This client has too many requests under way.
    TooMany,
    /// More than is taken at once; later there is room.
    Full,
    /// A longer body than is taken.
    TooLarge,
    /// A body that takes too long to come, or breaks off.
    TooSlow,
    /// Not yet.
    NotReady,
    /// The store did not answer.
    Store(store::Error),
    /// A mistake of ours.
    Bug,
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Error {
        Error::Store(error)
    }
}

impl Error {
    /// What is said about it; to a person with a browser, on a page of the site.
    pub(super) fn reply(self, person: Option<&Site>) -> Reply {
        let number = match self {
            Error::NotFound => 404,
            Error::Gone => 410,
            Error::Store(_) => 503,
            _ => 0,
        };
        let reply = self.plainly();
        match person.filter(|_| number > 0) {
            Some(site) => reply.saying(html::error(site, number)),
            None => reply,
        }
    }

    fn plainly(self) -> Reply {
        match self {
            Error::Moved(location) => Reply::moved(&location).open(),
            Error::NotFound => words(
                404,
                "There is nothing at this address. All feeds are listed at / and in /feeds.opml.\n",
            ),
            Error::Gone => {
                words(410, "What was at this address has ended for good.\n").keep(Keep::ADay)
            }
            Error::NotAllowed => words(405, "Only GET, HEAD and OPTIONS are answered here.\n")
                .with(header::ALLOW, METHODS),
            Error::NotImplemented => words(501, "This method is not known.\n"),
            Error::NoHost => words(400, "The request names no host.\n"),
            Error::NoWords => words(400, "Say what to search for, as in /search.atom?q=words\n"),
            Error::TooLong => words(414, "The address is too long.\n"),
            Error::TooMany => {
                words(429, "You have too many requests under way.\n").with(header::RETRY_AFTER, "5")
            }
            Error::Full => later(5, "There is no room for more just now.\n"),
            Error::TooLarge => words(413, "The body is too long.\n"),
            Error::TooSlow => words(408, "The body did not come whole, or not in time.\n"),
            Error::NotReady => later(1, "Not ready: some sources have not been tried yet.\n"),
            Error::Store(error) => {
                tracing::error!(%error, "a reader was turned away since the store did not answer");
                later(10, "This is not available at the moment. Please try again soon.\n")
            }
            Error::Bug => words(500, "Something went wrong on our side.\n"),
        }
    }
}

fn words(status: u16, words: &'static str) -> Reply {
    let status = StatusCode::from_u16(status).expect("a number from the table above");
    Reply::words(status, words).keep(Keep::Not)
}

/// Come again after so many seconds (row C-18).
fn later(seconds: u8, said: &'static str) -> Reply {
    words(503, said).with(header::RETRY_AFTER, &seconds.to_string())
}
