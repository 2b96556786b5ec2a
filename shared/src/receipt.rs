//! Provisional receipts (临时回执): what a petitioner gets at the door, where there is no signal. The
//! phone makes its number; when the case arrives, the server keeps which case it became.
//!
//! A number reads `临-7K3M-260302-Q8XWC`: whose phone, which day, four characters by chance, and a
//! check character by which a typo or a swap is found. It says nothing of the person.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::ids::UserId;

/// What a number begins with.
const MARK: char = '临';
/// The characters of a number: those that are read for another one when they are written by hand
/// (I, L, O, S, U) are left out. There are 31, a prime, so that the check finds what it is to find.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKMNPQRTVWXYZ";
/// How many characters a number has beside its mark and its dashes.
const LENGTH: usize = 15;
/// Where its groups end: whose, which day, the rest.
const GROUPS: [usize; 3] = [4, 10, LENGTH];

/// The number of a provisional receipt, as it is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provisional(String);

/// Why a text is no number of a provisional receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It is of another form.
    #[error("临时回执编号形如“临-7K3M-260302-Q8XWC”，请核对。")]
    Form,
    /// Its check character does not fit: a typo, or two characters swapped.
    #[error("临时回执编号有误（校验不符），请逐位核对。")]
    Check,
}

impl Wrong {
    /// The stable code of the field error.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Form => "malformed",
            Self::Check => "check_character",
        }
    }
}

/// A character of a number or a code, as somebody may have written it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Letter {
    /// One of the alphabet's.
    Plain(char),
    /// A dash or a space: it says nothing.
    Nothing,
    /// Something else.
    Other(char),
}

/// Reads a character in either case, half or full width, or one that looks like the one that is meant.
pub(crate) fn letter(c: char) -> Letter {
    // Full width.
    let c = match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    };
    match c.to_ascii_uppercase() {
        '-' | '—' | '–' | ' ' | '\u{3000}' => Letter::Nothing,
        'O' => Letter::Plain('0'),
        'I' | 'L' => Letter::Plain('1'),
        'S' => Letter::Plain('5'),
        'U' => Letter::Plain('V'),
        c if u8::try_from(c).is_ok_and(|c| ALPHABET.contains(&c)) => Letter::Plain(c),
        c => Letter::Other(c),
    }
}

fn value(c: u8) -> Option<u32> {
    let at = ALPHABET.iter().position(|other| *other == c)?;
    u32::try_from(at).ok()
}

/// The character of a value, modulo 31.
pub(crate) fn character(value: u32) -> char {
    let at = usize::try_from(value % 31).unwrap_or_default();
    char::from(ALPHABET.get(at).copied().unwrap_or(b'0'))
}

/// The weighted sum, modulo 31: the first character counts fifteen times, the last, the check
/// character, once. No two weights are alike and none is a multiple of 31, so that one changed
/// character, or any two swapped, change the sum.
fn sum(characters: &[u8]) -> Option<u32> {
    let mut sum = 0;
    for (weight, c) in (1..=15u32).rev().zip(characters) {
        sum = (sum + weight * value(*c)?) % 31;
    }
    Some(sum)
}

/// Four characters by which a user's phone is told from others'; they do not lead back to the user.
pub fn user_code(user: &UserId) -> String {
    // FNV-1a.
    let hash = user.as_str().bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    (0..4u32)
        .map(|at| character(hash / 31u32.pow(at)))
        .collect()
}

impl Provisional {
    /// Makes a number: whose phone, which day (in Shanghai, by the phone), and a number by chance.
    pub fn make(user: &UserId, on: NaiveDate, chance: u32) -> Self {
        use std::fmt::Write as _;
        let mut plain = user_code(user);
        let _ = write!(plain, "{}", on.format("%y%m%d"));
        plain.extend((0..4u32).map(|at| character(chance / 31u32.pow(at))));
        let rest = sum(plain.as_bytes()).unwrap_or_default();
        plain.push(character(31 - rest));
        Self::printed(&plain)
    }

    fn printed(plain: &str) -> Self {
        let mut text = String::from(MARK);
        let mut from = 0;
        for to in GROUPS {
            text.push('-');
            text.push_str(plain.get(from..to).unwrap_or_default());
            from = to;
        }
        Self(text)
    }

    /// Reads a number as people write it: with or without mark and dashes, in small letters, full
    /// width, with letters that look like one of its characters.
    ///
    /// # Errors
    /// [`Wrong`].
    pub fn read(text: &str) -> Result<Self, Wrong> {
        let mut plain = String::new();
        for c in text.chars() {
            match letter(c) {
                Letter::Plain(c) => plain.push(c),
                Letter::Nothing | Letter::Other(MARK) => {}
                Letter::Other(_) => return Err(Wrong::Form),
            }
            if plain.len() > LENGTH {
                return Err(Wrong::Form);
            }
        }
        if plain.len() != LENGTH {
            return Err(Wrong::Form);
        }
        // The check first: it says more than "no such day".
        if sum(plain.as_bytes()) != Some(0) {
            return Err(Wrong::Check);
        }
        let day = plain.get(4..10).unwrap_or_default();
        match NaiveDate::parse_from_str(&format!("20{day}"), "%Y%m%d") {
            Ok(_) => Ok(Self::printed(&plain)),
            Err(_) => Err(Wrong::Form),
        }
    }

    /// The number as it is printed and kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Provisional {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What became of a provisional receipt, for staff who may see the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReceiptView {
    /// The provisional number, as it is printed.
    pub provisional_number: String,
    /// The case.
    pub case_id: crate::ids::CaseId,
    /// The case's number.
    pub number: String,
    /// When the case was registered, by the server's clock.
    pub registered_at: chrono::DateTime<chrono::Utc>,
    /// When the receipt was given, by the phone's clock.
    pub recorded_at: Option<chrono::DateTime<chrono::Utc>>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(chance: u32) -> Provisional {
        let user = UserId::from("01a20d42-31de-7481-b33d-05f548fad77a");
        Provisional::make(&user, NaiveDate::from_ymd_opt(2026, 3, 2).unwrap(), chance)
    }

    #[test]
    fn a_number_is_read_however_it_is_written() {
        let made = number(123_456);
        let text = made.as_str();
        assert_eq!(text.chars().count(), 19);
        assert!(
            text.starts_with("临-") && text.contains("-260302-"),
            "{text}"
        );
        let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        let wide: String = plain
            .chars()
            .map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap())
            .collect();
        let small = plain.to_lowercase().replace('0', "o").replace('1', "l");
        let spaced = format!(" {} {} ", &plain[..7], &plain[7..]);
        for written in [text, &plain, &wide, &small, &spaced] {
            assert_eq!(Provisional::read(written).as_ref(), Ok(&made), "{written}");
        }
        for wrong in [
            "",
            "临",
            "平川信〔2026〕00012号",
            &plain[1..],
            &format!("{plain}0"),
        ] {
            assert_eq!(Provisional::read(wrong), Err(Wrong::Form), "{wrong}");
        }
    }

    #[test]
    fn a_day_that_does_not_exist_is_no_number() {
        let plain = "0000260230000";
        let found = (0..31 * 31).find_map(|n| {
            let text = format!("{plain}{}{}", character(n), character(n / 31));
            (sum(text.as_bytes()) == Some(0)).then_some(text)
        });
        assert_eq!(Provisional::read(&found.unwrap()), Err(Wrong::Form));
    }

    #[test]
    fn two_users_have_codes_of_their_own() {
        assert_ne!(user_code(&"a".into()), user_code(&"b".into()));
        assert_eq!(user_code(&"a".into()).len(), 4);
    }

    fn characters(number: &Provisional) -> Vec<char> {
        number
            .as_str()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect()
    }

    proptest! {
        #[test]
        fn what_is_made_is_read(user in "[a-z0-9-]{1,40}", days in 0i64..27_000, chance: u32) {
            let day = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + chrono::Duration::days(days);
            let made = Provisional::make(&UserId::from(user), day, chance);
            prop_assert_eq!(Provisional::read(made.as_str()), Ok(made));
        }

        #[test]
        fn any_single_typo_is_found(chance: u32, at in 0usize..15, other in 0u32..31) {
            let made = number(chance);
            let mut characters = characters(&made);
            let typo = character(other);
            prop_assume!(characters[at] != typo);
            characters[at] = typo;
            let text: String = characters.into_iter().collect();
            prop_assert_eq!(Provisional::read(&text), Err(Wrong::Check));
        }

        #[test]
        fn any_swap_is_found(chance: u32, a in 0usize..15, b in 0usize..15) {
            let made = number(chance);
            let mut characters = characters(&made);
            prop_assume!(characters[a] != characters[b]);
            characters.swap(a, b);
            let text: String = characters.into_iter().collect();
            prop_assert_eq!(Provisional::read(&text), Err(Wrong::Check));
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,30}") {
            let _ = Provisional::read(&text);
        }
    }
}
