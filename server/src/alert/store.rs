//! Rows of urgent information.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use shared::access::{AlertFacts, FieldFacts};
use shared::alert::step::{AlertEventKind, AlertState};
use shared::alert::times::{Limits, Moments};
use shared::ids::{UnitId, UserId};
use shared::term::Term;

use super::scope::Condition;
use crate::db::Conn;
use crate::schema::{alert_events, alerts, missed_alerts};

/// Urgent information as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = alerts, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(super) struct AlertRecord {
    pub(super) id: String,
    pub(super) township_id: String,
    pub(super) unit_id: String,
    pub(super) village_id: Option<String>,
    pub(super) author_id: Option<String>,
    pub(super) kind: String,
    pub(super) what: String,
    pub(super) place: Option<String>,
    pub(super) people_count: Option<i32>,
    pub(super) drill: bool,
    pub(super) state: String,
    pub(super) discovered_at: NaiveDateTime,
    pub(super) recorded_at: Option<NaiveDateTime>,
    pub(super) reported_at: NaiveDateTime,
    pub(super) acknowledged_at: Option<NaiveDateTime>,
    pub(super) dispatched_at: Option<NaiveDateTime>,
    pub(super) closed_at: Option<NaiveDateTime>,
    pub(super) result: Option<String>,
    pub(super) case_id: Option<String>,
    pub(super) report_limit: i32,
    pub(super) acknowledge_limit: i32,
    pub(super) dispatch_limit: i32,
    pub(super) told_late: i32,
    pub(super) version: i64,
    pub(super) updated_at: NaiveDateTime,
}

/// Something that happened with it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = alert_events, treat_none_as_default_value = false)]
pub(super) struct EventRecord {
    pub(super) id: String,
    pub(super) alert_id: String,
    pub(super) seq: i32,
    pub(super) kind: String,
    pub(super) at: NaiveDateTime,
    pub(super) actor_id: Option<String>,
    pub(super) actor_name: String,
    pub(super) actor_unit: String,
    pub(super) text: Option<String>,
    pub(super) unit_id: Option<String>,
    pub(super) user_id: Option<String>,
}

/// What was found later.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = missed_alerts, treat_none_as_default_value = false)]
pub(super) struct MissedRecord {
    pub(super) id: String,
    pub(super) township_id: String,
    pub(super) kind: String,
    pub(super) what: String,
    pub(super) place: Option<String>,
    pub(super) discovered_at: NaiveDateTime,
    pub(super) unit_id: String,
    pub(super) case_id: Option<String>,
    pub(super) author_id: String,
    pub(super) at: NaiveDateTime,
}

impl AlertRecord {
    pub(super) fn state(&self) -> QueryResult<AlertState> {
        crate::db::term(&self.state)
    }

    /// When what happened.
    pub(super) fn moments(&self) -> Moments {
        let utc = |at: Option<NaiveDateTime>| at.map(|at| at.and_utc());
        Moments {
            discovered_at: self.discovered_at.and_utc(),
            recorded_at: utc(self.recorded_at),
            reported_at: self.reported_at.and_utc(),
            acknowledged_at: utc(self.acknowledged_at),
            dispatched_at: utc(self.dispatched_at),
            closed_at: utc(self.closed_at),
        }
    }

    /// The limits that it was reported under.
    pub(super) fn limits(&self) -> Limits {
        Limits {
            report: self.report_limit.unsigned_abs(),
            acknowledge: self.acknowledge_limit.unsigned_abs(),
            dispatch: self.dispatch_limit.unsigned_abs(),
        }
    }

    /// What decisions look at.
    pub(super) fn facts(&self, events: &[EventRecord]) -> AlertFacts {
        let sent = || {
            events
                .iter()
                .filter(|event| event.kind == AlertEventKind::Dispatched.code())
        };
        AlertFacts {
            field: FieldFacts {
                township_id: UnitId::from(self.township_id.as_str()),
                unit_id: UnitId::from(self.unit_id.as_str()),
                village_id: self.village_id.as_deref().map(UnitId::from),
                author_id: self.author_id.as_deref().map(UserId::from),
                people: sent()
                    .filter_map(|event| event.user_id.as_deref().map(UserId::from))
                    .collect(),
            },
            units: sent()
                .filter_map(|event| event.unit_id.as_deref().map(UnitId::from))
                .collect(),
        }
    }
}

pub(super) fn find(conn: &mut Conn, id: &str) -> QueryResult<Option<AlertRecord>> {
    alerts::table
        .find(id)
        .select(AlertRecord::as_select())
        .first(conn)
        .optional()
}

/// Keeps others from changing one until the transaction ends, so that no two write the same event of its
/// course. On SQLite there is one writer.
pub(super) fn lock(conn: &mut Conn, id: &str) -> QueryResult<()> {
    if conn.is_sqlite() {
        return Ok(());
    }
    diesel::sql_query("SELECT 1 FROM alerts WHERE id = $1 FOR UPDATE")
        .bind::<diesel::sql_types::Text, _>(id)
        .execute(conn)
        .map(drop)
}

pub(super) fn insert(conn: &mut Conn, alert: &AlertRecord) -> QueryResult<()> {
    diesel::insert_into(alerts::table)
        .values(alert)
        .execute(conn)
        .map(drop)
}

/// Writes it unless somebody has written it since.
pub(super) fn save(conn: &mut Conn, alert: &AlertRecord, seen: i64) -> QueryResult<bool> {
    let row = alerts::table
        .find(&alert.id)
        .filter(alerts::version.eq(seen));
    let changed = diesel::update(row).set(alert).execute(conn)?;
    Ok(changed == 1)
}

pub(super) fn events(conn: &mut Conn, alert: &str) -> QueryResult<Vec<EventRecord>> {
    alert_events::table
        .filter(alert_events::alert_id.eq(alert))
        .order(alert_events::seq)
        .select(EventRecord::as_select())
        .load(conn)
}

pub(super) fn insert_event(conn: &mut Conn, event: &EventRecord) -> QueryResult<()> {
    diesel::insert_into(alert_events::table)
        .values(event)
        .execute(conn)
        .map(drop)
}

/// A page, the last reported in front, older than `after` (its time and id), and how many there are
/// in all.
pub(super) fn page(
    conn: &mut Conn,
    wanted: impl Fn() -> Condition,
    after: Option<(NaiveDateTime, String)>,
    limit: i64,
) -> QueryResult<(Vec<AlertRecord>, u64)> {
    let total: i64 = alerts::table.filter(wanted()).count().get_result(conn)?;
    let mut query = alerts::table
        .filter(wanted())
        .select(AlertRecord::as_select())
        .order((alerts::reported_at.desc(), alerts::id.desc()))
        .limit(limit)
        .into_boxed();
    if let Some((at, id)) = after {
        query = query.filter(
            alerts::reported_at
                .le(at)
                .and(alerts::reported_at.lt(at).or(alerts::id.lt(id))),
        );
    }
    Ok((query.load(conn)?, total.unsigned_abs()))
}

/// Those of a township that were reported within a time, drills left out.
pub(super) fn counted(
    conn: &mut Conn,
    township: &str,
    (from, before): (NaiveDateTime, NaiveDateTime),
) -> QueryResult<Vec<AlertRecord>> {
    alerts::table
        .filter(alerts::township_id.eq(township))
        .filter(alerts::drill.eq(false))
        .filter(alerts::reported_at.ge(from))
        .filter(alerts::reported_at.lt(before))
        .select(AlertRecord::as_select())
        .load(conn)
}

/// Those that nobody has acknowledged, or has sent anybody to, and of which leaders may have to be
/// told again.
pub(super) fn waiting(conn: &mut Conn) -> QueryResult<Vec<AlertRecord>> {
    alerts::table
        .filter(
            alerts::state
                .eq(AlertState::Reported.code())
                .or(alerts::state.eq(AlertState::Acknowledged.code())),
        )
        .order(alerts::id)
        .select(AlertRecord::as_select())
        .load(conn)
}

pub(super) fn insert_missed(conn: &mut Conn, missed: &MissedRecord) -> QueryResult<()> {
    diesel::insert_into(missed_alerts::table)
        .values(missed)
        .execute(conn)
        .map(drop)
}

/// A page of what was missed, the last discovered in front.
pub(super) fn missed(
    conn: &mut Conn,
    township: &str,
    after: Option<(NaiveDateTime, String)>,
    limit: i64,
) -> QueryResult<(Vec<MissedRecord>, u64)> {
    let of_township = || missed_alerts::table.filter(missed_alerts::township_id.eq(township));
    let total: i64 = of_township().count().get_result(conn)?;
    let mut query = of_township()
        .select(MissedRecord::as_select())
        .order((
            missed_alerts::discovered_at.desc(),
            missed_alerts::id.desc(),
        ))
        .limit(limit)
        .into_boxed();
    if let Some((at, id)) = after {
        query = query.filter(
            missed_alerts::discovered_at.le(at).and(
                missed_alerts::discovered_at
                    .lt(at)
                    .or(missed_alerts::id.lt(id)),
            ),
        );
    }
    Ok((query.load(conn)?, total.unsigned_abs()))
}

/// How many of a township were missed within a time.
pub(super) fn count_missed(
    conn: &mut Conn,
    township: &str,
    (from, before): (NaiveDateTime, NaiveDateTime),
) -> QueryResult<u64> {
    let count: i64 = missed_alerts::table
        .filter(missed_alerts::township_id.eq(township))
        .filter(missed_alerts::discovered_at.ge(from))
        .filter(missed_alerts::discovered_at.lt(before))
        .count()
        .get_result(conn)?;
    Ok(count.unsigned_abs())
}

/// When what a township missed within a time was discovered, whose it was to report, of which kind.
pub(super) fn missed_within(
    conn: &mut Conn,
    township: &str,
    (from, before): (NaiveDateTime, NaiveDateTime),
) -> QueryResult<Vec<(NaiveDateTime, String, String)>> {
    missed_alerts::table
        .filter(missed_alerts::township_id.eq(township))
        .filter(missed_alerts::discovered_at.ge(from))
        .filter(missed_alerts::discovered_at.lt(before))
        .order(missed_alerts::id)
        .select((
            missed_alerts::discovered_at,
            missed_alerts::unit_id,
            missed_alerts::kind,
        ))
        .load(conn)
}

/// An instant as it is kept: to the millisecond.
pub(super) fn kept(at: DateTime<Utc>) -> NaiveDateTime {
    DateTime::from_timestamp_millis(at.timestamp_millis())
        .unwrap_or(at)
        .naive_utc()
}
