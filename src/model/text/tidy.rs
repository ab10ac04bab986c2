//! Good order in HTML that is already safe: no stray blanks, no empty blocks, no indents made of
//! U+3000, pictures without meaningless captions.
//!
//! Works on what the sanitiser wrote, which is canonical: tags well nested, attribute values in
//! double quotes, `<` and `>` never raw in text. Changes nothing a reader would miss, and nothing
//! when run again.

use super::{picture, plain};

/// HTML in order.
pub(super) struct Tidy {
    pub(super) html: String,
    /// Whether a parser would read it as it is written. Elements can come to stand in a tree where no
    /// text could put them (a heading in a heading); written out, they are read in another way.
    pub(super) is_stable: bool,
}

/// Puts HTML the sanitiser wrote in order.
pub(super) fn tidy(html: &str) -> Tidy {
    let mut page = Page::with_capacity(html.len());
    let mut rest = html;
    while !rest.is_empty() {
        let text = memchr::memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
        page.text(&rest[..text]);
        rest = &rest[text..];
        let tag = tag_length(rest);
        page.tag(&rest[..tag]);
        rest = &rest[tag..];
    }
    page.finish()
}

/// The length of the tag `html` starts with; `>` inside quotes does not end it.
fn tag_length(html: &str) -> usize {
    let mut quoted = false;
    for (at, byte) in html.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return at + 1,
            _ => {}
        }
    }
    html.len()
}

/// Blanks at the edge of a line: whitespace, U+3000 and no-break spaces as the serialiser writes them.
fn trim_start(text: &str) -> &str {
    let mut text = text;
    loop {
        let shorter = text.trim_start();
        let shorter = shorter.strip_prefix("&nbsp;").unwrap_or(shorter);
        if shorter.len() == text.len() {
            return text;
        }
        text = shorter;
    }
}

fn trim_end(text: &str) -> &str {
    let mut text = text;
    loop {
        let shorter = text.trim_end();
        let shorter = shorter.strip_suffix("&nbsp;").unwrap_or(shorter);
        if shorter.len() == text.len() {
            return text;
        }
        text = shorter;
    }
}

/// An element not closed yet.
struct Open {
    name: String,
    /// Where the output ended before it, without the blank that parts it from the word before.
    before: usize,
    /// Where its tag starts in the output.
    at: usize,
    /// Where its content starts.
    content: usize,
    /// How many blocks had begun before its content did.
    blocks: usize,
}

/// The output so far, and where in a line it stands.
struct Page {
    html: String,
    open: Vec<Open>,
    /// Nothing to see on this line yet.
    line_start: bool,
    /// Nothing to see since a block began or ended.
    block_start: bool,
    /// A blank is due before the next word of this line.
    blank: bool,
    /// That blank is written already, before the tag of an element nothing was put in yet.
    spaced: bool,
    preformatted: usize,
    /// Blocks begun so far.
    blocks: usize,
    is_stable: bool,
    /// How long the output was when it was last trimmed as far as it goes.
    trimmed: usize,
}

impl Page {
    fn with_capacity(length: usize) -> Page {
        Page {
            html: String::with_capacity(length),
            open: Vec::new(),
            line_start: true,
            block_start: true,
            blank: false,
            spaced: false,
            preformatted: 0,
            blocks: 0,
            is_stable: true,
            trimmed: usize::MAX,
        }
    }

    fn text(&mut self, text: &str) {
        if self.preformatted > 0 {
            // A parser drops the line break after `<pre>`; one that is not there cannot be dropped.
            let is_start = self.html.len() == self.content_start();
            self.html.push_str(if is_start { text.trim_start_matches('\n') } else { text });
            self.shown();
            return;
        }
        let mut rest = if self.line_start { trim_start(text) } else { text };
        loop {
            let solid = plain::solid(rest);
            if solid > 0 {
                self.due_blank();
                self.html.push_str(&rest[..solid]);
                self.shown();
            }
            let Some(c) = rest[solid..].chars().next() else { return };
            self.blank |= c.is_whitespace();
            rest = &rest[solid + c.len_utf8()..];
            // Behind a character nobody sees, the line still has not begun.
            rest = if self.line_start { trim_start(rest) } else { rest };
        }
    }

    fn shown(&mut self) {
        (self.line_start, self.block_start, self.spaced) = (false, false, false);
    }

    /// Writes the blank that is due, unless the line starts here.
    fn due_blank(&mut self) {
        if self.blank && !self.line_start && !self.spaced {
            self.html.push(' ');
            self.spaced = true;
        }
        self.blank = false;
    }

    fn tag(&mut self, tag: &str) {
        let Some(inner) = tag.strip_prefix('<') else { return };
        let (closes, inner) = inner.strip_prefix('/').map_or((false, inner), |inner| (true, inner));
        let name =
            &inner[..inner.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(inner.len())];
        match (name, closes) {
            ("br", _) => self.line_break(),
            ("img", _) => self.picture(tag),
            // Of a `picture` only the picture is left.
            ("source", _) if !self.is_open("audio") && !self.is_open("video") => {}
            ("hr" | "wbr" | "col" | "source", _) => self.void(tag, name == "hr"),
            (_, false) => self.opens(tag, name),
            (_, true) => self.closes(name),
        }
    }

    fn line_break(&mut self) {
        if self.preformatted > 0 {
            self.html.push_str("<br>");
            return;
        }
        self.trim_line();
        if !self.block_start {
            self.html.push_str("<br>");
        }
        self.line_start = true;
    }

    /// A picture without an address shows nothing.
    fn picture(&mut self, tag: &str) {
        if !tag.contains(" src=\"") {
            return;
        }
        self.due_blank();
        self.html.push_str(&picture::honest(tag));
        self.shown();
    }

    fn void(&mut self, tag: &str, breaks: bool) {
        // A rule closes a paragraph, as blocks do.
        self.is_stable &= !(breaks && self.is_open("p"));
        if breaks {
            self.trim_line();
        } else {
            self.due_blank();
        }
        self.html.push_str(tag);
        self.shown();
        self.line_start = breaks;
    }

    fn opens(&mut self, tag: &str, name: &str) {
        let (tag, name) = if name == "center" { ("<div>", "div") } else { (tag, name) };
        self.is_stable &= !self.is_misplaced(name);
        let mut before = self.html.len();
        if plain::is_block(name) {
            self.end_line();
            before = self.html.len();
            (self.line_start, self.block_start) = (true, true);
            self.blocks += 1;
        } else {
            self.due_blank();
        }
        self.preformatted += usize::from(name == "pre");
        let at = self.html.len();
        self.html.push_str(tag);
        self.open.push(Open {
            name: name.to_owned(),
            before,
            at,
            content: self.html.len(),
            blocks: self.blocks,
        });
    }

    fn closes(&mut self, name: &str) {
        let name = if name == "center" { "div" } else { name };
        let is_block = plain::is_block(name);
        if is_block && name != "pre" {
            self.end_line();
        }
        let Some(open) = self.open.pop() else { return };
        debug_assert_eq!(open.name, name, "the sanitiser nests well");
        self.preformatted -= usize::from(name == "pre");
        let is_empty = self.html.len() == open.content;
        if is_empty && (is_needless_when_empty(name) || self.says_nothing(&open)) {
            self.html.truncate(open.before);
            if open.before < open.at {
                (self.blank, self.spaced) = (true, false);
            }
            self.blocks = open.blocks - usize::from(is_block);
        } else if self.says_nothing(&open) {
            self.html.replace_range(open.at..open.content, "");
        } else {
            self.html.push_str("</");
            self.html.push_str(name);
            self.html.push('>');
            self.name_figure(open.at);
        }
        if is_block {
            (self.line_start, self.block_start) = (true, true);
        }
    }

    /// A `span` without attributes and a link that leads nowhere go, unless they hold a block: what
    /// follows a heading's tag, say, is read in another way without them.
    fn says_nothing(&self, open: &Open) -> bool {
        let tag = &self.html[open.at..open.content];
        let leads_nowhere = open.name == "a" && !tag.contains(" href=\"");
        (tag == "<span>" || leads_nowhere) && open.blocks == self.blocks
    }

    /// A block that holds one picture and nothing else is a figure.
    fn name_figure(&mut self, at: usize) {
        let block = &self.html[at..];
        let inner = block.strip_prefix("<div>").and_then(|block| block.strip_suffix("</div>"));
        let Some(inner) = inner else { return };
        if inner.starts_with("<img") && tag_length(inner) == inner.len() {
            let figure = format!("<figure>{inner}</figure>");
            self.html.truncate(at);
            self.html.push_str(&figure);
        }
    }

    /// Ends a line: no blanks and no breaks before a block's edge.
    fn end_line(&mut self) {
        loop {
            self.trim_line();
            if self.html.len() < self.content_start() + 4 || !self.html.ends_with("<br>") {
                break;
            }
            self.html.truncate(self.html.len() - 4);
        }
    }

    /// Takes blanks off the end of the line, and those that stand before elements nothing was put in yet.
    fn trim_line(&mut self) {
        (self.blank, self.spaced) = (false, false);
        let start = self.content_start();
        let mut end = start + trim_end(&self.html[start..]).len();
        self.html.truncate(end);
        if end > start || self.trimmed == end {
            return;
        }
        for inner in (0..self.open.len()).rev() {
            let Open { before, at, content, .. } = self.open[inner];
            if content != end {
                break;
            }
            let start = inner.checked_sub(1).map_or(0, |outer| self.open[outer].content);
            end = start + trim_end(&self.html[start..before]).len();
            self.html.replace_range(end..at, "");
            self.open[inner].before = end;
            let shorter = at - end;
            if shorter == 0 {
                continue;
            }
            for open in &mut self.open[inner..] {
                (open.at, open.content) = (open.at - shorter, open.content - shorter);
            }
            for open in &mut self.open[inner + 1..] {
                open.before -= shorter;
            }
        }
        self.trimmed = self.html.len();
    }

    fn content_start(&self) -> usize {
        self.open.last().map_or(0, |open| open.content)
    }

    fn is_open(&self, name: &str) -> bool {
        self.open.iter().any(|open| open.name == name)
    }

    /// Whether a parser that meets this tag here would first close something that is open, or put it
    /// elsewhere (HTML, section 13.2.6.4).
    fn is_misplaced(&self, name: &str) -> bool {
        let is_open = |name: &str| self.is_open(name);
        let parent = self.open.last().map_or("", |open| open.name.as_str());
        let in_table = matches!(parent, "table" | "tbody" | "thead" | "tfoot" | "tr" | "colgroup");
        match name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                HEADINGS.iter().any(|name| is_open(name)) || is_open("p") || in_table
            }
            "a" => is_open("a") || in_table,
            "li" | "dd" | "dt" => !matches!(parent, "ul" | "ol" | "dl") || is_open("p"),
            "tr" => !matches!(parent, "tbody" | "thead" | "tfoot"),
            "td" | "th" => parent != "tr",
            "tbody" | "thead" | "tfoot" | "caption" | "colgroup" => parent != "table",
            _ => in_table || (plain::is_block(name) && is_open("p")),
        }
    }

    fn finish(mut self) -> Tidy {
        self.end_line();
        Tidy { html: self.html, is_stable: self.is_stable }
    }
}

const HEADINGS: [&str; 6] = ["h1", "h2", "h3", "h4", "h5", "h6"];

fn is_needless_when_empty(name: &str) -> bool {
    !matches!(name, "td" | "th" | "tr" | "audio" | "video" | "pre" | "colgroup" | "a")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(html: &str, expected: &str) {
        assert_eq!(tidy(html).html, expected);
        assert_eq!(tidy(expected).html, expected, "once more changes nothing");
    }

    #[test]
    fn q34_blanks_and_breaks_before_a_blocks_end() {
        check(
            "<p>甲<br></p><p>乙 </p><p><strong>丙 </strong></p>",
            "<p>甲</p><p>乙</p><p><strong>丙</strong></p>",
        );
    }

    #[test]
    fn blanks_between_words_stay() {
        check("<p>a <b>b </b>c<i> d</i></p>", "<p>a <b>b</b> c<i> d</i></p>");
    }

    #[test]
    fn of_a_picture_element_the_picture_is_left() {
        check("<source type=\"image/webp\"><img src=\"a\" alt=\"\">", "<img src=\"a\" alt=\"\">");
        check("<video><source src=\"a\"></video>", "<video><source src=\"a\"></video>");
    }

    #[test]
    fn blanks_behind_what_nobody_sees_are_the_lines_first() {
        check("<p>\u{200b}&nbsp;\u{85}&nbsp;甲\u{200b}&nbsp;</p>", "<p>甲</p>");
    }

    #[test]
    fn q35_nothing_between_blocks() {
        check("<p>甲</p>\n <p>乙</p>\n", "<p>甲</p><p>乙</p>");
    }

    #[test]
    fn empty_blocks_and_spans_go() {
        check(
            "<p>&nbsp;</p><p><br></p><div><span></span></div><p>甲<span>乙</span></p>",
            "<p>甲乙</p>",
        );
    }

    #[test]
    fn w16_indents_go_and_blanks_inside_a_line_are_one() {
        check("<p>　　甲乙(丙丁　　戊己)</p>", "<p>甲乙(丙丁 戊己)</p>");
    }

    #[test]
    fn q36_centred_pictures_are_figures() {
        check(
            "<center><img src=\"https://e.com/a_w859h506.jpg\" alt=\"图片\"></center>",
            "<figure><img src=\"https://e.com/a_w859h506.jpg\" width=\"859\" height=\"506\" alt=\"\"></figure>",
        );
        check("<center>甲</center>", "<div>甲</div>");
    }

    #[test]
    fn q39_escaped_text_stays_text() {
        check("<p>&lt;蒙特利尔议定书&gt;</p>", "<p>&lt;蒙特利尔议定书&gt;</p>");
    }

    #[test]
    fn tables_keep_their_empty_cells() {
        check(
            "<table><tbody><tr><td></td><td>a</td></tr></tbody></table>",
            "<table><tbody><tr><td></td><td>a</td></tr></tbody></table>",
        );
    }

    #[test]
    fn preformatted_text_is_left_alone() {
        check("<pre>a\n   b</pre>", "<pre>a\n   b</pre>");
    }

    #[test]
    fn a_greater_sign_in_an_attribute_ends_no_tag() {
        check(
            "<p><a href=\"https://e.com/\" title=\"a>b\">x</a></p>",
            "<p><a href=\"https://e.com/\" title=\"a>b\">x</a></p>",
        );
    }
}
