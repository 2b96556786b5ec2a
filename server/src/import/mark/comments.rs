//! Comments on cells: the comments' part and the drawing that gives each its box.

use std::collections::BTreeMap;

use super::MarkError;
use super::sheet::cell_name;
use super::xml::{Edits, TagKind, Tags, append_to_root, escaped};

/// Who signs the comments.
const AUTHOR: &str = "信访三无工作台";

/// The comments of a sheet: row, column (both from 0), words.
pub(super) type Comments = BTreeMap<(u32, u32), String>;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";

/// A comments' part of its own.
pub(super) fn new_part(comments: &Comments) -> String {
    let mut list = String::new();
    for ((row, column), text) in comments {
        list.push_str(&comment("", &cell_name(*row, *column), 0, text));
    }
    format!(
        "{HEAD}<comments xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">\
         <authors><author>{AUTHOR}</author></authors><commentList>{list}</commentList></comments>"
    )
}

/// A comments' part with more in it. A cell that has a comment keeps it and gets more words. Also
/// gives the cells that had none, which need a box.
pub(super) fn extended(xml: &str, comments: &Comments) -> Result<(String, Comments), MarkError> {
    let mut left: BTreeMap<String, ((u32, u32), &String)> = comments
        .iter()
        .map(|(at, text)| (cell_name(at.0, at.1), (*at, text)))
        .collect();
    let mut edits = Edits::default();
    let mut tags = Tags::of(xml);
    let mut authors = 0u32;
    let mut own = None;
    let mut own_from = 0;
    while let Some(tag) = tags.next()? {
        match (tag.depth, tag.name.as_str(), tag.kind) {
            (2, "author", TagKind::Open | TagKind::Empty) => authors += 1,
            (1, "authors", TagKind::Close) => {
                edits.insert(
                    tag.range.start,
                    format!("<{0}author>{AUTHOR}</{0}author>", tag.prefix),
                );
            }
            (2, "comment", TagKind::Open) => {
                own = tag.attribute("ref").and_then(|name| left.remove(&name));
                own_from = tag.range.end;
            }
            (3, "text", TagKind::Close) => {
                let said = xml.get(own_from..tag.range.start).unwrap_or_default();
                // Marking a marked workbook again says nothing twice.
                if let Some((_, text)) = own
                    .take()
                    .filter(|(_, text)| !said.contains(&escaped(text)))
                {
                    edits.insert(tag.range.start, run(&tag.prefix, &format!("\n{text}")));
                }
            }
            (1, "commentList", TagKind::Close) => {
                let more: String = left
                    .iter()
                    .map(|(name, (_, text))| comment(&tag.prefix, name, authors, text))
                    .collect();
                edits.insert(tag.range.start, more);
            }
            (1, "authors" | "commentList", TagKind::Empty) => return Err(MarkError::Unsupported),
            _ => {}
        }
    }
    let boxes = left
        .into_values()
        .map(|(at, text)| (at, text.clone()))
        .collect();
    Ok((edits.apply(xml)?, boxes))
}

fn comment(prefix: &str, place: &str, author: u32, text: &str) -> String {
    format!(
        "<{prefix}comment ref=\"{place}\" authorId=\"{author}\"><{prefix}text>{run}</{prefix}text>\
         </{prefix}comment>",
        run = run(prefix, text)
    )
}

fn run(prefix: &str, text: &str) -> String {
    format!(
        "<{prefix}r><{prefix}t xml:space=\"preserve\">{}</{prefix}t></{prefix}r>",
        escaped(text)
    )
}

const V: &str = " xmlns:v=\"urn:schemas-microsoft-com:vml\"";
const O: &str = " xmlns:o=\"urn:schemas-microsoft-com:office:office\"";
const X: &str = " xmlns:x=\"urn:schemas-microsoft-com:office:excel\"";

/// A drawing of its own.
pub(super) fn new_drawing(comments: &Comments) -> String {
    format!(
        "<xml{V}{O}{X}><o:shapelayout v:ext=\"edit\"><o:idmap v:ext=\"edit\" data=\"1\"/>\
         </o:shapelayout>{}{}</xml>",
        shape_type(""),
        boxes(comments, 1025, "")
    )
}

/// A drawing with more boxes in it.
pub(super) fn extended_drawing(xml: &str, comments: &Comments) -> Result<String, MarkError> {
    // A program may have written its own prefixes: then each shape declares the usual ones.
    let declared = [V, O, X].iter().all(|names| xml.contains(names.trim()));
    let names = if declared {
        String::new()
    } else {
        format!("{V}{O}{X}")
    };
    let mut shapes = String::new();
    if !xml.contains("\"_x0000_t202\"") && !xml.contains("'_x0000_t202'") {
        shapes.push_str(&shape_type(&names));
    }
    shapes.push_str(&boxes(comments, 50_001, &names));
    append_to_root(xml, &shapes)
}

fn shape_type(names: &str) -> String {
    format!(
        "<v:shapetype{names} id=\"_x0000_t202\" coordsize=\"21600,21600\" o:spt=\"202\" \
         path=\"m,l,21600r21600,l21600,xe\"><v:stroke joinstyle=\"miter\"/>\
         <v:path gradientshapeok=\"t\" o:connecttype=\"rect\"/></v:shapetype>"
    )
}

fn boxes(comments: &Comments, first_id: usize, names: &str) -> String {
    let mut text = String::new();
    for (id, ((row, column), words)) in (first_id..).zip(comments) {
        // A line of the box holds about fourteen characters.
        let lines = words.chars().count() / 14 + words.matches('\n').count() + 2;
        let last_row = row.saturating_add(u32::try_from(lines).unwrap_or(4).clamp(3, 24));
        text.push_str(&format!(
            "<v:shape{names} id=\"_x0000_s{id}\" type=\"#_x0000_t202\" \
             style=\"position:absolute;margin-left:60pt;margin-top:1.5pt;width:160pt;height:60pt;z-index:1;visibility:hidden\" \
             fillcolor=\"#ffffe1\" o:insetmode=\"auto\"><v:fill color2=\"#ffffe1\"/>\
             <v:shadow on=\"t\" color=\"black\" obscured=\"t\"/><v:path o:connecttype=\"none\"/>\
             <v:textbox style=\"mso-direction-alt:auto\"/><x:ClientData ObjectType=\"Note\">\
             <x:MoveWithCells/><x:SizeWithCells/>\
             <x:Anchor>{left}, 15, {row}, 2, {right}, 31, {last_row}, 1</x:Anchor>\
             <x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row><x:Column>{column}</x:Column>\
             </x:ClientData></v:shape>",
            left = column.saturating_add(1),
            right = column.saturating_add(4),
        ));
    }
    text
}
