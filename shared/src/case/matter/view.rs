//! What people see of a matter. The same shape for each kind: one card and one list serve all.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::form::Field;
use super::{Deed, MatterKind};
use crate::case::view::Named;
use crate::ids::{CaseId, UnitId};
use crate::settings::Reminders;
use crate::terms;

terms! {
    /// How something stands, for colour and symbol; the words say it too.
    Tone, "状态色" {
        /// Neither good nor bad.
        Plain = "plain", "一般";
        /// Going on.
        Active = "active", "进行中";
        /// Well done.
        Good = "good", "完成";
        /// To be watched: soon due, something is missing.
        Warn = "warn", "注意";
        /// Late, broken, refused.
        Bad = "bad", "异常";
        /// Struck out, called off, withdrawn.
        Void = "void", "作废";
    }
}

/// The colour of an open matter on a day, from the colour that its last step left it in: lists keep
/// that one, and days go by. What runs out of time turns yellow or red by itself.
pub fn aged(
    kind: MatterKind,
    tone: Tone,
    due: Option<NaiveDate>,
    today: NaiveDate,
    reminders: Reminders,
) -> Tone {
    let Some(due) = due else { return tone };
    match kind {
        MatterKind::Order => reminders.tone(due, today).unwrap_or(tone),
        MatterKind::Package | MatterKind::Mediation | MatterKind::Contact if due < today => {
            Tone::Bad
        }
        _ => tone,
    }
}

/// What a kind says about a matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// What it is about, in a line: `村人民调解委员会调解`.
    pub title: String,
    /// Where it stands: a stable code.
    pub state: &'static str,
    /// The same in Chinese.
    pub state_label: &'static str,
    /// Its colour.
    pub tone: Tone,
    /// Whether something is still to be done.
    pub open: bool,
    /// The last day of what is due next, and what that is.
    pub due: Option<Due>,
    /// The unit whose turn it is, or that it was given to.
    pub unit_id: Option<UnitId>,
    /// The way through, in order.
    pub stages: Vec<Stage>,
    /// Facts, in order.
    pub lines: Vec<Line>,
    /// Parts with a life of their own: sessions, promises, steps of a plan.
    pub items: Vec<Item>,
}

/// What is due next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Due {
    /// The last day on which it is met.
    pub on: NaiveDate,
    /// What is due.
    pub what: String,
    /// The article or the order behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// Whether the time is the petitioner's or the parties' own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub petitioners: bool,
}

/// A station on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = MatterStage))]
pub struct Stage {
    /// Its name.
    pub label: String,
    /// The day on which it was reached.
    pub on: Option<NaiveDate>,
    /// Whether it is where things stand now.
    pub current: bool,
}

impl Stage {
    /// A station, reached on a day or not yet.
    pub fn new(label: &str, on: Option<NaiveDate>, current: bool) -> Self {
        Self {
            label: label.to_owned(),
            on,
            current,
        }
    }
}

/// A fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Line {
    /// What it is called.
    pub label: String,
    /// What it says; may have several lines.
    pub text: String,
    /// Its colour.
    pub tone: Tone,
}

impl Line {
    /// A plain fact.
    pub fn new(label: &str, text: impl Into<String>) -> Self {
        Self::toned(label, text, Tone::Plain)
    }

    /// A fact with a colour.
    pub fn toned(label: &str, text: impl Into<String>, tone: Tone) -> Self {
        Self {
            label: label.to_owned(),
            text: text.into(),
            tone,
        }
    }

    /// A plain fact, if it is known.
    pub fn maybe(label: &str, text: Option<impl Into<String>>) -> Option<Self> {
        text.map(|text| Self::new(label, text))
    }
}

/// A part with a life of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Item {
    /// Below which heading it stands (`履行事项`, `调解会`).
    pub group: String,
    /// What it is.
    pub title: String,
    /// The day it is about: held, due.
    pub on: Option<NaiveDate>,
    /// How it stands, in words.
    pub state_label: String,
    /// Its colour.
    pub tone: Tone,
    /// More about it.
    pub text: Option<String>,
}

/// A step that may be taken, or why not, and what it asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepView {
    /// The step.
    pub deed: Deed,
    /// Of which kind of matter.
    pub kind: MatterKind,
    /// Its label.
    pub label: String,
    /// What it does, by which rule.
    pub help: String,
    /// Whether the caller may take it now.
    pub allowed: bool,
    /// Why not, in a sentence.
    pub reason: Option<String>,
    /// What it asks for; empty where it is not allowed.
    pub fields: Vec<Field>,
}

/// A matter as the API gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MatterView {
    /// Its id.
    pub id: String,
    /// The case.
    pub case_id: CaseId,
    /// What it is.
    pub kind: MatterKind,
    /// What it is about, in a line.
    pub title: String,
    /// Where it stands: a stable code of its kind.
    pub state: String,
    /// The same in Chinese.
    pub state_label: String,
    /// Its colour.
    pub tone: Tone,
    /// Whether something is still to be done.
    pub open: bool,
    /// The day on which it was started.
    pub opened_on: NaiveDate,
    /// What is due next.
    pub due: Option<Due>,
    /// Whether that day has passed.
    pub overdue: bool,
    /// The unit whose turn it is.
    pub unit: Option<Named>,
    /// The way through.
    pub stages: Vec<Stage>,
    /// Facts.
    pub lines: Vec<Line>,
    /// Parts.
    pub items: Vec<Item>,
    /// What can be done, and why the rest cannot.
    pub steps: Vec<StepView>,
    /// Rises with each step; the `ETag`.
    pub version: i64,
    /// All that is kept of it, as its kind keeps it.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub body: serde_json::Value,
}

/// The matters of a case, and what can be started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Matters {
    /// In the order in which they were started, open ones first.
    pub items: Vec<MatterView>,
    /// What can be started, and why the rest cannot.
    pub openings: Vec<StepView>,
}

/// A row of a list of matters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MatterRow {
    /// Its id.
    pub id: String,
    /// The case.
    pub case_id: CaseId,
    /// The case's number.
    pub case_number: String,
    /// The case's cause, its first characters.
    pub cause: String,
    /// The case's village.
    pub village: Option<Named>,
    /// What it is.
    pub kind: MatterKind,
    /// What it is about.
    pub title: String,
    /// Where it stands.
    pub state: String,
    /// The same in Chinese.
    pub state_label: String,
    /// Its colour.
    pub tone: Tone,
    /// Whether something is still to be done.
    pub open: bool,
    /// The day on which it was started.
    pub opened_on: NaiveDate,
    /// The last day of what is due next.
    pub due_on: Option<NaiveDate>,
    /// What is due next.
    pub due_what: Option<String>,
    /// Whether the time is the petitioner's or the parties' own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub due_petitioners: bool,
    /// Whether what is due is late.
    pub overdue: bool,
    /// The unit whose turn it is.
    pub unit: Option<Named>,
}
