//! What can be done with documents. Making and voiding run inside one transaction with the event
//! and the audit entry, as all changes of a case do.

use shared::access::{Action, CaseFacts, Facts, can};
use shared::audit::AuditAction;
use shared::case::matter::{Scene, Wrong};
use shared::case::number::Series;
use shared::case::paper::{
    self, Dossier, MakePaper, PaperKind, PaperMark, PaperOffer, PaperRow, PaperView, Papers,
    VoidPaper, Voided,
};
use shared::case::state::{EventKind, Refused};
use shared::case::view::{EventData, Named};
use shared::ids::{CaseId, UnitId, UserId};
use shared::term::Term;

use super::docx;
use super::store::{self, PaperRecord};
use crate::case::coded::Coded;
use crate::case::matter::service::Setting;
use crate::case::matter::store as matter_store;
use crate::case::service::{self as cases, Step};
use crate::case::store::{self as case_store, CaseRecord, utc};
use crate::case::{Desk, Error, view};
use crate::db::Conn;

/// Gathers what is known of a case, and asks about it.
fn with_dossier<T>(
    conn: &mut Conn,
    desk: &Desk,
    case: &CaseRecord,
    facts: CaseFacts,
    ask: impl FnOnce(&Dossier<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let setting = Setting::of(conn, desk, case, facts)?;
    let scene = setting.scene();
    let events = case_store::events(conn, &case.id)?;
    let events: Vec<_> = events.into_iter().map(view::event).collect();
    let mut matters = Vec::new();
    for record in matter_store::of_case(conn, &case.id)? {
        matters.push(record.matter()?);
    }
    let names = &desk.names;
    let unit_name = |id: &str| names.unit_name(&UnitId::from(id));
    let accused_unit = case.accused_unit_id.as_deref().map(unit_name);
    let accused_user = case.accused_user_id.as_deref();
    let accused_user = accused_user.map(|id| names.user_name(&UserId::from(id)));
    let township = names.unit(&desk.actor.township_id);
    let superior = township.and_then(|unit| unit.parent_id.as_ref());
    ask(&Dossier {
        scene: &scene,
        township: names.unit_name(&desk.actor.township_id),
        superior: superior.map(|id| names.unit_name(id)),
        texts: &desk.general().papers,
        number: &case.number,
        channel: case.channel.0,
        procedure: case.procedure.0,
        cause: &case.cause,
        demand: case.demand.as_deref(),
        handling: case.handling.as_deref(),
        path: case.lawful_path.map(|path| path.0),
        office: unit_name(&case.registrar_unit_id),
        first_receiver: names.user_name(&UserId::from(case.first_receiver_id.as_str())),
        unit: desk.unit(case.responsible_unit_id.as_deref()),
        accused: accused_unit
            .into_iter()
            .chain(accused_user)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
        events: &events,
        matters: &matters,
    })
}

fn denied(scene: &Scene<'_>, action: Action) -> Option<String> {
    let facts = Facts::Case(scene.case);
    can(scene.actor, action, facts)
        .err()
        .map(|denied| denied.to_string())
}

/// The documents of a case that the caller may see, and what can be made; with the case's number
/// and seal, for the trace of the look.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(crate) fn of_case(
    conn: &mut Conn,
    desk: &Desk,
    id: &CaseId,
) -> Result<(Papers, String, Series), Error> {
    let (case, facts) = cases::find(conn, desk, id, Action::ViewCase)?;
    let records = store::of_case(conn, &case.id)?;
    with_dossier(conn, desk, &case, facts, |dossier| {
        let scene = dossier.scene;
        let offers = PaperKind::ALL.iter().copied().map(|kind| {
            let reason =
                denied(scene, Action::MakePaper(kind)).or_else(|| paper::refuses(kind, dossier));
            PaperOffer {
                kind,
                label: kind.label().to_owned(),
                help: kind.help().to_owned(),
                allowed: reason.is_none(),
                fields: if reason.is_none() {
                    paper::fields(kind, dossier)
                } else {
                    Vec::new()
                },
                reason,
            }
        });
        let items = records
            .iter()
            .filter(|record| denied(scene, Action::ViewPaper(record.kind.0)).is_none())
            .map(|record| row(scene, record))
            .collect();
        Ok(Papers {
            items,
            offers: offers.collect(),
        })
    })
    .map(|papers| (papers, case.number, case.seal.0))
}

fn row(scene: &Scene<'_>, record: &PaperRecord) -> PaperRow {
    let person = record.person_id.as_deref();
    let person = scene.persons.iter().find(|p| Some(p.id.as_str()) == person);
    let named = |id: &Option<String>, name: &Option<String>| Named {
        id: id.clone().unwrap_or_default(),
        name: name.clone().unwrap_or_default(),
    };
    PaperRow {
        id: record.id.clone(),
        kind: record.kind.0,
        label: record.kind.0.label().to_owned(),
        number: record.number.clone(),
        addressee: record.addressee.clone(),
        care: person.and_then(|person| person.care.line()),
        on: record.on_day,
        at: utc(record.at),
        actor: Named {
            id: record.actor_id.clone(),
            name: record.actor_name.clone(),
        },
        void: record.void_at.map(|at| Voided {
            at: utc(at),
            actor: named(&record.void_id, &record.void_name),
            reason: record.void_reason.clone().unwrap_or_default(),
        }),
        may_void: record.void_at.is_none()
            && denied(scene, Action::MakePaper(record.kind.0)).is_none(),
        version: record.version,
    }
}

/// Makes a document: checks what is filled in, takes the next number, keeps what it says.
///
/// # Errors
/// [`Error::Denied`], [`Error::Refused`], [`Error::Invalid`], the database's own.
pub(super) fn make(
    conn: &mut Conn,
    desk: &Desk,
    id: &CaseId,
    input: &MakePaper,
) -> Result<PaperView, Error> {
    use chrono::Datelike;
    let kind = input.kind;
    let mut taken = cases::take(conn, desk, id, Action::MakePaper(kind), None)?;
    let case = &taken.case;
    let (mut paper, on, person) = with_dossier(conn, desk, case, taken.facts.clone(), |dossier| {
        if let Some(why) = paper::refuses(kind, dossier) {
            return Err(Wrong::Refused(why).into());
        }
        Ok(paper::compose(kind, &input.fields, dossier)?)
    })?;
    let seal = case.seal.0;
    // A gap would tell of what only some may know, so each seal counts for itself.
    let series = format!("paper.{}.{}", seal.code(), kind.series().code());
    let count = case_store::next_count(conn, &case.township_id, &series, on.year())?;
    let town = desk.township_short_name();
    paper.number = paper::number(&town, seal, kind, on.year(), count);
    let record = PaperRecord {
        id: crate::ids::new_id(),
        case_id: case.id.clone(),
        township_id: case.township_id.clone(),
        kind: Coded(kind),
        number: paper.number.clone(),
        addressee: paper.addressee.clone(),
        person_id: person.map(|id| id.as_str().to_owned()),
        on_day: on,
        at: desk.context.now.naive_utc(),
        actor_id: desk.actor.user_id.as_str().to_owned(),
        actor_name: desk.actor.name().to_owned(),
        body: serde_json::to_string(&paper).map_err(|e| Error::Damaged(e.to_string()))?,
        void_at: None,
        void_id: None,
        void_name: None,
        void_reason: None,
        version: 1,
    };
    store::insert(conn, &record)?;
    let text = format!("出具{}", record.label());
    taken.advance(conn, desk, step(desk, &record, text.clone()))?;
    let case = taken.keep(conn, desk, &text)?;
    whole(conn, desk, &case, &record)
}

/// The event of a document. It is the day on which it was made or voided that counts, whatever day
/// the document bears.
fn step(desk: &Desk, record: &PaperRecord, text: String) -> Step {
    Step {
        kind: EventKind::Paper,
        on: desk.context.today(),
        text: Some(text),
        data: EventData {
            paper: Some(PaperMark {
                id: Some(record.id.clone()),
                kind: record.kind.0,
                number: record.number.clone(),
            }),
            ..EventData::default()
        },
    }
}

fn whole(
    conn: &mut Conn,
    desk: &Desk,
    case: &CaseRecord,
    record: &PaperRecord,
) -> Result<PaperView, Error> {
    let units = case_store::unit_ids(conn, &case.id)?;
    let setting = Setting::of(conn, desk, case, case.facts(units))?;
    Ok(PaperView {
        row: row(&setting.scene(), record),
        paper: record.paper()?,
    })
}

/// Finds a document that the caller may see, with its case.
fn find(
    conn: &mut Conn,
    desk: &Desk,
    case_id: &CaseId,
    id: &str,
) -> Result<(CaseRecord, PaperRecord), Error> {
    let (case, facts) = cases::find(conn, desk, case_id, Action::ViewCase)?;
    let record = store::find(conn, &case.id, id)?.ok_or_else(Error::hidden)?;
    let action = Action::ViewPaper(record.kind.0);
    desk.actor.decide(action, Facts::Case(&facts))?;
    Ok((case, record))
}

/// A document as it was made; with the case's number and seal, for the trace of the look.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(super) fn show(
    conn: &mut Conn,
    desk: &Desk,
    case_id: &CaseId,
    id: &str,
) -> Result<(PaperView, String, Series), Error> {
    let (case, record) = find(conn, desk, case_id, id)?;
    let paper = whole(conn, desk, &case, &record)?;
    Ok((
        paper,
        format!("{}：{}", case.number, record.label()),
        case.seal.0,
    ))
}

/// A document as a Word file with its name; leaves a trace.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(super) fn download(
    conn: &mut Conn,
    desk: &Desk,
    case_id: &CaseId,
    id: &str,
) -> Result<(String, Vec<u8>), Error> {
    let (case, record) = find(conn, desk, case_id, id)?;
    let content = docx::draw(&record.paper()?, record.void_at.is_some())?;
    let detail = format!("下载{}", record.label());
    cases::log(conn, desk, AuditAction::Download, &case, &detail)?;
    Ok((paper::file_name(record.kind.0, &record.number), content))
}

/// Voids a document that the caller read at `version`. Its number is not given again.
///
/// # Errors
/// [`Error::Denied`], [`Error::Stale`], [`Error::Refused`], [`Error::Invalid`], the database's own.
pub(super) fn void(
    conn: &mut Conn,
    desk: &Desk,
    case_id: &CaseId,
    id: &str,
    version: i64,
    input: &VoidPaper,
) -> Result<PaperView, Error> {
    let mut taken = cases::take(conn, desk, case_id, Action::ViewCase, None)?;
    let mut record = store::find(conn, &taken.case.id, id)?.ok_or_else(Error::hidden)?;
    let facts = Facts::Case(&taken.facts);
    desk.actor.decide(Action::ViewPaper(record.kind.0), facts)?;
    desk.actor.decide(Action::MakePaper(record.kind.0), facts)?;
    if record.version != version {
        return Err(Error::Stale);
    }
    if record.void_at.is_some() {
        return Err(Refused("这份文书已经作废。".to_owned()).into());
    }
    input.check().into_result()?;
    let reason = input.reason.trim().to_owned();
    let text = format!("作废{}，理由：{reason}", record.label());
    record.void_at = Some(desk.context.now.naive_utc());
    record.void_id = Some(desk.actor.user_id.as_str().to_owned());
    record.void_name = Some(desk.actor.name().to_owned());
    record.void_reason = Some(reason);
    record.version = version + 1;
    if !store::save(conn, &record, version)? {
        return Err(Error::Stale);
    }
    taken.advance(conn, desk, step(desk, &record, text))?;
    let case = taken.keep(conn, desk, &format!("作废{}", record.label()))?;
    whole(conn, desk, &case, &record)
}
