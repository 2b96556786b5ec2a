//! Tables as they are, whatever they are: read and written by what the database says of its columns, so
//! that a new table is in the next backup without anybody thinking of it.
//!
//! Rows travel as JSON arrays in a form that does not depend on the database: truth values as such,
//! instants as `2026-03-10 02:00:00.123`, bytes in hexadecimal.

use chrono::{NaiveDateTime, SubsecRound};
use diesel::connection::DefaultLoadingMode;
use diesel::pg::PgRowByRowLoadingMode;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Error;
use crate::db::Conn;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Text,
    Integer,
    Bool,
    Timestamp,
    Date,
    Binary,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
}

/// How many rows, and the sum of their hashes: equal for equal rows in any order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Digest {
    pub(super) rows: u64,
    sum: [u64; 4],
}

impl Digest {
    fn add(&mut self, row: &str) {
        self.rows += 1;
        let hash = *blake3::hash(row.as_bytes()).as_bytes();
        for (sum, part) in self.sum.iter_mut().zip(hash.chunks_exact(8)) {
            let part = part.try_into().map_or(0, u64::from_le_bytes);
            *sum = sum.wrapping_add(part);
        }
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    data_type: String,
}

/// The search index is made anew from the cases; which migrations ran stands in the manifest.
const SQLITE: &str = "SELECT t.name AS table_name, c.name AS column_name, c.type AS data_type \
     FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c \
     WHERE t.type = 'table' AND substr(t.name, 1, 7) <> 'sqlite_' \
     AND substr(t.name, 1, 11) <> 'case_search' AND t.name <> '__diesel_schema_migrations' \
     ORDER BY t.name, c.cid";
const POSTGRES: &str = "SELECT c.table_name::text, c.column_name::text, c.data_type::text \
     FROM information_schema.columns AS c \
     JOIN information_schema.tables AS t USING (table_schema, table_name) \
     WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' \
     AND c.table_name NOT IN ('case_search', '__diesel_schema_migrations') \
     ORDER BY c.table_name COLLATE \"C\", c.ordinal_position";

fn kind_of(data_type: &str) -> Option<Kind> {
    Some(match data_type.to_ascii_lowercase().as_str() {
        "text" => Kind::Text,
        "integer" | "bigint" | "smallint" => Kind::Integer,
        "boolean" => Kind::Bool,
        "timestamp" | "timestamp without time zone" => Kind::Timestamp,
        "date" => Kind::Date,
        "blob" | "bytea" => Kind::Binary,
        _ => return None,
    })
}

/// All tables with data, by name.
pub(super) fn all(conn: &mut Conn) -> Result<Vec<Table>, Error> {
    let query = if conn.is_sqlite() { SQLITE } else { POSTGRES };
    let found: Vec<Found> = diesel::sql_query(query).load(conn)?;
    let mut tables: Vec<Table> = Vec::new();
    for Found {
        table_name,
        column_name,
        data_type,
    } in found
    {
        let kind = kind_of(&data_type).ok_or_else(|| {
            Error::Refused(format!(
                "表 {table_name} 的列 {column_name} 是 {data_type}，备份不认识这种类型。"
            ))
        })?;
        let column = Column {
            name: column_name,
            kind,
        };
        match tables.last_mut().filter(|table| table.name == table_name) {
            Some(table) => table.columns.push(column),
            None => tables.push(Table {
                name: table_name,
                columns: vec![column],
            }),
        }
    }
    Ok(tables)
}

/// A name as SQL takes it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Table {
    fn select(&self, sqlite: bool) -> String {
        let parts: Vec<String> = self
            .columns
            .iter()
            .map(|column| {
                let name = quoted(&column.name);
                match (column.kind, sqlite) {
                    (Kind::Binary, true) => {
                        format!("CASE WHEN {name} IS NULL THEN NULL ELSE lower(hex({name})) END")
                    }
                    (Kind::Binary, false) => format!("encode({name}, 'hex')"),
                    (Kind::Timestamp, false) => {
                        format!("to_char({name}, 'YYYY-MM-DD HH24:MI:SS.US')")
                    }
                    (Kind::Date, false) => format!("to_char({name}, 'YYYY-MM-DD')"),
                    _ => name,
                }
            })
            .collect();
        let parts = parts.join(", ");
        let table = quoted(&self.name);
        if sqlite {
            format!("SELECT json_array({parts}) AS line FROM {table}")
        } else {
            format!("SELECT json_build_array({parts})::text AS line FROM {table}")
        }
    }

    fn insert(&self, sqlite: bool) -> String {
        let names: Vec<String> = self
            .columns
            .iter()
            .map(|column| quoted(&column.name))
            .collect();
        let values: Vec<String> = self
            .columns
            .iter()
            .enumerate()
            .map(|(at, column)| {
                let value = if sqlite {
                    format!("json_extract(r.value, '$[{at}]')")
                } else {
                    format!("(r.value ->> {at})")
                };
                match (column.kind, sqlite) {
                    (Kind::Binary, true) => format!("unhex({value})"),
                    (Kind::Binary, false) => format!("decode({value}, 'hex')"),
                    (Kind::Integer, false) => format!("{value}::bigint"),
                    (Kind::Bool, false) => format!("{value}::boolean"),
                    (Kind::Timestamp, false) => format!("{value}::timestamp"),
                    (Kind::Date, false) => format!("{value}::date"),
                    _ => value,
                }
            })
            .collect();
        let rows = if sqlite {
            "json_each($1) AS r"
        } else {
            "jsonb_array_elements($1::jsonb) AS r(value)"
        };
        format!(
            "INSERT INTO {} ({}) SELECT {} FROM {rows}",
            quoted(&self.name),
            names.join(", "),
            values.join(", "),
        )
    }

    /// A row in the form that does not depend on the database.
    fn common(&self, line: &str) -> Result<String, Error> {
        let broken = |why: &str| Error::Refused(format!("表 {} 有读不懂的一行：{why}", self.name));
        let mut values: Vec<Value> =
            serde_json::from_str(line).map_err(|error| broken(&error.to_string()))?;
        if values.len() != self.columns.len() {
            return Err(broken("列数不符"));
        }
        for (value, column) in values.iter_mut().zip(&self.columns) {
            let common = match (column.kind, &*value) {
                (Kind::Bool, Value::Number(number)) => Value::Bool(number.as_i64() != Some(0)),
                (Kind::Timestamp, Value::String(text)) => {
                    let at = instant(text).ok_or_else(|| broken("时间无效"))?;
                    Value::String(at)
                }
                _ => continue,
            };
            *value = common;
        }
        serde_json::to_string(&values).map_err(|error| broken(&error.to_string()))
    }

    /// Reads all rows, in the common form.
    pub(super) fn read(
        &self,
        conn: &mut Conn,
        mut each: impl FnMut(&str) -> Result<(), Error>,
    ) -> Result<Digest, Error> {
        let query = diesel::sql_query(self.select(conn.is_sqlite()));
        let mut digest = Digest::default();
        let mut take = |line: QueryResult<Line>| {
            let row = self.common(&line?.line)?;
            digest.add(&row);
            each(&row)
        };
        match conn {
            Conn::Sqlite(conn) => {
                for line in query.load_iter::<Line, DefaultLoadingMode>(conn)? {
                    take(line)?;
                }
            }
            Conn::Postgres(conn) => {
                for line in query.load_iter::<Line, PgRowByRowLoadingMode>(conn)? {
                    take(line)?;
                }
            }
        }
        Ok(digest)
    }

    /// What is in it now.
    pub(super) fn digest(&self, conn: &mut Conn) -> Result<Digest, Error> {
        self.read(conn, |_| Ok(()))
    }

    /// Writes rows: a JSON array of them.
    pub(super) fn write(&self, conn: &mut Conn, rows: &str) -> QueryResult<()> {
        let insert = self.insert(conn.is_sqlite());
        diesel::sql_query(insert)
            .bind::<Text, _>(rows)
            .execute(conn)
            .map(drop)
    }
}

/// An instant as SQLite keeps it (`02:00:00`, `02:00:00.123`), to the microsecond, which is what
/// PostgreSQL keeps.
fn instant(text: &str) -> Option<String> {
    let text = text.replacen('T', " ", 1);
    let at = NaiveDateTime::parse_from_str(&text, "%F %T%.f").ok()?;
    Some(at.trunc_subsecs(6).format("%F %T%.f").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_one_way() {
        for (given, expected) in [
            ("2026-03-10 02:00:00", "2026-03-10 02:00:00"),
            ("2026-03-10 02:00:00.000000", "2026-03-10 02:00:00"),
            ("2026-03-10 02:00:00.120000", "2026-03-10 02:00:00.120"),
            ("2026-03-10T02:00:00.12", "2026-03-10 02:00:00.120"),
            ("2026-03-10 02:00:00.1234567", "2026-03-10 02:00:00.123456"),
        ] {
            assert_eq!(instant(given).as_deref(), Some(expected));
        }
        assert_eq!(instant("yesterday"), None);
    }

    #[test]
    fn the_order_of_rows_does_not_matter_but_their_number_does() {
        let digest = |rows: &[&str]| {
            let mut digest = Digest::default();
            rows.iter().for_each(|row| digest.add(row));
            digest
        };
        assert_eq!(digest(&["a", "b"]), digest(&["b", "a"]));
        assert_ne!(digest(&["a", "a"]), digest(&["b", "b"]));
        assert_ne!(digest(&["a"]), digest(&["a", "a"]));
        assert_ne!(digest(&["a"]), digest(&["c"]));
    }
}
