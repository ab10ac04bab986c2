//! How long an answer may be kept, by its headers: `Cache-Control`, else `Expires` (RFC 9111 section 4.2).

use std::time::Duration;

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL, DATE, EXPIRES, HeaderName};

/// How long from now on; none when the headers say nothing, or that it is not to be kept at all.
pub(super) fn fresh(headers: &HeaderMap) -> Option<Duration> {
    let directives = || {
        let lines = headers.get_all(CACHE_CONTROL).iter().filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(',')).map(str::trim)
    };
    if directives().any(|word| is(word, "no-cache") || is(word, "no-store")) {
        return None;
    }
    let max_age = directives().find_map(|word| {
        let (name, value) = word.split_once('=')?;
        let value = value.trim().trim_matches('"');
        is(name.trim(), "max-age").then(|| value.parse().ok()).flatten()
    });
    let life = max_age.map(Duration::from_secs).or_else(|| until_expiry(headers))?;
    let age = text(headers, AGE).and_then(|age| age.trim().parse().ok()).unwrap_or(0);
    Some(life.saturating_sub(Duration::from_secs(age))).filter(|left| !left.is_zero())
}

/// From the answer's own date on, since its clock may differ from ours.
fn until_expiry(headers: &HeaderMap) -> Option<Duration> {
    let read = |name| httpdate::parse_http_date(text(headers, name)?).ok();
    read(EXPIRES)?.duration_since(read(DATE)?).ok()
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn is(word: &str, name: &str) -> bool {
    let word = word.split('=').next().unwrap_or_default();
    word.trim().eq_ignore_ascii_case(name)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(headers: &[(&'static str, &'static str)], expected: Option<u64>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        assert_eq!(fresh(&map), expected.map(Duration::from_secs), "{headers:?}");
    }

    #[test]
    fn p_07_how_long_an_answer_may_be_kept() {
        check(&[], None);
        check(&[("cache-control", "max-age=600")], Some(600));
        check(&[("cache-control", "public, Max-Age=\"600\""), ("age", "100")], Some(500));
        check(&[("cache-control", "public"), ("cache-control", "max-age=60")], Some(60));
        check(&[("cache-control", "max-age=600"), ("age", "700")], None);
        check(&[("cache-control", "no-cache, max-age=600")], None);
        check(&[("cache-control", "private, no-store")], None);
        check(&[("cache-control", "max-age=soon")], None);
        check(&[("cache-control", "s-maxage=600")], None);
    }

    #[test]
    fn p_07_expiry_counts_from_the_answers_own_date() {
        let date = ("date", "Wed, 25 Nov 2026 10:00:00 GMT");
        let expires = ("expires", "Wed, 25 Nov 2026 12:00:00 GMT");
        check(&[date, expires], Some(7200));
        check(&[expires], None);
        check(&[date, ("expires", "0")], None);
        check(&[date, ("expires", "Wed, 25 Nov 2026 09:00:00 GMT")], None);
        check(&[date, expires, ("cache-control", "max-age=60")], Some(60));
    }
}
