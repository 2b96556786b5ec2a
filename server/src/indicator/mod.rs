//! Figures: indicators, the three-without standing, targets, dashboards.
//!
//! Each case is folded once into a tally ([`shared::indicator::tally`]); the [`book`] keeps those of
//! all cases in memory, loaded at first use and brought up to date by what has changed since. Every
//! figure of cases is one walk over them, a few comparisons a mark. So cost
//! grows with the number of cases, whatever happened in the year; what keeps it from growing further
//! is that dashboards and tables are kept until the ledger changes ([`book::Figures::kept`]).
//!
//! Who may see what is decided as everywhere, by [`shared::access::counts`], over the tallies.

pub(crate) mod book;
mod dashboard;
pub(crate) mod export;
mod field;
mod grid;
mod list;
pub(crate) mod month;
pub(crate) mod routes;
mod standing;
mod table;
mod targets;
#[cfg(test)]
mod tests;

pub(crate) use book::Figures;

use chrono::NaiveDate;
use shared::case::number::Series;
use shared::indicator::count;
use shared::indicator::period::{Day, Window};

use crate::case::{Desk, Error};
use crate::db::Conn;

/// How often the cases of a village broke each of the three-withouts within a period, as of its last
/// day, whoever asks: without sealed accusations.
///
/// # Errors
/// The database's own.
pub(crate) fn breaches(
    conn: &mut Conn,
    figures: &Figures,
    desk: &Desk,
    village: &str,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<[u32; 3], Error> {
    let (within, day) = (Window::new(from, to), Day::of(to));
    figures.read(conn, &desk.names, |book| {
        let Some(village) = book.unit(village) else {
            return [0; 3];
        };
        let cases = book.all().filter(|tally| {
            tally.village == village && tally.seal == Series::Open && tally.received <= day
        });
        cases.fold([0; 3], |[a, b, c], tally| {
            let [x, y, z] = count::breaches(tally, within, day);
            [a + x, b + y, c + z]
        })
    })
}
