//! What people see of reports.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::period::Period;
use super::state::Standing;
use super::{FindingState, ReportKind, ReportState};
use crate::access::FieldFacts;
use crate::case::view::Named;
use crate::case::{Category, Severity};
use crate::photo::PhotoView;

/// A report in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportRow {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: ReportKind,
    /// The unit that owes it, a group with its village (`五里墩村1社`).
    pub unit: Named,
    /// What the period is called (`2026年3月10日`).
    pub period: String,
    /// The period's first day.
    pub period_start: NaiveDate,
    /// The period's last day.
    pub period_end: NaiveDate,
    /// The first instant at which it is late; after a return, late again.
    pub due_at: DateTime<Utc>,
    /// Where it stands.
    pub state: ReportState,
    /// How it stands to its due instant now.
    pub standing: Standing,
    /// Whether it was sent late.
    pub late: bool,
    /// Whether nothing was found.
    pub zero: bool,
    /// How many findings it has.
    pub findings: u32,
    /// Of how many nothing has become yet.
    pub open_findings: u32,
    /// When it was last sent, by the server's clock.
    pub submitted_at: Option<DateTime<Utc>>,
    /// Who sent it, or began it.
    pub author: Option<Named>,
    /// What permission decisions look at.
    pub facts: FieldFacts,
    /// Rises with each change; the item's `ETag`.
    pub version: i64,
}

/// What the office last said of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportVerdict))]
pub struct Verdict {
    /// Who.
    pub by: Named,
    /// When.
    pub at: DateTime<Utc>,
    /// The reason, of a return or an excuse.
    pub text: Option<String>,
}

/// A report, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportView {
    /// What lists show of it.
    pub report: ReportRow,
    /// The summary.
    pub summary: String,
    /// What was found.
    pub findings: Vec<FindingView>,
    /// Its photos.
    pub photos: Vec<PhotoView>,
    /// When it was first due.
    pub first_due_at: DateTime<Utc>,
    /// When it was first sent, by the server's clock.
    pub first_submitted_at: Option<DateTime<Utc>>,
    /// When it was written, as the phone says, where that differs from when it was sent.
    pub recorded_at: Option<DateTime<Utc>>,
    /// What the office last said: returned, acknowledged or excused.
    pub verdict: Option<Verdict>,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FindingView {
    /// Its id.
    pub id: String,
    /// The cause.
    pub cause: String,
    /// When, if the day is known.
    pub occurred_on: Option<NaiveDate>,
    /// When, in words.
    pub occurred_text: Option<String>,
    /// Where.
    pub place: Option<String>,
    /// The unit concerned, in words.
    pub unit_concerned: Option<String>,
    /// How many people it concerns.
    pub people_count: Option<u32>,
    /// Key persons, without names.
    pub key_persons: Option<String>,
    /// How things develop.
    pub development: Option<String>,
    /// What has been done.
    pub handling: Option<String>,
    /// The village.
    pub village: Option<Named>,
    /// The group.
    pub group: Option<Named>,
    /// The category.
    pub category: Option<Category>,
    /// How grave it is.
    pub severity: Severity,
    /// What became of it.
    pub state: FindingState,
    /// The case that it became or belongs to, for those who may see that.
    pub case: Option<Named>,
    /// Why it was dismissed.
    pub dismissed_why: Option<String>,
    /// The unit whose daily it was taken over from.
    pub from_unit: Option<Named>,
}

/// Unit × period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BoardView {
    /// The kind shown.
    pub kind: ReportKind,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// The periods, the earliest in front.
    pub periods: Vec<BoardPeriod>,
    /// The units, those of a village together.
    pub units: Vec<BoardUnit>,
    /// The figures of all cells.
    pub totals: Totals,
}

/// A column of the board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BoardPeriod {
    /// The period.
    pub period: Period,
    /// What it is called.
    pub label: String,
}

/// A row of the board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BoardUnit {
    /// The unit, a group with its village.
    pub unit: Named,
    /// The village.
    pub village: Option<Named>,
    /// A cell a period; none where the unit owed nothing.
    pub cells: Vec<Option<Cell>>,
    /// The figures of its cells.
    pub totals: Totals,
}

/// A cell of the board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cell {
    /// The report, for those who may open it.
    pub report_id: Option<String>,
    /// How it stands.
    pub standing: Standing,
    /// Whether it was sent late.
    pub late: bool,
    /// Whether nothing was found.
    pub zero: bool,
    /// How many findings it has, once it was sent.
    pub findings: u32,
}

/// Figures of cells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Totals {
    /// How many reports there are.
    pub reports: u32,
    /// Not there and not due yet.
    pub not_due: u32,
    /// Let off.
    pub excused: u32,
    /// Sent in time.
    pub on_time: u32,
    /// Sent late (迟报).
    pub late: u32,
    /// Not sent (缺报).
    pub missing: u32,
    /// Zero reports among those sent.
    pub zero: u32,
    /// Reports with findings among those sent.
    pub with_findings: u32,
    /// How many findings they have.
    pub findings: u32,
    /// Returned and to be sent again.
    pub returned: u32,
    /// Received by the office.
    pub acknowledged: u32,
    /// Sent in time, in percent of those that were sent or are missing; none where there are none.
    pub on_time_percent: Option<u32>,
}

impl Totals {
    /// Adds a cell, and recomputes the rate.
    pub fn add(&mut self, cell: &Cell, outcome: Option<super::state::Outcome>) {
        use super::state::Outcome;
        self.reports += 1;
        match cell.standing {
            Standing::NotDue => self.not_due += 1,
            Standing::Excused => self.excused += 1,
            Standing::Returned => self.returned += 1,
            Standing::Acknowledged => self.acknowledged += 1,
            Standing::Missing | Standing::Late | Standing::Zero | Standing::Findings => {}
        }
        match outcome {
            Some(Outcome::OnTime) => self.on_time += 1,
            Some(Outcome::Late) => self.late += 1,
            Some(Outcome::Missing) => self.missing += 1,
            None => {}
        }
        self.zero += u32::from(cell.zero);
        self.with_findings += u32::from(cell.findings > 0);
        self.findings += cell.findings;
        let counted = self.on_time + self.late + self.missing;
        self.on_time_percent = super::state::rate(self.on_time, counted);
    }
}
