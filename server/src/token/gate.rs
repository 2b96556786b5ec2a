//! What tokens do, as far as it is kept in memory: how often each has come in this minute, and which
//! uses have been noted today. A restart forgets both; a second server counts for itself.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::result::QueryResult;
use shared::audit::AuditAction;

use super::{Known, store};
use crate::audit::{self, Entry};
use crate::auth::Actor;
use crate::context::RequestContext;
use crate::db::Conn;
use crate::state::State;

/// Counts and remembers.
#[derive(Default)]
pub(crate) struct Gate {
    minutes: Mutex<HashMap<String, Minute>>,
    noted: Mutex<Noted>,
}

/// A token's requests in a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Minute {
    since: DateTime<Utc>,
    count: u32,
}

/// A token, from where it came, and whether it was let in.
type Use = (String, Option<IpAddr>, bool);

#[derive(Default)]
struct Noted {
    day: NaiveDate,
    uses: HashSet<Use>,
    /// The minute in which a token's last use was written.
    written: HashMap<String, i64>,
}

impl Gate {
    /// Counts a request; in how many seconds to come back, where there were too many.
    pub(super) fn take(&self, id: &str, per_minute: u32, now: DateTime<Utc>) -> Result<(), u64> {
        let mut minutes = self.minutes.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = minutes.entry(id.to_owned()).or_insert(Minute {
            since: now,
            count: 0,
        });
        let past = (now - minute.since).num_seconds();
        if !(0..60).contains(&past) {
            *minute = Minute {
                since: now,
                count: 0,
            };
        }
        if minute.count >= per_minute {
            return Err((60 - past).max(1).unsigned_abs());
        }
        minute.count += 1;
        Ok(())
    }

    /// Notes a use: in the audit log the day's first of each address, at the token the last one of
    /// each minute. Nobody waits for it.
    pub(super) async fn note(
        &self,
        state: &State,
        context: &RequestContext,
        actor: &Actor,
        token: &Known,
        admitted: bool,
    ) {
        let (first, last) = self.remember(context, &token.id, admitted);
        if first {
            let (context, actor) = (context.clone(), actor.clone());
            let detail = if admitted {
                format!("令牌“{}”：今日首次从这个地址使用", token.name)
            } else {
                format!("令牌“{}”：从不允许的地址使用，已拒绝", token.name)
            };
            let entry = Entry::new(AuditAction::TokenUse, detail);
            let write = move |conn: &mut Conn| audit::append(conn, &context, &actor, entry);
            state.db.write_later(write).await;
        }
        if last {
            let (id, now) = (token.id.clone(), context.now);
            let address = context.address.map(|address| address.to_string());
            let write =
                move |conn: &mut Conn| -> QueryResult<()> { store::used(conn, &id, now, address) };
            state.db.write_later(write).await;
        }
    }

    /// Whether the use is the day's first, and whether it is to be written at the token.
    fn remember(&self, context: &RequestContext, id: &str, admitted: bool) -> (bool, bool) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.day != context.today() {
            *noted = Noted {
                day: context.today(),
                ..Noted::default()
            };
        }
        let first = noted
            .uses
            .insert((id.to_owned(), context.address, admitted));
        let minute = context.now.timestamp() / 60;
        let last = admitted && noted.written.insert(id.to_owned(), minute) != Some(minute);
        (first, last)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn each_token_has_its_own_minute() {
        let gate = Gate::default();
        let start: DateTime<Utc> = "2026-03-10T02:00:00Z".parse().unwrap();
        let after = |seconds| start + TimeDelta::seconds(seconds);
        assert_eq!(gate.take("a", 2, start), Ok(()));
        assert_eq!(gate.take("a", 2, after(10)), Ok(()));
        assert_eq!(gate.take("a", 2, after(20)), Err(40));
        assert_eq!(gate.take("a", 2, after(59)), Err(1));
        assert_eq!(gate.take("b", 2, after(59)), Ok(()));
        assert_eq!(gate.take("a", 2, after(60)), Ok(()));
        // A clock that was set back does not lock anybody out.
        assert_eq!(gate.take("a", 2, after(-600)), Ok(()));
    }

    #[test]
    fn a_use_is_noted_once_a_day_and_address() {
        let gate = Gate::default();
        let at = |now: &str, address: &str| RequestContext {
            request_id: "r".into(),
            address: Some(address.parse().unwrap()),
            now: now.parse().unwrap(),
        };
        let noon = at("2026-03-10T04:00:00Z", "10.0.0.1");
        assert_eq!(gate.remember(&noon, "a", true), (true, true));
        assert_eq!(gate.remember(&noon, "a", true), (false, false));
        let later = at("2026-03-10T04:01:00Z", "10.0.0.1");
        assert_eq!(gate.remember(&later, "a", true), (false, true));
        let elsewhere = at("2026-03-10T04:01:00Z", "10.0.0.2");
        assert_eq!(gate.remember(&elsewhere, "a", false), (true, false));
        // The day turns at midnight in Shanghai.
        let tomorrow = at("2026-03-10T16:00:00Z", "10.0.0.1");
        assert_eq!(gate.remember(&tomorrow, "a", true), (true, true));
    }
}
