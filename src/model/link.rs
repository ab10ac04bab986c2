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
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_tracking(pair)).collect();
    let kept = kept.join("&");
    if kept.len() != query.len() {
        url.set_query((!kept.is_empty()).then_some(&kept));
    }
}

fn is_tracking(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or(pair).to_ascii_lowercase();
    TRACKING.iter().any(|known| match known.strip_suffix('*') {
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
    fn two_spellings_of_one_page_are_one() {
        assert_eq!(identity("https://www.e.com/a/"), identity("http://e.com/a"));
    }
}
