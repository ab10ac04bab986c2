//! Answers that lie ready: most who ask for a feed ask what somebody asked a moment ago, and are told
//! the same.
//!
//! Each thread keeps its own, so that giving one takes no lock and counts nothing that other threads
//! count, which costs more than all the rest of a short answer. They are forgotten as soon as any shelf
//! moves. A document in one of them is the press's own, not a copy, so that little is held twice.

use std::cell::RefCell;
use std::collections::HashMap;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use quick_cache::DefaultHashBuilder;
use thread_local::ThreadLocal;

use super::reply::Answer;

/// Bytes a thread keeps at most, documents included.
const ROOM: usize = 4 << 20;

/// What an answer takes besides its document, about.
const HEAD: usize = 2048;

/// Bytes of a question that is kept; a longer one is somebody trying something.
const LONGEST: usize = 512;

/// What was said lately, by each thread.
#[derive(Debug, Default)]
pub struct Answers(ThreadLocal<RefCell<Table>>);

#[derive(Debug, Default)]
struct Table {
    /// What the answers hold for: an edition of the press.
    edition: u64,
    answers: HashMap<Vec<u8>, Answer, DefaultHashBuilder>,
    /// What they take, in bytes.
    size: usize,
    /// A question, written down.
    asked: Vec<u8>,
}

/// All that decides an answer, of most requests: an address without parameters, the tags a reader has,
/// and the formats and codings it takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a>([&'a [u8]; 4]);

impl<'a> Question<'a> {
    /// What a request asks that is one to be answered, unless something else decides, too.
    pub(super) fn of(head: &'a Parts) -> Option<Question<'a>> {
        let headers = &head.headers;
        let tags = alone(headers, &header::IF_NONE_MATCH)?;
        let formats = alone(headers, &header::ACCEPT)?;
        let codings = alone(headers, &header::ACCEPT_ENCODING)?;
        let is_dated = tags.is_empty() && headers.contains_key(header::IF_MODIFIED_SINCE);
        let is_plain = head.method == Method::GET && head.uri.query().is_none();
        let parts = [head.uri.path().as_bytes(), tags, formats, codings];
        let is_short = parts.iter().map(|part| part.len()).sum::<usize>() <= LONGEST;
        (!is_dated && is_plain && is_short).then_some(Question(parts))
    }

    /// Writes it down so that no two read alike: no part holds a line's end.
    fn write(&self, room: &mut Vec<u8>) {
        room.clear();
        for part in self.0 {
            room.extend_from_slice(part);
            room.push(b'\n');
        }
    }
}

/// What a header says; nothing when it is not there. None when it says it over several lines.
fn alone<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut lines = headers.get_all(name).iter();
    let first = lines.next().map_or(&b""[..], HeaderValue::as_bytes);
    lines.next().is_none().then_some(first)
}

impl Answers {
    /// The answer to a question, if this thread gave it in this edition.
    pub(super) fn get(&self, question: Question<'_>, edition: u64) -> Option<Answer> {
        let table = &mut *self.0.get_or_default().borrow_mut();
        if table.edition != edition {
            return None;
        }
        question.write(&mut table.asked);
        table.answers.get(&table.asked).cloned()
    }

    /// Keeps an answer that was found in an edition.
    pub(super) fn keep(&self, question: Question<'_>, edition: u64, answer: &Answer) {
        let size = HEAD.saturating_add(answer.body().len());
        if size > ROOM {
            return;
        }
        let table = &mut *self.0.get_or_default().borrow_mut();
        if table.edition != edition || table.size + size > ROOM {
            *table = Table { edition, ..Table::default() };
        }
        let mut asked = Vec::new();
        question.write(&mut asked);
        // Counted here alone from now on; what it counts for is the press's one document.
        let mut answer = answer.clone().map(Bytes::from_owner);
        answer.headers_mut().values_mut().for_each(disown);
        // Of two that asked at the same moment, the second brings the same once more.
        if table.answers.insert(asked, answer).is_none() {
            table.size += size;
        }
    }
}

/// Makes it a value whose bytes no other thread counts.
fn disown(value: &mut HeaderValue) {
    if let Ok(own) = HeaderValue::from_bytes(value.as_bytes()) {
        *value = own;
    }
}
