//! Files of a case: what is taken, what is refused, how they are given out.

use tests::app::with_query;
use tests::files::{pdf, png};
use tests::staff::VILLAGE;
use tests::{Answer, Case, Staff, TestApp};

fn attach(app: &TestApp, case: &Case, name: &str, content: impl Into<Vec<u8>>) -> Answer {
    let call = app.by(Staff::Office).post(case.path("/attachments"));
    call.file(name, content.into()).send()
}

fn files(app: &TestApp, case: &Case) -> serde_json::Value {
    app.by(Staff::Office)
        .get(case.path("/attachments"))
        .expect(200)
        .json()
}

#[test]
fn a_picture_is_taken_and_given_out_as_a_download() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register();
    let answer = attach(&app, &case, "现场照片.png", png()).expect(201);
    assert_eq!(
        answer.header("location"),
        format!("/api/v1/cases/{}/attachments", case.id)
    );
    assert_eq!(answer.etag(), "\"2\"");
    let list = files(&app, &case);
    let file = &list["items"][0];
    assert_eq!(list["total"], 1);
    assert_eq!(file["name"], "现场照片.png");
    assert_eq!(file["media_type"], "image/png");
    assert_eq!(file["size"], png().len());
    assert_eq!(file["actor"]["name"], "孙立新");

    let path = case.path(&format!("/attachments/{}", file["id"].as_str().unwrap()));
    let download = app.by(Staff::Secretary).get(&path).expect(200);
    assert_eq!(download.body, png());
    assert_eq!(download.header("content-type"), "image/png");
    let disposition = download.header("content-disposition");
    assert!(disposition.starts_with("attachment"), "{disposition}");
    assert!(
        disposition.contains("filename*=UTF-8''%E7%8E%B0%E5%9C%BA"),
        "{disposition}"
    );
    assert_eq!(download.header("x-content-type-options"), "nosniff");
    let policy = download.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") && policy.contains("sandbox"),
        "{policy}"
    );
    assert!(download.header("cache-control").contains("no-store"));

    let query = with_query("/audit", &[("action", "download")]);
    let log = app.by(Staff::Auditor).get(query).expect(200).json();
    assert_eq!(
        (&log["total"], &log["items"][0]["user_name"]),
        (&1.into(), &"周永福".into())
    );
}

#[test]
fn types_are_judged_by_content() {
    let app = TestApp::start();
    let case = app.case().register();
    for (name, content) in [
        ("材料.pdf", pdf()),
        ("说明.txt", "情况说明\r\n\t二〇二六年三月".into()),
        (
            "台账.xlsx",
            include_bytes!("../../fixtures/ledger-2023.xlsx").to_vec(),
        ),
        ("没有后缀", png()),
        ("照片.html", png()),
    ] {
        attach(&app, &case, name, content).expect(201);
    }
    let types: Vec<String> = files(&app, &case)["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["media_type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(types[0], "application/pdf");
    assert_eq!(types[1], "text/plain");
    assert_eq!(&types[3..], ["image/png", "image/png"]);

    let mut bom = vec![0xef, 0xbb, 0xbf];
    bom.extend(b"<!DOCTYPE html><script>alert(1)</script>");
    let utf16: Vec<u8> = "\u{feff}<script>alert(1)</script>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (name, content) in [
        (
            "照片.png",
            b"<html><script>alert(1)</script></html>".to_vec(),
        ),
        (
            "照片.jpg",
            b"\n\n <svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec(),
        ),
        (
            "照片.svg",
            b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(),
        ),
        ("说明.txt", bom),
        ("说明.txt", b"hello <script>alert(1)</script>".to_vec()),
        ("说明.txt", utf16),
        (
            "材料.pdf",
            b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0\xb8\0".to_vec(),
        ),
        (
            "材料.docx",
            b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0".to_vec(),
        ),
        ("材料.txt", b"#!/bin/sh\nrm -rf /\n\0".to_vec()),
        (
            "压缩.zip",
            b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec(),
        ),
        ("空.txt", Vec::new()),
    ] {
        let problem = attach(&app, &case, name, content).problem("unsupported_media_type");
        assert!(!problem.detail.is_empty());
    }
    assert_eq!(files(&app, &case)["total"], 5);
}

#[test]
fn a_file_of_more_than_twenty_megabytes_is_refused() {
    let app = TestApp::start();
    let case = app.case().register();
    let megabytes = |count: usize, more: usize| {
        let mut content = png();
        content.resize(count * 1024 * 1024 + more, 0);
        content
    };
    let path = case.path("/attachments");
    let upload = |who: Staff, content: &[u8]| app.by(who).upload(&path, "photo.png", content);
    upload(Staff::Office, &megabytes(20, 0)).expect(201);
    upload(Staff::Office, &megabytes(20, 1)).problem("too_large");
    upload(Staff::Office, &megabytes(60, 0)).problem("too_large");
    // What is refused for another reason is told so, too, however large it is.
    upload(Staff::Police, &megabytes(60, 0)).problem("not_found");
    let nobody = app.nobody().upload(&path, "photo.png", &megabytes(60, 0));
    nobody.problem("unauthenticated");
    upload(Staff::Office, &vec![0; 15 * 1024 * 1024]).problem("unsupported_media_type");
    assert_eq!(files(&app, &case)["total"], 1);
    // Nothing is left of what was refused.
    let stored = std::fs::read_dir(app.data_dir().join("attachments")).unwrap();
    let stray = stored
        .filter(|entry| entry.as_ref().unwrap().path().is_file())
        .count();
    assert_eq!(stray, 0);
}

#[test]
fn a_name_is_only_a_name() {
    let app = TestApp::start();
    let case = app.case().register();
    for (given, kept) in [
        ("../../../etc/passwd", "passwd"),
        ("..\\..\\windows\\win.ini", "win.ini"),
        ("/etc/cron.d/x", "x"),
        ("..", "附件"),
        (".", "附件"),
        ("", "附件"),
        ("a\"b.png", "ab.png"),
        ("%2e%2e%2fx.png", "%2e%2e%2fx.png"),
    ] {
        let boundary = "XXX";
        let quoted = given.replace('\\', "\\\\").replace('"', "\\\"");
        let mut body = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{quoted}\"\r\nContent-Type: image/png\r\n\r\n").into_bytes();
        body.extend(png());
        body.extend(format!("\r\n--{boundary}--\r\n").as_bytes());
        let call = app.by(Staff::Office).post(case.path("/attachments"));
        let answer = call
            .body(&format!("multipart/form-data; boundary={boundary}"), body)
            .send();
        answer.expect(201);
        let list = files(&app, &case);
        let last = list["items"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last["name"], kept, "{given}");
        let path = case.path(&format!("/attachments/{}", last["id"].as_str().unwrap()));
        let disposition = app
            .by(Staff::Office)
            .get(path)
            .expect(200)
            .header("content-disposition")
            .to_owned();
        assert!(
            !disposition.contains("..") && !disposition.contains('\n'),
            "{disposition}"
        );
    }
    let long = "长".repeat(500) + ".png";
    attach(&app, &case, &long, png()).expect(201);
    let list = files(&app, &case);
    let last = list["items"].as_array().unwrap().last().unwrap();
    assert!(last["name"].as_str().unwrap().chars().count() <= 120);
    // All of them are the same content: one file on the disk, below the folder for it.
    let folder = app.data_dir().join("attachments");
    let kept: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
}

#[test]
fn what_is_no_upload_is_told_so() {
    let app = TestApp::start();
    let case = app.case().register();
    let post = || app.by(Staff::Office).post(case.path("/attachments"));
    for (media_type, body) in [
        ("application/json", "{}"),
        ("text/plain", "x"),
        ("multipart/form-data", "x"),
    ] {
        let status = post().body(media_type, body).send().status;
        assert!([400, 415, 422].contains(&status), "{media_type}: {status}");
    }
    post().send();
    let other = "--X\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nx\r\n--X--\r\n";
    let answer = post().body("multipart/form-data; boundary=X", other).send();
    assert_eq!(answer.invalid_fields(), ["file:required"]);
    let broken =
        "--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\nx";
    let status = post()
        .body("multipart/form-data; boundary=X", broken)
        .send()
        .status;
    assert!([400, 415, 422].contains(&status), "{status}");
    assert_eq!(files(&app, &case)["total"], 0);
}

#[test]
fn a_file_belongs_to_its_case_and_its_readers() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).register();
    let other = app.case().village(VILLAGE).register();
    attach(&app, &case, "图.png", png()).expect(201);
    let id = files(&app, &case)["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = case.path(&format!("/attachments/{id}"));
    app.by(Staff::Office)
        .get(other.path(&format!("/attachments/{id}")))
        .send()
        .problem("not_found");
    for who in [
        Staff::NextSecretary,
        Staff::Police,
        Staff::Auditor,
        Staff::Admin,
    ] {
        app.by(who).get(&path).send().problem("not_found");
        app.by(who).delete(&path).send().problem("not_found");
        app.by(who)
            .post(case.path("/attachments"))
            .file("图.png", png())
            .send()
            .problem("not_found");
    }
    app.nobody().get(&path).send().problem("unauthenticated");
    // The window registered it; once it is accepted its files are the handlers' to change.
    let case = case.accepted();
    app.by(Staff::Centre).get(&path).expect(200);
    app.by(Staff::Centre)
        .delete(&path)
        .send()
        .problem("forbidden");

    let removed = app.by(Staff::Office).delete(&path).expect(200).json();
    assert_eq!(removed["id"], case.id);
    app.by(Staff::Office).get(&path).send().problem("not_found");
    app.by(Staff::Office)
        .delete(&path)
        .send()
        .problem("not_found");
    assert_eq!(files(&app, &case)["total"], 0);
    let events = app
        .by(Staff::Office)
        .get(case.path("/events"))
        .expect(200)
        .json();
    let texts: Vec<&str> = events["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|e| e["text"].as_str())
        .collect();
    assert_eq!(texts, ["上传附件“图.png”", "移除附件“图.png”"]);
    // The same content in another case is another file.
    attach(&app, &other, "图.png", png()).expect(201);
    let id = files(&app, &other)["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    app.by(Staff::Office)
        .get(other.path(&format!("/attachments/{id}")))
        .expect(200);
}
