//! The databases under test: a SQLite file beside the data, or one database of a PostgreSQL server.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};

/// What every database of the tests is called; the process's id follows.
const PREFIX: &str = "xinfang_test_";

/// The database of one app. PostgreSQL's goes with it.
#[derive(Debug)]
pub enum Database {
    /// The file in the data directory.
    Sqlite,
    /// A database of its own.
    Postgres {
        /// The server's administrator.
        admin: String,
        /// The database.
        name: String,
    },
}

/// The address of the PostgreSQL server to test with, if one is to be tested with.
fn server() -> Option<String> {
    if std::env::var("XINFANG_TEST_DB").is_ok_and(|wanted| wanted == "sqlite") {
        return None;
    }
    let address = std::env::var("XINFANG_TEST_PG").ok();
    let address = address.filter(|address| !address.is_empty());
    let wanted = std::env::var("XINFANG_TEST_DB").unwrap_or_default();
    assert!(
        wanted != "postgres" || address.is_some(),
        "XINFANG_TEST_DB=postgres needs XINFANG_TEST_PG=postgres://admin:password@host:port/postgres"
    );
    address
}

impl Database {
    /// A new, empty one.
    pub fn create() -> Self {
        let Some(admin) = server() else {
            return Self::Sqlite;
        };
        drop_orphans(&admin);
        let name = new_name();
        psql(&admin, &format!("CREATE DATABASE {name}"));
        Self::Postgres { admin, name }
    }

    /// A copy of one that nobody is connected to. A SQLite file is copied with its directory.
    pub fn copy(&self) -> Self {
        match self {
            Self::Sqlite => Self::Sqlite,
            Self::Postgres {
                admin,
                name: original,
            } => {
                let name = new_name();
                psql(
                    admin,
                    &format!("CREATE DATABASE {name} TEMPLATE {original}"),
                );
                Self::Postgres {
                    admin: admin.clone(),
                    name,
                }
            }
        }
    }

    /// What the server's `DATABASE_URL` is; none for the file in the data directory.
    pub fn url(&self) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres { admin, name } => Some(of_database(admin, name)),
        }
    }
}

impl Database {
    /// Runs statements as whoever owns the data might, past the program.
    pub fn run(&self, data_dir: &std::path::Path, sql: &str) {
        match self {
            Self::Postgres { admin, name } => {
                psql(&of_database(admin, name), sql);
            }
            Self::Sqlite => {
                let file = data_dir.join("xinfang.db").display().to_string();
                let mut conn = SqliteConnection::establish(&file).expect("the file");
                conn.batch_execute("PRAGMA busy_timeout=5000; PRAGMA foreign_keys=OFF")
                    .expect("its settings");
                if let Err(error) = conn.batch_execute(sql) {
                    panic!("{sql}: {error}");
                }
            }
        }
    }

    /// All rows of all tables of PostgreSQL, as text; nothing of SQLite, which lies in a file.
    pub(crate) fn rows(&self) -> String {
        let Self::Postgres { admin, name } = self else {
            return String::new();
        };
        let address = of_database(admin, name);
        let tables = psql(
            &address,
            "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema()",
        );
        let selects: Vec<String> = tables
            .lines()
            .map(|table| format!("SELECT t::text FROM {table} AS t"))
            .collect();
        psql(&address, &selects.join(" UNION ALL "))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Self::Postgres { admin, name } = self {
            // One that stays is dropped by the next run.
            let _ = run(
                admin,
                &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            );
        }
    }
}

fn new_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{PREFIX}{}_{number}", std::process::id())
}

/// The address of another database of the same server.
fn of_database(admin: &str, name: &str) -> String {
    let (address, parameters) = match admin.split_once('?') {
        Some((address, parameters)) => (address, format!("?{parameters}")),
        None => (admin, String::new()),
    };
    let (scheme, rest) = address.split_once("://").expect("a postgres:// address");
    let host = rest.split_once('/').map_or(rest, |(host, _)| host);
    format!("{scheme}://{host}/{name}{parameters}")
}

/// Debian's `psql` in the path is a script that looks for this one, which takes longer than what it
/// is asked for.
static PSQL: LazyLock<PathBuf> = LazyLock::new(|| {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    versions
        .filter_map(Result::ok)
        .map(|version| version.path().join("bin/psql"))
        .find(|path| path.is_file())
        .unwrap_or_else(|| PathBuf::from("psql"))
});

fn run(address: &str, sql: &str) -> std::io::Result<std::process::Output> {
    Command::new(&*PSQL)
        .args([
            "-X",
            "-A",
            "-t",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            sql,
            address,
        ])
        .output()
}

/// Runs a statement as the administrator; answers what it prints.
fn psql(address: &str, sql: &str) -> String {
    let output = run(address, sql).expect("psql, of Debian's package postgresql-client");
    assert!(
        output.status.success(),
        "{sql}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Drops the databases of test programs that are no more: the base lives as long as its program,
/// and a program that is killed leaves all of its own.
fn drop_orphans(admin: &str) {
    let names = psql(
        admin,
        &format!("SELECT datname FROM pg_database WHERE starts_with(datname, '{PREFIX}')"),
    );
    for name in names.lines().map(str::trim) {
        let process = name
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split_once('_'))
            .and_then(|(process, _)| process.parse::<u32>().ok());
        let is_orphan = process
            .is_some_and(|process| !std::path::Path::new(&format!("/proc/{process}")).exists());
        if is_orphan {
            let _ = run(
                admin,
                &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_database_of_the_same_server() {
        for (admin, expected) in [
            ("postgres://u:p@h:1/postgres", "postgres://u:p@h:1/x"),
            (
                "postgres://u@h/postgres?sslmode=disable",
                "postgres://u@h/x?sslmode=disable",
            ),
            ("postgresql://h", "postgresql://h/x"),
        ] {
            assert_eq!(of_database(admin, "x"), expected);
        }
    }
}
