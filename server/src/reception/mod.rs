//! Reception days (接待日): the roster, who is on duty, who came and which case it became.
//!
//! The roster is public within the township; who came is not: a case is shown to whom it may be
//! shown, and a sealed accusation is not even counted for those it is sealed from.

pub(crate) mod demo;
pub(crate) mod routes;
pub(crate) mod service;
pub(crate) mod store;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::result::QueryResult;
use shared::ids::UserId;
use shared::notice::NoticeKind;

use crate::db::Conn;
use crate::directory::Snapshot;
use crate::notify::{self, Draft};

/// Reminds whoever is on duty of the reception day of tomorrow; of today's, where nothing reminded
/// them before.
///
/// # Errors
/// The database's own.
pub(crate) fn tick(
    conn: &mut Conn,
    names: &Snapshot,
    today: NaiveDate,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let tomorrow = today.succ_opt().unwrap_or(today);
    for day in store::standing_between(conn, today, tomorrow)? {
        let mut to: Vec<UserId> = vec![UserId::from(day.leader_id.as_str())];
        to.extend(store::staff_of(conn, &day.id)?.into_iter().map(UserId::new));
        to.retain(|id| {
            names
                .member(id)
                .is_some_and(|member| member.user.is_active_person())
        });
        to.dedup();
        let when = if day.on_day == today {
            "今天"
        } else {
            "明天"
        };
        let draft = Draft {
            kind: NoticeKind::Reception,
            title: format!("{when}是接待日，您值班"),
            body: format!(
                "{} {}至{}，{}。",
                day.on_day, day.from_time, day.to_time, day.place
            ),
            link: format!("/reception/{}", day.id),
            urgent: false,
            once: format!("reception:{}:{}", day.id, day.on_day),
        };
        notify::post(conn, &to, &draft, now)?;
    }
    Ok(())
}
