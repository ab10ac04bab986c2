//! A time as pages show it: in the offset it was written in, and never relative to now.

use crate::model::time::Timestamp;

/// One time in three lengths.
pub(super) struct Moment {
    /// For machines: RFC 3339.
    pub(super) full: String,
    /// With its year.
    pub(super) long: String,
    /// Without it.
    pub(super) short: String,
}

impl Moment {
    pub(super) fn of(at: Timestamp) -> Moment {
        let written = |form: &str| at.chrono().format(form).to_string();
        Moment {
            full: at.rfc3339(),
            long: written("%Y-%m-%d %H:%M"),
            short: written("%m-%d %H:%M"),
        }
    }

    /// As short as it can be on a page that is as of `reference`: the hour on the same day, the day
    /// in the same year.
    pub(super) fn beside(at: Timestamp, reference: Timestamp) -> String {
        let reference = reference.at(at.offset());
        let (at, reference) = (at.chrono(), reference.chrono());
        let form = if at.date_naive() == reference.date_naive() {
            "%H:%M"
        } else if at.format("%Y").to_string() == reference.format("%Y").to_string() {
            "%m-%d"
        } else {
            "%Y-%m-%d"
        };
        at.format(form).to_string()
    }

    /// For a list on a page that is as of `reference`: with the year where it is another one.
    pub(super) fn listed(at: Timestamp, reference: Timestamp) -> String {
        let moment = Moment::of(at);
        let year = |at: Timestamp| at.chrono().format("%Y").to_string();
        if year(at) == year(reference.at(at.offset())) { moment.short } else { moment.long }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Offset;

    fn time(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_653_624_000 + seconds, Offset::CHINA).unwrap()
    }

    #[test]
    fn as_short_as_the_page_allows() {
        let (now, day) = (time(0), 24 * 3600);
        assert_eq!(Moment::beside(time(-60), now), "11:59");
        assert_eq!(Moment::beside(time(-day), now), "05-26");
        assert_eq!(Moment::beside(time(-365 * day), now), "2021-05-27");
        assert_eq!(Moment::listed(time(-day), now), "05-26 12:00");
        assert_eq!(Moment::listed(time(-365 * day), now), "2021-05-27 12:00");
    }

    #[test]
    fn days_are_those_of_the_place_it_was_written_in() {
        let late = time(-4 * 3600).at(Offset::UTC);
        assert_eq!(Moment::beside(late, time(0)), "00:00");
        assert_eq!(Moment::beside(time(-5 * 3600).at(Offset::UTC), time(0)), "05-26");
    }
}
