//! Live events of the server (SSE), read with `fetch`, for `EventSource` sends no headers. The stream
//! comes back by itself from where it broke off; one tab of the browser reads it where the browser can
//! lock, and passes on what it hears to the others.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use leptos::prelude::*;
use shared::notice::{Hello, Notice};
use shared::{json, problem::Code};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};

use crate::api::Call;
use crate::browser;
use crate::session::{self, Stand};

/// The lock's and the channel's name.
const NAME: &str = "xinfang-events";
/// The first wait before coming back, and the longest.
const WAITS: (u64, u64) = (1, 60);
/// A stream that has been silent for so long, where a sign of life comes each 20 seconds, is dead.
const SILENT_MS: f64 = 50_000.0;

/// What is heard.
pub(crate) enum Heard {
    /// A notice; whether this tab has it from the server, not from another tab.
    Notice(Notice, bool),
    /// Something changed that is to be read anew.
    Changed,
}

type Hearer = Rc<dyn Fn(Heard)>;

/// Listens until it is dropped.
pub(crate) struct Listening {
    on: Rc<Cell<bool>>,
    channel: Option<web_sys::BroadcastChannel>,
    reader: Reader,
}

type Reader = Rc<RefCell<Option<web_sys::ReadableStreamDefaultReader>>>;

impl Drop for Listening {
    fn drop(&mut self) {
        self.on.set(false);
        if let Some(channel) = &self.channel {
            channel.close();
        }
        if let Some(reader) = self.reader.borrow_mut().take() {
            let _ = reader.cancel();
        }
    }
}

impl Listening {
    /// Tells the other tabs that something was read.
    pub(crate) fn tell_changed(&self) {
        if let Some(channel) = &self.channel {
            let _ = channel.post_message(&JsValue::from_str(""));
        }
    }
}

/// Begins to listen.
pub(crate) fn listen(hear: impl Fn(Heard) + 'static) -> Listening {
    let hear: Hearer = Rc::new(hear);
    let on = Rc::new(Cell::new(true));
    let reader = Reader::default();
    let channel = web_sys::BroadcastChannel::new(NAME).ok();
    if let Some(channel) = &channel {
        let hear = Rc::clone(&hear);
        let heard = Closure::<dyn FnMut(_)>::new(move |event: web_sys::MessageEvent| {
            let text = event.data().as_string().unwrap_or_default();
            hear(match json::read(&text) {
                Ok(notice) => Heard::Notice(notice, false),
                Err(_) => Heard::Changed,
            });
        });
        channel.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        // Lives as long as the channel is open.
        heard.forget();
    }
    let ear = Ear {
        on: Rc::clone(&on),
        hear,
        channel: channel.clone(),
        reader: Rc::clone(&reader),
        last: RefCell::new(None),
    };
    in_one_tab(Rc::new(ear));
    Listening {
        on,
        channel,
        reader,
    }
}

/// Holds the browser's lock while it listens; where there is none (plain HTTP), each tab listens.
fn in_one_tab(ear: Rc<Ear>) {
    let locks = js_sys::Reflect::get(&window().navigator(), &JsValue::from_str("locks"));
    let locks = locks.ok().filter(JsValue::is_object);
    let request = locks.as_ref().and_then(|locks| {
        let request = js_sys::Reflect::get(locks, &JsValue::from_str("request")).ok()?;
        request.dyn_into::<js_sys::Function>().ok()
    });
    let (Some(locks), Some(request)) = (locks, request) else {
        spawn_local(ear.run());
        return;
    };
    let got = Closure::once_into_js(move || {
        future_to_promise(async move {
            ear.run().await;
            Ok(JsValue::UNDEFINED)
        })
    });
    let _ = request.call2(&locks, &JsValue::from_str(NAME), &got);
}

/// How a stream ended.
enum End {
    /// It broke off, or never began.
    Broken,
    /// It went well for a while.
    Over,
    /// Somebody else listens in its place.
    Replaced,
}

/// Who listens.
struct Ear {
    on: Rc<Cell<bool>>,
    hear: Hearer,
    channel: Option<web_sys::BroadcastChannel>,
    reader: Reader,
    /// The last event's id.
    last: RefCell<Option<String>>,
}

impl Ear {
    async fn run(self: Rc<Self>) {
        let mut wait = WAITS.0;
        while self.on.get() {
            match self.once().await {
                End::Over => wait = WAITS.0,
                End::Broken => wait = (wait * 2).min(WAITS.1),
                // Not before somebody looks at this tab again.
                End::Replaced => {
                    while self.on.get() && document().hidden() {
                        pause(WAITS.1).await;
                    }
                }
            }
            if self.on.get() {
                pause(wait).await;
            }
        }
    }

    async fn once(&self) -> End {
        // Without a session there is nothing to hear: the shell asks for the password.
        if !session::stand().with_untracked(|stand| matches!(stand, Stand::Here(_))) {
            return End::Broken;
        }
        let mut call = Call::get("/events");
        if let Some(last) = &*self.last.borrow() {
            call = call.resume(last);
        }
        let response = match call.open().await {
            Ok(response) => response,
            Err(failure) => {
                // What the server does not understand of it is left out the next time.
                if failure.code() == Some(Code::BadRequest) {
                    self.last.replace(None);
                }
                return End::Broken;
            }
        };
        let reader = response.body().map(|body| body.get_reader());
        let reader = reader.and_then(|reader| reader.dyn_into().ok());
        let Some(reader): Option<web_sys::ReadableStreamDefaultReader> = reader else {
            return End::Broken;
        };
        if !self.on.get() {
            let _ = reader.cancel();
            return End::Over;
        }
        self.reader.replace(Some(reader.clone()));
        let end = self.read(&reader).await;
        self.reader.replace(None);
        end
    }

    async fn read(&self, reader: &web_sys::ReadableStreamDefaultReader) -> End {
        let heard = Rc::new(Cell::new(js_sys::Date::now()));
        watch(Rc::clone(&heard), reader.clone());
        let mut waiting: Vec<u8> = Vec::new();
        let mut end = End::Broken;
        while let Ok(chunk) = JsFuture::from(reader.read()).await {
            let get = |name| js_sys::Reflect::get(&chunk, &JsValue::from_str(name));
            let bytes = get("value")
                .ok()
                .and_then(|v| v.dyn_into::<js_sys::Uint8Array>().ok());
            let Some(bytes) = bytes else { break };
            heard.set(js_sys::Date::now());
            waiting.extend(bytes.to_vec());
            while let Some(at) = waiting.windows(2).position(|two| two == b"\n\n") {
                let frame: Vec<u8> = waiting.drain(..at + 2).collect();
                end = End::Over;
                if self.frame(&String::from_utf8_lossy(&frame)) {
                    heard.set(f64::INFINITY);
                    return End::Replaced;
                }
            }
        }
        // Nobody watches it any more.
        heard.set(f64::INFINITY);
        end
    }

    /// Takes an event in; whether it says that this tab is replaced.
    fn frame(&self, frame: &str) -> bool {
        let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name));
        let data = field("data: ").unwrap_or_default();
        if let Some(id) = field("id: ") {
            self.last.replace(Some(id.to_owned()));
        }
        match field("event: ") {
            Some("hello") => {
                if let Ok(hello) = json::read::<Hello>(data) {
                    browser::learn_instant(hello.now);
                    // What came before it is in the inbox.
                    (self.hear)(Heard::Changed);
                }
            }
            Some("notice") => {
                if let Ok(notice) = json::read(data) {
                    if let Some(channel) = &self.channel {
                        let _ = channel.post_message(&JsValue::from_str(data));
                    }
                    (self.hear)(Heard::Notice(notice, true));
                }
            }
            Some("reset") => (self.hear)(Heard::Changed),
            Some("replaced") => return true,
            _ => {}
        }
        false
    }
}

/// Ends a stream that has gone silent: a connection may die without anybody being told.
fn watch(heard: Rc<Cell<f64>>, reader: web_sys::ReadableStreamDefaultReader) {
    browser::later(Duration::from_secs(20), move || {
        let silent = js_sys::Date::now() - heard.get();
        if silent > SILENT_MS {
            let _ = reader.cancel();
        } else if silent.is_finite() {
            watch(heard, reader);
        }
    });
}

async fn pause(seconds: u64) {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        browser::later(Duration::from_secs(seconds), move || {
            let _ = resolve.call0(&JsValue::UNDEFINED);
        });
    });
    let _ = JsFuture::from(promise).await;
}
