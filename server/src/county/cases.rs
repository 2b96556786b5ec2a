//! The cases that were handed up.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Integer;
use shared::access::{Action, Facts, can};
use shared::case::matter::MatterKind;
use shared::case::number::Series;
use shared::case::view::Named;
use shared::county::{CountyDeed, HandedUpCase, HandedUpCases};
use shared::ids::UnitId;
use shared::term::Term;

use super::Error;
use crate::case::matter::store::MatterRecord;
use crate::case::scope::of_matters;
use crate::case::store::CaseRecord;
use crate::case::{Desk, view};
use crate::db::Conn;
use crate::schema::{case_matters, cases};

/// How much of the cause a row shows, in characters.
const ROW_CAUSE: usize = 60;
/// Where a matter stands that nobody has answered yet, as its digest has it.
const WAITING: &str = "handed_up";

/// The cases that are with the caller's county now: those that wait for an answer in front, those that came
/// first before the rest.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(super) fn handed_up(conn: &mut Conn, desk: &Desk) -> Result<HandedUpCases, Error> {
    can(
        &desk.actor,
        Action::County(CountyDeed::HandedUp),
        Facts::None,
    )?;
    let answered = sql::<Integer>("CASE WHEN case_matters.state = 'handed_up' THEN 0 ELSE 1 END");
    let rows: Vec<(MatterRecord, CaseRecord)> = case_matters::table
        .inner_join(cases::table)
        .filter(of_matters::visible_to(&desk.actor))
        .filter(case_matters::kind.eq(MatterKind::Escalation.code()))
        .filter(case_matters::open.eq(true))
        .order((answered, case_matters::opened_on, case_matters::id))
        .select((MatterRecord::as_select(), CaseRecord::as_select()))
        .load(conn)?;
    let items = rows.into_iter().map(|(matter, case)| {
        let township = UnitId::from(case.township_id.as_str());
        HandedUpCase {
            case_id: case.id.as_str().into(),
            township: Named {
                name: desk.names.unit_name(&township).to_owned(),
                id: township.into_string(),
            },
            kind: case.kind.0,
            state: case.state.0,
            cause: view::shorten(&case.cause, ROW_CAUSE),
            sealed: case.seal.0 != Series::Open,
            number: case.number,
            handed_up_on: matter.opened_on,
            waiting: matter.state == WAITING,
            state_label: matter.state_label,
            matter_id: matter.id,
        }
    });
    Ok(HandedUpCases {
        items: items.collect(),
    })
}
