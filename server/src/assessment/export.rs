//! `/exports/assessments.{format}` and `/exports/assessments/{id}/sheet.{format}`: the ranking of a year, and a
//! village's sheet with its items.

use actix_web::{HttpResponse, web};
use shared::access::{Action, Facts, can};
use shared::assessment::{AssessmentRow, AssessmentView, Assessments, VillageFacts};
use shared::export::{ExportDeed, ExportFormat};
use shared::problem::Problem;
use shared::term::Term;

use super::routes::id_of;
use super::service::{self, AssessmentQuery};
use crate::auth::Actor;
use crate::case::{Desk, Error};
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::export::{self, Cell, Column, Out, Sheet, Wanted};
use crate::state::State;

/// The routes of this file.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/exports/assessments.{format}").route(web::get().to(export_ranking)),
        )
        .service(
            web::resource("/exports/assessments/{id}/sheet.{format}")
                .route(web::get().to(export_sheet)),
        );
}

/// The documents of this file's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(export_ranking, export_sheet))]
pub(crate) struct Docs;

/// 导出考核排名
///
/// 权限：镇领导、镇综治办、监督员导出各村，村支部书记只导出本村。xlsx 第一张是排名，后面每个村一张考核表；
/// csv 只有排名。记入审计，写明导出人和时间。
#[utoipa::path(
    get, path = "/api/v1/exports/assessments.{format}", operation_id = "export_assessments",
    tag = "exports",
    params(("format" = ExportFormat, Path, description = "文件格式"), AssessmentQuery),
    responses(
        (status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", description = "工作簿"),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn export_ranking(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<String>,
    query: web::Query<AssessmentQuery>,
) -> Result<HttpResponse, ApiError> {
    let format = export::format(&path)?;
    let desk = Desk::open(&state, actor, context).await?;
    let query = query.into_inner();
    let wanted = Wanted {
        format,
        name: "村级考核".to_owned(),
        filters: query.words(),
    };
    let figures = state.figures.clone();
    export::answer(&state, desk, wanted, move |conn, desk, out| {
        let deed = Action::Export(ExportDeed::Assessment);
        can(&desk.actor, deed, Facts::None)?;
        let all = service::list(conn, desk, &query)?;
        ranking(desk, &all, out)?;
        if format == ExportFormat::Xlsx {
            for row in &all.items {
                let view = service::show(conn, &figures, desk, &row.id)?;
                sheet(desk, &view, false, out)?;
            }
        }
        Ok::<_, Error>(())
    })
    .await
}

/// 导出一个村的考核表
///
/// 权限：镇领导、镇综治办、监督员，本村支部书记；其他村的按不存在处理（404）。记入审计，写明导出人和时间。
#[utoipa::path(
    get, path = "/api/v1/exports/assessments/{id}/sheet.{format}", operation_id = "export_assessment",
    tag = "exports",
    params(("id" = String, Path), ("format" = ExportFormat, Path, description = "文件格式")),
    responses(
        (status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", description = "工作簿"),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn export_sheet(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (id, code) = path.into_inner();
    let (id, format) = (id_of(id)?, export::format(&code)?);
    let desk = Desk::open(&state, actor, context).await?;
    // Who may see it is asked before its village stands in a name.
    let (figures, reader, asked) = (state.figures.clone(), desk.clone(), id.clone());
    let view = state
        .db
        .read_heavy(move |conn| {
            let deed = Action::Export(ExportDeed::Assessment);
            can(&reader.actor, deed, Facts::None)?;
            service::show(conn, &figures, &reader, &asked)
        })
        .await?;
    let row = &view.row;
    let wanted = Wanted {
        format,
        name: format!(
            "{}{}年{}考核表",
            row.village.name,
            row.year,
            row.kind.label()
        ),
        filters: String::new(),
    };
    export::answer(&state, desk, wanted, move |_, desk, out| {
        sheet(desk, &view, true, out)
    })
    .await
}

fn result(row: &AssessmentRow) -> Cell {
    match (row.named, row.vetoed) {
        (Some(true), _) => Cell::text(format!("命名为{}", row.kind.label())),
        (Some(false), _) => Cell::text("未命名"),
        (None, true) => Cell::text("一票否决"),
        (None, false) => Cell::Empty,
    }
}

fn tenths(tenths: Option<u32>) -> Cell {
    tenths.map_or(Cell::Empty, |tenths| Cell::Tenths(i64::from(tenths)))
}

fn ranking(desk: &Desk, all: &Assessments, out: &mut Out) -> Result<(), Error> {
    let township = desk.names.unit_name(&desk.actor.township_id);
    out.sheet(Sheet {
        name: "考核排名".to_owned(),
        title: format!("{township}{}年{}考核排名", all.year, all.kind.label()),
        note: Some("满分100分；满90分且没有一票否决情形的可以命名".to_owned()),
        columns: vec![
            Column::new("名次", 8.0),
            Column::new("村", 16.0),
            Column::new("得分", 10.0),
            Column::new("进度", 12.0),
            Column::new("一票否决", 10.0),
            Column::new("结果", 16.0),
        ],
        upright: true,
    })?;
    for row in &all.items {
        out.row(&[
            Cell::count(row.rank.map(u64::from)),
            Cell::text(row.village.name.clone()),
            tenths(row.total),
            Cell::term(row.stage),
            Cell::yes(row.vetoed),
            result(row),
        ])?;
    }
    Ok(())
}

/// What the data is called that a sheet is scored with.
fn data(facts: &VillageFacts) -> [(&'static str, u32); 9] {
    [
        ("到市赴省进京非正常访（次）", facts.abnormal_visits),
        ("越级集体访（批）", facts.skip_collectives),
        ("积案（件）", facts.backlog),
        ("当年事项（件）", facts.cases),
        ("其中超期（件）", facts.overdue),
        ("应报的排查报告（份）", facts.reports),
        ("其中迟报、缺报（份）", facts.reports_missed),
        ("走访（次）", facts.visits),
        ("有法制宣传的季度（个）", facts.publicity_quarters),
    ]
}

/// A village's sheet. Beside the ranking its rows are not counted.
fn sheet(desk: &Desk, view: &AssessmentView, counted: bool, out: &mut Out) -> Result<(), Error> {
    let township = desk.names.unit_name(&desk.actor.township_id);
    let row = &view.row;
    let until = if view.frozen {
        "已固定"
    } else {
        "审核时固定"
    };
    out.sheet(Sheet {
        name: row.village.name.clone(),
        title: format!(
            "{township}{}{}年{}考核表",
            row.village.name,
            row.year,
            row.kind.label()
        ),
        note: Some(format!(
            "进度：{}；数据截至{}，{until}",
            row.stage.label(),
            view.data_until
        )),
        columns: vec![
            Column::new("部分", 10.0),
            Column::new("项目", 26.0),
            Column::new("评分标准", 34.0),
            Column::new("满分", 8.0),
            Column::new("得分", 8.0).under("村自评"),
            Column::new("依据", 26.0).under("村自评"),
            Column::new("得分", 8.0).under("镇审核"),
            Column::new("依据或情况", 26.0).under("镇审核"),
        ],
        upright: false,
    })?;
    let mut row = |cells: &[Cell]| {
        if counted {
            out.row(cells)
        } else {
            out.aside(cells)
        }
    };
    for item in &view.items {
        let ground = if item.by_data {
            Cell::text("按数据计分")
        } else {
            Cell::words(item.evidence.clone())
        };
        row(&[
            Cell::text("考核项目"),
            Cell::text(item.title.clone()),
            Cell::text(item.standard.clone()),
            tenths(Some(item.full)),
            tenths(item.own),
            Cell::words(item.own_evidence.clone()),
            tenths(item.score),
            ground,
        ])?;
    }
    let none = || Cell::Empty;
    for veto in &view.vetoes {
        row(&[
            Cell::text("一票否决"),
            Cell::text(veto.title.clone()),
            none(),
            none(),
            none(),
            none(),
            none(),
            Cell::text(if veto.holds { "有" } else { "没有" }),
        ])?;
    }
    for (name, count) in data(&view.data) {
        row(&[
            Cell::text("计分数据"),
            Cell::text(name),
            none(),
            none(),
            none(),
            none(),
            none(),
            Cell::Count(u64::from(count)),
        ])?;
    }
    out.strong(&[
        Cell::text("合计"),
        Cell::Empty,
        Cell::Empty,
        Cell::Tenths(i64::from(
            shared::assessment::FULL * shared::assessment::TENTHS,
        )),
        Cell::Empty,
        Cell::Empty,
        tenths(view.row.total),
        result(&view.row),
    ])?;
    Ok(())
}
