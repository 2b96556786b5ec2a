//! Counting in rows and columns, and who is behind a count. Pure, over the [`Book`].

use std::collections::HashMap;

use shared::access::Actor;
use shared::case::Category;
use shared::indicator::count::each_count;
use shared::indicator::period::{Day, Span, Window};
use shared::indicator::tally::{NO_UNIT, Tally};
use shared::indicator::{FigureBy, FigurePart, Indicator};
use shared::term::Term;

use super::book::{Book, Cases, Sum};

/// The key of cases that have none: of no village, of no unit.
pub(super) const NONE: &str = "none";

/// Numerator and denominator.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) numerator: u64,
    pub(super) denominator: u64,
}

impl Count {
    /// A single case.
    pub(super) fn one(good: bool) -> Self {
        Self {
            numerator: u64::from(good),
            denominator: 1,
        }
    }

    pub(super) fn add(&mut self, good: bool) {
        self.denominator += 1;
        self.numerator += u64::from(good);
    }
}

/// Counts of each indicator, for all and for each row that has any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Grid {
    /// Of all, by indicator.
    pub(super) all: Vec<Count>,
    /// By key.
    pub(super) rows: HashMap<String, Vec<Count>>,
}

impl Grid {
    pub(super) fn new(indicators: &[Indicator]) -> Self {
        Self {
            all: vec![Count::default(); indicators.len()],
            rows: HashMap::new(),
        }
    }

    /// The counts of a row; zeros where it has none.
    pub(super) fn row(&self, key: &str) -> Vec<Count> {
        let none = || vec![Count::default(); self.all.len()];
        self.rows.get(key).cloned().unwrap_or_else(none)
    }

    /// Counts once, in all and in a row.
    pub(super) fn add(&mut self, key: Option<&str>, indicator: usize, good: bool) {
        if let Some(count) = self.all.get_mut(indicator) {
            count.add(good);
        }
        let Some(key) = key else { return };
        let columns = self.all.len();
        if !self.rows.contains_key(key) {
            let counts = vec![Count::default(); columns];
            self.rows.insert(key.to_owned(), counts);
        }
        if let Some(count) = self
            .rows
            .get_mut(key)
            .and_then(|row| row.get_mut(indicator))
        {
            count.add(good);
        }
    }
}

/// A month's key: `2026-03`.
pub(super) fn month_key(day: chrono::NaiveDate) -> String {
    day.format("%Y-%m").to_string()
}

/// Counts of each indicator in rows that have numbers: what a walk over cases comes to.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    all: Vec<Count>,
    /// By row; empty where nothing was counted.
    rows: Vec<Vec<Count>>,
}

/// Adds to one of the counts, which are made as they are needed.
pub(super) fn add(counts: &mut Vec<Count>, at: usize, more: Count) {
    if counts.len() <= at {
        counts.resize(at + 1, Count::default());
    }
    if let Some(count) = counts.get_mut(at) {
        count.numerator += more.numerator;
        count.denominator += more.denominator;
    }
}

impl Counts {
    fn row(&mut self, row: usize) -> Option<&mut Vec<Count>> {
        if self.rows.len() <= row {
            self.rows.resize_with(row + 1, Vec::new);
        }
        self.rows.get_mut(row)
    }

    /// With the rows' names; those of which nothing was counted are left out.
    fn named(self, columns: usize, key: impl Fn(usize) -> Option<String>) -> Grid {
        let full = |mut counts: Vec<Count>| {
            counts.resize(columns, Count::default());
            counts
        };
        let rows = self.rows.into_iter().enumerate();
        Grid {
            all: full(self.all),
            rows: rows
                .filter(|(_, counts)| counts.iter().any(|count| count.denominator > 0))
                .filter_map(|(row, counts)| Some((key(row)?, full(counts))))
                .collect(),
        }
    }
}

impl Sum for Counts {
    fn merge(&mut self, other: &Self) {
        for (at, count) in other.all.iter().enumerate() {
            add(&mut self.all, at, *count);
        }
        for (row, counts) in other.rows.iter().enumerate() {
            let Some(own) = self.row(row) else { continue };
            for (at, count) in counts.iter().enumerate() {
                add(own, at, *count);
            }
        }
    }
}

/// Which row a tally belongs to, as a number that is cheap to count by: of units, the one behind its own,
/// and 0 is that of none. `of_day` tells what a unit is part of on the day that is counted as of.
fn place(by: FigureBy, tally: &Tally, of_day: impl Fn(u16) -> u16) -> usize {
    let unit = |unit: u16| {
        let unit = of_day(unit);
        if unit == NO_UNIT {
            0
        } else {
            usize::from(unit) + 1
        }
    };
    match by {
        FigureBy::Village => unit(tally.village),
        FigureBy::Unit => unit(tally.unit),
        FigureBy::Category => Category::ALL
            .iter()
            .position(|category| *category == tally.category)
            .unwrap_or(0),
        FigureBy::Township | FigureBy::Month => 0,
    }
}

/// A count of some indicators over a period, last year's or its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut<'a> {
    indicators: &'a [Indicator],
    /// The period that was asked for.
    span: Span,
    by: FigureBy,
    last_year: bool,
}

impl<'a> Cut<'a> {
    /// Over the period.
    pub(super) const fn new(indicators: &'a [Indicator], span: Span, by: FigureBy) -> Self {
        Self {
            indicators,
            span,
            by,
            last_year: false,
        }
    }

    /// Over last year's period; by month, each beside the month that it is compared with, under that
    /// one's key.
    pub(super) const fn last_year(self) -> Self {
        Self {
            last_year: true,
            ..self
        }
    }

    fn months(&self) -> Vec<Window> {
        let months = self.span.months().into_iter().map(|(from, to)| {
            if !self.last_year {
                return Window::new(from, to);
            }
            let month = Span {
                from,
                to,
                as_of: to,
            };
            month.last_year().window()
        });
        months.collect()
    }

    /// What some cases come to, of those that the actor counts.
    pub(super) fn walk(&self, cases: Cases<'_>, actor: &Actor) -> Counts {
        let span = if self.last_year {
            self.span.last_year()
        } else {
            self.span
        };
        let day = Day::of(span.as_of);
        // Last year's is compared like with like: by the units of the day that was asked for.
        let now = Day::of(self.span.as_of);
        let mut counts = Counts::default();
        let months = if self.by == FigureBy::Month {
            self.months()
        } else {
            Vec::new()
        };
        let whole = [span.window()];
        for tally in cases.counted_for(actor) {
            let place = place(self.by, tally, |unit| cases.unit_as_of(unit, now));
            // What counts in a period need not be the sum of its months.
            each_count(self.indicators, tally, &whole, day, |n, _, good| {
                add(&mut counts.all, n, Count::one(good));
                if !matches!(self.by, FigureBy::Township | FigureBy::Month)
                    && let Some(row) = counts.row(place)
                {
                    add(row, n, Count::one(good));
                }
            });
            if self.by == FigureBy::Month {
                each_count(self.indicators, tally, &months, day, |n, month, good| {
                    if let Some(row) = counts.row(month) {
                        add(row, n, Count::one(good));
                    }
                });
            }
        }
        counts
    }

    /// What was counted, under the rows' keys.
    pub(super) fn named(&self, book: &Book, counts: Counts) -> Grid {
        let columns = self.indicators.len();
        let months: Vec<String> = self
            .span
            .months()
            .into_iter()
            .map(|(from, _)| month_key(from))
            .collect();
        counts.named(columns, |row| match self.by {
            FigureBy::Township => None,
            FigureBy::Month => months.get(row).cloned(),
            FigureBy::Category => Category::ALL.get(row).map(|of| of.code().to_owned()),
            FigureBy::Village | FigureBy::Unit => {
                let unit = row.checked_sub(1).and_then(|unit| u16::try_from(unit).ok());
                let id = unit.and_then(|unit| book.unit_id(unit));
                Some(id.unwrap_or(NONE).to_owned())
            }
        })
    }

    /// Counts all of a book.
    #[cfg(test)]
    pub(super) fn count(&self, book: &Book, actor: &Actor) -> Grid {
        self.named(book, self.walk(book.cases(), actor))
    }
}

/// A cell: what [`members`] lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) indicator: Indicator,
    pub(super) part: FigurePart,
    pub(super) span: Span,
    pub(super) by: FigureBy,
    /// Which row; none for all. Of months the period says it.
    pub(super) key: Option<String>,
}

/// The cases that a cell counts, the last received in front: their ids and days.
pub(super) fn members(book: &Book, actor: &Actor, cell: &Cell) -> Vec<(Day, u32)> {
    let drop = cell.indicator.is_drop();
    let span = if drop && cell.part == FigurePart::Denominator {
        cell.span.last_year()
    } else {
        cell.span
    };
    let (period, day) = ([span.window()], Day::of(span.as_of));
    let now = Day::of(cell.span.as_of);
    let of_row = |tally: &Tally| match (&cell.key, cell.by) {
        (None, _) | (_, FigureBy::Township | FigureBy::Month) => true,
        (Some(key), FigureBy::Category) => tally.category.code() == key,
        (Some(key), by) => {
            let unit = if by == FigureBy::Village {
                tally.village
            } else {
                tally.unit
            };
            let unit = book.unit_as_of(unit, now);
            if key == NONE {
                unit == NO_UNIT
            } else {
                unit != NO_UNIT && book.unit(key) == Some(unit)
            }
        }
    };
    let mut members = Vec::new();
    for tally in book
        .cases()
        .counted_for(actor)
        .filter(|tally| of_row(tally))
    {
        each_count(&[cell.indicator], tally, &period, day, |_, _, good| {
            if good || cell.part == FigurePart::Denominator {
                members.push((tally.received, tally.id));
            }
        });
    }
    members.sort_unstable_by(|a, b| b.cmp(a));
    members
}
