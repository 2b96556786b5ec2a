//! The page without a sign-in on a phone, the receipt that leads there, what the petitioner says of the
//! answer; and legal publicity, at a desk's and a phone's width.

use crate::browser::{Browser, Driver};
use crate::story::{at_desk, sign_in, submit};
use crate::town::Town;

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
async fn a_petitioner_looks_up_the_case_on_a_phone() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let office = at_desk(&driver, &town, "coordination_office").await;
    office.goto("/cases?state=answered").await;
    office.click("[data-testid='case-row'] a").await;
    let number = office.see("[data-testid='case-number']").await;
    let number = number.text().await.unwrap().trim().to_owned();
    let path = office.path().await;

    // A clerk calls and asks.
    office.press("rate").await;
    office.pick("rating", "mostly_satisfied").await;
    office.picture("rating-dialog-1440").await;
    submit(&office).await;
    office.read("基本满意").await;
    both(&office, &path, "[data-testid='satisfaction']", "case-rated").await;
    let receipt = format!("{path}/receipt");
    both(
        &office,
        &receipt,
        "[data-testid='query-code']",
        "receipt-code",
    )
    .await;
    let code = office.see("[data-testid='query-code']").await;
    let code = code.text().await.unwrap().trim().to_owned();

    let phone = driver.browser(&town.url, 360, 740).await;
    phone.metrics(360, 740).await;
    phone.goto("/p?n=2026-00001").await;
    phone.read("查进展").await;
    phone.fits().await;
    phone.picture("public-360").await;
    phone.fill("number", &number).await;
    phone.fill("code", "2222-2222").await;
    phone.click("button[type='submit']").await;
    phone.read("没有查到").await;
    phone.fits().await;
    phone.picture("public-wrong-360").await;
    phone.fill("code", &code.to_lowercase()).await;
    phone.click("button[type='submit']").await;
    phone.read("您的权利和下一步").await;
    phone.read("谁看过这件事项").await;
    phone.read("镇综治办").await;
    phone.fits().await;
    phone.picture("public-case-360").await;
    phone.click("input[value='dissatisfied']").await;
    phone.fill("words", "等了很久").await;
    phone.picture("public-rating-360").await;
    phone.click("form[action='/p/rating'] button").await;
    phone.read("您的评价已经记下").await;
    phone.fits().await;
    phone.close().await;
    let desk = driver.browser(&town.url, 1440, 900).await;
    desk.metrics(1440, 900).await;
    desk.goto("/p").await;
    desk.fill("number", &number).await;
    desk.fill("code", &code).await;
    desk.click("button[type='submit']").await;
    desk.read("您的评价").await;
    desk.fits().await;
    desk.picture("public-case-1440").await;
    desk.close().await;

    office.metrics(1440, 900).await;
    office.goto(&path).await;
    office.see("[data-testid='satisfaction']").await;
    office.read("群众自评").await;
    office.read("等了很久").await;
    office.goto(&format!("{path}?tab=events")).await;
    office.see("[data-testid='event'][data-kind='rated']").await;
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn legal_publicity_is_recorded_and_gaps_are_seen() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let secretary = driver.browser(&town.url, 360, 740).await;
    secretary.metrics(360, 740).await;
    sign_in(&secretary, "village_secretary").await;
    secretary.goto("/publicity").await;
    secretary.see("[data-page='publicity'] #page-title").await;
    secretary.goto("/publicity/new").await;
    secretary.see("[id='place']").await;
    secretary.settle().await;
    secretary.press("save-campaign").await;
    secretary.see("[id='place-error']").await;
    secretary.choose("form", "lecture").await;
    secretary.click("[id='laws']").await;
    secretary.click("[id='laws-tiaojie']").await;
    secretary.fill("place", "村党群服务中心").await;
    secretary.fill("audience", "46").await;
    secretary.fill("handouts", "60").await;
    secretary.fill("summary", "讲信访条例，发明白纸。").await;
    secretary.settle().await;
    secretary.fits().await;
    secretary.picture("campaign-new-360").await;
    secretary.press("save-campaign").await;
    secretary.read("宣传了什么").await;
    let path = secretary.path().await;
    secretary.press("edit-campaign").await;
    secretary.fill("audience", "52").await;
    secretary.picture("campaign-edit-360").await;
    submit(&secretary).await;
    secretary.read("52人").await;
    both(&secretary, &path, ".facts", "campaign").await;
    secretary.close().await;

    let office = at_desk(&driver, &town, "coordination_office").await;
    both(
        &office,
        "/publicity",
        "[data-testid='campaign-row']",
        "publicity",
    )
    .await;
    both(
        &office,
        "/publicity/coverage",
        "[data-testid='publicity-village']",
        "publicity-year",
    )
    .await;
    office.read("还有").await;
    both(
        &office,
        "/publicity/new",
        "[id='village_id']",
        "campaign-new",
    )
    .await;
    office.close().await;

    let administrator = at_desk(&driver, &town, "administrator").await;
    administrator.goto("/laws").await;
    administrator.press("add-law").await;
    administrator.fill("title", "中华人民共和国劳动法").await;
    administrator.fill("link", "https://flk.npc.gov.cn/").await;
    submit(&administrator).await;
    administrator.read("劳动法").await;
    both(&administrator, "/laws", "[data-testid='law']", "laws").await;
    administrator.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_village_is_assessed_from_its_own_word_to_the_naming() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let office = at_desk(&driver, &town, "coordination_office").await;
    // Of the demo's own, last year's are decided and this year's under way.
    let year = "/assessments?year=2024&kind=three_without";
    office.goto(year).await;
    office.read("还没有开始考核").await;
    office.press("start-assessments").await;
    submit(&office).await;
    office.see("[data-testid='assessment-row']").await;

    let secretary = driver.browser(&town.url, 360, 740).await;
    secretary.metrics(360, 740).await;
    sign_in(&secretary, "village_secretary").await;
    secretary.goto(year).await;
    secretary.click("[data-testid='assessment-row'] a").await;
    secretary.press("assess-submit").await;
    secretary.fill("organisation", "10").await;
    secretary
        .fill("organisation_evidence", "会议记录12份")
        .await;
    secretary.picture("assess-submit-360").await;
    submit(&secretary).await;
    secretary.read("待镇审核").await;
    let path = secretary.path().await;
    secretary.fits().await;
    secretary.close().await;

    office.goto(&path).await;
    office.press("assess-review").await;
    office.fill("organisation", "9").await;
    office.fill("organisation_evidence", "缺两次会议记录").await;
    office.picture("assess-review-1440").await;
    submit(&office).await;
    office.read("已固定").await;
    both(
        &office,
        &path,
        "[data-testid='assessment-item']",
        "assessment",
    )
    .await;
    both(
        &office,
        "/assessments",
        "[data-testid='assessment-row']",
        "assessments",
    )
    .await;
    office.close().await;

    let leader = at_desk(&driver, &town, "township_leader").await;
    leader.goto(&path).await;
    leader.press("assess-decide").await;
    leader.fill("text", "镇党委会议研究").await;
    submit(&leader).await;
    leader.read("未命名").await;
    leader.close().await;
}
