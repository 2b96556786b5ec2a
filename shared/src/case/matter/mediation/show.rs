//! What a mediation's forms ask for, and what people see of it.

use chrono::NaiveDate;

use super::{
    Agreement, AgreementForm, BreachKind, CourtRuling, MAX_MEDIATORS, MAX_PROMISES, Mediation,
    MediationAsker, MediationMethod, MediationOutcome, Mediator, Promise, RemedyWay, is_committee,
    labels, names, sum,
};
use crate::case::deadline::{ClockKind, ClockOwner};
use crate::case::matter::Deed;
use crate::case::matter::form::{Choice, Field, FieldKind};
use crate::case::matter::scene::{MAX_LINE, MAX_TEXT, Scene};
use crate::case::matter::view::{Digest, Due, Item, Line, Stage, Tone};
use crate::case::view::Named;
use crate::ids::UnitId;
use crate::org::UnitKind;
use crate::term::Term;

/// 《人民调解工作若干规定》第三十三条: a dispute is as a rule mediated within a month.
const USUAL_DAYS: u32 = 30;
const USUAL_BASIS: &str = "《人民调解工作若干规定》第三十三条";

pub(super) fn help(deed: Deed) -> &'static str {
    match deed {
        Deed::MediationOpen => {
            "双方自愿的民间纠纷，由村、镇调解委员会或司法所主持调解，不收费；调解不影响当事人依法仲裁、复议、起诉（《人民调解法》第三条、第四条、第十七条）。提出后司法所看得到本事项。"
        }
        Deed::MediationAppoint => {
            "指定一名或几名调解员，当事人也可以自己选（《人民调解法》第十九条）；定好时间地点。需要换人、改期的再办一次。"
        }
        Deed::MediationSession => {
            "调解员记录每次调解：谁到场、用了什么方法、双方怎么说、结果如何（《人民调解法》第二十二条、第二十七条）。"
        }
        Deed::MediationAgree => {
            "书面协议写明当事人、主要事实和责任、协议内容、履行方式和期限，签名盖章之日生效（《人民调解法》第二十九条）；双方认为不用书面的，记为口头协议，达成之日生效（第二十八条、第三十条）。生效后30日内双方可以共同申请司法确认。"
        }
        Deed::MediationWrite => {
            "把口头协议制成调解协议书，签名盖章之日生效（《人民调解法》第二十九条），30日内双方可以共同申请司法确认（第三十三条）。履行事项不变。"
        }
        Deed::MediationFail => {
            "调解不成的终止调解，并告知当事人可以依法通过仲裁、行政、司法等途径维护权利（《人民调解法》第二十六条）；协议不履行的，一方可以起诉（第三十二条），经司法确认的可以申请强制执行（第三十三条）。"
        }
        Deed::MediationFulfil => {
            "按项登记履行的日期和凭证。调解委员会监督履行，督促当事人履行约定（《人民调解法》第三十一条）。"
        }
        Deed::MediationBreach => {
            "到期没有履行，或履行后又反悔的，登记在这里；可以再次调解，也可以终止调解、告知起诉。事项已办结的，随之重新启动。"
        }
        Deed::MediationApply => {
            "双方当事人共同申请，自协议生效之日起30日内（《人民调解法》第三十三条）。提交后由法庭裁定，法庭看得到本事项。确认有效的协议，一方不履行时对方可以申请强制执行。"
        }
        Deed::MediationDecide => {
            "法庭审查后裁定（《人民调解法》第三十三条）。驳回的写明理由：双方可以再次调解变更协议，也可以起诉。"
        }
        _ => "",
    }
}

pub(super) fn fields(matter: Option<&Mediation>, deed: Deed, scene: &Scene<'_>) -> Vec<Field> {
    match deed {
        Deed::MediationOpen => opening(),
        Deed::MediationAppoint => appointing(matter, scene),
        Deed::MediationSession => session(matter, scene),
        Deed::MediationAgree => agreement(),
        Deed::MediationWrite => {
            let mut fields = vec![
                Field::date("on", "签名盖章日期")
                    .required()
                    .help("协议书自该日生效（第二十九条），司法确认的30日从该日起算。"),
            ];
            fields.extend(paper(true));
            fields
        }
        Deed::MediationFail => vec![
            Field::on("终止日期"),
            Field::long("text", "终止原因", MAX_TEXT).required(),
            Field::choices::<RemedyWay>("ways", "告知的救济途径")
                .required()
                .help("《人民调解法》第二十六条。只有经司法确认有效的协议才能申请强制执行。"),
            Field::text("notice", "告知情况", MAX_LINE)
                .required()
                .help("何时、怎样告知双方，如：当场口头告知并记入笔录。"),
        ],
        Deed::MediationFulfil => vec![
            promise(matter, |promise| promise.kept.is_none()),
            Field::on("履行日期"),
            Field::text("proof", "履行凭证", MAX_LINE)
                .required()
                .help("如：收条编号、转账回单、现场照片、在场见证人。"),
        ],
        Deed::MediationBreach => {
            let today = scene.today;
            vec![
                promise(matter, |promise| {
                    promise.kept.is_some() || (promise.is_overdue(today) && !promise.is_broken())
                }),
                Field::choice::<BreachKind>("breach", "属于哪种情况").required(),
                Field::on("发现日期"),
                Field::long("text", "情况说明", MAX_TEXT)
                    .required()
                    .help("没有履行什么，督促过没有，对方怎么说。"),
                told(
                    Field::date("meet_on", "再次调解日期")
                        .help("双方愿意再调解的填写；不填的以后再定。"),
                    scene,
                ),
                Field::new("meet_time", "时间", FieldKind::Time),
                place(matter),
            ]
        }
        Deed::MediationApply => applying(matter, scene),
        Deed::MediationDecide => vec![
            Field::choice::<CourtRuling>("ruling", "裁定结果").required(),
            Field::text("document", "裁定书文号", MAX_LINE).required(),
            Field::on("裁定日期"),
            Field::long("text", "裁定理由", MAX_TEXT).help("驳回申请的必填。"),
        ],
        _ => Vec::new(),
    }
}

fn opening() -> Vec<Field> {
    let committees: Vec<UnitKind> = UnitKind::ALL
        .iter()
        .copied()
        .filter(|kind| is_committee(*kind))
        .collect();
    vec![
        Field::choice::<MediationAsker>("asked_by", "怎样提出的").required(),
        Field::new("first_party", "申请人一方", FieldKind::Persons)
            .required()
            .help("从本事项的人员中选择；没有的先在“人员”中登记。"),
        Field::new("other_party", "对方当事人一方", FieldKind::Persons).required(),
        Field::new("consent", "双方都同意调解", FieldKind::Check)
            .required()
            .help("一方明确拒绝的，不得调解（《人民调解法》第十七条）；随时可以要求终止（第二十三条）。"),
        Field::long("dispute", "争议事项", MAX_TEXT)
            .required()
            .help("争的是什么，双方各要求什么。"),
        Field::unit("unit_id", "调解委员会", &committees)
            .required()
            .help("所在村、镇的人民调解委员会，或司法所。"),
        Field::on("申请日期"),
    ]
}

fn appointing(matter: Option<&Mediation>, scene: &Scene<'_>) -> Vec<Field> {
    let mediator = vec![
        Field::text("name", "姓名", 40).required(),
        Field::text("post", "身份", MAX_LINE).help("如：村调委会主任、司法所调解员。"),
    ];
    vec![
        Field::rows("mediators", "调解员", mediator, 1, MAX_MEDIATORS)
            .required()
            .help("一名或几名；当事人不接受的应当更换（《人民调解法》第十九条、第二十三条）。"),
        told(Field::date("meet_on", "调解会日期").required(), scene),
        Field::new("meet_time", "时间", FieldKind::Time),
        place(matter).required(),
        Field::on("确定日期"),
    ]
}

/// The day of a session that the parties are told of: with it, how they are to be reached.
fn told(mut field: Field, scene: &Scene<'_>) -> Field {
    if let Some(care) = scene.care(|_| true) {
        let help = field.help.take().unwrap_or_default();
        return field.help(format!("{help}通知时注意联系须知——{care}"));
    }
    field
}

fn session(matter: Option<&Mediation>, scene: &Scene<'_>) -> Vec<Field> {
    let planned = matter.and_then(|matter| matter.meeting.as_ref());
    let mut on = Field::on("调解日期");
    on.value = planned.map(|meeting| meeting.on.to_string());
    vec![
        on,
        place(matter).required(),
        Field::new("present", "到场的当事人", FieldKind::Persons).required(),
        Field::text("others_present", "其他到场人员", MAX_LINE).help(
            "如：司法所工作人员、亲属、邻居；邀请他人参加要当事人同意（《人民调解法》第二十条）。",
        ),
        Field::choices::<MediationMethod>("methods", "调解方法").required(),
        Field::long("text", "调解情况", MAX_TEXT)
            .required()
            .help("双方的说法、调解意见、争议焦点。"),
        Field::choice::<MediationOutcome>("outcome", "这次的结果").required(),
        told(
            Field::date("meet_on", "下次调解日期").help("还要再调解的填写。"),
            scene,
        ),
        Field::new("meet_time", "下次时间", FieldKind::Time),
    ]
}

fn agreement() -> Vec<Field> {
    let promise = vec![
        Field::text("what", "履行内容", MAX_LINE)
            .required()
            .help("如：支付2025年土地流转费。"),
        Field::new("by", "履行人", FieldKind::Person).required(),
        Field::text("amount", "金额（元）", 16).help("不涉及钱款的不填。"),
        Field::text("manner", "履行方式", MAX_LINE).help("书面协议必填，如：银行转账、当面交付。"),
        Field::date("due_on", "履行期限")
            .required()
            .help("最迟哪一天；分期的一期一项。"),
    ];
    let mut fields = vec![
        Field::choice::<AgreementForm>("form", "协议形式")
            .required()
            .help("双方认为不用书面的，可以口头协议，由调解员记录（《人民调解法》第二十八条）。口头协议要申请司法确认的，须先制作调解协议书。"),
        Field::date("on", "生效日期")
            .required()
            .help("书面协议：签名盖章齐备之日；口头协议：达成之日。"),
        Field::long("content", "协议内容", MAX_TEXT).required(),
        Field::rows("promises", "履行事项", promise, 1, MAX_PROMISES)
            .required()
            .help("每一项都要有履行期限（《人民调解法》第二十九条）。"),
    ];
    fields.extend(paper(false));
    fields
}

/// What a written agreement has beside its content; `always`, or only if it is written.
fn paper(always: bool) -> Vec<Field> {
    const IF_WRITTEN: &str = "书面协议必填。";
    let fields = [
        Field::long("facts", "纠纷的主要事实", MAX_TEXT),
        Field::long("duties", "争议事项和各方责任", MAX_TEXT),
        Field::new(
            "parties_signed",
            "双方当事人已签名、盖章或者按指印",
            FieldKind::Check,
        ),
        Field::new("mediators_signed", "调解员已签名", FieldKind::Check),
        Field::new("sealed", "已加盖调解委员会印章", FieldKind::Check),
    ];
    let finish = |field: Field| {
        if always {
            field.required()
        } else {
            field.help(IF_WRITTEN)
        }
    };
    fields.into_iter().map(finish).collect()
}

fn applying(matter: Option<&Mediation>, scene: &Scene<'_>) -> Vec<Field> {
    let until = matter.and_then(Mediation::agreement).map(|agreement| {
        let (until, limit) = agreement.confirm_by(scene);
        format!("最迟{until}（{}）。不填为今天。", limit.basis)
    });
    let mut on = Field::date("on", "申请日期");
    on.help = until;
    vec![
        Field::new("applicants", "申请人", FieldKind::Persons)
            .required()
            .help("双方当事人共同申请，全部当事人都要选上（《人民调解法》第三十三条）。"),
        Field::unit("court_id", "法庭", &[UnitKind::Court]).required(),
        on,
        Field::long("text", "说明", MAX_TEXT),
    ]
}

fn place(matter: Option<&Mediation>) -> Field {
    let field = Field::text("place", "调解地点", MAX_LINE);
    match matter {
        None => field,
        Some(matter) => {
            let planned = matter.meeting.as_ref().map(|meeting| &meeting.place);
            let before = matter.sessions.last().map(|session| &session.place);
            match planned.or(before) {
                Some(place) => field.value(place.clone()),
                None => field,
            }
        }
    }
}

/// The choice of a promise that fits, by its number.
fn promise(matter: Option<&Mediation>, fits: impl Fn(&Promise) -> bool) -> Field {
    let promises = matter.and_then(Mediation::agreement);
    let promises = promises.map_or(&[][..], |agreement| &agreement.promises);
    let choices = promises
        .iter()
        .enumerate()
        .filter(|(_, promise)| fits(promise))
        .map(|(n, promise)| Choice {
            code: (n + 1).to_string(),
            label: format!("第{}项 {}，{}前", n + 1, promise.words(), promise.due_on),
        })
        .collect();
    Field::new("promise", "履行事项", FieldKind::Choice { choices }).required()
}

/// Where a mediation stands, what is due being late or not: code, label, colour, whether something is still to be done.
fn standing(matter: &Mediation, late: bool) -> (&'static str, &'static str, Tone, bool) {
    if let Some(ended) = &matter.ended {
        return if ended.reason.is_none() {
            ("lapsed", "随事项办结终止", Tone::Void, false)
        } else if matter.agreements.is_empty() {
            ("failed", "调解不成", Tone::Plain, false)
        } else {
            ("given_up", "协议未履行，已终止", Tone::Plain, false)
        };
    }
    let Some(agreement) = matter.agreement().filter(|_| matter.talks.is_none()) else {
        let tone = if late { Tone::Bad } else { Tone::Active };
        return if matter.mediators.is_empty() {
            ("requested", "待确定调解员", tone, true)
        } else if matter.met() {
            ("mediating", "调解中", tone, true)
        } else if matter.agreements.is_empty() {
            ("scheduled", "待调解", tone, true)
        } else {
            let tone = if late { tone } else { Tone::Warn };
            ("mediating", "再次调解", tone, true)
        };
    };
    if agreement.pending().is_some() {
        ("confirming", "待司法确认", Tone::Active, true)
    } else if agreement.is_kept() {
        ("done", "已履行", Tone::Good, false)
    } else if agreement.is_broken() {
        ("broken", "未履行", Tone::Bad, true)
    } else if late {
        ("performing", "履行逾期", Tone::Bad, true)
    } else if agreement.ruling() == Some(CourtRuling::Refused) {
        ("unconfirmed", "未获司法确认", Tone::Warn, true)
    } else {
        ("performing", "履行中", Tone::Active, true)
    }
}

pub(super) fn digest(matter: &Mediation, scene: &Scene<'_>) -> Digest {
    let due = due(matter, scene);
    let late = due.as_ref().is_some_and(|due| due.on < scene.today);
    let (state, state_label, tone, open) = standing(matter, late);
    let court = matter.agreement().and_then(Agreement::pending);
    let court = court.map(|application| &application.court.id);
    Digest {
        title: format!("{}主持调解", matter.committee.name),
        state,
        state_label,
        tone,
        open,
        due: due.filter(|_| open),
        unit_id: Some(UnitId::from(court.unwrap_or(&matter.committee.id).as_str())),
        stages: stages(matter),
        lines: lines(matter, scene),
        items: items(matter, scene.today),
    }
}

/// What is due first: the session, or a promise.
fn due(matter: &Mediation, scene: &Scene<'_>) -> Option<Due> {
    if let Some(talks) = &matter.talks {
        return Some(match &matter.meeting {
            Some(meeting) => Due {
                on: meeting.on,
                what: "调解会".to_owned(),
                basis: None,
                petitioners: false,
            },
            None => Due {
                on: scene.calendar.after_days(talks.since, USUAL_DAYS).date,
                what: "一般在一个月内调结".to_owned(),
                basis: Some(USUAL_BASIS.to_owned()),
                petitioners: false,
            },
        });
    }
    let agreement = matter.agreement()?;
    let promises = agreement.promises.iter().enumerate();
    promises
        .filter(|(_, promise)| promise.kept.is_none())
        .min_by_key(|(_, promise)| promise.due_on)
        .map(|(n, promise)| Due {
            on: promise.due_on,
            what: format!("协议第{}项履行到期", n + 1),
            basis: Some("《人民调解法》第三十一条".to_owned()),
            petitioners: false,
        })
}

/// Both sides' time to go to the court together.
pub(super) fn right(matter: &Mediation, scene: &Scene<'_>) -> Option<Due> {
    let stands = matter.talks.is_none() && matter.ended.is_none();
    let agreement = matter.agreement().filter(|_| stands)?;
    let (until, limit) = agreement.confirm_by(scene);
    (agreement.may_be_confirmed() && until >= scene.today).then(|| Due {
        on: until,
        what: "双方申请司法确认的最后一天".to_owned(),
        basis: Some(limit.basis),
        petitioners: true,
    })
}

fn stages(matter: &Mediation) -> Vec<Stage> {
    let agreement = matter.agreement();
    let held = matter.sessions.first().map(|session| session.on);
    let kept = agreement.filter(|agreement| agreement.is_kept());
    let kept = kept.and_then(|agreement| {
        let days = agreement.promises.iter();
        days.filter_map(|promise| promise.kept.as_ref().map(|kept| kept.on))
            .max()
    });
    let ruled = agreement
        .and_then(|agreement| agreement.applications.last())
        .and_then(|application| application.decision.as_ref());
    let pending = agreement.and_then(Agreement::pending).is_some();
    let over = matter.ended.is_some();
    let talking = matter.talks.is_some();
    let performing = !over && !talking && agreement.is_some() && !pending;
    let mut stages = vec![
        Stage::new(
            "申请",
            Some(matter.asked_on),
            talking && matter.mediators.is_empty(),
        ),
        Stage::new("调解", held, talking && !matter.mediators.is_empty()),
        Stage::new("协议", agreement.map(|agreement| agreement.on), false),
    ];
    // The parties may ask the court, and need not.
    if agreement.is_some_and(|agreement| !agreement.applications.is_empty()) {
        let on = ruled.map(|decision| decision.on);
        stages.push(Stage::new("司法确认", on, pending));
    }
    stages.push(Stage::new("履行", kept, performing));
    stages
}

fn people(party: &[Named]) -> String {
    names(party.iter().map(|person| &person.name))
}

fn mediators(mediators: &[Mediator]) -> String {
    let words = mediators.iter().map(|mediator| match &mediator.post {
        Some(post) => format!("{}（{post}）", mediator.name),
        None => mediator.name.clone(),
    });
    words.collect::<Vec<_>>().join("、")
}

fn lines(matter: &Mediation, scene: &Scene<'_>) -> Vec<Line> {
    let mut lines = vec![
        Line::new("争议事项", matter.dispute.clone()),
        Line::new("申请人一方", people(&matter.first_party)),
        Line::new("对方当事人", people(&matter.other_party)),
        Line::new("提出方式", matter.asked_by.label()),
        Line::new("调解委员会", matter.committee.name.clone()),
    ];
    if matter.mediators.is_empty() {
        if matter.ended.is_none() {
            lines.push(Line::toned("调解员", "还没有确定", Tone::Warn));
        }
    } else {
        lines.push(Line::new("调解员", mediators(&matter.mediators)));
    }
    if let Some(meeting) = &matter.meeting {
        let late = meeting.on < scene.today;
        let text = if late {
            format!("{}（已过，未记录）", meeting.words())
        } else {
            meeting.words()
        };
        let tone = if late { Tone::Warn } else { Tone::Plain };
        lines.push(Line::toned("下次调解会", text, tone));
    }
    if let Some(agreement) = matter.agreement() {
        agreement_lines(&mut lines, agreement, scene);
    }
    if let Some(ended) = &matter.ended {
        let reason = ended.reason.as_deref().unwrap_or("事项办结，随之终止");
        let text = format!("{} {reason}", ended.on);
        lines.push(Line::toned("终止", text, Tone::Warn));
        let told = ended.notice.as_ref();
        let told = told.map(|notice| format!("{}（{notice}）", labels(&ended.ways)));
        lines.extend(Line::maybe("已告知途径", told));
    } else {
        lines.extend(waiting(scene));
    }
    lines
}

/// The petitioner's own time runs while they talk (人民调解法第三条: mediation takes no way from them).
fn waiting(scene: &Scene<'_>) -> Option<Line> {
    let clocks = scene.clocks.iter().filter(|clock| {
        clock.is_running()
            && clock.owner == ClockOwner::Petitioner
            && clock.kind != ClockKind::Confirmation
            && clock.due >= scene.today
    });
    let first = clocks.min_by_key(|clock| clock.due)?;
    let text = format!(
        "{}的最后一天是{}（{}），不因调解而停止；要{}的不要等到调解结束",
        first.kind.label(),
        first.due,
        first.basis,
        first.kind.label()
    );
    Some(Line::toned("信访人的期限", text, Tone::Warn))
}

fn agreement_lines(lines: &mut Vec<Line>, agreement: &Agreement, scene: &Scene<'_>) {
    let oral = agreement.oral_on;
    let form = oral.map_or_else(
        || format!("{}，{}生效", agreement.form.label(), agreement.on),
        |oral| format!("{oral}达成口头协议，{}制成调解协议书并生效", agreement.on),
    );
    lines.push(Line::new("协议", form));
    lines.push(Line::new("协议内容", agreement.content.clone()));
    lines.extend(Line::maybe("主要事实", agreement.facts.clone()));
    lines.extend(Line::maybe("各方责任", agreement.duties.clone()));
    let all = agreement.promises.len();
    let kept: Vec<Promise> = agreement
        .promises
        .iter()
        .filter(|promise| promise.kept.is_some())
        .cloned()
        .collect();
    let mut progress = format!("{all}项中已履行{}项", kept.len());
    if let Some(total) = sum(&agreement.promises) {
        let paid = sum(&kept).map_or_else(|| "0".to_owned(), |paid| paid.to_string());
        progress.push_str(&format!("；{total}元中已付{paid}元"));
    }
    let tone = if kept.len() == all {
        Tone::Good
    } else if agreement
        .promises
        .iter()
        .any(|promise| promise.is_broken() || promise.is_overdue(scene.today))
    {
        Tone::Bad
    } else {
        Tone::Active
    };
    lines.push(Line::toned("履行进度", progress, tone));
    lines.extend(confirmation_line(agreement, scene));
}

fn confirmation_line(agreement: &Agreement, scene: &Scene<'_>) -> Option<Line> {
    const LABEL: &str = "司法确认";
    let (until, limit) = agreement.confirm_by(scene);
    if let Some(application) = agreement.pending() {
        let text = format!(
            "{}向{}申请，等待裁定",
            application.on, application.court.name
        );
        return Some(Line::toned(LABEL, text, Tone::Active));
    }
    let decided = agreement
        .applications
        .last()
        .and_then(|application| application.decision.as_ref());
    if let Some(decision) = decided
        && decision.ruling != CourtRuling::Withdrawn
    {
        let (words, tone) = match decision.ruling {
            CourtRuling::Confirmed => ("一方不履行的，对方可以申请强制执行", Tone::Good),
            _ => ("可以再次调解变更协议，也可以起诉", Tone::Warn),
        };
        let text = format!(
            "{}{}，文号{}；{words}（{}）",
            decision.on,
            decision.ruling.label(),
            decision.document,
            limit.basis
        );
        return Some(Line::toned(LABEL, text, tone));
    }
    if agreement.is_kept() {
        return None;
    }
    if agreement.form == AgreementForm::Oral {
        let text = format!(
            "口头协议不能直接申请；需要的请先制作调解协议书，最好在{until}前（口头协议生效{}{}内）办妥",
            limit.amount,
            limit.unit.label()
        );
        return Some(Line::toned(LABEL, text, Tone::Warn));
    }
    let left = until.signed_duration_since(scene.today).num_days();
    Some(if left < 0 {
        let text = format!("{until}已过申请期限（{}）；发生争议的可以起诉", limit.basis);
        Line::new(LABEL, text)
    } else {
        let text = format!(
            "双方可以共同申请，最后一天{until}，还有{left}天（{}）",
            limit.basis
        );
        Line::toned(
            LABEL,
            text,
            if left <= 7 { Tone::Warn } else { Tone::Plain },
        )
    })
}

fn items(matter: &Mediation, today: NaiveDate) -> Vec<Item> {
    let mut items = Vec::new();
    if let Some((agreement, replaced)) = matter.agreements.split_last() {
        items.extend(promise_items(agreement, "履行事项", today, true));
        items.extend(application_items(agreement));
        for agreement in replaced {
            let group = format!("原协议（{}）履行事项", agreement.on);
            items.extend(promise_items(agreement, &group, today, false));
            items.extend(application_items(agreement));
        }
    }
    let sessions = matter.sessions.iter().enumerate();
    items.extend(sessions.map(|(n, session)| {
        let tone = match session.outcome {
            MediationOutcome::Agreed => Tone::Good,
            MediationOutcome::Continued => Tone::Active,
            MediationOutcome::Apart => Tone::Warn,
        };
        let others = session.others_present.as_ref();
        let others = others.map_or_else(String::new, |others| format!("；{others}"));
        Item {
            group: "调解会".to_owned(),
            title: format!("第{}次，{}", n + 1, session.place),
            on: Some(session.on),
            state_label: session.outcome.label().to_owned(),
            tone,
            text: Some(format!(
                "到场：{}{others}\n调解员：{}\n方法：{}\n{}",
                people(&session.present),
                mediators(&session.mediators),
                labels(&session.methods),
                session.text
            )),
        }
    }));
    items
}

fn promise_items<'a>(
    agreement: &'a Agreement,
    group: &'a str,
    today: NaiveDate,
    stands: bool,
) -> impl Iterator<Item = Item> + 'a {
    let promises = agreement.promises.iter().enumerate();
    promises.map(move |(n, promise)| {
        let (state_label, tone) = match &promise.kept {
            Some(kept) if kept.on > promise.due_on => ("已履行（逾期）", Tone::Good),
            Some(_) => ("已履行", Tone::Good),
            None if !stands => ("由新协议代替", Tone::Void),
            None if promise.is_broken() => ("未履行", Tone::Bad),
            None if promise.is_overdue(today) => ("已逾期", Tone::Bad),
            None => ("待履行", Tone::Active),
        };
        let mut notes = Vec::new();
        notes.extend(
            promise
                .manner
                .as_ref()
                .map(|manner| format!("方式：{manner}")),
        );
        if let Some(kept) = &promise.kept {
            notes.push(format!("{}履行，凭证：{}", kept.on, kept.proof));
        }
        notes.extend(promise.breaches.iter().map(|breach| {
            let undone = breach
                .undone
                .as_ref()
                .map(|kept| format!("（原登记{}履行，凭证：{}）", kept.on, kept.proof));
            format!(
                "{} {}：{}{}",
                breach.on,
                breach.kind.label(),
                breach.text,
                undone.unwrap_or_default()
            )
        }));
        Item {
            group: group.to_owned(),
            title: format!("第{}项 {}", n + 1, promise.words()),
            on: Some(promise.due_on),
            state_label: state_label.to_owned(),
            tone,
            text: (!notes.is_empty()).then(|| notes.join("\n")),
        }
    })
}

fn application_items(agreement: &Agreement) -> impl Iterator<Item = Item> {
    agreement.applications.iter().map(|application| {
        let (state_label, tone, text) = match &application.decision {
            None => ("待裁定", Tone::Active, None),
            Some(decision) => {
                let tone = match decision.ruling {
                    CourtRuling::Confirmed => Tone::Good,
                    CourtRuling::Refused => Tone::Bad,
                    CourtRuling::Withdrawn => Tone::Void,
                };
                let reason = decision.reason.as_ref();
                let reason = reason.map_or_else(String::new, |reason| format!("：{reason}"));
                let text = format!("{} {}{reason}", decision.on, decision.document);
                (decision.ruling.label(), tone, Some(text))
            }
        };
        Item {
            group: "司法确认".to_owned(),
            title: format!(
                "{}共同向{}申请",
                people(&application.applicants),
                application.court.name
            ),
            on: Some(application.on),
            state_label: state_label.to_owned(),
            tone,
            text,
        }
    })
}
