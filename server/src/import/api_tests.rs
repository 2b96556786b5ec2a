//! The import through HTTP, over a demo township in a database of its own.

use actix_web::dev::ServiceResponse;
use actix_web::http::header;
use actix_web::{App, test};
use serde_json::{Value, json};

use super::tests::FIXTURE;
use crate::clock::Clock;
use crate::config::{Config, Flags};
use crate::state::State;

const BOUNDARY: &str = "ledgerboundary";

/// A form with a file and fields.
fn form(name: &str, bytes: &[u8], fields: &[(&str, &str)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (field, value) in fields {
        body.extend(format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n").bytes());
    }
    body.extend(format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n").bytes());
    body.extend(bytes);
    body.extend(format!("\r\n--{BOUNDARY}--\r\n").bytes());
    body
}

struct Demo {
    state: State,
    tokens: std::collections::HashMap<&'static str, String>,
    _dir: tempfile::TempDir,
}

macro_rules! serving {
    ($demo:expr) => {
        test::init_service(App::new().configure(crate::app::configure($demo.state.clone()))).await
    };
}

macro_rules! call {
    ($app:expr, $demo:expr, $role:expr, $request:expr) => {{
        let token = format!("Bearer {}", $demo.tokens[$role]);
        let request = $request.insert_header((header::AUTHORIZATION, token));
        let response = test::call_service(&$app, request.to_request()).await;
        answer(response).await
    }};
}

async fn answer(response: ServiceResponse) -> (u16, Value) {
    let status = response.status().as_u16();
    let body = test::read_body(response).await;
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn upload(path: &str, body: Vec<u8>) -> test::TestRequest {
    test::TestRequest::post()
        .uri(path)
        .insert_header((
            header::CONTENT_TYPE,
            format!("multipart/form-data; boundary={BOUNDARY}"),
        ))
        .set_payload(body)
}

fn get(path: &str) -> test::TestRequest {
    test::TestRequest::get().uri(path)
}

async fn demo() -> Demo {
    let dir = tempfile::tempdir().unwrap();
    let flags = Flags {
        data_dir: Some(dir.path().display().to_string()),
        ..Flags::default()
    };
    let config = Config::load(&flags).unwrap();
    let clock = Clock::manual("2026-11-24T02:00:00Z".parse().unwrap());
    let state = State::open(config, clock, true).unwrap();
    crate::demo::load(&state).unwrap();
    let mut demo = Demo {
        state,
        tokens: std::collections::HashMap::new(),
        _dir: dir,
    };
    let app = serving!(demo);
    for role in [
        "coordination_office",
        "village_secretary",
        "township_leader",
        "administrator",
    ] {
        let sign_in = test::TestRequest::post()
            .uri("/api/v1/session")
            .peer_addr("127.0.0.1:1".parse().unwrap())
            .set_json(json!({"username": role, "password": crate::demo::PASSWORD}));
        let (status, body) = answer(test::call_service(&app, sign_in.to_request()).await).await;
        assert_eq!(status, 200, "{body}");
        demo.tokens
            .insert(role, body["access_token"].as_str().unwrap().to_owned());
    }
    demo
}

fn fixture() -> Vec<u8> {
    std::fs::read(FIXTURE).unwrap()
}

const LEDGER: &str = "/api/v1/imports/ledger";

#[actix_web::test]
async fn preview_confirm_again_undo() {
    let demo = demo().await;
    let app = serving!(demo);
    let office = "coordination_office";
    let count = |body: &Value| body["total"].as_u64().unwrap();
    let (_, before) = call!(app, demo, office, get("/api/v1/cases"));

    // A preview writes nothing.
    let (status, preview) = call!(
        app,
        demo,
        office,
        upload(LEDGER, form("ledger-2023.xlsx", &fixture(), &[]))
    );
    assert_eq!(status, 200, "{preview}");
    assert_eq!(preview["dry_run"], true);
    assert_eq!(
        (
            preview["report"]["read"].as_u64(),
            preview["report"]["loaded"].as_u64()
        ),
        (Some(90), Some(54))
    );
    let (_, list) = call!(app, demo, office, get("/api/v1/cases"));
    assert_eq!(count(&list), count(&before));

    // A confirmed run writes what the preview said; the same key does it once.
    let confirmed = form("ledger-2023.xlsx", &fixture(), &[("dry_run", "false")]);
    let request = || upload(LEDGER, confirmed.clone()).insert_header(("idempotency-key", "one"));
    let (status, run) = call!(app, demo, office, request());
    assert_eq!(status, 201, "{run}");
    assert_eq!(run["report"], preview["report"]);
    assert!(
        !run.to_string().contains("999999195104032131"),
        "numbers are masked"
    );
    let (status, again) = call!(app, demo, office, request());
    assert_eq!((status, &again["import_id"]), (201, &run["import_id"]));
    let (_, list) = call!(
        app,
        demo,
        office,
        get("/api/v1/cases?received_to=2023-12-31&limit=200")
    );
    assert_eq!(count(&list), 54);
    let closed = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| case["state"] == "closed");
    assert_eq!(closed.count(), 26);

    // Each case links to its row, and keeps its dates.
    let (_, found) = call!(
        app,
        demo,
        office,
        get("/api/v1/cases?q=%E9%99%88%E6%B6%9B%E7%8E%89")
    );
    assert_eq!(count(&found), 0, "a flagged row is not loaded");
    let case = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|case| case["petitioner"] == "杨建伟")
        .unwrap();
    assert_eq!(
        (&case["state"], &case["closed_on"], &case["received_on"]),
        (&json!("closed"), &json!("2023-12-26"), &json!("2023-09-27"))
    );
    let (_, view) = call!(
        app,
        demo,
        office,
        get(&format!("/api/v1/cases/{}", case["id"].as_str().unwrap()))
    );
    assert_eq!(
        view["source"],
        json!({"import_id": run["import_id"], "file": "ledger-2023.xlsx", "sheet": "贾家墩村", "row": 9})
    );
    assert_eq!(
        (
            &view["outcome"],
            &view["occurred_text"],
            &view["people_count_text"]
        ),
        (&json!("settled"), &json!("2022年春"), &json!("二十多人"))
    );
    let (_, events) = call!(
        app,
        demo,
        office,
        get(&format!(
            "/api/v1/cases/{}/events",
            case["id"].as_str().unwrap()
        ))
    );
    let days: Vec<_> = events["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["kind"].clone(), e["on"].clone()))
        .collect();
    assert_eq!(
        days,
        [
            (json!("imported"), json!("2023-09-27")),
            (json!("closed"), json!("2023-12-26"))
        ]
    );

    // The same file, and the mended one, create nothing twice.
    let (status, second) = call!(app, demo, office, upload(LEDGER, confirmed.clone()));
    assert_eq!(status, 201);
    assert_eq!(
        (
            second["report"]["loaded"].as_u64(),
            second["report"]["duplicates"].as_array().unwrap().len()
        ),
        (Some(0), 63)
    );
    assert!(
        second["report"]["duplicates"]
            .as_array()
            .unwrap()
            .iter()
            .any(|twice| twice["of_case"].is_string())
    );

    // The whole run is undone; its numbers are given again.
    let (_, runs) = call!(app, demo, office, get("/api/v1/imports?limit=1"));
    assert_eq!(
        (count(&runs), runs["items"][0]["loaded"].as_u64()),
        (2, Some(0))
    );
    let (_, runs) = call!(
        app,
        demo,
        office,
        get(&format!(
            "/api/v1/imports?cursor={}",
            runs["next_cursor"].as_str().unwrap()
        ))
    );
    assert_eq!(runs["items"][0]["undo_refused"], Value::Null);
    let undo = format!(
        "/api/v1/imports/{}/undo",
        run["import_id"].as_str().unwrap()
    );
    let (status, undone) = call!(app, demo, office, test::TestRequest::post().uri(&undo));
    assert_eq!(status, 200, "{undone}");
    assert!(undone["undone_at"].is_string());
    assert_eq!(undone["void_numbers"], json!([]));
    let (_, list) = call!(app, demo, office, get("/api/v1/cases"));
    assert_eq!(count(&list), count(&before));
    let (status, _) = call!(app, demo, office, test::TestRequest::post().uri(&undo));
    assert_eq!(status, 409);
    let (status, third) = call!(app, demo, office, upload(LEDGER, confirmed));
    assert_eq!(
        (status, third["report"]["loaded"].as_u64()),
        (201, Some(54))
    );
    let (_, list) = call!(
        app,
        demo,
        office,
        get("/api/v1/cases?received_to=2023-12-31&sort=number&limit=1")
    );
    assert_eq!(list["items"][0]["number"], "平川信〔2023〕00001号");
}

#[actix_web::test]
async fn what_was_worked_on_cannot_be_undone() {
    let demo = demo().await;
    let app = serving!(demo);
    let office = "coordination_office";
    let small = std::fs::read(FIXTURE.replace("2023.xlsx", "small.xls")).unwrap();
    let confirmed = form("small.xls", &small, &[("dry_run", "false")]);
    let (_, first) = call!(app, demo, office, upload(LEDGER, confirmed));
    let (_, rest) = call!(
        app,
        demo,
        office,
        upload(LEDGER, form("l.xlsx", &fixture(), &[("dry_run", "false")]))
    );
    assert_eq!(rest["report"]["loaded"].as_u64(), Some(54));

    // Numbers that later cases have gone past stay void.
    let undo = |run: &Value| {
        format!(
            "/api/v1/imports/{}/undo",
            run["import_id"].as_str().unwrap()
        )
    };
    let (status, undone) = call!(
        app,
        demo,
        office,
        test::TestRequest::post().uri(&undo(&first))
    );
    assert_eq!(status, 200, "{undone}");
    assert_eq!(
        undone["void_numbers"],
        json!(["平川信〔2023〕00001号", "平川信〔2023〕00002号"])
    );

    let (_, list) = call!(
        app,
        demo,
        office,
        get("/api/v1/cases?received_to=2023-12-31&state=registered&sort=number&limit=1")
    );
    let case = &list["items"][0];
    let accept = test::TestRequest::post()
        .uri(&format!(
            "/api/v1/cases/{}/actions/accept",
            case["id"].as_str().unwrap()
        ))
        .insert_header(("if-match", format!("\"{}\"", case["version"])))
        .set_json(json!({}));
    let (status, body) = call!(app, demo, office, accept);
    assert_eq!(status, 200, "{body}");
    let (status, refused) = call!(
        app,
        demo,
        office,
        test::TestRequest::post().uri(&undo(&rest))
    );
    assert_eq!(status, 409);
    assert!(
        refused["detail"]
            .as_str()
            .unwrap()
            .contains(case["number"].as_str().unwrap()),
        "{refused}"
    );
    let (_, run) = call!(
        app,
        demo,
        office,
        get(&format!(
            "/api/v1/imports/{}",
            rest["import_id"].as_str().unwrap()
        ))
    );
    assert_eq!(run["undo_refused"], refused["detail"]);
}

#[actix_web::test]
async fn cases_entered_here_are_known_too() {
    let demo = demo().await;
    let app = serving!(demo);
    let office = "coordination_office";
    let case = json!({
        "kind": "petition", "channel": "call", "purpose": "claim", "category": "rural",
        "cause": "与邻居因2社宅基地界址及滴水问题发生争执， 要求村委会实地丈量确认", "people_count": 6,
        "received_on": "2023-04-22", "people": [{"role": "petitioner", "name": "秦军"}],
    });
    let (status, body) = call!(
        app,
        demo,
        office,
        test::TestRequest::post()
            .uri("/api/v1/cases")
            .set_json(case)
    );
    assert_eq!(status, 201, "{body}");
    let (_, preview) = call!(
        app,
        demo,
        office,
        upload(LEDGER, form("l.xlsx", &fixture(), &[]))
    );
    assert_eq!(preview["report"]["loaded"].as_u64(), Some(53));
    let twice = preview["report"]["duplicates"].as_array().unwrap();
    let known: Vec<_> = twice
        .iter()
        .filter(|twice| twice["of_case"].is_string())
        .collect();
    assert_eq!(known.len(), 1);
    assert_eq!(
        (&known[0]["sheet"], &known[0]["row"], &known[0]["of_case"]),
        (&json!("三一村"), &json!(9), &body["number"])
    );
}

#[actix_web::test]
async fn only_the_office_imports_and_files_get_clear_answers() {
    let demo = demo().await;
    let app = serving!(demo);
    for role in ["village_secretary", "township_leader", "administrator"] {
        let (status, _) = call!(
            app,
            demo,
            role,
            upload(LEDGER, form("l.xlsx", &fixture(), &[]))
        );
        assert_eq!(status, 403, "{role}");
        let (status, _) = call!(app, demo, role, get("/api/v1/imports"));
        assert_eq!(status, 403, "{role}");
    }
    let office = "coordination_office";
    for (name, bytes, expect, part) in [
        ("a.csv", "登记日期,姓名\n".as_bytes().to_vec(), 415, "CSV"),
        ("a.xlsx", fixture()[..9000].to_vec(), 415, "损坏"),
        (
            "a.png",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(),
            415,
            "图片",
        ),
        ("a.xlsx", Vec::new(), 415, "空"),
    ] {
        let (status, body) = call!(app, demo, office, upload(LEDGER, form(name, &bytes, &[])));
        assert_eq!(status, expect, "{name}: {body}");
        assert!(
            body["detail"].as_str().unwrap().contains(part),
            "{name}: {body}"
        );
    }
    for (fields, field) in [
        (vec![("dry_run", "maybe")], "dry_run"),
        (vec![("mapping", "{")], "mapping"),
        (
            vec![("mapping", r#"[{"header":"没有","field":"cause"}]"#)],
            "mapping",
        ),
    ] {
        let (status, body) = call!(
            app,
            demo,
            office,
            upload(LEDGER, form("l.xlsx", &fixture(), &fields))
        );
        assert_eq!(
            (status, &body["errors"][0]["field"]),
            (422, &json!(field)),
            "{body}"
        );
    }
    let (status, _) = call!(app, demo, office, get("/api/v1/imports/none"));
    assert_eq!(status, 404);
    let (status, body) = call!(
        app,
        demo,
        office,
        upload(
            "/api/v1/imports/ledger/marked",
            form(
                "l.xls",
                &std::fs::read(FIXTURE.replace("2023.xlsx", "small.xls")).unwrap(),
                &[]
            )
        )
    );
    assert_eq!(status, 415, "{body}");
}

#[actix_web::test]
async fn the_workbook_comes_back_marked_and_as_it_was() {
    let demo = demo().await;
    let app = serving!(demo);
    let token = format!("Bearer {}", demo.tokens["coordination_office"]);
    let send = |request: test::TestRequest| {
        request
            .insert_header((header::AUTHORIZATION, token.clone()))
            .to_request()
    };
    let marked = test::call_service(
        &app,
        send(upload(
            "/api/v1/imports/ledger/marked",
            form("台账.xlsx", &fixture(), &[]),
        )),
    )
    .await;
    assert_eq!(marked.status(), 200);
    let disposition = marked
        .headers()
        .get(header::CONTENT_DISPOSITION)
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    assert!(disposition.starts_with("attachment"), "{disposition}");
    let marked = test::read_body(marked).await;
    let (_, again) = answer(
        test::call_service(&app, send(upload(LEDGER, form("台账.xlsx", &marked, &[])))).await,
    )
    .await;
    assert_eq!(again["report"]["loaded"].as_u64(), Some(54));

    let (_, run) = answer(
        test::call_service(
            &app,
            send(upload(
                LEDGER,
                form("../台账.xlsx", &fixture(), &[("dry_run", "0")]),
            )),
        )
        .await,
    )
    .await;
    assert_eq!(run["file"], "台账.xlsx");
    let file = get(&format!(
        "/api/v1/imports/{}/file",
        run["import_id"].as_str().unwrap()
    ));
    let file = test::read_body(test::call_service(&app, send(file)).await).await;
    assert_eq!(file, fixture(), "as it was uploaded");
    // On the disk it is encrypted.
    let kept = std::fs::read_dir(demo.state.config.storage.data_dir.join("demo-imports")).unwrap();
    for entry in kept {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.starts_with(b"PK"));
    }
}
