//! The commands for backups.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{BY_HAND, Error, check, create_private, make, passphrase, restore, transfer, verify};
use crate::clock::{Clock, shanghai};
use crate::config::Config;
use crate::db::{self, Db};
use crate::system::store::{Tried, note};

/// `xinfang backup`.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// 写到这个目录；默认是配置的备份目录
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// 不做备份，只检查一份已有的备份能否用当前口令完整读出
    #[arg(long, value_name = "FILE", conflicts_with = "to")]
    check: Option<PathBuf>,
}

/// `xinfang restore`.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// 备份文件
    file: PathBuf,
}

/// `xinfang verify`.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// 以前抄存的审计封存（号:校验值），可以给多个
    #[arg(long, value_name = "SEAL")]
    seal: Vec<String>,
}

/// `xinfang transfer`.
#[derive(Debug, Args)]
pub(crate) struct Transfer {
    /// 原数据库，如 sqlite:///var/lib/xinfang/xinfang.db
    #[arg(long, value_name = "URL")]
    from: String,
    /// 新的空数据库，如 postgres://用户:密码@主机/库
    #[arg(long, value_name = "URL")]
    to: String,
}

/// `xinfang recovery-key`.
#[derive(Debug, Args)]
pub(crate) struct RecoveryKey {
    /// 写到这个新文件
    file: PathBuf,
}

/// Makes a backup, or checks one.
pub(crate) fn backup(input: &Backup, config: &Config, clock: &Clock) -> Result<String, Error> {
    if let Some(file) = &input.check {
        let (manifest, end) = check(file, &passphrase(config)?)?;
        return Ok(format!(
            "备份完好：{} 由版本 {} 制作，{} 行数据，{} 个文件。\n{}",
            shanghai(manifest.at).format("%Y-%m-%d %H:%M:%S"),
            manifest.program,
            end.rows,
            end.files,
            damaged(&end.damaged),
        ));
    }
    let url = config.database_url(false);
    let now = clock.now();
    let directory = input.to.clone().unwrap_or_else(|| config.backup_dir(false));
    let mut conn = db::reader(&url)?;
    let made = make(config, &mut conn, now, &directory, BY_HAND);
    drop(conn);
    let mut tried = Tried::new(now, false);
    match &made {
        Ok(made) => tried.succeeded(made),
        Err(error) => tried.error = Some(error.to_string()),
    }
    // What is noted is for the system page: a backup that was made is good without it.
    let noted = Db::open(&url, 1)
        .map_err(Error::from)
        .and_then(|db| Ok(db.write_blocking(move |conn| note(conn, tried))?));
    if let Err(error) = noted {
        tracing::warn!(%error, "the backup was not noted");
    }
    let made = made?;
    Ok(format!(
        "已备份到 {}\n{} 行数据，{} 个文件，{:.1} MB，已读回核对。\n{}",
        made.path.display(),
        made.end.rows,
        made.end.files,
        made.size as f64 / 1024.0 / 1024.0,
        damaged(&made.end.damaged),
    ))
}

fn damaged(names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    format!(
        "注意：有 {} 个文件缺失或损坏，备份里也没有完好的：\n  {}\n",
        names.len(),
        names.join("\n  ")
    )
}

/// Restores a backup.
pub(crate) fn restore(input: &Restore, config: &Config, clock: &Clock) -> Result<String, Error> {
    restore::restore(config, clock, &input.file)
}

/// Moves to another database.
pub(crate) fn transfer(input: &Transfer, config: &Config, clock: &Clock) -> Result<String, Error> {
    transfer::transfer(config, clock, &input.from, &input.to)
}

/// Verifies; what is wrong is an error after the report was printed.
pub(crate) fn verify(
    input: &Verify,
    config: &Config,
    print: impl FnOnce(&str),
) -> Result<(), Error> {
    let report = verify::verify(config, &input.seal)?;
    print(&report.text);
    match report.findings {
        0 => Ok(()),
        some => Err(Error::Found(some)),
    }
}

/// Characters of a recovery key: none that is easily taken for another on paper.
const LEGIBLE: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// Makes a passphrase that nobody can guess.
pub(crate) fn recovery_key(input: &RecoveryKey) -> Result<String, Error> {
    // 32 characters of 5 bits.
    let random: [u8; 32] = rand::random();
    let text: String = random
        .iter()
        .enumerate()
        .map(|(at, byte)| {
            let letter = LEGIBLE
                .get(usize::from(byte & 31))
                .copied()
                .map_or('2', char::from);
            let dash = if at > 0 && at % 4 == 0 { "-" } else { "" };
            format!("{dash}{letter}")
        })
        .collect();
    write_new(&input.file, &text)
        .map_err(|error| Error::Refused(format!("无法写入 {}：{error}", input.file.display())))?;
    Ok(format!(
        "已生成备份口令，写入 {}：\n\n    {text}\n\n\
         请把它抄写或打印出来，锁进保险柜（不要只留在这台电脑上）：\n\
         电脑损坏或丢失后，凭任何一份备份文件和这个口令就能恢复全部数据，包括密钥；\n\
         没有口令，备份谁也打不开。知道口令又拿到备份的人能看到全部内容。\n",
        input.file.display()
    ))
}

fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        create_private(folder)?;
    }
    let mut options = std::fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}
