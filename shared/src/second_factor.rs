//! The second factor (两步验证): a code of an authenticator app beside the password (TOTP, RFC 6238),
//! and recovery codes for when the phone is gone.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::account::Session;
use crate::validate::Errors;

/// Seconds for which a code is shown.
pub const STEP: i64 = 30;
/// How many steps a phone's clock may be off, either way.
pub const DRIFT: i64 = 1;
/// The digits of a code.
pub const DIGITS: usize = 6;
/// How many recovery codes there are at first.
pub const RECOVERY_CODES: usize = 10;
/// The characters of a recovery code, without the hyphen in its middle.
pub const RECOVERY_LENGTH: usize = 10;
/// What recovery codes are made of: nothing that is easily taken for another on paper. 10 of 31
/// characters are 49 bits, and guesses are throttled.
pub const RECOVERY_ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// What somebody types where a code is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// Six digits of the authenticator app.
    Code(String),
    /// A recovery code, as it is kept: small letters, without hyphens.
    Recovery(String),
}

impl Typed {
    /// Reads it: blanks and hyphens are no matter, full-width digits are digits, too. None where it is
    /// neither.
    pub fn read(text: &str) -> Option<Self> {
        let plain: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '－' | '—'))
            .filter_map(|c| match c {
                '！'..='～' => u32::from(c).checked_sub(0xfee0).and_then(char::from_u32),
                c => Some(c),
            })
            .map(|c| c.to_ascii_lowercase())
            .take(RECOVERY_LENGTH + 1)
            .collect();
        let bytes = plain.as_bytes();
        if bytes.len() == DIGITS && bytes.iter().all(u8::is_ascii_digit) {
            Some(Self::Code(plain))
        } else if bytes.len() == RECOVERY_LENGTH
            && bytes.iter().all(|byte| RECOVERY_ALPHABET.contains(byte))
        {
            Some(Self::Recovery(plain))
        } else {
            None
        }
    }
}

/// Where the own second factor stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FactorStatus {
    /// Whether it is on.
    pub on: bool,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
    /// How many recovery codes are left.
    pub recovery_codes_left: u32,
    /// Whether the own role must have it.
    pub required: bool,
}

/// Begins to set it up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FactorStart {
    /// The own password, so that nobody does it at a desk that was left.
    pub password: String,
}

/// What the authenticator app needs to know; shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FactorSecret {
    /// The secret in base32, to be typed where no picture can be taken.
    pub secret: String,
    /// `otpauth://totp/…`.
    pub uri: String,
    /// The same as a QR code, SVG.
    pub qr_svg: String,
}

/// A code that shows that the app is set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FactorCode {
    /// Six digits.
    pub code: String,
}

/// It is on. Every other sign-in of the user has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FactorOn {
    /// The recovery codes, shown this once; each is good for one sign-in.
    pub recovery_codes: Vec<String>,
    /// This sign-in goes on with a new access token.
    pub session: Session,
}

/// Turns it off, or asks for new recovery codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FactorProof {
    /// The own password.
    pub password: String,
    /// Six digits of the app, or a recovery code.
    pub code: String,
}

/// New recovery codes, shown this once; those of before are void.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryCodes {
    /// The codes.
    pub recovery_codes: Vec<String>,
}

/// Notes what is wrong with a code by its form alone.
pub fn check_code(errors: &mut Errors, field: &str, code: &str) {
    if code.trim().is_empty() {
        errors.add(field, "required", "请填写验证码。");
    } else if Typed::read(code).is_none() {
        errors.add(
            field,
            "invalid",
            "验证码是验证器上的6位数字，或者一个恢复码。",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_people_type_them() {
        let code = |text: &str| Some(Typed::Code(text.to_owned()));
        let recovery = |text: &str| Some(Typed::Recovery(text.to_owned()));
        for (text, read) in [
            ("123456", code("123456")),
            (" 123 456 ", code("123456")),
            ("１２３４５６", code("123456")),
            ("abcde-23456", recovery("abcde23456")),
            ("ABCDE－23456", recovery("abcde23456")),
            ("", None),
            ("12345", None),
            ("1234567", None),
            ("abcde-2345", None),
            ("abcde-234567", None),
            ("abcd0-23456", None),
            ("一二三四五六", None),
        ] {
            assert_eq!(Typed::read(text), read, "{text}");
        }
    }

    #[test]
    fn a_code_of_no_form_is_a_field_error() {
        let fields = |code: &str| {
            let mut errors = Errors::new();
            check_code(&mut errors, "code", code);
            let found: Vec<String> = errors.into_vec().into_iter().map(|e| e.code).collect();
            found
        };
        assert!(fields("123456").is_empty());
        assert_eq!(fields(" "), ["required"]);
        assert_eq!(fields("abc"), ["invalid"]);
    }
}
