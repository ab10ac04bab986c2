//! The one door out. Every outgoing byte passes here with a permit that says what this caller
//! may do: which private addresses, which folder, how much and how long.
//!
//! Nothing outside this room makes an HTTP client or opens a source's file (the tidy test
//! watches), so one guard holds for sources, redirects, hubs and webhooks alike. This room keeps
//! no validators, retries nothing and judges no status code: that is the caller's trade.

mod body;
mod file;
mod guard;
mod host;
mod http;
mod names;
mod redirect;
mod storage;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use ::http::{HeaderValue, Request, Response};
use async_trait::async_trait;
use bytes::Bytes;

pub use guard::is_private;
pub use redirect::harmless;
pub use storage::Room;

use crate::model::cause::Cause;
use crate::model::manners::{Errand, Manners};
use crate::model::source::{Allowed, Limits};

/// Sends a request and brings the whole answer, or says why not.
#[async_trait]
pub trait Transport: Send + Sync {
    /// One exchange, redirects followed within the permit's bounds.
    async fn send(&self, request: Request<Bytes>, permit: &Permit) -> Result<Answer, Error>;
}

/// What came back and where from.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status, headers, decoded body.
    pub response: Response<Bytes>,
    /// The address that answered, after redirects.
    pub at: String,
    /// Whether every redirect on the way was a permanent one (301, 308) and there was at least one.
    pub moved: bool,
    /// The room its body takes, given back with the last copy.
    pub room: Room,
}

/// What one caller may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permit {
    /// Private addresses that may be reached all the same.
    pub allow: Vec<Allowed>,
    /// The folder or file that may be read, none for callers that only speak HTTP.
    pub folder: Option<std::path::PathBuf>,
    /// Bounds.
    pub limits: Limits,
    /// What it is for.
    pub errand: Errand,
}

/// Why there is no answer, in words an operator understands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The guard refused the address.
    #[error("{0}")]
    Refused(String),
    /// The name means nothing.
    #[error("{0}")]
    Name(String),
    /// No connection.
    #[error("{0}")]
    Unreachable(String),
    /// No secure connection.
    #[error("{0}")]
    Tls(String),
    /// It took too long.
    #[error("{0}")]
    Timeout(String),
    /// More came than is allowed.
    #[error("{0}")]
    TooLarge(String),
    /// What came is not HTTP as it should be, or a file that cannot be read.
    #[error("{0}")]
    Broken(String),
}

impl Error {
    /// What kind of failure it is.
    pub fn cause(&self) -> Cause {
        match self {
            Error::Refused(_) => Cause::Refused,
            Error::Name(_) => Cause::Name,
            Error::Unreachable(_) => Cause::Unreachable,
            Error::Tls(_) => Cause::Tls,
            Error::Timeout(_) => Cause::Timeout,
            Error::TooLarge(_) => Cause::TooLarge,
            Error::Broken(_) => Cause::Broken,
        }
    }
}

/// The way to everything outside, by scheme: `http` and `https` over the network, `file` from disk.
pub struct Door {
    http: http::Http,
}

/// Opens the door; `agent` is what we call ourselves to others.
pub fn open(agent: HeaderValue, manners: Arc<Manners>) -> Door {
    Door { http: http::Http::new(agent, Arc::new(names::System), manners) }
}

/// Our honest name (reliability row P-14): `Feedloom/VERSION (+contact)`.
///
/// Characters of the contact that a header cannot carry are left out.
pub fn agent(contact: Option<&str>) -> HeaderValue {
    let name = concat!("Feedloom/", env!("CARGO_PKG_VERSION"));
    let contact: String =
        contact.unwrap_or_default().chars().filter(|c| matches!(c, ' '..='~')).collect();
    let agent = match contact.trim() {
        "" => name.to_owned(),
        contact => format!("{name} (+{contact})"),
    };
    HeaderValue::try_from(agent).expect("only visible ASCII and blanks are left")
}

#[async_trait]
impl Transport for Door {
    async fn send(&self, request: Request<Bytes>, permit: &Permit) -> Result<Answer, Error> {
        match request.uri().scheme_str() {
            Some("file") => file::send(request, permit).await,
            _ => self.http.send(request, permit).await,
        }
    }
}
