//! Import of a hand-kept ledger workbook.
//!
//! A file goes through four steps: [`reader`] turns bytes into cells (measured first by [`guard`]),
//! [`rows`] turns cells into ledger rows ([`header`], [`columns`], [`dates`], [`counts`],
//! [`words`] know how people write), [`plan`] sets them against what the database knows, and the
//! [`service`] writes what was planned, all or nothing. The first three are pure: a dry run stops
//! there. [`mark`] gives the workbook back with the cells to mend coloured and commented.

#[cfg(test)]
mod api_tests;
pub mod cli;
mod columns;
mod counts;
mod dates;
mod guard;
mod header;
mod mark;
mod plan;
mod reader;
pub mod routes;
mod rows;
mod service;
mod store;
#[cfg(test)]
mod tests;
mod text;
mod vault;
mod words;

pub(crate) use vault::is_kept;

pub use mark::MarkError;
pub use reader::{MAX_FILE, ReadError};

use diesel::result::{Error as DieselError, QueryResult};
use shared::access::Denied;
use shared::case::view::ImportSource;
use shared::problem::{Code, FieldError};
use shared::validate::Errors;

use crate::db::Conn;
use crate::error::ApiError;
use crate::{case, idempotency};

/// What can go wrong with an import.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not there, or not for this caller to do.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The workbook cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The workbook cannot be marked.
    #[error(transparent)]
    Mark(#[from] MarkError),
    /// The form is not valid.
    #[error("{} fields are not valid", .0.len())]
    Invalid(Vec<FieldError>),
    /// Something has been done on the run's cases.
    #[error("{0}")]
    UndoRefused(String),
    /// A case that cannot be entered.
    #[error(transparent)]
    Case(#[from] case::Error),
    /// A kept file is not where it should be, or not what it was.
    #[error("stored data is damaged: {0}")]
    Damaged(String),
    /// The disk refused.
    #[error("file system: {0}")]
    Io(#[from] std::io::Error),
    /// An idempotency key that cannot be honoured.
    #[error(transparent)]
    Idempotency(#[from] idempotency::Error),
    /// The database's own.
    #[error(transparent)]
    Database(#[from] DieselError),
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(denied) => denied.into(),
            Error::Read(error) => error.into(),
            Error::Mark(error) => Self::new(Code::UnsupportedMediaType, error.to_string()),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::UndoRefused(reason) => Self::conflict(reason),
            Error::Case(error) => error.into(),
            Error::Damaged(cause) => Self::internal(cause),
            Error::Io(error) => Self::internal(error),
            Error::Idempotency(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        let field = |name: &str, code: &str| {
            let mut errors = Errors::new();
            errors.add(name, code, error.to_string());
            Self::invalid(errors.into_vec())
        };
        match error {
            ReadError::TooLarge | ReadError::TooMuch => {
                Self::new(Code::TooLarge, error.to_string())
            }
            ReadError::Empty
            | ReadError::OtherType(_)
            | ReadError::SaveAsXlsx(_)
            | ReadError::Encrypted
            | ReadError::Broken => Self::new(Code::UnsupportedMediaType, error.to_string()),
            ReadError::NoHeader => field("file", "no_header"),
            ReadError::NoSuchHeader(_) => field("mapping", "no_such_header"),
            ReadError::MappedTwice(_) => field("mapping", "mapped_twice"),
        }
    }
}

/// A row of a sheet as it reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// Its number, as the workbook counts.
    pub(crate) number: u32,
    /// What its cells say, by column from 0.
    pub(crate) cells: std::collections::BTreeMap<u32, String>,
}

/// The rows with content of a workbook's first visible sheet, for what is no ledger.
///
/// # Errors
/// [`ReadError`].
pub(crate) fn first_sheet(bytes: &[u8]) -> Result<Vec<Row>, ReadError> {
    let book = reader::read(bytes)?;
    let sheet = book.sheets.into_iter().find(|sheet| !sheet.hidden);
    let rows = sheet.map(|sheet| sheet.rows).unwrap_or_default();
    Ok(rows
        .into_iter()
        .map(|(row, cells)| Row {
            number: row.saturating_add(1),
            cells: cells
                .into_iter()
                .map(|(column, cell)| (column, cell.text()))
                .collect(),
        })
        .collect())
}

/// Where a case was imported from.
///
/// # Errors
/// The database's own.
pub(crate) fn source_of(conn: &mut Conn, case_id: &str) -> QueryResult<Option<ImportSource>> {
    store::source(conn, case_id)
}
