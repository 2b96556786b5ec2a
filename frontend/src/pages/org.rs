//! `/org`: the township's units, and who answers for each. The administrator changes them here.

use chrono::NaiveDate;
use leptos::prelude::*;
use shared::access::Action;
use shared::account::{InitialPassword, User};
use shared::ids::{UnitId, UserId};
use shared::org::{
    FormerName, MAX_UNIT_NAME, Merge, MergeCount, Merging, NewUnit, Unit, UnitKind, UnitPatch,
};
use shared::setup::{NewTownship, Template, TownshipMade};
use shared::term::Term;
use shared::validate::Errors;

use super::admin::{etag, foot, full_name, number, stale};
use super::heading;
use crate::api::{Call, Failure, every};
use crate::browser;
use crate::directory::{Directory, Options, directory, rank};
use crate::format::{date, ordered};
use crate::load::{Load, Loader, load};
use crate::session;
use crate::ui::dialog::Dialog;
use crate::ui::field::{Form, field, filled, offer};
use crate::ui::live::{each, follow, live};
use crate::ui::notice::{Notices, notices};
use crate::ui::request_key::RequestKey;
use crate::ui::states::{empty, failed, waiting_rows};

/// What is being done with a unit.
#[derive(Clone)]
enum Doing {
    Adding(Unit),
    Changing(Unit),
    Closing(Unit),
    Reopening(Unit),
    Merging(Unit),
    /// The county makes another township.
    Founding,
    Telling(InitialPassword),
}

impl Doing {
    fn title(&self) -> String {
        match self {
            Self::Adding(above) => format!("在{}下新增单位", above.name),
            Self::Changing(unit) => format!("修改：{}", unit.name),
            Self::Closing(unit) => format!("停用：{}", unit.name),
            Self::Reopening(unit) => format!("恢复使用：{}", unit.name),
            Self::Merging(unit) => format!("合并：{}", unit.name),
            Self::Founding => "新建乡镇".to_owned(),
            Self::Telling(made) => format!("{}的初始密码", made.user.name),
        }
    }
}

/// What the page works with.
#[derive(Clone, Copy)]
struct Desk {
    directory: Directory,
    notices: Notices,
    units: Memo<Vec<Unit>>,
    /// The administrator's users, the disabled ones among them; nobody else's.
    users: Option<Loader<Vec<User>>>,
    dialog: Dialog<Doing>,
    /// Folds all groups out.
    unfolded: RwSignal<bool>,
}

impl Desk {
    fn new() -> Self {
        let directory = directory();
        Self {
            directory,
            notices: notices(),
            units: Memo::new(move |_| directory.units()),
            users: session::may(Action::ManageUsers).then(|| load(|| every::<User>("/users"))),
            dialog: Dialog::new(),
            unfolded: RwSignal::new(false),
        }
    }

    /// Only the administrator changes units.
    fn changes(self) -> bool {
        self.users.is_some() && session::may(Action::ManageOrg)
    }

    /// Whether the county looks at its townships; what is below one is for its own administrator.
    fn is_county(self) -> bool {
        session::me().is_some_and(|me| {
            let top = self.unit(&me.actor.township_id);
            top.is_some_and(|unit| unit.kind == UnitKind::County)
        })
    }

    fn unit(self, id: &UnitId) -> Option<Unit> {
        self.units
            .with(|units| units.iter().find(|unit| unit.id == *id).cloned())
    }

    /// The ids of what is below a unit and wanted: offices before villages, closed ones last.
    fn below(self, id: &UnitId, wanted: impl Fn(UnitKind) -> bool) -> Vec<UnitId> {
        self.units.with(|units| {
            let below: Vec<&Unit> = units
                .iter()
                .filter(|unit| unit.parent_id.as_ref() == Some(id) && wanted(unit.kind))
                .collect();
            ordered(below, |unit| (unit.closed, rank(unit.kind), unit.position))
                .into_iter()
                .map(|unit| unit.id.clone())
                .collect()
        })
    }

    /// The topmost units that are kept here: townships, not the county above them.
    fn tops(self) -> Vec<UnitId> {
        self.units.with(|units| {
            units
                .iter()
                .filter(|unit| unit.kind == UnitKind::Township)
                .map(|unit| unit.id.clone())
                .collect()
        })
    }

    /// A person's name; one who has left says so.
    fn name(self, id: &UserId) -> Option<String> {
        let Some(users) = self.users else {
            return self.directory.user_name(id.as_str());
        };
        let user = users.value()?.into_iter().find(|user| user.id == *id)?;
        Some(if user.disabled {
            format!("{}（已停用）", user.name)
        } else {
            user.name
        })
    }

    /// Who can be named for a unit: its own people first, each with duty and unit.
    fn people(self, unit: &UnitId) -> Options {
        let users: Vec<User> = self
            .users
            .and_then(Loader::value)
            .unwrap_or_default()
            .into_iter()
            .filter(User::is_active_person)
            .collect();
        let users = ordered(users, |user| {
            (user.unit_id != *unit, user.role, user.name.clone())
        });
        self.units.with(|units| {
            users
                .into_iter()
                .map(|user| {
                    let place = units
                        .iter()
                        .find(|unit| unit.id == user.unit_id)
                        .map(|unit| full_name(units, unit))
                        .unwrap_or_default();
                    let what = filled(user.duty.as_deref().unwrap_or_default())
                        .unwrap_or_else(|| user.role.label().to_owned());
                    (
                        user.id.into_string(),
                        format!("{}（{place} {what}）", user.name),
                    )
                })
                .collect()
        })
    }

    /// What a unit may be merged into: open ones of its kind, of the same kind above.
    fn alike(self, unit: &Unit) -> Options {
        self.units.with(|units| {
            let alike = units.iter().filter(|other| {
                other.id != unit.id
                    && other.kind == unit.kind
                    && !other.closed
                    && !is_top(other.kind)
            });
            alike
                .map(|other| (other.id.as_str().to_owned(), full_name(units, other)))
                .collect()
        })
    }

    /// A township was made: its administrator's initial password is shown, once.
    fn tell(self, made: TownshipMade) {
        self.done(format!("已新建{}。", made.township.name));
        self.dialog.next(Doing::Telling(made.administrator));
    }

    /// A change went through.
    fn done(self, words: String) {
        self.dialog.close();
        self.notices.say(words);
        self.directory.reload();
    }

    /// Somebody else was faster.
    fn take_latest(self) {
        self.dialog.close();
        self.directory.reload();
    }
}

/// The page.
pub(crate) fn page() -> AnyView {
    #[derive(Clone, PartialEq, Eq)]
    enum Stage {
        Waiting,
        Failed(Failure),
        Empty,
        Ready,
    }
    let desk = Desk::new();
    let loader = desk.directory.unit_loader();
    let stage = Memo::new(move |_| {
        loader.state.with(|state| match state {
            Load::Waiting => Stage::Waiting,
            Load::Failed(failure) => Stage::Failed(failure.clone()),
            Load::Ready(units) if units.is_empty() => Stage::Empty,
            Load::Ready(_) => Stage::Ready,
        })
    });
    let draw = live(move || match stage.get() {
        Stage::Waiting => waiting_rows(),
        Stage::Failed(failure) => failed(&failure, move || loader.reload()),
        Stage::Empty => empty(
            "还没有单位",
            "首次设置时选模板，或由系统管理员添加乡镇、村、社和站所。",
            None,
        ),
        Stage::Ready => tree(desk),
    });
    let body = move |doing: Doing| match doing {
        Doing::Adding(above) => add(desk, &above),
        Doing::Changing(unit) => change(desk, &unit),
        Doing::Closing(unit) => turn(desk, unit, true),
        Doing::Reopening(unit) => turn(desk, unit, false),
        Doing::Merging(unit) => merge(desk, &unit),
        Doing::Founding => found(desk),
        Doing::Telling(made) => super::users::tell(desk.dialog.up(), made),
    };
    let buttons = move || {
        if desk.is_county() {
            let button = || {
                view! {
                    <button
                        type="button"
                        class="btn btn-primary"
                        data-testid="new-township"
                        on:click=move |_| desk.dialog.start(Doing::Founding)
                    >
                        "新建乡镇"
                    </button>
                }
            };
            return desk.changes().then(button).into_any();
        }
        let words = if desk.unfolded.get() {
            "收起各社"
        } else {
            "展开各社"
        };
        view! {
            <button
                type="button"
                class="btn"
                data-testid="fold"
                on:click=move |_| desk.unfolded.update(|unfolded| *unfolded = !*unfolded)
            >
                {words}
            </button>
        }
        .into_any()
    };
    let intro = move || {
        if stage.get() == Stage::Ready && desk.is_county() {
            "每个乡镇由自己的系统管理员管理单位、用户和设置，互相看不到。忘了密码的乡镇管理员，在“用户”里重置。"
        } else if desk.changes() {
            "每个单位一名第一责任人，村有包村领导，社有包社干部。停用的单位不再接收新事项，旧事项上仍显示它的名称。村、站所合并的，用“合并”：未了的工作一次转过去，老账留在原来的名下。"
        } else {
            "各单位的第一责任人，和包村领导、包社干部。有变动请告诉系统管理员。"
        }
    };
    view! {
        <div class="page page-wide">
            <div class="page-head">
                {heading("单位")}
                <div class="row page-buttons">
                    {live(move || (stage.get() == Stage::Ready).then(buttons))}
                </div>
            </div>
            <p class="quiet">{live(intro)}</p>
            {draw}
            {desk.dialog.view(Doing::title, body)}
        </div>
    }
    .into_any()
}

fn tree(desk: Desk) -> AnyView {
    if desk.is_county() {
        return county(desk);
    }
    view! {
        {each(move || desk.tops(), move |id| township(desk, id))}
    }
    .into_any()
}

/// The county with its townships, a line each.
fn county(desk: Desk) -> AnyView {
    let top = session::me().map(|me| me.actor.township_id);
    let line = move |id: UnitId| {
        let counted = id.clone();
        let count = live(move || {
            let villages = desk.below(&counted, |kind| kind == UnitKind::Village).len();
            let offices = desk.below(&counted, |kind| kind != UnitKind::Village).len();
            format!("{villages}个村，{offices}个镇直单位")
        });
        view! {
            <li class="org-unit" data-testid="township">
                {row(desk, id)}
                <p class="quiet">{count}</p>
            </li>
        }
        .into_any()
    };
    let none = live(move || {
        let none = desk.tops().is_empty();
        none.then(|| view! { <p class="quiet">"还没有乡镇。"</p> })
    });
    view! {
        {top.map(|id| view! { <div class="org-top">{row(desk, id)}</div> })}
        <section class="org-part">
            <h2>"乡镇"</h2>
            <ul class="org-list">{each(move || desk.tops(), line)}</ul>
            {none}
        </section>
    }
    .into_any()
}

fn township(desk: Desk, id: UnitId) -> AnyView {
    let offices = id.clone();
    let villages = id.clone();
    let part = move |title: &'static str, list: AnyView| {
        view! {
            <section class="org-part">
                <h2>{title}</h2>
                {list}
            </section>
        }
        .into_any()
    };
    let list = move |ids: Signal<Vec<UnitId>>, none: &'static str| {
        view! {
            <ul class="org-list">
                {each(move || ids.get(), move |id| item(desk, id))}
            </ul>
            {live(move || {
                ids.with(Vec::is_empty).then(|| view! { <p class="quiet">{none}</p> })
            })}
        }
        .into_any()
    };
    let office_ids = Signal::derive(move || desk.below(&offices, |kind| kind != UnitKind::Village));
    let village_ids =
        Signal::derive(move || desk.below(&villages, |kind| kind == UnitKind::Village));
    view! {
        <div class="org-top">{row(desk, id)}</div>
        {part("镇直单位", list(office_ids, "还没有镇直单位。"))}
        {part("村", list(village_ids, "还没有村。"))}
    }
    .into_any()
}

/// A unit with what is below it.
fn item(desk: Desk, id: UnitId) -> AnyView {
    let above = id.clone();
    let groups = Memo::new(move |_| desk.below(&above, |kind| kind == UnitKind::Group));
    let below = live(move || {
        let count = groups.with(Vec::len);
        (count > 0).then(|| {
            view! {
                <details class="org-groups" prop:open=follow(move || desk.unfolded.get())>
                    <summary>{format!("{count}个社")}</summary>
                    <ul class="org-list">
                        {each(move || groups.get(), move |id| view! { <li class="org-unit">{row(desk, id)}</li> }.into_any())}
                    </ul>
                </details>
            }
        })
    });
    view! {
        <li class="org-unit" data-testid="unit">
            {row(desk, id)}
            {below}
        </li>
    }
    .into_any()
}

/// What the responsible leader of a unit is called; only villages and groups have one.
const fn lead_title(kind: UnitKind) -> Option<&'static str> {
    match kind {
        UnitKind::Village => Some("包村领导"),
        UnitKind::Group => Some("包社干部"),
        _ => None,
    }
}

/// A unit by itself. Its parts follow the unit, so that the button that a dialog came from is
/// still there when it closes.
fn row(desk: Desk, id: UnitId) -> AnyView {
    let unit = Memo::new(move |_| desk.unit(&id));
    let shown = live(move || {
        unit.get().map(|unit| {
            let words = match &unit.merged_into {
                Some(into) => {
                    let into = desk.unit(into).map(|into| into.name).unwrap_or_default();
                    format!("已并入{into}")
                }
                None => "已停用".to_owned(),
            };
            let closed = unit
                .closed
                .then(|| view! { <span class="badge badge-done">{words}</span> });
            let short = unit
                .short_name
                .as_ref()
                .filter(|_| unit.kind == UnitKind::Township)
                .map(|short| view! { <span class="quiet">{format!("编号简称：{short}")}</span> });
            view! {
                <p class="org-name" class:org-closed=unit.closed>
                    <strong>{unit.name.clone()}</strong>
                    <span class="badge">{unit.kind.label()}</span>
                    {closed}
                    {short}
                    {former(&unit)}
                </p>
                {shows_people(desk, unit.kind).then(|| people(desk, &unit))}
            }
        })
    });
    let buttons = desk.changes().then(|| buttons(desk, unit));
    view! {
        <div class="org-row">
            {shown}
            {buttons}
        </div>
    }
    .into_any()
}

/// The names that a unit had, and until when; of a merged one, from when on.
fn former(unit: &Unit) -> Option<AnyView> {
    let told = |former: &FormerName| format!("{}（至{}）", former.name, before(former.until));
    let names: Vec<String> = unit.former_names.iter().map(told).collect();
    let mut words = Vec::new();
    if let Some(on) = unit.merged_on {
        words.push(format!("自{}起", date(on)));
    }
    if !names.is_empty() {
        words.push(format!("曾用名：{}", names.join("、")));
    }
    (!words.is_empty())
        .then(|| view! { <span class="quiet org-former">{words.join("，")}</span> }.into_any())
}

/// The last day before one.
fn before(day: NaiveDate) -> String {
    date(day.pred_opt().unwrap_or(day))
}

/// Whether who answers for a unit is shown and named here: of a township its own people do that.
fn shows_people(desk: Desk, kind: UnitKind) -> bool {
    kind != UnitKind::Township || !desk.is_county()
}

fn people(desk: Desk, unit: &Unit) -> AnyView {
    let fact = move |name: &'static str, id: Option<UserId>| {
        let who = live(move || match &id {
            None => view! { <span class="quiet">"未指定"</span> }.into_any(),
            Some(id) => desk.name(id).unwrap_or_else(|| "—".to_owned()).into_any(),
        });
        view! {
            <div>
                <dt>{name}</dt>
                <dd>{who}</dd>
            </div>
        }
        .into_any()
    };
    let lead = lead_title(unit.kind).map(|title| fact(title, unit.lead_user_id.clone()));
    view! {
        <dl class="org-people">
            {fact("第一责任人", unit.responsible_user_id.clone())}
            {lead}
        </dl>
    }
    .into_any()
}

fn buttons(desk: Desk, unit: Memo<Option<Unit>>) -> AnyView {
    let button = move |words: &'static str, doing: fn(Unit) -> Doing| {
        let name = move || unit.with(|unit| unit.as_ref().map(|unit| unit.name.clone()));
        view! {
            <button
                type="button"
                class="btn btn-small"
                aria-label=follow(move || format!("{words}：{}", name().unwrap_or_default()))
                on:click=move |_| {
                    if let Some(unit) = unit.get_untracked() {
                        desk.dialog.start(doing(unit));
                    }
                }
            >
                {words}
            </button>
        }
        .into_any()
    };
    let is = move |wanted: fn(&Unit) -> bool| unit.with(|unit| unit.as_ref().is_some_and(wanted));
    let add = Memo::new(move |_| {
        !desk.is_county() && is(|unit| !unit.closed && !kinds_below(unit.kind).is_empty())
    });
    let close = Memo::new(move |_| is(|unit| !unit.closed && !is_top(unit.kind)));
    let reopen = Memo::new(move |_| is(|unit| unit.closed && unit.merged_into.is_none()));
    let change = Memo::new(move |_| is(|unit| unit.merged_into.is_none()));
    let merge = Memo::new(move |_| {
        unit.with(|unit| {
            let unit = unit.as_ref().filter(|unit| !unit.closed);
            unit.is_some_and(|unit| !desk.alike(unit).is_empty())
        })
    });
    view! {
        <p class="row org-buttons">
            {live(move || add.get().then(|| button("新增下级", Doing::Adding)))}
            {live(move || change.get().then(|| button("修改", Doing::Changing)))}
            {live(move || merge.get().then(|| button("合并", Doing::Merging)))}
            {live(move || close.get().then(|| button("停用", Doing::Closing)))}
            {live(move || reopen.get().then(|| button("恢复使用", Doing::Reopening)))}
        </p>
    }
    .into_any()
}

/// What is never closed, and has no order among others.
const fn is_top(kind: UnitKind) -> bool {
    matches!(kind, UnitKind::Township | UnitKind::County)
}

/// What may stand below a unit of this kind.
fn kinds_below(above: UnitKind) -> Vec<UnitKind> {
    UnitKind::ALL
        .iter()
        .copied()
        .filter(|kind| kind.fits_below(Some(above)))
        .collect()
}

fn add(desk: Desk, above: &Unit) -> AnyView {
    let form = Form::new();
    let kinds = kinds_below(above.kind);
    let first = kinds.first().copied().unwrap_or(UnitKind::Village);
    let only = kinds.len() == 1;
    let kind = RwSignal::new(first.code().to_owned());
    let name = RwSignal::new(String::new());
    let responsible = RwSignal::new(String::new());
    let lead = RwSignal::new(String::new());
    let above_id = above.id.clone();
    let key = browser::random_key();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let kind = UnitKind::from_code(&kind.get_untracked()).unwrap_or(first);
        let input = NewUnit {
            parent_id: Some(above_id.clone()),
            kind,
            name: name.get_untracked().trim().to_owned(),
            short_name: None,
            responsible_user_id: filled(&responsible.get_untracked()).map(Into::into),
            lead_user_id: lead_title(kind)
                .and_then(|_| filled(&lead.get_untracked()))
                .map(Into::into),
        };
        if !form.accept(input.check()) {
            return;
        }
        let words = format!("已新增{}“{}”。", input.kind.label(), input.name);
        let call = Call::post("/org-units").once(&key).json(&input);
        form.send(call.done(), move |()| desk.done(words));
    };
    let kind_field = (!only).then(|| {
        let options: Options = kinds.into_iter().map(offer).collect();
        field(form, "kind", "单位类型")
            .required()
            .select(kind, None, options)
    });
    let example = if only {
        "如：9社"
    } else {
        "如：五里墩村"
    };
    let lead_field = live(move || {
        let title = UnitKind::from_code(&kind.get()).and_then(lead_title)?;
        Some(field(form, "lead_user_id", title).select(
            lead,
            Some("暂不指定"),
            desk.people(&UnitId::new("")),
        ))
    });
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {kind_field}
            {field(form, "name", "名称").required().placeholder(example).input(name)}
            {field(form, "responsible_user_id", "第一责任人")
                .hint("名单里没有的，先到“用户”里添加。".to_owned())
                .select(responsible, Some("暂不指定"), desk.people(&UnitId::new("")))}
            {lead_field}
            {foot(form, desk.dialog.up(), "新增", "btn btn-primary")}
        </form>
    }
    .into_any()
}

/// Another township, with its first administrator.
fn found(desk: Desk) -> AnyView {
    let form = Form::new();
    let name = RwSignal::new(String::new());
    let short = RwSignal::new(String::new());
    let template = RwSignal::new(Template::Empty.code().to_owned());
    let username = RwSignal::new(String::new());
    let administrator = RwSignal::new(String::new());
    let templates: Options = Template::ALL.iter().copied().map(offer).collect();
    let key = browser::random_key();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let input = NewTownship {
            name: name.get_untracked().trim().to_owned(),
            short_name: filled(&short.get_untracked()),
            template: Template::from_code(&template.get_untracked()).unwrap_or(Template::Empty),
            username: username.get_untracked().trim().to_owned(),
            administrator: administrator.get_untracked().trim().to_owned(),
        };
        if !form.accept(input.check()) {
            return;
        }
        let call = Call::post("/townships").once(&key).json(&input);
        form.send(call.fetch::<TownshipMade>(), move |made| desk.tell(made));
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {field(form, "name", "乡镇名称").required().placeholder("如：临河镇").input(name)}
            {field(form, "short_name", "简称")
                .hint("事项编号以它开头；不填就用名称去掉“镇”“乡”“街道”。".to_owned())
                .input(short)}
            {field(form, "template", "从哪里开始")
                .required()
                .select(template, None, templates)}
            {field(form, "administrator", "系统管理员姓名").required().input(administrator)}
            {field(form, "username", "用户名")
                .hint("用来登录，定了不再改；全县不能重复。".to_owned())
                .required()
                .input(username)}
            <p class="hint">"设置、工作日、期限规定和法律法规目录先照县级的，以后由乡镇自己改。"</p>
            {foot(form, desk.dialog.up(), "新建并生成初始密码", "btn btn-primary")}
        </form>
    }
    .into_any()
}

fn change(desk: Desk, unit: &Unit) -> AnyView {
    let form = Form::new();
    let text = |text: Option<&str>| RwSignal::new(text.unwrap_or_default().to_owned());
    let name = text(Some(&unit.name));
    let short = text(unit.short_name.as_deref());
    let responsible = text(unit.responsible_user_id.as_ref().map(UserId::as_str));
    let lead = text(unit.lead_user_id.as_ref().map(UserId::as_str));
    let position = text(Some(&unit.position.to_string()));
    let is_township = unit.kind == UnitKind::Township;
    let is_top = is_top(unit.kind);
    let has_lead = lead_title(unit.kind).is_some();
    let before = unit.clone();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let mut errors = Errors::new();
        errors.text("name", "名称", &name.get_untracked(), MAX_UNIT_NAME);
        if is_township {
            errors.text(
                "short_name",
                "乡镇简称",
                &short.get_untracked(),
                MAX_UNIT_NAME,
            );
        }
        let at = number(&position.get_untracked()).and_then(|at| i32::try_from(at).ok());
        if at.is_none() && !is_top {
            errors.add("position", "invalid", "次序请填数字，如 3。");
        }
        if !form.accept(errors) {
            return;
        }
        // An empty id clears; what has not changed is not sent.
        let person = |now: RwSignal<String>, before: Option<&UserId>| {
            let now = now.get_untracked();
            (now != before.map(UserId::as_str).unwrap_or_default()).then(|| UserId::new(now))
        };
        let patch = UnitPatch {
            name: Some(name.get_untracked().trim().to_owned()),
            short_name: is_township.then(|| short.get_untracked().trim().to_owned()),
            responsible_user_id: person(responsible, before.responsible_user_id.as_ref()),
            lead_user_id: has_lead
                .then(|| person(lead, before.lead_user_id.as_ref()))
                .flatten(),
            position: at.filter(|at| *at != before.position),
            closed: None,
        };
        let words = format!("“{}”已保存。", name.get_untracked().trim());
        let call = Call::patch(format!("/org-units/{}", before.id))
            .if_match(&etag(before.version))
            .json(&patch);
        form.send(call.done(), move |()| desk.done(words));
    };
    let short_field = is_township.then(|| {
        field(form, "short_name", "简称")
            .hint(
                "今后新事项的编号以它开头，如“平川信〔2026〕00012号”；已有的编号不变。".to_owned(),
            )
            .required()
            .input(short)
    });
    let position_field = (!is_top).then(|| {
        field(form, "position", "次序")
            .hint("同级单位按次序从小到大排列。".to_owned())
            .mode("numeric")
            .class("field field-short")
            .input(position)
    });
    let responsible_field = shows_people(desk, unit.kind).then(|| {
        field(form, "responsible_user_id", "第一责任人").select(
            responsible,
            Some("未指定"),
            current(
                desk,
                desk.people(&unit.id),
                unit.responsible_user_id.as_ref(),
            ),
        )
    });
    let lead_field = lead_title(unit.kind).map(|title| {
        field(form, "lead_user_id", title).select(
            lead,
            Some("未指定"),
            current(desk, desk.people(&unit.id), unit.lead_user_id.as_ref()),
        )
    });
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {stale(form, move || desk.take_latest())}
            {field(form, "name", "名称").required().input(name)}
            {short_field}
            {responsible_field}
            {lead_field}
            {position_field}
            {foot(form, desk.dialog.up(), "保存", "btn btn-primary")}
        </form>
    }
    .into_any()
}

/// The choices, with the present one among them even if that person has left.
fn current(desk: Desk, mut people: Options, now: Option<&UserId>) -> Options {
    if let Some(id) = now
        && !people.iter().any(|(known, _)| known == id.as_str())
    {
        let name = desk.name(id).unwrap_or_else(|| "已离开的人员".to_owned());
        people.insert(0, (id.as_str().to_owned(), name));
    }
    people
}

/// Closes a unit, or takes it into use again.
fn turn(desk: Desk, unit: Unit, closed: bool) -> AnyView {
    let form = Form::new();
    let words = if closed {
        "停用后不再接收新事项、不能登录新用户；旧事项上仍显示它的名称，以后可以恢复。还有在用下级单位或用户的，要先停用或调整他们。"
    } else {
        "恢复后可以重新接收事项、安排用户。"
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let patch = UnitPatch {
            closed: Some(closed),
            ..UnitPatch::default()
        };
        let words = if closed {
            format!("“{}”已停用。", unit.name)
        } else {
            format!("“{}”已恢复使用。", unit.name)
        };
        let call = Call::patch(format!("/org-units/{}", unit.id))
            .if_match(&etag(unit.version))
            .json(&patch);
        form.send(call.done(), move |()| desk.done(words));
    };
    let (label, class) = if closed {
        ("停用", "btn btn-danger")
    } else {
        ("恢复使用", "btn btn-primary")
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {stale(form, move || desk.take_latest())}
            <p>{words}</p>
            {foot(form, desk.dialog.up(), label, class)}
        </form>
    }
    .into_any()
}

/// Merges a unit into another: what goes over is told in numbers before.
fn merge(desk: Desk, unit: &Unit) -> AnyView {
    let form = Form::new();
    let into = RwSignal::new(String::new());
    let on = RwSignal::new(browser::today().to_string());
    let key = RequestKey::new();
    let path = format!("/org-units/{}/merge", unit.id);
    let asked = path.clone();
    let preview = load(move || {
        let id = into.get();
        let path = format!("{asked}?into_id={id}");
        async move {
            if id.is_empty() {
                return Ok(None);
            }
            Call::get(path).fetch::<Merging>().await.map(Some)
        }
    });
    let before = unit.clone();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let id = into.get_untracked();
        let day = on.get_untracked().parse::<NaiveDate>();
        let mut errors = match &day {
            Ok(day) => {
                let merge = Merge {
                    into_id: UnitId::new(id.clone()),
                    on: *day,
                };
                merge.check(browser::today())
            }
            Err(_) => Errors::new(),
        };
        if id.is_empty() {
            errors.add("into_id", "required", "请选择并入哪个单位。");
        }
        if day.is_err() {
            errors.add("on", "required", "请填写合并日期。");
        }
        if !form.accept(errors) {
            return;
        }
        let Ok(day) = day else { return };
        let input = Merge {
            into_id: UnitId::new(id),
            on: day,
        };
        let call = Call::post(path.clone())
            .once(&key.of(&input))
            .if_match(&etag(before.version))
            .json(&input);
        form.send(call.fetch::<Merging>(), move |done| {
            if let Some(users) = desk.users {
                users.reload();
            }
            desk.done(format!("“{}”已并入“{}”。", done.unit.name, done.into.name));
        });
    };
    let told = move || {
        let chosen = !into.get().is_empty();
        chosen.then(|| preview.view(waiting_rows, |merging| goes_over(merging.as_ref())))
    };
    let others = desk.alike(unit);
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {stale(form, move || desk.take_latest())}
            <p>
                {format!(
                    "“{}”停用留存，没办完的事、用户和各社转到并入的单位。办结的事项仍写原来的名称，以前的统计也留在原单位名下。合并以后不能拆回。",
                    unit.name,
                )}
            </p>
            {field(form, "into_id", "并入").required().select(into, Some("请选择"), others)}
            {field(form, "on", "自哪天起")
                .required()
                .hint("今天，或一年以内已经过去的一天；截至前一天的统计仍归原单位。".to_owned())
                .class("field field-short")
                .date(on)}
            {live(told)}
            {foot(form, desk.dialog.up(), "合并", "btn btn-danger")}
        </form>
    }
    .into_any()
}

/// What goes over, in numbers.
fn goes_over(merging: Option<&Merging>) -> AnyView {
    let Some(merging) = merging else {
        return ().into_any();
    };
    let line = |of: &MergeCount| {
        view! {
            <div>
                <dt>{of.part.label()}</dt>
                <dd>{of.count.to_string()}</dd>
            </div>
        }
        .into_any()
    };
    let lines = merging.moves.iter().map(line).collect_view();
    let none = merging
        .moves
        .is_empty()
        .then(|| view! { <p class="quiet">"没有未了的工作要转。"</p> });
    let renamed = (!merging.renamed.is_empty()).then(|| {
        let words = format!(
            "和{}的社重名，改称：{}。以后可以再改。",
            merging.into.name,
            merging.renamed.join("、")
        );
        view! { <p class="hint">{words}</p> }
    });
    view! {
        <section class="org-merging" data-testid="goes-over">
            <h3>{format!("转到{}的", merging.into.name)}</h3>
            <dl class="facts facts-long">{lines}</dl>
            {none}
            {renamed}
        </section>
    }
    .into_any()
}
