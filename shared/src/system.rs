//! The system page: how this installation stands. No content of cases, no personal data.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::terms;

terms! {
    /// Which database the data lies in.
    DatabaseKind, "数据库" {
        /// One file beside the program.
        Sqlite = "sqlite", "SQLite";
        /// A server.
        Postgres = "postgres", "PostgreSQL";
    }
}

terms! {
    /// What can pile up.
    QueueKind, "队列" {
        /// Writes that wait for the database.
        Writes = "writes", "待写入数据库";
        /// Messages that wait to be sent to chat robots.
        RobotMessages = "robot_messages", "待发群机器人消息";
        /// Deliveries that wait to be sent to webhooks.
        WebhookDeliveries = "webhook_deliveries", "待推送事件";
    }
}

/// How this installation stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct System {
    /// The program's version.
    pub version: String,
    /// When this process began to serve.
    pub started_at: DateTime<Utc>,
    /// The server's time, to be compared with one's own.
    pub now: DateTime<Utc>,
    /// The database.
    pub database: DatabaseStanding,
    /// Attachments, photos and workbooks that were imported.
    pub files: StoredFiles,
    /// Free bytes where the data directory lies; none where the system does not say.
    pub disk_free_bytes: Option<u64>,
    /// Backups.
    pub backup: BackupStanding,
    /// The audit log's seals.
    pub audit: AuditStanding,
    /// What waits.
    pub queues: Vec<QueueLength>,
}

/// The database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DatabaseStanding {
    /// Which.
    pub kind: DatabaseKind,
    /// Its own version, as it says it.
    pub version: String,
    /// Its size, in bytes.
    pub size_bytes: u64,
    /// The version of its schema: the last migration.
    pub schema: String,
}

/// Files that were uploaded; equal ones count once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StoredFiles {
    /// How many.
    pub count: u64,
    /// Their size, in bytes.
    pub size_bytes: u64,
}

/// Backups, as far as this installation made them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BackupStanding {
    /// Every how many hours one is made; none where backups are not scheduled.
    pub every_hours: Option<u32>,
    /// How many of the scheduled ones are kept.
    pub keep: u32,
    /// The last that was made.
    pub last: Option<BackupMade>,
    /// Its age in seconds.
    pub age_seconds: Option<u64>,
    /// Why the last attempt failed, where it did; none after one that succeeded.
    pub failure: Option<BackupFailed>,
    /// Whether it is time to do something: none was ever made, the last is older than it should be (two
    /// turns of the schedule, a week without one), or the last attempt failed.
    pub overdue: bool,
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BackupMade {
    /// As of when it is.
    pub at: DateTime<Utc>,
    /// The file's name.
    pub file: String,
    /// Its size, in bytes.
    pub size_bytes: u64,
    /// Whether the schedule made it; otherwise somebody at the command line.
    pub scheduled: bool,
}

/// A backup that was not made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BackupFailed {
    /// When it was tried.
    pub at: DateTime<Utc>,
    /// Why not, in words.
    pub reason: String,
}

/// The audit log's seals (`xinfang verify` checks them).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditStanding {
    /// How many seals there are.
    pub seals: u64,
    /// When the last was made.
    pub sealed_at: Option<DateTime<Utc>>,
}

/// How much waits somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QueueLength {
    /// Where.
    pub kind: QueueKind,
    /// How much.
    pub length: u64,
}

/// Without a schedule, a backup is wanted at least so often, in hours.
const WITHOUT_SCHEDULE: u32 = 7 * 24;

/// Whether somebody should look after backups: see [`BackupStanding::overdue`].
pub fn overdue(every_hours: Option<u32>, age_seconds: Option<u64>, failed: bool) -> bool {
    let patience = every_hours.map_or(WITHOUT_SCHEDULE, |hours| hours.saturating_mul(2));
    failed || age_seconds.is_none_or(|age| age > u64::from(patience) * 3600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_is_overdue_by_its_schedule() {
        for (every, age, failed, expected) in [
            (None, None, false, true),
            (Some(24), None, false, true),
            (Some(24), Some(0), false, false),
            (Some(24), Some(48 * 3600), false, false),
            (Some(24), Some(48 * 3600 + 1), false, true),
            (None, Some(7 * 24 * 3600), false, false),
            (None, Some(7 * 24 * 3600 + 1), false, true),
            (Some(24), Some(0), true, true),
        ] {
            assert_eq!(
                overdue(every, age, failed),
                expected,
                "{every:?} {age:?} {failed}"
            );
        }
    }
}
