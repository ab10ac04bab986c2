//! The list of public addresses: what is not in it is not there.

use std::borrow::Cow;
use std::sync::LazyLock;

use matchit::Router;

use crate::model::period::Period;

/// What an address leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Index,
    All,
    Category,
    Source,
    View,
    /// The digests of a category.
    DigestOfCategory(Period),
    /// The digests of a view.
    DigestOfView(Period),
    Search,
    Archive,
    Item,
    Outlines,
    Style,
    Status,
    StatusData,
    StatusFeed,
    Robots,
    /// Where the hubs of sources push.
    Callback,
    /// Where those who follow our feeds say so.
    Hub,
    Health,
    Readiness,
}

/// Every address there is (interface.md section 4). `{name}` is a slug or id with or without a suffix.
pub(super) const ROUTES: &[(&str, Route)] = &[
    ("/", Route::Index),
    ("/all", Route::All),
    ("/all.{suffix}", Route::All),
    ("/category/{name}", Route::Category),
    ("/source/{name}", Route::Source),
    ("/view/{name}", Route::View),
    ("/digest/daily/category/{name}", Route::DigestOfCategory(Period::Daily)),
    ("/digest/weekly/category/{name}", Route::DigestOfCategory(Period::Weekly)),
    ("/digest/daily/view/{name}", Route::DigestOfView(Period::Daily)),
    ("/digest/weekly/view/{name}", Route::DigestOfView(Period::Weekly)),
    ("/search", Route::Search),
    ("/search.{suffix}", Route::Search),
    ("/archive/{*page}", Route::Archive),
    ("/item/{name}", Route::Item),
    ("/feeds.opml", Route::Outlines),
    ("/style.css", Route::Style),
    ("/status", Route::Status),
    ("/status.json", Route::StatusData),
    ("/status.atom", Route::StatusFeed),
    ("/robots.txt", Route::Robots),
    ("/callback/{token}", Route::Callback),
    ("/hub", Route::Hub),
    ("/healthz", Route::Health),
    ("/readyz", Route::Readiness),
];

static ROUTER: LazyLock<Router<Route>> = LazyLock::new(|| {
    let mut router = Router::new();
    for (path, route) in ROUTES {
        router.insert(*path, *route).expect("the list holds no address twice");
    }
    router
});

/// Where a canonical path leads, and the name in it.
pub(super) fn find(path: &str) -> Option<(Route, &str)> {
    let found = ROUTER.at(path).ok()?;
    let name = path.rsplit('/').next().unwrap_or_default();
    Some((*found.value, name))
}

/// The one spelling of a path: no empty segments, no slash at the end, nothing percent-encoded
/// that need not be (RFC 3986 section 6.2.2), and lower case, as all our names are (row C-15).
pub(super) fn canonical(path: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| !byte.is_ascii_uppercase() && byte != b'%';
    let has_slashes = path.contains("//") || (path.len() > 1 && path.ends_with('/'));
    if path.bytes().all(is_plain) && !has_slashes {
        return Cow::Borrowed(path);
    }
    let decoded = decoded(path).to_ascii_lowercase();
    let segments = decoded.split('/').filter(|segment| !segment.is_empty());
    let path: String = segments.flat_map(|segment| ["/", segment]).collect();
    Cow::Owned(if path.is_empty() { "/".to_owned() } else { path })
}

/// Percent-encoded unreserved characters as themselves; everything else as it is.
pub(super) fn decoded(path: &str) -> String {
    let mut decoded = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        decoded.push_str(&rest[..at]);
        let code = rest.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code.filter(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(byte)) {
            Some(byte) => {
                decoded.push(char::from(byte));
                rest = &rest[at + 3..];
            }
            None => {
                decoded.push('%');
                rest = &rest[at + 1..];
            }
        }
    }
    decoded.push_str(rest);
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: &str) {
        assert_eq!(canonical(path), expected);
        assert_eq!(canonical(expected), expected);
    }

    #[test]
    fn c_15_spellings_of_one_path() {
        check("/", "/");
        check("//", "/");
        check("/category/a.rss", "/category/a.rss");
        check("/category/a.rss/", "/category/a.rss");
        check("//category///a.rss", "/category/a.rss");
        check("/Category/A.RSS", "/category/a.rss");
        check("/category/%61%2Erss", "/category/a.rss");
    }

    #[test]
    fn what_must_stay_encoded_does() {
        check("/category/%2fetc", "/category/%2fetc");
        check("/%zz%", "/%zz%");
        check("/%e6%96", "/%e6%96");
        check("/%+1", "/%+1");
    }

    #[test]
    fn the_list_is_what_is_there() {
        assert_eq!(find("/all.rss"), Some((Route::All, "all.rss")));
        assert_eq!(find("/category/a.rss"), Some((Route::Category, "a.rss")));
        for path in ["/category", "/category/", "/category/a/b", "/metrics", "/al", ""] {
            assert_eq!(find(path), None, "{path}");
        }
    }
}
