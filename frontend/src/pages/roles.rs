//! `/roles`: who may do what. The table is computed from [`shared::access::can`], so it is never
//! another opinion than the server's.

use leptos::prelude::*;
use shared::access::{Action, Actor, AlertFacts, CaseFacts, Facts, FieldFacts, MatterFacts, can};
use shared::alert::AlertDeed;
use shared::analysis::AnalysisDeed;
use shared::assessment::AssessmentDeed;
use shared::case::Kind;
use shared::case::action::CaseAction;
use shared::case::matter::{Deed, MatterKind};
use shared::case::number::Series;
use shared::case::paper::PaperKind;
use shared::case::state::State;
use shared::county::CountyDeed;
use shared::export::ExportDeed;
use shared::ids::UnitId;
use shared::indicator::FigureDeed;
use shared::publicity::PublicityDeed;
use shared::reception::ReceptionDeed;
use shared::report::ReportDeed;
use shared::role::Role;
use shared::satisfaction::Answerers;
use shared::term::Term;
use shared::token::TokenDeed;
use shared::visit::VisitDeed;
use shared::webhook::WebhookDeed;

use super::heading;
use crate::app;
use crate::directory::directory;
use crate::shell::narrow;
use crate::ui::live::{follow, live};

/// What a role sees and does, in words (design section 1).
pub(crate) const fn duties(role: Role) -> (&'static str, &'static str) {
    match role {
        Role::TownshipLeader => (
            "全镇的事项、报告、走访和重要信息",
            "包案，批准延期、办结、积案销号，确定包案领导，接待日值班，下访，签收和派处置重要信息",
        ),
        Role::CoordinationOffice => (
            "全镇的事项、报告、走访和重要信息",
            "登记、受理、转送、交办、催办，签收和退回排查报告，排接待日，派处置重要信息，导入导出台账，移送检举控告",
        ),
        Role::VillageSecretary => (
            "本村的事项、报告、走访和重要信息，和交给本村办理的事项",
            "登记、办理、答复，调处村内矛盾纠纷，报周报告，看各社日报告，入户走访，上报重要信息",
        ),
        Role::GroupInformant => (
            "自己报的事项、走访和重要信息，和本社的报告",
            "每日报告，上报矛盾纠纷、苗头隐患和重要信息",
        ),
        Role::PoliceStation => (
            "交给本所办理的，和本所登记的事项；全镇的重要信息",
            "登记，办理涉及公共秩序的事项，签收和处置重要信息，月报告",
        ),
        Role::Court => (
            "交给本庭办理的事项，派给本庭的重要信息",
            "诉讼指引，司法确认，月报告",
        ),
        Role::JusticeOffice => (
            "交给本所办理的，和进入调解的事项；本人的走访",
            "登记，调解，办理涉及法律援助的事项，走访，月报告",
        ),
        Role::ServiceCentre => (
            "本窗口登记的，和交给本窗口办理的事项；接待日的来访",
            "窗口和接待日登记，打印回执，答复“我的事办到哪了”，月报告",
        ),
        Role::Auditor => (
            "审计记录、设置，报告、走访、接待和报送的统计，看不到事项内容",
            "核查谁看过什么、办过什么",
        ),
        Role::Administrator => (
            "单位、用户和设置，看不到事项内容",
            "管理单位、用户、密码、期限规定和群机器人",
        ),
        Role::CountyOffice => (
            "各乡镇的统计数字，和乡镇上报的事项（只读，号码打码，不含附件和文书）",
            "对上报的事项作批示，或者退回乡镇",
        ),
    }
}

/// What a line of the table is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    /// Nothing in particular.
    Nothing,
    /// A case.
    Case,
    /// A report, a visit, a reception day.
    Field,
    /// Urgent information.
    Alert,
    /// A matter of a case.
    Matter,
    /// The answer of a case, in which the one who asks had no part.
    Answer,
}

impl About {
    /// Whether it is about a case, or something of one.
    const fn is_of_case(self) -> bool {
        matches!(self, Self::Case | Self::Matter | Self::Answer)
    }
}

/// What somebody is to a case, or to a record of the work in the field; the first one is anybody of
/// the township.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tie {
    Any,
    Village,
    Handler,
    /// Sent to the own unit, which has not taken it yet.
    Offered,
    Registrar,
    Mediation,
    /// Handed up to the county.
    HandedUp,
    /// Of the unit whose turn it is in a matter.
    Turn,
    /// Of a unit that has something to do in a matter beside that.
    Beside,
    /// Of the unit that the record is of.
    Unit,
    /// Who wrote it.
    Author,
    /// Who has a part in it.
    Part,
}

impl Tie {
    const ALL: [Self; 12] = [
        Self::Any,
        Self::Village,
        Self::Handler,
        Self::Offered,
        Self::Registrar,
        Self::Mediation,
        Self::HandedUp,
        Self::Turn,
        Self::Beside,
        Self::Unit,
        Self::Author,
        Self::Part,
    ];
    /// To a matter of a case.
    const MATTER: [Self; 9] = [
        Self::Any,
        Self::Village,
        Self::Handler,
        Self::Offered,
        Self::Registrar,
        Self::Mediation,
        Self::HandedUp,
        Self::Turn,
        Self::Beside,
    ];
    /// To a case.
    const CASE: [Self; 7] = [
        Self::Any,
        Self::Village,
        Self::Handler,
        Self::Offered,
        Self::Registrar,
        Self::Mediation,
        Self::HandedUp,
    ];
    /// To a record of the work in the field.
    const FIELD: [Self; 5] = [
        Self::Any,
        Self::Village,
        Self::Unit,
        Self::Author,
        Self::Part,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::Any => "全镇",
            Self::Village => "本村",
            Self::Handler => "承办",
            Self::Offered => "待接收",
            Self::Registrar => "登记",
            Self::Mediation => "调解",
            Self::HandedUp => "上报",
            Self::Turn => "轮到",
            Self::Beside => "协办",
            Self::Unit => "本单位",
            Self::Author => "本人",
            Self::Part => "参与",
        }
    }

    const fn help(self) -> &'static str {
        match self {
            Self::Any => "本镇的所有事项和记录（检举控告另有保密规定）",
            Self::Village => "本村的事项、报告、走访、重要信息",
            Self::Handler => "交办给本单位、或本单位已接收的事项",
            Self::Offered => "转送、移交到本单位，还没有接收的事项",
            Self::Registrar => "本人登记的事项；站所、窗口是本单位登记的",
            Self::Mediation => "进入调解的事项",
            Self::HandedUp => "乡镇上报县级、还没有收回或者退回的事项",
            Self::Turn => "专项轮到本单位办理的，如收到督办、收到移交",
            Self::Beside => "专项里本单位也有事要办的，如专班成员单位、调解单位",
            Self::Unit => "本单位的报告，本单位报的重要信息",
            Self::Author => "本人记录或上报的",
            Self::Part => "本人同行、值班、陪同接待、承办承诺的，或派本人、本单位去处置的",
        }
    }
}

/// On which cases something is allowed: by which tie, and with what limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Grant {
    tie: Tie,
    /// Not for petitions.
    no_petitions: bool,
    /// Only for accusations.
    sealed_only: bool,
    /// Only in this state.
    state: Option<State>,
}

impl Grant {
    /// The limits as signs; [`signs`] says what they mean.
    fn signs(self) -> String {
        let mut signs = String::new();
        if self.no_petitions {
            signs.push('①');
        }
        match self.state {
            Some(State::Registered) => signs.push('②'),
            Some(_) => signs.push('③'),
            None => {}
        }
        if self.sealed_only {
            signs.push('④');
        }
        signs
    }
}

/// What the signs in the table mean.
const SIGNS: [(&str, &str); 4] = [
    ("①", "只限矛盾纠纷和苗头隐患"),
    ("②", "只在受理前（已登记）"),
    ("③", "只在转送给本单位后（已转送）"),
    ("④", "只限检举控告件"),
];

/// What a cell of the table says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Cell {
    No,
    Yes,
    On(Vec<Grant>),
}

/// A line of the table.
#[derive(Debug, Clone)]
struct Line {
    label: String,
    action: Action,
    about: About,
}

fn about(about: About, label: impl Into<String>, action: Action) -> Line {
    Line {
        label: label.into(),
        action,
        about,
    }
}

fn line(label: impl Into<String>, action: Action) -> Line {
    about(About::Nothing, label, action)
}

fn of_case(label: impl Into<String>, action: Action) -> Line {
    about(About::Case, label, action)
}

/// What is done with each kind of matter, a part a kind.
fn matter_parts(county: bool) -> impl Iterator<Item = (&'static str, Vec<Line>)> {
    MatterKind::used(county).map(|kind| {
        let lines: Vec<Line> = Deed::ALL
            .iter()
            .filter(move |deed| deed.kind() == kind)
            .map(|deed| {
                // A matter is started with the case at hand, for there is none yet.
                let of = if deed.opens() {
                    About::Case
                } else {
                    About::Matter
                };
                about(of, deed.label(), Action::Matter(*deed))
            })
            .collect();
        (kind.label(), lines)
    })
}

/// Who makes and sees the documents.
fn paper_parts() -> [(&'static str, Vec<Line>); 2] {
    let papers = |of: fn(PaperKind) -> Action| {
        PaperKind::ALL
            .iter()
            .map(|kind| of_case(kind.label(), of(*kind)))
            .collect::<Vec<Line>>()
    };
    [
        ("出具文书", papers(Action::MakePaper)),
        ("查看文书", papers(Action::ViewPaper)),
    ]
}

/// The work for the year's goals: figures, publicity, assessment.
fn year_parts() -> [(&'static str, Vec<Line>); 3] {
    let publicity = |deed: &PublicityDeed| {
        let of = match deed {
            PublicityDeed::Edit | PublicityDeed::Strike => About::Field,
            _ => About::Nothing,
        };
        about(of, deed.label(), Action::Publicity(*deed))
    };
    [
        (
            "统计",
            FigureDeed::ALL
                .iter()
                .map(|deed| line(deed.label(), Action::Figures(*deed)))
                .collect(),
        ),
        (
            "法制宣传",
            PublicityDeed::ALL.iter().map(publicity).collect(),
        ),
        (
            "村级考核",
            AssessmentDeed::ALL
                .iter()
                .map(|deed| about(About::Field, deed.label(), Action::Assessment(*deed)))
                .collect(),
        ),
    ]
}

/// What is done with reports, visits, reception days and urgent information.
fn field_parts() -> [(&'static str, Vec<Line>); 4] {
    let field = |label, action| about(About::Field, label, action);
    let visit = |deed: VisitDeed| match deed {
        VisitDeed::Record | VisitDeed::Coverage => line(deed.label(), Action::Visit(deed)),
        _ => field(deed.label(), Action::Visit(deed)),
    };
    let reception = |deed: ReceptionDeed| match deed {
        ReceptionDeed::Receive => field(deed.label(), Action::Reception(deed)),
        _ => line(deed.label(), Action::Reception(deed)),
    };
    let alert = |deed: AlertDeed| match deed {
        AlertDeed::Report | AlertDeed::Missed | AlertDeed::Rate => {
            line(deed.label(), Action::Alert(deed))
        }
        _ => about(About::Alert, deed.label(), Action::Alert(deed)),
    };
    [
        (
            "排查报告",
            vec![
                field("查看报告", Action::Report(ReportDeed::View)),
                line("查看报送情况", Action::Report(ReportDeed::Board)),
                field("填写和上报", Action::Report(ReportDeed::Write)),
                field("把情况立为事项、并入事项", Action::Report(ReportDeed::Take)),
                field("核实情况不成立", Action::Report(ReportDeed::Dismiss)),
                field("退回、签收、免报", Action::Report(ReportDeed::Judge)),
            ],
        ),
        (
            "走访",
            VisitDeed::ALL.iter().map(|deed| visit(*deed)).collect(),
        ),
        (
            "接待日",
            ReceptionDeed::ALL
                .iter()
                .map(|deed| reception(*deed))
                .collect(),
        ),
        (
            "重要信息",
            AlertDeed::ALL.iter().map(|deed| alert(*deed)).collect(),
        ),
    ]
}

/// The lines, by what they are about; those of a county only where there is one.
fn parts(county: bool) -> Vec<(&'static str, Vec<Line>)> {
    let steps = CaseAction::ALL
        .iter()
        .map(|action| of_case(action.label(), Action::Case(*action)))
        .collect();
    let mut parts = vec![
        (
            "登记和台账",
            vec![
                line("登记信访件", Action::RegisterCase(Kind::Petition)),
                line("登记矛盾纠纷", Action::RegisterCase(Kind::Dispute)),
                line("登记苗头隐患", Action::RegisterCase(Kind::Sign)),
                line("查看台账", Action::ListCases),
                line("导入台账", Action::ImportLedger),
                line("查看依法处理清单", Action::ListMeasures),
                line("查看待回访名单", Action::FollowUps),
            ],
        ),
        (
            "看和改一件事项",
            vec![
                of_case("查看事项", Action::ViewCase),
                of_case("修改事项", Action::EditCase),
                of_case("增减人员", Action::EditPeople),
                of_case("查看完整号码", Action::RevealPerson),
                of_case("查看附件", Action::ViewFiles),
                of_case("上传附件", Action::Attach),
                line("上传照片", Action::Photo),
                of_case("打印查询码给信访人", Action::QueryCode),
                about(About::Answer, "登记满意度评价", Action::Rate),
            ],
        ),
        ("办理一件事项", steps),
    ];
    parts.extend(matter_parts(county));
    parts.extend(paper_parts());
    parts.extend(field_parts());
    parts.extend(year_parts());
    parts.push((
        "导出和分析研判",
        ExportDeed::ALL
            .iter()
            .map(|deed| line(deed.label(), Action::Export(*deed)))
            .chain(
                AnalysisDeed::ALL
                    .iter()
                    .map(|deed| line(deed.label(), Action::Analysis(*deed))),
            )
            .collect(),
    ));
    if county {
        let lines = CountyDeed::ALL.iter();
        let lines = lines.map(|deed| line(deed.label(), Action::County(*deed)));
        parts.push(("县级", lines.collect()));
    }
    parts.push((
        "管理和监督",
        vec![
            line("查看单位", Action::ViewOrg),
            line("查看同事名单", Action::ViewColleagues),
            line("管理单位", Action::ManageOrg),
            line("管理用户、工作交接、他人的登录", Action::ManageUsers),
            line(
                "安排临时代理（除系统管理员外，只给自己）",
                Action::NameDeputy,
            ),
            line("查看设置", Action::ViewSettings),
            line("修改设置、群机器人、村庄地图", Action::ManageSettings),
            line("查看系统状况", Action::ViewSystem),
            line("查看审计", Action::ViewAudit),
            line("建自己的 API 令牌", Action::Token(TokenDeed::Own)),
            line("查看、撤销全部令牌", Action::Token(TokenDeed::Oversee)),
            line("给程序账号建 API 令牌", Action::Token(TokenDeed::MakeFor)),
            line("建自己的事件推送", Action::Webhook(WebhookDeed::Own)),
            line(
                "查看、删除全部事件推送",
                Action::Webhook(WebhookDeed::Oversee),
            ),
            line(
                "规定可以推送到哪些地址",
                Action::Webhook(WebhookDeed::Allow),
            ),
        ],
    ));
    parts
}

/// Somebody with a role, in a unit of a village.
fn actor(role: Role) -> Actor {
    Actor {
        user_id: "me".into(),
        role,
        unit_id: "unit".into(),
        unit_chain: vec!["unit".into(), "village".into(), "township".into()],
        township_id: "township".into(),
        village_id: Some("village".into()),
        former_units: Vec::new(),
        former_villages: Vec::new(),
        stands_in_for: Vec::new(),
    }
}

/// A case that the actor has nothing to do with but by the tie.
fn case(tie: Tie) -> CaseFacts {
    let other = || UnitId::from("elsewhere");
    let mut case = CaseFacts {
        township_id: "township".into(),
        village_id: Some(other()),
        registrar_id: "somebody".into(),
        registrar_unit_id: other(),
        responsible_unit_id: Some(other()),
        offered_unit_id: None,
        unit_ids: vec![other()],
        mediation: false,
        kind: Kind::Petition,
        state: State::Registered,
        backlog: false,
        seal: Series::Open,
        accused_unit_id: None,
        accused_user_id: None,
        handed_up_to: None,
    };
    match tie {
        Tie::Any | Tie::Unit | Tie::Author | Tie::Part => {}
        Tie::Turn | Tie::Beside => case.unit_ids.push("unit".into()),
        Tie::Village => case.village_id = Some("village".into()),
        Tie::Handler => {
            case.responsible_unit_id = Some("unit".into());
            case.unit_ids.push("unit".into());
        }
        Tie::Offered => {
            case.offered_unit_id = Some("unit".into());
            case.unit_ids.push("unit".into());
        }
        Tie::Registrar => {
            case.registrar_id = "me".into();
            case.registrar_unit_id = "unit".into();
        }
        Tie::Mediation => case.mediation = true,
        // Of an actor who is of the county itself, that is what stands for their township.
        Tie::HandedUp => case.handed_up_to = Some("township".into()),
    }
    case
}

/// A matter that the actor has nothing to do with but by the tie.
fn matter(tie: Tie) -> MatterFacts {
    let unit = |own: bool| UnitId::from(if own { "unit" } else { "elsewhere" });
    MatterFacts {
        unit_id: Some(unit(tie == Tie::Turn)),
        also: vec![unit(tie == Tie::Beside)],
    }
}

/// A record of the field that the actor has nothing to do with but by the tie.
fn record(tie: Tie) -> AlertFacts {
    let mut field = FieldFacts {
        township_id: "township".into(),
        unit_id: "elsewhere".into(),
        village_id: Some("elsewhere".into()),
        author_id: Some("somebody".into()),
        people: Vec::new(),
    };
    let mut units = Vec::new();
    match tie {
        Tie::Village => field.village_id = Some("village".into()),
        Tie::Unit => field.unit_id = "unit".into(),
        Tie::Author => field.author_id = Some("me".into()),
        Tie::Part => {
            field.people.push("me".into());
            units.push("unit".into());
        }
        _ => {}
    }
    AlertFacts { field, units }
}

/// Whether a tie to a record of the field allows something.
fn grant_of_record(actor: &Actor, line: &Line, tie: Tie) -> Option<Grant> {
    let facts = record(tie);
    let facts = match line.about {
        About::Alert => Facts::Alert(&facts),
        _ => Facts::Field(&facts.field),
    };
    can(actor, line.action, facts).is_ok().then_some(Grant {
        tie,
        no_petitions: false,
        sealed_only: false,
        state: None,
    })
}

/// Whether a tie allows something, tried on every kind, state and seal.
fn grant(actor: &Actor, line: &Line, tie: Tie) -> Option<Grant> {
    let mut case = case(tie);
    let (matter, answerers) = (matter(tie), Answerers::default());
    // What is done with matters and answers does not ask for the case's state.
    let tried: &[State] = match line.about {
        About::Case => State::ALL,
        _ => &[State::Registered, State::Handling],
    };
    let mut kinds = Vec::new();
    let mut states = Vec::new();
    let mut seals = Vec::new();
    for kind in Kind::ALL {
        for state in tried {
            for seal in [Series::Open, Series::Sealed] {
                for backlog in [false, true] {
                    (case.kind, case.state, case.seal, case.backlog) =
                        (*kind, *state, seal, backlog);
                    let facts = match line.about {
                        About::Matter => Facts::Matter(&case, &matter),
                        About::Answer => Facts::Answer(&case, &answerers),
                        _ => Facts::Case(&case),
                    };
                    if can(actor, line.action, facts).is_ok() {
                        kinds.push(*kind);
                        states.push(*state);
                        seals.push(seal);
                    }
                }
            }
        }
    }
    let first = *states.first()?;
    Some(Grant {
        tie,
        no_petitions: !kinds.contains(&Kind::Petition),
        sealed_only: !seals.contains(&Series::Open),
        state: states.iter().all(|state| *state == first).then_some(first),
    })
}

/// What a role may.
fn cell(role: Role, line: &Line) -> Cell {
    let actor = actor(role);
    if line.about == About::Nothing {
        return match can(&actor, line.action, Facts::None) {
            Ok(()) => Cell::Yes,
            Err(_) => Cell::No,
        };
    }
    let mut grants: Vec<Grant> = Vec::new();
    let case = line.about.is_of_case();
    let ties: &[Tie] = match line.about {
        About::Matter => &Tie::MATTER,
        About::Case | About::Answer => &Tie::CASE,
        About::Nothing | About::Field | About::Alert => &Tie::FIELD,
    };
    for tie in ties {
        let found = if case {
            grant(&actor, line, *tie)
        } else {
            grant_of_record(&actor, line, *tie)
        };
        if let Some(grant) = found {
            // What anybody's case allows without limit, a closer one does not add to.
            let known = grants.first().is_some_and(|any| {
                any.tie == Tie::Any
                    && (any.state.is_none() || any.state == grant.state)
                    && (!any.no_petitions || grant.no_petitions)
                    && (!any.sealed_only || grant.sealed_only)
            });
            if !known {
                grants.push(grant);
            }
        }
    }
    if grants.is_empty() {
        Cell::No
    } else {
        Cell::On(grants)
    }
}

/// The page.
pub(crate) fn page() -> AnyView {
    let directory = directory();
    view! {
        <div class="page page-wide">
            {heading("权限一览")}
            <p class="quiet">
                "每个角色看到什么、能办什么。这张表由系统的权限规则直接算出，和实际执行的完全一致；在一件事项里，“暂不能办理的操作”会说明为什么。"
            </p>
            {live(move || {
                let county = directory.has_county();
                if narrow() { by_role(county) } else { table(county) }
            })}
            {live(move || legend(directory.has_county()))}
            {sealed()}
        </div>
    }
    .into_any()
}

fn shown(cell: &Cell) -> AnyView {
    match cell {
        Cell::No => view! {
            <span class="role-no">
                <span aria-hidden="true">"—"</span>
                <span class="sr-only">"不能"</span>
            </span>
        }
        .into_any(),
        Cell::Yes => view! { <span class="role-yes">"可以"</span> }.into_any(),
        Cell::On(grants) => grants
            .iter()
            .map(|grant| {
                let class = if grant.tie == Tie::Any {
                    "role-yes"
                } else {
                    "role-some"
                };
                view! {
                    <span class=class>{format!("{}{}", grant.tie.label(), grant.signs())}</span>
                }
                .into_any()
            })
            .collect_view()
            .into_any(),
    }
}

fn table(county: bool) -> AnyView {
    let mine = app::me().user.role;
    let roles: Vec<Role> = Role::used(county).collect();
    let heads = roles
        .iter()
        .map(|role| {
            let own = *role == mine;
            view! {
                <th scope="col" class:role-mine=own>
                    {role.label()}
                    {own.then(|| view! { <span class="role-me">"（我）"</span> })}
                </th>
            }
            .into_any()
        })
        .collect_view();
    let columns = roles.len() + 1;
    let bodies = parts(county)
        .into_iter()
        .map(|(title, lines)| {
            let rows = lines
                .into_iter()
                .map(|line| {
                    let cells = roles
                        .iter()
                        .map(|role| {
                            view! {
                                <td class:role-mine={*role == mine}>{shown(&cell(*role, &line))}</td>
                            }
                            .into_any()
                        })
                        .collect_view();
                    view! {
                        <tr>
                            <th scope="row">{line.label}</th>
                            {cells}
                        </tr>
                    }
                    .into_any()
                })
                .collect_view();
            view! {
                <tbody>
                    <tr class="role-part">
                        <th scope="rowgroup" colspan=columns.to_string()>{title}</th>
                    </tr>
                    {rows}
                </tbody>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <div class="table-box" tabindex="0" role="region" aria-label="权限表，可左右滚动">
            <table class="table roles-table">
                <caption class="sr-only">"各角色能做什么"</caption>
                <thead>
                    <tr>
                        <th scope="col">"操作"</th>
                        {heads}
                    </tr>
                </thead>
                {bodies}
            </table>
        </div>
    }
    .into_any()
}

/// One role at a time, for phones.
fn by_role(county: bool) -> AnyView {
    let chosen = RwSignal::new(app::me().user.role);
    let options = Role::used(county)
        .map(|role| {
            view! {
                <option value=role.code() prop:selected=follow(move || chosen.get() == role)>
                    {role.label()}
                </option>
            }
            .into_any()
        })
        .collect_view();
    let list = live(move || {
        let role = chosen.get();
        let (sees, does) = duties(role);
        let parts = parts(county)
            .into_iter()
            .map(|(title, lines)| part_of(role, title, lines))
            .collect_view();
        view! {
            <div class="card">
                <dl class="facts facts-long">
                    <div><dt>"看到"</dt><dd>{sees}</dd></div>
                    <div><dt>"能办"</dt><dd>{does}</dd></div>
                </dl>
            </div>
            {parts}
        }
    });
    view! {
        <div class="filter">
            <label for="role">"角色"</label>
            <select
                id="role"
                on:change:target=move |event| {
                    if let Some(role) = Role::from_code(&event.target().value()) {
                        chosen.set(role);
                    }
                }
            >
                {options}
            </select>
        </div>
        {list}
    }
    .into_any()
}

/// What a role may of one part; what it may not is named, too, but shorter.
fn part_of(role: Role, title: &'static str, lines: Vec<Line>) -> AnyView {
    let mut cannot = Vec::new();
    let mut rows = Vec::new();
    for line in lines {
        match cell(role, &line) {
            Cell::No => cannot.push(line.label),
            cell => rows.push(
                view! {
                    <div>
                        <dt>{line.label}</dt>
                        <dd class="role-cell">{shown(&cell)}</dd>
                    </div>
                }
                .into_any(),
            ),
        }
    }
    let cannot = (!cannot.is_empty())
        .then(|| view! { <p class="quiet">{format!("不能：{}", cannot.join("、"))}</p> });
    view! {
        <section class="card stack">
            <h2>{title}</h2>
            {(!rows.is_empty()).then(|| view! { <dl class="facts facts-long role-facts">{rows}</dl> })}
            {cannot}
        </section>
    }
    .into_any()
}

fn legend(county: bool) -> AnyView {
    let ties = Tie::ALL
        .into_iter()
        .filter(|tie| county || *tie != Tie::HandedUp)
        .map(|tie| view! { <div><dt>{tie.label()}</dt><dd>{tie.help()}</dd></div> }.into_any())
        .collect_view();
    let signs = SIGNS
        .iter()
        .map(|(sign, words)| view! { <div><dt>{*sign}</dt><dd>{*words}</dd></div> }.into_any())
        .collect_view();
    view! {
        <section class="card stack" aria-labelledby="legend">
            <h2 id="legend">"表里的字"</h2>
            <dl class="facts role-legend">{ties} {signs}</dl>
            <p class="quiet">
                "能不能办还要看事项到了哪一步，如没有受理的不能答复；积案的办结由镇领导批准。提醒和消息各人只收到与自己有关的，不另设权限；离线工作用的就是本人的权限。"
            </p>
        </section>
    }
    .into_any()
}

fn sealed() -> AnyView {
    view! {
        <section class="card stack" aria-labelledby="sealed">
            <h2 id="sealed">"检举控告"</h2>
            <p>
                "检举控告件对被反映的单位和人员保密（《信访工作条例》第三十条）：不管角色是什么，他们在列表、统计、搜索、导出、通知里都看不到它，直接输入地址也只会得到“没有找到”。"
            </p>
            <p>
                "反映镇领导或镇综治办的，只有登记人看得到，能做的是移送有权机关（纪检监察机关）。"
            </p>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(role: Role, action: Action, of: About) -> String {
        match cell(role, &about(of, "", action)) {
            Cell::No => "—".to_owned(),
            Cell::Yes => "可以".to_owned(),
            Cell::On(grants) => grants
                .iter()
                .map(|grant| format!("{}{}", grant.tie.label(), grant.signs()))
                .collect::<Vec<_>>()
                .join(" "),
        }
    }

    /// A deed that is new to the rules fails here until it has a line.
    #[test]
    fn every_deed_has_a_line_and_no_line_stands_twice() {
        let lines: Vec<Action> = parts(true)
            .into_iter()
            .flat_map(|(_, lines)| lines)
            .map(|line| line.action)
            .collect();
        for action in Action::all() {
            let count = lines.iter().filter(|listed| **listed == action).count();
            assert_eq!(count, 1, "{action:?}");
        }
        assert_eq!(lines.len(), Action::all().len());
    }

    #[test]
    fn cells_of_matters_papers_and_the_year_say_what_the_rule_says() {
        use About as O;
        use Role as R;
        for (role, of, action, words) in [
            (
                R::VillageSecretary,
                O::Matter,
                Action::Matter(Deed::OrderFeedback),
                "轮到",
            ),
            (
                R::TownshipLeader,
                O::Matter,
                Action::Matter(Deed::PackageApprove),
                "全镇",
            ),
            (
                R::CoordinationOffice,
                O::Matter,
                Action::Matter(Deed::PackageApprove),
                "—",
            ),
            (
                R::Court,
                O::Matter,
                Action::Matter(Deed::MediationSession),
                "—",
            ),
            (
                R::GroupInformant,
                O::Case,
                Action::ViewPaper(PaperKind::Receipt),
                "登记",
            ),
            (
                R::GroupInformant,
                O::Case,
                Action::ViewPaper(PaperKind::Answer),
                "—",
            ),
            (
                R::CoordinationOffice,
                O::Case,
                Action::Matter(Deed::EscalationOpen),
                "全镇",
            ),
            (
                R::CountyOffice,
                O::Matter,
                Action::Matter(Deed::EscalationInstruct),
                "上报",
            ),
            (
                R::CountyOffice,
                O::Matter,
                Action::Matter(Deed::OrderRemind),
                "—",
            ),
            (R::TownshipLeader, O::Answer, Action::Rate, "全镇"),
            (R::ServiceCentre, O::Answer, Action::Rate, "登记"),
            (
                R::CoordinationOffice,
                O::Field,
                Action::Assessment(AssessmentDeed::Propose),
                "全镇",
            ),
            (
                R::TownshipLeader,
                O::Field,
                Action::Assessment(AssessmentDeed::Honour),
                "全镇",
            ),
            (
                R::VillageSecretary,
                O::Field,
                Action::Assessment(AssessmentDeed::View),
                "本村",
            ),
            (
                R::JusticeOffice,
                O::Field,
                Action::Publicity(PublicityDeed::Edit),
                "本单位",
            ),
        ] {
            assert_eq!(said(role, action, of), words, "{role} {action:?}");
        }
    }

    #[test]
    fn cells_say_what_the_rule_says() {
        use CaseAction as A;
        use Role as R;
        for (role, action, words) in [
            (R::TownshipLeader, Action::ViewCase, "全镇"),
            (R::VillageSecretary, Action::ViewCase, "本村 承办 待接收"),
            (R::GroupInformant, Action::ViewCase, "登记"),
            (R::PoliceStation, Action::ViewCase, "承办 待接收 登记"),
            (R::JusticeOffice, Action::ViewCase, "承办 待接收 登记 调解"),
            (R::Auditor, Action::ViewCase, "—"),
            (R::CountyOffice, Action::ViewCase, "上报"),
            (R::CountyOffice, Action::ViewFiles, "—"),
            (R::CountyOffice, Action::EditCase, "—"),
            (R::Administrator, Action::ViewCase, "—"),
            (R::CoordinationOffice, Action::Case(A::Accept), "全镇"),
            (
                R::VillageSecretary,
                Action::Case(A::Accept),
                "本村① 待接收③",
            ),
            (R::PoliceStation, Action::Case(A::Accept), "待接收③"),
            (R::ServiceCentre, Action::EditCase, "承办 登记②"),
            (R::CoordinationOffice, Action::Case(A::HandOver), "全镇④"),
            (R::TownshipLeader, Action::Case(A::HandOver), "—"),
            (R::CoordinationOffice, Action::Case(A::Answer), "承办"),
            (R::TownshipLeader, Action::Case(A::Extend), "全镇"),
            (R::CoordinationOffice, Action::Case(A::Extend), "—"),
        ] {
            assert_eq!(said(role, action, About::Case), words, "{role} {action:?}");
        }
    }

    #[test]
    fn cells_of_the_field_say_what_the_rule_says() {
        use About as O;
        use Role as R;
        let report = Action::Report;
        let visit = Action::Visit;
        let alert = Action::Alert;
        let receive = Action::Reception(ReceptionDeed::Receive);
        for (role, of, action, words) in [
            (
                R::CoordinationOffice,
                O::Field,
                report(ReportDeed::Judge),
                "全镇",
            ),
            (
                R::VillageSecretary,
                O::Field,
                report(ReportDeed::Judge),
                "—",
            ),
            (
                R::VillageSecretary,
                O::Field,
                report(ReportDeed::Write),
                "本单位",
            ),
            (
                R::GroupInformant,
                O::Field,
                report(ReportDeed::View),
                "本单位 本人 参与",
            ),
            (R::Auditor, O::Field, report(ReportDeed::View), "—"),
            (R::Auditor, O::Nothing, report(ReportDeed::Board), "可以"),
            (R::TownshipLeader, O::Field, visit(VisitDeed::View), "全镇"),
            (R::TownshipLeader, O::Field, visit(VisitDeed::Edit), "本人"),
            (
                R::VillageSecretary,
                O::Field,
                visit(VisitDeed::View),
                "本村 本人 参与",
            ),
            (R::Administrator, O::Field, visit(VisitDeed::View), "—"),
            (R::ServiceCentre, O::Field, receive, "全镇"),
            (R::JusticeOffice, O::Field, receive, "本人 参与"),
            (R::Court, O::Field, receive, "—"),
            (
                R::PoliceStation,
                O::Alert,
                alert(AlertDeed::Acknowledge),
                "全镇",
            ),
            (R::PoliceStation, O::Alert, alert(AlertDeed::Dispatch), "—"),
            (
                R::GroupInformant,
                O::Alert,
                alert(AlertDeed::Note),
                "本单位 本人 参与",
            ),
            (R::Court, O::Nothing, alert(AlertDeed::Report), "可以"),
            (R::Auditor, O::Nothing, alert(AlertDeed::Rate), "可以"),
        ] {
            assert_eq!(said(role, action, of), words, "{role} {action:?}");
        }
    }

    #[test]
    fn general_actions_are_yes_or_no() {
        for (role, action, words) in [
            (Role::Administrator, Action::ManageUsers, "可以"),
            (Role::TownshipLeader, Action::ManageUsers, "—"),
            (Role::Auditor, Action::ViewAudit, "可以"),
            (
                Role::GroupInformant,
                Action::RegisterCase(Kind::Petition),
                "—",
            ),
            (
                Role::GroupInformant,
                Action::RegisterCase(Kind::Sign),
                "可以",
            ),
        ] {
            assert_eq!(
                said(role, action, About::Nothing),
                words,
                "{role} {action:?}"
            );
        }
    }
}
