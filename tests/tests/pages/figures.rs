//! Figures in the browser: from a figure to its cases, the dashboards of the roles, the indicator table,
//! the standing, a target; at a desk's, a phone's and a meeting room's width.

use crate::browser::{Browser, Driver};
use crate::story::{at_desk, submit};
use crate::town::Town;

/// A page at all three widths.
async fn all(browser: &Browser, path: &str, css: &str, name: &str) {
    for (width, height) in [(1440, 900), (360, 740), (1920, 1080)] {
        browser.metrics(width, height).await;
        browser.goto(path).await;
        browser.see(css).await;
        browser.settle().await;
        browser.fits().await;
        browser.picture(&format!("{name}-{width}")).await;
    }
    // All of it, to be looked at.
    for width in [1440, 360] {
        browser.metrics(width, 3200).await;
        browser.settle().await;
        browser.picture(&format!("{name}-{width}-whole")).await;
    }
    browser.metrics(1440, 900).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_a_figure_to_its_cases() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let office = at_desk(&driver, &town, "coordination_office").await;
    office.goto("/figures").await;
    let count = "[data-testid='tile'][data-indicator='all'] a.figure-count";
    let told = office.see(count).await.text().await.unwrap();
    office.click(count).await;
    office.see("[data-testid='figure-case']").await;
    assert!(
        office
            .path()
            .await
            .starts_with("/indicators/cases?indicator=all")
    );
    office.read(&format!("共 {told} 项")).await;
    office.read("本期收到的信访件").await;
    office.settle().await;
    office.picture("figure-cases-1440").await;
    office.click("[data-testid='figure-case'] h2 a").await;
    office.see("[data-testid='case-state']").await;

    all(
        &office,
        "/figures",
        "[data-testid='chart-heat']",
        "figures-office",
    )
    .await;
    // The table behind a chart, by keyboard as by mouse.
    office.goto("/figures").await;
    office.click("[data-testid='chart-inflow'] summary").await;
    office.read("当月办结").await;
    office.see("[data-testid='chart-inflow'] table a").await;
    all(
        &office,
        "/indicators",
        "[data-indicator='handled']",
        "indicators",
    )
    .await;
    all(
        &office,
        "/indicators?by=village",
        ".figure-table",
        "indicators-village",
    )
    .await;
    office.goto("/indicators?by=month&group=drops").await;
    office.see(".figure-table a.figure-count").await;
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_leader_sees_standing_and_targets_and_a_large_screen() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let leader = at_desk(&driver, &town, "township_leader").await;
    all(
        &leader,
        "/figures",
        "[data-testid='standing-card']",
        "figures-leader",
    )
    .await;
    all(&leader, "/standing", "[data-testid='village']", "standing").await;
    all(&leader, "/targets", "[data-testid='target']", "targets").await;
    let handled = "[data-testid='target'][data-goal='handled']";
    leader.click(&format!("{handled} button")).await;
    leader.fill("value", "九成").await;
    submit(&leader).await;
    leader.see("[id='value-error']").await;
    leader.fill("value", "92.5").await;
    submit(&leader).await;
    leader.gone("dialog[open]").await;
    leader.read("92.5%以上").await;
    // In the meeting room there is no menu.
    leader.metrics(1920, 1080).await;
    leader.goto("/figures?wall=1").await;
    leader
        .see("html[data-wall] [data-testid='chart-heat']")
        .await;
    leader.settle().await;
    leader.picture("figures-wall-1920").await;
    leader.close().await;

    let secretary = at_desk(&driver, &town, "village_secretary").await;
    all(
        &secretary,
        "/figures",
        "[data-testid='standing-card']",
        "figures-village",
    )
    .await;
    secretary.close().await;
}

/// Taking something out, and the monthly analysis: from the office's words to the frozen month.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_taken_out_and_a_month_is_analysed() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let office = at_desk(&driver, &town, "coordination_office").await;
    for (path, words) in [
        ("/cases", "已导出台账"),
        ("/reports?view=board", "已导出报送情况"),
        ("/reports?view=list", "已导出排查报告"),
        ("/indicators?by=village", "已导出统计指标"),
        ("/standing", "已导出三无情况"),
        ("/targets", "已导出年度目标"),
        ("/assessments", "已导出村级考核"),
    ] {
        office.goto(path).await;
        office.press("export").await;
        office.read(words).await;
        office.settle().await;
        office
            .picture(&format!("export{}", path.replace(['/', '?', '='], "-")))
            .await;
    }
    office.press("export-csv").await;
    office.read("已导出村级考核").await;

    // The month that is over is what opens first: the office is at its words.
    all(
        &office,
        "/analysis",
        "[data-testid='analysis-words']",
        "analysis",
    )
    .await;
    office.goto("/analysis").await;
    office.see("[data-code='received']").await;
    office
        .fill("opinion", "用水和工资方面的诉求上升，要早介入。")
        .await;
    office.press("save-words").await;
    office.read("已保存").await;
    office.press("word").await;
    office.read("已导出分析研判").await;
    office.press("issue").await;
    submit(&office).await;
    office.see("[data-testid='issued']").await;
    office.read("用水和工资方面的诉求上升").await;
    office.settle().await;
    office.picture("analysis-issued-1440").await;
    // The month before is another; the running one cannot be issued yet.
    office.press("month-before").await;
    office.see("[data-testid='issued']").await;
    office.goto("/analysis").await;
    office.press("month-after").await;
    office.read("本月尚未结束").await;
    assert!(!office.has("[data-testid='issue']").await);
    office.close().await;
}
