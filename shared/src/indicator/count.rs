//! Which case counts in which figure: one walk over a tally's marks gives the case as it stood on a
//! day, and from that follows each indicator.

use super::Indicator;
use super::period::{Day, Window};
use super::tally::{Mark, REVOKED, Tally, UPHELD, What, outcome_of, rating_of, up};
use crate::case::{Channel, Kind, Outcome};
use crate::satisfaction::Rating;

/// How an indicator's cases are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cohort {
    /// By one day: of receipt, or of the end.
    OneDay,
    /// By marks within the period.
    Marks,
    /// Not from cases.
    None,
}

const fn cohort(indicator: Indicator) -> Cohort {
    use Indicator as I;
    match indicator {
        I::Steady | I::Abnormal | I::SkipLevel | I::Backlog | I::Upheld | I::Mediated | I::Kept => {
            Cohort::Marks
        }
        I::Reported | I::ReportsInTime | I::VisitsDone => Cohort::None,
        _ => Cohort::OneDay,
    }
}

/// A case as it stood on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stood {
    /// Whether acceptance was told in time; none while that is open.
    pub accepted_in_time: Option<bool>,
    /// Whether each answer was in time; none while nothing is decided.
    pub answered_in_time: Option<bool>,
    /// Taken on at some time.
    pub accepted: bool,
    /// Answered or settled at some time.
    pub answered: bool,
    /// Declined, and not opened again.
    pub declined: bool,
    /// Ended, and not opened again: when and how.
    pub ended: Option<(Day, Outcome)>,
    /// Opened again at some time.
    pub reopened: bool,
    /// Review was asked for at some time.
    pub reviewed: bool,
    /// A later case repeats it.
    pub repeated: bool,
    /// When the answer was given that can be rated ([`crate::satisfaction::answer_of`]).
    pub answer: Option<Day>,
    /// What the petitioner said of it last.
    pub rating: Option<Rating>,
    /// Whether it has marks that only some indicators look at.
    special: bool,
}

impl Stood {
    /// Whether it ended as the petitioner wanted it (息诉罢访).
    pub fn is_settled(&self) -> bool {
        self.ended.is_some_and(|(_, how)| how == Outcome::Settled)
    }

    fn ended_as(&self, outcome: Outcome) -> bool {
        self.ended.is_some_and(|(_, how)| how == outcome)
    }

    /// Whether there was anything to settle here.
    fn is_ours(&self) -> bool {
        !self.declined && !self.ended_as(Outcome::HandedOver)
    }
}

/// Both, where both are known.
fn each(before: Option<bool>, now: bool) -> Option<bool> {
    Some(before.unwrap_or(true) && now)
}

/// The case as it stood at the end of a day.
pub fn stood(tally: &Tally, day: Day) -> Stood {
    let mut at = Stood::default();
    let mut accept: Option<Day> = None;
    let mut answer: Option<Day> = None;
    for mark in &tally.marks {
        if mark.on > day {
            continue;
        }
        match mark.what {
            What::AcceptBy => accept = Some(Day::from_number(mark.arg)),
            What::Told => {
                if let Some(due) = accept.take() {
                    at.accepted_in_time = each(at.accepted_in_time, mark.on <= due);
                }
            }
            What::AnswerBy => {
                // Of two that run together, the one due first.
                let due = Day::from_number(mark.arg);
                answer = Some(answer.map_or(due, |running| running.min(due)));
                at.accepted = true;
            }
            What::Extended => answer = answer.map(|due| due.plus(mark.arg)),
            What::Met => {
                at.answered = true;
                if let Some(due) = answer.take() {
                    at.answered_in_time = each(at.answered_in_time, mark.on <= due);
                }
            }
            What::Answered => {
                at.answered = true;
                at.answer = Some(mark.on);
                at.rating = None;
            }
            What::Declined => {
                at.declined = true;
                (accept, answer) = (None, None);
            }
            What::Ended => {
                let outcome = outcome_of(mark.arg);
                at.ended = Some((mark.on, outcome));
                if outcome == Outcome::Settled {
                    at.answer = at.answer.or(Some(mark.on));
                }
                (accept, answer) = (None, None);
            }
            What::Reopened => {
                at.ended = None;
                at.declined = false;
                at.reopened = true;
                (at.answer, at.rating) = (None, None);
            }
            What::ReviewAsked => at.reviewed = true,
            What::Repeated => at.repeated = true,
            What::Rated => at.rating = at.answer.map(|_| rating_of(mark.arg)),
            What::Referred => {}
            What::Reviewed => {
                at.special = true;
                if mark.arg == REVOKED {
                    (at.answer, at.rating) = (None, None);
                }
            }
            What::BacklogOn
            | What::BacklogOff
            | What::Agreed
            | What::Failed
            | What::Promise
            | What::Kept
            | What::Unkept
            | What::Lapsed
            | What::Up
            | What::FollowStart
            | What::FollowDone
            | What::FollowEnd => at.special = true,
        }
    }
    if accept.is_some_and(|due| due < day) {
        at.accepted_in_time = Some(false);
    }
    if answer.is_some_and(|due| due < day) {
        at.answered_in_time = Some(false);
    }
    at
}

/// Whether it came from petitioners themselves, by letter, visit, telephone or online (信访件的信、访、
/// 电、网).
const fn is_direct(channel: Channel) -> bool {
    matches!(
        channel,
        Channel::Letter | Channel::Visit | Channel::Call | Channel::Online
    )
}

/// Of an indicator that goes by one day: that day, and whether the case counts in the numerator; none
/// where it does not count at all.
fn by_day(indicator: Indicator, tally: &Tally, at: &Stood) -> Option<(Day, bool)> {
    use Indicator as I;
    if tally.kind != Kind::Petition {
        return None;
    }
    let withdrawn = at.ended_as(Outcome::Withdrawn);
    let received = |counts: bool, good: bool| counts.then_some((tally.received, good));
    match indicator {
        I::FirstSettled => received(
            tally.first && is_direct(tally.channel) && at.is_ours() && !withdrawn,
            at.is_settled(),
        ),
        I::Handled => received(at.is_ours(), at.ended.is_some()),
        I::CollectiveSettled => received(
            tally.collective && at.is_ours() && !withdrawn,
            at.is_settled(),
        ),
        I::All => received(true, true),
        I::Collective => received(tally.collective, true),
        I::AcceptedInTime => at.accepted_in_time.map(|good| (tally.received, good)),
        I::AnsweredInTime => at.answered_in_time.map(|good| (tally.received, good)),
        I::SettledAtOnce => received(
            tally.first && at.ended.is_some() && at.is_ours() && !withdrawn,
            at.is_settled() && !at.reopened && !at.reviewed && !at.repeated,
        ),
        I::Satisfied => {
            let rating = at.rating.filter(|rating| rating.takes_part())?;
            Some((at.answer?, rating.is_satisfied()))
        }
        I::Rated => {
            let took_part = at.rating.is_some_and(Rating::takes_part);
            Some((at.answer?, took_part))
        }
        I::ClosedSettled => {
            let (day, how) = at.ended?;
            matches!(how, Outcome::Settled | Outcome::Final)
                .then_some((day, how == Outcome::Settled))
        }
        _ => None,
    }
}

/// Visits to a higher level with these bits that lie in the period.
fn ups(tally: &Tally, within: Window, day: Day, bits: u16) -> u32 {
    let of = |mark: &&Mark| {
        mark.what == What::Up && mark.on <= day && within.has(mark.on) && mark.arg & bits == bits
    };
    u32::try_from(tally.marks.iter().filter(of).count()).unwrap_or(u32::MAX)
}

/// Whether there is one.
fn has_up(tally: &Tally, within: Window, day: Day, bits: u16) -> bool {
    ups(tally, within, day, bits) > 0
}

/// Whether it was backlog at the end of a day.
pub fn is_backlog(tally: &Tally, day: Day) -> bool {
    let marks = tally.marks.iter().filter(|mark| mark.on <= day);
    marks.fold(false, |backlog, mark| match mark.what {
        What::BacklogOn => true,
        What::BacklogOff => false,
        _ => backlog,
    })
}

/// How often a case breaks each of the three things that a village's three-without standing asks for:
/// abnormal visits to the city, the province or the capital; collective visits that left a level out;
/// backlog, once.
pub fn breaches(tally: &Tally, within: Window, day: Day) -> [u32; 3] {
    [
        ups(tally, within, day, up::ABNORMAL | up::BEYOND_COUNTY),
        ups(tally, within, day, up::SKIPPED | up::COLLECTIVE),
        u32::from(is_backlog(tally, day.min(within.to))),
    ]
}

/// Which of the three a case breaks.
pub fn breaks(tally: &Tally, within: Window, day: Day) -> [bool; 3] {
    breaches(tally, within, day).map(|count| count > 0)
}

/// Follow-ups that were owed in the period: whether each was done in time; none where nothing was
/// owed. A follow-up is owed on a day; what is done before counts, and after it the next is counted
/// from there. While nothing is done, another is owed every so many days.
fn steady(tally: &Tally, within: Window, day: Day) -> Option<bool> {
    let marks = || {
        let follow = |mark: &&Mark| {
            matches!(
                mark.what,
                What::FollowStart | What::FollowDone | What::FollowEnd
            ) && mark.on <= day
        };
        tally.marks.iter().filter(follow)
    };
    let last = marks().map(|mark| mark.slot).max()?;
    let mut all = None;
    for slot in 0..=last {
        let mut next: Option<(Day, u16)> = None;
        let mut owed = |due: Day, done: bool| {
            if within.has(due) {
                all = each(all, done);
            }
        };
        // What was missed before a day.
        let missed =
            |next: &mut Option<(Day, u16)>, before: Day, owed: &mut dyn FnMut(Day, bool)| {
                while let Some((due, days)) = *next {
                    if due >= before {
                        break;
                    }
                    owed(due, false);
                    *next = Some((due.plus(days), days));
                }
            };
        for mark in marks().filter(|mark| mark.slot == slot) {
            missed(&mut next, mark.on, &mut owed);
            match mark.what {
                What::FollowStart => next = Some((mark.on.plus(mark.arg), mark.arg.max(1))),
                What::FollowDone => {
                    if let Some((due, days)) = next {
                        owed(due, true);
                        next = Some((mark.on.plus(days), days));
                    }
                }
                _ => next = None,
            }
        }
        missed(&mut next, day, &mut owed);
    }
    all
}

/// Promises that came due in the period, or were kept before: whether all were kept.
fn kept(tally: &Tally, within: Window, day: Day) -> Option<bool> {
    #[derive(Clone, Copy)]
    struct Promise {
        stands: bool,
        due: Day,
        kept: bool,
    }
    let mut promises: Vec<Promise> = Vec::new();
    for mark in &tally.marks {
        let known = mark.on <= day;
        match mark.what {
            What::Promise => promises.push(Promise {
                stands: known,
                due: Day::from_number(mark.arg),
                kept: false,
            }),
            What::Kept | What::Unkept | What::Lapsed if known => {
                let Some(promise) = promises.get_mut(usize::from(mark.arg)) else {
                    continue;
                };
                match mark.what {
                    What::Kept => promise.kept = true,
                    What::Unkept => promise.kept = false,
                    _ => promise.stands = false,
                }
            }
            _ => {}
        }
    }
    promises
        .into_iter()
        .filter(|promise| promise.stands && within.has(promise.due))
        .filter(|promise| promise.kept || promise.due < day)
        .fold(None, |all, promise| each(all, promise.kept))
}

/// Of an indicator that goes by marks: whether the case counts, and in the numerator.
fn by_marks(indicator: Indicator, tally: &Tally, within: Window, day: Day) -> Option<bool> {
    use Indicator as I;
    let happened = || {
        let marks = tally.marks.iter();
        marks.filter(|mark| mark.on <= day && within.has(mark.on))
    };
    match indicator {
        I::Steady => steady(tally, within, day),
        I::Abnormal => has_up(tally, within, day, up::ABNORMAL).then_some(true),
        I::SkipLevel => has_up(tally, within, day, up::SKIPPED).then_some(true),
        I::Backlog => is_backlog(tally, day.min(within.to)).then_some(true),
        I::Upheld => happened()
            .filter(|mark| mark.what == What::Reviewed)
            .fold(None, |all, mark| each(all, mark.arg == UPHELD)),
        I::Mediated => happened()
            .filter_map(|mark| match mark.what {
                What::Agreed => Some(true),
                What::Failed => Some(false),
                _ => None,
            })
            .next_back(),
        I::Kept => kept(tally, within, day),
        _ => None,
    }
}

/// Whether a case counts in an indicator over a period as of a day, and whether in the numerator. Of a
/// drop, whatever counts does so in the numerator.
pub fn counts(indicator: Indicator, tally: &Tally, within: Window, day: Day) -> Option<bool> {
    if tally.received > day {
        return None;
    }
    match cohort(indicator) {
        Cohort::OneDay => {
            let (on, good) = by_day(indicator, tally, &stood(tally, day))?;
            within.has(on).then_some(good)
        }
        Cohort::Marks => by_marks(indicator, tally, within, day),
        Cohort::None => None,
    }
}

/// Tells `add` of each indicator (by its place) and period (by its place) in which a case counts, and
/// whether in the numerator: what [`counts`] answers for each, in one walk. `periods` follow one
/// another.
pub fn each_count(
    indicators: &[Indicator],
    tally: &Tally,
    periods: &[Window],
    day: Day,
    mut add: impl FnMut(usize, usize, bool),
) {
    if tally.received > day {
        return;
    }
    let at = stood(tally, day);
    for (n, indicator) in indicators.iter().enumerate() {
        match cohort(*indicator) {
            Cohort::OneDay => {
                let Some((on, good)) = by_day(*indicator, tally, &at) else {
                    continue;
                };
                let place = periods.partition_point(|period| period.to < on);
                if periods.get(place).is_some_and(|period| period.has(on)) {
                    add(n, place, good);
                }
            }
            Cohort::Marks if at.special => {
                for (place, period) in periods.iter().enumerate() {
                    if let Some(good) = by_marks(*indicator, tally, *period, day) {
                        add(n, place, good);
                    }
                }
            }
            Cohort::Marks | Cohort::None => {}
        }
    }
}
