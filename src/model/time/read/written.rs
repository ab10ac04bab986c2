//! The zone a stamp itself carries: `+0800`, `Z`, `GMT+8`, `CST`, `America/Los_Angeles`, 北京时间.
//!
//! Names that mean several things are settled by the source's zone, and without one by RFC 822.

use chrono::NaiveDateTime;
use chrono_tz::{America, Tz};

use super::super::{Offset, Timestamp, Zone, zone};
use super::Unreadable;
use super::token::{Number, Token, Tokens};
use Token::{Mark as M, Number as N, Word as W};

/// A zone as it was written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Written {
    /// An offset in figures, or a name that has only one.
    Offset(Offset),
    /// `CST`: China's where the source is not American, else America's.
    Central,
    /// A name used by several regions, with its offsets; the first counts when the source's zone is none of them.
    Several(&'static str, &'static [i16]),
    /// A region with its rules.
    Region(Tz),
}

impl Written {
    /// The instant at which clocks in this zone show `local`, for a source in `zone`.
    pub fn instant(self, local: NaiveDateTime, zone: &Zone) -> Option<Timestamp> {
        self.zone(local, zone).instant(local)
    }

    fn zone(self, local: NaiveDateTime, zone: &Zone) -> Zone {
        match self {
            Written::Offset(offset) => Zone::Fixed(offset),
            Written::Region(region) => Zone::Named(region),
            Written::Central if is_american(zone) => Zone::Fixed(minutes(-360)),
            Written::Central => *zone,
            Written::Several(_, offsets) => {
                let own = zone.instant(local).map(|shown| shown.offset().minutes());
                let own = own.filter(|own| offsets.contains(own) && *zone != Zone::Rfc822);
                Zone::Fixed(minutes(own.unwrap_or(offsets[0])))
            }
        }
    }
}

/// Where `CST` is -0600, as in RFC 822.
fn is_american(zone: &Zone) -> bool {
    match zone {
        Zone::Fixed(offset) => offset.minutes() < 0,
        Zone::Named(region) => {
            let name = region.name();
            ["America/", "US/", "Canada/", "Mexico/", "CST6CDT"].iter().any(|a| name.starts_with(a))
                && *region != America::Havana
        }
        Zone::Rfc822 => true,
    }
}

fn minutes(east: i16) -> Offset {
    Offset::from_minutes(east).expect("the tables stay within a day")
}

/// The zone a name stands for, once folded.
pub fn name(word: &str) -> Option<Written> {
    const EASTERN: Tz = America::New_York;
    let hours = match word {
        "gmt" | "ut" | "utc" | "z" | "wet" | "zulu" | "协调世界时" | "世界标准时间"
        | "格林尼治时间" => 0.0,
        "cst" => return Some(Written::Central),
        "ist" => return Some(Written::Several("ist", &[330, 120, 60])),
        "bst" => return Some(Written::Several("bst", &[60, 360])),
        "ast" => return Some(Written::Several("ast", &[-240, 180])),
        "gst" => return Some(Written::Several("gst", &[240, 600])),
        "et" | "美东时间" | "美国东部时间" => return Some(Written::Region(EASTERN)),
        "ct" => return Some(Written::Region(America::Chicago)),
        "mt" => return Some(Written::Region(America::Denver)),
        "pt" => return Some(Written::Region(America::Los_Angeles)),
        "nst" => -3.5,
        "ndt" => -2.5,
        "adt" | "brt" | "art" | "clst" => -3.0,
        "edt" | "clt" => -4.0,
        "est" | "cdt" | "cot" | "pet" => -5.0,
        "mdt" => -6.0,
        "mst" | "pdt" => -7.0,
        "pst" | "akdt" => -8.0,
        "akst" => -9.0,
        "hst" | "hast" => -10.0,
        "cet" | "met" | "mez" | "west" | "wat" => 1.0,
        "cest" | "mest" | "mesz" | "eet" | "sast" | "cat" => 2.0,
        "eest" | "msk" | "мск" | "eat" | "trt" | "idt" => 3.0,
        "msd" => 4.0,
        "pkt" | "uzt" => 5.0,
        "npt" => 5.75,
        "wib" | "ict" => 7.0,
        "hkt" | "sgt" | "pht" | "myt" | "awst" | "wita" | "北京时间" | "北京時間"
        | "中国标准时间" | "香港时间" | "台北时间" | "台北時間" => 8.0,
        "jst" | "kst" | "wit" | "东京时间" | "日本时间" | "首尔时间" => 9.0,
        "acst" => 9.5,
        "aest" => 10.0,
        "acdt" => 10.5,
        "aedt" => 11.0,
        "nzst" => 12.0,
        "nzdt" => 13.0,
        _ => return None,
    };
    Some(Written::Offset(minutes((hours * 60.0) as i16)))
}

/// The military letters of RFC 822 section 5.1; J is nobody's. Only `Z` is a `name`.
fn military(word: &str) -> Option<Written> {
    let hours = match word.as_bytes() {
        [letter @ b'a'..=b'i'] => -1 - i16::from(letter - b'a'),
        [letter @ b'k'..=b'm'] => -10 - i16::from(letter - b'k'),
        [letter @ b'n'..=b'y'] => 1 + i16::from(letter - b'n'),
        _ => return None,
    };
    Some(Written::Offset(minutes(hours * 60)))
}

/// Reads the zone at `at`: what it is, and how many tokens it takes. `timed` tells whether the
/// time of day stands already, before which a sign is rather a dash.
pub fn zone(
    tokens: &Tokens,
    at: usize,
    timed: bool,
) -> Option<(Result<Written, Unreadable>, usize)> {
    match *tokens.from(at) {
        // A sign written twice, or after a colon: `12:03:15 --0700`, `12:03:15:-0700`.
        [M('-' | ':'), M('+' | '-'), N(_), ..] if timed => {
            figures(tokens, at + 1, timed).map(|(offset, used)| (offset, used + 1))
        }
        [M('+' | '-'), N(_), ..] => figures(tokens, at, timed),
        [W(_), M('/'), W(_), ..] => {
            let (chunk, used) = tokens.chunk(at);
            zone::named(chunk).map(|region| (Ok(Written::Region(region)), used))
        }
        [W(word), M('+' | '-'), N(_), ..] if name(word).is_some() => {
            figures(tokens, at + 1, true).map(|(offset, used)| (offset, used + 1))
        }
        [W(word), ..] if let Some(zone) = name(word) => Some((Ok(zone), 1)),
        [W(word)] if timed && let Some(zone) = military(word) => Some((Ok(zone), 1)),
        // A form decoder made a blank of the plus: `12:03:15 08:00`, `12:03:15 0800`; without seconds
        // before it the first could be an hour. And a zone of bare zeros.
        [N(hours), M(':'), N(rest)]
            if timed
                && (hours.digits, rest.digits) == (2, 2)
                && hours.value <= 14
                && matches!(rest.value, 0 | 30 | 45)
                && matches!(
                    tokens.from(at.saturating_sub(4)),
                    [M(':'), N(_), M(':'), N(_), ..]
                ) =>
        {
            Some((offset(hours.value, rest.value, false), 3))
        }
        [N(n), ..] if timed && (n.digits == 4 || (n.digits == 2 && n.value == 0)) => {
            Some((offset(n.value / 100, n.value % 100, false), 1))
        }
        _ => None,
    }
}

/// An offset in figures, from its sign on.
fn figures(
    tokens: &Tokens,
    at: usize,
    timed: bool,
) -> Option<(Result<Written, Unreadable>, usize)> {
    let [M(sign), N(first), ref rest @ ..] = *tokens.from(at) else { return None };
    let west = sign == '-';
    if west && !tokens.is_glued(at + 1) {
        return None;
    }
    let (hours, minutes, used) = match (first.digits, rest) {
        (1 | 2, [M(':'), N(m), M(':'), N(Number { digits: 2, .. }), ..]) if m.digits == 2 => {
            (first.value, m.value, 6)
        }
        (1 | 2, [M(':'), N(m), ..]) if m.digits == 2 => (first.value, m.value, 4),
        (1 | 2, _) if timed => (first.value, 0, 2),
        (3 | 4, _) => (first.value / 100, first.value % 100, 2),
        (6, _) if timed => (first.value / 10_000, first.value / 100 % 100, 2),
        _ => return None,
    };
    // Before a time of day, a dash and a clock look like an offset: `2022-05-27-12:03`.
    let plausible = timed || (hours <= 14 && minutes % 15 == 0);
    plausible.then(|| (offset(hours, minutes, west), used))
}

fn offset(hours: u64, minutes: u64, west: bool) -> Result<Written, Unreadable> {
    if hours > 23 || minutes > 59 {
        return Err(Unreadable::Impossible);
    }
    let east = (hours * 60 + minutes) as i16;
    Offset::from_minutes(if west { -east } else { east })
        .map(Written::Offset)
        .ok_or(Unreadable::Impossible)
}
