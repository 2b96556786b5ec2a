//! Reminders: promises that are due, weeks without a visit, reception days. The scheduler calls
//! [`run`] again and again; each notice has a key, so that nobody hears of the same thing twice, and
//! after a while without a server only the newest stage is sent.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, FixedOffset, NaiveDate, Timelike, Utc};
use diesel::prelude::*;
use shared::access::{Action, Facts, can};
use shared::ids::{UnitId, UserId};
use shared::notice::NoticeKind;
use shared::org::UnitKind;
use shared::term::Term;
use shared::visit::duty::{REMIND_HOUR, monday, remind_on};
use shared::visit::{PromiseState, VisitDeed};

use super::coverage;
use super::service::is_sealed_from;
use super::store::{self, PromiseRecord, VisitRecord};
use crate::db::Conn;
use crate::directory::Snapshot;
use crate::notify::{self, Draft};
use crate::schema::{visit_promises, visits};

/// Nobody is reminded before this hour of the day, Shanghai.
const FIRST_HOUR: u32 = 8;
/// How many days before a promise is due it is told of first.
const FIRST_DAYS: u64 = 3;

/// Sends what is to be reminded of now.
///
/// # Errors
/// The database's own.
pub(super) fn run(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<()> {
    let names = Snapshot::of(conn)?;
    let here = FixedOffset::east_opt(8 * 3600)
        .map_or_else(|| now.fixed_offset(), |zone| now.with_timezone(&zone));
    let (today, hour) = (here.date_naive(), here.hour());
    if hour < FIRST_HOUR {
        return Ok(());
    }
    promises(conn, &names, today, now)?;
    duties(conn, &names, (today, hour), now)?;
    crate::reception::tick(conn, &names, today, now)
}

/// Which stage of reminding a promise has come to: its key and words. Three days before, one day
/// before, then every week that it is late.
fn stage(due: NaiveDate, today: NaiveDate) -> Option<(String, String)> {
    let left = due.signed_duration_since(today).num_days();
    match left {
        2..=3 => Some(("3".to_owned(), format!("还有{left}天到期"))),
        1 => Some(("1".to_owned(), "明天到期".to_owned())),
        0 => Some(("1".to_owned(), "今天到期".to_owned())),
        late if late < 0 => Some((
            format!("late{}", (-late - 1) / 7),
            format!("已逾期{}天", -late),
        )),
        _ => None,
    }
}

fn promises(
    conn: &mut Conn,
    names: &Snapshot,
    today: NaiveDate,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let last = today
        .checked_add_days(Days::new(FIRST_DAYS))
        .unwrap_or(today);
    let due: Vec<(PromiseRecord, VisitRecord)> = visit_promises::table
        .inner_join(visits::table)
        .filter(visit_promises::state.eq(PromiseState::Open.code()))
        .filter(visit_promises::due_on.le(last))
        .filter(visits::struck_at.is_null())
        .order((visit_promises::due_on, visit_promises::id))
        .select((PromiseRecord::as_select(), VisitRecord::as_select()))
        .load(conn)?;
    for (promise, visit) in due {
        let Some((stage, words)) = stage(promise.due_on, today) else {
            continue;
        };
        let to = keepers(conn, names, &promise, &visit)?;
        let place = visit.village_id.as_deref().map(UnitId::from);
        let place = place.map_or("", |id| names.unit_name(&id));
        let draft = Draft {
            kind: NoticeKind::PromiseDue,
            title: format!("走访承诺{words}"),
            body: format!(
                "{place}{}走访时答应的事，期限{}。兑现后请登记，不能兑现的要向群众说明。",
                visit.on_day, promise.due_on
            ),
            link: format!("/visits/{}", visit.id),
            urgent: false,
            once: format!("promise:{}:{}:{stage}", promise.id, promise.due_on),
        };
        notify::post(conn, &to, &draft, now)?;
    }
    Ok(())
}

/// Who is reminded of a promise: whoever is to keep it, and who gave it; of them, who may still know of
/// the visit.
fn keepers(
    conn: &mut Conn,
    names: &Snapshot,
    promise: &PromiseRecord,
    visit: &VisitRecord,
) -> QueryResult<Vec<UserId>> {
    let people = store::people_of(conn, &visit.id)?;
    let given = store::promises(conn, &[visit.id.as_str()])?;
    let facts = store::facts(visit, &people, &given, names);
    let unit = promise.unit_id.as_deref().map(UnitId::from);
    let mut some = Vec::new();
    for member in names.members() {
        let id = member.user.id.as_str();
        let concerned = promise.user_id.as_deref() == Some(id)
            || visit.author_id.as_deref() == Some(id)
            || unit.as_ref() == Some(&member.user.unit_id);
        let view = Action::Visit(VisitDeed::View);
        if concerned
            && member.user.is_active_person()
            && can(&member.access, view, Facts::Field(&facts)).is_ok()
            && !is_sealed_from(conn, &member.access, visit)?
        {
            some.push(member.user.id.clone());
        }
    }
    some.sort();
    Ok(some)
}

/// Who has not yet visited where they are to, from noon of the week's day of reminding.
fn duties(
    conn: &mut Conn,
    names: &Snapshot,
    (today, hour): (NaiveDate, u32),
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let week = monday(today);
    let townships = names.units().iter();
    let townships = townships.filter(|unit| unit.kind == UnitKind::Township && !unit.closed);
    for township in townships {
        let Some(day) = remind_on(week, &names.calendar(township.id.as_str())) else {
            continue;
        };
        if today < day || (today == day && hour < REMIND_HOUR) {
            continue;
        }
        let condition = store::counted_in(township.id.as_str());
        let owed = coverage::owed_in(conn, names, &township.id, today, condition)?;
        // One notice a person, however many places they are responsible for.
        let mut by_user: BTreeMap<UserId, Vec<String>> = BTreeMap::new();
        for owed in owed {
            let place = coverage::full_name(names, owed.unit);
            for user in owed.by {
                by_user.entry(user).or_default().push(place.clone());
            }
        }
        for (user, places) in by_user {
            let title = match places.as_slice() {
                [one] => format!("本周还没有走访{one}"),
                many => format!("本周还有{}处没有走访", many.len()),
            };
            let draft = Draft {
                kind: NoticeKind::VisitDuty,
                title,
                body: format!(
                    "{}。每周至少走访{}次，走访后请记录。",
                    places.join("、"),
                    names.general(&township.id).visits_per_week
                ),
                link: "/visits/coverage?mine=true".to_owned(),
                urgent: false,
                once: format!("visit-duty:{week}"),
            };
            notify::post(conn, &[user], &draft, now)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::Duration;
    use shared::role::Role;
    use shared::visit::{NewPromise, NewVisit, VisitKind};

    use super::super::{service, tick};
    use super::*;
    use crate::auth::Actor;
    use crate::case::Desk;
    use crate::clock::Clock;
    use crate::config::{Config, Flags};
    use crate::context::RequestContext;
    use crate::schema::notices;
    use crate::state::State;

    #[test]
    fn a_promise_is_told_of_three_days_and_one_day_before_and_weekly_when_late() {
        let today: NaiveDate = "2026-03-10".parse().unwrap();
        let key = |due: &str| stage(due.parse().unwrap(), today).map(|(key, _)| key);
        assert_eq!(key("2026-03-14"), None);
        assert_eq!(key("2026-03-13").as_deref(), Some("3"));
        assert_eq!(key("2026-03-12").as_deref(), Some("3"));
        assert_eq!(key("2026-03-11").as_deref(), Some("1"));
        assert_eq!(key("2026-03-10").as_deref(), Some("1"));
        assert_eq!(key("2026-03-09").as_deref(), Some("late0"));
        assert_eq!(key("2026-03-03").as_deref(), Some("late0"));
        assert_eq!(key("2026-03-02").as_deref(), Some("late1"));
    }

    /// The demo's township, without cases, at an instant.
    struct Town {
        state: State,
        _dir: tempfile::TempDir,
    }

    impl Town {
        fn new(at: &str) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let flags = Flags {
                data_dir: Some(dir.path().display().to_string()),
                ..Flags::default()
            };
            let config = Config::load(&flags).unwrap();
            let clock = Clock::manual(at.parse().unwrap());
            let state = State::open(config, clock, true).unwrap();
            crate::demo::load_staff(&state).unwrap();
            Self { state, _dir: dir }
        }

        /// The desk of the first user of a role.
        fn desk(&self, role: Role) -> Desk {
            let names = self.state.directory.now_blocking().unwrap();
            let member = names
                .members()
                .find(|member| member.user.username == role.code())
                .unwrap();
            Desk {
                actor: Actor::of_member(Arc::clone(member)),
                context: RequestContext::local(&self.state.clock),
                names: Arc::clone(&names),
                keys: Arc::clone(&self.state.keys),
            }
        }

        fn visit(&self, by: Role, promises: &[&str]) {
            let desk = self.desk(by);
            let villages = desk.names.units().iter();
            let village = villages.filter(|unit| unit.kind == UnitKind::Village);
            let village = village.map(|unit| unit.id.clone()).next().unwrap();
            let promises = promises.iter().map(|due| NewPromise {
                what: "清淤".to_owned(),
                due_on: due.parse().unwrap(),
                unit_id: None,
                user_id: None,
            });
            let input = NewVisit {
                kind: VisitKind::Household,
                on: desk.context.today(),
                visitors: Vec::new(),
                village_id: Some(village),
                group_id: None,
                place: None,
                heard: "渠水不够".to_owned(),
                promises: promises.collect(),
                photos: Vec::new(),
                case_id: None,
                recorded_at: None,
            };
            let write = move |conn: &mut Conn| service::record(conn, &desk, &input).map(drop);
            self.state.db.write_blocking(write).unwrap();
        }

        /// Goes on to an instant and ticks there, twice: the second time says nothing new. What was
        /// told, as `user title`.
        fn tick(&self, at: &str) -> Vec<String> {
            let now: DateTime<Utc> = at.parse().unwrap();
            self.state.clock.advance(now - self.state.clock.now());
            let before = self.told();
            self.state
                .db
                .write_blocking(move |conn| tick(conn, now))
                .unwrap();
            let told = self.told();
            let again = now + Duration::minutes(1);
            self.state
                .db
                .write_blocking(move |conn| tick(conn, again))
                .unwrap();
            assert_eq!(self.told(), told, "{at}");
            told[before.len()..].to_vec()
        }

        fn told(&self) -> Vec<String> {
            let names = self.state.directory.now_blocking().unwrap();
            let rows: Vec<(String, String)> = self
                .state
                .db
                .read_blocking(|conn| {
                    notices::table
                        .order(notices::seq)
                        .select((notices::user_id, notices::title))
                        .load(conn)
                })
                .unwrap();
            rows.into_iter()
                .map(|(user, title)| {
                    let user = UserId::new(user);
                    format!("{} {title}", names.member(&user).unwrap().user.username)
                })
                .collect()
        }
    }

    #[test]
    fn promises_are_told_of_once_a_stage_and_without_a_flood() {
        // A Tuesday.
        let town = Town::new("2026-03-10T02:00:00Z");
        town.visit(Role::VillageSecretary, &["2026-03-16"]);
        let none: [&str; 0] = [];
        assert_eq!(town.tick("2026-03-12T00:30:00Z"), none);
        // Three days before; not at night.
        assert_eq!(town.tick("2026-03-12T17:00:00Z"), none);
        assert_eq!(
            town.tick("2026-03-13T00:30:00Z")
                .iter()
                .filter(|told| told.contains("承诺"))
                .collect::<Vec<_>>(),
            ["village_secretary 走访承诺还有3天到期"]
        );
        // No server for a fortnight: only the newest stage.
        assert_eq!(
            town.tick("2026-03-24T01:00:00Z")
                .iter()
                .filter(|told| told.contains("承诺"))
                .collect::<Vec<_>>(),
            ["village_secretary 走访承诺已逾期8天"]
        );
    }

    #[test]
    fn a_week_without_a_visit_is_told_of_from_thursday_noon() {
        let town = Town::new("2026-03-10T02:00:00Z");
        let duties = |told: Vec<String>| -> Vec<String> {
            let duties = told.into_iter().filter(|told| told.contains("没有走访"));
            duties.collect()
        };
        // The secretary of 五里墩村 has been; of the other eight villages nobody.
        town.visit(Role::VillageSecretary, &[]);
        assert!(duties(town.tick("2026-03-12T03:58:00Z")).is_empty());
        let told = duties(town.tick("2026-03-12T04:00:00Z"));
        // Each village's secretary; their leader once for all of them.
        assert_eq!(told.len(), 9, "{told:?}");
        assert!(
            !told
                .iter()
                .any(|told| told.starts_with("village_secretary "))
        );
        assert!(told.contains(&"township_leader 本周还有8处没有走访".to_owned()));
        assert!(told.contains(&"village_secretary_4 本周还没有走访三一村".to_owned()));
        // Once a week; the next week anew.
        assert!(duties(town.tick("2026-03-15T04:00:00Z")).is_empty());
        assert!(duties(town.tick("2026-03-16T04:00:00Z")).is_empty());
        assert_eq!(duties(town.tick("2026-03-19T04:00:00Z")).len(), 10);
        // National Day is a Thursday: so on Wednesday.
        assert!(duties(town.tick("2026-09-29T04:00:00Z")).is_empty());
        assert_eq!(duties(town.tick("2026-09-30T04:00:00Z")).len(), 10);
        // The Spring Festival's whole week is off.
        let town = Town::new("2026-02-15T02:00:00Z");
        assert!(duties(town.tick("2026-02-19T04:00:00Z")).is_empty());
    }

    #[test]
    fn whoever_is_on_duty_hears_of_the_reception_day_on_the_day_before() {
        use shared::reception::NewReceptionDay;
        let town = Town::new("2026-03-10T02:00:00Z");
        let desk = town.desk(Role::TownshipLeader);
        let input = NewReceptionDay {
            on: "2026-03-12".parse().unwrap(),
            from: "09:00".to_owned(),
            to: "11:30".to_owned(),
            place: "镇信访接待室".to_owned(),
            leader_id: desk.actor.user_id.clone(),
            staff: vec![town.desk(Role::JusticeOffice).actor.user_id.clone()],
            notice: None,
        };
        let create =
            move |conn: &mut Conn| crate::reception::service::create(conn, &desk, &input).map(drop);
        town.state.db.write_blocking(create).unwrap();
        let of_day = |told: Vec<String>| -> Vec<String> {
            told.into_iter()
                .filter(|told| told.contains("接待日"))
                .collect()
        };
        assert!(of_day(town.tick("2026-03-10T04:00:00Z")).is_empty());
        assert_eq!(
            of_day(town.tick("2026-03-11T00:30:00Z")),
            [
                "township_leader 明天是接待日，您值班",
                "justice_office 明天是接待日，您值班"
            ]
        );
        assert!(of_day(town.tick("2026-03-12T00:30:00Z")).is_empty());
    }
}
