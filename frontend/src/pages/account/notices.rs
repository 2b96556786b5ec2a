//! What somebody wishes to be told, and when it may sound.

use leptos::prelude::*;
use shared::notice::prefs::{Choice, Delivery, KindView, Prefs, PrefsView};
use shared::term::Term;

use crate::api::{Call, Tagged};
use crate::bell::{self, bell_of_page};
use crate::load::{Loader, load};
use crate::ui::field::{Form, field, offer};
use crate::ui::notice::notices;
use crate::ui::states::waiting;

/// The card on the page of the own account.
pub(crate) fn settings() -> AnyView {
    let prefs = load(|| Call::get("/me/notification-settings").tagged::<PrefsView>());
    view! {
        <section class="card" id="notice-settings" aria-labelledby="notice-settings-title">
            <h2 id="notice-settings-title" tabindex="-1">"通知设置"</h2>
            {prefs.view(waiting, move |now| form(prefs, now))}
        </section>
    }
    .into_any()
}

fn form(prefs: Loader<Tagged<PrefsView>>, now: Tagged<PrefsView>) -> AnyView {
    let form = Form::new();
    let (say, bell) = (notices(), bell_of_page());
    let Tagged { value, etag } = now;
    let chosen: Vec<(KindView, RwSignal<String>)> = value
        .kinds
        .into_iter()
        .map(|kind| {
            let delivery = RwSignal::new(kind.delivery.code().to_owned());
            (kind, delivery)
        })
        .collect();
    let fields = chosen
        .iter()
        .enumerate()
        .map(|(at, (kind, delivery))| one(form, at, kind, *delivery))
        .collect_view();
    let sound = RwSignal::new(value.sound);
    let from = RwSignal::new(value.quiet_from);
    let to = RwSignal::new(value.quiet_to);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let kinds = chosen.iter().map(|(kind, delivery)| Choice {
            kind: kind.kind,
            delivery: Delivery::from_code(&delivery.get_untracked()).unwrap_or(kind.delivery),
        });
        let wish = Prefs {
            kinds: kinds.collect(),
            sound: sound.get_untracked(),
            quiet_from: from.get_untracked(),
            quiet_to: to.get_untracked(),
        };
        if !form.accept(wish.check()) {
            return;
        }
        let call = Call::put("/me/notification-settings")
            .if_match(&etag)
            .json(&wish);
        form.send(call.tagged::<PrefsView>(), move |now| {
            bell.prefer(now.value.clone());
            prefs.put(now);
            say.say("通知设置已保存。");
        });
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            <div class="grid">{fields}</div>
            {field(form, "sound", "普通通知也响提示音")
                .hint("紧急的总会响三声。浏览器要求先点一下页面才能出声。".to_owned())
                .check(sound)}
            <div class="grid">
                {field(form, "quiet_from", "免打扰：从").kind("time").input(from)}
                {field(form, "quiet_to", "到")
                    .kind("time")
                    .hint("这段时间普通通知不响；两个时间相同为不设免打扰。".to_owned())
                    .input(to)}
            </div>
            <p class="row">
                {form.submit_as("保存", "btn btn-primary", "save-notice-settings")}
                <button type="button" class="btn" on:click=move |_| bell::ring(true)>
                    "试听"
                </button>
            </p>
        </form>
    }
    .into_any()
}

fn one(form: Form, at: usize, kind: &KindView, delivery: RwSignal<String>) -> AnyView {
    let label = kind.kind.label();
    if let Some(why) = &kind.fixed {
        return view! {
            <div class="field">
                <p><strong>{label}</strong> " " {kind.delivery.label()}</p>
                <p class="hint">{why.clone()}</p>
            </div>
        }
        .into_any();
    }
    let offered = kind.offered.iter().map(|delivery| offer(*delivery));
    let offered: crate::directory::Options = offered.collect();
    field(form, format!("kinds.{at}.delivery"), label).select(delivery, None, offered)
}
