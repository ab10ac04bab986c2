//! `Desk`: where a request becomes an answer, without any socket.

use std::collections::HashMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use http::request::Parts;
use http::{Method, StatusCode, Version, header};
use tokio::sync::watch;

use super::answers::{Answers, Question};
use super::callback::Pushes;
use super::error::Error;
use super::hub::Hub;
use super::reply::{Answer, Reply};
use super::router::{self, Route};
use super::status::Upstream;
use super::{callback, feeds, former, hub, pages, status};
use crate::clock::Clock;
use crate::model::cut::Cut;
use crate::model::source::SourceId;
use crate::model::time::Timestamp;
use crate::press::Press;
use crate::store::Everything;

/// Addresses are short; a longer one is somebody trying something.
const LONGEST: usize = 4096;

/// Everything an answer is made from.
pub struct Desk {
    /// Documents.
    pub press: Arc<Press>,
    /// What is remembered.
    pub store: Arc<dyn Everything>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What the file says of the sources.
    pub upstreams: Vec<Upstream>,
    /// What went wrong with sources and could not be stored.
    pub unstored: Box<dyn Fn() -> HashMap<SourceId, String> + Send + Sync>,
    /// Whether every source that was new at the start has had its first try.
    pub ready: watch::Receiver<bool>,
    /// What hubs push.
    pub pushes: Pushes,
    /// Our own hub, if it is open.
    pub hub: Option<Hub>,
    /// What was said lately.
    pub answers: Answers,
}

/// What is asked, as the answering functions see it.
pub(super) struct Asked<'a> {
    /// The request's head.
    pub head: &'a Parts,
}

impl Asked<'_> {
    /// Goes on only when this was asked under `path`, which is ours; else the reader is sent
    /// there, so that nobody is sent twice (row C-15).
    pub(super) fn under(&self, path: &str) -> Result<(), Error> {
        if self.head.uri.path() == path { Ok(()) } else { Err(self.moved(path)) }
    }

    /// What was asked for is at `path`, and so is what was asked of it.
    pub(super) fn moved(&self, path: &str) -> Error {
        let query = self.head.uri.query().map(|query| format!("?{query}"));
        Error::Moved(format!("{path}{}", query.unwrap_or_default()))
    }

    /// What is asked of a feed beyond its address.
    pub(super) fn cut(&self) -> Cut {
        self.head.uri.query().map(Cut::read).unwrap_or_default()
    }

    /// The `Accept` header.
    pub(super) fn accept(&self) -> String {
        let lines = self.head.headers.get_all(header::ACCEPT).iter();
        lines.filter_map(|line| line.to_str().ok()).collect::<Vec<_>>().join(",")
    }
}

impl Desk {
    /// Answers a request. Never fails, never panics; bodies of requests are not looked at.
    pub async fn answer(&self, head: &Parts) -> Answer {
        let question = check(head).ok().and_then(|()| Question::of(head));
        let edition = self.press.edition();
        if let Some(answer) = question.and_then(|question| self.answers.get(question, edition)) {
            return answer;
        }
        let reply = AssertUnwindSafe(self.reply(head)).catch_unwind().await;
        let reply = reply.unwrap_or(Err(Error::Bug));
        let now = self.clock.now();
        let is_lasting = reply.as_ref().is_ok_and(|reply| reply.is_lasting(now));
        let answer = self.finish(head, reply, now).await;
        if let (Some(question), true) = (question, is_lasting) {
            self.answers.keep(question, edition, &answer);
        }
        answer
    }

    /// What is told to us, if this is a request whose body is of interest.
    pub(super) fn takes(&self, head: &Parts) -> Option<Route> {
        if head.method != Method::POST {
            return None;
        }
        let path = router::canonical(head.uri.path());
        let (route, _) = router::find(&path)?;
        match route {
            Route::Callback => Some(route),
            Route::Hub => self.hub.is_some().then_some(route),
            _ => None,
        }
    }

    /// Takes what is told to us; `body` is read only when somebody waits for it.
    pub(super) async fn take(
        &self,
        route: Route,
        head: &Parts,
        body: impl Future<Output = Result<Bytes, Error>> + Send,
    ) -> Answer {
        let take = async {
            check(head)?;
            match route {
                Route::Hub => hub::take(self, head, body).await,
                _ => callback::take(self, head, body).await,
            }
        };
        let reply = AssertUnwindSafe(take).catch_unwind().await.unwrap_or(Err(Error::Bug));
        self.finish(head, reply, self.clock.now()).await
    }

    /// Tells a client that it has too many requests under way.
    pub(super) async fn turn_down(&self, head: &Parts) -> Answer {
        self.finish(head, Err(Error::TooMany), self.clock.now()).await
    }

    async fn finish(&self, head: &Parts, reply: Result<Reply, Error>, now: Timestamp) -> Answer {
        let reply = reply.unwrap_or_else(|error| {
            let is_person = Asked { head }.accept().contains("text/html");
            error.reply(is_person.then(|| self.press.site()))
        });
        reply.finish(head, &self.press, now).await
    }

    async fn reply(&self, head: &Parts) -> Result<Reply, Error> {
        check(head)?;
        let asked = Asked { head };
        if head.uri.path() == "*" && head.method == Method::OPTIONS {
            return Ok(Reply::options());
        }
        let path = router::canonical(head.uri.path());
        if self.press.is_retired(&path) {
            return Err(Error::Gone);
        }
        let Some((route, name)) = router::find(&path) else {
            return Err(Error::Moved(Box::pin(former::find(self, head.uri.path())).await?));
        };
        match head.method {
            Method::OPTIONS => Ok(Reply::options()),
            Method::GET | Method::HEAD => self.get(&asked, route, &path, name).await,
            _ => Err(Error::NotAllowed),
        }
    }

    /// Feeds and items know their own canonical address; all others stand under the listed one.
    async fn get(
        &self,
        asked: &Asked<'_>,
        route: Route,
        path: &str,
        name: &str,
    ) -> Result<Reply, Error> {
        let is_feed = matches!(
            route,
            Route::All
                | Route::Category
                | Route::Source
                | Route::View
                | Route::DigestOfCategory(_)
                | Route::DigestOfView(_)
                | Route::Search
                | Route::Archive
        );
        if !is_feed && route != Route::Item {
            asked.under(path)?;
        }
        match route {
            Route::All
            | Route::Category
            | Route::Source
            | Route::View
            | Route::DigestOfCategory(_)
            | Route::DigestOfView(_) => feeds::get(self, asked, route, path, name).await,
            // Boxed, since feeds are what is asked for and would carry the room of these about.
            Route::Archive => Box::pin(feeds::page(self, asked, path, name)).await,
            Route::Search => Box::pin(feeds::search(self, asked, name)).await,
            Route::Item => Box::pin(pages::item(self, asked, name)).await,
            Route::Index => Box::pin(pages::index(self)).await,
            Route::Outlines => Box::pin(pages::outlines(self)).await,
            Route::Style => Ok(pages::style()),
            Route::Status => Box::pin(status::page(self)).await,
            Route::StatusData => Box::pin(status::data(self)).await,
            Route::StatusFeed => Box::pin(status::feed(self)).await,
            Route::Robots => Ok(pages::robots()),
            Route::Hub if self.hub.is_some() => Ok(hub::words()),
            Route::Hub => Err(Error::NotFound),
            Route::Callback => Box::pin(callback::answer(self, asked, name)).await,
            Route::Health => Ok(Reply::words(StatusCode::OK, "ok\n")),
            Route::Readiness if *self.ready.borrow() => Ok(Reply::words(StatusCode::OK, "ready\n")),
            Route::Readiness => Err(Error::NotReady),
        }
    }
}

/// What is refused whatever it asks for.
fn check(head: &Parts) -> Result<(), Error> {
    if head.uri.path_and_query().is_some_and(|path| path.as_str().len() > LONGEST) {
        return Err(Error::TooLong);
    }
    if head.version == Version::HTTP_11 && !head.headers.contains_key(header::HOST) {
        return Err(Error::NoHost);
    }
    match head.method {
        Method::GET
        | Method::HEAD
        | Method::OPTIONS
        | Method::POST
        | Method::PUT
        | Method::DELETE
        | Method::PATCH
        | Method::TRACE
        | Method::CONNECT => Ok(()),
        _ => Err(Error::NotImplemented),
    }
}
