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
use crate::clock::Clock;
use crate::model::notice::Kind;
use crate::model::status::Condition;
use crate::model::token::Token;
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
}

/// Every address there is.
pub(super) const ROUTES: &[&str] = &["/metrics"];

impl Respond for Admin {
    async fn respond(&self, head: &Parts, _: Incoming) -> Response<Bytes> {
        self.answer(head).await
    }

    async fn refuse(&self, _: &Parts) -> Response<Bytes> {
        words(StatusCode::TOO_MANY_REQUESTS, "You have too many requests under way.\n")
    }
}

impl Admin {
    /// Answers a request whose body is of no interest.
    pub async fn answer(&self, head: &Parts) -> Response<Bytes> {
        if !self.is_shown(head) {
            let mut refusal = words(
                StatusCode::UNAUTHORIZED,
                "Show the token of [admin], as in `Authorization: Bearer TOKEN`.\n",
            );
            let challenge = HeaderValue::from_static("Bearer realm=\"feedloom\"");
            refusal.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            return refusal;
        }
        if !ROUTES.contains(&head.uri.path()) {
            return words(StatusCode::NOT_FOUND, "There is nothing at this address.\n");
        }
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
        scene.sources = sources.into_iter().collect();
        scene.notices = notices.into_iter().collect();
        Ok(scene)
    }
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
        }
    }

    async fn ask(method: &str, path: &str, authorization: Option<&str>) -> Response<Bytes> {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        // Whoever claims to be this machine is asked for the token all the same.
        let request = request.header("x-forwarded-for", "127.0.0.1").body(()).unwrap();
        admin().answer(&request.into_parts().0).await
    }

    #[tokio::test]
    async fn t_31_every_address_wants_the_token() {
        let wrong = ["Bearer", "Bearer ", "Bearer wrong", &format!("Basic {TOKEN}"), TOKEN];
        for path in ROUTES.iter().chain(&["/", "/nothing", "/api/items", "/status"]) {
            for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
                assert_eq!(ask(method, path, None).await.status(), 401, "{method} {path}");
                for shown in wrong {
                    let answer = ask(method, path, Some(shown)).await;
                    assert_eq!(answer.status(), 401, "{method} {path} {shown}");
                }
            }
        }
    }

    #[tokio::test]
    async fn who_shows_it_is_answered() {
        let right = format!("bearer {TOKEN}");
        let answer = ask("GET", "/metrics", Some(&right)).await;
        assert_eq!(answer.status(), 200);
        assert!(answer.headers()["content-type"].to_str().unwrap().contains("openmetrics"));
        let text = String::from_utf8(answer.into_body().to_vec()).unwrap();
        assert!(text.contains("feedloom_sources{state=\"well\"}"), "{text}");
        assert_eq!(ask("POST", "/metrics", Some(&right)).await.status(), 405);
        assert_eq!(ask("GET", "/nothing", Some(&right)).await.status(), 404);
    }
}
