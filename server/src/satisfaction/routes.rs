//! `/cases/{id}/satisfaction`.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, web};
use shared::ids::CaseId;
use shared::problem::Problem;
use shared::satisfaction::{NewRating, SatisfactionView};

use super::service;
use crate::auth::Actor;
use crate::case::{Desk, Error};
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::extract::{IfMatch, etag};
use crate::idempotency::{Answer, IdempotencyKey, Made};
use crate::state::State;

/// The routes of this room.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/cases/{id}/satisfaction")
            .route(web::get().to(show_satisfaction))
            .route(web::post().to(record_satisfaction)),
    );
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(show_satisfaction, record_satisfaction))]
pub(crate) struct Docs;

/// 事项满意度
///
/// 权限：看得到这件事项的人员。信访人的原话只给没有参与办理的镇综治办、镇领导和登记人看。
/// `allowed` 说明本人现在能不能登记，不能的 `reason` 说明理由。
#[utoipa::path(
    get, path = "/api/v1/cases/{id}/satisfaction", operation_id = "show_satisfaction",
    tag = "satisfaction",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = SatisfactionView), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show_satisfaction(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let id = CaseId::new(id.into_inner());
    let view = state
        .db
        .read(move |conn| service::show(conn, &desk, &id))
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(view.version)))
        .json(view))
}

/// 登记满意度
///
/// 权限：镇综治办、镇领导、登记窗口或登记人，承办人、包案领导和答复单位的人员除外（403）。
/// 答复以后由回访的工作人员登记，一次答复一个评价，再次登记是更正；信访人自己在查询页评价过的，以自评为准（409）。
/// 评价写入办理记录；“不满意”通知镇综治办。`If-Match` 用事项的 ETag。
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/satisfaction", operation_id = "record_satisfaction",
    tag = "satisfaction",
    params(
        ("id" = String, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    request_body = NewRating,
    responses(
        (status = 201, body = SatisfactionView),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn record_satisfaction(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    IfMatch(seen): IfMatch,
    id: web::Path<String>,
    input: web::Json<NewRating>,
) -> Result<Answer, ApiError> {
    let (id, input) = (CaseId::new(id.into_inner()), input.into_inner());
    let route = "POST /cases/satisfaction";
    let claim = key.claim(&state, &actor, &context, route, &(&id, &input));
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let view = service::record(conn, &desk, &id, seen, &input)?;
            let version = view.version;
            Ok::<_, Error>(Made {
                version: Some(version),
                ..Made::plain(view, StatusCode::CREATED)
            })
        })
    });
    Ok(answer.await?)
}
