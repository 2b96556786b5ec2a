//! Reports of groups, villages and township units: made by rule, sent or missing, judged by the
//! office; what they found becomes cases.
//!
//! [`rule`] makes what is owed and reminds of it: [`tick`] is what the scheduler calls, and whoever
//! reads a list makes what is missing first. A request goes `routes` → [`service`] → [`store`]; lists
//! and the board start from `field::in_field`.

mod board;
pub(crate) mod demo;
pub(crate) mod export;
pub(crate) mod list;
pub(crate) mod routes;
mod rule;
pub(crate) mod service;
pub(crate) mod store;

use chrono::{DateTime, Utc};
use diesel::result::Error as DieselError;
use shared::access::Denied;
use shared::problem::Code;
use shared::report::state::Refused;
use shared::validate::Errors;

use crate::case;
use crate::error::ApiError;
use crate::idempotency;
use crate::state::State;

pub(crate) use list::todos;
pub(crate) use rule::{ensure, tick};

/// What can go wrong with a report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Hidden, not allowed, stale, invalid: as with a case; or of the case that a finding becomes.
    #[error(transparent)]
    Case(#[from] case::Error),
    /// The state does not allow it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Somebody else has written the report that this was to be.
    #[error("report {0} was written in between")]
    Changed(String),
}

impl Error {
    /// Not there, or not for this caller to know of.
    pub(crate) const fn hidden() -> Self {
        Self::Case(case::Error::hidden())
    }
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        Self::Case(error.into())
    }
}

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        Self::Case(denied.into())
    }
}

impl From<Errors> for Error {
    fn from(errors: Errors) -> Self {
        Self::Case(errors.into())
    }
}

impl From<idempotency::Error> for Error {
    fn from(error: idempotency::Error) -> Self {
        Self::Case(error.into())
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Case(error) => error.into(),
            Error::Refused(refused) => Self::conflict(refused.0),
            Error::Changed(id) => Self {
                current_id: Some(id),
                ..Self::new(
                    Code::Changed,
                    "这一期报告在您填写期间已被他人填写或提交。请对照两份内容，决定用哪一份。",
                )
            },
        }
    }
}

/// Makes what is owed by now, unless it is made already.
///
/// # Errors
/// The database's own.
pub(crate) async fn keep_made(state: &State, now: DateTime<Utc>) -> Result<(), DieselError> {
    if state.db.read(move |conn| rule::is_made(conn, now)).await? {
        return Ok(());
    }
    state.db.write(move |conn| ensure(conn, now)).await
}
