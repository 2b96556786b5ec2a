//! `/workdays`: days declared working or free, each with its notice.

use chrono::NaiveDate;
use leptos::prelude::*;
use shared::access::Action;
use shared::settings::{MAX_WORKDAY_SPAN, NewWorkdays, Workday, Workdays, WorkdaysChanged};
use shared::validate::Errors;

use super::admin::only_for;
use super::heading;
use crate::api::Call;
use crate::browser;
use crate::directory::Options;
use crate::format;
use crate::load::{Loader, load};
use crate::session;
use crate::ui::field::{Form, field};
use crate::ui::icon::{Icon, icon};
use crate::ui::live::live;
use crate::ui::notice::{Notices, notices};
use crate::ui::request_key::RequestKey;
use crate::ui::states::{empty, waiting_rows};

#[derive(Clone, Copy)]
struct Desk {
    days: Loader<Workdays>,
    notices: Notices,
    form: Form,
    /// Of what is declared: once something has changed, the same is another request.
    key: RequestKey,
}

impl Desk {
    fn changed(self, done: WorkdaysChanged) {
        self.key.renew();
        self.days.put(done.workdays);
        self.notices.say(match done.cases {
            0 => "已更正，没有在办事项的期限因此改变。".to_owned(),
            cases => format!("已更正，{cases}件在办事项的期限随之改变，事项里有记录。"),
        });
    }
}

/// The page.
pub(crate) fn page() -> AnyView {
    only_for(Action::ViewSettings, "工作日更正", days)
}

fn days() -> AnyView {
    let desk = Desk {
        days: load(|| Call::get("/settings/workdays").fetch()),
        notices: notices(),
        form: Form::new(),
        key: RequestKey::new(),
    };
    let manages = session::may(Action::ManageSettings);
    view! {
        <div class="page page-narrow">
            <nav class="crumbs" aria-label="位置">
                <a href="/settings">{icon(Icon::Back)} "设置"</a>
            </nav>
            {heading("工作日更正")}
            <p class="quiet">
                "按工作日计算的期限、报告和提醒，依国务院公布的放假调休安排。临时调整，或程序还不知道的年份，在这里更正，写明依据。"
            </p>
            {manages.then(|| form(desk))}
            {desk.days.view(waiting_rows, move |days| list(desk, days, manages))}
        </div>
    }
    .into_any()
}

fn kind(worked: bool) -> &'static str {
    if worked { "工作日" } else { "休息日" }
}

fn list(desk: Desk, days: Workdays, manages: bool) -> AnyView {
    let until = format!(
        "程序知道的安排到{}为止；以后的日子没有更正的，按周一至周五上班计算。",
        format::date(days.known_until)
    );
    if days.corrections.is_empty() {
        return view! {
            <p class="note">{until}</p>
            {empty("还没有更正", "和国务院的安排一致，不用更正。", None)}
        }
        .into_any();
    }
    let lines = days
        .corrections
        .into_iter()
        .map(|day| line(desk, day, manages))
        .collect_view();
    let last = manages.then(|| view! { <th scope="col">"操作"</th> });
    view! {
        <p class="note">{until}</p>
        <div class="table-box" tabindex="0" role="region" aria-label="更正，可左右滚动">
            <table class="table">
                <caption class="sr-only">"工作日更正"</caption>
                <thead>
                    <tr>
                        <th scope="col">"日期"</th>
                        <th scope="col">"按"</th>
                        <th scope="col">"依据"</th>
                        <th scope="col">"更正人"</th>
                        {last}
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn line(desk: Desk, day: Workday, manages: bool) -> AnyView {
    let on = day.day;
    let words = format!("{}（{}）", format::date(on), format::weekday(on));
    let label = format!("撤销：{words}");
    let back = move |_| {
        let call = Call::delete(format!("/settings/workdays/{on}"));
        desk.form
            .send(call.fetch::<WorkdaysChanged>(), move |done| {
                desk.changed(done)
            });
    };
    let button = manages.then(|| {
        view! {
            <td>
                <button
                    type="button"
                    class="btn btn-small"
                    data-testid="take-back"
                    aria-label=label
                    on:click=back
                >
                    "撤销"
                </button>
            </td>
        }
    });
    view! {
        <tr data-testid="workday">
            <th scope="row">{words}</th>
            <td>{kind(day.worked)}</td>
            <td>{day.source}</td>
            <td>{format!("{}，{}", day.by, format::moment(day.at))}</td>
            {button}
        </tr>
    }
    .into_any()
}

fn form(desk: Desk) -> AnyView {
    let form = desk.form;
    let text = || RwSignal::new(String::new());
    let (from, to, source) = (text(), text(), text());
    let worked = RwSignal::new("free".to_owned());
    let kinds: Options = vec![
        ("free".to_owned(), "休息日（放假）".to_owned()),
        ("worked".to_owned(), "工作日（上班）".to_owned()),
    ];
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let first: Option<NaiveDate> = from.get_untracked().parse().ok();
        let Some(first) = first else {
            let mut errors = Errors::new();
            errors.add("from", "required", "请填写日期。");
            form.accept(errors);
            return;
        };
        let input = NewWorkdays {
            from: first,
            to: to.get_untracked().parse().ok(),
            worked: worked.get_untracked() == "worked",
            source: source.get_untracked().trim().to_owned(),
        };
        if !form.accept(input.check(browser::today())) {
            return;
        }
        let call = Call::post("/settings/workdays")
            .once(&desk.key.of(&input))
            .json(&input);
        form.send(call.fetch::<WorkdaysChanged>(), move |done| {
            for field in [from, to] {
                field.try_set(String::new());
            }
            desk.changed(done);
        });
    };
    let busy = form.busy;
    view! {
        <form class="card stack" novalidate on:submit=submit>
            {form.summary()}
            <div class="grid">
                {field(form, "from", "日期").required().date(from)}
                {field(form, "to", "到哪天")
                    .hint(format!("只有一天的不填；最多{MAX_WORKDAY_SPAN}天。"))
                    .date(to)}
            </div>
            {field(form, "worked", "按什么计").choices(worked, kinds)}
            {field(form, "source", "依据")
                .placeholder("如：国务院办公厅关于2027年部分节假日安排的通知")
                .required()
                .input(source)}
            <p class="hint">
                "所有期限马上按新的算；期限有变的在办事项，事项里各记一笔，写明由哪天改为哪天。"
            </p>
            <div class="row row-end">
                {form.submit_as("更正", "btn btn-primary", "declare")}
                <span role="status">{live(move || busy.get().then_some("正在重算期限…"))}</span>
            </div>
        </form>
    }
    .into_any()
}
