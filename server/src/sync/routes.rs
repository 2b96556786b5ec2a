//! `/sync`.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use shared::problem::Problem;
use shared::sync::{SyncAnswer, SyncRequest};

use super::service;
use crate::auth::Actor;
use crate::case::Desk;
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::state::State;

/// The routes of this room.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/sync").route(web::post().to(sync)));
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(sync))]
pub(crate) struct Docs;

/// 离线同步
///
/// 任何已登录用户，只含本人此刻看得到的：本人、单位、同事、未办结的重要信息、首页、台账第一页、
/// 最先到期的100件未办结事项（证件电话仍是掩码；检举控告件不上手机）。每项与同一地址的 GET 答复一致，
/// 手机已有的（`etag` 相同）不再带 `body`；手机有而这里没有的，手机要删除。事项内容下发逐件留痕。
#[utoipa::path(
    post, path = "/api/v1/sync", operation_id = "sync_phone", tag = "sync",
    request_body = SyncRequest,
    responses(
        (status = 200, body = SyncAnswer),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn sync(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    request: web::Json<SyncRequest>,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let (gathering, whole) = (desk.clone(), State::clone(&state));
    let bundle = state
        .db
        .read_heavy(move |conn| service::bundle(conn, &whole, &gathering, &request))
        .await?;
    // The trace of each case that goes to the phone, before it goes.
    for look in bundle.looks {
        let detail = format!("{}：离线同步", look.number);
        desk.clone()
            .note_look(&state, &look.id, &detail, look.seal)
            .await?;
    }
    Ok(HttpResponse::Ok()
        .content_type(header::ContentType::json())
        .body(bundle.body))
}
