//! Looks at cases, on their way into the audit log: gathered, so that thousands of them cost one
//! write together, and repeats of the same look counted rather than written one by one.
//!
//! The first look is written at once. Who looks at the same case again from the same address within
//! a minute is counted, and the count becomes one more entry (`重复查看N次`) when the minute is over,
//! when the server stops, and before anybody reads the log; so no look is missing from what a reader
//! sees, nor after a clean stop. A power cut (or `kill -9`) loses the looks of its last fraction of a
//! second and the counts of the minute that was running; the first looks of that minute are kept.
//! Several servers on one PostgreSQL count each for itself, and a reader sees another server's counts
//! when their minute is over.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Duration, Utc};
use diesel::result::QueryResult;
use shared::audit::AuditAction;
use shared::case::number::Series;

use super::{Entry, store};
use crate::auth::Actor;
use crate::context::RequestContext;
use crate::db::{Conn, Db};

/// How many rows may wait in memory; whoever comes then waits for the disk.
const MOST_WAITING: usize = 8192;
/// How many may be remembered who have looked within the last minute; one more, and all begin anew.
const MOST_SEEN: usize = 4096;
/// How long repeats are counted before the count is written.
const COUNTED: Duration = Duration::minutes(1);
/// How often it is looked whose minute is over.
const SETTLED_EVERY: std::time::Duration = std::time::Duration::from_secs(5);

/// A case that is looked at, as far as the log goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Looked<'a> {
    /// The case.
    pub(crate) id: &'a str,
    /// Its number, and which part of it was looked at where it is not the whole.
    pub(crate) detail: &'a str,
    /// From whom it is sealed.
    pub(crate) seal: Series,
}

impl Looked<'_> {
    fn entry(self) -> Entry {
        Entry::new(AuditAction::CaseView, self.detail).of_case(
            self.id,
            self.seal != Series::Open,
            self.seal == Series::RegistrarOnly,
        )
    }
}

/// Looks that wait to be written, and who has looked at what lately. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Looks(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    /// To be written, in their order.
    rows: Vec<Look>,
    /// Who has looked at a case within the last minute, by case.
    seen: HashMap<String, Vec<Seen>>,
    /// How many they are.
    count: usize,
}

#[derive(Debug, Clone)]
struct Look {
    context: RequestContext,
    actor: Actor,
    entry: Entry,
}

/// A look that was written, and its repeats, which were not yet.
#[derive(Debug)]
struct Seen {
    since: DateTime<Utc>,
    /// As of the last repeat.
    look: Look,
    repeats: u32,
}

impl Seen {
    fn is_of(&self, case: Looked<'_>) -> bool {
        self.look.entry.detail == case.detail
    }

    fn is_by(&self, actor: &Actor, address: Option<IpAddr>) -> bool {
        self.look.context.address == address && self.look.actor.user_id == actor.user_id
    }

    /// Whether a look now would be the same one again: nothing that its entry says has changed.
    fn goes_on(&self, now: DateTime<Utc>, actor: &Actor, case: Looked<'_>) -> bool {
        let before = &self.look;
        let sealed = case.seal != Series::Open;
        let registrar_only = case.seal == Series::RegistrarOnly;
        (self.since..self.since + COUNTED).contains(&now)
            && before.actor.signature() == actor.signature()
            && before.actor.township_id == actor.township_id
            && (before.entry.sealed, before.entry.registrar_only) == (sealed, registrar_only)
    }

    /// The entry for what was counted, if something was.
    fn settle(&mut self) -> Option<Look> {
        let repeats = std::mem::take(&mut self.repeats);
        (repeats > 0).then(|| {
            let mut look = self.look.clone();
            look.entry.detail = format!("{}：重复查看{repeats}次", look.entry.detail);
            look
        })
    }
}

impl Waiting {
    /// Takes a look in; whether that made a row to be written.
    fn look(&mut self, context: RequestContext, actor: Actor, case: Looked<'_>) -> bool {
        let now = context.now;
        let known = self.seen.get_mut(case.id);
        let known = known.and_then(|seen| {
            seen.iter_mut()
                .find(|seen| seen.is_of(case) && seen.is_by(&actor, context.address))
        });
        if let Some(seen) = known {
            if seen.goes_on(now, &actor, case) {
                seen.repeats += 1;
                seen.look.context = context;
                return false;
            }
            self.rows.extend(seen.settle());
            seen.since = now;
            seen.look = Look {
                context,
                actor,
                entry: case.entry(),
            };
            self.rows.push(seen.look.clone());
            return true;
        }
        if self.count >= MOST_SEEN {
            self.settle(|_| true);
        }
        let look = Look {
            context,
            actor,
            entry: case.entry(),
        };
        self.rows.push(look.clone());
        self.count += 1;
        self.seen
            .entry(case.id.to_owned())
            .or_insert_with(|| Vec::with_capacity(1))
            .push(Seen {
                since: now,
                look,
                repeats: 0,
            });
        true
    }

    /// Makes rows of what was counted, and forgets the looks that are `over`.
    fn settle(&mut self, over: impl Fn(&Seen) -> bool) {
        let Self { rows, seen, count } = self;
        seen.retain(|_, all| {
            all.retain_mut(|seen| {
                let over = over(seen);
                if over {
                    rows.extend(seen.settle());
                    *count -= 1;
                }
                !over
            });
            !all.is_empty()
        });
    }
}

impl Looks {
    /// Notes a look. The answer does not wait for the disk.
    ///
    /// # Errors
    /// The database's own, where the looks that waited had to be written first.
    pub(crate) async fn note(
        &self,
        db: &Db,
        context: RequestContext,
        actor: Actor,
        case: Looked<'_>,
    ) -> QueryResult<()> {
        let (before, after) = {
            let mut waiting = self.waiting();
            let before = waiting.rows.len();
            if !waiting.look(context, actor, case) {
                return Ok(());
            }
            (before, waiting.rows.len())
        };
        if after >= MOST_WAITING {
            self.write_now(db).await
        } else {
            self.write_soon(db, before).await;
            Ok(())
        }
    }

    /// Writes what was counted of looks whose minute is over, for as long as the server runs.
    pub(crate) async fn keep_settling(self, db: Db, clock: crate::clock::Clock) {
        loop {
            tokio::time::sleep(SETTLED_EVERY).await;
            let now = clock.now();
            let before = {
                let mut waiting = self.waiting();
                let before = waiting.rows.len();
                waiting.settle(|seen| !(seen.since..seen.since + COUNTED).contains(&now));
                (waiting.rows.len() > before).then_some(before)
            };
            if let Some(before) = before {
                self.write_soon(&db, before).await;
            }
        }
    }

    /// Writes all that waits and was counted, and waits for it: for a reader of the log, and for the
    /// end of the server.
    ///
    /// # Errors
    /// The database's own.
    pub(crate) async fn write_all(&self, db: &Db) -> QueryResult<()> {
        let none = {
            let mut waiting = self.waiting();
            waiting.settle(|_| true);
            waiting.rows.is_empty()
        };
        if none {
            return Ok(());
        }
        self.write_now(db).await
    }

    /// Whoever makes the first row of a write sees to it that it comes.
    async fn write_soon(&self, db: &Db, rows_before: usize) {
        if rows_before == 0 {
            let looks = self.clone();
            db.write_later(move |conn| looks.write(conn)).await;
        }
    }

    async fn write_now(&self, db: &Db) -> QueryResult<()> {
        let looks = self.clone();
        db.write(move |conn| looks.write(conn)).await
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, conn: &mut Conn) -> QueryResult<()> {
        let rows = std::mem::take(&mut self.waiting().rows);
        let entries = rows
            .into_iter()
            .map(|look| (look.context, look.actor, look.entry));
        store::insert_all(conn, entries)
    }
}
