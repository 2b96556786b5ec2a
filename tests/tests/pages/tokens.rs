//! API tokens: made, copied once, used by a script, taken back by the administrator.

use tests::Client;

use crate::browser::Driver;
use crate::dialogs::look;
use crate::story::{at_desk, submit};
use crate::town::Town;

/// The status that a script gets with a secret.
fn status(town: &Town, secret: &str) -> u16 {
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let script = Client::new(&town.url).with_token(secret);
            script.get("/cases?limit=1").send().status
        });
        asking.join().unwrap()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_shown_once_and_taken_back() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let office = at_desk(&driver, &town, "coordination_office").await;
    office.goto("/account").await;
    office.click("a[href='/tokens']").await;
    office.read("您还没有令牌").await;
    office.press("add-token").await;
    office.see("dialog[open]").await;
    // What is missing is told.
    submit(&office).await;
    office.read("请填写名称").await;
    office.read("请至少选择一项权限").await;
    office.fill("name", "县平台同步").await;
    office.click("#scopes").await;
    office.fill("addresses", "127.0.0.1，10.30.0.0/99").await;
    submit(&office).await;
    office.read("10.30.0.0/99").await;
    office.fill("addresses", "127.0.0.1，10.30.0.0/16").await;
    look(&office, "token-new").await;
    submit(&office).await;
    let secret = office.see("[data-testid='token-secret']").await;
    let secret = secret.text().await.unwrap().trim().to_owned();
    assert!(secret.starts_with("xf_"), "{secret}");
    look(&office, "token-made").await;
    office.press("token-noted").await;
    office.gone("dialog[open]").await;
    assert!(!office.text().await.contains(&secret));
    assert_eq!(status(&town, &secret), 200);
    office.goto("/tokens").await;
    office.read("127.0.0.1、10.30.0.0/16").await;
    look(&office, "tokens").await;

    let admin = at_desk(&driver, &town, "administrator").await;
    admin.goto("/tokens").await;
    admin.read("本镇全部令牌").await;
    admin.see("[data-testid='token']").await;
    look(&admin, "tokens-all").await;
    admin.press("end-token").await;
    admin.see("dialog[open]").await;
    admin.picture("token-end-1440").await;
    submit(&admin).await;
    admin.gone("dialog[open]").await;
    admin.read("已撤销").await;
    assert_eq!(status(&town, &secret), 401);
    office.close().await;
    admin.close().await;
}
