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
use crate::directory::directory;
use crate::format;
use crate::load::load;
use crate::session;
use crate::ui::live::live;

/// The parts, for the contents: id and title.
const PARTS: [(&str, &str); 12] = [
    ("work", "我的工作"),
    ("reports", "排查报告和零报告"),
    ("field", "走访、接待日和重要信息"),
    ("offline", "没有信号、断网时"),
    ("receipts", "临时回执号和正式编号"),
    ("notices", "提醒和消息"),
    ("states", "状态是什么意思"),
    ("limits", "办理期限"),
    ("sealed", "检举控告怎样保密"),
    ("numbers", "证件和电话怎样保护"),
    ("public", "群众怎样查进展、怎样评价"),
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
            {reports()}
            {field()}
            {offline()}
            {receipts()}
            {notices()}
            {states()}
            {limits()}
            {sealed()}
            {numbers()}
            {public()}
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
            "有重要信息时页面顶上出现红条：点开签收，再派人处置，办完写明结果。",
            "轮到接待日，首页会提前提醒；谁来过、登记了哪一件，在“接待日”当天的页面上。",
            "反映镇领导或综治办的检举控告，您这里看不到，这是《信访工作条例》第三十条的规定。",
        ],
        Role::CoordinationOffice => &[
            "来信、来访、来电、网上、排查、下访、上级转办，都先登记。登记时提示可能重复的，核对后关联到前一件。",
            "登记次日起15日内决定：受理、转送有权处理的单位，或说明理由不予受理并指明途径。简单明了的用简易程序，3个工作日。",
            "受理后交办到村或站所；首页和台账的“已逾期”“未办结”帮您盯住进度。",
            "检举控告由您移送有权机关，不转给被反映的单位。",
            "“报告”的“报送情况”看谁没报、迟报、零报告、报了情况；有缺漏的退回并写明理由，确有原因的免报。报告里的情况一点就能立为事项。",
            "“接待日”按每周固定的一天排班，遇休息日自动顺延；公告可以直接打印张贴。",
            "事后才知道、当时没有报的重要信息，在“重要信息”里补登漏报，报送率才真实。",
            "手工台账用“导入台账”：先试读，照提示改好再导入，没有改好的行不会进台账。",
        ],
        Role::VillageSecretary => &[
            "村里的矛盾纠纷和苗头隐患，自己登记、受理、调处、办结，就地化解。",
            "信访件由镇综治办受理后交办给村：点“开始办理”，走访、调解随时“记录进展”，自受理次日起60日内答复。",
            "答复要写清事实、依据、意见和可以走的救济途径，送达信访人后登记送达情况。",
            "每周按时上报周报告，没有情况的点“零报告”；各社日报告里的情况可以汇总进来。",
            "入户走访当场在手机上记，答应群众的事写明什么时候以前，到期前会提醒。",
            "办不下来、期限不够的，尽早告诉包村领导，由镇领导批准延期。",
        ],
        Role::GroupInformant => &[
            "发现纠纷或苗头，点“登记”：起因、时间、地点、大约多少人，知道多少写多少。",
            "每天报一次日报告。没有发现情况的，点一下“零报告”就行；没有报就是缺报。",
            "没有信号也照常填：报告、走访、登记、重要信息都先存在手机上，有信号时自动发出。",
            "您看得到自己报的事项办到了哪一步。",
            "打架斗殴、有人要去上访等紧急的，先打电话，再点“上报重要信息”：一句话、在哪里、大概多少人，能拍就拍一张。",
        ],
        Role::PoliceStation => &[
            "镇综治办转送、交办的事项在“台账”里。不属于本所职权的，5个工作日内提出异议并说明理由。",
            "接手点“开始办理”，过程随时“记录进展”，办完答复或办结。",
            "自己发现的矛盾纠纷也可以登记。",
            "全镇的重要信息都会提醒您：看到就签收，去了现场随时反馈。",
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
            "群众来问“我的事办到哪了”，按编号、临时回执号或姓名在台账里查。",
            "接待日有人来：登记新事项、并入已有事项，或者只记一次咨询，都在当天的页面上。",
            "检举控告要选对“诉求性质”，系统才会保密。",
        ],
        Role::Auditor => &[
            "“审计”里有谁在什么时候看了、改了、导出了什么。留意：显示证件电话、导出、登录失败。",
            "点姓名只看这个人，点事项标识只看这一件。",
            "您看不到事项内容。需要核对的，记下编号和时间，向镇综治办了解。",
        ],
        Role::CountyOffice => &[
            "首页是各乡镇的数字，一行一个乡镇，就是那个乡镇的镇领导自己看到的；可以换统计期。",
            "乡镇解决不了、上报上来的事项列在“上报件”，待批示的在前。点开只读：内容、经过、姓名看得到，证件和电话号码打码，附件和文书不给看。",
            "在“专项”的“上报县级”里批示，乡镇马上收到通知；不归县级办的，写明意见退回乡镇。",
            "退回或者乡镇收回以后，这件事项就不再看得到。每次查看都记在审计里，乡镇的监督员也看得到。",
            "没有上报的事项，这里一件也看不到，搜索、导出、推送也没有。",
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

fn reports() -> AnyView {
    part(
        "reports",
        list(&[
            "社报日报告（平时每天18时以前，休息日不报），村报周报告（平时周三18时以前，遇休息日顺延），派出所、法庭、司法所等站所报月报告。到期时间写在首页和报告上。",
            "零报告：排查过了，没有发现情况。点“零报告”一下就报上了。它是一份报告，说明有人去看过；什么都不报的是缺报，过了时间才报的是迟报。",
            "发现了情况就逐项填：起因、时间、地点、大概多少人、发展到哪一步、已经怎么办的。知道多少写多少，姓名和电话不写在报告里。",
            "报上去以后，其中的情况可以立为事项或并入已有的事项，报告和事项互相链接，一项情况只立一次。",
            "报错了、漏了，综治办还没有签收、情况还没有立为事项的，可以撤回补充；按时报过的，撤回补充不算迟报。确实报不了的，请综治办免报并说明理由。",
        ]),
    )
}

fn field() -> AnyView {
    part(
        "field",
        list(&[
            "走访：入户下访、干部走访、回访。写去了哪个村社、哪一户或哪里、听到什么；答应群众的事写明到哪天以前，兑现了点“登记兑现”，没兑现的一直挂着并提醒。",
            "照片：手机上“拍照”直接开相机，“选照片”从相册里挑。发送前自动缩小，去掉拍摄地点；不要拍身份证。",
            "记错了可以更正，原来写的留有记载；整条写错的划除并写明理由。走访不按户、不按人汇总。",
            "接待日：镇领导轮流接待群众，安排和公告全镇可见。来访的人只有值班、陪同、窗口、综治办和镇领导看得到，接待的人就是首问责任人。",
            "重要信息：正在发生的紧急情况。镇领导、综治办、派出所马上收到，页面上有红条和提示音。上报、签收、派处置用了多长时间自动记下。",
            "演练要勾选“这是演练”，处处标明，不计入报送率。检举控告不写在走访、报告、重要信息里，请到“登记”办理。",
        ]),
    )
}

fn offline() -> AnyView {
    part(
        "offline",
        list(&[
            "用 https 地址打开并登录过一次，以后没有信号也打得开：看得到最近一次联网时的待办、本人看得到的事项、报告和走访，证件号和电话只显示头尾。",
            "没有信号时照常填、照常点提交。内容连同照片加密存在这部手机上，有信号时自动发出，每条只发一次，不会登记成两件。",
            "页面顶上和“待发”旁边的数字是还没有发出的条数。每条都写着在哪里：在手机上、已经发出、镇里已收到并有了编号。",
            "别人先改过了、或者没有通过的，内容都还在：“待发”里写着原因，可以修改再发，也可以存成文字。",
            "检举控告为了保密不存在手机上，要有网络时登记。",
            "登录过期会在原页面上问密码，填好的内容还在。14天没有登录的，手机上存的资料自动清除，没有发出的内容保留，等本人登录。",
            "公用的电脑和手机用完请在“我的”里退出登录：存的资料一并清除，还没有发出的会先问您。用 http 地址打开的不能离线，要联网提交。",
        ]),
    )
}

fn receipts() -> AnyView {
    part(
        "receipts",
        list(&[
            "临时回执号：没有网络时登记，手机当场给出，形如“临-7K3M-260302-Q8XWC”，可以打印、给群众看二维码或抄下来。它证明哪天、向谁反映过。",
            "正式编号：发到镇里、登记进台账时由系统给出，形如“平川信〔2026〕00012号”，以后的文书都用它。",
            "两个号指的是同一件事项。台账里按哪一个都查得到；事项的“基本情况”和正式回执上都写着它的临时回执号。",
            "抄错一位系统会提示。查不到的，多半还在登记人的手机上没有发出，请找回执上的首问责任人。",
            "办理期限从收到那天算，不因为晚发出而推迟。",
        ]),
    )
}

fn notices() -> AnyView {
    part(
        "notices",
        list(&[
            "铃铛里是发给您的消息：交办给您的、快到期的、报告被退回的、答应的事到期的、接待日值班的。点开就是那一件。",
            "期限到前7天、3天、1天提醒，逾期每天提醒。同一件事不会重复发。",
            "在“我的”的“通知设置”里，每一类可以即时提醒、并入每日汇总或不接收，还可以设免打扰时段。重要信息不能关，也不受免打扰限制。",
            "消息里不写姓名、电话和事由，群里的机器人也是这样；要看内容，点开登录后看。",
        ]),
    )
}

fn others() -> AnyView {
    let mine = app::me().user.role;
    let directory = directory();
    let roles = live(move || {
        Role::used(directory.has_county())
            .filter(|role| *role != mine)
            .map(|role| {
                let (sees, does) = duties(role);
                view! {
                    <details class="more">
                        <summary>{role.label()}</summary>
                        <p>{format!("看到：{sees}。能办：{does}。")}</p>
                        {list(days_work(role))}
                    </details>
                }
                .into_any()
            })
            .collect_view()
    });
    part("others", roles)
}
