//! A sheet with the marked cells' styles changed, and a place for their comments.

use std::collections::BTreeMap;

use super::styles::Styles;
use super::xml::{Edits, Tag, TagKind, Tags};
use super::{Colour, MarkError};

/// The cells of a sheet to be marked: row, column (both from 0), colour.
pub(super) type Cells = BTreeMap<u32, BTreeMap<u32, Colour>>;

/// What comes behind `legacyDrawing` in a worksheet (ECMA-376 Part 1, 18.3.1.99).
const BEHIND_DRAWING: &[&str] = &[
    "legacyDrawingHF",
    "drawingHF",
    "picture",
    "oleObjects",
    "controls",
    "webPublishItems",
    "tableParts",
    "extLst",
];

/// Marks the cells. `drawing` is the relationship of a new drawing for comments, where the sheet has
/// none.
pub(super) fn mark(
    xml: &str,
    cells: &Cells,
    styles: &mut Styles,
    drawing: Option<&str>,
) -> Result<String, MarkError> {
    let mut patch = Patch {
        cells,
        styles,
        edits: Edits::default(),
        columns: Vec::new(),
        row: Row::default(),
        next_row: 0,
    };
    let mut drawing = drawing;
    let mut tags = Tags::of(xml);
    while let Some(tag) = tags.next()? {
        match (tag.depth, tag.name.as_str(), tag.kind) {
            (2, "col", TagKind::Open | TagKind::Empty) => patch.column(&tag),
            (2, "row", TagKind::Open | TagKind::Empty) => patch.begin_row(tag),
            (2, "row", TagKind::Close) => patch.end_row(tag.range.start),
            (3, "c", TagKind::Open | TagKind::Empty) => patch.cell(&tag),
            (1, name, TagKind::Open | TagKind::Empty) if BEHIND_DRAWING.contains(&name) => {
                patch.draw(&mut drawing, tag.range.start, &tag.prefix);
            }
            (0, _, TagKind::Close) => patch.draw(&mut drawing, tag.range.start, &tag.prefix),
            _ => {}
        }
    }
    if drawing.is_some() {
        return Err(MarkError::Unsupported);
    }
    patch.edits.apply(xml)
}

struct Patch<'a> {
    cells: &'a Cells,
    styles: &'a mut Styles,
    edits: Edits,
    /// First column, last column, style.
    columns: Vec<(u32, u32, u32)>,
    row: Row,
    next_row: u32,
}

/// The row that is being read.
#[derive(Default)]
struct Row {
    number: u32,
    style: Option<u32>,
    prefix: String,
    /// The marked cells that have not come yet.
    left: BTreeMap<u32, Colour>,
    next_column: u32,
}

impl Patch<'_> {
    fn column(&mut self, tag: &Tag<'_>) {
        if let (Some(min), Some(max), Some(style)) =
            (tag.number("min"), tag.number("max"), tag.number("style"))
        {
            self.columns
                .push((min.saturating_sub(1), max.saturating_sub(1), style));
        }
    }

    fn begin_row(&mut self, tag: Tag<'_>) {
        let number = tag
            .number("r")
            .map_or(self.next_row, |row| row.saturating_sub(1));
        self.next_row = number.saturating_add(1);
        let custom = matches!(tag.attribute("customFormat").as_deref(), Some("1" | "true"));
        self.row = Row {
            number,
            style: tag.number("s").filter(|_| custom),
            left: self.cells.get(&number).cloned().unwrap_or_default(),
            next_column: 0,
            prefix: tag.prefix.clone(),
        };
        if tag.kind == TagKind::Empty && !self.row.left.is_empty() {
            let open = tag.with(&[], TagKind::Open);
            let cells = self.missing(u32::MAX);
            let close = format!("</{}row>", tag.prefix);
            self.edits
                .replace(tag.range, format!("{open}{cells}{close}"));
        }
    }

    fn end_row(&mut self, at: usize) {
        let cells = self.missing(u32::MAX);
        if !cells.is_empty() {
            self.edits.insert(at, cells);
        }
    }

    fn cell(&mut self, tag: &Tag<'_>) {
        let place = tag.attribute("r");
        let column = place
            .as_deref()
            .and_then(column_of)
            .unwrap_or(self.row.next_column);
        self.row.next_column = column.saturating_add(1);
        let before = self.missing(column);
        if !before.is_empty() {
            self.edits.insert(tag.range.start, before);
        }
        if let Some(colour) = self.row.left.remove(&column) {
            let base = tag.number("s").unwrap_or(0);
            let style = self.styles.coloured(base, colour).to_string();
            self.edits
                .replace(tag.range.clone(), tag.with(&[("s", style)], tag.kind));
        }
    }

    /// The marked cells left of a column that the row does not have.
    fn missing(&mut self, column: u32) -> String {
        let mut text = String::new();
        while let Some((at, colour)) = self.row.left.first_key_value().map(|(a, c)| (*a, *c)) {
            if at >= column {
                break;
            }
            self.row.left.remove(&at);
            let by_column = self
                .columns
                .iter()
                .find(|(min, max, _)| (*min..=*max).contains(&at));
            let base = self.row.style.or(by_column.map(|(.., style)| *style));
            let style = self.styles.coloured(base.unwrap_or(0), colour);
            let place = cell_name(self.row.number, at);
            text.push_str(&format!(
                "<{}c r=\"{place}\" s=\"{style}\"/>",
                self.row.prefix
            ));
        }
        text
    }

    fn draw(&mut self, drawing: &mut Option<&str>, at: usize, prefix: &str) {
        if let Some(id) = drawing.take() {
            const RELATIONSHIPS: &str =
                "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
            let tag = format!("<{prefix}legacyDrawing xmlns:r=\"{RELATIONSHIPS}\" r:id=\"{id}\"/>");
            self.edits.insert(at, tag);
        }
    }
}

/// The name of a cell (`B5`), from its row and column, which count from 0.
pub(super) fn cell_name(row: u32, column: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = column.saturating_add(1);
    while rest > 0 {
        let letter = (rest - 1) % 26;
        letters.push(char::from(b'A' + u8::try_from(letter).unwrap_or(0)));
        rest = (rest - 1) / 26;
    }
    let letters: String = letters.into_iter().rev().collect();
    format!("{letters}{}", row.saturating_add(1))
}

/// The column of a cell's name, from 0.
fn column_of(place: &str) -> Option<u32> {
    let mut column = 0u32;
    for c in place.chars().take_while(char::is_ascii_alphabetic) {
        let letter = u32::from(c.to_ascii_uppercase()) - u32::from('A') + 1;
        column = column.checked_mul(26)?.checked_add(letter)?;
    }
    column.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_cells() {
        for (row, column, name) in [
            (0, 0, "A1"),
            (4, 25, "Z5"),
            (9, 26, "AA10"),
            (0, 16_383, "XFD1"),
        ] {
            assert_eq!(cell_name(row, column), name);
            assert_eq!(column_of(name), Some(column));
        }
        assert_eq!(column_of("12"), None);
    }
}
