//! Beside a case: what its petitioner says of the answer, and how a clerk who had no part in it asks.

use leptos::prelude::*;
use shared::case::matter::form::{Choice, Field, FieldKind};
use shared::satisfaction::{MAX_WORDS, Rating, RatingView, RatingWay, SatisfactionView};
use shared::term::Term;

use super::open::Open;
use crate::api::Call;
use crate::format;
use crate::load::load;
use crate::pages::visits::act::{Step, Steps, as_it_is};
use crate::ui::live::live;

/// The card; nothing while there is no answer to be asked about.
pub(crate) fn card(open: Open) -> AnyView {
    let found = load(move || {
        open.track();
        let path = open.path("/satisfaction");
        async move { Call::get(path).fetch::<SatisfactionView>().await }
    });
    let steps = Steps::new(move |_| open.reload());
    let body = live(move || {
        let view = found.value()?;
        (view.answer.is_some() || !view.items.is_empty()).then(|| draw(open, &view, steps))
    });
    view! { {body} {steps.dialog()} }.into_any()
}

/// How satisfied: in colour and in words.
pub(crate) fn badge(rating: Rating) -> AnyView {
    let class = match rating {
        Rating::Satisfied | Rating::MostlySatisfied => "badge badge-answered",
        Rating::Dissatisfied => "badge badge-wait",
        Rating::Declined => "badge badge-done",
    };
    view! { <span class=class>{rating.label()}</span> }.into_any()
}

fn draw(open: Open, view: &SatisfactionView, steps: Steps) -> AnyView {
    let current = match &view.current {
        Some(rating) => said(rating),
        None => view! { <p class="quiet">"还没有回访，信访人也没有自评。"</p> }.into_any(),
    };
    let earlier: Vec<&RatingView> = view
        .items
        .iter()
        .filter(|rating| view.current.as_ref() != Some(*rating))
        .collect();
    let earlier = (!earlier.is_empty()).then(|| {
        let all = earlier.into_iter().map(said).collect_view();
        view! { <details class="more"><summary>"以前的评价"</summary>{all}</details> }
    });
    let action = if view.allowed {
        let step = ask(open, view);
        steps.button("btn btn-wide", "rate", step)
    } else {
        let reason = view.reason.clone().unwrap_or_default();
        view! { <p class="hint">{reason}</p> }.into_any()
    };
    view! {
        <section class="card" aria-labelledby="satisfaction" data-testid="satisfaction">
            <h2 id="satisfaction">"满意度"</h2>
            {current}
            {action}
            {earlier}
        </section>
    }
    .into_any()
}

fn said(rating: &RatingView) -> AnyView {
    let by = match &rating.author {
        Some(author) => format!("{}，{}", rating.way.label(), author.name),
        None => rating.way.label().to_owned(),
    };
    let words = rating
        .words
        .clone()
        .map(|words| view! { <p class="prose">{words}</p> });
    let replaced = rating
        .replaced_on
        .map(|day| format!("，{}起不再计", format::date(day)));
    view! {
        <div class="rating">
            <p>{badge(rating.rating)} " " <span class="quiet">{format::date(rating.on)}</span></p>
            {words}
            <p class="hint">{by}{replaced}</p>
        </div>
    }
    .into_any()
}

fn ask(open: Open, view: &SatisfactionView) -> Step {
    let ways = [RatingWay::Call, RatingWay::InPerson];
    let choices = ways
        .into_iter()
        .map(|way| Choice {
            code: way.code().to_owned(),
            label: way.label().to_owned(),
        })
        .collect();
    Step {
        title: if view.current.is_some() {
            "更正满意度"
        } else {
            "登记满意度"
        },
        help: "由没有参与办理的人回访，照信访人的原意记。信访人以后在查询页上自己评价的，以自评为准。",
        fields: vec![
            Field::choice::<Rating>("rating", "信访人怎么说").required(),
            Field::new("way", "怎样问的", FieldKind::Choice { choices })
                .required()
                .value(RatingWay::Call.code()),
            Field::on("回访日期"),
            Field::long("words", "信访人的原话", MAX_WORDS).help(
                "不满意的要写原因。只有没有参与办理的镇综治办和镇领导看得到，办理单位看不到。",
            ),
        ],
        case: None,
        method: "POST",
        path: open.path("/satisfaction"),
        etag: Some(format!("\"{}\"", view.version)),
        body: as_it_is(),
        done: "已登记。",
        later: None,
    }
}
