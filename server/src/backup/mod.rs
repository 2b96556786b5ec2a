//! Backups, restoring them, and moving to another database.
//!
//! | file | what it settles |
//! | --- | --- |
//! | `sealed` | the outer form: encrypted, whole or refused |
//! | `form` | the inner form: frames, the same for both databases |
//! | `tables` | rows of any table, out and in |
//! | `dump`, `load` | everything as of one instant; into an empty database in one transaction |
//! | `restore`, `transfer` | the two ways in |
//! | `schedule` | backups that are made by themselves, and how many are kept |
//! | `verify` | whether the data is as it was written |
//! | `cli` | the command line |
//!
//! A backup holds the master key, too, so that it and the passphrase are all that a township needs that
//! has lost its computer. So the passphrase opens everything: it belongs on paper, in a safe.

pub(crate) mod cli;
mod dump;
mod form;
mod load;
mod restore;
pub(crate) mod schedule;
mod sealed;
mod tables;
mod transfer;
mod verify;

use std::fs::File;
use std::io::{self, BufReader, BufWriter};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use crate::clock::shanghai;
use crate::config::Config;
use crate::db::{self, Conn};
use crate::keys;
use form::{End, Manifest, Reading};
use sealed::{Opening, Sealing};

/// Why it came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// In words.
    #[error("{0}")]
    Refused(String),
    /// Something is damaged; the report was printed.
    #[error("发现 {0} 处问题，见上。")]
    Found(usize),
    /// The disk, or the file.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A statement.
    #[error("数据库出错：{0}")]
    Query(#[from] diesel::result::Error),
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
    /// The key.
    #[error(transparent)]
    Keys(#[from] keys::Error),
}

/// What backups are called.
const ENDING: &str = "xfb";
/// What those are called that are made by themselves.
const SCHEDULED: &str = "xinfang-auto-";
/// What the others are called.
const BY_HAND: &str = "xinfang-";
/// How files are called that are not finished.
const UNFINISHED: &str = ".xinfang-unfinished-";
/// The fewest characters of a passphrase.
const SHORTEST: usize = 12;

/// The passphrase that is configured.
///
/// # Errors
/// There is none, or it is too short.
pub(crate) fn passphrase(config: &Config) -> Result<Zeroizing<String>, Error> {
    let set = &config.backup;
    let text = match (&set.backup_passphrase, &set.backup_passphrase_file) {
        (Some(secret), _) => Zeroizing::new(secret.expose().to_owned()),
        (None, Some(path)) => Zeroizing::new(std::fs::read_to_string(path).map_err(|error| {
            Error::Refused(format!("无法读取备份口令文件 {}：{error}", path.display()))
        })?),
        (None, None) => {
            return Err(Error::Refused(
                "没有备份口令。请用 xinfang recovery-key 文件 生成一个，再用 --backup-passphrase-file \
                 指明（或写进 xinfang.toml 的 backup.backup_passphrase_file）。"
                    .to_owned(),
            ));
        }
    };
    let text = Zeroizing::new(text.trim().to_owned());
    if text.chars().count() < SHORTEST {
        return Err(Error::Refused(format!("备份口令至少 {SHORTEST} 个字符。")));
    }
    Ok(text)
}

/// A backup that was made.
pub(crate) struct Made {
    /// Where.
    pub(crate) path: PathBuf,
    /// Its size.
    pub(crate) size: u64,
    /// What is in it.
    pub(crate) end: End,
}

/// Makes a backup of what `conn` reads: written beside, read again to the end, and only then given its
/// name.
fn make(
    config: &Config,
    conn: &mut Conn,
    now: DateTime<Utc>,
    directory: &Path,
    prefix: &str,
) -> Result<Made, Error> {
    let phrase = passphrase(config)?;
    let key = keys::master_text(config)?;
    create_private(directory)?;
    clear_unfinished(directory)?;
    let file = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempfile_in(directory)?;
    let sealing = Sealing::begin(BufWriter::new(file.as_file()), &phrase)?;
    let beside = dump::Beside { config, key };
    let (sealing, end) = dump::dump(conn, sealing, now, Some(&beside))?;
    sealing
        .finish()?
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?
        .sync_all()?;
    let (_, seen) = check(file.path(), &phrase)?;
    if seen != end {
        return Err(Error::Refused("备份写完后读回不符，没有采用。".to_owned()));
    }
    let stem = format!("{prefix}{}", shanghai(now).format("%Y%m%d-%H%M%S"));
    let path = unused(directory, &stem);
    let size = file.as_file().metadata()?.len();
    file.persist_noclobber(&path).map_err(|error| error.error)?;
    File::open(directory)?.sync_all()?;
    Ok(Made { path, size, end })
}

/// A name that is not taken.
fn unused(directory: &Path, stem: &str) -> PathBuf {
    let first = directory.join(format!("{stem}.{ENDING}"));
    let others = (2..).map(|n| directory.join(format!("{stem}-{n}.{ENDING}")));
    std::iter::once(first)
        .chain(others)
        .find(|path| !path.exists())
        .unwrap_or_else(|| directory.join(stem))
}

/// Reads a backup to its end.
fn check(path: &Path, phrase: &str) -> Result<(Manifest, End), Error> {
    load::check(&mut open(path, phrase)?)
}

type Backup = Reading<BufReader<Opening<BufReader<File>>>>;

/// Opens a backup.
fn open(path: &Path, phrase: &str) -> Result<Backup, Error> {
    let file = File::open(path)
        .map_err(|error| Error::Refused(format!("无法读取 {}：{error}", path.display())))?;
    let opening = Opening::begin(BufReader::new(file), phrase)?;
    Ok(Reading::new(BufReader::new(opening)))
}

/// Creates a folder for its owner alone.
pub(crate) fn create_private(directory: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Removes what a backup left that was cut off long ago.
fn clear_unfinished(directory: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let old = || {
            let age = entry.metadata().and_then(|about| about.modified());
            age.is_ok_and(|at| at.elapsed().is_ok_and(|age| age.as_secs() > 24 * 3600))
        };
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) && old() {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
