//! The townships' figures side by side.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use serde::Deserialize;
use shared::access::{Action, Actor as Access, Facts, can};
use shared::case::view::Named;
use shared::county::{CountyDeed, CountyFigures, TownshipFigures};
use shared::ids::UnitId;
use shared::indicator::view::FigureColumn;
use shared::indicator::{FigureGroup, Indicator};
use shared::org::{Unit, UnitKind};
use shared::term::Term;
use shared::validate::Errors;

use super::Error;
use crate::case::{Desk, scope};
use crate::db::Conn;
use crate::indicator::{self, Figures};
use crate::schema::cases;

/// The first year of which villages' standing is told.
const FIRST_YEAR: i32 = 2000;

/// The query string of the figures.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct CountyQuery {
    /// 统计期第一天，默认今年1月1日
    from: Option<NaiveDate>,
    /// 统计期最后一天，默认今天
    to: Option<NaiveDate>,
    /// 截止日：之后发生的不计；默认统计期最后一天，不晚于今天
    as_of: Option<NaiveDate>,
}

/// The figures of each open township below the caller's county.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(super) fn side_by_side(
    conn: &mut Conn,
    figures: &Figures,
    desk: &Desk,
    query: &CountyQuery,
) -> Result<CountyFigures, Error> {
    can(
        &desk.actor,
        Action::County(CountyDeed::Figures),
        Facts::None,
    )?;
    let today = desk.context.today();
    let mut errors = Errors::new();
    let span = indicator::period(&mut errors, query.from, query.to, query.as_of, today);
    let year = span.to.min(today).year();
    if year < FIRST_YEAR {
        errors.add("to", "out_of_range", "统计期应在2000年以后。");
    }
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let indicators: Vec<Indicator> = Indicator::ALL
        .iter()
        .copied()
        .filter(|i| matches!(i.group(), FigureGroup::Rates | FigureGroup::Drops))
        .collect();
    let handed_up = handed_up(conn, desk)?;
    let mut townships = Vec::new();
    for unit in below(desk) {
        let leader = as_leader(desk, &unit.id);
        let told = indicator::of_township(conn, figures, &leader, span, year, &indicators)?;
        townships.push(TownshipFigures {
            township: Named {
                id: unit.id.as_str().to_owned(),
                name: unit.name.clone(),
            },
            cells: told.cells,
            open: told.open,
            overdue: told.overdue,
            holding: told.holding,
            villages: told.villages,
            handed_up: handed_up.get(unit.id.as_str()).copied().unwrap_or(0),
        });
    }
    let last = span.last_year();
    Ok(CountyFigures {
        from: span.from,
        to: span.to,
        as_of: span.as_of,
        last_from: last.from,
        last_to: last.to,
        year,
        columns: indicators.into_iter().map(FigureColumn::of).collect(),
        townships,
    })
}

/// The open townships below the caller's county, in the directory's order.
fn below(desk: &Desk) -> Vec<Unit> {
    let units = desk.names.units().iter();
    units
        .filter(|unit| unit.kind == UnitKind::Township && !unit.closed)
        .filter(|unit| desk.names.is_within(&unit.id, &desk.actor.township_id))
        .cloned()
        .collect()
}

/// The desk as a leader of the township would have it, for reading figures alone.
fn as_leader(desk: &Desk, township: &UnitId) -> Desk {
    let leader = Access::leader_of(township, desk.names.chain(township));
    Desk {
        actor: desk.actor.reading_as(leader),
        ..desk.clone()
    }
}

/// How many cases each township has handed up that the caller may know of.
fn handed_up(conn: &mut Conn, desk: &Desk) -> QueryResult<HashMap<String, u64>> {
    let counts: Vec<(String, i64)> = cases::table
        .filter(scope::visible_to(&desk.actor))
        .group_by(cases::township_id)
        .select((cases::township_id, diesel::dsl::count_star()))
        .load(conn)?;
    let counts = counts.into_iter();
    Ok(counts
        .map(|(township, count)| (township, count.unsigned_abs()))
        .collect())
}
