//! A report on its way: through the outbox, kept while it is typed, and side by side with what
//! somebody else has written in between.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::json;
use shared::outbox::{Draft, DraftKind};
use shared::report::input::{FindingInput, NewReport};
use shared::report::state::{Change, after};
use shared::report::view::{FindingView, ReportRow, ReportView};
use wasm_bindgen_futures::spawn_local;

use super::period;
use crate::api::{Answer, Call};
use crate::browser;
use crate::format;
use crate::load::load;
use crate::offline::forms;
use crate::outbox::{self, Outgoing, Picture, Sent, Slip};
use crate::ui::states::waiting;

/// A report as it is typed.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Typed {
    /// The key under which it goes out.
    pub(super) key: String,
    /// The draft that it takes the place of.
    pub(super) replaces: Option<String>,
    /// The version that it builds on.
    pub(super) version: i64,
    pub(super) summary: String,
    pub(super) findings: Vec<FindingInput>,
}

fn place(id: &str) -> String {
    format!("report-{id}")
}

/// Keeps what is typed.
pub(super) fn keep(id: String, typed: Typed) {
    spawn_local(async move {
        forms::keep(&place(&id), &typed, Some(&typed)).await;
    });
}

/// What was left half typed of a report, or a draft that is to be changed, by the URL.
pub(super) async fn recall(id: &str, wanted: &str) -> Option<Typed> {
    if wanted.is_empty() {
        let typed: Typed = forms::recall(&place(id)).await?;
        // It went to the outbox as the window was closed.
        if outbox::find(&typed.key).await.is_some() {
            forms::forget(&place(id)).await;
            return None;
        }
        return Some(typed);
    }
    let waiting = outbox::find(wanted).await.filter(Draft::may_edit)?;
    let text = serde_json::to_string(&waiting.form).ok()?;
    let typed: Typed = json::read(&text).ok()?;
    Some(Typed {
        key: browser::random_key(),
        replaces: Some(waiting.key),
        ..typed
    })
}

/// Sends a report, or keeps it until there is a network.
pub(super) async fn send(
    slip: Slip,
    report: ReportRow,
    input: NewReport,
    photos: Vec<Picture>,
) -> Answer<Sent> {
    let typed = Typed {
        version: report.version,
        summary: input.summary.clone(),
        findings: input.findings.clone(),
        ..Typed::default()
    };
    let body = match serde_json::to_value(&input) {
        Ok(Value::Object(body)) => body,
        _ => serde_json::Map::new(),
    };
    let outgoing = Outgoing {
        kind: DraftKind::Report,
        path: "/reports/submit".to_owned(),
        if_match: None,
        about: Some(format!("/reports/{}", report.id)),
        body,
        photos,
        title: format!("{} {}", report.unit.name, period(&report)),
        lines: lines(input.zero, &input.summary, &input.findings),
        form: serde_json::to_value(&typed).unwrap_or_default(),
        receipt: None,
        kept_as: "report",
        stays: true,
    };
    let sent = outbox::submit(slip, outgoing).await?;
    forms::forget(&place(&report.id)).await;
    Ok(sent)
}

/// A report in words.
fn lines(zero: bool, summary: &str, findings: &[FindingInput]) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    if zero {
        lines.push(("零报告".to_owned(), "没有发现情况".to_owned()));
    }
    if !summary.is_empty() {
        lines.push(("综述".to_owned(), summary.to_owned()));
    }
    for (at, finding) in findings.iter().enumerate() {
        let more = [
            Some(finding.cause.clone()),
            finding.occurred_on.map(format::short_date),
            finding.occurred_text.clone(),
            finding.place.clone(),
            finding.unit_concerned.clone(),
            finding.people_count.map(|count| format!("{count}人")),
            finding.key_persons.clone(),
            finding.development.clone(),
            finding.handling.clone(),
        ];
        let more: Vec<String> = more.into_iter().flatten().collect();
        lines.push((format!("情况{}", at + 1), more.join("，")));
    }
    lines
}

/// A finding as it would be sent again.
fn again(finding: &FindingView) -> FindingInput {
    let id = |named: &Option<shared::case::view::Named>| {
        named.as_ref().map(|named| named.id.as_str().into())
    };
    FindingInput {
        id: Some(finding.id.clone()),
        cause: finding.cause.clone(),
        occurred_on: finding.occurred_on,
        occurred_text: finding.occurred_text.clone(),
        place: finding.place.clone(),
        unit_concerned: finding.unit_concerned.clone(),
        people_count: finding.people_count,
        key_persons: finding.key_persons.clone(),
        development: finding.development.clone(),
        handling: finding.handling.clone(),
        village_id: id(&finding.village),
        group_id: id(&finding.group),
        category: finding.category,
        severity: Some(finding.severity),
    }
}

/// A draft beside what is there now, and the choice.
pub(crate) fn conflict(draft: &Draft) -> AnyView {
    let path = draft.about.clone().unwrap_or_default();
    let theirs = load(move || Call::get(path.clone()).fetch::<ReportView>());
    let draft = draft.clone();
    theirs.view(waiting, move |theirs| beside(&draft, &theirs))
}

fn column(title: &'static str, lines: &[(String, String)]) -> AnyView {
    let lines = lines.iter().map(|(label, value)| {
        view! { <div><dt>{label.clone()}</dt><dd>{value.clone()}</dd></div> }.into_any()
    });
    view! {
        <section class="draft-side">
            <h3>{title}</h3>
            <dl class="facts">{lines.collect_view()}</dl>
        </section>
    }
    .into_any()
}

fn beside(draft: &Draft, theirs: &ReportView) -> AnyView {
    let findings: Vec<FindingInput> = theirs.findings.iter().map(again).collect();
    let now = lines(theirs.report.zero, &theirs.summary, &findings);
    let key = draft.key.clone();
    let version = theirs.report.version;
    let open = after(theirs.report.state, Change::Replace).is_ok();
    let mine = open.then(|| {
        let key = key.clone();
        let known: Vec<String> = theirs
            .findings
            .iter()
            .map(|finding| finding.id.to_string())
            .collect();
        choice("用我写的", "keep-mine", move || {
            let known = known.clone();
            change(key.clone(), move |draft| {
                name_only(draft, &known);
                draft.body.insert("seen_version".to_owned(), version.into());
            });
        })
    });
    let both = open.then(|| {
        let (key, summary, findings) = (key.clone(), theirs.summary.clone(), findings.clone());
        choice("把我写的补在后面", "keep-both", move || {
            let (summary, findings) = (summary.clone(), findings.clone());
            change(key.clone(), move |draft| {
                add_to(draft, &summary, &findings);
                draft.body.insert("seen_version".to_owned(), version.into());
            });
        })
    });
    let closed = (!open).then(|| {
        view! { <p class="hint">"这一期已经签收或免报，不能再改；需要补充的请联系镇综治办。"</p> }
    });
    let other = choice("用现在这份，我的收起", "take-theirs", move || {
        let key = key.clone();
        spawn_local(async move {
            outbox::change(&key, |draft| draft.put_by(browser::phone_now())).await;
        });
    });
    view! {
        <div class="draft-sides" data-testid="sides">
            {column("我写的", &draft.lines)}
            {column("现在的", &now)}
        </div>
        {closed}
        <div class="row">{mine} {both} {other}</div>
    }
    .into_any()
}

fn choice(words: &'static str, testid: &'static str, act: impl Fn() + 'static) -> AnyView {
    view! {
        <button type="button" class="btn" data-testid=testid on:click=move |_| act()>
            {words}
        </button>
    }
    .into_any()
}

/// Sends the draft on top of what is there now, under another key.
fn change(key: String, edit: impl FnOnce(&mut Draft) + 'static) {
    spawn_local(async move {
        outbox::change(&key, |draft| {
            edit(draft);
            draft.renew(browser::random_key(), None, browser::phone_now());
        })
        .await;
    });
}

/// Findings that are no more are written anew: the server knows only the ids that are there now.
fn name_only(draft: &mut Draft, known: &[String]) {
    let Some(Value::Array(findings)) = draft.body.get_mut("findings") else {
        return;
    };
    for finding in findings.iter_mut().filter_map(Value::as_object_mut) {
        let id = finding.get("id").and_then(Value::as_str);
        if id.is_some_and(|id| !known.iter().any(|known| known == id)) {
            finding.remove("id");
        }
    }
}

/// Puts what was written behind what is there.
fn add_to(draft: &mut Draft, summary: &str, findings: &[FindingInput]) {
    name_only(draft, &[]);
    let body = &mut draft.body;
    let mine = body
        .get("summary")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let words: Vec<&str> = [summary, mine]
        .into_iter()
        .filter(|words| !words.is_empty())
        .collect();
    let words = Value::String(words.join("\n"));
    let mut all: Vec<Value> = findings
        .iter()
        .filter_map(|finding| serde_json::to_value(finding).ok())
        .collect();
    if let Some(Value::Array(mine)) = body.get("findings") {
        all.extend(mine.iter().cloned());
    }
    body.insert("zero".to_owned(), Value::Bool(all.is_empty()));
    body.insert("summary".to_owned(), words);
    body.insert("findings".to_owned(), Value::Array(all));
}
