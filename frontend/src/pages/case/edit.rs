//! `/cases/{id}/edit`: change of a case's fields. Only what changed is sent; what somebody else
//! changed meanwhile is taken in where this form left it alone.

use std::collections::BTreeMap;

use leptos::prelude::*;
use shared::case::input::{CasePatch, Patched};
use shared::case::view::CaseView;
use shared::case::{Category, Channel, Kind, PersonRole, Purpose, Severity};
use shared::ids::{SubcategoryCode, UnitId, UserId};
use shared::term::Term;

use super::open::Open;
use super::values::{
    CaseValues, category_fields, cause_fields, count_fields, course_fields, place_fields,
    purpose_fields, recorded, severity_field, village_fields,
};
use crate::api::Call;
use crate::app;
use crate::pages::heading;
use crate::ui::field::{Form, field, filled, terms};
use crate::ui::icon::{Icon, icon};
use crate::ui::live::watch;
use crate::ui::notice::notices;

/// The page.
pub(crate) fn page(id: String) -> AnyView {
    let open = Open::new(id);
    let back = open.path("");
    view! {
        <div class="page page-form">
            <nav class="crumbs" aria-label="位置">
                <a href=back>{icon(Icon::Back)} "事项"</a>
            </nav>
            {heading("修改事项")}
            {open.view(move || form(open))}
        </div>
    }
    .into_any()
}

fn form(open: Open) -> AnyView {
    let Some(case) = open.now() else {
        return ().into_any();
    };
    let values = CaseValues::new();
    let base = StoredValue::new(recorded(&case));
    values.fill(&base.get_value());
    // A newer reading: fields that were left alone follow it.
    watch(move || {
        let Some(latest) = open.loader.value() else {
            return;
        };
        let latest = recorded(&latest.value);
        let before = base.get_value();
        for (name, signal) in values.named() {
            let old = before.get(name);
            let new = latest.get(name);
            if old != new && Some(&signal.get_untracked()) == old {
                signal.set(new.cloned().unwrap_or_default());
            }
        }
        base.set_value(latest);
    });
    let form = Form::new();
    let notices = notices();
    let go = app::going();
    let target = open.path("");
    let leave = target.clone();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(case) = open.now() else { return };
        let typed = untrack(|| values.typed());
        let patch = patch(&base.get_value(), &typed);
        if patch == CasePatch::default() {
            go.run(leave.clone());
            return;
        }
        if !form.accept(check(&patch, &typed, &case)) {
            return;
        }
        let path = open.path("");
        let etag = open.etag();
        let leave = leave.clone();
        let request = async move {
            Call::patch(path)
                .if_match(&etag)
                .json(&patch)
                .tagged::<CaseView>()
                .await
        };
        form.send_or(
            request,
            move |_| {
                notices.say("修改已保存，并记入办理记录。");
                go.run(leave);
            },
            move |failure| open.fail(form, failure),
        );
    };
    let first = case.first_receiver.name.clone();
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            <fieldset class="card">
                <legend>"来访信息"</legend>
                <p class="hint">
                    {format!("收到日期（{}）和首问责任人（{first}）登记后不改。", case.row.received_on)}
                </p>
                {field(form, "kind", "类别").choices(values.kind, terms::<Kind>())}
                {field(form, "channel", "来源").choices(values.channel, terms::<Channel>())}
                {purpose_fields(form, values)}
                <div class="grid">
                    {village_fields(form, values)}
                    {count_fields(form, values)}
                </div>
            </fieldset>
            <fieldset class="card">
                <legend>"事项内容"</legend>
                {cause_fields(form, values)}
                <div class="grid">
                    {category_fields(form, values)}
                    {field(form, "occurred_on", "发生日期").date(values.occurred_on)}
                    {field(form, "occurred_text", "发生时间（文字）")
                        .placeholder("如：2022年春")
                        .input(values.occurred_text)}
                    {place_fields(form, values)}
                </div>
                {severity_field(form, values)}
                {course_fields(form, values)}
            </fieldset>
            <div class="row row-end form-foot">
                <a class="btn" href=target>"取消"</a>
                {form.submit_as("保存修改", "btn btn-primary", "step-submit")}
            </div>
        </form>
    }
    .into_any()
}

type Typed = BTreeMap<String, String>;

/// The change from what was recorded to what is typed.
fn patch(base: &Typed, typed: &Typed) -> CasePatch {
    let changed = |name: &str| {
        let now = typed.get(name).map(|text| text.trim());
        (now != base.get(name).map(|text| text.trim())).then(|| now.unwrap_or_default().to_owned())
    };
    fn term<T: Term>(code: Option<String>) -> Option<T> {
        T::from_code(&code?)
    }
    CasePatch {
        kind: term::<Kind>(changed("kind")),
        channel: term::<Channel>(changed("channel")),
        purpose: term::<Purpose>(changed("purpose")),
        category: term::<Category>(changed("category")),
        subcategory: changed("subcategory").map(SubcategoryCode::from),
        severity: term::<Severity>(changed("severity")),
        cause: changed("cause"),
        demand: changed("demand"),
        occurred_on: changed("occurred_on").and_then(|day| day.parse().ok()),
        occurred_text: changed("occurred_text"),
        place: changed("place"),
        unit_concerned: changed("unit_concerned"),
        village_id: changed("village_id").map(UnitId::from),
        group_id: changed("group_id").map(UnitId::from),
        people_count: changed("people_count").map(|count| count.parse().unwrap_or(0)),
        people_count_text: changed("people_count_text"),
        development: changed("development"),
        handling: changed("handling"),
        accused_unit_id: changed("accused_unit_id").map(UnitId::from),
        accused_user_id: changed("accused_user_id").map(UserId::from),
    }
}

fn check(patch: &CasePatch, typed: &Typed, case: &CaseView) -> shared::validate::Errors {
    let text = |name: &str| typed.get(name).map_or("", |text| text.trim());
    let accused_unit = filled(text("accused_unit_id")).map(UnitId::from);
    let accused_user = filled(text("accused_user_id")).map(UserId::from);
    let roles: Vec<PersonRole> = case.people.iter().map(|person| person.role).collect();
    let purpose = Purpose::from_code(text("purpose")).unwrap_or(case.purpose);
    let subcategory = filled(text("subcategory")).map(SubcategoryCode::from);
    patch.check(&Patched {
        category: Category::from_code(text("category")).unwrap_or(case.row.category),
        subcategory: subcategory.as_ref(),
        people_count: text("people_count").parse().unwrap_or(0),
        occurred_on: text("occurred_on").parse().ok(),
        received_on: case.row.received_on,
        purpose: (case.purpose, purpose),
        accused_unit_id: accused_unit.as_ref(),
        accused_user_id: accused_user.as_ref(),
        roles: &roles,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(pairs: &[(&str, &str)]) -> Typed {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn only_what_changed_is_sent() {
        let base = typed(&[("cause", "土地"), ("demand", "补偿"), ("people_count", "1")]);
        let now = typed(&[("cause", "土地 "), ("demand", ""), ("people_count", "6")]);
        let expect = CasePatch {
            demand: Some(String::new()),
            people_count: Some(6),
            ..CasePatch::default()
        };
        assert_eq!(patch(&base, &now), expect);
        assert_eq!(patch(&base, &base), CasePatch::default());
    }
}
