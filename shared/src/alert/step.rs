//! Which step may follow which.

use super::AlertDeed;
use crate::case::state::Refused;
use crate::term::Term;
use crate::terms;

terms! {
    /// Where urgent information stands.
    AlertState, "重要信息状态" {
        /// Nobody has acknowledged it.
        Reported = "reported", "待签收";
        /// Somebody has seen it and takes care.
        Acknowledged = "acknowledged", "已签收";
        /// Somebody was sent.
        Dispatched = "dispatched", "处置中";
        /// It ended.
        Closed = "closed", "已办结";
    }
}

terms! {
    /// A step that people take.
    AlertStep, "重要信息步骤" {
        /// Say that one has seen it and takes care.
        Acknowledge = "acknowledge", "签收";
        /// Send a unit or somebody, with an instruction.
        Dispatch = "dispatch", "派处置";
        /// Say how it goes on.
        Note = "note", "反馈";
        /// End it with a result.
        Close = "close", "办结";
    }
}

terms! {
    /// What happened with it.
    AlertEventKind, "重要信息记录" {
        /// It was reported.
        Reported = "reported", "上报";
        /// Somebody acknowledged it.
        Acknowledged = "acknowledged", "签收";
        /// A unit or somebody was sent.
        Dispatched = "dispatched", "派处置";
        /// How it goes on.
        Noted = "noted", "反馈";
        /// It ended.
        Closed = "closed", "办结";
        /// A case was made of it, or it was linked to one.
        Linked = "linked", "转为事项";
        /// Nobody acknowledged it, or nobody was sent, within the limit: leaders were told again.
        Escalated = "escalated", "超时提醒";
    }
}

impl AlertStep {
    /// The deed that permission decisions look at.
    pub const fn deed(self) -> AlertDeed {
        match self {
            Self::Acknowledge => AlertDeed::Acknowledge,
            Self::Dispatch => AlertDeed::Dispatch,
            Self::Note => AlertDeed::Note,
            Self::Close => AlertDeed::Close,
        }
    }

    /// What it leaves in the timeline.
    pub const fn event(self) -> AlertEventKind {
        match self {
            Self::Acknowledge => AlertEventKind::Acknowledged,
            Self::Dispatch => AlertEventKind::Dispatched,
            Self::Note => AlertEventKind::Noted,
            Self::Close => AlertEventKind::Closed,
        }
    }
}

/// The state after a step. Several may acknowledge, and several be sent; whoever sends somebody has
/// acknowledged with that.
///
/// # Errors
/// [`Refused`], with the reason.
pub fn after(state: AlertState, step: AlertStep) -> Result<AlertState, Refused> {
    use AlertState as S;
    use AlertStep as T;
    match (state, step) {
        (S::Closed, step) => Err(Refused(format!(
            "这条重要信息已办结，不能再{}。",
            step.label()
        ))),
        (S::Reported, T::Acknowledge) => Ok(S::Acknowledged),
        (_, T::Dispatch) => Ok(S::Dispatched),
        (state, T::Acknowledge | T::Note) => Ok(state),
        (S::Reported, T::Close) => Err(Refused("还没有人签收，请先签收再办结。".to_owned())),
        (S::Acknowledged | S::Dispatched, T::Close) => Ok(S::Closed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        use AlertState as S;
        use AlertStep as T;
        let to = |state, step| after(state, step).ok();
        for (state, acknowledge, dispatch, note, close) in [
            (
                S::Reported,
                Some(S::Acknowledged),
                Some(S::Dispatched),
                Some(S::Reported),
                None,
            ),
            (
                S::Acknowledged,
                Some(S::Acknowledged),
                Some(S::Dispatched),
                Some(S::Acknowledged),
                Some(S::Closed),
            ),
            (
                S::Dispatched,
                Some(S::Dispatched),
                Some(S::Dispatched),
                Some(S::Dispatched),
                Some(S::Closed),
            ),
            (S::Closed, None, None, None, None),
        ] {
            assert_eq!(to(state, T::Acknowledge), acknowledge, "{state:?}");
            assert_eq!(to(state, T::Dispatch), dispatch, "{state:?}");
            assert_eq!(to(state, T::Note), note, "{state:?}");
            assert_eq!(to(state, T::Close), close, "{state:?}");
        }
    }
}
