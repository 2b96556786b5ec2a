//! The terms of a mediation.

use crate::terms;

terms! {
    /// How a mediation comes about (人民调解法第十七条、第十八条).
    MediationAsker, "提出方式" {
        /// Both sides ask for it.
        Both = "both", "双方当事人申请";
        /// One side asks, the other agrees.
        One = "one", "一方申请、对方同意";
        /// The committee offers it.
        Committee = "committee", "调解委员会主动调解";
        /// The court or the police told the parties of it.
        Told = "told", "法院、公安机关等告知后申请";
    }
}

terms! {
    /// By what methods it is mediated.
    MediationMethod, "调解方法" {
        /// Policy.
        Policy = "policy", "政策";
        /// Law.
        Law = "law", "法律";
        /// Economic means.
        Economic = "economic", "经济";
        /// Administrative means.
        Administrative = "administrative", "行政";
        /// Education.
        Education = "education", "教育";
        /// Consultation.
        Consultation = "consultation", "协商";
        /// Guidance.
        Guidance = "guidance", "疏导";
    }
}

terms! {
    /// What came of a session.
    MediationOutcome, "调解会结果" {
        /// They agree; the agreement is to be set down.
        Agreed = "agreed", "意见一致";
        /// The talks go on.
        Continued = "continued", "继续调解";
        /// They do not agree.
        Apart = "apart", "意见不一";
    }
}

terms! {
    /// The form of an agreement (人民调解法第二十八条).
    AgreementForm, "协议形式" {
        /// 调解协议书.
        Written = "written", "书面协议";
        /// Recorded by the mediator.
        Oral = "oral", "口头协议";
    }
}

terms! {
    /// The lawful ways that parties are told of when mediation ends (人民调解法第二十六条).
    RemedyWay, "救济途径" {
        /// Arbitration.
        Arbitration = "arbitration", "仲裁";
        /// Administrative review, ruling, complaint to an authority.
        Administrative = "administrative", "行政途径";
        /// A lawsuit.
        Litigation = "litigation", "诉讼";
        /// Enforcement of a confirmed agreement (第三十三条).
        Enforcement = "enforcement", "申请强制执行";
    }
}

terms! {
    /// How a court decides on an application for confirmation.
    CourtRuling, "裁定结果" {
        /// The agreement is valid and can be enforced.
        Confirmed = "confirmed", "确认有效";
        /// It is not confirmed.
        Refused = "refused", "驳回申请";
        /// The parties took the application back.
        Withdrawn = "withdrawn", "准许撤回申请";
    }
}

terms! {
    /// In which way a promise was broken.
    BreachKind, "未履行情形" {
        /// Its last day has passed.
        Unkept = "unkept", "到期未履行";
        /// It was kept, then undone, or kept only in appearance.
        Undone = "undone", "履行后反悔或履行不实";
        /// It was entered as kept by mistake.
        Mistaken = "mistaken", "履行登记有误";
    }
}
