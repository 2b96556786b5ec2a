//! Password hashes: argon2id, on blocking threads, a few at a time.

use actix_web::web;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, PasswordHash};
use tokio::sync::Semaphore;

/// A hash of no password that anybody has: an unknown user costs the same time as a wrong password. It
/// is a program's, too.
pub(crate) const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$RvWYYKXBCgxYN5yIQ04LTA$N0dxSTRxDIFk3ynhFdAVP6tHYQFRYySRGGXQ8VZqQfQ";

/// Characters of initial passwords: none that is easily taken for another on paper.
const LEGIBLE: &[u8] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// How long an initial password is: 14 of 55 characters are 81 bits.
const INITIAL_LENGTH: usize = 14;

/// Why a hash could not be made or checked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The library's own.
    #[error("password hash: {0}")]
    Hash(String),
    /// The blocking thread is gone.
    #[error("password hash: the thread was lost")]
    Lost,
}

/// Hashes and checks passwords. Each takes 19 MB and some 20 ms of a core, so only a few run at once.
pub struct Passwords {
    turn: Semaphore,
}

impl Passwords {
    /// As many at once as there are cores to spare.
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            turn: Semaphore::new((cores / 2).max(1)),
        }
    }

    /// A hash to store.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn hash(&self, password: String) -> Result<String, Error> {
        let _turn = self.turn.acquire().await.map_err(|_| Error::Lost)?;
        web::block(move || hash(&password))
            .await
            .map_err(|_| Error::Lost)?
    }

    /// Whether the password is the one of the hash. `None`: of an unknown user, which takes as long
    /// and is never true.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Error> {
        let _turn = self.turn.acquire().await.map_err(|_| Error::Lost)?;
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        let good = web::block(move || verify(&password, &hash))
            .await
            .map_err(|_| Error::Lost)??;
        Ok(good && known)
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

/// A hash to store, made on this thread (the command line).
///
/// # Errors
/// [`Error`].
pub fn hash(password: &str) -> Result<String, Error> {
    let hash: PasswordHash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|e| Error::Hash(e.to_string()))?;
    Ok(hash.to_string())
}

fn verify(password: &str, hash: &str) -> Result<bool, Error> {
    let hash = PasswordHash::new(hash).map_err(|e| Error::Hash(e.to_string()))?;
    match Argon2::default().verify_password(password.as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(e) => Err(Error::Hash(e.to_string())),
    }
}

/// An initial password, to be shown once and changed at the first sign-in.
pub fn initial() -> String {
    let one = |_| {
        let at = rand::random_range(0..LEGIBLE.len());
        LEGIBLE.get(at).copied().map_or('x', char::from)
    };
    (0..INITIAL_LENGTH).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_password_is_known_by_its_hash() {
        let passwords = Passwords::new();
        let hash = passwords.hash("correct horse".to_owned()).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        let check = |password: &str, hash: Option<&String>| {
            passwords.verify(password.to_owned(), hash.cloned())
        };
        assert!(check("correct horse", Some(&hash)).await.unwrap());
        assert!(!check("correct horsf", Some(&hash)).await.unwrap());
        assert!(!check("correct horse", None).await.unwrap());
    }

    #[test]
    fn nobodys_hash_costs_what_a_real_one_costs() {
        let real = hash("x").unwrap();
        let parameters = |hash: &str| hash.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(parameters(&real), parameters(NOBODY));
        assert!(!verify("x", NOBODY).unwrap());
    }

    #[test]
    fn initial_passwords_obey_the_rules() {
        let password = initial();
        let mut errors = shared::validate::Errors::new();
        shared::account::check_password(&mut errors, "password", &password, "zhang");
        assert!(errors.is_empty(), "{password}");
        assert_ne!(password, initial());
    }
}
