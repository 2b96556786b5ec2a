//! A workbook that is written on a thread of its own: writing a row takes about as long as reading one does,
//! so a large file is there in little more than half of the time. What waits between the two is bounded.

use std::fs::File;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::xlsx::Book;
use super::{Cell, Error, Mark, Sheet};

/// How many lines go over together.
const TOGETHER: usize = 256;
/// How many of those may wait.
const WAITING: usize = 4;

/// What the book is told.
enum Line {
    Sheet(Box<Sheet>),
    Row(Vec<Cell>, bool),
}

/// The reader's end of a workbook in the making.
pub(super) struct Beside {
    lines: Vec<Line>,
    way: Option<SyncSender<Vec<Line>>>,
    thread: Option<JoinHandle<Result<File, Error>>>,
}

impl Beside {
    /// # Errors
    /// No thread can be made.
    pub(super) fn new(mark: Mark, folder: PathBuf) -> Result<Self, Error> {
        let (way, lines) = sync_channel(WAITING);
        let thread = std::thread::Builder::new()
            .name("workbook".to_owned())
            .spawn(move || write(mark, folder, &lines))?;
        Ok(Self {
            lines: Vec::with_capacity(TOGETHER),
            way: Some(way),
            thread: Some(thread),
        })
    }

    pub(super) fn sheet(&mut self, sheet: Sheet) -> Result<(), Error> {
        self.say(Line::Sheet(Box::new(sheet)))
    }

    pub(super) fn row(&mut self, cells: &[Cell], strong: bool) -> Result<(), Error> {
        self.say(Line::Row(cells.to_vec(), strong))
    }

    fn say(&mut self, line: Line) -> Result<(), Error> {
        self.lines.push(line);
        if self.lines.len() < TOGETHER {
            return Ok(());
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Error> {
        let lines = std::mem::replace(&mut self.lines, Vec::with_capacity(TOGETHER));
        match &self.way {
            Some(way) if way.send(lines).is_ok() => Ok(()),
            // The other end stops early only with an error.
            _ => self.end().map(drop),
        }
    }

    /// Waits for the book; what became of it.
    fn end(&mut self) -> Result<File, Error> {
        self.way = None;
        let gone = || std::io::Error::other("the workbook's thread is gone").into();
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(written)) => written,
            _ => Err(gone()),
        }
    }

    /// # Errors
    /// [`Error`]: whatever went wrong since the beginning.
    pub(super) fn finish(mut self) -> Result<File, Error> {
        self.flush()?;
        self.end()
    }
}

fn write(mark: Mark, folder: PathBuf, lines: &Receiver<Vec<Line>>) -> Result<File, Error> {
    let mut book = Book::new(mark, folder)?;
    for line in lines.iter().flatten() {
        match line {
            Line::Sheet(sheet) => book.sheet(*sheet)?,
            Line::Row(cells, strong) => book.row(&cells, strong)?,
        }
    }
    book.finish()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};

    use calamine::Reader;

    use super::super::tests::{mark, sheet};
    use super::*;

    #[test]
    fn nothing_is_lost_on_the_way() {
        let dir = tempfile::tempdir().unwrap();
        let mut book = Beside::new(mark(), dir.path().to_owned()).unwrap();
        book.sheet(sheet()).unwrap();
        let rows = u64::try_from(TOGETHER * (WAITING + 3) + 1).unwrap();
        for at in 0..rows {
            book.row(&[Cell::Count(at)], false).unwrap();
        }
        let mut bytes = Vec::new();
        let mut file = book.finish().unwrap();
        file.rewind().unwrap();
        file.read_to_end(&mut bytes).unwrap();
        let mut workbook: calamine::Xlsx<_> =
            calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
        let range = workbook.worksheet_range("表").unwrap();
        let counts: Vec<u64> = range
            .rows()
            .filter_map(|row| match row.first() {
                Some(calamine::Data::Float(count)) => Some(*count as u64),
                _ => None,
            })
            .collect();
        assert_eq!(counts, (0..rows).collect::<Vec<_>>());
    }

    #[test]
    fn an_error_of_the_book_reaches_the_reader() {
        let dir = tempfile::tempdir().unwrap();
        let gone = dir.path().join("gone");
        let mut book = Beside::new(mark(), gone.clone()).unwrap();
        let failed = book
            .sheet(sheet())
            .and_then(|()| (0..10_000).try_for_each(|at| book.row(&[Cell::Count(at)], false)));
        assert!(failed.is_err());
        let book = Beside::new(mark(), gone).unwrap();
        assert!(book.finish().is_err());
    }
}
