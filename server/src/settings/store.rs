//! Rows of settings and law profiles.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use shared::calendar::Calendar;
use shared::case::Subcategory;
use shared::case::category::{Categories, SubcategoryEntry};
use shared::case::deadline::{LawProfile, Limit};
use shared::case::paper::PaperTexts;
use shared::ids::UnitId;
use shared::role::Role;
use shared::settings::{AlertLimits, NoticeRules, Reminders, Reporting, Workday};
use shared::term::Term;

use crate::auth::Actor;
use crate::db::Conn;
use crate::schema::{law_profiles, settings};

/// The row of general settings that an older release wrote, for its one township. What is written now
/// has the unit's id behind it: [`key_of`].
const GENERAL: &str = "general";

/// The row of a township's settings, or of the county's.
fn key_of(unit: &str) -> String {
    format!("{GENERAL}:{unit}")
}

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
    /// Likewise; what the township changed of those that the program comes with, and its own.
    #[serde(default)]
    pub(crate) subcategories: Vec<SubcategoryEntry>,
    /// Likewise.
    #[serde(default)]
    pub(crate) papers: PaperTexts,
    pub(crate) version: i64,
}

impl General {
    /// The days that were declared working or free.
    pub(crate) fn worked(&self) -> impl Iterator<Item = (NaiveDate, bool)> {
        self.workdays.iter().map(|day| (day.day, day.worked))
    }

    /// The second levels of the category.
    pub(crate) fn categories(&self) -> Categories {
        Categories::of(&self.subcategories, self.version)
    }

    /// What the township calls a second level.
    pub(crate) fn subcategory_name(&self, code: &str) -> Option<String> {
        let changed = self.subcategories.iter();
        let mut changed = changed.filter(|entry| entry.code.as_str() == code);
        let named = changed.next().map(|entry| entry.name.clone());
        named.or_else(|| Subcategory::from_code(code).map(|sub| sub.label().to_owned()))
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
            subcategories: Vec::new(),
            papers: PaperTexts::default(),
            version: 1,
        }
    }
}

/// The settings as they were written: by township or county.
#[derive(Debug, Clone, Default)]
pub(crate) struct Written {
    by_unit: BTreeMap<String, General>,
    /// What an older release wrote, without saying for which township.
    first: Option<General>,
}

impl Written {
    /// What was written for a unit, to be changed and written again; where nothing was yet, it begins
    /// with what the one above has, but for its corrections of the calendar, which hold by themselves, and
    /// for what its documents say of itself.
    pub(crate) fn own(&self, unit: &str, above: Option<&str>) -> General {
        let inherited = || {
            let above = self.by_unit.get(above?)?;
            Some(General {
                workdays: Vec::new(),
                papers: above.papers.for_below(),
                ..above.clone()
            })
        };
        let own = self.by_unit.get(unit).cloned();
        own.or_else(inherited)
            .or_else(|| self.first.clone())
            .unwrap_or_default()
    }

    /// What holds in a unit: its own settings, else those of the one above. The calendar is corrected
    /// by both, by its own where they differ.
    pub(crate) fn of(&self, unit: &str, above: Option<&str>) -> General {
        let own = self.own(unit, above);
        let above = above.and_then(|above| self.by_unit.get(above));
        let mut workdays = above.map_or_else(Vec::new, |above| above.workdays.clone());
        workdays.retain(|day| own.workdays.iter().all(|other| other.day != day.day));
        workdays.extend(own.workdays.iter().cloned());
        workdays.sort_by_key(|day| day.day);
        General { workdays, ..own }
    }

    /// Another text after each change.
    pub(crate) fn mark(&self) -> String {
        let first = self.first.iter().map(|general| general.version.to_string());
        let others = self
            .by_unit
            .iter()
            .map(|(unit, general)| format!("{unit}:{}", general.version));
        first.chain(others).collect::<Vec<_>>().join(",")
    }
}

/// All that was set.
pub(crate) fn written(conn: &mut Conn) -> QueryResult<Written> {
    let rows = settings::table
        .filter(settings::key.like(format!("{GENERAL}%")))
        .select((settings::key, settings::value))
        .load::<(String, String)>(conn)?;
    let mut written = Written::default();
    for (key, value) in rows {
        if key == GENERAL {
            written.first = Some(read(&value)?);
        } else if let Some(unit) = key.strip_prefix("general:") {
            written.by_unit.insert(unit.to_owned(), read(&value)?);
        }
    }
    Ok(written)
}

/// What was written for the caller's township, to be changed and written again.
pub(super) fn to_change(conn: &mut Conn, actor: &Actor) -> QueryResult<General> {
    // Raising the counter locks its row, so that of two changes at once one sees the other.
    crate::directory::touch(conn)?;
    let above = actor.county().map(UnitId::as_str);
    Ok(written(conn)?.own(actor.township_id.as_str(), above))
}

/// Writes what holds in a township, or in the county.
pub(crate) fn set_general(
    conn: &mut Conn,
    unit: &UnitId,
    general: &General,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let (key, value) = (key_of(unit.as_str()), write(general)?);
    let change = (
        settings::value.eq(&value),
        settings::updated_at.eq(now.naive_utc()),
    );
    let changed = diesel::update(settings::table.find(&key))
        .set(change)
        .execute(conn)?;
    if changed == 0 {
        diesel::insert_into(settings::table)
            .values((settings::key.eq(&key), change.0, change.1))
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

/// A law profile, and the township or county that added it; the program comes with one of nobody's.
pub(crate) type Enacted = (Option<UnitId>, LawProfile);

/// The profile that the program comes with, and those that were added; by the date in force.
pub(crate) fn law_profiles(conn: &mut Conn) -> QueryResult<Vec<Enacted>> {
    let rows = law_profiles::table
        .order(law_profiles::in_force_from)
        .select((
            law_profiles::id,
            law_profiles::in_force_from,
            law_profiles::profile,
            law_profiles::township_id,
        ))
        .load::<(String, NaiveDate, String, String)>(conn)?;
    let mut profiles = vec![(None, LawProfile::default_profile())];
    for (id, in_force_from, text, township) in rows {
        let Profile { title, limits } = read(&text)?;
        let profile = LawProfile {
            id,
            title,
            in_force_from,
            limits,
        };
        profiles.push((Some(UnitId::new(township)), profile));
    }
    profiles.sort_by_key(|(_, profile)| profile.in_force_from);
    Ok(profiles)
}

pub(super) fn insert_law_profile(
    conn: &mut Conn,
    profile: &LawProfile,
    (township, by): (&UnitId, &str),
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let text = write(&Profile {
        title: profile.title.clone(),
        limits: profile.limits.clone(),
    })?;
    diesel::insert_into(law_profiles::table)
        .values((
            law_profiles::id.eq(&profile.id),
            law_profiles::township_id.eq(township.as_str()),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str, worked: bool) -> Workday {
        Workday {
            day: text.parse().unwrap(),
            worked,
            source: String::new(),
            by: String::new(),
            at: DateTime::default(),
        }
    }

    fn general(urgent_hours: u32, workdays: Vec<Workday>) -> General {
        General {
            urgent_hours,
            workdays,
            ..General::default()
        }
    }

    #[test]
    fn a_township_begins_with_the_countys_settings_and_keeps_its_own() {
        let mut written = Written {
            first: Some(general(5, Vec::new())),
            ..Written::default()
        };
        assert_eq!(written.of("t", None).urgent_hours, 5, "of an older release");
        let county = general(3, vec![day("2027-01-01", false), day("2027-01-04", true)]);
        written.by_unit.insert("c".to_owned(), county);
        assert_eq!(written.of("t", Some("c")).urgent_hours, 3);
        assert_eq!(written.of("t", Some("c")).workdays.len(), 2);
        let own = written.own("t", Some("c"));
        assert!(own.workdays.is_empty(), "the county's are not copied");
        // Its own correction stands over the county's of the same day.
        let own = general(4, vec![day("2027-01-04", false)]);
        written.by_unit.insert("t".to_owned(), own);
        let held = written.of("t", Some("c"));
        assert_eq!(held.urgent_hours, 4);
        let worked: Vec<bool> = held.worked().map(|(_, worked)| worked).collect();
        assert_eq!(worked, [false, false]);
        assert_eq!(written.of("u", Some("c")).urgent_hours, 3, "not next door");
    }
}
