//! Users from a workbook: looked through first, then all or none.

use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};
use tests::{Answer, Staff, TestApp};

const HEAD: [&str; 5] = ["姓名", "用户名", "角色", "单位", "职务"];

fn workbook(rows: &[[&str; 5]]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in (0_u32..).zip(std::iter::once(&HEAD).chain(rows)) {
        for (column, text) in (0_u16..).zip(cells) {
            sheet.write(row, column, *text).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}

fn send(app: &TestApp, who: Staff, file: Vec<u8>, dry_run: &str) -> Answer {
    let call = app.by(who).post("/users/import");
    call.form("名单.xlsx", file, &[("dry_run", dry_run)]).send()
}

fn users(app: &TestApp) -> u64 {
    let page = app.by(Staff::Admin).get("/users").expect(200).json();
    page["total"].as_u64().unwrap()
}

const GOOD: [[&str; 5]; 3] = [
    ["马会计", "makuaiji", "监督员", "党政办", "会计"],
    ["牛信息", "niuxinxi", "group_informant", "五里墩村2社", ""],
    ["杨书记", "yangshuji", "村支部书记", "四坝村", ""],
];

#[test]
fn a_list_is_looked_through_and_then_added_at_once() {
    let app = TestApp::start();
    let before = users(&app);
    let file = workbook(&GOOD);
    let look = send(&app, Staff::Admin, file.clone(), "true")
        .expect(200)
        .json();
    assert_eq!(
        (&look["read"], &look["flagged"], &look["made"]),
        (&json!(3), &json!([]), &json!([]))
    );
    assert_eq!(
        look["users"][1],
        json!({
            "row": 3, "name": "牛信息", "username": "niuxinxi", "role": "group_informant",
            "unit": "五里墩村2社", "duty": null,
        })
    );
    assert_eq!(users(&app), before, "a dry run writes nothing");
    // Without a word, it is a dry run.
    let call = app.by(Staff::Admin).post("/users/import");
    call.file("名单.xlsx", file.clone()).expect(200);
    assert_eq!(users(&app), before);

    let confirm = || {
        let call = app.by(Staff::Admin).post("/users/import").key("names-1");
        call.form("名单.xlsx", file.clone(), &[("dry_run", "false")])
            .send()
    };
    let made = confirm().expect(201);
    assert_eq!(users(&app), before + 3);
    let passwords = made.json()["made"].clone();
    let initial = |n: usize| {
        passwords[n]["initial_password"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_ne!(initial(0), initial(1));
    let session = app
        .nobody()
        .sign_in("makuaiji", &initial(0))
        .expect(200)
        .json();
    assert_eq!(session["user"]["user"]["must_change_password"], true);
    assert_eq!(session["user"]["user"]["duty"], "会计");
    // The same once more is the first answer; without the key, everybody is there already.
    assert_eq!(confirm().expect(201).text(), made.text());
    assert_eq!(users(&app), before + 3);
    let again = send(&app, Staff::Admin, file, "false");
    assert_eq!(
        again.invalid_fields().len(),
        6,
        "name and user name of each"
    );
    let log = app.by(Staff::Auditor).get("/audit?action=user_write");
    let text = log.expect(200).text();
    assert!(
        text.contains("批量新增用户3人") && text.contains("新增用户“牛信息”"),
        "{text}"
    );
    assert!(!text.contains(&initial(0)) && !app.log().contains(&initial(0)));
}

#[test]
fn each_row_says_what_is_wrong_and_nobody_is_added() {
    let app = TestApp::start();
    let before = users(&app);
    let file = workbook(&[
        GOOD[0],
        // Twice in the file, once in capitals.
        ["马二", "MaKuaiJi", "监督员", "党政办", ""],
        // The same person in the same unit.
        ["马会计", "makuaiji2", "监督员", "党政办", ""],
        // In the system: the user name, and the name in its unit.
        ["生人", "zongzhi", "监督员", "党政办", ""],
        ["孙立新", "sunlixin", "镇综治办", "镇综治办", ""],
        // No such role, no such unit, several such units, no name, a blank in the user name.
        ["甲", "jia", "书记", "党政办", ""],
        ["乙", "yi", "监督员", "没有村", ""],
        ["丙", "bing", "社信息员", "1社", ""],
        ["", "ding", "监督员", "党政办", ""],
        ["戊", "wu wu", "监督员", "党政办", ""],
        // A role that has no work there.
        ["己", "ji", "法庭", "党政办", ""],
    ]);
    let look = send(&app, Staff::Admin, file.clone(), "true")
        .expect(200)
        .json();
    let flagged: Vec<String> = look["flagged"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| format!("{} {}", cell["row"], cell["column"].as_str().unwrap()))
        .collect();
    assert_eq!(
        flagged,
        [
            "3 username",
            "4 name",
            "5 username",
            "6 name",
            "7 role",
            "8 unit_id",
            "9 unit_id",
            "10 name",
            "11 username",
            "12 unit_id"
        ]
    );
    let reason = |n: usize| look["flagged"][n]["reason"].as_str().unwrap().to_owned();
    assert!(reason(0).contains("第2行"), "{}", reason(0));
    assert!(reason(2).contains("系统里已有"), "{}", reason(2));
    assert!(reason(6).contains("村名"), "{}", reason(6));
    assert_eq!(look["users"].as_array().unwrap().len(), 1);

    let refused = send(&app, Staff::Admin, file, "false").invalid_fields();
    assert_eq!(refused.len(), 10);
    assert!(
        refused.contains(&"rows.3.username:flagged".to_owned()),
        "{refused:?}"
    );
    assert_eq!(users(&app), before, "not even the one that was right");
}

#[test]
fn what_is_no_list_is_told() {
    let app = TestApp::start();
    let admin = Staff::Admin;
    let empty = workbook(&[]);
    assert_eq!(
        send(&app, admin, empty, "true").invalid_fields(),
        ["file:empty"]
    );
    let mut book = Workbook::new();
    book.add_worksheet().write(0, 0, "姓名").unwrap();
    let headless = book.save_to_buffer().unwrap();
    assert_eq!(
        send(&app, admin, headless, "true").invalid_fields(),
        ["file:no_header"]
    );
    let many: Vec<String> = (0..501).map(|n| format!("u{n}")).collect();
    let rows: Vec<[&str; 5]> = many
        .iter()
        .map(|name| [name.as_str(), name.as_str(), "监督员", "党政办", ""])
        .collect();
    let many = workbook(&rows);
    assert_eq!(
        send(&app, admin, many, "true").invalid_fields(),
        ["file:too_many"]
    );
    send(&app, admin, b"x".to_vec(), "true").problem("unsupported_media_type");
    send(&app, admin, Vec::new(), "true").problem("unsupported_media_type");
    let good = workbook(&GOOD);
    assert_eq!(
        send(&app, admin, good.clone(), "maybe").invalid_fields(),
        ["dry_run:invalid"]
    );
    let large = vec![0; 6 * 1024 * 1024];
    let answer = app.by(admin).upload("/users/import", "a.xlsx", &large);
    answer.problem("too_large");
    // Before a byte of the list is looked at.
    for who in [Staff::Office, Staff::Auditor, Staff::Leader] {
        send(&app, who, good.clone(), "true").problem("forbidden");
    }
}

#[test]
fn the_template_is_one_that_can_be_filled_in() {
    let app = TestApp::start();
    let template = app.by(Staff::Admin).get("/users/import/template");
    let file = template.expect(200).body;
    let text = |cell: &calamine::Data| cell.to_string();
    let head: Vec<String> = tests::files::sheet(&file, "用户")[0]
        .iter()
        .map(text)
        .collect();
    assert_eq!(head, HEAD);
    let help = tests::files::sheet(&file, "角色和单位");
    let units: Vec<String> = help.iter().filter_map(|row| row.get(1)).map(text).collect();
    assert!(units.contains(&"五里墩村1社".to_owned()), "{units:?}");
    // As it comes, nobody is in it.
    let empty: Value = send(&app, Staff::Admin, file, "true").json();
    assert_eq!(empty["errors"][0]["code"], "empty");
    let call = app.by(Staff::Office).get("/users/import/template");
    call.send().problem("forbidden");
}
