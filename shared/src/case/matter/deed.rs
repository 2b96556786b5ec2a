//! What can be done with a matter: one enum for all kinds, so that [`crate::access::can`] decides on
//! each by name.

use super::MatterKind;
use crate::terms;

terms! {
    /// A step of a matter. The code is `kind.step`; the API's URL has the part after the dot.
    Deed, "专项操作" {
        /// Ask for mediation and name the committee (人民调解法第十七条).
        MediationOpen = "mediation.open", "申请调解";
        /// Name mediators, time and place.
        MediationAppoint = "mediation.appoint", "确定调解员和时间";
        /// Note a session.
        MediationSession = "mediation.session", "记录调解会";
        /// The parties agree (人民调解法第二十九条).
        MediationAgree = "mediation.agree", "达成调解协议";
        /// Put an oral agreement in writing (人民调解法第二十八条、第二十九条).
        MediationWrite = "mediation.write", "制作调解协议书";
        /// No agreement comes about, or it is not kept: the lawful ways are told (人民调解法第二十六条).
        MediationFail = "mediation.fail", "调解终止";
        /// A promise of the agreement was kept.
        MediationFulfil = "mediation.fulfil", "登记履行";
        /// A promise of the agreement was broken: a new session, or the case goes on.
        MediationBreach = "mediation.breach", "登记未履行";
        /// Both parties ask the court to confirm (人民调解法第三十三条).
        MediationApply = "mediation.apply", "申请司法确认";
        /// The court decides.
        MediationDecide = "mediation.decide", "司法确认裁定";

        /// Plan a hearing with its panel and announce it.
        HearingOpen = "hearing.open", "组织听证";
        /// Serve the notice on the parties, or give public notice.
        HearingNotify = "hearing.notify", "发布听证公告";
        /// Note the hearing: who was there, minutes, conclusion.
        HearingHold = "hearing.hold", "记录听证会";
        /// Call it off.
        HearingCancel = "hearing.cancel", "取消听证";

        /// Give an order to a unit.
        OrderOpen = "order.open", "下达督办";
        /// The unit takes note.
        OrderReceive = "order.receive", "签收";
        /// The unit reports what it did.
        OrderFeedback = "order.feedback", "反馈办理情况";
        /// The report does not suffice.
        OrderReturn = "order.return", "退回重办";
        /// Remind the unit.
        OrderRemind = "order.remind", "催办";
        /// Done: the order ends.
        OrderConclude = "order.conclude", "办结销号";
        /// Propose accountability (条例第四十条: 改进工作、完善政策、追究责任).
        OrderPropose = "order.propose", "提出建议";
        /// The recipient answers the proposal.
        OrderReply = "order.reply", "答复建议";

        /// Open the backlog package: leader and team.
        PackageOpen = "package.open", "建立化解专班";
        /// Set the plan: goal, measures, methods, steps.
        PackagePlan = "package.plan", "制定化解方案";
        /// Note progress; at least every 14 days.
        PackageProgress = "package.progress", "记录化解进展";
        /// A step of the plan is done.
        PackageDone = "package.done", "完成方案步骤";
        /// Ask for the end, with evidence.
        PackageSubmit = "package.submit", "申请销号";
        /// The leader approves.
        PackageApprove = "package.approve", "批准销号";
        /// The leader sends it back.
        PackageReject = "package.reject", "退回继续化解";

        /// Plan regular contact with a long-standing petitioner.
        ContactOpen = "contact.open", "制定联系计划";
        /// Note a contact.
        ContactNote = "contact.note", "登记联系";
        /// Look at it again: is it still needed, how often?
        ContactReview = "contact.review", "复核联系计划";
        /// End it.
        ContactEnd = "contact.end", "结束联系";

        /// Note a measure by law, with basis, authority, approving leader and served notice.
        MeasureOpen = "measure.open", "登记依法处理";
        /// Strike a wrong entry out, with a reason.
        MeasureStrike = "measure.strike", "划除";

        /// Note a petition visit to a higher level.
        VisitOpen = "visit.open", "登记到上级走访";
        /// Strike a wrong entry out, with a reason.
        VisitStrike = "visit.strike", "划除";

        /// Note how, when and on whom a document was served.
        ServiceOpen = "service.open", "登记送达";
        /// Strike a wrong entry out, with a reason.
        ServiceStrike = "service.strike", "划除";

        /// Send the case to another unit or a named outside authority.
        ReferralOpen = "referral.open", "移交";
        /// The receiver takes it: from now on it answers for the case.
        ReferralTake = "referral.take", "接收";
        /// The receiver objects, within five working days.
        ReferralObject = "referral.object", "提出异议";
        /// An outside authority's receipt.
        ReferralReceipt = "referral.receipt", "登记回执";
        /// Take it back before it was taken.
        ReferralWithdraw = "referral.withdraw", "撤回移交";

        /// Hand the case up to the county, with the reason and what is asked of it.
        EscalationOpen = "escalation.open", "上报县级";
        /// The township takes it back.
        EscalationWithdraw = "escalation.withdraw", "收回上报";
        /// The county's office says what is to be done.
        EscalationInstruct = "escalation.instruct", "批示";
        /// The county's office sends it back, with its opinion.
        EscalationReturn = "escalation.return", "退回乡镇";
    }
}

impl Deed {
    /// The kind of matter that it belongs to.
    pub const fn kind(self) -> MatterKind {
        use MatterKind as K;
        match self {
            Self::MediationOpen
            | Self::MediationAppoint
            | Self::MediationSession
            | Self::MediationAgree
            | Self::MediationWrite
            | Self::MediationFail
            | Self::MediationFulfil
            | Self::MediationBreach
            | Self::MediationApply
            | Self::MediationDecide => K::Mediation,
            Self::HearingOpen | Self::HearingNotify | Self::HearingHold | Self::HearingCancel => {
                K::Hearing
            }
            Self::OrderOpen
            | Self::OrderReceive
            | Self::OrderFeedback
            | Self::OrderReturn
            | Self::OrderRemind
            | Self::OrderConclude
            | Self::OrderPropose
            | Self::OrderReply => K::Order,
            Self::PackageOpen
            | Self::PackagePlan
            | Self::PackageProgress
            | Self::PackageDone
            | Self::PackageSubmit
            | Self::PackageApprove
            | Self::PackageReject => K::Package,
            Self::ContactOpen | Self::ContactNote | Self::ContactReview | Self::ContactEnd => {
                K::Contact
            }
            Self::MeasureOpen | Self::MeasureStrike => K::Measure,
            Self::VisitOpen | Self::VisitStrike => K::Visit,
            Self::ServiceOpen | Self::ServiceStrike => K::Service,
            Self::ReferralOpen
            | Self::ReferralTake
            | Self::ReferralObject
            | Self::ReferralReceipt
            | Self::ReferralWithdraw => K::Referral,
            Self::EscalationOpen
            | Self::EscalationWithdraw
            | Self::EscalationInstruct
            | Self::EscalationReturn => K::Escalation,
        }
    }

    /// Whether it starts a matter.
    pub fn opens(self) -> bool {
        self == self.kind().opening()
    }

    /// The code's part after the dot, as the API's URL has it.
    pub fn step(self) -> &'static str {
        let code = crate::term::Term::code(self);
        code.split_once('.').map_or(code, |(_, step)| step)
    }

    /// The deed of a kind with this step.
    pub fn from_step(kind: MatterKind, step: &str) -> Option<Self> {
        <Self as crate::term::Term>::ALL
            .iter()
            .copied()
            .find(|deed| deed.kind() == kind && deed.step() == step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::Term;

    #[test]
    fn each_code_begins_with_its_kind() {
        for deed in Deed::ALL {
            let code = format!("{}.{}", deed.kind().code(), deed.step());
            assert_eq!(deed.code(), code);
            assert_eq!(Deed::from_step(deed.kind(), deed.step()), Some(*deed));
        }
        for kind in MatterKind::ALL {
            assert_eq!(kind.opening().kind(), *kind);
        }
    }
}
