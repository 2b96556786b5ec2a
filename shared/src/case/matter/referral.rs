//! Hand-overs of a case that is being handled (移交): to a unit of the township, or to a named
//! outside authority (检察院, 县局 …).
//!
//! It counts only when the receiver takes it. Until then the sender answers for the case, and no clock
//! restarts, then or later. A unit may object within five working days (条例第二十三条); an outside
//! authority's receipt is noted, and if it took over all of the case, that ends here.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::form::{Field, FieldKind};
use super::scene::{MAX_LINE, MAX_TEXT, Scene};
use super::view::{Digest, Due, Line, Stage, Tone};
use super::{Deed, Done, Effect, Matter, MatterKind, Wrong, replace};
use crate::access::{Action, Facts, can};
use crate::case::Outcome;
use crate::case::action::CaseAction;
use crate::case::deadline::ClockKind;
use crate::case::state::{EventKind, State};
use crate::case::view::{EventData, Named};
use crate::ids::UnitId;
use crate::org::UnitKind;
use crate::terms;
use crate::validate::Errors;

terms! {
    /// To whom a case is handed over.
    Receiver, "移交对象" {
        /// A unit of the township.
        Unit = "unit", "镇内单位";
        /// An authority outside the township.
        Outside = "outside", "镇外机关";
    }
}

/// The units that a case can be handed over to.
const UNITS: &[UnitKind] = &[
    UnitKind::Village,
    UnitKind::PoliceStation,
    UnitKind::Court,
    UnitKind::JusticeOffice,
    UnitKind::CoordinationOffice,
    UnitKind::ServiceCentre,
    UnitKind::PartyGovernmentOffice,
];

/// What the deeds of a hand-over are given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ReferralInput {
    /// The day on which it takes effect.
    pub on: Option<NaiveDate>,
    /// `open`: to whom.
    pub receiver: Option<Receiver>,
    /// `open`, to a unit: which.
    pub unit_id: Option<UnitId>,
    /// `open`, to an outside authority: its name.
    pub authority: Option<String>,
    /// `receipt`: its number, or who signed it.
    pub receipt: Option<String>,
    /// `receipt`: whether the authority took over all of the case, which ends here with that.
    pub whole: Option<bool>,
    /// The reason, or more about it.
    pub text: Option<String>,
}

/// To whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum To {
    Unit(Named),
    Outside(String),
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
enum End {
    Taken {
        on: NaiveDate,
        text: Option<String>,
    },
    Objected {
        on: NaiveDate,
        text: String,
    },
    Received {
        on: NaiveDate,
        receipt: String,
        whole: bool,
        text: Option<String>,
    },
    Withdrawn {
        on: NaiveDate,
        text: String,
    },
}

/// A hand-over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referral {
    sent_on: NaiveDate,
    to: To,
    sender: Option<Named>,
    reason: String,
    end: Option<End>,
}

fn filled(text: Option<&str>) -> Option<String> {
    crate::case::input::filled(text).map(str::to_owned)
}

impl Referral {
    fn receiver(&self) -> &str {
        match &self.to {
            To::Unit(unit) => &unit.name,
            To::Outside(name) => name,
        }
    }

    fn unit_id(&self) -> Option<UnitId> {
        match &self.to {
            To::Unit(unit) => Some(unit.id.as_str().into()),
            To::Outside(_) => None,
        }
    }

    /// Whether the case still stands as it was offered.
    fn is_offered(&self, scene: &Scene<'_>) -> bool {
        self.end.is_none()
            && self.unit_id().is_some()
            && self.unit_id() == scene.case.offered_unit_id
    }

    /// The last day on which the unit may object.
    fn objection_due(&self, scene: &Scene<'_>) -> NaiveDate {
        scene
            .profile
            .due(ClockKind::TransferObjection, self.sent_on, scene.calendar)
            .date
    }

    fn receive(
        &self,
        errors: &mut Errors,
        on: NaiveDate,
        input: &ReferralInput,
        scene: &Scene<'_>,
    ) -> Result<(End, Done), Wrong> {
        let receipt = input.receipt.as_deref().unwrap_or("").trim();
        errors.text("receipt", "回执文号或签收人", receipt, MAX_LINE);
        let text = input.text.as_deref().unwrap_or("");
        errors.length("text", "说明", text, MAX_TEXT);
        std::mem::take(errors).or_wrong()?;
        let whole = input.whole == Some(true);
        let name = self.receiver().to_owned();
        let words = format!("{name}已接收，回执：{receipt}");
        let mut done = Done::new(on, words);
        done.data.authority = Some(name.clone());
        if whole {
            // It ends the case, so whoever notes it is one who may.
            can(
                scene.actor,
                Action::Case(CaseAction::Close),
                Facts::Case(scene.case),
            )
            .map_err(|denied| Wrong::refused(format!("整件移交后本镇办结。{denied}")))?;
            let data = EventData {
                outcome: Some(Outcome::HandedOver),
                authority: Some(name.clone()),
                ..EventData::default()
            };
            let words = format!("整件移交{name}办理，回执：{receipt}");
            done = done.with(Effect::Event(EventKind::HandedOver, Box::new(data), words));
        }
        let end = End::Received {
            on,
            receipt: receipt.to_owned(),
            whole,
            text: filled(Some(text)),
        };
        Ok((end, done))
    }
}

impl Matter for Referral {
    const KIND: MatterKind = MatterKind::Referral;
    type Input = ReferralInput;

    fn open(input: ReferralInput, scene: &Scene<'_>) -> Result<(Self, Done), Wrong> {
        let mut errors = Errors::new();
        let sent_on = scene.day(&mut errors, input.on, scene.received_on);
        let reason = input.text.as_deref().unwrap_or("");
        errors.text("text", "移交理由", reason, MAX_TEXT);
        let to = match input.receiver {
            None => {
                errors.add("receiver", "required", "请选择移交给镇内单位还是镇外机关。");
                None
            }
            Some(Receiver::Unit) => {
                let fits = |kind| UNITS.contains(&kind);
                let id = input.unit_id.as_ref();
                if id.is_some() && id == scene.case.responsible_unit_id.as_ref() {
                    errors.add("unit_id", "same", "这个单位就是责任单位。");
                }
                scene
                    .unit(&mut errors, "unit_id", id, fits, "村或镇内站所")
                    .map(To::Unit)
            }
            Some(Receiver::Outside) => {
                let name = input.authority.as_deref().unwrap_or("");
                errors.text("authority", "机关全称", name, MAX_LINE);
                Some(To::Outside(name.trim().to_owned()))
            }
        };
        let Some(to) = to else {
            return Err(Wrong::Invalid(errors));
        };
        errors.or_wrong()?;
        let sender = scene.case.responsible_unit_id.as_ref().and_then(|id| {
            let unit = scene.people.unit(id)?;
            Some(super::named(id, &unit))
        });
        let referral = Self {
            sent_on,
            to,
            sender,
            reason: reason.trim().to_owned(),
            end: None,
        };
        let words = format!(
            "移交{}，理由：{}；对方接收前由转出单位负责，期限不重新计算",
            referral.receiver(),
            referral.reason
        );
        let mut done = Done::new(sent_on, words);
        match &referral.to {
            To::Unit(unit) => {
                done.data.unit = Some(unit.clone());
                done = done.with(Effect::Offer(unit.id.as_str().into()));
            }
            To::Outside(name) => done.data.authority = Some(name.clone()),
        }
        Ok((referral, done))
    }

    fn step(&mut self, deed: Deed, input: ReferralInput, scene: &Scene<'_>) -> Result<Done, Wrong> {
        let mut errors = Errors::new();
        let on = scene.day(&mut errors, input.on, self.sent_on);
        if deed == Deed::ReferralReceipt {
            let (end, done) = self.receive(&mut errors, on, &input, scene)?;
            self.end = Some(end);
            return Ok(done);
        }
        let text = input.text.as_deref().unwrap_or("");
        match deed {
            Deed::ReferralTake => errors.length("text", "说明", text, MAX_TEXT),
            _ => errors.text("text", "理由", text, MAX_TEXT),
        }
        errors.or_wrong()?;
        let text = text.trim().to_owned();
        let name = self.receiver();
        let (words, effect) = match (deed, &self.to) {
            (Deed::ReferralTake, To::Unit(unit)) => (
                format!("{name}接收，此后由{name}负责"),
                Some(Effect::Responsible(unit.id.as_str().into())),
            ),
            (Deed::ReferralObject, To::Unit(_)) => (
                format!("{name}提出异议，理由：{text}"),
                Some(Effect::OfferEnds),
            ),
            (_, To::Unit(_)) => (
                format!("撤回对{name}的移交，理由：{text}"),
                self.is_offered(scene).then_some(Effect::OfferEnds),
            ),
            (_, To::Outside(_)) => (format!("撤回对{name}的移交，理由：{text}"), None),
        };
        self.end = Some(match deed {
            Deed::ReferralTake => End::Taken {
                on,
                text: filled(Some(&text)),
            },
            Deed::ReferralObject => End::Objected { on, text },
            _ => End::Withdrawn { on, text },
        });
        let mut done = Done::new(on, words);
        done.effects.extend(effect);
        Ok(done)
    }

    fn refuses_opening(scene: &Scene<'_>) -> Option<String> {
        if scene.case.offered_unit_id.is_some() {
            return Some(
                "已经转送或移交其他单位、对方还没有接收；要另行移交，请先撤回。".to_owned(),
            );
        }
        match scene.case.state {
            State::Accepted | State::Handling => None,
            State::Registered => Some("还没有受理的事项，请用“转送”。".to_owned()),
            _ => Some(
                scene
                    .case_is_over()
                    .unwrap_or_else(|| "只有“已受理”或“办理中”的事项可以移交。".to_owned()),
            ),
        }
    }

    fn refuses(&self, deed: Deed, scene: &Scene<'_>) -> Option<String> {
        if self.end.is_some() {
            let (_, label, _) = self.state();
            return Some(format!("这次移交{label}。"));
        }
        let handled = matches!(scene.case.state, State::Accepted | State::Handling);
        match (deed, &self.to) {
            (Deed::ReferralWithdraw, _) => None,
            (Deed::ReferralReceipt, To::Unit(_)) => {
                Some("移交镇内单位的，由该单位在系统中接收。".to_owned())
            }
            (_, _) if !handled => Some("事项已不在办理中，这次移交请撤回。".to_owned()),
            (Deed::ReferralReceipt, To::Outside(_)) => None,
            (_, To::Outside(_)) => Some("移交镇外机关的，收到回执后登记回执。".to_owned()),
            (_, To::Unit(_)) if !self.is_offered(scene) => {
                Some("事项已另行交办，这次移交已失效。".to_owned())
            }
            (Deed::ReferralObject, _) if scene.today > self.objection_due(scene) => {
                let limit = scene.profile.limit(ClockKind::TransferObjection);
                Some(format!(
                    "提出异议的期限（{}个工作日）到{}为止，已经超过（{}）。请接收办理。",
                    limit.amount,
                    self.objection_due(scene),
                    limit.basis
                ))
            }
            _ => None,
        }
    }

    fn fields(_: Option<&Self>, deed: Deed, _: &Scene<'_>) -> Vec<Field> {
        match deed {
            Deed::ReferralTake => {
                vec![Field::long("text", "说明", MAX_TEXT), Field::on("接收日期")]
            }
            Deed::ReferralObject => vec![
                Field::long("text", "异议理由", MAX_TEXT)
                    .required()
                    .help("写明为什么不属于本单位职权（《信访工作条例》第二十三条）。"),
            ],
            Deed::ReferralReceipt => vec![
                Field::text("receipt", "回执文号或签收人", MAX_LINE).required(),
                Field::new("whole", "对方已接手整件事项，本镇办结", FieldKind::Check)
                    .help("只请求协助或移送一部分的，不要勾选，本镇继续办理并答复。"),
                Field::long("text", "说明", MAX_TEXT),
                Field::on("接收日期"),
            ],
            Deed::ReferralWithdraw => vec![
                Field::long("text", "撤回理由", MAX_TEXT).required(),
                Field::on("撤回日期"),
            ],
            _ => vec![
                Field::choice::<Receiver>("receiver", "移交对象").required(),
                Field::unit("unit_id", "镇内单位", UNITS).help("移交镇内单位的必填。"),
                Field::text("authority", "镇外机关全称", MAX_LINE)
                    .help("移交镇外机关的必填，如：某县人民检察院、某县公安局。"),
                Field::long("text", "移交理由", MAX_TEXT).required(),
                Field::on("移交日期"),
            ],
        }
    }

    fn digest(&self, scene: &Scene<'_>) -> Digest {
        let (state, state_label, tone) = self.state();
        let open = self.end.is_none();
        let mut lines = vec![
            Line::new("移交日期", self.sent_on.to_string()),
            Line::new("理由", self.reason.clone()),
        ];
        let sender = self.sender.as_ref().map(|unit| unit.name.clone());
        lines.extend(Line::maybe("转出单位", sender));
        if open {
            lines.push(Line::toned(
                "责任",
                "对方接收前由转出单位负责，期限不重新计算。",
                Tone::Warn,
            ));
        }
        lines.extend(self.end.as_ref().map(End::line));
        let ended_on = self.end.as_ref().map(End::on);
        let due = self.unit_id().filter(|_| open).map(|_| Due {
            on: self.objection_due(scene),
            what: "接收或提出异议".to_owned(),
            basis: Some(scene.profile.limit(ClockKind::TransferObjection).basis),
            petitioners: false,
        });
        Digest {
            title: format!("移交{}", self.receiver()),
            state,
            state_label,
            tone,
            open,
            due,
            unit_id: self.unit_id(),
            stages: vec![
                Stage::new("移交", Some(self.sent_on), false),
                Stage::new(if open { "待接收" } else { state_label }, ended_on, open),
            ],
            lines,
            items: Vec::new(),
        }
    }

    fn help(deed: Deed) -> &'static str {
        match deed {
            Deed::ReferralTake => "接收后由本单位负责；办理期限不重新计算。",
            Deed::ReferralObject => {
                "认为不属于本单位职权的，自移交次日起5个工作日内提出异议并说明理由（《信访工作条例》第二十三条）。"
            }
            Deed::ReferralReceipt => "登记镇外机关的回执；对方接手整件事项的，本镇随之办结。",
            Deed::ReferralWithdraw => "对方接收之前可以撤回。",
            _ => {
                "办理中发现属于其他单位职权的，移交该单位或镇外有权机关。对方接收前由转出单位负责，期限不重新计算（《信访工作条例》第二十二条、第二十三条）。"
            }
        }
    }

    fn succeed(&mut self, from: &UnitId, to: &Named) -> bool {
        match &mut self.to {
            To::Unit(unit) if self.end.is_none() => replace(unit, from, to),
            _ => false,
        }
    }

    fn end_with_case(&mut self, on: NaiveDate) -> bool {
        let ends = self.end.is_none();
        if ends {
            self.end = Some(End::Withdrawn {
                on,
                text: "事项已办结。".to_owned(),
            });
        }
        ends
    }
}

impl Referral {
    const fn state(&self) -> (&'static str, &'static str, Tone) {
        match (&self.end, &self.to) {
            (None, To::Unit(_)) => ("offered", "待接收", Tone::Active),
            (None, To::Outside(_)) => ("sent", "待回执", Tone::Active),
            (Some(End::Taken { .. }), _) => ("taken", "已接收", Tone::Good),
            (Some(End::Objected { .. }), _) => ("objected", "已提出异议", Tone::Warn),
            (Some(End::Received { .. }), _) => ("received", "已收到回执", Tone::Good),
            (Some(End::Withdrawn { .. }), _) => ("withdrawn", "已撤回", Tone::Void),
        }
    }
}

impl End {
    const fn on(&self) -> NaiveDate {
        match self {
            Self::Taken { on, .. }
            | Self::Objected { on, .. }
            | Self::Received { on, .. }
            | Self::Withdrawn { on, .. } => *on,
        }
    }

    fn line(&self) -> Line {
        match self {
            Self::Taken { on, text } => {
                let more = text.as_deref().unwrap_or("");
                Line::toned("接收", format!("{on} {more}"), Tone::Good)
            }
            Self::Objected { on, text } => Line::toned("异议", format!("{on} {text}"), Tone::Warn),
            Self::Received {
                on,
                receipt,
                whole,
                text,
            } => {
                let scope = if *whole {
                    "整件接手"
                } else {
                    "本镇继续办理"
                };
                let more = text.as_deref().unwrap_or("");
                let text = format!("{on} {receipt}，{scope} {more}");
                Line::toned("回执", text.trim_end(), Tone::Good)
            }
            Self::Withdrawn { on, text } => Line::toned("撤回", format!("{on} {text}"), Tone::Void),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::tests::{Stage as Set, day};
    use super::*;
    use crate::role::Role;

    fn to_police() -> ReferralInput {
        ReferralInput {
            receiver: Some(Receiver::Unit),
            unit_id: Some("police".into()),
            text: Some("涉嫌违反治安管理".to_owned()),
            ..ReferralInput::default()
        }
    }

    fn outside() -> ReferralInput {
        ReferralInput {
            receiver: Some(Receiver::Outside),
            authority: Some("某县人民检察院".to_owned()),
            text: Some("属于法律监督".to_owned()),
            ..ReferralInput::default()
        }
    }

    fn with(text: &str) -> ReferralInput {
        ReferralInput {
            text: Some(text.to_owned()),
            ..ReferralInput::default()
        }
    }

    fn fields(wrong: Wrong) -> Vec<String> {
        let Wrong::Invalid(errors) = wrong else {
            panic!("{wrong:?}");
        };
        let name = |e: crate::problem::FieldError| format!("{}:{}", e.field, e.code);
        errors.into_vec().into_iter().map(name).collect()
    }

    #[test]
    fn it_names_a_receiver_that_is_not_the_sender() {
        let set = Set::on(day(3, 10));
        let scene = set.scene();
        for (input, expected) in [
            (
                ReferralInput::default(),
                &["text:required", "receiver:required"][..],
            ),
            (
                ReferralInput {
                    unit_id: Some("village".into()),
                    ..to_police()
                },
                &["unit_id:same"],
            ),
            (
                ReferralInput {
                    unit_id: Some("township".into()),
                    ..to_police()
                },
                &["unit_id:wrong_kind"],
            ),
            (
                ReferralInput {
                    authority: Some(" ".to_owned()),
                    ..outside()
                },
                &["authority:required"],
            ),
        ] {
            assert_eq!(fields(Referral::open(input, &scene).unwrap_err()), expected);
        }
    }

    #[test]
    fn it_counts_when_the_receiver_takes_it() {
        let mut set = Set::on(day(3, 10));
        let (mut referral, done) = Referral::open(to_police(), &set.scene()).unwrap();
        assert_eq!(done.effects, [Effect::Offer("police".into())]);
        set.case.offered_unit_id = Some("police".into());
        assert!(Referral::refuses_opening(&set.scene()).is_some());
        assert_eq!(
            referral.digest(&set.scene()).unit_id,
            Some(UnitId::from("police"))
        );
        let receipt = referral.refuses(Deed::ReferralReceipt, &set.scene());
        assert!(receipt.is_some());
        let done = referral
            .step(Deed::ReferralTake, ReferralInput::default(), &set.scene())
            .unwrap();
        assert_eq!(done.effects, [Effect::Responsible("police".into())]);
        assert!(
            referral
                .refuses(Deed::ReferralWithdraw, &set.scene())
                .is_some()
        );
        assert_eq!(referral.digest(&set.scene()).state, "taken");
    }

    /// Five working days from the day after Tuesday 10 March: to Tuesday 17.
    #[test]
    fn a_unit_objects_within_five_working_days() {
        let mut set = Set::on(day(3, 10));
        let (referral, _) = Referral::open(to_police(), &set.scene()).unwrap();
        set.case.offered_unit_id = Some("police".into());
        set.today = day(3, 17);
        assert_eq!(referral.refuses(Deed::ReferralObject, &set.scene()), None);
        set.today = day(3, 18);
        let why = referral
            .refuses(Deed::ReferralObject, &set.scene())
            .unwrap();
        assert!(why.contains("第二十三条"), "{why}");
        // It may still take it, and the sender may take it back.
        assert_eq!(referral.refuses(Deed::ReferralTake, &set.scene()), None);
        assert_eq!(referral.refuses(Deed::ReferralWithdraw, &set.scene()), None);
        set.today = day(3, 12);
        let mut objected = referral;
        let wrong = objected
            .step(Deed::ReferralObject, with(" "), &set.scene())
            .unwrap_err();
        assert_eq!(fields(wrong), ["text:required"]);
        let done = objected
            .step(Deed::ReferralObject, with("属于民事纠纷"), &set.scene())
            .unwrap();
        assert_eq!(done.effects, [Effect::OfferEnds]);
    }

    #[test]
    fn an_outside_authority_gives_a_receipt() {
        let mut set = Set::on(day(3, 10));
        let (referral, done) = Referral::open(outside(), &set.scene()).unwrap();
        assert_eq!(done.effects, []);
        for deed in [Deed::ReferralTake, Deed::ReferralObject] {
            assert!(referral.refuses(deed, &set.scene()).is_some());
        }
        let receipt = |whole| ReferralInput {
            receipt: Some("检收〔2026〕8号".to_owned()),
            whole: Some(whole),
            ..ReferralInput::default()
        };
        let wrong = referral
            .clone()
            .step(
                Deed::ReferralReceipt,
                ReferralInput::default(),
                &set.scene(),
            )
            .unwrap_err();
        assert_eq!(fields(wrong), ["receipt:required"]);
        let mut part = referral.clone();
        let done = part
            .step(Deed::ReferralReceipt, receipt(false), &set.scene())
            .unwrap();
        assert_eq!(done.effects, []);
        let mut all = referral.clone();
        let done = all
            .step(Deed::ReferralReceipt, receipt(true), &set.scene())
            .unwrap();
        assert!(matches!(
            done.effects.as_slice(),
            [Effect::Event(EventKind::HandedOver, ..)]
        ));
        // Whoever may not close the case may not end it by a receipt.
        set.actor.role = Role::PoliceStation;
        set.actor.unit_id = "police".into();
        set.case.unit_ids.push("police".into());
        let refused = referral
            .clone()
            .step(Deed::ReferralReceipt, receipt(true), &set.scene());
        assert!(matches!(refused, Err(Wrong::Refused(_))));
    }

    #[test]
    fn it_lapses_when_the_case_goes_another_way() {
        let mut set = Set::on(day(3, 10));
        let (mut referral, _) = Referral::open(to_police(), &set.scene()).unwrap();
        // Not offered any more.
        assert!(referral.refuses(Deed::ReferralTake, &set.scene()).is_some());
        set.case.offered_unit_id = Some("police".into());
        set.case.state = State::Answered;
        assert!(referral.refuses(Deed::ReferralTake, &set.scene()).is_some());
        assert!(referral.end_with_case(day(3, 12)));
        assert_eq!(referral.digest(&set.scene()).state, "withdrawn");
    }
}
