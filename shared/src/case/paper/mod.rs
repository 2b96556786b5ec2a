//! Official documents (文书): when each can be made, what it asks for, what it says.
//!
//! All of it is pure: a [`Dossier`] holds what is known of the case, [`refuses`] says why a kind
//! cannot be made now, [`fields`] what its maker fills in, [`compose`] gives the [`Paper`]. What the
//! law prescribes stands with its article; the rest can be worded at the making, and some of it by the
//! township once for all ([`PaperTexts`]). A document once made is kept as it was made.

pub mod model;
#[cfg(test)]
mod tests;
pub mod texts;
mod write;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use model::{Block, Envelope, Paper, chinese_day};
pub use texts::{KindText, PaperTexts, bracketed};
pub use write::{Review, Stance, compose, fields, refuses};

use crate::case::matter::any::Any;
use crate::case::matter::hearing::Hearing;
use crate::case::matter::mediation::Mediation;
use crate::case::matter::order::Order;
use crate::case::matter::{Field, Scene};
use crate::case::number::Series;
use crate::case::state::EventKind;
use crate::case::view::{EventView, Named};
use crate::case::{Channel, LawfulPath, Procedure};
use crate::ids::PersonId;
use crate::term::Term;
use crate::terms;
use crate::validate::Errors;

terms! {
    /// What a document is.
    PaperKind, "文书" {
        /// What a petitioner takes home.
        Receipt = "receipt", "登记回执";
        /// The matter is accepted (条例第二十三条).
        Acceptance = "acceptance", "受理告知书";
        /// The matter is not handled here; the lawful path (条例第二十三条、第三十一条).
        Refusal = "refusal", "不予受理告知书";
        /// Sends a matter on to who may handle it (条例第二十二条、第二十三条).
        Transfer = "transfer", "转送函";
        /// Gives a matter to a unit with a time limit (条例第二十二条).
        Assignment = "assignment", "交办函";
        /// The time for handling is extended (条例第三十四条).
        Extension = "extension", "延期办理告知书";
        /// The written answer (条例第三十一条、第三十二条).
        Answer = "answer", "处理意见书";
        /// The review's answer (条例第三十五条).
        ReviewAnswer = "review_answer", "复查意见书";
        /// The final review's answer (条例第三十六条).
        FinalReviewAnswer = "final_review_answer", "复核意见书";
        /// What the parties agreed (人民调解法第二十八条、第二十九条).
        Agreement = "agreement", "人民调解协议书";
        /// The parties ask the court to confirm it (人民调解法第三十三条).
        Confirmation = "confirmation", "司法确认申请书";
        /// Invites to a hearing (条例第三十一条).
        HearingNotice = "hearing_notice", "听证通知书";
        /// An order to a unit.
        Order = "order", "督办单";
        /// Proves that a document was served.
        ServiceReturn = "service_return", "送达回证";
    }
}

terms! {
    /// A series of document numbers: its label stands in the number.
    PaperSeries, "文书编号系列" {
        /// Receipts.
        Receipt = "receipt", "登";
        /// Acceptance and refusal.
        Acceptance = "acceptance", "受";
        /// Transfers and assignments.
        Transfer = "transfer", "转";
        /// Extensions.
        Extension = "extension", "延";
        /// Answers.
        Answer = "answer", "处";
        /// Answers of reviews.
        Review = "review", "查";
        /// Answers of final reviews.
        FinalReview = "final_review", "核";
        /// Agreements and what follows from them.
        Mediation = "mediation", "调";
        /// Hearings.
        Hearing = "hearing", "听";
        /// Orders.
        Order = "order", "督";
        /// Service.
        Service = "service", "送";
    }
}

impl PaperKind {
    /// The series in which it is numbered.
    pub const fn series(self) -> PaperSeries {
        use PaperSeries as S;
        match self {
            Self::Receipt => S::Receipt,
            Self::Acceptance | Self::Refusal => S::Acceptance,
            Self::Transfer | Self::Assignment => S::Transfer,
            Self::Extension => S::Extension,
            Self::Answer => S::Answer,
            Self::ReviewAnswer => S::Review,
            Self::FinalReviewAnswer => S::FinalReview,
            Self::Agreement | Self::Confirmation => S::Mediation,
            Self::HearingNotice => S::Hearing,
            Self::Order => S::Order,
            Self::ServiceReturn => S::Service,
        }
    }

    /// Whether it goes to a unit or an authority and not to a person of the case.
    pub const fn goes_to_unit(self) -> bool {
        matches!(self, Self::Transfer | Self::Assignment | Self::Order)
    }

    /// Whether what it says is the court's business, too: it sees these.
    pub const fn concerns_court(self) -> bool {
        matches!(self, Self::Agreement | Self::Confirmation)
    }

    /// In which words a form explains it.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Receipt => "登记后当场交给信访人，写明编号、首问责任人和受理告知的期限。",
            Self::Acceptance => "受理后书面告知信访人（《信访工作条例》第二十三条）。",
            Self::Refusal => {
                "不予受理的，书面说明理由，告知可走的法定途径（《信访工作条例》第二十三条、第三十一条）。"
            }
            Self::Transfer => {
                "转送有权处理的机关、单位（《信访工作条例》第二十二条）；检举控告不写信访人姓名，不得转给被检举控告的单位（第三十条）。"
            }
            Self::Assignment => {
                "交有权处理的单位限期办理并反馈结果（《信访工作条例》第二十二条）。"
            }
            Self::Extension => "批准延期后告知信访人延期理由（《信访工作条例》第三十四条）。",
            Self::Answer => {
                "写明投诉请求、事实和理由、处理意见及法律法规依据，告知复查途径和期限（《信访工作条例》第三十二条、第三十五条）。"
            }
            Self::ReviewAnswer => {
                "本镇是复查机关时出具，告知复核途径和期限（《信访工作条例》第三十五条、第三十六条）。"
            }
            Self::FinalReviewAnswer => {
                "本镇是复核机关时出具；信访终结（《信访工作条例》第三十六条）。"
            }
            Self::Agreement => {
                "按《人民调解法》第二十九条载明当事人、事实、责任、协议内容和履行期限，各方签名、盖章或者按指印。"
            }
            Self::Confirmation => {
                "双方自协议生效之日起30日内共同向人民法院申请（《人民调解法》第三十三条）。"
            }
            Self::HearingNotice => {
                "重大、复杂、疑难的信访事项可以举行听证（《信访工作条例》第三十一条），把时间、地点通知各方。"
            }
            Self::Order => "督促承办单位按期办理并反馈。",
            Self::ServiceReturn => "送达时由受送达人签收，带回归档。",
        }
    }
}

/// Which document an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PaperMark {
    /// Its id; none of one that was made elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What it is.
    pub kind: PaperKind,
    /// Its number.
    pub number: String,
}

/// A document that was made, as far as rules look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaperFact {
    /// Its id.
    pub id: String,
    /// What it is.
    pub kind: PaperKind,
    /// Its number.
    pub number: String,
    /// The day that it bears.
    pub on: NaiveDate,
    /// To whom it is addressed.
    pub addressee: Option<String>,
    /// The person of the case that it is addressed to.
    pub person_id: Option<PersonId>,
    /// Whether it was voided.
    pub void: bool,
}

impl PaperFact {
    /// What it is called among others.
    pub fn label(&self) -> String {
        format!("{} {}", self.kind.label(), self.number)
    }
}

/// What is known of a case when a document is made: plain data.
pub struct Dossier<'a> {
    /// The day, the clocks, the persons, the documents made before, who is who.
    pub scene: &'a Scene<'a>,
    /// The township's name.
    pub township: &'a str,
    /// The name of what is above it.
    pub superior: Option<&'a str>,
    /// What it words for itself.
    pub texts: &'a PaperTexts,
    /// The case's number.
    pub number: &'a str,
    /// How it came in.
    pub channel: Channel,
    /// The procedure.
    pub procedure: Procedure,
    /// What happened.
    pub cause: &'a str,
    /// What is asked for.
    pub demand: Option<&'a str>,
    /// What has been done.
    pub handling: Option<&'a str>,
    /// The lawful path named.
    pub path: Option<LawfulPath>,
    /// The unit that registered it.
    pub office: &'a str,
    /// Who first received it.
    pub first_receiver: &'a str,
    /// The unit that answers for it.
    pub unit: Option<Named>,
    /// Of an accusation: the names of whom it accuses.
    pub accused: Vec<String>,
    /// What happened to it.
    pub events: &'a [EventView],
    /// Its matters, the last one last.
    pub matters: &'a [Any],
}

impl Dossier<'_> {
    /// Whether it is a sealed accusation (条例第三十条).
    pub fn sealed(&self) -> bool {
        self.scene.case.seal != Series::Open
    }

    fn last(&self, kinds: &[EventKind]) -> Option<&EventView> {
        self.events
            .iter()
            .rev()
            .find(|event| kinds.contains(&event.kind))
    }

    /// The last matter that is what is asked for.
    fn matter<T: 'static>(&self, is: impl Fn(&Any) -> Option<&T>) -> Option<&T> {
        self.matters.iter().rev().find_map(is)
    }

    /// The last mediation.
    fn mediation(&self) -> Option<&Mediation> {
        self.matter(|matter| match matter {
            Any::Mediation(mediation) => Some(mediation.as_ref()),
            _ => None,
        })
    }

    /// The last order.
    fn order(&self) -> Option<&Order> {
        self.matter(|matter| match matter {
            Any::Order(order) => Some(order.as_ref()),
            _ => None,
        })
    }

    /// The last hearing that is still to be held.
    fn hearing(&self) -> Option<&Hearing> {
        self.matter(|matter| match matter {
            Any::Hearing(hearing) if hearing.is_open() => Some(hearing.as_ref()),
            _ => None,
        })
    }

    /// The unit that the case was last sent to.
    fn referred_to(&self) -> Option<String> {
        let sent = self.matters.iter().rev();
        let mut sent = sent.filter(|matter| matches!(matter, Any::Referral(_)));
        let unit = sent.next()?.digest(self.scene).unit_id?;
        Some(unit.into_string())
    }
}

/// The body of `POST /cases/{id}/documents`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MakePaper {
    /// What is to be made.
    pub kind: PaperKind,
    /// What its maker filled in: the fields that the offer declares.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub fields: Map<String, Value>,
}

/// The body of `POST /cases/{id}/documents/{did}/void`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct VoidPaper {
    /// Why.
    pub reason: String,
}

impl VoidPaper {
    /// What is wrong with it.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        errors.text(
            "reason",
            "作废理由",
            &self.reason,
            crate::case::matter::scene::MAX_LINE,
        );
        errors
    }
}

/// That a document was voided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Voided {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub actor: Named,
    /// Why.
    pub reason: String,
}

/// A document in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PaperRow {
    /// Its id.
    pub id: String,
    /// What it is.
    pub kind: PaperKind,
    /// The same in Chinese.
    pub label: String,
    /// Its number.
    pub number: String,
    /// To whom it is addressed.
    pub addressee: Option<String>,
    /// How that person is to be reached.
    pub care: Option<String>,
    /// The day that it bears.
    pub on: NaiveDate,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Who made it.
    pub actor: Named,
    /// That it was voided.
    pub void: Option<Voided>,
    /// Whether the caller may void it.
    pub may_void: bool,
    /// Rises when it is voided; the `ETag`.
    pub version: i64,
}

/// A document, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PaperView {
    /// What the list says.
    #[serde(flatten)]
    pub row: PaperRow,
    /// What it says.
    pub paper: Paper,
}

impl<'de> Deserialize<'de> for PaperView {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = |mut object: crate::json::Object| {
            Ok::<_, crate::json::Unfit>(Self {
                row: object.whole()?,
                paper: object.take("paper")?,
            })
        };
        read(crate::json::Object::read(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A document that can be made, or why not, and what it asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PaperOffer {
    /// What it is.
    pub kind: PaperKind,
    /// The same in Chinese.
    pub label: String,
    /// What it is for, by which rule.
    pub help: String,
    /// Whether the caller may make it now.
    pub allowed: bool,
    /// Why not, in a sentence.
    pub reason: Option<String>,
    /// What it asks for; empty where it is not allowed.
    pub fields: Vec<Field>,
}

/// The documents of a case, and what can be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Papers {
    /// In the order in which they were made, the last in front.
    pub items: Vec<PaperRow>,
    /// What can be made, and why the rest cannot.
    pub offers: Vec<PaperOffer>,
}

/// A document's number.
pub fn number(township: &str, seal: Series, kind: PaperKind, year: i32, count: i64) -> String {
    let (seal, series) = (seal.label(), kind.series().label());
    format!("{township}{seal}{series}〔{year}〕{count}号")
}

/// What to call the file of a document.
pub fn file_name(kind: PaperKind, number: &str) -> String {
    format!("{} {number}.docx", kind.label())
}
