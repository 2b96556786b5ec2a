//! `/exports/report-board.{format}` and `/exports/reports.{format}`: who reported when, and what was
//! reported.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpResponse, web};
use diesel::prelude::*;
use shared::access::{Action, Facts, can};
use shared::export::{ExportDeed, ExportFormat};
use shared::problem::Problem;
use shared::report::ReportState;
use shared::report::state::Standing;
use shared::report::view::{BoardView, Cell as BoardCell, ReportRow, Totals};
use shared::term::Term;

use super::board::{self, BoardQuery};
use super::list::{self, Filter, ReportQuery};
use super::store::{FindingRecord, ReportRecord};
use super::{Error, keep_made, service};
use crate::auth::Actor;
use crate::case::{Desk, scope};
use crate::context::RequestContext;
use crate::db::Conn;
use crate::error::ApiError;
use crate::export::{self, Cell, Column, Out, Sheet, Wanted};
use crate::schema::{cases, report_findings};
use crate::state::State;

/// The routes of this file.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/exports/report-board.{format}").route(web::get().to(export_board)))
        .service(web::resource("/exports/reports.{format}").route(web::get().to(export_reports)));
}

/// The documents of this file's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(export_board, export_reports))]
pub(crate) struct Docs;

/// 导出报送情况
///
/// 权限：镇领导、镇综治办、监督员导出全镇，村支部书记导出本村。单位×报告期，条件同报送情况。记入审计，写明导出人和时间。
#[utoipa::path(
    get, path = "/api/v1/exports/report-board.{format}", operation_id = "export_report_board",
    tag = "exports",
    params(("format" = ExportFormat, Path, description = "文件格式"), BoardQuery),
    responses(
        (status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", description = "工作簿"),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn export_board(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
    query: web::Query<BoardQuery>,
) -> Result<HttpResponse, ApiError> {
    let format = export::format(&path)?;
    keep_made(&state, context.now).await?;
    let desk = Desk::open(&state, actor, context).await?;
    let query = query.into_inner();
    let wanted = Wanted {
        format,
        name: "报送情况".to_owned(),
        filters: query.words(&desk),
    };
    export::answer(&state, desk, wanted, move |conn, desk, out| {
        let deed = Action::Export(ExportDeed::Board);
        can(&desk.actor, deed, Facts::None)?;
        let view = board::board(conn, desk, &query)?;
        write_board(desk, &view, out)
    })
    .await
}

/// 导出排查报告
///
/// 权限：镇领导、镇综治办导出全镇，村支部书记导出本村和各社；每项情况一行，零报告一行，条件同报告清单。
/// 情况立为的事项只在本人看得到时写编号。记入审计，写明导出人和时间。
#[utoipa::path(
    get, path = "/api/v1/exports/reports.{format}", operation_id = "export_reports",
    tag = "exports",
    params(("format" = ExportFormat, Path, description = "文件格式"), ReportQuery),
    responses(
        (status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", description = "工作簿"),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn export_reports(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
    query: web::Query<ReportQuery>,
) -> Result<HttpResponse, ApiError> {
    let format = export::format(&path)?;
    keep_made(&state, context.now).await?;
    let desk = Desk::open(&state, actor, context).await?;
    let query = query.into_inner();
    let filters = query.words(&desk);
    let wanted = Wanted {
        format,
        name: "排查报告".to_owned(),
        filters: filters.clone(),
    };
    export::answer(&state, desk, wanted, move |conn, desk, out| {
        let deed = Action::Export(ExportDeed::Reports);
        can(&desk.actor, deed, Facts::None)?;
        let filter = Filter::read(query)?;
        reports(conn, desk, &filter, &filters, out)
    })
    .await
}

/// What a cell of the board says: how the report stands, and what is in it.
fn board_words(cell: &BoardCell) -> String {
    let content = || {
        if cell.zero {
            "零报告".to_owned()
        } else {
            format!("{}项", cell.findings)
        }
    };
    match cell.standing {
        Standing::NotDue | Standing::Missing | Standing::Excused | Standing::Returned => {
            cell.standing.label().to_owned()
        }
        _ if cell.late => format!("{}（迟报）", content()),
        _ => content(),
    }
}

fn write_board(desk: &Desk, view: &BoardView, out: &mut Out) -> Result<(), Error> {
    let township = desk.names.unit_name(&desk.actor.township_id);
    let mut columns = vec![Column::new("村", 12.0), Column::new("单位", 18.0)];
    let periods = view
        .periods
        .iter()
        .map(|period| Column::new(period.label.clone(), 12.0).under("报告期"));
    columns.extend(periods);
    for head in ["应报", "按时", "迟报", "缺报", "零报告", "有情况", "按时率"] {
        columns.push(Column::new(head, 8.0).under("合计"));
    }
    out.sheet(Sheet {
        name: "报送情况".to_owned(),
        title: format!("{township}{}报送情况", view.kind.label()),
        note: Some(format!("报告期：{}至{}", view.from, view.to)),
        columns,
        upright: false,
    })?;
    for unit in &view.units {
        let village = unit.village.as_ref().map(|village| village.name.clone());
        let mut cells = vec![Cell::words(village), Cell::text(unit.unit.name.clone())];
        let periods = unit.cells.iter().map(|cell| {
            cell.as_ref()
                .map_or(Cell::Empty, |cell| Cell::text(board_words(cell)))
        });
        cells.extend(periods);
        cells.extend(totals(&unit.totals));
        out.row(&cells)?;
    }
    let mut sum = vec![Cell::text("合计"), Cell::Empty];
    sum.extend(view.periods.iter().map(|_| Cell::Empty));
    sum.extend(totals(&view.totals));
    out.strong(&sum)?;
    Ok(())
}

fn totals(totals: &Totals) -> [Cell; 7] {
    let count = |count: u32| Cell::Count(u64::from(count));
    let counted = totals.on_time + totals.late + totals.missing;
    [
        count(counted),
        count(totals.on_time),
        count(totals.late),
        count(totals.missing),
        count(totals.zero),
        count(totals.with_findings),
        totals.on_time_percent.map_or(Cell::text("无数据"), |rate| {
            Cell::Permille(i64::from(rate) * 10)
        }),
    ]
}

fn reports(
    conn: &mut Conn,
    desk: &Desk,
    filter: &Filter,
    filters: &str,
    out: &mut Out,
) -> Result<(), Error> {
    let township = desk.names.unit_name(&desk.actor.township_id);
    let mut columns = vec![
        Column::new("报告单位", 18.0),
        Column::new("种类", 12.0),
        Column::new("报告期", 16.0),
        Column::new("截止时间", 17.0),
        Column::new("报送时间", 17.0),
        Column::new("报告人", 10.0),
        Column::new("状态", 10.0),
        Column::new("情况", 10.0),
        Column::new("迟报", 6.0),
        Column::new("综述", 30.0),
    ];
    for (head, width) in [
        ("序号", 6.0),
        ("起因", 40.0),
        ("时间", 12.0),
        ("地点", 14.0),
        ("涉及单位", 14.0),
        ("涉及人数", 8.0),
        ("重点人员", 14.0),
        ("事态发展", 20.0),
        ("处置情况", 20.0),
        ("类型", 12.0),
        ("紧急程度", 10.0),
        ("办理", 10.0),
        ("事项编号", 20.0),
    ] {
        columns.push(Column::new(head, width).under("排查到的情况"));
    }
    out.sheet(Sheet {
        name: "排查报告".to_owned(),
        title: format!("{township}矛盾纠纷排查报告"),
        note: (!filters.is_empty()).then(|| format!("范围：{filters}")),
        columns,
        upright: false,
    })?;
    list::every(conn, desk, filter, |conn, records| {
        let found = Found::of(conn, desk, records)?;
        for record in records {
            let row = service::row(desk, record);
            // What is only begun is nobody's business yet.
            let sent = matches!(
                row.state,
                ReportState::Submitted | ReportState::Returned | ReportState::Acknowledged
            );
            let head = head(&row, record, sent);
            if !sent {
                out.row(&head)?;
                continue;
            }
            let findings = found.findings.get(record.id.as_str());
            let findings = findings.map(Vec::as_slice).unwrap_or_default();
            for (at, finding) in (1u64..).zip(findings) {
                let mut cells = head.clone();
                cells.extend(line(desk, at, finding, &found.numbers));
                out.row(&cells)?;
            }
            if findings.is_empty() {
                out.row(&head)?;
            }
        }
        Ok(())
    })
}

/// What is found of some reports.
struct Found {
    findings: BTreeMap<String, Vec<FindingRecord>>,
    /// The numbers of the cases that the reader may know of.
    numbers: BTreeMap<String, String>,
}

impl Found {
    fn of(conn: &mut Conn, desk: &Desk, records: &[ReportRecord]) -> QueryResult<Self> {
        let ids: Vec<&str> = records
            .iter()
            .filter(|record| record.findings > 0)
            .map(|record| record.id.as_str())
            .collect();
        let rows: Vec<FindingRecord> = report_findings::table
            .filter(report_findings::report_id.eq_any(&ids))
            .order((report_findings::position, report_findings::id))
            .select(FindingRecord::as_select())
            .load(conn)?;
        let named: BTreeSet<&str> = rows
            .iter()
            .filter_map(|finding| finding.case_id.as_deref())
            .collect();
        let mut numbers: BTreeMap<String, String> = BTreeMap::new();
        let named: Vec<&str> = named.into_iter().collect();
        for some in named.chunks(500) {
            let seen: Vec<(String, String)> = cases::table
                .filter(scope::visible_to(&desk.actor))
                .filter(cases::id.eq_any(some))
                .select((cases::id, cases::number))
                .load(conn)?;
            numbers.extend(seen);
        }
        let mut findings: BTreeMap<String, Vec<FindingRecord>> = BTreeMap::new();
        for finding in rows {
            let of = findings.entry(finding.report_id.clone()).or_default();
            of.push(finding);
        }
        Ok(Self { findings, numbers })
    }
}

fn head(row: &ReportRow, record: &ReportRecord, sent: bool) -> Vec<Cell> {
    let content = match row.standing {
        Standing::NotDue | Standing::Missing | Standing::Excused | Standing::Returned => {
            Cell::term(row.standing)
        }
        _ if row.zero => Cell::text("零报告"),
        _ => Cell::text(format!("{}项", row.findings)),
    };
    vec![
        Cell::text(row.unit.name.clone()),
        Cell::term(row.kind),
        Cell::text(row.period.clone()),
        Cell::Moment(row.due_at),
        row.submitted_at.map_or(Cell::Empty, Cell::Moment),
        Cell::words(row.author.as_ref().map(|author| author.name.clone())),
        Cell::term(row.state),
        content,
        Cell::yes(row.late),
        Cell::words(sent.then(|| record.summary.clone())),
    ]
}

fn line(
    desk: &Desk,
    at: u64,
    finding: &FindingRecord,
    numbers: &BTreeMap<String, String>,
) -> [Cell; 13] {
    let place = finding
        .place
        .clone()
        .or_else(|| Some(desk.unit(finding.village_id.as_deref())?.name));
    let number = finding.case_id.as_ref().and_then(|id| numbers.get(id));
    [
        Cell::Count(at),
        Cell::text(finding.cause.clone()),
        match &finding.occurred_text {
            Some(words) => Cell::text(words.clone()),
            None => Cell::day(finding.occurred_on),
        },
        Cell::words(place),
        Cell::words(finding.unit_concerned.clone()),
        Cell::count(
            finding
                .people_count
                .map(|count| u64::from(count.unsigned_abs())),
        ),
        Cell::words(finding.key_persons.clone()),
        Cell::words(finding.development.clone()),
        Cell::words(finding.handling.clone()),
        finding
            .category
            .map_or(Cell::Empty, |category| Cell::term(category.0)),
        Cell::term(finding.severity.0),
        Cell::term(finding.state.0),
        Cell::words(number.cloned()),
    ]
}
