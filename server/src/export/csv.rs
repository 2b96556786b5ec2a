//! Comma-separated values: UTF-8 with a byte order mark, by which spreadsheets know it; the head in the
//! first line, so that programs read it; who took it out, in the last, with as many fields as every
//! other.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use shared::indicator::percent_text;

use super::{Cell, Error, Mark, Sheet, shanghai};

/// A file in the making.
pub(super) struct Csv {
    file: BufWriter<File>,
    mark: Mark,
    columns: usize,
    sheets: u32,
}

impl Csv {
    pub(super) fn new(mark: Mark, folder: &Path) -> Result<Self, Error> {
        let mut file = BufWriter::new(tempfile::tempfile_in(folder)?);
        file.write_all("\u{feff}".as_bytes())?;
        Ok(Self {
            file,
            mark,
            columns: 0,
            sheets: 0,
        })
    }

    pub(super) fn sheet(&mut self, sheet: &Sheet) -> Result<(), Error> {
        self.sheets += 1;
        if self.sheets > 1 {
            return Ok(());
        }
        self.columns = sheet.columns.len();
        let heads = sheet.columns.iter().map(|column| {
            let group = column.group.as_deref().unwrap_or_default();
            Cell::text(format!("{group}{}", column.head))
        });
        let heads: Vec<Cell> = heads.collect();
        self.row(&heads)
    }

    pub(super) fn row(&mut self, cells: &[Cell]) -> Result<(), Error> {
        if self.sheets > 1 {
            return Ok(());
        }
        for at in 0..self.columns.max(cells.len()) {
            if at > 0 {
                self.file.write_all(b",")?;
            }
            if let Some(cell) = cells.get(at) {
                self.file.write_all(field(cell).as_bytes())?;
            }
        }
        self.file.write_all(b"\r\n")?;
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<File, Error> {
        self.sheets = 1;
        let mark = Cell::text(self.mark.words.clone());
        self.row(&[mark])?;
        self.file
            .into_inner()
            .map_err(|error| Error::Io(error.into_error()))
    }
}

fn field(cell: &Cell) -> Cow<'_, str> {
    match cell {
        Cell::Empty => Cow::Borrowed(""),
        Cell::Text(words) => quoted(neutral(words)),
        Cell::Count(count) => Cow::Owned(count.to_string()),
        Cell::Tenths(tenths) => Cow::Owned(percent_text(*tenths).trim_end_matches('%').to_owned()),
        Cell::Permille(permille) => Cow::Owned(percent_text(*permille)),
        Cell::Day(day) => Cow::Owned(day.to_string()),
        Cell::Moment(at) => Cow::Owned(shanghai(*at).format("%Y-%m-%d %H:%M").to_string()),
    }
}

/// Words that a spreadsheet takes for words: what would begin a formula, in any of the signs that
/// spreadsheets know, is led by an apostrophe.
fn neutral(words: &str) -> Cow<'_, str> {
    let begins = |sign: char| {
        matches!(
            sign,
            '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠'
        )
    };
    // Some programs look past blanks.
    let first = words.trim_start_matches([' ', '\u{3000}']);
    if words.starts_with(begins) || first.starts_with(begins) {
        Cow::Owned(format!("'{words}"))
    } else {
        Cow::Borrowed(words)
    }
}

fn quoted(words: Cow<'_, str>) -> Cow<'_, str> {
    if words.contains(['"', ',', '\n', '\r', ';', '\t']) {
        Cow::Owned(format!("\"{}\"", words.replace('"', "\"\"")))
    } else {
        words
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};

    use proptest::prelude::*;

    use super::super::tests::{mark, sheet};
    use super::*;

    fn written(rows: &[Vec<Cell>]) -> String {
        let dir = tempfile::tempdir().unwrap();
        let mut csv = Csv::new(mark(), dir.path()).unwrap();
        csv.sheet(&sheet()).unwrap();
        for row in rows {
            csv.row(row).unwrap();
        }
        let mut file = csv.finish().unwrap();
        file.rewind().unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        text
    }

    #[test]
    fn a_file_has_a_mark_a_head_and_rows_of_equal_length() {
        let text = written(&[vec![
            Cell::text("五里墩村"),
            Cell::Count(3),
            Cell::Permille(-915),
        ]]);
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!(lines[0], "\u{feff}村,办理率分子,办理率分母");
        assert_eq!(lines[1], "五里墩村,3,-91.5%");
        assert_eq!(
            lines[2],
            "导出人：孙立新（镇综治办）　导出时间：2026-03-10 10:00,,"
        );
        assert_eq!(lines[3..], [""]);
    }

    #[test]
    fn nothing_begins_a_formula() {
        for (words, safe) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
            ("  =1", "'  =1"),
            ("＝1", "'＝1"),
            ("a=1", "a=1"),
            ("他说\"好\"，走", "\"他说\"\"好\"\"，走\""),
            ("a,b", "\"a,b\""),
        ] {
            assert_eq!(field(&Cell::text(words)), safe, "{words:?}");
        }
        // A number that the program made is one.
        assert_eq!(field(&Cell::Tenths(-15)), "-1.5");
    }

    proptest! {
        /// Whatever is written comes back, behind at most an apostrophe, and never begins a formula.
        #[test]
        fn words_come_back(words in "[ =+@,\"'\\-\\t\\r\\n一a]{0,8}") {
            let cell = Cell::text(words.clone());
            let text = field(&cell).into_owned();
            let plain = match text.strip_prefix('"') {
                Some(rest) => rest.strip_suffix('"').unwrap().replace("\"\"", "\""),
                None => {
                    prop_assert!(!text.contains([',', '"', '\n', '\r']));
                    text
                }
            };
            prop_assert!(!plain.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r', '\n']));
            let led = format!("'{words}");
            prop_assert!(plain == words || plain == led);
        }
    }
}
