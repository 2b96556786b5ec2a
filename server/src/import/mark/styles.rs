//! Fills for marked cells: each keeps its number format, font, border and alignment.

use super::xml::{Edits, TagKind, Tags};
use super::{Colour, MarkError};

/// The workbook's styles, and those added to them.
#[derive(Debug)]
pub(super) struct Styles {
    xml: String,
    fills: u32,
    /// The cell formats, each as written.
    formats: Vec<Format>,
    added: Vec<(u32, Colour)>,
}

#[derive(Debug)]
struct Format {
    /// The tag with its fill set to `{fill}`.
    tag: String,
    empty: bool,
    /// What stands inside.
    inner: String,
}

/// Stands in a format's tag for the number of its fill.
const FILL: &str = "{fill}";

impl Styles {
    /// Reads the styles' part.
    pub(super) fn read(xml: String) -> Result<Self, MarkError> {
        let mut styles = Self {
            xml: String::new(),
            fills: 0,
            formats: Vec::new(),
            added: Vec::new(),
        };
        let mut tags = Tags::of(&xml);
        let mut inside = String::new();
        let mut inner_from = 0;
        while let Some(tag) = tags.next()? {
            match (tag.depth, tag.kind) {
                (1, TagKind::Open) => inside = tag.name,
                (1, TagKind::Close) => inside.clear(),
                (2, TagKind::Open | TagKind::Empty) if inside == "fills" => styles.fills += 1,
                (2, TagKind::Open | TagKind::Empty) if inside == "cellXfs" => {
                    let set = [("fillId", FILL.to_owned()), ("applyFill", "1".to_owned())];
                    inner_from = tag.range.end;
                    styles.formats.push(Format {
                        tag: tag.with(&set, tag.kind),
                        empty: tag.kind == TagKind::Empty,
                        inner: String::new(),
                    });
                }
                (2, TagKind::Close) if inside == "cellXfs" => {
                    let inner = xml.get(inner_from..tag.range.end).unwrap_or_default();
                    if let Some(format) = styles.formats.last_mut() {
                        format.inner = inner.to_owned();
                    }
                }
                _ => {}
            }
        }
        if styles.fills == 0 || styles.formats.is_empty() {
            return Err(MarkError::Unsupported);
        }
        styles.xml = xml;
        Ok(styles)
    }

    /// The style that is `base` with a colour behind it.
    pub(super) fn coloured(&mut self, base: u32, colour: Colour) -> u32 {
        let base = if (base as usize) < self.formats.len() {
            base
        } else {
            0
        };
        let at = match self.added.iter().position(|added| *added == (base, colour)) {
            Some(at) => at,
            None => {
                self.added.push((base, colour));
                self.added.len() - 1
            }
        };
        u32::try_from(self.formats.len() + at).unwrap_or(base)
    }

    /// The styles' part with what was added.
    pub(super) fn write(self) -> Result<String, MarkError> {
        let mut edits = Edits::default();
        let mut tags = Tags::of(&self.xml);
        while let Some(tag) = tags.next()? {
            let (count, more) = match tag.name.as_str() {
                "fills" if tag.depth == 1 => (self.fills as usize, Colour::ALL.len()),
                "cellXfs" if tag.depth == 1 => (self.formats.len(), self.added.len()),
                _ => continue,
            };
            match tag.kind {
                TagKind::Open => {
                    let count = (count + more).to_string();
                    edits.replace(tag.range.clone(), tag.with(&[("count", count)], tag.kind));
                }
                TagKind::Close if tag.name == "fills" => {
                    edits.insert(tag.range.start, fills(&tag.prefix));
                }
                TagKind::Close => edits.insert(tag.range.start, self.added_formats()),
                TagKind::Empty => return Err(MarkError::Unsupported),
            }
        }
        edits.apply(&self.xml)
    }

    fn added_formats(&self) -> String {
        let mut text = String::new();
        for (base, colour) in &self.added {
            let Some(format) = self.formats.get(*base as usize) else {
                continue;
            };
            let fill = self.fills + *colour as u32;
            text.push_str(&format.tag.replace(FILL, &fill.to_string()));
            if !format.empty {
                text.push_str(&format.inner);
            }
        }
        text
    }
}

fn fills(prefix: &str) -> String {
    Colour::ALL
        .iter()
        .map(|colour| {
            format!(
                "<{p}fill><{p}patternFill patternType=\"solid\"><{p}fgColor rgb=\"{rgb}\"/>\
                 <{p}bgColor indexed=\"64\"/></{p}patternFill></{p}fill>",
                p = prefix,
                rgb = colour.rgb()
            )
        })
        .collect()
}
