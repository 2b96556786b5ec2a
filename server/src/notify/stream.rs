//! Live events (SSE): who listens, what they missed, and the one look at the database that serves
//! all of them.
//!
//! A listener registers first and reads what it missed from the table then, so that nothing falls
//! between the two; what comes twice is told apart by its place in the stream. Nobody asks the
//! database for one listener alone: [`run`] looks at one counter a second, or at once when this
//! process has written a notice, and hands the new rows to whom they are for.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::web::Bytes;
use chrono::{DateTime, Utc};
use diesel::result::QueryResult;
use futures_util::Stream;
use futures_util::stream;
use shared::access;
use shared::notice::{Hello, MOST_RESUMED, Notice};
use tokio::sync::{mpsc, watch};

use super::store;
use crate::auth::{self, Actor};
use crate::db::Conn;
use crate::session::token::Claims;
use crate::state::State;

/// How many streams somebody may have open; one more ends the oldest.
const MOST_OF_USER: usize = 6;
/// How many of them one sign-in may have: a browser has six connections to a server in all, and needs
/// some for other requests.
const MOST_OF_SESSION: usize = 3;
/// How many events may wait for a slow reader; then its stream ends, and it comes back for the rest.
const MOST_WAITING: usize = 256;
/// How often a stream says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// How often another server's notices are looked for.
const LOOKED_EVERY: Duration = Duration::from_secs(1);
/// How often it is looked again for what this process has announced and not yet committed.
const LOOKED_SOON: Duration = Duration::from_millis(20);
/// For how long.
const SOON: u32 = 50;
/// How many rows one look reads.
const MOST_ROWS: usize = 500;

/// Rises when this process writes notices, before they are committed.
static POSTED: LazyLock<watch::Sender<u64>> = LazyLock::new(|| watch::Sender::new(0));

/// Says that this process is about to commit notices.
pub(super) fn wake() {
    POSTED.send_modify(|count| *count = count.wrapping_add(1));
}

/// Hears of [`wake`].
pub(super) fn posted() -> watch::Receiver<u64> {
    POSTED.subscribe()
}

/// Who listens. Clones share it.
#[derive(Clone)]
pub(crate) struct Hub(Arc<Mutex<Inner>>);

struct Inner {
    /// Up to which place in the stream all has been handed out.
    last: i64,
    next_id: u64,
    /// The oldest in front.
    open: Vec<Open>,
    /// The server is stopping.
    closed: bool,
}

/// A listener.
struct Open {
    id: u64,
    claims: Claims,
    /// What decided about them when they came in.
    access: Arc<access::Actor>,
    events: mpsc::Sender<Event>,
}

/// What a stream says.
#[derive(Debug, Clone)]
pub(super) enum Event {
    /// It begins; with an id where the reader is to resume from here.
    Hello(Hello, bool),
    /// A notice.
    Notice(Arc<Notice>),
    /// More was missed than is sent again: read the inbox anew.
    Reset(i64),
    /// Too many streams of the same person: this one ends, and should not come back by itself.
    Replaced,
}

impl Event {
    fn frame(&self) -> Bytes {
        let json = |value: serde_json::Result<String>| value.unwrap_or_default();
        let text = match self {
            Self::Hello(hello, resumes_here) => {
                let id = if *resumes_here {
                    format!("id: {}\n", hello.seq)
                } else {
                    String::new()
                };
                let data = json(serde_json::to_string(hello));
                format!("retry: 3000\n{id}event: hello\ndata: {data}\n\n")
            }
            Self::Notice(notice) => {
                let data = json(serde_json::to_string(&**notice));
                format!("id: {}\nevent: notice\ndata: {data}\n\n", notice.seq)
            }
            Self::Reset(seq) => format!("id: {seq}\nevent: reset\ndata: {{\"seq\":{seq}}}\n\n"),
            Self::Replaced => "event: replaced\ndata: {}\n\n".to_owned(),
        };
        Bytes::from(text)
    }
}

/// A listener's end: dropping it takes the listener out.
pub(super) struct Listener {
    hub: Hub,
    id: u64,
    events: mpsc::Receiver<Event>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.hub.inner().open.retain(|open| open.id != self.id);
    }
}

impl Hub {
    /// Nobody listens yet; what comes after `last` will be handed out.
    pub(crate) fn new(last: i64) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            last,
            next_id: 0,
            open: Vec::new(),
            closed: false,
        })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a listener in; none while the server is stopping.
    pub(super) fn listen(&self, actor: &Actor, claims: Claims) -> Option<Listener> {
        let (send, events) = mpsc::channel(MOST_WAITING);
        let mut inner = self.inner();
        if inner.closed {
            return None;
        }
        inner.make_room(&claims);
        inner.next_id += 1;
        let id = inner.next_id;
        inner.open.push(Open {
            id,
            claims,
            access: Arc::new((**actor).clone()),
            events: send,
        });
        drop(inner);
        Some(Listener {
            hub: self.clone(),
            id,
            events,
        })
    }

    /// Ends every stream, and takes no more in: the server is stopping.
    pub(crate) fn close(&self) {
        let mut inner = self.inner();
        inner.closed = true;
        inner.open.clear();
    }

    /// How many listen.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.inner().open.len()
    }

    fn is_empty(&self) -> bool {
        self.inner().open.is_empty()
    }

    /// Ends the streams of those who may not come in any more as they came in: the token has run out,
    /// the session has ended, the account is disabled, role or unit is another.
    async fn sweep(&self, state: &State) -> QueryResult<()> {
        if self.is_empty() {
            return Ok(());
        }
        let directory = state.directory.current().await?;
        let now = state.clock.now().timestamp();
        self.inner().open.retain(|open| {
            let same =
                auth::admit(&directory, &open.claims).is_some_and(|actor| *actor == *open.access);
            same && open.claims.exp > now
        });
        Ok(())
    }

    /// Hands out what is new; whether something was.
    async fn look(&self, state: &State) -> QueryResult<bool> {
        let (last, empty) = {
            let inner = self.inner();
            (inner.last, inner.open.is_empty())
        };
        let (newest, rows) = state
            .db
            .read(move |conn| {
                let newest = store::last(conn)?;
                let rows = if newest == last || empty {
                    Vec::new()
                } else {
                    let most = i64::try_from(MOST_ROWS).unwrap_or(i64::MAX);
                    store::of_all_after(conn, last, most)?
                };
                Ok::<_, diesel::result::Error>((newest, rows))
            })
            .await?;
        if newest == last {
            return Ok(false);
        }
        // A database that was put back to an earlier state.
        if newest < last {
            self.inner().last = newest;
            return Ok(false);
        }
        if empty {
            // Whoever comes from now on reads what was there before; whoever came meanwhile does not
            // know of it yet.
            let mut inner = self.inner();
            if inner.open.is_empty() {
                inner.last = newest;
            }
            return Ok(false);
        }
        let full = rows.len() == MOST_ROWS;
        let seen = rows.last().map_or(newest, |row| row.seq);
        let events = self.for_listeners(state, rows).await?;
        let mut inner = self.inner();
        inner.hand_out(events);
        inner.last = if full { seen } else { newest.max(seen) };
        Ok(true)
    }

    /// The new notices of those who listen, but for those of cases that they may not see.
    async fn for_listeners(
        &self,
        state: &State,
        rows: Vec<store::NoticeRecord>,
    ) -> QueryResult<Vec<(String, Arc<Notice>)>> {
        let listening: HashMap<String, Arc<access::Actor>> = self
            .inner()
            .open
            .iter()
            .map(|open| {
                let user = open.access.user_id.as_str().to_owned();
                (user, Arc::clone(&open.access))
            })
            .collect();
        let mut by_user: HashMap<String, Vec<store::NoticeRecord>> = HashMap::new();
        for row in rows {
            if listening.contains_key(&row.user_id) {
                by_user.entry(row.user_id.clone()).or_default().push(row);
            }
        }
        if by_user.is_empty() {
            return Ok(Vec::new());
        }
        state
            .db
            .read(move |conn| {
                let mut events = Vec::new();
                for (user, rows) in by_user {
                    let Some(actor) = listening.get(&user) else {
                        continue;
                    };
                    for row in store::without_hidden(conn, actor, rows)? {
                        events.push((user.clone(), Arc::new(row.notice()?)));
                    }
                }
                Ok(events)
            })
            .await
    }
}

impl Inner {
    /// Ends the oldest streams of somebody who opens one more than they may have.
    fn make_room(&mut self, claims: &Claims) {
        while let Some(at) = self.one_too_many(claims) {
            let old = self.open.remove(at);
            // A reader that does not even take this in ends without it.
            let _ = old.events.try_send(Event::Replaced);
        }
    }

    fn one_too_many(&self, claims: &Claims) -> Option<usize> {
        let oldest = |same: &dyn Fn(&Claims) -> bool, most: usize| {
            let count = self.open.iter().filter(|open| same(&open.claims)).count();
            (count >= most)
                .then(|| self.open.iter().position(|open| same(&open.claims)))
                .flatten()
        };
        oldest(&|other| other.sid == claims.sid, MOST_OF_SESSION)
            .or_else(|| oldest(&|other| other.sub == claims.sub, MOST_OF_USER))
    }

    /// Gives each listener what is theirs; who does not keep up is left behind, and comes back.
    fn hand_out(&mut self, events: Vec<(String, Arc<Notice>)>) {
        for (user, notice) in events {
            self.open.retain(|open| {
                let theirs = open.access.user_id.as_str() == user;
                !theirs
                    || open
                        .events
                        .try_send(Event::Notice(Arc::clone(&notice)))
                        .is_ok()
            });
        }
    }
}

/// Looks for new notices, and for streams that are over, for as long as the server runs.
pub(crate) async fn run(state: State) {
    let mut posted = posted();
    let mut failing = false;
    loop {
        let woken = tokio::time::timeout(LOOKED_EVERY, posted.changed()).await;
        // What was announced is committed in a moment.
        let tries = if woken.is_ok() { SOON } else { 1 };
        for left in (0..tries).rev() {
            match look(&state).await {
                Ok(true) => break,
                Ok(false) if left > 0 => tokio::time::sleep(LOOKED_SOON).await,
                Ok(false) => {}
                Err(error) => {
                    // Said once, not every second.
                    if !failing {
                        tracing::warn!(%error, "new notices cannot be read");
                    }
                    failing = true;
                    break;
                }
            }
            failing = false;
        }
    }
}

/// One look.
///
/// # Errors
/// The database's own.
pub(super) async fn look(state: &State) -> QueryResult<bool> {
    state.streams.sweep(state).await?;
    state.streams.look(state).await
}

/// What somebody missed.
#[derive(Debug)]
pub(super) struct Start {
    /// The last place in the stream that was given.
    seq: i64,
    /// What came after the place that they had got to; none where that is too much, or they have no
    /// such place.
    missed: Option<Vec<Notice>>,
    /// Whether there was too much.
    reset: bool,
}

/// Reads what somebody missed who had got to a place. To be read after they are taken in.
///
/// # Errors
/// The database's own.
pub(super) fn start(
    conn: &mut Conn,
    actor: &access::Actor,
    since: Option<i64>,
) -> QueryResult<Start> {
    let seq = store::last(conn)?;
    let Some(since) = since else {
        return Ok(Start {
            seq,
            missed: None,
            reset: false,
        });
    };
    let most = MOST_RESUMED + 1;
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = store::after(conn, actor.user_id.as_str(), since, limit)?;
    // A place that has not been given yet is of another database.
    if rows.len() == most || since > seq {
        return Ok(Start {
            seq,
            missed: None,
            reset: true,
        });
    }
    // What came while it was read is among the rows, or comes as an event.
    let seq = rows.last().map_or(seq, |row| seq.max(row.seq));
    let rows = store::without_hidden(conn, actor, rows)?;
    let missed = rows.into_iter().map(store::NoticeRecord::notice);
    Ok(Start {
        seq,
        missed: Some(missed.collect::<QueryResult<_>>()?),
        reset: false,
    })
}

/// The stream's bytes: how it begins, what comes, and a sign of life in between. It ends when the
/// listener is left behind, may not listen any more, or the server stops.
pub(super) fn body(
    listener: Listener,
    start: Start,
    now: DateTime<Utc>,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let hello = Hello {
        now,
        seq: start.seq,
    };
    // Whoever resumes has not got to this place before all that was missed is there.
    let first = Event::Hello(hello, start.missed.is_none() && !start.reset);
    let mut frames = first.frame().to_vec();
    if start.reset {
        frames.extend_from_slice(&Event::Reset(start.seq).frame());
    }
    for notice in start.missed.into_iter().flatten() {
        frames.extend_from_slice(&Event::Notice(Arc::new(notice)).frame());
    }
    let first = Some(Bytes::from(frames));
    stream::unfold(
        (listener, first, start.seq),
        |(mut listener, first, seen)| async move {
            if let Some(frames) = first {
                return Some((Ok(frames), (listener, None, seen)));
            }
            loop {
                let frame = match tokio::time::timeout(HEARTBEAT, listener.events.recv()).await {
                    // It was among what was missed.
                    Ok(Some(Event::Notice(notice))) if notice.seq <= seen => continue,
                    Ok(Some(event)) => event.frame(),
                    Ok(None) => return None,
                    Err(_) => Bytes::from_static(b": alive\n\n"),
                };
                return Some((Ok(frame), (listener, None, seen)));
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(user: &str, session: &str) -> Claims {
        Claims {
            sub: user.into(),
            sid: session.to_owned(),
            ver: 1,
            iat: 0,
            exp: 100,
            idp: false,
            mfa: false,
        }
    }

    fn open(inner: &mut Inner, user: &str, session: &str) -> mpsc::Receiver<Event> {
        let (events, receive) = mpsc::channel(2);
        let claims = claims(user, session);
        inner.make_room(&claims);
        inner.next_id += 1;
        inner.open.push(Open {
            id: inner.next_id,
            access: Arc::new(access::Actor {
                user_id: user.into(),
                role: shared::role::Role::Court,
                unit_id: "u".into(),
                unit_chain: vec!["u".into()],
                township_id: "t".into(),
                village_id: None,
                former_units: Vec::new(),
                former_villages: Vec::new(),
                stands_in_for: Vec::new(),
            }),
            claims,
            events,
        });
        receive
    }

    fn notice(seq: i64) -> Arc<Notice> {
        Arc::new(Notice {
            id: "n".to_owned(),
            seq,
            kind: shared::notice::NoticeKind::System,
            title: "换行\n也在一行".to_owned(),
            body: String::new(),
            link: "/".to_owned(),
            urgent: false,
            at: DateTime::default(),
            read_at: None,
        })
    }

    #[test]
    fn the_oldest_stream_ends_where_there_are_too_many() {
        let hub = Hub::new(0);
        let mut inner = hub.inner();
        let mut first = open(&mut inner, "u", "s1");
        let _others: Vec<_> = (0..2).map(|_| open(&mut inner, "u", "s1")).collect();
        assert!(first.try_recv().is_err(), "three of a sign-in");
        let _fourth = open(&mut inner, "u", "s1");
        assert!(matches!(first.try_recv(), Ok(Event::Replaced)));
        assert!(first.try_recv().is_err() && inner.open.len() == 3);
        let _more: Vec<_> = (0..5)
            .map(|n| open(&mut inner, "u", &format!("t{n}")))
            .collect();
        assert_eq!(inner.open.len(), MOST_OF_USER);
        let _other = open(&mut inner, "v", "x");
        assert_eq!(inner.open.len(), MOST_OF_USER + 1);
    }

    #[test]
    fn who_does_not_keep_up_is_left_behind() {
        let hub = Hub::new(0);
        let mut inner = hub.inner();
        let mut slow = open(&mut inner, "u", "s");
        let mut other = open(&mut inner, "v", "s");
        let to = |user: &str, seq| (user.to_owned(), notice(seq));
        inner.hand_out(vec![
            to("u", 1),
            to("v", 2),
            to("u", 3),
            to("u", 4),
            to("u", 5),
        ]);
        assert_eq!(inner.open.len(), 1);
        let seqs = |receive: &mut mpsc::Receiver<Event>| {
            let mut seqs = Vec::new();
            while let Ok(Event::Notice(notice)) = receive.try_recv() {
                seqs.push(notice.seq);
            }
            seqs
        };
        assert_eq!(seqs(&mut slow), [1, 3]);
        assert_eq!(seqs(&mut other), [2]);
    }

    #[test]
    fn an_event_is_one_frame() {
        let frame = Event::Notice(notice(7)).frame();
        let text = std::str::from_utf8(&frame).unwrap();
        assert!(text.starts_with("id: 7\nevent: notice\ndata: {"), "{text}");
        assert!(
            text.ends_with("}\n\n") && text.matches('\n').count() == 4,
            "{text}"
        );
    }
}
