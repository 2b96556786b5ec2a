//! The ledger as a list: filters, order, pages, totals.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::case::view::TodoList;
use tests::app::with_query;
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::{Answer, Staff, TestApp};

/// Cases that differ in everything that a filter looks at.
fn fill(app: &TestApp) {
    let case = || app.case();
    case().village(VILLAGE).received("2026-01-05").register();
    case()
        .village(VILLAGE)
        .by(Staff::Secretary)
        .kind("dispute")
        .set("channel", "inspection")
        .received("2026-03-01")
        .register()
        .accepted();
    case()
        .village(NEXT_VILLAGE)
        .by(Staff::NextSecretary)
        .kind("sign")
        .set("severity", "urgent")
        .register();
    case()
        .set("category", "water")
        .without("subcategory")
        .set("channel", "letter")
        .set("purpose", "suggestion")
        .register()
        .accepted()
        .dispatched("派出所");
    let lead = json!({"user_id": app.user(Staff::Leader)});
    case()
        .collective(12, 3)
        .received("2025-12-20")
        .register()
        .accepted()
        .then(Staff::Office, "set_lead", lead);
    case()
        .set("procedure", "simple")
        .received("2026-03-09")
        .by(Staff::Office)
        .register()
        .transferred("司法所");
    let backlog = case().village(VILLAGE).received("2025-06-01").register();
    backlog
        .clone()
        .then(Staff::Leader, "mark_backlog", json!({"text": "久拖不决"}));
    case()
        .set("earlier_case_id", backlog.id)
        .set("channel", "superior")
        .register();
    let done = case()
        .village(NEXT_VILLAGE)
        .received("2026-02-02")
        .register();
    done.accepted()
        .dispatched(NEXT_VILLAGE)
        .taken(Staff::NextSecretary)
        .answered(Staff::NextSecretary)
        .closed();
    case().register().then(
        Staff::Office,
        "decline",
        json!({"text": "应走诉讼", "path": "litigation"}),
    );
    case()
        .accuses("派出所")
        .set("category", "village_affairs")
        .set("subcategory", "cadres")
        .register();
}

fn text<'a>(case: &'a Value, field: &str) -> &'a str {
    case[field].as_str().unwrap_or_default()
}

/// Each filter of the contract finds just the cases of which it is true.
#[test]
fn each_filter_narrows_as_it_says() {
    let app = TestApp::start();
    fill(&app);
    let all: Vec<Value> = app
        .walk(Staff::Leader, 200, &[])
        .iter()
        .map(|row| {
            app.by(Staff::Leader)
                .get(format!("/cases/{}", text(row, "id")))
                .expect(200)
                .json()
        })
        .collect();
    assert_eq!(all.len(), 11);
    let (village, police, leader) = (
        app.unit(VILLAGE),
        app.unit("派出所"),
        app.user(Staff::Leader),
    );
    let is_open = |case: &Value| !["closed", "declined"].contains(&text(case, "state"));
    type Test<'a> = Box<dyn Fn(&Value) -> bool + 'a>;
    let table: Vec<(Vec<(&str, &str)>, Test)> = vec![
        (
            vec![("kind", "dispute")],
            Box::new(|c| c["kind"] == "dispute"),
        ),
        (
            vec![("kind", "dispute,sign")],
            Box::new(|c| c["kind"] != "petition"),
        ),
        (
            vec![("kind", " dispute , sign ,")],
            Box::new(|c| c["kind"] != "petition"),
        ),
        (
            vec![("state", "accepted")],
            Box::new(|c| c["state"] == "accepted"),
        ),
        (
            vec![("state", "closed,declined")],
            Box::new(|c| !is_open(c)),
        ),
        (
            vec![("category", "water")],
            Box::new(|c| c["category"] == "water"),
        ),
        (
            vec![("category", "water,village_affairs")],
            Box::new(|c| c["category"] != "rural"),
        ),
        (
            vec![("channel", "letter,superior")],
            Box::new(|c| ["letter", "superior"].contains(&text(c, "channel"))),
        ),
        (
            vec![("purpose", "accusation")],
            Box::new(|c| c["purpose"] == "accusation"),
        ),
        (
            vec![("severity", "urgent")],
            Box::new(|c| c["severity"] == "urgent"),
        ),
        (
            vec![("procedure", "simple")],
            Box::new(|c| c["procedure"] == "simple"),
        ),
        (
            vec![("village_id", village)],
            Box::new(|c| c["village"]["id"] == village),
        ),
        (
            vec![("unit_id", police)],
            Box::new(|c| c["responsible_unit"]["id"] == police),
        ),
        (
            vec![("lead_id", leader)],
            Box::new(|c| c["lead"]["id"] == leader),
        ),
        (
            vec![("overdue", "true")],
            Box::new(|c| c["overdue"] == true),
        ),
        (
            vec![("overdue", "false")],
            Box::new(|c| c["overdue"] == false),
        ),
        (
            vec![("due_before", "2026-03-25")],
            Box::new(|c| !c["due_on"].is_null() && text(c, "due_on") <= "2026-03-25"),
        ),
        (
            vec![("due_from", "2026-03-25")],
            Box::new(|c| text(c, "due_on") >= "2026-03-25"),
        ),
        (
            vec![("due_from", "2026-03-11"), ("due_before", "2026-03-25")],
            Box::new(|c| ("2026-03-11"..="2026-03-25").contains(&text(c, "due_on"))),
        ),
        (
            vec![("backlog", "true")],
            Box::new(|c| c["backlog"] == true),
        ),
        (
            vec![("backlog", "false")],
            Box::new(|c| c["backlog"] == false),
        ),
        (
            vec![("collective", "true")],
            Box::new(|c| c["people_count"].as_u64() >= Some(5)),
        ),
        (
            vec![("collective", "false")],
            Box::new(|c| c["people_count"].as_u64() < Some(5)),
        ),
        (
            vec![("first", "true")],
            Box::new(|c| c["earlier_case"].is_null()),
        ),
        (
            vec![("first", "false")],
            Box::new(|c| !c["earlier_case"].is_null()),
        ),
        (
            vec![("received_from", "2026-03-01")],
            Box::new(|c| text(c, "received_on") >= "2026-03-01"),
        ),
        (
            vec![("received_to", "2026-01-05")],
            Box::new(|c| text(c, "received_on") <= "2026-01-05"),
        ),
        (
            vec![
                ("received_from", "2026-01-05"),
                ("received_to", "2026-03-01"),
            ],
            Box::new(|c| ("2026-01-05"..="2026-03-01").contains(&text(c, "received_on"))),
        ),
        (vec![("open", "true")], Box::new(is_open)),
        (vec![("open", "false")], Box::new(|c| !is_open(c))),
        (
            vec![("mine", "true")],
            Box::new(|c| {
                [
                    &c["lead"]["id"],
                    &c["responsible_user"]["id"],
                    &c["registrar"]["id"],
                ]
                .iter()
                .any(|id| **id == leader)
            }),
        ),
        (
            vec![("q", "流转"), ("kind", "sign")],
            Box::new(|c| c["kind"] == "sign"),
        ),
        (
            vec![
                ("state", "registered"),
                ("village_id", village),
                ("open", "true"),
            ],
            Box::new(|c| c["state"] == "registered" && c["village"]["id"] == village),
        ),
    ];
    for (query, is_found) in table {
        let expected: BTreeSet<&str> = all
            .iter()
            .filter(|case| is_found(case))
            .map(|case| text(case, "number"))
            .collect();
        assert!(
            !expected.is_empty() && expected.len() < all.len(),
            "{query:?} tells nothing here"
        );
        let found = app.found(Staff::Leader, &query);
        assert_eq!(
            found.iter().map(String::as_str).collect::<BTreeSet<_>>(),
            expected,
            "{query:?}"
        );
    }
    for (query, expected) in [
        (&[("kind", "sign"), ("state", "closed")][..], 0),
        (&[("village_id", "x")], 0),
        (&[("unit_id", "' OR 1=1 --")], 0),
        (&[("kind", ""), ("village_id", ""), ("q", "")], all.len()),
    ] {
        assert_eq!(app.found(Staff::Leader, query).len(), expected, "{query:?}");
    }
}

/// What "mine" is depends on who asks.
#[test]
fn mine_is_what_i_lead_handle_or_registered() {
    let app = TestApp::start();
    fill(&app);
    let mine = |who: Staff| app.found(who, &[("mine", "true")]).len();
    let all = |who: Staff| app.found(who, &[]).len();
    assert_eq!((mine(Staff::Leader), all(Staff::Leader)), (1, 11));
    assert_eq!((mine(Staff::Secretary), all(Staff::Secretary)), (1, 3));
    assert_eq!(
        (mine(Staff::NextSecretary), all(Staff::NextSecretary)),
        (2, 2)
    );
    assert_eq!((mine(Staff::OtherCentre), all(Staff::OtherCentre)), (0, 8));
}

#[test]
fn a_query_that_says_nothing_sensible_is_refused_by_name() {
    let app = TestApp::start();
    let get = |query: &[(&str, &str)]| -> Answer {
        app.by(Staff::Leader)
            .get(with_query("/cases", query))
            .send()
    };
    for (query, field) in [
        (("kind", "complaint"), "kind:unknown"),
        (("state", "registered,open"), "state:unknown"),
        (("category", "Rural"), "category:unknown"),
        (("channel", "fax"), "channel:unknown"),
        (("sort", "cause"), "sort:unknown"),
        (("sort", "--number"), "sort:unknown"),
        (("limit", "0"), "limit:out_of_range"),
        (("limit", "201"), "limit:out_of_range"),
        (("cursor", "x"), "cursor:invalid"),
        (("cursor", ""), "cursor:invalid"),
        (("cursor", "eyJ4IjoxfQ"), "cursor:invalid"),
    ] {
        assert_eq!(get(&[query]).invalid_fields(), [field], "{query:?}");
    }
    let problem = get(&[("kind", "complaint")]).problem("invalid_fields");
    assert!(problem.detail.contains("petition"), "{}", problem.detail);
    for query in [
        ("limit", "many"),
        ("limit", "-1"),
        ("limit", "99999999999"),
        ("overdue", "yes"),
        ("backlog", "1"),
        ("received_from", "2026-02-30"),
        ("due_before", "tomorrow"),
        ("colour", "red"),
        ("kind[]", "sign"),
    ] {
        get(&[query]).problem("bad_request");
    }
    get(&[("kind", "sign"), ("kind", "dispute")]).problem("bad_request");
    let problem = get(&[("colour", "red")]).problem("bad_request");
    assert!(problem.detail.contains("colour"), "{}", problem.detail);
}

/// A walk through the pages gives every row that was there exactly once, in order, for every order
/// in both directions, while others register.
#[test]
fn pages_give_every_row_once_while_rows_come() {
    let app = TestApp::start();
    fill(&app);
    // Many of the same day, so that ties must be broken.
    for _ in 0..14 {
        app.case().received("2026-03-01").register();
    }
    for (key, field) in [
        ("received_on", "received_on"),
        ("due_on", "due_on"),
        ("number", "number"),
        ("updated_at", ""),
    ] {
        for sort in [key.to_owned(), format!("-{key}")] {
            for limit in [2, 7] {
                check_walk(&app, &sort, field, limit);
            }
        }
    }
}

fn check_walk(app: &TestApp, sort: &str, field: &str, limit: u32) {
    let before: BTreeSet<String> = app
        .walk(Staff::Leader, 200, &[])
        .iter()
        .map(|row| text(row, "id").to_owned())
        .collect();
    let limit_text = limit.to_string();
    let (mut rows, mut cursor, mut page_number) = (Vec::new(), None::<String>, 0);
    loop {
        let mut query = vec![("sort", sort), ("limit", &*limit_text)];
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let page = app.list(Staff::Leader, &query);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit as usize);
        rows.extend(items.iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        assert_eq!(items.len(), limit as usize);
        cursor = Some(next.to_owned());
        page_number += 1;
        // Rows come before, between and after those at hand.
        if page_number % 3 == 1 && page_number < 10 {
            for day in ["2020-01-01", "2026-03-01", "2026-03-10"] {
                app.case().received(day).register();
            }
        }
        assert!(rows.len() < 2000, "the walk does not end");
    }
    let ids: Vec<&str> = rows.iter().map(|row| text(row, "id")).collect();
    let distinct: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(
        distinct.len(),
        ids.len(),
        "{sort} {limit}: a row came twice"
    );
    assert!(
        before.iter().all(|id| distinct.contains(id.as_str())),
        "{sort} {limit}: a row was left out"
    );
    if field.is_empty() {
        return;
    }
    // Nothing due comes last.
    let value = |row: &Value| match &row[field] {
        Value::Null => "9999-12-31".to_owned(),
        value => value.as_str().unwrap().to_owned(),
    };
    let values: Vec<String> = rows.iter().map(value).collect();
    let mut sorted = values.clone();
    sorted.sort();
    if sort.starts_with('-') {
        sorted.reverse();
    }
    // Numbers sort by year, series and count; these are all of one series.
    let comparable = field != "number";
    assert!(!comparable || values == sorted, "{sort}: {values:?}");
}

#[test]
fn numbers_sort_by_year_and_count() {
    let app = TestApp::start();
    for day in [
        "2026-03-01",
        "2025-05-01",
        "2026-01-01",
        "2024-01-01",
        "2025-01-01",
    ] {
        app.case().received(day).register();
    }
    let numbers = app.found(Staff::Office, &[("sort", "number")]);
    assert_eq!(
        numbers,
        [
            "2024〕00001",
            "2025〕00001",
            "2025〕00002",
            "2026〕00001",
            "2026〕00002"
        ]
        .map(|n| format!("平川信〔{n}号"))
    );
}

#[test]
fn what_is_due_first_comes_first_and_nothing_due_last() {
    let app = TestApp::start();
    fill(&app);
    let rows = app.walk(Staff::Leader, 3, &[("sort", "due_on")]);
    let due: Vec<Option<&str>> = rows.iter().map(|row| row["due_on"].as_str()).collect();
    let first_none = due.iter().position(Option::is_none).unwrap();
    assert!(due[first_none..].iter().all(Option::is_none), "{due:?}");
    assert!(due[..first_none].is_sorted(), "{due:?}");
    assert!(first_none > 3 && first_none < due.len());
}

#[test]
fn the_latest_change_comes_first_where_asked() {
    let app = TestApp::start();
    let cases: Vec<_> = (0..4).map(|_| app.case().register()).collect();
    // The clock's milliseconds tell them apart.
    std::thread::sleep(std::time::Duration::from_millis(5));
    cases[1]
        .act(Staff::Office, "note", json!({"text": "走访"}))
        .expect(200);
    let rows = app.list(Staff::Office, &[("sort", "-updated_at"), ("limit", "1")]);
    assert_eq!(rows["items"][0]["id"], cases[1].id);
    let recent = app.by(Staff::Office).get("/dashboard").expect(200).json();
    assert_eq!(recent["recent"][0]["id"], cases[1].id);
}

#[test]
fn a_cursor_is_of_its_order_and_not_of_its_reader() {
    let app = TestApp::start();
    for _ in 0..3 {
        app.case().village(VILLAGE).register();
    }
    app.case().village(NEXT_VILLAGE).register();
    let page = app.list(Staff::Leader, &[("limit", "1")]);
    let cursor = page["next_cursor"].as_str().unwrap();
    let query = [("limit", "1"), ("sort", "due_on"), ("cursor", cursor)];
    let answer = app
        .by(Staff::Leader)
        .get(with_query("/cases", &query))
        .send();
    assert_eq!(answer.invalid_fields(), ["cursor:invalid"]);
    // Somebody else's cursor shows no more than one's own.
    let page = app.list(Staff::Secretary, &[("limit", "50"), ("cursor", cursor)]);
    assert_eq!(page["total"], 3);
    for row in page["items"].as_array().unwrap() {
        assert_eq!(row["village"]["name"], VILLAGE);
    }
}

/// Each line of the home page opens the list that it counts.
#[test]
fn the_home_page_counts_what_its_lists_show() {
    let app = TestApp::start();
    fill(&app);
    for who in Staff::ALL {
        let answer = app.by(who).get("/dashboard").send();
        if matches!(who, Staff::Auditor | Staff::Admin) {
            answer.problem("forbidden");
            continue;
        }
        let home = answer.expect(200).json();
        assert_eq!(home["today"], "2026-03-10");
        let todos = home["todos"].as_array().unwrap();
        assert!(!todos.is_empty(), "{who:?}");
        for todo in todos {
            let query = text(todo, "query");
            let list: TodoList = serde_json::from_value(todo["list"].clone()).unwrap();
            let listed = app
                .by(who)
                .get(format!("{}?{query}", list.path()))
                .expect(200)
                .json();
            assert_eq!(listed["total"], todo["count"], "{who:?} {todo}");
            assert!(todo["urgent"] == false || todo["count"] != 0);
        }
        let due: Vec<&str> = home["due_soon"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["due_on"].as_str().unwrap_or("9"))
            .collect();
        assert!(due.is_sorted() && due.len() <= 8, "{due:?}");
    }
    let office = app.by(Staff::Office).get("/dashboard").expect(200).json();
    let count = |title: &str| {
        office["todos"]
            .as_array()
            .unwrap()
            .iter()
            .find(|t| t["title"] == title)
            .unwrap()["count"]
            .clone()
    };
    assert_eq!(count("积案"), 1);
    assert_eq!(count("已转送未接办"), 1);
}
