//! ID numbers and phone numbers: what a valid one is, and how it is masked.
//!
//! Both are kept encrypted; these checks run before that, in the form and on the server alike.

/// Why a number is not valid. The message says what would be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Not 18 characters of digits with perhaps a final X.
    #[error("身份证号应为18位：前17位是数字，末位是数字或X。")]
    IdShape,
    /// The date of birth in it does not exist.
    #[error("身份证号第7至14位不是一个存在的出生日期。")]
    IdBirthDate,
    /// The check digit (GB 11643-1999) does not fit.
    #[error("身份证号校验位不对，请核对是否抄错一位。")]
    IdCheckDigit,
    /// Neither a mobile nor a fixed-line number.
    #[error("电话号码应为11位手机号，或带区号的固定电话（如0936-1234567）。")]
    Phone,
}

impl IdentityError {
    /// The stable code of the field error.
    pub const fn code(self) -> &'static str {
        match self {
            Self::IdShape => "id_number_shape",
            Self::IdBirthDate => "id_number_birth_date",
            Self::IdCheckDigit => "id_number_check_digit",
            Self::Phone => "phone_shape",
        }
    }
}

/// Half-width, without spaces, dashes and a spreadsheet's leading apostrophe.
fn tidy(text: &str) -> String {
    text.trim()
        .trim_start_matches(['\'', '’', '‘'])
        .chars()
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => u32::from(c)
                .checked_sub(0xfee0)
                .and_then(char::from_u32)
                .unwrap_or(c),
            _ => c,
        })
        .filter(|c| !c.is_whitespace() && *c != '-')
        .collect()
}

/// A resident ID number (公民身份号码) in its one written form.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdNumber(String);

impl IdNumber {
    /// Reads an 18-digit number as people write it (spaces, full-width digits, a lower-case x).
    ///
    /// # Errors
    /// [`IdentityError::IdShape`], [`IdentityError::IdBirthDate`], [`IdentityError::IdCheckDigit`].
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let number = tidy(text).to_ascii_uppercase();
        let bytes = number.as_bytes();
        if bytes.len() != 18 {
            return Err(IdentityError::IdShape);
        }
        let mut sum = 0u32;
        for (i, (byte, weight)) in bytes.iter().zip(WEIGHTS).enumerate() {
            let value = match byte {
                b'0'..=b'9' => u32::from(byte - b'0'),
                b'X' if i == 17 => 10,
                _ => return Err(IdentityError::IdShape),
            };
            sum += value * weight;
        }
        let part = |range: std::ops::Range<usize>| number.get(range).and_then(|s| s.parse().ok());
        let born = match (part(6..10), part(10..12), part(12..14)) {
            (Some(y), Some(m), Some(d)) => chrono::NaiveDate::from_ymd_opt(y as i32, m, d),
            _ => None,
        };
        if born.is_none() {
            return Err(IdentityError::IdBirthDate);
        }
        // The weighted sum with the check digit's own weight of 1 leaves 1 modulo 11.
        if sum % 11 == 1 {
            Ok(Self(number))
        } else {
            Err(IdentityError::IdCheckDigit)
        }
    }

    /// The whole number.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it stands on screen and paper: the first six (the district) and the last two.
    pub fn masked(&self) -> String {
        mask(&self.0, 6, 2)
    }
}

impl std::fmt::Debug for IdNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.masked())
    }
}

/// Weights of GB 11643-1999, the check digit's own last.
const WEIGHTS: [u32; 18] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2, 1];

/// A phone number in its one written form (digits only).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone(String);

impl Phone {
    /// Reads a mobile number (11 digits, perhaps with +86) or a fixed line with its area code.
    ///
    /// # Errors
    /// [`IdentityError::Phone`].
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let tidied = tidy(text);
        let digits = tidied.strip_prefix("+86").unwrap_or(&tidied);
        let digits = if digits.len() == 13 {
            digits.strip_prefix("86").unwrap_or(digits)
        } else {
            digits
        };
        let all_digits = digits.bytes().all(|b| b.is_ascii_digit());
        let mobile = digits.len() == 11 && digits.starts_with('1');
        let fixed = (10..=12).contains(&digits.len()) && digits.starts_with('0');
        if all_digits && (mobile || fixed) {
            Ok(Self(digits.to_owned()))
        } else {
            Err(IdentityError::Phone)
        }
    }

    /// The whole number.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it stands on screen and paper: the first three and the last two.
    pub fn masked(&self) -> String {
        mask(&self.0, 3, 2)
    }
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.masked())
    }
}

fn mask(number: &str, head: usize, tail: usize) -> String {
    let length = number.chars().count();
    number
        .chars()
        .enumerate()
        .map(|(i, c)| {
            if i < head || i + tail >= length {
                c
            } else {
                '*'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_number_check_digit_gb_11643() {
        for (text, expect) in [
            ("999999195307140712", Ok(())),
            ("'99999919710804118X", Ok(())),
            ("99999919710804118x", Ok(())),
            ("９９９９９９195307140712", Ok(())),
            ("999999195307140713", Err(IdentityError::IdCheckDigit)),
            ("999999195302300712", Err(IdentityError::IdBirthDate)),
            ("99999919530714071", Err(IdentityError::IdShape)),
            ("9999991953071407X2", Err(IdentityError::IdShape)),
            ("张三", Err(IdentityError::IdShape)),
        ] {
            assert_eq!(IdNumber::parse(text).map(|_| ()), expect, "{text}");
        }
    }

    #[test]
    fn phone_forms() {
        for (text, expect) in [
            ("13000009455", Some("13000009455")),
            ("130 0000 5726", Some("13000005726")),
            ("+86 130-0000-5726", Some("13000005726")),
            ("0936-1234567", Some("09361234567")),
            ("1300000945", None),
            ("12345", None),
            ("手机", None),
        ] {
            assert_eq!(
                Phone::parse(text).ok().as_ref().map(Phone::as_str),
                expect,
                "{text}"
            );
        }
    }

    #[test]
    fn masks_leave_only_the_ends() {
        assert_eq!(
            IdNumber::parse("999999195307140712").unwrap().masked(),
            "999999**********12"
        );
        assert_eq!(Phone::parse("13000009455").unwrap().masked(), "130******55");
        assert_eq!(
            format!("{:?}", Phone::parse("13000009455").unwrap()),
            "130******55"
        );
    }
}
