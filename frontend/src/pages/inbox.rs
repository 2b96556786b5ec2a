//! `/inbox`: what one was told, the newest in front.

use leptos::prelude::*;
use shared::notice::{Notice, NoticeKind};
use shared::term::Term;

use super::heading;
use crate::api;
use crate::app;
use crate::bell::{Bell, bell_of_page};
use crate::format;
use crate::rows::rows;
use crate::ui::field::{Form, field, terms};
use crate::ui::icon::{Icon, icon};
use crate::ui::live::{follow, watch};
use crate::ui::states::empty;

/// The page.
pub(crate) fn page() -> AnyView {
    let bell = bell_of_page();
    let shown = app::query("view");
    let kind = RwSignal::new(app::query("kind").get_untracked());
    let path = Memo::new(move |_| {
        let unread = if shown.read().as_str() == "unread" {
            "true"
        } else {
            ""
        };
        let asked = api::query([("unread", unread), ("kind", kind.read().as_str())]);
        format!("/notifications{asked}")
    });
    let list = rows::<Notice>(path);
    // What came meanwhile, or was read in another tab.
    let known = StoredValue::new(bell.news.get_untracked());
    watch(move || {
        let news = bell.news.get();
        if known.try_get_value() != Some(news) {
            known.try_set_value(news);
            list.reload();
        }
    });
    let link = move |view: &'static str, words: &'static str, href: &'static str| {
        let current = follow(move || (shown.read().as_str() == view).then_some("page"));
        view! { <li><a href=href aria-current=current data-noscroll="">{words}</a></li> }.into_any()
    };
    let newest = StoredValue::new(0i64);
    let all = move |_| bell.read_up_to(newest.try_get_value().unwrap_or_default());
    let none = || {
        empty(
            "没有通知",
            "期限快到、事项交办到本单位、有重要信息时，会出现在这里；保留180天。",
            None,
        )
    };
    let body = list.view(none, move |rows| {
        let first = rows.first().map_or(0, |notice: &Notice| notice.seq);
        newest.try_update_value(|newest| *newest = first.max(*newest));
        let rows = rows
            .into_iter()
            .map(|notice| row(bell, notice))
            .collect_view();
        view! { <ul class="inbox">{rows}</ul> }.into_any()
    });
    view! {
        <div class="page">
            <div class="page-head">
                {heading("通知")}
                <div class="row page-buttons">
                    <button type="button" class="btn" data-testid="read-all" on:click=all>
                        {icon(Icon::Check)}
                        "全部标为已读"
                    </button>
                    <a class="btn btn-quiet" href="/account#notice-settings">"通知设置"</a>
                </div>
            </div>
            <nav class="views" aria-label="通知">
                <ul>
                    {link("", "全部", "/inbox")}
                    {link("unread", "未读", "/inbox?view=unread")}
                </ul>
            </nav>
            {field(Form::new(), "kind", "类型")
                .class("field field-short")
                .select(kind, Some("全部类型"), terms::<NoticeKind>())}
            {body}
        </div>
    }
    .into_any()
}

fn row(bell: Bell, notice: Notice) -> AnyView {
    let unread = notice.read_at.is_none();
    let class = match (unread, notice.urgent) {
        (true, true) => "inbox-row inbox-unread inbox-urgent",
        (true, false) => "inbox-row inbox-unread",
        _ => "inbox-row",
    };
    let id = notice.id;
    let body = notice.body.lines().map(|line| {
        let line = line.to_owned();
        view! { <span class="inbox-line">{line}</span> }.into_any()
    });
    let body = body.collect_view();
    let spoken = unread.then(|| view! { <span class="sr-only">"未读："</span> });
    view! {
        <li class=class data-testid="notice">
            <a
                href=notice.link
                on:click=move |_| {
                    if unread {
                        bell.read(&id);
                    }
                }
            >
                <span class="inbox-head">
                    <span class="badge">{notice.kind.label()}</span>
                    <span class="due-day">{format::moment(notice.at)}</span>
                </span>
                <span class="inbox-title">{spoken} {notice.title}</span>
                {body}
            </a>
        </li>
    }
    .into_any()
}
