//! The demo township: made-up people in a database of their own.

use shared::account::User;
use shared::ids::{UnitId, UserId};
use shared::org::{TEMPLATE_SHORT_NAME, TEMPLATE_TOWNSHIP, TEMPLATE_VILLAGES, Unit, UnitKind};
use shared::role::Role;
use shared::setup::Template;
use shared::term::Term;

use crate::account;
use crate::case;
use crate::context::RequestContext;
use crate::db::Conn;
use crate::report;
use crate::session::password;
use crate::settings;
use crate::setup;
use crate::state::State;

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
    /// A case of the demo that the rules refuse.
    #[error(transparent)]
    Cases(#[from] case::demo::DemoError),
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
    case::demo::load(state)?;
    report::demo::load(state)?;
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
        let own = users.iter().find(|user| {
            user.unit_id == unit.id && !matches!(user.role, Role::Auditor | Role::Administrator)
        });
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
        version: 1,
    }
}

const _: () = assert!(OTHER_SECRETARIES.len() + 1 == TEMPLATE_VILLAGES.len());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_a_sign_in_where_it_belongs() {
        let units =
            setup::template::units(Template::Pingchuan, TEMPLATE_TOWNSHIP, TEMPLATE_SHORT_NAME);
        let users = staff(&units);
        for role in Role::ALL {
            let user = users
                .iter()
                .find(|user| user.username == role.code())
                .unwrap();
            let unit = units.iter().find(|unit| unit.id == user.unit_id).unwrap();
            assert!(role.belongs_in(unit.kind), "{role}");
        }
        assert_eq!(users.len(), Role::ALL.len() + OTHER_SECRETARIES.len());
        assert_eq!(sign_ins().count(), Role::ALL.len());
    }
}
