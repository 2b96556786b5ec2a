//! Rows of reports and their findings. Nothing here decides who may see what.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};
use shared::access::FieldFacts;
use shared::case::{Category, Severity};
use shared::ids::{UnitId, UserId};
use shared::report::period::Period;
use shared::report::state::Course;
use shared::report::{FindingState, ReportKind, ReportState};
use shared::term::Term;

use crate::case::coded::Coded;
use crate::db::{Conn, on_either};
use crate::schema::{report_findings, reports, settings, units};

/// A report as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = reports, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct ReportRecord {
    pub(crate) id: String,
    pub(crate) township_id: String,
    pub(crate) unit_id: String,
    pub(crate) village_id: Option<String>,
    pub(crate) kind: Coded<ReportKind>,
    pub(crate) period_start: NaiveDate,
    pub(crate) period_end: NaiveDate,
    pub(crate) due_at: NaiveDateTime,
    pub(crate) pending_at: NaiveDateTime,
    pub(crate) state: Coded<ReportState>,
    pub(crate) author_id: Option<String>,
    pub(crate) late: bool,
    pub(crate) zero: bool,
    pub(crate) summary: String,
    pub(crate) findings: i32,
    pub(crate) open_findings: i32,
    pub(crate) first_at: Option<NaiveDateTime>,
    pub(crate) submitted_at: Option<NaiveDateTime>,
    pub(crate) recorded_at: Option<String>,
    pub(crate) judge_id: Option<String>,
    pub(crate) judged_at: Option<NaiveDateTime>,
    pub(crate) judged_text: Option<String>,
    pub(crate) version: i64,
    pub(crate) created_at: NaiveDateTime,
    pub(crate) updated_at: NaiveDateTime,
}

impl ReportRecord {
    /// A report in which nothing is written yet.
    pub(crate) fn new(owner: &Owner, period: &Period, now: DateTime<Utc>) -> Self {
        let (now, due) = (now.naive_utc(), period.due.naive_utc());
        Self {
            id: crate::ids::new_id(),
            township_id: owner.township_id.clone(),
            unit_id: owner.unit_id.clone(),
            village_id: owner.village_id.clone(),
            kind: Coded(period.kind),
            period_start: period.start,
            period_end: period.end,
            due_at: due,
            pending_at: due,
            state: Coded(ReportState::Due),
            author_id: None,
            late: false,
            zero: false,
            summary: String::new(),
            findings: 0,
            open_findings: 0,
            first_at: None,
            submitted_at: None,
            recorded_at: None,
            judge_id: None,
            judged_at: None,
            judged_text: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// What permission decisions look at.
    pub(crate) fn facts(&self) -> FieldFacts {
        FieldFacts {
            township_id: self.township_id.as_str().into(),
            unit_id: self.unit_id.as_str().into(),
            village_id: self.village_id.as_deref().map(UnitId::from),
            author_id: self.author_id.as_deref().map(UserId::from),
            people: Vec::new(),
        }
    }

    /// What lateness looks at.
    pub(crate) fn course(&self) -> Course {
        Course {
            state: self.state.0,
            due: self.due_at.and_utc(),
            first_at: self.first_at.map(|at| at.and_utc()),
            late: self.late,
            again: (self.pending_at != self.due_at).then(|| self.pending_at.and_utc()),
            zero: self.zero,
        }
    }
}

/// Whose a report is.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    pub(crate) township_id: String,
    pub(crate) unit_id: String,
    pub(crate) village_id: Option<String>,
}

/// A finding as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = report_findings, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct FindingRecord {
    pub(crate) id: String,
    pub(crate) report_id: String,
    pub(crate) position: i32,
    pub(crate) cause: String,
    pub(crate) occurred_on: Option<NaiveDate>,
    pub(crate) occurred_text: Option<String>,
    pub(crate) place: Option<String>,
    pub(crate) unit_concerned: Option<String>,
    pub(crate) people_count: Option<i32>,
    pub(crate) key_persons: Option<String>,
    pub(crate) development: Option<String>,
    pub(crate) handling: Option<String>,
    pub(crate) village_id: Option<String>,
    pub(crate) group_id: Option<String>,
    pub(crate) category: Option<Coded<Category>>,
    pub(crate) severity: Coded<Severity>,
    pub(crate) state: Coded<FindingState>,
    pub(crate) case_id: Option<String>,
    pub(crate) dismissed_why: Option<String>,
    pub(crate) origin_id: Option<String>,
    pub(crate) created_at: NaiveDateTime,
}

impl FindingRecord {
    /// The finding that this was taken over from, or itself: what becomes of one becomes of all that
    /// have the same.
    pub(crate) fn root(&self) -> &str {
        self.origin_id.as_deref().unwrap_or(&self.id)
    }
}

pub(crate) fn find(conn: &mut Conn, id: &str) -> QueryResult<Option<ReportRecord>> {
    reports::table
        .find(id)
        .select(ReportRecord::as_select())
        .first(conn)
        .optional()
}

/// The report of a unit's period.
pub(crate) fn of_period(
    conn: &mut Conn,
    unit_id: &str,
    kind: ReportKind,
    start: NaiveDate,
) -> QueryResult<Option<ReportRecord>> {
    reports::table
        .filter(reports::unit_id.eq(unit_id))
        .filter(reports::kind.eq(kind.code()))
        .filter(reports::period_start.eq(start))
        .select(ReportRecord::as_select())
        .first(conn)
        .optional()
}

/// Keeps others from changing a row until the transaction ends. On SQLite there is one writer.
pub(crate) fn lock_report(conn: &mut Conn, id: &str) -> QueryResult<()> {
    lock(conn, "SELECT 1 FROM reports WHERE id = $1 FOR UPDATE", id)
}

/// The same of a finding, so that it does not become two cases by two reports that have it.
pub(crate) fn lock_finding(conn: &mut Conn, id: &str) -> QueryResult<()> {
    lock(
        conn,
        "SELECT 1 FROM report_findings WHERE id = $1 FOR UPDATE",
        id,
    )
}

fn lock(conn: &mut Conn, statement: &str, id: &str) -> QueryResult<()> {
    if conn.is_sqlite() {
        return Ok(());
    }
    diesel::sql_query(statement)
        .bind::<Text, _>(id)
        .execute(conn)
        .map(drop)
}

/// Writes a report unless its unit has one for the period.
pub(crate) fn insert_new(conn: &mut Conn, report: &ReportRecord) -> QueryResult<()> {
    on_either!(conn, |conn| diesel::insert_into(reports::table)
        .values(report)
        .on_conflict_do_nothing()
        .execute(conn))
    .map(drop)
}

/// Saves a report that was read at `version`; whether it still stood at that.
pub(crate) fn save(conn: &mut Conn, report: &ReportRecord, version: i64) -> QueryResult<bool> {
    diesel::update(
        reports::table
            .find(&report.id)
            .filter(reports::version.eq(version)),
    )
    .set(report)
    .execute(conn)
    .map(|rows| rows == 1)
}

/// A report's findings, in order.
pub(crate) fn findings(conn: &mut Conn, report_id: &str) -> QueryResult<Vec<FindingRecord>> {
    report_findings::table
        .filter(report_findings::report_id.eq(report_id))
        .order((report_findings::position, report_findings::id))
        .select(FindingRecord::as_select())
        .load(conn)
}

pub(crate) fn insert_finding(conn: &mut Conn, finding: &FindingRecord) -> QueryResult<()> {
    diesel::insert_into(report_findings::table)
        .values(finding)
        .execute(conn)
        .map(drop)
}

pub(crate) fn save_finding(conn: &mut Conn, finding: &FindingRecord) -> QueryResult<()> {
    diesel::update(report_findings::table.find(&finding.id))
        .set(finding)
        .execute(conn)
        .map(drop)
}

/// Removes a finding; what was taken over from it stands by itself from now on.
pub(crate) fn delete_finding(conn: &mut Conn, id: &str) -> QueryResult<()> {
    diesel::update(report_findings::table.filter(report_findings::origin_id.eq(id)))
        .set(report_findings::origin_id.eq(None::<String>))
        .execute(conn)?;
    diesel::delete(report_findings::table.find(id))
        .execute(conn)
        .map(drop)
}

/// The finding and those that were taken over from it.
pub(crate) fn family(conn: &mut Conn, root: &str) -> QueryResult<Vec<FindingRecord>> {
    report_findings::table
        .filter(
            report_findings::id
                .eq(root)
                .or(report_findings::origin_id.eq(root).assume_not_null()),
        )
        .select(FindingRecord::as_select())
        .load(conn)
}

/// What dailies of a village's groups, sent for these days, have found and nobody has dismissed.
pub(crate) fn found_by_groups(
    conn: &mut Conn,
    village_ids: Vec<String>,
    (from, to): (NaiveDate, NaiveDate),
) -> QueryResult<Vec<FindingRecord>> {
    let sent = reports::table
        .filter(reports::village_id.eq_any(village_ids))
        .filter(reports::kind.eq(ReportKind::Daily.code()))
        .filter(reports::period_start.between(from, to))
        .filter(reports::state.eq_any([
            ReportState::Submitted.code(),
            ReportState::Acknowledged.code(),
        ]))
        .select(reports::id);
    report_findings::table
        .filter(report_findings::report_id.eq_any(sent))
        .filter(report_findings::state.ne(FindingState::Dismissed.code()))
        .order(report_findings::id)
        .select(FindingRecord::as_select())
        .load(conn)
}

/// Of these findings, those that were taken over before.
pub(crate) fn taken_over(conn: &mut Conn, ids: &[&str]) -> QueryResult<Vec<String>> {
    let origins: Vec<Option<String>> = report_findings::table
        .filter(report_findings::origin_id.eq_any(ids))
        .select(report_findings::origin_id)
        .load(conn)?;
    Ok(origins.into_iter().flatten().collect())
}

/// The unit of the report that a finding is of.
pub(crate) fn unit_of_finding(conn: &mut Conn, id: &str) -> QueryResult<Option<String>> {
    let report: Option<String> = report_findings::table
        .find(id)
        .select(report_findings::report_id)
        .first(conn)
        .optional()?;
    match report {
        None => Ok(None),
        Some(report) => reports::table
            .find(report)
            .select(reports::unit_id)
            .first(conn)
            .optional(),
    }
}

/// Counts anew how many findings a report has, and of how many nothing has become.
pub(crate) fn recount(conn: &mut Conn, report_id: &str) -> QueryResult<(i32, i32)> {
    let states: Vec<String> = report_findings::table
        .filter(report_findings::report_id.eq(report_id))
        .select(report_findings::state)
        .load(conn)?;
    let open = states
        .iter()
        .filter(|state| *state == FindingState::Open.code())
        .count();
    let counts = (
        i32::try_from(states.len()).unwrap_or(i32::MAX),
        i32::try_from(open).unwrap_or(i32::MAX),
    );
    diesel::update(reports::table.find(report_id))
        .set((
            reports::findings.eq(counts.0),
            reports::open_findings.eq(counts.1),
        ))
        .execute(conn)?;
    Ok(counts)
}

/// How many reports a unit still owes.
pub(crate) fn owed_by(conn: &mut Conn, unit: &str) -> QueryResult<i64> {
    reports::table
        .filter(reports::unit_id.eq(unit))
        .filter(reports::state.eq_any([
            ReportState::Due.code(),
            ReportState::Draft.code(),
            ReportState::Returned.code(),
        ]))
        .count()
        .get_result(conn)
}

/// A unit, as far as the rule looks at it.
#[derive(Debug, Clone, Queryable)]
pub(crate) struct UnitRow {
    pub(crate) id: String,
    pub(crate) parent_id: Option<String>,
    pub(crate) kind: String,
    pub(crate) closed: bool,
    pub(crate) created_at: NaiveDateTime,
    /// What it was merged into: whose people owe what it still owed.
    pub(crate) merged_into: Option<String>,
}

pub(crate) fn all_units(conn: &mut Conn) -> QueryResult<Vec<UnitRow>> {
    units::table
        .order(units::id)
        .select((
            units::id,
            units::parent_id,
            units::kind,
            units::closed,
            units::created_at,
            units::merged_into,
        ))
        .load(conn)
}

/// Makes all units as old as that: for the demo.
pub(super) fn age_units(conn: &mut Conn, since: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(units::table)
        .set(units::created_at.eq(since.naive_utc()))
        .execute(conn)
        .map(drop)
}

/// How many units there are, and when one was last changed: what the rule's mark is made of.
pub(crate) fn units_mark(conn: &mut Conn) -> QueryResult<(i64, Option<NaiveDateTime>)> {
    units::table
        .select((
            diesel::dsl::count(units::id),
            diesel::dsl::max(units::updated_at),
        ))
        .first(conn)
}

/// The keys of the reports that were due after an instant.
pub(crate) fn made_since(
    conn: &mut Conn,
    since: DateTime<Utc>,
) -> QueryResult<Vec<(String, String, NaiveDate)>> {
    reports::table
        .filter(reports::due_at.gt(since.naive_utc()))
        .select((reports::unit_id, reports::kind, reports::period_start))
        .load(conn)
}

/// Forgets what units would owe from now on that are no more, where nothing is written yet.
pub(crate) fn forget(conn: &mut Conn, gone: &[&str], now: DateTime<Utc>) -> QueryResult<()> {
    diesel::delete(
        reports::table
            .filter(reports::state.eq(ReportState::Due.code()))
            .filter(reports::pending_at.gt(now.naive_utc()))
            .filter(reports::unit_id.eq_any(gone)),
    )
    .execute(conn)
    .map(drop)
}

/// What is still to be sent, due between two instants.
pub(crate) fn pending(
    conn: &mut Conn,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> QueryResult<Vec<ReportRecord>> {
    reports::table
        .filter(reports::state.eq_any([
            ReportState::Due.code(),
            ReportState::Draft.code(),
            ReportState::Returned.code(),
        ]))
        .filter(
            reports::pending_at
                .gt(from.naive_utc())
                .and(reports::pending_at.le(to.naive_utc())),
        )
        .order((reports::pending_at, reports::id))
        .select(ReportRecord::as_select())
        .load(conn)
}

/// Where the rule keeps what it knows, among the settings.
const RULE: &str = "reports";

/// What the rule knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rule {
    /// Since when it makes reports: when it was first asked. What was due before is nobody's fault.
    pub(crate) since: Option<DateTime<Utc>>,
    /// For which day, units and settings all is made.
    pub(crate) made: String,
    /// When all was last made: what was due before has had its chance, so that another setting or a
    /// unit that is opened again owes nothing of the past.
    #[serde(default)]
    pub(crate) at: Option<DateTime<Utc>>,
    /// On which day reporting began then, by the settings: as an older release wrote it, of its one
    /// township.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<NaiveDate>,
    /// The same by township.
    #[serde(default)]
    pub(crate) begun: BTreeMap<String, Option<NaiveDate>>,
}

pub(crate) fn rule(conn: &mut Conn) -> QueryResult<Rule> {
    let text: Option<String> = settings::table
        .find(RULE)
        .select(settings::value)
        .first(conn)
        .optional()?;
    Ok(text
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default())
}

pub(crate) fn set_rule(conn: &mut Conn, rule: &Rule, now: DateTime<Utc>) -> QueryResult<()> {
    let text = serde_json::to_string(rule)
        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
    let change = (
        settings::value.eq(&text),
        settings::updated_at.eq(now.naive_utc()),
    );
    let changed = diesel::update(settings::table.find(RULE))
        .set(change)
        .execute(conn)?;
    if changed == 0 {
        let row = (settings::key.eq(RULE), change.0, change.1);
        on_either!(conn, |conn| diesel::insert_into(settings::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(conn))?;
    }
    Ok(())
}
