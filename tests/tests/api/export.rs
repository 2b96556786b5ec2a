//! The ledger as a workbook.

use std::collections::BTreeSet;

use calamine::{Reader as _, Xlsx};
use serde_json::json;
use tests::app::with_query;
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::traces::rows_of;
use tests::{Staff, TestApp};

fn numbers(workbook: &[u8]) -> BTreeSet<String> {
    rows_of(workbook).iter().map(|row| row[0].clone()).collect()
}

fn export(app: &TestApp, who: Staff, query: &[(&str, &str)]) -> Vec<u8> {
    app.by(who)
        .get(with_query("/exports/ledger.xlsx", query))
        .expect(200)
        .body
}

#[test]
fn it_has_exactly_the_rows_that_its_reader_sees() {
    let app = TestApp::start();
    app.case()
        .village(VILLAGE)
        .register()
        .accepted()
        .dispatched("派出所");
    app.case()
        .village(VILLAGE)
        .kind("dispute")
        .received("2026-01-05")
        .register();
    app.case().village(NEXT_VILLAGE).register();
    app.case().village(VILLAGE).accuses(VILLAGE).register();
    app.case().accuses("镇综治办").register();
    app.case().register();
    for who in [
        Staff::Leader,
        Staff::Office,
        Staff::Secretary,
        Staff::NextSecretary,
    ] {
        for query in [
            &[][..],
            &[("kind", "petition")],
            &[("received_to", "2026-02-01")],
            &[("q", "流转")],
            &[("q", "没有的")],
        ] {
            let listed: BTreeSet<String> = app.found(who, query).into_iter().collect();
            assert_eq!(
                numbers(&export(&app, who, query)),
                listed,
                "{who:?} {query:?}"
            );
        }
    }
    assert_eq!(numbers(&export(&app, Staff::Office, &[])).len(), 5);
    assert_eq!(numbers(&export(&app, Staff::Secretary, &[])).len(), 2);
    // A page's limit is not the export's.
    assert_eq!(
        numbers(&export(&app, Staff::Office, &[("limit", "1")])).len(),
        5
    );
    for who in [
        Staff::Informant,
        Staff::Police,
        Staff::Court,
        Staff::Justice,
        Staff::Centre,
        Staff::Auditor,
        Staff::Admin,
    ] {
        app.by(who)
            .get("/exports/ledger.xlsx")
            .send()
            .problem("forbidden");
    }
    app.by(Staff::Office)
        .get("/exports/ledger.xlsx?kind=x")
        .send()
        .problem("invalid_fields");
}

#[test]
fn it_says_who_took_it_out_and_so_does_the_log() {
    let app = TestApp::start();
    app.case().village(VILLAGE).register();
    let answer = app
        .by(Staff::Secretary)
        .get("/exports/ledger.xlsx")
        .expect(200);
    assert_eq!(
        answer.header("content-type"),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    );
    let disposition = answer.header("content-disposition");
    assert!(
        disposition.starts_with("attachment") && disposition.contains("%2D10.xlsx"),
        "{disposition}"
    );
    let mut workbook: Xlsx<_> =
        calamine::open_workbook_from_rs(std::io::Cursor::new(answer.body)).unwrap();
    let sheet = workbook.worksheet_range("台账").unwrap();
    let cell = |row: u32, column: u32| sheet.get_value((row, column)).unwrap().to_string();
    assert!(cell(0, 0).contains("平川镇"));
    let note = cell(1, 0);
    assert!(
        note.contains("周永福") && note.contains(VILLAGE) && note.contains("2026-03-10"),
        "{note}"
    );
    let headers: Vec<String> = (0..6).map(|column| cell(2, column)).collect();
    assert_eq!(
        headers,
        ["编号", "登记日期", "类别", "信访人姓名", "村社", "信访形式"]
    );
    let log = app
        .by(Staff::Auditor)
        .get("/audit?action=export")
        .expect(200)
        .json();
    assert_eq!(
        (&log["total"], &log["items"][0]["user_name"]),
        (&json!(1), &json!("周永福"))
    );
    assert!(log["items"][0]["detail"].as_str().unwrap().contains("1件"));
}

/// What people type is text in a cell, never a formula.
#[test]
fn a_cell_is_never_a_formula() {
    let app = TestApp::start();
    let texts = [
        "=HYPERLINK(\"http://x\",\"点我\")",
        "+1+1",
        "-2+3",
        "@SUM(A1)",
        "\t=1+1",
        "<b>&amp;",
    ];
    for text in texts {
        let people = json!([{"role": "petitioner", "name": text}]);
        app.case()
            .cause(text)
            .set("place", text)
            .set("people", people)
            .register();
    }
    let file = export(&app, Staff::Office, &[("sort", "number")]);
    let causes: Vec<String> = rows_of(&file).iter().map(|row| row[8].clone()).collect();
    assert_eq!(causes, texts.map(|text| text.trim().to_owned()));
    let mut workbook: Xlsx<_> =
        calamine::open_workbook_from_rs(std::io::Cursor::new(file)).unwrap();
    let formulas = workbook.worksheet_formula("台账").unwrap();
    assert!(formulas.cells().all(|(_, _, formula)| formula.is_empty()));
}

#[test]
fn a_large_ledger_comes_whole() {
    let app = TestApp::start();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..140).for_each(|_| drop(app.case().register())));
        }
    });
    assert_eq!(numbers(&export(&app, Staff::Leader, &[])).len(), 560);
}
