//! Made-up reports for the demo: three weeks of them, most in time and with nothing to tell, some
//! late, some missing, some with findings of made-up matters.

use chrono::{DateTime, Duration, Utc};
use diesel::result::QueryResult;
use shared::case::{Category, Severity};
use shared::report::{FindingState, ReportKind, ReportState};

use super::rule::{self, ensure};
use super::store::{self, FindingRecord, ReportRecord};
use crate::account;
use crate::case::coded::Coded;
use crate::db::Conn;
use crate::state::State;

/// For how many days back there are reports.
const DAYS: i64 = 21;

/// The sign-ins that the demo prints of those who report.
const TRIED: [&str; 2] = ["village_secretary", "group_informant"];

/// What is found: cause, place, how it develops, category, how many people.
const FOUND: &[(&str, &str, &str, Category, i32)] = &[
    (
        "两户因共用水渠清淤出工不均发生口角。",
        "三支渠",
        "已各自回家，情绪平稳",
        Category::Water,
        2,
    ),
    (
        "有人议论今年土地流转费兑付晚，打算一起去村上问。",
        "村部门口",
        "约十来人，没有过激言行",
        Category::Rural,
        12,
    ),
    (
        "新修院墙占了邻居滴水檐，双方停工僵持。",
        "居民点东头",
        "等村上来量",
        Category::Neighbours,
        2,
    ),
    (
        "老人反映三个儿子轮流赡养没有按约定办。",
        "老居民点",
        "社里已上门劝说一次",
        Category::Family,
        4,
    ),
    (
        "养殖户拉粪车夜间过村，几户嫌气味大。",
        "村道",
        "车主答应改白天",
        Category::Environment,
        5,
    ),
];

/// Makes them.
///
/// # Errors
/// The database's own.
pub(crate) fn load(state: &State) -> QueryResult<()> {
    let now = state.clock.now();
    state.db.write_blocking(move |conn| {
        rule::begin(conn, now - Duration::days(DAYS), now)?;
        ensure(conn, now)?;
        let users = account::store::all(conn)?;
        let past = store::pending(conn, now - Duration::days(2 * DAYS), now)?;
        // Whoever tries it out finds the last report of their own unit still to be sent.
        let left: Vec<String> = users
            .iter()
            .filter(|(user, _)| TRIED.contains(&user.username.as_str()))
            .filter_map(|(user, _)| {
                let own = past
                    .iter()
                    .filter(|report| report.unit_id == user.unit_id.as_str());
                own.max_by_key(|report| report.period_start)
            })
            .map(|report| report.id.clone())
            .collect();
        for (n, report) in past.into_iter().enumerate() {
            if left.contains(&report.id) {
                continue;
            }
            let author = users
                .iter()
                .find(|(user, _)| user.unit_id.as_str() == report.unit_id)
                .map(|(user, _)| user.id.as_str().to_owned());
            fill(conn, report, n, author, now)?;
        }
        Ok(())
    })
}

/// Sends a report as its number has it: of 23, one is missing, one late, three have a finding.
fn fill(
    conn: &mut Conn,
    mut report: ReportRecord,
    n: usize,
    author: Option<String>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let chance = (n * 7 + n / 72) % 23;
    if chance == 0 {
        return Ok(());
    }
    let minutes = i64::try_from(n * 13 % 300).unwrap_or(0);
    let late = chance == 1;
    let at = if late {
        report.due_at + Duration::minutes(20 + minutes)
    } else {
        report.due_at - Duration::minutes(10 + minutes)
    };
    if at > now.naive_utc() {
        return Ok(());
    }
    let found = FOUND
        .get(n % FOUND.len())
        .filter(|_| matches!(chance, 2..=4) && report.kind.0 != ReportKind::Monthly);
    report.late = late;
    report.zero = found.is_none();
    report.state = Coded(if now.naive_utc() - at > Duration::days(2) {
        ReportState::Acknowledged
    } else {
        ReportState::Submitted
    });
    report.author_id = author;
    report.first_at = Some(at);
    report.submitted_at = Some(at);
    report.updated_at = at;
    let version = report.version;
    report.version += 1;
    if let Some(found) = found {
        store::insert_finding(conn, &finding(&report, found))?;
        (report.findings, report.open_findings) = store::recount(conn, &report.id)?;
    }
    store::save(conn, &report, version).map(drop)
}

fn finding(
    report: &ReportRecord,
    (cause, place, development, category, people): &(&str, &str, &str, Category, i32),
) -> FindingRecord {
    FindingRecord {
        id: crate::ids::new_id(),
        report_id: report.id.clone(),
        position: 0,
        cause: (*cause).to_owned(),
        occurred_on: Some(report.period_start),
        occurred_text: None,
        place: Some((*place).to_owned()),
        unit_concerned: None,
        people_count: Some(*people),
        key_persons: None,
        development: Some((*development).to_owned()),
        handling: None,
        village_id: report.village_id.clone(),
        group_id: (report.kind.0 == ReportKind::Daily).then(|| report.unit_id.clone()),
        category: Some(Coded(*category)),
        severity: Coded(Severity::Ordinary),
        state: Coded(FindingState::Open),
        case_id: None,
        dismissed_why: None,
        origin_id: None,
        created_at: report.updated_at,
    }
}
