//! What stands at the start or end of a text: `【*】`, `（*）`, `丨快讯`.
//!
//! A star stands for any short text: one that holds none of the characters around the star, and
//! at the end of a text no sentence mark either, since a parenthesis with a whole sentence in it
//! is part of the article and not the name of an outlet (Q17).

/// A start or an end, perhaps with a star in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Affix {
    before: String,
    after: String,
    star: bool,
}

/// The longest text a star at the end stands for, in characters (Q17).
const SUFFIX_MOST: usize = 20;
/// The longest text a star at the start stands for; titles stand there.
const PREFIX_MOST: usize = 120;
const SENTENCE_MARKS: [char; 8] = ['。', '！', '？', '；', '，', '!', '?', ';'];

impl Affix {
    /// Reads an affix as it is written in the file.
    pub fn parse(written: &str) -> Result<Affix, String> {
        let (before, after) = written.split_once('*').unwrap_or((written, ""));
        let star = written.contains('*');
        if after.contains('*') {
            return Err("one star is enough".to_owned());
        }
        if written.is_empty() || (star && (before.is_empty() || after.is_empty())) {
            return Err(
                "this should be a text such as `（*）`, with something on either side of the star"
                    .to_owned(),
            );
        }
        Ok(Affix { before: before.to_owned(), after: after.to_owned(), star })
    }

    /// What the star stands for at the start of `text`, and what follows.
    pub fn split_start<'t>(&self, text: &'t str) -> Option<(&'t str, &'t str)> {
        let rest = text.trim_start().strip_prefix(&self.before)?;
        if !self.star {
            return Some(("", rest));
        }
        let (inside, rest) = rest.split_once(&self.after)?;
        let fits = self.is_plain(inside) && inside.chars().count() <= PREFIX_MOST;
        fits.then_some((inside.trim(), rest))
    }

    /// What the star stands for at the end of `text`, and what comes before.
    pub fn split_end<'t>(&self, text: &'t str) -> Option<(&'t str, &'t str)> {
        let text = text.trim_end();
        if !self.star {
            return text.strip_suffix(&self.before).map(|rest| ("", rest));
        }
        let (rest, inside) = text.strip_suffix(&self.after)?.rsplit_once(&self.before)?;
        let fits = self.is_plain(inside)
            && inside.chars().count() <= SUFFIX_MOST
            && !inside.contains(SENTENCE_MARKS)
            && !is_code(inside.trim());
        fits.then_some((inside.trim(), rest))
    }

    fn is_plain(&self, inside: &str) -> bool {
        !inside.trim().is_empty() && !inside.contains(&self.before) && !inside.contains(&self.after)
    }
}

/// Whether this is the code of a share, `600028` or `01548.HK`, which does stand at the end of a
/// sentence and is no outlet's name (Q21).
fn is_code(inside: &str) -> bool {
    let (digits, market) = inside.split_once('.').unwrap_or((inside, ""));
    digits.len() >= 4
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && market.bytes().all(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(affix: &str, text: &str, expected: Option<(&str, &str)>) {
        assert_eq!(Affix::parse(affix).unwrap().split_end(text), expected, "{text}");
    }

    fn start(affix: &str, text: &str, expected: Option<(&str, &str)>) {
        assert_eq!(Affix::parse(affix).unwrap().split_start(text), expected, "{text}");
    }

    #[test]
    fn q17_the_final_parenthesis_is_the_outlet() {
        end("（*）", "全市已调运化肥。（青禾证券报） ", Some(("青禾证券报", "全市已调运化肥。")));
        end("（*）", "全市已调运化肥。（青禾证券报）又及", None);
        end("（*）", "（注：本文系转载，不代表本站观点。）", None);
        end("（*）", "（一二三四五六七八九十一二三四五六七八九十一）", None);
        end("（*）", "空（）", None);
    }

    #[test]
    fn q18_the_same_in_half_width() {
        end("(*)", "双一千座。(中证看点)", Some(("中证看点", "双一千座。")));
        end("(*)", "甲(乙)(丙)", Some(("丙", "甲(乙)")));
    }

    #[test]
    fn q21_a_code_is_no_outlet() {
        end("（*）", "记者获悉，青禾石化（600028）", None);
        end("(*)", "青禾控股(01548.HK)", None);
        end("(*)", "涨了。(36氪)", Some(("36氪", "涨了。")));
    }

    #[test]
    fn a_title_in_front() {
        start("【*】", " 【青禾市春耕】全市", Some(("青禾市春耕", "全市")));
        start("【*】", "全市【青禾市春耕】", None);
        start("【*】", "【没有完", None);
    }

    #[test]
    fn fixed_text() {
        start("快讯：", "快讯：涨了", Some(("", "涨了")));
        end("-青禾网", "涨了-青禾网", Some(("", "涨了")));
    }

    #[test]
    fn mistakes_are_told() {
        for wrong in ["", "*", "（*", "*）", "a*b*c"] {
            assert!(Affix::parse(wrong).is_err(), "{wrong}");
        }
    }
}
