//! The outer form of a backup: a stream under a key that is derived from the passphrase.
//!
//! ```text
//! "XFBACKUP" | format 1 | Argon2id: memory KiB, passes, lanes (u32 each) | salt (16) | check (16)
//! chunk*     : length with the last chunk's mark in its highest bit (u32) | XChaCha20-Poly1305
//! ```
//! Each file has a salt, so a key, of its own; a chunk's nonce is its number and whether it is the
//! last, and the head is bound into each. So no chunk can be changed, left out, put elsewhere or cut off
//! without being noticed. Numbers are little-endian. `check` tells a wrong passphrase from damage.

use std::io::{self, Read, Write};

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

const MAGIC: &[u8; 8] = b"XFBACKUP";
const FORMAT: u8 = 1;
const SALT: usize = 16;
const CHECK: usize = 16;
const HEAD: usize = 8 + 1 + 12 + SALT + CHECK;
/// How much goes into a chunk.
const CHUNK: usize = 64 * 1024;
/// What the cipher adds to it.
const TAG: usize = 16;
const LAST: u32 = 1 << 31;
/// What a guess at the passphrase costs: 64 MB and three passes.
const COST: Cost = Cost {
    memory: 64 * 1024,
    passes: 3,
    lanes: 1,
};
/// The most that a file may ask for.
const MOST: Cost = Cost {
    memory: 1024 * 1024,
    passes: 16,
    lanes: 8,
};

#[derive(Debug, Clone, Copy)]
struct Cost {
    memory: u32,
    passes: u32,
    lanes: u32,
}

/// What is wrong with a backup file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Damage {
    /// It begins otherwise.
    #[error("这不是 xinfang 的备份文件。")]
    Foreign,
    /// A later release has made it.
    #[error("这个备份由更新的版本制作，请先升级程序。")]
    Newer,
    /// Another passphrase, or the head was changed.
    #[error("备份口令不对（或者备份文件的开头已损坏）。请核对口令；每份备份用的是制作时的口令。")]
    Passphrase,
    /// A chunk is not as it was written.
    #[error("备份文件已损坏（第 {0} 段校验不符），不能使用。请换一份备份。")]
    Changed(u64),
    /// It ends too soon.
    #[error("备份文件不完整（缺少结尾），可能没有复制完。请重新复制或换一份备份。")]
    Short,
    /// Something follows its end.
    #[error("备份文件的结尾之后还有多余内容，不能使用。请换一份备份。")]
    Long,
}

impl From<Damage> for io::Error {
    fn from(damage: Damage) -> Self {
        Self::new(io::ErrorKind::InvalidData, damage)
    }
}

struct Cipher {
    cipher: XChaCha20Poly1305,
    head: [u8; HEAD],
    chunks: u64,
}

impl Cipher {
    /// Derives the key and its check value.
    fn derive(
        passphrase: &str,
        salt: &[u8],
        cost: Cost,
    ) -> io::Result<(XChaCha20Poly1305, [u8; CHECK])> {
        let failed = |error: argon2::Error| io::Error::other(error.to_string());
        let params = Params::new(cost.memory, cost.passes, cost.lanes, Some(32)).map_err(failed)?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut master = Zeroizing::new([0u8; 32]);
        argon
            .hash_password_into(passphrase.as_bytes(), salt, &mut *master)
            .map_err(failed)?;
        let key = Zeroizing::new(blake3::derive_key(
            "xinfang 2026-11 backup stream v1",
            &*master,
        ));
        let check = blake3::derive_key("xinfang 2026-11 backup passphrase check v1", &*master);
        let mut short = [0; CHECK];
        short.copy_from_slice(check.get(..CHECK).unwrap_or_default());
        Ok((XChaCha20Poly1305::new((&*key).into()), short))
    }

    fn nonce(&self, last: bool) -> XNonce {
        let mut nonce = [0u8; 24];
        let number = self
            .chunks
            .to_le_bytes()
            .into_iter()
            .chain([u8::from(last)]);
        for (to, from) in nonce.iter_mut().zip(number) {
            *to = from;
        }
        XNonce::from(nonce)
    }
}

/// Encrypts what is written to it.
pub(super) struct Sealing<W: Write> {
    out: W,
    cipher: Cipher,
    chunk: Vec<u8>,
}

impl<W: Write> Sealing<W> {
    /// Begins a stream.
    pub(super) fn begin(mut out: W, passphrase: &str) -> io::Result<Self> {
        let salt: [u8; SALT] = rand::random();
        let (cipher, check) = Cipher::derive(passphrase, &salt, COST)?;
        let mut head = Vec::with_capacity(HEAD);
        head.extend_from_slice(MAGIC);
        head.push(FORMAT);
        for number in [COST.memory, COST.passes, COST.lanes] {
            head.extend_from_slice(&number.to_le_bytes());
        }
        head.extend_from_slice(&salt);
        head.extend_from_slice(&check);
        let head: [u8; HEAD] = head
            .try_into()
            .map_err(|_| io::Error::other("the head's length"))?;
        out.write_all(&head)?;
        Ok(Self {
            out,
            cipher: Cipher {
                cipher,
                head,
                chunks: 0,
            },
            chunk: Vec::with_capacity(CHUNK),
        })
    }

    fn flush_chunk(&mut self, last: bool) -> io::Result<()> {
        let payload = Payload {
            msg: &self.chunk,
            aad: &self.cipher.head,
        };
        let sealed = self
            .cipher
            .cipher
            .encrypt(&self.cipher.nonce(last), payload)
            .map_err(|_| io::Error::other("encryption failed"))?;
        let length = u32::try_from(sealed.len()).map_err(io::Error::other)?;
        let length = if last { length | LAST } else { length };
        self.out.write_all(&length.to_le_bytes())?;
        self.out.write_all(&sealed)?;
        self.cipher.chunks += 1;
        self.chunk.clear();
        Ok(())
    }

    /// Writes the end, without which the stream is not whole.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.flush_chunk(true)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.chunk.len() == CHUNK {
            self.flush_chunk(false)?;
        }
        let taken = data.len().min(CHUNK - self.chunk.len());
        self.chunk
            .extend_from_slice(data.get(..taken).unwrap_or_default());
        Ok(taken)
    }

    /// A chunk is written when it is full, or at the end.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Decrypts what it reads; gives nothing that is not as it was written.
pub(super) struct Opening<R: Read> {
    input: R,
    cipher: Cipher,
    chunk: Vec<u8>,
    read: usize,
    ended: bool,
}

impl<R: Read> Opening<R> {
    /// Reads the head.
    pub(super) fn begin(mut input: R, passphrase: &str) -> io::Result<Self> {
        let mut head = [0u8; HEAD];
        let mut filled = 0;
        while filled < HEAD {
            match input.read(head.get_mut(filled..).unwrap_or_default())? {
                0 => break,
                some => filled += some,
            }
        }
        if head.get(..8) != Some(MAGIC.as_slice()) {
            return Err(Damage::Foreign.into());
        }
        if filled < HEAD {
            return Err(Damage::Short.into());
        }
        if head.get(8) != Some(&FORMAT) {
            return Err(Damage::Newer.into());
        }
        let number = |at: usize| {
            let bytes = head.get(at..at + 4).and_then(|four| four.try_into().ok());
            bytes.map_or(0, u32::from_le_bytes)
        };
        let cost = Cost {
            memory: number(9),
            passes: number(13),
            lanes: number(17),
        };
        let too_much =
            cost.memory > MOST.memory || cost.passes > MOST.passes || cost.lanes > MOST.lanes;
        let salt = head.get(21..21 + SALT).unwrap_or_default();
        let derived = match too_much {
            true => Err(Damage::Passphrase.into()),
            false => Cipher::derive(passphrase, salt, cost),
        };
        // Numbers that make no sense are a head that was changed.
        let Ok((cipher, check)) = derived else {
            return Err(Damage::Passphrase.into());
        };
        if head.get(21 + SALT..) != Some(check.as_slice()) {
            return Err(Damage::Passphrase.into());
        }
        Ok(Self {
            input,
            cipher: Cipher {
                cipher,
                head,
                chunks: 0,
            },
            chunk: Vec::new(),
            read: 0,
            ended: false,
        })
    }

    fn next_chunk(&mut self) -> io::Result<()> {
        let mut length = [0u8; 4];
        self.exactly(&mut length)?;
        let length = u32::from_le_bytes(length);
        let last = length & LAST != 0;
        let length = usize::try_from(length & !LAST).unwrap_or(usize::MAX);
        let changed = Damage::Changed(self.cipher.chunks + 1);
        if !(TAG..=CHUNK + TAG).contains(&length) {
            return Err(changed.into());
        }
        let mut sealed = vec![0; length];
        self.exactly(&mut sealed)?;
        let payload = Payload {
            msg: &sealed,
            aad: &self.cipher.head,
        };
        self.chunk = self
            .cipher
            .cipher
            .decrypt(&self.cipher.nonce(last), payload)
            .map_err(|_| io::Error::from(changed))?;
        self.read = 0;
        self.cipher.chunks += 1;
        if last {
            self.ended = true;
            if self.input.read(&mut [0u8; 1])? != 0 {
                return Err(Damage::Long.into());
            }
        }
        Ok(())
    }

    fn exactly(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        self.input.read_exact(buffer).map_err(|error| {
            if error.kind() == io::ErrorKind::UnexpectedEof {
                Damage::Short.into()
            } else {
                error
            }
        })
    }
}

impl<R: Read> Read for Opening<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read == self.chunk.len() {
            if self.ended || buffer.is_empty() {
                return Ok(0);
            }
            self.next_chunk()?;
        }
        let mut rest = self.chunk.get(self.read..).unwrap_or_default();
        let taken = rest.read(buffer)?;
        self.read += taken;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHRASE: &str = "correct horse battery";

    fn sealed(plain: &[u8]) -> Vec<u8> {
        let mut stream = Sealing::begin(Vec::new(), PHRASE).unwrap();
        stream.write_all(plain).unwrap();
        stream.finish().unwrap()
    }

    fn opened(sealed: &[u8], phrase: &str) -> Result<Vec<u8>, Damage> {
        let mut plain = Vec::new();
        let read =
            Opening::begin(sealed, phrase).and_then(|mut stream| stream.read_to_end(&mut plain));
        match read {
            Ok(_) => Ok(plain),
            Err(error) => Err(*error.get_ref().unwrap().downcast_ref::<Damage>().unwrap()),
        }
    }

    #[test]
    fn what_was_written_is_read() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK] {
            let plain: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            assert!(
                opened(&sealed(&plain), PHRASE).unwrap() == plain,
                "{length}"
            );
        }
    }

    #[test]
    fn every_change_is_noticed() {
        let plain = vec![7u8; CHUNK + 100];
        let good = sealed(&plain);
        // The magic, the format, the costs, salt and check, both chunks' lengths, their middles, the end.
        let second = HEAD + 4 + CHUNK + TAG;
        for (at, expected) in [
            (0, Damage::Foreign),
            (8, Damage::Newer),
            (12, Damage::Passphrase),
            (22, Damage::Passphrase),
            (HEAD - 1, Damage::Passphrase),
            (HEAD + 4, Damage::Changed(1)),
            (HEAD + 1000, Damage::Changed(1)),
            (second + 3, Damage::Changed(2)),
            (second + 10, Damage::Changed(2)),
            (good.len() - 1, Damage::Changed(2)),
        ] {
            let mut bad = good.clone();
            bad[at] ^= 0x80;
            assert_eq!(opened(&bad, PHRASE).unwrap_err(), expected, "byte {at}");
        }
        for (length, expected) in [
            (0, Damage::Foreign),
            (HEAD - 1, Damage::Short),
            (HEAD, Damage::Short),
            (HEAD + 2, Damage::Short),
            (second, Damage::Short),
            (good.len() - 1, Damage::Short),
        ] {
            assert_eq!(
                opened(&good[..length], PHRASE).unwrap_err(),
                expected,
                "cut at {length}"
            );
        }
        assert_eq!(
            opened(&[&*good, b"x"].concat(), PHRASE).unwrap_err(),
            Damage::Long
        );
        assert_eq!(
            opened(&good, "another phrase").unwrap_err(),
            Damage::Passphrase
        );
        // The two chunks in the other order.
        let (first, last) = good[HEAD..].split_at(4 + CHUNK + TAG);
        let swapped = [&good[..HEAD], last, first].concat();
        assert_eq!(opened(&swapped, PHRASE).unwrap_err(), Damage::Changed(1));
    }

    #[test]
    fn equal_content_looks_different_each_time() {
        assert_ne!(sealed(b"x"), sealed(b"x"));
    }
}
