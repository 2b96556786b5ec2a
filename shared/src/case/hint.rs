//! Which category a cause sounds like: a suggestion for a form, and how an import sorts the rows of
//! a hand-kept ledger, which has no category.
//!
//! A table of keywords, most telling first: `养殖场粪污排入农渠` is about dung, not about water, so
//! 粪污 stands before 渠. What no keyword fits is [`Category::Other`], for a person to decide.

use crate::case::{Category, Subcategory};

/// A category, and the word that suggests it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CategoryHint {
    /// First level.
    pub category: Category,
    /// Second level.
    pub subcategory: Subcategory,
    /// The keyword found.
    pub keyword: &'static str,
}

/// Keywords and what they suggest, in the order in which they are looked for.
const HINTS: &[(&[&str], Category, Subcategory)] = {
    use Category as C;
    use Subcategory as S;
    &[
        (
            &["判决", "执行款", "法院执行", "强制执行"],
            C::Litigation,
            S::Execution,
        ),
        (&["诉讼", "刑事", "立案"], C::Litigation, S::Other),
        (
            &["工资", "欠薪", "劳务费", "工钱"],
            C::Labour,
            S::UnpaidWages,
        ),
        (
            &["养老保险", "医疗保险", "医保", "社保", "养老金"],
            C::Labour,
            S::SocialInsurance,
        ),
        (&["离婚", "彩礼", "婚约", "婚姻"], C::Family, S::Divorce),
        (&["赡养", "抚养", "扶养", "虐待"], C::Family, S::Support),
        (&["低保", "五保", "特困"], C::Relief, S::MinimumAllowance),
        (
            &["临时救助", "受灾", "救济", "医疗救助"],
            C::Relief,
            S::TemporaryRelief,
        ),
        (
            &[
                "粪污", "污水", "气味", "异味", "扬尘", "噪音", "噪声", "污染",
            ],
            C::Environment,
            S::Pollution,
        ),
        (
            &["羊群", "牛群", "牲畜", "啃食", "踩踏"],
            C::Damages,
            S::Livestock,
        ),
        (
            &["打伤", "殴打", "受伤", "医疗费", "伤残", "交通事故"],
            C::Damages,
            S::Injury,
        ),
        (
            &[
                "征地",
                "征收",
                "占用承包地",
                "占地补偿",
                "补偿标准",
                "补偿款",
            ],
            C::Expropriation,
            S::CompensationStandard,
        ),
        (
            &["拆迁", "安置房", "安置"],
            C::Expropriation,
            S::Resettlement,
        ),
        (
            &["界址", "滴水", "地界", "相邻", "通行", "邻居", "采光"],
            C::Neighbours,
            S::Boundary,
        ),
        (
            &[
                "机动地",
                "账目",
                "村级财务",
                "三资",
                "集体收入",
                "集体资金",
                "发包收入",
            ],
            C::VillageAffairs,
            S::CollectiveAccounts,
        ),
        (
            &["换届", "选举", "村干部", "作风"],
            C::VillageAffairs,
            S::Cadres,
        ),
        (&["土地流转", "流转费"], C::Rural, S::LandTransfer),
        (&["补贴", "退耕还林", "粮补"], C::Rural, S::FarmSubsidy),
        (
            &[
                "灌水", "轮灌", "浇水", "水费", "斗渠", "农渠", "水权", "用水",
            ],
            C::Water,
            S::Irrigation,
        ),
        (&["水库", "机井", "饮水", "自来水"], C::Water, S::Other),
        (
            &["违章建筑", "违建", "私搭乱建"],
            C::Construction,
            S::IllegalBuilding,
        ),
        (
            &["修路", "道路", "路灯", "桥梁", "公共设施"],
            C::Construction,
            S::PublicWorks,
        ),
        (&["承包地", "宅基地", "确权"], C::Rural, S::LandRights),
    ]
};

/// What a cause suggests; none where no keyword fits.
pub fn category_hint(cause: &str) -> Option<CategoryHint> {
    HINTS.iter().find_map(|(words, category, subcategory)| {
        let keyword = words.iter().find(|word| cause.contains(**word))?;
        Some(CategoryHint {
            category: *category,
            subcategory: *subcategory,
            keyword,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_of_the_ledger() {
        use Category as C;
        use Subcategory as S;
        for (cause, expect) in [
            (
                "因离婚后子女抚养费及彩礼返还问题与前夫家产生纠纷",
                (C::Family, S::Divorce),
            ),
            (
                "反映邻村羊群啃食玉米5亩，要求按市场价赔偿。",
                (C::Damages, S::Livestock),
            ),
            (
                "反映五里墩村集体机动地发包收入未公示，要求公开账目。",
                (C::VillageAffairs, S::CollectiveAccounts),
            ),
            (
                "反映家庭困难但未纳入农村低保",
                (C::Relief, S::MinimumAllowance),
            ),
            (
                "反映在蔬菜合作社务工28天，工资7000元至今未付",
                (C::Labour, S::UnpaidWages),
            ),
            (
                "反映修建通村道路占用承包地19亩，补偿标准与公示不一致",
                (C::Expropriation, S::CompensationStandard),
            ),
            (
                "对人民法院民事判决执行不满，反映执行款16600元未到位。",
                (C::Litigation, S::Execution),
            ),
            (
                "反映一工城村4社土地流转费1年未按合同兑付",
                (C::Rural, S::LandTransfer),
            ),
            (
                "与邻居因4社宅基地界址及滴水问题发生争执",
                (C::Neighbours, S::Boundary),
            ),
            (
                "反映4社春灌水次安排不公，斗渠尾部31亩玉米受旱，要求调整轮灌。",
                (C::Water, S::Irrigation),
            ),
            (
                "反映养殖场粪污排入8社农渠，气味扰民，要求整治。",
                (C::Environment, S::Pollution),
            ),
        ] {
            let hint = category_hint(cause).unwrap();
            assert_eq!((hint.category, hint.subcategory), expect, "{cause}");
        }
        assert_eq!(category_hint("反映某事"), None);
    }

    #[test]
    fn every_second_level_belongs_to_its_first() {
        for (_, category, subcategory) in HINTS {
            assert!(
                category.subcategories().contains(subcategory),
                "{subcategory:?}"
            );
        }
    }
}
