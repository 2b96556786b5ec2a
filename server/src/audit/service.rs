//! Reading the log.

use chrono::{Days, NaiveDate, NaiveDateTime};
use diesel::result::Error as DieselError;
use shared::access::{self, Action, Denied, Facts, can};
use shared::audit::{AuditAction, AuditEntry};
use shared::page::Page;
use shared::term::Term;

use super::store::{self, Filter};
use super::{Entry, append};
use crate::auth::Actor;
use crate::context::RequestContext;
use crate::db::Conn;
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
    /// The number of a case, as people write it.
    pub(super) number: Option<String>,
    pub(super) page: PageQuery,
}

impl Wanted {
    /// What the store is asked for; none where there is no case of the number.
    pub(super) fn filter(
        &self,
        conn: &mut Conn,
        reader: &access::Actor,
    ) -> Result<Option<Filter>, DieselError> {
        let mut case_id = self.case_id.clone();
        if let Some(number) = &self.number {
            let found = store::case_of_number(conn, &reader.township_id, number)?;
            if found.is_none() || case_id.is_some() && case_id != found {
                return Ok(None);
            }
            case_id = found;
        }
        Ok(Some(Filter {
            reader: reader.clone(),
            from: self.from.map(start_of),
            before: self
                .to
                .and_then(|to| to.checked_add_days(Days::new(1)))
                .map(start_of),
            user_id: self.user_id.clone(),
            action: self.action,
            case_id,
        }))
    }

    /// The filters in words, without names and numbers.
    pub(super) fn words(&self) -> String {
        let mut words = Vec::new();
        if let Some(from) = self.from {
            words.push(format!("自{from}"));
        }
        if let Some(to) = self.to {
            words.push(format!("至{to}"));
        }
        if let Some(action) = self.action {
            words.push(action.label().to_owned());
        }
        if self.user_id.is_some() {
            words.push("一名操作人".to_owned());
        }
        if self.case_id.is_some() || self.number.is_some() {
            words.push("一件事项".to_owned());
        }
        words.join("，")
    }
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
    state.looks.write_all(&state.db).await?;
    let first_page = after.is_none();
    let reader = (*actor).clone();
    let page = state
        .db
        .read_heavy(move |conn| {
            let Some(filter) = wanted.filter(conn, &reader)? else {
                return Ok(Page {
                    next_cursor: None,
                    total: 0,
                    items: Vec::new(),
                });
            };
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
