//! `Hop`: one request on the way to an answer, and the next one when the answer is a redirect.
//!
//! Redirects are followed here and not by the HTTP client, so that every hop is parsed anew,
//! passes the guard again, and takes along only what its target may see (reliability row T-04).
//! `Refresh` headers and `<meta>` refreshes are not redirects.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, Request, StatusCode, header};
use url::Url;

use super::Error;

/// What another origin may see of a request; credentials and keys in headers of any name may not.
const HARMLESS: &[HeaderName] = &[
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::ACCEPT_LANGUAGE,
    header::CONTENT_TYPE,
    header::IF_MODIFIED_SINCE,
    header::IF_NONE_MATCH,
    header::USER_AGENT,
];

/// One request on the way.
#[derive(Clone, Debug)]
pub(super) struct Hop {
    /// Whom it goes to.
    pub url: Url,
    /// How.
    pub method: Method,
    /// With what headers.
    pub headers: HeaderMap,
    /// And what body.
    pub body: Bytes,
}

impl Hop {
    /// The request as the caller made it.
    pub(super) fn first(request: Request<Bytes>) -> Result<Hop, Error> {
        let (parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string()).map_err(|error| {
            Error::Refused(format!("the address is not one of the web: {error}"))
        })?;
        Ok(Hop { url, method: parts.method, headers: parts.headers, body })
    }

    /// Where an answer sends this request on to; none when it is no redirect.
    pub(super) fn next(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Result<Option<Hop>, Error> {
        if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(None);
        }
        // RFC 9110 section 10.2.3: not before then, and we do not wait here.
        if headers.get(header::RETRY_AFTER).is_some_and(|after| after != "0") {
            return Ok(None);
        }
        let Some(url) = self.target(headers)? else { return Ok(None) };
        if self.url.scheme() == "https" && url.scheme() == "http" {
            let to = url.host_str().unwrap_or_default();
            return Err(Error::Refused(format!("it redirects from https to plain http at {to}")));
        }
        let mut next = Hop { url, ..self.clone() };
        if next.url.origin() != self.url.origin() {
            next.headers = harmless(&self.headers);
        }
        if !keeps_method(status, &self.method) {
            next.method = Method::GET;
            next.headers.remove(header::CONTENT_TYPE);
            next.body = Bytes::new();
        }
        Ok(Some(next))
    }

    fn target(&self, headers: &HeaderMap) -> Result<Option<Url>, Error> {
        let mut locations = headers.get_all(header::LOCATION).iter();
        let Some(location) = locations.next() else { return Ok(None) };
        if locations.next().is_some() {
            return Err(Error::Broken("it redirects to two places at once".to_owned()));
        }
        let readable = std::str::from_utf8(location.as_bytes()).ok();
        let target = readable.and_then(|location| self.url.join(location).ok());
        let mut target = target.ok_or_else(|| {
            Error::Broken("it redirects to something that is no address".to_owned())
        })?;
        target.set_fragment(None);
        Ok(Some(target))
    }
}

/// RFC 9110 section 15.4: 303 always asks anew with GET, and 301 and 302 do in practice after a POST.
fn keeps_method(status: StatusCode, method: &Method) -> bool {
    let safe = matches!(*method, Method::GET | Method::HEAD);
    safe || matches!(status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT)
}

/// What of a request another site may see (reliability row T-04).
pub fn harmless(headers: &HeaderMap) -> HeaderMap {
    let kept = headers.iter().filter(|(name, _)| HARMLESS.contains(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(from: &str, status: u16, location: &str) -> Result<Option<Hop>, Error> {
        let request = Request::post(from)
            .header("authorization", "Basic x")
            .header("x-api-key", "y")
            .header("accept", "application/rss+xml")
            .body(Bytes::from_static(b"body"))
            .unwrap();
        let headers = HeaderMap::from_iter([(header::LOCATION, location.parse().unwrap())]);
        Hop::first(request).unwrap().next(StatusCode::from_u16(status).unwrap(), &headers)
    }

    #[track_caller]
    fn check(location: &str, expected: &str) {
        let hop = next("https://a.example/feeds/one", 301, location).unwrap().unwrap();
        assert_eq!(hop.url.as_str(), expected);
    }

    #[test]
    fn relative_and_absolute_targets() {
        check("two", "https://a.example/feeds/two");
        check("/two#part", "https://a.example/two");
        check("//b.example", "https://b.example/");
        check("https://b.example/x", "https://b.example/x");
    }

    #[test]
    fn t_04_credentials_stay_at_their_origin() {
        let hop = next("https://a.example/", 308, "https://b.example/").unwrap().unwrap();
        assert_eq!(hop.headers.keys().collect::<Vec<_>>(), [header::ACCEPT]);
        let hop = next("https://a.example/", 308, "/b").unwrap().unwrap();
        assert_eq!(hop.headers.len(), 3);
    }

    #[test]
    fn t_04_another_port_is_another_origin() {
        let hop = next("https://a.example/", 308, "https://a.example:8443/").unwrap().unwrap();
        assert!(!hop.headers.contains_key("authorization"));
    }

    #[test]
    fn t_04_https_never_becomes_http() {
        assert!(matches!(
            next("https://a.example/", 301, "http://a.example/"),
            Err(Error::Refused(_))
        ));
    }

    #[test]
    fn a_post_keeps_its_body_only_where_told_to() {
        let kept = next("http://a.example/", 307, "/b").unwrap().unwrap();
        assert_eq!((kept.method, kept.body.len()), (Method::POST, 4));
        let asked = next("http://a.example/", 302, "/b").unwrap().unwrap();
        assert_eq!((asked.method, asked.body.len()), (Method::GET, 0));
    }

    #[test]
    fn what_is_no_redirect() {
        assert!(next("http://a.example/", 304, "/b").unwrap().is_none());
        assert!(next("http://a.example/", 300, "/b").unwrap().is_none());
        assert!(next("http://a.example/", 301, "http://[bad").is_err());
    }
}
