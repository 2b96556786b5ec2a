use serde_json::{Map, Value, json};

use super::*;
use crate::case::PersonRole;
use crate::case::matter::Mark;
use crate::case::matter::scene::tests::{Stage, day};
use crate::case::state::State;
use crate::case::view::EventData;

fn event(kind: EventKind, data: EventData) -> EventView {
    EventView {
        id: "e".into(),
        kind,
        on: day(3, 5),
        at: DateTime::default(),
        actor: Named {
            id: "clerk".to_owned(),
            name: "综治办甲".to_owned(),
        },
        actor_unit: "综治办".to_owned(),
        state: State::Handling,
        text: Some("情况复杂".to_owned()),
        data,
    }
}

fn deed(deed: Deed) -> EventView {
    let mark = Mark {
        id: "m".to_owned(),
        deed,
    };
    let data = EventData {
        matter: Some(mark),
        ..EventData::default()
    };
    event(EventKind::Matter, data)
}

/// Everything has happened.
fn eventful() -> Vec<EventView> {
    use EventKind as E;
    let mut events: Vec<EventView> = [
        E::Accepted,
        E::Declined,
        E::Transferred,
        E::Dispatched,
        E::Extended,
        E::Answered,
        E::ReviewRequested,
        E::FinalReviewRequested,
    ]
    .into_iter()
    .map(|kind| {
        let unit = Named {
            id: "police".to_owned(),
            name: "派出所".to_owned(),
        };
        let data = EventData {
            unit: Some(unit),
            days: Some(30),
            ..EventData::default()
        };
        event(kind, data)
    })
    .collect();
    events.extend([Deed::MediationAgree, Deed::HearingOpen, Deed::OrderOpen].map(deed));
    events
}

fn stage() -> Stage {
    let mut stage = Stage::on(day(3, 10));
    stage.case.kind = crate::case::Kind::Petition;
    stage.persons[0].address = Some("五里墩村三社".to_owned());
    stage.papers = vec![PaperFact {
        id: "paper".to_owned(),
        kind: PaperKind::Answer,
        number: "平川信处〔2026〕1号".to_owned(),
        on: day(3, 9),
        addressee: Some("张三".to_owned()),
        person_id: Some("p".into()),
        void: false,
    }];
    stage
}

fn dossier<'a>(scene: &'a Scene<'a>, events: &'a [EventView]) -> Dossier<'a> {
    Dossier {
        scene,
        township: "平川镇",
        superior: Some("某县"),
        number: "平川信〔2026〕00012号",
        channel: Channel::Visit,
        procedure: Procedure::Ordinary,
        cause: "张三反映土地流转费未付",
        demand: Some("支付流转费"),
        handling: None,
        path: Some(LawfulPath::Litigation),
        office: "综治办",
        first_receiver: "综治办甲",
        unit: None,
        accused: Vec::new(),
        events,
        matters: &[],
    }
}

/// What is filled in where a field does not begin with something.
fn input(kind: PaperKind, dossier: &Dossier<'_>) -> Map<String, Value> {
    let mut input = Map::new();
    for field in fields(kind, dossier) {
        use crate::case::matter::FieldKind as F;
        let value = match (&field.kind, field.value.clone()) {
            _ if field.name == "authority" || field.name == "on" => continue,
            (F::Persons, Some(ids)) => Value::from(ids.split(',').collect::<Vec<_>>()),
            (_, Some(value)) => value.into(),
            (F::Date, None) => "2026-03-20".into(),
            (F::Time, None) => "09:30".into(),
            (F::Choice { choices }, None) => choices[0].code.clone().into(),
            (F::Unit { .. }, None) => "police".into(),
            (F::Rows { .. }, None) => json!([{
                "what": "支付流转费2000元", "who": "李四", "due_on": "2026-04-01", "how": "转账"
            }]),
            (_, None) => format!("填写的{}", field.label).into(),
        };
        input.insert(field.name, value);
    }
    input
}

fn wrong(kind: PaperKind, input: &Map<String, Value>, dossier: &Dossier<'_>) -> Vec<String> {
    let errors = compose(kind, input, dossier).unwrap_err().into_vec();
    let errors = errors.into_iter();
    errors.map(|e| format!("{}:{}", e.field, e.code)).collect()
}

#[test]
fn each_kind_waits_for_what_it_is_about_and_says_so() {
    let mut stage = stage();
    stage.papers.clear();
    stage.case.state = State::Registered;
    let scene = stage.scene();
    let dossier = dossier(&scene, &[]);
    for kind in PaperKind::ALL.iter().copied() {
        let why = refuses(kind, &dossier);
        assert_eq!(
            why.is_none(),
            kind == PaperKind::Receipt,
            "{kind:?}: {why:?}"
        );
    }
}

#[test]
fn each_kind_is_written_from_the_case_with_its_articles() {
    let stage = stage();
    let scene = stage.scene();
    let events = eventful();
    let dossier = dossier(&scene, &events);
    for (kind, holds) in [
        (
            PaperKind::Receipt,
            &["平川信〔2026〕00012号", "首问责任人", "第三十四条"][..],
        ),
        (
            PaperKind::Acceptance,
            &["2026年3月5日起予以受理", "第二十三条", "60日"],
        ),
        (PaperKind::Refusal, &["诉讼", "第三十一条"]),
        (PaperKind::Transfer, &["派出所", "5个工作日", "第二十二条"]),
        (PaperKind::Assignment, &["派出所", "2026年3月20日前办结"]),
        (
            PaperKind::Extension,
            &["延长30日", "第三十四条", "情况复杂"],
        ),
        (
            PaperKind::Answer,
            &[
                "第三十二条第一项",
                "30日",
                "某县人民政府",
                "第三十五条",
                "支付流转费",
            ],
        ),
        (PaperKind::ReviewAnswer, &["维持", "第三十六条", "30日"]),
        (
            PaperKind::FinalReviewAnswer,
            &["终结意见", "不再受理", "第三十六条"],
        ),
        (
            PaperKind::Agreement,
            &["张三", "李四", "2026年4月1日", "第二十九条", "第三十三条"],
        ),
        (
            PaperKind::Confirmation,
            &["第三十三条", "承诺", "2026年3月5日达成"],
        ),
        (
            PaperKind::HearingNotice,
            &["2026年3月20日 09:30", "第三十一条"],
        ),
        (PaperKind::Order, &["督办", "2026年3月20日前书面反馈"]),
        (
            PaperKind::ServiceReturn,
            &["处理意见书 平川信处〔2026〕1号", "张三", "□电子送达"],
        ),
    ] {
        assert_eq!(refuses(kind, &dossier), None, "{kind:?}");
        let (paper, on, person) = compose(kind, &input(kind, &dossier), &dossier)
            .unwrap_or_else(|errors| panic!("{kind:?}: {errors:?}"));
        assert_eq!(on, scene.today);
        assert_eq!(paper.date, "2026年3月10日");
        let words = paper.words();
        for held in holds {
            assert!(words.contains(held), "{kind:?} lacks {held}: {words}");
        }
        let to_person = person.is_some();
        assert_eq!(
            to_person && kind != PaperKind::ServiceReturn,
            paper.envelope.is_some()
        );
    }
}

#[test]
fn what_is_wrong_is_named_by_field() {
    let stage = stage();
    let scene = stage.scene();
    let events = eventful();
    let dossier = dossier(&scene, &events);
    let with = |kind, name: &str, value: Value| {
        let mut input = input(kind, &dossier);
        input.insert(name.to_owned(), value);
        wrong(kind, &input, &dossier)
    };
    use PaperKind as K;
    for (kind, name, value, error) in [
        (K::Answer, "basis", json!(" "), "basis:required"),
        (K::Answer, "stance", json!("x"), "stance:invalid"),
        (K::Answer, "on", json!("2026-03-11"), "on:in_future"),
        (K::Answer, "on", json!("2026-03-01"), "on:too_early"),
        (K::Answer, "colour", json!("red"), "colour:unknown"),
        (
            K::Assignment,
            "due_on",
            json!("2026-03-09"),
            "due_on:too_early",
        ),
        (K::Assignment, "unit_id", json!("x"), "unit_id:unknown"),
        (
            K::Transfer,
            "authority",
            json!("县纪委监委"),
            "unit_id:required",
        ),
        (
            K::HearingNotice,
            "held_on",
            json!("2026-03-10"),
            "held_on:too_early",
        ),
        (K::Agreement, "parties", json!(["p"]), "parties:too_few"),
        (
            K::Agreement,
            "parties",
            json!(["p", "x"]),
            "parties:unknown",
        ),
        (K::Agreement, "items", json!([]), "items:out_of_range"),
        (
            K::Agreement,
            "items",
            json!([{"what": "付款", "who": "李四"}]),
            "items.0.due_on:required",
        ),
        (
            K::Agreement,
            "items",
            json!([{"what": "付款", "who": "李四", "due_on": "2026-03-09"}]),
            "items.0.due_on:too_early",
        ),
    ] {
        assert_eq!(with(kind, name, value), [error], "{kind:?}");
    }
}

#[test]
fn an_accusation_names_nobody_and_goes_to_nobody_it_accuses() {
    let mut stage = stage();
    stage.case.seal = Series::Sealed;
    let scene = stage.scene();
    let events = eventful();
    let mut dossier = dossier(&scene, &events);
    dossier.accused = vec!["芦湾村".to_owned()];
    for kind in [PaperKind::Transfer, PaperKind::Assignment, PaperKind::Order] {
        // The cause names the petitioner, so it is not offered.
        let summary = fields(kind, &dossier)
            .into_iter()
            .find(|f| f.name == "summary");
        assert_eq!(summary.unwrap().value, None);
        let mut input = input(kind, &dossier);
        let (paper, _, _) = compose(kind, &input, &dossier).unwrap();
        assert!(!paper.words().contains("张三"), "{kind:?}");
        assert!(paper.words().contains("第三十条"), "{kind:?}");
        input.insert("summary".to_owned(), json!("张三反映"));
        assert_eq!(wrong(kind, &input, &dossier), ["summary:names_petitioner"]);
    }
    let mut outside = input(PaperKind::Transfer, &dossier);
    outside.remove("unit_id");
    outside.insert("authority".to_owned(), json!("芦湾村村民委员会"));
    assert_eq!(
        wrong(PaperKind::Transfer, &outside, &dossier),
        ["authority:accused"]
    );
    for kind in [PaperKind::Agreement, PaperKind::HearingNotice] {
        assert!(refuses(kind, &dossier).unwrap().contains("第三十条"));
    }
    // The other party may be the accused.
    let choices = format!("{:?}", fields(PaperKind::Answer, &dossier));
    assert!(choices.contains("张三") && !choices.contains("李四"));
}

#[test]
fn the_outside_says_no_more_than_the_person_wants() {
    let mut stage = stage();
    stage.persons[0].care.neutral = true;
    stage.persons[0].care.do_not_call = true;
    let scene = stage.scene();
    let events = eventful();
    let dossier = dossier(&scene, &events);
    let kind = PaperKind::Answer;
    let (paper, _, _) = compose(kind, &input(kind, &dossier), &dossier).unwrap();
    let envelope = paper.envelope.unwrap();
    let outside = format!("{envelope:?}");
    assert!(
        !outside.contains("信访") && !outside.contains("检举"),
        "{outside}"
    );
    assert_eq!(envelope.address, "五里墩村三社");
    let kind = PaperKind::ServiceReturn;
    let (paper, _, _) = compose(kind, &input(kind, &dossier), &dossier).unwrap();
    let words = paper.words();
    assert!(
        !words.contains("电子送达") && words.contains("不打电话"),
        "{words}"
    );
}

#[test]
fn nobody_to_write_to_no_letter() {
    let mut stage = stage();
    stage
        .persons
        .retain(|person| person.role == PersonRole::OtherParty);
    let scene = stage.scene();
    let events = eventful();
    let dossier = dossier(&scene, &events);
    assert!(
        refuses(PaperKind::Answer, &dossier)
            .unwrap()
            .contains("匿名")
    );
    assert_eq!(refuses(PaperKind::Order, &dossier), None);
}

#[test]
fn control_characters_do_not_reach_a_document() {
    let stage = stage();
    let scene = stage.scene();
    let events = eventful();
    let dossier = dossier(&scene, &events);
    let kind = PaperKind::Answer;
    let mut input = input(kind, &dossier);
    input.insert("opinion".to_owned(), json!("一\u{1}二\r\n\u{7}三"));
    let (paper, _, _) = compose(kind, &input, &dossier).unwrap();
    let words = paper.words();
    assert!(words.contains("一二\n三"), "{words}");
}

#[test]
fn a_number_tells_seal_kind_and_year() {
    let number = |seal, kind| super::number("平川", seal, kind, 2026, 3);
    assert_eq!(
        number(Series::Open, PaperKind::Acceptance),
        "平川信受〔2026〕3号"
    );
    assert_eq!(
        number(Series::Open, PaperKind::Refusal),
        "平川信受〔2026〕3号"
    );
    assert_eq!(
        number(Series::Sealed, PaperKind::Transfer),
        "平川检转〔2026〕3号"
    );
}
