//! Tells whether a product is still that of its inputs, by content, not by time:
//! switching branches back and forth does not build anything again.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

/// A hash over named pieces; the order in which they are added counts.
#[derive(Default)]
pub(crate) struct Fingerprint(Sha256);

impl Fingerprint {
    /// Adds one piece. Lengths are hashed too, so that pieces cannot run together.
    pub(crate) fn add(&mut self, name: &str, content: &[u8]) {
        for part in [name.as_bytes(), content] {
            self.0.update(part.len().to_string());
            self.0.update(b":");
            self.0.update(part);
        }
    }

    /// Adds a file, or every file below a folder, by path and content.
    pub(crate) fn add_path(&mut self, path: &Path) -> Result<()> {
        for file in files(path)? {
            let content =
                fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            self.add(&file.to_string_lossy(), &content);
        }
        Ok(())
    }

    /// The hash in hexadecimal.
    pub(crate) fn finish(self) -> String {
        hex(&self.0.finalize())
    }
}

/// The SHA-256 of `bytes` in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The file itself, or all files below the folder, sorted; nothing if there is no such path.
pub(crate) fn files(path: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![path.to_path_buf()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries =
                fs::read_dir(&path).with_context(|| format!("cannot list {}", path.display()))?;
            for entry in entries {
                open.push(entry?.path());
            }
        } else if path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Was `stamp` written for this fingerprint?
pub(crate) fn is_current(stamp: &Path, fingerprint: &str) -> bool {
    fs::read_to_string(stamp).is_ok_and(|text| text == fingerprint)
}

/// Writes the stamp, as the last act of a successful build.
pub(crate) fn write(stamp: &Path, fingerprint: &str) -> Result<()> {
    fs::write(stamp, fingerprint).with_context(|| format!("cannot write {}", stamp.display()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &Path) -> String {
        let mut fingerprint = Fingerprint::default();
        fingerprint.add_path(path).unwrap();
        fingerprint.finish()
    }

    #[test]
    fn sees_a_changed_an_added_and_a_renamed_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("src/a.rs");
        fs::create_dir(folder.path().join("src")).unwrap();
        fs::write(&file, "a").unwrap();
        let first = of(folder.path());
        assert_eq!(first, of(folder.path()));

        fs::write(&file, "b").unwrap();
        let changed = of(folder.path());
        assert_ne!(first, changed);

        fs::write(folder.path().join("new"), "").unwrap();
        let added = of(folder.path());
        assert_ne!(changed, added);

        fs::rename(folder.path().join("new"), folder.path().join("renamed")).unwrap();
        assert_ne!(added, of(folder.path()));
    }

    #[test]
    fn touching_a_file_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        fs::write(&file, "a").unwrap();
        let first = of(folder.path());
        let handle = fs::File::options().write(true).open(&file).unwrap();
        handle.set_modified(std::time::UNIX_EPOCH).unwrap();
        assert_eq!(first, of(folder.path()));
    }

    #[test]
    fn pieces_do_not_run_together() {
        let of = |name: &str, content: &[u8]| {
            let mut fingerprint = Fingerprint::default();
            fingerprint.add(name, content);
            fingerprint.finish()
        };
        assert_ne!(of("ab", b"c"), of("a", b"bc"));
    }

    #[test]
    fn a_stamp_holds_for_its_fingerprint_only() {
        let folder = tempfile::tempdir().unwrap();
        let stamp = folder.path().join("stamp");
        assert!(!is_current(&stamp, "1"));
        write(&stamp, "1").unwrap();
        assert!(is_current(&stamp, "1"));
        assert!(!is_current(&stamp, "2"));
    }

    #[test]
    fn the_checksum_is_sha256() {
        assert!(sha256(b"abc").starts_with("ba7816bf8f01cfea"));
    }
}
