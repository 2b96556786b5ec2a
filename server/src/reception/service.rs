//! What can be done with reception days. Each change runs inside one transaction with its audit entry
//! and the notices to whoever is on duty.

use chrono::{Days, NaiveDate};
use diesel::prelude::*;
use serde::Deserialize;
use shared::access::{Action, Facts, FieldFacts, can};
use shared::audit::AuditAction;
use shared::case::action::CaseAction;
use shared::case::number::Series;
use shared::case::state::Refused;
use shared::case::view::{FieldKind, FieldMark, Named, Todo, TodoList};
use shared::case::{Channel, input::NewCase};
use shared::ids::{CaseId, UserId};
use shared::notice::NoticeKind;
use shared::page::Page;
use shared::reception::{
    CancelDay, CaseReception, ComerCount, ComerKind, ComerView, Moved, NewComer, NewReceptionDay,
    NewRoster, ReceptionDeed, ReceptionPatch, ReceptionRow, ReceptionView, Roster,
    SubstituteLeader, plan, usual_notice,
};
use shared::role::Role;
use shared::term::Term;
use shared::validate::Errors;
use shared::visit::owned;

use super::store::{self, ComerRecord, Condition, DayRecord};
use crate::audit;
use crate::case::coded::Coded;
use crate::case::{Desk, Error, service as cases};
use crate::db::Conn;
use crate::notify::{self, Draft};
use crate::page::cursor;
use crate::schema::reception_days;

/// How many days ahead the home page tells of one's reception days.
const SOON: u64 = 7;

/// The query string of the roster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReceptionQuery {
    /// 从哪一天
    from: Option<NaiveDate>,
    /// 到哪一天
    to: Option<NaiveDate>,
    /// 只看本人值班的
    mine: Option<bool>,
    /// 只看取消了的（true）或没有取消的（false）
    cancelled: Option<bool>,
    /// 每页条数，1 到 200，默认 50
    limit: Option<u32>,
    /// 上一页答复中的 next_cursor
    cursor: Option<String>,
}

impl ReceptionQuery {
    /// The days from one to another, as many as a page can have.
    pub(crate) fn between(from: NaiveDate, to: NaiveDate) -> Self {
        Self {
            from: Some(from),
            to: Some(to),
            limit: Some(200),
            ..Self::default()
        }
    }
}

fn facts(day: &DayRecord, staff: &[String]) -> FieldFacts {
    let mut people: Vec<UserId> = staff.iter().map(|id| UserId::from(id.as_str())).collect();
    people.push(UserId::from(day.leader_id.as_str()));
    FieldFacts {
        township_id: day.township_id.as_str().into(),
        unit_id: day.township_id.as_str().into(),
        village_id: None,
        author_id: None,
        people,
    }
}

/// Finds a reception day that the actor may do something with.
fn find(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    deed: ReceptionDeed,
) -> Result<(DayRecord, Vec<String>), Error> {
    let day = store::find(conn, id)?.ok_or_else(Error::hidden)?;
    let staff = store::staff_of(conn, id)?;
    let facts = facts(&day, &staff);
    let action = Action::Reception(deed);
    desk.actor.decide(action, Facts::Field(&facts))?;
    Ok((day, staff))
}

fn log(conn: &mut Conn, desk: &Desk, day: &DayRecord, detail: &str) -> Result<(), Error> {
    let text = format!("{detail}：{}", day.on_day);
    let entry = audit::Entry::new(AuditAction::Reception, text);
    audit::append(conn, &desk.context, &desk.actor, entry)?;
    Ok(())
}

/// Notes what is wrong with who is on duty.
fn check_duty(desk: &Desk, errors: &mut Errors, leaders: &[UserId], field: &str, staff: &[UserId]) {
    let leads = |id: &UserId| {
        desk.known_user(id)
            .is_some_and(|member| member.user.role == Role::TownshipLeader)
    };
    if !leaders.iter().all(leads) {
        errors.add(field, "not_a_leader", "值班领导应是本镇在任的镇领导。");
    }
    let known = |id: &UserId| {
        desk.known_user(id)
            .is_some_and(|m| m.user.role.handles_cases())
    };
    if !staff.iter().all(known) {
        errors.add(
            "staff",
            "unknown",
            "陪同接待的人员中有人不是本镇的工作人员，请从列表中选择。",
        );
    }
}

fn done(errors: Errors) -> Result<(), Error> {
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors.into())
    }
}

/// What the roster shows of days.
fn rows(conn: &mut Conn, desk: &Desk, days: &[DayRecord]) -> Result<Vec<ReceptionRow>, Error> {
    let ids: Vec<&str> = days.iter().map(|day| day.id.as_str()).collect();
    let staff = store::staff(conn, &ids)?;
    let counts = can(
        &desk.actor,
        Action::Reception(ReceptionDeed::Count),
        Facts::None,
    );
    let comers = match counts {
        Ok(()) => store::comers(conn, &desk.actor, &ids)?,
        Err(_) => Vec::new(),
    };
    let rows = days.iter().map(|day| {
        let came = comers.iter().filter(|comer| comer.day_id == day.id).count();
        ReceptionRow {
            id: day.id.clone(),
            on: day.on_day,
            from: day.from_time.clone(),
            to: day.to_time.clone(),
            place: day.place.clone(),
            leader: named(desk, &day.leader_id),
            instead_of: day.instead_of.as_deref().map(|id| named(desk, id)),
            staff: staff
                .iter()
                .filter(|(id, _)| *id == day.id)
                .map(|(_, user)| named(desk, user))
                .collect(),
            cancelled: day.cancelled,
            reason: day.reason.clone(),
            instead_on: day.instead_on,
            comers: u32::try_from(came).unwrap_or(u32::MAX),
            version: day.version,
        }
    });
    Ok(rows.collect())
}

fn named(desk: &Desk, id: &str) -> Named {
    Named {
        id: id.to_owned(),
        name: desk.names.user_name(&UserId::from(id)).to_owned(),
    }
}

fn row(conn: &mut Conn, desk: &Desk, day: &DayRecord) -> Result<ReceptionRow, Error> {
    let mut rows = rows(conn, desk, std::slice::from_ref(day))?;
    rows.pop().ok_or_else(Error::hidden)
}

/// A page of the roster, by day.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(crate) fn page(
    conn: &mut Conn,
    desk: &Desk,
    query: ReceptionQuery,
) -> Result<Page<ReceptionRow>, Error> {
    can(
        &desk.actor,
        Action::Reception(ReceptionDeed::View),
        Facts::None,
    )?;
    let mut errors = Errors::new();
    let (limit, after) =
        crate::page::place::<(NaiveDate, String)>(query.limit, query.cursor, &mut errors);
    done(errors)?;
    let chosen = || -> Condition {
        let mut all = store::of_township(&desk.actor);
        if query.mine == Some(true) {
            all = Box::new(all.and(store::on_duty(desk.actor.self_ids())));
        }
        if let Some(cancelled) = query.cancelled {
            all = Box::new(all.and(reception_days::cancelled.eq(cancelled)));
        }
        if let Some(from) = query.from {
            all = Box::new(all.and(reception_days::on_day.ge(from)));
        }
        if let Some(to) = query.to {
            all = Box::new(all.and(reception_days::on_day.le(to)));
        }
        all
    };
    let total: i64 = reception_days::table
        .filter(chosen())
        .count()
        .get_result(conn)?;
    let mut found = reception_days::table
        .filter(chosen())
        .order((reception_days::on_day, reception_days::id))
        .limit(limit + 1)
        .select(DayRecord::as_select())
        .into_boxed();
    if let Some((day, id)) = after {
        found = found.filter(
            reception_days::on_day
                .ge(day)
                .and(reception_days::on_day.gt(day).or(reception_days::id.gt(id))),
        );
    }
    let mut days: Vec<DayRecord> = found.load(conn)?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = days.len() > most;
    days.truncate(most);
    let last = days.last().filter(|_| more);
    let next_cursor = last.map(|day| cursor(&(day.on_day, day.id.as_str())));
    Ok(Page {
        items: rows(conn, desk, &days)?,
        next_cursor,
        total: total.unsigned_abs(),
    })
}

/// Writes a new day; nobody is told.
fn write(conn: &mut Conn, desk: &Desk, input: &NewReceptionDay) -> Result<DayRecord, Error> {
    let day = DayRecord {
        id: crate::ids::new_id(),
        township_id: desk.actor.township_id.as_str().to_owned(),
        on_day: input.on,
        from_time: input.from.clone(),
        to_time: input.to.clone(),
        place: input.place.trim().to_owned(),
        leader_id: input.leader_id.as_str().to_owned(),
        instead_of: None,
        notice: owned(input.notice.as_deref()),
        cancelled: false,
        reason: None,
        instead_on: None,
        author_id: Some(desk.actor.user_id.as_str().to_owned()),
        created_at: desk.context.now.naive_utc(),
        version: 1,
    };
    store::insert(conn, &day)?;
    store::set_staff(conn, &day.id, &input.staff)?;
    Ok(day)
}

/// Notes an error if there is a reception day on that day already.
fn check_free(
    conn: &mut Conn,
    desk: &Desk,
    errors: &mut Errors,
    field: &str,
    on: NaiveDate,
) -> Result<(), Error> {
    let township = desk.actor.township_id.as_str();
    if !store::taken_between(conn, township, on, on)?.is_empty() {
        errors.add(field, "duplicate", "这一天已经安排了接待日。");
    }
    Ok(())
}

/// Plans a reception day.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(crate) fn create(
    conn: &mut Conn,
    desk: &Desk,
    input: &NewReceptionDay,
) -> Result<ReceptionView, Error> {
    can(
        &desk.actor,
        Action::Reception(ReceptionDeed::Keep),
        Facts::None,
    )?;
    let mut errors = input.check(desk.context.today());
    let leaders = std::slice::from_ref(&input.leader_id);
    check_duty(desk, &mut errors, leaders, "leader_id", &input.staff);
    check_free(conn, desk, &mut errors, "on", input.on)?;
    done(errors)?;
    let day = write(conn, desk, input)?;
    log(conn, desk, &day, "安排接待日")?;
    show(conn, desk, &day.id)
}

/// Plans a roster by a weekly rule: the leaders in turn, days off moved to the next working day, days
/// that are there left as they are.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(crate) fn roster(conn: &mut Conn, desk: &Desk, input: &NewRoster) -> Result<Roster, Error> {
    can(
        &desk.actor,
        Action::Reception(ReceptionDeed::Keep),
        Facts::None,
    )?;
    let mut errors = input.check(desk.context.today());
    check_duty(desk, &mut errors, &input.leaders, "leaders", &input.staff);
    done(errors)?;
    let calendar = desk.calendar();
    let planned = plan(input.from_on, input.to_on, input.weekday, &calendar);
    let last = planned.last().map_or(input.to_on, |planned| planned.on);
    let township = desk.actor.township_id.as_str();
    let taken = store::taken_between(conn, township, input.from_on, last)?;
    let mut turn = input.leaders.iter().cycle();
    let mut made = Vec::new();
    let (mut kept, mut moved) = (Vec::new(), Vec::new());
    for planned in &planned {
        if taken.contains(&planned.on) {
            kept.push(planned.on);
            continue;
        }
        let Some(leader) = turn.next() else { break };
        let day = NewReceptionDay {
            on: planned.on,
            from: input.from.clone(),
            to: input.to.clone(),
            place: input.place.clone(),
            leader_id: leader.clone(),
            staff: input.staff.clone(),
            notice: None,
        };
        made.push(write(conn, desk, &day)?);
        if planned.meant != planned.on {
            moved.push(Moved {
                from: planned.meant,
                to: planned.on,
            });
        }
    }
    let uncertain = planned.iter().any(|planned| !planned.certain);
    let text = format!(
        "排定接待日{}天：{}至{}",
        made.len(),
        input.from_on,
        input.to_on
    );
    let entry = audit::Entry::new(AuditAction::Reception, text);
    audit::append(conn, &desk.context, &desk.actor, entry)?;
    Ok(Roster {
        made: rows(conn, desk, &made)?,
        kept,
        moved,
        warning: uncertain.then(|| {
            "其中有的日期，国务院还没有公布节假日安排，暂按周一至周五为工作日，公布后请核对。"
                .to_owned()
        }),
    })
}

/// A reception day, whole. Who came is listed for leaders, the office and whoever is on duty; a case
/// only where the reader may know of it. The rest see how many came.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(crate) fn show(conn: &mut Conn, desk: &Desk, id: &str) -> Result<ReceptionView, Error> {
    let (day, staff) = find(conn, desk, id, ReceptionDeed::View)?;
    let facts = facts(&day, &staff);
    let row = row(conn, desk, &day)?;
    let may = |deed: ReceptionDeed| {
        can(&desk.actor, Action::Reception(deed), Facts::Field(&facts)).is_ok()
    };
    let came = if may(ReceptionDeed::Count) {
        store::comers(conn, &desk.actor, &[id])?
    } else {
        Vec::new()
    };
    let counts = ComerKind::ALL.iter().map(|kind| ComerCount {
        kind: *kind,
        count: u32::try_from(came.iter().filter(|comer| comer.kind.0 == *kind).count())
            .unwrap_or(u32::MAX),
    });
    let case_ids: Vec<String> = came.iter().filter_map(|c| c.case_id.clone()).collect();
    let numbers = crate::visit::store::numbers(conn, &desk.actor, &case_ids)?;
    let comers = came
        .iter()
        .filter(|_| may(ReceptionDeed::Receive))
        .filter_map(|comer| {
            let case = match &comer.case_id {
                None => None,
                // What the reader may not know of stands in the counts alone.
                Some(id) => Some(numbers.iter().find(|(known, _)| known == id)?),
            };
            let case = case.map(|(id, number)| Named {
                id: id.clone(),
                name: number.clone(),
            });
            Some(comer_view(desk, comer, case))
        })
        .collect();
    let township = desk.names.unit_name(&desk.actor.township_id);
    Ok(ReceptionView {
        notice: match &day.notice {
            Some(notice) => notice.clone(),
            None => usual_notice(township, &row),
        },
        usual_notice: day.notice.is_none(),
        day: row,
        counts: counts.collect(),
        comers,
        facts,
    })
}

fn comer_view(desk: &Desk, comer: &ComerRecord, case: Option<Named>) -> ComerView {
    ComerView {
        id: comer.id.clone(),
        kind: comer.kind.0,
        at: comer.at.and_utc(),
        recorded_at: comer.recorded_at.map(|at| at.and_utc()),
        received_by: named(desk, &comer.received_by),
        case,
        topic: comer.topic.clone(),
        answer: comer.answer.clone(),
    }
}

/// That the caller has seen the day as it stands, and that it was not called off.
fn ready(day: &DayRecord, seen: i64) -> Result<(), Error> {
    if day.version != seen {
        return Err(Error::Stale);
    }
    if day.cancelled {
        return Err(Refused("这个接待日已经取消。".to_owned()).into());
    }
    Ok(())
}

/// Writes a day at its next version.
fn save(conn: &mut Conn, day: &mut DayRecord) -> Result<(), Error> {
    let seen = day.version;
    day.version = seen + 1;
    if store::save(conn, day, seen)? {
        Ok(())
    } else {
        Err(Error::Stale)
    }
}

/// Tells whoever is on duty that something changed, but not who changed it.
fn tell(
    conn: &mut Conn,
    desk: &Desk,
    day: &DayRecord,
    extra: &[String],
    title: String,
) -> Result<(), Error> {
    let mut to = vec![day.leader_id.clone()];
    to.extend(store::staff_of(conn, &day.id)?);
    to.extend_from_slice(extra);
    to.sort();
    to.dedup();
    let to: Vec<UserId> = to
        .into_iter()
        .map(UserId::new)
        .filter(|id| *id != desk.actor.user_id && desk.known_user(id).is_some())
        .collect();
    let draft = Draft {
        kind: NoticeKind::Reception,
        title,
        body: format!(
            "{} {}至{}，{}。",
            day.on_day, day.from_time, day.to_time, day.place
        ),
        link: format!("/reception/{}", day.id),
        urgent: false,
        once: format!("reception:{}:v{}", day.id, day.version),
    };
    notify::post(conn, &to, &draft, desk.context.now)?;
    Ok(())
}

/// Changes a reception day that the caller read at `seen`.
///
/// # Errors
/// [`Error::Denied`], [`Error::Stale`], [`Error::Refused`], [`Error::Invalid`], the database's own.
pub(crate) fn patch(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    seen: i64,
    patch: &ReceptionPatch,
) -> Result<ReceptionView, Error> {
    let (mut day, staff) = find(conn, desk, id, ReceptionDeed::Keep)?;
    ready(&day, seen)?;
    let mut errors = patch.check(&day.from_time, &day.to_time, desk.context.today());
    let wanted = patch.staff.as_deref().unwrap_or_default();
    check_duty(desk, &mut errors, &[], "leader_id", wanted);
    if let Some(on) = patch.on
        && on != day.on_day
    {
        check_free(conn, desk, &mut errors, "on", on)?;
        if store::has_comers(conn, id)? {
            errors.add("on", "in_use", "这一天已经登记了来访，不能再改期。");
        }
    }
    done(errors)?;
    let before = day.clone();
    day.on_day = patch.on.unwrap_or(day.on_day);
    if let Some(from) = &patch.from {
        day.from_time.clone_from(from);
    }
    if let Some(to) = &patch.to {
        day.to_time.clone_from(to);
    }
    if let Some(place) = &patch.place {
        place.trim().clone_into(&mut day.place);
    }
    if let Some(notice) = &patch.notice {
        day.notice = owned(Some(notice));
    }
    let staffed = patch.staff.as_ref().is_some_and(|wanted| {
        let wanted: Vec<&str> = wanted.iter().map(UserId::as_str).collect();
        wanted != staff.iter().map(String::as_str).collect::<Vec<_>>()
    });
    if day == before && !staffed {
        return show(conn, desk, id);
    }
    save(conn, &mut day)?;
    if let Some(wanted) = &patch.staff {
        store::set_staff(conn, id, wanted)?;
    }
    log(conn, desk, &day, "修改接待日")?;
    let title = format!("接待日安排有变：{}", day.on_day);
    // Who was relieved hears of it, too.
    tell(conn, desk, &day, &staff, title)?;
    show(conn, desk, id)
}

/// Calls a reception day off, with the day that takes its place, if one does.
///
/// # Errors
/// [`Error::Denied`], [`Error::Stale`], [`Error::Refused`], [`Error::Invalid`], the database's own.
pub(crate) fn cancel(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    seen: i64,
    input: &CancelDay,
) -> Result<ReceptionView, Error> {
    let (mut day, staff) = find(conn, desk, id, ReceptionDeed::Keep)?;
    ready(&day, seen)?;
    if store::has_comers(conn, id)? {
        return Err(Refused("这一天已经登记了来访，不能取消。".to_owned()).into());
    }
    let mut errors = input.check(desk.context.today());
    if let Some(on) = input.instead_on {
        check_free(conn, desk, &mut errors, "instead_on", on)?;
    }
    done(errors)?;
    day.cancelled = true;
    day.reason = owned(Some(&input.reason));
    day.instead_on = input.instead_on;
    save(conn, &mut day)?;
    if let Some(on) = input.instead_on {
        let instead = NewReceptionDay {
            on,
            from: day.from_time.clone(),
            to: day.to_time.clone(),
            place: day.place.clone(),
            leader_id: UserId::from(day.leader_id.as_str()),
            staff: staff.iter().map(|id| UserId::from(id.as_str())).collect(),
            notice: None,
        };
        write(conn, desk, &instead)?;
    }
    log(conn, desk, &day, "取消接待日")?;
    let title = match input.instead_on {
        Some(on) => format!("{}的接待日改到{on}", day.on_day),
        None => format!("{}的接待日取消", day.on_day),
    };
    tell(conn, desk, &day, &[], title)?;
    show(conn, desk, id)
}

/// Puts another leader in the place of the one on duty.
///
/// # Errors
/// [`Error::Denied`], [`Error::Stale`], [`Error::Refused`], [`Error::Invalid`], the database's own.
pub(crate) fn substitute(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    seen: i64,
    input: &SubstituteLeader,
) -> Result<ReceptionView, Error> {
    let (mut day, _) = find(conn, desk, id, ReceptionDeed::Keep)?;
    ready(&day, seen)?;
    let mut errors = input.check();
    let leaders = std::slice::from_ref(&input.leader_id);
    check_duty(desk, &mut errors, leaders, "leader_id", &[]);
    if input.leader_id.as_str() == day.leader_id {
        errors.add("leader_id", "same", "已经是这位领导值班。");
    }
    done(errors)?;
    let before = std::mem::replace(&mut day.leader_id, input.leader_id.as_str().to_owned());
    // Who was to be there in the first place, however often it changes.
    let first = day.instead_of.take().unwrap_or_else(|| before.clone());
    day.instead_of = Some(first).filter(|first| *first != day.leader_id);
    day.reason = owned(Some(&input.reason));
    save(conn, &mut day)?;
    log(conn, desk, &day, "更换值班领导")?;
    let title = format!(
        "{}的接待日由{}值班",
        day.on_day,
        desk.names.user_name(&input.leader_id)
    );
    tell(conn, desk, &day, &[before], title)?;
    show(conn, desk, id)
}

fn mark(id: &str) -> FieldMark {
    FieldMark {
        kind: FieldKind::Reception,
        id: id.to_owned(),
        name: None,
    }
}

/// Notes who came: registers a case, joins one that the caller may see, or keeps a mere question.
///
/// # Errors
/// [`Error::Denied`], [`Error::Refused`], [`Error::Invalid`], the database's own.
pub(crate) fn receive(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    input: &NewComer,
) -> Result<ComerView, Error> {
    let (day, _) = find(conn, desk, id, ReceptionDeed::Receive)?;
    if day.cancelled {
        return Err(Refused("这个接待日已经取消。".to_owned()).into());
    }
    if day.on_day > desk.context.today() {
        return Err(Refused("接待日还没有到，到当天再登记来访。".to_owned()).into());
    }
    let mut errors = input.check();
    let received_by = input
        .received_by
        .clone()
        .unwrap_or_else(|| desk.actor.user_id.clone());
    let receives = desk
        .known_user(&received_by)
        .is_some_and(|m| m.user.role.handles_cases());
    if !receives {
        errors.add(
            "received_by",
            "unknown",
            "没有这名工作人员，请从列表中选择。",
        );
    }
    if let Some(case) = &input.case {
        check_case(&mut errors, case, &received_by);
    }
    let Some(kind) = input.kind().filter(|_| errors.is_empty()) else {
        return Err(errors.into());
    };
    let (case, sealing) = match (kind, &input.case, &input.case_id) {
        (ComerKind::Registered, Some(case), _) => {
            let text = format!("{}接待日来访登记", day.on_day);
            let mut new = NewCase {
                first_receiver_id: Some(received_by.clone()),
                recorded_at: case.recorded_at.or(input.recorded_at),
                ..(**case).clone()
            };
            new.photos.extend(input.photos.iter().cloned());
            let case = cases::register_from_field(conn, desk, &new, text, mark(id))?;
            let named = Named {
                id: case.row.id.as_str().to_owned(),
                name: case.row.number.clone(),
            };
            (Some(named), Some(case.facts.seal))
        }
        (ComerKind::Joined, _, Some(case)) => {
            let (named, seal) = join(conn, desk, &day, case, input)?;
            (Some(named), Some(seal))
        }
        _ => (None, None),
    };
    let comer = ComerRecord {
        id: crate::ids::new_id(),
        day_id: day.id.clone(),
        kind: Coded(kind),
        at: desk.context.now.naive_utc(),
        recorded_at: input.recorded_at.map(crate::visit::service::millis),
        received_by: received_by.into_string(),
        author_id: desk.actor.user_id.as_str().to_owned(),
        case_id: case.as_ref().map(|case| case.id.clone()),
        topic: owned(input.topic.as_deref()),
        answer: owned(input.answer.as_deref()),
    };
    store::insert_comer(conn, &comer)?;
    let text = format!("{}接待来访：{}", day.on_day, kind.label());
    let mut entry = audit::Entry::new(AuditAction::Reception, text);
    if let (Some(case), Some(seal)) = (&case, sealing) {
        entry = entry.of_case(
            case.id.clone(),
            seal != Series::Open,
            seal == Series::RegistrarOnly,
        );
    }
    audit::append(conn, &desk.context, &desk.actor, entry)?;
    Ok(comer_view(desk, &comer, case))
}

/// Notes what is wrong with a case for having come in on a reception day.
fn check_case(errors: &mut Errors, case: &NewCase, received_by: &UserId) {
    if case.channel != Channel::Visit {
        errors.add(
            "case.channel",
            "not_a_visit",
            "接待日登记的事项，来源是“来访”。",
        );
    }
    let first = case.first_receiver_id.as_ref();
    if first.is_some_and(|first| first != received_by) {
        errors.add(
            "case.first_receiver_id",
            "not_the_receiver",
            "首问责任人就是接待的人，只填接待人即可。",
        );
    }
}

/// Adds what somebody said to the timeline of their case.
fn join(
    conn: &mut Conn,
    desk: &Desk,
    day: &DayRecord,
    id: &CaseId,
    input: &NewComer,
) -> Result<(Named, Series), Error> {
    let (case, facts) = cases::find(conn, desk, id, Action::ViewCase)?;
    if facts.seal == Series::RegistrarOnly {
        // Nothing is noted there; the answer says what to do instead.
        let note = Action::Case(CaseAction::Note);
        desk.actor.decide(note, Facts::Case(&facts))?;
    }
    let text = format!(
        "{}接待日来访：{}",
        day.on_day,
        input.text.as_deref().unwrap_or_default().trim()
    );
    cases::note_from_field(conn, desk, id, (desk.context.today(), text), mark(&day.id))?;
    let named = Named {
        id: case.id,
        name: case.number,
    };
    Ok((named, facts.seal))
}

/// The reception days on which somebody came about a case, which the caller may see.
///
/// # Errors
/// The database's own.
pub(crate) fn of_case(
    conn: &mut Conn,
    desk: &Desk,
    case: &str,
) -> Result<Vec<CaseReception>, Error> {
    let found = store::of_case(conn, case)?;
    let receptions = found.into_iter().map(|(comer, day)| CaseReception {
        day_id: day.id,
        on: day.on_day,
        kind: comer.kind.0,
        received_by: named(desk, &comer.received_by),
    });
    Ok(receptions.collect())
}

/// What the home page says: the reception days of the coming week on which one is on duty.
///
/// # Errors
/// The database's own.
pub(crate) fn todos(conn: &mut Conn, desk: &Desk) -> Result<Vec<Todo>, Error> {
    let today = desk.context.today();
    let last = today.checked_add_days(Days::new(SOON)).unwrap_or(today);
    let mine = store::of_township(&desk.actor).and(store::on_duty(desk.actor.self_ids()));
    let days: Vec<DayRecord> = reception_days::table
        .filter(mine)
        .filter(reception_days::cancelled.eq(false))
        .filter(reception_days::on_day.ge(today))
        .filter(reception_days::on_day.le(last))
        .order(reception_days::on_day)
        .select(DayRecord::as_select())
        .load(conn)?;
    let Some(first) = days.first() else {
        return Ok(Vec::new());
    };
    let when = match first.on_day.signed_duration_since(today).num_days() {
        0 => "今天".to_owned(),
        1 => "明天".to_owned(),
        _ => first.on_day.to_string(),
    };
    Ok(vec![Todo {
        title: "接待日值班".to_owned(),
        hint: format!(
            "{when} {}至{}，{}",
            first.from_time, first.to_time, first.place
        ),
        count: u64::try_from(days.len()).unwrap_or(u64::MAX),
        list: TodoList::Reception,
        query: format!("mine=true&cancelled=false&from={today}&to={last}"),
        urgent: first.on_day == today,
    }])
}
