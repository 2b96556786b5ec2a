//! States of a case and what may follow what: a pure table, used by the server to decide and by the
//! app to explain.
//!
//! Every change of a case is an event; [`after`] says which state an event leads to, or why it may
//! not happen now.

use crate::case::Kind;
use crate::term::Term;
use crate::terms;

terms! {
    /// Where a case stands.
    State, "状态" {
        /// In the ledger, not yet decided on.
        Registered = "registered", "已登记";
        /// Taken on by the township (受理告知).
        Accepted = "accepted", "已受理";
        /// Not to be handled here; the lawful path was named (不予受理).
        Declined = "declined", "不予受理";
        /// Sent on to another unit, which may object (转送).
        Transferred = "transferred", "已转送";
        /// Being worked on.
        Handling = "handling", "办理中";
        /// 处理意见书 served.
        Answered = "answered", "已答复";
        /// 复查.
        UnderReview = "under_review", "复查中";
        /// 复核.
        UnderFinalReview = "under_final_review", "复核中";
        /// Ended: settled, withdrawn or final.
        Closed = "closed", "已办结";
    }
}

impl State {
    /// Whether the case still needs something done.
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Declined | Self::Closed)
    }
}

terms! {
    /// What happened to a case: the kinds of `case_event`.
    EventKind, "办理记录" {
        /// Entered in the ledger.
        Registered = "registered", "登记";
        /// Loaded from a hand-kept ledger.
        Imported = "imported", "台账导入";
        /// Accepted (受理).
        Accepted = "accepted", "受理";
        /// Declined, with the lawful path.
        Declined = "declined", "不予受理";
        /// Sent on to another unit.
        Transferred = "transferred", "转送";
        /// The unit it was sent to objects.
        Objected = "objected", "提出异议";
        /// Given to a unit and a person to handle.
        Dispatched = "dispatched", "交办";
        /// The unit begins to handle it.
        Taken = "taken", "开始办理";
        /// A leader takes the case (包案).
        LeadSet = "lead_set", "确定包案领导";
        /// The handling period was extended, once.
        Extended = "extended", "延期";
        /// 处理意见书 served.
        Answered = "answered", "答复";
        /// The petitioner asks for review.
        ReviewRequested = "review_requested", "申请复查";
        /// Review upheld or changed the answer.
        ReviewAnswered = "review_answered", "复查答复";
        /// Review revoked the answer: handle again.
        ReviewRevoked = "review_revoked", "复查撤销";
        /// The petitioner asks for final review.
        FinalReviewRequested = "final_review_requested", "申请复核";
        /// Final review answered: the matter is final.
        FinalReviewAnswered = "final_review_answered", "复核答复";
        /// The petitioner was asked what they think of the outcome.
        Heard = "heard", "征询信访人意见";
        /// Ended.
        Closed = "closed", "办结";
        /// Opened again, with a reason.
        Reopened = "reopened", "重新启动";
        /// Handed to a named outside authority; ends it here.
        HandedOver = "handed_over", "移送";
        /// Marked as backlog (积案).
        BacklogMarked = "backlog_marked", "列为积案";
        /// No longer backlog.
        BacklogCleared = "backlog_cleared", "积案销号";
        /// A note on how it develops or what was done.
        Noted = "noted", "进展记录";
        /// Fields were changed.
        Edited = "edited", "修改";
        /// A person was added, changed or removed.
        PersonChanged = "person_changed", "人员变更";
        /// A file was attached or removed.
        AttachmentChanged = "attachment_changed", "附件变更";
        /// Linked to the earlier case that it repeats.
        Linked = "linked", "关联重复件";
        /// A step of a matter: mediation, hearing, order … ([`crate::case::matter`]).
        Matter = "matter", "专项办理";
        /// A document was made or voided ([`crate::case::paper`]).
        Paper = "paper", "文书";
        /// The petitioner said what they think of the answer ([`crate::satisfaction`]).
        Rated = "rated", "满意度评价";
    }
}

/// What the table looks at beside state and event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Situation {
    /// Petition, dispute or sign.
    pub kind: Kind,
    /// Whether it was accepted (or taken) at some time.
    pub accepted_before: bool,
    /// Whether the one extension was used.
    pub extended: bool,
    /// Whether it is marked as backlog.
    pub backlog: bool,
    /// Whether a review upheld or changed the last answer, so that only final review is left.
    pub reviewed: bool,
    /// Whether final review has answered.
    pub final_answered: bool,
}

impl Situation {
    /// Of a new case.
    pub const fn new(kind: Kind) -> Self {
        Self {
            kind,
            accepted_before: false,
            extended: false,
            backlog: false,
            reviewed: false,
            final_answered: false,
        }
    }

    /// After the event has happened.
    #[must_use]
    pub const fn then(mut self, event: EventKind) -> Self {
        match event {
            EventKind::Accepted | EventKind::Taken => self.accepted_before = true,
            EventKind::Extended => self.extended = true,
            // A new round of handling has its own one extension, and its answer a review of its own.
            EventKind::ReviewRevoked | EventKind::Reopened => {
                self.extended = false;
                self.reviewed = false;
            }
            EventKind::Answered => self.reviewed = false,
            EventKind::ReviewAnswered => self.reviewed = true,
            EventKind::BacklogMarked => self.backlog = true,
            EventKind::FinalReviewAnswered => {
                self.final_answered = true;
                self.backlog = false;
            }
            // What has ended is no backlog.
            EventKind::BacklogCleared
            | EventKind::Closed
            | EventKind::HandedOver
            | EventKind::Declined => self.backlog = false,
            _ => {}
        }
        self
    }
}

/// An event that may not happen now, and why, in a sentence for the user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

/// The state after an event; `None` stands before the first one.
///
/// # Errors
/// [`Refused`], with the reason, when the table has no such step.
pub fn after(state: Option<State>, event: EventKind, case: &Situation) -> Result<State, Refused> {
    use EventKind as E;
    use State as S;
    let Some(state) = state else {
        return match event {
            E::Registered | E::Imported => Ok(S::Registered),
            _ => Err(Refused("事项还没有登记。".to_owned())),
        };
    };
    match (state, event) {
        (_, E::Registered | E::Imported) => Err(Refused("事项已经登记过。".to_owned())),
        // An entry that only adds to the record.
        (state, E::Noted | E::AttachmentChanged | E::Linked | E::Matter | E::Paper | E::Rated) => {
            Ok(state)
        }
        (state, E::Edited | E::PersonChanged | E::LeadSet) if state != S::Closed => Ok(state),

        (S::Registered | S::Transferred, E::Accepted) => Ok(S::Accepted),
        (S::Registered | S::Transferred, E::Declined) => Ok(S::Declined),
        (S::Registered, E::Transferred) => Ok(S::Transferred),
        (S::Transferred, E::Objected) => Ok(S::Registered),
        (S::Accepted | S::Handling, E::Dispatched) => Ok(S::Accepted),
        (S::Accepted | S::Transferred, E::Taken) => Ok(S::Handling),
        (S::Accepted | S::Handling, E::Extended) if case.extended => Err(Refused(
            "办理期限只能延长一次，本事项已经延长过（《信访工作条例》第三十四条）。".to_owned(),
        )),
        (S::Accepted | S::Handling, E::Extended) => Ok(state),
        (S::Handling, E::Answered) => Ok(S::Answered),

        (S::Answered, E::ReviewRequested) if case.reviewed => Err(Refused(
            "已经复查过；对复查意见不服的，可以申请复核（《信访工作条例》第三十六条）。".to_owned(),
        )),
        (S::Answered, E::ReviewRequested) => Ok(S::UnderReview),
        (S::UnderReview, E::ReviewAnswered) => Ok(S::Answered),
        (S::UnderReview, E::ReviewRevoked) => Ok(S::Handling),
        (S::Answered, E::FinalReviewRequested) if !case.reviewed => Err(Refused(
            "要先复查：对处理意见不服的，先申请复查（《信访工作条例》第三十五条）。".to_owned(),
        )),
        (S::Answered, E::FinalReviewRequested) => Ok(S::UnderFinalReview),
        (S::UnderFinalReview, E::FinalReviewAnswered) => Ok(S::Closed),

        (S::Answered, E::Heard) => Ok(state),
        (S::Handling, E::Heard) if case.kind != Kind::Petition => Ok(state),
        (S::Answered, E::Closed) => Ok(S::Closed),
        // A dispute or a sign may be settled without a written answer.
        (S::Handling, E::Closed) if case.kind != Kind::Petition => Ok(S::Closed),
        (S::Registered | S::Accepted | S::Transferred | S::Handling, E::Closed) => {
            Err(Refused(format!(
                "“{}”的{}要先答复（送达处理意见书）才能办结；信访人撤回的，办结结果选“撤回”。",
                state.label(),
                case.kind.label()
            )))
        }
        (S::Registered | S::Accepted | S::Handling, E::HandedOver) => Ok(S::Closed),

        (S::Closed, E::Reopened) if case.final_answered => Err(Refused(
            "复核意见已经作出，同一事实和理由不再受理（《信访工作条例》第三十六条）。".to_owned(),
        )),
        (S::Closed | S::Declined, E::Reopened) => Ok(if case.accepted_before {
            S::Handling
        } else {
            S::Registered
        }),

        (state, E::BacklogMarked) if state.is_open() && case.backlog => {
            Err(Refused("本事项已经是积案。".to_owned()))
        }
        (state, E::BacklogMarked) if state.is_open() => Ok(state),
        (state, E::BacklogCleared) if case.backlog => Ok(state),
        (_, E::BacklogCleared) => Err(Refused("本事项不是积案。".to_owned())),

        (state, event) => Err(Refused(format!(
            "事项现在是“{}”，不能{}。{}",
            state.label(),
            event.label(),
            when(event)
        ))),
    }
}

/// The state after the petitioner withdrew, which ends a case wherever it stands.
///
/// # Errors
/// [`Refused`] when it is not open.
pub fn after_withdrawal(state: State) -> Result<State, Refused> {
    if state.is_open() {
        Ok(State::Closed)
    } else {
        Err(Refused(format!(
            "事项现在是“{}”，不能再撤回。",
            state.label()
        )))
    }
}

/// From which states an event is possible, in words.
fn when(event: EventKind) -> &'static str {
    use EventKind as E;
    match event {
        E::Accepted | E::Declined => "只有“已登记”或“已转送”的事项可以。",
        E::Transferred => "只有“已登记”的事项可以。",
        E::HandedOver => "只有“已登记”“已受理”或“办理中”的事项可以。",
        E::Objected => "只有“已转送”的事项可以。",
        E::Taken => "只有“已受理”或“已转送”的事项可以。",
        E::Dispatched | E::Extended => "只有“已受理”或“办理中”的事项可以。",
        E::Answered => "只有“办理中”的事项可以。",
        E::ReviewRequested | E::FinalReviewRequested | E::Heard | E::Closed => "要先答复。",
        E::ReviewAnswered | E::ReviewRevoked => "只有“复查中”的事项可以。",
        E::FinalReviewAnswered => "只有“复核中”的事项可以。",
        E::Reopened => "只有“已办结”或“不予受理”的事项可以。",
        E::BacklogMarked => "只有未办结的事项可以。",
        E::Edited | E::PersonChanged | E::LeadSet => "要修改请先重新启动。",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(kind: Kind, events: &[EventKind]) -> Result<State, Refused> {
        let mut state = None;
        let mut situation = Situation::new(kind);
        for event in events {
            state = Some(after(state, *event, &situation)?);
            situation = situation.then(*event);
        }
        Ok(state.unwrap())
    }

    #[test]
    fn the_ways_through() {
        use EventKind as E;
        for (kind, events, end) in [
            (Kind::Petition, &[E::Registered][..], State::Registered),
            (
                Kind::Petition,
                &[
                    E::Registered,
                    E::Accepted,
                    E::Dispatched,
                    E::Taken,
                    E::Answered,
                    E::Closed,
                ],
                State::Closed,
            ),
            (
                Kind::Petition,
                &[E::Registered, E::Declined],
                State::Declined,
            ),
            (
                Kind::Petition,
                &[E::Registered, E::Declined, E::Reopened],
                State::Registered,
            ),
            (
                Kind::Petition,
                &[
                    E::Registered,
                    E::Transferred,
                    E::Objected,
                    E::Transferred,
                    E::Taken,
                ],
                State::Handling,
            ),
            (
                Kind::Dispute,
                &[E::Registered, E::Accepted, E::Taken, E::Closed],
                State::Closed,
            ),
            (
                Kind::Petition,
                &[
                    E::Registered,
                    E::Accepted,
                    E::Taken,
                    E::Answered,
                    E::ReviewRequested,
                    E::ReviewRevoked,
                    E::Answered,
                    E::ReviewRequested,
                    E::ReviewAnswered,
                    E::FinalReviewRequested,
                    E::FinalReviewAnswered,
                ],
                State::Closed,
            ),
            (
                Kind::Petition,
                &[E::Registered, E::HandedOver],
                State::Closed,
            ),
            (
                Kind::Petition,
                &[
                    E::Registered,
                    E::Accepted,
                    E::Taken,
                    E::Answered,
                    E::Closed,
                    E::Reopened,
                ],
                State::Handling,
            ),
        ] {
            assert_eq!(run(kind, events), Ok(end), "{events:?}");
        }
    }

    /// Revoked at review, answered again, upheld at review and at final review: final.
    #[test]
    fn the_rounds_of_review() {
        use EventKind as E;
        let answered = [E::Registered, E::Accepted, E::Taken, E::Answered];
        let revoked = [&answered[..], &[E::ReviewRequested, E::ReviewRevoked]].concat();
        assert_eq!(run(Kind::Petition, &revoked), Ok(State::Handling));
        let again = [&revoked[..], &[E::Answered, E::ReviewRequested]].concat();
        assert_eq!(run(Kind::Petition, &again), Ok(State::UnderReview));
        let upheld = [&again[..], &[E::ReviewAnswered]].concat();
        assert_eq!(run(Kind::Petition, &upheld), Ok(State::Answered));
        let last = [
            &upheld[..],
            &[E::FinalReviewRequested, E::FinalReviewAnswered],
        ]
        .concat();
        assert_eq!(run(Kind::Petition, &last), Ok(State::Closed));
        let reopened = [&last[..], &[E::Reopened]].concat();
        let refused = run(Kind::Petition, &reopened).unwrap_err();
        assert!(refused.0.contains("不再受理"), "{refused}");
    }

    #[test]
    fn refused_with_a_reason() {
        use EventKind as E;
        for (kind, events, part) in [
            (Kind::Petition, &[E::Accepted][..], "还没有登记"),
            (Kind::Petition, &[E::Registered, E::Registered], "登记过"),
            (Kind::Petition, &[E::Registered, E::Answered], "“办理中”"),
            (
                Kind::Petition,
                &[E::Registered, E::Accepted, E::Taken, E::Closed],
                "要先答复",
            ),
            (
                Kind::Petition,
                &[E::Registered, E::Accepted, E::Extended, E::Extended],
                "只能延长一次",
            ),
            (
                Kind::Petition,
                &[
                    E::Registered,
                    E::Accepted,
                    E::Taken,
                    E::Answered,
                    E::Closed,
                    E::Edited,
                ],
                "重新启动",
            ),
            (
                Kind::Petition,
                &[E::Registered, E::BacklogCleared],
                "不是积案",
            ),
            (
                Kind::Petition,
                &[
                    E::Registered,
                    E::Accepted,
                    E::Taken,
                    E::Answered,
                    E::FinalReviewRequested,
                ],
                "要先复查",
            ),
            (
                Kind::Petition,
                &[
                    E::Registered,
                    E::Accepted,
                    E::Taken,
                    E::Answered,
                    E::ReviewRequested,
                    E::ReviewAnswered,
                    E::ReviewRequested,
                ],
                "可以申请复核",
            ),
            (
                Kind::Petition,
                &[E::Registered, E::Accepted, E::Taken, E::Heard],
                "要先答复",
            ),
        ] {
            let refused = run(kind, events).unwrap_err();
            assert!(refused.0.contains(part), "{events:?}: {refused}");
        }
    }

    fn any_event() -> impl Strategy<Value = EventKind> {
        prop::sample::select(EventKind::ALL)
    }

    proptest! {
        /// Whatever is tried in whatever order: each step either leads to a state of the table or is
        /// refused with a sentence and changes nothing; a final answer is never handled again.
        #[test]
        fn no_sequence_leaves_the_table(kind in prop::sample::select(Kind::ALL), events in prop::collection::vec(any_event(), 0..60)) {
            let mut state = None;
            let mut situation = Situation::new(kind);
            let mut extensions = 0;
            for event in events {
                match after(state, event, &situation) {
                    Ok(next) => {
                        prop_assert!(State::ALL.contains(&next));
                        if situation.final_answered {
                            prop_assert_eq!(next, State::Closed);
                        }
                        match event {
                            EventKind::Extended => extensions += 1,
                            EventKind::Reopened | EventKind::ReviewRevoked => extensions = 0,
                            _ => {}
                        }
                        prop_assert!(extensions <= 1);
                        situation = situation.then(event);
                        state = Some(next);
                    }
                    Err(refused) => prop_assert!(!refused.0.is_empty()),
                }
            }
        }
    }
}
