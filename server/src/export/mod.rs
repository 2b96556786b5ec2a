//! What all exports share: a sheet as rooms describe it ([`Sheet`], [`Cell`]), written as a workbook
//! ([`xlsx`]) or as CSV ([`csv`]) while it is read; the mark of who took it out and when; the entry in
//! the audit log; the streamed answer.
//!
//! A room's `export` says what is in its file: it starts from what the room shows the same reader, so
//! that scope and sealing are the same. Rows are written as they are read, in one transaction that sees
//! one state of the database; neither a list nor a file is ever whole in memory. The file has no name in
//! the file system, so it is gone with its last reader, however that ends.

mod beside;
mod csv;
mod xlsx;

use std::borrow::Cow;
use std::fs::File;
use std::io::{Read, Seek};

use actix_web::body::SizedStream;
use actix_web::http::header;
use actix_web::web::{self, Bytes};
use actix_web::{HttpResponse, HttpResponseBuilder};
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, Utc};
use diesel::Connection;
use diesel::connection::SimpleConnection;
use diesel::result::Error as DieselError;
use rust_xlsxwriter::XlsxError;
use shared::audit::AuditAction;
use shared::export::ExportFormat;
use shared::term::Term;

use crate::audit::{self, Entry};
use crate::case::{self, Desk};
use crate::db::Conn;
use crate::error::ApiError;
use crate::state::State;

/// How many bytes of a file are sent together.
const TOGETHER: usize = 64 * 1024;
/// How many rows of a database are read together, by all exports.
pub(crate) const CHUNK: u32 = 1000;

/// Why a file cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// More rows than a worksheet has.
    #[error("more rows than a worksheet has")]
    TooLong,
    /// The workbook.
    #[error("workbook: {0}")]
    Xlsx(#[from] XlsxError),
    /// The disk.
    #[error("file system: {0}")]
    Io(#[from] std::io::Error),
}

impl From<Error> for case::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::TooLong => shared::case::state::Refused(
                "行数超过一张工作表所能放的，请用筛选缩小范围，或者导出 CSV。".to_owned(),
            )
            .into(),
            other => Self::Damaged(other.to_string()),
        }
    }
}

impl From<Error> for crate::report::Error {
    fn from(error: Error) -> Self {
        Self::Case(error.into())
    }
}

/// What a cell says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    /// Nothing.
    Empty,
    /// Words; never a formula.
    Text(Cow<'static, str>),
    /// A count.
    Count(u64),
    /// A number in tenths: 875 is 87.5.
    Tenths(i64),
    /// A share in tenths of a percent: 915 is 91.5 %.
    Permille(i64),
    /// A day.
    Day(NaiveDate),
    /// An instant, shown as in Shanghai, to the minute.
    Moment(DateTime<Utc>),
}

impl Cell {
    /// Words.
    pub(crate) fn text(words: impl Into<Cow<'static, str>>) -> Self {
        let words = words.into();
        if words.is_empty() {
            Self::Empty
        } else {
            Self::Text(words)
        }
    }

    /// Words, where there are some.
    pub(crate) fn words(words: Option<String>) -> Self {
        words.map_or(Self::Empty, Self::text)
    }

    /// A term's label.
    pub(crate) fn term(term: impl Term) -> Self {
        Self::text(term.label())
    }

    /// A day, where there is one.
    pub(crate) fn day(day: Option<NaiveDate>) -> Self {
        day.map_or(Self::Empty, Self::Day)
    }

    /// A count, where there is one.
    pub(crate) fn count(count: Option<u64>) -> Self {
        count.map_or(Self::Empty, Self::Count)
    }

    /// `是`, or nothing.
    pub(crate) fn yes(is: bool) -> Self {
        Self::text(if is { "是" } else { "" })
    }
}

/// A column of a sheet.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Column {
    /// What it stands under together with its neighbours of the same group.
    pub(crate) group: Option<String>,
    /// Its head.
    pub(crate) head: String,
    /// Its width in characters.
    pub(crate) width: f64,
}

impl Column {
    /// A column by itself.
    pub(crate) fn new(head: impl Into<String>, width: f64) -> Self {
        Self {
            group: None,
            head: head.into(),
            width,
        }
    }

    /// The same under a head that it shares.
    pub(crate) fn under(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }
}

/// A sheet before its rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sheet {
    /// The name of its tab.
    pub(crate) name: String,
    /// The line above all.
    pub(crate) title: String,
    /// What it is about: the period, the filters.
    pub(crate) note: Option<String>,
    /// Its columns.
    pub(crate) columns: Vec<Column>,
    /// Whether it is printed upright; across otherwise.
    pub(crate) upright: bool,
}

/// Who takes it out and when: on every page of a workbook, at the end of a CSV file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    who: String,
    words: String,
}

impl Mark {
    /// Of who asks, now.
    pub(crate) fn of(desk: &Desk) -> Self {
        let who = desk.actor.name().to_owned();
        let words = format!(
            "导出人：{who}（{}）　导出时间：{}　内部资料，注意保管",
            desk.names.unit_name(&desk.actor.unit_id),
            shanghai(desk.context.now).format("%Y-%m-%d %H:%M"),
        );
        Self { who, words }
    }

    /// The mark in words.
    pub(crate) fn words(&self) -> &str {
        &self.words
    }
}

/// An instant as clocks in Shanghai show it.
fn shanghai(at: DateTime<Utc>) -> NaiveDateTime {
    FixedOffset::east_opt(8 * 3600)
        .map_or(at.naive_utc(), |zone| at.with_timezone(&zone).naive_local())
}

/// A file in the making.
pub(crate) struct Out {
    kind: Kind,
    rows: u64,
}

enum Kind {
    Xlsx(beside::Beside),
    Csv(csv::Csv),
}

impl Out {
    fn new(format: ExportFormat, mark: Mark, folder: std::path::PathBuf) -> Result<Self, Error> {
        let kind = match format {
            ExportFormat::Xlsx => Kind::Xlsx(beside::Beside::new(mark, folder)?),
            ExportFormat::Csv => Kind::Csv(csv::Csv::new(mark, &folder)?),
        };
        Ok(Self { kind, rows: 0 })
    }

    /// Begins a sheet. A CSV file has only the first one.
    ///
    /// # Errors
    /// [`Error`].
    pub(crate) fn sheet(&mut self, sheet: Sheet) -> Result<(), Error> {
        match &mut self.kind {
            Kind::Xlsx(book) => book.sheet(sheet),
            Kind::Csv(csv) => csv.sheet(&sheet),
        }
    }

    /// A row of the sheet.
    ///
    /// # Errors
    /// [`Error`].
    pub(crate) fn row(&mut self, cells: &[Cell]) -> Result<(), Error> {
        self.rows += 1;
        match &mut self.kind {
            Kind::Xlsx(book) => book.row(cells, false),
            Kind::Csv(csv) => csv.row(cells),
        }
    }

    /// A row that explains, and is not counted.
    ///
    /// # Errors
    /// [`Error`].
    pub(crate) fn aside(&mut self, cells: &[Cell]) -> Result<(), Error> {
        self.row(cells)?;
        self.rows -= 1;
        Ok(())
    }

    /// A row that stands out and is not counted: a sum, or the head of a part of its own.
    ///
    /// # Errors
    /// [`Error`].
    pub(crate) fn strong(&mut self, cells: &[Cell]) -> Result<(), Error> {
        match &mut self.kind {
            Kind::Xlsx(book) => book.row(cells, true),
            Kind::Csv(csv) => csv.row(cells),
        }
    }

    fn finish(self) -> Result<(File, u64), Error> {
        let mut file = match self.kind {
            Kind::Xlsx(book) => book.finish()?,
            Kind::Csv(csv) => csv.finish()?,
        };
        file.rewind()?;
        Ok((file, self.rows))
    }
}

/// What is taken out.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// As what.
    pub(crate) format: ExportFormat,
    /// What it is called: the file's name, and in the audit log.
    pub(crate) name: String,
    /// The filters in words, for the audit log: without names or words that were searched for.
    pub(crate) filters: String,
}

/// Reads the format at the end of a path; nothing is there for another.
///
/// # Errors
/// Not found.
pub(crate) fn format(code: &str) -> Result<ExportFormat, ApiError> {
    ExportFormat::from_code(code).ok_or_else(ApiError::not_found)
}

/// Makes a file and answers with it. `write` decides who may, and writes the rows as it reads them; all
/// that it reads is of one state of the database. The audit log has the export before the answer begins.
///
/// # Errors
/// `write`'s, the disk's, the database's.
pub(crate) async fn answer<E>(
    state: &State,
    desk: Desk,
    wanted: Wanted,
    write: impl FnOnce(&mut Conn, &Desk, &mut Out) -> Result<(), E> + Send + 'static,
) -> Result<HttpResponse, ApiError>
where
    E: From<Error> + From<DieselError> + Into<ApiError> + Send + 'static,
{
    let folder = state.config.storage.data_dir.clone();
    let (reader, format) = (desk.clone(), wanted.format);
    let made = state
        .db
        .read_heavy(move |conn| -> Result<(File, u64), E> {
            conn.transaction(|conn| {
                one_state(conn)?;
                let mut out = Out::new(format, Mark::of(&reader), folder)?;
                write(conn, &reader, &mut out)?;
                Ok(out.finish()?)
            })
        })
        .await;
    let (file, rows) = made.map_err(Into::<ApiError>::into)?;
    let filters = match wanted.filters.as_str() {
        "" => String::new(),
        filters => format!("；条件：{filters}"),
    };
    let absent: Vec<&str> = desk
        .actor
        .stands_in_for
        .iter()
        .map(|absent| absent.name.as_str())
        .collect();
    let absent = match absent.as_slice() {
        [] => String::new(),
        absent => format!("；含代理{}的范围", absent.join("、")),
    };
    let detail = format!(
        "导出{}{rows}行（{}）{filters}{absent}",
        wanted.name,
        format.code().to_uppercase()
    );
    let name = file_name(&wanted, &desk);
    let noting = move |conn: &mut Conn| {
        let entry = Entry::new(AuditAction::Export, detail);
        audit::append(conn, &desk.context, &desk.actor, entry)
    };
    state.db.write(noting).await?;
    let media_type = match format {
        ExportFormat::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ExportFormat::Csv => "text/csv; charset=utf-8",
    };
    let size = file.metadata().map_err(ApiError::internal)?.len();
    let mut response: HttpResponseBuilder = case::routes::attachment(media_type, &name);
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    Ok(response.body(SizedStream::new(size, pieces(file))))
}

/// Both days and people stand in the name of a CSV file, whose content says it only at its end.
fn file_name(wanted: &Wanted, desk: &Desk) -> String {
    let day = desk.context.today();
    match wanted.format {
        ExportFormat::Xlsx => format!("{}{day}.xlsx", wanted.name),
        ExportFormat::Csv => format!("{}{day}（{}导出）.csv", wanted.name, Mark::of(desk).who),
    }
}

/// Lets all statements of the transaction see the same. On SQLite they do.
fn one_state(conn: &mut Conn) -> Result<(), DieselError> {
    if conn.is_sqlite() {
        return Ok(());
    }
    conn.batch_execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
}

/// A file, a piece at a time. It is read on a thread of its own, and only as fast as it is sent.
fn pieces(file: File) -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> {
    futures_util::stream::try_unfold(file, |mut file| async move {
        let reading = web::block(move || -> std::io::Result<(Vec<u8>, File)> {
            let mut piece = Vec::with_capacity(TOGETHER);
            let most = u64::try_from(TOGETHER).unwrap_or(u64::MAX);
            Read::by_ref(&mut file).take(most).read_to_end(&mut piece)?;
            Ok((piece, file))
        });
        let (piece, file) = reading.await.map_err(std::io::Error::other)??;
        Ok((!piece.is_empty()).then(|| (Bytes::from(piece), file)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn mark() -> Mark {
        Mark {
            who: "孙立新".to_owned(),
            words: "导出人：孙立新（镇综治办）　导出时间：2026-03-10 10:00".to_owned(),
        }
    }

    pub(super) fn sheet() -> Sheet {
        Sheet {
            name: "表".to_owned(),
            title: "标题".to_owned(),
            note: Some("统计期".to_owned()),
            columns: vec![
                Column::new("村", 12.0),
                Column::new("分子", 8.0).under("办理率"),
                Column::new("分母", 8.0).under("办理率"),
            ],
            upright: false,
        }
    }

    #[actix_web::test]
    async fn a_file_is_sent_in_pieces_and_whole() {
        use futures_util::TryStreamExt;
        use std::io::Write;
        let mut file = tempfile::tempfile().unwrap();
        let content: Vec<u8> = (0..200_000u32).map(|n| (n % 251) as u8).collect();
        file.write_all(&content).unwrap();
        file.rewind().unwrap();
        let sent: Vec<Bytes> = pieces(file).try_collect().await.unwrap();
        assert_eq!(sent.len(), 4);
        assert_eq!(sent.concat(), content);
    }

    #[test]
    fn a_moment_is_shanghais() {
        let at = "2026-03-10T17:30:00Z".parse().unwrap();
        assert_eq!(shanghai(at).to_string(), "2026-03-11 01:30:00");
    }
}
