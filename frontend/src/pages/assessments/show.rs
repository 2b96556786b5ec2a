//! `/assessments/{id}`: a village's sheet, what it is scored with, and the next step.

use std::sync::Arc;

use leptos::prelude::*;
use serde_json::{Map, Value, json};
use shared::access::Action;
use shared::assessment::{
    AssessmentStep, AssessmentView, ItemView, MAX_WORDS, Said, Stage, TENTHS, VillageFacts, points,
};
use shared::case::matter::form::{Choice, Field, FieldKind};
use shared::export::ExportDeed;
use shared::json;
use shared::term::Term;

use super::{honours, score, standing};
use crate::api::Call;
use crate::app;
use crate::browser;
use crate::format;
use crate::load::load;
use crate::pages::case::facts::fact;
use crate::pages::heading;
use crate::pages::visits::act::{MakeBody, Step, Steps, as_it_is};
use crate::session;
use crate::shell::narrow;
use crate::ui::export::exports;
use crate::ui::icon::{Icon, icon};
use crate::ui::states::waiting;

/// The page.
pub(crate) fn page(id: String) -> AnyView {
    let path = format!("/assessments/{id}");
    let up = RwSignal::new(false);
    let sheet = load(move || Call::get(path.clone()).fetch::<AssessmentView>());
    let steps = Steps::new(move |text| match json::read::<AssessmentView>(&text) {
        Ok(now) => sheet.put(now),
        Err(_) => sheet.reload(),
    });
    let body = sheet.view(waiting, move |view| draw(&view, steps, up));
    view! {
        <div class="page">
            <nav class="crumbs" aria-label="位置">
                <a href="/assessments">{icon(Icon::Back)} "村级考核"</a>
            </nav>
            {body}
            {steps.dialog()}
            {honours::propose(&id, up, sheet)}
        </div>
    }
    .into_any()
}

fn draw(view: &AssessmentView, steps: Steps, up: RwSignal<bool>) -> AnyView {
    let row = &view.row;
    let title = format!(
        "{} {}年{}考核",
        row.village.name,
        row.year,
        row.kind.label()
    );
    let buttons = view
        .steps
        .iter()
        .map(|step| {
            let class = match step {
                AssessmentStep::Return | AssessmentStep::Object => "btn",
                _ => "btn btn-primary",
            };
            steps.button(class, testid(*step), ask(view, *step))
        })
        .collect_view();
    let id = row.id.clone();
    let export = session::may(Action::Export(ExportDeed::Assessment)).then(|| {
        exports(format!("{}考核表", row.village.name), move || {
            (format!("/exports/assessments/{id}/sheet"), String::new())
        })
    });
    let until = if view.frozen {
        format!("数据截至{}，已固定。", format::date(view.data_until))
    } else {
        format!("数据截至{}，审核时固定。", format::date(view.data_until))
    };
    let which = match view.criteria_number {
        0 => "内置的考核表".to_owned(),
        number => format!("考核表第{number}版"),
    };
    let which = format!("{which}，满{}分且没有一票否决的可以命名。", view.named_from);
    let items = if narrow() {
        let cards = view.items.iter().map(item_card).collect_view();
        view! { <ul class="cards">{cards}</ul> }.into_any()
    } else {
        items(view)
    };
    view! {
        {official(view)}
        <div class="page-head">
            <div>
                {heading(title)}
                <p class="case-badges">
                    {standing(row)}
                    " "
                    <strong data-testid="assessment-total">{score(row.total)}</strong>
                </p>
            </div>
            <div class="row page-buttons">
                {buttons}
                {export}
                <button type="button" class="btn" on:click=move |_| browser::print()>
                    {icon(Icon::Print)}
                    "打印"
                </button>
            </div>
        </div>
        <section aria-labelledby="items">
            <h2 id="items">"考核表"</h2>
            <p class="hint">{which} {until}</p>
            {items}
        </section>
        {vetoes(view)}
        {honours::section(view, steps, up)}
        {data(&view.data)}
        {said(&view.said)}
        {signatures(&["考核村（盖章）：", "镇综治办（盖章）：", "镇领导签字："])}
    }
    .into_any()
}

/// The head of the printed sheet: who assesses, what, whom.
fn official(view: &AssessmentView) -> AnyView {
    let row = &view.row;
    let result = match row.named {
        Some(true) => format!("命名为{}", row.kind.label()),
        Some(false) => "不予命名".to_owned(),
        None => row.stage.label().to_owned(),
    };
    view! {
        <div class="print-only official-head" aria-hidden="true">
            <p class="official-town">{app::me().township_name}</p>
            <p class="official-title">
                {format!("{}年度{}考核结果表", row.year, row.kind.label())}
            </p>
            <dl class="official-facts">
                <div><dt>"被考核村"</dt><dd>{row.village.name.clone()}</dd></div>
                <div><dt>"考核得分"</dt><dd>{score(row.total)}</dd></div>
                <div><dt>"考核结果"</dt><dd>{result}</dd></div>
            </dl>
        </div>
    }
    .into_any()
}

/// Where a printed sheet is signed and sealed.
pub(super) fn signatures(lines: &[&'static str]) -> AnyView {
    let lines = lines
        .iter()
        .map(|line| view! { <p>{*line}</p> }.into_any())
        .collect_view();
    let day = "年　　月　　日";
    view! {
        <div class="print-only official-foot" aria-hidden="true">
            {lines}
            <p>{day}</p>
        </div>
    }
    .into_any()
}

fn mark(tenths: Option<u32>) -> String {
    tenths.map_or_else(|| "—".to_owned(), points)
}

fn items(view: &AssessmentView) -> AnyView {
    let rows = view
        .items
        .iter()
        .map(|item| {
            view! {
                <tr data-testid="assessment-item">
                    <th scope="row">
                        {item.title.clone()}
                        <span class="quiet assessment-standard">{item.standard.clone()}</span>
                    </th>
                    <td class="number">{points(item.full)}</td>
                    <td class="number">{mark(item.own)}</td>
                    <td class="number"><strong>{mark(item.score)}</strong></td>
                    <td>{ground(item)}</td>
                </tr>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <div class="table-box">
            <table class="table">
                <caption class="sr-only">"考核项目和得分"</caption>
                <thead>
                    <tr>
                        <th scope="col">"项目"</th>
                        <th scope="col">"满分"</th>
                        <th scope="col">"自评"</th>
                        <th scope="col">"得分"</th>
                        <th scope="col">"依据"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// What an item's score rests on.
fn ground(item: &ItemView) -> AnyView {
    if item.by_data {
        return view! { <span class="badge badge-done">"按数据"</span> }.into_any();
    }
    let line = |who: &'static str, words: &Option<String>| {
        words
            .clone()
            .map(|words| view! { <p>{format!("{who}：{words}")}</p> })
    };
    view! { {line("村", &item.own_evidence)} {line("镇", &item.evidence)} }.into_any()
}

fn item_card(item: &ItemView) -> AnyView {
    view! {
        <li class="card" data-testid="assessment-item">
            <p class="case-card-head">
                <strong>{item.title.clone()}</strong>
                <span class="number">{format!("{}／{}", mark(item.score), points(item.full))}</span>
            </p>
            <p class="quiet">{item.standard.clone()}</p>
            {ground(item)}
        </li>
    }
    .into_any()
}

fn vetoes(view: &AssessmentView) -> AnyView {
    let rows = view
        .vetoes
        .iter()
        .map(|veto| {
            let (class, words) = if veto.holds {
                ("badge badge-wait", "有")
            } else {
                ("badge badge-done", "没有")
            };
            view! {
                <li class="law">
                    <span>{veto.title.clone()}</span>
                    <span class=class>{words}</span>
                </li>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <section class="card" aria-labelledby="vetoes">
            <h2 id="vetoes">"一票否决"</h2>
            <ul class="law-list">{rows}</ul>
        </section>
    }
    .into_any()
}

fn data(facts: &VillageFacts) -> AnyView {
    let number = |count: u32, unit: &str| {
        let words = format!("{count}{unit}");
        view! { {words} }.into_any()
    };
    view! {
        <section class="card" aria-labelledby="data">
            <h2 id="data">"计分用的数据"</h2>
            <dl class="facts">
                {fact("到市赴省进京非正常访", number(facts.abnormal_visits, "次"))}
                {fact("越级集体访", number(facts.skip_collectives, "批"))}
                {fact("积案", number(facts.backlog, "件"))}
                {fact("当年事项", number(facts.cases, "件"))}
                {fact("其中超期", number(facts.overdue, "件"))}
                {fact("应报的排查报告", number(facts.reports, "份"))}
                {fact("其中迟报、缺报", number(facts.reports_missed, "份"))}
                {fact("走访", number(facts.visits, "次"))}
                {fact("有法制宣传的季度", number(facts.publicity_quarters, "个"))}
            </dl>
        </section>
    }
    .into_any()
}

fn said(all: &[Said]) -> Option<AnyView> {
    if all.is_empty() {
        return None;
    }
    let rows = all
        .iter()
        .map(|said| {
            let text = said
                .text
                .clone()
                .map(|text| view! { <p class="prose">{text}</p> });
            view! {
                <li class="event">
                    <p class="event-head">
                        <span class="event-kind">{said.step.label()}</span>
                        <time>{format::moment(said.at)}</time>
                    </p>
                    {text}
                    <p class="event-foot">{said.by.name.clone()}</p>
                </li>
            }
            .into_any()
        })
        .collect_view();
    Some(
        view! {
            <section aria-labelledby="said">
                <h2 id="said">"经过"</h2>
                <ol class="timeline card">{rows}</ol>
            </section>
        }
        .into_any(),
    )
}

const fn testid(step: AssessmentStep) -> &'static str {
    match step {
        AssessmentStep::Submit => "assess-submit",
        AssessmentStep::Return => "assess-return",
        AssessmentStep::Review => "assess-review",
        AssessmentStep::Object => "assess-object",
        AssessmentStep::Decide => "assess-decide",
    }
}

/// The dialog of a step.
fn ask(view: &AssessmentView, step: AssessmentStep) -> Step {
    let long = |label: &str| Field::long("text", label, MAX_WORDS);
    let (title, help, fields, body): (_, _, _, MakeBody) = match step {
        AssessmentStep::Submit => (
            "提交自评",
            "按数据计分的项目不用填。分数和依据写实，镇综治办会核对。",
            by_hand(view, true),
            marks(view),
        ),
        AssessmentStep::Review => {
            let mut fields = by_hand(view, false);
            let choices = view
                .vetoes
                .iter()
                .filter(|veto| !veto.by_data)
                .map(|veto| Choice {
                    code: veto.code.clone(),
                    label: veto.title.clone(),
                })
                .collect();
            let chosen: Vec<&str> = view
                .vetoes
                .iter()
                .filter(|veto| veto.holds && !veto.by_data)
                .map(|veto| veto.code.as_str())
                .collect();
            fields.push(
                Field::new("vetoes", "一票否决的情形", FieldKind::Choices { choices })
                    .value(chosen.join(",")),
            );
            fields.push(if view.row.stage == Stage::Objected {
                long("对异议的答复").required()
            } else {
                long("说明")
            });
            (
                "审核评分",
                "按数据计分的项目按现在的数据固定下来，以后事项的变化不再影响这张表。",
                fields,
                marks(view),
            )
        }
        AssessmentStep::Return => (
            "退回村",
            "",
            vec![long("退回的理由").required()],
            as_it_is(),
        ),
        AssessmentStep::Object => (
            "提出异议",
            "镇综治办要重新审核并答复，答复以前不作决定。",
            vec![long("异议的理由").required()],
            as_it_is(),
        ),
        AssessmentStep::Decide => (
            "作出决定",
            "决定以后整张考核表不再变。有一票否决情形或不到命名分数线的，不能命名。",
            vec![
                Field::new("named", "命名", FieldKind::Check),
                long("决定的依据").required(),
            ],
            as_it_is(),
        ),
    };
    Step {
        title,
        help,
        fields,
        case: None,
        method: "POST",
        path: format!("/assessments/{}/steps/{step}", view.row.id),
        etag: Some(format!("\"{}\"", view.version)),
        body,
        done: "已提交。",
        later: None,
    }
}

/// A score and its evidence for each item that is scored by hand.
fn by_hand(view: &AssessmentView, own: bool) -> Vec<Field> {
    let mut fields = Vec::new();
    for item in view.items.iter().filter(|item| !item.by_data) {
        let max = item.full / TENTHS;
        let label = format!("{}（0至{max}分）", item.title);
        let known = if own {
            item.own
        } else {
            item.score.or(item.own)
        };
        let words = if own {
            &item.own_evidence
        } else {
            &item.evidence
        };
        let score = Field::new(&item.code, &label, FieldKind::Number { min: 0, max })
            .required()
            .help(item.standard.clone());
        fields.push(match known {
            Some(known) => score.value((known / TENTHS).to_string()),
            None => score,
        });
        fields.push(
            Field::long(&evidence(&item.code), "评分的依据", MAX_WORDS)
                .required()
                .value(words.clone().unwrap_or_default()),
        );
    }
    fields
}

fn evidence(code: &str) -> String {
    format!("{code}_evidence")
}

/// Makes marks of what was filled in.
fn marks(view: &AssessmentView) -> MakeBody {
    let by_hand = view.items.iter().filter(|item| !item.by_data);
    let codes: Vec<String> = by_hand.map(|item| item.code.clone()).collect();
    Arc::new(move |mut filled: Map<String, Value>| {
        let mut marks = Vec::new();
        for code in &codes {
            let score = filled.remove(code);
            let words = filled.remove(&evidence(code));
            let score = score.and_then(|score| score.as_u64());
            marks.push(json!({
                "code": code,
                "score": score.map(|score| score * u64::from(TENTHS)),
                "evidence": words,
            }));
        }
        filled.insert("marks".to_owned(), Value::Array(marks));
        filled
    })
}
