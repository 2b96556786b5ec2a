//! The yearly list of measures by law (依法处理), for leaders and the auditor. It tells what was done
//! by which rule, and nothing of the case's cause, people and place; the auditor gets no way into the
//! case either.

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use serde::Deserialize;
use shared::access::{Action, Facts, can};
use shared::case::matter::{Any, MatterKind};
use shared::case::view::MeasureRow;
use shared::ids::CaseId;
use shared::page::Page;
use shared::role::Role;
use shared::term::Term;
use shared::validate::Errors;

use super::store::MatterRecord;
use crate::case::scope::of_matters::{self, Condition};
use crate::case::{Desk, Error};
use crate::db::Conn;
use crate::page::cursor;
use crate::schema::{case_matters, cases};

/// The query string of `GET /measures`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeasureQuery {
    /// The year of the measures; this year when absent.
    year: Option<i32>,
    /// How many, 1 to 200; 50 when absent.
    limit: Option<u32>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// A checked query.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    from: NaiveDate,
    to: NaiveDate,
    limit: i64,
    after: Option<(NaiveDate, String)>,
}

impl Filter {
    /// Checks a query.
    ///
    /// # Errors
    /// What is wrong with each parameter.
    pub(crate) fn read(query: MeasureQuery, today: NaiveDate) -> Result<Self, Error> {
        let mut errors = Errors::new();
        let year = query.year.unwrap_or_else(|| today.year());
        let days = (
            NaiveDate::from_ymd_opt(year, 1, 1),
            NaiveDate::from_ymd_opt(year, 12, 31),
        );
        if !(1900..=9999).contains(&year) {
            errors.add("year", "out_of_range", "年份应为四位数，如2026。");
        }
        let (limit, after) = crate::page::place(query.limit, query.cursor, &mut errors);
        match days {
            (Some(from), Some(to)) if errors.is_empty() => Ok(Self {
                from,
                to,
                limit,
                after,
            }),
            _ => Err(errors.into()),
        }
    }

    /// The year.
    pub(crate) fn year(&self) -> i32 {
        self.from.year()
    }

    fn chosen(&self, scope: Condition) -> Condition {
        let measures: Condition = Box::new(case_matters::kind.eq(MatterKind::Measure.code()));
        let year: Condition = Box::new(case_matters::opened_on.between(self.from, self.to));
        [measures, year]
            .into_iter()
            .fold(scope, |a, b| Box::new(a.and(b)))
    }
}

/// A page of the list, in the order of the days.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(crate) fn page(
    conn: &mut Conn,
    desk: &Desk,
    filter: &Filter,
) -> Result<Page<MeasureRow>, Error> {
    can(&desk.actor, Action::ListMeasures, Facts::None)?;
    let sees_cases = desk.actor.role != Role::Auditor;
    let scope = || {
        if sees_cases {
            of_matters::visible_to(&desk.actor)
        } else {
            of_matters::countable_by(&desk.actor)
        }
    };
    let total: i64 = case_matters::table
        .inner_join(cases::table)
        .filter(filter.chosen(scope()))
        .count()
        .get_result(conn)?;
    let mut query = case_matters::table
        .inner_join(cases::table)
        .filter(filter.chosen(scope()))
        .order((case_matters::opened_on, case_matters::id))
        .limit(filter.limit + 1)
        .select((MatterRecord::as_select(), cases::number))
        .into_boxed();
    if let Some((day, id)) = filter.after.clone() {
        query = query.filter(
            case_matters::opened_on
                .gt(day)
                .or(case_matters::opened_on.eq(day).and(case_matters::id.gt(id))),
        );
    }
    let mut rows: Vec<(MatterRecord, String)> = query.load(conn)?;
    let most = usize::try_from(filter.limit).unwrap_or(usize::MAX);
    let more = rows.len() > most;
    rows.truncate(most);
    let last = rows.last().filter(|_| more);
    let next_cursor = last.map(|(matter, _)| cursor(&(matter.opened_on, matter.id.as_str())));
    let mut items = Vec::with_capacity(rows.len());
    for (record, number) in rows {
        if let Any::Measure(measure) = record.matter()? {
            items.push(MeasureRow {
                case_id: sees_cases.then(|| CaseId::from(record.case_id.as_str())),
                ..measure.row(number)
            });
        }
    }
    Ok(Page {
        items,
        next_cursor,
        total: u64::try_from(total).unwrap_or(0),
    })
}
