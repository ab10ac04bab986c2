//! Mends what is almost JSON, after the strict reader has refused it.
//!
//! What real answers get wrong, each seen or told of: commas too many, control characters
//! inside strings, `\'` and other escapes of JavaScript, half a surrogate pair, keys without
//! quotes or in single ones, comments, `undefined` and `NaN`, and above all an end in the middle. One
//! pass, no recursion, output at most three times the input. It deliberately guesses nothing else: what it
//! hands on is read by the strict reader once more.

/// What became of the text.
#[derive(Debug, PartialEq, Eq)]
struct Mended {
    /// One JSON value, as far as it goes.
    text: String,
    /// Whether the text ended before its value did; what was begun and not finished is left out.
    broken_off: bool,
    /// The fault it was given up at, in words.
    fault: Option<String>,
}

/// What was read of almost JSON.
#[derive(Debug, PartialEq, Eq)]
pub struct Read<T> {
    /// The value, as far as it goes.
    pub value: T,
    /// Whether the text ended before its value did.
    pub broken_off: bool,
    /// The fault behind which nothing was read, in words.
    pub fault: Option<String>,
}

/// Reads almost JSON once it is mended. Where mending is not enough, what is finished before the
/// fault is read.
pub fn read<T>(
    text: &str,
    strict: impl Fn(&str) -> Result<T, serde_json::Error>,
) -> Option<Read<T>> {
    let mended = mend(text)?;
    let fault = match strict(&mended.text) {
        Ok(value) => {
            return Some(Read { value, broken_off: mended.broken_off, fault: mended.fault });
        }
        Err(fault) => fault,
    };
    let lines = mended.text.split_inclusive('\n').take(fault.line().saturating_sub(1));
    let at = lines.map(str::len).sum::<usize>() + fault.column();
    let before = &mended.text[..mended.text.floor_char_boundary(at)];
    let value = strict(&mend(before)?.text).ok()?;
    Some(Read { value, broken_off: false, fault: Some(told(&fault.to_string())) })
}

fn told(fault: &str) -> String {
    format!("its JSON has a fault no reader gets over ({fault}); what stands before it is taken")
}

/// How deep brackets may nest; the strict reader's own limit.
const DEPTH_MOST: usize = 128;

/// Mends the value that `text` starts with; nothing when there is none to be had.
fn mend(text: &str) -> Option<Mended> {
    let out = String::with_capacity(text.len() + text.len() / 8);
    let mut scan = Scan { rest: text, out, open: Vec::new() };
    while let Some(next) = scan.rest.chars().next() {
        let at = text.len() - scan.rest.len();
        if scan.take(next).is_none() {
            let fault = Some(told(&format!("`{next}` after {at} bytes")));
            return Some(Mended { broken_off: false, fault, ..scan.close()? });
        }
        if scan.open.is_empty() && !scan.out.trim_start().is_empty() {
            return Some(Mended { text: scan.out, broken_off: false, fault: None });
        }
    }
    scan.close()
}

struct Scan<'t> {
    rest: &'t str,
    out: String,
    open: Vec<Open>,
}

/// A bracket that is open.
struct Open {
    is_list: bool,
    /// Where the output ended after the last finished element.
    finished: Option<usize>,
}

impl Scan<'_> {
    /// Takes one token; nothing when the text cannot be a value at all.
    fn take(&mut self, next: char) -> Option<()> {
        match next {
            '{' | '[' => {
                self.open.push(Open { is_list: next == '[', finished: None });
                (self.open.len() <= DEPTH_MOST).then_some(())?;
                self.keep(next);
            }
            '}' | ']' => self.close_one(next)?,
            '"' | '\'' => self.string(next),
            ',' if self.out.trim_end().ends_with(['[', '{', ',']) => self.rest = &self.rest[1..],
            ',' | ':' => {
                self.finish(next == ',');
                self.keep(next);
            }
            _ if next.is_whitespace() => self.keep(next),
            '/' => self.comment()?,
            _ => self.word(),
        }
        Some(())
    }

    /// Passes over a comment.
    fn comment(&mut self) -> Option<()> {
        let end = match self.rest.as_bytes().get(1)? {
            b'/' => self.rest.find('\n'),
            b'*' => self.rest.find("*/").map(|end| end + "*/".len()),
            _ => return None,
        };
        self.rest = &self.rest[end.unwrap_or(self.rest.len())..];
        Some(())
    }

    fn keep(&mut self, next: char) {
        self.out.push(next);
        self.rest = &self.rest[next.len_utf8()..];
    }

    /// A comma inside a list says that the element before it is finished.
    fn finish(&mut self, is_comma: bool) {
        let length = self.out.trim_end().len();
        match self.open.last_mut() {
            Some(open) if is_comma && open.is_list && length > 0 => open.finished = Some(length),
            _ => {}
        }
    }

    fn close_one(&mut self, next: char) -> Option<()> {
        self.open.pop_if(|open| open.is_list == (next == ']'))?;
        self.drop_comma();
        self.keep(next);
        let length = self.out.len();
        if let Some(around) = self.open.last_mut().filter(|around| around.is_list) {
            around.finished = Some(length);
        }
        Some(())
    }

    fn drop_comma(&mut self) {
        let end = self.out.trim_end().len();
        if self.out[..end].ends_with(',') {
            self.out.truncate(end - 1);
        }
    }

    fn string(&mut self, quote: char) {
        self.out.push('"');
        let mut chars = self.rest[1..].char_indices();
        while let Some((at, next)) = chars.next() {
            match next {
                _ if next == quote => {
                    self.out.push('"');
                    self.rest = &self.rest[at + 2..];
                    return;
                }
                '"' => self.out.push_str("\\\""),
                '\\' => {
                    let taken = escape(&self.rest[at + 2..], &mut self.out);
                    for _ in 0..taken {
                        chars.next();
                    }
                }
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                // No format we write could carry it (XML 1.0 section 2.2).
                '\0'..='\u{1f}' => {}
                _ => self.out.push(next),
            }
        }
        self.rest = "";
    }

    /// A number, `true`, `false`, `null`, or a name that lacks its quotes.
    fn word(&mut self) {
        let end = self.rest.find(|c: char| c.is_whitespace() || "{}[]\"',:/".contains(c));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        let is_key = rest.trim_start().starts_with(':');
        match word {
            "undefined" | "NaN" | "Infinity" | "-Infinity" if !is_key => self.out.push_str("null"),
            _ if is_key => self.out.push_str(&serde_json::Value::from(word).to_string()),
            _ => self.out.push_str(word),
        }
    }

    /// The text broke off: it is cut after the last finished element of the outermost list that has
    /// one, so that no half entry is taken for a whole one, and what is open is closed.
    fn close(mut self) -> Option<Mended> {
        let (at, end) =
            self.open.iter().enumerate().find_map(|(at, open)| Some((at, open.finished?)))?;
        self.out.truncate(end);
        for open in self.open[..=at].iter().rev() {
            self.out.push(if open.is_list { ']' } else { '}' });
        }
        Some(Mended { text: self.out, broken_off: true, fault: None })
    }
}

/// Writes what a backslash and the text after it mean; answers how many characters it took.
fn escape(after: &str, out: &mut String) -> usize {
    match after.chars().next() {
        Some('u') => {
            match (unit(&after[1..]), after.get(5..).and_then(|low| unit(low.strip_prefix("\\u")?)))
            {
                (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => {
                    out.push('\\');
                    out.push_str(&after[..11]);
                    11
                }
                (Some(0xD800..=0xDFFF), _) => {
                    out.push('\u{FFFD}');
                    5
                }
                (Some(_), _) => {
                    out.push('\\');
                    out.push_str(&after[..5]);
                    5
                }
                (None, _) => {
                    out.push('u');
                    1
                }
            }
        }
        Some(known @ ('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't')) => {
            out.push('\\');
            out.push(known);
            1
        }
        Some('\0'..='\u{1f}') | None => 0,
        Some(other) => {
            out.push(other);
            1
        }
    }
}

/// The UTF-16 unit that four hexadecimal digits write.
fn unit(digits: &str) -> Option<u16> {
    let digits =
        digits.get(..4).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(
            mend(text),
            Some(Mended { text: expected.to_owned(), broken_off: false, fault: None }),
            "{text}"
        );
        serde_json::from_str::<serde_json::Value>(expected).unwrap();
    }

    fn cut(text: &str, expected: Option<&str>) {
        let expected =
            expected.map(|text| Mended { text: text.to_owned(), broken_off: true, fault: None });
        assert_eq!(mend(text), expected, "{text}");
    }

    #[test]
    fn a_comma_before_a_bracket() {
        check("[1,2,]", "[1,2]");
        check("{\"a\":[{\"b\":1,} , ] ,\n}", "{\"a\":[{\"b\":1} ] }");
        check("[\",]\"]", "[\",]\"]");
    }

    #[test]
    fn what_follows_the_value_is_left() {
        check("{\"a\":1});", "{\"a\":1}");
        check("[1,];alert(1)", "[1]");
    }

    #[test]
    fn control_characters_in_strings() {
        check("[\"a\tb\nc\u{1}\"]", r#"["a\tb\nc"]"#);
    }

    #[test]
    fn escapes_of_javascript() {
        check(r#"["it\'s \x \v"]"#, r#"["it's x v"]"#);
        check(r#"["\u00e9\"\\\/\n"]"#, r#"["\u00e9\"\\\/\n"]"#);
        check(r#"["\uZZZZ"]"#, r#"["uZZZZ"]"#);
    }

    #[test]
    fn comments() {
        check("{// first\n\"a\": /* the\n second */ \"//\"}", "{\n\"a\":  \"//\"}");
        cut("[1,/* never closed", Some("[1]"));
    }

    #[test]
    fn half_a_surrogate_pair() {
        check(r#"["\ud83d\ude80"]"#, r#"["\ud83d\ude80"]"#);
        check(r#"["\ud83d!","\ude80"]"#, "[\"\u{FFFD}!\",\"\u{FFFD}\"]");
        check(r#"["\ud83d\ud83d\ude80"]"#, "[\"\u{FFFD}\\ud83d\\ude80\"]");
    }

    #[test]
    fn names_and_strings_of_javascript() {
        check("{rc:0, me : '', 'a\"b':undefined}", "{\"rc\":0, \"me\" : \"\", \"a\\\"b\":null}");
        check("[NaN,-Infinity,true]", "[null,null,true]");
    }

    #[test]
    fn only_finished_elements_survive_a_cut() {
        cut(r#"{"list":[{"a":1},{"a":2},{"a":"tr"#, Some(r#"{"list":[{"a":1},{"a":2}]}"#));
        cut(r#"{"list":[{"a":1},{"b":[{"c":1},{"c""#, Some(r#"{"list":[{"a":1}]}"#));
        cut(r#"[{"list":[{"a":1},{"a"#, Some(r#"[{"list":[{"a":1}]}]"#));
        cut(r#"{"list":["a","b"#, Some(r#"{"list":["a"]}"#));
        cut(r#"[{"a":1}"#, Some(r#"[{"a":1}]"#));
    }

    #[test]
    fn nothing_finished_is_nothing() {
        cut(r#"{"list":[{"a":"tr"#, None);
        cut("{", None);
        cut("", None);
        cut("[}", None);
    }

    #[test]
    fn what_no_mending_mends_costs_nothing_before_it() {
        let strict = |text: &str| serde_json::from_str::<serde_json::Value>(text);
        for fault in [
            r#"{"a":"say "hi" now"}"#,
            r#"{"a":1 "b":2}"#,
            r#"{"a":01}"#,
            "{\"a\"\n:\n:1}",
            r#"{"a":[2}"#,
            r#"{"a":/x/}"#,
        ] {
            let text = format!("{{\"list\":[{{\"a\":1}},\n{{\"a\":2}},{fault},{{\"a\":4}}]}}");
            let read = read(&text, strict).expect("what is before the fault");
            assert_eq!(read.value, serde_json::json!({"list": [{"a": 1}, {"a": 2}]}), "{fault}");
            assert!(!read.broken_off && read.fault.is_some(), "{fault}");
        }
        assert!(read("{\"a\":01}", strict).is_none());
    }

    #[test]
    fn commas_too_many_and_glued_comments() {
        check("[{\"b\":1},,{\"b\":2},]", "[{\"b\":1},{\"b\":2}]");
        check("{\"a\":1/* n */,\"b\":2}", "{\"a\":1,\"b\":2}");
        check(" /* x */ [1]", "  [1]");
    }

    #[test]
    fn depth_is_bounded() {
        assert_eq!(mend(&"[".repeat(1_000_000)), None);
    }
}
