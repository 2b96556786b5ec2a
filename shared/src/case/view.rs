//! What people see of a case.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::access::CaseFacts;
use crate::case::care::Care;
use crate::case::deadline::{Clock, ClockKind, LawProfile};
use crate::case::matter::Mark;
use crate::case::paper::{PaperMark, chinese_day};
use crate::case::state::{EventKind, State};
use crate::case::{
    Category, Channel, FollowUp, Kind, LawfulPath, Opinion, Outcome, PersonRole, Procedure,
    Purpose, ReviewOutcome, Severity,
};
use crate::ids::{AttachmentId, CaseId, EventId, ImportId, PersonId, SubcategoryCode};
use crate::satisfaction::RatingMark;
use crate::term::Term;
use crate::terms;

/// An id with the name that goes with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Named {
    /// The id.
    pub id: String,
    /// The name to show.
    pub name: String,
}

/// A row of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseRow {
    /// Its id.
    pub id: CaseId,
    /// Its number (`平川信〔2026〕00012号`).
    pub number: String,
    /// Petition, dispute or sign.
    pub kind: Kind,
    /// Where it stands.
    pub state: State,
    /// The cause, at most its first 120 characters.
    pub cause: String,
    /// The first petitioner's (or party's) name.
    pub petitioner: Option<String>,
    /// The village.
    pub village: Option<Named>,
    /// First level of the category.
    pub category: Category,
    /// Second level: its code (`GET /categories`).
    pub subcategory: Option<SubcategoryCode>,
    /// Its name in the township.
    pub subcategory_name: Option<String>,
    /// How it came in.
    pub channel: Channel,
    /// How grave it is.
    pub severity: Severity,
    /// The day on which it was received.
    pub received_on: NaiveDate,
    /// The last day of the authority's clock that is due first; none when nothing is due.
    pub due_on: Option<NaiveDate>,
    /// Whether that day has passed.
    pub overdue: bool,
    /// How many people it concerns.
    pub people_count: u32,
    /// Five people or more.
    pub collective: bool,
    /// Whether it is backlog.
    pub backlog: bool,
    /// Whether it is sealed.
    pub sealed: bool,
    /// Whether it repeats no earlier case.
    pub first: bool,
    /// The unit that answers for it.
    pub responsible_unit: Option<Named>,
    /// The leader who took it.
    pub lead: Option<Named>,
    /// The day on which it was closed.
    pub closed_on: Option<NaiveDate>,
    /// Rises with each change.
    pub version: i64,
}

/// A person of a case, numbers masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonView {
    /// Their id, within this case.
    pub id: PersonId,
    /// What they are in the case.
    pub role: PersonRole,
    /// Their name.
    pub name: String,
    /// ID number, masked.
    pub id_number_masked: Option<String>,
    /// Phone number, masked.
    pub phone_masked: Option<String>,
    /// Address.
    pub address: Option<String>,
    /// Of a key person: why.
    pub reason: Option<String>,
    /// Of a key person: when it is to be looked at again.
    pub review_on: Option<NaiveDate>,
    /// Of a key person: what help is given.
    pub follow_up: Vec<FollowUp>,
    /// How they are to be reached.
    pub care: Care,
    /// The phone number of whom they trust, masked.
    pub trusted_phone_masked: Option<String>,
}

/// Numbers in full, after a reveal that the audit log has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Revealed {
    /// Whose.
    pub id: PersonId,
    /// ID number in full.
    pub id_number: Option<String>,
    /// Phone number in full.
    pub phone: Option<String>,
    /// The phone number of whom they trust, in full.
    pub trusted_phone: Option<String>,
}

/// What an event says beside its kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct EventData {
    /// The procedure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub procedure: Option<Procedure>,
    /// The lawful path named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<LawfulPath>,
    /// The unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Named>,
    /// The person or leader.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Named>,
    /// By how many days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// Hearing days left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded_days: Option<u32>,
    /// The notice or the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The earlier case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earlier_case_id: Option<CaseId>,
    /// The outside authority; of a review: the reviewing one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// What a review or final review came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewOutcome>,
    /// What the petitioner says of the outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opinion: Option<Opinion>,
    /// The names of the fields changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// Which matter, and what was done with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matter: Option<Mark>,
    /// The document made, voided or served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paper: Option<PaperMark>,
    /// When it was taken down, by the clock of the phone that sent it later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<DateTime<Utc>>,
    /// The record of the work in the field that it comes from, for readers who may see that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<FieldMark>,
    /// What was said of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub satisfaction: Option<RatingMark>,
}

terms! {
    /// A kind of record of the work in the field.
    FieldKind, "走访接待" {
        /// A report; what is marked comes from one of its findings.
        Report = "report", "排查报告";
        /// A visit.
        Visit = "visit", "走访";
        /// A reception day.
        Reception = "reception", "接待日";
        /// Urgent information.
        Alert = "alert", "重要信息";
    }
}

impl FieldKind {
    /// The app's page of such a record.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Report => "/reports",
            Self::Visit => "/visits",
            Self::Reception => "/reception",
            Self::Alert => "/alerts",
        }
    }
}

/// Names a record of the work in the field in a case's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldMark {
    /// What it is.
    pub kind: FieldKind,
    /// Which; of a report empty for readers who may not open it.
    pub id: String,
    /// What it is called; of reports, whose name is part of the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// An entry of a case's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventView {
    /// Its id.
    pub id: EventId,
    /// What happened.
    pub kind: EventKind,
    /// The day on which it took effect.
    pub on: NaiveDate,
    /// When it was entered, by the server's clock.
    pub at: DateTime<Utc>,
    /// Who entered it.
    pub actor: Named,
    /// Their unit's name at that time.
    pub actor_unit: String,
    /// The state after it.
    pub state: State,
    /// The words.
    pub text: Option<String>,
    /// The rest.
    pub data: EventData,
}

/// A file of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttachmentView {
    /// Its id.
    pub id: AttachmentId,
    /// The file's name as uploaded.
    pub name: String,
    /// Its media type, by content.
    pub media_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// BLAKE3 of its content, in hexadecimal.
    pub hash: String,
    /// When it was uploaded.
    pub at: DateTime<Utc>,
    /// Who uploaded it.
    pub actor: Named,
}

/// Where an imported case comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportSource {
    /// The import run.
    pub import_id: ImportId,
    /// The workbook's name.
    pub file: String,
    /// The sheet.
    pub sheet: String,
    /// The row, as the workbook counts them (from 1).
    pub row: u32,
}

/// A case, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseView {
    /// What the ledger's row says.
    #[serde(flatten)]
    pub row: CaseRow,
    /// What is wanted.
    pub purpose: Purpose,
    /// The procedure.
    pub procedure: Procedure,
    /// The cause, whole.
    pub cause_full: String,
    /// What is asked for.
    pub demand: Option<String>,
    /// When it happened.
    pub occurred_on: Option<NaiveDate>,
    /// When it happened, in words.
    pub occurred_text: Option<String>,
    /// Where it happened.
    pub place: Option<String>,
    /// The unit concerned, in words.
    pub unit_concerned: Option<String>,
    /// The group.
    pub group: Option<Named>,
    /// The head-count in words.
    pub people_count_text: Option<String>,
    /// How things develop.
    pub development: Option<String>,
    /// What has been done.
    pub handling: Option<String>,
    /// Who first received it.
    pub first_receiver: Named,
    /// Who entered it.
    pub registrar: Named,
    /// When it was entered, by the server's clock.
    pub entered_at: DateTime<Utc>,
    /// The person who handles it.
    pub responsible_user: Option<Named>,
    /// The unit that it was sent to and that has not taken it yet; until then the responsible unit
    /// answers for it.
    pub offered_unit: Option<Named>,
    /// What the petitioner said of the last answer.
    pub heard: Option<Opinion>,
    /// Whether it repeats a case that final review has answered (条例第三十六条).
    pub repeats_final: bool,
    /// Of a declined case: the lawful path.
    pub lawful_path: Option<LawfulPath>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The earlier case that it repeats.
    pub earlier_case: Option<Named>,
    /// Later cases that repeat it, as far as the caller may see them.
    pub later_cases: Vec<Named>,
    /// The accused unit, of an accusation.
    pub accused_unit: Option<Named>,
    /// The accused member of staff, of an accusation.
    pub accused_user: Option<Named>,
    /// The clocks.
    pub clocks: Vec<Clock>,
    /// The people, numbers masked.
    pub people: Vec<PersonView>,
    /// Where it was imported from.
    pub source: Option<ImportSource>,
    /// The number of the provisional receipt that was given out before, if one was.
    pub provisional_number: Option<String>,
    /// What permission decisions look at.
    pub facts: CaseFacts,
}

impl<'de> Deserialize<'de> for CaseView {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(crate::json::Object::read(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl CaseView {
    fn read(mut object: crate::json::Object) -> Result<Self, crate::json::Unfit> {
        Ok(Self {
            row: object.whole()?,
            purpose: object.take("purpose")?,
            procedure: object.take("procedure")?,
            cause_full: object.take("cause_full")?,
            demand: object.take("demand")?,
            occurred_on: object.take("occurred_on")?,
            occurred_text: object.take("occurred_text")?,
            place: object.take("place")?,
            unit_concerned: object.take("unit_concerned")?,
            group: object.take("group")?,
            people_count_text: object.take("people_count_text")?,
            development: object.take("development")?,
            handling: object.take("handling")?,
            first_receiver: object.take("first_receiver")?,
            registrar: object.take("registrar")?,
            entered_at: object.take("entered_at")?,
            responsible_user: object.take("responsible_user")?,
            offered_unit: object.take("offered_unit")?,
            heard: object.take("heard")?,
            repeats_final: object.take("repeats_final")?,
            lawful_path: object.take("lawful_path")?,
            outcome: object.take("outcome")?,
            earlier_case: object.take("earlier_case")?,
            later_cases: object.take("later_cases")?,
            accused_unit: object.take("accused_unit")?,
            accused_user: object.take("accused_user")?,
            clocks: object.take("clocks")?,
            people: object.take("people")?,
            source: object.take("source")?,
            provisional_number: object.take("provisional_number")?,
            facts: object.take("facts")?,
        })
    }
}

/// An earlier case that may be the same matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Similar {
    /// The case.
    pub case: CaseRow,
    /// Whether a person of it has the same ID or phone number.
    pub same_person: bool,
    /// How alike the texts are, in percent.
    pub alike: u32,
}

/// A measure by law in the yearly list: without cause, people, place and what was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MeasureRow {
    /// The case, for those who may open it.
    pub case_id: Option<CaseId>,
    /// The case's number.
    pub case_number: String,
    /// The day of the measure.
    pub on: NaiveDate,
    /// The law.
    pub law: String,
    /// The article.
    pub article: String,
    /// The authority that took it.
    pub authority: String,
    /// The leader who approved.
    pub leader: String,
    /// The notice's number.
    pub notice_number: String,
    /// When the notice was served.
    pub notice_on: NaiveDate,
    /// Whether the entry was struck out.
    pub struck: bool,
}

terms! {
    /// A list that a line of the home page opens.
    TodoList, "清单" {
        /// The ledger.
        Cases = "cases", "台账";
        /// Matters of all cases.
        Matters = "matters", "专项";
        /// The backlog.
        Backlog = "backlog", "积案";
        /// What is proposed as backlog.
        Proposals = "proposals", "建议列为积案";
        /// Reports.
        Reports = "reports", "报告";
        /// Promises given on visits.
        Promises = "promises", "承诺";
        /// Who has visited where and when last.
        Coverage = "coverage", "走访覆盖";
        /// The roster of reception days.
        Reception = "reception", "接待安排";
        /// Urgent information.
        Alerts = "alerts", "重要信息";
        /// The assessment of villages.
        Assessments = "assessments", "村级考核";
        /// Coverage with legal publicity.
        Publicity = "publicity", "宣传覆盖";
    }
}

impl TodoList {
    /// The app's page.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Cases => "/cases",
            Self::Matters => "/matters",
            Self::Backlog => "/backlog",
            Self::Proposals => "/backlog/proposals",
            Self::Reports => "/reports",
            Self::Promises => "/promises",
            Self::Coverage => "/visits/coverage",
            Self::Reception => "/reception",
            Self::Alerts => "/alerts",
            Self::Assessments => "/assessments",
            Self::Publicity => "/publicity/coverage",
        }
    }

    /// The list itself, below `/api/v1`; its `total` is the line's count.
    pub const fn api(self) -> &'static str {
        match self {
            Self::Reception => "/reception-days",
            list => list.path(),
        }
    }
}

/// What a role must do today: counts, each with the list that it opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Todo {
    /// What is to be done.
    pub title: String,
    /// Why, or by which rule.
    pub hint: String,
    /// How many.
    pub count: u64,
    /// The list that shows them.
    pub list: TodoList,
    /// That list's query string, which finds just these (`state=registered&…`).
    pub query: String,
    /// Whether it is late.
    pub urgent: bool,
}

/// The home page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Home {
    /// The server's day.
    pub today: NaiveDate,
    /// For whom the caller stands in today, in a sentence; none where for nobody.
    #[serde(default)]
    pub standing_in: Option<String>,
    /// What is to be done, most urgent first.
    pub todos: Vec<Todo>,
    /// The open cases that are due first.
    pub due_soon: Vec<CaseRow>,
    /// The cases changed last.
    pub recent: Vec<CaseRow>,
}

/// Who handles a case and by what means it is found: the parts of [`CaseView`] that a receipt has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Receipt {
    /// The case's number.
    pub number: String,
    /// The number of the provisional receipt that was given out before, if one was.
    pub provisional_number: Option<String>,
    /// The township's name.
    pub township: String,
    /// The office that registered it.
    pub office: String,
    /// The petitioner's name.
    pub petitioner: Option<String>,
    /// The cause, at most its first 60 characters; none where the petitioner asked for neutral
    /// wording, as others at home may read it.
    pub cause: Option<String>,
    /// How the petitioner is to be reached.
    pub care: Care,
    /// The day on which it was received.
    pub received_on: NaiveDate,
    /// Who first received it.
    pub first_receiver: String,
    /// The last day on which the petitioner is to hear of acceptance.
    pub acceptance_due: Option<NaiveDate>,
    /// The article behind it.
    pub basis: String,
    /// What comes next, by the limits that the case was received under, in sentences.
    pub next: Vec<String>,
    /// What the township adds to receipts (附注), and where it is to be reached.
    pub notes: Vec<String>,
    /// The QR code of the page on which its petitioner can look it up, as SVG; the number is in it, the
    /// query code is not.
    pub qr_svg: String,
    /// That page's address, without the number.
    pub query_page: String,
    /// The query code for that page: only for who registered it and the office, and never of a sealed
    /// case.
    pub query_code: Option<String>,
}

impl Receipt {
    /// What comes next, in sentences for the petitioner: by the limits that the case was received under,
    /// and until when acceptance is to be told, by which article.
    pub fn next_steps(
        profile: &LawProfile,
        procedure: Procedure,
        acceptance: Option<(NaiveDate, &str)>,
    ) -> Vec<String> {
        let limit = |clock: ClockKind| {
            let limit = profile.limit(clock);
            format!("{}{}", limit.amount, limit.unit.label())
        };
        let accepted = match acceptance {
            Some((day, basis)) => format!(
                "最迟在{}，您会收到是否受理的书面告知（{basis}）。",
                chinese_day(day)
            ),
            None => "这件事项的受理告知已经作出。".to_owned(),
        };
        let handled = match procedure {
            Procedure::Simple => format!(
                "适用简易办理，受理的，自受理次日起{}内给您书面答复（{}）。",
                limit(ClockKind::SimpleAnswer),
                profile.limit(ClockKind::SimpleAnswer).basis,
            ),
            Procedure::Ordinary => format!(
                "受理的，自受理次日起{}内办结并给您书面答复；情况复杂的可以延长一次，最多{}，会书面告知您（{}）。",
                limit(ClockKind::Handling),
                limit(ClockKind::Extension),
                profile.limit(ClockKind::Handling).basis,
            ),
        };
        let reviewed = format!(
            "对答复不服的，收到之日起{}内可以向上一级申请复查（{}）；对复查意见不服的，{}内可以申请复核（{}）。",
            limit(ClockKind::ReviewRequest),
            profile.limit(ClockKind::ReviewRequest).basis,
            limit(ClockKind::FinalReviewRequest),
            profile.limit(ClockKind::FinalReviewRequest).basis,
        );
        vec![accepted, handled, reviewed]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_read_as_it_is_written() {
        let text = r#"{
            "id": "c", "number": "平川信〔2026〕00012号", "kind": "petition", "state": "handling",
            "cause": "灌溉水渠", "petitioner": "张三", "village": NAMED, "category": "water",
            "subcategory": null, "subcategory_name": null, "channel": "visit", "severity": "ordinary",
            "received_on": "2026-03-02", "due_on": "2026-05-01", "overdue": false,
            "people_count": 2, "collective": false, "backlog": false, "sealed": false,
            "first": true, "responsible_unit": NAMED, "lead": null, "closed_on": null,
            "version": 3, "purpose": "claim", "procedure": "ordinary", "cause_full": "灌溉水渠",
            "demand": null, "occurred_on": null, "occurred_text": "2022年春", "place": null,
            "unit_concerned": null, "group": null, "people_count_text": null,
            "development": null, "handling": null, "first_receiver": NAMED, "registrar": NAMED,
            "entered_at": "2026-03-02T02:00:00Z", "responsible_user": null, "lawful_path": null,
            "offered_unit": NAMED, "heard": null, "repeats_final": false,
            "outcome": null, "earlier_case": null, "later_cases": [NAMED], "provisional_number": null,
            "accused_unit": null, "accused_user": null, "clocks": [], "people": [],
            "source": null,
            "facts": {
                "township_id": "t", "village_id": null, "registrar_id": "u",
                "registrar_unit_id": "u", "responsible_unit_id": null, "unit_ids": [],
                "offered_unit_id": "v",
                "mediation": false, "kind": "petition", "state": "handling", "backlog": false,
                "seal": "open", "accused_unit_id": null, "accused_user_id": null
            }
        }"#;
        let text = text.replace("NAMED", r#"{"id": "u", "name": "五里墩村"}"#);
        let written: serde_json::Value = serde_json::from_str(&text).unwrap();
        let case: CaseView = serde_json::from_str(&written.to_string()).unwrap();
        assert_eq!(case.people_count_text, None);
        assert_eq!(serde_json::to_value(&case).unwrap(), written);
        let read: CaseView = crate::json::read(&written.to_string()).unwrap();
        assert_eq!(read, case);
        assert!(crate::json::read::<CaseView>(r#"{"id":"c"}"#).is_err());
    }

    #[test]
    fn a_receipt_says_what_comes_next_by_the_limits_of_its_case() {
        let mut profile = LawProfile::default_profile();
        for limit in &mut profile.limits {
            match limit.clock {
                ClockKind::Handling => {
                    limit.amount = 45;
                    "《修订条例》第四十条".clone_into(&mut limit.basis);
                }
                ClockKind::FinalReviewRequest => {
                    "《修订条例》第四十二条".clone_into(&mut limit.basis);
                }
                _ => {}
            }
        }
        let due = NaiveDate::from_ymd_opt(2026, 3, 25).unwrap();
        let acceptance = Some((due, "《信访工作条例》第二十三条"));
        let next = Receipt::next_steps(&profile, Procedure::Ordinary, acceptance);
        assert!(next[0].contains("2026年3月25日") && next[0].contains("第二十三条"));
        assert!(next[1].contains("45日") && next[1].contains("《修订条例》第四十条"));
        assert!(next[2].contains("30日内可以向上一级申请复查（《信访工作条例》第三十五条）"));
        assert!(next[2].ends_with("30日内可以申请复核（《修订条例》第四十二条）。"));
        let next = Receipt::next_steps(&profile, Procedure::Simple, None);
        assert_eq!(next[0], "这件事项的受理告知已经作出。");
        assert!(next[1].contains("10个工作日") && next[1].contains("《信访事项简易办理办法》"));
        assert!(!next[1].contains("延长"), "{}", next[1]);
    }
}
