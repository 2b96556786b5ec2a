//! What can be taken out as a file (.xlsx, CSV), and by whom. What a file has is what its reader sees
//! in the app: scope and sealing are those of the pages.

use crate::assessment::AssessmentDeed;
use crate::indicator::{self, FigureDeed};
use crate::role::Role;
use crate::terms;

terms! {
    /// What somebody wants to take out as a file.
    ExportDeed, "导出操作" {
        /// The ledger.
        Ledger = "ledger", "导出台账";
        /// Reports with their findings.
        Reports = "reports", "导出排查报告";
        /// Who reported when: unit × period.
        Board = "board", "导出报送情况";
        /// Indicators.
        Indicators = "indicators", "导出统计指标";
        /// The three-without standing of villages.
        Standing = "standing", "导出三无情况";
        /// The year's targets.
        Targets = "targets", "导出年度目标";
        /// The assessment of villages: the ranking, and each sheet.
        Assessment = "assessment", "导出村级考核";
        /// The audit log.
        Audit = "audit", "导出审计记录";
    }
}

terms! {
    /// As what file.
    ExportFormat, "文件格式" {
        /// A workbook with title, print set-up, real dates and numbers.
        Xlsx = "xlsx", "Excel 工作簿";
        /// Comma-separated, UTF-8 with a byte order mark.
        Csv = "csv", "CSV";
    }
}

/// Whose an export is, and whose it is otherwise: figures are taken out by whoever sees them, contents
/// by those who answer for them.
///
/// # Errors
/// A sentence that says whose task it is.
pub(crate) const fn may(role: Role, deed: ExportDeed) -> Result<(), &'static str> {
    use ExportDeed as D;
    use Role as R;
    let answers = matches!(
        role,
        R::TownshipLeader | R::CoordinationOffice | R::VillageSecretary
    );
    let (allowed, whose) = match deed {
        D::Ledger => (answers, "台账导出由镇领导、镇综治办和村支部书记办理。"),
        D::Reports => (answers, "排查报告导出由镇领导、镇综治办和村支部书记办理。"),
        D::Board => (
            answers || matches!(role, R::Auditor),
            "报送情况导出由镇领导、镇综治办、村支部书记和监督员办理。",
        ),
        D::Indicators => return indicator::may(role, FigureDeed::Indicators),
        D::Standing => return indicator::may(role, FigureDeed::Standing),
        D::Targets => return indicator::may(role, FigureDeed::Targets),
        D::Audit => (matches!(role, R::Auditor), "审计记录由监督员查看和导出。"),
        D::Assessment => crate::access::may_assess(role, AssessmentDeed::View),
    };
    if allowed { Ok(()) } else { Err(whose) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::Term;

    #[test]
    fn whoever_opens_no_case_takes_none_out() {
        for role in [
            Role::Auditor,
            Role::Administrator,
            Role::GroupInformant,
            Role::ServiceCentre,
        ] {
            assert!(may(role, ExportDeed::Ledger).is_err(), "{role}");
            assert!(may(role, ExportDeed::Reports).is_err(), "{role}");
        }
        let of_work = |deed: &&ExportDeed| **deed != ExportDeed::Audit;
        for deed in ExportDeed::ALL.iter().filter(of_work) {
            assert!(may(Role::TownshipLeader, *deed).is_ok(), "{deed}");
            assert!(may(Role::CoordinationOffice, *deed).is_ok(), "{deed}");
            assert!(may(Role::Administrator, *deed).is_err(), "{deed}");
            assert!(may(Role::GroupInformant, *deed).is_err(), "{deed}");
        }
        for role in Role::ALL {
            let reads = may(*role, ExportDeed::Audit).is_ok();
            assert_eq!(reads, *role == Role::Auditor, "{role}");
        }
        assert!(may(Role::Auditor, ExportDeed::Board).is_ok());
        assert!(may(Role::VillageSecretary, ExportDeed::Targets).is_err());
    }
}
