//! `/assessments`.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, web};
use shared::assessment::criteria::{
    CriteriaList, CriteriaPatch, CriteriaView, EnforceCriteria, NewCriteria,
};
use shared::assessment::honour::{HonourDecision, HonourStep, NewHonour};
use shared::assessment::{
    AssessmentInput, AssessmentStep, AssessmentView, Assessments, NewAssessments,
};
use shared::problem::Problem;
use shared::term::Term;

use super::criteria::CriteriaQuery;
use super::service::{self, AssessmentQuery};
use super::{criteria, honour};
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
        )
        .service(web::resource("/assessments/{id}/honours").route(web::post().to(propose_honour)))
        .service(web::resource("/honours/{id}/steps/{step}").route(web::post().to(act_on_honour)))
        .service(
            web::resource("/criteria-sheets")
                .route(web::get().to(list_criteria))
                .route(web::post().to(begin_criteria)),
        )
        .service(
            web::resource("/criteria-sheets/{id}")
                .route(web::get().to(show_criteria))
                .route(web::patch().to(patch_criteria)),
        )
        .service(
            web::resource("/criteria-sheets/{id}/enforce").route(web::post().to(enforce_criteria)),
        );
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    list_assessments,
    start_assessments,
    show_assessment,
    act_on_assessment,
    propose_honour,
    act_on_honour,
    list_criteria,
    begin_criteria,
    show_criteria,
    patch_criteria,
    enforce_criteria
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

/// 提出命名或奖励
///
/// 权限：镇综治办。考核作出决定以后提出，附依据（文字，可以附照片）；命名只给决定命名的村，一次考核一次。由镇领导决定。
#[utoipa::path(
    post, path = "/api/v1/assessments/{id}/honours", operation_id = "propose_honour",
    tag = "assessments",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewHonour,
    responses(
        (status = 201, body = AssessmentView),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn propose_honour(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    id: web::Path<String>,
    input: web::Json<NewHonour>,
) -> Result<Answer, ApiError> {
    let (id, input) = (id_of(id.into_inner())?, input.into_inner());
    let route = "POST /assessments/honours";
    let claim = key.claim(&state, &actor, &context, route, &(&id, &input));
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let view = honour::propose(conn, &desk, &id, &input)?;
            Ok::<_, Error>(Made::plain(view, StatusCode::CREATED))
        })
    });
    Ok(answer.await?)
}

/// 决定命名或奖励
///
/// 权限：镇领导。`grant`（批准，可以写文号）、`decline`（不予批准）、`revoke`（撤销已批准的），都要写依据。
#[utoipa::path(
    post, path = "/api/v1/honours/{id}/steps/{step}", operation_id = "act_on_honour",
    tag = "assessments",
    params(
        ("id" = String, Path), ("step" = HonourStep, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    request_body = HonourDecision,
    responses(
        (status = 200, body = AssessmentView),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn act_on_honour(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    IfMatch(seen): IfMatch,
    path: web::Path<(String, String)>,
    input: web::Json<HonourDecision>,
) -> Result<Answer, ApiError> {
    let ((id, code), input) = (path.into_inner(), input.into_inner());
    let id = id_of(id)?;
    let step = HonourStep::from_code(&code).ok_or_else(ApiError::not_found)?;
    let body = (&id, &code, &input);
    let claim = key.claim(&state, &actor, &context, "POST /honours/steps", &body);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let view = honour::step(conn, &desk, (&id, step), seen, &input)?;
            let version = view.version;
            Ok::<_, Error>(Made::changed(view, version))
        })
    });
    Ok(answer.await?)
}

/// 考核表各版
///
/// 权限：镇领导、镇综治办、监督员、村支部书记；起草中的不给村看。`current` 是所问年份用的一版（0为内置的考核表）；
/// 考核开始以后按开始时的考核表进行，不因改版而变。
#[utoipa::path(
    get, path = "/api/v1/criteria-sheets", operation_id = "list_criteria", tag = "assessments",
    params(CriteriaQuery),
    responses(
        (status = 200, body = CriteriaList),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_criteria(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<CriteriaQuery>,
) -> Result<web::Json<CriteriaList>, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let query = query.into_inner();
    let list = state
        .db
        .read(move |conn| criteria::list(conn, &desk, &query))
        .await?;
    Ok(web::Json(list))
}

/// 起草考核表
///
/// 权限：镇综治办。从当年或下一年起施行；不写 `sheet` 时从那一年要用的考核表抄起。同一类别一次只起草一版（409）。
#[utoipa::path(
    post, path = "/api/v1/criteria-sheets", operation_id = "begin_criteria", tag = "assessments",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = NewCriteria,
    responses(
        (status = 201, body = CriteriaView),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn begin_criteria(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    input: web::Json<NewCriteria>,
) -> Result<Answer, ApiError> {
    let input = input.into_inner();
    let claim = key.claim(&state, &actor, &context, "POST /criteria-sheets", &input);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let view = criteria::begin(conn, &desk, &input)?;
            let place = format!(
                "/api/v1/criteria-sheets/{}",
                view.id.as_deref().unwrap_or("")
            );
            let version = view.version;
            Ok::<_, Error>(Made::created(view, version, place))
        })
    });
    Ok(answer.await?)
}

/// 一版考核表
///
/// 权限：镇领导、镇综治办、监督员；已施行的村支部书记也能看。
#[utoipa::path(
    get, path = "/api/v1/criteria-sheets/{id}", operation_id = "show_criteria",
    tag = "assessments",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = CriteriaView), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show_criteria(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let id = id_of(id.into_inner())?;
    let view = state
        .db
        .read(move |conn| criteria::show(conn, &desk, &id))
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(view.version)))
        .json(view))
}

/// 修改起草中的考核表
///
/// 权限：镇综治办。`sheet` 给出整张表：项目、满分、数据来源、每次分数、上限、一票否决、命名分数线。
/// 已施行的不能改（409）。
#[utoipa::path(
    patch, path = "/api/v1/criteria-sheets/{id}", operation_id = "patch_criteria",
    tag = "assessments",
    params(("id" = String, Path), ("If-Match" = String, Header)),
    request_body = CriteriaPatch,
    responses(
        (status = 200, body = CriteriaView),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn patch_criteria(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    IfMatch(seen): IfMatch,
    id: web::Path<String>,
    input: web::Json<CriteriaPatch>,
) -> Result<Answer, ApiError> {
    let (id, input) = (id_of(id.into_inner())?, input.into_inner());
    let desk = Desk::open(&state, actor, context).await?;
    let made = state
        .db
        .write(move |conn| {
            let view = criteria::patch(conn, &desk, &id, seen, &input)?;
            let version = view.version;
            Ok::<_, Error>(Made::changed(view, version))
        })
        .await?;
    Ok(Answer::of(made)?)
}

/// 施行考核表
///
/// 权限：镇领导，写明依据。各项满分合计应为100分；那一年的考核已经开始的，不能施行（409）。施行以后不再修改。
#[utoipa::path(
    post, path = "/api/v1/criteria-sheets/{id}/enforce", operation_id = "enforce_criteria",
    tag = "assessments",
    params(
        ("id" = String, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    request_body = EnforceCriteria,
    responses(
        (status = 200, body = CriteriaView),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn enforce_criteria(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    IfMatch(seen): IfMatch,
    id: web::Path<String>,
    input: web::Json<EnforceCriteria>,
) -> Result<Answer, ApiError> {
    let (id, input) = (id_of(id.into_inner())?, input.into_inner());
    let route = "POST /criteria-sheets/enforce";
    let claim = key.claim(&state, &actor, &context, route, &(&id, &input));
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let view = criteria::enforce(conn, &desk, &id, seen, &input)?;
            let version = view.version;
            Ok::<_, Error>(Made::changed(view, version))
        })
    });
    Ok(answer.await?)
}
