//! A workbook as townships hand it in: a title over the whole width, who took it out and when, a head
//! that stays in sight and is printed on every page, the mark and the page's number at the foot of each.
//! Rows go to the disk as they are written.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use chrono::{Datelike, NaiveDate, Timelike};
use rust_xlsxwriter::{
    Color, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet,
};

use super::{Cell, Column, Error, Mark, Sheet, shanghai};

/// The rows that a worksheet has, less some.
const MOST_ROWS: u32 = 1_048_000;
/// A cell holds at most 32,767 characters.
const MOST_CHARS: usize = 32_000;
/// The longest foot of a page.
const MOST_FOOT: usize = 200;
/// A4, and A3 for what is broader than so many characters.
const A4: u8 = 9;
const A3: u8 = 8;
const BROAD: f64 = 110.0;
/// What is broader than this is not made to fit a page, for nobody could read it: its pages lie side by
/// side, the first column on each.
const TOO_BROAD: f64 = 300.0;
/// The size of text, and how high lines of it are, in points.
const SIZE: f64 = 10.0;
const LINE: f64 = 13.5;
/// The highest row.
const HIGHEST: f64 = 400.0;
/// How many rows are as high as what they say; each takes some memory. Those after them are as high as
/// three lines where there are long texts.
const FITTED: u32 = 5_000;

/// How much work is put into making the file small: six, which is usual, takes three times as long as two,
/// for a third less.
const LEVEL: u8 = 2;

/// A workbook in the making.
pub(super) struct Book {
    workbook: Workbook,
    mark: Mark,
    folder: PathBuf,
    looks: Looks,
    sheet: Option<Open>,
}

/// A sheet that is being written.
struct Open {
    sheet: Worksheet,
    /// The next row.
    row: u32,
    /// The columns' widths in characters.
    widths: Vec<f64>,
    /// The first row after which no row is fitted.
    fitted: u32,
}

/// How cells look.
struct Looks {
    title: Format,
    note: Format,
    head: Format,
    plain: Kinds,
    strong: Kinds,
}

/// How a cell of each kind looks.
struct Kinds {
    text: Format,
    count: Format,
    tenths: Format,
    permille: Format,
    day: Format,
    moment: Format,
}

impl Kinds {
    fn of(base: &Format) -> Self {
        let number = |pattern: &str| {
            base.clone()
                .set_num_format(pattern)
                .set_align(FormatAlign::Right)
        };
        let time = |pattern: &str| {
            base.clone()
                .set_num_format(pattern)
                .set_align(FormatAlign::Center)
        };
        Self {
            text: base.clone().set_text_wrap(),
            count: number("0"),
            tenths: number("0.0"),
            permille: number("0.0%"),
            day: time("yyyy-mm-dd"),
            moment: time("yyyy-mm-dd hh:mm"),
        }
    }
}

impl Looks {
    fn new() -> Self {
        let cell = Format::new()
            .set_font_size(SIZE)
            .set_border(FormatBorder::Thin)
            .set_border_color(Color::RGB(0x0080_8080))
            .set_align(FormatAlign::VerticalCenter);
        let strong = cell
            .clone()
            .set_bold()
            .set_background_color(Color::RGB(0x00F3_F3F3));
        Self {
            title: Format::new()
                .set_bold()
                .set_font_size(16)
                .set_align(FormatAlign::Center)
                .set_align(FormatAlign::VerticalCenter),
            note: Format::new().set_font_color(Color::RGB(0x0060_6060)),
            head: cell
                .clone()
                .set_bold()
                .set_background_color(Color::RGB(0x00E8_E8E8))
                .set_align(FormatAlign::Center)
                .set_text_wrap(),
            plain: Kinds::of(&cell),
            strong: Kinds::of(&strong),
        }
    }
}

impl Book {
    pub(super) fn new(mark: Mark, folder: PathBuf) -> Result<Self, Error> {
        let mut workbook = Workbook::new();
        workbook.set_tempdir(&folder)?;
        workbook.set_zip_compression_level(LEVEL);
        let properties = rust_xlsxwriter::DocProperties::new()
            .set_author(&mark.who)
            .set_comment(&mark.words);
        workbook.set_properties(&properties);
        Ok(Self {
            workbook,
            mark,
            folder,
            looks: Looks::new(),
            sheet: None,
        })
    }

    fn close(&mut self) {
        if let Some(open) = self.sheet.take() {
            self.workbook.push_worksheet(open.sheet);
        }
    }

    pub(super) fn sheet(&mut self, of: Sheet) -> Result<(), Error> {
        self.close();
        let mut sheet = self.workbook.new_worksheet_with_constant_memory()?;
        sheet.set_name(&of.name)?;
        let widths: Vec<f64> = of.columns.iter().map(|column| column.width).collect();
        let broad: f64 = widths.iter().sum();
        sheet
            .set_paper_size(if broad > BROAD { A3 } else { A4 })
            .set_margins(0.5, 0.5, 0.6, 0.7, 0.3, 0.3)
            .set_footer(foot(&self.mark.words));
        if broad > TOO_BROAD {
            sheet.set_print_scale(75).set_repeat_columns(0, 0)?;
        } else {
            sheet.set_print_fit_to_pages(1, 0);
        }
        if widths.iter().any(|width| *width >= 30.0) {
            sheet.set_default_row_height(3.0 * LINE + 4.0);
        }
        if of.upright {
            sheet.set_portrait();
        } else {
            sheet.set_landscape();
        }
        for (at, column) in (0u16..).zip(&of.columns) {
            sheet.set_column_width(at, column.width)?;
        }
        let last = u16::try_from(of.columns.len().max(1) - 1).unwrap_or(u16::MAX);
        sheet.set_row_height(0, 30)?;
        line(&mut sheet, 0, last, &of.title, &self.looks.title)?;
        let mut row = 1;
        sheet.set_row_height(row, LINE + 4.0)?;
        sheet.write_string_with_format(row, 0, &self.mark.words, &self.looks.note)?;
        row += 1;
        if let Some(note) = &of.note {
            sheet.set_row_height(row, LINE + 4.0)?;
            sheet.write_string_with_format(row, 0, note, &self.looks.note)?;
            row += 1;
        }
        let first = row;
        row = heads(&mut sheet, first, &of.columns, &self.looks.head)?;
        sheet.set_repeat_rows(first, row - 1)?;
        sheet.set_freeze_panes(row, 1)?;
        self.sheet = Some(Open {
            sheet,
            row,
            widths,
            fitted: row + FITTED,
        });
        Ok(())
    }

    pub(super) fn row(&mut self, cells: &[Cell], strong: bool) -> Result<(), Error> {
        let Some(Open {
            sheet,
            row,
            widths,
            fitted,
        }) = &mut self.sheet
        else {
            return Ok(());
        };
        if *row >= MOST_ROWS {
            return Err(Error::TooLong);
        }
        let looks = if strong {
            &self.looks.strong
        } else {
            &self.looks.plain
        };
        if *row < *fitted {
            sheet.set_row_height(*row, height(cells, widths))?;
        }
        for (at, cell) in (0u16..).zip(cells) {
            write(sheet, (*row, at), cell, looks)?;
        }
        *row += 1;
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<File, Error> {
        self.close();
        let mut file = BufWriter::new(tempfile::tempfile_in(&self.folder)?);
        self.workbook.save_to_writer(&mut file)?;
        file.flush()?;
        file.into_inner()
            .map_err(|error| Error::Io(error.into_error()))
    }
}

/// A line over the whole width.
fn line(
    sheet: &mut Worksheet,
    row: u32,
    last: u16,
    words: &str,
    format: &Format,
) -> Result<(), Error> {
    if last == 0 {
        sheet.write_string_with_format(row, 0, words, format)?;
    } else {
        sheet.merge_range(row, 0, row, last, words, format)?;
    }
    Ok(())
}

/// How high a row has to be for what it says, by a guess at how its texts break: a Chinese character is
/// as wide as two others.
fn height(cells: &[Cell], widths: &[f64]) -> f64 {
    let lines = cells.iter().zip(widths).map(|(cell, width)| {
        let Cell::Text(words) = cell else { return 1 };
        #[expect(
            clippy::as_conversions,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a column is some characters wide"
        )]
        let fits = (*width as usize).max(4);
        let lines = words.lines().map(|line| {
            let halves = line.chars().map(|c| if c.is_ascii() { 1usize } else { 2 });
            halves.sum::<usize>().div_ceil(fits).max(1)
        });
        lines.sum::<usize>().max(1)
    });
    let lines = u16::try_from(lines.max().unwrap_or(1)).unwrap_or(u16::MAX);
    (f64::from(lines) * LINE + 4.0).min(HIGHEST)
}

/// The head, in two rows where columns share one; the row after it.
fn heads(
    sheet: &mut Worksheet,
    first: u32,
    columns: &[Column],
    format: &Format,
) -> Result<u32, Error> {
    let grouped = columns.iter().any(|column| column.group.is_some());
    let names: Vec<Cell> = columns
        .iter()
        .map(|column| Cell::text(column.head.clone()))
        .collect();
    let widths: Vec<f64> = columns.iter().map(|column| column.width - 2.0).collect();
    let high = height(&names, &widths);
    if grouped {
        sheet.set_row_height(first, LINE + 6.0)?;
        sheet.set_row_height(first + 1, high + 2.0)?;
    } else {
        sheet.set_row_height(first, high + 4.0)?;
    }
    if !grouped {
        for (at, column) in (0u16..).zip(columns) {
            sheet.write_string_with_format(first, at, &column.head, format)?;
        }
        return Ok(first + 1);
    }
    let mut from = 0u16;
    for run in columns.chunk_by(|a, b| a.group.is_some() && a.group == b.group) {
        let to = from + u16::try_from(run.len().max(1) - 1).unwrap_or(0);
        match run.first().map(|column| (&column.group, &column.head)) {
            Some((Some(group), _)) if to > from => {
                sheet.merge_range(first, from, first, to, group, format)?;
            }
            Some((Some(group), _)) => {
                sheet.write_string_with_format(first, from, group, format)?;
            }
            Some((None, head)) => {
                sheet.merge_range(first, from, first + 1, from, head, format)?;
            }
            None => {}
        }
        from = to + 1;
    }
    for (at, column) in (0u16..).zip(columns) {
        if column.group.is_some() {
            sheet.write_string_with_format(first + 1, at, &column.head, format)?;
        }
    }
    Ok(first + 2)
}

fn write(
    sheet: &mut Worksheet,
    (row, at): (u32, u16),
    cell: &Cell,
    looks: &Kinds,
) -> Result<(), Error> {
    match cell {
        Cell::Empty => sheet.write_blank(row, at, &looks.text)?,
        Cell::Text(words) if words.len() > MOST_CHARS => {
            let short = crate::case::view::shorten(words, MOST_CHARS);
            sheet.write_string_with_format(row, at, short, &looks.text)?
        }
        Cell::Text(words) => sheet.write_string_with_format(row, at, &**words, &looks.text)?,
        Cell::Count(count) => number(sheet, (row, at), *count, 1.0, &looks.count)?,
        Cell::Tenths(tenths) => {
            let sign = if *tenths < 0 { -10.0 } else { 10.0 };
            number(sheet, (row, at), tenths.unsigned_abs(), sign, &looks.tenths)?
        }
        Cell::Permille(permille) => {
            let sign = if *permille < 0 { -1000.0 } else { 1000.0 };
            let part = permille.unsigned_abs();
            number(sheet, (row, at), part, sign, &looks.permille)?
        }
        Cell::Day(day) => match excel_day(*day) {
            Some(day) => sheet.write_datetime_with_format(row, at, &day, &looks.day)?,
            // Workbooks know no day before 1900.
            None => sheet.write_string_with_format(row, at, day.to_string(), &looks.text)?,
        },
        Cell::Moment(moment) => {
            let moment = shanghai(*moment);
            let time = excel_day(moment.date()).and_then(|day| {
                let hour = u16::try_from(moment.hour()).ok()?;
                let minute = u8::try_from(moment.minute()).ok()?;
                day.and_hms(hour, minute, 0).ok()
            });
            match time {
                Some(time) => sheet.write_datetime_with_format(row, at, &time, &looks.moment)?,
                None => sheet.write_string_with_format(row, at, moment.to_string(), &looks.text)?,
            }
        }
    };
    Ok(())
}

fn number<'a>(
    sheet: &'a mut Worksheet,
    (row, at): (u32, u16),
    count: u64,
    divided_by: f64,
    format: &Format,
) -> Result<&'a mut Worksheet, Error> {
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "counts of a ledger are far below 2^53"
    )]
    let number = count as f64 / divided_by;
    Ok(sheet.write_number_with_format(row, at, number, format)?)
}

fn excel_day(day: NaiveDate) -> Option<ExcelDateTime> {
    let year = u16::try_from(day.year()).ok()?;
    let month = u8::try_from(day.month()).ok()?;
    ExcelDateTime::from_ymd(year, month, u8::try_from(day.day()).ok()?).ok()
}

/// The foot of each page: who took it out, and the page's number. `&` is a command there.
fn foot(mark: &str) -> String {
    let mark = crate::case::view::shorten(mark, MOST_FOOT);
    format!("&L&8{}&R&8第 &P 页，共 &N 页", mark.replace('&', "&&"))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};

    use calamine::{Data, Reader, Xlsx};

    use super::super::tests::{mark, sheet};
    use super::*;

    #[test]
    fn a_workbook_opens_again_with_heads_days_and_numbers() {
        let dir = tempfile::tempdir().unwrap();
        let mut book = Book::new(mark(), dir.path().to_owned()).unwrap();
        book.sheet(sheet()).unwrap();
        let day = "2026-03-10".parse().unwrap();
        let rows = [
            [Cell::text("=1+1"), Cell::Count(3), Cell::Permille(-915)],
            [Cell::Day(day), Cell::Empty, Cell::Tenths(875)],
        ];
        for row in &rows {
            book.row(row, false).unwrap();
        }
        book.sheet(Sheet {
            name: "口径".to_owned(),
            columns: vec![Column::new("一", 20.0)],
            upright: true,
            ..sheet()
        })
        .unwrap();
        book.row(&[Cell::text("x")], true).unwrap();
        let mut file = book.finish().unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        file.rewind().unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        let mut workbook: Xlsx<_> =
            calamine::open_workbook_from_rs(std::io::Cursor::new(bytes.clone())).unwrap();
        assert_eq!(workbook.sheet_names(), ["表", "口径"]);
        let range = workbook.worksheet_range("表").unwrap();
        let at = |row, column| range.get_value((row, column)).cloned();
        assert_eq!(at(0, 0), Some(Data::String("标题".into())));
        assert_eq!(at(2, 0), Some(Data::String("统计期".into())));
        assert_eq!(at(3, 0), Some(Data::String("村".into())));
        assert_eq!(at(3, 1), Some(Data::String("办理率".into())));
        assert_eq!(at(4, 2), Some(Data::String("分母".into())));
        assert_eq!(at(5, 0), Some(Data::String("=1+1".into())));
        assert_eq!(at(5, 1), Some(Data::Float(3.0)));
        assert_eq!(at(5, 2), Some(Data::Float(-0.915)));
        let Some(Data::DateTime(found)) = at(6, 0) else {
            panic!("{:?}", at(6, 0));
        };
        assert_eq!(found.as_datetime().unwrap().date(), day);
        assert_eq!(at(6, 2), Some(Data::Float(87.5)));
        // What is printed.
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let mut xml = String::new();
        let mut part = zip.by_name("xl/worksheets/sheet1.xml").unwrap();
        part.read_to_string(&mut xml).unwrap();
        for wanted in [
            "landscape",
            "导出人：孙立新",
            "&amp;P",
            "mergeCell ref=\"A1:C1\"",
            "mergeCell ref=\"A4:A5\"",
            "customHeight",
        ] {
            assert!(xml.contains(wanted), "{wanted}");
        }
    }

    #[test]
    fn a_foot_has_no_commands_of_others() {
        assert!(foot("张&P三").contains("张&&P三"));
    }
}
