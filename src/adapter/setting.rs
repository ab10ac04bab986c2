//! `Setting`: a configured value and where it stands, so that an adapter can say what is wrong
//! with it without knowing the file's syntax; and `Reader`, which reads a table of them key by key.
//!
//! A reader never stops at the first mistake: it notes what is wrong, hands out nothing for that
//! key, and goes on, so that whoever wrote the file is told everything at once. It deliberately
//! does not know TOML, nor any key's meaning.

use std::ops::{Range, RangeInclusive};

/// A configured value with its place in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Byte range in the file.
    pub span: Range<usize>,
    /// The value.
    pub value: Value,
}

/// What a setting can be.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text.
    String(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
    /// Yes or no.
    Boolean(bool),
    /// Several values.
    Array(Vec<Setting>),
    /// Named values in the file's order; each name with its own place.
    Table(Vec<(Name, Setting)>),
}

/// A key in a table and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Byte range in the file.
    pub span: Range<usize>,
    /// The key.
    pub text: String,
}

/// What is wrong with a setting, where, and what was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Byte range in the file.
    pub span: Range<usize>,
    /// In plain words.
    pub what: String,
}

impl Mistake {
    /// A mistake at a setting.
    pub fn at(setting: &Setting, what: impl Into<String>) -> Mistake {
        Mistake { span: setting.span.clone(), what: what.into() }
    }
}

impl Setting {
    /// Its text.
    pub fn text(&self) -> Result<&str, Mistake> {
        match &self.value {
            Value::String(text) => Ok(text),
            _ => Err(self.not("text in quotes")),
        }
    }

    /// Its whole number.
    pub fn integer(&self) -> Result<i64, Mistake> {
        match self.value {
            Value::Integer(number) => Ok(number),
            _ => Err(self.not("a whole number")),
        }
    }

    /// Yes or no.
    pub fn boolean(&self) -> Result<bool, Mistake> {
        match self.value {
            Value::Boolean(yes) => Ok(yes),
            _ => Err(self.not("true or false")),
        }
    }

    /// Its elements.
    pub fn list(&self) -> Result<&[Setting], Mistake> {
        match &self.value {
            Value::Array(list) => Ok(list),
            _ => Err(self.not("a list in brackets")),
        }
    }

    /// Its elements, or itself alone where one value may stand for a list of one.
    pub fn one_or_list(&self) -> &[Setting] {
        match &self.value {
            Value::Array(list) => list,
            _ => std::slice::from_ref(self),
        }
    }

    /// Its named values.
    pub fn rows(&self) -> Result<&[(Name, Setting)], Mistake> {
        match &self.value {
            Value::Table(rows) => Ok(rows),
            _ => Err(self.not("a table of keys")),
        }
    }

    fn not(&self, meant: &str) -> Mistake {
        let found = match self.value {
            Value::String(_) => "text",
            Value::Integer(_) => "a whole number",
            Value::Float(_) => "a number with a fraction",
            Value::Boolean(_) => "true or false",
            Value::Array(_) => "a list",
            Value::Table(_) => "a table",
        };
        Mistake::at(self, format!("this should be {meant}, but it is {found}"))
    }
}

/// Reads a table key by key and notes every mistake on the way.
///
/// A key that was asked for is a key that exists: `finish` refuses all others, so the list of
/// known keys cannot drift from the code that reads them.
#[derive(Debug)]
pub struct Reader<'s, 'm> {
    whole: &'s Setting,
    rows: &'s [(Name, Setting)],
    known: Vec<&'s str>,
    mistakes: &'m mut Vec<Mistake>,
}

impl<'s, 'm> Reader<'s, 'm> {
    /// A reader of `table`; when it is no table that is noted, and every key reads as absent.
    pub fn new(table: &'s Setting, mistakes: &'m mut Vec<Mistake>) -> Reader<'s, 'm> {
        let rows = table.rows().unwrap_or_else(|mistake| {
            mistakes.push(mistake);
            &[]
        });
        Reader { whole: table, rows, known: Vec::new(), mistakes }
    }

    /// The setting under `key`, whatever it is.
    pub fn get(&mut self, key: &'s str) -> Option<&'s Setting> {
        self.known.push(key);
        self.rows.iter().find(|(name, _)| name.text == key).map(|(_, setting)| setting)
    }

    /// The setting under `key` as `read` understands it; its mistake is noted.
    pub fn read<T>(
        &mut self,
        key: &'s str,
        read: impl FnOnce(&'s Setting) -> Result<T, Mistake>,
    ) -> Option<T> {
        let read = read(self.get(key)?);
        self.noted(read)
    }

    /// As `read`, and noted when the key is absent.
    pub fn required<T>(
        &mut self,
        key: &'s str,
        read: impl FnOnce(&'s Setting) -> Result<T, Mistake>,
    ) -> Option<T> {
        if self.get(key).is_none() {
            self.note(self.whole, format!("`{key}` is missing here"));
        }
        self.read(key, read)
    }

    /// Text.
    pub fn string(&mut self, key: &'s str) -> Option<&'s str> {
        self.read(key, Setting::text)
    }

    /// A list of texts; those elements that are none are noted and left out.
    pub fn strings(&mut self, key: &'s str) -> Vec<&'s str> {
        let list = self.read(key, Setting::list).unwrap_or_default();
        self.texts(list)
    }

    /// One text or a list of texts.
    pub fn string_or_list(&mut self, key: &'s str) -> Vec<&'s str> {
        let list = self.get(key).map(Setting::one_or_list).unwrap_or_default();
        self.texts(list)
    }

    /// A whole number within `range`.
    pub fn integer(&mut self, key: &'s str, range: RangeInclusive<i64>) -> Option<i64> {
        self.read(key, |setting| match setting.integer()? {
            number if range.contains(&number) => Ok(number),
            _ => {
                let (least, most) = range.into_inner();
                Err(Mistake::at(setting, format!("this should be a number from {least} to {most}")))
            }
        })
    }

    /// Yes or no.
    pub fn boolean(&mut self, key: &'s str) -> Option<bool> {
        self.read(key, Setting::boolean)
    }

    /// A table, to be read by a reader of its own.
    pub fn table(&mut self, key: &'s str) -> Option<&'s Setting> {
        self.read(key, |setting| setting.rows().map(|_| setting))
    }

    /// A list of tables; a single table counts as a list of one.
    pub fn tables(&mut self, key: &'s str) -> &'s [Setting] {
        self.get(key).map(Setting::one_or_list).unwrap_or_default()
    }

    /// Keys that somebody else reads.
    pub fn allow(&mut self, keys: impl IntoIterator<Item = &'s str>) {
        self.known.extend(keys);
    }

    /// Notes a mistake at `setting`.
    pub fn note(&mut self, setting: &Setting, what: impl Into<String>) {
        self.mistakes.push(Mistake::at(setting, what));
    }

    /// Notes a mistake at what stands under `key`.
    pub fn note_key(&mut self, key: &'s str, what: impl Into<String>) {
        let setting = self.get(key).unwrap_or(self.whole);
        self.note(setting, what);
    }

    /// The value, or nothing and its mistake noted.
    pub fn noted<T>(&mut self, read: Result<T, Mistake>) -> Option<T> {
        read.map_err(|mistake| self.mistakes.push(mistake)).ok()
    }

    /// Where mistakes are noted, for the reader of a table within this one.
    pub fn mistakes(&mut self) -> &mut Vec<Mistake> {
        self.mistakes
    }

    /// Ends the reading: every key nobody asked for is noted, with the one that was probably meant.
    pub fn finish(self) {
        for (name, _) in self.rows {
            if self.known.contains(&name.text.as_str()) {
                continue;
            }
            let hint = match meant(&name.text, self.known.iter().copied()) {
                Some(known) => format!("; did you mean `{known}`?"),
                None => String::new(),
            };
            let what = format!("unknown key `{}`{hint}", name.text);
            self.mistakes.push(Mistake { span: name.span.clone(), what });
        }
    }

    fn texts(&mut self, list: &'s [Setting]) -> Vec<&'s str> {
        list.iter().filter_map(|setting| self.noted(setting.text())).collect()
    }
}

/// The known word that `word` was probably meant to be: at most a third of its letters differ.
pub fn meant<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let word: Vec<char> = word.chars().take(LONGEST_WORD).collect();
    known
        .into_iter()
        .map(|known| (distance(&word, &known.chars().collect::<Vec<_>>()), known))
        .filter(|(distance, known)| *distance <= known.chars().count().max(3) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// No key is as long as this; what is longer resembles none, and is not compared in full.
const LONGEST_WORD: usize = 64;

/// How many letters have to be put in, left out, replaced or swapped with their neighbour to make `a` of `b`.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let replaced = above[j] + usize::from(x != y);
            let mut least = replaced.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(value: Value) -> Setting {
        Setting { span: 7..9, value }
    }

    fn table(rows: Vec<(&str, Value)>) -> Setting {
        let rows = rows.into_iter().enumerate().map(|(at, (text, value))| {
            (Name { span: at..at + 1, text: text.to_owned() }, setting(value))
        });
        setting(Value::Table(rows.collect()))
    }

    fn mistakes(table: &Setting, read: impl FnOnce(&mut Reader)) -> Vec<String> {
        let mut mistakes = Vec::new();
        let mut reader = Reader::new(table, &mut mistakes);
        read(&mut reader);
        reader.finish();
        mistakes.into_iter().map(|mistake| mistake.what).collect()
    }

    #[test]
    fn reads_what_is_there() {
        let table = table(vec![
            ("title", Value::String("青禾".into())),
            ("most", Value::Integer(5)),
            ("html", Value::Boolean(true)),
        ]);
        let none = mistakes(&table, |reader| {
            assert_eq!(reader.string("title"), Some("青禾"));
            assert_eq!(reader.integer("most", 1..=10), Some(5));
            assert_eq!(reader.boolean("html"), Some(true));
            assert_eq!(reader.string("link"), None);
        });
        assert_eq!(none, Vec::<String>::new());
    }

    #[test]
    fn tells_all_mistakes_at_once() {
        let table = table(vec![
            ("title", Value::Integer(1)),
            ("most", Value::Integer(50)),
            ("tilte", Value::Integer(1)),
            ("xyzzy", Value::Boolean(true)),
        ]);
        let all = mistakes(&table, |reader| {
            reader.string("title");
            reader.integer("most", 1..=10);
            reader.required("url", Setting::text);
        });
        assert_eq!(
            all,
            [
                "this should be text in quotes, but it is a whole number",
                "this should be a number from 1 to 10",
                "`url` is missing here",
                "unknown key `tilte`; did you mean `title`?",
                "unknown key `xyzzy`",
            ]
        );
    }

    #[test]
    fn an_unknown_key_is_shown_where_its_name_stands() {
        let table = table(vec![("a", Value::Integer(1)), ("b", Value::Integer(2))]);
        let mut mistakes = Vec::new();
        let mut reader = Reader::new(&table, &mut mistakes);
        reader.allow(["a"]);
        reader.finish();
        assert_eq!(mistakes[0].span, 1..2);
    }

    #[test]
    fn one_text_may_stand_for_a_list_of_one() {
        let one = setting(Value::String("x".into()));
        let table = table(vec![
            ("one", one.value.clone()),
            ("many", Value::Array(vec![one.clone(), setting(Value::Integer(3)), one])),
        ]);
        let wrong = mistakes(&table, |reader| {
            assert_eq!(reader.string_or_list("one"), ["x"]);
            assert_eq!(reader.string_or_list("many"), ["x", "x"]);
        });
        assert_eq!(wrong, ["this should be text in quotes, but it is a whole number"]);
    }

    #[test]
    fn what_is_no_table_is_said_once() {
        let wrong = mistakes(&setting(Value::Integer(1)), |reader| {
            assert_eq!(reader.string("title"), None);
        });
        assert_eq!(wrong, ["this should be a table of keys, but it is a whole number"]);
    }

    #[test]
    fn guesses_what_was_meant() {
        let known = ["interval", "title", "url", "kind"];
        let check = |word: &str, expected| assert_eq!(meant(word, known), expected, "{word}");
        check("intervall", Some("interval"));
        check("tilte", Some("title"));
        check("ulr", Some("url"));
        check("Kind", Some("kind"));
        check("zzz", None);
        check(&"x".repeat(10_000), None);
    }
}
