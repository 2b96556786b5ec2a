//! The clocks of a case: days left, and the article behind each.

use leptos::prelude::*;
use shared::case::deadline::{Clock, ClockOwner};
use shared::term::Term;

use crate::format::ordered;
use crate::{browser, format};

/// All clocks of a case: those running first, those done folded away.
pub(crate) fn clocks(clocks: &[Clock]) -> AnyView {
    let running: Vec<&Clock> = clocks.iter().filter(|clock| clock.is_running()).collect();
    let running = ordered(running, |clock| clock.due);
    let done: Vec<&Clock> = clocks.iter().filter(|clock| !clock.is_running()).collect();
    let none = running
        .is_empty()
        .then(|| view! { <p class="quiet">"现在没有在计的期限。"</p> });
    let count = done.len();
    let done = (count > 0).then(|| {
        view! {
            <details class="more">
                <summary>{format!("已完成或停止的期限（{count}）")}</summary>
                <ul class="clocks">{list(&done)}</ul>
            </details>
        }
    });
    view! {
        {none}
        <ul class="clocks">{list(&running)}</ul>
        {done}
    }
    .into_any()
}

fn list(clocks: &[&Clock]) -> AnyView {
    clocks
        .iter()
        .map(|clock| one(clock))
        .collect_view()
        .into_any()
}

fn one(clock: &Clock) -> AnyView {
    let (words, pressing) = format::standing(clock.standing(browser::today()));
    let petitioner = clock.owner == ClockOwner::Petitioner;
    // A right that lapses is nobody's lateness.
    let (words, class) = match (petitioner, pressing) {
        (true, format::Pressing::Late) => ("已过期限".to_owned(), "due due-done"),
        (true, _) => (words, "due"),
        (false, pressing) => (words, pressing.class()),
    };
    let whose = petitioner.then_some("（信访人的权利）");
    let extended = (clock.extended_days > 0)
        .then(|| view! { <span>{format!("已延长{}天", clock.extended_days)}</span> });
    let unsure = (!clock.certain).then(|| {
        view! {
            <p class="hint">
                "其中有年份尚未公布放假安排，按周一至周五估算。"
            </p>
        }
    });
    let met = clock
        .met_on
        .map(|day| view! { <span>{format!("{}完成", format::short_date(day))}</span> });
    view! {
        <li class="clock">
            <span class="clock-head">
                <span class="clock-name">{clock.kind.label()} {whose}</span>
                <span class=class>{words}</span>
            </span>
            <span class="clock-facts">
                <span>{format!("{}次日起算", format::short_date(clock.from))}</span>
                <span>{format!("截止 {}", format::short_date(clock.due))}</span>
                {extended}
                {met}
            </span>
            <details class="basis">
                <summary>"依据"</summary>
                <p>{clock.basis.clone()}</p>
            </details>
            {unsure}
        </li>
    }
    .into_any()
}
