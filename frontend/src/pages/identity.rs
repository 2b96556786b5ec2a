//! `/identity`: the own account at the county's identity provider: linking it, taking the link away.

use leptos::prelude::*;
use shared::sso::{IdentityStart, IdentityStarted, IdentityStatus};

use super::account::leave::AT_PROVIDER;
use super::account::password;
use super::heading;
use crate::api::Call;
use crate::app;
use crate::browser;
use crate::format::moment;
use crate::load::{Loader, load};
use crate::ui::dialog::dialog;
use crate::ui::field::Form;
use crate::ui::icon::{Icon, icon};
use crate::ui::notice::{Notices, notices};
use crate::ui::states::waiting;

#[derive(Clone, Copy)]
struct Desk {
    status: Loader<IdentityStatus>,
    notices: Notices,
    /// Whether the question is up.
    ending: RwSignal<bool>,
}

/// The page.
pub(crate) fn page() -> AnyView {
    let desk = Desk {
        status: load(|| Call::get("/me/identity").fetch::<IdentityStatus>()),
        notices: notices(),
        ending: RwSignal::new(false),
    };
    let title = app::me()
        .provider
        .unwrap_or_else(|| "统一身份认证".to_owned());
    let body = desk.status.view(waiting, move |status| look(desk, status));
    view! {
        <div class="page page-narrow">
            {heading(title)}
            <section class="card stack">{body}</section>
            {dialog(desk.ending, "解除绑定".to_owned(), move || end(desk))}
        </div>
    }
    .into_any()
}

fn look(desk: Desk, status: IdentityStatus) -> AnyView {
    let Some(name) = status.provider else {
        return view! {
            <p>"这个系统没有启用统一身份认证，登录用用户名和密码。"</p>
        }
        .into_any();
    };
    if status.linked {
        return linked(desk, &name, status.shown, status.since, status.last_used_at);
    }
    let entered = status.account.map(|account| {
        view! {
            <p class="note" data-testid="identity-entered">
                {format!(
                    "系统管理员已经登记了您的账号“{account}”：退出后用{name}登录一次，就绑定好了。不是您的账号，请告诉系统管理员。",
                )}
            </p>
        }
    });
    view! {
        <p><span class="badge badge-done">"没有绑定"</span></p>
        {entered}
        <p>
            {format!(
                "绑定后，登录时点“用{name}登录”，在那边登录过的不用再输密码。这里的用户名和密码照样能用。",
            )}
        </p>
        {start(name.clone())}
    }
    .into_any()
}

fn linked(
    desk: Desk,
    name: &str,
    shown: Option<String>,
    since: Option<chrono::DateTime<chrono::Utc>>,
    last: Option<chrono::DateTime<chrono::Utc>>,
) -> AnyView {
    let rows = [
        ("账号", shown),
        ("绑定于", since.map(moment)),
        ("最近用它登录", last.map(moment)),
    ];
    let facts = rows
        .into_iter()
        .filter_map(|(label, value)| {
            let value = value?;
            Some(view! { <div><dt>{label}</dt><dd>{value}</dd></div> }.into_any())
        })
        .collect_view();
    let warning = app::me().by_provider.then(|| {
        view! {
            <p class="note">
                {icon(Icon::Warning)}
                " 您这次就是用它登录的。解除后只能用用户名和密码登录，请先确认记得密码。"
            </p>
        }
    });
    view! {
        <p data-testid="identity-linked">
            <span class="badge badge-answered">"已绑定"</span>
            {format!(" 登录时可以点“用{name}登录”。")}
        </p>
        <dl class="facts facts-long">{facts}</dl>
        {warning}
        <p>
            <button
                type="button"
                class="btn"
                data-testid="identity-unlink"
                on:click=move |_| desk.ending.set(true)
            >
                "解除绑定"
            </button>
        </p>
        <p class="hint">"换了账号的，先解除，再绑定新的。"</p>
    }
    .into_any()
}

/// The password, and then the provider's page.
fn start(name: String) -> AnyView {
    let hint = format!("确认是您本人在绑定。接下来打开{name}的登录页，登录后自动回到这里。");
    let button = ("去绑定", "identity-start");
    password::asked(
        "您在本系统的密码",
        hint,
        button,
        |form, password| {
            let call = Call::post("/me/identity").json(&IdentityStart { password });
            form.send(call.fetch::<IdentityStarted>(), |started| {
                browser::keep(AT_PROVIDER, &true);
                browser::leave_for(&started.location);
            });
        },
    )
}

fn end(desk: Desk) -> AnyView {
    let form = Form::new();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        form.send(Call::delete("/me/identity").done(), move |()| {
            desk.ending.try_set(false);
            desk.notices.say("绑定已解除。");
            desk.status.reload();
        });
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            <p>"解除后不能再用它登录，用它在别处登录着的立即退出。用户名和密码不变。"</p>
            <div class="row row-end">
                <button type="button" class="btn" on:click=move |_| desk.ending.set(false)>
                    "取消"
                </button>
                {form.submit_as("解除绑定", "btn btn-danger", "identity-unlink-sure")}
            </div>
        </form>
    }
    .into_any()
}
