//! Figures that are not of cases: urgent information, reports, visits.

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};
use diesel::prelude::*;
use shared::access::{Action, Facts, can};
use shared::alert::AlertDeed;
use shared::indicator::period::Span;
use shared::indicator::{FigureBy, Indicator};
use shared::org::UnitKind;
use shared::report::{ReportDeed, ReportState};
use shared::role::Role;
use shared::term::Term;

use super::Error;
use super::grid::{Grid, month_key};
use crate::case::Desk;
use crate::clock::day_of;
use crate::db::Conn;
use crate::field::in_field;
use crate::schema::reports;

/// The instant, in UTC, at which a day begins in Shanghai.
fn start_of(day: NaiveDate) -> NaiveDateTime {
    let start = day.and_time(NaiveTime::MIN);
    start
        .checked_sub_signed(chrono::Duration::hours(8))
        .unwrap_or(start)
}

fn after(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(day)
}

/// Which row something of a unit and a day belongs to. None: in no row, as these have no category.
fn key(by: FigureBy, unit: &str, village: Option<&str>, day: NaiveDate) -> Option<String> {
    match by {
        FigureBy::Township | FigureBy::Category => None,
        FigureBy::Village => village.map(str::to_owned),
        FigureBy::Unit => Some(unit.to_owned()),
        FigureBy::Month => Some(month_key(day)),
    }
}

/// Counts what is asked for, as far as the actor may see it.
///
/// # Errors
/// The database's own.
pub(super) fn count(
    conn: &mut Conn,
    desk: &Desk,
    indicators: &[Indicator],
    span: Span,
    by: FigureBy,
) -> Result<Grid, Error> {
    let mut grid = Grid::new(indicators);
    for (n, indicator) in indicators.iter().enumerate() {
        match indicator {
            Indicator::Reported => alerts(conn, desk, span, by, (&mut grid, n))?,
            Indicator::ReportsInTime => reports(conn, desk, span, by, (&mut grid, n))?,
            Indicator::VisitsDone => visits(conn, desk, span, by, (&mut grid, n))?,
            _ => {}
        }
    }
    Ok(grid)
}

fn village_of(desk: &Desk, unit: &str) -> Option<String> {
    let unit = desk.names.above(&unit.into(), UnitKind::Village)?;
    Some(unit.id.as_str().to_owned())
}

fn alerts(
    conn: &mut Conn,
    desk: &Desk,
    span: Span,
    by: FigureBy,
    (grid, n): (&mut Grid, usize),
) -> Result<(), Error> {
    if can(&desk.actor, Action::Alert(AlertDeed::Rate), Facts::None).is_err() {
        return Ok(());
    }
    let end = after(span.to.min(span.as_of));
    if end <= span.from {
        return Ok(());
    }
    let within = (start_of(span.from), start_of(end));
    let township = desk.actor.township_id.as_str();
    for told in crate::alert::told(conn, township, within)? {
        let village = told.village.or_else(|| village_of(desk, &told.unit));
        let day = day_of(told.at.and_utc());
        let key = key(by, &told.unit, village.as_deref(), day);
        grid.add(key.as_deref(), n, told.in_time);
    }
    Ok(())
}

fn reports(
    conn: &mut Conn,
    desk: &Desk,
    span: Span,
    by: FigureBy,
    (grid, n): (&mut Grid, usize),
) -> Result<(), Error> {
    if can(&desk.actor, Action::Report(ReportDeed::Board), Facts::None).is_err() {
        return Ok(());
    }
    let scope: crate::report::list::Condition = if desk.actor.role == Role::Auditor {
        Box::new(reports::township_id.eq(desk.actor.township_id.as_str().to_owned()))
    } else {
        in_field!(reports, &desk.actor)
    };
    // Due within the period, and by the end of the day as of which it is looked at.
    let before = start_of(after(span.as_of)).min(desk.context.now.naive_utc());
    type ReportRow = (
        String,
        Option<String>,
        NaiveDateTime,
        bool,
        Option<NaiveDateTime>,
    );
    let rows: Vec<ReportRow> = reports::table
        .filter(scope)
        .filter(reports::due_at.ge(start_of(span.from)))
        .filter(reports::due_at.lt(start_of(after(span.to))))
        .filter(reports::due_at.lt(before))
        .filter(reports::state.ne(ReportState::Excused.code()))
        .select((
            reports::unit_id,
            reports::village_id,
            reports::due_at,
            reports::late,
            reports::first_at,
        ))
        .load(conn)?;
    for (unit, village, due, late, first) in rows {
        let good = !late && first.is_some_and(|at| at < before);
        let key = key(by, &unit, village.as_deref(), day_of(due.and_utc()));
        grid.add(key.as_deref(), n, good);
    }
    Ok(())
}

fn visits(
    conn: &mut Conn,
    desk: &Desk,
    span: Span,
    by: FigureBy,
    (grid, n): (&mut Grid, usize),
) -> Result<(), Error> {
    let to = span.to.min(span.as_of);
    for week in crate::visit::coverage::weeks_done(conn, desk, span.from, to)? {
        let village = village_of(desk, week.unit.as_str());
        let key = key(by, week.unit.as_str(), village.as_deref(), week.to);
        grid.add(key.as_deref(), n, week.done);
    }
    Ok(())
}
