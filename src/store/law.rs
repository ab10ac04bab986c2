//! The laws a commit applies, as pure functions: who an entry is, when it counts as published,
//! which id it carries in documents.
//!
//! Every store asks these, so that two of them cannot come to different answers. They know no
//! SQL and no clock. What a candidate says by itself is settled in `Draft::refine`, not here.

use std::time::Duration;

use crate::model::item::{Candidate, Key};
use crate::model::time::Timestamp;

/// Where a key leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nowhere: it was never seen.
    Nothing,
    /// To this item.
    Item(i64),
    /// To an item that was pruned; the article must not rise again.
    Pruned,
}

/// Finds the item a candidate is, by its keys.
///
/// A guid decides alone. A link counts for a candidate without guid; beside an unknown guid only
/// when title and day agree with it, because upstreams regenerate guids, but also put one link on
/// many entries. A place counts whatever is beside it, since title and day agree in it. A title
/// counts only for a candidate that has nothing better.
///
/// `shown` tells whether this poll has already met an item under another name: two entries of one
/// answer are two articles unless everything about them agrees.
///
/// # Errors
/// Whatever `look` and `shown` raise.
pub fn recognise<E>(
    keys: &[Key],
    mut look: impl FnMut(&Key) -> Result<Found, E>,
    shown: impl Fn(i64) -> Result<bool, E>,
) -> Result<Found, E> {
    // The first of the keys of a kind that leads anywhere; none when there is no such key.
    let mut by = |wanted: fn(&Key) -> bool| {
        let mut found = None;
        for key in keys.iter().filter(|key| wanted(key)) {
            found = Some(look(key)?);
            if found != Some(Found::Nothing) {
                break;
            }
        }
        Ok(found)
    };
    let (guid, link) = (by(Key::is_guid)?, by(Key::is_link)?);
    if let Some(found @ (Found::Item(_) | Found::Pruned)) = guid {
        return Ok(found);
    }
    let title = by(Key::is_title)?.unwrap_or(Found::Nothing);
    let place = match by(Key::is_place)?.unwrap_or(Found::Nothing) {
        Found::Item(item) if shown(item)? => Found::Nothing,
        place => place,
    };
    let Some(link) = link else {
        let has_better = guid.is_some() || place != Found::Nothing;
        return Ok(if has_better { place } else { title });
    };
    let agrees = link == title;
    let counts = match link {
        Found::Nothing => false,
        _ if guid.is_none() && agrees => true,
        Found::Item(item) => (guid.is_none() || agrees) && !shown(item)?,
        Found::Pruned => guid.is_none() || agrees,
    };
    Ok(if counts { link } else { place })
}

/// The place of an item in all its feeds, fixed at first sight, in milliseconds.
///
/// Never above `seen`, so that nothing stands above what comes later. An item found late (before
/// its source's `previous` successful poll) is placed where it was found, or it would sink unread.
/// Without a previous poll it is backlog and keeps its own time.
pub fn order(published: Timestamp, seen: Timestamp, previous: Option<Timestamp>) -> i64 {
    let (written, seen) = (published.millis().min(seen.millis()), seen.millis());
    match previous {
        Some(previous) if written < previous.millis() => seen,
        _ => written,
    }
}

/// How far ahead an upstream's clock may be.
const AHEAD: Duration = Duration::from_secs(24 * 3600);

/// When an edit counts as made: when upstream says, if that is later than the last change and not
/// far ahead, else now. It never goes back.
pub fn edited(said: Option<Timestamp>, last: Timestamp, now: Timestamp) -> Timestamp {
    match said {
        Some(said) if said.millis() > last.millis() && said <= now.plus(AHEAD) => said,
        _ if now.millis() >= last.millis() => now,
        _ => last,
    }
}

/// The `updated` of a new item: upstream's own if it is later than its publication, else that.
pub fn first_updated(candidate: &Candidate, published: Timestamp, now: Timestamp) -> Timestamp {
    let said = candidate.updated;
    said.filter(|said| said.millis() > published.millis() && *said <= now.plus(AHEAD))
        .unwrap_or(published)
}

/// Whether an identifier can stand in documents as it is: an absolute URI (RFC 3986 section 3),
/// or its international form (RFC 3987), since Atom's `id` is one (RFC 4287 section 4.2.6).
pub fn is_absolute(guid: &str) -> bool {
    let Some((scheme, rest)) = guid.split_once(':') else { return false };
    let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    let clean = |c: char| {
        !c.is_whitespace()
            && !c.is_control()
            && !matches!(c, '<' | '>' | '"' | '{' | '}' | '|' | '\\' | '^' | '`')
    };
    named && !rest.trim_start_matches('/').is_empty() && rest.chars().all(clean)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::model::time::Offset;

    #[test]
    fn x_08_a_place_counts_beside_new_names_but_not_twice_in_one_poll() {
        let title = Key::title("标题", Some("2022-05-27"));
        let place = Key::place("a/1", &title);
        let keys = [Key::guid("new"), Key::link("b.example/a/1"), place.clone(), title];
        let known = [(place, Found::Item(1))];
        assert_eq!(found(&keys, &known, false), Found::Item(1));
        assert_eq!(found(&keys, &known, true), Found::Nothing);
    }

    fn found(keys: &[Key], known: &[(Key, Found)], shown: bool) -> Found {
        let look = |key: &Key| -> Result<Found, Infallible> {
            let hit = known.iter().find(|(known, _)| known == key);
            Ok(hit.map_or(Found::Nothing, |(_, found)| *found))
        };
        let Ok(found) = recognise(keys, look, |_| Ok(shown));
        found
    }

    fn guid() -> Key {
        Key::guid("g")
    }

    fn link() -> Key {
        Key::link("https://a.example/1")
    }

    fn title() -> Key {
        Key::title("t", None)
    }

    #[test]
    fn a_guid_decides_alone() {
        let known = [(guid(), Found::Item(1)), (link(), Found::Item(2)), (title(), Found::Item(2))];
        assert_eq!(found(&[guid(), link(), title()], &known, false), Found::Item(1));
        assert_eq!(found(&[guid(), link(), title()], &known, true), Found::Item(1));
    }

    #[test]
    fn a_link_counts_without_guid() {
        assert_eq!(found(&[link(), title()], &[(link(), Found::Item(2))], false), Found::Item(2));
    }

    #[test]
    fn a_link_beside_a_new_guid_counts_only_with_the_title() {
        let only_link = [(link(), Found::Item(2))];
        assert_eq!(found(&[guid(), link(), title()], &only_link, false), Found::Nothing);
        let both = [(link(), Found::Item(2)), (title(), Found::Item(2))];
        assert_eq!(found(&[guid(), link(), title()], &both, false), Found::Item(2));
        let apart = [(link(), Found::Item(2)), (title(), Found::Item(3))];
        assert_eq!(found(&[guid(), link(), title()], &apart, false), Found::Nothing);
    }

    #[test]
    fn two_entries_of_one_answer_are_two_articles() {
        let only_link = [(link(), Found::Item(2))];
        assert_eq!(found(&[link(), title()], &only_link, true), Found::Nothing);
        let both = [(link(), Found::Item(2)), (title(), Found::Item(2))];
        assert_eq!(found(&[guid(), link(), title()], &both, true), Found::Nothing);
        assert_eq!(found(&[link(), title()], &both, true), Found::Item(2));
    }

    #[test]
    fn a_title_counts_only_alone() {
        let known = [(title(), Found::Item(4))];
        assert_eq!(found(&[title()], &known, false), Found::Item(4));
        assert_eq!(found(&[link(), title()], &known, false), Found::Nothing);
        assert_eq!(found(&[guid(), title()], &known, false), Found::Nothing);
    }

    #[test]
    fn a_pruned_article_is_recognised_like_a_live_one() {
        assert_eq!(found(&[guid(), link()], &[(guid(), Found::Pruned)], false), Found::Pruned);
        assert_eq!(found(&[link()], &[(link(), Found::Pruned)], false), Found::Pruned);
        assert_eq!(found(&[guid(), link()], &[(link(), Found::Pruned)], false), Found::Nothing);
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds, Offset::UTC).expect("a small number")
    }

    #[test]
    fn x_09_order_is_the_earlier_of_published_and_seen() {
        assert_eq!(order(at(5), at(9), None), 5000);
        assert_eq!(order(at(50), at(9), None), 9000);
        assert_eq!(order(at(50), at(9), Some(at(7))), 9000);
        assert_eq!(order(at(8), at(9), Some(at(7))), 8000);
    }

    #[test]
    fn x_09_an_item_found_late_is_placed_where_it_was_found() {
        assert_eq!(order(at(5), at(9), Some(at(7))), 9000);
    }

    #[test]
    fn x_09_an_edit_is_upstreams_time_if_later_else_now() {
        assert_eq!(edited(Some(at(8)), at(5), at(9)), at(8));
        assert_eq!(edited(Some(at(4)), at(5), at(9)), at(9));
        assert_eq!(edited(None, at(5), at(9)), at(9));
        assert_eq!(edited(None, at(50), at(9)), at(50));
        assert_eq!(edited(Some(at(1_000_000)), at(5), at(9)), at(9));
    }

    fn absolute(guid: &str, expected: bool) {
        assert_eq!(is_absolute(guid), expected, "{guid}");
    }

    #[test]
    fn c_41_an_absolute_uri_may_be_a_public_id() {
        absolute("https://a.example/新闻/1?x=y#z", true);
        absolute("tag:a.example,2026:1", true);
        absolute("urn:uuid:8d1f2c5e-64a3-5b0e-9f27-3f6d1b84c0aa", true);
        absolute("feed+x.y-1:2", true);
    }

    #[test]
    fn c_41_anything_else_may_not() {
        for guid in
            ["", "1234", "/1", "http:", "http://", ":x", "1a:x", "新闻:1", "a b:c", "Note: this"]
        {
            absolute(guid, false);
        }
        for guid in ["C:\\x", "http://a.example/\u{7}", "http://a.example/a b", "x:<y>"] {
            absolute(guid, false);
        }
    }
}
