//! Full text, in Chinese: no spaces, two characters and even one are found.

use serde_json::json;
use tests::staff::VILLAGE;
use tests::{Staff, TestApp};

fn finds(app: &TestApp, q: &str) -> usize {
    app.found(Staff::Office, &[("q", q)]).len()
}

#[test]
fn words_are_found_wherever_they_stand() {
    let app = TestApp::start();
    let case = app
        .case()
        .village(VILLAGE)
        .cause("反映８社土地流转费2年未兑付，涉及耕地29亩。ABC公司承包")
        .set("demand", "要求尽快兑付")
        .set("place", "国道312线北侧")
        .set("unit_concerned", "绿源合作社")
        .set("development", "准备集体上访")
        .set("handling", "已约谈")
        .set("people", json!([{"role": "petitioner", "name": "𠮷田王·阿依古丽"}, {"role": "other_party", "name": "马占山"}]))
        .register();
    app.case().cause("邻里因采光发生争执").register();
    for q in [
        "土地",
        "流转",
        "转费",
        "兑付",
        "耕地",
        "争执", // two characters
        "费",
        "亩",
        "采",
        "𠮷", // one
        "8社",
        "８社",
        "29亩",
        "２９",
        "abc",
        "ABC",
        "ＡＢＣ",
        "AB", // digits and letters, of any width and case
        "土地流转费2年",
        "反映8社土地流转费2年未兑付", // longer than any word
        "312",
        "北侧",
        "绿源",
        "上访",
        "约谈",
        "马占山",
        "占山",
        "阿依古丽",
        "五里墩", // every field
        "土地 耕地",
        "耕地，土地",
        "兑付 马占山 绿源", // all words, in any order
        &case.number,
        "00001",
    ] {
        assert_eq!(finds(&app, q), 1, "{q}");
    }
    for q in [
        "土流",
        "地耕",
        "宅基",
        "付涉",
        "9亩",
        "bc公司",
        "土地 采光",
        "赵六",
        // Punctuation alone finds nothing, and is no query language.
        "，。",
        "\"",
        "*",
        "土*宅",
    ] {
        assert_eq!(finds(&app, q), 0, "{q}");
    }
    // Nothing to look for is no search.
    assert_eq!(finds(&app, ""), 2);
    assert_eq!(finds(&app, "  "), 2);
}

/// A phrase does not reach from the end of one field into the beginning of the next.
#[test]
fn a_phrase_stays_within_a_field() {
    let app = TestApp::start();
    let case = app
        .case()
        .cause("要求修桥")
        .set("demand", "铺路到户")
        .set("place", "河边");
    case.set(
        "people",
        json!([{"role": "petitioner", "name": "桥本"}, {"role": "other_party", "name": "路遥"}]),
    )
    .register();
    for q in ["修桥", "铺路", "桥本", "路遥"] {
        assert_eq!(finds(&app, q), 1, "{q}");
    }
    for q in ["桥铺", "户河", "本路", "修桥铺路"] {
        assert_eq!(finds(&app, q), 0, "{q}");
    }
}

#[test]
fn what_was_changed_is_found_as_it_is_now() {
    let app = TestApp::start();
    let case = app.case().cause("水渠漏水").register();
    let office = app.by(Staff::Office);
    let patch = |input: serde_json::Value| {
        let etag = app.etag(&case.id, Staff::Office);
        office
            .patch(case.path(""))
            .if_match(etag)
            .json(&input)
            .expect(200);
    };
    patch(json!({"cause": "道路塌陷"}));
    assert_eq!((finds(&app, "水渠"), finds(&app, "塌陷")), (0, 1));
    office
        .post(case.path("/people"))
        .json(&json!({"role": "other_party", "name": "诸葛明"}))
        .expect(201);
    assert_eq!(finds(&app, "诸葛"), 1);
    let person = case.person(1);
    let etag = app.etag(&case.id, Staff::Office);
    office
        .delete(case.path(&format!("/people/{person}")))
        .if_match(etag)
        .expect(200);
    assert_eq!(finds(&app, "诸葛"), 0);
    patch(json!({"village_id": app.unit("四坝村")}));
    assert_eq!(finds(&app, "四坝"), 1);
}

/// A search text is text, whatever a database or a search engine would read into it.
#[test]
fn a_search_is_no_query_language() {
    let app = TestApp::start();
    app.case().cause("土地纠纷 NEAR 河边").register();
    for q in [
        "土地 OR 宅基",
        "土地 NOT 纠纷",
        "NEAR(土地 纠纷)",
        "土地^2",
        "土地:*",
        "terms:土地",
        "' OR 1=1 --",
        "土地') OR ('1'='1",
        "a & b | !c",
        "<->",
        "(((",
        "\\",
        "%",
        "_",
        "土地 <-> 纠纷",
        "\u{0}",
        "土地\u{0}纠纷",
        "\u{202e}",
        "\u{feff}",
        "🙂",
        "é",
        "ﷺ",
        "㍿",
        "①",
        "\n\t",
    ] {
        let page = app.list(Staff::Office, &[("q", q)]);
        assert!(page["total"].as_u64().unwrap() <= 1, "{q}");
    }
    assert_eq!(finds(&app, "near"), 1);
    let answer = app.by(Staff::Office).get(tests::app::with_query(
        "/cases",
        &[("q", &"土".repeat(101))],
    ));
    assert_eq!(answer.send().invalid_fields(), ["q:too_long"]);
    assert_eq!(finds(&app, &"土地".repeat(50)), 0);
}

/// Names are found, numbers that are kept encrypted are not.
#[test]
fn id_and_phone_numbers_are_not_searched() {
    let app = TestApp::start();
    let person = json!({"role": "petitioner", "name": "高大山", "id_number": tests::case::ID_NUMBER, "phone": tests::case::PHONE});
    app.case().set("people", json!([person])).register();
    assert_eq!(finds(&app, "高大山"), 1);
    for q in [
        tests::case::ID_NUMBER,
        tests::case::PHONE,
        "9455",
        "0712",
        "130",
    ] {
        assert_eq!(finds(&app, q), 0, "{q}");
    }
}

#[test]
fn likely_duplicates_are_hinted_at() {
    let app = TestApp::start();
    let first = app
        .case()
        .village(VILLAGE)
        .cause("反映五里墩村3社土地流转费两年没有兑付的问题")
        .set("people", json!([{"role": "petitioner", "name": "高大山", "id_number": tests::case::ID_NUMBER, "phone": tests::case::PHONE}]))
        .register();
    app.case().cause("邻居家的羊吃了玉米苗").register();
    let similar = |who: Staff, query: serde_json::Value| {
        let hints = app
            .by(who)
            .post("/cases/similar")
            .json(&query)
            .expect(200)
            .json();
        let hints = hints.as_array().unwrap().iter();
        hints
            .map(|h| {
                (
                    h["case"]["id"].as_str().unwrap().to_owned(),
                    h["same_person"] == true,
                )
            })
            .collect::<Vec<_>>()
    };
    let same = |hits: Vec<(String, bool)>| hits == [(first.id.clone(), true)];
    assert!(same(similar(
        Staff::Centre,
        json!({"id_numbers": ["９９９９９９195307140712"]})
    )));
    assert!(same(similar(
        Staff::Centre,
        json!({"phones": ["+86 130-0000-9455"]})
    )));
    let alike = json!({"cause": "反映3社土地流转费两年没有兑付"});
    assert_eq!(
        similar(Staff::Centre, alike.clone()),
        [(first.id.clone(), false)]
    );
    let except = json!({"cause": "反映3社土地流转费两年没有兑付", "except": first.id});
    assert_eq!(similar(Staff::Centre, except), []);
    for nothing in [
        json!({}),
        json!({"cause": "路灯不亮"}),
        json!({"id_numbers": ["1"], "phones": ["x"]}),
        json!({"names": ["高大山"]}),
    ] {
        assert_eq!(similar(Staff::Centre, nothing), []);
    }
    // Only what the caller may see.
    assert_eq!(similar(Staff::NextSecretary, alike), []);
    assert_eq!(
        similar(
            Staff::Police,
            json!({"id_numbers": [tests::case::ID_NUMBER]})
        ),
        []
    );
    for who in [Staff::Auditor, Staff::Admin] {
        app.by(who)
            .post("/cases/similar")
            .json(&json!({}))
            .send()
            .problem("forbidden");
    }
}
