//! Webhooks: programs are told what happens to cases, by ids alone.
//!
//! | file | what it does |
//! | --- | --- |
//! | [`service`], [`routes`] | webhooks and their deliveries, as their owners see them |
//! | [`send`] | makes deliveries of what has happened, and sends them, on one node |
//! | [`store`] | the rows, and what may be told to whom |
//!
//! Whoever appends an event to a case does nothing for webhooks. A trigger writes a line into
//! `webhook_outbox` in the same transaction, while there is a webhook at all; else it looks at an empty
//! table, which costs less than can be measured beside a commit. A trigger rather than a line of Rust, for
//! no writer of events can forget it, and no process has to know of a webhook that another has just made.
//! Lines rather than a cursor into `case_events`, for on PostgreSQL transactions commit in another order
//! than they number their events, and the rows of SQLite have no number that is never given twice; a line
//! that is taken out in the transaction that makes deliveries of it can be neither lost nor come twice.
//! Lines rather than deliveries at once, for the writer would have to know every owner and what they see.
//!
//! What may be told is decided when deliveries are made and once more right before each is sent, by
//! [`crate::case::scope`], as whoever the owner is by then. What may no longer be told is taken out without
//! a trace, and the log of deliveries shows only what its reader may see now.

pub(crate) mod routes;
pub(crate) mod send;
mod service;
pub(crate) mod store;

use chrono::{DateTime, Utc};
use diesel::result::{Error as DieselError, QueryResult};
use shared::access::Denied;
use shared::problem::FieldError;

use crate::db::Conn;
use crate::error::ApiError;
use crate::idempotency;

/// What can go wrong with webhooks.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("changed since it was read")]
    Stale,
    #[error("{0}")]
    Conflict(String),
    #[error("{} fields are not valid", .0.len())]
    Invalid(Vec<FieldError>),
    #[error(transparent)]
    Idempotency(#[from] idempotency::Error),
    #[error(transparent)]
    Database(#[from] DieselError),
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(denied) => denied.into(),
            Error::Stale => Self::stale(),
            Error::Conflict(why) => Self::conflict(why),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::Idempotency(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}

/// Gives up what has waited for a day at a webhook that is paused or switched off, and forgets old
/// deliveries.
///
/// # Errors
/// The database's own.
pub(crate) fn tick(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<()> {
    store::give_up(conn, now)?;
    store::forget(conn, now)
}
