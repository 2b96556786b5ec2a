//! Urgent information: reported from a phone, told at once to leaders, the office and the police
//! station, acknowledged, dispatched, closed; every step timed by the server's clock.

pub(crate) mod demo;
pub(crate) mod routes;
mod scope;
mod service;
mod store;
mod tell;
#[cfg(test)]
mod tests;
mod view;

use diesel::result::Error as DieselError;
use shared::access::Denied;
use shared::case::state::Refused;
use shared::problem::FieldError;
use shared::validate::Errors;

use crate::error::ApiError;
use crate::{case, idempotency, photo};

pub(crate) use service::{OPEN, board, may_see, open, show as whole, todos, told};
pub(crate) use tell::tick;

/// What can go wrong with urgent information.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Hidden, not there, or not for this caller to do.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Somebody changed it since the caller read it.
    #[error("it was changed in between")]
    Stale,
    /// Where it stands does not allow the step.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Fields that are not valid.
    #[error("{} fields are not valid", .0.len())]
    Invalid(Vec<FieldError>),
    /// Of its photos.
    #[error(transparent)]
    Photo(#[from] photo::Error),
    /// Of its case.
    #[error(transparent)]
    Case(#[from] case::Error),
    /// An idempotency key that cannot be honoured.
    #[error(transparent)]
    Idempotency(#[from] idempotency::Error),
    /// The database's own.
    #[error(transparent)]
    Database(#[from] DieselError),
}

impl From<Errors> for Error {
    fn from(errors: Errors) -> Self {
        Self::Invalid(errors.into_vec())
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(denied) => denied.into(),
            Error::Stale => Self::stale(),
            Error::Refused(refused) => Self::conflict(refused.0),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::Photo(error) => error.into(),
            Error::Case(error) => error.into(),
            Error::Idempotency(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}
