//! What a village's sheet is scored with. Sealed accusations are in none of it.

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use shared::assessment::VillageFacts;
use shared::case::number::Series;
use shared::case::state::State;
use shared::publicity::quarter;
use shared::report::ReportState;
use shared::term::Term;

use crate::case::{Desk, Error};
use crate::db::Conn;
use crate::indicator::Figures;
use crate::schema::{campaigns, cases, reports, visits};

/// The first and the last day of a year's data: to its end, or to today.
pub(super) fn span(year: i32, today: NaiveDate) -> (NaiveDate, NaiveDate) {
    let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or(today);
    let last = NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(today);
    (first, last.min(today))
}

fn count(rows: i64) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}

/// Counts what there is of a village in a year, up to today. What breaks the three-withouts is what the
/// figures say of the same year as of the same day ([`crate::indicator::breaches`]).
///
/// # Errors
/// The database's own.
pub(super) fn of(
    conn: &mut Conn,
    figures: &Figures,
    desk: &Desk,
    village: &str,
    year: i32,
) -> Result<VillageFacts, Error> {
    let (today, now) = (desk.context.today(), desk.context.now.naive_utc());
    let (from, to) = span(year, today);
    let villages = desk.names.parts_as_of(village, to);
    let [abnormal_visits, skip_collectives, backlog] =
        crate::indicator::breaches(conn, figures, desk, village, (from, to))?;
    let mut facts = VillageFacts {
        abnormal_visits,
        skip_collectives,
        backlog,
        ..VillageFacts::default()
    };
    let open = Series::Open.code();
    let of_year: Vec<(String, NaiveDate)> = cases::table
        .filter(cases::village_id.eq_any(&villages))
        .filter(cases::seal.eq(open))
        .filter(cases::received_on.ge(from))
        .filter(cases::received_on.le(to))
        .select((cases::state, cases::due_on))
        .load(conn)?;
    facts.cases = u32::try_from(of_year.len()).unwrap_or(u32::MAX);
    let is_open = |code: &str| State::from_code(code).is_some_and(State::is_open);
    let late = of_year
        .iter()
        .filter(|(state, due)| is_open(state) && *due < today);
    facts.overdue = u32::try_from(late.count()).unwrap_or(u32::MAX);
    let of_reports: Vec<(String, bool)> = reports::table
        .filter(reports::village_id.eq_any(&villages))
        .filter(reports::period_start.ge(from))
        .filter(reports::period_start.le(to))
        .filter(reports::due_at.lt(now))
        .filter(reports::state.ne(ReportState::Excused.code()))
        .select((reports::state, reports::late))
        .load(conn)?;
    facts.reports = u32::try_from(of_reports.len()).unwrap_or(u32::MAX);
    let sent = [
        ReportState::Submitted.code(),
        ReportState::Acknowledged.code(),
    ];
    let missed = of_reports
        .iter()
        .filter(|(state, late)| *late || !sent.contains(&state.as_str()));
    facts.reports_missed = u32::try_from(missed.count()).unwrap_or(u32::MAX);
    let sealed = cases::table
        .filter(cases::seal.ne(open))
        .select(cases::id.nullable());
    let visited: i64 = visits::table
        .filter(visits::village_id.eq_any(&villages))
        .filter(visits::struck_at.is_null())
        .filter(visits::on_day.ge(from))
        .filter(visits::on_day.le(to))
        .filter(
            visits::case_id
                .is_null()
                .or(visits::case_id.ne_all(sealed).assume_not_null()),
        )
        .count()
        .get_result(conn)?;
    facts.visits = count(visited);
    let held: Vec<NaiveDate> = campaigns::table
        .filter(campaigns::village_id.eq_any(&villages))
        .filter(campaigns::struck_at.is_null())
        .filter(campaigns::on_day.ge(from))
        .filter(campaigns::on_day.le(to))
        .select(campaigns::on_day)
        .load(conn)?;
    let quarters = (1..=4).filter(|wanted| {
        held.iter()
            .any(|day| day.year() == year && quarter(*day) == *wanted)
    });
    facts.publicity_quarters = u32::try_from(quarters.count()).unwrap_or(u32::MAX);
    Ok(facts)
}
