//! Whether a reader has the newest already: RFC 9110 section 13.
//!
//! `If-None-Match` goes before `If-Modified-Since`, whatever either holds.

use std::time::UNIX_EPOCH;

use http::{HeaderMap, HeaderValue, header};

use crate::model::time::Timestamp;

/// Whether `headers` hold any condition.
pub(super) fn is_asked(headers: &HeaderMap) -> bool {
    headers.contains_key(header::IF_NONE_MATCH) || headers.contains_key(header::IF_MODIFIED_SINCE)
}

/// Whether `headers` say that the reader has this document.
pub(super) fn is_known(
    headers: &HeaderMap,
    etag: &HeaderValue,
    last_modified: Option<Timestamp>,
    now: Timestamp,
) -> bool {
    if headers.contains_key(header::IF_NONE_MATCH) {
        let mut lists = headers.get_all(header::IF_NONE_MATCH).iter();
        return lists.any(|list| names(list.as_bytes(), etag));
    }
    let mut dates = headers.get_all(header::IF_MODIFIED_SINCE).iter();
    let (Some(date), None) = (dates.next(), dates.next()) else { return false };
    let since = date.to_str().ok().and_then(seconds);
    let (Some(since), Some(last_modified)) = (since, last_modified) else { return false };
    last_modified.seconds() <= since && since <= now.seconds()
}

/// Whether a list of entity tags names this one, compared weakly (RFC 9110 section 8.8.3.2).
/// Tags may hold commas; what is no tag matches nothing.
fn names(list: &[u8], etag: &HeaderValue) -> bool {
    let mut rest = list.trim_ascii();
    if rest == b"*" {
        return true;
    }
    while !rest.is_empty() {
        let tag = rest.strip_prefix(b"W/").unwrap_or(rest);
        let end = match tag.strip_prefix(b"\"").map(|open| open.iter().position(|b| *b == b'"')) {
            Some(Some(close)) => close + 2,
            _ => tag.iter().position(|byte| *byte == b',').unwrap_or(tag.len()),
        };
        if tag[..end] == *etag.as_bytes() {
            return true;
        }
        rest = tag[end..].trim_ascii_start();
        rest = rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start();
    }
    false
}

/// The seconds since 1970 a date in any of HTTP's three forms means.
fn seconds(date: &str) -> Option<i64> {
    let date = httpdate::parse_http_date(date.trim()).ok()?;
    i64::try_from(date.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::press::fake::time;

    const TAG: &str = "\"a,b\"";

    fn known(headers: &[(header::HeaderName, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, value.parse().unwrap());
        }
        is_known(&map, &HeaderValue::from_static(TAG), Some(time(0)), time(3600))
    }

    fn matches(list: &str) -> bool {
        known(&[(header::IF_NONE_MATCH, list)])
    }

    fn since(date: &str) -> bool {
        known(&[(header::IF_MODIFIED_SINCE, date)])
    }

    #[test]
    fn c_03_lists_and_weak_tags() {
        for list in [
            "\"a,b\"",
            "W/\"a,b\"",
            "\"x\", W/\"a,b\" ,\"c\"",
            "\"x\",,\"a,b\"",
            "*",
            " * ",
            "unquoted, \"a,b\"",
            "\"x\"\"a,b\"",
        ] {
            assert!(matches(list), "{list}");
        }
    }

    #[test]
    fn c_03_what_does_not_match() {
        for list in
            ["\"a\"", "a,b", "\"a", "", ",", "W/", "w/\"a,b\"", "\"A,B\"", "\"*\"", "*, \"x\""]
        {
            assert!(!matches(list), "{list}");
        }
    }

    #[test]
    fn c_03_goes_before_the_date() {
        let date = "Fri, 27 May 2022 04:00:00 GMT";
        assert!(since(date));
        assert!(!known(&[(header::IF_NONE_MATCH, "\"x\""), (header::IF_MODIFIED_SINCE, date)]));
        assert!(known(&[(header::IF_NONE_MATCH, TAG), (header::IF_MODIFIED_SINCE, "nonsense")]));
    }

    #[test]
    fn c_03_several_lines_are_one_list() {
        assert!(known(&[(header::IF_NONE_MATCH, "\"x\""), (header::IF_NONE_MATCH, TAG)]));
    }

    #[test]
    fn c_04_three_forms_of_a_date() {
        assert!(since("Fri, 27 May 2022 04:00:00 GMT"));
        assert!(since("Friday, 27-May-22 04:00:00 GMT"));
        assert!(since("Fri May 27 04:00:00 2022"));
        assert!(!since("Fri, 27 May 2022 03:59:59 GMT"));
    }

    #[test]
    fn c_04_ignored_when_malformed_or_ahead() {
        for date in [
            "",
            "yesterday",
            "2022-05-27T04:00:00Z",
            "Fri, 27 May 2022 05:00:01 GMT",
            "Fri, 27 May 9022 04:00:00 GMT",
            "Thu, 01 Jan 1960 00:00:00 GMT",
        ] {
            assert!(!since(date), "{date}");
        }
    }
}
