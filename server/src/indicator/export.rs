//! `/exports/indicators.{format}`, `/exports/standing.{format}`, `/exports/targets.{format}`: figures as
//! the pages show them.

use actix_web::{HttpResponse, web};
use shared::access::{Action, Facts, can};
use shared::export::{ExportDeed, ExportFormat};
use shared::indicator::standing::Without;
use shared::indicator::view::{
    FigureCell, FigureColumn, IndicatorTable, StandingRisk, StandingView, TargetView, Targets,
};
use shared::indicator::{FigureBy, percent_text};
use shared::problem::Problem;
use shared::term::Term;

use super::Error;
use super::standing::{self, StandingQuery};
use super::table::{self, TableQuery};
use super::targets::{self, TargetsQuery};
use crate::auth::Actor;
use crate::case::Desk;
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::export::{self, Cell, Column, Out, Sheet, Wanted};
use crate::state::State;

/// The routes of this file.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/exports/indicators.{format}").route(web::get().to(export_indicators)),
        )
        .service(web::resource("/exports/standing.{format}").route(web::get().to(export_standing)))
        .service(web::resource("/exports/targets.{format}").route(web::get().to(export_targets)));
}

/// The documents of this file's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(export_indicators, export_standing, export_targets))]
pub(crate) struct Docs;

/// 导出统计指标
///
/// 权限：同统计指标。任何分组，五下降附上年同期；xlsx 另有一张写明每个指标的分子、分母和口径。记入审计，写明导出人和时间。
#[utoipa::path(
    get, path = "/api/v1/exports/indicators.{format}", operation_id = "export_indicators",
    tag = "exports",
    params(("format" = ExportFormat, Path, description = "文件格式"), TableQuery),
    responses(
        (status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", description = "工作簿"),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn export_indicators(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
    query: web::Query<TableQuery>,
) -> Result<HttpResponse, ApiError> {
    let format = export::format(&path)?;
    let desk = Desk::open(&state, actor, context).await?;
    let query = query.into_inner();
    let wanted = Wanted {
        format,
        name: "统计指标".to_owned(),
        filters: query.words(),
    };
    let figures = state.figures.clone();
    export::answer(&state, desk, wanted, move |conn, desk, out| {
        let deed = Action::Export(ExportDeed::Indicators);
        can(&desk.actor, deed, Facts::None)?;
        let table = table::table(conn, &figures, desk, &query)?;
        write_table(desk, &table, out)
    })
    .await
}

/// 导出三无情况
///
/// 权限：镇领导、镇综治办、监督员导出全镇，村支部书记导出本村。记入审计，写明导出人和时间。
#[utoipa::path(
    get, path = "/api/v1/exports/standing.{format}", operation_id = "export_standing",
    tag = "exports",
    params(("format" = ExportFormat, Path, description = "文件格式"), StandingQuery),
    responses(
        (status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", description = "工作簿"),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn export_standing(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
    query: web::Query<StandingQuery>,
) -> Result<HttpResponse, ApiError> {
    let format = export::format(&path)?;
    let desk = Desk::open(&state, actor, context).await?;
    let query = query.into_inner();
    let wanted = Wanted {
        format,
        name: "三无情况".to_owned(),
        filters: query.words(),
    };
    let figures = state.figures.clone();
    export::answer(&state, desk, wanted, move |conn, desk, out| {
        can(
            &desk.actor,
            Action::Export(ExportDeed::Standing),
            Facts::None,
        )?;
        let view = standing::standing(conn, &figures, desk, &query)?;
        write_standing(desk, &view, out)
    })
    .await
}

/// 导出年度目标
///
/// 权限：镇领导、镇综治办、监督员。记入审计，写明导出人和时间。
#[utoipa::path(
    get, path = "/api/v1/exports/targets.{format}", operation_id = "export_targets",
    tag = "exports",
    params(("format" = ExportFormat, Path, description = "文件格式"), TargetsQuery),
    responses(
        (status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", description = "工作簿"),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn export_targets(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
    query: web::Query<TargetsQuery>,
) -> Result<HttpResponse, ApiError> {
    let format = export::format(&path)?;
    let desk = Desk::open(&state, actor, context).await?;
    let query = query.into_inner();
    let wanted = Wanted {
        format,
        name: "年度目标".to_owned(),
        filters: query.words(),
    };
    let figures = state.figures.clone();
    export::answer(&state, desk, wanted, move |conn, desk, out| {
        can(
            &desk.actor,
            Action::Export(ExportDeed::Targets),
            Facts::None,
        )?;
        let targets = targets::list(conn, &figures, desk, &query)?;
        write_targets(desk, &targets, out)
    })
    .await
}

fn township(desk: &Desk) -> &str {
    desk.names.unit_name(&desk.actor.township_id)
}

/// The three cells of a figure: what counts, what it is measured against, the share or the change.
fn figure(cell: &FigureCell, drop: bool) -> [Cell; 3] {
    let last = match (cell.permille, drop, cell.numerator) {
        (Some(permille), ..) => Cell::Permille(permille),
        (None, true, Some(_)) => Cell::text("无上年数据"),
        _ => Cell::text("无数据"),
    };
    [
        Cell::count(cell.numerator),
        Cell::count(cell.denominator),
        last,
    ]
}

fn heads(column: &FigureColumn) -> [Column; 3] {
    let names = if column.drop {
        ["本期", "上年同期", "增减"]
    } else {
        ["分子", "分母", "比率"]
    };
    names.map(|name| Column::new(name, 11.0).under(column.label.clone()))
}

fn write_table(desk: &Desk, table: &IndicatorTable, out: &mut Out) -> Result<(), Error> {
    let since = match table.since {
        Some(since) => format!("台账自{since}起"),
        None => "台账中还没有事项".to_owned(),
    };
    // The whole alone is a list; cut into rows it is a table.
    let list = table.by == FigureBy::Township;
    let columns = if list {
        vec![
            Column::new("指标组", 12.0),
            Column::new("指标", 28.0),
            Column::new("分子（本期）", 13.0),
            Column::new("分母（上年同期）", 16.0),
            Column::new("比率（增减）", 13.0),
        ]
    } else {
        let first = Column::new(table.by.label(), 16.0);
        std::iter::once(first)
            .chain(table.columns.iter().flat_map(heads))
            .collect()
    };
    out.sheet(Sheet {
        name: "统计指标".to_owned(),
        title: format!("{}信访工作统计指标", township(desk)),
        note: Some(format!(
            "统计期：{}至{}，截止{}；上年同期：{}至{}；{since}",
            table.from, table.to, table.as_of, table.last_from, table.last_to
        )),
        columns,
        upright: list,
    })?;
    for row in &table.rows {
        let figures = table.columns.iter().zip(&row.cells);
        if list {
            for (column, cell) in figures {
                let mut cells = vec![Cell::term(column.group), Cell::text(column.label.clone())];
                cells.extend(figure(cell, column.drop));
                out.row(&cells)?;
            }
            continue;
        }
        let mut cells = vec![Cell::text(row.label.clone())];
        cells.extend(figures.flat_map(|(column, cell)| figure(cell, column.drop)));
        // The whole in front of its parts.
        if row.key.is_none() {
            out.strong(&cells)?;
        } else {
            out.row(&cells)?;
        }
    }
    out.sheet(Sheet {
        name: "指标口径".to_owned(),
        title: "指标口径".to_owned(),
        note: None,
        columns: vec![
            Column::new("指标组", 12.0),
            Column::new("指标", 26.0),
            Column::new("分子（本期）", 40.0),
            Column::new("分母（比较）", 40.0),
            Column::new("统计范围", 50.0),
            Column::new("数据来源", 12.0),
        ],
        upright: false,
    })?;
    for column in &table.columns {
        out.aside(&[
            Cell::term(column.group),
            Cell::text(column.label.clone()),
            Cell::text(column.numerator.clone()),
            Cell::text(column.denominator.clone()),
            Cell::text(column.cohort.clone()),
            Cell::term(column.source),
        ])?;
    }
    Ok(())
}

fn risk(risk: &StandingRisk) -> String {
    let number = risk.case.as_ref().map(|case| case.number.as_str());
    let number = number.unwrap_or("一件事项");
    if risk.now {
        format!("{number}：超期已60日")
    } else {
        format!("{number}：{}到期", risk.due_on)
    }
}

fn write_standing(desk: &Desk, view: &StandingView, out: &mut Out) -> Result<(), Error> {
    let share = view
        .permille
        .map_or_else(|| "无数据".to_owned(), percent_text);
    let mut columns = vec![Column::new("村", 14.0), Column::new("三无村", 10.0)];
    columns.extend(
        Without::ALL
            .iter()
            .map(|what| Column::new(what.label(), 16.0).under("破三无的事项（件）")),
    );
    columns.push(Column::new("可能失去三无的事项", 44.0));
    let years = view
        .villages
        .iter()
        .flat_map(|village| village.history.iter().map(|year| year.year));
    let mut years: Vec<i32> = years.collect();
    years.sort_unstable_by(|a, b| b.cmp(a));
    years.dedup();
    columns.extend(
        years
            .iter()
            .map(|year| Column::new(format!("{year}年"), 9.0).under("历年")),
    );
    out.sheet(Sheet {
        name: "三无情况".to_owned(),
        title: format!("{}{}年三无村情况", township(desk), view.year),
        note: Some(format!(
            "截止{}；{}个村中{}个是三无村，占{share}，目标{}",
            view.as_of,
            view.total,
            view.holding,
            percent_text(view.target)
        )),
        columns,
        upright: false,
    })?;
    for village in &view.villages {
        let mut cells = vec![
            Cell::text(village.village.name.clone()),
            Cell::text(if village.holds { "是" } else { "否" }),
        ];
        cells.extend(Without::ALL.iter().map(|what| {
            let broken = village.broken.iter().find(|broken| broken.what == *what);
            Cell::Count(broken.map_or(0, |broken| broken.count))
        }));
        let risks: Vec<String> = village.risks.iter().map(risk).collect();
        cells.push(Cell::text(risks.join("\n")));
        cells.extend(years.iter().map(|year| {
            let of = village.history.iter().find(|of| of.year == *year);
            Cell::text(match of.map(|of| of.holds) {
                Some(true) => "三无",
                Some(false) => "未达",
                None => "",
            })
        }));
        out.row(&cells)?;
    }
    Ok(())
}

fn write_targets(desk: &Desk, targets: &Targets, out: &mut Out) -> Result<(), Error> {
    out.sheet(Sheet {
        name: "年度目标".to_owned(),
        title: format!("{}{}年度目标完成情况", township(desk), targets.year),
        note: Some(format!(
            "截止{}；下降类目标为降幅，目前为与上年同期相比的增减；简单外推不是预测",
            targets.as_of
        )),
        columns: vec![
            Column::new("目标", 26.0),
            Column::new("目标值", 10.0),
            Column::new("分子（本期）", 12.0).under("目前"),
            Column::new("分母（上年同期）", 14.0).under("目前"),
            Column::new("比率（增减）", 12.0).under("目前"),
            Column::new("是否达到", 10.0),
            Column::new("全年", 10.0).under("简单外推"),
            Column::new("能否达到", 10.0).under("简单外推"),
            Column::new("办法", 40.0).under("简单外推"),
            Column::new("依据或说明", 26.0),
            Column::new("确定人", 10.0),
            Column::new("确定日期", 12.0),
        ],
        upright: false,
    })?;
    targets
        .items
        .iter()
        .try_for_each(|target| out.row(&target_row(target)))?;
    Ok(())
}

fn target_row(target: &TargetView) -> Vec<Cell> {
    let met = |met: Option<bool>, yes: &'static str, no: &'static str| {
        Cell::text(met.map_or("", |met| if met { yes } else { no }))
    };
    let forecast = target.forecast.as_ref();
    let share = |permille: Option<i64>| permille.map_or(Cell::Empty, Cell::Permille);
    let mut cells = vec![Cell::text(target.label.clone()), share(target.value)];
    cells.extend(figure(&target.now, target.drop));
    cells.extend([
        met(target.met, "达到", "未达到"),
        share(forecast.and_then(|forecast| forecast.permille)),
        met(
            forecast.and_then(|forecast| forecast.met),
            "可达到",
            "达不到",
        ),
        Cell::words(forecast.map(|forecast| forecast.how.clone())),
        Cell::words(target.note.clone()),
        Cell::words(target.set_by.as_ref().map(|by| by.name.clone())),
        Cell::day(target.set_on),
    ]);
    cells
}
