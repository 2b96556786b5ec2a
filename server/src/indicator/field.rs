//! Figures that are not of cases: urgent information, reports, visits.

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};
use diesel::prelude::*;
use shared::access::{Action, Facts, can};
use shared::alert::{AlertDeed, AlertKind};
use shared::ids::UnitId;
use shared::indicator::period::Span;
use shared::indicator::view::FigureRecord;
use shared::indicator::{FigureBy, FigurePart, Indicator};
use shared::org::UnitKind;
use shared::page::Page;
use shared::report::{ReportDeed, ReportKind, ReportState};
use shared::role::Role;
use shared::term::Term;
use shared::validate::Errors;
use shared::visit::VisitDeed;
use shared::visit::duty::monday;

use super::Error;
use super::grid::{Cell, Grid, month_key};
use crate::case::Desk;
use crate::case::coded::Coded;
use crate::clock::day_of;
use crate::db::Conn;
use crate::field::in_field;
use crate::page;
use crate::schema::reports;
use crate::visit::coverage::full_name;

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

/// Something of the field that a figure counts.
pub(super) struct Counted {
    /// The unit whose it is.
    unit: String,
    village: Option<String>,
    /// The day that says into which period it falls.
    day: NaiveDate,
    good: bool,
    what: What,
}

/// What it is.
enum What {
    /// Urgent information: its id, its kind.
    Alert(String, String),
    /// What was missed: its kind.
    Missed(String),
    /// A report: its id, its kind, its period's first day.
    Report(String, Coded<ReportKind>, NaiveDate),
    /// A week of a village or group from a Monday on: how often those responsible went.
    Week(NaiveDate, u32),
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
        for counted in counted(conn, desk, *indicator, span)? {
            let key = counted.key(desk, by, span.as_of);
            grid.add(key.as_deref(), n, counted.good);
        }
    }
    Ok(grid)
}

/// What an indicator counts, one by one; nothing of those that count cases.
fn counted(
    conn: &mut Conn,
    desk: &Desk,
    indicator: Indicator,
    span: Span,
) -> Result<Vec<Counted>, Error> {
    match indicator {
        Indicator::Reported => alerts(conn, desk, span),
        Indicator::ReportsInTime => reports(conn, desk, span),
        Indicator::VisitsDone => visits(conn, desk, span),
        _ => Ok(Vec::new()),
    }
}

/// Whether the actor may open what an indicator counts, and so is given a list of it.
pub(super) fn opens(desk: &Desk, indicator: Indicator) -> bool {
    let action = match indicator {
        Indicator::Reported => Action::Alert(AlertDeed::List),
        Indicator::ReportsInTime => Action::Report(ReportDeed::View),
        Indicator::VisitsDone => Action::Visit(VisitDeed::Coverage),
        _ => return false,
    };
    let general = can(&desk.actor, action, Facts::None).is_ok();
    general && desk.actor.role != Role::Auditor
}

impl Counted {
    /// Which row it belongs to, by the units of the day that is counted as of.
    fn key(&self, desk: &Desk, by: FigureBy, day: NaiveDate) -> Option<String> {
        let of_day = |unit: &str| desk.names.unit_as_of(&unit.into(), day).into_string();
        let village = self.village.as_deref().map(of_day);
        key(by, &of_day(&self.unit), village.as_deref(), self.day)
    }

    /// Whether it is in a cell.
    fn is_in(&self, desk: &Desk, cell: &Cell) -> bool {
        let part = self.good || cell.part == FigurePart::Denominator;
        let row = match (&cell.key, cell.by) {
            (None, _) => true,
            (Some(key), by) => self.key(desk, by, cell.span.as_of).as_ref() == Some(key),
        };
        part && row
    }

    fn view(&self, desk: &Desk) -> FigureRecord {
        let unit = UnitId::from(self.unit.as_str());
        let name = desk
            .names
            .unit(&unit)
            .map_or_else(String::new, |unit| full_name(&desk.names, unit));
        let label = |code: &str| AlertKind::from_code(code).map_or("", Term::label);
        let (title, words, link) = match &self.what {
            What::Alert(id, kind) => (
                label(kind).to_owned(),
                if self.good { "按时上报" } else { "迟报" }.to_owned(),
                Some(format!("/alerts/{id}")),
            ),
            What::Missed(kind) => (label(kind).to_owned(), "漏报".to_owned(), None),
            What::Report(id, kind, start) => (
                format!(
                    "{} {}",
                    kind.0.label(),
                    shared::report::period::label(kind.0, *start)
                ),
                if self.good {
                    "按时报送"
                } else {
                    "迟报或缺报"
                }
                .to_owned(),
                Some(format!("/reports/{id}")),
            ),
            What::Week(monday, visits) => {
                let place = match desk.names.unit(&unit).map(|unit| unit.kind) {
                    Some(UnitKind::Group) => "group_id",
                    _ => "village_id",
                };
                let views = can(&desk.actor, Action::Visit(VisitDeed::View), Facts::None).is_ok();
                let link = format!(
                    "/visits?{place}={}&from={monday}&to={}",
                    self.unit, self.day
                );
                (
                    format!(
                        "{}至{}",
                        monday.format("%-m月%-d日"),
                        self.day.format("%-m月%-d日")
                    ),
                    format!("负责人走访{visits}次"),
                    Some(link).filter(|_| views && *visits > 0),
                )
            }
        };
        FigureRecord {
            title,
            unit: name,
            village: desk.unit(self.village.as_deref()),
            on: self.day,
            good: self.good,
            words,
            link,
        }
    }
}

/// A page of what a cell counts, the last in front; `total` is the figure. The order is that of the days,
/// and within a day that of the counting, which is the same as long as nothing changes.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(super) fn page(
    conn: &mut Conn,
    desk: &Desk,
    cell: &Cell,
    limit: Option<u32>,
    cursor: Option<String>,
) -> Result<Page<FigureRecord>, Error> {
    let mut errors = Errors::new();
    let (limit, after): (i64, Option<usize>) = page::place(limit, cursor, &mut errors);
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let mut all = counted(conn, desk, cell.indicator, cell.span)?;
    all.retain(|counted| counted.is_in(desk, cell));
    all.sort_by(|a, b| (b.day, &a.unit).cmp(&(a.day, &b.unit)));
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let from = after.unwrap_or(0).min(all.len());
    let to = from.saturating_add(limit).min(all.len());
    let shown = all.get(from..to).unwrap_or_default();
    Ok(Page {
        items: shown.iter().map(|counted| counted.view(desk)).collect(),
        next_cursor: (to < all.len()).then(|| page::cursor(&to)),
        total: u64::try_from(all.len()).unwrap_or(u64::MAX),
    })
}

fn village_of(desk: &Desk, unit: &str) -> Option<String> {
    let unit = desk.names.above(&unit.into(), UnitKind::Village)?;
    Some(unit.id.as_str().to_owned())
}

fn alerts(conn: &mut Conn, desk: &Desk, span: Span) -> Result<Vec<Counted>, Error> {
    if can(&desk.actor, Action::Alert(AlertDeed::Rate), Facts::None).is_err() {
        return Ok(Vec::new());
    }
    let end = after(span.to.min(span.as_of));
    if end <= span.from {
        return Ok(Vec::new());
    }
    let within = (start_of(span.from), start_of(end));
    let township = desk.actor.township_id.as_str();
    let told = crate::alert::told(conn, township, within)?.into_iter();
    Ok(told
        .map(|told| Counted {
            village: told.village.or_else(|| village_of(desk, &told.unit)),
            unit: told.unit,
            day: day_of(told.at.and_utc()),
            good: told.in_time,
            what: match told.id {
                Some(id) => What::Alert(id, told.kind),
                None => What::Missed(told.kind),
            },
        })
        .collect())
}

fn reports(conn: &mut Conn, desk: &Desk, span: Span) -> Result<Vec<Counted>, Error> {
    if can(&desk.actor, Action::Report(ReportDeed::Board), Facts::None).is_err() {
        return Ok(Vec::new());
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
        Coded<ReportKind>,
        String,
        Option<String>,
        NaiveDate,
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
        .order(reports::id)
        .select((
            reports::id,
            reports::kind,
            reports::unit_id,
            reports::village_id,
            reports::period_start,
            reports::due_at,
            reports::late,
            reports::first_at,
        ))
        .load(conn)?;
    let rows = rows.into_iter();
    Ok(rows
        .map(
            |(id, kind, unit, village, start, due, late, first)| Counted {
                good: !late && first.is_some_and(|at| at < before),
                unit,
                village,
                day: day_of(due.and_utc()),
                what: What::Report(id, kind, start),
            },
        )
        .collect())
}

fn visits(conn: &mut Conn, desk: &Desk, span: Span) -> Result<Vec<Counted>, Error> {
    let to = span.to.min(span.as_of);
    let weeks = crate::visit::coverage::weeks_done(conn, desk, span.from, to)?.into_iter();
    Ok(weeks
        .map(|week| Counted {
            village: village_of(desk, week.unit.as_str()),
            unit: week.unit.into_string(),
            day: week.to,
            good: week.done,
            what: What::Week(monday(week.to), week.visits),
        })
        .collect())
}
