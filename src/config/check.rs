//! What a single value may be: durations, sizes, slugs, zones, selectors, patterns.
//!
//! Each reads one `Setting` and either gives the value or says what is wrong and what was meant.
//! It deliberately does not know which key the value stands under.

use std::time::Duration;

use regex::{Regex, RegexBuilder};
use scraper::Selector;

use crate::adapter::select::css;
use crate::adapter::setting::{Mistake, Reader, Setting, meant};
use crate::model::source::SourceId;
use crate::model::time::Zone;

type Checked<T> = Result<T, Mistake>;

/// Words for people: not empty, on one line, nothing invisible that XML could not carry.
pub(super) fn words(setting: &Setting) -> Checked<String> {
    let words = setting.text()?.trim();
    if words.is_empty() {
        return Err(Mistake::at(setting, "this should not be empty"));
    }
    if words.chars().any(char::is_control) {
        return Err(Mistake::at(setting, "this should be one line without control characters"));
    }
    Ok(words.to_owned())
}

/// A name for addresses: `[a-z0-9-]`, at most 64 long.
pub(super) fn slug(setting: &Setting) -> Checked<String> {
    let text = setting.text()?;
    match SourceId::new(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err(Mistake::at(
            setting,
            format!(
                "`{}` should be made of a-z, 0-9 and -, at most 64 of them, such as {}",
                shown(text),
                suggested(text)
            ),
        )),
    }
}

/// The slug that was probably meant.
fn suggested(text: &str) -> String {
    let lower = text.trim().to_ascii_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let slug = words.collect::<Vec<_>>().join("-");
    match SourceId::new(&slug) {
        Some(_) => format!("`{slug}`"),
        None => "`people-politics`".to_owned(),
    }
}

/// An IANA time zone or a fixed offset.
pub(super) fn zone(setting: &Setting) -> Checked<Zone> {
    setting.text()?.parse::<Zone>().map_err(|error| Mistake::at(setting, error.to_string()))
}

/// A BCP 47 language tag, as far as its shape goes.
pub(super) fn language(setting: &Setting) -> Checked<String> {
    let text = setting.text()?;
    let is_part = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    let is_tag = is_part(first)
        && first.len() > 1
        && first.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(is_part);
    if is_tag {
        Ok(text.to_owned())
    } else {
        Err(Mistake::at(
            setting,
            format!("`{}` is no language tag; `zh-CN` and `en` are", shown(text)),
        ))
    }
}

/// A span of time above zero: numbers with their units, largest first, such as `90d` or `1h30m`.
pub(super) fn duration(setting: &Setting) -> Checked<Duration> {
    match span(setting)? {
        Duration::ZERO => Err(Mistake::at(setting, "this should be more than no time at all")),
        span => Ok(span),
    }
}

/// How long items are kept: a span of time, or `for ever`.
pub(super) fn keeping(setting: &Setting) -> Checked<Option<Duration>> {
    match setting.text() {
        Ok("for ever") => Ok(None),
        _ => duration(setting).map(Some),
    }
}

/// A span of time, perhaps none.
pub(super) fn span(setting: &Setting) -> Checked<Duration> {
    let text = setting.text().map_err(|mistake| with_example(mistake, "\"10m\" or \"1h30m\""))?;
    spelled_span(text).ok_or_else(|| {
        Mistake::at(setting, format!("`{}` is no span of time; write it with w, d, h, m or s, largest first, such as `90d`, `10m` or `1h30m`", shown(text)))
    })
}

/// Longest span anybody may ask for: a hundred years, so that no sum of times overflows.
const LONGEST: u64 = 100 * 366 * 86_400;

fn spelled_span(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let (mut seconds, mut unit_before) = (0u64, u64::MAX);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        let letter = rest[digits..].chars().next()?;
        let unit = match letter {
            'w' => 7 * 86_400,
            'd' => 86_400,
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        if unit >= unit_before {
            return None;
        }
        unit_before = unit;
        seconds = seconds.checked_add(number.checked_mul(unit)?)?;
        rest = rest[digits + 1..].trim_start();
    }
    (unit_before < u64::MAX && seconds <= LONGEST).then_some(Duration::from_secs(seconds))
}

/// A size in bytes, above zero: `512KB`, `4MB`, `1GB`. A kilobyte is 1024 bytes here, as a megabyte is 1024 of those.
pub(super) fn size(setting: &Setting) -> Checked<usize> {
    let text = setting.text().map_err(|mistake| with_example(mistake, "\"4MB\""))?;
    spelled_size(text).ok_or_else(|| {
        Mistake::at(
            setting,
            format!(
                "`{}` is no size; write it with KB, MB or GB, such as `512KB` or `4MB`",
                shown(text)
            ),
        )
    })
}

fn spelled_size(text: &str) -> Option<usize> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: usize = text[..digits].parse().ok()?;
    let unit: usize = match text[digits..].trim_start() {
        "B" => 1,
        "KB" | "KiB" => 1 << 10,
        "MB" | "MiB" => 1 << 20,
        "GB" | "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(unit).filter(|bytes| (1..=1 << 40).contains(bytes))
}

/// A CSS selector.
pub(super) fn selector(setting: &Setting) -> Checked<Selector> {
    let text = setting.text()?;
    css::read(text).map_err(|why| Mistake::at(setting, format!("`{}` {why}", shown(text))))
}

/// A regular expression that stays small, written, compiled and running (T-25).
pub(super) fn pattern(setting: &Setting) -> Checked<Regex> {
    let text = setting.text()?;
    if text.len() > 1 << 10 {
        return Err(Mistake::at(setting, "a pattern should not be longer than 1024 bytes"));
    }
    let limited = RegexBuilder::new(text).size_limit(1 << 20).dfa_size_limit(2 << 20).build();
    limited.map_err(|error| {
        // The crate draws the place under the pattern; its last line says what is wrong.
        let error = error.to_string();
        let why = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
        Mistake::at(setting, format!("`{}` is no regular expression: {why}", shown(text)))
    })
}

/// Every element of a list as `read` understands it; those it refuses are noted and left out.
pub(super) fn each<'s, T>(
    reader: &mut Reader<'s, '_>,
    key: &'s str,
    mut read: impl FnMut(&'s Setting) -> Checked<T>,
) -> Option<Vec<T>> {
    let list = reader.read(key, Setting::list)?;
    Some(list.iter().filter_map(|element| reader.noted(read(element))).collect())
}

/// The mistake of a word that should be one of a few.
pub(super) fn unknown(setting: &Setting, what: &str, word: &str, known: &[&str]) -> Mistake {
    let hint = match meant(word, known.iter().copied()) {
        Some(known) => format!("; did you mean `{known}`?"),
        None => format!(
            "; there are {}",
            known.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
        ),
    };
    Mistake::at(setting, format!("unknown {what} `{}`{hint}", shown(word)))
}

/// What was written, short enough for a line of a message.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let line: String =
        text.chars().take(MOST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() > MOST { line + "…" } else { line }
}

fn with_example(mistake: Mistake, example: &str) -> Mistake {
    Mistake { what: format!("{}; write {example}", mistake.what), ..mistake }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time() {
        let check = |text, seconds: Option<u64>| {
            assert_eq!(spelled_span(text).map(|span| span.as_secs()), seconds, "{text}")
        };
        check("90d", Some(7_776_000));
        check("10m", Some(600));
        check("1h30m", Some(5_400));
        check("1h 30m", Some(5_400));
        check("2w", Some(1_209_600));
        check("0s", Some(0));
        for wrong in [
            "",
            "10",
            "m",
            "10min",
            "30m1h",
            "1m1m",
            "-5m",
            "1.5h",
            "99999999999999999999d",
            "40000d",
            "十m",
        ] {
            check(wrong, None);
        }
    }

    #[test]
    fn sizes_count_in_1024() {
        let check = |text, bytes| assert_eq!(spelled_size(text), bytes, "{text}");
        check("4MB", Some(4 << 20));
        check("16 MiB", Some(16 << 20));
        check("512KB", Some(512 << 10));
        check("1B", Some(1));
        for wrong in ["", "4", "MB", "4M", "4mb", "0MB", "-1MB", "99999999999GB"] {
            check(wrong, None);
        }
    }

    #[test]
    fn a_slug_is_suggested() {
        assert_eq!(suggested("People Politics"), "`people-politics`");
        assert_eq!(suggested("时政"), "`people-politics`");
    }
}
