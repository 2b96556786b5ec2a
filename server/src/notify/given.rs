//! Telling the people of a unit that a case, or something to be done about it, is theirs now.

use diesel::result::QueryResult;
use shared::case::action::CaseAction;
use shared::case::matter::{Deed, MatterKind};
use shared::notice::NoticeKind;
use shared::term::Term;

use super::reminders::Staff;
use super::{Draft, post};
use crate::case::Desk;
use crate::case::store::{self, CaseRecord};
use crate::db::Conn;

/// A case was sent on or dispatched to a unit. The case's row stands as it will be written.
///
/// # Errors
/// The database's own.
pub(crate) fn case(
    conn: &mut Conn,
    desk: &Desk,
    case: &CaseRecord,
    unit: &str,
    action: CaseAction,
) -> QueryResult<()> {
    let words = match action {
        CaseAction::Transfer => "转送到本单位，请接收，或在五个工作日内提出异议",
        _ => "交办到本单位，请及时接办",
    };
    let link = format!("/cases/{}", case.id);
    tell(
        conn,
        desk,
        case,
        unit,
        &format!("{} {words}", case.number),
        link,
    )
}

/// It became a unit's turn in a matter of a case.
///
/// # Errors
/// The database's own.
pub(crate) fn matter(
    conn: &mut Conn,
    desk: &Desk,
    case: &CaseRecord,
    unit: &str,
    (kind, id): (MatterKind, &str),
    deed: Deed,
) -> QueryResult<()> {
    let title = format!(
        "{} {}：{}，轮到本单位办理",
        case.number,
        kind.label(),
        deed.label()
    );
    let link = format!("/cases/{}?tab=matters#matter-{id}", case.id);
    tell(conn, desk, case, unit, &title, link)
}

/// The county answered what was handed up to it: the township's office hears of it, and the unit that had
/// handed it up.
///
/// # Errors
/// The database's own.
pub(crate) fn answered(
    conn: &mut Conn,
    desk: &Desk,
    case: &CaseRecord,
    unit: Option<&str>,
    (kind, id): (MatterKind, &str),
    deed: Deed,
) -> QueryResult<()> {
    let facts = case.facts(store::unit_ids(conn, &case.id)?);
    let staff = Staff::of(&desk.names);
    let mut people = staff.office(&facts);
    people.extend(
        unit.map(|unit| staff.unit(unit, &facts))
            .unwrap_or_default(),
    );
    people.sort();
    people.dedup();
    let link = format!("/cases/{}?tab=matters#matter-{id}", case.id);
    let draft = Draft {
        kind: NoticeKind::CaseGiven,
        title: format!("{} {}：{}，请查看", case.number, kind.label(), deed.label()),
        body: format!("来自{}。", desk.names.unit_name(&desk.actor.unit_id)),
        once: format!("answered:{}:{}:{link}", case.id, case.version),
        link,
        urgent: false,
    };
    post(conn, &people, &draft, desk.context.now)
}

fn tell(
    conn: &mut Conn,
    desk: &Desk,
    case: &CaseRecord,
    unit: &str,
    title: &str,
    link: String,
) -> QueryResult<()> {
    if unit == desk.actor.unit_id.as_str() {
        return Ok(());
    }
    let facts = case.facts(store::unit_ids(conn, &case.id)?);
    let mut people = Staff::of(&desk.names).unit(unit, &facts);
    people.retain(|user| *user != desk.actor.user_id);
    people.sort();
    let draft = Draft {
        kind: NoticeKind::CaseGiven,
        title: title.to_owned(),
        body: format!("来自{}。", desk.names.unit_name(&desk.actor.unit_id)),
        // A step of the case is taken at a version, one of a matter leads to it.
        once: format!("given:{}:{}:{unit}:{link}", case.id, case.version),
        link,
        urgent: false,
    };
    post(conn, &people, &draft, desk.context.now)
}
