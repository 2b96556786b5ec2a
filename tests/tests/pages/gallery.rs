//! One card of each kind of matter, a document and its print view, the calendar: seen at a desk's
//! and a phone's width.

use serde_json::{Value, json};
use tests::Client;

use crate::browser::{Browser, Driver};
use crate::dialogs::{act, day, look, matters, register, rest, unit};
use crate::story::{at_desk, submit};
use crate::town::Town;

/// Starts a matter; answers its path.
fn open(client: &Client, case: &str, collection: &str, input: &Value) -> String {
    let path = format!("/cases/{case}/{collection}");
    let view = client.post(&path).json(input).expect(201).json();
    format!("{path}/{}", view["id"].as_str().unwrap())
}

/// Takes a step with a matter.
fn step(client: &Client, path: &str, step: &str, input: &Value) {
    let etag = client.get(path).expect(200).etag();
    let call = client.post(format!("{path}/steps/{step}"));
    call.if_match(etag).json(input).expect(200);
}

/// Matters of a case as the office and the leader start them.
fn arrange(town: &Town) -> String {
    let me = |client: &Client| client.get("/me").expect(200).json()["user"]["id"].clone();
    let leader = rest(town, "township_leader", me);
    let secretary = rest(town, "village_secretary", me);
    let (before, soon) = (day(-12), day(20));
    let case = rest(town, "coordination_office", |office| {
        let case = register(office, &json!({"received_on": before}));
        act(office, &case, "accept", &json!({"on": before}));
        let given = json!({"on": before, "unit_id": unit(office, "五里墩村")});
        act(office, &case, "dispatch", &given);
        case
    });
    rest(town, "village_secretary", |secretary| {
        act(secretary, &case, "take", &json!({"on": before}));
    });
    let (police, village) = rest(town, "coordination_office", |office| {
        let view = office.get(format!("/cases/{case}")).expect(200).json();
        let person = &view["people"][0]["id"];
        let police = unit(office, "派出所");
        let village = unit(office, "五里墩村");
        let contact = json!({
            "on": before, "person": person, "text": "反映多年，生活困难", "rhythm_days": 7,
            "purposes": ["explanation", "help"], "user_id": secretary, "review_on": soon,
        });
        let contact = open(office, &case, "contacts", &contact);
        let note = json!({
            "on": day(-10), "way": "home", "text": "担心流转费没有着落",
            "promise": "送去政策材料", "promise_on": day(-3),
        });
        step(office, &contact, "note", &note);
        let order = json!({
            "on": before, "form": "supervise", "source": "higher", "authority": "县信访局",
            "number": "县信督〔2026〕5号", "unit_id": police, "demand": "核实流转费，提出兑付办法",
            "deadline": day(0),
        });
        let order = open(office, &case, "orders", &order);
        let propose = json!({
            "proposal": "improve", "recipient_id": village, "text": "健全流转台账", "reply_by": soon,
        });
        step(office, &order, "propose", &propose);
        let visit = json!({
            "on": day(-1), "level": "county", "authority": "县信访局", "people_count": 3,
            "conduct": "normal", "evidence": "notice", "evidence_text": "县信访局通报第12号",
        });
        open(office, &case, "visits", &visit);
        let service = json!({
            "on": day(-1), "outside_kind": "answer", "outside_number": "县信处〔2026〕1号",
            "way": "direct", "receiver": "尚明德", "proof": "本人签收",
        });
        open(office, &case, "services", &service);
        let measure = json!({
            "on": day(-1), "law": "《中华人民共和国治安管理处罚法》", "article": "第二十三条第一款",
            "authority": "县公安局", "leader_id": leader, "notice_number": "县公行罚决字〔2026〕7号",
            "notice_on": day(-1), "person_id": person, "text": "予以警告",
        });
        open(office, &case, "measures", &measure);
        let hearing = json!({
            "purpose": "handling", "text": "流转费的数额和支付时间", "held_on": soon, "time": "09:30",
            "place": "镇综治中心会议室",
            "panel": [
                {"name": "曹文礼", "post": "县人大代表", "chair": true},
                {"name": "严正平", "post": "律师"},
                {"name": "戚秀兰", "post": "村民代表"},
            ],
        });
        let hearing = open(office, &case, "hearings", &hearing);
        let notice = json!({"ways": ["posted", "served"], "text": "村务公开栏"});
        step(office, &hearing, "notify", &notice);
        (police, village)
    });
    assert_ne!(police, village);
    rest(town, "village_secretary", |secretary| {
        let referral = json!({"receiver": "unit", "unit_id": police, "text": "涉嫌违反治安管理"});
        open(secretary, &case, "referrals", &referral);
    });
    case
}

/// A document is made in the tab 文书, and seen as it is printed.
async fn make_a_document(office: &Browser, case: &str) {
    office.goto(&format!("/cases/{case}?tab=papers")).await;
    office.press("make-acceptance").await;
    look(office, "document-dialog").await;
    submit(office).await;
    office.gone("dialog[open]").await;
    office.see("[data-testid='paper']").await;
    look(office, "documents").await;
    office.click("[data-testid='paper'] a").await;
    office.see("[data-testid='print']").await;
    office.read("受理告知书").await;
    look(office, "document").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_of_card_fits_a_desk_and_a_phone() {
    let town = Town::demo();
    let case = arrange(&town);
    let driver = Driver::start().await;
    let office = at_desk(&driver, &town, "coordination_office").await;
    matters(&office, &case).await;
    for kind in [
        "contact", "order", "visit", "service", "measure", "hearing", "referral",
    ] {
        office
            .see(&format!("[data-testid='matter'][data-kind='{kind}']"))
            .await;
    }
    look(&office, "cards").await;
    for kind in ["hearing", "referral", "visit"] {
        office
            .click(&format!("[data-testid='matter'][data-kind='{kind}'] h3"))
            .await;
        office.picture(&format!("card-{kind}")).await;
    }
    office.goto("/matters?open=true").await;
    office.see("[data-testid='matter-row']").await;
    look(&office, "matters-open").await;
    office.goto("/calendar").await;
    office.see("[data-testid='calendar-item']").await;
    office.see("[data-testid='calendar-late']").await;
    look(&office, "calendar").await;
    make_a_document(&office, &case).await;
    office.close().await;
}
