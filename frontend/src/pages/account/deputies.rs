//! Who stands in for me these days, and for whom I do (临时代理), in a line each. Named and changed on a page
//! of its own.

use leptos::prelude::*;
use shared::access::Action;
use shared::deputy::{Deputation, Span};
use shared::page::Page;

use crate::api::Call;
use crate::app;
use crate::load::load;
use crate::session;
use crate::ui::states::waiting;

/// The section; none for whom there is nothing to name.
pub(super) fn section() -> Option<AnyView> {
    session::may(Action::NameDeputy).then(|| {
        let current =
            load(|| Call::get("/deputations?current=true&limit=200").fetch::<Page<Deputation>>());
        let lines = current.view(waiting, |page| {
            if page.items.is_empty() {
                return view! { <p class="quiet">"没有代理，也没有请人代理。"</p> }.into_any();
            }
            page.items.iter().map(line).collect_view().into_any()
        });
        view! {
            <section class="card" aria-labelledby="deputies">
                <h2 id="deputies">"临时代理"</h2>
                {lines}
                <p class="hint">
                    "休假、培训等几天不在时，可以请同角色的同事代理，到期自动结束。"
                </p>
                <p class="row">
                    <a class="btn" href="/deputies" data-testid="to-deputies">"安排临时代理"</a>
                </p>
            </section>
        }
        .into_any()
    })
}

fn line(one: &Deputation) -> AnyView {
    let me = app::me().user.id;
    let days = Span {
        first: one.first_day,
        last: one.last_day,
    }
    .told();
    let words = if one.user.id == me.as_str() {
        format!("由{}代理您的工作，{days}", one.deputy.name)
    } else if one.deputy.id == me.as_str() {
        format!("您代理{}的工作，{days}", one.user.name)
    } else {
        format!("{}的工作由{}代理，{days}", one.user.name, one.deputy.name)
    };
    view! { <p data-testid="my-deputation">{words}</p> }.into_any()
}
