//! Case numbers such as `平川信〔2026〕00012号`: per township and year, no gaps, no duplicates.
//!
//! A gap in the one series would tell a reader who sees every other case that a sealed one exists.
//! So sealed accusations count in series of their own, each seen only by those who may see its
//! cases: 检 for those that the office handles, 密 for those that only the registrar sees.

use crate::terms;

terms! {
    /// A series of numbers.
    Series, "编号系列" {
        /// Every case that is not sealed.
        Open = "open", "信";
        /// Sealed accusations (条例第三十条).
        Sealed = "sealed", "检";
        /// Sealed accusations that only the registrar sees.
        RegistrarOnly = "registrar_only", "密";
    }
}

/// A case number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CaseNumber {
    /// The township's short name.
    pub township: String,
    /// The series.
    pub series: Series,
    /// The year of registration.
    pub year: i32,
    /// From 1, within township, series and year.
    pub count: u32,
}

impl std::fmt::Display for CaseNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use crate::term::Term;
        let Self {
            township,
            series,
            year,
            count,
        } = self;
        write!(f, "{township}{}〔{year}〕{count:05}号", series.label())
    }
}

impl std::str::FromStr for CaseNumber {
    type Err = NotACaseNumber;

    fn from_str(text: &str) -> Result<Self, NotACaseNumber> {
        use crate::term::Term;
        let parse = || {
            let (head, rest) = text.trim().split_once('〔')?;
            let (year, rest) = rest.split_once('〕')?;
            let count = rest.strip_suffix('号')?;
            let (at, _) = head.char_indices().next_back()?;
            Some(Self {
                township: head.get(..at)?.to_owned(),
                series: Series::from_label(head.get(at..)?)?,
                year: year.parse().ok()?,
                count: count.parse().ok().filter(|count| *count > 0)?,
            })
        };
        parse()
            .filter(|number| !number.township.is_empty())
            .ok_or(NotACaseNumber)
    }
}

/// The text is no case number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("编号应如“平川信〔2026〕00012号”。")]
pub struct NotACaseNumber;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_and_read() {
        let number = CaseNumber {
            township: "平川".into(),
            series: Series::Open,
            year: 2026,
            count: 12,
        };
        assert_eq!(number.to_string(), "平川信〔2026〕00012号");
        assert_eq!(number.to_string().parse(), Ok(number));
        for text in [
            "",
            "平川信2026",
            "信〔2026〕00012号",
            "平川信〔2026〕00000号",
            "平川信〔二〕1号",
        ] {
            assert_eq!(text.parse::<CaseNumber>(), Err(NotACaseNumber), "{text}");
        }
    }
}
