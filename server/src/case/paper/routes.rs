//! `/cases/{id}/documents`: what was made, what can be made, the Word file, voiding.

use actix_web::{HttpResponse, web};
use shared::case::paper::{MakePaper, PaperView, Papers, VoidPaper};
use shared::ids::CaseId;
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
            web::resource("/cases/{id}/documents")
                .route(web::get().to(list_documents))
                .route(web::post().to(make_document)),
        )
        .service(web::resource("/cases/{id}/documents/{did}").route(web::get().to(show_document)))
        .service(
            web::resource("/cases/{id}/documents/{did}/docx")
                .route(web::get().to(download_document)),
        )
        .service(
            web::resource("/cases/{id}/documents/{did}/void").route(web::post().to(void_document)),
        );
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    list_documents,
    make_document,
    show_document,
    download_document,
    void_document
))]
pub(crate) struct Docs;

/// 事项的文书
///
/// 看得到这件事项的人员；法庭只看到调解协议书和司法确认申请书，社信息员只看到登记回执。
/// 列出已出具的文书、现在可以出具的文书和要填的内容，不能出具的说明原因。
#[utoipa::path(
    get, path = "/api/v1/cases/{id}/documents", operation_id = "list_documents", tag = "documents",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = Papers),
        (status = 401, body = Problem), (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_documents(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
) -> Result<web::Json<Papers>, ApiError> {
    let id = CaseId::new(path.into_inner());
    let desk = Desk::open(&state, actor, context).await?;
    let (looking, case_id) = (desk.clone(), id.clone());
    let (papers, number, seal) = state
        .db
        .read(move |conn| service::of_case(conn, &looking, &case_id))
        .await?;
    desk.note_look(&state, &id, &format!("{number}：文书"), seal)
        .await?;
    Ok(web::Json(papers))
}

/// 出具文书
///
/// 谁能出具哪种、要填什么，见 `GET /cases/{id}/documents` 的 `offers`。文号按种类、年度连续，
/// 出具后内容不变；有误的作废后重新出具。
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/documents", operation_id = "make_document", tag = "documents",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = MakePaper,
    responses(
        (status = 201, body = PaperView, headers(("ETag" = String), ("Location" = String))),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn make_document(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    path: web::Path<String>,
    input: web::Json<MakePaper>,
) -> Result<Answer, ApiError> {
    let (id, input) = (CaseId::new(path.into_inner()), input.into_inner());
    let body = (id.as_str(), &input);
    let claim = key.claim(&state, &actor, &context, "POST /cases/documents", &body);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let paper = service::make(conn, &desk, &id, &input)?;
            let place = format!("/api/v1/cases/{}/documents/{}", id.as_str(), paper.row.id);
            let version = paper.row.version;
            Ok::<_, Error>(Made::created(paper, version, place))
        })
    });
    Ok(answer.await?)
}

/// 查看文书
///
/// 看得到这份文书的人员。每次查看都留痕。
#[utoipa::path(
    get, path = "/api/v1/cases/{id}/documents/{did}", operation_id = "show_document", tag = "documents",
    params(("id" = String, Path), ("did" = String, Path)),
    responses(
        (status = 200, body = PaperView, headers(("ETag" = String))),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show_document(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (id, paper) = path.into_inner();
    let id = CaseId::new(id);
    let desk = Desk::open(&state, actor, context).await?;
    let (looking, case_id) = (desk.clone(), id.clone());
    let (paper, detail, seal) = state
        .db
        .read(move |conn| service::show(conn, &looking, &case_id, &paper))
        .await?;
    desk.note_look(&state, &id, &detail, seal).await?;
    Ok(HttpResponse::Ok()
        .insert_header((actix_web::http::header::ETAG, etag(paper.row.version)))
        .json(paper))
}

/// 下载文书（Word）
///
/// 看得到这份文书的人员。每次下载都留痕。
#[utoipa::path(
    get, path = "/api/v1/cases/{id}/documents/{did}/docx", operation_id = "download_document", tag = "documents",
    params(("id" = String, Path), ("did" = String, Path)),
    responses(
        (status = 200, content_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document", description = "Word 文件"),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn download_document(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (id, paper) = path.into_inner();
    let id = CaseId::new(id);
    let desk = Desk::open(&state, actor, context).await?;
    let drawing = move |conn: &mut crate::db::Conn| service::download(conn, &desk, &id, &paper);
    let (name, content) = state.db.write(drawing).await?;
    let media_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    Ok(crate::case::routes::download(media_type, &name, content))
}

/// 作废文书
///
/// 能出具这种文书的人员，写明理由。文书和文号保留，文号不再使用。要带 If-Match。
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/documents/{did}/void", operation_id = "void_document", tag = "documents",
    params(
        ("id" = String, Path), ("did" = String, Path),
        ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    request_body = VoidPaper,
    responses(
        (status = 200, body = PaperView, headers(("ETag" = String))),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn void_document(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    path: web::Path<(String, String)>,
    IfMatch(version): IfMatch,
    input: web::Json<VoidPaper>,
) -> Result<Answer, ApiError> {
    let (id, paper) = path.into_inner();
    let (id, input) = (CaseId::new(id), input.into_inner());
    let body = (id.as_str(), &paper, &input);
    let claim = key.claim(
        &state,
        &actor,
        &context,
        "POST /cases/documents/void",
        &body,
    );
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let paper = service::void(conn, &desk, &id, &paper, version, &input)?;
            let version = paper.row.version;
            Ok::<_, Error>(Made::changed(paper, version))
        })
    });
    Ok(answer.await?)
}
