//! Sums of money: yuan with at most two decimals, counted in fen, so that three payments add up.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The largest sum, in fen: ten thousand million yuan.
const MOST: u64 = 1_000_000_000_000;

/// A sum, in fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Yuan(u64);

impl Yuan {
    /// The sum of two.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// In fen.
    pub const fn fen(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Yuan {
    /// `5000`, or `1234.50`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (yuan, fen) = (self.0 / 100, self.0 % 100);
        if fen == 0 {
            write!(f, "{yuan}")
        } else {
            write!(f, "{yuan}.{fen:02}")
        }
    }
}

/// A sum as it is entered: a text from a form, a number from a script.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum YuanInput {
    /// A text.
    Text(String),
    /// A number.
    Number(serde_json::Number),
}

/// A sum in the API's document: a text or a number.
#[cfg(feature = "openapi")]
pub(super) fn in_document() -> utoipa::openapi::schema::OneOfBuilder {
    use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};
    let of = |kind| ObjectBuilder::new().schema_type(kind);
    OneOfBuilder::new()
        .item(of(Type::Null))
        .item(of(Type::String))
        .item(of(Type::Number))
        .examples([serde_json::json!("1234.50")])
}

impl YuanInput {
    /// The sum; none where nothing is entered.
    ///
    /// # Errors
    /// What is wrong, as a sentence.
    pub fn read(&self) -> Result<Option<Yuan>, &'static str> {
        const WRONG: &str = "金额请写数字，单位元，最多两位小数，大于0。";
        let text = match self {
            Self::Text(text) => text.trim().to_owned(),
            Self::Number(number) => number.to_string(),
        };
        if text.is_empty() {
            return Ok(None);
        }
        let (yuan, fen) = text.split_once('.').unwrap_or((&text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(yuan) || !digits(fen) || fen.len() > 2 {
            return Err(WRONG);
        }
        let fen: u64 = format!("{fen:0<2}").parse().map_err(|_| WRONG)?;
        let yuan: u64 = yuan.parse().map_err(|_| WRONG)?;
        let sum = yuan.checked_mul(100).and_then(|sum| sum.checked_add(fen));
        match sum {
            Some(sum) if (1..=MOST).contains(&sum) => Ok(Some(Yuan(sum))),
            _ => Err(WRONG),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Option<String>, &'static str> {
        let input: YuanInput = serde_json::from_str(json).unwrap();
        input.read().map(|sum| sum.map(|sum| sum.to_string()))
    }

    #[test]
    fn sums_are_read_to_the_fen() {
        for (json, sum) in [
            ("\"5000\"", "5000"),
            ("5000", "5000"),
            ("1234.5", "1234.50"),
            ("\"0.05\"", "0.05"),
            ("\" 12.30 \"", "12.30"),
        ] {
            assert_eq!(read(json), Ok(Some(sum.to_owned())), "{json}");
        }
        assert_eq!(read("\" \""), Ok(None));
        for json in [
            "\"-1\"",
            "0",
            "\"1.234\"",
            "\"五千\"",
            "\"1,000\"",
            "1e30",
            "\".5\"",
            "-3",
            "\"99999999999999999999999\"",
            "10000000000.01",
        ] {
            assert!(read(json).is_err(), "{json}");
        }
    }
}
