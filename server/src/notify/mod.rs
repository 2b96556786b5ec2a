//! Notices: who is told of what. Rooms write them with [`post`] in the transaction of what happened.
//!
//! | file | what it does |
//! | --- | --- |
//! | [`service`], [`routes`] | the inbox, and what somebody wishes to be told |
//! | [`stream`] | live events, with resume |
//! | [`scheduler`] | the work that time brings about, on one node |
//! | [`reminders`], [`digest`] | who is to be told of what is due |
//! | [`given`] | who is to be told that a case is theirs now |
//! | [`robot`] | chat robots and what waits to be sent to them |

pub(crate) mod demo;
mod digest;
pub(crate) mod given;
pub(crate) mod lease;
mod reminders;
pub(crate) mod robot;
pub(crate) mod routes;
pub(crate) mod scheduler;
mod service;
pub(crate) mod store;
pub(crate) mod stream;

use chrono::{DateTime, Utc};
use diesel::result::{Error as DieselError, QueryResult};
use shared::access::Denied;
use shared::ids::UserId;
use shared::notice::NoticeKind;
use shared::notice::prefs::Delivery;
use shared::problem::FieldError;

use crate::account;
use crate::case;
use crate::db::Conn;
use crate::deputy;
use crate::error::ApiError;
use crate::idempotency;
use crate::keys::Unreadable;

/// A notice to be written. Keep personal data out of it: numbers, names of units, days. One whose link
/// leads to a case is shown only while its receiver may see that case.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// What it is about.
    pub(crate) kind: NoticeKind,
    /// In a line.
    pub(crate) title: String,
    /// More words, possibly none.
    pub(crate) body: String,
    /// Where in the app it leads.
    pub(crate) link: String,
    /// Whether it interrupts.
    pub(crate) urgent: bool,
    /// What keeps it from being sent twice: the same text, and nobody hears of it again
    /// (`case:0190…:2026-10-09:3`).
    pub(crate) once: String,
}

impl Draft {
    /// The case that its link leads to.
    fn case_id(&self) -> Option<&str> {
        let rest = self.link.strip_prefix("/cases/")?;
        let id = rest.split(['/', '?', '#']).next()?;
        (!id.is_empty() && id != "new").then_some(id)
    }

    /// The same for who stands in for somebody.
    fn in_place_of(&self, absent: &str) -> Self {
        let sign = format!("（代理{absent}）");
        Self {
            body: format!("{}{sign}", self.body),
            ..self.clone()
        }
    }

    /// How it reaches somebody who wishes notices of its kind to come so.
    fn delivery(&self, wished: Delivery) -> Delivery {
        if self.urgent {
            Delivery::AtOnce
        } else {
            wished
        }
    }
}

/// What can go wrong with notices and robots.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Not for this caller to do, or not there.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Somebody changed it since the caller read it.
    #[error("changed since it was read")]
    Stale,
    /// A state that does not allow it.
    #[error("{0}")]
    Conflict(&'static str),
    /// Fields that are not valid.
    #[error("{} fields are not valid", .0.len())]
    Invalid(Vec<FieldError>),
    /// Of the case that it is about.
    #[error(transparent)]
    Case(#[from] case::Error),
    /// An address that cannot be decrypted.
    #[error(transparent)]
    Keys(#[from] Unreadable),
    /// An idempotency key that cannot be honoured.
    #[error(transparent)]
    Idempotency(#[from] idempotency::Error),
    /// The database's own.
    #[error(transparent)]
    Database(#[from] DieselError),
}

impl From<shared::validate::Errors> for Error {
    fn from(errors: shared::validate::Errors) -> Self {
        Self::Invalid(errors.into_vec())
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(denied) => denied.into(),
            Error::Stale => Self::stale(),
            Error::Conflict(why) => Self::conflict(why),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::Case(error) => error.into(),
            Error::Keys(error) => Self::internal(error),
            Error::Idempotency(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}

/// Tells people, in the transaction of what happened; who was told of it before is left out, as is who
/// does not wish to hear of such things. Whoever calls it has asked `shared::access` that each of them
/// may know of what it says. Whoever stands in for one of them today is told, too, with the name of whom
/// they do it for; what leads to a case that is sealed from them they are not shown. A program, which may
/// have registered what this is about, is told nothing.
///
/// # Errors
/// The database's own.
pub(crate) fn post(
    conn: &mut Conn,
    to: &[UserId],
    draft: &Draft,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let to = account::store::persons(conn, to)?;
    if to.is_empty() {
        return Ok(());
    }
    let deputies = if draft.kind.is_personal() {
        Vec::new()
    } else {
        deputy::store::beside(conn, &to, now)?
    };
    // The first write: it makes those who post wait for each other, so that numbers are given in the
    // order of the commits and nobody is told twice.
    let mut seq = store::reserve(conn, to.len() + deputies.len())?;
    let mut tell = |conn: &mut Conn, user: &UserId, draft: &Draft| -> QueryResult<()> {
        let wished = store::prefs(conn, user.as_str())?.0.delivery(draft.kind);
        let delivery = draft.delivery(wished);
        if delivery == Delivery::Off || store::was_told(conn, user, &draft.once)? {
            return Ok(());
        }
        seq += 1;
        store::insert(conn, user, draft, seq, delivery == Delivery::AtOnce, now)
    };
    for user in &to {
        tell(conn, user, draft)?;
    }
    for (user, absent) in deputies {
        tell(conn, &user, &draft.in_place_of(&absent))?;
    }
    robot::queue(conn, &to, draft, now)?;
    stream::wake();
    Ok(())
}

#[cfg(test)]
mod trial;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_says_which_case_it_leads_to() {
        let case = |link: &str| {
            let draft = Draft {
                kind: NoticeKind::CaseDue,
                title: String::new(),
                body: String::new(),
                link: link.to_owned(),
                urgent: false,
                once: String::new(),
            };
            draft.case_id().map(str::to_owned)
        };
        assert_eq!(case("/cases/0190-a").as_deref(), Some("0190-a"));
        assert_eq!(
            case("/cases/0190-a?tab=matters#matter-1").as_deref(),
            Some("0190-a")
        );
        for other in [
            "/cases",
            "/cases/",
            "/cases/new",
            "/cases?overdue=true",
            "/alerts/1",
        ] {
            assert_eq!(case(other), None, "{other}");
        }
    }
}
