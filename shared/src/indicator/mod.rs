//! Indicators (指标): what the year is measured by, each with its numerator, denominator, period and
//! cohort in words, which is also what users see as a tooltip.
//!
//! All of it is pure. A case is folded once into a [`tally::Tally`], a compact record of what happened
//! on which day; every figure is then a function of the tallies, a period and a day (`as_of`): what
//! took effect after that day does not count, so last month's figure does not change when a case
//! closes today. What is entered late counts on the day on which it took effect, and a correction of a
//! case's fields (village, category …) holds for the past, too.
//!
//! Figures are about cases and units, never about persons. Nothing to count is "no data", never 0 %
//! or 100 %.
//!
//! Neighbours: [`tally`] the fold, [`count`] which case counts where, [`standing`] the three-without
//! standing, [`target`] the year's targets, [`view`] the API's types.

pub mod count;
pub mod period;
pub mod standing;
pub mod tally;
pub mod target;
#[cfg(test)]
mod tests;
pub mod view;

use crate::role::Role;
use crate::terms;

terms! {
    /// A figure that the township is measured by.
    Indicator, "指标" {
        /// First petitions settled, of those received.
        FirstSettled = "first_settled", "初信初访化解率";
        /// Petitions ended, of those received.
        Handled = "handled", "信访事项办理率（案件办结率）";
        /// Collective petitions settled, of those received.
        CollectiveSettled = "collective_settled", "集体访化解率";
        /// Cases whose follow-ups were all done in time, of those that owed some.
        Steady = "steady", "稳控率";
        /// Urgent information reported in time, of all that there was to report.
        Reported = "reported", "重要信息上报率";
        /// Petitions received.
        All = "all", "信访总量";
        /// Cases with an abnormal visit to a higher level.
        Abnormal = "abnormal", "非正常访";
        /// Collective petitions received.
        Collective = "collective", "集体访";
        /// Cases with a visit that left a level out.
        SkipLevel = "skip_level", "越级访";
        /// Cases that are backlog.
        Backlog = "backlog", "积案";
        /// Told of acceptance in time.
        AcceptedInTime = "accepted_in_time", "及时受理率";
        /// Answered in time.
        AnsweredInTime = "answered_in_time", "按期办结率";
        /// Settled at once.
        SettledAtOnce = "settled_at_once", "一次性化解率";
        /// Petitioners who are satisfied, of those who were asked and answered.
        Satisfied = "satisfied", "群众满意率";
        /// Petitioners who answered, of those who were asked.
        Rated = "rated", "参评率";
        /// Settled, of those closed.
        ClosedSettled = "closed_settled", "结案息诉罢访率";
        /// Answers that review and final review upheld.
        Upheld = "upheld", "复查复核维持率";
        /// Mediations that led to an agreement.
        Mediated = "mediated", "调解成功率";
        /// Agreements whose promises were kept.
        Kept = "kept", "协议履行率";
        /// Reports sent in time.
        ReportsInTime = "reports_in_time", "排查报告按时率";
        /// Weekly visits done.
        VisitsDone = "visits_done", "走访完成率";
    }
}

terms! {
    /// Which figures stand together.
    FigureGroup, "指标组" {
        /// The five rates.
        Rates = "rates", "五率";
        /// The five drops.
        Drops = "drops", "五下降";
        /// How well cases are handled.
        Quality = "quality", "办理质量";
        /// Reports and visits.
        Discipline = "discipline", "报告与走访";
    }
}

terms! {
    /// What a figure is counted from.
    FigureSource, "数据来源" {
        /// The ledger; the figure opens its cases.
        Cases = "cases", "事项台账";
        /// Urgent information.
        Alerts = "alerts", "重要信息";
        /// Reports.
        Reports = "reports", "排查报告";
        /// Visits.
        Visits = "visits", "走访记录";
        /// Nothing records it yet.
        Nothing = "nothing", "暂无数据来源";
    }
}

terms! {
    /// Into what rows a table is cut.
    FigureBy, "分组" {
        /// The whole township.
        Township = "township", "全镇";
        /// The case's village.
        Village = "village", "村";
        /// The unit that answers for the case now.
        Unit = "unit", "责任单位";
        /// The case's category.
        Category = "category", "类型";
        /// The month.
        Month = "month", "月份";
    }
}

terms! {
    /// Which cases of a cell: what is counted, or what it is measured against.
    FigurePart, "部分" {
        /// Those that count.
        Numerator = "numerator", "分子";
        /// All that are looked at; of a drop: those of the same period of last year.
        Denominator = "denominator", "分母";
    }
}

terms! {
    /// What somebody wants to do with figures.
    FigureDeed, "统计操作" {
        /// See indicators within one's own scope.
        Indicators = "indicators", "查看指标";
        /// See the three-without standing of villages.
        Standing = "standing", "查看三无情况";
        /// See the year's targets.
        Targets = "targets", "查看年度目标";
        /// Set a target of the year.
        SetTarget = "set_target", "确定年度目标";
        /// See the dashboard of one's role.
        Dashboard = "dashboard", "查看数据看板";
    }
}

/// Whose a deed with figures is, and whose it is otherwise.
///
/// # Errors
/// A sentence that says whose task it is.
pub const fn may(role: Role, deed: FigureDeed) -> Result<(), &'static str> {
    use FigureDeed as D;
    use Role as R;
    let command = matches!(role, R::TownshipLeader | R::CoordinationOffice);
    let (allowed, whose) = match deed {
        D::Indicators => (
            !matches!(role, R::GroupInformant | R::Administrator),
            "您的角色不查看统计指标。",
        ),
        D::Standing | D::Dashboard => (
            command || matches!(role, R::VillageSecretary | R::Auditor),
            "由镇领导、镇综治办、村支部书记和监督员查看。",
        ),
        D::Targets => (
            command || matches!(role, R::Auditor),
            "年度目标由镇领导、镇综治办和监督员查看。",
        ),
        D::SetTarget => (command, "年度目标由镇领导和镇综治办确定。"),
    };
    if allowed { Ok(()) } else { Err(whose) }
}

/// What a figure means, in words for users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// What counts.
    pub numerator: &'static str,
    /// What it is measured against.
    pub denominator: &'static str,
    /// Which period and which cases: the cohort.
    pub cohort: &'static str,
}

/// The cohort of most rates.
const RECEIVED: &str = "收到日期在统计期内的信访件，按截止日当天的办理情况计算";
/// Of drops.
const YEAR_ON_YEAR: &str = "与上年同期比较，截止日同样提前一年；台账没有上年同期记录的，不作比较";

impl Indicator {
    /// The group that it stands in.
    pub const fn group(self) -> FigureGroup {
        match self {
            Self::FirstSettled
            | Self::Handled
            | Self::CollectiveSettled
            | Self::Steady
            | Self::Reported => FigureGroup::Rates,
            Self::All | Self::Abnormal | Self::Collective | Self::SkipLevel | Self::Backlog => {
                FigureGroup::Drops
            }
            Self::AcceptedInTime
            | Self::AnsweredInTime
            | Self::SettledAtOnce
            | Self::Satisfied
            | Self::Rated
            | Self::ClosedSettled
            | Self::Upheld
            | Self::Mediated
            | Self::Kept => FigureGroup::Quality,
            Self::ReportsInTime | Self::VisitsDone => FigureGroup::Discipline,
        }
    }

    /// What it is counted from.
    pub const fn source(self) -> FigureSource {
        match self {
            Self::Reported => FigureSource::Alerts,
            Self::ReportsInTime => FigureSource::Reports,
            Self::VisitsDone => FigureSource::Visits,
            Self::Satisfied | Self::Rated => FigureSource::Nothing,
            _ => FigureSource::Cases,
        }
    }

    /// Whether it compares a count with that of the same period of last year, and less is better.
    pub const fn is_drop(self) -> bool {
        matches!(self.group(), FigureGroup::Drops)
    }

    /// What it means.
    pub const fn definition(self) -> Definition {
        let (numerator, denominator, cohort) = match self {
            Self::FirstSettled => (
                "其中已办结、结果为息诉罢访的",
                "初次信访件（来信、来访、来电、网上，未关联前一件），不含不予受理、移送和撤回的",
                RECEIVED,
            ),
            Self::Handled => (
                "其中已办结的（息诉罢访、撤回或程序终结）",
                "信访件，不含不予受理和移送的",
                RECEIVED,
            ),
            Self::CollectiveSettled => (
                "其中已办结、结果为息诉罢访的",
                "五人及以上的集体信访件，不含不予受理、移送和撤回的",
                RECEIVED,
            ),
            Self::Steady => (
                "其中统计期内应做的跟进全部按时做到的",
                "有跟进任务的事项：联系计划每隔约定天数联系一次，积案专班至少每14日记录一次进展",
                "应跟进日期在统计期内的；以事项计数，跟进是帮扶疏导，不评价任何人",
            ),
            Self::Reported => (
                "其中在规定时限内上报的（以系统收到时间为准）",
                "重要信息，含补登的漏报，不含演练",
                "上报日期在统计期内的；漏报的按发生日期",
            ),
            Self::All => ("本期收到的信访件", "上年同期收到的信访件", YEAR_ON_YEAR),
            Self::Abnormal => (
                "本期登记有非正常上访的事项",
                "上年同期登记有非正常上访的事项",
                YEAR_ON_YEAR,
            ),
            Self::Collective => (
                "本期收到的五人及以上的集体信访件",
                "上年同期收到的集体信访件",
                YEAR_ON_YEAR,
            ),
            Self::SkipLevel => (
                "本期登记有越级上访的事项",
                "上年同期登记有越级上访的事项",
                YEAR_ON_YEAR,
            ),
            Self::Backlog => (
                "统计期末（不晚于截止日）仍是积案的事项",
                "上年同一天的积案",
                YEAR_ON_YEAR,
            ),
            Self::AcceptedInTime => (
                "其中在受理期限内告知是否受理的",
                "已告知受理情况或者已过受理期限的信访件（条例第二十二条、第二十三条）",
                RECEIVED,
            ),
            Self::AnsweredInTime => (
                "其中每次办理都在期限内（含批准的延期）的",
                "已答复办结或者已过办理期限的信访件（条例第三十四条）",
                RECEIVED,
            ),
            Self::SettledAtOnce => (
                "其中息诉罢访，且没有重新启动、没有申请复查、没有再次信访的",
                "已办结的初次信访件，不含移送和撤回的",
                RECEIVED,
            ),
            Self::Satisfied => (
                "评价为满意、基本满意的",
                "作出评价的",
                "台账中还没有满意度评价记录，不作统计",
            ),
            Self::Rated => (
                "作出评价的",
                "邀请评价的",
                "台账中还没有满意度评价记录，不作统计",
            ),
            Self::ClosedSettled => (
                "其中结果为息诉罢访的",
                "以息诉罢访或程序终结办结的信访件",
                "办结日期在统计期内，且到截止日没有重新启动的",
            ),
            Self::Upheld => (
                "其中复查、复核意见全部为维持的",
                "有复查或复核意见的信访件（条例第三十五条、第三十六条）",
                "复查、复核意见日期在统计期内的",
            ),
            Self::Mediated => (
                "其中达成调解协议的（以期内最后一次结果为准）",
                "达成协议或者调解终止的事项",
                "达成协议或终止日期在统计期内的",
            ),
            Self::Kept => (
                "其中到期约定全部履行的",
                "调解协议有约定到期（或已提前履行）的事项",
                "约定到期日在统计期内的；被新协议取代的约定不计",
            ),
            Self::ReportsInTime => (
                "其中按时报送的",
                "应报的排查报告（日、周、月），不含免报",
                "截止时间在统计期内、到截止日已过的；零报告也是报告",
            ),
            Self::VisitsDone => (
                "其中由负责的人走访达到规定次数的",
                "村、社应走访的周数（整周放假的不计，没有确定负责人的不计）",
                "整周在统计期内、到截止日已经过完的",
            ),
        };
        Definition {
            numerator,
            denominator,
            cohort,
        }
    }
}

/// The percentage of a part, in tenths of a percent, rounded half up; none where there is nothing to
/// count. The one place where figures become percentages.
pub fn permille(numerator: u64, denominator: u64) -> Option<i64> {
    signed_permille(i64::try_from(numerator).ok()?, denominator)
}

/// By how much a count has changed against another, in tenths of a percent: −200 is a drop by 20 %.
pub fn change_permille(now: u64, before: u64) -> Option<i64> {
    let difference = i64::try_from(now).ok()? - i64::try_from(before).ok()?;
    signed_permille(difference, before)
}

fn signed_permille(part: i64, whole: u64) -> Option<i64> {
    let whole = i64::try_from(whole).ok().filter(|whole| *whole > 0)?;
    let thousandfold = part.checked_mul(2000)?;
    // Half up, for negative parts away from zero, too.
    let half = if part < 0 { -whole } else { whole };
    thousandfold.checked_add(half).map(|sum| sum / (2 * whole))
}

/// Tenths of a percent in words: `91.5%`.
pub fn percent_text(permille: i64) -> String {
    let sign = if permille < 0 { "-" } else { "" };
    let whole = permille.unsigned_abs() / 10;
    let tenth = permille.unsigned_abs() % 10;
    format!("{sign}{whole}.{tenth}%")
}
