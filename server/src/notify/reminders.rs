//! Who is reminded of what today. Gathering what is due reads; [`plan`] decides, and is pure: the same
//! facts, day and memory of what was told give the same letters, so that a restart, a jump of the clock
//! or a second server send nothing twice.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Days, NaiveDate, Utc};
use shared::access::{CaseFacts, visible};
use shared::calendar::Calendar;
use shared::case::Kind;
use shared::case::calendar::clock_name;
use shared::case::deadline::{ClockKind, ClockOwner};
use shared::case::number::Series;
use shared::ids::{UnitId, UserId};
use shared::notice::NoticeKind;
use shared::notice::remind::{self, Late, Stage, stage, words};
use shared::role::Role;
use shared::settings::NoticeRules;
use shared::term::Term;

use super::{Draft, Error, store};
use crate::case::due::{self, DueCase, DueMatter};
use crate::case::store::CaseRecord;
use crate::clock::day_of;
use crate::db::Conn;
use crate::directory::{Member, Snapshot};
use crate::state::State;

/// How many letters one transaction writes: others write in between.
const TOGETHER: usize = 20;

/// A notice to be written, and to whom.
#[derive(Debug, Clone)]
pub(super) struct Letter {
    pub(super) to: Vec<UserId>,
    pub(super) draft: Draft,
}

/// Something that is due.
#[derive(Debug, Clone)]
struct Item {
    kind: NoticeKind,
    /// What tells it from everything else: what of which case is due when.
    fact: String,
    /// What it is, in a line that goes on with how long is left.
    what: String,
    body: String,
    link: String,
    due: NaiveDate,
    /// Who is to do it.
    to: Vec<UserId>,
    /// Who hears of it each day, too, once it is overdue.
    lead: Vec<UserId>,
    /// Who hears of it once, when it is overdue.
    office: Vec<UserId>,
}

impl Item {
    fn stage(&self, today: NaiveDate, rules: &NoticeRules) -> Option<Stage> {
        let days = match self.kind {
            NoticeKind::MatterDue => &rules.matter_days,
            _ => &rules.case_days,
        };
        stage(self.due, today, days)
    }

    fn key(&self, stage: Stage) -> String {
        format!("{}:{}", self.fact, stage.key())
    }

    /// Of the one time that the office hears of it.
    fn late_key(&self) -> String {
        format!("{}:late", self.fact)
    }

    fn draft(&self, today: NaiveDate, once: String) -> Draft {
        Draft {
            kind: self.kind,
            title: format!("{}{}", self.what, words(self.due, today)),
            body: self.body.clone(),
            link: self.link.clone(),
            urgent: false,
            once,
        }
    }
}

/// Of what is told together.
fn together_key(kind: NoticeKind, today: NaiveDate) -> String {
    format!("{}:late:{today}", kind.code())
}

fn together(kind: NoticeKind, count: usize, today: NaiveDate) -> Draft {
    let (title, link) = match kind {
        NoticeKind::MatterDue => (
            format!("有{count}项专项工作已逾期，请尽快办理"),
            "/matters?open=true&overdue=true",
        ),
        _ => (
            format!("有{count}件事项已超过办理期限，请尽快办理"),
            "/cases?overdue=true&open=true&sort=due_on",
        ),
    };
    Draft {
        kind,
        title,
        body: "逾期较多，合并提醒；打开可以看到每一件。".to_owned(),
        link: link.to_owned(),
        urgent: false,
        once: together_key(kind, today),
    }
}

/// The keys of all that may be told today: whether somebody has been told of them is looked up.
fn keys(items: &[Item], today: NaiveDate, rules: &NoticeRules) -> Vec<String> {
    let mut keys = vec![
        together_key(NoticeKind::CaseDue, today),
        together_key(NoticeKind::MatterDue, today),
    ];
    for item in items {
        if let Some(stage) = item.stage(today, rules) {
            keys.push(item.key(stage));
            if matches!(stage, Stage::Late(_)) {
                keys.push(item.late_key());
            }
        }
    }
    keys
}

/// What is to be told today, given what was told before.
fn plan(
    items: &[Item],
    today: NaiveDate,
    (rules, calendar): (&NoticeRules, &Calendar),
    told: &HashSet<(String, String)>,
) -> Vec<Letter> {
    let was_told = |user: &UserId, key: &str| told.contains(&(user.to_string(), key.to_owned()));
    let workday = calendar.is_workday(today);
    let mut letters = Vec::new();
    // Overdue things that somebody has not been told of today, and whether they were of others.
    let mut late: BTreeMap<(String, NoticeKind), (Vec<usize>, bool)> = BTreeMap::new();
    for (at, item) in items.iter().enumerate() {
        let Some(stage) = item.stage(today, rules) else {
            continue;
        };
        let key = item.key(stage);
        if let Stage::Before(_) = stage {
            let to: Vec<UserId> = item
                .to
                .iter()
                .filter(|u| !was_told(u, &key))
                .cloned()
                .collect();
            letters.push(Letter {
                to,
                draft: item.draft(today, key),
            });
            continue;
        }
        let once = item.late_key();
        let office = item.office.iter().filter(|user| !was_told(user, &once));
        letters.push(Letter {
            to: office.cloned().collect(),
            draft: item.draft(today, once),
        });
        // What is overdue of a matter can wait for a working day.
        if item.kind == NoticeKind::MatterDue && !workday {
            continue;
        }
        for user in item.to.iter().chain(&item.lead) {
            let (fresh, singly) = late.entry((user.to_string(), item.kind)).or_default();
            if was_told(user, &key) {
                *singly = true;
            } else if !fresh.contains(&at) {
                fresh.push(at);
            }
        }
    }
    let mut one_by_one: BTreeMap<usize, Vec<UserId>> = BTreeMap::new();
    for ((user, kind), (fresh, singly)) in late {
        let user = UserId::from(user);
        let together_told = was_told(&user, &together_key(kind, today));
        match remind::late(fresh.len(), singly, together_told) {
            Late::Nothing => {}
            Late::OneByOne => {
                for at in fresh {
                    one_by_one.entry(at).or_default().push(user.clone());
                }
            }
            Late::Together => letters.push(Letter {
                to: vec![user],
                draft: together(kind, fresh.len(), today),
            }),
        }
    }
    for (at, to) in one_by_one {
        if let Some(item) = items.get(at) {
            let key = item.key(Stage::Late(today));
            letters.push(Letter {
                to,
                draft: item.draft(today, key),
            });
        }
    }
    letters.retain(|letter| !letter.to.is_empty());
    letters
}

/// The staff, by unit, as far as they handle cases.
pub(super) struct Staff<'a> {
    names: &'a Snapshot,
    by_unit: HashMap<&'a UnitId, Vec<&'a Member>>,
}

impl<'a> Staff<'a> {
    pub(super) fn of(names: &'a Snapshot) -> Self {
        let mut by_unit: HashMap<&UnitId, Vec<&Member>> = HashMap::new();
        for member in names.members() {
            if handles(member) {
                by_unit
                    .entry(&member.user.unit_id)
                    .or_default()
                    .push(member);
            }
        }
        Self { names, by_unit }
    }

    /// Those of a unit who may know of a case.
    pub(super) fn unit(&self, unit: &str, facts: &CaseFacts) -> Vec<UserId> {
        let members = self.by_unit.get(&UnitId::from(unit)).into_iter().flatten();
        let seeing = members.filter(|member| visible(&member.access, facts));
        seeing.map(|member| member.user.id.clone()).collect()
    }

    /// Somebody, if they may know of a case.
    fn person(&self, id: Option<&String>, facts: &CaseFacts) -> Option<UserId> {
        let member = self.names.member(&UserId::from(id?.as_str()))?;
        (handles(member) && visible(&member.access, facts)).then(|| member.user.id.clone())
    }

    /// The coordination office, as far as it may know of a case; where nobody there may, whoever
    /// registered it.
    pub(super) fn office(&self, facts: &CaseFacts) -> Vec<UserId> {
        let members = self.by_unit.values().flatten();
        let office = members.filter(|member| {
            member.user.role == Role::CoordinationOffice && visible(&member.access, facts)
        });
        let mut office: Vec<UserId> = office.map(|member| member.user.id.clone()).collect();
        office.sort();
        if office.is_empty() && facts.seal == Series::RegistrarOnly {
            let registrar = facts.registrar_id.to_string();
            office.extend(self.person(Some(&registrar), facts));
        }
        office
    }

    /// Who handles a case: the person, else the unit, else the village of a dispute, else the office.
    fn handlers(&self, case: &CaseRecord, facts: &CaseFacts) -> Vec<UserId> {
        if let Some(person) = self.person(case.responsible_user_id.as_ref(), facts) {
            return vec![person];
        }
        let village = case
            .village_id
            .as_ref()
            .filter(|_| case.kind.0 != Kind::Petition);
        let units = case.responsible_unit_id.iter().chain(village);
        let mut units = units.map(|unit| self.unit(unit, facts));
        units
            .find(|people| !people.is_empty())
            .unwrap_or_else(|| self.office(facts))
    }

    /// Whose task it is to meet a clock of a case.
    fn of_clock(&self, case: &CaseRecord, facts: &CaseFacts, clock: ClockKind) -> Vec<UserId> {
        let offered = || {
            let unit = case.offered_unit_id.as_ref();
            unit.map(|unit| self.unit(unit, facts)).unwrap_or_default()
        };
        match clock {
            ClockKind::TransferObjection => offered(),
            ClockKind::ReviewAnswer | ClockKind::FinalReviewAnswer => self.office(facts),
            _ => {
                let mut people = self.handlers(case, facts);
                people.extend(offered());
                people.sort();
                people.dedup();
                people
            }
        }
    }
}

/// Whether somebody handles cases: an informant reports them, auditor and administrator see none.
fn handles(member: &Member) -> bool {
    member.user.is_active_person()
        && !matches!(
            member.user.role,
            Role::GroupInformant | Role::Auditor | Role::Administrator
        )
}

/// The clocks of a case that are the authority's. What is the petitioner's right is theirs to use or
/// not: nobody is pressed for it.
fn of_case(staff: &Staff<'_>, due: &DueCase) -> Vec<Item> {
    let DueCase {
        case,
        facts,
        clocks,
    } = due;
    let running = clocks
        .iter()
        .filter(|clock| clock.is_running() && clock.owner == ClockOwner::Authority);
    let unit = case.responsible_unit_id.as_deref().map(UnitId::from);
    let unit = unit.map(|unit| staff.names.unit_name(&unit).to_owned());
    let lead = staff.person(case.lead_id.as_ref(), facts);
    running
        .map(|clock| {
            let to = staff.of_clock(case, facts, clock.kind);
            let unit = unit.as_deref().map(|unit| format!("责任单位：{unit}。"));
            let office = staff.office(facts).into_iter();
            Item {
                kind: NoticeKind::CaseDue,
                fact: format!("case:{}:{}:{}", case.id, clock.kind.code(), clock.due),
                what: format!("{} {}", case.number, clock_name(clock.kind)),
                body: format!("{}依据：{}。", unit.unwrap_or_default(), clock.basis),
                link: format!("/cases/{}", case.id),
                due: clock.due,
                office: office.filter(|user| !to.contains(user)).collect(),
                lead: lead
                    .iter()
                    .filter(|lead| !to.contains(lead))
                    .cloned()
                    .collect(),
                to,
            }
        })
        .collect()
}

fn of_matter(staff: &Staff<'_>, due: &DueMatter) -> Item {
    let DueMatter {
        matter,
        case,
        facts,
    } = due;
    let unit = matter.unit_id.as_ref();
    let mut to = unit.map(|unit| staff.unit(unit, facts)).unwrap_or_default();
    if to.is_empty() {
        to = staff.handlers(case, facts);
    }
    let unit = unit.map(|unit| staff.names.unit_name(&UnitId::from(unit.as_str())));
    let label = matter.kind.0.label();
    let what = matter.due_what.as_deref().unwrap_or(label);
    let office = staff.office(facts).into_iter();
    Item {
        kind: NoticeKind::MatterDue,
        fact: format!("matter:{}:{what}:{}", matter.id, matter.due_on),
        what: format!("{} {label}：{what}", case.number),
        body: unit
            .map(|unit| format!("办理单位：{unit}。"))
            .unwrap_or_default(),
        link: format!("/cases/{}?tab=matters#matter-{}", case.id, matter.id),
        due: matter.due_on,
        office: office.filter(|user| !to.contains(user)).collect(),
        lead: Vec::new(),
        to,
    }
}

/// What is to be told now.
fn letters(conn: &mut Conn, names: &Snapshot, today: NaiveDate) -> Result<Vec<Letter>, Error> {
    // As far ahead as any township looks; each then by its own rules.
    let until = |days: fn(&NoticeRules) -> &[u32]| {
        let all = names.all_general();
        let days = all.flat_map(|general| days(&general.notices)).max();
        let days = days.copied().unwrap_or(0);
        today
            .checked_add_days(Days::new(days.into()))
            .unwrap_or(today)
    };
    let staff = Staff::of(names);
    let mut items: BTreeMap<UnitId, Vec<Item>> = BTreeMap::new();
    for due in due::cases(conn, names, until(|rules| &rules.case_days))? {
        let of_township = items.entry(due.facts.township_id.clone()).or_default();
        of_township.extend(of_case(&staff, &due));
    }
    for due in due::matters(conn, until(|rules| &rules.matter_days))? {
        let of_township = items.entry(due.facts.township_id.clone()).or_default();
        of_township.push(of_matter(&staff, &due));
    }
    let mut letters = Vec::new();
    for (township, items) in items {
        let rules = &names.general(&township).notices;
        let told = store::told(conn, &keys(&items, today, rules))?;
        let calendar = names.calendar(township.as_str());
        letters.extend(plan(&items, today, (rules, &calendar), &told));
    }
    Ok(letters)
}

/// Reminds people of what is due, by day.
///
/// # Errors
/// The database's own.
pub(super) async fn run(state: State, now: DateTime<Utc>) -> Result<(), Error> {
    if !remind::is_daytime(now) {
        return Ok(());
    }
    let names = state.directory.current().await?;
    let today = day_of(now);
    let letters = state
        .db
        .read_heavy(move |conn| letters(conn, &names, today))
        .await?;
    send(&state, letters, now).await
}

/// Writes letters, some at a time.
pub(super) async fn send(
    state: &State,
    letters: Vec<Letter>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut letters = letters.into_iter().peekable();
    while letters.peek().is_some() {
        let some: Vec<Letter> = letters.by_ref().take(TOGETHER).collect();
        state
            .db
            .write(move |conn| {
                for letter in &some {
                    super::post(conn, &letter.to, &letter.draft, now)?;
                }
                Ok::<_, Error>(())
            })
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, month, day).unwrap()
    }

    fn item(n: usize, kind: NoticeKind, due: NaiveDate) -> Item {
        Item {
            kind,
            fact: format!("{}:{n}:{due}", kind.code()),
            what: format!("{n}号"),
            body: String::new(),
            link: format!("/cases/{n}"),
            due,
            to: vec!["handler".into()],
            lead: vec!["lead".into()],
            office: vec!["office".into()],
        }
    }

    /// What is told, kept as the table does.
    #[derive(Default)]
    struct Told(HashSet<(String, String)>);

    impl Told {
        /// Looks at this day; who is told what.
        fn on(&mut self, items: &[Item], today: NaiveDate) -> Vec<(String, String)> {
            let rules = NoticeRules::default();
            let known = keys(items, today, &rules);
            let mut sent = Vec::new();
            let known_days = (&rules, &Calendar::new());
            for letter in plan(items, today, known_days, &self.0) {
                assert!(known.contains(&letter.draft.once), "{letter:?}");
                for user in &letter.to {
                    let key = (user.to_string(), letter.draft.once.clone());
                    assert!(self.0.insert(key), "twice: {letter:?}");
                    sent.push((user.to_string(), letter.draft.title.clone()));
                }
            }
            sent.sort();
            // Asked again, there is nothing more to say.
            assert!(plan(items, today, known_days, &self.0).is_empty());
            sent
        }
    }

    fn users(sent: &[(String, String)]) -> Vec<&str> {
        sent.iter().map(|(user, _)| user.as_str()).collect()
    }

    #[test]
    fn a_month_with_the_national_holiday() {
        // 1 to 7 October 2026 are off; 10 October, a Saturday, is worked.
        let items = [
            item(1, NoticeKind::CaseDue, day(10, 2)),
            item(2, NoticeKind::MatterDue, day(9, 30)),
        ];
        let mut told = Told::default();
        let mut log = BTreeMap::new();
        let mut today = day(9, 20);
        while today < day(10, 12) {
            let sent = told.on(&items, today);
            if !sent.is_empty() {
                log.insert(today, sent);
            }
            today = today.succ_opt().unwrap();
        }
        let of = |today: NaiveDate| log.get(&today).map(|sent| users(sent)).unwrap_or_default();
        assert_eq!(of(day(9, 25)), ["handler"], "7 days before");
        assert_eq!(of(day(9, 26)), Vec::<&str>::new());
        assert_eq!(log[&day(9, 27)][0].1, "2号还剩3天（9月30日到期）");
        assert_eq!(
            log[&day(9, 29)].len(),
            2,
            "the case in 3 days, the matter tomorrow"
        );
        assert_eq!(log[&day(9, 30)][0].1, "2号今天到期");
        // Overdue on a holiday: the office hears of the matter once, who handles it on a working day.
        assert_eq!(of(day(10, 1)), ["handler", "office"], "the case tomorrow");
        assert_eq!(
            of(day(10, 2)),
            ["handler"],
            "the case's last day, a holiday"
        );
        assert_eq!(
            of(day(10, 3)),
            ["handler", "lead", "office"],
            "the case is overdue"
        );
        assert_eq!(
            of(day(10, 4)),
            ["handler", "lead"],
            "and each day from then on"
        );
        let late = |today: NaiveDate| {
            log[&today]
                .iter()
                .any(|(_, title)| title.starts_with("2号"))
        };
        for holiday in 4..=7 {
            assert!(!late(day(10, holiday)), "{holiday}");
        }
        assert!(late(day(10, 8)) && late(day(10, 10)), "working days");
        assert!(!late(day(10, 11)), "a Sunday");
    }

    #[test]
    fn a_jump_of_the_clock_sends_the_newest_and_nothing_twice() {
        let items = [item(1, NoticeKind::CaseDue, day(3, 20))];
        let mut told = Told::default();
        assert_eq!(
            told.on(&items, day(3, 13))[0].1,
            "1号还剩7天（3月20日到期）"
        );
        // A week on: neither three days nor one before, only what holds now.
        let sent = told.on(&items, day(3, 21));
        assert_eq!(users(&sent), ["handler", "lead", "office"]);
        // A week back: that was told.
        assert!(told.on(&items, day(3, 14)).is_empty());
        // And on again at the usual pace: what was left out, and not what was told.
        assert_eq!(
            told.on(&items, day(3, 17))[0].1,
            "1号还剩3天（3月20日到期）"
        );
        assert!(told.on(&items, day(3, 21)).is_empty());
        assert_eq!(users(&told.on(&items, day(3, 22))), ["handler", "lead"]);
    }

    #[test]
    fn many_overdue_cases_are_told_in_one() {
        let mut items: Vec<Item> = (0..6)
            .map(|n| item(n, NoticeKind::CaseDue, day(3, 9)))
            .collect();
        let mut told = Told::default();
        let sent = told.on(&items, day(3, 10));
        let mine: Vec<_> = sent.iter().filter(|(user, _)| user == "handler").collect();
        assert_eq!(mine.len(), 1);
        assert!(mine[0].1.contains("有6件事项"), "{mine:?}");
        // One is done, another comes: today that is all.
        items.pop();
        assert!(told.on(&items, day(3, 10)).is_empty());
        let next = told.on(&items, day(3, 11));
        assert_eq!(
            users(&next)
                .iter()
                .filter(|user| **user == "handler")
                .count(),
            5
        );
    }

    #[test]
    fn another_deadline_is_another_thing() {
        let mut told = Told::default();
        let sent = |told: &mut Told, due| told.on(&[item(1, NoticeKind::CaseDue, due)], day(3, 17));
        assert_eq!(sent(&mut told, day(3, 20)).len(), 1);
        // Extended by four days, it is reminded of anew.
        assert_eq!(
            sent(&mut told, day(3, 24))[0].1,
            "1号还剩7天（3月24日到期）"
        );
    }
}
