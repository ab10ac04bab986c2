//! Titles, and what a summary owes to one: blanks around full-width punctuation, stamps left at the
//! end, headlines repeated in brackets, and a title made from the text when there is none.

use std::sync::LazyLock;

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::text::{PlainText, SafeHtml};

/// Longest title made from a text, in graphemes.
const INFERRED: usize = 40;
/// Longest title kept, in graphemes.
const LONGEST: usize = 500;

/// A headline in good order: no blank on either side of full-width punctuation, no stamp at its end.
pub(super) fn tidy(title: &PlainText) -> PlainText {
    static STAMP: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(.*\S)\s+\d{4}-\d{2}-\d{2} \d{1,2}:\d{2}(?::\d{2})?$")
            .expect("a valid pattern")
    });
    let title = title.as_str();
    let title =
        STAMP.captures(title).and_then(|groups| groups.get(1)).map_or(title, |kept| kept.as_str());
    PlainText::recall(cut(&without_loose_blanks(title), LONGEST))
}

fn without_loose_blanks(title: &str) -> String {
    let mut tidy = String::with_capacity(title.len());
    let mut chars = title.chars().peekable();
    while let Some(c) = chars.next() {
        let beside_wide = tidy.chars().next_back().is_some_and(is_wide_mark)
            || chars.peek().copied().is_some_and(is_wide_mark);
        if c != ' ' || !beside_wide {
            tidy.push(c);
        }
    }
    tidy
}

/// Full-width punctuation: it brings its own space.
fn is_wide_mark(c: char) -> bool {
    matches!(
        c,
        '，' | '。'
            | '、'
            | '；'
            | '：'
            | '？'
            | '！'
            | '（'
            | '）'
            | '《'
            | '》'
            | '〈'
            | '〉'
            | '「'
            | '」'
            | '『'
            | '』'
            | '【'
            | '】'
    )
}

/// Whether two texts say the same but for blanks and marks.
pub(super) fn same(one: &PlainText, other: &PlainText) -> bool {
    bare(one.as_str()).eq(bare(other.as_str()))
}

fn bare(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// A summary without the headline many wires put before it in 【】; other words in brackets stay.
pub(super) fn without_title(summary: PlainText, title: &PlainText) -> PlainText {
    let bracketed = summary.as_str().strip_prefix('【').and_then(|rest| rest.split_once('】'));
    match bracketed {
        Some((head, rest)) if !title.is_empty() && is_nearly(head, title.as_str()) => {
            PlainText::recall(rest.trim_start().to_owned())
        }
        _ => summary,
    }
}

/// Whether a headline is the title, give or take a few characters: nine in ten of their character
/// pairs are shared.
fn is_nearly(head: &str, title: &str) -> bool {
    let (head, title): (Vec<char>, Vec<char>) = (bare(head).collect(), bare(title).collect());
    if head.is_empty() || title.is_empty() {
        return false;
    }
    let pairs = |text: &[char]| {
        text.windows(2).map(|pair| (pair[0], pair[1])).collect::<std::collections::HashSet<_>>()
    };
    let (one, other) = (pairs(&head), pairs(&title));
    head == title || one.intersection(&other).count() * 20 >= (one.len() + other.len()) * 9
}

/// A title for an article without one: the first sentence of its summary, else of its body's first
/// block with words.
pub(super) fn infer(summary: Option<&PlainText>, content: Option<&SafeHtml>) -> Option<PlainText> {
    let text = summary.cloned().or_else(|| content.and_then(SafeHtml::first_words))?;
    let text = text.as_str();
    let end = text.char_indices().find(|(at, c)| ends_sentence(*c, &text[*at..]));
    let sentence = match end {
        Some((at, _)) if at > 0 => &text[..at],
        _ => text,
    };
    let title = cut(sentence.trim_end(), INFERRED);
    (!title.is_empty()).then(|| PlainText::recall(title))
}

fn ends_sentence(c: char, from: &str) -> bool {
    matches!(c, '。' | '！' | '？' | '；')
        || (matches!(c, '.' | '!' | '?') && from[1..].starts_with(' '))
}

/// At most so many graphemes, an ellipsis in place of what was cut off.
pub(crate) fn cut(text: &str, most: usize) -> String {
    start(text, most).unwrap_or_else(|| text.to_owned())
}

/// The start of a text of more than so many graphemes, an ellipsis as the last of them; none of a shorter one.
pub(super) fn start(text: &str, most: usize) -> Option<String> {
    // No grapheme is shorter than a character, and finding characters is far cheaper.
    text.char_indices().nth(most)?;
    let mut graphemes = text.grapheme_indices(true);
    let (end, _) = graphemes.nth(most - 1)?;
    graphemes.next()?;
    Some(format!("{}…", text[..end].trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> PlainText {
        PlainText::recall(text.to_owned())
    }

    fn check_title(title: &str, expected: &str) {
        assert_eq!(tidy(&text(title)).as_str(), expected);
    }

    fn check_summary(summary: &str, title: &str, expected: &str) {
        assert_eq!(without_title(text(summary), &text(title)).as_str(), expected);
    }

    #[test]
    fn q10_no_blank_beside_full_width_punctuation() {
        check_title("江岸 ：全方位发力", "江岸：全方位发力");
        check_title("《甲》 乙 ！", "《甲》乙！");
    }

    #[test]
    fn q11_a_blank_as_a_comma_stays() {
        check_title("次新股活跃 三羊马上演", "次新股活跃 三羊马上演");
    }

    #[test]
    fn q12_other_marks_stay_as_they_are() {
        for title in ["“甲”：1117%-1233%", "乙(01548.HK) TOP20", "A/B 100%"] {
            check_title(title, title);
        }
    }

    #[test]
    fn a_stamp_at_the_end_is_no_part_of_the_title() {
        check_title("测试标题 2026-08-03 09:24:17", "测试标题");
        check_title("2026-08-03 09:24:17", "2026-08-03 09:24:17");
    }

    #[test]
    fn q16_the_title_in_brackets_goes() {
        check_summary("【甲乙丙丁】戊己。", "甲乙丙丁", "戊己。");
        check_summary("【甲乙，丙丁】 戊己。", "甲乙丙丁", "戊己。");
    }

    #[test]
    fn w15_other_brackets_stay() {
        check_summary("【快讯】戊己。", "甲乙丙丁", "【快讯】戊己。");
        check_summary("戊己】庚【辛】", "甲乙丙丁", "戊己】庚【辛】");
        check_summary("【甲乙丙丁】戊【己】庚", "甲乙丙丁", "戊【己】庚");
    }

    #[test]
    fn a_text_is_cut_between_graphemes() {
        let family = "👩\u{200D}👩\u{200D}👧";
        assert_eq!(cut("甲乙丙", 3), "甲乙丙");
        assert_eq!(cut("甲乙丙丁", 3), "甲乙…");
        assert_eq!(cut(&family.repeat(3), 3), family.repeat(3));
        assert_eq!(cut(&family.repeat(4), 3), family.repeat(2) + "…");
    }

    #[test]
    fn q13_a_title_is_made_from_the_first_sentence() {
        assert_eq!(
            infer(Some(&text("新品将于5月上市。首批三款。")), None).unwrap().as_str(),
            "新品将于5月上市"
        );
        let long = "长".repeat(60);
        assert_eq!(infer(Some(&text(&long)), None).unwrap().as_str().chars().count(), INFERRED);
        assert_eq!(infer(None, None), None);
    }
}
