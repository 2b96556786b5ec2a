//! How dates, spans and sizes read in Chinese.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Timelike, Utc};
use shared::case::deadline::Standing;

/// `2026年3月2日`.
pub(crate) fn date(day: NaiveDate) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

/// `2026-03-02`, for tables.
pub(crate) fn short_date(day: NaiveDate) -> String {
    format!("{:04}-{:02}-{:02}", day.year(), day.month(), day.day())
}

/// `2026-03-02 09:15`, Asia/Shanghai.
pub(crate) fn moment(at: DateTime<Utc>) -> String {
    let at = FixedOffset::east_opt(8 * 3600)
        .map_or_else(|| at.fixed_offset(), |zone| at.with_timezone(&zone));
    format!(
        "{} {:02}:{:02}",
        short_date(at.date_naive()),
        at.hour(),
        at.minute()
    )
}

/// `星期三`.
pub(crate) fn weekday(day: NaiveDate) -> &'static str {
    match day.weekday() {
        chrono::Weekday::Mon => "星期一",
        chrono::Weekday::Tue => "星期二",
        chrono::Weekday::Wed => "星期三",
        chrono::Weekday::Thu => "星期四",
        chrono::Weekday::Fri => "星期五",
        chrono::Weekday::Sat => "星期六",
        chrono::Weekday::Sun => "星期日",
    }
}

/// How pressing a deadline is: the name of its looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pressing {
    /// Past.
    Late,
    /// Within three days.
    Soon,
    /// Further off.
    Calm,
    /// Nothing to be done.
    Done,
}

impl Pressing {
    /// The class that goes with it.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Late => "due due-late",
            Self::Soon => "due due-soon",
            Self::Calm => "due",
            Self::Done => "due due-done",
        }
    }
}

/// A standing in words, and how pressing it is.
pub(crate) fn standing(standing: Standing) -> (String, Pressing) {
    match standing {
        Standing::Met => ("按期完成".to_owned(), Pressing::Done),
        Standing::MetLate => ("超期完成".to_owned(), Pressing::Done),
        Standing::Stopped => ("不再计时".to_owned(), Pressing::Done),
        Standing::Left(days) => left(days),
        Standing::Overdue(days) => (format!("逾期{days}天"), Pressing::Late),
    }
}

/// Days until a day, in words, and how pressing it is.
pub(crate) fn due(day: NaiveDate, today: NaiveDate) -> (String, Pressing) {
    let days = day.signed_duration_since(today).num_days();
    if days < 0 {
        (format!("逾期{}天", -days), Pressing::Late)
    } else {
        left(days)
    }
}

fn left(days: i64) -> (String, Pressing) {
    let words = match days {
        0 => "今天到期".to_owned(),
        1 => "明天到期".to_owned(),
        days => format!("剩{days}天"),
    };
    let pressing = if days <= 3 {
        Pressing::Soon
    } else {
        Pressing::Calm
    };
    (words, pressing)
}

/// `1.2 MB`.
pub(crate) fn size(bytes: u64) -> String {
    const KB: u64 = 1024;
    const MB: u64 = KB * 1024;
    const GB: u64 = MB * 1024;
    if bytes < KB {
        format!("{bytes} B")
    } else if bytes < MB {
        format!("{} KB", bytes.div_ceil(KB))
    } else if bytes < GB {
        format!("{}.{} MB", bytes / MB, bytes % MB * 10 / MB)
    } else {
        format!("{}.{} GB", bytes / GB, bytes % GB * 10 / GB)
    }
}

/// The items in the order of their keys; equal ones stay as they are. Small code for short lists:
/// each use of the standard library's sort brings 5 KB to the download.
pub(crate) fn ordered<T, K: Ord>(items: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut keys = Vec::with_capacity(items.len());
    let mut done = Vec::with_capacity(items.len());
    for item in items {
        let mine = key(&item);
        let at = keys.partition_point(|other| *other <= mine);
        keys.insert(at, mine);
        done.insert(at, item);
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_items_stay_in_their_order() {
        let items = vec![(2, 'a'), (1, 'b'), (2, 'c'), (0, 'd'), (1, 'e')];
        let sorted = ordered(items, |item| item.0);
        assert_eq!(sorted, [(0, 'd'), (1, 'b'), (1, 'e'), (2, 'a'), (2, 'c')]);
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn deadlines_in_words() {
        let today = day("2026-03-02");
        for (due_on, words, pressing) in [
            ("2026-02-27", "逾期3天", Pressing::Late),
            ("2026-03-02", "今天到期", Pressing::Soon),
            ("2026-03-03", "明天到期", Pressing::Soon),
            ("2026-03-05", "剩3天", Pressing::Soon),
            ("2026-03-06", "剩4天", Pressing::Calm),
        ] {
            assert_eq!(due(day(due_on), today), (words.to_owned(), pressing));
        }
    }

    #[test]
    fn sizes() {
        for (bytes, words) in [
            (12, "12 B"),
            (1025, "2 KB"),
            (20 * 1024 * 1024, "20.0 MB"),
            (1_600_000, "1.5 MB"),
            (74_157_000_000, "69.0 GB"),
        ] {
            assert_eq!(size(bytes), words);
        }
    }

    #[test]
    fn moments_are_told_in_shanghai() {
        let at = "2026-03-02T17:05:00Z".parse().unwrap();
        assert_eq!(moment(at), "2026-03-03 01:05");
    }
}
