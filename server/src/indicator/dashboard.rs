//! What a role sees at a glance, in one request.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use shared::access::{Action, Facts, can};
use shared::case::view::Named;
use shared::case::{Category, Kind};
use shared::ids::UnitId;
use shared::indicator::count::stood;
use shared::indicator::period::{Day, Span, Window};
use shared::indicator::tally::{NO_UNIT, Tally};
use shared::indicator::view::{
    Dashboard, FigureBar, HeatRow, MonthInflow, StandingView, UnitLoad, VillageLoad,
};
use shared::indicator::{FigureDeed, FigureGroup, Indicator};
use shared::role::Role;
use shared::term::Term;

use super::Error;
use super::book::{Book, Cases, Figures, Sum};
use super::standing::{self, StandingQuery};
use super::table;
use crate::case::{Desk, home};
use crate::db::Conn;

/// How many months the dashboard looks back.
const MONTHS: u32 = 12;
/// How many days the clock looks ahead.
const AHEAD: u64 = 14;
/// How many categories are shown.
const CATEGORIES: usize = 8;
/// Open cases by age: from so many days on, and what that is called.
const AGES: &[(u64, &str)] = &[
    (0, "15日以内"),
    (16, "16至30日"),
    (31, "31至60日"),
    (61, "61至90日"),
    (91, "91至180日"),
    (181, "180日以上"),
];

/// What a walk over cases comes to; villages and units by their numbers.
#[derive(Default)]
struct Walked {
    /// By month.
    received: Vec<[u64; 3]>,
    ended: Vec<u64>,
    ages: Vec<u64>,
    units: HashMap<u16, [u64; 2]>,
    overdue: u64,
    clock: Vec<u64>,
    funnel: [u64; 5],
    categories: Vec<u64>,
    heat: HashMap<u16, Vec<u64>>,
    villages: HashMap<u16, [u64; 2]>,
}

impl Sum for Walked {
    fn merge(&mut self, other: &Self) {
        fn sum(own: &mut [u64], other: &[u64]) {
            for (own, other) in own.iter_mut().zip(other) {
                *own += other;
            }
        }
        fn all(own: &mut Vec<u64>, other: &[u64]) {
            own.resize(own.len().max(other.len()), 0);
            sum(own, other);
        }
        let months = self.received.len().max(other.received.len());
        self.received.resize(months, [0; 3]);
        for (own, other) in self.received.iter_mut().zip(&other.received) {
            sum(own, other);
        }
        all(&mut self.ended, &other.ended);
        all(&mut self.ages, &other.ages);
        all(&mut self.clock, &other.clock);
        all(&mut self.categories, &other.categories);
        sum(&mut self.funnel, &other.funnel);
        self.overdue += other.overdue;
        for (unit, loads) in &other.units {
            sum(self.units.entry(*unit).or_default(), loads);
        }
        for (unit, counts) in &other.heat {
            all(self.heat.entry(*unit).or_default(), counts);
        }
        for (unit, counts) in &other.villages {
            sum(self.villages.entry(*unit).or_default(), counts);
        }
    }
}

/// What the book says, in numbers.
struct Counted {
    inflow: Vec<MonthInflow>,
    ages: Vec<u64>,
    /// Overdue and other open cases by unit.
    units: HashMap<Option<String>, [u64; 2]>,
    overdue: u64,
    clock: Vec<u64>,
    funnel: [u64; 5],
    categories: Vec<u64>,
    heat: HashMap<Option<String>, Vec<u64>>,
    /// Overdue and open cases by village.
    villages: HashMap<String, [u64; 2]>,
}

fn months(today: NaiveDate) -> Vec<(NaiveDate, NaiveDate)> {
    let first = chrono::Datelike::with_day(&today, 1).unwrap_or(today);
    let from = first
        .checked_sub_months(chrono::Months::new(MONTHS - 1))
        .unwrap_or(first);
    let span = Span {
        from,
        to: shared::indicator::period::last_of_month(today),
        as_of: today,
    };
    span.months()
}

fn walk(cases: Cases<'_>, desk: &Desk) -> Walked {
    let today = desk.context.today();
    let now = Day::of(today);
    let periods: Vec<Window> = months(today)
        .into_iter()
        .map(|(from, to)| Window::new(from, to))
        .collect();
    let month_of = |day: Day| {
        let at = periods.partition_point(|period| period.to < day);
        periods.get(at).filter(|p| p.has(day)).map(|_| at)
    };
    let year = Span::year_to(today).window();
    let mut of = Walked {
        received: vec![[0; 3]; periods.len()],
        ended: vec![0; periods.len()],
        ages: vec![0; AGES.len()],
        clock: vec![0; usize::try_from(AHEAD).unwrap_or(0) + 1],
        categories: vec![0; Category::ALL.len()],
        ..Walked::default()
    };
    for tally in cases.counted_for(&desk.actor) {
        if let Some(month) = month_of(tally.received) {
            if let Some([petitions, disputes, signs]) = of.received.get_mut(month) {
                *match tally.kind {
                    Kind::Petition => petitions,
                    Kind::Dispute => disputes,
                    Kind::Sign => signs,
                } += 1;
            }
            let row = of.heat.entry(cases.unit_as_of(tally.village, now));
            add(row.or_insert_with(|| vec![0; periods.len()]), month);
        }
        if tally.state.is_open() {
            let village = cases.unit_as_of(tally.village, now);
            let [overdue, open] = of.villages.entry(village).or_default();
            *overdue += u64::from(tally.due < now);
            *open += 1;
            of.open_case(tally, cases.unit_as_of(tally.unit, now), now);
        }
        let this_year = year.has(tally.received);
        // Only what may have ended within these months or was received this year is looked at closely.
        if this_year || !tally.state.is_open() {
            let at = stood(tally, now);
            if let Some(month) = at.ended.and_then(|(day, _)| month_of(day)) {
                add(&mut of.ended, month);
            }
            if this_year {
                let steps = [
                    true,
                    at.accepted,
                    at.answered,
                    at.ended.is_some(),
                    at.is_settled(),
                ];
                for (count, reached) in of.funnel.iter_mut().zip(steps) {
                    *count += u64::from(reached);
                }
                let place = Category::ALL.iter().position(|c| *c == tally.category);
                if let Some(place) = place {
                    add(&mut of.categories, place);
                }
            }
        }
    }
    of
}

fn named(book: &Book, today: NaiveDate, walked: Walked) -> Counted {
    let id = |unit: u16| {
        (unit != NO_UNIT)
            .then(|| book.unit_id(unit).map(str::to_owned))
            .flatten()
    };
    // Where there is no case at all, nothing was walked.
    fn full(mut counts: Vec<u64>, len: usize) -> Vec<u64> {
        counts.resize(len, 0);
        counts
    }
    let months = months(today);
    let ahead = usize::try_from(AHEAD).unwrap_or(0) + 1;
    let at = |n: usize| {
        (
            walked.received.get(n).copied().unwrap_or_default(),
            walked.ended.get(n).copied().unwrap_or_default(),
        )
    };
    Counted {
        inflow: months
            .iter()
            .enumerate()
            .map(|(n, (month, _))| {
                let (received, ended) = at(n);
                MonthInflow {
                    month: *month,
                    received,
                    ended,
                }
            })
            .collect(),
        ages: full(walked.ages, AGES.len()),
        units: walked
            .units
            .into_iter()
            .map(|(unit, n)| (id(unit), n))
            .collect(),
        overdue: walked.overdue,
        clock: full(walked.clock, ahead),
        funnel: walked.funnel,
        categories: full(walked.categories, Category::ALL.len()),
        heat: walked
            .heat
            .into_iter()
            .map(|(unit, n)| (id(unit), n))
            .collect(),
        villages: walked
            .villages
            .into_iter()
            .filter_map(|(unit, n)| Some((id(unit)?, n)))
            .collect(),
    }
}

fn add(counts: &mut [u64], at: usize) {
    if let Some(count) = counts.get_mut(at) {
        *count += 1;
    }
}

impl Walked {
    fn open_case(&mut self, tally: &Tally, unit: u16, now: Day) {
        let days = u64::from(now.number().saturating_sub(tally.received.number()));
        let band = AGES.iter().rposition(|(from, _)| *from <= days);
        add(&mut self.ages, band.unwrap_or(0));
        let [overdue, open] = self.units.entry(unit).or_default();
        if tally.due < now {
            *overdue += 1;
            self.overdue += 1;
        } else {
            *open += 1;
            let ahead = tally.due.number().saturating_sub(now.number());
            if tally.due != Day::NEVER {
                add(&mut self.clock, usize::from(ahead));
            }
        }
    }
}

fn before(today: NaiveDate, days: u64) -> NaiveDate {
    today.checked_sub_days(Days::new(days)).unwrap_or(today)
}

/// What the cases that the actor counts come to today.
fn counted(conn: &mut Conn, figures: &Figures, desk: &Desk) -> Result<Arc<Counted>, Error> {
    let today = desk.context.today();
    figures.summed(
        conn,
        desk,
        "dashboard",
        |cases| walk(cases, desk),
        |book, walked| named(book, today, walked),
    )
}

/// How many of the cases that the actor counts are open, and how many of these overdue.
///
/// # Errors
/// The database's own.
pub(super) fn open_now(
    conn: &mut Conn,
    figures: &Figures,
    desk: &Desk,
) -> Result<(u64, u64), Error> {
    let counted = counted(conn, figures, desk)?;
    let open = counted.units.values().flatten().sum();
    Ok((open, counted.overdue))
}

/// The dashboard of the actor's role.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(super) fn dashboard(
    conn: &mut Conn,
    figures: &Figures,
    desk: &Desk,
) -> Result<Dashboard, Error> {
    can(
        &desk.actor,
        Action::Figures(FigureDeed::Dashboard),
        Facts::None,
    )?;
    let role = desk.actor.role;
    let today = desk.context.today();
    let command = matches!(role, Role::TownshipLeader | Role::Auditor);
    let office = role == Role::CoordinationOffice;
    let village = role == Role::VillageSecretary;
    let counted = counted(conn, figures, desk)?;
    let indicators: Vec<Indicator> = Indicator::ALL
        .iter()
        .copied()
        .filter(|i| matches!(i.group(), FigureGroup::Rates | FigureGroup::Drops))
        .collect();
    let span = Span::year_to(today);
    let told = table::figures_of(conn, figures, desk, span, &indicators)?;
    let query = StandingQuery::default();
    let standing = standing::standing(conn, figures, desk, &query)?;
    let todos = if village {
        home::todos(conn, desk)?
    } else {
        Vec::new()
    };
    let urgent = match crate::alert::board(conn, desk) {
        Ok(board) => Some(board),
        Err(crate::alert::Error::Denied(_)) => None,
        Err(crate::alert::Error::Database(error)) => return Err(Error::Database(error)),
        Err(other) => return Err(Error::Damaged(other.to_string())),
    };
    let draw = Draw {
        desk,
        counted: &counted,
        today,
        year: span,
        lists: can(&desk.actor, Action::ListCases, Facts::None).is_ok(),
    };
    fn part<T>(is: bool, of: impl FnOnce() -> Vec<T>) -> Vec<T> {
        if is { of() } else { Vec::new() }
    }
    Ok(Dashboard {
        role,
        today,
        figures: told,
        inflow: part(command || office, || counted.inflow.clone()),
        ages: part(office || village, || draw.ages()),
        units: part(office, || draw.units()),
        clock: part(office || village, || draw.clock()),
        funnel: part(command || office, || draw.funnel()),
        categories: part(command || office, || draw.categories()),
        heat: part(command || office, || draw.heat()),
        villages: draw.villages(&standing),
        standing: Some(standing).filter(|_| command || village),
        urgent,
        todos,
    })
}

struct Draw<'a> {
    desk: &'a Desk,
    counted: &'a Counted,
    today: NaiveDate,
    year: Span,
    lists: bool,
}

impl Draw<'_> {
    fn bar(&self, label: impl Into<String>, count: u64, query: String) -> FigureBar {
        FigureBar {
            label: label.into(),
            count,
            query: self.lists.then_some(query),
        }
    }

    fn ages(&self) -> Vec<FigureBar> {
        let mut bars = Vec::new();
        for (n, (from, label)) in AGES.iter().enumerate() {
            let count = self.counted.ages.get(n).copied().unwrap_or(0);
            let latest = before(self.today, *from);
            let mut query = format!("open=true&sort=received_on&received_to={latest}");
            if let Some((next, _)) = AGES.get(n + 1) {
                let earliest = before(self.today, next.saturating_sub(1));
                query.push_str(&format!("&received_from={earliest}"));
            }
            bars.push(self.bar(*label, count, query));
        }
        bars
    }

    fn units(&self) -> Vec<UnitLoad> {
        let mut loads: Vec<UnitLoad> = self
            .counted
            .units
            .iter()
            .map(|(unit, [overdue, open])| UnitLoad {
                unit: self.desk.unit(unit.as_deref()),
                overdue: *overdue,
                open: *open,
            })
            .collect();
        loads.sort_by(|a, b| {
            let name = |load: &UnitLoad| load.unit.as_ref().map(|unit| unit.name.clone());
            (b.overdue, b.open)
                .cmp(&(a.overdue, a.open))
                .then_with(|| name(a).cmp(&name(b)))
        });
        loads
    }

    fn clock(&self) -> Vec<FigureBar> {
        let overdue = "overdue=true&open=true&sort=due_on".to_owned();
        let mut bars = vec![self.bar("已超期", self.counted.overdue, overdue)];
        for (n, count) in self.counted.clock.iter().enumerate() {
            let ahead = Days::new(u64::try_from(n).unwrap_or(0));
            let day = self.today.checked_add_days(ahead).unwrap_or(self.today);
            let query = format!("open=true&due_from={day}&due_before={day}&sort=due_on");
            bars.push(self.bar(day.format("%-m月%-d日").to_string(), *count, query));
        }
        bars
    }

    fn funnel(&self) -> Vec<FigureBar> {
        let labels = ["登记", "受理", "答复或调处", "办结", "息诉罢访"];
        let received = format!(
            "received_from={}&received_to={}",
            self.year.from, self.year.to
        );
        let mut query = Some(received).filter(|_| self.lists);
        labels
            .into_iter()
            .zip(self.counted.funnel)
            .map(|(label, count)| FigureBar {
                label: label.to_owned(),
                count,
                query: query.take(),
            })
            .collect()
    }

    /// The villages that the caller sees, in the directory's order.
    fn villages(&self, standing: &StandingView) -> Vec<VillageLoad> {
        let rows = standing.villages.iter().map(|of| {
            let counts = self.counted.villages.get(&of.village.id).copied();
            let [overdue, open] = counts.unwrap_or_default();
            VillageLoad {
                village: of.village.clone(),
                open,
                overdue,
                holds: Some(of.holds),
            }
        });
        rows.collect()
    }

    fn categories(&self) -> Vec<FigureBar> {
        let mut counted: Vec<(Category, u64)> = Category::ALL
            .iter()
            .copied()
            .zip(self.counted.categories.iter().copied())
            .filter(|(_, count)| *count > 0)
            .collect();
        counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counted.truncate(CATEGORIES);
        counted
            .into_iter()
            .map(|(category, count)| {
                let query = format!(
                    "category={}&received_from={}&received_to={}",
                    category.code(),
                    self.year.from,
                    self.year.to
                );
                self.bar(category.label(), count, query)
            })
            .collect()
    }

    fn heat(&self) -> Vec<HeatRow> {
        let heat = &self.counted.heat;
        let months = self.counted.inflow.len();
        let named = |unit: &str| Named {
            id: unit.to_owned(),
            name: self.desk.names.unit_name(&UnitId::from(unit)).to_owned(),
        };
        let mut rows: Vec<HeatRow> = table::villages(self.desk, self.desk.context.today())
            .into_iter()
            .map(|(id, _)| HeatRow {
                counts: heat
                    .get(&Some(id.clone()))
                    .cloned()
                    .unwrap_or_else(|| vec![0; months]),
                village: Some(named(&id)),
            })
            .collect();
        if let Some(counts) = heat.get(&None) {
            rows.push(HeatRow {
                village: None,
                counts: counts.clone(),
            });
        }
        rows
    }
}
