//! What a township words for itself in its documents (文书文字): who issues them, whom they name, where it
//! is to be reached, and a note below the date. What the law prescribes is not among it.

use serde::{Deserialize, Serialize};

use super::PaperKind;
use super::model::printable;
use crate::case::matter::scene::MAX_TEXT;
use crate::term::Term;
use crate::validate::Errors;

/// The longest name of an organ.
pub const MAX_ORGAN: usize = 60;
/// The longest line that says where the township is to be reached.
pub const MAX_CONTACT: usize = 120;
/// The longest note below a document's date.
pub const MAX_NOTE: usize = 500;

/// The texts of a township's documents. What is empty is as the program has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PaperTexts {
    /// Who issues documents (发文机关); empty: the township's government.
    #[serde(default)]
    pub issuer: String,
    /// The organ above, that reviews (复查、复核机关); empty: of the county in the tree, or typed each time.
    #[serde(default)]
    pub superior: String,
    /// The people's court that confirms agreements (司法确认); empty: typed each time.
    #[serde(default)]
    pub court: String,
    /// Where the township is to be reached; it stands below the date of documents, and on receipts.
    #[serde(default)]
    pub contact: String,
    /// Of kinds of documents, each once.
    #[serde(default)]
    pub kinds: Vec<KindText>,
}

/// What a township words for one kind of document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct KindText {
    /// Which.
    pub kind: PaperKind,
    /// What stands below its date (附注), each line in brackets.
    #[serde(default)]
    pub note: String,
    /// What the form begins with in the field that [`PaperKind::preset`] names.
    #[serde(default)]
    pub preset: String,
}

/// A note as it stands on a document (附注, GB/T 9704).
pub fn bracketed(note: &str) -> String {
    format!("（{note}）")
}

impl PaperKind {
    /// Whether the township can add a note: not where the words are the parties', nor on what only
    /// proves service.
    pub const fn takes_note(self) -> bool {
        !matches!(
            self,
            Self::Agreement | Self::Confirmation | Self::ServiceReturn
        )
    }

    /// The field that can begin with the township's words, by name and by what a form calls it: one
    /// that is much the same each time and that nothing in the case tells.
    pub const fn preset(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Refusal => Some(("guide", "怎样走法定途径")),
            Self::Assignment => Some(("demand", "办理要求")),
            Self::Answer | Self::ReviewAnswer | Self::FinalReviewAnswer => {
                Some(("basis", "法律法规依据"))
            }
            _ => None,
        }
    }
}

impl PaperTexts {
    /// Who issues the documents of a township of that name: its government, unless it says otherwise.
    pub fn issuer_of(&self, township: &str) -> String {
        match self.issuer.as_str() {
            "" => super::write::government(township),
            named => named.to_owned(),
        }
    }

    /// What is worded for a kind.
    pub fn of(&self, kind: PaperKind) -> Option<&KindText> {
        self.kinds.iter().find(|text| text.kind == kind)
    }

    /// What a form begins with in the kind's own field.
    pub(super) fn preset(&self, kind: PaperKind) -> Option<&str> {
        self.of(kind).map(|text| text.preset.as_str())
    }

    /// What stands below a kind's date (附注), line by line: its note, and where the township is to be
    /// reached.
    pub fn notes(&self, kind: PaperKind) -> Vec<String> {
        if !kind.takes_note() {
            return Vec::new();
        }
        let note = self.of(kind).map_or("", |text| text.note.as_str());
        let lines = note.lines().map(str::trim).filter(|line| !line.is_empty());
        let contact = (!self.contact.is_empty()).then(|| format!("联系方式：{}", self.contact));
        lines.map(str::to_owned).chain(contact).collect()
    }

    /// What a township below begins with: who issues, who is above and where it is reached is each one's
    /// own.
    #[must_use]
    pub fn for_below(&self) -> Self {
        Self {
            issuer: String::new(),
            superior: String::new(),
            contact: String::new(),
            ..self.clone()
        }
    }

    /// As it is kept: without what surrounds the words or cannot be printed, and without kinds that say
    /// nothing.
    #[must_use]
    pub fn tidy(&self) -> Self {
        let kinds = self.kinds.iter().map(|text| KindText {
            kind: text.kind,
            note: printable(&text.note),
            preset: printable(&text.preset),
        });
        let says = |text: &KindText| !text.note.is_empty() || !text.preset.is_empty();
        Self {
            issuer: printable(&self.issuer),
            superior: printable(&self.superior),
            court: printable(&self.court),
            contact: printable(&self.contact),
            kinds: kinds.filter(says).collect(),
        }
    }

    /// The lines with their fields, what a form calls them, and how long they may be.
    fn lines(&self) -> [(&'static str, &'static str, &str, usize); 4] {
        [
            ("issuer", "发文机关", &self.issuer, MAX_ORGAN),
            ("superior", "上一级机关", &self.superior, MAX_ORGAN),
            ("court", "人民法院", &self.court, MAX_ORGAN),
            ("contact", "联系方式", &self.contact, MAX_CONTACT),
        ]
    }

    /// Notes what is wrong with them; `at` is their path in the input.
    pub fn check(&self, at: &str, errors: &mut Errors) {
        for (field, name, words, max) in self.lines() {
            let field = format!("{at}.{field}");
            errors.length(&field, name, words, max);
            if words.trim().contains(['\n', '\r']) {
                errors.add(field, "one_line", format!("{name}只写一行，请去掉换行。"));
            }
        }
        for (order, text) in self.kinds.iter().enumerate() {
            let field = |name: &str| format!("{at}.kinds.{order}.{name}");
            let label = text.kind.label();
            let mut earlier = self.kinds.iter().take(order);
            if earlier.any(|other| other.kind == text.kind) {
                let message = format!("{label}只能填写一次。");
                errors.add(field("kind"), "duplicate", message);
            }
            let name = format!("{label}的附注");
            errors.length(&field("note"), &name, &text.note, MAX_NOTE);
            if !text.kind.takes_note() && !text.note.trim().is_empty() {
                let message = format!("{label}不能加附注：它的内容由当事人或者送达情况决定。");
                errors.add(field("note"), "not_applicable", message);
            }
            let Some((_, of)) = text.kind.preset() else {
                if !text.preset.trim().is_empty() {
                    let message = format!("{label}没有可以预填的内容，请把这一项留空。");
                    errors.add(field("preset"), "not_applicable", message);
                }
                continue;
            };
            let name = format!("{label}预填的{of}");
            errors.length(&field("preset"), &name, &text.preset, MAX_TEXT);
        }
    }

    /// What differs from before, in words for the audit.
    pub fn changes(&self, before: &Self) -> Vec<String> {
        let told = |words: &str| match words {
            "" => "（不填）".to_owned(),
            words => format!("“{words}”"),
        };
        let lines = self.lines().into_iter().zip(before.lines());
        let lines = lines
            .filter(|((_, _, now, _), (_, _, then, _))| now != then)
            .map(|((_, name, now, _), (_, _, then, _))| {
                format!("{name}由{}改为{}", told(then), told(now))
            });
        let kinds = PaperKind::ALL.iter().copied();
        let kinds = kinds
            .filter(|kind| self.of(*kind) != before.of(*kind))
            .map(|kind| format!("改{}的文字", kind.label()));
        lines.chain(kinds).collect()
    }
}
