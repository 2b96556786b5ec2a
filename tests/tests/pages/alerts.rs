//! Urgent information as people live it: a thumb reports, leaders see it, it is closed and counted.

use crate::browser::{Browser, Driver};
use crate::dialogs::look;
use crate::story::{at_desk, sign_in, submit};
use crate::town::Town;

async fn on_a_phone(driver: &Driver, town: &Town, username: &str) -> Browser {
    let browser = driver.browser(&town.url, 360, 740).await;
    sign_in(&browser, username).await;
    browser
}

/// Takes the step of a dialog with the words that it asks for.
async fn take(browser: &Browser, testid: &str, text: &str) {
    browser.press(testid).await;
    browser.see("dialog[open]").await;
    browser.fill("text", text).await;
    submit(browser).await;
    browser.gone("dialog[open]").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thumb_reports_and_everything_is_timed() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let informant = on_a_phone(&driver, &town, "group_informant").await;
    informant.press("below-new-alert").await;
    informant.see("[data-testid='send-alert']").await;
    informant.picture("alert-form-360").await;
    informant.fits().await;
    // What is missing is told; an accusation is led elsewhere before it is sent.
    informant.press("send-alert").await;
    informant.read("请填写发生了什么").await;
    informant.fill("what", "群众检举村干部贪污").await;
    informant.read("检举控告请").await;
    informant.picture("alert-accusation-360").await;
    informant.fill("what", "约三十人在村委会门口聚集").await;
    informant.fill("people_count", "30").await;
    informant.press("send-alert").await;
    informant.see("[data-page='alert']").await;
    informant.read("待签收").await;
    informant.picture("alert-sent-360").await;
    informant.fits().await;
    let path = informant.path().await;

    let office = at_desk(&driver, &town, "coordination_office").await;
    office.goto("/").await;
    office.read("待签收的重要信息").await;
    office.goto("/alerts").await;
    office.see("[data-testid='alert']").await;
    office.read("等待签收").await;
    look(&office, "alerts").await;
    office.goto(&path).await;
    office.press("do-acknowledge").await;
    office.read("签收用时").await;
    office.press("do-dispatch").await;
    office.see("dialog[open]").await;
    office.picture("alert-dispatch-1440").await;
    office.choose_label("unit_id", "派出所").await;
    office.fill("text", "到场劝返，注意取证").await;
    submit(&office).await;
    office.gone("dialog[open]").await;
    office.read("处置中").await;

    let police = at_desk(&driver, &town, "police_station").await;
    police.goto(&path).await;
    take(&police, "do-note", "民警已到场，人员情绪稳定").await;
    police.read("民警已到场").await;
    police.close().await;

    // The office had it open: what came in between is read anew, and the step goes through.
    office.goto(&path).await;
    office.press("do-case").await;
    office.see("dialog[open]").await;
    office.choose_label("category", "农村农业").await;
    look(&office, "alert-case").await;
    submit(&office).await;
    office.gone("dialog[open]").await;
    office.see("[data-testid='case']").await;
    take(&office, "do-close", "人员已散去，流转费问题转为事项办理").await;
    office.read("已办结").await;
    look(&office, "alert").await;
    office.click("[data-testid='case'] a").await;
    office.see("[data-testid='case-number']").await;
    office.goto("/alerts?view=rate").await;
    office.see("[data-testid='percent']").await;
    // The demo has one that nobody reported: not all of them were in time.
    office.read("漏报").await;
    look(&office, "alert-rate").await;
    office.close().await;
    informant.close().await;
}
