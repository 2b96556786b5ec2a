//! The connection type, by itself because of what its derive makes.

use diesel::{PgConnection, SqliteConnection};

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// SQLite.
    Sqlite(SqliteConnection),
    /// PostgreSQL.
    Postgres(PgConnection),
}

/// Runs a statement on whichever connection it is, compiled for each of them. [`Conn`] by itself
/// writes a statement's text anew with every execution, and takes no `returning`, batches, upserts.
macro_rules! on_either {
    ($conn:expr, |$own:ident| $run:expr) => {
        match $conn {
            $crate::db::Conn::Sqlite($own) => $run,
            $crate::db::Conn::Postgres($own) => $run,
        }
    };
}
pub(crate) use on_either;

impl Conn {
    /// Whether this is SQLite.
    pub fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }
}
