//! Orders (交办、转办、督办): what the office, a leader or a higher authority demands of a unit about
//! a case, by when, and what came of it.
//!
//! The unit takes note, reports, and is done when the office is satisfied; a report that does not
//! suffice goes back with a reason and a new deadline. The deadline shows yellow and red by the rules
//! of the settings. Where the cause lies deeper, the office proposes to improve the work, to complete
//! a policy or to hold somebody accountable; the recipient answers in writing whether it adopts that
//! (条例第四十条).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::form::{Choice, Field, FieldKind};
use super::scene::{MAX_LINE, MAX_TEXT, Scene};
use super::view::{Digest, Due, Item, Line, Stage, Tone, aged};
use super::{Deed, Done, Effect, Matter, MatterKind, Wrong, replace};
use crate::access::Actor;
use crate::case::view::Named;
use crate::ids::{UnitId, UserId};
use crate::org::UnitKind;
use crate::role::Role;
use crate::term::Term;
use crate::terms;
use crate::validate::Errors;

terms! {
    /// In which form it is given.
    OrderForm, "督办方式" {
        /// To be done and reported.
        Assign = "assign", "交办";
        /// Passed on to whom it belongs, to be reported.
        Pass = "pass", "转办";
        /// Work that is late, evaded or badly done (条例第四十条).
        Supervise = "supervise", "督办";
    }
}

terms! {
    /// Who gives it.
    OrderSource, "来源" {
        /// The coordination office.
        Office = "office", "镇综治办";
        /// A leader of the township.
        Leader = "leader", "镇领导";
        /// A higher authority, named.
        Higher = "higher", "上级机关";
    }
}

terms! {
    /// What is proposed (条例第四十条).
    Proposal, "建议种类" {
        /// To improve the work.
        Improve = "improve", "改进工作";
        /// To complete a policy.
        Policy = "policy", "完善政策";
        /// To hold somebody accountable.
        Accountability = "accountability", "追究责任";
    }
}

terms! {
    /// How the recipient answers a proposal (条例第四十条: 书面反馈采纳情况).
    Adoption, "采纳情况" {
        /// Adopted.
        Adopted = "adopted", "采纳";
        /// Adopted in part.
        Partly = "partly", "部分采纳";
        /// Not adopted.
        Declined = "declined", "不采纳";
    }
}

/// What the deeds of an order are given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct OrderInput {
    /// The day of the deed; today when absent.
    pub on: Option<NaiveDate>,
    /// `open`: assign, pass on or supervise.
    pub form: Option<OrderForm>,
    /// `open`: who gives it.
    pub source: Option<OrderSource>,
    /// `open`, from a leader: which.
    pub leader_id: Option<UserId>,
    /// `open`, from a higher authority: its name.
    pub authority: Option<String>,
    /// `open`: the document's number.
    pub number: Option<String>,
    /// `open`: the unit that it is given to.
    pub unit_id: Option<UnitId>,
    /// `open`: what is demanded.
    pub demand: Option<String>,
    /// `open`, `return`: the last day for the report.
    pub deadline: Option<NaiveDate>,
    /// `propose`: what is proposed.
    pub proposal: Option<Proposal>,
    /// `propose`: the unit that is to answer.
    pub recipient_id: Option<UnitId>,
    /// `propose`: the authority outside the township that is to answer.
    pub recipient: Option<String>,
    /// `propose`: by when it is to answer.
    pub reply_by: Option<NaiveDate>,
    /// `reply`: which proposal, as `fields` numbers them.
    pub which: Option<String>,
    /// `reply`: whether it is adopted.
    pub adoption: Option<Adoption>,
    /// The report, the reason, the reminder, the result, the proposal, the answer.
    pub text: Option<String>,
}

/// An order to a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub(crate) form: OrderForm,
    source: OrderSource,
    leader: Option<Named>,
    authority: Option<String>,
    pub(crate) number: Option<String>,
    /// The unit of whoever entered it, which looks at the reports.
    issuer: Named,
    pub(crate) unit: Named,
    pub(crate) demand: String,
    issued_on: NaiveDate,
    pub(crate) deadline: NaiveDate,
    received_on: Option<NaiveDate>,
    reports: Vec<Report>,
    reminders: Vec<Note>,
    ended: Option<Note>,
    proposals: Vec<Proposed>,
}

/// A report of the unit, and why it went back, if it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Report {
    on: NaiveDate,
    /// The deadline that it was due by.
    deadline: NaiveDate,
    text: String,
    returned: Option<Note>,
}

/// Words of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    on: NaiveDate,
    text: String,
}

/// A proposal and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Proposed {
    on: NaiveDate,
    kind: Proposal,
    /// The unit; none for an authority outside the township.
    unit_id: Option<UnitId>,
    recipient: String,
    text: String,
    reply_by: Option<NaiveDate>,
    reply: Option<Reply>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Reply {
    on: NaiveDate,
    adoption: Adoption,
    text: String,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// The unit has not taken note.
    Receive,
    /// The unit works on it.
    Work,
    /// The unit works on it again.
    Again,
    /// The office looks at the report.
    Review,
    /// A recipient is to answer a proposal; all else is done.
    Answer,
    /// Nobody's.
    Over,
}

fn filled(text: Option<&str>) -> Option<String> {
    crate::case::input::filled(text).map(str::to_owned)
}

/// Whether orders go to units of this kind.
fn takes_orders(kind: UnitKind) -> bool {
    !matches!(
        kind,
        UnitKind::County | UnitKind::Township | UnitKind::Group
    )
}

/// The units that orders go to, for a form.
fn order_takers() -> Vec<UnitKind> {
    UnitKind::ALL
        .iter()
        .copied()
        .filter(|kind| takes_orders(*kind))
        .collect()
}

const TAKERS: &str = "村或镇内站所";

impl Order {
    fn turn(&self) -> Turn {
        if self.ended.is_some() {
            if self.unanswered().next().is_some() {
                Turn::Answer
            } else {
                Turn::Over
            }
        } else if self.received_on.is_none() {
            Turn::Receive
        } else {
            match self.reports.last() {
                None => Turn::Work,
                Some(report) if report.returned.is_some() => Turn::Again,
                Some(_) => Turn::Review,
            }
        }
    }

    /// Proposals that wait for an answer, with their places.
    fn unanswered(&self) -> impl Iterator<Item = (usize, &Proposed)> {
        let all = self.proposals.iter().enumerate();
        all.filter(|(_, proposed)| proposed.reply.is_none())
    }

    fn last_day(&self) -> NaiveDate {
        let reports = self.reports.iter().flat_map(|report| {
            let returned = report.returned.as_ref().map(|note| note.on);
            [Some(report.on), returned].into_iter().flatten()
        });
        reports
            .chain(self.received_on)
            .chain(self.ended.iter().map(|note| note.on))
            .fold(self.issued_on, NaiveDate::max)
    }

    /// Who gave it, in words.
    pub(crate) fn giver(&self) -> String {
        match (&self.authority, &self.leader) {
            (Some(authority), _) => authority.clone(),
            (None, Some(leader)) => format!("{}（{}）", leader.name, self.source.label()),
            (None, None) => self.source.label().to_owned(),
        }
    }

    fn receive(&mut self, on: NaiveDate) -> Done {
        self.received_on = Some(on);
        Done::new(on, format!("{}签收", self.unit.name))
    }

    fn give_back(
        &mut self,
        input: &OrderInput,
        on: NaiveDate,
        mut errors: Errors,
        scene: &Scene<'_>,
    ) -> Result<Done, Wrong> {
        let deadline = scene.coming_day(&mut errors, "deadline", "新的办理期限", input.deadline);
        let reason = text(&mut errors, input, "退回理由");
        let (Some(deadline), Some(reason)) = (deadline, reason) else {
            return Err(Wrong::Invalid(errors));
        };
        errors.or_wrong()?;
        let words = format!("退回重办，{deadline}前再次反馈；理由：{reason}");
        if let Some(report) = self.reports.last_mut() {
            report.returned = Some(Note { on, text: reason });
        }
        self.deadline = deadline;
        Ok(Done::new(on, words))
    }

    fn propose(
        &mut self,
        input: &OrderInput,
        on: NaiveDate,
        mut errors: Errors,
        scene: &Scene<'_>,
    ) -> Result<Done, Wrong> {
        if input.proposal.is_none() {
            errors.add("proposal", "required", "请选择建议种类。");
        }
        let outside = filled(input.recipient.as_deref());
        errors.length(
            "recipient",
            "镇外机关",
            outside.as_deref().unwrap_or(""),
            MAX_LINE,
        );
        let unit = match (&input.recipient_id, &outside) {
            (Some(_), Some(_)) => {
                errors.add("recipient", "ambiguous", "本镇单位和镇外机关只能填一个。");
                None
            }
            (None, None) => {
                errors.add(
                    "recipient_id",
                    "required",
                    "请选择收到建议的单位；镇外机关填写名称。",
                );
                None
            }
            (None, Some(_)) => None,
            (Some(id), None) => scene.unit(
                &mut errors,
                "recipient_id",
                Some(id),
                |kind| kind != UnitKind::Group && kind != UnitKind::County,
                "本镇的单位",
            ),
        };
        let reply_by = input
            .reply_by
            .and_then(|day| scene.coming_day(&mut errors, "reply_by", "答复期限", Some(day)));
        let words = text(&mut errors, input, "建议内容");
        let (Some(kind), Some(words)) = (input.proposal, words) else {
            return Err(Wrong::Invalid(errors));
        };
        errors.or_wrong()?;
        let unit_id = unit.as_ref().map(|unit| UnitId::from(unit.id.as_str()));
        let recipient = unit.map_or_else(|| outside.unwrap_or_default(), |unit| unit.name);
        let said = format!("向{recipient}提出{}的建议：{words}", kind.label());
        self.proposals.push(Proposed {
            on,
            kind,
            unit_id: unit_id.clone(),
            recipient,
            text: words,
            reply_by,
            reply: None,
        });
        let done = Done::new(on, said);
        Ok(match unit_id {
            Some(unit) => done.with(Effect::Refer(unit)),
            None => done,
        })
    }

    fn reply(
        &mut self,
        input: &OrderInput,
        on: NaiveDate,
        mut errors: Errors,
        scene: &Scene<'_>,
    ) -> Result<Done, Wrong> {
        let mine: Vec<usize> = self.for_reply(scene.actor).map(|(at, _)| at).collect();
        let wanted = filled(input.which.as_deref()).and_then(|code| code.parse::<usize>().ok());
        let at = match (wanted, mine.as_slice()) {
            (Some(number), _) => mine.iter().copied().find(|at| at + 1 == number),
            (None, [only]) => Some(*only),
            (None, _) => None,
        };
        if at.is_none() {
            errors.add("which", "required", "请选择要答复的建议。");
        }
        if input.adoption.is_none() {
            errors.add(
                "adoption",
                "required",
                "请选择采纳情况（《信访工作条例》第四十条）。",
            );
        }
        let words = text(&mut errors, input, "答复内容");
        let proposed = at.and_then(|at| self.proposals.get_mut(at));
        if let Some(proposed) = &proposed
            && on < proposed.on
        {
            let message = format!("日期不能早于提出建议的日期（{}）。", proposed.on);
            errors.add("on", "too_early", message);
        }
        let (Some(proposed), Some(adoption), Some(words)) = (proposed, input.adoption, words)
        else {
            return Err(Wrong::Invalid(errors));
        };
        errors.or_wrong()?;
        let said = format!(
            "{}答复{}的建议：{}；{words}",
            proposed.recipient,
            proposed.kind.label(),
            adoption.label()
        );
        proposed.reply = Some(Reply {
            on,
            adoption,
            text: words,
        });
        Ok(Done::new(on, said))
    }

    /// The proposals that an actor may answer: those to the own unit, and for the office and the
    /// leaders, who note what comes in on paper, those to authorities outside.
    fn for_reply<'a>(
        &'a self,
        actor: &'a Actor,
    ) -> impl Iterator<Item = (usize, &'a Proposed)> + 'a {
        let command = matches!(actor.role, Role::TownshipLeader | Role::CoordinationOffice);
        self.unanswered().filter(move |(_, proposed)| {
            proposed
                .unit_id
                .as_ref()
                .map_or(command, |unit| actor.is_own_unit(unit))
        })
    }

    fn due(&self) -> Option<Due> {
        match self.turn() {
            Turn::Receive | Turn::Work | Turn::Again => Some(Due {
                on: self.deadline,
                what: match self.turn() {
                    Turn::Receive => "签收并反馈办理情况".to_owned(),
                    _ => "反馈办理情况".to_owned(),
                },
                basis: self.number.clone(),
                petitioners: false,
            }),
            Turn::Review | Turn::Answer => self
                .unanswered()
                .filter_map(|(_, proposed)| proposed.reply_by)
                .min()
                .map(|on| Due {
                    on,
                    what: "书面答复建议".to_owned(),
                    basis: Some("《信访工作条例》第四十条".to_owned()),
                    petitioners: false,
                }),
            Turn::Over => None,
        }
    }

    fn items(&self, today: NaiveDate) -> Vec<Item> {
        let mut items = Vec::new();
        for report in &self.reports {
            let late = report.on > report.deadline;
            items.push(Item {
                group: "反馈".to_owned(),
                title: report.text.clone(),
                on: Some(report.on),
                state_label: match (&report.returned, late) {
                    (Some(_), _) => "已退回",
                    (None, true) => "逾期反馈",
                    (None, false) => "按期反馈",
                }
                .to_owned(),
                tone: if report.returned.is_some() || late {
                    Tone::Warn
                } else {
                    Tone::Good
                },
                text: report
                    .returned
                    .as_ref()
                    .map(|note| format!("{} 退回：{}", note.on, note.text)),
            });
        }
        for note in &self.reminders {
            items.push(Item {
                group: "催办".to_owned(),
                title: note.text.clone(),
                on: Some(note.on),
                state_label: "已催办".to_owned(),
                tone: Tone::Plain,
                text: None,
            });
        }
        for proposed in &self.proposals {
            let late = proposed.reply_by.is_some_and(|day| day < today);
            let (state_label, tone) = match &proposed.reply {
                Some(reply) => (
                    reply.adoption.label(),
                    match reply.adoption {
                        Adoption::Adopted => Tone::Good,
                        Adoption::Partly => Tone::Plain,
                        Adoption::Declined => Tone::Warn,
                    },
                ),
                None if late => ("逾期未答复", Tone::Bad),
                None => ("待答复", Tone::Active),
            };
            items.push(Item {
                group: "建议".to_owned(),
                title: format!("{} → {}", proposed.kind.label(), proposed.recipient),
                on: Some(proposed.on),
                state_label: state_label.to_owned(),
                tone,
                text: Some(match &proposed.reply {
                    Some(reply) => {
                        format!("{}\n{} 答复：{}", proposed.text, reply.on, reply.text)
                    }
                    None => match proposed.reply_by {
                        Some(day) => format!("{}\n请在{day}前答复", proposed.text),
                        None => proposed.text.clone(),
                    },
                }),
            });
        }
        items
    }
}

/// The words of a deed; notes an error unless they are there.
fn text(errors: &mut Errors, input: &OrderInput, name: &str) -> Option<String> {
    let text = input.text.as_deref().unwrap_or("");
    errors.text("text", name, text, MAX_TEXT);
    filled(Some(text))
}

impl Matter for Order {
    const KIND: MatterKind = MatterKind::Order;
    type Input = OrderInput;

    fn open(input: OrderInput, scene: &Scene<'_>) -> Result<(Self, Done), Wrong> {
        let mut errors = Errors::new();
        let on = scene.day(&mut errors, input.on, scene.received_on);
        if input.form.is_none() {
            errors.add("form", "required", "请选择督办方式。");
        }
        if input.source.is_none() {
            errors.add("source", "required", "请选择来源。");
        }
        let authority = input.authority.as_deref().unwrap_or("");
        let leader = match input.source {
            Some(OrderSource::Higher) => {
                errors.text("authority", "上级机关名称", authority, MAX_LINE);
                None
            }
            Some(OrderSource::Leader) => scene.user(
                &mut errors,
                "leader_id",
                input.leader_id.as_ref(),
                |role| role == Role::TownshipLeader,
                "镇领导",
            ),
            _ => None,
        };
        let number = input.number.as_deref().unwrap_or("");
        errors.length("number", "文号", number, MAX_LINE);
        let unit = scene.unit(
            &mut errors,
            "unit_id",
            input.unit_id.as_ref(),
            takes_orders,
            TAKERS,
        );
        let demand = input.demand.as_deref().unwrap_or("");
        errors.text("demand", "办理要求", demand, MAX_TEXT);
        let deadline = scene.coming_day(&mut errors, "deadline", "办理期限", input.deadline);
        let (Some(form), Some(source), Some(unit), Some(deadline)) =
            (input.form, input.source, unit, deadline)
        else {
            return Err(Wrong::Invalid(errors));
        };
        errors.or_wrong()?;
        let issuer = scene.people.unit(&scene.actor.unit_id);
        let unit_id = UnitId::from(unit.id.as_str());
        let order = Self {
            form,
            source,
            leader,
            authority: filled(Some(authority)).filter(|_| source == OrderSource::Higher),
            number: filled(Some(number)),
            issuer: Named {
                id: scene.actor.unit_id.as_str().to_owned(),
                name: issuer.map(|unit| unit.name).unwrap_or_default(),
            },
            unit,
            demand: demand.trim().to_owned(),
            issued_on: on,
            deadline,
            received_on: None,
            reports: Vec::new(),
            reminders: Vec::new(),
            ended: None,
            proposals: Vec::new(),
        };
        let number = order.number.as_deref();
        let words = format!(
            "{}向{}{}{}，{deadline}前反馈：{}",
            order.giver(),
            order.unit.name,
            form.label(),
            number.map_or_else(String::new, |number| format!("（{number}）")),
            order.demand
        );
        Ok((order, Done::new(on, words).with(Effect::Refer(unit_id))))
    }

    fn step(&mut self, deed: Deed, input: OrderInput, scene: &Scene<'_>) -> Result<Done, Wrong> {
        let mut errors = Errors::new();
        let on = scene.day(&mut errors, input.on, self.last_day());
        match deed {
            Deed::OrderReceive => {
                errors.or_wrong()?;
                Ok(self.receive(on))
            }
            Deed::OrderFeedback => {
                let words = text(&mut errors, &input, "办理情况");
                errors.or_wrong()?;
                let words = words.unwrap_or_default();
                self.reports.push(Report {
                    on,
                    deadline: self.deadline,
                    text: words.clone(),
                    returned: None,
                });
                let late = if on > self.deadline {
                    "（逾期）"
                } else {
                    ""
                };
                Ok(Done::new(
                    on,
                    format!("{}反馈{late}：{words}", self.unit.name),
                ))
            }
            Deed::OrderReturn => self.give_back(&input, on, errors, scene),
            Deed::OrderRemind => {
                let words = input.text.as_deref().unwrap_or("");
                errors.length("text", "催办内容", words, MAX_TEXT);
                errors.or_wrong()?;
                let words = filled(Some(words))
                    .unwrap_or_else(|| format!("请在{}前反馈办理情况。", self.deadline));
                let said = format!("催办{}：{words}", self.unit.name);
                self.reminders.push(Note { on, text: words });
                Ok(Done::new(on, said))
            }
            Deed::OrderPropose => self.propose(&input, on, errors, scene),
            Deed::OrderReply => self.reply(&input, on, errors, scene),
            // OrderConclude.
            _ => {
                let withdrawn = self.reports.is_empty();
                let name = if withdrawn {
                    "撤销理由"
                } else {
                    "办结情况"
                };
                let words = text(&mut errors, &input, name);
                errors.or_wrong()?;
                let words = words.unwrap_or_default();
                let said = if withdrawn {
                    format!("撤销{}：{words}", self.form.label())
                } else {
                    format!("{}办结销号：{words}", self.form.label())
                };
                self.ended = Some(Note { on, text: words });
                Ok(Done::new(on, said))
            }
        }
    }

    fn refuses(&self, deed: Deed, scene: &Scene<'_>) -> Option<String> {
        let turn = self.turn();
        let over = matches!(turn, Turn::Answer | Turn::Over);
        let why = match deed {
            Deed::OrderReceive if over => "这件督办已经结束。",
            Deed::OrderReceive if turn != Turn::Receive => "已经签收过了。",
            Deed::OrderFeedback | Deed::OrderReturn | Deed::OrderRemind | Deed::OrderConclude
                if over =>
            {
                "这件督办已经结束。"
            }
            Deed::OrderFeedback if turn == Turn::Receive => "请先签收，再反馈办理情况。",
            Deed::OrderFeedback if turn == Turn::Review => {
                "办理情况已经反馈，等候综治办审核；要补充的，请综治办先退回。"
            }
            Deed::OrderReturn if turn != Turn::Review => "单位还没有反馈，没有可退回的。",
            Deed::OrderRemind if turn == Turn::Review => {
                "单位已经反馈，不用催办；请审核后办结销号或退回重办。"
            }
            Deed::OrderReply if self.unanswered().next().is_none() => "没有等候答复的建议。",
            Deed::OrderReply if self.for_reply(scene.actor).next().is_none() => {
                "建议由收到建议的单位自己答复；镇外机关的答复由镇综治办登记。"
            }
            _ => return None,
        };
        Some(why.to_owned())
    }

    fn fields(matter: Option<&Self>, deed: Deed, scene: &Scene<'_>) -> Vec<Field> {
        let long = |label: &str| Field::long("text", label, MAX_TEXT);
        match (deed, matter) {
            (Deed::OrderOpen, _) | (_, None) => opening_fields(scene),
            (Deed::OrderReceive, _) => vec![Field::on("签收日期")],
            (Deed::OrderFeedback, _) => vec![
                long("办理情况")
                    .required()
                    .help("写明做了什么、结果怎样、还有什么困难。"),
                Field::on("反馈日期"),
            ],
            (Deed::OrderReturn, _) => vec![
                long("退回理由")
                    .required()
                    .help("写明哪里不够、还要做什么。"),
                Field::date("deadline", "新的办理期限")
                    .required()
                    .help("不早于今天。"),
            ],
            (Deed::OrderRemind, Some(order)) => {
                vec![long("催办内容").help(format!("不填则提醒在{}前反馈。", order.deadline))]
            }
            (Deed::OrderPropose, _) => vec![
                Field::choice::<Proposal>("proposal", "建议种类").required(),
                Field::unit("recipient_id", "收到建议的单位", &[])
                    .help("本镇的单位；政策问题一般向镇党委、政府提出。"),
                Field::text("recipient", "镇外机关", MAX_LINE)
                    .help("向镇外有管理权限的机关提出的，写机关全称；与上一项只填一个。"),
                long("建议内容").required(),
                Field::date("reply_by", "答复期限").help("收到建议的单位应当书面反馈采纳情况。"),
            ],
            (Deed::OrderReply, Some(order)) => {
                let choices: Vec<Choice> = order
                    .for_reply(scene.actor)
                    .map(|(at, proposed)| Choice {
                        code: (at + 1).to_string(),
                        label: format!(
                            "{} {}（{}）",
                            proposed.on,
                            proposed.kind.label(),
                            proposed.recipient
                        ),
                    })
                    .collect();
                let first = choices.first().map(|choice| choice.code.clone());
                let which = Field::new("which", "答复哪一条建议", FieldKind::Choice { choices });
                vec![
                    match first {
                        Some(code) => which.required().value(code),
                        None => which.required(),
                    },
                    Field::choice::<Adoption>("adoption", "采纳情况").required(),
                    long("答复内容")
                        .required()
                        .help("采纳的写明措施，不采纳的写明理由。"),
                    Field::on("答复日期"),
                ]
            }
            (_, Some(order)) if order.reports.is_empty() => vec![
                long("撤销理由")
                    .required()
                    .help("单位还没有反馈，现在结束即为撤销。"),
            ],
            _ => vec![long("办结情况").required()],
        }
    }

    fn digest(&self, scene: &Scene<'_>) -> Digest {
        let turn = self.turn();
        let withdrawn = self.ended.is_some() && self.reports.is_empty();
        let (state, state_label, tone) = match turn {
            Turn::Receive => ("issued", "待签收", Tone::Active),
            Turn::Work => ("received", "办理中", Tone::Active),
            Turn::Again => ("returned", "退回重办", Tone::Warn),
            Turn::Review => ("reported", "已反馈，待审核", Tone::Active),
            Turn::Answer => ("proposed", "待答复建议", Tone::Active),
            Turn::Over if withdrawn => ("withdrawn", "已撤销", Tone::Void),
            Turn::Over => ("concluded", "已办结销号", Tone::Good),
        };
        let due = self.due();
        let tone = aged(
            Self::KIND,
            tone,
            due.as_ref().map(|due| due.on),
            scene.today,
            scene.reminders,
        );
        let unit_id = match turn {
            Turn::Receive | Turn::Work | Turn::Again => Some(self.unit.id.as_str().into()),
            Turn::Review => Some(self.issuer.id.as_str().into()),
            Turn::Answer => self
                .unanswered()
                .find_map(|(_, proposed)| proposed.unit_id.clone())
                .or_else(|| Some(self.issuer.id.as_str().into())),
            Turn::Over => None,
        };
        let mut lines = vec![
            Line::new("来源", self.giver()),
            Line::new("承办单位", self.unit.name.clone()),
        ];
        lines.extend(Line::maybe("文号", self.number.clone()));
        lines.push(Line::new("办理要求", self.demand.clone()));
        let mark = match due
            .as_ref()
            .map(|due| scene.reminders.tone(due.on, scene.today))
        {
            Some(Some(Tone::Bad)) => ("（红牌：已逾期）", Tone::Bad),
            Some(Some(_)) if self.deadline < scene.today => ("（黄牌：已过期限）", Tone::Warn),
            Some(Some(_)) => ("（黄牌：临近期限）", Tone::Warn),
            _ => ("", Tone::Plain),
        };
        if self.ended.is_none() {
            let text = format!("{}{}", self.deadline, mark.0);
            lines.push(Line::toned("办理期限", text, mark.1));
        } else {
            lines.push(Line::new("办理期限", self.deadline.to_string()));
        }
        if let Some(ended) = &self.ended {
            let label = if withdrawn { "撤销" } else { "办结" };
            lines.push(Line::new(label, format!("{} {}", ended.on, ended.text)));
        }
        let reported = self
            .reports
            .last()
            .filter(|report| report.returned.is_none());
        let stages = vec![
            Stage::new("下达", Some(self.issued_on), false),
            Stage::new("签收", self.received_on, turn == Turn::Receive),
            Stage::new(
                "反馈",
                reported.map(|report| report.on),
                matches!(turn, Turn::Work | Turn::Again),
            ),
            Stage::new(
                if withdrawn { "撤销" } else { "办结销号" },
                self.ended.as_ref().map(|note| note.on),
                turn == Turn::Review,
            ),
        ];
        Digest {
            title: format!("{}{}{}", self.giver(), self.form.label(), self.unit.name),
            state,
            state_label,
            tone,
            open: turn != Turn::Over,
            due,
            unit_id,
            stages,
            lines,
            items: self.items(scene.today),
        }
    }

    fn help(deed: Deed) -> &'static str {
        match deed {
            Deed::OrderReceive => "签收后开始办理；期限从下达时起已经在走。",
            Deed::OrderFeedback => "在期限前反馈办理情况，由综治办审核。",
            Deed::OrderReturn => "办理不到位的退回重办，写明理由和新的期限。",
            Deed::OrderRemind => "提醒承办单位按期反馈，催办次数留痕。",
            Deed::OrderConclude => "办理到位的办结销号；单位还没有反馈的，结束即为撤销，写明理由。",
            Deed::OrderPropose => {
                "对推诿、敷衍、拖延等问题提出改进工作、完善政策、追究责任的建议（《信访工作条例》第四十条）。"
            }
            Deed::OrderReply => "收到建议的单位应当书面反馈采纳情况（《信访工作条例》第四十条）。",
            _ => "向村或站所交办、转办或督办，限期反馈；临近期限黄牌、逾期红牌（天数见系统设置）。",
        }
    }

    fn blocks_closing(&self) -> Option<String> {
        self.ended.is_none().then(|| {
            format!(
                "还有没办结的{}（{}，期限{}），请先反馈并办结销号，或由镇综治办撤销。",
                self.form.label(),
                self.unit.name,
                self.deadline
            )
        })
    }

    fn also_waiting(&self) -> Vec<UnitId> {
        self.unanswered()
            .filter_map(|(_, proposed)| proposed.unit_id.clone())
            .collect()
    }

    fn succeed(&mut self, from: &UnitId, to: &Named) -> bool {
        let mut changed = false;
        for proposed in self.proposals.iter_mut() {
            if proposed.reply.is_none() && proposed.unit_id.as_ref() == Some(from) {
                proposed.unit_id = Some(to.id.as_str().into());
                proposed.recipient.clone_from(&to.name);
                changed = true;
            }
        }
        if self.ended.is_none() {
            changed |= replace(&mut self.unit, from, to);
            changed |= replace(&mut self.issuer, from, to);
        }
        changed
    }

    fn end_with_case(&mut self, on: NaiveDate) -> bool {
        if self.ended.is_some() {
            return false;
        }
        self.ended = Some(Note {
            on,
            text: "事项办结，随之结束".to_owned(),
        });
        true
    }
}

fn opening_fields(scene: &Scene<'_>) -> Vec<Field> {
    let unit = Field::unit("unit_id", "承办单位", &order_takers()).required();
    let unit = match &scene.case.responsible_unit_id {
        Some(id) => unit.value(id.as_str()),
        None => unit,
    };
    let source = Field::choice::<OrderSource>("source", "来源").required();
    let leads = scene.actor.role == Role::TownshipLeader;
    let leader = Field::user("leader_id", "镇领导", &[Role::TownshipLeader])
        .help("来源为镇领导的，写明是哪一位。");
    vec![
        Field::choice::<OrderForm>("form", "督办方式")
            .required()
            .value(OrderForm::Assign.code())
            .help("交办、转办限期办理；对拖延、推诿、敷衍的用督办。"),
        if leads {
            source.value(OrderSource::Leader.code())
        } else {
            source.value(OrderSource::Office.code())
        },
        if leads {
            leader.value(scene.actor.user_id.as_str())
        } else {
            leader
        },
        Field::text("authority", "上级机关", MAX_LINE)
            .help("来源为上级机关的，写机关全称，如：县信访局。"),
        Field::text("number", "文号", MAX_LINE).help("有文的填写，如：县信督〔2026〕5号。"),
        unit.help("村或镇内站所；从此可以看到本事项。"),
        Field::long("demand", "办理要求", MAX_TEXT).required(),
        Field::date("deadline", "办理期限")
            .required()
            .help("不早于今天；这一天结束前反馈为按期。"),
        Field::on("下达日期"),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::scene::tests::{Stage as Town, day};
    use super::*;
    use crate::access::{Action, Facts, MatterFacts, can};

    fn input() -> OrderInput {
        OrderInput {
            form: Some(OrderForm::Supervise),
            source: Some(OrderSource::Office),
            unit_id: Some("village".into()),
            demand: Some("核实流转费，提出兑付办法".to_owned()),
            deadline: Some(day(3, 20)),
            ..OrderInput::default()
        }
    }

    fn said(text: &str) -> OrderInput {
        OrderInput {
            text: Some(text.to_owned()),
            ..OrderInput::default()
        }
    }

    fn fields(result: Result<impl std::fmt::Debug, Wrong>) -> Vec<String> {
        let Err(Wrong::Invalid(errors)) = result else {
            panic!("{result:?}");
        };
        errors.into_vec().into_iter().map(|e| e.field).collect()
    }

    #[test]
    fn an_order_says_who_demands_what_of_whom_by_when() {
        let town = Town::on(day(3, 10));
        let scene = town.scene();
        let (order, done) = Order::open(input(), &scene).unwrap();
        assert_eq!(done.effects, [Effect::Refer("village".into())]);
        assert_eq!(order.digest(&scene).unit_id, Some("village".into()));
        let wrong = [
            (
                OrderInput::default(),
                vec!["form", "source", "unit_id", "demand", "deadline"],
            ),
            (
                OrderInput {
                    deadline: Some(day(3, 9)),
                    ..input()
                },
                vec!["deadline"],
            ),
            (
                OrderInput {
                    unit_id: Some("township".into()),
                    ..input()
                },
                vec!["unit_id"],
            ),
            (
                OrderInput {
                    source: Some(OrderSource::Higher),
                    ..input()
                },
                vec!["authority"],
            ),
            (
                OrderInput {
                    source: Some(OrderSource::Leader),
                    ..input()
                },
                vec!["leader_id"],
            ),
            (
                OrderInput {
                    on: Some(day(3, 11)),
                    ..input()
                },
                vec!["on"],
            ),
        ];
        for (wrong, names) in wrong {
            assert_eq!(fields(Order::open(wrong, &scene)), names);
        }
        let today = OrderInput {
            deadline: Some(day(3, 10)),
            ..input()
        };
        assert!(Order::open(today, &scene).is_ok());
    }

    #[test]
    fn the_turn_passes_between_unit_and_office_until_it_is_concluded() {
        let town = Town::on(day(3, 10));
        let scene = town.scene();
        let (mut order, _) = Order::open(input(), &scene).unwrap();
        let state = |order: &Order| order.digest(&scene).state;
        assert!(order.refuses(Deed::OrderFeedback, &scene).is_some());
        assert!(order.refuses(Deed::OrderReturn, &scene).is_some());
        order
            .step(Deed::OrderReceive, OrderInput::default(), &scene)
            .unwrap();
        assert!(order.refuses(Deed::OrderReceive, &scene).is_some());
        assert_eq!(
            fields(order.clone().step(Deed::OrderFeedback, said(" "), &scene)),
            ["text"]
        );
        order
            .step(Deed::OrderFeedback, said("已核实"), &scene)
            .unwrap();
        assert_eq!(state(&order), "reported");
        assert_eq!(order.digest(&scene).unit_id, Some("office".into()));
        assert_eq!(order.digest(&scene).due, None);
        assert!(order.refuses(Deed::OrderRemind, &scene).is_some());
        assert_eq!(
            fields(
                order
                    .clone()
                    .step(Deed::OrderReturn, said("没有兑付"), &scene)
            ),
            ["deadline"]
        );
        let back = OrderInput {
            deadline: Some(day(3, 25)),
            ..said("没有兑付")
        };
        order.step(Deed::OrderReturn, back, &scene).unwrap();
        let digest = order.digest(&scene);
        assert_eq!(
            (digest.state, digest.due.unwrap().on),
            ("returned", day(3, 25))
        );
        assert!(order.blocks_closing().is_some());
        order
            .step(Deed::OrderRemind, OrderInput::default(), &scene)
            .unwrap();
        order
            .step(Deed::OrderFeedback, said("已兑付"), &scene)
            .unwrap();
        order
            .step(Deed::OrderConclude, said("办理到位"), &scene)
            .unwrap();
        assert_eq!(state(&order), "concluded");
        assert!(!order.digest(&scene).open && order.blocks_closing().is_none());
        assert!(order.refuses(Deed::OrderConclude, &scene).is_some());
    }

    #[test]
    fn the_deadline_is_yellow_three_days_before_and_red_the_day_after() {
        let first = Town::on(day(3, 10));
        let (order, _) = Order::open(input(), &first.scene()).unwrap();
        for (today, tone) in [
            (16, Tone::Active),
            (17, Tone::Warn),
            (20, Tone::Warn),
            (21, Tone::Bad),
        ] {
            let town = Town::on(day(3, today));
            assert_eq!(order.digest(&town.scene()).tone, tone, "{today}");
        }
    }

    #[test]
    fn an_order_without_a_report_is_withdrawn_and_one_ends_with_its_case() {
        let town = Town::on(day(3, 10));
        let scene = town.scene();
        let (mut order, _) = Order::open(input(), &scene).unwrap();
        let mut other = order.clone();
        order
            .step(Deed::OrderConclude, said("下达有误"), &scene)
            .unwrap();
        assert_eq!(order.digest(&scene).state, "withdrawn");
        assert!(other.end_with_case(day(3, 10)));
        assert!(!other.end_with_case(day(3, 10)));
        assert!(!other.digest(&scene).open);
    }

    #[test]
    fn a_proposal_is_answered_by_its_recipient() {
        let mut town = Town::on(day(3, 10));
        let (mut order, _) = Order::open(input(), &town.scene()).unwrap();
        assert!(order.refuses(Deed::OrderReply, &town.scene()).is_some());
        let proposal = |unit: Option<&str>, outside: Option<&str>| OrderInput {
            proposal: Some(Proposal::Improve),
            recipient_id: unit.map(Into::into),
            recipient: outside.map(ToOwned::to_owned),
            ..said("健全流转台账")
        };
        for (unit, outside, field) in [
            (None, None, "recipient_id"),
            (Some("village2"), Some("县农业农村局"), "recipient"),
        ] {
            let wrong =
                order
                    .clone()
                    .step(Deed::OrderPropose, proposal(unit, outside), &town.scene());
            assert_eq!(fields(wrong), [field]);
        }
        order
            .step(
                Deed::OrderPropose,
                proposal(Some("village2"), None),
                &town.scene(),
            )
            .unwrap();
        order
            .step(
                Deed::OrderPropose,
                proposal(None, Some("县纪委监委")),
                &town.scene(),
            )
            .unwrap();
        // The office notes what comes in on paper, not what a unit of the township should answer.
        assert_eq!(order.for_reply(&town.actor).count(), 1);
        order
            .step(Deed::OrderConclude, said("撤销"), &town.scene())
            .unwrap();
        assert_eq!(order.digest(&town.scene()).state, "proposed");

        town.actor.unit_id = "village2".into();
        town.actor.role = Role::VillageSecretary;
        town.case.unit_ids.push("village2".into());
        let facts = MatterFacts {
            unit_id: Some("village".into()),
            also: order.also_waiting(),
        };
        let reply = Action::Matter(Deed::OrderReply);
        assert!(can(&town.actor, reply, Facts::Matter(&town.case, &facts)).is_ok());
        let scene = town.scene();
        assert!(order.refuses(Deed::OrderReply, &scene).is_none());
        assert_eq!(
            fields(order.clone().step(Deed::OrderReply, said("照办"), &scene)),
            ["adoption"]
        );
        let answer = OrderInput {
            adoption: Some(Adoption::Adopted),
            ..said("已建立台账")
        };
        order
            .step(Deed::OrderReply, answer.clone(), &scene)
            .unwrap();
        assert!(order.refuses(Deed::OrderReply, &scene).is_some());
        let town = Town::on(day(3, 12));
        order.step(Deed::OrderReply, answer, &town.scene()).unwrap();
        assert_eq!(order.digest(&town.scene()).state, "withdrawn");
    }

    /// After a merger of units what is still to be done is the successor's; what is over keeps its name.
    #[test]
    fn a_unit_that_was_merged_is_succeeded_while_something_is_to_be_done() {
        let town = Town::on(day(3, 10));
        let (mut order, _) = Order::open(input(), &town.scene()).unwrap();
        let to = Named {
            id: "village2".to_owned(),
            name: "平川村".to_owned(),
        };
        assert!(!order.clone().succeed(&"police".into(), &to));
        assert!(order.succeed(&"village".into(), &to));
        assert_eq!(order.digest(&town.scene()).unit_id, Some("village2".into()));
        order.end_with_case(day(3, 10));
        let back = Named {
            id: "village".to_owned(),
            name: "五里墩村".to_owned(),
        };
        assert!(!order.succeed(&"village2".into(), &back));
        assert_eq!(order.unit.name, "平川村");
    }

    #[test]
    fn each_field_that_is_asked_for_can_be_given() {
        let town = Town::on(day(3, 10));
        let scene = town.scene();
        let (order, _) = Order::open(input(), &scene).unwrap();
        let known = serde_json::to_value(OrderInput::default()).unwrap();
        for deed in Deed::ALL
            .iter()
            .filter(|deed| deed.kind() == MatterKind::Order)
        {
            for field in Order::fields(Some(&order), *deed, &scene) {
                assert!(known.get(&field.name).is_some(), "{deed}: {}", field.name);
            }
            assert!(!Order::help(*deed).is_empty());
        }
    }
}
