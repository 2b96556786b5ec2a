//! What people write goes out through here: [`submit`] stores it on the phone, then sends it, now or
//! when there is a network again, once and only once. What is done next with a draft, and what an
//! answer means, `shared::outbox` decides; here it is stored and sent.

use std::cell::Cell;
use std::time::Duration;

use leptos::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value};
use shared::json;
use shared::outbox::{Answer as Heard, Draft, DraftKind, Next, Photo, Stage, Then, turn_of};
use shared::problem::Code;
use shared::term::Term as _;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::spawn_local;

use crate::api::{Answer, Call, Failure};
use crate::format::ordered;
use crate::offline::store::{self, Changes};
use crate::offline::{self, phone};
use crate::session::{self, Stand};
use crate::{browser, format};

/// What a form sends.
pub(crate) struct Outgoing {
    /// What it becomes.
    pub(crate) kind: DraftKind,
    /// Where it is posted, below the API's base.
    pub(crate) path: String,
    /// The version that it builds on, where it changes what is there.
    pub(crate) if_match: Option<String>,
    /// Where what it changes is read, below the API's base.
    pub(crate) about: Option<String>,
    /// What is posted, without pictures.
    pub(crate) body: Map<String, Value>,
    /// Its pictures, in order.
    pub(crate) photos: Vec<Picture>,
    /// In a line, for people.
    pub(crate) title: String,
    /// All of it in words: what a field is called, what it says.
    pub(crate) lines: Vec<(String, String)>,
    /// What the form is filled with again, where it has to be changed.
    pub(crate) form: Value,
    /// The number of the provisional receipt that is given out for it.
    pub(crate) receipt: Option<String>,
    /// The name by which [`offline::forms`] keeps it; forgotten as the draft is stored.
    pub(crate) kept_as: &'static str,
    /// Whether it may wait on the phone; what may not goes out at once or stays in the form.
    pub(crate) stays: bool,
}

/// A picture that goes with what is sent.
#[derive(Clone)]
pub(crate) struct Picture {
    /// What its file is called.
    pub(crate) name: String,
    /// Its content.
    pub(crate) content: web_sys::Blob,
}

/// What became of it.
pub(crate) enum Sent {
    /// The server has it: its answer.
    Done(String),
    /// It waits on the phone, under this key.
    Waits(String),
}

/// The idempotency key of a form, and the key of the draft that it replaces, if one was refused.
#[derive(Clone, Copy)]
pub(crate) struct Slip {
    key: RwSignal<String>,
    replaces: RwSignal<Option<String>>,
}

impl Slip {
    /// Of a form that has not been sent.
    pub(crate) fn new() -> Self {
        Self {
            key: RwSignal::new(browser::random_key()),
            replaces: RwSignal::new(None),
        }
    }

    /// Both keys, to be kept with a form; followed.
    pub(crate) fn typed(self) -> (String, Option<String>) {
        (self.key.get(), self.replaces.get())
    }

    /// Takes over keys that were kept with a form.
    pub(crate) fn fill(self, key: String, replaces: Option<String>) {
        self.key.set(key);
        self.replaces.set(replaces);
    }

    /// Of another record, which may replace a draft.
    pub(crate) fn renew(self, replaces: Option<String>) {
        self.key.try_set(browser::random_key());
        self.replaces.try_set(replaces);
    }
}

std::thread_local! {
    static DRAFTS: RwSignal<Vec<Draft>> = RwSignal::new(Vec::new());
    static PUMPING: Cell<bool> = const { Cell::new(false) };
}

/// The drafts of the signed-in person, to follow: what waits first, the newest first.
pub(crate) fn drafts() -> RwSignal<Vec<Draft>> {
    DRAFTS.with(|drafts| *drafts)
}

/// How many wait; followed.
pub(crate) fn waiting() -> usize {
    drafts().with(|drafts| drafts.iter().filter(|draft| draft.waits()).count())
}

/// Makes the list before any page does, and hears what other tabs do to it.
pub(crate) fn start() {
    drafts();
    let heard = Closure::<dyn FnMut()>::new(|| spawn_local(reload()));
    store::listen(heard.as_ref().unchecked_ref());
    // It lives as long as the page.
    heard.forget();
}

/// Nobody is here any more.
pub(crate) fn forget() {
    drafts().set(Vec::new());
}

/// Reads the drafts again.
pub(crate) async fn reload() {
    if !phone().open.get_untracked() {
        return;
    }
    let now = browser::phone_now();
    let mut kept = Vec::new();
    for (revision, draft) in stored().await {
        if draft.is_over(now) {
            let gone = Changes::new().remove_over(store::DRAFTS, &draft.key, revision);
            let _ = without_photos(gone, &draft).make().await;
        } else {
            kept.push(draft);
        }
    }
    let kept = ordered(kept, |draft| {
        (!draft.waits(), std::cmp::Reverse(draft.recorded_at))
    });
    offline::count(kept.iter().filter(|draft| draft.waits()).count());
    if drafts().with_untracked(|drafts| *drafts != kept) {
        drafts().set(kept);
    }
}

async fn stored() -> Vec<(u32, Draft)> {
    let all = store::all(store::DRAFTS).await;
    all.into_iter()
        .filter_map(|kept| Some((kept.revision, json::read(&kept.text).ok()?)))
        .collect()
}

async fn read(key: &str) -> Option<(u32, Draft)> {
    stored()
        .await
        .into_iter()
        .find(|(_, draft)| draft.key == key)
}

fn text_of(draft: &Draft) -> String {
    serde_json::to_string(draft).unwrap_or_default()
}

fn without_photos(changes: Changes, draft: &Draft) -> Changes {
    let photos = draft.photos.iter();
    photos.fold(changes, |changes, photo| {
        changes.remove(store::PHOTOS, photo_name(photo))
    })
}

/// A picture's name in the store: the first key that it had.
fn photo_name(photo: &Photo) -> &str {
    photo.key.trim_end_matches('+')
}

/// After a change: this tab's list, and the other tabs'.
async fn changed() {
    reload().await;
    store::tell();
}

/// Sends what a form has: stored first, then sent. Without a store (plain HTTP) it is only sent, and
/// the form keeps it.
///
/// # Errors
/// The server refuses it, and the form says why; then the draft stays until the form is sent again. Or
/// there is no network and no store.
pub(crate) async fn submit(slip: Slip, outgoing: Outgoing) -> Answer<Sent> {
    let (key, replaces) = untrack(|| slip.typed());
    let photos = scaled(&outgoing.photos).await?;
    if outgoing.stays && phone().open.get_untracked() {
        let kind = outgoing.kind;
        let mut draft = draft_of(&key, &outgoing, &photos);
        draft.claim();
        if keep(&draft, &photos, replaces.as_deref(), outgoing.kept_as).await {
            return send_kept(slip, key, kind).await;
        }
        // No room on the phone: with a network it goes out all the same.
    }
    let answer = send_at_once(&key, &outgoing, &photos).await;
    match answer {
        Ok(text) => {
            offline::forms::forget(outgoing.kept_as).await;
            slip.renew(None);
            Ok(Sent::Done(text))
        }
        Err(failure) => Err(failure),
    }
}

fn draft_of(key: &str, outgoing: &Outgoing, photos: &[Picture]) -> Draft {
    let now = browser::phone_now();
    Draft {
        key: key.to_owned(),
        kind: outgoing.kind,
        path: outgoing.path.clone(),
        if_match: outgoing.if_match.clone(),
        about: outgoing.about.clone(),
        body: outgoing.body.clone(),
        photos: photos
            .iter()
            .enumerate()
            .map(|(at, photo)| Photo {
                key: format!("{key}-{at}"),
                name: photo.name.clone(),
                id: None,
            })
            .collect(),
        title: outgoing.title.clone(),
        lines: outgoing.lines.clone(),
        form: outgoing.form.clone(),
        receipt: outgoing.receipt.clone(),
        recorded_at: now,
        ahead: browser::ahead(),
        stage: Stage::Waiting,
        since: now,
        unanswered: 0,
        tries: 0,
        not_before: None,
        detail: String::new(),
        errors: Vec::new(),
        number: None,
        link: None,
    }
}

/// Stores a draft with its pictures, in place of what it replaces and of the half-filled form.
async fn keep(draft: &Draft, photos: &[Picture], replaces: Option<&str>, kept_as: &str) -> bool {
    store::stay();
    // Revision 0: nothing is there under this key yet.
    let mut changes = Changes::new()
        .put_over(store::DRAFTS, &draft.key, &text_of(draft), 0)
        .remove(store::FORMS, kept_as);
    if let Some(replaced) = replaces
        && let Some((revision, old)) = read(replaced).await
        && old.may_edit()
    {
        changes = changes.remove_over(store::DRAFTS, replaced, revision);
        changes = without_photos(changes, &old);
    }
    for (photo, picture) in draft.photos.iter().zip(photos) {
        changes = changes.put_photo(photo_name(photo), &picture.content);
    }
    let kept = changes.make().await == Ok(true);
    changed().await;
    kept
}

/// Pictures as they are stored and sent.
async fn scaled(photos: &[Picture]) -> Answer<Vec<Picture>> {
    let mut scaled = Vec::new();
    for photo in photos {
        let Some(content) = store::picture(&photo.content).await else {
            return Err(no_picture(&photo.name));
        };
        scaled.push(Picture {
            name: photo.name.clone(),
            content,
        });
    }
    Ok(scaled)
}

fn no_picture(name: &str) -> Failure {
    let message = format!("“{name}”不是照片，或者已经损坏。请重新拍照或换一张。");
    Failure::of_field("photos", "invalid", message)
}

/// How long an answer is waited for, in milliseconds: whoever reports something urgent goes on sooner.
const fn patience(kind: DraftKind) -> u32 {
    match kind {
        DraftKind::Alert => 8_000,
        _ => 30_000,
    }
}

/// Sends a draft that was just stored, for the form that waits for it.
async fn send_kept(slip: Slip, key: String, kind: DraftKind) -> Answer<Sent> {
    let mut answer = None;
    if !phone().down.get_untracked()
        && let Some(_turn) = store::turn(patience(kind)).await
    {
        while let Some(step) = step(&key).await {
            let goes_on = step.goes_on;
            answer = step.answer.or(answer);
            if !goes_on {
                break;
            }
        }
    }
    let stage = drafts().with_untracked(|drafts| {
        let draft = drafts.iter().find(|draft| draft.key == key)?;
        Some((draft.stage, draft.unanswered))
    });
    match (stage, answer) {
        (Some((Stage::Accepted, _)), Some(Ok(text))) => {
            slip.renew(None);
            Ok(Sent::Done(text))
        }
        (Some((Stage::Refused | Stage::Conflict, 0)), Some(Err(failure))) => {
            // The form is still there: what is changed in it takes the draft's place.
            slip.renew(Some(key));
            Err(failure)
        }
        _ => {
            slip.renew(None);
            if !phone().down.get_untracked() {
                spawn_local(pump());
            }
            Ok(Sent::Waits(key))
        }
    }
}

/// What a step with a draft came to.
struct Step {
    goes_on: bool,
    /// The network or the session is to blame: no other draft fares better.
    stuck: bool,
    answer: Option<Answer<String>>,
}

/// Does what is next with a draft, and stores what came of it. None: there is nothing to be done.
async fn step(key: &str) -> Option<Step> {
    let (revision, mut draft) = read(key).await?;
    let now = browser::phone_now();
    let (then, answer, revision) = match draft.next(now) {
        Next::Wait(_) | Next::Rest => return None,
        Next::Photo(at) => {
            let photo = draft.photos.get(at)?.clone();
            let heard = match store::photo(photo_name(&photo)).await {
                Some(content) => {
                    let answer = post_photo(&photo.key, &photo.name, &content).await;
                    heard(draft.kind, &answer)
                }
                None => Heard::Problem {
                    code: Code::UnsupportedMediaType,
                    detail: "手机上读不出这张照片，请重新拍。".to_owned(),
                    errors: Vec::new(),
                    wait: None,
                },
            };
            let failed = refusal(&heard);
            (draft.hear_photo(at, heard, now), failed, revision)
        }
        Next::Record => {
            // Before it goes out, so that a phone that dies now knows that it may have arrived.
            draft.begin();
            let begun = Changes::new().put_over(store::DRAFTS, key, &text_of(&draft), revision);
            if begun.make().await != Ok(true) {
                return None;
            }
            let answer = post(
                &draft.path,
                key,
                draft.if_match.as_deref(),
                &draft.sent_body(),
                patience(draft.kind),
            )
            .await;
            let then = draft.hear(heard(draft.kind, &answer), browser::phone_now());
            (then, Some(answer), revision + 1)
        }
    };
    let mut changes = Changes::new().put_over(store::DRAFTS, key, &text_of(&draft), revision);
    if draft.stage == Stage::Accepted {
        changes = without_photos(changes, &draft);
    }
    let _ = changes.make().await;
    changed().await;
    Some(Step {
        goes_on: then == Then::GoOn,
        stuck: then != Then::GoOn,
        answer,
    })
}

/// What a form is told of a picture that was refused.
fn refusal(heard: &Heard) -> Option<Answer<String>> {
    let Heard::Problem { code, detail, .. } = heard else {
        return None;
    };
    let mut failure = no_picture("");
    if let Failure::Problem { problem, .. } = &mut failure {
        problem.code = *code;
        problem.detail.clone_from(detail);
        if let Some(error) = problem.errors.first_mut() {
            error.message.clone_from(detail);
        }
    }
    Some(Err(failure))
}

async fn post(
    path: &str,
    key: &str,
    if_match: Option<&str>,
    body: &Map<String, Value>,
    patience: u32,
) -> Answer<String> {
    let mut call = Call::post(path).once(key).json(body).limit(patience);
    if let Some(etag) = if_match {
        call = call.if_match(etag);
    }
    call.text().await
}

/// Uploads a photo, once a key; the answer's text.
pub(crate) async fn post_photo(key: &str, name: &str, content: &web_sys::Blob) -> Answer<String> {
    let Ok(form) = web_sys::FormData::new() else {
        return Err(Failure::Offline);
    };
    let name = format!(
        "{}.jpg",
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    );
    let _ = form.append_with_blob_and_filename("file", content, &name);
    let call = Call::post("/photos").once(key).form(&form);
    call.limit(60_000).text().await
}

/// What the server calls what it made; of a report, and of the case of somebody who came on a
/// reception day, that stands a level deeper.
#[derive(Deserialize)]
struct Made {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    number: Option<String>,
    #[serde(default)]
    report: Option<Named>,
    #[serde(default)]
    case: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    id: String,
    #[serde(default)]
    name: Option<String>,
}

fn made(kind: DraftKind, text: &str) -> Option<(String, Option<String>)> {
    let made = json::read::<Made>(text).ok()?;
    let id = made.id.or(made.report.map(|report| report.id))?;
    let number = match kind {
        DraftKind::Reception => made.case.and_then(|case| case.name),
        _ => made.number,
    };
    Some((id, number))
}

fn heard(kind: DraftKind, answer: &Answer<String>) -> Heard {
    match answer {
        Ok(text) => match made(kind, text) {
            Some((id, number)) => Heard::Done { id, number },
            None => Heard::Unreadable,
        },
        Err(Failure::Problem { problem, wait }) => Heard::Problem {
            code: problem.code,
            detail: if problem.detail.is_empty() {
                problem.title.clone()
            } else {
                problem.detail.clone()
            },
            errors: problem.errors.clone(),
            wait: *wait,
        },
        Err(Failure::Unreadable(_)) => Heard::Unreadable,
        Err(Failure::Offline | Failure::NotKept) => Heard::Nothing,
    }
}

/// Without a store: pictures, then the record, under keys that stay the same however often.
async fn send_at_once(key: &str, outgoing: &Outgoing, photos: &[Picture]) -> Answer<String> {
    let mut draft = draft_of(key, outgoing, photos);
    for (photo, picture) in draft.photos.iter_mut().zip(photos) {
        let text = post_photo(&photo.key, &photo.name, &picture.content).await?;
        let (id, _) = made(draft.kind, &text).ok_or(Failure::Unreadable(200))?;
        photo.id = Some(id);
    }
    let body = draft.sent_body();
    post(
        &draft.path,
        key,
        draft.if_match.as_deref(),
        &body,
        patience(draft.kind),
    )
    .await
}

/// Sends pictures at once, for what cannot wait on the phone; their ids.
pub(crate) async fn upload(photos: &[Picture]) -> Answer<Vec<String>> {
    let mut ids = Vec::new();
    for photo in scaled(photos).await? {
        let text = post_photo(&browser::random_key(), &photo.name, &photo.content).await?;
        let (id, _) = made(DraftKind::Report, &text).ok_or(Failure::Unreadable(200))?;
        ids.push(id);
    }
    Ok(ids)
}

/// Sends what waits, one after the other, urgent information first; comes back when it is time again.
pub(crate) async fn pump() {
    let here =
        session::stand().with_untracked(|stand| matches!(stand, Stand::Here(_) | Stand::Kept(_)));
    if !here || !phone().open.get_untracked() || PUMPING.replace(true) {
        return;
    }
    if due().await.is_some()
        && let Some(_turn) = store::turn(0).await
    {
        // Another tab may have sent them meanwhile.
        while let Some(key) = due().await {
            match step(&key).await {
                Some(step) if step.stuck => break,
                Some(_) => {}
                // It was changed under our hands; the next round sees how it stands now.
                None => break,
            }
        }
    }
    PUMPING.set(false);
    wake_up().await;
}

/// The draft that goes out next, if one is due.
async fn due() -> Option<String> {
    let now = browser::phone_now();
    let due = stored()
        .await
        .into_iter()
        .filter(|(_, draft)| matches!(draft.next(now), Next::Photo(_) | Next::Record));
    let first = due.min_by_key(|(_, draft)| turn_of(draft));
    first.map(|(_, draft)| draft.key)
}

/// Comes back when the first pause is over; a shorter one than the app's own tick.
async fn wake_up() {
    let now = browser::phone_now();
    let next = stored()
        .await
        .into_iter()
        .filter_map(|(_, draft)| match draft.next(now) {
            Next::Wait(then) => (then - now).to_std().ok(),
            _ => None,
        });
    if let Some(pause) = next.min().filter(|pause| *pause < offline::TICK) {
        browser::later(pause + Duration::from_millis(200), || {
            spawn_local(pump());
        });
    }
}

/// Changes a draft as a person asks, and sends what can be sent. Says whether it could be changed.
pub(crate) async fn change(key: &str, act: impl FnOnce(&mut Draft)) -> bool {
    let Some((revision, mut draft)) = read(key).await else {
        return false;
    };
    act(&mut draft);
    let mut changes = Changes::new();
    if draft.key == key {
        changes = changes.put_over(store::DRAFTS, key, &text_of(&draft), revision);
    } else {
        changes = changes.remove_over(store::DRAFTS, key, revision).put_over(
            store::DRAFTS,
            &draft.key,
            &text_of(&draft),
            0,
        );
    }
    let made = changes.make().await == Ok(true);
    changed().await;
    spawn_local(pump());
    made
}

/// Throws a draft away for good, with its pictures.
pub(crate) async fn discard(key: &str) {
    if let Some((revision, draft)) = read(key).await {
        let gone = Changes::new().remove_over(store::DRAFTS, key, revision);
        let _ = without_photos(gone, &draft).make().await;
        changed().await;
    }
}

/// A draft as it is stored, to be opened in its form again.
pub(crate) async fn find(key: &str) -> Option<Draft> {
    read(key).await.map(|(_, draft)| draft)
}

/// A draft's pictures, to be shown or to be sent anew.
pub(crate) async fn pictures(draft: &Draft) -> Vec<Picture> {
    let mut pictures = Vec::new();
    for photo in &draft.photos {
        if let Some(content) = store::photo(photo_name(photo)).await {
            pictures.push(Picture {
                name: photo.name.clone(),
                content,
            });
        }
    }
    pictures
}

/// Hands a draft to the person as a text file.
pub(crate) fn save_as_text(draft: &Draft) {
    let options = web_sys::BlobPropertyBag::new();
    options.set_type("text/plain;charset=utf-8");
    let text = format!(
        "{}\n记录时间：{}\n",
        draft.text(),
        format::moment(draft.recorded_at)
    );
    let parts = js_sys::Array::of1(&text.into());
    if let Ok(blob) = web_sys::Blob::new_with_str_sequence_and_options(&parts, &options) {
        browser::save_file(&format!("{}.txt", draft.kind.label()), &blob);
    }
}
