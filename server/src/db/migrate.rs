//! Brings the schema up to date. Migrations are inside the binary.

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::result::QueryResult;
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

/// The versions that the program knows, in order.
pub(crate) fn known() -> Migrated {
    use diesel::migration::{Migration, MigrationSource};
    // Both have the same: a test sees to it.
    let all: Vec<Box<dyn Migration<diesel::sqlite::Sqlite>>> =
        MigrationSource::migrations(&SQLITE).unwrap_or_default();
    let mut known: Migrated = all
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect();
    known.sort();
    known
}

#[derive(diesel::QueryableByName)]
struct Version {
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
}

/// The versions that a database has, in order; none where it is empty. Writes nothing.
///
/// # Errors
/// The database's own.
pub(crate) fn applied(conn: &mut Conn) -> QueryResult<Migrated> {
    let there = if conn.is_sqlite() {
        "SELECT name AS version FROM sqlite_schema WHERE name = '__diesel_schema_migrations'"
    } else {
        "SELECT table_name::text AS version FROM information_schema.tables \
         WHERE table_schema = current_schema() AND table_name = '__diesel_schema_migrations'"
    };
    if diesel::sql_query(there).load::<Version>(conn)?.is_empty() {
        return Ok(Migrated::new());
    }
    let versions = diesel::sql_query(
        "SELECT CAST(version AS TEXT) AS version FROM __diesel_schema_migrations",
    )
    .load::<Version>(conn)?;
    let mut versions: Migrated = versions.into_iter().map(|row| row.version).collect();
    versions.sort();
    Ok(versions)
}

/// Brings the schema of a database without data to just these versions.
///
/// # Errors
/// A migration fails.
pub(crate) fn migrate_to(conn: &mut Conn, wanted: &[String]) -> Result<(), Error> {
    let failed = |error: &dyn std::fmt::Display| Error::Migrate(error.to_string());
    let there = applied(conn).map_err(|error| failed(&error))?;
    let too_far = there.iter().any(|version| !wanted.contains(version));
    macro_rules! bring {
        ($conn:expr, $source:expr) => {{
            if too_far {
                $conn
                    .revert_all_migrations($source)
                    .map_err(|error| failed(&error))?;
            }
            let pending = $conn
                .pending_migrations($source)
                .map_err(|error| failed(&error))?;
            for migration in pending {
                if wanted.contains(&migration.name().version().to_string()) {
                    $conn
                        .run_migration(&migration)
                        .map_err(|error| failed(&error))?;
                }
            }
        }};
    }
    match conn {
        Conn::Sqlite(conn) => bring!(conn, SQLITE),
        Conn::Postgres(conn) => bring!(conn, POSTGRES),
    }
    Ok(())
}

/// Waits, in a transaction, until no server brings the schema up to date.
///
/// # Errors
/// The database's own.
pub(crate) fn take_turns(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(_) => Ok(()),
        Conn::Postgres(conn) => conn.batch_execute("SELECT pg_advisory_xact_lock(7236453)"),
    }
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

    /// As an upgrade does it: an old database is opened by the program of now.
    #[test]
    fn an_old_database_comes_up_to_date_with_nothing_lost() {
        use super::super::Db;
        use super::super::tests::{OLD, assert_nothing_lost, before, left_by};
        for version in OLD {
            let folder = tempfile::tempdir().unwrap();
            let (conn, url) = left_by(folder.path(), version);
            drop(conn);
            let db = Db::open(&url, 1).unwrap();
            let ran = db.migrated();
            assert_eq!(ran.len() + before(version).len(), known().len());
            assert_eq!(ran[0], version);
            db.read_blocking(|conn| {
                assert_nothing_lost(conn);
                Ok::<_, diesel::result::Error>(())
            })
            .unwrap();
            // Not a second time.
            drop(db);
            assert!(Db::open(&url, 1).unwrap().migrated().is_empty());
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
