//! Who is signed in, ending single sign-ins; the audit log by number and as a file.

use serde_json::Value;
use tests::app::with_query;
use tests::{Answer, Client, Staff, TestApp};

fn client(app: &TestApp, answer: &Answer) -> Client {
    let session = answer.json();
    app.nobody()
        .with_token(session["access_token"].as_str().unwrap())
}

fn list(client: &Client, query: &str) -> Vec<Value> {
    let page = client.get(format!("/sessions{query}")).expect(200).json();
    let items = page["items"].as_array().unwrap().clone();
    assert_eq!(page["total"], items.len());
    items
}

#[test]
fn one_sees_and_ends_ones_own_sign_ins() {
    let app = TestApp::start();
    let (here, there) = (app.sign_in(Staff::Court), app.sign_in(Staff::Court));
    let (here, there) = (client(&app, &here), client(&app, &there));
    let sign_ins = list(&here, "");
    // The base's own among them.
    assert_eq!(sign_ins.len(), 3);
    let current: Vec<&Value> = sign_ins
        .iter()
        .filter(|one| one["current"] == true)
        .collect();
    assert_eq!(current.len(), 1);
    assert!(sign_ins.iter().all(|one| one["user_name"] == "陈明理"));
    assert_eq!(sign_ins[0]["address"], "127.0.0.1");
    // The newest first: that is the other one.
    let id = sign_ins[0]["id"].as_str().unwrap();
    assert_eq!(sign_ins[0]["current"], false);
    here.delete(format!("/sessions/{id}")).expect(204);
    there.get("/me").send().problem("unauthenticated");
    here.get("/me").expect(200);
    here.delete(format!("/sessions/{id}"))
        .send()
        .problem("not_found");
    assert_eq!(list(&here, "").len(), 2);
    // A page at a time.
    let page = here.get("/sessions?limit=1").expect(200).json();
    assert_eq!(
        (&page["total"], &page["items"][0]["current"]),
        (&2.into(), &true.into())
    );
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = here
        .get(with_query("/sessions", &[("cursor", cursor)]))
        .expect(200);
    assert_eq!(rest.json()["items"].as_array().unwrap().len(), 1);
}

#[test]
fn the_administrator_ends_anybodys_and_nobody_else_does() {
    let app = TestApp::start();
    let session = app.sign_in(Staff::Police);
    let police = client(&app, &session);
    let admin = app.by(Staff::Admin);
    let all = admin.get("/sessions?all=true&limit=200").expect(200).json();
    let all = all["items"].as_array().unwrap();
    let of_police: Vec<&Value> = all
        .iter()
        .filter(|one| one["user_name"] == "冯志强")
        .collect();
    assert_eq!(of_police.len(), 2);
    assert_eq!(of_police[0]["unit_name"], "派出所");
    let id = of_police[0]["id"].as_str().unwrap();
    for who in [Staff::Office, Staff::Leader, Staff::Auditor] {
        app.by(who)
            .get("/sessions?all=true")
            .send()
            .problem("forbidden");
        // Nobody learns that it is there.
        app.by(who)
            .delete(format!("/sessions/{id}"))
            .send()
            .problem("not_found");
    }
    police.get("/cases").expect(200);
    admin.delete(format!("/sessions/{id}")).expect(204);
    police.get("/cases").send().problem("unauthenticated");
    app.by(Staff::Police).get("/cases").expect(200);
    admin.delete("/sessions/none").send().problem("not_found");
    let log = app.by(Staff::Auditor).get("/audit?action=sign_out");
    assert!(log.expect(200).text().contains("结束“冯志强”的一次登录"));
}

#[test]
fn the_log_is_found_by_a_cases_number() {
    let app = TestApp::start();
    let case = app.case().register();
    app.case().register();
    let sealed = app.case().accuses("党政办").register();
    case.seen_by(Staff::Office).expect(200);
    let auditor = app.by(Staff::Auditor);
    let found = |number: &str| {
        let page = auditor.get(with_query("/audit", &[("number", number)]));
        page.expect(200).json()
    };
    let by_number = found(&case.number);
    let by_id = auditor.get(format!("/audit?case_id={}", case.id));
    assert_eq!(by_number["items"], by_id.expect(200).json()["items"]);
    assert!(by_number["total"].as_u64().unwrap() >= 2);
    assert_eq!(found("平川信〔2026〕99999号")["total"], 0);
    // The auditor's own unit is accused: as if it were not there.
    assert_eq!(found(&sealed.number)["total"], 0);
}

#[test]
fn the_log_is_taken_out_as_the_auditor_finds_it() {
    let app = TestApp::start();
    let case = app.case().register();
    let sealed = app.case().accuses("党政办").register();
    case.seen_by(Staff::Office).expect(200);
    let auditor = app.by(Staff::Auditor);
    let listed = auditor
        .get("/audit?action=case_write&limit=200")
        .expect(200);
    let listed = listed.json()["items"].as_array().unwrap().clone();
    let file = auditor
        .get("/exports/audit.csv?action=case_write")
        .expect(200);
    assert!(!file.text().contains(&sealed.number));
    let rows = tests::files::csv(&file.body);
    // Head and mark beside the entries.
    assert_eq!(rows.len(), listed.len() + 2, "{rows:?}");
    for (row, entry) in rows.iter().skip(1).zip(&listed) {
        assert_eq!(row[3], entry["detail"].as_str().unwrap());
        assert_eq!(row[1], entry["user_name"].as_str().unwrap());
    }
    let book = auditor
        .get("/exports/audit.xlsx?action=case_write")
        .expect(200);
    let sheet = tests::files::sheet(&book.body, "审计记录");
    let details = sheet.iter().filter(|row| {
        row.iter()
            .any(|cell| cell.to_string().contains(&case.number))
    });
    assert!(details.count() >= 1);
    let noted = auditor.get("/audit?action=export").expect(200).text();
    assert!(
        noted.contains("导出审计记录") && noted.contains("条件：变更事项"),
        "{noted}"
    );
    for who in [Staff::Admin, Staff::Leader, Staff::Office] {
        app.by(who)
            .get("/exports/audit.xlsx")
            .send()
            .problem("forbidden");
    }
}
