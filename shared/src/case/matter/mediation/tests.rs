use proptest::prelude::*;

use super::super::scene::tests::{Stage, day};
use super::super::view::Tone;
use super::*;
use crate::calendar::Calendar;
use crate::case::deadline::{Clock, Entry, LawProfile, clocks};
use crate::role::Role;

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn input() -> MediationInput {
    MediationInput::default()
}

fn opening() -> MediationInput {
    MediationInput {
        asked_by: Some(MediationAsker::Both),
        unit_id: Some("village".into()),
        dispute: some("两年流转费未付"),
        first_party: vec!["p".into()],
        other_party: vec!["q".into()],
        consent: Some(true),
        ..input()
    }
}

fn appointment() -> MediationInput {
    MediationInput {
        mediators: vec![MediatorInput {
            name: "调解员甲".to_owned(),
            post: some("村调委会主任"),
        }],
        meet_on: Some(day(3, 12)),
        meet_time: some("15:30"),
        place: some("村委会"),
        ..input()
    }
}

fn sitting() -> MediationInput {
    MediationInput {
        present: vec!["p".into(), "q".into()],
        methods: vec![MediationMethod::Law, MediationMethod::Guidance],
        outcome: Some(MediationOutcome::Agreed),
        text: some("双方核对了账目"),
        place: some("村委会"),
        ..input()
    }
}

fn promise(amount: &str, due_on: NaiveDate) -> PromiseInput {
    PromiseInput {
        what: some("支付流转费"),
        by: Some("q".into()),
        amount: Some(YuanInput::Text(amount.to_owned())),
        manner: some("银行转账"),
        due_on: Some(due_on),
    }
}

fn deal(form: AgreementForm, on: NaiveDate) -> MediationInput {
    MediationInput {
        on: Some(on),
        form: Some(form),
        facts: some("2024年签订流转合同，欠付两年"),
        duties: some("李四欠付，应承担付款责任"),
        content: some("分两期付清"),
        promises: vec![promise("5000", day(4, 30)), promise("3000.50", day(6, 30))],
        parties_signed: Some(true),
        mediators_signed: Some(true),
        sealed: Some(true),
        ..input()
    }
}

fn application() -> MediationInput {
    MediationInput {
        applicants: vec!["p".into(), "q".into()],
        court_id: Some("court".into()),
        ..input()
    }
}

fn ruling(ruling: CourtRuling) -> MediationInput {
    MediationInput {
        ruling: Some(ruling),
        document: some("（2026）甘0724民特1号"),
        text: some("审查意见"),
        ..input()
    }
}

fn fulfilment(n: &str) -> MediationInput {
    MediationInput {
        promise: some(n),
        proof: some("转账回单"),
        ..input()
    }
}

fn breach(n: &str, kind: BreachKind) -> MediationInput {
    MediationInput {
        promise: some(n),
        breach: Some(kind),
        text: some("催过两次没有付"),
        ..input()
    }
}

fn ending() -> MediationInput {
    MediationInput {
        text: some("双方差距太大"),
        ways: vec![RemedyWay::Litigation],
        notice: some("当场口头告知"),
        ..input()
    }
}

/// Takes a step as the service does: asks first whether the state allows it.
fn act(
    mediation: &mut Mediation,
    deed: Deed,
    input: MediationInput,
    stage: &Stage,
) -> Result<Done, Wrong> {
    let scene = stage.scene();
    if let Some(why) = mediation.refuses(deed, &scene) {
        return Err(Wrong::Refused(why));
    }
    let mut tried = mediation.clone();
    let done = tried.step(deed, input, &scene)?;
    *mediation = tried;
    Ok(done)
}

fn on(today: NaiveDate) -> Stage {
    Stage::on(today)
}

fn by_the_court(today: NaiveDate) -> Stage {
    let mut stage = Stage::on(today);
    stage.actor.role = Role::Court;
    stage.actor.unit_id = "court".into();
    stage
}

fn opened() -> Mediation {
    let stage = on(day(3, 10));
    Mediation::open(opening(), &stage.scene()).unwrap().0
}

/// Two sides that agree on 2026-03-12.
fn agreed(form: AgreementForm) -> Mediation {
    let mut mediation = opened();
    let stage = on(day(3, 12));
    for (deed, input) in [
        (Deed::MediationAppoint, appointment()),
        (Deed::MediationSession, sitting()),
        (Deed::MediationAgree, deal(form, day(3, 12))),
    ] {
        act(&mut mediation, deed, input, &stage).unwrap();
    }
    mediation
}

fn state_of(mediation: &Mediation, today: NaiveDate) -> &'static str {
    mediation.digest(&on(today).scene()).state
}

#[track_caller]
fn wrong_fields(result: Result<impl std::fmt::Debug, Wrong>) -> Vec<String> {
    let Err(Wrong::Invalid(errors)) = result else {
        panic!("{result:?}");
    };
    let errors = errors.into_vec().into_iter();
    errors.map(|e| format!("{}:{}", e.field, e.code)).collect()
}

#[track_caller]
fn sentence(result: Result<impl std::fmt::Debug, Wrong>) -> String {
    match result {
        Err(Wrong::Invalid(errors)) => errors
            .into_vec()
            .into_iter()
            .map(|e| e.message)
            .collect::<Vec<_>>()
            .join("\n"),
        Err(Wrong::Refused(why)) => why,
        Ok(done) => panic!("{done:?}"),
    }
}

#[test]
fn a_request_names_both_sides_who_agree_and_a_committee() {
    let stage = on(day(3, 10));
    let scene = stage.scene();
    let (mediation, done) = Mediation::open(opening(), &scene).unwrap();
    assert_eq!(
        done.effects,
        [Effect::Mediation, Effect::Refer("village".into())]
    );
    let digest = mediation.digest(&scene);
    assert_eq!((digest.state, digest.open), ("requested", true));
    assert_eq!(digest.due.unwrap().on, day(4, 9));
    type Change = fn(&mut MediationInput);
    let cases: [(Change, &str); 10] = [
        (|i| i.consent = Some(false), "consent:required"),
        (|i| i.consent = None, "consent:required"),
        (|i| i.first_party.clear(), "first_party:required"),
        (|i| i.other_party = vec!["x".into()], "other_party:unknown"),
        (
            |i| i.other_party = vec!["p".into()],
            "other_party:both_sides",
        ),
        (|i| i.unit_id = Some("police".into()), "unit_id:wrong_kind"),
        (|i| i.unit_id = None, "unit_id:required"),
        (|i| i.dispute = some(" "), "dispute:required"),
        (|i| i.on = Some(day(3, 11)), "on:in_future"),
        (|i| i.on = Some(day(3, 1)), "on:too_early"),
    ];
    for (change, field) in cases {
        let mut wrong = opening();
        change(&mut wrong);
        assert_eq!(wrong_fields(Mediation::open(wrong, &scene)), [field]);
    }
}

#[test]
fn an_accusation_is_not_mediated_nor_a_dispute_with_nobody() {
    let mut stage = on(day(3, 10));
    stage.case.seal = Series::Sealed;
    let why = Mediation::refuses_opening(&stage.scene()).unwrap();
    assert!(why.contains("第三十条"), "{why}");
    stage.case.seal = Series::Open;
    assert_eq!(Mediation::refuses_opening(&stage.scene()), None);
    stage.persons.pop();
    assert!(Mediation::refuses_opening(&stage.scene()).is_some());
    stage.case.state = State::Closed;
    assert!(Mediation::refuses_opening(&stage.scene()).is_some());
}

#[test]
fn mediators_are_named_and_are_no_parties() {
    let stage = on(day(3, 11));
    let mediator = |name: &str| MediatorInput {
        name: name.to_owned(),
        post: None,
    };
    for (mediators, field) in [
        (vec![], "mediators:required"),
        (vec![mediator(" ")], "mediators.0.name:required"),
        (vec![mediator("李四")], "mediators.0.name:party"),
        (
            vec![mediator("甲"), mediator("甲")],
            "mediators.1.name:duplicate",
        ),
        (
            (0..10).map(|n| mediator(&n.to_string())).collect(),
            "mediators:too_many",
        ),
    ] {
        let mut mediation = opened();
        let input = MediationInput {
            mediators,
            ..appointment()
        };
        let result = act(&mut mediation, Deed::MediationAppoint, input, &stage);
        assert_eq!(wrong_fields(result), [field]);
    }
    for (meet_on, meet_time, field) in [
        (None, None, "meet_on:required"),
        (Some(day(3, 10)), None, "meet_on:too_early"),
        (Some(day(3, 12)), some("25:00"), "meet_time:invalid"),
    ] {
        let input = MediationInput {
            meet_on,
            meet_time,
            ..appointment()
        };
        let result = act(&mut opened(), Deed::MediationAppoint, input, &stage);
        assert_eq!(wrong_fields(result), [field]);
    }
}

/// What is out of order is refused with a sentence, whatever the input.
#[test]
fn steps_come_in_order() {
    use Deed as D;
    let all = [
        D::MediationAppoint,
        D::MediationSession,
        D::MediationAgree,
        D::MediationWrite,
        D::MediationFail,
        D::MediationFulfil,
        D::MediationBreach,
        D::MediationApply,
        D::MediationDecide,
    ];
    let stage = by_the_court(day(3, 12));
    let allowed = |mediation: &Mediation| -> Vec<Deed> {
        let scene = stage.scene();
        let free = |deed: &Deed| mediation.refuses(*deed, &scene).is_none();
        all.iter().copied().filter(free).collect()
    };
    let mut mediation = opened();
    assert_eq!(allowed(&mediation), [D::MediationAppoint, D::MediationFail]);
    act(&mut mediation, D::MediationAppoint, appointment(), &stage).unwrap();
    assert_eq!(
        allowed(&mediation),
        [D::MediationAppoint, D::MediationSession, D::MediationFail]
    );
    act(&mut mediation, D::MediationSession, sitting(), &stage).unwrap();
    assert_eq!(
        allowed(&mediation),
        [
            D::MediationAppoint,
            D::MediationSession,
            D::MediationAgree,
            D::MediationFail
        ]
    );
    let mut failed = mediation.clone();
    act(&mut failed, D::MediationFail, ending(), &stage).unwrap();
    assert_eq!(allowed(&failed), []);
    let oral = agreed(AgreementForm::Oral);
    assert_eq!(allowed(&oral), [D::MediationWrite, D::MediationFulfil]);
    let mut written = agreed(AgreementForm::Written);
    assert_eq!(allowed(&written), [D::MediationFulfil, D::MediationApply]);
    act(&mut written, D::MediationApply, application(), &stage).unwrap();
    assert_eq!(allowed(&written), [D::MediationFulfil, D::MediationDecide]);
    let mut refused = written.clone();
    act(
        &mut written,
        D::MediationDecide,
        ruling(CourtRuling::Confirmed),
        &stage,
    )
    .unwrap();
    assert_eq!(allowed(&written), [D::MediationFulfil]);
    act(
        &mut refused,
        D::MediationDecide,
        ruling(CourtRuling::Refused),
        &stage,
    )
    .unwrap();
    assert_eq!(
        allowed(&refused),
        [
            D::MediationAppoint,
            D::MediationSession,
            D::MediationFail,
            D::MediationFulfil
        ]
    );
    assert_eq!(state_of(&refused, day(3, 12)), "unconfirmed");
    let mut kept = agreed(AgreementForm::Written);
    for n in ["1", "2"] {
        act(&mut kept, D::MediationFulfil, fulfilment(n), &stage).unwrap();
    }
    assert_eq!(allowed(&kept), [D::MediationBreach]);
    assert_eq!(state_of(&kept, day(3, 12)), "done");
}

#[test]
fn an_agreement_has_the_elements_that_the_law_lists() {
    let stage = on(day(3, 12));
    let mut mediation = opened();
    act(
        &mut mediation,
        Deed::MediationAppoint,
        appointment(),
        &stage,
    )
    .unwrap();
    act(&mut mediation, Deed::MediationSession, sitting(), &stage).unwrap();
    let written = || deal(AgreementForm::Written, day(3, 12));
    type Change = fn(&mut MediationInput);
    let cases: [(Change, &str); 16] = [
        (|i| i.on = None, "on:required"),
        (|i| i.on = Some(day(3, 13)), "on:in_future"),
        (|i| i.on = Some(day(3, 11)), "on:too_early"),
        (|i| i.facts = None, "facts:required"),
        (|i| i.duties = None, "duties:required"),
        (|i| i.content = None, "content:required"),
        (|i| i.parties_signed = None, "parties_signed:required"),
        (
            |i| i.mediators_signed = Some(false),
            "mediators_signed:required",
        ),
        (|i| i.sealed = None, "sealed:required"),
        (|i| i.promises.clear(), "promises:required"),
        (
            |i| i.promises[1].due_on = None,
            "promises.1.due_on:required",
        ),
        (
            |i| i.promises[0].due_on = Some(day(3, 11)),
            "promises.0.due_on:too_early",
        ),
        (|i| i.promises[0].what = None, "promises.0.what:required"),
        (
            |i| i.promises[0].manner = None,
            "promises.0.manner:required",
        ),
        (
            |i| i.promises[0].by = Some("x".into()),
            "promises.0.by:unknown",
        ),
        (
            |i| i.promises[0].amount = Some(YuanInput::Text("五千".to_owned())),
            "promises.0.amount:invalid",
        ),
    ];
    for (change, field) in cases {
        let mut wrong = written();
        change(&mut wrong);
        let result = act(&mut mediation, Deed::MediationAgree, wrong, &stage);
        assert_eq!(wrong_fields(result), [field]);
    }
    let mut undated = written();
    undated.promises[0].due_on = None;
    let why = sentence(act(&mut mediation, Deed::MediationAgree, undated, &stage));
    assert!(
        why.contains("履行期限") && why.contains("第二十九条"),
        "{why}"
    );
    // An oral one needs neither paper nor seal, but its promises all the same.
    let mut oral = deal(AgreementForm::Oral, day(3, 12));
    (oral.facts, oral.duties) = (None, None);
    (oral.parties_signed, oral.mediators_signed, oral.sealed) = (None, None, None);
    oral.promises[0].due_on = None;
    let result = act(&mut mediation, Deed::MediationAgree, oral.clone(), &stage);
    assert_eq!(wrong_fields(result), ["promises.0.due_on:required"]);
    oral.promises[0].due_on = Some(day(3, 12));
    let done = act(&mut mediation, Deed::MediationAgree, oral, &stage).unwrap();
    assert_eq!(done.on, day(3, 12));
    assert!(done.text.contains("口头协议"), "{}", done.text);
    // The sum is exact to the fen.
    let written = agreed(AgreementForm::Written);
    let digest = written.digest(&stage.scene());
    let progress = digest.lines.iter().find(|line| line.label == "履行进度");
    assert!(progress.unwrap().text.contains("8000.50元"));
}

/// 第三十三条: 30 days from the day on which the agreement takes effect; 12 March + 30 = 11 April.
#[test]
fn confirmation_is_applied_for_within_thirty_days_by_both() {
    for (today, on_day, allowed) in [
        (day(4, 11), None, true),
        (day(4, 12), None, false),
        // Entered late, but the court's stamp is of day 30.
        (day(4, 12), Some(day(4, 11)), true),
        (day(4, 20), Some(day(4, 12)), false),
    ] {
        let mut mediation = agreed(AgreementForm::Written);
        let input = MediationInput {
            on: on_day,
            ..application()
        };
        let result = act(&mut mediation, Deed::MediationApply, input, &on(today));
        if allowed {
            assert_eq!(result.unwrap().effects, [Effect::Refer("court".into())]);
        } else {
            let why = sentence(result);
            assert!(why.contains("第三十三条") && why.contains("30日"), "{why}");
            assert!(mediation.agreement().unwrap().applications.is_empty());
        }
    }
    let stage = on(day(3, 20));
    type Change = fn(&mut MediationInput);
    let cases: [(Change, &str); 5] = [
        (
            |i| i.applicants = vec!["p".into()],
            "applicants:both_parties",
        ),
        (
            |i| i.applicants = vec!["q".into()],
            "applicants:both_parties",
        ),
        (|i| i.applicants.clear(), "applicants:both_parties"),
        (|i| i.applicants.push("x".into()), "applicants:unknown"),
        (
            |i| i.court_id = Some("office".into()),
            "court_id:wrong_kind",
        ),
    ];
    for (change, field) in cases {
        let mut wrong = application();
        change(&mut wrong);
        let mut mediation = agreed(AgreementForm::Written);
        let result = act(&mut mediation, Deed::MediationApply, wrong, &stage);
        assert_eq!(wrong_fields(result), [field]);
    }
}

#[test]
fn an_oral_agreement_is_put_in_writing_before_it_goes_to_the_court() {
    let mut mediation = agreed(AgreementForm::Oral);
    let late = on(day(4, 20));
    let why = sentence(act(
        &mut mediation,
        Deed::MediationApply,
        application(),
        &late,
    ));
    assert!(why.contains("调解协议书"), "{why}");
    let paper = |on| MediationInput {
        promises: Vec::new(),
        form: None,
        on,
        ..deal(AgreementForm::Written, day(4, 20))
    };
    for (on, field) in [
        (None, "on:required"),
        (Some(day(3, 11)), "on:too_early"),
        (Some(day(4, 21)), "on:in_future"),
    ] {
        let result = act(&mut mediation, Deed::MediationWrite, paper(on), &late);
        assert_eq!(wrong_fields(result), [field]);
    }
    let input = paper(Some(day(4, 20)));
    let done = act(&mut mediation, Deed::MediationWrite, input, &late).unwrap();
    assert_eq!(done.on, day(4, 20));
    let agreement = mediation.agreement().unwrap();
    assert_eq!(
        (agreement.on, agreement.oral_on, agreement.promises.len()),
        (day(4, 20), Some(day(3, 12)), 2)
    );
    // The paper's 30 days: until 20 May.
    let mut lapsed = mediation.clone();
    let stage = on(day(5, 20));
    act(&mut mediation, Deed::MediationApply, application(), &stage).unwrap();
    let stage = on(day(5, 21));
    let result = act(&mut lapsed, Deed::MediationApply, application(), &stage);
    assert_eq!(wrong_fields(result), ["on:too_late"]);
}

/// The case's clock for confirmation starts anew with a paper and is met by the application.
#[test]
fn the_clock_follows_the_agreement() {
    let entry = |deed, on| Entry {
        deed: Some(deed),
        ..Entry::new(EventKind::Matter, on)
    };
    let of = |entries: &[Entry]| -> Vec<Clock> {
        let all = clocks(entries, &LawProfile::default_profile(), &Calendar::new());
        all.into_iter()
            .filter(|clock| clock.kind == ClockKind::Confirmation)
            .collect()
    };
    let oral = entry(Deed::MediationAgree, day(3, 12));
    let paper = entry(Deed::MediationWrite, day(4, 1));
    let applied = entry(Deed::MediationApply, day(4, 20));
    let both = of(&[oral.clone(), paper.clone()]);
    assert_eq!(both.len(), 2);
    assert!(both[0].stopped && both[1].is_running());
    assert_eq!((both[0].due, both[1].due), (day(4, 11), day(5, 1)));
    let met = of(&[oral, paper, applied]);
    assert_eq!((met[0].met_on, met[1].met_on), (None, Some(day(4, 20))));
}

#[test]
fn the_court_whose_turn_it_is_decides_with_number_and_reason() {
    let mut mediation = agreed(AgreementForm::Written);
    let stage = by_the_court(day(3, 20));
    act(&mut mediation, Deed::MediationApply, application(), &stage).unwrap();
    let digest = mediation.digest(&stage.scene());
    assert_eq!(digest.unit_id, Some("court".into()));
    assert_eq!(digest.state, "confirming");
    let office = on(day(3, 20));
    let why = mediation.refuses(Deed::MediationDecide, &office.scene());
    assert!(why.unwrap().contains("法庭"));
    for (wrong, field) in [
        (
            MediationInput {
                text: None,
                ..ruling(CourtRuling::Refused)
            },
            "text:required",
        ),
        (
            MediationInput {
                document: None,
                ..ruling(CourtRuling::Confirmed)
            },
            "document:required",
        ),
        (
            MediationInput {
                ruling: None,
                ..ruling(CourtRuling::Confirmed)
            },
            "ruling:required",
        ),
        (
            MediationInput {
                on: Some(day(3, 19)),
                ..ruling(CourtRuling::Confirmed)
            },
            "on:too_early",
        ),
    ] {
        let result = act(&mut mediation, Deed::MediationDecide, wrong, &stage);
        assert_eq!(wrong_fields(result), [field]);
    }
    let withdrawn = ruling(CourtRuling::Withdrawn);
    act(&mut mediation, Deed::MediationDecide, withdrawn, &stage).unwrap();
    act(&mut mediation, Deed::MediationApply, application(), &stage).unwrap();
    let refused = ruling(CourtRuling::Refused);
    act(&mut mediation, Deed::MediationDecide, refused, &stage).unwrap();
    let digest = mediation.digest(&stage.scene());
    assert_eq!(
        (digest.unit_id, digest.state),
        (Some("village".into()), "unconfirmed")
    );
    // They talk again and agree on something else, which can be confirmed.
    for (deed, input) in [
        (Deed::MediationSession, sitting()),
        (
            Deed::MediationAgree,
            deal(AgreementForm::Written, day(3, 20)),
        ),
        (Deed::MediationApply, application()),
        (Deed::MediationDecide, ruling(CourtRuling::Confirmed)),
    ] {
        act(&mut mediation, deed, input, &stage).unwrap();
    }
    let why = sentence(act(
        &mut mediation,
        Deed::MediationApply,
        application(),
        &stage,
    ));
    assert!(why.contains("确认有效"), "{why}");
    let digest = mediation.digest(&stage.scene());
    assert!(digest.items.iter().any(|item| item.tone == Tone::Void));
}

/// What is due first; red from the day after a promise's last day.
#[test]
fn what_is_due_next_and_what_is_late() {
    let mut mediation = opened();
    let stage = on(day(3, 10));
    act(
        &mut mediation,
        Deed::MediationAppoint,
        appointment(),
        &stage,
    )
    .unwrap();
    let due = |mediation: &Mediation, today| {
        let digest = mediation.digest(&on(today).scene());
        (digest.due.map(|due| (due.on, due.petitioners)), digest.tone)
    };
    assert_eq!(
        due(&mediation, day(3, 12)),
        (Some((day(3, 12), false)), Tone::Active)
    );
    assert_eq!(due(&mediation, day(3, 13)).1, Tone::Warn);
    let mut mediation = agreed(AgreementForm::Written);
    assert_eq!(
        due(&mediation, day(4, 11)),
        (Some((day(4, 11), true)), Tone::Active)
    );
    assert_eq!(
        due(&mediation, day(4, 12)),
        (Some((day(4, 30), false)), Tone::Active)
    );
    assert_eq!(due(&mediation, day(4, 30)).1, Tone::Active);
    assert_eq!(
        due(&mediation, day(5, 1)),
        (Some((day(4, 30), false)), Tone::Bad)
    );
    let stage = on(day(5, 2));
    let done = act(
        &mut mediation,
        Deed::MediationFulfil,
        fulfilment("1"),
        &stage,
    );
    assert!(done.unwrap().text.contains("逾期"));
    assert_eq!(
        due(&mediation, day(5, 2)),
        (Some((day(6, 30), false)), Tone::Active)
    );
}

#[test]
fn a_promise_is_kept_once_with_proof() {
    let stage = on(day(3, 20));
    let mut mediation = agreed(AgreementForm::Written);
    for (wrong, field) in [
        (
            MediationInput {
                proof: None,
                ..fulfilment("1")
            },
            "proof:required",
        ),
        (fulfilment("0"), "promise:unknown"),
        (fulfilment("3"), "promise:unknown"),
        (fulfilment("一"), "promise:unknown"),
        (
            MediationInput {
                on: Some(day(3, 11)),
                ..fulfilment("1")
            },
            "on:too_early",
        ),
    ] {
        let result = act(&mut mediation, Deed::MediationFulfil, wrong, &stage);
        assert_eq!(wrong_fields(result), [field]);
    }
    let once = fulfilment("1");
    act(&mut mediation, Deed::MediationFulfil, once.clone(), &stage).unwrap();
    let result = act(&mut mediation, Deed::MediationFulfil, once, &stage);
    assert_eq!(wrong_fields(result), ["promise:kept"]);
    let why = mediation.blocks_closing().unwrap();
    assert!(why.contains("第2项") && !why.contains("第1项"), "{why}");
    act(
        &mut mediation,
        Deed::MediationFulfil,
        fulfilment("2"),
        &stage,
    )
    .unwrap();
    assert_eq!(mediation.blocks_closing(), None);
}

#[test]
fn a_promise_is_broken_from_the_day_after_its_last() {
    let broken = || breach("1", BreachKind::Unkept);
    let mut mediation = agreed(AgreementForm::Written);
    let last = on(day(4, 30));
    let why = sentence(act(&mut mediation, Deed::MediationBreach, broken(), &last));
    assert!(why.contains("没有到期"), "{why}");
    let stage = on(day(5, 1));
    let early = MediationInput {
        on: Some(day(4, 30)),
        ..broken()
    };
    let result = act(&mut mediation, Deed::MediationBreach, early, &stage);
    assert_eq!(wrong_fields(result), ["promise:not_due"]);
    let other = breach("2", BreachKind::Unkept);
    let result = act(&mut mediation, Deed::MediationBreach, other, &stage);
    assert_eq!(wrong_fields(result), ["promise:not_due"]);
    let kind = breach("1", BreachKind::Undone);
    let result = act(&mut mediation, Deed::MediationBreach, kind, &stage);
    assert_eq!(wrong_fields(result), ["breach:not_kept"]);
    let done = act(&mut mediation, Deed::MediationBreach, broken(), &stage).unwrap();
    assert_eq!(done.effects, []);
    assert_eq!(state_of(&mediation, day(5, 1)), "broken");
    assert!(mediation.blocks_closing().is_some());
    // Kept late, after all.
    let mut late = mediation.clone();
    act(&mut late, Deed::MediationFulfil, fulfilment("1"), &stage).unwrap();
    assert_eq!(state_of(&late, day(5, 1)), "performing");
    // Or talked about again: a new agreement takes the old one's place.
    let mut again = mediation.clone();
    for (deed, input) in [
        (Deed::MediationSession, sitting()),
        (
            Deed::MediationAgree,
            MediationInput {
                promises: vec![promise("8000.50", day(8, 31))],
                ..deal(AgreementForm::Written, day(5, 1))
            },
        ),
    ] {
        act(&mut again, deed, input, &stage).unwrap();
    }
    assert_eq!(again.agreements.len(), 2);
    assert_eq!(again.digest(&stage.scene()).due.unwrap().on, day(5, 31));
    // Or given up, with the ways to the court told: nothing is left to close the case for.
    let enforced = MediationInput {
        ways: vec![RemedyWay::Enforcement],
        ..ending()
    };
    let result = act(&mut mediation, Deed::MediationFail, enforced, &stage);
    assert_eq!(wrong_fields(result), ["ways:not_confirmed"]);
    act(&mut mediation, Deed::MediationFail, ending(), &stage).unwrap();
    assert_eq!(mediation.blocks_closing(), None);
    assert_eq!(state_of(&mediation, day(5, 1)), "given_up");
}

#[test]
fn what_breaks_after_the_case_has_ended_reopens_it() {
    let mut mediation = agreed(AgreementForm::Written);
    let stage = on(day(3, 20));
    for n in ["1", "2"] {
        act(&mut mediation, Deed::MediationFulfil, fulfilment(n), &stage).unwrap();
    }
    let mut closed = on(day(7, 1));
    closed.case.state = State::Closed;
    let undone = breach("2", BreachKind::Undone);
    let done = act(
        &mut mediation.clone(),
        Deed::MediationBreach,
        undone.clone(),
        &closed,
    )
    .unwrap();
    assert!(matches!(
        &done.effects[..],
        [Effect::Event(EventKind::Reopened, _, why)] if why.contains("第2项")
    ));
    // After final review nothing is handled again: the breach is noted, the court is left.
    let mut scene = closed.scene();
    scene.situation.final_answered = true;
    let done = mediation
        .step(Deed::MediationBreach, undone, &scene)
        .unwrap();
    assert_eq!(done.effects, []);
    let mut wrong = agreed(AgreementForm::Written);
    act(&mut wrong, Deed::MediationFulfil, fulfilment("1"), &stage).unwrap();
    let mistaken = breach("1", BreachKind::Mistaken);
    act(&mut wrong, Deed::MediationBreach, mistaken, &stage).unwrap();
    assert_eq!(state_of(&wrong, day(3, 20)), "performing");
}

#[test]
fn it_ends_without_agreement_only_with_the_ways_told() {
    let stage = on(day(3, 10));
    for (wrong, field) in [
        (
            MediationInput {
                ways: Vec::new(),
                ..ending()
            },
            "ways:required",
        ),
        (
            MediationInput {
                notice: None,
                ..ending()
            },
            "notice:required",
        ),
        (
            MediationInput {
                text: None,
                ..ending()
            },
            "text:required",
        ),
    ] {
        let result = act(&mut opened(), Deed::MediationFail, wrong, &stage);
        assert_eq!(wrong_fields(result), [field]);
    }
    let mut mediation = opened();
    assert!(mediation.blocks_closing().is_some());
    act(&mut mediation, Deed::MediationFail, ending(), &stage).unwrap();
    assert_eq!(mediation.blocks_closing(), None);
    let digest = mediation.digest(&stage.scene());
    assert_eq!((digest.state, digest.open), ("failed", false));
}

/// What a form marks as required is what the rules ask for; every deed explains itself.
#[test]
fn forms_say_what_rules_check() {
    let stage = by_the_court(day(5, 1));
    let scene = stage.scene();
    let written = agreed(AgreementForm::Written);
    let mut confirming = agreed(AgreementForm::Written);
    let applied = by_the_court(day(3, 20));
    act(
        &mut confirming,
        Deed::MediationApply,
        application(),
        &applied,
    )
    .unwrap();
    let mut met = opened();
    let day_of = on(day(3, 12));
    act(&mut met, Deed::MediationAppoint, appointment(), &day_of).unwrap();
    act(&mut met, Deed::MediationSession, sitting(), &day_of).unwrap();
    for (deed, mediation) in [
        (Deed::MediationAppoint, &opened()),
        (Deed::MediationSession, &met),
        (Deed::MediationAgree, &met),
        (Deed::MediationWrite, &agreed(AgreementForm::Oral)),
        (Deed::MediationFail, &met),
        (Deed::MediationFulfil, &written),
        (Deed::MediationBreach, &written),
        (Deed::MediationApply, &agreed(AgreementForm::Written)),
        (Deed::MediationDecide, &confirming),
    ] {
        let fields = Mediation::fields(Some(mediation), deed, &scene);
        assert!(!Mediation::help(deed).is_empty(), "{deed}");
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        let known = serde_json::to_value(input()).unwrap();
        assert!(
            names.iter().all(|name| known.get(name).is_some()),
            "{deed}: {names:?}"
        );
        let mut tried = mediation.clone();
        let result = tried.step(deed, input(), &scene);
        for wrong in wrong_fields(result) {
            let (name, code) = wrong.split_once(':').unwrap();
            if code == "required" && name != "place" {
                let field = fields.iter().find(|field| field.name == name);
                let hint = field.and_then(|field| field.help.clone());
                let optional = hint.is_some_and(|hint| hint.contains("书面协议必填"));
                assert!(
                    field.is_some_and(|field| field.required) || optional,
                    "{deed}: {wrong}"
                );
            }
        }
    }
}

fn any_step() -> impl Strategy<Value = (Deed, u32, u32)> {
    let deeds: Vec<Deed> = Deed::ALL
        .iter()
        .copied()
        .filter(|deed| deed.kind() == MatterKind::Mediation && !deed.opens())
        .collect();
    (prop::sample::select(deeds), 0..6_u32, 0..3_u32)
}

fn input_for(deed: Deed, variant: u32, today: NaiveDate) -> MediationInput {
    let n = (variant % 3 + 1).to_string();
    match deed {
        Deed::MediationAppoint => MediationInput {
            meet_on: Some(today),
            ..appointment()
        },
        Deed::MediationSession => sitting(),
        Deed::MediationAgree | Deed::MediationWrite => {
            let form = if variant.is_multiple_of(2) {
                AgreementForm::Written
            } else {
                AgreementForm::Oral
            };
            let week = chrono::Days::new(7);
            MediationInput {
                promises: vec![promise("10", today), promise("20", today + week)],
                ..deal(form, today)
            }
        }
        Deed::MediationFail => ending(),
        Deed::MediationFulfil => fulfilment(&n),
        Deed::MediationBreach => {
            let kinds = BreachKind::ALL;
            let mut input = breach(&n, kinds[variant as usize % kinds.len()]);
            if variant > 3 {
                (input.meet_on, input.place) = (Some(today), some("村委会"));
            }
            input
        }
        Deed::MediationApply => application(),
        _ => ruling(CourtRuling::ALL[variant as usize % 3]),
    }
}

proptest! {
    /// Whatever is tried in whatever order: a step is refused with a sentence and changes nothing, or
    /// leads to a state in which everything still fits together.
    #[test]
    fn no_sequence_leaves_the_rules(steps in prop::collection::vec(any_step(), 0..60)) {
        let mut mediation = opened();
        let mut today = day(3, 10);
        for (deed, variant, days) in steps {
            today = today + chrono::Days::new(u64::from(days) * 4);
            let stage = by_the_court(today);
            let before = mediation.clone();
            match act(&mut mediation, deed, input_for(deed, variant, today), &stage) {
                Err(Wrong::Refused(why)) => {
                    prop_assert!(!why.is_empty());
                    prop_assert_eq!(&before, &mediation);
                }
                Err(Wrong::Invalid(errors)) => {
                    prop_assert!(!errors.is_empty());
                    prop_assert_eq!(&before, &mediation);
                }
                Ok(done) => prop_assert!(done.on <= today && !done.text.is_empty()),
            }
            // A kept promise stays as it was kept, unless a breach of it is entered.
            let pairs = before.agreements.iter().zip(&mediation.agreements);
            for (old, new) in pairs.flat_map(|(old, new)| old.promises.iter().zip(&new.promises)) {
                if old.kept.is_some() && old.breaches == new.breaches {
                    prop_assert_eq!(&old.kept, &new.kept);
                }
            }
            // It is talked about, or ended, or there is an agreement; only the last one is with the court.
            let stands = mediation.talks.is_some() || mediation.ended.is_some();
            prop_assert!(stands || mediation.agreement().is_some());
            prop_assert!(!(mediation.talks.is_some() && mediation.ended.is_some()));
            if let Some((last, replaced)) = mediation.agreements.split_last() {
                prop_assert!(replaced.iter().all(|agreement| agreement.pending().is_none()));
                if last.pending().is_some() {
                    prop_assert!(mediation.talks.is_none());
                    prop_assert_eq!(last.form, AgreementForm::Written);
                }
                for application in &last.applications {
                    prop_assert!(application.on <= last.confirm_by(&stage.scene()).0);
                }
            }
            let digest = mediation.digest(&stage.scene());
            prop_assert_eq!(digest.open, mediation.blocks_closing().is_some());
            prop_assert_eq!(digest.due.is_some(), digest.open && !waits_for_court(&mediation));
            let json = serde_json::to_string(&mediation).unwrap();
            prop_assert_eq!(serde_json::from_str::<Mediation>(&json).unwrap(), mediation.clone());
        }
    }
}

/// All promises are kept, only the court has not decided yet.
fn waits_for_court(mediation: &Mediation) -> bool {
    mediation.talks.is_none()
        && mediation
            .agreement()
            .is_some_and(|agreement| agreement.is_kept())
}
