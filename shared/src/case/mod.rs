//! A case (事项), the ledger row: its terms. Neighbours: [`state`] what may follow what,
//! [`action`] what a person can do, [`deadline`] the clocks, [`number`] the number,
//! [`input`] what people enter, [`matter`] what is done about it
//! beside (mediation, orders …), [`paper`] official documents, [`care`] contact that does no harm,
//! [`hint`] which category a cause sounds like, [`view`] what they see.

pub mod action;
pub mod backlog;
pub mod batch;
pub mod calendar;
pub mod care;
pub mod category;
pub mod deadline;
pub mod hint;
pub mod input;
pub mod matter;
pub mod number;
pub mod paper;
pub mod state;
pub mod view;

use crate::terms;

terms! {
    /// What kind of ledger row it is.
    Kind, "类别" {
        /// A grievance brought by a petitioner.
        Petition = "petition", "信访件";
        /// A dispute between parties.
        Dispute = "dispute", "矛盾纠纷";
        /// A sign that a dispute may come.
        Sign = "sign", "苗头隐患";
    }
}

terms! {
    /// How it came in.
    Channel, "来源" {
        /// By letter.
        Letter = "letter", "来信";
        /// By a visit to the window.
        Visit = "visit", "来访";
        /// By telephone.
        Call = "call", "来电";
        /// Online.
        Online = "online", "网上";
        /// Found by the staff's own search.
        Inspection = "inspection", "排查";
        /// Heard on a visit to households.
        HouseholdVisit = "household_visit", "下访";
        /// Handed down by a higher authority.
        Superior = "superior", "上级转办";
    }
}

terms! {
    /// What the petitioner wants (条例第十七条: kinds of petition matter).
    Purpose, "诉求性质" {
        /// Advice or a proposal.
        Suggestion = "suggestion", "建议意见";
        /// An accusation; sealed (条例第三十条).
        Accusation = "accusation", "检举控告";
        /// A complaint or a request for a decision.
        Claim = "claim", "申诉求决";
    }
}

terms! {
    /// The first level of the category.
    Category, "类型" {
        /// Agriculture and rural matters.
        Rural = "rural", "农村农业";
        /// Land taken and houses demolished.
        Expropriation = "expropriation", "征地拆迁";
        /// Building in town and country.
        Construction = "construction", "城乡建设";
        /// Work and social insurance.
        Labour = "labour", "劳动社保";
        /// Civil affairs and relief.
        Relief = "relief", "民政救助";
        /// Openness of village affairs.
        VillageAffairs = "village_affairs", "村务公开";
        /// Marriage and family.
        Family = "family", "婚姻家庭";
        /// Neighbours.
        Neighbours = "neighbours", "邻里纠纷";
        /// Compensation for damage.
        Damages = "damages", "损害赔偿";
        /// The environment.
        Environment = "environment", "环境保护";
        /// Water works and water use.
        Water = "water", "水利用水";
        /// Law and litigation.
        Litigation = "litigation", "涉法涉诉";
        /// Anything else.
        Other = "other", "其他";
    }
}

terms! {
    /// The second level of the category.
    Subcategory, "细类" {
        /// Land transfer.
        LandTransfer = "land_transfer", "土地流转";
        /// Contracted land and homesteads.
        LandRights = "land_rights", "承包地与宅基地";
        /// Subsidies for farmers.
        FarmSubsidy = "farm_subsidy", "惠农补贴";
        /// Compensation standards.
        CompensationStandard = "compensation_standard", "补偿标准";
        /// Resettlement.
        Resettlement = "resettlement", "安置";
        /// Roads and public works.
        PublicWorks = "public_works", "道路与公共设施";
        /// Illegal buildings.
        IllegalBuilding = "illegal_building", "违章建筑";
        /// Unpaid wages.
        UnpaidWages = "unpaid_wages", "拖欠工资";
        /// Pensions and medical insurance.
        SocialInsurance = "social_insurance", "养老医保";
        /// Minimum living allowance.
        MinimumAllowance = "minimum_allowance", "低保救助";
        /// Disaster and temporary relief.
        TemporaryRelief = "temporary_relief", "临时救助";
        /// Collective accounts and assets.
        CollectiveAccounts = "collective_accounts", "集体三资";
        /// Elections and cadres.
        Cadres = "cadres", "换届与干部作风";
        /// Divorce, children, bride price.
        Divorce = "divorce", "婚姻与彩礼";
        /// Support of the old.
        Support = "support", "赡养抚养";
        /// Boundaries and dripping eaves.
        Boundary = "boundary", "界址相邻";
        /// Animals and crops.
        Livestock = "livestock", "牲畜损毁";
        /// Injury.
        Injury = "injury", "人身损害";
        /// Dung, smell, dust, noise.
        Pollution = "pollution", "污染扰民";
        /// Turns of irrigation.
        Irrigation = "irrigation", "灌溉用水";
        /// Execution of judgments.
        Execution = "execution", "判决执行";
        /// Anything else.
        Other = "other", "其他";
    }
}

impl Category {
    /// The second level below a first one; `Other` is below each.
    pub const fn subcategories(self) -> &'static [Subcategory] {
        use Subcategory as S;
        match self {
            Self::Rural => &[S::LandTransfer, S::LandRights, S::FarmSubsidy, S::Other],
            Self::Expropriation => &[S::CompensationStandard, S::Resettlement, S::Other],
            Self::Construction => &[S::PublicWorks, S::IllegalBuilding, S::Other],
            Self::Labour => &[S::UnpaidWages, S::SocialInsurance, S::Other],
            Self::Relief => &[S::MinimumAllowance, S::TemporaryRelief, S::Other],
            Self::VillageAffairs => &[S::CollectiveAccounts, S::Cadres, S::Other],
            Self::Family => &[S::Divorce, S::Support, S::Other],
            Self::Neighbours => &[S::Boundary, S::Other],
            Self::Damages => &[S::Livestock, S::Injury, S::Other],
            Self::Environment => &[S::Pollution, S::Other],
            Self::Water => &[S::Irrigation, S::Other],
            Self::Litigation => &[S::Execution, S::Other],
            Self::Other => &[S::Other],
        }
    }
}

terms! {
    /// How grave it is, as the receiver judges it.
    Severity, "紧急程度" {
        /// In the ordinary way.
        Ordinary = "ordinary", "一般";
        /// To be watched.
        Grave = "grave", "较重";
        /// At once.
        Urgent = "urgent", "紧急";
    }
}

terms! {
    /// The procedure of handling.
    Procedure, "办理程序" {
        /// The ordinary one: 60 days.
        Ordinary = "ordinary", "普通程序";
        /// For clear first-time matters (信访事项简易办理办法): 3 and 10 working days.
        Simple = "simple", "简易程序";
    }
}

terms! {
    /// The lawful path to take instead (依法分类处理), for a declined matter.
    LawfulPath, "法定途径" {
        /// A lawsuit.
        Litigation = "litigation", "诉讼";
        /// Arbitration.
        Arbitration = "arbitration", "仲裁";
        /// Labour arbitration.
        LabourArbitration = "labour_arbitration", "劳动人事争议仲裁";
        /// Administrative review.
        AdministrativeReview = "administrative_review", "行政复议";
        /// The organs of discipline and supervision.
        Discipline = "discipline", "纪检监察机关检举控告";
        /// The public security organs.
        PublicSecurity = "public_security", "公安机关报案";
        /// Another authority whose business it is.
        OtherAuthority = "other_authority", "有权处理的其他机关";
        /// People's mediation.
        Mediation = "mediation", "人民调解";
        /// Handled and finally answered before: nothing further on the same facts.
        AlreadyFinal = "already_final", "已三级终结，同一事实不再受理";
    }
}

terms! {
    /// How a case ended.
    Outcome, "办结结果" {
        /// The petitioner accepts (息诉罢访), or the parties are reconciled.
        Settled = "settled", "息诉罢访";
        /// The petitioner withdrew.
        Withdrawn = "withdrawn", "撤回";
        /// Review and final review are done, or their time limits have passed.
        Final = "final", "程序终结";
        /// Handed to a named outside authority.
        HandedOver = "handed_over", "移送有关机关";
    }
}

terms! {
    /// What a review or final review came to (条例第三十五条、第三十六条); 复查复核维持率 counts it.
    ReviewOutcome, "复查复核结论" {
        /// The answer stands.
        Upheld = "upheld", "维持";
        /// The answer was changed.
        Changed = "changed", "变更";
        /// The answer was revoked; after a review the case is handled again.
        Revoked = "revoked", "撤销";
    }
}

terms! {
    /// What the petitioner says of the outcome. A case counts as settled by this, not by what its
    /// handlers think of it.
    Opinion, "信访人意见" {
        /// Accepts it (息诉罢访).
        Agrees = "agrees", "同意";
        /// Does not accept it: the way to review is open.
        Disagrees = "disagrees", "不同意";
        /// Was asked for, but not reached.
        NotReached = "not_reached", "未联系上";
    }
}

terms! {
    /// What a person is in a case.
    PersonRole, "人员身份" {
        /// Who brings it.
        Petitioner = "petitioner", "信访人";
        /// Who speaks for a collective; at most five (条例第二十条).
        Representative = "representative", "代表人";
        /// The other side.
        OtherParty = "other_party", "对方当事人";
        /// Somebody to be given special attention: with reason, review date, follow-up plan.
        KeyPerson = "key_person", "重点人员";
    }
}

impl PersonRole {
    /// Whether it is their case: petitioner or representative.
    pub const fn brings_the_case(self) -> bool {
        matches!(self, Self::Petitioner | Self::Representative)
    }
}

terms! {
    /// What help a key person is given (design section 1).
    FollowUp, "跟进方式" {
        /// Explaining policy and progress.
        Explanation = "explanation", "解释疏导";
        /// Practical help.
        Help = "help", "帮扶救助";
        /// Mediation.
        Mediation = "mediation", "组织调解";
        /// Legal aid.
        LegalAid = "legal_aid", "法律援助";
    }
}

/// From how many people on a case is collective (条例第二十条).
pub const COLLECTIVE_FROM: u32 = 5;
/// The most representatives a case may have (条例第二十条).
pub const MAX_REPRESENTATIVES: usize = 5;
