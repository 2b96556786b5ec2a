//! `/targets`: what the year aims at, how it stands, and what simple extrapolation comes to.

use chrono::Datelike;
use leptos::prelude::*;
use shared::access::Action;
use shared::export::ExportDeed;
use shared::indicator::target::TargetPatch;
use shared::indicator::view::{TargetView, Targets};
use shared::indicator::{FigureDeed, percent_text};
use shared::term::Term;

use super::{count, head};
use crate::api::{self, Call};
use crate::app;
use crate::browser;
use crate::load::{Loader, load};
use crate::pages::admin::{etag, foot, stale};
use crate::pages::matters::select;
use crate::place::Place;
use crate::session;
use crate::ui::dialog::Dialog;
use crate::ui::export::exports;
use crate::ui::field::{Form, field, filled};
use crate::ui::notice::{Notices, notices};
use crate::ui::states::waiting;

#[derive(Clone, Copy)]
struct Desk {
    targets: Loader<Targets>,
    notices: Notices,
    /// Changes a target, of a year.
    dialog: Dialog<(i32, TargetView)>,
}

/// The page.
pub(crate) fn page() -> AnyView {
    let year = app::query("year");
    let targets = load(move || {
        let query = api::query([("year", year.read().as_str())]);
        Call::get(format!("/targets{query}")).fetch::<Targets>()
    });
    let desk = Desk {
        targets,
        notices: notices(),
        dialog: Dialog::new(),
    };
    let now = browser::today().year();
    let years: crate::directory::Options = (-1..4)
        .map(|back| ((now - back).to_string(), format!("{}年", now - back)))
        .collect();
    let chosen = Signal::derive(move || {
        let year = year.get();
        if year.is_empty() {
            now.to_string()
        } else {
            year
        }
    });
    let go = app::replacing();
    let export = session::may(Action::Export(ExportDeed::Targets)).then(|| {
        exports("年度目标", move || {
            let query = api::query([("year", year.get_untracked().as_str())]);
            ("/exports/targets".to_owned(), query)
        })
    });
    view! {
        <div class="page page-wide fig-page">
            {head(&Place::Targets, "全年目标由镇领导和综治办确定。“简单外推”只按目前的速度推算，不是预测。")}
            <form class="filter-row" on:submit=|event| event.prevent_default()>
                {select("targets-year", "年度", chosen, Signal::stored(years), move |year| {
                    go.run(format!("/targets{}", api::query([("year", year.as_str())])));
                })}
                {export}
            </form>
            {targets.view(waiting, move |targets| drawn(desk, &targets))}
        </div>
        {desk.dialog.view(
            |(year, target)| format!("{year}年目标：{}", target.label),
            move |(year, target)| form(desk, year, target),
        )}
    }
    .into_any()
}

fn drawn(desk: Desk, targets: &Targets) -> AnyView {
    let cards = targets
        .items
        .iter()
        .map(|target| card(desk, targets.year, target))
        .collect_view();
    view! {
        <p class="quiet">{format!("截止{}", targets.as_of)}</p>
        <ul class="cards targets">{cards}</ul>
    }
    .into_any()
}

/// What a target asks for, in words.
fn aim(target: &TargetView) -> String {
    match (target.value, target.drop) {
        (None, _) => "没有确定目标".to_owned(),
        (Some(value), true) => format!("下降{}以上", percent_text(value)),
        (Some(value), false) => format!("{}以上", percent_text(value)),
    }
}

fn card(desk: Desk, year: i32, target: &TargetView) -> AnyView {
    let mark = |met: Option<bool>, yes: &'static str, no: &'static str| match met {
        Some(true) => view! { <span class="badge badge-answered">{yes}</span> }.into_any(),
        Some(false) => view! { <span class="badge badge-wait">{no}</span> }.into_any(),
        None => ().into_any(),
    };
    let cell = &target.now;
    let forecast = target.forecast.as_ref().map(|forecast| {
        let words = match (forecast.permille, target.drop) {
            (None, _) => "无数据".to_owned(),
            (Some(change), true) if change <= 0 => format!("下降{}", percent_text(-change)),
            (Some(change), true) => format!("上升{}", percent_text(change)),
            (Some(rate), false) => percent_text(rate),
        };
        view! {
            <div title=forecast.how.clone()>
                <dt>"简单外推"</dt>
                <dd>{words} " " {mark(forecast.met, "可达到", "达不到")}</dd>
            </div>
        }
    });
    let how = target
        .forecast
        .as_ref()
        .filter(|_| target.drop)
        .map(|forecast| view! { <p class="hint">{forecast.how.clone()}</p> });
    let set = session::may(Action::Figures(FigureDeed::SetTarget)).then(|| {
        let of = target.clone();
        let words = if target.value.is_some() {
            "修改目标"
        } else {
            "确定目标"
        };
        view! {
            <button
                type="button"
                class="btn btn-small"
                aria-label=format!("{words}：{}", target.label)
                on:click=move |_| desk.dialog.start((year, of.clone()))
            >
                {words}
            </button>
        }
    });
    let who = target.set_by.as_ref().zip(target.set_on).map(|(who, on)| {
        view! { <p class="quiet">{format!("{} {on} 确定", who.name)}</p> }
    });
    let note = target
        .note
        .clone()
        .map(|note| view! { <p class="hint">{note}</p> });
    let usual = if target.usual { "（默认）" } else { "" };
    view! {
        <li class="card target" data-testid="target" data-goal=target.goal.code()>
            <p class="case-card-head">
                <strong>{target.label.clone()}</strong>
                {mark(target.met, "已达到", "未达到")}
            </p>
            <dl class="facts">
                <div><dt>"目标"</dt><dd>{aim(target)} {usual}</dd></div>
                <div>
                    <dt>"目前"</dt>
                    <dd>
                        <strong>{super::words(cell, target.drop)}</strong>
                        " "
                        <span class="figure-counts">
                            {count(cell.numerator, cell.numerator_cases.as_ref())}
                            {if target.drop { " · 上年 " } else { " / " }}
                            {count(cell.denominator, cell.denominator_cases.as_ref())}
                        </span>
                    </dd>
                </div>
                {forecast}
            </dl>
            {how}
            {note}
            {who}
            {set}
        </li>
    }
    .into_any()
}

fn form(desk: Desk, year: i32, target: TargetView) -> AnyView {
    let form = Form::new();
    let shown = target.value.filter(|_| !target.usual);
    let shown = shown.map_or_else(String::new, |value| {
        percent_text(value).trim_end_matches('%').to_owned()
    });
    let value = RwSignal::new(shown);
    let note = RwSignal::new(target.note.clone().unwrap_or_default());
    let path = format!("/targets/{year}/{}", target.goal.code());
    let version = target.version;
    let drop = target.drop;
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let typed = value.get_untracked();
        let permille = match filled(&typed) {
            None => None,
            Some(typed) => match tenths(&typed) {
                Some(tenths) => Some(tenths),
                None => {
                    let mut errors = shared::validate::Errors::new();
                    errors.add(
                        "value",
                        "invalid",
                        "请填写百分数，最多一位小数，如 90 或 92.5。",
                    );
                    form.accept(errors);
                    return;
                }
            },
        };
        let patch = TargetPatch {
            value: permille,
            note: filled(&note.get_untracked()),
        };
        if !form.accept(patch.check()) {
            return;
        }
        let call = Call::patch(path.clone())
            .if_match(&etag(version))
            .json(&patch);
        form.send(call.done(), move |()| {
            desk.dialog.close();
            desk.notices.say("目标已保存。");
            desk.targets.reload();
        });
    };
    let label = if drop {
        "比上年同期下降（%）"
    } else {
        "目标（%）"
    };
    view! {
        <form on:submit=submit novalidate="">
            {form.summary()}
            {stale(form, move || {
                desk.dialog.close();
                desk.targets.reload();
            })}
            {field(form, "value", label).mode("decimal").hint("不填则取消目标。".to_owned()).input(value)}
            {field(form, "note", "依据或说明").area(note, 2)}
            {foot(form, desk.dialog.up(), "保存", "btn btn-primary")}
        </form>
    }
    .into_any()
}

/// A percentage with at most one place, in tenths.
fn tenths(text: &str) -> Option<i64> {
    let text = text.trim().trim_end_matches(['%', '％']);
    let (whole, tenth) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || tenth.len() != 1 || !digits(whole) || !digits(tenth) {
        return None;
    }
    Some(whole.parse::<i64>().ok()? * 10 + tenth.parse::<i64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::tenths;

    #[test]
    fn percentages_are_read_in_tenths() {
        assert_eq!(tenths("90"), Some(900));
        assert_eq!(tenths("92.5%"), Some(925));
        assert_eq!(tenths("100"), Some(1000));
        for wrong in ["", "九十", "9.25", "-1", "1e2", "1000", "."] {
            assert_eq!(tenths(wrong), None, "{wrong}");
        }
    }
}
