//! The inside of a tag, as browsers read it (HTML, sections 13.2.5.32 to 13.2.5.40): a quote opens a
//! value behind `=` only, and a `>` inside one ends no tag.

/// The attributes of a tag: each name, and its value as it is written, quotes and all, where it has one.
pub(super) struct Attributes<'h> {
    rest: &'h str,
}

impl<'h> Attributes<'h> {
    /// Of the tag whose name `after` follows.
    pub fn of(after: &'h str) -> Attributes<'h> {
        Attributes { rest: after }
    }

    /// What follows the tag, once all of its attributes were read; nothing when it does not end.
    pub fn after(mut self) -> &'h str {
        self.by_ref().for_each(drop);
        self.rest.strip_prefix('>').unwrap_or("")
    }
}

impl<'h> Iterator for Attributes<'h> {
    type Item = (&'h str, Option<&'h str>);

    fn next(&mut self) -> Option<Self::Item> {
        let blank = |c: char| c.is_ascii_whitespace();
        self.rest = self.rest.trim_start_matches(|c| blank(c) || c == '/');
        let first = self.rest.chars().next().filter(|&c| c != '>')?.len_utf8();
        let ends_name = |c: char| blank(c) || matches!(c, '/' | '>' | '=');
        let end = self.rest[first..].find(ends_name).map_or(self.rest.len(), |end| first + end);
        let (name, after) = self.rest.split_at(end);
        let Some(value) = after.trim_start_matches(blank).strip_prefix('=') else {
            self.rest = after;
            return Some((name, None));
        };
        let value = value.trim_start_matches(blank);
        let end = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].find(quote).map(|end| end + 2),
            _ => value.find(|c: char| blank(c) || c == '>'),
        };
        let (written, rest) = value.split_at(end.unwrap_or(value.len()));
        self.rest = rest;
        Some((name, Some(written)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(inside: &str, expected: &[(&str, Option<&str>)], after: &str) {
        assert_eq!(Attributes::of(inside).collect::<Vec<_>>(), expected, "{inside}");
        assert_eq!(Attributes::of(inside).after(), after, "{inside}");
    }

    #[test]
    fn attributes_as_browsers_read_them() {
        check(
            " a=\"x > y\" b = 'z' c=d e/>f",
            &[("a", Some("\"x > y\"")), ("b", Some("'z'")), ("c", Some("d")), ("e", None)],
            "f",
        );
        check(" a\" b=\"></p>\">c", &[("a\"", None), ("b", Some("\"></p>\""))], "c");
        check(" =a=b>c", &[("=a", Some("b"))], "c");
        check(" a=>b", &[("a", Some(""))], "b");
        check(">a", &[], "a");
        check(" a='never closed>", &[("a", Some("'never closed>"))], "");
    }
}
