//! The work that time brings about: reminders, the digest, tidying up, and what other rooms do as time
//! goes by. Of several servers on one database one does it, by a lease. Each job does by itself what is
//! to be done at an instant, and finds by its own facts what was done before: so it does not matter how
//! often it is run, whether a run was missed, or where the clock has jumped.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveTime, Utc};
use diesel::result::QueryResult;
use futures_util::future::LocalBoxFuture;
use shared::notice::KEPT_DAYS;
use shared::notice::remind::{is_daytime, shanghai_time};

use super::{Error, digest, lease, reminders, robot, store};
use crate::clock::day_of;
use crate::db::Conn;
use crate::directory::Snapshot;
use crate::settings::store::General;
use crate::state::State;

/// The lease's name.
const LEASE: &str = "scheduler";
/// How often it is looked whether something is to be done.
const WAKES: Duration = Duration::from_secs(30);
/// How soon the first time: what was missed while the server was down is not put off.
const FIRST_WAKE: Duration = Duration::from_millis(200);

/// A job.
struct Job {
    name: &'static str,
    when: When,
    work: Work,
}

/// When a job is run.
#[derive(Clone, Copy)]
enum When {
    /// Whenever so many seconds have begun, counted from 1970: at full minutes and hours.
    Every(i64),
    /// Once a day from this time on, Asia/Shanghai, while people may be disturbed.
    Daily(fn(&General) -> NaiveTime),
}

/// What a job does.
enum Work {
    /// It writes, in one transaction. What it does must be quick, for others wait.
    Tick(fn(&mut Conn, DateTime<Utc>) -> QueryResult<()>),
    /// It reads and writes as it likes.
    Own(fn(State, DateTime<Utc>) -> LocalBoxFuture<'static, Result<(), Error>>),
}

/// All jobs, in the order in which they are run.
fn jobs() -> [Job; 11] {
    [
        Job {
            name: "reminders",
            // At 7:30, among others.
            when: When::Every(600),
            work: Work::Own(|state, now| Box::pin(reminders::run(state, now))),
        },
        Job {
            name: "digest",
            when: When::Daily(digest::time),
            work: Work::Own(|state, now| Box::pin(digest::run(state, now))),
        },
        Job {
            name: "reports",
            when: When::Every(60),
            work: Work::Tick(crate::report::tick),
        },
        Job {
            name: "alerts",
            when: When::Every(30),
            work: Work::Tick(crate::alert::tick),
        },
        Job {
            name: "visits",
            when: When::Every(600),
            work: Work::Tick(crate::visit::tick),
        },
        Job {
            name: "deputies",
            when: When::Every(60),
            work: Work::Tick(crate::deputy::service::tick),
        },
        Job {
            name: "clean_up",
            when: When::Every(3600),
            work: Work::Own(|state, _| Box::pin(clean_up(state))),
        },
        Job {
            name: "backup",
            when: When::Every(60),
            work: Work::Own(|state, now| {
                Box::pin(async move { Ok(crate::backup::schedule::tick(state, now).await?) })
            }),
        },
        Job {
            name: "audit_seals",
            when: When::Every(600),
            work: Work::Own(|state, _| {
                Box::pin(async move { Ok(crate::audit::seal::run(state, false).await?) })
            }),
        },
        Job {
            name: "forget_notices",
            when: When::Every(3600),
            work: Work::Tick(forget_notices),
        },
        Job {
            name: "webhooks",
            when: When::Every(3600),
            work: Work::Tick(crate::webhook::tick),
        },
    ]
}

/// More townships than an installation has.
const TOWNSHIPS: i64 = 1 << 20;

impl When {
    /// The turn that it is now, other from the next; none while it is no time for it.
    fn turn(self, names: &Snapshot, now: DateTime<Utc>) -> Option<i64> {
        match self {
            Self::Every(seconds) => now.timestamp().checked_div_euclid(seconds),
            Self::Daily(time) => {
                // Another turn with each township whose time has come.
                let due = names.all_general();
                let due = due.filter(|general| shanghai_time(now) >= time(general));
                let due = i64::try_from(due.count()).unwrap_or(i64::MAX);
                let day = i64::from(day_of(now).num_days_from_ce());
                (due > 0 && is_daytime(now)).then(|| day.saturating_mul(TOWNSHIPS) + due)
            }
        }
    }
}

/// Forgets what nobody needs any more.
async fn clean_up(state: State) -> Result<(), Error> {
    let cleaned = actix_web::web::block(move || state.clean_up()).await;
    // It panicked: said by the panic itself.
    Ok(cleaned.unwrap_or(Ok(()))?)
}

/// Forgets old notices, and what robots have said. With a notice goes the memory that it was sent; the
/// fact behind it is as old by then.
fn forget_notices(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<()> {
    store::forget_before(conn, now - chrono::Duration::days(KEPT_DAYS))?;
    robot::forget(conn, now)
}

/// Runs jobs, one server at a time.
pub(crate) struct Scheduler {
    state: State,
    /// Who this is, in the lease.
    holder: String,
    /// The last turn of each job.
    turns: HashMap<&'static str, i64>,
}

impl Scheduler {
    pub(crate) fn new(state: State) -> Self {
        Self {
            state,
            holder: crate::ids::new_id(),
            turns: HashMap::new(),
        }
    }

    /// Does what is to be done now, if it is this server's task; whether it is. A job that fails is
    /// tried again the next time, and keeps no other from its work.
    pub(crate) async fn tick(&mut self) -> bool {
        let now = self.state.clock.now();
        for job in jobs() {
            // Renewed before each, for one may take its time.
            match self.take_lease().await {
                Ok(true) => {}
                Ok(false) => {
                    // Whoever does it now has done it: begin anew should it come back.
                    self.turns.clear();
                    return false;
                }
                Err(error) => {
                    tracing::warn!(%error, "the scheduler's lease cannot be had");
                    return false;
                }
            }
            let ran = self.run(&job, now).await;
            if let Some(metrics) = &self.state.metrics
                && !matches!(ran, Ok(false))
            {
                metrics.ran(job.name, ran.is_ok());
            }
            if let Err(error) = ran {
                tracing::error!(job = job.name, %error, "a scheduled job failed");
            }
        }
        true
    }

    /// Runs a job if it is time for it; whether it was.
    async fn run(&mut self, job: &Job, now: DateTime<Utc>) -> Result<bool, Error> {
        let names = self.state.directory.current().await?;
        let Some(turn) = job.when.turn(&names, now) else {
            return Ok(false);
        };
        if self.turns.get(job.name) == Some(&turn) {
            return Ok(false);
        }
        match job.work {
            Work::Tick(tick) => self.state.db.write(move |conn| tick(conn, now)).await?,
            Work::Own(own) => own(self.state.clone(), now).await?,
        }
        self.turns.insert(job.name, turn);
        Ok(true)
    }

    async fn take_lease(&self) -> QueryResult<bool> {
        let (holder, now) = (self.holder.clone(), self.state.clock.now());
        self.state
            .db
            .write(move |conn| lease::take(conn, LEASE, &holder, now))
            .await
    }

    /// Gives the lease back: another server need not wait for its end.
    async fn end(&self) {
        let (holder, now) = (self.holder.clone(), self.state.clock.now());
        let given = self
            .state
            .db
            .write(move |conn| lease::give_back(conn, &holder, now));
        if let Err(error) = given.await {
            tracing::debug!(%error, "the scheduler's lease was not given back");
        }
    }
}

/// Runs jobs for as long as the server does; `stopped` says when that ends.
pub(crate) async fn run(state: State, mut stopped: tokio::sync::watch::Receiver<bool>) {
    let mut scheduler = Scheduler::new(state);
    let mut first = true;
    loop {
        tokio::select! {
            () = tokio::time::sleep(if first { FIRST_WAKE } else { WAKES }) => {}
            _ = stopped.wait_for(|stopped| *stopped) => break,
        }
        let mine = scheduler.tick().await;
        if first {
            tracing::info!(mine, "the scheduler has begun");
        }
        first = false;
    }
    scheduler.end().await;
}
