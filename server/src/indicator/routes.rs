//! `/indicators`, `/villages/standing`, `/targets`, `/figures`.

use actix_web::web;
use shared::case::view::CaseRow;
use shared::indicator::target::{Goal, TargetPatch};
use shared::indicator::view::{
    Dashboard, FigureRecord, IndicatorTable, StandingView, TargetView, Targets,
};
use shared::page::Page;
use shared::problem::Problem;
use shared::term::Term;

use super::list::MembersQuery;
use super::standing::{EvidenceQuery, StandingQuery};
use super::table::TableQuery;
use super::targets::TargetsQuery;
use super::{Error, dashboard, list, standing, table, targets};
use crate::auth::Actor;
use crate::case::Desk;
use crate::context::RequestContext;
use crate::db::Conn;
use crate::error::ApiError;
use crate::extract::IfMatch;
use crate::idempotency::Answer;
use crate::state::State;

/// The routes of this room.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/indicators").route(web::get().to(list_indicators)))
        .service(web::resource("/indicators/cases").route(web::get().to(list_indicator_cases)))
        .service(web::resource("/indicators/records").route(web::get().to(list_indicator_records)))
        .service(web::resource("/villages/standing").route(web::get().to(get_standing)))
        .service(
            web::resource("/villages/standing/cases").route(web::get().to(list_standing_cases)),
        )
        .service(web::resource("/targets").route(web::get().to(list_targets)))
        .service(web::resource("/targets/{year}/{goal}").route(web::patch().to(set_target)))
        .service(web::resource("/figures").route(web::get().to(show_figures)));
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    list_indicators,
    list_indicator_cases,
    list_indicator_records,
    get_standing,
    list_standing_cases,
    list_targets,
    set_target,
    show_figures
))]
pub(crate) struct Docs;

/// Reads figures for the caller.
async fn read<T: Send + 'static>(
    state: &State,
    actor: Actor,
    context: RequestContext,
    look: impl FnOnce(&mut Conn, &super::Figures, &Desk) -> Result<T, Error> + Send + 'static,
) -> Result<T, ApiError> {
    let desk = Desk::open(state, actor, context).await?;
    let figures = state.figures.clone();
    let answer = state
        .db
        .read_heavy(move |conn| look(conn, &figures, &desk))
        .await?;
    Ok(answer)
}

/// 统计指标
///
/// 权限：除社信息员、系统管理员以外的角色，只统计本人看得到的事项；监督员统计全镇（检举控告按第三十条除外），
/// 不打开事项。五率、五下降和办理质量，每项附分子、分母、口径和事项清单链接；没有可统计的为空（无数据）。
/// 截止日之后发生的不计，所以上月的数字不因今天办结而变；更正事项的村、类型等，对以前也有效；
/// “责任单位”为现在的责任单位。
#[utoipa::path(
    get, path = "/api/v1/indicators", operation_id = "list_indicators", tag = "figures",
    params(TableQuery),
    responses(
        (status = 200, body = IndicatorTable),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_indicators(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<TableQuery>,
) -> Result<web::Json<IndicatorTable>, ApiError> {
    let query = query.into_inner();
    let table = read(&state, actor, context, move |conn, figures, desk| {
        table::table(conn, figures, desk, &query)
    })
    .await?;
    Ok(web::Json(table))
}

/// 指标背后的事项
///
/// 权限：看得到统计指标和事项的角色。一个数字所统计的事项，最近收到的在前，total 就是这个数字。
/// 链接由统计指标给出。
#[utoipa::path(
    get, path = "/api/v1/indicators/cases", operation_id = "list_indicator_cases",
    tag = "figures", params(MembersQuery),
    responses(
        (status = 200, body = Page<CaseRow>),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_indicator_cases(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<MembersQuery>,
) -> Result<web::Json<Page<CaseRow>>, ApiError> {
    let query = query.into_inner();
    let page = read(&state, actor, context, move |conn, figures, desk| {
        list::page(conn, figures, desk, query)
    })
    .await?;
    Ok(web::Json(page))
}

/// 指标背后的报告、走访和重要信息
///
/// 权限：看得到这些记录的角色（监督员只看数字）。排查报告按时率、走访完成率、重要信息上报率的一个数字所统计的
/// 报告、应走访的周、重要信息（含漏报），最近的在前，total 就是这个数字。链接由统计指标给出。
#[utoipa::path(
    get, path = "/api/v1/indicators/records", operation_id = "list_indicator_records",
    tag = "figures", params(MembersQuery),
    responses(
        (status = 200, body = Page<FigureRecord>),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_indicator_records(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<MembersQuery>,
) -> Result<web::Json<Page<FigureRecord>>, ApiError> {
    let query = query.into_inner();
    let page = read(&state, actor, context, move |conn, _, desk| {
        list::records(conn, desk, query)
    })
    .await?;
    Ok(web::Json(page))
}

/// 三无情况
///
/// 权限：镇领导、镇综治办、监督员看全镇，村支部书记看本村。每个村无到市赴省进京非正常访、无越级集体访、
/// 无信访积案的情况和依据，占比与目标（默认90%），接下来可能失去三无的事项，历年情况。
#[utoipa::path(
    get, path = "/api/v1/villages/standing", operation_id = "get_standing", tag = "figures",
    params(StandingQuery),
    responses(
        (status = 200, body = StandingView),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn get_standing(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<StandingQuery>,
) -> Result<web::Json<StandingView>, ApiError> {
    let query = query.into_inner();
    let view = read(&state, actor, context, move |conn, figures, desk| {
        standing::standing(conn, figures, desk, &query)
    })
    .await?;
    Ok(web::Json(view))
}

/// 破三无的事项
///
/// 权限：镇领导、镇综治办、村支部书记。一个村一年中破“三无”某一项的事项；链接由三无情况给出。
#[utoipa::path(
    get, path = "/api/v1/villages/standing/cases", operation_id = "list_standing_cases",
    tag = "figures", params(EvidenceQuery),
    responses(
        (status = 200, body = Page<CaseRow>),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_standing_cases(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<EvidenceQuery>,
) -> Result<web::Json<Page<CaseRow>>, ApiError> {
    let query = query.into_inner();
    let page = read(&state, actor, context, move |conn, figures, desk| {
        standing::evidence(conn, figures, desk, query)
    })
    .await?;
    Ok(web::Json(page))
}

/// 年度目标
///
/// 权限：镇领导、镇综治办、监督员。每项目标、目前情况、是否达到，以及简单外推（不是预测）。
/// 没有确定过的 version 为 0。
#[utoipa::path(
    get, path = "/api/v1/targets", operation_id = "list_targets", tag = "figures",
    params(TargetsQuery),
    responses(
        (status = 200, body = Targets),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_targets(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<TargetsQuery>,
) -> Result<web::Json<Targets>, ApiError> {
    let query = query.into_inner();
    let list = read(&state, actor, context, move |conn, figures, desk| {
        targets::list(conn, figures, desk, &query)
    })
    .await?;
    Ok(web::Json(list))
}

/// 确定年度目标
///
/// 权限：镇领导、镇综治办。If-Match 为年度目标清单中的 version，没有确定过的为 "0"；value 为空则取消目标。
/// 记入审计。
#[utoipa::path(
    patch, path = "/api/v1/targets/{year}/{goal}", operation_id = "set_target", tag = "figures",
    params(
        ("year" = i32, Path, description = "年度"),
        ("goal" = Goal, Path, description = "目标"),
        ("If-Match" = String, Header),
    ),
    request_body = TargetPatch,
    responses(
        (status = 200, body = TargetView),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem),
        (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn set_target(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<(i32, String)>,
    IfMatch(version): IfMatch,
    patch: web::Json<TargetPatch>,
) -> Result<Answer, ApiError> {
    let (year, goal) = path.into_inner();
    let goal = Goal::from_code(&goal).ok_or_else(ApiError::not_found)?;
    let desk = Desk::open(&state, actor, context).await?;
    let (by, patch) = (desk.clone(), patch.into_inner());
    state
        .db
        .write(move |conn| targets::set(conn, &by, (year, goal), version, &patch))
        .await?;
    let figures = state.figures.clone();
    let made = state
        .db
        .read_heavy(move |conn| targets::one(conn, &figures, &desk, (year, goal)))
        .await?;
    Ok(Answer::of(made)?)
}

/// 数据看板
///
/// 权限：镇领导、镇综治办、村支部书记、监督员，内容按角色。一次请求给出；不是本角色的部分为空。
#[utoipa::path(
    get, path = "/api/v1/figures", operation_id = "show_figures", tag = "figures",
    responses(
        (status = 200, body = Dashboard), (status = 401, body = Problem),
        (status = 403, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show_figures(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
) -> Result<web::Json<Dashboard>, ApiError> {
    let board = read(&state, actor, context, dashboard::dashboard).await?;
    Ok(web::Json(board))
}
