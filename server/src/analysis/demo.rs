//! Made-up words about the last two months for the demo: one analysis that was issued, one that the
//! office is at.

use chrono::{Datelike, Months, NaiveDate};
use shared::analysis::{Analysis, AnalysisDeed, AnalysisPatch, month_key};
use shared::role::Role;

use super::service;
use crate::case::{Desk, Error as Wrong};
use crate::db::Conn;
use crate::demo::Error;
use crate::demo::cast::{Cast, at, wrong};
use crate::state::State;

/// Makes them.
///
/// # Errors
/// [`Error`].
pub(crate) fn load(state: &State, cast: &Cast) -> Result<(), Error> {
    let first = cast.today().with_day(1).unwrap_or(cast.today());
    let month = |back: u32| first.checked_sub_months(Months::new(back)).unwrap_or(first);
    write(
        state,
        cast,
        month(2),
        "本月土地流转费兑付、用水轮次方面的诉求相对集中，多数能在村里说清楚、办得了；长期未决的两件积案仍是影响全镇三无创建的主要因素。农忙时节用水、务工结算容易引发新的矛盾，要早介入。",
        "一、综治办牵头，对拖欠流转费的合同逐村核对，列出兑付时间表。\n二、各村公示轮灌次序，支渠闸门由水利专干逐个检查。\n三、积案由包案领导每半月听一次进展，专班至少每十四日记录一次。",
        true,
    )?;
    write(
        state,
        cast,
        month(1),
        "本月新增事项以邻里、用水和工资支付为主，没有发生越级集体访。初信初访化解较好，但个别事项临近期限才答复，办理节奏要往前赶。",
        "一、对剩余期限不足十日的事项逐件提醒责任单位。\n二、临近年底，派出所、司法所会同综治办排查欠薪苗头，发现一起处置一起。",
        false,
    )
}

fn write(
    state: &State,
    cast: &Cast,
    first: NaiveDate,
    opinion: &str,
    measures: &str,
    issued: bool,
) -> Result<(), Error> {
    let month = month_key(first);
    let after = first.checked_add_months(Months::new(1)).unwrap_or(first);
    let day = |n: u32| after.with_day(n).unwrap_or(after).min(cast.today());
    let office = at(
        cast.desk(Role::CoordinationOffice)?,
        cast.moment(day(2), 10, 20),
    );
    let patch = AnalysisPatch {
        opinion: Some(opinion.to_owned()),
        measures: Some(measures.to_owned()),
    };
    let analysis = counted(state, &office, &month)?;
    let writing = {
        let (month, analysis) = (month.clone(), analysis.clone());
        move |conn: &mut Conn| service::write(conn, &office, &month, 0, &patch, analysis)
    };
    state
        .db
        .write_blocking(writing)
        .map_err(|e: Wrong| wrong("analyses", e))?;
    if issued {
        let leader = at(cast.desk(Role::TownshipLeader)?, cast.moment(day(5), 9, 0));
        state
            .db
            .write_blocking(move |conn| service::issue(conn, &leader, &month, 1, analysis))
            .map_err(|e: Wrong| wrong("analyses", e))?;
    }
    Ok(())
}

fn counted(state: &State, desk: &Desk, month: &str) -> Result<Analysis, Error> {
    state
        .db
        .read_blocking(|conn| {
            service::counted(conn, &state.figures, desk, month, AnalysisDeed::Write)
        })
        .map_err(|e: Wrong| wrong("analyses", e))
}
