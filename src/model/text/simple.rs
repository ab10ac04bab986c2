//! A short way for markup that needs no parser: paragraphs, lists and headings with words, links and
//! pictures in them, every tag closed where it should be. Most articles are nothing else, and a
//! tree for each of them is most of what taking them in costs.
//!
//! It writes what the sanitiser would have written, character for character, or gives up at the
//! first thing that is not plainly harmless and plainly nested; a test holds the two against each
//! other. It deliberately repairs nothing.

/// The deepest nesting that is still simple.
const DEPTH: usize = 32;
/// What every link says of itself (the policy's `link_rel`).
pub(super) const REL: &str = "noopener noreferrer nofollow ugc";

/// The HTML as the policy allows it; none when it takes a parser to know.
pub(super) fn sanitise(html: &str) -> Option<String> {
    // What a parser replaces or normalises, and what XML cannot carry.
    let is_odd = |byte: u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n');
    if html.bytes().any(is_odd) || html.contains(['\u{FFFE}', '\u{FFFF}']) {
        return None;
    }
    let mut page =
        Page { html: String::with_capacity(html.len() + html.len() / 8), open: Vec::new() };
    let mut rest = html;
    loop {
        let text = memchr::memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
        page.text(&rest[..text])?;
        rest = &rest[text..];
        if rest.is_empty() {
            return page.open.is_empty().then_some(page.html);
        }
        rest = match rest.as_bytes().get(1)? {
            b'/' => page.close(&rest[2..])?,
            _ => page.open(&rest[1..])?,
        };
    }
}

/// What an element may stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Holds blocks or words.
    Section,
    /// Holds words alone, and stands among blocks.
    Line,
    /// Holds items alone.
    List,
    /// Stands in a list.
    Item,
    /// Stands among words and holds words.
    Inline,
    /// Holds nothing and stands among blocks.
    Rule,
    /// Holds nothing and stands among words.
    Void,
}

fn role(name: &str) -> Option<Role> {
    Some(match name {
        "div" | "blockquote" | "section" | "figure" | "center" | "article" | "header"
        | "footer" => Role::Section,
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "figcaption" => Role::Line,
        "ul" | "ol" => Role::List,
        "li" => Role::Item,
        "a" | "b" | "strong" | "em" | "i" | "u" | "s" | "span" | "code" | "small" | "sub"
        | "sup" | "mark" | "cite" => Role::Inline,
        "hr" => Role::Rule,
        "br" | "img" => Role::Void,
        _ => return None,
    })
}

struct Page<'h> {
    html: String,
    open: Vec<(&'h str, Role)>,
}

impl<'h> Page<'h> {
    /// Words, whose references are few and known.
    fn text(&mut self, text: &str) -> Option<()> {
        if memchr::memchr3(b'&', b'>', 0xc2, text.as_bytes()).is_none() {
            self.html.push_str(text);
            return Some(());
        }
        let mut rest = text;
        while let Some(at) = rest.find(['&', '>', '\u{a0}']) {
            self.html.push_str(&rest[..at]);
            rest = &rest[at..];
            let (read, written) = match rest.as_bytes()[0] {
                b'>' => return None,
                b'&' => REFERENCES.iter().copied().find(|(read, _)| rest.starts_with(read))?,
                _ => ("\u{a0}", "&nbsp;"),
            };
            self.html.push_str(written);
            rest = &rest[read.len()..];
        }
        self.html.push_str(rest);
        Some(())
    }

    fn open(&mut self, tag: &'h str) -> Option<&'h str> {
        let length = tag.find(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit())?;
        let (name, inside) = tag.split_at(length);
        let role = role(name)?;
        if !self.admits(name, role) {
            return None;
        }
        self.html.push('<');
        self.html.push_str(name);
        let after = self.attributes(name, inside)?;
        if name == "a" {
            self.html.push_str(" rel=\"");
            self.html.push_str(REL);
            self.html.push('"');
        }
        self.html.push('>');
        match (role, after) {
            (Role::Void | Role::Rule, Tail { rest, .. }) => Some(rest),
            (_, Tail { is_closed: true, .. }) => None,
            (role, Tail { rest, .. }) => {
                self.open.push((name, role));
                Some(rest)
            }
        }
    }

    /// Whether an element stands where a parser would leave it.
    fn admits(&self, name: &str, role: Role) -> bool {
        let parent = self.open.last().map_or(Role::Section, |(_, role)| *role);
        let fits = match role {
            Role::Section | Role::Line | Role::List | Role::Rule => {
                matches!(parent, Role::Section | Role::Item)
            }
            Role::Item => parent == Role::List,
            Role::Inline | Role::Void => parent != Role::List,
        };
        let is_link_in_link = name == "a" && self.open.iter().any(|(open, _)| *open == "a");
        fits && !is_link_in_link && self.open.len() < DEPTH
    }

    fn close(&mut self, tag: &'h str) -> Option<&'h str> {
        let (name, rest) = tag.split_once('>')?;
        let (open, _) = self.open.pop()?;
        (open == name).then(|| {
            self.html.push_str("</");
            self.html.push_str(name);
            self.html.push('>');
            rest
        })
    }

    /// Keeps the attributes the policy keeps, and finds the end of the tag.
    fn attributes(&mut self, element: &str, inside: &'h str) -> Option<Tail<'h>> {
        let mut rest = inside;
        let mut kept: [&str; 4] = [""; 4];
        loop {
            let blanks = rest.len() - rest.trim_start_matches([' ', '\n', '\t']).len();
            rest = &rest[blanks..];
            if let Some(rest) = rest.strip_prefix('>') {
                return Some(Tail { rest, is_closed: false });
            }
            if let Some(rest) = rest.strip_prefix("/>") {
                return Some(Tail { rest, is_closed: true });
            }
            if blanks == 0 {
                return None;
            }
            let length = rest.find(|c: char| !c.is_ascii_lowercase() && c != '-')?;
            let (name, after) = rest.split_at(length);
            let (value, after) = after.strip_prefix("=\"")?.split_once('"')?;
            rest = after;
            match (element, name) {
                ("", _) | (_, "") => return None,
                ("a", "href") | ("img", "src") => self.address(name, value, &mut kept)?,
                ("img", "alt") => {
                    let is_plain = !value.contains(['&', '<', '>', '\u{a0}', '\n', '\t']);
                    is_plain.then(|| self.keep(name, value, &mut kept))??;
                }
                ("img", "width" | "height") => {
                    let is_number = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
                    is_number.then(|| self.keep(name, value, &mut kept))??;
                }
                // Kept on some elements and under conditions of their own.
                (
                    _,
                    "width" | "height" | "size" | "lang" | "title" | "cite" | "align" | "type"
                    | "start" | "hreflang" | "href" | "src" | "value" | "datetime",
                ) => return None,
                // All other attributes go.
                _ => {}
            }
        }
    }

    fn keep<'v>(&mut self, name: &'v str, value: &str, kept: &mut [&'v str; 4]) -> Option<()> {
        if kept.contains(&name) {
            return None;
        }
        *kept.iter_mut().find(|slot| slot.is_empty())? = name;
        self.html.push(' ');
        self.html.push_str(name);
        self.html.push_str("=\"");
        self.html.push_str(value);
        self.html.push('"');
        Some(())
    }

    /// An address that is plainly one on the web.
    fn address<'v>(&mut self, name: &'v str, value: &str, kept: &mut [&'v str; 4]) -> Option<()> {
        let after = value.strip_prefix("http").and_then(|v| v.strip_prefix('s').or(Some(v)))?;
        let after = after.strip_prefix("://")?;
        let end = after.find(['/', '?', '#']).unwrap_or(after.len());
        let (host, path) = after.split_at(end);
        let is_safe =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#@!$'()*+,;=%&".contains(&byte);
        if !is_host(host) || !path.bytes().all(is_safe) {
            return None;
        }
        match escaped(value)? {
            None => self.keep(name, value, kept),
            Some(escaped) => self.keep(name, &escaped, kept),
        }
    }
}

/// Where a tag ended.
struct Tail<'h> {
    rest: &'h str,
    is_closed: bool,
}

/// References words hold, and how the sanitiser writes what they mean.
const REFERENCES: [(&str, &str); 5] = [
    ("&amp;", "&amp;"),
    ("&lt;", "&lt;"),
    ("&gt;", "&gt;"),
    ("&nbsp;", "&nbsp;"),
    ("&quot;", "\""),
];

/// A name of the web in lower case, neither an address in numbers nor one in another script.
fn is_host(host: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with(['-', '_'])
            && !label.ends_with('-')
            && label.len() < 64
            && !label.starts_with("xn--")
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    host.contains('.')
        && host.len() < 200
        && host.split('.').all(is_label)
        && last.bytes().all(|b| b.is_ascii_lowercase())
}

/// An address with its ampersands as the sanitiser writes them, where that makes a difference. A
/// parameter's `&name=` is none of a reference (HTML, section 13.2.5.73); of what else could be one we
/// know `&amp;`.
fn escaped(value: &str) -> Option<Option<String>> {
    if !value.contains('&') {
        return Some(None);
    }
    let mut escaped = String::with_capacity(value.len() + 16);
    let mut rest = value;
    while let Some(at) = rest.find('&') {
        escaped.push_str(&rest[..at]);
        escaped.push_str("&amp;");
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix("amp;") {
            rest = after;
            continue;
        }
        let name = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        if name == 0 || !rest[name..].starts_with('=') {
            return None;
        }
    }
    escaped.push_str(rest);
    Some(Some(escaped))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::clean;
    use super::*;

    #[track_caller]
    fn same(html: &str) {
        assert_eq!(
            sanitise(html).as_deref(),
            Some(clean::parsed(html, &clean::Start::default()).as_str()),
            "{html}"
        );
    }

    #[track_caller]
    fn given_up(html: &str) {
        assert_eq!(sanitise(html), None, "{html}");
    }

    #[test]
    fn articles_are_simple() {
        same("<p>甲乙&nbsp;丙 &amp; \"丁\"</p>\n <p>a\u{a0}b<br>c<br/>d<br />e</p>");
        same(
            "<p>见<a href=\"https://e.com/a?b=1&c=2&amp;d=3\" target=\"_blank\" class=\"x\">原文</a>。</p>",
        );
        same(
            "<div class=\"w\"><h2>标题</h2><ul><li>一<strong>二</strong></li>\n<li><p>三</p></li></ul></div>",
        );
        same(
            "<p><img src=\"https://e.com/a_w8h5.jpg\" alt=\"图片\" style=\"x\" width=\"10\" data-x=\"1\"/></p>",
        );
        same("<blockquote><p>a</p></blockquote><p>&lt;b&gt; &quot;</p>");
        same("words alone");
        same("");
        same("<a class=\"x\">nowhere</a>");
    }

    #[test]
    fn what_takes_a_parser_is_given_up() {
        for html in [
            "<p>a<p>b",
            "<p>a</p></div>",
            "<p><div>a</div></p>",
            "<b><p>a</p></b>",
            "<a href=\"https://e.com/\"><a href=\"https://e.com/\">a</a></a>",
            "<p>&copy; a</p>",
            "<p>a & b</p>",
            "<p>a > b</p>",
            "<P>a</P>",
            "<script>a</script>",
            "<!-- a --><p>b</p>",
            "<p onclick=x()>a</p>",
            "<a href=\"/relative\">a</a>",
            "<a href=\"javascript:x\">a</a>",
            "<a href=\"https://1.2.3.4/\">a</a>",
            "<a href=\"https://e.com/&copy\">a</a>",
            "<a href=\"https://e.com/\" href=\"https://f.com/\">a</a>",
            "<ul>a</ul><ul><p>a</p></ul>",
            "<p>a\r\nb</p>",
            "<p/>a",
            "<li>a</li>",
            "<table></table>",
        ] {
            if let Some(simple) = sanitise(html) {
                assert_eq!(simple, clean::parsed(html, &clean::Start::default()), "{html}");
            }
        }
        given_up("<p>a<p>b");
        given_up("<p onclick=x()>a</p>");
        given_up("<a href=\"javascript:x\">a</a>");
    }

    /// Markup that is simple more often than not, and wrong in every way that comes to mind.
    fn markup() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            8 => "[a-c中 \n]{0,4}",
            2 => prop::sample::select(vec![
                "&amp;", "&lt;", "&nbsp;", "&quot;", "&copy;", "&", "&#39;", "\u{a0}", ">", "<", "\"", "'", "\t", "\r", "\0", "&ampx", "&amp",
            ]).prop_map(str::to_owned),
            9 => (
                prop::sample::select(vec!["", "/"]),
                prop::sample::select(vec![
                    "p", "div", "ul", "ol", "li", "a", "b", "strong", "em", "span", "br", "img", "h2", "h3", "blockquote", "figure",
                    "figcaption", "section", "code", "sub", "i", "P", "table", "td", "script", "svg", "pre", "hr", "option", "nobr", "center", "article", "header", "u", "s", "small", "mark", "cite",
                ]),
                prop::collection::vec(
                    prop::sample::select(vec![
                        " href=\"https://e.com/a?b=1&c=2\"", " href=\"https://e.com/&lt;\"", " href=\"/r\"", " href=\"http://e.com/x&amp;y\"",
                        " src=\"https://e.com/1.jpg\"", " src='https://e.com/1.jpg'", " alt=\"图\"", " width=\"7\"", " class=\"x y\"",
                        " style=\"a:b\"", " onclick=\"x()\"", " title=\"t\"", " rel=\"x\"", " data-a=\"<b>\"", " href=\"javascript:x\"", "/", " ",
                        " href=\"https://e.com:80/\"", " href=\"https://E.com/\"", " href=\"https://e..com/\"", " src=\"https://e.com/ a\"",
                        " alt=\"a\" alt=\"b\"", " id=\"x\"", " size=\"2\"", " align=\"left\"", " cite=\"https://e.com/\"", " lang=\"zh\"", " datetime=\"x\"", " dir=\"rtl\"", " name=\"n\"", " href=\"https://e.com/a&b\"", " href=\"https://e.com/a&lt=b\"", " start=\"3\"",
                    ]),
                    0..3,
                ),
            ).prop_map(|(end, name, attributes)| format!("<{end}{name}{}>", attributes.concat())),
        ];
        prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
    }

    /// Markup in which every element is closed in its turn.
    fn nested() -> impl Strategy<Value = String> {
        let words = prop_oneof![
            "[a-c中 \n]{0,4}",
            Just("<br>".to_owned()),
            Just("<hr>".to_owned()),
            Just("&amp;".to_owned())
        ];
        words.prop_recursive(5, 24, 4, |inner| {
            let name = prop::sample::select(vec![
                "p",
                "div",
                "ul",
                "ol",
                "li",
                "a",
                "b",
                "strong",
                "em",
                "span",
                "h2",
                "h3",
                "blockquote",
                "figure",
                "figcaption",
                "section",
                "code",
                "sub",
                "sup",
                "i",
                "h1",
                "center",
                "article",
                "header",
                "footer",
                "u",
                "s",
                "small",
                "mark",
                "cite",
            ]);
            (name, prop::collection::vec(inner, 0..4))
                .prop_map(|(name, inner)| format!("<{name}>{}</{name}>", inner.concat()))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]
        #[test]
        fn t_18_it_writes_what_the_sanitiser_writes(html in markup()) {
            if let Some(simple) = sanitise(&html) {
                prop_assert_eq!(simple, clean::parsed(&html, &clean::Start::default()), "{}", html);
            }
        }

        #[test]
        fn t_18_however_it_is_nested(html in prop::collection::vec(nested(), 0..4)) {
            let html = html.concat();
            if let Some(simple) = sanitise(&html) {
                prop_assert_eq!(simple, clean::parsed(&html, &clean::Start::default()), "{}", html);
            }
        }
    }
}
