//! Reports as people send and read them: one tap on a phone, findings, the office's board.

use serde_json::json;

use crate::browser::{Browser, Driver};
use crate::dialogs::{look, rest};
use crate::story::{at_desk, sign_in, submit};
use crate::town::Town;

/// Groups report every day, so that there is something to report on whatever day the test runs.
fn every_day(town: &Town) {
    rest(town, "administrator", |admin| {
        let settings = admin.get("/settings").expect(200);
        let mut reporting = settings.json()["reporting"].clone();
        reporting["daily_rest_days"] = json!(true);
        let call = admin.patch("/settings").if_match(settings.etag());
        call.json(&json!({"reporting": reporting})).expect(200);
    });
}

async fn on_a_phone(driver: &Driver, town: &Town, username: &str) -> Browser {
    let browser = driver.browser(&town.url, 360, 740).await;
    sign_in(&browser, username).await;
    browser
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_zero_report_is_one_tap_and_findings_become_cases() {
    let town = Town::demo();
    every_day(&town);
    let driver = Driver::start().await;
    let informant = on_a_phone(&driver, &town, "group_informant").await;
    informant.press("below-reports").await;
    informant.see("[data-testid='due-report']").await;
    informant.picture("reports-due").await;
    informant.fits().await;
    informant.press("zero").await;
    informant.see("[data-testid='sent']").await;
    informant.read("已报零报告").await;
    informant.picture("reports-sent").await;
    // Too soon: something was found after all.
    informant.press("take-back").await;
    informant.press("add-finding").await;
    informant
        .fill("findings.0.cause", "两户为浇水先后发生争执")
        .await;
    informant.fill("findings.0.place", "三支渠口").await;
    informant.fill("findings.0.people_count", "2").await;
    informant
        .choose_label("findings.0.category", "水利用水")
        .await;
    informant.picture("report-form").await;
    informant.fits().await;
    informant.press("submit-report").await;
    informant.see("[data-testid='finding']").await;
    informant.read("待处置").await;
    informant.picture("report-sent").await;
    informant.fits().await;
    let path = informant.path().await;

    let secretary = at_desk(&driver, &town, "village_secretary").await;
    secretary.goto(&path).await;
    secretary.press("finding-case").await;
    secretary.see("dialog[open]").await;
    look(&secretary, "finding-case").await;
    submit(&secretary).await;
    secretary.gone("dialog[open]").await;
    secretary.see("[data-testid='finding-case']").await;
    look(&secretary, "report").await;
    secretary.click("[data-testid='finding-case'] a").await;
    secretary.see("a[href$='tab=events']").await;
    secretary.click("a[href$='tab=events']").await;
    secretary.read("来自报告").await;
    secretary.close().await;

    let office = at_desk(&driver, &town, "coordination_office").await;
    office.goto("/reports").await;
    office.see("[data-testid='board']").await;
    look(&office, "board").await;
    office.goto("/reports?missing=true").await;
    office.see("[data-testid='report-row']").await;
    look(&office, "reports-missing").await;
    office.goto(&path).await;
    office.press("report-return").await;
    office.fill("text", "请写清两户的诉求").await;
    office.set_date("by", 2).await;
    submit(&office).await;
    office.gone("dialog[open]").await;
    office.see("[data-testid='verdict']").await;
    office.close().await;

    informant.close().await;
}
