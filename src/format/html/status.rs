//! The status page: at a glance what is red and why, then every source with a week of its polls.

use askama::Template;

use super::words::Words;
use super::{Frame, Moment, write};
use crate::format::Document;
use crate::model::cause::Cause;
use crate::model::feed::{Shelf, Site};
use crate::model::notice::Kind;
use crate::model::status::{Condition, Day, Standing, Status};
use crate::model::time::Timestamp;

/// Writes the status page.
pub fn status(site: &Site, status: &Status) -> Document {
    let frame = Frame::new(&site.title, site.language.as_deref()).at("status");
    let words = frame.words;
    let some = |condition, told: fn(usize) -> String| {
        Some(status.count(condition)).filter(|count| *count > 0).map(told)
    };
    let rows: Vec<Row<'_>> =
        status.sources.iter().map(|source| Row::of(source, site, words, status.now)).collect();
    let (mut alerts, mut others) = (Vec::new(), Vec::new());
    for row in &rows {
        if row.state == Condition::Failing.name() { alerts.push(row) } else { others.push(row) }
    }
    let page = StatusPage {
        well: (words.count_well)(status.count(Condition::Well)),
        failing: some(Condition::Failing, words.count_failing),
        waiting: some(Condition::Waiting, words.count_waiting),
        now: Moment::of(status.now),
        items: status.items(),
        rows: alerts.iter().chain(&others).copied().collect(),
        alerts,
        subscriptions: status
            .subscriptions
            .iter()
            .map(|(id, notice)| (format!("webhook {id}"), notice.what.as_str()))
            .collect(),
        frame,
    };
    write(&page)
}

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage<'a> {
    frame: Frame<'a>,
    well: String,
    failing: Option<String>,
    waiting: Option<String>,
    now: Moment,
    items: u64,
    /// What is failing.
    alerts: Vec<&'a Row<'a>>,
    /// What is to be known of subscriptions.
    subscriptions: Vec<(String, &'a str)>,
    /// All, those that fail first.
    rows: Vec<&'a Row<'a>>,
}

/// One source.
struct Row<'a> {
    title: &'a str,
    page: String,
    url: &'a str,
    state: &'static str,
    word: &'static str,
    trouble: &'a str,
    succeeded: Option<Moment>,
    due: Option<Moment>,
    items: u64,
    /// What to do about the trouble.
    advice: &'static str,
    problems: String,
    chart: Chart,
}

impl<'a> Row<'a> {
    fn of(source: &'a Standing, site: &Site, words: &'static Words, now: Timestamp) -> Row<'a> {
        let (today, moment) = (Day::number(now), |at| Moment::of(site.local(at)));
        let notices = source.state.notices(now).into_iter();
        // Why it fails stands above already.
        let notices =
            notices.filter(|notice| notice.kind != Kind::Failing).map(|notice| notice.what);
        let push = source.state.push.as_ref().filter(|push| push.is_active(now));
        let problems: Vec<String> = notices
            .chain(source.state.problems.iter().cloned())
            .chain(push.map(|_| "its hub tells of changes, so it is asked less often".to_owned()))
            .collect();
        let condition = source.condition();
        Row {
            title: &source.title,
            page: format!("{}.html", Shelf::Source(source.id.clone()).path()),
            url: source.url.as_deref().unwrap_or_default(),
            state: condition.name(),
            word: match condition {
                Condition::Well => words.well,
                Condition::Failing => words.failing,
                Condition::Waiting => words.waiting,
            },
            trouble: source.state.trouble.as_deref().unwrap_or_default(),
            succeeded: source.state.succeeded.map(moment),
            due: source.state.next().map(moment),
            items: source.state.items,
            advice: source.state.cause.map(Cause::advice).unwrap_or_default(),
            problems: problems.join("; "),
            chart: Chart::of(&source.days, words, today),
        }
    }
}

/// A week as paths of an SVG of 112 by 40: items above a line at 28.5, polls below it.
struct Chart {
    items: String,
    polls: String,
    failed: String,
    /// The same in words, for who does not see it.
    told: String,
}

/// Width of a day, and of its bar; the highest bars above and below the line.
const DAY: usize = 16;
const BAR: usize = 9;
const ABOVE: f64 = 26.0;
const BELOW: f64 = 10.0;

impl Chart {
    fn of(days: &[Day], words: &Words, today: i64) -> Chart {
        let week: Vec<Day> = (today - Day::REMEMBERED + 1..=today)
            .map(|number| days.iter().find(|day| day.number == number).copied().unwrap_or_default())
            .collect();
        let most = |of: fn(&Day) -> u32| week.iter().map(of).max().unwrap_or(0).max(1);
        let (items, polls) = (most(|day| day.items), most(|day| day.polls));
        let mut chart = Chart {
            items: String::new(),
            polls: String::new(),
            failed: String::new(),
            told: told(&week, words),
        };
        for (n, day) in week.iter().enumerate() {
            let x = 2 + n * DAY;
            let high = |part: u32, most: u32, full: f64| f64::from(part) / f64::from(most) * full;
            chart.items += &bar(x, 28.0, -high(day.items, items, ABOVE));
            let failed = high(day.failures, polls, BELOW);
            chart.failed += &bar(x, 29.0, failed);
            let good = high(day.polls.saturating_sub(day.failures), polls, BELOW);
            chart.polls += &bar(x, 29.0 + failed, good);
        }
        chart
    }
}

fn bar(x: usize, y: f64, height: f64) -> String {
    if height == 0.0 {
        String::new()
    } else {
        format!("M{x} {y:.1}v{height:.1}h{BAR}v{:.1}z", -height)
    }
}

fn told(week: &[Day], words: &Words) -> String {
    let list = |of: fn(&Day) -> u32| {
        week.iter().map(|day| of(day).to_string()).collect::<Vec<_>>().join(", ")
    };
    let (items, polls, failures) =
        (list(|day| day.items), list(|day| day.polls), list(|day| day.failures));
    format!(
        "{}: {} {items}; {} {polls}; {} {failures}",
        words.days, words.items, words.polls, words.failing
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_in_bars_and_in_words() {
        let day = |number, polls, failures, items| Day { number, polls, failures, items };
        let chart = Chart::of(
            &[day(93, 9, 9, 9), day(99, 4, 1, 2), day(100, 2, 0, 8)],
            Words::of("en"),
            100,
        );
        assert_eq!(chart.items, "M82 28.0v-6.5h9v6.5zM98 28.0v-26.0h9v26.0z");
        assert_eq!(chart.failed, "M82 29.0v2.5h9v-2.5z");
        assert_eq!(chart.polls, "M82 31.5v7.5h9v-7.5zM98 29.0v5.0h9v-5.0z");
        assert_eq!(
            chart.told,
            "Last 7 days: Items 0, 0, 0, 0, 0, 2, 8; Polls 0, 0, 0, 0, 0, 4, 2; failing 0, 0, 0, 0, 0, 1, 0"
        );
        assert!(Chart::of(&[], Words::of("zh"), 100).items.is_empty());
    }
}
