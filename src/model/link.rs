//! Canonical links: one article, one address, whatever a newsletter or a share button added to it.

use url::Url;

/// Longest address we keep, in bytes.
const LENGTH: usize = 4096;

/// Parameters that tell where a reader came from, not what is read. A name ending in `*` means all that start so.
const TRACKING: [&str; 22] = [
    "utm_*",
    "mtm_*",
    "pk_*",
    "_hs*",
    "fbclid",
    "gclid",
    "dclid",
    "gbraid",
    "wbraid",
    "msclkid",
    "yclid",
    "twclid",
    "igshid",
    "mc_cid",
    "mc_eid",
    "spm",
    "scm",
    "share_token",
    "from_source",
    "ref_src",
    "__twitter_impression",
    "oly_enc_id",
];

/// Parameters that let one reader in for a while. Some may mean other things elsewhere, so they are left
/// out only where more than the address has to agree.
const TOKENS: [&str; 25] = [
    "token",
    "access_token",
    "auth_key",
    "sign",
    "signature",
    "sig",
    "expires",
    "expire",
    "expiry",
    "ts",
    "timestamp",
    "_t",
    "_",
    "rand",
    "random",
    "nonce",
    "jsessionid",
    "phpsessid",
    "x-amz-*",
    "x-oss-*",
    "ossaccesskeyid",
    "key-pair-id",
    "policy",
    "wssecret",
    "wstime",
];

/// The canonical form of an article's address: absolute, `http` or `https`, without tracking parameters and
/// without a fragment (but for `#!` and `#/`, which some sites route by). `None` when it is no web address.
pub fn canonical(raw: &str, base: Option<&Url>) -> Option<String> {
    let mut url = absolute(raw, base)?;
    let keeps_fragment = url.fragment().is_some_and(|f| f.starts_with(['!', '/']));
    if !keeps_fragment {
        url.set_fragment(None);
    }
    strip_tracking(&mut url);
    Some(url.into())
}

/// An address made absolute as it stands; `None` when it is no web address or too long.
pub fn resolve(raw: &str, base: Option<&Url>) -> Option<String> {
    absolute(raw, base).map(Url::into)
}

/// An address without what differs between two spellings of one page: scheme, `www.`, a slash at the end.
pub fn identity(canonical: &str) -> &str {
    let bare = canonical.trim_start_matches("https://").trim_start_matches("http://");
    bare.strip_prefix("www.").unwrap_or(bare).trim_end_matches('/')
}

/// Where a page is within its site: path and parameters without tokens. The host is part of it where
/// the path alone would be that of any site's front page.
pub fn place(canonical: &str) -> String {
    let bare = identity(canonical);
    let (address, query) = bare.split_once('?').unwrap_or((bare, ""));
    let address = address.split_once(";jsessionid=").map_or(address, |(address, _)| address);
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_named(pair, &TOKENS)).collect();
    let path = address.split_once('/').map_or("", |(_, path)| path);
    let page = if path.is_empty() { address } else { path };
    match kept.join("&") {
        query if query.is_empty() => page.to_owned(),
        query => format!("{page}?{query}"),
    }
}

fn absolute(raw: &str, base: Option<&Url>) -> Option<Url> {
    let raw = raw.trim();
    if raw.is_empty() || raw.len() > LENGTH {
        return None;
    }
    let url = match (Url::parse(raw), base) {
        (Ok(url), _) => url,
        (Err(_), Some(base)) => base.join(raw).ok()?,
        (Err(_), None) if raw.starts_with("//") => Url::parse(&format!("https:{raw}")).ok()?,
        (Err(_), None) => return None,
    };
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    is_web.then_some(url)
}

fn strip_tracking(url: &mut Url) {
    let Some(query) = url.query() else { return };
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_named(pair, &TRACKING)).collect();
    let kept = kept.join("&");
    if kept.len() != query.len() {
        url.set_query((!kept.is_empty()).then_some(&kept));
    }
}

/// Whether the parameter is one of these.
fn is_named(pair: &str, names: &[&str]) -> bool {
    let name = pair.split('=').next().unwrap_or(pair).to_ascii_lowercase();
    names.iter().any(|known| match known.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == *known,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, expected: Option<&str>) {
        let base = Url::parse("https://news.example.com/list/index.html").unwrap();
        assert_eq!(canonical(raw, Some(&base)).as_deref(), expected);
    }

    #[test]
    fn relative_addresses_start_from_the_base() {
        check("../a/1.html", Some("https://news.example.com/a/1.html"));
        check("//cdn.example.com/x", Some("https://cdn.example.com/x"));
    }

    #[test]
    fn tracking_goes_and_the_rest_keeps_its_spelling() {
        check(
            "https://e.com/a?id=%E4%B8%AD&utm_source=x&b=1+2#top",
            Some("https://e.com/a?id=%E4%B8%AD&b=1+2"),
        );
        check("https://e.com/a?utm_source=x", Some("https://e.com/a"));
        check("https://e.com/#!/a", Some("https://e.com/#!/a"));
    }

    #[test]
    fn only_web_addresses_are_links() {
        for raw in [
            "javascript:alert(1)",
            "data:text/html,x",
            "mailto:a@b.c",
            "",
            "  ",
            "file:///etc/passwd",
        ] {
            check(raw, None);
        }
    }

    #[test]
    fn a_page_stays_in_its_place_when_hosts_and_tokens_change() {
        let same = |one, other| assert_eq!(place(one), place(other));
        same("https://old.example/a/1.html?id=3", "https://www.new.example/a/1.html?id=3");
        same("https://e.com/a?id=3&Token=x&ts=1", "https://e.com/a?id=3&token=y");
        same("https://e.com/a;jsessionid=1", "http://e.com/a;jsessionid=2");
        assert_ne!(place("https://e.com/a?id=3"), place("https://e.com/a?id=4"));
        assert_ne!(
            place("https://e.com/"),
            place("https://f.com/"),
            "front pages are not one page"
        );
    }

    #[test]
    fn two_spellings_of_one_page_are_one() {
        assert_eq!(identity("https://www.e.com/a/"), identity("http://e.com/a"));
    }
}
