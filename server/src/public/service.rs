//! What the public page shows of a case, and to whom: whoever has its number and its query code.

use chrono::{DateTime, Datelike, Days, NaiveDate, Weekday};
use shared::access::Denied;
use shared::audit::AuditAction;
use shared::case::deadline::LawProfile;
use shared::case::matter::Deed;
use shared::case::number::Series;
use shared::case::paper::PaperKind;
use shared::case::state::{EventKind, State as CaseState};
use shared::ids::{UnitId, UserId};
use shared::org::UnitKind;
use shared::public::{QueryCode, Sentence, Stand, Wanted};
use shared::satisfaction::Rating;
use shared::term::Term;

use super::store;
use crate::audit::{self, Entry};
use crate::case::store::{self as case_store, CaseRecord, EventRecord};
use crate::case::{Error, paper, view};
use crate::clock::day_of;
use crate::context::RequestContext;
use crate::db::Conn;
use crate::directory::Snapshot;
use crate::keys::Keys;
use crate::satisfaction::{service as satisfaction, store as ratings};

/// How many days ahead reception days are told of.
const AHEAD: u64 = 45;
/// How many looks are told of.
const MOST_LOOKS: usize = 20;

/// A document that reached the petitioner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Served {
    pub(super) kind: PaperKind,
    pub(super) number: String,
    pub(super) on: NaiveDate,
}

/// What was said of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rated {
    /// There is no answer to be rated.
    Nothing,
    /// Nobody was asked yet.
    Open,
    /// A clerk asked; the petitioner may still say it themselves.
    Asked(Rating, NaiveDate),
    /// By the petitioner: it stands.
    Own(Rating, NaiveDate),
}

/// A case as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) id: String,
    pub(super) number: String,
    township_id: String,
    pub(super) received_on: NaiveDate,
    pub(super) words: String,
    /// The unit that is responsible; no person.
    pub(super) unit: String,
    pub(super) clocks: Vec<Sentence>,
    pub(super) rights: Vec<Sentence>,
    pub(super) served: Vec<Served>,
    pub(super) rated: Rated,
    /// Office and day.
    pub(super) looks: Vec<(String, NaiveDate)>,
}

/// The case with this number and code. A number that nothing has costs as much as a wrong code.
///
/// # Errors
/// The database's own.
fn find(
    conn: &mut Conn,
    keys: &Keys,
    wanted: Option<&Wanted>,
    code: Option<&QueryCode>,
) -> Result<Option<CaseRecord>, Error> {
    let mut found = match wanted {
        Some(Wanted::Case { year, count }) => store::numbered(conn, *year, *count)?,
        Some(Wanted::Provisional(number)) => {
            let receipt = crate::receipt::store::find(conn, number)?;
            let case = receipt
                .map(|receipt| case_store::find(conn, &receipt.case_id))
                .transpose()?
                .flatten();
            case.into_iter()
                .filter(|case| case.seal.0 == Series::Open)
                .collect()
        }
        None => store::numbered(conn, 0, 0)?,
    };
    // Something to compare with, whatever was found.
    let nothing = keys.query_code("");
    let given = code.unwrap_or(&nothing);
    let mut right = None;
    for (at, case) in found.iter().enumerate() {
        if keys.query_code(&case.id).matches(given) {
            right = Some(at);
        }
    }
    let right = right.filter(|_| code.is_some());
    Ok(right.map(|at| found.swap_remove(at)))
}

/// Looks a case up, for somebody with its number and code.
///
/// # Errors
/// The database's own.
pub(super) fn look(
    conn: &mut Conn,
    names: &Snapshot,
    keys: &Keys,
    today: NaiveDate,
    (wanted, code): (Option<&Wanted>, Option<&QueryCode>),
) -> Result<Option<Shown>, Error> {
    let Some(case) = find(conn, keys, wanted, code)? else {
        return Ok(None);
    };
    let events = case_store::events(conn, &case.id)?;
    let profile = names
        .law_profile(&case.law_profile_id)
        .cloned()
        .unwrap_or_else(LawProfile::default_profile);
    let clocks = view::clocks_from(&events, &profile, &names.calendar(&case.township_id));
    let stand = Stand {
        state: case.state.0,
        outcome: case.outcome.map(|outcome| outcome.0),
        path: case.lawful_path.map(|path| path.0),
        reviewed: case.reviewed,
        clocks: &clocks,
        today,
    };
    let unit = match (&case.responsible_unit_id, &case.offered_unit_id) {
        (_, Some(offered)) if case.state.0 == CaseState::Transferred => offered,
        (Some(responsible), _) => responsible,
        (None, _) => &case.registrar_unit_id,
    };
    let rated = match satisfaction::answer(names, &case, &events) {
        None => Rated::Nothing,
        Some(answer) => match ratings::standing(conn, &answer.event_id)? {
            None => Rated::Open,
            Some(rating) if rating.author_id.is_none() => {
                Rated::Own(rating.rating.0, rating.rated_on)
            }
            Some(rating) => Rated::Asked(rating.rating.0, rating.rated_on),
        },
    };
    Ok(Some(Shown {
        words: stand.words(),
        unit: names.unit_name(&UnitId::from(unit.as_str())).to_owned(),
        clocks: stand.clocks(),
        rights: stand.rights(),
        served: served(conn, &case, &events)?,
        rated,
        looks: looks(conn, names, &case.id)?,
        received_on: case.received_on,
        number: case.number,
        township_id: case.township_id,
        id: case.id,
    }))
}

/// The documents that reached the petitioner. What goes to units and to other parties is not theirs.
fn served(
    conn: &mut Conn,
    case: &CaseRecord,
    events: &[EventRecord],
) -> Result<Vec<Served>, Error> {
    let people = case_store::people(conn, &case.id)?;
    let papers = paper::store::facts(conn, &case.id)?;
    // Of a document that was made here: whom it is addressed to.
    let is_theirs = |id: Option<&String>| {
        let addressee = papers
            .iter()
            .find(|paper| Some(&paper.id) == id)
            .and_then(|paper| paper.person_id.as_ref());
        addressee.is_none_or(|id| {
            people
                .iter()
                .any(|person| person.id == id.as_str() && person.role.0.brings_the_case())
        })
    };
    let told: Vec<_> = events.iter().map(|event| (event, event.data())).collect();
    let struck = |matter: &str| {
        told.iter().any(|(_, data)| {
            data.matter
                .as_ref()
                .is_some_and(|mark| mark.deed == Deed::ServiceStrike && mark.id == matter)
        })
    };
    let mut served = Vec::new();
    for (event, data) in &told {
        let service = data
            .matter
            .as_ref()
            .is_some_and(|mark| mark.deed == Deed::ServiceOpen && !struck(&mark.id));
        if let Some(paper) = data.paper.as_ref().filter(|_| service)
            && !paper.kind.goes_to_unit()
            && paper.kind != PaperKind::ServiceReturn
            && is_theirs(paper.id.as_ref())
        {
            served.push(Served {
                kind: paper.kind,
                number: paper.number.clone(),
                on: event.on_day,
            });
        }
    }
    // Answers whose service was written with the step itself.
    for (event, _) in &told {
        let kind = match event.kind.0 {
            EventKind::Answered => PaperKind::Answer,
            EventKind::ReviewAnswered => PaperKind::ReviewAnswer,
            EventKind::FinalReviewAnswered => PaperKind::FinalReviewAnswer,
            _ => continue,
        };
        let there = |one: &Served| one.kind == kind && one.on >= event.on_day;
        if !served.iter().any(there) {
            served.push(Served {
                kind,
                number: String::new(),
                on: event.on_day,
            });
        }
    }
    served.sort_by_key(|one| one.on);
    Ok(served)
}

/// Who looked at a case, by office and day.
fn looks(
    conn: &mut Conn,
    names: &Snapshot,
    case_id: &str,
) -> Result<Vec<(String, NaiveDate)>, Error> {
    let mut looks: Vec<(String, NaiveDate)> = Vec::new();
    for (user, at) in store::looks(conn, case_id)? {
        let member = names.member(&UserId::new(user));
        let unit = member.map_or("", |member| names.unit_name(&member.user.unit_id));
        let look = (unit.to_owned(), day_of(at.and_utc()));
        if !unit.is_empty() && !looks.contains(&look) {
            looks.push(look);
        }
        if looks.len() == MOST_LOOKS {
            break;
        }
    }
    Ok(looks)
}

/// Notes that the petitioner looked at their case.
///
/// # Errors
/// The database's own.
pub(super) fn note(
    conn: &mut Conn,
    context: &RequestContext,
    shown: &Shown,
) -> diesel::result::QueryResult<()> {
    let detail = format!("{}：凭回执查询进展", shown.number);
    let entry = Entry::new(AuditAction::PublicLook, detail).of_case(shown.id.clone(), false, false);
    audit::append_petitioner(conn, context, &shown.township_id, entry)
}

/// Takes in what the petitioner says of the answer.
///
/// # Errors
/// [`Denied::Hidden`] where number and code do not fit; the database's own.
pub(super) fn rate(
    conn: &mut Conn,
    (names, keys): (&Snapshot, &Keys),
    context: &RequestContext,
    (wanted, code): (Option<&Wanted>, Option<&QueryCode>),
    (rating, words): (Rating, Option<&str>),
) -> Result<bool, Error> {
    let case = find(conn, keys, wanted, code)?.ok_or(Denied::Hidden)?;
    satisfaction::record_own(conn, names, context, &case.id, rating, words)
}

/// A reception day as it is announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reception {
    pub(super) township: String,
    pub(super) on: NaiveDate,
    pub(super) hours: String,
    pub(super) place: String,
    pub(super) leader: String,
    pub(super) cancelled: bool,
    pub(super) instead_on: Option<NaiveDate>,
}

/// The reception days of the coming weeks.
///
/// # Errors
/// The database's own.
pub(super) fn receptions(
    conn: &mut Conn,
    names: &Snapshot,
    now: DateTime<chrono::Utc>,
) -> Result<Vec<Reception>, Error> {
    let today = day_of(now);
    let last = today.checked_add_days(Days::new(AHEAD)).unwrap_or(today);
    let days = store::reception_days(conn, today, last)?;
    Ok(days
        .into_iter()
        .map(|day| Reception {
            township: names.unit_name(&UnitId::from(day.township_id)).to_owned(),
            on: day.on_day,
            hours: format!("{}至{}", day.from_time, day.to_time),
            place: day.place,
            leader: names.user_name(&UserId::from(day.leader_id)).to_owned(),
            cancelled: day.cancelled,
            instead_on: day.instead_on,
        })
        .collect())
}

/// Whose page it is: the township's name, where there is one.
pub(super) fn township(names: &Snapshot) -> Option<&str> {
    let mut towns = names
        .units()
        .iter()
        .filter(|unit| unit.kind == UnitKind::Township && !unit.closed);
    let first = towns.next()?;
    towns.next().is_none().then_some(first.name.as_str())
}

/// A day of the week.
pub(super) fn weekday(day: NaiveDate) -> &'static str {
    match day.weekday() {
        Weekday::Mon => "星期一",
        Weekday::Tue => "星期二",
        Weekday::Wed => "星期三",
        Weekday::Thu => "星期四",
        Weekday::Fri => "星期五",
        Weekday::Sat => "星期六",
        Weekday::Sun => "星期日",
    }
}

/// What a document is called.
pub(super) fn title(served: &Served) -> String {
    if served.number.is_empty() {
        served.kind.label().to_owned()
    } else {
        format!("{} {}", served.kind.label(), served.number)
    }
}
