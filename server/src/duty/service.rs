//! What somebody still has to do, and handing it over.

use std::collections::BTreeMap;
use std::sync::Arc;

use shared::access::{Action, Facts, can};
use shared::audit::AuditAction;
use shared::duty::{Duties, Duty, DutyKind, HandOver, HandedOver};
use shared::ids::UserId;
use shared::notice::NoticeKind;
use shared::org::{Unit, UnitKind};
use shared::term::Term;
use shared::validate::Errors;

use crate::audit::{self, Entry};
use crate::case::duty::{self as cases, Successor};
use crate::case::{Desk, Error};
use crate::db::Conn;
use crate::directory::Member;
use crate::notify::{self, Draft};
use crate::org::store as units;
use crate::reception::store::{self as reception, DayRecord};
use crate::visit::store as visits;

/// How many of each kind, in the kinds' order, and which.
#[derive(Default)]
struct Count(BTreeMap<usize, (DutyKind, u32, Vec<String>)>);

impl Count {
    fn add(&mut self, kind: DutyKind, item: Option<String>) {
        let place = DutyKind::ALL.iter().position(|other| *other == kind);
        let (_, count, items) = self
            .0
            .entry(place.unwrap_or_default())
            .or_insert_with(|| (kind, 0, Vec::new()));
        *count = count.saturating_add(1);
        items.extend(item);
    }

    fn duties(self) -> Vec<Duty> {
        let duty = |(kind, count, items)| Duty { kind, count, items };
        self.0.into_values().map(duty).collect()
    }
}

/// A user of the administrator's township.
fn managed<'a>(desk: &'a Desk, id: &UserId) -> Result<&'a Arc<Member>, Error> {
    can(&desk.actor, Action::ManageUsers, Facts::None)?;
    desk.names
        .member(id)
        .filter(|member| member.access.township_id == desk.actor.township_id)
        .ok_or_else(Error::hidden)
}

/// What somebody still has to do.
pub(super) fn list(conn: &mut Conn, desk: &Desk, id: &UserId) -> Result<Duties, Error> {
    let member = managed(desk, id)?;
    Ok(Duties {
        user: member.user.clone(),
        duties: count(conn, desk, id)?.duties(),
    })
}

fn count(conn: &mut Conn, desk: &Desk, id: &UserId) -> Result<Count, Error> {
    let mut count = Count::default();
    let (township, user) = (desk.actor.township_id.as_str(), id.as_str());
    for unit in named_units(conn, desk, id)? {
        for kind in unit_kinds(&unit, id) {
            count.add(kind, Some(unit_name(desk, &unit)));
        }
    }
    let open = cases::of(conn, township, user)?;
    // Not even the number of those that are sealed.
    for case in open.iter().filter(|case| !case.sealed) {
        for kind in &case.kinds {
            count.add(*kind, None);
        }
    }
    for _ in visits::promises_of(conn, township, user)? {
        count.add(DutyKind::Promise, None);
    }
    for day in reception::duties_from(conn, township, id, desk.context.today())? {
        count.add(day_kind(&day, id), Some(day.on_day.to_string()));
    }
    Ok(count)
}

fn named_units(conn: &mut Conn, desk: &Desk, id: &UserId) -> Result<Vec<Unit>, Error> {
    let mut units = units::naming(conn, id.as_str())?;
    units.retain(|unit| desk.names.is_within(&unit.id, &desk.actor.township_id));
    // Villages and offices before groups, whose positions count anew in each village.
    units.sort_by_key(|unit| unit.kind == UnitKind::Group);
    Ok(units)
}

/// In what a unit names somebody.
fn unit_kinds(unit: &Unit, id: &UserId) -> Vec<DutyKind> {
    let named = [
        (DutyKind::UnitResponsible, &unit.responsible_user_id),
        (DutyKind::UnitLead, &unit.lead_user_id),
    ];
    let named = named
        .into_iter()
        .filter(|(_, who)| who.as_ref() == Some(id));
    named.map(|(kind, _)| kind).collect()
}

/// A group is told from its namesakes by its village.
fn unit_name(desk: &Desk, unit: &Unit) -> String {
    let village = unit
        .parent_id
        .as_ref()
        .filter(|_| unit.kind == UnitKind::Group);
    let village = village.map_or("", |id| desk.names.unit_name(id));
    format!("{village}{}", unit.name)
}

fn day_kind(day: &DayRecord, id: &UserId) -> DutyKind {
    if day.leader_id == id.as_str() {
        DutyKind::ReceptionLeader
    } else {
        DutyKind::ReceptionStaff
    }
}

/// Moves what was chosen to a successor, all or nothing.
pub(super) fn hand_over(
    conn: &mut Conn,
    desk: &Desk,
    id: &UserId,
    input: &HandOver,
) -> Result<HandedOver, Error> {
    let from = managed(desk, id)?.clone();
    let mut errors = input.check();
    let to = desk.known_user(&input.successor_id).cloned();
    if to.is_none() && !input.successor_id.as_str().is_empty() {
        errors.add("successor_id", "unknown", "请选择本辖区内的在用用户。");
    }
    if input.successor_id == *id {
        errors.add("successor_id", "same", "不能交给本人。");
    }
    errors.into_result().map_err(Error::Invalid)?;
    let Some(to) = to else {
        return Err(Error::hidden());
    };
    let moving = Moving {
        desk,
        from: &from,
        to: &to,
        kinds: input.kinds(),
    };
    let mut moved = Count::default();
    let mut unfit: BTreeMap<&'static str, u32> = BTreeMap::new();
    moving.units(conn, &mut moved)?;
    moving.cases(conn, &mut moved, &mut unfit)?;
    moving.promises(conn, &mut moved, &mut unfit)?;
    moving.reception(conn, &mut moved, &mut unfit)?;
    if !unfit.is_empty() {
        return Err(Error::Invalid(does_not_fit(&to, &unfit)));
    }
    let moved = moved.duties();
    if !moved.is_empty() {
        moving.tell(conn, &moved)?;
    }
    Ok(HandedOver {
        moved,
        left: count(conn, desk, id)?.duties(),
    })
}

/// Says what the successor cannot take over.
fn does_not_fit(
    to: &Member,
    unfit: &BTreeMap<&'static str, u32>,
) -> Vec<shared::problem::FieldError> {
    let list: Vec<String> = unfit
        .iter()
        .map(|(what, count)| format!("{what}{count}项"))
        .collect();
    let mut errors = Errors::new();
    let message = format!(
        "{}不能接手{}：包案和接待日值班的应是镇领导，承办人应属于责任单位，联系人应能看到这件事项，监督员和系统管理员不办理事项。请把这些交给别人。",
        to.user.name,
        list.join("、")
    );
    errors.add("successor_id", "does_not_fit", message);
    errors.into_vec()
}

/// A hand-over under way.
struct Moving<'a> {
    desk: &'a Desk,
    from: &'a Member,
    to: &'a Member,
    kinds: &'a [DutyKind],
}

impl Moving<'_> {
    fn wants(&self, kind: DutyKind) -> bool {
        self.kinds.contains(&kind)
    }

    /// "由甲改为乙".
    fn change(&self) -> String {
        format!(
            "由{}改为{}（工作交接）",
            self.from.user.name, self.to.user.name
        )
    }

    fn note(&self, conn: &mut Conn, action: AuditAction, detail: String) -> Result<(), Error> {
        let Desk { context, actor, .. } = self.desk;
        Ok(audit::append(
            conn,
            context,
            actor,
            Entry::new(action, detail),
        )?)
    }

    fn units(&self, conn: &mut Conn, moved: &mut Count) -> Result<(), Error> {
        let from = &self.from.user.id;
        for mut unit in named_units(conn, self.desk, from)? {
            let mut kinds = unit_kinds(&unit, from);
            kinds.retain(|kind| self.wants(*kind));
            if kinds.is_empty() {
                continue;
            }
            let name = unit_name(self.desk, &unit);
            for kind in &kinds {
                let to = Some(self.to.user.id.clone());
                match kind {
                    DutyKind::UnitResponsible => unit.responsible_user_id = to,
                    _ => unit.lead_user_id = to,
                }
                moved.add(*kind, Some(name.clone()));
            }
            let seen = unit.version;
            unit.version = seen.saturating_add(1);
            if !units::update(conn, &unit, seen, self.desk.context.now)? {
                return Err(Error::Stale);
            }
            let labels: Vec<&str> = kinds.iter().map(|kind| kind.label()).collect();
            let detail = format!("“{name}”的{}{}", labels.join("、"), self.change());
            self.note(conn, AuditAction::OrgWrite, detail)?;
        }
        Ok(())
    }

    fn cases(
        &self,
        conn: &mut Conn,
        moved: &mut Count,
        unfit: &mut BTreeMap<&'static str, u32>,
    ) -> Result<(), Error> {
        let successor = Successor {
            from: &self.from.user.id,
            to: self.to,
            kinds: self.kinds,
        };
        let township = self.desk.actor.township_id.as_str();
        for case in cases::of(conn, township, self.from.user.id.as_str())? {
            match cases::hand_over(conn, self.desk, &case.id, &successor)? {
                Ok(kinds) if !case.sealed => {
                    kinds.into_iter().for_each(|kind| moved.add(kind, None));
                }
                Ok(_) => {}
                Err(kinds) => {
                    for kind in kinds {
                        *unfit.entry(kind.label()).or_default() += 1;
                    }
                }
            }
        }
        Ok(())
    }

    fn promises(
        &self,
        conn: &mut Conn,
        moved: &mut Count,
        unfit: &mut BTreeMap<&'static str, u32>,
    ) -> Result<(), Error> {
        let kind = DutyKind::Promise;
        if !self.wants(kind) {
            return Ok(());
        }
        let township = self.desk.actor.township_id.as_str();
        for promise in visits::promises_of(conn, township, self.from.user.id.as_str())? {
            if !kind.is_for(self.to.user.role) {
                *unfit.entry(kind.label()).or_default() += 1;
                continue;
            }
            visits::hand_promise_over(conn, &promise, self.to.user.id.as_str())?;
            let detail = format!("走访承诺的承办人{}", self.change());
            self.note(conn, AuditAction::Visit, detail)?;
            moved.add(kind, None);
        }
        Ok(())
    }

    fn reception(
        &self,
        conn: &mut Conn,
        moved: &mut Count,
        unfit: &mut BTreeMap<&'static str, u32>,
    ) -> Result<(), Error> {
        let from = &self.from.user.id;
        let township = self.desk.actor.township_id.as_str();
        let today = self.desk.context.today();
        for day in reception::duties_from(conn, township, from, today)? {
            let kind = day_kind(&day, from);
            if !self.wants(kind) {
                continue;
            }
            if !kind.is_for(self.to.user.role) {
                *unfit.entry(kind.label()).or_default() += 1;
                continue;
            }
            let (on, to) = (day.on_day.to_string(), self.to.user.id.as_str());
            self.take_day(conn, day, kind, to)?;
            let detail = format!("{on}的接待日{}{}", kind.label(), self.change());
            self.note(conn, AuditAction::Reception, detail)?;
            moved.add(kind, Some(on));
        }
        Ok(())
    }

    fn take_day(
        &self,
        conn: &mut Conn,
        mut day: DayRecord,
        kind: DutyKind,
        to: &str,
    ) -> Result<(), Error> {
        let from = self.from.user.id.as_str();
        let staff = reception::staff_of(conn, &day.id)?;
        // Nobody stands on a day's roster twice.
        let mut beside: Vec<UserId> = Vec::new();
        for user in &staff {
            let user = match kind {
                DutyKind::ReceptionStaff if user == from => to,
                _ => user.as_str(),
            };
            let leads = user == day.leader_id || (kind == DutyKind::ReceptionLeader && user == to);
            if !leads && beside.iter().all(|other| other.as_str() != user) {
                beside.push(UserId::from(user));
            }
        }
        if kind == DutyKind::ReceptionLeader {
            let before = std::mem::replace(&mut day.leader_id, to.to_owned());
            let first = day.instead_of.take().unwrap_or(before);
            day.instead_of = Some(first).filter(|first| *first != day.leader_id);
            day.reason = Some("工作交接".to_owned());
        }
        reception::set_staff(conn, &day.id, &beside)?;
        let seen = day.version;
        day.version = seen.saturating_add(1);
        if reception::save(conn, &day, seen)? {
            Ok(())
        } else {
            Err(Error::Stale)
        }
    }

    /// Notes it as a whole, and tells the successor.
    fn tell(&self, conn: &mut Conn, moved: &[Duty]) -> Result<(), Error> {
        let list: Vec<String> = moved
            .iter()
            .map(|duty| format!("{}{}项", duty.kind.label(), duty.count))
            .collect();
        let list = list.join("、");
        let (from, to) = (&self.from.user, &self.to.user);
        let detail = format!("“{}”的工作交接给“{}”：{list}", from.name, to.name);
        self.note(conn, AuditAction::UserWrite, detail)?;
        let Desk { context, .. } = self.desk;
        let draft = Draft {
            kind: NoticeKind::System,
            title: format!("{}的工作交给您了：{list}", from.name),
            body: "由系统管理员交接。请到各处查看并接着办理。".to_owned(),
            link: "/".to_owned(),
            urgent: false,
            once: format!("handover:{}:{}", from.id, context.request_id),
        };
        Ok(notify::post(
            conn,
            std::slice::from_ref(&to.id),
            &draft,
            context.now,
        )?)
    }
}
