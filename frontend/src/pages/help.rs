//! `/help`: the work by role, what each state means, the limits, and how people are protected.

use leptos::prelude::*;
use shared::access::Action;
use shared::case::Kind;
use shared::case::deadline::{ClockKind, LawProfile};
use shared::case::state::State;
use shared::role::Role;
use shared::term::Term;

use super::case::bits::state_badge;
use super::heading;
use super::roles::duties;
use crate::api::Call;
use crate::app;
use crate::browser;
use crate::format;
use crate::load::load;
use crate::session;
use crate::ui::live::live;

/// The parts, for the contents: id and title.
const PARTS: [(&str, &str); 8] = [
    ("work", "我的工作"),
    ("states", "状态是什么意思"),
    ("limits", "办理期限"),
    ("sealed", "检举控告怎样保密"),
    ("numbers", "证件和电话怎样保护"),
    ("public", "群众怎样查进展、怎样评价"),
    ("offline", "没有信号、断网时"),
    ("others", "其他角色的工作"),
];

/// The page.
pub(crate) fn page() -> AnyView {
    let contents = PARTS
        .iter()
        .map(|(id, title)| {
            view! {
                <li>
                    <a href=format!("#{id}") rel="external" on:click=move |event| {
                        event.prevent_default();
                        show(id);
                    }>
                        {*title}
                    </a>
                </li>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <div class="page help-page">
            {heading("帮助")}
            <nav class="card" aria-label="本页内容">
                <ul class="help-contents">
                    {contents}
                    <li>
                        <a href="/roles">"权限一览：谁能做什么"</a>
                    </li>
                </ul>
            </nav>
            {work()}
            {states()}
            {limits()}
            {sealed()}
            {numbers()}
            {public()}
            {offline()}
            {others()}
        </div>
    }
    .into_any()
}

/// Goes to a part: its title takes the focus.
fn show(id: &str) {
    if let Some(element) = browser::element(id) {
        element.scroll_into_view();
        let _ = element.focus();
    }
}

/// A part under its title.
fn part(id: &'static str, body: AnyView) -> AnyView {
    let title = PARTS
        .iter()
        .find(|(known, _)| *known == id)
        .map_or("", |(_, title)| *title);
    view! {
        <section class="card help-part" aria-labelledby=id>
            <h2 id=id tabindex="-1">{title}</h2>
            {body}
        </section>
    }
    .into_any()
}

fn list(lines: &[&'static str]) -> AnyView {
    let lines = lines
        .iter()
        .map(|line| view! { <li>{*line}</li> }.into_any())
        .collect_view();
    view! { <ul class="help-list">{lines}</ul> }.into_any()
}

/// What a role does from day to day.
const fn days_work(role: Role) -> &'static [&'static str] {
    match role {
        Role::TownshipLeader => &[
            "首页先看今天要办的：快到期、已逾期、等您决定的。点数字就是那些事项。",
            "打开事项，在“办理”里批准延期、确定包案领导、办结。情况复杂才延期，只有一次，最多30日。",
            "积案一件一名领导，一包到底；化解到位后由您批准销号。",
            "反映镇领导或综治办的检举控告，您这里看不到，这是《信访工作条例》第三十条的规定。",
        ],
        Role::CoordinationOffice => &[
            "来信、来访、来电、网上、排查、下访、上级转办，都先登记。登记时提示可能重复的，核对后关联到前一件。",
            "登记次日起15日内决定：受理、转送有权处理的单位，或说明理由不予受理并指明途径。简单明了的用简易程序，3个工作日。",
            "受理后交办到村或站所；首页和台账的“已逾期”“未办结”帮您盯住进度。",
            "检举控告由您移送有权机关，不转给被反映的单位。",
            "手工台账用“导入台账”：先试读，照提示改好再导入，没有改好的行不会进台账。",
        ],
        Role::VillageSecretary => &[
            "村里的矛盾纠纷和苗头隐患，自己登记、受理、调处、办结，就地化解。",
            "信访件由镇综治办受理后交办给村：点“开始办理”，走访、调解随时“记录进展”，自受理次日起60日内答复。",
            "答复要写清事实、依据、意见和可以走的救济途径，送达信访人后登记送达情况。",
            "办不下来、期限不够的，尽早告诉包村领导，由镇领导批准延期。",
        ],
        Role::GroupInformant => &[
            "发现纠纷或苗头，点“登记”：起因、时间、地点、大约多少人，知道多少写多少。",
            "已打开的登记页没有信号也能填，草稿留在手机上，有信号时再提交。",
            "您看得到自己报的事项办到了哪一步。",
            "打架斗殴、要去上访等紧急的，先打电话，再登记。",
        ],
        Role::PoliceStation => &[
            "镇综治办转送、交办的事项在“台账”里。不属于本所职权的，5个工作日内提出异议并说明理由。",
            "接手点“开始办理”，过程随时“记录进展”，办完答复或办结。",
            "自己发现的矛盾纠纷也可以登记。",
        ],
        Role::Court => &[
            "镇综治办转送、交办给法庭的事项在“台账”里，别的事项看不到。",
            "不属于职权的，5个工作日内提出异议并说明理由。",
            "诉讼指引、司法确认等情况用“记录进展”写下来。",
        ],
        Role::JusticeOffice => &[
            "转送、交办的事项和进入调解的事项都在“台账”里。",
            "接手点“开始办理”；调解的过程和结果用“记录进展”写下来。",
            "调解协议生效之日起30日内，双方可以共同向法院申请司法确认，请提醒当事人。",
        ],
        Role::ServiceCentre => &[
            "群众来访先登记：是什么事、谁、怎么联系。登记后打印回执交给本人。",
            "第一个接待的人是首问责任人，登记后不再改变。",
            "群众来问“我的事办到哪了”，按编号或姓名在台账里查。",
            "检举控告要选对“诉求性质”，系统才会保密。",
        ],
        Role::Auditor => &[
            "“审计”里有谁在什么时候看了、改了、导出了什么。留意：显示证件电话、导出、登录失败。",
            "点姓名只看这个人，点事项标识只看这一件。",
            "您看不到事项内容。需要核对的，记下编号和时间，向镇综治办了解。",
        ],
        Role::Administrator => &[
            "先在“单位”里核对村、社和站所，再在“用户”里给每人一个用户名。",
            "初始密码只显示一次，当面或打电话告诉本人；首次登录必须修改。",
            "人员调离、退休马上停用，不要把用户名转给别人用。",
            "法规改了期限，在“设置”里新增期限规定，写明施行日期和依据。",
            "您看不到事项内容，这样没有人既管账号又看事项。",
        ],
    }
}

fn work() -> AnyView {
    let role = app::me().user.role;
    let (sees, does) = duties(role);
    part(
        "work",
        view! {
            <p>
                {format!("您是{}。看到：{sees}。能办：{does}。", role.label())}
            </p>
            {list(days_work(role))}
        }
        .into_any(),
    )
}

/// What a state means, and what comes next.
const fn meaning(state: State) -> &'static str {
    match state {
        State::Registered => "已记入台账，还没有决定是否受理。接下来受理、转送或不予受理。",
        State::Accepted => "决定由本镇办理，已告知信访人。接下来交办，由责任单位开始办理。",
        State::Declined => "不属于本镇职权，或应走诉讼、仲裁、复议等法定途径，已说明理由和途径。",
        State::Transferred => "已转送镇内有权处理的单位。该单位办理，或在5个工作日内提出异议退回。",
        State::Handling => "责任单位正在办理。接下来答复；村内矛盾纠纷调处好了可以直接办结。",
        State::Answered => "处理意见书已送达。信访人不服的，可以在30日内申请复查。",
        State::UnderReview => "信访人不服答复，上一级机关正在复查，30日内答复。",
        State::UnderFinalReview => "信访人不服复查，再上一级机关正在复核，30日内答复；复核后终结。",
        State::Closed => "息诉罢访、撤回、移送或程序终结。有新事实可以说明理由重新启动。",
    }
}

fn states() -> AnyView {
    let rows = State::ALL
        .iter()
        .map(|state| {
            view! {
                <div>
                    <dt>{state_badge(*state)}</dt>
                    <dd>{meaning(*state)}</dd>
                </div>
            }
            .into_any()
        })
        .collect_view();
    part(
        "states",
        view! {
            <dl class="help-terms">{rows}</dl>
            <p class="quiet">
                "“积案”不是状态，是长期没有解决的标记：一名领导、一个专班、一套方案、一包到底，直到销号。"
            </p>
        }
        .into_any(),
    )
}

/// From when a limit counts.
const fn counted_from(clock: ClockKind) -> &'static str {
    match clock {
        ClockKind::Acceptance | ClockKind::SimpleAcceptance => "自收到起",
        ClockKind::Handling | ClockKind::SimpleAnswer => "自受理起",
        ClockKind::Extension => "接在办理期限之后，只有一次",
        ClockKind::TransferObjection => "自转送起",
        ClockKind::ReviewRequest => "自处理意见书送达起",
        ClockKind::ReviewAnswer => "自收到复查申请起",
        ClockKind::FinalReviewRequest => "自复查意见书送达起",
        ClockKind::FinalReviewAnswer => "自收到复核申请起，听证时间不算",
        ClockKind::Confirmation => "自调解协议生效起",
    }
}

/// Every limit of a profile with its source.
pub(crate) fn limits_table(profile: &LawProfile) -> AnyView {
    let rows = ClockKind::ALL
        .iter()
        .map(|clock| {
            let limit = profile.limit(*clock);
            view! {
                <tr>
                    <th scope="row">
                        {clock.label()}
                        <span class="limit-from">
                            {format!("{} · {}的期限", counted_from(*clock), clock.owner().label())}
                        </span>
                    </th>
                    <td class="limit-amount">{format!("{}{}", limit.amount, limit.unit.label())}</td>
                    <td>{limit.basis}</td>
                </tr>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <div class="table-box">
            <table class="table limits-table">
                <caption class="sr-only">{profile.title.clone()}</caption>
                <thead>
                    <tr>
                        <th scope="col">"期限"</th>
                        <th scope="col">"多长"</th>
                        <th scope="col">"依据"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn limits() -> AnyView {
    // What the program comes with is shown at once, and stays where nothing else is in force.
    let profiles = load(|| Call::get("/settings/law-profiles").fetch::<Vec<LawProfile>>());
    let profile = Memo::new(move |_| {
        profiles
            .value()
            .map_or_else(LawProfile::default_profile, |profiles| {
                LawProfile::for_case(&profiles, browser::today())
            })
    });
    let table = live(move || {
        profile.with(|profile| {
            view! {
                <p>
                    {format!(
                        "现行规定：{}，适用于{}及以后收到的事项。",
                        profile.title,
                        format::date(profile.in_force_from),
                    )}
                </p>
                {limits_table(profile)}
            }
        })
    });
    let more = session::may(Action::ViewSettings).then(|| {
        view! {
            <p>
                "以前的和尚未施行的规定见"
                <a href="/settings">"设置"</a>
                "。"
            </p>
        }
    });
    part(
        "limits",
        view! {
            {table}
            {list(
                &[
                    "从第二天开始算，到最后一天的24时为止（北京时间）。",
                    "“日”是自然日，不扣节假日；“工作日”按国务院公布的放假调休安排算，调休上班的日子也算。国务院还没有公布安排的年份，按周一至周五估算，页面上会注明。",
                    "补登记的事项，期限按实际收到的日期算，录入时间另记。",
                    "事项按收到那天施行的规定算到底，以后规定变了也不变。",
                ],
            )}
            {more}
        }
        .into_any(),
    )
}

fn sealed() -> AnyView {
    part(
        "sealed",
        list(&[
            "登记时“诉求性质”选“检举控告”，并填上被反映的单位或人员，这件事项就密封了。",
            "被反映的单位和人员看不到这件事项：列表、数量、搜索、导出、通知里都没有，直接输入地址也是“没有找到”。编号单独编（检字号），看编号也看不出缺了哪一件。",
            "反映村、社、站所的，由镇综治办办理或移送；反映镇领导或镇综治办的，只有登记人看得到，只能移送纪检监察等有权机关。",
            "依据：《信访工作条例》第三十条，不得将检举、揭发材料和有关情况透露或者转给被检举、揭发的人员或者单位。",
            "不要在备注、附件名或其他事项里提到检举人。",
        ]),
    )
}

fn numbers() -> AnyView {
    let registers = [Kind::Petition, Kind::Dispute, Kind::Sign]
        .into_iter()
        .any(|kind| session::may(Action::RegisterCase(kind)));
    let entering = registers.then(|| {
        list(&[
            "只填办理这件事需要的。匿名的检举控告和苗头隐患可以不登记人员。",
            "身份证号会核对校验位，填错了马上提示。",
        ])
    });
    part(
        "numbers",
        view! {
            {list(
                &[
                    "身份证号和电话在数据库里是加密的，页面、导出和回执上只显示头尾几位。",
                    "要看完整号码，点“查看完整号码”并写明理由；只显示1分钟。谁在什么时候因为什么看了，监督员查得到。",
                    "人员信息只属于那一件事项，不汇成个人档案，不给人打分，不记录人的行踪。",
                    "“重点人员”是一件事项里的标记，要有理由、复核日期和帮扶办法，事项办结就失效。",
                ],
            )}
            {entering}
        }
        .into_any(),
    )
}

fn public() -> AnyView {
    let lines = list(&[
        "登记回执上有二维码和查询码。群众用自己的手机打开查询页，填编号和查询码，不用登录，就能看到办到哪一步、期限、负责单位、送达的文书、可以怎样救济，以及哪些单位看过。",
        "查询页不显示姓名、电话和反映的内容；检举控告在那里查不到。",
        "查询码只给登记人和镇综治办打印，给出一次记一次审计。请当面交给本人，不要代为保管，也不要代为评价。",
        "答复以后，由没有参与办理的人回访，把满意度登记在事项页上；群众也可以在查询页上自己评价，以自评为准。",
        "群众写的原话只有没有参与办理的镇综治办和镇领导看得到。“不满意”会通知镇综治办跟进。",
    ]);
    let page = view! {
        <p>
            <a href="/p" rel="external" target="_blank">"打开群众查询页"</a>
        </p>
    };
    part("public", view! { {lines} {page} }.into_any())
}

fn offline() -> AnyView {
    part(
        "offline",
        list(&[
            "已打开的登记页断网也能接着填。填的内容随时存在这台电脑或手机上，关掉页面也不会丢，联网后再打开“登记”接着填。",
            "为了保密，证件号、电话和检举控告不存草稿，要联网时填。",
            "提交时断了网，恢复后再点一次提交，不会登记成两件。",
            "登录过期会在原页面上问密码，填好的内容还在。",
            "公用电脑用完请在“我的”里退出登录。",
        ]),
    )
}

fn others() -> AnyView {
    let mine = app::me().user.role;
    let roles = Role::ALL
        .iter()
        .filter(|role| **role != mine)
        .map(|role| {
            let (sees, does) = duties(*role);
            view! {
                <details class="more">
                    <summary>{role.label()}</summary>
                    <p>{format!("看到：{sees}。能办：{does}。")}</p>
                    {list(days_work(*role))}
                </details>
            }
            .into_any()
        })
        .collect_view();
    part("others", roles.into_any())
}
