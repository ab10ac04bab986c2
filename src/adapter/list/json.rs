//! JSON, unwrapped from what it comes in: a call, an assignment, a script in a page.
//!
//! `callback({…});`, `var x = {…};`, `window.x = {…}`, a byte order mark and the guards some
//! sites put in front are recognised without being asked for. JSON inside a page has to be named,
//! since a page holds many scripts. Nothing is ever run, only looked for.

use super::value;
use super::written::Answer;
use crate::adapter::feed::page::title;
use crate::adapter::mend;
use crate::adapter::setting::{Mistake, Reader, Setting};

/// What the JSON is wrapped in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Wrapper {
    /// Nothing, a call or an assignment: whichever it is.
    #[default]
    Plain,
    /// The `<script>` with this id.
    Script(String),
    /// What is assigned to this name, anywhere in the text.
    Variable(String),
}

impl Wrapper {
    /// Reads `wrapper = { script = "id" }` or `{ variable = "window.x" }`.
    pub fn read(setting: &Setting, mistakes: &mut Vec<Mistake>) -> Wrapper {
        let mut reader = Reader::new(setting, mistakes);
        let script = reader.string("script").map(|id| Wrapper::Script(id.to_owned()));
        let variable = reader.string("variable").map(|name| Wrapper::Variable(name.to_owned()));
        let both = script.is_some() && variable.is_some();
        let wrapper = script.or(variable);
        if both || wrapper.is_none() {
            reader.note(setting, "this should be `{ script = \"its id\" }` or `{ variable = \"its name\" }`; calls and assignments need no word");
        }
        reader.finish();
        wrapper.unwrap_or_default()
    }

    /// The value in `text`.
    ///
    /// # Errors
    /// In words, when there is none.
    pub fn unwrap(&self, text: &str) -> Result<Answer, String> {
        let inside = match self {
            Wrapper::Plain => plain(text)?,
            Wrapper::Script(id) => script(text, id)
                .ok_or_else(|| format!("the page has no script with the id `{id}`"))?,
            Wrapper::Variable(name) => {
                assigned(text, name).ok_or_else(|| format!("nothing is assigned to `{name}`"))?
            }
        };
        value(inside)
    }
}

/// What is left of a text once a call or an assignment around it is gone.
///
/// # Errors
/// In words, when there is no JSON in it.
pub fn plain(text: &str) -> Result<&str, String> {
    let mut inside = text.trim_start_matches('\u{FEFF}').trim_start();
    for guard in [")]}',", ")]}'", "while(1);", "for(;;);", "try{"] {
        inside = inside.strip_prefix(guard).unwrap_or(inside).trim_start();
        while let Some((_, after)) = inside.strip_prefix("/*").and_then(|c| c.split_once("*/")) {
            inside = after.trim_start();
        }
    }
    match inside.chars().next() {
        None => Err("the answer is empty".to_owned()),
        Some('<') => Err(page(inside)),
        Some('{' | '[' | '"') => Ok(inside),
        Some(_) => unnamed(inside).ok_or_else(|| format!("this is not JSON: `{}`", start(inside))),
    }
}

/// What comes after `name(` or `var name =`.
fn unnamed(text: &str) -> Option<&str> {
    let text = ["var ", "let ", "const "]
        .iter()
        .find_map(|word| text.strip_prefix(word))
        .unwrap_or(text)
        .trim_start();
    let name = |c: char| c.is_alphanumeric() || "_$.".contains(c);
    let (wrapping, inside) = text.split_at(text.find(['{', '['])?);
    let wrapping = wrapping.trim_end().strip_suffix(['(', '='])?.trim_end();
    (!wrapping.is_empty() && wrapping.chars().all(name)).then_some(inside)
}

/// What stands in the `<script>` with this id.
fn script<'t>(text: &'t str, id: &str) -> Option<&'t str> {
    let mut rest = text;
    while let Some(at) = find_ignoring_case(rest, "<script") {
        rest = &rest[at + "<script".len()..];
        let (tag, inside) = rest.split_once('>')?;
        if names(tag, id) {
            let end = find_ignoring_case(inside, "</script").unwrap_or(inside.len());
            return plain(&inside[..end]).ok();
        }
    }
    None
}

fn names(tag: &str, id: &str) -> bool {
    let written = [format!("id=\"{id}\""), format!("id='{id}'"), format!("id={id}")];
    let bounded = |after: &str| after.is_empty() || after.starts_with([' ', '/', '\n', '\t']);
    written.iter().any(|written| {
        tag.match_indices(written.as_str()).any(|(at, _)| {
            tag[..at].ends_with([' ', '\n', '\t']) && bounded(&tag[at + written.len()..])
        })
    })
}

fn find_ignoring_case(text: &str, ascii: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = memchr::memchr(b'<', &text.as_bytes()[from..]) {
        let at = from + at;
        let candidate = text.as_bytes().get(at..at + ascii.len());
        if candidate.is_some_and(|candidate| candidate.eq_ignore_ascii_case(ascii.as_bytes())) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

/// What follows `name =`, where the name stands by itself.
fn assigned<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let mut found = text.match_indices(name).filter_map(|(at, _)| {
        let before = text[..at].chars().next_back();
        let alone = before.is_none_or(|c| !c.is_alphanumeric() && !"_$.".contains(c));
        let after = text[at + name.len()..].trim_start().strip_prefix('=')?.trim_start();
        (alone && after.starts_with(['{', '['])).then_some(after)
    });
    found.next()
}

/// The value a text starts with; what follows it is of no interest.
fn value(text: &str) -> Result<Answer, String> {
    let error = match value::read(text) {
        Ok((value, is_partial)) => return Ok(Answer { value, is_partial, ..Answer::default() }),
        Err(error) => error,
    };
    let mended = mend::read(text, value::read).map(|read| {
        let (value, is_partial) = read.value;
        Answer {
            value,
            is_partial,
            broken_off: read.broken_off,
            fault: read.fault,
            ..Answer::default()
        }
    });
    mended.ok_or_else(|| match error.is_eof() {
        true => format!(
            "the answer breaks off after {} bytes, before its first entry is complete",
            text.len()
        ),
        false => format!("this is not JSON: {error}"),
    })
}

/// An HTML page in place of JSON: a login, a block, an error; its title often says which.
fn page(text: &str) -> String {
    match title(text) {
        Some(title) => format!("a page came where JSON was due; its title is “{title}”"),
        None => "a page came where JSON was due".to_owned(),
    }
}

/// Enough of a text to know it again.
pub fn start(text: &str) -> String {
    let mut start: String =
        text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(wrapper: &Wrapper, text: &str, expected: Value) {
        let unwrapped = wrapper.unwrap(text).unwrap();
        assert_eq!(unwrapped, Answer { value: expected, ..Answer::default() }, "{text}");
    }

    fn plain(text: &str) {
        check(&Wrapper::Plain, text, json!({"a": [1]}));
    }

    fn refused(wrapper: &Wrapper, text: &str, expected: &str) {
        assert_eq!(wrapper.unwrap(text).unwrap_err(), expected, "{text}");
    }

    #[test]
    fn plain_json() {
        plain("{\"a\":[1]}");
        plain("\u{FEFF} {\"a\":[1]}\n");
        plain(")]}',\n{\"a\":[1]}");
        plain("{\"a\":[1,],}");
    }

    #[test]
    fn calls() {
        plain("news({\"a\":[1]})");
        plain("jQuery1123_456( {\"a\":[1]} );");
        plain("/**/ data.callback({\"a\":[1],});\n// end");
    }

    #[test]
    fn assignments() {
        plain("var ajaxResult={\"a\":[1]};");
        plain("window.initialState = {\"a\":[1]}");
        plain("const $x =\n{\"a\":[1]};");
        check(&Wrapper::Plain, "var newest = [1];", json!([1]));
    }

    #[test]
    fn a_script_of_a_page() {
        let wrapper = Wrapper::Script("__NEXT_DATA__".to_owned());
        let page = "<html><script>var x={}</script><SCRIPT type=\"application/json\" id=\"__NEXT_DATA__\">\
                    {\"a\":[1]}</SCRIPT></html>";
        check(&wrapper, page, json!({"a": [1]}));
        refused(&wrapper, "<html></html>", "the page has no script with the id `__NEXT_DATA__`");
        refused(
            &wrapper,
            "<script data-id=__NEXT_DATA__x>{}</script>",
            "the page has no script with the id `__NEXT_DATA__`",
        );
    }

    #[test]
    fn a_variable_of_a_page() {
        let wrapper = Wrapper::Variable("window.initialState".to_owned());
        let page = "<script>my.window.initialState={};if(window.initialState==1){}\
                    window.initialState={\"a\":[1]};(function(){})()</script>";
        check(&wrapper, page, json!({"a": [1]}));
        refused(&wrapper, "{}", "nothing is assigned to `window.initialState`");
    }

    #[test]
    fn a_page_where_json_was_due_is_named() {
        let page = "<!DOCTYPE html><html><head><TITLE lang=x> 访问受限 </TITLE>";
        refused(&Wrapper::Plain, page, "a page came where JSON was due; its title is “访问受限”");
        refused(&Wrapper::Plain, "<html>", "a page came where JSON was due");
    }

    #[test]
    fn what_is_no_json_is_said() {
        refused(&Wrapper::Plain, "", "the answer is empty");
        refused(&Wrapper::Plain, "502 Bad Gateway", "this is not JSON: `502 Bad Gateway`");
        refused(
            &Wrapper::Plain,
            "{\"a\":[{\"b\"",
            "the answer breaks off after 10 bytes, before its first entry is complete",
        );
    }

    #[test]
    fn a_cut_answer_keeps_what_was_complete() {
        let unwrapped = Wrapper::Plain.unwrap("cb({\"a\":[{\"b\":1},{\"b").unwrap();
        assert_eq!(
            unwrapped,
            Answer { value: json!({"a": [{"b": 1}]}), broken_off: true, ..Answer::default() }
        );
    }

    #[test]
    fn hostile_answers_are_bounded() {
        for text in ["[".repeat(200_000), "{\"a\":".repeat(200_000), ",".repeat(600_000)] {
            assert!(Wrapper::Plain.unwrap(&text).is_err());
        }
        let many = format!("[{}0]", "0,".repeat(600_000));
        assert!(Wrapper::Plain.unwrap(&many).expect("its beginning").is_partial);
    }
}
