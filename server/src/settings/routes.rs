//! `/settings`.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use shared::case::deadline::LawProfile;
use shared::problem::Problem;
use shared::settings::{NewLawProfile, Settings, SettingsPatch};

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
            web::resource("/settings")
                .route(web::get().to(get))
                .route(web::patch().to(change)),
        )
        .service(
            web::resource("/settings/law-profiles")
                .route(web::get().to(law_profiles))
                .route(web::post().to(add_law_profile)),
        );
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(get, change, law_profiles, add_law_profile))]
pub struct Docs;

/// 系统设置
///
/// 权限：系统管理员、镇领导、镇综治办、监督员。
#[utoipa::path(
    get, path = "/api/v1/settings", operation_id = "get_settings", tag = "settings",
    responses(
        (status = 200, body = Settings), (status = 401, body = Problem),
        (status = 403, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn get(actor: Actor, state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    let settings = service::get(&state, &actor).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(settings.version)))
        .json(settings))
}

/// 修改系统设置
///
/// 权限：系统管理员。
#[utoipa::path(
    patch, path = "/api/v1/settings", operation_id = "change_settings", tag = "settings",
    params(("If-Match" = String, Header)),
    request_body = SettingsPatch,
    responses(
        (status = 200, body = Settings), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn change(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    IfMatch(seen): IfMatch,
    patch: web::Json<SettingsPatch>,
) -> Result<Answer, ApiError> {
    Ok(service::change(&state, &context, actor, seen, patch.into_inner()).await?)
}

/// 期限规定
///
/// 任何已登录用户。按施行日期排列，每项期限附依据。
#[utoipa::path(
    get, path = "/api/v1/settings/law-profiles", operation_id = "list_law_profiles",
    tag = "settings",
    responses((status = 200, body = Vec<LawProfile>), (status = 401, body = Problem)),
    security(("bearer" = [])),
)]
async fn law_profiles(
    actor: Actor,
    state: web::Data<State>,
) -> Result<web::Json<Vec<LawProfile>>, ApiError> {
    Ok(web::Json(service::law_profiles(&state, &actor).await?))
}

/// 新增期限规定
///
/// 权限：系统管理员。自施行之日起收到的事项适用；已收到的事项仍按原规定计算，规定一经新增不再修改。
#[utoipa::path(
    post, path = "/api/v1/settings/law-profiles", operation_id = "add_law_profile",
    tag = "settings",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = NewLawProfile,
    responses(
        (status = 201, body = LawProfile), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn add_law_profile(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    key: IdempotencyKey,
    input: web::Json<NewLawProfile>,
) -> Result<Answer, ApiError> {
    let claim = key.claim(
        &state,
        &actor,
        &context,
        "POST /settings/law-profiles",
        &input,
    );
    Ok(service::add_law_profile(&state, &context, actor, input.into_inner(), claim).await?)
}
