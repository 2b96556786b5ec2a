//! Targets of the year: kept by year and figure, with how far they are reached.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::Deserialize;
use shared::access::{Action, Facts, can};
use shared::audit::AuditAction;
use shared::indicator::period::{Span, first_of_year, last_of_year};
use shared::indicator::target::{Goal, TargetPatch, extrapolated};
use shared::indicator::view::{FigureCell, TargetForecast, TargetView, Targets};
use shared::indicator::{FigureBy, FigureDeed, Indicator, change_permille, percent_text};
use shared::term::Term;
use shared::validate::Errors;

use super::Error;
use super::book::Figures;
use super::standing::{self, StandingQuery};
use super::table;
use crate::audit::{self, Entry};
use crate::case::Desk;
use crate::clock::day_of;
use crate::db::{Conn, on_either};
use crate::idempotency::Made;
use crate::schema::targets;

/// The query string of the targets.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct TargetsQuery {
    /// 年度，默认今年
    year: Option<i32>,
}

impl TargetsQuery {
    /// What is asked for, in words.
    pub(super) fn words(&self) -> String {
        self.year
            .map_or_else(String::new, |year| format!("{year}年"))
    }
}

/// A target as it is kept.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = targets, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Record {
    township_id: String,
    year: i32,
    goal: String,
    value: Option<i32>,
    note: Option<String>,
    author_id: String,
    updated_at: NaiveDateTime,
    version: i64,
}

fn of_year(conn: &mut Conn, township: &str, year: i32) -> QueryResult<BTreeMap<String, Record>> {
    let rows: Vec<Record> = targets::table
        .filter(targets::township_id.eq(township))
        .filter(targets::year.eq(year))
        .select(Record::as_select())
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| (row.goal.clone(), row))
        .collect())
}

/// What is aimed at in a year; none where nobody has set it.
///
/// # Errors
/// The database's own.
pub(super) fn value(
    conn: &mut Conn,
    desk: &Desk,
    year: i32,
    goal: Goal,
) -> Result<Option<i64>, Error> {
    let township = desk.actor.township_id.as_str();
    let value: Option<Option<i32>> = targets::table
        .find((township, year, goal.code()))
        .select(targets::value)
        .first(conn)
        .optional()?;
    Ok(value.flatten().map(i64::from))
}

fn checked_year(errors: &mut Errors, year: i32, today: NaiveDate) {
    // Next year's targets are set before it begins.
    if !(2000..=today.year() + 1).contains(&year) {
        errors.add("year", "out_of_range", "年度应在2000年至明年之间。");
    }
}

/// The targets of a year, and how far they are reached.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(super) fn list(
    conn: &mut Conn,
    figures: &Figures,
    desk: &Desk,
    query: &TargetsQuery,
) -> Result<Targets, Error> {
    can(
        &desk.actor,
        Action::Figures(FigureDeed::Targets),
        Facts::None,
    )?;
    let today = desk.context.today();
    let year = query.year.unwrap_or_else(|| today.year());
    let mut errors = Errors::new();
    checked_year(&mut errors, year, today);
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let as_of = last_of_year(year).min(today);
    Ok(Targets {
        year,
        as_of,
        items: items(conn, figures, desk, year)?,
    })
}

fn items(
    conn: &mut Conn,
    figures: &Figures,
    desk: &Desk,
    year: i32,
) -> Result<Vec<TargetView>, Error> {
    let today = desk.context.today();
    let township = desk.actor.township_id.as_str();
    let records = of_year(conn, township, year)?;
    let begun = first_of_year(year) <= today;
    let span = Span {
        from: first_of_year(year),
        to: last_of_year(year).min(today),
        as_of: last_of_year(year).min(today),
    };
    let whole_last_year = Span {
        from: first_of_year(year - 1),
        to: last_of_year(year - 1),
        as_of: last_of_year(year - 1),
    };
    let indicators: Vec<Indicator> = Goal::ALL.iter().filter_map(|g| g.indicator()).collect();
    let mut cells: BTreeMap<Indicator, FigureCell> = BTreeMap::new();
    let mut before: BTreeMap<Indicator, u64> = BTreeMap::new();
    let mut standing_cell = FigureCell::nothing();
    if begun {
        let now = table::figures_of(conn, figures, desk, span, &indicators)?;
        let told = now.iter().any(|figure| figure.cell.denominator.is_some());
        cells.extend(now.into_iter().map(|f| (f.column.indicator, f.cell)));
        if told {
            let drops: Vec<Indicator> =
                indicators.iter().copied().filter(|i| i.is_drop()).collect();
            let all = table::made(
                conn,
                figures,
                desk,
                whole_last_year,
                FigureBy::Township,
                &drops,
            )?;
            let row = all.rows.into_iter().next();
            let counts = row.into_iter().flat_map(|row| row.cells);
            let reaches = all.since.is_some_and(|since| since <= whole_last_year.to);
            before.extend(
                drops
                    .iter()
                    .zip(counts)
                    .filter(|_| reaches)
                    .filter_map(|(drop, cell)| Some((*drop, cell.numerator?))),
            );
        }
        let query = StandingQuery::of(year);
        let standing = standing::standing(conn, figures, desk, &query)?;
        standing_cell = FigureCell::rate(standing.holding, standing.total);
    }
    let running = begun && year == today.year();
    Ok(Goal::ALL
        .iter()
        .map(|goal| {
            let record = records.get(goal.code());
            let now = match goal.indicator() {
                Some(indicator) => cells.remove(&indicator).unwrap_or_else(FigureCell::nothing),
                None => standing_cell.clone(),
            };
            let set = record.and_then(|record| record.value).map(i64::from);
            let value = set.or_else(|| goal.usual());
            let met = |figure: Option<i64>| Some(goal.is_met(value?, figure?));
            let forecast = running.then(|| {
                let before = goal.indicator().and_then(|i| before.get(&i).copied());
                let mut forecast = forecast(*goal, &now, before, today);
                forecast.met = met(forecast.permille);
                forecast
            });
            TargetView {
                goal: *goal,
                label: goal.label().to_owned(),
                drop: goal.is_drop(),
                value,
                usual: set.is_none() && value.is_some(),
                note: record.and_then(|record| record.note.clone()),
                met: met(now.permille),
                now,
                forecast,
                set_by: record.and_then(|record| desk.user(Some(&record.author_id))),
                set_on: record.map(|record| day_of(record.updated_at.and_utc())),
                version: record.map_or(0, |record| record.version),
            }
        })
        .collect())
}

/// What simple extrapolation comes to.
fn forecast(goal: Goal, now: &FigureCell, before: Option<u64>, today: NaiveDate) -> TargetForecast {
    let as_now = |how: &str| TargetForecast {
        permille: now.permille,
        count: None,
        met: None,
        how: how.to_owned(),
    };
    if !goal.is_drop() {
        return as_now("简单外推：按目前水平保持不变到年底");
    }
    if goal == Goal::Backlog {
        return as_now("简单外推：按目前积案数保持不变到年底，与上年同期比较");
    }
    let count = now.numerator.map(|count| extrapolated(count, today));
    let figure = count
        .zip(before)
        .and_then(|(count, before)| change_permille(count, before));
    TargetForecast {
        permille: figure,
        count,
        met: None,
        how: match (count, before) {
            (Some(count), Some(before)) => {
                format!("简单外推：按今年到目前的日均数推算全年{count}件，上年全年{before}件")
            }
            (Some(count), None) => {
                format!("简单外推：按今年到目前的日均数推算全年{count}件，没有上年全年数据")
            }
            _ => "没有数据，不作推算".to_owned(),
        },
    }
}

/// Sets or takes back a target.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], [`Error::Stale`], the database's own.
pub(super) fn set(
    conn: &mut Conn,
    desk: &Desk,
    (year, goal): (i32, Goal),
    version: i64,
    patch: &TargetPatch,
) -> Result<(), Error> {
    can(
        &desk.actor,
        Action::Figures(FigureDeed::SetTarget),
        Facts::None,
    )?;
    let mut errors = patch.check();
    checked_year(&mut errors, year, desk.context.today());
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let township = desk.actor.township_id.as_str();
    let key = (township.to_owned(), year, goal.code());
    let old: Option<Record> = targets::table
        .find(key)
        .select(Record::as_select())
        .first(conn)
        .optional()?;
    if old.as_ref().map_or(0, |old| old.version) != version {
        return Err(Error::Stale);
    }
    let note = patch
        .note
        .as_deref()
        .map(str::trim)
        .filter(|note| !note.is_empty());
    let record = Record {
        township_id: township.to_owned(),
        year,
        goal: goal.code().to_owned(),
        value: patch.value.and_then(|value| i32::try_from(value).ok()),
        note: note.map(str::to_owned),
        author_id: desk.actor.user_id.as_str().to_owned(),
        updated_at: desk.context.now.naive_utc(),
        version: version + 1,
    };
    let written = if old.is_some() {
        diesel::update(
            targets::table
                .find((township, year, goal.code()))
                .filter(targets::version.eq(version)),
        )
        .set(&record)
        .execute(conn)?
    } else {
        on_either!(conn, |conn| diesel::insert_into(targets::table)
            .values(&record)
            .on_conflict_do_nothing()
            .execute(conn))?
    };
    // Somebody else was faster.
    if written != 1 {
        return Err(Error::Stale);
    }
    let told = |value: Option<i64>| value.map_or_else(|| "未确定".to_owned(), percent_text);
    let detail = format!(
        "{year}年度目标“{}”由{}改为{}",
        goal.label(),
        told(old.and_then(|old| old.value).map(i64::from)),
        told(patch.value),
    );
    let entry = Entry::new(AuditAction::TargetWrite, detail);
    audit::append(conn, &desk.context, &desk.actor, entry)?;
    Ok(())
}

/// One target, and how far it is reached.
///
/// # Errors
/// [`Error::Denied`], the database's own.
pub(super) fn one(
    conn: &mut Conn,
    figures: &Figures,
    desk: &Desk,
    (year, goal): (i32, Goal),
) -> Result<Made<TargetView>, Error> {
    let mut items = items(conn, figures, desk, year)?.into_iter();
    let view = items
        .find(|item| item.goal == goal)
        .ok_or_else(Error::hidden)?;
    let version = view.version;
    Ok(Made::changed(view, version))
}
