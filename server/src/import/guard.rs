//! What a file is, by content, and whether it unpacks to a size that may be read.
//!
//! A compressed workbook of a few kilobytes can stand for gigabytes: zip entries that lie about
//! their size, a cell in the far corner of a sheet, a cell repeated a million times. All of it is
//! measured here by streaming, before the reader builds anything from it.

use std::io::{BufReader, Cursor, Read, Seek};

use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;
use zip::result::ZipError;

use super::reader::{MAX_CELLS, MAX_TEXT, Merge, ReadError, measured};

/// The most bytes that a workbook's parts unpack to.
const MAX_UNPACKED: u64 = 192 * 1024 * 1024;
/// The most parts of a workbook.
const MAX_PARTS: usize = 4_000;
/// The most cells that a reader may lay out, empty ones included.
const MAX_LAID_OUT: u64 = 4 * MAX_CELLS;

/// A kind of workbook that can be read.
#[derive(Debug)]
pub(super) enum Format {
    Xlsx,
    Xls,
    /// With the merged regions of each sheet, which `calamine` does not give.
    Ods(Vec<Vec<Merge>>),
}

/// Tells the format and measures the content.
pub(super) fn check(bytes: &[u8]) -> Result<Format, ReadError> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        check_zip(bytes)
    } else if bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]) {
        check_compound(bytes)
    } else {
        Err(other_type(bytes))
    }
}

fn other_type(bytes: &[u8]) -> ReadError {
    if let Some(kind) = infer::get(bytes) {
        return match (kind.matcher_type(), kind.extension()) {
            (_, "pdf") => ReadError::OtherType("PDF 文件"),
            (infer::MatcherType::Image, _) => ReadError::OtherType("图片"),
            (infer::MatcherType::Archive, _) => ReadError::OtherType("压缩包"),
            (infer::MatcherType::Audio | infer::MatcherType::Video, _) => {
                ReadError::OtherType("音像文件")
            }
            (_, "html" | "xml") => ReadError::SaveAsXlsx("网页格式的表格"),
            _ => ReadError::OtherType("其他类型的文件"),
        };
    }
    let head = bytes.get(..4096).unwrap_or(bytes);
    if head.contains(&0) && !head.starts_with(&[0xff, 0xfe]) && !head.starts_with(&[0xfe, 0xff]) {
        return ReadError::OtherType("其他类型的文件");
    }
    let start = String::from_utf8_lossy(head).to_lowercase();
    if ["<html", "<table", "<!doctype html", "<?xml"]
        .iter()
        .any(|mark| start.contains(mark))
    {
        ReadError::SaveAsXlsx("网页格式的表格")
    } else {
        ReadError::SaveAsXlsx("文本或 CSV 文件")
    }
}

fn check_zip(bytes: &[u8]) -> Result<Format, ReadError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| ReadError::Broken)?;
    if archive.len() > MAX_PARTS {
        return Err(ReadError::TooMuch);
    }
    let has = |name: &str| archive.index_for_name(name).is_some();
    let is_ods = archive_type(&mut archive.clone())
        .is_some_and(|kind| kind.starts_with("application/vnd.oasis.opendocument.spreadsheet"));
    if has("xl/workbook.bin") {
        return Err(ReadError::SaveAsXlsx("二进制工作簿（.xlsb）"));
    }
    let is_xlsx = archive.file_names().filter_map(Result::ok).any(|name| {
        let name = name.trim_start_matches('/').to_ascii_lowercase();
        name == "xl/workbook.xml" || (name.starts_with("xl/") && name.ends_with("workbook.xml"))
    });
    if !is_ods && !is_xlsx {
        return Err(if has("word/document.xml") {
            ReadError::OtherType("Word 文档")
        } else if has("ppt/presentation.xml") {
            ReadError::OtherType("演示文稿")
        } else if has("mimetype") {
            ReadError::OtherType("其他类型的文档")
        } else if has("[Content_Types].xml") {
            ReadError::Broken
        } else {
            ReadError::OtherType("压缩包")
        });
    }
    measure_parts(&mut archive)?;
    if is_xlsx {
        return Ok(Format::Xlsx);
    }
    let content = archive.by_name("content.xml").map_err(of_zip)?;
    scan_ods(BufReader::new(content)).map(Format::Ods)
}

/// What an OpenDocument file says it is.
fn archive_type<R: Read + Seek>(archive: &mut ZipArchive<R>) -> Option<String> {
    let mut kind = String::new();
    let file = archive.by_name("mimetype").ok()?;
    file.take(200).read_to_string(&mut kind).ok()?;
    Some(kind)
}

/// Unpacks everything into nothing, because what a zip says of its sizes may be a lie.
fn measure_parts<R: Read + Seek>(archive: &mut ZipArchive<R>) -> Result<(), ReadError> {
    let mut left = MAX_UNPACKED;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(of_zip)?;
        let size = measured(part, left).map_err(|_| ReadError::Broken)?;
        left -= size.ok_or(ReadError::TooMuch)?;
    }
    Ok(())
}

fn of_zip(error: ZipError) -> ReadError {
    match error {
        ZipError::UnsupportedArchive(reason) if reason.contains("assword") => ReadError::Encrypted,
        _ => ReadError::Broken,
    }
}

/// A compound file: an old workbook, an encrypted new one, or something else of Office.
fn check_compound(bytes: &[u8]) -> Result<Format, ReadError> {
    let mut file = cfb::CompoundFile::open(Cursor::new(bytes)).map_err(|_| ReadError::Broken)?;
    if file.exists("EncryptedPackage") {
        return Err(ReadError::Encrypted);
    }
    if file.exists("WordDocument") {
        return Err(ReadError::OtherType("Word 文档"));
    }
    if file.exists("PowerPoint Document") {
        return Err(ReadError::OtherType("演示文稿"));
    }
    let stream = ["Workbook", "Book", "WORKBOOK", "BOOK"]
        .iter()
        .find(|name| file.exists(name))
        .ok_or(ReadError::OtherType("其他类型的文件"))?;
    let stream = file.open_stream(stream).map_err(|_| ReadError::Broken)?;
    scan_xls(stream)?;
    Ok(Format::Xls)
}

/// Walks the records of an old workbook: how large is the area of each sheet's cells?
fn scan_xls(stream: impl Read) -> Result<(), ReadError> {
    const BEGIN: u16 = 0x0809;
    const FILE_PASS: u16 = 0x002f;
    const CELLS: &[u16] = &[
        0x0006, 0x00bd, 0x00be, 0x00d6, 0x00fd, 0x0201, 0x0203, 0x0204, 0x0205, 0x027e,
    ];
    let mut stream = BufReader::new(stream);
    let mut laid_out = 0u64;
    let mut area = Area::default();
    let mut body = Vec::new();
    loop {
        let mut head = [0u8; 4];
        if stream.read_exact(&mut head).is_err() {
            break;
        }
        let [a, b, c, d] = head;
        let (kind, length) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
        body.clear();
        let read = (&mut stream).take(u64::from(length)).read_to_end(&mut body);
        if read.is_err() {
            break;
        }
        match kind {
            FILE_PASS => return Err(ReadError::Encrypted),
            BEGIN => {
                laid_out = laid_out.saturating_add(area.size());
                area = Area::default();
            }
            kind if CELLS.contains(&kind) => {
                if let [a, b, c, d, ..] = *body.as_slice() {
                    // A record for many cells has two bytes or more for each.
                    let more = body.len() as u64 / 2;
                    let row = u16::from_le_bytes([a, b]);
                    let column = u64::from(u16::from_le_bytes([c, d])).saturating_add(more);
                    area.include(u64::from(row), column.min(256));
                }
            }
            _ => {}
        }
    }
    if laid_out.saturating_add(area.size()) > MAX_LAID_OUT {
        return Err(ReadError::TooMuch);
    }
    Ok(())
}

/// From the first cell's row to the last one's, as wide as the widest.
#[derive(Default)]
struct Area {
    rows: Option<(u64, u64)>,
    width: u64,
}

impl Area {
    fn include(&mut self, row: u64, column: u64) {
        let (first, last) = self.rows.unwrap_or((row, row));
        self.rows = Some((first.min(row), last.max(row)));
        self.width = self.width.max(column + 1);
    }

    fn size(&self) -> u64 {
        self.rows.map_or(0, |(first, last)| {
            (last - first + 1).saturating_mul(self.width)
        })
    }
}

/// Streams an OpenDocument spreadsheet: how many cells would its repeats lay out, how much text,
/// and which cells are merged?
fn scan_ods(content: impl std::io::BufRead) -> Result<Vec<Vec<Merge>>, ReadError> {
    let mut reader = quick_xml::Reader::from_reader(content);
    reader.config_mut().check_end_names = false;
    let mut scan = OdsScan::default();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader
            .read_event_into(&mut buffer)
            .map_err(|_| ReadError::Broken)?
        {
            Event::Start(element) => scan.start(&element),
            Event::Empty(element) => {
                scan.start(&element);
                scan.end(element.name().as_ref());
            }
            Event::Text(text) => scan.text(text.len() as u64),
            Event::CData(text) => scan.text(text.len() as u64),
            Event::End(element) => scan.end(element.name().as_ref()),
            Event::Eof => break,
            _ => {}
        }
        if scan.laid_out > MAX_LAID_OUT || scan.total_text > MAX_TEXT {
            return Err(ReadError::TooMuch);
        }
    }
    Ok(scan.sheets)
}

#[derive(Default)]
struct OdsScan {
    sheets: Vec<Vec<Merge>>,
    laid_out: u64,
    total_text: u64,
    area: Area,
    row: u64,
    row_repeats: u64,
    column: u64,
    cell: OdsCell,
}

#[derive(Default)]
struct OdsCell {
    inside: bool,
    repeats: u64,
    text: u64,
    filled: bool,
    spans: (u64, u64),
}

impl OdsScan {
    fn start(&mut self, element: &BytesStart<'_>) {
        match element.name().as_ref() {
            "table:table" => {
                self.sheets.push(Vec::new());
                self.area = Area::default();
                self.row = 0;
            }
            "table:table-row" => {
                self.row_repeats = number(element, "table:number-rows-repeated");
                self.column = 0;
            }
            "table:table-cell" | "table:covered-table-cell" => {
                self.cell = OdsCell {
                    inside: true,
                    repeats: number(element, "table:number-columns-repeated"),
                    text: 0,
                    filled: has(element, "office:value-type") || has(element, "table:formula"),
                    spans: (
                        number(element, "table:number-rows-spanned"),
                        number(element, "table:number-columns-spanned"),
                    ),
                };
            }
            _ => {}
        }
    }

    fn text(&mut self, length: u64) {
        if self.cell.inside {
            self.cell.text = self.cell.text.saturating_add(length);
            self.cell.filled = true;
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "table:table-cell" | "table:covered-table-cell" => self.end_cell(),
            "table:table-row" => self.row = self.row.saturating_add(self.row_repeats),
            "table:table" => self.laid_out = self.laid_out.saturating_add(self.area.size()),
            _ => {}
        }
    }

    fn end_cell(&mut self) {
        let cell = std::mem::take(&mut self.cell);
        let last_column = self.column.saturating_add(cell.repeats) - 1;
        if cell.filled {
            let before = self.area.size();
            self.area.include(self.row, last_column);
            let last_row = self.row.saturating_add(self.row_repeats) - 1;
            self.area.include(last_row, last_column);
            // The reader pads each row up to its last cell, and repeats the text with the cell.
            let copies = cell.repeats.saturating_mul(self.row_repeats);
            self.total_text = self
                .total_text
                .saturating_add(cell.text.saturating_mul(copies));
            if self.area.size() > before.saturating_add(MAX_LAID_OUT) {
                self.laid_out = u64::MAX;
            }
        }
        let (rows, columns) = cell.spans;
        if rows > 1 || columns > 1 {
            let range = |start: u64, count: u64| {
                let start = u32::try_from(start).unwrap_or(u32::MAX);
                let count = u32::try_from(count).unwrap_or(u32::MAX);
                start..=start.saturating_add(count - 1)
            };
            if let Some(sheet) = self.sheets.last_mut() {
                sheet.push(Merge {
                    rows: range(self.row, rows),
                    columns: range(self.column, columns),
                });
            }
        }
        self.column = last_column.saturating_add(1);
    }
}

/// A count in an attribute, at least 1.
fn number(element: &BytesStart<'_>, name: &str) -> u64 {
    element
        .try_get_attribute(name)
        .ok()
        .flatten()
        .and_then(|attribute| attribute.value.parse().ok())
        .unwrap_or(1)
        .max(1)
}

fn has(element: &BytesStart<'_>, name: &str) -> bool {
    matches!(element.try_get_attribute(name), Ok(Some(_)))
}
