//! How deep and how large the tree of a body could be, told before any tree is built (T-16): a parser
//! needs time and stack by depth.
//!
//! It reads tags as browsers do, but builds nothing and repairs nothing.

use std::borrow::Cow;

use super::tag::Attributes;

/// Deepest nesting a body may have; deeper ones are reduced to their words. DOMPurify's figure.
const DEPTH: usize = 255;
/// Most tags a body may have, whatever opens like one included.
const TAGS: usize = 50_000;

/// Whether the tree of this HTML could be deeper or larger than we build.
///
/// Counts on the safe side: an end tag closes what it would close in a browser or less, and a
/// formatting element stays open until its own end tag, since a browser opens it again in every
/// paragraph that follows (HTML, section 13.2.4.3). So the count is never below the tree's depth.
pub fn is_too_deep(html: &str) -> bool {
    let mut open = OpenElements::default();
    let mut tags = 0;
    // Up to where what looks like an end tag is none, since it stands in a value or a script; and up to
    // where there is a comment.
    let (mut hidden, mut passed) = (0, 0);
    for at in memchr::memchr_iter(b'<', html.as_bytes()) {
        if at < passed {
            continue;
        }
        tags += 1;
        let after = &html[at + 1..];
        let is_hidden = at < hidden;
        if !is_hidden {
            if let Some(rest) = after_comment(after) {
                passed = html.len() - rest.len();
                continue;
            }
            hidden = html.len() - after_hidden(after, &open).len();
        }
        let (ends, after) = after.strip_prefix('/').map_or((false, after), |after| (true, after));
        if tags > TAGS {
            return true;
        }
        if !after.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let name = tag_name(after);
        match ends {
            true if is_hidden => {}
            true => open.close(&name),
            false => open.open(name),
        }
        if open.names.len() > DEPTH {
            return true;
        }
    }
    false
}

/// What follows a comment, seen from behind its `<` (HTML, sections 13.2.5.43 to 13.2.5.51).
fn after_comment(after: &str) -> Option<&str> {
    let comment = after.strip_prefix("!--")?;
    let at_once = comment.strip_prefix('>').or_else(|| comment.strip_prefix("->"));
    let ends = |at: &usize| comment[..*at].ends_with("--") || comment[..*at].ends_with("--!");
    let end = || memchr::memchr_iter(b'>', comment.as_bytes()).find(ends);
    Some(at_once.unwrap_or_else(|| end().map_or("", |end| &comment[end + 1..])))
}

/// What follows the place up to which no end tag counts, seen from behind a `<`: a tag with its values,
/// what a script or the like holds. Too much is hidden rather than too little.
fn after_hidden<'h>(after: &'h str, open: &OpenElements<'_>) -> &'h str {
    let past = |from: &'static str, to: &str| {
        let rest = after.strip_prefix(from)?;
        Some(rest.find(to).map_or("", |end| &rest[end + to.len()..]))
    };
    let bogus = || past("!", ">").or_else(|| past("?", ">"));
    if let Some(rest) = past("![CDATA[", "]]>").or_else(bogus) {
        return rest;
    }
    let (ends, inner) = after.strip_prefix('/').map_or((false, after), |inner| (true, inner));
    if !inner.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return if ends { past("/", ">").unwrap_or("") } else { after };
    }
    let name = tag_name(inner);
    let rest = Attributes::of(&inner[name.len()..]).after();
    if ends || !holds_no_markup(&name) {
        return rest;
    }
    // In these a browser reads on in another way.
    if open.names.iter().any(|name| matches!(&**name, "svg" | "math" | "select")) {
        return "";
    }
    let tags = |text: &'h str| memchr::memchr_iter(b'<', text.as_bytes()).map(|at| &text[at + 1..]);
    let names = |after: &str| tag_name(after) == name;
    let ends = |after: &&str| after.strip_prefix('/').is_some_and(names);
    let Some(end) = tags(rest).find(ends) else { return "" };
    let end = rest.len() - end.len() - 1;
    // In a script, a comment with a script in it can hold the end tag (HTML, section 13.2.5.26).
    let comment = rest[..end].split_once("<!--").filter(|_| name == "script");
    let is_double = comment.is_some_and(|(_, comment)| tags(comment).any(names));
    if is_double { "" } else { &rest[end..] }
}

/// Whether what an element holds is no markup to a browser.
fn holds_no_markup(name: &str) -> bool {
    matches!(
        name,
        "script"
            | "style"
            | "textarea"
            | "title"
            | "xmp"
            | "iframe"
            | "noembed"
            | "noframes"
            | "plaintext"
    )
}

/// Whether an element has no end tag; the name is in lower case (HTML section 13.1.2, and those of old).
pub fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "param"
            | "source"
            | "track"
            | "wbr"
    )
}

/// Elements a browser opens again in what follows.
fn is_formatting(name: &str) -> bool {
    matches!(
        name,
        "a" | "b"
            | "big"
            | "code"
            | "em"
            | "font"
            | "i"
            | "nobr"
            | "s"
            | "small"
            | "strike"
            | "strong"
            | "tt"
            | "u"
    )
}

/// Elements end tags do not reach across.
fn is_scope(name: &str) -> bool {
    matches!(
        name,
        "applet"
            | "button"
            | "caption"
            | "html"
            | "marquee"
            | "object"
            | "table"
            | "td"
            | "template"
            | "th"
            | "svg"
            | "math"
    )
}

fn tag_name(after: &str) -> Cow<'_, str> {
    let end = after.find(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>');
    // No element has a longer name; the rest of a longer one tells nothing.
    let name = &after[..after.floor_char_boundary(end.unwrap_or(after.len()).min(32))];
    if name.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// The elements open at a place, as far as a bound on depth asks.
#[derive(Default)]
struct OpenElements<'h> {
    names: Vec<Cow<'h, str>>,
    /// How many of them end tags do not reach across.
    scopes: usize,
}

impl<'h> OpenElements<'h> {
    fn open(&mut self, name: Cow<'h, str>) {
        let ends_by_itself =
            matches!(&*name, "p" | "li" | "dd" | "dt" | "tr" | "td" | "th" | "option");
        let is_repeated = ends_by_itself && self.names.last() == Some(&name);
        if !is_repeated && !is_void(&name) {
            self.scopes += usize::from(is_scope(&name));
            self.names.push(name);
        }
    }

    fn close(&mut self, name: &str) {
        let Some(found) = self.names.iter().rposition(|open| open == name) else { return };
        if is_formatting(name) {
            self.names.remove(found);
            return;
        }
        let is_reached =
            self.scopes == 0 || !self.names[found + 1..].iter().any(|between| is_scope(between));
        if is_reached {
            let mut at = found;
            while at < self.names.len() {
                match is_formatting(&self.names[at]) {
                    true => at += 1,
                    false => {
                        let closed = self.names.remove(at);
                        self.scopes -= usize::from(is_scope(&closed));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_16_end_tags_that_are_none_close_nothing() {
        for piece in [
            "<div title=\"</div>\">",
            "<div a\" b=\"></div>\">",
            "<div><!--</div>-->",
            "<div><!--></div--><!-- </div>-->",
            "<div><textarea></div></textarea>",
            "<div><script><!--<script></script></div>--></script>",
            "<div><!x </div>",
            "<div></ </div>",
            "<svg><g><![CDATA[</g></svg>]]>",
            "<svg><g><style><!--</style></g></svg>-->",
            "<div><select><xmp><!--</xmp></select></div>--><input>",
        ] {
            assert!(is_too_deep(&piece.repeat(300)), "{piece}");
        }
        let word = format!("<!--[if mso]><xml>{}</xml><![endif]-->", "<w:Style/>".repeat(400));
        assert!(!is_too_deep(&word));
        let old = "<div><script><!-- document.write('<p>'); //--></script><p>x</p></div>";
        assert!(!is_too_deep(&old.repeat(100)));
        let sound = "<div title=\"a > b\"><!-- c --><p>x</p><script>if (a<b) c()</script></div>";
        assert!(!is_too_deep(&sound.repeat(300)));
    }

    #[test]
    fn t_16_formatting_left_open_counts_in_every_paragraph() {
        let html: String = (0..2000).map(|n| format!("<p><b id={n}>x</p>")).collect();
        assert!(is_too_deep(&html));
        assert!(!is_too_deep(&"<p><b>x</b></p>".repeat(2000)));
    }

    #[test]
    fn paragraphs_left_open_are_not_deep() {
        assert!(!is_too_deep(&"<p>a".repeat(1000)));
        assert!(!is_too_deep(&"<LI>a<br>".repeat(1000)));
    }
}
