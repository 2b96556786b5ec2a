//! Service of documents (文书送达): which document reached whom, how and when, with what proof.
//!
//! A served 处理意见书 starts the petitioner's time to ask for review, a served 复查意见书 that for
//! final review (条例第三十五条、第三十六条; [`crate::case::deadline`]). The manners follow 民事诉讼法's.
//! Whoever asked not to be called is not served by telephone. A wrong entry is struck out with a
//! reason, never deleted.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::form::{Choice, Field, FieldKind};
use super::scene::{MAX_LINE, MAX_TEXT, PersonFact, Scene};
use super::struck::Struck;
use super::view::{Digest, Line, Tone};
use super::{Deed, Done, Matter, MatterKind, Wrong};
use crate::case::input::filled;
use crate::case::paper::{PaperFact, PaperKind, PaperMark};
use crate::case::view::{EventData, Named};
use crate::ids::PersonId;
use crate::term::Term;
use crate::terms;
use crate::validate::Errors;

terms! {
    /// How a document was served.
    Way, "送达方式" {
        /// Handed over.
        Direct = "direct", "直接送达";
        /// By mail.
        Mail = "mail", "邮寄送达";
        /// Left there, with witnesses, as it was refused.
        Left = "left", "留置送达";
        /// By public notice.
        Notice = "notice", "公告送达";
        /// By another authority or unit.
        Entrusted = "entrusted", "委托送达";
        /// By telephone, message or online, with consent.
        Electronic = "electronic", "电子送达";
    }
}

/// What the deeds of a service are given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ServiceInput {
    /// The day on which it was served; of a striking-out, today.
    pub on: Option<NaiveDate>,
    /// `open`: the document, of those made of the case.
    pub paper_id: Option<String>,
    /// `open`, of a document made elsewhere: what it is.
    pub outside_kind: Option<PaperKind>,
    /// `open`, of a document made elsewhere: its number.
    pub outside_number: Option<String>,
    /// `open`: how.
    pub way: Option<Way>,
    /// `open`: on which person of the case.
    pub person_id: Option<PersonId>,
    /// `open`: who took it for them, or the unit that took it.
    pub receiver: Option<String>,
    /// `open`: the proof: who signed, the mail's number, witnesses, where the notice stood.
    pub proof: Option<String>,
    /// `open`, electronic: whether the person consented.
    pub consent: Option<bool>,
    /// `open`, left there: why it was refused. Of a striking-out: why.
    pub text: Option<String>,
}

/// A document served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    on: NaiveDate,
    paper: PaperMark,
    way: Way,
    person: Option<Named>,
    receiver: Option<String>,
    proof: String,
    refusal: Option<String>,
    struck: Option<Struck>,
}

fn owned(text: Option<&String>) -> Option<String> {
    filled(text.map(String::as_str)).map(str::to_owned)
}

/// The document that an input names, and the first day on which it can have been served.
fn paper_of(
    errors: &mut Errors,
    input: &ServiceInput,
    scene: &Scene<'_>,
) -> Option<(PaperMark, NaiveDate)> {
    if let Some(id) = filled(input.paper_id.as_deref()) {
        return match scene.papers.iter().find(|paper| paper.id == id) {
            None => {
                errors.add("paper_id", "unknown", "请从本事项的文书中选择。");
                None
            }
            Some(paper) if paper.void => {
                errors.add("paper_id", "void", "这份文书已经作废，不能送达。");
                None
            }
            Some(paper) => Some((
                PaperMark {
                    id: Some(paper.id.clone()),
                    kind: paper.kind,
                    number: paper.number.clone(),
                },
                paper.on,
            )),
        };
    }
    let number = input.outside_number.as_deref().unwrap_or("");
    let Some(kind) = input.outside_kind else {
        let message = "请选择送达的文书；不是本系统出具的，填文书种类和文号。";
        errors.add("paper_id", "required", message);
        return None;
    };
    errors.text("outside_number", "文号", number, MAX_LINE);
    Some((
        PaperMark {
            id: None,
            kind,
            number: number.trim().to_owned(),
        },
        scene.received_on,
    ))
}

/// On whom: a person of the case, somebody who took it for them, or a unit. A document that is
/// addressed to a person of the case is served on that person.
fn person_of(
    errors: &mut Errors,
    input: &ServiceInput,
    scene: &Scene<'_>,
    addressed: Option<&PaperFact>,
) -> Option<PersonFact> {
    let chosen = input.person_id.as_ref();
    let addressee = addressed.and_then(|paper| paper.person_id.as_ref());
    if let (Some(chosen), Some(addressee)) = (chosen, addressee)
        && chosen != addressee
    {
        let message = "这份文书不是写给这个人的；代收的，受送达人仍选文书上的人，再写代收人。";
        errors.add("person_id", "not_addressee", message);
        return None;
    }
    match chosen.or(addressee) {
        Some(id) => scene.person(errors, "person_id", Some(id)),
        None => {
            let receiver = input.receiver.as_deref().unwrap_or("");
            if receiver.trim().is_empty() {
                let message = "请选择受送达人；送达单位的，写明签收的单位和人。";
                errors.add("person_id", "required", message);
            }
            None
        }
    }
}

/// What the proof of each manner is called.
const fn proof_name(way: Way) -> &'static str {
    match way {
        Way::Direct => "签收人",
        Way::Mail => "邮件号码",
        Way::Left => "见证人",
        Way::Notice => "公告的地点和期间",
        Way::Entrusted => "受委托的单位和签收人",
        Way::Electronic => "送达的平台、号码尾数和回执",
    }
}

fn check_way(errors: &mut Errors, way: Way, input: &ServiceInput, person: Option<&PersonFact>) {
    let proof = input.proof.as_deref().unwrap_or("");
    errors.text("proof", proof_name(way), proof, MAX_LINE);
    let text = input.text.as_deref().unwrap_or("");
    if way == Way::Left {
        errors.text("text", "拒收的情形", text, MAX_TEXT);
    } else {
        errors.length("text", "备注", text, MAX_TEXT);
    }
    if way != Way::Electronic {
        return;
    }
    match person {
        Some(person) if person.care.do_not_call => errors.add(
            "way",
            "do_not_call",
            format!(
                "{}的联系须知是不打电话、不发短信，不能电子送达，请当面、邮寄或请转告人带到。",
                person.name
            ),
        ),
        _ if input.consent != Some(true) => errors.add(
            "consent",
            "required",
            "电子送达要经受送达人同意（《民事诉讼法》关于电子送达的规定）。",
        ),
        _ => {}
    }
}

impl Matter for Service {
    const KIND: MatterKind = MatterKind::Service;
    type Input = ServiceInput;

    fn open(input: ServiceInput, scene: &Scene<'_>) -> Result<(Self, Done), Wrong> {
        let mut errors = Errors::new();
        let paper = paper_of(&mut errors, &input, scene);
        let made = paper.as_ref().and_then(|(mark, _)| {
            let id = mark.id.as_ref()?;
            scene.papers.iter().find(|paper| paper.id == *id)
        });
        let person = person_of(&mut errors, &input, scene, made);
        match input.way {
            Some(way) => check_way(&mut errors, way, &input, person.as_ref()),
            None => errors.add("way", "required", "请选择送达方式。"),
        }
        if input.on.is_none() {
            errors.add("on", "required", "请填写送达日期。");
        }
        let from = paper.as_ref().map_or(scene.received_on, |(_, on)| *on);
        let on = scene.day(&mut errors, input.on, from);
        let receiver = input.receiver.as_deref().unwrap_or("");
        errors.length("receiver", "代收人", receiver, MAX_LINE);
        let (Some((paper, _)), Some(way)) = (paper, input.way) else {
            return Err(Wrong::Invalid(errors));
        };
        errors.or_wrong()?;
        let service = Self {
            on,
            paper,
            way,
            person: person.map(|person| Named {
                id: person.id.as_str().to_owned(),
                name: person.name,
            }),
            receiver: owned(input.receiver.as_ref()),
            proof: owned(input.proof.as_ref()).unwrap_or_default(),
            refusal: owned(input.text.as_ref()),
            struck: None,
        };
        let words = format!(
            "{}{}，{}，{}：{}",
            service.title(),
            service
                .to()
                .map(|to| format!("送达{to}"))
                .unwrap_or_default(),
            way.label(),
            proof_name(way),
            service.proof
        );
        let mut done = Done::new(on, words);
        done.data = EventData {
            paper: Some(service.paper.clone()),
            ..EventData::default()
        };
        Ok((service, done))
    }

    fn step(&mut self, _: Deed, input: ServiceInput, scene: &Scene<'_>) -> Result<Done, Wrong> {
        let (struck, mut done) = Struck::out(input.on, input.text.as_deref(), self.on, scene)?;
        self.struck = Some(struck);
        done.data.paper = Some(self.paper.clone());
        Ok(done)
    }

    /// A refusal and a final answer are served after the case has ended.
    fn refuses_opening(_: &Scene<'_>) -> Option<String> {
        None
    }

    fn refuses(&self, _: Deed, _: &Scene<'_>) -> Option<String> {
        Struck::refuses(self.struck.as_ref())
    }

    fn fields(_: Option<&Self>, deed: Deed, scene: &Scene<'_>) -> Vec<Field> {
        if deed == Deed::ServiceStrike {
            return Struck::fields();
        }
        let choices = scene
            .papers
            .iter()
            .filter(|paper| !paper.void && paper.kind != PaperKind::ServiceReturn)
            .map(|paper| Choice {
                code: paper.id.clone(),
                label: paper.label(),
            })
            .collect();
        let mut person = Field::new("person_id", "受送达人", FieldKind::Person);
        if let Some(care) = scene.care(|_| true) {
            person = person.help(format!("联系须知——{care}"));
        }
        vec![
            Field::new("paper_id", "送达的文书", FieldKind::Choice { choices })
                .help("不是本系统出具的不选，填下面两项。"),
            Field::choice::<PaperKind>("outside_kind", "系统外文书的种类"),
            Field::text("outside_number", "系统外文书的文号", MAX_LINE),
            person,
            Field::text("receiver", "代收人或签收单位", MAX_LINE)
                .help("代收的写明与受送达人的关系；送达单位的写单位和签收人。"),
            Field::choice::<Way>("way", "送达方式").required(),
            Field::date("on", "送达日期")
                .required()
                .help("签收、留置或公告期满的日期。处理意见书、复查意见书从这一天的次日起算信访人的30日（《信访工作条例》第三十五条、第三十六条）。"),
            Field::text("proof", "送达凭据", MAX_LINE)
                .required()
                .help("签收人、邮件号码、见证人、公告地点或电子回执。"),
            Field::new("consent", "受送达人同意电子送达", FieldKind::Check),
            Field::long("text", "拒收情形或备注", MAX_TEXT)
                .help("留置送达要写明拒收的情形，并有见证人。"),
        ]
    }

    fn digest(&self, _: &Scene<'_>) -> Digest {
        let (state, state_label, tone) = if self.struck.is_some() {
            ("struck", "已划除", Tone::Void)
        } else {
            ("served", "已送达", Tone::Good)
        };
        let mut lines = vec![
            Line::new("送达日期", self.on.to_string()),
            Line::new("送达方式", self.way.label()),
            Line::new(proof_name(self.way), self.proof.clone()),
        ];
        lines.extend(Line::maybe("受送达人", self.to()));
        lines.extend(Line::maybe("拒收情形或备注", self.refusal.clone()));
        lines.extend(self.struck.as_ref().map(Struck::line));
        Digest {
            title: self.title(),
            state,
            state_label,
            tone,
            open: false,
            due: None,
            unit_id: None,
            stages: Vec::new(),
            lines,
            items: Vec::new(),
        }
    }

    fn help(deed: Deed) -> &'static str {
        match deed {
            Deed::ServiceStrike => "登记有误的写明理由划除，记录保留，由它起算的期限随之恢复。",
            _ => {
                "登记文书怎样、何时送达谁，凭什么证明。处理意见书、复查意见书送达的次日起，信访人30日内可以申请复查、复核（《信访工作条例》第三十五条、第三十六条）。"
            }
        }
    }
}

impl Service {
    fn title(&self) -> String {
        format!("{} {}", self.paper.kind.label(), self.paper.number)
    }

    /// On whom it was served.
    fn to(&self) -> Option<String> {
        let person = self.person.as_ref().map(|person| person.name.clone());
        match (person, &self.receiver) {
            (Some(person), Some(receiver)) => Some(format!("{person}（{receiver}代收）")),
            (person, receiver) => person.or_else(|| receiver.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::tests::{Stage, day};
    use super::*;

    fn stage() -> Stage {
        let mut stage = Stage::on(day(3, 20));
        let paper = |id: &str, kind, void| PaperFact {
            id: id.to_owned(),
            kind,
            number: "平川信处〔2026〕1号".to_owned(),
            on: day(3, 10),
            addressee: Some("张三".to_owned()),
            person_id: Some("p".into()),
            void,
        };
        stage.papers = vec![
            paper("answer", PaperKind::Answer, false),
            paper("void", PaperKind::Answer, true),
        ];
        stage
    }

    fn input() -> ServiceInput {
        ServiceInput {
            on: Some(day(3, 10)),
            paper_id: Some("answer".to_owned()),
            way: Some(Way::Direct),
            person_id: Some("p".into()),
            proof: Some("本人签收".to_owned()),
            ..ServiceInput::default()
        }
    }

    fn wrong(input: ServiceInput, stage: &Stage) -> Vec<(String, String)> {
        match Service::open(input, &stage.scene()) {
            Err(Wrong::Invalid(errors)) => errors
                .into_vec()
                .into_iter()
                .map(|error| (error.field, error.code))
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_service_names_document_person_manner_and_proof() {
        let stage = stage();
        let (service, done) = Service::open(input(), &stage.scene()).unwrap();
        assert_eq!(
            done.data.paper.as_ref().map(|paper| paper.kind),
            Some(PaperKind::Answer)
        );
        assert_eq!(service.to().as_deref(), Some("张三"));
        for (change, field, code) in [
            (
                (|i: &mut ServiceInput| i.paper_id = None) as fn(&mut ServiceInput),
                "paper_id",
                "required",
            ),
            (|i| i.paper_id = Some("void".to_owned()), "paper_id", "void"),
            (|i| i.paper_id = Some("x".to_owned()), "paper_id", "unknown"),
            (
                |i| i.person_id = Some("q".into()),
                "person_id",
                "not_addressee",
            ),
            (|i| i.way = None, "way", "required"),
            (|i| i.proof = None, "proof", "required"),
            (|i| i.way = Some(Way::Left), "text", "required"),
            (|i| i.way = Some(Way::Electronic), "consent", "required"),
            (|i| i.on = None, "on", "required"),
            (|i| i.on = Some(day(3, 9)), "on", "too_early"),
            (|i| i.on = Some(day(3, 21)), "on", "in_future"),
        ] {
            let mut input = input();
            change(&mut input);
            let errors = wrong(input, &stage);
            assert_eq!(errors, [(field.to_owned(), code.to_owned())]);
        }
    }

    #[test]
    fn a_document_made_elsewhere_is_named_by_its_number() {
        let stage = stage();
        let outside = || ServiceInput {
            paper_id: None,
            outside_kind: Some(PaperKind::ReviewAnswer),
            outside_number: Some("县信复查〔2026〕2号".to_owned()),
            ..input()
        };
        let (_, done) = Service::open(outside(), &stage.scene()).unwrap();
        assert_eq!(
            done.data.paper,
            Some(PaperMark {
                id: None,
                kind: PaperKind::ReviewAnswer,
                number: "县信复查〔2026〕2号".to_owned(),
            })
        );
        let unnumbered = ServiceInput {
            outside_number: None,
            ..outside()
        };
        assert_eq!(wrong(unnumbered, &stage)[0].0, "outside_number");
    }

    #[test]
    fn whoever_is_not_to_be_called_is_not_served_by_telephone() {
        let mut stage = stage();
        stage.persons[0].care.do_not_call = true;
        let electronic = ServiceInput {
            way: Some(Way::Electronic),
            consent: Some(true),
            ..input()
        };
        let errors = wrong(electronic, &stage);
        assert_eq!(errors, [("way".to_owned(), "do_not_call".to_owned())]);
        let fields = Service::fields(None, Deed::ServiceOpen, &stage.scene());
        let person = fields
            .iter()
            .find(|field| field.name == "person_id")
            .unwrap();
        assert!(person.help.as_ref().unwrap().contains("不打电话"));
    }

    #[test]
    fn a_wrong_entry_is_struck_out_once_and_stays() {
        let stage = stage();
        let scene = stage.scene();
        let (mut service, _) = Service::open(input(), &scene).unwrap();
        let strike = |text: &str| ServiceInput {
            text: Some(text.to_owned()),
            ..ServiceInput::default()
        };
        assert!(
            service
                .step(Deed::ServiceStrike, strike(" "), &scene)
                .is_err()
        );
        service
            .step(Deed::ServiceStrike, strike("送错了人"), &scene)
            .unwrap();
        assert!(service.refuses(Deed::ServiceStrike, &scene).is_some());
        assert_eq!(service.digest(&scene).state, "struck");
    }
}
