//! A matter as a card: where it stands, its way, what is due, facts, parts, steps.

use leptos::prelude::*;
use shared::case::matter::view::{Due, Item, Line, MatterView, Stage, StepView};
use shared::case::matter::{Deed, Tone};
use shared::term::Term;

use super::bits::{badge, due, refused};
use super::{Desk, Doing, Target};
use crate::format::{self, ordered};
use crate::ui::icon::{Icon, icon};

/// The card.
pub(super) fn card(desk: Desk, matter: &MatterView) -> AnyView {
    let anchor = format!("matter-{}", matter.id);
    let title_id = format!("{anchor}-title");
    let class = match matter.tone {
        Tone::Void => "card matter matter-void",
        _ => "card matter",
    };
    let turn = matter
        .unit
        .as_ref()
        .filter(|_| matter.open)
        .map(|unit| view! { <span>{format!("轮到 {}", unit.name)}</span> });
    // What is only noted has its day among its facts.
    let began = (!matter.stages.is_empty())
        .then(|| view! { <span>{format!("{} 开始", format::short_date(matter.opened_on))}</span> });
    view! {
        <article
            class=class
            id=anchor
            tabindex="-1"
            aria-labelledby=title_id
            data-testid="matter"
            data-kind=matter.kind.code()
            data-state=matter.state.clone()
        >
            <header class="matter-head">
                <h3 id=title_id.clone()>
                    <span class="kind">{matter.kind.label()}</span>
                    " "
                    <span class="matter-title">{matter.title.clone()}</span>
                </h3>
                {badge(&matter.state_label, matter.tone)}
            </header>
            <p class="matter-when">
                {began}
                {turn}
            </p>
            {matter.due.as_ref().map(|due| deadline(due, matter.overdue))}
            {stages(&matter.stages)}
            {lines(&matter.lines)}
            {items(&matter.items)}
            {steps(desk, matter)}
        </article>
    }
    .into_any()
}

fn deadline(next: &Due, overdue: bool) -> AnyView {
    let class = match (overdue, next.petitioners) {
        (true, false) => "matter-due matter-late",
        _ => "matter-due",
    };
    let whose = next
        .petitioners
        .then_some("这是当事人自己的期限，过期不算单位超期。");
    let basis = next.basis.clone().unwrap_or_default();
    let basis = format!("{basis}{}", whose.unwrap_or_default());
    let basis = (!basis.is_empty()).then(|| view! { <p class="hint">{basis}</p> });
    view! {
        <div class=class>
            <p>{icon(Icon::Clock)} {due(&next.what, next.on, overdue, next.petitioners)}</p>
            {basis}
        </div>
    }
    .into_any()
}

fn stages(stages: &[Stage]) -> Option<AnyView> {
    if stages.is_empty() {
        return None;
    }
    let stations = stages
        .iter()
        .map(|stage| {
            let (class, spoken) = match (stage.current, stage.on) {
                (true, _) => ("stage stage-now", "（现在）"),
                (false, Some(_)) => ("stage stage-done", "（已完成）"),
                (false, None) => ("stage", "（未到）"),
            };
            let day = stage
                .on
                .map(|day| view! { <time>{format::short_date(day)}</time> });
            let mark = (!stage.current && stage.on.is_some()).then(|| icon(Icon::Check));
            view! {
                <li class=class aria-current=stage.current.then_some("step")>
                    <span class="stage-dot" aria-hidden="true">{mark}</span>
                    <span class="stage-words">
                        {stage.label.clone()}
                        <span class="sr-only">{spoken}</span>
                        {day}
                    </span>
                </li>
            }
            .into_any()
        })
        .collect_view();
    Some(view! { <ol class="stages" aria-label="进程">{stations}</ol> }.into_any())
}

/// The class of a word that has a colour.
const fn tint(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain | Tone::Active => "prose",
        Tone::Good => "prose tone-good",
        Tone::Warn => "prose tone-warn",
        Tone::Bad => "prose tone-bad",
        Tone::Void => "prose quiet",
    }
}

fn lines(lines: &[Line]) -> Option<AnyView> {
    if lines.is_empty() {
        return None;
    }
    let facts = lines
        .iter()
        .map(|line| {
            // Long ones take the whole width.
            let class = (line.text.chars().count() > 24).then_some("facts-wide");
            view! {
                <div class=class>
                    <dt>{line.label.clone()}</dt>
                    <dd class=tint(line.tone)>{line.text.clone()}</dd>
                </div>
            }
            .into_any()
        })
        .collect_view();
    Some(view! { <dl class="facts">{facts}</dl> }.into_any())
}

fn items(items: &[Item]) -> Option<AnyView> {
    let mut groups: Vec<(&str, Vec<&Item>)> = Vec::new();
    for item in items {
        match groups.iter_mut().find(|(group, _)| *group == item.group) {
            Some((_, items)) => items.push(item),
            None => groups.push((&item.group, vec![item])),
        }
    }
    if groups.is_empty() {
        return None;
    }
    let groups = groups
        .into_iter()
        .map(|(group, items)| {
            let count = items.len();
            let items = items.into_iter().map(part).collect_view();
            view! {
                <section class="parts">
                    <h4>{format!("{group}（{count}）")}</h4>
                    <ul>{items}</ul>
                </section>
            }
            .into_any()
        })
        .collect_view();
    Some(groups.into_any())
}

fn part(item: &Item) -> AnyView {
    let day = item
        .on
        .map(|day| view! { <span class="due-day">{format::short_date(day)}</span> });
    let text = item
        .text
        .as_ref()
        .map(|text| view! { <p class="prose part-text">{text.clone()}</p> });
    view! {
        <li class="part">
            <span class="part-title">{item.title.clone()}</span>
            <span class="part-state">{day} {badge(&item.state_label, item.tone)}</span>
            {text}
        </li>
    }
    .into_any()
}

/// Whether a step ends, strikes out or gives up: never the one to offer first.
const fn steps_aside(deed: Deed) -> bool {
    matches!(
        deed,
        Deed::MediationFail
            | Deed::MediationBreach
            | Deed::HearingCancel
            | Deed::OrderReturn
            | Deed::PackageReject
            | Deed::ContactEnd
            | Deed::MeasureStrike
            | Deed::VisitStrike
            | Deed::ServiceStrike
            | Deed::ReferralObject
            | Deed::ReferralWithdraw
            | Deed::EscalationWithdraw
            | Deed::EscalationReturn
    )
}

/// Whether a step leaves it to somebody else to go on.
const fn waits(deed: Deed) -> bool {
    matches!(deed, Deed::OrderRemind | Deed::OrderPropose)
}

/// Whether a step is not the next one as things stand: what it settles is settled, or nothing has
/// come yet that it could conclude.
fn elsewhen(deed: Deed, state: &str) -> bool {
    match deed {
        Deed::MediationAppoint => state != "requested",
        Deed::PackagePlan => state != "opened",
        Deed::OrderConclude => state != "reported",
        _ => false,
    }
}

fn steps(desk: Desk, matter: &MatterView) -> Option<AnyView> {
    let (allowed, rest): (Vec<&StepView>, Vec<&StepView>) =
        matter.steps.iter().partition(|step| step.allowed);
    let (aside, onward): (Vec<&StepView>, Vec<&StepView>) =
        allowed.into_iter().partition(|step| steps_aside(step.deed));
    let later = |step: &StepView| waits(step.deed) || elsewhen(step.deed, &matter.state);
    let onward = ordered(onward, |step| later(step));
    let buttons = onward
        .iter()
        .enumerate()
        .map(|(at, step)| {
            let class = if at == 0 && matter.open && !later(step) {
                "btn btn-primary"
            } else {
                "btn"
            };
            button(desk, matter, step, class)
        })
        .chain(
            aside
                .iter()
                .map(|step| button(desk, matter, step, "btn btn-quiet")),
        )
        .collect_view();
    let row = (!onward.is_empty() || !aside.is_empty())
        .then(|| view! { <div class="row">{buttons}</div> });
    // What is over needs no reasons.
    let rest = (!rest.is_empty() && matter.open).then(|| refused("暂不能办理的步骤", &rest));
    (row.is_some() || rest.is_some())
        .then(|| view! { <footer class="matter-steps">{row} {rest}</footer> }.into_any())
}

fn button(desk: Desk, matter: &MatterView, step: &StepView, class: &'static str) -> AnyView {
    let (chosen, target) = (
        step.clone(),
        Target {
            id: matter.id.clone(),
            title: matter.title.clone(),
            version: matter.version,
        },
    );
    view! {
        <button
            type="button"
            class=class
            data-testid=format!("step-{}", step.deed.code())
            aria-label=format!("{}：{}", step.label, matter.title)
            on:click=move |_| desk.begin(Doing::Stepping(chosen.clone(), target.clone()))
        >
            {step.label.clone()}
        </button>
    }
    .into_any()
}
