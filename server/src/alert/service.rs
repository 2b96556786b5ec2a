//! What can be done with urgent information. Each function runs inside one transaction: load, decide,
//! apply, write the row, its event, its notices and the audit log together.

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};
use shared::access::{Action, AlertFacts, Facts, can};
use shared::alert::input::{AlertCase, AlertStepInput, NewAlert, NewMissed};
use shared::alert::step::{self, AlertEventKind, AlertState, AlertStep};
use shared::alert::times::{self, Tally};
use shared::alert::view::{AlertRate, AlertRow, AlertView, MissedView};
use shared::alert::{AlertDeed, AlertKind};
use shared::audit::AuditAction;
use shared::case::action::CaseAction;
use shared::case::input::{NewCase, filled};
use shared::case::number::Series;
use shared::case::state::Refused;
use shared::case::view::{FieldKind, FieldMark, Todo, TodoList};
use shared::case::{Channel, Kind, Purpose};
use shared::ids::{AlertId, CaseId, UnitId, UserId};
use shared::indicator::view::UrgentBoard;
use shared::org::UnitKind;
use shared::page::Page;
use shared::photo::OwnerKind;
use shared::role::Role;
use shared::term::Term;
use shared::validate::Errors;

use super::scope::{self, Condition};
use super::store::{self, AlertRecord, EventRecord, MissedRecord, kept};
use super::{Error, tell, view};
use crate::audit::{self, Entry};
use crate::case::{self, Desk};
use crate::db::Conn;
use crate::page::cursor;
use crate::photo;

/// Urgent information that the actor may see, with what happened and what decisions look at.
struct Found {
    alert: AlertRecord,
    events: Vec<EventRecord>,
    facts: AlertFacts,
}

fn load(conn: &mut Conn, id: &str) -> Result<Option<Found>, Error> {
    let Some(alert) = store::find(conn, id)? else {
        return Ok(None);
    };
    let events = store::events(conn, &alert.id)?;
    Ok(Some(Found {
        facts: alert.facts(&events),
        alert,
        events,
    }))
}

/// Finds one with which the actor may do `deed`.
fn find(conn: &mut Conn, desk: &Desk, id: &AlertId, deed: AlertDeed) -> Result<Found, Error> {
    let found = load(conn, id.as_str())?.ok_or(shared::access::Denied::Hidden)?;
    let action = Action::Alert(deed);
    desk.actor.decide(action, Facts::Alert(&found.facts))?;
    Ok(found)
}

/// Whether the actor may see it.
///
/// # Errors
/// The database's own.
pub(crate) fn may_see(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
) -> Result<bool, diesel::result::Error> {
    let Some(alert) = store::find(conn, id)? else {
        return Ok(false);
    };
    let events = store::events(conn, &alert.id)?;
    Ok(shared::access::alert_visible(
        &desk.actor,
        &alert.facts(&events),
    ))
}

/// What an event says beside who and when.
#[derive(Default)]
struct Said {
    text: Option<String>,
    unit_id: Option<String>,
    user_id: Option<String>,
}

impl Found {
    /// Appends an event.
    fn happen(
        &mut self,
        conn: &mut Conn,
        desk: &Desk,
        kind: AlertEventKind,
        said: Said,
    ) -> Result<(), Error> {
        let event = EventRecord {
            id: crate::ids::new_id(),
            alert_id: self.alert.id.clone(),
            seq: i32::try_from(self.events.len()).unwrap_or(i32::MAX),
            kind: kind.code().to_owned(),
            at: desk.context.now.naive_utc(),
            actor_id: Some(desk.actor.user_id.as_str().to_owned()),
            actor_name: desk.actor.signature().into_owned(),
            actor_unit: desk.names.unit_name(&desk.actor.unit_id).to_owned(),
            text: said.text,
            unit_id: said.unit_id,
            user_id: said.user_id,
        };
        store::insert_event(conn, &event)?;
        self.events.push(event);
        self.facts = self.alert.facts(&self.events);
        Ok(())
    }

    /// Writes the row and the audit log; answers what people see.
    fn save(mut self, conn: &mut Conn, desk: &Desk, what: &str) -> Result<AlertView, Error> {
        let seen = self.alert.version;
        self.alert.version += 1;
        self.alert.updated_at = desk.context.now.naive_utc();
        if !store::save(conn, &self.alert, seen)? {
            return Err(Error::Stale);
        }
        log(conn, desk, &self.alert, what)?;
        view::whole(conn, desk, &self.alert, &self.events)
    }

    fn tell(
        &self,
        conn: &mut Conn,
        desk: &Desk,
        to: &[UserId],
        (what, urgent, key): (&str, bool, &str),
    ) -> Result<(), Error> {
        let now = desk.context.now;
        tell::tell(conn, &desk.names, &self.alert, to, (what, urgent, key), now)?;
        Ok(())
    }

    /// Members who may know of it and are `wanted`, but for the actor.
    fn others(
        &self,
        desk: &Desk,
        wanted: impl Fn(&crate::directory::Member) -> bool,
    ) -> Vec<UserId> {
        tell::members(&desk.names, &self.facts, Some(&desk.actor.user_id), wanted)
    }
}

fn log(conn: &mut Conn, desk: &Desk, alert: &AlertRecord, what: &str) -> Result<(), Error> {
    let headline = tell::headline(&desk.names, alert)?;
    let detail = format!("{what}（{headline}，{}）", alert.id);
    let entry = Entry::new(AuditAction::AlertWrite, detail);
    audit::append(conn, &desk.context, &desk.actor, entry)?;
    Ok(())
}

fn owned(text: Option<&str>) -> Option<String> {
    filled(text).map(str::to_owned)
}

/// Reports it: leaders, the office and the police station are told in the same transaction.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(super) fn report(conn: &mut Conn, desk: &Desk, input: &NewAlert) -> Result<AlertView, Error> {
    can(&desk.actor, Action::Alert(AlertDeed::Report), Facts::None)?;
    let mut errors = input.check();
    let village = input.village_id.as_ref().or(desk.actor.village_id.as_ref());
    if let Some(id) = village
        && desk.known_unit(id).map(|unit| unit.kind) != Some(UnitKind::Village)
    {
        errors.add("village_id", "unknown", "没有这个村，请从列表中选择。");
    }
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let now = desk.context.now;
    let general = desk.general();
    let minutes = |minutes: u32| i32::try_from(minutes).unwrap_or(i32::MAX);
    let discovered = input.discovered_at.or(input.recorded_at).unwrap_or(now);
    let alert = AlertRecord {
        id: crate::ids::new_id(),
        township_id: desk.actor.township_id.as_str().to_owned(),
        unit_id: desk.actor.unit_id.as_str().to_owned(),
        village_id: village.map(|id| id.as_str().to_owned()),
        author_id: Some(desk.actor.user_id.as_str().to_owned()),
        kind: input.kind.unwrap_or(AlertKind::Other).code().to_owned(),
        what: input.what.trim().to_owned(),
        place: owned(input.place.as_deref()),
        people_count: input
            .people_count
            .map(|count| i32::try_from(count).unwrap_or(i32::MAX)),
        drill: input.drill,
        state: AlertState::Reported.code().to_owned(),
        discovered_at: kept(discovered),
        recorded_at: input.recorded_at.map(kept),
        reported_at: now.naive_utc(),
        acknowledged_at: None,
        dispatched_at: None,
        closed_at: None,
        result: None,
        case_id: None,
        report_limit: minutes(general.urgent_hours.saturating_mul(60)),
        acknowledge_limit: minutes(general.alerts.acknowledge_minutes),
        dispatch_limit: minutes(general.alerts.dispatch_minutes),
        told_late: 0,
        version: 1,
        updated_at: now.naive_utc(),
    };
    store::insert(conn, &alert)?;
    photo::claim(conn, desk, OwnerKind::Alert, &alert.id, &input.photos)?;
    let mut found = Found {
        facts: alert.facts(&[]),
        alert,
        events: Vec::new(),
    };
    found.happen(conn, desk, AlertEventKind::Reported, Said::default())?;
    log(conn, desk, &found.alert, "上报重要信息")?;
    let first = found.others(desk, |member| tell::answers(member.user.role));
    found.tell(
        conn,
        desk,
        &first,
        ("有重要信息上报，请尽快签收。", true, "new"),
    )?;
    let village = village.cloned();
    let secretary = found.others(desk, |member| {
        member.user.role == Role::VillageSecretary
            && village.is_some()
            && member.access.village_id == village
    });
    found.tell(
        conn,
        desk,
        &secretary,
        ("本村有重要信息上报。", false, "new"),
    )?;
    view::whole(conn, desk, &found.alert, &found.events)
}

/// All of it.
///
/// # Errors
/// [`Error::Denied`], the database's own.
pub(crate) fn show(conn: &mut Conn, desk: &Desk, id: &AlertId) -> Result<AlertView, Error> {
    let found = find(conn, desk, id, AlertDeed::List)?;
    view::whole(conn, desk, &found.alert, &found.events)
}

/// Takes a step.
///
/// # Errors
/// [`Error::Denied`], [`Error::Stale`], [`Error::Refused`], [`Error::Invalid`], the database's own.
pub(super) fn act(
    conn: &mut Conn,
    desk: &Desk,
    id: &AlertId,
    version: i64,
    step: AlertStep,
    input: &AlertStepInput,
) -> Result<AlertView, Error> {
    store::lock(conn, id.as_str())?;
    let mut found = find(conn, desk, id, step.deed())?;
    if found.alert.version != version {
        return Err(Error::Stale);
    }
    let mut errors = input.check(step);
    check_sent(desk, &mut errors, input);
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let next = step::after(found.alert.state()?, step)?;
    let now = desk.context.now.naive_utc();
    // Whoever sends somebody has seen it.
    let seen = matches!(step, AlertStep::Acknowledge | AlertStep::Dispatch);
    if seen && found.alert.acknowledged_at.is_none() {
        found.alert.acknowledged_at = Some(now);
        if step == AlertStep::Dispatch {
            found.happen(conn, desk, AlertEventKind::Acknowledged, Said::default())?;
        }
    }
    match step {
        AlertStep::Dispatch => {
            found.alert.dispatched_at = found.alert.dispatched_at.or(Some(now));
        }
        AlertStep::Close => {
            found.alert.closed_at = Some(now);
            found.alert.result = owned(input.text.as_deref());
        }
        AlertStep::Acknowledge | AlertStep::Note => {}
    }
    found.alert.state = next.code().to_owned();
    let said = Said {
        text: owned(input.text.as_deref()),
        unit_id: input.unit_id.as_ref().map(|id| id.as_str().to_owned()),
        user_id: input.user_id.as_ref().map(|id| id.as_str().to_owned()),
    };
    found.happen(conn, desk, step.event(), said)?;
    tell_of_step(conn, desk, &found, step, input)?;
    found.save(conn, desk, &format!("{}重要信息", step.label()))
}

/// Notes an error unless those who are sent can be.
fn check_sent(desk: &Desk, errors: &mut Errors, input: &AlertStepInput) {
    if let Some(id) = &input.unit_id {
        let kind = desk.known_unit(id).map(|unit| unit.kind);
        if matches!(kind, None | Some(UnitKind::County | UnitKind::Township)) {
            errors.add("unit_id", "unknown", "没有这个单位，请从列表中选择。");
        }
    }
    if let Some(id) = &input.user_id {
        let works = desk.known_user(id).is_some_and(|member| {
            can(&member.access, Action::Alert(AlertDeed::List), Facts::None).is_ok()
        });
        if !works {
            errors.add(
                "user_id",
                "unknown",
                "没有这名可派的工作人员，请从列表中选择。",
            );
        }
    }
}

/// Tells those whom a step concerns.
fn tell_of_step(
    conn: &mut Conn,
    desk: &Desk,
    found: &Found,
    step: AlertStep,
    input: &AlertStepInput,
) -> Result<(), Error> {
    let author = found.facts.field.author_id.clone();
    let wrote = |member: &crate::directory::Member| Some(&member.user.id) == author.as_ref();
    let key = format!("{}:{}", step.code(), found.events.len());
    let by = desk.names.unit_name(&desk.actor.unit_id);
    if step == AlertStep::Dispatch {
        let sent = found.others(desk, |member| {
            input.user_id.as_ref() == Some(&member.user.id)
                || (input.user_id.is_none() && input.unit_id.as_ref() == Some(&member.user.unit_id))
        });
        found.tell(
            conn,
            desk,
            &sent,
            ("派您（或您单位）处置，请查看要求。", true, &key),
        )?;
    }
    // Whoever has had a part in it so far.
    let taken: Vec<&str> = found
        .events
        .iter()
        .filter_map(|event| event.actor_id.as_deref())
        .collect();
    let to = found.others(desk, |member| match step {
        AlertStep::Acknowledge | AlertStep::Dispatch => wrote(member),
        AlertStep::Note | AlertStep::Close => {
            wrote(member) || taken.contains(&member.user.id.as_str())
        }
    });
    let what = match step {
        AlertStep::Acknowledge => format!("{by}已签收。"),
        AlertStep::Dispatch => format!("{by}已派处置。"),
        AlertStep::Note => format!("{by}有新的反馈。"),
        AlertStep::Close => format!("{by}已办结。"),
    };
    found.tell(conn, desk, &to, (&what, false, &key))
}

/// Makes a case of it, or links it to one; once.
///
/// # Errors
/// [`Error::Denied`], [`Error::Stale`], [`Error::Refused`], [`Error::Invalid`], the database's own.
pub(super) fn to_case(
    conn: &mut Conn,
    desk: &Desk,
    id: &AlertId,
    version: i64,
    input: &AlertCase,
) -> Result<AlertView, Error> {
    store::lock(conn, id.as_str())?;
    let mut found = find(conn, desk, id, AlertDeed::Case)?;
    if found.alert.version != version {
        return Err(Error::Stale);
    }
    if found.alert.case_id.is_some() {
        return Err(Refused("这条重要信息已经转为事项。".to_owned()).into());
    }
    let errors = input.check();
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let (case_id, word) = match &input.case_id {
        Some(case_id) => (linked(conn, desk, case_id)?, "关联"),
        None => (registered(conn, desk, &found.alert, input)?, "登记"),
    };
    let reported = found.alert.reported_at.and_utc();
    let text = format!("由重要信息{word}，上报于{}", crate::clock::day_of(reported));
    let mark = FieldMark {
        kind: FieldKind::Alert,
        id: id.as_str().to_owned(),
        name: None,
    };
    let on = desk.context.today();
    case::service::note_from_field(conn, desk, &case_id, (on, text), mark)?;
    found.alert.case_id = Some(case_id.as_str().to_owned());
    found.happen(conn, desk, AlertEventKind::Linked, Said::default())?;
    found.save(conn, desk, "重要信息转为事项")
}

/// Checks a case that it is to be linked to.
fn linked(conn: &mut Conn, desk: &Desk, case_id: &CaseId) -> Result<CaseId, Error> {
    let mut errors = Errors::new();
    match case::service::find(conn, desk, case_id, Action::Case(CaseAction::Note)) {
        Ok((case, _)) if case.seal.0 == Series::Open => return Ok(CaseId::new(case.id)),
        Ok(_) => errors.add(
            "case_id",
            "sealed",
            "检举控告件不与重要信息关联（《信访工作条例》第三十条）。",
        ),
        Err(case::Error::Denied(shared::access::Denied::Hidden)) => {
            errors.add("case_id", "unknown", "没有找到这件事项，或者您无权查看。");
        }
        Err(error) => return Err(error.into()),
    }
    Err(errors.into())
}

/// Registers a case of what is known.
fn registered(
    conn: &mut Conn,
    desk: &Desk,
    alert: &AlertRecord,
    input: &AlertCase,
) -> Result<CaseId, Error> {
    let today = desk.context.today();
    let discovered = crate::clock::day_of(alert.discovered_at.and_utc());
    let count = alert.people_count.unwrap_or(1).max(1).unsigned_abs();
    // A program does no work: it is who reported it that first received it.
    let author = alert.author_id.as_deref().map(UserId::from);
    let author = author.filter(|id| desk.actor.user().service && desk.known_user(id).is_some());
    let new = NewCase {
        channel: Channel::Inspection,
        first_receiver_id: author,
        place: alert.place.clone(),
        village_id: alert.village_id.as_deref().map(UnitId::from),
        occurred_on: (discovered <= today).then_some(discovered),
        ..NewCase::plain(
            input.kind.unwrap_or(Kind::Sign),
            Purpose::Claim,
            input.category.unwrap_or(shared::case::Category::Other),
            alert.what.clone(),
            count,
            today,
        )
    };
    let case = case::service::register(conn, desk, &new)?;
    case::attach::copies(
        conn,
        desk,
        case.row.id.as_str(),
        OwnerKind::Alert,
        &alert.id,
    )?;
    Ok(case.row.id)
}

/// Enters what was found later.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(super) fn enter_missed(
    conn: &mut Conn,
    desk: &Desk,
    input: &NewMissed,
) -> Result<MissedView, Error> {
    can(&desk.actor, Action::Alert(AlertDeed::Missed), Facts::None)?;
    let now = desk.context.now;
    let mut errors = input.check(now);
    if desk.known_unit(&input.unit_id).is_none() {
        errors.add("unit_id", "unknown", "没有这个单位，请从列表中选择。");
    }
    let case_id = match input.case_id.as_ref().map(|id| linked(conn, desk, id)) {
        Some(Ok(id)) => Some(id),
        Some(Err(Error::Invalid(wrong))) => {
            for error in wrong {
                errors.add(error.field, &error.code, error.message);
            }
            None
        }
        Some(Err(error)) => return Err(error),
        None => None,
    };
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let record = MissedRecord {
        id: crate::ids::new_id(),
        township_id: desk.actor.township_id.as_str().to_owned(),
        kind: input.kind.unwrap_or(AlertKind::Other).code().to_owned(),
        what: input.what.trim().to_owned(),
        place: owned(input.place.as_deref()),
        discovered_at: kept(input.discovered_at),
        unit_id: input.unit_id.as_str().to_owned(),
        case_id: case_id.map(CaseId::into_string),
        author_id: desk.actor.user_id.as_str().to_owned(),
        at: now.naive_utc(),
    };
    store::insert_missed(conn, &record)?;
    let unit = desk.names.unit_name(&input.unit_id);
    let entry = Entry::new(AuditAction::AlertWrite, format!("补登漏报：{unit}"));
    audit::append(conn, &desk.context, &desk.actor, entry)?;
    view::missed(conn, desk, record)
}

/// A page's place: the last one's time and id.
pub(super) type After = Option<(NaiveDateTime, String)>;

/// What a list asks for.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    pub(super) states: Vec<AlertState>,
    pub(super) open: Option<bool>,
    pub(super) drill: Option<bool>,
    pub(super) village_id: Option<String>,
    pub(super) case_id: Option<String>,
    pub(super) limit: i64,
    pub(super) after: After,
}

impl Wanted {
    fn condition(&self, desk: &Desk) -> Condition {
        use diesel::prelude::*;

        use crate::schema::alerts;
        let mut all: Vec<Condition> = Vec::new();
        if !self.states.is_empty() {
            let codes: Vec<&str> = self.states.iter().map(|state| state.code()).collect();
            all.push(Box::new(alerts::state.eq_any(codes)));
        }
        match self.open {
            Some(true) => all.push(Box::new(alerts::state.ne(AlertState::Closed.code()))),
            Some(false) => all.push(Box::new(alerts::state.eq(AlertState::Closed.code()))),
            None => {}
        }
        if let Some(drill) = self.drill {
            all.push(Box::new(alerts::drill.eq(drill)));
        }
        if let Some(id) = &self.village_id {
            all.push(Box::new(
                alerts::village_id
                    .eq_any(desk.names.with_former(id))
                    .assume_not_null(),
            ));
        }
        if let Some(id) = &self.case_id {
            all.push(Box::new(alerts::case_id.eq(id.clone()).assume_not_null()));
        }
        let scope = scope::visible_to(&desk.actor);
        all.into_iter().fold(scope, |a, b| Box::new(a.and(b)))
    }
}

/// Cuts a page where it ends; where the next one begins.
fn cut<T>(
    rows: &mut Vec<T>,
    limit: i64,
    place: impl Fn(&T) -> (NaiveDateTime, String),
) -> Option<String> {
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > most;
    rows.truncate(most);
    let last = rows.last().filter(|_| more)?;
    Some(cursor(&place(last)))
}

/// A page of what the actor may see, the last reported in front.
///
/// # Errors
/// [`Error::Denied`], the database's own.
pub(super) fn list(conn: &mut Conn, desk: &Desk, wanted: &Wanted) -> Result<Page<AlertRow>, Error> {
    can(&desk.actor, Action::Alert(AlertDeed::List), Facts::None)?;
    // A case that is hidden from the reader must not show by what is linked to it.
    if let Some(case_id) = &wanted.case_id {
        let case_id = CaseId::from(case_id.as_str());
        case::service::find(conn, desk, &case_id, Action::ViewCase)?;
    }
    let condition = || wanted.condition(desk);
    let (mut rows, total) = store::page(conn, condition, wanted.after.clone(), wanted.limit + 1)?;
    let next_cursor = cut(&mut rows, wanted.limit, |alert| {
        (alert.reported_at, alert.id.clone())
    });
    let items = rows
        .iter()
        .map(|alert| view::row(desk, alert))
        .collect::<Result<_, _>>()?;
    Ok(Page {
        items,
        next_cursor,
        total,
    })
}

/// The list of what has not ended, below `/api/v1`, as the app opens it.
pub(crate) const OPEN: &str = "/alerts?open=true";

/// The answer of [`OPEN`].
///
/// # Errors
/// [`Error::Denied`], the database's own.
pub(crate) fn open(conn: &mut Conn, desk: &Desk) -> Result<Page<AlertRow>, Error> {
    let wanted = Wanted {
        open: Some(true),
        limit: i64::from(shared::page::DEFAULT_LIMIT),
        ..Wanted::default()
    };
    list(conn, desk, &wanted)
}

/// What has not ended at a glance: how many stand where, and the last of them.
///
/// # Errors
/// [`Error::Denied`], the database's own.
pub(crate) fn board(conn: &mut Conn, desk: &Desk) -> Result<UrgentBoard, Error> {
    let open = Wanted {
        open: Some(true),
        limit: i64::try_from(UrgentBoard::SHOWN).unwrap_or(i64::MAX),
        ..Wanted::default()
    };
    let items = list(conn, desk, &open)?.items;
    let mut count = |state: AlertState| -> Result<u64, Error> {
        let wanted = Wanted {
            states: vec![state],
            ..Wanted::default()
        };
        let (_, count) = store::page(conn, || wanted.condition(desk), None, 0)?;
        Ok(count)
    };
    Ok(UrgentBoard {
        reported: count(AlertState::Reported)?,
        acknowledged: count(AlertState::Acknowledged)?,
        dispatched: count(AlertState::Dispatched)?,
        items,
    })
}

/// What waits for an acknowledgement, for those who give it.
///
/// # Errors
/// The database's own.
pub(crate) fn todos(conn: &mut Conn, desk: &Desk) -> diesel::QueryResult<Vec<Todo>> {
    if !tell::answers(desk.actor.role) {
        return Ok(Vec::new());
    }
    let wanted = Wanted {
        states: vec![AlertState::Reported],
        ..Wanted::default()
    };
    let (_, count) = store::page(conn, || wanted.condition(desk), None, 0)?;
    Ok(vec![Todo {
        title: "待签收的重要信息".to_owned(),
        hint: "上报后应尽快签收、派人处置".to_owned(),
        count,
        list: TodoList::Alerts,
        query: "state=reported".to_owned(),
        urgent: count > 0,
    }])
}

/// A page of what was missed, the last discovered in front.
///
/// # Errors
/// [`Error::Denied`], the database's own.
pub(super) fn list_missed(
    conn: &mut Conn,
    desk: &Desk,
    (limit, after): (i64, After),
) -> Result<Page<MissedView>, Error> {
    can(&desk.actor, Action::Alert(AlertDeed::Rate), Facts::None)?;
    let township = desk.actor.township_id.as_str();
    let (mut rows, total) = store::missed(conn, township, after, limit + 1)?;
    let next_cursor = cut(&mut rows, limit, |missed| {
        (missed.discovered_at, missed.id.clone())
    });
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(view::missed(conn, desk, row)?);
    }
    Ok(Page {
        items,
        next_cursor,
        total,
    })
}

/// How much was reported in time between two days.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(super) fn rate(
    conn: &mut Conn,
    desk: &Desk,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
) -> Result<AlertRate, Error> {
    can(&desk.actor, Action::Alert(AlertDeed::Rate), Facts::None)?;
    let to = to.unwrap_or_else(|| desk.context.today());
    let first = chrono::Datelike::with_day(&to, 1).unwrap_or(to);
    let from = from.unwrap_or(first);
    if from > to {
        let mut errors = Errors::new();
        errors.add("to", "before_from", "截止日期不能早于开始日期。");
        return Err(errors.into());
    }
    let after = to.checked_add_days(Days::new(1)).unwrap_or(to);
    let within = (start_of(from), start_of(after));
    let township = desk.actor.township_id.as_str();
    let mut tally = Tally::default();
    for alert in store::counted(conn, township, within)? {
        tally.count(times::report(&alert.moments(), alert.limits()).verdict);
    }
    tally.missed = store::count_missed(conn, township, within)?;
    Ok(AlertRate {
        from,
        to,
        in_time: tally.in_time,
        offline: tally.offline,
        late: tally.late,
        missed: tally.missed,
        total: tally.total(),
        percent: tally.percent(),
    })
}

/// Urgent information as the rate counts it.
pub(crate) struct Told {
    /// Its id; of what was missed, none.
    pub(crate) id: Option<String>,
    /// Its kind's code.
    pub(crate) kind: String,
    /// When it was reported; of what was missed, when it was discovered.
    pub(crate) at: NaiveDateTime,
    /// Whose it was to report.
    pub(crate) unit: String,
    /// The village it is about.
    pub(crate) village: Option<String>,
    /// Whether it was reported in time.
    pub(crate) in_time: bool,
}

/// What the rate counts of a township within a time, one by one: drills left out, what was missed
/// among them.
///
/// # Errors
/// The database's own.
pub(crate) fn told(
    conn: &mut Conn,
    township: &str,
    within: (NaiveDateTime, NaiveDateTime),
) -> diesel::QueryResult<Vec<Told>> {
    let mut told: Vec<Told> = store::counted(conn, township, within)?
        .into_iter()
        .map(|alert| Told {
            in_time: times::report(&alert.moments(), alert.limits()).verdict
                == times::Verdict::InTime,
            id: Some(alert.id),
            kind: alert.kind,
            at: alert.reported_at,
            unit: alert.unit_id,
            village: alert.village_id,
        })
        .collect();
    let missed = store::missed_within(conn, township, within)?.into_iter();
    told.extend(missed.map(|(at, unit, kind)| Told {
        id: None,
        kind,
        at,
        unit,
        village: None,
        in_time: false,
    }));
    Ok(told)
}

/// The instant, in UTC, at which a day begins in Shanghai.
fn start_of(day: NaiveDate) -> NaiveDateTime {
    let start = day.and_time(NaiveTime::MIN);
    start
        .checked_sub_signed(chrono::Duration::hours(8))
        .unwrap_or(start)
}
