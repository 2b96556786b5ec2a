//! What a person can do with a case, which event it makes, what it needs, and why it may not be.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::access::{Action, Actor, CaseFacts, Denied, Facts, can};
use crate::case::deadline::{ClockKind, LawProfile};
use crate::case::state::{self, EventKind, Refused, Situation, State};
use crate::case::{LawfulPath, Outcome, Procedure};
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
    /// The event that it makes.
    pub const fn event(self) -> EventKind {
        match self {
            Self::Accept => EventKind::Accepted,
            Self::Decline => EventKind::Declined,
            Self::Transfer => EventKind::Transferred,
            Self::Object => EventKind::Objected,
            Self::Dispatch => EventKind::Dispatched,
            Self::Take => EventKind::Taken,
            Self::Answer => EventKind::Answered,
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
        outcome: Option<Outcome>,
    ) -> Result<State, Refused> {
        if self == Self::Close && outcome == Some(Outcome::Withdrawn) {
            return state::after_withdrawal(state);
        }
        state::after(Some(state), self.event(), situation)
    }

    /// Why the state does not allow the step with any input, if it does not.
    pub fn refused(self, state: State, situation: &Situation) -> Option<Refused> {
        let refused = self.leads_to(state, situation, None).err()?;
        let withdrawable = self == Self::Close
            && self
                .leads_to(state, situation, Some(Outcome::Withdrawn))
                .is_ok();
        (!withdrawable).then_some(refused)
    }

    /// In which words a form explains it.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Accept => {
                "决定受理并书面告知信访人。自登记（收到）次日起15日内；简易程序3个工作日内。"
            }
            Self::Decline => "不属于本镇职权或应走法定途径的，说明理由和可走的途径。",
            Self::Transfer => "属于镇内其他单位职权的，转送该单位；受理期限不重新计算。",
            Self::Object => {
                "认为不属于本单位职权的，自转送次日起5个工作日内提出异议并说明理由，退回综治办重新分办。"
            }
            Self::Dispatch => "确定责任单位和承办人。",
            Self::Take => "责任单位接手办理。",
            Self::Answer => "送达处理意见书，写明事实、依据、意见和救济途径。自受理次日起60日内。",
            Self::Close => "信访人息诉罢访、撤回，或程序已终结。",
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
    /// `extend`: the notice given to the petitioner; `answer`: how and to whom it was served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// `close`: how it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// `link`: the earlier case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier_case_id: Option<CaseId>,
    /// `hand_over`: the outside authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
}

/// The longest text of an event, in characters.
pub const MAX_EVENT_TEXT: usize = 4000;
/// The longest short text (a notice, an authority), in characters.
pub const MAX_SHORT_TEXT: usize = 200;

impl ActionInput {
    /// What is wrong with the input of a step. `today` is the server's day, `not_before` the day of
    /// the last step that moved the case; a date lies between the two.
    pub fn check(
        &self,
        action: CaseAction,
        today: NaiveDate,
        not_before: NaiveDate,
        profile: &LawProfile,
    ) -> Errors {
        use CaseAction as A;
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
            A::Answer if notice.trim().is_empty() => {
                errors.add("notice", "required", "请填写送达情况：向谁、怎样送达。");
            }
            A::Close => match self.outcome {
                None => errors.add("outcome", "required", "请选择办结结果。"),
                Some(Outcome::HandedOver) => {
                    errors.add("outcome", "invalid", "移送有权机关请用“移送有权机关”操作。");
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
pub fn availability(actor: &Actor, case: &CaseFacts, situation: &Situation) -> Vec<Availability> {
    CaseAction::ALL
        .iter()
        .map(|&action| {
            let reason = match can(actor, Action::Case(action), Facts::Case(case)) {
                Err(Denied::Hidden) => Some(Denied::Hidden.to_string()),
                Err(Denied::NotAllowed(why)) => Some(why.to_owned()),
                Ok(()) => action
                    .refused(case.state, situation)
                    .map(|refused| refused.0),
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
