//! What can be started: a sentence each, and why the rest cannot.

use leptos::prelude::*;
use shared::case::matter::view::StepView;

use super::bits::{GROUPS, refused};
use super::{Desk, Doing};

/// The dialog's list.
pub(super) fn chooser(desk: Desk) -> AnyView {
    let openings = desk
        .matters
        .value()
        .map(|matters| matters.openings)
        .unwrap_or_default();
    let groups = GROUPS
        .iter()
        .filter_map(|(title, kinds)| {
            let offers: Vec<AnyView> = kinds
                .iter()
                .filter_map(|kind| {
                    openings
                        .iter()
                        .find(|step| step.kind == *kind && step.allowed)
                })
                .map(|step| offer(desk, step))
                .collect();
            (!offers.is_empty()).then(|| {
                view! {
                    <section class="offers">
                        <h3>{*title}</h3>
                        <ul>{offers}</ul>
                    </section>
                }
                .into_any()
            })
        })
        .collect_view();
    let rest: Vec<&StepView> = openings.iter().filter(|step| !step.allowed).collect();
    let rest = (!rest.is_empty()).then(|| refused("现在不能新办的", &rest));
    view! { {groups} {rest} }.into_any()
}

fn offer(desk: Desk, step: &StepView) -> AnyView {
    let chosen = step.clone();
    view! {
        <li>
            <button
                type="button"
                class="offer"
                data-testid=format!("start-{}", shared::term::Term::code(step.kind))
                on:click=move |_| desk.turn(Doing::Starting(chosen.clone()))
            >
                <span class="offer-name">{step.label.clone()}</span>
                <span class="offer-help">{step.help.clone()}</span>
            </button>
        </li>
    }
    .into_any()
}
