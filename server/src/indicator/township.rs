//! A township in counts, as its leader reads it: for the county, which is shown townships side by side.

use shared::indicator::Indicator;
use shared::indicator::period::Span;
use shared::indicator::view::FigureCell;

use super::book::Figures;
use super::standing::{self, StandingQuery};
use super::{Error, dashboard, table};
use crate::case::Desk;
use crate::db::Conn;

/// What it comes to.
#[derive(Debug)]
pub(crate) struct Told {
    /// A cell for each indicator; none leads to a list of cases.
    pub(crate) cells: Vec<FigureCell>,
    /// Open cases, today.
    pub(crate) open: u64,
    /// Of them, overdue.
    pub(crate) overdue: u64,
    /// Villages that hold the three-without standing of a year.
    pub(crate) holding: u64,
    /// Villages in all.
    pub(crate) villages: u64,
}

/// Tells it, from a desk of the township's leader.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(crate) fn of_township(
    conn: &mut Conn,
    figures: &Figures,
    desk: &Desk,
    span: Span,
    year: i32,
    indicators: &[Indicator],
) -> Result<Told, Error> {
    let told = table::figures_of(conn, figures, desk, span, indicators)?;
    let (open, overdue) = dashboard::open_now(conn, figures, desk)?;
    let standing = standing::standing(conn, figures, desk, &StandingQuery::of(year))?;
    let cells = told.into_iter().map(|figure| FigureCell {
        numerator_cases: None,
        denominator_cases: None,
        ..figure.cell
    });
    Ok(Told {
        cells: cells.collect(),
        open,
        overdue,
        holding: standing.holding,
        villages: standing.total,
    })
}
