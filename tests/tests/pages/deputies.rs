//! A temporary deputy: named on the page of users, seen on both people's pages, working on the case.

use crate::browser::Driver;
use crate::dialogs::{look, rest};
use crate::story::{at_desk, submit};
use crate::town::Town;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_colleague_stands_in_for_some_days() {
    let town = Town::demo();
    let driver = Driver::start().await;
    // A case of the absent secretary's village.
    let case = rest(&town, "village_secretary", |client| {
        let page = client.get("/cases?limit=1&open=true").expect(200).json();
        page["items"][0]["id"].as_str().unwrap().to_owned()
    });
    let deputy = at_desk(&driver, &town, "village_secretary_2").await;
    deputy.goto(&format!("/cases/{case}")).await;
    deputy.read("没有找到").await;

    let admin = at_desk(&driver, &town, "administrator").await;
    admin.goto("/users").await;
    let row = "[data-testid='user'][data-username='village_secretary']";
    admin.see(row).await;
    admin.click(&format!("{row} [aria-label^='代理']")).await;
    admin.see("dialog[open]").await;
    // Nobody chosen, and no last day.
    submit(&admin).await;
    admin.read("请选择结束日期").await;
    admin.set_date("last_day", 120).await;
    submit(&admin).await;
    admin.read("请选择代理人").await;
    admin.read("一次代理最多92天").await;
    look(&admin, "deputy-name").await;
    admin.choose_label("deputy_id", "刘玉成").await;
    admin.set_date("last_day", 9).await;
    admin.fill("reason", "培训").await;
    submit(&admin).await;
    admin.gone("dialog[open]").await;
    admin.read("代理：刘玉成，").await;
    look(&admin, "deputy-users").await;

    // From now on it is the deputy's to see and to do.
    deputy.goto("/").await;
    deputy.see("[data-testid='standing-in']").await;
    deputy.read("您正在代理").await;
    look(&deputy, "deputy-home").await;
    deputy.goto(&format!("/cases/{case}")).await;
    deputy.see(".frame #page-title").await;
    deputy.gone(".state").await;
    deputy.goto("/account").await;
    deputy.see("[data-testid='my-deputation']").await;
    deputy.read("您代理").await;
    look(&deputy, "deputy-account").await;

    // The absent sees by whom, and ends it.
    let absent = at_desk(&driver, &town, "village_secretary").await;
    absent.goto("/account").await;
    absent.read("由刘玉成代理您的工作").await;
    absent.press("to-deputies").await;
    absent.see("[data-testid='deputation']").await;
    look(&absent, "deputies").await;
    absent.press("change-deputation").await;
    absent.see("dialog[open]").await;
    absent.set_date("last_day", 12).await;
    submit(&absent).await;
    absent.gone("dialog[open]").await;
    absent.press("end-deputation").await;
    absent.see("dialog[open]").await;
    submit(&absent).await;
    absent.gone("dialog[open]").await;
    absent.read("已结束").await;
    deputy.goto(&format!("/cases/{case}")).await;
    deputy.read("没有找到").await;
    // And names another by themself.
    absent.press("name-deputy").await;
    absent.see("dialog[open]").await;
    absent.choose_label("deputy_id", "杨春生").await;
    absent.set_date("first_day", 3).await;
    absent.set_date("last_day", 5).await;
    look(&absent, "deputy-own").await;
    submit(&absent).await;
    absent.gone("dialog[open]").await;
    absent.read("未开始").await;
    for browser in [admin, deputy, absent] {
        browser.close().await;
    }
}
