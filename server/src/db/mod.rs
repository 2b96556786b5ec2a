//! Storage: SQLite (one file, the default) or PostgreSQL, behind one [`Db`].
//!
//! | call | for | SQLite | PostgreSQL |
//! | --- | --- | --- | --- |
//! | [`Db::read`] | a few rows by key | on the calling thread, its own connection | pool, blocking thread |
//! | [`Db::read_heavy`] | lists with counts, search, exports | pool, blocking thread | pool, blocking thread |
//! | [`Db::write`] | a transaction | the one writer thread, group commit | pool, blocking thread |
//! | [`Db::write_later`] | rows nobody waits for (views in the audit log) | the writer thread | a background thread |
//!
//! A check-out query and a thread hop cost more than reading one row from SQLite does, hence the
//! first line. What compiles for both databases: select, boxed filters, group by, update, delete,
//! single inserts, nested transactions. Not: upsert, batch insert, `returning`. Where one of those
//! is needed, or a statement is run thousands of times a second, use [`on_either`], or `sql_query`
//! with `$1`, `$2`, … in order, which both read, but which is prepared each time.
//!
//! Instants are `Timestamp` columns and `NaiveDateTime` in UTC, to the millisecond; days are `Date`
//! columns and `NaiveDate` in Shanghai; ids are UUIDv7 text that the application makes.

mod conn;
mod migrate;
mod writer;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::web;
use diesel::connection::SimpleConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use diesel::result::{DatabaseErrorKind, Error as DieselError, QueryResult};
use diesel::{Connection, PgConnection, SqliteConnection};

pub use conn::Conn;
pub(crate) use conn::on_either;
pub use migrate::{Migrated, revert_all};
pub(crate) use migrate::{applied, known, migrate_to, take_turns};
use writer::Writer;

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It does not answer, or the file cannot be opened.
    #[error("无法打开数据库：{0}")]
    Open(String),
    /// Its schema cannot be brought up to date.
    #[error("无法更新数据库结构：{0}")]
    Migrate(String),
}

/// The database. Clones share it.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    /// Tells this database's connections from another's, of the same process, on the same thread.
    id: u64,
    target: Target,
    pool: Pool<Manager>,
    /// On SQLite it does all writes; on PostgreSQL those that nobody waits for.
    writer: Writer,
    migrated: Migrated,
}

type Manager = ConnectionManager<Conn>;

/// Which database, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Sqlite(String),
    Postgres(String),
}

impl Target {
    fn of(url: &str) -> Self {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Self::Postgres(url.to_owned());
        }
        let path = url
            .strip_prefix("sqlite://")
            .or_else(|| url.strip_prefix("file://"));
        Self::Sqlite(
            path.or_else(|| url.strip_prefix("sqlite:"))
                .unwrap_or(url)
                .to_owned(),
        )
    }

    fn connect(&self, access: Access) -> Result<Conn, DieselError> {
        let failed = |e: diesel::ConnectionError| unavailable(e.to_string());
        match self {
            Self::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(path).map_err(failed)?;
                conn.batch_execute(access.pragmas())?;
                Ok(Conn::Sqlite(conn))
            }
            Self::Postgres(url) => {
                let mut conn = PgConnection::establish(url).map_err(failed)?;
                conn.batch_execute(POSTGRES_SESSION)?;
                Ok(Conn::Postgres(conn))
            }
        }
    }
}

/// What a SQLite connection is for. Readers cannot write, even by mistake.
#[derive(Debug, Clone, Copy)]
enum Access {
    Read,
    Write,
    /// Copies what was committed from the log into the file.
    Checkpoint,
    /// Fills a new database, which counts for nothing before it is whole.
    Load,
}

/// The messages' language decides nothing, but the time zone would.
const POSTGRES_SESSION: &str = "SET TIME ZONE 'UTC'";

impl Access {
    const fn pragmas(self) -> &'static str {
        match self {
            // A page cache of 2 MB a reader, and no memory map: each connection would map the file
            // anew, and the operating system caches it anyway.
            Self::Read => {
                "PRAGMA busy_timeout=5000; PRAGMA foreign_keys=ON; PRAGMA cache_size=-2000; \
                 PRAGMA temp_store=MEMORY; PRAGMA query_only=ON;"
            }
            // The log is copied into the file by another connection ([`Self::Checkpoint`]); the
            // writer itself does so only where that has not come to it for long. A commit does not wait for
            // the disk: the writer has the log synced before it answers (`writer::syncs`), which is what
            // `synchronous=FULL` would do, but while the next commit is made.
            Self::Write => {
                "PRAGMA busy_timeout=10000; PRAGMA journal_mode=WAL; \
                 PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-16000; \
                 PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=32000; \
                 PRAGMA journal_size_limit=67108864;"
            }
            Self::Checkpoint => {
                "PRAGMA busy_timeout=0; PRAGMA synchronous=FULL; PRAGMA cache_size=-100; \
                 PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=67108864;"
            }
            Self::Load => {
                "PRAGMA busy_timeout=5000; PRAGMA synchronous=OFF; PRAGMA foreign_keys=OFF; \
                 PRAGMA cache_size=-64000; PRAGMA temp_store=MEMORY;"
            }
        }
    }
}

#[derive(Debug)]
struct SetUp;

impl CustomizeConnection<Conn, diesel::r2d2::Error> for SetUp {
    fn on_acquire(&self, conn: &mut Conn) -> Result<(), diesel::r2d2::Error> {
        let set_up = match conn {
            Conn::Sqlite(conn) => conn.batch_execute(Access::Read.pragmas()),
            Conn::Postgres(conn) => conn.batch_execute(POSTGRES_SESSION),
        };
        set_up.map_err(diesel::r2d2::Error::QueryError)
    }
}

/// Creates the file, and its folder, for their owner alone: names and causes are in it in the
/// clear. SQLite gives the files beside it the same permissions. What is there stays as it is.
fn create_file(path: &Path) -> std::io::Result<()> {
    if let Some(dir) = path
        .parent()
        .filter(|dir| !dir.as_os_str().is_empty() && !dir.exists())
    {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(dir)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// The file of a SQLite address; none for PostgreSQL.
pub(crate) fn sqlite_file(url: &str) -> Option<PathBuf> {
    match Target::of(url) {
        Target::Sqlite(path) => Some(PathBuf::from(path)),
        Target::Postgres(_) => None,
    }
}

/// A connection that reads a database as it is, without bringing its schema up to date.
///
/// # Errors
/// It is not there, or cannot be opened.
pub(crate) fn reader(url: &str) -> Result<Conn, Error> {
    let target = Target::of(url);
    if let Target::Sqlite(path) = &target
        && !Path::new(path).is_file()
    {
        return Err(Error::Open(format!("没有文件 {path}")));
    }
    target
        .connect(Access::Read)
        .map_err(|error| Error::Open(error.to_string()))
}

/// A connection that fills an empty database.
///
/// # Errors
/// It cannot be opened.
pub(crate) fn loader(url: &str) -> Result<Conn, Error> {
    let target = Target::of(url);
    if let Target::Sqlite(path) = &target {
        create_file(Path::new(path)).map_err(|e| Error::Open(format!("{path}：{e}")))?;
    }
    target
        .connect(Access::Load)
        .map_err(|error| Error::Open(error.to_string()))
}

/// Reads a term's code from a row.
///
/// # Errors
/// A code that the program does not know: a newer version has written the row.
pub fn term<T: shared::term::Term>(code: &str) -> Result<T, DieselError> {
    T::from_code(code).ok_or_else(|| {
        let unknown = shared::term::UnknownTerm {
            name: T::NAME,
            code: code.to_owned(),
        };
        DieselError::DeserializationError(Box::new(unknown))
    })
}

/// A database error that says "not now".
fn unavailable(message: String) -> DieselError {
    DieselError::DatabaseError(DatabaseErrorKind::UnableToSendCommand, Box::new(message))
}

impl Db {
    /// Opens the database and brings its schema up to date.
    ///
    /// # Errors
    /// It cannot be opened, or a migration fails.
    pub fn open(url: &str, pool_size: u32) -> Result<Self, Error> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let target = Target::of(url);
        if let Target::Sqlite(path) = &target {
            create_file(Path::new(path)).map_err(|e| Error::Open(format!("{path}：{e}")))?;
        }
        let open = |e: DieselError| Error::Open(e.to_string());
        let mut conn = target.connect(Access::Write).map_err(open)?;
        let migrated = migrate::run(&mut conn)?;
        let writer = Writer::start(target.clone(), conn).map_err(|e| Error::Open(e.to_string()))?;
        let address = match &target {
            Target::Sqlite(path) => path,
            Target::Postgres(url) => url,
        };
        let pool = Pool::builder()
            .max_size(pool_size.max(1))
            .min_idle(Some(1))
            .test_on_check_out(false)
            .connection_customizer(Box::new(SetUp))
            .build(Manager::new(address))
            .map_err(|e| Error::Open(e.to_string()))?;
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Ok(Self(Arc::new(Inner {
            id,
            target,
            pool,
            writer,
            migrated,
        })))
    }

    /// Whether this is SQLite.
    pub fn is_sqlite(&self) -> bool {
        matches!(self.0.target, Target::Sqlite(_))
    }

    /// The migrations that opening it has run, by name.
    pub fn migrated(&self) -> &[String] {
        &self.0.migrated
    }

    /// Reads a few rows by key. On SQLite this holds up the calling thread, so keep it short.
    ///
    /// # Errors
    /// What `f` answers, or the database's own.
    pub async fn read<T, E>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DieselError> + Send + 'static,
    {
        match &self.0.target {
            Target::Sqlite(_) => self.on_own_connection(f),
            Target::Postgres(_) => self.read_heavy(f).await,
        }
    }

    /// Reads what takes longer: lists with counts, search, exports.
    ///
    /// # Errors
    /// What `f` answers, or the database's own.
    pub async fn read_heavy<T, E>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DieselError> + Send + 'static,
    {
        let pool = self.0.pool.clone();
        web::block(move || {
            let mut conn = pool.get().map_err(|e| unavailable(e.to_string()))?;
            f(&mut conn)
        })
        .await
        .map_err(|e| unavailable(e.to_string()))?
    }

    /// Writes, in a transaction; an error rolls all of it back. What it answers is durable.
    ///
    /// On SQLite several writes share a commit: each has a savepoint, so one that fails takes
    /// nothing from the others. Inside `f`, `conn.transaction` nests.
    ///
    /// # Errors
    /// What `f` answers, or the database's own.
    pub async fn write<T, E>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DieselError> + Send + 'static,
    {
        match &self.0.target {
            Target::Sqlite(_) => self.0.writer.write(f).await,
            Target::Postgres(_) => self.read_heavy(move |conn| conn.transaction(f)).await,
        }
    }

    /// As [`Db::write`], with work that can be done again after it was rolled back: on SQLite such
    /// writes share a savepoint, which is cheaper. For what is written often.
    ///
    /// # Errors
    /// What `f` answers, or the database's own.
    pub async fn write_again<T, E>(
        &self,
        f: impl Fn(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DieselError> + Send + 'static,
    {
        match &self.0.target {
            Target::Sqlite(_) => self.0.writer.write_again(f).await,
            Target::Postgres(_) => self.write(f).await,
        }
    }

    /// Writes one statement soon, without anybody waiting for it; a failure is logged. Waits only
    /// while the queue is full. A stop of the server writes what is queued; a power cut loses it.
    pub async fn write_later(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<(), DieselError> + Send + 'static,
    ) {
        self.0.writer.write_later(f).await;
    }

    /// As [`Db::write`], holding up the calling thread: for the command line and the start.
    ///
    /// # Errors
    /// What `f` answers, or the database's own.
    pub fn write_blocking<T, E>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DieselError> + Send + 'static,
    {
        self.0.writer.write_blocking(f)
    }

    /// As [`Db::read`], holding up the calling thread: for the command line and the start.
    ///
    /// # Errors
    /// What `f` answers, or the database's own.
    pub fn read_blocking<T, E: From<DieselError>>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut conn = self.0.pool.get().map_err(|e| unavailable(e.to_string()))?;
        f(&mut conn)
    }

    /// On SQLite: how often this process has committed what somebody asked to be written (not what
    /// is written later, such as looks in the audit log). Counted before the answer is given.
    pub fn changes(&self) -> Option<u64> {
        self.is_sqlite().then(|| self.0.writer.changes())
    }

    /// How often the writer has committed; each commit on SQLite is one fsync of the log.
    pub fn commits(&self) -> u64 {
        self.0.writer.commits()
    }

    /// How many writes wait.
    pub(crate) fn queued(&self) -> u64 {
        self.0.writer.queued()
    }

    /// The file, on SQLite.
    pub(crate) fn file(&self) -> Option<&Path> {
        match &self.0.target {
            Target::Sqlite(path) => Some(Path::new(path)),
            Target::Postgres(_) => None,
        }
    }

    /// Writes what is queued and stops the writer. Later writes answer an error.
    pub fn close(&self) {
        self.0.writer.close();
    }

    /// Does `f` last in the transaction that `conn` is in, before it commits: on SQLite for all jobs
    /// of a group commit together, and not at all for one that is rolled back. For what a savepoint
    /// makes costly: FTS5 writes what it has gathered to its tables whenever one begins. `f` must not
    /// fail for what it is given, for an error loses the whole group. Elsewhere `f` is done at once.
    ///
    /// # Errors
    /// The database's own, where `f` is done at once.
    pub(crate) fn before_commit(
        conn: &mut Conn,
        f: impl FnOnce(&mut Conn) -> QueryResult<()> + Send + 'static,
    ) -> QueryResult<()> {
        writer::before_commit(conn, f)
    }

    /// Does `f` in a savepoint of the transaction that `conn` is in: an error takes back what `f` did,
    /// with what it wanted done before the commit, and leaves the rest.
    ///
    /// # Errors
    /// What `f` answers, or the database's own.
    pub(crate) fn savepoint<T, E: From<DieselError>>(
        conn: &mut Conn,
        f: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        writer::savepoint(conn, f)
    }

    fn on_own_connection<T, E: From<DieselError>>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        thread_local! {
            static OWN: RefCell<Vec<(u64, Conn)>> = const { RefCell::new(Vec::new()) };
        }
        // The connection leaves its place while it is used, so that a panic drops it.
        let kept = OWN.with_borrow_mut(|own| {
            let at = own.iter().position(|(id, _)| *id == self.0.id)?;
            Some(own.swap_remove(at).1)
        });
        let mut conn = match kept {
            Some(conn) => conn,
            None => self.0.target.connect(Access::Read)?,
        };
        let answer = f(&mut conn);
        OWN.with_borrow_mut(|own| own.push((self.0.id, conn)));
        answer
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use diesel::prelude::*;

    use super::*;
    use crate::schema::law_profiles;
    use crate::{account, case, org};

    /// Releases of before: the first that was fit for use, and the last that knew nothing of webhooks,
    /// backups, second factors, an identity provider, several townships.
    pub(crate) const OLD: [&str; 2] = ["20261128000001", "20261128000901"];

    /// The migrations before this one.
    pub(crate) fn before(version: &str) -> Migrated {
        let older = |known: &String| known.as_str() < version;
        known().into_iter().filter(older).collect()
    }

    /// Something of everything that a township of then has kept, by the columns of then.
    const ROWS: &str = "
        INSERT INTO units (id, parent_id, kind, name, short_name, created_at, updated_at) VALUES
            ('t1', NULL, 'township', '平川镇', '平川', '2026-01-05 01:00:00', '2026-01-05 01:00:00'),
            ('v1', 't1', 'village', '五里墩村', NULL, '2026-01-05 01:00:00', '2026-01-05 01:00:00');
        INSERT INTO users (id, username, username_key, name, role, unit_id, password_hash,
            must_change_password, created_at, updated_at) VALUES
            ('u1', 'Sun', 'sun', '孙立新', 'coordination_office', 't1', 'hash', FALSE,
            '2026-01-05 01:00:00', '2026-01-05 01:00:00');
        INSERT INTO law_profiles (id, in_force_from, profile, created_at) VALUES
            ('l1', '2022-05-01', '{}', '2026-01-05 01:00:00');
        INSERT INTO cases (id, docid, township_id, number, number_key, kind, state, channel, purpose,
            category, severity, procedure, cause, village_id, people_count, collective, received_on,
            entered_at, first_receiver_id, registrar_id, registrar_unit_id, backlog, mediation, seal,
            accepted_before, extended, final_answered, due_on, last_step_on, law_profile_id, version,
            updated_at) VALUES
            ('c1', 1, 't1', '平川信〔2026〕00001号', '2026open00001', 'petition', 'registered', 'visit',
            'claim', 'rural', 'ordinary', 'ordinary', '土地流转费拖欠', 'v1', 1, FALSE, '2026-01-06',
            '2026-01-06 02:00:00', 'u1', 'u1', 't1', FALSE, FALSE, 'open', FALSE, FALSE, FALSE,
            '2026-01-21', '2026-01-06', 'l1', 1, '2026-01-06 02:00:00');
        INSERT INTO case_people (id, case_id, position, role, name, phone, follow_up, created_at) VALUES
            ('p1', 'c1', 0, 'petitioner', '张三', x'0102ff', '', '2026-01-06 02:00:00');
        INSERT INTO case_events (id, case_id, seq, kind, on_day, at, actor_id, actor_name, actor_unit,
            state, text, data) VALUES
            ('e1', 'c1', 1, 'registered', '2026-01-06', '2026-01-06 02:00:00', 'u1', '孙立新', '平川镇',
            'registered', '当面登记', '{}');
        INSERT INTO audit_log (id, at, user_id, user_name, township_id, action, case_id, detail) VALUES
            ('a1', '2026-01-06 02:00:00', 'u1', '孙立新', 't1', 'case_write', 'c1', '登记');";

    /// A database file as a release of before a migration has left it, with a little in it.
    pub(crate) fn left_by(folder: &Path, version: &str) -> (Conn, String) {
        let url = folder.join("old.db").display().to_string();
        let mut conn = loader(&url).unwrap();
        migrate_to(&mut conn, &before(version)).unwrap();
        assert_eq!(applied(&mut conn).unwrap(), before(version));
        conn.batch_execute(ROWS).unwrap();
        (conn, url)
    }

    /// Looks, as the program does now, that all of that is there, and what came later is empty.
    pub(crate) fn assert_nothing_lost(conn: &mut Conn) {
        let units = org::store::all(conn).unwrap();
        let names: Vec<&str> = units.iter().map(|unit| &*unit.name).collect();
        assert_eq!(names, ["平川镇", "五里墩村"]);
        assert!(units.iter().all(|unit| unit.merged_into.is_none()));
        let user = account::store::by_username(conn, "SUN").unwrap().unwrap();
        assert_eq!((user.id.as_str(), &*user.name), ("u1", "孙立新"));
        assert!(!user.second_factor && !user.disabled);
        let case = case::store::find(conn, "c1").unwrap().unwrap();
        assert_eq!(case.cause, "土地流转费拖欠");
        assert_eq!(case.number, "平川信〔2026〕00001号");
        assert_eq!(case.village_id.as_deref(), Some("v1"));
        assert_eq!(case.due_on.to_string(), "2026-01-21");
        assert_eq!((case.handed_up_to, case.offered_unit_id), (None, None));
        let people = case::store::people(conn, "c1").unwrap();
        assert_eq!(people.len(), 1);
        assert_eq!(people[0].name, "张三");
        assert_eq!(people[0].phone.as_deref(), Some(&[1, 2, 255][..]));
        assert!(!people[0].do_not_call);
        let events = case::store::events(conn, "c1").unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].text.as_deref(), Some("当面登记"));
        // What was of the installation is of its township now.
        let profiles: Vec<(String, String)> = law_profiles::table
            .select((law_profiles::id, law_profiles::township_id))
            .load(conn)
            .unwrap();
        assert_eq!(profiles, [("l1".to_owned(), "t1".to_owned())]);
    }

    /// A database in a directory of its own, which goes with it.
    pub(crate) fn temporary() -> (Db, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("test.db").display().to_string(), 2).unwrap();
        (db, dir)
    }

    #[test]
    fn addresses_say_which_database() {
        assert_eq!(
            Target::of("data/x.db"),
            Target::Sqlite("data/x.db".to_owned())
        );
        assert_eq!(
            Target::of("sqlite:///x.db"),
            Target::Sqlite("/x.db".to_owned())
        );
        assert_eq!(Target::of("sqlite:x.db"), Target::Sqlite("x.db".to_owned()));
        assert_eq!(
            Target::of("postgres://h/x"),
            Target::Postgres("postgres://h/x".to_owned())
        );
    }

    #[cfg(unix)]
    #[actix_web::test]
    async fn the_files_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("new/test.db").display().to_string(), 1).unwrap();
        db.write(|conn: &mut Conn| conn.batch_execute("CREATE TABLE t (x INTEGER)"))
            .await
            .unwrap();
        for entry in std::fs::read_dir(dir.path().join("new")).unwrap() {
            let mode = entry.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[actix_web::test]
    async fn readers_cannot_write() {
        let (db, _dir) = temporary();
        let write = |conn: &mut Conn| conn.batch_execute("CREATE TABLE t (x INTEGER)");
        assert!(db.read(write).await.is_err());
        assert!(db.read_heavy(write).await.is_err());
        assert!(db.write(write).await.is_ok());
    }
}
