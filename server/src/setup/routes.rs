//! `/setup`.

use actix_web::{HttpResponse, web};
use shared::account::User;
use shared::problem::Problem;
use shared::setup::{Setup, SetupStatus};

use super::service;
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::state::State;

/// The routes of this room.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/setup")
            .route(web::get().to(status))
            .route(web::post().to(run)),
    );
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(status, run))]
pub struct Docs;

/// 是否需要初始设置
///
/// 不需要登录。还没有任何用户时 `needed` 为 true；`demo` 表示这是演示数据。
#[utoipa::path(
    get, path = "/api/v1/setup", operation_id = "setup_status", tag = "setup",
    responses((status = 200, body = SetupStatus)),
)]
async fn status(state: web::Data<State>) -> Result<web::Json<SetupStatus>, ApiError> {
    Ok(web::Json(service::status(&state).await?))
}

/// 初始设置
///
/// 不需要登录，只在还没有任何用户时有效：建立组织和系统管理员，此后答 409。
#[utoipa::path(
    post, path = "/api/v1/setup", operation_id = "run_setup", tag = "setup",
    request_body = Setup,
    responses(
        (status = 201, body = User), (status = 409, body = Problem), (status = 422, body = Problem),
    ),
)]
async fn run(
    state: web::Data<State>,
    context: RequestContext,
    input: web::Json<Setup>,
) -> Result<HttpResponse, ApiError> {
    let user = service::run(&state, &context, input.into_inner()).await?;
    Ok(HttpResponse::Created().json(user))
}
