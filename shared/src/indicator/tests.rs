//! A small ledger counted by hand, and random ledgers counted twice.

use chrono::{Days, NaiveDate};
use proptest::prelude::*;

use super::count::{counts, each_count, is_backlog};
use super::period::{Day, Span, Window};
use super::tally::{Beside, Fact, NO_UNIT, NOBODY, Tally, marks};
use super::{Indicator, change_permille, percent_text, permille};
use crate::calendar::Calendar;
use crate::case::deadline::{ClockKind, Entry, LawProfile, clocks};
use crate::case::matter::{Any, Deed, MatterKind};
use crate::case::number::Series;
use crate::case::state::{EventKind, Situation, State, after};
use crate::case::{Category, Channel, Kind, Outcome, ReviewOutcome};
use crate::satisfaction::{Happened, Rating, answer_of};
use crate::term::Term;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A case as the ledger has it.
#[derive(Debug, Clone)]
struct Case {
    kind: Kind,
    channel: Channel,
    first: bool,
    collective: bool,
    facts: Vec<Fact>,
    matters: Vec<(String, Any)>,
    repeated: Option<NaiveDate>,
}

impl Case {
    fn received(on: &str) -> Self {
        Self {
            kind: Kind::Petition,
            channel: Channel::Visit,
            first: true,
            collective: false,
            facts: vec![Fact::new(EventKind::Registered, day(on))],
            matters: Vec::new(),
            repeated: None,
        }
    }

    fn then(mut self, kind: EventKind, on: &str) -> Self {
        self.facts.push(Fact::new(kind, day(on)));
        self
    }

    fn closed(mut self, outcome: Outcome, on: &str) -> Self {
        self.facts.push(Fact {
            outcome: Some(outcome),
            ..Fact::new(EventKind::Closed, day(on))
        });
        self
    }

    fn reviewed(mut self, review: ReviewOutcome, on: &str) -> Self {
        self.facts.push(Fact {
            review: Some(review),
            ..Fact::new(EventKind::ReviewAnswered, day(on))
        });
        self
    }

    fn rated(mut self, rating: Rating, on: &str) -> Self {
        self.facts.push(Fact {
            rating: Some(rating),
            ..Fact::new(EventKind::Rated, day(on))
        });
        self
    }

    fn did(mut self, deed: Deed, matter: &str, on: &str) -> Self {
        self.facts.push(deed_fact(deed, matter, day(on)));
        self
    }

    fn with(mut self, id: &str, matter: Any) -> Self {
        self.matters.push((id.to_owned(), matter));
        self
    }

    fn tally(&self) -> Tally {
        let mut beside = Beside::of(self.repeated);
        for (id, matter) in &self.matters {
            beside.note(id, matter);
        }
        let profile = LawProfile::default_profile();
        Tally {
            id: 1,
            version: 1,
            registrar: 0,
            accused_user: NOBODY,
            township: 0,
            village: NO_UNIT,
            unit: NO_UNIT,
            registrar_unit: 0,
            accused_unit: NO_UNIT,
            received: Day::of(self.facts[0].on),
            due: Day::NEVER,
            kind: self.kind,
            category: Category::Other,
            channel: self.channel,
            seal: Series::Open,
            state: State::Registered,
            collective: self.collective,
            first: self.first,
            mediation: false,
            marks: marks(&self.facts, &beside, &profile, &Calendar::new()),
        }
    }
}

fn deed_fact(deed: Deed, matter: &str, on: NaiveDate) -> Fact {
    Fact {
        deed: Some(deed),
        matter: Some(matter.to_owned()),
        ..Fact::new(EventKind::Matter, on)
    }
}

fn up(on: NaiveDate, level: &str, conduct: &str, skip: bool, people: u32, struck: bool) -> Any {
    let struck = struck.then(|| serde_json::json!({"on": on, "reason": "重复登记"}));
    let body = serde_json::json!({
        "on": on, "level": level, "authority": "信访局", "people_count": people,
        "conduct": conduct, "rule": null, "evidence": "notice", "evidence_text": "1号",
        "skip_level": skip, "text": null, "struck": struck,
    });
    Any::read(MatterKind::Visit, &body.to_string()).unwrap()
}

fn contact(opened_on: NaiveDate, rhythm_days: u32) -> Any {
    let body = serde_json::json!({
        "opened_on": opened_on, "person": {"id": "p", "name": "某人"}, "purposes": ["help"],
        "rhythm_days": rhythm_days, "user": {"id": "u", "name": "工作人员"}, "reason": "需要帮扶",
        "review_on": opened_on, "notes": [], "promises": [], "reviews": [], "ended": null,
    });
    Any::read(MatterKind::Contact, &body.to_string()).unwrap()
}

/// A mediation with one agreement for each list of promises: when it was reached, and of each promise
/// the last day and the day on which it was kept.
type Agreed = (NaiveDate, Vec<(NaiveDate, Option<NaiveDate>)>);

fn mediation(agreements: &[Agreed]) -> Any {
    let named = serde_json::json!({"id": "p", "name": "某人"});
    let agreements: Vec<_> = agreements
        .iter()
        .map(|(on, promises)| {
            let promises: Vec<_> = promises
                .iter()
                .map(|(due, kept)| {
                    serde_json::json!({
                        "what": "付款", "by": named, "amount": null, "manner": null, "due_on": due,
                        "kept": kept.map(|on| serde_json::json!({"on": on, "proof": "收条"})),
                        "breaches": [],
                    })
                })
                .collect();
            serde_json::json!({
                "form": "written", "on": on, "oral_on": null, "facts": null, "duties": null,
                "content": "和解", "mediators": [], "promises": promises, "applications": [],
            })
        })
        .collect();
    let body = serde_json::json!({
        "asked_on": "2020-01-01", "asked_by": "both", "dispute": "纠纷", "committee": named,
        "first_party": [named], "other_party": [], "mediators": [], "meeting": null,
        "sessions": [], "agreements": agreements, "talks": null, "ended": null,
    });
    Any::read(MatterKind::Mediation, &body.to_string()).unwrap()
}

/// The small ledger. Handling limits: 15 days to tell of acceptance, 60 to answer.
fn ledger() -> Vec<Case> {
    use EventKind as E;
    vec![
        // 0: told after 5 days, answered after 18 more, settled, with which they are content.
        Case::received("2025-01-10")
            .then(E::Accepted, "2025-01-15")
            .then(E::Taken, "2025-01-16")
            .then(E::Answered, "2025-02-02")
            .closed(Outcome::Settled, "2025-02-10")
            .rated(Rating::Satisfied, "2025-02-20"),
        // 1: told after 16 days, one too late; answered on the 60th; final; settled it is not.
        Case {
            collective: true,
            ..Case::received("2025-01-20")
        }
        .then(E::Accepted, "2025-02-05")
        .then(E::Taken, "2025-02-05")
        .then(E::Answered, "2025-04-06")
        // To the clerk who called; then by their own hand.
        .rated(Rating::MostlySatisfied, "2025-04-15")
        .then(E::ReviewRequested, "2025-04-20")
        .reviewed(ReviewOutcome::Upheld, "2025-05-10")
        .rated(Rating::Dissatisfied, "2025-05-15")
        .closed(Outcome::Final, "2025-06-20"),
        // 2: not told to this day; backlog from June on, cleared in December.
        Case::received("2025-02-01")
            .then(E::BacklogMarked, "2025-06-01")
            .then(E::BacklogCleared, "2025-12-20"),
        // 3: declined in time.
        Case::received("2025-02-10").then(E::Declined, "2025-02-20"),
        // 4: withdrawn.
        Case::received("2025-03-01").closed(Outcome::Withdrawn, "2025-03-05"),
        // 5: settled, opened again, settled again next year; and repeated.
        Case {
            repeated: Some(day("2025-05-01")),
            ..Case::received("2025-03-02")
        }
        .then(E::Accepted, "2025-03-03")
        .then(E::Taken, "2025-03-03")
        .then(E::Answered, "2025-03-20")
        .closed(Outcome::Settled, "2025-03-21")
        .rated(Rating::Satisfied, "2025-03-25")
        .then(E::Reopened, "2025-04-21")
        .then(E::Answered, "2025-05-21")
        .rated(Rating::Declined, "2025-05-30")
        .closed(Outcome::Settled, "2026-01-05"),
        // 6: a repeat by a superior's hand; review changed the answer.
        Case {
            first: false,
            channel: Channel::Superior,
            collective: true,
            ..Case::received("2025-03-31")
        }
        .then(E::Accepted, "2025-04-01")
        .then(E::Taken, "2025-04-01")
        .then(E::Answered, "2025-05-01")
        .then(E::ReviewRequested, "2025-05-02")
        .reviewed(ReviewOutcome::Changed, "2025-05-30")
        .closed(Outcome::Settled, "2025-06-01"),
        // 7: a dispute: mediated in vain, then with success; of two promises one is kept.
        Case {
            kind: Kind::Dispute,
            ..Case::received("2025-01-05")
        }
        .then(E::Accepted, "2025-01-05")
        .then(E::Taken, "2025-01-05")
        .did(Deed::MediationFail, "m0", "2025-02-01")
        .did(Deed::MediationAgree, "m", "2025-03-01")
        .with(
            "m",
            mediation(&[(
                day("2025-03-01"),
                vec![
                    (day("2025-03-31"), Some(day("2025-03-15"))),
                    (day("2025-05-31"), None),
                ],
            )]),
        ),
        // 8: a petition with visits: abnormal to the province, one struck out, one collective that
        // left a level out; contact every 10 days.
        Case::received("2025-01-01")
            .with(
                "v",
                up(day("2025-02-14"), "province", "abnormal", false, 1, false),
            )
            .with(
                "w",
                up(day("2025-07-14"), "capital", "abnormal", false, 1, true),
            )
            .with(
                "x",
                up(day("2025-08-14"), "county", "normal", true, 6, false),
            )
            .with("c", contact(day("2025-03-01"), 10))
            .did(Deed::ContactOpen, "c", "2025-03-01")
            .did(Deed::ContactNote, "c", "2025-03-10")
            .did(Deed::ContactNote, "c", "2025-03-25")
            .did(Deed::ContactEnd, "c", "2025-04-01"),
        // 9: received last year.
        Case::received("2024-03-15").then(E::BacklogMarked, "2024-06-01"),
    ]
}

/// Numerator and denominator of an indicator over the ledger, with the cases.
fn counted(
    cases: &[Case],
    indicator: Indicator,
    from: &str,
    to: &str,
    as_of: &str,
) -> (Vec<usize>, Vec<usize>) {
    let within = Window::new(day(from), day(to));
    let mut good = Vec::new();
    let mut all = Vec::new();
    for (n, case) in cases.iter().enumerate() {
        if let Some(is_good) = counts(indicator, &case.tally(), within, Day::of(day(as_of))) {
            all.push(n);
            if is_good {
                good.push(n);
            }
        }
    }
    (good, all)
}

#[test]
fn the_small_ledger_counted_by_hand() {
    use Indicator as I;
    let cases = ledger();
    let year = ("2025-01-01", "2025-12-31", "2025-12-31");
    for (indicator, (from, to, as_of), good, all) in [
        // Of first petitions by their own hand 0 1 2 5 8 (not declined 3, withdrawn 4), 0 is settled;
        // 5 was opened again and is settled only in 2026: 1 of 5 is 20 %.
        (I::FirstSettled, year, &[0][..], &[0, 1, 2, 5, 8][..]),
        // As of March 25th 5 was settled: 2 of 5.
        (
            I::FirstSettled,
            ("2025-01-01", "2025-12-31", "2025-03-25"),
            &[0, 5],
            &[0, 1, 2, 5, 8],
        ),
        // A month later it was not, and today it is.
        (
            I::FirstSettled,
            ("2025-01-01", "2025-12-31", "2026-01-05"),
            &[0, 5],
            &[0, 1, 2, 5, 8],
        ),
        // Ended: 0 1 4 6 of 0 1 2 4 5 6 8 (3 was declined): 4 of 7.
        (I::Handled, year, &[0, 1, 4, 6], &[0, 1, 2, 4, 5, 6, 8]),
        // The first quarter alone, as of its end: 0, 4 and 5 had ended.
        (
            I::Handled,
            ("2025-01-01", "2025-03-31", "2025-03-31"),
            &[0, 4, 5],
            &[0, 1, 2, 4, 5, 6, 8],
        ),
        // Of five people or more: 1 ended as final, 6 settled: 1 of 2.
        (I::CollectiveSettled, year, &[6], &[1, 6]),
        // Received: all petitions of the year, the declined and the withdrawn, too.
        (
            I::All,
            year,
            &[0, 1, 2, 3, 4, 5, 6, 8],
            &[0, 1, 2, 3, 4, 5, 6, 8],
        ),
        (
            I::All,
            ("2024-01-01", "2024-12-31", "2024-12-31"),
            &[9],
            &[9],
        ),
        (I::Collective, year, &[1, 6], &[1, 6]),
        // Visits: the abnormal one in February; the one in July was struck out.
        (I::Abnormal, year, &[8], &[8]),
        (
            I::Abnormal,
            ("2025-03-01", "2025-12-31", "2025-12-31"),
            &[],
            &[],
        ),
        (I::SkipLevel, year, &[8], &[8]),
        // Not before it happened.
        (
            I::SkipLevel,
            ("2025-01-01", "2025-12-31", "2025-08-13"),
            &[],
            &[],
        ),
        // On the last of December 9 is left; 2 was cleared eleven days before.
        (I::Backlog, year, &[9], &[9]),
        (
            I::Backlog,
            ("2025-01-01", "2025-06-30", "2025-12-31"),
            &[2, 9],
            &[2, 9],
        ),
        (
            I::Backlog,
            ("2024-01-01", "2024-12-31", "2024-12-31"),
            &[9],
            &[9],
        ),
        // Told: 0 3 5 6 in time, 1 a day too late, 2 and 8 not at all; 4 was withdrawn before: 4 of 7.
        (
            I::AcceptedInTime,
            year,
            &[0, 3, 5, 6],
            &[0, 1, 2, 3, 5, 6, 8],
        ),
        // On the 15th day 2 is not late yet.
        (
            I::AcceptedInTime,
            ("2025-02-01", "2025-02-01", "2025-02-16"),
            &[],
            &[],
        ),
        (
            I::AcceptedInTime,
            ("2025-02-01", "2025-02-01", "2025-02-17"),
            &[],
            &[2],
        ),
        // Answered: 0, 1 (on the 60th day), 5 (twice in time), 6: 4 of 4.
        (I::AnsweredInTime, year, &[0, 1, 5, 6], &[0, 1, 5, 6]),
        // Ended first petitions 0 1 (5 is open again): 0 at once: 1 of 2.
        (I::SettledAtOnce, year, &[0], &[0, 1]),
        // In 2026 5 has ended, but had been opened again: 1 of 3.
        (
            I::SettledAtOnce,
            ("2025-01-01", "2025-12-31", "2026-01-05"),
            &[0],
            &[0, 1, 5],
        ),
        // Closed in the year as settled or final: 0 1 6; settled 0 6.
        (I::ClosedSettled, year, &[0, 6], &[0, 1, 6]),
        (
            I::ClosedSettled,
            ("2026-01-01", "2026-12-31", "2026-12-31"),
            &[5],
            &[5],
        ),
        // Reviewed: 1 upheld, 6 changed: 1 of 2.
        (I::Upheld, year, &[1], &[1, 6]),
        (
            I::Upheld,
            ("2025-05-01", "2025-05-20", "2025-12-31"),
            &[1],
            &[1],
        ),
        // Mediated: in the year with success; in February alone in vain.
        (I::Mediated, year, &[7], &[7]),
        (
            I::Mediated,
            ("2025-02-01", "2025-02-28", "2025-12-31"),
            &[],
            &[7],
        ),
        // Promises: that of March was kept, that of May was not.
        (
            I::Kept,
            ("2025-01-01", "2025-04-30", "2025-12-31"),
            &[7],
            &[7],
        ),
        (I::Kept, year, &[], &[7]),
        // On its last day it is not broken yet.
        (
            I::Kept,
            ("2025-05-01", "2025-05-31", "2025-05-31"),
            &[],
            &[],
        ),
        // Contact was due on March 11th (done on the 10th), on the 20th (missed) and on the 30th (done
        // on the 25th); the next would be due on April 4th, after the plan's end.
        (
            I::Steady,
            ("2025-03-01", "2025-03-15", "2025-12-31"),
            &[8],
            &[8],
        ),
        (
            I::Steady,
            ("2025-03-16", "2025-03-25", "2025-12-31"),
            &[],
            &[8],
        ),
        (
            I::Steady,
            ("2025-04-05", "2025-12-31", "2025-12-31"),
            &[],
            &[],
        ),
        // Answers of the year that can be rated: 0, 1, 5 (the second one), 6. Of 6 nothing was said,
        // of 5 not whether it was good: 2 of 4 took part, and of those 0 is satisfied: 1 of 2.
        (I::Rated, year, &[0, 1], &[0, 1, 5, 6]),
        (I::Satisfied, year, &[0], &[0, 1]),
        // Before 5 was opened again, its first answer stood with what was said of that.
        (
            I::Rated,
            ("2025-01-01", "2025-03-31", "2025-03-31"),
            &[0, 5],
            &[0, 5],
        ),
        // At the end of April 1 had said what the clerk wrote down.
        (
            I::Satisfied,
            ("2025-04-01", "2025-04-30", "2025-04-30"),
            &[1],
            &[1],
        ),
    ] {
        let (found_good, found) = counted(&cases, indicator, from, to, as_of);
        let place = format!("{indicator:?} {from}..{to} as of {as_of}");
        assert_eq!(found, all, "{place}: all");
        assert_eq!(found_good, good, "{place}: good");
    }
}

/// What happens today changes nothing of what was counted as of last month.
#[test]
fn last_month_stays_as_it_was() {
    let open = Case::received("2026-02-20")
        .then(EventKind::Accepted, "2026-02-21")
        .then(EventKind::Taken, "2026-02-21");
    let closed = open
        .clone()
        .then(EventKind::Answered, "2026-03-09")
        .closed(Outcome::Settled, "2026-03-10");
    for indicator in Indicator::ALL {
        let count = |case: &Case| {
            counted(
                std::slice::from_ref(case),
                *indicator,
                "2026-02-01",
                "2026-02-28",
                "2026-02-28",
            )
        };
        assert_eq!(count(&open), count(&closed), "{indicator:?}");
    }
}

#[test]
fn percentages_are_made_in_one_place() {
    assert_eq!(permille(1, 5), Some(200));
    assert_eq!(permille(2, 3), Some(667));
    assert_eq!(permille(1, 3), Some(333));
    assert_eq!(permille(1, 2000), Some(1));
    assert_eq!(permille(0, 0), None);
    assert_eq!(permille(5, 5), Some(1000));
    assert_eq!(change_permille(8, 10), Some(-200));
    assert_eq!(change_permille(12, 10), Some(200));
    assert_eq!(change_permille(3, 0), None);
    // Half away from zero on both sides: 1 of 16 is 6.25 %.
    assert_eq!(change_permille(15, 16), Some(-63));
    assert_eq!(change_permille(17, 16), Some(63));
    assert_eq!(percent_text(915), "91.5%");
    assert_eq!(percent_text(-200), "-20.0%");
    assert_eq!(percent_text(-5), "-0.5%");
}

/// A tally stays small: a county keeps a million of them.
#[test]
fn a_tally_is_small() {
    assert!(size_of::<super::tally::Mark>() <= 6);
    assert!(size_of::<Tally>() <= 64, "{}", size_of::<Tally>());
    // A case from receipt to its end has some eight marks.
    let marks = ledger()[0].tally().marks.len();
    assert!(size_of::<Tally>() + marks * 6 <= 112, "{marks}");
}

// ---- Random ledgers, counted twice ----------------------------------------------------------------

/// The same case with what took effect up to a day alone: the slow way, event by event.
struct Known {
    facts: Vec<Fact>,
    entries: Vec<Entry>,
}

fn known(case: &Case, day: NaiveDate) -> Known {
    let facts: Vec<Fact> = case
        .facts
        .iter()
        .filter(|fact| fact.on <= day)
        .cloned()
        .collect();
    let entries = facts
        .iter()
        .map(|fact| Entry {
            procedure: fact.procedure,
            days: fact.days,
            ends: fact.outcome == Some(Outcome::Withdrawn),
            deed: fact.deed,
            matter: fact.matter.clone(),
            ..Entry::new(fact.kind, fact.on)
        })
        .collect();
    Known { facts, entries }
}

impl Known {
    /// The end, unless it was opened again, and whether it stands declined.
    fn end(&self) -> (Option<(NaiveDate, Outcome)>, bool) {
        let mut end = None;
        let mut declined = false;
        for fact in &self.facts {
            match fact.kind {
                EventKind::Closed => end = Some((fact.on, fact.outcome.unwrap())),
                EventKind::HandedOver => end = Some((fact.on, Outcome::HandedOver)),
                EventKind::FinalReviewAnswered => end = Some((fact.on, Outcome::Final)),
                EventKind::Declined => declined = true,
                EventKind::Reopened => {
                    end = None;
                    declined = false;
                }
                _ => {}
            }
        }
        (end, declined)
    }

    fn has(&self, kind: EventKind) -> bool {
        self.facts.iter().any(|fact| fact.kind == kind)
    }

    /// Whether the clocks of these kinds were all met in time, by the clocks that people see.
    fn in_time(&self, kinds: &[ClockKind], day: NaiveDate) -> Option<bool> {
        use crate::case::deadline::Standing as S;
        let all = clocks(
            &self.entries,
            &LawProfile::default_profile(),
            &Calendar::new(),
        );
        let verdicts: Vec<bool> = all
            .iter()
            .filter(|clock| kinds.contains(&clock.kind))
            .filter_map(|clock| match clock.standing(day) {
                S::Met => Some(true),
                S::MetLate | S::Overdue(_) => Some(false),
                S::Stopped | S::Left(_) => None,
            })
            .collect();
        (!verdicts.is_empty()).then(|| verdicts.iter().all(|good| *good))
    }
}

fn slowly(indicator: Indicator, case: &Case, span: Span) -> Option<bool> {
    use ClockKind as C;
    use Indicator as I;
    let received = case.facts[0].on;
    let within = |day: NaiveDate| span.from <= day && day <= span.to;
    let upto = |day: NaiveDate| within(day) && day <= span.as_of;
    if received > span.as_of {
        return None;
    }
    let known = known(case, span.as_of);
    let (end, declined) = known.end();
    let how = end.map(|(_, how)| how);
    let petition = case.kind == Kind::Petition && within(received);
    let ours = petition && !declined && how != Some(Outcome::HandedOver);
    let settled = how == Some(Outcome::Settled);
    let visits = || {
        let visits = case.matters.iter().filter_map(|(_, matter)| match matter {
            Any::Visit(visit) => visit.counted(),
            _ => None,
        });
        visits.filter(|(on, _)| upto(*on)).map(|(_, bits)| bits)
    };
    match indicator {
        I::FirstSettled => (ours
            && how != Some(Outcome::Withdrawn)
            && case.first
            && !matches!(
                case.channel,
                Channel::Inspection | Channel::HouseholdVisit | Channel::Superior
            ))
        .then_some(settled),
        I::Handled => ours.then_some(how.is_some()),
        I::CollectiveSettled => {
            (ours && how != Some(Outcome::Withdrawn) && case.collective).then_some(settled)
        }
        I::All => petition.then_some(true),
        I::Collective => (petition && case.collective).then_some(true),
        I::Abnormal => visits().any(|bits| bits & 1 != 0).then_some(true),
        I::SkipLevel => visits().any(|bits| bits & 2 != 0).then_some(true),
        I::Backlog => {
            let mut backlog = false;
            let day = span.to.min(span.as_of);
            for fact in case.facts.iter().filter(|fact| fact.on <= day) {
                match fact.kind {
                    EventKind::BacklogMarked => backlog = true,
                    EventKind::BacklogCleared
                    | EventKind::Closed
                    | EventKind::HandedOver
                    | EventKind::Declined
                    | EventKind::FinalReviewAnswered => backlog = false,
                    _ => {}
                }
            }
            backlog.then_some(true)
        }
        I::AcceptedInTime => petition
            .then(|| known.in_time(&[C::Acceptance, C::SimpleAcceptance], span.as_of))
            .flatten(),
        I::AnsweredInTime => petition
            .then(|| known.in_time(&[C::Handling, C::SimpleAnswer], span.as_of))
            .flatten(),
        I::SettledAtOnce => {
            let again = case.repeated.is_some_and(|on| on <= span.as_of)
                || known.has(EventKind::Reopened)
                || known.has(EventKind::ReviewRequested)
                || known.has(EventKind::FinalReviewRequested);
            (ours && case.first && how.is_some() && how != Some(Outcome::Withdrawn))
                .then_some(settled && !again)
        }
        I::ClosedSettled => {
            let (on, how) = end?;
            (case.kind == Kind::Petition
                && within(on)
                && matches!(how, Outcome::Settled | Outcome::Final))
            .then_some(how == Outcome::Settled)
        }
        I::Upheld => {
            let reviews = known.facts.iter().filter(|fact| upto(fact.on));
            let upheld: Vec<bool> = reviews
                .filter_map(|fact| match fact.kind {
                    EventKind::ReviewAnswered | EventKind::FinalReviewAnswered => {
                        Some(fact.review == Some(ReviewOutcome::Upheld))
                    }
                    EventKind::ReviewRevoked => Some(false),
                    _ => None,
                })
                .collect();
            (!upheld.is_empty()).then(|| upheld.iter().all(|good| *good))
        }
        I::Mediated => {
            let ends = known.facts.iter().filter(|fact| upto(fact.on));
            ends.filter_map(|fact| match fact.deed {
                Some(Deed::MediationAgree) => Some(true),
                Some(Deed::MediationFail) => Some(false),
                _ => None,
            })
            .next_back()
        }
        I::Kept => {
            let mut all: Option<bool> = None;
            for (_, matter) in &case.matters {
                let Any::Mediation(mediation) = matter else {
                    continue;
                };
                // The agreement that stood on the day.
                let stood = mediation.agreements.iter().rfind(|a| a.on <= span.as_of);
                for promise in stood.iter().flat_map(|a| &a.promises) {
                    let kept = promise.kept.as_ref().is_some_and(|k| k.on <= span.as_of);
                    if within(promise.due_on) && (kept || promise.due_on < span.as_of) {
                        all = Some(all.unwrap_or(true) && kept);
                    }
                }
            }
            all
        }
        I::Steady => by_each_day(case, span),
        I::Satisfied | I::Rated => {
            let happened: Vec<Happened> = known
                .facts
                .iter()
                .map(|fact| Happened {
                    kind: fact.kind,
                    outcome: fact.outcome,
                })
                .collect();
            let at = answer_of(&happened).filter(|_| case.kind == Kind::Petition)?;
            let answered = known.facts[at].on;
            let mut said = known.facts[at..].iter().filter_map(|fact| fact.rating);
            let rating = said
                .next_back()
                .filter(|rating| *rating != Rating::Declined);
            let content = matches!(rating, Some(Rating::Satisfied | Rating::MostlySatisfied));
            match indicator {
                _ if !within(answered) => None,
                I::Rated => Some(rating.is_some()),
                _ => rating.map(|_| content),
            }
        }
        I::Reported | I::ReportsInTime | I::VisitsDone => None,
    }
}

/// Follow-ups, day by day: what was owed on it, and was it done by then?
fn by_each_day(case: &Case, span: Span) -> Option<bool> {
    let mut verdicts = Vec::new();
    let end = case.facts.iter().find_map(|fact| {
        matches!(
            fact.kind,
            EventKind::Closed | EventKind::HandedOver | EventKind::FinalReviewAnswered
        )
        .then_some(fact.on)
    });
    for (id, matter) in &case.matters {
        let Any::Contact(contact) = matter else {
            continue;
        };
        let rhythm = Days::new(u64::from(contact.rhythm_days));
        let on = |deed: Deed, day: NaiveDate| {
            case.facts
                .iter()
                .filter(|f| f.deed == Some(deed) && f.on == day && f.matter.as_ref() == Some(id))
                .count()
        };
        let mut due: Option<NaiveDate> = None;
        let mut at = case.facts[0].on;
        while at <= span.as_of {
            if on(Deed::ContactOpen, at) > 0 {
                due = Some(at + rhythm);
            }
            for _ in 0..on(Deed::ContactNote, at) {
                if let Some(was) = due {
                    verdicts.push((was, true));
                    due = Some(at + rhythm);
                }
            }
            if on(Deed::ContactEnd, at) > 0 || end == Some(at) {
                due = None;
            }
            if due == Some(at) && at < span.as_of {
                verdicts.push((at, false));
                due = Some(at + rhythm);
            }
            at = at.succ_opt().unwrap();
        }
    }
    let mut within = verdicts
        .iter()
        .filter(|(due, _)| span.from <= *due && *due <= span.to)
        .peekable();
    within.peek()?;
    Some(within.all(|(_, done)| *done))
}

/// One draw: how many days later, which kind of event, a number for the rest.
type Draw = (u64, usize, u32);

fn case_of(kind: Kind, start: u64, draws: &[Draw], flags: u32) -> Case {
    let first_day = day("2023-10-01") + Days::new(start);
    let mut case = Case {
        kind,
        channel: Channel::ALL[usize::try_from(flags).unwrap() % Channel::ALL.len()],
        first: flags & 1 == 0,
        collective: flags & 2 == 0,
        repeated: (flags & 12 == 0).then(|| first_day + Days::new(u64::from(flags % 300))),
        ..Case::received("2023-10-01")
    };
    case.facts[0].on = first_day;
    let mut state = State::Registered;
    let mut situation = Situation::new(kind);
    let mut on = first_day;
    let mut contacts = 0;
    let mut ended = false;
    for (n, (later, event, rest)) in draws.iter().enumerate() {
        let event = EventKind::ALL[event % EventKind::ALL.len()];
        let next_day = on + Days::new(*later);
        if let Ok(next) = after(Some(state), event, &situation)
            && event != EventKind::Matter
        {
            on = next_day;
            let outcome = [Outcome::Settled, Outcome::Withdrawn, Outcome::Final];
            let review = ReviewOutcome::ALL[usize::try_from(*rest).unwrap() % 2];
            case.facts.push(Fact {
                days: (event == EventKind::Extended).then_some(rest % 30 + 1),
                rating: (event == EventKind::Rated)
                    .then(|| Rating::ALL[usize::try_from(*rest).unwrap() % Rating::ALL.len()]),
                outcome: match event {
                    EventKind::Closed => Some(outcome[usize::try_from(*rest).unwrap() % 3]),
                    EventKind::HandedOver => Some(Outcome::HandedOver),
                    EventKind::FinalReviewAnswered => Some(Outcome::Final),
                    _ => None,
                },
                review: match event {
                    EventKind::ReviewAnswered | EventKind::FinalReviewAnswered => Some(review),
                    EventKind::ReviewRevoked => Some(ReviewOutcome::Revoked),
                    _ => None,
                },
                ..Fact::new(event, on)
            });
            situation = situation.then(event);
            state = next;
            ended |= next == State::Closed;
            continue;
        }
        // What the table does not allow becomes something about a matter, now or entered late.
        let id = format!("m{n}");
        let matter_day = first_day + Days::new(u64::from(rest % 400));
        match rest % 5 {
            0 => {
                let (skip, struck) = (rest % 3 == 0, rest % 7 == 0);
                let conduct = if rest % 2 == 0 { "abnormal" } else { "normal" };
                let visit = up(matter_day, "city", conduct, skip, rest % 9, struck);
                case.matters.push((id, visit));
            }
            1 if !ended && contacts < 3 => {
                contacts += 1;
                let every = rest % 20 + 3;
                case.matters.push((id.clone(), contact(next_day, every)));
                case.facts.push(deed_fact(Deed::ContactOpen, &id, next_day));
                on = next_day;
                let mut told = next_day;
                for step in 0..rest % 4 {
                    told = told + Days::new(u64::from((rest >> step) % 31));
                    case.facts.push(deed_fact(Deed::ContactNote, &id, told));
                    on = on.max(told);
                }
                if rest % 2 == 0 {
                    case.facts.push(deed_fact(Deed::ContactEnd, &id, told));
                }
            }
            2 | 3 => {
                let deed = if rest % 2 == 0 {
                    Deed::MediationAgree
                } else {
                    Deed::MediationFail
                };
                case.facts.push(deed_fact(deed, &id, matter_day));
            }
            _ => {
                let promise = |n: u32| {
                    let due = matter_day + Days::new(u64::from((rest >> n) % 200));
                    let kept = matter_day + Days::new(u64::from((rest >> (n + 1)) % 250));
                    (due, (!(rest >> n).is_multiple_of(3)).then_some(kept))
                };
                let later = matter_day + Days::new(u64::from(rest % 100 + 1));
                let mut agreements = vec![(matter_day, vec![promise(1), promise(2)])];
                if rest % 2 == 0 {
                    agreements.push((later, vec![promise(3)]));
                }
                case.matters.push((id, mediation(&agreements)));
            }
        }
    }
    case
}

fn any_case() -> impl Strategy<Value = Case> {
    (
        prop::sample::select(&[Kind::Petition, Kind::Petition, Kind::Dispute][..]),
        0u64..500,
        prop::collection::vec((0u64..45, 0usize..64, any::<u32>()), 0..24),
        any::<u32>(),
    )
        .prop_map(|(kind, start, draws, flags)| case_of(kind, start, &draws, flags % 4096))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Fast counting equals the slow way, over year ends and leap days, in one period and in many.
    #[test]
    fn counted_fast_and_slowly(
        cases in prop::collection::vec(any_case(), 1..8),
        from in 0u64..700,
        length in 0u64..500,
        as_of in 0u64..1100,
    ) {
        let from = day("2023-11-01") + Days::new(from);
        let to = from + Days::new(length);
        let as_of = day("2023-10-01") + Days::new(as_of);
        let span = Span { from, to, as_of };
        let months: Vec<Window> = span.months().into_iter().map(|(a, b)| Window::new(a, b)).collect();
        for case in &cases {
            let tally = case.tally();
            let mut of_months = vec![None; Indicator::ALL.len() * months.len()];
            each_count(Indicator::ALL, &tally, &months, Day::of(as_of), |n, month, good| {
                of_months[n * months.len() + month] = Some(good);
            });
            let mut at_once = vec![None; Indicator::ALL.len()];
            each_count(Indicator::ALL, &tally, &[span.window()], Day::of(as_of), |n, _, good| at_once[n] = Some(good));
            for (n, indicator) in Indicator::ALL.iter().enumerate() {
                let slow = slowly(*indicator, case, span);
                let fast = counts(*indicator, &tally, span.window(), Day::of(as_of));
                prop_assert_eq!(fast, slow, "{:?} {:?} {:?}", indicator, span, case.facts);
                prop_assert_eq!(at_once[n], slow);
                for (m, (from, to)) in span.months().into_iter().enumerate() {
                    let slow = slowly(*indicator, case, Span { from, to, as_of });
                    prop_assert_eq!(of_months[n * months.len() + m], slow, "{:?} {} {}", indicator, from, to);
                }
            }
        }
    }

    /// What takes effect later changes nothing of a day's figures.
    #[test]
    fn the_future_changes_no_past(case in any_case(), cut in 0u64..900) {
        let as_of = day("2023-11-01") + Days::new(cut);
        let mut then = case.clone();
        then.facts.retain(|fact| fact.on <= as_of);
        prop_assume!(!then.facts.is_empty());
        then.repeated = case.repeated.filter(|on| *on <= as_of);
        let span = Span { from: day("2023-10-01"), to: as_of, as_of };
        for indicator in Indicator::ALL {
            // Bodies of matters are kept as they are now; their own days decide.
            prop_assert_eq!(
                counts(*indicator, &case.tally(), span.window(), Day::of(as_of)),
                counts(*indicator, &then.tally(), span.window(), Day::of(as_of)),
                "{:?}", indicator
            );
        }
        prop_assert_eq!(is_backlog(&case.tally(), Day::of(as_of)), is_backlog(&then.tally(), Day::of(as_of)));
    }
}
