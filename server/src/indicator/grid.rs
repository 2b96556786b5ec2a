//! Counting in rows and columns, and who is behind a count. Pure, over the [`Book`].

use std::collections::HashMap;

use shared::access::Actor;
use shared::case::Category;
use shared::indicator::count::each_count;
use shared::indicator::period::{Day, Span, Window};
use shared::indicator::tally::{NO_UNIT, Tally};
use shared::indicator::{FigureBy, FigurePart, Indicator};
use shared::term::Term;

use super::book::Book;

/// The key of cases that have none: of no village, of no unit.
pub(super) const NONE: &str = "none";

/// Numerator and denominator.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) numerator: u64,
    pub(super) denominator: u64,
}

impl Count {
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

/// Which row a tally belongs to, as a number that is cheap to count by.
fn place(by: FigureBy, tally: &Tally) -> usize {
    match by {
        FigureBy::Village => usize::from(tally.village),
        FigureBy::Unit => usize::from(tally.unit),
        FigureBy::Category => Category::ALL
            .iter()
            .position(|category| *category == tally.category)
            .unwrap_or(0),
        FigureBy::Township | FigureBy::Month => 0,
    }
}

fn key_of(by: FigureBy, book: &Book, place: usize) -> String {
    match by {
        FigureBy::Category => Category::ALL
            .get(place)
            .map_or(NONE, |category| category.code())
            .to_owned(),
        _ => u16::try_from(place)
            .ok()
            .and_then(|unit| book.unit_id(unit))
            .unwrap_or(NONE)
            .to_owned(),
    }
}

/// Counts the actor's cases over a period.
pub(super) fn count(
    book: &Book,
    actor: &Actor,
    indicators: &[Indicator],
    span: Span,
    by: FigureBy,
) -> Grid {
    let months = span.months();
    count_periods(book, actor, indicators, span, by, &months)
}

/// Counts over last year's period; by month, each beside the month that it is compared with, under
/// that one's key.
pub(super) fn count_last_year(
    book: &Book,
    actor: &Actor,
    indicators: &[Indicator],
    span: Span,
    by: FigureBy,
) -> Grid {
    let last = span.last_year();
    let months: Vec<_> = span
        .months()
        .into_iter()
        .map(|(from, to)| {
            let month = Span {
                from,
                to,
                as_of: to,
            }
            .last_year();
            (month.from, month.to)
        })
        .collect();
    let mut grid = count_periods(book, actor, indicators, last, by, &months);
    if by == FigureBy::Month {
        let keys = span.months().into_iter().map(|(from, _)| month_key(from));
        let old = months.iter().map(|(from, _)| month_key(*from));
        grid.rows = old
            .zip(keys)
            .filter_map(|(old, key)| Some((key, grid.rows.remove(&old)?)))
            .collect();
    }
    grid
}

fn count_periods(
    book: &Book,
    actor: &Actor,
    indicators: &[Indicator],
    span: Span,
    by: FigureBy,
    months: &[(chrono::NaiveDate, chrono::NaiveDate)],
) -> Grid {
    let day = Day::of(span.as_of);
    let columns = indicators.len();
    let mut grid = Grid::new(indicators);
    if by == FigureBy::Month {
        let periods: Vec<Window> = months
            .iter()
            .map(|(from, to)| Window::new(*from, *to))
            .collect();
        let keys: Vec<String> = months.iter().map(|(from, _)| month_key(*from)).collect();
        let whole = [span.window()];
        for tally in book.counted_for(actor) {
            each_count(indicators, tally, &periods, day, |n, month, good| {
                let row = keys.get(month).map(String::as_str).unwrap_or_default();
                let columns = grid.rows.entry(row.to_owned());
                let counts = columns.or_insert_with(|| vec![Count::default(); indicators.len()]);
                if let Some(count) = counts.get_mut(n) {
                    count.add(good);
                }
            });
            // What counts in a period need not be the sum of its months.
            each_count(indicators, tally, &whole, day, |n, _, good| {
                if let Some(count) = grid.all.get_mut(n) {
                    count.add(good);
                }
            });
        }
        return grid;
    }
    let places = book.unit_count().max(Category::ALL.len());
    let mut counts = vec![Count::default(); (places + 1) * columns];
    let period = [span.window()];
    for tally in book.counted_for(actor) {
        let row = place(by, tally).min(places);
        each_count(indicators, tally, &period, day, |n, _, good| {
            if let Some(count) = grid.all.get_mut(n) {
                count.add(good);
            }
            if let Some(count) = counts.get_mut(row * columns + n) {
                count.add(good);
            }
        });
    }
    if by != FigureBy::Township && columns > 0 {
        for (place, row) in counts.chunks(columns).enumerate() {
            if row.iter().any(|count| count.denominator > 0) {
                grid.rows.insert(key_of(by, book, place), row.to_vec());
            }
        }
    }
    grid
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
    let of_row = |tally: &Tally| match (&cell.key, cell.by) {
        (None, _) | (_, FigureBy::Township | FigureBy::Month) => true,
        (Some(key), FigureBy::Category) => tally.category.code() == key,
        (Some(key), by) => {
            let unit = if by == FigureBy::Village {
                tally.village
            } else {
                tally.unit
            };
            if key == NONE {
                unit == NO_UNIT
            } else {
                unit != NO_UNIT && book.unit(key) == Some(unit)
            }
        }
    };
    let mut members = Vec::new();
    for tally in book.counted_for(actor).filter(|tally| of_row(tally)) {
        each_count(&[cell.indicator], tally, &period, day, |_, _, good| {
            if good || cell.part == FigurePart::Denominator {
                members.push((tally.received, tally.id));
            }
        });
    }
    members.sort_unstable_by(|a, b| b.cmp(a));
    members
}
