//! What the pages for units, users, settings and audit share.

use leptos::prelude::*;
use shared::access::{Action, Facts, can};
use shared::org::{Unit, UnitKind};
use shared::problem::Code;

use super::heading;
use crate::app;
use crate::ui::field::Form;
use crate::ui::icon::{Icon, icon};
use crate::ui::live::live;

/// What somebody reads whose role has no business on a page, in the words of the rule; `page` for
/// the others.
pub(crate) fn only_for(
    action: Action,
    title: &'static str,
    page: impl FnOnce() -> AnyView,
) -> AnyView {
    match can(&app::me().actor, action, Facts::None) {
        Ok(()) => page(),
        Err(denied) => view! {
            <div class="page page-narrow">
                {heading(title)}
                <div class="state">
                    {icon(Icon::Lock)}
                    <p class="state-title">"这一页不在您的工作范围内"</p>
                    <p>{denied.to_string()}</p>
                    <p class="row row-center">
                        <a class="btn" href="/roles">"看看谁能做什么"</a>
                        <a class="btn" href="/">"回到首页"</a>
                    </p>
                </div>
            </div>
        }
        .into_any(),
    }
}

/// A version as `If-Match` has it.
pub(crate) fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// Where somebody else was faster: what to do about it. `take` closes the form and reads anew.
pub(crate) fn stale(form: Form, take: impl Fn() + Copy + Send + 'static) -> AnyView {
    live(move || {
        let stale = form.failure.with(|failure| {
            failure
                .as_ref()
                .is_some_and(|failure| failure.code() == Some(Code::StaleVersion))
        });
        stale.then(|| {
            view! {
                <p class="row">
                    <button
                        type="button"
                        class="btn btn-small"
                        data-testid="take-latest"
                        on:click=move |_| take()
                    >
                        "关闭并载入最新内容"
                    </button>
                </p>
            }
        })
    })
}

/// The foot of a form in a dialog.
pub(crate) fn foot(
    form: Form,
    up: RwSignal<bool>,
    label: &'static str,
    class: &'static str,
) -> AnyView {
    view! {
        <div class="row row-end">
            <button type="button" class="btn" on:click=move |_| up.set(false)>
                "取消"
            </button>
            {form.submit(label, class)}
        </div>
    }
    .into_any()
}

/// A unit's name as it is told from its namesakes: a group's with its village (`五里墩村1社`).
pub(crate) fn full_name(units: &[Unit], unit: &Unit) -> String {
    let village = (unit.kind == UnitKind::Group)
        .then(|| {
            units
                .iter()
                .find(|above| Some(&above.id) == unit.parent_id.as_ref())
        })
        .flatten();
    match village {
        Some(village) => format!("{}{}", village.name, unit.name),
        None => unit.name.clone(),
    }
}

/// A number as it is typed: full-width digits are digits, too.
pub(crate) fn number(text: &str) -> Option<u32> {
    let half_width = |c: char| match c {
        '０'..='９' => u32::from(c)
            .checked_sub(0xfee0)
            .and_then(char::from_u32)
            .unwrap_or(c),
        _ => c,
    };
    let text: String = text.trim().chars().map(half_width).collect();
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_typed() {
        for (text, value) in [
            ("60", Some(60)),
            (" ６０ ", Some(60)),
            ("", None),
            ("-1", None),
            ("六十", None),
        ] {
            assert_eq!(number(text), value, "{text}");
        }
    }
}
