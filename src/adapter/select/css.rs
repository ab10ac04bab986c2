//! CSS selectors, and in plain words what is wrong with one.

use scraper::Selector;
use scraper::error::SelectorErrorKind;

/// Reads a selector.
///
/// # Errors
/// What is wrong with it, to be put after its text.
pub fn read(text: &str) -> Result<Selector, String> {
    Selector::parse(text).map_err(|error| format!("is no CSS selector: {}", reason(&error)))
}

/// The crate's own words are for its developers.
fn reason(error: &SelectorErrorKind) -> &'static str {
    match error {
        SelectorErrorKind::EndOfLine => "it ends too soon; something in it is not closed",
        SelectorErrorKind::TooManyNestedBlocks => "it nests too deep",
        SelectorErrorKind::ExpectedColonOnPseudoElement
        | SelectorErrorKind::ExpectedIdentityOnPseudoElement => {
            "it asks for a pseudo-element, which no document holds"
        }
        SelectorErrorKind::UnexpectedSelectorParseError(_) => {
            "a part of it is missing, or means nothing in a document that is only read (such as `:hover`)"
        }
        _ => {
            "a character stands where none is expected; `p.class`, `#id` and `a[href]` are selectors"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_in_plain_words() {
        for (text, why) in [
            ("p[", "it ends too soon"),
            ("p >", "a part of it is missing"),
            ("a:hover", "a part of it is missing"),
            ("p::before", "a part of it is missing"),
            ("p{}", "a character stands"),
        ] {
            let said = read(text).expect_err(text);
            assert!(said.starts_with(&format!("is no CSS selector: {why}")), "{text}: {said}");
        }
    }
}
