//! `/deputations`.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Deserialize;
use shared::deputy::{Deputation, DeputationPatch, NewDeputation};
use shared::page::Page;
use shared::problem::Problem;
use shared::validate::Errors;

use super::service::{self, Wanted};
use crate::auth::Actor;
use crate::case::{Desk, Error};
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::extract::{IfMatch, etag};
use crate::idempotency::{Answer, IdempotencyKey, Made};
use crate::state::State;

/// The routes of this room.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/deputations")
                .route(web::get().to(list))
                .route(web::post().to(name)),
        )
        .service(
            web::resource("/deputations/{id}")
                .route(web::get().to(get))
                .route(web::patch().to(change))
                .route(web::delete().to(end)),
        );
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, name, get, change, end))]
pub(crate) struct Docs;

/// Which deputations, and which page of them.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// true：只要未开始和代理中的
    current: Option<bool>,
    /// 每页条数，1 到 200，默认 50
    limit: Option<u32>,
    /// 上一页答复中的 next_cursor
    cursor: Option<String>,
}

/// 临时代理
///
/// 系统管理员看本乡镇的，其他人看自己的（由他人代理的，和代理他人的），开始日期晚的在前。监督员答 403。
#[utoipa::path(
    get, path = "/api/v1/deputations", operation_id = "list_deputations", tag = "users",
    params(ListQuery),
    responses(
        (status = 200, body = Page<Deputation>), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<ListQuery>,
) -> Result<web::Json<Page<Deputation>>, ApiError> {
    let query = query.into_inner();
    let mut errors = Errors::new();
    let (limit, after) =
        crate::page::place::<(NaiveDate, String)>(query.limit, query.cursor, &mut errors);
    errors.into_result()?;
    let wanted = Wanted {
        current: query.current.unwrap_or_default(),
        after,
        limit,
    };
    let desk = Desk::open(&state, actor, context).await?;
    let page = state
        .db
        .read(move |conn| service::list(conn, &desk, &wanted))
        .await?;
    Ok(web::Json(page))
}

/// 安排临时代理
///
/// 系统管理员给本乡镇的人安排，其他人只给自己安排（`user_id` 可以不填）。代理人应与被代理人角色相同，在同一乡镇，
/// 在用；最多92天，同一人的代理不能重叠；系统管理员和监督员的工作不由他人代理。从开始日期零时起到结束日期结束，
/// 代理人在自己的权限之外，可以查看和办理被代理人的工作；用令牌调用的，不带代理的权限。
#[utoipa::path(
    post, path = "/api/v1/deputations", operation_id = "name_deputy", tag = "users",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = NewDeputation,
    responses(
        (status = 201, body = Deputation), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn name(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    input: web::Json<NewDeputation>,
) -> Result<Answer, ApiError> {
    let input = input.into_inner();
    let claim = key.claim(&state, &actor, &context, "POST /deputations", &input);
    let desk = Desk::open(&state, actor, context).await?;
    let work = move |conn: &mut crate::db::Conn| {
        claim.once(conn, |conn| {
            let made = service::name(conn, &desk, &input)?;
            let location = format!("/api/v1/deputations/{}", made.id);
            let version = made.version;
            Ok::<_, Error>(Made::created(made, version, location))
        })
    };
    let answer = state.db.write(work).await?;
    state.directory.invalidate();
    Ok(answer)
}

/// 一次临时代理
///
/// 系统管理员，或者其中的两个人；对别人答 404。
#[utoipa::path(
    get, path = "/api/v1/deputations/{id}", operation_id = "get_deputation", tag = "users",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = Deputation), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn get(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = path.into_inner();
    let desk = Desk::open(&state, actor, context).await?;
    let found = state
        .db
        .read(move |conn| service::show(conn, &desk, &id))
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(found.version)))
        .json(found))
}

/// 更改临时代理
///
/// 系统管理员或被代理人；代理人答 403。开始以前都能改，开始以后只能改结束日期和事由。
#[utoipa::path(
    patch, path = "/api/v1/deputations/{id}", operation_id = "change_deputation", tag = "users",
    params(("id" = String, Path), ("If-Match" = String, Header)),
    request_body = DeputationPatch,
    responses(
        (status = 200, body = Deputation), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn change(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
    IfMatch(seen): IfMatch,
    patch: web::Json<DeputationPatch>,
) -> Result<Answer, ApiError> {
    let (id, patch) = (path.into_inner(), patch.into_inner());
    let desk = Desk::open(&state, actor, context).await?;
    let changed = state
        .db
        .write(move |conn| service::change(conn, &desk, &id, seen, &patch))
        .await?;
    state.directory.invalidate();
    let version = changed.version;
    Ok(Answer::of(Made::changed(changed, version))?)
}

/// 结束或撤回临时代理
///
/// 系统管理员或被代理人；代理人答 403。代理中的立即结束，未开始的撤回；记录保留。已经结束的答 409。
#[utoipa::path(
    delete, path = "/api/v1/deputations/{id}", operation_id = "end_deputation", tag = "users",
    params(("id" = String, Path), ("If-Match" = String, Header)),
    responses(
        (status = 200, body = Deputation), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn end(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
    IfMatch(seen): IfMatch,
) -> Result<Answer, ApiError> {
    let id = path.into_inner();
    let desk = Desk::open(&state, actor, context).await?;
    let ended = state
        .db
        .write(move |conn| service::end(conn, &desk, &id, seen))
        .await?;
    state.directory.invalidate();
    let version = ended.version;
    Ok(Answer::of(Made::changed(ended, version))?)
}
