//! What is taken out as a file: each workbook is opened again and compared, cell by cell, with what the
//! API says of the same.

use std::process::Command;

use calamine::Data;
use serde_json::{Value, json};
use tests::files::{csv, sheet};
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::{Staff, TestApp};

#[track_caller]
fn workbook(app: &TestApp, who: Staff, path: &str) -> Vec<u8> {
    app.by(who).get(path).expect(200).body
}

#[track_caller]
fn answer(app: &TestApp, who: Staff, path: &str) -> Value {
    app.by(who).get(path).expect(200).json()
}

fn words(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        cell => cell.to_string(),
    }
}

/// A count, or nothing.
#[track_caller]
fn same_count(cell: &Data, wanted: &Value) {
    match (cell, wanted.as_u64()) {
        (Data::Empty, None) => {}
        (Data::Float(found), Some(wanted)) => assert_eq!(*found, wanted as f64),
        other => panic!("{other:?}"),
    }
}

/// A share in tenths of a percent; words where there is none.
#[track_caller]
fn same_share(cell: &Data, wanted: &Value) {
    match (cell, wanted.as_i64()) {
        (Data::String(words), None) => assert!(words.contains("无"), "{words}"),
        (Data::Empty, None) => {}
        (Data::Float(found), Some(wanted)) => assert_eq!(*found, wanted as f64 / 1000.0),
        other => panic!("{other:?}"),
    }
}

/// The second line of a sheet says who took it out and when.
#[track_caller]
fn marked(rows: &[Vec<Data>], who: Staff) {
    let mark = words(&rows[1][0]);
    assert!(
        mark.contains(who.record().3) && mark.contains("2026-03-10 10:"),
        "{mark}"
    );
}

/// A township with something to count.
fn town() -> TestApp {
    let app = TestApp::start();
    app.case()
        .village(VILLAGE)
        .received("2026-02-10")
        .register()
        .accepted()
        .dispatched("派出所")
        .taken(Staff::Police)
        .answered(Staff::Police)
        .closed();
    app.case().village(VILLAGE).collective(8, 2).register();
    app.case()
        .village(NEXT_VILLAGE)
        .received("2025-03-05")
        .register();
    let backlog = app.case().village(NEXT_VILLAGE).register();
    backlog.then(Staff::Office, "mark_backlog", json!({"text": "久拖不决"}));
    app.case().village(VILLAGE).accuses(VILLAGE).register();
    app
}

#[test]
fn indicators_cell_by_cell() {
    let app = town();
    for who in [
        Staff::Office,
        Staff::Secretary,
        Staff::Auditor,
        Staff::Police,
    ] {
        for query in [
            "",
            "?by=village",
            "?by=unit",
            "?by=category&group=rates",
            "?by=month&from=2026-01-01&to=2026-03-10",
            "?by=village&group=drops",
        ] {
            let table = answer(&app, who, &format!("/indicators{query}"));
            let file = workbook(&app, who, &format!("/exports/indicators.xlsx{query}"));
            let rows = sheet(&file, "统计指标");
            marked(&rows, who);
            let note = words(&rows[2][0]);
            for day in ["from", "to", "last_from", "last_to"] {
                assert!(note.contains(table[day].as_str().unwrap()), "{note}");
            }
            let columns = table["columns"].as_array().unwrap();
            if query.is_empty() {
                // The whole alone is a list.
                assert_eq!(rows.len(), 4 + columns.len());
                let cells = table["rows"][0]["cells"].as_array().unwrap();
                for ((row, column), cell) in rows[4..].iter().zip(columns).zip(cells) {
                    assert_eq!(words(&row[1]), column["label"].as_str().unwrap());
                    same_count(&row[2], &cell["numerator"]);
                    same_count(&row[3], &cell["denominator"]);
                    same_share(&row[4], &cell["permille"]);
                }
                continue;
            }
            // Each column's head spans what counts, what it is measured against, and the share.
            for (n, column) in table["columns"].as_array().unwrap().iter().enumerate() {
                assert_eq!(
                    words(&rows[3][1 + 3 * n]),
                    column["label"].as_str().unwrap()
                );
                let last = if column["drop"] == true {
                    "增减"
                } else {
                    "比率"
                };
                assert_eq!(words(&rows[4][3 + 3 * n]), last);
            }
            let told = table["rows"].as_array().unwrap();
            assert_eq!(rows.len(), 5 + told.len(), "{who:?} {query}");
            for (row, wanted) in rows[5..].iter().zip(told) {
                assert_eq!(words(&row[0]), wanted["label"].as_str().unwrap());
                for (n, cell) in wanted["cells"].as_array().unwrap().iter().enumerate() {
                    same_count(&row[1 + 3 * n], &cell["numerator"]);
                    same_count(&row[2 + 3 * n], &cell["denominator"]);
                    same_share(&row[3 + 3 * n], &cell["permille"]);
                }
            }
            let meanings = sheet(&file, "指标口径");
            assert_eq!(
                meanings.len(),
                3 + table["columns"].as_array().unwrap().len()
            );
            // The same in CSV, without the meanings.
            let text = workbook(&app, who, &format!("/exports/indicators.csv{query}"));
            let lines = csv(&text);
            assert_eq!(lines.len(), 2 + told.len());
            for (line, wanted) in lines[1..].iter().zip(told) {
                let cell = &wanted["cells"][0]["numerator"];
                let cell = cell
                    .as_u64()
                    .map_or_else(String::new, |count| count.to_string());
                assert_eq!(
                    (&line[0], &line[1]),
                    (&wanted["label"].as_str().unwrap().to_owned(), &cell)
                );
            }
        }
    }
    for who in [Staff::Informant, Staff::Admin] {
        let call = app.by(who).get("/exports/indicators.xlsx");
        call.send().problem("forbidden");
    }
    let wrong = app
        .by(Staff::Office)
        .get("/exports/indicators.xlsx?from=2026-03-11&to=2026-03-01");
    wrong.send().problem("invalid_fields");
}

#[test]
fn standing_and_targets_cell_by_cell() {
    let app = town();
    let set = app.by(Staff::Leader).patch("/targets/2026/handled");
    set.if_match("\"0\"")
        .json(&json!({"value": 925, "note": "=镇党委会议"}))
        .expect(200);
    for who in [
        Staff::Leader,
        Staff::Office,
        Staff::Secretary,
        Staff::Auditor,
    ] {
        let view = answer(&app, who, "/villages/standing");
        let rows = sheet(&workbook(&app, who, "/exports/standing.xlsx"), "三无情况");
        marked(&rows, who);
        let villages = view["villages"].as_array().unwrap();
        assert_eq!(rows.len(), 5 + villages.len());
        for (row, village) in rows[5..].iter().zip(villages) {
            assert_eq!(words(&row[0]), village["village"]["name"].as_str().unwrap());
            let holds = if village["holds"] == true {
                "是"
            } else {
                "否"
            };
            assert_eq!(words(&row[1]), holds);
            let broken = village["broken"].as_array().unwrap();
            for (n, what) in ["abnormal", "skip_collective", "backlog"]
                .iter()
                .enumerate()
            {
                let count = broken.iter().find(|broken| broken["what"] == *what);
                let count = count.map_or(json!(0), |broken| broken["count"].clone());
                same_count(&row[2 + n], &count);
            }
        }
    }
    // The village's own, and nothing of the next.
    let own = sheet(
        &workbook(&app, Staff::Secretary, "/exports/standing.xlsx"),
        "三无情况",
    );
    assert_eq!(own.len(), 6);
    for who in [Staff::Leader, Staff::Office, Staff::Auditor] {
        let targets = answer(&app, who, "/targets");
        let rows = sheet(&workbook(&app, who, "/exports/targets.xlsx"), "年度目标");
        marked(&rows, who);
        let items = targets["items"].as_array().unwrap();
        assert_eq!(rows.len(), 5 + items.len());
        for (row, target) in rows[5..].iter().zip(items) {
            assert_eq!(words(&row[0]), target["label"].as_str().unwrap());
            same_share(&row[1], &target["value"]);
            same_count(&row[2], &target["now"]["numerator"]);
            same_count(&row[3], &target["now"]["denominator"]);
            same_share(&row[4], &target["now"]["permille"]);
            assert_eq!(words(&row[9]), target["note"].as_str().unwrap_or_default());
            match target["set_on"].as_str() {
                None => assert_eq!(row[11], Data::Empty),
                Some(day) => match &row[11] {
                    Data::DateTime(found) => {
                        assert_eq!(found.as_datetime().unwrap().date().to_string(), day);
                    }
                    other => panic!("{other:?} is no day"),
                },
            }
        }
    }
    let lines = csv(&workbook(&app, Staff::Office, "/exports/targets.csv"));
    assert!(lines.iter().any(|line| line[9] == "'=镇党委会议"));
    for who in [Staff::Police, Staff::Informant, Staff::Centre, Staff::Admin] {
        for what in ["standing", "targets"] {
            let call = app.by(who).get(format!("/exports/{what}.xlsx"));
            call.send().problem("forbidden");
        }
    }
    let call = app.by(Staff::Secretary).get("/exports/targets.xlsx");
    call.send().problem("forbidden");
}

#[test]
fn assessments_with_each_sheet() {
    let app = town();
    let start = json!({"year": 2026, "kind": "three_without"});
    let all = app
        .by(Staff::Office)
        .post("/assessments")
        .json(&start)
        .expect(200)
        .json();
    let rows = all["items"].as_array().unwrap();
    let row = rows
        .iter()
        .find(|row| row["village"]["name"] == VILLAGE)
        .unwrap();
    let id = row["id"].as_str().unwrap();
    let marks = json!({"marks": [{"code": "organisation", "score": 85, "evidence": "-查看台账"}]});
    for (who, step, seen) in [
        (Staff::Secretary, "submit", 1),
        (Staff::Office, "review", 2),
    ] {
        let call = app.by(who).post(format!("/assessments/{id}/steps/{step}"));
        call.if_match(format!("\"{seen}\""))
            .json(&marks)
            .expect(200);
    }
    let file = workbook(&app, Staff::Leader, "/exports/assessments.xlsx");
    let ranking = sheet(&file, "考核排名");
    marked(&ranking, Staff::Leader);
    let told = answer(&app, Staff::Leader, "/assessments");
    let told = told["items"].as_array().unwrap();
    assert_eq!(ranking.len(), 4 + told.len());
    for (row, wanted) in ranking[4..].iter().zip(told) {
        same_count(&row[0], &wanted["rank"]);
        assert_eq!(words(&row[1]), wanted["village"]["name"].as_str().unwrap());
        match wanted["total"].as_u64() {
            Some(total) => assert_eq!(row[2], Data::Float(total as f64 / 10.0)),
            None => assert_eq!(row[2], Data::Empty),
        }
    }
    let view = answer(&app, Staff::Leader, &format!("/assessments/{id}"));
    let single = workbook(
        &app,
        Staff::Secretary,
        &format!("/exports/assessments/{id}/sheet.xlsx"),
    );
    for (file, who) in [(&file, Staff::Leader), (&single, Staff::Secretary)] {
        let rows = sheet(file, VILLAGE);
        marked(&rows, who);
        let items = view["items"].as_array().unwrap();
        for (row, item) in rows[5..].iter().zip(items) {
            assert_eq!(words(&row[1]), item["title"].as_str().unwrap());
            for (column, field) in [(3, "full"), (4, "own"), (6, "score")] {
                match item[field].as_u64() {
                    Some(tenths) => assert_eq!(row[column], Data::Float(tenths as f64 / 10.0)),
                    None => assert_eq!(row[column], Data::Empty),
                }
            }
        }
        let backlog = rows
            .iter()
            .find(|row| words(&row[1]) == "积案（件）")
            .unwrap();
        same_count(&backlog[7], &view["data"]["backlog"]);
        let sum = rows.last().unwrap();
        assert_eq!(
            sum[6],
            Data::Float(view["row"]["total"].as_u64().unwrap() as f64 / 10.0)
        );
    }
    let lines = csv(&workbook(
        &app,
        Staff::Office,
        &format!("/exports/assessments/{id}/sheet.csv"),
    ));
    assert!(lines.iter().any(|line| line[7] == "'-查看台账"));
    let foreign = app
        .by(Staff::NextSecretary)
        .get(format!("/exports/assessments/{id}/sheet.xlsx"));
    foreign.send().problem("not_found");
    for who in [Staff::Police, Staff::Informant, Staff::Admin] {
        app.by(who)
            .get("/exports/assessments.xlsx")
            .send()
            .problem("forbidden");
        let call = app
            .by(who)
            .get(format!("/exports/assessments/{id}/sheet.xlsx"));
        call.send().problem("forbidden");
    }
}

#[test]
fn reports_and_the_board_cell_by_cell() {
    let app = TestApp::start();
    let findings = json!([
        {"cause": "=1+1渠口争水", "occurred_on": "2026-03-09", "people_count": 3, "severity": "grave",
         "category": "water"},
        {"cause": "两家争地埂", "severity": "ordinary"},
    ]);
    let daily = json!({"kind": "daily", "period_start": "2026-03-10", "findings": findings});
    let call = app
        .by(Staff::Informant)
        .post("/reports/submit")
        .json(&daily);
    let sent = call.expect(200).json();
    let id = sent["report"]["id"].as_str().unwrap();
    let finding = sent["findings"][0]["id"].as_str().unwrap();
    let call = app
        .by(Staff::Secretary)
        .post(format!("/reports/{id}/findings/{finding}/case"));
    let etag = app
        .by(Staff::Office)
        .get(format!("/reports/{id}"))
        .expect(200)
        .etag();
    let made = call
        .if_match(etag)
        .json(&json!({"kind": "sign"}))
        .expect(200)
        .json();
    let number = made["findings"][0]["case"]["name"]
        .as_str()
        .unwrap()
        .to_owned();

    for who in [Staff::Office, Staff::Secretary, Staff::Auditor] {
        let board = answer(&app, who, "/reports/board?kind=daily");
        let rows = sheet(
            &workbook(&app, who, "/exports/report-board.xlsx?kind=daily"),
            "报送情况",
        );
        marked(&rows, who);
        let units = board["units"].as_array().unwrap();
        let periods = board["periods"].as_array().unwrap().len();
        // Title, mark, period, two lines of head, the units, the sum.
        assert_eq!(rows.len(), 5 + units.len() + 1, "{who:?}");
        for (row, unit) in rows[5..].iter().zip(units) {
            assert_eq!(words(&row[1]), unit["unit"]["name"].as_str().unwrap());
            for (n, field) in ["on_time", "late", "missing", "zero", "with_findings"]
                .iter()
                .enumerate()
            {
                same_count(&row[2 + periods + 1 + n], &unit["totals"][field]);
            }
        }
        let group = units
            .iter()
            .position(|unit| unit["unit"]["name"] == "五里墩村1社")
            .unwrap();
        assert_eq!(words(&rows[5 + group][1 + periods]), "2项");
    }
    for who in [Staff::Office, Staff::Secretary] {
        let query = "?kind=daily&pending=false";
        let file = workbook(&app, who, &format!("/exports/reports.xlsx{query}"));
        let rows = sheet(&file, "排查报告");
        marked(&rows, who);
        assert!(words(&rows[2][0]).contains("日"), "{:?}", rows[2]);
        let rows = &rows[5..];
        assert_eq!(rows.len(), 2, "{who:?}");
        assert_eq!(words(&rows[0][0]), "五里墩村1社");
        assert!(matches!(rows[0][3], Data::DateTime(_)) && matches!(rows[0][4], Data::DateTime(_)));
        assert_eq!(words(&rows[0][11]), "=1+1渠口争水");
        assert_eq!(rows[0][15], Data::Float(3.0));
        assert!(matches!(rows[0][12], Data::DateTime(_)));
        assert_eq!(words(&rows[0][22]), number);
        assert_eq!(
            (words(&rows[1][11]), words(&rows[1][22])),
            ("两家争地埂".to_owned(), String::new())
        );
        // As many rows of reports as the list has.
        let all = answer(&app, who, "/reports?kind=daily&limit=200");
        let file = workbook(&app, who, "/exports/reports.xlsx?kind=daily");
        let reports = all["total"].as_u64().unwrap();
        assert_eq!(sheet(&file, "排查报告").len() as u64, 5 + reports + 1);
    }
    let next = workbook(&app, Staff::NextSecretary, "/exports/reports.csv");
    assert!(!String::from_utf8(next).unwrap().contains("渠口争水"));
    for who in [
        Staff::Informant,
        Staff::Police,
        Staff::Centre,
        Staff::Auditor,
        Staff::Admin,
    ] {
        app.by(who)
            .get("/exports/reports.xlsx")
            .send()
            .problem("forbidden");
    }
    for who in [Staff::Informant, Staff::Police, Staff::Admin] {
        app.by(who)
            .get("/exports/report-board.xlsx")
            .send()
            .problem("forbidden");
    }
}

#[test]
fn each_is_noted_before_it_is_given_out() {
    let app = town();
    let start = json!({"year": 2026, "kind": "three_without"});
    app.by(Staff::Office)
        .post("/assessments")
        .json(&start)
        .expect(200);
    for (path, name) in [
        (
            "/exports/report-board.csv?kind=weekly",
            "导出报送情况9行（CSV）；条件：周",
        ),
        (
            "/exports/reports.xlsx?kind=weekly",
            "导出排查报告9行（XLSX）；条件：周",
        ),
        ("/exports/indicators.xlsx?by=village", "导出统计指标"),
        (
            "/exports/standing.csv?year=2026",
            "导出三无情况9行（CSV）；条件：2026年",
        ),
        ("/exports/targets.xlsx", "导出年度目标"),
        ("/exports/assessments.xlsx", "导出村级考核9行（XLSX）"),
    ] {
        app.by(Staff::Office).get(path).expect(200);
        let log = answer(&app, Staff::Auditor, "/audit?action=export");
        let first = &log["items"][0];
        let detail = first["detail"].as_str().unwrap();
        assert!(detail.starts_with(name), "{detail}");
        assert_eq!(first["user_name"], "孙立新");
    }
}

/// An accusation against the village: its secretary finds nothing of it in any file, and no count has it.
#[test]
fn what_is_sealed_is_in_no_file() {
    let app = TestApp::start();
    let path = "/exports/indicators.csv?by=village";
    let before: Vec<Vec<u8>> = tests::traces::EXPORTS
        .iter()
        .chain(&["/exports/ledger.csv", path])
        .filter_map(|path| {
            let file = app.by(Staff::Secretary).get(*path).send();
            (file.status == 200).then_some(file.body)
        })
        .collect();
    let sealed = app
        .case()
        .village(VILLAGE)
        .accuses(VILLAGE)
        .cause("村干部截留灌溉补助")
        .collective(8, 2)
        .register();
    let after: Vec<Vec<u8>> = tests::traces::EXPORTS
        .iter()
        .chain(&["/exports/ledger.csv", path])
        .filter_map(|path| {
            let file = app.by(Staff::Secretary).get(*path).send();
            (file.status == 200).then_some(file.body)
        })
        .collect();
    assert!(!before.is_empty());
    for (before, after) in before.iter().zip(&after) {
        let (mut before, mut after) = (csv(before), csv(after));
        // The last line says when.
        before.pop();
        after.pop();
        assert_eq!(before, after);
    }
    let all = app
        .by(Staff::Office)
        .get("/exports/ledger.csv")
        .expect(200)
        .text();
    assert!(all.contains(&sealed.number) && all.contains("截留灌溉补助"));
}

/// LibreOffice opens and prints it, where it is there.
#[test]
fn libreoffice_prints_a_workbook() {
    let app = town();
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let printed = |file: &std::path::Path| {
        let home = format!("-env:UserInstallation=file://{}", home.display());
        let made = Command::new("soffice")
            .args([&home, "--headless", "--convert-to", "pdf", "--outdir"])
            .arg(folder.path())
            .arg(file)
            .output();
        made.ok()?;
        let name = folder.path().join(file.file_name()?).with_extension("pdf");
        let size = std::fs::metadata(name).ok()?.len();
        Some(size)
    };
    // A workbook that a hand kept: what cannot open that one has no part for workbooks.
    let known = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/ledger-2023.xlsx");
    if printed(known.as_ref()).is_none() {
        println!("LibreOffice Calc is not there: printing a workbook was not tried");
        return;
    }
    for (name, path) in [
        ("ledger", "/exports/ledger.xlsx"),
        (
            "indicators",
            "/exports/indicators.xlsx?by=village&group=drops",
        ),
        ("reports", "/exports/reports.xlsx?kind=weekly"),
        ("standing", "/exports/standing.xlsx"),
    ] {
        let file = folder.path().join(format!("{name}.xlsx"));
        std::fs::write(&file, workbook(&app, Staff::Office, path)).unwrap();
        let size = printed(&file);
        assert!(size.is_some_and(|size| size > 1000), "{name}: {size:?}");
    }
}
