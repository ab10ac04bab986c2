//! Templates: `https://example.com/a/{id}.html`, where what stands in braces comes from an entry.
//!
//! In an address a value is only ever data: it is percent-encoded, so that it can become neither
//! another path, nor a query, nor another host (a provider's field `x.evil.example/`, `../`,
//! `x#y` included). A template that is nothing but one pair of braces is the exception: there the
//! value is the address itself, and only its scheme is looked at; what it may reach is settled by
//! the door out, not here.

use url::Url;

use super::path::{Language, Path};

/// Text with places to be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Place(Path),
}

/// How a value is written where it is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As it is.
    Plain,
    /// Percent-encoded but for the unreserved characters (RFC 3986 section 2.3).
    Address,
    /// As the inside of a JSON string (RFC 8259 section 7).
    Json,
    /// As words or the inside of a quoted attribute of HTML.
    Markup,
}

impl Template {
    /// Reads a template whose places are paths into JSON.
    pub fn parse(written: &str) -> Result<Template, String> {
        Template::read(written, Language::Json)
    }

    /// Reads a template as it is written in the file; `{{` and `}}` stand for the braces themselves.
    pub fn read(written: &str, language: Language) -> Result<Template, String> {
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut rest = written;
        while let Some(at) = rest.find(['{', '}']) {
            text.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                text.push_str(brace);
                rest = after;
            } else if brace == "{" {
                let (path, after) = rest.split_once('}').ok_or("a brace is not closed")?;
                parts.push(Part::Text(std::mem::take(&mut text)));
                parts.push(Part::Place(Path::read(path, language)?));
                rest = after;
            } else {
                return Err("a brace is closed that was not opened".to_owned());
            }
        }
        text.push_str(rest);
        parts.push(Part::Text(text));
        parts.retain(|part| *part != Part::Text(String::new()));
        Ok(Template { parts })
    }

    /// As `parse`, but only these words in braces are places, and all other braces are text, so
    /// that a body written in JSON needs no escaping.
    pub fn of_words(written: &str, words: &[&str]) -> Template {
        let mut parts = vec![Part::Text(written.to_owned())];
        for word in words {
            let path = Path::parse(word).expect("a word is a path");
            parts = parts.into_iter().flat_map(|part| part.cut(&path)).collect();
        }
        Template { parts }
    }

    /// The paths of its places.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.parts.iter().filter_map(|part| match part {
            Part::Place(path) => Some(path),
            Part::Text(_) => None,
        })
    }

    /// Whether it is nothing but one place, whose value is an address itself.
    pub fn is_whole_address(&self) -> bool {
        matches!(self.parts[..], [Part::Place(_)])
    }

    /// Filled in; nothing when one of the values is missing.
    pub fn fill(&self, manner: Manner, value: impl Fn(&Path) -> Option<String>) -> Option<String> {
        let mut filled = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Place(path) => write(manner, &value(path)?, &mut filled),
            }
        }
        Some(filled)
    }

    /// Filled in as an address, resolved against `base`; nothing when a value is missing.
    ///
    /// # Errors
    /// In words, when a value would not stay what it is or the result is no address.
    pub fn address(
        &self,
        base: Option<&Url>,
        value: impl Fn(&Path) -> Option<String>,
    ) -> Result<Option<Url>, String> {
        let manner = if self.is_whole_address() { Manner::Plain } else { Manner::Address };
        for path in self.paths().filter(|_| manner == Manner::Address) {
            let Some(value) = value(path) else { return Ok(None) };
            self.admits(path, &value)?;
        }
        let Some(filled) = self.fill(manner, value) else { return Ok(None) };
        let address = match base {
            Some(base) => base.join(filled.trim()),
            None => Url::parse(filled.trim()),
        };
        let address = address.map_err(|error| format!("`{filled}` is no address: {error}"))?;
        let scheme = address.scheme();
        if matches!(scheme, "http" | "https") || base.is_some_and(|base| base.scheme() == scheme) {
            return Ok(Some(address));
        }
        if manner == Manner::Address && scheme == "file" {
            return Ok(Some(address)); // The operator wrote it; a value cannot have become a scheme.
        }
        Err(format!("`{filled}` is not an address we ask: only http and https are"))
    }

    /// A value of dots alone would be a step up or nowhere even when encoded (WHATWG URL, "double-dot
    /// URL path segment"), and in a host a value may only be one label.
    fn admits(&self, path: &Path, value: &str) -> Result<(), String> {
        if !value.is_empty() && value.bytes().all(|byte| byte == b'.') {
            return Err(format!("`{value}` of `{}` cannot stand in an address", path.as_str()));
        }
        let label = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        let is_label = (1..=63).contains(&value.len()) && value.bytes().all(label);
        if self.is_in_host(path) && !is_label {
            return Err(format!("`{value}` of `{}` cannot stand in a host name", path.as_str()));
        }
        Ok(())
    }

    fn is_in_host(&self, path: &Path) -> bool {
        let mut before = String::new();
        self.parts.iter().any(|part| match part {
            Part::Text(text) => {
                before.push_str(text);
                false
            }
            Part::Place(place) => {
                let in_host = before
                    .split_once("//")
                    .is_some_and(|(_, host)| !host.contains(['/', '?', '#']));
                before.push('x');
                in_host && place == path
            }
        })
    }
}

impl Part {
    fn cut(self, word: &Path) -> Vec<Part> {
        let Part::Text(text) = self else { return vec![self] };
        let place = format!("{{{}}}", word.as_str());
        let mut parts = Vec::new();
        for (at, piece) in text.split(&place).enumerate() {
            if at > 0 {
                parts.push(Part::Place(word.clone()));
            }
            parts.push(Part::Text(piece.to_owned()));
        }
        parts
    }
}

fn write(manner: Manner, value: &str, to: &mut String) {
    match manner {
        Manner::Plain => to.push_str(value),
        Manner::Address => {
            for byte in value.bytes() {
                match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                        to.push(char::from(byte));
                    }
                    _ => to.push_str(&format!("%{byte:02X}")),
                }
            }
        }
        Manner::Json => {
            let quoted = serde_json::Value::from(value).to_string();
            to.push_str(&quoted[1..quoted.len() - 1]);
        }
        Manner::Markup => {
            for c in value.chars() {
                match c {
                    '&' => to.push_str("&amp;"),
                    '<' => to.push_str("&lt;"),
                    '"' => to.push_str("&quot;"),
                    c => to.push(c),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str, value: Option<&str>) -> Option<String> {
        Template::parse(template).unwrap().fill(Manner::Plain, |_| value.map(str::to_owned))
    }

    fn address(template: &str, value: &str) -> Result<String, String> {
        let base = Url::parse("https://list.example/a/list.json").unwrap();
        let template = Template::parse(template).unwrap();
        let address = template.address(Some(&base), |_| Some(value.to_owned()));
        address.map(|address| address.unwrap().to_string())
    }

    #[test]
    fn fills_places() {
        assert_eq!(filled("a{x}b", Some("1")).as_deref(), Some("a1b"));
        assert_eq!(filled("{{{x}}}", Some("1")).as_deref(), Some("{1}"));
        assert_eq!(filled("plain", None).as_deref(), Some("plain"));
    }

    #[test]
    fn is_empty_when_a_value_is_missing() {
        assert_eq!(filled("a{x}b", None), None);
    }

    #[test]
    fn mistakes_are_told() {
        assert_eq!(Template::parse("a{x").unwrap_err(), "a brace is not closed");
        assert_eq!(Template::parse("a}b").unwrap_err(), "a brace is closed that was not opened");
        assert!(Template::parse("{a..b}").is_err());
    }

    #[test]
    fn a_relative_address_starts_from_the_list() {
        assert_eq!(
            address("detail/{id}.json", "1").unwrap(),
            "https://list.example/a/detail/1.json"
        );
        assert_eq!(address("//other.example/{id}", "1").unwrap(), "https://other.example/1");
    }

    #[test]
    fn t_07_a_value_changes_neither_host_nor_path() {
        let check = |value: &str, expected: &str| {
            assert_eq!(
                address("https://api.example/d/{id}/x", value).unwrap(),
                format!("https://api.example/d/{expected}/x")
            );
        };
        check("x.evil.test/", "x.evil.test%2F");
        check("x@evil", "x%40evil");
        check("x#", "x%23");
        check("x\\", "x%5C");
        check("a\r\nb", "a%0D%0Ab");
        check("../..", "..%2F..");
        check("?q=1&r", "%3Fq%3D1%26r");
        check("青", "%E9%9D%92");
        check("%2e", "%252e");
        for dots in ["..", "."] {
            assert!(address("https://api.example/d/{id}/x", dots).is_err());
        }
    }

    #[test]
    fn t_07_a_value_in_a_host_is_one_label() {
        assert_eq!(address("https://{s}.example/", "news-1").unwrap(), "https://news-1.example/");
        for value in ["", "x.evil", "x/", "x@y", "X", "%2e", &"x".repeat(64)] {
            assert!(address("https://{s}.example/", value).is_err(), "{value}");
            assert!(address("https://a:{s}@api.example/", value).is_err(), "{value}");
        }
    }

    #[test]
    fn a_place_alone_is_the_address_itself() {
        assert_eq!(address("{url}", "/b.html").unwrap(), "https://list.example/b.html");
        assert_eq!(address("{url}", "http://b.example/?a=1&b").unwrap(), "http://b.example/?a=1&b");
        for value in ["file:///etc/passwd", "javascript:alert(1)", "ftp://x/"] {
            assert!(address("{url}", value).is_err(), "{value}");
        }
    }

    #[test]
    fn a_leading_place_with_more_behind_it_is_data() {
        assert_eq!(
            address("{id}.json", "//evil.example/x").unwrap(),
            "https://list.example/a/%2F%2Fevil.example%2Fx.json"
        );
    }

    #[test]
    fn a_body_of_json_keeps_its_braces() {
        let body =
            Template::of_words("{\"p\":{page},\"c\":\"{cursor}\",\"{x}\":{}}", &["page", "cursor"]);
        let filled = body.fill(Manner::Json, |path| {
            Some(if path.as_str() == "page" { "2" } else { "a\"b" }.to_owned())
        });
        assert_eq!(filled.unwrap(), "{\"p\":2,\"c\":\"a\\\"b\",\"{x}\":{}}");
    }
}
