//! `Writer`: the text of one element, put together from what stands in it.
//!
//! Most texts are one run of characters or one CDATA section and are borrowed. Elements inside
//! are HTML that should have been escaped, or XHTML; they are written out again so that an HTML
//! parser sees what was meant. Nothing is made safe here: that is the model's.

use std::borrow::Cow;

use url::Url;

use super::base::Resolver;
use super::document::Raw;
use super::name::Lower;
use super::reference::unescape;
use super::xml::{Tag, local};
use crate::model::text;

/// Elements inside one another that are kept; deeper ones lose their tags (T-15).
const DEPTH: usize = 256;
/// Bytes of one text (T-15).
const LENGTH: usize = 10 << 20;
const TOO_LONG: &str = "a text longer than 10 MiB was cut";

/// What an element held.
#[derive(Debug, Default)]
pub(super) struct Content<'a> {
    /// Characters, or HTML; no blanks at the ends.
    pub raw: Raw<'a>,
    /// Whether elements stood inside.
    pub is_markup: bool,
    /// `xml:base` of the `div` XHTML is wrapped in (RFC 4287 section 3.1.1.3).
    pub base: Option<Raw<'a>>,
    /// Which bound was met.
    pub trouble: Option<&'static str>,
}

/// Puts a text together.
pub(super) struct Writer<'a> {
    content: Content<'a>,
    /// Blanks that count only if something follows.
    gap: Raw<'a>,
    /// Whether characters stay escaped, because what surrounds them is declared to be markup.
    is_xhtml: bool,
    depth: usize,
    wrapper: Wrapper,
    /// Where relative addresses start inside elements with an `xml:base`, and how deep these stand.
    bases: Vec<(usize, Url)>,
}

/// The `div` around XHTML, which is not part of the text.
#[derive(Default)]
enum Wrapper {
    #[default]
    Unseen,
    Open(usize),
    Closed(usize, usize),
    Absent,
}

impl<'a> Writer<'a> {
    /// Nothing yet.
    pub fn new(is_xhtml: bool) -> Writer<'a> {
        Writer {
            content: Content::default(),
            gap: Raw::default(),
            is_xhtml,
            depth: 0,
            wrapper: Wrapper::default(),
            bases: Vec::new(),
        }
    }

    /// Characters, references unresolved.
    pub fn text(&mut self, raw: &'a str) {
        // What elements are indented with, most of the time.
        if self.content.raw.is_empty() && raw.trim_ascii_start().is_empty() {
            return;
        }
        self.characters(if self.is_xhtml { Cow::Borrowed(raw) } else { unescape(raw) });
    }

    /// Characters that mean themselves.
    pub fn literal(&mut self, raw: &'a str) {
        self.characters(if self.is_xhtml { escape(raw) } else { Cow::Borrowed(raw) });
    }

    /// An element inside; `base` is where relative addresses start around the text.
    pub fn start(&mut self, tag: Tag<'a>, base: Option<&Url>, resolver: &Resolver) {
        self.content.is_markup = true;
        let name = local(tag.name);
        let is_outermost = self.depth == 0;
        if is_outermost {
            self.see_wrapper(name, &tag);
        }
        if self.is_xhtml && !(is_outermost && matches!(self.wrapper, Wrapper::Open(_))) {
            self.see_base(&tag, base, resolver);
        }
        if self.depth < DEPTH && self.content.raw.len() < LENGTH {
            let base = self.bases.last().map(|(_, base)| base);
            self.push(Cow::Owned(open(name, &tag, base, resolver)));
        } else if self.depth < DEPTH {
            self.content.trouble = Some(TOO_LONG);
        } else {
            self.content.trouble = Some("elements deeper than 256 lost their tags");
        }
        match is_void(name) {
            true => drop(self.bases.pop_if(|(depth, _)| *depth == self.depth)),
            false => self.depth += 1,
        }
        if let Wrapper::Open(start) = &mut self.wrapper
            && is_outermost
        {
            *start = self.content.raw.len();
        }
    }

    /// The end of an element inside.
    pub fn end(&mut self, name: &str) {
        let name = local(name);
        if is_void(name) || self.depth == 0 {
            return;
        }
        self.depth -= 1;
        self.bases.pop_if(|(depth, _)| *depth >= self.depth);
        let end = self.content.raw.len();
        if let Wrapper::Open(start) = self.wrapper
            && self.depth == 0
        {
            self.wrapper = Wrapper::Closed(start, end);
        }
        if self.depth < DEPTH {
            self.push(Cow::Owned(format!("</{name}>")));
        }
    }

    /// Whether an element stands open in the text.
    pub fn is_within(&self) -> bool {
        self.depth > 0
    }

    /// What it came to.
    pub fn finish(self) -> Content<'a> {
        let mut content = self.content;
        match self.wrapper {
            Wrapper::Closed(start, end) if self.is_xhtml => {
                content.raw = slice(content.raw, start, end)
            }
            Wrapper::Open(start) if self.is_xhtml => {
                let end = content.raw.len();
                content.raw = slice(content.raw, start, end);
            }
            _ => {}
        }
        content.raw = without_section(content.raw);
        content
    }

    fn see_wrapper(&mut self, name: &str, tag: &Tag<'a>) {
        let first = matches!(self.wrapper, Wrapper::Unseen) && self.content.raw.is_empty();
        if first && name.eq_ignore_ascii_case("div") {
            self.wrapper = Wrapper::Open(0);
            self.content.base = tag.attributes().find(|(n, _)| *n == "xml:base").map(|(_, v)| v);
        } else {
            self.wrapper = Wrapper::Absent;
        }
    }

    /// Takes in an element's own `xml:base` (XML Base, section 3). The wrapper's is the whole text's.
    fn see_base(&mut self, tag: &Tag<'a>, base: Option<&Url>, resolver: &Resolver) {
        let own = tag.attributes().find(|(name, _)| *name == "xml:base");
        let Some((_, own)) = own.filter(|_| self.depth < DEPTH) else { return };
        let wrapper = self.content.base.as_ref().and_then(|own| resolver.base(base, own));
        let outer = self.bases.last().map(|(_, base)| base).or(wrapper.as_ref()).or(base);
        self.bases.extend(resolver.base(outer, &own).map(|base| (self.depth, base)));
    }

    fn characters(&mut self, piece: Raw<'a>) {
        let is_wrapped = self.depth > 0 || !matches!(self.wrapper, Wrapper::Closed(..));
        if !is_wrapped && !piece.trim().is_empty() {
            self.wrapper = Wrapper::Absent;
        }
        self.push(piece);
    }

    fn push(&mut self, piece: Raw<'a>) {
        if piece.trim_start().is_empty() {
            return if !self.content.raw.is_empty() {
                append(&mut self.gap, piece)
            };
        }
        let gap = std::mem::take(&mut self.gap);
        let room = LENGTH.saturating_sub(self.content.raw.len() + gap.len());
        let piece = match piece.floor_char_boundary(room) {
            all if all == piece.len() => piece,
            some => {
                self.content.trouble = Some(TOO_LONG);
                slice(piece, 0, some)
            }
        };
        append(&mut self.content.raw, gap);
        append(&mut self.content.raw, piece);
    }
}

fn append<'a>(text: &mut Raw<'a>, piece: Raw<'a>) {
    if text.is_empty() {
        *text = piece;
    } else if !piece.is_empty() {
        text.to_mut().push_str(&piece);
    }
}

fn slice(text: Raw<'_>, start: usize, end: usize) -> Raw<'_> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[start..end]),
        Cow::Owned(text) => Cow::Owned(text[start..end].to_owned()),
    }
}

/// A text wrapped in a CDATA section that was escaped once too often.
fn without_section(text: Raw<'_>) -> Raw<'_> {
    let blanks = text.len() - text.trim_start().len();
    let (start, end) = (blanks, text.trim_end().len().max(blanks));
    let inner =
        text[start..end].strip_prefix("<![CDATA[").and_then(|inner| inner.strip_suffix("]]>"));
    match inner.map(|inner| inner.len()) {
        Some(length) => {
            let inner = slice(text, start + 9, start + 9 + length);
            super::xml::trim(inner)
        }
        None if end - start == text.len() => text,
        None => slice(text, start, end),
    }
}

/// Whether an element of HTML has no end tag, in whatever case it is written.
fn is_void(name: &str) -> bool {
    text::is_void(Lower::of(name).as_str())
}

fn open(name: &str, tag: &Tag<'_>, base: Option<&Url>, resolver: &Resolver) -> String {
    let mut html = format!("<{name}");
    for (name, value) in tag.attributes().filter(|(name, _)| !name.starts_with("xmlns")) {
        let is_address = matches!(name, "href" | "src" | "poster" | "cite") && !value.is_empty();
        let base = base.filter(|_| is_address);
        let absolute = base.and_then(|base| resolver.resolve(base, &value));
        let value = absolute.as_deref().unwrap_or(&value);
        html.push(' ');
        html.push_str(name);
        html.push_str("=\"");
        html.push_str(&value.replace('&', "&amp;").replace('"', "&quot;"));
        html.push('"');
    }
    html.push('>');
    html
}

fn escape(text: &str) -> Raw<'_> {
    if !text.contains(['&', '<', '>']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}
