//! Asking a hub to tell us of a topic's changes (section 5.1), and what its answer means.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, StatusCode, Uri};
use url::form_urlencoded::Serializer;

use crate::model::hub::Callback;

/// The lease that is asked for: ten days, as hubs give without being asked.
pub const LEASE: u32 = 864_000;

/// The request that asks a hub to use a callback, whose address starts with `ours`; none when the hub's
/// own is none.
pub fn request(callback: &Callback, ours: &str) -> Option<Request<Bytes>> {
    let uri: Uri = callback.hub.url.parse().ok()?;
    let body = Serializer::new(String::new())
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.topic", &callback.hub.topic)
        .append_pair("hub.callback", &format!("{ours}{}", callback.token))
        .append_pair("hub.lease_seconds", &LEASE.to_string())
        .append_pair("hub.secret", &callback.secret)
        .finish();
    let mut request = Request::new(Bytes::from(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(CONTENT_TYPE, form);
    Some(request)
}

/// Why a hub will not; none when it takes the request, which says nothing yet of what comes of it.
pub fn refusal(status: StatusCode) -> Option<String> {
    (!status.is_success()).then(|| format!("its hub answered {status} when asked to push"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::hub::Hub;
    use crate::model::source::SourceId;
    use crate::model::time::{Offset, Timestamp};

    #[test]
    fn a_hub_is_asked_as_the_recommendation_has_it() {
        let callback = Callback {
            token: "0af".to_owned(),
            source: SourceId::new("news").unwrap(),
            hub: Hub {
                url: "https://hub.example/?a=1".to_owned(),
                topic: "https://news.example/?a=1&b=新".to_owned(),
            },
            secret: "s3".to_owned(),
            asked: Timestamp::from_seconds(0, Offset::UTC).unwrap(),
            lease: None,
        };
        let request = request(&callback, "https://ours.example/callback/").unwrap();
        assert_eq!((request.method(), request.uri().query()), (&Method::POST, Some("a=1")));
        assert_eq!(request.headers()[CONTENT_TYPE], "application/x-www-form-urlencoded");
        assert_eq!(
            std::str::from_utf8(request.body()).unwrap(),
            "hub.mode=subscribe&hub.topic=https%3A%2F%2Fnews.example%2F%3Fa%3D1%26b%3D%E6%96%B0\
             &hub.callback=https%3A%2F%2Fours.example%2Fcallback%2F0af\
             &hub.lease_seconds=864000&hub.secret=s3"
        );
        assert_eq!(refusal(StatusCode::ACCEPTED), None);
        assert!(refusal(StatusCode::FORBIDDEN).unwrap().contains("403"));
    }
}
