//! Urgent information as people live it: a thumb reports, leaders see it, it is closed and counted.

use std::time::{Duration, Instant};

use fantoccini::Locator;
use serde_json::Value;

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

/// Notes each tone that the page plays: its pitch, and how long after now it begins; and when its audio
/// runs, and rests again.
const LISTEN: &str = "window.tones = []; window.audio = []; \
     const start = AudioScheduledSourceNode.prototype.start; \
     AudioScheduledSourceNode.prototype.start = function (at) { \
       const audio = this.context; \
       if (!window.tones.length) audio.onstatechange = () => window.audio.push(audio.state); \
       window.tones.push([Math.round(this.frequency.value), at - audio.currentTime]); \
       return start.call(this, at); };";

async fn tones(browser: &Browser) -> Vec<Value> {
    let tones = browser.client.execute("return window.tones", Vec::new());
    tones.await.unwrap().as_array().cloned().unwrap_or_default()
}

/// The audio runs for the tones alone.
async fn rested(browser: &Browser) {
    let expected = serde_json::json!(["running", "suspended"]);
    let mut seen = Value::Null;
    for _ in 0..100 {
        let states = browser.client.execute("return window.audio", Vec::new());
        seen = states.await.unwrap();
        if seen == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the audio does not rest: {seen}");
}

/// A person's pace: a moment before each touch, a quarter of a second a character.
async fn at_leisure(characters: usize) {
    let millis = 700 + 250 * u64::try_from(characters).unwrap();
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_to_act_hears_and_sees_it_at_once() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let mut told = Vec::new();
    for who in ["township_leader", "coordination_office", "police_station"] {
        let browser = at_desk(&driver, &town, who).await;
        browser.see("[data-testid='bell']").await;
        // Urgent ones of the demo.
        while browser.has("[data-testid='banner'] button").await {
            browser.click("[data-testid='banner'] button").await;
        }
        browser.client.execute(LISTEN, Vec::new()).await.unwrap();
        told.push((who, browser));
    }
    // The court has no part in it.
    let court = at_desk(&driver, &town, "court").await;
    court.see("[data-testid='bell']").await;
    court.client.execute(LISTEN, Vec::new()).await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("现场.png");
    std::fs::write(&picture, tests::files::png()).unwrap();
    let informant = on_a_phone(&driver, &town, "group_informant").await;
    informant.see("[data-testid='below-new-alert']").await;
    let began = Instant::now();
    at_leisure(0).await;
    informant.press("below-new-alert").await;
    informant.see("[data-testid='send-alert']").await;
    let what = "渠边约二十人争水";
    at_leisure(what.chars().count()).await;
    informant.fill("what", what).await;
    at_leisure(3).await;
    informant.fill("place", "二支渠").await;
    at_leisure(2).await;
    informant.fill("people_count", "20").await;
    at_leisure(8).await;
    let input = informant.client.find(Locator::Css("#photos"));
    let input = input.await.unwrap();
    input.send_keys(picture.to_str().unwrap()).await.unwrap();
    informant.see("[data-testid='photo']").await;
    at_leisure(0).await;
    informant.press("send-alert").await;
    informant.see("[data-page='alert']").await;
    println!(
        "urgent information with place, head-count and photo, at a person's pace: {:.1} s",
        began.elapsed().as_secs_f64()
    );
    for (who, browser) in told {
        browser.see("[data-testid='banner']").await;
        browser.read("重要信息").await;
        println!(
            "{who} sees it {:.1} s after the first touch",
            began.elapsed().as_secs_f64()
        );
        let tones = tones(&browser).await;
        let pitches: Vec<_> = tones.iter().map(|tone| tone[0].as_i64()).collect();
        assert_eq!(pitches, [Some(880); 3], "{who}: {tones:?}");
        rested(&browser).await;
        browser.close().await;
    }
    assert!(!court.has("[data-testid='banner']").await);
    assert!(tones(&court).await.is_empty());
    court.close().await;
    informant.close().await;
}
