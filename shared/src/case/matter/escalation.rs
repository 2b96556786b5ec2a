//! Handing a case up to the county (上报县级).
//!
//! The township stays responsible: no state, clock or unit changes. What changes is who may read it:
//! from the day it is handed up until it is taken back or sent back, the county's office
//! (`Role::CountyOffice`) sees the case, and answers with an instruction. There is one at a time; the
//! next one is a matter of its own.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::form::Field;
use super::scene::{MAX_TEXT, Scene};
use super::view::{Digest, Item, Line, Stage, Tone};
use super::{Deed, Done, Effect, Matter, MatterKind, Wrong, replace};
use crate::case::view::Named;
use crate::ids::UnitId;
use crate::validate::Errors;

/// What the deeds of handing up are given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct EscalationInput {
    /// The day; today when absent.
    pub on: Option<NaiveDate>,
    /// `open`: why the township cannot resolve it.
    pub reason: Option<String>,
    /// `open`: what it asks of the county.
    pub request: Option<String>,
    /// `withdraw`: why it is taken back; `instruct`, `return`: what the county says.
    pub text: Option<String>,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Ending {
    /// The township took it back.
    Withdrawn,
    /// The county sent it back.
    Returned,
}

/// What the county said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Instruction {
    on: NaiveDate,
    text: String,
    by: Named,
}

/// A case that is handed up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// The county.
    county: UnitId,
    /// The township's unit that handed it up.
    by: Named,
    on: NaiveDate,
    reason: String,
    request: String,
    instructions: Vec<Instruction>,
    /// When and how it ended, with the words of a township that took it back.
    ended: Option<(NaiveDate, Ending, Option<String>)>,
}

/// Why nothing is handed up where there is no county.
const NO_COUNTY: &str = "本镇上面没有县级，不能上报。";

impl Escalation {
    /// The day on which it was handed up.
    pub const fn on(&self) -> NaiveDate {
        self.on
    }

    /// Whether the county has not said anything yet.
    pub fn waits(&self) -> bool {
        self.ended.is_none() && self.instructions.is_empty()
    }

    /// The day of the last step.
    fn last(&self) -> NaiveDate {
        self.instructions.last().map_or(self.on, |last| last.on)
    }

    fn end(&mut self, on: NaiveDate, ending: Ending, text: Option<String>) {
        self.ended = Some((on, ending, text));
    }
}

/// A unit as the body keeps it; without its name where it is not to be named.
fn own_unit(scene: &Scene<'_>) -> Named {
    let id = &scene.actor.unit_id;
    let name = scene.people.unit(id).map(|unit| unit.name);
    Named {
        id: id.as_str().to_owned(),
        name: name.unwrap_or_default(),
    }
}

impl Matter for Escalation {
    const KIND: MatterKind = MatterKind::Escalation;
    type Input = EscalationInput;

    fn open(input: EscalationInput, scene: &Scene<'_>) -> Result<(Self, Done), Wrong> {
        let Some(county) = scene.actor.county() else {
            return Err(Wrong::refused(NO_COUNTY));
        };
        let mut errors = Errors::new();
        let on = scene.day(&mut errors, input.on, scene.last_step_on);
        let reason = input.reason.as_deref().unwrap_or("");
        errors.text("reason", "本镇难以解决的原因", reason, MAX_TEXT);
        let request = input.request.as_deref().unwrap_or("");
        errors.text("request", "请求县级解决的事项", request, MAX_TEXT);
        errors.or_wrong()?;
        let escalation = Self {
            county: county.clone(),
            by: own_unit(scene),
            on,
            reason: reason.trim().to_owned(),
            request: request.trim().to_owned(),
            instructions: Vec::new(),
            ended: None,
        };
        let words = format!(
            "上报县级信访联席办。原因：{}；请求：{}",
            escalation.reason, escalation.request
        );
        let done = Done::new(on, words).with(Effect::HandUp(escalation.county.clone()));
        Ok((escalation, done))
    }

    fn step(
        &mut self,
        deed: Deed,
        input: EscalationInput,
        scene: &Scene<'_>,
    ) -> Result<Done, Wrong> {
        let mut errors = Errors::new();
        let on = scene.day(&mut errors, input.on, self.last());
        let name = match deed {
            Deed::EscalationWithdraw => "收回理由",
            Deed::EscalationReturn => "处理意见",
            _ => "批示意见",
        };
        let text = input.text.as_deref().unwrap_or("");
        errors.text("text", name, text, MAX_TEXT);
        errors.or_wrong()?;
        let text = text.trim().to_owned();
        let done = match deed {
            Deed::EscalationWithdraw => {
                self.end(on, Ending::Withdrawn, Some(text.clone()));
                Done::new(on, format!("收回上报，理由：{text}")).with(Effect::HandedUpEnds)
            }
            deed => {
                self.instructions.push(Instruction {
                    on,
                    text: text.clone(),
                    by: own_unit(scene),
                });
                if deed == Deed::EscalationReturn {
                    self.end(on, Ending::Returned, None);
                    Done::new(on, format!("县级退回乡镇办理，意见：{text}"))
                        .with(Effect::HandedUpEnds)
                } else {
                    Done::new(on, format!("县级批示：{text}"))
                }
            }
        };
        Ok(done)
    }

    fn refuses_opening(scene: &Scene<'_>) -> Option<String> {
        if scene.actor.county().is_none() {
            return Some(NO_COUNTY.to_owned());
        }
        if scene.case.handed_up_to.is_some() {
            return Some("事项已经上报县级，收回或者退回以后才能再次上报。".to_owned());
        }
        scene.case_is_over()
    }

    fn refuses(&self, _: Deed, _: &Scene<'_>) -> Option<String> {
        self.ended.as_ref().map(|(_, ending, _)| match ending {
            Ending::Withdrawn => "这次上报已经收回。".to_owned(),
            Ending::Returned => "县级已经退回，这次上报已经结束。".to_owned(),
        })
    }

    fn fields(_: Option<&Self>, deed: Deed, _: &Scene<'_>) -> Vec<Field> {
        match deed {
            Deed::EscalationOpen => vec![
                Field::long("reason", "本镇难以解决的原因", MAX_TEXT)
                    .required()
                    .help("超出本镇职权、需要县级部门协调或者政策支持的，写明已经做了什么、卡在哪里。不要写证件号码和电话。"),
                Field::long("request", "请求县级解决的事项", MAX_TEXT).required(),
                Field::on("上报日期"),
            ],
            Deed::EscalationWithdraw => {
                vec![Field::long("text", "收回理由", MAX_TEXT).required()]
            }
            Deed::EscalationReturn => vec![
                Field::long("text", "处理意见", MAX_TEXT)
                    .required()
                    .help("写明为什么退回、请乡镇怎样办理。"),
            ],
            _ => vec![Field::long("text", "批示意见", MAX_TEXT).required()],
        }
    }

    fn digest(&self, _: &Scene<'_>) -> Digest {
        let (state, state_label, tone) = match &self.ended {
            Some((_, Ending::Withdrawn, _)) => ("withdrawn", "已收回", Tone::Void),
            Some((_, Ending::Returned, _)) => ("returned", "县级已退回", Tone::Good),
            None if self.instructions.is_empty() => ("handed_up", "待县级批示", Tone::Active),
            None => ("instructed", "县级已批示", Tone::Warn),
        };
        let first = self.instructions.first().map(|first| first.on);
        let ended = self.ended.as_ref().map(|(on, ..)| *on);
        let end = match &self.ended {
            Some((_, Ending::Withdrawn, _)) => "收回",
            _ => "退回乡镇",
        };
        let stages = vec![
            Stage::new("上报", Some(self.on), self.waits()),
            Stage::new("县级批示", first, self.ended.is_none() && first.is_some()),
            Stage::new(end, ended, ended.is_some()),
        ];
        let mut lines = vec![
            Line::new("上报单位", self.by.name.clone()),
            Line::new("原因", self.reason.clone()),
            Line::new("请求", self.request.clone()),
        ];
        if let Some((on, _, Some(why))) = &self.ended {
            lines.push(Line::toned("收回", format!("{on} {why}"), Tone::Void));
        }
        let items = self.instructions.iter().map(|said| Item {
            group: "县级批示".to_owned(),
            title: said.by.name.clone(),
            on: Some(said.on),
            state_label: "批示".to_owned(),
            tone: Tone::Plain,
            text: Some(said.text.clone()),
        });
        let unit = if self.waits() {
            self.county.clone()
        } else {
            UnitId::from(self.by.id.as_str())
        };
        Digest {
            title: "上报县级信访联席办".to_owned(),
            state,
            state_label,
            tone,
            open: self.ended.is_none(),
            due: None,
            unit_id: Some(unit),
            stages,
            lines,
            items: items.collect(),
        }
    }

    fn help(deed: Deed) -> &'static str {
        match deed {
            Deed::EscalationOpen => {
                "本镇确实解决不了的，写明原因和请求，上报县级信访联席办。上报以后县级看得到这件事项的内容和经过（号码打码，附件和文书不给看），事项仍由本镇负责，期限不变。"
            }
            Deed::EscalationWithdraw => "收回以后，县级不再看得到这件事项。",
            Deed::EscalationReturn => {
                "连同处理意见退回乡镇办理；退回以后，县级不再看得到这件事项。"
            }
            _ => "对上报的事项提出意见，通知上报的乡镇；事项仍由乡镇办理。",
        }
    }

    fn succeed(&mut self, from: &UnitId, to: &Named) -> bool {
        self.ended.is_none() && replace(&mut self.by, from, to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::matter::scene::tests::{Stage as Set, day};
    use crate::case::state::State;
    use crate::role::Role;

    fn below_a_county(today: NaiveDate) -> Set {
        let mut set = Set::on(today);
        set.actor.unit_chain.push("county".into());
        set
    }

    fn asked() -> EscalationInput {
        EscalationInput {
            reason: Some(" 涉及两县水量分配 ".to_owned()),
            request: Some("请县水务局牵头协调".to_owned()),
            ..EscalationInput::default()
        }
    }

    fn said(text: &str) -> EscalationInput {
        EscalationInput {
            text: Some(text.to_owned()),
            ..EscalationInput::default()
        }
    }

    #[test]
    fn only_below_a_county_and_once_at_a_time() {
        let alone = Set::on(day(3, 10));
        let no_county = Some(NO_COUNTY.to_owned());
        assert_eq!(Escalation::refuses_opening(&alone.scene()), no_county);
        assert!(matches!(
            Escalation::open(asked(), &alone.scene()),
            Err(Wrong::Refused(_))
        ));
        let mut set = below_a_county(day(3, 10));
        assert_eq!(Escalation::refuses_opening(&set.scene()), None);
        set.case.handed_up_to = Some("county".into());
        assert!(Escalation::refuses_opening(&set.scene()).is_some());
        set.case.handed_up_to = None;
        set.case.state = State::Closed;
        assert!(Escalation::refuses_opening(&set.scene()).is_some());
    }

    #[test]
    fn reason_and_request_are_named_where_they_are_missing() {
        let set = below_a_county(day(3, 10));
        let Err(Wrong::Invalid(errors)) =
            Escalation::open(EscalationInput::default(), &set.scene())
        else {
            panic!("it was taken without a word");
        };
        let fields: Vec<String> = errors.into_vec().into_iter().map(|e| e.field).collect();
        assert_eq!(fields, ["reason", "request"]);
        let early = EscalationInput {
            on: Some(day(3, 1)),
            ..asked()
        };
        assert!(matches!(
            Escalation::open(early, &set.scene()),
            Err(Wrong::Invalid(_))
        ));
    }

    #[test]
    fn it_goes_up_and_is_answered_and_comes_back() {
        let mut set = below_a_county(day(3, 10));
        let (mut matter, done) = Escalation::open(asked(), &set.scene()).unwrap();
        assert_eq!(done.effects, [Effect::HandUp("county".into())]);
        assert_eq!(
            done.text,
            "上报县级信访联席办。原因：涉及两县水量分配；请求：请县水务局牵头协调"
        );
        let turn = |matter: &Escalation, set: &Set| {
            let digest = matter.digest(&set.scene());
            (digest.state, digest.open, digest.unit_id)
        };
        assert!(matter.waits());
        assert_eq!(
            turn(&matter, &set),
            ("handed_up", true, Some("county".into()))
        );

        set.today = day(3, 12);
        set.actor.role = Role::CountyOffice;
        set.actor.unit_id = "county".into();
        let done = matter
            .step(Deed::EscalationInstruct, said("请先稳控"), &set.scene())
            .unwrap();
        assert_eq!(
            (done.text.as_str(), done.effects.len()),
            ("县级批示：请先稳控", 0)
        );
        assert_eq!(
            turn(&matter, &set),
            ("instructed", true, Some("office".into()))
        );
        assert!(matches!(
            matter
                .clone()
                .step(Deed::EscalationInstruct, said(" "), &set.scene()),
            Err(Wrong::Invalid(_))
        ));

        let mut returned = matter.clone();
        let done = returned
            .step(Deed::EscalationReturn, said("按协议办理"), &set.scene())
            .unwrap();
        assert_eq!(done.effects, [Effect::HandedUpEnds]);
        assert_eq!(
            turn(&returned, &set),
            ("returned", false, Some("office".into()))
        );
        assert!(
            returned
                .refuses(Deed::EscalationInstruct, &set.scene())
                .is_some()
        );
        assert_eq!(returned.digest(&set.scene()).items.len(), 2);

        let done = matter
            .step(Deed::EscalationWithdraw, said("已经谈妥"), &set.scene())
            .unwrap();
        assert_eq!(done.effects, [Effect::HandedUpEnds]);
        assert_eq!(turn(&matter, &set).0, "withdrawn");
        assert!(
            matter
                .refuses(Deed::EscalationReturn, &set.scene())
                .is_some()
        );
    }
}
