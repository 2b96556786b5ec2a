//! Terms as columns: an enum of `shared` is kept as its code.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;
use shared::term::Term;

/// A term of a set, in a column of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromSqlRow, AsExpression)]
#[diesel(sql_type = Text)]
pub(crate) struct Coded<T: Term + std::fmt::Debug>(pub T);

impl<T, DB> FromSql<Text, DB> for Coded<T>
where
    T: Term + std::fmt::Debug,
    DB: Backend,
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let code = String::from_sql(bytes)?;
        T::from_code(&code)
            .map(Self)
            .ok_or_else(|| format!("{} has no code {code:?}", T::NAME).into())
    }
}

impl<T, DB> ToSql<Text, DB> for Coded<T>
where
    T: Term + std::fmt::Debug,
    DB: Backend,
    str: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        <str as ToSql<Text, DB>>::to_sql(self.0.code(), out)
    }
}
