//! The operator's own door, on a listener of its own: every address of it wants the token, and who does not
//! show it learns nothing, not even which addresses there are (row T-31).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use hyper::body::Incoming;

use super::Respond;
use super::api::{self, Poll, Refusal, Try};
use super::error::Error;
use crate::clock::Clock;
use crate::model::notice::Kind;
use crate::model::status::Condition;
use crate::model::subscription::State;
use crate::model::token::Token;
use crate::model::view::View;
use crate::store::{self, Everything};
use crate::telemetry::{self, Scene, Telemetry};

/// What the operator's programs are answered from.
pub struct Admin {
    /// What they show.
    pub token: Token,
    /// What happened.
    pub telemetry: Arc<Telemetry>,
    /// What is remembered.
    pub store: Arc<dyn Everything>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The views there are.
    pub views: Arc<[View]>,
    /// Tries subscriptions.
    pub trial: Box<Try>,
    /// Polls sources.
    pub poll: Box<Poll>,
}

/// Where what happened is scraped from.
const METRICS: &str = "/metrics";

/// The longest body that is read, and how long it may take to come.
const LONGEST: usize = 64 << 10;
const PATIENCE: Duration = Duration::from_secs(20);

impl Respond for Admin {
    async fn respond(&self, head: &Parts, body: Incoming) -> Response<Bytes> {
        self.answer(head, super::read(body, LONGEST, PATIENCE)).await
    }

    async fn refuse(&self, _: &Parts) -> Response<Bytes> {
        words(StatusCode::TOO_MANY_REQUESTS, "You have too many requests under way.\n")
    }
}

impl Admin {
    /// Answers a request; `body` is read only of who shows the token.
    pub(super) async fn answer(
        &self,
        head: &Parts,
        body: impl Future<Output = Result<Bytes, Error>>,
    ) -> Response<Bytes> {
        if !self.is_shown(head) {
            let mut refusal = words(
                StatusCode::UNAUTHORIZED,
                "Show the token of [admin], as in `Authorization: Bearer TOKEN`.\n",
            );
            let challenge = HeaderValue::from_static("Bearer realm=\"feedloom\"");
            refusal.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            return refusal;
        }
        // Programs send none; a page of somebody else's in the operator's browser does (row T-32).
        if head.headers.contains_key(header::ORIGIN) {
            return words(StatusCode::FORBIDDEN, "Pages in browsers have no business here.\n");
        }
        if head.uri.path() == METRICS {
            return self.metrics(head).await;
        }
        let found = match api::find(&head.method, head.uri.path()) {
            Ok(found) => found,
            Err(status) => return told(status, "there is nothing at this address for this method"),
        };
        let body = match body.await {
            Ok(body) => body,
            Err(Error::TooLarge) => {
                return told(StatusCode::PAYLOAD_TOO_LARGE, "that is more than 64 KB");
            }
            Err(_) => return told(StatusCode::REQUEST_TIMEOUT, "the body did not come"),
        };
        match api::answer(self, head, &body, found).await {
            Ok((status, value)) => json_of(status, &value),
            Err(Refusal::Said(status, why)) => told(status, &why),
            Err(Refusal::Store(error)) => {
                tracing::error!(%error, "the operator was turned away since the store did not answer");
                told(StatusCode::SERVICE_UNAVAILABLE, "the store does not answer")
            }
        }
    }

    async fn metrics(&self, head: &Parts) -> Response<Bytes> {
        if !matches!(head.method, Method::GET | Method::HEAD) {
            return words(StatusCode::METHOD_NOT_ALLOWED, "Only GET and HEAD are answered here.\n");
        }
        match self.scene().await {
            Ok(scene) => of(
                StatusCode::OK,
                telemetry::MEDIA_TYPE,
                Bytes::from(self.telemetry.scraped(&scene)),
            ),
            Err(error) => {
                tracing::error!(%error, "a scrape was turned away since the store did not answer");
                words(StatusCode::SERVICE_UNAVAILABLE, "The store does not answer.\n")
            }
        }
    }

    /// Whether the token is shown (RFC 6750 section 2.1).
    fn is_shown(&self, head: &Parts) -> bool {
        let shown = head.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = shown.and_then(|shown| {
            let (scheme, token) = shown.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        token.is_some_and(|token| self.token.is(token))
    }

    /// How things stand.
    async fn scene(&self) -> Result<Scene, store::Error> {
        let now = self.clock.now();
        let conditions = [Condition::Well, Condition::Failing, Condition::Waiting];
        let mut sources: BTreeMap<&str, usize> = conditions.map(|one| (one.name(), 0)).into();
        let mut notices: BTreeMap<&str, usize> = Kind::ALL.map(|one| (one.name(), 0)).into();
        let mut scene = Scene::default();
        for (_, state) in self.store.states().await? {
            *sources.entry(Condition::of(&state).name()).or_default() += 1;
            let due = state.due.filter(|due| *due <= now);
            scene.due += usize::from(due.is_some() || state.due.is_none());
            scene.lag = scene.lag.max(due.map_or(Duration::ZERO, |due| now.since(due)));
            for notice in state.notices(now) {
                *notices.entry(notice.kind.name()).or_default() += 1;
            }
            scene.hubs += usize::from(state.push.is_some_and(|push| push.is_active(now)));
        }
        let (mut subscriptions, newest): (BTreeMap<&str, usize>, _) =
            (State::ALL.map(|state| (state.name(), 0)).into(), self.store.grown().borrow().0);
        for one in self.store.subscriptions().await? {
            *subscriptions.entry(one.course.state.name()).or_default() += 1;
            scene.behind = scene.behind.max(newest.saturating_sub(one.course.reached.0));
            scene.dead += one.dead;
            if let Some(notice) = one.notice(now) {
                *notices.entry(notice.kind.name()).or_default() += 1;
            }
        }
        scene.subscriptions = subscriptions.into_iter().collect();
        scene.sources = sources.into_iter().collect();
        scene.notices = notices.into_iter().collect();
        Ok(scene)
    }
}

fn told(status: StatusCode, why: &str) -> Response<Bytes> {
    json_of(status, &serde_json::json!({ "error": why }))
}

fn json_of(status: StatusCode, value: &serde_json::Value) -> Response<Bytes> {
    of(status, "application/json; charset=utf-8", Bytes::from(format!("{value:#}\n")))
}

fn words(status: StatusCode, words: &'static str) -> Response<Bytes> {
    of(status, "text/plain; charset=utf-8", Bytes::from_static(words.as_bytes()))
}

fn of(status: StatusCode, media_type: &'static str, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use http::Request;

    use super::*;
    use crate::clock::Manual;
    use crate::press::fake::{Fake, time};

    const TOKEN: &str = "a token nobody guesses";

    fn admin() -> Admin {
        Admin {
            token: Token::new(TOKEN).unwrap(),
            telemetry: Arc::default(),
            store: Arc::new(Fake::new()),
            clock: Arc::new(Manual::at(time(3600))),
            views: Arc::default(),
            trial: Box::new(|_| async { Ok(()) }.boxed()),
            poll: Box::new(|_| async { Ok(None) }.boxed()),
        }
    }

    async fn ask(method: &str, path: &str, headers: &[(&str, &str)]) -> Response<Bytes> {
        // Whoever claims to be this machine is asked for the token all the same.
        let mut request =
            Request::builder().method(method).uri(path).header("x-forwarded-for", "127.0.0.1");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let head = request.body(()).unwrap().into_parts().0;
        admin().answer(&head, async { Ok(Bytes::new()) }).await
    }

    /// Every address there is, with a name in it where it has one, and some there are not.
    fn paths() -> impl Iterator<Item = String> {
        let routes = api::ROUTES.iter().map(|(_, route, _)| route.replace("{}", "desk"));
        let others =
            ["/metrics", "/", "/nothing", "/api", "/api/", "/api/subscriptions/", "/status"];
        routes.chain(others.map(str::to_owned))
    }

    #[tokio::test]
    async fn t_31_every_address_wants_the_token() {
        let wrong = ["Bearer", "Bearer ", "Bearer wrong", &format!("Basic {TOKEN}"), TOKEN];
        for path in paths() {
            for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
                let nothing = ask(method, &path, &[]).await;
                assert_eq!(nothing.status(), 401, "{method} {path}");
                for shown in wrong {
                    let answer = ask(method, &path, &[("authorization", shown)]).await;
                    assert_eq!(answer.status(), 401, "{method} {path} {shown}");
                    assert_eq!(answer.body(), nothing.body(), "nothing is learnt");
                }
            }
        }
    }

    #[tokio::test]
    async fn t_32_pages_of_others_have_no_business_here() {
        let right = format!("Bearer {TOKEN}");
        for path in paths() {
            let headers = [("authorization", right.as_str()), ("origin", "https://evil.example")];
            assert_eq!(ask("POST", &path, &headers).await.status(), 403, "{path}");
            // No cookie and no permission for others: a browser has nothing to send of itself.
            let answer = ask("OPTIONS", &path, &headers[..1]).await;
            assert!(!answer.headers().contains_key("access-control-allow-origin"), "{path}");
            assert!(!answer.headers().contains_key("set-cookie"), "{path}");
        }
        for (method, path, _) in api::ROUTES.iter().filter(|(by, ..)| *by == Method::POST) {
            let path = path.replace("{}", "desk");
            if path.ends_with("/replay")
                || path.ends_with("/withdraw")
                || path.ends_with("subscriptions")
            {
                let form = [("authorization", right.as_str()), ("content-type", "text/plain")];
                let answer = ask(method.as_str(), &path, &form).await;
                assert_eq!(answer.status(), 415, "{path}: a form cannot say that it is JSON");
            }
        }
    }

    #[tokio::test]
    async fn who_shows_it_is_answered() {
        let right = format!("bearer {TOKEN}");
        let shown = [("authorization", right.as_str())];
        let answer = ask("GET", "/metrics", &shown).await;
        assert_eq!(answer.status(), 200);
        assert!(answer.headers()["content-type"].to_str().unwrap().contains("openmetrics"));
        let text = String::from_utf8(answer.into_body().to_vec()).unwrap();
        assert!(text.contains("feedloom_sources{state=\"well\"}"), "{text}");
        assert_eq!(ask("POST", "/metrics", &shown).await.status(), 405);
        assert_eq!(ask("GET", "/nothing", &shown).await.status(), 404);
        assert_eq!(ask("GET", "/api/subscriptions", &shown).await.status(), 200);
        assert_eq!(ask("PUT", "/api/subscriptions", &shown).await.status(), 405);
        assert_eq!(ask("GET", "/api/subscriptions/a/b", &shown).await.status(), 404);
    }
}
