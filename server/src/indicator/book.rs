//! The tallies of all cases, in memory, some hundred bytes a case.
//!
//! Before figures are read, [`Figures::read`] brings the book up to date, in one look at the database:
//! - New cases are those with a greater `docid`: it is given under a row lock that is held until the
//!   commit, so a greater one is never visible before a smaller one.
//! - Changed cases are found by `cases.changed`. On SQLite, with its one writer, that is a number that
//!   rises with each change. On PostgreSQL it is the number of the transaction: whatever commits later
//!   has one that is not below the `xmin` of this look's snapshot, so the next look reads from there;
//!   what it reads twice has the same version and changes nothing. No lock, no counter.
//! - Cases go only with an import that is undone; then all is read anew.
//!
//! Registering a case does nothing for this. Several servers on one database each keep a book.
//!
//! The book has leaves of some thousand tallies each. What a walk over cases comes to is kept leaf by leaf
//! ([`Figures::summed`]), so that after a write only the leaves are walked again in which something changed:
//! the last one, and those of the cases that were changed.

use std::any::Any as AnyValue;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use serde::Deserialize;
use shared::access::{self, Actor};
use shared::calendar::Calendar;
use shared::case::deadline::LawProfile;
use shared::case::matter::{Any, Mark as MatterMark, MatterKind};
use shared::case::number::Series;
use shared::case::state::{EventKind, State};
use shared::case::{Category, Channel, Kind, Outcome, Procedure, ReviewOutcome};
use shared::ids::{UnitId, UserId};
use shared::indicator::period::Day;
use shared::indicator::tally::{Before, Beside, Fact, NO_UNIT, NOBODY, Reader, Tally, marks};
use shared::satisfaction::RatingMark;
use shared::term::Term;

use super::Error;
use crate::case::Desk;
use crate::case::coded::Coded;
use crate::case::store::NOTHING_DUE;
use crate::db::Conn;
use crate::directory::Snapshot;
use crate::schema::{case_events, case_matters, case_units, cases, imports};

/// How many cases one look reads together.
const TOGETHER: i64 = 400;
/// What a unit or user has that no tally names.
const UNKNOWN_UNIT: u16 = NO_UNIT - 1;
const UNKNOWN_USER: u32 = NOBODY - 1;
/// How many tallies a leaf has; few in tests, so that there are many leaves.
const LEAF: usize = if cfg!(test) { 7 } else { 8192 };
/// How many sums are kept ready, of leaves and of wholes together.
const KEPT: usize = 8192;

/// The events that figures look at.
const LOOKED_AT: &[EventKind] = &[
    EventKind::Registered,
    EventKind::Imported,
    EventKind::Accepted,
    EventKind::Declined,
    EventKind::Taken,
    EventKind::Extended,
    EventKind::Answered,
    EventKind::ReviewRequested,
    EventKind::ReviewAnswered,
    EventKind::ReviewRevoked,
    EventKind::FinalReviewRequested,
    EventKind::FinalReviewAnswered,
    EventKind::Closed,
    EventKind::Reopened,
    EventKind::HandedOver,
    EventKind::BacklogMarked,
    EventKind::BacklogCleared,
    EventKind::Rated,
    EventKind::Matter,
];

/// The book, and answers that were made from it. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Figures(Arc<Inner>);

#[derive(Default)]
struct Inner {
    book: RwLock<Book>,
    kept: Mutex<Shelf>,
}

/// Sums that were made.
#[derive(Default)]
struct Shelf {
    by_name: HashMap<String, Kept>,
    /// Rises with each use.
    uses: u64,
}

/// Anything that is kept.
type Value = Arc<dyn AnyValue + Send + Sync>;

struct Kept {
    generation: u64,
    value: Value,
    /// Of each leaf: the generation that it was walked in, and what that came to.
    leaves: Vec<(u64, Value)>,
    used: u64,
}

/// What a walk over cases comes to. Sums of parts are those of the whole, in whatever order.
pub(crate) trait Sum: Default + Send + Sync + 'static {
    /// Adds what another part came to.
    fn merge(&mut self, other: &Self);
}

/// The tallies.
#[derive(Debug, Default)]
pub(crate) struct Book {
    /// Each by their ids, rising, and one after the other.
    leaves: Vec<Leaf>,
    units: Numbers,
    users: Numbers,
    /// The cases that repeat one: which.
    earlier: HashMap<u32, String>,
    seen: Option<Seen>,
    /// Units that were merged into another: from which day on, into which.
    merged: HashMap<u16, (Day, u16)>,
    /// The directory that they were read from.
    merged_of: Option<i64>,
    /// The working days by which clocks were counted, by township.
    calendars: Arc<BTreeMap<String, Calendar>>,
    /// Rises with each change.
    generation: u64,
}

/// Tallies that are walked over together.
#[derive(Debug, Default)]
struct Leaf {
    tallies: Vec<Tally>,
    /// The book's, when the last of them changed.
    generation: u64,
}

/// Cases to walk over: a leaf's, or all. Copies are cheap.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cases<'a> {
    book: &'a Book,
    leaves: &'a [Leaf],
}

/// Up to where the database was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    docid: i64,
    changed: i64,
    undone: i64,
}

/// Ids as numbers.
#[derive(Debug, Default)]
struct Numbers {
    by_id: HashMap<String, u32>,
    ids: Vec<String>,
}

impl Numbers {
    fn of(&mut self, id: &str) -> u32 {
        if let Some(number) = self.by_id.get(id) {
            return *number;
        }
        let number = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        self.ids.push(id.to_owned());
        self.by_id.insert(id.to_owned(), number);
        number
    }

    fn get(&self, id: &str) -> Option<u32> {
        self.by_id.get(id).copied()
    }

    fn id(&self, number: u32) -> Option<&str> {
        let at = usize::try_from(number).ok()?;
        self.ids.get(at).map(String::as_str)
    }
}

/// A case's columns, as far as figures look at them.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = cases)]
struct Columns {
    id: String,
    docid: i64,
    township_id: String,
    kind: Coded<Kind>,
    state: Coded<State>,
    channel: Coded<Channel>,
    category: Coded<Category>,
    village_id: Option<String>,
    collective: bool,
    received_on: NaiveDate,
    earlier_case_id: Option<String>,
    registrar_id: String,
    registrar_unit_id: String,
    responsible_unit_id: Option<String>,
    mediation: bool,
    seal: Coded<Series>,
    accused_unit_id: Option<String>,
    accused_user_id: Option<String>,
    due_on: NaiveDate,
    law_profile_id: String,
    version: i64,
}

/// What an event's data says, as far as figures look at it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Data {
    procedure: Option<Procedure>,
    days: Option<u32>,
    outcome: Option<Outcome>,
    review: Option<ReviewOutcome>,
    satisfaction: Option<RatingMark>,
    matter: Option<MatterMark>,
}

impl Figures {
    /// Brings the book up to date and reads in it.
    ///
    /// # Errors
    /// The database's own.
    pub(crate) fn read<T>(
        &self,
        conn: &mut Conn,
        names: &Snapshot,
        look: impl FnOnce(&Book) -> T,
    ) -> Result<T, Error> {
        self.refresh(conn, names)?;
        let book = self.0.book.read().unwrap_or_else(PoisonError::into_inner);
        Ok(look(&book))
    }

    /// As [`Figures::read`], for what can be summed up: `walk` is asked of each leaf that has changed since
    /// it was asked under this name, and `look` what the whole comes to. Both answers are kept until the
    /// ledger or the directory changes or the day turns. The name says all else that they depend on.
    ///
    /// # Errors
    /// The database's own.
    pub(crate) fn summed<P: Sum, T: Send + Sync + 'static>(
        &self,
        conn: &mut Conn,
        desk: &Desk,
        name: &str,
        walk: impl Fn(Cases<'_>) -> P,
        look: impl FnOnce(&Book, P) -> T,
    ) -> Result<Arc<T>, Error> {
        // Of a person there may be two: as themself with a token, and with those for whom they stand in.
        let name = format!(
            "{} {} {} {name}",
            desk.actor.self_ids().join("+"),
            desk.context.today(),
            desk.names.generation(),
        );
        self.sum(conn, &desk.names, name, walk, look)
    }

    /// As [`Figures::summed`], by the whole name.
    pub(super) fn sum<P: Sum, T: Send + Sync + 'static>(
        &self,
        conn: &mut Conn,
        names: &Snapshot,
        name: String,
        walk: impl Fn(Cases<'_>) -> P,
        look: impl FnOnce(&Book, P) -> T,
    ) -> Result<Arc<T>, Error> {
        self.refresh(conn, names)?;
        let book = self.0.book.read().unwrap_or_else(PoisonError::into_inner);
        let lock = || self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let before = {
            let mut shelf = lock();
            shelf.uses += 1;
            let used = shelf.uses;
            match shelf.by_name.get_mut(&name) {
                Some(kept) if kept.generation == book.generation => {
                    kept.used = used;
                    if let Ok(value) = Arc::clone(&kept.value).downcast::<T>() {
                        return Ok(value);
                    }
                    Vec::new()
                }
                Some(kept) => kept.leaves.clone(),
                None => Vec::new(),
            }
        };
        let mut whole = P::default();
        let mut leaves: Vec<(u64, Value)> = Vec::with_capacity(book.leaves.len());
        for (n, leaf) in book.leaves.iter().enumerate() {
            let known = before
                .get(n)
                .filter(|(generation, _)| *generation == leaf.generation)
                .and_then(|(_, value)| Arc::clone(value).downcast::<P>().ok());
            let part = known.unwrap_or_else(|| {
                Arc::new(walk(Cases {
                    book: &book,
                    leaves: std::slice::from_ref(leaf),
                }))
            });
            whole.merge(&part);
            leaves.push((leaf.generation, part));
        }
        let value = Arc::new(look(&book, whole));
        let answer: Arc<T> = Arc::clone(&value);
        let mut shelf = lock();
        let used = shelf.uses;
        shelf.by_name.insert(
            name,
            Kept {
                generation: book.generation,
                value,
                leaves,
                used,
            },
        );
        shelf.tidy();
        Ok(answer)
    }

    fn refresh(&self, conn: &mut Conn, names: &Snapshot) -> Result<(), Error> {
        conn.transaction(|conn| {
            let now = seen(conn)?;
            {
                let book = self.0.book.read().unwrap_or_else(PoisonError::into_inner);
                if book.seen.is_some_and(|seen| seen.covers(conn, now))
                    && book.calendars == *names.calendars()
                    && book.merged_of == Some(names.generation())
                {
                    return Ok(());
                }
            }
            let mut book = self.0.book.write().unwrap_or_else(PoisonError::into_inner);
            book.follow(conn, names, now)?;
            book.follow_mergers(names);
            Ok(())
        })
    }
}

impl Shelf {
    /// Lets go of what was not used for the longest time, where there is too much.
    fn tidy(&mut self) {
        let sizes = self.by_name.values().map(|kept| kept.leaves.len() + 1);
        let mut size: usize = sizes.sum();
        while size > KEPT && self.by_name.len() > 1 {
            let oldest = self.by_name.iter().min_by_key(|(_, kept)| kept.used);
            let Some(name) = oldest.map(|(name, _)| name.clone()) else {
                break;
            };
            let gone = self.by_name.remove(&name);
            size -= gone.map_or(0, |kept| kept.leaves.len() + 1);
        }
    }
}

impl Seen {
    /// Whether nothing can have changed between this look and `now`.
    fn covers(self, conn: &Conn, now: Self) -> bool {
        // On PostgreSQL the numbers of running transactions are told from what is read.
        conn.is_sqlite() && self == now
    }
}

fn seen(conn: &mut Conn) -> QueryResult<Seen> {
    // First: what commits after this has a number that is not below it.
    let changed: Option<i64> = if conn.is_sqlite() {
        cases::table
            .filter(sql::<Bool>("cases.changed > 0"))
            .select(diesel::dsl::max(cases::changed))
            .first(conn)?
    } else {
        diesel::select(sql::<BigInt>("txid_snapshot_xmin(txid_current_snapshot())"))
            .get_result(conn)
            .map(Some)?
    };
    let docid: Option<i64> = cases::table
        .select(diesel::dsl::max(cases::docid))
        .first(conn)?;
    let undone = imports::table
        .filter(imports::undone_at.is_not_null())
        .count()
        .get_result(conn)?;
    Ok(Seen {
        docid: docid.unwrap_or(0),
        changed: changed.unwrap_or(0),
        undone,
    })
}

impl<'a> Cases<'a> {
    /// Those that count in figures that the actor reads.
    pub(crate) fn counted_for(self, actor: &Actor) -> impl Iterator<Item = &'a Tally> + use<'a> {
        let reader = self.book.reader(actor);
        let role = actor.role;
        self.all().filter(move |tally| {
            access::counts(
                role,
                &Before {
                    tally,
                    reader: &reader,
                },
            )
        })
    }

    /// The unit that one counts with as of a day: itself, or what it was merged into by then.
    pub(crate) fn unit_as_of(self, unit: u16, day: Day) -> u16 {
        self.book.unit_as_of(unit, day)
    }

    /// All of them, for what is the same whoever asks.
    pub(crate) fn all(self) -> impl Iterator<Item = &'a Tally> + use<'a> {
        self.leaves.iter().flat_map(|leaf| &leaf.tallies)
    }
}

impl Book {
    /// All cases.
    pub(crate) fn cases(&self) -> Cases<'_> {
        Cases {
            book: self,
            leaves: &self.leaves,
        }
    }

    /// A unit's number; none where no case names it.
    pub(crate) fn unit(&self, id: &str) -> Option<u16> {
        self.units.get(id).and_then(|n| u16::try_from(n).ok())
    }

    /// A unit's id.
    pub(crate) fn unit_id(&self, number: u16) -> Option<&str> {
        self.units.id(u32::from(number))
    }

    fn reader(&self, actor: &Actor) -> Reader {
        let unit = |id: &str| self.unit(id).unwrap_or(UNKNOWN_UNIT);
        let units = |ids: Vec<String>| ids.iter().map(|id| unit(id)).collect();
        let user = |id: &UserId| self.users.get(id.as_str()).unwrap_or(UNKNOWN_USER);
        Reader {
            user: user(&actor.user_id),
            users: actor.selves().map(|(id, _)| user(id)).collect(),
            units: units(actor.own_units()),
            chain: units(actor.all_chains()),
            township: unit(actor.township_id.as_str()),
            villages: units(actor.own_villages()),
        }
    }

    /// The unit that one counts with as of a day: itself, or what it was merged into by then. So figures
    /// of a day before a merger stay with the old unit, whenever they are counted.
    pub(crate) fn unit_as_of(&self, unit: u16, day: Day) -> u16 {
        let mut now = unit;
        // There is no loop; the bound keeps a broken tree from hanging a request.
        for _ in 0..16 {
            match self.merged.get(&now) {
                Some((on, into)) if *on <= day => now = *into,
                _ => break,
            }
        }
        now
    }

    /// Takes the directory's mergers over.
    fn follow_mergers(&mut self, names: &Snapshot) {
        if self.merged_of == Some(names.generation()) {
            return;
        }
        let mut merged = HashMap::new();
        for unit in names.units() {
            let (Some(into), Some(on)) = (&unit.merged_into, unit.merged_on) else {
                continue;
            };
            let mut number = |id: &UnitId| u16::try_from(self.units.of(id.as_str()));
            if let (Ok(from), Ok(into)) = (number(&unit.id), number(into)) {
                merged.insert(from, (Day::of(on), into));
            }
        }
        self.merged_of = Some(names.generation());
        if merged != self.merged {
            self.merged = merged;
            // What was walked before went by the old ones.
            self.generation += 1;
            for leaf in &mut self.leaves {
                leaf.generation = self.generation;
            }
        }
    }

    /// Brings it to what the database has.
    fn follow(&mut self, conn: &mut Conn, names: &Snapshot, now: Seen) -> Result<(), Error> {
        let calendars = Arc::clone(names.calendars());
        // With other working days every clock is counted anew.
        let known = self.seen.filter(|_| self.calendars == calendars);
        let before = match known {
            // Another was faster.
            Some(seen) if seen.covers(conn, now) => return Ok(()),
            Some(seen) if seen.undone == now.undone => Some(seen),
            _ => None,
        };
        if before.is_none() {
            *self = Self {
                generation: self.generation + 1,
                calendars: Arc::clone(&calendars),
                ..Self::default()
            };
        }
        let mut again: BTreeSet<String> = BTreeSet::new();
        if let Some(before) = before {
            let changed: Vec<(String, i64, i64, Option<String>)> = cases::table
                .filter(sql::<Bool>("cases.changed > 0"))
                .filter(if conn.is_sqlite() {
                    cases::changed.gt(before.changed)
                } else {
                    cases::changed.gt(before.changed - 1)
                })
                .filter(cases::docid.le(before.docid))
                .select((
                    cases::id,
                    cases::docid,
                    cases::version,
                    cases::earlier_case_id,
                ))
                .load(conn)?;
            for (id, docid, version, earlier) in changed {
                let known = self
                    .at(docid)
                    .is_some_and(|tally| i64::from(tally.version) == version);
                if known {
                    continue;
                }
                again.extend(earlier);
                let linked = u32::try_from(docid).ok();
                again.extend(linked.and_then(|docid| self.earlier.get(&docid).cloned()));
                again.insert(id);
            }
        }
        // New ones, in steps, so that a million cases need no more memory than these.
        let mut last = before.map_or(i64::MIN, |before| before.docid);
        let mut reached = before.map_or(0, |before| before.docid);
        loop {
            let new: Vec<Columns> = cases::table
                .filter(cases::docid.gt(last))
                .order(cases::docid)
                .limit(TOGETHER)
                .select(Columns::as_select())
                .load(conn)?;
            let Some(end) = new.last() else { break };
            last = end.docid;
            reached = end.docid;
            if before.is_some() {
                again.extend(new.iter().filter_map(|case| case.earlier_case_id.clone()));
            }
            self.fold(conn, names, new)?;
        }
        let again: Vec<String> = again.into_iter().collect();
        for some in again.chunks(usize::try_from(TOGETHER).unwrap_or(1)) {
            let rows: Vec<Columns> = cases::table
                .filter(cases::id.eq_any(some))
                .select(Columns::as_select())
                .load(conn)?;
            self.fold(conn, names, rows)?;
        }
        self.seen = Some(Seen {
            docid: reached.max(0),
            ..now
        });
        Ok(())
    }

    fn at(&self, docid: i64) -> Option<&Tally> {
        let id = u32::try_from(docid).ok()?;
        let leaf = self.leaves.get(self.leaf_of(id))?;
        let at = leaf.tallies.binary_search_by_key(&id, |tally| tally.id);
        at.ok().and_then(|at| leaf.tallies.get(at))
    }

    /// The place of the last leaf that begins with no greater id.
    fn leaf_of(&self, id: u32) -> usize {
        let begins = |leaf: &Leaf| leaf.tallies.first().is_none_or(|first| first.id <= id);
        self.leaves.partition_point(begins).saturating_sub(1)
    }

    fn put(&mut self, tally: Tally) {
        let at = self.leaf_of(tally.id);
        let rises = |leaf: &Leaf| leaf.tallies.last().is_none_or(|last| last.id < tally.id);
        // What is new is put behind the rest.
        let full = |leaf: &Leaf| leaf.tallies.len() >= LEAF && rises(leaf);
        if at + 1 >= self.leaves.len() && self.leaves.last().is_none_or(full) {
            self.leaves.push(Leaf {
                tallies: vec![tally],
                generation: self.generation,
            });
            return;
        }
        let Some(leaf) = self.leaves.get_mut(at) else {
            return;
        };
        leaf.generation = self.generation;
        match leaf
            .tallies
            .binary_search_by_key(&tally.id, |tally| tally.id)
        {
            Ok(at) => {
                if let Some(old) = leaf.tallies.get_mut(at) {
                    *old = tally;
                }
            }
            Err(at) => leaf.tallies.insert(at, tally),
        }
    }

    fn unit_number(&mut self, id: &str) -> Result<u16, Error> {
        u16::try_from(self.units.of(id))
            .ok()
            .filter(|number| *number < UNKNOWN_UNIT)
            .ok_or_else(|| Error::Damaged("more units than figures can tell apart".to_owned()))
    }

    fn maybe_unit(&mut self, id: Option<&str>) -> Result<u16, Error> {
        id.map_or(Ok(NO_UNIT), |id| self.unit_number(id))
    }

    /// Folds some cases with their events and matters.
    fn fold(&mut self, conn: &mut Conn, names: &Snapshot, rows: Vec<Columns>) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        let mut facts = facts_of(conn, &ids)?;
        let mut matters = matters_of(conn, &ids)?;
        let mut units = units_of(conn, &ids)?;
        let repeated = repeats_of(conn, &ids)?;
        let usual = LawProfile::default_profile();
        let (calendars, uncorrected) = (names.calendars(), Calendar::new());
        self.generation += 1;
        for row in rows {
            let mut beside = Beside::of(repeated.get(&row.id).copied());
            for unit in units.remove(&row.id).unwrap_or_default() {
                beside.units.push(self.unit_number(&unit)?);
            }
            for (id, matter) in matters.remove(&row.id).unwrap_or_default() {
                beside.note(&id, &matter);
            }
            let facts = facts.remove(&row.id).unwrap_or_default();
            let profile = names.law_profile(&row.law_profile_id).unwrap_or(&usual);
            let calendar = calendars.get(&row.township_id).unwrap_or(&uncorrected);
            let tally = Tally {
                id: u32::try_from(row.docid).map_err(|e| Error::Damaged(e.to_string()))?,
                version: u32::try_from(row.version).unwrap_or(u32::MAX),
                registrar: self.users.of(&row.registrar_id),
                accused_user: row
                    .accused_user_id
                    .as_deref()
                    .map_or(NOBODY, |id| self.users.of(id)),
                township: self.unit_number(&row.township_id)?,
                village: self.maybe_unit(row.village_id.as_deref())?,
                unit: self.maybe_unit(row.responsible_unit_id.as_deref())?,
                registrar_unit: self.unit_number(&row.registrar_unit_id)?,
                accused_unit: self.maybe_unit(row.accused_unit_id.as_deref())?,
                received: Day::of(row.received_on),
                due: if row.due_on == NOTHING_DUE {
                    Day::NEVER
                } else {
                    Day::of(row.due_on)
                },
                kind: row.kind.0,
                category: row.category.0,
                channel: row.channel.0,
                seal: row.seal.0,
                state: row.state.0,
                collective: row.collective,
                first: row.earlier_case_id.is_none(),
                mediation: row.mediation,
                marks: marks(&facts, &beside, profile, calendar),
            };
            match row.earlier_case_id {
                Some(earlier) => self.earlier.insert(tally.id, earlier),
                None => self.earlier.remove(&tally.id),
            };
            self.put(tally);
        }
        Ok(())
    }
}

fn facts_of(conn: &mut Conn, ids: &[&str]) -> Result<BTreeMap<String, Vec<Fact>>, Error> {
    let kinds = LOOKED_AT.iter().map(|kind| kind.code());
    type EventRow = (String, Coded<EventKind>, NaiveDate, String);
    let rows: Vec<EventRow> = case_events::table
        .filter(case_events::case_id.eq_any(ids))
        .filter(case_events::kind.eq_any(kinds))
        .order((case_events::case_id, case_events::seq))
        .select((
            case_events::case_id,
            case_events::kind,
            case_events::on_day,
            case_events::data,
        ))
        .load(conn)?;
    let mut facts: BTreeMap<String, Vec<Fact>> = BTreeMap::new();
    for (case, kind, on, data) in rows {
        // What an older release wrote is read as far as it goes.
        let data: Data = serde_json::from_str(&data).unwrap_or_default();
        let (matter, deed) = data
            .matter
            .map_or((None, None), |mark| (Some(mark.id), Some(mark.deed)));
        facts.entry(case).or_default().push(Fact {
            kind: kind.0,
            on,
            procedure: data.procedure,
            days: data.days,
            outcome: data.outcome,
            review: data.review,
            rating: data.satisfaction.map(|mark| mark.rating),
            deed,
            matter,
        });
    }
    Ok(facts)
}

fn matters_of(
    conn: &mut Conn,
    ids: &[&str],
) -> Result<BTreeMap<String, Vec<(String, Any)>>, Error> {
    let kinds = [
        MatterKind::Visit,
        MatterKind::Contact,
        MatterKind::Mediation,
    ];
    type MatterRow = (String, String, Coded<MatterKind>, String);
    let rows: Vec<MatterRow> = case_matters::table
        .filter(case_matters::case_id.eq_any(ids))
        .filter(case_matters::kind.eq_any(kinds.map(Term::code)))
        .order(case_matters::id)
        .select((
            case_matters::case_id,
            case_matters::id,
            case_matters::kind,
            case_matters::body,
        ))
        .load(conn)?;
    let mut matters: BTreeMap<String, Vec<(String, Any)>> = BTreeMap::new();
    for (case, id, kind, body) in rows {
        let matter = Any::read(kind.0, &body)
            .map_err(|e| Error::Damaged(format!("case_matters.body {id}: {e}")))?;
        matters.entry(case).or_default().push((id, matter));
    }
    Ok(matters)
}

fn units_of(conn: &mut Conn, ids: &[&str]) -> Result<BTreeMap<String, Vec<String>>, Error> {
    let rows: Vec<(String, String)> = case_units::table
        .filter(case_units::case_id.eq_any(ids))
        .select((case_units::case_id, case_units::unit_id))
        .load(conn)?;
    let mut units: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (case, unit) in rows {
        units.entry(case).or_default().push(unit);
    }
    Ok(units)
}

/// When the first later case was received that repeats each; sealed ones do not show in another's
/// figures.
fn repeats_of(conn: &mut Conn, ids: &[&str]) -> Result<BTreeMap<String, NaiveDate>, Error> {
    let rows: Vec<(Option<String>, NaiveDate)> = cases::table
        .filter(cases::earlier_case_id.eq_any(ids).assume_not_null())
        .filter(cases::seal.eq(Series::Open.code()))
        .select((cases::earlier_case_id, cases::received_on))
        .load(conn)?;
    let mut first: BTreeMap<String, NaiveDate> = BTreeMap::new();
    for (earlier, on) in rows {
        let Some(earlier) = earlier else { continue };
        let day = first.entry(earlier).or_insert(on);
        *day = on.min(*day);
    }
    Ok(first)
}
