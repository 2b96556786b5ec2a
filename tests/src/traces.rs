//! Every way in which somebody could learn that a case exists.

use calamine::Data;
use serde_json::{Value, json};

use shared::case::view::TodoList;

use crate::app::{TestApp, with_query};
use crate::client::Answer;
use crate::files;
use crate::staff::Staff;

/// What a case is known by. Each is of this case alone.
#[derive(Debug, Clone)]
pub struct Marks {
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: String,
    /// Words of its cause, at least four characters.
    pub words: String,
    /// The ID number of one of its people.
    pub id_number: String,
}

/// The rows of the exported ledger below its head, as text; days as `2026-03-10`.
pub fn rows_of(workbook: &[u8]) -> Vec<Vec<String>> {
    let rows = files::sheet(workbook, "台账").into_iter();
    let text = |cell: &Data| match cell {
        Data::DateTime(day) => day
            .as_datetime()
            .map_or_else(String::new, |day| day.date().to_string()),
        cell => cell.to_string(),
    };
    rows.skip_while(|row| row[0] != "编号")
        .skip(1)
        .map(|row| row.iter().map(text).collect())
        .collect()
}

/// The ways in which `who` can tell that the case exists; none where it is hidden from them.
pub fn traces(app: &TestApp, who: Staff, marks: &Marks) -> Vec<&'static str> {
    let client = app.by(who);
    let mut found = Vec::new();
    let mut note = |way: &'static str, is_found: bool| {
        if is_found {
            found.push(way);
        }
    };
    let names_it = |answer: &Answer| {
        let text = answer.text();
        text.contains(&marks.id) || text.contains(&marks.number) || text.contains(&marks.words)
    };
    // By its address. A refusal (403, 409, 412, 422) tells as much as an answer.
    let case = format!("/cases/{}", marks.id);
    let reading = [
        ("by id", ""),
        ("events", "/events"),
        ("people", "/people"),
        ("attachments", "/attachments"),
        ("receipt", "/receipt"),
        ("actions", "/actions"),
        ("matters", "/matters"),
        ("documents", "/documents"),
        ("field visits", "/field-visits"),
        ("satisfaction", "/satisfaction"),
    ];
    for (way, below) in reading {
        note(
            way,
            client.get(format!("{case}{below}")).send().status != 404,
        );
    }
    for action in ["note", "accept", "hand_over", "reopen"] {
        let call = client
            .post(format!("{case}/actions/{action}"))
            .if_match("\"0\"");
        note("act", call.json(&json!({})).send().status != 404);
    }
    let call = client.patch(&case).if_match("\"0\"");
    note("edit", call.json(&json!({})).send().status != 404);
    let person = json!({"role": "other_party", "name": ""});
    let call = client.post(format!("{case}/people"));
    note("add a person", call.json(&person).send().status != 404);
    let call = client.post(format!("{case}/attachments"));
    note(
        "attach",
        call.file("空.txt", Vec::new()).send().status != 404,
    );

    // In lists, searches and their counts.
    let lists = |query: &[(&str, &str)]| {
        let answer = client.get(with_query("/cases", query)).send();
        (answer.status == 200).then(|| answer.json())
    };
    if let Some(page) = lists(&[]) {
        let rows = app.walk(who, 200, &[]);
        note("list", rows.iter().any(|row| row["id"] == *marks.id));
        assert_eq!(
            page["total"],
            rows.len(),
            "{who:?}: the total counts what is listed"
        );
    }
    let digits: String = marks.number.chars().filter(char::is_ascii_digit).collect();
    for (way, query) in [
        ("search by words", marks.words.as_str()),
        ("search by number", marks.number.as_str()),
        ("search by digits", &digits[4..]),
    ] {
        if let Some(page) = lists(&[("q", query)]) {
            let rows = page["items"].as_array().expect("items");
            note(way, rows.iter().any(|row| row["id"] == *marks.id));
            assert_eq!(page["total"], rows.len(), "{who:?}: {query}");
        }
    }
    let export = client.get("/exports/ledger.xlsx").send();
    if export.status == 200 {
        let rows = rows_of(&export.body);
        let found = rows
            .iter()
            .flatten()
            .any(|cell| cell.contains(&marks.number) || cell.contains(&marks.words));
        note("export", found);
        let text = client.get("/exports/ledger.csv").expect(200);
        assert_eq!(
            names_it(&text),
            found,
            "{who:?}: the two files say the same"
        );
    }
    for path in EXPORTS {
        let export = client.get(path).send();
        assert!(matches!(export.status, 200 | 403), "{who:?}: {path}");
        note("other exports", export.status == 200 && names_it(&export));
    }
    // The analysis names open cases to leaders and office, and sealed ones to nobody.
    let seen = client.get(&case).send();
    let named = seen.status == 200 && seen.json()["sealed"] == false;
    let month = client.get("/analyses/2026-03").send();
    note(
        "analysis",
        !named && month.status == 200 && names_it(&month),
    );
    let home = client.get("/dashboard").send();
    if home.status == 200 {
        note("dashboard", names_it(&home));
        for todo in home.json()["todos"].as_array().expect("todos") {
            let query = todo["query"].as_str().expect("a query");
            let list: TodoList = serde_json::from_value(todo["list"].clone()).expect("a list");
            let listed = client
                .get(format!("{}?{query}", list.api()))
                .expect(200)
                .json();
            assert_eq!(todo["count"], listed["total"], "{who:?}: {todo}");
        }
    }
    // In the lists of what is done about cases; none of them is for everybody.
    for (way, path) in LISTS {
        let list = client.get(path).send();
        assert!(matches!(list.status, 200 | 403), "{who:?}: {path}");
        note(way, list.status == 200 && names_it(&list));
    }

    // In the lists of the field, where few cases are.
    for path in [
        "/visits?limit=200",
        "/promises?state=all",
        "/reception-days",
    ] {
        let list = client.get(path).send();
        assert!(matches!(list.status, 200 | 403), "{who:?}: {path}");
        note("lists of the field", list.status == 200 && names_it(&list));
    }

    // In hints while something is registered.
    let query = json!({"cause": marks.words, "id_numbers": [marks.id_number], "names": ["张三"]});
    let hints = client.post("/cases/similar").json(&query).send();
    note("similar", hints.status == 200 && names_it(&hints));
    // A repeat of it: with another fault, so that nothing comes of it.
    let mut input = app.case().input().clone();
    input["kind"] = json!("sign");
    input["people_count"] = json!(0);
    input["earlier_case_id"] = json!(marks.id);
    let repeat = client.post("/cases").json(&input).send();
    if repeat.status == 422 {
        let errors = repeat.json()["errors"].clone();
        let errors = errors.as_array().expect("errors");
        let unknown =
            |error: &Value| error["field"] == "earlier_case_id" && error["code"] == "unknown";
        note("earlier case", !errors.iter().any(unknown));
    }
    let log = client.get(with_query("/audit", &[("limit", "200")])).send();
    note("audit", log.status == 200 && names_it(&log));
    let file = client.get("/exports/audit.csv").send();
    note("audit as a file", file.status == 200 && names_it(&file));
    let by_number = client
        .get(with_query("/audit", &[("number", &marks.number)]))
        .send();
    let by_number = by_number.status == 200 && by_number.json()["total"] != 0;
    note("audit by number", by_number);
    let of_case = client
        .get(with_query("/audit", &[("case_id", &marks.id)]))
        .send();
    note(
        "audit of the case",
        of_case.status == 200 && of_case.json()["total"] != 0,
    );
    found.dedup();
    found
}

/// The exports beside the ledger's.
pub const EXPORTS: [&str; 6] = [
    "/exports/reports.csv",
    "/exports/report-board.csv",
    "/exports/indicators.csv?by=village",
    "/exports/standing.csv",
    "/exports/targets.csv",
    "/exports/assessments.csv",
];

/// The lists of what is done about cases, by the way that they are: a case stands in one when there
/// is something of the kind.
pub const LISTS: [(&str, &str); 6] = [
    ("list of matters", "/matters?limit=200"),
    (
        "calendar",
        "/calendar?from=2026-01-01&to=2026-12-31&scope=all",
    ),
    ("list of orders", "/orders?limit=200"),
    ("list of measures", "/measures"),
    ("backlog", "/backlog?limit=200"),
    ("proposals for the backlog", "/backlog/proposals?limit=200"),
];

/// The ways that are open to a role that sees the case and exports.
pub const ALL: &[&str] = &[
    "by id",
    "events",
    "people",
    "attachments",
    "receipt",
    "actions",
    "matters",
    "documents",
    "field visits",
    "satisfaction",
    "act",
    "edit",
    "add a person",
    "attach",
    "list",
    "search by words",
    "search by number",
    "search by digits",
    "export",
    "dashboard",
    "similar",
    "earlier case",
];
