//! What a village's sheet is scored with. Sealed accusations are in none of it.

use chrono::{Datelike, NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::Deserialize;
use shared::assessment::VillageFacts;
use shared::case::matter::MatterKind;
use shared::case::matter::visit::{Conduct, Level};
use shared::case::number::Series;
use shared::case::state::State;
use shared::publicity::quarter;
use shared::report::ReportState;
use shared::term::Term;

use crate::db::Conn;
use crate::schema::{campaigns, case_matters, cases, reports, visits};

/// The first and the last day of a year's data: to its end, or to today.
pub(super) fn span(year: i32, today: NaiveDate) -> (NaiveDate, NaiveDate) {
    let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or(today);
    let last = NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(today);
    (first, last.min(today))
}

/// A visit to a higher level, as far as it counts.
#[derive(Debug, Deserialize)]
struct Abroad {
    on: NaiveDate,
    level: Level,
    people_count: u32,
    conduct: Conduct,
    skip_level: bool,
    #[serde(default)]
    struck: Option<serde::de::IgnoredAny>,
}

fn count(rows: i64) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}

/// Counts what there is of a village in a year, up to today.
///
/// # Errors
/// The database's own.
pub(super) fn of(
    conn: &mut Conn,
    village: &str,
    year: i32,
    (today, now): (NaiveDate, NaiveDateTime),
) -> QueryResult<VillageFacts> {
    let (from, to) = span(year, today);
    let mut facts = VillageFacts::default();
    let open = Series::Open.code();
    let bodies: Vec<String> = case_matters::table
        .inner_join(cases::table)
        .filter(cases::village_id.eq(village))
        .filter(cases::seal.eq(open))
        .filter(case_matters::kind.eq(MatterKind::Visit.code()))
        .select(case_matters::body)
        .load(conn)?;
    for body in bodies {
        let Ok(visit) = serde_json::from_str::<Abroad>(&body) else {
            continue;
        };
        if visit.struck.is_some() || visit.on < from || visit.on > to {
            continue;
        }
        let abroad = visit.level != Level::County;
        facts.abnormal_visits += u32::from(abroad && visit.conduct == Conduct::Abnormal);
        facts.skip_collectives += u32::from(visit.skip_level && visit.people_count >= 5);
    }
    let backlog: i64 = cases::table
        .filter(cases::village_id.eq(village))
        .filter(cases::seal.eq(open))
        .filter(cases::backlog.eq(true))
        .filter(cases::received_on.le(to))
        .count()
        .get_result(conn)?;
    facts.backlog = count(backlog);
    let of_year: Vec<(String, NaiveDate)> = cases::table
        .filter(cases::village_id.eq(village))
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
        .filter(reports::village_id.eq(village))
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
        .filter(visits::village_id.eq(village))
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
        .filter(campaigns::village_id.eq(village))
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
