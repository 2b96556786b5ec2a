//! `/settings`: what holds for the whole township, and the limits that the law sets.

use chrono::NaiveDate;
use leptos::prelude::*;
use shared::access::Action;
use shared::case::deadline::{ClockKind, LawProfile, Limit, LimitUnit};
use shared::role::Role;
use shared::settings::{
    AlertLimits, MAX_ALERT_MINUTES, MAX_REMINDER_DAYS, MAX_URGENT_HOURS, MAX_VISITS_PER_WEEK,
    NewLawProfile, NoticeRules, Reminders, Reporting, Settings, SettingsPatch,
};
use shared::term::Term;
use shared::validate::Errors;

use super::admin::{etag, foot, number, only_for, stale};
use super::heading;
use super::help::limits_table;
use crate::api::{Call, Tagged};
use crate::browser;
use crate::directory::{Options, directory};
use crate::format::{self, ordered};
use crate::load::{Loader, load};
use crate::session;
use crate::ui::dialog::dialog;
use crate::ui::field::{Form, field, terms};
use crate::ui::icon::{Icon, icon};
use crate::ui::live::live;
use crate::ui::notice::{Notices, notices};
use crate::ui::states::waiting;

/// What the page works with.
#[derive(Clone, Copy)]
struct Desk {
    settings: Loader<Tagged<Settings>>,
    profiles: Loader<Vec<LawProfile>>,
    notices: Notices,
    /// Whether the settings' form is up.
    changing: RwSignal<bool>,
    /// Whether the law profile's form is shown.
    adding: RwSignal<bool>,
}

/// The page.
pub(crate) fn page() -> AnyView {
    only_for(Action::ViewSettings, "设置", settings)
}

fn settings() -> AnyView {
    let desk = Desk {
        settings: load(|| Call::get("/settings").tagged()),
        profiles: load(|| Call::get("/settings/law-profiles").fetch()),
        notices: notices(),
        changing: RwSignal::new(false),
        adding: RwSignal::new(false),
    };
    let body = move || match desk.settings.value() {
        Some(now) => change(desk, &now),
        None => ().into_any(),
    };
    view! {
        <div class="page">
            {heading("设置")}
            {desk.settings.view(waiting, move |now| general(desk, &now.value))}
            {dialog(desk.changing, "修改设置".to_owned(), body)}
            {way(
                "workdays",
                "工作日",
                "查看和更正",
                "依国务院公布的放假调休安排；临时调整和新年度的安排在这里更正。",
            )}
            {way(
                "categories",
                "类型和细类",
                "查看和修改",
                "登记时选的类型；细类可以按本地的情况增加、改名、停用。",
            )}
            {way(
                "paper-texts",
                "文书文字",
                "查看和修改",
                "文书的发文机关、复查机关、法院、联系方式，各种文书的附注和常用的预填文字。",
            )}
            {session::may(Action::ManageSettings).then(|| {
                way(
                    "village-map",
                    "村庄地图",
                    "上传和对应",
                    "上传各村边界的 GeoJSON 文件以后，数据看板上按村着色。",
                )
            })}
            {session::may(Action::ManageSettings).then(super::robots::section)}
            {law(desk)}
        </div>
    }
    .into_any()
}

/// The way to a page of settings of its own: what it is called, what the button says, what it is for.
fn way(
    id: &'static str,
    title: &'static str,
    button: &'static str,
    about: &'static str,
) -> AnyView {
    view! {
        <section class="card" aria-labelledby=id>
            <div class="card-head">
                <h2 id=id>{title}</h2>
                <a class="btn" href=format!("/{id}") data-testid=id>{button}</a>
            </div>
            <p class="quiet">{about}</p>
        </section>
    }
    .into_any()
}

fn general(desk: Desk, settings: &Settings) -> AnyView {
    let change = session::may(Action::ManageSettings).then(|| {
        view! {
            <button
                type="button"
                class="btn"
                data-testid="change-settings"
                on:click=move |_| desk.changing.set(true)
            >
                {icon(Icon::Edit)}
                "修改"
            </button>
        }
    });
    view! {
        <section class="card" aria-labelledby="general">
            <div class="card-head">
                <h2 id="general">"乡镇"</h2>
                {change}
            </div>
            <dl class="facts facts-long settings-facts">
                <div><dt>"乡镇名称"</dt><dd>{settings.township_name.clone()}</dd></div>
                <div>
                    <dt>"重要信息报送时限"</dt>
                    <dd>
                        {format!("{}小时", settings.urgent_hours)}
                        <span class="quiet">" 发现可能越级、集体上访等重要信息，须在这个时间内上报。"</span>
                    </dd>
                </div>
                <div>
                    <dt>"每周走访"</dt>
                    <dd>{format!("每村、每社每周至少{}次", settings.visits_per_week)}</dd>
                </div>
                <div>
                    <dt>"重要信息签收、派处置"</dt>
                    <dd>
                        {format!(
                            "上报后{}分钟内签收，签收后{}分钟内派处置，超时再次提醒镇领导",
                            settings.alerts.acknowledge_minutes,
                            settings.alerts.dispatch_minutes,
                        )}
                    </dd>
                </div>
                <div>
                    <dt>"督办提醒"</dt>
                    <dd>
                        {format!(
                            "期限前{}日起黄牌，逾期{}日起红牌",
                            settings.reminders.yellow_days,
                            settings.reminders.red_days,
                        )}
                    </dd>
                </div>
                <div>
                    <dt>"排查报告"</dt>
                    <dd>{reporting(settings.reporting)}</dd>
                    <dt>"到期通知"</dt>
                    <dd>
                        {format!(
                            "事项期限前{}日、专项期限前{}日，当天，逾期每天；工作日{}发每日汇总",
                            days(&settings.notices.case_days),
                            days(&settings.notices.matter_days),
                            settings.notices.digest_at,
                        )}
                    </dd>
                </div>
                <div>
                    <dt>"须使用两步验证"</dt>
                    <dd data-testid="factor-roles">{factor_roles(settings)}</dd>
                </div>
            </dl>
        </section>
    }
    .into_any()
}

/// Who must have a second factor.
fn factor_roles(settings: &Settings) -> String {
    let labels: Vec<&str> = settings
        .second_factor_roles
        .iter()
        .map(|role| role.label())
        .collect();
    if labels.is_empty() {
        "不要求；各人可以在“我的”里自己开启".to_owned()
    } else {
        labels.join("、")
    }
}

/// When reports are due, in a sentence.
fn reporting(at: Reporting) -> String {
    let days = if at.daily_rest_days {
        "每天"
    } else {
        "每个工作日"
    };
    let weekday = WEEKDAYS
        .iter()
        .find(|(number, _)| *number == at.weekly_weekday.to_string())
        .map_or("", |(_, name)| name);
    let from = at
        .from
        .map_or_else(String::new, |day| format!("自{}起。", format::date(day)));
    format!(
        "社{days}{}点前报日报告，村{weekday}{}点前报周报告，站所每月最后一个工作日{}点前报月报告；遇休息日顺延。{from}",
        at.daily_hour, at.weekly_hour, at.monthly_hour
    )
}

const WEEKDAYS: [(&str, &str); 7] = [
    ("1", "星期一"),
    ("2", "星期二"),
    ("3", "星期三"),
    ("4", "星期四"),
    ("5", "星期五"),
    ("6", "星期六"),
    ("7", "星期日"),
];
/// Days as they are typed: `7,3,1`.
fn days(days: &[u32]) -> String {
    let days: Vec<String> = days.iter().map(u32::to_string).collect();
    days.join(",")
}

/// What is no number is out of range, too.
fn read_days(text: &str) -> Vec<u32> {
    let parts = text
        .split([',', '，', '、', ' '])
        .filter(|part| !part.is_empty());
    parts.map(|part| number(part).unwrap_or(0)).collect()
}

fn change(desk: Desk, now: &Tagged<Settings>) -> AnyView {
    let form = Form::new();
    let before = now.value.clone();
    let tag = if now.etag.is_empty() {
        etag(before.version)
    } else {
        now.etag.clone()
    };
    let name = RwSignal::new(before.township_name.clone());
    let hours = RwSignal::new(before.urgent_hours.to_string());
    let visits = RwSignal::new(before.visits_per_week.to_string());
    let seen = RwSignal::new(before.alerts.acknowledge_minutes.to_string());
    let sent = RwSignal::new(before.alerts.dispatch_minutes.to_string());
    let yellow = RwSignal::new(before.reminders.yellow_days.to_string());
    let red = RwSignal::new(before.reminders.red_days.to_string());
    let rules = before.reporting;
    let text = |number: u32| RwSignal::new(number.to_string());
    let daily = text(rules.daily_hour);
    let rest_days = RwSignal::new(rules.daily_rest_days);
    let weekday = text(rules.weekly_weekday);
    let weekly = text(rules.weekly_hour);
    let monthly = text(rules.monthly_hour);
    let reports_from = RwSignal::new(rules.from.map(format::short_date).unwrap_or_default());
    let case_days = RwSignal::new(days(&before.notices.case_days));
    let matter_days = RwSignal::new(days(&before.notices.matter_days));
    let digest_at = RwSignal::new(before.notices.digest_at.clone());
    let codes = |roles: &[Role]| {
        roles
            .iter()
            .map(|role| role.code().to_owned())
            .collect::<Vec<String>>()
    };
    let factor_roles = RwSignal::new(codes(&before.second_factor_roles));
    let directory = directory();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let name = name.get_untracked().trim().to_owned();
        let hours = number(&hours.get_untracked());
        let visits = number(&visits.get_untracked());
        // What is no number is out of range, too.
        let reminders = Reminders {
            yellow_days: number(&yellow.get_untracked()).unwrap_or(u32::MAX),
            red_days: number(&red.get_untracked()).unwrap_or(0),
        };
        let typed = |text: RwSignal<String>| number(&text.get_untracked()).unwrap_or(0);
        let reporting = Reporting {
            daily_hour: typed(daily),
            daily_rest_days: rest_days.get_untracked(),
            weekly_weekday: typed(weekday),
            weekly_hour: typed(weekly),
            monthly_hour: typed(monthly),
            from: reports_from.get_untracked().parse().ok(),
        };
        let alerts = AlertLimits {
            acknowledge_minutes: number(&seen.get_untracked()).unwrap_or(0),
            dispatch_minutes: number(&sent.get_untracked()).unwrap_or(0),
        };
        let patch = SettingsPatch {
            township_name: Some(name),
            urgent_hours: Some(hours.unwrap_or(0)),
            alerts: Some(alerts),
            reminders: Some(reminders),
            reporting: Some(reporting),
            notices: Some(NoticeRules {
                case_days: read_days(&case_days.get_untracked()),
                matter_days: read_days(&matter_days.get_untracked()),
                digest_at: digest_at.get_untracked(),
            }),
            visits_per_week: Some(visits.unwrap_or(0)),
            second_factor_roles: Some(chosen_roles(&factor_roles.get_untracked())),
            papers: None,
        };
        if !form.accept(patch.check()) {
            return;
        }
        let patch = SettingsPatch {
            township_name: patch
                .township_name
                .filter(|name| *name != before.township_name),
            urgent_hours: hours.filter(|hours| *hours != before.urgent_hours),
            alerts: Some(alerts).filter(|alerts| *alerts != before.alerts),
            reminders: Some(reminders).filter(|reminders| *reminders != before.reminders),
            reporting: Some(reporting).filter(|reporting| *reporting != before.reporting),
            notices: patch.notices.filter(|notices| *notices != before.notices),
            visits_per_week: visits.filter(|visits| *visits != before.visits_per_week),
            second_factor_roles: patch
                .second_factor_roles
                .filter(|roles| *roles != before.second_factor_roles),
            papers: None,
        };
        if patch == SettingsPatch::default() {
            desk.changing.set(false);
            return;
        }
        let call = Call::patch("/settings").if_match(&tag).json(&patch);
        form.send(call.tagged::<Settings>(), move |now| {
            desk.changing.try_set(false);
            desk.settings.put(now);
            desk.notices.say("设置已保存。");
            directory.reload();
        });
    };
    let take = move || {
        desk.changing.set(false);
        desk.settings.reload();
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {stale(form, take)}
            {field(form, "township_name", "乡镇名称")
                .hint("显示在首页、回执和导出的台账上。".to_owned())
                .required()
                .input(name)}
            {field(form, "urgent_hours", "重要信息报送时限（小时）")
                .hint(format!("1到{MAX_URGENT_HOURS}小时。"))
                .mode("numeric")
                .class("field field-short")
                .required()
                .input(hours)}
            {field(form, "visits_per_week", "每周走访次数")
                .hint(format!("1到{MAX_VISITS_PER_WEEK}次：每个村、每个社每周至少走访几次。"))
                .mode("numeric")
                .class("field field-short")
                .required()
                .input(visits)}
            {field(form, "alerts.acknowledge_minutes", "重要信息签收时限（分钟）")
                .hint(format!("上报后几分钟内要有人签收，1到{MAX_ALERT_MINUTES}。"))
                .mode("numeric")
                .class("field field-short")
                .required()
                .input(seen)}
            {field(form, "alerts.dispatch_minutes", "重要信息派处置时限（分钟）")
                .hint(format!("签收后几分钟内要派人，1到{MAX_ALERT_MINUTES}。"))
                .mode("numeric")
                .class("field field-short")
                .required()
                .input(sent)}
            {field(form, "reminders.yellow_days", "督办黄牌提醒：期限前几日起")
                .hint(format!("0到{MAX_REMINDER_DAYS}日。"))
                .mode("numeric")
                .class("field field-short")
                .required()
                .input(yellow)}
            {field(form, "reminders.red_days", "督办红牌提醒：逾期几日起")
                .hint(format!("1到{MAX_REMINDER_DAYS}日；1为一逾期就是红牌。"))
                .mode("numeric")
                .class("field field-short")
                .required()
                .input(red)}
            <fieldset class="group">
                <legend>"排查报告"</legend>
                <p class="hint">"改动从下一期起生效，已生成的报告仍按原来的时间。"</p>
                <div class="grid">
                    {hour(form, "reporting.daily_hour", "社日报告：几点前", daily)}
                    {hour(form, "reporting.weekly_hour", "村周报告：几点前", weekly)}
                    {field(form, "reporting.weekly_weekday", "村周报告：星期几")
                        .select(weekday, None, weekdays())}
                    {hour(form, "reporting.monthly_hour", "站所月报告：月末几点前", monthly)}
                    {field(form, "reporting.from", "从哪天起报")
                        .hint("不填为系统启用之日；补报最多60天。".to_owned())
                        .date(reports_from)}
                </div>
                {field(form, "reporting.daily_rest_days", "休息日也要报日报告").check(rest_days)}
            </fieldset>
            {field(form, "notices.case_days", "事项期限前几日通知")
                .hint("用逗号分开，如 7,3,1。到期当天和逾期后每天另有通知。".to_owned())
                .class("field field-short")
                .input(case_days)}
            {field(form, "notices.matter_days", "专项期限前几日通知")
                .hint("督办、听证等。逾期后每个工作日另有通知。".to_owned())
                .class("field field-short")
                .input(matter_days)}
            {field(form, "notices.digest_at", "每日汇总时间")
                .hint("工作日发，07:30至19:00之间。".to_owned())
                .kind("time")
                .class("field field-short")
                .required()
                .input(digest_at)}
            {field(form, "second_factor_roles", "须使用两步验证的角色")
                .hint(
                    "选中的角色登录时除密码外还要手机验证器上的验证码；还没有设置的人，下一次操作就会被要求先设置。"
                        .to_owned(),
                )
                .several(factor_roles, directory.roles())}
            {foot(form, desk.changing, "保存", "btn btn-primary")}
        </form>
    }
    .into_any()
}

/// Roles in the order of the table, whatever was ticked first.
fn chosen_roles(codes: &[String]) -> Vec<Role> {
    let chosen = |role: &&Role| codes.iter().any(|code| code == role.code());
    Role::ALL.iter().filter(chosen).copied().collect()
}

fn hour(form: Form, name: &'static str, label: &'static str, value: RwSignal<String>) -> AnyView {
    field(form, name, label)
        .mode("numeric")
        .class("field field-short")
        .required()
        .input(value)
}

fn weekdays() -> Options {
    WEEKDAYS
        .iter()
        .map(|(number, name)| ((*number).to_owned(), (*name).to_owned()))
        .collect()
}

fn law(desk: Desk) -> AnyView {
    let list = desk.profiles.view(waiting, |profiles| {
        let profiles = ordered(profiles, |profile| std::cmp::Reverse(profile.in_force_from));
        let today = browser::today();
        let now = LawProfile::for_case(&profiles, today).id;
        profiles
            .iter()
            .map(|profile| one(profile, &now, today))
            .collect_view()
            .into_any()
    });
    let adding = live(move || {
        let manages = session::may(Action::ManageSettings);
        match (manages, desk.adding.get(), desk.profiles.value()) {
            (true, true, Some(profiles)) => add(desk, &profiles),
            (true, false, Some(_)) => view! {
                <p class="row">
                    <button
                        type="button"
                        class="btn"
                        data-testid="add-profile"
                        on:click=move |_| {
                            desk.adding.set(true);
                            browser::focus_later("title");
                        }
                    >
                        {icon(Icon::Add)}
                        "新增期限规定"
                    </button>
                </p>
            }
            .into_any(),
            _ => ().into_any(),
        }
    });
    view! {
        <section class="stack" aria-labelledby="law">
            <h2 id="law">"期限规定"</h2>
            <p class="quiet">
                "法规改了期限，在这里新增一份，从施行之日起收到的事项按新规定计算；已登记的事项仍按原来的规定。规定一经新增不再修改、不能删除，事项的期限才说得清来历。"
            </p>
            {adding}
            {list}
        </section>
    }
    .into_any()
}

fn one(profile: &LawProfile, now: &str, today: NaiveDate) -> AnyView {
    let standing = if profile.id == now {
        view! { <span class="badge badge-answered">"现行"</span> }.into_any()
    } else if profile.in_force_from > today {
        view! { <span class="badge badge-wait">"尚未施行"</span> }.into_any()
    } else {
        view! { <span class="badge badge-done">"只用于以前登记的事项"</span> }.into_any()
    };
    let open = profile.id == now;
    view! {
        <details class="card" open=open data-testid="law-profile">
            <summary>
                <h3 class="law-title">{profile.title.clone()}</h3>
                " "
                {standing}
            </summary>
            <div class="stack">
                <p>
                    {format!("适用于{}及以后收到的事项。", format::date(profile.in_force_from))}
                </p>
                {limits_table(profile)}
            </div>
        </details>
    }
    .into_any()
}

/// One limit in the form.
#[derive(Clone, Copy)]
struct Row {
    clock: ClockKind,
    amount: RwSignal<String>,
    unit: RwSignal<String>,
    basis: RwSignal<String>,
}

impl Row {
    fn of(limit: Limit) -> Self {
        Self {
            clock: limit.clock,
            amount: RwSignal::new(limit.amount.to_string()),
            unit: RwSignal::new(limit.unit.code().to_owned()),
            basis: RwSignal::new(limit.basis),
        }
    }

    fn limit(self) -> Limit {
        Limit {
            clock: self.clock,
            // What is no number is out of range, too.
            amount: number(&self.amount.get_untracked()).unwrap_or(0),
            unit: LimitUnit::from_code(&self.unit.get_untracked()).unwrap_or(LimitUnit::Days),
            basis: self.basis.get_untracked().trim().to_owned(),
        }
    }

    fn fields(self, form: Form, at: usize) -> AnyView {
        let name = |field: &str| format!("limits.{at}.{field}");
        view! {
            <fieldset class="group law-row">
                <legend>{self.clock.label()}</legend>
                {field(form, name("amount"), "期限").mode("numeric").required().input(self.amount)}
                {field(form, name("unit"), "单位").select(self.unit, None, terms::<LimitUnit>())}
                {field(form, name("basis"), "依据")
                    .class("field law-basis")
                    .required()
                    .input(self.basis)}
            </fieldset>
        }
        .into_any()
    }
}

fn add(desk: Desk, profiles: &[LawProfile]) -> AnyView {
    let form = Form::new();
    let title = RwSignal::new(String::new());
    let from = RwSignal::new(String::new());
    let latest = profiles
        .iter()
        .max_by_key(|profile| profile.in_force_from)
        .cloned()
        .unwrap_or_else(LawProfile::default_profile);
    let rows: Vec<Row> = ClockKind::ALL
        .iter()
        .map(|clock| Row::of(latest.limit(*clock)))
        .collect();
    let fields = rows
        .iter()
        .enumerate()
        .map(|(at, row)| row.fields(form, at))
        .collect_view();
    let key = StoredValue::new(browser::random_key());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let day: Option<NaiveDate> = from.get_untracked().parse().ok();
        let input = NewLawProfile {
            title: title.get_untracked().trim().to_owned(),
            in_force_from: day.unwrap_or_default(),
            limits: rows.iter().map(|row| row.limit()).collect(),
        };
        let mut errors: Errors = input.check();
        if day.is_none() {
            errors.add("in_force_from", "required", "请填写施行日期。");
        }
        if !form.accept(errors) {
            return;
        }
        let call = Call::post("/settings/law-profiles")
            .once(&key.get_value())
            .json(&input);
        form.send_or(
            call.done(),
            move |()| {
                desk.adding.try_set(false);
                desk.profiles.reload();
                desk.notices.say("期限规定已新增。");
                browser::focus_later("page-title");
            },
            move |failure| {
                // What comes next is another request.
                key.try_set_value(browser::random_key());
                form.fail(failure);
            },
        );
    };
    let when = Signal::derive(move || {
        let day: Option<NaiveDate> = from.get().parse().ok();
        match day {
            Some(day) if day <= browser::today() => {
                "这一天已到：今后登记的事项中，凡这一天及以后收到的，都按新规定；已登记的不变。"
                    .to_owned()
            }
            _ => "这一天及以后收到的事项按新规定计算。".to_owned(),
        }
    });
    view! {
        <form class="card stack" novalidate on:submit=submit aria-labelledby="new-law">
            <h3 id="new-law">"新增期限规定"</h3>
            {form.summary()}
            <p class="note note-sealed">
                {icon(Icon::Warning)}
                " 新增后不能修改或删除。下面已填好最近一份规定，只改变了的地方，依据写明法规名称和条款。"
            </p>
            <div class="grid">
                {field(form, "title", "名称")
                    .placeholder("如：《信访工作条例》（2027年修订）")
                    .required()
                    .input(title)}
                {field(form, "in_force_from", "施行日期").required().hint(when).date(from)}
            </div>
            <div class="law-rows">{fields}</div>
            {foot(form, desk.adding, "新增期限规定", "btn btn-primary")}
        </form>
    }
    .into_any()
}
