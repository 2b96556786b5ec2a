//! Files that people upload: streamed to disk under a hash of their content, so that the same one
//! lies there once. Files of cases and photos share the place and this way in.
//!
//! A file is complete and on the disk before a row names it; a row that is removed leaves the file,
//! as another may have the same one.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use actix_multipart::Multipart;
use futures_util::TryStreamExt;
use shared::problem::{Code, FieldError};
use shared::validate::Errors;
use tempfile::NamedTempFile;

use crate::error::ApiError;
use crate::state::State;

/// The most characters of a file's name that are kept.
const MAX_NAME: usize = 120;

/// Why an upload is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There is none, or it did not come whole.
    #[error("{} fields are not valid", .0.len())]
    Invalid(Vec<FieldError>),
    /// It is not of a type that is taken; the sentence names it.
    #[error("{0}")]
    Type(String),
    /// It is larger than so many bytes.
    #[error("the file is larger than {0} bytes")]
    TooLarge(u64),
    /// The disk refused.
    #[error("file system: {0}")]
    Io(#[from] std::io::Error),
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Invalid(errors) => Self::invalid(errors),
            Refused::Type(detail) => Self::new(Code::UnsupportedMediaType, detail),
            Refused::TooLarge(limit) => Self::new(
                Code::TooLarge,
                format!(
                    "每个附件不超过{}MB，请压缩或分开上传。",
                    limit / 1024 / 1024
                ),
            ),
            Refused::Io(error) => Self::internal(error),
        }
    }
}

/// An upload that came whole and has no place yet.
#[derive(Debug)]
pub(crate) struct Received {
    /// The file's name, tidied.
    pub(crate) name: String,
    /// Its content; goes with this where nobody keeps it.
    pub(crate) file: NamedTempFile,
    /// Its size in bytes.
    pub(crate) size: u64,
    /// BLAKE3 of its content, in hexadecimal.
    pub(crate) hash: String,
}

/// Where files lie.
pub(crate) fn directory(state: &State) -> PathBuf {
    let name = if state.demo {
        "demo-attachments"
    } else {
        "attachments"
    };
    state.config.storage.data_dir.join(name)
}

/// Where the file with a content's hash lies.
pub(crate) fn path_of(directory: &Path, hash: &str) -> PathBuf {
    directory.join(hash.get(..2).unwrap_or("00")).join(hash)
}

/// Takes in the field `file` of a form; `nameless` is what a file without a name is called.
///
/// # Errors
/// [`Refused`].
pub(crate) async fn receive(
    state: &State,
    mut form: Multipart,
    nameless: &str,
) -> Result<Received, Refused> {
    let limit = state.config.upload_limit() as u64;
    let directory = directory(state);
    std::fs::create_dir_all(&directory)?;
    while let Some(mut field) = form.try_next().await.map_err(broken)? {
        if field.name() != Some("file") {
            while field.try_next().await.map_err(broken)?.is_some() {}
            continue;
        }
        let name = field
            .content_disposition()
            .and_then(|c| c.get_filename())
            .unwrap_or(nameless);
        let name = tidy_name(name, nameless);
        let mut file = NamedTempFile::new_in(&directory)?;
        let mut hasher = blake3::Hasher::new();
        let mut size = 0u64;
        while let Some(chunk) = field.try_next().await.map_err(broken)? {
            size += chunk.len() as u64;
            if size > limit {
                return Err(Refused::TooLarge(limit));
            }
            hasher.update(&chunk);
            file.write_all(&chunk)?;
        }
        if size == 0 {
            return Err(Refused::Type("文件是空的，请重新选择。".to_owned()));
        }
        return Ok(Received {
            name,
            file,
            size,
            hash: hasher.finalize().to_hex().to_string(),
        });
    }
    let mut errors = Errors::new();
    errors.add("file", "required", "请选择要上传的文件（表单字段 file）。");
    Err(Refused::Invalid(errors.into_vec()))
}

fn broken(error: actix_multipart::MultipartError) -> Refused {
    let mut errors = Errors::new();
    errors.add("file", "broken", "上传没有完成或格式不正确，请重新上传。");
    tracing::debug!(%error, "multipart");
    Refused::Invalid(errors.into_vec())
}

/// Gives a file its place, on the disk for good.
pub(crate) fn keep(directory: &Path, file: NamedTempFile, hash: &str) -> std::io::Result<()> {
    let path = path_of(directory, hash);
    if path.exists() {
        // Just uploaded: not one of those that [`forget`] may take away.
        let touched = std::fs::OpenOptions::new().append(true).open(&path)?;
        return touched.set_modified(SystemTime::now());
    }
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|e| e.error)?;
    if let Some(parent) = path.parent() {
        std::fs::File::open(parent)?.sync_all()?;
    }
    Ok(())
}

/// Takes a file away that no row names any more, unless somebody has uploaded the same within the
/// last hour: their row may be on its way.
pub(crate) fn forget(directory: &Path, hash: &str) -> std::io::Result<()> {
    let path = path_of(directory, hash);
    let Ok(about) = path.metadata() else {
        return Ok(());
    };
    let age = about.modified()?.elapsed().unwrap_or_default();
    if age > std::time::Duration::from_secs(3600) {
        std::fs::remove_file(path)?;
    }
    Ok(())
}

/// The last part of a name, without what file systems and headers choke on.
fn tidy_name(name: &str, nameless: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let tidied: String = last
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '"' | '<' | '>' | '|' | ':' | '*' | '?'))
        .take(MAX_NAME)
        .collect();
    if tidied.trim().trim_matches('.').is_empty() {
        nameless.to_owned()
    } else {
        tidied.trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_paths() {
        let tidy_name = |name| tidy_name(name, "附件");
        assert_eq!(tidy_name("../../etc/passwd"), "passwd");
        assert_eq!(tidy_name("C:\\照片\\现场\"1\".jpg"), "现场1.jpg");
        for nothing in ["\r\n", "", "..", "a/.."] {
            assert_eq!(tidy_name(nothing), "附件");
        }
    }

    #[test]
    fn a_file_is_forgotten_only_when_it_was_not_uploaded_lately() {
        let directory = tempfile::tempdir().unwrap();
        let keep = || {
            let mut file = NamedTempFile::new_in(directory.path()).unwrap();
            file.write_all(b"x").unwrap();
            keep(directory.path(), file, "abcd").unwrap();
        };
        keep();
        let path = path_of(directory.path(), "abcd");
        forget(directory.path(), "abcd").unwrap();
        assert!(path.exists());
        let long_ago = SystemTime::now() - std::time::Duration::from_secs(7200);
        let file = std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap();
        file.set_modified(long_ago).unwrap();
        // The same again: it is young once more.
        keep();
        forget(directory.path(), "abcd").unwrap();
        assert!(path.exists());
        file.set_modified(long_ago).unwrap();
        forget(directory.path(), "abcd").unwrap();
        assert!(!path.exists());
        forget(directory.path(), "abcd").unwrap();
    }
}
