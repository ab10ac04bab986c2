//! What pages leave to their scripts, which nobody runs here: pictures that a script would load when
//! they come into view, and what stands in their place where there are no scripts.
//!
//! Works on the text before it is parsed. Nothing is made safe here; all of it is sanitised later.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem;
use regex::{Captures, Regex};

/// A picture's tag up to the attribute that holds its address; what `src` holds then is a placeholder.
static LATE: LazyLock<Regex> = LazyLock::new(|| {
    let names = "data-src|data-original|data-original-src|data-lazy-src|data-lazy|data-actualsrc|data-echo|zoomfile|file";
    let value = r#""[^"]*"|'[^']*'|[^\s"'>]+"#;
    Regex::new(&format!(r"(?i)<img((?:\s[^>]*?)?\s(?:{names})\s*=\s*({value}))"))
        .expect("a pattern")
});
static STAND_IN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?is)<noscript\b[^>]*>.*?</noscript\b[^>]*>").expect("a pattern")
});
static STAND_IN_TAG: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)</?noscript\b[^>]*>").expect("a pattern"));

/// The same HTML as it stands once its scripts have run, or never will.
pub(super) fn settled(html: &str) -> Cow<'_, str> {
    let mut html = Cow::Borrowed(html);
    let has = |html: &str, word: &[u8]| memmem::find(html.as_bytes(), word).is_some();
    let mut is_loaded = false;
    if has(&html, b"data-") || has(&html, b"file=") {
        let loaded = LATE.replace_all(&html, |found: &Captures<'_>| {
            let address = found[2].trim_matches(['"', '\'']).trim();
            let is_address = !address.is_empty() && !address.starts_with("data:");
            is_loaded |= is_address;
            // Of two attributes of one name the first counts (HTML, section 13.2.5.33).
            match is_address {
                true => format!("<img src={}{}", &found[2], &found[1]),
                false => found[0].to_owned(),
            }
        });
        if is_loaded {
            html = Cow::Owned(loaded.into_owned());
        }
    }
    if has(&html, b"noscript") || has(&html, b"NOSCRIPT") {
        // Beside pictures that are loaded now it holds the same ones again.
        if is_loaded {
            html = Cow::Owned(STAND_IN.replace_all(&html, "").into_owned());
        }
        html = Cow::Owned(STAND_IN_TAG.replace_all(&html, "").into_owned());
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, expected: &str) {
        assert_eq!(settled(html), expected);
    }

    #[test]
    fn pictures_loaded_late() {
        check(
            "<img data-src=\"https://p.example/a.jpg\" alt=x>",
            "<img src=\"https://p.example/a.jpg\" data-src=\"https://p.example/a.jpg\" alt=x>",
        );
        check(
            "<img src='/s.gif' data-original=/b.jpg>",
            "<img src=/b.jpg src='/s.gif' data-original=/b.jpg>",
        );
        check("<img src=a.jpg data-src=''>", "<img src=a.jpg data-src=''>");
        check("<p data-src=a.jpg>", "<p data-src=a.jpg>");
        check("<img data-profile=x src=a.jpg>", "<img data-profile=x src=a.jpg>");
    }

    #[test]
    fn what_stands_in_for_scripts() {
        check("a<noscript><img src=b></noscript>c", "a<img src=b>c");
        check("<img data-src=b><noscript><img src=b></noscript>", "<img src=b data-src=b>");
        check("a<NOSCRIPT>b", "ab");
    }
}
