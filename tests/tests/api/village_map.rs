//! The map of the villages: what is taken, what is refused, who says which is which, who sees it.

use serde_json::{Value, json};
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::{Answer, Staff, TestApp};

fn square(name: &str, lon: f64) -> Value {
    let (west, east) = (100.0 + lon, 100.1 + lon);
    json!({
        "type": "Feature", "properties": {"name": name, "code": 7},
        "geometry": {"type": "Polygon", "coordinates": [[
            [west, 39.0], [east, 39.0], [east, 39.1], [west, 39.1], [west, 39.0]
        ]]},
    })
}

fn file(features: &[Value]) -> Value {
    json!({"type": "FeatureCollection", "features": features})
}

fn upload(app: &TestApp, who: Staff, geojson: &Value) -> Answer {
    let input = json!({"geojson": geojson, "property": "name"});
    app.by(who).post("/village-map").json(&input).send()
}

#[test]
fn a_map_is_uploaded_matched_and_taken_away() {
    let app = TestApp::start();
    let admin = app.by(Staff::Admin);
    let seen = |who: Staff| app.by(who).get("/village-map").expect(200).json();
    assert_eq!(
        (&seen(Staff::Leader)["map"], &seen(Staff::Leader)["version"]),
        (&Value::Null, &json!(0))
    );
    assert_eq!(seen(Staff::Admin)["may_edit"], true);
    let two = file(&[square("五里墩", 0.0), square("新河村", 0.1)]);
    upload(&app, Staff::Leader, &two).problem("forbidden");
    let view = upload(&app, Staff::Admin, &two).expect(200).json();
    // Names match without their ending; what is unknown is said so.
    let areas = view["map"]["areas"].as_array().unwrap();
    assert_eq!(areas[0]["village"]["name"], VILLAGE);
    assert_eq!(
        (&areas[1]["village"], &areas[1]["shape"]["name"]),
        (&Value::Null, &json!("新河村"))
    );
    assert_eq!(view["missing"].as_array().unwrap().len(), 8);
    assert_eq!(view["map"]["width"], 1000);

    // Chosen by hand, at the version that was seen.
    let choose = |etag: &str, area: usize, village: Value| {
        let patch = json!({"choices": [{"area": area, "village_id": village}]});
        admin
            .patch("/village-map")
            .if_match(etag)
            .json(&patch)
            .send()
    };
    let next = json!(app.unit(NEXT_VILLAGE));
    choose("\"9\"", 1, next.clone()).problem("stale_version");
    assert_eq!(
        choose("\"1\"", 1, json!("none")).invalid_fields(),
        ["choices.0.village_id:unknown"]
    );
    // A unit that is no village.
    let police = json!(app.unit("派出所"));
    assert_eq!(
        choose("\"1\"", 1, police).invalid_fields(),
        ["choices.0.village_id:unknown"]
    );
    assert_eq!(
        choose("\"1\"", 7, next.clone()).invalid_fields(),
        ["choices.0.area:unknown"]
    );
    let view = choose("\"1\"", 1, next).expect(200).json();
    assert_eq!(view["map"]["areas"][1]["village"]["name"], NEXT_VILLAGE);
    assert_eq!(seen(Staff::Secretary)["may_edit"], false);
    // Uploaded anew: another version.
    let again = upload(&app, Staff::Admin, &file(&[square(VILLAGE, 0.0)])).expect(200);
    assert_eq!(again.etag(), "\"3\"");
    admin
        .delete("/village-map")
        .send()
        .problem("version_required");
    let gone = admin
        .delete("/village-map")
        .if_match("\"3\"")
        .expect(200)
        .json();
    assert!(gone["map"].is_null());
    admin
        .delete("/village-map")
        .if_match("\"3\"")
        .send()
        .problem("not_found");
    for who in [Staff::Police, Staff::Informant, Staff::Court, Staff::Centre] {
        app.by(who).get("/village-map").send().problem("forbidden");
    }
    let log = app.by(Staff::Auditor).get("/audit?action=map_write");
    assert_eq!(log.expect(200).json()["items"].as_array().unwrap().len(), 4);
}

#[test]
fn what_is_no_map_is_refused() {
    let app = TestApp::start();
    let fields = |geojson: &Value| upload(&app, Staff::Admin, geojson).invalid_fields();
    assert_eq!(fields(&json!({"type": "Polygon"})), ["geojson:not_geojson"]);
    assert_eq!(fields(&json!("text")), ["geojson:not_geojson"]);
    assert_eq!(
        fields(&json!({"type": "FeatureCollection"})),
        ["geojson:not_geojson"]
    );
    assert_eq!(fields(&file(&[])), ["geojson:empty"]);
    let mut point = square(VILLAGE, 0.0);
    point["geometry"] = json!({"type": "Point", "coordinates": [100.0, 39.0]});
    assert_eq!(fields(&file(&[point])), ["geojson:not_polygon"]);
    let mut metres = square(VILLAGE, 0.0);
    metres["geometry"]["coordinates"] = json!([[[5e5, 4e6], [6e5, 4e6], [6e5, 5e6], [5e5, 4e6]]]);
    assert_eq!(fields(&file(&[metres])), ["geojson:not_degrees"]);
    let mut half = square(VILLAGE, 0.0);
    half["geometry"]["coordinates"] = json!([[[100.0], [101.0], [100.0]]]);
    assert!(!fields(&file(&[half])).is_empty());
    let many = vec![square(VILLAGE, 0.0); 201];
    assert_eq!(fields(&file(&many)), ["geojson:too_many"]);
    let input = json!({"geojson": file(&[square(VILLAGE, 0.0)]), "property": "title"});
    let call = app
        .by(Staff::Admin)
        .post("/village-map")
        .json(&input)
        .send();
    assert_eq!(call.invalid_fields(), ["property:unknown"]);
    let input = json!({"geojson": file(&[square(VILLAGE, 0.0)]), "property": " "});
    let call = app
        .by(Staff::Admin)
        .post("/village-map")
        .json(&input)
        .send();
    assert_eq!(call.invalid_fields(), ["property:required"]);
    // More than a megabyte.
    let mut large = square(VILLAGE, 0.0);
    large["properties"]["more"] = json!("x".repeat(1_100_000));
    let call = upload(&app, Staff::Admin, &file(&[large]));
    assert_eq!(call.status, 413, "{}", call.text());
    // Markup in a name stays a name.
    let odd = square("<script>alert(1)</script>", 0.0);
    let view = upload(&app, Staff::Admin, &file(&[odd])).expect(200).json();
    assert_eq!(
        view["map"]["areas"][0]["shape"]["name"],
        "<script>alert(1)</script>"
    );
}

#[test]
fn the_dashboard_counts_each_village_as_its_list_does() {
    let app = TestApp::start();
    app.case()
        .village(VILLAGE)
        .received("2025-10-01")
        .register();
    app.case().village(VILLAGE).register().accepted();
    app.case().village(NEXT_VILLAGE).register();
    app.case().village(VILLAGE).accuses("派出所").register();
    for who in [Staff::Leader, Staff::Office, Staff::Secretary] {
        let board = app.by(who).get("/figures").expect(200).json();
        let villages = board["villages"].as_array().unwrap();
        assert_eq!(villages.len(), if who == Staff::Secretary { 1 } else { 9 });
        for of in villages {
            let id = of["village"]["id"].as_str().unwrap();
            let count = |query: &str| {
                let path = format!("/cases?open=true&village_id={id}{query}");
                app.by(who).get(path).expect(200).json()["total"].clone()
            };
            assert_eq!(of["open"], count(""), "{who:?} {of}");
            assert_eq!(of["overdue"], count("&overdue=true"), "{who:?} {of}");
        }
        let own = villages.iter().find(|of| of["village"]["name"] == VILLAGE);
        assert_eq!(own.unwrap()["overdue"], 1);
    }
}
