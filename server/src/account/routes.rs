//! `/users`.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use shared::account::{Colleague, InitialPassword, MadeUser, NewUser, User, UserPatch};
use shared::ids::UserId;
use shared::page::Page;
use shared::problem::Problem;

use super::service;
use crate::auth::Actor;
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::extract::{IfMatch, etag};
use crate::idempotency::{Answer, IdempotencyKey};
use crate::page::PageQuery;
use crate::state::State;

/// The routes of this room.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/users")
                .route(web::get().to(list))
                .route(web::post().to(create)),
        )
        .service(web::resource("/users/colleagues").route(web::get().to(colleagues)))
        .service(
            web::resource("/users/{id}")
                .route(web::get().to(get))
                .route(web::patch().to(change)),
        )
        .service(web::resource("/users/{id}/reset-password").route(web::post().to(reset_password)));
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, colleagues, get, create, change, reset_password))]
pub struct Docs;

/// What a list of users asks for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// 姓名或用户名中的文字
    q: Option<String>,
    /// 每页条数，1 到 200，默认 50
    limit: Option<u32>,
    /// 上一页答复中的 next_cursor
    cursor: Option<String>,
}

/// 用户列表
///
/// 权限：系统管理员，本乡镇的用户，按用户名排序。
#[utoipa::path(
    get, path = "/api/v1/users", operation_id = "list_users", tag = "users",
    params(ListQuery),
    responses(
        (status = 200, body = Page<User>), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list(
    actor: Actor,
    state: web::Data<State>,
    query: web::Query<ListQuery>,
) -> Result<web::Json<Page<User>>, ApiError> {
    let ListQuery { q, limit, cursor } = query.into_inner();
    let page = PageQuery { limit, cursor };
    Ok(web::Json(
        service::list(&state, &actor, &page, q.as_deref()).await?,
    ))
}

/// 同事列表
///
/// 权限：监督员以外的已登录用户。本乡镇在用的人员，供指定办理人、包案领导时选择；不含用户名，不含程序账号。
#[utoipa::path(
    get, path = "/api/v1/users/colleagues", operation_id = "list_colleagues", tag = "users",
    responses(
        (status = 200, body = Vec<Colleague>), (status = 401, body = Problem),
        (status = 403, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn colleagues(
    actor: Actor,
    state: web::Data<State>,
) -> Result<web::Json<Vec<Colleague>>, ApiError> {
    Ok(web::Json(service::colleagues(&state, &actor).await?))
}

/// 用户
///
/// 权限：系统管理员，本乡镇的用户。
#[utoipa::path(
    get, path = "/api/v1/users/{id}", operation_id = "get_user", tag = "users",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = User), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn get(
    actor: Actor,
    state: web::Data<State>,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let user = service::get(&state, &actor, &UserId::new(id.into_inner())).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(user.version)))
        .json(user))
}

/// 新增用户
///
/// 权限：系统管理员，在本乡镇内。答复中的初始密码只显示这一次，首次登录须修改。程序账号（`service=true`）给别的程序用：
/// 没有密码，不能登录，不办理工作，由系统管理员给它建令牌；建好后不能改成个人账号，个人账号也不能改成程序账号。
#[utoipa::path(
    post, path = "/api/v1/users", operation_id = "create_user", tag = "users",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = NewUser,
    responses(
        (status = 201, body = MadeUser), (status = 401, body = Problem),
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
    input: web::Json<NewUser>,
) -> Result<Answer, ApiError> {
    let claim = key.claim(&state, &actor, &context, "POST /users", &input);
    Ok(service::create(&state, &context, actor, input.into_inner(), claim).await?)
}

/// 修改、停用或启用用户
///
/// 权限：系统管理员，在本乡镇内。停用立即结束其登录；最后一名系统管理员不能停用。停用、改角色或改单位时，
/// 其未结束的临时代理（由他人代理的，和代理他人的）一并结束，几项见答复中的 `deputations_ended`。
#[utoipa::path(
    patch, path = "/api/v1/users/{id}", operation_id = "change_user", tag = "users",
    params(("id" = String, Path), ("If-Match" = String, Header)),
    request_body = UserPatch,
    responses(
        (status = 200, body = User), (status = 401, body = Problem), (status = 403, body = Problem),
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
    patch: web::Json<UserPatch>,
) -> Result<Answer, ApiError> {
    let id = UserId::new(id.into_inner());
    Ok(service::change(&state, &context, actor, id, seen, patch.into_inner()).await?)
}

/// 重置密码
///
/// 权限：系统管理员，在本乡镇内，不对自己。其登录立即结束；新的初始密码只显示这一次。程序账号没有密码，答 409。
#[utoipa::path(
    post, path = "/api/v1/users/{id}/reset-password", operation_id = "reset_password",
    tag = "users",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses(
        (status = 200, body = InitialPassword), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn reset_password(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    key: IdempotencyKey,
    id: web::Path<String>,
) -> Result<Answer, ApiError> {
    let id = UserId::new(id.into_inner());
    let route = "POST /users/{id}/reset-password";
    let claim = key.claim(&state, &actor, &context, route, &id);
    Ok(service::reset_password(&state, &context, actor, id, claim).await?)
}
