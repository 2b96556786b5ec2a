//! Runs of the import, and what the database knows of the rows of a file.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use shared::access::Actor;
use shared::case::number::{CaseNumber, Series};
use shared::case::{PersonRole, view::ImportSource};
use shared::term::Term;

use crate::case::scope;
use crate::case::store as case_store;
use crate::db::Conn;
use crate::schema::{case_numbers, case_people, cases, import_rows, imports, void_numbers};

/// A run as it is kept.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = imports, treat_none_as_default_value = false)]
pub(super) struct RunRecord {
    pub(super) id: String,
    pub(super) township_id: String,
    pub(super) file: String,
    pub(super) hash: String,
    pub(super) size: i64,
    pub(super) at: NaiveDateTime,
    pub(super) actor_id: String,
    pub(super) actor_name: String,
    pub(super) read: i32,
    pub(super) loaded: i32,
    pub(super) flagged_rows: i32,
    pub(super) duplicates: i32,
    pub(super) undone_at: Option<NaiveDateTime>,
    pub(super) undone_by: Option<String>,
}

/// A row that became a case.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = import_rows, treat_none_as_default_value = false)]
pub(super) struct RowRecord {
    pub(super) case_id: String,
    pub(super) import_id: String,
    pub(super) sheet: String,
    pub(super) row_number: i32,
    pub(super) fingerprint: String,
    pub(super) id_hash: Option<String>,
}

/// Lets one import or undo at a time be under way, so that two of the same file do not both find
/// that nothing of it is there. SQLite has one writer anyway.
pub(super) fn lock(conn: &mut Conn) -> QueryResult<()> {
    if conn.is_sqlite() {
        return Ok(());
    }
    // Any number that nothing else locks.
    diesel::sql_query("SELECT pg_advisory_xact_lock(7205759403792794)")
        .execute(conn)
        .map(drop)
}

/// Keeps others from working on a run's cases until the transaction ends.
pub(super) fn lock_cases(conn: &mut Conn, import_id: &str) -> QueryResult<()> {
    if conn.is_sqlite() {
        return Ok(());
    }
    diesel::sql_query(
        "SELECT 1 FROM cases WHERE id IN (SELECT case_id FROM import_rows WHERE import_id = $1) \
         ORDER BY id FOR UPDATE",
    )
    .bind::<diesel::sql_types::Text, _>(import_id)
    .execute(conn)
    .map(drop)
}

pub(super) fn insert_run(conn: &mut Conn, run: &RunRecord) -> QueryResult<()> {
    diesel::insert_into(imports::table)
        .values(run)
        .execute(conn)
        .map(drop)
}

pub(super) fn insert_row(conn: &mut Conn, row: &RowRecord) -> QueryResult<()> {
    diesel::insert_into(import_rows::table)
        .values(row)
        .execute(conn)
        .map(drop)
}

/// A run of the township.
pub(super) fn run(conn: &mut Conn, township: &str, id: &str) -> QueryResult<Option<RunRecord>> {
    imports::table
        .find(id)
        .filter(imports::township_id.eq(township))
        .select(RunRecord::as_select())
        .first(conn)
        .optional()
}

/// A page of the township's runs, newest first.
pub(super) fn runs(
    conn: &mut Conn,
    township: &str,
    after: Option<&str>,
    limit: u32,
) -> QueryResult<Vec<RunRecord>> {
    let mut query = imports::table
        .filter(imports::township_id.eq(township.to_owned()))
        .select(RunRecord::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(imports::id.lt(after.to_owned()));
    }
    query
        .order(imports::id.desc())
        .limit(limit.into())
        .load(conn)
}

/// How many runs the township has.
pub(super) fn count(conn: &mut Conn, township: &str) -> QueryResult<u64> {
    imports::table
        .filter(imports::township_id.eq(township))
        .count()
        .get_result::<i64>(conn)
        .map(i64::unsigned_abs)
}

/// Where a case was imported from.
pub(super) fn source(conn: &mut Conn, case_id: &str) -> QueryResult<Option<ImportSource>> {
    let found: Option<(String, String, String, i32)> = import_rows::table
        .inner_join(imports::table)
        .filter(import_rows::case_id.eq(case_id))
        .select((
            imports::id,
            imports::file,
            import_rows::sheet,
            import_rows::row_number,
        ))
        .first(conn)
        .optional()?;
    Ok(found.map(|(id, file, sheet, row)| ImportSource {
        import_id: id.into(),
        file,
        sheet,
        row: u32::try_from(row).unwrap_or(0),
    }))
}

/// A case that the actor may see, as far as duplicates go.
#[derive(Debug, Queryable)]
pub(super) struct Seen {
    pub(super) id: String,
    pub(super) number: String,
    pub(super) petitioner: Option<String>,
    pub(super) cause: String,
    pub(super) received_on: NaiveDate,
}

/// The cases received between two days that the actor may see.
pub(super) fn received_between(
    conn: &mut Conn,
    actor: &Actor,
    from: NaiveDate,
    to: NaiveDate,
) -> QueryResult<Vec<Seen>> {
    cases::table
        .filter(scope::visible_to(actor))
        .filter(cases::received_on.ge(from))
        .filter(cases::received_on.le(to))
        .select((
            cases::id,
            cases::number,
            cases::petitioner,
            cases::cause,
            cases::received_on,
        ))
        .load(conn)
}

/// The hash of the petitioner's ID number.
pub(super) fn petitioner_hash(conn: &mut Conn, case_id: &str) -> QueryResult<Option<String>> {
    let hash: Option<Option<String>> = case_people::table
        .filter(case_people::case_id.eq(case_id))
        .filter(case_people::role.eq(PersonRole::Petitioner.code()))
        .order(case_people::position)
        .select(case_people::id_hash)
        .first(conn)
        .optional()?;
    Ok(hash.flatten())
}

/// An imported row, as far as duplicates go.
#[derive(Debug, Queryable)]
pub(super) struct Imported {
    pub(super) case_id: String,
    pub(super) fingerprint: String,
    pub(super) id_hash: Option<String>,
}

/// The rows that the township has imported. Whether somebody may see their cases is
/// [`visible_number`]'s to say.
pub(super) fn imported(conn: &mut Conn, township: &str) -> QueryResult<Vec<Imported>> {
    import_rows::table
        .inner_join(imports::table)
        .filter(imports::township_id.eq(township))
        .select((
            import_rows::case_id,
            import_rows::fingerprint,
            import_rows::id_hash,
        ))
        .load(conn)
}

/// The number of a case, if the actor may see it.
pub(super) fn visible_number(
    conn: &mut Conn,
    actor: &Actor,
    case_id: &str,
) -> QueryResult<Option<String>> {
    cases::table
        .filter(scope::visible_to(actor))
        .filter(cases::id.eq(case_id))
        .select(cases::number)
        .first(conn)
        .optional()
}

/// A case of a run, as far as undoing goes.
#[derive(Debug, Queryable)]
pub(super) struct OwnCase {
    pub(super) id: String,
    pub(super) docid: i64,
    pub(super) number: String,
    pub(super) version: i64,
    pub(super) seal: String,
}

/// The cases of a run, in the order of their numbers.
pub(super) fn cases_of(conn: &mut Conn, import_id: &str) -> QueryResult<Vec<OwnCase>> {
    cases::table
        .inner_join(import_rows::table)
        .filter(import_rows::import_id.eq(import_id))
        .order(cases::number_key)
        .select((
            cases::id,
            cases::docid,
            cases::number,
            cases::version,
            cases::seal,
        ))
        .load(conn)
}

/// The ids of a run's cases that a later case was linked to.
pub(super) fn linked_to(conn: &mut Conn, import_id: &str) -> QueryResult<Vec<String>> {
    let own = import_rows::table
        .filter(import_rows::import_id.eq(import_id.to_owned()))
        .select(import_rows::case_id.nullable());
    let linked: Vec<Option<String>> = cases::table
        .filter(cases::earlier_case_id.eq_any(own))
        .select(cases::earlier_case_id)
        .load(conn)?;
    Ok(linked.into_iter().flatten().collect())
}

/// Takes a case out as if it had never been entered.
pub(super) fn delete_case(conn: &mut Conn, case: &OwnCase) -> QueryResult<()> {
    case_store::unindex(conn, case.docid)?;
    crate::case::feed::note(conn, &case.id)?;
    diesel::delete(cases::table.find(&case.id))
        .execute(conn)
        .map(drop)
}

/// Notes that a run was undone.
pub(super) fn mark_undone(
    conn: &mut Conn,
    id: &str,
    at: NaiveDateTime,
    by: &str,
) -> QueryResult<()> {
    diesel::update(imports::table.find(id))
        .set((
            imports::undone_at.eq(Some(at)),
            imports::undone_by.eq(Some(by)),
        ))
        .execute(conn)
        .map(drop)
}

/// Takes the last numbers of a series back, as far as they are all among `counts`; gives the count
/// that is the last one now.
pub(super) fn take_back(
    conn: &mut Conn,
    township: &str,
    series: Series,
    year: i32,
    counts: &std::collections::BTreeSet<u32>,
) -> QueryResult<i64> {
    let line = case_numbers::table.find((township, series.code(), year));
    // Locks the line, so that no number is given in between.
    diesel::update(line)
        .set(case_numbers::last.eq(case_numbers::last))
        .execute(conn)?;
    let mut last: i64 = line.select(case_numbers::last).first(conn)?;
    while u32::try_from(last).is_ok_and(|last| counts.contains(&last)) {
        last -= 1;
    }
    diesel::update(line)
        .set(case_numbers::last.eq(last))
        .execute(conn)?;
    Ok(last)
}

/// Keeps a number that is never given again.
pub(super) fn insert_void(
    conn: &mut Conn,
    number: &CaseNumber,
    run: &RunRecord,
    at: NaiveDateTime,
) -> QueryResult<()> {
    diesel::insert_into(void_numbers::table)
        .values((
            void_numbers::number.eq(number.to_string()),
            void_numbers::township_id.eq(&run.township_id),
            void_numbers::import_id.eq(&run.id),
            void_numbers::at.eq(at),
        ))
        .execute(conn)
        .map(drop)
}

/// The numbers that undoing a run has left void.
pub(super) fn void_numbers_of(conn: &mut Conn, import_id: &str) -> QueryResult<Vec<String>> {
    void_numbers::table
        .filter(void_numbers::import_id.eq(import_id))
        .order(void_numbers::number)
        .select(void_numbers::number)
        .load(conn)
}
