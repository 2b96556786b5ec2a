//! `/deputies`: who does the work of an absent colleague (临时代理). Everybody names their own deputy here;
//! the administrator sees the township's, and names one from the page of users.

use chrono::NaiveDate;
use leptos::prelude::*;
use shared::access::Action;
use shared::deputy::{
    Deputation, DeputationPatch, DeputationState, MAX_DAYS, MAX_REASON, NewDeputation, Person,
    Plan, Span, can_be_deputised,
};
use shared::ids::UserId;
use shared::page::Page;
use shared::role::Role;
use shared::term::Term;
use shared::validate::Errors;

use super::admin::{etag, foot, only_for, stale};
use super::heading;
use crate::api::{Answer, Call};
use crate::app;
use crate::browser;
use crate::directory::{Directory, Options, directory};
use crate::load::{Loader, load};
use crate::rows::{Rows, rows};
use crate::ui::dialog::Dialog;
use crate::ui::field::{Form, field, filled};
use crate::ui::icon::{Icon, icon};
use crate::ui::lists::by_width;
use crate::ui::notice::{Notices, notices};
use crate::ui::states::{empty, waiting};

/// Those that are ahead or in force and that the caller may know of.
pub(crate) async fn current() -> Answer<Vec<Deputation>> {
    let path = "/deputations?current=true&limit=200";
    let page: Page<Deputation> = Call::get(path).fetch().await?;
    Ok(page.items)
}

/// `代理：王某某，3月1日至3月10日`
pub(crate) fn by_whom(deputation: &Deputation) -> String {
    let days = span(deputation).told();
    format!("代理：{}，{days}", deputation.deputy.name)
}

const fn span(deputation: &Deputation) -> Span {
    Span {
        first: deputation.first_day,
        last: deputation.last_day,
    }
}

/// What is in the dialog.
#[derive(Clone)]
enum Doing {
    Naming,
    Changing(Deputation),
    Ending(Deputation),
}

impl Doing {
    fn title(&self) -> String {
        match self {
            Self::Naming => "安排临时代理".to_owned(),
            Self::Changing(one) => format!("更改：{}的临时代理", one.user.name),
            Self::Ending(one) if one.state == DeputationState::Ahead => {
                format!("撤回：{}的临时代理", one.user.name)
            }
            Self::Ending(one) => format!("结束：{}的临时代理", one.user.name),
        }
    }
}

#[derive(Clone, Copy)]
struct Desk {
    list: Rows<Deputation>,
    directory: Directory,
    notices: Notices,
    dialog: Dialog<Doing>,
}

impl Desk {
    fn done(self, words: String) {
        self.dialog.close();
        self.notices.say(words);
        self.list.reload();
    }

    fn take_latest(self) {
        self.dialog.close();
        self.list.reload();
    }
}

/// The page.
pub(crate) fn page() -> AnyView {
    only_for(Action::NameDeputy, "临时代理", list)
}

fn list() -> AnyView {
    let role = app::me().user.role;
    let desk = Desk {
        list: rows(Memo::new(|_| "/deputations".to_owned())),
        directory: directory(),
        notices: notices(),
        dialog: Dialog::new(),
    };
    let body = move |doing: Doing| match doing {
        Doing::Naming => name_own(desk),
        Doing::Changing(one) => change(desk, one),
        Doing::Ending(one) => end(desk, one),
    };
    let name = can_be_deputised(role).then(|| {
        view! {
            <button
                type="button"
                class="btn btn-primary"
                data-testid="name-deputy"
                on:click=move |_| desk.dialog.start(Doing::Naming)
            >
                {icon(Icon::Add)}
                "安排代理"
            </button>
        }
    });
    let users = (role == Role::Administrator)
        .then(|| view! { <a class="btn" href="/users">"到“用户”里安排"</a> });
    let found = desk.list.view(
        || {
            empty(
                "没有临时代理",
                "休假、培训等几天不在时，可以请同角色的同事代理，到期自动结束。",
                None,
            )
        },
        move |all| shown(desk, all),
    );
    view! {
        <div class="page page-wide">
            <div class="page-head">
                {heading("临时代理")}
                <div class="row page-buttons">{name} {users}</div>
            </div>
            <p class="quiet">
                {format!(
                    "代理期间，代理人在自己的工作之外，可以查看和办理被代理人的事项，记录上写明“代”谁；被代理人的权限不变。账号、密码、通知和令牌不受影响。一次最多{MAX_DAYS}天，更长的请办理工作交接。",
                )}
            </p>
            {found}
            {desk.dialog.view(Doing::title, body)}
        </div>
    }
    .into_any()
}

fn shown(desk: Desk, all: Vec<Deputation>) -> AnyView {
    let heads = vec![
        "谁的工作",
        "代理人",
        "日期",
        "事由",
        "安排人",
        "状态",
        "操作",
    ];
    by_width(
        "临时代理",
        heads,
        all,
        move |one| line(desk, one),
        move |one| card(desk, one),
    )
}

fn standing(state: DeputationState) -> AnyView {
    let class = match state {
        DeputationState::Ahead => "badge badge-wait",
        DeputationState::InForce => "badge badge-answered",
        DeputationState::Over | DeputationState::Withdrawn => "badge badge-done",
    };
    view! { <span class=class>{state.label()}</span> }.into_any()
}

fn line(desk: Desk, one: Deputation) -> AnyView {
    view! {
        <tr data-testid="deputation">
            <th scope="row">{one.user.name.clone()}</th>
            <td>{one.deputy.name.clone()}</td>
            <td>{span(&one).told()}</td>
            <td>{one.reason.clone()}</td>
            <td>{one.named_by.name.clone()}</td>
            <td>{standing(one.state)}</td>
            <td>{buttons(desk, one)}</td>
        </tr>
    }
    .into_any()
}

fn card(desk: Desk, one: Deputation) -> AnyView {
    let reason = one
        .reason
        .clone()
        .map(|reason| view! { <div><dt>"事由"</dt><dd>{reason}</dd></div> });
    view! {
        <li class="card admin-card" data-testid="deputation">
            <p class="admin-card-head">
                <strong>{format!("{}，由{}代理", one.user.name, one.deputy.name)}</strong>
                {standing(one.state)}
            </p>
            <dl class="facts">
                <div><dt>"日期"</dt><dd>{span(&one).told()}</dd></div>
                {reason}
                <div><dt>"安排人"</dt><dd>{one.named_by.name.clone()}</dd></div>
            </dl>
            {buttons(desk, one)}
        </li>
    }
    .into_any()
}

fn buttons(desk: Desk, one: Deputation) -> AnyView {
    if !one.may_change {
        return ().into_any();
    }
    let end = if one.state == DeputationState::Ahead {
        "撤回"
    } else {
        "提前结束"
    };
    let label = |words: &str| format!("{words}：{}的代理", one.user.name);
    let (change_label, end_label) = (label("更改"), label(end));
    let other = one.clone();
    view! {
        <p class="row">
            <button
                type="button"
                class="btn btn-small"
                data-testid="change-deputation"
                aria-label=change_label
                on:click=move |_| desk.dialog.start(Doing::Changing(one.clone()))
            >
                "更改"
            </button>
            <button
                type="button"
                class="btn btn-small"
                data-testid="end-deputation"
                aria-label=end_label
                on:click=move |_| desk.dialog.start(Doing::Ending(other.clone()))
            >
                {end}
            </button>
        </p>
    }
    .into_any()
}

/// Whose absence it is, and who may be asked: colleagues of the same role.
#[derive(Clone)]
pub(crate) struct Absent {
    pub(crate) id: UserId,
    pub(crate) role: Role,
    /// Those of the same role in the same township who may sign in, without the person.
    pub(crate) colleagues: Options,
}

/// What the form asks for.
#[derive(Clone, Copy)]
struct Fields {
    form: Form,
    deputy: RwSignal<String>,
    first: RwSignal<String>,
    last: RwSignal<String>,
    reason: RwSignal<String>,
}

/// What was typed, as far as it is a plan.
struct Typed {
    deputy: UserId,
    span: Span,
    reason: Option<String>,
}

impl Fields {
    fn new(deputy: &str, first: NaiveDate, last: Option<NaiveDate>, reason: &str) -> Self {
        Self {
            form: Form::new(),
            deputy: RwSignal::new(deputy.to_owned()),
            first: RwSignal::new(first.to_string()),
            last: RwSignal::new(last.map(|day| day.to_string()).unwrap_or_default()),
            reason: RwSignal::new(reason.to_owned()),
        }
    }

    /// What was typed, if the rules have nothing against it; says what they have.
    fn read(self, absent: &Absent, begun: bool, others: &[Span]) -> Option<Typed> {
        let day = |value: RwSignal<String>| value.get_untracked().parse::<NaiveDate>().ok();
        let (Some(first), Some(last)) = (day(self.first), day(self.last)) else {
            let mut errors = Errors::new();
            if day(self.first).is_none() {
                errors.add("first_day", "required", "请选择开始日期。");
            }
            if day(self.last).is_none() {
                errors.add("last_day", "required", "请选择结束日期。");
            }
            self.form.accept(errors);
            return None;
        };
        let township = app::me().actor.township_id;
        let deputy = UserId::from(self.deputy.get_untracked().as_str());
        let person = |id| Person {
            id,
            role: absent.role,
            township_id: &township,
            disabled: false,
            service: false,
        };
        let reason = filled(&self.reason.get_untracked());
        let plan = Plan {
            absent: Some(person(&absent.id)),
            deputy: (!deputy.as_str().is_empty()).then(|| person(&deputy)),
            span: Span { first, last },
            reason: reason.as_deref(),
            begun,
        };
        if !self.form.accept(plan.check(browser::today(), others)) {
            return None;
        }
        Some(Typed {
            span: plan.span,
            deputy,
            reason,
        })
    }

    fn inputs(self, absent: &Absent, begun: bool) -> AnyView {
        let today = browser::today();
        let fixed = (!begun).then(|| {
            let whom = if absent.colleagues.is_empty() {
                "没有同角色的在用同事，不能安排代理。"
            } else {
                "只列出同一乡镇、同一角色的在用同事。"
            };
            view! {
                {field(self.form, "deputy_id", "代理人")
                    .hint(whom.to_owned())
                    .required()
                    .select(self.deputy, Some("请选择"), Signal::stored(absent.colleagues.clone()))}
                {field(self.form, "first_day", "开始日期")
                    .hint("从这一天零时起。".to_owned())
                    .between(today, "")
                    .required()
                    .date(self.first)}
            }
        });
        view! {
            {fixed}
            {field(self.form, "last_day", "结束日期")
                .hint(format!("到这一天结束，包括当天；连开始那天最多{MAX_DAYS}天。"))
                .between(today, "")
                .required()
                .date(self.last)}
            {field(self.form, "reason", "事由")
                .hint(format!(
                    "可以不填，最多{MAX_REASON}个字，如：休假、培训、出差。不要写病情等健康情况。",
                ))
                .input(self.reason)}
        }
        .into_any()
    }
}

/// The form that names a deputy, in a dialog. `others` are the deputations of the same person that there
/// are; `done` says what came of it.
pub(crate) fn name(
    absent: Absent,
    own: bool,
    others: Vec<Span>,
    up: RwSignal<bool>,
    done: impl Fn(String) + Copy + Send + Sync + 'static,
) -> AnyView {
    let fields = Fields::new("", browser::today(), None, "");
    let form = fields.form;
    let key = StoredValue::new(browser::random_key());
    let inputs = fields.inputs(&absent, false);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(typed) = fields.read(&absent, false, &others) else {
            return;
        };
        let input = NewDeputation {
            user_id: (!own).then(|| absent.id.clone()),
            deputy_id: typed.deputy,
            first_day: typed.span.first,
            last_day: typed.span.last,
            reason: typed.reason,
        };
        let call = Call::post("/deputations")
            .once(&key.get_value())
            .json(&input);
        form.send_or(
            call.fetch::<Deputation>(),
            move |made| done(format!("已安排。{}。", by_whom(&made))),
            move |failure| {
                // What comes next is another request.
                key.try_set_value(browser::random_key());
                form.fail(failure);
            },
        );
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {inputs}
            {foot(form, up, "安排", "btn btn-primary")}
        </form>
    }
    .into_any()
}

fn name_own(desk: Desk) -> AnyView {
    let me = app::me();
    let mine = me.user.id.as_str().to_owned();
    let mut colleagues = desk.directory.users_of(&[me.user.role]);
    colleagues.retain(|(id, _)| *id != mine);
    let absent = Absent {
        id: me.user.id.clone(),
        role: me.user.role,
        colleagues,
    };
    with_others(mine, None, move |others| {
        name(
            absent.clone(),
            true,
            others,
            desk.dialog.up(),
            move |words| {
                desk.done(words);
            },
        )
    })
}

/// A form that has to know for which days somebody is stood in for already.
fn with_others(
    user: String,
    but: Option<String>,
    form: impl Fn(Vec<Span>) -> AnyView + Send + 'static,
) -> AnyView {
    let found: Loader<Vec<Deputation>> = load(current);
    found.view(waiting, move |all| form(spans(&all, &user, but.as_deref())))
}

/// For which days somebody is stood in for already, without one of them.
pub(crate) fn spans(all: &[Deputation], user: &str, but: Option<&str>) -> Vec<Span> {
    all.iter()
        .filter(|one| one.user.id == user && Some(one.id.as_str()) != but)
        .map(span)
        .collect()
}

fn change(desk: Desk, one: Deputation) -> AnyView {
    let begun = one.state == DeputationState::InForce;
    // All of the role of whoever stands in: the two have the same.
    let people = desk.directory.colleagues();
    let role = people
        .iter()
        .find(|colleague| colleague.id.as_str() == one.user.id)
        .map_or(app::me().user.role, |colleague| colleague.role);
    let mut colleagues = desk.directory.users_of(&[role]);
    colleagues.retain(|(id, _)| *id != one.user.id);
    let absent = Absent {
        id: one.user.id.as_str().into(),
        role,
        colleagues,
    };
    let (user, id) = (one.user.id.clone(), one.id.clone());
    with_others(user, Some(id), move |others| {
        change_form(desk, one.clone(), absent.clone(), begun, others)
    })
}

fn change_form(
    desk: Desk,
    one: Deputation,
    absent: Absent,
    begun: bool,
    others: Vec<Span>,
) -> AnyView {
    let reason = one.reason.clone().unwrap_or_default();
    let fields = Fields::new(&one.deputy.id, one.first_day, Some(one.last_day), &reason);
    let form = fields.form;
    let inputs = fields.inputs(&absent, begun);
    let told = begun.then(|| {
        let words = format!(
            "{}从{}开始代理。要换人或改开始日期，请提前结束后另行安排。",
            one.deputy.name,
            one.first_day.format("%-m月%-d日")
        );
        view! { <p class="quiet">{words}</p> }
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(typed) = fields.read(&absent, begun, &others) else {
            return;
        };
        let now = typed.reason.unwrap_or_default();
        let patch = DeputationPatch {
            deputy_id: (typed.deputy.as_str() != one.deputy.id).then_some(typed.deputy),
            first_day: (typed.span.first != one.first_day).then_some(typed.span.first),
            last_day: (typed.span.last != one.last_day).then_some(typed.span.last),
            reason: (now != one.reason.clone().unwrap_or_default()).then_some(now),
        };
        if patch == DeputationPatch::default() {
            desk.dialog.close();
            return;
        }
        let call = Call::patch(format!("/deputations/{}", one.id))
            .if_match(&etag(one.version))
            .json(&patch);
        form.send(call.fetch::<Deputation>(), move |made| {
            desk.done(format!("已更改。{}。", by_whom(&made)));
        });
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {stale(form, move || desk.take_latest())}
            {told}
            {inputs}
            {foot(form, desk.dialog.up(), "保存", "btn btn-primary")}
        </form>
    }
    .into_any()
}

fn end(desk: Desk, one: Deputation) -> AnyView {
    let form = Form::new();
    let (words, label, said) = if one.state == DeputationState::Ahead {
        ("代理还没有开始，撤回后不再生效。", "撤回", "已撤回。")
    } else {
        (
            "立即结束：代理人马上不能再查看和办理这些工作。已经办的、记录下来的不变。",
            "结束代理",
            "代理已结束。",
        )
    };
    let told = format!("{}。{}。", one.user.name, by_whom(&one));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let call = Call::delete(format!("/deputations/{}", one.id)).if_match(&etag(one.version));
        form.send(call.fetch::<Deputation>(), move |_| {
            desk.done(said.to_owned());
        });
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {stale(form, move || desk.take_latest())}
            <p>{told}</p>
            <p>{words}</p>
            {foot(form, desk.dialog.up(), label, "btn btn-danger")}
        </form>
    }
    .into_any()
}
