//! `/follow-ups`: answers that wait for somebody to ask the petitioner, with what is to be minded, and the
//! rating recorded from the list. Names and numbers are shown in the case, where the look is noted.

use leptos::prelude::*;
use shared::case::matter::form::{Choice, Field, FieldKind};
use shared::satisfaction::{FOLLOW_UP_DAYS, FollowUp, MAX_WORDS, Rating, RatingWay};
use shared::term::Term;

use super::heading;
use crate::format;
use crate::pages::visits::act::{Step, Steps, as_it_is};
use crate::rows::rows;
use crate::ui::icon::{Icon, icon};
use crate::ui::states::empty;

/// The page.
pub(crate) fn page() -> AnyView {
    let path = Memo::new(|_| "/follow-ups".to_owned());
    let list = rows::<FollowUp>(path);
    let steps = Steps::new(move |_| list.reload());
    let drawn = list.view(
        || {
            empty(
                "没有等候回访的答复",
                "答复送达、或者矛盾纠纷化解办结以后，没有参与办理的人在这里回访登记。",
                None,
            )
        },
        move |rows| {
            let rows = rows.iter().map(|row| card(row, steps)).collect_view();
            view! { <ul class="cards follow-ups">{rows}</ul> }.into_any()
        },
    );
    let lead = format!(
        "{FOLLOW_UP_DAYS}日内答复或办结、还没有评价的事项，先答复的在前。打开事项查看联系方式；按联系须知回访，照原意登记。"
    );
    view! {
        <div class="page">
            <div class="page-head">
                <div>
                    {heading("满意度回访")}
                    <p class="quiet">{lead}</p>
                </div>
            </div>
            {drawn}
            {steps.dialog()}
        </div>
    }
    .into_any()
}

fn card(row: &FollowUp, steps: Steps) -> AnyView {
    let facts = [
        row.village.as_ref().map(|village| village.name.clone()),
        row.unit.as_ref().map(|unit| format!("{}答复", unit.name)),
        Some(format!(
            "{}{}，已等{}天",
            format::short_date(row.answered_on),
            if row.closed { "办结" } else { "答复" },
            row.days
        )),
    ];
    let facts = facts
        .into_iter()
        .flatten()
        .map(|fact| view! { <span>{fact}</span> }.into_any())
        .collect_view();
    let care = (!row.care.is_empty()).then(|| {
        let lines = row
            .care
            .iter()
            .map(|line| view! { <p>{line.clone()}</p> }.into_any())
            .collect_view();
        view! { <div class="note care" data-testid="care">{icon(Icon::Warning)} <div>{lines}</div></div> }
    });
    let how = if row.call {
        ().into_any()
    } else {
        view! { <span class="badge badge-wait">"不打电话，当面回访"</span> }.into_any()
    };
    view! {
        <li class="card" data-testid="follow-up">
            <p class="case-card-head">
                <a class="number" href=format!("/cases/{}", row.case.id)>{row.case.name.clone()}</a>
                {how}
            </p>
            <p>{row.cause.clone()}</p>
            <p class="case-card-facts">{facts}</p>
            {care}
            <div class="row">{steps.button("btn btn-primary", "rate", ask(row))}</div>
        </li>
    }
    .into_any()
}

fn ask(row: &FollowUp) -> Step {
    let ways: &[RatingWay] = if row.call {
        &[RatingWay::Call, RatingWay::InPerson]
    } else {
        &[RatingWay::InPerson]
    };
    let usual = ways.first().copied().map_or("", Term::code);
    Step {
        title: "登记满意度",
        help: "照信访人的原意记，不劝说、不代答。信访人以后在查询页上自己评价的，以自评为准。",
        fields: vec![
            Field::choice::<Rating>("rating", "信访人怎么说").required(),
            Field::new(
                "way",
                "怎样问的",
                FieldKind::Choice {
                    choices: Choice::of(ways),
                },
            )
            .required()
            .value(usual),
            Field::on("回访日期"),
            Field::long("words", "信访人的原话", MAX_WORDS)
                .help("不满意的要写原因。办理单位看不到原话。"),
        ],
        case: None,
        method: "POST",
        path: format!("/cases/{}/satisfaction", row.case.id),
        etag: Some(format!("\"{}\"", row.version)),
        body: as_it_is(),
        done: "已登记。",
        later: None,
    }
}
