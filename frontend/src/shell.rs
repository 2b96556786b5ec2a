//! What is around every page: the menu (at the side, or below on a phone), the demo's banner,
//! messages, and the question for the password when a session ends in the middle of work.

use leptos::prelude::*;
use shared::role::Role;
use shared::term::Term;

use crate::app::{self, focus_heading};
use crate::bell;
use crate::pages;
use crate::place::{self, Place};
use crate::session::{self, Stand};
use crate::ui::icon::icon;
use crate::ui::live::{follow, live, watch};
use crate::ui::notice;
use crate::{browser, directory, format, offline, outbox, route};

/// The frame around the page at `place`.
pub(crate) fn shell(place: Memo<Place>) -> AnyView {
    let Some(me) = session::me() else {
        return ().into_any();
    };
    provide_context(me.clone());
    notice::provide();
    directory::provide();
    bell::provide();
    let narrow = browser::media("(max-width: 700px)");
    provide_context(Narrow(narrow));
    let go = app::going();
    // A new page: its heading takes the focus. Not at the first one, where the browser just began.
    Effect::new(move |before: Option<Place>| {
        let now = place.get();
        offline::phone().stale.set(false);
        // Nor where the URL names a part of the page, which takes it itself.
        if before.is_some_and(|before| before != now) && route::hash().is_empty() {
            focus_heading();
        }
        now
    });
    let section = Memo::new(move |_| place.read().section());
    let phone = offline::phone();
    let page = move || {
        phone.again.track();
        let place = place.get();
        if matches!(place, Place::Login | Place::Setup) {
            go.run("/".to_owned());
        }
        pages::page(place)
    };
    view! {
        <a class="skip" href="#main" rel="external" on:click=move |event| {
            event.prevent_default();
            focus_heading();
        }>"跳到正文"</a>
        {me.demo.then(demo_banner)}
        <div class=if me.demo { "frame frame-demo" } else { "frame" } data-page=follow(move || place.read().name())>
            <header class="side">
                <div class="side-head">
                    <a class="brand" href="/">
                        <span class="brand-mark" aria-hidden="true">"信"</span>
                        <span class="brand-words">
                            <span class="brand-name">"信访三无工作台"</span>
                            <span class="brand-town">{me.township_name.clone()}</span>
                        </span>
                    </a>
                    {bell::bell(section)}
                </div>
                {side_menu(section)}
                <a
                    class="whoami"
                    href="/account"
                    data-testid="nav-account"
                    aria-current=follow(move || current(&section.read(), &Place::Account))
                >
                    {icon(Place::Account.icon())}
                    <span class="whoami-words">
                        <span class="whoami-name">{me.user.name.clone()}</span>
                        <span class="whoami-unit">{who(&me)}</span>
                    </span>
                </a>
            </header>
            <main class="main" id="main">{network()} {page}</main>
            {bottom_menu(section)}
        </div>
        {bell::banners()}
        {notice::board()}
        {ended()}
    }
    .into_any()
}

/// Whether the window is a phone's.
#[derive(Clone, Copy)]
pub(crate) struct Narrow(ReadSignal<bool>);

/// Whether the window is a phone's; follows it.
pub(crate) fn narrow() -> bool {
    expect_context::<Narrow>().0.get()
}

fn who(me: &shared::account::Me) -> String {
    if me.user.role == Role::Administrator || me.unit_name == me.user.role.label() {
        me.user.role.label().to_owned()
    } else {
        format!("{} · {}", me.unit_name, me.user.role.label())
    }
}

fn demo_banner() -> AnyView {
    view! {
        <p class="demo">
            "演示环境：数据都是虚构的，请勿录入真实信息。"
        </p>
    }
    .into_any()
}

/// What there is to know of the network and of what waits, above every page.
fn network() -> AnyView {
    let phone = offline::phone();
    let words = live(move || {
        let of = phone.synced.get().map(format::moment);
        match (phone.down.get(), phone.open.get()) {
            (true, true) => {
                let seen = match (of, phone.stale.get()) {
                    (Some(of), true) => format!("离线数据，截至 {of}。"),
                    (Some(of), false) => format!("已存的内容截至 {of}。"),
                    (None, _) => String::new(),
                };
                strip(
                    "strip strip-down",
                    format!("离线。{seen}登记、走访、报告、重要信息照常填，联网后自动发出。"),
                    None,
                )
            }
            (true, false) => strip(
                "strip strip-down",
                "连不上服务器。填写的内容先不要关，联网后再提交。".to_owned(),
                None,
            ),
            (false, _) if phone.stale.get() => {
                let of = of.unwrap_or_default();
                let again = view! {
                    <button
                        type="button"
                        class="btn btn-small"
                        data-testid="fresh"
                        on:click=move |_| {
                            phone.stale.set(false);
                            phone.again.update(|again| *again += 1);
                        }
                    >
                        "换成最新的"
                    </button>
                };
                strip(
                    "strip",
                    format!("已联网。这一页是离线数据，截至 {of}。"),
                    Some(again.into_any()),
                )
            }
            _ => ().into_any(),
        }
    });
    let waiting = live(move || {
        let waiting = outbox::waiting();
        (waiting > 0).then(|| {
            view! {
                <a class="strip strip-waiting" href="/drafts" data-testid="waiting">
                    {icon(Place::Drafts.icon())}
                    <span>{format!("{waiting}条还在这部手机上")}</span>
                </a>
            }
        })
    });
    view! { <div role="status" class="strips no-print">{words} {waiting}</div> }.into_any()
}

fn strip(class: &'static str, words: String, more: Option<AnyView>) -> AnyView {
    view! { <p class=class data-testid="network"><span>{words}</span> {more}</p> }.into_any()
}

/// How many drafts wait, beside the menu's entry.
fn badge(place: &Place) -> Option<AnyView> {
    (*place == Place::Drafts).then(|| {
        live(move || {
            let waiting = outbox::waiting();
            (waiting > 0).then(|| {
                view! {
                    <span class="count" data-testid="count">
                        {waiting}
                        <span class="sr-only">"条等待"</span>
                    </span>
                }
            })
        })
    })
}

fn current(section: &Place, place: &Place) -> Option<&'static str> {
    (section == place).then_some("page")
}

fn entry(place: Place, section: Memo<Place>) -> AnyView {
    let mine = place.clone();
    view! {
        <li>
            <a
                href=place.path()
                data-testid=format!("nav-{}", place.name())
                aria-current=follow(move || current(&section.read(), &mine))
            >
                {icon(place.icon())}
                <span>{place.title()}</span>
                {badge(&place)}
            </a>
        </li>
    }
    .into_any()
}

fn side_menu(section: Memo<Place>) -> AnyView {
    let lists = live(move || {
        let (work, reference) = place::menu();
        let list = |places: Vec<Place>| {
            let entries = places
                .into_iter()
                .map(|place| entry(place, section))
                .collect_view();
            view! { <ul>{entries}</ul> }.into_any()
        };
        view! { {list(work)} {list(reference)} }
    });
    view! { <nav class="menu" aria-label="主菜单">{lists}</nav> }.into_any()
}

fn bottom_menu(section: Memo<Place>) -> AnyView {
    let entries = live(move || {
        place::short_menu()
            .into_iter()
            .map(|place| {
                let mine = place.clone();
                view! {
                    <li>
                        <a
                            href=place.path()
                            data-testid=format!("below-{}", place.name())
                            aria-current=follow(move || current(&section.read(), &mine))
                        >
                            {icon(place.icon())}
                            <span>{place.title()}</span>
                            {badge(&place)}
                        </a>
                    </li>
                }
                .into_any()
            })
            .collect_view()
    });
    view! {
        <nav class="tabs-below" aria-label="主菜单">
            <ul>{entries}</ul>
        </nav>
    }
    .into_any()
}

/// The session ended while somebody worked: ask for the password, and leave the page as it is.
fn ended() -> AnyView {
    let open = RwSignal::new(false);
    watch(move || {
        open.set(session::stand().with(|stand| matches!(stand, Stand::Ended(_))));
    });
    crate::ui::dialog::dialog(open, "登录已过期".to_owned(), pages::account::login::again)
}
