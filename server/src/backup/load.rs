//! Puts into an empty database what `dump` took out. It is called in a transaction: all of it comes, or
//! nothing.

use std::io::Read;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::Error;
use super::form::{End, FORM, FileEnd, FileHead, Frame, Manifest, Reading};
use super::tables::{self, Table, quoted};
use crate::context::RequestContext;
use crate::db::{self, Conn};
use crate::{audit, case};
use shared::audit::AuditAction;

/// Takes the files of a backup.
pub(super) trait Files {
    /// A file begins.
    fn begin(&mut self, head: &FileHead) -> Result<(), Error>;
    /// More of it.
    fn data(&mut self, data: &[u8]) -> Result<(), Error>;
    /// It ends.
    fn end(&mut self, end: &FileEnd) -> Result<(), Error>;
}

/// Takes none: for what is moved without files, and for a look whether a backup is good.
pub(super) struct NoFiles;

impl Files for NoFiles {
    fn begin(&mut self, _: &FileHead) -> Result<(), Error> {
        Ok(())
    }
    fn data(&mut self, _: &[u8]) -> Result<(), Error> {
        Ok(())
    }
    fn end(&mut self, _: &FileEnd) -> Result<(), Error> {
        Ok(())
    }
}

/// Something is where it must not be: a fault of the program that wrote it.
fn misplaced() -> Error {
    Error::Refused("备份的内容顺序不对，不能使用。".to_owned())
}

/// Reads the head, and refuses what this release cannot take.
pub(super) fn manifest(reading: &mut Reading<impl Read>) -> Result<Manifest, Error> {
    let Frame::Manifest(manifest) = reading.next()? else {
        return Err(misplaced());
    };
    let known = db::known();
    let newer = manifest.form > FORM
        || manifest
            .migrations
            .iter()
            .any(|migration| !known.contains(migration));
    if newer {
        return Err(Error::Refused(format!(
            "这份数据来自更新的版本（{}），当前程序是 {}。请先升级程序。",
            manifest.program,
            env!("CARGO_PKG_VERSION"),
        )));
    }
    Ok(manifest)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Whether nobody has begun to use the database: it has no users and no cases. What is there may have
/// been made by a start of the server.
pub(super) fn is_unused(conn: &mut Conn) -> Result<bool, Error> {
    let tables = tables::all(conn)?;
    for name in ["users", "cases", "units"] {
        if tables.iter().any(|table| table.name == name) {
            let query = format!("SELECT COUNT(*) AS count FROM {name}");
            if diesel::sql_query(query).get_result::<Count>(conn)?.count > 0 {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Fills the database; answers what the end of the stream says.
pub(super) fn load(
    conn: &mut Conn,
    manifest: &Manifest,
    reading: &mut Reading<impl Read>,
    files: &mut dyn Files,
) -> Result<End, Error> {
    db::migrate_to(conn, &manifest.migrations)?;
    let tables = tables::all(conn)?;
    let bonds = loosen(conn, &tables)?;
    for table in &tables {
        diesel::sql_query(format!("DELETE FROM {}", quoted(&table.name))).execute(conn)?;
    }
    let mut open: Option<Table> = None;
    let mut rows = 0;
    let end = loop {
        match reading.next()? {
            Frame::Table(table) if open.is_none() => {
                open = Some(same(&tables, table)?);
            }
            Frame::Rows(rows) => {
                let table = open.as_ref().ok_or_else(misplaced)?;
                table.write(conn, &rows)?;
            }
            Frame::TableEnd(end) => {
                let table = open.take().ok_or_else(misplaced)?;
                if table.digest(conn)? != end.digest {
                    return Err(Error::Refused(format!(
                        "表 {} 写入后核对不符，没有采用。",
                        table.name
                    )));
                }
                rows += end.digest.rows;
            }
            Frame::File(head) => files.begin(&head)?,
            Frame::Data(data) => files.data(&data)?,
            Frame::FileEnd(end) => files.end(&end)?,
            Frame::End(end) if open.is_none() => break end,
            Frame::Table(_) | Frame::Manifest(_) | Frame::End(_) => return Err(misplaced()),
        }
    };
    reading.is_over()?;
    if rows != end.rows {
        return Err(misplaced());
    }
    tighten(conn, &tables, bonds)?;
    db::migrate_to(conn, &db::known())?;
    Ok(end)
}

/// Reads all of a stream without keeping anything of it.
pub(super) fn check(reading: &mut Reading<impl Read>) -> Result<(Manifest, End), Error> {
    let manifest = manifest(reading)?;
    loop {
        if let Frame::End(end) = reading.next()? {
            reading.is_over()?;
            return Ok((manifest, end));
        }
    }
}

/// The table, if the database has it with the same columns.
fn same(tables: &[Table], table: Table) -> Result<Table, Error> {
    let here = tables.iter().find(|here| here.name == table.name);
    let fits = here.is_some_and(|here| {
        here.columns.len() == table.columns.len()
            && table
                .columns
                .iter()
                .all(|column| here.columns.contains(column))
    });
    if fits {
        Ok(table)
    } else {
        Err(Error::Refused(format!(
            "表 {} 与当前数据库结构不符，没有采用。",
            table.name
        )))
    }
}

/// A foreign key of PostgreSQL, to be put back.
#[derive(QueryableByName)]
struct Bond {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    definition: String,
}

/// Takes away what would refuse rows in the wrong order, and the triggers that keep the audit log from
/// being emptied. On SQLite the connection was opened without foreign keys, and the file is new.
fn loosen(conn: &mut Conn, tables: &[Table]) -> Result<Vec<Bond>, Error> {
    if conn.is_sqlite() {
        return Ok(Vec::new());
    }
    let bonds: Vec<Bond> = diesel::sql_query(
        "SELECT t.relname::text AS table_name, c.conname::text AS name, \
         pg_get_constraintdef(c.oid)::text AS definition \
         FROM pg_constraint AS c JOIN pg_class AS t ON t.oid = c.conrelid \
         JOIN pg_namespace AS n ON n.oid = t.relnamespace \
         WHERE c.contype = 'f' AND n.nspname = current_schema() ORDER BY 1, 2",
    )
    .load(conn)?;
    for bond in &bonds {
        conn.batch_execute(&format!(
            "ALTER TABLE {} DROP CONSTRAINT {}",
            quoted(&bond.table_name),
            quoted(&bond.name)
        ))?;
    }
    for table in tables {
        conn.batch_execute(&format!(
            "ALTER TABLE {} DISABLE TRIGGER USER",
            quoted(&table.name)
        ))?;
    }
    Ok(bonds)
}

/// Puts that back; the database checks each row for it.
fn tighten(conn: &mut Conn, tables: &[Table], bonds: Vec<Bond>) -> Result<(), Error> {
    if conn.is_sqlite() {
        let loose = diesel::sql_query("SELECT COUNT(*) AS count FROM pragma_foreign_key_check()");
        return match loose.get_result::<Count>(conn)?.count {
            0 => Ok(()),
            some => Err(Error::Refused(format!(
                "有 {some} 行所引用的数据不存在，没有采用。"
            ))),
        };
    }
    for table in tables {
        conn.batch_execute(&format!(
            "ALTER TABLE {} ENABLE TRIGGER USER",
            quoted(&table.name)
        ))?;
    }
    for bond in bonds {
        conn.batch_execute(&format!(
            "ALTER TABLE {} ADD CONSTRAINT {} {}",
            quoted(&bond.table_name),
            quoted(&bond.name),
            bond.definition
        ))?;
    }
    Ok(())
}

/// What has to become another where data begins a second life: cursors of the change feed are of the
/// first, sign-ins have ended, the search index is the database's own. Notes in the audit log how it
/// came here.
pub(super) fn settle(conn: &mut Conn, context: &RequestContext, how: String) -> Result<(), Error> {
    for statement in [
        // By no mark of another database: see `case::feed`.
        "UPDATE cases SET changed = 0 WHERE changed <> 0",
        "DELETE FROM case_scopes",
        "DELETE FROM refresh_tokens",
        "DELETE FROM sessions",
        "DELETE FROM scheduler_lease",
    ] {
        diesel::sql_query(statement).execute(conn)?;
    }
    case::renew_feed(conn)?;
    case::rebuild_index(conn)?;
    let entry = audit::Entry::new(AuditAction::Backup, how);
    Ok(audit::append_anonymous(
        conn,
        context,
        Some("命令行"),
        entry,
    )?)
}

#[cfg(test)]
mod tests {
    use super::super::dump;
    use super::super::form::Frames;
    use super::*;
    use crate::clock::Clock;
    use crate::db::tests::{OLD, assert_nothing_lost, before, left_by};

    /// What `xinfang backup` of a release of before a migration has written, without its seal.
    fn written_by(version: &str, migrations: Vec<String>) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let (mut conn, _) = left_by(folder.path(), version);
        let mut frames = Frames::new(Vec::new());
        let manifest = Manifest {
            form: FORM,
            program: "0.0.1".to_owned(),
            at: "2026-01-07T02:00:00Z".parse().unwrap(),
            database: "sqlite".to_owned(),
            migrations,
            seal: None,
        };
        frames.manifest(&manifest).unwrap();
        let mut end = End::default();
        for table in tables::all(&mut conn).unwrap() {
            end.rows += dump::write_table(&mut conn, &mut frames, &table).unwrap();
        }
        frames.end(&end).unwrap();
        frames.into_inner()
    }

    #[test]
    fn a_backup_of_an_older_release_comes_up_to_date_with_nothing_lost() {
        for version in OLD {
            let backup = written_by(version, before(version));
            let mut reading = Reading::new(&*backup);
            let manifest = manifest(&mut reading).unwrap();
            assert!(manifest.migrations.len() < db::known().len());
            let folder = tempfile::tempdir().unwrap();
            let url = folder.path().join("new.db").display().to_string();
            let mut conn = db::loader(&url).unwrap();
            let context = RequestContext::local(&Clock::system());
            let end = conn.transaction(|conn| {
                let end = load(conn, &manifest, &mut reading, &mut NoFiles)?;
                settle(conn, &context, "从备份恢复".to_owned())?;
                Ok::<_, Error>(end)
            });
            assert!(end.unwrap().rows > 8);
            assert_eq!(db::applied(&mut conn).unwrap(), db::known());
            assert_nothing_lost(&mut conn);
        }
    }

    #[test]
    fn a_backup_of_a_newer_release_is_refused() {
        let mut migrations = db::known();
        migrations.push("99991231000001".to_owned());
        let backup = written_by(OLD[0], migrations);
        let refused = manifest(&mut Reading::new(&*backup)).unwrap_err();
        assert!(refused.to_string().contains("请先升级程序"), "{refused}");
    }
}
