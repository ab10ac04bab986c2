//! How small a reader wants it: the `Accept-Encoding` header, RFC 9110 section 12.5.3.

use http::{HeaderMap, header};

use super::accept::Wish;
use crate::press::{CODINGS, Coding};

/// The coding a reader likes best; none when it likes the bytes as they are. Of codings it likes
/// alike, the one that makes documents smallest.
pub(super) fn best(headers: &HeaderMap) -> Option<Coding> {
    if !headers.contains_key(header::ACCEPT_ENCODING) {
        return None;
    }
    let mut lines = headers.get_all(header::ACCEPT_ENCODING).iter();
    let lists = lines.by_ref().filter_map(|line| line.to_str().ok());
    let wishes: Vec<Wish<'_>> =
        lists.flat_map(|list| list.split(',')).filter_map(Wish::read).collect();
    let named =
        |name: &str| wishes.iter().find(|wish| is(wish.range, name)).map(|wish| wish.quality);
    let others = named("*");
    let plain = named("identity").or(others.filter(|quality| *quality == 0));
    let liked = |coding: &Coding| named(coding.name()).or(others).unwrap_or(0);
    let best = CODINGS.iter().rev().max_by_key(|coding| liked(coding)).copied()?;
    let quality = liked(&best);
    (quality > 0 && plain.is_none_or(|plain| plain <= quality)).then_some(best)
}

/// `x-gzip` is what gzip was called once (RFC 9110 section 8.4.1.3).
fn is(range: &str, name: &str) -> bool {
    range.eq_ignore_ascii_case(name) || (name == "gzip" && range.eq_ignore_ascii_case("x-gzip"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wanted: &str, expected: &str) {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, wanted.parse().unwrap());
        assert_eq!(best(&headers).map_or("", Coding::name), expected, "{wanted}");
    }

    #[test]
    fn c_12_the_smallest_of_what_is_liked_alike() {
        check("gzip, deflate, br, zstd", "br");
        check("gzip, deflate", "gzip");
        check("zstd, gzip", "zstd");
        check("x-gzip", "gzip");
        check("GZIP;Q=0.5", "gzip");
        check("*", "br");
        check("br;q=0.1, gzip;q=0.9", "gzip");
    }

    #[test]
    fn c_12_zero_is_a_refusal() {
        check("gzip;q=0", "");
        check("*;q=0", "");
        check("*;q=0, gzip", "gzip");
        check("br;q=0, *", "zstd");
        check("identity;q=0, gzip;q=0.1", "gzip");
    }

    #[test]
    fn c_12_as_it_is_when_that_is_liked_better() {
        check("identity, gzip;q=0.5", "");
        check("identity;q=0.5, gzip;q=0.5", "gzip");
        check("deflate, compress", "");
        check("", "");
        assert_eq!(best(&HeaderMap::new()), None);
    }
}
