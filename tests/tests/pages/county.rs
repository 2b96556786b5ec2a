//! The county's office in the browser: a township hands a case up from the tab 专项; the office finds it on
//! its first page beside the townships' figures, reads it, answers, and sends it back.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::Client;

use crate::browser::{Browser, Driver};
use crate::dialogs::look;
use crate::story::{at_desk, submit};
use crate::town::{PASSWORD, Town};

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Signs in for the first time and sets the demo's password; the access token.
fn begin(client: &Client, username: &str, initial: &str) -> String {
    let began = Instant::now();
    // A running server sees what the command line wrote within seconds.
    let session = loop {
        let answer = client.sign_in(username, initial);
        if answer.status == 200 {
            break answer.json();
        }
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "{}",
            answer.text()
        );
        std::thread::sleep(Duration::from_millis(500));
    };
    let first = client.with_token(text(&session["access_token"]));
    let change = json!({"current_password": initial, "new_password": PASSWORD});
    let session = first.post("/me/password").json(&change).expect(200).json();
    text(&session["access_token"])
}

/// The demo below a county, with somebody of its office.
pub(crate) async fn below_a_county(town: Town) -> Town {
    // What asks the server here waits for it.
    let making = tokio::task::spawn_blocking(move || {
        put_county_above(&town);
        town
    });
    making.await.unwrap()
}

fn put_county_above(town: &Town) {
    let printed = town.command(&[
        "admin",
        "create-county",
        "--demo",
        "--county",
        "临江县",
        "--username",
        "xianguanli",
        "--name",
        "王县管",
    ]);
    let client = Client::new(&town.url);
    let token = begin(&client, "xianguanli", printed.lines().last().unwrap());
    let keeper = client.with_token(token);
    let units = keeper.get("/org-units").expect(200).json();
    let mut units = units.as_array().unwrap().iter();
    let county = units.find(|unit| unit["kind"] == "county").unwrap();
    let user = json!({
        "username": "county_office", "name": "马联席", "role": "county_office",
        "unit_id": county["id"],
    });
    let made = keeper.post("/users").json(&user).expect(201).json();
    begin(&client, "county_office", &text(&made["initial_password"]));
}

/// A case of the demo that the office may start something in.
async fn open_case(browser: &Browser) -> String {
    browser.goto("/cases?open=true").await;
    browser.click("[data-testid='case-row'] a").await;
    browser.see("[data-testid='case-state']").await;
    let path = browser.path().await;
    path.split('?').next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_handed_up_is_read_answered_and_sent_back() {
    let town = below_a_county(Town::demo()).await;
    let driver = Driver::start().await;
    let office = at_desk(&driver, &town, "coordination_office").await;
    let path = open_case(&office).await;
    office.press("tab-matters").await;
    office.see("[data-testid='matters']").await;
    office.settle().await;
    office.press("matter-new").await;
    office.press("start-escalation").await;
    submit(&office).await;
    office.see("[id='reason-error']").await;
    office.fill("reason", "涉及两县水量分配").await;
    office.fill("request", "请县水务局牵头协调").await;
    submit(&office).await;
    let card = |state: &str| {
        format!("[data-testid='matter'][data-kind='escalation'][data-state='{state}']")
    };
    office.see(&card("handed_up")).await;
    office.settle().await;
    office.picture("county-handed-up").await;

    let county = at_desk(&driver, &town, "county_office").await;
    county.see("[data-testid='township']").await;
    county.see("[data-testid='handed-up']").await;
    look(&county, "county-home").await;
    // It has no ledger, and cannot come by one.
    assert!(!county.has("a[href='/cases']").await);
    county.click("[data-testid='handed-up'] a").await;
    county.see(&card("handed_up")).await;
    assert_eq!(
        county.path().await.split('?').next(),
        Some(path.as_str()),
        "the case that was handed up"
    );
    assert!(!county.has("[data-testid='tab-files']").await);
    assert!(!county.has("[data-testid='tab-papers']").await);
    county.press("step-escalation.instruct").await;
    county.fill("text", "请先稳控，县里本周协调").await;
    submit(&county).await;
    county.see(&card("instructed")).await;
    look(&county, "county-case").await;
    county.goto(&format!("{path}?tab=events")).await;
    county.read("县里本周协调").await;

    office.goto(&format!("{path}?tab=events")).await;
    office.read("县里本周协调").await;

    county.goto(&format!("{path}?tab=matters")).await;
    county.see(&card("instructed")).await;
    county.press("step-escalation.return").await;
    county.fill("text", "按协调意见办理").await;
    submit(&county).await;
    county.gone("dialog[open]").await;
    county.goto("/").await;
    county.read("没有上报件").await;
    county.goto(&path).await;
    county.read("没有找到").await;
    county.close().await;
    office.close().await;
}
