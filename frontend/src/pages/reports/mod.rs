//! `/reports`: what the own unit owes, with zero reports in one tap; the board, unit × period; the
//! list. Neighbours: [`show`] a report, [`write`] its form, [`settle`] what becomes of a finding.

mod board;
pub(crate) mod later;
mod settle;
pub(crate) mod show;
mod write;

use leptos::prelude::*;
use shared::access::Action;
use shared::case::matter::Tone;
use shared::export::ExportDeed;
use shared::json;
use shared::page::Page;
use shared::report::input::NewReport;
use shared::report::state::Standing;
use shared::report::view::{ReportRow, ReportView};
use shared::report::{ReportDeed, ReportKind, ReportState};
use shared::role::Role;
use shared::term::Term;

use super::case::matter::bits::badge;
use super::heading;
use super::matters::select;
use crate::api::{self, Call};
use crate::app;
use crate::browser;
use crate::directory::{Options, directory};
use crate::format;
use crate::load::{Loader, load};
use crate::outbox::{Sent, Slip};
use crate::rows::rows;
use crate::session;
use crate::ui::export::exports;
use crate::ui::field::{Form, terms};
use crate::ui::icon::{Icon, icon};
use crate::ui::live::{follow, live};
use crate::ui::notice::notices;
use crate::ui::states::{empty, waiting};

/// What the list can be narrowed to; the URL carries it, and the API takes it as it is.
const KEYS: [&str; 9] = [
    "kind",
    "state",
    "unit_id",
    "village_id",
    "missing",
    "late",
    "todo",
    "open_findings",
    "sort",
];

/// Whether the signed-in person writes reports, and of which kind.
fn writes() -> Option<ReportKind> {
    let unit = app::me().user.unit_id;
    let kind = directory()
        .units()
        .into_iter()
        .find(|of| of.id == unit)
        .and_then(|unit| ReportKind::of(unit.kind));
    kind.filter(|_| session::may(Action::Report(ReportDeed::Write)))
}

/// The page.
pub(crate) fn page() -> AnyView {
    super::admin::only_for(Action::Report(ReportDeed::Board), "排查报告", || {
        live(|| match directory().units().is_empty() {
            // Whose unit it is decides what comes first.
            true => waiting(),
            false => tabs(),
        })
    })
}

fn tabs() -> AnyView {
    let mine = writes();
    let reads = session::may(Action::Report(ReportDeed::View));
    let view = app::query("view");
    let values = KEYS.map(app::query);
    let narrowed = Memo::new(move |_| values.iter().any(|value| !value.read().is_empty()));
    let shown = Memo::new(move |_| match view.read().as_str() {
        "board" => "board",
        "list" if reads => "list",
        _ if narrowed.get() && reads => "list",
        _ if mine.is_some() => "mine",
        _ => "board",
    });
    let link = move |code: &'static str, words: &'static str, href: &'static str| {
        let current = follow(move || (shown.get() == code).then_some("page"));
        view! { <li><a href=href aria-current=current data-noscroll="">{words}</a></li> }.into_any()
    };
    let body = live(move || match shown.get() {
        "mine" => own(),
        "list" => list(),
        _ => board::board(),
    });
    view! {
        <div class="page page-wide">
            <div class="page-head">
                <div>
                    {heading("排查报告")}
                    <p class="quiet">
                        "社每日、村每周、站所每月报一次；没有发现情况也要报，点一下“零报告”。"
                    </p>
                </div>
            </div>
            <nav class="views" aria-label="排查报告">
                <ul>
                    {mine.is_some().then(|| link("mine", "本单位", "/reports"))}
                    {link("board", "报送情况", "/reports?view=board")}
                    {reads.then(|| link("list", "清单", "/reports?view=list"))}
                </ul>
            </nav>
            {body}
        </div>
    }
    .into_any()
}

/// How a report stands, as a badge.
fn standing(report: &ReportRow) -> AnyView {
    let words = match (report.state, report.standing) {
        (ReportState::Draft, Standing::NotDue) => "草稿，未提交",
        (ReportState::Draft, _) => "草稿未提交，已缺报",
        (ReportState::Returned, Standing::Missing) => "退回未再报",
        (_, standing) => standing.label(),
    };
    badge(words, tone(report.standing))
}

const fn tone(standing: Standing) -> Tone {
    match standing {
        Standing::NotDue => Tone::Plain,
        Standing::Missing => Tone::Bad,
        Standing::Late | Standing::Returned => Tone::Warn,
        Standing::Findings => Tone::Active,
        Standing::Zero | Standing::Acknowledged => Tone::Good,
        Standing::Excused => Tone::Void,
    }
}

/// `2026年3月10日 日报`, the week with its days.
fn period(report: &ReportRow) -> String {
    let name = format!("{} {}", report.period, report.kind.short());
    if report.kind == ReportKind::Weekly {
        let days = [report.period_start, report.period_end].map(day);
        return format!("{name}（{}）", days.join("—"));
    }
    name
}

fn day(day: chrono::NaiveDate) -> String {
    use chrono::Datelike as _;
    format!("{}月{}日", day.month(), day.day())
}

/// When a report is due, in words: `今天 18:00前`.
fn until(report: &ReportRow) -> AnyView {
    let due = report.due_at;
    let moment = format::moment(due);
    let today = browser::today();
    let on = shared::calendar::shanghai_day(due);
    let hour = moment.rsplit(' ').next().unwrap_or_default();
    let days = on.signed_duration_since(today).num_days();
    let (words, class) = if browser::now() >= due {
        (format!("应在 {moment} 前报"), "due due-late")
    } else {
        match days {
            0 => (format!("今天 {hour} 前报"), "due due-soon"),
            1 => (format!("明天 {hour} 前报"), "due due-soon"),
            _ => (
                format!("{}（{}）{hour} 前报", day(on), format::weekday(on)),
                "due",
            ),
        }
    };
    view! { <span class=class>{words}</span> }.into_any()
}

/// The report that a row is to be.
fn to_send(report: &ReportRow) -> NewReport {
    NewReport {
        kind: report.kind,
        unit_id: Some(report.unit.id.as_str().into()),
        period_start: report.period_start,
        summary: String::new(),
        findings: Vec::new(),
        zero: true,
        photos: Vec::new(),
        // The outbox says it.
        recorded_at: None,
        seen_version: Some(report.version),
    }
}

/// What the own unit has to send, and what it sent.
fn own() -> AnyView {
    let due =
        load(|| Call::get("/reports?todo=true&sort=due_at&limit=50").fetch::<Page<ReportRow>>());
    let turn = RwSignal::new(0u32);
    let unit = app::me().user.unit_id;
    let unit = StoredValue::new(unit);
    // Fetched anew once something was sent.
    let sent = live(move || {
        turn.track();
        let path =
            unit.with_value(|unit| format!("/reports?unit_id={unit}&pending=false&limit=20"));
        rows::<ReportRow>(Memo::new(move |_| path.clone())).view(
            || empty("还没有报过", "报过的会列在这里。", None),
            |rows| lines(&rows),
        )
    });
    let cards = due.view(waiting, move |page| {
        if page.items.is_empty() {
            return view! {
                <p class="note" data-testid="nothing-due">
                    {icon(Icon::Check)}
                    " 都报了，现在没有要报的。"
                </p>
            }
            .into_any();
        }
        let cards = page
            .items
            .iter()
            .map(|report| card(report, due, turn))
            .collect_view();
        view! { <ul class="cards report-due">{cards}</ul> }.into_any()
    });
    view! {
        <section aria-labelledby="owed">
            <h2 id="owed">"要报的"</h2>
            {cards}
        </section>
        <section class="report-past" aria-labelledby="past">
            <h2 id="past">"本单位的报告"</h2>
            {sent}
        </section>
    }
    .into_any()
}

/// A report that is owed: how long there is, and the two ways to send it.
fn card(report: &ReportRow, due: Loader<Page<ReportRow>>, turn: RwSignal<u32>) -> AnyView {
    let form = Form::new();
    let done = RwSignal::new(None::<ReportView>);
    let shown = StoredValue::new(report.clone());
    let slip = Slip::new();
    let go = app::going();
    let zero = move |_| {
        let (report, input) = shown.with_value(|report| (report.clone(), to_send(report)));
        let request = later::send(slip, report, input, Vec::new());
        form.send(request, move |sent| match sent {
            Sent::Done(text) => {
                done.set(json::read(&text).ok());
                turn.update(|turn| *turn += 1);
            }
            Sent::Waits(key) => go.run(format!("/drafts?at={key}")),
        });
    };
    let body = live(move || match done.get() {
        Some(view) => sent_zero(&view, due, turn),
        None => shown.with_value(|report| {
            let begun = report.findings > 0;
            let zero = (!begun).then(|| {
                view! {
                    <button
                        type="button"
                        class="btn btn-primary btn-big"
                        data-testid="zero"
                        aria-disabled=follow(move || form.busy.get().then_some("true"))
                        on:click=zero
                    >
                        {icon(Icon::Check)}
                        "零报告"
                    </button>
                }
            });
            let class = if begun {
                "btn btn-primary btn-big"
            } else {
                "btn btn-big"
            };
            let words = match (begun, report.state) {
                (true, _) => "继续填写",
                (_, ReportState::Returned) => "修改重报",
                _ => "有情况，填写",
            };
            view! {
                <p class="report-until">{until(report)}</p>
                {form.summary()}
                <div class="report-buttons">
                    {zero}
                    <a class=class href=format!("/reports/{}", report.id) data-testid="write">
                        {words}
                    </a>
                </div>
            }
            .into_any()
        }),
    });
    view! {
        <li class="card report-card" data-testid="due-report">
            <p class="report-card-head">
                <span class="report-name">{period(report)}</span>
                {standing(report)}
            </p>
            {body}
        </li>
    }
    .into_any()
}

/// What was done by one tap, and the way back.
fn sent_zero(view: &ReportView, due: Loader<Page<ReportRow>>, turn: RwSignal<u32>) -> AnyView {
    let form = Form::new();
    let go = app::going();
    let notices = notices();
    let report = StoredValue::new(view.report.clone());
    let at = view
        .report
        .submitted_at
        .map(format::moment)
        .unwrap_or_default();
    let late = if view.report.late { "，迟报" } else { "" };
    let back = move |_| {
        let (id, version) = report.with_value(|report| (report.id.clone(), report.version));
        let call = Call::post(format!("/reports/{id}/actions/withdraw"))
            .if_match(&super::admin::etag(version))
            .json(&shared::report::input::StepInput::default());
        form.send(call.fetch::<ReportView>(), move |view| {
            due.reload();
            turn.update(|turn| *turn += 1);
            notices.say("已撤回，请填写后再提交。");
            go.run(format!("/reports/{}", view.report.id));
        });
    };
    view! {
        <p class="report-done" role="status" data-testid="sent">
            {icon(Icon::Check)}
            {format!("已报零报告（{at}{late}）")}
        </p>
        {form.summary()}
        <div class="report-buttons">
            <button type="button" class="btn" data-testid="take-back" on:click=back>
                "点错了，撤回"
            </button>
        </div>
    }
    .into_any()
}

fn list() -> AnyView {
    let values = KEYS.map(app::query);
    let path = move |page: &str| {
        let values = values.each_ref().map(|value| value.get());
        let pairs = KEYS
            .iter()
            .zip(&values)
            .map(|(key, value)| (*key, value.as_str()));
        format!("{page}{}", api::query(pairs))
    };
    let found = rows::<ReportRow>(Memo::new(move |_| path("/reports")));
    let none = || {
        empty(
            "没有符合条件的报告",
            "报告按规则自动生成，不用新建。去掉一些条件试试。",
            Some(view! { <a class="btn" href="/reports?view=list">"清除全部条件"</a> }.into_any()),
        )
    };
    let go = app::going();
    let change = move |changes: &[(&str, &str)]| {
        let values = values.each_ref().map(|value| value.get_untracked());
        let pairs = KEYS.iter().zip(&values).map(|(key, value)| {
            let new = changes.iter().find(|(known, _)| known == key);
            (*key, new.map_or(value.as_str(), |(_, value)| *value))
        });
        let query = api::query([("view", "list")].into_iter().chain(pairs));
        go.run(format!("/reports{query}"));
    };
    let value = move |key: &'static str| {
        let at = KEYS.iter().position(|known| *known == key);
        let value = at.and_then(|at| values.get(at).copied());
        Signal::derive(move || value.map(|value| value.get()).unwrap_or_default())
    };
    let (missing, late, open) = (value("missing"), value("late"), value("open_findings"));
    let (todo, state) = (value("todo"), value("state"));
    let shown = Signal::derive(move || {
        let on = |signal: Signal<String>| signal.read().as_str() == "true";
        match () {
            () if on(missing) => "missing".to_owned(),
            () if on(late) => "late".to_owned(),
            () if on(open) => "open_findings".to_owned(),
            () if on(todo) => "todo".to_owned(),
            () => state.get(),
        }
    });
    let mut standings: Options = vec![
        (String::new(), "全部".to_owned()),
        ("missing".to_owned(), "缺报".to_owned()),
        ("late".to_owned(), "迟报".to_owned()),
        ("open_findings".to_owned(), "有待处置的情况".to_owned()),
    ];
    standings.extend(terms::<ReportState>());
    if writes().is_some() {
        standings.push(("todo".to_owned(), "本单位要报的".to_owned()));
    }
    let stand = move |code: String| {
        let flag = |name: &str| if code == name { "true" } else { "" };
        let state = ReportState::from_code(&code).map_or("", Term::code);
        change(&[
            ("missing", flag("missing")),
            ("late", flag("late")),
            ("open_findings", flag("open_findings")),
            ("todo", flag("todo")),
            ("state", state),
        ]);
    };
    let mut kinds: Options = vec![(String::new(), "不限".to_owned())];
    kinds.extend(terms::<ReportKind>());
    let directory = directory();
    let villages = Signal::derive(move || {
        let all = (String::new(), "不限".to_owned());
        std::iter::once(all)
            .chain(directory.villages())
            .collect::<Options>()
    });
    let wide = matches!(
        app::me().user.role,
        Role::TownshipLeader | Role::CoordinationOffice
    );
    let village = wide.then(|| {
        select(
            "reports-village",
            "村",
            value("village_id"),
            villages,
            move |id| {
                change(&[("village_id", &id)]);
            },
        )
    });
    let export = session::may(Action::Export(ExportDeed::Reports)).then(|| {
        let buttons = exports("排查报告", move || {
            let values = values.each_ref().map(|value| value.get_untracked());
            let pairs = KEYS.iter().zip(&values);
            let pairs = pairs.map(|(key, value)| (*key, value.as_str()));
            ("/exports/reports".to_owned(), api::query(pairs))
        });
        view! { <p class="row no-print">{buttons}</p> }
    });
    view! {
        <div class="matters-filters" role="group" aria-label="筛选">
            {select("reports-standing", "情况", shown, standings.into(), stand)}
            {select("reports-kind", "种类", value("kind"), kinds.into(), move |code| {
                change(&[("kind", &code)]);
            })}
            {village}
        </div>
        {export}
        {found.view(none, |rows| lines(&rows))}
    }
    .into_any()
}

/// Reports, a line each.
fn lines(rows: &[ReportRow]) -> AnyView {
    let rows = rows.iter().map(line).collect_view();
    view! { <ul class="card report-lines">{rows}</ul> }.into_any()
}

fn line(report: &ReportRow) -> AnyView {
    let own = report.unit.id == app::me().user.unit_id.as_str();
    let name = if own {
        period(report)
    } else {
        format!("{} {}", report.unit.name, period(report))
    };
    let late =
        (report.late && report.standing != Standing::Late).then(|| badge("迟报", Tone::Warn));
    let found = (report.findings > 0).then(|| {
        let open = match report.open_findings {
            0 => String::new(),
            open => format!("，{open}项待处置"),
        };
        view! { <span>{format!("{}项情况{open}", report.findings)}</span> }
    });
    let zero =
        (report.zero && report.standing != Standing::Zero).then(|| view! { <span>"零报告"</span> });
    let when = match report.submitted_at {
        Some(at) => view! { <span>{format!("{} 报", format::moment(at))}</span> }.into_any(),
        None if report.state == ReportState::Excused => ().into_any(),
        None => until(report),
    };
    let who = report
        .author
        .as_ref()
        .map(|author| view! { <span>{author.name.clone()}</span> });
    view! {
        <li data-testid="report-row">
            <a class="report-link" href=format!("/reports/{}", report.id)>{name}</a>
            <span class="case-card-facts">
                {standing(report)}
                {late}
                {found}
                {zero}
                {when}
                {who}
            </span>
        </li>
    }
    .into_any()
}
