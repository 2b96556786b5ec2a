//! The three stories of settling a case, clicked through: a mediation up to the confirmed agreement
//! and its last payment, a petition up to its final review, a backlog case up to the approval.

use serde_json::json;

use crate::browser::Driver;
use crate::dialogs::{
    act, add_row, begin, card, case_step, day, enter, look, matters, register, rest, send, step,
    unit,
};
use crate::story::at_desk;
use crate::town::Town;

/// From a village's report to a confirmed agreement with its last payment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dispute_is_mediated_confirmed_and_paid() {
    let town = Town::demo();
    let id = rest(&town, "village_secretary", |secretary| {
        let id = register(
            secretary,
            &json!({
                "kind": "dispute", "channel": "inspection", "cause": "土地流转费三年未付，双方争执",
                "people": [
                    {"role": "petitioner", "name": "尚明德"},
                    {"role": "other_party", "name": "巩有田"},
                ],
            }),
        );
        act(secretary, &id, "accept", &json!({}));
        act(secretary, &id, "take", &json!({}));
        id
    });
    let driver = Driver::start().await;
    let secretary = at_desk(&driver, &town, "village_secretary").await;

    begin(&secretary, &id, "mediation").await;
    enter(
        &secretary,
        &[
            ("asked_by", "双方当事人申请"),
            ("first_party", "尚明德"),
            ("other_party", "巩有田"),
            ("consent", "是"),
            ("dispute", "三年流转费9000元未付"),
            ("unit_id", "五里墩村"),
        ],
    )
    .await;
    look(&secretary, "mediation-open").await;
    send(&secretary).await;
    card(&secretary, "mediation", "requested").await;

    secretary.press("step-mediation.appoint").await;
    add_row(&secretary, "mediators").await;
    enter(
        &secretary,
        &[
            ("mediators.0.name", "汪调解"),
            ("mediators.0.post", "村调委会主任"),
            ("mediators.1.name", "孙来福"),
            ("meet_on", "0"),
            ("meet_time", "15:30"),
            ("place", "五里墩村调解室"),
        ],
    )
    .await;
    send(&secretary).await;
    card(&secretary, "mediation", "scheduled").await;
    step(
        &secretary,
        "mediation.session",
        &[
            ("present", "尚明德、巩有田"),
            ("methods", "政策、法律、疏导"),
            ("text", "核对合同和账目，双方同意分两期付清"),
            ("outcome", "意见一致"),
        ],
    )
    .await;

    // A promise without its last day is not sent; the words say which.
    secretary.press("step-mediation.agree").await;
    add_row(&secretary, "promises").await;
    enter(
        &secretary,
        &[
            ("form", "书面协议"),
            ("on", "0"),
            ("content", "巩有田分两期付清9000元流转费"),
            ("promises.0.what", "支付第一期流转费"),
            ("promises.0.by", "巩有田"),
            ("promises.0.amount", "4000"),
            ("promises.0.manner", "银行转账"),
            ("promises.0.due_on", "30"),
            ("promises.1.what", "支付第二期流转费"),
            ("promises.1.by", "巩有田"),
            ("promises.1.amount", "5000.50"),
            ("promises.1.manner", "银行转账"),
            ("facts", "2023年签订流转合同，三年未付流转费"),
            ("duties", "巩有田欠付9000.50元，应当支付"),
            ("parties_signed", "是"),
            ("mediators_signed", "是"),
            ("sealed", "是"),
        ],
    )
    .await;
    crate::story::submit(&secretary).await;
    secretary.see("[id='promises.1.due_on-error']").await;
    look(&secretary, "mediation-agree").await;
    enter(&secretary, &[("promises.1.due_on", "60")]).await;
    send(&secretary).await;
    card(&secretary, "mediation", "performing").await;

    step(
        &secretary,
        "mediation.apply",
        &[("applicants", "尚明德、巩有田"), ("court_id", "蓼泉法庭")],
    )
    .await;
    card(&secretary, "mediation", "confirming").await;

    // The court finds it in its queue.
    let court = at_desk(&driver, &town, "court").await;
    court.goto("/matters?kind=mediation&open=true").await;
    court.read("待司法确认").await;
    court.click("[data-testid='matter-row'] a").await;
    card(&court, "mediation", "confirming").await;
    step(
        &court,
        "mediation.decide",
        &[("ruling", "确认有效"), ("document", "（2026）民特12号")],
    )
    .await;
    card(&court, "mediation", "performing").await;
    court.read("可以申请强制执行").await;

    for (promise, state) in [("第1项", "performing"), ("第2项", "done")] {
        matters(&secretary, &id).await;
        step(
            &secretary,
            "mediation.fulfil",
            &[("promise", promise), ("proof", "转账回单")],
        )
        .await;
        card(&secretary, "mediation", state).await;
        look(&secretary, &format!("mediation-{state}")).await;
    }
    case_step(
        &secretary,
        &id,
        "close",
        &[("text", "协议全部履行，双方和好"), ("outcome", "息诉罢访")],
    )
    .await;
    secretary
        .see("[data-testid='case-state'][data-state='closed']")
        .await;
    court.close().await;
    secretary.close().await;
}

/// A petition answered, reviewed, revoked, answered again, upheld, closed by its final review.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_petition_goes_through_review_and_final_review() {
    let town = Town::demo();
    let id = rest(&town, "coordination_office", |office| {
        let id = register(office, &json!({}));
        act(office, &id, "accept", &json!({}));
        let given = json!({"unit_id": unit(office, "五里墩村")});
        act(office, &id, "dispatch", &given);
        id
    });
    rest(&town, "village_secretary", |secretary| {
        act(secretary, &id, "take", &json!({}));
    });
    let driver = Driver::start().await;
    let secretary = at_desk(&driver, &town, "village_secretary").await;
    let office = at_desk(&driver, &town, "coordination_office").await;
    let answer = [("text", "已核实，分两期兑付"), ("notice", "当面送达本人")];
    let asked = |authority| [("text", "认为数额算少了"), ("authority", authority)];
    let found = |review| {
        [
            ("text", "经审查作出意见"),
            ("review", review),
            ("notice", "邮寄送达，回执已收"),
        ]
    };

    case_step(&secretary, &id, "answer", &answer).await;
    let heard = [("text", "认为数额算少了"), ("opinion", "不同意")];
    case_step(&secretary, &id, "hear", &heard).await;
    case_step(&office, &id, "request_review", &asked("县信访局")).await;
    office
        .see("[data-testid='case-state'][data-state='under_review']")
        .await;
    case_step(&office, &id, "answer_review", &found("撤销")).await;
    office
        .see("[data-testid='case-state'][data-state='handling']")
        .await;
    case_step(&secretary, &id, "answer", &answer).await;
    case_step(&office, &id, "request_review", &asked("县信访局")).await;
    case_step(&office, &id, "answer_review", &found("维持")).await;
    case_step(&office, &id, "request_final_review", &asked("市信访局")).await;
    office
        .see("[data-testid='case-state'][data-state='under_final_review']")
        .await;
    look(&office, "final-review").await;
    case_step(&office, &id, "answer_final_review", &found("维持")).await;
    office
        .see("[data-testid='case-state'][data-state='closed']")
        .await;
    // Nothing more is done with it, and the page says why.
    office.see("details.more").await;
    office.click("details.more summary").await;
    office.read("第三十六条").await;
    office.goto(&format!("/cases/{id}?tab=events")).await;
    office.see("[data-testid='event']").await;
    look(&office, "final-review-events").await;
    office.close().await;
    secretary.close().await;
}

/// From the proposal to the package and the leader's approval.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_case_is_proposed_worked_off_and_approved() {
    let town = Town::demo();
    let cause = "水渠改道后十二户浇不上水，多年未决";
    let (received, taken) = (day(-150), day(-140));
    let id = rest(&town, "coordination_office", |office| {
        let more = json!({"cause": cause, "received_on": received});
        let id = register(office, &more);
        act(office, &id, "accept", &json!({"on": taken}));
        let given = json!({"on": taken, "unit_id": unit(office, "五里墩村")});
        act(office, &id, "dispatch", &given);
        id
    });
    rest(&town, "village_secretary", |secretary| {
        act(secretary, &id, "take", &json!({"on": taken}));
    });
    let driver = Driver::start().await;
    let office = at_desk(&driver, &town, "coordination_office").await;
    let row = format!("a[href='/cases/{id}']");

    office.goto("/backlog?view=proposals").await;
    office.read(cause).await;
    look(&office, "backlog-proposal").await;
    office.click(&row).await;
    let reason = [("text", "超过办理期限60日仍未办结")];
    case_step(&office, &id, "mark_backlog", &reason).await;
    office.goto("/backlog").await;
    office.read(cause).await;

    begin(&office, &id, "package").await;
    add_row(&office, "team").await;
    enter(
        &office,
        &[
            ("leader_id", "陈建国"),
            ("team.0.unit_id", "五里墩村"),
            ("team.0.person", "尚永福"),
            ("team.1.unit_id", "司法所"),
            ("team.1.person", "褚公正"),
        ],
    )
    .await;
    look(&office, "package-open").await;
    send(&office).await;
    card(&office, "package", "opened").await;

    let secretary = at_desk(&driver, &town, "village_secretary").await;
    matters(&secretary, &id).await;
    secretary.press("step-package.plan").await;
    add_row(&secretary, "steps").await;
    enter(
        &secretary,
        &[
            ("goal", "两月内恢复灌溉"),
            ("steps.0.what", "请水利部门现场勘测"),
            ("steps.0.owner", "尚永福"),
            ("steps.0.due", "7"),
            ("steps.1.what", "开挖支渠"),
            ("steps.1.owner", "褚公正"),
            ("steps.1.due", "40"),
        ],
    )
    .await;
    look(&secretary, "package-plan").await;
    enter(
        &secretary,
        &[("care", "政策解释、困难帮扶"), ("means", "政策、协商")],
    )
    .await;
    send(&secretary).await;
    card(&secretary, "package", "planned").await;
    secretary.read("4/4").await;
    let progress = [("text", "与十二户面谈，同意先通水再算账")];
    step(&secretary, "package.progress", &progress).await;
    step(
        &secretary,
        "package.done",
        &[("which", "请水利部门"), ("text", "已勘测")],
    )
    .await;
    look(&secretary, "package-planned").await;
    step(
        &secretary,
        "package.submit",
        &[
            ("evidence", "息诉罢访承诺书"),
            ("evidence_text", "十二户签字"),
            ("text", "支渠通水，各户满意"),
        ],
    )
    .await;
    card(&secretary, "package", "submitted").await;

    let leader = at_desk(&driver, &town, "township_leader").await;
    leader.goto("/backlog").await;
    leader.read(cause).await;
    look(&leader, "backlog").await;
    matters(&leader, &id).await;
    step(&leader, "package.approve", &[("text", "同意销号")]).await;
    card(&leader, "package", "approved").await;
    look(&leader, "package-approved").await;
    leader.goto("/backlog").await;
    leader.settle().await;
    assert!(!leader.text().await.contains(cause));
    for browser in [office, secretary, leader] {
        browser.close().await;
    }
}
