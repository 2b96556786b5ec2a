//! The ledger as a workbook.

use std::collections::BTreeSet;
use std::io::Write as _;

use calamine::{Data, Reader as _, Xlsx};
use serde_json::json;
use tests::app::{soon, with_query};
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
    assert!(log["items"][0]["detail"].as_str().unwrap().contains("1行"));
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

    // In CSV an apostrophe leads what would be one.
    let csv = app
        .by(Staff::Office)
        .get("/exports/ledger.csv?sort=number")
        .expect(200);
    let lines = tests::files::csv(&csv.body);
    let causes: Vec<&str> = lines[1..=texts.len()]
        .iter()
        .map(|line| line[8].as_str())
        .collect();
    assert_eq!(
        causes,
        [
            "'=HYPERLINK(\"http://x\",\"点我\")",
            "'+1+1",
            "'-2+3",
            "'@SUM(A1)",
            "'=1+1",
            "<b>&amp;",
        ]
    );
    for line in &lines {
        assert!(
            line.iter()
                .all(|field| !field.starts_with(['=', '+', '-', '@', '\t']))
        );
    }
}

/// Days are days, counts are numbers, an inexact count stays in words; the filters stand on the sheet.
#[test]
fn days_and_numbers_are_real() {
    let app = TestApp::start();
    app.case()
        .village(VILLAGE)
        .set("occurred_on", "2026-03-01")
        .set("people_count", 3)
        .received("2026-03-05")
        .register();
    let file = export(&app, Staff::Office, &[("kind", "petition")]);
    let rows = tests::files::sheet(&file, "台账");
    assert!(rows[2][0].to_string().contains("信访件"), "{:?}", rows[2]);
    assert_eq!(rows[3][0].to_string(), "编号");
    let day = |cell: &Data| match cell {
        Data::DateTime(day) => day.as_datetime().unwrap().date().to_string(),
        other => panic!("{other:?} is no day"),
    };
    assert_eq!(day(&rows[4][1]), "2026-03-05");
    assert_eq!(day(&rows[4][9]), "2026-03-01");
    assert_eq!(rows[4][6], Data::Float(3.0));
    assert_eq!(rows[4][18], Data::Empty);
    // What is printed: across, the head on every page, who and which page at the foot.
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&file)).unwrap();
    let mut part = |name: &str| {
        let mut text = String::new();
        let mut part = zip.by_name(name).unwrap();
        std::io::Read::read_to_string(&mut part, &mut text).unwrap();
        text
    };
    let sheet = part("xl/worksheets/sheet1.xml");
    for wanted in [
        "orientation=\"landscape\"",
        "孙立新",
        "&amp;N",
        "<mergeCell ref=\"A1:U1\"/>",
    ] {
        assert!(sheet.contains(wanted), "{wanted}");
    }
    assert!(part("xl/workbook.xml").contains("_xlnm.Print_Titles"));
}

#[test]
fn csv_has_the_same_rows_a_mark_and_a_name() {
    let app = TestApp::start();
    app.case().village(VILLAGE).register();
    app.case().village(VILLAGE).accuses(VILLAGE).register();
    app.case().village(NEXT_VILLAGE).register();
    for who in [Staff::Office, Staff::Secretary] {
        let answer = app
            .by(who)
            .get("/exports/ledger.csv?sort=number")
            .expect(200);
        assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
        assert!(answer.header("content-disposition").contains(".csv"));
        let lines = tests::files::csv(&answer.body);
        let listed = app.found(who, &[("sort", "number")]);
        let (mark, rows) = lines[1..].split_last().unwrap();
        let numbers: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
        assert_eq!(numbers, listed, "{who:?}");
        let name = who.record().3;
        assert!(
            mark[0].contains(name) && mark[0].contains("2026-03-10 10:"),
            "{mark:?}"
        );
        let width = lines[0].len();
        assert!(lines.iter().all(|line| line.len() == width));
        let workbook = export(&app, who, &[("sort", "number")]);
        let rows: Vec<Vec<String>> = rows.to_vec();
        assert_eq!(rows_of(&workbook), rows, "{who:?}");
    }
    app.by(Staff::Office)
        .get("/exports/ledger.pdf")
        .send()
        .problem("not_found");
    app.by(Staff::Auditor)
        .get("/exports/ledger.csv")
        .send()
        .problem("forbidden");
    // A search word may be a name, so the log says only that there was one.
    app.by(Staff::Office)
        .get(with_query(
            "/exports/ledger.csv",
            &[("q", "张三"), ("kind", "petition")],
        ))
        .expect(200);
    let log = app
        .by(Staff::Auditor)
        .get("/audit?action=export")
        .expect(200)
        .json();
    let detail = log["items"][0]["detail"].as_str().unwrap();
    assert!(
        detail.contains("CSV") && detail.contains("搜索词") && detail.contains("信访件"),
        "{detail}"
    );
    assert!(!detail.contains("张三"), "{detail}");
    // Nothing lies about afterwards.
    let left = std::fs::read_dir(app.data_dir()).unwrap();
    let left: Vec<String> = left
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with(".tmp"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
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
    whoever_goes_away_leaves_nothing(&app);
}

/// A file that nobody waits for any more is gone.
fn whoever_goes_away_leaves_nothing(app: &TestApp) {
    let leader = app.by(Staff::Leader);
    for format in ["xlsx", "csv"] {
        let mut stream = std::net::TcpStream::connect(leader.address()).unwrap();
        let request = format!(
            "GET /api/v1/exports/ledger.{format} HTTP/1.1\r\nhost: localhost\r\n\
             authorization: Bearer {}\r\n\r\n",
            leader.token().unwrap()
        );
        stream.write_all(request.as_bytes()).unwrap();
        // It goes while the file is being written.
        std::thread::sleep(std::time::Duration::from_millis(5));
        drop(stream);
    }
    // Files without a name that the server still holds.
    let held = || {
        let folder = format!("/proc/{}/fd", app.server().pid());
        let files = std::fs::read_dir(folder).unwrap().flatten();
        let links = files.filter_map(|file| std::fs::read_link(file.path()).ok());
        let data = app.data_dir().display().to_string();
        let ours = links.filter(|to| {
            let to = to.display().to_string();
            to.starts_with(&data) && to.ends_with("(deleted)")
        });
        ours.count()
    };
    assert!(soon(|| held() == 0), "{} files", held());
    assert_eq!(numbers(&export(app, Staff::Leader, &[])).len(), 560);
}
