//! `/system`.

use actix_web::web;
use shared::problem::Problem;
use shared::system::System;

use super::service;
use crate::auth::Actor;
use crate::error::ApiError;
use crate::state::State;

/// The routes of this room.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/system").route(web::get().to(show)));
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(show))]
pub(crate) struct Docs;

/// 系统状况
///
/// 权限：系统管理员。版本、数据库和附件的大小、最近一次备份、审计封存、各队列的长度；不含任何事项内容。
#[utoipa::path(
    get, path = "/api/v1/system", operation_id = "show_system", tag = "system",
    responses(
        (status = 200, body = System), (status = 401, body = Problem),
        (status = 403, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show(actor: Actor, state: web::Data<State>) -> Result<web::Json<System>, ApiError> {
    Ok(web::Json(service::show(&state, &actor).await?))
}
