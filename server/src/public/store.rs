//! What the public page reads beside a case's own rows.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use shared::audit::AuditAction;
use shared::case::number::Series;
use shared::term::Term;

use crate::case::store::CaseRecord;
use crate::db::Conn;
use crate::reception::store::DayRecord;
use crate::schema::{audit_log, cases, reception_days};

/// The most looks that are read.
const MOST_LOOKS: i64 = 300;

/// The cases of all townships with this year and count. Sealed ones are not there for this page.
pub(super) fn numbered(conn: &mut Conn, year: i32, count: u32) -> QueryResult<Vec<CaseRecord>> {
    let key = format!("{year:04}-{}-{count:08}", Series::Open.code());
    cases::table
        .filter(cases::number_key.eq(key))
        .filter(cases::seal.eq(Series::Open.code()))
        .select(CaseRecord::as_select())
        .load(conn)
}

/// Members of staff who looked at a case, and when, the last in front.
pub(super) fn looks(conn: &mut Conn, case_id: &str) -> QueryResult<Vec<(String, NaiveDateTime)>> {
    let looking = [
        AuditAction::CaseView.code(),
        AuditAction::Reveal.code(),
        AuditAction::Download.code(),
    ];
    let rows: Vec<(Option<String>, NaiveDateTime)> = audit_log::table
        .filter(audit_log::case_id.eq(case_id))
        .filter(audit_log::action.eq_any(looking))
        .order(audit_log::id.desc())
        .limit(MOST_LOOKS)
        .select((audit_log::user_id, audit_log::at))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(|(user, at)| Some((user?, at)))
        .collect())
}

/// The reception days from one to another, those that were called off among them.
pub(super) fn reception_days(
    conn: &mut Conn,
    from: NaiveDate,
    to: NaiveDate,
) -> QueryResult<Vec<DayRecord>> {
    reception_days::table
        .filter(reception_days::on_day.ge(from))
        .filter(reception_days::on_day.le(to))
        .order((reception_days::on_day, reception_days::id))
        .select(DayRecord::as_select())
        .load(conn)
}
