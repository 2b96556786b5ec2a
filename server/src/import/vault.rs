//! Keeps the workbooks of confirmed imports: encrypted, because they hold people's numbers, under a
//! hash of their content.

use std::io::Write;
use std::path::PathBuf;

use super::Error;
use super::service::Kept;
use crate::keys::{Keys, Place};
use crate::state::State;

fn path_of(state: &State, hash: &str) -> PathBuf {
    let name = if state.demo {
        "demo-imports"
    } else {
        "imports"
    };
    state.config.storage.data_dir.join(name).join(hash)
}

fn place(hash: &str) -> Place<'_> {
    Place {
        table: "imports",
        column: "file",
        id: hash,
    }
}

/// Keeps a workbook. It is on the disk before a row names it.
///
/// # Errors
/// [`Error::Io`].
pub(super) fn keep(state: &State, bytes: &[u8]) -> Result<Kept, Error> {
    let hash = blake3::hash(bytes).to_hex().to_string();
    let path = path_of(state, &hash);
    if !path.exists() {
        let folder = path.parent().map(PathBuf::from).unwrap_or_default();
        std::fs::create_dir_all(&folder)?;
        let mut file = tempfile::NamedTempFile::new_in(&folder)?;
        file.write_all(&state.keys.seal(bytes, place(&hash)))?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(Kept {
        hash,
        size: bytes.len() as u64,
    })
}

/// Whether what lies under a hash is the workbook that it names.
pub(crate) fn is_kept(keys: &Keys, hash: &str, sealed: &[u8]) -> bool {
    keys.open(sealed, place(hash))
        .is_ok_and(|bytes| blake3::hash(&bytes).to_hex().as_str() == hash)
}

/// Opens a kept workbook.
///
/// # Errors
/// [`Error::Io`], [`Error::Damaged`].
pub(super) fn open(state: &State, kept: &Kept) -> Result<Vec<u8>, Error> {
    let sealed = std::fs::read(path_of(state, &kept.hash))?;
    state
        .keys
        .open(&sealed, place(&kept.hash))
        .map_err(|error| Error::Damaged(format!("import {}: {error}", kept.hash)))
}
