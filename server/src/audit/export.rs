//! `/exports/audit.{format}`: the log as a file, as its reader finds it.

use actix_web::{HttpResponse, web};
use shared::access::{Action, Facts, can};
use shared::audit::AuditEntry;
use shared::export::{ExportDeed, ExportFormat};
use shared::problem::Problem;

use super::routes::ListQuery;
use super::store;
use crate::auth::Actor;
use crate::case::{self, Desk};
use crate::context::RequestContext;
use crate::db::Conn;
use crate::error::ApiError;
use crate::export::{self, CHUNK, Cell, Column, Out, Sheet, Wanted};
use crate::state::State;

/// The routes of this file.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/exports/audit.{format}").route(web::get().to(export_audit)));
}

/// The documents of this file's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(export_audit))]
pub(crate) struct Docs;

/// 导出审计记录
///
/// 权限：监督员，条件同审计记录，新的在前。记入审计，写明导出人和时间。
#[utoipa::path(
    get, path = "/api/v1/exports/audit.{format}", operation_id = "export_audit", tag = "exports",
    params(("format" = ExportFormat, Path, description = "文件格式"), ListQuery),
    responses(
        (status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", description = "工作簿"),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn export_audit(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, ApiError> {
    let format = export::format(&path)?;
    let wanted = query.into_inner().wanted();
    let desk = Desk::open(&state, actor, context).await?;
    can(&desk.actor, Action::Export(ExportDeed::Audit), Facts::None)?;
    state.looks.write_all(&state.db).await?;
    let file = Wanted {
        format,
        name: "审计记录".to_owned(),
        filters: wanted.words(),
    };
    let filters = file.filters.clone();
    export::answer(&state, desk, file, move |conn, desk, out| {
        let filter = wanted.filter(conn, &desk.actor)?;
        write(conn, filter.as_ref(), filters, out)
    })
    .await
}

fn write(
    conn: &mut Conn,
    filter: Option<&store::Filter>,
    filters: String,
    out: &mut Out,
) -> Result<(), case::Error> {
    out.sheet(Sheet {
        name: "审计记录".to_owned(),
        title: "审计记录".to_owned(),
        note: Some(filters).filter(|filters| !filters.is_empty()),
        columns: vec![
            Column::new("时间", 17.0),
            Column::new("操作人", 10.0),
            Column::new("动作", 14.0),
            Column::new("内容", 60.0),
            Column::new("网络地址", 16.0),
            Column::new("请求编号", 38.0),
        ],
        upright: false,
    })?;
    let Some(filter) = filter else {
        return Ok(());
    };
    let mut after: Option<String> = None;
    loop {
        let entries = store::page(conn, filter, after.as_deref(), CHUNK)?;
        let Some(last) = entries.last() else {
            return Ok(());
        };
        after = Some(last.id.clone());
        for entry in entries {
            out.row(&row(entry))?;
        }
    }
}

fn row(entry: AuditEntry) -> [Cell; 6] {
    [
        Cell::Moment(entry.at),
        Cell::words(entry.user_name),
        Cell::term(entry.action),
        Cell::text(entry.detail),
        Cell::words(entry.address),
        Cell::words(entry.request_id),
    ]
}
