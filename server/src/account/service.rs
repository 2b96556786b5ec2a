//! What may be done with users.

use actix_web::http::StatusCode;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use shared::access::{Action, Denied, Facts, can};
use shared::account::{Colleague, InitialPassword, MAX_NAME, MadeUser, NewUser, User, UserPatch};
use shared::audit::AuditAction;
use shared::ids::{UnitId, UserId};
use shared::org::{Unit, UnitKind};
use shared::page::Page;
use shared::problem::FieldError;
use shared::role::Role;
use shared::term::Term;
use shared::validate::Errors;

use super::store;
use crate::audit::{self, Entry};
use crate::auth::Actor;
use crate::context::RequestContext;
use crate::db::Conn;
use crate::deputy;
use crate::directory::{Member, Snapshot};
use crate::error::ApiError;
use crate::idempotency::{self, Answer, Claim, Made};
use crate::page::{PageQuery, cursor};
use crate::session::{password, store as sessions};
use crate::state::State;

/// Why a program's account gets no password.
pub(crate) const NO_PASSWORD: &str = "程序账号没有密码，请新建令牌。";

/// Why a user is not as wished.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("invalid fields")]
    Invalid(Vec<FieldError>),
    #[error("no such user")]
    Unknown,
    #[error("changed since it was read")]
    Stale,
    #[error("{0}")]
    Conflict(&'static str),
    #[error("{0}")]
    Request(ApiError),
    #[error(transparent)]
    Password(#[from] password::Error),
    #[error(transparent)]
    Idempotency(#[from] idempotency::Error),
    #[error(transparent)]
    Database(#[from] DieselError),
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(denied) => denied.into(),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::Unknown => Self::not_found(),
            Error::Stale => Self::stale(),
            Error::Conflict(why) => Self::conflict(why),
            Error::Request(error) => error,
            Error::Password(error) => Self::internal(error),
            Error::Idempotency(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}

/// The users of the administrator's township, by user name.
pub(super) async fn list(
    state: &State,
    actor: &Actor,
    query: &PageQuery,
    words: Option<&str>,
) -> Result<Page<User>, Error> {
    can(actor, Action::ManageUsers, Facts::None)?;
    let limit = usize::try_from(query.limit().map_err(Error::Request)?).unwrap_or(usize::MAX);
    let after: Option<String> = query.after().map_err(Error::Request)?;
    let directory = state.directory.current().await?;
    let words = words.unwrap_or_default().trim().to_lowercase();
    let mut users: Vec<&User> = directory
        .members()
        .filter(|member| can(actor, Action::ManageUsers, Facts::User(&member.access)).is_ok())
        .map(|member| &member.user)
        .filter(|user| {
            user.name.contains(&words) || store::username_key(&user.username).contains(&words)
        })
        .collect();
    users.sort_by_cached_key(|user| store::username_key(&user.username));
    let total = users.len();
    let rest = users.into_iter().filter(|user| {
        after
            .as_ref()
            .is_none_or(|after| store::username_key(&user.username) > *after)
    });
    let mut items: Vec<User> = rest.take(limit + 1).cloned().collect();
    let more = items.len() > limit;
    items.truncate(limit);
    let last = items.last().filter(|_| more);
    Ok(Page {
        next_cursor: last.map(|user| cursor(&store::username_key(&user.username))),
        total: u64::try_from(total).unwrap_or_default(),
        items,
    })
}

/// Those of the same township to whom something can be assigned, by unit and name.
pub(super) async fn colleagues(state: &State, actor: &Actor) -> Result<Vec<Colleague>, Error> {
    can(actor, Action::ViewColleagues, Facts::None)?;
    let directory = state.directory.current().await?;
    Ok(colleagues_of(actor, &directory))
}

/// The colleagues of somebody, for forms.
pub(crate) fn colleagues_of(actor: &Actor, directory: &Snapshot) -> Vec<Colleague> {
    let mut colleagues: Vec<Colleague> = directory
        .members()
        .filter(|member| member.user.is_active_person())
        .filter(|member| member.access.township_id == actor.township_id)
        .map(|member| Colleague {
            id: member.user.id.clone(),
            name: member.user.name.clone(),
            role: member.user.role,
            unit_id: member.user.unit_id.clone(),
            duty: member.user.duty.clone(),
        })
        .collect();
    colleagues.sort_by(|a, b| (&a.unit_id, &a.name, &a.id).cmp(&(&b.unit_id, &b.name, &b.id)));
    colleagues
}

/// One user of the administrator's township.
pub(super) async fn get(state: &State, actor: &Actor, id: &UserId) -> Result<User, Error> {
    can(actor, Action::ManageUsers, Facts::None)?;
    let directory = state.directory.current().await?;
    Ok(managed(&directory, actor, id)?.user.clone())
}

/// The user, if the administrator manages them.
pub(crate) fn managed<'a>(
    directory: &'a Snapshot,
    actor: &Actor,
    id: &UserId,
) -> Result<&'a Member, Error> {
    let member = directory.member(id).ok_or(Error::Unknown)?;
    can(actor, Action::ManageUsers, Facts::User(&member.access))?;
    Ok(member)
}

/// Adds a user with an initial password; a program gets none.
pub(super) async fn create(
    state: &State,
    context: &RequestContext,
    actor: Actor,
    input: NewUser,
    claim: Claim,
) -> Result<Answer, Error> {
    can(&actor, Action::ManageUsers, Facts::None)?;
    let directory = state.directory.current().await?;
    let mut errors = input.check();
    check_place(&mut errors, &directory, &actor, input.role, &input.unit_id);
    errors.into_result().map_err(Error::Invalid)?;
    let initial_password = (!input.service).then(password::initial);
    let hash = match &initial_password {
        Some(initial) => state.sessions.passwords.hash(initial.clone()).await?,
        None => password::NOBODY.to_owned(),
    };
    let user = user_of(input);
    let context = context.clone();
    let work = move |conn: &mut Conn| {
        claim.once(conn, |conn| {
            insert(conn, &context, &user, &hash)?;
            let what = if user.service {
                "程序账号"
            } else {
                "用户"
            };
            let detail = format!("新增{what}“{}”（{}）", user.name, user.role.label());
            audit::append(
                conn,
                &context,
                &actor,
                Entry::new(AuditAction::UserWrite, detail),
            )?;
            let location = format!("/api/v1/users/{}", user.id);
            Ok::<_, Error>(Made::created(
                MadeUser {
                    user,
                    initial_password,
                },
                1,
                location,
            ))
        })
    };
    let answer = state.db.write(work).await?;
    state.directory.invalidate();
    Ok(answer)
}

/// The user that the input describes, with an initial password to be changed where it is a person.
pub(crate) fn user_of(input: NewUser) -> User {
    User {
        id: UserId::new(crate::ids::new_id()),
        username: input.username.trim().to_owned(),
        name: input.name.trim().to_owned(),
        role: input.role,
        unit_id: input.unit_id,
        duty: input.duty.as_deref().and_then(filled),
        disabled: false,
        must_change_password: !input.service,
        second_factor: false,
        service: input.service,
        version: 1,
        deputations_ended: None,
    }
}

/// Adds a user as it is; a name that is taken is a field error.
pub(crate) fn insert(
    conn: &mut Conn,
    context: &RequestContext,
    user: &User,
    password_hash: &str,
) -> Result<(), Error> {
    let taken = || {
        let mut errors = Errors::new();
        errors.add("username", "taken", "这个用户名已被使用。");
        Error::Invalid(errors.into_vec())
    };
    if store::by_username(conn, &user.username)?.is_some() {
        return Err(taken());
    }
    store::insert(conn, user, password_hash, context.now).map_err(|error| match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => taken(),
        other => other.into(),
    })
}

/// The unit must be of the administrator's township, in use, and one where the role has work.
fn check_place(
    errors: &mut Errors,
    directory: &Snapshot,
    actor: &Actor,
    role: Role,
    unit_id: &UnitId,
) {
    let top = directory.unit(&actor.township_id);
    let county = top.is_some_and(|unit| unit.kind == UnitKind::County);
    let there = |unit: &&Unit| {
        let own = !county || role.is_given_in(unit.kind, county);
        own && directory.is_within(&unit.id, &actor.township_id)
    };
    match directory.unit(unit_id).filter(there) {
        None => errors.add("unit_id", "unknown", "请选择本辖区内的单位。"),
        Some(unit) if unit.closed => errors.add("unit_id", "closed", "这个单位已停用。"),
        Some(unit) if !role.belongs_in(unit.kind) => {
            let message = format!("{}不能设在{}。", role.label(), unit.kind.label());
            errors.add("unit_id", "misplaced", message);
        }
        Some(_) => {}
    }
}

/// Changes a user.
pub(super) async fn change(
    state: &State,
    context: &RequestContext,
    actor: Actor,
    id: UserId,
    seen: i64,
    patch: UserPatch,
) -> Result<Answer, Error> {
    can(&actor, Action::ManageUsers, Facts::None)?;
    let directory = state.directory.current().await?;
    let before = managed(&directory, &actor, &id)?;
    check_patch(&directory, &actor, &before.user, &patch)?;
    let context = context.clone();
    let township = before.access.township_id.clone();
    let in_township: Vec<UserId> = directory
        .members()
        .filter(|member| member.access.township_id == township)
        .map(|member| member.user.id.clone())
        .collect();
    let user = state
        .db
        .write(move |conn| {
            let user = update(conn, &context, &actor, &id, seen, patch)?;
            check_administrator_left(conn, &in_township)?;
            Ok::<_, Error>(user)
        })
        .await?;
    state.directory.invalidate();
    let version = user.version;
    Ok(Answer::of(Made::changed(user, version))?)
}

fn check_patch(
    directory: &Snapshot,
    actor: &Actor,
    before: &User,
    patch: &UserPatch,
) -> Result<(), Error> {
    let mut errors = Errors::new();
    if let Some(name) = &patch.name {
        errors.text("name", "姓名", name, MAX_NAME);
    }
    errors.length(
        "duty",
        "职务",
        patch.duty.as_deref().unwrap_or(""),
        MAX_NAME,
    );
    if patch.role.is_some() || patch.unit_id.is_some() {
        let role = patch.role.unwrap_or(before.role);
        let unit_id = patch.unit_id.as_ref().unwrap_or(&before.unit_id);
        check_place(&mut errors, directory, actor, role, unit_id);
    }
    errors.into_result().map_err(Error::Invalid)
}

fn update(
    conn: &mut Conn,
    context: &RequestContext,
    actor: &Actor,
    id: &UserId,
    seen: i64,
    patch: UserPatch,
) -> Result<User, Error> {
    let mut user = store::one(conn, id)?.ok_or(Error::Unknown)?;
    if user.version != seen {
        return Err(Error::Stale);
    }
    let mut detail = describe(&user, &patch);
    let disabling = patch.disabled == Some(true) && !user.disabled;
    let moving = patch.role.is_some_and(|role| role != user.role)
        || patch
            .unit_id
            .as_ref()
            .is_some_and(|unit| *unit != user.unit_id);
    if let Some(name) = patch.name {
        user.name = name.trim().to_owned();
    }
    if let Some(duty) = patch.duty {
        user.duty = filled(&duty);
    }
    user.role = patch.role.unwrap_or(user.role);
    user.unit_id = patch.unit_id.unwrap_or(user.unit_id);
    user.disabled = patch.disabled.unwrap_or(user.disabled);
    user.version = seen.saturating_add(1);
    if !store::update(conn, &user, seen, context.now)? {
        return Err(Error::Stale);
    }
    if disabling {
        sessions::end_all(conn, id.as_str(), None, "disabled", context.now)?;
    }
    if disabling || moving {
        let ended = deputy::service::end_all(conn, context, id)?;
        if ended > 0 {
            user.deputations_ended = Some(ended);
            detail.push_str(&format!("；同时结束临时代理{ended}项"));
        }
    }
    audit::append(
        conn,
        context,
        actor,
        Entry::new(AuditAction::UserWrite, detail),
    )?;
    Ok(user)
}

/// What changes, for the audit log.
fn describe(before: &User, patch: &UserPatch) -> String {
    let mut what = Vec::new();
    if patch.name.is_some() {
        what.push("姓名".to_owned());
    }
    if let Some(role) = patch.role.filter(|role| *role != before.role) {
        what.push(format!("角色由{}改为{}", before.role.label(), role.label()));
    }
    if patch
        .unit_id
        .as_ref()
        .is_some_and(|unit| *unit != before.unit_id)
    {
        what.push("单位".to_owned());
    }
    if patch.duty.is_some() {
        what.push("职务".to_owned());
    }
    match patch.disabled {
        Some(true) if !before.disabled => what.push("停用".to_owned()),
        Some(false) if before.disabled => what.push("启用".to_owned()),
        _ => {}
    }
    format!("修改用户“{}”：{}", before.name, what.join("、"))
}

/// A township without an administrator could not be looked after any more.
fn check_administrator_left(conn: &mut Conn, in_township: &[UserId]) -> Result<(), Error> {
    let users = store::all(conn)?;
    let left = users.iter().any(|(user, _)| {
        user.role == Role::Administrator
            && user.is_active_person()
            && in_township.contains(&user.id)
    });
    if left {
        Ok(())
    } else {
        Err(Error::Conflict("至少要保留一名在用的系统管理员。"))
    }
}

/// Gives a user a new initial password and ends their sessions.
pub(super) async fn reset_password(
    state: &State,
    context: &RequestContext,
    actor: Actor,
    id: UserId,
    claim: Claim,
) -> Result<Answer, Error> {
    can(&actor, Action::ManageUsers, Facts::None)?;
    let directory = state.directory.current().await?;
    if managed(&directory, &actor, &id)?.user.service {
        return Err(Error::Conflict(NO_PASSWORD));
    }
    if id == actor.user_id {
        return Err(Error::Conflict("请用“修改密码”更改自己的密码。"));
    }
    let initial_password = password::initial();
    let hash = state
        .sessions
        .passwords
        .hash(initial_password.clone())
        .await?;
    let context = context.clone();
    let work = move |conn: &mut Conn| {
        claim.once(conn, |conn| {
            store::set_password(conn, id.as_str(), &hash, true, context.now)?;
            sessions::end_all(conn, id.as_str(), None, "password", context.now)?;
            let user = store::one(conn, &id)?.ok_or(Error::Unknown)?;
            let detail = format!("重置用户“{}”的密码", user.name);
            audit::append(
                conn,
                &context,
                &actor,
                Entry::new(AuditAction::Password, detail),
            )?;
            let reset = InitialPassword {
                user,
                initial_password,
            };
            Ok::<_, Error>(Made::plain(reset, StatusCode::OK))
        })
    };
    let answer = state.db.write(work).await?;
    state.directory.invalidate();
    Ok(answer)
}

fn filled(text: &str) -> Option<String> {
    Some(text.trim())
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}
