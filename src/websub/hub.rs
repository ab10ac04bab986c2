//! The hub's side: what subscribers ask (section 5.1), whether they mean it (section 5.3), and what they are
//! told (section 7).

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, LINK};
use http::{Method, Request, Response};
use url::{Url, form_urlencoded};

use super::intent::lease;
use super::signature::{self, Algorithm};
use crate::model::follower::Mode;

/// The lease of whoever asks for none: ten days.
pub const LEASE: Duration = Duration::from_secs(864_000);
/// The shortest one that is given; the longest is what we believe of other hubs.
const SHORTEST: Duration = Duration::from_secs(3600);

/// The longest secret, in bytes, is shorter than this (section 5.1).
const SECRET: usize = 200;
/// The longest address that is taken.
const ADDRESS: usize = 2048;

/// What a subscriber asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What.
    pub mode: Mode,
    /// Of which topic, as it spells it.
    pub topic: String,
    /// Whom to tell.
    pub callback: String,
    /// For how long, within reason.
    pub lease: Duration,
    /// What to sign with.
    pub secret: Option<String>,
}

/// Reads a request's body, a form. Parameters that are unknown are passed over.
///
/// # Errors
/// What is wrong with it, in words for whoever wrote the subscriber.
pub fn read(body: &[u8]) -> Result<Asked, &'static str> {
    let value = |wanted: &str| {
        let mut pairs = form_urlencoded::parse(body);
        pairs.find_map(|(name, value)| (name == wanted).then(|| value.into_owned()))
    };
    let mode = match value("hub.mode").as_deref() {
        Some("subscribe") => Mode::Subscribe,
        Some("unsubscribe") => Mode::Unsubscribe,
        Some("publish") => {
            return Err("This hub knows by itself when its topics change.");
        }
        Some(_) => return Err("hub.mode should be subscribe or unsubscribe."),
        None => return Err("hub.mode is missing."),
    };
    let topic = value("hub.topic").filter(|topic| !topic.is_empty());
    let topic = topic.ok_or("hub.topic is missing.")?;
    let callback = value("hub.callback").ok_or("hub.callback is missing.")?;
    if topic.len() > ADDRESS || callback.len() > ADDRESS {
        return Err("An address has 2048 bytes at most.");
    }
    if !is_callback(&callback) {
        return Err("hub.callback should be an http or https address without user and fragment.");
    }
    let lease = match value("hub.lease_seconds").as_deref().map(str::trim) {
        // It is told how long it lasts, whatever it asks for.
        None | Some("") => LEASE,
        Some(_) if mode == Mode::Unsubscribe => LEASE,
        Some(seconds) => {
            lease(seconds, SHORTEST).ok_or("hub.lease_seconds should be a number above 0.")?
        }
    };
    let secret = value("hub.secret").filter(|secret| !secret.is_empty());
    if secret.as_ref().is_some_and(|secret| secret.len() >= SECRET) {
        return Err("hub.secret should be shorter than 200 bytes.");
    }
    Ok(Asked { mode, topic, callback, lease, secret })
}

fn is_callback(callback: &str) -> bool {
    let Ok(url) = Url::parse(callback) else { return false };
    // What no request can hold is never asked.
    callback.parse::<http::Uri>().is_ok()
        && matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none()
}

/// The question whether a callback means it (section 5.3); `lease` of a subscription.
pub fn question(
    callback: &str,
    mode: Mode,
    topic: &str,
    challenge: &str,
    lease: Option<Duration>,
) -> Option<Request<Bytes>> {
    let lease = lease.map(|lease| lease.as_secs().to_string());
    let mut pairs =
        vec![("hub.mode", mode.name()), ("hub.topic", topic), ("hub.challenge", challenge)];
    pairs.extend(lease.as_deref().map(|lease| ("hub.lease_seconds", lease)));
    asked(callback, &pairs)
}

/// What a callback is told that is told no more (section 5.2).
pub fn denial(callback: &str, topic: &str, reason: &str) -> Option<Request<Bytes>> {
    asked(callback, &[("hub.mode", "denied"), ("hub.topic", topic), ("hub.reason", reason)])
}

/// A callback with these parameters behind its own, which are left as they are.
fn asked(callback: &str, pairs: &[(&str, &str)]) -> Option<Request<Bytes>> {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let mark = if callback.contains('?') { '&' } else { '?' };
    let mut request = Request::new(Bytes::new());
    // A plus is a blank to forms alone; spelt so, it is one to everybody.
    let query = query.replace('+', "%20");
    *request.uri_mut() = format!("{callback}{mark}{query}").parse().ok()?;
    Some(request)
}

/// Whether a callback's answer says that it means it: it says the challenge back, and nothing else.
pub fn is_meant(response: &Response<Bytes>, challenge: &str) -> bool {
    response.status().is_success() && response.body().as_ref() == challenge.as_bytes()
}

/// What a subscriber is told: the topic as it is now, and from whom (section 7); signed where it gave a
/// secret.
pub fn content(
    callback: &str,
    (hub, topic): (&str, &str),
    (media_type, bytes): (&'static str, &Bytes),
    (secret, algorithm): (Option<&str>, Algorithm),
) -> Option<Request<Bytes>> {
    let mut request = Request::new(bytes.clone());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = callback.parse().ok()?;
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    // Followers are at thousands of hosts: kept open, their connections would use up the descriptors.
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    let link = format!("<{hub}>; rel=\"hub\", <{topic}>; rel=\"self\"");
    headers.insert(LINK, HeaderValue::try_from(link).ok()?);
    if let Some(secret) = secret {
        let signed = signature::sign(algorithm, secret, bytes);
        let name = HeaderName::from_static(signature::HEADER);
        headers.insert(name, HeaderValue::try_from(signed).ok()?);
    }
    Some(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: &str = "hub.mode=subscribe&hub.topic=https%3A%2F%2Fn.example%2Fall.atom&hub.callback=https%3A%2F%2Fs.example%2Fcb%3Fid%3D1";

    #[track_caller]
    fn refused(more: &str, words: &str) {
        let why = read(more.as_bytes()).expect_err(more);
        assert!(why.contains(words), "{more}: {why}");
    }

    #[test]
    fn h_01_and_h_03_a_subscriber_asks() {
        let asked = read(format!("{RIGHT}&foo=bar&hub.foo=bar").as_bytes()).expect("right");
        let expected = Asked {
            mode: Mode::Subscribe,
            topic: "https://n.example/all.atom".into(),
            callback: "https://s.example/cb?id=1".into(),
            lease: LEASE,
            secret: None,
        };
        assert_eq!(asked, expected);
        refused("", "hub.mode is missing");
        refused("hub.mode=subscribe", "hub.topic is missing");
        refused("hub.mode=subscribe&hub.topic=x", "hub.callback is missing");
        refused(&RIGHT.replace("=subscribe", "=sub"), "should be subscribe");
        refused(
            &format!("hub.mode=subscribe&hub.topic=x&hub.callback={}", "x".repeat(3000)),
            "2048",
        );
        for callback in [
            " https://a.example/",
            "https://bücher.example/",
            "ftp://a/",
            "nothing",
            "https://me@a.example/",
            "https://a.example/#x",
        ] {
            let body =
                form_urlencoded::Serializer::new("hub.mode=subscribe&hub.topic=x".to_owned())
                    .append_pair("hub.callback", callback)
                    .finish();
            refused(&body, "hub.callback should be");
        }
    }

    #[test]
    fn h_25_nobody_makes_it_fetch() {
        refused("hub.mode=publish&hub.url=https://n.example/", "knows by itself");
    }

    #[test]
    fn h_02_secrets_are_shorter_than_200_bytes() {
        let with = |length: usize| format!("{RIGHT}&hub.secret={}", "s".repeat(length));
        assert_eq!(read(with(199).as_bytes()).expect("right").secret.map(|s| s.len()), Some(199));
        refused(&with(200), "shorter than 200");
        let umlauts = format!("{RIGHT}&hub.secret={}", "%C3%A4".repeat(100));
        refused(&umlauts, "shorter than 200");
    }

    #[test]
    fn h_11_leases_are_within_reason() {
        let lease = |seconds: &str| {
            let body = format!("{RIGHT}&hub.lease_seconds={seconds}");
            read(body.as_bytes()).map(|asked| asked.lease.as_secs())
        };
        assert_eq!(lease("86400"), Ok(86_400));
        assert_eq!((lease("1"), lease("99999999999999999999")), (Ok(3600), Ok(2_592_000)));
        assert_eq!(lease(""), Ok(864_000));
        for odd in ["-1", "abc", "0", "1e9"] {
            assert!(lease(odd).is_err(), "{odd}");
        }
        let off = RIGHT.replace("=subscribe", "=unsubscribe") + "&hub.lease_seconds=abc";
        assert_eq!(read(off.as_bytes()).expect("right").mode, Mode::Unsubscribe);
    }

    #[test]
    fn h_08_and_h_09_the_question_keeps_the_callbacks_own_query() {
        let request = question(
            "https://s.example/cb?id=1&hub.topic=mine",
            Mode::Subscribe,
            "https://n.example/view/a b.atom",
            "c0ffee",
            Some(LEASE),
        );
        assert_eq!(
            request.expect("a request").uri().to_string(),
            "https://s.example/cb?id=1&hub.topic=mine&hub.mode=subscribe&hub.topic=https%3A%2F%2Fn.example%2Fview%2Fa%20b.atom&hub.challenge=c0ffee&hub.lease_seconds=864000"
        );
        let off = question("https://s.example/cb", Mode::Unsubscribe, "t", "c", None);
        let query = "hub.mode=unsubscribe&hub.topic=t&hub.challenge=c";
        assert_eq!(off.expect("a request").uri().query(), Some(query));
        let denied = denial("https://s.example/cb", "t", "it ended").expect("a request");
        assert_eq!(denied.uri().query(), Some("hub.mode=denied&hub.topic=t&hub.reason=it%20ended"));
    }

    #[test]
    fn h_10_only_the_challenge_itself_is_a_yes() {
        let answer = |status: u16, body: &'static str| {
            let mut response = Response::new(Bytes::from_static(body.as_bytes()));
            *response.status_mut() = http::StatusCode::from_u16(status).expect("a status");
            is_meant(&response, "c0ffee")
        };
        assert!(answer(200, "c0ffee") && answer(299, "c0ffee"));
        for (status, body) in [(200, "c0ffee\n"), (200, ""), (404, "c0ffee"), (302, "c0ffee")] {
            assert!(!answer(status, body), "{status} {body}");
        }
    }

    #[test]
    fn h_17_and_h_18_content_names_its_hub_and_is_signed_where_there_is_a_secret() {
        let (hub, topic) = ("https://n.example/hub", "https://n.example/all.atom");
        let bytes = Bytes::from_static(b"what do ya want for nothing?");
        let told = |secret, algorithm| {
            let document = ("application/atom+xml; charset=utf-8", &bytes);
            content("https://s.example/cb", (hub, topic), document, (secret, algorithm))
                .expect("a request")
        };
        let plain = told(None, Algorithm::Sha256);
        assert_eq!(plain.method(), Method::POST);
        assert_eq!(plain.headers()[CONTENT_TYPE], "application/atom+xml; charset=utf-8");
        let link =
            "<https://n.example/hub>; rel=\"hub\", <https://n.example/all.atom>; rel=\"self\"";
        assert_eq!(plain.headers()[LINK], link);
        assert!(!plain.headers().contains_key(signature::HEADER));
        for (name, algorithm) in Algorithm::NAMES {
            let signed = told(Some("Jefe"), *algorithm);
            let header = signed.headers()[signature::HEADER].to_str().expect("plain");
            assert!(header.starts_with(&format!("{name}=")), "{header}");
            assert!(signature::is_signed(header, "Jefe", &bytes));
        }
    }
}
