//! Rows of the ledger. Nothing here decides who may see what: every reading of cases for a person
//! goes through [`super::scope`].

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::backend::Backend;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType, Integer, Text};
use shared::access::CaseFacts;
use shared::case::care::Care;
use shared::case::deadline::Entry;
use shared::case::number::{CaseNumber, Series};
use shared::case::state::{EventKind, Situation, State};
use shared::case::view::{EventData, FieldKind, FieldMark, Named};
use shared::case::{
    Category, Channel, FollowUp, Kind, LawfulPath, Opinion, Outcome, PersonRole, Procedure,
    Purpose, Severity,
};
use shared::ids::{UnitId, UserId};
use shared::term::Term;

use super::coded::Coded;
use super::feed;
use crate::db::{Conn, Db, on_either};
use crate::schema::{
    case_attachments, case_events, case_numbers, case_people, case_search, case_units, cases,
};

/// Stands in `due_on` where nothing is due, so that such cases sort last on both databases.
pub(crate) const NOTHING_DUE: NaiveDate = match NaiveDate::from_ymd_opt(9999, 12, 31) {
    Some(day) => day,
    None => NaiveDate::MAX,
};

/// A case as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = cases, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct CaseRecord {
    pub(crate) id: String,
    pub(crate) docid: i64,
    pub(crate) township_id: String,
    pub(crate) number: String,
    pub(crate) number_key: String,
    pub(crate) kind: Coded<Kind>,
    pub(crate) state: Coded<State>,
    pub(crate) channel: Coded<Channel>,
    pub(crate) purpose: Coded<Purpose>,
    pub(crate) category: Coded<Category>,
    pub(crate) subcategory: Option<String>,
    pub(crate) severity: Coded<Severity>,
    pub(crate) procedure: Coded<Procedure>,
    pub(crate) cause: String,
    pub(crate) demand: Option<String>,
    pub(crate) occurred_on: Option<NaiveDate>,
    pub(crate) occurred_text: Option<String>,
    pub(crate) place: Option<String>,
    pub(crate) unit_concerned: Option<String>,
    pub(crate) village_id: Option<String>,
    pub(crate) group_id: Option<String>,
    pub(crate) people_count: i32,
    pub(crate) people_count_text: Option<String>,
    pub(crate) collective: bool,
    pub(crate) development: Option<String>,
    pub(crate) handling: Option<String>,
    pub(crate) received_on: NaiveDate,
    pub(crate) entered_at: NaiveDateTime,
    pub(crate) earlier_case_id: Option<String>,
    pub(crate) first_receiver_id: String,
    pub(crate) registrar_id: String,
    pub(crate) registrar_unit_id: String,
    pub(crate) responsible_unit_id: Option<String>,
    pub(crate) responsible_user_id: Option<String>,
    pub(crate) offered_unit_id: Option<String>,
    pub(crate) lead_id: Option<String>,
    pub(crate) lawful_path: Option<Coded<LawfulPath>>,
    pub(crate) outcome: Option<Coded<Outcome>>,
    pub(crate) closed_on: Option<NaiveDate>,
    pub(crate) backlog: bool,
    pub(crate) mediation: bool,
    pub(crate) seal: Coded<Series>,
    pub(crate) accused_unit_id: Option<String>,
    pub(crate) accused_user_id: Option<String>,
    pub(crate) accepted_before: bool,
    pub(crate) extended: bool,
    pub(crate) reviewed: bool,
    pub(crate) final_answered: bool,
    pub(crate) heard: Option<Coded<Opinion>>,
    pub(crate) due_on: NaiveDate,
    pub(crate) last_step_on: NaiveDate,
    pub(crate) petitioner: Option<String>,
    pub(crate) law_profile_id: String,
    pub(crate) version: i64,
    pub(crate) updated_at: NaiveDateTime,
}

impl CaseRecord {
    /// What permission decisions look at. `unit_ids` are the units it was referred to.
    pub(crate) fn facts(&self, unit_ids: Vec<String>) -> CaseFacts {
        let unit = |id: &Option<String>| id.as_deref().map(UnitId::from);
        CaseFacts {
            township_id: self.township_id.as_str().into(),
            village_id: unit(&self.village_id),
            registrar_id: self.registrar_id.as_str().into(),
            registrar_unit_id: self.registrar_unit_id.as_str().into(),
            responsible_unit_id: unit(&self.responsible_unit_id),
            offered_unit_id: unit(&self.offered_unit_id),
            unit_ids: unit_ids.into_iter().map(UnitId::from).collect(),
            mediation: self.mediation,
            kind: self.kind.0,
            state: self.state.0,
            backlog: self.backlog,
            seal: self.seal.0,
            accused_unit_id: unit(&self.accused_unit_id),
            accused_user_id: self.accused_user_id.as_deref().map(UserId::from),
        }
    }

    /// What the transition table looks at.
    pub(crate) const fn situation(&self) -> Situation {
        Situation {
            kind: self.kind.0,
            accepted_before: self.accepted_before,
            extended: self.extended,
            backlog: self.backlog,
            reviewed: self.reviewed,
            final_answered: self.final_answered,
        }
    }

    /// The authority's next deadline.
    pub(crate) fn due(&self) -> Option<NaiveDate> {
        (self.due_on != NOTHING_DUE).then_some(self.due_on)
    }
}

/// A person of a case as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = case_people, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct PersonRecord {
    pub(crate) id: String,
    pub(crate) case_id: String,
    pub(crate) position: i32,
    pub(crate) role: Coded<PersonRole>,
    pub(crate) name: String,
    pub(crate) id_number: Option<Vec<u8>>,
    pub(crate) id_hash: Option<String>,
    pub(crate) phone: Option<Vec<u8>>,
    pub(crate) phone_hash: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) review_on: Option<NaiveDate>,
    pub(crate) follow_up: String,
    pub(crate) created_at: NaiveDateTime,
    pub(crate) contact_hours: Option<String>,
    pub(crate) do_not_call: bool,
    pub(crate) neutral_wording: bool,
    pub(crate) trusted_name: Option<String>,
    pub(crate) trusted_phone: Option<Vec<u8>>,
}

impl PersonRecord {
    /// How they are to be reached.
    pub(crate) fn care(&self) -> Care {
        Care {
            hours: self.contact_hours.clone(),
            do_not_call: self.do_not_call,
            neutral: self.neutral_wording,
            trusted: self.trusted_name.clone(),
        }
    }

    /// The kinds of follow-up, from their codes.
    pub(crate) fn follow_ups(&self) -> Vec<FollowUp> {
        self.follow_up
            .split(' ')
            .filter_map(FollowUp::from_code)
            .collect()
    }
}

/// The codes of kinds of follow-up, as a column keeps them.
pub(crate) fn follow_up_codes(follow_up: &[FollowUp]) -> String {
    follow_up
        .iter()
        .map(|f| f.code())
        .collect::<Vec<_>>()
        .join(" ")
}

/// An event as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = case_events, treat_none_as_default_value = false)]
pub(crate) struct EventRecord {
    pub(crate) id: String,
    pub(crate) case_id: String,
    pub(crate) seq: i32,
    pub(crate) kind: Coded<EventKind>,
    pub(crate) on_day: NaiveDate,
    pub(crate) at: NaiveDateTime,
    pub(crate) actor_id: String,
    pub(crate) actor_name: String,
    pub(crate) actor_unit: String,
    pub(crate) state: Coded<State>,
    pub(crate) text: Option<String>,
    pub(crate) data: String,
}

/// What an event says beside its kind, from how it is kept. Until November 2026 the report that it
/// came from stood in a place of its own.
fn read_data(text: &str) -> EventData {
    #[derive(serde::Deserialize)]
    struct Old {
        report: Named,
    }
    let mut data: EventData = serde_json::from_str(text).unwrap_or_default();
    if data.field.is_none()
        && text.contains("\"report\":")
        && let Ok(Old { report }) = serde_json::from_str(text)
    {
        data.field = Some(FieldMark {
            kind: FieldKind::Report,
            id: report.id,
            name: Some(report.name),
        });
    }
    data
}

impl EventRecord {
    /// What it says beside its kind. What an older release wrote is read as far as it goes.
    pub(crate) fn data(&self) -> EventData {
        read_data(&self.data)
    }

    /// What it contributes to the clocks.
    pub(crate) fn entry(&self) -> Entry {
        let data = self.data();
        Entry {
            kind: self.kind.0,
            on: self.on_day,
            procedure: data.procedure,
            days: data.days,
            excluded_days: data.excluded_days,
            ends: data.outcome == Some(Outcome::Withdrawn),
            deed: data.matter.as_ref().map(|mark| mark.deed),
            matter: data.matter.map(|mark| mark.id),
            served: data.paper.map(|paper| paper.kind),
        }
    }
}

/// A file of a case as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = case_attachments, treat_none_as_default_value = false)]
pub(crate) struct AttachmentRecord {
    pub(crate) id: String,
    pub(crate) case_id: String,
    pub(crate) name: String,
    pub(crate) media_type: String,
    pub(crate) size: i64,
    pub(crate) hash: String,
    pub(crate) at: NaiveDateTime,
    pub(crate) actor_id: String,
    pub(crate) actor_name: String,
    pub(crate) removed_at: Option<NaiveDateTime>,
}

/// An instant as the API gives it.
pub(crate) const fn utc(at: NaiveDateTime) -> DateTime<Utc> {
    at.and_utc()
}

pub(crate) fn find(conn: &mut Conn, id: &str) -> QueryResult<Option<CaseRecord>> {
    cases::table
        .find(id)
        .select(CaseRecord::as_select())
        .first(conn)
        .optional()
}

/// Keeps others from changing a case until the transaction ends. On SQLite there is one writer.
pub(crate) fn lock(conn: &mut Conn, id: &str) -> QueryResult<()> {
    if conn.is_sqlite() {
        return Ok(());
    }
    diesel::sql_query("SELECT 1 FROM cases WHERE id = $1 FOR UPDATE")
        .bind::<Text, _>(id)
        .execute(conn)
        .map(drop)
}

pub(crate) fn insert(conn: &mut Conn, case: &CaseRecord) -> QueryResult<()> {
    on_either!(conn, |conn| diesel::insert_into(cases::table)
        .values(case)
        .execute(conn))
    .map(drop)
}

/// Saves a case that was read at `version`; whether it still stood at that. Figures and the change
/// feed find it by `cases.changed` ([`crate::indicator`], [`feed`]).
pub(crate) fn save(conn: &mut Conn, case: &CaseRecord, version: i64) -> QueryResult<bool> {
    feed::note_if_moved(conn, case)?;
    let change = if conn.is_sqlite() {
        "(SELECT COALESCE(MAX(c.changed), 0) + 1 FROM cases c WHERE c.changed > 0)"
    } else {
        "txid_current()"
    };
    diesel::update(
        cases::table
            .find(&case.id)
            .filter(cases::version.eq(version)),
    )
    .set((case, cases::changed.eq(sql::<BigInt>(change))))
    .execute(conn)
    .map(|rows| rows == 1)
}

/// How many cases back a repeat is followed.
const FARTHEST_REPEAT: usize = 50;

/// Whether a case repeats, at whatever remove, one that final review has answered.
pub(crate) fn repeats_final(conn: &mut Conn, case: &CaseRecord) -> QueryResult<bool> {
    let mut earlier = case.earlier_case_id.clone();
    for _ in 0..FARTHEST_REPEAT {
        let Some(id) = earlier else {
            return Ok(false);
        };
        let found: Option<(bool, Option<String>)> = cases::table
            .find(id)
            .select((cases::final_answered, cases::earlier_case_id))
            .first(conn)
            .optional()?;
        match found {
            Some((true, _)) => return Ok(true),
            Some((false, next)) => earlier = next,
            None => return Ok(false),
        }
    }
    Ok(false)
}

pub(crate) fn unit_ids(conn: &mut Conn, case_id: &str) -> QueryResult<Vec<String>> {
    case_units::table
        .filter(case_units::case_id.eq(case_id))
        .select(case_units::unit_id)
        .load(conn)
}

/// Notes that a unit was given the case, unless it was before.
pub(crate) fn refer(
    conn: &mut Conn,
    case_id: &str,
    unit_id: &str,
    at: NaiveDateTime,
) -> QueryResult<()> {
    if unit_ids(conn, case_id)?.iter().any(|unit| unit == unit_id) {
        return Ok(());
    }
    feed::note(conn, case_id)?;
    refer_new(conn, case_id, unit_id, at)
}

/// As [`refer`], of a case that nobody has seen yet.
pub(crate) fn refer_new(
    conn: &mut Conn,
    case_id: &str,
    unit_id: &str,
    at: NaiveDateTime,
) -> QueryResult<()> {
    let row = (
        case_units::case_id.eq(case_id),
        case_units::unit_id.eq(unit_id),
        case_units::since.eq(at),
    );
    on_either!(conn, |conn| diesel::insert_into(case_units::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(conn))
    .map(drop)
}

pub(crate) fn people(conn: &mut Conn, case_id: &str) -> QueryResult<Vec<PersonRecord>> {
    case_people::table
        .filter(case_people::case_id.eq(case_id))
        .order(case_people::position)
        .select(PersonRecord::as_select())
        .load(conn)
}

pub(crate) fn person(
    conn: &mut Conn,
    case_id: &str,
    id: &str,
) -> QueryResult<Option<PersonRecord>> {
    case_people::table
        .find(id)
        .filter(case_people::case_id.eq(case_id))
        .select(PersonRecord::as_select())
        .first(conn)
        .optional()
}

pub(crate) fn insert_person(conn: &mut Conn, person: &PersonRecord) -> QueryResult<()> {
    on_either!(conn, |conn| diesel::insert_into(case_people::table)
        .values(person)
        .execute(conn))
    .map(drop)
}

pub(crate) fn save_person(conn: &mut Conn, person: &PersonRecord) -> QueryResult<()> {
    diesel::update(case_people::table.find(&person.id))
        .set(person)
        .execute(conn)
        .map(drop)
}

pub(crate) fn delete_person(conn: &mut Conn, id: &str) -> QueryResult<()> {
    diesel::delete(case_people::table.find(id))
        .execute(conn)
        .map(drop)
}

/// Removes a case's records of key persons; how many there were.
pub(crate) fn lapse_key_persons(conn: &mut Conn, case_id: &str) -> QueryResult<usize> {
    diesel::delete(
        case_people::table
            .filter(case_people::case_id.eq(case_id))
            .filter(case_people::role.eq(PersonRole::KeyPerson.code())),
    )
    .execute(conn)
}

pub(crate) fn events(conn: &mut Conn, case_id: &str) -> QueryResult<Vec<EventRecord>> {
    case_events::table
        .filter(case_events::case_id.eq(case_id))
        .order(case_events::seq)
        .select(EventRecord::as_select())
        .load(conn)
}

/// Whether another township than `own` has cases with numbers that begin with this short name.
pub(crate) fn has_numbers_of(
    conn: &mut Conn,
    own: Option<&UnitId>,
    short_name: &str,
) -> QueryResult<bool> {
    let own = own.map_or("", UnitId::as_str);
    let found = Series::ALL.iter().map(|series| {
        let begin = format!("{short_name}{}〔", series.label());
        let end = format!("{short_name}{}〕", series.label());
        cases::table
            .filter(cases::number.ge(begin))
            .filter(cases::number.lt(end))
            .filter(cases::township_id.ne(own))
            .select(cases::id)
            .first::<String>(conn)
            .optional()
    });
    let found: Vec<Option<String>> = found.collect::<QueryResult<_>>()?;
    Ok(found.into_iter().any(|case| case.is_some()))
}

/// The cases of some townships that are not closed.
pub(crate) fn open_ids(conn: &mut Conn, townships: &[&str]) -> QueryResult<Vec<String>> {
    cases::table
        .filter(cases::township_id.eq_any(townships))
        .filter(cases::state.ne(State::Closed.code()))
        .order(cases::id)
        .select(cases::id)
        .load(conn)
}

pub(crate) fn insert_event(conn: &mut Conn, event: &EventRecord) -> QueryResult<()> {
    on_either!(conn, |conn| diesel::insert_into(case_events::table)
        .values(event)
        .execute(conn))
    .map(drop)
}

pub(crate) fn attachments(conn: &mut Conn, case_id: &str) -> QueryResult<Vec<AttachmentRecord>> {
    case_attachments::table
        .filter(case_attachments::case_id.eq(case_id))
        .filter(case_attachments::removed_at.is_null())
        .order(case_attachments::at)
        .select(AttachmentRecord::as_select())
        .load(conn)
}

pub(crate) fn attachment(
    conn: &mut Conn,
    case_id: &str,
    id: &str,
) -> QueryResult<Option<AttachmentRecord>> {
    case_attachments::table
        .find(id)
        .filter(case_attachments::case_id.eq(case_id))
        .filter(case_attachments::removed_at.is_null())
        .select(AttachmentRecord::as_select())
        .first(conn)
        .optional()
}

pub(crate) fn insert_attachment(conn: &mut Conn, attachment: &AttachmentRecord) -> QueryResult<()> {
    diesel::insert_into(case_attachments::table)
        .values(attachment)
        .execute(conn)
        .map(drop)
}

pub(crate) fn remove_attachment(conn: &mut Conn, id: &str, at: NaiveDateTime) -> QueryResult<()> {
    diesel::update(case_attachments::table.find(id))
        .set(case_attachments::removed_at.eq(Some(at)))
        .execute(conn)
        .map(drop)
}

/// Raises the last count of a series by one and gives it. By hand, for no `UPDATE` of Diesel's is
/// kept prepared, and this one is run twice a case.
#[derive(Clone, Copy)]
struct Raise<'a> {
    township_id: &'a str,
    series: &'a str,
    year: i32,
}

impl<DB: Backend> QueryFragment<DB> for Raise<'_>
where
    str: ToSql<Text, DB>,
    i32: ToSql<Integer, DB>,
    DB: HasSqlType<Text> + HasSqlType<Integer>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("UPDATE case_numbers SET last = last + 1 WHERE township_id = ");
        out.push_bind_param::<Text, str>(self.township_id)?;
        out.push_sql(" AND series = ");
        out.push_bind_param::<Text, str>(self.series)?;
        out.push_sql(" AND year = ");
        out.push_bind_param::<Integer, i32>(&self.year)?;
        out.push_sql(" RETURNING last");
        Ok(())
    }
}

impl QueryId for Raise<'_> {
    type QueryId = Raise<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Raise<'_> {
    type SqlType = BigInt;
}

impl<C> RunQueryDsl<C> for Raise<'_> {}

/// Takes the next count of a series. The row stays locked until the transaction ends, so that a
/// count is neither given twice nor lost.
pub(crate) fn next_count(
    conn: &mut Conn,
    township_id: &str,
    series: &str,
    year: i32,
) -> QueryResult<i64> {
    let raise = |conn: &mut Conn| {
        let raise = Raise {
            township_id,
            series,
            year,
        };
        on_either!(conn, |conn| raise.get_result::<i64>(conn)).optional()
    };
    if let Some(count) = raise(conn)? {
        return Ok(count);
    }
    let none_yet = (
        case_numbers::township_id.eq(township_id),
        case_numbers::series.eq(series),
        case_numbers::year.eq(year),
        case_numbers::last.eq(0),
    );
    on_either!(conn, |conn| diesel::insert_into(case_numbers::table)
        .values(none_yet)
        .on_conflict_do_nothing()
        .execute(conn))?;
    raise(conn)?.ok_or(diesel::result::Error::NotFound)
}

/// The next number of a series, with the key by which it sorts.
pub(crate) fn next_number(
    conn: &mut Conn,
    township_id: &str,
    township: &str,
    series: Series,
    year: i32,
) -> QueryResult<(CaseNumber, String)> {
    let count = next_count(conn, township_id, series.code(), year)?;
    let number = CaseNumber {
        township: township.to_owned(),
        series,
        year,
        count: u32::try_from(count).unwrap_or(u32::MAX),
    };
    let key = format!("{year:04}-{}-{count:08}", series.code());
    Ok((number, key))
}

/// The next key into the search index.
pub(crate) fn next_docid(conn: &mut Conn) -> QueryResult<i64> {
    next_count(conn, "", "docid", 0)
}

/// Puts the terms of a case into the search index, in place of what was there, when the transaction
/// commits.
pub(crate) fn index(conn: &mut Conn, docid: i64, terms: String, is_new: bool) -> QueryResult<()> {
    Db::before_commit(conn, move |conn| {
        if !is_new {
            delete_terms(conn, docid)?;
        }
        insert_terms(conn, docid, &terms)
    })
}

pub(super) fn insert_terms(conn: &mut Conn, docid: i64, terms: &str) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(conn) => diesel::insert_into(case_search::table)
            .values((case_search::rowid.eq(docid), case_search::terms.eq(terms)))
            .execute(conn),
        Conn::Postgres(conn) => diesel::sql_query(
            "INSERT INTO case_search (docid, terms) VALUES ($1, to_tsvector('simple', $2))",
        )
        .bind::<BigInt, _>(docid)
        .bind::<Text, _>(terms)
        .execute(conn),
    }
    .map(drop)
}

/// Empties the search index.
pub(super) fn clear_index(conn: &mut Conn) -> QueryResult<()> {
    // SQLite's index of such a kind is emptied by its own command.
    let statement = if conn.is_sqlite() {
        "INSERT INTO case_search (case_search) VALUES ('delete-all')"
    } else {
        "DELETE FROM case_search"
    };
    diesel::sql_query(statement).execute(conn).map(drop)
}

/// The next cases by their key into the search index.
pub(super) fn by_docid(conn: &mut Conn, after: i64, most: i64) -> QueryResult<Vec<CaseRecord>> {
    cases::table
        .filter(cases::docid.gt(after))
        .order(cases::docid)
        .limit(most)
        .select(CaseRecord::as_select())
        .load(conn)
}

/// Takes a case out of the search index, when the transaction commits.
pub(crate) fn unindex(conn: &mut Conn, docid: i64) -> QueryResult<()> {
    Db::before_commit(conn, move |conn| delete_terms(conn, docid))
}

fn delete_terms(conn: &mut Conn, docid: i64) -> QueryResult<()> {
    let delete = if conn.is_sqlite() {
        "DELETE FROM case_search WHERE rowid = $1"
    } else {
        "DELETE FROM case_search WHERE docid = $1"
    };
    diesel::sql_query(delete)
        .bind::<BigInt, _>(docid)
        .execute(conn)
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_of_an_older_release_is_read_as_a_mark() {
        let mark = |text: &str| {
            let mark = read_data(text).field?;
            Some((mark.kind, mark.id, mark.name))
        };
        let report = (
            FieldKind::Report,
            "r".to_owned(),
            Some("一社 日报".to_owned()),
        );
        let old = r#"{"days":3,"report":{"id":"r","name":"一社 日报"}}"#;
        assert_eq!(mark(old).as_ref(), Some(&report));
        assert_eq!(read_data(old).days, Some(3));
        // As it is written now, it is read as it was written.
        let new = serde_json::to_string(&read_data(old)).unwrap();
        assert!(!new.contains("\"report\":"), "{new}");
        assert_eq!(mark(&new), Some(report));
        let visit = (FieldKind::Visit, "v".to_owned(), None);
        let old = r#"{"field":{"kind":"visit","id":"v"}}"#;
        assert_eq!(mark(old), Some(visit));
        // Words are no report.
        assert_eq!(mark(r#"{"notice":"\"report\":{}"}"#), None);
        assert_eq!(mark("{}"), None);
    }
}
