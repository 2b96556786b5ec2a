//! Takes out everything as of one instant, while others go on writing.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use zeroize::Zeroizing;

use super::form::{End, FORM, FileHead, Frames, Manifest, Place};
use super::{Error, tables};
use crate::audit::seal;
use crate::config::Config;
use crate::db::{self, Conn};
use crate::files;

/// How many bytes of rows go into a frame, about.
const TOGETHER: usize = 256 * 1024;

/// What goes beside the tables.
pub(super) struct Beside<'a> {
    pub(super) config: &'a Config,
    /// The master key in its text form.
    pub(super) key: Zeroizing<String>,
}

#[derive(QueryableByName)]
struct Hash {
    #[diesel(sql_type = Text)]
    hash: String,
}

/// The files that the database names, by place.
pub(super) fn named_files(conn: &mut Conn) -> QueryResult<Vec<FileHead>> {
    let mut named = Vec::new();
    for (place, query) in [
        (
            Place::Attachments,
            "SELECT hash FROM case_attachments UNION SELECT hash FROM photos ORDER BY hash",
        ),
        (
            Place::Imports,
            "SELECT DISTINCT hash FROM imports ORDER BY hash",
        ),
    ] {
        let hashes: Vec<Hash> = diesel::sql_query(query).load(conn)?;
        named.extend(
            hashes
                .into_iter()
                .map(|Hash { hash }| FileHead { place, name: hash }),
        );
    }
    Ok(named)
}

/// Runs `f` on one state of the database, whatever is written meanwhile.
pub(super) fn in_snapshot<T>(
    conn: &mut Conn,
    f: impl FnOnce(&mut Conn) -> Result<T, Error>,
) -> Result<T, Error> {
    conn.transaction(|conn| {
        if let Conn::Postgres(conn) = conn {
            conn.batch_execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
        }
        f(conn)
    })
}

/// Writes everything as frames: the tables of one state, then, where wished, the key and the files.
pub(super) fn dump<W: Write>(
    conn: &mut Conn,
    out: W,
    now: DateTime<Utc>,
    beside: Option<&Beside<'_>>,
) -> Result<(W, End), Error> {
    let mut frames = Frames::new(out);
    let (mut end, named) = in_snapshot(conn, |conn| {
        let migrations = db::applied(conn)?;
        if migrations != db::known() {
            return Err(Error::Refused(
                "数据库结构与程序版本不一致，请先运行 xinfang migrate。".to_owned(),
            ));
        }
        frames.manifest(&Manifest {
            form: FORM,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            at: now,
            database: if conn.is_sqlite() {
                "sqlite"
            } else {
                "postgres"
            }
            .to_owned(),
            migrations,
            seal: seal::last(conn)?.map(|seal| seal.to_string()),
        })?;
        let mut end = End::default();
        for table in tables::all(conn)? {
            end.rows += write_table(conn, &mut frames, &table)?;
        }
        Ok((end, named_files(conn)?))
    })?;
    if let Some(beside) = beside {
        let head = FileHead {
            place: Place::Key,
            name: "xinfang.key".to_owned(),
        };
        frames.file(&head, beside.key.as_bytes())?;
        for head in named {
            write_file(conn, &mut frames, beside.config, &head, &mut end)?;
        }
    }
    frames.end(&end)?;
    Ok((frames.into_inner(), end))
}

/// Writes a table's rows as they are; answers how many.
pub(super) fn write_table<W: Write>(
    conn: &mut Conn,
    frames: &mut Frames<W>,
    table: &tables::Table,
) -> Result<u64, Error> {
    frames.table(table)?;
    let mut rows = String::new();
    let digest = table.read(conn, |row| {
        rows.push(if rows.is_empty() { '[' } else { ',' });
        rows.push_str(row);
        if rows.len() >= TOGETHER {
            rows.push(']');
            frames.rows(&rows)?;
            rows.clear();
        }
        Ok(())
    })?;
    if !rows.is_empty() {
        rows.push(']');
        frames.rows(&rows)?;
    }
    frames.table_end(digest)?;
    Ok(digest.rows)
}

/// Where a file lies.
pub(super) fn path_of(data: &Path, head: &FileHead) -> std::path::PathBuf {
    match head.place {
        Place::Key => data.join(&head.name),
        Place::Attachments => files::path_of(&data.join("attachments"), &head.name),
        Place::Imports => data.join("imports").join(&head.name),
    }
}

fn write_file<W: Write>(
    conn: &mut Conn,
    frames: &mut Frames<W>,
    config: &Config,
    head: &FileHead,
    end: &mut End,
) -> Result<(), Error> {
    let file = match File::open(path_of(&config.storage.data_dir, head)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // A photo that no record claimed may have been tidied away since the snapshot.
            if named_files(conn)?
                .iter()
                .any(|named| named.name == head.name)
            {
                end.damaged.push(head.name.clone());
            }
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    let written = frames.file(head, file)?;
    // A workbook's name is the hash of what is encrypted in it.
    if head.place == Place::Attachments && written.hash != head.name {
        end.damaged.push(head.name.clone());
    }
    end.files += 1;
    end.bytes += written.size;
    Ok(())
}
