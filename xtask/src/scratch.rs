//! Where the tests put what is thrown away: databases, data of servers, profiles of browsers.

use std::path::Path;

use anyhow::Result;
use nix::sys::statvfs::statvfs;
use tempfile::TempDir;

/// Memory that is a folder.
const SHM: &str = "/dev/shm";
/// How much must be free in it, in bytes.
const ROOM: u64 = 4 << 30;

/// A new folder, which goes with its guard: in memory where there is room enough, for thousands of
/// databases are made, and no disk is waited for.
pub(crate) fn folder(prefix: &str) -> Result<TempDir> {
    let mut new = tempfile::Builder::new();
    let new = new.prefix(prefix);
    let in_memory = free(Path::new(SHM))
        .filter(|free| *free >= ROOM)
        .and_then(|_| new.tempdir_in(SHM).ok());
    match in_memory {
        Some(folder) => Ok(folder),
        None => Ok(new.tempdir()?),
    }
}

/// The bytes that are free at a folder, if it can be asked.
fn free(folder: &Path) -> Option<u64> {
    let room = statvfs(folder).ok()?;
    room.blocks_available().checked_mul(room.fragment_size())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_can_be_written_and_goes() {
        let folder = folder("xinfang-scratch-").unwrap();
        std::fs::write(folder.path().join("file"), "content").unwrap();
        let path = folder.path().to_path_buf();
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn what_is_not_there_has_no_room() {
        assert!(free(&std::env::temp_dir()).is_some());
        assert_eq!(free(Path::new("/no/such/folder")), None);
    }
}
