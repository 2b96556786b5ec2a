//! `/sign-ins`: where somebody is signed in, and ending single sign-ins; for the administrator the whole
//! township's.

use leptos::prelude::*;
use shared::access::Action;
use shared::account::OpenSignIn;
use shared::term::Term;

use super::admin::foot;
use super::heading;
use crate::api::Call;
use crate::format;
use crate::rows::{Rows, rows};
use crate::session;
use crate::ui::dialog::Dialog;
use crate::ui::field::Form;
use crate::ui::lists::by_width;
use crate::ui::notice::{Notices, notices};
use crate::ui::states::empty;

#[derive(Clone, Copy)]
struct Desk {
    own: Rows<OpenSignIn>,
    /// The township's, for the administrator.
    all: Option<Rows<OpenSignIn>>,
    notices: Notices,
    /// Ends one.
    dialog: Dialog<OpenSignIn>,
}

/// The page.
pub(crate) fn page() -> AnyView {
    let path = |path: &'static str| Memo::new(move |_| path.to_owned());
    let manages = session::may(Action::ManageUsers);
    let desk = Desk {
        own: rows(path("/sessions")),
        all: manages.then(|| rows(path("/sessions?all=true"))),
        notices: notices(),
        dialog: Dialog::new(),
    };
    let nothing = || empty("没有在用的登录", "有人登录后会显示在这里。", None);
    let own = desk
        .own
        .view(nothing, move |sign_ins| list(desk, sign_ins, false));
    let all = desk.all.map(|all| {
        let list = all.view(nothing, move |sign_ins| list(desk, sign_ins, true));
        view! {
            <section class="stack" aria-labelledby="all-sign-ins">
                <h2 id="all-sign-ins">"本镇全部登录"</h2>
                <p class="quiet">
                    "电脑、手机丢了，或发现不该有的登录，在这里结束，再请本人改密码。"
                </p>
                {list}
            </section>
        }
        .into_any()
    });
    view! {
        <div class="page page-wide">
            {heading("登录管理")}
            <section class="stack" aria-labelledby="own-sign-ins">
                <h2 id="own-sign-ins">"我的登录"</h2>
                <p class="quiet">
                    "不认识的登录，马上结束，并修改密码。长时间不用的登录会自己失效。"
                </p>
                {own}
            </section>
            {all}
            {desk.dialog.view(|_| "结束登录".to_owned(), move |sign_in| end(desk, sign_in))}
        </div>
    }
    .into_any()
}

fn address(sign_in: &OpenSignIn) -> String {
    sign_in.address.clone().unwrap_or_else(|| "—".to_owned())
}

fn end_button(desk: Desk, sign_in: OpenSignIn) -> AnyView {
    if sign_in.current {
        return view! { <span class="badge badge-answered">"这一次"</span> }.into_any();
    }
    let label = format!(
        "结束：{}，{}登录的",
        sign_in.user_name,
        format::moment(sign_in.since)
    );
    view! {
        <button
            type="button"
            class="btn btn-small"
            data-testid="end-sign-in"
            aria-label=label
            on:click=move |_| desk.dialog.start(sign_in.clone())
        >
            "结束"
        </button>
    }
    .into_any()
}

fn list(desk: Desk, sign_ins: Vec<OpenSignIn>, whose: bool) -> AnyView {
    let mut heads = Vec::<&str>::new();
    if whose {
        heads.extend(["姓名", "角色", "单位"]);
    }
    heads.extend([
        "登录时间",
        "最近使用",
        "登录方式",
        "网络地址",
        "不用则失效于",
        "操作",
    ]);
    by_width(
        "在用的登录",
        heads,
        sign_ins,
        move |sign_in| line(desk, sign_in, whose),
        move |sign_in| card(desk, sign_in, whose),
    )
}

fn line(desk: Desk, sign_in: OpenSignIn, whose: bool) -> AnyView {
    let who = whose.then(|| {
        view! {
            <td>{sign_in.user_name.clone()}</td>
            <td>{sign_in.role.label()}</td>
            <td>{sign_in.unit_name.clone()}</td>
        }
        .into_any()
    });
    view! {
        <tr data-testid="sign-in">
            {who}
            <td>{format::moment(sign_in.since)}</td>
            <td>{format::moment(sign_in.last_used_at)}</td>
            <td>{sign_in.method.label()}</td>
            <td class="number">{address(&sign_in)}</td>
            <td>{format::moment(sign_in.expires_at)}</td>
            <td>{end_button(desk, sign_in)}</td>
        </tr>
    }
    .into_any()
}

fn card(desk: Desk, sign_in: OpenSignIn, whose: bool) -> AnyView {
    let head = if whose {
        format!("{}（{}）", sign_in.user_name, sign_in.unit_name)
    } else {
        format::moment(sign_in.since)
    };
    view! {
        <li class="card admin-card" data-testid="sign-in">
            <p class="admin-card-head"><strong>{head}</strong></p>
            <dl class="facts">
                <div><dt>"登录时间"</dt><dd>{format::moment(sign_in.since)}</dd></div>
                <div><dt>"最近使用"</dt><dd>{format::moment(sign_in.last_used_at)}</dd></div>
                <div><dt>"登录方式"</dt><dd>{sign_in.method.label()}</dd></div>
                <div><dt>"网络地址"</dt><dd class="number">{address(&sign_in)}</dd></div>
            </dl>
            <p class="row">{end_button(desk, sign_in)}</p>
        </li>
    }
    .into_any()
}

fn end(desk: Desk, sign_in: OpenSignIn) -> AnyView {
    let form = Form::new();
    let path = format!("/sessions/{}", sign_in.id);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let call = Call::delete(path.clone());
        form.send(call.done(), move |()| {
            desk.dialog.close();
            desk.notices.say("这次登录已结束。");
            desk.own.reload();
            if let Some(all) = desk.all {
                all.reload();
            }
        });
    };
    let words = format!(
        "{}，{}从{}登录的，会立即退出，没有保存的内容会丢失。",
        sign_in.user_name,
        format::moment(sign_in.since),
        address(&sign_in)
    );
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            <p>{words}</p>
            {foot(form, desk.dialog.up(), "结束登录", "btn btn-danger")}
        </form>
    }
    .into_any()
}
