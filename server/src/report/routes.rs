//! `/reports`.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use shared::page::Page;
use shared::problem::Problem;
use shared::report::ReportStep;
use shared::report::input::{
    FindingCase, FindingDismissal, FindingJoin, NewReport, ReportPatch, StepInput,
};
use shared::report::view::{BoardView, ReportRow, ReportView};
use shared::term::Term;

use super::board::{self, BoardQuery};
use super::list::{self, Filter, ReportQuery};
use super::service::{self, Fate};
use super::{Error, keep_made};
use crate::auth::Actor;
use crate::case::Desk;
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::extract::{IfMatch, etag};
use crate::idempotency::{Answer, IdempotencyKey, Made};
use crate::state::State;

/// The routes of this room.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/reports").route(web::get().to(list_reports)))
        .service(web::resource("/reports/board").route(web::get().to(show_board)))
        .service(web::resource("/reports/submit").route(web::post().to(submit)))
        .service(
            web::resource("/reports/{id}")
                .route(web::get().to(show))
                .route(web::patch().to(patch)),
        )
        .service(web::resource("/reports/{id}/actions/{action}").route(web::post().to(act)))
        .service(
            web::resource("/reports/{id}/findings/{finding}/case").route(web::post().to(to_case)),
        )
        .service(web::resource("/reports/{id}/findings/{finding}/join").route(web::post().to(join)))
        .service(
            web::resource("/reports/{id}/findings/{finding}/dismiss")
                .route(web::post().to(dismiss)),
        );
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(
    components(schemas(ReportStep)),
    paths(
        list_reports,
        show_board,
        submit,
        show,
        patch,
        act,
        to_case,
        join,
        dismiss
    )
)]
pub(crate) struct Docs;

/// 排查报告清单
///
/// 权限：镇领导、镇综治办看全镇；村支部书记看本村和本村各社；社信息员、各站所看本单位。
/// 监督员只看报告情况（/reports/board），系统管理员不接触报告（403）。报告按规则自动生成，不用新建。
#[utoipa::path(
    get, path = "/api/v1/reports", operation_id = "list_reports", tag = "reports",
    params(ReportQuery),
    responses(
        (status = 200, body = Page<ReportRow>),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_reports(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<ReportQuery>,
) -> Result<web::Json<Page<ReportRow>>, ApiError> {
    let filter = Filter::read(query.into_inner())?;
    keep_made(&state, context.now).await?;
    let desk = Desk::open(&state, actor, context).await?;
    let page = state
        .db
        .read_heavy(move |conn| list::page(conn, &desk, &filter))
        .await?;
    Ok(web::Json(page))
}

/// 报告情况
///
/// 权限：系统管理员以外的角色，各看自己范围内的单位。单位×报告期，每格是缺报、迟报、零报告、有情况、
/// 已退回、已签收、免报或未到期，并附合计；没有可统计的，按时率为空。监督员看全镇的统计，不能打开报告。
#[utoipa::path(
    get, path = "/api/v1/reports/board", operation_id = "show_report_board", tag = "reports",
    params(BoardQuery),
    responses(
        (status = 200, body = BoardView),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show_board(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<BoardQuery>,
) -> Result<web::Json<BoardView>, ApiError> {
    keep_made(&state, context.now).await?;
    let desk = Desk::open(&state, actor, context).await?;
    let board = state
        .db
        .read_heavy(move |conn| board::board(conn, &desk, &query))
        .await?;
    Ok(web::Json(board))
}

/// 填写并提交一期报告
///
/// 权限：社信息员、村支部书记、各站所，只报本单位的。供手机一次提交：按单位和报告期找到那一期，写入并提交。
/// 是否迟报以服务器收到的时间为准，recorded_at 只是手机上的时间。seen_version 是填写时看到的版本；
/// 其间有人填过或交过的答 409（changed），current_id 是现在那份的编号，对照后带上它的版本再交。
/// 还没有开始的报告期答 422（period_start: in_future）。
#[utoipa::path(
    post, path = "/api/v1/reports/submit", operation_id = "submit_report", tag = "reports",
    params(("Idempotency-Key" = Option<String>, Header, description = "同一键和内容只提交一次")),
    request_body = NewReport,
    responses(
        (status = 200, body = ReportView, headers(("ETag" = String))),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn submit(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    input: web::Json<NewReport>,
) -> Result<Answer, ApiError> {
    let input = input.into_inner();
    let claim = key.claim(&state, &actor, &context, "POST /reports/submit", &input);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            Ok::<_, Error>(changed(service::submit(conn, &desk, &input)?))
        })
    });
    Ok(answer.await?)
}

fn changed(view: ReportView) -> Made<ReportView> {
    let version = view.report.version;
    Made::changed(view, version)
}

/// 查看报告
///
/// 权限：看得到这份报告的人员。情况已立为事项的，只对看得到那件事项的人显示编号。
#[utoipa::path(
    get, path = "/api/v1/reports/{id}", operation_id = "show_report", tag = "reports",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = ReportView, headers(("ETag" = String))),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = known(path.into_inner());
    let desk = Desk::open(&state, actor, context).await?;
    let view = state
        .db
        .read(move |conn| service::show(conn, &desk, &id))
        .await?;
    Ok(tagged(&view))
}

fn tagged(view: &ReportView) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::ETAG, etag(view.report.version)))
        .json(view)
}

/// An id as it may be asked for: PostgreSQL takes no NUL.
fn known(id: String) -> String {
    shared::ids::EventId::new(id).into_string()
}

/// 填写报告
///
/// 权限：本单位的社信息员、村支部书记、站所人员；提交以前，或退回以后。要带 If-Match：
/// 两个人同时填的，后保存的答 412。
#[utoipa::path(
    patch, path = "/api/v1/reports/{id}", operation_id = "patch_report", tag = "reports",
    params(("id" = String, Path), ("If-Match" = String, Header)),
    request_body = ReportPatch,
    responses(
        (status = 200, body = ReportView, headers(("ETag" = String))),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem),
        (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn patch(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
    IfMatch(version): IfMatch,
    input: web::Json<ReportPatch>,
) -> Result<HttpResponse, ApiError> {
    let id = known(path.into_inner());
    let desk = Desk::open(&state, actor, context).await?;
    let view = state
        .db
        .write(move |conn| service::patch(conn, &desk, &id, version, &input))
        .await?;
    Ok(tagged(&view))
}

/// 报告操作
///
/// 权限：提交、零报告、撤回补充、汇总各社情况由本单位办理；退回（写明原因和重报的日子）、签收、
/// 免报（写明原因）由镇综治办办理。要带 If-Match。
#[utoipa::path(
    post, path = "/api/v1/reports/{id}/actions/{action}", operation_id = "act_on_report",
    tag = "reports",
    params(
        ("id" = String, Path), ("action" = ReportStep, Path),
        ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    request_body = StepInput,
    responses(
        (status = 200, body = ReportView, headers(("ETag" = String))),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem),
        (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn act(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    path: web::Path<(String, String)>,
    IfMatch(version): IfMatch,
    input: web::Json<StepInput>,
) -> Result<Answer, ApiError> {
    let (id, action) = path.into_inner();
    let step = ReportStep::from_code(&action).ok_or_else(ApiError::not_found)?;
    let (id, input) = (known(id), input.into_inner());
    let body = (id.as_str(), step, &input);
    let claim = key.claim(&state, &actor, &context, "POST /reports/actions", &body);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let view = service::step(conn, &desk, &id, version, step, &input)?;
            Ok::<_, Error>(changed(view))
        })
    });
    Ok(answer.await?)
}

/// Deals with a finding: what is the same for each of the three.
macro_rules! settling {
    ($actor:ident, $context:ident, $key:ident, $state:ident, $path:ident, $version:ident, $input:ident, $route:literal, $fate:path) => {{
        let (id, finding) = $path.into_inner();
        let (id, finding, input) = (known(id), known(finding), $input.into_inner());
        let body = (id.as_str(), finding.as_str(), &input);
        let claim = $key.claim(&$state, &$actor, &$context, $route, &body);
        let desk = Desk::open(&$state, $actor, $context).await?;
        let answer = $state.db.write(move |conn| {
            claim.once(conn, |conn| {
                let fate = $fate(&input);
                let view = service::settle(conn, &desk, &id, &finding, $version, &fate)?;
                Ok::<_, Error>(changed(view))
            })
        });
        Ok(answer.await?)
    }};
}

/// 情况立为事项
///
/// 权限：报告单位、所在村的村支部书记、镇综治办、镇领导，并且有权登记这类事项。按情况的内容登记为矛盾纠纷或
/// 苗头隐患，来源为排查，首问责任人是报告人；一项情况只立一次。事项的办理记录注明报告，报告中显示编号。要带 If-Match。
#[utoipa::path(
    post, path = "/api/v1/reports/{id}/findings/{finding}/case",
    operation_id = "register_finding", tag = "reports",
    params(
        ("id" = String, Path), ("finding" = String, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    request_body = FindingCase,
    responses(
        (status = 200, body = ReportView, headers(("ETag" = String))),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem),
        (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn to_case(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    path: web::Path<(String, String)>,
    IfMatch(version): IfMatch,
    input: web::Json<FindingCase>,
) -> Result<Answer, ApiError> {
    settling!(
        actor,
        context,
        key,
        state,
        path,
        version,
        input,
        "POST /reports/findings/case",
        Fate::Case
    )
}

/// 情况并入已有事项
///
/// 权限：报告单位、所在村的村支部书记、镇综治办、镇领导，并且可以在那件事项里记录进展。事项的办理记录加一条，
/// 注明报告。检举控告件不能并入。要带 If-Match。
#[utoipa::path(
    post, path = "/api/v1/reports/{id}/findings/{finding}/join",
    operation_id = "join_finding", tag = "reports",
    params(
        ("id" = String, Path), ("finding" = String, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    request_body = FindingJoin,
    responses(
        (status = 200, body = ReportView, headers(("ETag" = String))),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem),
        (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn join(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    path: web::Path<(String, String)>,
    IfMatch(version): IfMatch,
    input: web::Json<FindingJoin>,
) -> Result<Answer, ApiError> {
    settling!(
        actor,
        context,
        key,
        state,
        path,
        version,
        input,
        "POST /reports/findings/join",
        Fate::Join
    )
}

/// 情况核实不成立
///
/// 权限：报告单位、所在村的村支部书记、镇综治办、镇领导。写明怎样核实的。要带 If-Match。
#[utoipa::path(
    post, path = "/api/v1/reports/{id}/findings/{finding}/dismiss",
    operation_id = "dismiss_finding", tag = "reports",
    params(
        ("id" = String, Path), ("finding" = String, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    request_body = FindingDismissal,
    responses(
        (status = 200, body = ReportView, headers(("ETag" = String))),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem),
        (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn dismiss(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    path: web::Path<(String, String)>,
    IfMatch(version): IfMatch,
    input: web::Json<FindingDismissal>,
) -> Result<Answer, ApiError> {
    settling!(
        actor,
        context,
        key,
        state,
        path,
        version,
        input,
        "POST /reports/findings/dismiss",
        Fate::Dismiss
    )
}
