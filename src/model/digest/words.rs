//! A digest's own words, in Chinese and in English, as pages have them.

use chrono::NaiveDate;

use crate::model::period::is_chinese;
use crate::model::time::Timestamp;

/// A digest's own words in one language.
pub(super) struct Words {
    also: &'static str,
    comma: &'static str,
    /// When something was published, beside the digest's last day.
    pub(super) time: fn(Timestamp, NaiveDate) -> String,
    /// How many items have no room.
    pub(super) left: fn(usize) -> String,
    /// How many there are, and what they are called.
    pub(super) summary: fn(usize, &[String]) -> String,
}

impl Words {
    /// The words for a language.
    pub(super) fn of(language: Option<&str>) -> Words {
        match is_chinese(language) {
            true => Words {
                also: " · 另见 ",
                comma: "、",
                time: |at, last| clock(at, last, "%-m月%-d日 %H:%M"),
                left: |left| format!("另有 {left} 篇，见 "),
                summary: |count, titles| format!("共 {count} 篇：{}", titles.join("；")),
            },
            false => Words {
                also: " · also from ",
                comma: ", ",
                time: |at, last| clock(at, last, "%-d %b %H:%M"),
                left: |left| format!("{left} more in "),
                summary: |count, titles| {
                    let noun = if count == 1 { "item" } else { "items" };
                    format!("{count} {noun}: {}", titles.join("; "))
                },
            },
        }
    }

    /// What stands before each of the others who have a story.
    pub(super) fn also(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.also).chain(std::iter::repeat(self.comma))
    }
}

/// A time of day; with its date where that is not the digest's last.
fn clock(at: Timestamp, last: NaiveDate, with_date: &str) -> String {
    let at = at.chrono();
    let is_last = at.date_naive() == last;
    at.format(if is_last { "%H:%M" } else { with_date }).to_string()
}
