//! Brings the schema up to date. Migrations are inside the binary.

use diesel::connection::SimpleConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Conn, Error, Target};

const SQLITE: EmbeddedMigrations = embed_migrations!("../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../migrations/postgres");

/// What `xinfang migrate` did, by name.
pub type Migrated = Vec<String>;

/// Runs what is pending, and answers what it ran.
pub(super) fn run(conn: &mut Conn) -> Result<Migrated, Error> {
    let ran = match conn {
        Conn::Sqlite(conn) => conn.run_pending_migrations(SQLITE).map(names),
        Conn::Postgres(conn) => {
            // Servers that start at once take turns.
            conn.batch_execute("SELECT pg_advisory_lock(7236453)")
                .map_err(|e| Error::Migrate(e.to_string()))?;
            let ran = conn.run_pending_migrations(POSTGRES).map(names);
            conn.batch_execute("SELECT pg_advisory_unlock(7236453)")
                .map_err(|e| Error::Migrate(e.to_string()))?;
            ran
        }
    };
    ran.map_err(|e| Error::Migrate(e.to_string()))
}

fn names(versions: Vec<diesel::migration::MigrationVersion<'_>>) -> Migrated {
    versions.iter().map(ToString::to_string).collect()
}

/// Takes every migration back; everything in the database is gone. For tests.
///
/// # Errors
/// The database cannot be opened, or a step back fails.
#[doc(hidden)]
pub fn revert_all(url: &str) -> Result<Migrated, Error> {
    let mut conn = Target::of(url)
        .connect(super::Access::Write)
        .map_err(|e| Error::Open(e.to_string()))?;
    let reverted = match &mut conn {
        Conn::Sqlite(conn) => conn.revert_all_migrations(SQLITE).map(names),
        Conn::Postgres(conn) => conn.revert_all_migrations(POSTGRES).map(names),
    };
    reverted.map_err(|e| Error::Migrate(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_can_be_taken_back_and_run_again() {
        let dir = tempfile::tempdir().unwrap();
        let url = dir.path().join("test.db").display().to_string();
        for _ in 0..2 {
            let mut conn = Target::of(&url)
                .connect(super::super::Access::Write)
                .unwrap();
            let ran = run(&mut conn).unwrap();
            assert!(!ran.is_empty());
            assert_eq!(revert_all(&url).unwrap().len(), ran.len());
        }
    }

    #[test]
    fn both_databases_have_the_same_migrations() {
        let names = |dir: &str| {
            let mut names: Vec<_> = std::fs::read_dir(dir)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        assert_eq!(
            names("../migrations/sqlite"),
            names("../migrations/postgres")
        );
    }
}
