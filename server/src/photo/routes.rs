//! `/photos`.

use actix_multipart::Multipart;
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use shared::ids::PhotoId;
use shared::photo::PhotoView;
use shared::problem::Problem;

use super::service;
use crate::auth::Actor;
use crate::case::Desk;
use crate::context::RequestContext;
use crate::db::Conn;
use crate::error::ApiError;
use crate::idempotency::{Answer, IdempotencyKey};
use crate::state::State;

/// The routes of this room.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/photos").route(web::post().to(upload)))
        .service(web::resource("/photos/{id}").route(web::get().to(show)));
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(upload, show))]
pub(crate) struct Docs;

/// 一张上传的照片。
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only for the document")]
struct PhotoForm {
    /// 照片（JPEG、PNG、WebP）。
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// 上传照片
///
/// 监督员、系统管理员以外的角色。先上传，再在走访、排查报告、重要信息、新登记的事项中用 `photos` 引用；
/// 30日内没有引用的照片会被清除。按内容判断是不是照片，拍摄地点（GPS）、时间、设备等信息一律去掉。
/// 同一个 Idempotency-Key 和同一个文件只存一次。
#[utoipa::path(
    post, path = "/api/v1/photos", operation_id = "upload_photo", tag = "photos",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body(content = PhotoForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, body = PhotoView),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn upload(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    form: Multipart,
) -> Result<Answer, ApiError> {
    let desk = Desk::open(&state, actor.clone(), context.clone()).await?;
    let taken = service::receive(&state, &desk, form).await?;
    let claim = key.claim(&state, &actor, &context, "POST /photos", &taken.came_as);
    let answer = state
        .db
        .write(move |conn| service::insert_once(conn, &desk, &claim, &taken));
    Ok(answer.await?)
}

/// 查看照片
///
/// 上传人，以及看得到照片所在记录的人员；其他人一律答 404。查看记入审计。
#[utoipa::path(
    get, path = "/api/v1/photos/{id}", operation_id = "show_photo", tag = "photos",
    params(("id" = String, Path)),
    responses(
        (status = 200, content_type = "image/jpeg", description = "照片内容"),
        (status = 401, body = Problem), (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = PhotoId::new(path.into_inner());
    let desk = Desk::open(&state, actor, context).await?;
    let looking = move |conn: &mut Conn| service::look(conn, &desk, &id);
    let photo = state.db.write(looking).await?;
    let path = service::path(&state, &photo)?;
    let content = web::block(move || std::fs::read(path)).await;
    let content = content
        .map_err(ApiError::internal)?
        .map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok()
        .content_type(photo.media_type.as_str())
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; sandbox",
        ))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_DISPOSITION, "inline"))
        .body(content))
}
