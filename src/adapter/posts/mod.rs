//! The `posts` kind: a folder of Jekyll posts, of the seed's form or any other.
//!
//! A folder answers with a listing, one line a file; each file is an entry whose mark is its name
//! with its size and time, so that only new and changed ones are read again, and whose absence
//! tells that it is gone. The file itself is the detail: front matter (`front_matter`), body
//! (`seed`), and from both a draft (`post`). Nothing here renders Liquid: `{{ … }}` stays text.

mod belonging;
mod front_matter;
mod post;
mod seed;

use http::Uri;

use self::post::{Shelving, read};
use super::select::path::Language;
use super::select::template::{Manner, Template};
use super::select::{Use, selectors};
use super::setting::{Reader, Value};
use super::{
    Adapter, Ask, Built, Entry, Kind, Parsed, Problem, Request, Response, Setting, decode,
};
use crate::model::draft::Draft;
use crate::model::source::{LISTING, Mark, Source};
use crate::model::time::Timestamp;

/// `kind = "posts"`.
pub const KIND: Kind = Kind { name: "posts", keys: &["category"], build };

/// How a folder's posts are read.
#[derive(Debug)]
struct Posts {
    shelving: Shelving,
}

fn build(setting: &Setting) -> Built {
    let mut mistakes = Vec::new();
    let mut reader = Reader::new(setting, &mut mistakes);
    let category = reader.get("category");
    let category =
        category.map(|category| selectors(category, Use::Word, Language::Json, reader.mistakes()));
    let is_named = |list: &Setting| !matches!(&list.value, Value::Array(list) if list.is_empty());
    let shelving = match (category, reader.get("categories").is_some_and(is_named)) {
        (Some(selectors), _) => Shelving::Selected(selectors),
        (None, true) => Shelving::Configured,
        (None, false) => Shelving::Read,
    };
    match mistakes.is_empty() {
        true => Ok(Box::new(Posts { shelving })),
        false => Err(mistakes),
    }
}

impl Adapter for Posts {
    fn asks(&self, source: &Source, _: Timestamp) -> Vec<Ask> {
        vec![Ask::list(get(source.url.clone()))]
    }

    fn parse(&self, ask: &Ask, at: &str, response: &Response) -> Parsed {
        match &ask.of {
            Some(entry) => self.file(entry, &name_of(ask.request.uri()), response),
            None if is_listing(response) => listing(at, &decode::text(response)),
            None => {
                Parsed::unusable("this is not a folder; the kind `posts` reads a folder of files")
            }
        }
    }
}

impl Posts {
    fn file(&self, entry: &Entry, name: &str, response: &Response) -> Parsed {
        let text = decode::text(response);
        let (draft, problem) = match read(name, &text, &self.shelving) {
            Ok((draft, problem)) => (draft, problem),
            Err(why) => (Draft { dropped: Some(why.clone()), ..Draft::default() }, Some(why)),
        };
        let problem = problem.map(|why| Problem::of_entry(0, None, format!("{name}: {why}")));
        let entry = Entry { mark: entry.mark, draft, follow: None };
        Parsed {
            entries: vec![entry],
            problems: problem.into_iter().collect(),
            ..Parsed::default()
        }
    }
}

fn is_listing(response: &Response) -> bool {
    let media_type = response.headers().get(http::header::CONTENT_TYPE);
    media_type.and_then(|value| value.to_str().ok()).is_some_and(|value| value.starts_with(LISTING))
}

/// The folder's posts. Names that start with `_` or `.` are drafts, parts and rests of editors.
fn listing(at: &str, text: &str) -> Parsed {
    let mut parsed = Parsed { whole: true, ..Parsed::default() };
    let folder = at.trim_end_matches('/');
    for line in text.lines() {
        match file_of(folder, line) {
            Ok(Some(entry)) => parsed.entries.push(entry),
            Ok(None) => {}
            Err(what) => {
                parsed.whole = false; // What cannot be read is not gone.
                parsed.problems.push(Problem::of_document(what));
            }
        }
    }
    parsed
}

fn file_of(folder: &str, line: &str) -> Result<Option<Entry>, String> {
    let mut parts = line.rsplitn(3, '\t');
    let (Some(time), Some(size), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(format!("a line of the listing cannot be read: `{line}`"));
    };
    let is_hidden = name.split('/').any(|part| part.starts_with(['_', '.']) || part.is_empty());
    if is_hidden || !is_post(name) {
        return Ok(None);
    }
    let address: Vec<String> = name.split('/').map(encoded).collect();
    let address = format!("{folder}/{}", address.join("/"));
    let address: Uri =
        address.parse().map_err(|error| format!("`{name}` cannot be asked for: {error}"))?;
    let mark = Mark::new(name, [size, time]);
    Ok(Some(Entry { mark, draft: Draft::default(), follow: Some(get(address)) }))
}

fn is_post(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    ["md", "markdown", "html", "htm"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

fn encoded(name: &str) -> String {
    let whole = Template::of_words("{name}", &["name"]);
    whole.fill(Manner::Address, |_| Some(name.to_owned())).unwrap_or_default()
}

/// The file's name as its folder has it.
fn name_of(address: &Uri) -> String {
    let name = address.path().rsplit('/').next().unwrap_or_default();
    percent_encoding::percent_decode_str(name).decode_utf8_lossy().into_owned()
}

fn get(address: Uri) -> Request {
    let mut request = Request::default();
    *request.uri_mut() = address;
    request
}

#[cfg(test)]
mod tests;
