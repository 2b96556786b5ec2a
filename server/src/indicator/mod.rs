//! Figures: indicators, the three-without standing, targets, dashboards.
//!
//! Each case is folded once into a tally ([`shared::indicator::tally`]); the [`book`] keeps those of
//! all cases in memory, loaded after the start and brought up to date by what has changed since. Every
//! figure of cases is one walk over them, a few comparisons a mark: the first time it costs what the
//! number of cases asks for. Dashboards and tables are kept part by part ([`book::Figures::summed`]), so
//! that after a write only some thousand cases are walked over again, however many there are.
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
mod township;

pub(crate) use book::Figures;
pub(crate) use table::period;
pub(crate) use township::of_township;

use chrono::NaiveDate;
use shared::case::number::Series;
use shared::indicator::count;
use shared::indicator::period::{Day, Window};

use crate::case::{Desk, Error};
use crate::db::Conn;
use crate::state::State;

/// Reads the book for the first time. What fails here fails once more, and is told, when figures are read.
pub(crate) async fn warm(state: State) {
    let (figures, directory) = (state.figures, state.directory);
    let read = state.db.read_heavy(move |conn| {
        let names = directory.read(conn)?;
        figures.read(conn, &names, |_| ())
    });
    let result: Result<(), Error> = read.await;
    if let Err(error) = result {
        tracing::warn!(%error, "the cases were not read for the figures");
    }
}

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
        let cases = book.cases().all().filter(|tally| {
            book.unit_as_of(tally.village, day) == village
                && tally.seal == Series::Open
                && tally.received <= day
        });
        cases.fold([0; 3], |[a, b, c], tally| {
            let [x, y, z] = count::breaches(tally, within, day);
            [a + x, b + y, c + z]
        })
    })
}
