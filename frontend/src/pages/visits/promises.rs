//! `/promises`: what was promised on visits, what is due first in front.

use leptos::prelude::*;
use shared::visit::view::PromiseRow;

use super::bits::{keeper, place, promise_due};
use super::head;
use crate::api;
use crate::app;
use crate::format;
use crate::rows::rows;
use crate::ui::live::follow;
use crate::ui::states::empty;

const KEYS: [&str; 4] = ["state", "mine", "overdue", "due_before"];

/// The page.
pub(crate) fn page() -> AnyView {
    let values = KEYS.map(app::query);
    let asked = Memo::new(move |_| {
        let values = values.map(|value| value.get());
        let pairs = KEYS.iter().zip(&values);
        let pairs = pairs.map(|(key, value)| (*key, value.as_str()));
        format!("/promises{}", api::query(pairs))
    });
    let views = [
        ("/promises", "待兑现"),
        ("/promises?mine=true", "由我兑现"),
        ("/promises?overdue=true", "已逾期"),
        ("/promises?state=kept", "已兑现"),
        ("/promises?state=released", "不再兑现"),
    ];
    let links = views
        .into_iter()
        .map(|(path, words)| {
            let current = follow(move || (asked.read().as_str() == path).then_some("page"));
            view! {
                <li><a href=path aria-current=current data-noscroll="">{words}</a></li>
            }
            .into_any()
        })
        .collect_view();
    let none = || {
        empty(
            "没有这样的承诺",
            "走访时答应群众的事，在走访记录里登记，到期前三天和前一天提醒。",
            None,
        )
    };
    let list = rows::<PromiseRow>(asked).view(none, |rows| {
        let rows = rows.iter().map(row).collect_view();
        view! { <ul class="cards promises">{rows}</ul> }.into_any()
    });
    view! {
        <div class="page page-wide">
            {head("/promises", "答应群众的事：兑现了登记，不能兑现的说明理由并告诉群众。")}
            <nav class="views views-small" aria-label="承诺"><ul>{links}</ul></nav>
            {list}
        </div>
    }
    .into_any()
}

fn row(row: &PromiseRow) -> AnyView {
    let promise = &row.promise;
    let place = place(row.village.as_ref(), row.group.as_ref(), row.place.as_ref());
    view! {
        <li data-testid="promise-row">
            <a class="card case-card" href=format!("/visits/{}", row.visit_id)>
                <span class="case-card-cause">{promise.what.clone()}</span>
                <span class="case-card-due">{promise_due(promise)}</span>
                <span class="case-card-facts">
                    <span>{format!("由{}兑现", keeper(promise))}</span>
                    <span>{place}</span>
                    <span>{format!("{}走访", format::short_date(row.visit_on))}</span>
                </span>
            </a>
        </li>
    }
    .into_any()
}
