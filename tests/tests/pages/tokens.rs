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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_has_an_account_and_its_token_from_the_administrator() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let admin = at_desk(&driver, &town, "administrator").await;
    admin.goto("/users").await;
    admin.press("add-user").await;
    admin.see("dialog[open]").await;
    admin.fill("name", "县平台").await;
    admin.fill("username", "xianpingtai").await;
    admin.choose("role", "coordination_office").await;
    admin.click("label:has(#service)").await;
    admin.read("新增程序账号").await;
    look(&admin, "program-new").await;
    submit(&admin).await;
    // No password is told, for there is none.
    admin.see("[data-testid='program-made']").await;
    admin.press("program-noted").await;
    admin.gone("dialog[open]").await;
    let row = "[data-testid='user'][data-username='xianpingtai']";
    admin.see(&format!("{row} [data-testid='program']")).await;
    look(&admin, "program-in-list").await;
    // A person's initial password stays to be read, when the list has come again behind it, too.
    admin.press("add-user").await;
    admin.see("dialog[open]").await;
    admin.fill("name", "新来的").await;
    admin.fill("username", "xinlaide").await;
    admin.choose("role", "coordination_office").await;
    submit(&admin).await;
    admin.see("[data-testid='initial-password']").await;
    admin
        .see("[data-testid='user'][data-username='xinlaide']")
        .await;
    admin.settle().await;
    admin.see("[data-testid='initial-password']").await;
    admin.goto("/tokens").await;
    admin.press("add-token").await;
    admin.see("dialog[open]").await;
    admin.choose_label("owner_id", "县平台（程序账号").await;
    admin.fill("name", "每日取数").await;
    admin.click("#scopes").await;
    submit(&admin).await;
    let secret = admin.see("[data-testid='token-secret']").await;
    let secret = secret.text().await.unwrap().trim().to_owned();
    assert_eq!(status(&town, &secret), 200);
    admin.press("token-noted").await;
    admin.gone("dialog[open]").await;
    admin.read("县平台（镇综治办）").await;
    admin.close().await;
}
