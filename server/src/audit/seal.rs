//! Seals over the audit log, made by the scheduler so that writing an entry costs nothing more.
//!
//! Seal `n` covers the rows after seal `n - 1` up to one that is old enough that no smaller id can still
//! come, and is a keyed hash of seal `n - 1`, of its own number, time and extent, and of each of those
//! rows. Checking says of each range whether it is as it was sealed.
//!
//! What that proves: whoever changes, removes or adds a row in a sealed range without the master key is
//! noticed, and in which range. What it does not: whoever has the key as well can seal anew, and whoever
//! removes the last seals with their rows leaves a shorter log that is whole. Against both helps a seal
//! that was noted elsewhere: each backup has the last one in it, the server's log names each, and
//! `xinfang verify --seal NUMBER:HASH` compares. Rows that were not sealed yet prove nothing.

use std::collections::HashSet;
use std::fmt::{self, Display};
use std::time::Duration;

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::db::{Conn, on_either};
use crate::ids;
use crate::keys::Keys;
use crate::schema::{audit_log, audit_seals};

/// The most rows under one seal: what is damaged is known to so many.
const MOST: i64 = 2000;
/// How old a row must be. On SQLite ids are made by the one writer; on PostgreSQL a transaction may
/// commit long after it made an id.
const SETTLED_SQLITE: Duration = Duration::from_secs(60);
const SETTLED_POSTGRES: Duration = Duration::from_secs(600);

/// A seal.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_seals)]
pub(crate) struct Seal {
    seq: i64,
    at: NaiveDateTime,
    up_to_id: String,
    row_count: i64,
    hash: String,
}

impl Display for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit_log)]
struct Row {
    id: String,
    at: NaiveDateTime,
    user_id: Option<String>,
    user_name: Option<String>,
    township_id: Option<String>,
    action: String,
    case_id: Option<String>,
    sealed: bool,
    registrar_only: bool,
    detail: String,
    address: Option<String>,
    request_id: Option<String>,
}

/// Hashes so that no two different contents read the same: each part with its length.
struct Hasher(blake3::Hasher);

impl Hasher {
    fn begin(keys: &Keys, before: &str, seq: i64) -> Self {
        let mut hasher = Self(blake3::Hasher::new_keyed(keys.audit_key()));
        hasher.text(before);
        hasher.number(seq);
        hasher
    }

    fn number(&mut self, number: i64) {
        self.0.update(&number.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.0.update(&(text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
    }

    fn maybe(&mut self, text: Option<&str>) {
        self.0.update(&[u8::from(text.is_some())]);
        if let Some(text) = text {
            self.text(text);
        }
    }

    fn row(&mut self, row: &Row) {
        self.text(&row.id);
        self.number(row.at.and_utc().timestamp_micros());
        self.maybe(row.user_id.as_deref());
        self.maybe(row.user_name.as_deref());
        self.maybe(row.township_id.as_deref());
        self.text(&row.action);
        self.maybe(row.case_id.as_deref());
        self.number(i64::from(row.sealed));
        self.number(i64::from(row.registrar_only));
        self.text(&row.detail);
        self.maybe(row.address.as_deref());
        self.maybe(row.request_id.as_deref());
    }

    fn end(mut self, at: NaiveDateTime, up_to_id: &str, row_count: i64) -> String {
        self.number(at.and_utc().timestamp_micros());
        self.text(up_to_id);
        self.number(row_count);
        self.0.finalize().to_hex().to_string()
    }
}

/// The last seal.
pub(crate) fn last(conn: &mut Conn) -> QueryResult<Option<Seal>> {
    audit_seals::table
        .order(audit_seals::seq.desc())
        .select(Seal::as_select())
        .first(conn)
        .optional()
}

/// Rows after `after`, up to `up_to` where one is given, in their order.
fn rows(conn: &mut Conn, after: &str, up_to: Option<&str>) -> QueryResult<Vec<Row>> {
    let mut query = audit_log::table
        .filter(audit_log::id.gt(after.to_owned()))
        .select(Row::as_select())
        .order(audit_log::id)
        .limit(MOST)
        .into_boxed();
    if let Some(up_to) = up_to {
        query = query.filter(audit_log::id.le(up_to.to_owned()));
    }
    query.load(conn)
}

/// Makes the next seal, over rows that are old enough (all rows, where nobody else writes: `now_alone`);
/// none where there are no such rows.
pub(crate) fn seal_next(
    conn: &mut Conn,
    keys: &Keys,
    at: NaiveDateTime,
    now_alone: bool,
) -> QueryResult<Option<Seal>> {
    let before = last(conn)?;
    let (seq, hash, after) = match &before {
        Some(seal) => (seal.seq + 1, seal.hash.as_str(), seal.up_to_id.as_str()),
        None => (1, "", ""),
    };
    let settled = if conn.is_sqlite() {
        SETTLED_SQLITE
    } else {
        SETTLED_POSTGRES
    };
    let up_to = (!now_alone).then(|| ids::before(settled));
    let rows = rows(conn, after, up_to.as_deref())?;
    let Some(end) = rows.last() else {
        return Ok(None);
    };
    let mut hasher = Hasher::begin(keys, hash, seq);
    rows.iter().for_each(|row| hasher.row(row));
    let row_count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let seal = Seal {
        seq,
        at,
        up_to_id: end.id.clone(),
        row_count,
        hash: hasher.end(at, &end.id, row_count),
    };
    on_either!(conn, |conn| diesel::insert_into(audit_seals::table)
        .values(&seal)
        .execute(conn))?;
    tracing::info!(seal = %seal, rows = row_count, "the audit log was sealed");
    Ok(Some(seal))
}

/// What is wrong with the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finding {
    /// A range is not as it was sealed.
    Range {
        /// The seal's number.
        seq: i64,
        /// The time of the seal before, where there is one.
        since: Option<NaiveDateTime>,
        /// The seal's time.
        at: NaiveDateTime,
        /// How many rows were sealed.
        sealed: i64,
        /// How many there are.
        found: i64,
    },
    /// A seal is missing.
    Gap {
        /// Its number.
        seq: i64,
    },
    /// A seal that was noted elsewhere is not here.
    Expected {
        /// As it was noted.
        seal: String,
    },
}

impl Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range {
                seq,
                since,
                at,
                sealed,
                found,
            } => {
                let shown = |at: &NaiveDateTime| {
                    crate::clock::shanghai(at.and_utc())
                        .format("%Y-%m-%d %H:%M")
                        .to_string()
                };
                let since = since.as_ref().map_or_else(|| "开始".to_owned(), shown);
                write!(
                    f,
                    "审计记录第 {seq} 段（{since} 至 {} 之间封存）与封存时不符：",
                    shown(at)
                )?;
                match found - sealed {
                    0 => write!(f, "{sealed} 条记录中有内容被改动。"),
                    1.. => write!(
                        f,
                        "封存 {sealed} 条，现有 {found} 条，多出 {} 条（封存之后插入，或系统时间曾被调回）。",
                        found - sealed
                    ),
                    _ => write!(
                        f,
                        "封存 {sealed} 条，现有 {found} 条，少了 {} 条。",
                        sealed - found
                    ),
                }
            }
            Self::Gap { seq } => write!(f, "审计封存第 {seq} 号不见了。"),
            Self::Expected { seal } => write!(f, "审计封存 {seal} 与现有的不符，或已不存在。"),
        }
    }
}

/// What was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Checked {
    /// Seals.
    pub(crate) seals: usize,
    /// Rows under them, as sealed.
    pub(crate) rows: i64,
    /// Rows that are not sealed yet.
    pub(crate) unsealed: i64,
    /// The last seal.
    pub(crate) last: Option<String>,
    /// What is wrong.
    pub(crate) findings: Vec<Finding>,
}

/// Compares the log with its seals, and with those noted elsewhere.
pub(crate) fn check(conn: &mut Conn, keys: &Keys, expected: &[String]) -> QueryResult<Checked> {
    let seals: Vec<Seal> = audit_seals::table
        .order(audit_seals::seq)
        .select(Seal::as_select())
        .load(conn)?;
    let mut checked = Checked {
        seals: seals.len(),
        last: seals.last().map(ToString::to_string),
        ..Checked::default()
    };
    let mut before: Option<&Seal> = None;
    let mut next = 1;
    for seal in &seals {
        for seq in next..seal.seq {
            checked.findings.push(Finding::Gap { seq });
        }
        next = seal.seq + 1;
        let (hash, after) = match before {
            Some(seal) => (seal.hash.as_str(), seal.up_to_id.as_str()),
            None => ("", ""),
        };
        let (found, now) = hash_range(conn, keys, hash, after, seal)?;
        if now != seal.hash {
            checked.findings.push(Finding::Range {
                seq: seal.seq,
                since: before.map(|seal| seal.at),
                at: seal.at,
                sealed: seal.row_count,
                found,
            });
        }
        checked.rows += seal.row_count;
        before = Some(seal);
    }
    let after = before.map_or_else(String::new, |seal| seal.up_to_id.clone());
    checked.unsealed = audit_log::table
        .filter(audit_log::id.gt(after))
        .count()
        .get_result(conn)?;
    let known: HashSet<String> = seals.iter().map(ToString::to_string).collect();
    checked.findings.extend(
        expected
            .iter()
            .filter(|seal| !known.contains(seal.trim()))
            .map(|seal| Finding::Expected { seal: seal.clone() }),
    );
    Ok(checked)
}

fn hash_range(
    conn: &mut Conn,
    keys: &Keys,
    before: &str,
    after: &str,
    seal: &Seal,
) -> QueryResult<(i64, String)> {
    let mut hasher = Hasher::begin(keys, before, seal.seq);
    let (mut after, mut found) = (after.to_owned(), 0);
    loop {
        let some = rows(conn, &after, Some(&seal.up_to_id))?;
        let Some(last) = some.last() else { break };
        some.iter().for_each(|row| hasher.row(row));
        found += i64::try_from(some.len()).unwrap_or(i64::MAX);
        after.clone_from(&last.id);
    }
    Ok((found, hasher.end(seal.at, &seal.up_to_id, seal.row_count)))
}

/// Seals what is old enough: a job of the scheduler.
///
/// # Errors
/// The database's own.
pub(crate) async fn run(state: crate::state::State, now_alone: bool) -> QueryResult<()> {
    loop {
        let (keys, at) = (state.keys.clone(), state.clock.now().naive_utc());
        let made = state
            .db
            .write(move |conn| seal_next(conn, &keys, at, now_alone))
            .await?;
        if made.is_none_or(|seal| seal.row_count < MOST) {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Entry, append_anonymous};
    use crate::clock::Clock;
    use crate::context::RequestContext;
    use crate::db::tests::temporary;
    use diesel::connection::SimpleConnection;
    use shared::audit::AuditAction;

    const AT: &str = "2026-03-10T02:00:00";

    fn write(conn: &mut Conn, n: usize) {
        let context = RequestContext::local(&Clock::system());
        for i in 0..n {
            let entry = Entry::new(AuditAction::SignIn, format!("第{i}条"));
            append_anonymous(conn, &context, Some("测试"), entry).unwrap();
        }
    }

    /// Three seals over 3, 1 and 5 rows, and 2 rows after them; then `damage`, then what is found.
    fn after(damage: &str) -> Checked {
        let (db, _dir) = temporary();
        let keys = crate::keys::tests::some();
        let at: NaiveDateTime = AT.parse().unwrap();
        let damage = damage.to_owned();
        db.write_blocking(move |conn| {
            for n in [3, 1, 5] {
                write(conn, n);
                let seal = seal_next(conn, &keys, at, true)?.unwrap();
                assert_eq!(seal.row_count, n as i64);
            }
            assert_eq!(seal_next(conn, &keys, at, true)?, None, "nothing new");
            write(conn, 2);
            assert_eq!(seal_next(conn, &keys, at, false)?, None, "too young");
            conn.batch_execute(
                "DROP TRIGGER audit_log_no_update; DROP TRIGGER audit_log_no_delete; \
                 DROP TRIGGER audit_seals_no_update; DROP TRIGGER audit_seals_no_delete;",
            )?;
            conn.batch_execute(&damage)?;
            check(conn, &keys, &[])
        })
        .unwrap()
    }

    fn of(checked: &Checked) -> Vec<(i64, i64)> {
        let range = |finding: &Finding| match finding {
            Finding::Range {
                seq, sealed, found, ..
            } => (*seq, found - sealed),
            Finding::Gap { seq } => (*seq, 0),
            Finding::Expected { .. } => (0, 0),
        };
        checked.findings.iter().map(range).collect()
    }

    #[test]
    fn a_log_as_it_was_written_is_whole() {
        let checked = after("");
        assert_eq!((checked.seals, checked.rows, checked.unsealed), (3, 9, 2));
        assert!(checked.findings.is_empty(), "{:?}", checked.findings);
    }

    #[test]
    fn what_was_done_to_sealed_rows_is_found_in_its_range() {
        let nth = |n: usize| format!("(SELECT id FROM audit_log ORDER BY id LIMIT 1 OFFSET {n})");
        for (damage, expected) in [
            (format!("UPDATE audit_log SET detail = 'x' WHERE id = {}", nth(1)), vec![(1, 0)]),
            (format!("UPDATE audit_log SET user_name = NULL WHERE id = {}", nth(3)), vec![(2, 0)]),
            (format!("UPDATE audit_log SET at = '2020-01-01 00:00:00' WHERE id = {}", nth(8)), vec![(3, 0)]),
            (format!("DELETE FROM audit_log WHERE id = {}", nth(0)), vec![(1, -1)]),
            (format!("DELETE FROM audit_log WHERE id = {}", nth(8)), vec![(3, -1)]),
            (
                "INSERT INTO audit_log (id, at, action, detail) VALUES ('0', '2026-01-01 00:00:00', 'sign_in', '')".to_owned(),
                vec![(1, 1)],
            ),
            // Not sealed yet: nothing is proved.
            (format!("DELETE FROM audit_log WHERE id = {}", nth(9)), vec![]),
            ("UPDATE audit_seals SET hash = 'x' WHERE seq = 2".to_owned(), vec![(2, 0), (3, 0)]),
            ("UPDATE audit_seals SET row_count = 4 WHERE seq = 3".to_owned(), vec![(3, 1)]),
            ("DELETE FROM audit_seals WHERE seq = 2".to_owned(), vec![(2, 0), (3, 1)]),
        ] {
            assert_eq!(of(&after(&damage)), expected, "{damage}");
        }
    }

    #[test]
    fn seals_that_were_removed_from_the_end_are_missed_by_who_noted_them() {
        let (db, _dir) = temporary();
        let keys = crate::keys::tests::some();
        let at: NaiveDateTime = AT.parse().unwrap();
        db.write_blocking(move |conn| {
            write(conn, 1);
            let noted = seal_next(conn, &keys, at, true)?.unwrap().to_string();
            let expected = [noted.clone()];
            assert!(check(conn, &keys, &expected)?.findings.is_empty());
            conn.batch_execute("DROP TRIGGER audit_seals_no_delete; DELETE FROM audit_seals;")?;
            assert!(check(conn, &keys, &[])?.findings.is_empty());
            let found = check(conn, &keys, &expected)?.findings;
            assert_eq!(found, [Finding::Expected { seal: noted }]);
            Ok::<_, diesel::result::Error>(())
        })
        .unwrap();
    }

    #[test]
    fn another_key_seals_otherwise() {
        let (db, _dir) = temporary();
        let (keys, other) = (crate::keys::tests::some(), Keys::from_master(&[8; 32]));
        let at: NaiveDateTime = AT.parse().unwrap();
        db.write_blocking(move |conn| {
            write(conn, 1);
            seal_next(conn, &keys, at, true)?;
            assert_eq!(check(conn, &other, &[])?.findings.len(), 1);
            Ok::<_, diesel::result::Error>(())
        })
        .unwrap();
    }
}
