//! `/publicity/new`: a campaign, recorded where it was held. Without a network it waits on the phone.

use leptos::prelude::*;
use serde_json::{Map, Value};
use shared::case::matter::form::{Choice, Field, FieldKind};
use shared::json;
use shared::org::UnitKind;
use shared::outbox::DraftKind;
use shared::publicity::{CampaignForm, CampaignView, Laws, MAX_COUNT, NewCampaign};
use shared::role::Role;
use shared::term::Term;
use wasm_bindgen_futures::spawn_local;

use super::short;
use crate::api::Call;
use crate::app;
use crate::browser;
use crate::directory::directory;
use crate::format;
use crate::load::load;
use crate::outbox::{self, Outgoing, Sent, Slip};
use crate::pages::heading;
use crate::ui::field::Form;
use crate::ui::fields::sheet;
use crate::ui::icon::{Icon, icon};
use crate::ui::live::live;
use crate::ui::notice::notices;
use crate::ui::photos::Photos;
use crate::ui::states::waiting;

/// What the form is called in the phone's store.
const FORM: &str = "campaign";

/// What the form starts with.
#[derive(Clone, Default)]
struct Start {
    /// The draft that it takes the place of.
    replaces: Option<String>,
    /// What was filled in before.
    filled: Map<String, Value>,
    errors: Vec<shared::problem::FieldError>,
}

/// The page.
pub(crate) fn page() -> AnyView {
    let draft = app::query("draft").get_untracked();
    let start = RwSignal::new(None::<Start>);
    let photos = Photos::new();
    spawn_local(async move {
        start.try_set(Some(recall(&draft, photos).await));
    });
    let laws = load(move || Call::get("/laws").fetch::<Laws>());
    let body = live(move || match start.get() {
        None => waiting(),
        Some(start) => laws.view(waiting, move |laws| draw(&laws, &start, photos)),
    });
    view! {
        <div class="page page-form">
            <nav class="crumbs" aria-label="位置">
                <a href="/publicity">{icon(Icon::Back)} "法制宣传"</a>
            </nav>
            {heading("登记宣传")}
            {body}
        </div>
    }
    .into_any()
}

async fn recall(draft: &str, photos: Photos) -> Start {
    if draft.is_empty() {
        return Start::default();
    }
    let waiting = outbox::find(draft).await;
    let Some(waiting) = waiting.filter(shared::outbox::Draft::may_edit) else {
        return Start::default();
    };
    photos.set(outbox::pictures(&waiting).await);
    Start {
        filled: waiting.form.as_object().cloned().unwrap_or_default(),
        errors: waiting.errors,
        replaces: Some(waiting.key),
    }
}

/// The fields of a campaign that has none of the laws that are no longer offered, but for `chosen`.
pub(super) fn fields(laws: &Laws, chosen: &[String]) -> Vec<Field> {
    let choices = laws
        .items
        .iter()
        .filter(|law| !law.closed || chosen.contains(&law.id))
        .map(|law| Choice {
            code: law.id.clone(),
            label: short(&law.title).to_owned(),
        })
        .collect();
    let mut fields = vec![
        Field::date("on", "日期")
            .required()
            .value(format::short_date(browser::today())),
        Field::choice::<CampaignForm>("form", "形式").required(),
        Field::new("laws", "法律法规", FieldKind::Choices { choices })
            .required()
            .value(chosen.join(",")),
    ];
    if !is_of_one_village() {
        let village = Field::unit("village_id", "村", &[UnitKind::Village]);
        fields.push(village.help("面向全镇的不选。"));
    }
    let number = |name: &str, label: &str, min| {
        Field::new(
            name,
            label,
            FieldKind::Number {
                min,
                max: MAX_COUNT,
            },
        )
    };
    fields.extend([
        Field::text("place", "地点", 200).required(),
        number("audience", "受众人数", 1)
            .required()
            .help("可以估计。只记人数，不记是谁。"),
        number("handouts", "发放资料份数", 0),
        Field::long("summary", "宣传内容", 4000).help("讲了什么、发了哪些资料。"),
    ]);
    fields
}

/// Fields filled with what was there before.
fn with(fields: Vec<Field>, filled: &Map<String, Value>) -> Vec<Field> {
    fields
        .into_iter()
        .map(|field| match filled.get(&field.name) {
            Some(Value::String(text)) => field.value(text.clone()),
            Some(Value::Array(codes)) => {
                let codes: Vec<&str> = codes.iter().filter_map(Value::as_str).collect();
                field.value(codes.join(","))
            }
            Some(Value::Number(number)) => field.value(number.to_string()),
            _ => field,
        })
        .collect()
}

fn draw(laws: &Laws, start: &Start, photos: Photos) -> AnyView {
    let form = Form::new();
    let slip = Slip::new();
    slip.fill(browser::random_key(), start.replaces.clone());
    let lines = sheet(form, with(fields(laws, &[]), &start.filled), Vec::new());
    if !start.errors.is_empty() {
        form.show(start.errors.clone());
    }
    let go = app::going();
    let notices = notices();
    let drawn = lines.view();
    let names = StoredValue::new(laws.clone());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(filled) = lines.checked() else {
            return;
        };
        let Some(outgoing) = names.with_value(|laws| outgoing(form, laws, filled, photos)) else {
            return;
        };
        form.send(outbox::submit(slip, outgoing), move |sent| match sent {
            Sent::Done(text) => {
                notices.say("宣传已登记。");
                let path = json::read::<CampaignView>(&text).map_or_else(
                    |_| "/publicity".to_owned(),
                    |made| format!("/publicity/{}", made.id),
                );
                go.run(path);
            }
            Sent::Waits(key) => go.run(format!("/drafts?at={key}")),
        });
    };
    view! {
        <form class="stack campaign-form" novalidate on:submit=submit>
            {form.summary()}
            <div class="card"><div class="grid">{drawn}</div></div>
            <div class="card">{photos.view(form)}</div>
            <div class="form-foot">
                {form.submit_as("登记宣传", "btn btn-primary btn-wide", "save-campaign")}
            </div>
        </form>
    }
    .into_any()
}

/// Whether there is but one village for which the signed-in person may record anything: a secretary's, who
/// stands in for nobody.
fn is_of_one_village() -> bool {
    let actor = app::me().actor;
    actor.role == Role::VillageSecretary && actor.stands_in_for.is_empty()
}

/// What the outbox takes; none where something is wrong, which the form then says.
fn outgoing(
    form: Form,
    laws: &Laws,
    filled: Map<String, Value>,
    photos: Photos,
) -> Option<Outgoing> {
    let mut body = filled.clone();
    let me = app::me();
    if is_of_one_village()
        && let Some(own) = &me.actor.village_id
    {
        body.insert("village_id".to_owned(), Value::String(own.to_string()));
    }
    let read = json::read::<NewCampaign>(&Value::Object(body.clone()).to_string());
    let Ok(campaign) = read else {
        let mut errors = shared::validate::Errors::new();
        errors.add("on", "invalid", "请填写宣传日期。");
        form.accept(errors);
        return None;
    };
    if !form.accept(campaign.check(browser::today())) {
        return None;
    }
    let village = campaign.village_id.as_ref().map_or_else(
        || "全镇".to_owned(),
        |id| directory().unit_name(id.as_str()).unwrap_or_default(),
    );
    let titles = laws
        .items
        .iter()
        .filter(|law| campaign.laws.contains(&law.id))
        .map(|law| format!("《{}》", short(&law.title)))
        .collect::<Vec<_>>();
    let lines = [
        ("日期", format::short_date(campaign.on)),
        ("形式", campaign.form.label().to_owned()),
        ("法律法规", titles.join("")),
        ("村", village.clone()),
        ("地点", campaign.place.clone()),
        ("受众人数", campaign.audience.to_string()),
        ("资料份数", campaign.handouts.to_string()),
        ("宣传内容", campaign.summary.clone().unwrap_or_default()),
    ];
    let lines = lines
        .into_iter()
        .filter(|(_, words)| !words.is_empty())
        .map(|(label, words)| (label.to_owned(), words))
        .collect();
    Some(Outgoing {
        kind: DraftKind::Campaign,
        path: "/publicity".to_owned(),
        if_match: None,
        about: None,
        body,
        photos: photos.pictures(),
        title: format!("{} {village}", campaign.form.label()),
        lines,
        form: Value::Object(filled),
        receipt: None,
        kept_as: FORM,
        stays: true,
    })
}
