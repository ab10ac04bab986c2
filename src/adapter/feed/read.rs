//! From text to a `Document`: which format it is, and the walk over what every format has in
//! common, a frame with items in it.
//!
//! The format is told by content alone, since servers call feeds anything. Junk before the root
//! and after it is passed over; a second root goes on where the first ended. Only what has no
//! root of a feed is refused, in words that say what it is instead.

use url::Url;

use super::document::{Channel, Document, Format, ITEMS};
use super::name::Space;
use super::reader::{Reader, is, same};
use super::xml::{Tag, Token, local};
use super::{atom, json, page, rss};
use crate::adapter::Problem;

/// Reads a feed document of any format that came from `at`. What is none is refused, in plain words.
pub fn read<'a>(text: &'a str, at: Option<&'a Url>) -> Result<Document<'a>, String> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    match text.bytes().next() {
        None => Err("the document is empty".to_owned()),
        // A message in brackets before the root looks like JSON at first.
        Some(b'{' | b'[') => json::read(text).or_else(|why| xml(text, at).map_err(|_| why)),
        Some(b'<') => xml(text, at),
        // A call or a guard around JSON, else words before the root.
        Some(_) => xml(text, at).or_else(|why| json::wrapped(text).unwrap_or(Err(why))),
    }
}

fn xml<'a>(text: &'a str, at: Option<&'a Url>) -> Result<Document<'a>, String> {
    let reader = Reader::new(text, at);
    Walk { reader, is_open: true, root: "", is_closed: false, channels: 0, surplus: 0 }
        .read(text, at)
}

/// A walk over the frame of a document.
struct Walk<'a> {
    reader: Reader<'a>,
    /// Whether we stand inside a root: what follows it is not about the feed.
    is_open: bool,
    /// The name of the first root, as written.
    root: &'a str,
    /// Whether an end tag of that name was met.
    is_closed: bool,
    /// How many channels began; what a second one says of itself is not about this feed.
    channels: usize,
    surplus: usize,
}

impl<'a> Walk<'a> {
    fn read(mut self, text: &str, at: Option<&Url>) -> Result<Document<'a>, String> {
        let root = self.root().ok_or_else(|| page::refusal(text, at))?;
        self.reader.document.format = format(&self.reader, &root);
        self.root = root.name;
        self.start(root);
        while let Some(token) = self.reader.next() {
            match token {
                Token::Start(tag) => self.start(tag),
                Token::End(name) => self.end(name),
                Token::Text(_) | Token::Literal(_) => {}
            }
        }
        self.finish()
    }

    /// The first tag a feed can start with. In an HTML page only an unmistakable one counts.
    fn root(&mut self) -> Option<Tag<'a>> {
        let mut is_page = false;
        while let Some(token) = self.reader.next() {
            let Token::Start(tag) = token else { continue };
            let scope = self.reader.enter(&tag);
            let (space, name) = self.reader.name(tag.name);
            let found = match (name.as_str(), space) {
                ("html", _) => {
                    is_page = true;
                    false
                }
                ("rss", Space::Core | Space::Other) => true,
                ("feed", Space::Atom) => true,
                ("rdf", Space::Rdf | Space::Core) | ("feed" | "channel", Space::Core) => !is_page,
                ("item", Space::Core) | ("entry", Space::Core | Space::Atom) => !is_page,
                _ => false,
            };
            self.reader.leave(scope);
            if found {
                return Some(tag);
            }
        }
        None
    }

    fn start(&mut self, tag: Tag<'a>) {
        let scope = self.reader.enter(&tag);
        let (space, name) = self.reader.name(tag.name);
        let is_of_frame = matches!(space, Space::Core | Space::Atom | Space::Rdf);
        match name.as_str() {
            // What a frame declares holds until the document ends.
            "rss" | "rdf" | "feed" | "channel" if is_of_frame => return self.frame(tag),
            "item" | "entry" if is_of_frame => self.item(tag, name.as_str() == "entry"),
            _ if self.is_open => self.about(tag),
            _ => self.reader.skip(tag),
        }
        self.reader.leave(scope);
    }

    fn end(&mut self, name: &str) {
        self.is_closed |= same(name, self.root);
        if let ("rss" | "rdf" | "feed", Space::Core | Space::Atom | Space::Rdf) =
            (self.reader.name(name).1.as_str(), self.reader.name(name).0)
        {
            self.is_open = false;
        }
    }

    fn frame(&mut self, tag: Tag<'a>) {
        self.is_open = true;
        self.channels +=
            usize::from(!matches!(self.reader.name(tag.name).1.as_str(), "rss" | "rdf"));
        if self.channels > 1 {
            return;
        }
        // CDF's own way of saying where addresses start.
        let own = tag.attributes().find(|(name, _)| name.eq_ignore_ascii_case("base"));
        if let Some((_, base)) = own.filter(|_| is(&tag, "channel")) {
            self.reader.start_from(&base);
        }
        let href = self.reader.address(tag.attribute("href"));
        let channel = &mut self.reader.document.channel;
        if channel.language.is_none() {
            channel.language = self.reader.language.clone();
        }
        if channel.id.is_none() {
            channel.id = tag.attribute("about");
        }
        if channel.link.is_none() {
            channel.link = href;
        }
        if channel.updated.is_none() {
            channel.updated = tag.attribute("lastmod");
        }
    }

    fn about(&mut self, tag: Tag<'a>) {
        let mut channel = match self.channels {
            0 | 1 => std::mem::take(&mut self.reader.document.channel),
            _ => Channel::default(),
        };
        match self.reader.document.format {
            Format::Atom => atom::channel(&mut self.reader, tag, &mut channel),
            _ => rss::channel(&mut self.reader, tag, &mut channel),
        }
        if self.channels < 2 {
            self.reader.document.channel = channel;
        }
    }

    fn item(&mut self, tag: Tag<'a>, is_entry: bool) {
        if self.reader.document.items.len() == ITEMS {
            self.surplus += 1;
            return self.reader.skip(tag);
        }
        self.reader.entry = Some(self.reader.document.items.len());
        let item = match is_entry {
            true => atom::entry(&mut self.reader, tag),
            false => rss::item(&mut self.reader, tag),
        };
        if item.is_cut {
            self.reader.note(None, "the document ends inside this item");
        }
        self.reader.document.items.push(item);
        self.reader.entry = None;
    }

    fn finish(self) -> Result<Document<'a>, String> {
        let mut document = self.reader.document;
        document.channel.settle();
        let is_one_item =
            matches!(local(self.root).to_ascii_lowercase().as_str(), "item" | "entry");
        let is_cut = match document.items.first() {
            Some(item) if is_one_item => item.is_cut,
            _ => !self.is_closed,
        };
        if is_cut {
            document.cut();
        }
        if self.surplus > 0 {
            let what = format!("{} items more than the {ITEMS} kept of one document", self.surplus);
            document.note(Problem::of_document(what));
        }
        let says_nothing = document.items.is_empty() && document.channel.title.is_none();
        if document.format == Format::Rdf && says_nothing {
            return Err("this is RDF, but no RSS: it has neither a channel nor items".to_owned());
        }
        Ok(document)
    }
}

fn format(reader: &Reader<'_>, root: &Tag<'_>) -> Format {
    match reader.name(root.name).1.as_str() {
        "feed" | "entry" => Format::Atom,
        "rdf" => Format::Rdf,
        _ if rss::is_cdf(root) => Format::Cdf,
        _ => Format::Rss,
    }
}
