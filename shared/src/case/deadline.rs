//! The clocks of a case: pure functions of its events, a law profile and a calendar.
//!
//! A deadline on day N is met until the end of that day, Asia/Shanghai; days count from the day
//! after. Nothing stores a deadline: clocks are recomputed from the events. The limits are data
//! ([`LawProfile`]), each with its source, and a case keeps the profile that it was received under.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, Reckoned};
use crate::case::Procedure;
use crate::case::matter::Deed;
use crate::case::paper::PaperKind;
use crate::case::state::EventKind;
use crate::terms;

terms! {
    /// A limit that the law sets.
    ClockKind, "期限" {
        /// To tell the petitioner of acceptance, from receipt.
        Acceptance = "acceptance", "受理告知";
        /// The same in the simple procedure.
        SimpleAcceptance = "simple_acceptance", "受理告知（简易）";
        /// To answer, from acceptance.
        Handling = "handling", "办理";
        /// By how much handling may be extended, once.
        Extension = "extension", "延期上限";
        /// To answer in the simple procedure.
        SimpleAnswer = "simple_answer", "答复（简易）";
        /// To object to a transfer.
        TransferObjection = "transfer_objection", "转送异议";
        /// The petitioner's time to ask for review.
        ReviewRequest = "review_request", "申请复查";
        /// To answer a request for review.
        ReviewAnswer = "review_answer", "复查答复";
        /// The petitioner's time to ask for final review.
        FinalReviewRequest = "final_review_request", "申请复核";
        /// To answer a request for final review, hearing time excluded.
        FinalReviewAnswer = "final_review_answer", "复核答复";
        /// The parties' time to apply for judicial confirmation of an agreement.
        Confirmation = "confirmation", "申请司法确认";
    }
}

terms! {
    /// What a limit is counted in.
    LimitUnit, "计算单位" {
        /// Calendar days.
        Days = "days", "日";
        /// Working days.
        Workdays = "workdays", "个工作日";
    }
}

terms! {
    /// Whose clock it is.
    ClockOwner, "期限主体" {
        /// The authority that handles the case.
        Authority = "authority", "办理单位";
        /// The petitioner: a right that lapses.
        Petitioner = "petitioner", "信访人";
    }
}

impl ClockKind {
    /// Whose clock it is.
    pub const fn owner(self) -> ClockOwner {
        match self {
            Self::ReviewRequest | Self::FinalReviewRequest | Self::Confirmation => {
                ClockOwner::Petitioner
            }
            _ => ClockOwner::Authority,
        }
    }
}

/// One limit of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Which clock.
    pub clock: ClockKind,
    /// How many.
    pub amount: u32,
    /// Of what.
    pub unit: LimitUnit,
    /// The source: law, article.
    pub basis: String,
}

/// The limits in force from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LawProfile {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// The first day on which cases received come under it.
    pub in_force_from: NaiveDate,
    /// One for each [`ClockKind`]; a missing one falls back to the default profile.
    pub limits: Vec<Limit>,
}

impl LawProfile {
    /// The profile that the program comes with: 《信访工作条例》, in force since 1 May 2022.
    pub fn default_profile() -> Self {
        use ClockKind as C;
        use LimitUnit::{Days, Workdays};
        let limits = [
            (
                C::Acceptance,
                15,
                Days,
                "《信访工作条例》第二十二条、第二十三条",
            ),
            (C::SimpleAcceptance, 3, Workdays, "《信访事项简易办理办法》"),
            (C::Handling, 60, Days, "《信访工作条例》第三十四条"),
            (C::Extension, 30, Days, "《信访工作条例》第三十四条"),
            (C::SimpleAnswer, 10, Workdays, "《信访事项简易办理办法》"),
            (
                C::TransferObjection,
                5,
                Workdays,
                "《信访工作条例》第二十三条",
            ),
            (C::ReviewRequest, 30, Days, "《信访工作条例》第三十五条"),
            (C::ReviewAnswer, 30, Days, "《信访工作条例》第三十五条"),
            (
                C::FinalReviewRequest,
                30,
                Days,
                "《信访工作条例》第三十六条",
            ),
            (C::FinalReviewAnswer, 30, Days, "《信访工作条例》第三十六条"),
            (
                C::Confirmation,
                30,
                Days,
                "《中华人民共和国人民调解法》第三十三条",
            ),
        ];
        Self {
            id: "xinfang-tiaoli-2022".to_owned(),
            title: "《信访工作条例》（2022年5月1日起施行）".to_owned(),
            in_force_from: NaiveDate::from_ymd_opt(2022, 5, 1).unwrap_or_default(),
            limits: limits
                .into_iter()
                .map(|(clock, amount, unit, basis)| Limit {
                    clock,
                    amount,
                    unit,
                    basis: basis.to_owned(),
                })
                .collect(),
        }
    }

    /// The limit for a clock.
    pub fn limit(&self, clock: ClockKind) -> Limit {
        self.limits
            .iter()
            .find(|limit| limit.clock == clock)
            .cloned()
            .unwrap_or_else(|| {
                Self::default_profile()
                    .limits
                    .into_iter()
                    .find(|limit| limit.clock == clock)
                    .unwrap_or(Limit {
                        clock,
                        amount: 30,
                        unit: LimitUnit::Days,
                        basis: String::new(),
                    })
            })
    }

    /// Of several profiles the one that a case received on `received` comes under: the latest in
    /// force on that day, or else the earliest of all.
    pub fn for_case<'a>(
        profiles: impl IntoIterator<Item = &'a Self> + Clone,
        received: NaiveDate,
    ) -> Self {
        let all = || profiles.clone().into_iter();
        all()
            .filter(|profile| profile.in_force_from <= received)
            .max_by_key(|profile| profile.in_force_from)
            .or_else(|| all().min_by_key(|profile| profile.in_force_from))
            .cloned()
            .unwrap_or_else(Self::default_profile)
    }

    /// The last day of a limit that starts on `from`.
    pub fn due(&self, clock: ClockKind, from: NaiveDate, calendar: &Calendar) -> Reckoned {
        let limit = self.limit(clock);
        match limit.unit {
            LimitUnit::Days => calendar.after_days(from, limit.amount),
            LimitUnit::Workdays => calendar.after_workdays(from, limit.amount),
        }
    }
}

/// What an event contributes to the clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What happened.
    pub kind: EventKind,
    /// The day on which it took effect: received, decided, served.
    pub on: NaiveDate,
    /// On registration and acceptance: the procedure.
    pub procedure: Option<Procedure>,
    /// On an extension: by how many days.
    pub days: Option<u32>,
    /// On a hearing's holding: the days up to it that do not count in the final review's limit
    /// (条例第三十六条).
    pub excluded_days: Option<u32>,
    /// On a closing: whether the case ended by withdrawal or otherwise without an answer.
    pub ends: bool,
    /// On a matter's step: which.
    pub deed: Option<Deed>,
    /// On a matter's step: of which matter.
    pub matter: Option<String>,
    /// On a service: which document was served.
    pub served: Option<PaperKind>,
}

impl Entry {
    /// An event on a day, with nothing else to say.
    pub const fn new(kind: EventKind, on: NaiveDate) -> Self {
        Self {
            kind,
            on,
            procedure: None,
            days: None,
            excluded_days: None,
            ends: false,
            deed: None,
            matter: None,
            served: None,
        }
    }
}

/// One clock of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Clock {
    /// Which limit.
    pub kind: ClockKind,
    /// Whose clock it is.
    pub owner: ClockOwner,
    /// The day from which it counts; that day is not counted.
    pub from: NaiveDate,
    /// The last day on which it is met.
    pub due: NaiveDate,
    /// By how many days it was extended or hearing time left out.
    pub extended_days: u32,
    /// The day on which it was met.
    pub met_on: Option<NaiveDate>,
    /// Whether it has stopped without being met, as nothing was due any more.
    pub stopped: bool,
    /// The source: law, article.
    pub basis: String,
    /// False where working days were counted through a year without a published calendar.
    pub certain: bool,
}

/// How a clock stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Met in time.
    Met,
    /// Met, but after its last day.
    MetLate,
    /// Nothing is due any more.
    Stopped,
    /// Running; so many days are left (0: today is the last day).
    Left(i64),
    /// Past its last day by so many days.
    Overdue(i64),
}

impl Clock {
    /// How it stands on `today`.
    pub fn standing(&self, today: NaiveDate) -> Standing {
        match self.met_on {
            Some(met) if met <= self.due => Standing::Met,
            Some(_) => Standing::MetLate,
            None if self.stopped => Standing::Stopped,
            None => {
                let left = self.due.signed_duration_since(today).num_days();
                if left >= 0 {
                    Standing::Left(left)
                } else {
                    Standing::Overdue(-left)
                }
            }
        }
    }

    /// Whether it is still to be met.
    pub const fn is_running(&self) -> bool {
        self.met_on.is_none() && !self.stopped
    }
}

/// The clocks of a case, in the order in which they started.
///
/// `entries` are its events in order; `profile` the limits that it was received under.
pub fn clocks(entries: &[Entry], profile: &LawProfile, calendar: &Calendar) -> Vec<Clock> {
    let mut clocks = Running {
        profile,
        calendar,
        clocks: Vec::new(),
        excluded_to: NaiveDate::MIN,
    };
    for entry in entries {
        // What was struck out has never been.
        if entry.deed != Some(Deed::ServiceOpen) || !is_struck(entries, entry) {
            clocks.hear(entry);
        }
    }
    clocks.clocks
}

/// Whether a service was struck out later.
fn is_struck(entries: &[Entry], service: &Entry) -> bool {
    entries
        .iter()
        .any(|entry| entry.deed == Some(Deed::ServiceStrike) && entry.matter == service.matter)
}

/// The authority's running clock that is due first: by it lists are sorted and cases are overdue.
pub fn next_due(clocks: &[Clock]) -> Option<&Clock> {
    clocks
        .iter()
        .filter(|clock| clock.is_running() && clock.owner == ClockOwner::Authority)
        .min_by_key(|clock| clock.due)
}

struct Running<'a> {
    profile: &'a LawProfile,
    calendar: &'a Calendar,
    clocks: Vec<Clock>,
    /// The last hearing day so far, so that the days of two hearings are left out once.
    excluded_to: NaiveDate,
}

impl Running<'_> {
    fn hear(&mut self, entry: &Entry) {
        use ClockKind as C;
        use EventKind as E;
        let on = entry.on;
        match entry.kind {
            E::Registered | E::Imported => self.start(
                if entry.procedure == Some(Procedure::Simple) {
                    C::SimpleAcceptance
                } else {
                    C::Acceptance
                },
                on,
            ),
            E::Transferred => self.start(C::TransferObjection, on),
            E::Objected => {
                self.meet(&[C::TransferObjection], on);
            }
            E::Accepted => {
                self.meet(
                    &[C::Acceptance, C::SimpleAcceptance, C::TransferObjection],
                    on,
                );
                self.start(
                    if entry.procedure == Some(Procedure::Simple) {
                        C::SimpleAnswer
                    } else {
                        C::Handling
                    },
                    on,
                );
            }
            E::Taken => {
                // A unit that takes a transferred matter has thereby accepted it; one that takes
                // what it was given changes no clock.
                self.meet(&[C::TransferObjection], on);
                if self.meet(&[C::Acceptance, C::SimpleAcceptance], on) {
                    self.start(C::Handling, on);
                }
            }
            E::Declined | E::HandedOver => {
                self.meet(
                    &[C::Acceptance, C::SimpleAcceptance, C::TransferObjection],
                    on,
                );
                // What another authority has taken is not to be answered here any more.
                self.stop();
            }
            E::Extended => {
                self.extend(&[C::Handling, C::SimpleAnswer], entry.days.unwrap_or(0));
            }
            E::Answered => {
                self.meet(&[C::Handling, C::SimpleAnswer], on);
                self.start(C::ReviewRequest, on);
            }
            E::ReviewRequested => {
                self.meet(&[C::ReviewRequest], on);
                self.start(C::ReviewAnswer, on);
            }
            E::ReviewAnswered => {
                self.meet(&[C::ReviewAnswer], on);
                self.start(C::FinalReviewRequest, on);
            }
            E::ReviewRevoked => {
                self.meet(&[C::ReviewAnswer], on);
                self.start(C::Handling, on);
            }
            E::FinalReviewRequested => {
                self.meet(&[C::FinalReviewRequest], on);
                self.start(C::FinalReviewAnswer, on);
            }
            E::FinalReviewAnswered => {
                self.meet(&[C::FinalReviewAnswer], on);
                self.stop();
            }
            E::Closed => {
                if entry.ends {
                    self.stop();
                } else {
                    // Settled while handling: that meets what handling had to meet.
                    self.meet(&[C::Handling, C::SimpleAnswer], on);
                    self.stop();
                }
            }
            E::Reopened => self.start(C::Handling, on),
            E::Matter => self.hear_deed(entry),
            _ => {}
        }
    }

    /// A matter's step that starts or meets a clock.
    fn hear_deed(&mut self, entry: &Entry) {
        use ClockKind as C;
        match entry.deed {
            // A new agreement, or a paper made of an oral one, takes the place of what was before.
            Some(Deed::MediationAgree | Deed::MediationWrite) => {
                for clock in self.running(&[C::Confirmation]) {
                    clock.stopped = true;
                }
                self.start(C::Confirmation, entry.on);
            }
            Some(Deed::MediationApply) => {
                self.meet(&[C::Confirmation], entry.on);
            }
            Some(Deed::ServiceOpen) => match entry.served {
                Some(PaperKind::Answer) => self.restart(C::ReviewRequest, entry.on),
                Some(PaperKind::ReviewAnswer) => self.restart(C::FinalReviewRequest, entry.on),
                _ => {}
            },
            Some(Deed::HearingHold) => self.leave_out(entry.on, entry.excluded_days.unwrap_or(0)),
            _ => {}
        }
    }

    /// The petitioner's time runs from the day on which the answer reached them (条例第三十五条、
    /// 第三十六条: 自收到书面答复之日起), never from before the answer itself; served on several, from
    /// the last. It does not move any more once it was used or has stopped.
    fn restart(&mut self, kind: ClockKind, served: NaiveDate) {
        let (profile, calendar) = (self.profile, self.calendar);
        for clock in self.running(&[kind]).filter(|clock| clock.from < served) {
            let Reckoned { date, certain } = profile.due(kind, served, calendar);
            clock.from = served;
            clock.due = date;
            clock.certain = certain;
        }
    }

    /// Hearing time, which does not count in the final review's limit: `days` up to the hearing on
    /// `held`, those of an earlier hearing and those before the request not among them.
    fn leave_out(&mut self, held: NaiveDate, days: u32) {
        let asked = self
            .running(&[ClockKind::FinalReviewAnswer])
            .map(|clock| clock.from)
            .next();
        let Some(asked) = asked else {
            return;
        };
        let from = held
            .checked_sub_days(chrono::Days::new(u64::from(days)))
            .unwrap_or(asked)
            .max(asked)
            .max(self.excluded_to);
        let days = u32::try_from((held - from).num_days()).unwrap_or(0);
        self.extend(&[ClockKind::FinalReviewAnswer], days);
        self.excluded_to = self.excluded_to.max(held);
    }

    fn start(&mut self, kind: ClockKind, from: NaiveDate) {
        let Reckoned { date: due, certain } = self.profile.due(kind, from, self.calendar);
        self.clocks.push(Clock {
            kind,
            owner: kind.owner(),
            from,
            due,
            extended_days: 0,
            met_on: None,
            stopped: false,
            basis: self.profile.limit(kind).basis,
            certain,
        });
    }

    fn running(&mut self, kinds: &[ClockKind]) -> impl Iterator<Item = &mut Clock> {
        self.clocks
            .iter_mut()
            .filter(|clock| clock.is_running() && kinds.contains(&clock.kind))
    }

    /// Whether there was one to meet.
    fn meet(&mut self, kinds: &[ClockKind], on: NaiveDate) -> bool {
        let mut met = false;
        for clock in self.running(kinds) {
            clock.met_on = Some(on);
            met = true;
        }
        met
    }

    fn extend(&mut self, kinds: &[ClockKind], days: u32) {
        let calendar = self.calendar;
        for clock in self.running(kinds) {
            clock.due = calendar.after_days(clock.due, days).date;
            clock.extended_days += days;
        }
    }

    fn stop(&mut self) {
        for clock in self.clocks.iter_mut().filter(|clock| clock.is_running()) {
            clock.stopped = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::end_of_shanghai_day;
    use crate::term::Term;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn simple(kind: EventKind, on: &str) -> Entry {
        Entry {
            procedure: Some(Procedure::Simple),
            ..Entry::new(kind, day(on))
        }
    }

    fn at(kind: EventKind, on: &str) -> Entry {
        Entry::new(kind, day(on))
    }

    fn due_of(entries: &[Entry], kind: ClockKind) -> NaiveDate {
        clocks(entries, &LawProfile::default_profile(), &Calendar::new())
            .into_iter()
            .rfind(|clock| clock.kind == kind)
            .unwrap()
            .due
    }

    /// Each clock by the article that sets it: from when, to when.
    #[test]
    fn clocks_by_article() {
        use ClockKind as C;
        use EventKind as E;
        let reg = at(E::Registered, "2024-02-15");
        let acc = at(E::Accepted, "2024-02-20");
        let ans = at(E::Answered, "2024-04-01");
        for (article, entries, clock, due) in [
            (
                "条例第二十二条 受理15日，跨闰日",
                vec![reg.clone()],
                C::Acceptance,
                "2024-03-01",
            ),
            (
                "条例第二十二条 受理15日，跨年",
                vec![at(E::Registered, "2023-12-20")],
                C::Acceptance,
                "2024-01-04",
            ),
            (
                "条例第三十四条 办理60日",
                vec![reg.clone(), acc.clone()],
                C::Handling,
                "2024-04-20",
            ),
            (
                "条例第三十四条 延期30日",
                vec![
                    reg.clone(),
                    acc.clone(),
                    Entry {
                        days: Some(30),
                        ..at(E::Extended, "2024-04-10")
                    },
                ],
                C::Handling,
                "2024-05-20",
            ),
            (
                "简易 3个工作日，国庆调休",
                vec![simple(E::Registered, "2023-09-28")],
                C::SimpleAcceptance,
                "2023-10-09",
            ),
            (
                "简易 10个工作日",
                vec![
                    simple(E::Registered, "2023-09-27"),
                    simple(E::Accepted, "2023-09-28"),
                ],
                C::SimpleAnswer,
                "2023-10-18",
            ),
            (
                "条例第二十三条 异议5个工作日",
                vec![reg.clone(), at(E::Transferred, "2024-02-16")],
                C::TransferObjection,
                "2024-02-22",
            ),
            (
                "条例第三十五条 申请复查30日",
                vec![reg.clone(), acc.clone(), ans.clone()],
                C::ReviewRequest,
                "2024-05-01",
            ),
            (
                "条例第三十五条 复查30日",
                vec![
                    reg.clone(),
                    acc.clone(),
                    ans.clone(),
                    at(E::ReviewRequested, "2024-04-10"),
                ],
                C::ReviewAnswer,
                "2024-05-10",
            ),
            (
                "条例第三十六条 申请复核30日",
                vec![
                    reg.clone(),
                    acc.clone(),
                    ans.clone(),
                    at(E::ReviewRequested, "2024-04-10"),
                    at(E::ReviewAnswered, "2024-05-06"),
                ],
                C::FinalReviewRequest,
                "2024-06-05",
            ),
            (
                "条例第三十六条 复核30日，扣除听证10日",
                vec![
                    reg.clone(),
                    acc.clone(),
                    ans.clone(),
                    at(E::ReviewRequested, "2024-04-10"),
                    at(E::ReviewAnswered, "2024-05-06"),
                    at(E::FinalReviewRequested, "2024-06-01"),
                    Entry {
                        excluded_days: Some(10),
                        deed: Some(Deed::HearingHold),
                        ..at(E::Matter, "2024-06-20")
                    },
                    at(E::FinalReviewAnswered, "2024-07-11"),
                ],
                C::FinalReviewAnswer,
                "2024-07-11",
            ),
        ] {
            assert_eq!(due_of(&entries, clock), day(due), "{article}");
        }
        let profile = LawProfile::default_profile();
        assert_eq!(
            profile
                .due(C::Confirmation, day("2024-01-31"), &Calendar::new())
                .date,
            day("2024-03-01"),
            "人民调解法第三十三条"
        );
    }

    fn served(kind: PaperKind, on: &str, matter: &str) -> Entry {
        Entry {
            deed: Some(Deed::ServiceOpen),
            matter: Some(matter.to_owned()),
            served: Some(kind),
            ..at(EventKind::Matter, on)
        }
    }

    /// 条例第三十五条、第三十六条：自收到书面答复之日起30日内。
    #[test]
    fn the_petitioners_time_runs_from_the_day_of_service() {
        use EventKind as E;
        use PaperKind as P;
        let round = || {
            vec![
                at(E::Registered, "2026-03-02"),
                at(E::Accepted, "2026-03-03"),
                at(E::Answered, "2026-04-01"),
            ]
        };
        let strike = |matter: &str| Entry {
            deed: Some(Deed::ServiceStrike),
            matter: Some(matter.to_owned()),
            ..at(E::Matter, "2026-04-20")
        };
        for (what, more, due) in [
            ("没有送达记录：从答复之日", vec![], "2026-05-01"),
            (
                "答复当日送达",
                vec![served(P::Answer, "2026-04-01", "a")],
                "2026-05-01",
            ),
            (
                "次日送达",
                vec![served(P::Answer, "2026-04-02", "a")],
                "2026-05-02",
            ),
            (
                "早于答复的不提前",
                vec![served(P::Answer, "2026-03-31", "a")],
                "2026-05-01",
            ),
            (
                "别的文书不影响",
                vec![served(P::Extension, "2026-04-09", "a")],
                "2026-05-01",
            ),
            (
                "复查意见书不影响申请复查",
                vec![served(P::ReviewAnswer, "2026-04-09", "a")],
                "2026-05-01",
            ),
            (
                "几人先后收到，从最后一人",
                vec![
                    served(P::Answer, "2026-04-09", "a"),
                    served(P::Answer, "2026-04-05", "b"),
                ],
                "2026-05-09",
            ),
            (
                "划除的送达不算",
                vec![served(P::Answer, "2026-04-09", "a"), strike("a")],
                "2026-05-01",
            ),
            (
                "划除一份，另一份仍算",
                vec![
                    served(P::Answer, "2026-04-09", "a"),
                    served(P::Answer, "2026-04-05", "b"),
                    strike("a"),
                ],
                "2026-05-05",
            ),
            (
                "已经申请复查的不再变动",
                vec![
                    at(E::ReviewRequested, "2026-04-08"),
                    served(P::Answer, "2026-04-09", "a"),
                ],
                "2026-05-01",
            ),
        ] {
            let entries: Vec<Entry> = round().into_iter().chain(more).collect();
            assert_eq!(
                due_of(&entries, ClockKind::ReviewRequest),
                day(due),
                "{what}"
            );
        }
        let mut entries = round();
        entries.push(at(E::ReviewRequested, "2026-04-08"));
        entries.push(at(E::ReviewAnswered, "2026-05-06"));
        assert_eq!(
            due_of(&entries, ClockKind::FinalReviewRequest),
            day("2026-06-05")
        );
        entries.push(served(P::ReviewAnswer, "2026-05-07", "c"));
        assert_eq!(
            due_of(&entries, ClockKind::FinalReviewRequest),
            day("2026-06-06")
        );
        let all = clocks(&entries, &LawProfile::default_profile(), &Calendar::new());
        let clock = all
            .iter()
            .rfind(|c| c.kind == ClockKind::FinalReviewRequest)
            .unwrap();
        let last = end_of_shanghai_day(clock.due) - chrono::Duration::seconds(1);
        let standing = |at| clock.standing(crate::calendar::shanghai_day(at));
        assert_eq!(standing(last), Standing::Left(0));
        assert_eq!(
            standing(end_of_shanghai_day(clock.due)),
            Standing::Overdue(1)
        );
    }

    /// Day N 23:59:59 is in time, day N+1 00:00 is not, Asia/Shanghai, for every clock.
    #[test]
    fn the_edge_of_the_last_day() {
        let profile = LawProfile::default_profile();
        for kind in ClockKind::ALL {
            let due = profile.due(*kind, day("2024-02-27"), &Calendar::new()).date;
            let clock = Clock {
                kind: *kind,
                owner: kind.owner(),
                from: day("2024-02-27"),
                due,
                extended_days: 0,
                met_on: None,
                stopped: false,
                basis: String::new(),
                certain: true,
            };
            let last = end_of_shanghai_day(due) - chrono::Duration::seconds(1);
            assert_eq!(
                clock.standing(crate::calendar::shanghai_day(last)),
                Standing::Left(0),
                "{kind}"
            );
            let next = end_of_shanghai_day(due);
            assert_eq!(
                clock.standing(crate::calendar::shanghai_day(next)),
                Standing::Overdue(1),
                "{kind}"
            );
        }
    }

    #[test]
    fn a_transfer_restarts_no_clock() {
        use EventKind as E;
        let entries = [
            at(E::Registered, "2024-03-01"),
            at(E::Transferred, "2024-03-04"),
            at(E::Objected, "2024-03-06"),
            at(E::Transferred, "2024-03-07"),
        ];
        let all = clocks(&entries, &LawProfile::default_profile(), &Calendar::new());
        assert_eq!(
            all.iter()
                .filter(|c| c.kind == ClockKind::Acceptance)
                .count(),
            1
        );
        assert_eq!(due_of(&entries, ClockKind::Acceptance), day("2024-03-16"));
    }

    /// Hearing time: not the days before the request, not the same day twice, and only in the final
    /// review.
    #[test]
    fn hearing_time_is_left_out_once() {
        use EventKind as E;
        let hearing = |on: &str, days: u32| Entry {
            excluded_days: Some(days),
            deed: Some(Deed::HearingHold),
            ..at(E::Matter, on)
        };
        let asked = at(E::FinalReviewRequested, "2024-06-01");
        for (entries, due) in [
            (vec![], "2024-07-01"),
            (vec![hearing("2024-06-20", 10)], "2024-07-11"),
            // Ten days from the notice on 30 May: nine of them after the request.
            (vec![hearing("2024-06-09", 10)], "2024-07-09"),
            // 10 to 20 June and 15 to 25 June: fifteen days.
            (
                vec![hearing("2024-06-20", 10), hearing("2024-06-25", 10)],
                "2024-07-16",
            ),
        ] {
            let entries = [&[asked.clone()][..], &entries].concat();
            assert_eq!(
                due_of(&entries, ClockKind::FinalReviewAnswer),
                day(due),
                "{entries:?}"
            );
        }
        let handling = [at(E::Accepted, "2024-06-01"), hearing("2024-06-20", 10)];
        assert_eq!(due_of(&handling, ClockKind::Handling), day("2024-07-31"));
    }

    #[test]
    fn a_case_keeps_its_profile() {
        let old = LawProfile::default_profile();
        let mut new = LawProfile::default_profile();
        new.id = "new".into();
        new.in_force_from = day("2026-01-01");
        let both = [old.clone(), new.clone()];
        assert_eq!(LawProfile::for_case(&both, day("2025-12-31")).id, old.id);
        assert_eq!(LawProfile::for_case(&both, day("2026-01-01")).id, "new");
        assert_eq!(LawProfile::for_case(&both, day("2020-01-01")).id, old.id);
    }

    fn any_day() -> impl Strategy<Value = NaiveDate> {
        (0u64..9000).prop_map(|n| {
            day("2004-01-01")
                .checked_add_days(chrono::Days::new(n))
                .unwrap()
        })
    }

    proptest! {
        /// An extension never moves a deadline earlier, and moves it by just its days.
        #[test]
        fn an_extension_never_shortens(received in any_day(), gap in 0u64..15, days in 0u32..=30) {
            use EventKind as E;
            let accepted = received.checked_add_days(chrono::Days::new(gap)).unwrap();
            let base = vec![Entry::new(E::Registered, received), Entry::new(E::Accepted, accepted)];
            let mut extended = base.clone();
            extended.push(Entry { days: Some(days), ..Entry::new(E::Extended, accepted) });
            let before = due_of(&base, ClockKind::Handling);
            let after = due_of(&extended, ClockKind::Handling);
            prop_assert_eq!((after - before).num_days(), i64::from(days));
        }

        /// Every clock, from any day (leap days, year's ends, National Day make-up days among them):
        /// due after its start, a later start is never due earlier, and a clock in working days ends
        /// on one and spans just its number of them.
        #[test]
        fn every_clock_from_every_day(from in any_day(), kind in prop::sample::select(ClockKind::ALL)) {
            let profile = LawProfile::default_profile();
            let calendar = Calendar::new();
            let due = profile.due(kind, from, &calendar).date;
            prop_assert!(due > from);
            let next = from.succ_opt().unwrap();
            prop_assert!(profile.due(kind, next, &calendar).date >= due);
            let limit = profile.limit(kind);
            if limit.unit == LimitUnit::Workdays {
                prop_assert!(calendar.is_workday(due));
                let worked = from.iter_days().skip(1).take_while(|d| *d <= due).filter(|d| calendar.is_workday(*d)).count();
                prop_assert_eq!(worked, limit.amount as usize);
            } else {
                prop_assert_eq!((due - from).num_days(), i64::from(limit.amount));
            }
        }
    }
}
