//! The same workbook with cells coloured and commented.
//!
//! The workbook's parts are patched in place: a marked cell's style, the styles' list, the comments.
//! Everything else, charts and pictures included, is copied as it is. (A library that reads a
//! workbook into a model and writes it again loses what its model does not have: tried with
//! umya-spreadsheet 4.0.0-beta.1, a chart and the first half of a two-coloured text were gone.)

mod comments;
mod sheet;
mod styles;
mod xml;

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use comments::Comments;
use sheet::Cells;
use styles::Styles;
use xml::{Tag, TagKind, Tags, append_to_root, escaped};

/// A cell to be marked.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub(super) sheet: String,
    /// From 0.
    pub(super) row: u32,
    /// From 0.
    pub(super) column: u32,
    pub(super) colour: Colour,
    pub(super) text: String,
}

/// What a mark means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Colour {
    /// The row repeats another.
    Grey,
    /// Loaded, but worth a look.
    Yellow,
    /// To be mended.
    Red,
}

impl Colour {
    const ALL: [Self; 3] = [Self::Grey, Self::Yellow, Self::Red];

    const fn rgb(self) -> &'static str {
        match self {
            Self::Grey => "FFD9D9D9",
            Self::Yellow => "FFFFF2CC",
            Self::Red => "FFFFB3B3",
        }
    }
}

/// Why a workbook cannot be marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MarkError {
    /// An old or OpenDocument workbook.
    #[error("只能在 .xlsx 工作簿上标注。请用 Excel 或 WPS 另存为 .xlsx 后再试。")]
    NotXlsx,
    /// Built in a way that is not understood well enough to change it.
    #[error("这个工作簿的结构特殊，无法标注。请用 Excel 或 WPS 另存为 .xlsx 后再试。")]
    Unsupported,
}

/// Marks cells. The bytes have passed [`super::guard`].
///
/// # Errors
/// [`MarkError`].
pub(super) fn mark(bytes: &[u8], marks: &[Mark]) -> Result<Vec<u8>, MarkError> {
    if !bytes.starts_with(b"PK") {
        return Err(MarkError::NotXlsx);
    }
    let mut package = Package::open(bytes)?;
    let workbook = package.workbook()?;
    let mut styles = Styles::read(package.text(&workbook.styles)?)?;
    let mut by_sheet: BTreeMap<&str, Vec<&Mark>> = BTreeMap::new();
    for mark in marks {
        by_sheet.entry(&mark.sheet).or_default().push(mark);
    }
    for (number, (sheet, marks)) in by_sheet.into_iter().enumerate() {
        let part = workbook
            .sheets
            .iter()
            .find(|(name, _)| name == sheet)
            .map(|(_, part)| part.clone())
            .ok_or(MarkError::Unsupported)?;
        package.mark_sheet(&part, &marks, &mut styles, number)?;
    }
    package.put(&workbook.styles, styles.write()?);
    package.write()
}

/// A workbook's parts, some of them changed.
struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    changed: BTreeMap<String, String>,
}

struct Workbook {
    styles: String,
    /// Names and parts.
    sheets: Vec<(String, String)>,
}

/// A relationship of a part.
struct Relationship {
    id: String,
    kind: String,
    target: String,
}

const TYPES: &str = "[Content_Types].xml";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const COMMENTS_TYPE: &str =
    "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml";
const DRAWING_TYPE: &str = "application/vnd.openxmlformats-officedocument.vmlDrawing";

impl<'a> Package<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, MarkError> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| MarkError::Unsupported)?;
        if archive.index_for_name("mimetype").is_some() {
            return Err(MarkError::NotXlsx);
        }
        Ok(Self {
            archive,
            changed: BTreeMap::new(),
        })
    }

    fn has(&self, part: &str) -> bool {
        self.changed.contains_key(part) || self.archive.index_for_name(part).is_some()
    }

    fn text(&mut self, part: &str) -> Result<String, MarkError> {
        if let Some(text) = self.changed.get(part) {
            return Ok(text.clone());
        }
        let mut file = self
            .archive
            .by_name(part)
            .map_err(|_| MarkError::Unsupported)?;
        let mut text = String::new();
        file.read_to_string(&mut text)
            .map_err(|_| MarkError::Unsupported)?;
        Ok(text)
    }

    fn put(&mut self, part: &str, text: String) {
        self.changed.insert(part.to_owned(), text);
    }

    fn workbook(&mut self) -> Result<Workbook, MarkError> {
        let find = |relationships: &[Relationship], kind: &str| {
            let found = relationships.iter().find(|r| r.kind.ends_with(kind));
            found.map(|r| r.target.clone())
        };
        let root = self.relationships("")?;
        let workbook = find(&root, "/officeDocument").ok_or(MarkError::Unsupported)?;
        let relationships = self.relationships(&workbook)?;
        let xml = self.text(&workbook)?;
        let mut sheets = Vec::new();
        let mut tags = Tags::of(&xml);
        while let Some(tag) = tags.next()? {
            if tag.depth == 2 && tag.name == "sheet" && tag.kind != TagKind::Close {
                let (Some(name), Some(id)) = (tag.attribute("name"), relationship_id(&tag)) else {
                    continue;
                };
                let part = relationships.iter().find(|r| r.id == id);
                if let Some(part) = part {
                    let name = quick_xml::escape::unescape(&name)
                        .map_err(|_| MarkError::Unsupported)?
                        .into_owned();
                    sheets.push((name, part.target.clone()));
                }
            }
        }
        Ok(Workbook {
            styles: find(&relationships, "/styles").ok_or(MarkError::Unsupported)?,
            sheets,
        })
    }

    fn relationships(&mut self, part: &str) -> Result<Vec<Relationship>, MarkError> {
        let path = relationships_of(part);
        if !self.has(&path) {
            return Ok(Vec::new());
        }
        let xml = self.text(&path)?;
        let mut tags = Tags::of(&xml);
        let mut found = Vec::new();
        while let Some(tag) = tags.next()? {
            if tag.name != "Relationship" || tag.kind == TagKind::Close {
                continue;
            }
            if let (Some(id), Some(kind), Some(target)) = (
                tag.attribute("Id"),
                tag.attribute("Type"),
                tag.attribute("Target"),
            ) {
                found.push(Relationship {
                    id,
                    kind,
                    target: resolved(part, &target),
                });
            }
        }
        Ok(found)
    }

    fn mark_sheet(
        &mut self,
        part: &str,
        marks: &[&Mark],
        styles: &mut Styles,
        number: usize,
    ) -> Result<(), MarkError> {
        let (cells, comments) = gather(marks);
        let relationships = self.relationships(part)?;
        let of_kind = |kind: &str| {
            let found = relationships.iter().find(|r| r.kind.ends_with(kind));
            found.map(|r| r.target.clone())
        };
        let xml = self.text(part)?;
        let mut drawing_id = None;
        match (of_kind("/comments"), of_kind("/vmlDrawing")) {
            (Some(old), Some(drawing)) => {
                let (text, boxes) = comments::extended(&self.text(&old)?, &comments)?;
                self.put(&old, text);
                let text = comments::extended_drawing(&self.text(&drawing)?, &boxes)?;
                self.put(&drawing, text);
            }
            (None, None) => {
                let part_name = self.free_name("xl/comments", "xml", number);
                let drawing = self.free_name("xl/drawings/vmlDrawing", "vml", number);
                self.put(&part_name, comments::new_part(&comments));
                self.put(&drawing, comments::new_drawing(&comments));
                self.relate(part, "comments", &part_name, &relationships)?;
                drawing_id = Some(self.relate(part, "vmlDrawing", &drawing, &relationships)?);
                self.declare(&part_name)?;
            }
            // A drawing without comments (a form's buttons) takes their boxes in.
            (None, Some(drawing)) => {
                let part_name = self.free_name("xl/comments", "xml", number);
                self.put(&part_name, comments::new_part(&comments));
                let text = comments::extended_drawing(&self.text(&drawing)?, &comments)?;
                self.put(&drawing, text);
                self.relate(part, "comments", &part_name, &relationships)?;
                self.declare(&part_name)?;
                if !xml.contains("legacyDrawing ") {
                    return Err(MarkError::Unsupported);
                }
            }
            (Some(_), None) => return Err(MarkError::Unsupported),
        }
        let xml = sheet::mark(&xml, &cells, styles, drawing_id.as_deref())?;
        self.put(part, xml);
        Ok(())
    }

    fn free_name(&self, stem: &str, ending: &str, number: usize) -> String {
        (number + 1..)
            .map(|n| format!("{stem}{n}.{ending}"))
            .find(|name| !self.has(name))
            .unwrap_or_default()
    }

    /// Relates a new part to a sheet; gives the relationship's id.
    fn relate(
        &mut self,
        part: &str,
        kind: &str,
        target: &str,
        known: &[Relationship],
    ) -> Result<String, MarkError> {
        let id = (1..)
            .map(|n| format!("rIdMark{kind}{n}"))
            .find(|id| known.iter().all(|r| r.id != *id))
            .unwrap_or_default();
        let child = format!(
            "<Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" Target=\"/{}\"/>",
            escaped(target)
        );
        let path = relationships_of(part);
        let text = if self.has(&path) {
            append_to_root(&self.text(&path)?, &child)?
        } else {
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Relationships \
                 xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">{child}</Relationships>"
            )
        };
        self.put(&path, text);
        Ok(id)
    }

    /// Says in the list of content types what a comments' part is, and what `.vml` files are.
    fn declare(&mut self, part: &str) -> Result<(), MarkError> {
        let types = self.text(TYPES)?;
        let mut child = format!(
            "<Override PartName=\"/{}\" ContentType=\"{COMMENTS_TYPE}\"/>",
            escaped(part)
        );
        if !types.to_ascii_lowercase().contains("extension=\"vml\"") {
            child.insert_str(
                0,
                &format!("<Default Extension=\"vml\" ContentType=\"{DRAWING_TYPE}\"/>"),
            );
        }
        let types = append_to_root(&types, &child)?;
        self.put(TYPES, types);
        Ok(())
    }

    fn write(mut self) -> Result<Vec<u8>, MarkError> {
        let unsupported = |_| MarkError::Unsupported;
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default();
        for index in 0..self.archive.len() {
            let file = self.archive.by_index_raw(index).map_err(unsupported)?;
            let name = file.name().map_err(unsupported)?.into_owned();
            match self.changed.remove(&name) {
                None => writer.raw_copy_file(file).map_err(unsupported)?,
                Some(text) => put_file(&mut writer, &name, &text, options)?,
            }
        }
        for (name, text) in &self.changed {
            put_file(&mut writer, name, text, options)?;
        }
        Ok(writer.finish().map_err(unsupported)?.into_inner())
    }
}

fn put_file(
    writer: &mut ZipWriter<Cursor<Vec<u8>>>,
    name: &str,
    text: &str,
    options: SimpleFileOptions,
) -> Result<(), MarkError> {
    writer
        .start_file(name, options)
        .map_err(|_| MarkError::Unsupported)?;
    writer
        .write_all(text.as_bytes())
        .map_err(|_| MarkError::Unsupported)
}

/// The strongest colour and all the words of each cell.
fn gather(marks: &[&Mark]) -> (Cells, Comments) {
    let mut cells = Cells::new();
    let mut comments = Comments::new();
    for mark in marks {
        let row = cells.entry(mark.row).or_default();
        let colour = row.entry(mark.column).or_insert(mark.colour);
        *colour = (*colour).max(mark.colour);
        let text = comments.entry((mark.row, mark.column)).or_default();
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&mark.text);
    }
    (cells, comments)
}

/// The attribute `r:id`, whatever its prefix.
fn relationship_id(tag: &Tag<'_>) -> Option<String> {
    let mut attributes = tag.start.as_ref()?.attributes().filter_map(Result::ok);
    let found = attributes.find(|attribute| attribute.key.as_ref().ends_with(":id"))?;
    Some(found.value.into_owned())
}

/// Where a part's relationships are.
fn relationships_of(part: &str) -> String {
    match part.rsplit_once('/') {
        Some((folder, name)) => format!("{folder}/_rels/{name}.rels"),
        None => format!("_rels/{part}.rels"),
    }
}

/// The part that a target means, seen from another part.
fn resolved(part: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let folder = part.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut path: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                path.pop();
            }
            step => path.push(step),
        }
    }
    path.join("/")
}
