//! When each kind of document can be made, what it asks for, and what it says.

use chrono::NaiveDate;
use serde_json::{Map, Value};

use super::model::{Envelope, Paper, chinese_day, printable};
use super::texts::bracketed;
use super::{Dossier, PaperKind};
use crate::case::deadline::ClockKind;
use crate::case::matter::any::Any;
use crate::case::matter::form::check;
use crate::case::matter::mediation::{Agreement, MAX_PROMISES, Mediation};
use crate::case::matter::scene::{MAX_LINE, MAX_TEXT, PersonFact};
use crate::case::matter::{Deed, Field, FieldKind, Matter as _};
use crate::case::state::{EventKind, State};
use crate::case::{Kind, LawfulPath, PersonRole, Procedure};
use crate::ids::{PersonId, UnitId};
use crate::org::UnitKind;
use crate::term::Term;
use crate::terms;
use crate::validate::Errors;

terms! {
    /// How far an answer follows what was asked for (条例第三十二条).
    Stance, "处理结论" {
        /// The facts are clear and the law is for it.
        Support = "support", "予以支持";
        /// Reasonable, but without a basis in law: explained.
        Explain = "explain", "作出解释说明";
        /// Without facts or against the law.
        Refuse = "refuse", "不予支持";
    }
}

terms! {
    /// What a review does with the answer before it.
    Review, "复查复核结论" {
        /// It stands.
        Upheld = "upheld", "维持";
        /// It is changed.
        Changed = "changed", "变更";
        /// It is revoked, to be handled again.
        Revoked = "revoked", "撤销，责令重新办理";
    }
}

impl Stance {
    const fn basis(self) -> &'static str {
        match self {
            Self::Support => {
                "请求事实清楚，符合法律、法规、规章或者其他有关规定，予以支持（《信访工作条例》第三十二条第一项）。"
            }
            Self::Explain => {
                "请求事由合理但缺乏法律依据，作出解释说明（《信访工作条例》第三十二条第二项）。"
            }
            Self::Refuse => {
                "请求缺乏事实根据或者不符合法律、法规、规章或者其他有关规定，不予支持（《信访工作条例》第三十二条第三项）。"
            }
        }
    }
}

/// Why the case allows no such document now, whatever is filled in.
pub fn refuses(kind: PaperKind, dossier: &Dossier<'_>) -> Option<String> {
    use EventKind as E;
    use PaperKind as K;
    let needs = |there: bool, why: &str| (!there).then(|| why.to_owned());
    let had = |kinds: &[E]| dossier.last(kinds).is_some();
    let sent = || {
        let mut matters = dossier.matters.iter();
        matters.any(|matter| matches!(matter, Any::Referral(_)))
    };
    let state = dossier.scene.case.state;
    if matches!(kind, K::Agreement | K::Confirmation | K::HearingNotice) && dossier.sealed() {
        return Some(
            "检举控告依规依纪依法办理，不得让被检举控告的人知道，不出具调解和听证文书（《信访工作条例》第三十条）。"
                .to_owned(),
        );
    }
    let why = match kind {
        K::Receipt => None,
        K::Acceptance => needs(
            had(&[E::Accepted, E::Taken]),
            "还没有受理。先办理“受理”，再出具受理告知书（《信访工作条例》第二十三条）。",
        ),
        K::Refusal => needs(
            had(&[E::Declined]),
            "没有作出不予受理的决定。先办理“不予受理”，写明理由和法定途径（《信访工作条例》第二十三条）。",
        ),
        K::Transfer => needs(
            had(&[E::Transferred, E::HandedOver]) || sent(),
            "没有转送或移交。先办理“转送”或“移交”，再出具转送函（《信访工作条例》第二十二条）。",
        ),
        K::Assignment => needs(
            had(&[E::Dispatched]),
            "没有交办。先办理“交办”确定责任单位，再出具交办函（《信访工作条例》第二十二条）。",
        ),
        K::Extension => needs(
            had(&[E::Extended]),
            "没有批准延期。先由镇领导批准延期，再告知信访人（《信访工作条例》第三十四条）。",
        ),
        K::Answer => needs(
            state == State::Handling || had(&[E::Answered]),
            "还没有开始办理，查明事实后才能出具处理意见书（《信访工作条例》第三十一条）。",
        ),
        K::ReviewAnswer => needs(
            had(&[E::ReviewRequested]),
            "信访人没有申请复查（《信访工作条例》第三十五条）。",
        ),
        K::FinalReviewAnswer => needs(
            had(&[E::FinalReviewRequested]),
            "信访人没有申请复核（《信访工作条例》第三十六条）。",
        ),
        K::Agreement => no_agreement(dossier),
        K::Confirmation => no_confirmation(dossier),
        K::HearingNotice => needs(
            dossier.hearing().is_some(),
            "没有要举行的听证。先办理“组织听证”，确定时间和地点（《信访工作条例》第三十一条）。",
        ),
        K::Order => needs(
            dossier.order().is_some(),
            "没有督办。先办理“下达督办”，确定承办单位和期限。",
        ),
        K::ServiceReturn => needs(
            dossier.scene.papers.iter().any(is_served),
            "还没有要送达的文书。先出具文书，再打印送达回证。",
        ),
    };
    why.or_else(|| {
        let persons = matches!(kind, K::Agreement | K::Confirmation | K::ServiceReturn)
            || kind.goes_to_unit()
            || !addressees(kind, dossier).is_empty();
        needs(
            persons,
            "没有登记可以送交文书的人员（匿名），先在“人员”里登记。",
        )
    })
}

/// Whether the document is one that is served with a return.
fn is_served(paper: &super::PaperFact) -> bool {
    !paper.void && paper.kind != PaperKind::ServiceReturn
}

/// Why there is no agreement to be set down. It is, when there is a written one, and when the parties
/// came to one mind in the last session: they sign what was printed, and then it is written.
fn no_agreement(dossier: &Dossier<'_>) -> Option<String> {
    if agreed(dossier).is_some() {
        return None;
    }
    let oral = dossier.mediation().and_then(Mediation::agreement).is_some();
    Some(
        if oral {
            "双方达成的是口头协议，由调解员记录，没有协议书。需要书面协议的，先办理“制作调解协议书”（《人民调解法》第二十八条、第二十九条）。"
        } else {
            "还没有达成调解协议。调解会意见一致或者登记“达成调解协议”后出具（《人民调解法》第二十八条）。"
        }
        .to_owned(),
    )
}

/// The last mediation with an agreement to be set down.
fn agreed<'d>(dossier: &'d Dossier<'_>) -> Option<&'d Mediation> {
    dossier.matter(|matter| match matter {
        Any::Mediation(mediation) => Some(mediation.as_ref())
            .filter(|mediation| mediation.written().is_some() || mediation.is_of_one_mind()),
        _ => None,
    })
}

/// The last mediation with a written agreement, and that agreement.
fn written<'d>(dossier: &'d Dossier<'_>) -> Option<(&'d Mediation, &'d Agreement)> {
    let mediation = agreed(dossier)?;
    Some((mediation, mediation.written()?))
}

/// Why the parties cannot ask the court to confirm their agreement: what the mediation says, and
/// the time. An application that was made is printed while the court has not decided on it.
fn no_confirmation(dossier: &Dossier<'_>) -> Option<String> {
    let Some((mediation, agreement)) = written(dossier) else {
        let mediation = dossier.mediation();
        let why = mediation.and_then(|m| m.refuses(Deed::MediationApply, dossier.scene));
        return Some(why.unwrap_or_else(|| {
            "还没有达成书面的调解协议，无从申请司法确认（《人民调解法》第三十三条）。".to_owned()
        }));
    };
    if agreement.pending().is_some() {
        return None;
    }
    let (until, limit) = agreement.confirm_by(dossier.scene);
    let why = mediation.refuses(Deed::MediationApply, dossier.scene);
    why.or_else(|| {
        (until < dossier.scene.today).then(|| {
            format!(
                "申请司法确认的期限到{}止，已经过了（{}）。",
                chinese_day(until),
                limit.basis
            )
        })
    })
}

/// The persons that a document may go to: nothing about an accusation goes to another party.
fn addressees<'d>(kind: PaperKind, dossier: &'d Dossier<'_>) -> Vec<&'d PersonFact> {
    let open = !dossier.sealed();
    // A dispute that was found by the staff may have parties only.
    let parties =
        open && (kind == PaperKind::HearingNotice || dossier.scene.case.kind != Kind::Petition);
    let fits = |person: &&PersonFact| match person.role {
        PersonRole::Petitioner | PersonRole::Representative => true,
        PersonRole::OtherParty => parties,
        PersonRole::KeyPerson => false,
    };
    let mut found: Vec<_> = dossier.scene.persons.iter().filter(fits).collect();
    found.sort_by_key(|person| person.role != PersonRole::Petitioner);
    found
}

fn addressee_field(kind: PaperKind, dossier: &Dossier<'_>) -> Field {
    let found = addressees(kind, dossier);
    let choices = found
        .iter()
        .map(|person| crate::case::matter::Choice {
            code: person.id.as_str().to_owned(),
            label: format!("{}（{}）", person.name, person.role.label()),
        })
        .collect();
    let mut field = Field::new("addressee_id", "送交", FieldKind::Choice { choices }).required();
    if let Some(first) = found.first() {
        field = field.value(first.id.as_str());
    }
    let care = dossier
        .scene
        .care(|person| found.iter().any(|p| p.id == person.id));
    match care {
        Some(care) => field.help(format!("联系须知——{care}")),
        None => field,
    }
}

/// The names of those who brought the case.
fn petitioners<'d>(dossier: &'d Dossier<'_>) -> Vec<&'d str> {
    let persons = dossier.scene.persons.iter();
    let brings = |role| matches!(role, PersonRole::Petitioner | PersonRole::Representative);
    persons
        .filter(|person| brings(person.role))
        .map(|person| person.name.as_str())
        .collect()
}

/// What the case is about; of an accusation nothing that names who brought it.
fn summary_field(label: &str, dossier: &Dossier<'_>) -> Field {
    let names = petitioners(dossier);
    let named = dossier.sealed() && names.iter().any(|name| dossier.cause.contains(name));
    let field = Field::long("summary", label, MAX_TEXT).required();
    filled(field, (!named).then_some(dossier.cause))
}

/// The field, beginning with what is known.
fn filled(field: Field, known: Option<&str>) -> Field {
    match known.map(str::trim).filter(|known| !known.is_empty()) {
        Some(known) => field.value(known),
        None => field,
    }
}

fn unit_fields(dossier: &Dossier<'_>, known: Option<String>, outside: bool) -> Vec<Field> {
    let unit = filled(Field::unit("unit_id", "收文单位", &[]), known.as_deref());
    if !outside {
        return vec![unit.required()];
    }
    let handed = dossier
        .last(&[EventKind::HandedOver])
        .and_then(|event| event.data.authority.clone());
    vec![
        unit.help("镇内单位从这里选。"),
        filled(
            Field::text("authority", "镇外机关", MAX_LINE)
                .help("镇外的机关写全称，与上一项只填一个。"),
            handed.as_deref(),
        ),
    ]
}

/// What the maker of a document fills in.
pub fn fields(kind: PaperKind, dossier: &Dossier<'_>) -> Vec<Field> {
    use PaperKind as K;
    let long = |name: &str, label: &str| Field::long(name, label, MAX_TEXT);
    let preset = dossier.texts.preset(kind);
    let mut fields = Vec::new();
    if !kind.goes_to_unit() && !matches!(kind, K::Agreement | K::Confirmation | K::ServiceReturn) {
        fields.push(addressee_field(kind, dossier));
    }
    match kind {
        K::Receipt | K::Acceptance => {}
        K::Refusal => {
            let ground = dossier.last(&[EventKind::Declined]);
            let ground = ground.and_then(|event| event.text.as_deref());
            fields.push(filled(long("reason", "不予受理的理由").required(), ground));
            let guide = long("guide", "怎样走法定途径").required();
            let guide = guide.help("向哪个机关、在什么期限内、怎样提出。");
            fields.push(filled(guide, preset));
        }
        K::Transfer => {
            let event = dossier.last(&[EventKind::Transferred]);
            let unit = event.and_then(|event| event.data.unit.as_ref());
            let unit = unit
                .map(|unit| unit.id.clone())
                .or_else(|| dossier.referred_to());
            fields.extend(unit_fields(dossier, unit, true));
            fields.push(summary_field("主要内容", dossier));
            fields.push(Field::text("attachments", "所附材料", MAX_LINE));
        }
        K::Assignment => {
            let event = dossier.last(&[EventKind::Dispatched]);
            let unit = event.and_then(|event| event.data.unit.as_ref());
            fields.extend(unit_fields(
                dossier,
                unit.map(|unit| unit.id.clone()),
                false,
            ));
            fields.push(summary_field("主要内容", dossier));
            fields.push(filled(
                Field::date("due_on", "办结并反馈的期限").required(),
                handling_due(dossier).map(|day| day.to_string()).as_deref(),
            ));
            fields.push(filled(long("demand", "办理要求").required(), preset));
        }
        K::Extension => {
            let ground = dossier.last(&[EventKind::Extended]);
            let ground = ground.and_then(|event| event.text.as_deref());
            fields.push(filled(long("reason", "延期理由").required(), ground));
        }
        K::Answer => {
            let demand = dossier.demand.unwrap_or(dossier.cause);
            fields.push(long("demand", "投诉请求").required().value(demand));
            fields.push(filled(
                long("facts", "事实和理由")
                    .required()
                    .help("查明的事实和证据。"),
                dossier.handling,
            ));
            let basis = long("basis", "法律法规依据").required();
            let basis = basis.help("写明名称和条款（《信访工作条例》第三十二条）。");
            fields.push(filled(basis, preset));
            fields.push(Field::choice::<Stance>("stance", "处理结论").required());
            let answered = dossier.last(&[EventKind::Answered]);
            let answered = answered.and_then(|event| event.text.as_deref());
            fields.push(filled(long("opinion", "处理意见").required(), answered));
            fields.push(reviewer(dossier, "复查机关"));
        }
        K::ReviewAnswer | K::FinalReviewAnswer => {
            fields.push(
                long("request", "申请人的请求和理由")
                    .required()
                    .value(dossier.demand.unwrap_or(dossier.cause)),
            );
            fields.push(long("facts", "查明的事实").required());
            fields.push(filled(long("basis", "法律法规依据").required(), preset));
            fields.push(Field::choice::<Review>("review", "结论").required());
            let answered =
                dossier.last(&[EventKind::ReviewAnswered, EventKind::FinalReviewAnswered]);
            let answered = answered.and_then(|event| event.text.as_deref());
            fields.push(filled(long("opinion", "意见").required(), answered));
            if kind == K::ReviewAnswer {
                fields.push(reviewer(dossier, "复核机关"));
            }
        }
        K::Agreement => fields.extend(agreement_fields(dossier)),
        K::Confirmation => {
            fields.push(parties_field(dossier));
            let written = written(dossier);
            let applied = written.and_then(|(_, agreement)| agreement.pending());
            let court = Field::text("court", "人民法院", MAX_LINE).required();
            let court = court.help("调解组织所在地的基层人民法院或人民法庭，写全称。");
            let known = applied.map(|application| application.court.name.as_str());
            fields.push(filled(court, known.or(Some(&dossier.texts.court))));
            let facts = written.map(|(mediation, agreement)| {
                format!(
                    "申请人之间的下列争议经{}主持调解：{}\n双方自愿达成协议，调解协议书于{}生效。协议内容：{}",
                    committee(dossier, mediation),
                    mediation.dispute,
                    chinese_day(agreement.on),
                    agreement.content
                )
            });
            fields.push(filled(
                long("facts", "事实和理由").required(),
                facts.as_deref(),
            ));
        }
        K::HearingNotice => fields.extend(hearing_fields(dossier)),
        K::Order => {
            let order = dossier.order();
            let unit = order.map(|order| order.unit.id.clone());
            fields.extend(unit_fields(dossier, unit, false));
            fields.push(summary_field("督办事项", dossier));
            fields.push(filled(
                long("demand", "办理要求").required(),
                order.map(|order| order.demand.as_str()),
            ));
            let due = order.map(|order| order.deadline.to_string());
            fields.push(filled(
                Field::date("due_on", "反馈期限").required(),
                due.as_deref(),
            ));
        }
        K::ServiceReturn => {
            let made = dossier.scene.papers.iter().filter(|paper| is_served(paper));
            let choices = made
                .map(|paper| crate::case::matter::Choice {
                    code: paper.id.clone(),
                    label: paper.label(),
                })
                .collect();
            let choice = FieldKind::Choice { choices };
            fields.push(Field::new("paper_id", "送达的文书", choice).required());
        }
    }
    let on = Field::date("on", "文书日期").help("不填为今天；补录填文书上的日期。");
    let known = known_day(kind, dossier).map(|day| day.to_string());
    fields.push(filled(on, known.as_deref()));
    fields
}

fn reviewer(dossier: &Dossier<'_>, label: &str) -> Field {
    let field = Field::text("reviewer", label, MAX_LINE)
        .required()
        .help("原办理机关的上一级机关，写全称。");
    let above = match dossier.texts.superior.as_str() {
        "" => dossier.superior.map(government),
        named => Some(named.to_owned()),
    };
    filled(field, above.as_deref())
}

/// The day that a document bears, where what it is about has one.
fn known_day(kind: PaperKind, dossier: &Dossier<'_>) -> Option<NaiveDate> {
    match kind {
        PaperKind::Agreement => Some(written(dossier)?.1.on),
        PaperKind::Confirmation => Some(written(dossier)?.1.pending()?.on),
        PaperKind::HearingNotice => dossier.hearing()?.noticed_on(),
        _ => None,
    }
}

fn parties_field(dossier: &Dossier<'_>) -> Field {
    let persons = dossier.scene.persons.iter();
    let mediation = agreed(dossier);
    let takes_part = |person: &&PersonFact| match mediation {
        Some(mediation) => mediation.parties().any(|p| p.id == person.id.as_str()),
        None => person.role != PersonRole::KeyPerson,
    };
    let ids: Vec<&str> = persons
        .filter(takes_part)
        .map(|person| person.id.as_str())
        .collect();
    Field::new("parties", "当事人", FieldKind::Persons)
        .required()
        .value(ids.join(","))
        .help("至少两方。")
}

/// The committee's full name, as its seal has it.
fn committee(dossier: &Dossier<'_>, mediation: &Mediation) -> String {
    let id = UnitId::from(mediation.committee.id.as_str());
    let unit = dossier.scene.people.unit(&id);
    // The justice office leads the township's own committee.
    let name = match unit {
        Some(unit) if unit.kind == UnitKind::JusticeOffice => dossier.township,
        _ => mediation.committee.name.as_str(),
    };
    format!("{name}人民调解委员会")
}

fn agreement_fields(dossier: &Dossier<'_>) -> Vec<Field> {
    let mediation = agreed(dossier);
    let agreement = mediation.and_then(Mediation::written);
    let item = vec![
        Field::text("what", "履行内容", MAX_LINE).required(),
        Field::text("who", "履行人", MAX_LINE).required(),
        Field::date("due_on", "履行期限").required(),
        Field::text("how", "履行方式", MAX_LINE),
    ];
    let items = Field::rows("items", "履行事项", item, 1, MAX_PROMISES)
        .help("履行的方式、期限（《人民调解法》第二十九条）。");
    let promises = agreement.map(promises);
    let facts = agreement.map(|agreement| {
        let parts = [&agreement.facts, &agreement.duties];
        let parts: Vec<&str> = parts
            .into_iter()
            .filter_map(|part| part.as_deref())
            .collect();
        parts.join("\n")
    });
    let facts = facts.or_else(|| mediation.map(|mediation| mediation.dispute.clone()));
    let committee = mediation.map(|mediation| committee(dossier, mediation));
    let mediators = mediation.map(|mediation| {
        let mediators = agreement.map_or(&mediation.mediators, |agreement| &agreement.mediators);
        let names = mediators.iter().map(|mediator| mediator.name.as_str());
        names.collect::<Vec<_>>().join("、")
    });
    vec![
        parties_field(dossier),
        filled(
            Field::text("committee", "调解委员会", MAX_LINE).required(),
            committee.as_deref(),
        ),
        filled(
            Field::text("mediators", "人民调解员", MAX_LINE).required(),
            mediators.as_deref(),
        ),
        filled(
            Field::long("facts", "纠纷事实、争议事项和各方责任", MAX_TEXT)
                .required()
                .help("《人民调解法》第二十九条。"),
            facts.as_deref(),
        ),
        filled(
            Field::long("terms", "协议内容", MAX_TEXT).required(),
            agreement.map(|agreement| agreement.content.as_str()),
        ),
        filled(items, promises.as_deref()),
    ]
}

/// What was promised, as the rows of a form.
fn promises(agreement: &Agreement) -> String {
    let rows = agreement.promises.iter().map(|promise| {
        let amount = promise.amount.map(|amount| format!("（{amount}元）"));
        serde_json::json!({
            "what": format!("{}{}", promise.what, amount.unwrap_or_default()),
            "who": promise.by.name,
            "due_on": promise.due_on,
            "how": promise.manner,
        })
    });
    Value::Array(rows.collect()).to_string()
}

/// Day, time, place and panel are as they were planned: to change them, it is planned anew.
fn hearing_fields(dossier: &Dossier<'_>) -> Vec<Field> {
    let subject = dossier.hearing().map(|hearing| hearing.subject.as_str());
    let matter = Field::long("matter", "听证事项", MAX_TEXT).required();
    vec![filled(matter, subject)]
}

fn handling_due(dossier: &Dossier<'_>) -> Option<NaiveDate> {
    let handling = |kind| matches!(kind, ClockKind::Handling | ClockKind::SimpleAnswer);
    let clock = dossier.scene.clocks.iter().rfind(|c| handling(c.kind))?;
    Some(clock.due)
}

/// What is filled in, being read.
struct Given<'a> {
    input: &'a Map<String, Value>,
}

impl Given<'_> {
    fn text(&self, name: &str) -> &str {
        self.input
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or("")
            .trim()
    }

    fn date(&self, name: &str) -> Option<NaiveDate> {
        self.text(name).parse().ok()
    }
}

/// The organ's name: a township's documents are its government's.
pub(super) fn government(name: &str) -> String {
    if name.ends_with(['镇', '乡', '县', '区', '市']) {
        format!("{name}人民政府")
    } else {
        name.to_owned()
    }
}

/// A document being written.
struct Draft<'d, 'a> {
    dossier: &'d Dossier<'a>,
    given: Given<'d>,
    errors: Errors,
    paper: Paper,
    person: Option<PersonFact>,
}

/// Writes a document from what is filled in. `number` is not given yet when the input is only
/// checked.
///
/// # Errors
/// What is wrong with each field.
pub fn compose(
    kind: PaperKind,
    input: &Map<String, Value>,
    dossier: &Dossier<'_>,
) -> Result<(Paper, NaiveDate, Option<PersonId>), Errors> {
    let declared = fields(kind, dossier);
    let mut errors = check(&declared, input);
    for name in input.keys() {
        if !declared.iter().any(|field| field.name == *name) {
            errors.add(name, "unknown", format!("{}没有这一项。", kind.label()));
        }
    }
    let given = Given { input };
    let on = dossier
        .scene
        .day(&mut errors, given.date("on"), dossier.scene.received_on);
    let issuer = dossier.texts.issuer_of(dossier.township);
    let mut draft = Draft {
        dossier,
        given,
        errors,
        paper: Paper {
            kind,
            issuer: issuer.clone(),
            title: format!("信访事项{}", kind.label()),
            number: String::new(),
            addressee: None,
            blocks: Vec::new(),
            signer: Some(issuer),
            date: chinese_day(on),
            notes: Vec::new(),
            envelope: None,
        },
        person: None,
    };
    draft.write(kind, on);
    let Draft {
        errors,
        paper,
        person,
        ..
    } = draft;
    if errors.is_empty() {
        Ok((paper, on, person.map(|person| person.id)))
    } else {
        Err(errors)
    }
}

impl Draft<'_, '_> {
    fn write(&mut self, kind: PaperKind, on: NaiveDate) {
        use PaperKind as K;
        if self.dossier.scene.case.kind != Kind::Petition {
            self.paper.title = format!("{}事项{}", "矛盾纠纷", kind.label());
        }
        match kind {
            K::Receipt => self.receipt(),
            K::Acceptance => self.acceptance(),
            K::Refusal => self.refusal(),
            K::Transfer => self.transfer(),
            K::Assignment => self.assignment(on),
            K::Extension => self.extension(),
            K::Answer => self.answer(),
            K::ReviewAnswer => self.review(),
            K::FinalReviewAnswer => self.final_review(),
            K::Agreement => self.agreement(on),
            K::Confirmation => self.confirmation(on),
            K::HearingNotice => self.hearing(on),
            K::Order => self.order(on),
            K::ServiceReturn => self.service_return(),
        }
        let notes = self.dossier.texts.notes(kind).into_iter();
        self.paper.notes = notes.map(|note| bracketed(&note)).collect();
    }

    fn limit(&self, clock: ClockKind) -> String {
        let limit = self.dossier.scene.profile.limit(clock);
        format!("{}{}", limit.amount, limit.unit.label())
    }

    /// Addresses the document to the person chosen, with a cover that says no more than it may.
    fn address_person(&mut self) {
        let id = PersonId::from(self.given.text("addressee_id"));
        let found = self.dossier.scene.persons.iter().find(|p| p.id == id);
        if let Some(person) = found {
            self.paper.addressee = Some(person.name.clone());
            self.cover(person);
            self.person = Some(person.clone());
        }
    }

    fn cover(&mut self, person: &PersonFact) {
        let subject = if person.care.neutral {
            "函件（请本人拆启）".to_owned()
        } else {
            self.paper.title.clone()
        };
        self.paper.envelope = Some(Envelope {
            to: person.name.clone(),
            address: person.address.clone().unwrap_or_default(),
            subject,
            from: self.paper.issuer.clone(),
        });
    }

    /// Addresses the document to a unit of the township or to an authority outside; never to those
    /// whom an accusation is about (条例第三十条).
    fn address_unit(&mut self, outside: bool) {
        let unit = self.given.text("unit_id").to_owned();
        let authority = printable(self.given.text("authority"));
        let to = match (unit.is_empty(), authority.is_empty()) {
            (false, true) => {
                let id = UnitId::from(unit.as_str());
                let scene = self.dossier.scene;
                scene
                    .unit(&mut self.errors, "unit_id", Some(&id), |_| true, "收文单位")
                    .map(|unit| unit.name)
            }
            (true, false) => {
                let accused = &self.dossier.accused;
                if accused.iter().any(|name| authority.contains(name.as_str())) {
                    self.errors.add(
                        "authority",
                        "accused",
                        "不得将检举控告材料转给被检举控告的人员和单位（《信访工作条例》第三十条）。",
                    );
                }
                Some(authority)
            }
            _ => {
                // Without the second field, the declaration has told already.
                if outside {
                    let message = "收文单位和镇外机关填一个，也只填一个。";
                    self.errors.add("unit_id", "required", message);
                }
                None
            }
        };
        self.paper.addressee = to;
    }

    /// What the case is, as a document calls it.
    fn matter(&self) -> String {
        let dossier = self.dossier;
        let day = chinese_day(dossier.scene.received_on);
        format!("您于{day}反映的事项（编号：{}）", dossier.number)
    }

    fn receipt(&mut self) {
        self.address_person();
        let dossier = self.dossier;
        let day = chinese_day(dossier.scene.received_on);
        self.paper.say(&format!(
            "您于{day}通过{}反映的事项，本机关已经登记，编号为{}。现将有关情况告知如下：",
            dossier.channel.label(),
            dossier.number
        ));
        self.paper.facts(vec![
            ("反映的主要事项", dossier.cause.to_owned()),
            ("登记单位", dossier.office.to_owned()),
            ("首问责任人", dossier.first_receiver.to_owned()),
        ]);
        let acceptance = [ClockKind::Acceptance, ClockKind::SimpleAcceptance];
        let clocks = dossier.scene.clocks.iter();
        if let Some(clock) = clocks.rev().find(|clock| acceptance.contains(&clock.kind)) {
            let due = chinese_day(clock.due);
            let words = format!(
                "最迟在{due}，您会收到是否受理的书面告知（{}）。",
                clock.basis
            );
            self.paper.say(&words);
        }
        self.paper.say(&format!(
            "受理的事项，自受理之日起{}内办结并书面答复；情况复杂的，经批准可以延期一次，最多{}，延期会告知您理由（《信访工作条例》第三十四条）。",
            self.limit(ClockKind::Handling),
            self.limit(ClockKind::Extension),
        ));
        self.paper
            .say("您可以凭本回执编号向登记单位或首问责任人查询办理进展。");
        self.paper.sign(["信访人签收："]);
    }

    fn acceptance(&mut self) {
        self.address_person();
        let dossier = self.dossier;
        let accepted = dossier.last(&[EventKind::Accepted, EventKind::Taken]);
        let day = accepted.map_or(dossier.scene.received_on, |event| event.on);
        self.paper.say(&format!(
            "{}，经审查属于本机关职权范围，根据《信访工作条例》第二十三条的规定，决定自{}起予以受理。",
            self.matter(),
            chinese_day(day)
        ));
        let unit = dossier
            .unit
            .as_ref()
            .map_or(dossier.township, |unit| unit.name.as_str());
        let (limit, basis) = if dossier.procedure == Procedure::Simple {
            (ClockKind::SimpleAnswer, "《信访事项简易办理办法》")
        } else {
            (ClockKind::Handling, "《信访工作条例》第三十四条")
        };
        let until = handling_due(dossier)
            .map(|day| format!("，即{}前", chinese_day(day)))
            .unwrap_or_default();
        self.paper.say(&format!(
            "本事项由{unit}办理，自受理之日起{}内{until}书面答复您（{basis}）。情况复杂的，经本机关负责人批准可以适当延长办理期限，延长不超过{}，并告知您延期理由（《信访工作条例》第三十四条）。",
            self.limit(limit),
            self.limit(ClockKind::Extension),
        ));
        self.paper
            .say("办理期间，您可以向办理单位了解进展，补充证据材料。");
        self.paper.say("特此告知。");
    }

    fn refusal(&mut self) {
        self.address_person();
        let reason = self.given.text("reason").to_owned();
        let guide = self.given.text("guide").to_owned();
        let path = self.dossier.path;
        let basis = if path == Some(LawfulPath::AlreadyFinal) {
            "第三十六条"
        } else {
            "第二十三条、第三十一条"
        };
        self.paper.say(&format!(
            "{}，经审查，根据《信访工作条例》{basis}的规定，决定不予受理。",
            self.matter()
        ));
        self.paper.under("理由", &reason);
        if let Some(path) = path.filter(|path| *path != LawfulPath::AlreadyFinal) {
            let words = format!("您可以依照法定程序，通过“{}”提出。", path.label());
            self.paper.under("您可以走的法定途径", &words);
            self.paper.say(&guide);
        } else {
            self.paper.under("说明", &guide);
        }
        self.paper.say("特此告知。");
    }

    /// The case in a table, for a unit.
    fn case_table(&mut self, summary: &str) {
        let rows = self.case_rows(summary);
        self.paper.facts(rows);
    }

    /// What the table says. Who brought an accusation stays unnamed.
    fn case_rows(&mut self, summary: &str) -> Vec<(&'static str, String)> {
        let dossier = self.dossier;
        let sealed = dossier.sealed();
        let names = petitioners(dossier);
        if sealed {
            for field in ["summary", "demand", "attachments"] {
                let text = self.given.text(field);
                if names.iter().any(|name| text.contains(name)) {
                    let message = "检举控告的文书不写信访人姓名，请改用“信访人”（《信访工作条例》第三十条）。";
                    self.errors.add(field, "names_petitioner", message);
                }
            }
        }
        let who = if sealed {
            "依法保密，由登记人按规定另行移交".to_owned()
        } else if names.is_empty() {
            "未留姓名".to_owned()
        } else {
            names.join("、")
        };
        let mut rows = vec![
            ("事项编号", dossier.number.to_owned()),
            ("信访人", who),
            ("收到日期", chinese_day(dossier.scene.received_on)),
            ("主要内容", summary.to_owned()),
        ];
        // Who gets the case is to mind it, too.
        let care = dossier.scene.care(|person| person.role.brings_the_case());
        if let Some(care) = care.filter(|_| !sealed) {
            rows.push(("联系须知", care));
        }
        rows
    }

    fn transfer(&mut self) {
        self.address_unit(true);
        let summary = self.given.text("summary").to_owned();
        let attachments = printable(self.given.text("attachments"));
        if self.dossier.sealed() {
            self.paper.say(
                "现将一件检举控告类信访事项转送你单位，请按照管理权限依规依纪依法接收、受理、办理和反馈（《信访工作条例》第二十二条、第三十条）。",
            );
            self.case_table(&summary);
            self.paper.say(
                "不得将检举、揭发材料以及有关情况透露或者转给被检举、揭发的人员或者单位（《信访工作条例》第三十条）。",
            );
        } else {
            self.paper.say(
                "根据《信访工作条例》第二十二条、第二十三条的规定，现将下列信访事项转送你单位，请依法办理。",
            );
            self.case_table(&summary);
            self.paper.say(&format!(
                "属于你单位职权范围的，请自收到之日起{}内书面告知信访人接收情况以及处理途径和程序；不属于的，请自收到之日起{}内提出异议并详细说明理由，经核实同意后交还相关材料（《信访工作条例》第二十三条）。转送不重新计算受理期限。",
                self.limit(ClockKind::Acceptance),
                self.limit(ClockKind::TransferObjection),
            ));
        }
        if !attachments.is_empty() {
            self.paper.say(&format!("附件：{attachments}"));
        }
        self.paper.sign(["收文单位签收人：", "签收日期："]);
    }

    fn due_on(&mut self, on: NaiveDate) -> String {
        let due = self.given.date("due_on");
        if due.is_some_and(|due| due < on) {
            let message = "期限不能早于文书日期。";
            self.errors.add("due_on", "too_early", message);
        }
        due.map(chinese_day).unwrap_or_default()
    }

    fn assignment(&mut self, on: NaiveDate) {
        self.address_unit(false);
        let due = self.due_on(on);
        let summary = self.given.text("summary").to_owned();
        let demand = self.given.text("demand").to_owned();
        self.paper
            .say("根据《信访工作条例》第二十二条的规定，现将下列信访事项交你单位办理。");
        self.case_table(&summary);
        self.paper.under("办理要求", &demand);
        self.paper.say(&format!(
            "请查明事实、分清责任，依法按政策及时就地解决，于{due}前办结，反馈办理结果并提交办结报告。确需延期的，应在期限届满前报请批准（《信访工作条例》第二十二条、第三十四条）。",
        ));
        if self.dossier.sealed() {
            self.paper.say("不得将检举、揭发材料以及有关情况透露或者转给被检举、揭发的人员或者单位（《信访工作条例》第三十条）。");
        }
        self.paper.sign(["承办单位签收人：", "签收日期："]);
    }

    fn extension(&mut self) {
        self.address_person();
        let reason = self.given.text("reason").to_owned();
        let event = self.dossier.last(&[EventKind::Extended]);
        let days = event.and_then(|event| event.data.days).unwrap_or(0);
        let until = handling_due(self.dossier)
            .map(|day| format!("，延长至{}", chinese_day(day)))
            .unwrap_or_default();
        self.paper.say(&format!(
            "{}，因情况复杂，不能在规定期限内办结。根据《信访工作条例》第三十四条的规定，经本机关负责人批准，办理期限延长{days}日{until}。",
            self.matter()
        ));
        self.paper.under("延期理由", &reason);
        self.paper.say("本事项的办理期限只延长这一次。特此告知。");
    }

    fn answer(&mut self) {
        self.address_person();
        let text = |name: &str| self.given.text(name).to_owned();
        let (demand, facts, basis) = (text("demand"), text("facts"), text("basis"));
        let (opinion, reviewer) = (text("opinion"), printable(&text("reviewer")));
        let stance = Stance::from_code(&text("stance"));
        self.paper.say(&format!(
            "{}，本机关已经办理完毕，现提出处理意见如下。",
            self.matter()
        ));
        self.paper.under("一、投诉请求", &demand);
        self.paper.under("二、事实和理由", &facts);
        self.paper.under("三、法律法规依据", &basis);
        let stance = stance.map_or("", Stance::basis);
        self.paper
            .under("四、处理意见", &format!("{stance}\n{opinion}"));
        let days = self.limit(ClockKind::ReviewRequest);
        self.paper.under(
            "五、不服本意见的途径和期限",
            &format!(
                "对本处理意见不服的，可以自收到本处理意见书之日起{days}内，请求原办理机关的上一级机关（{reviewer}）复查（《信访工作条例》第三十五条）。请求复查应当书面提出，写明请求、事实和理由，并附本处理意见书。",
            ),
        );
    }

    fn review_parts(&mut self, what: &str) {
        let text = |name: &str| self.given.text(name).to_owned();
        let (request, facts, basis) = (text("request"), text("facts"), text("basis"));
        let opinion = text("opinion");
        let review = Review::from_code(&text("review")).map_or("", Review::label);
        self.paper.under("一、请求和理由", &request);
        self.paper.under("二、查明的事实", &facts);
        self.paper.under("三、法律法规依据", &basis);
        self.paper.under(
            &format!("四、{what}意见"),
            &format!("{review}原意见。\n{opinion}"),
        );
    }

    fn requested(&self, kind: EventKind) -> String {
        let event = self.dossier.last(&[kind]);
        event.map_or_else(String::new, |event| format!("于{}", chinese_day(event.on)))
    }

    fn review(&mut self) {
        self.address_person();
        let reviewer = printable(self.given.text("reviewer"));
        self.paper.say(&format!(
            "您不服对编号{}事项的处理意见，{}请求复查。本机关根据《信访工作条例》第三十五条的规定进行了复查，现提出复查意见如下。",
            self.dossier.number,
            self.requested(EventKind::ReviewRequested),
        ));
        self.review_parts("复查");
        let days = self.limit(ClockKind::FinalReviewRequest);
        self.paper.under(
            "五、不服本意见的途径和期限",
            &format!(
                "对本复查意见不服的，可以自收到本复查意见书之日起{days}内，向复查机关的上一级机关（{reviewer}）请求复核（《信访工作条例》第三十六条）。",
            ),
        );
    }

    fn final_review(&mut self) {
        self.address_person();
        self.paper.say(&format!(
            "您不服对编号{}事项的复查意见，{}请求复核。本机关根据《信访工作条例》第三十六条的规定进行了复核，现提出复核意见如下。",
            self.dossier.number,
            self.requested(EventKind::FinalReviewRequested),
        ));
        self.review_parts("复核");
        self.paper.under(
            "五、终结告知",
            "本复核意见是本信访事项的终结意见。对复核意见不服，仍然以同一事实和理由提出投诉请求的，各级党委和政府信访部门和其他机关、单位不再受理（《信访工作条例》第三十六条）。",
        );
    }

    /// The parties chosen; at least two.
    fn parties(&mut self) -> Vec<PersonFact> {
        let chosen = self.given.input.get("parties").and_then(Value::as_array);
        let ids: Vec<&str> = chosen
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let scene = self.dossier.scene;
        let persons = scene.persons.iter();
        let parties: Vec<PersonFact> = persons
            .filter(|person| ids.contains(&person.id.as_str()))
            .cloned()
            .collect();
        if parties.len() < ids.len() {
            let message = "请从本事项的人员中选择。";
            self.errors.add("parties", "unknown", message);
        } else if !ids.is_empty() && parties.len() < 2 {
            let message = "至少要有两方当事人（《人民调解法》第二十九条）。";
            self.errors.add("parties", "too_few", message);
        }
        parties
    }

    fn party_table(&mut self, parties: &[PersonFact]) {
        let head = ["当事人", "公民身份号码", "住址", "联系电话"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        // Numbers are written in by hand: a document shows none in full that nobody asked to see.
        rows.extend(parties.iter().map(|person| {
            // The other side reads it, too: who is to be reached with care is asked first.
            let address = person.address.clone().filter(|_| person.care.is_empty());
            let address = address.unwrap_or_default();
            vec![person.name.clone(), String::new(), address, String::new()]
        }));
        self.paper
            .blocks
            .push(super::Block::Table { head: true, rows });
    }

    fn agreement(&mut self, on: NaiveDate) {
        self.paper.title = PaperKind::Agreement.label().to_owned();
        let parties = self.parties();
        let committee = printable(self.given.text("committee"));
        let mediators = printable(self.given.text("mediators"));
        let (facts, terms) = (
            self.given.text("facts").to_owned(),
            self.given.text("terms").to_owned(),
        );
        self.paper.issuer.clone_from(&committee);
        self.paper.signer = Some(committee.clone());
        self.party_table(&parties);
        self.paper
            .under("一、纠纷的主要事实、争议事项和各方当事人的责任", &facts);
        self.paper.under(
            "二、协议内容",
            &format!("经{committee}调解，双方自愿达成如下协议：\n{terms}"),
        );
        self.paper.under("三、履行的方式和期限", "各方按下表履行：");
        let head = ["履行内容", "履行人", "履行期限", "履行方式"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        let items = self.given.input.get("items").and_then(Value::as_array);
        for (order, item) in items.into_iter().flatten().enumerate() {
            let Some(item) = item.as_object() else {
                continue;
            };
            let line = Given { input: item };
            let due = line.date("due_on");
            if due.is_some_and(|due| due < on) {
                let field = format!("items.{order}.due_on");
                let message = "履行期限不能早于协议日期。";
                self.errors.add(field, "too_early", message);
            }
            rows.push(vec![
                printable(line.text("what")),
                printable(line.text("who")),
                due.map(chinese_day).unwrap_or_default(),
                printable(line.text("how")),
            ]);
        }
        self.paper
            .blocks
            .push(super::Block::Table { head: true, rows });
        let days = self.limit(ClockKind::Confirmation);
        self.paper.under(
            "四、效力和权利告知",
            &format!(
                "本协议自各方当事人签名、盖章或者按指印，人民调解员签名并加盖人民调解委员会印章之日起生效（《人民调解法》第二十九条）；具有法律约束力，当事人应当按照约定履行（第三十一条）。就协议的履行或者内容发生争议的，一方当事人可以向人民法院提起诉讼（第三十二条）。双方认为有必要的，可以自协议生效之日起{days}内共同向人民法院申请司法确认（第三十三条）。\n本协议书由各方当事人各执一份，人民调解委员会留存一份。",
            ),
        );
        let signers = parties
            .iter()
            .map(|person| format!("当事人（签名、盖章或者按指印）{}：", person.name));
        let mediators = std::iter::once(format!("人民调解员（签名）{mediators}："));
        self.paper.sign(signers.chain(mediators));
    }

    fn confirmation(&mut self, on: NaiveDate) {
        self.paper.title = PaperKind::Confirmation.label().to_owned();
        let parties = self.parties();
        let court = printable(self.given.text("court"));
        let facts = self.given.text("facts").to_owned();
        self.paper.issuer = String::new();
        self.paper.signer = None;
        self.paper.addressee = Some(court);
        self.party_table(&parties);
        self.paper.under(
            "请求事项",
            "依法确认申请人之间达成的人民调解协议有效（《人民调解法》第三十三条）。",
        );
        self.paper.under("事实和理由", &facts);
        if let Some((_, agreement)) = written(self.dossier) {
            let (until, limit) = agreement.confirm_by(self.dossier.scene);
            if on > until {
                let message = format!(
                    "申请司法确认的最后一天是{}（{}）。",
                    chinese_day(until),
                    limit.basis
                );
                self.errors.add("on", "too_late", message);
            }
            self.paper.say(&format!(
                "调解协议于{}生效，申请人在{}内（最后一天为{}）共同提出本申请。",
                chinese_day(agreement.on),
                self.limit(ClockKind::Confirmation),
                chinese_day(until)
            ));
        }
        self.paper.under(
            "承诺",
            "申请人出于解决纠纷的目的自愿达成协议，没有恶意串通、规避法律的行为；如果因为该协议内容而给他人造成损害的，愿意承担相应的民事责任和其他法律责任。",
        );
        self.paper.say("附：人民调解协议书、申请人身份证明。");
        let signers = parties
            .iter()
            .map(|person| format!("申请人（签名、盖章或者按指印）{}：", person.name));
        self.paper.sign(signers);
    }

    fn hearing(&mut self, on: NaiveDate) {
        self.address_person();
        let matter = self.given.text("matter").to_owned();
        let Some(hearing) = self.dossier.hearing() else {
            return;
        };
        if let Some(late) = hearing.late_notice(on) {
            self.errors.add("on", "too_late", late);
        }
        self.paper.say(&format!(
            "编号{}的事项属于重大、复杂、疑难的信访事项，根据《信访工作条例》第三十一条的规定，本机关决定举行听证，请您参加。",
            self.dossier.number
        ));
        let panel = |chair: bool| {
            let members = hearing.panel.iter().filter(|member| member.chair == chair);
            let members = members.map(|member| format!("{}（{}）", member.name, member.post));
            members.collect::<Vec<_>>().join("、")
        };
        let open = if hearing.public {
            "公开举行"
        } else {
            "不公开举行"
        };
        self.paper.facts(vec![
            ("听证事项", matter),
            (
                "时间",
                format!("{} {}", chinese_day(hearing.held_on), hearing.time),
            ),
            ("地点", hearing.place.clone()),
            ("方式", open.to_owned()),
            ("主持人", panel(true)),
            ("听证员", panel(false)),
        ]);
        self.paper.say("请携带本通知和身份证明按时到场。您可以委托代理人参加，可以陈述事实和理由、提交证据、向对方质询；认为主持人、听证员与本事项有利害关系的，可以申请其回避。");
        self.paper
            .say("无正当理由不到场的，视为放弃听证的权利，不影响对事项的办理。");
    }

    fn order(&mut self, on: NaiveDate) {
        self.address_unit(false);
        let due = self.due_on(on);
        let summary = self.given.text("summary").to_owned();
        let demand = self.given.text("demand").to_owned();
        self.paper
            .say("下列信访事项由你单位承办，现予督办，请按要求办理并按期反馈。");
        let mut rows = self.case_rows(&summary);
        if let Some(order) = self.dossier.order() {
            let number = order.number.as_deref();
            let number = number.map(|number| format!("（{number}）"));
            let source = format!("{}{}", order.giver(), number.unwrap_or_default());
            rows.push(("督办来源", source));
            rows.push(("督办方式", order.form.label().to_owned()));
        }
        rows.push(("反馈期限", due.clone()));
        self.paper.facts(rows);
        self.paper.under("办理要求", &demand);
        self.paper.say(&format!(
            "请于{due}前书面反馈办理情况。推诿、敷衍、拖延、弄虚作假或者拒不执行处理意见的，依照《信访工作条例》关于监督和追责的规定提出改进工作、完善政策、追究责任的建议。",
        ));
        if self.dossier.sealed() {
            self.paper.say("不得将检举、揭发材料以及有关情况透露或者转给被检举、揭发的人员或者单位（《信访工作条例》第三十条）。");
        }
        self.paper.facts(vec![
            ("承办单位签收", String::new()),
            ("办理情况反馈", String::new()),
            ("督办意见", String::new()),
        ]);
    }

    fn service_return(&mut self) {
        self.paper.title = PaperKind::ServiceReturn.label().to_owned();
        let id = self.given.text("paper_id");
        let scene = self.dossier.scene;
        let Some(paper) = scene.papers.iter().find(|paper| paper.id == id) else {
            return;
        };
        let person = paper.person_id.as_ref();
        let person = person.and_then(|id| scene.persons.iter().find(|p| p.id == *id));
        let mut ways = vec![
            "□直接送达",
            "□邮寄送达",
            "□留置送达",
            "□公告送达",
            "□委托送达",
        ];
        if !person.is_some_and(|person| person.care.do_not_call) {
            ways.push("□电子送达");
        }
        let ways: Vec<String> = ways.chunks(3).map(|ways| ways.join("  ")).collect();
        let name = paper.addressee.clone().unwrap_or_default();
        let address = person.and_then(|person| person.address.clone());
        let care = person.and_then(|person| person.care.line());
        let care = care.map(|line| format!("联系须知：{line}"));
        self.paper.facts(vec![
            ("事项编号", self.dossier.number.to_owned()),
            ("文书名称和文号", paper.label()),
            ("受送达人", name),
            ("送达地址", address.unwrap_or_default()),
            ("送达方式", ways.join("\n")),
            ("送达时间", "      年    月    日    时".to_owned()),
            ("受送达人签名（盖章、按指印）", String::new()),
            ("代收人签名和代收理由", String::new()),
            ("拒收事由和见证人签名", String::new()),
            ("送达人签名", String::new()),
            ("备注", care.unwrap_or_default()),
        ]);
        self.person = person.cloned();
    }
}
