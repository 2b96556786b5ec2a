//! A document as a Word file: A4, the type area and fonts of official documents (GB/T 9704).

use std::io::Cursor;

use docx_rs::{
    AlignmentType, Docx, Footer, LineSpacing, LineSpacingType, PageMargin, PageNum, Paragraph, Run,
    RunFonts, SpecialIndentType, Table, TableCell, TableLayoutType, TableRow, VAlignType,
    WidthType,
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
/// Twentieths of a point.
const LINE: i32 = 560;
const LINE_TABLE: i32 = 440;
/// Two characters of the text.
const INDENT: i32 = 640;
/// The width of the type area: 156 mm.
const WIDTH: usize = 8844;

/// Draws it.
///
/// # Errors
/// [`Error::Damaged`] where it cannot be packed.
pub(super) fn draw(paper: &Paper, void: bool) -> Result<Vec<u8>, Error> {
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
    if void {
        let run = Run::new().add_text("已 作 废").bold().size(SIZE_TEXT);
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
    for block in &paper.blocks {
        docx = part(docx, block);
    }
    for paragraph in foot(paper) {
        docx = docx.add_paragraph(paragraph);
    }
    if let Some(envelope) = &paper.envelope {
        docx = cover(docx, envelope);
    }
    let mut file = Cursor::new(Vec::new());
    docx.build()
        .pack(&mut file)
        .map_err(|e| Error::Damaged(format!("docx: {e}")))?;
    Ok(file.into_inner())
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
    line(LINE).indent(None, Some(SpecialIndentType::FirstLine(INDENT)), None, None)
}

fn part(docx: Docx, block: &Block) -> Docx {
    match block {
        Block::Heading { text } => {
            let run = Run::new()
                .add_text(text)
                .fonts(fonts(HEADING))
                .size(SIZE_TEXT);
            docx.add_paragraph(indented().keep_next(true).add_run(run))
        }
        Block::Paragraph { text: words } => docx.add_paragraph(indented().add_run(text(words))),
        Block::Table { head, rows } => docx.add_table(table(*head, rows)).add_paragraph(line(240)),
        Block::Signatures { lines } => lines.iter().fold(docx, |docx, words| {
            let room = if words.contains("日期") {
                "　　　　年　　月　　日"
            } else {
                "＿＿＿＿＿＿＿＿＿＿"
            };
            let run = text(&format!("{words}{room}"));
            let gap = spacing(LINE).before(160);
            docx.add_paragraph(indented().line_spacing(gap).add_run(run))
        }),
    }
}

/// The widths of a table's columns: a column of names is narrow.
fn widths(head: bool, columns: usize) -> Vec<usize> {
    match (head, columns) {
        (_, 0) => Vec::new(),
        (false, 2) => vec![2400, WIDTH - 2400],
        (_, columns) => vec![WIDTH / columns; columns],
    }
}

fn table(head: bool, rows: &[Vec<String>]) -> Table {
    let widths = widths(head, rows.first().map_or(0, Vec::len));
    let drawn = rows.iter().enumerate().map(|(at, row)| {
        let cells = row.iter().enumerate().map(|(column, words)| {
            let named = if head { at == 0 } else { column == 0 };
            let width = widths.get(column).copied().unwrap_or(WIDTH);
            cell(words, width, named)
        });
        TableRow::new(cells.collect()).cant_split().row_height(28.0)
    });
    Table::new(drawn.collect())
        .set_grid(widths.clone())
        .width(WIDTH, WidthType::Dxa)
        .layout(TableLayoutType::Fixed)
}

fn cell(words: &str, width: usize, named: bool) -> TableCell {
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
        cell.add_paragraph(line(LINE_TABLE).align(align).add_run(run))
    })
}

/// Who signs, the place of the seal, the date: on the right.
fn foot(paper: &Paper) -> Vec<Paragraph> {
    let right = |run: Run, before: u32| {
        line(LINE)
            .line_spacing(spacing(LINE).before(before))
            .align(AlignmentType::Right)
            .indent(None, None, Some(INDENT), None)
            .keep_lines(true)
            .add_run(run)
    };
    let mut lines = Vec::new();
    let mut before = 560;
    if let Some(signer) = &paper.signer {
        let seal = Run::new()
            .add_text("〔印章〕")
            .fonts(fonts(TEXT))
            .size(SIZE_SMALL)
            .color("808080");
        lines.push(right(text(signer), before).add_run(seal).keep_next(true));
        before = 0;
    }
    lines.push(right(text(&paper.date), before));
    lines
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
        .add_table(table(false, &rows))
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
    }
}
