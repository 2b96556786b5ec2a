//! A month for the monthly analysis: counted from the book, without sealed accusations, whoever reads it.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use shared::analysis::{
    Amount, Analysis, AnalysisLine, LONG_DAYS, LONGEST, LongOpen, flow, month_key,
};
use shared::case::number::Series;
use shared::case::{Category, Kind};
use shared::indicator::count::{each_count, stood};
use shared::indicator::period::{Day, Span, Window};
use shared::indicator::tally::NO_UNIT;
use shared::indicator::{FigureBy, FigureSource, Indicator};
use shared::term::Term;

use super::book::{Book, Cases, Figures, Sum};
use super::grid::{self, Count};
use super::table::Since;
use super::{Error, field, list, table};
use crate::case::Desk;
use crate::db::Conn;

/// How many categories and villages are named.
const MOST: usize = 12;

/// What a walk over cases comes to, of the three months.
#[derive(Default)]
struct Walked {
    since: Since,
    months: [MonthWalked; 3],
    /// Open at the month's end: when received, which.
    longest: Vec<(Day, u32)>,
}

#[derive(Default)]
struct MonthWalked {
    month: Month,
    /// By their numbers.
    villages: HashMap<u16, u64>,
}

impl Walked {
    /// Some more than are named, for those that are not to be named after all.
    fn trim(&mut self) {
        self.longest.sort_unstable();
        self.longest.truncate(LONGEST * 2);
    }
}

impl Sum for Walked {
    fn merge(&mut self, other: &Self) {
        self.since.merge(&other.since);
        for (own, other) in self.months.iter_mut().zip(&other.months) {
            own.month.merge(&other.month);
            for (unit, count) in &other.villages {
                *own.villages.entry(*unit).or_default() += count;
            }
        }
        self.longest.extend(&other.longest);
        self.trim();
    }
}

/// What the book says of the three months.
struct Counted {
    since: Option<chrono::NaiveDate>,
    months: [Month; 3],
    longest: Vec<(Day, u32)>,
}

#[derive(Default)]
struct Month {
    received: [u64; 3],
    ended: u64,
    open: u64,
    long: u64,
    figures: Vec<Count>,
    categories: HashMap<&'static str, u64>,
    villages: HashMap<Option<String>, u64>,
}

impl Month {
    fn merge(&mut self, other: &Self) {
        for (own, other) in self.received.iter_mut().zip(other.received) {
            *own += other;
        }
        self.ended += other.ended;
        self.open += other.open;
        self.long += other.long;
        for (at, count) in other.figures.iter().enumerate() {
            grid::add(&mut self.figures, at, *count);
        }
        for (category, count) in &other.categories {
            *self.categories.entry(category).or_default() += count;
        }
    }
}

fn walk(cases: Cases<'_>, desk: &Desk, spans: &[Span; 3]) -> Walked {
    let mut all = Walked::default();
    let open = || {
        let counted = cases.counted_for(&desk.actor);
        counted.filter(|tally| tally.seal == Series::Open)
    };
    all.since = Since::of(open());
    // The months before are compared by the villages of the one that was asked for.
    let [asked, ..] = spans;
    let asked = Day::of(asked.as_of);
    for tally in open() {
        for (at, span) in spans.iter().enumerate() {
            let day = Day::of(span.as_of);
            if tally.received > day {
                continue;
            }
            let Some(MonthWalked { month, villages }) = all.months.get_mut(at) else {
                continue;
            };
            let within = Window::new(span.from, span.to);
            if within.has(tally.received) {
                let [petitions, disputes, signs] = &mut month.received;
                *match tally.kind {
                    Kind::Petition => petitions,
                    Kind::Dispute => disputes,
                    Kind::Sign => signs,
                } += 1;
                *month.categories.entry(tally.category.code()).or_default() += 1;
                let village = cases.unit_as_of(tally.village, asked);
                *villages.entry(village).or_default() += 1;
            }
            let stood = stood(tally, day);
            match stood.ended {
                Some((on, _)) => month.ended += u64::from(within.has(on)),
                None if stood.declined => {}
                None => {
                    month.open += 1;
                    let days = day.number().saturating_sub(tally.received.number());
                    month.long += u64::from(days > LONG_DAYS);
                    if at == 0 {
                        all.longest.push((tally.received, tally.id));
                    }
                }
            }
            each_count(Indicator::ALL, tally, &[within], day, |n, _, good| {
                grid::add(&mut month.figures, n, Count::one(good));
            });
        }
    }
    all.trim();
    all
}

fn named(book: &Book, walked: Walked) -> Counted {
    Counted {
        since: walked.since.day(),
        months: walked.months.map(|MonthWalked { month, villages }| Month {
            villages: villages
                .into_iter()
                .map(|(unit, count)| {
                    let id = (unit != NO_UNIT).then(|| book.unit_id(unit).map(str::to_owned));
                    (id.flatten(), count)
                })
                .collect(),
            ..month
        }),
        longest: walked.longest,
    }
}

/// Counts a month and the two that it is compared with.
///
/// # Errors
/// The database's own.
pub(crate) fn analysis(
    conn: &mut Conn,
    figures: &Figures,
    desk: &Desk,
    spans: [Span; 3],
) -> Result<Analysis, Error> {
    let [span, ..] = spans;
    let name = format!("analysis {} {}", span.from, span.as_of);
    let counted = figures.summed(conn, desk, &name, |cases| walk(cases, desk, &spans), named)?;
    let mut others: Vec<Vec<Count>> = Vec::new();
    for span in spans {
        let grid = field::count(conn, desk, Indicator::ALL, span, FigureBy::Township)?;
        others.push(grid.all);
    }
    // Of what lies before the ledger nothing is said.
    let known = spans.map(|span| counted.since.is_some_and(|since| since <= span.as_of));
    let draw = Draw {
        counted: &counted,
        known,
    };
    Ok(Analysis {
        month: month_key(span.from),
        from: span.from,
        to: span.to,
        as_of: span.as_of,
        over: span.to < desk.context.today(),
        since: counted.since,
        flow: draw.flow(),
        figures: draw.figures(&others),
        categories: draw.categories(),
        villages: draw.villages(desk, span.as_of),
        longest: longest(conn, desk, &counted.longest, span)?,
    })
}

struct Draw<'a> {
    counted: &'a Counted,
    known: [bool; 3],
}

impl Draw<'_> {
    /// A line of counts.
    fn counts(
        &self,
        code: impl Into<String>,
        label: impl Into<String>,
        of: impl Fn(&Month) -> u64,
    ) -> AnalysisLine {
        let mut amounts = self
            .counted
            .months
            .iter()
            .zip(self.known)
            .map(|(month, known)| {
                if known {
                    Amount::count(of(month))
                } else {
                    Amount::default()
                }
            });
        let mut next = || amounts.next().unwrap_or_default();
        AnalysisLine {
            code: code.into(),
            label: label.into(),
            rate: false,
            now: next(),
            before: next(),
            last_year: next(),
        }
    }

    fn flow(&self) -> Vec<AnalysisLine> {
        let kind = |at: usize| move |month: &Month| month.received.get(at).copied().unwrap_or(0);
        vec![
            self.counts(flow::RECEIVED, "收到事项", |month| {
                month.received.iter().sum()
            }),
            self.counts(flow::PETITIONS, "其中信访件", kind(0)),
            self.counts(flow::DISPUTES, "其中矛盾纠纷", kind(1)),
            self.counts(flow::SIGNS, "其中苗头隐患", kind(2)),
            self.counts(flow::ENDED, "办结", |month| month.ended),
            self.counts(flow::OPEN, "期末未办结", |month| month.open),
            self.counts(flow::LONG, format!("其中超过{LONG_DAYS}日"), |month| {
                month.long
            }),
        ]
    }

    fn figures(&self, others: &[Vec<Count>]) -> Vec<AnalysisLine> {
        let lines = Indicator::ALL.iter().enumerate().map(|(n, indicator)| {
            if indicator.is_drop() {
                let of = |month: &Month| {
                    let count = month.figures.get(n).copied().unwrap_or_default();
                    count.denominator
                };
                return self.counts(indicator.code(), indicator.label(), of);
            }
            let at = |month: usize| {
                let counts = if indicator.source() == FigureSource::Cases {
                    self.counted.months.get(month).map(|month| &month.figures)
                } else {
                    others.get(month)
                };
                let count = counts.and_then(|counts| counts.get(n)).copied();
                let count = count.unwrap_or_default();
                Amount::rate(count.numerator, count.denominator)
            };
            AnalysisLine {
                code: indicator.code().to_owned(),
                label: indicator.label().to_owned(),
                rate: true,
                now: at(0),
                before: at(1),
                last_year: at(2),
            }
        });
        lines.collect()
    }

    fn categories(&self) -> Vec<AnalysisLine> {
        let lines = Category::ALL.iter().map(|category| {
            self.counts(category.code(), category.label(), |month| {
                month.categories.get(category.code()).copied().unwrap_or(0)
            })
        });
        spots(lines.collect())
    }

    fn villages(&self, desk: &Desk, day: NaiveDate) -> Vec<AnalysisLine> {
        let mut named: BTreeMap<usize, (Option<String>, String)> = BTreeMap::new();
        for (at, (id, name)) in table::villages(desk, day).into_iter().enumerate() {
            named.insert(at, (Some(id), name));
        }
        named.insert(usize::MAX, (None, "未填写村".to_owned()));
        let lines = named.into_values().map(|(id, name)| {
            self.counts(id.clone().unwrap_or_default(), name, |month| {
                month.villages.get(&id).copied().unwrap_or(0)
            })
        });
        spots(lines.collect())
    }
}

/// Those that have any, the most in front.
fn spots(mut lines: Vec<AnalysisLine>) -> Vec<AnalysisLine> {
    let count = |amount: &Amount| amount.count.unwrap_or(0);
    lines.retain(|line| count(&line.now) + count(&line.before) + count(&line.last_year) > 0);
    lines.sort_by_key(|line| std::cmp::Reverse((count(&line.now), count(&line.before))));
    lines.truncate(MOST);
    lines
}

fn longest(
    conn: &mut Conn,
    desk: &Desk,
    open: &[(Day, u32)],
    span: Span,
) -> Result<Vec<LongOpen>, Error> {
    /// How much of a cause is told, in characters.
    const CAUSE: usize = 60;
    let ids: Vec<u32> = open.iter().map(|(_, id)| *id).collect();
    let rows = list::rows(conn, desk, &ids)?.into_iter();
    let cases = rows.filter(|row| !row.sealed).take(LONGEST).map(|row| {
        let days = span.as_of.signed_duration_since(row.received_on).num_days();
        LongOpen {
            id: row.id.as_str().to_owned(),
            number: row.number,
            cause: crate::case::view::shorten(&row.cause, CAUSE),
            category: row.category.label().to_owned(),
            village: row.village.map(|village| village.name),
            unit: row.responsible_unit.map(|unit| unit.name),
            lead: row.lead.map(|lead| lead.name),
            received_on: row.received_on,
            days: u32::try_from(days).unwrap_or(0),
            backlog: row.backlog,
        }
    });
    Ok(cases.collect())
}
