//! What can be done with visits. Each change runs inside one transaction with its audit entry, and
//! with the event in the timeline of the case that it concerns.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use diesel::result::QueryResult;
use shared::access::{Action, Facts, FieldFacts, can, sealed_from};
use shared::audit::AuditAction;
use shared::case::input::NewCase;
use shared::case::number::Series;
use shared::case::state::Refused;
use shared::case::view::{CaseView, FieldKind, FieldMark, Named};
use shared::case::{Channel, Purpose};
use shared::ids::{CaseId, UnitId, UserId};
use shared::photo::OwnerKind;
use shared::role::Role;
use shared::term::Term;
use shared::validate::Errors;
use shared::visit::view::{Before, PromiseView, Struck, VisitChange, VisitView};
use shared::visit::{
    EDIT_DAYS, KeepPromise, MAX_PROMISES, NewPromise, NewVisit, PromiseState, ReleasePromise,
    StrikeVisit, VisitDeed, VisitPatch, owned,
};

use super::store::{self, ChangeRecord, PromiseRecord, VisitRecord};
use crate::audit;
use crate::case::coded::Coded;
use crate::case::{Desk, Error, service as cases, store as case_store};
use crate::db::Conn;
use crate::photo;

/// A visit taken up: the row, who went, what was promised, what decisions look at.
pub(crate) struct Taken {
    pub(crate) visit: VisitRecord,
    people: Vec<String>,
    promises: Vec<PromiseRecord>,
    pub(crate) facts: FieldFacts,
}

/// Finds a visit that the actor may do something with.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(crate) fn find(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    deed: VisitDeed,
) -> Result<Taken, Error> {
    // An auditor is told that visits are not theirs, not that there is none.
    can(&desk.actor, Action::Visit(deed), Facts::None)?;
    let visit = store::find(conn, id)?.ok_or_else(Error::hidden)?;
    let people = store::people_of(conn, id)?;
    let promises = store::promises(conn, &[id])?;
    let facts = store::facts(&visit, &people, &promises, &desk.names);
    desk.actor
        .decide(Action::Visit(deed), Facts::Field(&facts))?;
    if is_sealed_from(conn, &desk.actor, &visit)? {
        return Err(Error::hidden());
    }
    Ok(Taken {
        visit,
        people,
        promises,
        facts,
    })
}

/// Whether the visit's case has been sealed from somebody since.
pub(super) fn is_sealed_from(
    conn: &mut Conn,
    actor: &shared::access::Actor,
    visit: &VisitRecord,
) -> QueryResult<bool> {
    let Some(id) = &visit.case_id else {
        return Ok(false);
    };
    let case = case_store::find(conn, id)?;
    Ok(case.is_some_and(|case| {
        case.seal.0 != Series::Open && sealed_from(actor, &case.facts(Vec::new()))
    }))
}

/// Whether the actor may see the visit that a case's timeline names.
///
/// # Errors
/// The database's own.
pub(crate) fn may_see(conn: &mut Conn, desk: &Desk, id: &str) -> Result<bool, Error> {
    match find(conn, desk, id, VisitDeed::View) {
        Ok(_) => Ok(true),
        Err(Error::Denied(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

impl Taken {
    /// That the caller has seen the visit as it stands, and that it was not struck out.
    fn ready(&self, seen: i64) -> Result<(), Error> {
        if self.visit.version != seen {
            return Err(Error::Stale);
        }
        if self.visit.struck_at.is_some() {
            return Err(Refused("这条走访记录已经划除。".to_owned()).into());
        }
        Ok(())
    }

    /// Writes the visit's row at its next version, with the audit entry; answers what people see.
    fn save(mut self, conn: &mut Conn, desk: &Desk, detail: &str) -> Result<VisitView, Error> {
        let seen = self.visit.version;
        self.visit.version = seen + 1;
        if !store::save(conn, &self.visit, seen)? {
            return Err(Error::Stale);
        }
        log(conn, desk, &self.visit, detail)?;
        show(conn, desk, &self.visit.id)
    }

    /// Notes something in the timeline of the case, if there is one that the actor may see.
    fn tell_case(&self, conn: &mut Conn, desk: &Desk, text: String) -> Result<(), Error> {
        let Some(id) = &self.visit.case_id else {
            return Ok(());
        };
        let told = cases::note_from_field(
            conn,
            desk,
            &CaseId::from(id.as_str()),
            (desk.context.today(), text),
            mark(&self.visit.id),
        );
        match told {
            Ok(()) | Err(Error::Denied(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn mark(id: &str) -> FieldMark {
    FieldMark {
        kind: FieldKind::Visit,
        id: id.to_owned(),
        name: None,
    }
}

/// Notes in the audit log what was done with a visit: where and when, nothing of what was heard.
fn log(conn: &mut Conn, desk: &Desk, visit: &VisitRecord, detail: &str) -> Result<(), Error> {
    let place = visit.village_id.as_deref().map(UnitId::from);
    let place = place.map_or("", |id| desk.names.unit_name(&id));
    let text = format!(
        "{detail}：{} {} {place}",
        visit.kind.0.label(),
        visit.on_day
    );
    let mut entry = audit::Entry::new(AuditAction::Visit, text.trim_end());
    if let Some(id) = &visit.case_id
        && let Some(case) = case_store::find(conn, id)?
    {
        let sealed = case.seal.0 != Series::Open;
        entry = entry.of_case(id.clone(), sealed, case.seal.0 == Series::RegistrarOnly);
    }
    audit::append(conn, &desk.context, &desk.actor, entry)?;
    Ok(())
}

/// Notes what is wrong with where a visit was.
fn check_place(desk: &Desk, errors: &mut Errors, village: Option<&UnitId>, group: Option<&UnitId>) {
    desk.check_place(errors, village, group);
    if desk.actor.role == Role::GroupInformant
        && group.is_some_and(|id| !desk.actor.is_own_unit(id))
    {
        errors.add("group_id", "not_yours", "社信息员只记录本社的走访。");
    }
}

/// Notes what is wrong with who went.
fn check_visitors(desk: &Desk, errors: &mut Errors, visitors: &[UserId]) {
    let known = |id: &UserId| {
        desk.known_user(id)
            .is_some_and(|m| m.user.role.handles_cases())
    };
    if !visitors.iter().all(known) {
        errors.add(
            "visitors",
            "unknown",
            "走访人员中有人不是本镇的工作人员，请从列表中选择。",
        );
    }
}

/// Notes what is wrong with who is to keep promises.
fn check_keepers(desk: &Desk, errors: &mut Errors, field: &str, promises: &[NewPromise]) {
    for (i, promise) in promises.iter().enumerate() {
        if let Some(id) = &promise.unit_id
            && desk.known_unit(id).is_none()
        {
            errors.add(
                format!("{field}.{i}.unit_id"),
                "unknown",
                "没有这个单位，请从列表中选择。",
            );
        }
        // What nobody is named for the caller keeps.
        if desk.actor.user().service && promise.unit_id.is_none() && promise.user_id.is_none() {
            errors.add(
                format!("{field}.{i}.user_id"),
                "required",
                "请写明由谁兑现：程序账号不办理工作。",
            );
        }
        if let Some(id) = &promise.user_id
            && desk.known_user(id).is_none()
        {
            errors.add(
                format!("{field}.{i}.user_id"),
                "unknown",
                "没有这名工作人员，请从列表中选择。",
            );
        }
    }
}

fn once_each(ids: &[UserId]) -> Vec<UserId> {
    let mut some: Vec<UserId> = Vec::with_capacity(ids.len());
    for id in ids {
        if !some.contains(id) {
            some.push(id.clone());
        }
    }
    some
}

/// Records a visit.
///
/// # Errors
/// [`Error::Denied`] where the role records none or the case is hidden, [`Error::Invalid`], the
/// database's own.
pub(crate) fn record(conn: &mut Conn, desk: &Desk, input: &NewVisit) -> Result<VisitView, Error> {
    can(&desk.actor, Action::Visit(VisitDeed::Record), Facts::None)?;
    let today = desk.context.today();
    let mut errors = input.check(today);
    let case = match &input.case_id {
        Some(id) => Some(cases::find(conn, desk, id, Action::ViewCase)?.0),
        None => None,
    };
    if case
        .as_ref()
        .is_some_and(|case| case.seal.0 != Series::Open)
    {
        errors.add(
            "case_id",
            "sealed",
            "检举控告的回访写在事项的办理记录里，不写成走访（《信访工作条例》第三十条）。",
        );
    }
    check_place(
        desk,
        &mut errors,
        input.village_id.as_ref(),
        input.group_id.as_ref(),
    );
    check_visitors(desk, &mut errors, &input.visitors);
    if desk.actor.user().service && input.visitors.is_empty() {
        errors.add(
            "visitors",
            "required",
            "请写明谁去走访：程序账号不办理工作。",
        );
    }
    check_keepers(desk, &mut errors, "promises", &input.promises);
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let Ok(decided) = input.day(today) else {
        return Err(errors.into());
    };
    let of_case = case.as_ref().and_then(|case| case.village_id.clone());
    let visit = VisitRecord {
        id: crate::ids::new_id(),
        township_id: desk.actor.township_id.as_str().to_owned(),
        unit_id: desk.actor.unit_id.as_str().to_owned(),
        village_id: input
            .village_id
            .as_ref()
            .map(|id| id.as_str().to_owned())
            .or(of_case),
        group_id: input.group_id.as_ref().map(|id| id.as_str().to_owned()),
        author_id: Some(desk.actor.user_id.as_str().to_owned()),
        kind: Coded(input.kind),
        on_day: decided.on,
        claimed_on: decided.claimed,
        recorded_at: input.recorded_at.map(millis),
        entered_at: desk.context.now.naive_utc(),
        place: owned(input.place.as_deref()),
        heard: input.heard.trim().to_owned(),
        case_id: case.as_ref().map(|case| case.id.clone()),
        struck_at: None,
        struck_by: None,
        struck_why: None,
        version: 1,
    };
    store::insert(conn, &visit)?;
    let people = match input.visitors.as_slice() {
        [] => vec![desk.actor.user_id.clone()],
        some => once_each(some),
    };
    store::set_people(conn, &visit.id, &people)?;
    add_promises(conn, desk, &visit, 0, &input.moved(decided.on))?;
    photo::claim(conn, desk, OwnerKind::Visit, &visit.id, &input.photos)?;
    log(conn, desk, &visit, "记录走访")?;
    if let Some(case) = &case {
        let names: Vec<&str> = people.iter().map(|id| desk.names.user_name(id)).collect();
        let text = format!(
            "{}（{}，{}）：{}",
            visit.kind.0.label(),
            visit.on_day,
            names.join("、"),
            visit.heard
        );
        cases::note_from_field(
            conn,
            desk,
            &CaseId::from(case.id.as_str()),
            (visit.on_day, text),
            mark(&visit.id),
        )?;
    }
    let mut view = show(conn, desk, &visit.id)?;
    view.warning = decided.warning();
    Ok(view)
}

/// An instant to the millisecond; one that no database keeps becomes the nearest that both do.
pub(crate) fn millis(at: DateTime<Utc>) -> chrono::NaiveDateTime {
    let bound = |text: &str| text.parse::<DateTime<Utc>>().unwrap_or_default();
    let at = at.clamp(bound("0001-01-01T00:00:00Z"), bound("9999-12-31T00:00:00Z"));
    DateTime::from_timestamp_millis(at.timestamp_millis())
        .unwrap_or_default()
        .naive_utc()
}

fn add_promises(
    conn: &mut Conn,
    desk: &Desk,
    visit: &VisitRecord,
    first: usize,
    promises: &[NewPromise],
) -> Result<(), Error> {
    for (n, promise) in promises.iter().enumerate() {
        let unit_id = promise.unit_id.as_ref().map(|id| id.as_str().to_owned());
        let user_id = match (&promise.user_id, &unit_id) {
            (Some(id), _) => Some(id.as_str().to_owned()),
            (None, Some(_)) => None,
            // Whoever gave it keeps it.
            (None, None) => Some(desk.actor.user_id.as_str().to_owned()),
        };
        let record = PromiseRecord {
            id: crate::ids::new_id(),
            visit_id: visit.id.clone(),
            position: i32::try_from(first + n).unwrap_or(i32::MAX),
            what: promise.what.trim().to_owned(),
            due_on: promise.due_on,
            unit_id,
            user_id,
            state: Coded(PromiseState::Open),
            closed_on: None,
            closed_text: None,
            told: None,
            closed_by: None,
        };
        store::insert_promise(conn, &record)?;
    }
    Ok(())
}

/// A visit, whole.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(crate) fn show(conn: &mut Conn, desk: &Desk, id: &str) -> Result<VisitView, Error> {
    let Taken {
        visit,
        people,
        promises,
        facts,
    } = find(conn, desk, id, VisitDeed::View)?;
    let case_ids: Vec<String> = visit.case_id.iter().cloned().collect();
    let case = store::numbers(conn, &desk.actor, &case_ids)?
        .into_iter()
        .next()
        .map(|(id, name)| Named { id, name });
    let history = store::changes(conn, &visit.id)?
        .into_iter()
        .map(|change| {
            Ok(VisitChange {
                at: change.at.and_utc(),
                actor: named(desk, &change.actor_id),
                before: serde_json::from_str(&change.body)
                    .map_err(|e| Error::Damaged(format!("visit_changes {}: {e}", change.id)))?,
            })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    Ok(VisitView {
        kind: visit.kind.0,
        on: visit.on_day,
        claimed_on: visit.claimed_on,
        recorded_at: visit.recorded_at.map(|at| at.and_utc()),
        entered_at: visit.entered_at.and_utc(),
        warning: None,
        author: named(desk, visit.author_id.as_deref().unwrap_or_default()),
        visitors: people
            .iter()
            .filter_map(|user| desk.user(Some(user)))
            .collect(),
        village: desk.unit(visit.village_id.as_deref()),
        group: desk.unit(visit.group_id.as_deref()),
        place: visit.place.clone(),
        promises: promises.iter().map(|p| promise_view(desk, p)).collect(),
        photos: photo::of(conn, OwnerKind::Visit, &visit.id)?,
        has_case: visit.case_id.is_some(),
        case,
        struck: visit.struck_at.map(|at| Struck {
            at: at.and_utc(),
            actor: named(desk, visit.struck_by.as_deref().unwrap_or_default()),
            reason: visit.struck_why.clone().unwrap_or_default(),
        }),
        editable_until: editable_until(&visit),
        history,
        facts,
        version: visit.version,
        heard: visit.heard,
        id: visit.id,
    })
}

fn named(desk: &Desk, id: &str) -> Named {
    Named {
        id: id.to_owned(),
        name: desk.names.user_name(&UserId::from(id)).to_owned(),
    }
}

/// A promise as people see it.
pub(super) fn promise_view(desk: &Desk, promise: &PromiseRecord) -> PromiseView {
    let today = desk.context.today();
    PromiseView {
        id: promise.id.clone(),
        what: promise.what.clone(),
        due_on: promise.due_on,
        unit: desk.unit(promise.unit_id.as_deref()),
        user: desk.user(promise.user_id.as_deref()),
        state: promise.state.0,
        overdue: promise.state.0 == PromiseState::Open && promise.due_on < today,
        closed_on: promise.closed_on,
        closed_text: promise.closed_text.clone(),
        told: promise.told.clone(),
        closed_by: desk.user(promise.closed_by.as_deref()),
    }
}

fn editable_until(visit: &VisitRecord) -> DateTime<Utc> {
    visit.entered_at.and_utc() + Duration::days(EDIT_DAYS)
}

/// Corrects a visit that the caller read at `seen`; what it said before stays in its history.
///
/// # Errors
/// [`Error::Denied`], [`Error::Stale`], [`Error::Refused`], [`Error::Invalid`], the database's own.
pub(crate) fn patch(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    seen: i64,
    patch: &VisitPatch,
) -> Result<VisitView, Error> {
    let mut taken = find(conn, desk, id, VisitDeed::Edit)?;
    taken.ready(seen)?;
    if desk.context.now >= editable_until(&taken.visit) {
        let why = format!("走访记录只能在录入后{EDIT_DAYS}日内更正；之后有出入的，另记一次走访。");
        return Err(Refused(why).into());
    }
    check_patch(desk, &taken, patch)?;
    let promised = patch.add_promises.as_slice();
    let before = apply(desk, &mut taken, patch);
    if before.is_empty() && promised.is_empty() && patch.add_photos.is_empty() {
        return show(conn, desk, id);
    }
    add_promises(conn, desk, &taken.visit, taken.promises.len(), promised)?;
    photo::claim(conn, desk, OwnerKind::Visit, id, &patch.add_photos)?;
    if patch.visitors.is_some() {
        let people: Vec<UserId> = taken
            .people
            .iter()
            .map(|id| UserId::from(id.as_str()))
            .collect();
        store::set_people(conn, id, &people)?;
    }
    let labels: Vec<&str> = before.iter().map(|field| field.label.as_str()).collect();
    let detail = format!("更正走访（{}）", labels.join("、"));
    if !before.is_empty() {
        let change = ChangeRecord {
            id: crate::ids::new_id(),
            visit_id: id.to_owned(),
            at: desk.context.now.naive_utc(),
            actor_id: desk.actor.user_id.as_str().to_owned(),
            body: serde_json::to_string(&before).map_err(|e| Error::Damaged(e.to_string()))?,
        };
        store::insert_change(conn, &change)?;
    }
    if before.iter().any(|field| field.field == "heard") {
        let text = format!(
            "更正{}记录：{}",
            taken.visit.kind.0.label(),
            taken.visit.heard
        );
        taken.tell_case(conn, desk, text)?;
    }
    taken.save(conn, desk, &detail)
}

fn check_patch(desk: &Desk, taken: &Taken, patch: &VisitPatch) -> Result<(), Error> {
    let mut errors = patch.check(taken.visit.on_day, desk.context.today());
    if patch.village_id.is_some() || patch.group_id.is_some() {
        let village = patch.village_id.clone().or_else(|| {
            let id = taken.visit.village_id.as_deref();
            id.map(UnitId::from)
        });
        let group = match &patch.group_id {
            Some(id) => Some(id.clone()).filter(|id| !id.as_str().is_empty()),
            None => taken.visit.group_id.as_deref().map(UnitId::from),
        };
        check_place(desk, &mut errors, village.as_ref(), group.as_ref());
    }
    if let Some(on) = patch.on {
        let promised = taken.promises.iter().map(|promise| promise.due_on).min();
        if promised.is_some_and(|due| due < on) {
            errors.add("on", "after_promise", "走访日期不能晚于已登记承诺的期限。");
        }
    }
    check_visitors(
        desk,
        &mut errors,
        patch.visitors.as_deref().unwrap_or_default(),
    );
    check_keepers(desk, &mut errors, "add_promises", &patch.add_promises);
    if taken.promises.len() + patch.add_promises.len() > MAX_PROMISES {
        let message = format!("一次走访最多登记{MAX_PROMISES}项承诺。");
        errors.add("add_promises", "too_many", message);
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors.into())
    }
}

/// Applies a correction; answers what the changed fields said before.
fn apply(desk: &Desk, taken: &mut Taken, patch: &VisitPatch) -> Vec<Before> {
    let mut before = Vec::new();
    let mut note = |field: &str, label: &str, text: String| {
        before.push(Before {
            field: field.to_owned(),
            label: label.to_owned(),
            text,
        });
    };
    let unit = |id: Option<&str>| desk.unit(id).map_or(String::new(), |unit| unit.name);
    let visit = &mut taken.visit;
    if let Some(on) = patch.on
        && on != visit.on_day
    {
        note("on", "日期", visit.on_day.to_string());
        visit.on_day = on;
    }
    if let Some(heard) = patch.heard.as_deref().map(str::trim)
        && heard != visit.heard
    {
        note("heard", "听到的情况", visit.heard.clone());
        heard.clone_into(&mut visit.heard);
    }
    let id = |id: &UnitId| Some(id.as_str().to_owned()).filter(|id| !id.is_empty());
    if let Some(village) = patch.village_id.as_ref().map(id)
        && village != visit.village_id
    {
        note("village_id", "村", unit(visit.village_id.as_deref()));
        visit.village_id = village;
    }
    if let Some(group) = patch.group_id.as_ref().map(id)
        && group != visit.group_id
    {
        note("group_id", "社", unit(visit.group_id.as_deref()));
        visit.group_id = group;
    }
    if let Some(place) = patch.place.as_deref().map(|place| owned(Some(place)))
        && place != visit.place
    {
        note("place", "户或地点", visit.place.clone().unwrap_or_default());
        visit.place = place;
    }
    if let Some(visitors) = patch.visitors.as_deref().map(once_each) {
        let visitors: Vec<String> = visitors.into_iter().map(UserId::into_string).collect();
        if visitors != taken.people {
            let names: Vec<&str> = taken
                .people
                .iter()
                .map(|id| desk.names.user_name(&UserId::from(id.as_str())))
                .collect();
            note("visitors", "走访人员", names.join("、"));
            taken.people = visitors;
        }
    }
    before
}

/// Strikes a visit out: it stays to be read, and counts no more.
///
/// # Errors
/// [`Error::Denied`], [`Error::Stale`], [`Error::Refused`], [`Error::Invalid`], the database's own.
pub(crate) fn strike(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    seen: i64,
    input: &StrikeVisit,
) -> Result<VisitView, Error> {
    let mut taken = find(conn, desk, id, VisitDeed::Strike)?;
    taken.ready(seen)?;
    input.check().into_result()?;
    let reason = input.reason.trim().to_owned();
    taken.visit.struck_at = Some(desk.context.now.naive_utc());
    taken.visit.struck_by = Some(desk.actor.user_id.as_str().to_owned());
    taken.visit.struck_why = Some(reason.clone());
    let text = format!("划除{}记录，理由：{reason}", taken.visit.kind.0.label());
    taken.tell_case(conn, desk, text)?;
    taken.save(conn, desk, "划除走访")
}

/// A promise of the visit that is still open.
fn open_promise(taken: &Taken, id: &str) -> Result<PromiseRecord, Error> {
    let promise = taken.promises.iter().find(|promise| promise.id == id);
    let promise = promise.ok_or_else(Error::hidden)?;
    match promise.state.0 {
        PromiseState::Open => Ok(promise.clone()),
        state => Err(Refused(format!("这项承诺已经是“{}”。", state.label())).into()),
    }
}

fn closed(
    desk: &Desk,
    promise: &mut PromiseRecord,
    state: PromiseState,
    on: NaiveDate,
    text: &str,
) {
    promise.state = Coded(state);
    promise.closed_on = Some(on);
    promise.closed_text = owned(Some(text));
    promise.closed_by = Some(desk.actor.user_id.as_str().to_owned());
}

/// Says that a promise was kept.
///
/// # Errors
/// [`Error::Denied`], [`Error::Stale`], [`Error::Refused`], [`Error::Invalid`], the database's own.
pub(crate) fn keep(
    conn: &mut Conn,
    desk: &Desk,
    (id, promise): (&str, &str),
    seen: i64,
    input: &KeepPromise,
) -> Result<VisitView, Error> {
    let taken = find(conn, desk, id, VisitDeed::Keep)?;
    let mut promise = open_after(&taken, promise, seen)?;
    let today = desk.context.today();
    input.check(taken.visit.on_day, today).into_result()?;
    let on = input.on.unwrap_or(today);
    closed(desk, &mut promise, PromiseState::Kept, on, &input.how);
    store::save_promise(conn, &promise)?;
    let text = format!("走访承诺已兑现：{}。{}", promise.what, input.how.trim());
    taken.tell_case(conn, desk, text)?;
    taken.save(conn, desk, "登记承诺兑现")
}

/// Whether the promise is there comes first, then whether the caller has seen how it stands.
fn open_after(taken: &Taken, promise: &str, seen: i64) -> Result<PromiseRecord, Error> {
    if !taken.promises.iter().any(|known| known.id == promise) {
        return Err(Error::hidden());
    }
    taken.ready(seen)?;
    open_promise(taken, promise)
}

/// Says that a promise will not be kept, why, and who was told.
///
/// # Errors
/// [`Error::Denied`], [`Error::Stale`], [`Error::Refused`], [`Error::Invalid`], the database's own.
pub(crate) fn release(
    conn: &mut Conn,
    desk: &Desk,
    (id, promise): (&str, &str),
    seen: i64,
    input: &ReleasePromise,
) -> Result<VisitView, Error> {
    let taken = find(conn, desk, id, VisitDeed::Release)?;
    let mut promise = open_after(&taken, promise, seen)?;
    input.check().into_result()?;
    let today = desk.context.today();
    closed(
        desk,
        &mut promise,
        PromiseState::Released,
        today,
        &input.reason,
    );
    promise.told = owned(Some(&input.told));
    store::save_promise(conn, &promise)?;
    let text = format!(
        "走访承诺不再兑现：{}。理由：{}；已说明：{}",
        promise.what,
        input.reason.trim(),
        input.told.trim()
    );
    taken.tell_case(conn, desk, text)?;
    taken.save(conn, desk, "说明承诺不再兑现")
}

/// Makes a case of what was heard, once. Its first receiver (首问责任人) is whoever recorded the visit.
///
/// # Errors
/// [`Error::Denied`], [`Error::Refused`] where there is a case already, [`Error::Invalid`], the
/// database's own.
pub(crate) fn register(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    input: &NewCase,
) -> Result<CaseView, Error> {
    let mut taken = find(conn, desk, id, VisitDeed::Register)?;
    can(&desk.actor, Action::RegisterCase(input.kind), Facts::None)?;
    taken.ready(taken.visit.version)?;
    if taken.visit.case_id.is_some() {
        return Err(Refused("这次走访已经有一件事项，不能再转一次。".to_owned()).into());
    }
    let mut errors = Errors::new();
    if input.channel != Channel::HouseholdVisit {
        errors.add("channel", "not_a_visit", "走访转来的事项，来源是“下访”。");
    }
    if input.purpose == Purpose::Accusation {
        errors.add(
            "purpose",
            "sealed",
            "检举控告不从走访转，请直接登记：登记时自动保密（《信访工作条例》第三十条）。",
        );
    }
    // Who has left since is nobody to choose any more, a program never was.
    let author = taken.visit.author_id.as_deref().map(UserId::from);
    let author = author.filter(|id| desk.known_user(id).is_some());
    if author.is_some() && input.first_receiver_id.is_some() && input.first_receiver_id != author {
        errors.add(
            "first_receiver_id",
            "not_the_author",
            "首问责任人是记录走访的人。",
        );
    }
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let input = NewCase {
        first_receiver_id: author.or_else(|| input.first_receiver_id.clone()),
        ..input.clone()
    };
    let text = format!(
        "由{}走访转来（{}）",
        taken.visit.on_day,
        taken.visit.kind.0.label()
    );
    let case = cases::register_from_field(conn, desk, &input, text, mark(id))?;
    taken.visit.case_id = Some(case.row.id.as_str().to_owned());
    let seen = taken.visit.version;
    taken.visit.version = seen + 1;
    if !store::save(conn, &taken.visit, seen)? {
        return Err(Error::Stale);
    }
    log(conn, desk, &taken.visit, "走访转为事项")?;
    Ok(case)
}
