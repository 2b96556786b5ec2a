//! `xinfang verify`: is the data as it was written? Changes nothing, and may run beside the server.

use std::fs::File;
use std::io;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::form::{FileHead, Place};
use super::{Error, dump, tables};
use crate::audit::seal;
use crate::config::Config;
use crate::db::{self, Conn};
use crate::import;
use crate::keys::{self, Keys};

/// How much is listed of one kind.
const LISTED: usize = 20;

#[derive(QueryableByName)]
struct Said {
    #[diesel(sql_type = Text)]
    said: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// A report: what was looked at, and what is wrong.
#[derive(Default)]
pub(super) struct Report {
    pub(super) text: String,
    pub(super) findings: usize,
}

impl Report {
    fn well(&mut self, line: &str) {
        self.text.push_str(&format!("[正常] {line}\n"));
    }

    fn wrong(&mut self, line: &str) {
        self.findings += 1;
        self.text.push_str(&format!("[异常] {line}\n"));
    }

    fn wrong_files(&mut self, what: &str, names: &[String]) {
        if names.is_empty() {
            return;
        }
        self.wrong(&format!("{} 个{what}：", names.len()));
        for name in names.iter().take(LISTED) {
            self.text.push_str(&format!("         {name}\n"));
        }
        if names.len() > LISTED {
            self.text.push_str("         ……\n");
        }
    }
}

/// Looks at all of it.
pub(super) fn verify(config: &Config, expected: &[String]) -> Result<Report, Error> {
    let mut conn = db::reader(&config.database_url(false))?;
    if db::applied(&mut conn)? != db::known() {
        return Err(Error::Refused(
            "数据库结构与程序版本不一致，请先运行 xinfang migrate。".to_owned(),
        ));
    }
    let mut report = Report::default();
    database(&mut conn, &mut report)?;
    let master = keys::master(config)?;
    match keys::matches_database(&mut conn, &master) {
        Ok(()) => report.well("密钥与数据库相符"),
        Err(keys::Error::Database(error)) => return Err(error.into()),
        Err(error) => report.wrong(&error.to_string()),
    }
    let keys = Keys::from_master(&master);
    files(config, &mut conn, &keys, &mut report)?;
    chain(&mut conn, &keys, expected, &mut report)?;
    Ok(report)
}

fn database(conn: &mut Conn, report: &mut Report) -> Result<(), Error> {
    if conn.is_sqlite() {
        let said: Vec<Said> = diesel::sql_query(
            "SELECT integrity_check AS said FROM pragma_integrity_check LIMIT 20",
        )
        .load(conn)?;
        if said.iter().all(|line| line.said == "ok") {
            report.well("数据库文件完整");
        } else {
            report.wrong("数据库文件损坏：");
            for line in said {
                report.text.push_str(&format!("         {}\n", line.said));
            }
        }
    }
    let mut rows = 0;
    for table in tables::all(conn)? {
        // Every row is read: on PostgreSQL that is what finds a page that cannot be.
        match table.digest(conn) {
            Ok(digest) => rows += digest.rows,
            Err(error) => report.wrong(&format!("表读不出来：{error}")),
        }
    }
    report.well(&format!("各表可读，共 {rows} 行"));
    let loose = if conn.is_sqlite() {
        "SELECT COUNT(*) AS count FROM pragma_foreign_key_check()"
    } else {
        "SELECT COUNT(*) AS count FROM pg_constraint WHERE contype = 'f' AND NOT convalidated"
    };
    match diesel::sql_query(loose).get_result::<Count>(conn)?.count {
        0 => report.well("行之间的引用完整"),
        some => report.wrong(&format!("{some} 处引用的数据不存在")),
    }
    Ok(())
}

fn files(config: &Config, conn: &mut Conn, keys: &Keys, report: &mut Report) -> Result<(), Error> {
    let named = dump::named_files(conn)?;
    let (mut missing, mut changed) = (Vec::new(), Vec::new());
    for head in &named {
        match is_as_named(config, keys, head) {
            Ok(true) => {}
            Ok(false) => changed.push(head.name.clone()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                missing.push(head.name.clone())
            }
            Err(error) => changed.push(format!("{}（{error}）", head.name)),
        }
    }
    if missing.is_empty() && changed.is_empty() {
        report.well(&format!(
            "附件、照片和导入的台账共 {} 个，内容与记录相符",
            named.len()
        ));
    }
    report.wrong_files("文件不见了", &missing);
    report.wrong_files("文件的内容与记录不符", &changed);
    Ok(())
}

fn is_as_named(config: &Config, keys: &Keys, head: &FileHead) -> io::Result<bool> {
    let path = dump::path_of(&config.storage.data_dir, head);
    if head.place == Place::Imports {
        let sealed = std::fs::read(path)?;
        return Ok(import::is_kept(keys, &head.name, &sealed));
    }
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hasher.finalize().to_hex().as_str() == head.name)
}

fn chain(
    conn: &mut Conn,
    keys: &Keys,
    expected: &[String],
    report: &mut Report,
) -> Result<(), Error> {
    let checked = seal::check(conn, keys, expected)?;
    if checked.findings.is_empty() {
        report.well(&format!(
            "审计记录 {} 条，{} 次封存，均与封存时相符；另有 {} 条尚未封存",
            checked.rows, checked.seals, checked.unsealed
        ));
    }
    for finding in &checked.findings {
        report.wrong(&finding.to_string());
    }
    if let Some(last) = checked.last {
        report.text.push_str(&format!(
            "       最后一次封存：{last}\n       （抄存在别处，以后用 xinfang verify --seal {last} 可以核对）\n"
        ));
    }
    Ok(())
}
