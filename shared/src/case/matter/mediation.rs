//! People's mediation (人民调解): from the request to the last promise kept.
//!
//! Both sides agree to it (人民调解法第三条、第十七条), a committee leads it, sessions are held, an
//! agreement is reached or not. An agreement is written, with the elements of 第二十九条, or oral and
//! recorded as such (第二十八条、第三十条). Each of its promises has a last day; the committee watches
//! over them (第三十一条). Both sides together may ask the court to confirm a written agreement within
//! 30 days from the day it takes effect (第三十三条).
//!
//! What the law leaves open is settled so: an oral agreement is put in writing before it goes to the
//! court, and the 30 days count from the day on which the paper is signed and sealed, as 第二十九条 lets
//! it take effect then; until that is done the case's clock shows the earlier, safe day. A broken
//! promise opens the talks again, or ends them with the ways to the court told (第二十六条、
//! 第三十二条); of a closed case it reopens the case. An accusation (检举控告) is no dispute between
//! the people and is not mediated: that would tell the accused of it (条例第三十条).
//!
//! Neighbours: [`show`] forms and cards, [`terms`] its terms, [`yuan`] sums of money.

mod show;
pub mod terms;
#[cfg(test)]
mod tests;
pub mod yuan;

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

pub use terms::{
    AgreementForm, BreachKind, CourtRuling, MediationAsker, MediationMethod, MediationOutcome,
    RemedyWay,
};
pub use yuan::{Yuan, YuanInput};

use super::form::Field;
use super::scene::{MAX_LINE, MAX_TEXT, Scene};
use super::view::{Digest, Due};
use super::{Deed, Done, Effect, Matter, MatterKind, Wrong, replace};
use crate::case::deadline::{ClockKind, Limit};
use crate::case::input::filled;
use crate::case::number::Series;
use crate::case::state::{EventKind, State};
use crate::case::view::{EventData, Named};
use crate::ids::{PersonId, UnitId};
use crate::org::UnitKind;
use crate::term::Term;
use crate::validate::Errors;

/// The most mediators of a mediation.
pub const MAX_MEDIATORS: usize = 9;
/// The most promises of an agreement.
pub const MAX_PROMISES: usize = 60;

/// What the deeds of a mediation are given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct MediationInput {
    /// The day on which it took effect; of an agreement, the day from which it binds.
    pub on: Option<NaiveDate>,
    /// `open`: by whom it is asked for.
    pub asked_by: Option<MediationAsker>,
    /// `open`: the unit whose committee leads it.
    pub unit_id: Option<UnitId>,
    /// `open`: what is disputed.
    pub dispute: Option<String>,
    /// `open`: the persons of one side.
    pub first_party: Vec<PersonId>,
    /// `open`: the persons of the other side.
    pub other_party: Vec<PersonId>,
    /// `open`: whether both sides agree to mediation.
    pub consent: Option<bool>,
    /// `appoint`: the mediators.
    pub mediators: Vec<MediatorInput>,
    /// `appoint`; `session` and `breach`, where there is a next one: the session's day.
    pub meet_on: Option<NaiveDate>,
    /// The session's time, `HH:MM`.
    pub meet_time: Option<String>,
    /// Where the session is to be, or was.
    pub place: Option<String>,
    /// `session`: who of the parties was there.
    pub present: Vec<PersonId>,
    /// `session`: who else was there.
    pub others_present: Option<String>,
    /// `session`: the methods used.
    pub methods: Vec<MediationMethod>,
    /// `session`: what came of it.
    pub outcome: Option<MediationOutcome>,
    /// What was said; why it ends; what happened; the court's reason.
    pub text: Option<String>,
    /// `agree`: written or oral.
    pub form: Option<AgreementForm>,
    /// `agree`, `write`: the main facts of the dispute.
    pub facts: Option<String>,
    /// `agree`, `write`: the matters in dispute and each side's responsibility.
    pub duties: Option<String>,
    /// `agree`: what was agreed.
    pub content: Option<String>,
    /// `agree`: the promises.
    pub promises: Vec<PromiseInput>,
    /// `agree`, `write`: whether both sides signed.
    pub parties_signed: Option<bool>,
    /// `agree`, `write`: whether the mediators signed.
    pub mediators_signed: Option<bool>,
    /// `agree`, `write`: whether the committee's seal is on it.
    pub sealed: Option<bool>,
    /// `fail`: the lawful ways that the parties were told of.
    pub ways: Vec<RemedyWay>,
    /// `fail`: how and when they were told.
    pub notice: Option<String>,
    /// `fulfil`, `breach`: which promise, counted from 1.
    pub promise: Option<String>,
    /// `fulfil`: the proof: receipt, transfer, photo, who saw it.
    pub proof: Option<String>,
    /// `breach`: in which way the promise was broken.
    pub breach: Option<BreachKind>,
    /// `apply`: who applies: all persons of both sides.
    pub applicants: Vec<PersonId>,
    /// `apply`: the court.
    pub court_id: Option<UnitId>,
    /// `decide`: the ruling.
    pub ruling: Option<CourtRuling>,
    /// `decide`: the ruling's number.
    pub document: Option<String>,
}

/// A mediator, as a form gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct MediatorInput {
    /// Their name.
    pub name: String,
    /// What they are (`村调委会主任`).
    pub post: Option<String>,
}

/// A promise, as a form gives it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct PromiseInput {
    /// What is to be done.
    pub what: Option<String>,
    /// By whom: a party.
    pub by: Option<PersonId>,
    /// Of a payment: how many yuan, with at most two decimals.
    #[cfg_attr(feature = "openapi", schema(schema_with = yuan::in_document))]
    pub amount: Option<YuanInput>,
    /// In which way (`银行转账`).
    pub manner: Option<String>,
    /// The last day.
    pub due_on: Option<NaiveDate>,
}

/// A mediation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mediation {
    /// When it was asked for.
    pub asked_on: NaiveDate,
    /// By whom.
    pub asked_by: MediationAsker,
    /// What is disputed.
    pub dispute: String,
    /// The unit whose committee leads it.
    pub committee: Named,
    /// One side.
    pub first_party: Vec<Named>,
    /// The other side.
    pub other_party: Vec<Named>,
    /// Who mediates.
    pub mediators: Vec<Mediator>,
    /// The session to come.
    pub meeting: Option<Meeting>,
    /// The sessions held.
    pub sessions: Vec<Session>,
    /// The agreements: the last one stands, earlier ones were replaced.
    pub agreements: Vec<Agreement>,
    /// The round of talks that goes on.
    pub talks: Option<Talks>,
    /// How it ended without a promise left to keep.
    pub ended: Option<Ended>,
}

/// A round of talks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Talks {
    /// Since when.
    pub since: NaiveDate,
    /// How many sessions were held before.
    pub sessions_before: usize,
}

/// A mediator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mediator {
    /// Their name.
    pub name: String,
    /// What they are.
    pub post: Option<String>,
}

/// A session to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meeting {
    /// The day.
    pub on: NaiveDate,
    /// The time, `HH:MM`.
    pub time: Option<String>,
    /// Where.
    pub place: String,
}

/// A session held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The day.
    pub on: NaiveDate,
    /// Where.
    pub place: String,
    /// Who led it.
    pub mediators: Vec<Mediator>,
    /// Who of the case's persons was there.
    pub present: Vec<Named>,
    /// Who else was there.
    pub others_present: Option<String>,
    /// The methods used.
    pub methods: Vec<MediationMethod>,
    /// What was said (第二十七条).
    pub text: String,
    /// What came of it.
    pub outcome: MediationOutcome,
}

/// An agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// Written or oral.
    pub form: AgreementForm,
    /// The day on which it took effect; of one put in writing later, the day of the paper.
    pub on: NaiveDate,
    /// Of one put in writing later: the day on which it was reached.
    pub oral_on: Option<NaiveDate>,
    /// The main facts of the dispute.
    pub facts: Option<String>,
    /// The matters in dispute and each side's responsibility.
    pub duties: Option<String>,
    /// What was agreed.
    pub content: String,
    /// Who mediated.
    pub mediators: Vec<Mediator>,
    /// What was promised, with a last day each.
    pub promises: Vec<Promise>,
    /// Applications for judicial confirmation.
    pub applications: Vec<Application>,
}

/// A promise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// What is to be done.
    pub what: String,
    /// By whom.
    pub by: Named,
    /// Of a payment: how much.
    pub amount: Option<Yuan>,
    /// In which way.
    pub manner: Option<String>,
    /// The last day.
    pub due_on: NaiveDate,
    /// How it was kept.
    pub kept: Option<Kept>,
    /// When and how it was broken.
    pub breaches: Vec<Breach>,
}

/// A promise kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The day.
    pub on: NaiveDate,
    /// The proof.
    pub proof: String,
}

/// A promise broken, or an entry about it corrected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breach {
    /// In which way.
    pub kind: BreachKind,
    /// The day on which it was found.
    pub on: NaiveDate,
    /// What happened.
    pub text: String,
    /// What had been entered as its fulfilment.
    pub undone: Option<Kept>,
}

/// An application for judicial confirmation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// The day.
    pub on: NaiveDate,
    /// Who applied: both sides.
    pub applicants: Vec<Named>,
    /// The court.
    pub court: Named,
    /// What it decided.
    pub decision: Option<Decision>,
}

/// A court's decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The day.
    pub on: NaiveDate,
    /// The ruling.
    pub ruling: CourtRuling,
    /// The ruling's number.
    pub document: String,
    /// Why.
    pub reason: Option<String>,
}

/// An end without what was wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The day.
    pub on: NaiveDate,
    /// Why; none where the talks ended with the case.
    pub reason: Option<String>,
    /// The lawful ways that the parties were told of (第二十六条).
    pub ways: Vec<RemedyWay>,
    /// How and when they were told.
    pub notice: Option<String>,
}

impl Promise {
    /// Whether it was broken and not kept since.
    pub fn is_broken(&self) -> bool {
        self.kept.is_none()
            && self
                .breaches
                .last()
                .is_some_and(|breach| breach.kind != BreachKind::Mistaken)
    }

    /// Whether it is still to be kept and its last day has passed.
    pub fn is_overdue(&self, today: NaiveDate) -> bool {
        self.kept.is_none() && self.due_on < today
    }

    /// `2026年4月30日前由李四支付流转费5000元`, without the day where a list has it in a column.
    fn words(&self) -> String {
        let amount = self.amount.map(|amount| format!("（{amount}元）"));
        format!(
            "{}：{}{}",
            self.by.name,
            self.what,
            amount.unwrap_or_default()
        )
    }
}

impl Agreement {
    /// The application that the court has not decided on.
    pub fn pending(&self) -> Option<&Application> {
        self.applications
            .last()
            .filter(|application| application.decision.is_none())
    }

    /// The last ruling, unless an application is pending.
    pub fn ruling(&self) -> Option<CourtRuling> {
        let decision = self.applications.last()?.decision.as_ref()?;
        Some(decision.ruling)
    }

    /// Whether every promise was kept.
    pub fn is_kept(&self) -> bool {
        self.promises.iter().all(|promise| promise.kept.is_some())
    }

    fn is_broken(&self) -> bool {
        self.promises.iter().any(Promise::is_broken)
    }

    /// The last day on which both sides may apply for its confirmation, and the rule.
    pub(crate) fn confirm_by(&self, scene: &Scene<'_>) -> (NaiveDate, Limit) {
        let clock = ClockKind::Confirmation;
        let due = scene.profile.due(clock, self.on, scene.calendar).date;
        (due, scene.profile.limit(clock))
    }

    /// Whether both sides may still ask the court for what an agreement of this kind can get.
    fn may_be_confirmed(&self) -> bool {
        self.form == AgreementForm::Written
            && self.pending().is_none()
            && !self.is_kept()
            && matches!(self.ruling(), None | Some(CourtRuling::Withdrawn))
    }
}

impl Mediation {
    /// The agreement that stands.
    pub fn agreement(&self) -> Option<&Agreement> {
        self.agreements.last()
    }

    /// The written agreement that stands; none while another is being talked about.
    pub fn written(&self) -> Option<&Agreement> {
        let stands = self.agreement().filter(|_| self.talks.is_none());
        stands.filter(|agreement| agreement.form == AgreementForm::Written)
    }

    /// Whether the parties came to one mind in the last session: what they agreed on is to be set
    /// down and signed.
    pub fn is_of_one_mind(&self) -> bool {
        let last = self.sessions.last().filter(|_| self.met());
        last.is_some_and(|session| session.outcome == MediationOutcome::Agreed)
    }

    /// All parties, one side first.
    pub fn parties(&self) -> impl Iterator<Item = &Named> {
        self.first_party.iter().chain(&self.other_party)
    }

    /// Whether a session was held in the round of talks that goes on.
    fn met(&self) -> bool {
        self.talks
            .as_ref()
            .is_some_and(|talks| self.sessions.len() > talks.sessions_before)
    }

    /// Why there is nothing to talk about now, if so.
    fn no_talks(&self) -> Option<String> {
        if self.talks.is_some() {
            return None;
        }
        let agreement = self.agreement()?;
        if agreement.pending().is_some() {
            return Some("司法确认申请还没有裁定。".to_owned());
        }
        let again = agreement.is_broken() || agreement.ruling() == Some(CourtRuling::Refused);
        (!again).then(|| {
            "已经达成协议。协议未履行（先登记未履行）或司法确认被驳回的，才能再次调解或者终止。"
                .to_owned()
        })
    }

    /// Begins a round of talks, unless one goes on.
    fn talk(&mut self, on: NaiveDate) {
        if self.talks.is_none() {
            self.talks = Some(Talks {
                since: on,
                sessions_before: self.sessions.len(),
            });
        }
    }

    fn stop_talking(&mut self) {
        self.talks = None;
        self.meeting = None;
    }

    /// The day before which a step of the talks cannot have been.
    fn talks_since(&self) -> NaiveDate {
        let since = self.talks.as_ref().map(|talks| talks.since);
        let ruled = self.agreement().map(|agreement| {
            let decided = agreement
                .applications
                .iter()
                .filter_map(|application| application.decision.as_ref())
                .map(|decision| decision.on);
            decided.fold(agreement.on, NaiveDate::max)
        });
        since.or(ruled).unwrap_or(self.asked_on)
    }

    fn appoint(&mut self, input: MediationInput, scene: &Scene<'_>) -> Result<Done, Wrong> {
        let mut errors = Errors::new();
        let on = scene.day(&mut errors, input.on, self.talks_since());
        if input.mediators.is_empty() {
            errors.add(
                "mediators",
                "required",
                "请填写调解员，一名或几名（《人民调解法》第十九条）。",
            );
        } else if input.mediators.len() > MAX_MEDIATORS {
            let message = format!("调解员最多{MAX_MEDIATORS}名。");
            errors.add("mediators", "too_many", message);
        }
        let mut mediators: Vec<Mediator> = Vec::new();
        for (n, mediator) in input.mediators.iter().take(MAX_MEDIATORS).enumerate() {
            let post = mediator.post.as_deref();
            let name = mediator.name.trim();
            errors.text(&format!("mediators.{n}.name"), "调解员姓名", name, 40);
            errors.length(
                &format!("mediators.{n}.post"),
                "调解员身份",
                post.unwrap_or(""),
                MAX_LINE,
            );
            if mediators.iter().any(|known| known.name == name) {
                let message = format!("调解员{name}填了两次。");
                errors.add(format!("mediators.{n}.name"), "duplicate", message);
            }
            if self.parties().any(|party| party.name == name) {
                let message = format!("{name}是当事人，不能作调解员。");
                errors.add(format!("mediators.{n}.name"), "party", message);
            }
            mediators.push(Mediator {
                name: name.to_owned(),
                post: filled(post).map(str::to_owned),
            });
        }
        if input.meet_on.is_none() {
            errors.add("meet_on", "required", "请填写调解会的日期。");
        }
        let meeting = meeting(&mut errors, &input, on);
        errors.or_wrong()?;
        self.talk(on);
        self.mediators = mediators;
        self.meeting = meeting;
        let when = self.meeting.as_ref().map(Meeting::words);
        let text = format!(
            "调解员：{}；调解会：{}",
            names(self.mediators.iter().map(|mediator| &mediator.name)),
            when.unwrap_or_default()
        );
        Ok(Done::new(on, text))
    }

    fn session(&mut self, input: MediationInput, scene: &Scene<'_>) -> Result<Done, Wrong> {
        let mut errors = Errors::new();
        let on = scene.day(&mut errors, input.on, self.talks_since());
        let planned = self.meeting.as_ref().map(|meeting| meeting.place.clone());
        let place = filled(input.place.as_deref()).map(str::to_owned);
        let place = place.or(planned).unwrap_or_default();
        errors.text("place", "调解地点", &place, MAX_LINE);
        let present = persons(&mut errors, "present", &input.present, scene);
        if input.present.is_empty() {
            errors.add("present", "required", "请选择到场的当事人。");
        }
        let others = input.others_present.as_deref().unwrap_or("");
        errors.length("others_present", "其他到场人员", others, MAX_LINE);
        let methods = unique(&input.methods);
        if methods.is_empty() {
            errors.add("methods", "required", "请选择调解方法，可以多选。");
        }
        let said = input.text.as_deref().unwrap_or("");
        errors.text("text", "调解情况", said, MAX_TEXT);
        let next = match input.meet_on {
            Some(_) => {
                let place = input.place.clone().or_else(|| Some(place.clone()));
                let input = MediationInput {
                    place,
                    ..input.clone()
                };
                meeting(&mut errors, &input, on)
            }
            None => None,
        };
        let Some(outcome) = input.outcome else {
            errors.add("outcome", "required", "请选择这次调解会的结果。");
            return Err(Wrong::Invalid(errors));
        };
        errors.or_wrong()?;
        self.talk(on);
        self.meeting = next;
        let text = format!(
            "第{}次调解会（{}）：{}；到场：{}；方法：{}。{}",
            self.sessions.len() + 1,
            place.trim(),
            outcome.label(),
            names(present.iter().map(|person| &person.name)),
            labels(&methods),
            said.trim()
        );
        self.sessions.push(Session {
            on,
            place: place.trim().to_owned(),
            mediators: self.mediators.clone(),
            present,
            others_present: filled(Some(others)).map(str::to_owned),
            methods,
            text: said.trim().to_owned(),
            outcome,
        });
        Ok(Done::new(on, text))
    }

    fn agree(&mut self, input: MediationInput, scene: &Scene<'_>) -> Result<Done, Wrong> {
        let mut errors = Errors::new();
        if input.on.is_none() {
            errors.add(
                "on",
                "required",
                "请填写协议生效日期：书面协议为签名盖章之日（《人民调解法》第二十九条），口头协议为达成之日（第三十条）。",
            );
        }
        let last = self.sessions.last().map_or(self.asked_on, |held| held.on);
        let on = scene.day(&mut errors, input.on, last.max(self.talks_since()));
        let written = input.form == Some(AgreementForm::Written);
        let paper = written.then(|| paper(&mut errors, &input));
        let content = input.content.as_deref().unwrap_or("");
        errors.text("content", "协议内容", content, MAX_TEXT);
        let promises = self.promised(&mut errors, &input.promises, on, written, scene);
        let Some(form) = input.form else {
            errors.add("form", "required", "请选择书面协议或口头协议。");
            return Err(Wrong::Invalid(errors));
        };
        errors.or_wrong()?;
        self.stop_talking();
        let text = format!(
            "达成{}，{on}生效，{}项履行事项{}。{}",
            form.label(),
            promises.len(),
            sum(&promises).map_or_else(String::new, |sum| format!("，共{sum}元")),
            content.trim()
        );
        let (facts, duties) = paper.unwrap_or_else(|| {
            let kept = |text: &Option<String>| filled(text.as_deref()).map(str::to_owned);
            (kept(&input.facts), kept(&input.duties))
        });
        self.agreements.push(Agreement {
            form,
            on,
            oral_on: None,
            facts,
            duties,
            content: content.trim().to_owned(),
            mediators: self.mediators.clone(),
            promises,
            applications: Vec::new(),
        });
        Ok(Done::new(on, text))
    }

    /// The promises of an agreement that takes effect on a day.
    fn promised(
        &self,
        errors: &mut Errors,
        inputs: &[PromiseInput],
        on: NaiveDate,
        written: bool,
        scene: &Scene<'_>,
    ) -> Vec<Promise> {
        if inputs.is_empty() {
            errors.add(
                "promises",
                "required",
                "协议至少有一项履行事项，写明由谁、做什么、什么时候前完成（《人民调解法》第二十九条）。",
            );
        } else if inputs.len() > MAX_PROMISES {
            let message = format!("履行事项最多{MAX_PROMISES}项。");
            errors.add("promises", "too_many", message);
        }
        let mut promises = Vec::new();
        for (n, input) in inputs.iter().take(MAX_PROMISES).enumerate() {
            let at = |field: &str| format!("promises.{n}.{field}");
            let what = input.what.as_deref().unwrap_or("");
            errors.text(&at("what"), "履行内容", what, MAX_LINE);
            let manner = input.manner.as_deref().unwrap_or("");
            if written {
                errors.text(&at("manner"), "履行方式", manner, MAX_LINE);
            } else {
                errors.length(&at("manner"), "履行方式", manner, MAX_LINE);
            }
            let amount = match input.amount.as_ref().map(YuanInput::read) {
                None | Some(Ok(None)) => None,
                Some(Ok(amount)) => amount,
                Some(Err(why)) => {
                    errors.add(at("amount"), "invalid", why);
                    None
                }
            };
            let by = input.by.as_ref();
            let found = scene.person(errors, &at("by"), by);
            let by = found.and_then(|person| {
                let party = self
                    .parties()
                    .find(|party| party.id == person.id.as_str())
                    .cloned();
                if party.is_none() {
                    let message = "履行人应是参加调解的当事人。";
                    errors.add(at("by"), "not_a_party", message);
                }
                party
            });
            match input.due_on {
                None => errors.add(
                    at("due_on"),
                    "required",
                    "没有履行期限。协议要写明履行的期限（《人民调解法》第二十九条）。",
                ),
                Some(due) if due < on => errors.add(
                    at("due_on"),
                    "too_early",
                    format!("履行期限不能早于协议生效日期（{on}）。"),
                ),
                Some(due_on) => promises.extend(by.map(|by| Promise {
                    what: what.trim().to_owned(),
                    by,
                    amount,
                    manner: filled(Some(manner)).map(str::to_owned),
                    due_on,
                    kept: None,
                    breaches: Vec::new(),
                })),
            }
        }
        promises
    }

    /// Puts the oral agreement in writing; the paper takes effect when it is signed and sealed.
    fn write(&mut self, input: &MediationInput, scene: &Scene<'_>) -> Result<Done, Wrong> {
        let Some(agreement) = self.agreements.last_mut() else {
            return Err(Wrong::refused(NO_AGREEMENT));
        };
        let mut errors = Errors::new();
        if input.on.is_none() {
            errors.add(
                "on",
                "required",
                "请填写调解协议书签名盖章的日期，协议书自该日生效（《人民调解法》第二十九条）。",
            );
        }
        let on = scene.day(&mut errors, input.on, agreement.on);
        let (facts, duties) = paper(&mut errors, input);
        errors.or_wrong()?;
        agreement.form = AgreementForm::Written;
        agreement.oral_on = Some(agreement.on);
        agreement.on = on;
        agreement.facts = facts;
        agreement.duties = duties;
        Ok(Done::new(
            on,
            format!("口头协议制成调解协议书，{on}签名盖章生效"),
        ))
    }

    fn fail(&mut self, input: &MediationInput, scene: &Scene<'_>) -> Result<Done, Wrong> {
        let mut errors = Errors::new();
        let held = self.sessions.last().map(|session| session.on);
        let not_before = held.map_or(self.talks_since(), |held| held.max(self.talks_since()));
        let on = scene.day(&mut errors, input.on, not_before);
        let reason = input.text.as_deref().unwrap_or("");
        errors.text("text", "终止原因", reason, MAX_TEXT);
        let ways = unique(&input.ways);
        if ways.is_empty() {
            errors.add(
                "ways",
                "required",
                "调解不成的，应告知当事人可以依法通过仲裁、行政、司法等途径维护权利（《人民调解法》第二十六条），请选择告知的途径。",
            );
        }
        let confirmed = self
            .agreement()
            .is_some_and(|agreement| agreement.ruling() == Some(CourtRuling::Confirmed));
        if ways.contains(&RemedyWay::Enforcement) && !confirmed {
            errors.add(
                "ways",
                "not_confirmed",
                "经司法确认有效的协议才能申请强制执行（《人民调解法》第三十三条）；未确认的可以起诉（第三十二条）。",
            );
        }
        let notice = input.notice.as_deref().unwrap_or("");
        errors.text("notice", "告知情况", notice, MAX_LINE);
        errors.or_wrong()?;
        self.stop_talking();
        let text = format!(
            "调解终止：{}；已告知可走{}（{}）",
            reason.trim(),
            labels(&ways),
            notice.trim()
        );
        self.ended = Some(Ended {
            on,
            reason: Some(reason.trim().to_owned()),
            ways,
            notice: Some(notice.trim().to_owned()),
        });
        let mut done = Done::new(on, text);
        done.data.notice = Some(notice.trim().to_owned());
        Ok(done)
    }

    fn fulfil(&mut self, input: &MediationInput, scene: &Scene<'_>) -> Result<Done, Wrong> {
        let Some(agreement) = self.agreements.last_mut() else {
            return Err(Wrong::refused(NO_AGREEMENT));
        };
        let mut errors = Errors::new();
        let on = scene.day(
            &mut errors,
            input.on,
            agreement.oral_on.unwrap_or(agreement.on),
        );
        let proof = input.proof.as_deref().unwrap_or("");
        errors.text("proof", "履行凭证", proof, MAX_LINE);
        let Some((n, promise)) = chosen(&mut errors, &mut agreement.promises, input) else {
            return Err(Wrong::Invalid(errors));
        };
        if let Some(kept) = &promise.kept {
            let message = format!("第{n}项已于{}登记履行。", kept.on);
            errors.add("promise", "kept", message);
        }
        errors.or_wrong()?;
        promise.kept = Some(Kept {
            on,
            proof: proof.trim().to_owned(),
        });
        let late = if on > promise.due_on {
            "（逾期）"
        } else {
            ""
        };
        let words = promise.words();
        let left = agreement
            .promises
            .iter()
            .filter(|promise| promise.kept.is_none())
            .count();
        let rest = if left == 0 {
            self.stop_talking();
            "协议全部履行".to_owned()
        } else {
            format!("还有{left}项")
        };
        let text = format!("第{n}项{words}已履行{late}；凭证：{}；{rest}", proof.trim());
        Ok(Done::new(on, text))
    }

    fn breach(&mut self, input: &MediationInput, scene: &Scene<'_>) -> Result<Done, Wrong> {
        let Some(agreement) = self.agreements.last_mut() else {
            return Err(Wrong::refused(NO_AGREEMENT));
        };
        let closed = scene.case.state == State::Closed;
        let mut errors = Errors::new();
        let not_before = if closed {
            agreement.on.max(scene.last_step_on)
        } else {
            agreement.on
        };
        let on = scene.day(&mut errors, input.on, not_before);
        let text = input.text.as_deref().unwrap_or("");
        errors.text("text", "情况说明", text, MAX_TEXT);
        let next = match input.meet_on {
            Some(_) => meeting(&mut errors, input, on),
            None => None,
        };
        if input.breach.is_none() {
            errors.add("breach", "required", "请选择属于哪种情况。");
        }
        if next.is_some() && agreement.pending().is_some() {
            let message = "司法确认申请还没有裁定，裁定后再定再次调解的时间。";
            errors.add("meet_on", "pending", message);
        }
        let chosen = chosen(&mut errors, &mut agreement.promises, input);
        let (Some((n, promise)), Some(kind)) = (chosen, input.breach) else {
            return Err(Wrong::Invalid(errors));
        };
        match (kind, &promise.kept) {
            (BreachKind::Unkept, Some(kept)) => errors.add(
                "breach",
                "kept",
                format!("第{n}项已于{}登记履行，不是到期未履行。", kept.on),
            ),
            (BreachKind::Unkept, None) if promise.is_broken() => {
                errors.add("promise", "broken", format!("第{n}项已经登记未履行。"));
            }
            (BreachKind::Unkept, None) if promise.due_on >= on => errors.add(
                "promise",
                "not_due",
                format!("第{n}项的履行期限是{}，还没有过。", promise.due_on),
            ),
            (BreachKind::Undone | BreachKind::Mistaken, None) => errors.add(
                "breach",
                "not_kept",
                format!(
                    "第{n}项还没有登记履行，应选“{}”。",
                    BreachKind::Unkept.label()
                ),
            ),
            (BreachKind::Undone | BreachKind::Mistaken, Some(kept)) if kept.on > on => {
                let message = format!("日期不能早于登记的履行日期（{}）。", kept.on);
                errors.add("on", "too_early", message);
            }
            _ => {}
        }
        errors.or_wrong()?;
        promise.breaches.push(Breach {
            kind,
            on,
            text: text.trim().to_owned(),
            undone: promise.kept.take(),
        });
        let words = format!(
            "第{n}项{}：{}。{}",
            promise.words(),
            kind.label(),
            text.trim()
        );
        if next.is_some() {
            self.talk(on);
            self.meeting = next;
        }
        let done = Done::new(on, words);
        // What final review has ended stays ended (条例第三十六条): the court is the way left.
        Ok(if closed && !scene.situation.final_answered {
            let why = format!("调解协议第{n}项{}，重新启动：{}", kind.label(), text.trim());
            let data = Box::new(EventData::default());
            done.with(Effect::Event(EventKind::Reopened, data, why))
        } else {
            done
        })
    }

    fn apply(&mut self, input: &MediationInput, scene: &Scene<'_>) -> Result<Done, Wrong> {
        let parties: Vec<Named> = self.parties().cloned().collect();
        let Some(agreement) = self.agreements.last_mut() else {
            return Err(Wrong::refused(NO_AGREEMENT));
        };
        let mut errors = Errors::new();
        let last = agreement.applications.last().map(|before| before.on);
        let not_before = last.map_or(agreement.on, |last| last.max(agreement.on));
        let on = scene.day(&mut errors, input.on, not_before);
        let (until, limit) = agreement.confirm_by(scene);
        if on > until {
            errors.add(
                "on",
                "too_late",
                format!(
                    "协议{}生效，申请司法确认的最后一天是{until}，已经超过{}{}（{}）。可以继续履行；发生争议的，一方可以向法院起诉（第三十二条）。",
                    agreement.on,
                    limit.amount,
                    limit.unit.label(),
                    limit.basis
                ),
            );
        }
        let applicants = persons(&mut errors, "applicants", &input.applicants, scene);
        let missing: Vec<&String> = parties
            .iter()
            .filter(|party| !applicants.iter().any(|person| person.id == party.id))
            .map(|party| &party.name)
            .collect();
        if !missing.is_empty() {
            errors.add(
                "applicants",
                "both_parties",
                format!(
                    "司法确认由双方当事人共同申请（《人民调解法》第三十三条），还缺{}。",
                    names(missing)
                ),
            );
        }
        if let Some(stranger) = applicants
            .iter()
            .find(|person| !parties.iter().any(|party| party.id == person.id))
        {
            let message = format!("{}不是调解的当事人，不能申请。", stranger.name);
            errors.add("applicants", "not_a_party", message);
        }
        let court = scene.unit(
            &mut errors,
            "court_id",
            input.court_id.as_ref(),
            |kind| kind == UnitKind::Court,
            "法庭",
        );
        let text = input.text.as_deref().unwrap_or("");
        errors.length("text", "说明", text, MAX_TEXT);
        let Some(court) = court else {
            return Err(Wrong::Invalid(errors));
        };
        errors.or_wrong()?;
        let words = format!(
            "{}共同向{}申请司法确认（协议{}生效）{}",
            names(applicants.iter().map(|person| &person.name)),
            court.name,
            agreement.on,
            filled(Some(text)).map_or_else(String::new, |text| format!("：{text}"))
        );
        agreement.applications.push(Application {
            on,
            applicants,
            court: court.clone(),
            decision: None,
        });
        let refer = Effect::Refer(UnitId::from(court.id.as_str()));
        let mut done = Done::new(on, words).with(refer);
        done.data.unit = Some(court);
        Ok(done)
    }

    fn decide(&mut self, input: &MediationInput, scene: &Scene<'_>) -> Result<Done, Wrong> {
        let pending = self
            .agreements
            .last_mut()
            .and_then(|agreement| agreement.applications.last_mut())
            .filter(|application| application.decision.is_none());
        let Some(application) = pending else {
            return Err(Wrong::refused(NO_APPLICATION));
        };
        let mut errors = Errors::new();
        let on = scene.day(&mut errors, input.on, application.on);
        let document = input.document.as_deref().unwrap_or("");
        errors.text("document", "裁定书文号", document, MAX_LINE);
        let reason = input.text.as_deref().unwrap_or("");
        if input.ruling == Some(CourtRuling::Refused) {
            errors.text("text", "驳回理由", reason, MAX_TEXT);
        } else {
            errors.length("text", "裁定理由", reason, MAX_TEXT);
        }
        let Some(ruling) = input.ruling else {
            errors.add("ruling", "required", "请选择裁定结果。");
            return Err(Wrong::Invalid(errors));
        };
        errors.or_wrong()?;
        let reason = filled(Some(reason)).map(str::to_owned);
        let text = format!(
            "{}裁定{}（{}）{}{}",
            application.court.name,
            ruling.label(),
            document.trim(),
            reason
                .as_ref()
                .map_or_else(String::new, |reason| format!("：{reason}")),
            match ruling {
                CourtRuling::Confirmed => "。一方拒绝履行或未全部履行的，对方可以申请强制执行",
                CourtRuling::Refused => "。双方可以再次调解变更协议，也可以起诉",
                CourtRuling::Withdrawn => "",
            }
        );
        application.decision = Some(Decision {
            on,
            ruling,
            document: document.trim().to_owned(),
            reason,
        });
        Ok(Done::new(on, text))
    }
}

const NO_AGREEMENT: &str = "还没有达成调解协议。";
const NO_APPLICATION: &str = "没有等待裁定的司法确认申请。";

impl Meeting {
    fn words(&self) -> String {
        let time = self.time.as_ref().map(|time| format!(" {time}"));
        format!("{}{}，{}", self.on, time.unwrap_or_default(), self.place)
    }
}

impl Matter for Mediation {
    const KIND: MatterKind = MatterKind::Mediation;
    type Input = MediationInput;

    fn open(input: MediationInput, scene: &Scene<'_>) -> Result<(Self, Done), Wrong> {
        let mut errors = Errors::new();
        let on = scene.day(&mut errors, input.on, scene.received_on);
        let dispute = input.dispute.as_deref().unwrap_or("");
        errors.text("dispute", "争议事项", dispute, MAX_TEXT);
        let first_party = persons(&mut errors, "first_party", &input.first_party, scene);
        let other_party = persons(&mut errors, "other_party", &input.other_party, scene);
        for (field, ids) in [
            ("first_party", &input.first_party),
            ("other_party", &input.other_party),
        ] {
            if ids.is_empty() {
                errors.add(
                    field,
                    "required",
                    "请从本事项的人员中选择；没有的先在“人员”中登记。",
                );
            }
        }
        if let Some(both) = other_party
            .iter()
            .find(|person| first_party.contains(person))
        {
            let message = format!("{}不能同时是双方当事人。", both.name);
            errors.add("other_party", "both_sides", message);
        }
        if input.consent != Some(true) {
            errors.add(
                "consent",
                "required",
                "调解以双方自愿为前提，一方明确拒绝的不得调解（《人民调解法》第三条、第十七条）。",
            );
        }
        let committee = scene.unit(
            &mut errors,
            "unit_id",
            input.unit_id.as_ref(),
            is_committee,
            "村、镇或司法所",
        );
        if input.asked_by.is_none() {
            errors.add("asked_by", "required", "请选择怎样提出的。");
        }
        let (Some(committee), Some(asked_by)) = (committee, input.asked_by) else {
            return Err(Wrong::Invalid(errors));
        };
        errors.or_wrong()?;
        let mediation = Self {
            asked_on: on,
            asked_by,
            dispute: dispute.trim().to_owned(),
            committee: committee.clone(),
            first_party,
            other_party,
            mediators: Vec::new(),
            meeting: None,
            sessions: Vec::new(),
            agreements: Vec::new(),
            talks: Some(Talks {
                since: on,
                sessions_before: 0,
            }),
            ended: None,
        };
        let text = format!(
            "{}，由{}调解；双方同意；争议事项：{}",
            asked_by.label(),
            committee.name,
            mediation.dispute
        );
        let mut done = Done::new(on, text)
            .with(Effect::Mediation)
            .with(Effect::Refer(UnitId::from(committee.id.as_str())));
        done.data.unit = Some(committee);
        Ok((mediation, done))
    }

    fn step(
        &mut self,
        deed: Deed,
        input: MediationInput,
        scene: &Scene<'_>,
    ) -> Result<Done, Wrong> {
        match deed {
            Deed::MediationAppoint => self.appoint(input, scene),
            Deed::MediationSession => self.session(input, scene),
            Deed::MediationAgree => self.agree(input, scene),
            Deed::MediationWrite => self.write(&input, scene),
            Deed::MediationFail => self.fail(&input, scene),
            Deed::MediationFulfil => self.fulfil(&input, scene),
            Deed::MediationBreach => self.breach(&input, scene),
            Deed::MediationApply => self.apply(&input, scene),
            Deed::MediationDecide => self.decide(&input, scene),
            _ => Err(Wrong::refused("人民调解没有这一步。")),
        }
    }

    fn refuses_opening(scene: &Scene<'_>) -> Option<String> {
        if scene.case.seal != Series::Open {
            return Some(
                "检举控告不适用人民调解：调解会让被检举控告的一方知道（《信访工作条例》第三十条）。民事纠纷请另行登记。"
                    .to_owned(),
            );
        }
        scene.case_is_over().or_else(|| {
            (scene.persons.len() < 2)
                .then(|| "调解要有双方当事人，请先在“人员”中登记对方当事人。".to_owned())
        })
    }

    fn refuses(&self, deed: Deed, scene: &Scene<'_>) -> Option<String> {
        if let Some(ended) = &self.ended {
            return Some(format!(
                "调解已于{}终止；双方愿意再调解的，重新申请调解。",
                ended.on
            ));
        }
        let agreement = self.agreement();
        match deed {
            Deed::MediationFail => self.no_talks(),
            Deed::MediationFulfil => match agreement {
                None => Some(NO_AGREEMENT.to_owned()),
                Some(agreement) => agreement.is_kept().then(|| "协议已经全部履行。".to_owned()),
            },
            Deed::MediationBreach => match agreement {
                None => Some(NO_AGREEMENT.to_owned()),
                Some(agreement) => {
                    let none = agreement.promises.iter().all(|promise| {
                        promise.kept.is_none()
                            && (promise.is_broken() || !promise.is_overdue(scene.today))
                    });
                    none.then(|| "没有到期未履行的事项。".to_owned())
                }
            },
            Deed::MediationDecide => match agreement.and_then(Agreement::pending) {
                None => Some(NO_APPLICATION.to_owned()),
                Some(application) => (!scene
                    .actor
                    .is_own_unit(&application.court.id.as_str().into()))
                .then(|| format!("由受理申请的{}裁定。", application.court.name)),
            },
            _ => scene.case_is_over().or_else(|| self.refuses_talks(deed)),
        }
    }

    fn fields(matter: Option<&Self>, deed: Deed, scene: &Scene<'_>) -> Vec<Field> {
        show::fields(matter, deed, scene)
    }

    fn digest(&self, scene: &Scene<'_>) -> Digest {
        show::digest(self, scene)
    }

    fn help(deed: Deed) -> &'static str {
        show::help(deed)
    }

    fn right(&self, scene: &Scene<'_>) -> Option<Due> {
        show::right(self, scene)
    }

    /// The committee goes on watching over the promises while it is the court's turn.
    fn also_waiting(&self) -> Vec<UnitId> {
        vec![UnitId::from(self.committee.id.as_str())]
    }

    fn succeed(&mut self, from: &UnitId, to: &Named) -> bool {
        if self.ended.is_some() {
            return false;
        }
        let agreements = self.agreements.iter_mut();
        let waiting = agreements
            .flat_map(|agreement| &mut agreement.applications)
            .filter(|application| application.decision.is_none())
            .map(|application| replace(&mut application.court, from, to))
            .fold(false, |all, one| all | one);
        waiting | replace(&mut self.committee, from, to)
    }

    /// Talks end with the case; an agreement outlasts it, as its promises bind all the same.
    fn end_with_case(&mut self, on: NaiveDate) -> bool {
        if self.talks.is_none() || !self.agreements.is_empty() {
            return false;
        }
        self.stop_talking();
        self.ended = Some(Ended {
            on,
            reason: None,
            ways: Vec::new(),
            notice: None,
        });
        true
    }

    fn blocks_closing(&self) -> Option<String> {
        if self.ended.is_some() {
            return None;
        }
        if self.talks.is_some() {
            return Some(format!(
                "{}的人民调解还在进行，请先登记达成协议或调解终止，再办结。",
                self.committee.name
            ));
        }
        let agreement = self.agreement()?;
        if let Some(application) = agreement.pending() {
            return Some(format!(
                "{}提交{}的司法确认申请还没有裁定，不能办结。",
                application.on, application.court.name
            ));
        }
        let open: Vec<String> = agreement
            .promises
            .iter()
            .enumerate()
            .filter(|(_, promise)| promise.kept.is_none())
            .map(|(n, promise)| format!("第{}项{}（{}前）", n + 1, promise.words(), promise.due_on))
            .collect();
        (!open.is_empty()).then(|| {
            format!(
                "调解协议还有{}项没有履行：{}。全部履行后才能办结（《人民调解法》第三十一条）。",
                open.len(),
                open.join("；")
            )
        })
    }
}

impl Mediation {
    /// Why the talks and the agreement as they stand do not allow a step.
    fn refuses_talks(&self, deed: Deed) -> Option<String> {
        let agreement = self.agreement();
        match deed {
            Deed::MediationAppoint => self.no_talks(),
            Deed::MediationSession => self.no_talks().or_else(|| {
                self.mediators.is_empty().then(|| {
                    "请先确定调解员、时间和地点（《人民调解法》第十九条）。".to_owned()
                })
            }),
            Deed::MediationAgree => self
                .no_talks()
                .or_else(|| (!self.met()).then(|| "请先记录调解会，再登记协议。".to_owned())),
            Deed::MediationWrite => match agreement {
                None => Some(NO_AGREEMENT.to_owned()),
                Some(agreement) if agreement.form == AgreementForm::Written => {
                    Some("协议已经是书面的。".to_owned())
                }
                Some(_) => self.again(),
            },
            Deed::MediationApply => match agreement {
                None => Some(NO_AGREEMENT.to_owned()),
                Some(agreement) if agreement.form == AgreementForm::Oral => Some(
                    "口头协议不能直接申请司法确认，请先制作调解协议书（《人民调解法》第二十八条、第二十九条）。"
                        .to_owned(),
                ),
                Some(agreement) if agreement.pending().is_some() => {
                    Some("已经申请司法确认，等待法庭裁定。".to_owned())
                }
                Some(agreement) if agreement.ruling() == Some(CourtRuling::Confirmed) => {
                    Some("协议已经司法确认有效。".to_owned())
                }
                Some(agreement) if agreement.ruling() == Some(CourtRuling::Refused) => Some(
                    "法庭已驳回对这份协议的确认；双方可以再次调解变更协议，也可以起诉（《人民调解法》第三十三条）。"
                        .to_owned(),
                ),
                Some(agreement) if agreement.is_kept() => {
                    Some("协议已经全部履行，不需要司法确认。".to_owned())
                }
                Some(_) => self.again(),
            },
            _ => None,
        }
    }

    /// Why nothing is done with the agreement: it is being talked about again.
    fn again(&self) -> Option<String> {
        self.talks
            .is_some()
            .then(|| "正在再次调解，请先登记结果。".to_owned())
    }
}

/// Whether a unit of this kind has a mediation committee, or leads mediation as the justice office does
/// (人民调解法第八条、第三十四条).
const fn is_committee(kind: UnitKind) -> bool {
    matches!(
        kind,
        UnitKind::Village | UnitKind::Township | UnitKind::JusticeOffice
    )
}

/// The persons of the case that a field names, each once.
fn persons(errors: &mut Errors, field: &str, ids: &[PersonId], scene: &Scene<'_>) -> Vec<Named> {
    let mut found: Vec<Named> = Vec::new();
    for id in unique(ids) {
        if let Some(person) = scene.person(errors, field, Some(&id)) {
            found.push(Named {
                id: person.id.into_string(),
                name: person.name,
            });
        }
    }
    found
}

/// The session that an input plans, on the day of the step or later.
fn meeting(errors: &mut Errors, input: &MediationInput, on: NaiveDate) -> Option<Meeting> {
    let place = input.place.as_deref().unwrap_or("");
    errors.text("place", "调解地点", place, MAX_LINE);
    let time = filled(input.meet_time.as_deref());
    if let Some(time) = time
        && NaiveTime::parse_from_str(time, "%H:%M").is_err()
    {
        errors.add("meet_time", "invalid", "时间请写成 15:30 的样子。");
    }
    let day = input.meet_on?;
    if day < on {
        let message = format!("调解会的日期不能早于{on}。");
        errors.add("meet_on", "too_early", message);
    }
    Some(Meeting {
        on: day,
        time: time.map(str::to_owned),
        place: place.trim().to_owned(),
    })
}

/// What 第二十九条 wants of the paper: facts, responsibilities, signatures, seal.
fn paper(errors: &mut Errors, input: &MediationInput) -> (Option<String>, Option<String>) {
    let facts = input.facts.as_deref().unwrap_or("");
    errors.text("facts", "纠纷的主要事实", facts, MAX_TEXT);
    let duties = input.duties.as_deref().unwrap_or("");
    errors.text("duties", "争议事项和各方责任", duties, MAX_TEXT);
    for (field, given, what) in [
        (
            "parties_signed",
            input.parties_signed,
            "双方当事人签名、盖章或者按指印",
        ),
        ("mediators_signed", input.mediators_signed, "调解员签名"),
        ("sealed", input.sealed, "加盖人民调解委员会印章"),
    ] {
        if given != Some(true) {
            errors.add(
                field,
                "required",
                format!(
                    "书面协议自{what}等齐备之日起生效（《人民调解法》第二十九条），还缺这一项。"
                ),
            );
        }
    }
    let kept = |text: &str| filled(Some(text)).map(str::to_owned);
    (kept(facts), kept(duties))
}

/// The promise that an input names, with its number from 1.
fn chosen<'p>(
    errors: &mut Errors,
    promises: &'p mut [Promise],
    input: &MediationInput,
) -> Option<(usize, &'p mut Promise)> {
    let n = input
        .promise
        .as_deref()
        .and_then(|n| n.trim().parse::<usize>().ok());
    let found = n.and_then(|n| Some((n, promises.get_mut(n.checked_sub(1)?)?)));
    if found.is_none() {
        errors.add("promise", "unknown", "请选择协议中的一项履行事项。");
    }
    found
}

fn sum(promises: &[Promise]) -> Option<Yuan> {
    promises
        .iter()
        .filter_map(|promise| promise.amount)
        .reduce(Yuan::plus)
}

fn unique<T: PartialEq + Clone>(items: &[T]) -> Vec<T> {
    let mut found: Vec<T> = Vec::new();
    for item in items {
        if !found.contains(item) {
            found.push(item.clone());
        }
    }
    found
}

fn names<'s>(names: impl IntoIterator<Item = &'s String>) -> String {
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    names.join("、")
}

fn labels<T: Term>(terms: &[T]) -> String {
    let labels: Vec<&str> = terms.iter().map(|term| term.label()).collect();
    labels.join("、")
}
