//! Who may work on a data directory: servers together, restoring and moving alone.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

/// The file that is locked. It holds nothing, and stays.
const NAME: &str = "xinfang.lock";

/// A lock, for as long as it is kept; the system takes it back from a process that dies.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "held, not read")] Option<File>);

impl Lock {
    /// With other servers, and no restoring.
    ///
    /// # Errors
    /// Somebody restores or moves here; the disk's own.
    pub(crate) fn shared(directory: &Path) -> io::Result<Self> {
        let file = open(directory)?;
        let got = file.try_lock_shared();
        take(file, got, "正在恢复或迁移这个数据目录，请稍后再启动。")
    }

    /// Alone.
    ///
    /// # Errors
    /// A server runs here; the disk's own.
    pub(crate) fn alone(directory: &Path) -> io::Result<Self> {
        let file = open(directory)?;
        let got = file.try_lock();
        take(
            file,
            got,
            "服务正在使用这个数据目录，没有做任何改动。请先停止服务（systemctl stop xinfang）。",
        )
    }
}

fn open(directory: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(directory.join(NAME))
}

fn take(file: File, got: Result<(), TryLockError>, taken: &str) -> io::Result<Lock> {
    match got {
        Ok(()) => Ok(Lock(Some(file))),
        Err(TryLockError::WouldBlock) => Err(io::Error::new(io::ErrorKind::WouldBlock, taken)),
        // A network's file system may know no locks.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
            tracing::warn!("the data directory's file system has no locks");
            Ok(Lock(None))
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_share_and_a_restore_is_alone() {
        let directory = tempfile::tempdir().unwrap();
        let first = Lock::shared(directory.path()).unwrap();
        let second = Lock::shared(directory.path()).unwrap();
        assert!(Lock::alone(directory.path()).is_err());
        drop(first);
        assert!(Lock::alone(directory.path()).is_err());
        drop(second);
        let alone = Lock::alone(directory.path()).unwrap();
        assert!(Lock::shared(directory.path()).is_err());
        drop(alone);
        Lock::shared(directory.path()).unwrap();
    }
}
