//! The three-without standing of villages: counted from the book, with evidence, history and what
//! would lose it next.

use std::collections::{BTreeMap, HashMap};

use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use shared::access::{Action, Facts, can};
use shared::case::view::{CaseRow, Named};
use shared::indicator::period::{Day, Window};
use shared::indicator::standing::{Without, broken_by, loses_on, year, years};
use shared::indicator::tally::What;
use shared::indicator::target::Goal;
use shared::indicator::view::{
    StandingBroken, StandingRisk, StandingView, VillageStanding, YearStanding,
};
use shared::indicator::{FigureDeed, permille};
use shared::page::Page;
use shared::term::Term;
use shared::validate::Errors;

use super::Error;
use super::book::{Cases, Figures, Sum};
use super::table::Since;
use super::{list, table, targets};
use crate::case::{Desk, service};
use crate::db::Conn;
use crate::page;

/// The most cases of a village that are named as what would lose its standing.
const MOST_RISKS: usize = 5;

/// The query string of the standing.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct StandingQuery {
    /// 年度，默认今年
    year: Option<i32>,
}

impl StandingQuery {
    /// Of a year.
    pub(super) const fn of(year: i32) -> Self {
        Self { year: Some(year) }
    }

    /// What is asked for, in words.
    pub(super) fn words(&self) -> String {
        self.year
            .map_or_else(String::new, |year| format!("{year}年"))
    }
}

/// The query string of the evidence.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct EvidenceQuery {
    /// 年度
    year: i32,
    /// 村
    village_id: String,
    /// 三无中的哪一项
    #[param(inline)]
    what: Without,
    /// 每页条数，1 到 200，默认 50
    limit: Option<u32>,
    /// 上一页答复中的 next_cursor
    cursor: Option<String>,
}

/// A village's case that would lose its standing: when it was due, when it loses it, its id.
type Risk = (Day, Day, u32);

/// What the book says of one village.
#[derive(Debug, Default, Clone)]
struct Village {
    /// How many cases break each of the three.
    broken: [u64; 3],
    risks: Vec<Risk>,
    /// Years in which any of the three was broken.
    lost: Vec<i32>,
}

impl Village {
    /// Keeps the worst alone.
    fn trim(&mut self) {
        self.risks.sort_unstable();
        self.risks.truncate(MOST_RISKS);
    }
}

/// What a walk comes to.
#[derive(Default)]
struct Walked {
    villages: HashMap<u16, Village>,
    since: Since,
}

impl Sum for Walked {
    fn merge(&mut self, other: &Self) {
        self.since.merge(&other.since);
        for (unit, other) in &other.villages {
            let village = self.villages.entry(*unit).or_default();
            for (own, other) in village.broken.iter_mut().zip(other.broken) {
                *own += other;
            }
            village.risks.extend(&other.risks);
            village.trim();
            for year in &other.lost {
                if !village.lost.contains(year) {
                    village.lost.push(*year);
                }
            }
        }
    }
}

fn place(what: Without) -> usize {
    Without::ALL.iter().position(|w| *w == what).unwrap_or(0)
}

fn walk(cases: Cases<'_>, desk: &Desk, asked: i32, within: Window, day: Day) -> Walked {
    let today = desk.context.today();
    // Nothing of these cases happened before.
    let first = cases.counted_for(&desk.actor).map(|tally| {
        // A referral is bound to no day.
        let marks = tally
            .marks
            .iter()
            .filter(|mark| mark.what != What::Referred);
        marks.map(|mark| mark.on).fold(tally.received, Day::min)
    });
    let first = first.min().map(Day::date);
    let past: Vec<(i32, Window, Day)> = years(first.unwrap_or(today), today)
        .into_iter()
        .filter(|of| *of != asked)
        .filter_map(|of| year(of, today).map(|(within, day)| (of, within, day)))
        .collect();
    let running = asked == today.year();
    let mut villages: HashMap<u16, Village> = HashMap::new();
    for tally in cases.counted_for(&desk.actor) {
        for what in broken_by(tally, within, day) {
            let village = cases.unit_as_of(tally.village, day);
            let village = villages.entry(village).or_default();
            if let Some(count) = village.broken.get_mut(place(what)) {
                *count += 1;
            }
        }
        if running && let Some(loses) = loses_on(tally, day) {
            let village = cases.unit_as_of(tally.village, day);
            let village = villages.entry(village).or_default();
            village.risks.push((loses, tally.due, tally.id));
        }
        for (of, within, day) in &past {
            if broken_by(tally, *within, *day).next().is_some() {
                let village = cases.unit_as_of(tally.village, *day);
                let village = villages.entry(village).or_default();
                if !village.lost.contains(of) {
                    village.lost.push(*of);
                }
            }
        }
    }
    for village in villages.values_mut() {
        village.trim();
    }
    Walked {
        villages,
        since: Since::of(cases.counted_for(&desk.actor)),
    }
}

/// A year that may be asked for.
fn checked(errors: &mut Errors, asked: i32, today: NaiveDate) -> Option<(Window, Day)> {
    let within = year(asked, today).filter(|_| asked >= 2000);
    if within.is_none() {
        errors.add("year", "out_of_range", "年度应在2000年至今年之间。");
    }
    within
}

/// The standing of the villages that the actor sees.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(super) fn standing(
    conn: &mut Conn,
    figures: &Figures,
    desk: &Desk,
    query: &StandingQuery,
) -> Result<StandingView, Error> {
    can(
        &desk.actor,
        Action::Figures(FigureDeed::Standing),
        Facts::None,
    )?;
    let today = desk.context.today();
    let asked = query.year.unwrap_or_else(|| today.year());
    let mut errors = Errors::new();
    let Some((within, day)) = checked(&mut errors, asked, today) else {
        return Err(errors.into());
    };
    let counted = figures.summed(
        conn,
        desk,
        &format!("standing {asked}"),
        |cases| walk(cases, desk, asked, within, day),
        |book, walked| {
            let by_id: BTreeMap<String, Village> = walked
                .villages
                .into_iter()
                .filter_map(|(unit, village)| Some((book.unit_id(unit)?.to_owned(), village)))
                .collect();
            (by_id, walked.since.day())
        },
    )?;
    let (by_id, since) = &*counted;
    let lists = can(&desk.actor, Action::ListCases, Facts::None).is_ok();
    let mut named: Vec<u32> = Vec::new();
    if lists {
        let risks = by_id.values().flat_map(|village| &village.risks);
        named.extend(risks.map(|(_, _, id)| *id));
    }
    let rows = keyed(conn, desk, &named)?;
    let mut villages = Vec::new();
    for (id, name) in table::villages(desk, day.date()) {
        if !table::sees_village(desk, &id) {
            continue;
        }
        let nothing = Village::default();
        let village = by_id.get(&id).unwrap_or(&nothing);
        let broken: Vec<StandingBroken> = Without::ALL
            .iter()
            .filter_map(|what| {
                let count = village.broken.get(place(*what)).copied()?;
                (count > 0).then(|| StandingBroken {
                    what: *what,
                    count,
                    cases: lists.then(|| {
                        format!(
                            "/villages/standing/cases?year={asked}&village_id={id}&what={}",
                            what.code()
                        )
                    }),
                })
            })
            .collect();
        let history = years(since.unwrap_or(today), today)
            .into_iter()
            .filter(|of| *of < asked)
            .map(|of| YearStanding {
                year: of,
                holds: !village.lost.contains(&of),
            })
            .collect();
        villages.push(VillageStanding {
            holds: broken.is_empty(),
            broken,
            risks: village
                .risks
                .iter()
                .map(|(loses, due, id)| StandingRisk {
                    case: rows.get(id).cloned(),
                    due_on: due.date(),
                    loses_on: loses.date(),
                    now: *loses <= day,
                })
                .collect(),
            history,
            village: Named { id, name },
        });
    }
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let holding = count(villages.iter().filter(|village| village.holds).count());
    let total = count(villages.len());
    let target = targets::value(conn, desk, asked, Goal::ThreeWithout)?
        .unwrap_or(shared::indicator::standing::USUAL_TARGET);
    let share = permille(holding, total);
    Ok(StandingView {
        year: asked,
        as_of: day.date(),
        holding,
        total,
        permille: share,
        target,
        met: share.map(|share| share >= target),
        villages,
    })
}

/// Cases by their keys into the search index.
fn keyed(conn: &mut Conn, desk: &Desk, ids: &[u32]) -> Result<HashMap<u32, CaseRow>, Error> {
    let mut found = HashMap::new();
    for some in ids.chunks(200) {
        found.extend(list::keyed(conn, desk, some)?);
    }
    Ok(found)
}

/// The cases that break one of the three in a village.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(super) fn evidence(
    conn: &mut Conn,
    figures: &Figures,
    desk: &Desk,
    query: EvidenceQuery,
) -> Result<Page<CaseRow>, Error> {
    can(
        &desk.actor,
        Action::Figures(FigureDeed::Standing),
        Facts::None,
    )?;
    service::may_list(desk)?;
    let today = desk.context.today();
    let mut errors = Errors::new();
    let span = checked(&mut errors, query.year, today);
    let (limit, after): (i64, Option<u32>) = page::place(query.limit, query.cursor, &mut errors);
    let (Some((within, day)), true) = (span, errors.is_empty()) else {
        return Err(errors.into());
    };
    let ids = figures.read(conn, &desk.names, |book| {
        let Some(village) = book.unit(&query.village_id) else {
            return Vec::new();
        };
        let mut ids: Vec<u32> = book
            .cases()
            .counted_for(&desk.actor)
            .filter(|tally| book.unit_as_of(tally.village, day) == village)
            .filter(|tally| broken_by(tally, within, day).any(|what| what == query.what))
            .map(|tally| tally.id)
            .collect();
        ids.reverse();
        ids
    })?;
    let total = u64::try_from(ids.len()).unwrap_or(u64::MAX);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let rest: Vec<u32> = ids
        .into_iter()
        .filter(|id| after.is_none_or(|after| *id < after))
        .take(limit.saturating_add(1))
        .collect();
    let shown = rest.get(..limit.min(rest.len())).unwrap_or_default();
    let next_cursor = shown
        .last()
        .filter(|_| rest.len() > limit)
        .map(page::cursor);
    Ok(Page {
        items: list::rows(conn, desk, shown)?,
        next_cursor,
        total,
    })
}
