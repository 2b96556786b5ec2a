//! `/health/live` and `/health/ready`, for whoever watches over the process.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use shared::problem::{Code, Problem};

use crate::account;
use crate::error::ApiError;
use crate::state::State;

/// The routes, at the root.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/health/live").route(web::get().to(live)))
        .service(web::resource("/health/ready").route(web::get().to(ready)));
}

/// The documents of these routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(live, ready))]
pub struct Docs;

/// That it runs, or can serve.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Health {
    /// Always `ok`.
    status: &'static str,
}

/// 进程是否在运行
///
/// 不需要登录。
#[utoipa::path(
    get, path = "/health/live", operation_id = "health_live", tag = "health",
    responses((status = 200, body = Health)),
)]
async fn live() -> HttpResponse {
    well()
}

/// 能否提供服务
///
/// 不需要登录。数据库可读时为 200。
#[utoipa::path(
    get, path = "/health/ready", operation_id = "health_ready", tag = "health",
    responses((status = 200, body = Health), (status = 503, body = Problem)),
)]
async fn ready(state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    match state.db.read(account::store::is_empty).await {
        Ok(_) => Ok(well()),
        Err(error) => Err(ApiError {
            cause: Some(error.to_string()),
            ..ApiError::new(Code::Unavailable, "数据库暂时不可用。")
        }),
    }
}

fn well() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Health { status: "ok" })
}
