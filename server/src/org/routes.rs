//! `/org-units`.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, web};
use shared::ids::UnitId;
use shared::org::{Merge, Merging, NewUnit, Unit, UnitPatch};
use shared::problem::Problem;

use super::{merge, service};
use crate::auth::Actor;
use crate::case::{Desk, Error};
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::extract::{IfMatch, etag};
use crate::idempotency::{Answer, IdempotencyKey, Made};
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
        )
        .service(
            web::resource("/org-units/{id}/merge")
                .route(web::get().to(preview_merger))
                .route(web::post().to(merge_units)),
        );
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, get, create, change, preview_merger, merge_units))]
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

/// The query string of the preview.
#[derive(Debug, Clone, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct IntoQuery {
    /// 并入的单位
    into_id: String,
}

/// 合并单位预览
///
/// 权限：系统管理员，在本乡镇内。并入同类单位时会转过去多少：未办结的事项、待接收的转送、专项、走访承诺、
/// 待报送的报告、用户、社等，只有数字，不含内容；保密的检举控告件不计在内，合并时一并处理。
/// 已停用、已并入的单位不能再合并（409）；不同类、并入自己或已停用的单位，答 422。
#[utoipa::path(
    get, path = "/api/v1/org-units/{id}/merge", operation_id = "preview_merger", tag = "org",
    params(("id" = String, Path), IntoQuery),
    responses(
        (status = 200, body = Merging), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn preview_merger(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    id: web::Path<String>,
    query: web::Query<IntoQuery>,
) -> Result<web::Json<Merging>, ApiError> {
    let id = UnitId::new(id.into_inner());
    let into = UnitId::new(query.into_inner().into_id);
    let desk = Desk::open(&state, actor, context).await?;
    let merging = state
        .db
        .read_heavy(move |conn| merge::preview(conn, &desk, &id, &into))
        .await?;
    Ok(web::Json(merging))
}

/// 合并单位
///
/// 权限：系统管理员，在本乡镇内。单位并入同类单位（如村并入村，连同各社），自某日起（今天或一年以内）。
/// 未了的工作和用户一次转过去，有一项不成，就一项也不动；被合并的单位停用留存，不能恢复。
/// 办结的事项仍写原来的名称；截至合并日以前的统计仍归原单位，合并日起归并入的单位。
/// 反映被合并单位的检举控告，对并入的单位同样保密（《信访工作条例》第三十条）。
#[utoipa::path(
    post, path = "/api/v1/org-units/{id}/merge", operation_id = "merge_units", tag = "org",
    params(
        ("id" = String, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    request_body = Merge,
    responses(
        (status = 200, body = Merging), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn merge_units(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    key: IdempotencyKey,
    id: web::Path<String>,
    IfMatch(seen): IfMatch,
    input: web::Json<Merge>,
) -> Result<Answer, ApiError> {
    let id = UnitId::new(id.into_inner());
    let input = input.into_inner();
    let route = "POST /org-units/{id}/merge";
    let claim = key.claim(&state, &actor, &context, route, &(&id, &input));
    let desk = Desk::open(&state, actor, context).await?;
    let merging = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let merging = merge::merge(conn, &desk, &id, seen, &input)?;
            Ok::<_, Error>(Made::plain(merging, StatusCode::OK))
        })
    });
    let answer = merging.await?;
    state.directory.invalidate();
    Ok(answer)
}
