//! From rows to what people see.

use chrono::NaiveDate;
use diesel::prelude::*;
use shared::access::CaseFacts;
use shared::calendar::Calendar;
use shared::case::deadline::{Clock, Entry, LawProfile, clocks};
use shared::case::state::EventKind;
use shared::case::view::{
    AttachmentView, CaseRow, CaseView, EventView, ImportSource, Named, PersonView, Revealed,
};
use shared::identity::{IdNumber, Phone};
use shared::ids::UnitId;

use super::desk::Desk;
use super::store::{self, AttachmentRecord, CaseRecord, EventRecord, PersonRecord, utc};
use super::{Error, scope, service};
use crate::db::Conn;
use crate::keys::Place;
use crate::schema::cases;

/// How much of the cause a row shows, in characters.
const ROW_CAUSE: usize = 120;

/// The first characters of a text, and a sign that there are more.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    let mut short: String = text.chars().take(most).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// A row of the ledger.
pub(crate) fn row(desk: &Desk, today: NaiveDate, case: &CaseRecord) -> CaseRow {
    CaseRow {
        id: case.id.as_str().into(),
        number: case.number.clone(),
        kind: case.kind.0,
        state: case.state.0,
        cause: shorten(&case.cause, ROW_CAUSE),
        petitioner: case.petitioner.clone(),
        village: desk.unit_then(case.village_id.as_deref(), case.received_on),
        category: case.category.0,
        subcategory: case.subcategory.as_deref().map(Into::into),
        subcategory_name: case.subcategory.as_deref().and_then(|code| {
            let township = UnitId::from(case.township_id.as_str());
            desk.names.general(&township).subcategory_name(code)
        }),
        channel: case.channel.0,
        severity: case.severity.0,
        received_on: case.received_on,
        due_on: case.due(),
        overdue: case.due_on < today,
        people_count: u32::try_from(case.people_count).unwrap_or(0),
        collective: case.collective,
        backlog: case.backlog,
        sealed: case.seal.0 != shared::case::number::Series::Open,
        first: case.earlier_case_id.is_none(),
        responsible_unit: desk.unit_then(
            case.responsible_unit_id.as_deref(),
            case.closed_on.unwrap_or(today),
        ),
        lead: desk.user(case.lead_id.as_deref()),
        closed_on: case.closed_on,
        version: case.version,
    }
}

/// A case, whole.
pub(super) fn whole(conn: &mut Conn, desk: &Desk, case: CaseRecord) -> Result<CaseView, Error> {
    let units = store::unit_ids(conn, &case.id)?;
    let facts = case.facts(units);
    with_facts(conn, desk, case, facts)
}

/// A case, whole, whose facts are at hand.
pub(super) fn with_facts(
    conn: &mut Conn,
    desk: &Desk,
    case: CaseRecord,
    facts: CaseFacts,
) -> Result<CaseView, Error> {
    let events = store::events(conn, &case.id)?;
    let imported = events
        .first()
        .is_some_and(|event| event.kind.0 == EventKind::Imported);
    let (earlier_case, later_cases) = repeats(conn, desk, &case)?;
    let parts = Parts {
        clocks: clocks_from(
            &events,
            &service::profile_of(desk, &case),
            &desk.names.calendar(&case.township_id),
        ),
        people: people(conn, desk, &case.id)?,
        source: if imported {
            crate::import::source_of(conn, &case.id)?
        } else {
            None
        },
        earlier_case,
        later_cases,
        repeats_final: store::repeats_final(conn, &case)?,
        provisional_number: crate::receipt::store::of_case(conn, &case.id)?,
    };
    Ok(assemble(desk, case, facts, parts))
}

/// A case that was registered just now, from what is at hand.
pub(super) fn fresh(
    desk: &Desk,
    case: CaseRecord,
    events: &[EventRecord],
    people: Vec<PersonRecord>,
    earlier_case: Option<Named>,
    repeats_final: bool,
    provisional_number: Option<String>,
) -> Result<CaseView, Error> {
    let units = case.responsible_unit_id.iter().cloned().collect();
    let facts = case.facts(units);
    let parts = Parts {
        clocks: clocks_from(
            events,
            &service::profile_of(desk, &case),
            &desk.names.calendar(&case.township_id),
        ),
        people: masked(desk, people)?,
        source: None,
        earlier_case,
        later_cases: Vec::new(),
        repeats_final,
        provisional_number,
    };
    Ok(assemble(desk, case, facts, parts))
}

/// What a case's own row does not say.
struct Parts {
    clocks: Vec<Clock>,
    people: Vec<PersonView>,
    source: Option<ImportSource>,
    earlier_case: Option<Named>,
    later_cases: Vec<Named>,
    repeats_final: bool,
    provisional_number: Option<String>,
}

fn assemble(desk: &Desk, case: CaseRecord, facts: CaseFacts, parts: Parts) -> CaseView {
    CaseView {
        row: row(desk, desk.context.today(), &case),
        clocks: parts.clocks,
        people: parts.people,
        source: parts.source,
        provisional_number: parts.provisional_number,
        purpose: case.purpose.0,
        procedure: case.procedure.0,
        group: desk.unit_then(case.group_id.as_deref(), case.received_on),
        first_receiver: desk
            .user(Some(&case.first_receiver_id))
            .unwrap_or_else(nobody),
        registrar: desk.user(Some(&case.registrar_id)).unwrap_or_else(nobody),
        entered_at: utc(case.entered_at),
        responsible_user: desk.user(case.responsible_user_id.as_deref()),
        offered_unit: desk.unit(case.offered_unit_id.as_deref()),
        heard: case.heard.map(|heard| heard.0),
        repeats_final: parts.repeats_final,
        lawful_path: case.lawful_path.map(|path| path.0),
        outcome: case.outcome.map(|outcome| outcome.0),
        accused_unit: desk.unit(case.accused_unit_id.as_deref()),
        accused_user: desk.user(case.accused_user_id.as_deref()),
        cause_full: case.cause,
        demand: case.demand,
        occurred_on: case.occurred_on,
        occurred_text: case.occurred_text,
        place: case.place,
        unit_concerned: case.unit_concerned,
        people_count_text: case.people_count_text,
        development: case.development,
        handling: case.handling,
        earlier_case: parts.earlier_case,
        later_cases: parts.later_cases,
        facts,
    }
}

fn nobody() -> Named {
    Named {
        id: String::new(),
        name: String::new(),
    }
}

/// The case's clocks, from its events.
pub(super) fn clocks_of(
    conn: &mut Conn,
    desk: &Desk,
    case: &CaseRecord,
) -> Result<Vec<Clock>, Error> {
    let events = store::events(conn, &case.id)?;
    Ok(clocks_from(
        &events,
        &service::profile_of(desk, case),
        &desk.names.calendar(&case.township_id),
    ))
}

/// The clocks of a case with these events.
pub(crate) fn clocks_from(
    events: &[EventRecord],
    profile: &LawProfile,
    calendar: &Calendar,
) -> Vec<Clock> {
    let entries: Vec<Entry> = events.iter().map(EventRecord::entry).collect();
    clocks(&entries, profile, calendar)
}

/// The case that it repeats and those that repeat it, as far as the actor may know of them.
fn repeats(
    conn: &mut Conn,
    desk: &Desk,
    case: &CaseRecord,
) -> QueryResult<(Option<Named>, Vec<Named>)> {
    let earlier = earlier(conn, desk, case)?;
    // Most cases have none, which the index tells at once; the scope's condition costs more.
    let repeated: Option<String> = cases::table
        .filter(cases::earlier_case_id.eq(&case.id))
        .select(cases::id)
        .first(conn)
        .optional()?;
    if repeated.is_none() {
        return Ok((earlier, Vec::new()));
    }
    let later: Vec<(String, String)> = cases::table
        .filter(cases::earlier_case_id.eq(&case.id))
        .filter(scope::visible_to(&desk.actor))
        .order(cases::received_on)
        .select((cases::id, cases::number))
        .load(conn)?;
    Ok((earlier, later.into_iter().map(named).collect()))
}

/// The case that it repeats, as far as the actor may know of it.
pub(super) fn earlier(
    conn: &mut Conn,
    desk: &Desk,
    case: &CaseRecord,
) -> QueryResult<Option<Named>> {
    let Some(id) = &case.earlier_case_id else {
        return Ok(None);
    };
    let earlier: Option<(String, String)> = cases::table
        .filter(scope::visible_to(&desk.actor))
        .filter(cases::id.eq(id))
        .select((cases::id, cases::number))
        .first(conn)
        .optional()?;
    Ok(earlier.map(named))
}

fn named((id, name): (String, String)) -> Named {
    Named { id, name }
}

/// The people of a case, numbers masked.
pub(super) fn people(
    conn: &mut Conn,
    desk: &Desk,
    case_id: &str,
) -> Result<Vec<PersonView>, Error> {
    masked(desk, store::people(conn, case_id)?)
}

fn masked(desk: &Desk, people: Vec<PersonRecord>) -> Result<Vec<PersonView>, Error> {
    people
        .into_iter()
        .map(|person| {
            let numbers = revealed(desk, &person)?;
            let id_number = numbers
                .id_number
                .and_then(|number| IdNumber::parse(&number).ok());
            let masked = |number: Option<String>| {
                let number = number.and_then(|number| Phone::parse(&number).ok());
                number.map(|number| number.masked())
            };
            Ok(PersonView {
                role: person.role.0,
                follow_up: person.follow_ups(),
                id_number_masked: id_number.map(|number| number.masked()),
                phone_masked: masked(numbers.phone),
                trusted_phone_masked: masked(numbers.trusted_phone),
                care: person.care(),
                id: person.id.into(),
                name: person.name,
                address: person.address,
                reason: person.reason,
                review_on: person.review_on,
            })
        })
        .collect()
}

/// A person's numbers in full.
pub(super) fn revealed(desk: &Desk, person: &PersonRecord) -> Result<Revealed, Error> {
    let open = |column: &'static str, sealed: Option<&Vec<u8>>| {
        sealed
            .map(|sealed| {
                let place = Place {
                    table: "case_people",
                    column,
                    id: &person.id,
                };
                desk.keys
                    .open_text(sealed, place)
                    .map_err(|e| Error::Damaged(format!("case_people.{column} {}: {e}", person.id)))
            })
            .transpose()
    };
    Ok(Revealed {
        id: person.id.as_str().into(),
        id_number: open("id_number", person.id_number.as_ref())?,
        phone: open("phone", person.phone.as_ref())?,
        trusted_phone: open("trusted_phone", person.trusted_phone.as_ref())?,
    })
}

/// An entry of the timeline.
pub(super) fn event(event: EventRecord) -> EventView {
    let data = event.data();
    EventView {
        id: event.id.into(),
        kind: event.kind.0,
        on: event.on_day,
        at: utc(event.at),
        actor: Named {
            id: event.actor_id,
            name: event.actor_name,
        },
        actor_unit: event.actor_unit,
        state: event.state.0,
        text: event.text,
        data,
    }
}

/// A file.
pub(super) fn attachment(file: AttachmentRecord) -> AttachmentView {
    AttachmentView {
        id: file.id.into(),
        name: file.name,
        media_type: file.media_type,
        size: u64::try_from(file.size).unwrap_or(0),
        hash: file.hash,
        at: utc(file.at),
        actor: Named {
            id: file.actor_id,
            name: file.actor_name,
        },
    }
}
