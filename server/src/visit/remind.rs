//! Reminders: promises that are due, weeks without a visit, reception days. The scheduler calls
//! [`run`] again and again; each notice has a key, so that nobody hears of the same thing twice, and
//! after a while without a server only the newest stage is sent.

use chrono::{DateTime, Days, FixedOffset, NaiveDate, Timelike, Utc};
use diesel::prelude::*;
use shared::access::{Action, Facts, can};
use shared::calendar::Calendar;
use shared::ids::{UnitId, UserId};
use shared::notice::NoticeKind;
use shared::org::UnitKind;
use shared::term::Term;
use shared::visit::duty::{REMIND_HOUR, monday, remind_on};
use shared::visit::{PromiseState, VisitDeed};

use super::coverage;
use super::service::is_sealed_from;
use super::store::{self, PromiseRecord, VisitRecord};
use crate::db::Conn;
use crate::directory::Snapshot;
use crate::notify::{self, Draft};
use crate::schema::{visit_promises, visits};

/// Nobody is reminded before this hour of the day, Shanghai.
const FIRST_HOUR: u32 = 8;
/// How many days before a promise is due it is told of first.
const FIRST_DAYS: u64 = 3;

/// Sends what is to be reminded of now.
///
/// # Errors
/// The database's own.
pub(super) fn run(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<()> {
    let names = Snapshot::of(conn)?;
    let here = FixedOffset::east_opt(8 * 3600)
        .map_or_else(|| now.fixed_offset(), |zone| now.with_timezone(&zone));
    let (today, hour) = (here.date_naive(), here.hour());
    if hour < FIRST_HOUR {
        return Ok(());
    }
    promises(conn, &names, today, now)?;
    duties(conn, &names, (today, hour), now)?;
    crate::reception::tick(conn, &names, today, now)
}

/// Which stage of reminding a promise has come to: its key and words. Three days before, one day
/// before, then every week that it is late.
fn stage(due: NaiveDate, today: NaiveDate) -> Option<(String, String)> {
    let left = due.signed_duration_since(today).num_days();
    match left {
        2..=3 => Some(("3".to_owned(), format!("还有{left}天到期"))),
        1 => Some(("1".to_owned(), "明天到期".to_owned())),
        0 => Some(("1".to_owned(), "今天到期".to_owned())),
        late if late < 0 => Some((
            format!("late{}", (-late - 1) / 7),
            format!("已逾期{}天", -late),
        )),
        _ => None,
    }
}

fn promises(
    conn: &mut Conn,
    names: &Snapshot,
    today: NaiveDate,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let last = today
        .checked_add_days(Days::new(FIRST_DAYS))
        .unwrap_or(today);
    let due: Vec<(PromiseRecord, VisitRecord)> = visit_promises::table
        .inner_join(visits::table)
        .filter(visit_promises::state.eq(PromiseState::Open.code()))
        .filter(visit_promises::due_on.le(last))
        .filter(visits::struck_at.is_null())
        .order((visit_promises::due_on, visit_promises::id))
        .select((PromiseRecord::as_select(), VisitRecord::as_select()))
        .load(conn)?;
    for (promise, visit) in due {
        let Some((stage, words)) = stage(promise.due_on, today) else {
            continue;
        };
        let to = keepers(conn, names, &promise, &visit)?;
        let place = visit.village_id.as_deref().map(UnitId::from);
        let place = place.map_or("", |id| names.unit_name(&id));
        let draft = Draft {
            kind: NoticeKind::PromiseDue,
            title: format!("走访承诺{words}"),
            body: format!(
                "{place}{}走访时答应的事，期限{}。兑现后请登记，不能兑现的要向群众说明。",
                visit.on_day, promise.due_on
            ),
            link: format!("/visits/{}", visit.id),
            urgent: false,
            once: format!("promise:{}:{}:{stage}", promise.id, promise.due_on),
        };
        notify::post(conn, &to, &draft, now)?;
    }
    Ok(())
}

/// Who is reminded of a promise: whoever is to keep it, and who gave it; of them, who may still know of
/// the visit.
fn keepers(
    conn: &mut Conn,
    names: &Snapshot,
    promise: &PromiseRecord,
    visit: &VisitRecord,
) -> QueryResult<Vec<UserId>> {
    let people = store::people_of(conn, &visit.id)?;
    let given = store::promises(conn, &[visit.id.as_str()])?;
    let facts = store::facts(visit, &people, &given, names);
    let unit = promise.unit_id.as_deref().map(UnitId::from);
    let mut some = Vec::new();
    for member in names.members() {
        let id = member.user.id.as_str();
        let concerned = promise.user_id.as_deref() == Some(id)
            || visit.author_id.as_deref() == Some(id)
            || unit.as_ref() == Some(&member.user.unit_id);
        let view = Action::Visit(VisitDeed::View);
        if concerned
            && !member.user.disabled
            && can(&member.access, view, Facts::Field(&facts)).is_ok()
            && !is_sealed_from(conn, &member.access, visit)?
        {
            some.push(member.user.id.clone());
        }
    }
    some.sort();
    Ok(some)
}

/// Who has not yet visited where they are to, from noon of the week's day of reminding.
fn duties(
    conn: &mut Conn,
    names: &Snapshot,
    (today, hour): (NaiveDate, u32),
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let week = monday(today);
    let Some(day) = remind_on(week, &Calendar::new()) else {
        return Ok(());
    };
    if today < day || (today == day && hour < REMIND_HOUR) {
        return Ok(());
    }
    let townships = names.units().iter();
    let townships = townships.filter(|unit| unit.kind == UnitKind::Township && !unit.closed);
    for township in townships {
        let condition = store::counted_in(township.id.as_str());
        for owed in coverage::owed_in(conn, names, &township.id, today, condition)? {
            let draft = Draft {
                kind: NoticeKind::VisitDuty,
                title: format!("本周还没有走访{}", coverage::full_name(names, owed.unit)),
                body: format!(
                    "每周至少走访{}次，走访后请记录。",
                    names.general().visits_per_week
                ),
                link: "/visits/coverage?mine=true".to_owned(),
                urgent: false,
                once: format!("visit-duty:{}:{week}", owed.unit.id),
            };
            notify::post(conn, &owed.by, &draft, now)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_told_of_three_days_and_one_day_before_and_weekly_when_late() {
        let today: NaiveDate = "2026-03-10".parse().unwrap();
        let key = |due: &str| stage(due.parse().unwrap(), today).map(|(key, _)| key);
        assert_eq!(key("2026-03-14"), None);
        assert_eq!(key("2026-03-13").as_deref(), Some("3"));
        assert_eq!(key("2026-03-12").as_deref(), Some("3"));
        assert_eq!(key("2026-03-11").as_deref(), Some("1"));
        assert_eq!(key("2026-03-10").as_deref(), Some("1"));
        assert_eq!(key("2026-03-09").as_deref(), Some("late0"));
        assert_eq!(key("2026-03-03").as_deref(), Some("late0"));
        assert_eq!(key("2026-03-02").as_deref(), Some("late1"));
    }
}
