//! Rows of settings and law profiles.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use shared::calendar::Calendar;
use shared::case::deadline::{LawProfile, Limit};
use shared::role::Role;
use shared::settings::{AlertLimits, NoticeRules, Reminders, Reporting, Workday};

use crate::db::Conn;
use crate::schema::{law_profiles, settings};

/// The one row of general settings.
const GENERAL: &str = "general";

/// What is kept in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct General {
    pub(crate) urgent_hours: u32,
    /// What an older release wrote has none.
    #[serde(default)]
    pub(crate) reminders: Reminders,
    /// Nor this.
    #[serde(default)]
    pub(crate) reporting: Reporting,
    #[serde(default = "one")]
    pub(crate) visits_per_week: u32,
    #[serde(default)]
    pub(crate) notices: NoticeRules,
    /// Likewise.
    #[serde(default)]
    pub(crate) alerts: AlertLimits,
    /// Likewise.
    #[serde(default)]
    pub(crate) second_factor_roles: Vec<Role>,
    /// Likewise; by day.
    #[serde(default)]
    pub(crate) workdays: Vec<Workday>,
    pub(crate) version: i64,
}

impl General {
    /// The days that were declared working or free.
    pub(crate) fn worked(&self) -> impl Iterator<Item = (NaiveDate, bool)> {
        self.workdays.iter().map(|day| (day.day, day.worked))
    }

    /// The working-day calendar with its corrections.
    pub(crate) fn calendar(&self) -> Calendar {
        Calendar::with_corrections(self.worked())
    }
}

/// What an older release wrote asks for one visit a week.
const fn one() -> u32 {
    1
}

impl Default for General {
    fn default() -> Self {
        Self {
            urgent_hours: 2,
            reminders: Reminders::default(),
            reporting: Reporting::default(),
            visits_per_week: one(),
            notices: NoticeRules::default(),
            alerts: AlertLimits::default(),
            second_factor_roles: Vec::new(),
            workdays: Vec::new(),
            version: 1,
        }
    }
}

pub(crate) fn general(conn: &mut Conn) -> QueryResult<General> {
    let row = settings::table
        .find(GENERAL)
        .select(settings::value)
        .first::<String>(conn);
    row.optional()?
        .map_or_else(|| Ok(General::default()), |text| read(&text))
}

pub(crate) fn set_general(
    conn: &mut Conn,
    general: &General,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let value = write(general)?;
    let change = (
        settings::value.eq(&value),
        settings::updated_at.eq(now.naive_utc()),
    );
    let changed = diesel::update(settings::table.find(GENERAL))
        .set(change)
        .execute(conn)?;
    if changed == 0 {
        diesel::insert_into(settings::table)
            .values((settings::key.eq(GENERAL), change.0, change.1))
            .execute(conn)?;
    }
    crate::directory::touch(conn)
}

/// What a law profile's row holds beside its columns.
#[derive(Serialize, Deserialize)]
struct Profile {
    title: String,
    limits: Vec<Limit>,
}

/// The profile that the program comes with, and those that were added; by the date in force.
pub(crate) fn law_profiles(conn: &mut Conn) -> QueryResult<Vec<LawProfile>> {
    let rows = law_profiles::table
        .order(law_profiles::in_force_from)
        .select((
            law_profiles::id,
            law_profiles::in_force_from,
            law_profiles::profile,
        ))
        .load::<(String, NaiveDate, String)>(conn)?;
    let mut profiles = vec![LawProfile::default_profile()];
    for (id, in_force_from, text) in rows {
        let Profile { title, limits } = read(&text)?;
        profiles.push(LawProfile {
            id,
            title,
            in_force_from,
            limits,
        });
    }
    profiles.sort_by_key(|profile| profile.in_force_from);
    Ok(profiles)
}

pub(super) fn insert_law_profile(
    conn: &mut Conn,
    profile: &LawProfile,
    by: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let text = write(&Profile {
        title: profile.title.clone(),
        limits: profile.limits.clone(),
    })?;
    diesel::insert_into(law_profiles::table)
        .values((
            law_profiles::id.eq(&profile.id),
            law_profiles::in_force_from.eq(profile.in_force_from),
            law_profiles::profile.eq(text),
            law_profiles::created_at.eq(now.naive_utc()),
            law_profiles::created_by.eq(by),
        ))
        .execute(conn)?;
    crate::directory::touch(conn)
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> QueryResult<T> {
    serde_json::from_str(text)
        .map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))
}

fn write(value: &impl Serialize) -> QueryResult<String> {
    serde_json::to_string(value)
        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))
}

/// Marks a database as the demo's.
const DEMO: &str = "demo";

pub(crate) fn is_demo(conn: &mut Conn) -> QueryResult<bool> {
    let row = settings::table
        .find(DEMO)
        .select(settings::key)
        .first::<String>(conn);
    row.optional().map(|row| row.is_some())
}

pub(crate) fn mark_demo(conn: &mut Conn) -> QueryResult<()> {
    diesel::insert_into(settings::table)
        .values((
            settings::key.eq(DEMO),
            settings::value.eq("marked"),
            settings::updated_at.eq(chrono::NaiveDateTime::default()),
        ))
        .execute(conn)
        .map(drop)
}

pub(crate) fn demo_is_loaded(conn: &mut Conn) -> QueryResult<bool> {
    let row = settings::table
        .find(DEMO)
        .select(settings::value)
        .first::<String>(conn);
    row.optional()
        .map(|value| value.as_deref() == Some("loaded"))
}

pub(crate) fn mark_demo_loaded(conn: &mut Conn) -> QueryResult<()> {
    let mark = diesel::update(settings::table.find(DEMO)).set(settings::value.eq("loaded"));
    mark.execute(conn).map(drop)
}
