//! Webhooks: the administrator says where they may lead, the office makes one, tries it, reads what came
//! of it.

use tests::Webhook;

use crate::browser::Driver;
use crate::dialogs::look;
use crate::story::{at_desk, submit};
use crate::town::Town;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_made_tried_and_removed() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let receiver = Webhook::start();
    let office = at_desk(&driver, &town, "coordination_office").await;
    office.goto("/account").await;
    office.click("a[href='/webhooks']").await;
    office.read("还没有允许任何地址").await;
    office.read("您还没有订阅").await;
    let admin = at_desk(&driver, &town, "administrator").await;
    admin.goto("/webhooks").await;
    admin.read("不说是哪件事项").await;
    admin.press("allow-addresses").await;
    admin.see("dialog[open]").await;
    admin.fill("entries", "0.0.0.0/0").await;
    submit(&admin).await;
    admin.read("网段太大").await;
    admin
        .fill("entries", "sync.example.gov.cn，127.0.0.1")
        .await;
    look(&admin, "webhook-addresses").await;
    submit(&admin).await;
    admin.gone("dialog[open]").await;
    admin.read("sync.example.gov.cn、127.0.0.1").await;

    office.goto("/webhooks").await;
    office.press("add-webhook").await;
    office.see("dialog[open]").await;
    submit(&office).await;
    office.read("请填写名称").await;
    office.fill("name", "县平台").await;
    office.fill("url", "http://169.254.169.254/").await;
    submit(&office).await;
    office.read("不在允许的范围内").await;
    let url = format!("http://{}/hook", receiver.host);
    office.fill("url", &url).await;
    office.click("#events-closed").await;
    look(&office, "webhook-new").await;
    submit(&office).await;
    let secret = office.see("[data-testid='webhook-secret']").await;
    let secret = secret.text().await.unwrap().trim().to_owned();
    assert!(secret.starts_with("whsec_"), "{secret}");
    look(&office, "webhook-made").await;
    office.press("webhook-noted").await;
    office.gone("dialog[open]").await;
    assert!(!office.text().await.contains(&secret));
    office.press("test-webhook").await;
    let said = tokio::task::block_in_place(|| receiver.said());
    assert_eq!(said.body["type"], "test");
    // The page looks again by itself.
    office.read("已送达").await;
    look(&office, "webhooks").await;
    office.press("read-webhook").await;
    office.see("[data-testid='delivery']").await;
    look(&office, "webhook-log").await;
    office.press("redeliver").await;
    let again = tokio::task::block_in_place(|| receiver.said());
    assert_eq!(again.body["id"], said.body["id"]);
    office.goto("/webhooks").await;
    office.press("rotate-webhook").await;
    office.see("dialog[open]").await;
    submit(&office).await;
    let fresh = office.see("[data-testid='webhook-secret']").await;
    assert_ne!(fresh.text().await.unwrap().trim(), secret);
    office.press("webhook-noted").await;
    office.gone("dialog[open]").await;
    office.press("turn-webhook").await;
    office.read("已停用").await;

    admin.goto("/webhooks").await;
    admin.read("本镇全部订阅").await;
    admin.see("[data-testid='webhook']").await;
    look(&admin, "webhooks-all").await;
    admin.press("remove-webhook").await;
    admin.see("dialog[open]").await;
    submit(&admin).await;
    admin.gone("dialog[open]").await;
    admin.read("本镇还没有人建订阅").await;
    // The auditor has none.
    let auditor = at_desk(&driver, &town, "auditor").await;
    auditor.goto("/webhooks").await;
    auditor.read("这一页不在您的工作范围内").await;
    office.close().await;
    admin.close().await;
    auditor.close().await;
}
