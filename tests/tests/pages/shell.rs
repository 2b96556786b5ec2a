//! How the app comes to the device: in parts, kept for the next start, with or without a network.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::browser::{Browser, Driver};
use crate::story::{at_desk, sign_in};
use crate::town::Town;

/// Network on or off, for the page; its worker is left out.
async fn network(browser: &Browser, on: bool) {
    browser.cdp("Network.enable", json!({})).await;
    browser
        .cdp("Network.setBypassServiceWorker", json!({"bypass": true}))
        .await;
    browser
        .cdp("Network.setCacheDisabled", json!({"cacheDisabled": true}))
        .await;
    let line = json!({
        "offline": !on, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1,
    });
    browser.cdp("Network.emulateNetworkConditions", line).await;
}

/// Waits until everything that the worker keeps is there, and the worker answers for the page.
pub(crate) async fn kept(browser: &Browser) {
    const LOOK: &str = "const done = arguments[0]; (async () => { \
         const text = await (await fetch('/sw.js')).text(); \
         const paths = text.match(/\\/assets\\/[^']+/g) ?? []; \
         const found = await Promise.all(paths.map((path) => caches.match(path))); \
         const controlled = navigator.serviceWorker.controller !== null; \
         return controlled && found.length > 5 && found.every(Boolean); \
         })().then(done, () => done(false))";
    let began = Instant::now();
    loop {
        let found = browser.client.execute_async(LOOK, Vec::new()).await;
        if matches!(found, Ok(Value::Bool(true))) {
            return;
        }
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "not kept: {found:?}"
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_app_opens_without_a_network() {
    let mut town = Town::demo();
    let driver = Driver::start().await;
    let browser = at_desk(&driver, &town, "coordination_office").await;
    kept(&browser).await;
    town.stop();
    for (page, sign) in [
        ("/", "[data-page='home'] #page-title"),
        ("/help", "[data-page='help'] #page-title"),
    ] {
        browser.goto(page).await;
        browser.see(sign).await;
        browser.read("离线").await;
    }
    town.start_again();
    browser.goto("/help").await;
    browser.see("[data-page='help'] #page-title").await;
    browser.gone(".strip-down").await;
    // The API is asked, not the cache.
    browser.press("nav-cases").await;
    browser.see("[data-testid='case-row']").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_version_says_so_and_waits_to_be_asked() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let browser = at_desk(&driver, &town, "coordination_office").await;
    kept(&browser).await;
    assert!(!browser.text().await.contains("新版本已就绪"));
    browser
        .client
        .execute(
            "window.before = true; navigator.serviceWorker.register('/sw.js?next')",
            Vec::new(),
        )
        .await
        .unwrap();
    browser.read("新版本已就绪").await;
    browser.picture("new-version").await;
    browser.click("#renew").await;
    browser.gone("#renewed:not([hidden])").await;
    browser.see(".frame #page-title").await;
    let before = browser
        .client
        .execute("return window.before === true", Vec::new())
        .await
        .unwrap();
    assert_eq!(before, false, "the page was not loaded anew");
    browser.close().await;
}

/// A phone in a village: 400 kbit/s, 400 ms from request to answer, a processor a quarter as fast.
async fn slow(browser: &Browser) {
    browser.cdp("Network.enable", json!({})).await;
    let line = json!({
        "offline": false, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000,
    });
    browser.cdp("Network.emulateNetworkConditions", line).await;
    browser
        .cdp("Emulation.setCPUThrottlingRate", json!({"rate": 4}))
        .await;
}

/// Opens a page; milliseconds from the start of its loading until something is painted.
async fn paint(browser: &Browser, path: &str, css: &str) -> u64 {
    const NOTE: &str = "const look = () => { \
         if (window.paintedAt === undefined && document.querySelector(window.waitedFor)) { \
           window.paintedAt = null; \
           requestAnimationFrame(() => setTimeout(() => { window.paintedAt = performance.now(); })); \
         } }; \
         new MutationObserver(look).observe(document, {childList: true, subtree: true});";
    let source = format!("window.waitedFor = {}; {NOTE}", json!(css));
    let added = browser
        .cdp(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({"source": source}),
        )
        .await;
    browser.goto(path).await;
    let began = Instant::now();
    let millis = loop {
        let at = browser
            .client
            .execute("return window.paintedAt ?? null", Vec::new())
            .await
            .unwrap();
        if let Some(millis) = at.as_f64() {
            break millis;
        }
        assert!(
            began.elapsed() < Duration::from_secs(120),
            "{css} on {path}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    browser
        .cdp(
            "Page.removeScriptToEvaluateOnNewDocument",
            json!({"identifier": added["identifier"]}),
        )
        .await;
    format!("{millis:.0}").parse().unwrap()
}

/// Prints how long the app takes to appear on a slow phone. Run by `cargo xtask paint`; no time is
/// asserted, as machines differ.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures, on a quiet machine"]
async fn paints_on_a_slow_phone() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let mut lines = Vec::new();
    let mut say = |what: &str, millis: u64| lines.push(format!("{millis:>6} ms  {what}"));

    let new = driver.browser(&town.url, 360, 740).await;
    new.metrics(360, 740).await;
    slow(&new).await;
    say(
        "first visit: the sign-in",
        paint(&new, "/", "[data-testid='login-username']").await,
    );
    kept(&new).await;
    say(
        "second visit: the sign-in",
        paint(&new, "/", "[data-testid='login-username']").await,
    );
    new.close().await;

    for (page, what, sign) in [
        ("/", "home", "[data-page='home'] #page-title"),
        ("/cases", "the ledger's rows", "[data-testid='case-row']"),
        ("/help", "help", "[data-page='help'] h2"),
    ] {
        let browser = driver.browser(&town.url, 360, 740).await;
        browser.metrics(360, 740).await;
        sign_in(&browser, "coordination_office").await;
        // Signed in, with nothing of the app on the device.
        forget(&browser).await;
        slow(&browser).await;
        say(
            &format!("first load, signed in: {what}"),
            paint(&browser, page, sign).await,
        );
        kept(&browser).await;
        say(
            &format!("second load: the frame of {page}"),
            paint(&browser, page, ".frame .tabs-below a").await,
        );
        say(
            &format!("second load: {what}"),
            paint(&browser, page, sign).await,
        );
        browser.close().await;
    }
    println!("\n400 kbit/s, 400 ms, processor slowed down four times:");
    for line in lines {
        println!("{line}");
    }
}

/// Takes from the browser whatever it has of the app.
async fn forget(browser: &Browser) {
    browser
        .client
        .execute_async(
            "const done = arguments[0]; (async () => { \
               for (const one of await navigator.serviceWorker.getRegistrations()) await one.unregister(); \
               for (const name of await caches.keys()) await caches.delete(name); \
             })().finally(() => done(true))",
            Vec::new(),
        )
        .await
        .unwrap();
    browser.goto("/health/live").await;
    browser.cdp("Network.enable", json!({})).await;
    browser.cdp("Network.clearBrowserCache", json!({})).await;
}
