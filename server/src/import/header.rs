//! Finds a sheet's header row, and what stands above it: title, year, the unit that filled it in.

use shared::ledger::{ColumnMapping, Skipped};

use super::columns::Columns;
use super::dates::year_of_title;
use super::reader::{Cell, Sheet};
use super::text::{compact, shorten};

/// How far down a header row is looked for.
const LOOK_AT: usize = 50;
/// How many known headers make a header row.
const KNOWN_HEADERS: usize = 3;

/// Where a sheet's rows begin, and what the lines above them say.
#[derive(Debug, Clone)]
pub(super) struct Header {
    /// The header's first and last row, from 0.
    pub(super) rows: (u32, u32),
    pub(super) columns: Columns,
    /// The first line of the sheet.
    pub(super) title: Option<String>,
    /// The unit that filled it in.
    pub(super) unit: Option<String>,
    /// The year of dates without one, and where it was found.
    pub(super) year: Option<(i32, &'static str)>,
    pub(super) skipped: Vec<Skipped>,
}

/// Finds the header: of the first rows, the one with the most known headers; two rows where the
/// upper one spans columns of the lower one.
pub(super) fn find(sheet: &Sheet, file: &str, mapping: &[ColumnMapping]) -> Option<Header> {
    let mut best: Option<((u32, u32), Columns)> = None;
    for row in sheet.rows.keys().copied().take(LOOK_AT) {
        let one = Columns::of(&texts(sheet, row), mapping);
        let two = two_rows(sheet, row).map(|texts| Columns::of(&texts, mapping));
        let more = |columns: &Columns, best: &Option<((u32, u32), Columns)>| {
            columns.known()
                > best
                    .as_ref()
                    .map_or(KNOWN_HEADERS - 1, |(_, best)| best.known())
        };
        if more(&one, &best) {
            best = Some(((row, row), one));
        }
        if let Some(two) = two.filter(|two| more(two, &best)) {
            best = Some(((row, row + 1), two));
        }
    }
    let (rows, columns) = best?;
    let mut header = Header {
        rows,
        columns,
        title: None,
        unit: None,
        year: None,
        skipped: Vec::new(),
    };
    header.read_above(sheet);
    header.year = [
        (header.title.as_deref(), "标题"),
        (Some(sheet.name.as_str()), "工作表名"),
        (Some(file), "文件名"),
    ]
    .into_iter()
    .find_map(|(text, from)| Some((year_of_title(text?)?, from)));
    Some(header)
}

impl Header {
    fn read_above(&mut self, sheet: &Sheet) {
        let (first, last) = self.rows;
        for row in sheet.rows.range(..first).map(|(row, _)| *row) {
            let line: Vec<String> = texts(sheet, row)
                .into_iter()
                .map(|(_, text)| text)
                .collect();
            let unit = line.iter().find_map(|text| unit_of_line(text));
            let why = if unit.is_some() {
                self.unit = self.unit.take().or(unit);
                "填报单位行"
            } else if self.title.is_none() && !line.is_empty() {
                self.title = line.into_iter().next();
                "标题行"
            } else {
                "表头上方的说明"
            };
            self.skipped.push(skip(sheet, row, why));
        }
        for row in first..=last {
            self.skipped.push(skip(sheet, row, "表头行"));
        }
    }

    /// Whether a row repeats the header, as ledgers printed on several pages do.
    pub(super) fn is_repeated_in(&self, sheet: &Sheet, row: u32) -> bool {
        let same = self
            .columns
            .0
            .iter()
            .filter(|column| column.field.is_some())
            .filter(|column| match sheet.cell(row, column.at) {
                Some(Cell::Text(text)) => compact(text) == compact(&column.header),
                _ => false,
            })
            .count();
        same >= KNOWN_HEADERS
    }
}

/// A row's entry in the list of skipped ones.
pub(super) fn skip(sheet: &Sheet, row: u32, why: impl Into<String>) -> Skipped {
    Skipped {
        sheet: sheet.name.clone(),
        row: row.saturating_add(1),
        why: why.into(),
    }
}

/// A row's texts with their columns.
fn texts(sheet: &Sheet, row: u32) -> Vec<(u32, String)> {
    let cells = sheet.rows.get(&row).into_iter().flatten();
    cells
        .filter_map(|(column, cell)| match cell {
            Cell::Text(text) => Some((*column, text.trim().to_owned())),
            _ => None,
        })
        .collect()
}

/// The headers of a row and the one below, if the upper one spans columns of the lower one.
fn two_rows(sheet: &Sheet, row: u32) -> Option<Vec<(u32, String)>> {
    let spans: Vec<_> = sheet
        .merges
        .iter()
        .filter(|merge| *merge.rows.start() == row && *merge.rows.end() == row)
        .filter(|merge| merge.columns.end() > merge.columns.start())
        .collect();
    let below = row.checked_add(1)?;
    let lower = sheet.rows.get(&below)?;
    let spanned = |column: &u32| spans.iter().any(|merge| merge.columns.contains(column));
    let is_text = |cell: &Cell| matches!(cell, Cell::Text(_));
    // What stands in the lower row stands below a span: else it is a row of the ledger.
    if spans.is_empty()
        || !lower
            .iter()
            .all(|(column, cell)| spanned(column) && is_text(cell))
    {
        return None;
    }
    let mut headers: Vec<(u32, String)> = texts(sheet, row)
        .into_iter()
        .filter(|(column, _)| !spanned(column))
        .collect();
    for (column, text) in texts(sheet, below) {
        let above = spans
            .iter()
            .find(|merge| merge.columns.contains(&column))
            .and_then(|merge| sheet.cell(row, *merge.columns.start()))
            .map(Cell::text)
            .unwrap_or_default();
        let known = super::columns::field_of(&text).is_some();
        let header = if known {
            text
        } else {
            format!("{above}{text}")
        };
        headers.push((column, header));
    }
    headers.sort();
    Some(headers)
}

/// The unit that a line like `填报单位：五里墩村` names; empty where the line leaves it open.
fn unit_of_line(text: &str) -> Option<String> {
    let bare = compact(text);
    let after = [
        "填报单位",
        "填报村",
        "上报单位",
        "报送单位",
        "填表单位",
        "填报",
    ]
    .iter()
    .find_map(|label| bare.strip_prefix(label))?;
    let after = after.trim_start_matches([':', '(', ')', '盖', '章']);
    // One cell may go on: 填报单位：五里墩村 单位：件、人.
    let spaced = text
        .split(['：', ':'])
        .nth(1)
        .map(str::trim)
        .unwrap_or_default();
    let name = spaced.split_whitespace().next().unwrap_or(after);
    Some(shorten(name, 60))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::reader::Merge;
    use shared::ledger::LedgerField;

    fn sheet(rows: &[&[&str]]) -> Sheet {
        let mut sheet = Sheet {
            name: "台账".into(),
            ..Sheet::default()
        };
        for (row, cells) in (0..).zip(rows) {
            let cells = (0..).zip(cells.iter().copied());
            let cells = cells
                .filter(|(_, text)| !text.is_empty())
                .map(|(column, text)| (column, Cell::Text(text.to_owned())))
                .collect::<std::collections::BTreeMap<_, _>>();
            if !cells.is_empty() {
                sheet.rows.insert(row, cells);
            }
        }
        sheet
    }

    #[test]
    fn below_title_and_unit() {
        let sheet = sheet(&[
            &["平川镇五里墩村2023年台账"],
            &["填报单位：五里墩村村委会", "", "单位：件、人"],
            &["序号", "登记日期", "信访人姓名", "起因"],
            &["1", "2023.5.3", "张三", "纠纷"],
        ]);
        let header = find(&sheet, "x.xlsx", &[]).unwrap();
        assert_eq!(header.rows, (2, 2));
        assert_eq!(header.unit.as_deref(), Some("五里墩村村委会"));
        assert_eq!(header.year, Some((2023, "标题")));
        let whys: Vec<_> = header.skipped.iter().map(|s| s.why.as_str()).collect();
        assert_eq!(whys, ["标题行", "填报单位行", "表头行"]);
    }

    #[test]
    fn over_two_rows() {
        let mut sheet = sheet(&[
            &["序号", "登记日期", "当事人信息", "", "", "主要诉求"],
            &["", "", "姓名", "身份证号", "电话", ""],
            &["1", "2023.5.3", "张三", "", "", "纠纷"],
        ]);
        sheet.merges.push(Merge {
            rows: 0..=0,
            columns: 2..=4,
        });
        let header = find(&sheet, "x.xlsx", &[]).unwrap();
        assert_eq!(header.rows, (0, 1));
        let at = |field| header.columns.find(field).map(|column| column.at);
        assert_eq!(at(LedgerField::IdNumber), Some(3));
        assert_eq!(at(LedgerField::Cause), Some(5));
    }

    #[test]
    fn no_header_no_rows() {
        assert!(find(&sheet(&[&["说明"], &["请各村按月填报"]]), "x", &[]).is_none());
    }

    #[test]
    fn the_year_from_elsewhere() {
        let rows: &[&[&str]] = &[&["登记日期", "信访人姓名", "起因"]];
        let header = find(&sheet(rows), "台账2022.xlsx", &[]).unwrap();
        assert_eq!(header.year, Some((2022, "文件名")));
    }

    #[test]
    fn unit_lines() {
        for (text, expect) in [
            ("填报单位：五里墩村", Some("五里墩村")),
            (
                "填报单位:三一村村委会    单位：件、人",
                Some("三一村村委会"),
            ),
            ("填报单位（盖章）：平川村", Some("平川村")),
            ("单位：件、人", None),
        ] {
            assert_eq!(unit_of_line(text).as_deref(), expect, "{text}");
        }
    }
}
