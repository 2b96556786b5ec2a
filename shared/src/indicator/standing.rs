//! The three-without standing (三无) of villages: no abnormal visit to the city, the province or the
//! capital, no collective visit that leaves a level out, no backlog.
//!
//! A year's standing is looked at on its last day, or today while it runs. The first two are about what
//! happened in the year; backlog is about the day itself, so that a village gets its standing back when
//! its last backlog case is settled.

use chrono::{Datelike, NaiveDate};

use super::period::{Day, Window, first_of_year, last_of_year};
use super::tally::Tally;
use crate::case::backlog::PROPOSE_AFTER_DAYS;
use crate::terms;

/// The share of villages that is aimed at when no target is set, in tenths of a percent.
pub const USUAL_TARGET: i64 = 900;
/// How many days ahead one is warned of what would lose the standing.
pub const WARN_DAYS: u16 = 30;
/// The most years that a history goes back.
pub const MOST_YEARS: i32 = 10;

terms! {
    /// One of the three that there are to be none of.
    Without, "三无" {
        /// No abnormal visit to the city, the province or the capital.
        Abnormal = "abnormal", "无到市赴省进京非正常访";
        /// No collective visit that leaves a level out.
        SkipCollective = "skip_collective", "无越级集体访";
        /// No backlog.
        Backlog = "backlog", "无信访积案";
    }
}

impl Without {
    /// What breaks it, in words.
    pub const fn broken(self) -> &'static str {
        match self {
            Self::Abnormal => "有到市以上机关的非正常访",
            Self::SkipCollective => "有五人以上的越级集体访",
            Self::Backlog => "有信访积案",
        }
    }
}

/// A year as far as it has gone: its period, and the day on which its standing is looked at. None
/// before it has begun.
pub fn year(year: i32, today: NaiveDate) -> Option<(Window, Day)> {
    let first = first_of_year(year);
    let day = last_of_year(year).min(today);
    (first <= today).then(|| (Window::new(first, last_of_year(year)), Day::of(day)))
}

/// Which of the three a case breaks in a year, as of a day.
pub fn broken_by(tally: &Tally, within: Window, day: Day) -> impl Iterator<Item = Without> {
    let breaks = if tally.received <= day {
        super::count::breaks(tally, within, day)
    } else {
        [false; 3]
    };
    [Without::Abnormal, Without::SkipCollective, Without::Backlog]
        .into_iter()
        .zip(breaks)
        .filter_map(|(what, broken)| broken.then_some(what))
}

/// The day on which an open case is proposed as backlog if its next deadline passes unmet, where that
/// is near: what would lose the standing next. None for what is backlog already or has nothing due.
pub fn loses_on(tally: &Tally, today: Day) -> Option<Day> {
    if !tally.state.is_open() || tally.due == Day::NEVER || super::count::is_backlog(tally, today) {
        return None;
    }
    let grace = u16::try_from(PROPOSE_AFTER_DAYS).unwrap_or(u16::MAX);
    let day = tally.due.plus(grace);
    (day <= today.plus(WARN_DAYS)).then_some(day)
}

/// The years of a history, the last one in front: from that of the ledger's first case on.
pub fn years(first: NaiveDate, today: NaiveDate) -> Vec<i32> {
    let last = today.year();
    let first = first.year().max(last - MOST_YEARS + 1);
    (first..=last).rev().collect()
}
