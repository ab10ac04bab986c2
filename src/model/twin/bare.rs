//! The bare text of a body: without markup, and without the dateline an agency puts before it.
//!
//! Read only as far as twins are looked for, and only from HTML that was cleaned: an angle bracket
//! that is text stands there as a reference, so it needs no parser.

/// Elements within a line; all others end a clause.
const INLINE: [&str; 16] = [
    "a", "abbr", "b", "bdi", "code", "em", "font", "i", "mark", "s", "small", "span", "strong",
    "sub", "sup", "u",
];

/// The first so many characters of clean HTML without its tags. References are marks, not words.
pub(super) fn unmarked(html: &str, most: usize) -> String {
    let mut text = String::with_capacity(html.len().min(most * 3));
    let (mut left, mut rest) = (most, html);
    while let Some(c) = rest.chars().next().filter(|_| left > 0) {
        match c {
            '<' => {
                let length = tag_length(rest);
                if !INLINE.contains(&name_of(&rest[..length])) {
                    text.push('\n');
                }
                rest = &rest[length..];
                continue;
            }
            '&' => {
                let end = rest.bytes().take(10).position(|byte| byte == b';');
                let length = end.map_or(1, |end| end + 1);
                text.push(' ');
                rest = &rest[length..];
            }
            _ => {
                text.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
        left -= 1;
    }
    text
}

/// Up to the `>` that closes a tag; one in an attribute's value does not.
fn tag_length(html: &str) -> usize {
    let mut is_quoted = false;
    let end = html.bytes().position(|byte| {
        is_quoted ^= byte == b'"';
        byte == b'>' && !is_quoted
    });
    end.map_or(html.len(), |end| end + 1)
}

fn name_of(tag: &str) -> &str {
    let tag = tag.trim_start_matches(['<', '/']);
    &tag[..tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len())]
}

/// A text without what agencies put before it: `新华社北京5月3日电（记者张三）`, `某网12月8日消息，`,
/// `BEIJING, May 3 (Agency) -- `.
pub(super) fn without_dateline(text: &str) -> &str {
    const FIRST: usize = 40;
    let end = text.char_indices().nth(FIRST).map_or(text.len(), |(end, _)| end);
    let start = &text[..end];
    for sign in [") -- ", ") — ", ") - "] {
        if let Some((before, _)) = start.split_once(sign) {
            return &text[before.len() + sign.len()..];
        }
    }
    for sign in ["日电", "日讯", "日消息", "获悉", "报道"] {
        let Some((before, _)) = start.split_once(sign) else { continue };
        let after = &text[before.len() + sign.len()..];
        if before.contains(['，', '。', ',', '；']) || !after.starts_with(is_apart) {
            continue;
        }
        return without_reporter(after);
    }
    text
}

/// Whether a dateline may end before this.
fn is_apart(c: char) -> bool {
    c.is_whitespace() || matches!(c, '，' | ',' | '：' | ':' | '（' | '(' | '\u{A0}' | '&')
}

fn without_reporter(text: &str) -> &str {
    let text = text.trim_start_matches(|c: char| c.is_whitespace());
    let inside = text.strip_prefix(['（', '(']);
    let close = inside.and_then(|inside| inside.find(['）', ')']).map(|at| &inside[at..]));
    close.map_or(text, |close| &close[close.chars().next().map_or(0, char::len_utf8)..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_no_words_and_blocks_end_clauses() {
        let html = "<p>甲<b>乙</b>&amp;<a href=\"x?a>b\">丙</a></p><p>丁</p>";
        assert_eq!(unmarked(html, 100), "\n甲乙 丙\n\n丁\n");
        assert_eq!(unmarked(html, 2), "\n甲乙");
    }

    #[test]
    fn a_dateline_is_no_part_of_a_text() {
        for (text, bare) in [
            ("某社江岸5月3日电（记者 张三）水厂开工", "水厂开工"),
            ("某网12月8日消息，水厂开工", "，水厂开工"),
            ("RIVERSIDE, May 3 (Wire) -- The works open", "The works open"),
            ("水厂今日开工，某社5月3日电", "水厂今日开工，某社5月3日电"),
            ("本日电费上涨", "本日电费上涨"),
        ] {
            assert_eq!(without_dateline(text), bare);
        }
    }
}
