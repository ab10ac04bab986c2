//! The referee of the layering: a room imports only from rows below it, rooms of one row do not
//! know each other, and each row keeps its hands off what it must not touch.

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms by row, lowest first. `main` and `lib` stand above all.
const ROWS: [&[&str]; 7] = [
    &["model"],
    &["adapter", "format", "webhook", "websub"],
    &["config"],
    &["store", "net", "clock", "telemetry"],
    &["press"],
    &["deliver", "ingest", "serve"],
    &["cli"],
];

/// What must not appear in a room, and the only rooms that may hold it.
const ONLY_IN: [(&str, &[&str]); 10] = [
    ("rusqlite", &["store"]),
    ("reqwest", &["net"]),
    ("hyper::", &["serve"]),
    ("matchit", &["serve"]),
    ("prometheus_client", &["telemetry"]),
    ("anyhow", &["cli", "main"]),
    ("toml::", &["config", "cli"]),
    ("quick_xml", &["adapter", "format"]),
    ("SystemTime::now", &["clock"]),
    ("SafeHtml::recall", &["model", "store"]),
];

/// What rows 0 to 2 must not touch: they are pure.
const IMPURE: [&str; 10] = [
    "async ",
    ".await",
    "tokio",
    "std::fs",
    "std::env",
    "std::net::Tcp",
    "Instant::now",
    "::now()",
    "std::process",
    "thread::spawn",
];

#[test]
fn rooms_import_only_downward() {
    let mut breaches = Vec::new();
    for (room, file, text) in sources() {
        let Some(row) = row_of(&room) else { continue };
        for (number, line) in code(&text) {
            for other in rooms().filter(|other| **other != room.as_str() && mentions(&line, other))
            {
                if row_of(other).is_some_and(|other_row| other_row >= row) {
                    breaches.push(format!(
                        "{}:{number}: `{room}` must not know `{other}`",
                        file.display()
                    ));
                }
            }
        }
    }
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

#[test]
fn only_cli_knows_the_configuration() {
    let mut breaches = Vec::new();
    for (room, file, text) in sources() {
        if matches!(room.as_str(), "cli" | "config") {
            continue;
        }
        for (number, line) in code(&text).into_iter().filter(|(_, line)| mentions(line, "config")) {
            breaches.push(format!(
                "{}:{number}: `{room}` is told, it does not read: {line}",
                file.display()
            ));
        }
    }
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

#[test]
fn every_room_has_a_row() {
    for (room, file, _) in sources() {
        let known = row_of(&room).is_some() || matches!(room.as_str(), "lib" | "main");
        assert!(
            known,
            "{} stands in no row: add `{room}` to the architecture or move it",
            file.display()
        );
    }
}

#[test]
fn each_room_keeps_its_hands_off() {
    let mut breaches = Vec::new();
    for (room, file, text) in sources() {
        for (number, line) in code(&text) {
            for (word, homes) in ONLY_IN {
                if line.contains(word) && !homes.contains(&room.as_str()) {
                    breaches.push(format!(
                        "{}:{number}: `{word}` belongs to {homes:?}",
                        file.display()
                    ));
                }
            }
        }
    }
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

#[test]
fn rows_0_to_2_are_pure() {
    let mut breaches = Vec::new();
    for (room, file, text) in sources() {
        if row_of(&room).is_none_or(|row| row > 2) {
            continue;
        }
        for (number, line) in code(&text) {
            for word in IMPURE.iter().filter(|word| line.contains(**word)) {
                breaches.push(format!("{}:{number}: `{word}` in a pure room", file.display()));
            }
        }
    }
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

#[test]
fn a_use_over_several_lines_is_one_line_of_code() {
    let text =
        "//! x\nuse crate::{\n    // why\n    adapter::{Ask, Entry},\n    net,\n};\nfn f() {}\n";
    let lines = code(text);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0].0, 2);
    for (room, expected) in [("adapter", true), ("net", true), ("model", false), ("config", false)]
    {
        assert_eq!(mentions(&lines[0].1, room), expected, "{room}");
    }
    assert_eq!(lines[1], (7, "fn f() {}".to_owned()));
}

#[test]
fn every_file_opens_with_a_sentence() {
    for (_, file, text) in sources() {
        assert!(text.starts_with("//!"), "{} does not say what it is", file.display());
    }
}

fn rooms() -> impl Iterator<Item = &'static &'static str> {
    ROWS.iter().copied().flatten()
}

fn row_of(room: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&room))
}

/// Whether a line of code names the room as a path of this crate.
fn mentions(line: &str, room: &str) -> bool {
    ["crate::", "feedloom::"].iter().any(|root| {
        line.match_indices(root).any(|(at, _)| {
            let after = &line[at + root.len()..];
            let direct = after
                .strip_prefix(room)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'));
            let grouped = after.starts_with('{')
                && after
                    .split(['{', ',', ' ', '}'])
                    .any(|part| part.split("::").next() == Some(room));
            direct || grouped
        })
    })
}

/// Lines of code with their numbers: comments and tests left out, and a `use` that is spread over
/// lines made one, so that its rooms stand beside its root.
pub fn code(text: &str) -> Vec<(usize, String)> {
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let mut code: Vec<(usize, String)> = Vec::new();
    for (number, line) in (1..).zip(text[..end].lines()) {
        if line.trim_start().starts_with("//") {
            continue;
        }
        match code.last_mut().filter(|(_, before)| is_open_use(before)) {
            Some((_, before)) => before.push_str(line.trim()),
            None => code.push((number, line.to_owned())),
        }
    }
    code
}

/// Whether a line begins a `use` that does not end on it.
fn is_open_use(line: &str) -> bool {
    let line = line.trim_start();
    let is_use = line.starts_with("use ") || (line.starts_with("pub") && line.contains(" use "));
    is_use && !line.contains(';')
}

/// Every file of `src` with its room and text; files of tests left out.
pub fn sources() -> Vec<(String, PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &mut found);
    assert!(found.len() > 20, "the walk found the sources");
    found
        .into_iter()
        .filter(|file| {
            !["tests.rs", "testing.rs", "fake.rs"].iter().any(|test| file.ends_with(test))
        })
        .map(|file| {
            let inside = file.strip_prefix(&root).unwrap();
            let room = inside
                .components()
                .next()
                .unwrap()
                .as_os_str()
                .to_string_lossy()
                .trim_end_matches(".rs")
                .to_owned();
            let text = fs::read_to_string(&file).unwrap();
            (room, inside.to_owned(), text)
        })
        .collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}
