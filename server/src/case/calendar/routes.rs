//! `/calendar` and the feeds.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use shared::access::{Action, Facts, can};
use shared::case::calendar::{CalendarFeed, CalendarView};
use shared::problem::Problem;

use super::feed;
use super::service::{self, CalendarQuery, Wanted};
use crate::auth::Actor;
use crate::case::{Desk, Error};
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::idempotency::{Answer, IdempotencyKey, Made};
use crate::state::State;

/// The routes of this room.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/calendar").route(web::get().to(show_calendar)))
        .service(
            web::resource("/calendar/feed")
                .route(web::get().to(show_feed))
                .route(web::post().to(make_feed))
                .route(web::delete().to(end_feed)),
        )
        .service(web::resource("/calendar/feeds/{token}").route(web::get().to(read_feed)));
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(show_calendar, show_feed, make_feed, end_feed, read_feed))]
pub(crate) struct Docs;

/// 日程
///
/// 看得到事项的人员。列出一段时间内到期的各种法定期限（办理单位的和信访人自己的）和专项期限；
/// 信访人的期限快到时附提醒。监督员、系统管理员不接触事项内容（403）。
#[utoipa::path(
    get, path = "/api/v1/calendar", operation_id = "show_calendar", tag = "calendar",
    params(CalendarQuery),
    responses(
        (status = 200, body = CalendarView),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show_calendar(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<CalendarQuery>,
) -> Result<web::Json<CalendarView>, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let wanted = Wanted::read(query.into_inner(), desk.context.today())?;
    let view = state
        .db
        .read_heavy(move |conn| service::calendar(conn, &desk, &wanted))
        .await?;
    Ok(web::Json(view))
}

/// 日程订阅：查看
///
/// 本人。是否已有订阅地址、上次读取的时间；地址本身不再显示。
#[utoipa::path(
    get, path = "/api/v1/calendar/feed", operation_id = "show_calendar_feed", tag = "calendar",
    responses(
        (status = 200, body = CalendarFeed),
        (status = 401, body = Problem), (status = 403, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show_feed(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
) -> Result<web::Json<CalendarFeed>, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let feed = state.db.read(move |conn| feed::show(conn, &desk)).await?;
    Ok(web::Json(feed))
}

/// 日程订阅：建立
///
/// 本人。答复中的地址只显示这一次，手机或电脑的日历程序可以订阅；再建一个，旧的即失效。
/// 订阅内容只有编号和到期事项，没有个人信息。
#[utoipa::path(
    post, path = "/api/v1/calendar/feed", operation_id = "make_calendar_feed", tag = "calendar",
    params(("Idempotency-Key" = Option<String>, Header)),
    responses(
        (status = 201, body = CalendarFeed),
        (status = 401, body = Problem), (status = 403, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn make_feed(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
) -> Result<Answer, ApiError> {
    let claim = key.claim(&state, &actor, &context, "POST /calendar/feed", &());
    let desk = Desk::open(&state, actor, context).await?;
    let making = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let feed = feed::make(conn, &desk)?;
            Ok::<_, Error>(Made::plain(feed, StatusCode::CREATED))
        })
    });
    Ok(making.await?)
}

/// 日程订阅：撤销
///
/// 本人。地址随即失效。
#[utoipa::path(
    delete, path = "/api/v1/calendar/feed", operation_id = "end_calendar_feed", tag = "calendar",
    responses(
        (status = 200, body = CalendarFeed),
        (status = 401, body = Problem), (status = 403, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn end_feed(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
) -> Result<web::Json<CalendarFeed>, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let feed = state.db.write(move |conn| feed::end(conn, &desk)).await?;
    Ok(web::Json(feed))
}

/// 日程订阅：读取
///
/// 不需要登录，凭订阅地址。地址不对、已撤销、帐号已停用或者不再接触事项的，都答 404。
#[utoipa::path(
    get, path = "/api/v1/calendar/feeds/{token}", operation_id = "read_calendar_feed",
    tag = "calendar",
    params(("token" = String, Path, description = "订阅地址的最后一段，以 .ics 结尾")),
    responses(
        (status = 200, body = String, content_type = "text/calendar"),
        (status = 404, body = Problem),
    ),
)]
async fn read_feed(
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let name = path.into_inner();
    let token = name.strip_suffix(".ics").unwrap_or(&name).to_owned();
    let keys = std::sync::Arc::clone(&state.keys);
    let owner = state
        .db
        .read(move |conn| feed::owner(conn, &keys, &token))
        .await?
        .ok_or_else(ApiError::not_found)?;
    let names = state.directory.current().await?;
    let member = names
        .member(&owner)
        .filter(|member| !member.user.disabled)
        .ok_or_else(ApiError::not_found)?;
    let actor = Actor::of_member_alone(std::sync::Arc::clone(member));
    if can(&actor, Action::ListCases, Facts::None).is_err() {
        return Err(ApiError::not_found());
    }
    let desk = Desk::open(&state, actor, context).await?;
    let now = desk.context.now.naive_utc();
    let text = state
        .db
        .read_heavy(move |conn| feed::text(conn, &desk))
        .await?;
    state
        .db
        .write(move |conn| feed::used(conn, &owner, now).map_err(Error::from))
        .await?;
    Ok(HttpResponse::Ok()
        .content_type("text/calendar; charset=utf-8")
        .insert_header(("cache-control", "private, no-store"))
        .body(text))
}
