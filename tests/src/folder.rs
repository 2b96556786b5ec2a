//! What lies in a folder, to be put into others.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// A folder's files, but logs.
#[derive(Debug, Default)]
pub struct Folder {
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl Folder {
    /// Reads all of it, what lies deeper, too.
    pub fn read(root: &Path) -> Self {
        let mut found = Self::default();
        found.add(root, root);
        found
    }

    fn add(&mut self, root: &Path, folder: &Path) {
        for entry in fs::read_dir(folder).expect("the folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                self.add(root, &path);
            } else if path.extension().is_none_or(|extension| extension != "log") {
                let name = path.strip_prefix(root).expect("below the folder");
                let content = fs::read(&path).expect("a file");
                self.files.push((name.to_path_buf(), content));
            }
        }
    }

    /// Puts a copy into an empty folder. Keys are their owner's alone, as the server wants them.
    pub fn copy_to(&self, folder: &Path) {
        for (path, content) in &self.files {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("its folder")).expect("a folder");
            fs::write(&path, content).expect("a file");
            if path.extension().is_some_and(|extension| extension == "key") {
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("its mode");
            }
        }
    }

    /// What the files hold.
    pub(crate) fn into_contents(self) -> impl Iterator<Item = Vec<u8>> {
        self.files.into_iter().map(|(_, content)| content)
    }
}
