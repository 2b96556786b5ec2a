use serde_json::{Map, Value, json};

use super::*;
use crate::case::PersonRole;
use crate::case::matter::scene::tests::{Stage, day};
use crate::case::matter::{Deed, Matter, Wrong};
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

/// Everything has happened.
fn eventful() -> Vec<EventView> {
    use EventKind as E;
    [
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
    .collect()
}

fn done<M: Matter>(opened: Result<(M, crate::case::matter::Done), Wrong>) -> M {
    opened.unwrap_or_else(|wrong| panic!("{wrong:?}")).0
}

fn read<T: serde::de::DeserializeOwned>(input: Value) -> T {
    serde_json::from_value(input).unwrap()
}

/// A mediation with one session, in which they came to one mind.
fn mediation(scene: &Scene<'_>) -> Mediation {
    let mut mediation: Mediation = done(Matter::open(
        read(json!({
            "on": "2026-03-04", "asked_by": "both", "unit_id": "village", "dispute": "流转费未付",
            "first_party": ["p"], "other_party": ["q"], "consent": true,
        })),
        scene,
    ));
    for (deed, input) in [
        (
            Deed::MediationAppoint,
            json!({
                "on": "2026-03-04", "mediators": [{"name": "王调解", "post": "主任"}],
                "meet_on": "2026-03-05", "meet_time": "09:30", "place": "调解室",
            }),
        ),
        (
            Deed::MediationSession,
            json!({
                "on": "2026-03-05", "place": "调解室", "present": ["p", "q"], "methods": ["law"],
                "text": "同意分期", "outcome": "agreed",
            }),
        ),
    ] {
        mediation.step(deed, read(input), scene).unwrap();
    }
    mediation
}

fn agree(mediation: &mut Mediation, form: &str, scene: &Scene<'_>) {
    let input = json!({
        "on": "2026-03-05", "form": form, "facts": "三年未付", "duties": "李四应付",
        "content": "分期付清", "parties_signed": true, "mediators_signed": true, "sealed": true,
        "promises": [{
            "what": "支付流转费", "by": "q", "amount": "2000", "manner": "转账",
            "due_on": "2026-04-01",
        }],
    });
    let deed = Deed::MediationAgree;
    mediation.step(deed, read(input), scene).unwrap();
}

fn hearing(scene: &Scene<'_>, on: &str) -> Any {
    let input = json!({
        "on": on, "purpose": "handling", "held_on": "2026-03-20", "time": "09:30",
        "place": "综治中心", "text": "流转费的数额",
        "panel": [
            {"name": "曹文礼", "post": "县人大代表", "chair": true},
            {"name": "严正平", "post": "律师"},
            {"name": "戚秀兰", "post": "村民代表"},
        ],
    });
    Any::Hearing(Box::new(done(Hearing::open(read(input), scene))))
}

/// A written agreement, a hearing to come, an order.
fn matters(scene: &Scene<'_>) -> Vec<Any> {
    let mut mediation = mediation(scene);
    agree(&mut mediation, "written", scene);
    let order = json!({
        "form": "supervise", "source": "higher", "authority": "县信访局",
        "number": "县信督〔2026〕5号", "unit_id": "police", "demand": "核实流转费",
        "deadline": "2026-03-20",
    });
    vec![
        Any::Mediation(Box::new(mediation)),
        hearing(scene, "2026-03-10"),
        Any::Order(Box::new(done(Order::open(read(order), scene)))),
    ]
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

/// The township words nothing for itself.
static NO_TEXTS: PaperTexts = PaperTexts {
    issuer: String::new(),
    superior: String::new(),
    court: String::new(),
    contact: String::new(),
    kinds: Vec::new(),
};

fn dossier<'a>(scene: &'a Scene<'a>, events: &'a [EventView], matters: &'a [Any]) -> Dossier<'a> {
    Dossier {
        scene,
        township: "平川镇",
        superior: Some("某县"),
        texts: &NO_TEXTS,
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
        matters,
    }
}

/// What is filled in where a field does not begin with something.
fn input(kind: PaperKind, dossier: &Dossier<'_>) -> Map<String, Value> {
    let mut input = Map::new();
    for field in fields(kind, dossier) {
        use crate::case::matter::FieldKind as F;
        let value = match (&field.kind, field.value.clone()) {
            _ if field.name == "authority" || field.name == "on" => continue,
            (F::Rows { .. }, Some(rows)) => serde_json::from_str(&rows).unwrap(),
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
    let dossier = dossier(&scene, &[], &[]);
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
    let matters = matters(&scene);
    let dossier = dossier(&scene, &events, &matters);
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
            &[
                "张三",
                "李四",
                "五里墩村人民调解委员会",
                "支付流转费（2000元）",
                "2026年4月1日",
                "王调解",
                "三年未付",
                "第二十九条",
                "第三十三条",
            ],
        ),
        (
            PaperKind::Confirmation,
            &[
                "第三十三条",
                "承诺",
                "2026年3月5日生效",
                "2026年4月4日",
                "分期付清",
            ],
        ),
        (
            PaperKind::HearingNotice,
            &[
                "2026年3月20日 09:30",
                "曹文礼（县人大代表）",
                "公开举行",
                "第三十一条",
            ],
        ),
        (
            PaperKind::Order,
            &[
                "县信访局（县信督〔2026〕5号）",
                "2026年3月20日前书面反馈",
                "派出所",
            ],
        ),
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
    let matters = matters(&scene);
    let dossier = dossier(&scene, &events, &matters);
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
            json!("2026-03-21"),
            "held_on:unknown",
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
    let matters = matters(&stage.scene());
    stage.case.seal = Series::Sealed;
    let scene = stage.scene();
    let events = eventful();
    let mut dossier = dossier(&scene, &events, &matters);
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
    let matters = matters(&scene);
    let dossier = dossier(&scene, &events, &matters);
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
    let matters = matters(&stage.scene());
    stage
        .persons
        .retain(|person| person.role == PersonRole::OtherParty);
    let scene = stage.scene();
    let events = eventful();
    let dossier = dossier(&scene, &events, &matters);
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
    let matters = matters(&scene);
    let dossier = dossier(&scene, &events, &matters);
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

#[test]
fn an_agreement_is_set_down_when_it_is_written_or_to_be_signed() {
    let stage = stage();
    let scene = stage.scene();
    let why = |kind, matters: &[Any]| refuses(kind, &dossier(&scene, &[], matters));
    let boxed = |mediation: &Mediation| [Any::Mediation(Box::new(mediation.clone()))];
    let mut mediation = mediation(&scene);
    // To be signed; the court gets what is signed.
    assert_eq!(why(PaperKind::Agreement, &boxed(&mediation)), None);
    let early = why(PaperKind::Confirmation, &boxed(&mediation)).unwrap();
    assert!(early.contains("还没有达成"), "{early}");

    agree(&mut mediation, "oral", &scene);
    for kind in [PaperKind::Agreement, PaperKind::Confirmation] {
        let oral = why(kind, &boxed(&mediation)).unwrap();
        assert!(
            oral.contains("口头协议") && oral.contains("第二十八条"),
            "{oral}"
        );
    }
    let write = json!({
        "on": "2026-03-09", "facts": "三年未付", "duties": "李四应付",
        "parties_signed": true, "mediators_signed": true, "sealed": true,
    });
    let deed = Deed::MediationWrite;
    mediation.step(deed, read(write), &scene).unwrap();
    let matters = boxed(&mediation);
    for kind in [PaperKind::Agreement, PaperKind::Confirmation] {
        assert_eq!(why(kind, &matters), None);
    }
    // It bears the day on which it was signed.
    let dossier = dossier(&scene, &[], &matters);
    let fields = fields(PaperKind::Agreement, &dossier);
    let on = fields.iter().find(|field| field.name == "on").unwrap();
    assert_eq!(on.value.as_deref(), Some("2026-03-09"));
}

#[test]
fn confirmation_is_printed_while_there_is_time() {
    let agreed_on = stage();
    let matters = matters(&agreed_on.scene());
    for (today, there) in [(day(4, 4), true), (day(4, 5), false)] {
        let mut stage = stage();
        stage.today = today;
        let scene = stage.scene();
        let why = refuses(PaperKind::Confirmation, &dossier(&scene, &[], &matters));
        assert_eq!(why.is_none(), there, "{why:?}");
        assert!(there || why.unwrap().contains("2026年4月4日"));
    }
    // Both have applied: the application is printed until the court decides.
    let Some(Any::Mediation(mediation)) = matters.first() else {
        panic!("{matters:?}");
    };
    let mut mediation = mediation.clone();
    let apply = json!({"applicants": ["p", "q"], "court_id": "court"});
    let deed = Deed::MediationApply;
    mediation
        .step(deed, read(apply), &agreed_on.scene())
        .unwrap();
    let mut stage = stage();
    stage.today = day(4, 20);
    let scene = stage.scene();
    let matters = [Any::Mediation(mediation)];
    let dossier = dossier(&scene, &[], &matters);
    assert_eq!(refuses(PaperKind::Confirmation, &dossier), None);
    let kind = PaperKind::Confirmation;
    let mut given = input(kind, &dossier);
    assert_eq!(given["court"], "法庭");
    assert_eq!(wrong(kind, &given, &dossier), ["on:too_late"]);
    given.insert("on".to_owned(), json!("2026-03-10"));
    assert_eq!(compose(kind, &given, &dossier).unwrap().1, day(3, 10));
}

#[test]
fn a_hearings_notice_comes_in_time() {
    let mut stage = stage();
    let matters = [hearing(&stage.scene(), "2026-03-10")];
    let kind = PaperKind::HearingNotice;
    for (today, there) in [(day(3, 13), true), (day(3, 14), false)] {
        stage.today = today;
        let scene = stage.scene();
        let dossier = dossier(&scene, &[], &matters);
        let given = input(kind, &dossier);
        if there {
            assert!(compose(kind, &given, &dossier).is_ok());
        } else {
            assert_eq!(wrong(kind, &given, &dossier), ["on:too_late"]);
        }
    }
}

#[test]
fn who_is_to_be_reached_with_care_is_so_by_every_unit_and_party() {
    let mut stage = stage();
    stage.persons[0].care.do_not_call = true;
    let scene = stage.scene();
    let events = eventful();
    let matters = matters(&scene);
    let dossier = dossier(&scene, &events, &matters);
    for kind in [PaperKind::Transfer, PaperKind::Assignment, PaperKind::Order] {
        let (paper, _, _) = compose(kind, &input(kind, &dossier), &dossier).unwrap();
        assert!(paper.words().contains("张三：不打电话"), "{kind:?}");
    }
    // The other side reads the agreement.
    let kind = PaperKind::Agreement;
    let (paper, _, _) = compose(kind, &input(kind, &dossier), &dossier).unwrap();
    assert!(!paper.words().contains("五里墩村三社"), "{}", paper.words());
}

/// What a township words.
fn texts() -> PaperTexts {
    PaperTexts {
        issuer: "平川镇信访工作领导小组".to_owned(),
        superior: "某县信访局".to_owned(),
        court: "某县人民法院五里墩人民法庭".to_owned(),
        contact: "平川镇综治中心，电话 0000-0000000".to_owned(),
        kinds: vec![
            KindText {
                kind: PaperKind::Answer,
                note: "本意见书一式三份。\n请妥善保管。".to_owned(),
                preset: "《信访工作条例》第三十二条".to_owned(),
            },
            KindText {
                kind: PaperKind::Assignment,
                note: String::new(),
                preset: "七日内上门见面。".to_owned(),
            },
        ],
    }
}

#[test]
fn the_townships_words_stand_where_they_belong_and_nowhere_else() {
    let stage = stage();
    let scene = stage.scene();
    let events = eventful();
    let matters = matters(&scene);
    let plain = dossier(&scene, &events, &matters);
    let texts = texts();
    let dossier = Dossier {
        texts: &texts,
        ..dossier(&scene, &events, &matters)
    };
    let contact = "（联系方式：平川镇综治中心，电话 0000-0000000）";
    for kind in PaperKind::ALL.iter().copied() {
        let without = compose(kind, &input(kind, &plain), &plain).unwrap().0;
        let with = compose(kind, &input(kind, &dossier), &dossier).unwrap().0;
        assert!(without.notes.is_empty(), "{kind:?}");
        let expected: &[&str] = match kind {
            // The parties' own words, and what only proves service.
            PaperKind::Agreement | PaperKind::Confirmation | PaperKind::ServiceReturn => &[],
            PaperKind::Answer => &["（本意见书一式三份。）", "（请妥善保管。）", contact],
            _ => &[contact],
        };
        assert_eq!(with.notes, expected, "{kind:?}");
        // Of what the law prescribes nothing is gone: each article still stands.
        for article in without.words().split('《').skip(1) {
            let article: String = article
                .chars()
                .take_while(|c| !"）。，\n".contains(*c))
                .collect();
            assert!(with.words().contains(&article), "{kind:?}: {article}");
        }
        match kind {
            PaperKind::Agreement => assert_eq!(with.issuer, "五里墩村人民调解委员会"),
            PaperKind::Confirmation => {
                assert_eq!(with.issuer, "");
                let court = "某县人民法院五里墩人民法庭";
                assert_eq!(with.addressee.as_deref(), Some(court));
            }
            _ => {
                assert_eq!(with.issuer, "平川镇信访工作领导小组", "{kind:?}");
                assert_eq!(with.signer.as_deref(), Some("平川镇信访工作领导小组"));
                if let Some(envelope) = with.envelope {
                    assert_eq!(envelope.from, "平川镇信访工作领导小组");
                }
            }
        }
    }
    let words = |kind| {
        compose(kind, &input(kind, &dossier), &dossier)
            .unwrap()
            .0
            .words()
    };
    assert!(words(PaperKind::Answer).contains("上一级机关（某县信访局）"));
    assert!(words(PaperKind::ReviewAnswer).contains("上一级机关（某县信访局）"));
    assert!(words(PaperKind::Assignment).contains("七日内上门见面。"));
    let begins = |kind, name: &str, dossier: &Dossier<'_>| {
        let fields = fields(kind, dossier);
        let found = fields.into_iter().find(|field| field.name == name);
        found.unwrap().value
    };
    let basis = begins(PaperKind::Answer, "basis", &dossier);
    assert_eq!(basis.as_deref(), Some("《信访工作条例》第三十二条"));
    assert_eq!(begins(PaperKind::ReviewAnswer, "basis", &dossier), None);
    assert_eq!(begins(PaperKind::Answer, "basis", &plain), None);
}

#[test]
fn each_preset_names_a_field_of_its_kind_as_the_form_calls_it() {
    let stage = stage();
    let scene = stage.scene();
    let events = eventful();
    let matters = matters(&scene);
    let dossier = dossier(&scene, &events, &matters);
    for kind in PaperKind::ALL.iter().copied() {
        let Some((name, label)) = kind.preset() else {
            continue;
        };
        let fields = fields(kind, &dossier);
        let field = fields.iter().find(|field| field.name == name);
        assert_eq!(
            field.map(|field| field.label.as_str()),
            Some(label),
            "{kind:?}"
        );
    }
}

#[test]
fn wrong_texts_are_told_by_field() {
    let wrong = |texts: &PaperTexts| {
        let mut errors = Errors::new();
        texts.check("papers", &mut errors);
        let errors = errors.into_vec().into_iter();
        errors
            .map(|e| format!("{}:{}", e.field, e.code))
            .collect::<Vec<_>>()
    };
    assert_eq!(wrong(&PaperTexts::default()), Vec::<String>::new());
    assert_eq!(wrong(&texts()), Vec::<String>::new());
    let kind = |kind, note: &str, preset: &str| KindText {
        kind,
        note: note.to_owned(),
        preset: preset.to_owned(),
    };
    let bad = PaperTexts {
        issuer: "字".repeat(texts::MAX_ORGAN + 1),
        superior: "一\n二".to_owned(),
        court: "法院\0".to_owned(),
        contact: "字".repeat(texts::MAX_CONTACT + 1),
        kinds: vec![
            kind(PaperKind::Agreement, "附注", ""),
            kind(PaperKind::Receipt, "", "预填"),
            kind(PaperKind::Answer, &"字".repeat(texts::MAX_NOTE + 1), ""),
            kind(PaperKind::Answer, "", ""),
        ],
    };
    assert_eq!(
        wrong(&bad),
        [
            "papers.issuer:too_long",
            "papers.superior:one_line",
            "papers.court:invalid_character",
            "papers.contact:too_long",
            "papers.kinds.0.note:not_applicable",
            "papers.kinds.1.preset:not_applicable",
            "papers.kinds.2.note:too_long",
            "papers.kinds.3.kind:duplicate",
        ]
    );
}

#[test]
fn texts_are_kept_tidy_and_their_changes_told() {
    let mut given = texts();
    given.issuer = "  平川镇信访工作领导小组 ".to_owned();
    given.kinds.push(KindText {
        kind: PaperKind::Order,
        note: "  ".to_owned(),
        preset: String::new(),
    });
    let kept = given.tidy();
    assert_eq!(kept, texts());
    assert!(kept.changes(&texts()).is_empty());
    let changes = kept.changes(&PaperTexts::default());
    assert_eq!(changes[0], "发文机关由（不填）改为“平川镇信访工作领导小组”");
    assert_eq!(changes.last().unwrap(), "改处理意见书的文字");
    assert_eq!(changes.len(), 6);
    let below = kept.for_below();
    assert_eq!((below.issuer.as_str(), below.contact.as_str()), ("", ""));
    assert_eq!((below.superior.as_str(), &below.court), ("", &kept.court));
    assert_eq!(below.kinds, kept.kinds);
}
