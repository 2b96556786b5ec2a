//! Who plays the demo, and when: each room's own demo acts through its services as one of them.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use chrono::{DateTime, Days, Duration, NaiveDate, Utc};
use diesel::result::QueryResult;
use shared::ids::{CaseId, UnitId, UserId};
use shared::org::{Unit, UnitKind};
use shared::role::Role;

use super::Error;
use crate::auth::Actor;
use crate::case::Desk;
use crate::clock::day_of;
use crate::context::RequestContext;
use crate::directory::Snapshot;
use crate::state::State;

/// The demo's cases, by the name of the first person of each.
pub(crate) type Cases = BTreeMap<&'static str, CaseId>;

/// Everybody of the demo, at the moment when it is loaded.
#[derive(Clone)]
pub(crate) struct Cast {
    desks: Arc<Vec<Desk>>,
    names: Arc<Snapshot>,
    now: DateTime<Utc>,
}

impl Cast {
    /// Takes in who is there.
    ///
    /// # Errors
    /// The database's own.
    pub(crate) fn gather(state: &State) -> QueryResult<Self> {
        let names = state.directory.now_blocking()?;
        let context = RequestContext::local(&state.clock);
        let desks = names.members().map(|member| Desk {
            actor: Actor::of_member(member.clone()),
            context: context.clone(),
            names: names.clone(),
            keys: state.keys.clone(),
        });
        Ok(Self {
            desks: Arc::new(desks.collect()),
            now: context.now,
            names,
        })
    }

    /// The day in Shanghai on which it is loaded.
    pub(crate) fn today(&self) -> NaiveDate {
        day_of(self.now)
    }

    /// So many minutes before it is loaded.
    pub(crate) fn minutes_ago(&self, minutes: i64) -> DateTime<Utc> {
        self.now - Duration::minutes(minutes)
    }

    /// The day that lies so many days before today.
    pub(crate) fn days_ago(&self, days: u64) -> NaiveDate {
        let today = self.today();
        today.checked_sub_days(Days::new(days)).unwrap_or(today)
    }

    /// The day that comes so many days after today.
    pub(crate) fn in_days(&self, days: u64) -> NaiveDate {
        let today = self.today();
        today.checked_add_days(Days::new(days)).unwrap_or(today)
    }

    /// An hour of a day in Shanghai; now, where that is still to come.
    pub(crate) fn moment(&self, day: NaiveDate, hour: u32, minute: u32) -> DateTime<Utc> {
        let at = day
            .and_hms_opt(hour, minute, 0)
            .unwrap_or_default()
            .and_utc();
        (at - Duration::hours(8)).min(self.now)
    }

    /// The one whose user name is the role's code.
    ///
    /// # Errors
    /// [`Error::Room`]: nobody is.
    pub(crate) fn desk(&self, role: Role) -> Result<&Desk, Error> {
        self.find(|desk| desk.actor.user().username == shared::term::Term::code(role))
            .ok_or_else(|| wrong("staff", role))
    }

    /// Somebody else's.
    pub(crate) fn find(&self, wanted: impl Fn(&Desk) -> bool) -> Option<&Desk> {
        self.desks.iter().find(|desk| wanted(desk))
    }

    /// The secretary of a village.
    pub(crate) fn secretary(&self, village: Option<&UnitId>) -> Option<&Desk> {
        self.find(|desk| {
            desk.actor.role == Role::VillageSecretary && desk.actor.village_id.as_ref() == village
        })
    }

    /// The secretary of a village, by its name.
    ///
    /// # Errors
    /// [`Error::Room`]: there is none.
    pub(crate) fn secretary_of(&self, village: &str) -> Result<&Desk, Error> {
        let id = self.village(village)?;
        self.secretary(Some(&id))
            .ok_or_else(|| wrong("staff", village))
    }

    /// Somebody's id.
    ///
    /// # Errors
    /// [`Error::Room`]: nobody has that role.
    pub(crate) fn user(&self, role: Role) -> Result<UserId, Error> {
        Ok(self.desk(role)?.actor.user_id.clone())
    }

    fn unit(&self, what: &str, wanted: impl Fn(&Unit) -> bool) -> Result<UnitId, Error> {
        let units = self.names.units();
        let found = units.iter().find(|unit| wanted(unit));
        found
            .map(|unit| unit.id.clone())
            .ok_or_else(|| wrong("units", what))
    }

    /// A village, by its name.
    ///
    /// # Errors
    /// [`Error::Room`]: there is none.
    pub(crate) fn village(&self, name: &str) -> Result<UnitId, Error> {
        self.unit(name, |unit| {
            unit.kind == UnitKind::Village && unit.name == name
        })
    }
}

/// The same person at another time.
pub(crate) fn at(desk: &Desk, now: DateTime<Utc>) -> Desk {
    let mut then = desk.clone();
    then.context.now = now;
    then
}

/// A mistake in a room's demo, with what its rules say.
pub(crate) fn wrong(room: &'static str, why: impl Debug) -> Error {
    Error::Room(room, format!("{why:?}"))
}
