//! Rows of the audit log.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use shared::term::Term;

use super::Entry;
use crate::context::RequestContext;
use crate::db::Conn;
use crate::schema::audit_log;

/// Who did it.
pub(super) struct Who<'a> {
    pub(super) user_id: Option<&'a str>,
    pub(super) user_name: Option<&'a str>,
    pub(super) township_id: Option<&'a str>,
}

#[derive(Insertable)]
#[diesel(table_name = audit_log)]
struct NewRow<'a> {
    id: String,
    at: NaiveDateTime,
    user_id: Option<&'a str>,
    user_name: Option<&'a str>,
    township_id: Option<&'a str>,
    action: &'static str,
    case_id: Option<String>,
    sealed: bool,
    registrar_only: bool,
    detail: String,
    address: Option<String>,
    request_id: &'a str,
}

pub(super) fn insert(
    conn: &mut Conn,
    context: &RequestContext,
    who: Who<'_>,
    entry: Entry,
) -> QueryResult<()> {
    let row = NewRow {
        id: crate::ids::new_id(),
        at: context.now.naive_utc(),
        user_id: who.user_id,
        user_name: who.user_name,
        township_id: who.township_id,
        action: entry.action.code(),
        case_id: entry.case_id,
        sealed: entry.sealed,
        registrar_only: entry.registrar_only,
        detail: entry.detail,
        address: context.address.map(|address| address.to_string()),
        request_id: &context.request_id,
    };
    diesel::insert_into(audit_log::table)
        .values(row)
        .execute(conn)
        .map(drop)
}
