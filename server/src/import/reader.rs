//! From the bytes of a workbook to the cells of its sheets, or to a clear answer why not.
//!
//! The file comes from outside: its type is told by content, what it unpacks to is measured before
//! it is read, and a parser that panics on a broken file is answered like a broken file.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::ops::RangeInclusive;

use calamine::{Data, DataRef, Dimensions, Ods, Reader, SheetType, SheetVisible, Xls, Xlsx};
use chrono::NaiveDate;

use super::dates::Epoch;
use super::guard;

/// The largest file.
pub const MAX_FILE: usize = 20 * 1024 * 1024;
/// The most rows with content, all sheets together.
pub(super) const MAX_ROWS: usize = 50_000;
/// The most columns of a sheet.
pub(super) const MAX_COLUMNS: u32 = 256;
/// The most cells with content.
pub(super) const MAX_CELLS: u64 = 2_000_000;
/// The most text, in bytes, all cells together.
pub(super) const MAX_TEXT: u64 = 64 * 1024 * 1024;

/// Why a file cannot be read. The sentence tells the clerk what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Nothing in it.
    #[error("文件是空的。请选择台账工作簿（.xlsx、.xls 或 .ods）。")]
    Empty,
    /// Above [`MAX_FILE`].
    #[error("文件超过20 MB。请删去图片等无关内容，或按村拆成几个文件分别导入。")]
    TooLarge,
    /// Another kind of file.
    #[error("这是{0}，不是台账工作簿。请选择 .xlsx、.xls 或 .ods 文件。")]
    OtherType(&'static str),
    /// A table in another form, which the office's own programs can turn into a workbook.
    #[error("这是{0}。请用 Excel 或 WPS 打开，另存为 .xlsx 后再导入。")]
    SaveAsXlsx(&'static str),
    /// Protected by a password.
    #[error("工作簿设了打开密码，无法读取。请去掉密码、另存后再导入。")]
    Encrypted,
    /// Cut off or damaged.
    #[error("工作簿已损坏或不完整，无法读取。请用 Excel 或 WPS 打开修复、另存后再导入。")]
    Broken,
    /// Unpacks to more than any ledger.
    #[error(
        "工作簿解开后过大（最多{MAX_ROWS}行、{MAX_COLUMNS}列）。请按村或按年拆成几个文件分别导入。"
    )]
    TooMuch,
    /// No sheet has a ledger's header row.
    #[error(
        "没有找到台账的表头行。表头应有“登记日期”“信访人姓名”“起因及主要诉求”等栏目；栏目名称不同的，请指定栏目对应关系。"
    )]
    NoHeader,
    /// The caller's mapping names a header that no sheet has.
    #[error("指定的栏目“{0}”在工作簿的表头里没有。")]
    NoSuchHeader(String),
    /// The caller's mapping gives a field to two columns.
    #[error("栏目“{0}”被指定了两次。")]
    MappedTwice(&'static str),
}

/// A workbook's sheets, in its order.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) sheets: Vec<Sheet>,
}

/// A sheet's cells with content. Rows and columns count from 0.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) hidden: bool,
    pub(super) epoch: Epoch,
    pub(super) rows: BTreeMap<u32, BTreeMap<u32, Cell>>,
    pub(super) merges: Vec<Merge>,
}

/// A merged region; its content is in its first cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Merge {
    pub(super) rows: RangeInclusive<u32>,
    pub(super) columns: RangeInclusive<u32>,
}

/// What a cell holds. A formula counts as its stored result.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Text(String),
    Number(f64),
    /// A day, and the number behind it.
    Day(NaiveDate, f64),
    /// `#N/A` and the like.
    Error(String),
    /// A formula whose result the file does not hold.
    NoResult(String),
}

impl Cell {
    /// As a person reads it in the sheet.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.trim().to_owned(),
            Self::Number(value) => value.to_string(),
            Self::Day(day, _) => day.to_string(),
            Self::Error(error) => error.clone(),
            Self::NoResult(formula) => format!("={formula}"),
        }
    }
}

impl Sheet {
    /// The cell at a place.
    pub(super) fn cell(&self, row: u32, column: u32) -> Option<&Cell> {
        self.rows.get(&row)?.get(&column)
    }
}

/// Reads a workbook.
///
/// # Errors
/// [`ReadError`], for the clerk.
pub(super) fn read(bytes: &[u8]) -> Result<Book, ReadError> {
    if bytes.is_empty() {
        return Err(ReadError::Empty);
    }
    if bytes.len() > MAX_FILE {
        return Err(ReadError::TooLarge);
    }
    let read = || match guard::check(bytes)? {
        guard::Format::Xlsx => read_xlsx(bytes),
        guard::Format::Xls => read_xls(bytes),
        guard::Format::Ods(merges) => read_ods(bytes, merges),
    };
    let mut book = std::panic::catch_unwind(read).unwrap_or(Err(ReadError::Broken))?;
    let rows = book
        .sheets
        .iter()
        .map(|sheet| sheet.rows.len())
        .sum::<usize>();
    if rows > MAX_ROWS {
        return Err(ReadError::TooMuch);
    }
    for sheet in &mut book.sheets {
        // Whole columns may be merged for looks: only those with content in their rows matter.
        let last = sheet.rows.keys().next_back().copied().unwrap_or(0);
        sheet.merges.retain(|merge| *merge.rows.start() <= last);
        sheet.merges.truncate(MAX_ROWS);
    }
    Ok(book)
}

/// Collects cells within the limits.
#[derive(Default)]
struct Collector {
    cells: u64,
    text: u64,
}

impl Collector {
    fn put(&mut self, sheet: &mut Sheet, at: (u32, u32), cell: Cell) -> Result<(), ReadError> {
        let (row, column) = at;
        let length = match &cell {
            Cell::Text(text) if text.trim().is_empty() => return Ok(()),
            Cell::Text(text) | Cell::Error(text) | Cell::NoResult(text) => text.len(),
            Cell::Number(_) | Cell::Day(..) => 0,
        };
        self.cells += 1;
        self.text = self.text.saturating_add(length as u64);
        let rows = sheet.rows.len();
        if column >= MAX_COLUMNS
            || self.cells > MAX_CELLS
            || self.text > MAX_TEXT
            || rows > MAX_ROWS
        {
            return Err(ReadError::TooMuch);
        }
        sheet.rows.entry(row).or_default().insert(column, cell);
        Ok(())
    }
}

fn read_xlsx(bytes: &[u8]) -> Result<Book, ReadError> {
    use calamine::XlsxError;
    let broken = |error: XlsxError| match error {
        XlsxError::Password => ReadError::Encrypted,
        _ => ReadError::Broken,
    };
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(broken)?;
    let epoch = epoch(workbook.has_1904_epoch());
    let mut collector = Collector::default();
    let mut book = Book::default();
    for (name, hidden) in worksheets(workbook.sheets_metadata()) {
        let merges = workbook.merge_cells_by_sheet_name(&name).map_err(broken)?;
        let mut sheet = Sheet {
            hidden,
            epoch,
            merges: merges.iter().map(merge).collect(),
            ..Sheet::default()
        };
        // Cell by cell: a range would be as large as its far corner says.
        let mut reader = workbook.worksheet_cells_reader(&name).map_err(broken)?;
        while let Some(found) = reader.next_cell_with_formula_metadata().map_err(broken)? {
            let cell = match (data_ref(found.value), found.formula) {
                (Some(cell), _) => Some(cell),
                (None, Some(formula)) => Some(Cell::NoResult(formula_text(formula))),
                (None, None) => None,
            };
            if let Some(cell) = cell {
                collector.put(&mut sheet, found.pos, cell)?;
            }
        }
        sheet.name = name;
        book.sheets.push(sheet);
    }
    Ok(book)
}

fn formula_text(formula: calamine::XlsxFormulaMetadata) -> String {
    use calamine::XlsxFormulaMetadata as F;
    match formula {
        F::Normal { formula } | F::Shared { formula, .. } => formula,
        _ => "…".to_owned(),
    }
}

fn read_xls(bytes: &[u8]) -> Result<Book, ReadError> {
    use calamine::XlsError;
    let broken = |error: XlsError| match error {
        XlsError::Password => ReadError::Encrypted,
        _ => ReadError::Broken,
    };
    let mut workbook = Xls::new(Cursor::new(bytes)).map_err(broken)?;
    let epoch = epoch(workbook.has_1904_epoch());
    let mut collector = Collector::default();
    let mut book = Book::default();
    for (name, hidden) in worksheets(workbook.sheets_metadata()) {
        let range = workbook.worksheet_range(&name).map_err(broken)?;
        let merges = workbook.merge_cells_by_sheet_name(&name).map_err(broken)?;
        let mut sheet = Sheet {
            hidden,
            epoch,
            merges: merges.iter().map(merge).collect(),
            ..Sheet::default()
        };
        collect(&mut collector, &mut sheet, &range)?;
        sheet.name = name;
        book.sheets.push(sheet);
    }
    Ok(book)
}

fn read_ods(bytes: &[u8], mut merges: Vec<Vec<Merge>>) -> Result<Book, ReadError> {
    use calamine::OdsError;
    let broken = |error: OdsError| match error {
        OdsError::Password => ReadError::Encrypted,
        OdsError::CellLimitExceeded { .. } => ReadError::TooMuch,
        _ => ReadError::Broken,
    };
    let mut workbook = Ods::new(Cursor::new(bytes)).map_err(broken)?;
    let mut collector = Collector::default();
    let mut book = Book::default();
    let sheets = worksheets(workbook.sheets_metadata());
    merges.resize_with(sheets.len(), Vec::new);
    for ((name, hidden), merges) in sheets.into_iter().zip(merges) {
        let range = workbook.worksheet_range(&name).map_err(broken)?;
        let mut sheet = Sheet {
            hidden,
            merges,
            ..Sheet::default()
        };
        collect(&mut collector, &mut sheet, &range)?;
        sheet.name = name;
        book.sheets.push(sheet);
    }
    Ok(book)
}

fn collect(
    collector: &mut Collector,
    sheet: &mut Sheet,
    range: &calamine::Range<Data>,
) -> Result<(), ReadError> {
    let (top, left) = range.start().unwrap_or_default();
    for (row, column, value) in range.used_cells() {
        let place = |start: u32, offset: usize| {
            u32::try_from(offset)
                .ok()
                .and_then(|offset| start.checked_add(offset))
                .ok_or(ReadError::TooMuch)
        };
        if let Some(cell) = data_ref(borrowed(value)) {
            collector.put(sheet, (place(top, row)?, place(left, column)?), cell)?;
        }
    }
    Ok(())
}

fn worksheets(sheets: &[calamine::Sheet]) -> Vec<(String, bool)> {
    sheets
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| (sheet.name.clone(), sheet.visible != SheetVisible::Visible))
        .collect()
}

const fn epoch(is_1904: bool) -> Epoch {
    if is_1904 {
        Epoch::From1904
    } else {
        Epoch::From1900
    }
}

fn merge(region: &Dimensions) -> Merge {
    Merge {
        rows: region.start.0..=region.end.0,
        columns: region.start.1..=region.end.1,
    }
}

fn borrowed(value: &Data) -> DataRef<'_> {
    match value {
        Data::Int(value) => DataRef::Int(*value),
        Data::Float(value) => DataRef::Float(*value),
        Data::String(text) => DataRef::SharedString(text),
        Data::Bool(value) => DataRef::Bool(*value),
        Data::DateTime(value) => DataRef::DateTime(*value),
        Data::DateTimeIso(text) => DataRef::DateTimeIso(text.clone()),
        Data::DurationIso(text) => DataRef::DurationIso(text.clone()),
        Data::Error(error) => DataRef::Error(error.clone()),
        Data::Empty => DataRef::Empty,
    }
}

fn data_ref(value: DataRef<'_>) -> Option<Cell> {
    match value {
        DataRef::Empty => None,
        DataRef::Int(value) => Some(Cell::Number(value as f64)),
        DataRef::Float(value) => Some(Cell::Number(value)),
        DataRef::String(text) | DataRef::DurationIso(text) => Some(Cell::Text(text)),
        DataRef::SharedString(text) => Some(Cell::Text(text.to_owned())),
        DataRef::Bool(value) => Some(Cell::Text(if value { "TRUE" } else { "FALSE" }.to_owned())),
        DataRef::Error(error) => Some(Cell::Error(error.to_string())),
        DataRef::DateTime(value) => Some(match value.as_datetime() {
            Some(time) if value.is_datetime() => Cell::Day(time.date(), value.as_f64()),
            _ => Cell::Number(value.as_f64()),
        }),
        DataRef::DateTimeIso(text) => Some(iso_day(text)),
    }
}

/// An OpenDocument date.
fn iso_day(text: String) -> Cell {
    let day = text.get(..10).and_then(|day| day.parse::<NaiveDate>().ok());
    let start = NaiveDate::from_ymd_opt(1899, 12, 30);
    match (day, start) {
        (Some(day), Some(start)) => Cell::Day(day, (day - start).num_days() as f64),
        _ => Cell::Text(text),
    }
}

/// Reads at most `limit` bytes and says how many there were; none if there are more.
pub(super) fn measured(reader: impl Read, limit: u64) -> std::io::Result<Option<u64>> {
    let mut reader = reader.take(limit.saturating_add(1));
    let length = std::io::copy(&mut reader, &mut std::io::sink())?;
    Ok((length <= limit).then_some(length))
}
