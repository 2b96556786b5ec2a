//! Users, units and settings, in memory: what every request asks for and hardly anybody changes.
//!
//! A write in this process calls [`Directory::invalidate`] and is seen by the next request. Another
//! process (a second server, the command line) is noticed within [`FRESH`]: each change raises a
//! counter in the database, which is looked at that often. Who stands in for whom goes by the day, so
//! the first request of a day reads anew.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::result::QueryResult;
use shared::access;
use shared::account::User;
use shared::calendar::Calendar;
use shared::case::deadline::LawProfile;
use shared::ids::{UnitId, UserId};
use shared::org::{Unit, UnitKind};

use crate::clock::Clock;
use crate::db::{Conn, Db};
use crate::deputy::store::InForce;
use crate::settings::{
    self,
    store::{Enacted, General, Written},
};
use crate::token::{self, Known};

/// How long another process's change may stay unnoticed.
pub const FRESH: Duration = Duration::from_secs(4);

/// Gives the current [`Snapshot`]. Clones share it.
#[derive(Clone)]
pub struct Directory(Arc<Inner>);

struct Inner {
    db: Db,
    clock: Clock,
    /// How long an access token may outlive its session.
    token_life: chrono::Duration,
    current: RwLock<Option<Current>>,
    /// Rises with each change that this process made.
    changes: AtomicU64,
}

struct Current {
    snapshot: Arc<Snapshot>,
    /// What `changes` was before the snapshot was read.
    seen: u64,
    looked: Instant,
}

/// Users and units at one moment.
#[derive(Debug, Default)]
pub struct Snapshot {
    generation: i64,
    /// By whose day somebody stands in for somebody; none where nobody does, for jobs.
    today: Option<NaiveDate>,
    /// Who stands in for whom today.
    deputies: Vec<InForce>,
    members: HashMap<UserId, Arc<Member>>,
    units: Vec<Unit>,
    by_id: HashMap<UnitId, usize>,
    /// What was merged into a unit, by way of others, too: the last in front.
    former: HashMap<UnitId, Vec<UnitId>>,
    ended: HashSet<String>,
    /// What was set, and from it what holds in each township and in the county.
    written: Written,
    general: HashMap<UnitId, General>,
    /// Where nothing is set.
    usual: General,
    calendars: Arc<BTreeMap<String, Calendar>>,
    law_profiles: Vec<Enacted>,
    /// By the hashes of their secrets.
    tokens: HashMap<String, Known>,
}

/// A user, and what decisions look at.
#[derive(Debug, Clone)]
pub struct Member {
    /// The user.
    pub user: User,
    /// What decisions look at, with the work of those for whom they stand in today.
    pub access: Arc<access::Actor>,
    /// The same without: what is theirs alone.
    pub own: Arc<access::Actor>,
    /// The name, cheap to pass along.
    pub name: Arc<str>,
    /// Older access tokens are no good.
    pub token_version: i64,
    /// Whether the role must have a second factor, and this person has none yet.
    pub must_set_up_second_factor: bool,
}

impl Directory {
    /// Reads nothing yet.
    pub fn new(db: Db, clock: Clock, token_life: chrono::Duration) -> Self {
        Self(Arc::new(Inner {
            db,
            clock,
            token_life,
            current: RwLock::new(None),
            changes: AtomicU64::new(0),
        }))
    }

    /// Says that this process has changed users, units or sessions. Call it after the commit.
    pub fn invalidate(&self) {
        self.0.changes.fetch_add(1, Ordering::SeqCst);
    }

    /// Users and units as they are now.
    ///
    /// # Errors
    /// The database's own.
    pub async fn current(&self) -> QueryResult<Arc<Snapshot>> {
        if let Some(snapshot) = self.fresh() {
            return Ok(snapshot);
        }
        let changes = self.0.changes.load(Ordering::SeqCst);
        let looked = Instant::now();
        let before = self.last();
        let since = self.0.clock.now() - self.0.token_life;
        let today = Some(self.0.clock.today());
        let read = move |conn: &mut Conn| Snapshot::read(conn, before, since, today);
        let snapshot = self.0.db.read(read).await?;
        self.keep(Current {
            snapshot: Arc::clone(&snapshot),
            seen: changes,
            looked,
        });
        Ok(snapshot)
    }

    /// Users and units as the database has them, holding up the calling thread: for the command
    /// line and the demo.
    ///
    /// # Errors
    /// The database's own.
    pub(crate) fn now_blocking(&self) -> QueryResult<Arc<Snapshot>> {
        let since = self.0.clock.now() - self.0.token_life;
        let today = Some(self.0.clock.today());
        self.0
            .db
            .read_blocking(|conn| Snapshot::read(conn, None, since, today))
    }

    /// Users and units as they are now, for the command line.
    ///
    /// # Errors
    /// The database's own.
    pub(crate) fn read(&self, conn: &mut Conn) -> QueryResult<Arc<Snapshot>> {
        let since = self.0.clock.now() - self.0.token_life;
        Snapshot::read(conn, None, since, Some(self.0.clock.today()))
    }

    /// The snapshot at hand, if it is still good: no read, no wait.
    pub(crate) fn fresh(&self) -> Option<Arc<Snapshot>> {
        let current = self
            .0
            .current
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let current = current.as_ref()?;
        let good = current.seen == self.0.changes.load(Ordering::SeqCst)
            && current.looked.elapsed() < FRESH
            && current.snapshot.today == Some(self.0.clock.today());
        good.then(|| Arc::clone(&current.snapshot))
    }

    fn last(&self) -> Option<Arc<Snapshot>> {
        let current = self
            .0
            .current
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        current
            .as_ref()
            .map(|current| Arc::clone(&current.snapshot))
    }

    fn keep(&self, new: Current) {
        let mut current = self
            .0
            .current
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        // A slower reader must not put an older state over a newer one.
        if current.as_ref().is_none_or(|old| old.seen <= new.seen) {
            *current = Some(new);
        }
    }
}

impl Snapshot {
    /// Which state of the directory this is; each change raises it.
    pub fn generation(&self) -> i64 {
        self.generation
    }

    /// Users, units and settings as the database has them, for jobs: nobody stands in for anybody, as
    /// [`crate::notify::post`] tells whoever does.
    ///
    /// # Errors
    /// The database's own.
    pub(crate) fn of(conn: &mut Conn) -> QueryResult<Arc<Self>> {
        Self::read(conn, None, DateTime::<Utc>::MAX_UTC, None)
    }

    fn read(
        conn: &mut Conn,
        before: Option<Arc<Self>>,
        since: DateTime<Utc>,
        today: Option<NaiveDate>,
    ) -> QueryResult<Arc<Self>> {
        let generation = store::generation(conn)?;
        let same = |before: &Arc<Self>| before.generation == generation && before.today == today;
        if let Some(before) = before.filter(same) {
            return Ok(before);
        }
        let units = crate::org::store::all(conn)?;
        let users = crate::account::store::all(conn)?;
        let deputies = match today {
            Some(today) => crate::deputy::store::in_force(conn, today)?,
            None => Vec::new(),
        };
        let parts = Self {
            generation,
            today,
            deputies,
            ended: crate::session::store::ended_since(conn, since)?,
            written: settings::store::written(conn)?,
            law_profiles: settings::store::law_profiles(conn)?,
            tokens: token::store::known(conn)?
                .into_iter()
                .map(|token| (token.hash.clone(), token))
                .collect(),
            ..Self::default()
        };
        Ok(Arc::new(parts.with(units, users)))
    }

    /// Users and units as they are in this transaction, without settings: for what runs by itself.
    ///
    /// # Errors
    /// The database's own.
    pub(crate) fn of_people(conn: &mut Conn) -> QueryResult<Self> {
        let units = crate::org::store::all(conn)?;
        let users = crate::account::store::all(conn)?;
        Ok(Self::default().with(units, users))
    }

    /// The township of a user as the database has them, for what is noted without a sign-in.
    ///
    /// # Errors
    /// The database's own.
    pub(crate) fn township_of_user(conn: &mut Conn, user: &str) -> QueryResult<Option<UnitId>> {
        let people = Self::of_people(conn)?;
        let member = people.member(&UserId::from(user));
        Ok(member.map(|member| member.access.township_id.clone()))
    }

    fn with(self, units: Vec<Unit>, users: Vec<(User, i64)>) -> Self {
        let by_id = units
            .iter()
            .enumerate()
            .map(|(at, unit)| (unit.id.clone(), at))
            .collect();
        let mut snapshot = Self {
            units,
            by_id,
            ..self
        };
        let mut former: HashMap<UnitId, Vec<UnitId>> = HashMap::new();
        for unit in &snapshot.units {
            for into in snapshot.onwards(&unit.id).skip(1) {
                former
                    .entry(into.id.clone())
                    .or_default()
                    .push(unit.id.clone());
            }
        }
        snapshot.former = former;
        let ruled = snapshot
            .units
            .iter()
            .filter(|unit| matches!(unit.kind, UnitKind::Township | UnitKind::County));
        snapshot.general = ruled
            .map(|unit| {
                let above = unit.parent_id.as_ref().map(UnitId::as_str);
                let general = snapshot.written.of(unit.id.as_str(), above);
                (unit.id.clone(), general)
            })
            .collect();
        let calendars = snapshot.general.iter();
        let calendars = calendars.map(|(unit, general)| (unit.to_string(), general.calendar()));
        snapshot.calendars = Arc::new(calendars.collect());
        for (user, token_version) in users {
            let own = Arc::new(snapshot.access_of(&user));
            let roles = &snapshot.general(&own.township_id).second_factor_roles;
            let member = Member {
                must_set_up_second_factor: !user.second_factor
                    && !user.service
                    && roles.contains(&user.role),
                access: Arc::clone(&own),
                own,
                name: user.name.as_str().into(),
                token_version,
                user,
            };
            snapshot
                .members
                .insert(member.user.id.clone(), Arc::new(member));
        }
        for deputy in std::mem::take(&mut snapshot.deputies) {
            snapshot.let_stand_in(&deputy);
        }
        snapshot
    }

    /// Gives somebody the work of somebody absent beside their own. What is absent is that person's own
    /// alone: nothing is passed on along a chain. What no longer fits is left out; it has been ended, or
    /// is about to be.
    fn let_stand_in(&mut self, deputy: &InForce) {
        let (Some(absent), Some(by)) = (
            self.member(&deputy.user_id).cloned(),
            self.member(&deputy.deputy_id).cloned(),
        ) else {
            return;
        };
        let fits = !absent.user.disabled
            && !by.user.disabled
            && absent.user.role == by.user.role
            && absent.own.township_id == by.own.township_id
            && absent.user.id != by.user.id;
        if !fits {
            return;
        }
        let mut access = (*by.access).clone();
        let absent = absent.own.absent_until(&absent.name, deputy.last_day);
        access.stands_in_for.push(absent);
        let member = Member {
            access: Arc::new(access),
            ..(*by).clone()
        };
        self.members
            .insert(member.user.id.clone(), Arc::new(member));
    }

    fn access_of(&self, user: &User) -> access::Actor {
        access::Actor {
            user_id: user.id.clone(),
            role: user.role,
            unit_id: user.unit_id.clone(),
            unit_chain: self.chain(&user.unit_id),
            township_id: self.township_of(&user.unit_id),
            former_units: self.former(&user.unit_id).to_vec(),
            former_villages: self
                .above(&user.unit_id, UnitKind::Village)
                .map_or_else(Vec::new, |village| self.former(&village.id).to_vec()),
            village_id: self
                .above(&user.unit_id, UnitKind::Village)
                .map(|unit| unit.id.clone()),
            stands_in_for: Vec::new(),
        }
    }

    /// The user with this id, disabled or not.
    pub fn member(&self, id: &UserId) -> Option<&Arc<Member>> {
        self.members.get(id)
    }

    /// All users, in no order.
    pub fn members(&self) -> impl Iterator<Item = &Arc<Member>> {
        self.members.values()
    }

    /// A user's name for display; empty when there is no such user.
    pub fn user_name(&self, id: &UserId) -> &str {
        self.member(id)
            .map(|member| &*member.name)
            .unwrap_or_default()
    }

    /// The unit with this id.
    pub fn unit(&self, id: &UnitId) -> Option<&Unit> {
        self.by_id.get(id).and_then(|at| self.units.get(*at))
    }

    /// A unit's name for display; empty when there is no such unit.
    pub fn unit_name(&self, id: &UnitId) -> &str {
        self.unit(id)
            .map(|unit| unit.name.as_str())
            .unwrap_or_default()
    }

    /// All units, sisters in order, those above before those below.
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// What a record of a day calls a unit: by its name of that day, and into what it was merged since.
    pub fn unit_told(&self, id: &UnitId, day: NaiveDate) -> String {
        let Some(unit) = self.unit(id) else {
            return String::new();
        };
        let now = self.onwards(id).last().filter(|now| now.id != unit.id);
        unit.told_of(day, now)
    }

    /// The unit and those above it, own first, each followed by those that were merged into it.
    pub fn chain(&self, id: &UnitId) -> Vec<UnitId> {
        self.upwards(id)
            .flat_map(|unit| std::iter::once(&unit.id).chain(self.former(&unit.id)))
            .cloned()
            .collect()
    }

    /// The units that were merged into one, by way of others, too.
    pub fn former(&self, id: &UnitId) -> &[UnitId] {
        self.former.get(id).map_or(&[], Vec::as_slice)
    }

    /// A unit's id with those of [`Snapshot::former`], for filters.
    pub(crate) fn with_former(&self, id: &str) -> Vec<String> {
        let unit = UnitId::from(id);
        let former = self.former(&unit).iter();
        std::iter::once(id.to_owned())
            .chain(former.map(|former| former.as_str().to_owned()))
            .collect()
    }

    /// The unit that one is part of on a day: itself, or what it was merged into by then.
    pub(crate) fn unit_as_of(&self, id: &UnitId, day: NaiveDate) -> UnitId {
        let merged = |unit: &&Unit| unit.merged_on.is_some_and(|on| on <= day);
        let mut now = id.clone();
        for _ in 0..16 {
            match self
                .unit(&now)
                .filter(merged)
                .and_then(|unit| unit.merged_into.as_ref())
            {
                Some(into) => now = into.clone(),
                None => break,
            }
        }
        now
    }

    /// The units that make one up on a day: itself, unless it was merged into another by then, and those
    /// that were merged into it. For what is counted of a day, as `unit_as_of` has it.
    pub(crate) fn parts_as_of(&self, id: &str, day: NaiveDate) -> Vec<String> {
        let unit = UnitId::from(id);
        let mut parts = self.with_former(id);
        parts.retain(|part| self.unit_as_of(&UnitId::from(part.as_str()), day) == unit);
        parts
    }

    /// The unit that one is part of now: itself, or what it was merged into.
    pub fn unit_now(&self, id: &UnitId) -> UnitId {
        self.onwards(id)
            .last()
            .map_or_else(|| id.clone(), |unit| unit.id.clone())
    }

    /// Whether a unit is one that an accusation is against, below it, or has become one with it.
    pub fn is_accused(&self, id: &UnitId, accused: &UnitId) -> bool {
        self.chain(id).contains(accused) || self.chain(&self.unit_now(id)).contains(accused)
    }

    /// The unit, and those that it was merged into, one after the other.
    fn onwards(&self, id: &UnitId) -> impl Iterator<Item = &Unit> {
        std::iter::successors(self.unit(id), |unit| {
            unit.merged_into.as_ref().and_then(|into| self.unit(into))
        })
        .take(16)
    }

    /// The township that the unit is or belongs to; a county's own units have the topmost unit.
    pub fn township_of(&self, id: &UnitId) -> UnitId {
        match self
            .above(id, UnitKind::Township)
            .or_else(|| self.upwards(id).last())
        {
            Some(unit) => unit.id.clone(),
            None => id.clone(),
        }
    }

    /// The unit, or the nearest above it, that is of this kind.
    pub fn above(&self, id: &UnitId, kind: UnitKind) -> Option<&Unit> {
        self.upwards(id).find(|unit| unit.kind == kind)
    }

    /// Whether the unit is `root` or below it.
    pub fn is_within(&self, id: &UnitId, root: &UnitId) -> bool {
        self.upwards(id).any(|unit| unit.id == *root)
    }

    /// The API token whose secret has this hash, good or not.
    pub(crate) fn token(&self, hash: &str) -> Option<&Known> {
        self.tokens.get(hash)
    }

    /// The law profiles that hold in a township, by the date in force; never empty. Of two from the
    /// same day its own counts, not the county's.
    pub fn law_profiles(&self, township: &UnitId) -> Vec<&LawProfile> {
        let chain = self.chain(township);
        let mut held: BTreeMap<_, (usize, &LawProfile)> = BTreeMap::new();
        for (by, profile) in &self.law_profiles {
            let far = match by {
                None => Some(usize::MAX),
                Some(by) => chain.iter().position(|id| id == by),
            };
            let Some(far) = far else {
                continue;
            };
            let nearer = held
                .get(&profile.in_force_from)
                .is_none_or(|(other, _)| far < *other);
            if nearer {
                held.insert(profile.in_force_from, (far, profile));
            }
        }
        held.into_values().map(|(_, profile)| profile).collect()
    }

    /// The law profile with this id, which a case has kept.
    pub fn law_profile(&self, id: &str) -> Option<&LawProfile> {
        let mut profiles = self.law_profiles.iter().map(|(_, profile)| profile);
        profiles.find(|profile| profile.id == id)
    }

    /// The general settings of a township, or of the county.
    pub(crate) fn general(&self, township: &UnitId) -> &General {
        self.general.get(township).unwrap_or(&self.usual)
    }

    /// The working-day calendar of a township, or of the county.
    pub(crate) fn calendar(&self, township: &str) -> Calendar {
        self.calendars.get(township).cloned().unwrap_or_default()
    }

    /// The calendars of all townships.
    pub(crate) fn calendars(&self) -> &Arc<BTreeMap<String, Calendar>> {
        &self.calendars
    }

    /// The general settings of all townships, and of the county.
    pub(crate) fn all_general(&self) -> impl Iterator<Item = &General> {
        self.general.values()
    }

    /// Whether the session has been ended while access tokens of it may still be about.
    pub(crate) fn has_ended(&self, session_id: &str) -> bool {
        self.ended.contains(session_id)
    }

    fn upwards(&self, id: &UnitId) -> impl Iterator<Item = &Unit> {
        // The database's tree has no loops; the bound keeps a broken one from hanging a request.
        std::iter::successors(self.unit(id), |unit| {
            unit.parent_id.as_ref().and_then(|parent| self.unit(parent))
        })
        .take(16)
    }
}

/// Notes in the database that users, units or sessions have changed. In the same transaction.
///
/// # Errors
/// The database's own.
pub fn touch(conn: &mut Conn) -> QueryResult<()> {
    store::raise_generation(conn)
}

mod store {
    use diesel::prelude::*;

    use crate::db::Conn;
    use crate::schema::generations;

    pub(super) fn generation(conn: &mut Conn) -> QueryResult<i64> {
        generations::table
            .find("directory")
            .select(generations::value)
            .first(conn)
    }

    pub(super) fn raise_generation(conn: &mut Conn) -> QueryResult<()> {
        diesel::update(generations::table.find("directory"))
            .set(generations::value.eq(generations::value + 1))
            .execute(conn)
            .map(drop)
    }
}
