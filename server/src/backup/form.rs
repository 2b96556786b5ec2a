//! The inner form of a backup, which `transfer` moves through a pipe, too: frames of a kind, a length and
//! a payload. It is the same for both databases, so what one of them gave the other can take.
//!
//! ```text
//! Manifest, (Table, Rows*, TableEnd)*, (File, Data*, FileEnd)*, End
//! ```

use std::io::{self, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::tables::{Digest, Table};

/// The form's version. A release that changes it must still read those before.
pub(super) const FORM: u32 = 1;
/// The most bytes that a frame may have.
const MOST: usize = 64 * 1024 * 1024;
/// How much of a file goes into a frame.
const DATA: usize = 256 * 1024;

/// What is where it came from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// [`FORM`].
    pub(crate) form: u32,
    /// The program's version.
    pub(crate) program: String,
    /// As of when.
    pub(crate) at: chrono::DateTime<chrono::Utc>,
    /// The database's kind.
    pub(crate) database: String,
    /// The migrations that its schema has, in order.
    pub(crate) migrations: Vec<String>,
    /// The last seal of the audit log, `number:hash`.
    pub(crate) seal: Option<String>,
}

/// The end of a table.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TableEnd {
    pub(super) digest: Digest,
}

/// Where a file belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Place {
    /// The master key.
    Key,
    /// Attachments of cases and photos.
    Attachments,
    /// Workbooks that were imported.
    Imports,
}

/// A file begins.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct FileHead {
    pub(super) place: Place,
    /// Its name in that place: the hash of its content.
    pub(super) name: String,
}

/// A file ends.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FileEnd {
    pub(super) size: u64,
    /// BLAKE3 of what was read.
    pub(super) hash: String,
}

/// The end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct End {
    /// Rows of all tables.
    pub(crate) rows: u64,
    /// Files, without the key.
    pub(crate) files: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// Files that the database names and that were not there, or not as their name says.
    pub(crate) damaged: Vec<String>,
}

/// A frame.
#[derive(Debug)]
pub(super) enum Frame {
    Manifest(Manifest),
    Table(Table),
    /// Rows, each a JSON array, in a JSON array.
    Rows(String),
    TableEnd(TableEnd),
    File(FileHead),
    Data(Vec<u8>),
    FileEnd(FileEnd),
    End(End),
}

/// Writes frames.
pub(super) struct Frames<W: Write>(W);

impl<W: Write> Frames<W> {
    pub(super) fn new(out: W) -> Self {
        Self(out)
    }

    pub(super) fn into_inner(self) -> W {
        self.0
    }

    fn raw(&mut self, kind: u8, payload: &[u8]) -> io::Result<()> {
        let length = u32::try_from(payload.len()).map_err(io::Error::other)?;
        self.0.write_all(&[kind])?;
        self.0.write_all(&length.to_le_bytes())?;
        self.0.write_all(payload)
    }

    fn json<T: Serialize>(&mut self, kind: u8, value: &T) -> io::Result<()> {
        self.raw(kind, &serde_json::to_vec(value)?)
    }

    pub(super) fn manifest(&mut self, manifest: &Manifest) -> io::Result<()> {
        self.json(1, manifest)
    }

    pub(super) fn table(&mut self, table: &Table) -> io::Result<()> {
        self.json(2, table)
    }

    pub(super) fn rows(&mut self, rows: &str) -> io::Result<()> {
        let mut packed =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(rows.as_bytes())?;
        self.raw(3, &packed.finish()?)
    }

    pub(super) fn table_end(&mut self, digest: Digest) -> io::Result<()> {
        self.json(4, &TableEnd { digest })
    }

    /// A whole file; answers its size and its content's hash.
    pub(super) fn file(&mut self, head: &FileHead, mut content: impl Read) -> io::Result<FileEnd> {
        self.json(5, head)?;
        let mut hasher = blake3::Hasher::new();
        let mut size = 0;
        let mut buffer = vec![0; DATA];
        loop {
            let read = content.read(&mut buffer)?;
            let Some(data) = buffer.get(..read).filter(|data| !data.is_empty()) else {
                break;
            };
            hasher.update(data);
            size += data.len() as u64;
            self.raw(6, data)?;
        }
        let end = FileEnd {
            size,
            hash: hasher.finalize().to_hex().to_string(),
        };
        self.json(7, &end)?;
        Ok(end)
    }

    pub(super) fn end(&mut self, end: &End) -> io::Result<()> {
        self.json(9, end)
    }
}

/// Reads frames.
pub(super) struct Reading<R: Read>(R);

/// What is read is not in this form: a fault of the program that wrote it, as the stream is sealed.
fn foreign(why: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("备份的内容不合格式：{why}"),
    )
}

impl<R: Read> Reading<R> {
    pub(super) fn new(input: R) -> Self {
        Self(input)
    }

    pub(super) fn next(&mut self) -> io::Result<Frame> {
        let mut head = [0u8; 5];
        self.0.read_exact(&mut head)?;
        let [kind, length @ ..] = head;
        let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
        if length > MOST {
            return Err(foreign("过长"));
        }
        let mut payload = vec![0; length];
        self.0.read_exact(&mut payload)?;
        Ok(match kind {
            1 => Frame::Manifest(json(&payload)?),
            2 => Frame::Table(json(&payload)?),
            3 => {
                let mut rows = String::new();
                flate2::read::DeflateDecoder::new(&*payload)
                    .take(MOST as u64 * 16)
                    .read_to_string(&mut rows)?;
                Frame::Rows(rows)
            }
            4 => Frame::TableEnd(json(&payload)?),
            5 => Frame::File(json(&payload)?),
            6 => Frame::Data(payload),
            7 => Frame::FileEnd(json(&payload)?),
            9 => Frame::End(json(&payload)?),
            other => return Err(foreign(&format!("不认识的记录 {other}"))),
        })
    }

    /// Checks that nothing follows.
    pub(super) fn is_over(&mut self) -> io::Result<()> {
        match self.0.read(&mut [0u8; 1])? {
            0 => Ok(()),
            _ => Err(foreign("结尾之后还有内容")),
        }
    }
}

fn json<T: DeserializeOwned>(payload: &[u8]) -> io::Result<T> {
    serde_json::from_slice(payload).map_err(|error| foreign(&error.to_string()))
}
