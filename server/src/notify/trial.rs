//! The scheduler and the streams on a township with a manual clock: a month, restarts, jumps of the
//! clock, two servers on one database.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde_json::json;
use shared::case::action::CaseAction;
use shared::notice::NoticeKind;
use shared::role::Role;
use shared::term::Term;

use super::scheduler::Scheduler;
use super::stream::{self, Listener};
use super::{Draft, post, store};
use crate::auth::Actor;
use crate::case::{Desk, service};
use crate::clock::Clock;
use crate::config::{Config, Flags};
use crate::context::RequestContext;
use crate::directory::Member;
use crate::schema::{notices, users};
use crate::session::token::Claims;
use crate::state::State;

fn open(dir: &Path, clock: &Clock) -> State {
    let flags = Flags {
        data_dir: Some(dir.display().to_string()),
        ..Flags::default()
    };
    State::open(Config::load(&flags).unwrap(), clock.clone(), true).unwrap()
}

fn township(at: &str) -> (State, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let state = open(dir.path(), &Clock::manual(at.parse().unwrap()));
    crate::demo::load_staff(&state).unwrap();
    (state, dir)
}

fn somebody(state: &State, role: Role) -> Arc<Member> {
    let names = state.directory.now_blocking().unwrap();
    let mut members: Vec<_> = names.members().filter(|m| m.user.role == role).collect();
    members.sort_by_key(|member| member.user.username.clone());
    Arc::clone(members[0])
}

fn desk(state: &State, role: Role) -> Desk {
    Desk {
        actor: Actor::of_member(somebody(state, role)),
        context: RequestContext::local(&state.clock),
        names: state.directory.now_blocking().unwrap(),
        keys: Arc::clone(&state.keys),
    }
}

/// A case of the secretary's village that the secretary handles; due sixty days from today.
async fn handled(state: &State) -> String {
    let secretary = somebody(state, Role::VillageSecretary);
    let (office, handler) = (
        desk(state, Role::CoordinationOffice),
        desk(state, Role::VillageSecretary),
    );
    let new = json!({
        "kind": "petition", "channel": "visit", "purpose": "claim", "category": "rural",
        "subcategory": "land_transfer", "cause": "流转费", "people_count": 1,
        "received_on": office.context.today(), "village_id": secretary.user.unit_id,
        "people": [{"role": "petitioner", "name": "张三"}],
    });
    let new = serde_json::from_value(new).unwrap();
    let unit = json!({"unit_id": secretary.user.unit_id});
    state
        .db
        .write(move |conn| {
            let case = service::register(conn, &office, &new)?;
            let steps = [
                (&office, CaseAction::Accept, json!({})),
                (&office, CaseAction::Dispatch, unit),
                (&handler, CaseAction::Take, json!({})),
            ];
            let (id, mut version) = (case.row.id, case.row.version);
            for (desk, action, input) in steps {
                let input = serde_json::from_value(input).unwrap();
                version = service::act(conn, desk, &id, version, action, &input)?
                    .row
                    .version;
            }
            Ok::<_, crate::case::Error>(id.to_string())
        })
        .await
        .unwrap()
}

/// A notice: who was told, its key, its title, and when.
type Told = (String, String, String, NaiveDateTime);

/// All notices of a kind, in the order of the stream.
async fn told(state: &State, kind: NoticeKind) -> Vec<Told> {
    let names = state.directory.now_blocking().unwrap();
    let rows: Vec<Told> = state
        .db
        .read(move |conn| {
            notices::table
                .filter(notices::kind.eq(kind.code()))
                .order(notices::seq)
                .select((notices::user_id, notices::once, notices::title, notices::at))
                .load(conn)
        })
        .await
        .unwrap();
    rows.into_iter()
        .map(|(user, once, title, at)| {
            let member = names.member(&user.as_str().into()).unwrap();
            (member.user.username.clone(), once, title, at)
        })
        .collect()
}

fn unique(told: &[Told]) {
    let keys: BTreeSet<_> = told.iter().map(|(user, once, ..)| (user, once)).collect();
    assert_eq!(keys.len(), told.len(), "{told:#?}");
}

/// Shanghai's day and time.
fn local(at: NaiveDateTime) -> String {
    (at + Duration::hours(8)).format("%m-%d %H:%M").to_string()
}

#[actix_web::test]
async fn a_month_with_the_national_holiday_restarts_and_a_night() {
    // Accepted on 4 August: due on 3 October, within the holiday.
    let (mut state, dir) = township("2026-08-04T01:00:00Z");
    handled(&state).await;
    let clock = state.clock.clone();
    clock.advance(Duration::days(49));
    let mut scheduler = Scheduler::new(state.clone());
    // From 22 September 9:00 on, every half an hour for three weeks; a restart now and then.
    for turn in 0..(21 * 48) {
        if turn % 100 == 77 {
            state.db.close();
            state = open(dir.path(), &clock);
            scheduler = Scheduler::new(state.clone());
            // The server before was killed: its lease must run out.
            clock.advance(Duration::minutes(3));
            assert!(scheduler.tick().await);
            clock.advance(Duration::minutes(27));
        } else {
            assert!(scheduler.tick().await);
            clock.advance(Duration::minutes(30));
        }
    }
    let told = told(&state, NoticeKind::CaseDue).await;
    unique(&told);
    let secretary = somebody(&state, Role::VillageSecretary)
        .user
        .username
        .clone();
    let mut mine = BTreeMap::new();
    for (user, _, title, at) in &told {
        let time = local(*at);
        let hour: u32 = time[6..8].parse().unwrap();
        assert!((7..20).contains(&hour), "{title} at {time}");
        if *user == secretary {
            mine.insert(time[..5].to_owned(), title.clone());
        }
    }
    let days: Vec<&str> = mine.keys().map(String::as_str).collect();
    assert_eq!(
        days[..8],
        [
            "09-26", "09-30", "10-02", "10-03", "10-04", "10-05", "10-06", "10-07"
        ]
    );
    assert!(
        mine["09-26"].contains("办理期限还剩7天（10月3日到期）"),
        "{mine:?}"
    );
    assert!(mine["10-02"].ends_with("明天到期") && mine["10-03"].ends_with("今天到期"));
    assert!(mine["10-05"].contains("已逾期2天"));
    // The office hears of it once.
    let office = |user: &str| user.contains("office");
    assert_eq!(
        told.iter().filter(|(user, ..)| office(user)).count(),
        1,
        "{told:#?}"
    );
}

#[actix_web::test]
async fn a_jump_forward_and_back_sends_nothing_twice() {
    let (state, _dir) = township("2026-03-02T01:00:00Z");
    handled(&state).await;
    // Due on 1 May.
    let mut scheduler = Scheduler::new(state.clone());
    for days in [53, 7, -7, 3, 4, 1, -60, 60, 100, -99] {
        state.clock.advance(Duration::days(days));
        assert!(scheduler.tick().await, "{days}");
        scheduler.tick().await;
    }
    let told = told(&state, NoticeKind::CaseDue).await;
    unique(&told);
    let secretary = somebody(&state, Role::VillageSecretary)
        .user
        .username
        .clone();
    let mine: Vec<&str> = told
        .iter()
        .filter(|(user, ..)| *user == secretary)
        .map(|(.., title, _)| title.as_str())
        .collect();
    let ends: Vec<&str> = mine
        .iter()
        .map(|title| title.split("期限").last().unwrap())
        .collect();
    assert_eq!(
        ends,
        [
            "还剩7天（5月1日到期）",
            "今天到期",
            // Back a week that was told; four days before the day, nothing new; then all was told.
            "已逾期1天（5月1日到期）",
            "已逾期101天（5月1日到期）",
            "已逾期2天（5月1日到期）",
        ]
    );
}

#[actix_web::test]
async fn of_two_servers_on_one_database_one_does_the_work() {
    let (one, dir) = township("2026-03-02T01:00:00Z");
    handled(&one).await;
    one.clock.advance(Duration::days(53));
    let two = open(dir.path(), &one.clock);
    let (mut first, mut second) = (Scheduler::new(one.clone()), Scheduler::new(two.clone()));
    assert!(first.tick().await);
    for _ in 0..20 {
        one.clock.advance(Duration::seconds(30));
        assert!(!second.tick().await);
        assert!(first.tick().await);
    }
    let before = told(&one, NoticeKind::CaseDue).await;
    assert_eq!(before.len(), 1);
    // The first dies: two minutes later the second does the work, and tells nobody again.
    one.clock.advance(Duration::seconds(119));
    assert!(!second.tick().await);
    one.clock.advance(Duration::seconds(1));
    assert!(second.tick().await);
    assert!(!first.tick().await);
    assert_eq!(told(&two, NoticeKind::CaseDue).await, before);
    one.clock.advance(Duration::days(4));
    second.tick().await;
    first.tick().await;
    let after = told(&one, NoticeKind::CaseDue).await;
    unique(&after);
    assert_eq!(after.len(), 2);
}

#[actix_web::test]
async fn the_digest_comes_once_on_working_days_and_says_what_is_due() {
    // Sunday, 1 March 2026.
    let (state, _dir) = township("2026-03-01T01:00:00Z");
    handled(&state).await;
    let mut scheduler = Scheduler::new(state.clone());
    scheduler.tick().await;
    assert!(
        told(&state, NoticeKind::Digest).await.is_empty(),
        "a Sunday"
    );
    for hours in [22, 1, 1, 1, 12] {
        state.clock.advance(Duration::hours(hours));
        scheduler.tick().await;
    }
    let told = told(&state, NoticeKind::Digest).await;
    unique(&told);
    let secretary = somebody(&state, Role::VillageSecretary)
        .user
        .username
        .clone();
    let mine: Vec<_> = told
        .iter()
        .filter(|(user, ..)| *user == secretary)
        .collect();
    assert_eq!(mine.len(), 1, "{told:#?}");
    assert_eq!(local(mine[0].3), "03-02 08:00");
    assert_eq!(mine[0].2, "3月2日待办汇总：要报的排查报告1，正在办理1");
    // Those with nothing to do are left alone.
    assert!(told.iter().all(|(user, ..)| !user.contains("auditor")));
}

fn claims(member: &Member, session: &str, exp: DateTime<Utc>) -> Claims {
    Claims {
        sub: member.user.id.clone(),
        sid: session.to_owned(),
        ver: member.token_version,
        iat: 0,
        exp: exp.timestamp(),
        idp: false,
        mfa: false,
    }
}

fn listen(state: &State, role: Role, session: &str) -> Listener {
    let member = somebody(state, role);
    let claims = claims(&member, session, state.clock.now() + Duration::minutes(15));
    let actor = Actor::of_member(member);
    state.streams.listen(&actor, claims).unwrap()
}

async fn say(state: &State, role: Role, once: &str, link: &str) {
    let (to, now) = (somebody(state, role).user.id.clone(), state.clock.now());
    let draft = Draft {
        kind: NoticeKind::System,
        title: once.to_owned(),
        body: String::new(),
        link: link.to_owned(),
        urgent: false,
        once: once.to_owned(),
    };
    state
        .db
        .write(move |conn| post(conn, &[to], &draft, now))
        .await
        .unwrap();
}

#[actix_web::test]
async fn a_stream_ends_with_its_token_its_session_or_its_role() {
    let (state, _dir) = township("2026-03-02T01:00:00Z");
    let court = listen(&state, Role::Court, "a");
    let police = listen(&state, Role::PoliceStation, "b");
    stream::look(&state).await.unwrap();
    assert_eq!(state.streams.len(), 2);
    // Another role: what was decided when they came in holds no more.
    let id = somebody(&state, Role::Court).user.id.clone();
    state
        .db
        .write(move |conn| {
            diesel::update(users::table.find(id.as_str()))
                .set(users::role.eq(Role::Auditor.code()))
                .execute(conn)?;
            crate::directory::touch(conn)
        })
        .await
        .unwrap();
    state.directory.invalidate();
    stream::look(&state).await.unwrap();
    assert_eq!(state.streams.len(), 1);
    state.clock.advance(Duration::seconds(899));
    stream::look(&state).await.unwrap();
    assert_eq!(state.streams.len(), 1);
    state.clock.advance(Duration::seconds(1));
    stream::look(&state).await.unwrap();
    assert_eq!(state.streams.len(), 0);
    drop((court, police));
    // Nobody comes in while the server stops.
    state.streams.close();
    let member = somebody(&state, Role::PoliceStation);
    let claims = claims(&member, "c", state.clock.now() + Duration::minutes(15));
    assert!(
        state
            .streams
            .listen(&Actor::of_member(member), claims)
            .is_none()
    );
}

#[actix_web::test]
async fn a_listener_gets_what_is_theirs_and_nothing_of_cases_they_may_not_see() {
    use futures_util::StreamExt;
    let (state, _dir) = township("2026-03-02T01:00:00Z");
    let case = handled(&state).await;
    let hidden = format!("/cases/{case}");
    let listener = listen(&state, Role::Court, "a");
    let start = {
        let actor = Actor::of_member(somebody(&state, Role::Court));
        let read = move |conn: &mut crate::db::Conn| stream::start(conn, &actor, None);
        state.db.read(read).await.unwrap()
    };
    say(&state, Role::Court, "一", "/").await;
    say(&state, Role::PoliceStation, "别人的", "/").await;
    say(&state, Role::Court, "看不到的", &hidden).await;
    say(&state, Role::Court, "二", "/").await;
    assert!(stream::look(&state).await.unwrap());
    assert!(
        !stream::look(&state).await.unwrap(),
        "nothing is handed out twice"
    );
    let mut body = Box::pin(stream::body(listener, start, state.clock.now()));
    let mut text = String::new();
    for _ in 0..3 {
        let frame = body.next().await.unwrap().unwrap();
        text.push_str(std::str::from_utf8(&frame).unwrap());
    }
    assert!(text.starts_with("retry: 3000\nid: "), "{text}");
    assert!(text.contains("\"一\"") && text.contains("\"二\""), "{text}");
    assert!(
        !text.contains("别人的") && !text.contains("看不到的"),
        "{text}"
    );
    state.streams.close();
    assert!(body.next().await.is_none(), "the server stops");
}

#[actix_web::test]
async fn old_notices_are_forgotten() {
    let (state, _dir) = township("2026-03-02T01:00:00Z");
    say(&state, Role::Court, "旧", "/").await;
    state.clock.advance(Duration::days(100));
    say(&state, Role::Court, "新", "/").await;
    state.clock.advance(Duration::days(81));
    assert!(Scheduler::new(state.clone()).tick().await);
    let left = state
        .db
        .read(|conn| store::of_all_after(conn, 0, 100))
        .await
        .unwrap();
    // Other rooms remind of their own that day.
    let titles = left.iter().map(|row| row.title.as_str());
    let titles: Vec<_> = titles
        .filter(|title| ["旧", "新"].contains(title))
        .collect();
    assert_eq!(titles, ["新"]);
}
