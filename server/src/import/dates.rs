//! Dates as ledgers have them: written, in words, without a year, or as a spreadsheet's serial
//! number. Reading says how it understood, so that whatever goes beyond the cell is told.

use chrono::{Datelike, Days, NaiveDate};

use super::text::{chinese_number, compact, half_width, is_chinese_numeral};

/// The years in which a ledger's dates lie; a number outside them is no date.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2099;

/// What a cell says of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateRead {
    /// A day.
    Day(NaiveDate, How),
    /// A day without a year (`10月2日`).
    MonthDay(u32, u32),
    /// Shaped like a day, but there is no such day (`2023年2月30日`).
    NoSuchDay,
    /// A month, a season, or other words; with the first day that they can mean, if they name a
    /// year.
    Words(Option<NaiveDate>),
}

/// How a day was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// As written.
    Literal,
    /// The year was written with two digits.
    ShortYear,
    /// From a spreadsheet's serial number.
    Serial,
}

/// From which day a workbook counts (Excel's two date systems).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Epoch {
    /// Windows.
    #[default]
    From1900,
    /// Older Macintosh.
    From1904,
}

/// The day of a serial number, if it falls into a ledger's years.
pub(super) fn day_of_serial(serial: f64, epoch: Epoch) -> Option<NaiveDate> {
    // 1900 has a 29 February there that never was; counting from 30 December 1899 makes up for it.
    let start = match epoch {
        Epoch::From1900 => NaiveDate::from_ymd_opt(1899, 12, 30)?,
        Epoch::From1904 => NaiveDate::from_ymd_opt(1904, 1, 1)?,
    };
    if !(1.0..=100_000.0).contains(&serial) {
        return None;
    }
    // The range above keeps the cast exact; the fraction is the time of day.
    let days = serial.trunc() as u64;
    start
        .checked_add_days(Days::new(days))
        .filter(|day| YEARS.contains(&day.year()))
}

/// Reads a number in a date column.
pub(super) fn read_number(value: f64, epoch: Epoch) -> DateRead {
    if value.fract() == 0.0 && (19_000_101.0..=29_991_231.0).contains(&value) {
        return read_text(&format!("{value:.0}"), epoch);
    }
    // 2023 in a date column is the year, not 15 July 1905; 2023.5 may be May or a cut-off 2023.50.
    if (1900.0..2100.0).contains(&value) {
        let first = NaiveDate::from_ymd_opt(value.trunc() as i32, 1, 1);
        return DateRead::Words(first);
    }
    match day_of_serial(value, epoch) {
        Some(day) => DateRead::Day(day, How::Serial),
        None => DateRead::Words(None),
    }
}

/// Reads a text in a date column.
pub(super) fn read_text(text: &str, epoch: Epoch) -> DateRead {
    let text = without_time(&half_width(text));
    let text = without_weekday(&compact(&text));
    let parts = split(&text);
    let numbers: Vec<u32> = parts.iter().filter_map(Part::number).collect();
    let marks: Vec<&str> = parts.iter().filter_map(Part::mark).collect();
    let first_is_number = matches!(parts.first(), Some(Part::Number(..)));
    if !first_is_number {
        return DateRead::Words(None);
    }
    let lengths: Vec<usize> = parts.iter().filter_map(Part::length).collect();
    match (numbers.as_slice(), lengths.as_slice(), marks.as_slice()) {
        ([year, month, day], [4, 1..=2, 1..=2], ends) if day_marks(ends) => {
            whole(*year, *month, *day, How::Literal)
        }
        ([year, month, day], [2, 1..=2, 1..=2], ends) if day_marks(ends) => {
            // 5/3/23 begins with a month or a day as well as with a year: say nothing.
            if *year >= 13 && *year <= 50 && *month <= 12 {
                whole(2000 + *year, *month, *day, How::ShortYear)
            } else {
                DateRead::Words(None)
            }
        }
        ([packed], [8], []) => whole(
            packed / 10_000,
            packed / 100 % 100,
            packed % 100,
            How::Literal,
        ),
        ([serial], [5], []) => match day_of_serial(f64::from(*serial), epoch) {
            Some(day) => DateRead::Day(day, How::Serial),
            None => DateRead::Words(None),
        },
        ([month, day], [1..=2, 1..=2], ends) if month_day_marks(ends) => month_day(*month, *day),
        ([year, month, ..], [4, 1..=2, ..], [sep, ..]) if is_separator(sep, '年') => {
            words_of_month(*year, *month)
        }
        ([year, ..], [4, ..], _) => words_of_year(*year),
        _ => DateRead::Words(None),
    }
}

/// Whether the marks are those of a whole date: 年月日, 年月号, or twice the same sign.
fn day_marks(marks: &[&str]) -> bool {
    match marks {
        ["年", "月"] | ["年", "月", "日" | "号"] => true,
        [a, b] | [a, b, "日" | "号"] => is_sign(a) && a == b,
        _ => false,
    }
}

fn month_day_marks(marks: &[&str]) -> bool {
    matches!(marks, ["月"] | ["月", "日" | "号"])
        || matches!(marks, [sign] | [sign, "日" | "号"] if is_sign(sign))
}

fn is_sign(mark: &str) -> bool {
    matches!(mark, "." | "/" | "-" | "、" | "。" | "·" | "—" | "–")
}

fn is_separator(mark: &str, word: char) -> bool {
    is_sign(mark) || mark.chars().eq([word])
}

fn whole(year: u32, month: u32, day: u32, how: How) -> DateRead {
    let Ok(year) = i32::try_from(year) else {
        return DateRead::Words(None);
    };
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(day) if YEARS.contains(&year) => DateRead::Day(day, how),
        // 1958.5.3 may be a birthday in the wrong column: no day of a ledger.
        Some(_) => DateRead::Words(None),
        None => DateRead::NoSuchDay,
    }
}

fn month_day(month: u32, day: u32) -> DateRead {
    // 2000 was a leap year: whether a 29 February exists is decided with the year.
    match NaiveDate::from_ymd_opt(2000, month, day) {
        Some(_) => DateRead::MonthDay(month, day),
        None => DateRead::NoSuchDay,
    }
}

fn words_of_month(year: u32, month: u32) -> DateRead {
    match words_of_year(year) {
        DateRead::Words(Some(first)) => first
            .with_month(month)
            .map_or(DateRead::NoSuchDay, |day| DateRead::Words(Some(day))),
        other => other,
    }
}

fn words_of_year(year: u32) -> DateRead {
    let first = i32::try_from(year)
        .ok()
        .filter(|year| YEARS.contains(year))
        .and_then(|year| NaiveDate::from_ymd_opt(year, 1, 1));
    DateRead::Words(first)
}

/// The one year that a title names (`平川镇五里墩村2023年…`); none when it names none or several.
pub(super) fn year_of_title(title: &str) -> Option<i32> {
    let parts = split(&compact(title));
    let mut years: Vec<i32> = parts
        .iter()
        .filter(|part| part.length() == Some(4))
        .filter_map(|part| i32::try_from(part.number()?).ok())
        .filter(|year| YEARS.contains(year))
        .collect();
    years.dedup();
    match years.as_slice() {
        [year] => Some(*year),
        _ => None,
    }
}

/// A run of digits (or Chinese numerals before 年, 月, 日, 号), or what stands between.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Number(u32, usize),
    Mark(String),
}

impl Part {
    fn number(&self) -> Option<u32> {
        match self {
            Self::Number(value, _) => Some(*value),
            Self::Mark(_) => None,
        }
    }

    fn length(&self) -> Option<usize> {
        match self {
            Self::Number(_, length) => Some(*length),
            Self::Mark(_) => None,
        }
    }

    fn mark(&self) -> Option<&str> {
        match self {
            Self::Number(..) => None,
            Self::Mark(mark) => Some(mark),
        }
    }
}

fn split(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let class = class_of(first);
        let end = rest
            .char_indices()
            .find(|(_, c)| class_of(*c) != class)
            .map_or(rest.len(), |(at, _)| at);
        let (run, after) = rest.split_at(end);
        parts.push(part(run, class, after));
        rest = after;
    }
    // 二〇二三年五月 gives digits; words that only look like numerals (千万) join what is beside.
    parts
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Class {
    Digit,
    Numeral,
    Other,
}

fn class_of(c: char) -> Class {
    if c.is_ascii_digit() {
        Class::Digit
    } else if is_chinese_numeral(c) {
        Class::Numeral
    } else {
        Class::Other
    }
}

fn part(run: &str, class: Class, after: &str) -> Part {
    let number = match class {
        Class::Digit if run.len() <= 8 => run.parse().ok(),
        Class::Numeral if after.starts_with(['年', '月', '日', '号']) => chinese_number(run),
        _ => None,
    };
    match number {
        Some(value) if class == Class::Digit => Part::Number(value, run.len()),
        // As long as its digits would be: 十二 counts as 12.
        Some(value) => Part::Number(value, value.to_string().len()),
        None => Part::Mark(run.to_owned()),
    }
}

/// Without a time of day: `2023-05-30 08:30:00`, `2023-05-30T08:30`.
fn without_time(text: &str) -> String {
    let text = text.trim();
    let cut = text
        .rfind(|c: char| c.is_whitespace() || c == 'T')
        .filter(|at| {
            let time = text
                .get(*at..)
                .unwrap_or_default()
                .trim_start_matches(|c: char| c.is_whitespace() || c == 'T');
            time.contains(':')
                && time
                    .chars()
                    .all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | 'Z' | '+'))
        });
    match cut {
        Some(at) => text.get(..at).unwrap_or(text).to_owned(),
        None => text.to_owned(),
    }
}

/// Without a day of the week: `2023年5月3日（星期三）`, `2023.5.3周三`.
fn without_weekday(text: &str) -> String {
    let bare = text.trim_end_matches(')');
    for name in ["星期", "礼拜", "周"] {
        if let Some((date, day)) = bare.rsplit_once(name)
            && matches!(day, "一" | "二" | "三" | "四" | "五" | "六" | "日" | "天")
        {
            return date.trim_end_matches('(').to_owned();
        }
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(y: i32, m: u32, d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(y, m, d).unwrap()
    }

    fn read(text: &str) -> DateRead {
        read_text(text, Epoch::From1900)
    }

    #[test]
    fn forms_of_the_ledger() {
        use DateRead::{Day, MonthDay, NoSuchDay, Words};
        for (text, expect) in [
            ("2022/05/10", Day(day(2022, 5, 10), How::Literal)),
            ("2023-05-30", Day(day(2023, 5, 30), How::Literal)),
            ("2023.4.22", Day(day(2023, 4, 22), How::Literal)),
            ("２０２３.９.８", Day(day(2023, 9, 8), How::Literal)),
            ("2023年3月9日", Day(day(2023, 3, 9), How::Literal)),
            ("2023 年 3 月 9 号", Day(day(2023, 3, 9), How::Literal)),
            ("2023年3月9", Day(day(2023, 3, 9), How::Literal)),
            ("2023、3、9", Day(day(2023, 3, 9), How::Literal)),
            ("20230309", Day(day(2023, 3, 9), How::Literal)),
            ("2023-05-30 08:30:00", Day(day(2023, 5, 30), How::Literal)),
            ("2023-05-30T08:30:00Z", Day(day(2023, 5, 30), How::Literal)),
            ("2023年5月3日（星期三）", Day(day(2023, 5, 3), How::Literal)),
            (
                "二〇二三年十二月二十一日",
                Day(day(2023, 12, 21), How::Literal),
            ),
            ("23.5.3", Day(day(2023, 5, 3), How::ShortYear)),
            ("45056", Day(day(2023, 5, 10), How::Serial)),
            ("10月2日", MonthDay(10, 2)),
            ("10.2", MonthDay(10, 2)),
            ("2月29日", MonthDay(2, 29)),
            ("2023年2月30日", NoSuchDay),
            ("2023.13.1", NoSuchDay),
            ("2月30日", NoSuchDay),
            ("2023年13月", NoSuchDay),
            ("2023年3月", Words(Some(day(2023, 3, 1)))),
            ("2022.9", Words(Some(day(2022, 9, 1)))),
            ("2022年9月上旬", Words(Some(day(2022, 9, 1)))),
            ("2022年春", Words(Some(day(2022, 1, 1)))),
            ("2022年春节前后", Words(Some(day(2022, 1, 1)))),
            ("2023年", Words(Some(day(2023, 1, 1)))),
            ("2023.5.1-2023.5.3", Words(Some(day(2023, 5, 1)))),
            ("5/3/2023", Words(None)),
            ("05/03/23", Words(None)),
            ("1958.5.3", Words(None)),
            ("去年", Words(None)),
            ("近期", Words(None)),
            ("三千万", Words(None)),
            ("99999999999999", Words(None)),
            ("", Words(None)),
        ] {
            assert_eq!(read(text), expect, "{text}");
        }
    }

    #[test]
    fn both_date_systems() {
        assert_eq!(
            day_of_serial(45056.0, Epoch::From1900),
            Some(day(2023, 5, 10))
        );
        assert_eq!(
            day_of_serial(43594.0, Epoch::From1904),
            Some(day(2023, 5, 10))
        );
        assert_eq!(
            day_of_serial(45056.75, Epoch::From1900),
            Some(day(2023, 5, 10))
        );
        for wrong in [-1.0, 0.0, 60.0, 20_000.0, 90_000.0, f64::NAN, f64::INFINITY] {
            assert_eq!(day_of_serial(wrong, Epoch::From1900), None, "{wrong}");
        }
    }

    #[test]
    fn numbers_in_a_date_column() {
        let read = |value| read_number(value, Epoch::From1900);
        assert_eq!(read(45056.0), DateRead::Day(day(2023, 5, 10), How::Serial));
        assert_eq!(
            read(20_230_510.0),
            DateRead::Day(day(2023, 5, 10), How::Literal)
        );
        assert_eq!(read(20_230_230.0), DateRead::NoSuchDay);
        assert_eq!(read(2023.0), DateRead::Words(Some(day(2023, 1, 1))));
        assert_eq!(read(2023.5), DateRead::Words(Some(day(2023, 1, 1))));
        assert_eq!(read(5.3), DateRead::Words(None));
    }

    #[test]
    fn the_year_of_a_title() {
        for (title, expect) in [
            ("平川镇五里墩村2023年矛盾纠纷排查化解台账", Some(2023)),
            ("２０２３年度台账", Some(2023)),
            ("二〇二三年台账", Some(2023)),
            ("2022—2023年台账", None),
            ("台账", None),
            ("ledger-2023.xlsx", Some(2023)),
        ] {
            assert_eq!(year_of_title(title), expect, "{title}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = (read(&text), year_of_title(&text));
        }

        #[test]
        fn nothing_like_a_date_panics(text in "[0-9０-９年月日号./\\- :T二〇十三春周星期()]{0,24}") {
            let _ = (read(&text), year_of_title(&text));
        }

        #[test]
        fn no_number_panics(value in any::<f64>(), old in any::<bool>()) {
            let epoch = if old { Epoch::From1904 } else { Epoch::From1900 };
            let _ = read_number(value, epoch);
        }

        /// Each written form of each day is read as that day.
        #[test]
        fn every_form_comes_back(offset in 0u64..36_524) {
            let date = day(2000, 1, 1) + Days::new(offset);
            let (y, m, d) = (date.year(), date.month(), date.day());
            for text in [
                date.format("%Y-%m-%d").to_string(),
                date.format("%Y/%m/%d").to_string(),
                date.format("%Y%m%d").to_string(),
                format!("{y}.{m}.{d}"),
                format!("{y}年{m}月{d}日"),
                format!("{y} 年 {m} 月 {d} 号"),
                format!("{y}-{m}-{d} 00:00:00"),
            ] {
                prop_assert_eq!(read(&text), DateRead::Day(date, How::Literal), "{}", text);
                let wide: String = text.chars().map(|c| match c {
                    '0'..='9' => char::from_u32(u32::from(c) + 0xfee0).unwrap(),
                    other => other,
                }).collect();
                prop_assert_eq!(read(&wide), DateRead::Day(date, How::Literal), "{}", wide);
            }
            prop_assert_eq!(read(&format!("{m}月{d}日")), DateRead::MonthDay(m, d));
            let month = DateRead::Words(Some(day(y, m, 1)));
            prop_assert_eq!(read(&format!("{y}年{m}月")), month);
            prop_assert_eq!(read(&format!("{y}.{m}")), month);
            let serial = (date - day(1899, 12, 30)).num_days() as f64;
            let read = read_number(serial, Epoch::From1900);
            prop_assert_eq!(read, DateRead::Day(date, How::Serial));
            let serial = (date - day(1904, 1, 1)).num_days() as f64;
            let read = read_number(serial, Epoch::From1904);
            prop_assert_eq!(read, DateRead::Day(date, How::Serial));
        }
    }
}
