//! `/cases/{id}/satisfaction`, `/follow-ups`.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, web};
use shared::ids::CaseId;
use shared::page::Page;
use shared::problem::Problem;
use shared::satisfaction::{FollowUp, NewRating, SatisfactionView};

use super::waiting::FollowUpQuery;
use super::{service, waiting};
use crate::auth::Actor;
use crate::case::{Desk, Error};
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::extract::{IfMatch, etag};
use crate::idempotency::{Answer, IdempotencyKey, Made};
use crate::state::State;

/// The routes of this room.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/cases/{id}/satisfaction")
                .route(web::get().to(show_satisfaction))
                .route(web::post().to(record_satisfaction)),
        )
        .service(web::resource("/follow-ups").route(web::get().to(list_follow_ups)));
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(show_satisfaction, record_satisfaction, list_follow_ups))]
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

/// 待回访的答复
///
/// 权限：便民服务中心、镇综治办、镇领导。90日内答复或办结、还没有评价的事项，先答复的在前；只列本人可以回访的
/// （没有参与办理，且看得到这件事项）。附联系须知，不列姓名电话：打开事项后查看，并留下记录。
#[utoipa::path(
    get, path = "/api/v1/follow-ups", operation_id = "list_follow_ups", tag = "satisfaction",
    params(FollowUpQuery),
    responses(
        (status = 200, body = Page<FollowUp>),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_follow_ups(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<FollowUpQuery>,
) -> Result<web::Json<Page<FollowUp>>, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let (figures, query) = (state.figures.clone(), query.into_inner());
    let page = state
        .db
        .read_heavy(move |conn| waiting::page(conn, &figures, &desk, query))
        .await?;
    Ok(web::Json(page))
}
