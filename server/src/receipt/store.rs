//! Rows of provisional receipts.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use shared::receipt::Provisional;

use crate::db::{Conn, on_either};
use crate::schema::provisional_receipts as receipts;

/// A provisional receipt as it is kept.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = receipts, treat_none_as_default_value = false)]
pub(crate) struct ReceiptRecord {
    pub(crate) number: String,
    pub(crate) case_id: String,
    pub(crate) author_id: String,
    pub(crate) recorded_at: Option<NaiveDateTime>,
    pub(crate) at: NaiveDateTime,
}

/// Keeps which case a number became; whether it was free. On PostgreSQL a second one waits here until
/// the first has committed.
pub(crate) fn insert(conn: &mut Conn, receipt: &ReceiptRecord) -> QueryResult<bool> {
    let inserted = on_either!(conn, |conn| diesel::insert_into(receipts::table)
        .values(receipt)
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(inserted == 1)
}

/// What became of a number.
pub(crate) fn find(conn: &mut Conn, number: &Provisional) -> QueryResult<Option<ReceiptRecord>> {
    receipts::table
        .find(number.as_str())
        .select(ReceiptRecord::as_select())
        .first(conn)
        .optional()
}

/// The provisional number of a case, if it has one.
pub(crate) fn of_case(conn: &mut Conn, case_id: &str) -> QueryResult<Option<String>> {
    receipts::table
        .filter(receipts::case_id.eq(case_id))
        .select(receipts::number)
        .first(conn)
        .optional()
}
