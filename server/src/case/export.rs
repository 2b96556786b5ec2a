//! `/exports/ledger.{format}`: the ledger in the columns that townships hand in, with the filters of the
//! list.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use shared::access::{Action, Facts, can};
use shared::export::{ExportDeed, ExportFormat};
use shared::problem::Problem;

use super::Error;
use super::desk::Desk;
use super::list::{self, CaseQuery, Filter};
use super::store::CaseRecord;
use crate::auth::Actor;
use crate::context::RequestContext;
use crate::db::Conn;
use crate::error::ApiError;
use crate::export::{self, Cell, Column, Out, Sheet, Wanted};
use crate::state::State;

/// The routes of this file.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/exports/ledger.{format}").route(web::get().to(export_ledger)));
}

/// The documents of this file's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(export_ledger), components(schemas(ExportFormat)))]
pub(crate) struct Docs;

/// 导出台账
///
/// 权限：镇领导、镇综治办、村支部书记；只含本人看得到的，可用台账列表的筛选和排序（每页条数和翻页不起作用）。
/// xlsx 为可直接打印上报的工作簿，csv 为 UTF-8（带 BOM）。记入审计，写明导出人和时间。
#[utoipa::path(
    get, path = "/api/v1/exports/ledger.{format}", operation_id = "export_ledger", tag = "exports",
    params(("format" = ExportFormat, Path, description = "文件格式"), CaseQuery),
    responses(
        (status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", description = "工作簿"),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn export_ledger(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
    query: web::Query<CaseQuery>,
) -> Result<HttpResponse, ApiError> {
    let format = export::format(&path)?;
    let desk = Desk::open(&state, actor, context).await?;
    let filter = Filter::read(query.into_inner(), desk.context.today())?;
    let wanted = Wanted {
        format,
        name: "台账".to_owned(),
        filters: filter.words(&desk),
    };
    export::answer(&state, desk, wanted, move |conn, desk, out| {
        ledger(conn, desk, filter, out)
    })
    .await
}

/// A column: head, width in characters, what a case says in it.
type Of = (&'static str, f64, fn(&Desk, &CaseRecord) -> Cell);

fn unit(desk: &Desk, id: &Option<String>, day: NaiveDate) -> String {
    desk.unit_then(id.as_deref(), day)
        .map(|unit| unit.name)
        .unwrap_or_default()
}

const COLUMNS: &[Of] = &[
    ("编号", 20.0, |_, case| Cell::text(case.number.clone())),
    ("登记日期", 11.0, |_, case| Cell::Day(case.received_on)),
    ("类别", 9.0, |_, case| Cell::term(case.kind.0)),
    ("信访人姓名", 10.0, |_, case| {
        Cell::words(case.petitioner.clone())
    }),
    ("村社", 14.0, |desk, case| {
        let place = unit(desk, &case.village_id, case.received_on)
            + &unit(desk, &case.group_id, case.received_on);
        Cell::text(place)
    }),
    ("信访形式", 9.0, |_, case| Cell::term(case.channel.0)),
    ("涉及人数", 8.0, |_, case| {
        match &case.people_count_text {
            Some(words) => Cell::text(words.clone()),
            None => Cell::Count(u64::from(case.people_count.unsigned_abs())),
        }
    }),
    ("类型", 10.0, |_, case| Cell::term(case.category.0)),
    ("起因及主要诉求", 40.0, |_, case| {
        Cell::text(match &case.demand {
            Some(demand) => format!("{}\n诉求：{demand}", case.cause),
            None => case.cause.clone(),
        })
    }),
    ("发生时间", 11.0, |_, case| match &case.occurred_text {
        Some(words) => Cell::text(words.clone()),
        None => Cell::day(case.occurred_on),
    }),
    ("发生地点", 12.0, |_, case| {
        Cell::words(case.place.clone())
    }),
    ("涉及单位", 12.0, |_, case| {
        Cell::words(case.unit_concerned.clone())
    }),
    ("事态发展", 16.0, |_, case| {
        Cell::words(case.development.clone())
    }),
    ("调处情况", 18.0, |_, case| {
        Cell::words(case.handling.clone())
    }),
    ("包案领导", 9.0, |desk, case| {
        Cell::words(desk.user(case.lead_id.as_deref()).map(|user| user.name))
    }),
    ("责任单位", 11.0, |desk, case| {
        let day = case.closed_on.unwrap_or_else(|| desk.context.today());
        Cell::text(unit(desk, &case.responsible_unit_id, day))
    }),
    ("状态", 8.0, |_, case| Cell::term(case.state.0)),
    ("办理期限", 11.0, |_, case| Cell::day(case.due())),
    ("办结日期", 11.0, |_, case| Cell::day(case.closed_on)),
    ("办结结果", 10.0, |_, case| {
        case.outcome
            .map_or(Cell::Empty, |outcome| Cell::term(outcome.0))
    }),
    ("积案", 6.0, |_, case| Cell::yes(case.backlog)),
];

/// Writes the ledger.
fn ledger(conn: &mut Conn, desk: &Desk, filter: Filter, out: &mut Out) -> Result<(), Error> {
    can(&desk.actor, Action::Export(ExportDeed::Ledger), Facts::None)?;
    let township = desk.names.unit_name(&desk.actor.township_id);
    let filters = filter.words(desk);
    let columns = COLUMNS
        .iter()
        .map(|(head, width, _)| Column::new(*head, *width));
    out.sheet(Sheet {
        name: "台账".to_owned(),
        title: format!("{township}矛盾纠纷和信访事项台账"),
        note: (!filters.is_empty()).then(|| format!("范围：{filters}")),
        columns: columns.collect(),
        upright: false,
    })?;
    let mut cells = Vec::with_capacity(COLUMNS.len());
    list::every(conn, desk, filter, |_, case| {
        cells.clear();
        cells.extend(COLUMNS.iter().map(|(_, _, cell)| cell(desk, case)));
        Ok(out.row(&cells)?)
    })?;
    Ok(())
}
