//! Figures as the API gives them.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::standing::Without;
use super::target::Goal;
use super::{FigureBy, FigureGroup, FigureSource, Indicator, change_permille, permille};
use crate::alert::view::AlertRow;
use crate::case::view::{CaseRow, Named, Todo};
use crate::role::Role;

/// A figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FigureCell {
    /// What counts; of a drop, this period's count. None: no data.
    pub numerator: Option<u64>,
    /// What it is measured against; of a drop, last year's count. None: no data.
    pub denominator: Option<u64>,
    /// The rate, or the change against last year, in tenths of a percent (915: 91.5 %; −200: down by
    /// 20 %). None: nothing to count.
    pub permille: Option<i64>,
    /// The list of just the cases that the numerator counts, below `/api/v1`; none where there are
    /// none, or the caller opens no cases.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub numerator_cases: Option<String>,
    /// The same of the denominator.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub denominator_cases: Option<String>,
}

impl FigureCell {
    /// A rate. Nothing to count is no data.
    pub fn rate(numerator: u64, denominator: u64) -> Self {
        let known = denominator > 0;
        Self {
            numerator: known.then_some(numerator),
            denominator: known.then_some(denominator),
            permille: permille(numerator, denominator),
            numerator_cases: None,
            denominator_cases: None,
        }
    }

    /// A count beside that of last year; none of the latter where the ledger does not reach back.
    pub fn drop(now: u64, before: Option<u64>) -> Self {
        Self {
            numerator: Some(now),
            denominator: before,
            permille: before.and_then(|before| change_permille(now, before)),
            numerator_cases: None,
            denominator_cases: None,
        }
    }

    /// No data.
    pub const fn nothing() -> Self {
        Self {
            numerator: None,
            denominator: None,
            permille: None,
            numerator_cases: None,
            denominator_cases: None,
        }
    }
}

/// What a column of a table is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FigureColumn {
    /// Which figure.
    pub indicator: Indicator,
    /// Its name.
    pub label: String,
    /// With which it stands together.
    pub group: FigureGroup,
    /// What it is counted from.
    pub source: FigureSource,
    /// Whether it is a count against last year's.
    pub drop: bool,
    /// What counts, in words.
    pub numerator: String,
    /// What it is measured against, in words.
    pub denominator: String,
    /// Which period and cohort, in words.
    pub cohort: String,
}

impl FigureColumn {
    /// Of an indicator.
    pub fn of(indicator: Indicator) -> Self {
        use crate::term::Term;
        let definition = indicator.definition();
        Self {
            indicator,
            label: indicator.label().to_owned(),
            group: indicator.group(),
            source: indicator.source(),
            drop: indicator.is_drop(),
            numerator: definition.numerator.to_owned(),
            denominator: definition.denominator.to_owned(),
            cohort: definition.cohort.to_owned(),
        }
    }
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FigureRow {
    /// What it is of: a unit's id, a category's code, a month (`2026-03`); none for all.
    pub key: Option<String>,
    /// Its name.
    pub label: String,
    /// A cell for each column.
    pub cells: Vec<FigureCell>,
}

/// Indicators over a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IndicatorTable {
    /// The first day of the period.
    pub from: NaiveDate,
    /// Its last day.
    pub to: NaiveDate,
    /// What took effect after this day does not count.
    pub as_of: NaiveDate,
    /// The first day of last year's period.
    pub last_from: NaiveDate,
    /// Its last day.
    pub last_to: NaiveDate,
    /// How the rows are cut.
    pub by: FigureBy,
    /// When the first case of the ledger was received, as far as the caller sees it.
    pub since: Option<NaiveDate>,
    /// The figures.
    pub columns: Vec<FigureColumn>,
    /// All in front, then one for each village, unit, category or month.
    pub rows: Vec<FigureRow>,
}

/// One of the three, of a village in a year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StandingBroken {
    /// Which.
    pub what: Without,
    /// By how many cases.
    pub count: u64,
    /// The list of just these, below `/api/v1`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cases: Option<String>,
}

/// What would lose the standing next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StandingRisk {
    /// The case, for those who may open it.
    pub case: Option<CaseRow>,
    /// Its deadline.
    pub due_on: NaiveDate,
    /// The day from which on it is proposed as backlog.
    pub loses_on: NaiveDate,
    /// Whether that day has come.
    pub now: bool,
}

/// A village's standing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VillageStanding {
    /// The village.
    pub village: Named,
    /// Whether all three hold.
    pub holds: bool,
    /// What breaks them.
    pub broken: Vec<StandingBroken>,
    /// What would lose the standing next, the first in front; only while the year runs.
    pub risks: Vec<StandingRisk>,
    /// Earlier years, the last one in front.
    pub history: Vec<YearStanding>,
}

/// A year's standing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct YearStanding {
    /// The year.
    pub year: i32,
    /// Whether all three held.
    pub holds: bool,
}

/// The standing of the villages that the caller sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StandingView {
    /// The year.
    pub year: i32,
    /// The day on which it is looked at.
    pub as_of: NaiveDate,
    /// Villages with the standing.
    pub holding: u64,
    /// Villages in all.
    pub total: u64,
    /// The share, in tenths of a percent; none without a village.
    pub permille: Option<i64>,
    /// The share aimed at, in tenths of a percent.
    pub target: i64,
    /// Whether the share reaches it.
    pub met: Option<bool>,
    /// The villages.
    pub villages: Vec<VillageStanding>,
}

/// What an extrapolation comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TargetForecast {
    /// The year's figure, in tenths of a percent; none where nothing can be said.
    pub permille: Option<i64>,
    /// Of a count: what it comes to.
    pub count: Option<u64>,
    /// Whether the target would be reached.
    pub met: Option<bool>,
    /// How it was reckoned, in words.
    pub how: String,
}

/// A target of the year, and how far it is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TargetView {
    /// What it is for.
    pub goal: Goal,
    /// Its name.
    pub label: String,
    /// Whether less than last year is aimed at.
    pub drop: bool,
    /// What is aimed at, in tenths of a percent; none where nothing is.
    pub value: Option<i64>,
    /// Whether nobody has set it and the usual value holds.
    pub usual: bool,
    /// What it rests on.
    pub note: Option<String>,
    /// How it stands.
    pub now: FigureCell,
    /// Whether it is reached; none without a target or without data.
    pub met: Option<bool>,
    /// What simple extrapolation comes to; only while the year runs.
    pub forecast: Option<TargetForecast>,
    /// Who set it last.
    pub set_by: Option<Named>,
    /// When.
    pub set_on: Option<NaiveDate>,
    /// Rises with each change; 0 where it was never set. The `ETag`.
    pub version: i64,
}

/// The targets of a year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Targets {
    /// The year.
    pub year: i32,
    /// The day as of which it is looked at.
    pub as_of: NaiveDate,
    /// All that a target can be set for.
    pub items: Vec<TargetView>,
}

/// A count with the list that it opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FigureBar {
    /// What it is called.
    pub label: String,
    /// How many.
    pub count: u64,
    /// The query string of the ledger that finds just these; none where the caller opens no cases.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub query: Option<String>,
}

/// A report, a week of visits, or urgent information that a figure counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FigureRecord {
    /// What it is: the kind and the period.
    pub title: String,
    /// Whose it is, a group with its village.
    pub unit: String,
    /// The village.
    pub village: Option<Named>,
    /// The day by which it falls into the period.
    pub on: NaiveDate,
    /// Whether the numerator counts it.
    pub good: bool,
    /// How it stands, in words.
    pub words: String,
    /// The app's page of it; none where there is none, as of what was missed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub link: Option<String>,
}

/// Urgent information at a glance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UrgentBoard {
    /// Nobody has acknowledged it.
    pub reported: u64,
    /// Acknowledged, nobody was sent.
    pub acknowledged: u64,
    /// Somebody was sent; it has not ended.
    pub dispatched: u64,
    /// What has not ended, the last reported in front; at most [`UrgentBoard::SHOWN`].
    pub items: Vec<AlertRow>,
}

impl UrgentBoard {
    /// How many are named.
    pub const SHOWN: usize = 6;

    /// How many have not ended.
    pub const fn open(&self) -> u64 {
        self.reported + self.acknowledged + self.dispatched
    }
}

/// How a village stands, for the map and the table behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VillageLoad {
    /// The village.
    pub village: Named,
    /// Open cases.
    pub open: u64,
    /// Of them, overdue.
    pub overdue: u64,
    /// Whether the three-without standing holds; none where the caller is not shown it.
    pub holds: Option<bool>,
}

/// A month's inflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MonthInflow {
    /// Its first day.
    pub month: NaiveDate,
    /// Received in it, by kind: petitions, disputes, signs.
    pub received: [u64; 3],
    /// Ended in it.
    pub ended: u64,
}

/// A unit's open cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnitLoad {
    /// The unit; none where nobody answers for them yet.
    pub unit: Option<Named>,
    /// Overdue.
    pub overdue: u64,
    /// Open and not overdue.
    pub open: u64,
}

/// A village's cases by month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeatRow {
    /// The village; none for cases of no village.
    pub village: Option<Named>,
    /// Received in each month of [`Dashboard::inflow`].
    pub counts: Vec<u64>,
}

/// What a role sees at a glance. Parts that are not for the caller's role are empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Dashboard {
    /// Whose it is.
    pub role: Role,
    /// The server's day.
    pub today: NaiveDate,
    /// The year's figures so far: the five rates, the five drops.
    pub figures: Vec<Figure>,
    /// The last twelve months, the running one last.
    pub inflow: Vec<MonthInflow>,
    /// Open cases by age.
    pub ages: Vec<FigureBar>,
    /// Open cases by unit, the most overdue in front.
    pub units: Vec<UnitLoad>,
    /// What falls due on each of the coming days; what is overdue in front.
    pub clock: Vec<FigureBar>,
    /// This year's cases from registration to the end.
    pub funnel: Vec<FigureBar>,
    /// This year's cases by category, the most in front.
    pub categories: Vec<FigureBar>,
    /// Villages by months.
    pub heat: Vec<HeatRow>,
    /// The three-without standing.
    pub standing: Option<StandingView>,
    /// Urgent information that is open; none where it is not for the caller.
    pub urgent: Option<UrgentBoard>,
    /// The villages that the caller sees, for the map.
    pub villages: Vec<VillageLoad>,
    /// What is to be done.
    pub todos: Vec<Todo>,
}

/// A figure with its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Figure {
    /// What it is.
    pub column: FigureColumn,
    /// How it stands.
    pub cell: FigureCell,
}
