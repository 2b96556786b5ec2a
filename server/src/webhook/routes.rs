//! `/webhooks`, `/webhook-addresses`.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use shared::page::Page;
use shared::problem::Problem;
use shared::validate::Errors;
use shared::webhook::{
    AllowAddresses, Delivery, DeliveryState, MadeWebhook, NewWebhook, Payload, Webhook,
    WebhookAddresses, WebhookPatch,
};

use super::service;
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
        .service(
            web::resource("/webhooks")
                .route(web::get().to(list))
                .route(web::post().to(make)),
        )
        .service(
            web::resource("/webhooks/{id}")
                .route(web::get().to(show))
                .route(web::patch().to(change))
                .route(web::delete().to(remove)),
        )
        .service(web::resource("/webhooks/{id}/test").route(web::post().to(test)))
        .service(web::resource("/webhooks/{id}/secret").route(web::post().to(rotate)))
        .service(web::resource("/webhooks/{id}/deliveries").route(web::get().to(deliveries)))
        .service(
            web::resource("/webhooks/{id}/deliveries/{did}/redeliver")
                .route(web::post().to(redeliver)),
        )
        .service(
            web::resource("/webhook-addresses")
                .route(web::get().to(addresses))
                .route(web::put().to(allow)),
        );
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(
    paths(
        list, make, show, change, remove, test, rotate, deliveries, redeliver, addresses, allow
    ),
    components(schemas(Payload))
)]
pub(crate) struct Docs;

/// Whose webhooks, and which page of them.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// true：本镇所有人的订阅（系统管理员）；否则只是本人的
    all: Option<bool>,
    /// 每页条数，1 到 200，默认 50
    limit: Option<u32>,
    /// 上一页答复中的 next_cursor
    cursor: Option<String>,
}

/// Which deliveries, and which page of them.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct DeliveryQuery {
    /// 只看这种状态的
    #[param(inline)]
    state: Option<DeliveryState>,
    /// 每页条数，1 到 200，默认 50
    limit: Option<u32>,
    /// 上一页答复中的 next_cursor
    cursor: Option<String>,
}

/// 订阅
///
/// 本人的订阅，新的在前；系统管理员可以看本镇所有人的（`all=true`，其他角色答 403）。签名密钥不再显示。监督员没有订阅，答 403。
#[utoipa::path(
    get, path = "/api/v1/webhooks", operation_id = "list_webhooks", tag = "webhooks",
    params(ListQuery),
    responses(
        (status = 200, body = Page<Webhook>), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<ListQuery>,
) -> Result<web::Json<Page<Webhook>>, ApiError> {
    let query = query.into_inner();
    let mut errors = Errors::new();
    let (limit, before): (i64, Option<String>) =
        crate::page::place(query.limit, query.cursor, &mut errors);
    errors.into_result()?;
    let all = query.all.unwrap_or_default();
    let desk = Desk::open(&state, actor, context).await?;
    let page = state
        .db
        .read(move |conn| service::list(conn, &desk, all, before.as_deref(), limit))
        .await?;
    Ok(web::Json(page))
}

/// 新建订阅
///
/// 权限：监督员以外的任何人，给自己新建。事项发生所选事件时，向 `url` 发送签名的 POST 请求（见 `WebhookPayload`），只有编号类的 id，
/// 没有个人信息；只推送持有人届时能看到的事项。系统管理员的订阅只说发生了什么，不说是哪件事项，且不含密件。
/// 签名密钥（`secret`）只在这次答复中给出。地址须在系统管理员允许的范围内（`/webhook-addresses`），不跟随跳转。
#[utoipa::path(
    post, path = "/api/v1/webhooks", operation_id = "make_webhook", tag = "webhooks",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = NewWebhook,
    responses(
        (status = 201, body = MadeWebhook),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn make(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    input: web::Json<NewWebhook>,
) -> Result<Answer, ApiError> {
    let input = input.into_inner();
    let claim = key.claim(&state, &actor, &context, "POST /webhooks", &input);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state
        .db
        .write(move |conn| claim.once(conn, |conn| service::make(conn, &desk, &input)))
        .await?;
    Ok(answer)
}

/// 一个订阅
///
/// 权限：持有人；系统管理员可以看本镇任何人的。别人的订阅对其他角色答 404。
#[utoipa::path(
    get, path = "/api/v1/webhooks/{id}", operation_id = "show_webhook", tag = "webhooks",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = Webhook), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let webhook = state
        .db
        .read(move |conn| service::show(conn, &desk, &id))
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(webhook.version)))
        .json(webhook))
}

/// 修改、启用或停用订阅
///
/// 权限：持有人。启用（`enabled` 为 true）会结束因连续失败而起的暂停；换了角色的持有人须重新启用。停用期间发生的事件不再补发。
/// 系统管理员对别人的订阅答 403，其他角色答 404。
#[utoipa::path(
    patch, path = "/api/v1/webhooks/{id}", operation_id = "change_webhook", tag = "webhooks",
    params(("id" = String, Path), ("If-Match" = String, Header)),
    request_body = WebhookPatch,
    responses(
        (status = 200, body = Webhook), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 412, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem),
        (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn change(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    id: web::Path<String>,
    IfMatch(seen): IfMatch,
    patch: web::Json<WebhookPatch>,
) -> Result<Answer, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let webhook = state
        .db
        .write(move |conn| service::change(conn, &desk, &id, seen, &patch))
        .await?;
    let version = webhook.version;
    Ok(Answer::of(Made::changed(webhook, version))?)
}

/// 删除订阅
///
/// 权限：持有人；系统管理员可以删除本镇任何人的。等候投递的和投递记录一并删除。别人的订阅对其他角色答 404。
#[utoipa::path(
    delete, path = "/api/v1/webhooks/{id}", operation_id = "remove_webhook", tag = "webhooks",
    params(("id" = String, Path), ("If-Match" = String, Header)),
    responses(
        (status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn remove(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    id: web::Path<String>,
    IfMatch(seen): IfMatch,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    state
        .db
        .write(move |conn| service::remove(conn, &desk, &id, seen))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// 测试订阅
///
/// 权限：持有人。在后台发出一次类型为 `test` 的请求，不重试；结果稍后见投递记录。已暂停的也发，成功后自动恢复；停用的答 409。
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/test", operation_id = "test_webhook", tag = "webhooks",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses(
        (status = 202, body = Delivery), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn test(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    id: web::Path<String>,
) -> Result<Answer, ApiError> {
    let id = id.into_inner();
    let claim = key.claim(&state, &actor, &context, "POST /webhooks/{id}/test", &id);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state
        .db
        .write(move |conn| claim.once(conn, |conn| service::test(conn, &desk, &id)))
        .await?;
    Ok(answer)
}

/// 更换签名密钥
///
/// 权限：持有人。新密钥（`secret`）只在这次答复中给出，旧的立即作废；此后的请求（包括重试）用新密钥签名。
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/secret", operation_id = "rotate_webhook_secret",
    tag = "webhooks",
    params(
        ("id" = String, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    responses(
        (status = 200, body = MadeWebhook), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 412, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn rotate(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    id: web::Path<String>,
    IfMatch(seen): IfMatch,
) -> Result<Answer, ApiError> {
    let id = id.into_inner();
    let body = (&id, seen);
    let claim = key.claim(
        &state,
        &actor,
        &context,
        "POST /webhooks/{id}/secret",
        &body,
    );
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state
        .db
        .write(move |conn| claim.once(conn, |conn| service::rotate(conn, &desk, &id, seen)))
        .await?;
    Ok(answer)
}

/// 投递记录
///
/// 权限：持有人。新的在前，保留三十天；只有现在仍能看到的事项的。系统管理员对别人的订阅答 403，其他角色答 404。
#[utoipa::path(
    get, path = "/api/v1/webhooks/{id}/deliveries", operation_id = "list_webhook_deliveries",
    tag = "webhooks",
    params(("id" = String, Path), DeliveryQuery),
    responses(
        (status = 200, body = Page<Delivery>), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn deliveries(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    id: web::Path<String>,
    query: web::Query<DeliveryQuery>,
) -> Result<web::Json<Page<Delivery>>, ApiError> {
    let query = query.into_inner();
    let mut errors = Errors::new();
    let (limit, before): (i64, Option<String>) =
        crate::page::place(query.limit, query.cursor, &mut errors);
    errors.into_result()?;
    let desk = Desk::open(&state, actor, context).await?;
    let page = state
        .db
        .read_heavy(move |conn| {
            service::deliveries(conn, &desk, &id, query.state, before.as_deref(), limit)
        })
        .await?;
    Ok(web::Json(page))
}

/// 重新投递
///
/// 权限：持有人。再发一次，`id` 不变，重新计算24小时；事项现在看不到的答 404，订阅停用或暂停的答 409。
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/deliveries/{did}/redeliver",
    operation_id = "redeliver_webhook", tag = "webhooks",
    params(
        ("id" = String, Path), ("did" = String, Path, description = "投递编号"),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    responses(
        (status = 202, body = Delivery), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn redeliver(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    path: web::Path<(String, String)>,
) -> Result<Answer, ApiError> {
    let path = path.into_inner();
    let route = "POST /webhooks/{id}/deliveries/{did}/redeliver";
    let claim = key.claim(&state, &actor, &context, route, &path);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state
        .db
        .write(move |conn| {
            let (id, delivery) = &path;
            claim.once(conn, |conn| service::redeliver(conn, &desk, id, delivery))
        })
        .await?;
    Ok(answer)
}

/// 允许推送的地址
///
/// 权限：监督员以外的任何人。不在其中的主机，任何订阅都不会连接。
#[utoipa::path(
    get, path = "/api/v1/webhook-addresses", operation_id = "show_webhook_addresses",
    tag = "webhooks",
    responses(
        (status = 200, body = WebhookAddresses), (status = 401, body = Problem),
        (status = 403, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn addresses(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let addresses = state
        .db
        .read(move |conn| service::addresses(conn, &desk))
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(addresses.version)))
        .json(addresses))
}

/// 规定允许推送的地址
///
/// 权限：系统管理员。主机名（可带端口）、IP 地址或网段；主机名解析到内网、本机或链路本地地址的，还须列出那个地址或网段。
/// 连接时按实际解析到的地址再核对一次。
#[utoipa::path(
    put, path = "/api/v1/webhook-addresses", operation_id = "allow_webhook_addresses",
    tag = "webhooks",
    params(("If-Match" = String, Header)),
    request_body = AllowAddresses,
    responses(
        (status = 200, body = WebhookAddresses), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 412, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn allow(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    IfMatch(seen): IfMatch,
    input: web::Json<AllowAddresses>,
) -> Result<Answer, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let addresses = state
        .db
        .write(move |conn| service::allow(conn, &desk, seen, &input))
        .await?;
    let version = addresses.version;
    Ok(Answer::of(Made::changed(addresses, version))?)
}
