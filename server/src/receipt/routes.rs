//! `/receipts`.

use actix_web::web;
use shared::access::Action;
use shared::ids::CaseId;
use shared::problem::Problem;
use shared::receipt::{Provisional, ReceiptView};
use shared::validate::Errors;

use super::store;
use crate::auth::Actor;
use crate::case::{self, Desk};
use crate::context::RequestContext;
use crate::db::Conn;
use crate::error::ApiError;
use crate::state::State;

/// The routes of this room.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/receipts/{number}").route(web::get().to(show)));
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(show))]
pub(crate) struct Docs;

/// 临时回执
///
/// 看得到那件事项的人员。由登门受理时手机开出的临时回执编号查正式编号；编号抄错一位或两位颠倒都能发现（422）。
/// 还没有传上来的，或者看不到的，一律答 404。
#[utoipa::path(
    get, path = "/api/v1/receipts/{number}", operation_id = "find_provisional_receipt", tag = "cases",
    params(("number" = String, Path, description = "临时回执编号，如 临-7K3M-260302-Q8XWC，“临”和短横可以不写")),
    responses(
        (status = 200, body = ReceiptView),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn show(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
) -> Result<web::Json<ReceiptView>, ApiError> {
    let number = Provisional::read(&path).map_err(|wrong| {
        let mut errors = Errors::new();
        errors.add("number", wrong.code(), wrong.to_string());
        ApiError::invalid(errors.into_vec())
    })?;
    let desk = Desk::open(&state, actor, context).await?;
    let receipt = state
        .db
        .read(move |conn| find(conn, &desk, &number))
        .await?;
    Ok(web::Json(receipt))
}

fn find(conn: &mut Conn, desk: &Desk, number: &Provisional) -> Result<ReceiptView, case::Error> {
    case::service::may_list(desk)?;
    let receipt = store::find(conn, number)?.ok_or_else(case::Error::hidden)?;
    let case_id = CaseId::new(receipt.case_id);
    let (case, _) = case::service::find(conn, desk, &case_id, Action::ViewCase)?;
    Ok(ReceiptView {
        provisional_number: receipt.number,
        case_id,
        number: case.number,
        registered_at: receipt.at.and_utc(),
        recorded_at: receipt.recorded_at.map(|at| at.and_utc()),
    })
}
