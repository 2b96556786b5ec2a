//! A document as a Word file: A4, the type area and fonts of official documents (GB/T 9704).

use std::io::Cursor;

use docx_rs::{
    AlignmentType, Docx, Footer, Header, LineSpacing, LineSpacingType, PageMargin, PageNum,
    Paragraph, Run, RunFonts, SpecialIndentType, Tab, TabLeaderType, TabValueType, Table,
    TableCell, TableLayoutType, TableRow, VAlignType, WidthType,
};
use shared::case::paper::{Block, Envelope, Paper};

use crate::case::Error;

/// Fonts by their Chinese names, as Windows and WPS know them.
const TITLE: &str = "宋体";
const TEXT: &str = "仿宋";
const HEADING: &str = "黑体";
/// Half points: 二号, 三号, 四号, 小四.
const SIZE_TITLE: usize = 44;
const SIZE_TEXT: usize = 32;
const SIZE_TABLE: usize = 28;
const SIZE_SMALL: usize = 24;
const SIZE_MARK: usize = 18;
/// Twentieths of a point.
const LINE: i32 = 560;
const LINE_TABLE: i32 = 440;
const LINE_SMALL: i32 = 320;
/// Two characters of the text.
const INDENT: i32 = 640;
/// The width of the type area: 156 mm.
const WIDTH: usize = 8844;

/// What is drawn: a document of a case, or another that looks like one.
pub(crate) struct Letter<'a> {
    /// A red line above all: that it is void.
    pub(crate) note: Option<&'static str>,
    /// Who took it out and when, small at the head of each page.
    pub(crate) mark: Option<String>,
    /// The line above the title.
    pub(crate) issuer: String,
    /// Its title.
    pub(crate) title: String,
    /// Its number, or what stands there.
    pub(crate) number: String,
    /// To whom.
    pub(crate) addressee: Option<&'a str>,
    /// What it says.
    pub(crate) blocks: &'a [Block],
    /// Who signs.
    pub(crate) signer: Option<String>,
    /// Its date.
    pub(crate) date: String,
    /// What stands below it.
    pub(crate) notes: &'a [String],
    /// What stands on the outside.
    pub(crate) envelope: Option<&'a Envelope>,
}

/// Draws a document of a case.
///
/// # Errors
/// [`Error::Damaged`] where it cannot be packed.
pub(super) fn draw(paper: &Paper, void: bool) -> Result<Vec<u8>, Error> {
    letter(&Letter {
        note: void.then_some("已 作 废"),
        mark: None,
        issuer: paper.issuer.clone(),
        title: paper.title.clone(),
        number: paper.number.clone(),
        addressee: paper.addressee.as_deref(),
        blocks: &paper.blocks,
        signer: paper.signer.clone(),
        date: paper.date.clone(),
        notes: &paper.notes,
        envelope: paper.envelope.as_ref(),
    })
}

/// Draws it.
///
/// # Errors
/// [`Error::Damaged`] where it cannot be packed.
pub(crate) fn letter(paper: &Letter<'_>) -> Result<Vec<u8>, Error> {
    let mut docx = Docx::new()
        .page_size(11906, 16838)
        .page_margin(PageMargin {
            top: 2098,
            left: 1588,
            bottom: 1984,
            right: 1474,
            header: 851,
            footer: 1400,
            gutter: 0,
        })
        .default_fonts(fonts(TEXT))
        .default_size(SIZE_TEXT)
        .footer(page_number());
    if let Some(mark) = &paper.mark {
        docx = docx.header(head(mark));
    }
    if let Some(note) = paper.note {
        let run = Run::new().add_text(note).bold().size(SIZE_TEXT);
        docx = docx.add_paragraph(centred(run.color("C00000"), 0));
    }
    if !paper.issuer.is_empty() {
        docx = docx.add_paragraph(centred(title(&paper.issuer), 0));
    }
    docx = docx.add_paragraph(centred(title(&paper.title), 0));
    docx = docx.add_paragraph(centred(text(&paper.number), 240));
    if let Some(addressee) = &paper.addressee {
        docx = docx.add_paragraph(line(LINE).add_run(text(&format!("{addressee}："))));
    }
    for (at, block) in paper.blocks.iter().enumerate() {
        // Who signs never stands on a page alone: what is last goes with it.
        docx = part(docx, block, at + 1 == paper.blocks.len());
    }
    for paragraph in foot(paper) {
        docx = docx.add_paragraph(paragraph);
    }
    for (at, note) in paper.notes.iter().enumerate() {
        let apart = if at == 0 { 240 } else { 0 };
        let line = indented().line_spacing(spacing(LINE).before(apart));
        docx = docx.add_paragraph(line.add_run(text(note)));
    }
    if let Some(envelope) = paper.envelope {
        docx = cover(docx, envelope);
    }
    let mut file = Cursor::new(Vec::new());
    docx.build()
        .pack(&mut file)
        .map_err(|e| Error::Damaged(format!("docx: {e}")))?;
    Ok(file.into_inner())
}

/// Who took it out and when, on each page.
fn head(mark: &str) -> Header {
    let run = Run::new()
        .add_text(mark)
        .fonts(fonts(TEXT))
        .size(SIZE_MARK)
        .color("808080");
    Header::new().add_paragraph(Paragraph::new().align(AlignmentType::Right).add_run(run))
}

fn fonts(name: &str) -> RunFonts {
    RunFonts::new()
        .east_asia(name)
        .ascii("Times New Roman")
        .hi_ansi("Times New Roman")
}

fn title(words: &str) -> Run {
    Run::new()
        .add_text(words)
        .fonts(fonts(TITLE))
        .size(SIZE_TITLE)
        .bold()
}

fn text(words: &str) -> Run {
    Run::new()
        .add_text(words)
        .fonts(fonts(TEXT))
        .size(SIZE_TEXT)
}

fn spacing(line: i32) -> LineSpacing {
    LineSpacing::new()
        .line_rule(LineSpacingType::Exact)
        .line(line)
}

fn line(height: i32) -> Paragraph {
    Paragraph::new().line_spacing(spacing(height))
}

fn centred(run: Run, after: u32) -> Paragraph {
    Paragraph::new()
        .align(AlignmentType::Center)
        .line_spacing(spacing(LINE + 80).after(after))
        .add_run(run)
}

fn indented() -> Paragraph {
    line(LINE).align(AlignmentType::Both).indent(
        None,
        Some(SpecialIndentType::FirstLine(INDENT)),
        None,
        None,
    )
}

fn part(docx: Docx, block: &Block, last: bool) -> Docx {
    match block {
        Block::Heading { text } => {
            let run = Run::new()
                .add_text(text)
                .fonts(fonts(HEADING))
                .size(SIZE_TEXT);
            docx.add_paragraph(indented().keep_next(true).add_run(run))
        }
        Block::Paragraph { text: words } => {
            docx.add_paragraph(indented().keep_next(last).add_run(text(words)))
        }
        Block::Table { head, rows } => docx
            .add_table(table(*head, rows, last))
            .add_paragraph(line(240).keep_next(last)),
        Block::Signatures { lines } => lines.iter().fold(docx, |docx, words| {
            let line = indented()
                .align(AlignmentType::Left)
                .line_spacing(spacing(LINE).before(160))
                .keep_next(true);
            docx.add_paragraph(if words.contains("日期") {
                line.add_run(text(&format!("{words}　　　　年　　月　　日")))
            } else {
                // A line to the margin, however long the words before it are.
                let end = Tab::new()
                    .val(TabValueType::Right)
                    .leader(TabLeaderType::Underscore)
                    .pos(WIDTH);
                line.add_tab(end).add_run(text(words).add_tab())
            })
        }),
    }
}

/// How wide a text is, in halves of a character, with the cell's margins and the small gaps between
/// Chinese and other characters.
fn breadth(words: &str) -> usize {
    let longest = words.split('\n').map(|line| {
        let halves = line.chars().map(|c| if c.is_ascii() { 1 } else { 2 });
        let changes = line.chars().zip(line.chars().skip(1));
        let changes = changes.filter(|(a, b)| a.is_ascii() != b.is_ascii());
        halves.sum::<usize>() + changes.count().div_ceil(2)
    });
    longest.max().unwrap_or(0) + 2
}

/// The widths of a table's columns: a column of names is narrow, others are as wide as what they
/// hold wants, with room for what is written by hand.
fn widths(head: bool, rows: &[Vec<String>]) -> Vec<usize> {
    const NAMES: usize = 3100;
    const NARROWEST: usize = 8;
    const BY_HAND: usize = 16;
    const WIDEST: usize = 32;
    let columns = rows.first().map_or(0, Vec::len);
    if !head && columns == 2 {
        return vec![NAMES, WIDTH - NAMES];
    }
    let wants: Vec<usize> = (0..columns)
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            let wanted = cells.map(|words| match words.as_str() {
                "" => BY_HAND,
                words => breadth(words),
            });
            wanted.max().unwrap_or(0).clamp(NARROWEST, WIDEST)
        })
        .collect();
    let all: usize = wants.iter().sum();
    wants.iter().map(|wanted| WIDTH * wanted / all).collect()
}

fn table(head: bool, rows: &[Vec<String>], last: bool) -> Table {
    /// Twentieths of a point, at least.
    const ROW: f32 = 500.0;
    /// With room to write and to sign in.
    const BY_HAND: f32 = 660.0;
    let widths = widths(head, rows);
    let drawn = rows.iter().enumerate().map(|(at, row)| {
        let cells = row.iter().enumerate().map(|(column, words)| {
            let named = if head { at == 0 } else { column == 0 };
            let width = widths.get(column).copied().unwrap_or(WIDTH);
            cell(words, width, named, last && at + 1 == rows.len())
        });
        let empty = !head && row.iter().skip(1).any(String::is_empty);
        let height = if empty { BY_HAND } else { ROW };
        TableRow::new(cells.collect())
            .cant_split()
            .row_height(height)
    });
    Table::new(drawn.collect())
        .set_grid(widths.clone())
        .width(WIDTH, WidthType::Dxa)
        .layout(TableLayoutType::Fixed)
}

fn cell(words: &str, width: usize, named: bool, last: bool) -> TableCell {
    let cell = TableCell::new()
        .width(width, WidthType::Dxa)
        .vertical_align(VAlignType::Center);
    words.split('\n').fold(cell, |cell, words| {
        let run = Run::new()
            .add_text(words)
            .fonts(fonts(TEXT))
            .size(SIZE_TABLE);
        let align = if named {
            AlignmentType::Center
        } else {
            AlignmentType::Left
        };
        let line = line(LINE_TABLE).align(align).keep_next(last);
        cell.add_paragraph(line.add_run(run))
    })
}

/// Who signs, the date below, the place of the seal over both: on the right half, below the text
/// by more than a line, so that the seal covers none of it.
fn foot(paper: &Letter<'_>) -> Vec<Paragraph> {
    let half = i32::try_from(WIDTH / 2).unwrap_or_default();
    let right = |run: Run, before: u32| {
        line(LINE)
            .line_spacing(spacing(LINE).before(before))
            .align(AlignmentType::Center)
            .indent(Some(half), None, None, None)
            .keep_lines(true)
            .add_run(run)
    };
    let Some(signer) = &paper.signer else {
        return vec![right(text(&paper.date), 560)];
    };
    let seal = Run::new()
        .add_text("〔印章〕")
        .fonts(fonts(TEXT))
        .size(SIZE_SMALL)
        .color("A0A0A0");
    vec![
        right(text(signer), 700).keep_next(true),
        right(text(&paper.date), 0).keep_next(true),
        right(seal, 0).line_spacing(spacing(LINE_SMALL)),
    ]
}

/// The outside of the letter, on a page of its own, to be cut out.
fn cover(docx: Docx, envelope: &Envelope) -> Docx {
    let note = Run::new()
        .add_text("（信封标签，沿框裁下）")
        .fonts(fonts(TEXT))
        .size(SIZE_SMALL)
        .color("808080");
    let rows: Vec<Vec<String>> = [
        ("收件人", &envelope.to),
        ("地址", &envelope.address),
        ("内件", &envelope.subject),
        ("寄件单位", &envelope.from),
    ]
    .into_iter()
    .map(|(name, value)| vec![name.to_owned(), value.clone()])
    .collect();
    docx.add_paragraph(line(LINE).page_break_before(true).add_run(note))
        .add_table(table(false, &rows, false))
}

fn page_number() -> Footer {
    let small = |words: &str| {
        Run::new()
            .add_text(words)
            .fonts(fonts(TITLE))
            .size(SIZE_TABLE)
    };
    Footer::new().add_paragraph(
        Paragraph::new()
            .align(AlignmentType::Center)
            .add_run(small("— "))
            .add_page_num(PageNum::new())
            .add_run(small(" —")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::case::paper::PaperKind;
    use std::io::Read;

    #[test]
    fn the_file_is_well_formed_whatever_is_written() {
        let paper = Paper {
            kind: PaperKind::Answer,
            issuer: "平川镇人民政府".to_owned(),
            title: "信访事项处理意见书".to_owned(),
            number: "平川信处〔2026〕1号".to_owned(),
            addressee: Some("张<三>&\"四'".to_owned()),
            blocks: vec![
                Block::Heading {
                    text: "一、<b>请求</b>".to_owned(),
                },
                Block::Paragraph {
                    text: "流转费 2000 元 & 利息 < 100".to_owned(),
                },
                Block::Table {
                    head: false,
                    rows: vec![vec!["甲".to_owned(), "一\n二".to_owned()]],
                },
                Block::Signatures {
                    lines: vec!["签收人：".to_owned()],
                },
            ],
            signer: Some("平川镇人民政府".to_owned()),
            date: "2026年3月10日".to_owned(),
            notes: vec!["（电话 <0000> & 窗口）".to_owned()],
            envelope: None,
        };
        let file = draw(&paper, true).unwrap();
        let mut zip = zip::ZipArchive::new(Cursor::new(file)).unwrap();
        let mut xml = String::new();
        let mut document = zip.by_name("word/document.xml").unwrap();
        document.read_to_string(&mut xml).unwrap();
        let mut reader = quick_xml::Reader::from_str(&xml);
        let mut words = String::new();
        loop {
            match reader.read_event().unwrap() {
                quick_xml::events::Event::Eof => break,
                quick_xml::events::Event::Text(text) => words.push_str(&text.into_inner()),
                quick_xml::events::Event::GeneralRef(name) => {
                    words.push_str(&format!("&{};", name.into_inner()));
                }
                _ => {}
            }
        }
        assert!(
            words.contains("流转费 2000 元 &amp; 利息 &lt; 100"),
            "{words}"
        );
        assert!(words.contains("已 作 废"), "{words}");
        let (_, below) = words.split_once("2026年3月10日").unwrap();
        assert!(
            below.contains("（电话 &lt;0000&gt; &amp; 窗口）"),
            "{below}"
        );
    }
}
