//! Photos: what is taken, what is taken out of them, who sees them, what they become.

use serde_json::{Value, json};
use tests::app::with_query;
use tests::files::{PLACE, pdf, photo, png};
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::{Answer, Staff, TestApp};

fn upload(app: &TestApp, who: Staff, name: &str, content: impl Into<Vec<u8>>) -> Answer {
    let call = app.by(who).post("/photos");
    call.file(name, content.into()).send()
}

fn id(app: &TestApp, who: Staff) -> String {
    let photo = upload(app, who, "现场.jpg", photo()).expect(201).json();
    photo["id"].as_str().unwrap().to_owned()
}

fn has(content: &[u8], what: &[u8]) -> bool {
    content.windows(what.len()).any(|part| part == what)
}

#[test]
fn a_photo_loses_its_place_and_keeps_which_way_is_up() {
    let app = TestApp::start();
    assert!(has(&photo(), PLACE.as_bytes()) && has(&photo(), b"Exif"));
    let answer = upload(&app, Staff::Informant, "现场.jpg", photo()).expect(201);
    let made = answer.json();
    let path = format!("/photos/{}", made["id"].as_str().unwrap());
    assert_eq!(answer.header("location"), format!("/api/v1{path}"));
    assert_eq!(made["media_type"], "image/jpeg");

    let shown = app.by(Staff::Informant).get(&path).expect(200);
    assert_eq!(made["size"], shown.body.len());
    assert!(!has(&shown.body, PLACE.as_bytes()));
    assert!(has(&shown.body, b"\x01\x12\0\x03\0\0\0\x01\0\x06"));
    assert!(shown.body.ends_with(&[1, 2, 3, 0xff, 0xd9]));
    assert_eq!(shown.header("content-type"), "image/jpeg");
    assert_eq!(shown.header("content-disposition"), "inline");
    assert_eq!(shown.header("x-content-type-options"), "nosniff");
    let policy = shown.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"));
    // Nor does it lie anywhere on the disk.
    let mut folders = vec![app.data_dir().join("attachments")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => assert!(!has(&std::fs::read(path).unwrap(), PLACE.as_bytes())),
            }
        }
    }
    let query = with_query("/audit", &[("action", "download")]);
    let log = app.by(Staff::Auditor).get(query).expect(200).json();
    assert_eq!(log["items"][0]["user_name"], "郑玉兰");
    let query = with_query("/audit", &[("action", "photo_write")]);
    assert_eq!(
        app.by(Staff::Auditor).get(query).expect(200).json()["total"],
        1
    );
}

#[test]
fn what_is_no_picture_is_refused_by_its_name() {
    let app = TestApp::start();
    let cut = photo()[..200].to_vec();
    let mut huge = photo();
    let frame = huge.windows(4).position(|part| part == [1, 0xe0, 2, 0x80]);
    huge[frame.unwrap()..][..4].copy_from_slice(&[0xff; 4]);
    for (name, content) in [
        ("照片.jpg", pdf()),
        (
            "照片.png",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(),
        ),
        ("一半.jpg", cut),
        ("巨大.jpg", huge),
        ("动图.gif", b"GIF89a\x01\0\x01\0\0\0\0;".to_vec()),
        ("头.png", b"\x89PNG\r\n\x1a\n".to_vec()),
    ] {
        let problem =
            upload(&app, Staff::Informant, name, content).problem("unsupported_media_type");
        assert!(problem.detail.contains(name), "{}", problem.detail);
    }
    upload(&app, Staff::Informant, "空.jpg", "").problem("unsupported_media_type");
    upload(&app, Staff::Informant, "图.png", png()).expect(201);
    upload(&app, Staff::Auditor, "图.png", png()).problem("forbidden");
    upload(&app, Staff::Admin, "图.png", png()).problem("forbidden");
    let form = app.by(Staff::Informant).post("/photos");
    let body = "--X\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\n1\r\n--X--\r\n";
    let answer = form.body("multipart/form-data; boundary=X", body).send();
    assert_eq!(answer.problem("invalid_fields").errors[0].field, "file");
}

#[test]
fn the_same_key_and_file_make_one_photo() {
    let app = TestApp::start();
    let send = |key: &str, content: Vec<u8>| {
        let call = app.by(Staff::Informant).post("/photos");
        call.key(key).file("现场.jpg", content).send()
    };
    let first = send("phone-1", photo()).expect(201);
    let again = send("phone-1", photo()).expect(201);
    assert_eq!(first.json(), again.json());
    assert_eq!(again.header("idempotency-replayed"), "true");
    send("phone-1", png()).problem("idempotency_mismatch");
    let other = send("phone-2", photo()).expect(201);
    assert_ne!(first.json()["id"], other.json()["id"]);
}

#[test]
fn nobody_else_sees_a_photo_that_belongs_to_nothing() {
    let app = TestApp::start();
    let path = format!("/photos/{}", id(&app, Staff::Informant));
    for who in Staff::ALL {
        let answer = app.by(who).get(&path).send();
        match who {
            Staff::Informant => drop(answer.expect(200)),
            _ => drop(answer.problem("not_found")),
        }
    }
    app.by(Staff::Informant)
        .get("/photos/x")
        .send()
        .problem("not_found");
}

fn files(app: &TestApp, case: &str) -> Vec<Value> {
    let path = format!("/cases/{case}/attachments");
    let files = app.by(Staff::Office).get(path).expect(200).json();
    files["items"].as_array().unwrap().clone()
}

#[test]
fn a_new_case_from_the_phone_comes_with_its_photos() {
    let app = TestApp::start();
    let (one, two) = (id(&app, Staff::Secretary), id(&app, Staff::Secretary));
    let case = app
        .case()
        .by(Staff::Secretary)
        .village(VILLAGE)
        .set("photos", json!([one, two]))
        .set("recorded_at", "2031-01-01T00:00:00Z")
        .register();
    let files = files(&app, &case.id);
    let names: Vec<&Value> = files.iter().map(|file| &file["name"]).collect();
    assert_eq!(names, ["照片1.jpeg", "照片2.jpeg"]);
    assert_eq!(files[0]["media_type"], "image/jpeg");
    let path = case.path(&format!(
        "/attachments/{}",
        files[0]["id"].as_str().unwrap()
    ));
    let file = app.by(Staff::Office).get(path).expect(200);
    assert!(!has(&file.body, PLACE.as_bytes()));

    // The timeline says so, and keeps what the phone said of the time; the server's is another.
    let events = app
        .by(Staff::Office)
        .get(case.path("/events"))
        .expect(200)
        .json();
    assert_eq!(
        events["items"][0]["data"]["recorded_at"],
        "2031-01-01T00:00:00Z"
    );
    assert!(
        !events["items"][0]["at"]
            .as_str()
            .unwrap()
            .starts_with("2031")
    );
    assert_eq!(events["items"][1]["kind"], "attachment_changed");
    assert_eq!(events["items"][1]["text"], "登记时附照片2张");
    assert_eq!(case.view["version"], 1);

    // Who sees the case sees its photos; nobody else.
    let photo = format!("/photos/{one}");
    app.by(Staff::Office).get(&photo).expect(200);
    app.by(Staff::Secretary).get(&photo).expect(200);
    app.by(Staff::NextSecretary)
        .get(&photo)
        .send()
        .problem("not_found");
    app.by(Staff::Police)
        .get(&photo)
        .send()
        .problem("not_found");

    // Nor can they be used again.
    let again = app.case().by(Staff::Secretary).village(VILLAGE);
    let problem = again
        .set("photos", json!([one]))
        .send()
        .problem("invalid_fields");
    assert_eq!(problem.errors[0].field, "photos");
}

#[test]
fn only_own_photos_and_nine_of_them() {
    let app = TestApp::start();
    let mine: Vec<String> = (0..10).map(|_| id(&app, Staff::Centre)).collect();
    let theirs = id(&app, Staff::Informant);
    let count = || app.found(Staff::Office, &[]).len();
    for photos in [
        json!(mine),
        json!([mine[0], mine[0]]),
        json!([mine[0], theirs]),
        json!(["nothing"]),
    ] {
        let problem = app
            .case()
            .set("photos", photos)
            .send()
            .problem("invalid_fields");
        assert_eq!(problem.errors[0].field, "photos");
        // Nothing is left of it, not even a number.
        assert_eq!(count(), 0);
    }
    let case = app.case().set("photos", json!(mine[..9])).register();
    assert!(case.number.ends_with("00001号"), "{}", case.number);
    assert_eq!(files(&app, &case.id).len(), 9);
}

#[test]
fn a_photo_of_an_accusation_is_sealed_with_it() {
    let app = TestApp::start();
    let photo = id(&app, Staff::Office);
    let case = app
        .case()
        .by(Staff::Office)
        .village(VILLAGE)
        .accuses(VILLAGE)
        .set("photos", json!([photo]))
        .register();
    let path = format!("/photos/{photo}");
    app.by(Staff::Secretary)
        .get(&path)
        .send()
        .problem("not_found");
    app.by(Staff::Leader).get(&path).expect(200);
    assert_eq!(files(&app, &case.id).len(), 1);
    assert_ne!(VILLAGE, NEXT_VILLAGE);
}

#[test]
fn what_no_record_has_named_is_forgotten_after_thirty_days() {
    let mut app = TestApp::with().clock("2026-03-02T02:00:00Z").start();
    let lost = id(&app, Staff::Secretary);
    let used = upload(&app, Staff::Secretary, "图.png", png())
        .expect(201)
        .json();
    let used = used["id"].as_str().unwrap().to_owned();
    let case = app.case().by(Staff::Secretary).village(VILLAGE);
    let case = case.received("2026-03-01");
    case.set("photos", json!([used])).register();
    let see = |app: &TestApp, photo: &str| {
        let session = app.sign_in(Staff::Secretary).expect(200).json();
        let client = app
            .nobody()
            .with_token(session["access_token"].as_str().unwrap());
        client.get(format!("/photos/{photo}")).send().status
    };
    app.restart(Some("2026-04-01T01:59:00Z"));
    assert_eq!((see(&app, &lost), see(&app, &used)), (200, 200));
    app.restart(Some("2026-04-01T02:01:00Z"));
    // The scheduler tidies up soon after the start.
    for _ in 0..120 {
        if see(&app, &lost) == 404 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
    assert_eq!((see(&app, &lost), see(&app, &used)), (404, 200));
}
