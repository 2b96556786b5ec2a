//! From the cells of a sheet to rows of the ledger: which lines are rows, and what each says.
//!
//! Nothing here knows the database. A cell that keeps its row from being loaded is flagged; a cell
//! that is understood beyond what it says is noted as a warning.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use shared::case::{Channel, Kind};
use shared::identity::{IdNumber, Phone};
use shared::ledger::{CellNote, ColumnMapping, LedgerField as F, RowRef, Skipped};
use shared::term::Term;

use super::counts::{self, CountRead};
use super::dates::{self, DateRead, How};
use super::header::{self, Header, skip};
use super::reader::{Book, Cell, ReadError, Sheet};
use super::text::{compact, essence, says_nothing, shorten, tidy};
use super::words;

/// What reading depends on beside the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options<'a> {
    /// The file's name: it may name the year.
    pub(super) file: &'a str,
    /// Columns as a person has mapped them.
    pub(super) mapping: &'a [ColumnMapping],
    /// The day in Asia/Shanghai.
    pub(super) today: NaiveDate,
}

/// A workbook's ledger.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) columns: Vec<ColumnMapping>,
    pub(super) rows: Vec<LedgerRow>,
    pub(super) skipped: Vec<Skipped>,
    /// Warnings about a column as a whole.
    pub(super) warnings: Vec<Note>,
}

/// A row of the ledger.
#[derive(Debug, Clone)]
pub(super) struct LedgerRow {
    pub(super) at: RowRef,
    pub(super) draft: Draft,
    pub(super) key: Key,
    pub(super) notes: Notes,
}

/// What a row says, as far as it can be read without the database.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    pub(super) received_on: Option<NaiveDate>,
    pub(super) names: Vec<String>,
    pub(super) id_number: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) village: Option<String>,
    /// The sheet's own clues to the village: its name, the unit line, the title.
    pub(super) clues: Arc<Clues>,
    pub(super) channel: Option<Channel>,
    pub(super) people_count: u32,
    pub(super) people_count_text: Option<String>,
    pub(super) cause: String,
    pub(super) occurred_on: Option<NaiveDate>,
    pub(super) occurred_text: Option<String>,
    pub(super) place: Option<String>,
    pub(super) unit_concerned: Option<String>,
    pub(super) development: Option<String>,
    pub(super) handling: Option<String>,
    pub(super) key_persons: Option<String>,
    pub(super) lead: Option<String>,
    pub(super) responsible_unit: Option<String>,
    pub(super) remarks: Option<String>,
    pub(super) ending: Option<Ending>,
}

/// What a sheet says about its village.
#[derive(Debug, Clone, Default)]
pub(super) struct Clues {
    pub(super) sheet: String,
    pub(super) unit: Option<String>,
    pub(super) title: Option<String>,
}

/// How a row's case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) on: NaiveDate,
    /// Whether the petitioner accepted.
    pub(super) settled: bool,
}

/// What tells whether two rows are the same matter: the person, the cause, the day; where one of
/// them is missing, the whole row. Spaces, punctuation and the width of letters do not count.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) matter: String,
    /// The ID number. Two rows that agree in the rest and have different ones are two people's.
    pub(super) id_number: Option<String>,
}

/// A cell, and what is to be said of it.
#[derive(Debug, Clone)]
pub(super) struct Note {
    pub(super) cell: CellNote,
    /// The column, from 0; none where the sheet has no such column.
    pub(super) column: Option<u32>,
    /// The row, from 0, that a merged region takes its content from.
    pub(super) merged_from: Option<u32>,
}

/// A row's raw cells and what is noted of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Notes {
    at: Option<RowRef>,
    cells: BTreeMap<F, Raw>,
    pub(super) flags: Vec<Note>,
    pub(super) warnings: Vec<Note>,
}

#[derive(Debug, Clone)]
struct Raw {
    column: u32,
    header: String,
    cell: Option<Cell>,
    /// Where the content comes from, if the cell is part of a merged region.
    merged_from: Option<u32>,
}

impl Notes {
    /// Notes a cell that keeps the row from being loaded.
    pub(super) fn flag(&mut self, field: F, reason: impl Into<String>) {
        let note = self.note(field, reason.into());
        self.flags.push(note);
    }

    /// Notes a cell that is understood beyond what it says.
    pub(super) fn warn(&mut self, field: F, reason: impl Into<String>) {
        let note = self.note(field, reason.into());
        self.warnings.push(note);
    }

    /// The leftmost column that is read: where a remark on the row as a whole goes.
    pub(super) fn first_column(&self) -> u32 {
        let columns = self.cells.values().map(|raw| raw.column);
        columns.min().unwrap_or(0)
    }

    /// Whether a field is flagged.
    pub(super) fn is_flagged(&self, field: F) -> bool {
        let header = self.header(field);
        self.flags.iter().any(|note| note.cell.column == header)
    }

    fn header(&self, field: F) -> String {
        let raw = self.cells.get(&field);
        raw.map_or_else(|| field.label().to_owned(), |raw| raw.header.clone())
    }

    fn note(&self, field: F, reason: String) -> Note {
        let raw = self.cells.get(&field);
        let value = raw.and_then(|raw| raw.cell.as_ref()).map(Cell::text);
        let value = value.unwrap_or_default();
        let value = if matches!(field, F::IdNumber | F::Phone) {
            masked(&value)
        } else {
            shorten(&value, 200)
        };
        let at = self.at.clone();
        let (sheet, row) = at.map_or_else(|| (String::new(), 0), |at| (at.sheet, at.row));
        Note {
            column: raw.map(|raw| raw.column),
            merged_from: raw.and_then(|raw| raw.merged_from),
            cell: CellNote {
                sheet,
                row,
                column: self.header(field),
                value,
                reason,
            },
        }
    }
}

/// ID and phone numbers do not stand in an answer in full, not even wrong ones.
fn masked(value: &str) -> String {
    let length = value.chars().count();
    if value.chars().filter(char::is_ascii_digit).count() < 6 {
        return shorten(value, 200);
    }
    let head = if length > 12 { 6 } else { 3 };
    value
        .chars()
        .enumerate()
        .map(|(i, c)| if i < head || i + 2 >= length { c } else { '*' })
        .collect()
}

/// Reads the ledger of a workbook.
///
/// # Errors
/// No sheet has a header row, or the mapping does not fit.
pub(super) fn read(book: &Book, options: Options<'_>) -> Result<Ledger, ReadError> {
    check_mapping(options.mapping)?;
    let mut ledger = Ledger::default();
    let mut found = false;
    for sheet in &book.sheets {
        let Some(first) = sheet.rows.keys().next() else {
            continue;
        };
        if sheet.hidden {
            let why = "隐藏的工作表，没有读取";
            ledger.skipped.push(skip(sheet, *first, why));
            continue;
        }
        match header::find(sheet, options.file, options.mapping) {
            Some(header) => {
                found = true;
                SheetReader::new(sheet, &header, options).read(&mut ledger);
            }
            None => {
                let why = "这张工作表没有台账的表头，没有读取";
                ledger.skipped.push(skip(sheet, *first, why));
            }
        }
    }
    if !found {
        return Err(ReadError::NoHeader);
    }
    for mapping in options.mapping {
        let known = |column: &ColumnMapping| compact(&column.header) == compact(&mapping.header);
        if !ledger.columns.iter().any(known) {
            return Err(ReadError::NoSuchHeader(shorten(&mapping.header, 60)));
        }
    }
    Ok(ledger)
}

fn check_mapping(mapping: &[ColumnMapping]) -> Result<(), ReadError> {
    let fields: Vec<F> = mapping.iter().filter_map(|mapping| mapping.field).collect();
    for (i, field) in fields.iter().enumerate() {
        if fields.iter().skip(i + 1).any(|other| other == field) {
            return Err(ReadError::MappedTwice(field.label()));
        }
    }
    Ok(())
}

struct SheetReader<'a> {
    sheet: &'a Sheet,
    header: &'a Header,
    options: Options<'a>,
    clues: Arc<Clues>,
    /// Cells that take their content from the first one of their merged region.
    merged: HashMap<(u32, u32), u32>,
}

impl<'a> SheetReader<'a> {
    fn new(sheet: &'a Sheet, header: &'a Header, options: Options<'a>) -> Self {
        Self {
            sheet,
            header,
            options,
            clues: Arc::new(Clues {
                sheet: sheet.name.clone(),
                unit: header.unit.clone(),
                title: header.title.clone(),
            }),
            merged: merged_rows(sheet, header),
        }
    }

    fn read(&self, ledger: &mut Ledger) {
        self.note_columns(ledger);
        ledger.skipped.extend(self.header.skipped.iter().cloned());
        let first = self.header.rows.1.saturating_add(1);
        let mut next = first;
        for row in self.sheet.rows.range(first..).map(|(row, _)| *row) {
            self.skip_blank(next, row, ledger);
            next = row.saturating_add(1);
            match self.why_skipped(row) {
                Some(why) => ledger.skipped.push(skip(self.sheet, row, why)),
                None => ledger.rows.push(self.row(row)),
            }
        }
    }

    /// Adds the sheet's columns to the list, and says which ones are not read.
    fn note_columns(&self, ledger: &mut Ledger) {
        for column in &self.header.columns.0 {
            let known = |other: &ColumnMapping| compact(&other.header) == compact(&column.header);
            if !ledger.columns.iter().any(known) {
                ledger.columns.push(ColumnMapping {
                    header: column.header.clone(),
                    field: column.field,
                });
            }
            let said = self
                .options
                .mapping
                .iter()
                .any(|mapping| compact(&mapping.header) == compact(&column.header));
            if column.field.is_none() && !said {
                ledger.warnings.push(Note {
                    column: Some(column.at),
                    merged_from: None,
                    cell: CellNote {
                        sheet: self.sheet.name.clone(),
                        row: self.header.rows.1.saturating_add(1),
                        column: column.header.clone(),
                        value: column.header.clone(),
                        reason: "不认识这个栏目，这一栏没有导入；需要导入的，请指定它对应的栏目。"
                            .to_owned(),
                    },
                });
            }
        }
    }

    fn skip_blank(&self, from: u32, to: u32, ledger: &mut Ledger) {
        // A gap of thousands of rows is one entry, not thousands.
        if to.saturating_sub(from) > 20 {
            let why = format!("空行（至第{to}行）");
            ledger.skipped.push(skip(self.sheet, from, why));
        } else {
            for row in from..to {
                ledger.skipped.push(skip(self.sheet, row, "空行"));
            }
        }
    }

    /// Why a line below the header is no row of the ledger; none if it is one.
    fn why_skipped(&self, row: u32) -> Option<&'static str> {
        let cells = self.sheet.rows.get(&row)?;
        let filled: Vec<(u32, String)> = cells
            .iter()
            .map(|(column, cell)| (*column, compact(&cell.text())))
            .filter(|(_, text)| !text.is_empty())
            .collect();
        let field_at = |at: u32| {
            let mut columns = self.header.columns.0.iter();
            columns
                .find(|column| column.at == at)
                .and_then(|column| column.field)
        };
        let (first_at, first) = match filled.first() {
            None => return Some("空行"),
            Some((at, text)) => (*at, text.as_str()),
        };
        if filled
            .iter()
            .all(|(at, _)| field_at(*at) == Some(F::Serial))
            && is_number(first)
        {
            return Some("只有序号的空行");
        }
        // 合计 in the first columns; a cause or a name below its header makes it a row.
        let content = filled.iter().any(|(at, text)| {
            matches!(field_at(*at), Some(F::Cause | F::IdNumber | F::Petitioner))
                && !is_number(text)
                && *at != first_at
        });
        if !content && let Some(why) = subtotal(first) {
            return Some(why);
        }
        if self.header.is_repeated_in(self.sheet, row) {
            return Some("重复的表头行");
        }
        if let [(_, text)] = filled.as_slice() {
            if self
                .header
                .title
                .as_ref()
                .is_some_and(|title| compact(title) == *text)
            {
                return Some("重复的标题行");
            }
            if self.spans_columns(row, first_at) {
                return Some("横跨各栏的说明行");
            }
        }
        if !content && REMARKS.iter().any(|mark| first.starts_with(mark)) {
            return Some("说明或落款行");
        }
        None
    }

    /// Whether a cell is merged over half of the columns.
    fn spans_columns(&self, row: u32, column: u32) -> bool {
        let half = u32::try_from(self.header.columns.0.len() / 2).unwrap_or(u32::MAX);
        self.sheet.merges.iter().any(|merge| {
            merge.rows.contains(&row)
                && *merge.columns.start() == column
                && merge.columns.end() - merge.columns.start() >= half
        })
    }

    fn row(&self, row: u32) -> LedgerRow {
        let at = RowRef {
            sheet: self.sheet.name.clone(),
            row: row.saturating_add(1),
        };
        let mut cells = BTreeMap::new();
        for column in &self.header.columns.0 {
            let Some(field) = column.field else { continue };
            let own = self.sheet.cell(row, column.at);
            let merged_from = self
                .merged
                .get(&(row, column.at))
                .filter(|_| own.is_none())
                .copied();
            let cell = merged_from.map_or(own, |from| self.sheet.cell(from, column.at));
            cells.insert(
                field,
                Raw {
                    column: column.at,
                    header: column.header.clone(),
                    cell: cell.cloned(),
                    merged_from,
                },
            );
        }
        let mut reader = RowReader {
            notes: Notes {
                at: Some(at.clone()),
                cells,
                ..Notes::default()
            },
            header: self.header,
            sheet: self.sheet,
            today: self.options.today,
        };
        let draft = Draft {
            clues: Arc::clone(&self.clues),
            ..reader.draft()
        };
        let key = reader.key(&draft);
        LedgerRow {
            at,
            draft,
            key,
            notes: reader.notes,
        }
    }
}

/// Fields whose content a merged region gives to each of its rows. A name, a number or a cause is
/// not given on: that would make one person's matter another's.
const GIVEN_ON: &[F] = &[
    F::ReceivedOn,
    F::Village,
    F::Channel,
    F::OccurredOn,
    F::Place,
    F::UnitConcerned,
    F::Lead,
    F::ResponsibleUnit,
    F::ClosedOn,
    F::Settled,
];

fn merged_rows(sheet: &Sheet, header: &Header) -> HashMap<(u32, u32), u32> {
    let mut merged = HashMap::new();
    // Regions do not overlap in a sound workbook; the bound keeps an unsound one from costing time.
    let mut steps = 0u32;
    for merge in &sheet.merges {
        let (top, left) = (*merge.rows.start(), *merge.columns.start());
        let given_on =
            header.columns.0.iter().any(|column| {
                column.at == left && column.field.is_some_and(|f| GIVEN_ON.contains(&f))
            });
        if !given_on || top <= header.rows.1 || *merge.rows.end() == top {
            continue;
        }
        for (row, _) in sheet.rows.range(top + 1..=*merge.rows.end()) {
            steps += 1;
            if steps > 500_000 {
                return merged;
            }
            merged.insert((*row, left), top);
        }
    }
    merged
}

/// How lines begin that stand below a ledger's rows.
const REMARKS: &[&str] = &[
    "注:",
    "备注:",
    "说明:",
    "填表说明",
    "填表人",
    "制表人",
    "制表:",
    "审核人",
    "审核:",
    "审批人",
    "负责人",
    "单位负责人",
    "主要负责人",
    "联系人",
    "报送人",
    "填报人",
    "填报时间",
    "填报日期",
    "统计人",
];

/// The kind of subtotal that a line's first cell names.
fn subtotal(text: &str) -> Option<&'static str> {
    let text = text.trim_end_matches([':', '(', ')']);
    let text = text
        .strip_prefix("本页")
        .or_else(|| text.strip_prefix("本月"))
        .or_else(|| text.strip_prefix("本年"))
        .or_else(|| text.strip_prefix("全村"))
        .or_else(|| text.strip_prefix("全镇"))
        .unwrap_or(text);
    let (word, why) = [
        ("合计", "合计行"),
        ("小计", "小计行"),
        ("总计", "总计行"),
        ("累计", "累计行"),
        ("共计", "合计行"),
    ]
    .into_iter()
    .find(|(word, _)| text.starts_with(word))?;
    let rest = text.strip_prefix(word)?;
    let only_figures = rest
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, ':' | ',' | '件' | '人' | '次' | '起' | '户'));
    only_figures.then_some(why)
}

fn is_number(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit() || c == '.')
}

/// Reads one row.
struct RowReader<'a> {
    notes: Notes,
    header: &'a Header,
    sheet: &'a Sheet,
    today: NaiveDate,
}

/// A date cell, as far as it goes.
enum DateCell {
    Blank,
    Day(NaiveDate),
    /// Kept in words; the first day that they can mean.
    Words(String, Option<NaiveDate>),
    /// Flagged already.
    Bad,
}

impl RowReader<'_> {
    fn draft(&mut self) -> Draft {
        let received_on = self.received_on();
        let channel = self.channel();
        let names = self.names(channel);
        let (people_count, people_count_text) = self.people_count(names.len());
        let (occurred_on, occurred_text) = self.occurred(received_on);
        let draft = Draft {
            received_on,
            id_number: self.id_number(),
            phone: self.phone(),
            village: self.text(F::Village),
            channel,
            people_count,
            people_count_text,
            cause: self.cause(),
            occurred_on,
            occurred_text,
            place: self.text(F::Place),
            unit_concerned: self.text(F::UnitConcerned),
            development: self.text(F::Development),
            handling: self.text(F::Handling),
            key_persons: self.text(F::KeyPersons),
            lead: self.text(F::Lead),
            responsible_unit: self.text(F::ResponsibleUnit),
            remarks: self.text(F::Remarks),
            ending: self.ending(received_on),
            names,
            ..Draft::default()
        };
        self.note_merged();
        draft
    }

    fn cell(&self, field: F) -> Option<&Cell> {
        self.notes.cells.get(&field)?.cell.as_ref()
    }

    fn has_column(&self, field: F) -> bool {
        self.notes.cells.contains_key(&field)
    }

    /// An optional cell's words, if it says something.
    fn text(&mut self, field: F) -> Option<String> {
        let reason = match self.cell(field)? {
            Cell::Error(_) => "单元格是错误值，没有导入。",
            Cell::NoResult(_) => NO_RESULT,
            cell => {
                let text = cell.text();
                let text = tidy(&text);
                return (!says_nothing(text)).then(|| text.to_owned());
            }
        };
        self.notes.warn(field, reason);
        None
    }

    fn note_merged(&mut self) {
        let merged: Vec<(F, u32)> = self
            .notes
            .cells
            .iter()
            .filter(|(_, raw)| raw.cell.is_some())
            .filter_map(|(field, raw)| Some((*field, raw.merged_from?)))
            .collect();
        for (field, from) in merged {
            let row = from.saturating_add(1);
            let reason = format!("单元格与第{row}行合并，取第{row}行的内容。");
            self.notes.warn(field, reason);
        }
    }

    fn date(&mut self, field: F) -> DateCell {
        let epoch = self.sheet.epoch;
        let read = match self.cell(field) {
            None => return DateCell::Blank,
            Some(Cell::Day(day, _)) => return DateCell::Day(*day),
            Some(Cell::Number(value)) => dates::read_number(*value, epoch),
            Some(Cell::Text(text)) if says_nothing(text) => return DateCell::Blank,
            Some(Cell::Text(text)) => dates::read_text(tidy(text), epoch),
            Some(Cell::Error(_)) => {
                self.notes.flag(field, "单元格是错误值，不是日期。");
                return DateCell::Bad;
            }
            Some(Cell::NoResult(_)) => {
                self.notes.flag(field, NO_RESULT);
                return DateCell::Bad;
            }
        };
        match read {
            DateRead::Day(day, how) => {
                let reason = match how {
                    How::Literal => None,
                    How::ShortYear => Some(format!("年份只写了两位，读作{}。", chinese_day(day))),
                    How::Serial => {
                        Some(format!("单元格是日期的序列数，读作{}。", chinese_day(day)))
                    }
                };
                if let Some(reason) = reason {
                    self.notes.warn(field, reason);
                }
                DateCell::Day(day)
            }
            DateRead::MonthDay(month, day) => self.with_year(field, month, day),
            DateRead::NoSuchDay => {
                self.notes.flag(field, "没有这一天，请核对日期。");
                DateCell::Bad
            }
            DateRead::Words(first) => {
                let text = self.cell(field).map(Cell::text).unwrap_or_default();
                DateCell::Words(tidy(&text).to_owned(), first)
            }
        }
    }

    fn with_year(&mut self, field: F, month: u32, day: u32) -> DateCell {
        let Some((year, from)) = self.header.year else {
            self.notes.flag(
                field,
                "没有写年份，标题、工作表名和文件名里也没有年份，请补写年份。",
            );
            return DateCell::Bad;
        };
        match NaiveDate::from_ymd_opt(year, month, day) {
            Some(date) => {
                let reason = format!("没有写年份，按{from}的年份读作{}。", chinese_day(date));
                self.notes.warn(field, reason);
                DateCell::Day(date)
            }
            None => {
                let reason = format!("{from}的年份是{year}年，{year}年没有这一天，请核对日期。");
                self.notes.flag(field, reason);
                DateCell::Bad
            }
        }
    }

    fn received_on(&mut self) -> Option<NaiveDate> {
        let day = match self.date(F::ReceivedOn) {
            DateCell::Day(day) => day,
            DateCell::Bad => return None,
            DateCell::Blank => {
                self.notes.flag(F::ReceivedOn, "没有登记日期。");
                return None;
            }
            DateCell::Words(_, first) => {
                let reason = if first.is_some() {
                    "登记日期要精确到日，请改为“2023年5月3日”这样的日期。"
                } else {
                    "看不出是哪一天，请改为“2023年5月3日”这样的日期。"
                };
                self.notes.flag(F::ReceivedOn, reason);
                return None;
            }
        };
        if day > self.today {
            let reason = format!("登记日期{}晚于今天。", chinese_day(day));
            self.notes.flag(F::ReceivedOn, reason);
            return None;
        }
        Some(day)
    }

    fn channel(&mut self) -> Option<Channel> {
        if let Some(text) = self.text(F::Channel) {
            let Some((channel, synonym)) = words::channel(&text) else {
                let known: Vec<&str> = Channel::ALL.iter().map(|c| c.label()).collect();
                let reason = format!("看不出是哪种形式，请改为{}之一。", known.join("、"));
                self.notes.flag(F::Channel, reason);
                return None;
            };
            if synonym {
                let reason = format!("按“{}”理解。", channel.label());
                self.notes.warn(F::Channel, reason);
            }
            return Some(channel);
        }
        let title = self.header.title.as_deref().unwrap_or_default();
        if !self.has_column(F::Channel) && title.contains("排查") {
            let reason = "台账没有信访形式一栏，标题写的是排查，按“排查”登记。";
            self.notes.warn(F::Channel, reason);
            return Some(Channel::Inspection);
        }
        self.notes
            .flag(F::Channel, "没有写明信访形式（来信、来访、来电、排查等）。");
        None
    }

    fn names(&mut self, channel: Option<Channel>) -> Vec<String> {
        let text = self.text(F::Petitioner).unwrap_or_default();
        let (names, more) = words::names(&text);
        if more {
            let reason = if names.len() > 1 {
                "写了几个姓名，分别登记；身份证号和电话记在第一人名下。"
            } else {
                "只登记写明的姓名。"
            };
            self.notes.warn(F::Petitioner, reason);
        }
        let needed = channel.is_none_or(|channel| words::kind_of(channel) == Kind::Petition);
        if names.is_empty() && needed {
            self.notes.flag(F::Petitioner, "没有信访人姓名。");
        }
        names
    }

    fn id_number(&mut self) -> Option<String> {
        let text = match self.cell(F::IdNumber)? {
            Cell::Number(value) | Cell::Day(_, value) => {
                let digits = format!("{value:.0}");
                if digits.len() > 15 {
                    let reason = "身份证号被存成了数字，末几位已经丢失，请改为文本格式重新填写。";
                    self.notes.flag(F::IdNumber, reason);
                    return None;
                }
                digits
            }
            Cell::NoResult(_) => {
                self.notes.flag(F::IdNumber, NO_RESULT);
                return None;
            }
            cell => cell.text(),
        };
        if says_nothing(&text) {
            return None;
        }
        match IdNumber::parse(&text) {
            Ok(number) => Some(number.as_str().to_owned()),
            Err(error) => {
                self.notes.flag(F::IdNumber, error.to_string());
                None
            }
        }
    }

    fn phone(&mut self) -> Option<String> {
        let text = match self.cell(F::Phone)? {
            Cell::Number(value) | Cell::Day(_, value) => format!("{value:.0}"),
            Cell::NoResult(_) => {
                self.notes.flag(F::Phone, NO_RESULT);
                return None;
            }
            cell => cell.text(),
        };
        if says_nothing(&text) {
            return None;
        }
        let error = match Phone::parse(&text) {
            Ok(phone) => return Some(phone.as_str().to_owned()),
            Err(error) => error,
        };
        let several: Result<Vec<Phone>, _> = text
            .split(['、', ',', '，', ';', '；', '/', '\n'])
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(Phone::parse)
            .collect();
        match several.as_deref() {
            Ok([first, _, ..]) => {
                self.notes.warn(F::Phone, "有几个号码，只导入第一个。");
                Some(first.as_str().to_owned())
            }
            _ => {
                self.notes.flag(F::Phone, error.to_string());
                None
            }
        }
    }

    fn people_count(&mut self, named: usize) -> (u32, Option<String>) {
        let named = u32::try_from(named).unwrap_or(u32::MAX).max(1);
        let (read, text) = match self.cell(F::PeopleCount) {
            None => (None, String::new()),
            Some(Cell::Number(value) | Cell::Day(_, value)) => {
                (Some(counts::read_number(*value)), String::new())
            }
            Some(Cell::Text(text)) if says_nothing(text) => (None, String::new()),
            Some(Cell::NoResult(_)) => {
                self.notes.flag(F::PeopleCount, NO_RESULT);
                return (named, None);
            }
            Some(cell) => {
                let text = cell.text();
                let text = tidy(&text).to_owned();
                (Some(counts::read_text(&text)), text)
            }
        };
        match read {
            None => {
                let reason = format!("没有写人数，按{named}人计。");
                self.notes.warn(F::PeopleCount, reason);
                (named, None)
            }
            Some(CountRead::Exact(count)) => (count, None),
            Some(CountRead::About(count, why)) => {
                let reason = format!("{why}，记为{count}人，保留原文。");
                self.notes.warn(F::PeopleCount, reason);
                (count, Some(text))
            }
            Some(CountRead::Unreadable) => {
                self.notes
                    .flag(F::PeopleCount, "看不出是多少人，请填写数字。");
                (named, None)
            }
        }
    }

    fn cause(&mut self) -> String {
        let cause = match self.cell(F::Cause) {
            Some(Cell::NoResult(_)) => {
                self.notes.flag(F::Cause, NO_RESULT);
                return String::new();
            }
            Some(Cell::Error(_)) | None => String::new(),
            Some(cell) => cell.text(),
        };
        let cause = tidy(&cause);
        if says_nothing(cause) {
            self.notes.flag(F::Cause, "没有写起因。");
            return String::new();
        }
        if is_accusation(cause) {
            self.notes.flag(
                F::Cause,
                "像是检举控告。这类事项要写明被反映的单位并保密，不能随台账导入，请在系统里单独登记（《信访工作条例》第三十条）。",
            );
        }
        cause.to_owned()
    }

    fn occurred(&mut self, received: Option<NaiveDate>) -> (Option<NaiveDate>, Option<String>) {
        let late = |day: NaiveDate| received.is_some_and(|received| day > received);
        match self.date(F::OccurredOn) {
            DateCell::Blank | DateCell::Bad => (None, None),
            DateCell::Day(day) if late(day) => {
                let text = self.cell(F::OccurredOn).map(Cell::text);
                let reason = "发生时间晚于登记日期，只保留原文。";
                self.notes.warn(F::OccurredOn, reason);
                (None, text)
            }
            DateCell::Day(day) => (Some(day), None),
            DateCell::Words(text, first) => {
                let reason = if first.is_some_and(late) {
                    "时间不精确，又晚于登记日期，保留原文。"
                } else {
                    "时间不精确，保留原文。"
                };
                self.notes.warn(F::OccurredOn, reason);
                (None, Some(text))
            }
        }
    }

    fn ending(&mut self, received: Option<NaiveDate>) -> Option<Ending> {
        let settled = match self.text(F::Settled) {
            None => None,
            Some(text) => {
                let settled = words::settled(&text);
                if settled.is_none() {
                    self.notes
                        .warn(F::Settled, "看不出是否息诉，按没有息诉登记。");
                }
                settled
            }
        };
        let on = match self.date(F::ClosedOn) {
            DateCell::Day(day) => day,
            DateCell::Bad => return None,
            DateCell::Words(..) => {
                self.notes.flag(
                    F::ClosedOn,
                    "办结日期要精确到日，请改为“2023年5月3日”这样的日期；还没有办结的，请留空。",
                );
                return None;
            }
            DateCell::Blank => {
                if settled == Some(true) {
                    let reason = "写了息诉，但没有办结日期，按未办结登记。";
                    self.notes.warn(F::Settled, reason);
                }
                return None;
            }
        };
        if on > self.today {
            let reason = format!("办结日期{}晚于今天。", chinese_day(on));
            self.notes.flag(F::ClosedOn, reason);
            return None;
        }
        if let Some(received) = received.filter(|received| on < *received) {
            let reason = format!(
                "办结日期{}早于登记日期{}。",
                chinese_day(on),
                chinese_day(received)
            );
            self.notes.flag(F::ClosedOn, reason);
            return None;
        }
        if settled != Some(true) {
            let reason = "有办结日期而没有息诉，按“程序终结”办结登记，请核对。";
            self.notes.warn(F::Settled, reason);
        }
        Some(Ending {
            on,
            settled: settled == Some(true),
        })
    }

    fn key(&self, draft: &Draft) -> Key {
        let raw = |field: F| {
            let text = self.cell(field).map(Cell::text).unwrap_or_default();
            if says_nothing(&text) {
                String::new()
            } else {
                essence(&text)
            }
        };
        let cause = raw(F::Cause);
        let received = match draft.received_on {
            Some(day) => day.to_string(),
            None => raw(F::ReceivedOn),
        };
        // What the staff found need not name anybody: then the place stands for the person.
        let person = match draft.names.first() {
            Some(name) => name.clone(),
            None => format!("@{}", raw(F::Village)),
        };
        let id_number = draft.id_number.clone().or_else(|| {
            let text = raw(F::IdNumber);
            (!text.is_empty()).then_some(text)
        });
        let matter = if cause.is_empty() || received.is_empty() {
            let fields = self.notes.cells.keys().filter(|field| **field != F::Serial);
            let whole: Vec<String> = fields.map(|field| raw(*field)).collect();
            format!("={}", whole.join("|"))
        } else {
            matter_of(&person, &cause, &received)
        };
        Key { matter, id_number }
    }
}

/// What a matter is known by: person, cause and day, each without what does not count.
pub(super) fn matter_of(person: &str, cause: &str, received: &str) -> String {
    format!("{}|{}|{received}", essence(person), essence(cause))
}

const NO_RESULT: &str = "单元格是公式，文件里没有存结果；请在 Excel 或 WPS 里打开、保存后再导入。";

fn chinese_day(day: NaiveDate) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

/// Whether a cause sounds like an accusation against staff, which is sealed (条例第三十条).
fn is_accusation(cause: &str) -> bool {
    const STAFF: &[&str] = &[
        "书记",
        "主任",
        "干部",
        "镇长",
        "领导",
        "村委",
        "支部",
        "文书",
        "会计",
        "所长",
        "镇政府",
        "社长",
        "民警",
        "法官",
    ];
    let accuses = cause.contains("检举") || cause.contains("控告");
    accuses || (cause.contains("举报") && STAFF.iter().any(|word| cause.contains(word)))
}
