//! `/publicity`, `/laws`: campaigns of legal publicity, coverage by village and quarter, the library.

pub(crate) mod laws;
pub(crate) mod list;
pub(crate) mod new;
pub(crate) mod show;
pub(crate) mod year;

use leptos::prelude::*;
use shared::access::Action;
use shared::case::view::Named;
use shared::publicity::PublicityDeed;

use super::heading;
use crate::session;
use crate::ui::icon::{Icon, icon};

/// Whether the signed-in person records campaigns.
fn may_record() -> bool {
    session::may(Action::Publicity(PublicityDeed::Record))
}

/// The titles of laws, as they are written.
fn titles(laws: &[Named]) -> String {
    let titles = laws
        .iter()
        .map(|law| format!("《{}》", short(&law.name)))
        .collect::<Vec<_>>();
    titles.join("")
}

/// A title without the country's name, for lists.
fn short(title: &str) -> &str {
    title.strip_prefix("中华人民共和国").unwrap_or(title)
}

/// The village, or the whole township.
fn village(village: Option<&Named>) -> String {
    village.map_or_else(|| "全镇".to_owned(), |village| village.name.clone())
}

/// The head of the lists.
fn head(current: &'static str, quiet: &'static str) -> AnyView {
    let views = [
        ("/publicity", "宣传记录"),
        ("/publicity/coverage", "覆盖情况"),
        ("/laws", "法律法规"),
    ];
    let links = views
        .into_iter()
        .map(|(path, words)| {
            let current = (path == current).then_some("page");
            view! { <li><a href=path aria-current=current>{words}</a></li> }.into_any()
        })
        .collect_view();
    let record = may_record().then(|| {
        view! {
            <a class="btn btn-primary" href="/publicity/new" data-testid="new-campaign">
                {icon(Icon::Add)}
                "登记宣传"
            </a>
        }
    });
    view! {
        <div class="page-head">
            <div>
                {heading("法制宣传")}
                <p class="quiet">{quiet}</p>
            </div>
            <div class="row page-buttons">{record}</div>
        </div>
        <nav class="views" aria-label="法制宣传"><ul>{links}</ul></nav>
    }
    .into_any()
}
