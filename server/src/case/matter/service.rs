//! What can be done with matters. Each function runs inside one transaction, as those of the case do:
//! the matter, the case, its events and the audit log are written together or not at all.

use shared::access::{self, Action, CaseFacts, Facts, MatterFacts, can};
use shared::calendar::Calendar;
use shared::case::action::CaseAction;
use shared::case::deadline::{Clock, LawProfile};
use shared::case::matter::view::{Due, MatterView, Matters, StepView};
use shared::case::matter::{
    Any, Deed, Digest, Done, Effect, Mark, Matter, MatterKind, People, PersonFact, Scene, Tone,
    UnitFact, UserFact, Wrong,
};
use shared::case::number::Series;
use shared::case::paper::PaperFact;
use shared::case::state::{self, EventKind, Situation};
use shared::case::view::Named;
use shared::ids::{CaseId, UnitId, UserId};
use shared::term::Term;

use super::store::{self, MatterRecord};
use crate::case::coded::Coded;
use crate::case::paper::store as paper_store;
use crate::case::service::{self as cases, Step, Taken};
use crate::case::store::{self as case_store, CaseRecord, NOTHING_DUE};
use crate::case::{Desk, Error, view};
use crate::db::Conn;

impl From<Wrong> for Error {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Refused(why) => Self::Refused(state::Refused(why)),
            Wrong::Invalid(errors) => errors.into(),
        }
    }
}

/// What [`Scene`]s of a case borrow.
pub(crate) struct Setting<'a> {
    desk: &'a Desk,
    facts: CaseFacts,
    situation: Situation,
    received_on: chrono::NaiveDate,
    last_step_on: chrono::NaiveDate,
    clocks: Vec<Clock>,
    persons: Vec<PersonFact>,
    papers: Vec<PaperFact>,
    profile: LawProfile,
    calendar: Calendar,
    open_kinds: Vec<MatterKind>,
}

impl<'a> Setting<'a> {
    /// Gathers what rules may look at.
    ///
    /// # Errors
    /// The database's own.
    pub(crate) fn of(
        conn: &mut Conn,
        desk: &'a Desk,
        case: &CaseRecord,
        facts: CaseFacts,
    ) -> Result<Self, Error> {
        let persons = case_store::people(conn, &case.id)?
            .into_iter()
            .map(|person| PersonFact {
                care: person.care(),
                id: person.id.into(),
                name: person.name,
                role: person.role.0,
                address: person.address,
            })
            .collect();
        Ok(Self {
            desk,
            facts,
            situation: case.situation(),
            received_on: case.received_on,
            last_step_on: case.last_step_on,
            clocks: view::clocks_of(conn, desk, case)?,
            persons,
            papers: paper_store::facts(conn, &case.id)?,
            profile: cases::profile_of(desk, case),
            calendar: desk.names.calendar(&case.township_id),
            open_kinds: store::open_kinds(conn, &case.id)?,
        })
    }

    /// Lends it to the rules.
    pub(crate) fn scene(&self) -> Scene<'_> {
        Scene {
            today: self.desk.context.today(),
            actor: &self.desk.actor,
            case: &self.facts,
            situation: self.situation,
            received_on: self.received_on,
            last_step_on: self.last_step_on,
            clocks: &self.clocks,
            persons: &self.persons,
            papers: &self.papers,
            profile: &self.profile,
            calendar: &self.calendar,
            reminders: self.desk.names.general(&self.facts.township_id).reminders,
            open_kinds: &self.open_kinds,
            people: self,
        }
    }
}

impl Setting<'_> {
    fn is_accused(&self, unit: &UnitId) -> bool {
        self.facts
            .accused_unit_id
            .as_ref()
            .is_some_and(|accused| self.desk.names.is_accused(unit, accused))
    }
}

impl People for Setting<'_> {
    fn unit(&self, id: &UnitId) -> Option<UnitFact> {
        let unit = self.desk.known_unit(id)?;
        Some(UnitFact {
            name: unit.name.clone(),
            kind: unit.kind,
            accused: self.is_accused(id),
        })
    }

    fn user(&self, id: &UserId) -> Option<UserFact> {
        let member = self.desk.known_user(id)?;
        Some(UserFact {
            name: member.user.name.clone(),
            role: member.user.role,
            unit_id: member.user.unit_id.clone(),
            accused: self.facts.accused_user_id.as_ref() == Some(id)
                || self.is_accused(&member.user.unit_id),
        })
    }
}

/// Starts a matter.
///
/// # Errors
/// [`Error::Denied`], [`Error::Refused`], [`Error::Invalid`], the database's own.
pub(crate) fn open<T: Matter>(
    conn: &mut Conn,
    desk: &Desk,
    case_id: &CaseId,
    input: T::Input,
) -> Result<MatterView, Error> {
    let deed = T::KIND.opening();
    let taken = cases::take(conn, desk, case_id, Action::Matter(deed), None)?;
    let setting = Setting::of(conn, desk, &taken.case, taken.facts.clone())?;
    let scene = setting.scene();
    if let Some(why) = T::refuses_opening(&scene) {
        return Err(Wrong::Refused(why).into());
    }
    let (matter, done) = T::open(input, &scene)?;
    let now = desk.context.now.naive_utc();
    let mut record = MatterRecord {
        id: crate::ids::new_id(),
        case_id: taken.case.id.clone(),
        township_id: taken.case.township_id.clone(),
        kind: Coded(T::KIND),
        state: String::new(),
        state_label: String::new(),
        tone: Coded(Tone::Plain),
        title: String::new(),
        open: false,
        opened_on: done.on,
        due_on: NOTHING_DUE,
        due_what: None,
        right_on: NOTHING_DUE,
        right_what: None,
        unit_id: None,
        body: String::new(),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let right = matter.right(&scene);
    note_digest(&mut record, &matter, &matter.digest(&scene), right)?;
    store::insert(conn, &record)?;
    finish(conn, desk, taken, deed, done, (None, &record))
}

/// Takes a step with a matter that the caller read at `version`.
///
/// # Errors
/// [`Error::Denied`], [`Error::Stale`], [`Error::Refused`], [`Error::Invalid`], the database's own.
pub(crate) fn step<T: Matter>(
    conn: &mut Conn,
    desk: &Desk,
    case_id: &CaseId,
    id: &str,
    version: i64,
    deed: Deed,
    input: T::Input,
) -> Result<MatterView, Error> {
    let taken = cases::take(conn, desk, case_id, Action::ViewCase, None)?;
    let mut record = store::find(conn, &taken.case.id, id)?
        .filter(|record| record.kind.0 == T::KIND)
        .ok_or_else(Error::hidden)?;
    let mut matter: T = serde_json::from_str(&record.body)
        .map_err(|e| Error::Damaged(format!("case_matters.body {}: {e}", record.id)))?;
    let facts = facts_of(&record, matter.also_waiting());
    let action = Action::Matter(deed);
    desk.actor
        .decide(action, Facts::Matter(&taken.facts, &facts))?;
    if record.version != version {
        return Err(Error::Stale);
    }
    let setting = Setting::of(conn, desk, &taken.case, taken.facts.clone())?;
    let scene = setting.scene();
    if let Some(why) = matter.refuses(deed, &scene) {
        return Err(Wrong::Refused(why).into());
    }
    let done = matter.step(deed, input, &scene)?;
    let right = matter.right(&scene);
    let before = record.unit_id.clone();
    note_digest(&mut record, &matter, &matter.digest(&scene), right)?;
    save(conn, desk, &mut record)?;
    finish(conn, desk, taken, deed, done, (before, &record))
}

/// Writes into the row what lists look at.
fn note_digest(
    record: &mut MatterRecord,
    matter: &impl serde::Serialize,
    digest: &Digest,
    right: Option<Due>,
) -> Result<(), Error> {
    record.body = serde_json::to_string(matter).map_err(|e| Error::Damaged(e.to_string()))?;
    digest.state.clone_into(&mut record.state);
    digest.state_label.clone_into(&mut record.state_label);
    record.tone = Coded(digest.tone);
    record.title.clone_from(&digest.title);
    record.open = digest.open;
    record.due_on = digest.due.as_ref().map_or(NOTHING_DUE, |due| due.on);
    record.due_what = digest.due.as_ref().map(|due| due.what.clone());
    record.right_on = right.as_ref().map_or(NOTHING_DUE, |right| right.on);
    record.right_what = right.map(|right| right.what);
    record.unit_id = digest.unit_id.as_ref().map(|unit| unit.as_str().to_owned());
    Ok(())
}

fn save(conn: &mut Conn, desk: &Desk, record: &mut MatterRecord) -> Result<(), Error> {
    let version = record.version;
    record.version = version + 1;
    record.updated_at = desk.context.now.naive_utc();
    if store::save(conn, record, version)? {
        Ok(())
    } else {
        Err(Error::Stale)
    }
}

/// Appends what was done to the case, does to it what the deed does, tells the unit whose turn it is
/// now (`before` it was another's), and answers the matter.
fn finish(
    conn: &mut Conn,
    desk: &Desk,
    mut taken: Taken,
    deed: Deed,
    done: Done,
    (before, record): (Option<String>, &MatterRecord),
) -> Result<MatterView, Error> {
    let mark = Some(Mark {
        id: record.id.clone(),
        deed,
    });
    let step = Step {
        kind: EventKind::Matter,
        on: done.on,
        text: Some(done.text),
        data: shared::case::view::EventData {
            matter: mark.clone(),
            ..done.data
        },
    };
    taken.advance(conn, desk, step)?;
    for effect in done.effects {
        carry_out(conn, desk, &mut taken, effect, done.on, mark.as_ref())?;
    }
    let case = taken.keep(conn, desk, deed.label())?;
    let matter = (record.kind.0, record.id.as_str());
    if matches!(deed, Deed::EscalationInstruct | Deed::EscalationReturn) {
        crate::notify::given::answered(conn, desk, &case, record.unit_id.as_deref(), matter, deed)?;
    } else if record.open
        && before != record.unit_id
        && let Some(unit) = &record.unit_id
    {
        crate::notify::given::matter(conn, desk, &case, unit, matter, deed)?;
    }
    shown(conn, desk, case, &record.id)
}

/// Puts somebody else in the place of whom an open matter names.
///
/// # Errors
/// [`Error::Stale`], the database's own; a matter that cannot be read.
pub(in crate::case) fn hand_over(
    conn: &mut Conn,
    desk: &Desk,
    taken: &Taken,
    record: &mut MatterRecord,
    to: &Named,
) -> Result<(), Error> {
    let mut matter = record.matter()?;
    matter.name(to);
    let setting = Setting::of(conn, desk, &taken.case, taken.facts.clone())?;
    let scene = setting.scene();
    let right = matter.right(&scene);
    let digest = matter.digest(&scene);
    let body = matter.body().map_err(|e| Error::Damaged(e.to_string()))?;
    note_digest(record, &body, &digest, right)?;
    save(conn, desk, record)
}

/// Puts a unit in the place of one that was merged into it, in what an open matter still asks of it. The
/// desk's names are those of after the merger, by which it is told whose turn it is.
///
/// # Errors
/// [`Error::Stale`], the database's own; a matter that cannot be read.
pub(in crate::case) fn succeed(
    conn: &mut Conn,
    desk: &Desk,
    taken: &Taken,
    record: &mut MatterRecord,
    from: &UnitId,
    to: &Named,
) -> Result<(), Error> {
    let mut matter = record.matter()?;
    matter.succeed(from, to);
    let setting = Setting::of(conn, desk, &taken.case, taken.facts.clone())?;
    let scene = setting.scene();
    let right = matter.right(&scene);
    let digest = matter.digest(&scene);
    let body = matter.body().map_err(|e| Error::Damaged(e.to_string()))?;
    note_digest(record, &body, &digest, right)?;
    save(conn, desk, record)
}

/// Counts the dates of a case's open matters anew; how many have another one.
///
/// # Errors
/// [`Error::Stale`], the database's own; a matter that cannot be read.
pub(in crate::case) fn recount(conn: &mut Conn, desk: &Desk, taken: &Taken) -> Result<u32, Error> {
    let mut changed = 0_u32;
    for mut record in store::of_case(conn, &taken.case.id)? {
        if !record.open {
            continue;
        }
        let before = (record.due_on, record.right_on);
        let matter = record.matter()?;
        let setting = Setting::of(conn, desk, &taken.case, taken.facts.clone())?;
        let scene = setting.scene();
        let right = matter.right(&scene);
        let digest = matter.digest(&scene);
        let body = matter.body().map_err(|e| Error::Damaged(e.to_string()))?;
        note_digest(&mut record, &body, &digest, right)?;
        if (record.due_on, record.right_on) != before {
            save(conn, desk, &mut record)?;
            changed = changed.saturating_add(1);
        }
    }
    Ok(changed)
}

fn carry_out(
    conn: &mut Conn,
    desk: &Desk,
    taken: &mut Taken,
    effect: Effect,
    on: chrono::NaiveDate,
    mark: Option<&Mark>,
) -> Result<(), Error> {
    let now = desk.context.now.naive_utc();
    match effect {
        Effect::Refer(unit) => case_store::refer(conn, &taken.case.id, unit.as_str(), now)?,
        Effect::Mediation => taken.case.mediation = true,
        Effect::Offer(unit) => {
            case_store::refer(conn, &taken.case.id, unit.as_str(), now)?;
            taken.case.offered_unit_id = Some(unit.into_string());
        }
        Effect::OfferEnds => taken.case.offered_unit_id = None,
        Effect::HandUp(county) => taken.case.handed_up_to = Some(county.into_string()),
        Effect::HandedUpEnds => taken.case.handed_up_to = None,
        Effect::Lead(leader) if taken.case.lead_id.as_deref() == Some(leader.id.as_str()) => {}
        Effect::Lead(leader) => {
            taken.case.lead_id = Some(leader.id.clone());
            let step = Step {
                kind: EventKind::LeadSet,
                on,
                text: None,
                data: shared::case::view::EventData {
                    user: Some(leader),
                    matter: mark.cloned(),
                    ..shared::case::view::EventData::default()
                },
            };
            taken.advance(conn, desk, step)?;
        }
        Effect::Responsible(unit) => {
            case_store::refer(conn, &taken.case.id, unit.as_str(), now)?;
            taken.case.offered_unit_id = None;
            taken.case.responsible_unit_id = Some(unit.into_string());
            taken.case.responsible_user_id = None;
        }
        Effect::Event(kind, data, text) => {
            let step = Step {
                kind,
                on,
                text: Some(text),
                data: shared::case::view::EventData {
                    matter: mark.cloned(),
                    ..*data
                },
            };
            taken.advance(conn, desk, step)?;
        }
    }
    Ok(())
}

fn shown(conn: &mut Conn, desk: &Desk, case: CaseRecord, id: &str) -> Result<MatterView, Error> {
    let units = case_store::unit_ids(conn, &case.id)?;
    let facts = case.facts(units);
    // Whoever has sent a case on may have lost sight of it with that.
    let setting = Setting::of(conn, desk, &case, facts)?;
    let record = store::find(conn, &case.id, id)?.ok_or_else(Error::hidden)?;
    present(&setting, &record)
}

fn facts_of(record: &MatterRecord, also: Vec<UnitId>) -> MatterFacts {
    MatterFacts {
        unit_id: record.unit_id.as_deref().map(UnitId::from),
        also,
    }
}

/// A matter as the caller sees it.
fn present(setting: &Setting<'_>, record: &MatterRecord) -> Result<MatterView, Error> {
    let scene = setting.scene();
    let matter = record.matter()?;
    let digest = matter.digest(&scene);
    let facts = facts_of(record, matter.also_waiting());
    let steps = Deed::ALL
        .iter()
        .copied()
        .filter(|deed| deed.kind() == record.kind.0 && !deed.opens())
        .map(|deed| {
            let reason = denied(&scene, deed, Facts::Matter(scene.case, &facts))
                .or_else(|| matter.refuses(deed, &scene));
            let fields = if reason.is_none() {
                matter.fields(deed, &scene)
            } else {
                Vec::new()
            };
            step_view(deed, reason, fields)
        })
        .collect();
    let body = matter.body().map_err(|e| Error::Damaged(e.to_string()))?;
    Ok(MatterView {
        id: record.id.clone(),
        case_id: record.case_id.as_str().into(),
        kind: record.kind.0,
        title: digest.title,
        state: digest.state.to_owned(),
        state_label: digest.state_label.to_owned(),
        tone: digest.tone,
        open: digest.open,
        opened_on: record.opened_on,
        overdue: digest.open && digest.due.as_ref().is_some_and(|due| due.on < scene.today),
        due: matter
            .right(&scene)
            .into_iter()
            .chain(digest.due)
            .min_by_key(|due| due.on),
        unit: setting
            .desk
            .unit(digest.unit_id.as_ref().map(UnitId::as_str)),
        stages: digest.stages,
        lines: digest.lines,
        items: digest.items,
        steps,
        version: record.version,
        body,
    })
}

fn denied(scene: &Scene<'_>, deed: Deed, facts: Facts<'_>) -> Option<String> {
    can(scene.actor, Action::Matter(deed), facts)
        .err()
        .map(|denied| denied.to_string())
}

fn step_view(
    deed: Deed,
    reason: Option<String>,
    fields: Vec<shared::case::matter::Field>,
) -> StepView {
    StepView {
        deed,
        kind: deed.kind(),
        label: deed.label().to_owned(),
        help: Any::help(deed).to_owned(),
        allowed: reason.is_none(),
        reason,
        fields,
    }
}

/// The matters of a case and what can be started, of one kind or of all; with the case's number and
/// seal, for the trace of the look.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(crate) fn of_case(
    conn: &mut Conn,
    desk: &Desk,
    id: &CaseId,
    kind: Option<MatterKind>,
) -> Result<(Matters, String, Series), Error> {
    let (case, facts) = cases::find(conn, desk, id, Action::ViewCase)?;
    let setting = Setting::of(conn, desk, &case, facts)?;
    let scene = setting.scene();
    let wanted = |of: MatterKind| kind.is_none_or(|kind| kind == of);
    let mut items = Vec::new();
    for record in store::of_case(conn, &case.id)? {
        if wanted(record.kind.0) {
            items.push(present(&setting, &record)?);
        }
    }
    items.sort_by_key(|matter| !matter.open);
    let openings = Any::KINDS
        .iter()
        .copied()
        .filter(|kind| wanted(*kind))
        // Of one township alone nothing says a word of counties; nor is there one above a county.
        .filter(|kind| *kind != MatterKind::Escalation || desk.actor.county().is_some())
        .map(|kind| {
            let deed = kind.opening();
            let reason = denied(&scene, deed, Facts::Case(scene.case))
                .or_else(|| Any::refuses_opening(kind, &scene));
            let fields = if reason.is_none() {
                Any::opening_fields(kind, &scene)
            } else {
                Vec::new()
            };
            step_view(deed, reason, fields)
        })
        .collect();
    Ok((Matters { items, openings }, case.number, case.seal.0))
}

/// One matter of a case; with the case's number and seal, for the trace of the look.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(crate) fn show(
    conn: &mut Conn,
    desk: &Desk,
    case_id: &CaseId,
    kind: MatterKind,
    id: &str,
) -> Result<(MatterView, String, Series), Error> {
    let (case, facts) = cases::find(conn, desk, case_id, Action::ViewCase)?;
    let record = store::find(conn, &case.id, id)?
        .filter(|record| record.kind.0 == kind)
        .ok_or_else(Error::hidden)?;
    let setting = Setting::of(conn, desk, &case, facts)?;
    Ok((present(&setting, &record)?, case.number, case.seal.0))
}

/// Why a case's step may not be taken while its matters stand as they do.
pub(in crate::case) fn blocked(
    conn: &mut Conn,
    case_id: &str,
    action: CaseAction,
) -> Result<Option<String>, Error> {
    let why: fn(&Any) -> Option<String> = match action {
        CaseAction::Close => Any::blocks_closing,
        CaseAction::ClearBacklog => Any::blocks_clearing,
        _ => return Ok(None),
    };
    for record in store::of_case(conn, case_id)? {
        if let Some(why) = why(&record.matter()?) {
            return Ok(Some(why));
        }
    }
    Ok(None)
}

/// Ends the matters that end with their case.
pub(in crate::case) fn end_with_case(
    conn: &mut Conn,
    desk: &Desk,
    taken: &Taken,
    on: chrono::NaiveDate,
) -> Result<(), Error> {
    let mut ended = Vec::new();
    for record in store::of_case(conn, &taken.case.id)? {
        let mut matter = record.matter()?;
        if matter.end_with_case(on) {
            ended.push((record, matter));
        }
    }
    if ended.is_empty() {
        return Ok(());
    }
    let setting = Setting::of(conn, desk, &taken.case, taken.facts.clone())?;
    for (mut record, matter) in ended {
        let body = matter.body().map_err(|e| Error::Damaged(e.to_string()))?;
        let scene = setting.scene();
        let right = matter.right(&scene);
        note_digest(&mut record, &body, &matter.digest(&scene), right)?;
        save(conn, desk, &mut record)?;
    }
    Ok(())
}

/// Whether the actor's role takes part in the ledger at all.
pub(super) fn may_list(desk: &Desk) -> Result<(), Error> {
    Ok(can(&desk.actor, Action::ListCases, access::Facts::None)?)
}
