//! `/county/figures`, `/county/handed-up`.

use actix_web::web;
use shared::county::{CountyFigures, HandedUpCases};
use shared::problem::Problem;

use super::figures::CountyQuery;
use super::{cases, figures};
use crate::auth::Actor;
use crate::case::Desk;
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::state::State;

/// The routes of this room.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/county/figures").route(web::get().to(show_county_figures)))
        .service(web::resource("/county/handed-up").route(web::get().to(list_handed_up)));
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(show_county_figures, list_handed_up))]
pub(crate) struct Docs;

/// 各乡镇对比
///
/// 权限：县级信访联席办。每个乡镇一行：五率、五下降（含信访总量，与上年同期比较）、未办结、超期、保持三无的村数、
/// 上报件数。每行就是这个乡镇的镇领导自己看到的数字；只有数，不含事项和人员。未办结、超期按今天，三无按统计期
/// 最后一天所在的年度。
#[utoipa::path(
    get, path = "/api/v1/county/figures", operation_id = "show_county_figures", tag = "county",
    params(CountyQuery),
    responses(
        (status = 200, body = CountyFigures),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show_county_figures(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<CountyQuery>,
) -> Result<web::Json<CountyFigures>, ApiError> {
    let query = query.into_inner();
    let desk = Desk::open(&state, actor, context).await?;
    let book = state.figures.clone();
    let told = state
        .db
        .read_heavy(move |conn| figures::side_by_side(conn, &book, &desk, &query))
        .await?;
    Ok(web::Json(told))
}

/// 上报件清单
///
/// 权限：县级信访联席办。乡镇上报、还没有收回或者退回的事项，待批示的在前，先报的在前。打开一件，用 `/cases/{id}`
/// 各接口，只读；批示、退回用 `/cases/{id}/escalations`。
#[utoipa::path(
    get, path = "/api/v1/county/handed-up", operation_id = "list_handed_up", tag = "county",
    responses(
        (status = 200, body = HandedUpCases), (status = 401, body = Problem),
        (status = 403, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_handed_up(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
) -> Result<web::Json<HandedUpCases>, ApiError> {
    let desk = Desk::open(&state, actor, context).await?;
    let found = state
        .db
        .read(move |conn| cases::handed_up(conn, &desk))
        .await?;
    Ok(web::Json(found))
}
