//! `/notifications`, `/events`, `/me/notification-settings`, `/notification-robots`.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use shared::notice::prefs::{Prefs, PrefsView};
use shared::notice::robot::{NewRobot, Robot, RobotPatch};
use shared::notice::{Inbox, Notice, NoticeKind, ReadUpTo, Unread};
use shared::problem::{Code, Problem};
use shared::validate::Errors;

use super::service::{self, Wanted};
use super::{robot, stream};
use crate::auth::{self, Actor};
use crate::case::Desk;
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::extract::{IfMatch, etag};
use crate::idempotency::{Answer, IdempotencyKey, Made};
use crate::state::State;

/// The routes of this room.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/notifications").route(web::get().to(list)))
        .service(web::resource("/notifications/read-all").route(web::post().to(read_all)))
        .service(web::resource("/notifications/{id}/read").route(web::post().to(read)))
        .service(web::resource("/events").route(web::get().to(events)))
        .service(
            web::resource("/me/notification-settings")
                .route(web::get().to(show_prefs))
                .route(web::put().to(set_prefs)),
        )
        .service(
            web::resource("/notification-robots")
                .route(web::get().to(list_robots))
                .route(web::post().to(add_robot)),
        )
        .service(
            web::resource("/notification-robots/{id}")
                .route(web::get().to(show_robot))
                .route(web::patch().to(change_robot))
                .route(web::delete().to(remove_robot)),
        )
        .service(web::resource("/notification-robots/{id}/test").route(web::post().to(test_robot)));
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(
    paths(
        list,
        read,
        read_all,
        events,
        show_prefs,
        set_prefs,
        list_robots,
        show_robot,
        add_robot,
        change_robot,
        remove_robot,
        test_robot,
    ),
    components(schemas(Notice, shared::notice::Hello))
)]
pub(crate) struct Docs;

/// What a reader of the inbox asks for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// 只看未读
    unread: Option<bool>,
    /// 只看这一类
    #[param(inline)]
    kind: Option<NoticeKind>,
    /// 每页条数，1 到 200，默认 50
    limit: Option<u32>,
    /// 上一页答复中的 next_cursor
    cursor: Option<String>,
}

/// 通知
///
/// 本人的通知，新的在前，附未读总数；保留180天。所指事项已不能查看的（角色变动、后来密封），不显示也不计数。
#[utoipa::path(
    get, path = "/api/v1/notifications", operation_id = "list_notifications", tag = "notifications",
    params(ListQuery),
    responses(
        (status = 200, body = Inbox), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list(
    actor: Actor,
    state: web::Data<State>,
    query: web::Query<ListQuery>,
) -> Result<web::Json<Inbox>, ApiError> {
    let query = query.into_inner();
    let mut errors = Errors::new();
    let (limit, before) = crate::page::place(query.limit, query.cursor, &mut errors);
    errors.into_result()?;
    let wanted = Wanted {
        unread: query.unread.unwrap_or_default(),
        kind: query.kind,
        limit,
        before,
    };
    let inbox = state
        .db
        .read_heavy(move |conn| service::inbox(conn, &actor, wanted))
        .await?;
    Ok(web::Json(inbox))
}

/// 通知：标为已读
///
/// 本人的通知。重复调用结果相同，首次阅读的时间不变。
#[utoipa::path(
    post, path = "/api/v1/notifications/{id}/read", operation_id = "read_notification",
    tag = "notifications",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = Notice), (status = 401, body = Problem),
        (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn read(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    id: web::Path<String>,
) -> Result<web::Json<Notice>, ApiError> {
    let notice = state
        .db
        .write(move |conn| service::read(conn, &actor, &id, context.now))
        .await?;
    Ok(web::Json(notice))
}

/// 通知：全部标为已读
///
/// 本人的通知，到 `up_to`（所见最新一条的 seq）为止；之后到的仍为未读。重复调用结果相同。
#[utoipa::path(
    post, path = "/api/v1/notifications/read-all", operation_id = "read_all_notifications",
    tag = "notifications",
    request_body = ReadUpTo,
    responses(
        (status = 200, body = Unread), (status = 400, body = Problem),
        (status = 401, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn read_all(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    input: web::Json<ReadUpTo>,
) -> Result<web::Json<Unread>, ApiError> {
    let up_to = input.up_to;
    let unread = state
        .db
        .write(move |conn| service::read_up_to(conn, &actor, up_to, context.now))
        .await?;
    Ok(web::Json(unread))
}

/// Where a stream goes on.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct EventsQuery {
    /// 上次收到的事件的 id，作用与 Last-Event-ID 相同
    last_event_id: Option<String>,
}

/// 实时事件（SSE）
///
/// 本人的通知。事件：`hello`（服务器时间和位置）、`notice`（id 为 seq，data 为通知）、
/// `reset`（漏掉的太多，请重新读取通知列表）、`replaced`（同一人打开的太多，这一个结束，不要自动重连）；
/// 每20秒一行注释。带 `Last-Event-ID`（或 `last_event_id`）重连，从断开处补发，不漏不重。
/// 访问令牌到期、退出登录、停用或角色变动时结束，请换新令牌重连。每人最多6个，每次登录最多3个。
#[utoipa::path(
    get, path = "/api/v1/events", operation_id = "stream_events", tag = "notifications",
    params(("Last-Event-ID" = Option<String>, Header), EventsQuery),
    responses(
        (status = 200, body = String, content_type = "text/event-stream"),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 503, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn events(
    actor: Actor,
    request: HttpRequest,
    state: web::Data<State>,
    query: web::Query<EventsQuery>,
) -> Result<HttpResponse, ApiError> {
    let since = place_in_stream(&request, &query)?;
    let claims = auth::claims(&request, &state)
        .ok_or_else(|| ApiError::new(Code::Unauthenticated, "登录已过期，请重新登录。"))?;
    let stopping = || ApiError::new(Code::Unavailable, "服务正在停止，请稍后重连。");
    let listener = state.streams.listen(&actor, claims).ok_or_else(stopping)?;
    let start = state
        .db
        .read(move |conn| stream::start(conn, &actor, since))
        .await?;
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_ENCODING, "identity"))
        // A proxy that gathers an answer before it passes it on would gather for ever.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(stream::body(listener, start, state.clock.now())))
}

fn place_in_stream(request: &HttpRequest, query: &EventsQuery) -> Result<Option<i64>, ApiError> {
    let given = request.headers().get("last-event-id");
    let given = given.map(|value| value.to_str().unwrap_or("?"));
    let Some(text) = given.or(query.last_event_id.as_deref()) else {
        return Ok(None);
    };
    // An empty one is what a browser sends that has had none.
    if text.is_empty() {
        return Ok(None);
    }
    let place = text.parse().ok().filter(|place: &i64| *place >= 0);
    place
        .map(Some)
        .ok_or_else(|| ApiError::bad_request("Last-Event-ID 应为上次收到的事件的 id。"))
}

/// 通知设置
///
/// 本人。各类通知怎样接收（即时、并入每日汇总、不接收）、提示音、免打扰时段；重要信息不能关闭，附理由。
#[utoipa::path(
    get, path = "/api/v1/me/notification-settings", operation_id = "get_notification_settings",
    tag = "notifications",
    responses((status = 200, body = PrefsView), (status = 401, body = Problem)),
    security(("bearer" = [])),
)]
async fn show_prefs(actor: Actor, state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    let prefs = state
        .db
        .read(move |conn| service::prefs(conn, &actor))
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(prefs.version)))
        .json(prefs))
}

/// 修改通知设置
///
/// 本人。整份提交；没有列出的类型为即时提醒。
#[utoipa::path(
    put, path = "/api/v1/me/notification-settings", operation_id = "set_notification_settings",
    tag = "notifications",
    params(("If-Match" = String, Header)),
    request_body = Prefs,
    responses(
        (status = 200, body = PrefsView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn set_prefs(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    IfMatch(seen): IfMatch,
    input: web::Json<Prefs>,
) -> Result<Answer, ApiError> {
    let prefs = state
        .db
        .write(move |conn| service::set_prefs(conn, &actor, &input, seen, context.now))
        .await?;
    let version = prefs.version;
    Ok(Answer::of(Made::changed(prefs, version))?)
}

/// 通知机器人列表
///
/// 权限：系统管理员。企业微信、钉钉、飞书群机器人；地址只显示末四位。
#[utoipa::path(
    get, path = "/api/v1/notification-robots", operation_id = "list_notification_robots",
    tag = "notifications",
    responses(
        (status = 200, body = Vec<Robot>), (status = 401, body = Problem),
        (status = 403, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_robots(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
) -> Result<web::Json<Vec<Robot>>, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let robots = state.db.read(move |conn| robot::list(conn, &desk)).await?;
    Ok(web::Json(robots))
}

/// 通知机器人
///
/// 权限：系统管理员。含上次发送的结果和等候发送的条数。
#[utoipa::path(
    get, path = "/api/v1/notification-robots/{id}", operation_id = "show_notification_robot",
    tag = "notifications",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = Robot), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show_robot(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let robot = state
        .db
        .read(move |conn| robot::show(conn, &desk, &id))
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(robot.version)))
        .json(robot))
}

/// 新增通知机器人
///
/// 权限：系统管理员。只能发往各家的固定域名（运维人员可在配置项 robot_hosts 中另外允许）；
/// 地址和加签密钥加密保存，不再完整显示。消息只有通知的类型和标题，没有个人信息，不含密件。
#[utoipa::path(
    post, path = "/api/v1/notification-robots", operation_id = "add_notification_robot",
    tag = "notifications",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = NewRobot,
    responses(
        (status = 201, body = Robot), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn add_robot(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    key: IdempotencyKey,
    input: web::Json<NewRobot>,
) -> Result<Answer, ApiError> {
    let claim = key.claim(
        &state,
        &actor,
        &context,
        "POST /notification-robots",
        &input,
    );
    let desk = Desk::open(&state, actor, context).await?;
    let hosts = state.config.http.robot_hosts.clone();
    let answer = state
        .db
        .write(move |conn| robot::add(conn, &desk, &hosts, &input, &claim))
        .await?;
    Ok(answer)
}

/// 修改、启用或停用通知机器人
///
/// 权限：系统管理员。启用、更换地址或密钥都会结束因连续失败而起的暂停；加签密钥填空为不再加签。
#[utoipa::path(
    patch, path = "/api/v1/notification-robots/{id}", operation_id = "change_notification_robot",
    tag = "notifications",
    params(("id" = String, Path), ("If-Match" = String, Header)),
    request_body = RobotPatch,
    responses(
        (status = 200, body = Robot), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn change_robot(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    id: web::Path<String>,
    IfMatch(seen): IfMatch,
    patch: web::Json<RobotPatch>,
) -> Result<Answer, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let hosts = state.config.http.robot_hosts.clone();
    let robot = state
        .db
        .write(move |conn| robot::change(conn, &desk, &hosts, &id, seen, &patch))
        .await?;
    let version = robot.version;
    Ok(Answer::of(Made::changed(robot, version))?)
}

/// 删除通知机器人
///
/// 权限：系统管理员。等候发送的消息一并删除。
#[utoipa::path(
    delete, path = "/api/v1/notification-robots/{id}", operation_id = "remove_notification_robot",
    tag = "notifications",
    params(("id" = String, Path)),
    responses(
        (status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn remove_robot(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    state
        .db
        .write(move |conn| robot::remove(conn, &desk, &id))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// 测试通知机器人
///
/// 权限：系统管理员。在后台发出一条测试消息，结果稍后见机器人的 `last_result`；停用的答 409。
#[utoipa::path(
    post, path = "/api/v1/notification-robots/{id}/test",
    operation_id = "test_notification_robot", tag = "notifications",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses(
        (status = 202, body = Robot), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn test_robot(
    actor: Actor,
    state: web::Data<State>,
    context: RequestContext,
    key: IdempotencyKey,
    id: web::Path<String>,
) -> Result<Answer, ApiError> {
    let id = id.into_inner();
    let claim = key.claim(
        &state,
        &actor,
        &context,
        "POST /notification-robots/{id}/test",
        &id,
    );
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state
        .db
        .write(move |conn| robot::test(conn, &desk, &id, &claim))
        .await?;
    Ok(answer)
}
