//! What live events show: the bell with its count, banners for what is urgent, a sound.

use std::cell::{Cell, RefCell};

use leptos::prelude::*;
use shared::notice::prefs::PrefsView;
use shared::notice::remind::shanghai_time;
use shared::notice::{Inbox, Notice};
use shared::term::Term;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::api::{Answer, Call};
use crate::browser;
use crate::place::Place;
use crate::stream::{self, Heard, Listening};
use crate::ui::icon::{Icon, icon};
use crate::ui::live::{follow, live};

/// How many unread notices are looked through for urgent ones.
const LOOKED_THROUGH: &str = "/notifications?unread=true&limit=50";
/// How many banners are up at once.
const MOST_BANNERS: usize = 3;

/// What the frame and the inbox follow.
#[derive(Clone, Copy)]
pub(crate) struct Bell {
    /// How many notices are unread.
    unread: RwSignal<u64>,
    /// Rises whenever something new came, or was read in another tab.
    pub(crate) news: RwSignal<u32>,
    /// Urgent ones that nobody here has taken note of, the newest in front.
    urgent: RwSignal<Vec<Notice>>,
    /// The greatest place in the stream that was heard of.
    seen: StoredValue<i64>,
    prefs: StoredValue<Option<PrefsView>>,
}

std::thread_local! {
    static LISTENING: RefCell<Option<Listening>> = const { RefCell::new(None) };
    /// There only once the person has touched something: before that, browsers allow no sound.
    static AUDIO: RefCell<Option<web_sys::AudioContext>> = const { RefCell::new(None) };
    /// When the last tone ends, by the audio's clock.
    static SILENT: Cell<f64> = const { Cell::new(0.0) };
}

/// Gives the bell to the pages below, and listens while they are there.
pub(crate) fn provide() {
    let bell = Bell {
        unread: RwSignal::new(0),
        news: RwSignal::new(0),
        urgent: RwSignal::new(Vec::new()),
        seen: StoredValue::new(0),
        prefs: StoredValue::new(None),
    };
    provide_context(bell);
    bell.refresh();
    spawn_local(async move {
        if let Ok(prefs) = Call::get("/me/notification-settings").fetch().await {
            bell.prefer(prefs);
        }
    });
    LISTENING.set(Some(stream::listen(move |heard| bell.hear(heard))));
    on_cleanup(|| drop(LISTENING.take()));
}

/// The bell, from any page.
pub(crate) fn bell_of_page() -> Bell {
    expect_context()
}

impl Bell {
    /// Takes over what the person wishes, as it was read or changed.
    pub(crate) fn prefer(self, prefs: PrefsView) {
        self.prefs.try_set_value(Some(prefs));
    }

    /// Reads how many are unread, and which of them are urgent.
    fn refresh(self) {
        spawn_local(async move {
            let Ok(inbox) = Call::get(LOOKED_THROUGH).fetch::<Inbox>().await else {
                return;
            };
            self.unread.try_set(inbox.unread);
            // What is counted here is not counted again when its event comes.
            let newest = inbox.items.first().map_or(0, |notice| notice.seq);
            self.seen.try_update_value(|seen| *seen = newest.max(*seen));
            self.news.try_update(|news| *news += 1);
            let urgent: Vec<Notice> = inbox.items.into_iter().filter(|n| n.urgent).collect();
            let known = self.urgent.try_get_untracked().unwrap_or_default();
            let new = urgent
                .iter()
                .any(|notice| !known.iter().any(|known| known.id == notice.id));
            // Equal ones wake nobody.
            if urgent != known {
                self.urgent.try_set(urgent);
            }
            if new {
                ring(true);
            }
        });
    }

    fn hear(self, heard: Heard) {
        let (notice, own) = match heard {
            Heard::Changed => return self.refresh(),
            Heard::Notice(notice, own) => (notice, own),
        };
        let seen = self.seen.try_get_value().unwrap_or(i64::MAX);
        if notice.seq <= seen {
            return;
        }
        self.seen.try_set_value(notice.seq);
        self.unread.try_update(|unread| *unread += 1);
        self.news.try_update(|news| *news += 1);
        // The tab that hears it from the server is the one that sounds.
        if own && (notice.urgent || self.may_sound()) {
            ring(notice.urgent);
        }
        if notice.urgent {
            self.urgent.try_update(|urgent| urgent.insert(0, notice));
        }
    }

    /// Whether ordinary notices sound now.
    fn may_sound(self) -> bool {
        let prefs = self.prefs.try_get_value().flatten();
        prefs.is_some_and(|prefs| {
            prefs.sound && !prefs.prefs().is_quiet(shanghai_time(browser::now()))
        })
    }

    /// Marks one read; the banner goes.
    pub(crate) fn read(self, id: &str) {
        self.urgent
            .try_update(|urgent| urgent.retain(|notice| notice.id != id));
        let call = Call::post(format!("/notifications/{id}/read"));
        self.after(async move { call.done().await });
    }

    /// Marks all up to a place read.
    pub(crate) fn read_up_to(self, seq: i64) {
        let call = Call::post("/notifications/read-all");
        let call = call.json(&shared::notice::ReadUpTo { up_to: seq });
        self.after(async move { call.done().await });
    }

    /// Counts anew once something was read, in the other tabs, too.
    fn after(self, reading: impl Future<Output = Answer<()>> + 'static) {
        spawn_local(async move {
            if reading.await.is_ok() {
                self.refresh();
                LISTENING.with_borrow(|listening| {
                    if let Some(listening) = listening {
                        listening.tell_changed();
                    }
                });
            }
        });
    }
}

/// The bell in the frame.
pub(crate) fn bell(section: Memo<Place>) -> AnyView {
    let bell = bell_of_page();
    let label = follow(move || match bell.unread.get() {
        0 => "通知，没有未读".to_owned(),
        unread => format!("通知，{unread}条未读"),
    });
    let count = live(move || {
        let unread = bell.unread.get();
        let words = if unread > 99 {
            "99+".to_owned()
        } else {
            unread.to_string()
        };
        (unread > 0).then(|| {
            view! { <span class="bell-count" aria-hidden="true" data-testid="unread">{words}</span> }
        })
    });
    view! {
        <a
            class="bell"
            href="/inbox"
            data-testid="bell"
            aria-label=label
            aria-current=follow(move || (*section.read() == Place::Inbox).then_some("page"))
        >
            {icon(Icon::Bell)}
            {count}
        </a>
    }
    .into_any()
}

/// Where urgent notices are seen, on every page, until somebody takes note of them.
pub(crate) fn banners() -> AnyView {
    let bell = bell_of_page();
    let shown = live(move || {
        let urgent = bell.urgent.get();
        let rest = urgent.len().saturating_sub(MOST_BANNERS);
        let more = (rest > 0).then(|| {
            view! { <p class="banner-more"><a href="/inbox?view=unread">{format!("还有{rest}条紧急通知")}</a></p> }
        });
        let banners = urgent
            .into_iter()
            .take(MOST_BANNERS)
            .map(move |notice| banner(bell, notice))
            .collect_view();
        view! { {banners} {more} }
    });
    view! {
        <div class="banners" role="alert" aria-live="assertive" data-testid="banners">
            {shown}
        </div>
    }
    .into_any()
}

fn banner(bell: Bell, notice: Notice) -> AnyView {
    let (open, noted) = (notice.id.clone(), notice.id);
    let body = (!notice.body.is_empty()).then(|| view! { <span>{notice.body}</span> });
    view! {
        <div class="banner" data-testid="banner">
            {icon(Icon::Warning)}
            <p class="banner-words">
                <strong>{format!("{}：{}", notice.kind.label(), notice.title)}</strong>
                {body}
            </p>
            <p class="row">
                <a class="btn" href=notice.link on:click=move |_| bell.read(&open)>"查看"</a>
                <button type="button" class="btn" on:click=move |_| bell.read(&noted)>
                    "知道了"
                </button>
            </p>
        </div>
    }
    .into_any()
}

/// Makes the sound ready at the first touch or key, which may be the one that signs in: whoever then
/// leaves the page alone is to hear what is urgent all the same.
pub(crate) fn start() {
    let unlock = Closure::<dyn FnMut()>::new(|| {
        let audio = AUDIO.with_borrow(Clone::clone);
        let Some(audio) = audio.or_else(|| web_sys::AudioContext::new().ok()) else {
            return;
        };
        AUDIO.set(Some(audio.clone()));
        spawn_local(async move {
            if let Ok(running) = audio.resume() {
                let _ = JsFuture::from(running).await;
                rest(&audio);
            }
        });
    });
    let options = web_sys::AddEventListenerOptions::new();
    options.set_once(true);
    options.set_passive(true);
    for event in ["pointerdown", "keydown"] {
        let _ = window().add_event_listener_with_callback_and_add_event_listener_options(
            event,
            unlock.as_ref().unchecked_ref(),
            &options,
        );
    }
    // Lives as long as the page.
    unlock.forget();
}

/// Lets the audio rest unless a tone is still to come: while it runs, it takes a phone's battery, silent or not.
fn rest(audio: &web_sys::AudioContext) {
    if audio.current_time() >= SILENT.get() {
        let _ = audio.suspend();
    }
}

/// Sounds: three times and higher for what is urgent.
pub(crate) fn ring(urgent: bool) {
    AUDIO.with_borrow(|audio| {
        if let Some(audio) = audio {
            let (times, pitch, loud) = if urgent {
                (3, 880.0, 0.3)
            } else {
                (1, 620.0, 0.12)
            };
            let now = audio.current_time();
            for n in 0..times {
                let _ = beep(audio, now + f64::from(n) * 0.35, pitch, loud);
            }
            let _ = audio.resume();
        }
    });
}

fn beep(
    audio: &web_sys::AudioContext,
    at: f64,
    pitch: f32,
    loud: f32,
) -> Result<(), wasm_bindgen::JsValue> {
    let (tone, gain) = (audio.create_oscillator()?, audio.create_gain()?);
    tone.frequency().set_value(pitch);
    gain.gain().set_value_at_time(loud, at)?;
    gain.gain()
        .exponential_ramp_to_value_at_time(0.001, at + 0.25)?;
    tone.connect_with_audio_node(&gain)?;
    gain.connect_with_audio_node(&audio.destination())?;
    tone.start_with_when(at)?;
    let silent = at + 0.28;
    SILENT.set(SILENT.get().max(silent));
    let audio = audio.clone();
    let ended = Closure::once_into_js(move || rest(&audio));
    tone.set_onended(Some(ended.unchecked_ref()));
    tone.stop_with_when(silent)
}
