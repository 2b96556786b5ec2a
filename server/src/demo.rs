//! The demo township: made-up people in a database of their own.
//!
//! Each room makes its part, in a `demo` of its own, through its services: as one of the people of the
//! [`cast`], at a time of their own. So the rules hold, and timeline, notices and audit log are there.

pub(crate) mod cast;

use shared::account::User;
use shared::ids::{UnitId, UserId};
use shared::org::{TEMPLATE_SHORT_NAME, TEMPLATE_TOWNSHIP, TEMPLATE_VILLAGES, Unit, UnitKind};
use shared::role::Role;
use shared::setup::Template;
use shared::term::Term;

use self::cast::Cast;
use crate::account;
use crate::alert;
use crate::case;
use crate::context::RequestContext;
use crate::db::Conn;
use crate::notify;
use crate::publicity;
use crate::reception;
use crate::report;
use crate::satisfaction;
use crate::session::password;
use crate::settings;
use crate::setup;
use crate::state::State;
use crate::village_map;
use crate::visit;
use crate::{analysis, assessment};

/// Everybody's password. It guards nothing: the demo's people are made up, and its database is
/// never the real one.
pub const PASSWORD: &str = "pingchuan-2026";

/// Why the demo cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The passwords' hash.
    #[error(transparent)]
    Password(#[from] password::Error),
    /// A user of the demo that the rules refuse.
    #[error("demo user: {0}")]
    Account(String),
    /// Something of a room's demo that the rules refuse: a mistake in that file.
    #[error("demo {0}: {1}")]
    Room(&'static str, String),
    /// Loading was interrupted.
    #[error("上次演示数据没有装完。请删除 {0} 后重试。")]
    Unfinished(String),
    /// The database.
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// One user a role: user name is the role's code.
const STAFF: &[(Role, &str, &str, UnitKind)] = &[
    (
        Role::TownshipLeader,
        "陈建国",
        "镇党委副书记",
        UnitKind::Township,
    ),
    (
        Role::CoordinationOffice,
        "王秀英",
        "综治办主任",
        UnitKind::CoordinationOffice,
    ),
    (
        Role::VillageSecretary,
        "张得福",
        "村党支部书记",
        UnitKind::Village,
    ),
    (Role::GroupInformant, "李有田", "社信息员", UnitKind::Group),
    (
        Role::PoliceStation,
        "赵刚",
        "派出所副所长",
        UnitKind::PoliceStation,
    ),
    (Role::Court, "周明", "法庭审判员", UnitKind::Court),
    (
        Role::JusticeOffice,
        "孙丽",
        "司法所所长",
        UnitKind::JusticeOffice,
    ),
    (
        Role::ServiceCentre,
        "马兰",
        "窗口工作人员",
        UnitKind::ServiceCentre,
    ),
    (Role::Auditor, "何清", "监督员", UnitKind::Township),
    (
        Role::Administrator,
        "吴峰",
        "系统管理员",
        UnitKind::Township,
    ),
];

/// Secretaries of the other villages, for cases to go to.
const OTHER_SECRETARIES: &[&str] = &[
    "刘玉成",
    "杨春生",
    "黄志远",
    "郭自强",
    "罗永贵",
    "宋满仓",
    "韩兴旺",
    "曹万里",
];

/// The sign-ins to print: role, user name, password.
pub fn sign_ins() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    STAFF
        .iter()
        .map(|(role, ..)| (role.code(), role.code(), PASSWORD))
}

/// Loads the township, its staff and their cases if the database is empty.
///
/// # Errors
/// The database's own; or it was interrupted before, and what is there is no whole demo.
pub fn load(state: &State) -> Result<(), Error> {
    let loaded = |conn: &mut Conn| {
        Ok::<_, Error>((
            settings::store::demo_is_loaded(conn)?,
            account::store::is_empty(conn)?,
        ))
    };
    match state.db.read_blocking(loaded)? {
        (true, _) => return Ok(()),
        (false, false) => return Err(Error::Unfinished(state.config.database_url(true))),
        (false, true) => {}
    }
    load_staff(state)?;
    let cast = Cast::gather(state)?;
    let players = cast.clone();
    let cases = state
        .db
        .write_blocking(move |conn| case::demo::load(conn, &players))?;
    report::demo::load(state)?;
    let (readers, judges) = (cast.clone(), cast.clone());
    state.db.write_blocking(move |conn| {
        case::matter::demo::load(conn, &cast, &cases)?;
        visit::demo::load(conn, &cast, &cases)?;
        reception::demo::load(conn, &cast, &cases)?;
        alert::demo::load(conn, &cast, &cases)?;
        satisfaction::demo::load(conn, &cast, &cases)?;
        publicity::demo::load(conn, &cast)?;
        village_map::demo::load(conn, &cast)?;
        Ok::<_, Error>(notify::demo::load(conn, cast.minutes_ago(0))?)
    })?;
    let figures = state.figures.clone();
    state
        .db
        .write_blocking(move |conn| assessment::demo::load(conn, &judges, &figures))?;
    analysis::demo::load(state, &readers)?;
    Ok(state.db.write_blocking(settings::store::mark_demo_loaded)?)
}

/// Loads units and users, without cases.
pub(crate) fn load_staff(state: &State) -> Result<(), Error> {
    let hash = password::hash(PASSWORD)?;
    let context = RequestContext::local(&state.clock);
    state
        .db
        .write_blocking(move |conn| insert(conn, &context, &hash))?;
    state.directory.invalidate();
    Ok(())
}

fn insert(conn: &mut Conn, context: &RequestContext, hash: &str) -> Result<(), Error> {
    let mut units =
        setup::template::units(Template::Pingchuan, TEMPLATE_TOWNSHIP, TEMPLATE_SHORT_NAME);
    let users = staff(&units);
    for unit in &mut units {
        let first = |role| {
            users
                .iter()
                .find(|user| user.role == role)
                .map(|user| user.id.clone())
        };
        let own = users
            .iter()
            .find(|user| user.unit_id == unit.id && user.role.handles_cases());
        unit.responsible_user_id = own.map(|user| user.id.clone());
        if unit.kind == UnitKind::Village {
            unit.lead_user_id = first(Role::TownshipLeader);
        }
    }
    setup::service::insert_units(conn, context, &units)?;
    for user in &users {
        account::service::insert(conn, context, user, hash)
            .map_err(|error| Error::Account(error.to_string()))?;
    }
    Ok(())
}

fn staff(units: &[Unit]) -> Vec<User> {
    let first = |kind| {
        units
            .iter()
            .find(|unit| unit.kind == kind)
            .map(|unit| unit.id.clone())
    };
    let one_a_role = STAFF.iter().filter_map(|(role, name, duty, kind)| {
        Some(user(
            role.code().to_owned(),
            name,
            *role,
            duty,
            first(*kind)?,
        ))
    });
    let villages = units
        .iter()
        .filter(|unit| unit.kind == UnitKind::Village)
        .skip(1);
    let others = (2..)
        .zip(villages.zip(OTHER_SECRETARIES))
        .map(|(number, (village, name))| {
            let username = format!("{}_{number}", Role::VillageSecretary.code());
            user(
                username,
                name,
                Role::VillageSecretary,
                "村党支部书记",
                village.id.clone(),
            )
        });
    one_a_role.chain(others).collect()
}

fn user(username: String, name: &str, role: Role, duty: &str, unit_id: UnitId) -> User {
    User {
        id: UserId::new(crate::ids::new_id()),
        username,
        name: name.to_owned(),
        role,
        unit_id,
        duty: Some(duty.to_owned()),
        disabled: false,
        must_change_password: false,
        second_factor: false,
        service: false,
        version: 1,
        deputations_ended: None,
    }
}

const _: () = assert!(OTHER_SECRETARIES.len() + 1 == TEMPLATE_VILLAGES.len());

#[cfg(test)]
mod tests {
    use super::*;

    /// Loads it at an instant, and counts what there is of each.
    fn loaded_at(at: &str) -> Vec<i64> {
        use diesel::prelude::*;

        use crate::schema::{
            alerts, case_matters, missed_alerts, reception_comers, visit_promises,
        };
        let dir = tempfile::tempdir().unwrap();
        let flags = crate::config::Flags {
            data_dir: Some(dir.path().display().to_string()),
            ..Default::default()
        };
        let config = crate::config::Config::load(&flags).unwrap();
        let clock = crate::clock::Clock::manual(at.parse().unwrap());
        let today = clock.today();
        let state = State::open(config, clock, true).unwrap();
        load(&state).unwrap();
        let count = move |conn: &mut Conn| {
            let open = || visit_promises::table.filter(visit_promises::state.eq("open"));
            let counts = [
                visit_promises::table
                    .filter(visit_promises::state.eq("kept"))
                    .count()
                    .get_result(conn)?,
                open()
                    .filter(visit_promises::due_on.lt(today))
                    .count()
                    .get_result(conn)?,
                open()
                    .filter(visit_promises::due_on.ge(today))
                    .count()
                    .get_result(conn)?,
                reception_comers::table.count().get_result(conn)?,
                alerts::table
                    .filter(alerts::state.eq("closed"))
                    .filter(alerts::drill.eq(false))
                    .count()
                    .get_result(conn)?,
                alerts::table
                    .filter(alerts::drill.eq(true))
                    .count()
                    .get_result(conn)?,
                alerts::table
                    .filter(alerts::state.ne("closed"))
                    .count()
                    .get_result(conn)?,
                missed_alerts::table.count().get_result(conn)?,
                case_matters::table.count().get_result(conn)?,
            ];
            Ok::<_, diesel::result::Error>(counts.to_vec())
        };
        state.db.read_blocking(count).unwrap()
    }

    #[test]
    fn it_is_the_same_on_whatever_day_it_is_loaded() {
        for at in [
            // Just after midnight of a Monday in Shanghai.
            "2026-11-22T16:05:00Z",
            // The National Day holiday; a day on which it receives.
            "2026-10-04T02:00:00Z",
            "2026-03-10T02:00:00Z",
        ] {
            assert_eq!(loaded_at(at), [1, 1, 3, 5, 1, 1, 1, 1, 5], "{at}");
        }
    }

    #[test]
    fn every_role_has_a_sign_in_where_it_belongs() {
        let units =
            setup::template::units(Template::Pingchuan, TEMPLATE_TOWNSHIP, TEMPLATE_SHORT_NAME);
        let users = staff(&units);
        // The demo has no county.
        let roles = || Role::used(false);
        for role in roles() {
            let user = users
                .iter()
                .find(|user| user.username == role.code())
                .unwrap();
            let unit = units.iter().find(|unit| unit.id == user.unit_id).unwrap();
            assert!(role.belongs_in(unit.kind), "{role}");
        }
        assert_eq!(users.len(), roles().count() + OTHER_SECRETARIES.len());
        assert_eq!(sign_ins().count(), roles().count());
    }
}
