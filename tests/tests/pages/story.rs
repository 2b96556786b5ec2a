//! The main job in the browser: a visit at the window is registered, accepted, given out, handled,
//! answered and closed; the village next door, the police station and the administrator see nothing
//! of it; an accusation stays invisible to the accused village.

use crate::browser::{Browser, Driver};
use crate::town::{PASSWORD, Town};

const CAUSE: &str = "村西头机井坏了半个月没有人修，二十多亩玉米浇不上水";
const ACCUSATION: &str = "反映村里用集体资金请客送礼，账目没有公开";

pub(crate) async fn sign_in(browser: &Browser, username: &str) {
    browser.goto("/login").await;
    let name = browser.see("[data-testid='login-username']").await;
    name.send_keys(username).await.unwrap();
    let password = browser.see("[data-testid='login-password']").await;
    password.send_keys(PASSWORD).await.unwrap();
    browser.press("login-submit").await;
    browser.see(".frame #page-title").await;
}

/// A browser in which this person is signed in.
pub(crate) async fn at_desk(driver: &Driver, town: &Town, username: &str) -> Browser {
    let browser = driver.browser(&town.url, 1440, 900).await;
    sign_in(&browser, username).await;
    browser
}

/// Registers through the steps of the form; answers the number and the case's path.
async fn register(browser: &Browser, accused: Option<&str>) -> (String, String) {
    browser.goto("/cases/new").await;
    browser.see("[data-testid='step-next']").await;
    browser.choose_label("village_id", "五里墩村").await;
    if let Some(unit) = accused {
        browser.click("input[name='purpose'][value='accusation'] + span, label:has(input[name='purpose'][value='accusation'])").await;
        browser.choose_label("accused_unit_id", unit).await;
    }
    browser.press("step-next").await;
    if accused.is_none() {
        browser.fill("people.0.name", "尚明德").await;
        browser.fill("people.0.phone", "13000004321").await;
    } else {
        browser.see("[id='people.0.name']").await;
    }
    browser.press("step-next").await;
    browser
        .fill("cause", if accused.is_some() { ACCUSATION } else { CAUSE })
        .await;
    browser
        .choose(
            "category",
            if accused.is_some() {
                "village_affairs"
            } else {
                "water"
            },
        )
        .await;
    browser.press("step-next").await;
    browser.press("step-submit").await;
    browser.see("[data-testid='done-show']").await;
    let number = browser
        .see("[data-testid='case-number']")
        .await
        .text()
        .await
        .unwrap();
    browser.press("done-show").await;
    browser.see("[data-testid='case-state']").await;
    (number.trim().to_owned(), browser.path().await)
}

async fn wait_for_state(browser: &Browser, state: &str) {
    browser
        .see(&format!("[data-testid='case-state'][data-state='{state}']"))
        .await;
}

async fn start(browser: &Browser, path: &str, action: &str) {
    browser.goto(path).await;
    browser.see("[data-testid='case-state']").await;
    browser.press(&format!("action-{action}")).await;
    browser
        .see("dialog[open] [data-testid='dialog-submit']")
        .await;
}

pub(crate) async fn submit(browser: &Browser) {
    browser
        .click("dialog[open] [data-testid='dialog-submit']")
        .await;
}

/// How many rows the ledger shows for a search, once it has answered.
async fn found(browser: &Browser, words: &str) -> usize {
    browser.goto(&format!("/cases?q={words}")).await;
    browser.see("[data-testid='total'], .state").await;
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    browser.count("[data-testid='case-row']").await
}

async fn sees_nothing(browser: &Browser, path: &str, words: &str) {
    assert_eq!(found(browser, words).await, 0);
    browser.goto(path).await;
    browser.read("没有找到").await;
    assert!(!browser.text().await.contains(words));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_window_to_the_closing() {
    let town = Town::demo();
    let driver = Driver::start().await;

    let window = at_desk(&driver, &town, "service_centre").await;
    let (number, path) = register(&window, None).await;
    wait_for_state(&window, "registered").await;
    window.read(CAUSE).await;
    // The phone number is masked, in the page and in what the server sent.
    assert!(
        !window
            .client
            .source()
            .await
            .unwrap()
            .contains("13000004321")
    );
    window.goto(&format!("{path}/receipt")).await;
    window.read(&number).await;
    window.picture("receipt").await;

    let office = at_desk(&driver, &town, "coordination_office").await;
    start(&office, &path, "accept").await;
    submit(&office).await;
    wait_for_state(&office, "accepted").await;
    start(&office, &path, "dispatch").await;
    office.choose_label("unit_id", "五里墩村").await;
    submit(&office).await;
    office.read("五里墩村").await;

    let village = at_desk(&driver, &town, "village_secretary").await;
    assert_eq!(found(&village, "机井").await, 1);
    start(&village, &path, "take").await;
    submit(&village).await;
    wait_for_state(&village, "handling").await;
    start(&village, &path, "note").await;
    village.fill("text", "联系水管所，更换水泵").await;
    submit(&village).await;
    village.read("记录进展").await;
    start(&village, &path, "answer").await;
    village
        .fill("text", "机井已修好通水，误工损失由村集体协商解决。")
        .await;
    village.fill("notice", "当面送达本人，已签送达回证").await;
    submit(&village).await;
    wait_for_state(&village, "answered").await;

    let leader = at_desk(&driver, &town, "township_leader").await;
    start(&leader, &path, "close").await;
    leader.fill("text", "回访满意").await;
    leader.choose_term("outcome", "settled").await;
    leader.choose_term("opinion", "agrees").await;
    submit(&leader).await;
    wait_for_state(&leader, "closed").await;
    leader.goto(&format!("{path}?tab=events")).await;
    leader
        .see("[data-testid='event'][data-kind='closed']")
        .await;
    assert!(leader.count("[data-testid='event']").await >= 7);
    leader.picture("timeline").await;

    for other in ["village_secretary_2", "police_station"] {
        let browser = at_desk(&driver, &town, other).await;
        sees_nothing(&browser, &path, "机井").await;
        browser.close().await;
    }
    let administrator = at_desk(&driver, &town, "administrator").await;
    assert!(!administrator.has("[data-testid='nav-cases']").await);
    administrator.goto(&path).await;
    administrator.read("没有").await;
    assert!(!administrator.text().await.contains("机井"));

    // An accusation against the village: the office works on it, the village cannot know of it.
    let (_, sealed) = register(&office, Some("五里墩村")).await;
    office.read(ACCUSATION).await;
    sees_nothing(&village, &sealed, "请客").await;
    for browser in [window, office, village, leader, administrator] {
        browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_run_makes_an_administrator() {
    let town = Town::empty();
    let driver = Driver::start().await;
    let browser = driver.browser(&town.url, 1440, 900).await;
    browser.goto("/").await;
    browser.see("[id='username']").await;
    browser.fill("username", "guanli").await;
    browser.fill("name", "吴峰").await;
    browser.fill("password", "pingchuan-2026-xinfang").await;
    browser.fill("again", "pingchuan-2026-xinfang").await;
    browser.click("button[type='submit']").await;
    browser.see("[data-testid='nav-org']").await;
    browser.close().await;
}

/// Every page at a desk's and at a phone's width: it opens, it fits, it says no error.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_fits_a_desk_and_a_phone() {
    let town = Town::demo();
    let driver = Driver::start().await;
    for (username, pages) in [
        (
            "coordination_office",
            &["/", "/cases", "/cases/new", "/imports", "/help", "/account"][..],
        ),
        ("administrator", &["/", "/org", "/users", "/settings"]),
        ("auditor", &["/", "/audit"]),
        ("group_informant", &["/", "/cases"]),
    ] {
        for (width, height) in [(1440, 900), (360, 740)] {
            let browser = driver.browser(&town.url, width, height).await;
            browser.metrics(width, height).await;
            sign_in(&browser, username).await;
            for page in pages {
                browser.goto(page).await;
                browser.see("#page-title").await;
                browser.settle().await;
                let name = page.trim_matches('/').replace('/', "-");
                let name = if name.is_empty() { "home" } else { &name };
                browser.picture(&format!("{username}-{name}-{width}")).await;
                browser.fits().await;
                let text = browser.text().await;
                assert!(!text.contains("没有这个页面"), "{page} for {username}");
                assert!(!text.contains("重试"), "{page} for {username}: {text}");
            }
            browser.close().await;
        }
    }
}
