//! Who may do what: every operation of the API × every role × how the caller stands to the case.
//!
//! The table is `tests/permissions.tsv`: a line an operation and relation, a column a role. This
//! test carries all of it out and compares. `UPDATE_PERMISSIONS=1 cargo test -p tests --test
//! permissions` writes what it finds into the file; then look at every changed cell and ask whether
//! section 1 of the design has it so.
//!
//! Relations, where an operation is about a case:
//! - `own`: a case that is the role's to see: of the own village, registered by it or given to it.
//!   The auditor and the administrator have none; theirs is one of 五里墩村. The county's office has
//!   those that were handed up to it.
//! - `foreign`: a case of another village and unit, registered by somebody else.
//! - `sealed`: an accusation against the role's own unit.
//! - `sealed_own`: an accusation against another unit that is otherwise like `own`.
//!
//! A cell is the status of the answer to a request that is right in all else. Lists and searches
//! are answered to many: there `+` says that the case is in the answer and `-` that it is not.
//! Deeds of matters are asked for with an empty input: `ok` says that the caller may, and was told
//! what is missing (409 or 422).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use serde_json::{Value, json};
use shared::alert::AlertStep;
use shared::assessment::honour::HonourStep;
use shared::assessment::{AssessmentKind, AssessmentStep};
use shared::case::action::CaseAction;
use shared::case::matter::{Deed, MatterKind};
use shared::case::paper::PaperKind;
use shared::report::ReportStep;
use shared::role::Role;
use shared::term::Term;
use tests::staff::{NEXT_VILLAGE, PASSWORD, VILLAGE};
use tests::{Answer, Call, Case, Client, Staff, TestApp};

/// A line's place in the table: operation, with the action after a colon, and relation.
type Place = (String, &'static str);
/// What was found: by place and column.
type Found = BTreeMap<Place, BTreeMap<String, String>>;

const NOBODY: &str = "nobody";
const RELATIONS: [&str; 4] = ["own", "foreign", "sealed", "sealed_own"];

/// How an operation is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    /// One case, which must stand at this state.
    Case(Stand),
    /// Many cases: is the one at hand among them?
    Cases,
    /// One report: of the own unit, or of another's.
    Report,
    /// One visit: that the role recorded or went on (of 五里墩村, where it records none), or of the
    /// village next door.
    Visit,
    /// Something else.
    Else,
}

/// Where a case must stand for an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stand {
    Registered,
    Transferred,
    Given,
    Handling,
    Accepted,
    Answered,
    UnderReview,
    Reviewed,
    UnderFinalReview,
    Closed,
    Backlog,
    /// Received long ago and not decided on.
    Overdue,
}

/// The kind of matter that an operation is about: `open_visit`, `list_visits`, `step_visit:strike`.
fn matter_of(operation: &str) -> Option<MatterKind> {
    let (name, _) = operation.split_once(':').unwrap_or((operation, ""));
    let (verb, noun) = name.split_once('_')?;
    let wanted = |kind: &MatterKind| match verb {
        "list" => kind.collection() == noun,
        "open" | "show" | "step" => kind.code() == noun,
        _ => false,
    };
    MatterKind::ALL.iter().copied().find(wanted)
}

/// Operations about one report.
const REPORTS: [&str; 7] = [
    "show_report",
    "patch_report",
    "act_on_report",
    "submit_report",
    "register_finding",
    "join_finding",
    "dismiss_finding",
];
/// Operations about one visit.
const VISITS: [&str; 6] = [
    "show_field_visit",
    "patch_field_visit",
    "strike_field_visit",
    "register_from_visit",
    "keep_promise",
    "release_promise",
];

fn about(operation: &str) -> About {
    let case = |stand| About::Case(stand);
    if let Some(kind) = matter_of(operation) {
        return case(match kind {
            MatterKind::Package => Stand::Backlog,
            // Given to nobody yet, so that it can be handed over to anybody.
            MatterKind::Referral if operation != "open_referral" => Stand::Accepted,
            _ => Stand::Handling,
        });
    }
    if REPORTS.contains(&operation.split(':').next().unwrap_or(operation)) {
        return About::Report;
    }
    if VISITS.contains(&operation) {
        return About::Visit;
    }
    match operation {
        "list_cases"
        | "similar_cases"
        | "show_dashboard"
        | "export_ledger"
        | "follow_cases"
        | "list_audit"
        | "sync_phone"
        | "list_matters"
        | "show_calendar"
        | "list_all_orders"
        | "list_all_measures"
        | "list_backlog"
        | "list_indicator_cases"
        | "list_standing_cases"
        | "list_backlog_proposals" => About::Cases,
        "list_case_matters" => case(Stand::Registered),
        "show_satisfaction" | "record_satisfaction" => case(Stand::Answered),
        "register_case" => case(Stand::Registered),
        "act_on_case:object" => case(Stand::Transferred),
        "act_on_case:dispatch" | "act_on_case:take" | "act_on_case:extend" => case(Stand::Given),
        "act_on_case:answer" => case(Stand::Handling),
        "act_on_case:close" | "act_on_case:hear" | "act_on_case:request_review" => {
            case(Stand::Answered)
        }
        "act_on_case:answer_review" => case(Stand::UnderReview),
        "act_on_case:request_final_review" => case(Stand::Reviewed),
        "act_on_case:answer_final_review" => case(Stand::UnderFinalReview),
        "act_on_case:reopen" => case(Stand::Closed),
        "act_on_case:clear_backlog" => case(Stand::Backlog),
        operation if operation.starts_with("act_on_case:") => case(Stand::Registered),
        operation if operation.starts_with("make_document:") => case(Stand::Handling),
        "list_documents" | "show_document" | "download_document" | "void_document" => {
            case(Stand::Registered)
        }
        "show_case"
        | "patch_case"
        | "list_case_actions"
        | "list_case_events"
        | "list_case_in_field"
        | "show_receipt"
        | "find_provisional_receipt"
        | "list_people"
        | "add_person"
        | "change_person"
        | "remove_person"
        | "reveal_person"
        | "list_attachments"
        | "add_attachment"
        | "download_attachment"
        | "remove_attachment" => case(Stand::Registered),
        _ => About::Else,
    }
}

/// Every operation of the document, actions one by one: `(method, path)` by name.
fn operations(app: &TestApp) -> BTreeMap<String, (String, String)> {
    let document = app.nobody().get("/api/openapi.json").expect(200).json();
    let mut operations = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap().to_owned();
            let request = (method.to_uppercase(), path.clone());
            if name == "act_on_case" {
                for action in CaseAction::ALL {
                    operations.insert(format!("{name}:{}", action.code()), request.clone());
                }
            } else if name == "act_on_report" {
                for step in ReportStep::ALL {
                    operations.insert(format!("{name}:{}", step.code()), request.clone());
                }
            } else if name == "act_on_alert" {
                for step in AlertStep::ALL {
                    operations.insert(format!("{name}:{}", step.code()), request.clone());
                }
            } else if name == "act_on_assessment" {
                for step in AssessmentStep::ALL {
                    operations.insert(format!("{name}:{}", step.code()), request.clone());
                }
            } else if name == "act_on_honour" {
                for step in HonourStep::ALL {
                    operations.insert(format!("{name}:{}", step.code()), request.clone());
                }
            } else if name == "make_document" {
                for kind in PaperKind::ALL {
                    operations.insert(format!("{name}:{}", kind.code()), request.clone());
                }
            } else if let Some(kind) = matter_of(&name).filter(|_| name.starts_with("step_")) {
                for deed in Deed::ALL.iter().filter(|d| d.kind() == kind && !d.opens()) {
                    operations.insert(format!("{name}:{}", deed.step()), request.clone());
                }
            } else {
                operations.insert(name, request);
            }
        }
    }
    operations
}

/// A case at hand, with all that requests about it need.
#[derive(Debug, Clone)]
struct AtHand {
    id: String,
    number: String,
    person: String,
    attachment: String,
    provisional: String,
    /// Somebody who sees it.
    registrar: Staff,
    /// The unit that handles it, to which matters are given.
    unit: &'static str,
}

/// One role in an app of its own.
struct Desk<'a> {
    app: &'a TestApp,
    who: Staff,
    client: Client,
    /// Whether it is the county's, whose own cases are those that are handed up to it.
    county: bool,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asking {
    /// Somebody of the township.
    Staff(Staff),
    /// The county's office.
    County,
    /// Nobody who is signed in.
    Nobody,
}

impl Asking {
    fn name(self) -> &'static str {
        match self {
            Self::Staff(who) => who.role().code(),
            Self::County => Role::CountyOffice.code(),
            Self::Nobody => NOBODY,
        }
    }

    /// Their desk.
    fn desk(self, app: &TestApp) -> Desk<'_> {
        let (who, client) = match self {
            Self::Staff(who) => (who, app.by(who)),
            // Of nothing there is.
            Self::County => (Staff::Admin, app.county_office()),
            Self::Nobody => (Staff::Office, app.nobody()),
        };
        Desk {
            app,
            who,
            client,
            county: self == Self::County,
        }
    }
}

fn fresh() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The number of a provisional receipt that no other case has.
fn provisional() -> String {
    let day = chrono::NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
    let number = shared::receipt::Provisional::make(&"somebody".into(), day, fresh());
    number.as_str().to_owned()
}

/// The unit of a role that can be given cases.
fn unit_of(who: Staff) -> &'static str {
    match who {
        Staff::Leader | Staff::Informant | Staff::Auditor | Staff::Admin => VILLAGE,
        who => who.record().2,
    }
}

/// A village where none of the staff is.
const OTHER: &str = "芦湾村";

/// The unit that an accusation is against, to be one against the role's own.
fn accused_of(who: Staff) -> &'static str {
    match who {
        Staff::Informant => VILLAGE,
        who => who.record().2,
    }
}

impl Desk<'_> {
    /// A case that stands so to the role, brought as far as is asked.
    fn case(&self, relation: &str, stand: Stand) -> AtHand {
        let who = self.who;
        let registers = !matches!(who, Staff::Court | Staff::Auditor | Staff::Admin);
        let other = if who == Staff::Centre {
            Staff::Office
        } else {
            Staff::Centre
        };
        let (registrar, unit) = match relation {
            "own" | "sealed_own" if registers => (who, unit_of(who)),
            "own" | "sealed_own" => (Staff::Centre, unit_of(who)),
            "foreign" if who == Staff::Informant => (Staff::NextInformant, NEXT_VILLAGE),
            _ => (other, NEXT_VILLAGE),
        };
        let village = if relation == "foreign" {
            NEXT_VILLAGE
        } else {
            VILLAGE
        };
        let builder = self.app.case().by(registrar).village(village);
        let builder = builder.cause("渠首闸门锈蚀漏水");
        let builder = match stand {
            Stand::Overdue => builder.received("2025-06-01"),
            _ => builder,
        };
        let builder = match relation {
            "sealed" => builder.accuses(accused_of(who)),
            "sealed_own" => builder.accuses(OTHER),
            _ => builder,
        };
        let builder = match registrar {
            Staff::Informant | Staff::NextInformant => builder.kind("sign"),
            _ => builder,
        };
        let provisional = provisional();
        let case = builder
            .set("provisional_number", provisional.as_str())
            .register();
        let path = case.path("/attachments");
        self.app
            .by(registrar)
            .post(&path)
            .file("图.png", tests::files::png())
            .expect(201);
        let files = self.app.by(registrar).get(&path).expect(200).json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let at_hand = AtHand {
            id: case.id.clone(),
            number: case.number.clone(),
            person: text(&case.view["people"][0]["id"]),
            attachment: text(&files["items"][0]["id"]),
            provisional,
            registrar,
            unit,
        };
        // The court cannot register: it gets to know a case by a transfer.
        let case = if relation.ends_with("own") && who == Staff::Court {
            let case = case.transferred(unit);
            match stand {
                Stand::Transferred => return at_hand,
                _ => case.then(who, "object", json!({"text": "不属于本庭职权"})),
            }
        } else {
            case
        };
        if !case.number.contains('密') {
            if self.county && relation.ends_with("own") {
                let input = matter_input(self.app, MatterKind::Escalation, unit, &at_hand);
                case.open(Staff::Office, "escalations", &input);
            }
            bring(case, stand, unit);
        }
        at_hand
    }
}

/// Takes a registered case to where it must stand, handled by a unit.
fn bring(case: Case<'_>, stand: Stand, unit: &'static str) {
    let handler = Staff::ALL
        .into_iter()
        .find(|who| who.record().2 == unit)
        .unwrap();
    let office = Staff::Office;
    match stand {
        Stand::Registered | Stand::Overdue => {}
        Stand::Transferred => drop(case.transferred(unit)),
        Stand::Backlog => drop(case.then(office, "mark_backlog", json!({"text": "久拖不决"}))),
        Stand::Accepted => drop(case.accepted()),
        Stand::Given => drop(case.accepted().dispatched(unit)),
        Stand::Handling => drop(case.accepted().dispatched(unit).taken(handler)),
        Stand::Answered | Stand::UnderReview | Stand::Reviewed | Stand::UnderFinalReview => {
            let case = case.accepted().dispatched(unit).taken(handler);
            let steps = match stand {
                Stand::Answered => 0,
                Stand::UnderReview => 1,
                Stand::Reviewed => 2,
                _ => 3,
            };
            let rounds = ["request_review", "answer_review", "request_final_review"];
            rounds
                .into_iter()
                .take(steps)
                .fold(case.answered(handler), |case, action| {
                    let input = input_of(case.app(), action);
                    case.then(office, action, input)
                });
        }
        Stand::Closed => {
            case.accepted()
                .dispatched(unit)
                .taken(handler)
                .answered(handler)
                .closed();
        }
    }
}

/// What a step needs.
fn input_of(app: &TestApp, action: &str) -> Value {
    let text = "情况说明";
    match action {
        "decline" => json!({"text": text, "path": "litigation"}),
        "transfer" => json!({"text": text, "unit_id": app.unit("司法所")}),
        "dispatch" => json!({"unit_id": app.unit("司法所")}),
        "answer" => json!({"text": text, "notice": "当面送达"}),
        "close" => json!({"text": text, "outcome": "settled", "opinion": "agrees"}),
        "hear" => json!({"text": text, "opinion": "disagrees"}),
        "request_review" | "request_final_review" => {
            json!({"text": text, "authority": "上一级机关"})
        }
        "answer_review" | "answer_final_review" => {
            json!({"text": text, "review": "upheld", "notice": "邮寄送达"})
        }
        "extend" => json!({"text": text, "notice": "告知书1号", "days": 10}),
        "set_lead" => json!({"user_id": app.user(Staff::OtherLeader)}),
        "hand_over" => json!({"authority": "县纪委监委"}),
        _ => json!({"text": text}),
    }
}

/// What starts a matter of a kind, given to a unit.
fn matter_input(app: &TestApp, kind: MatterKind, unit: &str, case: &AtHand) -> Value {
    match kind {
        // By a committee of nobody here, who would see the case with that.
        MatterKind::Mediation => json!({
            "asked_by": "both", "unit_id": app.unit(OTHER), "dispute": "流转费", "consent": true,
            "first_party": [case.person], "other_party": [other_party(app, case)],
        }),
        MatterKind::Contact => json!({
            "person": case.person, "text": "反映多年", "purposes": ["help"], "rhythm_days": 14,
            "user_id": app.user(Staff::OtherOffice), "review_on": "2026-06-01",
        }),
        MatterKind::Order => json!({
            "form": "assign", "source": "office", "unit_id": app.unit(unit),
            "demand": "核实情况", "deadline": tests::base::TODAY,
        }),
        MatterKind::Package => json!({
            "leader_id": app.user(Staff::Leader),
            "team": [{"unit_id": app.unit(unit), "person": "某人"}],
        }),
        MatterKind::Measure => json!({
            "on": tests::base::TODAY, "law": "《中华人民共和国治安管理处罚法》", "article": "第二十三条",
            "authority": "县公安局", "leader_id": app.user(Staff::Leader), "notice_number": "7号",
            "notice_on": tests::base::TODAY, "person_id": case.person, "text": "予以警告",
        }),
        MatterKind::Hearing => json!({
            "purpose": "handling", "text": "争议的数额", "held_on": "2026-03-20", "time": "09:30",
            "place": "镇会议室",
            "panel": [
                {"name": "甲", "post": "人大代表", "chair": true},
                {"name": "乙", "post": "律师"},
                {"name": "丙", "post": "村民代表"},
            ],
        }),
        MatterKind::Referral => {
            json!({"receiver": "unit", "unit_id": app.unit(case.unit), "text": "属于该单位职权"})
        }
        MatterKind::Visit => json!({
            "on": tests::base::TODAY, "level": "county", "authority": "县信访局", "people_count": 1,
            "conduct": "normal", "evidence": "notice", "evidence_text": "通报1号",
        }),
        MatterKind::Escalation => json!({"reason": "超出本镇职权", "request": "请县级协调"}),
        MatterKind::Service => json!({
            "on": tests::base::TODAY, "outside_kind": "answer", "outside_number": "县信处〔2026〕1号",
            "way": "direct", "receiver": "张三", "proof": "本人签收",
        }),
    }
}

/// A second person of the case.
fn other_party(app: &TestApp, case: &AtHand) -> String {
    let person = json!({"role": "other_party", "name": "李四"});
    let call = app
        .by(Staff::Office)
        .post(format!("/cases/{}/people", case.id));
    let added = call.json(&person).send();
    let people = app
        .by(case.registrar)
        .get(format!("/cases/{}/people", case.id));
    match added.status {
        201 => {
            let people = people.expect(200).json();
            let last = people["items"].as_array().unwrap().last().unwrap();
            last["id"].as_str().unwrap().to_owned()
        }
        // What even the office may not know of.
        _ => String::new(),
    }
}

impl Desk<'_> {
    /// A matter of the case, started by the office and given to the role's unit where the case is
    /// its own; one that is not there where even the office may not know of the case, or where the
    /// case is of those that have no such matter.
    fn matter(&self, case: &AtHand, kind: MatterKind, relation: &str) -> String {
        let unit = if relation.ends_with("own") {
            unit_of(self.who)
        } else {
            OTHER
        };
        if self.county && kind == MatterKind::Escalation && !relation.ends_with("own") {
            // With that it would be handed up.
            return "none".to_owned();
        }
        let input = matter_input(self.app, kind, unit, case);
        let path = format!("/cases/{}/{}", case.id, kind.collection());
        let office = self.app.by(Staff::Office);
        let answer = office.post(&path).json(&input).send();
        if case.number.contains('密') {
            assert_eq!(answer.status, 404);
            return "none".to_owned();
        }
        if kind == MatterKind::Mediation && case.number.contains('检') {
            answer.problem("conflict");
            return "none".to_owned();
        }
        let matter = match answer.status {
            // A case has one of these.
            409 => office.get(&path).expect(200).json()["items"][0].clone(),
            _ => answer.expect(201).json(),
        };
        matter["id"].as_str().unwrap().to_owned()
    }

    /// A request about a matter of a case.
    fn matter_request(
        &self,
        operation: &str,
        kind: MatterKind,
        (method, path): (&str, &str),
        relation: &str,
        case: &AtHand,
    ) -> Call {
        let step = operation.split_once(':').map_or("", |(_, step)| step);
        let path = path.replace("{id}", &case.id).replace("{step}", step);
        let path = if path.contains("{mid}") {
            path.replace("{mid}", &self.matter(case, kind, relation))
        } else {
            path
        };
        let call = self.client.call(method, path);
        match method {
            "GET" => call,
            _ if step.is_empty() => call.json(&json!({})),
            _ => call.if_match("\"1\"").json(&json!({})),
        }
    }

    /// A receipt of the case, made by whoever registered it or by the office.
    fn receipt(&self, case: &AtHand) -> String {
        let person = &case.person;
        let input = json!({"kind": "receipt", "fields": {"addressee_id": person}});
        for who in [case.registrar, Staff::Office] {
            let call = self
                .app
                .by(who)
                .post(format!("/cases/{}/documents", case.id));
            let answer = call.json(&input).send();
            if answer.status == 201 {
                return answer.json()["id"].as_str().unwrap().to_owned();
            }
        }
        panic!("nobody makes a receipt of {case:?}")
    }

    fn etag(&self, case: &AtHand) -> String {
        self.app.etag(&case.id, case.registrar)
    }

    /// An earlier case that one may be said to repeat.
    fn earlier(&self, relation: &str) -> String {
        let relation = if relation == "sealed_own" {
            relation
        } else {
            "own"
        };
        self.case(relation, Stand::Registered).id
    }

    /// A request about one case.
    fn request(
        &self,
        operation: &str,
        (method, path): &(String, String),
        relation: &str,
        case: &AtHand,
    ) -> Call {
        if let Some(kind) = matter_of(operation) {
            return self.matter_request(operation, kind, (method, path), relation, case);
        }
        let (operation, action) = operation.split_once(':').unwrap_or((operation, ""));
        let path = path
            .replace("{id}", &case.id)
            .replace("{action}", action)
            .replace("{pid}", &case.person)
            .replace("{aid}", &case.attachment)
            .replace("{number}", &case.provisional);
        let path = if path.contains("{did}") {
            path.replace("{did}", &self.receipt(case))
        } else {
            path
        };
        let call = self.client.call(method, path);
        let person = json!({"role": "petitioner", "name": "李四"});
        match operation {
            "act_on_case" if action == "link" => {
                let earlier = json!({"earlier_case_id": self.earlier(relation)});
                call.if_match(self.etag(case)).json(&earlier)
            }
            "act_on_case" => call
                .if_match(self.etag(case))
                .json(&input_of(self.app, action)),
            "patch_case" => {
                let input = json!({"place": format!("村口{}", fresh())});
                call.if_match(self.etag(case)).json(&input)
            }
            "add_person" => call.json(&person),
            "change_person" => call.if_match(self.etag(case)).json(&person),
            "remove_person" => {
                // Another petitioner must be left.
                let more = self
                    .app
                    .by(case.registrar)
                    .post(format!("/cases/{}/people", case.id));
                more.json(&person).send();
                call.if_match(self.etag(case))
            }
            "record_satisfaction" => call
                .if_match(self.etag(case))
                .json(&json!({"rating": "satisfied", "way": "call"})),
            "reveal_person" => call.json(&json!({"reason": "电话回访"})),
            "add_attachment" => call.file("图.png", tests::files::png()),
            "make_document" => call.json(&json!({"kind": action, "fields": {}})),
            "void_document" => call.if_match("\"1\"").json(&json!({"reason": "写错"})),
            _ => call,
        }
    }

    /// A request to register a case that stands so to the role.
    fn registration(&self, relation: &str) -> Call {
        let village = if relation == "foreign" {
            NEXT_VILLAGE
        } else {
            VILLAGE
        };
        let builder = self.app.case().village(village);
        let builder = match relation {
            "sealed" => builder.accuses(accused_of(self.who)),
            "sealed_own" => builder.accuses(OTHER),
            _ => builder,
        };
        let builder = match self.who {
            Staff::Informant => builder.kind("sign"),
            _ => builder,
        };
        self.client.post("/cases").json(builder.input())
    }

    /// A request that is answered with many cases, and the answer to look for the case in.
    fn asked(&self, operation: &str, case: &AtHand, relation: &str) -> Answer {
        match operation {
            "list_cases" => self.client.get("/cases?limit=200").send(),
            "similar_cases" => {
                let query = json!({"cause": "渠首闸门锈蚀漏水"});
                self.client.post("/cases/similar").json(&query).send()
            }
            "show_calendar" => self.client.get("/calendar").send(),
            "sync_phone" => self.client.post("/sync").json(&json!({})).send(),
            "list_matters" => {
                self.matter(case, MatterKind::Visit, relation);
                self.client.get("/matters?limit=200").send()
            }
            "list_all_orders" => {
                self.matter(case, MatterKind::Order, relation);
                self.client.get("/orders?limit=200").send()
            }
            "list_all_measures" => {
                self.matter(case, MatterKind::Measure, relation);
                self.client.get("/measures?limit=200").send()
            }
            "list_backlog" => {
                // Refused where even the office may not know of the case.
                let mark = json!({"text": "久拖不决"});
                self.app.act(&case.id, Staff::Office, "mark_backlog", mark);
                self.client.get("/backlog?limit=200").send()
            }
            "list_backlog_proposals" => self.client.get("/backlog/proposals?limit=200").send(),
            "list_indicator_cases" => {
                let mark = json!({"text": "久拖不决"});
                self.app.act(&case.id, Staff::Office, "mark_backlog", mark);
                let period = format!("from=2026-01-01&to={}", tests::base::TODAY);
                let path = format!(
                    "/indicators/cases?indicator=backlog&{period}&part=numerator&limit=200"
                );
                self.client.get(path).send()
            }
            "list_standing_cases" => {
                let mark = json!({"text": "久拖不决"});
                self.app.act(&case.id, Staff::Office, "mark_backlog", mark);
                let seen = self
                    .app
                    .by(Staff::Office)
                    .get(format!("/cases/{}", case.id))
                    .send();
                let village = match seen.status {
                    200 => seen.json()["village"]["id"].as_str().map(str::to_owned),
                    _ => None,
                };
                let village = village.unwrap_or_else(|| self.app.unit(VILLAGE).to_owned());
                let path = format!(
                    "/villages/standing/cases?year=2026&village_id={village}&what=backlog&limit=200"
                );
                self.client.get(path).send()
            }
            "show_dashboard" => self.client.get("/dashboard").send(),
            "export_ledger" => self.client.get("/exports/ledger.xlsx").send(),
            "follow_cases" => self.client.get("/exports/cases.ndjson").send(),
            "list_audit" => self
                .client
                .get(format!("/audit?case_id={}", case.id))
                .send(),
            _ => unknown(operation),
        }
    }

    fn shows(&self, operation: &str, answer: &Answer, case: &AtHand) -> bool {
        if operation == "export_ledger" {
            let rows = tests::traces::rows_of(&answer.body);
            return rows.iter().any(|row| row[0] == case.number);
        }
        if operation == "list_all_measures" {
            return answer.text().contains(&case.number);
        }
        answer.text().contains(&case.id)
    }
}

fn unknown(operation: &str) -> ! {
    panic!("tests/tests/permissions.rs does not know how to ask for {operation}: add a request")
}

/// One of two new people stands in for the other.
fn deputation(app: &TestApp) -> Value {
    let clerk = || {
        let user = json!({
            "username": format!("ganbu{}", fresh()), "name": "某人", "role": "justice_office",
            "unit_id": app.unit("司法所"),
        });
        let made = app.by(Staff::Admin).post("/users").json(&user).expect(201);
        made.json()["user"]["id"].clone()
    };
    json!({
        "user_id": clerk(), "deputy_id": clerk(), "first_day": "2026-04-01", "last_day": "2026-04-10",
    })
}

/// Things that are no cases, made by those who may.
fn prepare(app: &TestApp, operation: &str) -> String {
    let admin = app.by(Staff::Admin);
    let id = |value: &Value| value.as_str().unwrap().to_owned();
    match operation {
        "get_unit" | "change_unit" | "preview_merger" => app.unit("四坝村").to_owned(),
        "merge_units" => {
            let village = json!({
                "parent_id": app.unit("平川镇"), "kind": "village", "name": format!("新村{}", fresh()),
            });
            id(&admin.post("/org-units").json(&village).expect(201).json()["id"])
        }
        "get_user"
        | "change_user"
        | "reset_password"
        | "reset_second_factor"
        | "show_identity"
        | "enter_identity"
        | "remove_identity"
        | "list_duties"
        | "hand_over_duties" => {
            let user = json!({
                "username": format!("yonghu{}", fresh()), "name": "某人", "role": "auditor",
                "unit_id": app.unit("党政办"),
            });
            id(&admin.post("/users").json(&user).expect(201).json()["user"]["id"])
        }
        // Of two who are none of those that ask.
        "get_deputation" | "change_deputation" | "end_deputation" => {
            let call = admin.post("/deputations");
            id(&call.json(&deputation(app)).expect(201).json()["id"])
        }
        "end_session" => {
            let session = app.sign_in(Staff::Admin).expect(200).json();
            let client = app
                .nobody()
                .with_token(session["access_token"].as_str().unwrap());
            let list = client.get("/sessions?limit=1").expect(200).json();
            id(&list["items"][0]["id"])
        }
        // Reported by the informant of 五里墩村, and acknowledged.
        "show_alert" | "make_case_of_alert" => alert(app),
        _ if operation.starts_with("act_on_alert") => alert(app),
        "show_reception_day"
        | "patch_reception_day"
        | "cancel_reception_day"
        | "substitute_leader"
        | "receive_visitor" => {
            let day = app.by(Staff::Office).post("/reception-days");
            id(&day.json(&reception_day(app)).expect(201).json()["day"]["id"])
        }
        // Of 五里墩村, as far as a step needs it to be.
        "show_assessment" | "export_assessment" => assessment(app, None),
        // A month that nobody has written about yet, or one that is ready to be issued.
        "write_analysis" => month(),
        "issue_analysis" => {
            let month = month();
            let words = json!({"opinion": "总体平稳", "measures": "继续排查"});
            let call = app.by(Staff::Office).patch(format!("/analyses/{month}"));
            call.if_match("\"0\"").json(&words).expect(200);
            month
        }
        _ if operation.starts_with("act_on_assessment") => {
            let (_, step) = operation.split_once(':').unwrap();
            assessment(app, AssessmentStep::from_code(step))
        }
        "propose_honour" => decided(app),
        _ if operation.starts_with("act_on_honour") => honour(app, operation),
        "show_criteria" | "patch_criteria" | "enforce_criteria" => draft_sheet(app),
        "patch_village_map" | "remove_village_map" => {
            let call = admin.post("/village-map").json(&village_map());
            call.expect(200);
            String::new()
        }
        // Of the office.
        "show_campaign" | "patch_campaign" | "strike_campaign" => {
            let call = app.by(Staff::Office).post("/publicity");
            id(&call.json(&campaign(None)).expect(201).json()["row"]["id"])
        }
        "patch_law" => {
            let law = json!({"title": format!("某某条例{}", fresh())});
            id(&admin.post("/laws").json(&law).expect(201).json()["id"])
        }
        "show_photo" => {
            let call = app.by(Staff::Secretary).post("/photos");
            let photo = call.file("图.png", tests::files::png()).expect(201);
            id(&photo.json()["id"])
        }
        "show_import" | "download_import" | "undo_import" => {
            let runs = app.by(Staff::Office).get("/imports").expect(200).json();
            let run = runs["items"]
                .as_array()
                .unwrap()
                .iter()
                .find(|run| run["undone_at"].is_null());
            match run {
                Some(run) => id(&run["id"]),
                None => {
                    id(&import(&app.by(Staff::Office), "false").expect(201).json()["import_id"])
                }
            }
        }
        // Of the secretary of 五里墩村.
        "revoke_token" => {
            let call = app.by(Staff::Secretary).post("/tokens");
            id(&call.json(&token()).expect(201).json()["token"]["id"])
        }
        // A notice of the police station.
        "read_notification" => {
            app.case().register().accepted().dispatched("派出所");
            let inbox = app.by(Staff::Police).get("/notifications").expect(200);
            id(&inbox.json()["items"][0]["id"])
        }
        "show_webhook"
        | "change_webhook"
        | "remove_webhook"
        | "test_webhook"
        | "rotate_webhook_secret"
        | "list_webhook_deliveries" => webhook_of(app, Staff::Office),
        "make_webhook" => {
            allow_nowhere(app);
            String::new()
        }
        "redeliver_webhook" => {
            let webhook = webhook_of(app, Staff::Office);
            let path = format!("/webhooks/{webhook}/test");
            let test = app.by(Staff::Office).post(path).expect(202).json();
            format!("{webhook}/deliveries/{}", test["id"].as_str().unwrap())
        }
        "show_notification_robot"
        | "change_notification_robot"
        | "remove_notification_robot"
        | "test_notification_robot" => {
            let made = admin
                .post("/notification-robots")
                .json(&robot())
                .expect(201);
            id(&made.json()["id"])
        }
        _ => String::new(),
    }
}

/// A webhook that leads nowhere.
fn webhook() -> Value {
    json!({"name": "县平台", "url": format!("http://{NOWHERE}/x"), "events": ["closed"]})
}

/// Lets webhooks lead nowhere.
fn allow_nowhere(app: &TestApp) {
    let admin = app.by(Staff::Admin);
    let seen = admin.get("/webhook-addresses").expect(200);
    let call = admin.put("/webhook-addresses").if_match(seen.etag());
    call.json(&json!({"entries": ["127.0.0.1"]})).expect(200);
}

/// Somebody's webhook.
fn webhook_of(app: &TestApp, who: Staff) -> String {
    allow_nowhere(app);
    let made = app
        .by(who)
        .post("/webhooks")
        .json(&webhook())
        .expect(201)
        .json();
    made["webhook"]["id"].as_str().unwrap().to_owned()
}

/// A token for nothing much.
fn token() -> Value {
    json!({"name": "试用", "scopes": ["org:read"], "expires_on": "2026-06-30"})
}

/// Where nobody listens.
const NOWHERE: &str = "127.0.0.1:9";

fn robot() -> Value {
    let address = format!("http://{NOWHERE}/send");
    json!({"name": "群", "kind": "wecom", "address": address, "kinds": ["alert"]})
}

/// A month of long ago, each time another one.
fn month() -> String {
    let n = fresh();
    format!("{}-{:02}", 2000 + n / 12 % 25, n % 12 + 1)
}

/// What a step of an assessment is given.
fn assessing(step: AssessmentStep) -> Value {
    let mark = json!({"code": "organisation", "score": 90, "evidence": "查看台账"});
    match step {
        AssessmentStep::Submit => json!({"marks": [mark]}),
        AssessmentStep::Review => json!({"marks": [mark], "text": "已核实"}),
        AssessmentStep::Decide => json!({"named": false, "text": "镇党委会议研究"}),
        _ => json!({"text": "理由"}),
    }
}

/// An assessment of 五里墩村 that nothing has happened with, brought to where a step can be taken; its id
/// and version.
fn assessment(app: &TestApp, step: Option<AssessmentStep>) -> String {
    let office = app.by(Staff::Office);
    let of = |kind| (2020..=2026).map(move |year| (year, kind));
    let mut years = of(AssessmentKind::ThreeWithout).chain(of(AssessmentKind::Peaceful));
    let fresh = years.find(|(year, kind)| {
        let list = office.get(format!("/assessments?year={year}&kind={kind}"));
        list.expect(200).json()["items"]
            .as_array()
            .unwrap()
            .is_empty()
    });
    let (year, kind) = fresh.unwrap();
    let start = json!({"year": year, "kind": kind});
    let all = office.post("/assessments").json(&start).expect(200).json();
    let mut rows = all["items"].as_array().unwrap().iter();
    let row = rows.find(|row| row["village"]["name"] == VILLAGE).unwrap();
    let id = row["id"].as_str().unwrap().to_owned();
    let before: &[(Staff, AssessmentStep)] = match step {
        Some(AssessmentStep::Return | AssessmentStep::Review) => {
            &[(Staff::Secretary, AssessmentStep::Submit)]
        }
        Some(AssessmentStep::Object | AssessmentStep::Decide) => &[
            (Staff::Secretary, AssessmentStep::Submit),
            (Staff::Office, AssessmentStep::Review),
        ],
        _ => &[],
    };
    for (at, (who, step)) in before.iter().enumerate() {
        let call = app.by(*who).post(format!("/assessments/{id}/steps/{step}"));
        let call = call.if_match(format!("\"{}\"", at + 1));
        call.json(&assessing(*step)).expect(200);
    }
    id
}

/// A decided assessment of 五里墩村.
fn decided(app: &TestApp) -> String {
    let office = app.by(Staff::Office);
    for year in 2020..=2026 {
        let list = office.get(format!("/assessments?year={year}&stage=decided"));
        let list = list.expect(200).json();
        if let Some(row) = list["items"].as_array().unwrap().first() {
            return row["id"].as_str().unwrap().to_owned();
        }
    }
    let id = assessment(app, Some(AssessmentStep::Decide));
    let call = app.by(Staff::Leader);
    let call = call.post(format!("/assessments/{id}/steps/decide"));
    let call = call.if_match("\"3\"");
    call.json(&assessing(AssessmentStep::Decide)).expect(200);
    id
}

fn reward() -> Value {
    json!({"kind": "reward", "title": "奖励工作经费", "evidence": "会议纪要"})
}

/// A reward that waits for a decision, or was granted, where a step needs that.
fn honour(app: &TestApp, operation: &str) -> String {
    let path = format!("/assessments/{}/honours", decided(app));
    let made = app.by(Staff::Office).post(path).json(&reward());
    let made = made.expect(201).json();
    let id = made["honours"][0]["id"].as_str().unwrap().to_owned();
    if operation == "act_on_honour:revoke" {
        let call = app.by(Staff::Leader);
        let call = call.post(format!("/honours/{id}/steps/grant"));
        let call = call.if_match("\"1\"");
        call.json(&json!({"text": "会议决定"})).expect(200);
    }
    id
}

/// The criteria sheet that the office is at work on.
fn draft_sheet(app: &TestApp) -> String {
    let office = app.by(Staff::Office);
    let list = office.get("/criteria-sheets").expect(200).json();
    let mut all = list["items"].as_array().unwrap().iter();
    let there = all.find(|sheet| sheet["state"] == "draft").cloned();
    let draft = there.unwrap_or_else(|| {
        let new = json!({"kind": "three_without", "year": 2027});
        office
            .post("/criteria-sheets")
            .json(&new)
            .expect(201)
            .json()
    });
    draft["id"].as_str().unwrap().to_owned()
}

fn village_map() -> Value {
    json!({"property": "name", "geojson": {"type": "FeatureCollection", "features": [{
        "type": "Feature", "properties": {"name": VILLAGE}, "geometry": {"type": "Polygon",
        "coordinates": [[[100.0, 39.0], [100.1, 39.0], [100.1, 39.1], [100.0, 39.0]]]},
    }]}})
}

fn campaign(village: Option<&str>) -> Value {
    json!({
        "on": tests::base::TODAY, "form": "lecture", "laws": ["xinfang"], "place": "村委会",
        "audience": 40, "village_id": village,
    })
}

fn alert(app: &TestApp) -> String {
    let report = json!({"what": "渠道决口"});
    let call = app.by(Staff::Informant).post("/alerts").json(&report);
    let id = call.expect(201).json()["id"].as_str().unwrap().to_owned();
    let call = app.by(Staff::Office);
    let call = call.post(format!("/alerts/{id}/steps/acknowledge"));
    call.if_match("\"1\"").json(&json!({})).expect(200);
    id
}
/// A reception day of its own, not long ago, with a leader on duty who does not ask.
fn reception_day(app: &TestApp) -> Value {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let ago = NEXT.fetch_add(1, Ordering::Relaxed) % 360;
    let today: chrono::NaiveDate = tests::base::TODAY.parse().unwrap();
    let on = today - chrono::Days::new(ago.into());
    json!({
        "on": on.to_string(), "from": "09:00", "to": "11:30", "place": "镇信访接待室",
        "leader_id": app.user(Staff::OtherLeader),
    })
}

fn ledger() -> Vec<u8> {
    include_bytes!("../fixtures/ledger-2023.xlsx").to_vec()
}

fn import(client: &Client, dry_run: &str) -> Answer {
    let fields = [("dry_run", dry_run)];
    client
        .post("/imports/ledger")
        .form("台账.xlsx", ledger(), &fields)
        .send()
}

impl Desk<'_> {
    /// A request about a visit with an open promise.
    fn visit_request(
        &self,
        operation: &str,
        (method, path): &(String, String),
        relation: &str,
    ) -> Answer {
        let app = self.app;
        let (author, village, along) = match (relation, self.who) {
            ("foreign", _) => (Staff::NextSecretary, NEXT_VILLAGE, None),
            (_, Staff::Court | Staff::Centre) => (Staff::Police, VILLAGE, Some(self.who)),
            (_, Staff::Auditor | Staff::Admin) => (Staff::Secretary, VILLAGE, None),
            (_, who) => (who, VILLAGE, None),
        };
        let visit = json!({
            "kind": "household", "on": tests::base::TODAY, "village_id": app.unit(village),
            "heard": "渠首闸门锈蚀漏水",
            "visitors": [app.user(author), app.user(along.unwrap_or(author))],
            "promises": [{"what": "换闸门", "due_on": "2026-04-01"}],
        });
        let visit = app
            .by(author)
            .post("/visits")
            .json(&visit)
            .expect(201)
            .json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let path = path
            .replace("{id}", &text(&visit["id"]))
            .replace("{pid}", &text(&visit["promises"][0]["id"]));
        let call = self.client.call(method, path);
        let call = match operation {
            "show_field_visit" | "register_from_visit" => call,
            _ => call.if_match("\"1\""),
        };
        match operation {
            "patch_field_visit" => call.json(&json!({"heard": "闸门已锈穿"})).send(),
            "strike_field_visit" => call.json(&json!({"reason": "记错了"})).send(),
            "keep_promise" => call.json(&json!({"how": "已换"})).send(),
            "release_promise" => call
                .json(&json!({"reason": "没有依据", "told": "当面"}))
                .send(),
            "register_from_visit" => {
                let case = app.case().village(village).kind("sign");
                let case = case.set("channel", "household_visit");
                call.json(case.input()).send()
            }
            _ => call.send(),
        }
    }

    /// A request about a report of the role's own unit (of 五里墩村1社, where the role writes none), or of a
    /// group of the village next door. Its finding is there, whatever has become of it.
    fn report_request(
        &self,
        operation: &str,
        (method, path): &(String, String),
        relation: &str,
    ) -> Answer {
        let app = self.app;
        let author = match (relation, self.who) {
            ("foreign", _) => Staff::NextInformant,
            (
                _,
                who @ (Staff::Secretary
                | Staff::Police
                | Staff::Court
                | Staff::Justice
                | Staff::Centre),
            ) => who,
            _ => Staff::Informant,
        };
        let (kind, start) = match author {
            Staff::Informant | Staff::NextInformant => ("daily", tests::base::TODAY),
            Staff::Secretary => ("weekly", "2026-03-09"),
            _ => ("monthly", "2026-03-01"),
        };
        let unit = app.unit(author.record().2);
        let input = json!({
            "kind": kind, "unit_id": unit, "period_start": start,
            "findings": [{"cause": "水渠漏水", "category": "water"}],
        });
        let sent = app.by(author).post("/reports/submit").json(&input).send();
        assert!(matches!(sent.status, 200 | 409), "{}", sent.text());
        let found = app
            .by(author)
            .get(format!("/reports?unit_id={unit}&from={start}"))
            .expect(200)
            .json();
        let id = found["items"][0]["id"].as_str().unwrap();
        let mut whole = app.by(author).get(format!("/reports/{id}")).expect(200);
        // What an operation before has taken back.
        if matches!(
            whole.json()["report"]["state"].as_str(),
            Some("draft" | "returned")
        ) {
            let path = format!("/reports/{id}/actions/submit");
            let call = app.by(author).post(path).if_match(whole.etag());
            whole = call.json(&json!({})).expect(200);
        }
        let finding = whole.json()["findings"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let (operation, step) = operation.split_once(':').unwrap_or((operation, ""));
        let path = path
            .replace("{id}", id)
            .replace("{action}", step)
            .replace("{finding}", &finding);
        let call = self.client.call(method, &path).if_match(whole.etag());
        match operation {
            "show_report" => call.send(),
            "patch_report" => call.json(&json!({"summary": "排查了八户"})).send(),
            "submit_report" => call.json(&input).send(),
            "register_finding" => call.json(&json!({"kind": "sign"})).send(),
            "join_finding" => call.json(&json!({"case_id": "none"})).send(),
            "dismiss_finding" => call.json(&json!({"reason": "没有此事"})).send(),
            _ => call.json(&json!({})).send(),
        }
    }

    /// A request that is not about cases.
    fn other(&self, operation: &str, (method, path): &(String, String), id: &str) -> Answer {
        let app = self.app;
        let path = path.replace("{id}", id);
        let call = self.client.call(method, &path);
        let admin = app.by(Staff::Admin);
        let etag = || admin.get(&path).expect(200).etag();
        match operation {
            "list_reports" | "show_report_board" => call.send(),
            "list_imports" | "show_import" | "download_import" | "undo_import" | "me"
            | "list_units" | "get_unit" | "get_settings" | "list_law_profiles" | "setup_status"
            | "list_users" | "list_colleagues" | "get_user" | "reset_password" | "health_live"
            | "health_ready" => call.send(),
            "list_tokens" | "show_system" => call.send(),
            "make_token" => call.json(&token()).send(),
            "list_webhooks"
            | "show_webhook"
            | "test_webhook"
            | "list_webhook_deliveries"
            | "show_webhook_addresses" => call.send(),
            "redeliver_webhook" => {
                // The path has both ids.
                let call = self
                    .client
                    .call(method, path.replace("/deliveries/{did}", ""));
                call.send()
            }
            "make_webhook" => call.json(&webhook()).send(),
            "change_webhook" => {
                let call = call.if_match("\"1\"");
                call.json(&json!({"name": "新名"})).send()
            }
            "remove_webhook" | "rotate_webhook_secret" => call.if_match("\"1\"").send(),
            "allow_webhook_addresses" => {
                let seen = app.by(Staff::Admin).get("/webhook-addresses").expect(200);
                call.if_match(seen.etag())
                    .json(&json!({"entries": ["127.0.0.1"]}))
                    .send()
            }
            "revoke_token" => call.send(),
            "register_cases" => {
                let item = json!({
                    "idempotency_key": format!("k{}", fresh()),
                    "case": app.case().village(VILLAGE).input(),
                });
                call.json(&json!({"items": [item]})).send()
            }
            "show_calendar_feed" | "make_calendar_feed" | "end_calendar_feed"
            | "read_calendar_feed" => call.send(),
            "list_assessments" | "show_assessment" => call.send(),
            operation if operation.starts_with("export_") => {
                let path = path.replace("{format}", "csv");
                self.client.call(method, path).send()
            }
            "show_analysis" | "download_analysis" => {
                let path = path.replace("{month}", "2026-02");
                self.client.call(method, path).send()
            }
            "write_analysis" => {
                let call = self.client.call(method, path.replace("{month}", id));
                let words = json!({"opinion": "总体平稳"});
                call.if_match("\"0\"").json(&words).send()
            }
            "issue_analysis" => {
                let call = self.client.call(method, path.replace("{month}", id));
                call.if_match("\"1\"").send()
            }
            // The year of another day than those that are brought further.
            "start_assessments" => {
                let input = json!({"year": 2026, "kind": "peaceful"});
                call.json(&input).send()
            }
            operation if operation.starts_with("act_on_assessment") => {
                let (_, step) = operation.split_once(':').unwrap();
                let call = self.client.call(method, path.replace("{step}", step));
                let step = AssessmentStep::from_code(step).unwrap();
                let version = match step {
                    AssessmentStep::Submit => 1,
                    AssessmentStep::Return | AssessmentStep::Review => 2,
                    AssessmentStep::Object | AssessmentStep::Decide => 3,
                };
                let call = call.if_match(format!("\"{version}\""));
                call.json(&assessing(step)).send()
            }
            "propose_honour" => call.json(&reward()).send(),
            operation if operation.starts_with("act_on_honour") => {
                let (_, step) = operation.split_once(':').unwrap();
                let call = self.client.call(method, path.replace("{step}", step));
                let version = if step == "revoke" { 2 } else { 1 };
                let call = call.if_match(format!("\"{version}\""));
                call.json(&json!({"text": "会议决定"})).send()
            }
            "list_criteria" | "show_criteria" => call.send(),
            "begin_criteria" => {
                let new = json!({"kind": "peaceful", "year": 2027});
                call.json(&new).send()
            }
            "patch_criteria" | "enforce_criteria" => {
                let office = app.by(Staff::Office);
                let seen = office.get(format!("/criteria-sheets/{id}")).expect(200);
                let input = match operation {
                    "patch_criteria" => json!({"note": "改一处"}),
                    _ => json!({"text": "会议决定"}),
                };
                call.if_match(seen.etag()).json(&input).send()
            }
            "show_village_map" | "list_follow_ups" => call.send(),
            "upload_village_map" => call.json(&village_map()).send(),
            "patch_village_map" => {
                let choice = json!({"choices": [{"area": 0, "village_id": null}]});
                call.if_match(etag()).json(&choice).send()
            }
            "remove_village_map" => call.if_match(etag()).send(),
            "list_indicator_records" => {
                let query = "indicator=visits_done&from=2026-03-01&to=2026-03-10";
                self.client.get(format!("{path}?{query}")).send()
            }
            "list_campaigns" | "show_publicity_year" | "show_campaign" | "list_laws" => call.send(),
            "record_campaign" => call.json(&campaign(Some(app.unit(VILLAGE)))).send(),
            "patch_campaign" => call.if_match("\"1\"").json(&json!({"audience": 41})).send(),
            "strike_campaign" => call
                .if_match("\"1\"")
                .json(&json!({"reason": "记错了"}))
                .send(),
            "add_law" => {
                let law = json!({"title": format!("某某办法{}", fresh())});
                call.json(&law).send()
            }
            "patch_law" => {
                let link = json!({"link": "https://flk.npc.gov.cn/"});
                call.if_match("\"1\"").json(&link).send()
            }
            "list_indicators"
            | "get_standing"
            | "list_targets"
            | "show_figures"
            | "show_county_figures"
            | "list_handed_up" => call.send(),
            "set_target" => {
                // Each time another year, which nobody has set yet.
                let year = 2000 + fresh() % 26;
                let path = format!("/targets/{year}/handled");
                let call = self.client.patch(path).if_match("\"0\"");
                call.json(&json!({"value": 900})).send()
            }
            "list_field_visits"
            | "list_promises"
            | "show_visit_coverage"
            | "list_reception_days"
            | "show_reception_day" => call.send(),
            "record_field_visit" => {
                let visit = json!({
                    "kind": "household", "on": tests::base::TODAY, "heard": "渠水不够",
                    "village_id": app.unit(VILLAGE),
                });
                call.json(&visit).send()
            }
            "plan_reception_day" => call.json(&reception_day(app)).send(),
            "plan_roster" => {
                let roster = json!({
                    "from_on": "2026-04-01", "to_on": "2026-04-30", "weekday": 3, "from": "09:00",
                    "to": "11:30", "place": "镇信访接待室",
                    "leaders": [app.user(Staff::OtherLeader)],
                });
                call.json(&roster).send()
            }
            "patch_reception_day" => call
                .if_match("\"1\"")
                .json(&json!({"place": "二楼"}))
                .send(),
            "cancel_reception_day" => call
                .if_match("\"1\"")
                .json(&json!({"reason": "防汛"}))
                .send(),
            "substitute_leader" => {
                let leader = json!({"reason": "开会", "leader_id": app.user(Staff::Leader)});
                call.if_match("\"1\"").json(&leader).send()
            }
            "receive_visitor" => call
                .json(&json!({"topic": "低保", "answer": "到窗口办理"}))
                .send(),
            "show_photo" | "list_alerts" | "show_alert" | "show_alert_rate"
            | "list_missed_alerts" => call.send(),
            "report_alert" => call.json(&json!({"what": "渠道决口"})).send(),
            "enter_missed_alert" => {
                let missed = json!({
                    "what": "渠道决口", "discovered_at": "2026-03-01T00:00:00Z",
                    "unit_id": app.unit(VILLAGE),
                });
                call.json(&missed).send()
            }
            "make_case_of_alert" => {
                let call = call.if_match("\"2\"");
                call.json(&json!({"category": "water"})).send()
            }
            operation if operation.starts_with("act_on_alert") => {
                let (_, step) = operation.split_once(':').unwrap();
                let call = self.client.call(method, path.replace("{step}", step));
                let input = match step {
                    "acknowledge" => json!({}),
                    "dispatch" => json!({"text": "到场", "unit_id": app.unit("派出所")}),
                    _ => json!({"text": "情况说明"}),
                };
                call.if_match("\"2\"").json(&input).send()
            }
            "upload_photo" => call.file("图.png", tests::files::png()).send(),
            "list_notifications"
            | "read_notification"
            | "stream_events"
            | "get_notification_settings"
            | "list_notification_robots"
            | "show_notification_robot"
            | "remove_notification_robot"
            | "test_notification_robot" => call.send(),
            "read_all_notifications" => call.json(&json!({"up_to": 0})).send(),
            "set_notification_settings" => {
                let wish = json!({
                    "kinds": [], "sound": false, "quiet_from": "20:00", "quiet_to": "07:00",
                });
                call.if_match("\"1\"").json(&wish).send()
            }
            "add_notification_robot" => call.json(&robot()).send(),
            "change_notification_robot" => {
                call.if_match(etag()).json(&json!({"name": "新名"})).send()
            }
            "import_ledger" => import(&self.client, "true"),
            "mark_ledger" => call.file("台账.xlsx", ledger()).send(),
            // Of the county's administrator, where there is a county: tests/api/townships.rs.
            "create_township" => {
                let township = json!({
                    "name": "新镇", "template": "empty", "username": format!("xinzhen{}", fresh()),
                    "administrator": "新管理",
                });
                call.json(&township).send()
            }
            "create_unit" => {
                let name = format!("新村{}", fresh());
                let unit =
                    json!({"parent_id": app.unit("平川镇"), "kind": "village", "name": name});
                call.json(&unit).send()
            }
            "preview_merger" => {
                let path = format!("{path}?into_id={}", app.unit("平川村"));
                self.client.call(method, path).send()
            }
            "merge_units" => {
                let merge = json!({"into_id": app.unit("四坝村"), "on": tests::base::TODAY});
                let unit = path.trim_end_matches("/merge");
                let etag = admin.get(unit).expect(200).etag();
                call.if_match(etag).json(&merge).send()
            }
            "change_unit" => call
                .if_match(etag())
                .json(&json!({"position": fresh()}))
                .send(),
            "change_settings" => call
                .if_match(etag())
                .json(&json!({"urgent_hours": 3}))
                .send(),
            "add_law_profile" => {
                let limit =
                    json!({"clock": "handling", "amount": 60, "unit": "days", "basis": "新条例"});
                let profile =
                    json!({"title": "新条例", "in_force_from": "2030-01-01", "limits": [limit]});
                call.json(&profile).send()
            }
            "run_setup" => {
                let setup = json!({
                    "username": "dierge", "password": PASSWORD, "name": "第二个",
                    "template": "empty", "township_name": "别的镇",
                });
                call.json(&setup).send()
            }
            "create_user" => {
                let user = json!({
                    "username": format!("xinren{}", fresh()), "name": "新人", "role": "auditor",
                    "unit_id": app.unit("党政办"),
                });
                call.json(&user).send()
            }
            "change_user" => call.if_match(etag()).json(&json!({"duty": "干事"})).send(),
            "change_password" => {
                let change = json!({"current_password": PASSWORD, "new_password": "short"});
                call.json(&change).send()
            }
            "show_second_factor"
            | "reset_second_factor"
            | "show_own_identity"
            | "unlink_own_identity"
            | "show_identity"
            | "remove_identity"
            | "list_sessions"
            | "list_duties"
            | "list_deputations"
            | "get_deputation"
            | "user_template"
            | "list_workdays"
            | "list_categories" => call.send(),
            "add_category" => {
                let sub = json!({"category": "water", "name": format!("细类{}", fresh())});
                call.json(&sub).send()
            }
            // The program comes with it.
            "change_category" => {
                let path = path.replace("{code}", "irrigation");
                let all = app.by(Staff::Admin).get("/categories").expect(200);
                let call = self.client.call(method, path).if_match(all.etag());
                call.json(&json!({"name": format!("细类{}", fresh())}))
                    .send()
            }
            "declare_workdays" => {
                let free = json!({"from": "2026-03-12", "worked": false, "source": "通知"});
                call.json(&free).send()
            }
            // What was declared before.
            "take_back_workday" => {
                let path = path.replace("{day}", "2026-03-12");
                self.client.call(method, path).send()
            }
            // One of the administrator's own, of whom nobody learns.
            "end_session" => call.send(),
            "name_deputy" => call.json(&deputation(app)).send(),
            "change_deputation" => {
                let patch = json!({"reason": "休假"});
                call.if_match(etag()).json(&patch).send()
            }
            "end_deputation" => call.if_match(etag()).send(),
            "hand_over_duties" => {
                let successor = json!({"successor_id": app.user(Staff::OtherOffice)});
                call.json(&successor).send()
            }
            "import_users" => call.file("名单.xlsx", b"x".to_vec()).send(),
            // There is no provider.
            "link_own_identity" => call.json(&json!({"password": PASSWORD})).send(),
            "enter_identity" => call.json(&json!({"account": "zhangsan"})).send(),
            "start_second_factor" => call.json(&json!({"password": PASSWORD})).send(),
            // Before it was begun.
            "confirm_second_factor" => call.json(&json!({"code": "123456"})).send(),
            "turn_off_second_factor" | "renew_recovery_codes" => {
                let proof = json!({"password": PASSWORD, "code": "123456"});
                call.json(&proof).send()
            }
            "sign_in" => app.sign_in(self.who),
            "refresh_session" => {
                let cookie = self.signed_in().map(|answer| {
                    let cookie = answer.header("set-cookie").split(';').next();
                    cookie.unwrap_or_default().to_owned()
                });
                call.header("cookie", cookie.unwrap_or_default()).send()
            }
            // These end sign-ins: of their own, and last of all.
            "sign_out" | "sign_out_everywhere" => {
                let client = match self.signed_in() {
                    Some(answer) => {
                        let session = answer.json();
                        app.nobody()
                            .with_token(session["access_token"].as_str().unwrap())
                    }
                    None => app.nobody(),
                };
                client.call(method, &path).send()
            }
            operation => unknown(operation),
        }
    }

    /// A sign-in of its own, unless nobody is asking.
    fn signed_in(&self) -> Option<Answer> {
        self.client
            .token()
            .map(|_| self.app.sign_in(self.who).expect(200))
    }
}

/// Carries out a role's column.
fn column(who: Asking, operations: &BTreeMap<String, (String, String)>) -> Vec<(Place, String)> {
    let with = || TestApp::with().env("XINFANG_ROBOT_HOSTS", NOWHERE);
    // Below a county, with another township next door; but the administrator, who looks after the whole
    // installation only where there is no county.
    let below = with().start();
    let alone = (who == Asking::Staff(Staff::Admin)).then(|| with().alone().start());
    let usual = alone.as_ref().unwrap_or(&below);
    let desks = [who.desk(usual), who.desk(&below)];
    // Of administrators it is the county's who makes townships.
    let keeper = (who == Asking::Staff(Staff::Admin)).then(|| Desk {
        client: below.keeper(),
        ..who.desk(&below)
    });
    let mut cells = Vec::new();
    let mut kept: BTreeMap<(&str, Stand, bool), AtHand> = BTreeMap::new();
    // What shows many cases first, while there are few; what ends sign-ins last.
    let mut names: Vec<&String> = operations.keys().collect();
    names.sort_by_key(|name| match (about(name), name.as_str()) {
        (About::Cases, _) => 0,
        (_, "sign_out") => 2,
        (_, "sign_out_everywhere") => 3,
        _ => 1,
    });
    for name in names {
        let request = &operations[name];
        let is_below = matter_of(name) == Some(MatterKind::Escalation);
        let desk = match &keeper {
            Some(keeper) if name == "create_township" => keeper,
            _ => &desks[usize::from(is_below)],
        };
        let relations: &[&'static str] = match about(name) {
            About::Else => &["-"],
            About::Report => &["own", "foreign"],
            About::Visit => &["own", "foreign"],
            _ => &RELATIONS,
        };
        for relation in relations {
            let cell = match about(name) {
                About::Else => {
                    let id = prepare(desk.app, name);
                    desk.other(name, request, &id).status.to_string()
                }
                About::Visit => {
                    let status = desk.visit_request(name, request, relation).status;
                    status.to_string()
                }
                About::Report => match desk.report_request(name, request, relation).status {
                    // Who may, and was told what is missing.
                    200 | 409 | 422 => "ok".to_owned(),
                    status => status.to_string(),
                },
                About::Case(_) if name == "register_case" => {
                    desk.registration(relation).send().status.to_string()
                }
                About::Case(stand) => {
                    let key = (*relation, stand, is_below);
                    let case = kept
                        .remove(&key)
                        .unwrap_or_else(|| desk.case(relation, stand));
                    let status = desk.request(name, request, relation, &case).send().status;
                    // What was refused has changed nothing, what was read neither; but a mediation was
                    // started for it, which the justice office sees, and what was handed over for the
                    // request is still out.
                    let traced = matches!(
                        matter_of(name),
                        Some(MatterKind::Mediation | MatterKind::Referral)
                    );
                    if (status >= 400 || request.0 == "GET") && !traced {
                        kept.insert(key, case);
                    }
                    match status {
                        409 | 422
                            if matter_of(name).is_some() || name.starts_with("make_document") =>
                        {
                            "ok".to_owned()
                        }
                        status => status.to_string(),
                    }
                }
                About::Cases => {
                    let stand = match name.as_str() {
                        "list_backlog_proposals" => Stand::Overdue,
                        _ => Stand::Registered,
                    };
                    let case = kept
                        .entry((*relation, stand, is_below))
                        .or_insert_with(|| desk.case(relation, stand));
                    let answer = desk.asked(name, case, relation);
                    let mark = match answer.status {
                        200 if desk.shows(name, &answer, case) => "+",
                        200 => "-",
                        _ => "",
                    };
                    format!("{}{mark}", answer.status)
                }
            };
            cells.push(((name.clone(), *relation), cell));
        }
    }
    cells
}

fn carry_out() -> Found {
    let app = TestApp::start();
    let operations = operations(&app);
    drop(app);
    let columns: Vec<Asking> = Role::used(false)
        .map(|role| Asking::Staff(role.into()))
        .chain([Asking::County, Asking::Nobody])
        .collect();
    let next = AtomicU32::new(0);
    let mut found = Found::new();
    let workers = 3;
    let done: Vec<(String, Vec<(Place, String)>)> = thread::scope(|scope| {
        let work = || {
            let mut done = Vec::new();
            while let Some(who) = columns.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
                done.push((who.name().to_owned(), column(*who, &operations)));
            }
            done
        };
        let all: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        all.into_iter()
            .flat_map(|worker| worker.join().unwrap())
            .collect()
    });
    for (name, cells) in done {
        for (place, cell) in cells {
            found.entry(place).or_default().insert(name.clone(), cell);
        }
    }
    found
}

fn names() -> Vec<&'static str> {
    Role::ALL
        .iter()
        .map(|role| role.code())
        .chain([NOBODY])
        .collect()
}

const HEAD: &str = "\
# Who may do what: see tests/tests/permissions.rs, which carries it out and can write it anew
# (UPDATE_PERMISSIONS=1). A cell is the status of the answer; + the case is in it, - it is not.
";

fn write(found: &Found) -> String {
    let mut text = HEAD.to_owned();
    let _ = writeln!(text, "operation\trelation\t{}", names().join("\t"));
    for ((operation, relation), cells) in found {
        let cells: Vec<&str> = names().iter().map(|name| cells[*name].as_str()).collect();
        let _ = writeln!(text, "{operation}\t{relation}\t{}", cells.join("\t"));
    }
    text
}

fn read(text: &str) -> BTreeMap<(String, String), BTreeMap<String, String>> {
    let mut lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    let head: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            assert_eq!(cells.len(), head.len(), "{line}");
            let place = (cells[0].to_owned(), cells[1].to_owned());
            let by_name = head.iter().zip(&cells).skip(2);
            (
                place,
                by_name
                    .map(|(name, cell)| ((*name).to_owned(), (*cell).to_owned()))
                    .collect(),
            )
        })
        .collect()
}

#[test]
fn everybody_may_do_what_the_table_says_and_nothing_else() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("permissions.tsv");
    let found = carry_out();
    if std::env::var("UPDATE_PERMISSIONS").is_ok_and(|wanted| wanted == "1") {
        std::fs::write(&file, write(&found)).unwrap();
        return;
    }
    let table = read(&std::fs::read_to_string(&file).unwrap_or_default());
    let mut wrong = Vec::new();
    for ((operation, relation), cells) in &found {
        let Some(line) = table.get(&(operation.clone(), (*relation).to_owned())) else {
            wrong.push(format!("{operation}, {relation}: not in the table"));
            continue;
        };
        for (name, cell) in cells {
            let expected = line.get(name).map_or("nothing", String::as_str);
            if expected != cell {
                wrong.push(format!(
                    "{operation}, {relation}, {name}: expected {expected}, got {cell}"
                ));
            }
        }
    }
    let asked: BTreeSet<(&str, &str)> = found
        .keys()
        .map(|(operation, relation)| (operation.as_str(), *relation))
        .collect();
    for (operation, relation) in table.keys() {
        if !asked.contains(&(operation.as_str(), relation.as_str())) {
            wrong.push(format!(
                "{operation}, {relation}: in the table, but no such operation"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}:\n{}",
        file.display(),
        wrong.join("\n")
    );
}
