//! Makes the reports that are owed, whoever asks and however long nobody has; and reminds of them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, FixedOffset, NaiveDate, Utc};
use diesel::result::QueryResult;
use shared::access::{Action, Actor, Facts, can};
use shared::account::User;
use shared::calendar::{Calendar, shanghai_day};
use shared::notice::NoticeKind;
use shared::org::UnitKind;
use shared::report::period::{self, CATCH_UP_DAYS, at_hour, owed};
use shared::report::remind::{Moment, Why, last};
use shared::report::{ReportDeed, ReportKind, ReportState};
use shared::role::Role;
use shared::settings::Reporting;
use shared::term::Term;

use super::store::{self, Owner, ReportRecord, Rule, UnitRow};
use crate::db::Conn;
use crate::notify::{self, Draft};
use crate::settings::store::{Written, written};

/// How long after it was due a missing report is told to the office, where it was not in time.
const OFFICE_DAYS: i64 = 7;
/// How long back and ahead reminders look.
const LOOK_BACK_DAYS: i64 = 9;

/// What all that was made was made for.
fn mark(conn: &mut Conn, written: &Written, now: DateTime<Utc>) -> QueryResult<String> {
    let (count, changed) = store::units_mark(conn)?;
    let changed = changed.map(|at| at.and_utc().timestamp_millis());
    Ok(format!(
        "{}/{}/{count}/{}",
        shanghai_day(now),
        written.mark(),
        changed.unwrap_or_default()
    ))
}

/// Whether all is made that is owed by now.
///
/// # Errors
/// The database's own.
pub(super) fn is_made(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<bool> {
    let written = written(conn)?;
    Ok(store::rule(conn)?.made == mark(conn, &written, now)?)
}

/// Makes the reports that are owed by now and not there: of open units, for periods that have begun
/// and were due after the unit was made and reporting began, at most [`CATCH_UP_DAYS`] back. However
/// often, by whomever and on however many nodes it is called, each is made once.
///
/// # Errors
/// The database's own.
pub(crate) fn ensure(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<()> {
    let written = written(conn)?;
    let rule = store::rule(conn)?;
    let mark = mark(conn, &written, now)?;
    if rule.made == mark {
        return Ok(());
    }
    let since = rule.since.unwrap_or(now);
    let begun = make(conn, &written, &rule, now)?;
    let rule = Rule {
        since: Some(since),
        made: mark,
        at: Some(now),
        from: None,
        begun,
    };
    store::set_rule(conn, &rule, now)
}

/// Says since when reports are made, in a database in which none are yet: for the demo, whose units
/// have just been made, too.
///
/// # Errors
/// The database's own.
pub(super) fn begin(conn: &mut Conn, since: DateTime<Utc>, now: DateTime<Utc>) -> QueryResult<()> {
    store::age_units(conn, since)?;
    let rule = Rule {
        since: Some(since),
        ..Rule::default()
    };
    store::set_rule(conn, &rule, now)
}

/// What a township's reports follow.
struct Rules {
    reporting: Reporting,
    calendar: Calendar,
    /// What was due before that is not made any more.
    floor: DateTime<Utc>,
}

/// Makes what is owed; answers on which day reporting begins in each township, by the settings.
fn make(
    conn: &mut Conn,
    written: &Written,
    rule: &Rule,
    now: DateTime<Utc>,
) -> QueryResult<BTreeMap<String, Option<NaiveDate>>> {
    let today = shanghai_day(now);
    let since = rule.since.unwrap_or(now);
    let back = i64::try_from(CATCH_UP_DAYS).unwrap_or(i64::MAX);
    let units = store::all_units(conn)?;
    let units: BTreeMap<&str, &UnitRow> =
        units.iter().map(|unit| (unit.id.as_str(), unit)).collect();
    let townships = units
        .values()
        .filter(|unit| unit.kind == UnitKind::Township.code());
    let townships: BTreeMap<&str, Rules> = townships
        .map(|unit| {
            let general = written.of(&unit.id, unit.parent_id.as_deref());
            let (reporting, calendar) = (general.reporting, general.calendar());
            let begun = reporting.from.map_or(since, |day| at_hour(day, 0));
            let floor = begun.max(now - Duration::days(back));
            // Unless another beginning was set, or the clock was ahead.
            let known = rule.begun.get(&unit.id).copied().unwrap_or(rule.from);
            let before = rule.at.filter(|at| *at <= now && known == reporting.from);
            let floor = before.map_or(floor, |before| floor.max(before));
            let rules = Rules {
                reporting,
                calendar,
                floor,
            };
            (unit.id.as_str(), rules)
        })
        .collect();
    let floor = townships.values().map(|rules| rules.floor).min();
    let made: BTreeSet<_> = store::made_since(conn, floor.unwrap_or(now))?
        .into_iter()
        .collect();
    let gone: Vec<&str> = units
        .values()
        .filter(|unit| is_closed(&units, unit))
        .map(|unit| unit.id.as_str())
        .collect();
    store::forget(conn, &gone, now)?;
    for unit in units.values() {
        let kind = UnitKind::from_code(&unit.kind).and_then(ReportKind::of);
        let (Some(kind), Some(owner)) = (kind, owner(&units, unit)) else {
            continue;
        };
        let Some(rules) = townships.get(owner.township_id.as_str()) else {
            continue;
        };
        let since = rules.floor.max(unit.created_at.and_utc());
        for period in owed(kind, since, today, &rules.reporting, &rules.calendar) {
            let key = (unit.id.clone(), kind.code().to_owned(), period.start);
            if !made.contains(&key) {
                store::insert_new(conn, &ReportRecord::new(&owner, &period, now))?;
            }
        }
    }
    let begun = townships.iter();
    Ok(begun
        .map(|(id, rules)| ((*id).to_owned(), rules.reporting.from))
        .collect())
}

/// The unit and those above it.
fn chain<'a>(units: &BTreeMap<&str, &'a UnitRow>, unit: &'a UnitRow) -> Vec<&'a UnitRow> {
    let above = |unit: &&UnitRow| {
        let parent = unit.parent_id.as_deref()?;
        units.get(parent).copied()
    };
    std::iter::successors(Some(unit), above).take(16).collect()
}

/// The unit whose people owe a unit's reports: its own, or what it was merged into.
fn ower<'a>(units: &BTreeMap<&str, &'a UnitRow>, id: &str) -> Option<&'a UnitRow> {
    let into = |unit: &&UnitRow| units.get(unit.merged_into.as_deref()?).copied();
    std::iter::successors(units.get(id).copied(), into)
        .take(16)
        .last()
}

/// Whether the unit is closed, or one above it.
fn is_closed(units: &BTreeMap<&str, &UnitRow>, unit: &UnitRow) -> bool {
    chain(units, unit).iter().any(|unit| unit.closed)
}

/// Whose a unit's reports are; none for one without a township, or that is closed.
fn owner(units: &BTreeMap<&str, &UnitRow>, unit: &UnitRow) -> Option<Owner> {
    let chain = chain(units, unit);
    let first = |kind: UnitKind| {
        chain
            .iter()
            .find(|unit| unit.kind == kind.code())
            .map(|unit| unit.id.clone())
    };
    if chain.iter().any(|unit| unit.closed) {
        return None;
    }
    Some(Owner {
        township_id: first(UnitKind::Township)?,
        unit_id: unit.id.clone(),
        village_id: first(UnitKind::Village),
    })
}

/// What the scheduler calls: makes what is owed, and sends the reminders whose time has come. After a
/// long downtime each hears of the last one only.
///
/// # Errors
/// The database's own.
pub(crate) fn tick(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<()> {
    ensure(conn, now)?;
    remind(conn, now)
}

fn remind(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<()> {
    let (from, to) = (
        now - Duration::days(LOOK_BACK_DAYS),
        now + Duration::days(1),
    );
    let mut pending = store::pending(conn, from, to)?;
    if pending.is_empty() {
        return Ok(());
    }
    let users: Vec<User> = crate::account::store::all(conn)?
        .into_iter()
        .map(|(user, _)| user)
        .filter(User::is_active_person)
        .collect();
    let units = store::all_units(conn)?;
    let units: BTreeMap<&str, &UnitRow> =
        units.iter().map(|unit| (unit.id.as_str(), unit)).collect();
    pending.retain(|report| {
        let unit = ower(&units, &report.unit_id);
        unit.is_some_and(|unit| !is_closed(&units, unit))
    });
    let mut by_unit: BTreeMap<&str, Vec<&ReportRecord>> = BTreeMap::new();
    for report in &pending {
        by_unit.entry(&report.unit_id).or_default().push(report);
    }
    for (unit, reports) in &by_unit {
        let ower = ower(&units, unit).map_or(*unit, |unit| unit.id.as_str());
        remind_unit(conn, reports, (users.as_slice(), ower), now)?;
    }
    tell_office(conn, &pending, &users, &units, now)
}

/// Tells a unit's reporters of what they owe: of the last moment that has come, once.
fn remind_unit(
    conn: &mut Conn,
    reports: &[&ReportRecord],
    (users, ower): (&[User], &str),
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let moment = |report: &ReportRecord| last(report.kind.0, report.pending_at.and_utc(), now);
    let newest = reports
        .iter()
        .filter_map(|report| Some((moment(report)?, report.pending_at, *report)))
        .max_by_key(|(moment, due, _)| (*moment, *due));
    let Some((Moment { at, why }, _, report)) = newest else {
        return Ok(());
    };
    let to: Vec<_> = users
        .iter()
        .filter(|user| may_write(user, ower, report))
        .map(|user| user.id.clone())
        .collect();
    let name = format!(
        "{}{}",
        period::label(report.kind.0, report.period_start),
        report.kind.0.short()
    );
    let hour = hour_of(report.pending_at.and_utc());
    let title = match why {
        Why::Today => format!("今天{hour}前要报：{name}"),
        Why::Soon => format!("两小时后截止（{hour}）：{name}"),
        Why::Late => format!("缺报：{name}已过{hour}的时限"),
        Why::Still(_) => format!("仍未报：{name}"),
    };
    let missing = reports
        .iter()
        .filter(|other| other.id != report.id && other.pending_at.and_utc() <= now)
        .count();
    let mut body = "没有发现情况的，点“零报告”即可。".to_owned();
    if missing > 0 {
        body = format!("另有{missing}份缺报。{body}");
    }
    // Of several that are missing, one a morning.
    let once = match why {
        Why::Still(_) => format!("report:{}:{}:still", report.unit_id, shanghai_day(at)),
        why => format!(
            "report:{}:{}:{}",
            report.id,
            report.pending_at.date(),
            why.key()
        ),
    };
    let draft = Draft {
        kind: NoticeKind::ReportDue,
        title,
        body,
        link: format!("/reports/{}", report.id),
        urgent: false,
        once,
    };
    notify::post(conn, &to, &draft, now)
}

/// Whether somebody of a unit writes what it owes, as `shared::access` has it.
fn may_write(user: &User, ower: &str, report: &ReportRecord) -> bool {
    if user.unit_id.as_str() != ower {
        return false;
    }
    let facts = report.facts();
    let actor = Actor {
        user_id: user.id.clone(),
        role: user.role,
        unit_id: user.unit_id.clone(),
        unit_chain: vec![user.unit_id.clone()],
        township_id: facts.township_id.clone(),
        village_id: facts.village_id.clone(),
        former_units: vec![facts.unit_id.clone()],
        former_villages: Vec::new(),
        stands_in_for: Vec::new(),
    };
    can(
        &actor,
        Action::Report(ReportDeed::Write),
        Facts::Field(&facts),
    )
    .is_ok()
}

/// Tells the office, once a period, who has not reported: of the last period of each kind.
fn tell_office(
    conn: &mut Conn,
    pending: &[ReportRecord],
    users: &[User],
    units: &BTreeMap<&str, &UnitRow>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let late = |report: &&ReportRecord| {
        report.state.0 != ReportState::Returned
            && report.pending_at.and_utc() <= now
            && now - report.pending_at.and_utc() < Duration::days(OFFICE_DAYS)
    };
    let mut newest: BTreeMap<(&str, &str), Vec<&ReportRecord>> = BTreeMap::new();
    for report in pending.iter().filter(late) {
        let of_kind = newest
            .entry((&report.township_id, report.kind.0.code()))
            .or_default();
        if of_kind
            .first()
            .is_some_and(|other| other.period_start < report.period_start)
        {
            of_kind.clear();
        }
        if of_kind
            .first()
            .is_none_or(|other| other.period_start == report.period_start)
        {
            of_kind.push(report);
        }
    }
    for ((township, kind), missing) in newest {
        let Some(first) = missing.first() else {
            continue;
        };
        let of_township = |user: &&User| {
            let unit = units.get(user.unit_id.as_str());
            user.role == Role::CoordinationOffice
                && unit.is_some_and(|unit| {
                    owner(units, unit).is_some_and(|owner| owner.township_id == township)
                })
        };
        let to: Vec<_> = users
            .iter()
            .filter(of_township)
            .map(|user| user.id.clone())
            .collect();
        let label = period::label(first.kind.0, first.period_start);
        let draft = Draft {
            kind: NoticeKind::ReportDue,
            title: format!(
                "{label}{}：{}个单位缺报",
                first.kind.0.short(),
                missing.len()
            ),
            body: "可以催报；确有原因的可以免报。".to_owned(),
            link: format!("/reports?view=board&kind={kind}"),
            urgent: false,
            once: format!("report:office:{kind}:{}", first.period_start),
        };
        notify::post(conn, &to, &draft, now)?;
    }
    Ok(())
}

/// `18:00`, in Shanghai.
fn hour_of(at: DateTime<Utc>) -> String {
    FixedOffset::east_opt(8 * 3600).map_or_else(String::new, |zone| {
        at.with_timezone(&zone).format("%H:%M").to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::tests::temporary;
    use crate::schema::{notices, reports};
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;

    /// A village with a group, each with somebody who reports, and the office.
    fn fill(conn: &mut Conn) -> QueryResult<()> {
        for (id, parent, kind) in [
            ("t", "NULL", "township"),
            ("v", "'t'", "village"),
            ("g", "'v'", "group"),
            ("office", "'t'", "coordination_office"),
        ] {
            conn.batch_execute(&format!(
                "INSERT INTO units (id, parent_id, kind, name, created_at, updated_at) VALUES \
                 ('{id}', {parent}, '{kind}', '{id}', '2025-01-01 00:00:00', '2025-01-01 00:00:00')"
            ))?;
        }
        for (id, role, unit) in [
            ("informant", "group_informant", "g"),
            ("secretary", "village_secretary", "v"),
            ("clerk", "coordination_office", "office"),
        ] {
            conn.batch_execute(&format!(
                "INSERT INTO users (id, username, username_key, name, role, unit_id, \
                 password_hash, must_change_password, created_at, updated_at) VALUES \
                 ('{id}', '{id}', '{id}', '{id}', '{role}', '{unit}', 'x', FALSE, \
                 '2025-01-01 00:00:00', '2025-01-01 00:00:00')"
            ))?;
        }
        Ok(())
    }

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-03-{text}+08:00").parse().unwrap()
    }

    /// Titles of somebody's notices, in order.
    fn told(conn: &mut Conn, user: &str) -> Vec<String> {
        notices::table
            .filter(notices::user_id.eq(user))
            .order(notices::seq)
            .select(notices::title)
            .load(conn)
            .unwrap()
    }

    #[actix_web::test]
    async fn reports_are_made_once_and_an_old_installation_owes_nothing_of_before() {
        let (db, _dir) = temporary();
        let count = |conn: &mut Conn| reports::table.count().get_result::<i64>(conn).unwrap();
        db.write(move |conn| {
            fill(conn)?;
            // Tuesday: the group's day and the village's week; nothing of the year before.
            ensure(conn, at("10T10:00:00"))?;
            assert_eq!(count(conn), 2);
            ensure(conn, at("10T11:00:00"))?;
            assert_eq!(count(conn), 2);
            // The mark lost, and the clock set back: nothing twice.
            diesel::delete(crate::schema::settings::table.find("reports")).execute(conn)?;
            ensure(conn, at("10T12:00:00"))?;
            ensure(conn, at("09T12:00:00"))?;
            assert_eq!(count(conn), 2);
            // Down until the Monday after: three days of the group, its Monday, and the village's week.
            ensure(conn, at("16T08:00:00"))?;
            assert_eq!(count(conn), 2 + 4 + 1);
            // Down for a year: 60 days of it, not all.
            ensure(conn, at("16T08:00:00") + Duration::days(365))?;
            assert!((45..=70).contains(&count(conn)), "{}", count(conn));
            Ok::<_, diesel::result::Error>(())
        })
        .await
        .unwrap();
    }

    #[actix_web::test]
    async fn a_closed_unit_owes_nothing_more() {
        let (db, _dir) = temporary();
        db.write(move |conn| {
            fill(conn)?;
            ensure(conn, at("10T10:00:00"))?;
            ensure(conn, at("11T08:00:00"))?;
            conn.batch_execute(
                "UPDATE units SET closed = TRUE, updated_at = '2026-03-11 03:00:00' WHERE id = 'v'",
            )?;
            ensure(conn, at("11T11:00:00"))?;
            ensure(conn, at("16T11:00:00"))?;
            let left: Vec<(String, chrono::NaiveDate)> = reports::table
                .select((reports::unit_id, reports::period_start))
                .load(conn)?;
            // What was due before stays; the group below goes with its village.
            assert_eq!(left, [("g".to_owned(), "2026-03-10".parse().unwrap())]);
            tick(conn, at("16T20:00:00"))?;
            assert_eq!(told(conn, "informant"), [""; 0]);
            Ok::<_, diesel::result::Error>(())
        })
        .await
        .unwrap();
    }

    #[actix_web::test]
    async fn another_setting_owes_nothing_of_the_past_but_an_earlier_beginning_does() {
        let (db, _dir) = temporary();
        db.write(move |conn| {
            fill(conn)?;
            ensure(conn, at("10T10:00:00"))?;
            ensure(conn, at("16T10:00:00"))?;
            let daily = |conn: &mut Conn| {
                reports::table
                    .filter(reports::kind.eq("daily"))
                    .count()
                    .get_result::<i64>(conn)
                    .unwrap()
            };
            assert_eq!(daily(conn), 5);
            let set = |conn: &mut Conn, version: i64, from: &str| {
                let value = format!(
                    r#"{{"urgent_hours":2,"version":{version},"reporting":{{"daily_hour":18,
                    "daily_rest_days":true,"weekly_weekday":3,"weekly_hour":18,
                    "monthly_hour":18,"from":{from}}}}}"#
                );
                diesel::delete(crate::schema::settings::table.find("general"))
                    .execute(conn)
                    .unwrap();
                diesel::insert_into(crate::schema::settings::table)
                    .values((
                        crate::schema::settings::key.eq("general"),
                        crate::schema::settings::value.eq(value),
                        crate::schema::settings::updated_at.eq(at("16T10:00:00").naive_utc()),
                    ))
                    .execute(conn)
                    .unwrap();
            };
            // On rest days, too: not those that are over.
            set(conn, 2, "null");
            ensure(conn, at("16T11:00:00"))?;
            assert_eq!(daily(conn), 5);
            // From the 1st: the nine days before, and the weekend between.
            set(conn, 3, "\"2026-03-01\"");
            ensure(conn, at("16T12:00:00"))?;
            assert_eq!(daily(conn), 16);
            Ok::<_, diesel::result::Error>(())
        })
        .await
        .unwrap();
    }

    #[actix_web::test]
    async fn each_reminder_comes_once_and_after_a_downtime_only_the_last() {
        let (db, _dir) = temporary();
        db.write(move |conn| {
            fill(conn)?;
            tick(conn, at("10T10:00:00"))?;
            assert_eq!(told(conn, "informant"), [""; 0]);
            for minute in ["10T16:00:00", "10T16:01:00", "10T17:59:00"] {
                tick(conn, at(minute))?;
            }
            assert_eq!(
                told(conn, "informant"),
                ["两小时后截止（18:00）：2026年3月10日日报"]
            );
            for minute in ["10T18:00:00", "10T18:01:00", "10T23:00:00"] {
                tick(conn, at(minute))?;
            }
            assert_eq!(
                told(conn, "informant")[1..],
                ["缺报：2026年3月10日日报已过18:00的时限"]
            );
            assert_eq!(told(conn, "clerk"), ["2026年3月10日日报：1个单位缺报"]);
            assert_eq!(told(conn, "secretary"), [""; 0]);
            tick(conn, at("11T09:00:00"))?;
            assert_eq!(
                told(conn, "secretary"),
                ["今天18:00前要报：2026年第11周周报"]
            );
            assert_eq!(told(conn, "informant")[2..], ["仍未报：2026年3月10日日报"]);

            // Down until Monday evening: one of each, not one for each day.
            tick(conn, at("16T20:00:00"))?;
            tick(conn, at("16T20:01:00"))?;
            assert_eq!(
                told(conn, "informant")[3..],
                ["缺报：2026年3月16日日报已过18:00的时限"]
            );
            assert_eq!(told(conn, "secretary")[1..], ["仍未报：2026年第11周周报"]);
            let office = [
                "2026年3月16日日报：1个单位缺报",
                "2026年第11周周报：1个单位缺报",
            ];
            assert_eq!(told(conn, "clerk")[1..], office);
            let bodies: Vec<String> = notices::table
                .filter(notices::user_id.eq("informant"))
                .order(notices::seq.desc())
                .limit(1)
                .select(notices::body)
                .load(conn)?;
            assert!(bodies[0].starts_with("另有4份缺报。"), "{bodies:?}");
            // A clock that jumps back says nothing again.
            tick(conn, at("10T18:00:00"))?;
            assert_eq!(told(conn, "informant").len(), 4);
            Ok::<_, diesel::result::Error>(())
        })
        .await
        .unwrap();
    }
}
