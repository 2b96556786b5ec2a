//! Visits and reception days in the browser: a visit is recorded with a thumb and a photo, its promise
//! is kept, the table and the roster show what there is, at a desk's and a phone's width.

use crate::browser::{Browser, Driver};
use crate::story::{at_desk, sign_in, submit};
use crate::town::Town;

async fn phone(driver: &Driver, town: &Town, username: &str) -> Browser {
    let browser = driver.browser(&town.url, 360, 740).await;
    browser.metrics(360, 740).await;
    sign_in(&browser, username).await;
    browser
}

/// A page at both widths.
async fn both(browser: &Browser, path: &str, css: &str, name: &str) {
    for (width, height) in [(1440, 900), (360, 740)] {
        browser.metrics(width, height).await;
        browser.goto(path).await;
        browser.see(css).await;
        browser.settle().await;
        browser.fits().await;
        browser.picture(&format!("{name}-{width}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_is_recorded_with_a_thumb_and_its_promise_kept() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let secretary = phone(&driver, &town, "village_secretary").await;
    secretary.goto("/visits").await;
    // What the demo begins with: a promise is late, or kept.
    secretary.see("[data-testid='visit-row']").await;
    secretary.press("new-visit").await;
    secretary.see("[id='heard']").await;
    secretary.settle().await;
    // The own village is there already.
    let village = secretary.see("[id='village_id']").await;
    assert!(
        !village
            .prop("value")
            .await
            .unwrap()
            .unwrap_or_default()
            .is_empty()
    );
    // What is missing is said at its field.
    secretary.press("save-visit").await;
    secretary.see("[id='heard-error']").await;
    secretary.fill("place", "渠首第三户").await;
    secretary
        .fill("heard", "渠水不够浇，盼望开春前清淤。")
        .await;
    secretary.click("[id='promises-add']").await;
    secretary.fill("promises.0.what", "清淤三百米").await;
    secretary.settle().await;
    secretary.fits().await;
    secretary.picture("visit-new-360").await;
    secretary.press("save-visit").await;
    secretary
        .see("[data-testid='promise'][data-state='open']")
        .await;
    secretary.read("渠水不够浇").await;
    let path = secretary.path().await;
    secretary.settle().await;
    secretary.fits().await;
    secretary.picture("visit-show-360").await;
    secretary.press("keep-promise").await;
    secretary.fill("how", "已清到渠尾").await;
    submit(&secretary).await;
    secretary
        .see("[data-testid='promise'][data-state='kept']")
        .await;
    secretary.read("已清到渠尾").await;

    // What was heard becomes a case; each leads to the other.
    secretary.press("to-case").await;
    secretary.pick("kind", "dispute").await;
    secretary.choose("category", "water").await;
    secretary.picture("visit-case-360").await;
    submit(&secretary).await;
    secretary.see("dd a.number").await;
    secretary.click("dd a.number").await;
    secretary.see("[data-testid='case-state']").await;
    secretary.press("tab-events").await;
    secretary.read("走访和接待").await;
    secretary.settle().await;
    secretary.fits().await;
    secretary.picture("visit-of-case-360").await;
    secretary.close().await;

    let leader = at_desk(&driver, &town, "township_leader").await;
    both(&leader, "/visits", "[data-testid='visit-row']", "visits").await;
    both(&leader, &path, "[data-testid='promise']", "visit-show").await;
    both(
        &leader,
        "/promises?state=kept",
        "[data-testid='promise-row']",
        "promises",
    )
    .await;
    both(
        &leader,
        "/visits/coverage",
        "[data-testid='cover-row']",
        "coverage",
    )
    .await;
    both(&leader, "/visits/new", "[id='heard']", "visit-new").await;
    leader.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reception_days_are_planned_and_who_comes_is_noted() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let office = at_desk(&driver, &town, "coordination_office").await;
    office.goto("/reception").await;
    office.see("#page-title").await;
    office.press("plan-roster").await;
    office
        .choose_label("leaders.0.user_id", "陈建国（镇党委副书记）")
        .await;
    office.settle().await;
    office.picture("reception-plan-1440").await;
    submit(&office).await;
    office.see("[data-testid='roster-made']").await;
    // One today, whatever day it is.
    office.press("plan-day").await;
    office.set_date("on", 0).await;
    office
        .choose_label("leader_id", "陈建国（镇党委副书记）")
        .await;
    submit(&office).await;
    let taken = office.has("[id='on-error']").await;
    if taken {
        office.goto("/reception").await;
    }
    office.see(".reception-today").await;
    both(
        &office,
        "/reception",
        "[data-testid='reception-row']",
        "reception",
    )
    .await;
    office.metrics(1440, 900).await;
    office.goto("/reception").await;
    office.click(".reception-today").await;
    office.press("receive-inquiry").await;
    office.fill("topic", "低保怎样申请").await;
    office.fill("answer", "带户口本到便民服务中心窗口").await;
    submit(&office).await;
    office
        .see("[data-testid='comer'][data-kind='inquiry']")
        .await;
    office.press("receive-case").await;
    office.pick("kind", "petition").await;
    office.choose("category", "rural").await;
    office.fill("cause", "土地流转费两年没有兑付").await;
    office.fill("name", "张三").await;
    office.picture("reception-case-1440").await;
    submit(&office).await;
    office
        .see("[data-testid='comer'][data-kind='registered'] a.number")
        .await;
    let path = office.path().await;
    both(&office, &path, "[data-testid='comer']", "reception-day").await;
    let notice = format!("{path}/notice");
    both(&office, &notice, ".public-notice", "reception-notice").await;
    office.close().await;
}
