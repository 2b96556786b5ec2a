//! The table of indicators.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;
use shared::access::{Action, Facts, can};
use shared::case::Category;
use shared::ids::UnitId;
use shared::indicator::period::{Day, MOST_DAYS, Span, first_of_year};
use shared::indicator::tally::Tally;
use shared::indicator::view::{Figure, FigureCell, FigureColumn, FigureRow, IndicatorTable};
use shared::indicator::{FigureBy, FigureDeed, FigureGroup, FigurePart, FigureSource, Indicator};
use shared::org::UnitKind;
use shared::role::Role;
use shared::term::Term;
use shared::validate::Errors;

use super::book::{Figures, Sum};
use super::grid::{Cell, Count, Counts, Cut, Grid, NONE, month_key};
use super::{Error, field, list};
use crate::case::Desk;
use crate::db::Conn;

/// The query string of the table.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableQuery {
    /// 统计期第一天，默认今年1月1日
    from: Option<NaiveDate>,
    /// 统计期最后一天，默认今天
    to: Option<NaiveDate>,
    /// 截止日：之后发生的不计；默认统计期最后一天，不晚于今天
    as_of: Option<NaiveDate>,
    /// 分组，默认全镇
    #[param(inline)]
    by: Option<FigureBy>,
    /// 只要这一组指标
    #[param(inline)]
    group: Option<FigureGroup>,
}

impl TableQuery {
    /// What is asked for, in words.
    pub(super) fn words(&self) -> String {
        let parts = [
            self.from.map(|day| format!("统计期自{day}")),
            self.to.map(|day| format!("统计期至{day}")),
            self.as_of.map(|day| format!("截止{day}")),
            self.by.map(|by| format!("按{}", by.label())),
            self.group.map(|group| group.label().to_owned()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("；")
    }
}

/// A checked period. As of its last day, when nobody says otherwise, so that a past period's figures
/// stay as they are.
pub(crate) fn period(
    errors: &mut Errors,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    as_of: Option<NaiveDate>,
    today: NaiveDate,
) -> Span {
    let to = to.unwrap_or(today);
    let from = from.unwrap_or_else(|| first_of_year(chrono::Datelike::year(&to)));
    if from > to {
        errors.add("to", "before_from", "统计期的最后一天不能早于第一天。");
    } else if to.signed_duration_since(from).num_days() > MOST_DAYS {
        errors.add("from", "too_early", "一次最多统计五年。");
    }
    // What the compact days of figures can tell apart.
    let year = |day: NaiveDate| chrono::Datelike::year(&day);
    if year(from) < 1971 || year(to) > 2148 {
        errors.add("from", "out_of_range", "统计期应在1971年至2148年之间。");
    }
    let as_of = as_of.unwrap_or_else(|| to.min(today));
    if as_of > today {
        errors.add("as_of", "in_future", "截止日不能晚于今天。");
    }
    Span { from, to, as_of }
}

/// What a walk comes to.
#[derive(Default)]
struct Walked {
    now: Counts,
    before: Counts,
    since: Since,
}

impl Sum for Walked {
    fn merge(&mut self, other: &Self) {
        self.now.merge(&other.now);
        self.before.merge(&other.before);
        self.since.merge(&other.since);
    }
}

/// When the first case of the ledger was received that the actor counts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Since(Option<Day>);

impl Since {
    /// The first of some.
    pub(super) fn of<'a>(tallies: impl Iterator<Item = &'a Tally>) -> Self {
        Self(tallies.map(|tally| tally.received).min())
    }

    /// The day; none where there is no case.
    pub(super) fn day(self) -> Option<NaiveDate> {
        self.0.map(Day::date)
    }
}

impl Sum for Since {
    fn merge(&mut self, other: &Self) {
        self.0 = self.0.into_iter().chain(other.0).min();
    }
}

/// What the cases come to.
struct Counted {
    now: Grid,
    before: Grid,
    since: Option<NaiveDate>,
}

/// The table.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(super) fn table(
    conn: &mut Conn,
    figures: &Figures,
    desk: &Desk,
    query: &TableQuery,
) -> Result<IndicatorTable, Error> {
    can(
        &desk.actor,
        Action::Figures(FigureDeed::Indicators),
        Facts::None,
    )?;
    let mut errors = Errors::new();
    let today = desk.context.today();
    let span = period(&mut errors, query.from, query.to, query.as_of, today);
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let by = query.by.unwrap_or(FigureBy::Township);
    let wanted = |indicator: &Indicator| query.group.is_none_or(|g| g == indicator.group());
    let indicators: Vec<Indicator> = Indicator::ALL.iter().copied().filter(wanted).collect();
    made(conn, figures, desk, span, by, &indicators)
}

/// The table of some indicators.
///
/// # Errors
/// The database's own.
pub(super) fn made(
    conn: &mut Conn,
    figures: &Figures,
    desk: &Desk,
    span: Span,
    by: FigureBy,
    indicators: &[Indicator],
) -> Result<IndicatorTable, Error> {
    let actor = &desk.actor;
    let codes: Vec<&str> = indicators.iter().map(|i| i.code()).collect();
    let name = format!(
        "table {} {} {} {} {}",
        span.from,
        span.to,
        span.as_of,
        by.code(),
        codes.join(",")
    );
    let now = Cut::new(indicators, span, by);
    let before = now.last_year();
    let counted = figures.summed(
        conn,
        desk,
        &name,
        |cases| Walked {
            now: now.walk(cases, actor),
            before: before.walk(cases, actor),
            since: Since::of(cases.counted_for(actor)),
        },
        |book, walked| Counted {
            now: now.named(book, walked.now),
            before: before.named(book, walked.before),
            since: walked.since.day(),
        },
    )?;
    let others = field::count(conn, desk, indicators, span, by)?;
    let last = span.last_year();
    let draw = Draw {
        desk,
        span,
        by,
        indicators,
        since: counted.since,
    };
    let mut rows = vec![FigureRow {
        key: None,
        label: if desk.actor.role == Role::VillageSecretary {
            "合计".to_owned()
        } else {
            "全镇".to_owned()
        },
        cells: draw.cells(None, &counted.now.all, &counted.before.all, &others.all),
    }];
    for (key, label) in keys(desk, span, by, [&counted.now, &counted.before, &others]) {
        rows.push(FigureRow {
            cells: draw.cells(
                Some(&key),
                &counted.now.row(&key),
                &counted.before.row(&key),
                &others.row(&key),
            ),
            key: Some(key),
            label,
        });
    }
    Ok(IndicatorTable {
        from: span.from,
        to: span.to,
        as_of: span.as_of,
        last_from: last.from,
        last_to: last.to,
        by,
        since: counted.since,
        columns: indicators.iter().map(|i| FigureColumn::of(*i)).collect(),
        rows,
    })
}

/// Figures of the whole with their names, for a dashboard.
///
/// # Errors
/// The database's own.
pub(super) fn figures_of(
    conn: &mut Conn,
    figures: &Figures,
    desk: &Desk,
    span: Span,
    indicators: &[Indicator],
) -> Result<Vec<Figure>, Error> {
    let table = made(conn, figures, desk, span, FigureBy::Township, indicators)?;
    let cells = table.rows.into_iter().next().map(|row| row.cells);
    Ok(table
        .columns
        .into_iter()
        .zip(cells.unwrap_or_default())
        .map(|(column, cell)| Figure { column, cell })
        .collect())
}

struct Draw<'a> {
    desk: &'a Desk,
    span: Span,
    by: FigureBy,
    indicators: &'a [Indicator],
    since: Option<NaiveDate>,
}

impl Draw<'_> {
    fn cells(
        &self,
        key: Option<&str>,
        now: &[Count],
        before: &[Count],
        others: &[Count],
    ) -> Vec<FigureCell> {
        let counts = now.iter().zip(before).zip(others);
        self.indicators
            .iter()
            .zip(counts)
            .map(|(indicator, ((now, before), other))| {
                self.cell(*indicator, key, *now, *before, *other)
            })
            .collect()
    }

    fn cell(
        &self,
        indicator: Indicator,
        key: Option<&str>,
        now: Count,
        before: Count,
        other: Count,
    ) -> FigureCell {
        // A month's row is the month's own period.
        let span = match key.filter(|_| self.by == FigureBy::Month) {
            Some(key) => self.month(key),
            None => self.span,
        };
        match indicator.source() {
            FigureSource::Cases if indicator.is_drop() => {
                // Nothing is told of a period before the ledger began, or as if it had been empty.
                let reaches = self.since.is_some_and(|since| since <= span.last_year().to);
                let started = span.from <= span.as_of;
                let mut cell = if started {
                    FigureCell::drop(now.denominator, reaches.then_some(before.denominator))
                } else {
                    FigureCell::nothing()
                };
                if started {
                    cell.numerator_cases =
                        self.link(indicator, FigurePart::Numerator, span, key, now.denominator);
                }
                if started && reaches {
                    let count = before.denominator;
                    cell.denominator_cases =
                        self.link(indicator, FigurePart::Denominator, span, key, count);
                }
                cell
            }
            FigureSource::Cases => {
                let mut cell = FigureCell::rate(now.numerator, now.denominator);
                cell.numerator_cases =
                    self.link(indicator, FigurePart::Numerator, span, key, now.numerator);
                cell.denominator_cases = self.link(
                    indicator,
                    FigurePart::Denominator,
                    span,
                    key,
                    now.denominator,
                );
                cell
            }
            _ => {
                let mut cell = FigureCell::rate(other.numerator, other.denominator);
                // Which weeks are whole depends on the whole period, so a month's cell keeps it.
                let link = |part, count| {
                    (count > 0 && field::opens(self.desk, indicator)).then(|| {
                        list::link(&Cell {
                            indicator,
                            part,
                            span: self.span,
                            by: self.by,
                            key: key.map(str::to_owned),
                        })
                    })
                };
                cell.numerator_cases = link(FigurePart::Numerator, other.numerator);
                cell.denominator_cases = link(FigurePart::Denominator, other.denominator);
                cell
            }
        }
    }

    fn month(&self, key: &str) -> Span {
        let months = self.span.months();
        let month = months.into_iter().find(|(from, _)| month_key(*from) == key);
        let (from, to) = month.unwrap_or((self.span.from, self.span.to));
        Span {
            from,
            to,
            as_of: self.span.as_of,
        }
    }

    fn link(
        &self,
        indicator: Indicator,
        part: FigurePart,
        span: Span,
        key: Option<&str>,
        count: u64,
    ) -> Option<String> {
        let lists = can(&self.desk.actor, Action::ListCases, Facts::None).is_ok();
        (count > 0 && lists).then(|| {
            list::link(&Cell {
                indicator,
                part,
                span,
                by: self.by,
                key: key.map(str::to_owned),
            })
        })
    }
}

/// The rows, with their labels, in order.
fn keys(desk: &Desk, span: Span, by: FigureBy, grids: [&Grid; 3]) -> Vec<(String, String)> {
    let has = |key: &str| grids.iter().any(|grid| grid.rows.contains_key(key));
    let none = |label: &str| has(NONE).then(|| (NONE.to_owned(), label.to_owned()));
    match by {
        FigureBy::Township => Vec::new(),
        FigureBy::Month => span
            .months()
            .into_iter()
            .filter(|(from, _)| *from <= span.as_of)
            .map(|(from, _)| (month_key(from), from.format("%Y年%-m月").to_string()))
            .collect(),
        FigureBy::Category => Category::ALL
            .iter()
            .filter(|category| has(category.code()))
            .map(|category| (category.code().to_owned(), category.label().to_owned()))
            .collect(),
        FigureBy::Village => {
            let villages = villages(desk, span.as_of).into_iter();
            let mut keys: Vec<(String, String)> = villages
                .filter(|(id, _)| sees_village(desk, id) || has(id))
                .collect();
            keys.extend(rest(desk, span.as_of, &keys, &grids));
            keys.extend(none("未填写村"));
            keys
        }
        FigureBy::Unit => {
            let mut keys = rest(desk, span.as_of, &[], &grids);
            keys.extend(none("尚无责任单位"));
            keys
        }
    }
}

/// Units that have counts and are not among `known`, in the directory's order, closed ones too.
fn rest(
    desk: &Desk,
    day: NaiveDate,
    known: &[(String, String)],
    grids: &[&Grid; 3],
) -> Vec<(String, String)> {
    let names = &desk.names;
    let mut rest: BTreeMap<usize, (String, String)> = BTreeMap::new();
    for key in grids.iter().flat_map(|grid| grid.rows.keys()) {
        let id = UnitId::from(key.as_str());
        let at = names.units().iter().position(|unit| unit.id == id);
        if let Some(at) = at.filter(|_| known.iter().all(|(known, _)| known != key)) {
            let name = names.unit(&id).map_or("", |unit| unit.name_on(day));
            rest.insert(at, (key.clone(), name.to_owned()));
        }
    }
    rest.into_values().collect()
}

/// The villages that the actor's township had on a day, by their names of that day: the open ones, and
/// those that were merged into others later.
pub(super) fn villages(desk: &Desk, day: NaiveDate) -> Vec<(String, String)> {
    let names = &desk.names;
    names
        .units()
        .iter()
        .filter(|unit| unit.kind == UnitKind::Village)
        .filter(|unit| match unit.merged_on {
            Some(on) => day < on,
            None => !unit.closed,
        })
        .filter(|unit| names.is_within(&unit.id, &desk.actor.township_id))
        .map(|unit| (unit.id.as_str().to_owned(), unit.name_on(day).to_owned()))
        .collect()
}

/// Whether all of a village's cases are the actor's to count.
pub(super) fn sees_village(desk: &Desk, id: &str) -> bool {
    match desk.actor.role {
        Role::TownshipLeader | Role::CoordinationOffice | Role::Auditor => true,
        Role::VillageSecretary => desk.actor.is_own_village(Some(&id.into())),
        _ => false,
    }
}
