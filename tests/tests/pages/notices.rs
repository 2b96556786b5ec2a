//! Notices: the bell that counts by itself, the inbox, urgent banners, what somebody wishes to be told,
//! chat robots.

use std::time::Duration;

use serde_json::json;

use crate::browser::{Browser, Driver};
use crate::dialogs::{act, look, register, rest, unit};
use crate::story::{at_desk, submit};
use crate::town::Town;

/// Gives the police station a case.
fn give(town: &Town) -> String {
    rest(town, "coordination_office", |office| {
        let case = register(office, &json!({}));
        act(office, &case, "accept", &json!({}));
        act(
            office,
            &case,
            "dispatch",
            &json!({"unit_id": unit(office, "派出所")}),
        );
        case
    })
}

async fn unread(browser: &Browser, count: &str) {
    let began = std::time::Instant::now();
    loop {
        let bell = browser.see("[data-testid='bell']").await;
        let label = bell.attr("aria-label").await.unwrap().unwrap_or_default();
        if label.contains(count) {
            return;
        }
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "{label}, not {count}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Reads away what the demo begins with.
fn read_all(town: &Town, who: &str) {
    rest(town, who, |client| {
        let call = client.post("/notifications/read-all");
        call.json(&json!({"up_to": 1_000_000})).expect(200);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bell_counts_by_itself_and_the_inbox_leads_to_the_case() {
    let town = Town::demo();
    let driver = Driver::start().await;
    // What the demo's own reminders say is there by then.
    tokio::time::sleep(Duration::from_secs(2)).await;
    read_all(&town, "police_station");
    let police = at_desk(&driver, &town, "police_station").await;
    unread(&police, "没有未读").await;
    // Nobody touches the page meanwhile.
    let case = give(&town);
    unread(&police, "1条未读").await;
    give(&town);
    unread(&police, "2条未读").await;
    police.press("bell").await;
    police.see(".inbox-unread").await;
    look(&police, "inbox").await;
    assert_eq!(police.count(".inbox-unread").await, 2);
    police
        .click(&format!(".inbox-row a[href='/cases/{case}']"))
        .await;
    police.see("[data-page='case']").await;
    unread(&police, "1条未读").await;
    police.press("bell").await;
    police.press("read-all").await;
    unread(&police, "没有未读").await;
    police.gone(".inbox-unread").await;

    // An urgent one, as another tab passes it on.
    let notice = json!({
        "id": "n", "seq": 1_000_000, "kind": "alert", "title": "五里墩村报告重要信息，请签收",
        "body": "演练", "link": "/cases", "urgent": true, "at": "2026-03-10T02:00:00Z", "read_at": null,
    });
    let say = "new BroadcastChannel('xinfang-events').postMessage(arguments[0])";
    police
        .client
        .execute(say, vec![json!(notice.to_string())])
        .await
        .unwrap();
    police.see("[data-testid='banner']").await;
    police.read("五里墩村报告重要信息").await;
    look(&police, "banner").await;
    police.click("[data-testid='banner'] button").await;
    police.gone("[data-testid='banner']").await;
    police.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wishes_are_kept_and_robots_are_looked_after() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let admin = at_desk(&driver, &town, "administrator").await;
    admin.goto("/account").await;
    admin.see("[id='kinds.3.delivery']").await;
    admin.read("不能关闭").await;
    admin.choose("kinds.3.delivery", "off").await;
    admin.choose("quiet_from", "21:00").await;
    admin.press("save-notice-settings").await;
    admin.read("通知设置已保存").await;
    look(&admin, "notice-settings").await;
    let kept = rest(&town, "administrator", |client| {
        client.get("/me/notification-settings").expect(200).json()
    });
    assert_eq!(
        (&kept["kinds"][3]["delivery"], &kept["quiet_from"]),
        (&json!("off"), &json!("21:00"))
    );

    admin.goto("/settings").await;
    admin.press("add-robot").await;
    admin.see("dialog[open]").await;
    admin.pick("kind", "dingtalk").await;
    admin.fill("name", "综治工作群").await;
    admin.fill("address", "https://example.com/x").await;
    submit(&admin).await;
    admin.read("只能发往").await;
    admin
        .fill(
            "address",
            "https://oapi.dingtalk.com/robot/send?access_token=geheim1234",
        )
        .await;
    look(&admin, "robot-dialog").await;
    submit(&admin).await;
    admin.gone("dialog[open]").await;
    admin.see("[data-testid='robot']").await;
    let text = admin.text().await;
    assert!(text.contains("…1234") && !text.contains("geheim"), "{text}");
    look(&admin, "robots").await;
    admin.close().await;
}
