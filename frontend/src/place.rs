//! The app's pages: URL ⇄ page, title, and who finds it in the menu.
//!
//! A table of its own, rather than a tree of route components: it is pure, so a test walks it, and
//! each route component would add its own machinery to the download.

use shared::access::Action;
use shared::alert::AlertDeed;
use shared::assessment::AssessmentDeed;
use shared::case::Kind;
use shared::indicator::FigureDeed;
use shared::publicity::PublicityDeed;
use shared::reception::ReceptionDeed;
use shared::report::ReportDeed;
use shared::role::Role;
use shared::visit::VisitDeed;

use crate::outbox;
use crate::part::Part;
use crate::session;
use crate::ui::icon::Icon;

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// What must I do today.
    Home,
    /// The ledger.
    Cases,
    /// Registration.
    NewCase,
    /// A case.
    Case(String),
    /// A case's fields, to change.
    EditCase(String),
    /// A case's receipt, to print.
    Receipt(String),
    /// A document of a case, to print.
    Paper(String, String),
    /// Urgent information.
    Alerts,
    /// Urgent information, to report.
    NewAlert,
    /// A piece of urgent information.
    Alert(String),
    /// What a provisional receipt was exchanged for.
    Exchanged(String),
    /// What waits on the phone.
    Drafts,
    /// The provisional receipt of a draft, to print.
    Provisional(String),
    /// Visits.
    Visits,
    /// A visit to be recorded.
    NewVisit,
    /// A visit.
    Visit(String),
    /// Who has visited where and when last.
    Coverage,
    /// What was promised on visits.
    Promises,
    /// The roster of reception days.
    Receptions,
    /// A reception day.
    Reception(String),
    /// A reception day's public notice, to print.
    ReceptionNotice(String),
    /// Campaigns of legal publicity.
    Publicity,
    /// A campaign to be recorded.
    NewCampaign,
    /// Which villages have had none.
    PublicityYear,
    /// A campaign.
    Campaign(String),
    /// The library of laws.
    Laws,
    /// The assessment of villages: the ranking.
    Assessments,
    /// A village's assessment.
    Assessment(String),
    /// The criteria sheets of assessments.
    Criteria,
    /// Answers that wait for somebody to ask the petitioner.
    FollowUps,
    /// The map of the villages.
    VillageMap,
    /// Mediations, hearings, orders and other matters of all cases.
    Matters,
    /// The backlog, and what is proposed for it.
    Backlog,
    /// Reports: what the own unit owes, the board, the list.
    Reports,
    /// A report.
    Report(String),
    /// The dashboard.
    Figures,
    /// Indicators.
    Indicators,
    /// The cases behind an indicator.
    IndicatorCases,
    /// The reports, visits and urgent information behind an indicator.
    IndicatorRecords,
    /// The three-without standing of villages.
    Standing,
    /// The cases that break a village's standing.
    StandingCases,
    /// The year's targets.
    Targets,
    /// The monthly analysis.
    Analysis,
    /// The townships side by side, and what they have handed up.
    County,
    /// Clocks and dues by day.
    Calendar,
    /// The year's measures by law.
    Measures,
    /// Import of a hand-kept ledger.
    Imports,
    /// Units.
    Org,
    /// Users.
    Users,
    /// Who may do what.
    Roles,
    /// The audit log.
    Audit,
    /// Settings.
    Settings,
    /// API tokens.
    Tokens,
    /// Webhooks.
    Webhooks,
    /// The own second factor.
    SecondFactor,
    /// The own account at the identity provider.
    Identity,
    /// Who is signed in.
    SignIns,
    /// Days declared working or free.
    Workdays,
    /// The two levels of the category.
    Categories,
    /// What the township words for itself in documents.
    PaperTexts,
    /// How the installation stands.
    System,
    /// Users from a workbook.
    UsersImport,
    /// What somebody leaves to others.
    HandOver(String),
    /// Who stands in for whom.
    Deputies,
    /// Help.
    Help,
    /// What one was told.
    Inbox,
    /// The own account.
    Account,
    /// Change of the own password.
    Password,
    /// Sign-in.
    Login,
    /// First set-up.
    Setup,
    /// Nothing is here.
    Nowhere,
}

impl Place {
    /// The page at a path.
    pub(crate) fn at(path: &str) -> Self {
        let mut parts = path.split('/').filter(|part| !part.is_empty());
        if let ["cases", case, "papers", id] = parts.clone().collect::<Vec<_>>()[..] {
            return Self::Paper(case.to_owned(), id.to_owned());
        }
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (None, ..) => Self::Home,
            (Some("cases"), None, ..) => Self::Cases,
            (Some("cases"), Some("new"), None, _) => Self::NewCase,
            (Some("cases"), Some(id), None, _) => Self::Case(id.to_owned()),
            (Some("cases"), Some(id), Some("edit"), None) => Self::EditCase(id.to_owned()),
            (Some("cases"), Some(id), Some("receipt"), None) => Self::Receipt(id.to_owned()),
            (Some("drafts"), Some(key), None, _) => Self::Provisional(key.to_owned()),
            (Some("alerts"), Some("new"), None, _) => Self::NewAlert,
            (Some("alerts"), Some(id), None, _) => Self::Alert(id.to_owned()),
            (Some("receipts"), Some(number), None, _) => Self::Exchanged(number.to_owned()),
            (Some("users"), Some("import"), None, _) => Self::UsersImport,
            (Some("users"), Some(id), Some("hand-over"), None) => Self::HandOver(id.to_owned()),
            (Some("reports"), Some(id), None, _) => Self::Report(id.to_owned()),
            (Some("visits"), Some("new"), None, _) => Self::NewVisit,
            (Some("visits"), Some("coverage"), None, _) => Self::Coverage,
            (Some("visits"), Some(id), None, _) => Self::Visit(id.to_owned()),
            (Some("publicity"), Some("new"), None, _) => Self::NewCampaign,
            (Some("publicity"), Some("coverage"), None, _) => Self::PublicityYear,
            (Some("publicity"), Some(id), None, _) => Self::Campaign(id.to_owned()),
            (Some("assessments"), Some(id), None, _) => Self::Assessment(id.to_owned()),
            (Some("indicators"), Some("cases"), None, _) => Self::IndicatorCases,
            (Some("indicators"), Some("records"), None, _) => Self::IndicatorRecords,
            (Some("standing"), Some("cases"), None, _) => Self::StandingCases,
            (Some("reception"), Some(id), None, _) => Self::Reception(id.to_owned()),
            (Some("reception"), Some(id), Some("notice"), None) => {
                Self::ReceptionNotice(id.to_owned())
            }
            (Some(name), None, ..) => Self::simple()
                .into_iter()
                .find(|place| place.path().strip_prefix('/') == Some(name))
                .unwrap_or(Self::Nowhere),
            _ => Self::Nowhere,
        }
    }

    /// Its path.
    pub(crate) fn path(&self) -> String {
        let fixed = match self {
            Self::Home | Self::Nowhere => "/",
            Self::Cases => "/cases",
            Self::NewCase => "/cases/new",
            Self::Case(id) => return format!("/cases/{id}"),
            Self::EditCase(id) => return format!("/cases/{id}/edit"),
            Self::Receipt(id) => return format!("/cases/{id}/receipt"),
            Self::Paper(case, id) => return format!("/cases/{case}/papers/{id}"),
            Self::Alerts => "/alerts",
            Self::NewAlert => "/alerts/new",
            Self::Alert(id) => return format!("/alerts/{id}"),
            Self::Exchanged(number) => return format!("/receipts/{number}"),
            Self::Drafts => "/drafts",
            Self::Provisional(key) => return format!("/drafts/{key}"),
            Self::Visits => "/visits",
            Self::NewVisit => "/visits/new",
            Self::Visit(id) => return format!("/visits/{id}"),
            Self::Coverage => "/visits/coverage",
            Self::Promises => "/promises",
            Self::Receptions => "/reception",
            Self::Reception(id) => return format!("/reception/{id}"),
            Self::ReceptionNotice(id) => return format!("/reception/{id}/notice"),
            Self::Publicity => "/publicity",
            Self::NewCampaign => "/publicity/new",
            Self::PublicityYear => "/publicity/coverage",
            Self::Campaign(id) => return format!("/publicity/{id}"),
            Self::Laws => "/laws",
            Self::Assessments => "/assessments",
            Self::Assessment(id) => return format!("/assessments/{id}"),
            Self::Criteria => "/criteria",
            Self::FollowUps => "/follow-ups",
            Self::VillageMap => "/village-map",
            Self::Matters => "/matters",
            Self::Backlog => "/backlog",
            Self::Reports => "/reports",
            Self::Report(id) => return format!("/reports/{id}"),
            Self::Figures => "/figures",
            Self::Indicators => "/indicators",
            Self::IndicatorCases => "/indicators/cases",
            Self::IndicatorRecords => "/indicators/records",
            Self::Standing => "/standing",
            Self::StandingCases => "/standing/cases",
            Self::Targets => "/targets",
            Self::Analysis => "/analysis",
            Self::County => "/county",
            Self::Calendar => "/calendar",
            Self::Measures => "/measures",
            Self::Imports => "/imports",
            Self::Org => "/org",
            Self::Users => "/users",
            Self::Roles => "/roles",
            Self::Audit => "/audit",
            Self::Settings => "/settings",
            Self::Tokens => "/tokens",
            Self::Webhooks => "/webhooks",
            Self::SecondFactor => "/second-factor",
            Self::Identity => "/identity",
            Self::SignIns => "/sign-ins",
            Self::Workdays => "/workdays",
            Self::Categories => "/categories",
            Self::PaperTexts => "/paper-texts",
            Self::System => "/system",
            Self::UsersImport => "/users/import",
            Self::HandOver(id) => return format!("/users/{id}/hand-over"),
            Self::Deputies => "/deputies",
            Self::Help => "/help",
            Self::Inbox => "/inbox",
            Self::Account => "/account",
            Self::Password => "/password",
            Self::Login => "/login",
            Self::Setup => "/setup",
        };
        fixed.to_owned()
    }

    /// The pages whose path is one word.
    fn simple() -> [Self; 44] {
        [
            Self::Figures,
            Self::Indicators,
            Self::Standing,
            Self::Targets,
            Self::Analysis,
            Self::County,
            Self::Alerts,
            Self::Drafts,
            Self::Visits,
            Self::Promises,
            Self::Receptions,
            Self::Publicity,
            Self::Laws,
            Self::Assessments,
            Self::Criteria,
            Self::FollowUps,
            Self::VillageMap,
            Self::Matters,
            Self::Reports,
            Self::Backlog,
            Self::Calendar,
            Self::Measures,
            Self::Imports,
            Self::Org,
            Self::Users,
            Self::Roles,
            Self::Audit,
            Self::Settings,
            Self::Tokens,
            Self::Webhooks,
            Self::SecondFactor,
            Self::Identity,
            Self::SignIns,
            Self::Workdays,
            Self::Categories,
            Self::PaperTexts,
            Self::System,
            Self::Deputies,
            Self::Help,
            Self::Inbox,
            Self::Account,
            Self::Password,
            Self::Login,
            Self::Setup,
        ]
    }

    /// The part of the app that holds it: that is downloaded when it is opened.
    pub(crate) const fn part(&self) -> Part {
        match self {
            Self::Home
            | Self::Account
            | Self::Password
            | Self::Login
            | Self::Setup
            | Self::Nowhere => Part::First,
            Self::Cases => Part::Cases,
            Self::Case(_) => Part::OneCase,
            Self::Matters | Self::Backlog | Self::Calendar | Self::Measures | Self::Imports => {
                Part::Office
            }
            Self::Org
            | Self::Users
            | Self::Roles
            | Self::Audit
            | Self::Settings
            | Self::UsersImport
            | Self::HandOver(_)
            | Self::VillageMap => Part::Admin,
            Self::Tokens
            | Self::Webhooks
            | Self::Identity
            | Self::SecondFactor
            | Self::SignIns
            | Self::Workdays
            | Self::Categories
            | Self::PaperTexts
            | Self::System
            | Self::Deputies
            | Self::Help => Part::Open,
            Self::Publicity
            | Self::NewCampaign
            | Self::PublicityYear
            | Self::Campaign(_)
            | Self::Laws
            | Self::Assessments
            | Self::Assessment(_)
            | Self::Criteria
            | Self::FollowUps => Part::Year,
            Self::NewCase
            | Self::EditCase(_)
            | Self::Receipt(_)
            | Self::Paper(..)
            | Self::Provisional(_)
            | Self::Exchanged(_)
            | Self::Drafts => Part::Entry,
            Self::Reports | Self::Report(_) => Part::Reports,
            Self::Figures
            | Self::Indicators
            | Self::IndicatorCases
            | Self::IndicatorRecords
            | Self::Standing
            | Self::StandingCases
            | Self::Targets
            | Self::Analysis
            | Self::County => Part::Figures,
            Self::Alerts
            | Self::NewAlert
            | Self::Alert(_)
            | Self::Inbox
            | Self::Visits
            | Self::NewVisit
            | Self::Visit(_)
            | Self::Coverage
            | Self::Promises
            | Self::Receptions
            | Self::Reception(_)
            | Self::ReceptionNotice(_) => Part::Field,
        }
    }

    /// What it is called.
    pub(crate) const fn title(&self) -> &'static str {
        match self {
            Self::Home => "首页",
            Self::Cases => "台账",
            Self::NewCase => "登记",
            Self::Case(_) => "事项",
            Self::EditCase(_) => "修改事项",
            Self::Receipt(_) => "回执",
            Self::Paper(..) => "文书",
            Self::Alerts => "重要信息",
            Self::NewAlert => "上报",
            Self::Alert(_) => "重要信息",
            Self::Exchanged(_) => "临时回执",
            Self::Drafts => "待发",
            Self::Provisional(_) => "临时回执",
            Self::Visits | Self::Visit(_) => "走访",
            Self::NewVisit => "记录走访",
            Self::Coverage => "走访覆盖",
            Self::Promises => "承诺",
            Self::Receptions | Self::Reception(_) => "接待日",
            Self::ReceptionNotice(_) => "接待公告",
            Self::Publicity | Self::Campaign(_) => "法制宣传",
            Self::NewCampaign => "登记宣传",
            Self::PublicityYear => "宣传覆盖",
            Self::Laws => "法律法规",
            Self::Assessments | Self::Assessment(_) => "村级考核",
            Self::Criteria => "考核表",
            Self::FollowUps => "满意度回访",
            Self::VillageMap => "村庄地图",
            Self::Matters => "办理专项",
            Self::Backlog => "积案",
            Self::Reports => "排查报告",
            Self::Report(_) => "报告",
            Self::Figures => "数据看板",
            Self::Indicators => "统计指标",
            Self::IndicatorCases | Self::StandingCases => "数字背后的事项",
            Self::IndicatorRecords => "数字背后的记录",
            Self::Standing => "三无情况",
            Self::Targets => "年度目标",
            Self::Analysis => "分析研判",
            Self::County => "各乡镇",
            Self::Calendar => "日程",
            Self::Measures => "依法处理",
            Self::Imports => "导入台账",
            Self::Org => "单位",
            Self::Users => "用户",
            Self::Roles => "权限一览",
            Self::Audit => "审计",
            Self::Settings => "设置",
            Self::Tokens => "API 令牌",
            Self::Webhooks => "事件推送",
            Self::SecondFactor => "两步验证",
            Self::Identity => "统一身份认证",
            Self::SignIns => "登录管理",
            Self::Workdays => "工作日更正",
            Self::Categories => "类型和细类",
            Self::PaperTexts => "文书文字",
            Self::System => "系统",
            Self::UsersImport => "批量新增用户",
            Self::Deputies => "临时代理",
            Self::HandOver(_) => "工作交接",
            Self::Help => "帮助",
            Self::Inbox => "通知",
            Self::Account => "我的",
            Self::Password => "修改密码",
            Self::Login => "登录",
            Self::Setup => "首次设置",
            Self::Nowhere => "没有这个页面",
        }
    }

    /// Its name for tests and style sheets.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Cases => "cases",
            Self::NewCase => "new",
            Self::Case(_) => "case",
            Self::EditCase(_) => "edit",
            Self::Receipt(_) => "receipt",
            Self::Paper(..) => "paper",
            Self::Alerts => "alerts",
            Self::NewAlert => "new-alert",
            Self::Alert(_) => "alert",
            Self::Exchanged(_) => "exchanged",
            Self::Drafts => "drafts",
            Self::Provisional(_) => "provisional",
            Self::Visits => "visits",
            Self::NewVisit => "new-visit",
            Self::Visit(_) => "visit",
            Self::Coverage => "coverage",
            Self::Promises => "promises",
            Self::Receptions => "receptions",
            Self::Reception(_) => "reception",
            Self::ReceptionNotice(_) => "reception-notice",
            Self::Publicity => "publicity",
            Self::NewCampaign => "new-campaign",
            Self::PublicityYear => "publicity-year",
            Self::Campaign(_) => "campaign",
            Self::Laws => "laws",
            Self::Assessments => "assessments",
            Self::Assessment(_) => "assessment",
            Self::Criteria => "criteria",
            Self::FollowUps => "follow-ups",
            Self::VillageMap => "village-map",
            Self::Matters => "matters",
            Self::Backlog => "backlog",
            Self::Reports => "reports",
            Self::Report(_) => "report",
            Self::Figures => "figures",
            Self::Indicators => "indicators",
            Self::IndicatorCases => "indicator-cases",
            Self::IndicatorRecords => "indicator-records",
            Self::Standing => "standing",
            Self::StandingCases => "standing-cases",
            Self::Targets => "targets",
            Self::Analysis => "analysis",
            Self::County => "county",
            Self::Calendar => "calendar",
            Self::Measures => "measures",
            Self::Imports => "imports",
            Self::Org => "org",
            Self::Users => "users",
            Self::Roles => "roles",
            Self::Audit => "audit",
            Self::Settings => "settings",
            Self::Tokens => "tokens",
            Self::Webhooks => "webhooks",
            Self::SecondFactor => "second-factor",
            Self::Identity => "identity",
            Self::SignIns => "sign-ins",
            Self::Workdays => "workdays",
            Self::Categories => "categories",
            Self::PaperTexts => "paper-texts",
            Self::System => "system",
            Self::UsersImport => "users-import",
            Self::HandOver(_) => "hand-over",
            Self::Deputies => "deputies",
            Self::Help => "help",
            Self::Inbox => "inbox",
            Self::Account => "account",
            Self::Password => "password",
            Self::Login => "login",
            Self::Setup => "setup",
            Self::Nowhere => "nowhere",
        }
    }

    /// Its picture in the menu.
    pub(crate) const fn icon(&self) -> Icon {
        match self {
            Self::Cases | Self::Case(_) => Icon::Ledger,
            Self::NewCase | Self::EditCase(_) => Icon::Add,
            Self::Alerts | Self::NewAlert | Self::Alert(_) => Icon::Alarm,
            Self::Drafts => Icon::Send,
            Self::Visits | Self::Visit(_) | Self::NewVisit => Icon::People,
            Self::Coverage | Self::Promises => Icon::Check,
            Self::Receptions | Self::Reception(_) => Icon::Clock,
            Self::Publicity | Self::NewCampaign | Self::PublicityYear | Self::Campaign(_) => {
                Icon::Horn
            }
            Self::Laws | Self::PaperTexts => Icon::File,
            Self::Assessments | Self::Assessment(_) | Self::Criteria => Icon::Check,
            Self::FollowUps => Icon::Person,
            Self::Matters => Icon::Matter,
            Self::Backlog => Icon::Warning,
            Self::Reports | Self::Report(_) => Icon::Report,
            Self::Figures | Self::Indicators | Self::County => Icon::Chart,
            Self::Calendar | Self::Workdays => Icon::Calendar,
            Self::Measures => Icon::Lock,
            Self::Imports => Icon::Upload,
            Self::Org => Icon::Tree,
            Self::Users | Self::Deputies => Icon::People,
            Self::Roles | Self::Tokens | Self::SecondFactor | Self::Identity | Self::SignIns => {
                Icon::Key
            }
            Self::Webhooks => Icon::Send,
            Self::Audit => Icon::Eye,
            Self::Settings | Self::System => Icon::Settings,
            Self::Help => Icon::Help,
            Self::Inbox => Icon::Bell,
            Self::Account | Self::Password => Icon::Person,
            _ => Icon::Home,
        }
    }

    /// The entry of the menu below which it stands.
    pub(crate) fn section(&self) -> Self {
        match self {
            // The county's office has its cases on the first page.
            Self::County => Self::Home,
            Self::Case(_) if !session::may(Action::ListCases) => Self::Home,
            Self::Case(_) | Self::EditCase(_) | Self::Receipt(_) => Self::Cases,
            Self::Alert(_) => Self::Alerts,
            Self::Exchanged(_) => Self::Drafts,
            Self::Report(_) => Self::Reports,
            Self::Provisional(_) => Self::Drafts,
            Self::Password | Self::SecondFactor | Self::Identity => Self::Account,
            // Only the administrator has them in the menu.
            Self::Tokens | Self::Webhooks | Self::SignIns if !session::may(Action::ManageUsers) => {
                Self::Account
            }
            // Whoever has no dashboard has the indicators in the menu.
            Self::Indicators
            | Self::IndicatorCases
            | Self::IndicatorRecords
            | Self::Standing
            | Self::StandingCases
            | Self::Targets
            | Self::Analysis => figures().unwrap_or_else(|| self.clone()),
            Self::Visit(_) | Self::NewVisit | Self::Promises => Self::Visits,
            // The auditor has no other way there.
            Self::Coverage if session::may(Action::Visit(VisitDeed::View)) => Self::Visits,
            Self::Reception(_) | Self::ReceptionNotice(_) => Self::Receptions,
            Self::NewCampaign | Self::PublicityYear | Self::Campaign(_) => Self::Publicity,
            Self::Assessment(_) | Self::Criteria => Self::Assessments,
            Self::UsersImport | Self::HandOver(_) => Self::Users,
            Self::Deputies if session::may(Action::ManageUsers) => Self::Users,
            Self::Deputies => Self::Account,
            Self::VillageMap | Self::Workdays | Self::Categories | Self::PaperTexts => {
                Self::Settings
            }
            place => place.clone(),
        }
    }
}

/// Where the signed-in person's figures begin.
fn figures() -> Option<Place> {
    let may = |deed| session::may(Action::Figures(deed));
    if may(FigureDeed::Dashboard) {
        Some(Place::Figures)
    } else {
        may(FigureDeed::Indicators).then_some(Place::Indicators)
    }
}

/// Whether the signed-in person may register anything.
pub(crate) fn may_register() -> bool {
    [Kind::Petition, Kind::Dispute, Kind::Sign]
        .into_iter()
        .any(|kind| session::may(Action::RegisterCase(kind)))
}

/// The menu of the signed-in person: what they work with, then what they look up.
pub(crate) fn menu() -> (Vec<Place>, Vec<Place>) {
    let mut work = vec![Place::Home];
    let mut reference = Vec::new();
    let mut add = |list: bool, place: Place, may: bool| {
        if may {
            if list { &mut work } else { &mut reference }.push(place);
        }
    };
    let manages = session::may(Action::ManageUsers);
    let reports = session::may(Action::Report(ReportDeed::Board));
    // What somebody who reports does every day comes first.
    let writes = session::me()
        .is_some_and(|me| matches!(me.user.role, Role::GroupInformant | Role::VillageSecretary));
    add(true, Place::Reports, reports && writes);
    add(true, Place::Cases, session::may(Action::ListCases));
    add(true, Place::NewCase, may_register());
    add(true, Place::Drafts, session::may(Action::ListCases));
    add(
        true,
        Place::Alerts,
        session::may(Action::Alert(AlertDeed::List))
            || session::may(Action::Alert(AlertDeed::Rate)),
    );
    add(true, Place::Reports, reports && !writes);
    let visits = session::may(Action::Visit(VisitDeed::View));
    add(true, Place::Visits, visits);
    let coverage = !visits && session::may(Action::Visit(VisitDeed::Coverage));
    add(true, Place::Coverage, coverage);
    let receives = session::may(Action::Reception(ReceptionDeed::Count));
    add(true, Place::Receptions, receives);
    for place in [Place::Matters, Place::Calendar, Place::Backlog] {
        add(true, place, session::may(Action::ListCases));
    }
    add(true, Place::FollowUps, session::may(Action::FollowUps));
    // For those who hold it, and those who look after it; the rest find it through a link.
    let publicises = session::may(Action::Publicity(PublicityDeed::Record))
        || session::me()
            .is_some_and(|me| matches!(me.user.role, Role::TownshipLeader | Role::Auditor));
    add(true, Place::Publicity, publicises);
    let assesses = session::may(Action::Assessment(AssessmentDeed::View));
    add(true, Place::Assessments, assesses);
    if let Some(place) = figures() {
        add(true, place, true);
    }
    add(true, Place::Measures, session::may(Action::ListMeasures));
    add(true, Place::Imports, session::may(Action::ImportLedger));
    add(true, Place::Audit, session::may(Action::ViewAudit));
    add(true, Place::Org, manages);
    add(true, Place::Users, manages);
    let keeps = session::may(Action::Publicity(PublicityDeed::KeepLaws));
    add(true, Place::Laws, keeps);
    add(true, Place::Settings, manages);
    // Everybody else finds theirs through the own account.
    add(true, Place::Tokens, manages);
    add(true, Place::Webhooks, manages);
    add(true, Place::SignIns, manages);
    add(true, Place::System, session::may(Action::ViewSystem));
    add(false, Place::Org, !manages && session::may(Action::ViewOrg));
    add(
        false,
        Place::Settings,
        !manages && session::may(Action::ViewSettings),
    );
    add(false, Place::Roles, true);
    add(false, Place::Help, true);
    (work, reference)
}

/// At most five entries for the bar below on a phone, the account always last.
pub(crate) fn short_menu() -> Vec<Place> {
    let (work, _) = menu();
    let mut places: Vec<Place> = work
        .into_iter()
        .filter(|place| !matches!(place, Place::Imports | Place::Drafts | Place::Alerts))
        .take(4)
        .collect();
    let reports = session::may(Action::Alert(AlertDeed::Report));
    // What is urgent stands in the middle, under the thumb.
    if reports {
        places.truncate(3);
        places.insert(2.min(places.len()), Place::NewAlert);
    }
    // What waits is in sight as long as it does.
    if outbox::waiting() > 0 {
        places.truncate(3);
        places.push(Place::Drafts);
    }
    if places.len() < 4 {
        places.push(Place::Help);
    }
    places.push(Place::Account);
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_found_at_its_path() {
        let id = "0190-x".to_owned();
        let mut places = vec![
            Place::Home,
            Place::Cases,
            Place::NewCase,
            Place::Case(id.clone()),
            Place::EditCase(id.clone()),
            Place::Receipt(id.clone()),
            Place::Report(id.clone()),
            Place::Provisional(id.clone()),
            Place::NewVisit,
            Place::Coverage,
            Place::Visit(id.clone()),
            Place::Reception(id.clone()),
            Place::ReceptionNotice(id.clone()),
            Place::NewCampaign,
            Place::PublicityYear,
            Place::Campaign(id.clone()),
            Place::Assessment(id.clone()),
            Place::NewAlert,
            Place::Alert(id.clone()),
            Place::Exchanged(id.clone()),
            Place::UsersImport,
            Place::HandOver(id),
            Place::IndicatorCases,
            Place::IndicatorRecords,
            Place::StandingCases,
        ];
        places.extend(Place::simple());
        for place in places {
            assert_eq!(Place::at(&place.path()), place);
            assert_eq!(Place::at(&format!("{}/", place.path())), place);
        }
    }

    #[test]
    fn other_paths_lead_nowhere() {
        for path in [
            "/nothing",
            "/cases/x/y",
            "/cases/x/edit/z",
            "/org/1",
            "/users/x/y",
        ] {
            assert_eq!(Place::at(path), Place::Nowhere, "{path}");
        }
    }
}
