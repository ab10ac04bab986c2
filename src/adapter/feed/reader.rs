//! `Reader`: walks a document element by element and forgives what is wrong with it.
//!
//! Elements end where their end tag stands, or where the next thing begins that cannot be inside
//! them: an unclosed `title` costs a title, never an item. End tags of nothing are passed over.
//! There is no tree and no recursion by depth, so depth costs nothing (T-15).

use std::rc::Rc;

use memchr::{memchr2, memmem};
use url::Url;

use super::base::Resolver;
use super::document::{Document, Raw, Text};
use super::markup::{Content, Writer};
use super::name::{Lower, Space, Spaces};
use super::xml::{Tag, Token, Tokens, local, parts};
use crate::adapter::Problem;
use crate::model::text::{self as model, Kind, PlainText};

/// Tokens read a second time in one document, behind unknown elements that turn out never closed.
const SPARE: usize = 1 << 20;
/// How many tokens on the end of a small element is looked for.
const NEARBY: usize = 64;
/// The same for an unknown element, once nothing may be read a second time any more.
const NEXT: usize = 8;

/// A document being read.
pub(super) struct Reader<'a> {
    /// What was read so far.
    pub document: Document<'a>,
    /// `xml:lang` in scope.
    pub language: Option<Raw<'a>>,
    /// The item being read.
    pub entry: Option<usize>,
    tokens: Tokens<'a>,
    back: Option<Token<'a>>,
    spaces: Spaces<'a>,
    at: Option<&'a Url>,
    base: Option<Rc<Url>>,
    resolver: Resolver,
    spare: usize,
}

/// What an element that holds others held besides them, and how it ended.
pub(super) struct Within<'a> {
    /// Its own characters.
    pub text: Raw<'a>,
    /// Whether the document ended first.
    pub is_cut: bool,
}

/// What was in scope around an element.
pub(super) struct Scope<'a> {
    spaces: usize,
    base: Option<Rc<Url>>,
    language: Option<Raw<'a>>,
}

impl<'a> Reader<'a> {
    /// A reader of `text`, which came from `at`.
    pub fn new(text: &'a str, at: Option<&'a Url>) -> Reader<'a> {
        Reader {
            document: Document::default(),
            language: None,
            entry: None,
            tokens: Tokens::new(text),
            back: None,
            spaces: Spaces::default(),
            at,
            base: None,
            resolver: Resolver::new(),
            spare: SPARE,
        }
    }

    /// The next token.
    pub fn next(&mut self) -> Option<Token<'a>> {
        self.back.take().or_else(|| self.tokens.next())
    }

    /// The vocabulary and the lower case of a name.
    pub fn name<'n>(&self, name: &'n str) -> (Space, Lower<'n>) {
        let (prefix, local) = parts(name);
        (self.spaces.of(prefix), Lower::of(local))
    }

    /// Brings the namespaces, base and language a tag declares into scope.
    pub fn enter(&mut self, tag: &Tag<'a>) -> Option<Scope<'a>> {
        const SHORTEST: usize = "xmlns=x".len();
        let declares = |inside: &str| inside.as_bytes().windows(3).any(|three| three == b"xml");
        if tag.inside.len() < SHORTEST || !declares(tag.inside) {
            return None;
        }
        let spaces = self.spaces.count();
        let scope = Scope { spaces, base: self.base.clone(), language: self.language.clone() };
        for (name, value) in tag.attributes() {
            match name {
                "xml:base" => self.base = self.join(&value).map(Rc::new).or(self.base.take()),
                "xml:lang" => self.language = Some(value).filter(|value| !value.is_empty()),
                _ => self.spaces.declare(name, &value),
            }
        }
        Some(scope)
    }

    /// Restores what was in scope before `enter`.
    pub fn leave(&mut self, scope: Option<Scope<'a>>) {
        if let Some(scope) = scope {
            self.spaces.leave(scope.spaces);
            self.base = scope.base;
            self.language = scope.language;
        }
    }

    /// Lets relative addresses start from here, as `xml:base` does.
    pub fn start_from(&mut self, address: &str) {
        self.base = self.join(address).map(Rc::new).or(self.base.take());
    }

    fn join(&self, address: &str) -> Option<Url> {
        self.resolver.base(self.base.as_deref().or(self.at), address)
    }

    /// An address as written, or absolute where `xml:base` says from where.
    pub fn address(&self, raw: Option<Raw<'a>>) -> Option<Raw<'a>> {
        let mut raw = raw.filter(|raw| raw.as_ref() != "#")?;
        // Broken over lines, with the indent of the next.
        if memchr2(b'\n', b'\r', raw.as_bytes()).is_some() {
            raw = Raw::Owned(raw.split(['\n', '\r']).map(str::trim).collect());
        }
        let host = raw.get(..4).filter(|start| start.eq_ignore_ascii_case("www."));
        if host.is_some() && raw[4..].split('/').next().is_some_and(|rest| rest.contains('.')) {
            raw = Raw::Owned(format!("http://{raw}"));
        }
        // Escaped twice; no address has this in it on purpose.
        if memmem::find(raw.as_bytes(), b"&amp;").is_some() {
            raw = Raw::Owned(raw.replace("&amp;", "&"));
        }
        let resolved = self.base.as_ref().and_then(|base| self.resolver.resolve(base, &raw));
        Some(resolved.map_or(raw, Raw::Owned))
    }

    /// Reads an element that holds others; `each` reads one of them, to its end.
    pub fn within(&mut self, tag: Tag<'a>, each: impl FnMut(&mut Self, Tag<'a>)) -> Within<'a> {
        self.walk(tag, |_, _| true, each)
    }

    /// As `within`, of an element that can only hold what `belongs` to it: anything else shows that it
    /// was never closed.
    pub fn within_while(
        &mut self,
        tag: Tag<'a>,
        belongs: impl Fn(Space, &str) -> bool,
        each: impl FnMut(&mut Self, Tag<'a>),
    ) -> Within<'a> {
        let belongs = |reader: &Self, child: &Tag<'a>| {
            let (space, name) = reader.name(child.name);
            belongs(space, name.as_str())
        };
        self.walk(tag, belongs, each)
    }

    fn walk(
        &mut self,
        tag: Tag<'a>,
        belongs: impl Fn(&Self, &Tag<'a>) -> bool,
        mut each: impl FnMut(&mut Self, Tag<'a>),
    ) -> Within<'a> {
        let mut writer = Writer::new(false);
        let is_cut = loop {
            match self.next() {
                None => break true,
                Some(Token::End(name)) if same(name, tag.name) => break false,
                Some(token) if self.is_frame(token) => {
                    self.back = Some(token);
                    break false;
                }
                Some(token @ Token::Start(child)) => {
                    if !belongs(self, &child) {
                        self.back = Some(token);
                        break false;
                    }
                    let scope = self.enter(&child);
                    each(self, child);
                    self.leave(scope);
                }
                Some(Token::Text(raw)) => writer.text(raw),
                Some(Token::Literal(raw)) => writer.literal(raw),
                Some(Token::End(_)) => {}
            }
        };
        Within { text: writer.finish().raw, is_cut }
    }

    /// Whether an element just opened is closed nearby, before what it stands in is.
    pub fn is_closed(&self, tag: &Tag<'a>) -> bool {
        self.is_closed_within(NEARBY, tag)
    }

    fn is_closed_within(&self, tokens: usize, tag: &Tag<'a>) -> bool {
        let near = self.tokens.clone().take(tokens);
        for token in near {
            match token {
                Token::End(name) if same(name, tag.name) => return true,
                token if self.is_frame(token) => return false,
                _ => {}
            }
        }
        false
    }

    /// Passes over an element and all it holds. One that is never closed holds nothing: what seemed
    /// to be in it is read again.
    pub fn skip(&mut self, tag: Tag<'a>) {
        let may_return = self.spare > 0;
        if !may_return && !self.is_closed_within(NEXT, &tag) {
            return;
        }
        let (start, mut nested, mut read) = (self.tokens.clone(), 0, 0);
        loop {
            read += 1;
            match self.next() {
                Some(Token::Start(child)) if may_return && same(child.name, tag.name) => {
                    nested += 1
                }
                Some(Token::End(name)) if same(name, tag.name) && nested == 0 => return,
                Some(Token::End(name)) if same(name, tag.name) => nested -= 1,
                Some(token) if self.is_frame(token) => {
                    self.back = Some(token);
                    break;
                }
                None => break,
                Some(_) => {}
            }
        }
        if may_return {
            self.spare = self.spare.saturating_sub(read);
            (self.tokens, self.back) = (start, None);
        }
    }

    /// What an element holds, as text: characters, sections, and HTML that nobody escaped.
    pub fn content(&mut self, tag: Tag<'a>, shape: Shape) -> Content<'a> {
        let (mut writer, mut nested) = (Writer::new(shape == Shape::Xhtml), 0);
        if let Some(raw) = self.characters(&tag) {
            writer.text(raw);
            return self.told(writer.finish());
        }
        while let Some(token) = self.next() {
            match token {
                Token::Text(raw) => writer.text(raw),
                Token::Literal(raw) => writer.literal(raw),
                Token::End(name) if same(name, tag.name) && nested == 0 => break,
                token if self.ends_text(token, shape, writer.is_within()) => {
                    self.back = Some(token);
                    break;
                }
                Token::Start(child) => {
                    nested += usize::from(same(child.name, tag.name));
                    writer.start(child, self.base.as_deref().or(self.at), &self.resolver);
                }
                Token::End(name) => {
                    nested -= usize::from(same(name, tag.name));
                    writer.end(name);
                }
            }
        }
        self.told(writer.finish())
    }

    /// The characters of an element that holds nothing else.
    fn characters(&mut self, tag: &Tag<'a>) -> Option<&'a str> {
        self.back.is_none().then(|| self.tokens.characters(tag.name)).flatten()
    }

    fn told(&mut self, content: Content<'a>) -> Content<'a> {
        if let Some(what) = content.trouble {
            self.note(None, what);
        }
        content
    }

    /// The text of an element, none when there is none.
    pub fn text(&mut self, tag: Tag<'a>, kind: Kind, shape: Shape) -> Option<Text<'a>> {
        let content = self.content(tag, shape);
        let base = content.base.as_deref().and_then(|base| self.join(base)).map(Rc::new);
        let kind = if content.is_markup { Kind::Html } else { kind };
        let text = Text { raw: content.raw, kind, base: base.or_else(|| self.base.clone()) };
        Some(text).filter(|text| !text.raw.is_empty())
    }

    /// The characters of an element that holds a word, a time, an address; none when there are none.
    pub fn word(&mut self, tag: Tag<'a>) -> Option<Raw<'a>> {
        let content = self.content(tag, Shape::Brief);
        let raw = match content.is_markup {
            true => Raw::Owned(PlainText::of(&model::Text::html(content.raw)).into_string()),
            false => content.raw,
        };
        Some(raw).filter(|raw| !raw.is_empty())
    }

    /// A number an element holds.
    pub fn number<T: std::str::FromStr>(&mut self, tag: Tag<'a>) -> Option<T> {
        self.word(tag)?.parse().ok()
    }

    /// Notes what could not be used in the item being read, or in the document while there is none.
    pub fn note(&mut self, field: Option<&'static str>, what: impl Into<String>) {
        self.document.note(Problem { entry: self.entry, field, what: what.into() });
    }

    /// Whether a token opens or closes what items stand in, or an item: nothing else reaches over that.
    fn is_frame(&self, token: Token<'a>) -> bool {
        let (name, opens) = match token {
            Token::Start(tag) => (tag.name, true),
            Token::End(name) => (name, false),
            _ => return false,
        };
        // This is asked of every tag; a look at one letter and the length answers most of it.
        let (initial, length) =
            local(name).split_at_checked(1).map_or(("", 0), |(i, rest)| (i, rest.len()));
        if !matches!(initial, "i" | "e" | "c" | "r" | "f" | "I" | "E" | "C" | "R" | "F")
            || length > 6
        {
            return false;
        }
        let (space, name) = self.name(name);
        match name.as_str() {
            "item" | "entry" | "channel" => matches!(space, Space::Core | Space::Atom),
            "rss" | "feed" => !opens && matches!(space, Space::Core | Space::Atom),
            "rdf" => !opens,
            _ => false,
        }
    }

    /// Whether a token cannot be part of a text: then the text was never closed.
    fn ends_text(&self, token: Token<'a>, shape: Shape, is_within: bool) -> bool {
        if self.is_frame(token) {
            return true;
        }
        let Token::Start(child) = token else { return false };
        let (space, name) = self.name(child.name);
        match name.as_str() {
            // Behind the `div` that holds it, nothing of the entry belongs to the text.
            "title" | "link" | "id" | "guid" | "author" | "category" | "published" | "updated"
            | "issued" | "modified" | "summary" | "content"
                if shape == Shape::Xhtml =>
            {
                !is_within
            }
            _ if shape == Shape::Xhtml => false,
            _ if !matches!(space, Space::Core | Space::Atom) => space.is_extension(),
            // HTML has these, too, but in its head or never without an address.
            "title" | "link" | "source" | "image" if shape == Shape::Body => {
                let leads = |name| child.attribute(name).is_some();
                !is_within && !leads("src") && !leads("href") && !leads("srcset")
            }
            "author" | "generator" | "language" | "copyright" | "ttl" | "docs"
                if shape == Shape::Body =>
            {
                !is_within
            }
            "guid" | "pubdate" | "description" | "category" | "comments" | "enclosure" => true,
            "lastbuilddate" | "managingeditor" | "webmaster" | "textinput" => true,
            "published" | "updated" | "issued" | "modified" | "subtitle" | "tagline" => true,
            "title" | "link" | "author" | "source" | "image" | "id" | "url" | "summary"
            | "content" | "language" | "copyright" | "rights" | "generator" | "ttl" | "docs"
            | "name" | "email" | "uri" | "contributor" | "width" | "height" | "logo" | "icon" => {
                shape == Shape::Brief
            }
            _ => false,
        }
    }
}

/// What an element's text is expected to look like, for telling where one that is never closed ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A line: a title, a time, an address.
    Brief,
    /// An article, perhaps in HTML that should have been escaped.
    Body,
    /// Elements of HTML, as declared; their characters stay escaped.
    Xhtml,
}

/// Whether two names are the same to people who write feeds by hand.
pub(super) fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// Whether a local name is this one.
pub(super) fn is(tag: &Tag<'_>, name: &str) -> bool {
    same(local(tag.name), name)
}
