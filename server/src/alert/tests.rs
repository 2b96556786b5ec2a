//! Who is told, who is told again, and that the filter and the decision agree.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use shared::access::alert_visible;
use shared::alert::input::{AlertStepInput, NewAlert};
use shared::alert::step::AlertStep;
use shared::ids::{AlertId, UserId};
use shared::role::Role;

use super::tell::tell_again;
use super::{scope, service, store};
use crate::auth::Actor;
use crate::case::Desk;
use crate::clock::Clock;
use crate::config::{Config, Flags};
use crate::context::RequestContext;
use crate::db::Conn;
use crate::directory::Member;
use crate::schema::{alerts, notices};
use crate::state::State;

const START: &str = "2026-11-24T02:00:00Z";

/// The demo's township, and its database in a folder of its own.
fn demo() -> (State, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let flags = Flags {
        data_dir: Some(dir.path().display().to_string()),
        ..Flags::default()
    };
    let config = Config::load(&flags).unwrap();
    let clock = Clock::manual(START.parse().unwrap());
    let state = State::open(config, clock, true).unwrap();
    crate::demo::load_staff(&state).unwrap();
    (state, dir)
}

fn desk(state: &State, member: &Arc<Member>) -> Desk {
    Desk {
        actor: Actor::of_member(Arc::clone(member)),
        context: RequestContext::local(&state.clock),
        names: state.directory.now_blocking().unwrap(),
        keys: Arc::clone(&state.keys),
    }
}

fn members(state: &State, role: Role) -> Vec<Arc<Member>> {
    let names = state.directory.now_blocking().unwrap();
    let mut members: Vec<_> = names
        .members()
        .filter(|member| member.user.role == role)
        .cloned()
        .collect();
    members.sort_by_key(|member| member.user.id.clone());
    members
}

fn by(state: &State, role: Role) -> Desk {
    desk(state, &members(state, role)[0])
}

fn reported(state: &State, by: &Desk, extra: serde_json::Value) -> AlertId {
    let mut input = serde_json::json!({"what": "张三带人在村委会门口聚集", "kind": "crowd", "people_count": 30});
    for (field, value) in extra.as_object().unwrap() {
        input[field] = value.clone();
    }
    let input: NewAlert = serde_json::from_value(input).unwrap();
    let by = by.clone();
    let made = state
        .db
        .write_blocking(move |conn| service::report(conn, &by, &input));
    made.unwrap().row.id
}

fn step(state: &State, by: &Desk, id: &AlertId, step: AlertStep, input: AlertStepInput) {
    let (by, id) = (by.clone(), id.clone());
    let done = state.db.write_blocking(move |conn| {
        let version = store::find(conn, id.as_str())?.unwrap().version;
        service::act(conn, &by, &id, version, step, &input)
    });
    done.unwrap();
}

/// Who was told: title, whether it interrupts, and the words, by user.
fn told(state: &State) -> BTreeMap<String, Vec<(String, bool, String)>> {
    let rows: Vec<(String, String, bool, String)> = state
        .db
        .read_blocking(|conn: &mut Conn| {
            notices::table
                .filter(notices::kind.eq("alert"))
                .order(notices::seq)
                .select((
                    notices::user_id,
                    notices::title,
                    notices::urgent,
                    notices::body,
                ))
                .load(conn)
        })
        .unwrap();
    let mut told: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for (user, title, urgent, body) in rows {
        told.entry(user).or_default().push((title, urgent, body));
    }
    told
}

fn ids(members: &[Arc<Member>]) -> Vec<UserId> {
    members
        .iter()
        .map(|member| member.user.id.clone())
        .collect()
}

#[test]
fn those_who_answer_are_told_at_once_and_nothing_of_the_words() {
    let (state, _dir) = demo();
    let informant = by(&state, Role::GroupInformant);
    reported(&state, &informant, serde_json::json!({"drill": true}));
    let told = told(&state);
    let village = informant.actor.village_id.clone();
    let mut urgent = Vec::new();
    for role in [
        Role::TownshipLeader,
        Role::CoordinationOffice,
        Role::PoliceStation,
    ] {
        urgent.extend(ids(&members(&state, role)));
    }
    assert!(urgent.len() >= 3);
    for user in &urgent {
        let notices = &told[user.as_str()];
        assert_eq!(notices.len(), 1);
        let (title, interrupts, body) = &notices[0];
        assert!(interrupts);
        assert!(
            title.starts_with("【演练】") && title.ends_with("：群体聚集，约30人"),
            "{title}"
        );
        assert!(!format!("{title}{body}").contains("张三"));
    }
    let own: Vec<_> = members(&state, Role::VillageSecretary)
        .into_iter()
        .filter(|member| member.access.village_id == village)
        .collect();
    for user in ids(&own) {
        assert!(!told[user.as_str()][0].1);
    }
    assert_eq!(told.len(), urgent.len() + own.len());
}

#[test]
fn nobody_moves_and_leaders_are_told_once_a_stage() {
    let (state, _dir) = demo();
    let start: DateTime<Utc> = START.parse().unwrap();
    let at = |minutes| start + Duration::minutes(minutes);
    let tick = |now| {
        state
            .db
            .write_blocking(move |conn| tell_again(conn, now))
            .unwrap()
    };
    let informant = by(&state, Role::GroupInformant);
    let leader = by(&state, Role::TownshipLeader);
    let count = || told(&state)[leader.actor.user_id.as_str()].len();
    let id = reported(&state, &informant, serde_json::json!({}));
    assert_eq!(count(), 1);
    assert_eq!(tick(at(15)), 0);
    assert_eq!(tick(at(15) + Duration::seconds(1)), 1);
    assert_eq!(tick(at(16)), 0);
    assert_eq!(tick(at(500)), 0);
    assert_eq!(count(), 2);
    state.clock.advance(Duration::minutes(20));
    let office = by(&state, Role::CoordinationOffice);
    step(
        &state,
        &office,
        &id,
        AlertStep::Acknowledge,
        AlertStepInput::default(),
    );
    assert_eq!(tick(at(50)), 0);
    assert_eq!(tick(at(51)), 1);
    assert_eq!(tick(at(52)), 0);
    let (_, interrupts, body) = told(&state)[leader.actor.user_id.as_str()][2].clone();
    assert!(interrupts && body.contains("30分钟还没有派人"), "{body}");
    // What is over is over; a clock that jumps back tells nobody.
    let input = AlertStepInput {
        text: Some("已劝返".to_owned()),
        ..AlertStepInput::default()
    };
    step(&state, &office, &id, AlertStep::Close, input);
    assert_eq!((tick(at(5000)), tick(at(-5000))), (0, 0));
    let told_of_close = told(&state)[informant.actor.user_id.as_str()].clone();
    assert!(told_of_close.last().unwrap().2.ends_with("已办结。"));
}

#[test]
fn who_is_sent_is_told_and_sees_it() {
    let (state, _dir) = demo();
    let informant = by(&state, Role::GroupInformant);
    let leader = by(&state, Role::TownshipLeader);
    let justice = by(&state, Role::JusticeOffice);
    let id = reported(&state, &informant, serde_json::json!({}));
    assert!(!told(&state).contains_key(justice.actor.user_id.as_str()));
    let input = AlertStepInput {
        text: Some("到场调解".to_owned()),
        unit_id: Some(justice.actor.unit_id.clone()),
        user_id: None,
    };
    step(&state, &leader, &id, AlertStep::Dispatch, input);
    let (title, interrupts, body) = told(&state)[justice.actor.user_id.as_str()][0].clone();
    assert!(interrupts && !title.contains("张三") && !body.contains("到场"));
    let seen = state
        .db
        .read_blocking(|conn: &mut Conn| service::show(conn, &justice, &id))
        .unwrap();
    assert_eq!(seen.row.what, "张三带人在村委会门口聚集");
    // To send somebody is to have seen it.
    assert_eq!(seen.row.stretches.len(), 3);
}

#[test]
fn the_filter_and_the_decision_agree() {
    let (state, _dir) = demo();
    let names = state.directory.now_blocking().unwrap();
    let leader = by(&state, Role::TownshipLeader);
    let everybody: Vec<Arc<Member>> = names.members().cloned().collect();
    let workers = everybody
        .iter()
        .filter(|member| member.user.role.handles_cases());
    for member in workers {
        reported(&state, &desk(&state, member), serde_json::json!({}));
    }
    let villages: Vec<_> = names
        .units()
        .iter()
        .filter(|unit| unit.kind == shared::org::UnitKind::Village)
        .collect();
    for village in villages.iter().take(3) {
        let id = reported(
            &state,
            &leader,
            serde_json::json!({"village_id": village.id}),
        );
        let input = AlertStepInput {
            text: Some("到场".to_owned()),
            unit_id: Some(by(&state, Role::Court).actor.unit_id.clone()),
            user_id: Some(by(&state, Role::ServiceCentre).actor.user_id.clone()),
        };
        step(&state, &leader, &id, AlertStep::Dispatch, input);
    }
    let (mut seen, mut hidden) = (0, 0);
    state
        .db
        .read_blocking(|conn: &mut Conn| {
            let all: Vec<String> = alerts::table.select(alerts::id).load(conn)?;
            for member in &everybody {
                let found: Vec<String> = alerts::table
                    .filter(scope::visible_to(&member.access))
                    .select(alerts::id)
                    .load(conn)?;
                for id in &all {
                    let alert = store::find(conn, id)?.unwrap();
                    let events = store::events(conn, id)?;
                    let may = alert_visible(&member.access, &alert.facts(&events));
                    assert_eq!(found.contains(id), may, "{:?} {id}", member.user.role);
                    if may { seen += 1 } else { hidden += 1 }
                }
            }
            Ok::<_, diesel::result::Error>(())
        })
        .unwrap();
    assert!(seen > 20 && hidden > 20, "{seen} {hidden}");
}
