//! Names → the parts slugs are made of.
//!
//! Han characters are read in Mandarin, word by word: `phrases.tsv` says where a character reads
//! unlike it mostly does (重庆, 银行, 会计), the `pinyin` crate knows every character by itself.
//! Both tables are data; a wrong reading is mended there, without code.
//!
//! It knows nothing of length, uniqueness or hashes: that is `category`.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::LazyLock;

use pinyin::ToPinyin;
use unicode_normalization::UnicodeNormalization;

const PHRASES: &str = include_str!("phrases.tsv");
const OVERRIDES: &str = include_str!("overrides.tsv");

/// What a name romanises to: syllables and runs of `[a-z0-9]`, and `-` for every run of
/// anything else between them. Joined they are its slug; apart they say where it may be cut.
/// Empty when nothing in the name can be read.
pub fn parts(name: &str) -> Vec<String> {
    let name: Vec<char> = name.nfkc().flat_map(char::to_lowercase).collect();
    if let Some(slug) = overridden(&name) {
        return vec![slug.to_owned()];
    }
    let mut parts: Vec<String> = Vec::new();
    let mut within_run = false;
    for (&character, reading) in name.iter().zip(readings(&name)) {
        let plain = character.is_ascii_alphanumeric();
        match (plain, reading) {
            (true, _) if within_run => {
                parts.last_mut().expect("a run has begun").push(character);
            }
            (true, _) => parts.push(character.to_string()),
            (false, Some(reading)) => parts.push(reading.replace('ü', "v")),
            (false, None) if parts.last().is_some_and(|last| last != "-") => {
                parts.push("-".to_owned());
            }
            (false, None) => {}
        }
        within_run = plain;
    }
    parts.pop_if(|last| last == "-");
    parts
}

fn overridden(name: &[char]) -> Option<&'static str> {
    let name: String = name.iter().collect();
    let mut rows = rows(OVERRIDES).filter_map(|row| row.split_once('\t'));
    rows.find(|(of, _)| *of == name.trim()).map(|(_, slug)| slug)
}

/// How each character reads where it stands.
fn readings(name: &[char]) -> Vec<Option<&'static str>> {
    let mut readings = vec![None; name.len()];
    for (start, word) in words_in(name) {
        for (reading, character) in readings[start..].iter_mut().zip(&word.text) {
            *reading = word.reading(*character);
        }
    }
    for (reading, character) in readings.iter_mut().zip(name) {
        *reading = reading.or_else(|| alone(*character));
    }
    readings
}

fn alone(character: char) -> Option<&'static str> {
    let own = TABLE.words.get(&[character][..]).and_then(|word| word.reading(character));
    own.or_else(|| character.to_pinyin().map(|reading| reading.plain()))
}

/// The words of the table in a name, none overlapping another: the longest first, of two as
/// long the one higher up in the table. Taking words greedily from the left would find 市长 in
/// 市长江大桥, from the right 行情 in 发行情况.
fn words_in(name: &[char]) -> Vec<(usize, &'static Word)> {
    let mut found: Vec<(usize, &Word)> = (0..name.len())
        .flat_map(|start| {
            let longest = TABLE.longest.min(name.len() - start);
            (2..=longest).filter_map(move |length| {
                TABLE.words.get(&name[start..start + length]).map(|word| (start, word))
            })
        })
        .collect();
    found.sort_by_key(|(start, word)| (Reverse(word.text.len()), word.rank, *start));
    let mut taken = vec![false; name.len()];
    found.retain(|(start, word)| {
        let place = &mut taken[*start..start + word.text.len()];
        let free = !place.contains(&true);
        if free {
            place.fill(true);
        }
        free
    });
    found
}

/// A word in which some characters read unlike they mostly do.
struct Word {
    text: Vec<char>,
    /// The line it first stands in.
    rank: usize,
    readings: Vec<(char, &'static str)>,
}

impl Word {
    fn reading(&self, character: char) -> Option<&'static str> {
        let mut readings = self.readings.iter();
        readings.find(|(of, _)| *of == character).map(|(_, reading)| *reading)
    }
}

struct Table {
    words: HashMap<Vec<char>, Word>,
    longest: usize,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut words: HashMap<Vec<char>, Word> = HashMap::new();
    for (rank, row) in rows(PHRASES).enumerate() {
        let (character, rest) = row.split_once('\t').expect("a row has three columns");
        let (reading, list) = rest.split_once('\t').expect("a row has three columns");
        let character = character.chars().next().expect("a row starts with its character");
        for word in list.split(' ') {
            let text: Vec<char> = word.chars().collect();
            let word = words.entry(text.clone());
            let word = word.or_insert_with(|| Word { text, rank, readings: Vec::new() });
            word.readings.push((character, reading));
        }
    }
    let longest = words.keys().map(Vec::len).max().unwrap_or(0);
    Table { words, longest }
});

fn rows(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().filter(|row| !row.starts_with('#'))
}

#[cfg(test)]
mod tests;
