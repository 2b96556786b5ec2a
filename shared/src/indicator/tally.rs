//! A case, folded: what every indicator needs of it, each with its day.
//!
//! [`Tally`] is what the server keeps of each case in memory: some columns and a list of [`Mark`]s, six
//! bytes each. Marks stand in the order of the case's events, so that walking those up to a day gives
//! the case as it stood on that day.

use chrono::NaiveDate;

use super::period::Day;
use crate::access::Sight;
use crate::calendar::Calendar;
use crate::case::deadline::{ClockKind, LawProfile};
use crate::case::matter::mediation::terms::BreachKind;
use crate::case::matter::package::PROGRESS_DAYS;
use crate::case::matter::{Any, Deed};
use crate::case::number::Series;
use crate::case::state::{EventKind, State};
use crate::case::{Category, Channel, Kind, Outcome, Procedure, ReviewOutcome};
use crate::satisfaction::Rating;

/// Stands for no unit.
pub const NO_UNIT: u16 = u16::MAX;
/// Stands for nobody.
pub const NOBODY: u32 = u32::MAX;

/// A case as figures see it. Units and users are numbers that the server gives them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// The case's key into the search index; rises with registration.
    pub id: u32,
    /// The version that it was folded from.
    pub version: u32,
    /// Who entered it.
    pub registrar: u32,
    /// Of an accusation: whom.
    pub accused_user: u32,
    /// The township.
    pub township: u16,
    /// The village, or [`NO_UNIT`].
    pub village: u16,
    /// The unit that answers for it, or [`NO_UNIT`].
    pub unit: u16,
    /// The registrar's unit.
    pub registrar_unit: u16,
    /// Of an accusation: which unit, or [`NO_UNIT`].
    pub accused_unit: u16,
    /// When it was received.
    pub received: Day,
    /// The authority's next deadline, as it stands now, or [`Day::NEVER`].
    pub due: Day,
    /// Petition, dispute or sign.
    pub kind: Kind,
    /// First level of the category.
    pub category: Category,
    /// How it came in.
    pub channel: Channel,
    /// How far it is sealed.
    pub seal: Series,
    /// Where it stands now.
    pub state: State,
    /// Five people or more.
    pub collective: bool,
    /// Whether it repeats no earlier case.
    pub first: bool,
    /// Whether it is or was in mediation.
    pub mediation: bool,
    /// What happened, and the units that it was referred to.
    pub marks: Box<[Mark]>,
}

/// Something that happened on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The day; of [`What::Referred`] none.
    pub on: Day,
    /// Depends on what it is.
    pub arg: u16,
    /// What happened.
    pub what: What,
    /// Of follow-ups: which plan of the case.
    pub slot: u8,
}

/// What a mark says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A unit (`arg`) that it was referred to; not bound to a day.
    Referred,
    /// Acceptance is due on the day `arg`.
    AcceptBy,
    /// The petitioner was told of acceptance, or that it is not handled here.
    Told,
    /// An answer is due on the day `arg`.
    AnswerBy,
    /// By `arg` days later.
    Extended,
    /// What was to be answered was, or was settled.
    Met,
    /// An answer was given.
    Answered,
    /// Declined.
    Declined,
    /// Ended; `arg` is the outcome's place.
    Ended,
    /// Opened again.
    Reopened,
    /// Review was asked for.
    ReviewAsked,
    /// Review or final review came to `arg`: the outcome's place.
    Reviewed,
    /// The petitioner said what they think of the answer; `arg` is the rating's place.
    Rated,
    /// It became backlog.
    BacklogOn,
    /// It is no backlog any more.
    BacklogOff,
    /// A later case repeats it.
    Repeated,
    /// A mediation led to an agreement.
    Agreed,
    /// A mediation ended without one.
    Failed,
    /// A promise of an agreement, due on the day `arg`; promises count from 0.
    Promise,
    /// Promise `arg` was kept.
    Kept,
    /// Promise `arg` was not kept after all.
    Unkept,
    /// Promise `arg` was replaced by another agreement.
    Lapsed,
    /// A visit to a higher level; `arg` is [`up`]'s.
    Up,
    /// Follow-ups are owed every `arg` days from now on.
    FollowStart,
    /// One was done.
    FollowDone,
    /// None are owed any more.
    FollowEnd,
}

/// A visit to a higher level, in bits.
pub mod up {
    /// Abnormal.
    pub const ABNORMAL: u16 = 1;
    /// A level was left out.
    pub const SKIPPED: u16 = 2;
    /// To the city, the province or the capital.
    pub const BEYOND_COUNTY: u16 = 4;
    /// By five people or more.
    pub const COLLECTIVE: u16 = 8;
}

impl Mark {
    const fn new(what: What, on: Day, arg: u16) -> Self {
        Self {
            on,
            arg,
            what,
            slot: 0,
        }
    }
}

/// The place of an outcome in a mark.
const fn outcome_arg(outcome: Outcome) -> u16 {
    match outcome {
        Outcome::Settled => 0,
        Outcome::Withdrawn => 1,
        Outcome::Final => 2,
        Outcome::HandedOver => 3,
    }
}

/// The outcome at a place.
pub const fn outcome_of(arg: u16) -> Outcome {
    match arg {
        0 => Outcome::Settled,
        1 => Outcome::Withdrawn,
        2 => Outcome::Final,
        _ => Outcome::HandedOver,
    }
}

/// The place of an upheld answer.
pub const UPHELD: u16 = 0;
/// The place of an answer that was revoked.
pub const REVOKED: u16 = 2;

const fn review_arg(review: ReviewOutcome) -> u16 {
    match review {
        ReviewOutcome::Upheld => UPHELD,
        ReviewOutcome::Changed => 1,
        ReviewOutcome::Revoked => REVOKED,
    }
}

/// The place of a rating in a mark.
const fn rating_arg(rating: Rating) -> u16 {
    match rating {
        Rating::Satisfied => 0,
        Rating::MostlySatisfied => 1,
        Rating::Dissatisfied => 2,
        Rating::Declined => 3,
    }
}

/// The rating at a place.
pub const fn rating_of(arg: u16) -> Rating {
    match arg {
        0 => Rating::Satisfied,
        1 => Rating::MostlySatisfied,
        2 => Rating::Dissatisfied,
        _ => Rating::Declined,
    }
}

/// An event of a case, as far as figures look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What happened.
    pub kind: EventKind,
    /// The day on which it took effect.
    pub on: NaiveDate,
    /// On registration and acceptance: the procedure.
    pub procedure: Option<Procedure>,
    /// On an extension: by how many days.
    pub days: Option<u32>,
    /// On an end: how.
    pub outcome: Option<Outcome>,
    /// Of a review: what it came to.
    pub review: Option<ReviewOutcome>,
    /// What the petitioner said of the answer.
    pub rating: Option<Rating>,
    /// On a matter's step: which.
    pub deed: Option<Deed>,
    /// On a matter's step: of which matter.
    pub matter: Option<String>,
}

impl Fact {
    /// An event with nothing else to say.
    pub const fn new(kind: EventKind, on: NaiveDate) -> Self {
        Self {
            kind,
            on,
            procedure: None,
            days: None,
            outcome: None,
            review: None,
            rating: None,
            deed: None,
            matter: None,
        }
    }
}

/// What is known of a case beside its events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// The units that it was referred to.
    pub units: Vec<u16>,
    /// When the first later case that repeats it was received; of sealed ones nothing is told.
    repeated: Option<NaiveDate>,
    /// Marks of matters whose bodies say more than their events.
    matters: Vec<Mark>,
    /// Every how many days contact is due, by plan.
    rhythms: Vec<(String, u16)>,
    promises: u16,
}

impl Beside {
    /// Nothing but when the first later case that repeats it was received.
    pub fn of(repeated: Option<NaiveDate>) -> Self {
        Self {
            repeated,
            ..Self::default()
        }
    }

    /// Takes a matter's body into account.
    pub fn note(&mut self, id: &str, matter: &Any) {
        match matter {
            Any::Visit(visit) => {
                if let Some((on, bits)) = visit.counted() {
                    self.matters.push(Mark::new(What::Up, Day::of(on), bits));
                }
            }
            Any::Contact(contact) => {
                let rhythm = u16::try_from(contact.rhythm_days).unwrap_or(u16::MAX);
                self.rhythms.push((id.to_owned(), rhythm.max(1)));
            }
            Any::Mediation(mediation) => {
                let begins = |agreement: &crate::case::matter::mediation::Agreement| {
                    agreement.oral_on.unwrap_or(agreement.on).min(agreement.on)
                };
                let mut agreements = mediation.agreements.iter().peekable();
                while let Some(agreement) = agreements.next() {
                    let replaced = agreements.peek().map(|next| begins(next));
                    for promise in &agreement.promises {
                        self.note_promise(promise, begins(agreement), replaced);
                    }
                }
            }
            _ => {}
        }
    }

    fn note_promise(
        &mut self,
        promise: &crate::case::matter::mediation::Promise,
        since: NaiveDate,
        replaced: Option<NaiveDate>,
    ) {
        let number = self.promises;
        self.promises = self.promises.saturating_add(1);
        let mut mark = |what, on: NaiveDate, arg| {
            self.matters.push(Mark::new(what, Day::of(on), arg));
        };
        mark(What::Promise, since, Day::of(promise.due_on).number());
        for breach in &promise.breaches {
            // What was entered by mistake has never been.
            if breach.kind != BreachKind::Mistaken
                && let Some(kept) = &breach.undone
            {
                mark(What::Kept, kept.on, number);
                mark(What::Unkept, breach.on, number);
            }
        }
        if let Some(kept) = &promise.kept {
            mark(What::Kept, kept.on, number);
        }
        if let Some(on) = replaced {
            mark(What::Lapsed, on, number);
        }
    }

    fn rhythm(&self, matter: &str) -> u16 {
        let known = self.rhythms.iter().find(|(id, _)| id == matter);
        // A plan whose body is not at hand owes nothing that could be missed.
        known.map_or(u16::MAX, |(_, rhythm)| *rhythm)
    }
}

/// The marks of a case: its events in order, then what its matters say.
///
/// `profile` are the limits that it was received under. The two clocks of the authority run as
/// [`crate::case::deadline::clocks`] has them; a test proves that.
pub fn marks(
    facts: &[Fact],
    beside: &Beside,
    profile: &LawProfile,
    calendar: &Calendar,
) -> Box<[Mark]> {
    let mut fold = Fold {
        profile,
        calendar,
        marks: Vec::with_capacity(facts.len() + beside.units.len() + 2),
        accepting: false,
        answering: false,
        backlog: false,
        follow: Vec::new(),
        plans: Vec::new(),
    };
    for unit in &beside.units {
        fold.mark(What::Referred, Day::default(), *unit);
    }
    for fact in facts {
        fold.hear(fact, beside);
    }
    if let Some(on) = beside.repeated {
        fold.mark(What::Repeated, Day::of(on), 0);
    }
    let Fold {
        mut marks,
        mut follow,
        ..
    } = fold;
    marks.extend(&beside.matters);
    // Contact may be entered late; by day it tells what was owed when.
    follow.sort_by_key(|mark| mark.on);
    marks.extend(follow);
    marks.into_boxed_slice()
}

struct Fold<'a> {
    profile: &'a LawProfile,
    calendar: &'a Calendar,
    marks: Vec<Mark>,
    /// Whether acceptance is still to be told.
    accepting: bool,
    /// Whether an answer is still to be given.
    answering: bool,
    backlog: bool,
    follow: Vec<Mark>,
    /// Plans of follow-ups that go on: the matter, its slot.
    plans: Vec<(String, u8)>,
}

impl Fold<'_> {
    fn mark(&mut self, what: What, on: Day, arg: u16) {
        self.marks.push(Mark::new(what, on, arg));
    }

    fn due(&self, clock: ClockKind, from: NaiveDate) -> u16 {
        Day::of(self.profile.due(clock, from, self.calendar).date).number()
    }

    fn accept_by(&mut self, clock: ClockKind, on: NaiveDate) {
        let due = self.due(clock, on);
        self.mark(What::AcceptBy, Day::of(on), due);
        self.accepting = true;
    }

    fn answer_by(&mut self, clock: ClockKind, on: NaiveDate) {
        let due = self.due(clock, on);
        self.mark(What::AnswerBy, Day::of(on), due);
        self.answering = true;
    }

    /// Whether acceptance was still to be told.
    fn told(&mut self, on: Day) -> bool {
        let was = std::mem::take(&mut self.accepting);
        if was {
            self.mark(What::Told, on, 0);
        }
        was
    }

    /// A unit that takes what it was sent has thereby accepted it.
    fn taken(&mut self, on: NaiveDate) {
        if self.told(Day::of(on)) {
            self.answer_by(ClockKind::Handling, on);
        }
    }

    fn met(&mut self, on: Day) {
        if std::mem::take(&mut self.answering) {
            self.mark(What::Met, on, 0);
        }
    }

    fn no_backlog(&mut self, on: Day) {
        if std::mem::take(&mut self.backlog) {
            self.mark(What::BacklogOff, on, 0);
        }
    }

    fn end(&mut self, on: Day, outcome: Outcome) {
        self.no_backlog(on);
        self.mark(What::Ended, on, outcome_arg(outcome));
        self.accepting = false;
        self.answering = false;
        // Follow-ups end with their case, without an event of their own.
        for (_, slot) in std::mem::take(&mut self.plans) {
            self.follow.push(Mark {
                slot,
                ..Mark::new(What::FollowEnd, on, 0)
            });
        }
    }

    fn hear(&mut self, fact: &Fact, beside: &Beside) {
        use ClockKind as C;
        use EventKind as E;
        let on = Day::of(fact.on);
        let simple = fact.procedure == Some(Procedure::Simple);
        match fact.kind {
            E::Registered | E::Imported => {
                let clock = if simple {
                    C::SimpleAcceptance
                } else {
                    C::Acceptance
                };
                self.accept_by(clock, fact.on);
            }
            E::Accepted => {
                self.told(on);
                let clock = if simple { C::SimpleAnswer } else { C::Handling };
                self.answer_by(clock, fact.on);
            }
            E::Taken => self.taken(fact.on),
            E::Declined => {
                self.told(on);
                self.no_backlog(on);
                self.answering = false;
                self.mark(What::Declined, on, 0);
            }
            E::HandedOver => {
                self.told(on);
                self.end(on, Outcome::HandedOver);
            }
            E::Extended if self.answering => {
                let days = u16::try_from(fact.days.unwrap_or(0)).unwrap_or(u16::MAX);
                self.mark(What::Extended, on, days);
            }
            E::Answered => {
                self.met(on);
                self.mark(What::Answered, on, 0);
            }
            E::ReviewRequested | E::FinalReviewRequested => self.mark(What::ReviewAsked, on, 0),
            E::ReviewAnswered => self.reviewed(fact, on),
            E::ReviewRevoked => {
                self.mark(What::Reviewed, on, review_arg(ReviewOutcome::Revoked));
                self.answer_by(C::Handling, fact.on);
            }
            E::FinalReviewAnswered => {
                self.reviewed(fact, on);
                self.end(on, fact.outcome.unwrap_or(Outcome::Final));
            }
            E::Closed => {
                let outcome = fact.outcome.unwrap_or(Outcome::Final);
                if outcome != Outcome::Withdrawn {
                    self.met(on);
                }
                self.end(on, outcome);
            }
            E::Reopened => {
                self.mark(What::Reopened, on, 0);
                self.answer_by(C::Handling, fact.on);
            }
            E::BacklogMarked => {
                self.mark(What::BacklogOn, on, 0);
                self.backlog = true;
            }
            E::BacklogCleared => self.no_backlog(on),
            E::Rated => {
                if let Some(rating) = fact.rating {
                    self.mark(What::Rated, on, rating_arg(rating));
                }
            }
            E::Matter => self.hear_deed(fact, beside, on),
            _ => {}
        }
    }

    fn reviewed(&mut self, fact: &Fact, on: Day) {
        let review = fact.review.unwrap_or(ReviewOutcome::Upheld);
        self.mark(What::Reviewed, on, review_arg(review));
    }

    fn hear_deed(&mut self, fact: &Fact, beside: &Beside, on: Day) {
        let (Some(deed), Some(matter)) = (fact.deed, fact.matter.as_deref()) else {
            return;
        };
        match deed {
            Deed::MediationAgree => self.mark(What::Agreed, on, 0),
            Deed::MediationFail => self.mark(What::Failed, on, 0),
            Deed::PackageOpen => {
                let days = u16::try_from(PROGRESS_DAYS).unwrap_or(u16::MAX);
                self.follow_start(matter, on, days);
            }
            Deed::ContactOpen => self.follow_start(matter, on, beside.rhythm(matter)),
            Deed::PackagePlan | Deed::PackageProgress | Deed::PackageDone | Deed::ContactNote => {
                self.follow(matter, What::FollowDone, on, 0)
            }
            // While the leader decides, nothing is owed; sent back, it begins again.
            Deed::PackageSubmit => {
                self.follow(matter, What::FollowDone, on, 0);
                self.follow(matter, What::FollowEnd, on, 0);
            }
            Deed::PackageReject => {
                let days = u16::try_from(PROGRESS_DAYS).unwrap_or(u16::MAX);
                self.follow(matter, What::FollowStart, on, days);
            }
            Deed::PackageApprove | Deed::ContactEnd => {
                self.follow(matter, What::FollowEnd, on, 0);
                self.plans.retain(|(id, _)| id != matter);
            }
            _ => {}
        }
    }

    fn follow_start(&mut self, matter: &str, on: Day, days: u16) {
        let slot = self.follow.iter().map(|mark| mark.slot).max();
        let slot = slot.map_or(0, |last| last.saturating_add(1));
        self.plans.push((matter.to_owned(), slot));
        self.follow.push(Mark {
            slot,
            ..Mark::new(What::FollowStart, on, days)
        });
    }

    fn follow(&mut self, matter: &str, what: What, on: Day, days: u16) {
        if let Some((_, slot)) = self.plans.iter().find(|(id, _)| id == matter) {
            self.follow.push(Mark {
                slot: *slot,
                ..Mark::new(what, on, days)
            });
        }
    }
}

/// A reader as tallies see them: units and users by their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// Who.
    pub user: u32,
    /// Who, and those for whom they stand in.
    pub users: Vec<u32>,
    /// Their unit, and those that were merged into it; and so of those for whom they stand in.
    pub units: Vec<u16>,
    /// The unit and those above it, with all that they are made of.
    pub chain: Vec<u16>,
    /// The township.
    pub township: u16,
    /// The village that they belong to, and those that were merged into it; none for whoever is of none.
    pub villages: Vec<u16>,
}

/// A tally before a reader, for [`crate::access::sees`].
#[derive(Debug, Clone, Copy)]
pub struct Before<'a> {
    /// The case.
    pub tally: &'a Tally,
    /// Who looks at it.
    pub reader: &'a Reader,
}

impl Sight for Before<'_> {
    fn same_township(&self) -> bool {
        self.tally.township == self.reader.township
    }
    fn same_village(&self) -> bool {
        self.reader.villages.contains(&self.tally.village)
    }
    fn referred(&self) -> bool {
        let referred = self.tally.marks.iter();
        referred
            .take_while(|mark| mark.what == What::Referred)
            .any(|mark| self.reader.units.contains(&mark.arg))
    }
    fn registered(&self) -> bool {
        self.reader.users.contains(&self.tally.registrar)
    }
    fn registered_personally(&self) -> bool {
        self.tally.registrar == self.reader.user
    }
    fn registered_here(&self) -> bool {
        self.reader.units.contains(&self.tally.registrar_unit)
    }
    fn mediation(&self) -> bool {
        self.tally.mediation
    }
    fn seal(&self) -> Series {
        self.tally.seal
    }
    fn accused(&self) -> bool {
        self.reader.users.contains(&self.tally.accused_user)
    }
    fn of_accused_unit(&self) -> bool {
        self.reader.chain.contains(&self.tally.accused_unit)
    }
    /// What a county's office sees is no matter of figures.
    fn handed_up(&self) -> bool {
        false
    }
}
