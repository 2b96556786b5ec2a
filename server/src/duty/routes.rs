//! `/users/{id}/duties`.

use actix_web::http::StatusCode;
use actix_web::web;
use shared::duty::{Duties, HandOver, HandedOver};
use shared::ids::UserId;
use shared::problem::Problem;

use super::service;
use crate::auth::Actor;
use crate::case::{Desk, Error};
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::idempotency::{Answer, IdempotencyKey, Made};
use crate::state::State;

/// The routes of this room.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/users/{id}/duties").route(web::get().to(list)))
        .service(web::resource("/users/{id}/duties/hand-over").route(web::post().to(hand_over)));
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, hand_over))]
pub(crate) struct Docs;

/// 一个人名下未了的工作
///
/// 权限：系统管理员，本乡镇的用户。单位职务、未办结的承办事项和包案、联系帮扶、未兑现的走访承诺、今后的接待日。
/// 事项和承诺只有件数，不含内容；保密的检举控告件不计在内，交接时一并处理。
#[utoipa::path(
    get, path = "/api/v1/users/{id}/duties", operation_id = "list_duties", tag = "users",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = Duties), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    id: web::Path<String>,
) -> Result<web::Json<Duties>, ApiError> {
    let id = UserId::new(id.into_inner());
    let desk = Desk::open(&state, actor, context).await?;
    let duties = state
        .db
        .read_heavy(move |conn| service::list(conn, &desk, &id))
        .await?;
    Ok(web::Json(duties))
}

/// 工作交接
///
/// 权限：系统管理员，在本乡镇内。选中的内容（默认全部）一次交给接手的人，事项中留下记录；
/// 有接手的人不能承担的（如包案不是镇领导、承办人不属于责任单位），答 422，一件也不动。
#[utoipa::path(
    post, path = "/api/v1/users/{id}/duties/hand-over", operation_id = "hand_over_duties",
    tag = "users",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = HandOver,
    responses(
        (status = 200, body = HandedOver), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn hand_over(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    key: IdempotencyKey,
    id: web::Path<String>,
    input: web::Json<HandOver>,
) -> Result<Answer, ApiError> {
    let id = UserId::new(id.into_inner());
    let input = input.into_inner();
    let route = "POST /users/{id}/duties/hand-over";
    let claim = key.claim(&state, &actor, &context, route, &(&id, &input));
    let desk = Desk::open(&state, actor, context).await?;
    let moving = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let moved = service::hand_over(conn, &desk, &id, &input)?;
            Ok::<_, Error>(Made::plain(moved, StatusCode::OK))
        })
    });
    let answer = moving.await?;
    state.directory.invalidate();
    Ok(answer)
}
