//! Reading the log.

use chrono::{Days, NaiveDate, NaiveDateTime};
use diesel::result::Error as DieselError;
use shared::access::{Action, Denied, Facts, can};
use shared::audit::{AuditAction, AuditEntry};
use shared::page::Page;

use super::store::{self, Filter};
use super::{Entry, append};
use crate::auth::Actor;
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::page::{PageQuery, cursor};
use crate::state::State;

/// Why the log cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("{0}")]
    Request(ApiError),
    #[error(transparent)]
    Database(#[from] DieselError),
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(denied) => denied.into(),
            Error::Request(error) => error,
            Error::Database(error) => error.into(),
        }
    }
}

/// What the reader asks for.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) from: Option<NaiveDate>,
    pub(super) to: Option<NaiveDate>,
    pub(super) user_id: Option<String>,
    pub(super) action: Option<AuditAction>,
    pub(super) case_id: Option<String>,
    pub(super) page: PageQuery,
}

/// A page of the log, newest first. That it was read is in the log, too.
pub(super) async fn list(
    state: &State,
    context: &RequestContext,
    actor: Actor,
    wanted: Wanted,
) -> Result<Page<AuditEntry>, Error> {
    can(&actor, Action::ViewAudit, Facts::None)?;
    let limit = wanted.page.limit().map_err(Error::Request)?;
    let after: Option<String> = wanted.page.after().map_err(Error::Request)?;
    let filter = Filter {
        reader: (*actor).clone(),
        from: wanted.from.map(start_of),
        before: wanted
            .to
            .and_then(|to| to.checked_add_days(Days::new(1)))
            .map(start_of),
        user_id: wanted.user_id,
        action: wanted.action,
        case_id: wanted.case_id,
    };
    state.looks.write_all(&state.db).await?;
    let first_page = after.is_none();
    let page = state
        .db
        .read_heavy(move |conn| {
            let mut items = store::page(conn, &filter, after.as_deref(), limit + 1)?;
            let most = usize::try_from(limit).unwrap_or(usize::MAX);
            let more = items.len() > most;
            items.truncate(most);
            let last = items.last().filter(|_| more);
            Ok::<_, Error>(Page {
                next_cursor: last.map(|entry| cursor(&entry.id)),
                total: store::count(conn, &filter)?,
                items,
            })
        })
        .await?;
    if first_page {
        let context = context.clone();
        let entry = Entry::new(AuditAction::AuditView, "查看审计记录");
        state
            .db
            .write_later(move |conn| append(conn, &context, &actor, entry))
            .await;
    }
    Ok(page)
}

/// The instant, in UTC, at which a day begins in Shanghai.
fn start_of(day: NaiveDate) -> NaiveDateTime {
    day.and_time(chrono::NaiveTime::MIN) - chrono::Duration::hours(8)
}
