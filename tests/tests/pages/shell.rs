//! How the app comes to the device: in parts.

use serde_json::json;

use crate::browser::{Browser, Driver};
use crate::story::at_desk;
use crate::town::Town;

/// Network on or off, for the page.
async fn network(browser: &Browser, on: bool) {
    browser.cdp("Network.enable", json!({})).await;
    let line = json!({
        "offline": !on, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1,
    });
    browser.cdp("Network.emulateNetworkConditions", line).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_a_part_opens_by_its_address_and_through_the_menu() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let browser = at_desk(&driver, &town, "coordination_office").await;
    for (entry, sign) in [
        ("nav-cases", "[data-testid='case-row']"),
        ("nav-matters", "[data-page='matters'] #page-title"),
        ("nav-home", "[data-page='home'] #page-title"),
        ("nav-cases", "[data-testid='case-row']"),
    ] {
        browser.press(entry).await;
        browser.see(sign).await;
        browser.settle().await;
        let focused = browser
            .client
            .execute("return document.activeElement.id", Vec::new())
            .await
            .unwrap();
        assert_eq!(focused, "page-title", "after {entry}");
    }
    browser.goto("/help").await;
    browser.see("[data-page='help'] #page-title").await;
    browser.goto("/cases").await;
    browser.see("[data-testid='case-row']").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_that_does_not_come_can_be_asked_for_again() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let browser = at_desk(&driver, &town, "coordination_office").await;
    network(&browser, false).await;
    browser.press("nav-cases").await;
    browser.read("连不上服务器").await;
    // The frame is still there, and so are the pages that came with it.
    browser.press("nav-account").await;
    browser.see("[data-page='account'] #page-title").await;
    browser.press("nav-cases").await;
    browser.read("连不上服务器").await;
    network(&browser, true).await;
    browser.click(".state button").await;
    browser.see("[data-testid='case-row']").await;
    browser.close().await;
}
