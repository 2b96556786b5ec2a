//! The audit log: who did or saw what, when, from where. Append-only; the database refuses the rest.

pub(crate) mod export;
mod looks;
pub mod routes;
pub(crate) mod seal;
mod service;
pub(crate) mod store;

use diesel::result::QueryResult;
use shared::audit::AuditAction;
use shared::ids::UnitId;

use crate::auth::Actor;
use crate::context::RequestContext;
use crate::db::Conn;

pub(crate) use looks::Looked;
pub use looks::Looks;

/// What to note. Keep personal data out of `detail`: field names, numbers of cases, reasons.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What was done.
    pub action: AuditAction,
    /// The case it concerns.
    pub case_id: Option<String>,
    /// Whether the case is a sealed accusation.
    pub sealed: bool,
    /// Whether only its registrar may know of the case.
    pub registrar_only: bool,
    /// What exactly, in Chinese.
    pub detail: String,
}

impl Entry {
    /// An entry that concerns no case.
    pub fn new(action: AuditAction, detail: impl Into<String>) -> Self {
        Self {
            action,
            case_id: None,
            sealed: false,
            registrar_only: false,
            detail: detail.into(),
        }
    }

    /// The same, of a case.
    #[must_use]
    pub fn of_case(
        mut self,
        case_id: impl Into<String>,
        sealed: bool,
        registrar_only: bool,
    ) -> Self {
        self.case_id = Some(case_id.into());
        self.sealed = sealed;
        self.registrar_only = registrar_only;
        self
    }
}

/// Notes what a signed-in user did, in the transaction that does it. What the county's office does with a
/// township's case stands in both logs.
///
/// # Errors
/// The database's own; the transaction fails with it.
pub fn append(
    conn: &mut Conn,
    context: &RequestContext,
    actor: &Actor,
    entry: Entry,
) -> QueryResult<()> {
    let who = who(actor);
    if let Some(township) = store::other_log(conn, actor, &entry)? {
        let who = store::Who {
            township_id: Some(&township),
            ..who
        };
        store::insert(conn, context, &who, entry.clone())?;
    }
    store::insert(conn, context, &who, entry)
}

fn who(actor: &Actor) -> store::Who<'_> {
    store::Who {
        user_id: Some(actor.user_id.as_str()),
        user_name: Some(actor.name()),
        township_id: Some(actor.township_id.as_str()),
        behalf: actor.behalf(),
    }
}

/// Notes what the petitioner of a case did on the public page.
///
/// # Errors
/// The database's own; the transaction fails with it.
pub fn append_petitioner(
    conn: &mut Conn,
    context: &RequestContext,
    township_id: &str,
    entry: Entry,
) -> QueryResult<()> {
    let who = store::Who {
        user_id: None,
        user_name: Some("信访人"),
        township_id: Some(township_id),
        behalf: None,
    };
    store::insert(conn, context, &who, entry)
}

/// Notes what nobody who is signed in did, and what is of no township: an unknown name, a restore. Those
/// of the topmost unit read it.
///
/// # Errors
/// The database's own; the transaction fails with it.
pub fn append_anonymous(
    conn: &mut Conn,
    context: &RequestContext,
    name: Option<&str>,
    entry: Entry,
) -> QueryResult<()> {
    append_of(conn, context, None, name, entry)
}

/// The same of a township, where it is known whose log it belongs into.
///
/// # Errors
/// The database's own; the transaction fails with it.
pub(crate) fn append_of(
    conn: &mut Conn,
    context: &RequestContext,
    township: Option<&UnitId>,
    name: Option<&str>,
    entry: Entry,
) -> QueryResult<()> {
    let who = store::Who {
        user_id: None,
        user_name: name,
        township_id: township.map(UnitId::as_str),
        behalf: None,
    };
    store::insert(conn, context, &who, entry)
}
