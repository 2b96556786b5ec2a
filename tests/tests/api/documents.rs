//! Official documents: each kind made once and opened, their numbers, voiding, who sees which, service
//! and the clock that it starts, contact that does no harm. With `XINFANG_KEEP_DOCUMENTS` set to a
//! folder, one Word file of each kind is left there to be looked at.

use std::io::{Cursor, Read as _};
use std::process::Command;

use serde_json::{Map, Value, json};
use tests::base::TODAY;
use tests::staff::VILLAGE;
use tests::{Answer, Case, Matter, Staff, TestApp};

fn documents(app: &TestApp, who: Staff, case: &Case<'_>) -> Value {
    app.by(who).get(case.path("/documents")).expect(200).json()
}

fn offer(app: &TestApp, who: Staff, case: &Case<'_>, kind: &str) -> Value {
    let documents = documents(app, who, case);
    let offers = documents["offers"].as_array().unwrap();
    offers.iter().find(|o| o["kind"] == kind).unwrap().clone()
}

/// What a form would send: what it begins with, and words where it begins with nothing.
fn filled_in(app: &TestApp, offer: &Value) -> Map<String, Value> {
    assert_eq!(offer["allowed"], true, "{offer}");
    let mut input = Map::new();
    for field in offer["fields"].as_array().unwrap() {
        let name = field["name"].as_str().unwrap();
        let kind = field["kind"]["type"].as_str().unwrap();
        let known = field["value"].as_str();
        let value = match (kind, known) {
            _ if matches!(name, "on" | "authority" | "attachments") => continue,
            ("rows", Some(rows)) => serde_json::from_str(rows).unwrap(),
            ("persons", Some(ids)) => json!(ids.split(',').collect::<Vec<_>>()),
            (_, Some(known)) => json!(known),
            ("date", None) => json!("2026-04-01"),
            ("time", None) => json!("09:30"),
            ("choice", None) => field["kind"]["choices"][0]["code"].clone(),
            ("unit", None) => json!(app.unit("派出所")),
            _ => json!(format!("填写的{}", field["label"].as_str().unwrap())),
        };
        input.insert(name.to_owned(), value);
    }
    input
}

fn try_make(case: &Case<'_>, app: &TestApp, who: Staff, kind: &str, fields: Value) -> Answer {
    let call = app.by(who).post(case.path("/documents"));
    call.json(&json!({"kind": kind, "fields": fields})).send()
}

#[track_caller]
fn make(app: &TestApp, who: Staff, case: &Case<'_>, kind: &str) -> Value {
    let fields = filled_in(app, &offer(app, who, case, kind));
    try_make(case, app, who, kind, fields.into())
        .expect(201)
        .json()
}

/// A part of a Word file, which must be well-formed; its words.
fn words(docx: &[u8]) -> String {
    let mut zip = zip::ZipArchive::new(Cursor::new(docx)).unwrap();
    let names: Vec<String> = zip
        .file_names()
        .map(|name| name.unwrap().into_owned())
        .collect();
    let mut words = String::new();
    for name in names.iter().filter(|name| name.ends_with(".xml")) {
        let mut xml = String::new();
        zip.by_name(name).unwrap().read_to_string(&mut xml).unwrap();
        let mut reader = quick_xml::Reader::from_str(&xml);
        loop {
            use quick_xml::events::Event;
            match reader
                .read_event()
                .unwrap_or_else(|e| panic!("{name}: {e}"))
            {
                Event::Eof => break,
                Event::Text(text) if name == "word/document.xml" => {
                    words.push_str(&text.into_inner());
                }
                _ => {}
            }
        }
    }
    words
}

/// The words of the PDF that LibreOffice makes of it; none where there is no LibreOffice.
fn printed(docx: &[u8]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("document.docx");
    std::fs::write(&file, docx).unwrap();
    let home = format!("-env:UserInstallation=file://{}", folder.path().display());
    let made = Command::new("soffice")
        .args([&home, "--headless", "--convert-to", "pdf", "--outdir"])
        .arg(folder.path())
        .arg(&file)
        .output()
        .ok()?;
    assert!(made.status.success(), "{made:?}");
    let text = Command::new("pdftotext")
        .args(["-raw", "document.pdf", "-"])
        .current_dir(folder.path())
        .output()
        .ok()?;
    assert!(text.status.success(), "{text:?}");
    let text = String::from_utf8(text.stdout).unwrap();
    Some(text.split_whitespace().collect())
}

/// Made, kept, downloaded and opened; answers its words.
#[track_caller]
fn made_and_opened(app: &TestApp, who: Staff, case: &Case<'_>, kind: &str, holds: &[&str]) {
    let document = make(app, who, case, kind);
    let number = document["number"].as_str().unwrap();
    let path = case.path(&format!("/documents/{}", document["id"].as_str().unwrap()));
    let kept = app.by(who).get(&path).expect(200).json();
    assert_eq!(kept["paper"], document["paper"]);
    let file = app.by(who).get(format!("{path}/docx")).expect(200);
    let disposition = file.header("content-disposition");
    assert!(disposition.contains("filename*=UTF-8''"), "{disposition}");
    if let Some(folder) = std::env::var_os("XINFANG_KEEP_DOCUMENTS") {
        let name = format!("{kind}.docx");
        std::fs::write(std::path::Path::new(&folder).join(name), &file.body).unwrap();
    }
    let printed = printed(&file.body);
    if printed.is_none() {
        eprintln!("skipped: no soffice or pdftotext, {kind} was not printed");
    }
    let words = words(&file.body);
    for held in holds.iter().copied().chain([number, "〔2026〕"]) {
        assert!(words.contains(held), "{kind} lacks {held}: {words}");
        if let Some(printed) = &printed {
            let held: String = held.split_whitespace().collect();
            assert!(
                printed.contains(&held),
                "{kind} printed lacks {held}: {printed}"
            );
        }
    }
}

fn parties(app: &TestApp) -> Case<'_> {
    app.case()
        .village(VILLAGE)
        .person(json!({"role": "other_party", "name": "李四", "address": "五里墩村二社"}))
        .register()
}

#[test]
fn a_petitions_documents_are_made_as_it_goes() {
    let app = TestApp::start();
    let office = Staff::Office;
    let case = parties(&app);
    made_and_opened(
        &app,
        office,
        &case,
        "receipt",
        &["张三", &case.number, "第三十四条"],
    );
    let case = case.accepted();
    made_and_opened(
        &app,
        office,
        &case,
        "acceptance",
        &["张三", "第二十三条", "60日"],
    );
    let case = case.dispatched(VILLAGE);
    made_and_opened(&app, office, &case, "assignment", &[VILLAGE, "第二十二条"]);
    let case = case.taken(Staff::Secretary);
    let extension = json!({"text": "涉及面广", "days": 30, "notice": "延期告知书"});
    let case = case.then(Staff::Leader, "extend", extension);
    let holds = ["张三", "延长30日", "第三十四条", "涉及面广"];
    made_and_opened(&app, office, &case, "extension", &holds);
    let holds = ["张三", "第三十五条", "30日", "第三十二条", "〔印章〕"];
    made_and_opened(&app, Staff::Secretary, &case, "answer", &holds);
    let holds = ["张三", "平川信处〔2026〕1号"];
    made_and_opened(&app, Staff::Secretary, &case, "service_return", &holds);
}

#[test]
fn a_declined_and_a_transferred_case_have_theirs() {
    let app = TestApp::start();
    let office = Staff::Office;
    let input = json!({"text": "已向法院起诉", "path": "litigation"});
    let case = app.case().register().then(office, "decline", input);
    made_and_opened(
        &app,
        office,
        &case,
        "refusal",
        &["张三", "诉讼", "第三十一条"],
    );
    let case = app.case().register().transferred("派出所");
    made_and_opened(
        &app,
        office,
        &case,
        "transfer",
        &["张三", "派出所", "5个工作日"],
    );
}

/// A review, a final review with its hearing.
#[test]
fn each_round_has_its_document() {
    let app = TestApp::start();
    let office = Staff::Office;
    let on = |day: &str| json!({"on": day});
    let case = app.case().village(VILLAGE).received("2026-01-05");
    let case = case.register().then(office, "accept", on("2026-01-06"));
    let given = json!({"on": "2026-01-06", "unit_id": app.unit(VILLAGE)});
    let answer = json!({"on": "2026-01-20", "text": "本月内兑付", "notice": "当面送达"});
    let request = |day: &str, authority: &str| json!({"on": day, "text": "不服处理意见", "authority": authority});
    let outcome = |day: &str| json!({"on": day, "text": "事实清楚，程序合法", "review": "upheld", "notice": "当面送达"});
    let case = case
        .then(office, "dispatch", given)
        .then(Staff::Secretary, "take", on("2026-01-07"))
        .then(Staff::Secretary, "answer", answer);
    let why = offer(&app, office, &case, "review_answer")["reason"].clone();
    assert!(why.as_str().unwrap().contains("第三十五条"), "{why}");
    let case = case
        .then(
            office,
            "request_review",
            request("2026-01-25", "平川镇人民政府"),
        )
        .then(office, "answer_review", outcome("2026-02-10"));
    let by_village = offer(&app, Staff::Secretary, &case, "review_answer");
    assert_eq!(by_village["allowed"], false);
    let holds = [
        "张三",
        "平川信查〔2026〕1号",
        "2026年1月25日请求复查",
        "维持原意见",
        "事实清楚，程序合法",
        "第三十六条",
        "30日",
    ];
    made_and_opened(&app, office, &case, "review_answer", &holds);
    let case = case.then(
        office,
        "request_final_review",
        request("2026-02-20", "平川镇人民政府"),
    );
    let none = offer(&app, office, &case, "hearing_notice");
    assert!(
        none["reason"].as_str().unwrap().contains("组织听证"),
        "{none}"
    );
    let plan = json!({
        "purpose": "final_review", "held_on": "2026-03-18", "time": "09:30",
        "place": "镇综治中心会议室", "text": "流转费的数额和支付时间",
        "panel": [
            {"name": "曹文礼", "post": "县人大代表", "chair": true},
            {"name": "严正平", "post": "律师"},
            {"name": "戚秀兰", "post": "村民代表"},
        ],
    });
    let mut hearing = case.open(office, "hearings", &plan);
    let holds = [
        "张三",
        "平川信听〔2026〕1号",
        "2026年3月18日 09:30",
        "镇综治中心会议室",
        "流转费的数额和支付时间",
        "曹文礼（县人大代表）",
        "严正平（律师）、戚秀兰（村民代表）",
        "第三十一条",
    ];
    made_and_opened(&app, office, &case, "hearing_notice", &holds);
    hearing.step(office, "cancel", &json!({"text": "双方已经谈妥"}));
    let gone = offer(&app, office, &case, "hearing_notice");
    assert_eq!(gone["allowed"], false);
    let case = case.then(office, "answer_final_review", outcome(TODAY));
    let holds = [
        "张三",
        "平川信核〔2026〕1号",
        "终结意见",
        "不再受理",
        "第三十六条",
        "维持原意见",
    ];
    made_and_opened(&app, office, &case, "final_review_answer", &holds);
}

#[test]
fn an_order_has_its_sheet() {
    let app = TestApp::start();
    let case = parties(&app).accepted().dispatched(VILLAGE);
    let none = offer(&app, Staff::Office, &case, "order");
    assert!(none["reason"].as_str().unwrap().contains("没有督办"));
    let order = json!({
        "form": "supervise", "source": "higher", "authority": "县信访局",
        "number": "县信督〔2026〕5号", "unit_id": app.unit(VILLAGE),
        "demand": "核实流转费，提出兑付办法", "deadline": "2026-03-20",
    });
    case.open(Staff::Office, "orders", &order);
    let holds = [
        VILLAGE,
        "平川信督〔2026〕1号",
        "县信访局（县信督〔2026〕5号）",
        "核实流转费，提出兑付办法",
        "2026年3月20日",
        &case.number,
    ];
    made_and_opened(&app, Staff::Leader, &case, "order", &holds);
    let by_village = offer(&app, Staff::Secretary, &case, "order");
    assert_eq!(by_village["allowed"], false);
}

/// A dispute in which the parties came to one mind today.
fn of_one_mind<'c, 'a>(app: &'a TestApp, case: &'c Case<'a>) -> Matter<'c, 'a> {
    let both = json!([case.person(0), case.person(1)]);
    let request = json!({
        "asked_by": "both", "unit_id": app.unit(VILLAGE), "dispute": "三年流转费9000元未付",
        "first_party": [case.person(0)], "other_party": [case.person(1)], "consent": true,
    });
    let mut mediation = case.open(Staff::Secretary, "mediations", &request);
    let appointment = json!({
        "mediators": [{"name": "王调解", "post": "村调委会主任"}, {"name": "孙调解"}],
        "meet_on": TODAY, "meet_time": "15:30", "place": "五里墩村调解室",
    });
    mediation.step(Staff::Secretary, "appoint", &appointment);
    let session = json!({
        "present": both, "methods": ["law"], "place": "五里墩村调解室", "outcome": "agreed",
        "text": "双方同意分期付清",
    });
    mediation.step(Staff::Secretary, "session", &session);
    mediation
}

fn agreement(case: &Case<'_>, form: &str) -> Value {
    json!({
        "on": TODAY, "form": form, "facts": "2023年签订流转合同，三年未付流转费",
        "duties": "李四欠付9000元，应当支付", "content": "李四分两期付清，张三不再主张利息",
        "promises": [
            {
                "what": "支付土地流转费", "by": case.person(1), "amount": 4000,
                "manner": "银行转账", "due_on": "2026-03-31",
            },
            {
                "what": "支付土地流转费", "by": case.person(1), "amount": "5000.50",
                "manner": "银行转账", "due_on": "2026-04-30",
            },
        ],
        "parties_signed": true, "mediators_signed": true, "sealed": true,
    })
}

fn dispute(app: &TestApp) -> Case<'_> {
    app.case()
        .by(Staff::Secretary)
        .kind("dispute")
        .set("channel", "inspection")
        .village(VILLAGE)
        .person(json!({"role": "other_party", "name": "李四", "address": "五里墩村二社"}))
        .register()
        .then(Staff::Secretary, "accept", json!({}))
        .taken(Staff::Secretary)
}

const AGREED: [&str; 11] = [
    "张三",
    "李四",
    "五里墩村人民调解委员会",
    "王调解、孙调解",
    "2023年签订流转合同，三年未付流转费",
    "李四欠付9000元，应当支付",
    "李四分两期付清，张三不再主张利息",
    "支付土地流转费（5000.50元）",
    "2026年4月30日",
    "第二十九条",
    "第三十三条",
];

/// Printed to be signed, then as it was agreed; then the application to the court.
#[test]
fn a_written_agreement_is_set_down_and_brought_to_the_court() {
    let app = TestApp::start();
    let by = Staff::Secretary;
    let case = dispute(&app);
    let none = offer(&app, by, &case, "agreement")["reason"].clone();
    assert!(none.as_str().unwrap().contains("还没有达成"), "{none}");
    let mut mediation = of_one_mind(&app, &case);
    let draft = offer(&app, by, &case, "agreement");
    assert_eq!(draft["allowed"], true);
    assert_eq!(offer(&app, by, &case, "confirmation")["allowed"], false);
    mediation.step(by, "agree", &agreement(&case, "written"));
    made_and_opened(&app, by, &case, "agreement", &AGREED);
    let holds = [
        "平川信调〔2026〕2号",
        "张三",
        "李四",
        "填写的人民法院",
        "三年流转费9000元未付",
        "2026年3月10日生效",
        "最后一天为2026年4月9日",
        "第三十三条",
    ];
    made_and_opened(&app, Staff::Justice, &case, "confirmation", &holds);
    let both = json!([case.person(0), case.person(1)]);
    let application = json!({"applicants": both, "court_id": app.unit("蓼泉法庭")});
    mediation.step(by, "apply", &application);
    let again = offer(&app, by, &case, "confirmation");
    assert!(again.to_string().contains("蓼泉法庭"), "{again}");
    // The court sees what concerns it, and nothing else.
    make(&app, by, &case, "receipt");
    let seen = documents(&app, Staff::Court, &case);
    let kinds: Vec<&Value> = seen["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["kind"])
        .collect();
    assert_eq!(kinds, ["confirmation", "agreement"]);
    let ruling = json!({"ruling": "confirmed", "document": "（2026）民特12号"});
    mediation.step(Staff::Court, "decide", &ruling);
    let over = offer(&app, by, &case, "confirmation")["reason"].clone();
    assert!(over.as_str().unwrap().contains("已经司法确认"), "{over}");
}

#[test]
fn an_oral_agreement_has_no_document_until_it_is_put_in_writing() {
    let app = TestApp::start();
    let by = Staff::Secretary;
    let case = dispute(&app);
    let mut mediation = of_one_mind(&app, &case);
    mediation.step(by, "agree", &agreement(&case, "oral"));
    for kind in ["agreement", "confirmation"] {
        let answer = try_make(&case, &app, by, kind, json!({}));
        let detail = answer.problem("conflict").detail;
        assert!(detail.contains("口头协议"), "{detail}");
    }
    let write = json!({
        "on": TODAY, "facts": "2023年签订流转合同，三年未付流转费",
        "duties": "李四欠付9000元，应当支付",
        "parties_signed": true, "mediators_signed": true, "sealed": true,
    });
    mediation.step(by, "write", &write);
    made_and_opened(&app, by, &case, "agreement", &AGREED);
    make(&app, by, &case, "confirmation");
}

#[test]
fn numbers_have_no_gaps_and_what_is_wrong_takes_none() {
    let app = TestApp::start();
    let office = Staff::Office;
    let case = app.case().register();
    let why = offer(&app, office, &case, "acceptance");
    assert_eq!(why["allowed"], false);
    assert!(why["reason"].as_str().unwrap().contains("第二十三条"));
    let answer = try_make(&case, &app, office, "acceptance", json!({}));
    assert!(answer.problem("conflict").detail.contains("还没有受理"));
    let case = case.accepted().dispatched(VILLAGE).taken(Staff::Secretary);
    let wrong = try_make(&case, &app, office, "answer", json!({"colour": "red"}));
    let fields = wrong.invalid_fields();
    assert!(fields.contains(&"basis:required".to_owned()), "{fields:?}");
    assert!(fields.contains(&"colour:unknown".to_owned()), "{fields:?}");
    let numbers: Vec<Value> = (0..3)
        .map(|_| make(&app, office, &case, "answer")["number"].clone())
        .collect();
    let expected = [1, 2, 3].map(|n| json!(format!("平川信处〔2026〕{n}号")));
    assert_eq!(numbers, expected);
    // Acceptance counts for itself.
    assert_eq!(
        make(&app, office, &case, "acceptance")["number"],
        "平川信受〔2026〕1号"
    );
    let events = app.by(office).get(case.path("/events")).expect(200).json();
    let last = events["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["kind"], "paper");
    assert_eq!(last["data"]["paper"]["number"], "平川信受〔2026〕1号");
}

#[test]
fn a_void_document_stays_and_its_number_is_not_given_again() {
    let app = TestApp::start();
    let office = Staff::Office;
    let case = app.case().register();
    let document = make(&app, office, &case, "receipt");
    let path = case.path(&format!("/documents/{}", document["id"].as_str().unwrap()));
    let void = |etag: &str, reason: &str| {
        let call = app.by(office).post(format!("{path}/void"));
        call.if_match(etag).json(&json!({"reason": reason})).send()
    };
    void("\"7\"", "写错").problem("stale_version");
    assert_eq!(void("\"1\"", " ").invalid_fields(), ["reason:required"]);
    let answer = void("\"1\"", "信访人姓名写错").expect(200).json();
    assert_eq!(answer["void"]["reason"], "信访人姓名写错");
    void("\"2\"", "再作废").problem("conflict");
    let file = app.by(office).get(format!("{path}/docx")).expect(200);
    assert!(words(&file.body).contains("已 作 废"));
    assert_eq!(
        make(&app, office, &case, "receipt")["number"],
        "平川信登〔2026〕2号"
    );
    let service = json!({
        "paper_id": document["id"], "way": "direct", "on": TODAY, "proof": "本人签收",
        "person_id": case.person(0),
    });
    let answer = case.try_open(office, "services", &service);
    assert_eq!(answer.invalid_fields(), ["paper_id:void"]);
}

#[test]
fn an_accusations_documents_hide_it_and_who_brought_it() {
    let app = TestApp::start();
    let office = Staff::Office;
    let accused = app.case().village(VILLAGE).accuses(VILLAGE);
    let case = accused.register().accepted().dispatched("派出所");
    let document = make(&app, office, &case, "assignment");
    assert_eq!(document["number"], "平川检转〔2026〕1号");
    assert!(!document["paper"].to_string().contains("张三"));
    assert!(document["paper"].to_string().contains("第三十条"));
    let mut fields = filled_in(&app, &offer(&app, office, &case, "assignment"));
    fields.insert("unit_id".to_owned(), json!(app.unit(VILLAGE)));
    let answer = try_make(&case, &app, office, "assignment", fields.into());
    assert_eq!(answer.invalid_fields(), ["unit_id:accused"]);
    let path = case.path(&format!("/documents/{}", document["id"].as_str().unwrap()));
    for path in [
        case.path("/documents"),
        path.clone(),
        format!("{path}/docx"),
    ] {
        app.by(Staff::Secretary).get(path).expect(404);
    }
    // The open series tells nothing of it.
    let open = app.case().register().transferred("派出所");
    assert_eq!(
        make(&app, office, &open, "transfer")["number"],
        "平川信转〔2026〕1号"
    );
}

#[test]
fn the_day_of_service_starts_the_petitioners_time() {
    let app = TestApp::start();
    let on = |day: &str| json!({"on": day});
    let case = app
        .case()
        .village(VILLAGE)
        .received("2026-01-05")
        .register();
    let given = json!({"on": "2026-01-06", "unit_id": app.unit(VILLAGE)});
    let answer = json!({"on": "2026-02-20", "text": "本月内兑付", "notice": "另行送达"});
    let case = case
        .then(Staff::Office, "accept", on("2026-01-06"))
        .then(Staff::Office, "dispatch", given)
        .then(Staff::Secretary, "take", on("2026-01-07"))
        .then(Staff::Secretary, "answer", answer);
    let due = |case: &Case<'_>| {
        let view = case.seen_by(Staff::Office).json();
        let clocks = view["clocks"].as_array().unwrap().clone();
        let clock = clocks
            .iter()
            .find(|c| c["kind"] == "review_request")
            .unwrap();
        clock["due"].as_str().unwrap().to_owned()
    };
    assert_eq!(due(&case), "2026-03-22");
    let mut fields = filled_in(&app, &offer(&app, Staff::Office, &case, "answer"));
    fields.insert("on".to_owned(), json!("2026-02-20"));
    let paper = try_make(&case, &app, Staff::Office, "answer", fields.into());
    let paper = paper.expect(201).json();
    let service = json!({
        "paper_id": paper["id"], "way": "mail", "on": "2026-02-25", "proof": "邮件号码1234567890",
    });
    let mut served = case.open(Staff::Secretary, "services", &service);
    assert_eq!(
        served.view["title"],
        format!("处理意见书 {}", paper["number"].as_str().unwrap())
    );
    assert_eq!(due(&case), "2026-03-27");
    served.step(Staff::Secretary, "strike", &json!({"text": "邮件退回"}));
    assert_eq!(due(&case), "2026-03-22");
}

#[test]
fn contact_does_no_harm() {
    let app = TestApp::start();
    let person = json!([{
        "role": "petitioner", "name": "张三", "phone": "13000009455", "address": "五里墩村三社",
        "contact_hours": "晚上7点后", "do_not_call": true, "neutral_wording": true,
        "trusted_name": "李四（姐姐）", "trusted_phone": "13000009456",
    }]);
    let case = app.case().set("people", person).register();
    let people = app
        .by(Staff::Office)
        .get(case.path("/people"))
        .expect(200)
        .json();
    let view = &people["items"][0];
    assert_eq!(view["care"]["hours"], "晚上7点后");
    let masked = view["trusted_phone_masked"].as_str().unwrap();
    assert!(masked.contains('*') && !people.to_string().contains("13000009456"));
    let reveal = case.path(&format!("/people/{}/reveal", case.person(0)));
    let call = app.by(Staff::Office).post(reveal);
    let numbers = call
        .json(&json!({"reason": "请转告人带话"}))
        .expect(200)
        .json();
    assert_eq!(numbers["trusted_phone"], "13000009456");

    let nameless = json!({"role": "petitioner", "name": "王五", "trusted_phone": "13000009456"});
    let answer = app
        .by(Staff::Office)
        .post(case.path("/people"))
        .json(&nameless)
        .send();
    assert_eq!(answer.invalid_fields(), ["trusted_name:required"]);

    let receipt = app
        .by(Staff::Office)
        .get(case.path("/receipt"))
        .expect(200)
        .json();
    assert_eq!(receipt["cause"], Value::Null);
    assert_eq!(receipt["care"]["do_not_call"], true);
    let document = make(&app, Staff::Office, &case, "receipt");
    let outside = document["paper"]["envelope"].to_string();
    assert!(
        outside.contains("张三") && !outside.contains("信访"),
        "{outside}"
    );
    assert!(document["care"].as_str().unwrap().contains("不打电话"));
    let service = json!({
        "paper_id": document["id"], "way": "electronic", "on": TODAY, "proof": "短信",
        "consent": true,
    });
    let answer = case.try_open(Staff::Office, "services", &service);
    assert_eq!(answer.invalid_fields(), ["way:do_not_call"]);
    let matters = case.matters(Staff::Office);
    let openings = matters["openings"].as_array().unwrap();
    let opening = openings
        .iter()
        .find(|o| o["deed"] == "service.open")
        .unwrap();
    assert!(opening["fields"].to_string().contains("不打电话"));
}

/// Who holds a hearing or a mediation, or gets the case, is told how people are to be reached.
#[test]
fn contact_preferences_go_with_the_case() {
    let app = TestApp::start();
    let by = Staff::Office;
    let people = json!([
        {
            "role": "petitioner", "name": "张三", "address": "五里墩村三社",
            "do_not_call": true, "neutral_wording": true,
        },
        {"role": "other_party", "name": "李四", "address": "五里墩村二社"},
    ]);
    let case = app.case().village(VILLAGE).set("people", people).register();
    let case = case.accepted().dispatched(VILLAGE).taken(Staff::Secretary);
    let plan = json!({
        "purpose": "handling", "held_on": "2026-03-20", "time": "09:30", "place": "会议室",
        "text": "流转费的数额",
        "panel": [
            {"name": "曹文礼", "post": "县人大代表", "chair": true},
            {"name": "严正平", "post": "律师"},
            {"name": "戚秀兰", "post": "村民代表"},
        ],
    });
    let hearing = case.open(by, "hearings", &plan);
    let fields = |matter: &Matter<'_, '_>, deed: &str| {
        let view = matter.seen_by(by).json();
        let steps = view["steps"].as_array().unwrap();
        let step = steps.iter().find(|step| step["deed"] == deed).unwrap();
        step["fields"].to_string()
    };
    let notify = fields(&hearing, "hearing.notify");
    assert!(notify.contains("张三：不打电话"), "{notify}");
    assert!(notify.contains("公告不写"), "{notify}");
    let notice = make(&app, by, &case, "hearing_notice");
    let outside = notice["paper"]["envelope"].to_string();
    assert!(
        outside.contains("张三") && !outside.contains("听证"),
        "{outside}"
    );
    assert!(notice["care"].as_str().unwrap().contains("不打电话"));
    let handed = make(&app, by, &case, "assignment")["paper"].to_string();
    assert!(handed.contains("张三：不打电话"), "{handed}");

    let mut mediation = of_one_mind(&app, &case);
    let appoint = fields(&mediation, "mediation.appoint");
    assert!(appoint.contains("张三：不打电话"), "{appoint}");
    mediation.step(Staff::Secretary, "agree", &agreement(&case, "written"));
    // The other side reads the agreement: where 张三 lives is not told.
    let paper = make(&app, by, &case, "agreement")["paper"].to_string();
    assert!(paper.contains("五里墩村二社") && !paper.contains("五里墩村三社"));
}

/// What the administrator words for the township's documents.
fn word(app: &TestApp, papers: &Value) -> Answer {
    let admin = app.by(Staff::Admin);
    let etag = admin.get("/settings").expect(200).etag();
    let call = admin.patch("/settings").if_match(etag);
    call.json(&json!({"papers": papers})).send()
}

#[test]
fn the_township_words_its_documents_and_those_made_before_stay() {
    let app = TestApp::start();
    let office = Staff::Office;
    let case = app.case().village(VILLAGE).register();
    let before = make(&app, office, &case, "receipt");
    assert_eq!(before["paper"]["issuer"], "平川镇人民政府");
    assert!(before["paper"].get("notes").is_none());
    let receipt = |case: &Case<'_>| {
        let seen = app.by(office).get(case.path("/receipt"));
        seen.expect(200).json()
    };
    assert_eq!(receipt(&case)["notes"], json!([]));
    assert!(
        receipt(&case)["next"][1]
            .as_str()
            .unwrap()
            .contains("60日内办结")
    );

    let contact = "平川镇综治中心，电话 0000-0000000";
    let papers = json!({
        "issuer": " 平川镇信访工作领导小组 ", "superior": "某县信访局", "contact": contact,
        "kinds": [
            {"kind": "receipt", "note": "来访请带本回执。\n周一至周五办公。"},
            {"kind": "assignment", "preset": "七日内上门见面。"},
            {"kind": "order", "note": " "},
        ],
    });
    let kept = word(&app, &papers).expect(200).json();
    let texts = &kept["papers"];
    assert_eq!(texts["issuer"], "平川镇信访工作领导小组");
    assert_eq!(texts["court"], "");
    assert_eq!(texts["kinds"].as_array().unwrap().len(), 2, "{texts}");
    let audited = app.by(Staff::Auditor).get("/audit?action=setting_write");
    let audited = audited.expect(200).json().to_string();
    assert!(
        audited.contains("发文机关由（不填）改为“平川镇信访工作领导小组”"),
        "{audited}"
    );

    let case = case.accepted().dispatched(VILLAGE);
    let made = make(&app, office, &case, "receipt");
    assert_eq!(made["paper"]["issuer"], "平川镇信访工作领导小组");
    let contact = format!("联系方式：{contact}");
    let notes = ["来访请带本回执。", "周一至周五办公。", &contact];
    assert_eq!(receipt(&case)["notes"], json!(notes));
    let bracketed = notes.map(|note| format!("（{note}）"));
    assert_eq!(made["paper"]["notes"], json!(bracketed));
    // In the Word file each stands so, and so it is printed.
    let held = bracketed.each_ref().map(String::as_str);
    made_and_opened(&app, office, &case, "receipt", &held);
    let demand = offer(&app, office, &case, "assignment");
    let fields = demand["fields"].as_array().unwrap();
    let demand = fields.iter().find(|field| field["name"] == "demand");
    assert_eq!(demand.unwrap()["value"], "七日内上门见面。");
    // What was made before is as it was made.
    let path = case.path(&format!("/documents/{}", before["id"].as_str().unwrap()));
    let still = app.by(office).get(path).expect(200).json();
    assert_eq!(still["paper"], before["paper"]);
    // Other settings leave the texts alone.
    let admin = app.by(Staff::Admin);
    let etag = admin.get("/settings").expect(200).etag();
    let call = admin.patch("/settings").if_match(etag);
    let other = call.json(&json!({"urgent_hours": 3})).expect(200).json();
    assert_eq!(other["papers"], *texts);
}

#[test]
fn texts_that_cannot_be_are_told_by_field_and_nothing_changes() {
    let app = TestApp::start();
    let wrong = json!({
        "issuer": "一\n二", "contact": "字".repeat(121),
        "kinds": [
            {"kind": "agreement", "note": "附注"}, {"kind": "receipt", "preset": "预填"},
            {"kind": "receipt", "note": "又一次"},
        ],
    });
    let mut fields = word(&app, &wrong).invalid_fields();
    fields.sort();
    assert_eq!(
        fields,
        [
            "papers.contact:too_long",
            "papers.issuer:one_line",
            "papers.kinds.0.note:not_applicable",
            "papers.kinds.1.preset:not_applicable",
            "papers.kinds.2.kind:duplicate",
        ]
    );
    word(&app, &json!({"letterhead": "x"})).problem("bad_request");
    word(&app, &json!({"kinds": [{"kind": "letter"}]})).problem("bad_request");
    let settings = app.by(Staff::Leader).get("/settings").expect(200).json();
    assert_eq!(settings["papers"]["issuer"], "");
    assert_eq!(settings["version"], 1);
    let call = app.by(Staff::Office).patch("/settings").if_match("\"1\"");
    call.json(&json!({"papers": {"issuer": "别的机关"}}))
        .send()
        .problem("forbidden");
}
