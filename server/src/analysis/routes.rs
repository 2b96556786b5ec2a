//! `/analyses/{month}`: a month's analysis, its words, issuing it, the Word file.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use shared::analysis::{AnalysisDeed, AnalysisPatch, AnalysisView};
use shared::problem::Problem;

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
    config
        .service(
            web::resource("/analyses/{month}")
                .route(web::get().to(show_analysis))
                .route(web::patch().to(write_analysis)),
        )
        .service(web::resource("/analyses/{month}/issue").route(web::post().to(issue_analysis)))
        .service(web::resource("/analyses/{month}/docx").route(web::get().to(download_analysis)));
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(show_analysis, write_analysis, issue_analysis, download_analysis))]
pub(crate) struct Docs;

/// What is counted of a month, before the transaction that writes.
async fn counted(
    state: &State,
    desk: &Desk,
    month: &str,
    deed: AnalysisDeed,
) -> Result<shared::analysis::Analysis, ApiError> {
    let (figures, reader, month) = (state.figures.clone(), desk.clone(), month.to_owned());
    let analysis = state
        .db
        .read_heavy(move |conn| service::counted(conn, &figures, &reader, &month, deed))
        .await?;
    Ok(analysis)
}

/// 月度分析研判
///
/// 权限：镇领导、镇综治办。一个月的数据与上月、上年同月对比，热点类型和村，办理时间最长的事项，研判意见和下步措施。
/// 一律不含检举控告。月份没有过完的，与上月、上年同月的同一天比较。印发以后数据不再变（其后对外保密的事项不再列出）。
/// 没有写过的 version 为 0。
#[utoipa::path(
    get, path = "/api/v1/analyses/{month}", operation_id = "show_analysis", tag = "analyses",
    params(("month" = String, Path, description = "月份，如 2026-03")),
    responses(
        (status = 200, body = AnalysisView, headers(("ETag" = String))),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show_analysis(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    month: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let figures = state.figures.clone();
    let view = state
        .db
        .read_heavy(move |conn| service::show(conn, &figures, &desk, &month))
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(view.version)))
        .json(view))
}

/// 撰写研判意见和下步措施
///
/// 权限：镇领导、镇综治办。If-Match 为读到的 version，没有写过的为 "0"；不填的项目不动。印发以后不能再改（409）。记入审计。
#[utoipa::path(
    patch, path = "/api/v1/analyses/{month}", operation_id = "write_analysis", tag = "analyses",
    params(
        ("month" = String, Path, description = "月份，如 2026-03"),
        ("If-Match" = String, Header),
    ),
    request_body = AnalysisPatch,
    responses(
        (status = 200, body = AnalysisView, headers(("ETag" = String))),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem),
        (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn write_analysis(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    month: web::Path<String>,
    IfMatch(seen): IfMatch,
    patch: web::Json<AnalysisPatch>,
) -> Result<Answer, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let analysis = counted(&state, &desk, &month, AnalysisDeed::Write).await?;
    let made = state
        .db
        .write(move |conn| {
            let view = service::write(conn, &desk, &month, seen, &patch, analysis)?;
            let version = view.version;
            Ok::<_, Error>(Made::changed(view, version))
        })
        .await?;
    Ok(Answer::of(made)?)
}

/// 印发分析研判
///
/// 权限：镇领导、镇综治办。月份过完、研判意见和下步措施写好以后才能印发（409）；印发以后数据和文字都不再变。
/// 要带 If-Match。记入审计。
#[utoipa::path(
    post, path = "/api/v1/analyses/{month}/issue", operation_id = "issue_analysis",
    tag = "analyses",
    params(
        ("month" = String, Path, description = "月份，如 2026-03"),
        ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    responses(
        (status = 200, body = AnalysisView, headers(("ETag" = String))),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem),
        (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn issue_analysis(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    month: web::Path<String>,
    IfMatch(seen): IfMatch,
) -> Result<Answer, ApiError> {
    let month = month.into_inner();
    let claim = key.claim(&state, &actor, &context, "POST /analyses/issue", &month);
    let desk = Desk::open(&state, actor, context).await?;
    let analysis = counted(&state, &desk, &month, AnalysisDeed::Issue).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let view = service::issue(conn, &desk, &month, seen, analysis)?;
            let version = view.version;
            Ok::<_, Error>(Made::changed(view, version))
        })
    });
    Ok(answer.await?)
}

/// 导出分析研判（Word）
///
/// 权限：镇领导、镇综治办。可继续编辑的 Word 文件，写明导出人和时间；记入审计。
#[utoipa::path(
    get, path = "/api/v1/analyses/{month}/docx", operation_id = "download_analysis",
    tag = "analyses",
    params(("month" = String, Path, description = "月份，如 2026-03")),
    responses(
        (status = 200, content_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document", description = "Word 文件"),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn download_analysis(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    month: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let (figures, reader) = (state.figures.clone(), desk.clone());
    let (name, content) = state
        .db
        .read_heavy(move |conn| service::download(conn, &figures, &reader, &month))
        .await?;
    let noted = name.clone();
    state
        .db
        .write(move |conn| service::note(conn, &desk, &noted))
        .await?;
    let media_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    Ok(crate::case::routes::download(media_type, &name, content))
}
