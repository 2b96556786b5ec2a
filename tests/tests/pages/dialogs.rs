//! Dialogs and cards of matters and steps, as people use them; and the REST API, as a script would,
//! for what a story begins with.

use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tests::Client;

use crate::browser::Browser;
use crate::story::submit;
use crate::town::{PASSWORD, Town};

/// Does something with the REST API as somebody.
pub(crate) fn rest<T: Send>(
    town: &Town,
    username: &str,
    call: impl FnOnce(&Client) -> T + Send,
) -> T {
    // A blocking client lives on a thread of its own.
    std::thread::scope(|scope| {
        let calling = scope.spawn(|| {
            let client = Client::new(&town.url);
            let session = client.sign_in(username, PASSWORD).expect(200).json();
            call(&client.with_token(session["access_token"].as_str().unwrap()))
        });
        calling.join().unwrap()
    })
}

/// A unit's id by its name.
pub(crate) fn unit(client: &Client, name: &str) -> Value {
    let units = client.get("/org-units").expect(200).json();
    let mut units = units.as_array().unwrap().iter();
    units.find(|unit| unit["name"] == name).unwrap()["id"].clone()
}

/// A day so many days from today, in Shanghai.
pub(crate) fn day(days: i64) -> String {
    let now: DateTime<Utc> = SystemTime::now().into();
    let then = now + TimeDelta::hours(8) + TimeDelta::days(days);
    then.date_naive().to_string()
}

/// Registers a case of 五里墩村; answers its id.
pub(crate) fn register(client: &Client, more: &Value) -> String {
    let mut input = json!({
        "kind": "petition", "channel": "visit", "purpose": "claim", "category": "rural",
        "subcategory": "land_transfer", "cause": "土地流转费两年未兑付", "people_count": 1,
        "village_id": unit(client, "五里墩村"), "received_on": day(0),
        "people": [{"role": "petitioner", "name": "尚明德"}],
    });
    let more = more.as_object().unwrap().clone();
    input.as_object_mut().unwrap().extend(more);
    let case = client.post("/cases").json(&input).expect(201).json();
    case["id"].as_str().unwrap().to_owned()
}

/// Takes a step with a case.
pub(crate) fn act(client: &Client, id: &str, action: &str, input: &Value) {
    let etag = client.get(format!("/cases/{id}")).expect(200).etag();
    let call = client.post(format!("/cases/{id}/actions/{action}"));
    call.if_match(etag).json(input).expect(200);
}

/// Fills the fields of the open dialog by their names, whatever they look like: a day as it is or
/// as days from today (`+3`), a choice by what it says, several with `、` between, a box with `是`.
pub(crate) async fn enter(browser: &Browser, fields: &[(&str, &str)]) {
    for (name, value) in fields {
        browser.see(&format!("dialog[open] [id='{name}']")).await;
        let kind = browser
            .client
            .execute(
                "const e = document.getElementById(arguments[0]); \
                 return e.tagName === 'SELECT' ? 'list' : e.type",
                vec![json!(name)],
            )
            .await
            .unwrap();
        match kind.as_str().unwrap_or_default() {
            "list" => browser.choose_label(name, value).await,
            "radio" | "checkbox" => tick(browser, name, value).await,
            "date" => match value.parse::<i64>() {
                Ok(days) => browser.set_date(name, days).await,
                Err(_) => browser.choose(name, value).await,
            },
            "time" => browser.choose(name, value).await,
            _ => browser.fill(name, value).await,
        }
    }
}

/// Clicks the labels that say so, or the only one.
async fn tick(browser: &Browser, name: &str, words: &str) {
    for words in words.split('、') {
        let found = browser
            .client
            .execute(
                "const first = document.getElementById(arguments[0]); \
                 const set = first.closest('.choice-row'); \
                 const all = set ? [...set.querySelectorAll('label')] : [first.closest('label')]; \
                 const label = set ? all.find(l => l.innerText.trim().startsWith(arguments[1])) : all[0]; \
                 if (label) label.click(); return !!label",
                vec![json!(name), json!(words)],
            )
            .await
            .unwrap();
        assert_eq!(found, json!(true), "{name} does not offer {words}");
    }
}

/// One more row of a field with rows.
pub(crate) async fn add_row(browser: &Browser, name: &str) {
    browser.click(&format!("[id='{name}-add']")).await;
}

/// Sends the dialog, and waits until it is gone.
pub(crate) async fn send(browser: &Browser) {
    submit(browser).await;
    browser.gone("dialog[open]").await;
    browser.settle().await;
}

/// Opens the tab 专项 of a case.
pub(crate) async fn matters(browser: &Browser, id: &str) {
    browser.goto(&format!("/cases/{id}?tab=matters")).await;
    browser.see("[data-testid='matters']").await;
    browser.settle().await;
}

/// Starts a matter from the tab 专项 up to its dialog.
pub(crate) async fn begin(browser: &Browser, id: &str, kind: &str) {
    matters(browser, id).await;
    browser.press("matter-new").await;
    browser.press(&format!("start-{kind}")).await;
}

/// Takes a step with a matter of the case that is shown.
pub(crate) async fn step(browser: &Browser, deed: &str, fields: &[(&str, &str)]) {
    browser.press(&format!("step-{deed}")).await;
    enter(browser, fields).await;
    send(browser).await;
}

/// Takes a step with a case.
pub(crate) async fn case_step(browser: &Browser, id: &str, action: &str, fields: &[(&str, &str)]) {
    browser.goto(&format!("/cases/{id}")).await;
    browser.see("[data-testid='case-state']").await;
    browser.press(&format!("action-{action}")).await;
    enter(browser, fields).await;
    send(browser).await;
}

/// Waits until a matter's card stands so.
pub(crate) async fn card(browser: &Browser, kind: &str, state: &str) {
    let css = format!("[data-testid='matter'][data-kind='{kind}'][data-state='{state}']");
    browser.see(&css).await;
}

/// Pictures at a desk's and a phone's width: nothing sticks out.
pub(crate) async fn look(browser: &Browser, name: &str) {
    for (width, height) in [(360, 2600), (1440, 2000)] {
        browser.metrics(width, height).await;
        browser.settle().await;
        browser.fits().await;
        browser.picture(&format!("{name}-{width}")).await;
    }
    browser.metrics(1440, 900).await;
}
