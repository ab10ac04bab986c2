//! Zones, and times as they are written.

use chrono::NaiveDateTime;

use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::read(text, &Zone::default(), None).unwrap()
}

#[test]
fn c_35_rfc_3339_has_upper_case_letters_and_seconds() {
    for (raw, written) in [
        ("2022-05-27t12:03z", "2022-05-27T12:03:00Z"),
        ("2022-05-27 12:03+08:00", "2022-05-27T12:03:00+08:00"),
        ("2022-05-27T12:03:15.120-05:30", "2022-05-27T12:03:15.120-05:30"),
        ("0007-05-07T01:02:03Z", "0007-05-07T01:02:03Z"),
    ] {
        assert_eq!(at(raw).rfc3339(), written);
    }
}

#[test]
fn c_42_rfc_822_has_a_four_digit_year_english_names_and_a_numeric_zone() {
    for (raw, written) in [
        ("2022-05-27T12:03:15+08:00", "Fri, 27 May 2022 12:03:15 +0800"),
        ("2022-05-01T00:00:00Z", "Sun, 01 May 2022 00:00:00 +0000"),
        ("1969-12-31T23:59:59.999-05:30", "Wed, 31 Dec 1969 23:59:59 -0530"),
        ("0007-05-07T01:02:03Z", "Mon, 07 May 0007 01:02:03 +0000"),
    ] {
        assert_eq!(at(raw).rfc822(), written);
    }
}

#[test]
fn day_is_that_of_its_own_offset() {
    let late = at("2022-05-27T16:30:00Z");
    assert_eq!(late.day(), "2022-05-27");
    assert_eq!(late.at(Offset::CHINA).day(), "2022-05-28");
}

#[test]
fn order_is_by_instant_first() {
    assert!(at("2022-05-27T12:00:00+08:00") < at("2022-05-27T04:00:01Z"));
    assert_eq!(
        at("2022-05-27T12:00:01+08:00").since(at("2022-05-27T04:00:00Z")),
        Duration::from_secs(1)
    );
}

#[test]
fn the_ends_of_the_range_can_be_written_at_any_offset() {
    for minutes in [-1439, 0, 1439] {
        let offset = Offset::from_minutes(minutes).unwrap();
        for millis in [FIRST, LAST] {
            let end = Timestamp::from_millis(millis, offset).unwrap();
            assert_eq!(end.rfc3339().len(), end.at(offset).rfc3339().len());
            assert!(!end.rfc822().is_empty());
        }
    }
    assert_eq!(Timestamp::from_millis(LAST + 1, Offset::UTC), None);
    assert_eq!(Timestamp::from_millis(FIRST - 1, Offset::UTC), None);
}

fn zone(text: &str) -> String {
    text.parse::<Zone>().map_or_else(|why| why.to_string(), |zone| format!("{zone:?}"))
}

#[test]
fn zones_by_name_or_offset() {
    let china = format!("{:?}", Zone::Fixed(Offset::CHINA));
    for text in [
        "Asia/Shanghai",
        "PRC",
        "Asia/Chongqing",
        "Asia/Chungking",
        "Asia/Harbin",
        "asia/shanghai",
        "+08:00",
        "+0800",
        "+8",
        "+08",
        "UTC+8",
        "GMT+08:00",
    ] {
        assert_eq!(zone(text), china, "{text}");
    }
    for text in ["UTC", "Z", "GMT", "+00:00", "-00:00", "utc"] {
        assert_eq!(zone(text), format!("{:?}", Zone::Fixed(Offset::UTC)), "{text}");
    }
    assert_eq!("-05:30".parse(), Ok(Zone::Fixed(Offset::from_minutes(-330).unwrap())));
    assert_eq!("Europe/Berlin".parse(), Ok(Zone::Named(chrono_tz::Europe::Berlin)));
}

#[test]
fn an_unknown_zone_says_what_may_have_been_meant() {
    for (text, meant) in [
        ("Asia/Shanghia", "did you mean Asia/Shanghai?"),
        ("Shanghai", "did you mean Asia/Shanghai?"),
        ("New York", "did you mean America/New_York?"),
        ("Europe/Berln", "did you mean Europe/Berlin?"),
        ("", "`` is no time zone (an IANA name"),
        ("+25:00", "`+25:00` is no time zone (an IANA name"),
        ("+08:0x", "or an offset such as +08:00"),
        ("八", "`八` is no time zone"),
    ] {
        assert!(zone(text).contains(meant), "{text}: {}", zone(text));
    }
}

#[test]
fn zones_are_written_as_they_are_configured() {
    for text in ["Europe/Berlin", "+08:00", "-05:30"] {
        assert_eq!(text.parse::<Zone>().unwrap().to_string(), text);
    }
}

#[test]
fn summer_time_gap_and_overlap() {
    let berlin: Zone = "Europe/Berlin".parse().unwrap();
    for (local, instant) in [
        ("2022-03-27T02:30:00", "2022-03-27T03:30:00+02:00"),
        ("2022-10-30T02:30:00", "2022-10-30T02:30:00+02:00"),
        ("2022-07-01T12:00:00", "2022-07-01T12:00:00+02:00"),
        ("2022-01-01T12:00:00", "2022-01-01T12:00:00+01:00"),
    ] {
        let local: NaiveDateTime = local.parse().unwrap();
        assert_eq!(berlin.instant(local).unwrap().rfc3339(), instant);
    }
}

#[test]
fn china_had_no_summer_time_in_news_archives() {
    let local: NaiveDateTime = "1988-06-01T12:00:00".parse().unwrap();
    let zone: Zone = "Asia/Shanghai".parse().unwrap();
    assert_eq!(zone.instant(local).unwrap().rfc3339(), "1988-06-01T12:00:00+08:00");
}

#[test]
fn offsets_with_seconds_keep_the_instant() {
    let zone: Zone = "Europe/Amsterdam".parse().unwrap();
    let local: NaiveDateTime = "1880-01-01T12:00:00".parse().unwrap();
    let instant = zone.instant(local).unwrap();
    assert_eq!(zone.offset_at(instant), instant.offset());
}
