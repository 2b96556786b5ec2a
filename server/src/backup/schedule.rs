//! Backups that are made by themselves. The scheduler only sees whether it is time; the work is done on a
//! thread of its own, so that nothing else waits for it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Duration, Utc};
use diesel::result::QueryResult;

use super::{ENDING, Error, SCHEDULED, make};
use crate::db;
use crate::state::State;
use crate::system::store::{Tried, last_scheduled, note};

/// How soon a backup that failed is tried again.
const AGAIN: i64 = 3600;

/// Whether one is being made in this process.
static AT_WORK: AtomicBool = AtomicBool::new(false);

/// Whether it is time, `last` being when it was tried last, and whether it succeeded.
fn is_due(every_hours: u32, last: Option<(DateTime<Utc>, bool)>, now: DateTime<Utc>) -> bool {
    let Some((at, well)) = last else {
        return true;
    };
    let every = i64::from(every_hours) * 3600;
    let wait = if well { every } else { AGAIN.min(every) };
    // A time that is yet to come is of a clock that was set back.
    at > now || now - at >= Duration::seconds(wait)
}

/// Begins a backup if it is time for one: a job of the scheduler.
///
/// # Errors
/// The database's own.
pub(crate) async fn tick(state: State, now: DateTime<Utc>) -> QueryResult<()> {
    let Some(every) = state.config.backup_every().filter(|_| !state.demo) else {
        return Ok(());
    };
    let last = state.db.read(last_scheduled).await?;
    if !is_due(every, last, now) || AT_WORK.swap(true, Ordering::SeqCst) {
        return Ok(());
    }
    let begun = std::thread::Builder::new()
        .name("xinfang-backup".to_owned())
        .spawn(move || {
            run(&state, now);
            AT_WORK.store(false, Ordering::SeqCst);
        });
    if let Err(error) = begun {
        AT_WORK.store(false, Ordering::SeqCst);
        tracing::error!(%error, "no thread for the backup");
    }
    Ok(())
}

fn run(state: &State, now: DateTime<Utc>) {
    let directory = state.config.backup_dir(false);
    let made = db::reader(&state.config.database_url(false))
        .map_err(Error::from)
        .and_then(|mut conn| make(&state.config, &mut conn, now, &directory, SCHEDULED));
    let mut tried = Tried::new(now, true);
    match made {
        Ok(made) => {
            tracing::info!(
                path = %made.path.display(), size = made.size, rows = made.end.rows,
                files = made.end.files, "a backup was made"
            );
            if !made.end.damaged.is_empty() {
                tracing::error!(
                    files = made.end.damaged.len(),
                    "files are missing or damaged; xinfang verify names them"
                );
            }
            tried.succeeded(&made);
            let keep =
                usize::try_from(state.config.backup.backup_keep.max(1)).unwrap_or(usize::MAX);
            if let Err(error) = keep_newest(&directory, keep) {
                tracing::error!(%error, "old backups were not removed");
            }
        }
        Err(error) => {
            tracing::error!(%error, "no backup was made");
            tried.error = Some(error.to_string());
        }
    }
    if let Err(error) = state.db.write_blocking(move |conn| note(conn, tried)) {
        tracing::error!(%error, "the backup was not noted");
    }
}

/// Removes scheduled backups but the newest. Their names sort by time.
fn keep_newest(directory: &Path, keep: usize) -> std::io::Result<()> {
    let mut names: Vec<_> = std::fs::read_dir(directory)?
        .filter_map(Result::ok)
        .map(|entry| entry.file_name())
        .filter(|name| {
            let name = name.to_string_lossy();
            name.starts_with(SCHEDULED) && name.ends_with(&format!(".{ENDING}"))
        })
        .collect();
    names.sort();
    names.reverse();
    for name in names.iter().skip(keep) {
        std::fs::remove_file(directory.join(name))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_time_by_the_schedule_and_sooner_after_a_failure() {
        let now: DateTime<Utc> = "2026-03-10T02:00:00Z".parse().unwrap();
        let ago = |hours: i64, well| Some((now - Duration::hours(hours), well));
        for (every, last, expected) in [
            (24, None, true),
            (24, ago(23, true), false),
            (24, ago(24, true), true),
            (24, ago(0, false), false),
            (24, ago(1, false), true),
            (1, ago(1, true), true),
            (24, ago(-1, true), true),
        ] {
            assert_eq!(is_due(every, last, now), expected, "{every} {last:?}");
        }
    }

    #[test]
    fn the_newest_of_the_schedule_stay_and_all_others() {
        let directory = tempfile::tempdir().unwrap();
        let names = [
            "xinfang-auto-20260301-020000.xfb",
            "xinfang-auto-20260302-020000.xfb",
            "xinfang-auto-20260303-020000.xfb",
            "xinfang-20260101-020000.xfb",
            "xinfang-auto-20260101.txt",
        ];
        for name in names {
            std::fs::write(directory.path().join(name), "").unwrap();
        }
        keep_newest(directory.path(), 2).unwrap();
        let there = |name: &str| directory.path().join(name).exists();
        assert_eq!(names.map(there), [false, true, true, true, true]);
    }
}
