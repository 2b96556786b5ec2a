//! The monthly analysis: what it compares, the office's words, issuing, the Word file, who may.

use std::io::{Cursor, Read};

use serde_json::{Value, json};
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::{Staff, TestApp};

#[track_caller]
fn show(app: &TestApp, who: Staff, month: &str) -> Value {
    app.by(who)
        .get(format!("/analyses/{month}"))
        .expect(200)
        .json()
}

fn line(view: &Value, part: &str, code: &str) -> Value {
    let lines = view["analysis"][part].as_array().unwrap();
    let line = lines.iter().find(|line| line["code"] == code);
    line.unwrap_or_else(|| panic!("no {code} in {part}"))
        .clone()
}

/// This month, the month before, the same month of last year.
fn counts(view: &Value, part: &str, code: &str) -> [Option<u64>; 3] {
    let line = line(view, part, code);
    ["now", "before", "last_year"].map(|of| line[of]["count"].as_u64())
}

fn words(docx: &[u8], part: &str) -> String {
    let mut zip = zip::ZipArchive::new(Cursor::new(docx)).unwrap();
    let mut xml = String::new();
    zip.by_name(part).unwrap().read_to_string(&mut xml).unwrap();
    let mut words = String::new();
    let mut reader = quick_xml::Reader::from_str(&xml);
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Eof => return words,
            quick_xml::events::Event::Text(text) => words.push_str(&text.into_inner()),
            _ => {}
        }
    }
}

/// Today is 10 March 2026. February: three, one of them settled in February, one sealed besides;
/// January: one; February 2025: two.
fn ledger(app: &TestApp) {
    for (village, day) in [
        (VILLAGE, "2026-02-03"),
        (VILLAGE, "2026-02-28"),
        (NEXT_VILLAGE, "2026-01-31"),
        (NEXT_VILLAGE, "2025-02-01"),
        (VILLAGE, "2025-02-28"),
    ] {
        app.case().village(village).received(day).register();
    }
    app.case()
        .village(NEXT_VILLAGE)
        .kind("dispute")
        .by(Staff::NextSecretary)
        .received("2026-02-10")
        .register();
    let sealed = app.case().village(VILLAGE).accuses(NEXT_VILLAGE);
    sealed.received("2026-02-11").register();
}

#[test]
fn a_month_is_compared_with_two_others_and_has_nothing_sealed() {
    let app = TestApp::start();
    ledger(&app);
    for who in [Staff::Leader, Staff::Office] {
        let view = show(&app, who, "2026-02");
        assert_eq!(view["analysis"]["as_of"], "2026-02-28");
        // 3 (without the sealed one), 1, 2.
        let received = counts(&view, "flow", "received");
        assert_eq!(received, [Some(3), Some(1), Some(2)], "{who:?}");
        assert_eq!(
            counts(&view, "flow", "petitions"),
            [Some(2), Some(1), Some(2)]
        );
        assert_eq!(
            counts(&view, "flow", "disputes"),
            [Some(1), Some(0), Some(0)]
        );
        // All are open: 6 by the end of February, 3 by the end of January, 2 a year ago.
        assert_eq!(counts(&view, "flow", "open"), [Some(6), Some(3), Some(2)]);
        // Received before 30 December 2025: the two of last year, each month but a year ago.
        assert_eq!(counts(&view, "flow", "long"), [Some(2), Some(2), Some(0)]);
        assert_eq!(counts(&view, "figures", "all"), [Some(2), Some(1), Some(2)]);
        let own = app.unit(VILLAGE);
        assert_eq!(counts(&view, "villages", own), [Some(2), Some(0), Some(1)]);
        // The same hand counts the same in the table of indicators of that month: 3 petitions, one of
        // them sealed, which this page leaves out.
        let table = app
            .by(who)
            .get("/indicators?from=2026-02-01&to=2026-02-28&group=drops");
        assert_eq!(
            table.expect(200).json()["rows"][0]["cells"][0]["numerator"],
            3
        );
        let longest = view["analysis"]["longest"].as_array().unwrap();
        let days: Vec<&str> = longest
            .iter()
            .map(|case| case["received_on"].as_str().unwrap())
            .collect();
        assert_eq!(days[..2], ["2025-02-01", "2025-02-28"]);
        assert_eq!(longest.len(), 6);
        assert_eq!(longest[0]["days"], 392);
    }
    // It stays what it was, whatever closes later; the running month is compared to the same day.
    let running = show(&app, Staff::Office, "2026-03");
    assert_eq!(running["analysis"]["as_of"], "2026-03-10");
    assert_eq!(running["analysis"]["over"], false);
    assert_eq!(
        counts(&running, "flow", "received"),
        [Some(0), Some(2), Some(0)]
    );
    // What lies before the ledger is no data.
    let early = show(&app, Staff::Office, "2025-02");
    assert_eq!(counts(&early, "flow", "received"), [Some(2), None, None]);
    for month in ["2026-04", "2026-13", "1999-12", "x", "2026-2"] {
        let call = app.by(Staff::Office).get(format!("/analyses/{month}"));
        assert_eq!(
            call.send().invalid_fields(),
            ["month:out_of_range"],
            "{month}"
        );
    }
    for who in [
        Staff::Secretary,
        Staff::Informant,
        Staff::Police,
        Staff::Court,
        Staff::Justice,
        Staff::Centre,
        Staff::Auditor,
        Staff::Admin,
    ] {
        for path in ["/analyses/2026-02", "/analyses/2026-02/docx"] {
            app.by(who).get(path).send().problem("forbidden");
        }
    }
}

/// What comes in on its last day belongs to it, too.
#[test]
fn a_month_is_not_over_on_its_last_day() {
    let mut app = TestApp::with().clock("2026-03-31T12:00:00Z").start();
    let words = json!({"opinion": "平稳", "measures": "继续排查"});
    let month = "/analyses/2026-03";
    let written = app.by(Staff::Office).patch(month).if_match("\"0\"");
    let etag = written.json(&words).expect(200).etag();
    let issue = |app: &TestApp| {
        let call = app.by(Staff::Leader).post(format!("{month}/issue"));
        call.if_match(&etag).send()
    };
    let seen = show(&app, Staff::Office, "2026-03");
    assert_eq!(seen["analysis"]["over"], false);
    let refused = issue(&app).problem("conflict");
    assert!(refused.detail.contains("还没有过完"), "{}", refused.detail);
    app.restart(Some("2026-04-01T00:00:00Z"));
    let issued = issue(&app).expect(200).json();
    assert_eq!(issued["analysis"]["over"], true);
}

#[test]
fn the_office_writes_and_a_month_is_issued_once() {
    let app = TestApp::start();
    ledger(&app);
    let first = app
        .case()
        .village(VILLAGE)
        .received("2026-01-10")
        .register();
    let office = app.by(Staff::Office);
    let patch = |etag: &str, body: Value| {
        let call = office.patch("/analyses/2026-02").if_match(etag);
        call.json(&body).send()
    };
    let bare = office
        .patch("/analyses/2026-02")
        .json(&json!({"opinion": "平稳"}));
    bare.send().problem("version_required");
    patch("\"1\"", json!({"opinion": "平稳"})).problem("stale_version");
    let long = patch("\"0\"", json!({"opinion": "长".repeat(5001)}));
    assert_eq!(long.invalid_fields(), ["opinion:too_long"]);
    let view = patch("\"0\"", json!({"opinion": "土地流转类上升，要早介入。"})).expect(200);
    assert_eq!(view.etag(), "\"1\"");
    assert_eq!(view.json()["author"]["name"], "孙立新");
    patch("\"0\"", json!({"measures": "x"})).problem("stale_version");
    let issue = |who: Staff, month: &str, etag: &str| {
        let call = app.by(who).post(format!("/analyses/{month}/issue"));
        call.if_match(etag).send()
    };
    let refused = issue(Staff::Leader, "2026-02", "\"1\"").problem("conflict");
    assert!(refused.detail.contains("下步措施"), "{}", refused.detail);
    let measures = "一、逐村核对流转合同。\n二、每半月调度一次。";
    let view = patch("\"1\"", json!({"measures": measures}))
        .expect(200)
        .json();
    // What is left out stays.
    assert_eq!(view["opinion"], "土地流转类上升，要早介入。");
    let running = issue(Staff::Leader, "2026-03", "\"0\"").problem("conflict");
    assert!(running.detail.contains("2026年3月"), "{}", running.detail);
    issue(Staff::Secretary, "2026-02", "\"2\"").problem("forbidden");
    let issued = issue(Staff::Leader, "2026-02", "\"2\"").expect(200).json();
    assert_eq!(issued["issued"]["by"]["name"], "赵建国");
    patch("\"3\"", json!({"opinion": "改"})).problem("conflict");
    issue(Staff::Leader, "2026-02", "\"3\"").problem("conflict");

    // Frozen: what is entered late changes it no more.
    app.case()
        .village(VILLAGE)
        .received("2026-02-20")
        .register();
    let now = show(&app, Staff::Office, "2026-02");
    assert_eq!(now["analysis"], issued["analysis"]);
    assert_eq!(
        counts(&now, "flow", "received"),
        [Some(3), Some(2), Some(2)]
    );
    // But what was sealed since is named no more.
    let named = |view: &Value| {
        let cases = view["analysis"]["longest"].as_array().unwrap().clone();
        cases
            .iter()
            .any(|case| case["number"] == first.number.as_str())
    };
    assert!(named(&now));
    let seal = json!({"purpose": "accusation", "accused_unit_id": app.unit(VILLAGE)});
    let etag = app.etag(&first.id, Staff::Office);
    let sealed = app
        .by(Staff::Office)
        .patch(first.path(""))
        .if_match(etag)
        .json(&seal)
        .send();
    if sealed.status == 200 {
        assert!(!named(&show(&app, Staff::Office, "2026-02")));
    }
    let log = app
        .by(Staff::Auditor)
        .get("/audit?action=analysis")
        .expect(200)
        .json();
    assert_eq!(log["total"], 3);
}

#[test]
fn the_word_file_says_it_all_and_who_took_it() {
    let app = TestApp::start();
    ledger(&app);
    let body =
        json!({"opinion": "土地流转类上升。", "measures": "一、逐村核对。\n二、每半月调度。"});
    let call = app
        .by(Staff::Office)
        .patch("/analyses/2026-02")
        .if_match("\"0\"");
    call.json(&body).expect(200);
    let answer = app
        .by(Staff::Office)
        .get("/analyses/2026-02/docx")
        .expect(200);
    let text = words(&answer.body, "word/document.xml");
    for wanted in [
        "2026年2月信访和矛盾纠纷分析研判",
        "共收到事项3件，其中信访件2件、矛盾纠纷1件、苗头隐患0件；环比上升200.0%，同比上升50.0%。",
        "初信初访化解率",
        "土地流转类上升。",
        "二、每半月调度。",
        "镇综治办",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let longest = show(&app, Staff::Office, "2026-02")["analysis"]["longest"].clone();
    for case in longest.as_array().unwrap() {
        assert!(text.contains(case["number"].as_str().unwrap()));
    }
    let head = words(&answer.body, "word/header1.xml");
    assert!(
        head.contains("孙立新") && head.contains("2026-03-10 10:"),
        "{head}"
    );
    let log = app
        .by(Staff::Auditor)
        .get("/audit?action=export")
        .expect(200)
        .json();
    let detail = log["items"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("2026年2月分析研判"), "{detail}");
}
