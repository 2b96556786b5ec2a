//! Photos: uploaded first, then named by the record that they belong to (a visit, a report, urgent
//! information, a new case).
//!
//! A record takes `"photos": ["id", …]`, calls [`claim`] in the transaction that writes it, and shows
//! what [`of`] answers. Who may see a photo is for the record's room to say: add its arm to
//! `service::may_see`.

pub(crate) mod clean;
pub(crate) mod routes;
mod service;
pub(crate) mod store;

use diesel::result::Error as DieselError;
use shared::access::Denied;
use shared::problem::FieldError;

use crate::error::ApiError;
use crate::files::Refused;
use crate::{case, idempotency};

pub(crate) use service::{claim, clean_up, of};

/// What can go wrong with a photo.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Hidden, not there, or not for this caller to do.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Photos that cannot be claimed.
    #[error("{} fields are not valid", .0.len())]
    Invalid(Vec<FieldError>),
    /// An upload that is not taken.
    #[error(transparent)]
    File(#[from] Refused),
    /// It is not where it should be.
    #[error("stored data is damaged: {0}")]
    Damaged(String),
    /// An idempotency key that cannot be honoured.
    #[error(transparent)]
    Idempotency(#[from] idempotency::Error),
    /// Of the case that it belongs to.
    #[error(transparent)]
    Case(#[from] case::Error),
    /// The database's own.
    #[error(transparent)]
    Database(#[from] DieselError),
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(denied) => denied.into(),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::File(refused) => refused.into(),
            Error::Damaged(cause) => Self::internal(cause),
            Error::Idempotency(error) => error.into(),
            Error::Case(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}
