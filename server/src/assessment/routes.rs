//! `/assessments`.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, web};
use shared::assessment::{
    AssessmentInput, AssessmentStep, AssessmentView, Assessments, NewAssessments,
};
use shared::problem::Problem;
use shared::term::Term;

use super::service::{self, AssessmentQuery};
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
            web::resource("/assessments")
                .route(web::get().to(list_assessments))
                .route(web::post().to(start_assessments)),
        )
        .service(web::resource("/assessments/{id}").route(web::get().to(show_assessment)))
        .service(
            web::resource("/assessments/{id}/steps/{step}")
                .route(web::post().to(act_on_assessment)),
        );
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    list_assessments,
    start_assessments,
    show_assessment,
    act_on_assessment
))]
pub(crate) struct Docs;

/// 考核排名
///
/// 权限：镇领导、镇综治办、监督员看各村；村支部书记只看本村。按得分排名，分数以0.1分为单位（`total` 875 是87.5分）。
#[utoipa::path(
    get, path = "/api/v1/assessments", operation_id = "list_assessments", tag = "assessments",
    params(AssessmentQuery),
    responses(
        (status = 200, body = Assessments),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_assessments(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<AssessmentQuery>,
) -> Result<web::Json<Assessments>, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let query = query.into_inner();
    let all = state
        .db
        .read_heavy(move |conn| service::list(conn, &desk, &query))
        .await?;
    Ok(web::Json(all))
}

/// 开始考核
///
/// 权限：镇综治办。给还没有考核表的村各开一张；已有的不动。村支部书记会收到通知。
#[utoipa::path(
    post, path = "/api/v1/assessments", operation_id = "start_assessments", tag = "assessments",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = NewAssessments,
    responses(
        (status = 200, body = Assessments),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn start_assessments(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    input: web::Json<NewAssessments>,
) -> Result<Answer, ApiError> {
    let input = input.into_inner();
    let claim = key.claim(&state, &actor, &context, "POST /assessments", &input);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let all = service::start(conn, &desk, &input)?;
            Ok::<_, Error>(Made::plain(all, StatusCode::OK))
        })
    });
    Ok(answer.await?)
}

/// 一个村的考核表
///
/// 权限：镇领导、镇综治办、监督员，本村支部书记；其他村的按不存在处理（404）。
/// 按数据计分的项目随数据变化，审核时固定下来（`frozen`）；作出决定以后整张表不再变。
#[utoipa::path(
    get, path = "/api/v1/assessments/{id}", operation_id = "show_assessment", tag = "assessments",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = AssessmentView), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show_assessment(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let id = id_of(id.into_inner())?;
    let figures = state.figures.clone();
    let view = state
        .db
        .read_heavy(move |conn| service::show(conn, &figures, &desk, &id))
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(view.version)))
        .json(view))
}

/// An id as it may stand in a query: PostgreSQL takes no NUL.
pub(super) fn id_of(id: String) -> Result<String, ApiError> {
    if id.len() > 64 || id.contains('\0') {
        return Err(ApiError::not_found());
    }
    Ok(id)
}

/// 考核的一步
///
/// 权限：`submit`（提交自评）、`object`（提出异议）由本村支部书记；`return`（退回）、`review`（审核评分）由镇综治办；
/// `decide`（作出决定）由镇领导。打分要写依据；有一票否决情形或不到90分的不能命名（409）；有异议的先重新审核并答复。
#[utoipa::path(
    post, path = "/api/v1/assessments/{id}/steps/{step}", operation_id = "act_on_assessment",
    tag = "assessments",
    params(
        ("id" = String, Path), ("step" = AssessmentStep, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    request_body = AssessmentInput,
    responses(
        (status = 200, body = AssessmentView), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn act_on_assessment(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    IfMatch(seen): IfMatch,
    path: web::Path<(String, String)>,
    input: web::Json<AssessmentInput>,
) -> Result<Answer, ApiError> {
    let ((id, code), input) = (path.into_inner(), input.into_inner());
    let id = id_of(id)?;
    let step = AssessmentStep::from_code(&code).ok_or_else(ApiError::not_found)?;
    let body = (&id, &code, &input);
    let claim = key.claim(&state, &actor, &context, "POST /assessments/steps", &body);
    let desk = Desk::open(&state, actor, context).await?;
    // Figures are read before the transaction that writes: the book must know nothing that may still be
    // taken back.
    let (figures, reader, asked) = (state.figures.clone(), desk.clone(), id.clone());
    let counted = state
        .db
        .read_heavy(move |conn| service::counted(conn, &figures, &reader, &asked, step.deed()))
        .await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let view = service::step(conn, &desk, (&id, step), seen, &input, counted)?;
            let version = view.version;
            Ok::<_, Error>(Made::changed(view, version))
        })
    });
    Ok(answer.await?)
}
