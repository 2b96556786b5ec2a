//! Charts as files, the map of the villages, criteria sheets, naming and rewards, follow-up calls, urgent
//! information on the dashboard; each looked at on a desk, on a phone and in the dark.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::browser::{Browser, Driver};
use crate::story::{at_desk, submit};
use crate::town::Town;

/// Pictures of a page at all three widths, by day and by night; nothing sticks out.
async fn look(browser: &Browser, path: &str, css: &str, name: &str) {
    for scheme in ["light", "dark"] {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        browser
            .cdp("Emulation.setEmulatedMedia", json!({"features": features}))
            .await;
        for (width, height) in [(1440, 2400), (360, 3200), (1920, 1080)] {
            browser.metrics(width, height).await;
            browser.goto(path).await;
            browser.see(css).await;
            browser.settle().await;
            browser.fits().await;
            browser.picture(&format!("{name}-{scheme}-{width}")).await;
        }
    }
    browser
        .cdp("Emulation.setEmulatedMedia", json!({"features": []}))
        .await;
    browser.metrics(1440, 900).await;
}

/// A file that the browser has saved, whole.
async fn saved(dir: &Path, ending: &str) -> PathBuf {
    let began = Instant::now();
    loop {
        let files = std::fs::read_dir(dir).unwrap().flatten();
        let found = files
            .map(|file| file.path())
            .find(|path| path.extension().is_some_and(|of| of == ending));
        if let Some(path) = found.filter(|path| path.metadata().is_ok_and(|of| of.len() > 0)) {
            return path;
        }
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "no .{ending} was saved"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The table behind a chart, row by row.
async fn table(browser: &Browser, id: &str) -> Vec<Vec<String>> {
    let script = "return [...document.querySelectorAll(`#${arguments[0]} table tr`)]\
        .map(row => [...row.cells].map(cell => cell.textContent.trim()))";
    let rows = browser.client.execute(script, vec![json!(id)]).await;
    serde_json::from_value(rows.unwrap()).unwrap()
}

/// A picture as the browser decodes it: width, height, how many colours there are.
async fn decoded(browser: &Browser, png: &[u8]) -> Value {
    let script = "const done = arguments[1];
        const image = new Image();
        image.onerror = () => done(null);
        image.onload = () => {
          const canvas = document.createElement('canvas');
          [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
          const paper = canvas.getContext('2d');
          paper.drawImage(image, 0, 0);
          const data = paper.getImageData(0, 0, canvas.width, canvas.height).data;
          const colours = new Set();
          for (let at = 0; at < data.length; at += 4)
            colours.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
          done([canvas.width, canvas.height, colours.size]);
        };
        image.src = URL.createObjectURL(new Blob([new Uint8Array(arguments[0])], {type: 'image/png'}));";
    let answer = browser.client.execute_async(script, vec![json!(png)]).await;
    answer.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_chart_is_saved_as_it_is_shown() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let office = at_desk(&driver, &town, "coordination_office").await;
    office.goto("/figures").await;
    office.see("#chart-map .map-svg").await;
    office.settle().await;
    for id in [
        "chart-map",
        "chart-inflow",
        "chart-ages",
        "chart-units",
        "chart-funnel",
        "chart-categories",
        "chart-heat",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let here = json!({"behavior": "allow", "downloadPath": dir.path()});
        office.cdp("Browser.setDownloadBehavior", here).await;
        office
            .click(&format!("#{id} .chart-save button:nth-of-type(1)"))
            .await;
        let text = std::fs::read_to_string(saved(dir.path(), "csv").await).unwrap();
        let lines = text
            .strip_prefix('\u{feff}')
            .unwrap()
            .trim_end()
            .split("\r\n");
        let csv: Vec<Vec<String>> = lines
            .map(|line| line.split(',').map(str::to_owned).collect())
            .collect();
        let shown = table(&office, id).await;
        assert_eq!(csv, shown, "{id}");
        // Something real is in it.
        let counted = shown.iter().skip(1).flatten();
        assert!(
            counted
                .filter_map(|cell| cell.parse::<u32>().ok())
                .any(|n| n > 0),
            "{id}: {shown:?}"
        );
        office
            .click(&format!("#{id} .chart-save button:nth-of-type(2)"))
            .await;
        let png = std::fs::read(saved(dir.path(), "png").await).unwrap();
        let size = office
            .client
            .execute(
                "const [, , w, h] = document.querySelector(`#${arguments[0]} svg.chart-svg`)\
                 .getAttribute('viewBox').split(' ').map(Number); return [w, h]",
                vec![json!(id)],
            )
            .await
            .unwrap();
        let (w, h) = (size[0].as_f64().unwrap(), size[1].as_f64().unwrap());
        let scale = if w > 600.0 { 1.0 } else { 2.0 };
        let found = decoded(&office, &png).await;
        assert_eq!(
            found[0].as_f64(),
            Some((w * scale).floor()),
            "{id}: {found}"
        );
        assert_eq!(
            found[1].as_f64(),
            Some((h * scale).floor()),
            "{id}: {found}"
        );
        // Not the empty paper: bars, lines and letters.
        assert!(found[2].as_u64() > Some(8), "{id}: {found}");
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_village_of_the_map_opens_its_cases() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let leader = at_desk(&driver, &town, "township_leader").await;
    leader.goto("/figures").await;
    leader.see("#chart-map .map-svg").await;
    assert_eq!(leader.count("#chart-map a.region-link").await, 9);
    // What the map says of a village is what its list has.
    let script = "const a = [...document.querySelectorAll('#chart-map a.region-link')]\
        .find(a => a.getAttribute('aria-label').startsWith('四坝村')); a.id = 'probe';\
        return a.getAttribute('aria-label')";
    let told = leader.client.execute(script, Vec::new()).await.unwrap();
    let told = told.as_str().unwrap().to_owned();
    let count: String = told.chars().filter(char::is_ascii_digit).collect();
    // By keyboard as by mouse.
    leader
        .client
        .execute("document.getElementById('probe').focus()", Vec::new())
        .await
        .unwrap();
    let focused = leader.client.active_element().await.unwrap();
    focused.send_keys("\u{e007}").await.unwrap();
    leader.read(&format!("共 {count} ")).await;
    assert!(
        leader
            .path()
            .await
            .starts_with("/cases?open=true&village_id=")
    );
    leader.goto("/figures").await;
    leader
        .click("#chart-map .map-by button:nth-of-type(3)")
        .await;
    leader.see("#chart-map .region-bad").await;
    // Urgent information: where it stands, and the way to it.
    let open = "[data-testid='urgent-card'] [data-testid='urgent'] a";
    leader.click(open).await;
    leader
        .see("[data-testid='alert-state'], .alert-head, h1")
        .await;
    assert!(leader.path().await.starts_with("/alerts/"));
    look(&leader, "/figures", "#chart-map .map-svg", "sheets-leader").await;
    leader.metrics(1920, 1080).await;
    leader.goto("/figures?wall=1").await;
    leader
        .see("html[data-wall] [data-testid='urgent-card']")
        .await;
    leader.see("html[data-wall] #chart-map .map-svg").await;
    leader.settle().await;
    leader.picture("sheets-wall").await;
    leader.close().await;

    // The administrator looks after it.
    let admin = at_desk(&driver, &town, "administrator").await;
    look(
        &admin,
        "/village-map",
        "[data-testid='map-area']",
        "sheets-map",
    )
    .await;
    admin.goto("/village-map").await;
    admin.see("[data-testid='map-area']").await;
    assert_eq!(admin.count("[data-testid='map-area']").await, 9);
    admin.choose("map-area-0", "").await;
    admin.see("[data-testid='map-missing']").await;
    admin.press("remove-map").await;
    admin.see("[data-testid='no-map']").await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("villages.geojson");
    let ring = json!([[[100.0, 39.0], [100.1, 39.0], [100.1, 39.1], [100.0, 39.0]]]);
    let file = json!({"type": "FeatureCollection", "features": [{
        "type": "Feature", "properties": {"CUN": "四坝"},
        "geometry": {"type": "Polygon", "coordinates": ring},
    }]});
    std::fs::write(&path, file.to_string()).unwrap();
    let input = admin.see("input[type='file']").await;
    input.send_keys(path.to_str().unwrap()).await.unwrap();
    admin.click("main form button[type='submit']").await;
    // The property's name is another: said at the field.
    admin.see("[id='property-error']").await;
    admin.fill("property", "CUN").await;
    admin.click("main form button[type='submit']").await;
    admin.see("[data-testid='map-area']").await;
    admin.read("四坝村").await;
    admin.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sheet_is_changed_and_put_into_force_and_a_village_rewarded() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let office = at_desk(&driver, &town, "coordination_office").await;
    look(
        &office,
        "/criteria?kind=peaceful",
        "[data-testid='criteria-item']",
        "sheets-criteria",
    )
    .await;
    office.goto("/criteria?kind=peaceful").await;
    let draft = "[data-testid='criteria'][data-number='1']";
    office
        .see(&format!("{draft} [data-testid='criteria-edit']"))
        .await;
    office
        .click(&format!(
            "{draft} [data-testid='criteria-item'] [data-testid='criteria-edit']"
        ))
        .await;
    office.fill("points", "30").await;
    submit(&office).await;
    office.gone("dialog[open]").await;
    // Not a hundred any more.
    office.see("[data-testid='unfit']").await;
    office
        .click(&format!("{draft} [data-testid='criteria-add']"))
        .await;
    office.picture("sheets-criteria-dialog").await;
    office.fill("title", "出租房管理").await;
    office.fill("points", "5").await;
    submit(&office).await;
    office.gone("dialog[open]").await;
    office.read("出租房管理").await;
    office
        .click(&format!(
            "{draft} [data-testid='criteria-item'] [data-testid='criteria-edit']"
        ))
        .await;
    office.fill("points", "15").await;
    submit(&office).await;
    office.gone("dialog[open]").await;
    office.gone("[data-testid='unfit']").await;

    // Last year's ranking with naming and rewards; a reward waits for the leader.
    let last = last_year();
    let ranking = format!("/assessments?year={last}&kind=three_without");
    look(
        &office,
        &ranking,
        "[data-testid='assessment-row']",
        "sheets-ranking",
    )
    .await;
    office.goto(&ranking).await;
    office.read("三无村”称号").await;
    office.close().await;

    let leader = at_desk(&driver, &town, "township_leader").await;
    leader.goto("/criteria?kind=peaceful").await;
    leader.press("criteria-enforce").await;
    leader.fill("text", "镇党委会议").await;
    submit(&leader).await;
    leader.gone("dialog[open]").await;
    leader.gone("[data-testid='criteria-enforce']").await;
    leader.goto(&ranking).await;
    leader.see("[data-testid='assessment-row']").await;
    // A reward of this village's waits for a decision.
    let script = "[...document.querySelectorAll(\"[data-testid='assessment-row'] a\")]\
        .find(a => a.textContent.includes('一工城村')).click()";
    leader.client.execute(script, Vec::new()).await.unwrap();
    leader.see("[data-testid='honour']").await;
    leader.press("honour-grant").await;
    leader.fill("text", "会议纪要").await;
    submit(&leader).await;
    leader.gone("dialog[open]").await;
    leader.gone("[data-testid='honour-grant']").await;
    let sheet = leader.path().await;
    look(&leader, &sheet, "[data-testid='honour']", "sheets-result").await;
    // As it comes out of the printer.
    leader.goto(&sheet).await;
    leader.see("[data-testid='honour']").await;
    leader.settle().await;
    paper(&leader, "sheets-print").await;
    leader.goto(&ranking).await;
    leader.see("[data-testid='assessment-row']").await;
    leader.settle().await;
    paper(&leader, "sheets-print-ranking").await;
    leader.close().await;
}

/// The page as paper, to be looked at.
async fn paper(browser: &Browser, name: &str) {
    browser
        .cdp("Emulation.setEmulatedMedia", json!({"media": "print"}))
        .await;
    browser.metrics(794, 1123).await;
    browser.see(".official-head").await;
    browser.picture(name).await;
    browser
        .cdp("Emulation.setEmulatedMedia", json!({"media": ""}))
        .await;
    browser.metrics(1440, 900).await;
}

/// The last year, by the day in Shanghai.
fn last_year() -> i32 {
    let seconds = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() + 8 * 3600;
    let days = i32::try_from(seconds / 86_400).unwrap();
    let today = chrono::NaiveDate::from_num_days_from_ce_opt(719_163 + days).unwrap();
    chrono::Datelike::year(&today) - 1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clerk_asks_and_records() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let office = at_desk(&driver, &town, "coordination_office").await;
    look(
        &office,
        "/follow-ups",
        "[data-testid='follow-up']",
        "sheets-follow-ups",
    )
    .await;
    office.goto("/follow-ups").await;
    office.see("[data-testid='follow-up']").await;
    let before = office.count("[data-testid='follow-up']").await;
    office
        .click("[data-testid='follow-up'] [data-testid='rate']")
        .await;
    office
        .click("label:has(input[name='rating'][value='satisfied'])")
        .await;
    submit(&office).await;
    office.gone("dialog[open]").await;
    let began = Instant::now();
    while office.count("[data-testid='follow-up']").await != before - 1 {
        assert!(began.elapsed() < Duration::from_secs(20), "still {before}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // From a figure of reports to just these reports.
    office.goto("/indicators?group=discipline").await;
    let count = "[data-indicator='reports_in_time'] a.figure-count:last-of-type";
    let told = office.see(count).await.text().await.unwrap();
    office.click(count).await;
    office.see("[data-testid='figure-record']").await;
    office.read(&format!("共 {told} 项")).await;
    office.picture("sheets-records").await;
    office.click("[data-testid='figure-record'] h2 a").await;
    office.see("h1").await;
    assert!(office.path().await.starts_with("/reports/"));
    office.close().await;

    let secretary = at_desk(&driver, &town, "village_secretary").await;
    secretary.goto("/").await;
    secretary.read("考核待自评").await;
    secretary.goto("/figures").await;
    secretary.read("考核待自评").await;
    look(
        &secretary,
        "/figures",
        "[data-testid='standing-card']",
        "sheets-village",
    )
    .await;
    secretary.close().await;
}
