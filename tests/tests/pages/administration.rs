//! The administration: a second factor set up and asked for, users from a workbook, work handed over,
//! sign-ins ended, working days corrected, the table of roles.

use std::time::SystemTime;

use rust_xlsxwriter::Workbook;
use serde_json::json;
use tests::totp::code;

use crate::browser::{Browser, Driver};
use crate::dialogs::{act, look, register, rest};
use crate::story::{at_desk, sign_in, submit};
use crate::town::{PASSWORD, Town};

/// The instant by which the browser's server goes, seconds.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    i64::try_from(since.unwrap().as_secs()).unwrap()
}

/// Sets a second factor up from the page that asks for the password; answers the secret.
async fn set_up(browser: &Browser, name: &str) -> String {
    browser.fill("password", PASSWORD).await;
    browser.press("factor-start").await;
    let secret = browser.see("[data-testid='factor-secret']").await;
    let secret = secret.text().await.unwrap();
    browser.see("img.factor-qr").await;
    // A code of no form is told before it is sent.
    browser.fill("code", "12").await;
    browser.press("factor-confirm").await;
    browser.read("6位数字，或者一个恢复码").await;
    look(browser, &format!("{name}-scan")).await;
    browser.fill("code", &code(&secret, now())).await;
    browser.press("factor-confirm").await;
    browser.see("[data-testid='recovery-codes']").await;
    secret
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_factor_is_set_up_and_asked_for() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let court = at_desk(&driver, &town, "court").await;
    court.goto("/account").await;
    court.click("a[href='/second-factor']").await;
    court.read("没有开启").await;
    let secret = set_up(&court, "factor").await;
    look(&court, "factor-codes").await;
    court.press("codes-noted").await;
    court.see("[data-testid='factor-on']").await;
    court.read("还有10个恢复码没有用").await;
    look(&court, "factor-on").await;

    // Somewhere else, the password alone is half a sign-in.
    let other = driver.browser(&town.url, 1440, 900).await;
    other.goto("/login").await;
    other.see("[data-testid='login-username']").await;
    other.fill("username", "court").await;
    other.fill("password", PASSWORD).await;
    other.press("login-submit").await;
    other.see("[data-testid='login-totp']").await;
    look(&other, "login-code").await;
    other.fill("totp", "000000").await;
    other.press("login-submit").await;
    other.read("验证码不正确").await;
    other.fill("totp", &code(&secret, now() + 30)).await;
    other.press("login-submit").await;
    other.see(".frame #page-title").await;
    other.close().await;

    // The administrator demands it of the justice office, whose people set it up before anything else.
    let justice = at_desk(&driver, &town, "justice_office").await;
    let admin = at_desk(&driver, &town, "administrator").await;
    admin.goto("/settings").await;
    admin.press("change-settings").await;
    admin
        .click("label:has([id='second_factor_roles-justice_office'])")
        .await;
    submit(&admin).await;
    admin.gone("dialog[open]").await;
    admin.read("须使用两步验证").await;
    justice.goto("/cases").await;
    justice.read("先设置两步验证").await;
    look(&justice, "factor-forced").await;
    set_up(&justice, "factor-forced").await;
    justice.press("codes-noted").await;
    justice.see(".frame #page-title").await;

    // Phone and codes are lost.
    admin.goto("/users").await;
    let row = "[data-testid='user'][data-username='court']";
    admin.see(row).await;
    admin
        .click(&format!("{row} [aria-label^='重置两步验证']"))
        .await;
    admin.see("dialog[open]").await;
    admin.picture("factor-reset-1440").await;
    submit(&admin).await;
    admin.gone("dialog[open]").await;
    sign_in(&court, "court").await;
    for browser in [court, justice, admin] {
        browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_come_from_a_workbook() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let admin = at_desk(&driver, &town, "administrator").await;
    let write = |name: &str, rows: &[[&str; 4]]| {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        let head = [["姓名", "用户名", "角色", "单位"]];
        for (row, cells) in (0_u32..).zip(head.iter().chain(rows)) {
            for (column, text) in (0_u16..).zip(cells) {
                sheet.write(row, column, *text).unwrap();
            }
        }
        let path = std::env::temp_dir().join(format!("xinfang-{}-{name}.xlsx", std::process::id()));
        book.save(&path).unwrap();
        path
    };
    let wrong = write(
        "wrong",
        &[
            ["马会计", "makuaiji", "监督员", "党政办"],
            ["马会计", "court", "书记", "没有村"],
        ],
    );
    let good = write(
        "good",
        &[
            ["马会计", "makuaiji", "监督员", "党政办"],
            ["杨书记", "yangshuji", "村支部书记", "四坝村"],
        ],
    );
    admin.goto("/users").await;
    admin.press("import-users").await;
    let input = admin.see("[data-testid='users-file']").await;
    input.send_keys(wrong.to_str().unwrap()).await.unwrap();
    admin.read("没有这个角色").await;
    admin.read("系统里已有这个用户名").await;
    assert_eq!(admin.count("[data-testid='flagged']").await, 3);
    look(&admin, "users-flagged").await;
    let input = admin.see("[data-testid='users-file']").await;
    input.send_keys(good.to_str().unwrap()).await.unwrap();
    admin.read("2人都可以新增").await;
    look(&admin, "users-planned").await;
    admin.press("users-confirm").await;
    admin.read("已新增2人").await;
    assert_eq!(admin.count("[data-testid='made']").await, 2);
    look(&admin, "users-made").await;
    admin.goto("/users?q=makuaiji").await;
    admin.see("[data-username='makuaiji']").await;
    for path in [wrong, good] {
        let _ = std::fs::remove_file(path);
    }
    admin.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_is_handed_over_before_somebody_leaves() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let id = rest(&town, "coordination_office", |client| {
        let leader = client.get("/me").expect(200).json();
        assert_eq!(leader["user"]["role"], "coordination_office");
        let colleagues = client.get("/users/colleagues").expect(200).json();
        let leader = colleagues
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["role"] == "township_leader")
            .unwrap()
            .clone();
        let id = register(client, &json!({}));
        act(client, &id, "accept", &json!({}));
        act(client, &id, "set_lead", &json!({"user_id": leader["id"]}));
        leader["id"].as_str().unwrap().to_owned()
    });
    let admin = at_desk(&driver, &town, "administrator").await;
    admin.goto(&format!("/users/{id}/hand-over")).await;
    admin.see("[data-testid='duties']").await;
    admin.read("包案").await;
    look(&admin, "hand-over").await;
    // Nobody chosen yet.
    admin.press("hand-over").await;
    admin.read("请选择接手的人").await;
    // Somebody who cannot lead.
    let page = format!("/users/{id}/hand-over");
    let office = rest(&town, "administrator", |client| {
        let users = client.get("/users?limit=200").expect(200).json();
        let find = |role: &str| {
            let users = users["items"].as_array().unwrap();
            let mut of_role = users.iter().filter(|user| user["role"] == role);
            of_role
                .find(|user| user["id"] != json!(id))
                .map(|user| user["id"].as_str().unwrap().to_owned())
        };
        (
            find("coordination_office").unwrap(),
            find("township_leader"),
        )
    });
    admin.choose("successor_id", &office.0).await;
    admin.press("hand-over").await;
    admin.read("不能接手").await;
    look(&admin, "hand-over-unfit").await;
    if let Some(leader) = office.1 {
        admin.choose("successor_id", &leader).await;
        admin.press("hand-over").await;
        admin.read("名下没有未了的工作").await;
        admin.goto(&page).await;
        admin.read("名下没有未了的工作").await;
    }
    admin.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_village_is_merged_and_renamed() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let admin = at_desk(&driver, &town, "administrator").await;
    admin.goto("/org").await;
    admin.click("[aria-label='修改：平川村']").await;
    admin.see("dialog[open]").await;
    admin.fill("name", "平川新村").await;
    submit(&admin).await;
    admin.gone("dialog[open]").await;
    admin.read("曾用名：平川村").await;
    admin.click("[aria-label='合并：五里墩村']").await;
    admin.see("dialog[open]").await;
    submit(&admin).await;
    admin.read("请选择并入哪个单位").await;
    admin.choose_label("into_id", "平川新村").await;
    admin.see("[data-testid='goes-over']").await;
    admin.read("改称：1社 → 五里墩1社").await;
    look(&admin, "org-merge").await;
    submit(&admin).await;
    admin.gone("dialog[open]").await;
    admin.read("已并入平川新村").await;
    look(&admin, "org-merged").await;
    // An old case says where it was, and what that is part of now.
    let office = at_desk(&driver, &town, "coordination_office").await;
    let id = rest(&town, "coordination_office", |client| {
        let units = client.get("/org-units").expect(200).json();
        let units = units.as_array().unwrap();
        let village = units
            .iter()
            .find(|unit| unit["name"] == "五里墩村")
            .unwrap();
        let id = village["id"].as_str().unwrap();
        let page = client.get(format!("/cases?village_id={id}&limit=1"));
        let page = page.expect(200).json();
        page["items"][0]["id"].as_str().unwrap().to_owned()
    });
    office.goto(&format!("/cases/{id}")).await;
    office.read("五里墩村（现并入平川新村）").await;
    look(&office, "org-merged-case").await;
    for browser in [admin, office] {
        browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sign_ins_working_days_roles_and_the_log_are_in_order() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let police = at_desk(&driver, &town, "police_station").await;
    let admin = at_desk(&driver, &town, "administrator").await;
    admin.goto("/sign-ins").await;
    admin.read("本镇全部登录").await;
    admin.see("[data-testid='sign-in']").await;
    look(&admin, "sign-ins").await;
    let before = admin.count("[data-testid='end-sign-in']").await;
    assert!(before > 0);
    admin
        .click("[data-testid='end-sign-in'][aria-label*='，']")
        .await;
    admin.see("dialog[open]").await;
    submit(&admin).await;
    admin.gone("dialog[open]").await;
    admin.read("这次登录已结束").await;

    admin.goto("/settings").await;
    admin.click("a[href='/workdays']").await;
    admin.read("程序知道的安排到").await;
    admin.press("declare").await;
    admin.read("请填写日期").await;
    admin.set_date("from", 3).await;
    admin.set_date("to", 9).await;
    admin.fill("source", "县政府办通知").await;
    admin.press("declare").await;
    admin.see("[data-testid='workday']").await;
    look(&admin, "workdays").await;

    admin.goto("/settings").await;
    admin.click("a[href='/categories']").await;
    let water = "[data-testid='category'][data-code='water']";
    let add = format!("{water} [data-testid='add-category']");
    admin.click(&add).await;
    admin.see("dialog[open]").await;
    admin.fill("name", "其他").await;
    submit(&admin).await;
    admin.read("请换一个名称").await;
    admin.fill("name", "机井电费").await;
    submit(&admin).await;
    admin.gone("dialog[open]").await;
    admin.see(&format!("{water} [data-name='机井电费']")).await;
    let turn = "[data-name='道路与公共设施'] [data-testid='turn-category']";
    admin.click(turn).await;
    admin.read("“道路与公共设施”已停用").await;
    look(&admin, "categories").await;

    admin.goto("/settings").await;
    admin.click("a[href='/paper-texts']").await;
    admin.click("[data-testid='change-names']").await;
    admin.see("dialog[open]").await;
    admin.fill("papers.superior", "某县信访局").await;
    let contact = "平川镇综治中心，电话 0000-0000000";
    admin.fill("papers.contact", contact).await;
    submit(&admin).await;
    admin.gone("dialog[open]").await;
    admin.read("文书文字已保存").await;
    let receipt = "[data-testid='paper-kind'][data-kind='receipt']";
    admin
        .click(&format!("{receipt} [data-testid='change-kind']"))
        .await;
    admin.see("dialog[open]").await;
    admin.fill("papers.kinds.0.note", "来访请带本回执。").await;
    // The sample shows where it will stand.
    admin.read("（来访请带本回执。）").await;
    look(&admin, "paper-texts-kind").await;
    submit(&admin).await;
    admin.gone("dialog[open]").await;
    look(&admin, "paper-texts").await;
    let answer = "[data-testid='paper-kind'][data-kind='answer']";
    admin
        .click(&format!("{answer} [data-testid='change-kind']"))
        .await;
    admin.see("dialog[open]").await;
    admin.fill("papers.kinds.1.note", &"长".repeat(501)).await;
    submit(&admin).await;
    admin.read("处理意见书的附注最多500个字").await;
    admin
        .fill("papers.kinds.1.note", "本意见书一式三份。")
        .await;
    submit(&admin).await;
    admin.gone("dialog[open]").await;
    // What was there is there still; and the receipt says it.
    admin.read("来访请带本回执。").await;
    let office = at_desk(&driver, &town, "coordination_office").await;
    let id = rest(&town, "coordination_office", |client| {
        let page = client.get("/cases?limit=1").expect(200).json();
        page["items"][0]["id"].as_str().unwrap().to_owned()
    });
    office.goto(&format!("/cases/{id}/receipt")).await;
    office.read("来访请带本回执。").await;
    office.read(contact).await;
    look(&office, "receipt-with-notes").await;
    office.close().await;

    admin.goto("/system").await;
    admin.see("[data-testid='system-data']").await;
    look(&admin, "system").await;

    admin.goto("/roles").await;
    admin.read("提出命名奖励").await;
    look(&admin, "roles-all").await;

    let auditor = at_desk(&driver, &town, "auditor").await;
    auditor.goto("/audit").await;
    auditor.see("[data-testid='export']").await;
    look(&auditor, "audit-export").await;
    auditor.close().await;
    police.close().await;
    admin.close().await;
}
