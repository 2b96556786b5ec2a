//! `/imports`.

use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use futures_util::TryStreamExt;
use shared::ids::ImportId;
use shared::ledger::{ImportResult, ImportRun};
use shared::page::Page;
use shared::problem::Problem;
use shared::validate::Errors;

use super::mark::mark;
use super::service::{self, Upload};
use super::{Error, MAX_FILE, vault};
use crate::auth::Actor;
use crate::case::Desk;
use crate::case::routes::download;
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::idempotency::{Answer, IdempotencyKey, Made};
use crate::page::PageQuery;
use crate::state::State;

/// The routes of this room.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/imports").route(web::get().to(list_imports)))
        .service(web::resource("/imports/ledger").route(web::post().to(import_ledger)))
        .service(web::resource("/imports/ledger/marked").route(web::post().to(mark_ledger)))
        .service(web::resource("/imports/{id}").route(web::get().to(show_import)))
        .service(web::resource("/imports/{id}/file").route(web::get().to(download_import)))
        .service(web::resource("/imports/{id}/undo").route(web::post().to(undo_import)));
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    import_ledger,
    mark_ledger,
    list_imports,
    show_import,
    download_import,
    undo_import
))]
pub struct Docs;

/// 一份台账工作簿。
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only for the document")]
struct LedgerForm {
    /// 工作簿（.xlsx、.xls、.ods），20MB 以内。
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// 是否只预览不写入；默认 true。
    #[schema(default = true)]
    dry_run: Option<bool>,
    /// 栏目对应关系，JSON 数组：`[{"header":"反映的问题","field":"cause"}]`；`field` 为 null 的栏不读。
    mapping: Option<String>,
}

/// What the form says.
struct Form {
    upload: Upload,
    dry_run: bool,
}

/// 导入台账
///
/// 镇综治办。默认只预览（`dry_run=true`），什么都不写；确认时（`dry_run=false`）全部写入或全部不写。
/// 有错的行不导入，列在 `flagged` 里；文件内和库内的重复行列在 `duplicates` 里。身份证号和电话在答复中只显示首尾。
#[utoipa::path(
    post, path = "/api/v1/imports/ledger", operation_id = "import_ledger", tag = "imports",
    params(("Idempotency-Key" = Option<String>, Header, description = "同一键和内容只导入一次")),
    request_body(content = LedgerForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, body = ImportResult, description = "预览"),
        (status = 201, body = ImportResult, description = "已导入"),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn import_ledger(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    form: Multipart,
) -> Result<Answer, ApiError> {
    let desk = Desk::open(&state, actor.clone(), context.clone()).await?;
    service::may_import(&desk)?;
    service::refuse_program(&desk)?;
    let Form { upload, dry_run } = receive(form).await?;
    let file = upload.file.clone();
    let content = blake3::hash(&upload.bytes).to_hex().to_string();
    let body = (&content, dry_run, &upload.mapping);
    let claim = key.claim(&state, &actor, &context, "POST /imports/ledger", &body);
    let (keys, today) = (desk.keys.clone(), context.today());
    let (upload, ledger) = blocking(move || {
        let ledger = service::read(&upload, &keys, today)?;
        Ok((upload, ledger))
    })
    .await?;
    if dry_run {
        let planning =
            move |conn: &mut crate::db::Conn| service::preview(conn, &desk, ledger, &file);
        let plan = state.db.read_heavy(planning).await?;
        let result = service::preview_result(plan, &upload.file);
        let answer = Answer::of(Made::plain(result, StatusCode::OK)).map_err(Error::from)?;
        return Ok(answer);
    }
    let keeping = state.clone();
    let kept = blocking(move || vault::keep(&keeping, &upload.bytes)).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let result = service::confirm(conn, &desk, ledger, &file, &kept)?;
            let id = result.import_id.as_ref().map(ImportId::as_str);
            let location = id.map(|id| format!("/api/v1/imports/{id}"));
            Ok::<_, Error>(Made {
                value: result,
                status: StatusCode::CREATED,
                version: None,
                location,
            })
        })
    });
    Ok(answer.await?)
}

/// 标注待改单元格
///
/// 镇综治办。答复是同一份工作簿：要改的单元格标红，需要核对的标黄，重复的行首格标灰，并加批注；
/// 其余内容不变。什么都不写入。
#[utoipa::path(
    post, path = "/api/v1/imports/ledger/marked", operation_id = "mark_ledger", tag = "imports",
    request_body(content = LedgerForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            description = "加了标注的工作簿"),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn mark_ledger(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    form: Multipart,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::open(&state, actor, context.clone()).await?;
    service::may_import(&desk)?;
    let Form { upload, .. } = receive(form).await?;
    let (keys, today) = (desk.keys.clone(), context.today());
    let (upload, ledger) = blocking(move || {
        let ledger = service::read(&upload, &keys, today)?;
        Ok((upload, ledger))
    })
    .await?;
    let file = upload.file.clone();
    let planning = move |conn: &mut crate::db::Conn| service::preview(conn, &desk, ledger, &file);
    let plan = state.db.read_heavy(planning).await?;
    let name = match upload.file.rsplit_once('.') {
        Some((stem, _)) => format!("{stem}（标注）.xlsx"),
        None => format!("{}（标注）.xlsx", upload.file),
    };
    let marked = blocking(move || Ok(mark(&upload.bytes, &plan.marks)?)).await?;
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Ok(download(kind, &name, marked))
}

/// 导入记录
///
/// 镇综治办，本乡镇的，新的在前。
#[utoipa::path(
    get, path = "/api/v1/imports", operation_id = "list_imports", tag = "imports",
    params(PageQuery),
    responses(
        (status = 200, body = Page<ImportRun>), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_imports(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<PageQuery>,
) -> Result<web::Json<Page<ImportRun>>, ApiError> {
    let (limit, after) = (query.limit()?, query.after::<String>()?);
    let desk = Desk::open(&state, actor, context).await?;
    let listing =
        move |conn: &mut crate::db::Conn| service::list(conn, &desk, after.as_deref(), limit);
    Ok(web::Json(state.db.read_heavy(listing).await?))
}

/// 一次导入
///
/// 镇综治办，本乡镇的。`undo_refused` 说明现在为什么不能撤销。
#[utoipa::path(
    get, path = "/api/v1/imports/{id}", operation_id = "show_import", tag = "imports",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = ImportRun), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show_import(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
) -> Result<web::Json<ImportRun>, ApiError> {
    let id = ImportId::new(path.into_inner());
    let desk = Desk::open(&state, actor, context).await?;
    let showing = move |conn: &mut crate::db::Conn| service::show(conn, &desk, &id);
    Ok(web::Json(state.db.read_heavy(showing).await?))
}

/// 下载导入的工作簿
///
/// 镇综治办，本乡镇的。内容是导入时的原文件，记入审计。
#[utoipa::path(
    get, path = "/api/v1/imports/{id}/file", operation_id = "download_import", tag = "imports",
    params(("id" = String, Path)),
    responses(
        (status = 200, content_type = "application/octet-stream", description = "文件内容"),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn download_import(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = ImportId::new(path.into_inner());
    let desk = Desk::open(&state, actor, context).await?;
    let finding = move |conn: &mut crate::db::Conn| service::download(conn, &desk, &id);
    let (name, kept) = state.db.write(finding).await?;
    let opening = state.clone();
    let content = blocking(move || vault::open(&opening, &kept)).await?;
    Ok(download("application/octet-stream", &name, content))
}

/// 撤销一次导入
///
/// 镇综治办，本乡镇的。只能整体撤销，并且导入的事项都没有办理过；否则 409，说明是哪些事项。
/// 排在最后的编号收回再用，其余的编号作废并留底。
#[utoipa::path(
    post, path = "/api/v1/imports/{id}/undo", operation_id = "undo_import", tag = "imports",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses(
        (status = 200, body = ImportRun), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn undo_import(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    path: web::Path<String>,
) -> Result<Answer, ApiError> {
    let id = ImportId::new(path.into_inner());
    let claim = key.claim(&state, &actor, &context, "POST /imports/undo", &id.as_str());
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let run = service::undo(conn, &desk, &id)?;
            Ok::<_, Error>(Made::plain(run, StatusCode::OK))
        })
    });
    Ok(answer.await?)
}

/// Work that takes its time, off the async threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, ApiError> {
    Ok(web::block(work).await.map_err(ApiError::internal)??)
}

/// The most bytes of a field beside the file.
const MAX_FIELD: usize = 64 * 1024;

/// Takes in the form.
async fn receive(mut form: Multipart) -> Result<Form, Error> {
    let mut errors = Errors::new();
    let mut upload = None;
    let (mut dry_run, mut mapping) = (true, Vec::new());
    while let Some(mut field) = form.try_next().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        let limit = if name == "file" { MAX_FILE } else { MAX_FIELD };
        let file_name = field
            .content_disposition()
            .and_then(|c| c.get_filename())
            .map(service::tidy_name);
        let mut content = Vec::new();
        while let Some(chunk) = field.try_next().await.map_err(broken)? {
            if content.len() + chunk.len() > limit {
                return Err(super::reader::ReadError::TooLarge.into());
            }
            content.extend_from_slice(&chunk);
        }
        match name.as_str() {
            "file" => {
                let name = file_name.unwrap_or_else(|| service::tidy_name(""));
                upload = Some((name, content));
            }
            "dry_run" => match String::from_utf8_lossy(&content).trim() {
                "true" | "1" | "" => dry_run = true,
                "false" | "0" => dry_run = false,
                _ => errors.add("dry_run", "invalid", "dry_run 应为 true 或 false。"),
            },
            "mapping" if content.is_empty() => {}
            "mapping" => match serde_json::from_slice(&content) {
                Ok(read) => mapping = read,
                Err(_) => errors.add(
                    "mapping",
                    "invalid",
                    "栏目对应关系应为 JSON 数组，如 [{\"header\":\"反映的问题\",\"field\":\"cause\"}]。",
                ),
            },
            _ => {}
        }
    }
    if upload.is_none() {
        errors.add("file", "required", "请选择台账工作簿（表单字段 file）。");
    }
    match upload {
        Some((file, bytes)) if errors.is_empty() => Ok(Form {
            upload: Upload {
                file,
                bytes,
                mapping,
            },
            dry_run,
        }),
        _ => Err(Error::Invalid(errors.into_vec())),
    }
}

fn broken(error: actix_multipart::MultipartError) -> Error {
    tracing::debug!(%error, "multipart");
    let mut errors = Errors::new();
    errors.add("file", "broken", "上传没有完成或格式不正确，请重新上传。");
    Error::Invalid(errors.into_vec())
}
