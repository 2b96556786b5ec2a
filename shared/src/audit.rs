//! The audit log: who did or saw what, when, from where.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{CaseId, UserId};
use crate::terms;

terms! {
    /// What was done.
    AuditAction, "审计动作" {
        /// A sign-in that succeeded.
        SignIn = "sign_in", "登录";
        /// A sign-in that failed.
        SignInFailed = "sign_in_failed", "登录失败";
        /// A sign-out.
        SignOut = "sign_out", "退出";
        /// A password was changed or reset.
        Password = "password", "修改密码";
        /// A second factor was set up, turned off or reset, or a recovery code used.
        SecondFactor = "second_factor", "两步验证";
        /// An account of the identity provider was linked with a user, or the link taken away.
        Identity = "identity", "统一身份认证";
        /// A case was opened.
        CaseView = "case_view", "查看事项";
        /// A case was written.
        CaseWrite = "case_write", "变更事项";
        /// An ID or phone number was shown in full.
        Reveal = "reveal", "显示证件电话";
        /// A file was downloaded.
        Download = "download", "下载附件";
        /// A photo was uploaded.
        PhotoWrite = "photo_write", "上传照片";
        /// Urgent information was reported, or something happened with it.
        AlertWrite = "alert_write", "变更重要信息";
        /// The yearly list of measures by law was read.
        MeasureView = "measure_view", "查看依法处理清单";
        /// Something was taken out as a file.
        Export = "export", "导出";
        /// A ledger was imported.
        Import = "import", "导入";
        /// A petitioner looked at their case on the public page.
        PublicLook = "public_look", "群众查询";
        /// What a petitioner says of an answer was written.
        Rating = "rating", "满意度评价";
        /// A campaign of legal publicity or the library of laws was written.
        Publicity = "publicity", "法制宣传";
        /// An assessment of a village was opened, or a step of it taken.
        Assessment = "assessment", "村级考核";
        /// A monthly analysis was written or issued.
        Analysis = "analysis", "分析研判";
        /// A visit or a promise was written.
        Visit = "visit", "走访与承诺";
        /// A reception day was written, or somebody came.
        Reception = "reception", "接待日";
        /// A unit was written.
        OrgWrite = "org_write", "变更单位";
        /// A user was written.
        UserWrite = "user_write", "变更用户";
        /// A setting was written.
        SettingWrite = "setting_write", "变更设置";
        /// The map of the villages was uploaded, changed or taken away.
        MapWrite = "map_write", "变更村庄地图";
        /// A target of the year was set.
        TargetWrite = "target_write", "变更年度目标";
        /// A token or a feed's address was made or taken back.
        Token = "token", "令牌与订阅";
        /// A token was used: noted once a day, token and address.
        TokenUse = "token_use", "使用令牌";
        /// A webhook, or where webhooks may lead, was written.
        Webhook = "webhook", "变更事件推送";
        /// A report was written, sent, judged, or a finding of it dealt with.
        ReportWrite = "report_write", "变更报告";
        /// A chat robot was written.
        RobotWrite = "robot_write", "变更通知机器人";
        /// Data came from a backup or another database.
        Backup = "backup", "备份与恢复";
        /// The audit log itself was read.
        AuditView = "audit_view", "查看审计";
    }
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Its id; later entries have greater ones.
    pub id: String,
    /// When, by the server's clock.
    pub at: DateTime<Utc>,
    /// Who; none for a failed sign-in.
    pub user_id: Option<UserId>,
    /// Their name at that time.
    pub user_name: Option<String>,
    /// What.
    pub action: AuditAction,
    /// The case it concerns.
    pub case_id: Option<CaseId>,
    /// What exactly, in words; without personal data.
    pub detail: String,
    /// The address it came from.
    pub address: Option<String>,
    /// The request's id, as in the server's log.
    pub request_id: Option<String>,
}
