//! Cases: the ledger and the whole life of each of its rows.
//!
//! A request goes routes → [`service`] (load, `shared::access::can`, the domain's function, write +
//! event + audit in one transaction) → [`store`]. Reading of many cases starts from [`scope`].

pub(crate) mod attach;
pub(crate) mod backlog;
mod batch;
pub(crate) mod bulk;
pub(crate) mod calendar;
pub(crate) mod coded;
pub(crate) mod demo;
pub(crate) mod desk;
pub(crate) mod due;
pub(crate) mod duty;
pub(crate) mod export;
pub(crate) mod feed;
pub(crate) mod home;
pub(crate) mod list;
pub(crate) mod matter;
pub(crate) mod merge;
pub(crate) mod paper;
mod receipt;
pub(crate) mod recent;
pub mod routes;
pub(crate) mod scope;
pub(crate) mod service;
mod similar;
pub(crate) mod store;
pub(crate) mod view;

pub(crate) use desk::Desk;
pub(crate) use feed::renew as renew_feed;
pub(crate) use service::rebuild_index;

use diesel::result::Error as DieselError;
use shared::access::Denied;
use shared::case::state::Refused;
use shared::problem::FieldError;

use crate::error::ApiError;
use crate::idempotency;

/// What can go wrong with a case.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Hidden, not there, or not for this caller to do.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Somebody changed it since the caller read it.
    #[error("the case was changed in between")]
    Stale,
    /// The state does not allow the step.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Fields that are not valid.
    #[error("{} fields are not valid", .0.len())]
    Invalid(Vec<FieldError>),
    /// An upload that is not taken.
    #[error(transparent)]
    File(#[from] crate::files::Refused),
    /// A number cannot be decrypted, or a file is not where it should be.
    #[error("stored data is damaged: {0}")]
    Damaged(String),
    /// An idempotency key that cannot be honoured.
    #[error(transparent)]
    Idempotency(#[from] idempotency::Error),
    /// The database's own.
    #[error(transparent)]
    Database(#[from] DieselError),
}

impl Error {
    /// Not there, or not for this caller to know of.
    pub const fn hidden() -> Self {
        Self::Denied(Denied::Hidden)
    }
}

impl From<Vec<FieldError>> for Error {
    fn from(errors: Vec<FieldError>) -> Self {
        Self::Invalid(errors)
    }
}

impl From<shared::validate::Errors> for Error {
    fn from(errors: shared::validate::Errors) -> Self {
        Self::Invalid(errors.into_vec())
    }
}

impl From<crate::photo::Error> for Error {
    fn from(error: crate::photo::Error) -> Self {
        use crate::photo::Error as Photo;
        match error {
            Photo::Denied(denied) => denied.into(),
            Photo::Invalid(errors) => Self::Invalid(errors),
            Photo::File(refused) => refused.into(),
            Photo::Damaged(cause) => Self::Damaged(cause),
            Photo::Idempotency(error) => error.into(),
            Photo::Case(error) => error,
            Photo::Database(error) => error.into(),
        }
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(denied) => denied.into(),
            Error::Stale => Self::stale(),
            Error::Refused(refused) => Self::conflict(refused.0),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::File(refused) => refused.into(),
            Error::Damaged(cause) => Self::internal(cause),
            Error::Idempotency(error) => error.into(),
            Error::Database(DieselError::NotFound) => Self::not_found(),
            Error::Database(error) => error.into(),
        }
    }
}
