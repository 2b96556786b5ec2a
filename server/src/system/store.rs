//! What the database knows of how the installation stands.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use shared::system::{BackupFailed, BackupMade, StoredFiles};
use shared::term::Term as _;
use shared::webhook::DeliveryState;

use crate::db::{Conn, on_either};
use crate::schema::{audit_seals, backups, robot_messages, webhook_deliveries};

/// All of it.
pub(super) struct Found {
    /// The database's version, in its words.
    pub(super) version: String,
    /// Its size; on SQLite the file says it better.
    pub(super) size: u64,
    pub(super) schema: String,
    pub(super) files: StoredFiles,
    pub(super) last: Option<BackupMade>,
    pub(super) failure: Option<BackupFailed>,
    pub(super) seals: u64,
    pub(super) sealed_at: Option<DateTime<Utc>>,
    pub(super) robot_messages: u64,
    pub(super) webhook_deliveries: u64,
}

#[derive(QueryableByName)]
struct About {
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = BigInt)]
    size: i64,
}

#[derive(QueryableByName)]
struct Schema {
    #[diesel(sql_type = Text)]
    version: String,
}

#[derive(QueryableByName)]
struct Files {
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = BigInt)]
    size: i64,
}

/// Files by their content: `attachments/` holds those of cases and photos, `imports/` workbooks.
const FILES: &str = "SELECT COUNT(*) AS count, CAST(COALESCE(SUM(size), 0) AS BIGINT) AS size FROM (\
     SELECT hash, size FROM case_attachments UNION SELECT hash, size FROM photos \
     UNION SELECT hash, size FROM imports) AS files";

fn some(count: i64) -> u64 {
    count.unsigned_abs()
}

/// Looks at all of it.
pub(super) fn all(conn: &mut Conn) -> QueryResult<Found> {
    let about = if conn.is_sqlite() {
        "SELECT sqlite_version() AS version, 0 AS size"
    } else {
        "SELECT current_setting('server_version') AS version, pg_database_size(current_database()) AS size"
    };
    let about: About = diesel::sql_query(about).get_result(conn)?;
    let schema: Schema = diesel::sql_query(
        "SELECT CAST(MAX(version) AS TEXT) AS version FROM __diesel_schema_migrations",
    )
    .get_result(conn)?;
    let files: Files = diesel::sql_query(FILES).get_result(conn)?;
    let (last, failure) = backups(conn)?;
    let seals: i64 = audit_seals::table.count().get_result(conn)?;
    let sealed_at: Option<NaiveDateTime> = audit_seals::table
        .order(audit_seals::seq.desc())
        .select(audit_seals::at)
        .first(conn)
        .optional()?;
    let waiting: i64 = robot_messages::table
        .filter(robot_messages::sent_at.is_null())
        .count()
        .get_result(conn)?;
    let deliveries: i64 = webhook_deliveries::table
        .filter(webhook_deliveries::state.eq(DeliveryState::Waiting.code()))
        .count()
        .get_result(conn)?;
    Ok(Found {
        version: about.version,
        size: some(about.size),
        schema: schema.version,
        files: StoredFiles {
            count: some(files.count),
            size_bytes: some(files.size),
        },
        last,
        failure,
        seals: some(seals),
        sealed_at: sealed_at.map(|at| at.and_utc()),
        robot_messages: some(waiting),
        webhook_deliveries: some(deliveries),
    })
}

/// The last backup that was made, and the failure after it, if there is one.
fn backups(conn: &mut Conn) -> QueryResult<(Option<BackupMade>, Option<BackupFailed>)> {
    let last = backups::table
        .filter(backups::error.is_null())
        .order(backups::at.desc())
        .select((
            backups::at,
            backups::file,
            backups::size,
            backups::scheduled,
        ))
        .first::<(NaiveDateTime, String, i64, bool)>(conn)
        .optional()?;
    let failure = backups::table
        .filter(backups::error.is_not_null())
        .order(backups::at.desc())
        .select((backups::at, backups::error.assume_not_null()))
        .first::<(NaiveDateTime, String)>(conn)
        .optional()?;
    let since = last.as_ref().map(|(at, ..)| *at);
    let failure = failure.filter(|(at, _)| since.is_none_or(|since| *at > since));
    Ok((
        last.map(|(at, file, size, scheduled)| BackupMade {
            at: at.and_utc(),
            file,
            size_bytes: some(size),
            scheduled,
        }),
        failure.map(|(at, reason)| BackupFailed {
            at: at.and_utc(),
            reason,
        }),
    ))
}

/// A backup that was tried.
#[derive(Debug, Insertable)]
#[diesel(table_name = backups, treat_none_as_default_value = false)]
pub(crate) struct Tried {
    /// Its id.
    pub(crate) id: String,
    /// As of when.
    pub(crate) at: NaiveDateTime,
    /// Whether the schedule asked for it.
    pub(crate) scheduled: bool,
    /// The file's name.
    pub(crate) file: String,
    /// The file's size.
    pub(crate) size: i64,
    /// Rows in it.
    pub(crate) row_count: i64,
    /// Files in it.
    pub(crate) file_count: i64,
    /// Why there is none.
    pub(crate) error: Option<String>,
}

impl Tried {
    /// An attempt of which nothing has come yet.
    pub(crate) fn new(at: DateTime<Utc>, scheduled: bool) -> Self {
        Self {
            id: crate::ids::new_id(),
            at: at.naive_utc(),
            scheduled,
            file: String::new(),
            size: 0,
            row_count: 0,
            file_count: 0,
            error: None,
        }
    }

    /// What has come of it.
    pub(crate) fn succeeded(&mut self, made: &crate::backup::Made) {
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.file = made
            .path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        self.size = count(made.size);
        self.row_count = count(made.end.rows);
        self.file_count = count(made.end.files);
    }
}

/// How many attempts are remembered.
const REMEMBERED: i64 = 500;

/// Notes a backup that was tried, and forgets those of long ago.
pub(crate) fn note(conn: &mut Conn, tried: Tried) -> QueryResult<()> {
    on_either!(conn, |conn| diesel::insert_into(backups::table)
        .values(tried)
        .execute(conn))?;
    let oldest: Option<NaiveDateTime> = backups::table
        .order(backups::at.desc())
        .offset(REMEMBERED)
        .select(backups::at)
        .first(conn)
        .optional()?;
    if let Some(oldest) = oldest {
        diesel::delete(backups::table.filter(backups::at.le(oldest))).execute(conn)?;
    }
    Ok(())
}

/// When a scheduled backup was last tried: as of when, and whether it succeeded.
pub(crate) fn last_scheduled(conn: &mut Conn) -> QueryResult<Option<(DateTime<Utc>, bool)>> {
    let last = backups::table
        .filter(backups::scheduled.eq(true))
        .order(backups::at.desc())
        .select((backups::at, backups::error.is_null()))
        .first::<(NaiveDateTime, bool)>(conn)
        .optional()?;
    Ok(last.map(|(at, well)| (at.and_utc(), well)))
}
