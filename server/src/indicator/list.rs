//! The cases behind a figure.

use diesel::prelude::*;
use serde::Deserialize;
use shared::access::{Action, Denied, Facts, can};
use shared::case::view::CaseRow;
use shared::indicator::view::FigureRecord;
use shared::indicator::{FigureBy, FigureDeed, FigurePart, FigureSource, Indicator};
use shared::page::Page;
use shared::validate::Errors;

use super::Error;
use super::book::Figures;
use super::field;
use super::grid::{self, Cell};
use super::table::period;
use crate::case::store::CaseRecord;
use crate::case::{Desk, scope, service, view};
use crate::db::Conn;
use crate::page;
use crate::schema::cases;

/// The query string of a figure's cases; figures give it ready made.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct MembersQuery {
    /// 指标
    #[param(inline)]
    indicator: Indicator,
    /// 分子或分母，默认分母；下降类的分母为上年同期
    #[param(inline)]
    part: Option<FigurePart>,
    /// 统计期第一天
    from: chrono::NaiveDate,
    /// 统计期最后一天
    to: chrono::NaiveDate,
    /// 截止日，默认统计期最后一天，不晚于今天
    as_of: Option<chrono::NaiveDate>,
    /// 分组
    #[param(inline)]
    by: Option<FigureBy>,
    /// 分组中的一行：单位编号、类型代码；none 为没有填写的
    key: Option<String>,
    /// 每页条数，1 到 200，默认 50
    limit: Option<u32>,
    /// 上一页答复中的 next_cursor
    cursor: Option<String>,
}

/// The link to a cell's cases.
pub(super) fn link(cell: &Cell) -> String {
    use shared::term::Term;
    let Cell {
        indicator,
        part,
        span,
        by,
        key,
    } = cell;
    let list = match indicator.source() {
        FigureSource::Cases => "cases",
        _ => "records",
    };
    let mut link = format!(
        "/indicators/{list}?indicator={}&part={}&from={}&to={}&as_of={}",
        indicator.code(),
        part.code(),
        span.from,
        span.to,
        span.as_of
    );
    let by_period = *by == FigureBy::Month && indicator.source() == FigureSource::Cases;
    if let Some(key) = key.as_ref().filter(|_| !by_period) {
        link.push_str(&format!("&by={}&key={key}", by.code()));
    }
    link
}

/// The cell that a query is about; notes what is wrong with it.
fn cell(desk: &Desk, query: MembersQuery, errors: &mut Errors) -> Cell {
    let span = period(
        errors,
        Some(query.from),
        Some(query.to),
        query.as_of,
        desk.context.today(),
    );
    Cell {
        indicator: query.indicator,
        part: query.part.unwrap_or(FigurePart::Denominator),
        span,
        by: query.by.unwrap_or(FigureBy::Township),
        key: query.key.filter(|key| !key.is_empty()),
    }
}

/// A page of the reports, the urgent information or the weeks of visits that a figure counts; `total` is
/// the figure.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(super) fn records(
    conn: &mut Conn,
    desk: &Desk,
    query: MembersQuery,
) -> Result<Page<FigureRecord>, Error> {
    can(
        &desk.actor,
        Action::Figures(FigureDeed::Indicators),
        Facts::None,
    )?;
    let (limit, cursor) = (query.limit, query.cursor.clone());
    let mut errors = Errors::new();
    let cell = cell(desk, query, &mut errors);
    if cell.indicator.source() == FigureSource::Cases {
        let message = "这个指标按事项统计，请用 /indicators/cases 查看。";
        errors.add("indicator", "of_cases", message);
    }
    if !errors.is_empty() {
        return Err(errors.into());
    }
    if !field::opens(desk, cell.indicator) {
        return Err(Denied::NotAllowed("您的角色只查看这个指标的数字。").into());
    }
    field::page(conn, desk, &cell, limit, cursor)
}

/// A page of a figure's cases, the last received in front; `total` is the figure.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(super) fn page(
    conn: &mut Conn,
    figures: &Figures,
    desk: &Desk,
    query: MembersQuery,
) -> Result<Page<CaseRow>, Error> {
    can(
        &desk.actor,
        Action::Figures(FigureDeed::Indicators),
        Facts::None,
    )?;
    service::may_list(desk)?;
    let (limit, cursor) = (query.limit, query.cursor.clone());
    let mut errors = Errors::new();
    let cell = cell(desk, query, &mut errors);
    let (limit, after): (i64, Option<(u16, u32)>) = page::place(limit, cursor, &mut errors);
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let actor = &desk.actor;
    let members = figures.read(conn, &desk.names, |book| grid::members(book, actor, &cell))?;
    let total = u64::try_from(members.len()).unwrap_or(u64::MAX);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let rest: Vec<_> = members
        .into_iter()
        .filter(|(day, id)| after.is_none_or(|after| (day.number(), *id) < after))
        .take(limit.saturating_add(1))
        .collect();
    let more = rest.len() > limit;
    let shown = rest.get(..limit.min(rest.len())).unwrap_or_default();
    let next_cursor = shown
        .last()
        .filter(|_| more)
        .map(|(day, id)| page::cursor(&(day.number(), *id)));
    let ids: Vec<u32> = shown.iter().map(|(_, id)| *id).collect();
    Ok(Page {
        items: rows(conn, desk, &ids)?,
        next_cursor,
        total,
    })
}

/// Cases by their keys into the search index, in that order. Found once more within what the actor may
/// know of: the last word is the query's.
///
/// # Errors
/// The database's own.
pub(super) fn rows(conn: &mut Conn, desk: &Desk, ids: &[u32]) -> Result<Vec<CaseRow>, Error> {
    let mut found = keyed(conn, desk, ids)?;
    found.sort_by_key(|(id, _)| ids.iter().position(|wanted| wanted == id));
    Ok(found.into_iter().map(|(_, row)| row).collect())
}

/// The same in no order, with their keys.
///
/// # Errors
/// The database's own.
pub(super) fn keyed(
    conn: &mut Conn,
    desk: &Desk,
    ids: &[u32],
) -> Result<Vec<(u32, CaseRow)>, Error> {
    let docids: Vec<i64> = ids.iter().map(|id| i64::from(*id)).collect();
    let found: Vec<CaseRecord> = cases::table
        .filter(scope::visible_to(&desk.actor))
        .filter(cases::docid.eq_any(&docids))
        .select(CaseRecord::as_select())
        .load(conn)?;
    let today = desk.context.today();
    Ok(found
        .iter()
        .filter_map(|case| {
            Some((
                u32::try_from(case.docid).ok()?,
                view::row(desk, today, case),
            ))
        })
        .collect())
}
