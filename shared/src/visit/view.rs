//! What people see of visits.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{PromiseState, VisitKind};
use crate::access::FieldFacts;
use crate::case::view::Named;
use crate::photo::PhotoView;

/// A line of the list of visits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VisitRow {
    /// Its id.
    pub id: String,
    /// What kind of visit.
    pub kind: VisitKind,
    /// The day.
    pub on: NaiveDate,
    /// Who went.
    pub visitors: Vec<Named>,
    /// The village.
    pub village: Option<Named>,
    /// The group.
    pub group: Option<Named>,
    /// Household or place.
    pub place: Option<String>,
    /// What was heard, at most its first 120 characters.
    pub heard: String,
    /// How many promises are still to be kept.
    pub promises_open: u32,
    /// How many promises were given.
    pub promises: u32,
    /// The case that it concerns, for readers who may know of it.
    pub case: Option<Named>,
    /// Whether it was struck out.
    pub struck: bool,
}

/// A visit, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VisitView {
    /// Its id.
    pub id: String,
    /// What kind of visit.
    pub kind: VisitKind,
    /// The day by which it counts.
    pub on: NaiveDate,
    /// The day that the phone said, where it was not taken.
    pub claimed_on: Option<NaiveDate>,
    /// When it was recorded, by the phone's clock.
    pub recorded_at: Option<DateTime<Utc>>,
    /// When it came in, by the server's clock.
    pub entered_at: DateTime<Utc>,
    /// What to know about the day, right after it was recorded.
    pub warning: Option<String>,
    /// Who entered it.
    pub author: Named,
    /// Who went.
    pub visitors: Vec<Named>,
    /// The village.
    pub village: Option<Named>,
    /// The group.
    pub group: Option<Named>,
    /// Household or place.
    pub place: Option<String>,
    /// What was heard.
    pub heard: String,
    /// What was promised.
    pub promises: Vec<PromiseView>,
    /// The photos.
    pub photos: Vec<PhotoView>,
    /// The case that it concerns or became, for readers who may know of it.
    pub case: Option<Named>,
    /// Whether there is one, for whoever may not know which.
    pub has_case: bool,
    /// When it was struck out, by whom, why.
    pub struck: Option<Struck>,
    /// Until when its author may correct it.
    pub editable_until: DateTime<Utc>,
    /// What it said before, the last change in front.
    pub history: Vec<VisitChange>,
    /// What permission decisions look at.
    pub facts: FieldFacts,
    /// Rises with each change; the item's `ETag`.
    pub version: i64,
}

/// That a visit was struck out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Struck {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub actor: Named,
    /// Why.
    pub reason: String,
}

/// A correction: what was there before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VisitChange {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub actor: Named,
    /// The fields, each as it was.
    pub before: Vec<Before>,
}

/// A field as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Before {
    /// Its name in the API.
    pub field: String,
    /// What a form calls it.
    pub label: String,
    /// What it said.
    pub text: String,
}

/// A promise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PromiseView {
    /// Its id.
    pub id: String,
    /// What was promised.
    pub what: String,
    /// Until when.
    pub due_on: NaiveDate,
    /// The unit that is to keep it.
    pub unit: Option<Named>,
    /// The person who is to keep it.
    pub user: Option<Named>,
    /// Where it stands.
    pub state: PromiseState,
    /// Whether it is open and its day has passed.
    pub overdue: bool,
    /// When it was kept, or it was said that it will not be.
    pub closed_on: Option<NaiveDate>,
    /// How it was kept, or why it will not be.
    pub closed_text: Option<String>,
    /// Who was told that it will not be kept.
    pub told: Option<String>,
    /// Who said so.
    pub closed_by: Option<Named>,
}

/// A promise in the list of all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PromiseRow {
    /// The promise.
    pub promise: PromiseView,
    /// The visit on which it was given.
    pub visit_id: String,
    /// The day of that visit.
    pub visit_on: NaiveDate,
    /// The village.
    pub village: Option<Named>,
    /// The group.
    pub group: Option<Named>,
    /// Household or place.
    pub place: Option<String>,
    /// The visit's version, for `If-Match`.
    pub version: i64,
}

/// Who has visited where and when last: villages and groups × weeks, without what was heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Coverage {
    /// The server's day.
    pub today: NaiveDate,
    /// How many visits a week each village and group is to have.
    pub per_week: u32,
    /// The weeks.
    pub weeks: Vec<CoverageWeek>,
    /// Villages, each followed by its groups.
    pub rows: Vec<CoverageRow>,
    /// By who is responsible.
    pub leaders: Vec<DutyOf>,
    /// How many villages and groups of the table still ask for a visit in its last week.
    pub total: u64,
}

/// A week of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CoverageWeek {
    /// Its Monday.
    pub from: NaiveDate,
    /// Its Sunday.
    pub to: NaiveDate,
    /// Whether it has a working day; a week without one asks for nothing.
    pub duty: bool,
}

/// A village or a group of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CoverageRow {
    /// The unit.
    pub unit: Named,
    /// The village that a group belongs to; none for a village.
    pub village_id: Option<String>,
    /// Who is responsible: leader and secretary of a village, the cadre of a group.
    pub responsible: Vec<Named>,
    /// A cell a week.
    pub cells: Vec<CoverageCell>,
    /// The day of the last visit, in those weeks or before.
    pub last_on: Option<NaiveDate>,
    /// How many days ago that was.
    pub days_since: Option<i64>,
}

/// The visits of a unit in a week.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CoverageCell {
    /// How many visits, whoever went.
    pub visits: u32,
    /// How many of them by who is responsible.
    pub own: u32,
    /// Who went.
    pub by: Vec<String>,
    /// Whether what the week asks for was done; none where it asks for nothing.
    pub done: Option<bool>,
}

/// What one member of staff is responsible for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DutyOf {
    /// Who.
    pub user: Named,
    /// Their villages and groups.
    pub units: Vec<DutyUnit>,
    /// How many of them are still to be visited in the last week of the table.
    pub owed: u32,
}

/// A unit that somebody is responsible for, in the last week of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DutyUnit {
    /// The unit; a group with its village's name.
    pub unit: Named,
    /// Whether the week is done; none where it asks for nothing.
    pub done: Option<bool>,
    /// How many days ago the last visit was.
    pub days_since: Option<i64>,
}

/// What the field has about a case: visits and reception days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseInField {
    /// The visits that concern it, as far as the reader may see them.
    pub visits: Vec<VisitRow>,
    /// The reception days on which somebody came about it.
    pub receptions: Vec<crate::reception::CaseReception>,
}
