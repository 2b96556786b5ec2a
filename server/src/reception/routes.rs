//! `/reception-days`.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use shared::page::Page;
use shared::problem::Problem;
use shared::reception::{
    CancelDay, ComerView, NewComer, NewReceptionDay, NewRoster, ReceptionPatch, ReceptionRow,
    ReceptionView, Roster, SubstituteLeader,
};

use super::service::{self, ReceptionQuery};
use crate::auth::Actor;
use crate::case::{Desk, Error};
use crate::context::RequestContext;
use crate::db::Conn;
use crate::error::ApiError;
use crate::extract::{IfMatch, etag};
use crate::idempotency::{Answer, IdempotencyKey, Made};
use crate::state::State;

/// The routes of this room.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/reception-days")
                .route(web::get().to(list_reception_days))
                .route(web::post().to(plan_reception_day)),
        )
        .service(web::resource("/reception-days/roster").route(web::post().to(plan_roster)))
        .service(
            web::resource("/reception-days/{id}")
                .route(web::get().to(show_reception_day))
                .route(web::patch().to(patch_reception_day)),
        )
        .service(
            web::resource("/reception-days/{id}/actions/cancel")
                .route(web::post().to(cancel_reception_day)),
        )
        .service(
            web::resource("/reception-days/{id}/actions/substitute")
                .route(web::post().to(substitute_leader)),
        )
        .service(
            web::resource("/reception-days/{id}/visitors").route(web::post().to(receive_visitor)),
        );
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    list_reception_days,
    plan_reception_day,
    plan_roster,
    show_reception_day,
    patch_reception_day,
    cancel_reception_day,
    substitute_leader,
    receive_visitor
))]
pub(crate) struct Docs;

/// An id as it may stand in a query: PostgreSQL takes no NUL.
fn id_of(id: String) -> Result<String, ApiError> {
    if id.len() > 64 || id.contains('\0') {
        return Err(ApiError::not_found());
    }
    Ok(id)
}

/// 接待安排
///
/// 权限：本镇任何已登录用户；来访批次不给系统管理员看，也不含对本人保密的检举控告。按日期排列。
#[utoipa::path(
    get, path = "/api/v1/reception-days", operation_id = "list_reception_days", tag = "reception",
    params(ReceptionQuery),
    responses(
        (status = 200, body = Page<ReceptionRow>),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_reception_days(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<ReceptionQuery>,
) -> Result<web::Json<Page<ReceptionRow>>, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let query = query.into_inner();
    let page = state
        .db
        .read_heavy(move |conn| service::page(conn, &desk, query))
        .await?;
    Ok(web::Json(page))
}

/// 安排接待日
///
/// 权限：镇综治办、镇领导。不写公告的，用通常的公告文字。
#[utoipa::path(
    post, path = "/api/v1/reception-days", operation_id = "plan_reception_day", tag = "reception",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = NewReceptionDay,
    responses(
        (status = 201, body = ReceptionView),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn plan_reception_day(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    input: web::Json<NewReceptionDay>,
) -> Result<Answer, ApiError> {
    let input = input.into_inner();
    let claim = key.claim(&state, &actor, &context, "POST /reception-days", &input);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let view = service::create(conn, &desk, &input)?;
            let path = format!("/api/v1/reception-days/{}", view.day.id);
            let version = view.day.version;
            Ok::<_, Error>(Made::created(view, version, path))
        })
    });
    Ok(answer.await?)
}

/// 按周排定接待日
///
/// 权限：镇综治办、镇领导。每周同一天，镇领导轮流；遇到休息日顺延到下一个工作日；已有的接待日不动。
#[utoipa::path(
    post, path = "/api/v1/reception-days/roster", operation_id = "plan_roster", tag = "reception",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = NewRoster,
    responses(
        (status = 200, body = Roster),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn plan_roster(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    input: web::Json<NewRoster>,
) -> Result<Answer, ApiError> {
    let input = input.into_inner();
    let route = "POST /reception-days/roster";
    let claim = key.claim(&state, &actor, &context, route, &input);
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let roster = service::roster(conn, &desk, &input)?;
            Ok::<_, Error>(Made::plain(roster, actix_web::http::StatusCode::OK))
        })
    });
    Ok(answer.await?)
}

/// 一个接待日
///
/// 权限：本镇任何已登录用户看安排和公告。来访情况：值班领导、陪同接待的人员、便民服务中心、镇综治办和镇领导看，
/// 其中的事项只列本人有权查看的；其他人（监督员在内）只看批次。对本人保密的检举控告不列也不计。
#[utoipa::path(
    get, path = "/api/v1/reception-days/{id}", operation_id = "show_reception_day",
    tag = "reception",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = ReceptionView), (status = 401, body = Problem),
        (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show_reception_day(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let id = id_of(id.into_inner())?;
    let view = state
        .db
        .read_heavy(move |conn| service::show(conn, &desk, &id))
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(view.day.version)))
        .json(view))
}

/// 修改接待日
///
/// 权限：镇综治办、镇领导。换值班领导用 actions/substitute；已登记来访的不能改期。值班的人会收到通知。
#[utoipa::path(
    patch, path = "/api/v1/reception-days/{id}", operation_id = "patch_reception_day",
    tag = "reception",
    params(("id" = String, Path), ("If-Match" = String, Header)),
    request_body = ReceptionPatch,
    responses(
        (status = 200, body = ReceptionView), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn patch_reception_day(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    IfMatch(seen): IfMatch,
    id: web::Path<String>,
    patch: web::Json<ReceptionPatch>,
) -> Result<Answer, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let id = id_of(id.into_inner())?;
    let patch = patch.into_inner();
    let view = state
        .db
        .write(move |conn| service::patch(conn, &desk, &id, seen, &patch))
        .await?;
    let version = view.day.version;
    Ok(Answer::of(Made::changed(view, version))?)
}

/// What a step does with a day that was read at a version.
type Act<I> = fn(&mut Conn, &Desk, &str, i64, &I) -> Result<ReceptionView, Error>;

/// Takes a step, once.
async fn step<I: Serialize + Send + 'static>(
    (actor, context, key, state): (Actor, RequestContext, IdempotencyKey, web::Data<State>),
    route: &'static str,
    (id, seen): (String, i64),
    input: I,
    act: Act<I>,
) -> Result<Answer, ApiError> {
    let id = id_of(id)?;
    let claim = key.claim(&state, &actor, &context, route, &(&id, &input));
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let view = act(conn, &desk, &id, seen, &input)?;
            let version = view.day.version;
            Ok::<_, Error>(Made::changed(view, version))
        })
    });
    Ok(answer.await?)
}

/// 取消接待日
///
/// 权限：镇综治办、镇领导。写明理由；改期的，另排一天。已登记来访的不能取消。值班的人会收到通知。
#[utoipa::path(
    post, path = "/api/v1/reception-days/{id}/actions/cancel",
    operation_id = "cancel_reception_day", tag = "reception",
    params(
        ("id" = String, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    request_body = CancelDay,
    responses(
        (status = 200, body = ReceptionView), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn cancel_reception_day(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    IfMatch(seen): IfMatch,
    id: web::Path<String>,
    input: web::Json<CancelDay>,
) -> Result<Answer, ApiError> {
    let caller = (actor, context, key, state);
    let at = (id.into_inner(), seen);
    let route = "POST /reception-days/cancel";
    step(caller, route, at, input.into_inner(), service::cancel).await
}

/// 更换值班领导
///
/// 权限：镇综治办、镇领导。写明理由；原来的值班领导留有记载。两位领导和陪同的人会收到通知。
#[utoipa::path(
    post, path = "/api/v1/reception-days/{id}/actions/substitute",
    operation_id = "substitute_leader", tag = "reception",
    params(
        ("id" = String, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    request_body = SubstituteLeader,
    responses(
        (status = 200, body = ReceptionView), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn substitute_leader(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    IfMatch(seen): IfMatch,
    id: web::Path<String>,
    input: web::Json<SubstituteLeader>,
) -> Result<Answer, ApiError> {
    let caller = (actor, context, key, state);
    let at = (id.into_inner(), seen);
    let route = "POST /reception-days/substitute";
    step(caller, route, at, input.into_inner(), service::substitute).await
}

/// 登记来访
///
/// 权限：值班领导、陪同接待的人员、便民服务中心、镇综治办、镇领导。三者选一：登记新事项（来源“来访”，
/// 接待人就是首问责任人；检举控告照常自动保密；photos 成为这件事项的附件）、并入本人看得到的事项、只记一次咨询（不写姓名和号码）。
#[utoipa::path(
    post, path = "/api/v1/reception-days/{id}/visitors", operation_id = "receive_visitor",
    tag = "reception",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewComer,
    responses(
        (status = 201, body = ComerView), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn receive_visitor(
    actor: Actor,
    context: RequestContext,
    key: IdempotencyKey,
    state: web::Data<State>,
    id: web::Path<String>,
    input: web::Json<NewComer>,
) -> Result<Answer, ApiError> {
    let (id, input) = (id_of(id.into_inner())?, input.into_inner());
    let route = "POST /reception-days/visitors";
    let claim = key.claim(&state, &actor, &context, route, &(&id, &input));
    let desk = Desk::open(&state, actor, context).await?;
    let answer = state.db.write(move |conn| {
        claim.once(conn, |conn| {
            let comer = service::receive(conn, &desk, &id, &input)?;
            Ok::<_, Error>(Made::plain(comer, actix_web::http::StatusCode::CREATED))
        })
    });
    Ok(answer.await?)
}
