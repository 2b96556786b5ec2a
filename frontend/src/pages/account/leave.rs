//! Signing out: what was synced goes at once; what was written and not sent is shown first.

use leptos::prelude::*;
use shared::term::Term;
use wasm_bindgen_futures::spawn_local;

use crate::app;
use crate::browser;
use crate::offline;
use crate::outbox;
use crate::session;
use crate::ui::dialog::dialog;
use crate::ui::live::live;
use crate::ui::notice::notices;

/// That this browser has been signed in at the identity provider from here, and not out again.
pub(crate) const AT_PROVIDER: &str = "at-provider";

/// A sign-out under way.
#[derive(Clone, Copy)]
struct Leaving {
    /// Of the sessions on other computers, too.
    everywhere: RwSignal<bool>,
    /// Whether the question is up.
    asked: RwSignal<bool>,
    /// Whether the second question is.
    sure: RwSignal<bool>,
    /// Forms that are half filled in.
    forms: RwSignal<usize>,
}

/// The buttons that sign out.
pub(crate) fn leave() -> AnyView {
    let leaving = Leaving {
        everywhere: RwSignal::new(false),
        asked: RwSignal::new(false),
        sure: RwSignal::new(false),
        forms: RwSignal::new(0),
    };
    let out = sign_out(leaving);
    let ask = move |everywhere: bool| {
        leaving.everywhere.set(everywhere);
        leaving.sure.set(false);
        spawn_local(async move {
            outbox::reload().await;
            let forms = offline::forms::count().await;
            leaving.forms.set(forms);
            if forms == 0 && untrack(outbox::waiting) == 0 {
                out.run(());
            } else {
                leaving.asked.set(true);
            }
        });
    };
    view! {
        <p class="row">
            <button
                type="button"
                class="btn btn-primary"
                data-testid="sign-out"
                on:click=move |_| ask(false)
            >
                "退出登录"
            </button>
            <button type="button" class="btn" on:click=move |_| ask(true)>
                "退出所有电脑"
            </button>
        </p>
        {dialog(leaving.asked, "还有内容没有发出".to_owned(), move || question(leaving, out))}
    }
    .into_any()
}

fn sign_out(leaving: Leaving) -> Callback<()> {
    let notices = notices();
    let go = app::going();
    Callback::new(move |()| {
        let everywhere = leaving.everywhere.get_untracked();
        // Whoever came by the identity provider, or linked their account there, is signed in there,
        // too: the next one at this desk would come in as them.
        let came = session::me().is_some_and(|me| me.by_provider);
        let there = came || browser::recall(AT_PROVIDER).unwrap_or(false);
        spawn_local(async move {
            match session::sign_out(everywhere, true).await {
                Ok(()) if there && !offline::phone().down.get_untracked() => {
                    browser::forget(AT_PROVIDER);
                    browser::leave_for("/sso/leave");
                }
                Ok(()) => go.run("/login".to_owned()),
                Err(failure) => notices.say(failure.message()),
            }
        });
    })
}

fn question(leaving: Leaving, out: Callback<()>) -> AnyView {
    let list = live(move || {
        let drafts = outbox::drafts().get();
        let drafts = drafts.into_iter().filter(shared::outbox::Draft::waits);
        drafts
            .map(|draft| {
                view! { <li>{format!("{}：{}", draft.kind.label(), draft.title)}</li> }.into_any()
            })
            .collect_view()
    });
    let words = live(move || {
        let mut words = match outbox::waiting() {
            0 => String::new(),
            waiting => format!("还有{waiting}条没有发出。"),
        };
        if leaving.forms.get() > 0 {
            words.push_str("还有没有填完的表。");
        }
        words.push_str("退出后，这部手机上存的内容都会清除。");
        words
    });
    let send = move |_| spawn_local(outbox::pump());
    let buttons = live(move || {
        if leaving.sure.get() {
            return view! {
                <p class="wrong" role="alert">"丢弃以后找不回来。确定丢弃并退出？"</p>
                <p class="row">
                    <button
                        type="button"
                        class="btn btn-danger"
                        data-testid="discard-sure"
                        on:click=move |_| out.run(())
                    >
                        "确定丢弃并退出"
                    </button>
                    <button type="button" class="btn" on:click=move |_| leaving.sure.set(false)>
                        "不丢弃"
                    </button>
                </p>
            }
            .into_any();
        }
        if outbox::waiting() == 0 && leaving.forms.get() == 0 {
            return view! {
                <p class="row">
                    <button type="button" class="btn btn-primary" on:click=move |_| out.run(())>
                        "都发出了，退出登录"
                    </button>
                </p>
            }
            .into_any();
        }
        let waits = (outbox::waiting() > 0).then(|| {
            view! {
                <button
                    type="button"
                    class="btn btn-primary"
                    data-testid="send-now"
                    on:click=send
                >
                    "现在发送"
                </button>
            }
        });
        view! {
            <p class="row">
                {waits}
                <button
                    type="button"
                    class="btn"
                    data-testid="stay"
                    on:click=move |_| leaving.asked.set(false)
                >
                    "先不退出"
                </button>
                <button
                    type="button"
                    class="btn btn-danger"
                    data-testid="discard"
                    on:click=move |_| leaving.sure.set(true)
                >
                    "丢弃并退出"
                </button>
            </p>
        }
        .into_any()
    });
    view! {
        <p>{words}</p>
        <ul class="hint">{list}</ul>
        {buttons}
    }
    .into_any()
}
