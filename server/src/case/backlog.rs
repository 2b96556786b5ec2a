//! The backlog (积案) as a list, and what is proposed for it. Both start from the cases' scope, as
//! every list does.

use actix_web::web;
use chrono::{Days, NaiveDate};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde::Deserialize;
use shared::case::backlog::{
    BacklogProposal, BacklogRow, PROPOSE_AFTER_DAYS, PackageState, reason,
};
use shared::case::matter::package::InPlace;
use shared::case::matter::view::aged;
use shared::case::matter::{Any, MatterKind};
use shared::case::state::State as CaseState;
use shared::page::Page;
use shared::problem::Problem;
use shared::term::Term;
use shared::validate::Errors;

use super::matter::store::{self, MatterRecord};
use super::scope::{self, Condition};
use super::store::CaseRecord;
use super::{Desk, Error, service, view};
use crate::auth::Actor;
use crate::context::RequestContext;
use crate::db::Conn;
use crate::error::ApiError;
use crate::page::cursor;
use crate::schema::cases;
use crate::state::State;

/// The routes of this room.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/backlog").route(web::get().to(list_backlog)))
        .service(web::resource("/backlog/proposals").route(web::get().to(list_proposals)));
}

/// The documents of this room's routes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_backlog, list_proposals))]
pub(crate) struct Docs;

/// The query string of both lists.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct BacklogQuery {
    /// The case's village.
    village_id: Option<String>,
    /// The leader who took it.
    lead_id: Option<String>,
    /// How many, 1 to 200; 50 when absent.
    limit: Option<u32>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// A checked query.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
    village_id: Option<String>,
    lead_id: Option<String>,
    limit: i64,
    after: Option<(NaiveDate, String)>,
}

impl Filter {
    /// Checks a query.
    ///
    /// # Errors
    /// What is wrong with each parameter.
    pub(super) fn read(query: BacklogQuery) -> Result<Self, Error> {
        let mut errors = Errors::new();
        let (limit, after) = crate::page::place(query.limit, query.cursor, &mut errors);
        if !errors.is_empty() {
            return Err(errors.into());
        }
        // No row has a NUL, and PostgreSQL takes none.
        let set = |text: Option<String>| {
            text.map(|text| text.trim().replace('\0', "\u{fffd}"))
                .filter(|text| !text.is_empty())
        };
        Ok(Self {
            village_id: set(query.village_id),
            lead_id: set(query.lead_id),
            limit,
            after,
        })
    }

    /// What both lists choose from: open cases that the actor may know of.
    fn open_cases(&self, desk: &Desk) -> Condition {
        let mut all: Vec<Condition> = Vec::new();
        let ended = CaseState::ALL.iter().filter(|state| !state.is_open());
        for state in ended {
            all.push(Box::new(cases::state.ne(state.code())));
        }
        if let Some(id) = &self.village_id {
            let villages = desk.names.with_former(id);
            all.push(Box::new(
                cases::village_id.eq_any(villages).assume_not_null(),
            ));
        }
        if let Some(id) = &self.lead_id {
            all.push(Box::new(cases::lead_id.eq(id.clone()).assume_not_null()));
        }
        let scope = scope::visible_to(&desk.actor);
        all.into_iter().fold(scope, |a, b| Box::new(a.and(b)))
    }

    /// A page of what was chosen, by a day and the id.
    fn records(
        &self,
        conn: &mut Conn,
        by: Order,
        chosen: Condition,
    ) -> QueryResult<(Vec<CaseRecord>, Option<String>)> {
        let mut query = cases::table
            .filter(chosen)
            .limit(self.limit + 1)
            .select(CaseRecord::as_select())
            .into_boxed();
        macro_rules! by {
            ($column:expr) => {{
                if let Some((day, id)) = self.after.clone() {
                    query = query.filter($column.ge(day).and($column.gt(day).or(cases::id.gt(id))));
                }
                query.order(($column, cases::id))
            }};
        }
        let query = match by {
            Order::Received => by!(cases::received_on),
            Order::Due => by!(cases::due_on),
        };
        let mut records: Vec<CaseRecord> = query.load(conn)?;
        let most = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = records.len() > most;
        records.truncate(most);
        let last = records.last().filter(|_| more);
        let next = last.map(|case| {
            let day = match by {
                Order::Received => case.received_on,
                Order::Due => case.due_on,
            };
            cursor(&(day, case.id.as_str()))
        });
        Ok((records, next))
    }
}

/// By which day a list is ordered.
#[derive(Debug, Clone, Copy)]
enum Order {
    Received,
    Due,
}

fn count(conn: &mut Conn, chosen: Condition) -> QueryResult<u64> {
    let total: i64 = cases::table.filter(chosen).count().get_result(conn)?;
    Ok(total.unsigned_abs())
}

/// 积案清单
///
/// 看得到事项的人员。未办结的积案，收到最早的在前：已经多少天、包案领导、化解专班进展、四个落实。
#[utoipa::path(
    get, path = "/api/v1/backlog", operation_id = "list_backlog", tag = "cases",
    params(BacklogQuery),
    responses(
        (status = 200, body = Page<BacklogRow>),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_backlog(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<BacklogQuery>,
) -> Result<web::Json<Page<BacklogRow>>, ApiError> {
    let filter = Filter::read(query.into_inner())?;
    let desk = Desk::open(&state, actor, context).await?;
    let page = state
        .db
        .read_heavy(move |conn| page(conn, &desk, &filter))
        .await?;
    Ok(web::Json(page))
}

/// 建议列为积案
///
/// 看得到事项的人员。超过办理期限60日以上，或答复后再次反映，还不是积案的未办结事项，附理由。
/// 是否列为积案由镇综治办或镇领导决定（事项操作 mark_backlog）。
#[utoipa::path(
    get, path = "/api/v1/backlog/proposals", operation_id = "list_backlog_proposals",
    tag = "cases", params(BacklogQuery),
    responses(
        (status = 200, body = Page<BacklogProposal>),
        (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
    security(("bearer" = [])),
)]
async fn list_proposals(
    actor: Actor,
    context: RequestContext,
    state: web::Data<State>,
    query: web::Query<BacklogQuery>,
) -> Result<web::Json<Page<BacklogProposal>>, ApiError> {
    let filter = Filter::read(query.into_inner())?;
    let desk = Desk::open(&state, actor, context).await?;
    let page = state
        .db
        .read_heavy(move |conn| proposals(conn, &desk, &filter))
        .await?;
    Ok(web::Json(page))
}

/// A page of the backlog, the oldest in front.
fn page(conn: &mut Conn, desk: &Desk, filter: &Filter) -> Result<Page<BacklogRow>, Error> {
    service::may_list(desk)?;
    let today = desk.context.today();
    let chosen = || -> Condition {
        // The literal is what the index of the few backlog cases is found by.
        let backlog: Condition = Box::new(sql::<Bool>("cases.backlog = TRUE"));
        Box::new(filter.open_cases(desk).and(backlog))
    };
    let total = count(conn, chosen())?;
    let (records, next_cursor) = filter.records(conn, Order::Received, chosen())?;
    let ids: Vec<&str> = records.iter().map(|case| case.id.as_str()).collect();
    let packages = store::packages_of(conn, &ids)?;
    let mut items = Vec::with_capacity(records.len());
    for case in &records {
        // The open one; where there is none, the last one.
        let of_case = || packages.iter().filter(|package| package.case_id == case.id);
        let package = of_case()
            .find(|package| package.open)
            .or_else(|| of_case().next());
        let (package, missing) = match package {
            Some(record) => state_of(desk, record, today)?,
            None => (None, InPlace::ALL.to_vec()),
        };
        items.push(BacklogRow {
            case: view::row(desk, today, case),
            days: today.signed_duration_since(case.received_on).num_days(),
            package,
            in_place: u32::try_from(InPlace::ALL.len() - missing.len()).unwrap_or(0),
            missing,
        });
    }
    Ok(Page {
        items,
        next_cursor,
        total,
    })
}

/// How a package stands, and what is missing of it.
fn state_of(
    desk: &Desk,
    record: &MatterRecord,
    today: NaiveDate,
) -> Result<(Option<PackageState>, Vec<InPlace>), Error> {
    let Any::Package(package) = record.matter()? else {
        return Ok((None, InPlace::ALL.to_vec()));
    };
    let due_on = record.due();
    let state = PackageState {
        id: record.id.clone(),
        state: record.state.clone(),
        state_label: record.state_label.clone(),
        tone: aged(
            MatterKind::Package,
            record.tone.0,
            due_on,
            today,
            desk.general().reminders,
        ),
        open: record.open,
        last_progress_on: package.last_progress(),
        due_on,
        due_what: record.due_what.clone(),
    };
    Ok((Some(state), package.missing()))
}

/// Whether a case repeats one that was answered.
const REPEATED: &str = "EXISTS (SELECT 1 FROM case_events WHERE case_events.case_id = \
     cases.earlier_case_id AND case_events.kind = 'answered')";

/// What is proposed as backlog, within what the actor may know of.
fn proposed(desk: &Desk, filter: &Filter) -> Condition {
    let today = desk.context.today();
    let day = today.checked_sub_days(Days::new(u64::from(PROPOSE_AFTER_DAYS)));
    let backlog: Condition = Box::new(sql::<Bool>("cases.backlog = FALSE"));
    let overdue: Condition = Box::new(cases::due_on.le(day.unwrap_or(NaiveDate::MIN)));
    let repeated: Condition = Box::new(
        cases::earlier_case_id
            .is_not_null()
            .and(sql::<Bool>(REPEATED)),
    );
    let why: Condition = Box::new(overdue.or(repeated));
    let open: Condition = Box::new(filter.open_cases(desk).and(backlog));
    Box::new(open.and(why))
}

/// How many cases are proposed as backlog.
pub(super) fn count_proposals(conn: &mut Conn, desk: &Desk) -> QueryResult<u64> {
    count(conn, proposed(desk, &Filter::default()))
}

/// A page of what is proposed as backlog, the longest overdue in front.
fn proposals(
    conn: &mut Conn,
    desk: &Desk,
    filter: &Filter,
) -> Result<Page<BacklogProposal>, Error> {
    service::may_list(desk)?;
    let today = desk.context.today();
    let total = count(conn, proposed(desk, filter))?;
    let (records, next_cursor) = filter.records(conn, Order::Due, proposed(desk, filter))?;
    let ids: Vec<&str> = records.iter().map(|case| case.id.as_str()).collect();
    let repeated: Vec<String> = cases::table
        .filter(cases::id.eq_any(ids))
        .filter(cases::earlier_case_id.is_not_null())
        .filter(sql::<Bool>(REPEATED))
        .select(cases::id)
        .load(conn)?;
    let items = records.iter().map(|case| {
        let repeated = repeated.contains(&case.id);
        let late = case
            .due()
            .map(|due| today.signed_duration_since(due).num_days())
            .filter(|days| *days >= i64::from(PROPOSE_AFTER_DAYS));
        BacklogProposal {
            case: view::row(desk, today, case),
            overdue_days: late,
            repeated,
            reason: reason(late, repeated).unwrap_or_default(),
        }
    });
    Ok(Page {
        items: items.collect(),
        next_cursor,
        total,
    })
}
