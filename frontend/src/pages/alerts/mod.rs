//! `/alerts`: urgent information with its running clocks, and how much was reported in time.
//! Neighbours: [`new`] reports some, [`show`] is one.

pub(crate) mod new;
mod rate;
pub(crate) mod show;

use std::time::Duration;

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use shared::access::Action;
use shared::alert::AlertDeed;
use shared::alert::step::AlertState;
use shared::alert::times::{AlertStage, Stretch, Verdict};
use shared::alert::view::AlertRow;
use shared::term::Term;

use super::heading;
use crate::app;
use crate::browser;
use crate::format;
use crate::rows::rows;
use crate::session;
use crate::ui::icon::{Icon, icon};
use crate::ui::live::{follow, live};
use crate::ui::states::empty;

/// How often the clocks are drawn anew.
const TICK: Duration = Duration::from_secs(15);

/// The page.
pub(crate) fn page() -> AnyView {
    let view = app::query("view");
    let state = app::query("state");
    let may = |deed| session::may(Action::Alert(deed));
    let (lists, rates) = (may(AlertDeed::List), may(AlertDeed::Rate));
    let link = move |mine: &'static str, words: &'static str, href: &'static str, may: bool| {
        let current = follow(move || (view.read().as_str() == mine).then_some("page"));
        may.then(|| {
            view! { <li><a href=href aria-current=current data-noscroll="">{words}</a></li> }
                .into_any()
        })
    };
    let path = Memo::new(
        move |_| match (state.read().as_str(), view.read().as_str()) {
            ("", "all") => "/alerts".to_owned(),
            // As a phone takes it along.
            ("", _) => "/alerts?open=true".to_owned(),
            (state, _) => format!("/alerts?state={}", browser::encoded(state)),
        },
    );
    let body = live(move || {
        if !lists || view.read().as_str() == "rate" {
            rate::view()
        } else {
            list(path)
        }
    });
    let report = may(AlertDeed::Report).then(|| {
        view! {
            <a class="btn btn-alert" href="/alerts/new" data-testid="report-alert">
                {icon(Icon::Alarm)}
                "上报重要信息"
            </a>
        }
    });
    view! {
        <div class="page page-wide">
            <div class="page-head">
                <div>
                    {heading("重要信息")}
                    <p class="quiet">"群体聚集、扬言、治安、灾害事故、舆情：发现就报，一条一句话。"</p>
                </div>
                <div class="row page-buttons">{report}</div>
            </div>
            <nav class="views" aria-label="重要信息">
                <ul>
                    {link("", "未办结", "/alerts", lists)}
                    {link("all", "全部", "/alerts?view=all", lists)}
                    {link("rate", "报送率", "/alerts?view=rate", rates)}
                </ul>
            </nav>
            {body}
        </div>
    }
    .into_any()
}

fn list(path: Memo<String>) -> AnyView {
    let now = ticking();
    let list = rows::<AlertRow>(path);
    let none = || {
        empty(
            "现在没有重要信息",
            "有人上报，镇领导、镇综治办、派出所会立刻收到通知，并列在这里。",
            None,
        )
    };
    list.view(none, move |rows| {
        let rows = rows.into_iter().map(|row| card(row, now)).collect_view();
        view! { <ul class="cards alerts">{rows}</ul> }.into_any()
    })
}

/// The time, anew every few seconds, for as long as the page is there.
fn ticking() -> RwSignal<DateTime<Utc>> {
    let now = RwSignal::new(browser::now());
    tick(now);
    now
}

fn tick(now: RwSignal<DateTime<Utc>>) {
    browser::later(TICK, move || {
        // Given back where the page is gone.
        if now.try_set(browser::now()).is_none() {
            tick(now);
        }
    });
}

fn card(row: AlertRow, now: RwSignal<DateTime<Utc>>) -> AnyView {
    let href = format!("/alerts/{}", row.id);
    let class = match row.state {
        AlertState::Reported => "card alert alert-waits",
        _ => "card alert",
    };
    view! {
        <li class=class data-testid="alert" data-state=row.state.code()>
            {head(&row)}
            <h2><a href=href>{row.what.clone()}</a></h2>
            {facts(&row)}
            {clocks(row.stretches, now)}
        </li>
    }
    .into_any()
}

/// Kind, drill, state.
fn head(row: &AlertRow) -> AnyView {
    let drill = row
        .drill
        .then(|| view! { <span class="badge badge-drill">"演练"</span> });
    let offline = row
        .stretches
        .iter()
        .any(|stretch| stretch.verdict == Verdict::Offline)
        .then(|| view! { <span class="badge badge-work">{Verdict::Offline.label()}</span> });
    view! {
        <p class="alert-head">
            <span class="kind">{row.kind.label()}</span>
            {drill}
            <span class=state_class(row.state)>{row.state.label()}</span>
            {offline}
            <time class="quiet">{format::moment(row.reported_at)}</time>
        </p>
    }
    .into_any()
}

const fn state_class(state: AlertState) -> &'static str {
    match state {
        AlertState::Reported => "badge badge-bad",
        AlertState::Acknowledged => "badge badge-wait",
        AlertState::Dispatched => "badge badge-work",
        AlertState::Closed => "badge badge-done",
    }
}

/// Where, how many, who.
fn facts(row: &AlertRow) -> AnyView {
    let place = [
        row.village.as_ref().map(|village| village.name.clone()),
        row.place.clone(),
    ];
    let place = place.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let people = row
        .people_count
        .filter(|count| *count > 0)
        .map(|count| format!("约{count}人"));
    let who = format!("{} {}", row.unit.name, row.author.name);
    let parts = [
        Some(place).filter(|place| !place.is_empty()),
        people,
        Some(who),
    ];
    let parts = parts
        .into_iter()
        .flatten()
        .map(|part| view! { <span>{part}</span> }.into_any())
        .collect_view();
    view! { <p class="case-card-facts">{parts}</p> }.into_any()
}

/// The stretches of time: done ones with what they took, the running one as a clock.
fn clocks(stretches: Vec<Stretch>, now: RwSignal<DateTime<Utc>>) -> AnyView {
    let drawn = live(move || {
        let now = now.get();
        stretches
            .iter()
            .filter(|stretch| stretch.verdict != Verdict::Spared)
            .map(|stretch| clock(stretch, now))
            .collect_view()
    });
    view! { <ul class="alert-clocks">{drawn}</ul> }.into_any()
}

fn clock(stretch: &Stretch, now: DateTime<Utc>) -> AnyView {
    let running = stretch.until.is_none();
    let minutes = if running {
        now.signed_duration_since(stretch.from).num_minutes().max(0)
    } else {
        stretch.minutes
    };
    let late = matches!(stretch.verdict, Verdict::Late | Verdict::Overdue)
        || (running && now > stretch.due);
    let (class, mark) = match (running, late) {
        (true, true) => ("alert-clock alert-clock-late", Icon::Warning),
        (true, false) => ("alert-clock alert-clock-runs", Icon::Clock),
        (false, true) => ("alert-clock alert-clock-was-late", Icon::Clock),
        (false, false) => ("alert-clock", Icon::Check),
    };
    let what = match (stretch.stage, running) {
        (AlertStage::Acknowledge, true) => "等待签收",
        (AlertStage::Dispatch, true) => "等待派人",
        (AlertStage::Report, _) => "上报用时",
        (AlertStage::Acknowledge, false) => "签收用时",
        (AlertStage::Dispatch, false) => "派人用时",
    };
    let limit = i64::from(stretch.limit_minutes);
    let verdict = match (running, late) {
        (true, true) => format!("，超过时限{}", span(minutes - limit)),
        (false, true) => "，超时".to_owned(),
        (false, false) if stretch.verdict == Verdict::Offline => "，离线补传".to_owned(),
        _ => String::new(),
    };
    view! {
        <li class=class data-stage=stretch.stage.code()>
            {icon(mark)}
            <span class="alert-clock-what">{what}</span>
            <strong>{span(minutes)}</strong>
            <span class="quiet">{format!("限{}{verdict}", span(limit))}</span>
        </li>
    }
    .into_any()
}

/// Minutes in words.
fn span(minutes: i64) -> String {
    match minutes {
        0 => "不到1分钟".to_owned(),
        1..60 => format!("{minutes}分钟"),
        60..1440 if minutes % 60 == 0 => format!("{}小时", minutes / 60),
        60..1440 => format!("{}小时{}分", minutes / 60, minutes % 60),
        _ => format!("{}天{}小时", minutes / 1440, minutes % 1440 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time() {
        for (minutes, words) in [
            (0, "不到1分钟"),
            (59, "59分钟"),
            (60, "1小时"),
            (75, "1小时15分"),
            (1500, "1天1小时"),
        ] {
            assert_eq!(span(minutes), words);
        }
    }
}
