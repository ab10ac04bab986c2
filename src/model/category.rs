//! `Category`: a shelf with a name and a slug, made once from the name and kept.
//!
//! Which slugs are taken, and keeping the one that was given, is the store's.

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use super::pinyin;

/// A category the file names, beyond what its name alone would give.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Category {
    /// The name people read.
    pub name: String,
    /// `[a-z0-9-]`; made from the name when absent.
    pub slug: Option<String>,
    /// The title of its feed, when not the name.
    pub title: Option<String>,
    /// A sentence about it.
    pub description: Option<String>,
    /// BCP 47 language tag.
    pub language: Option<String>,
    /// Slugs it was known by; they answer 308.
    pub aliases: Vec<String>,
}

/// The longest slug: it is also the name of a file in the static site.
pub const LONGEST_SLUG: usize = 64;

/// What makes two names one category: NFKC, case folded, blanks folded.
pub fn folded(name: &str) -> String {
    let lower: String = name.nfkc().flat_map(char::to_lowercase).collect();
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Makes the slug of a category: `[a-z0-9-]`, at most 64 characters, none of them a `-` at
/// either end.
///
/// The reading of the name where that is free and fits. A longer one is cut between two
/// syllables and marked with eight digits of a hash, a name without any reading is `c-` and the
/// hash, and one whose slug is `taken` by another name gets four digits, more when that is taken
/// too. The hash is of the folded name, so the same name gets the same slug on every machine.
pub fn slug(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let parts = pinyin::parts(name);
    let length: usize = parts.iter().map(String::len).sum();
    let digits: &[usize] = match length {
        0 => &[8, 16, 32],
        1..=LONGEST_SLUG => &[0, 4, 8, 16, 32],
        _ => &[8, 16, 32],
    };
    let hash = hash(name);
    let mut slugs = digits.iter().map(|digits| marked(&parts, &hash[..*digits]));
    // Two names that share 32 digits of SHA-256 do not exist.
    slugs.find(|slug| !taken(slug)).unwrap_or_else(|| marked(&parts, &hash[..32]))
}

/// As many parts as leave room for the mark, and the mark.
fn marked(parts: &[String], mark: &str) -> String {
    match (parts, mark) {
        ([], _) => format!("c-{mark}"),
        (_, "") => parts.concat(),
        _ => format!("{}-{mark}", cut(parts, LONGEST_SLUG - 1 - mark.len())),
    }
}

/// The parts that fit into `room`; a first one that is longer by itself is cut anywhere.
fn cut(parts: &[String], room: usize) -> String {
    let mut kept = String::new();
    for part in parts {
        if kept.len() + part.len() > room {
            break;
        }
        kept += part;
    }
    match kept.trim_end_matches('-') {
        "" => parts[0][..room].to_owned(),
        kept => kept.to_owned(),
    }
}

fn hash(name: &str) -> String {
    let digest = Sha256::digest(folded(name).as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: &str) {
        assert_eq!(slug(name, |_| false), expected, "{name}");
    }

    #[test]
    fn is_the_reading_of_the_name() {
        check("中国市场监管新闻网", "zhongguoshichangjianguanxinwenwang");
    }

    #[test]
    fn spellings_that_differ_in_case_or_width_are_one_category() {
        assert_eq!(folded("TechWeb"), folded("Techweb"));
        assert_eq!(folded("ＴｅｃｈＷｅｂ"), folded("techweb"));
        assert_eq!(folded(" 21世纪经济报道\u{3000}21财经APP"), "21世纪经济报道 21财经app");
    }

    #[test]
    fn names_that_mean_different_outlets_are_two_categories() {
        assert_ne!(folded("中新网"), folded("中信网"));
    }

    #[test]
    fn w5_the_second_of_two_homophones_gets_a_suffix() {
        let first = slug("中新网", |_| false);
        let second = slug("中信网", |slug| slug == first);
        assert_eq!(first, "zhongxinwang");
        assert!(second.starts_with("zhongxinwang-"), "{second}");
        assert_eq!(second.len(), first.len() + 5);
    }

    #[test]
    fn a_suffix_is_the_same_however_often_it_is_asked_and_however_the_name_is_spelt() {
        let taken = |slug: &str| slug == "techweb";
        assert_eq!(slug("TechWeb", taken), slug("Ｔechweb ", taken));
    }

    #[test]
    fn a_suffix_grows_while_it_is_taken() {
        let short = slug("中信网", |slug| slug == "zhongxinwang");
        let long = slug("中信网", |slug| slug == "zhongxinwang" || slug == short);
        assert!(long.starts_with(&short), "{long}");
        assert_eq!(long.len(), short.len() + 4);
    }

    #[test]
    fn a_suffix_ends_growing_when_everything_is_taken() {
        assert_eq!(slug("中信网", |_| true).len(), "zhongxinwang-".len() + 32);
    }

    #[test]
    fn a_name_without_a_reading_is_its_hash() {
        for name in ["", "…", "🎉", "Ελλάδα"] {
            let slug = slug(name, |_| false);
            let digits = slug.strip_prefix("c-").unwrap();
            assert_eq!(digits.len(), 8, "{slug}");
            assert!(digits.bytes().all(|digit| digit.is_ascii_hexdigit()), "{slug}");
        }
        assert_ne!(slug("🎉", |_| false), slug("🎈", |_| false));
    }

    #[test]
    fn a_long_name_is_cut_between_syllables() {
        let name = "中国".repeat(12);
        check(&name, &format!("{}-{}", "zhongguo".repeat(6) + "zhong", &hash(&name)[..8]));
    }

    #[test]
    fn a_long_name_keeps_no_dash_before_the_hash() {
        let name = "a".repeat(54) + " 中国市场";
        check(&name, &format!("{}-{}", "a".repeat(54), &hash(&name)[..8]));
    }

    #[test]
    fn a_long_run_without_syllables_is_cut_anywhere() {
        let name = "x".repeat(200);
        check(&name, &format!("{}-{}", "x".repeat(55), &hash(&name)[..8]));
    }

    #[test]
    fn sixty_four_characters_are_not_too_long() {
        check(&"x".repeat(64), &"x".repeat(64));
    }

    #[test]
    fn t_23_a_slug_is_a_harmless_file_name() {
        let long = "长".repeat(300);
        let names = [
            "../x",
            "..\\x",
            "%2e%2e%2f",
            "a/b",
            "/etc",
            ".",
            "..",
            "CON ",
            "x\0y",
            "a\nb",
            &long,
            "Ａ Ｂ",
            "e\u{301}",
            "İstanbul",
            "ﬁnanz",
            "①②",
            "㈱新闻",
        ];
        for name in names {
            let slug = slug(name, |_| false);
            assert!((1..=LONGEST_SLUG).contains(&slug.len()), "{name:?} → {slug}");
            assert!(!slug.starts_with('-') && !slug.ends_with('-'), "{name:?} → {slug}");
            let harmless = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
            assert!(slug.bytes().all(harmless), "{name:?} → {slug}");
        }
    }
}
