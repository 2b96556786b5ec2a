//! Answers about cases that were looked at lately, ready to be sent once more.
//!
//! Whoever asks is decided on anew each time, and the look is noted as ever; only gathering, masking
//! and writing JSON is saved. An answer is good as long as the case stands at the version it was made
//! from, nothing repeats the case, and neither the day nor the names of units and users have changed.
//! The version is read again whenever this process has written anything since, and at least once a
//! second, for the sake of the command line; on PostgreSQL, with its other servers, each time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::web::Bytes;
use chrono::NaiveDate;
use diesel::prelude::*;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use shared::access::{Action, CaseFacts, Facts};
use shared::ids::CaseId;

use super::desk::Desk;
use super::{Error, service};
use crate::db::Conn;
use crate::schema::cases;

/// How many answers are kept at most, and how many bytes of them.
const MOST: usize = 4096;
const MOST_BYTES: u64 = 8 * 1024 * 1024;
/// How long another process's change may stay unnoticed.
const UNCHECKED: Duration = Duration::from_secs(1);

/// The answers. Clones share them.
#[derive(Clone)]
pub struct Recent(Arc<Cache<CaseId, Arc<Answered>, Bodies>>);

/// An answer about a case, and what it depends on.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) version: i64,
    pub(super) number: String,
    pub(super) facts: CaseFacts,
    /// The case as JSON.
    pub(super) body: Bytes,
    today: NaiveDate,
    directory: i64,
    /// What had been written when the version was last compared ([`crate::db::Db::changes`]), and when.
    checked: Mutex<(u64, Instant)>,
}

impl Answered {
    /// Whether the version need not be compared again.
    fn is_fresh(&self, changes: Option<u64>) -> bool {
        let (seen, at) = *self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        changes == Some(seen) && at.elapsed() < UNCHECKED
    }

    fn check(&self, changes: Option<u64>) {
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        *checked = (changes.unwrap_or_default(), Instant::now());
    }
}

#[derive(Clone)]
struct Bodies;

impl Weighter<CaseId, Arc<Answered>> for Bodies {
    fn weight(&self, _: &CaseId, answered: &Arc<Answered>) -> u64 {
        // The facts beside the body are some hundred bytes.
        u64::try_from(answered.body.len()).unwrap_or(u64::MAX) + 512
    }
}

impl Default for Recent {
    fn default() -> Self {
        Self(Arc::new(Cache::with_weighter(MOST, MOST_BYTES, Bodies)))
    }
}

struct Stamp {
    version: i64,
    repeated: bool,
}

fn stamp(conn: &mut Conn, id: &CaseId) -> QueryResult<Option<Stamp>> {
    let version = cases::table
        .find(id.as_str())
        .select(cases::version)
        .first(conn)
        .optional()?;
    let Some(version) = version else {
        return Ok(None);
    };
    let later: Option<i64> = cases::table
        .filter(cases::earlier_case_id.eq(id.as_str()))
        .select(cases::docid)
        .first(conn)
        .optional()?;
    Ok(Some(Stamp {
        version,
        repeated: later.is_some(),
    }))
}

impl Recent {
    /// A case, whole, as the actor may see it. The caller notes the look in the audit log, and has
    /// asked for `changes` before the database was read.
    ///
    /// # Errors
    /// [`Error::Denied`] and the database's own.
    pub(super) fn show(
        &self,
        conn: &mut Conn,
        changes: Option<u64>,
        desk: &Desk,
        id: &CaseId,
    ) -> Result<Arc<Answered>, Error> {
        let today = desk.context.today();
        let directory = desk.names.generation();
        let may_see = |kept: Arc<Answered>| {
            desk.actor
                .decide(Action::ViewCase, Facts::Case(&kept.facts))?;
            Ok(kept)
        };
        let kept = self.0.get(id);
        let kept = kept.filter(|kept| kept.today == today && kept.directory == directory);
        if let Some(kept) = &kept
            && kept.is_fresh(changes)
        {
            return may_see(Arc::clone(kept));
        }
        let stamp = stamp(conn, id)?.ok_or_else(Error::hidden)?;
        let kept = kept.filter(|kept| !stamp.repeated && kept.version == stamp.version);
        if let Some(kept) = kept {
            kept.check(changes);
            return may_see(kept);
        }
        let case = service::show(conn, desk, id)?;
        let body = serde_json::to_vec(&case).map_err(|e| Error::Damaged(e.to_string()))?;
        // What repeats it, and what it repeats, depends on who asks.
        let same_for_all = !stamp.repeated && case.row.first;
        let answered = Arc::new(Answered {
            version: case.row.version,
            number: case.row.number,
            facts: case.facts,
            body: body.into(),
            today,
            directory,
            checked: Mutex::new((changes.unwrap_or_default(), Instant::now())),
        });
        if same_for_all {
            self.0.insert(id.clone(), Arc::clone(&answered));
        }
        Ok(answered)
    }
}
