//! The page without a sign-in: who gets the code, what it shows, and that it tells nobody else anything.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared::receipt::Provisional;
use tests::staff::VILLAGE;
use tests::{Answer, Case, Staff, TestApp};

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(byte.into());
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[track_caller]
fn post(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> Answer {
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    app.nobody()
        .call_at("POST", path)
        .body("application/x-www-form-urlencoded", pairs.join("&"))
        .try_send()
        .unwrap()
}

#[track_caller]
fn look(app: &TestApp, number: &str, code: &str) -> String {
    let answer = post(app, "/p", &[("number", number), ("code", code)]);
    answer.expect(200).text()
}

fn receipt(case: &Case<'_>, who: Staff) -> Value {
    let call = case.app().by(who).get(case.path("/receipt"));
    call.expect(200).json()
}

fn code(case: &Case<'_>, who: Staff) -> String {
    receipt(case, who)["query_code"]
        .as_str()
        .unwrap()
        .to_owned()
}

const NOT_FOUND: &str = "没有查到。";

fn registered(app: &TestApp) -> Case<'_> {
    app.case()
        .by(Staff::Centre)
        .village(VILLAGE)
        .cause("渠首闸门锈蚀漏水")
        .register()
}

#[test]
fn a_petitioner_sees_where_the_case_stands_and_nothing_of_what_it_is_about() {
    let app = TestApp::start();
    let case = registered(&app)
        .accepted()
        .dispatched("派出所")
        .taken(Staff::Police)
        .answered(Staff::Police);
    let code = code(&case, Staff::Centre);
    assert_eq!(code.len(), 9);
    case.seen_by(Staff::Police).expect(200);
    // A look is written a moment later.
    let looked = std::time::Instant::now();
    let mut looks = 1;
    while !look(&app, &case.number, &code).contains("2026年3月10日 派出所") {
        looks += 1;
        assert!(looked.elapsed().as_secs() < 10, "the look is not told");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    // As people write it.
    let sloppy = code.to_lowercase().replace('-', " ");
    for (number, code) in [
        (case.number.as_str(), code.as_str()),
        ("2026-1", &code),
        ("202600001", &sloppy),
    ] {
        let page = look(&app, number, code);
        for words in [
            case.number.as_str(),
            "已经答复，请看处理意见书。",
            "派出所",
            "您可以在2026年4月9日以前申请复查",
            "《信访工作条例》第三十五条",
            "处理意见书，2026年3月10日",
            "对这次答复，您满意吗？",
            "2026年3月10日 派出所",
        ] {
            assert!(page.contains(words), "{words}: {page}");
        }
        // No content, no names but the public notices'.
        for words in [
            "闸门",
            "流转费",
            "冯志强",
            "孙立新",
            "卫小燕",
            "张三",
            VILLAGE,
        ] {
            assert!(!page.contains(words), "{words}: {page}");
        }
    }
    // The look is in the audit log, as the petitioner's.
    let log = app
        .by(Staff::Auditor)
        .get("/audit?action=public_look")
        .expect(200)
        .json();
    assert_eq!(log["items"].as_array().unwrap().len(), looks + 3);
    assert_eq!(log["items"][0]["user_name"], "信访人");
    assert_eq!(log["items"][0]["case_id"], case.id.as_str());
}

#[test]
fn a_wrong_number_a_wrong_code_and_a_sealed_case_are_the_same() {
    let app = TestApp::start();
    let open = registered(&app);
    let sealed = app.case().by(Staff::Office).accuses("派出所").register();
    assert!(sealed.number.contains('检'), "{}", sealed.number);
    assert_eq!(receipt(&sealed, Staff::Office)["query_code"], Value::Null);
    assert_eq!(receipt(&sealed, Staff::Office)["query_page"], "");
    let good = code(&open, Staff::Office);
    let tries = [
        ("2026-00001", "2222-2222"),
        ("2026-00099", good.as_str()),
        (sealed.number.as_str(), good.as_str()),
        ("什么也不是", good.as_str()),
        ("2026-00001", "???"),
    ];
    let pages: Vec<String> = tries
        .iter()
        .map(|(number, code)| {
            let since = Instant::now();
            let page = look(&app, number, code);
            assert!(since.elapsed() >= Duration::from_millis(300), "{number}");
            assert!(page.contains(NOT_FOUND), "{page}");
            // What was typed is shown again, and nothing else differs.
            page.replace(&format!("value=\"{number}\""), "value=\"\"")
        })
        .collect();
    assert!(pages.iter().all(|page| *page == pages[0]));
    let log = app
        .by(Staff::Auditor)
        .get("/audit?action=public_look")
        .expect(200)
        .json();
    assert_eq!(log["items"].as_array().unwrap().len(), 0);

    // A case that is sealed later is gone from here.
    assert!(look(&app, "2026-1", &good).contains(&open.number));
    let change = json!({
        "purpose": "accusation", "accused_unit_id": app.unit("派出所"),
    });
    let sealing = app
        .by(Staff::Office)
        .patch(open.path(""))
        .if_match(app.etag(&open.id, Staff::Office))
        .json(&change);
    sealing.expect(200);
    assert!(look(&app, "2026-1", &good).contains(NOT_FOUND));
    let fields = [
        ("number", "2026-1"),
        ("code", good.as_str()),
        ("rating", "satisfied"),
    ];
    let page = post(&app, "/p/rating", &fields).expect(200).text();
    assert!(page.contains(NOT_FOUND), "{page}");
}

#[test]
fn the_code_is_for_who_prints_the_receipt() {
    let app = TestApp::start();
    let case = registered(&app).accepted().dispatched("派出所");
    let good = code(&case, Staff::Centre);
    for who in [Staff::Office, Staff::OtherCentre] {
        assert_eq!(code(&case, who), good, "{who:?}");
    }
    for who in [Staff::Police, Staff::Secretary, Staff::Leader] {
        assert_eq!(receipt(&case, who)["query_code"], Value::Null, "{who:?}");
        // Nor anywhere else.
        for below in [
            "",
            "/events",
            "/actions",
            "/people",
            "/satisfaction",
            "/documents",
        ] {
            let answer = app.by(who).get(case.path(below)).expect(200);
            assert!(!answer.text().contains(&good), "{below}");
        }
    }
    let page = receipt(&case, Staff::Centre)["query_page"].clone();
    assert_eq!(page, format!("{}/p", app.url()));
    // Whoever was given it is in the audit log.
    let log = app.by(Staff::Auditor);
    let found = tests::app::soon(|| {
        let log = log.get(format!("/audit?case_id={}", case.id)).expect(200);
        log.text().contains("登记回执（含查询码）")
    });
    assert!(found);
    // Another case's code does not open it.
    let other = registered(&app);
    let others = code(&other, Staff::Centre);
    assert_ne!(others, good);
    assert!(look(&app, &case.number, &others).contains(NOT_FOUND));
}

#[test]
fn a_provisional_receipt_leads_there_with_the_same_code() {
    let app = TestApp::start();
    let day = chrono::NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
    let number = Provisional::make(&"somebody".into(), day, 9);
    let case = app
        .case()
        .by(Staff::Secretary)
        .village(VILLAGE)
        .set("provisional_number", number.as_str())
        .register();
    let code = code(&case, Staff::Secretary);
    assert!(look(&app, number.as_str(), &code).contains(&case.number));
    assert!(look(&app, number.as_str(), "2222-2222").contains(NOT_FOUND));
    // The number comes along with the address; what it finds does not.
    let page = app.nobody().call_at("GET", "/p?n=2026-00001").expect(200);
    assert!(page.text().contains("value=\"2026-00001\""));
    assert!(!page.text().contains(&case.number));
    let hostile = "/p?n=%22%3E%3Cscript%3Ealert(1)%3C/script%3E";
    let page = app.nobody().call_at("GET", hostile).expect(200);
    assert!(!page.text().contains("<script"), "{}", page.text());
}

#[test]
fn tries_are_counted_by_number_and_by_address() {
    let app = TestApp::with()
        .env("XINFANG_ACCOUNT_FAILURES", "3")
        .env("XINFANG_ADDRESS_FAILURES", "6")
        .start();
    let case = registered(&app);
    let code = code(&case, Staff::Centre);
    let tried =
        |number: &str, code: &str| post(&app, "/p", &[("number", number), ("code", code)]).status;
    // A right one forgives those before it.
    assert_eq!(tried("2026-1", "2222-2222"), 200);
    assert_eq!(tried("2026-1", &code), 200);
    for written in ["2026-1", "202600001", "平川信〔2026〕00001号"] {
        assert_eq!(tried(written, "2222-2222"), 200);
    }
    let blocked = post(&app, "/p", &[("number", "2026-1"), ("code", &code)]);
    assert_eq!(blocked.status, 429, "with the right code, too");
    assert!(!blocked.header("retry-after").is_empty());
    assert!(blocked.text().contains("查询次数太多"));
    assert!(blocked.header("content-type").starts_with("text/html"));
    // So it is of a number that nothing has.
    assert_eq!(tried("2026-777", "2222-2222"), 200);
    assert_eq!(tried("2026-778", "2222-2222"), 200);
    assert_eq!(tried("2026-779", "2222-2222"), 429, "the address");
}

#[test]
fn the_petitioners_own_word_stands() {
    let app = TestApp::start();
    let case = registered(&app)
        .accepted()
        .dispatched("派出所")
        .taken(Staff::Police)
        .answered(Staff::Police);
    let code = code(&case, Staff::Centre);
    let call = app.by(Staff::Office).post(case.path("/satisfaction"));
    let call = call.if_match(app.etag(&case.id, Staff::Office));
    call.json(&json!({"rating": "satisfied", "way": "call"}))
        .expect(201);
    assert!(look(&app, &case.number, &code).contains("工作人员回访时登记的是：满意"));
    let rate = |rating: &str| {
        let fields = [
            ("number", case.number.as_str()),
            ("code", code.as_str()),
            ("rating", rating),
            ("words", "没有人来看过"),
        ];
        post(&app, "/p/rating", &fields).expect(200).text()
    };
    assert!(rate("").contains("请先选"));
    let page = rate("dissatisfied");
    assert!(
        page.contains("您的评价已经记下") && page.contains("不满意"),
        "{page}"
    );
    assert!(rate("satisfied").contains("已经评价过"));
    let seen = |who: Staff| {
        let call = app.by(who).get(case.path("/satisfaction"));
        call.expect(200).json()
    };
    let office = seen(Staff::Office);
    assert_eq!(office["current"]["rating"], "dissatisfied");
    assert_eq!(office["current"]["way"], "public");
    assert_eq!(office["current"]["words"], "没有人来看过");
    assert_eq!(office["items"][1]["replaced_on"], tests::base::TODAY);
    assert_eq!(office["allowed"], false);
    assert_eq!(seen(Staff::Police)["current"]["words"], Value::Null);
    let call = app.by(Staff::Office).post(case.path("/satisfaction"));
    let call = call.if_match(app.etag(&case.id, Staff::Office));
    call.json(&json!({"rating": "satisfied", "way": "call"}))
        .send()
        .problem("conflict");
    // In the timeline, in the office's inbox; the case goes on.
    let events = app.by(Staff::Office).get(case.path("/events"));
    let events = events.expect(200).json();
    let last = events["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&last["kind"], &last["actor"]["name"]),
        (&json!("rated"), &json!("信访人"))
    );
    assert!(!last.to_string().contains("没有人来看过"));
    let inbox = app.by(Staff::Office).get("/notifications?kind=rated");
    assert_eq!(
        inbox.expect(200).json()["items"].as_array().unwrap().len(),
        1
    );
    case.closed();
}

#[test]
fn a_receipt_names_the_address_that_petitioners_can_open() {
    let app = TestApp::with()
        .env("XINFANG_PUBLIC_URL", "https://xinfang.example.gov.cn/")
        .start();
    let case = registered(&app);
    let page = receipt(&case, Staff::Centre)["query_page"].clone();
    assert_eq!(page, "https://xinfang.example.gov.cn/p");
}

#[test]
fn the_page_is_small_and_runs_nothing() {
    let app = TestApp::start();
    let leader = app.user(Staff::Leader).to_owned();
    let day = json!({
        "on": "2026-03-19", "from": "09:00", "to": "11:30", "place": "镇信访接待室",
        "leader_id": leader,
    });
    app.by(Staff::Office)
        .post("/reception-days")
        .json(&day)
        .expect(201);
    let page = app.nobody().call_at("GET", "/p").expect(200);
    assert!(page.body.len() < 8 * 1024, "{}", page.body.len());
    assert!(
        page.header("content-security-policy")
            .contains("default-src 'none'")
    );
    assert_eq!(page.header("cache-control"), "no-store");
    let text = page.text();
    assert!(!text.contains("<script") && !text.contains("style="));
    for words in [
        "平川镇",
        "2026年3月19日",
        "星期四",
        "镇信访接待室",
        "赵建国接待",
        "怎样反映问题",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let style = app.nobody().call_at("GET", "/p/style.css").expect(200);
    assert!(style.header("content-type").starts_with("text/css"));
    assert!(style.body.len() < 4 * 1024);
}
