//! `/reports/{id}`: a report: its form while it is to be sent, and what it says afterwards.

use leptos::prelude::*;
use shared::access::{Action, Facts, can};
use shared::case::Severity;
use shared::case::matter::Tone;
use shared::case::matter::form::Field;
use shared::report::input::{MAX_SHORT, StepInput};
use shared::report::state::{Change, Standing, after};
use shared::report::view::{FindingView, ReportRow, ReportView};
use shared::report::{FindingState, ReportDeed, ReportState, ReportStep};
use shared::term::Term;

use super::{period, settle, standing, until, write};
use crate::api::{Call, Tagged};
use crate::app;
use crate::format;
use crate::load::{Loader, load};
use crate::pages::admin::{foot, stale};
use crate::pages::case::matter::bits::badge;
use crate::pages::heading;
use crate::ui::dialog::Dialog;
use crate::ui::field::Form;
use crate::ui::fields::sheet;
use crate::ui::icon::{Icon, icon};
use crate::ui::live::follow;
use crate::ui::notice::notices;
use crate::ui::photos::gallery;
use crate::ui::states::waiting;

/// A report that is open on the page.
#[derive(Clone, Copy)]
pub(super) struct Open {
    /// The report with its version.
    pub(super) loader: Loader<Tagged<ReportView>>,
}

impl Open {
    /// The path of something below the report.
    pub(super) fn path(self, below: &str) -> String {
        let id = self.loader.value().map(|now| now.value.report.id);
        format!("/reports/{}{below}", id.unwrap_or_default())
    }

    /// The version that is shown.
    pub(super) fn etag(self) -> String {
        self.loader.value().map(|now| now.etag).unwrap_or_default()
    }
}

/// Whether the signed-in person may do something about a report.
pub(super) fn may(report: &ReportRow, deed: ReportDeed) -> bool {
    let action = Action::Report(deed);
    can(&app::me().actor, action, Facts::Field(&report.facts)).is_ok()
}

/// The page.
pub(crate) fn page(id: String) -> AnyView {
    let path = StoredValue::new(format!("/reports/{id}"));
    let loader = load(move || Call::get(path.get_value()).tagged::<ReportView>());
    let open = Open { loader };
    let body = loader.view(waiting, move |now| whole(open, &now));
    view! { <div class="page">{body}</div> }.into_any()
}

fn whole(open: Open, now: &Tagged<ReportView>) -> AnyView {
    let view = &now.value;
    let report = &view.report;
    let writes = may(report, ReportDeed::Write)
        && report.state != ReportState::Submitted
        && after(report.state, Change::Replace).is_ok();
    let body = if writes {
        write::form(open, now)
    } else {
        content(open, view)
    };
    view! {
        <p class="crumbs"><a href="/reports">"排查报告"</a></p>
        <div class="page-head">
            <div>
                {heading(report.unit.name.clone())}
                <p class="report-head">
                    <span>{period(report)}</span>
                    {standing(report)}
                    {(report.late && report.standing != Standing::Late)
                        .then(|| badge("迟报", Tone::Warn))}
                </p>
            </div>
        </div>
        {verdict(view)}
        {body}
        {course(view)}
    }
    .into_any()
}

/// What the office last said.
fn verdict(view: &ReportView) -> Option<AnyView> {
    let verdict = view.verdict.as_ref()?;
    let (words, class) = match view.report.state {
        ReportState::Returned => ("退回", "note note-sealed"),
        ReportState::Acknowledged => ("签收", "note"),
        ReportState::Excused => ("免报", "note"),
        // Sent again since, or withdrawn.
        _ => return None,
    };
    let text = verdict
        .text
        .as_ref()
        .map(|text| format!("：{text}"))
        .unwrap_or_default();
    let again = (view.report.state == ReportState::Returned)
        .then(|| view! { <p>{until(&view.report)}</p> });
    Some(
        view! {
            <div class=class data-testid="verdict">
                <p>{format!("{} {words}{text}", verdict.by.name)}</p>
                {again}
            </div>
        }
        .into_any(),
    )
}

/// When it was due and sent, by whom.
fn course(view: &ReportView) -> AnyView {
    let fact = |name: &'static str, value: String| {
        view! { <div><dt>{name}</dt><dd>{value}</dd></div> }.into_any()
    };
    let report = &view.report;
    let sent = report.submitted_at.map(|at| {
        let who = report.author.as_ref().map(|author| author.name.clone());
        fact(
            "提交",
            format!("{} {}", format::moment(at), who.unwrap_or_default()),
        )
    });
    let first = view
        .first_submitted_at
        .map(format::moment)
        .filter(|at| report.submitted_at.map(format::moment).as_ref() != Some(at))
        .map(|at| fact("首次提交", at));
    let claimed = view.recorded_at.map(|at| {
        fact(
            "手机上的时间",
            format!("{}（是否迟报以服务器时间为准）", format::moment(at)),
        )
    });
    view! {
        <dl class="facts report-course">
            {fact("截止", format!("{} 前", format::moment(view.first_due_at)))}
            {first}
            {sent}
            {claimed}
        </dl>
    }
    .into_any()
}

fn content(open: Open, view: &ReportView) -> AnyView {
    view! {
        {said(view)}
        {findings(Some(open), view)}
        {steps(open, &view.report)}
    }
    .into_any()
}

/// The summary, or what stands in for it.
pub(super) fn said(view: &ReportView) -> AnyView {
    let report = &view.report;
    let summary = (!view.summary.is_empty())
        .then(|| view! { <p class="prose card">{view.summary.clone()}</p> });
    let zero = report.zero.then(|| {
        view! {
            <p class="report-done" data-testid="is-zero">
                {icon(Icon::Check)}
                "零报告：没有发现情况。"
            </p>
        }
    });
    let nothing = (!report.zero && view.findings.is_empty() && view.summary.is_empty())
        .then(|| view! { <p class="quiet">"还没有填写。"</p> });
    view! {
        {zero}
        {summary}
        {nothing}
        {gallery(&view.photos)}
    }
    .into_any()
}

/// The findings; without `open`, for reading only.
pub(super) fn findings(open: Option<Open>, view: &ReportView) -> AnyView {
    let sent = matches!(
        view.report.state,
        ReportState::Submitted | ReportState::Acknowledged
    );
    let open = open.filter(|_| sent);
    let cards = view
        .findings
        .iter()
        .enumerate()
        .map(|(n, finding)| finding_card(open, &view.report, n, finding))
        .collect_view();
    view! { <ul class="cards report-findings">{cards}</ul> }.into_any()
}

fn finding_card(
    open: Option<Open>,
    report: &ReportRow,
    n: usize,
    finding: &FindingView,
) -> AnyView {
    let text = |name: &'static str, value: Option<String>| {
        value.map(|value| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }.into_any())
    };
    let named =
        |named: &Option<shared::case::view::Named>| named.as_ref().map(|of| of.name.clone());
    let when = finding
        .occurred_on
        .map(format::date)
        .or_else(|| finding.occurred_text.clone());
    let place: Vec<String> = [
        named(&finding.village),
        named(&finding.group),
        finding.place.clone(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let place = (!place.is_empty()).then(|| place.join(" "));
    let facts = [
        text("时间", when),
        text("地点", place),
        text("涉及单位", finding.unit_concerned.clone()),
        text(
            "涉及人数",
            finding.people_count.map(|count| format!("{count}人")),
        ),
        text("重点人员", finding.key_persons.clone()),
        text("事态发展", finding.development.clone()),
        text("调处情况", finding.handling.clone()),
        text("来自", named(&finding.from_unit)),
        text("核实情况", finding.dismissed_why.clone()),
    ]
    .collect_view();
    let tone = match finding.state {
        FindingState::Open => Tone::Warn,
        FindingState::Case | FindingState::Joined => Tone::Good,
        FindingState::Dismissed => Tone::Void,
    };
    let grave = match finding.severity {
        Severity::Ordinary => None,
        severity => Some(view! { <span class="flag flag-urgent">{severity.label()}</span> }),
    };
    let category = finding
        .category
        .map(|category| view! { <span class="badge">{category.label()}</span> });
    let case = finding.case.as_ref().map(|case| {
        view! {
            <p class="report-case" data-testid="finding-case">
                {icon(Icon::Ledger)}
                <a href=format!("/cases/{}", case.id)>{case.name.clone()}</a>
            </p>
        }
    });
    let settle = open.and_then(|open| settle::buttons(open, report, finding));
    view! {
        <li class="card report-finding" data-testid="finding">
            <p class="report-card-head">
                <span class="report-name">{format!("情况{}", n + 1)}</span>
                {category}
                {grave}
                {badge(finding.state.label(), tone)}
            </p>
            <p class="prose">{finding.cause.clone()}</p>
            <dl class="facts">{facts}</dl>
            {case}
            {settle}
        </li>
    }
    .into_any()
}

/// What may be done with the report now.
fn steps(open: Open, report: &ReportRow) -> AnyView {
    use ReportStep as P;
    let allowed: Vec<P> = [P::Acknowledge, P::Return, P::Excuse, P::Withdraw]
        .into_iter()
        .filter(|step| {
            let deed = match step {
                P::Withdraw => ReportDeed::Write,
                _ => ReportDeed::Judge,
            };
            may(report, deed) && after(report.state, Change::Step(*step)).is_ok()
        })
        .collect();
    if allowed.is_empty() {
        return ().into_any();
    }
    let dialog = Dialog::<P>::new();
    let form = Form::new();
    let notices = notices();
    let key = StoredValue::new(crate::browser::random_key());
    let act = move |step: P| {
        let call = Call::post(open.path(&format!("/actions/{}", step.code())))
            .if_match(&open.etag())
            .once(&key.get_value())
            .json(&StepInput::default());
        form.send(call.tagged::<ReportView>(), move |now| {
            open.loader.put(now);
            notices.say(match step {
                P::Acknowledge => "已签收。",
                _ => "已撤回，请填写后再提交。",
            });
        });
    };
    let buttons = allowed
        .into_iter()
        .map(|step| {
            let class = match step {
                P::Acknowledge => "btn btn-primary",
                _ => "btn",
            };
            view! {
                <button
                    type="button"
                    class=class
                    data-testid=format!("report-{}", step.code())
                    aria-disabled=follow(move || form.busy.get().then_some("true"))
                    on:click=move |_| match step {
                        P::Return | P::Excuse => dialog.start(step),
                        step => act(step),
                    }
                >
                    {step.label()}
                </button>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <section class="card report-steps" aria-label="办理">
            {form.summary()}
            {stale(form, move || open.loader.reload())}
            <div class="row">{buttons}</div>
        </section>
        {dialog.view(|step| step.label().to_owned(), move |step| ask(open, step, dialog.up()))}
    }
    .into_any()
}

/// A return or an excuse: why, and until when.
fn ask(open: Open, step: ReportStep, up: RwSignal<bool>) -> AnyView {
    let form = Form::new();
    let notices = notices();
    let key = StoredValue::new(crate::browser::random_key());
    let mut fields = vec![
        Field::long(
            "text",
            match step {
                ReportStep::Return => "退回的原因",
                _ => "免报的原因",
            },
            MAX_SHORT,
        )
        .required(),
    ];
    if step == ReportStep::Return {
        let field = Field::date("by", "哪天前重新上报").help("当天截止时间前；最多给31天。");
        fields.push(field.required());
    }
    let sheet = sheet(form, fields, Vec::new());
    let drawn = sheet.view();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(input) = sheet.checked() else { return };
        let call = Call::post(open.path(&format!("/actions/{}", step.code())))
            .if_match(&open.etag())
            .once(&key.get_value())
            .json(&input);
        form.send_or(
            call.tagged::<ReportView>(),
            move |now| {
                up.try_set(false);
                open.loader.put(now);
                notices.say(format!("已{}。", step.label()));
            },
            move |failure| {
                key.try_set_value(crate::browser::random_key());
                form.fail(failure);
            },
        );
    };
    let take = move || {
        up.set(false);
        open.loader.reload();
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {stale(form, take)}
            {drawn}
            {foot(form, up, step.label(), "btn btn-primary")}
        </form>
    }
    .into_any()
}
