//! `/visits`, `/promises`, `/cases/{id}/field-visits`.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, web};
use shared::access::Action;
use shared::case::input::NewCase;
use shared::case::view::CaseView;
use shared::ids::CaseId;
use shared::page::Page;
use shared::problem::{Code, Problem};
use shared::visit::view::{CaseInField, Coverage, PromiseRow, VisitRow, VisitView};
use shared::visit::{KeepPromise, NewVisit, ReleasePromise, StrikeVisit, VisitPatch};

use super::coverage::{self, CoverageQuery};
use super::list::{self, PromiseQuery, VisitQuery};
use super::service;
use crate::auth::Actor;
use crate::case::{Desk, Error, service as cases};
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::extract::{IfMatch, etag};
use crate::idempotency::{Answer, IdempotencyKey, Made};
use crate::state::State;

/// The routes of this room.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/visits")
                .route(web::get().to(list_field_visits))
                .route(web::post().to(record_field_visit)),
        )
        .service(web::resource("/visits/coverage").route(web::get().to(show_visit_coverage)))
        .service(
            web::resource("/visits/{id}")
                .route(web::get().to(show_field_visit))
                .route(web::patch().to(patch_field_visit)),
        )
        .service(
            web::resource("/visits/{id}/actions/strike").route(web::post().to(strike_field_visit)),
        )
        .service(web::resource("/visits/{id}/case").route(web::post().to(register_from_visit)))
        .service(
            web::resource("/visits/{id}/promises/{pid}/keep").route(web::post().to(keep_promise)),
        )
        .service(
            web::resource("/visits/{id}/promises/{pid}/release")
                .route(web::post().to(release_promise)),
        )
        .service(web::resource("/promises").route(web::get().to(list_promises)))
        .service(
            web::resource("/cases/{id}/field-visits").route(web::get().to(list_case_in_field)),
        );
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    list_field_visits,
    record_field_visit,
    show_visit_coverage,
    show_field_visit,
    patch_field_visit,
    strike_field_visit,
    register_from_visit,
    keep_promise,
    release_promise,
    list_promises,
    list_case_in_field
))]
pub(crate) struct Docs;

/// 走访记录
///
/// 权限：镇领导、镇综治办看全镇；村支部书记看本村；其他人看本人记录、参加或有承诺要兑现的。
/// 监督员、系统管理员不看走访内容（403）。不能按户或人员检索。最近的在前。
#[utoipa::path(
    get, path = "/api/v1/visits", operation_id = "list_field_visits", tag = "visits",
    params(VisitQuery),
    responses(
        (status = 200, body = Page<VisitRow>),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_field_visits(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<VisitQuery>,
) -> Result<web::Json<Page<VisitRow>>, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let query = query.into_inner();
    let page = state
        .db
        .read_heavy(move |conn| list::page(conn, &desk, query))
        .await?;
    Ok(web::Json(page))
}

/// 记录走访
///
/// 权限：镇领导、镇综治办、村支部书记（本村）、社信息员（本社）、派出所、司法所。
/// 回访要写明事项，事项看不到的按不存在处理；检举控告不写成走访。
/// 手机时钟不对的不拒收：按服务器的日期记录，`claimed_on`、`recorded_at` 保留手机的说法，`warning` 说明。
#[utoipa::path(
    post, path = "/api/v1/visits", operation_id = "record_field_visit", tag = "visits",
    params(("Idempotency-Key" = Option<String>, Header, description = "同一键和内容只记录一次")),
    request_body = NewVisit,
    responses(
        (status = 201, body = VisitView),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn record_field_visit(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    input: web::Json<NewVisit>,
) -> Result<Answer, ApiError> {
    let input = input.into_inner();
    let claim = key.claim(&state, &actor, &context, "POST /visits", &input);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let visit = service::record(conn, &desk, &input)?;
            let (version, path) = (visit.version, format!("/api/v1/visits/{}", visit.id));
            Ok::<_, Error>(Made::created(visit, version, path))
        })
    });
    Ok(answer.await?)
}

/// 一次走访
///
/// 权限：同走访记录；看不到的按不存在处理（404）。`history` 是每次更正以前的内容。
#[utoipa::path(
    get, path = "/api/v1/visits/{id}", operation_id = "show_field_visit", tag = "visits",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = VisitView), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show_field_visit(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let id = id_of(id.into_inner())?;
    let visit = state
        .db
        .read(move |conn| service::show(conn, &desk, &id))
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(visit.version)))
        .json(visit))
}

/// An id as it may stand in a query: PostgreSQL takes no NUL.
fn id_of(id: String) -> Result<String, ApiError> {
    if id.len() > 64 || id.contains('\0') {
        return Err(ApiError::not_found());
    }
    Ok(id)
}

/// 更正走访
///
/// 权限：记录人，录入后七日内。原来的内容留在 `history` 里。
#[utoipa::path(
    patch, path = "/api/v1/visits/{id}", operation_id = "patch_field_visit", tag = "visits",
    params(("id" = String, Path), ("If-Match" = String, Header)),
    request_body = VisitPatch,
    responses(
        (status = 200, body = VisitView), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn patch_field_visit(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    IfMatch(seen): IfMatch,
    id: web::Path<String>,
    patch: web::Json<VisitPatch>,
) -> Result<Answer, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let id = id_of(id.into_inner())?;
    let patch = patch.into_inner();
    let visit = state
        .db
        .write(move |conn| service::patch(conn, &desk, &id, seen, &patch))
        .await?;
    changed(visit)
}

fn changed(visit: VisitView) -> Result<Answer, ApiError> {
    let version = visit.version;
    Ok(Answer::of(Made::changed(visit, version))?)
}

/// 划除走访
///
/// 权限：记录人、镇综治办。写明理由；划除的仍可查看，不再计数。
#[utoipa::path(
    post, path = "/api/v1/visits/{id}/actions/strike", operation_id = "strike_field_visit",
    tag = "visits",
    params(
        ("id" = String, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    request_body = StrikeVisit,
    responses(
        (status = 200, body = VisitView), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn strike_field_visit(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    IfMatch(seen): IfMatch,
    id: web::Path<String>,
    input: web::Json<StrikeVisit>,
) -> Result<Answer, ApiError> {
    let (id, input) = (id_of(id.into_inner())?, input.into_inner());
    let body = (&id, &input);
    let claim = key.claim(&state, &actor, &context, "POST /visits/strike", &body);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let visit = service::strike(conn, &desk, &id, seen, &input)?;
            let version = visit.version;
            Ok::<_, Error>(Made::changed(visit, version))
        })
    });
    Ok(answer.await?)
}

/// 登记承诺兑现
///
/// 权限：看得到这次走访的人员。
#[utoipa::path(
    post, path = "/api/v1/visits/{id}/promises/{pid}/keep", operation_id = "keep_promise",
    tag = "visits",
    params(
        ("id" = String, Path), ("pid" = String, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    request_body = KeepPromise,
    responses(
        (status = 200, body = VisitView), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn keep_promise(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    IfMatch(seen): IfMatch,
    path: web::Path<(String, String)>,
    input: web::Json<KeepPromise>,
) -> Result<Answer, ApiError> {
    let ((id, promise), input) = (path.into_inner(), input.into_inner());
    let id = id_of(id)?;
    let body = (&id, &promise, &input);
    let claim = key.claim(&state, &actor, &context, "POST /promises/keep", &body);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let visit = service::keep(conn, &desk, (&id, &promise), seen, &input)?;
            let version = visit.version;
            Ok::<_, Error>(Made::changed(visit, version))
        })
    });
    Ok(answer.await?)
}

/// 说明承诺不再兑现
///
/// 权限：记录人、镇综治办、镇领导。写明理由（如不合法）和向谁说明。
#[utoipa::path(
    post, path = "/api/v1/visits/{id}/promises/{pid}/release", operation_id = "release_promise",
    tag = "visits",
    params(
        ("id" = String, Path), ("pid" = String, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    request_body = ReleasePromise,
    responses(
        (status = 200, body = VisitView), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn release_promise(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    IfMatch(seen): IfMatch,
    path: web::Path<(String, String)>,
    input: web::Json<ReleasePromise>,
) -> Result<Answer, ApiError> {
    let ((id, promise), input) = (path.into_inner(), input.into_inner());
    let id = id_of(id)?;
    let body = (&id, &promise, &input);
    let claim = key.claim(&state, &actor, &context, "POST /promises/release", &body);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let visit = service::release(conn, &desk, (&id, &promise), seen, &input)?;
            let version = visit.version;
            Ok::<_, Error>(Made::changed(visit, version))
        })
    });
    Ok(answer.await?)
}

/// 走访转为事项
///
/// 权限：记录人、本村支部书记、镇综治办、镇领导。来源为“下访”，首问责任人是记录走访的人，
/// 走访和事项互相链接；一次走访只转一次。检举控告请直接登记。
#[utoipa::path(
    post, path = "/api/v1/visits/{id}/case", operation_id = "register_from_visit", tag = "visits",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewCase,
    responses(
        (status = 201, body = CaseView), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn register_from_visit(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    id: web::Path<String>,
    input: web::Json<NewCase>,
) -> Result<Answer, ApiError> {
    let (id, input) = (id_of(id.into_inner())?, input.into_inner());
    let body = (&id, &input);
    let claim = key.claim(&state, &actor, &context, "POST /visits/case", &body);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let case = service::register(conn, &desk, &id, &input)?;
            let (version, path) = (case.row.version, format!("/api/v1/cases/{}", case.row.id));
            Ok::<_, Error>(Made::created(case, version, path))
        })
    });
    let answer = answer.await.map_err(|error| match error {
        // Two at once: the other was faster.
        Error::Stale => ApiError::new(Code::Conflict, "这次走访刚刚已经转为事项。"),
        error => error.into(),
    })?;
    Ok(answer)
}

/// 走访承诺
///
/// 权限：同走访记录。默认只列待兑现的，先到期的在前；划除的走访不列。
#[utoipa::path(
    get, path = "/api/v1/promises", operation_id = "list_promises", tag = "visits",
    params(PromiseQuery),
    responses(
        (status = 200, body = Page<PromiseRow>),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_promises(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<PromiseQuery>,
) -> Result<web::Json<Page<PromiseRow>>, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let query = query.into_inner();
    let page = state
        .db
        .read_heavy(move |conn| list::promises(conn, &desk, &query))
        .await?;
    Ok(web::Json(page))
}

/// 走访覆盖
///
/// 权限：镇领导、镇综治办、监督员看全镇，村支部书记看本村，其他记录走访的人员看本人负责的村和社。
/// 村和社按周（周一至周日）各有多少次走访、谁去的、最近一次在几天以前；只有次数，没有内容。
/// 没有工作日的一周不作要求（`done` 为空）。
#[utoipa::path(
    get, path = "/api/v1/visits/coverage", operation_id = "show_visit_coverage", tag = "visits",
    params(CoverageQuery),
    responses(
        (status = 200, body = Coverage),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show_visit_coverage(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<CoverageQuery>,
) -> Result<web::Json<Coverage>, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let query = query.into_inner();
    let table = state
        .db
        .read_heavy(move |conn| coverage::table(conn, &desk, &query))
        .await?;
    Ok(web::Json(table))
}

/// 事项的走访和接待
///
/// 权限：看得到事项的人员；走访只列其中看得到的。
#[utoipa::path(
    get, path = "/api/v1/cases/{id}/field-visits", operation_id = "list_case_in_field",
    tag = "visits",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = CaseInField), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_case_in_field(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let id = CaseId::new(id.into_inner());
    let found = state
        .db
        .read_heavy(move |conn| {
            let visits = list::of_case(conn, &desk, &id)?;
            let (case, _) = cases::find(conn, &desk, &id, Action::ViewCase)?;
            let receptions = crate::reception::service::of_case(conn, &desk, &case.id)?;
            Ok::<_, Error>(CaseInField { visits, receptions })
        })
        .await?;
    Ok(HttpResponse::build(StatusCode::OK).json(found))
}
