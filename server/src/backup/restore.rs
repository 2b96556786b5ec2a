//! Restores a backup into an empty place. Everything is made beside; what makes it count is one rename
//! (SQLite) or one commit (PostgreSQL). Whatever cuts it off before leaves the place as empty as it was.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diesel::prelude::*;
use tempfile::TempDir;

use super::form::{End, FileEnd, FileHead, Manifest, Place};
use super::load::{self, Files};
use super::{Backup, Error, create_private, dump, open, passphrase};
use crate::clock::{Clock, shanghai};
use crate::config::Config;
use crate::context::RequestContext;
use crate::db::{self, Conn};
use crate::keys;
use crate::lock::Lock;

/// How the folder is called in which it is put together.
const STAGE: &str = ".xinfang-restore-";

/// Restores; answers what to tell.
pub(super) fn restore(config: &Config, clock: &Clock, file: &Path) -> Result<String, Error> {
    let phrase = passphrase(config)?;
    let mut backup = open(file, &phrase)?;
    let manifest = load::manifest(&mut backup)?;
    let data = &config.storage.data_dir;
    create_private(data)?;
    let _lock = Lock::alone(data)?;
    clear_stages(data)?;
    let stage = tempfile::Builder::new().prefix(STAGE).tempdir_in(data)?;
    let mut restoring = Restoring {
        config,
        context: RequestContext::local(clock),
        manifest,
        stage,
    };
    let url = config.database_url(false);
    let end = match db::sqlite_file(&url) {
        Some(target) => restoring.make_file(&mut backup, &target)?,
        None => restoring.fill_server(&mut backup, &url)?,
    };
    Ok(restoring.report(&end))
}

struct Restoring<'a> {
    config: &'a Config,
    context: RequestContext,
    manifest: Manifest,
    stage: TempDir,
}

fn not_empty(place: &str) -> Error {
    Error::Refused(format!(
        "{place} 中已有数据，恢复只能恢复到空的位置，没有做任何改动。请换一个空的数据目录（--data-dir）或空的数据库。"
    ))
}

impl Restoring<'_> {
    fn data(&self) -> &Path {
        &self.config.storage.data_dir
    }

    fn make_file(&mut self, backup: &mut Backup, target: &Path) -> Result<End, Error> {
        if target.exists() {
            let mut there = db::reader(&target.display().to_string())?;
            if !load::is_unused(&mut there)? {
                return Err(not_empty(&target.display().to_string()));
            }
        }
        let folder = target.parent().unwrap_or(Path::new("."));
        create_private(folder)?;
        // Beside the target, so that a rename is enough.
        let beside = tempfile::Builder::new().prefix(STAGE).tempdir_in(folder)?;
        let made = beside.path().join("xinfang.db");
        let mut conn = db::loader(&made.display().to_string())?;
        let mut files = Staged::new(self.stage.path());
        let end = conn.transaction(|conn| self.fill(conn, backup, &mut files))?;
        drop(conn);
        File::open(&made)?.sync_all()?;
        self.place(&files)?;
        for ending in ["-wal", "-shm"] {
            let mut log = target.as_os_str().to_owned();
            log.push(ending);
            remove(Path::new(&log))?;
        }
        fs::rename(&made, target)?;
        File::open(folder)?.sync_all()?;
        Ok(end)
    }

    fn fill_server(&mut self, backup: &mut Backup, url: &str) -> Result<End, Error> {
        let mut conn = db::loader(url)?;
        let mut files = Staged::new(self.stage.path());
        conn.transaction(|conn| {
            db::take_turns(conn)?;
            if !load::is_unused(conn)? {
                return Err(not_empty("目标数据库"));
            }
            let end = self.fill(conn, backup, &mut files)?;
            self.place(&files)?;
            Ok(end)
        })
    }

    fn fill(&self, conn: &mut Conn, backup: &mut Backup, files: &mut Staged) -> Result<End, Error> {
        let end = load::load(conn, &self.manifest, backup, files)?;
        let key = files
            .key
            .as_ref()
            .ok_or_else(|| Error::Refused("备份中没有密钥，不能使用。".to_owned()))?;
        keys::matches_database(conn, key)?;
        let how = format!(
            "从备份恢复：备份时间{}",
            shanghai(self.manifest.at).format("%Y-%m-%d %H:%M:%S")
        );
        load::settle(conn, &self.context, how)?;
        Ok(end)
    }

    /// Puts key and files in their places. They mean nothing before the database is there.
    fn place(&self, files: &Staged) -> Result<(), Error> {
        #[cfg(unix)]
        rustix::fs::sync();
        for head in &files.taken {
            let (from, to) = (
                dump::path_of(self.stage.path(), head),
                dump::path_of(self.data(), head),
            );
            if let Some(folder) = to.parent() {
                create_private(folder)?;
            }
            fs::rename(from, to)?;
        }
        if let Some(key) = &files.key {
            self.place_key(key)?;
        }
        #[cfg(unix)]
        rustix::fs::sync();
        Ok(())
    }

    fn place_key(&self, key: &keys::Master) -> Result<(), Error> {
        if let Some(set) = keys::configured(self.config)? {
            if *set == **key {
                return Ok(());
            }
            return Err(Error::Refused(
                "XINFANG_KEY 与备份中的密钥不同，没有恢复。请去掉 XINFANG_KEY，或改成原来的密钥。"
                    .to_owned(),
            ));
        }
        let path = self.config.key_file(false);
        if path.exists() {
            if keys::read_file(&path).is_ok_and(|there| *there == **key) {
                return Ok(());
            }
            // Of a start of the server on nothing: no data is under it.
            let mut aside = path.as_os_str().to_owned();
            aside.push(format!(".before-{}", self.context.now.timestamp()));
            fs::rename(&path, aside)?;
        }
        keys::create(&path, &STANDARD.encode(**key))?;
        Ok(())
    }

    fn report(&self, end: &End) -> String {
        let mut text = format!(
            "已恢复 {} 的备份（版本 {}）：{} 行数据，{} 个文件。\n\
             所有人需要重新登录；按变更游标同步的程序需要从头同步一次。\n\
             请运行 xinfang verify 核对，再启动服务。\n",
            shanghai(self.manifest.at).format("%Y-%m-%d %H:%M"),
            self.manifest.program,
            end.rows,
            end.files,
        );
        if !end.damaged.is_empty() {
            text.push_str(&format!(
                "注意：备份时就有 {} 个文件缺失或损坏：\n",
                end.damaged.len()
            ));
            for name in &end.damaged {
                text.push_str(&format!("  {name}\n"));
            }
        }
        text
    }
}

/// Files on their way, below a folder as they will lie below the data directory.
struct Staged {
    stage: PathBuf,
    open: Option<(FileHead, Option<File>, blake3::Hasher, Vec<u8>)>,
    taken: Vec<FileHead>,
    key: Option<keys::Master>,
}

impl Staged {
    fn new(stage: &Path) -> Self {
        Self {
            stage: stage.to_owned(),
            open: None,
            taken: Vec::new(),
            key: None,
        }
    }
}

fn broken() -> Error {
    Error::Refused("备份中的一个文件与它的校验不符，不能使用。".to_owned())
}

impl Files for Staged {
    fn begin(&mut self, head: &FileHead) -> Result<(), Error> {
        let is_hash =
            head.name.len() == 64 && head.name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let file = match head.place {
            Place::Key => None,
            _ if !is_hash => return Err(broken()),
            _ => {
                let path = dump::path_of(&self.stage, head);
                if let Some(folder) = path.parent() {
                    create_private(folder)?;
                }
                let mut options = File::options();
                options.write(true).create_new(true);
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                Some(options.open(path)?)
            }
        };
        self.open = Some((head.clone(), file, blake3::Hasher::new(), Vec::new()));
        Ok(())
    }

    fn data(&mut self, data: &[u8]) -> Result<(), Error> {
        let (_, file, hasher, key) = self.open.as_mut().ok_or_else(broken)?;
        hasher.update(data);
        match file {
            Some(file) => file.write_all(data)?,
            None => key.extend_from_slice(data),
        }
        Ok(())
    }

    fn end(&mut self, end: &FileEnd) -> Result<(), Error> {
        let (head, _, hasher, key) = self.open.take().ok_or_else(broken)?;
        if hasher.finalize().to_hex().as_str() != end.hash {
            return Err(broken());
        }
        if head.place == Place::Key {
            let text = zeroize::Zeroizing::new(String::from_utf8(key).map_err(|_| broken())?);
            self.key = Some(keys::decode(&text, "备份")?);
        } else {
            self.taken.push(head);
        }
        Ok(())
    }
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Removes what an earlier attempt has left that was cut off.
fn clear_stages(data: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(data)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(STAGE) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}
