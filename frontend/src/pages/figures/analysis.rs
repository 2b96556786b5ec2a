//! `/analysis`: a month's figures beside others, where most came from, what is open longest, and the
//! office's words about it.

use chrono::{Datelike, Months, NaiveDate};
use leptos::prelude::*;
use shared::access::Action;
use shared::analysis::{
    AnalysisDeed, AnalysisLine, AnalysisPatch, AnalysisView, LongOpen, first_day, month_key,
    month_words,
};
use wasm_bindgen_futures::spawn_local;

use super::head;
use crate::api::Call;
use crate::app;
use crate::browser;
use crate::format;
use crate::load::{Loader, load};
use crate::pages::admin::{etag, stale};
use crate::place::Place;
use crate::session;
use crate::shell::narrow;
use crate::ui::dialog::dialog;
use crate::ui::field::{Form, field};
use crate::ui::icon::{Icon, icon};
use crate::ui::live::{follow, live};
use crate::ui::notice::notices;
use crate::ui::states::waiting;

fn this_month() -> NaiveDate {
    browser::today().with_day(1).unwrap_or_default()
}

fn moved(first: NaiveDate, by: i32) -> NaiveDate {
    let months = Months::new(by.unsigned_abs());
    let moved = if by < 0 {
        first.checked_sub_months(months)
    } else {
        first.checked_add_months(months)
    };
    moved.unwrap_or(first)
}

/// The page.
pub(crate) fn page() -> AnyView {
    let asked = app::query("month");
    // What is looked at first is the month that is over.
    let month =
        Memo::new(move |_| first_day(&asked.read()).unwrap_or_else(|| moved(this_month(), -1)));
    let found = load(move || {
        let month = month_key(month.get());
        Call::get(format!("/analyses/{month}")).fetch::<AnalysisView>()
    });
    let turn = move |by: i32| {
        follow(move || {
            let to = moved(month.get(), by);
            (to <= this_month()).then(|| format!("/analysis?month={}", month_key(to)))
        })
    };
    let issuing = RwSignal::new(false);
    view! {
        <div class="page page-wide fig-page analysis">
            {head(
                &Place::Analysis,
                "每月的数据、变化、热点和久未办结的事项放在一起，写上研判意见和下步措施，导出 Word 即可修改印发。一律不含检举控告。",
            )}
            <nav class="month-turn no-print" aria-label="月份">
                <a class="btn" href=turn(-1) data-noscroll="" data-testid="month-before">"上月"</a>
                <h2 data-testid="month">{live(move || month_words(month.get()))}</h2>
                <a class="btn" href=turn(1) data-noscroll="" data-testid="month-after">"下月"</a>
            </nav>
            {found.view(waiting, move |view| drawn(&view, found, issuing))}
        </div>
    }
    .into_any()
}

fn drawn(view: &AnalysisView, found: Loader<AnalysisView>, issuing: RwSignal<bool>) -> AnyView {
    let analysis = &view.analysis;
    let summary = analysis
        .summary()
        .into_iter()
        .map(|words| view! { <p>{words}</p> }.into_any())
        .collect_view();
    let long = (!analysis.longest.is_empty()).then(|| longest(&analysis.longest));
    let none = long
        .is_none()
        .then(|| view! { <p class="quiet">"没有未办结的事项。"</p> });
    view! {
        {tools(view, found, issuing)}
        {standing(view)}
        <section class="card analysis-words" aria-labelledby="analysis-summary">
            <h2 id="analysis-summary">"总体情况"</h2>
            {summary}
            <p class="quiet">{analysis.compared()}</p>
        </section>
        {lines("analysis-flow", "收办情况", "项目", &analysis.flow)}
        {lines("analysis-figures", "主要指标", "指标", &analysis.figures)}
        <div class="analysis-pair">
            {lines("analysis-categories", "热点类型", "类型", &analysis.categories)}
            {lines("analysis-villages", "各村", "村", &analysis.villages)}
        </div>
        <section class="card" aria-labelledby="analysis-longest">
            <h2 id="analysis-longest">"办理时间最长的事项"</h2>
            {long}
            {none}
        </section>
        {words(view, found)}
    }
    .into_any()
}

/// Whether it was issued.
fn standing(view: &AnalysisView) -> Option<AnyView> {
    let issued = view.issued.as_ref()?;
    Some(
        view! {
            <p class="note" data-testid="issued">
                {icon(Icon::Check)}
                {format!(
                    " {}于{}印发，数据和文字不再变。",
                    issued.by.name,
                    format::moment(issued.at)
                )}
            </p>
        }
        .into_any(),
    )
}

fn tools(view: &AnalysisView, found: Loader<AnalysisView>, issuing: RwSignal<bool>) -> AnyView {
    let notices = notices();
    let busy = RwSignal::new(false);
    let month = StoredValue::new(view.analysis.month.clone());
    let title = StoredValue::new(view.analysis.title());
    let word = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let call = Call::get(format!("/analyses/{}/docx", month.get_value()));
        let name = format!("{}分析研判.docx", title.get_value());
        spawn_local(async move {
            match call.file().await {
                Ok(file) => {
                    browser::save_file(&name, &file);
                    notices.say("已导出分析研判，并已记入审计。");
                }
                Err(failure) => notices.say(failure.message()),
            }
            busy.try_set(false);
        });
    };
    let may = session::may(Action::Analysis(AnalysisDeed::Issue));
    let issue = (may && view.issued.is_none() && view.analysis.over).then(|| {
        view! {
            <button
                type="button"
                class="btn"
                data-testid="issue"
                on:click=move |_| issuing.set(true)
            >
                {icon(Icon::Lock)}
                "印发"
            </button>
        }
    });
    let version = view.version;
    let body = move || ask(found, issuing, month.get_value(), version);
    view! {
        <p class="figures-tools">
            <button
                type="button"
                class="btn btn-primary"
                data-testid="word"
                aria-disabled=follow(move || busy.get().then_some("true"))
                on:click=word
            >
                {icon(Icon::Download)}
                {live(move || if busy.get() { "正在导出…" } else { "导出 Word" })}
            </button>
            <button type="button" class="btn" on:click=|_| browser::print()>
                {icon(Icon::Print)}
                "打印"
            </button>
            {issue}
        </p>
        {dialog(issuing, "印发分析研判".to_owned(), body)}
    }
    .into_any()
}

fn ask(found: Loader<AnalysisView>, up: RwSignal<bool>, month: String, version: i64) -> AnyView {
    let form = Form::new();
    let notices = notices();
    let key = StoredValue::new(browser::random_key());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let call = Call::post(format!("/analyses/{month}/issue"))
            .if_match(&etag(version))
            .once(&key.get_value());
        form.send(call.fetch::<AnalysisView>(), move |view| {
            up.try_set(false);
            notices.say("已印发。");
            found.put(view);
        });
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            <p class="help-box">
                "印发以后，这个月的数据按现在的固定下来，研判意见和下步措施也不能再改。请先保存文字。"
            </p>
            {form.summary()}
            {stale(form, move || {
                up.set(false);
                found.reload();
            })}
            {crate::pages::admin::foot(form, up, "印发", "btn btn-primary")}
        </form>
    }
    .into_any()
}

/// A table on a desk, cards on a phone.
fn lines(
    id: &'static str,
    title: &'static str,
    name: &'static str,
    lines: &[AnalysisLine],
) -> AnyView {
    let body = if lines.is_empty() {
        view! { <p class="quiet">"没有收到事项。"</p> }.into_any()
    } else if narrow() {
        let cards = lines.iter().map(card).collect_view();
        view! { <ul class="analysis-cards">{cards}</ul> }.into_any()
    } else {
        table(name, title, lines)
    };
    view! {
        <section class="card" aria-labelledby=id data-testid=id>
            <h2 id=id>{title}</h2>
            {body}
        </section>
    }
    .into_any()
}

/// Whether a change is one to look at: more cases, a lower rate.
fn tone(line: &AnalysisLine, change: Option<i64>) -> &'static str {
    let Some(change) = change.filter(|change| *change != 0) else {
        return "number";
    };
    // What was ended is better when it is more.
    let more_is_better = line.rate || line.code == shared::analysis::flow::ENDED;
    if (change > 0) == more_is_better {
        "number analysis-better"
    } else {
        "number analysis-worse"
    }
}

fn table(name: &'static str, caption: &'static str, lines: &[AnalysisLine]) -> AnyView {
    let rows = lines
        .iter()
        .map(|line| {
            let change = |than| {
                let class = tone(line, line.change(than));
                view! { <td class=class>{line.change_words(than)}</td> }.into_any()
            };
            view! {
                <tr data-testid="analysis-line" data-code=line.code.clone()>
                    <th scope="row">{line.label.clone()}</th>
                    <td class="number"><strong>{line.words(&line.now)}</strong></td>
                    <td class="number">{line.words(&line.before)}</td>
                    <td class="number">{line.words(&line.last_year)}</td>
                    {change(&line.before)}
                    {change(&line.last_year)}
                </tr>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <div class="table-box">
            <table class="table analysis-table">
                <caption class="sr-only">{caption}</caption>
                <thead>
                    <tr>
                        <th scope="col">{name}</th>
                        <th scope="col">"本月"</th>
                        <th scope="col">"上月"</th>
                        <th scope="col">"上年同月"</th>
                        <th scope="col">"环比"</th>
                        <th scope="col">"同比"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn card(line: &AnalysisLine) -> AnyView {
    view! {
        <li data-testid="analysis-line" data-code=line.code.clone()>
            <p class="case-card-head">
                <span>{line.label.clone()}</span>
                <strong>{line.words(&line.now)}</strong>
            </p>
            <p class="quiet">
                {format!(
                    "上月{}，环比{}；上年同月{}，同比{}",
                    line.words(&line.before),
                    line.change_words(&line.before),
                    line.words(&line.last_year),
                    line.change_words(&line.last_year),
                )}
            </p>
        </li>
    }
    .into_any()
}

fn longest(cases: &[LongOpen]) -> AnyView {
    let rows = cases
        .iter()
        .map(|case| {
            let facts = [
                case.village.clone(),
                Some(case.category.clone()),
                Some(format!("{}收到", format::short_date(case.received_on))),
                case.unit.clone().map(|unit| format!("责任单位{unit}")),
                case.lead.clone().map(|lead| format!("包案领导{lead}")),
            ];
            let facts: Vec<String> = facts.into_iter().flatten().collect();
            let backlog = case
                .backlog
                .then(|| view! { <span class="badge badge-bad">"积案"</span> });
            view! {
                <li data-testid="analysis-case">
                    <p class="case-card-head">
                        <a href=format!("/cases/{}", case.id)>{case.number.clone()}</a>
                        <span class="row">
                            {backlog}
                            <strong>{format!("{}日", case.days)}</strong>
                        </span>
                    </p>
                    <p>{case.cause.clone()}</p>
                    <p class="quiet">{facts.join(" · ")}</p>
                </li>
            }
            .into_any()
        })
        .collect_view();
    view! { <ol class="analysis-cards">{rows}</ol> }.into_any()
}

/// What the office writes.
fn words(view: &AnalysisView, found: Loader<AnalysisView>) -> AnyView {
    let may = session::may(Action::Analysis(AnalysisDeed::Write)) && view.issued.is_none();
    if !may {
        let part = |title: &'static str, words: &Option<String>| {
            let words = words.clone().unwrap_or_else(|| "没有写。".to_owned());
            view! { <h2>{title}</h2> <p class="prose">{words}</p> }.into_any()
        };
        return view! {
            <section class="card analysis-words" data-testid="analysis-words">
                {part("研判意见", &view.opinion)}
                {part("下步措施", &view.measures)}
            </section>
        }
        .into_any();
    }
    let form = Form::new();
    let notices = notices();
    let opinion = RwSignal::new(view.opinion.clone().unwrap_or_default());
    let measures = RwSignal::new(view.measures.clone().unwrap_or_default());
    let path = format!("/analyses/{}", view.analysis.month);
    let version = view.version;
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let patch = AnalysisPatch {
            opinion: Some(opinion.get_untracked()),
            measures: Some(measures.get_untracked()),
        };
        if !form.accept(patch.check()) {
            return;
        }
        let call = Call::patch(path.clone())
            .if_match(&etag(version))
            .json(&patch);
        form.send(call.fetch::<AnalysisView>(), move |view| {
            notices.say("已保存。");
            found.put(view);
        });
    };
    let written = view.author.as_ref().zip(view.written_at).map(|(by, at)| {
        view! { <p class="quiet">{format!("{} {} 保存", by.name, format::moment(at))}</p> }
    });
    view! {
        <form class="card stack analysis-words" novalidate on:submit=submit data-testid="analysis-words">
            {form.summary()}
            {stale(form, move || found.reload())}
            {field(form, "opinion", "研判意见")
                .hint("从数据看到了什么：哪些在上升，为什么，下个月要防什么。".to_owned())
                .area(opinion, 6)}
            {field(form, "measures", "下步措施")
                .hint("谁在什么时候做什么；一行一条。".to_owned())
                .area(measures, 6)}
            {written}
            <div class="row row-end no-print">{form.submit_as("保存", "btn btn-primary", "save-words")}</div>
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::moved;

    #[test]
    fn months_turn_over_the_year() {
        let day = |text: &str| text.parse().unwrap();
        assert_eq!(moved(day("2026-01-01"), -1), day("2025-12-01"));
        assert_eq!(moved(day("2025-12-01"), 1), day("2026-01-01"));
    }
}
