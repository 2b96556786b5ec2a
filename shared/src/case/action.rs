//! What a person can do with a case, which event it makes, what it needs, and why it may not be.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::access::{Action, Actor, CaseFacts, Denied, Facts, can};
use crate::case::deadline::{Clock, ClockKind, LawProfile};
use crate::case::state::{self, EventKind, Refused, Situation, State};
use crate::case::{Kind, LawfulPath, Opinion, Outcome, Procedure, ReviewOutcome};
use crate::ids::{CaseId, UnitId, UserId};
use crate::term::Term;
use crate::terms;
use crate::validate::Errors;

terms! {
    /// A step that a person takes with a case: `POST /cases/{id}/actions/{action}`.
    CaseAction, "操作" {
        /// Accept it (受理).
        Accept = "accept", "受理";
        /// Decline it, naming the lawful path.
        Decline = "decline", "不予受理";
        /// Send it on to another unit of the township.
        Transfer = "transfer", "转送";
        /// Object to a transfer.
        Object = "object", "提出异议";
        /// Give it to a unit and a person to handle.
        Dispatch = "dispatch", "交办";
        /// Begin to handle it.
        Take = "take", "开始办理";
        /// Serve the written answer.
        Answer = "answer", "答复";
        /// Put the outcome to the petitioner: agrees, disagrees, not reached.
        Hear = "hear", "征询信访人意见";
        /// The petitioner asks for review (条例第三十五条).
        RequestReview = "request_review", "申请复查";
        /// Review upheld, changed or revoked the answer.
        AnswerReview = "answer_review", "登记复查意见";
        /// The petitioner asks for final review (条例第三十六条).
        RequestFinalReview = "request_final_review", "申请复核";
        /// Final review answered: the case is closed for good.
        AnswerFinalReview = "answer_final_review", "登记复核意见";
        /// End it.
        Close = "close", "办结";
        /// Extend the handling period, once.
        Extend = "extend", "批准延期";
        /// Name the leader who takes the case (包案领导).
        SetLead = "set_lead", "确定包案领导";
        /// Note how it develops or what was done.
        Note = "note", "记录进展";
        /// Link it to the earlier case that it repeats.
        Link = "link", "关联重复件";
        /// Mark as backlog (积案).
        MarkBacklog = "mark_backlog", "列为积案";
        /// Take it off the backlog.
        ClearBacklog = "clear_backlog", "积案销号";
        /// Open it again, with a reason.
        Reopen = "reopen", "重新启动";
        /// Hand a sealed accusation to a named outside authority.
        HandOver = "hand_over", "移送有权机关";
    }
}

impl CaseAction {
    /// The event that it makes. A review that revokes the answer is another event than one that
    /// upholds or changes it.
    pub const fn event(self, input: &ActionInput) -> EventKind {
        match self {
            Self::Accept => EventKind::Accepted,
            Self::Decline => EventKind::Declined,
            Self::Transfer => EventKind::Transferred,
            Self::Object => EventKind::Objected,
            Self::Dispatch => EventKind::Dispatched,
            Self::Take => EventKind::Taken,
            Self::Answer => EventKind::Answered,
            Self::Hear => EventKind::Heard,
            Self::RequestReview => EventKind::ReviewRequested,
            Self::AnswerReview => match input.review {
                Some(ReviewOutcome::Revoked) => EventKind::ReviewRevoked,
                _ => EventKind::ReviewAnswered,
            },
            Self::RequestFinalReview => EventKind::FinalReviewRequested,
            Self::AnswerFinalReview => EventKind::FinalReviewAnswered,
            Self::Close => EventKind::Closed,
            Self::Extend => EventKind::Extended,
            Self::SetLead => EventKind::LeadSet,
            Self::Note => EventKind::Noted,
            Self::Link => EventKind::Linked,
            Self::MarkBacklog => EventKind::BacklogMarked,
            Self::ClearBacklog => EventKind::BacklogCleared,
            Self::Reopen => EventKind::Reopened,
            Self::HandOver => EventKind::HandedOver,
        }
    }

    /// The state that it leads to. A closing says how it ends: a withdrawal ends a case anywhere.
    ///
    /// # Errors
    /// [`Refused`], with the reason.
    pub fn leads_to(
        self,
        state: State,
        situation: &Situation,
        input: &ActionInput,
    ) -> Result<State, Refused> {
        if self == Self::Close && input.outcome == Some(Outcome::Withdrawn) {
            return state::after_withdrawal(state);
        }
        state::after(Some(state), self.event(input), situation)
    }

    /// Why the case as it stands does not allow the step with any input, if it does not.
    pub fn refused(self, ground: &Ground<'_>, situation: &Situation) -> Option<Refused> {
        let state = ground.case.state;
        if let Err(refused) = self.leads_to(state, situation, &ActionInput::default()) {
            return match self {
                // A withdrawal ends a case anywhere.
                Self::Close => state::after_withdrawal(state).err().map(|_| refused),
                _ => Some(refused),
            };
        }
        let why = match self {
            Self::Accept | Self::Take | Self::Transfer
                if ground.repeats_final
                    && matches!(state, State::Registered | State::Transferred) =>
            {
                format!(
                    "{ALREADY_FINAL}请按“不予受理”办理，途径选“{}”。",
                    LawfulPath::AlreadyFinal.label()
                )
            }
            // It is made by being entered: no earlier day helps a late one.
            Self::Object => {
                let clock = ground.running(ClockKind::TransferObjection)?;
                if clock.due >= ground.today {
                    return None;
                }
                let limit = ground.profile.limit(ClockKind::TransferObjection);
                format!(
                    "提出异议的期限（{}{}）到{}为止，已经超过（{}）。请接收办理；确实不属于本单位的，与镇综治办商量。",
                    limit.amount,
                    limit.unit.label(),
                    clock.due,
                    limit.basis
                )
            }
            Self::Dispatch if ground.case.offered_unit_id.is_some() => {
                "事项已移交其他单位、对方还没有接收；要另行交办，请先撤回移交。".to_owned()
            }
            _ => return None,
        };
        Some(Refused(why))
    }

    /// In which words a form explains it.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Accept => {
                "决定受理并书面告知信访人。自登记（收到）次日起15日内；简易程序3个工作日内。"
            }
            Self::Decline => "不属于本镇职权或应走法定途径的，说明理由和可走的途径。",
            Self::Transfer => {
                "属于镇内其他单位职权的，转送该单位。对方接收前由转出单位负责，受理期限不重新计算（《信访工作条例》第二十二条、第二十三条）。"
            }
            Self::Object => {
                "认为不属于本单位职权的，自转送次日起5个工作日内提出异议并说明理由，退回综治办重新分办。"
            }
            Self::Dispatch => "确定责任单位和承办人。",
            Self::Take => "责任单位接手办理；转送来的，接收后由本单位负责。",
            Self::Answer => "送达处理意见书，写明事实、依据、意见和救济途径。自受理次日起60日内。",
            Self::Hear => {
                "把处理结果告诉信访人，如实记下同意、不同意或没有联系上。不同意的，告知可以申请复查、复核（《信访工作条例》第三十五条、第三十六条）。"
            }
            Self::RequestReview => {
                "信访人不服处理意见，自收到之日起30日内书面向上一级机关申请复查（《信访工作条例》第三十五条）。复查机关30日内答复。"
            }
            Self::AnswerReview => {
                "登记复查机关的意见和送达情况。维持、变更的，信访人30日内可以申请复核；撤销的，退回重新办理（《信访工作条例》第三十五条）。"
            }
            Self::RequestFinalReview => {
                "信访人不服复查意见，自收到之日起30日内向复查机关的上一级机关申请复核（《信访工作条例》第三十六条）。复核机关30日内答复，听证时间不计算在内。"
            }
            Self::AnswerFinalReview => {
                "登记复核机关的意见和送达情况，事项随之办结。此后同一事实和理由不再受理（《信访工作条例》第三十六条）。"
            }
            Self::Close => {
                "信访人息诉罢访、撤回，或程序已终结。信访件按息诉罢访办结的，要有信访人在最后一次答复之后的同意。"
            }
            Self::Extend => "情况复杂的，可以延长一次，最多30日，并向信访人出具延期告知书。",
            Self::SetLead => "确定一名包案领导，一包到底。",
            Self::Note => "记下走访、调处和事态变化。",
            Self::Link => "同一人同一事再次反映的，关联到前一件。",
            Self::MarkBacklog => "长期未解决的列为积案，按“五个一”化解。",
            Self::ClearBacklog => "化解到位后由镇领导批准销号。",
            Self::Reopen => "出现新事实或办结有误的，说明理由重新启动。",
            Self::HandOver => "检举控告移送有权机关，写明机关名称。",
        }
    }
}

/// What a step is given. Which fields count depends on the step; [`ActionInput::check`] says so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ActionInput {
    /// The day on which it takes effect (decided, served); today when absent. Back-dating is
    /// allowed, the time of entry is kept beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<NaiveDate>,
    /// The reason, the ground, the answer, the note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// `accept`: the procedure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub procedure: Option<Procedure>,
    /// `decline`: the lawful path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<LawfulPath>,
    /// `transfer`, `dispatch`: to which unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_id: Option<UnitId>,
    /// `dispatch`: to which person; `set_lead`: which leader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// `extend`: by how many days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// `extend`: the notice given to the petitioner; `answer`, `answer_review`,
    /// `answer_final_review`: how and to whom it was served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// `close`: how it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// `link`: the earlier case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier_case_id: Option<CaseId>,
    /// `hand_over`: the outside authority; `request_review`, `request_final_review`: the reviewing
    /// one; `answer_review`, `answer_final_review`: the same, if it was another in the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// `answer_review`, `answer_final_review`: what it came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewOutcome>,
    /// `hear`, `close`: what the petitioner says of the outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opinion: Option<Opinion>,
}

/// What follows from a final review (条例第三十六条), in a sentence.
pub const ALREADY_FINAL: &str = "前一件的复核意见已经作出，信访人仍以同一事实和理由提出的，不再受理（《信访工作条例》第三十六条）。";

/// What a step is looked at with, beside its input.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The server's day.
    pub today: NaiveDate,
    /// The day of the last step that moved the case.
    pub not_before: NaiveDate,
    /// The limits that the case was received under.
    pub profile: &'a LawProfile,
    /// The case, as decisions look at it.
    pub case: &'a CaseFacts,
    /// Its clocks.
    pub clocks: &'a [Clock],
    /// What the petitioner said of the last answer.
    pub heard: Option<Opinion>,
    /// Whether it repeats a case that final review has answered.
    pub repeats_final: bool,
}

impl Ground<'_> {
    /// The running clock of a kind.
    fn running(&self, kind: ClockKind) -> Option<&Clock> {
        self.clocks
            .iter()
            .rfind(|clock| clock.kind == kind && clock.is_running())
    }

    /// The petitioner's running time to ask for review or final review.
    fn remedy(&self) -> Option<&Clock> {
        self.running(ClockKind::ReviewRequest)
            .or_else(|| self.running(ClockKind::FinalReviewRequest))
    }

    /// What the petitioner can do who does not accept the outcome, in a sentence.
    fn rights(&self) -> String {
        let Some(clock) = self.remedy() else {
            return "请继续做工作。".to_owned();
        };
        if clock.due < self.today {
            return format!(
                "信访人{}的期限到{}已经届满，可以按“程序终结”办结。",
                clock.kind.label(),
                clock.due
            );
        }
        let limit = self.profile.limit(clock.kind);
        format!(
            "请告知信访人：不服的，可以自收到答复之日起{}{}内（到{}）{}（{}）。",
            limit.amount,
            limit.unit.label(),
            clock.due,
            clock.kind.label(),
            limit.basis
        )
    }
}

/// The longest text of an event, in characters.
pub const MAX_EVENT_TEXT: usize = 4000;
/// The longest short text (a notice, an authority), in characters.
pub const MAX_SHORT_TEXT: usize = 200;

impl ActionInput {
    /// What is wrong with the input of a step. A date lies between the last step that moved the
    /// case and today.
    pub fn check(&self, action: CaseAction, ground: &Ground<'_>) -> Errors {
        use CaseAction as A;
        let Ground {
            today,
            not_before,
            profile,
            ..
        } = *ground;
        let mut errors = Errors::new();
        if let Some(on) = self.on {
            if on > today {
                errors.add("on", "in_future", "日期不能晚于今天。");
            } else if on < not_before {
                errors.add(
                    "on",
                    "too_early",
                    format!("日期不能早于上一步的日期（{not_before}）。"),
                );
            }
        }
        let text = self.text.as_deref().unwrap_or("");
        let notice = self.notice.as_deref().unwrap_or("");
        let text_name = match action {
            A::Decline | A::Transfer | A::Object | A::Extend | A::MarkBacklog | A::Reopen => {
                Some("理由")
            }
            A::Answer => Some("处理意见"),
            A::Hear => Some("征询情况"),
            A::RequestReview | A::RequestFinalReview => Some("申请理由"),
            A::AnswerReview => Some("复查意见"),
            A::AnswerFinalReview => Some("复核意见"),
            A::Close => Some("办结情况"),
            A::ClearBacklog => Some("化解情况"),
            A::Note => Some("进展内容"),
            _ => None,
        };
        match text_name {
            Some(name) => errors.text("text", name, text, MAX_EVENT_TEXT),
            None => errors.length("text", "说明", text, MAX_EVENT_TEXT),
        }
        errors.length("notice", "告知或送达情况", notice, MAX_SHORT_TEXT);
        match action {
            A::Decline if self.path.is_none() => {
                errors.add("path", "required", "请选择信访人可走的法定途径。");
            }
            A::Transfer | A::Dispatch if self.unit_id.is_none() => {
                errors.add("unit_id", "required", "请选择单位。");
            }
            A::SetLead if self.user_id.is_none() => {
                errors.add("user_id", "required", "请选择包案领导。");
            }
            A::Extend => {
                let most = profile.limit(ClockKind::Extension);
                match self.days {
                    Some(days) if days >= 1 && days <= most.amount => {}
                    _ => errors.add(
                        "days",
                        "out_of_range",
                        format!("延长天数应在1至{}日之间（{}）。", most.amount, most.basis),
                    ),
                }
                if notice.trim().is_empty() {
                    errors.add("notice", "required", "请填写延期告知书的文号或告知情况。");
                }
            }
            A::Decline if ground.repeats_final && self.path != Some(LawfulPath::AlreadyFinal) => {
                errors.add(
                    "path",
                    "already_final",
                    format!(
                        "{ALREADY_FINAL}途径请选“{}”。",
                        LawfulPath::AlreadyFinal.label()
                    ),
                );
            }
            A::Answer if notice.trim().is_empty() => {
                errors.add("notice", "required", "请填写送达情况：向谁、怎样送达。");
            }
            A::RequestReview => self.check_request(&mut errors, ClockKind::ReviewRequest, ground),
            A::RequestFinalReview => {
                self.check_request(&mut errors, ClockKind::FinalReviewRequest, ground);
            }
            A::AnswerReview | A::AnswerFinalReview => {
                if self.review.is_none() {
                    errors.add("review", "required", "请选择结论：维持、变更或撤销。");
                }
                if notice.trim().is_empty() {
                    errors.add("notice", "required", "请填写送达情况：向谁、怎样送达。");
                }
                let authority = self.authority.as_deref().unwrap_or("");
                errors.length("authority", "机关名称", authority, MAX_SHORT_TEXT);
            }
            A::Hear if self.opinion.is_none() => {
                errors.add("opinion", "required", "请选择信访人的意见。");
            }
            A::Close => match self.outcome {
                None => errors.add("outcome", "required", "请选择办结结果。"),
                Some(Outcome::HandedOver) => {
                    errors.add("outcome", "invalid", "移送有权机关请用“移送有权机关”操作。");
                }
                Some(Outcome::Settled)
                    if ground.case.kind == Kind::Petition
                        && ground.case.state == State::Answered
                        && self.opinion.or(ground.heard).is_none() =>
                {
                    errors.add(
                        "opinion",
                        "required",
                        "按“息诉罢访”办结，要先就处理结果征询信访人的意见，请选择。",
                    );
                }
                Some(_) => {}
            },
            A::Link if self.earlier_case_id.is_none() => {
                errors.add("earlier_case_id", "required", "请选择前一件事项。");
            }
            A::HandOver => {
                errors.text(
                    "authority",
                    "有权机关名称",
                    self.authority.as_deref().unwrap_or(""),
                    MAX_SHORT_TEXT,
                );
            }
            _ => {}
        }
        errors
    }

    /// A request for review or final review: to whom, and in time. It counts on the day on which it
    /// was made, so that a letter that came in time may be entered later.
    fn check_request(&self, errors: &mut Errors, clock: ClockKind, ground: &Ground<'_>) {
        let name = match clock {
            ClockKind::ReviewRequest => "复查机关",
            _ => "复核机关",
        };
        let authority = self.authority.as_deref().unwrap_or("");
        errors.text("authority", name, authority, MAX_SHORT_TEXT);
        let on = self.on.unwrap_or(ground.today);
        if let Some(running) = ground.running(clock)
            && running.due < on
        {
            let limit = ground.profile.limit(clock);
            errors.add(
                "on",
                "too_late",
                format!(
                    "{}应自收到答复之日起{}{}内提出，到{}为止；逾期的不再受理（{}）。",
                    clock.label(),
                    limit.amount,
                    limit.unit.label(),
                    running.due,
                    limit.basis
                ),
            );
        }
    }

    /// Why the case may not be closed in this way, heard from both sides: as settled, a petition
    /// only with the petitioner's agreement; as final, only when no time to ask for review is left.
    pub fn closing_refused(&self, ground: &Ground<'_>) -> Option<Refused> {
        let why = match self.outcome? {
            Outcome::Settled if ground.case.kind == Kind::Petition => {
                match self.opinion.or(ground.heard)? {
                    Opinion::Agrees => return None,
                    Opinion::Disagrees => "信访人不同意，不能按“息诉罢访”办结。",
                    Opinion::NotReached => "还没有征询到信访人的意见，不能按“息诉罢访”办结。",
                }
                .to_owned()
                    + &ground.rights()
            }
            Outcome::Final => {
                let clock = ground.remedy()?;
                if clock.due < self.on.unwrap_or(ground.today) {
                    return None;
                }
                let limit = ground.profile.limit(clock.kind);
                format!(
                    "信访人{}的期限到{}，还没有届满，不能按“程序终结”办结（{}）。",
                    clock.kind.label(),
                    clock.due,
                    limit.basis
                )
            }
            _ => return None,
        };
        Some(Refused(why))
    }
}

/// Whether a caller may take a step now, and if not, why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Availability {
    /// The step.
    pub action: CaseAction,
    /// Its label.
    pub label: String,
    /// Whether it may be taken now.
    pub allowed: bool,
    /// Why not, in a sentence; absent when it may.
    pub reason: Option<String>,
}

/// For each step, whether the caller may take it now. Steps that are never this caller's come with
/// the reason too, so that a page can explain.
pub fn availability(
    actor: &Actor,
    ground: &Ground<'_>,
    situation: &Situation,
) -> Vec<Availability> {
    CaseAction::ALL
        .iter()
        .map(|&action| {
            let reason = match can(actor, Action::Case(action), Facts::Case(ground.case)) {
                Err(Denied::Hidden) => Some(Denied::Hidden.to_string()),
                Err(Denied::NotAllowed(why)) => Some(why.to_owned()),
                Ok(()) => action.refused(ground, situation).map(|refused| refused.0),
            };
            Availability {
                action,
                label: action.label().to_owned(),
                allowed: reason.is_none(),
                reason,
            }
        })
        .collect()
}
