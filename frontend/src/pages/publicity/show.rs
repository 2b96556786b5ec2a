//! `/publicity/{id}`: a campaign, and what can be done with its record.

use std::sync::Arc;

use leptos::prelude::*;
use shared::case::matter::form::Field;
use shared::json;
use shared::publicity::{CampaignView, Laws};
use shared::term::Term;

use super::new::fields;
use super::village;
use crate::api::Call;
use crate::format;
use crate::load::load;
use crate::pages::case::facts::fact;
use crate::pages::heading;
use crate::pages::visits::act::{Step, Steps, as_it_is};
use crate::ui::icon::{Icon, icon};
use crate::ui::live::live;
use crate::ui::photos::gallery;
use crate::ui::states::waiting;

/// The page.
pub(crate) fn page(id: String) -> AnyView {
    let path = format!("/publicity/{id}");
    let campaign = load(move || Call::get(path.clone()).fetch::<CampaignView>());
    let laws = load(move || Call::get("/laws").fetch::<Laws>());
    let steps = Steps::new(move |text| match json::read::<CampaignView>(&text) {
        Ok(now) => campaign.put(now),
        Err(_) => campaign.reload(),
    });
    let body = campaign.view(waiting, move |view| {
        let now = view.clone();
        let buttons = live(move || laws.value().map(|laws| buttons(&now, &laws, steps)));
        draw(&view, buttons, laws.value().as_ref())
    });
    view! {
        <div class="page">
            <nav class="crumbs" aria-label="位置">
                <a href="/publicity">{icon(Icon::Back)} "法制宣传"</a>
            </nav>
            {body}
            {steps.dialog()}
        </div>
    }
    .into_any()
}

fn words(text: impl Into<String>) -> AnyView {
    let text = text.into();
    view! { {text} }.into_any()
}

fn draw(view: &CampaignView, buttons: AnyView, laws: Option<&Laws>) -> AnyView {
    let row = &view.row;
    let struck = view.struck.as_ref().map(|struck| {
        view! {
            <p class="note">
                {icon(Icon::Warning)}
                {format!(
                    "{}于{}划除，理由：{}。",
                    struck.actor.name,
                    format::moment(struck.at),
                    struck.reason
                )}
            </p>
        }
    });
    let link = |id: &str| {
        laws.and_then(|laws| laws.items.iter().find(|law| law.id == id))
            .and_then(|law| law.link.clone())
    };
    let titles = row
        .laws
        .iter()
        .map(|law| {
            let title = format!("《{}》", law.name);
            match link(&law.id) {
                Some(href) => view! {
                    <li><a href=href target="_blank" rel="external noopener">{title}</a></li>
                }
                .into_any(),
                None => view! { <li>{title}</li> }.into_any(),
            }
        })
        .collect_view();
    let summary = view
        .summary
        .clone()
        .map(|summary| view! { <p class="prose">{summary}</p> });
    // Sent later than it was taken down: what the phone says of that.
    let recorded = view
        .recorded_at
        .filter(|at| (view.entered_at - *at).num_minutes().abs() >= 10)
        .map(|at| fact("手机记录时间", words(format::moment(at))));
    let title = format!("{} {}", format::date(row.on), row.form.label());
    let place = format!("{} {}", village(row.village.as_ref()), row.place);
    view! {
        <div class="page-head">
            <div>
                {heading(title)}
                <p class="quiet">{place}</p>
            </div>
            <div class="row page-buttons">{buttons}</div>
        </div>
        {struck}
        <section class="card">
            <h2>"宣传了什么"</h2>
            <ul class="link-list">{titles}</ul>
            {summary}
            {gallery(&view.photos)}
        </section>
        <section class="card">
            <h2>"记录"</h2>
            <dl class="facts">
                {fact("受众人数", words(format!("{}人", row.audience)))}
                {fact("发放资料", words(format!("{}份", row.handouts)))}
                {fact("登记单位", words(row.unit.name.clone()))}
                {fact("登记人", view.author.as_ref().map(|author| words(author.name.clone())))}
                {fact("录入时间", words(format::moment(view.entered_at)))}
                {recorded}
            </dl>
        </section>
    }
    .into_any()
}

fn buttons(view: &CampaignView, laws: &Laws, steps: Steps) -> AnyView {
    let path = format!("/publicity/{}", view.id);
    let etag = || Some(format!("\"{}\"", view.version));
    let edit = view.may_edit.then(|| {
        let step = Step {
            title: "更正",
            help: "更正有记载。照片少传了的，请划除后重新登记。",
            fields: filled(view, laws),
            case: None,
            method: "PATCH",
            path: path.clone(),
            etag: etag(),
            // What is empty was taken out.
            body: Arc::new(|mut filled| {
                filled.entry("summary").or_insert_with(|| "".into());
                filled.entry("handouts").or_insert_with(|| 0.into());
                filled
            }),
            done: "已更正。",
            later: None,
        };
        steps.button("btn", "edit-campaign", step)
    });
    let strike = view.may_strike.then(|| {
        let step = Step {
            title: "划除",
            help: "记错了的宣传划除后仍可查看，不再计数。",
            fields: vec![Field::text("reason", "理由", 200).required()],
            case: None,
            method: "POST",
            path: format!("{path}/actions/strike"),
            etag: etag(),
            body: as_it_is(),
            done: "已划除。",
            later: None,
        };
        steps.button("btn", "strike-campaign", step)
    });
    view! { {edit} {strike} }.into_any()
}

/// The fields with what stands there.
fn filled(view: &CampaignView, laws: &Laws) -> Vec<Field> {
    let row = &view.row;
    let chosen: Vec<String> = row.laws.iter().map(|law| law.id.clone()).collect();
    fields(laws, &chosen)
        .into_iter()
        .map(|field| {
            let value = match field.name.as_str() {
                "on" => format::short_date(row.on),
                "form" => row.form.code().to_owned(),
                "village_id" => row
                    .village
                    .as_ref()
                    .map_or_else(String::new, |village| village.id.clone()),
                "place" => row.place.clone(),
                "audience" => row.audience.to_string(),
                "handouts" => row.handouts.to_string(),
                "summary" => view.summary.clone().unwrap_or_default(),
                _ => return field,
            };
            field.value(value)
        })
        .collect()
}
