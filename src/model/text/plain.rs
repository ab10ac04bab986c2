//! Words without markup: finding out whether there is any, taking it away, folding blanks.

use std::cell::{Cell, RefCell};

use super::clean;
use super::tag::Attributes;
use html5ever::buffer_queue::BufferQueue;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::{Rawtext, Rcdata, ScriptData};
use html5ever::tokenizer::{TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

/// Whether a name in angle brackets means markup; others, as in `List<String>` or
/// `<蒙特利尔议定书>`, are words.
fn is_element(name: &str) -> bool {
    matches!(
        name,
        "a" | "abbr"
            | "acronym"
            | "address"
            | "applet"
            | "area"
            | "article"
            | "aside"
            | "audio"
            | "b"
            | "base"
            | "bdi"
            | "bdo"
            | "bgsound"
            | "big"
            | "blink"
            | "blockquote"
            | "body"
            | "br"
            | "button"
            | "canvas"
            | "caption"
            | "center"
            | "cite"
            | "code"
            | "col"
            | "colgroup"
            | "data"
            | "dd"
            | "del"
            | "details"
            | "dfn"
            | "dialog"
            | "dir"
            | "div"
            | "dl"
            | "dt"
            | "em"
            | "embed"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "font"
            | "footer"
            | "form"
            | "frame"
            | "frameset"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "head"
            | "header"
            | "hgroup"
            | "hr"
            | "html"
            | "i"
            | "iframe"
            | "image"
            | "img"
            | "input"
            | "ins"
            | "isindex"
            | "kbd"
            | "keygen"
            | "label"
            | "layer"
            | "legend"
            | "li"
            | "link"
            | "listing"
            | "main"
            | "map"
            | "mark"
            | "marquee"
            | "math"
            | "menu"
            | "meta"
            | "meter"
            | "multicol"
            | "nav"
            | "nobr"
            | "noembed"
            | "noframes"
            | "noscript"
            | "object"
            | "ol"
            | "optgroup"
            | "option"
            | "p"
            | "param"
            | "picture"
            | "plaintext"
            | "portal"
            | "pre"
            | "progress"
            | "q"
            | "rb"
            | "rp"
            | "rt"
            | "rtc"
            | "ruby"
            | "s"
            | "samp"
            | "script"
            | "search"
            | "section"
            | "select"
            | "slot"
            | "small"
            | "source"
            | "span"
            | "strike"
            | "strong"
            | "style"
            | "sub"
            | "summary"
            | "sup"
            | "svg"
            | "table"
            | "tbody"
            | "td"
            | "template"
            | "textarea"
            | "tfoot"
            | "th"
            | "thead"
            | "time"
            | "title"
            | "tr"
            | "track"
            | "tt"
            | "u"
            | "ul"
            | "var"
            | "video"
            | "wbr"
            | "xmp"
    )
}

/// Whether an element of this name breaks the line, so that the words on either side of its edge
/// never run together.
pub(in crate::model) fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "br"
            | "caption"
            | "center"
            | "dd"
            | "details"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hr"
            | "li"
            | "main"
            | "nav"
            | "ol"
            | "option"
            | "p"
            | "pre"
            | "section"
            | "summary"
            | "table"
            | "tbody"
            | "td"
            | "tfoot"
            | "th"
            | "thead"
            | "tr"
            | "ul"
    )
}

/// Whether a text that says nothing of its kind is markup: it holds a tag of a known element, a
/// comment, or a character reference. An element that is only named (`Using <div>s`) is a word,
/// unless the text starts with it.
pub(in crate::model) fn has_markup(raw: &str) -> bool {
    raw.trim_start().strip_prefix('<').is_some_and(is_any_tag) || has_markup_in_line(raw)
}

/// The same of a text of one line, which may start with the name of an element, too.
pub(in crate::model) fn has_markup_in_line(raw: &str) -> bool {
    // Nobody writes more of them in words.
    const BRACKETS: usize = 1_000;
    let (bytes, mut brackets) = (raw.as_bytes(), 0);
    memchr::memchr2_iter(b'<', b'&', bytes).any(|at| match bytes[at] {
        b'&' => is_reference(&bytes[at + 1..]),
        _ => {
            brackets += 1;
            brackets > BRACKETS || is_tag(&raw[at + 1..])
        }
    })
}

fn is_reference(after: &[u8]) -> bool {
    let end = after.iter().take(32).position(|&b| b == b';');
    end.is_some_and(|end| {
        end > 0
            && after[..end]
                .iter()
                .enumerate()
                .all(|(i, b)| b.is_ascii_alphanumeric() || (i == 0 && *b == b'#'))
    })
}

fn is_any_tag(after: &str) -> bool {
    tag(after).is_some()
}

/// Whether a tag does more than name an element: it ends one, has attributes, or opens what need not
/// be closed or must not be opened.
fn is_tag(after: &str) -> bool {
    let Some((name, rest)) = tag(after) else { return false };
    after.starts_with(['/', '!'])
        || !is_element(&name)
        || attributes(rest).any(|(_, value)| value.is_some())
        || (rest.contains('>') && !is_only_named(&name))
}

/// The name of a known element's tag, or of one that does something, and what follows it.
fn tag(after: &str) -> Option<(String, &str)> {
    if after.starts_with("!--") {
        return Some((String::new(), ""));
    }
    let after = after.strip_prefix('/').unwrap_or(after);
    if !after.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let end = after.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'))?;
    let (name, rest) = (&after[..end], &after[end..]);
    let name = if name.len() <= 16 { name.to_ascii_lowercase() } else { String::new() };
    let does =
        || attributes(rest).zip(1..).any(|(one, count)| count == ATTRIBUTES || does_something(one));
    (is_element(&name) || does()).then_some((name, rest))
}

/// Attributes of a tag that are looked at; no words have so many.
const ATTRIBUTES: usize = 64;

fn attributes(rest: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    const INSIDE: usize = 64 << 10;
    Attributes::of(&rest[..rest.floor_char_boundary(INSIDE)]).take(ATTRIBUTES)
}

/// Whether an element's bare tag, never closed, is rather its name in a sentence.
fn is_only_named(name: &str) -> bool {
    !matches!(
        name,
        // Never closed, or often not.
        "area" | "base" | "basefont" | "bgsound" | "br" | "col" | "dd" | "dt" | "embed" | "frame" | "hr"
            | "img" | "input" | "isindex" | "keygen" | "li" | "link" | "meta" | "option" | "p" | "param"
            | "source" | "tbody" | "td" | "tfoot" | "th" | "thead" | "tr" | "track" | "wbr"
            // What browsers run, load or take the rest of the text for.
            | "applet" | "audio" | "canvas" | "form" | "frameset" | "iframe" | "image" | "listing" | "math"
            | "noembed" | "noframes" | "noscript" | "object" | "plaintext" | "portal" | "script"
            | "select" | "style" | "svg" | "template" | "textarea" | "title" | "video" | "xmp"
    )
}

/// Whether an attribute runs or leads somewhere, whatever tag it is in; nobody writes that in words.
fn does_something((name, value): (&str, Option<&str>)) -> bool {
    let name = name.get(..16).unwrap_or(name).to_ascii_lowercase();
    let runs = name.len() > 4 && name.starts_with("on");
    value.is_some() && (runs || matches!(name.as_str(), "href" | "src" | "style" | "srcdoc"))
}

/// The words of a piece of HTML: references resolved once, scripts and styles left out, a blank where a block ends.
pub(in crate::model) fn words(html: &str) -> String {
    if memchr::memchr2(b'<', b'&', html.as_bytes()).is_none() {
        return html.to_owned();
    }
    let sink = Words {
        text: RefCell::new(String::with_capacity(html.len())),
        mute: Cell::new(false),
        is_open: false,
    };
    tokenized(html, sink)
}

/// The same of a text that names elements and closes none: only scripts and styles take what follows.
pub(in crate::model) fn words_of_open(html: &str) -> String {
    let text = RefCell::new(String::with_capacity(html.len()));
    tokenized(html, Words { text, mute: Cell::new(false), is_open: true })
}

fn tokenized(html: &str, sink: Words) -> String {
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(&clean::with_few_attributes(html)));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.text.into_inner()
}

struct Words {
    text: RefCell<String>,
    mute: Cell<bool>,
    /// Whether elements that hold no markup hold words like any other.
    is_open: bool,
}

impl TokenSink for Words {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::CharacterTokens(text) if !self.mute.get() => {
                self.text.borrow_mut().push_str(&text)
            }
            Token::TagToken(tag) => {
                if is_block(&tag.name) {
                    self.text.borrow_mut().push(' ');
                }
                let is_code = matches!(&*tag.name, "script" | "style");
                let opens = tag.kind == TagKind::StartTag
                    && !tag.self_closing
                    && (is_code || !self.is_open);
                self.mute.set(
                    opens
                        && matches!(
                            &*tag.name,
                            "script" | "style" | "iframe" | "noembed" | "noframes" | "xmp"
                        ),
                );
                if opens {
                    return match &*tag.name {
                        "script" => TokenSinkResult::RawData(ScriptData),
                        "style" | "iframe" | "noembed" | "noframes" | "xmp" => {
                            TokenSinkResult::RawData(Rawtext)
                        }
                        "textarea" | "title" => TokenSinkResult::RawData(Rcdata),
                        _ => TokenSinkResult::Continue,
                    };
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// Folds every run of blanks, U+3000 and line breaks among them, to one blank, trims, and drops what
/// XML 1.0 cannot carry (section 2.2) or no one can see (zero-width blanks, byte order marks).
pub(in crate::model) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let (mut rest, mut blank) = (text, false);
    loop {
        let solid = solid(rest);
        if solid > 0 {
            if blank && !folded.is_empty() {
                folded.push(' ');
            }
            blank = false;
            folded.push_str(&rest[..solid]);
        }
        let Some(c) = rest[solid..].chars().next() else { return folded };
        blank |= c.is_whitespace();
        rest = &rest[solid + c.len_utf8()..];
    }
}

/// How long the start of a text is in which every character can be seen and none is a blank.
pub(in crate::model) fn solid(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += match byte {
            0x21..=0x7e => 1,
            // U+4000 to U+9FFF: nearly all of Chinese, and nothing else.
            0xe4..=0xe9 => 3,
            _ => match text[at..].chars().next() {
                Some(c) if !c.is_whitespace() && is_visible(c) => c.len_utf8(),
                _ => break,
            },
        };
    }
    at
}

/// Whether XML 1.0 can carry the character and people can see it.
pub(in crate::model) fn is_visible(c: char) -> bool {
    is_xml(c) && !matches!(c, '\u{200B}' | '\u{2060}' | '\u{FEFF}' | '\u{7F}'..='\u{9F}')
}

/// Whether XML 1.0 can carry the character (section 2.2, `Char`).
pub fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// A text without the characters XML 1.0 cannot carry.
pub(in crate::model) fn xml_only(text: String) -> String {
    let is_control = |byte: u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
    let is_clean = !text.bytes().any(is_control) && !text.contains(['\u{FFFE}', '\u{FFFF}']);
    if is_clean { text } else { text.chars().filter(|c| is_xml(*c)).collect() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn folding_goes_character_by_character(text in "[a-c中　\u{a0}\u{200b}\u{feff}\u{fffe}\u{1}\u{85} \n、😀é]{0,24}") {
            let mut folded = String::new();
            let mut blank = false;
            for c in text.chars() {
                if c.is_whitespace() {
                    blank = true;
                } else if is_visible(c) {
                    if blank && !folded.is_empty() {
                        folded.push(' ');
                    }
                    blank = false;
                    folded.push(c);
                }
            }
            prop_assert_eq!(fold(&text), folded);
            let only: String = text.chars().filter(|c| is_xml(*c)).collect();
            prop_assert_eq!(xml_only(text), only);
        }
    }

    fn check(html: &str, expected: &str) {
        assert_eq!(fold(&words(html)), expected);
    }

    #[test]
    fn q14_references_are_resolved_once() {
        check("A&amp;amp;B &lt;60℃", "A&amp;B <60℃");
    }

    #[test]
    fn q28_inline_edges_add_no_blank() {
        check("(C<span>PPI</span>B)", "(CPPIB)");
    }

    #[test]
    fn block_edges_part_words() {
        check("<p>甲</p><p>乙</p>a<br>b", "甲 乙 a b");
    }

    #[test]
    fn scripts_are_no_words() {
        check("a<script>if (1<2) alert('</b>')</script>b<style>p{}</style>", "ab");
    }

    #[test]
    fn only_known_elements_and_references_are_markup() {
        for markup in [
            "<details open>x</details>",
            "<x onclick=y()>",
            "<weird/onload=x>",
            "<y href='z'>",
            "<b>x</b>",
            "a<br>",
            "A&amp;B",
            "x &#20013; y",
            "<!-- x --> y",
            "</p> z",
            "First.<p>Second.",
            "1 <script>x",
            "x <a href=y>",
            "<x-y onmouseover=z>x",
            "<svg:svg onload=z>",
            "<x\u{e9} onclick=z>",
            "<x a='>' onclick=z>",
            "<img src=x onerror=z//",
        ] {
            assert!(has_markup(markup) && has_markup_in_line(markup), "{markup}");
        }
        assert!(has_markup_in_line(&format!("<x {}onclick=z>", "a ".repeat(80))));
        for named in
            ["Using <div>s", "Option<Time>", "if a<b && c>d", "<vector> & <map>", "<a> or <button>"]
        {
            assert!(!has_markup_in_line(named), "{named}");
        }
        assert!(has_markup("<strong>Cut off bef") && !has_markup("Use <strong> with"));
        for words in
            ["温度<60℃", "List<String>", "<蒙特利尔议定书>", "AT&T", "a < b > c", "&;", "1 <b"]
        {
            assert!(!has_markup(words), "{words}");
        }
    }

    #[test]
    fn t_17_what_xml_cannot_carry_is_dropped() {
        assert_eq!(fold("a\u{0}\u{8}b\u{FFFE}\u{200B}c \u{3000}\n d"), "abc d");
    }
}
