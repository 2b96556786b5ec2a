//! The one writer: a thread with its own connection that commits what waits together.
//!
//! A commit costs an fsync, whatever is in it. So the thread takes the jobs that wait, runs each
//! in a savepoint, commits once, and only then answers them all: what is answered is durable, and
//! one job's failure (or panic) rolls back its own savepoint and nothing else.
//!
//! On SQLite a commit is in the log, and another thread brings the log to the disk and answers then, while
//! the writer goes on with the next commit ([`syncs`]): the disk's wait and the computing overlap. What is
//! read meanwhile may not be durable yet; whatever is written after reading it comes later in the same
//! log, so nobody is told that something stands which rests on something that does not.
//!
//! Jobs that can be run again share a savepoint while they come one after the other, for SQLite copies
//! each page that is changed for the first time in a savepoint. Should one fail, all of them are
//! rolled back and run again, each in a savepoint of its own.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use diesel::RunQueryDsl;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::result::{Error as DieselError, QueryResult};
use tokio::sync::{Semaphore, oneshot};

use super::{Access, Conn, Target, unavailable};

/// How many jobs may wait; whoever comes then waits outside.
const QUEUE: usize = 4096;
/// The most jobs in one commit.
const BATCH: usize = 512;
/// How long a commit may be put off by jobs that keep coming.
const GATHER: Duration = Duration::from_millis(5);
/// How many commits may wait for the disk.
const AHEAD: usize = 4;
/// How often what was committed is copied from the log into the file.
const CHECKPOINT: Duration = Duration::from_millis(200);
/// How many frames (of 4 KB) the log may have before it is begun anew.
const LONG: i32 = 16_000;
/// How long jobs that nobody waits for may lie before they cause a commit of their own.
const LATER: Duration = Duration::from_millis(200);

/// A write, on its way through the queue.
trait Job: Send {
    /// Runs it; an error rolls its savepoint back.
    fn run(&mut self, conn: &mut Conn) -> Result<(), Failed>;
    /// Answers whoever waits: with what `run` gave, or with why there was no commit.
    fn answer(self: Box<Self>, committed: Result<(), &Lost>);
    /// Whether somebody waits for it.
    fn is_awaited(&self) -> bool;
    /// Whether it can be rolled back and run once more.
    fn can_run_again(&self) -> bool {
        false
    }
}

/// The job has kept its error for its answer.
struct Failed;

/// Why a batch or a job came to nothing although it gave no error itself.
#[derive(Debug, Clone)]
struct Lost(String);

impl From<&Lost> for DieselError {
    fn from(lost: &Lost) -> Self {
        unavailable(lost.0.clone())
    }
}

/// What gives a job's result.
trait Work<T, E>: Send {
    /// Whether it can be done again.
    const AGAIN: bool;
    fn work(&mut self, conn: &mut Conn) -> Option<Result<T, E>>;
}

/// Work that can be done once.
struct Once<F>(Option<F>);

impl<F, T, E> Work<T, E> for Once<F>
where
    F: FnOnce(&mut Conn) -> Result<T, E> + Send,
{
    const AGAIN: bool = false;
    fn work(&mut self, conn: &mut Conn) -> Option<Result<T, E>> {
        self.0.take().map(|f| f(conn))
    }
}

/// Work that can be done again after it was rolled back.
struct Again<F>(F);

impl<F, T, E> Work<T, E> for Again<F>
where
    F: Fn(&mut Conn) -> Result<T, E> + Send,
{
    const AGAIN: bool = true;
    fn work(&mut self, conn: &mut Conn) -> Option<Result<T, E>> {
        Some((self.0)(conn))
    }
}

struct Awaited<F, T, E> {
    f: F,
    result: Option<Result<T, E>>,
    caller: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Job for Awaited<F, T, E>
where
    F: Work<T, E>,
    T: Send,
    E: From<DieselError> + Send,
{
    fn run(&mut self, conn: &mut Conn) -> Result<(), Failed> {
        let result = self.f.work(conn);
        let failed = !matches!(result, Some(Ok(_)));
        self.result = result;
        if failed { Err(Failed) } else { Ok(()) }
    }

    fn answer(self: Box<Self>, committed: Result<(), &Lost>) {
        let result = match (self.result, committed) {
            (Some(Err(own)), _) => Err(own),
            (_, Err(lost)) => Err(E::from(lost.into())),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(E::from(unavailable("the job did not run".to_owned()))),
        };
        // The caller may have gone; the write stands all the same.
        let _ = self.caller.send(result);
    }

    fn is_awaited(&self) -> bool {
        true
    }

    fn can_run_again(&self) -> bool {
        F::AGAIN
    }
}

struct Later<F>(Option<F>);

impl<F> Job for Later<F>
where
    F: FnOnce(&mut Conn) -> QueryResult<()> + Send,
{
    fn run(&mut self, conn: &mut Conn) -> Result<(), Failed> {
        match self.0.take().map(|f| f(conn)) {
            Some(Ok(())) => Ok(()),
            Some(Err(error)) => {
                tracing::error!(%error, "a deferred write failed");
                Err(Failed)
            }
            None => Err(Failed),
        }
    }

    fn answer(self: Box<Self>, committed: Result<(), &Lost>) {
        if let Err(lost) = committed {
            tracing::error!(error = lost.0, "a deferred write was lost");
        }
    }

    fn is_awaited(&self) -> bool {
        false
    }
}

type Last = Box<dyn FnOnce(&mut Conn) -> QueryResult<()> + Send>;

thread_local! {
    /// What this thread's batch does last, before it commits; none outside of a batch.
    static LAST: RefCell<Option<Vec<Last>>> = const { RefCell::new(None) };
}

/// Does `f` at the end of this thread's batch, or at once where there is none.
pub(super) fn before_commit(
    conn: &mut Conn,
    f: impl FnOnce(&mut Conn) -> QueryResult<()> + Send + 'static,
) -> QueryResult<()> {
    let now = LAST.with_borrow_mut(|last| match last {
        Some(last) => {
            last.push(Box::new(f));
            None
        }
        None => Some(f),
    });
    now.map_or(Ok(()), |f| f(conn))
}

/// Does `f` in a savepoint; an error takes back what it put off, too.
pub(super) fn savepoint<T, E: From<DieselError>>(
    conn: &mut Conn,
    f: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    let before = put_off();
    let answer = diesel::Connection::transaction(conn, f);
    if answer.is_err() {
        forget_from(before);
    }
    answer
}

/// How much this thread's batch has to do last so far.
fn put_off() -> usize {
    LAST.with_borrow(|last| last.as_ref().map_or(0, Vec::len))
}

/// Forgets what a job that was rolled back wanted done last.
fn forget_from(first: usize) {
    LAST.with_borrow_mut(|last| {
        if let Some(last) = last {
            last.truncate(first);
        }
    });
}

/// Does what the batch's jobs have put off.
fn do_last(conn: &mut Conn, last: Option<Vec<Last>>) -> Result<(), Lost> {
    for f in last.into_iter().flatten() {
        match catch_unwind(AssertUnwindSafe(|| f(conn))) {
            Ok(done) => done.map_err(lost)?,
            Err(_) => return Err(Lost("what a job put off panicked".to_owned())),
        }
    }
    Ok(())
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Box<dyn Job>>,
    /// How many of them are awaited.
    awaited: usize,
    /// When the first of those came that nobody waits for.
    oldest: Option<Instant>,
    closed: bool,
}

struct Shared {
    waiting: Mutex<Waiting>,
    wake: Condvar,
    room: Semaphore,
    commits: AtomicU64,
    /// Commits with a job in them that somebody waits for.
    changes: AtomicU64,
    /// Whether the writer is to copy the rest of the log into the file.
    log_is_long: AtomicBool,
    /// Commits that are not on the disk yet.
    syncing: AtomicU64,
}

impl Shared {
    fn waiting(&self) -> std::sync::MutexGuard<'_, Waiting> {
        // No code that can panic runs under the lock.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct Writer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(target: Target, conn: Conn) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            waiting: Mutex::default(),
            wake: Condvar::new(),
            room: Semaphore::new(QUEUE),
            commits: AtomicU64::new(0),
            changes: AtomicU64::new(0),
            log_is_long: AtomicBool::new(false),
            syncing: AtomicU64::new(0),
        });
        if let Target::Sqlite(_) = target {
            let (shared, target) = (Arc::downgrade(&shared), target.clone());
            std::thread::Builder::new()
                .name("xinfang-checkpoint".to_owned())
                .spawn(move || checkpoints(&shared, &target))?;
        }
        let disk = Disk::start(&shared, &target)?;
        let work = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("xinfang-writer".to_owned())
            .spawn(move || run(&work, &target, conn, disk))?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    pub(super) async fn write<T, E>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DieselError> + Send + 'static,
    {
        self.done(Once(Some(f))).await
    }

    /// As `write`, with work that can be done again.
    pub(super) async fn write_again<T, E>(
        &self,
        f: impl Fn(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DieselError> + Send + 'static,
    {
        self.done(Again(f)).await
    }

    async fn done<T, E>(&self, f: impl Work<T, E> + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DieselError> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        self.take_room().await;
        self.push(Box::new(Awaited {
            f,
            result: None,
            caller,
        }));
        answer
            .await
            .map_err(|_| unavailable("the writer has stopped".to_owned()))?
    }

    pub(super) async fn write_later(
        &self,
        f: impl FnOnce(&mut Conn) -> QueryResult<()> + Send + 'static,
    ) {
        self.take_room().await;
        self.push(Box::new(Later(Some(f))));
    }

    pub(super) fn write_blocking<T, E>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DieselError> + Send + 'static,
    {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        let (caller, mut answer) = oneshot::channel();
        // The answer crosses on a plain channel, so that no runtime need be there (or idle).
        while self
            .shared
            .room
            .try_acquire()
            .map(tokio::sync::SemaphorePermit::forget)
            .is_err()
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.push(Box::new(Relay {
            job: Box::new(Awaited {
                f: Once(Some(f)),
                result: None,
                caller,
            }),
            done: sender,
        }));
        let stopped = || unavailable("the writer has stopped".to_owned());
        receiver.recv().map_err(|_| stopped())?;
        answer.try_recv().map_err(|_| stopped())?
    }

    pub(super) fn commits(&self) -> u64 {
        self.shared.commits.load(Ordering::Relaxed)
    }

    pub(super) fn queued(&self) -> u64 {
        self.shared.waiting().jobs.len() as u64
    }

    pub(super) fn changes(&self) -> u64 {
        self.shared.changes.load(Ordering::Acquire)
    }

    pub(super) fn close(&self) {
        self.shared.waiting().closed = true;
        self.shared.wake.notify_all();
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread
            && thread.thread().id() != std::thread::current().id()
            && thread.join().is_err()
        {
            tracing::error!("the writer thread ended by a panic");
        }
    }

    async fn take_room(&self) {
        // The semaphore is never closed.
        if let Ok(permit) = self.shared.room.acquire().await {
            permit.forget();
        }
    }

    /// Queues a job. One that comes after the end is dropped, which its caller notices.
    fn push(&self, job: Box<dyn Job>) {
        let mut waiting = self.shared.waiting();
        if waiting.closed {
            return;
        }
        let wake = if job.is_awaited() {
            waiting.awaited += 1;
            waiting.awaited == 1
        } else {
            let first = waiting.oldest.is_none();
            waiting.oldest.get_or_insert_with(Instant::now);
            first || waiting.jobs.len() == BATCH
        };
        waiting.jobs.push_back(job);
        drop(waiting);
        if wake {
            self.shared.wake.notify_one();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

/// Tells a thread without a runtime that the job has been answered.
struct Relay {
    job: Box<dyn Job>,
    done: std::sync::mpsc::SyncSender<()>,
}

impl Job for Relay {
    fn run(&mut self, conn: &mut Conn) -> Result<(), Failed> {
        self.job.run(conn)
    }
    fn answer(self: Box<Self>, committed: Result<(), &Lost>) {
        self.job.answer(committed);
        // The caller may have gone.
        let _ = self.done.send(());
    }
    fn is_awaited(&self) -> bool {
        true
    }
}

fn run(shared: &Shared, target: &Target, conn: Conn, disk: Option<Disk>) {
    let mut conn = Some(conn);
    while let Some(first) = next(shared) {
        if conn.is_none() {
            conn = target.connect(Access::Write).ok();
        }
        let lost = match conn.as_mut() {
            Some(open) => batch(shared, open, disk.as_ref(), first).map(|()| {
                if shared.log_is_long.swap(false, Ordering::Relaxed)
                    && let Err(error) = checkpoint(open)
                {
                    tracing::debug!(%error, "no checkpoint");
                }
            }),
            None => {
                let lost = Lost("the database does not answer".to_owned());
                for job in first {
                    job.answer(Err(&lost));
                }
                Err(lost)
            }
        };
        if let Err(lost) = lost {
            tracing::error!(error = lost.0, "a batch of writes was lost");
            conn = None;
        }
    }
    // Whoever waits for the disk is answered before the connection is closed.
    drop(disk);
}

/// The thread that brings SQLite's log to the disk.
struct Disk {
    commits: Option<SyncSender<Done>>,
    thread: Option<JoinHandle<()>>,
}

impl Disk {
    /// None where the database does that itself.
    fn start(shared: &Arc<Shared>, target: &Target) -> std::io::Result<Option<Self>> {
        let Target::Sqlite(path) = target else {
            return Ok(None);
        };
        let log = PathBuf::from(format!("{path}-wal"));
        let (commits, receiver) = sync_channel(AHEAD);
        let shared = Arc::clone(shared);
        let thread = std::thread::Builder::new()
            .name("xinfang-disk".to_owned())
            .spawn(move || syncs(&shared, &log, &receiver))?;
        Ok(Some(Self {
            commits: Some(commits),
            thread: Some(thread),
        }))
    }

    /// Answers a commit's jobs once it is on the disk.
    fn answer(&self, shared: &Shared, done: Done) {
        shared.syncing.fetch_add(1, Ordering::AcqRel);
        let left = match &self.commits {
            Some(commits) => commits.send(done).map_err(|unsent| unsent.0),
            None => Err(done),
        };
        if let Err(done) = left {
            shared.syncing.fetch_sub(1, Ordering::AcqRel);
            answer(
                done,
                &Err(Lost("the log is not synced any more".to_owned())),
            );
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.commits = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that syncs the log ended by a panic");
        }
    }
}

/// Syncs the log and answers what was committed before, until there is no more.
fn syncs(shared: &Shared, path: &Path, commits: &Receiver<Done>) {
    let mut log = None;
    while let Ok(mut done) = commits.recv() {
        let mut many = 1;
        while let Ok(more) = commits.try_recv() {
            done.extend(more);
            many += 1;
        }
        let outcome = sync(&mut log, path).map_err(|error| {
            tracing::error!(%error, "the log was not brought to the disk");
            log = None;
            Lost(error.to_string())
        });
        shared.syncing.fetch_sub(many, Ordering::AcqRel);
        // The writer may be gathering until the disk is free. It looks under the lock.
        drop(shared.waiting());
        shared.wake.notify_all();
        answer(done, &outcome);
    }
}

/// Brings what was written to the log to the disk.
fn sync(kept: &mut Option<File>, path: &Path) -> std::io::Result<()> {
    // SQLite makes another file when all connections were closed between.
    if let Some(file) = kept
        && !is_still(file, path)?
    {
        *kept = None;
    }
    let log = match kept {
        Some(log) => log,
        None => kept.insert(File::open(path)?),
    };
    log.sync_data()
}

/// Whether an open file is the one that has this name.
#[cfg(unix)]
fn is_still(file: &File, path: &Path) -> std::io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (open, named) = (file.metadata()?, std::fs::metadata(path)?);
    Ok(open.ino() == named.ino() && open.dev() == named.dev())
}

/// Whether an open file is the one that has this name: it is opened anew each time.
#[cfg(not(unix))]
fn is_still(_: &File, _: &Path) -> std::io::Result<bool> {
    Ok(false)
}

/// Answers jobs that were done.
fn answer(done: Done, outcome: &Result<(), Lost>) {
    for (job, own) in done {
        job.answer(own.as_ref().map(|_| ()).and(outcome.as_ref().map(|_| ())));
    }
}

/// What `PRAGMA wal_checkpoint` answers.
#[derive(diesel::QueryableByName)]
struct Checkpointed {
    /// Frames in the log.
    #[diesel(sql_type = diesel::sql_types::Integer)]
    log: i32,
}

fn checkpoint(conn: &mut Conn) -> QueryResult<i32> {
    let Conn::Sqlite(conn) = conn else {
        return Ok(0);
    };
    diesel::sql_query("PRAGMA wal_checkpoint(PASSIVE)")
        .get_result::<Checkpointed>(conn)
        .map(|done| done.log)
}

/// Copies what was committed from the log into the file, now and then, while the writer goes on.
/// Where the log has grown long, the writer copies the rest, which is little by then, and so can
/// begin it anew.
fn checkpoints(shared: &Weak<Shared>, target: &Target) {
    let mut conn = None;
    let mut seen = 0;
    loop {
        std::thread::sleep(CHECKPOINT);
        let Some(commits) = shared
            .upgrade()
            .filter(|shared| !shared.waiting().closed)
            .map(|shared| shared.commits.load(Ordering::Relaxed))
        else {
            return;
        };
        if commits == seen {
            continue;
        }
        if conn.is_none() {
            conn = target.connect(Access::Checkpoint).ok();
        }
        let Some(Ok(log)) = conn.as_mut().map(checkpoint) else {
            tracing::debug!("no checkpoint");
            continue;
        };
        seen = commits;
        if log > LONG
            && let Some(shared) = shared.upgrade()
        {
            shared.log_is_long.store(true, Ordering::Relaxed);
        }
    }
}

/// Waits for work: at once when somebody waits for it, a little later otherwise. `None` at the end.
fn next(shared: &Shared) -> Option<VecDeque<Box<dyn Job>>> {
    let mut waiting = shared.waiting();
    loop {
        if waiting.awaited > 0 || waiting.jobs.len() >= BATCH || waiting.closed {
            break;
        }
        waiting = match waiting
            .oldest
            .map(|oldest| LATER.saturating_sub(oldest.elapsed()))
        {
            None => shared
                .wake
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner),
            Some(Duration::ZERO) => break,
            Some(left) => {
                shared
                    .wake
                    .wait_timeout(waiting, left)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0
            }
        };
    }
    let jobs = take(shared, &mut waiting, BATCH);
    (!jobs.is_empty()).then_some(jobs)
}

fn take(shared: &Shared, waiting: &mut Waiting, most: usize) -> VecDeque<Box<dyn Job>> {
    let jobs: VecDeque<_> = waiting.jobs.drain(..most.min(waiting.jobs.len())).collect();
    let awaited = jobs.iter().filter(|job| job.is_awaited()).count();
    waiting.awaited = waiting.awaited.saturating_sub(awaited);
    if waiting.jobs.len() == waiting.awaited {
        waiting.oldest = None;
    }
    shared.room.add_permits(jobs.len());
    jobs
}

/// Runs jobs until none waits or it is time, commits, answers. An error means that the connection
/// is no longer good; everyone has been answered all the same.
fn batch(
    shared: &Shared,
    conn: &mut Conn,
    disk: Option<&Disk>,
    first: VecDeque<Box<dyn Job>>,
) -> Result<(), Lost> {
    let started = Instant::now();
    let mut waiting = first;
    let mut done: Done = Vec::with_capacity(waiting.len());
    let mut outcome = begin(conn);
    let puts_off = conn.is_sqlite();
    LAST.set(puts_off.then(Vec::new));
    let mut shared_savepoint = None;
    while outcome.is_ok()
        && let Some(job) = waiting.pop_front()
    {
        outcome = take_on(conn, job, &mut done, &mut shared_savepoint);
        if waiting.is_empty() && done.len() < BATCH {
            waiting = more(shared, started, BATCH - done.len());
        }
    }
    // Nothing is done last without a transaction around it.
    let last = LAST.take();
    let outcome = outcome
        .and_then(|()| release(conn, &mut shared_savepoint))
        .and_then(|()| do_last(conn, last))
        .and_then(|()| commit(conn));
    if outcome.is_ok() {
        shared.commits.fetch_add(1, Ordering::Relaxed);
        if done.iter().any(|(job, _)| job.is_awaited()) {
            shared.changes.fetch_add(1, Ordering::Release);
        }
    }
    match disk.filter(|_| outcome.is_ok()) {
        Some(disk) => disk.answer(shared, done),
        None => answer(done, &outcome),
    }
    for job in waiting {
        job.answer(outcome.as_ref().map(|_| ()));
    }
    outcome
}

/// Jobs that have come meanwhile; while the disk is busy with earlier commits, waits for some.
fn more(shared: &Shared, started: Instant, most: usize) -> VecDeque<Box<dyn Job>> {
    let mut waiting = shared.waiting();
    loop {
        let left = GATHER.saturating_sub(started.elapsed());
        if left.is_zero() {
            return VecDeque::new();
        }
        let busy = shared.syncing.load(Ordering::Acquire) > 0;
        if !waiting.jobs.is_empty() || !busy || waiting.closed {
            return take(shared, &mut waiting, most);
        }
        waiting = shared
            .wake
            .wait_timeout(waiting, left)
            .unwrap_or_else(PoisonError::into_inner)
            .0;
    }
}

/// What has been done in a batch, and what came of it.
type Done = Vec<(Box<dyn Job>, Result<(), Lost>)>;

/// A savepoint that several jobs share.
struct SharedSavepoint {
    /// Its first job, of those that are done.
    first: usize,
    /// How much was put off before.
    put_off: usize,
}

/// Runs one job of a batch, in a savepoint of its own or in one that is shared. An error says that the
/// whole batch is lost.
fn take_on(
    conn: &mut Conn,
    mut job: Box<dyn Job>,
    done: &mut Done,
    shared: &mut Option<SharedSavepoint>,
) -> Result<(), Lost> {
    if !(job.can_run_again() && conn.is_sqlite()) {
        release(conn, shared)?;
        return alone(conn, job, done);
    }
    if shared.is_none() {
        <Conn as TransactionManager<Conn>>::begin_transaction(conn).map_err(lost)?;
        *shared = Some(SharedSavepoint {
            first: done.len(),
            put_off: put_off(),
        });
    }
    if let Ok(Ok(())) = catch_unwind(AssertUnwindSafe(|| job.run(conn))) {
        done.push((job, Ok(())));
        return Ok(());
    }
    let Some(SharedSavepoint { first, put_off }) = shared.take() else {
        return Ok(());
    };
    forget_from(put_off);
    roll_back_to_batch(conn)?;
    let again: Vec<_> = done.drain(first..).collect();
    for (before, _) in again {
        alone(conn, before, done)?;
    }
    alone(conn, job, done)
}

/// Runs one job in a savepoint of its own.
fn alone(conn: &mut Conn, mut job: Box<dyn Job>, done: &mut Done) -> Result<(), Lost> {
    let ran = in_savepoint(conn, job.as_mut());
    let own = ran
        .as_ref()
        .map_or_else(|lost| Err(lost.clone()), Clone::clone);
    done.push((job, own));
    ran.map(drop)
}

/// Ends a savepoint that jobs share; what they wrote is the batch's from now on.
fn release(conn: &mut Conn, shared: &mut Option<SharedSavepoint>) -> Result<(), Lost> {
    match shared.take() {
        Some(_) => <Conn as TransactionManager<Conn>>::commit_transaction(conn).map_err(lost),
        None => Ok(()),
    }
}

fn begin(conn: &mut Conn) -> Result<(), Lost> {
    match conn {
        Conn::Sqlite(conn) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")
        }
        Conn::Postgres(conn) => AnsiTransactionManager::begin_transaction(conn),
    }
    .map_err(lost)
}

fn commit(conn: &mut Conn) -> Result<(), Lost> {
    <Conn as TransactionManager<Conn>>::commit_transaction(conn).map_err(lost)
}

fn lost(error: DieselError) -> Lost {
    Lost(error.to_string())
}

/// Runs one job in its savepoint. The outer error says that the whole batch is lost, the inner one
/// that this job came to nothing by a panic.
fn in_savepoint(conn: &mut Conn, job: &mut dyn Job) -> Result<Result<(), Lost>, Lost> {
    // One statement that fails leaves nothing behind on SQLite; on PostgreSQL it would take the
    // whole transaction with it.
    if !job.is_awaited() && conn.is_sqlite() {
        let panicked = catch_unwind(AssertUnwindSafe(|| job.run(conn))).is_err();
        roll_back_to_batch(conn)?;
        return Ok(if panicked {
            Err(Lost("the job panicked".to_owned()))
        } else {
            Ok(())
        });
    }
    <Conn as TransactionManager<Conn>>::begin_transaction(conn).map_err(lost)?;
    let before = put_off();
    match catch_unwind(AssertUnwindSafe(|| job.run(conn))) {
        Ok(Ok(())) => {
            <Conn as TransactionManager<Conn>>::commit_transaction(conn).map_err(lost)?;
            Ok(Ok(()))
        }
        Ok(Err(Failed)) => {
            forget_from(before);
            roll_back_to_batch(conn)?;
            Ok(Ok(()))
        }
        Err(_) => {
            forget_from(before);
            tracing::error!("a write panicked; it was rolled back");
            roll_back_to_batch(conn)?;
            Ok(Err(Lost("the job panicked".to_owned())))
        }
    }
}

/// Rolls savepoints back until only the batch's own transaction is open; a panic may have left
/// several.
fn roll_back_to_batch(conn: &mut Conn) -> Result<(), Lost> {
    while depth(conn)? > 1 {
        <Conn as TransactionManager<Conn>>::rollback_transaction(conn).map_err(lost)?;
    }
    Ok(())
}

fn depth(conn: &mut Conn) -> Result<u32, Lost> {
    let status = <Conn as TransactionManager<Conn>>::transaction_manager_status_mut(conn);
    Ok(status
        .transaction_depth()
        .map_err(lost)?
        .map_or(0, u32::from))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;

    use super::super::tests::temporary;
    use super::super::{Conn, Db};
    use super::*;

    diesel::table! { marks (n) { n -> Integer, } }

    async fn with_table() -> (Db, tempfile::TempDir) {
        let (db, dir) = temporary();
        let create = |conn: &mut Conn| {
            conn.batch_execute("CREATE TABLE marks (n INTEGER PRIMARY KEY NOT NULL)")
        };
        db.write(create).await.unwrap();
        (db, dir)
    }

    fn mark(n: i32) -> impl FnOnce(&mut Conn) -> QueryResult<usize> + Send + 'static {
        move |conn| {
            diesel::insert_into(marks::table)
                .values(marks::n.eq(n))
                .execute(conn)
        }
    }

    async fn all(db: &Db) -> Vec<i32> {
        db.read(|conn| {
            marks::table
                .select(marks::n)
                .order(marks::n)
                .load::<i32>(conn)
        })
        .await
        .unwrap()
    }

    #[actix_web::test]
    async fn what_waits_together_is_committed_together() {
        let (db, _dir) = with_table().await;
        let before = db.commits();
        // The first job holds the writer until the others wait.
        let gate = Arc::new(AtomicUsize::new(0));
        let held = Arc::clone(&gate);
        let first = db.write(move |_| {
            while held.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            QueryResult::Ok(())
        });
        let others = futures_util::future::join_all((0..100).map(|n| db.write(mark(n))));
        let open = async { gate.store(1, Ordering::SeqCst) };
        let (first, others, ()) = tokio::join!(first, others, open);
        first.unwrap();
        assert!(others.into_iter().all(|answer| answer.is_ok()));
        assert_eq!(all(&db).await.len(), 100);
        assert!(
            db.commits() - before <= 3,
            "{} commits",
            db.commits() - before
        );
    }

    #[actix_web::test]
    async fn a_failing_job_takes_nothing_from_the_others() {
        let (db, _dir) = with_table().await;
        let answers = futures_util::future::join_all([1, 2, 2, 3].map(|n| db.write(mark(n)))).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), 1);
        assert_eq!(all(&db).await, [1, 2, 3]);
    }

    #[actix_web::test]
    async fn a_panicking_job_is_rolled_back_and_the_writer_goes_on() {
        let (db, _dir) = with_table().await;
        let panics = db.write(|conn: &mut Conn| -> QueryResult<()> {
            conn.transaction(|conn| {
                mark(7)(conn)?;
                panic!("as the test wants")
            })
        });
        let (before, panicked, after) = tokio::join!(db.write(mark(1)), panics, db.write(mark(2)));
        assert!(before.is_ok() && panicked.is_err() && after.is_ok());
        assert_eq!(all(&db).await, [1, 2]);
    }

    #[actix_web::test]
    async fn an_error_rolls_back_what_the_job_wrote_before() {
        let (db, _dir) = with_table().await;
        let answer = db.write(|conn: &mut Conn| {
            mark(1)(conn)?;
            Err::<(), _>(DieselError::NotFound)
        });
        assert_eq!(answer.await, Err(DieselError::NotFound));
        assert!(all(&db).await.is_empty());
    }

    #[actix_web::test]
    async fn what_is_put_off_comes_last_and_goes_with_its_job() {
        let (db, _dir) = with_table().await;
        let marks_after = |n: i32, good: bool| {
            db.write(move |conn: &mut Conn| {
                Db::before_commit(conn, move |conn| mark(n)(conn).map(drop))?;
                let seen: i64 = marks::table.count().get_result(conn)?;
                if good {
                    Ok(seen)
                } else {
                    Err(DieselError::NotFound)
                }
            })
        };
        // The writer is held up until all three wait, so that they come in one batch.
        let gate = Arc::new(AtomicUsize::new(0));
        let held = Arc::clone(&gate);
        let before = db.write(move |_| {
            while held.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            QueryResult::Ok(())
        });
        let open = async { gate.store(1, Ordering::SeqCst) };
        let (_, first, failed, second, ()) = tokio::join!(
            before,
            marks_after(1, true),
            marks_after(2, false),
            marks_after(3, true),
            open
        );
        assert_eq!((first, failed), (Ok(0), Err(DieselError::NotFound)));
        assert_eq!(second, Ok(0), "in the same batch");
        assert_eq!(all(&db).await, [1, 3]);
        // What fails last loses its batch; the writer goes on.
        let twice = |n| {
            db.write(move |conn: &mut Conn| {
                Db::before_commit(conn, move |conn| mark(n)(conn).map(drop))
            })
        };
        assert!(twice(1).await.is_err());
        assert!(twice(4).await.is_ok());
        assert_eq!(all(&db).await, [1, 3, 4]);
    }

    #[actix_web::test]
    async fn what_fails_in_a_shared_savepoint_takes_nothing_from_the_others() {
        let (db, _dir) = with_table().await;
        // Each marks, and puts off a second mark; 2 fails after it has written, 4 panics.
        let again = |n: i32| {
            db.write_again(move |conn: &mut Conn| {
                mark(n)(conn)?;
                Db::before_commit(conn, move |conn| mark(n + 100)(conn).map(drop))?;
                match n {
                    2 => Err(DieselError::NotFound),
                    4 => panic!("as the test wants"),
                    _ => Ok(n),
                }
            })
        };
        let gate = Arc::new(AtomicUsize::new(0));
        let held = Arc::clone(&gate);
        let first = db.write(move |_| {
            while held.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            QueryResult::Ok(())
        });
        let commits = db.commits();
        let open = async { gate.store(1, Ordering::SeqCst) };
        let (_, one, two, three, four, other, five, ()) = tokio::join!(
            first,
            again(1),
            again(2),
            again(3),
            again(4),
            db.write(mark(50)),
            again(5),
            open
        );
        assert!(db.commits() - commits <= 2, "in one batch");
        assert_eq!((one, three, five), (Ok(1), Ok(3), Ok(5)));
        assert_eq!(two, Err(DieselError::NotFound));
        assert!(four.is_err() && other.is_ok());
        assert_eq!(all(&db).await, [1, 3, 5, 50, 101, 103, 105]);
    }

    #[actix_web::test]
    async fn closing_writes_what_is_queued() {
        let (db, dir) = with_table().await;
        for n in 0..1000 {
            db.write_later(move |conn| mark(n)(conn).map(drop)).await;
        }
        db.close();
        assert!(db.write(mark(-1)).await.is_err(), "closed");
        let again = Db::open(&dir.path().join("test.db").display().to_string(), 1).unwrap();
        assert_eq!(all(&again).await.len(), 1000);
    }

    #[actix_web::test]
    async fn a_deferred_write_comes_without_anybody_asking() {
        let (db, _dir) = with_table().await;
        db.write_later(|conn| mark(1)(conn).map(drop)).await;
        actix_web::rt::time::sleep(LATER * 3).await;
        assert_eq!(all(&db).await, [1]);
    }

    #[actix_web::test]
    async fn a_deferred_write_that_fails_takes_nothing_from_the_others() {
        let (db, _dir) = with_table().await;
        for n in [1, 1, 2] {
            db.write_later(move |conn| mark(n)(conn).map(drop)).await;
        }
        db.write_later(|_| panic!("as the test wants")).await;
        db.write(mark(3)).await.unwrap();
        assert_eq!(all(&db).await, [1, 2, 3]);
    }

    #[test]
    fn the_command_line_writes_without_a_runtime() {
        let (db, _dir) = temporary();
        let written = db.write_blocking(|conn: &mut Conn| {
            conn.batch_execute("CREATE TABLE marks (n INTEGER PRIMARY KEY NOT NULL)")?;
            mark(1)(conn)
        });
        assert_eq!(written, Ok(1));
    }
}
