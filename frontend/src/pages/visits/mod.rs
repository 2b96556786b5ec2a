//! `/visits`, `/promises`: visits, what was promised on them, and who has been where.

pub(crate) mod act;
pub(crate) mod bits;
pub(crate) mod coverage;
pub(crate) mod list;
pub(crate) mod new;
pub(crate) mod promises;
pub(crate) mod show;

use leptos::prelude::*;
use shared::access::Action;
use shared::visit::VisitDeed;

use super::heading;
use crate::session;
use crate::ui::icon::{Icon, icon};

/// Whether the signed-in person records visits.
pub(crate) fn may_record() -> bool {
    session::may(Action::Visit(VisitDeed::Record))
}

/// The head of the three lists.
fn head(current: &'static str, quiet: &'static str) -> AnyView {
    let views = [
        ("/visits", "走访记录", VisitDeed::View),
        ("/promises", "承诺", VisitDeed::View),
        ("/visits/coverage", "走访覆盖", VisitDeed::Coverage),
    ];
    let links = views
        .into_iter()
        .filter(|(_, _, deed)| session::may(Action::Visit(*deed)))
        .map(|(path, words, _)| {
            let current = (path == current).then_some("page");
            view! { <li><a href=path aria-current=current>{words}</a></li> }.into_any()
        })
        .collect_view();
    let record = may_record().then(|| {
        view! {
            <a class="btn btn-primary" href="/visits/new" data-testid="new-visit">
                {icon(Icon::Add)}
                "记录走访"
            </a>
        }
    });
    view! {
        <div class="page-head">
            <div>
                {heading("走访")}
                <p class="quiet">{quiet}</p>
            </div>
            <div class="row page-buttons">{record}</div>
        </div>
        <nav class="views" aria-label="走访"><ul>{links}</ul></nav>
    }
    .into_any()
}
