//! The ledger as a list: filters, order, keyset pages, counts. All of it starts from the scope.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDate, NaiveDateTime};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use serde::{Deserialize, Serialize};
use shared::access::Actor;
use shared::case::state::State;
use shared::case::view::CaseRow;
use shared::case::{Category, Channel, Kind, Procedure, Purpose, Severity};
use shared::page::{DEFAULT_LIMIT, MAX_LIMIT, Page};
use shared::problem::FieldError;
use shared::receipt::Provisional;
use shared::search::query_phrases;
use shared::term::Term;
use shared::validate::Errors;

use super::desk::Desk;
use super::scope::{self, Condition};
use super::store::CaseRecord;
use super::{Error, view};
use crate::db::Conn;
use crate::org::store as units;
use crate::schema::{cases, provisional_receipts};

/// The query string of `GET /cases` and of the export. Several terms of a set are separated by
/// commas.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaseQuery {
    /// Words to search for; all must be found.
    pub(crate) q: Option<String>,
    /// Kinds.
    pub(crate) kind: Option<String>,
    /// States.
    pub(crate) state: Option<String>,
    /// The village.
    pub(crate) village_id: Option<String>,
    /// The responsible unit.
    pub(crate) unit_id: Option<String>,
    /// Categories.
    pub(crate) category: Option<String>,
    /// Channels.
    pub(crate) channel: Option<String>,
    /// Purposes.
    pub(crate) purpose: Option<String>,
    /// Severities.
    pub(crate) severity: Option<String>,
    /// Procedures.
    pub(crate) procedure: Option<String>,
    /// Whether the next deadline has passed.
    pub(crate) overdue: Option<bool>,
    /// The next deadline is on this day or earlier.
    pub(crate) due_before: Option<NaiveDate>,
    /// The next deadline is on this day or later.
    pub(crate) due_from: Option<NaiveDate>,
    /// Whether it is backlog.
    pub(crate) backlog: Option<bool>,
    /// Five people or more.
    pub(crate) collective: Option<bool>,
    /// Whether it repeats no earlier case.
    pub(crate) first: Option<bool>,
    /// Received on this day or later.
    pub(crate) received_from: Option<NaiveDate>,
    /// Received on this day or earlier.
    pub(crate) received_to: Option<NaiveDate>,
    /// The leader who took it.
    pub(crate) lead_id: Option<String>,
    /// The unit that it was sent to and that has not taken it yet.
    pub(crate) offered_unit_id: Option<String>,
    /// Whether it still needs something done.
    pub(crate) open: Option<bool>,
    /// What the caller leads, handles in person, or registered.
    pub(crate) mine: Option<bool>,
    /// The number of the provisional receipt (临时回执) that was given out for it.
    pub(crate) provisional: Option<String>,
    /// `received_on`, `due_on`, `number`, `updated_at`; a leading `-` turns it round.
    pub(crate) sort: Option<String>,
    /// How many, 1 to 200; 50 when absent.
    pub(crate) limit: Option<u32>,
    /// Where the page before ended.
    pub(crate) cursor: Option<String>,
}

/// By what a list is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Key {
    #[serde(rename = "r")]
    Received,
    #[serde(rename = "d")]
    Due,
    #[serde(rename = "n")]
    Number,
    #[serde(rename = "u")]
    Updated,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Order {
    key: Key,
    descending: bool,
}

/// The last row of a page: what the next one comes after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Cursor {
    order: Order,
    value: String,
    id: String,
}

impl Cursor {
    fn write(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    fn read(text: &str) -> Option<Self> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    }
}

/// A checked query.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    query: CaseQuery,
    kinds: Vec<Kind>,
    states: Vec<State>,
    categories: Vec<Category>,
    channels: Vec<Channel>,
    purposes: Vec<Purpose>,
    severities: Vec<Severity>,
    procedures: Vec<Procedure>,
    order: Order,
    limit: u32,
    cursor: Option<Cursor>,
    today: NaiveDate,
}

fn terms<T: Term>(errors: &mut Errors, field: &str, text: Option<&str>) -> Vec<T> {
    let codes = text
        .unwrap_or("")
        .split(',')
        .map(str::trim)
        .filter(|code| !code.is_empty());
    let mut terms = Vec::new();
    for code in codes {
        match T::from_code(code) {
            Some(term) => terms.push(term),
            None => {
                let known: Vec<&str> = T::ALL.iter().map(|term| term.code()).collect();
                errors.add(
                    field,
                    "unknown",
                    format!("{}没有“{code}”，可用：{}。", T::NAME, known.join("、")),
                );
            }
        }
    }
    terms
}

impl Filter {
    /// Checks a query.
    ///
    /// # Errors
    /// What is wrong with each parameter.
    pub(crate) fn read(query: CaseQuery, today: NaiveDate) -> Result<Self, Vec<FieldError>> {
        let mut errors = Errors::new();
        let sort = query.sort.as_deref().unwrap_or("-received_on");
        let (name, descending) = sort
            .strip_prefix('-')
            .map_or((sort, false), |name| (name, true));
        let key = match name {
            "received_on" => Key::Received,
            "due_on" => Key::Due,
            "number" => Key::Number,
            "updated_at" => Key::Updated,
            _ => {
                errors.add(
                    "sort",
                    "unknown",
                    "排序可用 received_on、due_on、number、updated_at，前面加“-”为倒序。",
                );
                Key::Received
            }
        };
        let order = Order { key, descending };
        let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
        if limit == 0 || limit > MAX_LIMIT {
            errors.add(
                "limit",
                "out_of_range",
                format!("每页条数应在1至{MAX_LIMIT}之间。"),
            );
        }
        let cursor = query.cursor.as_deref().and_then(Cursor::read);
        if query.cursor.is_some() && cursor.as_ref().is_none_or(|cursor| cursor.order != order) {
            errors.add("cursor", "invalid", "翻页标记无效，请从第一页重新开始。");
        }
        if query.q.as_deref().is_some_and(|q| q.chars().count() > 100) {
            errors.add("q", "too_long", "搜索词最多100个字。");
        }
        if let Some(number) = set(&query.provisional)
            && let Err(wrong) = Provisional::read(&number)
        {
            errors.add("provisional", wrong.code(), wrong.to_string());
        }
        let filter = Self {
            kinds: terms(&mut errors, "kind", query.kind.as_deref()),
            states: terms(&mut errors, "state", query.state.as_deref()),
            categories: terms(&mut errors, "category", query.category.as_deref()),
            channels: terms(&mut errors, "channel", query.channel.as_deref()),
            purposes: terms(&mut errors, "purpose", query.purpose.as_deref()),
            severities: terms(&mut errors, "severity", query.severity.as_deref()),
            procedures: terms(&mut errors, "procedure", query.procedure.as_deref()),
            order,
            limit,
            cursor,
            today,
            query,
        };
        errors.into_result().map(|()| filter)
    }

    /// What is asked for, in words. Of what is searched for only that it is: it may be a name.
    pub(crate) fn words(&self, desk: &Desk) -> String {
        fn labels<T: Term>(parts: &mut Vec<String>, terms: &[T]) {
            if !terms.is_empty() {
                let labels: Vec<&str> = terms.iter().map(|term| term.label()).collect();
                parts.push(format!("{}为{}", T::NAME, labels.join("、")));
            }
        }
        let query = &self.query;
        let mut parts = Vec::new();
        if set(&query.q).is_some() {
            parts.push("按搜索词".to_owned());
        }
        labels(&mut parts, &self.kinds);
        labels(&mut parts, &self.states);
        labels(&mut parts, &self.categories);
        labels(&mut parts, &self.channels);
        labels(&mut parts, &self.purposes);
        labels(&mut parts, &self.severities);
        labels(&mut parts, &self.procedures);
        let unit = |id: &Option<String>| desk.unit(set(id).as_deref()).map(|unit| unit.name);
        let named = [
            ("村", unit(&query.village_id)),
            ("责任单位", unit(&query.unit_id)),
            ("转往单位", unit(&query.offered_unit_id)),
            (
                "包案领导",
                desk.user(set(&query.lead_id).as_deref())
                    .map(|user| user.name),
            ),
            ("临时回执", set(&query.provisional)),
            ("登记不早于", query.received_from.map(|day| day.to_string())),
            ("登记不晚于", query.received_to.map(|day| day.to_string())),
            ("到期不早于", query.due_from.map(|day| day.to_string())),
            ("到期不晚于", query.due_before.map(|day| day.to_string())),
        ];
        for (name, value) in named {
            parts.extend(value.map(|value| format!("{name}{value}")));
        }
        let either = [
            (query.overdue, "已逾期", "未逾期"),
            (query.backlog, "积案", "非积案"),
            (query.collective, "集体访", "非集体访"),
            (query.first, "初次", "重复"),
            (query.open, "未办结", "已办结"),
        ];
        for (asked, yes, no) in either {
            parts.extend(asked.map(|asked| if asked { yes } else { no }.to_owned()));
        }
        if query.mine == Some(true) {
            parts.push("本人经办".to_owned());
        }
        parts.join("；")
    }

    /// The conditions of each part of what the actor may know of ([`scope::parts`]).
    fn conditions(&self, conn: &mut Conn, actor: &Actor) -> QueryResult<Vec<Condition>> {
        let sqlite = conn.is_sqlite();
        let parts = scope::parts(conn, actor)?.into_iter();
        let mut whole = |id: &Option<String>| -> QueryResult<Vec<String>> {
            set(id).map_or_else(|| Ok(Vec::new()), |id| units::with_former(conn, id))
        };
        let places = Places {
            villages: whole(&self.query.village_id)?,
            units: whole(&self.query.unit_id)?,
        };
        Ok(parts
            .map(|part| self.condition(part, actor, &places, sqlite))
            .collect())
    }

    /// The conditions, the scope first.
    fn condition(
        &self,
        scope: Condition,
        actor: &Actor,
        places: &Places,
        sqlite: bool,
    ) -> Condition {
        let mut all = Vec::new();
        let query = &self.query;
        all.extend(one_of(&self.kinds, |t| Box::new(cases::kind.eq(t.code()))));
        all.extend(one_of(&self.states, |t| {
            Box::new(cases::state.eq(t.code()))
        }));
        all.extend(one_of(&self.categories, |t| {
            Box::new(cases::category.eq(t.code()))
        }));
        all.extend(one_of(&self.channels, |t| {
            Box::new(cases::channel.eq(t.code()))
        }));
        all.extend(one_of(&self.purposes, |t| {
            Box::new(cases::purpose.eq(t.code()))
        }));
        all.extend(one_of(&self.severities, |t| {
            Box::new(cases::severity.eq(t.code()))
        }));
        all.extend(one_of(&self.procedures, |t| {
            Box::new(cases::procedure.eq(t.code()))
        }));
        match places.villages.as_slice() {
            [] => {}
            [id] => all.push(Box::new(cases::village_id.eq(id.clone()).assume_not_null())),
            ids => all.push(Box::new(
                cases::village_id.eq_any(ids.to_vec()).assume_not_null(),
            )),
        }
        match places.units.as_slice() {
            [] => {}
            [id] => all.push(Box::new(
                cases::responsible_unit_id.eq(id.clone()).assume_not_null(),
            )),
            ids => all.push(Box::new(
                cases::responsible_unit_id
                    .eq_any(ids.to_vec())
                    .assume_not_null(),
            )),
        }
        if let Some(id) = set(&query.offered_unit_id) {
            all.push(Box::new(cases::offered_unit_id.eq(id).assume_not_null()));
        }
        if let Some(id) = set(&query.lead_id) {
            all.push(Box::new(cases::lead_id.eq(id).assume_not_null()));
        }
        match query.overdue {
            Some(true) => all.push(Box::new(cases::due_on.lt(self.today))),
            Some(false) => all.push(Box::new(cases::due_on.ge(self.today))),
            None => {}
        }
        if let Some(day) = query.due_before {
            all.push(Box::new(cases::due_on.le(day)));
        }
        if let Some(day) = query.due_from {
            all.push(Box::new(
                cases::due_on
                    .ge(day)
                    .and(cases::due_on.lt(super::store::NOTHING_DUE)),
            ));
        }
        // Literals, so that the indexes of the few backlog and collective cases are found.
        if let Some(backlog) = query.backlog {
            let backlog = if backlog { "TRUE" } else { "FALSE" };
            all.push(Box::new(sql::<Bool>(&format!("cases.backlog = {backlog}"))));
        }
        if let Some(collective) = query.collective {
            let collective = if collective { "TRUE" } else { "FALSE" };
            all.push(Box::new(sql::<Bool>(&format!(
                "cases.collective = {collective}"
            ))));
        }
        match query.first {
            Some(true) => all.push(Box::new(cases::earlier_case_id.is_null())),
            Some(false) => all.push(Box::new(cases::earlier_case_id.is_not_null())),
            None => {}
        }
        if let Some(day) = query.received_from {
            all.push(Box::new(cases::received_on.ge(day)));
        }
        if let Some(day) = query.received_to {
            all.push(Box::new(cases::received_on.le(day)));
        }
        if let Some(open) = query.open {
            let ended: Vec<State> = State::ALL
                .iter()
                .copied()
                .filter(|state| !state.is_open())
                .collect();
            if open {
                // Most states are open: an index by state would help less than one by the order.
                for state in ended {
                    all.push(Box::new(cases::state.ne(state.code())));
                }
            } else {
                all.extend(one_of(&ended, |t| Box::new(cases::state.eq(t.code()))));
            }
        }
        if query.mine == Some(true) {
            let me = actor.self_ids();
            all.push(Box::new(
                cases::lead_id
                    .eq_any(me.clone())
                    .assume_not_null()
                    .or(cases::responsible_user_id
                        .eq_any(me.clone())
                        .assume_not_null())
                    .or(cases::registrar_id.eq_any(me)),
            ));
        }
        if let Some(number) = self.provisional() {
            all.push(Box::new(
                cases::id.eq_any(
                    provisional_receipts::table
                        .filter(provisional_receipts::number.eq(number.as_str().to_owned()))
                        .select(provisional_receipts::case_id),
                ),
            ));
        } else if let Some(q) = set(&query.q) {
            all.push(found(&q, sqlite));
        }
        all.into_iter().fold(scope, |a, b| Box::new(a.and(b)))
    }

    /// The provisional receipt that is asked for, by its parameter or in the search.
    fn provisional(&self) -> Option<Provisional> {
        let asked = set(&self.query.provisional).or_else(|| set(&self.query.q))?;
        Provisional::read(&asked).ok()
    }

    /// What comes after the cursor.
    fn after(&self) -> Option<Condition> {
        let cursor = self.cursor.as_ref()?;
        let id = cursor.id.clone();
        // The first comparison lets the index find the place; the second breaks ties by id.
        macro_rules! beyond {
            ($column:expr, $value:expr) => {{
                let value = $value;
                let condition: Condition = if self.order.descending {
                    Box::new(
                        $column
                            .le(value.clone())
                            .and($column.lt(value).or(cases::id.lt(id))),
                    )
                } else {
                    Box::new(
                        $column
                            .ge(value.clone())
                            .and($column.gt(value).or(cases::id.gt(id))),
                    )
                };
                Some(condition)
            }};
        }
        match self.order.key {
            Key::Received => beyond!(cases::received_on, cursor.value.parse::<NaiveDate>().ok()?),
            Key::Due => beyond!(cases::due_on, cursor.value.parse::<NaiveDate>().ok()?),
            Key::Number => beyond!(cases::number_key, cursor.value.clone()),
            Key::Updated => beyond!(cases::updated_at, instant(&cursor.value)?),
        }
    }

    fn cursor_of(&self, case: &CaseRecord) -> String {
        let value = match self.order.key {
            Key::Received => case.received_on.to_string(),
            Key::Due => case.due_on.to_string(),
            Key::Number => case.number_key.clone(),
            Key::Updated => case.updated_at.and_utc().timestamp_millis().to_string(),
        };
        Cursor {
            order: self.order,
            value,
            id: case.id.clone(),
        }
        .write()
    }
}

fn instant(text: &str) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_millis(text.parse().ok()?).map(|at| at.naive_utc())
}

/// What a parameter says, if it says something. No row has a NUL, and PostgreSQL takes none.
fn set(text: &Option<String>) -> Option<String> {
    text.as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(|text| text.replace('\0', "\u{fffd}"))
}

/// The units that a filter names, each with those that were merged into it.
struct Places {
    villages: Vec<String>,
    units: Vec<String>,
}

fn one_of<T: Copy>(terms: &[T], condition: impl Fn(T) -> Condition) -> Option<Condition> {
    terms
        .iter()
        .map(|term| condition(*term))
        .reduce(|a, b| Box::new(a.or(b)))
}

/// Cases in whose index terms every phrase is found.
fn found(text: &str, sqlite: bool) -> Condition {
    let phrases = query_phrases(text);
    if phrases.is_empty() {
        // Only punctuation: nothing to look for, nothing found.
        return Box::new(cases::id.eq(""));
    }
    if sqlite {
        let query: Vec<String> = phrases
            .iter()
            .map(|phrase| {
                format!(
                    "\"{}\"{}",
                    phrase.terms.join(" "),
                    if phrase.prefix { "*" } else { "" }
                )
            })
            .collect();
        Box::new(
            sql::<Bool>("cases.docid IN (SELECT rowid FROM case_search WHERE case_search MATCH ")
                .bind::<Text, _>(query.join(" AND "))
                .sql(")"),
        )
    } else {
        let query: Vec<String> = phrases
            .iter()
            .map(|phrase| {
                format!(
                    "({}{})",
                    phrase.terms.join(" <-> "),
                    if phrase.prefix { ":*" } else { "" }
                )
            })
            .collect();
        Box::new(
            sql::<Bool>("cases.docid IN (SELECT docid FROM case_search WHERE terms @@ to_tsquery('simple', ")
                .bind::<Text, _>(query.join(" & "))
                .sql("))"),
        )
    }
}

/// How many cases the filter finds within what the actor may know of.
///
/// # Errors
/// The database's own.
pub(crate) fn count(conn: &mut Conn, actor: &Actor, filter: &Filter) -> QueryResult<u64> {
    let mut count = 0;
    for condition in filter.conditions(conn, actor)? {
        let some: i64 = cases::table.filter(condition).count().get_result(conn)?;
        count += some.unsigned_abs();
    }
    Ok(count)
}

/// The records of one page and whether there are more.
fn records(
    conn: &mut Conn,
    actor: &Actor,
    filter: &Filter,
    most: u32,
) -> QueryResult<(Vec<CaseRecord>, bool)> {
    let mut records: Vec<CaseRecord> = Vec::new();
    for condition in filter.conditions(conn, actor)? {
        let mut query = cases::table
            .filter(condition)
            .select(CaseRecord::as_select())
            .limit(i64::from(most) + 1)
            .into_boxed();
        if let Some(after) = filter.after() {
            query = query.filter(after);
        }
        macro_rules! by {
            ($column:expr) => {
                if filter.order.descending {
                    query.order(($column.desc(), cases::id.desc()))
                } else {
                    query.order(($column.asc(), cases::id.asc()))
                }
            };
        }
        query = match filter.order.key {
            Key::Received => by!(cases::received_on),
            Key::Due => by!(cases::due_on),
            Key::Number => by!(cases::number_key),
            Key::Updated => by!(cases::updated_at),
        };
        records.extend(query.load(conn)?);
    }
    records.sort_by(|a, b| {
        let order = match filter.order.key {
            Key::Received => a.received_on.cmp(&b.received_on),
            Key::Due => a.due_on.cmp(&b.due_on),
            Key::Number => a.number_key.cmp(&b.number_key),
            Key::Updated => a.updated_at.cmp(&b.updated_at),
        };
        let order = order.then_with(|| a.id.cmp(&b.id));
        if filter.order.descending {
            order.reverse()
        } else {
            order
        }
    });
    let more = records.len() > most as usize;
    records.truncate(most as usize);
    Ok((records, more))
}

/// A page of the ledger.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(crate) fn page(conn: &mut Conn, desk: &Desk, filter: &Filter) -> Result<Page<CaseRow>, Error> {
    super::service::may_list(desk)?;
    let (records, more) = records(conn, &desk.actor, filter, filter.limit)?;
    let next_cursor = if more {
        records.last().map(|last| filter.cursor_of(last))
    } else {
        None
    };
    // A first page that has everything needs no count of its own.
    let total = if filter.cursor.is_none() && !more {
        records.len() as u64
    } else {
        count(conn, &desk.actor, filter)?
    };
    let items = records
        .iter()
        .map(|case| view::row(desk, filter.today, case))
        .collect();
    Ok(Page {
        items,
        next_cursor,
        total,
    })
}

/// Every case that the filter finds, a page at a time, to `each`.
///
/// # Errors
/// [`Error::Denied`], the database's own, and `each`'s.
pub(crate) fn every(
    conn: &mut Conn,
    desk: &Desk,
    mut filter: Filter,
    mut each: impl FnMut(&mut Conn, &CaseRecord) -> Result<(), Error>,
) -> Result<u64, Error> {
    super::service::may_list(desk)?;
    let mut seen = 0;
    filter.cursor = None;
    loop {
        let (records, more) = records(conn, &desk.actor, &filter, crate::export::CHUNK)?;
        for case in &records {
            each(conn, case)?;
            seen += 1;
        }
        match records.last() {
            Some(last) if more => filter.cursor = Cursor::read(&filter.cursor_of(last)),
            _ => return Ok(seen),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors_of(query: CaseQuery) -> Vec<String> {
        Filter::read(query, "2026-03-01".parse().unwrap())
            .map(|_| Vec::new())
            .unwrap_or_else(|errors| errors.into_iter().map(|e| e.field).collect())
    }

    #[test]
    fn each_bad_parameter_is_named() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(errors_of(CaseQuery::default()), Vec::<String>::new());
        assert_eq!(
            errors_of(CaseQuery {
                state: text("registered,closed"),
                ..CaseQuery::default()
            }),
            Vec::<String>::new()
        );
        assert_eq!(
            errors_of(CaseQuery {
                state: text("open"),
                ..CaseQuery::default()
            }),
            ["state"]
        );
        assert_eq!(
            errors_of(CaseQuery {
                sort: text("name"),
                ..CaseQuery::default()
            }),
            ["sort"]
        );
        assert_eq!(
            errors_of(CaseQuery {
                limit: Some(201),
                ..CaseQuery::default()
            }),
            ["limit"]
        );
        assert_eq!(
            errors_of(CaseQuery {
                cursor: text("x"),
                ..CaseQuery::default()
            }),
            ["cursor"]
        );
    }

    #[test]
    fn a_cursor_of_another_order_is_refused() {
        let cursor = Cursor {
            order: Order {
                key: Key::Due,
                descending: false,
            },
            value: "2026-03-01".into(),
            id: "x".into(),
        };
        assert_eq!(Cursor::read(&cursor.write()), Some(cursor.clone()));
        let query = CaseQuery {
            cursor: Some(cursor.write()),
            sort: Some("-due_on".into()),
            ..CaseQuery::default()
        };
        assert_eq!(errors_of(query), ["cursor"]);
    }
}
