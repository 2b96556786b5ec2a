//! Puts together how this installation stands.

use std::path::Path;

use diesel::result::Error as DieselError;
use shared::access::{Action, Denied, Facts, can};
use shared::system::{
    AuditStanding, BackupStanding, DatabaseKind, DatabaseStanding, QueueKind, QueueLength, System,
    overdue,
};

use super::store;
use crate::auth::Actor;
use crate::error::ApiError;
use crate::state::State;

/// Why it is not shown.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Database(#[from] DieselError),
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(denied) => denied.into(),
            Error::Database(error) => error.into(),
        }
    }
}

/// How it stands, for the administrator.
pub(super) async fn show(state: &State, actor: &Actor) -> Result<System, Error> {
    can(actor, Action::ViewSystem, Facts::None)?;
    Ok(standing(state).await?)
}

/// How it stands.
///
/// # Errors
/// The database's own.
pub(crate) async fn standing(state: &State) -> Result<System, DieselError> {
    let found = state.db.read_heavy(store::all).await?;
    let now = state.clock.now();
    let every_hours = state.config.backup_every();
    let age_seconds = found.last.as_ref().map(|made| {
        let age = now - made.at;
        age.num_seconds().max(0).unsigned_abs()
    });
    let size_bytes = match state.db.file() {
        Some(file) => size_on_disk(file),
        None => found.size,
    };
    Ok(System {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: state.started_at,
        now,
        database: DatabaseStanding {
            kind: if state.db.is_sqlite() {
                DatabaseKind::Sqlite
            } else {
                DatabaseKind::Postgres
            },
            version: found.version,
            size_bytes,
            schema: found.schema,
        },
        files: found.files,
        disk_free_bytes: free(&state.config.storage.data_dir),
        backup: BackupStanding {
            every_hours,
            keep: state.config.backup.backup_keep,
            overdue: overdue(every_hours, age_seconds, found.failure.is_some()),
            last: found.last,
            age_seconds,
            failure: found.failure,
        },
        audit: AuditStanding {
            seals: found.seals,
            sealed_at: found.sealed_at,
        },
        queues: vec![
            QueueLength {
                kind: QueueKind::Writes,
                length: state.db.queued(),
            },
            QueueLength {
                kind: QueueKind::RobotMessages,
                length: found.robot_messages,
            },
            QueueLength {
                kind: QueueKind::WebhookDeliveries,
                length: found.webhook_deliveries,
            },
        ],
    })
}

/// The file with its log.
fn size_on_disk(file: &Path) -> u64 {
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |about| about.len());
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    size(file) + size(Path::new(&log))
}

/// Free bytes where `path` lies, for somebody who is not root.
pub(crate) fn free(path: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let about = rustix::fs::statvfs(path).ok()?;
        Some(about.f_bavail.saturating_mul(about.f_frsize))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}
