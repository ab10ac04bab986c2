//! Names of elements: which vocabulary a prefix means, and a local name that ignores case.
//!
//! An address decides, as XML says; but feeds leave it out, misspell it, or use last year's. Then
//! the prefix means what everybody means by it. Addresses we don't know leave their elements
//! unread, save that an unknown default namespace is taken for the format's own.

/// A vocabulary feeds use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    /// No namespace, or one of RSS and RDF Site Summary.
    Core,
    /// Atom 0.3 and 1.0 (RFC 4287).
    Atom,
    /// The RDF syntax around RSS 0.90 and 1.0.
    Rdf,
    /// Dublin Core elements and terms.
    Dc,
    /// `content:encoded`, and Yandex's `full-text` and `content`.
    Content,
    /// Media RSS.
    Media,
    /// Podcasts, Apple's and the Podcast Index's.
    Podcast,
    /// `sy:updatePeriod`.
    Syndication,
    /// Creative Commons.
    Licence,
    /// FeedBurner.
    FeedBurner,
    /// Threading (RFC 4685), `slash`, `wfw`: numbers and addresses of comments.
    Thread,
    /// Places.
    Geo,
    /// What wrote a feed and whom to tell of its faults.
    Admin,
    /// HTML in XML.
    Xhtml,
    /// Anything else.
    Other,
}

impl Space {
    /// The vocabulary an address names. Scheme, case and a final `/` or `#` are not looked at.
    pub fn of_address(address: &str) -> Option<Space> {
        let address = address.trim().to_ascii_lowercase();
        let address = address.split_once("://").map_or(&*address, |(_, rest)| rest);
        let address = address.strip_prefix("www.").unwrap_or(address);
        Some(match address.trim_end_matches(['/', '#']) {
            "w3.org/2005/atom" | "purl.org/atom/ns" | "purl.org/atom/1.0" => Space::Atom,
            "w3.org/1999/02/22-rdf-syntax-ns" => Space::Rdf,
            "purl.org/rss/1.0" | "purl.org/net/rss1.1" => Space::Core,
            "my.netscape.com/rdf/simple/0.9" | "channel.netscape.com/rdf/simple/0.9" => Space::Core,
            "backend.userland.com/rss2" | "blogs.law.harvard.edu/tech/rss" => Space::Core,
            "purl.org/dc/elements/1.1" | "purl.org/dc/elements/1.0" | "purl.org/dc/terms" => {
                Space::Dc
            }
            "purl.org/rss/1.0/modules/dcterms" => Space::Dc,
            "purl.org/rss/1.0/modules/content" => Space::Content,
            "news.yandex.ru" | "turbo.yandex.ru" => Space::Content,
            "purl.org/rss/1.0/modules/syndication" => Space::Syndication,
            "purl.org/rss/1.0/modules/slash" | "purl.org/syndication/thread/1.0" => Space::Thread,
            "wellformedweb.org/commentapi" => Space::Thread,
            "search.yahoo.com/mrss" | "video.search.yahoo.com/mrss" => Space::Media,
            "rssboard.org/media-rss" => Space::Media,
            "itunes.com/dtds/podcast-1.0.dtd" | "podcastindex.org/namespace/1.0" => Space::Podcast,
            namespace if namespace.starts_with("github.com/podcastindex-org/") => Space::Podcast,
            namespace if namespace.starts_with("google.com/schemas/play-podcasts/") => {
                Space::Podcast
            }
            "webns.net/mvcb" => Space::Admin,
            "web.resource.org/cc" | "creativecommons.org/ns" => Space::Licence,
            "backend.userland.com/creativecommonsrssmodule" => Space::Licence,
            "cyber.law.harvard.edu/rss/creativecommonsrssmodule.html" => Space::Licence,
            "rssnamespace.org/feedburner/ext/1.0" => Space::FeedBurner,
            "georss.org/georss" | "w3.org/2003/01/geo/wgs84_pos" | "opengis.net/gml" => Space::Geo,
            "w3.org/1999/xhtml" => Space::Xhtml,
            draft if draft.starts_with("purl.org/atom/ns#draft") => Space::Atom,
            _ => return None,
        })
    }

    /// What everybody means by a prefix, declared or not.
    pub fn of_prefix(prefix: &str) -> Space {
        match Lower::of(prefix).as_str() {
            "" | "rss" => Space::Core,
            "atom" | "atom10" | "atom03" | "a10" | "a" => Space::Atom,
            "rdf" => Space::Rdf,
            "dc" | "dcterms" | "dct" => Space::Dc,
            "content" | "yandex" | "turbo" => Space::Content,
            "media" | "mrss" => Space::Media,
            "itunes" | "podcast" | "googleplay" => Space::Podcast,
            "sy" => Space::Syndication,
            "cc" | "creativecommons" => Space::Licence,
            "feedburner" => Space::FeedBurner,
            "slash" | "thr" | "wfw" => Space::Thread,
            "admin" => Space::Admin,
            "georss" | "geo" | "gml" => Space::Geo,
            "xhtml" | "html" | "h" => Space::Xhtml,
            _ => Space::Other,
        }
    }

    /// Whether the vocabulary is one that HTML written into a feed cannot be from.
    pub fn is_extension(self) -> bool {
        !matches!(self, Space::Core | Space::Atom | Space::Rdf | Space::Xhtml | Space::Other)
    }
}

/// No name we know is longer.
const LONGEST: usize = 24;

/// A name in lower case; most are written so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lower<'n> {
    /// As it is written.
    Written(&'n str),
    /// Made lower, and how long it is.
    Made([u8; LONGEST], u8),
}

impl<'n> Lower<'n> {
    /// The lower case of a name; empty when no name we know looks like that.
    pub fn of(name: &'n str) -> Lower<'n> {
        if !name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Lower::Written(name);
        }
        let mut bytes = [0; LONGEST];
        if name.len() > LONGEST || !name.is_ascii() {
            return Lower::Written("");
        }
        bytes[..name.len()].copy_from_slice(name.as_bytes());
        bytes.make_ascii_lowercase();
        Lower::Made(bytes, name.len() as u8)
    }

    /// As a string.
    pub fn as_str(&self) -> &str {
        match self {
            Lower::Written(name) => name,
            Lower::Made(bytes, length) => {
                std::str::from_utf8(&bytes[..usize::from(*length)]).expect("only ASCII is kept")
            }
        }
    }
}

/// Prefixes whose meaning is kept; no feed uses so many, and each name is looked up among them.
const DECLARED: usize = 256;

/// The namespaces in scope, the innermost last.
#[derive(Default)]
pub(super) struct Spaces<'a> {
    declared: Vec<(&'a str, Space)>,
}

impl<'a> Spaces<'a> {
    /// Takes in one attribute of a tag, when it declares something we know.
    pub fn declare(&mut self, attribute: &'a str, value: &str) {
        let prefix = match attribute.split_once(':') {
            Some(("xmlns", prefix)) => prefix,
            None if attribute == "xmlns" => "",
            _ => return,
        };
        let space = Space::of_address(value).unwrap_or_else(|| Space::of_prefix(prefix));
        if self.declared.len() < DECLARED && self.of(prefix) != space {
            self.declared.push((prefix, space));
        }
    }

    /// How many are in scope, to come back to.
    pub fn count(&self) -> usize {
        self.declared.len()
    }

    /// Leaves the scopes entered since there were so many.
    pub fn leave(&mut self, count: usize) {
        self.declared.truncate(count);
    }

    /// What a prefix means here.
    pub fn of(&self, prefix: &str) -> Space {
        let declared = self.declared.iter().rev().find(|(p, _)| p.eq_ignore_ascii_case(prefix));
        match declared {
            Some(&(_, space)) => space,
            None if prefix.is_empty() => Space::Core,
            None => Space::of_prefix(prefix),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(declarations: &[(&'static str, &str)], prefix: &str, expected: Space) {
        let mut spaces = Spaces::default();
        for (attribute, value) in declarations {
            spaces.declare(attribute, value);
        }
        assert_eq!(spaces.of(prefix), expected, "{declarations:?} {prefix}");
    }

    #[test]
    fn an_address_decides() {
        check(&[("xmlns:d", "http://purl.org/dc/elements/1.1/")], "d", Space::Dc);
        check(&[("xmlns", "http://www.w3.org/2005/Atom")], "", Space::Atom);
        check(&[("xmlns:dc", "http://search.yahoo.com/mrss")], "dc", Space::Media);
    }

    #[test]
    fn a_prefix_is_enough() {
        check(&[], "dc", Space::Dc);
        check(&[], "MEDIA", Space::Media);
        check(&[("xmlns:content", "http://example.org/typo")], "content", Space::Content);
    }

    #[test]
    fn unknown_ones() {
        check(&[], "weixin", Space::Other);
        check(&[("xmlns", "http://example.org/own")], "", Space::Core);
    }

    #[test]
    fn scopes_end() {
        let mut spaces = Spaces::default();
        spaces.declare("xmlns", "http://www.w3.org/1999/xhtml");
        spaces.leave(0);
        assert_eq!(spaces.of(""), Space::Core);
    }

    #[test]
    fn names_ignore_case() {
        assert_eq!(Lower::of("pubDate").as_str(), "pubdate");
        assert_eq!(Lower::of(&"X".repeat(25)).as_str(), "");
        assert_eq!(Lower::of("A中").as_str(), "");
    }
}
