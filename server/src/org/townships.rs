//! `/townships`: another township below the county; and the county itself, which the command line puts above
//! the one township of an installation.

use actix_web::web;
use diesel::result::Error as DieselError;
use shared::access::{Action, Facts, can};
use shared::account::{InitialPassword, NewUser, User};
use shared::audit::AuditAction;
use shared::case::paper::PaperTexts;
use shared::ids::UnitId;
use shared::org::{Unit, UnitKind};
use shared::problem::Problem;
use shared::role::Role;
use shared::setup::{NewTownship, TownshipMade};
use shared::term::Term;
use shared::validate::Errors;

use super::{service, store};
use crate::account;
use crate::audit::{self, Entry};
use crate::auth::Actor;
use crate::context::RequestContext;
use crate::db::Conn;
use crate::error::ApiError;
use crate::idempotency::{self, Answer, Claim, IdempotencyKey, Made};
use crate::publicity;
use crate::session::password;
use crate::settings;
use crate::setup::template;
use crate::state::State;

/// The routes of this file.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/townships").route(web::post().to(create)));
}

/// The documents of this file's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(create))]
pub(crate) struct Docs;

/// Why there is no other township.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Unit(#[from] service::Error),
    #[error(transparent)]
    Account(#[from] account::service::Error),
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
            Error::Unit(error) => error.into(),
            Error::Account(error) => error.into(),
            Error::Conflict(why) => Self::conflict(why),
            Error::Idempotency(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}

/// 新建乡镇
///
/// 权限：县级系统管理员。建立乡镇、它的单位和第一位系统管理员；初始密码只在这次答复里。设置、工作日更正、
/// 期限规定和法律法规目录以县级的为底本。还没有县级的，先在服务器上执行 `xinfang admin create-county`。
#[utoipa::path(
    post, path = "/api/v1/townships", operation_id = "create_township", tag = "org",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = NewTownship,
    responses(
        (status = 201, body = TownshipMade), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn create(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    key: IdempotencyKey,
    input: web::Json<NewTownship>,
) -> Result<Answer, ApiError> {
    let directory = state.directory.current().await?;
    let kind = directory.unit(&actor.township_id).map(|unit| unit.kind);
    let above = kind.unwrap_or(UnitKind::Township);
    can(&actor, Action::ManageOrg, Facts::Townships(above))?;
    input.check().into_result()?;
    let claim = key.claim(&state, &actor, &context, "POST /townships", &input);
    let answer = make(&state, &context, actor, input.into_inner(), claim).await?;
    state.directory.invalidate();
    Ok(answer)
}

async fn make(
    state: &State,
    context: &RequestContext,
    actor: Actor,
    input: NewTownship,
    claim: Claim,
) -> Result<Answer, ApiError> {
    let initial_password = password::initial();
    let hash = state
        .sessions
        .passwords
        .hash(initial_password.clone())
        .await
        .map_err(ApiError::internal)?;
    let context = context.clone();
    let work = move |conn: &mut Conn| {
        claim.once(conn, |conn| {
            let (township, user) = insert(conn, &context, &actor.township_id, &input, &hash)?;
            let detail = format!("新建乡镇“{}”，系统管理员“{}”", township.name, user.name);
            let entry = Entry::new(AuditAction::OrgWrite, detail);
            audit::append(conn, &context, &actor, entry)?;
            let location = format!("/api/v1/org-units/{}", township.id);
            let made = TownshipMade {
                township,
                administrator: InitialPassword {
                    user,
                    initial_password,
                },
            };
            Ok::<_, Error>(Made::created(made, 1, location))
        })
    };
    Ok(state.db.write(work).await?)
}

/// Adds a township below the county, with its administrator.
fn insert(
    conn: &mut Conn,
    context: &RequestContext,
    county: &UnitId,
    input: &NewTownship,
    hash: &str,
) -> Result<(Unit, User), Error> {
    // Raising the counter locks its row: of two equal names at once, one waits and sees the other.
    crate::directory::touch(conn)?;
    let name = input.name.trim();
    let units = store::all(conn)?;
    let townships = || units.iter().filter(|unit| unit.kind == UnitKind::Township);
    if townships().any(|unit| unit.name == name) {
        return Err(service::invalid("name", "duplicate", "已有这个名称的乡镇。").into());
    }
    let short_name = input.short_name();
    service::check_short_name(conn, None, &short_name)?;
    let mut made = template::units(input.template, name, &short_name);
    let last = townships().map(|unit| unit.position).max().unwrap_or(0);
    let Some(township) = made.first_mut() else {
        return Err(DieselError::NotFound.into());
    };
    township.parent_id = Some(county.clone());
    township.position = last.saturating_add(1);
    let township = township.clone();
    for unit in &made {
        store::insert(conn, unit, context.now)?;
    }
    publicity::store::begin_library(conn, &township.id, Some(county))?;
    let user = administrator(&input.username, &input.administrator, &township);
    account::service::insert(conn, context, &user, hash)?;
    Ok((township, user))
}

fn administrator(username: &str, name: &str, unit: &Unit) -> User {
    account::service::user_of(NewUser {
        username: username.to_owned(),
        name: name.to_owned(),
        role: Role::Administrator,
        unit_id: unit.id.clone(),
        duty: None,
        service: false,
    })
}

/// A county above the townships that are there: what `xinfang admin create-county` asks for.
#[derive(Debug, Clone)]
pub(crate) struct NewCounty {
    /// Its name (`甘州区`).
    pub(crate) name: String,
    /// The user name of its administrator.
    pub(crate) username: String,
    /// The administrator's name.
    pub(crate) administrator: String,
}

impl NewCounty {
    /// What is wrong with the input by itself.
    pub(crate) fn check(&self) -> Errors {
        let mut errors = Errors::new();
        errors.text("name", "县级名称", &self.name, shared::org::MAX_UNIT_NAME);
        shared::account::check_username(&mut errors, &self.username);
        errors.text(
            "administrator",
            "管理员姓名",
            &self.administrator,
            shared::account::MAX_NAME,
        );
        errors
    }
}

/// Puts a county above the one township of an installation. Nothing of the township changes but what
/// stands above it; the county begins with a copy of its settings and of its library of laws, which
/// other townships begin with in turn.
pub(crate) fn put_county_above(
    conn: &mut Conn,
    context: &RequestContext,
    input: &NewCounty,
    hash: &str,
) -> Result<User, Error> {
    crate::directory::touch(conn)?;
    let units = store::all(conn)?;
    if units.iter().any(|unit| unit.kind == UnitKind::County) {
        return Err(Error::Conflict("已经有县级，不能再建。"));
    }
    let first = units
        .iter()
        .find(|unit| unit.kind == UnitKind::Township && unit.parent_id.is_none());
    let Some(first) = first else {
        return Err(Error::Conflict("还没有乡镇，请先完成初始设置。"));
    };
    let county = Unit {
        id: UnitId::new(crate::ids::new_id()),
        parent_id: None,
        kind: UnitKind::County,
        name: input.name.trim().to_owned(),
        short_name: None,
        responsible_user_id: None,
        lead_user_id: None,
        position: 1,
        closed: false,
        merged_into: None,
        merged_on: None,
        former_names: Vec::new(),
        version: 1,
    };
    let general = settings::store::written(conn)?.own(first.id.as_str(), None);
    store::insert(conn, &county, context.now)?;
    store::put_below(conn, &first.id, &county.id, context.now)?;
    settings::store::set_general(conn, &first.id, &general, context.now)?;
    let general = settings::store::General {
        version: 1,
        // It words nothing yet: what the township says of itself is not the county's.
        papers: PaperTexts::default(),
        ..general
    };
    settings::store::set_general(conn, &county.id, &general, context.now)?;
    publicity::store::begin_library(conn, &county.id, Some(&first.id))?;
    let user = administrator(&input.username, &input.administrator, &county);
    account::service::insert(conn, context, &user, hash)?;
    let detail = format!(
        "命令行建立{}“{}”，{}“{}”在它之下；县级系统管理员“{}”",
        county.kind.label(),
        county.name,
        first.kind.label(),
        first.name,
        user.name
    );
    let entry = Entry::new(AuditAction::OrgWrite, detail);
    audit::append_of(conn, context, Some(&county.id), Some("命令行"), entry)?;
    Ok(user)
}
