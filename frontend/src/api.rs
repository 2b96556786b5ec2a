//! The one fetch layer: every request of the app goes through [`Call`].
//!
//! The access token stays in memory. A 401 refreshes it once, however many requests wait for it,
//! and repeats the request; where that fails, the session is over and the shell asks for the
//! password without throwing away what is on the page.
//!
//! Where no answer comes, what is read comes from the phone's last sync ([`offline::kept`]).

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;

use leptos::prelude::GetUntracked as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::account::Session;
use shared::json;
use shared::page::Page;
use shared::problem::{Code, FieldError, Problem};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use crate::{browser, offline, session};

/// Where the API lives.
const BASE: &str = "/api/v1";

/// What a request comes to.
pub(crate) type Answer<T> = Result<T, Failure>;

/// An answer that is waited for.
type Waiting<T> = Pin<Box<dyn Future<Output = Answer<T>>>>;

/// Why a request came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The server says why.
    Problem {
        /// Its document.
        problem: Box<Problem>,
        /// Seconds to wait before trying again.
        wait: Option<u32>,
    },
    /// No answer came.
    Offline,
    /// No answer came, and the phone's last sync has none either.
    NotKept,
    /// An answer came that nobody can read.
    Unreadable(u16),
}

impl Failure {
    /// What the app found out about a field before it asked: `message` says what would be right.
    pub(crate) fn of_field(field: &str, code: &str, message: String) -> Self {
        Self::Problem {
            problem: Box::new(Problem::of_field(field, code, message)),
            wait: None,
        }
    }

    /// The stable code, if the server gave one.
    pub(crate) fn code(&self) -> Option<Code> {
        match self {
            Self::Problem { problem, .. } => Some(problem.code),
            Self::Offline | Self::NotKept | Self::Unreadable(_) => None,
        }
    }

    /// What to tell the person.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Problem {
                problem,
                wait: Some(seconds),
            } if problem.code == Code::TooManyRequests => {
                format!("{}请在{}后再试。", problem.detail, duration(*seconds))
            }
            Self::Problem { problem, .. } if problem.detail.is_empty() => problem.title.clone(),
            Self::Problem { problem, .. } => problem.detail.clone(),
            Self::Offline => "连不上服务器。请检查网络后重试；您填写的内容还在。".to_owned(),
            Self::NotKept => "现在没有网络，这一页没有存在手机上，联网后再看。存过的事项照常能看，登记、走访、报告、重要信息照常能填。".to_owned(),
            Self::Unreadable(status) => format!("服务器的答复无法读取（{status}）。请稍后重试。"),
        }
    }

    /// What is wrong with single fields.
    pub(crate) fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Problem { problem, .. } => problem.errors.clone(),
            Self::Offline | Self::NotKept | Self::Unreadable(_) => Vec::new(),
        }
    }
}

fn duration(seconds: u32) -> String {
    if seconds < 90 {
        format!("{seconds}秒")
    } else {
        format!("{}分钟", seconds.div_ceil(60))
    }
}

/// A value with the version it was read at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tagged<T> {
    /// The value.
    pub(crate) value: T,
    /// Its `ETag`, to be sent back as `If-Match`.
    pub(crate) etag: String,
}

/// A request.
pub(crate) struct Call {
    method: &'static str,
    path: String,
    body: JsValue,
    headers: Vec<(&'static str, String)>,
    /// Milliseconds after which it is given up; 0 for never.
    limit: u32,
}

/// How long an answer is waited for, in milliseconds, where the phone has an older one.
const PATIENCE: u32 = 8_000;

impl Call {
    fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            body: JsValue::UNDEFINED,
            headers: Vec::new(),
            limit: 0,
        }
    }

    /// Reads.
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    /// Creates, or does.
    pub(crate) fn post(path: impl Into<String>) -> Self {
        Self::new("POST", path)
    }

    /// Changes.
    pub(crate) fn patch(path: impl Into<String>) -> Self {
        Self::new("PATCH", path)
    }

    /// Puts the whole of something in place.
    pub(crate) fn put(path: impl Into<String>) -> Self {
        Self::new("PUT", path)
    }

    /// Removes.
    pub(crate) fn delete(path: impl Into<String>) -> Self {
        Self::new("DELETE", path)
    }

    fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With a JSON body.
    pub(crate) fn json<T: Serialize>(self, value: &T) -> Self {
        let body = serde_json::to_string(value).unwrap_or_default();
        let mut call = self.header("Content-Type", "application/json");
        call.body = JsValue::from_str(&body);
        call
    }

    /// With files.
    pub(crate) fn form(mut self, form: &web_sys::FormData) -> Self {
        self.body = form.into();
        self
    }

    /// Only if the thing is still as it was read.
    pub(crate) fn if_match(self, etag: &str) -> Self {
        self.header("If-Match", etag)
    }

    /// From after this event on.
    pub(crate) fn resume(self, last: &str) -> Self {
        self.header("Last-Event-ID", last)
    }

    /// Sends it; the answer is read as it comes.
    pub(crate) async fn open(self) -> Answer<web_sys::Response> {
        self.send().await
    }

    /// Once, however often it is sent.
    pub(crate) fn once(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    /// Given up after so many milliseconds.
    pub(crate) fn limit(mut self, milliseconds: u32) -> Self {
        self.limit = milliseconds;
        self
    }

    /// Sends it; the answer's text.
    pub(crate) async fn text(self) -> Answer<String> {
        Ok(self.read().await?.content)
    }

    /// Sends it; the answer's JSON.
    pub(crate) async fn fetch<T: DeserializeOwned>(self) -> Answer<T> {
        self.read().await?.parse()
    }

    /// Sends it; the answer's JSON and version.
    pub(crate) async fn tagged<T: DeserializeOwned>(self) -> Answer<Tagged<T>> {
        let text = self.read().await?;
        let value = text.parse()?;
        Ok(Tagged {
            value,
            etag: text.etag,
        })
    }

    /// Sends it; nobody reads the answer.
    pub(crate) async fn done(self) -> Answer<()> {
        self.send().await.map(drop)
    }

    /// Sends it; the answer is a file.
    pub(crate) async fn file(self) -> Answer<web_sys::Blob> {
        let response = self.send().await?;
        let unreadable = Failure::Unreadable(response.status());
        let Ok(blob) = response.blob() else {
            return Err(unreadable);
        };
        let Ok(blob) = JsFuture::from(blob).await else {
            return Err(Failure::Offline);
        };
        blob.dyn_into().map_err(|_| unreadable)
    }

    /// Boxed, as is [`Call::send`]: what waits for an answer, of some forty types, then holds a
    /// pointer instead of a copy of all these steps.
    fn read(self) -> Waiting<Text> {
        Box::pin(async move {
            let kept = (self.method == "GET").then(|| self.path.clone());
            let knows = kept.as_deref().is_some_and(offline::knows);
            let call = if knows { self.limit(PATIENCE) } else { self };
            let answer = match call.send().await {
                Ok(response) => Text::of(&response).await,
                Err(failure) => Err(failure),
            };
            match (answer, kept) {
                (Err(Failure::Offline), Some(path)) => Text::kept(path).await,
                (answer, _) => answer,
            }
        })
    }

    fn send(self) -> Waiting<web_sys::Response> {
        Box::pin(self.send_now())
    }

    async fn send_now(self) -> Answer<web_sys::Response> {
        let before = token();
        match self.attempt(before.as_deref()).await {
            Err(failure) if failure.code() == Some(Code::Unauthenticated) => {
                // Somebody else may have refreshed in the meantime.
                if token() == before {
                    refresh().await?;
                }
                self.attempt(token().as_deref()).await
            }
            Err(failure) => {
                match failure.code() {
                    Some(Code::PasswordChangeRequired) => session::require_password_change(),
                    Some(Code::SecondFactorSetup) => session::require_second_factor(),
                    _ => {}
                }
                Err(failure)
            }
            answer => answer,
        }
    }

    async fn attempt(&self, token: Option<&str>) -> Answer<web_sys::Response> {
        received(self.raw(token).await?).await
    }

    async fn raw(&self, token: Option<&str>) -> Answer<web_sys::Response> {
        let init = web_sys::RequestInit::new();
        init.set_method(self.method);
        if !self.body.is_undefined() {
            init.set_body(&self.body);
        }
        let headers = web_sys::Headers::new().map_err(|_| Failure::Offline)?;
        for (name, value) in &self.headers {
            let _ = headers.set(name, value);
        }
        if let Some(token) = token {
            let _ = headers.set("Authorization", &format!("Bearer {token}"));
        }
        init.set_headers(&headers);
        let url = format!("{BASE}{}", self.path);
        if self.limit > 0
            && let Ok(signal) = offline::store::limit(self.limit).dyn_into()
        {
            init.set_signal(Some(&signal));
        }
        response(leptos::prelude::window().fetch_with_str_and_init(&url, &init)).await
    }
}

/// What a request comes to; without a network, the app knows so from then on.
async fn response(asked: js_sys::Promise) -> Answer<web_sys::Response> {
    let Ok(response) = JsFuture::from(asked).await else {
        offline::lost();
        return Err(Failure::Offline);
    };
    offline::reached();
    response.dyn_into().map_err(|_| Failure::Offline)
}

/// Learns the time from an answer, and tells a failure from one that is of use.
async fn received(response: web_sys::Response) -> Answer<web_sys::Response> {
    if let Some(date) = header(&response, "Date") {
        browser::learn_time(&date);
    }
    if response.ok() {
        return Ok(response);
    }
    let status = response.status();
    let wait = header(&response, "Retry-After").and_then(|value| value.parse().ok());
    match Text::of(&response).await.and_then(|text| text.parse()) {
        Ok(problem) => Err(Failure::Problem {
            problem: Box::new(problem),
            wait,
        }),
        Err(_) => Err(Failure::Unreadable(status)),
    }
}

fn header(response: &web_sys::Response, name: &str) -> Option<String> {
    response.headers().get(name).ok().flatten()
}

/// An answer's words: what is the same for all types of answers.
struct Text {
    content: String,
    etag: String,
    status: u16,
    url: String,
}

impl Text {
    async fn of(response: &web_sys::Response) -> Answer<Self> {
        let promise = response.text().map_err(|_| Failure::Offline)?;
        let content = JsFuture::from(promise)
            .await
            .map_err(|_| Failure::Offline)?;
        Ok(Self {
            content: content.as_string().unwrap_or_default(),
            etag: header(response, "ETag").unwrap_or_default(),
            status: response.status(),
            url: response.url(),
        })
    }

    /// From the phone's last sync.
    async fn kept(path: String) -> Answer<Self> {
        match offline::kept(&path).await {
            Some((content, etag)) => Ok(Self {
                content,
                etag,
                status: 200,
                url: path,
            }),
            None if offline::phone().open.get_untracked() => Err(Failure::NotKept),
            None => Err(Failure::Offline),
        }
    }

    fn parse<T: DeserializeOwned>(&self) -> Answer<T> {
        json::read(&self.content).map_err(|unfit| self.unreadable(&unfit))
    }

    fn unreadable(&self, error: &json::Unfit) -> Failure {
        leptos::logging::error!("{}: {error}", self.url);
        Failure::Unreadable(self.status)
    }
}

std::thread_local! {
    static TOKEN: RefCell<Option<String>> = const { RefCell::new(None) };
    static REFRESHING: RefCell<Option<js_sys::Promise>> = const { RefCell::new(None) };
}

fn token() -> Option<String> {
    TOKEN.with_borrow(Clone::clone)
}

/// Takes over the token of a session that was just opened.
pub(crate) fn hold_token(token: Option<String>) {
    TOKEN.set(token);
}

/// Opens the session again from the refresh cookie: one request, however many wait for it.
pub(crate) async fn refresh() -> Answer<()> {
    let promise = REFRESHING.with_borrow_mut(|going| {
        going
            .get_or_insert_with(|| {
                future_to_promise(async {
                    let answer = refresh_now().await;
                    REFRESHING.set(None);
                    FAILED.set(answer.err());
                    Ok(JsValue::UNDEFINED)
                })
            })
            .clone()
    });
    let _ = JsFuture::from(promise).await;
    match FAILED.with_borrow(Clone::clone) {
        Some(failure) => Err(failure),
        None => Ok(()),
    }
}

std::thread_local! {
    /// How the last refresh failed, for those who wait for it.
    static FAILED: RefCell<Option<Failure>> = const { RefCell::new(None) };
}

async fn refresh_now() -> Answer<()> {
    let call = Call::post("/session/refresh");
    let answer = match browser::asked_early() {
        Some(asked) => received(response(asked).await?).await,
        None => call.attempt(None).await,
    };
    match answer {
        Ok(response) => {
            let opened: Session = Text::of(&response).await?.parse()?;
            session::opened(opened);
            Ok(())
        }
        Err(failure) => {
            if matches!(
                failure.code(),
                Some(Code::Unauthenticated | Code::SessionReused)
            ) {
                session::over();
            }
            Err(failure)
        }
    }
}

/// Every item of a list, page after page.
pub(crate) async fn every<T: DeserializeOwned>(path: &str) -> Answer<Vec<T>> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let asked = query([("limit", "200"), ("cursor", cursor.as_str())]);
        let page: Page<T> = Call::get(format!("{path}{asked}")).fetch().await?;
        items.extend(page.items);
        match page.next_cursor {
            Some(next) => cursor = next,
            None => return Ok(items),
        }
    }
}

/// A query string from pairs, empty values left out.
pub(crate) fn query<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::new();
    for (key, value) in pairs {
        if !value.is_empty() {
            text.push(if text.is_empty() { '?' } else { '&' });
            text.push_str(key);
            text.push('=');
            text.push_str(&browser::encoded(value));
        }
    }
    text
}
