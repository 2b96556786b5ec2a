//! What an authenticator app would show.

use totp_rs::{Builder, Secret};

/// The code of a secret (base32, blanks are no matter) at a time in seconds.
pub fn code(secret: &str, at: i64) -> String {
    let plain: String = secret.split_whitespace().collect();
    let secret = Secret::try_from_base32(plain).expect("base32");
    let totp = Builder::new().with_secret(secret).build();
    let totp = totp.expect("a secret that is long enough");
    totp.generate(u64::try_from(at).expect("a time after 1970"))
        .to_string()
}
