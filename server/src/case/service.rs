//! What can be done with a case. Each function runs inside one transaction: load, decide, apply,
//! write the case, its event, the search index and the audit log together.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::Connection;
use shared::access::{self, Action, CaseFacts, Facts, can};
use shared::audit::AuditAction;
use shared::case::action::{ActionInput, Availability, CaseAction, Ground, availability};
use shared::case::deadline::{Clock, Entry, LawProfile, clocks, next_due};
use shared::case::input::{
    CasePatch, NewCase, NewPerson, Patched, RevealRequest, check_roles, filled,
};
use shared::case::number::Series;
use shared::case::state::{self, EventKind, Refused, State};
use shared::case::view::{
    CaseView, EventData, EventView, FieldKind, FieldMark, Named, PersonView, Revealed,
};
use shared::case::{COLLECTIVE_FROM, Outcome, PersonRole, Procedure, Purpose, Severity};
use shared::identity::{IdNumber, Phone};
use shared::ids::{CaseId, PersonId, PhotoId, SubcategoryCode, UnitId, UserId};
use shared::org::UnitKind;
use shared::receipt::Provisional;
use shared::role::Role;
use shared::satisfaction::RatingMark;
use shared::term::Term;
use shared::validate::Errors;

use super::coded::Coded;
use super::desk::Desk;
use super::store::{self, CaseRecord, EventRecord, NOTHING_DUE, PersonRecord};
use super::{Error, matter, view};
use crate::audit;
use crate::context::RequestContext;
use crate::db::Conn;
use crate::directory::Snapshot;
use crate::keys::Place;
use crate::receipt::{self, store::ReceiptRecord};

/// A case taken up for a change: the row, what decisions look at, what has happened.
pub(super) struct Taken {
    pub(super) case: CaseRecord,
    pub(super) facts: CaseFacts,
    events: Vec<EventRecord>,
    version: i64,
}

/// One thing that happened.
pub(super) struct Step {
    pub(super) kind: EventKind,
    pub(super) on: NaiveDate,
    pub(super) text: Option<String>,
    pub(super) data: EventData,
}

/// Finds a case that the actor may see and do `action` with.
pub(crate) fn find(
    conn: &mut Conn,
    desk: &Desk,
    id: &CaseId,
    action: Action,
) -> Result<(CaseRecord, CaseFacts), Error> {
    let case = store::find(conn, id.as_str())?.ok_or_else(Error::hidden)?;
    let units = store::unit_ids(conn, &case.id)?;
    let facts = case.facts(units);
    desk.actor.decide(action, Facts::Case(&facts))?;
    Ok((case, facts))
}

pub(super) fn take(
    conn: &mut Conn,
    desk: &Desk,
    id: &CaseId,
    action: Action,
    version: Option<i64>,
) -> Result<Taken, Error> {
    store::lock(conn, id.as_str())?;
    let (case, facts) = find(conn, desk, id, action)?;
    if version.is_some_and(|version| version != case.version) {
        return Err(Error::Stale);
    }
    let events = store::events(conn, &case.id)?;
    let version = case.version;
    Ok(Taken {
        case,
        facts,
        events,
        version,
    })
}

/// Takes a case for what is decided elsewhere, whoever may see it: handing work over.
pub(super) fn take_for_all(conn: &mut Conn, id: &str) -> Result<Taken, Error> {
    store::lock(conn, id)?;
    let case = store::find(conn, id)?.ok_or_else(Error::hidden)?;
    let units = store::unit_ids(conn, &case.id)?;
    let facts = case.facts(units);
    let events = store::events(conn, &case.id)?;
    let version = case.version;
    Ok(Taken {
        case,
        facts,
        events,
        version,
    })
}

impl Taken {
    /// Appends an event, after which the case stands at `next`.
    fn happen(
        &mut self,
        conn: &mut Conn,
        desk: &Desk,
        step: Step,
        next: State,
    ) -> Result<(), Error> {
        self.case.state = Coded(next);
        let event = event_record(desk, &self.case.id, self.events.len(), step, next)?;
        store::insert_event(conn, &event)?;
        self.events.push(event);
        Ok(())
    }

    /// Appends an event that the transition table has to allow.
    fn note(&mut self, conn: &mut Conn, desk: &Desk, step: Step) -> Result<(), Error> {
        let next = state::after(Some(self.case.state.0), step.kind, &self.case.situation())?;
        self.happen(conn, desk, step, next)
    }

    /// Appends an event that the transition table has to allow, with all that it brings about.
    pub(super) fn advance(
        &mut self,
        conn: &mut Conn,
        desk: &Desk,
        step: Step,
    ) -> Result<(), Error> {
        let next = state::after(Some(self.case.state.0), step.kind, &self.case.situation())?;
        self.arrive(conn, desk, step, next)
    }

    /// Appends an event and brings the case to `next`: what the transition table looks at, the day
    /// of the last step, and what ends with a case that ends.
    fn arrive(
        &mut self,
        conn: &mut Conn,
        desk: &Desk,
        step: Step,
        next: State,
    ) -> Result<(), Error> {
        let on = step.on;
        let after = self.case.situation().then(step.kind);
        self.case.accepted_before = after.accepted_before;
        self.case.extended = after.extended;
        self.case.backlog = after.backlog;
        self.case.reviewed = after.reviewed;
        self.case.final_answered = after.final_answered;
        // Another answer is another question to the petitioner.
        if matches!(
            step.kind,
            EventKind::Answered
                | EventKind::ReviewAnswered
                | EventKind::ReviewRevoked
                | EventKind::Reopened
        ) {
            self.case.heard = None;
        }
        if let Some(opinion) = step.data.opinion {
            self.case.heard = Some(Coded(opinion));
        }
        let moved = self.case.state.0 != next;
        if moved {
            self.case.last_step_on = on;
        }
        if moved && next == State::Closed {
            self.case.outcome = step.data.outcome.map(Coded);
            self.case.closed_on = Some(on);
            self.case.offered_unit_id = None;
        }
        if step.kind == EventKind::Reopened {
            self.case.outcome = None;
            self.case.closed_on = None;
            self.case.lawful_path = None;
            self.succeed(conn, desk)?;
        }
        self.happen(conn, desk, step, next)?;
        if moved && next == State::Closed {
            matter::service::end_with_case(conn, desk, self, on)?;
            self.lapse_key_persons(conn, desk)?;
        }
        Ok(())
    }

    /// Where the unit that answered for a case was merged into another meanwhile, that one does from now
    /// on, unless it is accused by it.
    fn succeed(&mut self, conn: &mut Conn, desk: &Desk) -> Result<(), Error> {
        let Some(unit) = self.case.responsible_unit_id.as_deref().map(UnitId::from) else {
            return Ok(());
        };
        let now = desk.names.unit_now(&unit);
        if now == unit {
            return Ok(());
        }
        self.case.responsible_unit_id = Some(now.as_str().to_owned());
        if self.case.seal.0 != Series::Open {
            relieve_accused(&desk.names, &mut self.case);
        }
        if let Some(unit) = self.case.responsible_unit_id.clone() {
            store::refer(conn, &self.case.id, &unit, desk.context.now.naive_utc())?;
        }
        Ok(())
    }

    /// Attention to a person ends with the case (design section 1).
    fn lapse_key_persons(&mut self, conn: &mut Conn, desk: &Desk) -> Result<(), Error> {
        if store::lapse_key_persons(conn, &self.case.id)? == 0 {
            return Ok(());
        }
        let lapse = Step {
            kind: EventKind::PersonChanged,
            on: desk.context.today(),
            text: Some("事项办结，重点人员随之失效".to_owned()),
            data: EventData::default(),
        };
        self.happen(conn, desk, lapse, self.case.state.0)?;
        self.reindex(conn, desk)
    }

    /// Writes the case with its clocks recomputed, and the audit log; answers what people see.
    fn save(self, conn: &mut Conn, desk: &Desk, detail: &str) -> Result<CaseView, Error> {
        let case = self.keep(conn, desk, detail)?;
        view::whole(conn, desk, case)
    }

    /// Writes the case with its clocks recomputed, and the audit log.
    pub(super) fn keep(
        mut self,
        conn: &mut Conn,
        desk: &Desk,
        detail: &str,
    ) -> Result<CaseRecord, Error> {
        let profile = profile_of(desk, &self.case);
        self.case.due_on = due_on(desk, &self.case, &self.events, &profile);
        self.case.version = self.version + 1;
        self.case.updated_at = desk.context.now.naive_utc();
        if !store::save(conn, &self.case, self.version)? {
            return Err(Error::Stale);
        }
        log(conn, desk, AuditAction::CaseWrite, &self.case, detail)?;
        Ok(self.case)
    }

    fn reindex(&self, conn: &mut Conn, desk: &Desk) -> Result<(), Error> {
        let people = store::people(conn, &self.case.id)?;
        let names: Vec<&str> = people.iter().map(|person| person.name.as_str()).collect();
        store::index(
            conn,
            self.case.docid,
            terms(desk, &self.case, &names),
            false,
        )?;
        Ok(())
    }
}

/// Notes in the audit log what was done with a case.
pub(super) fn log(
    conn: &mut Conn,
    desk: &Desk,
    action: AuditAction,
    case: &CaseRecord,
    detail: &str,
) -> Result<(), Error> {
    let sealed = case.seal.0 != Series::Open;
    let entry = audit::Entry::new(action, format!("{}：{detail}", case.number)).of_case(
        case.id.clone(),
        sealed,
        case.seal.0 == Series::RegistrarOnly,
    );
    audit::append(conn, &desk.context, &desk.actor, entry)?;
    Ok(())
}

fn event_record(
    desk: &Desk,
    case_id: &str,
    seq: usize,
    step: Step,
    state: State,
) -> Result<EventRecord, Error> {
    Ok(EventRecord {
        id: crate::ids::new_id(),
        case_id: case_id.to_owned(),
        seq: i32::try_from(seq).map_err(|e| Error::Damaged(e.to_string()))?,
        kind: Coded(step.kind),
        on_day: step.on,
        at: desk.context.now.naive_utc(),
        actor_id: desk.actor.user_id.as_str().to_owned(),
        actor_name: desk.actor.signature().into_owned(),
        actor_unit: desk.names.unit_name(&desk.actor.unit_id).to_owned(),
        state: Coded(state),
        text: step.text,
        data: serde_json::to_string(&step.data).map_err(|e| Error::Damaged(e.to_string()))?,
    })
}

/// The limits that the case was received under.
pub(super) fn profile_of(desk: &Desk, case: &CaseRecord) -> LawProfile {
    desk.names
        .law_profile(&case.law_profile_id)
        .cloned()
        .unwrap_or_else(LawProfile::default_profile)
}

fn due_on(
    desk: &Desk,
    case: &CaseRecord,
    events: &[EventRecord],
    profile: &LawProfile,
) -> NaiveDate {
    let entries: Vec<Entry> = events.iter().map(EventRecord::entry).collect();
    let clocks = clocks(&entries, profile, &desk.names.calendar(&case.township_id));
    next_due(&clocks).map_or(NOTHING_DUE, |clock| clock.due)
}

/// Counts the clocks of the open cases of the desk's township, or of all those below the county, and the
/// dates of their matters, anew: by other working days. A case with another date gets an event that says
/// why (`what`). Answers how many have one, without sealed accusations.
///
/// # Errors
/// As with every step of a case.
pub(crate) fn recount_clocks(conn: &mut Conn, desk: &Desk, what: &str) -> Result<u32, Error> {
    let mut changed = 0_u32;
    let townships: Vec<&str> = desk
        .names
        .units()
        .iter()
        .filter(|unit| unit.kind == UnitKind::Township)
        .filter(|unit| desk.names.is_within(&unit.id, &desk.actor.township_id))
        .map(|unit| unit.id.as_str())
        .collect();
    for id in store::open_ids(conn, &townships)? {
        let mut taken = take_for_all(conn, &id)?;
        let matters = matter::service::recount(conn, desk, &taken)?;
        let before = taken.case.due_on;
        let profile = profile_of(desk, &taken.case);
        let after = due_on(desk, &taken.case, &taken.events, &profile);
        if before == after && matters == 0 {
            continue;
        }
        let mut words = format!("工作日更正：{what}");
        if before != after {
            let told = |day: NaiveDate| {
                if day == NOTHING_DUE {
                    "无".to_owned()
                } else {
                    day.to_string()
                }
            };
            words.push_str(&format!("，下一期限由{}改为{}", told(before), told(after)));
        }
        if matters > 0 {
            words.push_str(&format!("，{matters}个专项的期限随之变化"));
        }
        let step = Step {
            kind: EventKind::Noted,
            on: desk.context.today(),
            text: Some(words),
            data: EventData::default(),
        };
        taken.note(conn, desk, step)?;
        let sealed = taken.case.seal.0 != Series::Open;
        taken.keep(conn, desk, "工作日更正")?;
        if !sealed {
            changed = changed.saturating_add(1);
        }
    }
    Ok(changed)
}

/// The index terms of a case.
fn terms(desk: &Desk, case: &CaseRecord, names: &[&str]) -> String {
    let number = shared::search::index_terms(&case.number);
    format!("{number} {}", terms_beside_number(desk, case, names))
}

/// The index terms of all of a case but its number.
fn terms_beside_number(desk: &Desk, case: &CaseRecord, names: &[&str]) -> String {
    let village = case.village_id.as_deref().map(UnitId::from);
    let village = village.as_ref().map(|id| desk.names.unit_name(id));
    terms_of(case, village, names)
}

fn terms_of(case: &CaseRecord, village: Option<&str>, names: &[&str]) -> String {
    let mut text = vec![case.cause.as_str()];
    text.extend(
        [
            &case.demand,
            &case.place,
            &case.unit_concerned,
            &case.development,
            &case.handling,
        ]
        .into_iter()
        .filter_map(Option::as_deref),
    );
    text.extend(village);
    text.extend(names);
    shared::search::index_terms(&text.join("\n"))
}

/// How many cases are indexed together.
const INDEXED_TOGETHER: i64 = 500;

/// Makes the search index anew from the cases: it is the one thing that a database does not give away.
///
/// # Errors
/// The database's own.
pub(crate) fn rebuild_index(conn: &mut Conn) -> diesel::result::QueryResult<()> {
    let villages: std::collections::HashMap<String, String> = crate::org::store::all(conn)?
        .into_iter()
        .map(|unit| (unit.id.as_str().to_owned(), unit.name))
        .collect();
    store::clear_index(conn)?;
    let mut after = i64::MIN;
    loop {
        let cases = store::by_docid(conn, after, INDEXED_TOGETHER)?;
        let Some(last) = cases.last() else {
            return Ok(());
        };
        after = last.docid;
        for case in &cases {
            let people = store::people(conn, &case.id)?;
            let names: Vec<&str> = people.iter().map(|person| person.name.as_str()).collect();
            let village = case.village_id.as_ref().and_then(|id| villages.get(id));
            let number = shared::search::index_terms(&case.number);
            let terms = terms_of(case, village.map(String::as_str), &names);
            store::insert_terms(conn, case.docid, &format!("{number} {terms}"))?;
        }
    }
}

fn owned(text: Option<&str>) -> Option<String> {
    filled(text).map(str::to_owned)
}

/// A case to be entered, and what a ledger says beside it.
pub(crate) struct Entering<'a> {
    /// The case.
    pub(crate) input: &'a NewCase,
    /// How it was entered.
    pub(crate) kind: EventKind,
    /// The words of the first event.
    pub(crate) text: Option<String>,
    /// The unit that answers for it.
    pub(crate) responsible_unit_id: Option<String>,
    /// The leader who took it.
    pub(crate) lead_id: Option<String>,
    /// When and how it ended, if it has.
    pub(crate) closed: Option<(NaiveDate, Outcome)>,
    /// The record of the work in the field that found it.
    pub(crate) field: Option<FieldMark>,
}

/// Registers a case.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(crate) fn register(conn: &mut Conn, desk: &Desk, input: &NewCase) -> Result<CaseView, Error> {
    Registration::prepare(desk, input)?
        .write(conn, desk)?
        .view(desk)
}

/// Registers a case that a report has found; `text` says where. Answers its id and number.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(crate) fn register_found(
    conn: &mut Conn,
    desk: &Desk,
    input: &NewCase,
    report: FieldMark,
    text: String,
) -> Result<Named, Error> {
    can(&desk.actor, Action::RegisterCase(input.kind), Facts::None)?;
    let errors = check_new(desk, input);
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let entering = Entering {
        input,
        kind: EventKind::Registered,
        text: Some(text),
        responsible_unit_id: None,
        lead_id: None,
        closed: None,
        field: Some(report),
    };
    let entered = Draft::new(desk, &entering)?.enter(conn, desk)?;
    log(
        conn,
        desk,
        AuditAction::CaseWrite,
        &entered.case,
        "登记（排查报告）",
    )?;
    Ok(Named {
        id: entered.case.id,
        name: entered.case.number,
    })
}

/// Notes in a case's timeline what a report has found of it. Answers its id and number. Not of an
/// accusation: who reads the report would learn of it (条例第三十条).
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], [`Error::Refused`], the database's own.
pub(crate) fn note_report(
    conn: &mut Conn,
    desk: &Desk,
    id: &CaseId,
    report: FieldMark,
    text: String,
) -> Result<Named, Error> {
    let mut taken = take(conn, desk, id, Action::Case(CaseAction::Note), None)?;
    if taken.case.seal.0 != Series::Open {
        let mut errors = Errors::new();
        errors.add(
            "case_id",
            "sealed",
            "检举控告件不与排查报告关联（《信访工作条例》第三十条）。",
        );
        return Err(errors.into());
    }
    let step = Step {
        kind: EventKind::Noted,
        on: desk.context.today(),
        text: Some(text),
        data: EventData {
            field: Some(report),
            ..EventData::default()
        },
    };
    taken.note(conn, desk, step)?;
    let case = taken.keep(conn, desk, "并入排查报告中的情况")?;
    Ok(Named {
        id: case.id,
        name: case.number,
    })
}

/// A case that may be registered, as far as can be told without the database. The one writer has
/// enough to do: checks, encryption, index terms and JSON are done before, the answer after it.
#[derive(Clone)]
pub(crate) struct Registration {
    /// What is wrong with it.
    errors: Errors,
    /// The case that it repeats.
    repeats: Option<Repeats>,
    /// None where something is wrong.
    draft: Option<Draft>,
    /// To become files of the case.
    photos: Vec<PhotoId>,
    /// What the phone gave out for it, and when, by its clock.
    provisional: Option<(Provisional, Option<DateTime<Utc>>)>,
}

impl Registration {
    /// Decides, checks, and makes what can be made.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub(crate) fn prepare(desk: &Desk, input: &NewCase) -> Result<Self, Error> {
        can(&desk.actor, Action::RegisterCase(input.kind), Facts::None)?;
        let errors = check_new(desk, input);
        let entering = Entering {
            input,
            kind: EventKind::Registered,
            text: None,
            responsible_unit_id: None,
            lead_id: None,
            closed: None,
            field: None,
        };
        Ok(Self {
            draft: errors
                .is_empty()
                .then(|| Draft::new(desk, &entering))
                .transpose()?,
            errors,
            repeats: Repeats::of(desk, input),
            photos: input.photos.clone(),
            provisional: filled(input.provisional_number.as_deref())
                .and_then(|number| Provisional::read(number).ok())
                .map(|number| (number, input.recorded_at)),
        })
    }

    /// Writes it, with the audit log.
    ///
    /// # Errors
    /// [`Error::Invalid`], the database's own.
    pub(crate) fn write(self, conn: &mut Conn, desk: &Desk) -> Result<Registered, Error> {
        let mut errors = self.errors;
        if let Some(repeats) = &self.repeats {
            check_earlier(conn, desk, &mut errors, &repeats.earlier, repeats.sealing());
        }
        let Some(draft) = self.draft.filter(|_| errors.is_empty()) else {
            return Err(errors.into());
        };
        let mut entered = draft.enter(conn, desk)?;
        let provisional_number = match self.provisional {
            Some((number, recorded_at)) => {
                keep_receipt(conn, desk, &entered.case, &number, recorded_at)?;
                Some(number.as_str().to_owned())
            }
            None => None,
        };
        if !self.photos.is_empty() {
            super::attach::photos(conn, desk, &entered.case.id, &self.photos)?;
            let step = Step {
                kind: EventKind::AttachmentChanged,
                on: desk.context.today(),
                text: Some(format!("登记时附照片{}张", self.photos.len())),
                data: EventData::default(),
            };
            entered.note(conn, desk, step)?;
        }
        log(conn, desk, AuditAction::CaseWrite, &entered.case, "登记")?;
        let earlier = view::earlier(conn, desk, &entered.case)?;
        let repeats_final = store::repeats_final(conn, &entered.case)?;
        Ok(Registered {
            entered,
            earlier,
            repeats_final,
            provisional_number,
        })
    }
}

/// Keeps which case a provisional receipt became.
fn keep_receipt(
    conn: &mut Conn,
    desk: &Desk,
    case: &CaseRecord,
    number: &Provisional,
    recorded_at: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    let receipt = ReceiptRecord {
        number: number.as_str().to_owned(),
        case_id: case.id.clone(),
        author_id: desk.actor.user_id.as_str().to_owned(),
        recorded_at: recorded_at.map(|at| at.naive_utc()),
        at: desk.context.now.naive_utc(),
    };
    if receipt::store::insert(conn, &receipt)? {
        return Ok(());
    }
    let mut errors = Errors::new();
    let message = format!("临时回执{number}已用于另一件事项，请核对是不是已经登记过。");
    errors.add("provisional_number", "duplicate", message);
    Err(errors.into())
}

/// The case that a new one repeats, and from whom the new one is sealed.
#[derive(Clone)]
struct Repeats {
    earlier: CaseId,
    seal: Series,
    unit: Option<UnitId>,
    user: Option<UserId>,
}

impl Repeats {
    fn of(desk: &Desk, input: &NewCase) -> Option<Self> {
        Some(Self {
            earlier: input.earlier_case_id.clone()?,
            seal: seal_of_new(desk, input),
            unit: input.accused_unit_id.clone(),
            user: input.accused_user_id.clone(),
        })
    }

    fn sealing(&self) -> Sealing<'_> {
        Sealing {
            seal: self.seal,
            unit: self.unit.as_ref().map(UnitId::as_str),
            user: self.user.as_ref().map(UserId::as_str),
        }
    }
}

/// A case that was just registered.
pub(crate) struct Registered {
    entered: Entered,
    earlier: Option<Named>,
    repeats_final: bool,
    provisional_number: Option<String>,
}

impl Registered {
    /// The case, whole.
    ///
    /// # Errors
    /// [`Error::Damaged`].
    pub(crate) fn view(self, desk: &Desk) -> Result<CaseView, Error> {
        let Entered {
            case,
            events,
            people,
        } = self.entered;
        view::fresh(
            desk,
            case,
            &events,
            people,
            self.earlier,
            self.repeats_final,
            self.provisional_number,
        )
    }
}

/// A case that was just written, with all that was written.
pub(crate) struct Entered {
    pub(crate) case: CaseRecord,
    events: Vec<EventRecord>,
    people: Vec<PersonRecord>,
}

impl Entered {
    /// Appends an event that leaves the case where it stands.
    fn note(&mut self, conn: &mut Conn, desk: &Desk, step: Step) -> Result<(), Error> {
        let state = self.case.state.0;
        let event = event_record(desk, &self.case.id, self.events.len(), step, state)?;
        store::insert_event(conn, &event)?;
        self.events.push(event);
        Ok(())
    }
}

/// What is wrong with a new case, but for the earlier case that it names.
fn check_new(desk: &Desk, input: &NewCase) -> Errors {
    let mut errors = input.check(desk.context.today());
    // What the program comes with was looked at already.
    if errors.is_empty() {
        let (category, code) = (input.category, input.subcategory.as_ref());
        desk.check_subcategory(&mut errors, category, code, None);
    }
    desk.check_place(
        &mut errors,
        input.village_id.as_ref(),
        input.group_id.as_ref(),
    );
    desk.check_accused(
        &mut errors,
        input.accused_unit_id.as_ref(),
        input.accused_user_id.as_ref(),
    );
    if let Some(id) = &input.first_receiver_id
        && desk.known_user(id).is_none()
    {
        errors.add(
            "first_receiver_id",
            "unknown",
            "没有这名工作人员，请从列表中选择。",
        );
    }
    let bound = matches!(
        desk.actor.role,
        Role::VillageSecretary | Role::GroupInformant
    );
    if bound && input.village_id.is_none() {
        errors.add("village_id", "required", "请选择本村。");
    }
    if desk.actor.user().service {
        check_program(desk, &mut errors, input);
    }
    errors
}

/// Notes what a program cannot register: a case that nobody first received, and an accusation that its
/// registrar alone may see.
fn check_program(desk: &Desk, errors: &mut Errors, input: &NewCase) {
    if input.first_receiver_id.is_none() {
        let message = "请写明首问责任人：程序账号不办理工作。";
        errors.add("first_receiver_id", "required", message);
    }
    let (unit, user) = (
        input.accused_unit_id.as_ref(),
        input.accused_user_id.as_ref(),
    );
    let accuses = input.purpose == Purpose::Accusation;
    if accuses && desk.seal_of(unit, user) == Series::RegistrarOnly {
        let message = "反映镇领导或者镇综治办的检举控告只有登记人能看到，程序账号不能登记，请由工作人员登记。";
        errors.add("purpose", "program", message);
    }
}

/// From whom a case is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sealing<'a> {
    seal: Series,
    unit: Option<&'a str>,
    user: Option<&'a str>,
}

impl<'a> Sealing<'a> {
    fn of(case: &'a CaseRecord) -> Self {
        Self {
            seal: case.seal.0,
            unit: case.accused_unit_id.as_deref(),
            user: case.accused_user_id.as_deref(),
        }
    }
}

/// Notes what is wrong with the earlier case that one repeats, sealed as that is; answers the
/// earlier case. That a case repeats something is there for all to see who see the case, so a
/// sealed one stays unmentioned in any that is not sealed from the same people.
fn check_earlier(
    conn: &mut Conn,
    desk: &Desk,
    errors: &mut Errors,
    earlier: &CaseId,
    sealing: Sealing<'_>,
) -> Option<CaseRecord> {
    let Ok((earlier, _)) = find(conn, desk, earlier, Action::ViewCase) else {
        errors.add(
            "earlier_case_id",
            "unknown",
            "没有找到前一件事项，或者您无权查看。",
        );
        return None;
    };
    if earlier.seal.0 != Series::Open && Sealing::of(&earlier) != sealing {
        errors.add(
            "earlier_case_id",
            "sealed",
            "前一件是检举控告，关联后看得到本件的人会知道它（《信访工作条例》第三十条），不能关联。",
        );
    }
    Some(earlier)
}

fn seal_of_new(desk: &Desk, input: &NewCase) -> Series {
    if input.purpose == Purpose::Accusation {
        desk.seal_of(
            input.accused_unit_id.as_ref(),
            input.accused_user_id.as_ref(),
        )
    } else {
        Series::Open
    }
}

/// A checked case, ready to be written but for its number and its key into the search index.
#[derive(Clone)]
pub(crate) struct Draft {
    case: CaseRecord,
    events: Vec<EventRecord>,
    people: Vec<PersonRecord>,
    /// The index terms of all but the number.
    terms: String,
    /// Of the day it was received on; its number counts within it.
    year: i32,
}

impl Draft {
    /// Makes row, first events, people (encrypted) and index terms of a checked case.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Refused`].
    pub(crate) fn new(desk: &Desk, entering: &Entering<'_>) -> Result<Self, Error> {
        let input = entering.input;
        let profiles = desk.names.law_profiles(&desk.actor.township_id);
        let profile = LawProfile::for_case(profiles, input.received_on);
        let mut case = new_record(desk, entering, &profile);
        let events = first_events(desk, &mut case, entering)?;
        case.due_on = due_on(desk, &case, &events, &profile);
        let mut people = Vec::with_capacity(input.people.len());
        for (position, person) in input.people.iter().enumerate() {
            people.push(person_record(desk, &case.id, position, person, None)?);
        }
        let names: Vec<&str> = people.iter().map(|person| person.name.as_str()).collect();
        Ok(Self {
            terms: terms_beside_number(desk, &case, &names),
            year: chrono::Datelike::year(&input.received_on),
            case,
            events,
            people,
        })
    }

    /// Writes it: number, row, people, first events, search index. No audit entry.
    ///
    /// # Errors
    /// The database's own.
    pub(crate) fn enter(self, conn: &mut Conn, desk: &Desk) -> Result<Entered, Error> {
        let Self {
            mut case,
            events,
            people,
            terms,
            year,
        } = self;
        let township = desk.township_short_name();
        let (number, number_key) =
            store::next_number(conn, &case.township_id, &township, case.seal.0, year)?;
        case.number = number.to_string();
        case.number_key = number_key;
        case.docid = store::next_docid(conn)?;
        store::insert(conn, &case)?;
        for event in &events {
            store::insert_event(conn, event)?;
        }
        for person in &people {
            store::insert_person(conn, person)?;
        }
        if let Some(unit) = &case.responsible_unit_id {
            store::refer_new(conn, &case.id, unit, case.updated_at)?;
        }
        let number = shared::search::index_terms(&case.number);
        store::index(conn, case.docid, format!("{number} {terms}"), true)?;
        Ok(Entered {
            case,
            events,
            people,
        })
    }
}

/// The first events of a case, after which it stands in another state.
fn first_events(
    desk: &Desk,
    case: &mut CaseRecord,
    entering: &Entering<'_>,
) -> Result<Vec<EventRecord>, Error> {
    let steps = first_steps(entering);
    let mut events = Vec::with_capacity(steps.len());
    for step in steps {
        let at = if events.is_empty() {
            None
        } else {
            Some(case.state.0)
        };
        // An imported case that ended did so outside this program: it is closed as it stands.
        let next = match step.kind {
            EventKind::Closed => State::Closed,
            kind => state::after(at, kind, &case.situation())?,
        };
        case.state = Coded(next);
        events.push(event_record(desk, &case.id, events.len(), step, next)?);
    }
    Ok(events)
}

fn first_steps(entering: &Entering<'_>) -> Vec<Step> {
    let input = entering.input;
    let mut steps = vec![Step {
        kind: entering.kind,
        on: input.received_on,
        text: entering.text.clone(),
        data: EventData {
            procedure: Some(input.procedure.unwrap_or(Procedure::Ordinary)),
            earlier_case_id: input.earlier_case_id.clone(),
            recorded_at: input.recorded_at,
            field: entering.field.clone(),
            ..EventData::default()
        },
    }];
    if let Some((on, outcome)) = entering.closed {
        steps.push(Step {
            kind: EventKind::Closed,
            on,
            text: owned(input.handling.as_deref()),
            data: EventData {
                outcome: Some(outcome),
                ..EventData::default()
            },
        });
    }
    steps
}

/// The row of a new case, without its number.
fn new_record(desk: &Desk, entering: &Entering<'_>, profile: &LawProfile) -> CaseRecord {
    let input = entering.input;
    let seal = seal_of_new(desk, input);
    let now = desk.context.now.naive_utc();
    let id = |id: &Option<UnitId>| id.as_ref().map(|id| id.as_str().to_owned());
    CaseRecord {
        id: crate::ids::new_id(),
        docid: 0,
        township_id: desk.actor.township_id.as_str().to_owned(),
        number: String::new(),
        number_key: String::new(),
        kind: Coded(input.kind),
        state: Coded(State::Registered),
        channel: Coded(input.channel),
        purpose: Coded(input.purpose),
        category: Coded(input.category),
        subcategory: input
            .subcategory
            .as_ref()
            .map(|code| code.as_str().to_owned()),
        severity: Coded(input.severity.unwrap_or(Severity::Ordinary)),
        procedure: Coded(input.procedure.unwrap_or(Procedure::Ordinary)),
        cause: input.cause.trim().to_owned(),
        demand: owned(input.demand.as_deref()),
        occurred_on: input.occurred_on,
        occurred_text: owned(input.occurred_text.as_deref()),
        place: owned(input.place.as_deref()),
        unit_concerned: owned(input.unit_concerned.as_deref()),
        village_id: id(&input.village_id),
        group_id: id(&input.group_id),
        people_count: i32::try_from(input.people_count).unwrap_or(i32::MAX),
        people_count_text: owned(input.people_count_text.as_deref()),
        collective: input.people_count >= COLLECTIVE_FROM,
        development: owned(input.development.as_deref()),
        handling: owned(input.handling.as_deref()),
        received_on: input.received_on,
        entered_at: now,
        earlier_case_id: input
            .earlier_case_id
            .as_ref()
            .map(|id| id.as_str().to_owned()),
        first_receiver_id: input
            .first_receiver_id
            .as_ref()
            .unwrap_or(&desk.actor.user_id)
            .as_str()
            .to_owned(),
        registrar_id: desk.actor.user_id.as_str().to_owned(),
        registrar_unit_id: desk.actor.unit_id.as_str().to_owned(),
        responsible_unit_id: entering.responsible_unit_id.clone(),
        responsible_user_id: None,
        offered_unit_id: None,
        lead_id: entering.lead_id.clone(),
        lawful_path: None,
        outcome: entering.closed.map(|(_, outcome)| Coded(outcome)),
        closed_on: entering.closed.map(|(on, _)| on),
        backlog: false,
        mediation: false,
        seal: Coded(seal),
        accused_unit_id: id(&input.accused_unit_id),
        handed_up_to: None,
        accused_user_id: input
            .accused_user_id
            .as_ref()
            .map(|id| id.as_str().to_owned()),
        accepted_before: false,
        extended: false,
        reviewed: false,
        final_answered: false,
        heard: None,
        due_on: NOTHING_DUE,
        last_step_on: entering.closed.map_or(input.received_on, |(on, _)| on),
        petitioner: petitioner(input.people.iter().map(|p| (p.role, p.name.as_str()))),
        law_profile_id: profile.id.clone(),
        version: 1,
        updated_at: now,
    }
}

/// The name under which lists show a case: the petitioner's, else a representative's or a party's.
fn petitioner<'a>(people: impl Iterator<Item = (PersonRole, &'a str)> + Clone) -> Option<String> {
    [
        PersonRole::Petitioner,
        PersonRole::Representative,
        PersonRole::OtherParty,
    ]
    .into_iter()
    .find_map(|role| people.clone().find(|(r, _)| *r == role))
    .map(|(_, name)| name.trim().to_owned())
}

fn person_record(
    desk: &Desk,
    case_id: &str,
    position: usize,
    input: &NewPerson,
    old: Option<PersonRecord>,
) -> Result<PersonRecord, Error> {
    let old = old.as_ref();
    let id = old.map_or_else(crate::ids::new_id, |old| old.id.clone());
    let seal = |column: &'static str, number: &str| {
        let place = Place {
            table: "case_people",
            column,
            id: &id,
        };
        (
            Some(desk.keys.seal(number.as_bytes(), place)),
            Some(desk.keys.lookup_hash(column, number)),
        )
    };
    let (id_number, id_hash) = match input.id_number.as_deref().map(str::trim) {
        None => old.map_or((None, None), |old| {
            (old.id_number.clone(), old.id_hash.clone())
        }),
        Some("") => (None, None),
        Some(number) => match IdNumber::parse(number) {
            Ok(number) => seal("id_number", number.as_str()),
            Err(error) => return Err(Error::Damaged(error.to_string())),
        },
    };
    let (phone, phone_hash) = match input.phone.as_deref().map(str::trim) {
        None => old.map_or((None, None), |old| {
            (old.phone.clone(), old.phone_hash.clone())
        }),
        Some("") => (None, None),
        Some(number) => match Phone::parse(number) {
            Ok(number) => seal("phone", number.as_str()),
            Err(error) => return Err(Error::Damaged(error.to_string())),
        },
    };
    let trusted_phone = match input.trusted_phone.as_deref().map(str::trim) {
        None => old.and_then(|old| old.trusted_phone.clone()),
        Some("") => None,
        Some(number) => match Phone::parse(number) {
            Ok(number) => seal("trusted_phone", number.as_str()).0,
            Err(error) => return Err(Error::Damaged(error.to_string())),
        },
    };
    let key_person = input.role == PersonRole::KeyPerson;
    Ok(PersonRecord {
        case_id: case_id.to_owned(),
        position: i32::try_from(position).unwrap_or(i32::MAX),
        role: Coded(input.role),
        name: input.name.trim().to_owned(),
        id_number,
        id_hash,
        phone,
        phone_hash,
        address: owned(input.address.as_deref()),
        reason: key_person.then(|| owned(input.reason.as_deref())).flatten(),
        review_on: key_person.then_some(input.review_on).flatten(),
        follow_up: if key_person {
            store::follow_up_codes(&input.follow_up)
        } else {
            String::new()
        },
        created_at: old.map_or_else(|| desk.context.now.naive_utc(), |old| old.created_at),
        contact_hours: owned(input.contact_hours.as_deref()),
        do_not_call: input.do_not_call,
        neutral_wording: input.neutral_wording,
        trusted_name: owned(input.trusted_name.as_deref()),
        // A number without a name would be nobody's.
        trusted_phone: trusted_phone.filter(|_| filled(input.trusted_name.as_deref()).is_some()),
        id,
    })
}

/// Notes in a case's timeline what was done about it in the field (a visit, a reception day), with the
/// way there. Whoever may see the case may have been there about it.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(crate) fn note_from_field(
    conn: &mut Conn,
    desk: &Desk,
    id: &CaseId,
    (on, text): (NaiveDate, String),
    mark: FieldMark,
) -> Result<(), Error> {
    let mut taken = take(conn, desk, id, Action::ViewCase, None)?;
    let detail = format!("记录{}", mark.kind.label());
    let step = Step {
        kind: EventKind::Noted,
        on,
        text: Some(text),
        data: EventData {
            field: Some(mark),
            ..EventData::default()
        },
    };
    taken.note(conn, desk, step)?;
    taken.keep(conn, desk, &detail).map(drop)
}

/// Notes in a case's timeline what its petitioner said of the answer. Whoever may see the case may have
/// asked; whether they had a part in the answer was asked before.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(crate) fn note_rating(
    conn: &mut Conn,
    desk: &Desk,
    id: &CaseId,
    (on, text): (NaiveDate, String),
    mark: RatingMark,
    detail: &str,
) -> Result<CaseRecord, Error> {
    let mut taken = take(conn, desk, id, Action::ViewCase, None)?;
    let step = Step {
        kind: EventKind::Rated,
        on,
        text: Some(text),
        data: EventData {
            satisfaction: Some(mark),
            ..EventData::default()
        },
    };
    taken.note(conn, desk, step)?;
    taken.keep(conn, desk, detail)
}

/// Notes in a case's timeline what its petitioner says of the answer on the public page. It moves
/// neither state nor clocks, so the row only gets its next version. `seq` is how many events there are.
///
/// # Errors
/// [`Error::Stale`], the database's own.
pub(crate) fn note_own_rating(
    conn: &mut Conn,
    context: &RequestContext,
    mut case: CaseRecord,
    seq: usize,
    text: String,
    mark: RatingMark,
) -> Result<CaseRecord, Error> {
    let data = EventData {
        satisfaction: Some(mark),
        ..EventData::default()
    };
    let event = EventRecord {
        id: crate::ids::new_id(),
        case_id: case.id.clone(),
        seq: i32::try_from(seq).map_err(|e| Error::Damaged(e.to_string()))?,
        kind: Coded(EventKind::Rated),
        on_day: context.today(),
        at: context.now.naive_utc(),
        actor_id: String::new(),
        actor_name: "信访人".to_owned(),
        actor_unit: "群众查询页".to_owned(),
        state: case.state,
        text: Some(text),
        data: serde_json::to_string(&data).map_err(|e| Error::Damaged(e.to_string()))?,
    };
    store::insert_event(conn, &event)?;
    let seen = case.version;
    case.version = seen + 1;
    case.updated_at = context.now.naive_utc();
    if store::save(conn, &case, seen)? {
        Ok(case)
    } else {
        Err(Error::Stale)
    }
}

/// Registers a case that comes from the field, and says so in its timeline. Where the case is sealed
/// from the registrar too, or only to be handed over, nothing more is written in it.
///
/// # Errors
/// As [`register`].
pub(crate) fn register_from_field(
    conn: &mut Conn,
    desk: &Desk,
    input: &NewCase,
    text: String,
    mark: FieldMark,
) -> Result<CaseView, Error> {
    let case = register(conn, desk, input)?;
    if case.facts.seal == Series::RegistrarOnly || !access::visible(&desk.actor, &case.facts) {
        return Ok(case);
    }
    let id = case.row.id;
    note_from_field(conn, desk, &id, (input.received_on, text), mark)?;
    show(conn, desk, &id)
}

/// A case, whole. The caller notes the view in the audit log.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(crate) fn show(conn: &mut Conn, desk: &Desk, id: &CaseId) -> Result<CaseView, Error> {
    let reading = |conn: &mut Conn| {
        let (case, facts) = find(conn, desk, id, Action::ViewCase)?;
        view::with_facts(conn, desk, case, facts)
    };
    if conn.is_sqlite() {
        // One look at the file for all of it: consistent, and one lock instead of one a query.
        conn.transaction(reading)
    } else {
        reading(conn)
    }
}

/// A case's timeline.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(crate) fn events(conn: &mut Conn, desk: &Desk, id: &CaseId) -> Result<Vec<EventView>, Error> {
    let (case, _) = find(conn, desk, id, Action::ViewCase)?;
    let mut events: Vec<EventView> = store::events(conn, &case.id)?
        .into_iter()
        .map(view::event)
        .collect();
    for event in &mut events {
        // Not of a case that the caller may not know of.
        if let Some(earlier) = &event.data.earlier_case_id
            && find(conn, &desk.quietly(), earlier, Action::ViewCase).is_err()
        {
            event.data.earlier_case_id = None;
        }
        event.data.field = match event.data.field.take() {
            Some(mark) => readable(conn, desk, mark)?,
            None => None,
        };
    }
    Ok(events)
}

/// A mark as far as the caller may know of what it names. Not of a visit or urgent information that
/// they may not see; nor the way to a report that they may not open, whose name is part of the case.
fn readable(conn: &mut Conn, desk: &Desk, mut mark: FieldMark) -> Result<Option<FieldMark>, Error> {
    // Nothing is done by it, for whomever.
    let desk = &desk.quietly();
    let open = match mark.kind {
        FieldKind::Report => crate::report::service::may_open(conn, desk, &mark.id)?,
        FieldKind::Visit => crate::visit::service::may_see(conn, desk, &mark.id)?,
        FieldKind::Alert => crate::alert::may_see(conn, desk, &mark.id)?,
        FieldKind::Reception => true,
    };
    if !open {
        if mark.kind != FieldKind::Report {
            return Ok(None);
        }
        mark.id = String::new();
    }
    Ok(Some(mark))
}

/// What the caller may do with a case now, and why not the rest.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(crate) fn actions(
    conn: &mut Conn,
    desk: &Desk,
    id: &CaseId,
) -> Result<Vec<Availability>, Error> {
    let (case, facts) = find(conn, desk, id, Action::ViewCase)?;
    let events = store::events(conn, &case.id)?;
    let keeping = Keeping::of(conn, desk, &case, &facts, &events)?;
    let ground = keeping.ground(desk);
    let mut all = availability(&desk.actor, &ground, &case.situation());
    for step in &mut all {
        // A closing stays possible, as a withdrawal is.
        if step.allowed && step.action == CaseAction::ClearBacklog {
            step.reason = matter::service::blocked(conn, &case.id, step.action)?;
            step.allowed = step.reason.is_none();
        }
    }
    Ok(all)
}

/// What a [`Ground`] borrows.
struct Keeping<'a> {
    case: &'a CaseRecord,
    facts: &'a CaseFacts,
    profile: LawProfile,
    clocks: Vec<Clock>,
    repeats_final: bool,
}

impl<'a> Keeping<'a> {
    fn of(
        conn: &mut Conn,
        desk: &Desk,
        case: &'a CaseRecord,
        facts: &'a CaseFacts,
        events: &[EventRecord],
    ) -> Result<Self, Error> {
        let profile = profile_of(desk, case);
        Ok(Self {
            case,
            facts,
            clocks: view::clocks_from(events, &profile, &desk.names.calendar(&case.township_id)),
            profile,
            repeats_final: store::repeats_final(conn, case)?,
        })
    }

    /// What a step is looked at with.
    fn ground(&self, desk: &Desk) -> Ground<'_> {
        Ground {
            today: desk.context.today(),
            not_before: self.case.last_step_on,
            profile: &self.profile,
            case: self.facts,
            clocks: &self.clocks,
            heard: self.case.heard.map(|heard| heard.0),
            repeats_final: self.repeats_final,
        }
    }
}

/// Changes fields of a case.
///
/// # Errors
/// [`Error::Denied`], [`Error::Stale`], [`Error::Refused`], [`Error::Invalid`].
pub(crate) fn patch(
    conn: &mut Conn,
    desk: &Desk,
    id: &CaseId,
    version: i64,
    patch: &CasePatch,
) -> Result<CaseView, Error> {
    let mut taken = take(conn, desk, id, Action::EditCase, Some(version))?;
    // Refused before anything is checked: a closed case is opened again first.
    state::after(
        Some(taken.case.state.0),
        EventKind::Edited,
        &taken.case.situation(),
    )?;
    let before = taken.case.clone();
    let fields = apply(&mut taken.case, patch);
    check_patched(conn, desk, &before, &taken.case, patch)?;
    if fields.is_empty() {
        return view::with_facts(conn, desk, before, taken.facts);
    }
    if taken.case.purpose.0 == Purpose::Accusation {
        let unit = taken.case.accused_unit_id.as_deref().map(UnitId::from);
        let user = taken.case.accused_user_id.as_deref().map(Into::into);
        let seal = desk.seal_of(unit.as_ref(), user.as_ref());
        let registrar = UserId::from(taken.case.registrar_id.as_str());
        let registrar = desk.names.member(&registrar);
        if seal == Series::RegistrarOnly && registrar.is_some_and(|member| member.user.service) {
            let why = "这件事项由程序账号登记，改成反映镇领导或者镇综治办的，就没有人能看到了。请由工作人员另行登记。";
            return Err(Refused(why.to_owned()).into());
        }
        taken.case.seal = Coded(seal);
        relieve_accused(&desk.names, &mut taken.case);
    }
    taken.case.collective =
        u32::try_from(taken.case.people_count).is_ok_and(|count| count >= COLLECTIVE_FROM);
    let labels = fields.join("、");
    let step = Step {
        kind: EventKind::Edited,
        on: desk.context.today(),
        text: Some(format!("修改了{labels}")),
        data: EventData {
            fields: fields.into_iter().map(str::to_owned).collect(),
            ..EventData::default()
        },
    };
    taken.note(conn, desk, step)?;
    taken.reindex(conn, desk)?;
    taken.save(conn, desk, &format!("修改{labels}"))
}

/// Takes a case out of the hands of those whom it accuses: they do not see it any more, so nobody
/// could go on with it (条例第三十条).
pub(super) fn relieve_accused(names: &Snapshot, case: &mut CaseRecord) {
    let Some(accused) = case.accused_unit_id.as_deref().map(UnitId::from) else {
        return;
    };
    let within = |unit: &str| names.is_accused(&UnitId::from(unit), &accused);
    if case.responsible_unit_id.as_deref().is_some_and(within) {
        case.responsible_unit_id = None;
        case.responsible_user_id = None;
    }
    if case.offered_unit_id.as_deref().is_some_and(within) {
        case.offered_unit_id = None;
    }
    if case.accused_user_id.is_some() && case.responsible_user_id == case.accused_user_id {
        case.responsible_user_id = None;
    }
}

/// Applies a patch; answers the labels of what it changed.
fn apply(case: &mut CaseRecord, patch: &CasePatch) -> Vec<&'static str> {
    let mut changed = Vec::new();
    let moved = patch
        .category
        .is_some_and(|category| category != case.category.0);
    fn set<T: PartialEq>(
        changed: &mut Vec<&'static str>,
        label: &'static str,
        at: &mut T,
        new: Option<T>,
    ) {
        if let Some(new) = new
            && *at != new
        {
            *at = new;
            changed.push(label);
        }
    }
    let text = |text: &Option<String>| text.as_deref().map(|text| owned(Some(text)));
    let id = |id: Option<&str>| id.map(|id| owned(Some(id)));
    set(&mut changed, "类别", &mut case.kind, patch.kind.map(Coded));
    set(
        &mut changed,
        "来源",
        &mut case.channel,
        patch.channel.map(Coded),
    );
    set(
        &mut changed,
        "诉求性质",
        &mut case.purpose,
        patch.purpose.map(Coded),
    );
    set(
        &mut changed,
        "类型",
        &mut case.category,
        patch.category.map(Coded),
    );
    let subcategory = match (patch.category, &patch.subcategory) {
        // Another category without a second level clears the old one's; `other` is below each.
        (Some(_), None) if moved && case.subcategory.as_deref() != Some("other") => Some(None),
        (_, sub) => sub.as_ref().map(|code| Some(code.as_str().to_owned())),
    };
    set(&mut changed, "细类", &mut case.subcategory, subcategory);
    set(
        &mut changed,
        "紧急程度",
        &mut case.severity,
        patch.severity.map(Coded),
    );
    set(
        &mut changed,
        "起因",
        &mut case.cause,
        patch.cause.as_deref().map(|t| t.trim().to_owned()),
    );
    set(&mut changed, "诉求", &mut case.demand, text(&patch.demand));
    set(
        &mut changed,
        "发生日期",
        &mut case.occurred_on,
        patch.occurred_on.map(Some),
    );
    set(
        &mut changed,
        "时间",
        &mut case.occurred_text,
        text(&patch.occurred_text),
    );
    set(&mut changed, "地点", &mut case.place, text(&patch.place));
    set(
        &mut changed,
        "涉及单位",
        &mut case.unit_concerned,
        text(&patch.unit_concerned),
    );
    set(
        &mut changed,
        "村",
        &mut case.village_id,
        id(patch.village_id.as_ref().map(UnitId::as_str)),
    );
    set(
        &mut changed,
        "社",
        &mut case.group_id,
        id(patch.group_id.as_ref().map(UnitId::as_str)),
    );
    let count = patch
        .people_count
        .map(|count| i32::try_from(count).unwrap_or(i32::MAX));
    set(&mut changed, "涉及人数", &mut case.people_count, count);
    set(
        &mut changed,
        "人数说明",
        &mut case.people_count_text,
        text(&patch.people_count_text),
    );
    set(
        &mut changed,
        "事态发展",
        &mut case.development,
        text(&patch.development),
    );
    set(
        &mut changed,
        "调处情况",
        &mut case.handling,
        text(&patch.handling),
    );
    set(
        &mut changed,
        "被反映单位",
        &mut case.accused_unit_id,
        id(patch.accused_unit_id.as_ref().map(UnitId::as_str)),
    );
    set(
        &mut changed,
        "被反映人",
        &mut case.accused_user_id,
        id(patch
            .accused_user_id
            .as_ref()
            .map(shared::ids::UserId::as_str)),
    );
    changed
}

fn check_patched(
    conn: &mut Conn,
    desk: &Desk,
    before: &CaseRecord,
    after: &CaseRecord,
    patch: &CasePatch,
) -> Result<(), Error> {
    let roles: Vec<PersonRole> = store::people(conn, &before.id)?
        .iter()
        .map(|p| p.role.0)
        .collect();
    let accused_unit = after.accused_unit_id.as_deref().map(UnitId::from);
    let accused_user = after.accused_user_id.as_deref().map(Into::into);
    let subcategory = after.subcategory.as_deref().map(SubcategoryCode::from);
    let mut errors = patch.check(&Patched {
        category: after.category.0,
        subcategory: subcategory.as_ref(),
        people_count: u32::try_from(after.people_count).unwrap_or(0),
        occurred_on: after.occurred_on,
        received_on: after.received_on,
        purpose: (before.purpose.0, after.purpose.0),
        accused_unit_id: accused_unit.as_ref(),
        accused_user_id: accused_user.as_ref(),
        roles: &roles,
    });
    let had = before.subcategory.as_deref().map(SubcategoryCode::from);
    // One that is out of use may stay, but below its own first level.
    let had = had.filter(|_| before.category == after.category);
    // What the program comes with was looked at already.
    if errors.is_empty() {
        let (category, code) = (after.category.0, subcategory.as_ref());
        desk.check_subcategory(&mut errors, category, code, had.as_ref());
    }
    if before.village_id != after.village_id || before.group_id != after.group_id {
        let village = after.village_id.as_deref().map(UnitId::from);
        let group = after.group_id.as_deref().map(UnitId::from);
        desk.check_place(&mut errors, village.as_ref(), group.as_ref());
    }
    if before.accused_unit_id != after.accused_unit_id
        || before.accused_user_id != after.accused_user_id
    {
        desk.check_accused(&mut errors, accused_unit.as_ref(), accused_user.as_ref());
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors.into())
    }
}

/// Takes a step with a case.
///
/// # Errors
/// [`Error::Denied`], [`Error::Stale`], [`Error::Refused`], [`Error::Invalid`].
pub(crate) fn act(
    conn: &mut Conn,
    desk: &Desk,
    id: &CaseId,
    version: i64,
    action: CaseAction,
    input: &ActionInput,
) -> Result<CaseView, Error> {
    let mut taken = take(conn, desk, id, Action::Case(action), Some(version))?;
    let situation = taken.case.situation();
    let keeping = Keeping::of(conn, desk, &taken.case, &taken.facts, &taken.events)?;
    let ground = keeping.ground(desk);
    // What no input could make possible is a matter of the state, whatever else is wrong.
    if let Some(refused) = action.refused(&ground, &situation) {
        return Err(refused.into());
    }
    let step = checked_step(conn, desk, &taken, &ground, action, input)?;
    let next = action.leads_to(taken.case.state.0, &situation, input)?;
    if action == CaseAction::Close
        && let Some(refused) = input.closing_refused(&ground)
    {
        return Err(refused.into());
    }
    let withdrawn = action == CaseAction::Close && input.outcome == Some(Outcome::Withdrawn);
    if !withdrawn && let Some(why) = matter::service::blocked(conn, &taken.case.id, action)? {
        return Err(state::Refused(why).into());
    }
    apply_step(conn, desk, &mut taken, action, input)?;
    taken.arrive(conn, desk, step, next)?;
    if matches!(action, CaseAction::Transfer | CaseAction::Dispatch)
        && let Some(unit) = &input.unit_id
    {
        crate::notify::given::case(conn, desk, &taken.case, unit.as_str(), action)?;
    }
    taken.save(conn, desk, action.label())
}

fn checked_step(
    conn: &mut Conn,
    desk: &Desk,
    taken: &Taken,
    ground: &Ground<'_>,
    action: CaseAction,
    input: &ActionInput,
) -> Result<Step, Error> {
    let mut errors = input.check(action, ground);
    check_targets(conn, desk, &mut errors, taken, action, input);
    if action == CaseAction::Accept
        && input.procedure == Some(Procedure::Simple)
        && taken.case.earlier_case_id.is_some()
    {
        errors.add(
            "procedure",
            "not_first",
            "简易程序只适用于初次信访（《信访事项简易办理办法》）。",
        );
    }
    if action == CaseAction::Close
        && taken.case.backlog
        && input.outcome != Some(Outcome::Withdrawn)
        && filled(input.notice.as_deref()).is_none()
    {
        errors.add(
            "notice",
            "required",
            "积案办结要有息诉罢访凭据：请填写承诺书、协议或复核意见的日期和文号。",
        );
    }
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let of = |wanted: bool, named: Option<Named>| if wanted { named } else { None };
    let unit = desk.unit(input.unit_id.as_ref().map(UnitId::as_str));
    let user = desk.user(input.user_id.as_ref().map(shared::ids::UserId::as_str));
    let sends = matches!(action, CaseAction::Transfer | CaseAction::Dispatch);
    Ok(Step {
        kind: action.event(input),
        on: input.on.unwrap_or(ground.today),
        text: owned(input.text.as_deref()),
        data: EventData {
            procedure: (action == CaseAction::Accept)
                .then(|| input.procedure.unwrap_or(taken.case.procedure.0)),
            path: input.path.filter(|_| action == CaseAction::Decline),
            unit: of(sends, unit),
            user: of(sends || action == CaseAction::SetLead, user),
            days: input.days.filter(|_| action == CaseAction::Extend),
            excluded_days: None,
            notice: owned(input.notice.as_deref()),
            outcome: match action {
                CaseAction::Close => input.outcome,
                CaseAction::HandOver => Some(Outcome::HandedOver),
                CaseAction::AnswerFinalReview => Some(Outcome::Final),
                _ => None,
            },
            earlier_case_id: input
                .earlier_case_id
                .clone()
                .filter(|_| action == CaseAction::Link),
            authority: authority_of(taken, action, input),
            review: input.review.filter(|_| {
                matches!(
                    action,
                    CaseAction::AnswerReview | CaseAction::AnswerFinalReview
                )
            }),
            opinion: input
                .opinion
                .filter(|_| matches!(action, CaseAction::Hear | CaseAction::Close)),
            ..EventData::default()
        },
    })
}

/// The authority that a step is about. A review's answer is that of the authority that was asked,
/// unless it names another.
fn authority_of(taken: &Taken, action: CaseAction, input: &ActionInput) -> Option<String> {
    let given = owned(input.authority.as_deref());
    let asked = |kind: EventKind| {
        let request = taken.events.iter().rfind(|event| event.kind.0 == kind)?;
        request.data().authority
    };
    match action {
        CaseAction::HandOver | CaseAction::RequestReview | CaseAction::RequestFinalReview => given,
        CaseAction::AnswerReview => given.or_else(|| asked(EventKind::ReviewRequested)),
        CaseAction::AnswerFinalReview => given.or_else(|| asked(EventKind::FinalReviewRequested)),
        _ => None,
    }
}

/// Notes what is wrong with the units, users and cases that a step names.
fn check_targets(
    conn: &mut Conn,
    desk: &Desk,
    errors: &mut Errors,
    taken: &Taken,
    action: CaseAction,
    input: &ActionInput,
) {
    let case = &taken.case;
    let accused = |unit: &UnitId| {
        case.accused_unit_id
            .as_deref()
            .is_some_and(|accused| desk.names.is_accused(unit, &UnitId::from(accused)))
    };
    if matches!(action, CaseAction::Transfer | CaseAction::Dispatch)
        && let Some(id) = &input.unit_id
    {
        match desk.known_unit(id) {
            None => errors.add("unit_id", "unknown", "没有这个单位，请从列表中选择。"),
            Some(unit)
                if matches!(
                    unit.kind,
                    UnitKind::County | UnitKind::Township | UnitKind::Group
                ) =>
            {
                errors.add("unit_id", "not_a_handler", "请选择村或镇内站所。");
            }
            Some(_) if accused(id) => {
                errors.add(
                    "unit_id",
                    "accused",
                    "不得将检举控告材料转给被检举控告的单位（《信访工作条例》第三十条）。",
                );
            }
            Some(_) => {}
        }
    }
    if matches!(action, CaseAction::Dispatch | CaseAction::SetLead)
        && let Some(id) = &input.user_id
    {
        match desk.known_user(id) {
            None => errors.add("user_id", "unknown", "没有这名工作人员，请从列表中选择。"),
            Some(_) if case.accused_user_id.as_deref() == Some(id.as_str()) => {
                errors.add(
                    "user_id",
                    "accused",
                    "不得将检举控告材料转给被检举控告的人（《信访工作条例》第三十条）。",
                );
            }
            Some(member) if accused(&member.user.unit_id) => {
                errors.add(
                    "user_id",
                    "accused",
                    "不得将检举控告材料转给被检举控告的单位（《信访工作条例》第三十条）。",
                );
            }
            Some(member)
                if action == CaseAction::SetLead && member.user.role != Role::TownshipLeader =>
            {
                errors.add("user_id", "not_a_leader", "包案领导应为镇领导。");
            }
            Some(member)
                if action == CaseAction::Dispatch
                    && input
                        .unit_id
                        .as_ref()
                        .is_some_and(|unit| !member.access.unit_chain.contains(unit)) =>
            {
                errors.add("user_id", "not_of_unit", "承办人不属于所选的单位。");
            }
            Some(_) => {}
        }
    }
    if action == CaseAction::Link
        && let Some(id) = &input.earlier_case_id
    {
        if id.as_str() == case.id {
            errors.add("earlier_case_id", "itself", "不能关联到自己。");
        } else if let Some(earlier) = check_earlier(conn, desk, errors, id, Sealing::of(case)) {
            if earlier.received_on > case.received_on {
                errors.add("earlier_case_id", "later", "前一件事项的登记日期晚于本件。");
            } else if earlier.earlier_case_id.as_deref() == Some(case.id.as_str()) {
                errors.add("earlier_case_id", "circular", "前一件事项已经关联到本件。");
            }
        }
    }
}

/// What a step changes in the row beside its state.
fn apply_step(
    conn: &mut Conn,
    desk: &Desk,
    taken: &mut Taken,
    action: CaseAction,
    input: &ActionInput,
) -> Result<(), Error> {
    let case = &mut taken.case;
    let now = desk.context.now.naive_utc();
    // What was sent to the unit of somebody absent is taken there, by whoever stands in for them.
    let sent_to = case
        .offered_unit_id
        .as_ref()
        .or(case.responsible_unit_id.as_ref());
    let sent_to = sent_to.map(|unit| UnitId::from(unit.as_str()));
    let (me, here) = desk.actor.self_in(sent_to.as_ref());
    let here = here.as_str();
    if case.state.0 == State::Transferred
        && matches!(
            action,
            CaseAction::Accept | CaseAction::Take | CaseAction::Decline | CaseAction::Object
        )
    {
        take_offer(case, action, here);
    }
    let unit = input.unit_id.as_ref().map(|id| id.as_str().to_owned());
    let user = input.user_id.as_ref().map(|id| id.as_str().to_owned());
    match action {
        CaseAction::Accept => {
            if let Some(procedure) = input.procedure {
                case.procedure = Coded(procedure);
            }
        }
        CaseAction::Decline => case.lawful_path = input.path.map(Coded),
        CaseAction::Transfer => {
            if let Some(unit) = &unit {
                store::refer(conn, &case.id, unit, now)?;
            }
            case.offered_unit_id = unit;
            // Until it is taken, whoever sent it answers for it.
            if case.responsible_unit_id.is_none() {
                store::refer(conn, &case.id, here, now)?;
                case.responsible_unit_id = Some(here.to_owned());
            }
        }
        CaseAction::Dispatch => {
            if let Some(unit) = &unit {
                store::refer(conn, &case.id, unit, now)?;
            }
            case.responsible_unit_id = unit;
            case.responsible_user_id = user;
        }
        CaseAction::Take => {
            if case.responsible_unit_id.is_none() {
                let unit = here.to_owned();
                store::refer(conn, &case.id, &unit, now)?;
                case.responsible_unit_id = Some(unit);
            }
            if case.responsible_user_id.is_none() {
                case.responsible_user_id = Some(me.as_str().to_owned());
            }
        }
        CaseAction::SetLead => case.lead_id = user,
        CaseAction::Link => {
            case.earlier_case_id = input
                .earlier_case_id
                .as_ref()
                .map(|id| id.as_str().to_owned());
        }
        CaseAction::Object
        | CaseAction::Answer
        | CaseAction::Hear
        | CaseAction::RequestReview
        | CaseAction::AnswerReview
        | CaseAction::RequestFinalReview
        | CaseAction::AnswerFinalReview
        | CaseAction::Close
        | CaseAction::HandOver
        | CaseAction::Extend
        | CaseAction::Note
        | CaseAction::MarkBacklog
        | CaseAction::ClearBacklog
        | CaseAction::Reopen => {}
    }
    Ok(())
}

/// Ends the offer of a case that was sent on: the unit that it was sent to takes it by accepting,
/// declining or beginning to handle it, and answers for it from then on. When it objects, or the
/// office decides itself, the case is to be given out anew.
fn take_offer(case: &mut CaseRecord, action: CaseAction, here: &str) {
    let offered = case.offered_unit_id.take();
    case.responsible_unit_id = offered.filter(|unit| unit == here && action != CaseAction::Object);
    case.responsible_user_id = None;
}

/// A case's people, numbers masked.
///
/// # Errors
/// [`Error::Denied`], [`Error::Damaged`], the database's own.
pub(crate) fn people(conn: &mut Conn, desk: &Desk, id: &CaseId) -> Result<Vec<PersonView>, Error> {
    let (case, _) = find(conn, desk, id, Action::ViewCase)?;
    view::people(conn, desk, &case.id)
}

/// What is done with a case's people.
pub(crate) enum PeopleChange<'a> {
    /// One more.
    Add(&'a NewPerson),
    /// Another state of one.
    Change(&'a PersonId, &'a NewPerson),
    /// One fewer.
    Remove(&'a PersonId),
}

/// Adds, changes or removes a person of a case.
///
/// # Errors
/// [`Error::Denied`], [`Error::Stale`], [`Error::Refused`], [`Error::Invalid`].
pub(crate) fn change_people(
    conn: &mut Conn,
    desk: &Desk,
    id: &CaseId,
    version: Option<i64>,
    change: &PeopleChange<'_>,
) -> Result<CaseView, Error> {
    let mut taken = take(conn, desk, id, Action::EditPeople, version)?;
    state::after(
        Some(taken.case.state.0),
        EventKind::PersonChanged,
        &taken.case.situation(),
    )?;
    let people = store::people(conn, &taken.case.id)?;
    let at = |wanted: &PersonId| {
        people
            .iter()
            .find(|person| person.id == wanted.as_str())
            .cloned()
            .ok_or_else(Error::hidden)
    };
    let (what, input, old) = match change {
        PeopleChange::Add(input) => ("增加", Some(*input), None),
        PeopleChange::Change(person, input) => ("修改", Some(*input), Some(at(person)?)),
        PeopleChange::Remove(person) => ("移除", None, Some(at(person)?)),
    };
    check_person(desk, &taken.case, &people, input, old.as_ref())?;
    let role = match (&input, &old) {
        (Some(input), _) => input.role,
        (None, Some(old)) => old.role.0,
        (None, None) => PersonRole::Petitioner,
    };
    match (input, old) {
        (Some(input), Some(old)) => {
            let position = usize::try_from(old.position).unwrap_or(0);
            let record = person_record(desk, &taken.case.id, position, input, Some(old))?;
            store::save_person(conn, &record)?;
        }
        (Some(input), None) => {
            let position = people
                .iter()
                .map(|p| p.position)
                .max()
                .map_or(0, |last| last + 1);
            let position = usize::try_from(position).unwrap_or(0);
            let record = person_record(desk, &taken.case.id, position, input, None)?;
            store::insert_person(conn, &record)?;
        }
        (None, Some(old)) => store::delete_person(conn, &old.id)?,
        (None, None) => {}
    }
    let now = store::people(conn, &taken.case.id)?;
    taken.case.petitioner = petitioner(now.iter().map(|p| (p.role.0, p.name.as_str())));
    let text = format!("{what}{}", role.label());
    let step = Step {
        kind: EventKind::PersonChanged,
        on: desk.context.today(),
        text: Some(text.clone()),
        data: EventData::default(),
    };
    taken.note(conn, desk, step)?;
    taken.reindex(conn, desk)?;
    taken.save(conn, desk, &text)
}

fn check_person(
    desk: &Desk,
    case: &CaseRecord,
    people: &[PersonRecord],
    input: Option<&NewPerson>,
    old: Option<&PersonRecord>,
) -> Result<(), Error> {
    let mut errors = Errors::new();
    if let Some(input) = input {
        input.check(&mut errors, "", desk.context.today());
        if old.is_none() && people.len() >= shared::case::input::MAX_PEOPLE {
            errors.add(
                "people",
                "too_many",
                format!(
                    "一件事项最多登记{}名人员。",
                    shared::case::input::MAX_PEOPLE
                ),
            );
        }
    }
    let others = people
        .iter()
        .filter(|p| old.is_none_or(|old| old.id != p.id))
        .map(|p| p.role.0);
    let roles: Vec<PersonRole> = others.chain(input.map(|input| input.role)).collect();
    check_roles(
        &mut errors,
        u32::try_from(case.people_count).unwrap_or(0),
        roles.iter().copied(),
    );
    let petitioner =
        |role: &PersonRole| matches!(role, PersonRole::Petitioner | PersonRole::Representative);
    let needs =
        case.kind.0 == shared::case::Kind::Petition && case.purpose.0 != Purpose::Accusation;
    if needs && !roles.iter().any(petitioner) {
        errors.add("role", "petitioner_required", "信访件至少要有一名信访人。");
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors.into())
    }
}

/// Shows a person's numbers in full, and leaves a trace.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], [`Error::Damaged`], the database's own.
pub(crate) fn reveal(
    conn: &mut Conn,
    desk: &Desk,
    id: &CaseId,
    person: &PersonId,
    request: &RevealRequest,
) -> Result<Revealed, Error> {
    let (case, _) = find(conn, desk, id, Action::RevealPerson)?;
    request.check().into_result()?;
    let record = store::person(conn, &case.id, person.as_str())?.ok_or_else(Error::hidden)?;
    let revealed = view::revealed(desk, &record)?;
    let detail = format!(
        "查看{}的完整号码，理由：{}",
        record.role.0.label(),
        request.reason.trim()
    );
    log(conn, desk, AuditAction::Reveal, &case, &detail)?;
    Ok(revealed)
}

/// Notes that a file was attached or removed.
pub(super) fn attachment_changed(
    conn: &mut Conn,
    desk: &Desk,
    id: &CaseId,
    text: String,
    change: impl FnOnce(&mut Conn, &CaseRecord) -> Result<(), Error>,
) -> Result<CaseView, Error> {
    let mut taken = take(conn, desk, id, Action::Attach, None)?;
    change(conn, &taken.case)?;
    let step = Step {
        kind: EventKind::AttachmentChanged,
        on: desk.context.today(),
        text: Some(text.clone()),
        data: EventData::default(),
    };
    taken.note(conn, desk, step)?;
    taken.save(conn, desk, &text)
}

/// Whether the actor may attach to the case, before an upload is taken in.
pub(super) fn may_attach(conn: &mut Conn, desk: &Desk, id: &CaseId) -> Result<(), Error> {
    find(conn, desk, id, Action::Attach).map(drop)
}

/// Whether the actor's role takes part in the ledger at all.
pub(crate) fn may_list(desk: &Desk) -> Result<(), Error> {
    Ok(can(&desk.actor, Action::ListCases, access::Facts::None)?)
}
