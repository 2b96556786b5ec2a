//! Rows of webhooks and deliveries, and what may be told to whom.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use shared::access::Actor;
use shared::case::Kind;
use shared::case::number::Series;
use shared::case::state::EventKind;
use shared::ids::UserId;
use shared::role::Role;
use shared::term::Term;
use shared::webhook::{
    Allowed, DeliveryState, KEPT_DAYS, Standing, TEST, TRIED_HOURS, WebhookState, names_cases,
};

use crate::case::coded::Coded;
use crate::case::scope::{Condition, visible_to};
use crate::db::Conn;
use crate::directory::{Member, Snapshot};
use crate::schema::{
    cases, webhook_addresses as addresses, webhook_deliveries as deliveries,
    webhook_outbox as outbox, webhooks,
};

/// How many values one query names.
const NAMED: usize = 400;

/// A webhook as it is kept.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = webhooks, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(super) struct WebhookRecord {
    pub(super) id: String,
    pub(super) township_id: String,
    pub(super) owner_id: String,
    pub(super) name: String,
    pub(super) url: String,
    pub(super) secret: Vec<u8>,
    pub(super) events: String,
    pub(super) case_kinds: String,
    pub(super) village_ids: String,
    pub(super) role: Coded<Role>,
    pub(super) enabled: bool,
    pub(super) since: String,
    pub(super) paused: bool,
    pub(super) failing_since: Option<NaiveDateTime>,
    pub(super) retry_at: Option<NaiveDateTime>,
    pub(super) last_at: Option<NaiveDateTime>,
    pub(super) last_ok: Option<bool>,
    pub(super) last_result: Option<String>,
    pub(super) version: i64,
    pub(super) created_at: NaiveDateTime,
    pub(super) updated_at: NaiveDateTime,
}

/// Words with spaces between.
pub(super) fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().collect::<Vec<_>>().join(" ")
}

impl WebhookRecord {
    /// Its owner.
    pub(super) fn owner<'a>(&self, names: &'a Snapshot) -> Option<&'a Member> {
        let id = UserId::new(self.owner_id.clone());
        names.member(&id).map(AsRef::as_ref)
    }

    /// Whether it tells of what happens, with this owner.
    pub(super) fn state(&self, owner: &Member) -> WebhookState {
        Standing {
            enabled: self.enabled,
            paused: self.paused,
            owner_disabled: owner.user.disabled,
            role: (self.role.0, owner.user.role),
        }
        .state()
    }

    /// The kinds of events that it tells of; all, where there is none.
    pub(super) fn events(&self) -> Vec<EventKind> {
        terms(&self.events)
    }

    /// The kinds of cases that it tells of; all, where there is none.
    pub(super) fn case_kinds(&self) -> Vec<Kind> {
        terms(&self.case_kinds)
    }

    fn wants_event(&self, kind: &str) -> bool {
        has(&self.events, kind)
    }

    fn wants_case(&self, case: &CaseRow) -> bool {
        let (_, kind, village) = case;
        let here = village
            .as_deref()
            .is_some_and(|village| has(&self.village_ids, village));
        has(&self.case_kinds, kind) && (self.village_ids.is_empty() || here)
    }
}

/// The terms that this version knows.
fn terms<T: Term>(codes: &str) -> Vec<T> {
    codes.split(' ').filter_map(T::from_code).collect()
}

/// Whether a word is among words, or there is none.
fn has(words: &str, word: &str) -> bool {
    words.is_empty() || words.split(' ').any(|other| other == word)
}

/// The webhooks of a township that tell of one of its villages alone: their ids and villages.
fn of_village(
    conn: &mut Conn,
    township: &str,
    village: &str,
) -> QueryResult<Vec<(String, String)>> {
    let all: Vec<(String, String)> = webhooks::table
        .filter(webhooks::township_id.eq(township))
        .filter(webhooks::village_ids.ne(""))
        .select((webhooks::id, webhooks::village_ids))
        .load(conn)?;
    let here = |(_, villages): &(String, String)| villages.split(' ').any(|id| id == village);
    Ok(all.into_iter().filter(here).collect())
}

/// How many webhooks are bound to a village.
pub(crate) fn bound_to(conn: &mut Conn, township: &str, village: &str) -> QueryResult<usize> {
    Ok(of_village(conn, township, village)?.len())
}

/// Lets webhooks that are bound to a village tell of the one that it was merged into, too. The old one
/// stays: cases from there still name it.
pub(crate) fn follow_merger(
    conn: &mut Conn,
    township: &str,
    (from, into): (&str, &str),
    now: DateTime<Utc>,
) -> QueryResult<()> {
    for (id, villages) in of_village(conn, township, from)? {
        if villages.split(' ').any(|id| id == into) {
            continue;
        }
        diesel::update(webhooks::table.find(id))
            .set((
                webhooks::village_ids.eq(format!("{villages} {into}")),
                webhooks::version.eq(webhooks::version + 1),
                webhooks::updated_at.eq(now.naive_utc()),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// A delivery as it is kept.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = deliveries, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(super) struct DeliveryRecord {
    pub(super) id: String,
    pub(super) webhook_id: String,
    pub(super) event_id: Option<String>,
    pub(super) case_id: Option<String>,
    pub(super) kind: String,
    pub(super) occurred_at: NaiveDateTime,
    pub(super) state: Coded<DeliveryState>,
    pub(super) attempts: i32,
    pub(super) created_at: NaiveDateTime,
    pub(super) expires_at: NaiveDateTime,
    pub(super) next_at: NaiveDateTime,
    pub(super) last_at: Option<NaiveDateTime>,
    pub(super) status: Option<i32>,
    pub(super) result: Option<String>,
}

impl DeliveryRecord {
    fn new(webhook: &str, kind: &str, occurred_at: NaiveDateTime, now: DateTime<Utc>) -> Self {
        Self {
            id: crate::ids::new_id(),
            webhook_id: webhook.to_owned(),
            event_id: None,
            case_id: None,
            kind: kind.to_owned(),
            occurred_at,
            state: Coded(DeliveryState::Waiting),
            attempts: 0,
            created_at: now.naive_utc(),
            expires_at: (now + TimeDelta::hours(TRIED_HOURS)).naive_utc(),
            next_at: now.naive_utc(),
            last_at: None,
            status: None,
            result: None,
        }
    }

    /// A test: sent at once, and only once.
    pub(super) fn test(webhook: &str, now: DateTime<Utc>) -> Self {
        Self {
            expires_at: now.naive_utc(),
            ..Self::new(webhook, TEST, now.naive_utc(), now)
        }
    }

    /// Whether it is a test.
    pub(super) fn is_test(&self) -> bool {
        self.event_id.is_none()
    }
}

/// What may be told to somebody: what they may see; to the administrator, who is not told of which case,
/// that something happened to one that is not sealed.
pub(super) fn tellable(actor: &Actor) -> Condition {
    if names_cases(actor.role) {
        visible_to(actor)
    } else {
        let here = cases::township_id.eq(actor.township_id.as_str().to_owned());
        Box::new(here.and(cases::seal.eq(Series::Open.code())))
    }
}

pub(super) fn insert(conn: &mut Conn, webhook: &WebhookRecord) -> QueryResult<()> {
    diesel::insert_into(webhooks::table)
        .values(webhook)
        .execute(conn)
        .map(drop)
}

pub(super) fn insert_delivery(conn: &mut Conn, delivery: &DeliveryRecord) -> QueryResult<()> {
    diesel::insert_into(deliveries::table)
        .values(delivery)
        .execute(conn)
        .map(drop)
}

pub(super) fn find(conn: &mut Conn, id: &str) -> QueryResult<Option<WebhookRecord>> {
    webhooks::table
        .find(id)
        .select(WebhookRecord::as_select())
        .first(conn)
        .optional()
}

/// A page of these people's webhooks, newest first, and how many there are.
pub(super) fn of(
    conn: &mut Conn,
    owners: &[String],
    before: Option<&str>,
    limit: i64,
) -> QueryResult<(Vec<WebhookRecord>, i64)> {
    let theirs = webhooks::owner_id.eq_any(owners.to_vec());
    let mut query = webhooks::table
        .filter(theirs.clone())
        .select(WebhookRecord::as_select())
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(webhooks::id.lt(before.to_owned()));
    }
    let page = query.order(webhooks::id.desc()).limit(limit).load(conn)?;
    let total = webhooks::table.filter(theirs).count().get_result(conn)?;
    Ok((page, total))
}

pub(super) fn count(conn: &mut Conn, owner: &str) -> QueryResult<i64> {
    webhooks::table
        .filter(webhooks::owner_id.eq(owner))
        .count()
        .get_result(conn)
}

/// Writes it, if it is still of the version before.
pub(super) fn save(conn: &mut Conn, webhook: &WebhookRecord) -> QueryResult<bool> {
    let row = webhooks::table.find(&webhook.id);
    let before = webhook.version.saturating_sub(1);
    diesel::update(row.filter(webhooks::version.eq(before)))
        .set(webhook)
        .execute(conn)
        .map(|changed| changed == 1)
}

/// What sending does to a webhook; the rest of it stays as its owner has it by then.
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = webhooks, treat_none_as_null = true)]
pub(super) struct Outcome {
    pub(super) paused: bool,
    pub(super) failing_since: Option<NaiveDateTime>,
    pub(super) retry_at: Option<NaiveDateTime>,
    pub(super) last_at: Option<NaiveDateTime>,
    pub(super) last_ok: Option<bool>,
    pub(super) last_result: Option<String>,
}

impl Outcome {
    /// As it is now.
    pub(super) fn of(webhook: &WebhookRecord) -> Self {
        Self {
            paused: webhook.paused,
            failing_since: webhook.failing_since,
            retry_at: webhook.retry_at,
            last_at: webhook.last_at,
            last_ok: webhook.last_ok,
            last_result: webhook.last_result.clone(),
        }
    }
}

/// Writes what sending has done to a webhook.
pub(super) fn save_outcome(conn: &mut Conn, id: &str, outcome: &Outcome) -> QueryResult<()> {
    diesel::update(webhooks::table.find(id))
        .set(outcome)
        .execute(conn)
        .map(drop)
}

/// Removes it, with its deliveries.
pub(super) fn remove(conn: &mut Conn, id: &str) -> QueryResult<()> {
    diesel::delete(webhooks::table.find(id))
        .execute(conn)
        .map(drop)
}

/// A page of a webhook's deliveries, newest first, and how many there are: what its owner may see now.
pub(super) fn deliveries_of(
    conn: &mut Conn,
    webhook: &str,
    owner: &Actor,
    state: Option<DeliveryState>,
    before: Option<&str>,
    limit: i64,
) -> QueryResult<(Vec<DeliveryRecord>, i64)> {
    let states: Vec<&str> = DeliveryState::ALL
        .iter()
        .filter(|known| state.is_none_or(|state| state == **known))
        .map(|known| known.code())
        .collect();
    // Diesel names a table once in a query and what is below it; and of what was told, little is hidden.
    let told: Vec<Option<String>> = deliveries::table
        .filter(deliveries::webhook_id.eq(webhook.to_owned()))
        .filter(deliveries::case_id.is_not_null())
        .select(deliveries::case_id)
        .distinct()
        .load(conn)?;
    let mut hidden: Vec<String> = Vec::new();
    for ids in told.chunks(NAMED) {
        let ids: Vec<String> = ids.iter().flatten().cloned().collect();
        let there: Vec<String> = cases::table
            .filter(cases::id.eq_any(ids.clone()))
            .filter(tellable(owner))
            .select(cases::id)
            .load(conn)?;
        hidden.extend(ids.into_iter().filter(|id| !there.contains(id)));
    }
    let seen = || {
        deliveries::table
            .filter(deliveries::webhook_id.eq(webhook.to_owned()))
            .filter(deliveries::state.eq_any(states.clone()))
            .filter(
                deliveries::case_id
                    .is_null()
                    .or(deliveries::case_id.ne_all(hidden.clone()).assume_not_null()),
            )
    };
    let page = seen()
        // No id is after this.
        .filter(deliveries::id.lt(before.unwrap_or("~").to_owned()))
        .order(deliveries::id.desc())
        .limit(limit)
        .select(DeliveryRecord::as_select())
        .load(conn)?;
    let total = seen().count().get_result(conn)?;
    Ok((page, total))
}

pub(super) fn find_delivery(conn: &mut Conn, id: &str) -> QueryResult<Option<DeliveryRecord>> {
    deliveries::table
        .find(id)
        .select(DeliveryRecord::as_select())
        .first(conn)
        .optional()
}

/// Writes what came of it; nothing where it is gone.
pub(super) fn save_delivery(conn: &mut Conn, delivery: &DeliveryRecord) -> QueryResult<()> {
    diesel::update(deliveries::table.find(&delivery.id))
        .set(delivery)
        .execute(conn)
        .map(drop)
}

pub(super) fn remove_delivery(conn: &mut Conn, id: &str) -> QueryResult<()> {
    diesel::delete(deliveries::table.find(id))
        .execute(conn)
        .map(drop)
}

/// Whether somebody may be told of a case now.
pub(super) fn may_tell(conn: &mut Conn, owner: &Actor, case: &str) -> QueryResult<bool> {
    let there: i64 = cases::table
        .filter(cases::id.eq(case.to_owned()))
        .filter(tellable(owner))
        .count()
        .get_result(conn)?;
    Ok(there > 0)
}

/// Whether something has happened that is not yet made into deliveries.
pub(super) fn has_happened(conn: &mut Conn) -> QueryResult<bool> {
    let first: Option<String> = outbox::table.select(outbox::id).first(conn).optional()?;
    Ok(first.is_some())
}

/// What decides whether a webhook wants to hear of a case: id, kind, village.
type CaseRow = (String, String, Option<String>);

/// Makes deliveries of what has happened, at most of so many events; whether there may be more. An event
/// leaves the outbox in the transaction that makes its deliveries.
pub(super) fn spread(conn: &mut Conn, most: i64, now: DateTime<Utc>) -> QueryResult<bool> {
    let happened: Vec<(String, String, String, NaiveDateTime)> = outbox::table
        .order(outbox::id)
        .limit(most)
        .select((outbox::id, outbox::case_id, outbox::kind, outbox::at))
        .load(conn)?;
    if happened.is_empty() {
        return Ok(false);
    }
    let names = Snapshot::of_people(conn)?;
    let webhooks: Vec<WebhookRecord> = webhooks::table
        .filter(webhooks::enabled.eq(true))
        .filter(webhooks::paused.eq(false))
        .order(webhooks::id)
        .select(WebhookRecord::as_select())
        .load(conn)?;
    for webhook in &webhooks {
        let Some(owner) = webhook.owner(&names) else {
            continue;
        };
        if webhook.state(owner) != WebhookState::Active {
            continue;
        }
        let wanted: Vec<_> = happened
            .iter()
            .filter(|(id, _, kind, _)| *id > webhook.since && webhook.wants_event(kind))
            .collect();
        let mut ids: Vec<&str> = wanted.iter().map(|(_, case, ..)| case.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut told: HashMap<String, CaseRow> = HashMap::new();
        for ids in ids.chunks(NAMED) {
            let rows: Vec<CaseRow> = cases::table
                .filter(cases::id.eq_any(ids.iter().map(|id| (*id).to_owned())))
                .filter(tellable(&owner.access))
                .select((cases::id, cases::kind, cases::village_id))
                .load(conn)?;
            told.extend(rows.into_iter().map(|row| (row.0.clone(), row)));
        }
        for (event, case, kind, at) in wanted {
            if told.get(case).is_some_and(|case| webhook.wants_case(case)) {
                let delivery = DeliveryRecord {
                    event_id: Some(event.clone()),
                    case_id: Some(case.clone()),
                    ..DeliveryRecord::new(&webhook.id, kind, *at, now)
                };
                insert_delivery(conn, &delivery)?;
            }
        }
    }
    let ids: Vec<&String> = happened.iter().map(|(id, ..)| id).collect();
    for ids in ids.chunks(NAMED) {
        let ids: Vec<String> = ids.iter().map(|id| (*id).clone()).collect();
        diesel::delete(outbox::table.filter(outbox::id.eq_any(ids))).execute(conn)?;
    }
    Ok(i64::try_from(happened.len()).is_ok_and(|len| len >= most))
}

/// Whether it is time: at `at`, or that is so far ahead that the clock has been set back since.
fn is_due(at: NaiveDateTime, now: DateTime<Utc>) -> bool {
    at <= now.naive_utc() || at > (now + TimeDelta::hours(2)).naive_utc()
}

/// Webhooks that have something to send now, each with that, at most so much, the oldest in front.
pub(super) fn due(
    conn: &mut Conn,
    most: usize,
    now: DateTime<Utc>,
) -> QueryResult<Vec<(WebhookRecord, Vec<DeliveryRecord>)>> {
    // The literal is what their index is found by.
    let waiting = || deliveries::table.filter(sql::<Bool>("webhook_deliveries.state = 'waiting'"));
    let some: Vec<String> = waiting()
        .select(deliveries::webhook_id)
        .distinct()
        .load(conn)?;
    if some.is_empty() {
        return Ok(Vec::new());
    }
    let webhooks: Vec<WebhookRecord> = webhooks::table
        .filter(webhooks::enabled.eq(true))
        .filter(webhooks::id.eq_any(some))
        .order(webhooks::id)
        .select(WebhookRecord::as_select())
        .load(conn)?;
    let mut all = Vec::new();
    for webhook in webhooks {
        let rests = webhook.paused || !webhook.retry_at.is_none_or(|at| is_due(at, now));
        let mut theirs = waiting()
            .filter(deliveries::webhook_id.eq(webhook.id.clone()))
            .select(DeliveryRecord::as_select())
            .into_boxed();
        if rests {
            // Only what somebody waits to see.
            theirs = theirs.filter(deliveries::event_id.is_null());
        }
        let horizon = (now + TimeDelta::hours(2)).naive_utc();
        let due = deliveries::next_at
            .le(now.naive_utc())
            .or(deliveries::next_at.gt(horizon));
        let limit = i64::try_from(most).unwrap_or(i64::MAX);
        let theirs: Vec<DeliveryRecord> = theirs
            .filter(due)
            .order(deliveries::id)
            .limit(limit)
            .load(conn)?;
        if !theirs.is_empty() {
            all.push((webhook, theirs));
        }
    }
    Ok(all)
}

/// Gives up what has waited for too long: at a webhook that is paused or switched off.
pub(super) fn give_up(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<()> {
    let silent = webhooks::table
        .filter(webhooks::enabled.eq(false).or(webhooks::paused.eq(true)))
        .select(webhooks::id);
    let waits = deliveries::table
        .filter(deliveries::state.eq(DeliveryState::Waiting.code()))
        .filter(deliveries::expires_at.le(now.naive_utc()))
        .filter(deliveries::webhook_id.eq_any(silent));
    diesel::update(waits)
        .set((
            deliveries::state.eq(DeliveryState::Failed.code()),
            deliveries::result.eq(Some("订阅停用或暂停期间已超过24小时，不再投递")),
        ))
        .execute(conn)
        .map(drop)
}

/// Forgets what was sent, or given up, long ago.
pub(super) fn forget(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<()> {
    let at = (now - TimeDelta::days(KEPT_DAYS)).naive_utc();
    diesel::delete(deliveries::table.filter(deliveries::created_at.lt(at)))
        .execute(conn)
        .map(drop)
}

/// Where webhooks of a township may lead, as it is written, and the version of that.
pub(super) fn allowed(conn: &mut Conn, township: &str) -> QueryResult<(Vec<String>, i64)> {
    let row: Option<(String, i64)> = addresses::table
        .find(township)
        .select((addresses::entries, addresses::version))
        .first(conn)
        .optional()?;
    let (entries, version) = row.unwrap_or((String::new(), 1));
    let entries = entries.split_whitespace().map(str::to_owned).collect();
    Ok((entries, version))
}

/// The same, to compare with.
pub(super) fn guard(conn: &mut Conn, township: &str) -> QueryResult<Allowed> {
    let (entries, _) = allowed(conn, township)?;
    Ok(Allowed::of(entries.iter().map(String::as_str)))
}

/// Writes where they may lead, if that is still of version `seen`; whether it was.
pub(super) fn allow(
    conn: &mut Conn,
    township: &str,
    entries: &str,
    seen: i64,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let row = addresses::table.find(township);
    let (next, at) = (seen.saturating_add(1), now.naive_utc());
    let changed = diesel::update(row.filter(addresses::version.eq(seen)))
        .set((
            addresses::entries.eq(entries),
            addresses::version.eq(next),
            addresses::updated_at.eq(at),
        ))
        .execute(conn)?;
    if changed == 1 {
        return Ok(true);
    }
    let there: Option<i64> = row.select(addresses::version).first(conn).optional()?;
    if there.is_some() || seen != 1 {
        return Ok(false);
    }
    diesel::insert_into(addresses::table)
        .values((
            addresses::township_id.eq(township),
            addresses::entries.eq(entries),
            addresses::version.eq(next),
            addresses::updated_at.eq(at),
        ))
        .execute(conn)
        .map(|made| made == 1)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use shared::access::visible;
    use shared::case::state::State;

    use super::*;
    use crate::case::scope::tests::{actors, fill, records};
    use crate::case::store as case_store;
    use crate::db::tests::temporary;

    #[actix_web::test]
    async fn what_may_be_told_is_what_its_owner_may_see() {
        let (db, _dir) = temporary();
        let records = records();
        let all = records.clone();
        db.write(move |conn| {
            fill(conn, &all);
            Ok::<_, diesel::result::Error>(())
        })
        .await
        .unwrap();
        let mut counts = (0, 0);
        for actor in actors() {
            let told: Vec<String> = db
                .read_heavy({
                    let actor = actor.clone();
                    move |conn| {
                        cases::table
                            .filter(tellable(&actor))
                            .order(cases::id)
                            .select(cases::id)
                            .load(conn)
                    }
                })
                .await
                .unwrap();
            let expected: Vec<String> = records
                .iter()
                .filter(|(case, unit)| {
                    let facts = case.facts(unit.iter().map(|unit| (*unit).to_owned()).collect());
                    if names_cases(actor.role) {
                        visible(&actor, &facts)
                    } else {
                        facts.seal == Series::Open && facts.township_id == actor.township_id
                    }
                })
                .map(|(case, _)| case.id.clone())
                .collect();
            assert_eq!(told, expected, "{actor:?}");
            counts.0 += told.len();
            counts.1 += usize::from(told.is_empty());
        }
        assert!(counts.0 > 0 && counts.1 > 0, "{counts:?}");
    }

    fn event(n: i32) -> case_store::EventRecord {
        let day = NaiveDate::from_ymd_opt(2026, 3, 10).unwrap();
        case_store::EventRecord {
            id: format!("e{n}"),
            case_id: "c00001".to_owned(),
            seq: n,
            kind: Coded(EventKind::Noted),
            on_day: day,
            at: day.and_hms_opt(2, 0, 0).unwrap(),
            actor_id: "a".to_owned(),
            actor_name: "a".to_owned(),
            actor_unit: "t".to_owned(),
            state: Coded(State::Registered),
            text: None,
            data: "{}".to_owned(),
        }
    }

    #[actix_web::test]
    async fn the_outbox_has_what_was_committed_while_there_is_a_webhook() {
        let (db, _dir) = temporary();
        let records = records();
        let write = |n: i32, fails: bool| {
            let db = db.clone();
            async move {
                let written = db.write(move |conn| {
                    case_store::insert_event(conn, &event(n))?;
                    if fails {
                        return Err(diesel::result::Error::RollbackTransaction);
                    }
                    Ok(())
                });
                assert_eq!(written.await.is_err(), fails);
            }
        };
        db.write(move |conn| {
            fill(conn, &records);
            Ok::<_, diesel::result::Error>(())
        })
        .await
        .unwrap();
        let waiting = || {
            db.read(|conn| {
                let all: QueryResult<Vec<String>> = outbox::table.select(outbox::id).load(conn);
                all
            })
        };
        write(1, false).await;
        assert!(waiting().await.unwrap().is_empty(), "nobody asks for it");
        let at = event(0).at;
        let webhook = WebhookRecord {
            id: "w".to_owned(),
            township_id: "t".to_owned(),
            owner_id: "a".to_owned(),
            name: "w".to_owned(),
            url: "https://w.cn".to_owned(),
            secret: Vec::new(),
            events: String::new(),
            case_kinds: String::new(),
            village_ids: String::new(),
            // As `fill` has it.
            role: Coded(Role::Auditor),
            enabled: true,
            since: "e1".to_owned(),
            paused: false,
            failing_since: None,
            retry_at: None,
            last_at: None,
            last_ok: None,
            last_result: None,
            version: 1,
            created_at: at,
            updated_at: at,
        };
        db.write(move |conn| insert(conn, &webhook)).await.unwrap();
        write(2, true).await;
        assert!(waiting().await.unwrap().is_empty(), "it never happened");
        write(2, false).await;
        write(3, false).await;
        assert_eq!(waiting().await.unwrap(), ["e2", "e3"]);
        // Each leaves it with its delivery, once.
        let now = at.and_utc();
        let spread = || db.write(move |conn| spread(conn, 1, now));
        assert!(spread().await.unwrap() && spread().await.unwrap());
        assert!(!spread().await.unwrap());
        let made: Vec<Option<String>> = db
            .read(|conn| {
                deliveries::table
                    .order(deliveries::event_id)
                    .select(deliveries::event_id)
                    .load(conn)
            })
            .await
            .unwrap();
        assert_eq!(made, [Some("e2".to_owned()), Some("e3".to_owned())]);
    }
}
