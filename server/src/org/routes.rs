//! `/org-units`.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use shared::ids::UnitId;
use shared::org::{NewUnit, Unit, UnitPatch};
use shared::problem::Problem;

use super::service;
use crate::auth::Actor;
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::extract::{IfMatch, etag};
use crate::idempotency::{Answer, IdempotencyKey};
use crate::state::State;

/// The routes of this room.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/org-units")
                .route(web::get().to(list))
                .route(web::post().to(create)),
        )
        .service(
            web::resource("/org-units/{id}")
                .route(web::get().to(get))
                .route(web::patch().to(change)),
        );
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, get, create, change))]
pub struct Docs;

/// 单位列表
///
/// 任何已登录用户。本乡镇及其上级的单位，同级按次序；上下级关系见 `parent_id`。
#[utoipa::path(
    get, path = "/api/v1/org-units", operation_id = "list_units", tag = "org",
    responses((status = 200, body = Vec<Unit>), (status = 401, body = Problem)),
    security(("bearer" = [])),
)]
async fn list(actor: Actor, state: web::Data<State>) -> Result<web::Json<Vec<Unit>>, ApiError> {
    Ok(web::Json(service::list(&state, &actor).await?))
}

/// 单位
///
/// 任何已登录用户，本乡镇及其上级的单位。
#[utoipa::path(
    get, path = "/api/v1/org-units/{id}", operation_id = "get_unit", tag = "org",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = Unit), (status = 401, body = Problem), (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn get(
    actor: Actor,
    state: web::Data<State>,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let unit = service::get(&state, &actor, &UnitId::new(id.into_inner())).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(unit.version)))
        .json(unit))
}

/// 新增单位
///
/// 权限：系统管理员，在本乡镇内。
#[utoipa::path(
    post, path = "/api/v1/org-units", operation_id = "create_unit", tag = "org",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = NewUnit,
    responses(
        (status = 201, body = Unit), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn create(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    key: IdempotencyKey,
    input: web::Json<NewUnit>,
) -> Result<Answer, ApiError> {
    let claim = key.claim(&state, &actor, &context, "POST /org-units", &input);
    Ok(service::create(&state, &context, actor, input.into_inner(), claim).await?)
}

/// 修改或停用单位
///
/// 权限：系统管理员，在本乡镇内。还有在用下级或用户的单位不能停用。
#[utoipa::path(
    patch, path = "/api/v1/org-units/{id}", operation_id = "change_unit", tag = "org",
    params(("id" = String, Path), ("If-Match" = String, Header)),
    request_body = UnitPatch,
    responses(
        (status = 200, body = Unit), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem),
        (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn change(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    id: web::Path<String>,
    IfMatch(seen): IfMatch,
    patch: web::Json<UnitPatch>,
) -> Result<Answer, ApiError> {
    let id = UnitId::new(id.into_inner());
    Ok(service::change(&state, &context, actor, id, seen, patch.into_inner()).await?)
}
