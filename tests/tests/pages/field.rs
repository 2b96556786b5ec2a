//! A day in the field, in a dead spot: Chromium's own network is off, the app opens from what its
//! worker keeps, and what was written arrives once.

use fantoccini::Locator;
use serde_json::{Value, json};

use crate::browser::{Browser, Driver};
use crate::dialogs::rest;
use crate::reports::every_day;
use crate::shell::kept;
use crate::story::sign_in;
use crate::town::Town;

const HEARD: &str = "路灯坏了三盏，老人出门不方便";
const FOUND: &str = "两户为浇水先后发生争执";
const URGENT: &str = "渠水漫过村道，车辆过不去";

/// The page's network, off or on; its worker goes on answering from what it keeps.
async fn network(browser: &Browser, on: bool) {
    browser.cdp("Network.enable", json!({})).await;
    let line = json!({
        "offline": !on, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1,
    });
    browser.cdp("Network.emulateNetworkConditions", line).await;
}

/// How many of a list's items say something.
fn saying(client: &tests::Client, path: &str, words: &str) -> Vec<Value> {
    let page = client.get(path).expect(200).json();
    let items = page["items"].as_array().unwrap();
    let said = |item: &&Value| item.to_string().contains(words);
    items.iter().filter(said).cloned().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_a_report_and_an_urgent_message_outlive_the_dead_spot() {
    let town = Town::demo();
    every_day(&town);
    let driver = Driver::start().await;
    let browser = driver.browser(&town.url, 360, 740).await;
    browser.metrics(360, 740).await;
    sign_in(&browser, "village_secretary").await;
    browser.see("#page-title").await;
    kept(&browser).await;
    browser.stored().await;

    network(&browser, false).await;
    browser.goto("/visits/new").await;
    browser.see("[id='heard']").await;
    browser.read("离线").await;
    browser.fill("place", "二社文化广场").await;
    browser.fill("heard", HEARD).await;
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("路灯.png");
    std::fs::write(&picture, tests::files::png()).unwrap();
    let input = browser.client.find(Locator::Css("#photos")).await.unwrap();
    input.send_keys(picture.to_str().unwrap()).await.unwrap();
    browser.see("[data-testid='photo']").await;
    browser.picture("field-visit-360").await;
    browser.fits().await;
    browser.click("form button[type='submit']").await;
    browser
        .see("[data-testid='draft'][data-kind='visit'][data-stage='waiting']")
        .await;

    browser.goto("/reports").await;
    browser.press("write").await;
    browser.press("add-finding").await;
    browser.fill("findings.0.cause", FOUND).await;
    browser.press("submit-report").await;
    browser
        .see("[data-testid='draft'][data-kind='report'][data-stage='waiting']")
        .await;

    browser.goto("/alerts/new").await;
    browser.see("[data-testid='send-alert']").await;
    browser.fill("what", URGENT).await;
    browser.press("send-alert").await;
    browser
        .see("[data-testid='draft'][data-kind='alert'][data-stage='waiting']")
        .await;

    // The app is closed, and opened again in the same dead spot.
    let before = browser.client.window().await.unwrap();
    let other = browser.client.new_window(true).await.unwrap().handle;
    browser.client.close_window().await.unwrap();
    assert_ne!(before, other);
    browser.client.switch_to_window(other).await.unwrap();
    browser.metrics(360, 740).await;
    network(&browser, false).await;
    browser.goto("/drafts").await;
    browser.see("[data-testid='draft']").await;
    assert_eq!(browser.count("[data-stage='waiting']").await, 3);
    browser.read("离线").await;
    browser.picture("field-drafts-360").await;
    browser.fits().await;
    rest(&town, "coordination_office", |office| {
        assert!(saying(office, "/visits?limit=200", HEARD).is_empty());
        assert!(saying(office, "/alerts?limit=200", URGENT).is_empty());
    });

    network(&browser, true).await;
    browser.gone("[data-stage='waiting']").await;
    assert_eq!(browser.count("[data-stage='accepted']").await, 3);
    browser.picture("field-sent-360").await;
    rest(&town, "coordination_office", |office| {
        let visits = saying(office, "/visits?limit=200", HEARD);
        assert_eq!(visits.len(), 1, "{visits:?}");
        let visit = format!("/visits/{}", visits[0]["id"].as_str().unwrap());
        let visit = office.get(visit).expect(200).json();
        assert_eq!(visit["photos"].as_array().unwrap().len(), 1, "{visit}");
        let alerts = saying(office, "/alerts?limit=200", URGENT);
        assert_eq!(alerts.len(), 1, "{alerts:?}");
        let reports = saying(office, "/reports?kind=weekly&limit=200", "");
        let found = reports.iter().filter(|report| {
            let path = format!("/reports/{}", report["id"].as_str().unwrap());
            office.get(path).expect(200).text().contains(FOUND)
        });
        assert_eq!(found.count(), 1);
    });
    browser.close().await;
}
