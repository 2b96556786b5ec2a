//! Matters in the browser: a visit to a higher level is registered from the case's tab 专项, with a
//! field forgotten first, is found in the list at a desk's and a phone's width, and is struck out.

use crate::browser::{Browser, Driver};
use crate::story::{at_desk, submit};
use crate::town::Town;

/// A case of the demo that the office may start something in.
async fn open_case(browser: &Browser) -> String {
    browser.goto("/cases?open=true").await;
    browser.see("[data-testid='case-row'] a").await;
    browser.click("[data-testid='case-row'] a").await;
    browser.see("[data-testid='case-state']").await;
    let path = browser.path().await;
    path.split('?').next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_is_registered_found_and_struck_out() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let office = at_desk(&driver, &town, "coordination_office").await;
    let path = open_case(&office).await;
    office.press("tab-matters").await;
    office.see("[data-testid='matters']").await;
    office.settle().await;
    office.press("matter-new").await;
    // Each offer says in a sentence what it does.
    office.see(".offer-help").await;
    office.press("start-visit").await;

    // What is missing is said at its field, and what was typed stays.
    office.fill("authority", "某市信访局接待大厅").await;
    submit(&office).await;
    office.see("[id='form-errors']").await;
    office.see("[id='evidence_text-error']").await;
    let typed = office.see("[id='authority']").await;
    assert_eq!(
        typed.prop("value").await.unwrap().as_deref(),
        Some("某市信访局接待大厅")
    );
    office.set_date("on", -1).await;
    office.pick("level", "city").await;
    office.fill("people_count", "2").await;
    office.pick("conduct", "normal").await;
    office.pick("evidence", "notice").await;
    office.fill("evidence_text", "市联席办通报第12号").await;
    office.picture("matter-dialog").await;
    submit(&office).await;
    let card = "[data-testid='matter'][data-kind='visit'][data-state='normal']";
    office.see(card).await;
    office.read("市联席办通报第12号").await;
    office.settle().await;
    office.fits().await;
    office.picture("matters-case").await;
    // The timeline names the deed, and leads to the card.
    office.goto(&format!("{path}?tab=events")).await;
    office.read("登记到上级走访").await;

    for (width, height) in [(1440, 900), (360, 740)] {
        office.metrics(width, height).await;
        office.goto("/matters?kind=visit").await;
        office.see("[data-testid='matter-row']").await;
        office.settle().await;
        office.fits().await;
        office.picture(&format!("matters-list-{width}")).await;
    }
    // Its row leads to its card, which takes the focus.
    office.click("[data-testid='matter-row'] a").await;
    office.see(&format!("{card}:focus")).await;
    office.fits().await;

    office.press("step-visit.strike").await;
    office.fill("text", "重复登记").await;
    submit(&office).await;
    office
        .see("[data-testid='matter'][data-kind='visit'][data-state='struck']")
        .await;
    office.read("重复登记").await;
    office.settle().await;
    office.fits().await;
    office.picture("matters-case-360").await;
    office.close().await;
}

/// The pages beside a case: each opens, fits, and says no error, for whoever has it in the menu.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_backlog_and_calendar_fit_a_desk_and_a_phone() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let pages = [
        "/matters",
        "/matters?open=true&overdue=true",
        "/backlog",
        "/backlog?view=proposals",
        "/calendar",
    ];
    for username in ["coordination_office", "court"] {
        for (width, height) in [(1440, 900), (360, 740)] {
            let browser = at_desk(&driver, &town, username).await;
            browser.metrics(width, height).await;
            for page in pages {
                browser.goto(page).await;
                browser.see("#page-title").await;
                browser.settle().await;
                let name = page.replace(['/', '?', '=', '&'], "-");
                browser.picture(&format!("{username}{name}-{width}")).await;
                browser.fits().await;
                let text = browser.text().await;
                assert!(!text.contains("没有这个页面"), "{page} for {username}");
                assert!(!text.contains("重试"), "{page} for {username}: {text}");
            }
            browser.close().await;
        }
    }
}
