//! `/categories`: the two levels of the category, the second as the township has it. Nothing is ever taken
//! away: what is out of use is still named on old cases.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use diesel::result::Error as DieselError;
use shared::access::{Action, Denied, Facts, can};
use shared::audit::AuditAction;
use shared::case::category::{Categories, NewSubcategory, SubcategoryEntry, SubcategoryPatch};
use shared::ids::SubcategoryCode;
use shared::problem::{FieldError, Problem};
use shared::term::Term;

use super::store::{self, General};
use crate::audit::{self, Entry};
use crate::auth::Actor;
use crate::context::RequestContext;
use crate::db::Conn;
use crate::error::ApiError;
use crate::extract::{IfMatch, etag};
use crate::idempotency::{self, Answer, Claim, IdempotencyKey, Made};
use crate::state::State;

/// The routes of this file.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/categories")
                .route(web::get().to(list))
                .route(web::post().to(add)),
        )
        .service(web::resource("/categories/{code}").route(web::patch().to(change)));
}

/// The documents of this file's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, add, change))]
pub(crate) struct Docs;

/// Why a second level is not as wished.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("invalid fields")]
    Invalid(Vec<FieldError>),
    #[error("changed since it was read")]
    Stale,
    #[error("there is none")]
    Unknown,
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
            Error::Stale => Self::stale(),
            Error::Unknown => Self::not_found(),
            Error::Idempotency(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}

/// 类型和细类
///
/// 任何已登录用户。一级类型各处相同；细类按本乡镇的：程序自带的（可以改名、停用）和自己增加的（`own`）。
/// 停用的也在，旧事项还用它的名称。
#[utoipa::path(
    get, path = "/api/v1/categories", operation_id = "list_categories", tag = "settings",
    responses((status = 200, body = Categories), (status = 401, body = Problem)),
    security(("bearer" = [])),
)]
async fn list(actor: Actor, state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    let directory = state.directory.current().await?;
    let categories = directory.general(&actor.township_id).categories();
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(categories.version)))
        .json(categories))
}

/// 增加细类
///
/// 权限：系统管理员。在一个一级类型下增加本乡镇自己的细类，名称不能与同类型的重复（停用的也算）。
#[utoipa::path(
    post, path = "/api/v1/categories", operation_id = "add_category", tag = "settings",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = NewSubcategory,
    responses(
        (status = 201, body = SubcategoryEntry), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn add(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    key: IdempotencyKey,
    input: web::Json<NewSubcategory>,
) -> Result<Answer, ApiError> {
    can(&actor, Action::ManageSettings, Facts::None)?;
    let claim = key.claim(&state, &actor, &context, "POST /categories", &input);
    let input = input.into_inner();
    let work = move |conn: &mut Conn| insert(conn, &context, &actor, input, claim);
    let answer = state.db.write(work).await?;
    state.directory.invalidate();
    Ok(answer)
}

/// 修改细类
///
/// 权限：系统管理员。改名、停用或恢复使用；`If-Match` 是类型表的版本。改名后旧事项上也显示新名称；
/// 停用的不再供选择。“其他”每个类型都要有，不能改。
#[utoipa::path(
    patch, path = "/api/v1/categories/{code}", operation_id = "change_category", tag = "settings",
    params(
        ("code" = String, Path, description = "细类代码"),
        ("If-Match" = String, Header),
    ),
    request_body = SubcategoryPatch,
    responses(
        (status = 200, body = Categories), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem),
        (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn change(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    path: web::Path<String>,
    IfMatch(seen): IfMatch,
    patch: web::Json<SubcategoryPatch>,
) -> Result<Answer, ApiError> {
    can(&actor, Action::ManageSettings, Facts::None)?;
    let (code, patch) = (SubcategoryCode::new(path.into_inner()), patch.into_inner());
    let work = move |conn: &mut Conn| update(conn, &context, &actor, seen, &code, patch);
    let categories = state.db.write(work).await?;
    state.directory.invalidate();
    let version = categories.version;
    Ok(Answer::of(Made::changed(categories, version))?)
}

fn write(
    conn: &mut Conn,
    context: &RequestContext,
    actor: &Actor,
    mut general: General,
    what: String,
) -> Result<Categories, Error> {
    general.version = general.version.saturating_add(1);
    store::set_general(conn, &actor.township_id, &general, context.now)?;
    audit::append(
        conn,
        context,
        actor,
        Entry::new(AuditAction::SettingWrite, what),
    )?;
    Ok(general.categories())
}

fn insert(
    conn: &mut Conn,
    context: &RequestContext,
    actor: &Actor,
    input: NewSubcategory,
    claim: Claim,
) -> Result<Answer, Error> {
    claim.once(conn, |conn| {
        let mut general = store::to_change(conn, actor)?;
        let errors = input.check(&general.categories());
        errors.into_result().map_err(Error::Invalid)?;
        let entry = SubcategoryEntry {
            code: SubcategoryCode::new(crate::ids::new_id()),
            category: input.category,
            name: input.name.trim().to_owned(),
            closed: false,
            own: true,
        };
        general.subcategories.push(entry.clone());
        let what = format!("增加细类“{} / {}”", entry.category.label(), entry.name);
        let all = write(conn, context, actor, general, what)?;
        let location = format!("/api/v1/categories/{}", entry.code);
        Ok::<_, Error>(Made::created(entry, all.version, location))
    })
}

fn update(
    conn: &mut Conn,
    context: &RequestContext,
    actor: &Actor,
    seen: i64,
    code: &SubcategoryCode,
    patch: SubcategoryPatch,
) -> Result<Categories, Error> {
    let mut general = store::to_change(conn, actor)?;
    let all = general.categories();
    let entry = all.items.iter().find(|entry| entry.code == *code);
    let before = entry.cloned().ok_or(Error::Unknown)?;
    if all.version != seen {
        return Err(Error::Stale);
    }
    let errors = patch.check(&all, &before);
    errors.into_result().map_err(Error::Invalid)?;
    let after = SubcategoryEntry {
        name: patch
            .name
            .map_or_else(|| before.name.clone(), |name| name.trim().to_owned()),
        closed: patch.closed.unwrap_or(before.closed),
        ..before.clone()
    };
    if after == before {
        return Ok(all);
    }
    let mut what = format!("细类“{} / {}”", before.category.label(), before.name);
    if after.name != before.name {
        what = format!("{what}改名为“{}”", after.name);
    }
    if after.closed != before.closed {
        let turned = if after.closed {
            "停用"
        } else {
            "恢复使用"
        };
        what = format!("{what}，{turned}");
    }
    match general
        .subcategories
        .iter_mut()
        .find(|entry| entry.code == *code)
    {
        Some(entry) => *entry = after,
        None => general.subcategories.push(after),
    }
    write(conn, context, actor, general, what)
}
