//! What an import of a hand-kept ledger answers (design section 4).

use serde::{Deserialize, Serialize};

/// A row of a sheet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RowRef {
    /// The sheet's name.
    pub sheet: String,
    /// The row, as the workbook counts them (from 1).
    pub row: u32,
}

/// A row that was entered before: within the file, or in the ledger already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Duplicate {
    /// The sheet's name.
    pub sheet: String,
    /// The row.
    pub row: u32,
    /// The row of the file that it repeats, if it repeats one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_row: Option<RowRef>,
    /// The number of the case that it repeats, if it repeats one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_case: Option<String>,
}

/// A cell that keeps its row from being loaded, or a cell worth a second look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CellNote {
    /// The sheet's name.
    pub sheet: String,
    /// The row.
    pub row: u32,
    /// The column's header, as the sheet has it.
    pub column: String,
    /// What the cell says.
    pub value: String,
    /// What is wrong or was understood, in Chinese.
    pub reason: String,
}

/// A row that is no row of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Skipped {
    /// The sheet's name.
    pub sheet: String,
    /// The row.
    pub row: u32,
    /// Why: title, unit line, header, blank, subtotal.
    pub why: String,
}

/// What a run read and did. `read` = `loaded` + flagged rows + `duplicates`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportReport {
    /// How many ledger rows were read.
    pub read: u32,
    /// How many were (or, in a dry run, would be) loaded.
    pub loaded: u32,
    /// Rows entered before.
    pub duplicates: Vec<Duplicate>,
    /// Cells that keep their row from being loaded.
    pub flagged: Vec<CellNote>,
    /// Rows that are no ledger rows.
    pub skipped: Vec<Skipped>,
    /// Cells loaded with their words kept, or with something understood that the cell leaves open.
    pub warnings: Vec<CellNote>,
}

/// A column of a sheet and what it is read as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ColumnMapping {
    /// The header, as the sheet has it.
    pub header: String,
    /// The ledger field that it is read as; none: not read.
    pub field: Option<LedgerField>,
}

crate::terms! {
    /// A field of a hand-kept ledger.
    LedgerField, "台账栏目" {
        /// The line's number.
        Serial = "serial", "序号";
        /// The day of registration.
        ReceivedOn = "received_on", "登记日期";
        /// The petitioner's name.
        Petitioner = "petitioner", "信访人姓名";
        /// ID number.
        IdNumber = "id_number", "身份证号";
        /// Phone.
        Phone = "phone", "联系电话";
        /// Village and group.
        Village = "village", "村社";
        /// Channel.
        Channel = "channel", "信访形式";
        /// Head-count.
        PeopleCount = "people_count", "涉及人数";
        /// The cause and the demand.
        Cause = "cause", "起因及主要诉求";
        /// When it happened.
        OccurredOn = "occurred_on", "发生时间";
        /// Where it happened.
        Place = "place", "发生地点";
        /// The unit concerned.
        UnitConcerned = "unit_concerned", "涉及单位";
        /// Key persons.
        KeyPersons = "key_persons", "重点人员";
        /// Development.
        Development = "development", "事态发展";
        /// Handling.
        Handling = "handling", "调处情况";
        /// The leader who took it.
        Lead = "lead", "包案领导";
        /// The responsible unit.
        ResponsibleUnit = "responsible_unit", "责任单位";
        /// The day of closing.
        ClosedOn = "closed_on", "办结日期";
        /// Whether the petitioner accepted.
        Settled = "settled", "是否息诉";
        /// Remarks.
        Remarks = "remarks", "备注";
    }
}

/// What `POST /imports/ledger` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportResult {
    /// The run; absent in a dry run.
    pub import_id: Option<crate::ids::ImportId>,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// The file's name.
    pub file: String,
    /// How the columns were read.
    pub columns: Vec<ColumnMapping>,
    /// What was read and done.
    pub report: ImportReport,
}

/// An import run, as the list of runs shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportRun {
    /// Its id.
    pub id: crate::ids::ImportId,
    /// The file's name.
    pub file: String,
    /// When it was confirmed.
    pub at: chrono::DateTime<chrono::Utc>,
    /// Who confirmed it.
    pub actor: crate::case::view::Named,
    /// How many cases it made.
    pub loaded: u32,
    /// When it was undone, if it was.
    pub undone_at: Option<chrono::DateTime<chrono::Utc>>,
    /// Why it can't be undone now; absent when it can.
    pub undo_refused: Option<String>,
    /// Numbers that undoing it has left void, because later cases had gone past them.
    #[serde(default)]
    pub void_numbers: Vec<String>,
}
