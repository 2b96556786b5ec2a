//! Keys: one master key, and what is derived from it.
//!
//! | derived for | with |
//! | --- | --- |
//! | ID and phone numbers, stored answers | XChaCha20-Poly1305, bound to table, column and row |
//! | exact look-up of such numbers | keyed BLAKE3 |
//! | access tokens | HMAC-SHA256 |
//! | petitioners' query codes | keyed BLAKE3 of the case's id |
//! | seals of the audit log | keyed BLAKE3 |
//!
//! The master key comes from `XINFANG_KEY` or from a file created 0600 in the data directory. The
//! database keeps a check value of it: with data and another key (or none), the server does not
//! start, because it would write what nobody can read again.

use std::io::Write;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use shared::public::QueryCode;
use zeroize::Zeroizing;

use crate::config::Config;

/// The first byte of what [`Keys::seal`] makes, so that another cipher can follow one day.
const FORMAT: u8 = 1;
const NONCE: usize = 24;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key is not 32 bytes in base64.
    #[error("主密钥（{0}）无效：应为 32 字节的 base64。")]
    Malformed(String),
    /// The database was encrypted, and the key's file is gone.
    #[error(
        "密钥文件 {0} 不存在，而数据库中已有用它加密的数据。请把原来的密钥文件放回原处，或用 XINFANG_KEY 提供原密钥，或从备份恢复（备份里有密钥）；没有原密钥，身份证号和电话号码无法恢复。"
    )]
    Missing(PathBuf),
    /// The database was encrypted under another key.
    #[error("密钥（{0}）与数据库不匹配：数据库是用另一个密钥加密的。请换回原密钥。")]
    Mismatch(String),
    /// The file cannot be read or written.
    #[error("无法读写密钥文件 {path}：{source}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The database does not answer.
    #[error("无法核对密钥：{0}")]
    Database(#[from] diesel::result::Error),
}

/// What was sealed cannot be opened: another key, another place, or somebody changed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed data cannot be opened")]
pub struct Unreadable;

/// The derived keys.
pub struct Keys {
    cipher: XChaCha20Poly1305,
    lookup: Zeroizing<[u8; 32]>,
    token: Zeroizing<[u8; 32]>,
    query: Zeroizing<[u8; 32]>,
    audit: Zeroizing<[u8; 32]>,
    check: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// Where a sealed value lies: bound into it, so that it cannot be moved to another row or column.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The row's id.
    pub id: &'a str,
}

impl Place<'_> {
    fn aad(&self) -> Vec<u8> {
        // A zero byte ends each part, so that no two places read the same.
        [self.table, "\0", self.column, "\0", self.id]
            .concat()
            .into_bytes()
    }
}

impl Keys {
    /// Derives the keys.
    pub fn from_master(master: &[u8; 32]) -> Self {
        let derive = |context: &str| Zeroizing::new(blake3::derive_key(context, master));
        let sealing = derive("xinfang 2026-11 seal personal data v1");
        let check = derive("xinfang 2026-11 key check v1");
        Self {
            cipher: XChaCha20Poly1305::new((&*sealing).into()),
            lookup: derive("xinfang 2026-11 look up personal data v1"),
            token: derive("xinfang 2026-11 sign access tokens v1"),
            query: derive("xinfang 2026-11 petitioners' query codes v1"),
            audit: derive("xinfang 2026-11 seal the audit log v1"),
            check: blake3::hash(&*check).to_hex().to_string(),
        }
    }

    /// Encrypts a value for its place.
    pub fn seal(&self, plain: &[u8], place: Place<'_>) -> Vec<u8> {
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload {
            msg: plain,
            aad: &place.aad(),
        };
        // Encryption fails only beyond 256 GB.
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .unwrap_or_default();
        [&[FORMAT][..], &nonce, &sealed].concat()
    }

    /// Decrypts what [`Keys::seal`] made for the same place.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn open(&self, sealed: &[u8], place: Place<'_>) -> Result<Vec<u8>, Unreadable> {
        let (format, rest) = sealed.split_first().ok_or(Unreadable)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or(Unreadable)?;
        if *format != FORMAT {
            return Err(Unreadable);
        }
        let payload = Payload {
            msg: sealed,
            aad: &place.aad(),
        };
        self.cipher
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| Unreadable)
    }

    /// As [`Keys::open`], of text.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn open_text(&self, sealed: &[u8], place: Place<'_>) -> Result<String, Unreadable> {
        String::from_utf8(self.open(sealed, place)?).map_err(|_| Unreadable)
    }

    /// A hash by which equal values of one kind (`id_number`, `phone`) are found, and nothing else
    /// is learnt without the key.
    pub fn lookup_hash(&self, kind: &str, value: &str) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.lookup);
        hasher
            .update(kind.as_bytes())
            .update(b"\0")
            .update(value.as_bytes());
        hasher.finalize().to_hex().to_string()
    }

    /// The code with which the petitioner of a case looks it up without an account.
    pub fn query_code(&self, case_id: &str) -> QueryCode {
        let hash = blake3::keyed_hash(&self.query, case_id.as_bytes());
        let mut first = [0; 8];
        for (to, from) in first.iter_mut().zip(hash.as_bytes()) {
            *to = *from;
        }
        QueryCode::of(u64::from_le_bytes(first))
    }

    /// The key of the audit log's seals.
    pub(crate) fn audit_key(&self) -> &[u8; 32] {
        &self.audit
    }

    /// The key under which access tokens are signed.
    pub(crate) fn token_key(&self) -> &[u8; 32] {
        &self.token
    }

    /// The keys for this database: from the configuration, from the file, or made anew for an
    /// empty database.
    ///
    /// # Errors
    /// See [`Error`]; each says what to do.
    pub fn load(config: &Config, demo: bool, db: &crate::db::Db) -> Result<Self, Error> {
        let path = config.key_file(demo);
        let known = db.read_blocking(store::check_value)?;
        let (master, source) = match &config.keys.key {
            Some(key) if !demo => (
                decode(key.expose(), "XINFANG_KEY")?,
                "XINFANG_KEY".to_owned(),
            ),
            _ => (
                from_file(&path, known.is_some())?,
                path.display().to_string(),
            ),
        };
        let keys = Self::from_master(&master);
        let known = match known {
            Some(known) => known,
            None => {
                let check = keys.check.clone();
                db.write_blocking(move |conn| store::keep_check_value(conn, &check))?
            }
        };
        if known == keys.check {
            Ok(keys)
        } else {
            Err(Error::Mismatch(source))
        }
    }
}

/// The master key.
pub(crate) type Master = Zeroizing<[u8; 32]>;

/// The master key that the configuration names itself.
///
/// # Errors
/// It is not one.
pub(crate) fn configured(config: &Config) -> Result<Option<Master>, Error> {
    let key = config.keys.key.as_ref();
    key.map(|key| decode(key.expose(), "XINFANG_KEY"))
        .transpose()
}

/// The master key of this installation, which must be there.
///
/// # Errors
/// It is missing or none.
pub(crate) fn master(config: &Config) -> Result<Master, Error> {
    match configured(config)? {
        Some(key) => Ok(key),
        None => read_file(&config.key_file(false)),
    }
}

/// The same, as it stands in its file.
///
/// # Errors
/// As [`master`].
pub(crate) fn master_text(config: &Config) -> Result<Zeroizing<String>, Error> {
    Ok(Zeroizing::new(STANDARD.encode(*master(config)?)))
}

/// The key in a file.
///
/// # Errors
/// It is missing or none.
pub(crate) fn read_file(path: &Path) -> Result<Master, Error> {
    from_file(path, true)
}

/// Whether the database was encrypted under this key.
///
/// # Errors
/// It was not; the database's own.
pub(crate) fn matches_database(conn: &mut crate::db::Conn, key: &Master) -> Result<(), Error> {
    match store::check_value(conn)? {
        Some(known) if known != Keys::from_master(key).check => {
            Err(Error::Mismatch("密钥".to_owned()))
        }
        _ => Ok(()),
    }
}

/// Reads a key from its text.
///
/// # Errors
/// It is none.
pub(crate) fn decode(text: &str, source: &str) -> Result<Zeroizing<[u8; 32]>, Error> {
    let malformed = || Error::Malformed(source.to_owned());
    let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| malformed())?);
    let master: [u8; 32] = bytes.as_slice().try_into().map_err(|_| malformed())?;
    Ok(Zeroizing::new(master))
}

fn from_file(path: &Path, must_exist: bool) -> Result<Zeroizing<[u8; 32]>, Error> {
    let failed = |source| Error::File {
        path: path.to_owned(),
        source,
    };
    match std::fs::read_to_string(path) {
        Ok(text) => {
            warn_if_open(path);
            decode(&Zeroizing::new(text), &path.display().to_string())
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            if must_exist {
                return Err(Error::Missing(path.to_owned()));
            }
            let master: Zeroizing<[u8; 32]> = Zeroizing::new(rand::random());
            create(path, &STANDARD.encode(*master)).map_err(failed)?;
            Ok(master)
        }
        Err(e) => Err(failed(e)),
    }
}

/// Creates the file for its owner alone, and has it on the disk before anything depends on it.
pub(crate) fn create(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}

fn warn_if_open(path: &Path) {
    #[cfg(unix)]
    if let Ok(metadata) = std::fs::metadata(path)
        && std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0
    {
        tracing::warn!(path = %path.display(), "密钥文件可被其他用户读取，请执行 chmod 600");
    }
    #[cfg(not(unix))]
    let _ = path;
}

mod store {
    use diesel::prelude::*;

    use crate::db::Conn;
    use crate::schema::key_check;

    pub(super) fn check_value(conn: &mut Conn) -> QueryResult<Option<String>> {
        key_check::table
            .select(key_check::value)
            .first(conn)
            .optional()
    }

    /// Keeps the value unless another server has just kept one; answers the one that stands.
    pub(super) fn keep_check_value(conn: &mut Conn, value: &str) -> QueryResult<String> {
        diesel::sql_query(
            "INSERT INTO key_check (id, value) VALUES (1, $1) ON CONFLICT DO NOTHING",
        )
        .bind::<diesel::sql_types::Text, _>(value)
        .execute(conn)?;
        key_check::table.select(key_check::value).first(conn)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::config::Flags;
    use crate::db::Db;

    /// Keys for tests.
    pub(crate) fn some() -> Keys {
        Keys::from_master(&[7; 32])
    }

    const PLACE: Place<'_> = Place {
        table: "people",
        column: "id_number",
        id: "p1",
    };

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let keys = some();
        let sealed = keys.seal(b"622223199001011234", PLACE);
        assert_eq!(
            keys.open_text(&sealed, PLACE).unwrap(),
            "622223199001011234"
        );
        assert!(!sealed.windows(6).any(|part| part == b"622223"));
        for other in [
            Place { id: "p2", ..PLACE },
            Place {
                column: "phone",
                ..PLACE
            },
            Place {
                table: "peopleid",
                column: "_number",
                id: "p1",
            },
        ] {
            assert_eq!(keys.open(&sealed, other), Err(Unreadable));
        }
        assert_eq!(
            Keys::from_master(&[8; 32]).open(&sealed, PLACE),
            Err(Unreadable)
        );
    }

    #[test]
    fn every_change_is_noticed() {
        let keys = some();
        let sealed = keys.seal(b"13800000000", PLACE);
        for i in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[i] ^= 1;
            assert_eq!(keys.open(&changed, PLACE), Err(Unreadable), "byte {i}");
            assert_eq!(
                keys.open(&sealed[..i], PLACE),
                Err(Unreadable),
                "cut at {i}"
            );
        }
    }

    #[test]
    fn equal_values_seal_differently_and_hash_alike() {
        let keys = some();
        assert_ne!(keys.seal(b"x", PLACE), keys.seal(b"x", PLACE));
        assert_eq!(
            keys.lookup_hash("phone", "1"),
            keys.lookup_hash("phone", "1")
        );
        assert_ne!(
            keys.lookup_hash("phone", "1"),
            keys.lookup_hash("id_number", "1")
        );
        assert_ne!(
            keys.lookup_hash("phone", "1"),
            Keys::from_master(&[8; 32]).lookup_hash("phone", "1")
        );
    }

    #[test]
    fn the_server_refuses_to_start_without_its_key() {
        let dir = tempfile::tempdir().unwrap();
        let flags = Flags {
            data_dir: Some(dir.path().display().to_string()),
            ..Flags::default()
        };
        let config = Config::load(&flags).unwrap();
        let file = config.key_file(false);
        let load = || {
            let db = Db::open(&dir.path().join("k.db").display().to_string(), 1).unwrap();
            Keys::load(&config, false, &db)
        };
        let first = load().unwrap();
        let sealed = first.seal(b"x", PLACE);
        assert_eq!(
            load().unwrap().open(&sealed, PLACE).unwrap(),
            b"x",
            "the same key again"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(
                std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
        std::fs::rename(&file, dir.path().join("away")).unwrap();
        assert!(matches!(load(), Err(Error::Missing(_))));
        assert!(!file.exists(), "no new key is made over old data");
        std::fs::write(&file, STANDARD.encode([9; 32])).unwrap();
        assert!(matches!(load(), Err(Error::Mismatch(_))));
        std::fs::write(&file, "nonsense").unwrap();
        assert!(matches!(load(), Err(Error::Malformed(_))));
    }
}
