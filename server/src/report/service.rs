//! What can be done with a report. Each function runs inside one transaction: load, decide, apply,
//! write the report, its findings, what becomes of them and the audit log together.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use shared::access::{Action, Denied, Facts, FieldFacts, can};
use shared::audit::AuditAction;
use shared::case::input::{NewCase, filled};
use shared::case::view::{FieldKind, FieldMark, Named};
use shared::case::{Channel, Purpose, Severity};
use shared::ids::{CaseId, PhotoId, UnitId, UserId};
use shared::notice::NoticeKind;
use shared::org::UnitKind;
use shared::photo::OwnerKind;
use shared::report::input::{
    FindingCase, FindingDismissal, FindingInput, FindingJoin, NewReport, ReportPatch, StepInput,
    check_sent,
};
use shared::report::period::{self, CATCH_UP_DAYS, again_at, at_hour, gathered, of_day};
use shared::report::state::{Change, Refused, after};
use shared::report::view::{FindingView, ReportRow, ReportView, Verdict};
use shared::report::{FindingState, ReportDeed, ReportKind, ReportState, ReportStep};
use shared::role::Role;
use shared::term::Term;
use shared::validate::Errors;

use super::store::{self, FindingRecord, Owner, ReportRecord};
use super::{Error, ensure};
use crate::audit;
use crate::case::coded::Coded;
use crate::case::{self, Desk, scope};
use crate::db::Conn;
use crate::notify::{self, Draft};
use crate::photo;
use crate::schema::cases;

/// Finds a report that the actor may see and do `deed` with.
fn find(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    deed: ReportDeed,
) -> Result<(ReportRecord, FieldFacts), Error> {
    let report = store::find(conn, id)?.ok_or_else(Error::hidden)?;
    let facts = report.facts();
    desk.actor
        .decide(Action::Report(deed), Facts::Field(&facts))?;
    Ok((report, facts))
}

/// Whether the actor may open a report.
///
/// # Errors
/// The database's own.
pub(crate) fn may_open(conn: &mut Conn, desk: &Desk, id: &str) -> Result<bool, case::Error> {
    let report = store::find(conn, id)?;
    Ok(report.is_some_and(|report| {
        let facts = report.facts();
        let action = Action::Report(ReportDeed::View);
        can(&desk.actor, action, Facts::Field(&facts)).is_ok()
    }))
}

/// A report taken up for a change at the version that the caller has seen.
fn take(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    deed: ReportDeed,
    seen: i64,
) -> Result<ReportRecord, Error> {
    store::lock_report(conn, id)?;
    let (report, _) = find(conn, desk, id, deed)?;
    if report.version != seen {
        return Err(case::Error::Stale.into());
    }
    Ok(report)
}

/// Writes a report that was changed, and the audit log; answers what people see.
fn keep(
    conn: &mut Conn,
    desk: &Desk,
    mut report: ReportRecord,
    what: &str,
) -> Result<ReportView, Error> {
    let before = report.version;
    (report.findings, report.open_findings) = store::recount(conn, &report.id)?;
    report.version = before + 1;
    report.updated_at = desk.context.now.naive_utc();
    if !store::save(conn, &report, before)? {
        return Err(case::Error::Stale.into());
    }
    let detail = format!("{}：{what}", title(desk, &report));
    let entry = audit::Entry::new(AuditAction::ReportWrite, detail);
    audit::append(conn, &desk.context, &desk.actor, entry)?;
    view(conn, desk, &report)
}

/// A unit's name as it is told from its namesakes: a group's with its village.
pub(super) fn full_name(desk: &Desk, unit_id: &str) -> String {
    let id = UnitId::from(unit_id);
    let Some(unit) = desk.names.unit(&id) else {
        return String::new();
    };
    match unit
        .parent_id
        .as_ref()
        .filter(|_| unit.kind == UnitKind::Group)
    {
        Some(village) => format!("{}{}", desk.names.unit_name(village), unit.name),
        None => unit.name.clone(),
    }
}

/// `五里墩村1社 2026年3月10日日报`.
fn title(desk: &Desk, report: &ReportRecord) -> String {
    format!(
        "{} {}{}",
        full_name(desk, &report.unit_id),
        period::label(report.kind.0, report.period_start),
        report.kind.0.short()
    )
}

fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

/// A report in a list.
pub(super) fn row(desk: &Desk, report: &ReportRecord) -> ReportRow {
    let course = report.course();
    ReportRow {
        id: report.id.clone(),
        kind: report.kind.0,
        unit: Named {
            id: report.unit_id.clone(),
            name: full_name(desk, &report.unit_id),
        },
        period: period::label(report.kind.0, report.period_start),
        period_start: report.period_start,
        period_end: report.period_end,
        due_at: report.pending_at.and_utc(),
        state: report.state.0,
        standing: course.standing(desk.context.now),
        late: report.late,
        zero: report.zero,
        findings: count(report.findings),
        open_findings: count(report.open_findings),
        submitted_at: report.submitted_at.map(|at| at.and_utc()),
        author: desk.user(report.author_id.as_deref()),
        facts: report.facts(),
        version: report.version,
    }
}

/// A report, whole.
///
/// # Errors
/// [`Error::Case`]: hidden, denied; the database's own.
pub(crate) fn show(conn: &mut Conn, desk: &Desk, id: &str) -> Result<ReportView, Error> {
    let (report, _) = find(conn, desk, id, ReportDeed::View)?;
    view(conn, desk, &report)
}

fn view(conn: &mut Conn, desk: &Desk, report: &ReportRecord) -> Result<ReportView, Error> {
    let findings = store::findings(conn, &report.id)?;
    let ids: Vec<&str> = findings
        .iter()
        .filter_map(|finding| finding.case_id.as_deref())
        .collect();
    let seen: BTreeMap<String, String> = if ids.is_empty() {
        BTreeMap::new()
    } else {
        let seen: Vec<(String, String)> = cases::table
            .filter(scope::visible_to(&desk.actor))
            .filter(cases::id.eq_any(&ids))
            .select((cases::id, cases::number))
            .load(conn)?;
        seen.into_iter().collect()
    };
    let mut shown = Vec::with_capacity(findings.len());
    for finding in findings {
        let from = match &finding.origin_id {
            Some(origin) => store::unit_of_finding(conn, origin)?,
            None => None,
        };
        let case = finding.case_id.as_ref().and_then(|id| {
            Some(Named {
                id: id.clone(),
                name: seen.get(id)?.clone(),
            })
        });
        shown.push(FindingView {
            id: finding.id,
            cause: finding.cause,
            occurred_on: finding.occurred_on,
            occurred_text: finding.occurred_text,
            place: finding.place,
            unit_concerned: finding.unit_concerned,
            people_count: finding.people_count.map(count),
            key_persons: finding.key_persons,
            development: finding.development,
            handling: finding.handling,
            village: desk.unit(finding.village_id.as_deref()),
            group: desk.unit(finding.group_id.as_deref()),
            category: finding.category.map(|category| category.0),
            severity: finding.severity.0,
            state: finding.state.0,
            case,
            dismissed_why: finding.dismissed_why,
            from_unit: from.map(|id| Named {
                name: full_name(desk, &id),
                id,
            }),
        });
    }
    let verdict = report.judged_at.zip(desk.user(report.judge_id.as_deref()));
    let claimed = report
        .recorded_at
        .as_deref()
        .and_then(|at| at.parse::<DateTime<Utc>>().ok());
    Ok(ReportView {
        report: row(desk, report),
        summary: report.summary.clone(),
        findings: shown,
        photos: photo::of(conn, OwnerKind::Report, &report.id)?,
        first_due_at: report.due_at.and_utc(),
        first_submitted_at: report.first_at.map(|at| at.and_utc()),
        recorded_at: claimed.filter(|at| differs(*at, report.submitted_at.map(|at| at.and_utc()))),
        verdict: verdict.map(|(at, by)| Verdict {
            by,
            at: at.and_utc(),
            text: report.judged_text.clone(),
        }),
    })
}

/// Whether what a phone says of the time is worth showing beside the server's.
fn differs(claimed: DateTime<Utc>, at: Option<DateTime<Utc>>) -> bool {
    at.is_none_or(|at| (at - claimed).num_minutes().abs() >= 2)
}

/// Changes a report's content.
///
/// # Errors
/// [`Error::Case`]: hidden, denied, stale, invalid; [`Error::Refused`].
pub(super) fn patch(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    seen: i64,
    patch: &ReportPatch,
) -> Result<ReportView, Error> {
    let mut report = take(conn, desk, id, ReportDeed::Write, seen)?;
    let next = after(report.state.0, Change::Save)?;
    let errors = patch.check(desk.context.today());
    if !errors.is_empty() {
        return Err(errors.into());
    }
    if let Some(summary) = &patch.summary {
        report.summary = summary.trim().to_owned();
    }
    if let Some(findings) = &patch.findings {
        write_findings(conn, desk, &report, findings)?;
    }
    claim(
        conn,
        desk,
        &report,
        patch.photos.as_deref().unwrap_or_default(),
    )?;
    report.state = Coded(next);
    report.author_id = Some(desk.actor.user_id.as_str().to_owned());
    keep(conn, desk, report, "填写")
}

/// Takes a step with a report.
///
/// # Errors
/// [`Error::Case`]: hidden, denied, stale, invalid; [`Error::Refused`].
pub(super) fn step(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    seen: i64,
    step: ReportStep,
    input: &StepInput,
) -> Result<ReportView, Error> {
    use ReportStep as P;
    let deed = match step {
        P::Submit | P::Zero | P::Withdraw | P::Gather => ReportDeed::Write,
        P::Return | P::Acknowledge | P::Excuse => ReportDeed::Judge,
    };
    let mut report = take(conn, desk, id, deed, seen)?;
    let next = after(report.state.0, Change::Step(step))?;
    let errors = input.check(step, desk.context.today());
    if !errors.is_empty() {
        return Err(errors.into());
    }
    match step {
        P::Submit | P::Zero => {
            let zero = step == P::Zero;
            let mut errors = Errors::new();
            let findings = usize::try_from(report.findings).unwrap_or(0);
            check_sent(&mut errors, findings, zero);
            if !errors.is_empty() {
                return Err(errors.into());
            }
            send(desk, &mut report, zero, input.recorded_at);
        }
        P::Withdraw => {
            if linked(&store::findings(conn, &report.id)?) {
                return Err(
                    Refused("其中的情况已经立为事项，不能撤回；有新情况请写在下一期。").into(),
                );
            }
            report.pending_at = report.due_at;
            report.zero = false;
        }
        P::Gather => gather(conn, desk, &report)?,
        P::Return => {
            let by = input.by.unwrap_or_else(|| desk.context.today());
            let again = again_at(report.kind.0, by, &desk.general().reporting);
            if again <= desk.context.now {
                let mut errors = Errors::new();
                errors.add("by", "in_past", "这一天的截止时间已过，请给以后的日子。");
                return Err(errors.into());
            }
            report.pending_at = again.naive_utc();
            judged(desk, &mut report, input.text.as_deref());
        }
        P::Acknowledge => judged(desk, &mut report, None),
        P::Excuse => judged(desk, &mut report, input.text.as_deref()),
    }
    report.state = Coded(next);
    if matches!(step, P::Submit | P::Zero | P::Withdraw | P::Gather) {
        report.author_id = Some(desk.actor.user_id.as_str().to_owned());
    }
    let view = keep(conn, desk, report.clone(), step.label())?;
    tell(conn, desk, &report, step, &view)?;
    Ok(view)
}

fn linked(findings: &[FindingRecord]) -> bool {
    findings
        .iter()
        .any(|finding| matches!(finding.state.0, FindingState::Case | FindingState::Joined))
}

/// What sending changes. The server's time decides whether it is late.
fn send(desk: &Desk, report: &mut ReportRecord, zero: bool, recorded_at: Option<DateTime<Utc>>) {
    let now = desk.context.now;
    report.late = report.course().late_if_sent(now);
    report.zero = zero;
    report.first_at = report.first_at.or(Some(now.naive_utc()));
    report.submitted_at = Some(now.naive_utc());
    report.recorded_at = recorded_at.map(|at| at.to_rfc3339());
}

fn judged(desk: &Desk, report: &mut ReportRecord, text: Option<&str>) {
    report.judge_id = Some(desk.actor.user_id.as_str().to_owned());
    report.judged_at = Some(desk.context.now.naive_utc());
    report.judged_text = owned(text);
}

fn owned(text: Option<&str>) -> Option<String> {
    filled(text).map(str::to_owned)
}

/// Writes and sends a period's report in one request.
///
/// # Errors
/// [`Error::Case`]: hidden, denied, invalid; [`Error::Changed`]; [`Error::Refused`].
pub(super) fn submit(conn: &mut Conn, desk: &Desk, input: &NewReport) -> Result<ReportView, Error> {
    can(&desk.actor, Action::Report(ReportDeed::Write), Facts::None)?;
    let unit = input.unit_id.as_ref().unwrap_or(&desk.actor.unit_id);
    let owner = owner(desk, unit).ok_or_else(Error::hidden)?;
    let facts = FieldFacts {
        township_id: owner.township_id.as_str().into(),
        unit_id: unit.clone(),
        village_id: owner.village_id.as_deref().map(UnitId::from),
        author_id: None,
        people: Vec::new(),
    };
    let write = Action::Report(ReportDeed::Write);
    desk.actor.decide(write, Facts::Field(&facts))?;
    ensure(conn, desk.context.now)?;
    let mut errors = input.check(desk.context.today());
    let found = period_of(conn, desk, &owner, input, &mut errors)?;
    let Some(report) = found.filter(|_| errors.is_empty()) else {
        return Err(errors.into());
    };
    store::lock_report(conn, &report.id)?;
    let mut report = store::find(conn, &report.id)?.ok_or_else(Error::hidden)?;
    let untouched = report.version == 1 && report.state.0 == ReportState::Due;
    if input
        .seen_version
        .map_or(!untouched, |seen| seen != report.version)
    {
        return Err(Error::Changed(report.id));
    }
    let next = after(report.state.0, Change::Replace)?;
    write_findings(conn, desk, &report, &input.findings)?;
    claim(conn, desk, &report, &input.photos)?;
    report.summary = input.summary.trim().to_owned();
    send(desk, &mut report, input.zero, input.recorded_at);
    report.state = Coded(next);
    report.author_id = Some(desk.actor.user_id.as_str().to_owned());
    let step = if input.zero {
        ReportStep::Zero
    } else {
        ReportStep::Submit
    };
    let view = keep(conn, desk, report.clone(), step.label())?;
    tell(conn, desk, &report, step, &view)?;
    Ok(view)
}

/// Gives the report photos that it does not have yet.
fn claim(
    conn: &mut Conn,
    desk: &Desk,
    report: &ReportRecord,
    photos: &[PhotoId],
) -> Result<(), Error> {
    let has = photo::of(conn, OwnerKind::Report, &report.id)?;
    let new: Vec<PhotoId> = photos
        .iter()
        .filter(|id| !has.iter().any(|photo| photo.id == **id))
        .cloned()
        .collect();
    match photo::claim(conn, desk, OwnerKind::Report, &report.id, &new) {
        Ok(()) => Ok(()),
        Err(photo::Error::Denied(denied)) => Err(denied.into()),
        Err(photo::Error::Invalid(errors)) => Err(case::Error::Invalid(errors).into()),
        Err(photo::Error::Case(error)) => Err(error.into()),
        Err(photo::Error::Database(error)) => Err(error.into()),
        Err(error) => Err(case::Error::Damaged(error.to_string()).into()),
    }
}

/// Whose the reports of an open unit are.
fn owner(desk: &Desk, unit: &UnitId) -> Option<Owner> {
    let unit = desk.known_unit(unit)?;
    let village = desk.names.above(&unit.id, UnitKind::Village);
    Some(Owner {
        township_id: desk.names.township_of(&unit.id).into_string(),
        unit_id: unit.id.as_str().to_owned(),
        village_id: village.map(|village| village.id.as_str().to_owned()),
    })
}

/// The report that an input is to be. A rest day's, which nobody owes, is made when somebody sends
/// it. Notes what is wrong with the period.
fn period_of(
    conn: &mut Conn,
    desk: &Desk,
    owner: &Owner,
    input: &NewReport,
    errors: &mut Errors,
) -> Result<Option<ReportRecord>, Error> {
    let unit = desk.names.unit(&UnitId::from(owner.unit_id.as_str()));
    let own = unit.and_then(|unit| ReportKind::of(unit.kind));
    if own != Some(input.kind) {
        let message = own.map_or_else(
            || "这个单位不报排查报告。".to_owned(),
            |own| format!("这个单位报的是{}。", own.label()),
        );
        errors.add("kind", "not_of_unit", message);
        return Ok(None);
    }
    let today = desk.context.today();
    let (rules, calendar) = (&desk.general().reporting, desk.calendar());
    let period = of_day(input.kind, input.period_start, rules, &calendar);
    if period.start != input.period_start {
        let message = format!("这一期的第一天是{}。", period.start);
        errors.add("period_start", "not_a_period", message);
        return Ok(None);
    }
    if period.start > today {
        let message = format!(
            "{}还没有开始：按服务器的时间，今天是{today}。请检查手机的日期。",
            period::label(input.kind, period.start)
        );
        errors.add("period_start", "in_future", message);
        return Ok(None);
    }
    let found = store::of_period(conn, &owner.unit_id, input.kind, period.start)?;
    if found.is_some() {
        return Ok(found);
    }
    let back = i64::try_from(CATCH_UP_DAYS).unwrap_or(i64::MAX);
    let recent = desk.context.now - period.due < chrono::Duration::days(back);
    let begun = rules.from.map(|day| at_hour(day, 0));
    let begun = begun
        .or(store::rule(conn)?.since)
        .is_some_and(|since| period.due > since);
    let rest_day = !period::is_owed(&period, rules, &calendar);
    if !(rest_day && recent && begun) {
        errors.add("period_start", "not_owed", "这一期不用报。");
        return Ok(None);
    }
    let report = ReportRecord::new(owner, &period, desk.context.now);
    store::insert_new(conn, &report)?;
    Ok(store::of_period(
        conn,
        &owner.unit_id,
        input.kind,
        period.start,
    )?)
}

/// Puts these findings in place of the report's. What has become a case stays.
fn write_findings(
    conn: &mut Conn,
    desk: &Desk,
    report: &ReportRecord,
    input: &[FindingInput],
) -> Result<(), Error> {
    let mut errors = Errors::new();
    let old = store::findings(conn, &report.id)?;
    let mut left: BTreeMap<&str, &FindingRecord> = old
        .iter()
        .map(|finding| (finding.id.as_str(), finding))
        .collect();
    let mut written = Vec::with_capacity(input.len());
    for (n, finding) in input.iter().enumerate() {
        let before = match finding.id.as_deref() {
            None => None,
            Some(id) => {
                let before = left.remove(id);
                if before.is_none() {
                    let field = format!("findings.{n}.id");
                    errors.add(field, "unknown", "报告里没有这一项情况，请刷新后重试。");
                }
                before
            }
        };
        let place = place_of(desk, report, finding, n, &mut errors);
        written.push((
            record(desk, report, finding, n, place, before),
            before.is_some(),
        ));
    }
    if left
        .values()
        .any(|finding| matches!(finding.state.0, FindingState::Case | FindingState::Joined))
    {
        errors.add("findings", "linked", "已经立为事项的情况不能从报告中删除。");
    }
    if !errors.is_empty() {
        return Err(errors.into());
    }
    for id in left.into_keys() {
        store::delete_finding(conn, id)?;
    }
    for (finding, known) in written {
        if known {
            store::save_finding(conn, &finding)?;
        } else {
            store::insert_finding(conn, &finding)?;
        }
    }
    Ok(())
}

/// Village and group of a finding: a group's and a village's report is about their own.
fn place_of(
    desk: &Desk,
    report: &ReportRecord,
    finding: &FindingInput,
    n: usize,
    errors: &mut Errors,
) -> (Option<String>, Option<String>) {
    let id = |id: &Option<UnitId>| {
        id.as_ref()
            .map(|id| id.as_str().to_owned())
            .filter(|id| !id.is_empty())
    };
    let (village, group) = match report.kind.0 {
        ReportKind::Daily => return (report.village_id.clone(), Some(report.unit_id.clone())),
        ReportKind::Weekly => (report.village_id.clone(), id(&finding.group_id)),
        ReportKind::Monthly => (id(&finding.village_id), id(&finding.group_id)),
    };
    let unit = |id: &Option<String>| {
        let id = UnitId::from(id.as_deref()?);
        desk.known_unit(&id)
    };
    if village.is_some() && unit(&village).is_none_or(|unit| unit.kind != UnitKind::Village) {
        let field = format!("findings.{n}.village_id");
        errors.add(field, "unknown", "没有这个村，请从列表中选择。");
    }
    if group.is_some()
        && unit(&group).is_none_or(|unit| {
            unit.kind != UnitKind::Group
                || unit.parent_id.as_ref().map(UnitId::as_str) != village.as_deref()
        })
    {
        let field = format!("findings.{n}.group_id");
        errors.add(field, "unknown", "所选的村没有这个社，请从列表中选择。");
    }
    (village, group)
}

fn record(
    desk: &Desk,
    report: &ReportRecord,
    input: &FindingInput,
    n: usize,
    (village_id, group_id): (Option<String>, Option<String>),
    before: Option<&FindingRecord>,
) -> FindingRecord {
    FindingRecord {
        id: before.map_or_else(crate::ids::new_id, |before| before.id.clone()),
        report_id: report.id.clone(),
        position: i32::try_from(n).unwrap_or(i32::MAX),
        cause: input.cause.trim().to_owned(),
        occurred_on: input.occurred_on,
        occurred_text: owned(input.occurred_text.as_deref()),
        place: owned(input.place.as_deref()),
        unit_concerned: owned(input.unit_concerned.as_deref()),
        people_count: input
            .people_count
            .and_then(|count| i32::try_from(count).ok()),
        key_persons: owned(input.key_persons.as_deref()),
        development: owned(input.development.as_deref()),
        handling: owned(input.handling.as_deref()),
        village_id,
        group_id,
        category: input.category.map(Coded),
        severity: Coded(input.severity.unwrap_or(Severity::Ordinary)),
        state: before.map_or(Coded(FindingState::Open), |before| before.state),
        case_id: before.and_then(|before| before.case_id.clone()),
        dismissed_why: before.and_then(|before| before.dismissed_why.clone()),
        origin_id: before.and_then(|before| before.origin_id.clone()),
        created_at: before.map_or_else(|| desk.context.now.naive_utc(), |before| before.created_at),
    }
}

/// Takes over what the groups' dailies have found since the last weekly, each once.
fn gather(conn: &mut Conn, desk: &Desk, report: &ReportRecord) -> Result<(), Error> {
    let Some(village) = report
        .village_id
        .as_deref()
        .filter(|_| report.kind.0 == ReportKind::Weekly)
    else {
        return Err(Refused("只有村的周报告汇总各社的日报告。").into());
    };
    let (rules, calendar) = (&desk.general().reporting, desk.calendar());
    let weekly = of_day(ReportKind::Weekly, report.period_start, rules, &calendar);
    let days = gathered(&weekly, rules, &calendar);
    let villages = desk.names.with_former(village);
    let found = store::found_by_groups(conn, villages, days)?;
    let roots: Vec<&str> = found.iter().map(FindingRecord::root).collect();
    let before = store::taken_over(conn, &roots)?;
    let mut position = report.findings;
    let most = i32::try_from(shared::report::input::MAX_FINDINGS).unwrap_or(i32::MAX);
    let mut taken = 0;
    for finding in &found {
        if before.iter().any(|root| root == finding.root()) || position >= most {
            continue;
        }
        let copy = FindingRecord {
            id: crate::ids::new_id(),
            report_id: report.id.clone(),
            position,
            origin_id: Some(finding.root().to_owned()),
            created_at: desk.context.now.naive_utc(),
            ..finding.clone()
        };
        store::insert_finding(conn, &copy)?;
        position += 1;
        taken += 1;
    }
    if taken == 0 {
        return Err(Refused("上次周报以来，各社的日报告里没有新的情况。").into());
    }
    Ok(())
}

/// What becomes of a finding.
pub(super) enum Fate<'a> {
    /// A case is registered.
    Case(&'a FindingCase),
    /// It joins a case.
    Join(&'a FindingJoin),
    /// Nothing is behind it.
    Dismiss(&'a FindingDismissal),
}

/// Deals with a finding of a report that was sent: in this report, and in those that it was taken
/// over to or from.
///
/// # Errors
/// [`Error::Case`]: hidden, denied, stale, invalid; [`Error::Refused`].
pub(super) fn settle(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    finding_id: &str,
    seen: i64,
    fate: &Fate<'_>,
) -> Result<ReportView, Error> {
    let deed = match fate {
        Fate::Case(_) | Fate::Join(_) => ReportDeed::Take,
        Fate::Dismiss(_) => ReportDeed::Dismiss,
    };
    let report = take(conn, desk, id, deed, seen)?;
    if let Fate::Case(input) = fate {
        can(&desk.actor, Action::RegisterCase(input.kind), Facts::None)?;
    }
    let of_report = |conn: &mut Conn| -> Result<(usize, FindingRecord), Error> {
        let findings = store::findings(conn, &report.id)?;
        let found = findings
            .into_iter()
            .enumerate()
            .find(|(_, finding)| finding.id == finding_id);
        found.ok_or_else(Error::hidden)
    };
    let (_, finding) = of_report(conn)?;
    store::lock_finding(conn, finding.root())?;
    // As it is now that nobody else deals with it.
    let (n, mut finding) = of_report(conn)?;
    if !matches!(
        report.state.0,
        ReportState::Submitted | ReportState::Acknowledged
    ) {
        return Err(Refused("报告提交以后，才处置其中的情况。").into());
    }
    if matches!(finding.state.0, FindingState::Case | FindingState::Joined) {
        return Err(Refused("这一项情况已经立为事项，不能重复。").into());
    }
    let what = match fate {
        Fate::Case(input) => {
            let case = become_case(conn, desk, &report, &finding, n, input)?;
            finding.state = Coded(FindingState::Case);
            let what = format!("第{}项立为事项 {}", n + 1, case.name);
            finding.case_id = Some(case.id);
            finding.dismissed_why = None;
            what
        }
        Fate::Join(FindingJoin { case_id }) => {
            let case = join(conn, desk, &report, &finding, n, case_id)?;
            finding.state = Coded(FindingState::Joined);
            let what = format!("第{}项并入事项 {}", n + 1, case.name);
            finding.case_id = Some(case.id);
            finding.dismissed_why = None;
            what
        }
        Fate::Dismiss(input) => {
            let errors = input.check();
            if !errors.is_empty() {
                return Err(errors.into());
            }
            finding.state = Coded(FindingState::Dismissed);
            finding.dismissed_why = owned(Some(&input.reason));
            format!("第{}项核实不成立", n + 1)
        }
    };
    for mut one in store::family(conn, finding.root())? {
        one.state = finding.state;
        one.case_id.clone_from(&finding.case_id);
        one.dismissed_why.clone_from(&finding.dismissed_why);
        store::save_finding(conn, &one)?;
        if one.report_id != report.id {
            store::recount(conn, &one.report_id)?;
        }
    }
    keep(conn, desk, report, &what)
}

/// The report as a case's timeline names it.
fn mark(desk: &Desk, report: &ReportRecord) -> FieldMark {
    FieldMark {
        kind: FieldKind::Report,
        id: report.id.clone(),
        name: Some(title(desk, report)),
    }
}

fn become_case(
    conn: &mut Conn,
    desk: &Desk,
    report: &ReportRecord,
    finding: &FindingRecord,
    n: usize,
    input: &FindingCase,
) -> Result<Named, Error> {
    let of_finding = finding.category.map(|category| category.0);
    let errors = input.check(of_finding);
    let Some(category) = input.category.or(of_finding).filter(|_| errors.is_empty()) else {
        return Err(errors.into());
    };
    // Who wrote the report was the first to be told (首问责任), while they are still here.
    let first = report.author_id.as_deref().map(UserId::from);
    let case = NewCase {
        kind: input.kind,
        channel: Channel::Inspection,
        purpose: Purpose::Claim,
        category,
        subcategory: input.subcategory.clone(),
        severity: Some(finding.severity.0),
        cause: input.cause(&finding.cause).to_owned(),
        demand: None,
        occurred_on: finding.occurred_on,
        occurred_text: finding.occurred_text.clone(),
        place: finding.place.clone(),
        unit_concerned: finding.unit_concerned.clone(),
        village_id: finding.village_id.as_deref().map(UnitId::from),
        group_id: finding.group_id.as_deref().map(UnitId::from),
        people_count: finding.people_count.map_or(1, count),
        people_count_text: None,
        collective: None,
        development: finding.development.clone(),
        handling: finding.handling.clone(),
        received_on: desk.context.today(),
        procedure: None,
        earlier_case_id: None,
        accused_unit_id: None,
        accused_user_id: None,
        first_receiver_id: first.filter(|id| desk.known_user(id).is_some()),
        people: input.people.clone(),
        photos: Vec::new(),
        recorded_at: None,
        provisional_number: None,
    };
    let text = told(desk, report, finding, n);
    let mark = mark(desk, report);
    Ok(case::service::register_found(
        conn, desk, &case, mark, text,
    )?)
}

fn join(
    conn: &mut Conn,
    desk: &Desk,
    report: &ReportRecord,
    finding: &FindingRecord,
    n: usize,
    id: &CaseId,
) -> Result<Named, Error> {
    let text = format!("{}：{}", told(desk, report, finding, n), finding.cause);
    let mark = mark(desk, report);
    case::service::note_report(conn, desk, id, mark, text).map_err(|error| match error {
        // The report is there; it is the case that is not.
        case::Error::Denied(Denied::Hidden) => {
            let mut errors = Errors::new();
            errors.add("case_id", "unknown", "没有找到这件事项，或者您无权查看。");
            errors.into()
        }
        error => error.into(),
    })
}

/// Where a case's timeline says that it comes from.
fn told(desk: &Desk, report: &ReportRecord, finding: &FindingRecord, n: usize) -> String {
    let mut text = format!("排查发现（{}，第{}项）", title(desk, report), n + 1);
    if let Some(key) = &finding.key_persons {
        text.push_str("。重点人员：");
        text.push_str(key);
    }
    text
}

/// Tells who has to know: of findings the office and the village, of a return or an excuse the unit.
/// Without what was written: notices go on to phones.
fn tell(
    conn: &mut Conn,
    desk: &Desk,
    report: &ReportRecord,
    step: ReportStep,
    view: &ReportView,
) -> Result<(), Error> {
    let name = title(desk, report);
    let title = match step {
        ReportStep::Submit => format!("{name}：{}项情况", view.findings.len()),
        ReportStep::Return => format!("{name}被退回，请重新上报"),
        ReportStep::Excuse => format!("{name}已免报"),
        _ => return Ok(()),
    };
    let facts = report.facts();
    let wanted = |role: Role, unit: &UnitId| match step {
        ReportStep::Submit => match role {
            Role::CoordinationOffice => true,
            Role::VillageSecretary => report.kind.0 == ReportKind::Daily,
            _ => false,
        },
        _ => *unit == facts.unit_id,
    };
    let to: Vec<UserId> = desk
        .names
        .members()
        .filter(|member| {
            let deed = Action::Report(ReportDeed::View);
            member.user.is_active_person()
                && member.user.id != desk.actor.user_id
                && wanted(member.user.role, &member.user.unit_id)
                && can(&member.access, deed, Facts::Field(&facts)).is_ok()
        })
        .map(|member| member.user.id.clone())
        .collect();
    let draft = Draft {
        kind: NoticeKind::Report,
        title,
        body: String::new(),
        link: format!("/reports/{}", report.id),
        urgent: false,
        once: format!(
            "report:{}:{}:{}",
            report.id,
            step.code(),
            view.report.version
        ),
    };
    Ok(notify::post(conn, &to, &draft, desk.context.now)?)
}
