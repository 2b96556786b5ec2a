//! Leases: of several servers on one database, one does a kind of work. It takes the lease, renews it
//! while it lives, and whoever else finds it run out takes it over.

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;

use crate::db::{Conn, on_either};
use crate::schema::scheduler_lease as lease;

/// How long a lease lasts without being renewed.
pub(super) const LASTS: Duration = Duration::minutes(2);

/// Takes or renews a lease; whether the holder has it now. One statement compares and sets, so that of
/// two who try at once one gets it. A lease that seems to last longer than any does is from a clock
/// that has been set back, and counts for nothing.
pub(crate) fn take(
    conn: &mut Conn,
    name: &str,
    holder: &str,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let (at, until) = (now.naive_utc(), (now + LASTS).naive_utc());
    let free = lease::holder
        .eq(holder)
        .or(lease::until.le(at))
        .or(lease::until.gt((now + LASTS + LASTS).naive_utc()));
    let taken = diesel::update(lease::table.filter(lease::name.eq(name)).filter(free))
        .set((lease::holder.eq(holder), lease::until.eq(until)))
        .execute(conn)?;
    if taken == 1 {
        return Ok(true);
    }
    let new = (
        lease::name.eq(name),
        lease::holder.eq(holder),
        lease::until.eq(until),
    );
    on_either!(conn, |conn| diesel::insert_into(lease::table)
        .values(new)
        .on_conflict_do_nothing()
        .execute(conn))
    .map(|made| made == 1)
}

/// Gives a lease back, so that nobody has to wait for its end.
pub(crate) fn give_back(conn: &mut Conn, holder: &str, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(lease::table.filter(lease::holder.eq(holder)))
        .set(lease::until.eq(now.naive_utc()))
        .execute(conn)
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::tests::temporary;

    #[actix_web::test]
    async fn one_has_it_until_it_runs_out() {
        let (db, _dir) = temporary();
        let start: DateTime<Utc> = "2026-03-01T00:00:00Z".parse().unwrap();
        let take = |holder: &'static str, seconds: i64| {
            let now = start + Duration::seconds(seconds);
            db.write(move |conn| take(conn, "x", holder, now))
        };
        assert_eq!(take("a", 0).await, Ok(true));
        assert_eq!(take("b", 0).await, Ok(false));
        assert_eq!(take("a", 60).await, Ok(true), "renewed");
        assert_eq!(take("b", 179).await, Ok(false));
        assert_eq!(take("b", 180).await, Ok(true), "its holder is gone");
        assert_eq!(take("a", 181).await, Ok(false));
        // The clock is set back a year: nobody waits a year for it.
        assert_eq!(take("a", -365 * 86400).await, Ok(true));
        // Given back, it is free at once.
        let now = start - Duration::days(365);
        db.write(move |conn| give_back(conn, "a", now))
            .await
            .unwrap();
        assert_eq!(take("b", -365 * 86400).await, Ok(true));
    }

    #[test]
    fn of_many_at_once_one_gets_it() {
        let (db, _dir) = temporary();
        let now: DateTime<Utc> = "2026-03-01T00:00:00Z".parse().unwrap();
        let got = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..8)
                .map(|n| {
                    let db = &db;
                    scope.spawn(move || {
                        db.write_blocking(move |conn| take(conn, "x", &n.to_string(), now))
                    })
                })
                .collect();
            let got = tries.into_iter().map(|one| one.join().unwrap().unwrap());
            got.filter(|got| *got).count()
        });
        assert_eq!(got, 1);
    }
}
