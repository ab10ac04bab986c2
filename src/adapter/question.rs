//! `Question`: how an upstream is asked, beyond its address: method, headers, body.
//!
//! Header names and values are typed when the file is read, so that neither a line break nor a
//! NUL can get in (T-21). Cookies, conditions and redirects are not its business.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Uri};

use super::Request;
use super::select::path::Path;
use super::select::template::{Manner, Template};
use super::setting::{Mistake, Reader, Setting};

/// How an upstream is asked.
#[derive(Clone, Debug)]
pub struct Question {
    method: Method,
    headers: HeaderMap,
    body: Option<(Template, Manner)>,
}

/// Keys of a source's table that a question is read from.
pub const KEYS: &[&str] = &["method", "headers", "body"];

impl Question {
    /// Reads `method`, `headers` and `body`; the places in the body can be `words`.
    pub fn read(reader: &mut Reader, words: &[&str]) -> Question {
        let method = reader.read("method", method).unwrap_or(Method::GET);
        let mut headers = headers(reader);
        let body =
            reader.string("body").map(|body| (Template::of_words(body, words), manner(body)));
        if body.is_some() && method == Method::GET {
            reader.note_key("body", "a body goes with `method = \"POST\"`");
        }
        if let Some((_, manner)) = &body
            && !headers.contains_key(CONTENT_TYPE)
        {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type(*manner)));
        }
        Question { method, headers, body }
    }

    /// Reads `headers` alone, for a kind whose upstreams are only ever fetched.
    pub fn get(reader: &mut Reader) -> Question {
        Question { method: Method::GET, headers: headers(reader), body: None }
    }

    /// Whether its body holds one of these words in braces.
    pub fn holds(&self, words: &[&str]) -> bool {
        let body = self.body.iter().flat_map(|(body, _)| body.paths());
        body.into_iter().any(|path| words.contains(&path.as_str()))
    }

    /// The request that asks `address`, with the body's places filled in.
    pub fn put(&self, address: Uri, value: impl Fn(&Path) -> Option<String>) -> Request {
        let body = self.body.as_ref().and_then(|(body, manner)| body.fill(*manner, value));
        let mut request = Request::new(Bytes::from(body.unwrap_or_default()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = address;
        *request.headers_mut() = self.headers.clone();
        request
    }

    /// The request that only fetches `address`: the operator's headers go along when it is asked
    /// where they were meant for, and nothing of them goes anywhere else.
    pub fn fetch(&self, address: Uri, is_theirs: bool) -> Request {
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = address;
        if is_theirs {
            *request.headers_mut() = self.headers.clone();
            request.headers_mut().remove(CONTENT_TYPE);
        }
        request
    }
}

fn method(setting: &Setting) -> Result<Method, Mistake> {
    match setting.text()? {
        "GET" => Ok(Method::GET),
        "POST" => Ok(Method::POST),
        other => Err(Mistake::at(setting, format!("`{other}` should be `GET` or `POST`"))),
    }
}

fn headers(reader: &mut Reader) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let rows = reader.read("headers", Setting::rows).unwrap_or_default();
    for (name, setting) in rows {
        let Some(typed) = HeaderName::from_bytes(name.text.as_bytes()).ok() else {
            reader.note(setting, format!("`{}` is no name of a header", name.text));
            continue;
        };
        let value = setting.text().and_then(|text| {
            HeaderValue::from_str(text).map_err(|_| {
                Mistake::at(setting, "a header holds one line of visible ASCII characters")
            })
        });
        if let Some(value) = reader.noted(value) {
            headers.insert(typed, value);
        }
    }
    headers
}

fn manner(body: &str) -> Manner {
    match body.trim_start().starts_with(['{', '[']) {
        true => Manner::Json,
        false => Manner::Address,
    }
}

fn media_type(manner: Manner) -> &'static str {
    match manner {
        Manner::Json => "application/json",
        _ => "application/x-www-form-urlencoded",
    }
}
