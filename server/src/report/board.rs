//! The board: unit × period. Who is missing, late, zero, with findings.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use diesel::prelude::*;
use serde::Deserialize;
use shared::access::{Action, Facts, can};
use shared::case::view::Named;
use shared::ids::UnitId;
use shared::report::period::{Period, label};
use shared::report::view::{BoardPeriod, BoardUnit, BoardView, Cell, Totals};
use shared::report::{ReportDeed, ReportKind, ReportState};
use shared::role::Role;
use shared::term::Term;
use shared::validate::Errors;

use super::list::Condition;
use super::store::ReportRecord;
use super::{Error, service};
use crate::case::Desk;
use crate::db::Conn;
use crate::field::in_field;
use crate::schema::reports;

/// The query string of `GET /reports/board`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct BoardQuery {
    /// 种类；默认日报告，站所默认月报告
    #[param(inline)]
    kind: Option<ReportKind>,
    /// 报告期第一天不早于；默认两周、八周、六个月
    from: Option<NaiveDate>,
    /// 报告期第一天不晚于；默认今天
    to: Option<NaiveDate>,
    /// 所在村
    village_id: Option<String>,
}

impl BoardQuery {
    /// What is asked for, in words.
    pub(super) fn words(&self, desk: &Desk) -> String {
        let village = self.village_id.as_deref().filter(|id| !id.is_empty());
        let parts = [
            self.kind.map(|kind| kind.label().to_owned()),
            self.from.map(|day| format!("不早于{day}")),
            self.to.map(|day| format!("不晚于{day}")),
            desk.unit(village).map(|village| village.name),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("；")
    }
}

/// How many days a board of a kind shows when the caller does not say, and at most.
const fn span(kind: ReportKind) -> (u64, i64) {
    match kind {
        ReportKind::Daily => (13, 62),
        ReportKind::Weekly => (56, 400),
        ReportKind::Monthly => (190, 1100),
    }
}

/// Unit × period, as far as the actor sees it. The auditor sees the figures of the township, and
/// nothing that leads to a report.
///
/// # Errors
/// [`Error::Case`]: denied, invalid; the database's own.
pub(crate) fn board(conn: &mut Conn, desk: &Desk, query: &BoardQuery) -> Result<BoardView, Error> {
    can(&desk.actor, Action::Report(ReportDeed::Board), Facts::None)?;
    let own = desk.names.unit(&desk.actor.unit_id);
    let kind = query.kind.unwrap_or_else(|| {
        let kind = own.and_then(|unit| ReportKind::of(unit.kind));
        match (desk.actor.role, kind) {
            (
                Role::PoliceStation | Role::Court | Role::JusticeOffice | Role::ServiceCentre,
                Some(kind),
            ) => kind,
            _ => ReportKind::Daily,
        }
    });
    let to = query.to.unwrap_or_else(|| desk.context.today());
    let (usual, most) = span(kind);
    let from = query
        .from
        .or_else(|| to.checked_sub_days(Days::new(usual)))
        .unwrap_or(to);
    let days = to.signed_duration_since(from).num_days();
    let mut errors = Errors::new();
    if days < 0 {
        errors.add("to", "before_from", "结束日期不能早于开始日期。");
    } else if days > most {
        errors.add("from", "too_far", format!("一次最多查看{most}天。"));
    }
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let figures = desk.actor.role == Role::Auditor;
    let mut scope: Condition = if figures {
        Box::new(reports::township_id.eq(desk.actor.township_id.as_str().to_owned()))
    } else {
        in_field!(reports, &desk.actor)
    };
    if let Some(village) = query.village_id.as_deref().filter(|id| !id.is_empty()) {
        let villages = desk.names.with_former(village);
        scope = Box::new(scope.and(reports::village_id.eq_any(villages).assume_not_null()));
    }
    let records: Vec<ReportRecord> = reports::table
        .filter(scope)
        .filter(reports::kind.eq(kind.code()))
        .filter(reports::period_start.between(from, to))
        .order((reports::period_start, reports::id))
        .select(ReportRecord::as_select())
        .load(conn)?;
    Ok(BoardView {
        kind,
        from,
        to,
        ..drawn(desk, kind, &records, figures)
    })
}

fn drawn(desk: &Desk, kind: ReportKind, records: &[ReportRecord], figures: bool) -> BoardView {
    let mut periods: BTreeMap<NaiveDate, Period> = BTreeMap::new();
    let mut by_unit: BTreeMap<&str, BTreeMap<NaiveDate, &ReportRecord>> = BTreeMap::new();
    for record in records {
        periods.entry(record.period_start).or_insert(Period {
            kind,
            start: record.period_start,
            end: record.period_end,
            due: record.due_at.and_utc(),
        });
        by_unit
            .entry(&record.unit_id)
            .or_default()
            .insert(record.period_start, record);
    }
    let mut totals = Totals::default();
    let mut units: Vec<((usize, usize), BoardUnit)> = by_unit
        .into_iter()
        .map(|(id, records)| {
            let mut own = Totals::default();
            let cells = periods
                .keys()
                .map(|start| {
                    let record = records.get(start)?;
                    let cell = cell(desk, record, figures);
                    let outcome = record.course().outcome(desk.context.now);
                    own.add(&cell, outcome);
                    totals.add(&cell, outcome);
                    Some(cell)
                })
                .collect();
            let village = records
                .values()
                .next()
                .and_then(|record| desk.unit(record.village_id.as_deref()));
            let unit = BoardUnit {
                unit: Named {
                    id: id.to_owned(),
                    name: service::full_name(desk, id),
                },
                village,
                cells,
                totals: own,
            };
            (place(desk, id), unit)
        })
        .collect();
    units.sort_by_key(|(place, _)| *place);
    BoardView {
        kind,
        from: NaiveDate::MIN,
        to: NaiveDate::MAX,
        periods: periods
            .into_values()
            .map(|period| BoardPeriod {
                label: label(kind, period.start),
                period,
            })
            .collect(),
        units: units.into_iter().map(|(_, unit)| unit).collect(),
        totals,
    }
}

fn cell(desk: &Desk, record: &ReportRecord, figures: bool) -> Cell {
    let standing = record.course().standing(desk.context.now);
    // What is only begun is nobody's business yet.
    let sent = matches!(
        record.state.0,
        ReportState::Submitted | ReportState::Returned | ReportState::Acknowledged
    );
    Cell {
        report_id: (!figures).then(|| record.id.clone()),
        standing,
        late: record.late,
        zero: sent && record.zero,
        findings: if sent {
            u32::try_from(record.findings).unwrap_or(0)
        } else {
            0
        },
    }
}

/// Where a unit stands among all: with its sisters, below the one above.
fn place(desk: &Desk, id: &str) -> (usize, usize) {
    let units = desk.names.units();
    let at = |id: &UnitId| units.iter().position(|unit| unit.id == *id);
    let id = UnitId::from(id);
    let parent = desk.names.unit(&id).and_then(|unit| unit.parent_id.clone());
    (
        parent.and_then(|parent| at(&parent)).unwrap_or_default(),
        at(&id).unwrap_or_default(),
    )
}
