//! `/me/second-factor` and `/users/{id}/second-factor`.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use shared::account::User;
use shared::ids::UserId;
use shared::problem::Problem;
use shared::second_factor::{
    FactorCode, FactorOn, FactorProof, FactorSecret, FactorStart, FactorStatus, RecoveryCodes,
};

use super::service;
use crate::auth::{Actor, SignedIn};
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::extract::etag;
use crate::state::State;

/// The routes of this room.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/me/second-factor")
                .route(web::get().to(status))
                .route(web::post().to(start)),
        )
        .service(web::resource("/me/second-factor/confirm").route(web::post().to(confirm)))
        .service(web::resource("/me/second-factor/off").route(web::post().to(turn_off)))
        .service(
            web::resource("/me/second-factor/recovery-codes").route(web::post().to(renew_codes)),
        )
        .service(web::resource("/users/{id}/second-factor").route(web::delete().to(reset)));
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(status, start, confirm, turn_off, renew_codes, reset))]
pub(crate) struct Docs;

/// 本人的两步验证
///
/// 任何已登录用户。
#[utoipa::path(
    get, path = "/api/v1/me/second-factor", operation_id = "show_second_factor", tag = "session",
    responses((status = 200, body = FactorStatus), (status = 401, body = Problem)),
    security(("bearer" = [])),
)]
async fn status(
    SignedIn(actor): SignedIn,
    state: web::Data<State>,
) -> Result<web::Json<FactorStatus>, ApiError> {
    Ok(web::Json(service::status(&state, &actor).await?))
}

/// 开始设置两步验证
///
/// 任何已登录用户，凭本人密码。答复中的密钥只显示这一次；用验证器的第一个验证码确认后才生效。已开启的答 409。
#[utoipa::path(
    post, path = "/api/v1/me/second-factor", operation_id = "start_second_factor", tag = "session",
    request_body = FactorStart,
    responses(
        (status = 200, body = FactorSecret), (status = 401, body = Problem),
        (status = 403, body = Problem, description = "`password_change_required`"),
        (status = 409, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn start(
    SignedIn(actor): SignedIn,
    state: web::Data<State>,
    context: RequestContext,
    input: web::Json<FactorStart>,
) -> Result<web::Json<FactorSecret>, ApiError> {
    let secret = service::start(&state, &context, actor, input.into_inner()).await?;
    Ok(web::Json(secret))
}

/// 开启两步验证
///
/// 任何已登录用户，凭验证器的第一个验证码。答复中的恢复码只显示这一次，每个只能用一次。其他登录随之失效，答复中是新的访问令牌。
#[utoipa::path(
    post, path = "/api/v1/me/second-factor/confirm", operation_id = "confirm_second_factor",
    tag = "session",
    request_body = FactorCode,
    responses(
        (status = 200, body = FactorOn), (status = 401, body = Problem),
        (status = 403, body = Problem, description = "`password_change_required`"),
        (status = 409, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn confirm(
    SignedIn(actor): SignedIn,
    state: web::Data<State>,
    context: RequestContext,
    input: web::Json<FactorCode>,
) -> Result<web::Json<FactorOn>, ApiError> {
    let on = service::confirm(&state, &context, actor, input.into_inner()).await?;
    Ok(web::Json(on))
}

/// 关闭两步验证
///
/// 任何已登录用户，凭密码和验证码（或恢复码）。角色须使用两步验证的，不能关闭（409）。
#[utoipa::path(
    post, path = "/api/v1/me/second-factor/off", operation_id = "turn_off_second_factor",
    tag = "session",
    request_body = FactorProof,
    responses(
        (status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn turn_off(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    input: web::Json<FactorProof>,
) -> Result<HttpResponse, ApiError> {
    service::turn_off(&state, &context, actor, input.into_inner()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// 换新恢复码
///
/// 任何已登录用户，凭密码和验证码（或恢复码）。旧的恢复码全部作废；新的只显示这一次。
#[utoipa::path(
    post, path = "/api/v1/me/second-factor/recovery-codes", operation_id = "renew_recovery_codes",
    tag = "session",
    request_body = FactorProof,
    responses(
        (status = 200, body = RecoveryCodes), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem), (status = 429, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn renew_codes(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    input: web::Json<FactorProof>,
) -> Result<web::Json<RecoveryCodes>, ApiError> {
    let codes = service::renew_codes(&state, &context, actor, input.into_inner()).await?;
    Ok(web::Json(codes))
}

/// 重置用户的两步验证
///
/// 权限：系统管理员，在本乡镇内，不对自己。手机和恢复码都丢了时用；其登录立即结束，下次登录只凭密码。没有设置的答 409。
#[utoipa::path(
    delete, path = "/api/v1/users/{id}/second-factor", operation_id = "reset_second_factor",
    tag = "users",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = User), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn reset(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = UserId::new(id.into_inner());
    let user = service::reset(&state, &context, actor, id).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(user.version)))
        .json(user))
}
