//! What a time without zone means, and the way from a wall clock's reading to an instant.
//!
//! A zone belongs to the source, never to the machine: the environment is not asked. The names a
//! stamp itself may carry (`CST`, `GMT+8`) are read in `read/written.rs`.

use std::fmt;
use std::str::FromStr;

use chrono::{NaiveDateTime, Offset as _, TimeDelta, TimeZone};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::{Offset, Timestamp};

/// The zone a source's bare times are in.
///
/// `Asia/Shanghai` is read as a fixed `+08:00`: stamps in news archives carry no summer time of 1986–1991.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// Always the same offset.
    Fixed(Offset),
    /// An IANA zone with its rules.
    Named(Tz),
    /// No zone known: bare times are UTC, and names are those of RFC 822 (`CST` is -0600).
    Rfc822,
}

impl Zone {
    /// The instant at which the clocks of this zone show `local`; `None` outside the years 0 to 9999.
    ///
    /// A reading shown twice, when summer time ends, is the earlier; one never shown, when it
    /// begins, is moved forward by the hour that was left out.
    pub fn instant(&self, local: NaiveDateTime) -> Option<Timestamp> {
        let seconds = match self {
            Zone::Fixed(offset) => i64::from(offset.minutes()) * 60,
            Zone::Named(zone) => seconds_east(*zone, local)?,
            Zone::Rfc822 => 0,
        };
        let millis = local.and_utc().timestamp_millis().checked_sub(seconds * 1000)?;
        let instant = Timestamp::from_millis(millis, Offset::UTC)?;
        // Asked of the instant, because behind a gap the offset is another than the one counted with.
        Some(instant.at(self.offset_at(instant)))
    }

    /// The offset the clocks of this zone have at `instant`.
    pub fn offset_at(&self, instant: Timestamp) -> Offset {
        match self {
            Zone::Fixed(offset) => *offset,
            Zone::Named(zone) => {
                let utc = instant.at(Offset::UTC).local();
                minutes_east(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc().into())
            }
            Zone::Rfc822 => Offset::UTC,
        }
    }
}

fn seconds_east(zone: Tz, local: NaiveDateTime) -> Option<i64> {
    let shown = zone.offset_from_local_datetime(&local).earliest().or_else(|| {
        // In a gap the offset from before it counts: 02:30 becomes 03:30.
        let before = local.checked_sub_signed(TimeDelta::days(1))?;
        zone.offset_from_local_datetime(&before).latest()
    })?;
    Some(shown.fix().local_minus_utc().into())
}

/// Offsets before zones were agreed on have seconds, which neither RFC 3339 nor RFC 822 can write.
fn minutes_east(seconds: i64) -> Offset {
    let minutes = i16::try_from(seconds.div_euclid(60)).ok();
    minutes.and_then(Offset::from_minutes).expect("no zone is a day from UTC")
}

/// Asia/Shanghai.
impl Default for Zone {
    fn default() -> Zone {
        Zone::Fixed(Offset::CHINA)
    }
}

/// The name it is configured by.
impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Zone::Fixed(offset) => offset.fmt(f),
            Zone::Named(zone) => f.write_str(zone.name()),
            Zone::Rfc822 => f.write_str("UTC"),
        }
    }
}

/// Reads an IANA name in any case (`Asia/Tokyo`), an offset (`+08:00`, `+0800`, `+8`, `UTC+8`), `UTC` or `Z`.
impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(text: &str) -> Result<Zone, UnknownZone> {
        if let Some(offset) = offset(text) {
            return Ok(Zone::Fixed(offset));
        }
        match named(text) {
            Some(zone) if is_china(zone) => Ok(Zone::Fixed(Offset::CHINA)),
            Some(zone) => Ok(Zone::Named(zone)),
            None => Err(UnknownZone { text: text.chars().take(64).collect(), near: near(text) }),
        }
    }
}

/// An IANA zone by its name in any case.
pub(super) fn named(text: &str) -> Option<Tz> {
    TZ_VARIANTS.iter().copied().find(|zone| zone.name().eq_ignore_ascii_case(text))
}

fn is_china(zone: Tz) -> bool {
    use chrono_tz::{Asia, PRC};
    [Asia::Shanghai, PRC, Asia::Chongqing, Asia::Chungking, Asia::Harbin].contains(&zone)
}

fn offset(text: &str) -> Option<Offset> {
    let is_utc = |name: &str| ["", "UTC", "GMT"].iter().any(|utc| utc.eq_ignore_ascii_case(name));
    let Some(sign) = text.find(['+', '-']) else {
        let zero = !text.is_empty() && (is_utc(text) || text.eq_ignore_ascii_case("Z"));
        return zero.then_some(Offset::UTC);
    };
    let (name, digits) = (&text[..sign], &text[sign + 1..]);
    let (hours, minutes) = match (digits.split_once(':'), digits.len()) {
        (Some(parts), _) => parts,
        (None, 3..) => digits.split_at_checked(digits.len() - 2)?,
        (None, _) => (digits, "00"),
    };
    let well_formed = is_utc(name)
        && matches!(hours.len(), 1..=2)
        && minutes.len() == 2
        && [hours, minutes].iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()));
    let (hours, minutes): (i16, i16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let east = (well_formed && minutes < 60).then(|| hours * 60 + minutes)?;
    Offset::from_minutes(if text[sign..].starts_with('-') { -east } else { east })
}

/// A time zone that no one has heard of, and those that may have been meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownZone {
    text: String,
    near: Vec<&'static str>,
}

impl std::error::Error for UnknownZone {}

impl fmt::Display for UnknownZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no time zone", self.text)?;
        if !self.near.is_empty() {
            write!(f, "; did you mean {}?", self.near.join(" or "))?;
        }
        f.write_str(
            " (an IANA name such as Asia/Shanghai, or an offset such as +08:00, is expected)",
        )
    }
}

/// The names most like `text`: those of its city, else those few letters away.
fn near(text: &str) -> Vec<&'static str> {
    let wanted: Vec<char> = text.to_ascii_lowercase().replace(' ', "_").chars().take(64).collect();
    let mut ranked: Vec<(usize, &str)> = TZ_VARIANTS
        .iter()
        .map(|zone| (distance(&wanted, zone.name()), zone.name()))
        .filter(|(letters, _)| *letters <= 2 && *letters < wanted.len())
        .collect();
    ranked.sort();
    let best = ranked.first().map_or(0, |(letters, _)| *letters);
    ranked
        .into_iter()
        .filter(|(letters, _)| *letters == best)
        .map(|(_, name)| name)
        .take(3)
        .collect()
}

/// How many letters lie between, counted against the whole name or its city alone.
fn distance(wanted: &[char], name: &str) -> usize {
    let name = name.to_ascii_lowercase();
    let city = name.rsplit('/').next().unwrap_or(&name);
    edits(wanted, &name).min(edits(wanted, city))
}

/// Levenshtein's distance, one row at a time.
fn edits(from: &[char], to: &str) -> usize {
    let mut row: Vec<usize> = (0..=from.len()).collect();
    for (above, letter) in to.chars().enumerate() {
        let mut diagonal = above;
        row[0] = above + 1;
        for (at, other) in from.iter().enumerate() {
            let kept = diagonal + usize::from(*other != letter);
            diagonal = row[at + 1];
            row[at + 1] = kept.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row[from.len()]
}
