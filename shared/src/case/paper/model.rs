//! What a document says, without how it looks: the one model from which the Word file and the print
//! view are drawn, and which is kept as the document was made.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::PaperKind;

/// A document, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Paper {
    /// What it is.
    pub kind: PaperKind,
    /// Who issues it: the line above the title.
    pub issuer: String,
    /// Its title.
    pub title: String,
    /// Its number (`平川信受〔2026〕3号`).
    pub number: String,
    /// To whom it is addressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addressee: Option<String>,
    /// What it says, in order.
    pub blocks: Vec<Block>,
    /// Who signs: below the text, on the right, where the seal comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
    /// Its date in Chinese form (`2026年3月10日`).
    pub date: String,
    /// What stands below the date, each in its brackets (附注, GB/T 9704).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What stands on the outside, when it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub envelope: Option<Envelope>,
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case", try_from = "Flat")]
pub enum Block {
    /// A heading within the text.
    Heading {
        /// The words.
        text: String,
    },
    /// A paragraph, its first line indented by two characters.
    Paragraph {
        /// The words.
        text: String,
    },
    /// A table with rules around each cell.
    Table {
        /// Whether the first row is a head; otherwise the first column is.
        head: bool,
        /// The rows, each of the same number of cells; an empty cell is left to be filled in by hand.
        rows: Vec<Vec<String>>,
    },
    /// Lines to sign on, each with room.
    Signatures {
        /// What stands before the room.
        lines: Vec<String>,
    },
}

/// A [`Block`] as JSON has it, all in one: read so, it costs the app's download less than serde's
/// way with tags.
#[derive(Deserialize)]
struct Flat {
    r#type: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    head: bool,
    #[serde(default)]
    rows: Vec<Vec<String>>,
    #[serde(default)]
    lines: Vec<String>,
}

impl TryFrom<Flat> for Block {
    type Error = String;

    fn try_from(flat: Flat) -> Result<Self, String> {
        let Flat {
            text,
            head,
            rows,
            lines,
            ..
        } = flat;
        Ok(match flat.r#type.as_str() {
            "heading" => Self::Heading { text },
            "paragraph" => Self::Paragraph { text },
            "table" => Self::Table { head, rows },
            "signatures" => Self::Signatures { lines },
            other => return Err(format!("no part of a document is of the type {other}")),
        })
    }
}

/// What stands on the outside of a letter. It is all that others at home or in the village see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Envelope {
    /// To whom.
    pub to: String,
    /// Where; empty to be filled in by hand.
    pub address: String,
    /// What is inside; neutral words for who asked for them.
    pub subject: String,
    /// From whom.
    pub from: String,
}

/// A day in Chinese form, as documents date themselves (GB/T 9704).
pub fn chinese_day(day: NaiveDate) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

/// Text as any form of a document can hold it: no control characters but the line's end.
pub(super) fn printable(text: &str) -> String {
    text.trim()
        .replace("\r\n", "\n")
        .chars()
        .filter(|c| *c == '\n' || !(c.is_control() || matches!(*c, '\u{fffe}' | '\u{ffff}')))
        .collect()
}

impl Paper {
    /// Adds paragraphs, one a line of the text.
    pub(super) fn say(&mut self, text: &str) {
        let lines = printable(text);
        let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
        self.blocks.extend(lines.map(|line| Block::Paragraph {
            text: line.to_owned(),
        }));
    }

    /// Adds a heading and the paragraphs below it, if there are any.
    pub(super) fn under(&mut self, heading: &str, text: &str) {
        if !printable(text).is_empty() {
            self.blocks.push(Block::Heading {
                text: heading.to_owned(),
            });
            self.say(text);
        }
    }

    /// Adds a table of names and values.
    pub(super) fn facts(&mut self, rows: Vec<(&str, String)>) {
        let rows = rows
            .into_iter()
            .map(|(name, value)| vec![name.to_owned(), printable(&value)])
            .collect();
        self.blocks.push(Block::Table { head: false, rows });
    }

    /// Adds lines to sign on.
    pub(super) fn sign<I: IntoIterator<Item = S>, S: Into<String>>(&mut self, lines: I) {
        let lines = lines.into_iter().map(Into::into).collect();
        self.blocks.push(Block::Signatures { lines });
    }

    /// All its words, for searches of tests and for whoever checks what it names.
    pub fn words(&self) -> String {
        let mut words = vec![self.issuer.clone(), self.title.clone(), self.number.clone()];
        words.extend(self.addressee.clone());
        for block in &self.blocks {
            match block {
                Block::Heading { text } | Block::Paragraph { text } => words.push(text.clone()),
                Block::Table { rows, .. } => words.extend(rows.iter().flatten().cloned()),
                Block::Signatures { lines } => words.extend(lines.iter().cloned()),
            }
        }
        words.extend(self.signer.clone());
        words.push(self.date.clone());
        words.extend(self.notes.iter().cloned());
        words.join("\n")
    }
}
