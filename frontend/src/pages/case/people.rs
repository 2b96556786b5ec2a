//! The tab 人员: who is part of the case. Numbers are masked; showing one asks for a reason.

use std::time::Duration;

use leptos::prelude::*;
use shared::access::{Action, Facts, can};
use shared::case::PersonRole;
use shared::case::input::RevealRequest;
use shared::case::state::State;
use shared::case::view::{CaseView, PersonView, Revealed};
use shared::term::Term;
use shared::validate::Errors;

use super::open::Open;
use super::person::{PersonValues, fields};
use crate::api::Call;
use crate::app;
use crate::browser;
use crate::format;
use crate::pages::admin::foot;
use crate::ui::dialog::Dialog;
use crate::ui::field::{Form, field};
use crate::ui::icon::{Icon, icon};
use crate::ui::live::live;
use crate::ui::notice::notices;
use crate::ui::states::empty;

/// How long a number in full stays on the screen.
const SHOWN: Duration = Duration::from_secs(60);

/// What is being done with a person.
#[derive(Clone)]
enum Doing {
    Adding,
    Changing(PersonView),
    Removing(PersonView),
    Revealing(PersonView),
}

impl Doing {
    fn title(&self) -> String {
        match self {
            Self::Adding => "添加人员".to_owned(),
            Self::Changing(person) => format!("修改：{}", person.name),
            Self::Removing(person) => format!("移除：{}", person.name),
            Self::Revealing(person) => format!("查看完整号码：{}", person.name),
        }
    }
}

/// The tab.
pub(crate) fn tab(open: Open) -> AnyView {
    let dialog = Dialog::<Doing>::new();
    let revealed = RwSignal::new(None::<Revealed>);
    let up = dialog.up();
    let body = move |doing: Doing| match doing {
        Doing::Removing(person) => remove(open, &person, up),
        Doing::Revealing(person) => reveal(open, &person, up, revealed),
        Doing::Adding => edit(open, None, up),
        Doing::Changing(person) => edit(open, Some(person), up),
    };
    view! {
        {open.with(move |case| list(case, dialog, revealed))}
        {dialog.view(Doing::title, body)}
    }
    .into_any()
}

fn list(case: &CaseView, dialog: Dialog<Doing>, revealed: RwSignal<Option<Revealed>>) -> AnyView {
    let actor = app::me().actor;
    let may = |action| can(&actor, action, Facts::Case(&case.facts)).is_ok();
    let edits = may(Action::EditPeople) && case.row.state != State::Closed;
    let reveals = may(Action::RevealPerson);
    let add = edits.then(|| {
        view! {
            <button type="button" class="btn" on:click=move |_| dialog.start(Doing::Adding)>
                {icon(Icon::Add)}
                "添加人员"
            </button>
        }
    });
    if case.people.is_empty() {
        return view! {
            {empty("没有登记人员", "匿名的检举控告和苗头隐患可以不登记人员。", None)}
            <p class="row row-center">{add}</p>
        }
        .into_any();
    }
    let people = case
        .people
        .iter()
        .map(|person| one(person, edits, reveals, dialog, revealed))
        .collect_view();
    view! {
        <ul class="people">{people}</ul>
        <p class="row">{add}</p>
        <p class="hint">
            "人员信息只属于这件事项，不形成个人档案。查看完整号码要说明理由，并记入审计。"
        </p>
    }
    .into_any()
}

fn one(
    person: &PersonView,
    edits: bool,
    reveals: bool,
    dialog: Dialog<Doing>,
    revealed: RwSignal<Option<Revealed>>,
) -> AnyView {
    let numbers = number_rows(person, revealed);
    let has_numbers = person.id_number_masked.is_some()
        || person.phone_masked.is_some()
        || person.trusted_phone_masked.is_some();
    let button = |words: &'static str, doing: Doing| {
        view! {
            <button
                type="button"
                class="btn btn-small"
                on:click=move |_| dialog.start(doing.clone())
            >
                {words}
            </button>
        }
        .into_any()
    };
    let reveal =
        (reveals && has_numbers).then(|| button("查看完整号码", Doing::Revealing(person.clone())));
    let change = edits.then(|| button("修改", Doing::Changing(person.clone())));
    let remove = edits.then(|| button("移除", Doing::Removing(person.clone())));
    let address = person
        .address
        .clone()
        .map(|address| view! { <div><dt>"住址"</dt><dd>{address}</dd></div> });
    let care = person
        .care
        .line()
        .map(|care| view! { <div><dt>"联系须知"</dt><dd>{care}</dd></div> });
    let key = (person.role == PersonRole::KeyPerson).then(|| key_facts(person));
    view! {
        <li class="card person" data-testid="person">
            <p class="person-head">
                <strong>{person.name.clone()}</strong>
                <span class="badge">{person.role.label()}</span>
            </p>
            <dl class="facts">{numbers} {address} {care} {key}</dl>
            <p class="row">{reveal} {change} {remove}</p>
        </li>
    }
    .into_any()
}

fn number_rows(person: &PersonView, revealed: RwSignal<Option<Revealed>>) -> AnyView {
    let row =
        |name: &'static str, masked: Option<String>, pick: fn(&Revealed) -> Option<String>| {
            let masked = masked?;
            let id = person.id.clone();
            let shown = live(move || {
                revealed
                    .with(|revealed| {
                        revealed
                            .as_ref()
                            .filter(|revealed| revealed.id == id)
                            .and_then(pick)
                    })
                    .unwrap_or_else(|| masked.clone())
            });
            Some(view! { <div><dt>{name}</dt><dd class="number">{shown}</dd></div> })
        };
    view! {
        {row("身份证号", person.id_number_masked.clone(), |r| r.id_number.clone())}
        {row("联系电话", person.phone_masked.clone(), |r| r.phone.clone())}
        {row("转告人电话", person.trusted_phone_masked.clone(), |r| r.trusted_phone.clone())}
    }
    .into_any()
}

fn key_facts(person: &PersonView) -> AnyView {
    let ways: Vec<&str> = person.follow_up.iter().map(|way| way.label()).collect();
    let review = person.review_on.map(|day| {
        let (words, pressing) = format::due(day, browser::today());
        view! {
            <div>
                <dt>"复核日期"</dt>
                <dd>
                    {format::date(day)} " "
                    <span class=pressing.class()>{words}</span>
                </dd>
            </div>
        }
    });
    view! {
        <div><dt>"列为重点的理由"</dt><dd>{person.reason.clone()}</dd></div>
        {review}
        <div><dt>"跟进方式"</dt><dd>{ways.join("、")}</dd></div>
    }
    .into_any()
}

fn edit(open: Open, known: Option<PersonView>, up: RwSignal<bool>) -> AnyView {
    let form = Form::new();
    let notices = notices();
    let values = known.as_ref().map_or_else(
        || PersonValues::new(0, PersonRole::Petitioner),
        PersonValues::of,
    );
    let id = known.as_ref().map(|person| person.id.to_string());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let input = values.input(id.is_some());
        let mut errors = Errors::new();
        input.check(&mut errors, "", browser::today());
        if !form.accept(errors) {
            return;
        }
        let call = match &id {
            Some(id) => Call::patch(open.path(&format!("/people/{id}"))),
            None => Call::post(open.path("/people")),
        };
        let etag = open.etag();
        let request = async move { call.if_match(&etag).json(&input).done().await };
        form.send_or(
            request,
            move |()| {
                up.try_set(false);
                notices.say("人员已保存。");
                open.reload();
            },
            move |failure| open.fail(form, failure),
        );
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {fields(form, "", values, known.as_ref())}
            {foot(form, up, "保存", "btn btn-primary")}
        </form>
    }
    .into_any()
}

fn remove(open: Open, person: &PersonView, up: RwSignal<bool>) -> AnyView {
    let form = Form::new();
    let notices = notices();
    let id = person.id.to_string();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let path = open.path(&format!("/people/{id}"));
        let etag = open.etag();
        let request = async move { Call::delete(path).if_match(&etag).done().await };
        form.send_or(
            request,
            move |()| {
                up.try_set(false);
                notices.say("人员已移除。");
                open.reload();
            },
            move |failure| open.fail(form, failure),
        );
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            <p>
                {format!(
                    "从这件事项移除{}（{}）。移除会记入办理记录。",
                    person.name,
                    person.role.label(),
                )}
            </p>
            {foot(form, up, "移除", "btn btn-danger")}
        </form>
    }
    .into_any()
}

fn reveal(
    open: Open,
    person: &PersonView,
    up: RwSignal<bool>,
    revealed: RwSignal<Option<Revealed>>,
) -> AnyView {
    let form = Form::new();
    let notices = notices();
    let reason = RwSignal::new(String::new());
    let id = person.id.to_string();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let input = RevealRequest {
            reason: reason.get_untracked().trim().to_owned(),
        };
        if !form.accept(input.check()) {
            return;
        }
        let path = open.path(&format!("/people/{id}/reveal"));
        let request = async move { Call::post(path).json(&input).fetch::<Revealed>().await };
        form.send(request, move |numbers| {
            up.try_set(false);
            revealed.try_set(Some(numbers));
            notices.say("完整号码显示1分钟，已记入审计。");
            browser::later(SHOWN, move || {
                revealed.try_set(None);
            });
        });
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {field(form, "reason", "查看理由")
                .required()
                .placeholder("如：电话通知领取受理告知书")
                .hint("谁在什么时候因为什么看了号码，监督员能查到。".to_owned())
                .input(reason)}
            {foot(form, up, "查看", "btn btn-primary")}
        </form>
    }
    .into_any()
}
