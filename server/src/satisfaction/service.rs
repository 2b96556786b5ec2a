//! What can be done with ratings. Each is written with its event in the case's timeline, the audit
//! entry and, of a petitioner who is not satisfied, the notice to the office.

use chrono::NaiveDate;
use shared::access::{Action, CaseFacts, Facts, can, visible};
use shared::audit::AuditAction;
use shared::case::number::Series;
use shared::case::state::{EventKind, Refused};
use shared::ids::{CaseId, UnitId, UserId};
use shared::notice::NoticeKind;
use shared::role::Role;
use shared::satisfaction::{
    Answerers, Happened, NewRating, Rating, RatingMark, RatingView, RatingWay, SatisfactionView,
    answer_of, had_part,
};
use shared::term::Term;
use shared::visit::owned;

use super::store::{self, RatingRecord};
use super::waiting;
use crate::audit::{self, Entry};
use crate::case::coded::Coded;
use crate::case::store::{self as case_store, CaseRecord, EventRecord, utc};
use crate::case::{Desk, Error, service as cases};
use crate::context::RequestContext;
use crate::db::Conn;
use crate::directory::Snapshot;
use crate::notify::{self, Draft};

/// The answer of a case that is to be rated now.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The event.
    pub(crate) event_id: String,
    /// Its day.
    pub(crate) on: NaiveDate,
    /// The unit that answered.
    pub(super) unit_id: Option<String>,
    /// Who had a part in it.
    pub(super) answerers: Answerers,
}

/// Which answer is to be rated.
pub(crate) fn answer(
    names: &Snapshot,
    case: &CaseRecord,
    events: &[EventRecord],
) -> Option<Answer> {
    let happened: Vec<Happened> = events
        .iter()
        .map(|event| Happened {
            kind: event.kind.0,
            outcome: match event.kind.0 {
                EventKind::Closed => event.data().outcome,
                _ => None,
            },
        })
        .collect();
    let event = events.get(answer_of(&happened)?)?;
    let by = UserId::from(event.actor_id.as_str());
    let unit_of_by = names.member(&by).map(|member| member.user.unit_id.clone());
    let responsible = case.responsible_unit_id.as_deref().map(UnitId::from);
    let mut units: Vec<UnitId> = responsible.iter().cloned().collect();
    // Whoever writes the answer speaks for their unit; whoever only closes a settled case, for the
    // township, unless nobody else was responsible.
    if event.kind.0 == EventKind::Answered || units.is_empty() {
        units.extend(unit_of_by.clone());
    }
    let others = [&case.responsible_user_id, &case.lead_id];
    let mut users: Vec<UserId> = others
        .into_iter()
        .flatten()
        .map(|id| UserId::from(id.as_str()))
        .collect();
    users.push(by);
    let unit = responsible.or(unit_of_by);
    // A unit that is gone from the directory has no row to point at.
    let unit = unit.filter(|id| names.unit(id).is_some());
    Some(Answer {
        event_id: event.id.clone(),
        on: event.on_day,
        unit_id: unit.map(UnitId::into_string),
        answerers: Answerers { units, users },
    })
}

fn nothing_yet() -> Refused {
    Refused("还没有可以评价的答复：答复送达以后，或者矛盾纠纷化解办结以后再回访。".to_owned())
}

fn own_stands() -> Refused {
    Refused("信访人已经自己评价过这次答复，以群众自评为准。".to_owned())
}

/// Why the caller may not record a rating now.
fn refusal(
    desk: &Desk,
    facts: &CaseFacts,
    answer: Option<&Answer>,
    current: Option<&RatingRecord>,
) -> Option<String> {
    let Some(answer) = answer else {
        let nobody = Answerers::default();
        let denied = can(&desk.actor, Action::Rate, Facts::Answer(facts, &nobody)).err();
        return Some(denied.map_or_else(|| nothing_yet().0, |denied| denied.to_string()));
    };
    let asked = Facts::Answer(facts, &answer.answerers);
    match can(&desk.actor, Action::Rate, asked) {
        Err(denied) => Some(denied.to_string()),
        Ok(()) => current
            .filter(|rating| rating.author_id.is_none())
            .map(|_| own_stands().0),
    }
}

/// The satisfaction with a case's answers.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(crate) fn show(conn: &mut Conn, desk: &Desk, id: &CaseId) -> Result<SatisfactionView, Error> {
    let (case, facts) = cases::find(conn, desk, id, Action::ViewCase)?;
    let events = case_store::events(conn, &case.id)?;
    let answer = answer(&desk.names, &case, &events);
    let records = store::of_case(conn, &case.id)?;
    let current = answer.as_ref().and_then(|answer| {
        records
            .iter()
            .find(|rating| rating.event_id == answer.event_id && rating.replaced_on.is_none())
    });
    let reason = refusal(desk, &facts, answer.as_ref(), current);
    let command = matches!(
        desk.actor.role,
        Role::TownshipLeader | Role::CoordinationOffice
    );
    let part = answer
        .as_ref()
        .is_some_and(|answer| had_part(&desk.actor, &answer.answerers));
    let author =
        |rating: &RatingRecord| rating.author_id.as_deref() == Some(desk.actor.user_id.as_str());
    let view = |rating: &RatingRecord| RatingView {
        id: rating.id.clone(),
        event_id: rating.event_id.as_str().into(),
        rating: rating.rating.0,
        way: rating.way.0,
        words: rating
            .words
            .clone()
            .filter(|_| (command && !part) || author(rating)),
        on: rating.rated_on,
        at: utc(rating.at),
        author: desk.user(rating.author_id.as_deref()),
        replaced_on: rating.replaced_on,
    };
    Ok(SatisfactionView {
        answered_on: answer.as_ref().map(|answer| answer.on),
        current: current.map(view),
        items: records.iter().map(view).collect(),
        allowed: reason.is_none(),
        reason,
        version: case.version,
        answer: answer.map(|answer| answer.event_id.into()),
    })
}

/// Records what a petitioner said to a clerk. A second one corrects the first.
///
/// # Errors
/// [`Error::Denied`], [`Error::Stale`], [`Error::Refused`], [`Error::Invalid`], the database's own.
pub(crate) fn record(
    conn: &mut Conn,
    desk: &Desk,
    id: &CaseId,
    version: i64,
    input: &NewRating,
) -> Result<SatisfactionView, Error> {
    case_store::lock(conn, id.as_str())?;
    let (case, facts) = cases::find(conn, desk, id, Action::ViewCase)?;
    let events = case_store::events(conn, &case.id)?;
    let Some(answer) = answer(&desk.names, &case, &events) else {
        let nobody = Answerers::default();
        desk.actor
            .decide(Action::Rate, Facts::Answer(&facts, &nobody))?;
        return Err(nothing_yet().into());
    };
    let asked = Facts::Answer(&facts, &answer.answerers);
    desk.actor.decide(Action::Rate, asked)?;
    if case.version != version {
        return Err(Error::Stale);
    }
    let before = store::standing(conn, &answer.event_id)?;
    if before
        .as_ref()
        .is_some_and(|before| before.author_id.is_none())
    {
        return Err(own_stands().into());
    }
    let today = desk.context.today();
    let call = waiting::may_call(&waiting::cares(conn, &case.id)?);
    input.check(answer.on, today, call).into_result()?;
    let on = input.on.unwrap_or(today);
    if let Some(before) = &before {
        store::replace(conn, &before.id, today)?;
    }
    let rating = RatingRecord {
        author_id: Some(desk.actor.user_id.as_str().to_owned()),
        ..rating_record(&case, &answer, &desk.context, (input.rating, input.way))
    };
    let rating = RatingRecord {
        words: owned(input.words.as_deref()),
        rated_on: on,
        ..rating
    };
    store::insert(conn, &rating)?;
    let what = if before.is_some() {
        "更正满意度评价"
    } else {
        "登记满意度评价"
    };
    let text = format!("{}：{}", input.way.label(), input.rating.label());
    let mark = RatingMark {
        rating: input.rating,
        way: input.way,
    };
    let case = cases::note_rating(conn, desk, id, (on, text), mark, what)?;
    tell(
        conn,
        &desk.names,
        &desk.context,
        &case,
        &rating,
        Some(&desk.actor.user_id),
    )?;
    show(conn, desk, id)
}

fn rating_record(
    case: &CaseRecord,
    answer: &Answer,
    context: &RequestContext,
    (rating, way): (Rating, RatingWay),
) -> RatingRecord {
    RatingRecord {
        id: crate::ids::new_id(),
        case_id: case.id.clone(),
        event_id: answer.event_id.clone(),
        township_id: case.township_id.clone(),
        unit_id: answer.unit_id.clone(),
        rating: Coded(rating),
        way: Coded(way),
        words: None,
        rated_on: context.today(),
        at: context.now.naive_utc(),
        author_id: None,
        replaced_on: None,
    }
}

/// Records what the petitioner says on the public page; whether it is taken. It takes the place of a
/// clerk's, and none takes its own.
///
/// # Errors
/// The database's own.
pub(crate) fn record_own(
    conn: &mut Conn,
    names: &Snapshot,
    context: &RequestContext,
    case_id: &str,
    rating: Rating,
    words: Option<&str>,
) -> Result<bool, Error> {
    case_store::lock(conn, case_id)?;
    let Some(case) = case_store::find(conn, case_id)?.filter(|case| case.seal.0 == Series::Open)
    else {
        return Ok(false);
    };
    let events = case_store::events(conn, &case.id)?;
    let Some(answer) = answer(names, &case, &events) else {
        return Ok(false);
    };
    let before = store::standing(conn, &answer.event_id)?;
    match &before {
        Some(before) if before.author_id.is_none() => return Ok(false),
        Some(before) => store::replace(conn, &before.id, context.today())?,
        None => {}
    }
    let record = RatingRecord {
        words: owned(words),
        ..rating_record(&case, &answer, context, (rating, RatingWay::Public))
    };
    store::insert(conn, &record)?;
    let text = format!("{}：{}", RatingWay::Public.label(), rating.label());
    let mark = RatingMark {
        rating,
        way: RatingWay::Public,
    };
    let case = cases::note_own_rating(conn, context, case, events.len(), text, mark)?;
    let detail = format!("{}：群众自评", case.number);
    let entry = Entry::new(AuditAction::Rating, detail).of_case(case.id.clone(), false, false);
    audit::append_petitioner(conn, context, &case.township_id, entry)?;
    tell(conn, names, context, &case, &record, None)?;
    Ok(true)
}

/// Tells the office that somebody is not satisfied.
fn tell(
    conn: &mut Conn,
    names: &Snapshot,
    context: &RequestContext,
    case: &CaseRecord,
    rating: &RatingRecord,
    but: Option<&UserId>,
) -> Result<(), Error> {
    if rating.rating.0 != Rating::Dissatisfied {
        return Ok(());
    }
    let facts = case.facts(case_store::unit_ids(conn, &case.id)?);
    let mut people: Vec<UserId> = names
        .members()
        .filter(|member| {
            member.user.role == Role::CoordinationOffice
                && member.user.is_active_person()
                && Some(&member.user.id) != but
                && visible(&member.access, &facts)
        })
        .map(|member| member.user.id.clone())
        .collect();
    people.sort();
    let draft = Draft {
        kind: NoticeKind::Rated,
        title: format!("{} 信访人评价“不满意”", case.number),
        body: format!(
            "{}，{}。请了解原因，跟进回访。",
            rating.rated_on,
            rating.way.0.label()
        ),
        link: format!("/cases/{}", case.id),
        urgent: false,
        once: format!("rated:{}", rating.id),
    };
    notify::post(conn, &people, &draft, context.now)?;
    Ok(())
}
