//! `/tokens`.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use shared::page::Page;
use shared::problem::Problem;
use shared::token::{MadeToken, NewToken, Token};
use shared::validate::Errors;

use super::service;
use crate::auth::Actor;
use crate::case::Desk;
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::idempotency::{Answer, IdempotencyKey};
use crate::state::State;

/// The routes of this room.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/tokens")
                .route(web::get().to(list))
                .route(web::post().to(make)),
        )
        .service(web::resource("/tokens/{id}").route(web::delete().to(revoke)));
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, make, revoke))]
pub(crate) struct Docs;

/// Whose tokens, and which page of them.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// true：本镇所有人的令牌（系统管理员）；否则只是本人的
    all: Option<bool>,
    /// 每页条数，1 到 200，默认 50
    limit: Option<u32>,
    /// 上一页答复中的 next_cursor
    cursor: Option<String>,
}

/// 令牌
///
/// 本人的令牌，新的在前，包括失效的；系统管理员可以看本镇所有人的（`all=true`，其他角色答 403）。令牌内容不再显示。
#[utoipa::path(
    get, path = "/api/v1/tokens", operation_id = "list_tokens", tag = "tokens",
    params(ListQuery),
    responses(
        (status = 200, body = Page<Token>), (status = 400, body = Problem),
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
) -> Result<web::Json<Page<Token>>, ApiError> {
    let query = query.into_inner();
    let mut errors = Errors::new();
    let (limit, before): (i64, Option<String>) =
        crate::page::place(query.limit, query.cursor, &mut errors);
    errors.into_result()?;
    let limit = u32::try_from(limit).unwrap_or(shared::page::DEFAULT_LIMIT);
    let all = query.all.unwrap_or_default();
    let desk = Desk::open(&state, actor, context).await?;
    let page = state
        .db
        .read(move |conn| service::list(conn, &desk, all, before.as_deref(), limit))
        .await?;
    Ok(web::Json(page))
}

/// 新建令牌
///
/// 任何已登录用户，给自己新建，供第三方程序调用接口；权限不会超出本人角色。系统管理员可以给本乡镇启用中的程序账号新建
/// （`owner_id`，其他角色答 403），权限不会超出那个账号的角色。令牌内容（`secret`）只在这次答复中给出。
/// 有效期最长一年；持有人停用、退出全部登录、改密码或换角色后失效。
#[utoipa::path(
    post, path = "/api/v1/tokens", operation_id = "make_token", tag = "tokens",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = NewToken,
    responses(
        (status = 201, body = MadeToken),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn make(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    input: web::Json<NewToken>,
) -> Result<Answer, ApiError> {
    let input = input.into_inner();
    let claim = key.claim(&state, &actor, &context, "POST /tokens", &input);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state
        .db
        .write(move |conn| claim.once(conn, |conn| service::make(conn, &desk, &input)))
        .await?;
    state.directory.invalidate();
    Ok(answer)
}

/// 撤销令牌
///
/// 本人的令牌；系统管理员可以撤销本镇任何人、任何程序账号的。立即失效。别人的令牌对其他角色答 404。重复撤销结果相同。
#[utoipa::path(
    delete, path = "/api/v1/tokens/{id}", operation_id = "revoke_token", tag = "tokens",
    params(("id" = String, Path)),
    responses(
        (status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn revoke(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = path.into_inner();
    let desk = Desk::open(&state, actor, context).await?;
    state
        .db
        .write(move |conn| service::revoke(conn, &desk, &id))
        .await?;
    state.directory.invalidate();
    Ok(HttpResponse::NoContent().finish())
}
