//! `/reception/{id}/notice`: the public notice, to print and put up.

use leptos::prelude::*;
use shared::reception::ReceptionView;

use crate::api::Call;
use crate::app;
use crate::format;
use crate::load::load;
use crate::pages::print_head;
use crate::ui::states::waiting;

/// The page.
pub(crate) fn page(id: String) -> AnyView {
    let path = format!("/reception-days/{id}");
    let back = format!("/reception/{id}");
    let day = load(move || Call::get(path.clone()).fetch::<ReceptionView>());
    view! {
        <div class="page page-narrow">
            {print_head(back, "接待日")}
            {day.view(waiting, |view| sheet(&view))}
        </div>
    }
    .into_any()
}

fn sheet(view: &ReceptionView) -> AnyView {
    let town = app::me().township_name;
    let cancelled = view.day.cancelled.then(|| {
        let instead = view
            .day
            .instead_on
            .map(|on| format!("，改在{}", format::date(on)))
            .unwrap_or_default();
        view! { <p class="notice-off">{format!("本次接待取消{instead}。")}</p> }
    });
    let paragraphs = view
        .notice
        .lines()
        .map(|line| view! { <p>{line.to_owned()}</p> }.into_any())
        .collect_view();
    view! {
        <article class="receipt public-notice">
            <h1 id="page-title" tabindex="-1">{format!("{town}领导接待日公告")}</h1>
            {cancelled}
            {paragraphs}
            <p class="public-notice-foot">{town}</p>
        </article>
    }
    .into_any()
}
