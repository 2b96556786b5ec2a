//! Moves everything to another database: one transaction there, checked table by table before it commits.

use std::io::{BufReader, BufWriter, Write};

use diesel::prelude::*;

use super::form::{FileHead, Reading};
use super::load::{self, NoFiles};
use super::tables;
use super::{Error, dump};
use crate::clock::Clock;
use crate::config::Config;
use crate::context::RequestContext;
use crate::db::{self, Conn};
use crate::keys;
use crate::lock::Lock;

/// Moves; answers what to tell.
pub(super) fn transfer(
    config: &Config,
    clock: &Clock,
    from: &str,
    to: &str,
) -> Result<String, Error> {
    let source_file = db::sqlite_file(from);
    if let Some(file) = source_file.as_ref().filter(|file| !file.is_file()) {
        return Err(Error::Refused(format!(
            "没有这个数据库：{}",
            file.display()
        )));
    }
    if let Some(file) = db::sqlite_file(to) {
        if file.exists() {
            return Err(Error::Refused(format!(
                "目标 {} 已经存在，没有做任何改动。请给一个还不存在的文件名。",
                file.display()
            )));
        }
        return Err(Error::Refused(
            "目标应为 postgres://…。要从 PostgreSQL 搬到 SQLite，请先 xinfang backup，再在空的数据目录中 xinfang restore。"
                .to_owned(),
        ));
    }
    let _lock = Lock::alone(&config.storage.data_dir)?;
    let mut source = db::reader(from)?;
    let key = keys::master(config)?;
    keys::matches_database(&mut source, &key)?;
    let missing = missing_files(config, &mut source)?;
    let context = RequestContext::local(clock);
    let mut target = db::loader(to)?;
    let rows = target.transaction(|target| {
        db::take_turns(target)?;
        if !load::is_unused(target)? {
            return Err(Error::Refused(
                "目标数据库中已有数据，没有做任何改动。请给一个空的数据库。".to_owned(),
            ));
        }
        let rows = pour(from, target, &context)?;
        unchanged(&mut source, target)?;
        load::settle(target, &context, "从另一个数据库迁入".to_owned())?;
        Ok::<_, Error>(rows)
    })?;
    let mut text = format!(
        "已迁移 {rows} 行数据，逐表核对了行数和校验值。\n\
         附件和密钥仍在数据目录中。请把 database_url 改为新的数据库再启动服务，\n\
         并把原来的数据库文件移走，以免误用。所有人需要重新登录。\n"
    );
    if !missing.is_empty() {
        text.push_str(&format!(
            "注意：数据目录中有 {} 个附件缺失，请运行 xinfang verify 查看。\n",
            missing.len()
        ));
    }
    Ok(text)
}

/// Through a pipe: one thread takes out, this one puts in.
fn pour(from: &str, target: &mut Conn, context: &RequestContext) -> Result<u64, Error> {
    let (reader, writer) = std::io::pipe()?;
    let now = context.now;
    std::thread::scope(|scope| {
        let out = scope.spawn(move || {
            let mut conn = db::reader(from)?;
            let (mut writer, end) = dump::dump(&mut conn, BufWriter::new(writer), now, None)?;
            writer.flush()?;
            Ok::<_, Error>(end)
        });
        let taken = (|| {
            let mut reading = Reading::new(BufReader::new(reader));
            let manifest = load::manifest(&mut reading)?;
            load::load(target, &manifest, &mut reading, &mut NoFiles)
        })();
        let given = out
            .join()
            .unwrap_or_else(|_| Err(Error::Refused("读取原数据库时出错。".to_owned())));
        match (taken, given) {
            (Ok(end), Ok(given)) if end == given => Ok(end.rows),
            (Ok(_), Ok(_)) => Err(Error::Refused("读出与写入的行数不符。".to_owned())),
            // The reason is where it began: a pipe that broke is only its consequence.
            (Err(Error::Io(_)), Err(cause)) | (Ok(_), Err(cause)) => Err(cause),
            (Err(cause), _) => Err(cause),
        }
    })
}

/// Compares all tables once more: nobody may have written to the source meanwhile.
fn unchanged(source: &mut Conn, target: &mut Conn) -> Result<(), Error> {
    dump::in_snapshot(source, |source| {
        for table in tables::all(source)? {
            if table.digest(source)? != table.digest(target)? {
                return Err(Error::Refused(format!(
                    "核对时表 {} 与原数据库不符：迁移期间可能有人写入。没有迁移，请停止服务后重试。",
                    table.name
                )));
            }
        }
        Ok(())
    })
}

fn missing_files(config: &Config, conn: &mut Conn) -> Result<Vec<FileHead>, Error> {
    let mut named = dump::named_files(conn)?;
    named.retain(|head| !dump::path_of(&config.storage.data_dir, head).is_file());
    Ok(named)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use diesel::connection::SimpleConnection;

    use super::*;

    /// A database of one table with these rows.
    fn database(file: &Path, rows: &[&str]) -> Conn {
        let mut conn = db::loader(&file.display().to_string()).unwrap();
        conn.batch_execute("CREATE TABLE notes (words TEXT NOT NULL)")
            .unwrap();
        for row in rows {
            conn.batch_execute(&format!("INSERT INTO notes VALUES ('{row}')"))
                .unwrap();
        }
        conn
    }

    fn compare(source: &[&str], target: &[&str]) -> Result<(), Error> {
        let folder = tempfile::tempdir().unwrap();
        let mut source = database(&folder.path().join("source.db"), source);
        let mut target = database(&folder.path().join("target.db"), target);
        unchanged(&mut source, &mut target)
    }

    #[test]
    fn what_differs_in_number_or_content_is_refused() {
        compare(&[], &[]).unwrap();
        compare(&["甲", "乙"], &["乙", "甲"]).unwrap();
        let different: [(&[&str], &[&str]); 4] = [
            // Somebody has written to the source meanwhile.
            (&["甲", "乙"], &["甲"]),
            (&["甲"], &["甲", "甲"]),
            (&[], &["甲"]),
            // As many, and others.
            (&["甲", "乙"], &["甲", "丙"]),
        ];
        for (source, target) in different {
            let refused = compare(source, target).unwrap_err().to_string();
            assert!(refused.contains("表 notes 与原数据库不符"), "{refused}");
        }
    }
}
