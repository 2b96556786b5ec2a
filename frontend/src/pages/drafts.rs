//! `/drafts`: what waits on the phone, where each piece is, and what can be done about it.

use leptos::prelude::*;
use shared::outbox::{Draft, DraftKind, Stage};
use shared::term::Term;
use wasm_bindgen_futures::spawn_local;

use super::{heading, reports};
use crate::app;
use crate::browser;
use crate::format;
use crate::offline::phone;
use crate::outbox;
use crate::ui::icon::{Icon, icon};
use crate::ui::live::{follow, live};
use crate::ui::states::empty;

/// The page.
pub(crate) fn page() -> AnyView {
    let marked = app::query("at");
    spawn_local(outbox::reload());
    let list = live(move || {
        let drafts = outbox::drafts().get();
        if drafts.is_empty() {
            return nothing();
        }
        let drafts = drafts.into_iter().map(move |draft| card(draft, marked));
        view! { <ul class="cards drafts">{drafts.collect_view()}</ul> }.into_any()
    });
    let send = live(move || {
        (outbox::waiting() > 0).then(|| {
            view! {
                <button
                    type="button"
                    class="btn btn-primary"
                    data-testid="send-all"
                    on:click=move |_| spawn_local(send_all())
                >
                    {icon(Icon::Send)}
                    "全部发送"
                </button>
            }
        })
    });
    view! {
        <div class="page">
            <div class="page-head">
                <div>
                    {heading("待发")}
                    <p class="quiet">
                        "没有网络时填的内容先加密存在这部手机上，联网后自动发出，每条只发一次。"
                    </p>
                </div>
                <div class="row page-buttons">{send}</div>
            </div>
            {list}
        </div>
    }
    .into_any()
}

fn nothing() -> AnyView {
    if phone().open.get() {
        empty(
            "没有等待发送的内容",
            "没有网络时登记的事项、走访、报告、重要信息、接待来访会出现在这里。",
            None,
        )
    } else {
        empty(
            "这个浏览器不能离线保存",
            "要离线使用，请用 https 地址打开，不要用无痕窗口。现在填写的内容要联网提交。",
            None,
        )
    }
}

async fn send_all() {
    let now = browser::phone_now();
    let waiting = outbox::drafts().with_untracked(|drafts| {
        let waiting = drafts.iter().filter(|draft| draft.stage == Stage::Waiting);
        waiting.map(|draft| draft.key.clone()).collect::<Vec<_>>()
    });
    for key in waiting {
        outbox::change(&key, |draft| draft.retry(now)).await;
    }
    outbox::pump().await;
}

const fn tone(draft: &Draft) -> &'static str {
    match draft.stage {
        Stage::Waiting => "badge badge-work",
        Stage::Accepted => "badge badge-answered",
        Stage::Refused | Stage::Conflict => "badge badge-wait",
        Stage::Archived => "badge badge-done",
    }
}

/// Where the form is in which a draft can be changed.
fn form_of(draft: &Draft) -> Option<String> {
    if !draft.may_edit() || draft.form.is_null() {
        return None;
    }
    let path = match draft.kind {
        DraftKind::Case => "/cases/new",
        DraftKind::Visit => "/visits/new",
        // Written at the report itself.
        DraftKind::Report => draft.about.as_deref()?,
        DraftKind::Alert => "/alerts/new",
        DraftKind::Campaign => "/publicity/new",
        // In the day's own dialog.
        DraftKind::Reception => {
            let day = draft.reception_day()?;
            return Some(format!("/reception/{day}?draft={}", draft.key));
        }
    };
    Some(format!("{path}?draft={}", draft.key))
}

fn card(draft: Draft, marked: Memo<String>) -> AnyView {
    let mine = draft.key.clone();
    let class = follow(move || {
        if *marked.read() == mine {
            "card draft draft-marked"
        } else {
            "card draft"
        }
    });
    let errors = draft
        .errors
        .iter()
        .map(|error| view! { <li>{error.message.clone()}</li> }.into_any());
    let lines = draft.lines.iter().map(|(label, value)| {
        view! { <div><dt>{label.clone()}</dt><dd>{value.clone()}</dd></div> }.into_any()
    });
    let photos = match draft.photos.len() {
        0 => String::new(),
        count => format!(" · {count}张照片"),
    };
    let more = (!draft.lines.is_empty()).then(|| {
        view! {
            <details>
                <summary>"看填写的内容"</summary>
                <dl class="facts">{lines.collect_view()}</dl>
            </details>
        }
    });
    let receipt = draft.receipt.clone().map(|number| {
        let path = format!("/drafts/{}", draft.key);
        let found = draft
            .number
            .clone()
            .map(|number| format!("，对应正式编号 {number}"));
        view! {
            <p>
                <a href=path data-testid="receipt">{format!("临时回执 {number}")}</a>
                {found}
            </p>
        }
    });
    let sides = (draft.stage == Stage::Conflict && draft.kind == DraftKind::Report)
        .then(|| reports::later::conflict(&draft));
    let buttons = buttons(&draft);
    view! {
        <li class=class data-testid="draft" data-stage=draft.stage.code() data-kind=draft.kind.code()>
            <p class="row">
                <span class=tone(&draft)>{draft.stage.label()}</span>
                <span class="kind">{draft.kind.label()}</span>
            </p>
            <h2>{draft.title.clone()}</h2>
            <p class="draft-where">{draft.where_it_is()}</p>
            <ul class="hint">{errors.collect_view()}</ul>
            {receipt}
            <p class="quiet">
                {format!("{} 记在这部手机上{photos}", format::moment(draft.recorded_at))}
            </p>
            {more}
            {sides}
            {buttons}
        </li>
    }
    .into_any()
}

/// A button that does something with the draft of this key.
fn button(
    class: &'static str,
    testid: &'static str,
    words: &'static str,
    act: impl Fn() + 'static,
) -> AnyView {
    view! {
        <button type="button" class=class data-testid=testid on:click=move |_| act()>
            {words}
        </button>
    }
    .into_any()
}

/// A button that changes the draft of this key, and sends what can be sent then.
fn changing(
    class: &'static str,
    testid: &'static str,
    words: &'static str,
    key: &str,
    change: fn(&mut Draft),
) -> AnyView {
    let key = key.to_owned();
    button(class, testid, words, move || {
        let key = key.clone();
        spawn_local(async move {
            outbox::change(&key, change).await;
        });
    })
}

fn retry(draft: &mut Draft) {
    draft.retry(browser::phone_now());
}

fn put_by(draft: &mut Draft) {
    draft.put_by(browser::phone_now());
}

fn take_back(draft: &mut Draft) {
    draft.take_back(browser::phone_now());
}

fn send_anew(draft: &mut Draft) {
    draft.renew(browser::random_key(), None, browser::phone_now());
}

fn buttons(draft: &Draft) -> AnyView {
    const PLAIN: &str = "btn";
    const FIRST: &str = "btn btn-primary";
    let key = draft.key.as_str();
    let mut row = Vec::new();
    match draft.stage {
        Stage::Waiting => row.push(changing(FIRST, "retry", "现在发送", key, retry)),
        Stage::Refused if draft.unanswered > 0 => {
            row.push(changing(
                PLAIN,
                "anew",
                "核对过了，没有登记，重新发送",
                key,
                send_anew,
            ));
        }
        Stage::Refused => row.push(changing(PLAIN, "retry", "原样再发一次", key, retry)),
        Stage::Accepted => row.extend(draft.link.clone().map(|link| {
            view! { <a class=FIRST href=link data-testid="open">"查看"</a> }.into_any()
        })),
        Stage::Archived => row.push(changing(PLAIN, "back", "取回", key, take_back)),
        Stage::Conflict => {}
    }
    if let Some(form) = form_of(draft) {
        let class = if draft.stage == Stage::Refused {
            FIRST
        } else {
            PLAIN
        };
        row.insert(
            0,
            view! { <a class=class href=form data-testid="edit">{icon(Icon::Edit)} "修改"</a> }
                .into_any(),
        );
    }
    if !draft.lines.is_empty() {
        let text = draft.clone();
        row.push(button(
            "btn btn-quiet",
            "export",
            "存成文字",
            move || {
                outbox::save_as_text(&text);
            },
        ));
    }
    match draft.stage {
        Stage::Waiting | Stage::Refused | Stage::Conflict => {
            row.push(changing("btn btn-quiet", "put-by", "不发了", key, put_by));
        }
        Stage::Archived => row.push(throw_away(key)),
        Stage::Accepted => {}
    }
    view! { <div class="row">{row}</div> }.into_any()
}

/// Throws away for good, on the second press.
fn throw_away(key: &str) -> AnyView {
    let sure = RwSignal::new(false);
    let key = key.to_owned();
    view! {
        <button
            type="button"
            class="btn btn-quiet"
            data-testid="throw-away"
            on:click=move |_| {
                if !sure.get_untracked() {
                    sure.set(true);
                    return;
                }
                let key = key.clone();
                spawn_local(async move { outbox::discard(&key).await });
            }
        >
            {live(move || if sure.get() { "再按一次，彻底删除" } else { "彻底删除" })}
        </button>
    }
    .into_any()
}
