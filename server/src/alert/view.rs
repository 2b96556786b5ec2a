//! Urgent information as people see it.

use diesel::result::QueryResult;
use shared::access::{Action, AlertFacts, Facts, can};
use shared::alert::AlertDeed;
use shared::alert::step::{self, AlertState, AlertStep};
use shared::alert::times::stretches;
use shared::alert::view::{AlertCan, AlertEvent, AlertRow, AlertView, MissedView};
use shared::case::view::Named;
use shared::ids::{AlertId, CaseId};
use shared::photo::OwnerKind;

use super::Error;
use super::store::{AlertRecord, EventRecord, MissedRecord};
use crate::case::{self, Desk};
use crate::db::Conn;
use crate::photo;

fn named(named: Option<Named>) -> Named {
    named.unwrap_or_else(|| Named {
        id: String::new(),
        name: String::new(),
    })
}

/// A line of a list.
pub(super) fn row(desk: &Desk, alert: &AlertRecord) -> QueryResult<AlertRow> {
    let moments = alert.moments();
    Ok(AlertRow {
        id: AlertId::from(alert.id.as_str()),
        kind: crate::db::term(&alert.kind)?,
        what: alert.what.clone(),
        village: desk.unit(alert.village_id.as_deref()),
        place: alert.place.clone(),
        people_count: alert.people_count.map(i32::unsigned_abs),
        drill: alert.drill,
        state: alert.state()?,
        author: named(desk.user(alert.author_id.as_deref())),
        unit: named(desk.unit(Some(&alert.unit_id))),
        discovered_at: moments.discovered_at,
        recorded_at: moments.recorded_at,
        reported_at: moments.reported_at,
        stretches: stretches(&moments, alert.limits(), desk.context.now),
        version: alert.version,
    })
}

fn event(desk: &Desk, event: &EventRecord) -> QueryResult<AlertEvent> {
    Ok(AlertEvent {
        kind: crate::db::term(&event.kind)?,
        at: event.at.and_utc(),
        actor: event.actor_id.as_ref().map(|id| Named {
            id: id.clone(),
            name: event.actor_name.clone(),
        }),
        actor_unit: event.actor_unit.clone(),
        text: event.text.clone(),
        unit: desk.unit(event.unit_id.as_deref()),
        user: desk.user(event.user_id.as_deref()),
    })
}

/// A case's number, where the reader may see the case.
fn case(conn: &mut Conn, desk: &Desk, id: Option<&str>) -> Result<Option<Named>, Error> {
    let Some(id) = id else { return Ok(None) };
    match case::service::find(conn, desk, &CaseId::from(id), Action::ViewCase) {
        Ok((case, _)) => Ok(Some(Named {
            id: case.id,
            name: case.number,
        })),
        Err(case::Error::Denied(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn may(desk: &Desk, alert: &AlertRecord, facts: &AlertFacts, state: AlertState) -> Vec<AlertCan> {
    let step_of = |deed| match deed {
        AlertDeed::Acknowledge => Some(AlertStep::Acknowledge),
        AlertDeed::Dispatch => Some(AlertStep::Dispatch),
        AlertDeed::Note => Some(AlertStep::Note),
        AlertDeed::Close => Some(AlertStep::Close),
        _ => None,
    };
    let deeds = [
        AlertDeed::Acknowledge,
        AlertDeed::Dispatch,
        AlertDeed::Note,
        AlertDeed::Close,
        AlertDeed::Case,
    ];
    deeds
        .into_iter()
        .map(|deed| {
            let denied = can(&desk.actor, Action::Alert(deed), Facts::Alert(facts)).err();
            let refused = || {
                let step = step_of(deed)?;
                step::after(state, step).err().map(|refused| refused.0)
            };
            let has_case = || {
                (deed == AlertDeed::Case && alert.case_id.is_some())
                    .then(|| "这条重要信息已经转为事项。".to_owned())
            };
            let why_not = denied
                .map(|denied| denied.to_string())
                .or_else(refused)
                .or_else(has_case);
            AlertCan { deed, why_not }
        })
        .collect()
}

/// All of it.
pub(super) fn whole(
    conn: &mut Conn,
    desk: &Desk,
    alert: &AlertRecord,
    events: &[EventRecord],
) -> Result<AlertView, Error> {
    let facts = alert.facts(events);
    let row = row(desk, alert)?;
    Ok(AlertView {
        photos: photo::of(conn, OwnerKind::Alert, &alert.id)?,
        events: events
            .iter()
            .map(|one| event(desk, one))
            .collect::<QueryResult<_>>()?,
        result: alert.result.clone(),
        case: case(conn, desk, alert.case_id.as_deref())?,
        has_case: alert.case_id.is_some(),
        can: may(desk, alert, &facts, row.state),
        row,
    })
}

/// What was missed.
pub(super) fn missed(
    conn: &mut Conn,
    desk: &Desk,
    missed: MissedRecord,
) -> Result<MissedView, Error> {
    Ok(MissedView {
        kind: crate::db::term(&missed.kind)?,
        unit: named(desk.unit(Some(&missed.unit_id))),
        case: case(conn, desk, missed.case_id.as_deref())?,
        author: named(desk.user(Some(&missed.author_id))),
        id: missed.id,
        what: missed.what,
        place: missed.place,
        discovered_at: missed.discovered_at.and_utc(),
        at: missed.at.and_utc(),
    })
}
