//! Legal publicity: who records what, corrections, coverage by village and quarter, the library.

use serde_json::{Value, json};
use tests::files::photo;
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::{Answer, Staff, TestApp};

fn input(village: Option<&str>, on: &str) -> Value {
    json!({
        "on": on, "form": "lecture", "laws": ["xinfang", "tiaojie"], "village_id": village,
        "place": "村党群服务中心", "audience": 45, "handouts": 60, "summary": "讲条例，发明白纸",
    })
}

#[track_caller]
fn send(app: &TestApp, who: Staff, input: &Value) -> Answer {
    app.by(who).post("/publicity").json(input).send()
}

#[track_caller]
fn record(app: &TestApp, who: Staff, input: &Value) -> Value {
    send(app, who, input).expect(201).json()
}

fn path(campaign: &Value) -> String {
    format!("/publicity/{}", campaign["row"]["id"].as_str().unwrap())
}

fn change(app: &TestApp, who: Staff, campaign: &Value, input: &Value) -> Answer {
    let version = campaign["version"].as_i64().unwrap();
    let call = app.by(who).patch(path(campaign));
    call.if_match(format!("\"{version}\"")).json(input).send()
}

fn strike(app: &TestApp, who: Staff, campaign: &Value) -> Answer {
    let version = campaign["version"].as_i64().unwrap();
    let call = app
        .by(who)
        .post(format!("{}/actions/strike", path(campaign)));
    let call = call.if_match(format!("\"{version}\""));
    call.json(&json!({"reason": "记重了"})).send()
}

#[test]
fn a_campaign_is_recorded_seen_and_corrected() {
    let app = TestApp::start();
    let village = app.unit(VILLAGE);
    let uploaded = app.by(Staff::Secretary).post("/photos");
    let uploaded = uploaded.file("现场.jpg", photo()).expect(201).json();
    let mut new = input(Some(village), "2026-03-05");
    new["photos"] = json!([uploaded["id"]]);
    new["recorded_at"] = json!("2026-03-05T08:00:00Z");
    let campaign = record(&app, Staff::Secretary, &new);
    assert_eq!(campaign["row"]["village"]["name"], VILLAGE);
    assert_eq!(campaign["recorded_at"], "2026-03-05T08:00:00Z");
    assert_eq!(
        campaign["row"]["laws"][1]["name"],
        "中华人民共和国人民调解法"
    );
    // Everybody of the township sees it, with its photo.
    for who in [
        Staff::Informant,
        Staff::Court,
        Staff::Auditor,
        Staff::Justice,
    ] {
        let seen = app.by(who).get(path(&campaign)).expect(200).json();
        assert_eq!(
            (&seen["may_edit"], &seen["may_strike"]),
            (&json!(false), &json!(false))
        );
        let photo = format!("/photos/{}", uploaded["id"].as_str().unwrap());
        app.by(who).get(photo).expect(200);
        let list = app.by(who).get("/publicity").expect(200).json();
        assert_eq!(list["total"], 1);
    }
    // Corrected by its own unit alone, from the version that was seen.
    let more = json!({"audience": 52, "laws": ["minfadian"]});
    change(&app, Staff::Justice, &campaign, &more).problem("forbidden");
    change(&app, Staff::NextSecretary, &campaign, &more).problem("forbidden");
    let now = change(&app, Staff::Secretary, &campaign, &more)
        .expect(200)
        .json();
    assert_eq!(now["row"]["audience"], 52);
    assert_eq!(now["row"]["laws"].as_array().unwrap().len(), 1);
    change(&app, Staff::Secretary, &campaign, &more).problem("stale_version");
    let other = json!({"village_id": app.unit(NEXT_VILLAGE)});
    let fields = change(&app, Staff::Secretary, &now, &other).invalid_fields();
    assert_eq!(fields, ["village_id:not_yours"]);
    // Struck out by the office: to be seen, not to be counted.
    strike(&app, Staff::Justice, &now).problem("forbidden");
    let struck = strike(&app, Staff::Office, &now).expect(200).json();
    assert_eq!(struck["struck"]["reason"], "记重了");
    change(&app, Staff::Secretary, &struck, &more).problem("conflict");
    let log = app.by(Staff::Auditor).get("/audit?action=publicity");
    assert_eq!(log.expect(200).json()["items"].as_array().unwrap().len(), 3);
}

#[test]
fn who_records_and_where() {
    let app = TestApp::start();
    let (own, next) = (app.unit(VILLAGE), app.unit(NEXT_VILLAGE));
    for who in [Staff::Office, Staff::Justice, Staff::Police] {
        record(&app, who, &input(Some(next), "2026-03-01"));
        record(&app, who, &input(None, "2026-03-01"));
    }
    record(&app, Staff::Secretary, &input(Some(own), "2026-03-01"));
    for village in [Some(next), None] {
        let fields = send(&app, Staff::Secretary, &input(village, "2026-03-01"));
        assert_eq!(fields.invalid_fields(), ["village_id:not_yours"]);
    }
    for who in [
        Staff::Leader,
        Staff::Court,
        Staff::Centre,
        Staff::Informant,
        Staff::Auditor,
    ] {
        send(&app, who, &input(Some(own), "2026-03-01")).problem("forbidden");
    }
    let mut wrong = input(Some("nowhere"), "2026-03-11");
    wrong["laws"] = json!(["nothing"]);
    wrong["audience"] = json!(0);
    let fields = send(&app, Staff::Office, &wrong).invalid_fields();
    assert_eq!(
        fields,
        [
            "audience:required",
            "laws:unknown",
            "on:in_future",
            "village_id:unknown",
        ]
    );
    // Once, whatever the line does.
    let mut ids = Vec::new();
    for _ in 0..2 {
        let call = app.by(Staff::Justice).post("/publicity").key("one");
        let made = call
            .json(&input(Some(own), "2026-02-01"))
            .expect(201)
            .json();
        ids.push(made["row"]["id"].clone());
    }
    assert_eq!(ids[0], ids[1]);
}

#[test]
fn coverage_says_which_village_has_had_none() {
    let app = TestApp::start();
    let (own, next) = (app.unit(VILLAGE), app.unit(NEXT_VILLAGE));
    record(&app, Staff::Office, &input(Some(own), "2026-02-01"));
    record(&app, Staff::Office, &input(Some(own), "2026-03-01"));
    record(&app, Staff::Office, &input(Some(next), "2025-11-01"));
    record(&app, Staff::Office, &input(None, "2026-03-02"));
    let wrong = record(&app, Staff::Office, &input(Some(next), "2026-03-03"));
    strike(&app, Staff::Office, &wrong).expect(200);
    let year = |query: &str| {
        let call = app
            .by(Staff::Justice)
            .get(format!("/publicity/coverage{query}"));
        call.expect(200).json()
    };
    let now = year("");
    let of = |year: &Value, name: &str| {
        let all = year["villages"].as_array().unwrap().iter();
        let mut of = all.filter(|row| row["village"]["name"] == name);
        of.next().unwrap().clone()
    };
    let row = of(&now, VILLAGE);
    assert_eq!(
        row["quarters"][0],
        json!({"campaigns": 2, "audience": 90, "handouts": 120})
    );
    assert_eq!(row["missing"], json!([]));
    assert_eq!(of(&now, NEXT_VILLAGE)["missing"], json!([1]));
    let town = now["villages"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(town["village"], Value::Null);
    assert_eq!(town["quarters"][0]["campaigns"], 1);
    assert_eq!(now["villages"].as_array().unwrap().len(), 10);
    assert_eq!(now["laws"][0]["campaigns"], 3);
    let before = year("?year=2025");
    assert_eq!(of(&before, NEXT_VILLAGE)["missing"], json!([1, 2, 3]));
    let call = app.by(Staff::Justice).get("/publicity/coverage?year=1999");
    assert_eq!(call.send().invalid_fields(), ["year:out_of_range"]);
    // The list by village, by law, by day, page after page.
    let total = |query: &str| {
        let list = app.by(Staff::Court).get(format!("/publicity{query}"));
        list.expect(200).json()["total"].clone()
    };
    assert_eq!(total(&format!("?village_id={own}")), 2);
    assert_eq!(total("?village_id=township"), 1);
    assert_eq!(total("?law_id=minfadian"), 0);
    assert_eq!(total("?form=lecture&from=2026-01-01&to=2026-02-28"), 1);
    let first = app
        .by(Staff::Court)
        .get("/publicity?limit=3")
        .expect(200)
        .json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = app
        .by(Staff::Court)
        .get(format!("/publicity?limit=3&cursor={cursor}"));
    assert_eq!(
        rest.expect(200).json()["items"].as_array().unwrap().len(),
        2
    );
}

#[test]
fn the_library_is_the_administrators() {
    let app = TestApp::start();
    let laws = app.by(Staff::Informant).get("/laws").expect(200).json();
    let titles = laws["items"].to_string();
    for title in [
        "信访工作条例",
        "人民调解法",
        "治安管理处罚法",
        "土地管理法",
        "村民委员会组织法",
    ] {
        assert!(titles.contains(title), "{title}");
    }
    let admin = app.by(Staff::Admin);
    let new = json!({"title": "《保障中小企业款项支付条例》", "link": "https://www.gov.cn/"});
    app.by(Staff::Office)
        .post("/laws")
        .json(&new)
        .send()
        .problem("forbidden");
    let law = admin.post("/laws").json(&new).expect(201).json();
    assert_eq!(law["title"], "保障中小企业款项支付条例");
    assert_eq!(
        admin.post("/laws").json(&new).send().invalid_fields(),
        ["title:duplicate"]
    );
    let bad = json!({"title": "某法", "link": "javascript:alert(1)"});
    assert_eq!(
        admin.post("/laws").json(&bad).send().invalid_fields(),
        ["link:invalid"]
    );
    let path = format!("/laws/{}", law["id"].as_str().unwrap());
    let close = json!({"closed": true, "link": ""});
    admin
        .patch(&path)
        .json(&close)
        .send()
        .problem("version_required");
    let call = admin.patch(&path).if_match("\"1\"").json(&close);
    assert_eq!(call.expect(200).json()["link"], Value::Null);
    let mut campaign = input(None, "2026-03-01");
    campaign["laws"] = json!([law["id"]]);
    assert_eq!(
        send(&app, Staff::Office, &campaign).invalid_fields(),
        ["laws:closed"]
    );
}
