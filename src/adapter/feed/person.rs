//! People in the spellings feeds have for them: one line with name and address in any order, and
//! the same person under several elements.

use std::ops::Range;

use super::document::{Person, Raw, add, fill};
use crate::model::text::{PlainText, Text};

/// Bytes of a line in which several people are looked for.
const LINE: usize = 4096;

impl<'a> Person<'a> {
    /// Reads several people in one line, where each has an address: `a@b.c (A), d@e.f (B)`.
    pub(super) fn parse_all(text: Raw<'a>) -> Vec<Person<'a>> {
        let line = Some(&*text).filter(|text| text.len() <= LINE);
        let parts: Vec<&str> = line.map_or(Vec::new(), |line| line.split([',', ';']).collect());
        if parts.len() > 1 && parts.iter().all(|part| part.matches('@').count() == 1) {
            let owned = parts.into_iter().map(|part| Raw::Owned(part.trim().to_owned()));
            return owned.map(Person::parse).collect();
        }
        vec![Person::parse(text)]
    }

    /// Reads `a@b.c (Name)`, `Name <a@b.c>` and what people make of them.
    pub(super) fn parse(text: Raw<'a>) -> Person<'a> {
        // A name somebody made a link of.
        let marked = Text::unsaid(text.as_ref());
        let text = match text.contains('<') && marked.is_html_line() {
            true => Raw::Owned(PlainText::of(&marked).into_string()),
            false => text,
        };
        let Some(email) = email(&text) else {
            return Person {
                name: Some(text).filter(|name| !name.is_empty()),
                ..Person::default()
            };
        };
        let around = |c: char| {
            c.is_whitespace() || matches!(c, '<' | '>' | '[' | ']' | '"' | ',' | ';' | ':')
        };
        let edge = |c: char| around(c) || matches!(c, '(' | ')');
        let before = text[..email.start].trim_end_matches("mailto:").trim_matches(edge);
        let after = text[email.end..].trim_matches(around).trim_start_matches(')').trim();
        // A comment has its own parentheses, and perhaps some within.
        let comment = after.strip_prefix('(').map(|c| c.strip_suffix(')').unwrap_or(c));
        let after = comment.unwrap_or_else(|| after.trim_matches(edge));
        let name = [before, after.trim()].join(" ");
        Person {
            name: Some(name.trim())
                .filter(|name| !name.is_empty())
                .map(|name| Raw::Owned(name.to_owned())),
            email: Some(Raw::Owned(text[email].to_owned())),
            url: None,
        }
    }
}

/// Where in a text an e-mail address stands.
fn email(text: &str) -> Option<Range<usize>> {
    let of_mailbox =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-');
    let at = text.find('@')?;
    let start = at - text[..at].chars().rev().take_while(|&c| of_mailbox(c)).count();
    let host =
        text[at + 1..].chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
    let end = at + 1 + host.count();
    (start < at && end > at + 1).then_some(start..end)
}

/// Adds people. The same one under another element says the more about one who is there already.
pub(super) fn people<'a>(people: &mut Vec<Person<'a>>, more: impl IntoIterator<Item = Person<'a>>) {
    for person in more {
        let is_same = |known: &&mut Person<'a>| known.name.is_some() && known.name == person.name;
        match people.iter_mut().find(is_same) {
            Some(known) => {
                fill(&mut known.email, person.email);
                fill(&mut known.url, person.url);
            }
            None if person.is_empty() => {}
            None => add(people, person),
        }
    }
}
