//! The change feed: what has become of the cases that a reader may see, since their cursor.
//!
//! A cursor says what its reader has been told, so that the answer is a function of it and of the
//! database alone; nothing is kept for a reader. It holds up to which `docid` new cases were told of, up
//! to which mark changes were, and as whom the reader looked. Following it is one pass of four stages:
//!
//! 1. `Scope`: where the reader has become another (role, unit), all cases told of so far are looked at
//!    as before and as now. What is seen now alone comes whole, what was seen before alone is gone.
//! 2. `Gone`: `case_scopes` has what could be seen of a case before that changed ([`note`]). Whoever could
//!    see it then and cannot now is told that it is gone. A case that the reader never could see is not
//!    mentioned: that would tell of a sealed accusation.
//! 3. `Changed`: cases by `cases.changed`.
//! 4. `New`: cases by `docid`.
//!
//! Nothing is lost between passes, by the rules that figures rely on, too ([`crate::indicator`]): a
//! greater `docid` is never visible before a smaller one, and a pass begins with a mark that all that
//! commits later is not below. On SQLite, with its one writer, that is a number that rises; on PostgreSQL,
//! where transactions commit in any order, the pass's first snapshot: the next pass tells of what that did
//! not see. What changes while a pass is under way may come twice; a reader compares `version`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use serde::{Deserialize, Serialize};
use shared::access::{self, Action, CaseFacts, Facts, can, visible};
use shared::audit::AuditAction;
use shared::case::view::{CaseRow, Named};
use shared::case::{LawfulPath, Outcome, Procedure, Purpose};
use shared::export::ExportDeed;
use shared::ids::CaseId;

use super::coded::Coded;
use super::desk::Desk;
use super::scope::{Backend, Condition, visible_to};
use super::store::{self, CaseRecord, utc};
use super::{Error, view};
use crate::audit;
use crate::db::{Conn, on_either};
use crate::keys::{Keys, Place};
use crate::schema::{case_scopes, cases, generations};
use shared::case::number::Series;

/// The most lines that one look at the database gives.
pub(super) const TOGETHER: usize = 500;

/// A line of the feed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = FeedLine)]
pub(super) enum Line {
    /// A case as it is now: new, changed, or newly to be seen.
    Case {
        /// The case.
        case: Box<FeedCase>,
    },
    /// A case that the reader was told of and may no longer see, or that is no more.
    Gone {
        /// Its id.
        id: CaseId,
    },
    /// All before this line has been told: the next request begins here.
    Cursor {
        /// Pass as `since`.
        cursor: String,
        /// Whether there is more by now.
        more: bool,
    },
}

/// A case, as far as the feed tells of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct FeedCase {
    /// What the ledger's row says.
    #[serde(flatten)]
    row: CaseRow,
    /// What is wanted.
    purpose: Purpose,
    /// The procedure.
    procedure: Procedure,
    /// The cause, whole.
    cause_full: String,
    /// What is asked for.
    demand: Option<String>,
    /// When it happened.
    occurred_on: Option<NaiveDate>,
    /// When it happened, in words.
    occurred_text: Option<String>,
    /// Where it happened.
    place: Option<String>,
    /// The unit concerned, in words.
    unit_concerned: Option<String>,
    /// The group.
    group: Option<Named>,
    /// The head-count in words.
    people_count_text: Option<String>,
    /// How things develop.
    development: Option<String>,
    /// What has been done.
    handling: Option<String>,
    /// Of a declined case: the lawful path.
    lawful_path: Option<LawfulPath>,
    /// How it ended.
    outcome: Option<Outcome>,
    /// When it was entered.
    entered_at: DateTime<Utc>,
    /// When it was last changed.
    updated_at: DateTime<Utc>,
}

impl FeedCase {
    fn of(desk: &Desk, case: CaseRecord) -> Self {
        Self {
            row: view::row(desk, desk.context.today(), &case),
            purpose: case.purpose.0,
            procedure: case.procedure.0,
            group: desk.unit_then(case.group_id.as_deref(), case.received_on),
            lawful_path: case.lawful_path.map(|path| path.0),
            outcome: case.outcome.map(|outcome| outcome.0),
            entered_at: utc(case.entered_at),
            updated_at: utc(case.updated_at),
            cause_full: case.cause,
            demand: case.demand,
            occurred_on: case.occurred_on,
            occurred_text: case.occurred_text,
            place: case.place,
            unit_concerned: case.unit_concerned,
            people_count_text: case.people_count_text,
            development: case.development,
            handling: case.handling,
        }
    }
}

/// Up to where changes were told: of cases, and of what may be seen of them. On PostgreSQL both are the
/// snapshot's `xmin`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    changed: i64,
    scopes: i64,
    /// Of PostgreSQL: what was seen. Not all from `xmin` on was not.
    snapshot: Option<String>,
}

impl Mark {
    /// Of changes that the mark's snapshot did not see.
    fn changes(&self) -> Condition {
        match &self.snapshot {
            None => Box::new(sql::<Bool>("TRUE")),
            Some(snapshot) => Box::new(
                sql::<Bool>("NOT txid_visible_in_snapshot(cases.changed, ")
                    .bind::<Text, _>(snapshot.clone())
                    .sql("::txid_snapshot)"),
            ),
        }
    }

    /// The same, of what could be seen of cases.
    fn moves(&self) -> Box<dyn BoxableExpression<case_scopes::table, Backend, SqlType = Bool>> {
        match &self.snapshot {
            None => Box::new(sql::<Bool>("TRUE")),
            Some(snapshot) => Box::new(
                sql::<Bool>("NOT txid_visible_in_snapshot(case_scopes.seq, ")
                    .bind::<Text, _>(snapshot.clone())
                    .sql("::txid_snapshot)"),
            ),
        }
    }
}

/// What a reader has been told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// Of which database.
    epoch: i64,
    /// Cases up to this one were told of.
    docid: i64,
    mark: Mark,
    /// As whom the reader looked: one, or several where they became another in the middle of a pass;
    /// nobody at the beginning.
    seen: Vec<access::Actor>,
    /// The pass that is under way.
    pass: Option<Pass>,
}

/// A pass that is under way: where it began, for whom it is, how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Pass {
    mark: Mark,
    reader: access::Actor,
    stage: Stage,
}

/// Where a pass goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    /// After this `docid`.
    Scope(i64),
    /// After this `seq` and id.
    Gone(i64, String),
    /// After this `changed` and `docid`.
    Changed(i64, i64),
    /// After this `docid`.
    New(i64),
}

/// What one look gives.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) lines: Vec<Line>,
    pub(super) cursor: Cursor,
    /// Whether the pass has come to its end.
    pub(super) done: bool,
}

fn place(reader: &access::Actor) -> Place<'_> {
    Place {
        table: "case_feed",
        column: "cursor",
        id: reader.user_id.as_str(),
    }
}

impl Cursor {
    /// As the reader keeps it: nobody else can read or make one.
    pub(super) fn write(&self, keys: &Keys, reader: &access::Actor) -> String {
        let text = serde_json::to_vec(self).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(keys.seal(&text, place(reader)))
    }

    /// What [`Cursor::write`] gave this reader; none for anything else.
    pub(super) fn read(text: &str, keys: &Keys, reader: &access::Actor) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let text = keys.open(&sealed, place(reader)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Who has been told of nothing.
    fn beginning(epoch: i64) -> Self {
        Self {
            epoch,
            docid: 0,
            mark: Mark {
                changed: 0,
                scopes: 0,
                snapshot: None,
            },
            seen: Vec::new(),
            pass: None,
        }
    }

    /// The pass to go on with. Where the reader has become another since it began, it begins anew:
    /// they may have been told of cases as either.
    fn take_pass(&mut self, mark: Mark, reader: &access::Actor) -> Pass {
        match self.pass.take() {
            Some(pass) if pass.reader == *reader => return pass,
            Some(pass) => {
                if let Stage::New(docid) = pass.stage {
                    self.docid = self.docid.max(docid);
                }
                if !self.seen.contains(&pass.reader) {
                    self.seen.push(pass.reader);
                }
            }
            None => {}
        }
        Pass {
            mark,
            reader: reader.clone(),
            stage: Stage::Scope(0),
        }
    }
}

/// Whether a database can have given the cursor: not one of before it was restored to an earlier state.
fn is_of_here(cursor: &Cursor, epoch: i64, now: &Mark) -> bool {
    let within = |mark: &Mark| mark.changed <= now.changed && mark.scopes <= now.scopes;
    cursor.epoch == epoch
        && within(&cursor.mark)
        && cursor.pass.as_ref().is_none_or(|pass| within(&pass.mark))
}

fn epoch(conn: &mut Conn) -> QueryResult<i64> {
    generations::table
        .find("feed")
        .select(generations::value)
        .first(conn)
}

/// Makes all cursors that were given out those of another database: for data that was restored or moved.
///
/// # Errors
/// The database's own.
pub(crate) fn renew(conn: &mut Conn) -> QueryResult<()> {
    let before = epoch(conn)?;
    let another = loop {
        let another = i64::from(rand::random::<u32>()) + 1;
        if another != before {
            break another;
        }
    };
    diesel::update(generations::table.find("feed"))
        .set(generations::value.eq(another))
        .execute(conn)
        .map(drop)
}

/// The mark that all that commits after this look is not below.
fn mark(conn: &mut Conn) -> QueryResult<Mark> {
    if !conn.is_sqlite() {
        let (xmin, snapshot) = diesel::select((
            sql::<BigInt>("txid_snapshot_xmin(txid_current_snapshot())"),
            sql::<Text>("txid_current_snapshot()::text"),
        ))
        .get_result::<(i64, String)>(conn)?;
        return Ok(Mark {
            changed: xmin,
            scopes: xmin,
            snapshot: Some(snapshot),
        });
    }
    let changed: Option<i64> = cases::table
        .filter(sql::<Bool>("cases.changed > 0"))
        .select(diesel::dsl::max(cases::changed))
        .first(conn)?;
    let scopes: Option<i64> = case_scopes::table
        .select(diesel::dsl::max(case_scopes::seq))
        .first(conn)?;
    Ok(Mark {
        changed: changed.unwrap_or(0),
        scopes: scopes.unwrap_or(0),
        snapshot: None,
    })
}

/// The first number that was not told. On PostgreSQL the mark's own transaction had not committed.
fn after(conn: &Conn, mark: i64) -> i64 {
    if conn.is_sqlite() { mark + 1 } else { mark }
}

/// Goes on from a cursor (from the beginning, where there is none), for at most `most` lines.
///
/// # Errors
/// [`Error::Denied`]; [`Error::Invalid`] for a cursor of another database; the database's own.
pub(super) fn follow(
    conn: &mut Conn,
    desk: &Desk,
    cursor: Option<Cursor>,
    most: usize,
) -> Result<Batch, Error> {
    can(&desk.actor, Action::Export(ExportDeed::Ledger), Facts::None)?;
    conn.transaction(|conn| {
        if !conn.is_sqlite() {
            diesel::sql_query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                .execute(conn)?;
        }
        let (epoch, now) = (epoch(conn)?, mark(conn)?);
        let mut cursor = match cursor {
            Some(cursor) if is_of_here(&cursor, epoch, &now) => cursor,
            Some(_) => return Err(foreign().into()),
            None => Cursor::beginning(epoch),
        };
        let mut pass = cursor.take_pass(now, &desk.actor);
        let mut lines = Vec::new();
        loop {
            let left = most.saturating_sub(lines.len());
            if left == 0 {
                cursor.pass = Some(pass);
                return Ok(Batch {
                    lines,
                    cursor,
                    done: false,
                });
            }
            let mut step = Step {
                conn,
                desk,
                cursor: &cursor,
                reader: &pass.reader,
                most: left,
                lines: &mut lines,
            };
            let next = match pass.stage {
                Stage::Scope(docid) => step.scope(docid)?,
                Stage::Gone(seq, id) => step.gone(seq, &id)?,
                Stage::Changed(changed, docid) => step.changed(changed, docid)?,
                Stage::New(docid) => match step.new_cases(docid)? {
                    New::More(docid) => Stage::New(docid),
                    New::All(docid) => {
                        cursor.docid = cursor.docid.max(docid);
                        cursor.mark = pass.mark;
                        cursor.seen = vec![pass.reader];
                        return Ok(Batch {
                            lines,
                            cursor,
                            done: true,
                        });
                    }
                },
            };
            pass.stage = next;
        }
    })
}

/// What is wrong with a cursor that is not of here.
pub(super) fn foreign() -> shared::validate::Errors {
    let mut errors = shared::validate::Errors::new();
    errors.add(
        "since",
        "invalid",
        "游标无效：不是给您的，或数据库已恢复、迁移。请清空本地副本，不带 since 从头读取。",
    );
    errors
}

/// How far new cases were told of: there are more, or these were all.
enum New {
    More(i64),
    All(i64),
}

/// One stage of a pass, in part.
struct Step<'a> {
    conn: &'a mut Conn,
    desk: &'a Desk,
    cursor: &'a Cursor,
    reader: &'a access::Actor,
    most: usize,
    lines: &'a mut Vec<Line>,
}

impl Step<'_> {
    fn limit(&self) -> i64 {
        i64::try_from(self.most).unwrap_or(i64::MAX)
    }

    fn tell(&mut self, records: Vec<CaseRecord>) {
        let desk = self.desk;
        let lines = records.into_iter().map(|case| Line::Case {
            case: Box::new(FeedCase::of(desk, case)),
        });
        self.lines.extend(lines);
    }

    fn scope(&mut self, docid: i64) -> Result<Stage, Error> {
        let same = self.cursor.seen.iter().all(|seen| seen == self.reader);
        if same || docid >= self.cursor.docid {
            let first = after(self.conn, self.cursor.mark.scopes);
            return Ok(Stage::Gone(first, String::new()));
        }
        let until = docid.saturating_add(self.limit()).min(self.cursor.docid);
        let mut ids = |condition: Condition| -> QueryResult<Vec<String>> {
            cases::table
                .filter(cases::docid.gt(docid))
                .filter(cases::docid.le(until))
                .filter(condition)
                .order(cases::docid)
                .select(cases::id)
                .load(self.conn)
        };
        let now = ids(visible_to(self.reader))?;
        let mut before = Vec::new();
        for seen in &self.cursor.seen {
            before.extend(ids(visible_to(seen))?);
        }
        // What could be seen of these was another thing then; `Gone` and `Changed` tell of them.
        let first = after(self.conn, self.cursor.mark.scopes);
        let moved: Vec<String> = case_scopes::table
            .filter(case_scopes::seq.ge(first))
            .filter(self.cursor.mark.moves())
            .filter(case_scopes::docid.gt(docid))
            .filter(case_scopes::docid.le(until))
            .select(case_scopes::case_id)
            .load(self.conn)?;
        before.sort();
        before.dedup();
        let gone = before
            .iter()
            .filter(|id| !now.contains(id) && !moved.contains(id));
        self.lines.extend(gone.map(|id| Line::Gone {
            id: CaseId::new(id.clone()),
        }));
        let whole: Vec<String> = now
            .into_iter()
            .filter(|id| before.binary_search(id).is_err() && !moved.contains(id))
            .collect();
        let records = cases::table
            .filter(cases::id.eq_any(whole))
            .order(cases::docid)
            .select(CaseRecord::as_select())
            .load(self.conn)?;
        self.tell(records);
        Ok(Stage::Scope(until))
    }

    fn gone(&mut self, seq: i64, id: &str) -> Result<Stage, Error> {
        let later = case_scopes::seq.gt(seq).or(case_scopes::seq
            .eq(seq)
            .and(case_scopes::id.gt(id.to_owned())));
        let rows: Vec<(i64, String, String, String)> = case_scopes::table
            .filter(later)
            .filter(self.cursor.mark.moves())
            .filter(case_scopes::docid.le(self.cursor.docid))
            .order((case_scopes::seq, case_scopes::id))
            .limit(self.limit())
            .select((
                case_scopes::seq,
                case_scopes::id,
                case_scopes::case_id,
                case_scopes::facts,
            ))
            .load(self.conn)?;
        let mut known: Vec<String> = Vec::new();
        for (_, _, case_id, facts) in &rows {
            let facts: CaseFacts = serde_json::from_str(facts)
                .map_err(|e| Error::Damaged(format!("facts of case {case_id}: {e}")))?;
            let was_seen = self.cursor.seen.iter().any(|seen| visible(seen, &facts));
            if was_seen && !known.contains(case_id) {
                known.push(case_id.clone());
            }
        }
        let there: Vec<String> = cases::table
            .filter(cases::id.eq_any(known.clone()))
            .filter(visible_to(self.reader))
            .select(cases::id)
            .load(self.conn)?;
        known.retain(|id| !there.contains(id));
        self.lines.extend(known.into_iter().map(|id| Line::Gone {
            id: CaseId::new(id),
        }));
        match rows.last() {
            Some((seq, id, ..)) if rows.len() >= self.most => Ok(Stage::Gone(*seq, id.clone())),
            _ => {
                let first = after(self.conn, self.cursor.mark.changed);
                Ok(Stage::Changed(first, 0))
            }
        }
    }

    fn changed(&mut self, changed: i64, docid: i64) -> Result<Stage, Error> {
        let later = cases::changed
            .gt(changed)
            .or(cases::changed.eq(changed).and(cases::docid.gt(docid)));
        let rows: Vec<(i64, CaseRecord)> = cases::table
            // By which its index is found.
            .filter(sql::<Bool>("cases.changed > 0"))
            .filter(cases::changed.ge(changed))
            .filter(later)
            .filter(self.cursor.mark.changes())
            .filter(cases::docid.le(self.cursor.docid))
            .filter(visible_to(self.reader))
            .order((cases::changed, cases::docid))
            .limit(self.limit())
            .select((cases::changed, CaseRecord::as_select()))
            .load(self.conn)?;
        let next = match rows.last() {
            Some((changed, case)) if rows.len() >= self.most => {
                Stage::Changed(*changed, case.docid)
            }
            _ => Stage::New(self.cursor.docid),
        };
        self.tell(rows.into_iter().map(|(_, case)| case).collect());
        Ok(next)
    }

    fn new_cases(&mut self, docid: i64) -> Result<New, Error> {
        let last: Option<i64> = cases::table
            .select(diesel::dsl::max(cases::docid))
            .first(self.conn)?;
        let last = last.unwrap_or(0).max(docid);
        let rows: Vec<CaseRecord> = cases::table
            .filter(cases::docid.gt(docid))
            .filter(cases::docid.le(last))
            .filter(visible_to(self.reader))
            .order(cases::docid)
            .limit(self.limit())
            .select(CaseRecord::as_select())
            .load(self.conn)?;
        let next = match rows.last() {
            Some(case) if rows.len() >= self.most => New::More(case.docid),
            _ => New::All(last),
        };
        self.tell(rows);
        Ok(next)
    }
}

/// Notes in the audit log how many cases were given out; they are, only after that.
pub(super) fn note_export(conn: &mut Conn, desk: &Desk, count: usize) -> Result<(), Error> {
    let detail = format!("通过变更流导出事项{count}件");
    let entry = audit::Entry::new(AuditAction::Export, detail);
    Ok(audit::append(conn, &desk.context, &desk.actor, entry)?)
}

/// What decides who may see a case, beside the units that it was given to.
#[derive(Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = cases)]
struct Sight {
    township_id: String,
    village_id: Option<String>,
    registrar_id: String,
    registrar_unit_id: String,
    mediation: bool,
    seal: Coded<Series>,
    accused_unit_id: Option<String>,
    accused_user_id: Option<String>,
    handed_up_to: Option<String>,
}

impl Sight {
    fn is_of(&self, case: &CaseRecord) -> bool {
        self.township_id == case.township_id
            && self.village_id == case.village_id
            && self.registrar_id == case.registrar_id
            && self.registrar_unit_id == case.registrar_unit_id
            && self.mediation == case.mediation
            && self.seal == case.seal
            && self.accused_unit_id == case.accused_unit_id
            && self.accused_user_id == case.accused_user_id
            && self.handed_up_to == case.handed_up_to
    }
}

/// Before a case is saved: keeps what could be seen of it, if that is about to change.
pub(super) fn note_if_moved(conn: &mut Conn, case: &CaseRecord) -> QueryResult<()> {
    let before: Option<Sight> = cases::table
        .find(&case.id)
        .select(Sight::as_select())
        .first(conn)
        .optional()?;
    match before {
        Some(before) if !before.is_of(case) => note(conn, &case.id),
        _ => Ok(()),
    }
}

/// Keeps what can be seen of a case, before that changes: what decides is written anew, a unit is given
/// it, or it goes. In the transaction that does it.
///
/// # Errors
/// The database's own.
pub(crate) fn note(conn: &mut Conn, case_id: &str) -> QueryResult<()> {
    let Some(case) = store::find(conn, case_id)? else {
        return Ok(());
    };
    let facts = case.facts(store::unit_ids(conn, case_id)?);
    let seq = if conn.is_sqlite() {
        "(SELECT COALESCE(MAX(s.seq), 0) + 1 FROM case_scopes s)"
    } else {
        "txid_current()"
    };
    let facts = serde_json::to_string(&facts)
        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
    let row = (
        case_scopes::id.eq(crate::ids::new_id()),
        case_scopes::seq.eq(sql::<BigInt>(seq)),
        case_scopes::case_id.eq(case.id.as_str()),
        case_scopes::docid.eq(case.docid),
        case_scopes::facts.eq(facts),
    );
    on_either!(conn, |conn| diesel::insert_into(case_scopes::table)
        .values(row)
        .execute(conn))
    .map(drop)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::scope::tests as scopes;
    use super::*;
    use crate::db::Db;

    fn desk_keys() -> Keys {
        crate::keys::tests::some()
    }

    /// What a reader has after following the feed: the cases' ids with their versions.
    type Copy = BTreeMap<String, i64>;

    /// Takes lines over as a reader does.
    fn take(copy: &mut Copy, lines: Vec<Line>) {
        for line in lines {
            match line {
                Line::Case { case } => {
                    copy.insert(case.row.id.to_string(), case.row.version);
                }
                Line::Gone { id } => {
                    copy.remove(id.as_str());
                }
                Line::Cursor { .. } => {}
            }
        }
    }

    #[test]
    fn a_cursor_is_its_readers_alone() {
        let keys = desk_keys();
        let actors = scopes::actors();
        let (reader, other) = (&actors[0], &actors[1]);
        assert_ne!(reader.user_id, other.user_id);
        let cursor = Cursor {
            docid: 7,
            pass: Some(Pass {
                mark: Mark {
                    changed: 1,
                    scopes: 2,
                    snapshot: Some("1:2:".to_owned()),
                },
                reader: reader.clone(),
                stage: Stage::Gone(3, "x".to_owned()),
            }),
            ..Cursor::beginning(5)
        };
        let text = cursor.write(&keys, reader);
        assert_eq!(Cursor::read(&text, &keys, reader), Some(cursor));
        assert_eq!(Cursor::read(&text, &keys, other), None);
        assert_eq!(Cursor::read("x", &keys, reader), None);
    }

    #[test]
    fn a_cursor_of_another_time_is_refused() {
        let mark = |changed, scopes| Mark {
            changed,
            scopes,
            snapshot: None,
        };
        let cursor = Cursor {
            mark: mark(5, 5),
            ..Cursor::beginning(1)
        };
        assert!(is_of_here(&cursor, 1, &mark(5, 5)));
        assert!(!is_of_here(&cursor, 2, &mark(5, 5)), "another database");
        assert!(!is_of_here(&cursor, 1, &mark(4, 5)), "restored to before");
    }

    async fn visible_now(db: &Db, actor: &access::Actor) -> Copy {
        let condition = visible_to(actor);
        let rows: Vec<(String, i64)> = db
            .read_heavy(move |conn| {
                cases::table
                    .filter(condition)
                    .select((cases::id, cases::version))
                    .load(conn)
            })
            .await
            .unwrap();
        rows.into_iter().collect()
    }

    /// Whatever happens to cases and readers, a reader who follows has what they may see, and is never
    /// told of a case that they could not see at any time since they last looked.
    #[actix_web::test]
    async fn a_reader_who_follows_has_what_they_may_see() {
        let (db, _dir) = crate::db::tests::temporary();
        let mut records = scopes::records();
        let later = records.split_off(records.len() - 40);
        let kept = records.clone();
        db.write(move |conn| {
            scopes::fill(conn, &kept);
            Ok::<_, diesel::result::Error>(())
        })
        .await
        .unwrap();
        // Those who may export.
        let readers: Vec<access::Actor> = scopes::actors()
            .into_iter()
            .filter(|actor| can(actor, Action::Export(ExportDeed::Ledger), Facts::None).is_ok())
            .filter(|actor| actor.user_id.as_str() == "a")
            .collect();
        let mut copies: Vec<(Copy, Option<Cursor>)> =
            readers.iter().map(|_| (Copy::new(), None)).collect();
        let mut chance = Chance(7);
        let mut later = later.into_iter();
        for round in 0..12 {
            // Every second round, some follow as somebody else: another role, another unit.
            let shift = if round % 2 == 1 { 1 } else { 0 };
            let old: Vec<Copy> = copies.iter().map(|(copy, _)| copy.clone()).collect();
            for n in 0..readers.len() {
                let reader = &readers[(n + shift * (round + 1)) % readers.len()];
                let before = visible_now(&db, reader).await;
                let (copy, cursor) = &mut copies[n];
                loop {
                    let (reader, from) = (reader.clone(), cursor.clone());
                    let most = 1 + chance.below(60);
                    let batch = db
                        .read_heavy(move |conn| follow_as(conn, &reader, from, most))
                        .await
                        .unwrap();
                    let done = batch.done;
                    *cursor = Some(batch.cursor);
                    take(copy, batch.lines);
                    if done {
                        break;
                    }
                }
                assert_eq!(
                    *copy,
                    before,
                    "round {round}, reader {reader:?}, had {}",
                    old[n].len()
                );
            }
            // Some cases move: sealed, unsealed, to another village, into mediation, given to a unit.
            let mut moved = Vec::new();
            for _ in 0..60 {
                let (case, _) = &records[chance.below(records.len())];
                moved.push((case.id.clone(), chance.below(7)));
            }
            let new: Vec<_> = later.by_ref().take(3).collect();
            db.write(move |conn| {
                for (id, how) in &moved {
                    move_case(conn, id, *how);
                }
                for (case, _) in &new {
                    store::insert(conn, case).unwrap();
                }
                Ok::<_, diesel::result::Error>(())
            })
            .await
            .unwrap();
        }
    }

    /// A pass, for readers of no directory: what is told is in the ids and versions.
    fn follow_as(
        conn: &mut Conn,
        reader: &access::Actor,
        cursor: Option<Cursor>,
        most: usize,
    ) -> Result<Batch, Error> {
        let desk = Desk {
            actor: crate::auth::Actor::of_member(std::sync::Arc::new(crate::directory::Member {
                user: shared::account::User {
                    id: reader.user_id.clone(),
                    username: "a".to_owned(),
                    name: "a".to_owned(),
                    role: reader.role,
                    unit_id: reader.unit_id.clone(),
                    duty: None,
                    disabled: false,
                    must_change_password: false,
                    second_factor: false,
                    service: false,
                    version: 1,
                    deputations_ended: None,
                },
                access: std::sync::Arc::new(reader.clone()),
                own: std::sync::Arc::new(reader.alone()),
                name: "a".into(),
                token_version: 1,
                must_set_up_second_factor: false,
            })),
            context: crate::context::RequestContext {
                request_id: "r".into(),
                address: None,
                now: "2026-03-10T02:00:00Z".parse().unwrap(),
            },
            names: std::sync::Arc::default(),
            keys: std::sync::Arc::new(desk_keys()),
        };
        follow(conn, &desk, cursor, most)
    }

    fn move_case(conn: &mut Conn, id: &str, how: usize) {
        let Some(mut case) = store::find(conn, id).unwrap() else {
            return;
        };
        let version = case.version;
        match how {
            0 => {
                case.seal = Coded(Series::Sealed);
                case.accused_unit_id = Some("v1".to_owned());
            }
            1 => {
                case.seal = Coded(Series::Open);
                case.accused_unit_id = None;
                case.accused_user_id = None;
            }
            2 => case.village_id = Some("v1".to_owned()),
            3 => case.village_id = Some("v2".to_owned()),
            4 => case.mediation = true,
            5 => store::refer(conn, id, "v1", case.updated_at).unwrap(),
            _ => {
                note(conn, id).unwrap();
                diesel::delete(cases::table.find(id)).execute(conn).unwrap();
                return;
            }
        }
        case.version += 1;
        assert!(store::save(conn, &case, version).unwrap());
    }

    /// Numbers in no order, the same each time.
    struct Chance(u64);

    impl Chance {
        fn below(&mut self, n: usize) -> usize {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            usize::try_from(self.0 >> 33).unwrap() % n
        }
    }
}
