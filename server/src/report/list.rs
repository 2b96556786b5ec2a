//! Reports as a list, and what the home page says of them. All of it starts from `field::in_field`.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use shared::access::{Action, Facts, can};
use shared::case::view::{Todo, TodoList};
use shared::page::Page;
use shared::report::view::ReportRow;
use shared::report::{ReportDeed, ReportKind, ReportState};
use shared::role::Role;
use shared::term::Term;
use shared::validate::Errors;

use super::store::ReportRecord;
use super::{Error, service};
use crate::case::scope::Backend;
use crate::case::{self, Desk};
use crate::db::Conn;
use crate::field::in_field;
use crate::page::cursor;
use crate::schema::reports;

/// A condition on reports.
pub(crate) type Condition =
    Box<dyn BoxableExpression<reports::table, Backend, SqlType = diesel::sql_types::Bool>>;

/// The query string of `GET /reports`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportQuery {
    /// 种类
    #[param(inline)]
    pub(crate) kind: Option<ReportKind>,
    /// 状态
    #[param(inline)]
    pub(crate) state: Option<ReportState>,
    /// 报告单位
    pub(crate) unit_id: Option<String>,
    /// 所在村
    pub(crate) village_id: Option<String>,
    /// 报告期第一天不早于
    pub(crate) from: Option<NaiveDate>,
    /// 报告期第一天不晚于
    pub(crate) to: Option<NaiveDate>,
    /// 缺报：到期未报，或退回后到期未再报
    pub(crate) missing: Option<bool>,
    /// 迟报：报了，但晚于截止时间
    pub(crate) late: Option<bool>,
    /// 本单位要报的：还没有报，或退回要重报的
    pub(crate) todo: Option<bool>,
    /// 是否还要报：还没有报，或退回要重报
    pub(crate) pending: Option<bool>,
    /// 已报的，有待处置的情况
    pub(crate) open_findings: Option<bool>,
    /// `due_at` 或 `-due_at`（默认）：按截止时间
    pub(crate) sort: Option<String>,
    /// 每页条数，1 到 200，默认 50
    pub(crate) limit: Option<u32>,
    /// 上一页答复中的 next_cursor
    pub(crate) cursor: Option<String>,
}

impl ReportQuery {
    /// What is asked for, in words.
    pub(super) fn words(&self, desk: &Desk) -> String {
        fn set(id: &Option<String>) -> Option<&str> {
            id.as_deref().filter(|id| !id.is_empty())
        }
        let unit = set(&self.unit_id).map(|id| service::full_name(desk, id));
        let village = desk.unit(set(&self.village_id)).map(|unit| unit.name);
        let either = |asked: Option<bool>, yes: &str, no: &str| {
            asked.map(|asked| if asked { yes } else { no }.to_owned())
        };
        let parts = [
            self.kind.map(|kind| kind.label().to_owned()),
            self.state.map(|state| state.label().to_owned()),
            unit,
            village,
            self.from.map(|day| format!("报告期不早于{day}")),
            self.to.map(|day| format!("报告期不晚于{day}")),
            either(self.missing, "缺报", "非缺报"),
            either(self.late, "迟报", "非迟报"),
            either(self.pending, "待报", "已报"),
            either(self.todo.filter(|todo| *todo), "本单位待报", ""),
            either(self.open_findings.filter(|open| *open), "有待处置情况", ""),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("；")
    }
}

/// A checked query.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    query: ReportQuery,
    ascending: bool,
    limit: i64,
    after: Option<(NaiveDateTime, String)>,
}

/// States in which a report is still to be sent.
const PENDING: [ReportState; 3] = [ReportState::Due, ReportState::Draft, ReportState::Returned];

impl Filter {
    /// Checks a query.
    ///
    /// # Errors
    /// What is wrong with each parameter.
    pub(crate) fn read(mut query: ReportQuery) -> Result<Self, Error> {
        let mut errors = Errors::new();
        let (limit, after) = crate::page::place(query.limit, query.cursor.take(), &mut errors);
        let ascending = match query.sort.as_deref() {
            None | Some("" | "-due_at") => false,
            Some("due_at") => true,
            Some(_) => {
                errors.add("sort", "unknown", "只能按 due_at 或 -due_at 排序。");
                false
            }
        };
        if !errors.is_empty() {
            return Err(errors.into());
        }
        // No row has a NUL, and PostgreSQL takes none.
        let id = |id: Option<String>| {
            id.map(|id| id.replace('\0', "?"))
                .filter(|id| !id.is_empty())
        };
        query.unit_id = id(query.unit_id);
        query.village_id = id(query.village_id);
        Ok(Self {
            query,
            ascending,
            limit,
            after,
        })
    }

    fn condition(&self, desk: &Desk) -> Condition {
        let now = desk.context.now.naive_utc();
        let query = &self.query;
        let mut all: Vec<Condition> = vec![in_field!(reports, &desk.actor)];
        if let Some(kind) = query.kind {
            all.push(Box::new(reports::kind.eq(kind.code())));
        }
        if let Some(state) = query.state {
            all.push(Box::new(reports::state.eq(state.code())));
        }
        if let Some(id) = query.unit_id.clone() {
            all.push(Box::new(reports::unit_id.eq(id)));
        }
        if let Some(id) = query.village_id.clone() {
            let villages = desk.names.with_former(&id);
            all.push(Box::new(
                reports::village_id.eq_any(villages).assume_not_null(),
            ));
        }
        if let Some(day) = query.from {
            all.push(Box::new(reports::period_start.ge(day)));
        }
        if let Some(day) = query.to {
            all.push(Box::new(reports::period_start.le(day)));
        }
        let pending = || reports::state.eq_any(PENDING.map(Term::code));
        match query.missing {
            Some(true) => all.push(Box::new(pending().and(reports::pending_at.le(now)))),
            Some(false) => all.push(Box::new(diesel::dsl::not(
                pending().and(reports::pending_at.le(now)),
            ))),
            None => {}
        }
        if let Some(late) = query.late {
            all.push(Box::new(reports::late.eq(late)));
        }
        match query.pending {
            Some(true) => all.push(Box::new(pending())),
            Some(false) => all.push(Box::new(reports::state.ne_all(PENDING.map(Term::code)))),
            None => {}
        }
        if query.todo == Some(true) {
            let units = desk.actor.own_units();
            all.push(Box::new(pending().and(reports::unit_id.eq_any(units))));
        }
        if query.open_findings == Some(true) {
            let sent = [ReportState::Submitted, ReportState::Acknowledged].map(Term::code);
            all.push(Box::new(
                reports::open_findings
                    .gt(0)
                    .and(reports::state.eq_any(sent)),
            ));
        }
        let first: Condition = Box::new(reports::id.ne(""));
        all.into_iter().fold(first, |a, b| Box::new(a.and(b)))
    }
}

/// How many reports a filter finds.
fn count(conn: &mut Conn, desk: &Desk, filter: &Filter) -> QueryResult<u64> {
    let total: i64 = reports::table
        .filter(filter.condition(desk))
        .count()
        .get_result(conn)?;
    Ok(total.unsigned_abs())
}

/// A page of reports.
///
/// # Errors
/// [`Error::Case`]: denied; the database's own.
pub(crate) fn page(
    conn: &mut Conn,
    desk: &Desk,
    filter: &Filter,
) -> Result<Page<ReportRow>, Error> {
    can(&desk.actor, Action::Report(ReportDeed::View), Facts::None)?;
    let total = count(conn, desk, filter)?;
    let (records, more) = records(conn, desk, filter, filter.limit)?;
    let next_cursor = records
        .last()
        .filter(|_| more)
        .map(|last| cursor(&(last.due_at, last.id.as_str())));
    Ok(Page {
        items: records
            .iter()
            .map(|record| service::row(desk, record))
            .collect(),
        next_cursor,
        total,
    })
}

/// The records of one page and whether there are more.
fn records(
    conn: &mut Conn,
    desk: &Desk,
    filter: &Filter,
    limit: i64,
) -> QueryResult<(Vec<ReportRecord>, bool)> {
    let mut query = reports::table
        .filter(filter.condition(desk))
        .limit(limit + 1)
        .select(ReportRecord::as_select())
        .into_boxed();
    if filter.ascending {
        if let Some((due, id)) = filter.after.clone() {
            query = query.filter(
                reports::due_at
                    .ge(due)
                    .and(reports::due_at.gt(due).or(reports::id.gt(id))),
            );
        }
        query = query.order((reports::due_at, reports::id));
    } else {
        if let Some((due, id)) = filter.after.clone() {
            query = query.filter(
                reports::due_at
                    .le(due)
                    .and(reports::due_at.lt(due).or(reports::id.lt(id))),
            );
        }
        query = query.order((reports::due_at.desc(), reports::id.desc()));
    }
    let mut records: Vec<ReportRecord> = query.load(conn)?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = records.len() > most;
    records.truncate(most);
    Ok((records, more))
}

/// Every report that the filter finds, some at a time, to `each`.
///
/// # Errors
/// [`Error::Case`]: denied; the database's own; `each`'s.
pub(super) fn every(
    conn: &mut Conn,
    desk: &Desk,
    filter: &Filter,
    mut each: impl FnMut(&mut Conn, &[ReportRecord]) -> Result<(), Error>,
) -> Result<(), Error> {
    can(&desk.actor, Action::Report(ReportDeed::View), Facts::None)?;
    let mut filter = Filter {
        after: None,
        ..filter.clone()
    };
    loop {
        let (records, more) = records(conn, desk, &filter, i64::from(crate::export::CHUNK))?;
        each(conn, &records)?;
        match records.last() {
            Some(last) if more => filter.after = Some((last.due_at, last.id.clone())),
            _ => return Ok(()),
        }
    }
}

/// What the home page says of reports: what the own unit has to send, and for the office who is
/// missing and what waits to be received. Each line counts with the query that its list opens.
///
/// # Errors
/// The database's own.
pub(crate) fn todos(conn: &mut Conn, desk: &Desk) -> Result<Vec<Todo>, case::Error> {
    lines(conn, desk).map_err(|error| match error {
        Error::Case(error) => error,
        other => case::Error::Damaged(other.to_string()),
    })
}

fn lines(conn: &mut Conn, desk: &Desk) -> Result<Vec<Todo>, Error> {
    let mut todos = Vec::new();
    let mut add = |conn: &mut Conn, line: Line| -> Result<(), Error> {
        let count = |conn: &mut Conn, query: &ReportQuery| -> Result<u64, Error> {
            Ok(count(conn, desk, &Filter::read(query.clone())?)?)
        };
        let number = count(conn, &line.query)?;
        let late = ReportQuery {
            missing: Some(true),
            ..line.query.clone()
        };
        let late = match line.query.missing {
            Some(true) => number,
            _ if line.urgent_if_late && number > 0 => count(conn, &late)?,
            _ => 0,
        };
        let query = query_string(&line.query);
        if number > 0 || line.always {
            todos.push(Todo {
                title: line.title.to_owned(),
                hint: if late > 0 && line.urgent_if_late {
                    format!("其中{late}份已过时限；没有情况的，点“零报告”即可")
                } else {
                    line.hint.to_owned()
                },
                count: number,
                list: TodoList::Reports,
                query,
                urgent: late > 0,
            });
        }
        Ok(())
    };
    let role = desk.actor.role;
    let owes = desk
        .actor
        .selves()
        .filter_map(|(_, unit)| desk.names.unit(unit))
        .any(|unit| ReportKind::of(unit.kind).is_some())
        && can(&desk.actor, Action::Report(ReportDeed::Write), Facts::None).is_ok();
    if owes {
        add(
            conn,
            Line {
                title: "要报的排查报告",
                hint: "没有情况的，点“零报告”即可",
                query: ReportQuery {
                    todo: Some(true),
                    sort: Some("due_at".to_owned()),
                    ..ReportQuery::default()
                },
                urgent_if_late: true,
                always: role == Role::GroupInformant,
            },
        )?;
    }
    let missing = |kind| ReportQuery {
        kind,
        missing: Some(true),
        ..ReportQuery::default()
    };
    match role {
        Role::VillageSecretary => add(
            conn,
            Line {
                title: "各社缺报",
                hint: "本村各社到期未报的日报告",
                query: missing(Some(ReportKind::Daily)),
                urgent_if_late: false,
                always: false,
            },
        )?,
        Role::CoordinationOffice | Role::TownshipLeader => {
            add(
                conn,
                Line {
                    title: "排查报告缺报",
                    hint: "到期未报的；可以催报，确有原因的可以免报",
                    query: missing(None),
                    urgent_if_late: false,
                    always: false,
                },
            )?;
            add(
                conn,
                Line {
                    title: "报告中待处置的情况",
                    hint: "立为事项、并入已有事项，或核实不成立",
                    query: ReportQuery {
                        open_findings: Some(true),
                        ..ReportQuery::default()
                    },
                    urgent_if_late: false,
                    always: false,
                },
            )?;
        }
        _ => {}
    }
    if role == Role::CoordinationOffice {
        add(
            conn,
            Line {
                title: "待签收的排查报告",
                hint: "签收，或说明原因退回",
                query: ReportQuery {
                    state: Some(ReportState::Submitted),
                    ..ReportQuery::default()
                },
                urgent_if_late: false,
                always: false,
            },
        )?;
    }
    Ok(todos)
}

/// A line of the home page before it is counted.
struct Line {
    title: &'static str,
    hint: &'static str,
    query: ReportQuery,
    /// Whether it is urgent once some of it is late.
    urgent_if_late: bool,
    /// Whether it is shown with nothing to count, too.
    always: bool,
}

/// The query as a query string.
fn query_string(query: &ReportQuery) -> String {
    let mut parts = Vec::new();
    let mut add = |key: &str, value: Option<&str>| {
        if let Some(value) = value {
            parts.push(format!("{key}={value}"));
        }
    };
    let yes = |set: Option<bool>| set.map(|on| if on { "true" } else { "false" });
    add("kind", query.kind.map(Term::code));
    add("state", query.state.map(Term::code));
    add("missing", yes(query.missing));
    add("todo", yes(query.todo));
    add("open_findings", yes(query.open_findings));
    add("sort", query.sort.as_deref());
    parts.join("&")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use diesel::connection::SimpleConnection;
    use shared::access::{Actor, field_visible};
    use shared::ids::UnitId;

    use super::super::store::{self, Owner};
    use super::*;
    use shared::report::period::of_day;
    use shared::settings::Reporting;

    const UNITS: &[(&str, Option<&str>, &str)] = &[
        ("t", None, "township"),
        ("t2", None, "township"),
        ("v1", Some("t"), "village"),
        ("v2", Some("t"), "village"),
        ("g1", Some("v1"), "group"),
        ("g2", Some("v1"), "group"),
        ("g3", Some("v2"), "group"),
        ("office", Some("t"), "coordination_office"),
        ("police", Some("t"), "police_station"),
    ];

    fn actor(user: &str, role: Role, unit: &str) -> Actor {
        let parent = |id: &str| {
            UNITS
                .iter()
                .find(|(unit, ..)| *unit == id)
                .and_then(|u| u.1)
        };
        let chain: Vec<UnitId> = std::iter::successors(Some(unit), |id| parent(id))
            .map(UnitId::from)
            .collect();
        Actor {
            user_id: user.into(),
            role,
            unit_id: unit.into(),
            township_id: chain.last().cloned().unwrap(),
            village_id: chain.iter().find(|u| u.as_str().starts_with('v')).cloned(),
            former_units: Vec::new(),
            former_villages: Vec::new(),
            stands_in_for: Vec::new(),
            unit_chain: chain,
        }
    }

    /// As [`actor`], after the other village was merged into theirs.
    fn actor_of_both(user: &str, role: Role) -> Actor {
        let mut actor = actor(user, role, "v2");
        actor.former_units = vec!["v1".into()];
        actor.former_villages = vec!["v1".into()];
        actor
    }

    /// The filter lets through just what `access::field_visible` does: every role in every unit.
    #[actix_web::test]
    async fn the_filter_and_the_decision_agree() {
        let (db, _dir) = crate::db::tests::temporary();
        let records = db
            .write(|conn| {
                for (id, parent, kind) in UNITS {
                    let parent = parent.map_or("NULL".to_owned(), |parent| format!("'{parent}'"));
                    conn.batch_execute(&format!(
                        "INSERT INTO units (id, parent_id, kind, name, created_at, updated_at) VALUES \
                         ('{id}', {parent}, '{kind}', '{id}', '2026-03-01 00:00:00', '2026-03-01 00:00:00')"
                    ))?;
                }
                for user in ["a", "b"] {
                    conn.batch_execute(&format!(
                        "INSERT INTO users (id, username, username_key, name, role, unit_id, \
                         password_hash, must_change_password, created_at, updated_at) VALUES \
                         ('{user}', '{user}', '{user}', '{user}', 'auditor', 't', 'x', FALSE, \
                         '2026-03-01 00:00:00', '2026-03-01 00:00:00')"
                    ))?;
                }
                let now = "2026-03-10T02:00:00Z".parse().unwrap();
                let calendar = shared::calendar::Calendar::new();
                let mut records = Vec::new();
                for (unit, parent, _) in UNITS {
                    let above = actor("a", Role::Auditor, unit);
                    let owner = Owner {
                        township_id: above.township_id.as_str().to_owned(),
                        unit_id: (*unit).to_owned(),
                        village_id: above.village_id.map(UnitId::into_string),
                    };
                    for (n, author) in [None, Some("a"), Some("b")].into_iter().enumerate() {
                        let day = NaiveDate::from_ymd_opt(2026, 3, 10 + n as u32).unwrap();
                        let period = of_day(ReportKind::Daily, day, &Reporting::default(), &calendar);
                        let record = ReportRecord {
                            author_id: author.map(str::to_owned),
                            ..ReportRecord::new(&owner, &period, now)
                        };
                        assert!(parent.is_none() || record.township_id == "t");
                        store::insert_new(conn, &record)?;
                        records.push(record);
                    }
                }
                Ok::<_, diesel::result::Error>(records)
            })
            .await
            .unwrap();
        for unit in UNITS.iter().map(|(unit, ..)| Some(*unit)).chain([None]) {
            for role in Role::ALL {
                for user in ["a", "b"] {
                    let actor = match unit {
                        Some(unit) => actor(user, *role, unit),
                        None => actor_of_both(user, *role),
                    };
                    let condition: Condition = in_field!(reports, &actor);
                    let found: Vec<String> = db
                        .read_heavy(move |conn| {
                            reports::table
                                .filter(condition)
                                .select(reports::id)
                                .load(conn)
                        })
                        .await
                        .unwrap();
                    let found: BTreeSet<String> = found.into_iter().collect();
                    let decided: BTreeSet<String> = records
                        .iter()
                        .filter(|record| field_visible(&actor, &record.facts()))
                        .map(|record| record.id.clone())
                        .collect();
                    assert_eq!(found, decided, "{actor:?}");
                }
            }
        }
    }
}
