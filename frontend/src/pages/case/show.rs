//! `/cases/{id}`: a case. Its head, what may be done now, and its tabs.

use leptos::prelude::*;
use shared::access::{Action, Facts, can};
use shared::case::paper::PaperKind;
use shared::case::state::State;
use shared::case::view::{CaseView, Named};
use shared::county::CountyDeed;
use shared::term::Term;

use super::bits::{flags, state_badge};
use super::open::Open;
use super::{act, clocks, facts, files, matter, papers, people, satisfaction, timeline};
use crate::app;
use crate::session;
use crate::ui::icon::{Icon, icon};
use crate::ui::live::{follow, live};

const TABS: [(&str, &str); 6] = [
    ("facts", "基本情况"),
    ("matters", "专项"),
    ("events", "办理记录"),
    ("people", "人员"),
    ("papers", "文书"),
    ("files", "附件"),
];

/// The page.
pub(crate) fn page(id: String) -> AnyView {
    let tab = app::query("tab");
    let open = Open::new(id);
    let body = open.view(move || {
        let chosen = Memo::new(move |_| {
            let tab = tab.read();
            TABS.iter()
                .map(|(code, _)| *code)
                .find(|code| *code == tab.as_str() && opens(code))
                .unwrap_or("facts")
        });
        let content = live(move || match chosen.get() {
            "matters" => matter::tab(open),
            "events" => timeline::tab(open),
            "people" => people::tab(open),
            "papers" => papers::tab(open),
            "files" => files::tab(open),
            _ => open.with(facts::tab),
        });
        view! {
            {open.with(head)}
            <div class="case-columns">
                <aside class="case-side">
                    {panel(open)}
                    <section class="card" aria-label="期限">
                        <h2>"期限"</h2>
                        {open.with(|case| clocks::clocks(&case.clocks))}
                    </section>
                    {satisfaction::card(open)}
                </aside>
                <div class="case-main">
                    {tabs(open, chosen)}
                    {content}
                </div>
            </div>
        }
        .into_any()
    });
    view! { <div class="page page-wide">{body}</div> }.into_any()
}

/// Whether a tab is for the signed-in person.
fn opens(tab: &str) -> bool {
    match tab {
        "papers" => session::may(Action::ViewPaper(PaperKind::Receipt)),
        "files" => session::may(Action::ViewFiles),
        _ => true,
    }
}

/// What may be done now: of the county's office, where it answers.
fn panel(open: Open) -> AnyView {
    if !session::may(Action::County(CountyDeed::HandedUp)) {
        return act::panel(open);
    }
    view! {
        <section class="card actions" aria-label="批示">
            <h2>"县级批示"</h2>
            <a
                class="btn btn-primary btn-wide"
                href=format!("{}?tab=matters", open.path(""))
                data-testid="to-instruct"
                data-noscroll=""
            >
                "批示或退回"
            </a>
            <p class="hint">
                "事项由乡镇办理，这里只读；意见写在“专项”的“上报县级”里，乡镇马上收到通知。"
            </p>
        </section>
    }
    .into_any()
}

fn head(case: &CaseView) -> AnyView {
    let row = &case.row;
    let id = row.id.to_string();
    let me = app::me();
    // The county's office reads what was handed up to it, and has no ledger.
    let ledger = session::may(Action::ListCases);
    let (up, above) = if ledger {
        ("/cases", "台账")
    } else {
        ("/", "上报件")
    };
    let receipt = ledger.then(|| {
        view! {
            <a class="btn" href=format!("/cases/{id}/receipt")>
                {icon(Icon::Print)}
                "打印回执"
            </a>
        }
    });
    let edits = can(&me.actor, Action::EditCase, Facts::Case(&case.facts)).is_ok()
        && row.state != State::Closed;
    let edit = edits.then(|| {
        view! {
            <a class="btn" href=format!("/cases/{id}/edit")>{icon(Icon::Edit)} "修改"</a>
        }
    });
    let who = row
        .petitioner
        .clone()
        .unwrap_or_else(|| "未留姓名".to_owned());
    let who = if row.people_count > 1 {
        format!("{who}等{}人", row.people_count)
    } else {
        who
    };
    let sealed = row.sealed.then(|| {
        view! {
            <p class="note note-sealed">
                {icon(Icon::Lock)}
                "检举控告，对被反映的单位和人员保密（《信访工作条例》第三十条）。不要转给、也不要告诉被反映的单位和人员。"
            </p>
        }
    });
    view! {
        <header class="case-head">
            <nav class="crumbs" aria-label="位置">
                <a href=up>{icon(Icon::Back)} {above}</a>
            </nav>
            <div class="page-head">
                <div>
                    <h1 id="page-title" tabindex="-1" class="number" data-testid="case-number">
                        {row.number.clone()}
                    </h1>
                    <p class="case-badges">
                        <span class="kind">{row.kind.label()}</span>
                        <span data-testid="case-state" data-state=row.state.code()>
                            {state_badge(row.state)}
                        </span>
                        {flags(row)}
                    </p>
                </div>
                <div class="row page-buttons">
                    {receipt}
                    {edit}
                </div>
            </div>
            <p class="case-cause">{row.cause.clone()}</p>
            <dl class="case-who">
                {fact("信访人", Some(who))}
                {fact("村", name(row.village.as_ref()))}
                {fact("责任单位", name(row.responsible_unit.as_ref()))}
                {case.offered_unit.as_ref().map(|unit| {
                    fact("待接收", Some(format!("{}（接收前由责任单位负责）", unit.name)))
                })}
                {fact("承办人", name(case.responsible_user.as_ref()))}
                {fact("包案领导", name(row.lead.as_ref()))}
                {fact("首问责任人", Some(case.first_receiver.name.clone()))}
            </dl>
            {sealed}
        </header>
    }
    .into_any()
}

fn name(named: Option<&Named>) -> Option<String> {
    named.map(|named| named.name.clone())
}

fn fact(label: &'static str, value: Option<String>) -> AnyView {
    let value = match value {
        Some(value) => view! { {value} }.into_any(),
        None => view! { <span class="quiet">"未确定"</span> }.into_any(),
    };
    view! { <div><dt>{label}</dt><dd>{value}</dd></div> }.into_any()
}

fn tabs(open: Open, chosen: Memo<&'static str>) -> AnyView {
    let links = TABS
        .iter()
        .filter(|(code, _)| opens(code))
        .map(|(code, words)| {
            let href = format!("{}?tab={code}", open.path(""));
            let is_current = follow(move || (chosen.get() == *code).then_some("page"));
            let count = (*code == "people").then(|| {
                open.with(|case| {
                    view! { <span class="count">{case.people.len()}</span> }.into_any()
                })
            });
            view! {
                <li>
                    <a
                        href=href
                        aria-current=is_current
                        data-testid=format!("tab-{code}")
                        data-noscroll=""
                    >
                        {*words}
                        {count}
                    </a>
                </li>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <nav class="tabs" aria-label="事项内容">
            <ul>{links}</ul>
        </nav>
    }
    .into_any()
}
