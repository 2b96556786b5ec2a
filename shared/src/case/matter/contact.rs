//! Regular contact with a long-standing petitioner (跟进联系): explanation, help, legal aid,
//! psychological support, by a named member of staff, every so many days.
//!
//! It belongs to one open case and ends with it, as attention to a key person does (design section 1):
//! with a reason and a review date, at which it is looked at again or ends. It notes what was heard and
//! what was promised, nothing about where a person is, and no score of anyone. Only who may see the
//! case can be made responsible.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::form::{Choice, Field, FieldKind};
use super::scene::{MAX_LINE, MAX_TEXT, Scene};
use super::view::{Digest, Due, Item, Line, Tone};
use super::{Deed, Done, Matter, MatterKind, Wrong};
use crate::access::{Actor, visible};
use crate::case::input::filled;
use crate::case::view::Named;
use crate::ids::{PersonId, UserId};
use crate::role::Role;
use crate::term::Term;
use crate::terms;
use crate::validate::Errors;

terms! {
    /// What regular contact is for.
    ContactPurpose, "联系目的" {
        /// Explaining policy and how the case stands.
        Explanation = "explanation", "解释政策和进展";
        /// Practical help.
        Help = "help", "帮扶救助";
        /// Legal aid.
        LegalAid = "legal_aid", "法律援助";
        /// Psychological support.
        Psychological = "psychological", "心理疏导";
    }
}

terms! {
    /// How somebody was reached.
    ContactWay, "联系方式" {
        /// At their home, with their consent.
        Home = "home", "上门";
        /// At an office.
        Office = "office", "约见";
        /// By telephone.
        Call = "call", "电话";
        /// By message.
        Message = "message", "短信微信";
        /// Through somebody they trust.
        Trusted = "trusted", "通过信任的人转告";
    }
}

/// The shortest rhythm: contact is help, not watching.
pub const MIN_RHYTHM: u32 = 3;
/// The longest rhythm.
pub const MAX_RHYTHM: u32 = 90;
/// After how many days at the latest a plan is looked at again.
pub const MAX_REVIEW: u64 = 183;

/// What the deeds of a contact plan are given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ContactInput {
    /// The day of the plan, the contact, the review, the end.
    pub on: Option<NaiveDate>,
    /// `open`: the person of the case.
    pub person: Option<PersonId>,
    /// `open`: what for.
    pub purposes: Vec<ContactPurpose>,
    /// `open`, `review`: every how many days.
    pub rhythm_days: Option<u32>,
    /// `open`: who keeps in touch.
    pub user_id: Option<UserId>,
    /// `open`, `review`: when the plan is looked at again.
    pub review_on: Option<NaiveDate>,
    /// `open`: why; `note`: what was heard; `review`: what was found; `end`: why.
    pub text: Option<String>,
    /// `note`: how they were reached.
    pub way: Option<ContactWay>,
    /// `note`: what was promised.
    pub promise: Option<String>,
    /// `note`: by when.
    pub promise_on: Option<NaiveDate>,
    /// `note`: which earlier promises were kept by then, counted from 1.
    pub kept: Vec<String>,
}

/// A contact plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Since when.
    pub opened_on: NaiveDate,
    /// With whom.
    pub person: Named,
    /// What for.
    pub purposes: Vec<ContactPurpose>,
    /// Every how many days.
    pub rhythm_days: u32,
    /// Who keeps in touch.
    pub user: Named,
    /// Why.
    pub reason: String,
    /// When it is looked at again.
    pub review_on: NaiveDate,
    /// The contacts.
    pub notes: Vec<ContactNote>,
    /// What was promised.
    pub promises: Vec<ContactPromise>,
    /// The reviews.
    pub reviews: Vec<ContactReview>,
    /// How it ended.
    pub ended: Option<ContactEnd>,
}

/// A contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactNote {
    /// When.
    pub on: NaiveDate,
    /// How.
    pub way: ContactWay,
    /// What was heard.
    pub heard: String,
}

/// What was promised to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPromise {
    /// When.
    pub on: NaiveDate,
    /// What.
    pub what: String,
    /// By when.
    pub due_on: NaiveDate,
    /// When it was found kept.
    pub kept_on: Option<NaiveDate>,
}

/// A look at whether the plan is still needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactReview {
    /// When.
    pub on: NaiveDate,
    /// What was found.
    pub text: String,
}

/// The end of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactEnd {
    /// When.
    pub on: NaiveDate,
    /// Why; none where it ended with the case.
    pub reason: Option<String>,
}

impl Contact {
    /// The day of the last contact, or of the plan.
    fn last_on(&self) -> NaiveDate {
        let days = self.notes.iter().map(|note| note.on);
        days.fold(self.opened_on, NaiveDate::max)
    }

    /// What is due first: the next contact, a promise, the review.
    fn due(&self, scene: &Scene<'_>) -> Option<Due> {
        let due = |on, what: &str| Due {
            on,
            what: what.to_owned(),
            basis: None,
            petitioners: false,
        };
        let next = scene.calendar.after_days(self.last_on(), self.rhythm_days);
        let promises = self.promises.iter().filter(|p| p.kept_on.is_none());
        let promise = promises.map(|promise| due(promise.due_on, "兑现联系中的承诺"));
        [
            due(next.date, "下次联系"),
            due(self.review_on, "复核是否还需要联系"),
        ]
        .into_iter()
        .chain(promise)
        .min_by_key(|due| due.on)
    }

    fn note(&mut self, input: &ContactInput, scene: &Scene<'_>) -> Result<Done, Wrong> {
        let mut errors = Errors::new();
        let on = scene.day(&mut errors, input.on, self.opened_on);
        let heard = input.text.as_deref().unwrap_or("");
        errors.text("text", "听到的情况", heard, MAX_TEXT);
        let promise = filled(input.promise.as_deref());
        errors.length("promise", "答应的事", promise.unwrap_or(""), MAX_LINE);
        match (promise, input.promise_on) {
            (Some(_), None) => {
                errors.add("promise_on", "required", "答应的事要写明什么时候前办到。");
            }
            (None, Some(_)) => errors.add("promise", "required", "请填写答应了什么。"),
            (Some(_), Some(by)) if by < on => {
                errors.add("promise_on", "too_early", "办到的日期不能早于联系日期。");
            }
            _ => {}
        }
        let mut kept = Vec::new();
        for n in &input.kept {
            let n = n
                .trim()
                .parse::<usize>()
                .ok()
                .and_then(|n| n.checked_sub(1));
            let open = n.filter(|n| {
                self.promises
                    .get(*n)
                    .is_some_and(|promise| promise.kept_on.is_none())
            });
            match open {
                Some(n) => kept.push(n),
                None => errors.add("kept", "unknown", "请从还没有兑现的承诺中选择。"),
            }
        }
        let Some(way) = input.way else {
            errors.add("way", "required", "请选择联系方式。");
            return Err(Wrong::Invalid(errors));
        };
        errors.or_wrong()?;
        let mut text = format!("{}联系{}：{}", way.label(), self.person.name, heard.trim());
        for n in kept {
            if let Some(promise) = self.promises.get_mut(n) {
                promise.kept_on = Some(on);
                text.push_str(&format!("；已兑现：{}", promise.what));
            }
        }
        if let (Some(what), Some(due_on)) = (promise, input.promise_on) {
            text.push_str(&format!("；答应{due_on}前：{what}"));
            self.promises.push(ContactPromise {
                on,
                what: what.to_owned(),
                due_on,
                kept_on: None,
            });
        }
        self.notes.push(ContactNote {
            on,
            way,
            heard: heard.trim().to_owned(),
        });
        Ok(Done::new(on, text))
    }

    fn review(&mut self, input: &ContactInput, scene: &Scene<'_>) -> Result<Done, Wrong> {
        let mut errors = Errors::new();
        let on = scene.day(&mut errors, input.on, self.opened_on);
        let found = input.text.as_deref().unwrap_or("");
        errors.text("text", "复核情况", found, MAX_TEXT);
        let review_on = review_day(&mut errors, input.review_on, scene.today);
        let rhythm_days = match input.rhythm_days {
            None => self.rhythm_days,
            given => rhythm(&mut errors, given),
        };
        let Some(review_on) = review_on else {
            return Err(Wrong::Invalid(errors));
        };
        errors.or_wrong()?;
        self.rhythm_days = rhythm_days;
        self.review_on = review_on;
        let text = format!(
            "复核：{}；每{rhythm_days}天联系一次，{review_on}前再复核",
            found.trim()
        );
        self.reviews.push(ContactReview {
            on,
            text: found.trim().to_owned(),
        });
        Ok(Done::new(on, text))
    }

    fn end(&mut self, input: &ContactInput, scene: &Scene<'_>) -> Result<Done, Wrong> {
        let mut errors = Errors::new();
        let on = scene.day(&mut errors, input.on, self.last_on());
        let reason = input.text.as_deref().unwrap_or("");
        errors.text("text", "结束原因", reason, MAX_TEXT);
        errors.or_wrong()?;
        let reason = reason.trim().to_owned();
        let text = format!("结束与{}的定期联系：{reason}", self.person.name);
        self.ended = Some(ContactEnd {
            on,
            reason: Some(reason),
        });
        Ok(Done::new(on, text))
    }
}

/// Notes an error unless the rhythm is one.
fn rhythm(errors: &mut Errors, days: Option<u32>) -> u32 {
    let days = days.unwrap_or(0);
    if !(MIN_RHYTHM..=MAX_RHYTHM).contains(&days) {
        let message = format!("联系间隔应在{MIN_RHYTHM}至{MAX_RHYTHM}天之间。");
        errors.add("rhythm_days", "out_of_range", message);
    }
    days
}

/// Notes an error unless the review is to come, within half a year.
fn review_day(errors: &mut Errors, day: Option<NaiveDate>, today: NaiveDate) -> Option<NaiveDate> {
    let latest = today
        .checked_add_days(chrono::Days::new(MAX_REVIEW))
        .unwrap_or(today);
    match day {
        None => errors.add(
            "review_on",
            "required",
            "请填写复核日期：到期重新看是否还需要定期联系。",
        ),
        Some(day) if day <= today => {
            errors.add("review_on", "in_past", "复核日期应晚于今天。");
        }
        Some(day) if day > latest => errors.add(
            "review_on",
            "too_late",
            format!("复核日期最迟{latest}：至少每半年看一次是否还需要。"),
        ),
        Some(day) => return Some(day),
    }
    None
}

/// Whether somebody can be made responsible: they handle cases, and may see this one.
fn sees(scene: &Scene<'_>, id: &UserId) -> bool {
    scene.people.user(id).is_some_and(|user| {
        let village = user.role == Role::VillageSecretary;
        let actor = Actor {
            user_id: id.clone(),
            role: user.role,
            unit_id: user.unit_id.clone(),
            unit_chain: vec![user.unit_id.clone()],
            township_id: scene.case.township_id.clone(),
            village_id: village.then_some(user.unit_id),
            former_units: Vec::new(),
            former_villages: Vec::new(),
            stands_in_for: Vec::new(),
        };
        !user.accused && visible(&actor, scene.case)
    })
}

/// The roles that keep in touch with petitioners.
const ROLES: [Role; 6] = [
    Role::TownshipLeader,
    Role::CoordinationOffice,
    Role::VillageSecretary,
    Role::PoliceStation,
    Role::JusticeOffice,
    Role::ServiceCentre,
];

impl Matter for Contact {
    const KIND: MatterKind = MatterKind::Contact;
    type Input = ContactInput;

    fn open(input: ContactInput, scene: &Scene<'_>) -> Result<(Self, Done), Wrong> {
        let mut errors = Errors::new();
        let on = scene.day(&mut errors, input.on, scene.received_on);
        let person = scene.person(&mut errors, "person", input.person.as_ref());
        let mut purposes = Vec::new();
        for purpose in input.purposes {
            if !purposes.contains(&purpose) {
                purposes.push(purpose);
            }
        }
        if purposes.is_empty() {
            errors.add("purposes", "required", "请选择联系目的，可以多选。");
        }
        let rhythm_days = rhythm(&mut errors, input.rhythm_days);
        let user = scene.user(
            &mut errors,
            "user_id",
            input.user_id.as_ref(),
            |role| ROLES.contains(&role),
            "联系人",
        );
        if user.is_some() && !input.user_id.as_ref().is_some_and(|id| sees(scene, id)) {
            errors.add(
                "user_id",
                "not_involved",
                "这名工作人员不办理本事项，看不到它；请选择办理单位的人员，或先把事项交给其单位。",
            );
        }
        let review_on = review_day(&mut errors, input.review_on, scene.today);
        let reason = input.text.as_deref().unwrap_or("");
        errors.text("text", "联系理由", reason, MAX_TEXT);
        let (Some(person), Some(user), Some(review_on)) = (person, user, review_on) else {
            return Err(Wrong::Invalid(errors));
        };
        errors.or_wrong()?;
        let contact = Self {
            opened_on: on,
            person: Named {
                id: person.id.into_string(),
                name: person.name,
            },
            purposes,
            rhythm_days,
            user: user.clone(),
            reason: reason.trim().to_owned(),
            review_on,
            notes: Vec::new(),
            promises: Vec::new(),
            reviews: Vec::new(),
            ended: None,
        };
        let text = format!(
            "由{}每{rhythm_days}天联系{}一次（{}），{review_on}前复核；理由：{}",
            contact.user.name,
            contact.person.name,
            contact.purpose_words(),
            contact.reason
        );
        let mut done = Done::new(on, text);
        done.data.user = Some(user);
        Ok((contact, done))
    }

    fn step(&mut self, deed: Deed, input: ContactInput, scene: &Scene<'_>) -> Result<Done, Wrong> {
        match deed {
            Deed::ContactNote => self.note(&input, scene),
            Deed::ContactReview => self.review(&input, scene),
            Deed::ContactEnd => self.end(&input, scene),
            _ => Err(Wrong::refused("跟进联系没有这一步。")),
        }
    }

    fn refuses(&self, _: Deed, _: &Scene<'_>) -> Option<String> {
        self.ended
            .as_ref()
            .map(|ended| format!("定期联系已于{}结束。", ended.on))
    }

    fn fields(matter: Option<&Self>, deed: Deed, _: &Scene<'_>) -> Vec<Field> {
        let number = |min, max| FieldKind::Number { min, max };
        let rhythm = Field::new(
            "rhythm_days",
            "每几天联系一次",
            number(MIN_RHYTHM, MAX_RHYTHM),
        );
        let review = Field::date("review_on", "复核日期")
            .required()
            .help("到期重新看是否还需要，最迟半年。");
        match deed {
            Deed::ContactOpen => vec![
                Field::new("person", "联系对象", FieldKind::Person).required(),
                Field::long("text", "联系理由", MAX_TEXT)
                    .required()
                    .help("为什么需要定期联系；只写事由，不给人打分、不作评价。"),
                Field::choices::<ContactPurpose>("purposes", "联系目的").required(),
                rhythm.required().value("14"),
                Field::user("user_id", "联系人", &ROLES)
                    .required()
                    .help("办理本事项的人员。"),
                review,
                Field::on("开始日期"),
            ],
            Deed::ContactNote => {
                let mut fields = vec![
                    Field::on("联系日期"),
                    Field::choice::<ContactWay>("way", "联系方式").required(),
                    Field::long("text", "听到的情况", MAX_TEXT)
                        .required()
                        .help("诉求、困难、对办理的意见；不记行踪。"),
                    Field::text("promise", "答应的事", MAX_LINE),
                    Field::date("promise_on", "什么时候前办到").help("答应了事的必填。"),
                ];
                let choices = matter.map(Self::open_promises).unwrap_or_default();
                if !choices.is_empty() {
                    let kind = FieldKind::Choices { choices };
                    fields.push(Field::new("kept", "已经兑现的承诺", kind));
                }
                fields
            }
            Deed::ContactReview => {
                let rhythm = match matter {
                    Some(matter) => rhythm.value(matter.rhythm_days.to_string()),
                    None => rhythm,
                };
                vec![
                    Field::long("text", "复核情况", MAX_TEXT)
                        .required()
                        .help("为什么还需要；不需要的请办“结束联系”。"),
                    rhythm,
                    review,
                    Field::on("复核日期（本次）"),
                ]
            }
            _ => vec![
                Field::long("text", "结束原因", MAX_TEXT).required(),
                Field::on("结束日期"),
            ],
        }
    }

    fn digest(&self, scene: &Scene<'_>) -> Digest {
        let due = self.due(scene).filter(|_| self.ended.is_none());
        let late = due.as_ref().is_some_and(|due| due.on < scene.today);
        let (state, state_label, tone) = match &self.ended {
            Some(ContactEnd { reason: None, .. }) => ("lapsed", "随事项办结失效", Tone::Void),
            Some(_) => ("ended", "已结束", Tone::Void),
            None if late => ("active", "联系中，有逾期", Tone::Bad),
            None => ("active", "联系中", Tone::Active),
        };
        Digest {
            title: format!("每{}天联系一次", self.rhythm_days),
            state,
            state_label,
            tone,
            open: self.ended.is_none(),
            due,
            unit_id: scene
                .people
                .user(&UserId::from(self.user.id.as_str()))
                .map(|user| user.unit_id),
            stages: Vec::new(),
            lines: self.lines(scene.today),
            items: self.items(scene.today),
        }
    }

    fn help(deed: Deed) -> &'static str {
        match deed {
            Deed::ContactOpen => {
                "对长期未化解事项的信访人，由一名工作人员定期联系：解释、帮扶、法律援助、心理疏导。只限未办结的事项，办结即止；不记行踪，不打分。"
            }
            Deed::ContactNote => "记下怎样联系、听到什么、答应了什么、什么时候前办到。",
            Deed::ContactReview => "到复核日期，看是否还需要定期联系、多久一次。",
            _ => "不再需要的，写明原因结束。",
        }
    }

    fn end_with_case(&mut self, on: NaiveDate) -> bool {
        if self.ended.is_some() {
            return false;
        }
        self.ended = Some(ContactEnd { on, reason: None });
        true
    }
}

impl Contact {
    fn purpose_words(&self) -> String {
        let labels: Vec<&str> = self.purposes.iter().map(|term| term.label()).collect();
        labels.join("、")
    }

    /// The promises that are still to be kept, to choose from.
    fn open_promises(&self) -> Vec<Choice> {
        let promises = self.promises.iter().enumerate();
        promises
            .filter(|(_, promise)| promise.kept_on.is_none())
            .map(|(n, promise)| Choice {
                code: (n + 1).to_string(),
                label: format!("{}（{}前）", promise.what, promise.due_on),
            })
            .collect()
    }

    fn lines(&self, today: NaiveDate) -> Vec<Line> {
        let review = if self.ended.is_none() && self.review_on < today {
            Tone::Bad
        } else {
            Tone::Plain
        };
        let mut lines = vec![
            Line::new("联系对象", self.person.name.clone()),
            Line::new("联系理由", self.reason.clone()),
            Line::new("联系目的", self.purpose_words()),
            Line::new("联系人", self.user.name.clone()),
            Line::toned("复核日期", self.review_on.to_string(), review),
        ];
        if let Some(last) = self.notes.iter().map(|note| note.on).max() {
            lines.push(Line::new("最近一次联系", last.to_string()));
        }
        if let Some(ended) = &self.ended {
            let reason = ended.reason.as_deref().unwrap_or("事项办结，随之失效");
            let text = format!("{} {reason}", ended.on);
            lines.push(Line::toned("结束", text, Tone::Void));
        }
        lines
    }

    fn items(&self, today: NaiveDate) -> Vec<Item> {
        let item = |group: &str, title: String, on, state_label: &str, tone, text| Item {
            group: group.to_owned(),
            title,
            on: Some(on),
            state_label: state_label.to_owned(),
            tone,
            text,
        };
        let mut items = Vec::new();
        for promise in &self.promises {
            let (label, tone) = match promise.kept_on {
                Some(_) => ("已兑现", Tone::Good),
                None if self.ended.is_some() => ("未兑现", Tone::Void),
                None if promise.due_on < today => ("已逾期", Tone::Bad),
                None => ("待兑现", Tone::Active),
            };
            let text = Some(format!("{}答应", promise.on));
            let title = promise.what.clone();
            items.push(item("承诺", title, promise.due_on, label, tone, text));
        }
        for note in self.notes.iter().rev() {
            let (way, text) = (note.way.label(), Some(note.heard.clone()));
            items.push(item(
                "联系记录",
                way.to_owned(),
                note.on,
                "已联系",
                Tone::Good,
                text,
            ));
        }
        for review in &self.reviews {
            let title = "复核".to_owned();
            let text = Some(review.text.clone());
            items.push(item(
                "复核",
                title,
                review.on,
                "继续联系",
                Tone::Plain,
                text,
            ));
        }
        items
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::tests::{Stage, day};
    use super::*;
    use crate::case::state::State;

    fn input() -> ContactInput {
        ContactInput {
            person: Some("p".into()),
            purposes: vec![ContactPurpose::Help, ContactPurpose::Psychological],
            rhythm_days: Some(14),
            user_id: Some("secretary".into()),
            review_on: Some(day(6, 1)),
            text: Some("反映十余年，生活有困难".to_owned()),
            ..ContactInput::default()
        }
    }

    fn wrong_fields(result: Result<impl std::fmt::Debug, Wrong>) -> Vec<String> {
        let Err(Wrong::Invalid(errors)) = result else {
            panic!("{result:?}");
        };
        let errors = errors.into_vec().into_iter();
        errors.map(|e| format!("{}:{}", e.field, e.code)).collect()
    }

    #[test]
    fn a_plan_names_person_reason_rhythm_review_and_somebody_who_sees_the_case() {
        let stage = Stage::on(day(3, 10));
        let scene = stage.scene();
        assert!(Contact::open(input(), &scene).is_ok());
        type Change = fn(&mut ContactInput);
        let cases: [(Change, &str); 10] = [
            (|i| i.person = Some("x".into()), "person:unknown"),
            (|i| i.purposes.clear(), "purposes:required"),
            (|i| i.rhythm_days = Some(2), "rhythm_days:out_of_range"),
            (|i| i.rhythm_days = Some(91), "rhythm_days:out_of_range"),
            (|i| i.user_id = Some("judge".into()), "user_id:wrong_role"),
            (
                |i| i.user_id = Some("officer".into()),
                "user_id:not_involved",
            ),
            (|i| i.review_on = None, "review_on:required"),
            (|i| i.review_on = Some(day(3, 10)), "review_on:in_past"),
            (|i| i.review_on = Some(day(9, 10)), "review_on:too_late"),
            (|i| i.text = None, "text:required"),
        ];
        for (change, field) in cases {
            let mut wrong = input();
            change(&mut wrong);
            assert_eq!(wrong_fields(Contact::open(wrong, &scene)), [field]);
        }
        let mut last = input();
        last.review_on = Some(day(9, 9));
        assert!(Contact::open(last, &scene).is_ok());
    }

    /// Day N is in time, day N + 1 is late: the rhythm, a promise, the review.
    #[test]
    fn what_is_due_next_follows_the_last_contact() {
        let stage = Stage::on(day(3, 10));
        let (mut contact, _) = Contact::open(input(), &stage.scene()).unwrap();
        let due = |contact: &Contact, today| {
            let stage = Stage::on(today);
            let digest = contact.digest(&stage.scene());
            (digest.due.unwrap().on, digest.tone)
        };
        assert_eq!(due(&contact, day(3, 24)), (day(3, 24), Tone::Active));
        assert_eq!(due(&contact, day(3, 25)), (day(3, 24), Tone::Bad));
        let note = ContactInput {
            way: Some(ContactWay::Home),
            text: Some("担心今年的流转费".to_owned()),
            promise: Some("送政策解释材料".to_owned()),
            promise_on: Some(day(3, 30)),
            ..ContactInput::default()
        };
        let stage = Stage::on(day(3, 20));
        contact
            .step(Deed::ContactNote, note, &stage.scene())
            .unwrap();
        assert_eq!(due(&contact, day(3, 30)), (day(3, 30), Tone::Active));
        assert_eq!(due(&contact, day(3, 31)), (day(3, 30), Tone::Bad));
        let kept = ContactInput {
            way: Some(ContactWay::Call),
            text: Some("材料已收到".to_owned()),
            kept: vec!["1".to_owned()],
            ..ContactInput::default()
        };
        let stage = Stage::on(day(5, 25));
        contact
            .step(Deed::ContactNote, kept.clone(), &stage.scene())
            .unwrap();
        assert_eq!(due(&contact, day(5, 25)).0, day(6, 1));
        assert_eq!(
            wrong_fields(contact.step(Deed::ContactNote, kept, &stage.scene())),
            ["kept:unknown"]
        );
        let review = ContactInput {
            text: Some("仍有困难".to_owned()),
            rhythm_days: Some(30),
            review_on: Some(day(10, 1)),
            ..ContactInput::default()
        };
        contact
            .step(Deed::ContactReview, review, &stage.scene())
            .unwrap();
        assert_eq!(due(&contact, day(5, 25)).0, day(6, 24));
    }

    #[test]
    fn a_promise_says_by_when() {
        let stage = Stage::on(day(3, 10));
        let (mut contact, _) = Contact::open(input(), &stage.scene()).unwrap();
        let note = |promise: Option<&str>, promise_on| ContactInput {
            way: Some(ContactWay::Call),
            text: Some("询问进展".to_owned()),
            promise: promise.map(str::to_owned),
            promise_on,
            ..ContactInput::default()
        };
        for (input, field) in [
            (note(Some("回电"), None), "promise_on:required"),
            (note(None, Some(day(3, 12))), "promise:required"),
            (note(Some("回电"), Some(day(3, 9))), "promise_on:too_early"),
        ] {
            let result = contact.step(Deed::ContactNote, input, &stage.scene());
            assert_eq!(wrong_fields(result), [field]);
        }
        assert!(contact.notes.is_empty());
    }

    #[test]
    fn it_ends_once_and_with_the_case() {
        let mut stage = Stage::on(day(3, 10));
        let (mut contact, _) = Contact::open(input(), &stage.scene()).unwrap();
        assert!(contact.end_with_case(day(4, 1)));
        assert!(!contact.end_with_case(day(4, 2)));
        let digest = contact.digest(&stage.scene());
        assert_eq!(
            (digest.state, digest.open, digest.due),
            ("lapsed", false, None)
        );
        for deed in [Deed::ContactNote, Deed::ContactReview, Deed::ContactEnd] {
            assert!(contact.refuses(deed, &stage.scene()).is_some());
        }
        stage.case.state = State::Closed;
        assert!(Contact::refuses_opening(&stage.scene()).is_some());
    }
}
