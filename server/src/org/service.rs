//! What may be done with units.

use diesel::result::Error as DieselError;
use shared::access::{Action, Denied, Facts, can};
use shared::audit::AuditAction;
use shared::ids::{UnitId, UserId};
use shared::org::{MAX_UNIT_NAME, NewUnit, Unit, UnitKind, UnitPatch};
use shared::problem::FieldError;
use shared::term::Term;
use shared::validate::Errors;

use super::store;
use crate::audit::{self, Entry};
use crate::auth::Actor;
use crate::case;
use crate::context::RequestContext;
use crate::db::Conn;
use crate::directory::Snapshot;
use crate::error::ApiError;
use crate::idempotency::{self, Answer, Claim, Made};
use crate::state::State;

/// Why a unit is not as wished.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("invalid fields")]
    Invalid(Vec<FieldError>),
    #[error("no such unit")]
    Unknown,
    #[error("changed since it was read")]
    Stale,
    #[error("{0}")]
    Conflict(&'static str),
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
            Error::Idempotency(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}

/// The units that the caller may see: their township's, and those above it.
pub(super) async fn list(state: &State, actor: &Actor) -> Result<Vec<Unit>, Error> {
    can(actor, Action::ViewOrg, Facts::None)?;
    let directory = state.directory.current().await?;
    Ok(seen_by(actor, &directory))
}

/// The units that somebody sees.
pub(crate) fn seen_by(actor: &Actor, directory: &Snapshot) -> Vec<Unit> {
    let units = directory
        .units()
        .iter()
        .filter(|unit| sees(actor, directory, &unit.id));
    units.cloned().collect()
}

/// One of them.
pub(super) async fn get(state: &State, actor: &Actor, id: &UnitId) -> Result<Unit, Error> {
    can(actor, Action::ViewOrg, Facts::None)?;
    let directory = state.directory.current().await?;
    let unit = directory
        .unit(id)
        .filter(|unit| sees(actor, &directory, &unit.id));
    unit.cloned().ok_or(Error::Unknown)
}

fn sees(actor: &Actor, directory: &Snapshot, unit: &UnitId) -> bool {
    directory.is_within(unit, &actor.township_id) || actor.unit_chain.contains(unit)
}

/// Adds a unit.
pub(super) async fn create(
    state: &State,
    context: &RequestContext,
    actor: Actor,
    input: NewUnit,
    claim: Claim,
) -> Result<Answer, Error> {
    can(&actor, Action::ManageOrg, Facts::None)?;
    let directory = state.directory.current().await?;
    check_new(&directory, &actor, &input)?;
    let context = context.clone();
    let answer = state
        .db
        .write(move |conn| claim.once(conn, |conn| insert(conn, &context, &actor, input)))
        .await?;
    state.directory.invalidate();
    Ok(answer)
}

fn insert(
    conn: &mut Conn,
    context: &RequestContext,
    actor: &Actor,
    input: NewUnit,
) -> Result<Made<Unit>, Error> {
    // Raising the counter locks its row: of two equal names at once, one waits and sees the other.
    crate::directory::touch(conn)?;
    let sisters = store::all(conn)?;
    let sisters = || {
        sisters
            .iter()
            .filter(|unit| unit.parent_id == input.parent_id)
    };
    let name = input.name.trim();
    if sisters().any(|sister| sister.name == name) {
        return Err(invalid("name", "duplicate", "上级单位下已有同名单位。"));
    }
    let unit = Unit {
        id: UnitId::new(crate::ids::new_id()),
        position: sisters()
            .map(|unit| unit.position)
            .max()
            .unwrap_or(0)
            .saturating_add(1),
        name: name.to_owned(),
        parent_id: input.parent_id,
        kind: input.kind,
        short_name: input.short_name.as_deref().and_then(filled),
        responsible_user_id: input.responsible_user_id,
        lead_user_id: input.lead_user_id,
        closed: false,
        merged_into: None,
        merged_on: None,
        former_names: Vec::new(),
        version: 1,
    };
    store::insert(conn, &unit, context.now)?;
    let detail = format!("新增{}“{}”", unit.kind.label(), unit.name);
    audit::append(
        conn,
        context,
        actor,
        Entry::new(AuditAction::OrgWrite, detail),
    )?;
    let location = format!("/api/v1/org-units/{}", unit.id);
    Ok(Made::created(unit, 1, location))
}

fn check_new(directory: &Snapshot, actor: &Actor, input: &NewUnit) -> Result<(), Error> {
    let mut errors = input.check();
    let parent = input.parent_id.as_ref().and_then(|id| directory.unit(id));
    match parent.filter(|parent| directory.township_of(&parent.id) == actor.township_id) {
        None => errors.add("parent_id", "unknown", "请选择本辖区内的上级单位。"),
        Some(parent) if parent.closed => {
            errors.add("parent_id", "closed", "上级单位已停用。");
        }
        Some(_) if input.kind == UnitKind::Township => {
            errors.add("kind", "misplaced", "乡镇请用“新建乡镇”建立。");
        }
        Some(parent) if !input.kind.fits_below(Some(parent.kind)) => {
            let message = format!(
                "{}不能设在{}之下。",
                input.kind.label(),
                parent.kind.label()
            );
            errors.add("kind", "misplaced", message);
        }
        Some(_) => {}
    }
    check_person(
        &mut errors,
        directory,
        actor,
        "responsible_user_id",
        &input.responsible_user_id,
    );
    check_person(
        &mut errors,
        directory,
        actor,
        "lead_user_id",
        &input.lead_user_id,
    );
    errors.into_result().map_err(Error::Invalid)
}

/// A person named in a unit must be one of the same township who may sign in.
fn check_person(
    errors: &mut Errors,
    directory: &Snapshot,
    actor: &Actor,
    field: &str,
    id: &Option<UserId>,
) {
    let Some(id) = id.as_ref().filter(|id| !id.as_str().is_empty()) else {
        return;
    };
    let member = directory
        .member(id)
        .filter(|member| member.user.is_active_person());
    if member.is_none_or(|member| member.access.township_id != actor.township_id) {
        errors.add(field, "unknown", "请选择本辖区内的在用用户。");
    }
}

/// Changes a unit.
pub(super) async fn change(
    state: &State,
    context: &RequestContext,
    actor: Actor,
    id: UnitId,
    seen: i64,
    patch: UnitPatch,
) -> Result<Answer, Error> {
    can(&actor, Action::ManageOrg, Facts::None)?;
    let directory = state.directory.current().await?;
    let unit = directory.unit(&id).ok_or(Error::Unknown)?;
    let township = directory.township_of(&id);
    can(&actor, Action::ManageOrg, Facts::Unit(&township, unit.kind))?;
    check_patch(&directory, &actor, &id, &patch)?;
    let context = context.clone();
    let unit = state
        .db
        .write(move |conn| update(conn, &context, &actor, &id, seen, patch))
        .await?;
    state.directory.invalidate();
    let version = unit.version;
    Ok(Answer::of(Made::changed(unit, version))?)
}

fn check_patch(
    directory: &Snapshot,
    actor: &Actor,
    id: &UnitId,
    patch: &UnitPatch,
) -> Result<(), Error> {
    let mut errors = Errors::new();
    if let Some(name) = &patch.name {
        errors.text("name", "单位名称", name, MAX_UNIT_NAME);
    }
    if let Some(short_name) = &patch.short_name {
        let is_township = directory
            .unit(id)
            .is_some_and(|unit| unit.kind == UnitKind::Township);
        if is_township {
            errors.text("short_name", "乡镇简称", short_name, MAX_UNIT_NAME);
        } else {
            errors.length("short_name", "简称", short_name, MAX_UNIT_NAME);
        }
    }
    check_person(
        &mut errors,
        directory,
        actor,
        "responsible_user_id",
        &patch.responsible_user_id,
    );
    check_person(
        &mut errors,
        directory,
        actor,
        "lead_user_id",
        &patch.lead_user_id,
    );
    errors.into_result().map_err(Error::Invalid)
}

fn update(
    conn: &mut Conn,
    context: &RequestContext,
    actor: &Actor,
    id: &UnitId,
    seen: i64,
    patch: UnitPatch,
) -> Result<Unit, Error> {
    let mut unit = store::one(conn, id)?.ok_or(Error::Unknown)?;
    if unit.version != seen {
        return Err(Error::Stale);
    }
    if unit.merged_into.is_some() {
        return Err(Error::Conflict(
            "已并入其他单位的单位只作留存，不能再修改或恢复使用。",
        ));
    }
    let renamed = patch.name.as_deref().map(str::trim);
    if renamed.is_some_and(|name| name != unit.name) {
        store::keep_name(conn, &unit, context.today())?;
        unit.former_names = store::one(conn, id)?.map_or_else(Vec::new, |unit| unit.former_names);
    }
    let closing = patch.closed == Some(true) && !unit.closed;
    if closing {
        check_can_close(conn, &unit)?;
    }
    if let Some(short_name) = &patch.short_name
        && unit.kind == UnitKind::Township
    {
        check_short_name(conn, Some(&unit.id), short_name.trim())?;
    }
    apply(&mut unit, patch);
    unit.version = seen.saturating_add(1);
    if !store::update(conn, &unit, seen, context.now)? {
        return Err(Error::Stale);
    }
    let verb = if closing { "停用" } else { "修改" };
    let detail = format!("{verb}{}“{}”", unit.kind.label(), unit.name);
    audit::append(
        conn,
        context,
        actor,
        Entry::new(AuditAction::OrgWrite, detail),
    )?;
    Ok(unit)
}

fn check_can_close(conn: &mut Conn, unit: &Unit) -> Result<(), Error> {
    if matches!(unit.kind, UnitKind::Township | UnitKind::County) {
        return Err(Error::Conflict("乡镇和县不能停用。"));
    }
    let units = store::all(conn)?;
    if units
        .iter()
        .any(|below| below.parent_id.as_ref() == Some(&unit.id) && !below.closed)
    {
        return Err(Error::Conflict(
            "这个单位下面还有在用的单位，请先停用它们。",
        ));
    }
    if store::has_active_users(conn, &unit.id)? {
        return Err(Error::Conflict(
            "这个单位还有在用的用户，请先调整或停用他们。",
        ));
    }
    Ok(())
}

/// Numbers are told apart by the short names that they begin with: no other township may have this one,
/// or have numbers of it from before.
pub(super) fn check_short_name(
    conn: &mut Conn,
    own: Option<&UnitId>,
    short_name: &str,
) -> Result<(), Error> {
    let taken = store::all(conn)?.iter().any(|unit| {
        Some(&unit.id) != own
            && unit.kind == UnitKind::Township
            && unit.short_name.as_deref() == Some(short_name)
    });
    if taken || case::store::has_numbers_of(conn, own, short_name)? {
        return Err(invalid(
            "short_name",
            "taken",
            "另一个乡镇的事项编号用这个简称，请换一个。",
        ));
    }
    Ok(())
}

fn apply(unit: &mut Unit, patch: UnitPatch) {
    if let Some(name) = patch.name {
        unit.name = name.trim().to_owned();
    }
    if let Some(short_name) = patch.short_name {
        unit.short_name = filled(&short_name);
    }
    // An empty id clears.
    if let Some(id) = patch.responsible_user_id {
        unit.responsible_user_id = Some(id).filter(|id| !id.as_str().is_empty());
    }
    if let Some(id) = patch.lead_user_id {
        unit.lead_user_id = Some(id).filter(|id| !id.as_str().is_empty());
    }
    unit.position = patch.position.unwrap_or(unit.position);
    unit.closed = patch.closed.unwrap_or(unit.closed);
}

pub(super) fn filled(text: &str) -> Option<String> {
    Some(text.trim())
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

pub(super) fn invalid(field: &str, code: &str, message: &str) -> Error {
    let mut errors = Errors::new();
    errors.add(field, code, message);
    Error::Invalid(errors.into_vec())
}

/// Renames a unit, for the settings; the caller has asked for permission and notes it.
pub(crate) fn rename(
    conn: &mut Conn,
    context: &RequestContext,
    id: &UnitId,
    name: &str,
) -> Result<(), Error> {
    let mut unit = store::one(conn, id)?.ok_or(Error::Unknown)?;
    let seen = unit.version;
    if unit.name != name {
        store::keep_name(conn, &unit, context.today())?;
    }
    unit.name = name.to_owned();
    unit.version = seen.saturating_add(1);
    if store::update(conn, &unit, seen, context.now)? {
        Ok(())
    } else {
        Err(Error::Stale)
    }
}
