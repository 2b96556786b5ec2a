//! Made-up ratings for the demo: some by a call, some in person, one by the petitioner on the public page.
//! The rest of the answers wait for somebody to call.

use chrono::Days;
use shared::role::Role;
use shared::satisfaction::{NewRating, Rating, RatingWay};

use super::service;
use crate::db::Conn;
use crate::demo::Error;
use crate::demo::cast::{Cases, Cast, wrong};

/// What somebody said: whose case, what, how, in which words.
const SAID: &[(&str, Rating, RatingWay, Option<&str>)] = &[
    (
        "秦守业",
        Rating::Satisfied,
        RatingWay::Call,
        Some("补贴已经到卡上，数字对。"),
    ),
    (
        "卫长青",
        Rating::Satisfied,
        RatingWay::InPerson,
        Some("沟改好了，两家又走动了。"),
    ),
    (
        "孙学礼",
        Rating::MostlySatisfied,
        RatingWay::Call,
        Some("晚上不响了，白天灰还大。"),
    ),
    ("张巧云", Rating::MostlySatisfied, RatingWay::Call, None),
    (
        "史玉琴",
        Rating::Dissatisfied,
        RatingWay::Call,
        Some("没有到地里重新量，只看了台账。"),
    ),
    ("龙开明", Rating::Declined, RatingWay::Call, None),
    (
        "王存德",
        Rating::Satisfied,
        RatingWay::Public,
        Some("年限补上了，谢谢。"),
    ),
];

/// Makes them.
///
/// # Errors
/// [`Error`].
pub(crate) fn load(conn: &mut Conn, cast: &Cast, cases: &Cases) -> Result<(), Error> {
    let fail = |e| wrong("satisfaction", e);
    let askers = [
        cast.desk(Role::CoordinationOffice)?,
        cast.desk(Role::TownshipLeader)?,
    ];
    for (name, rating, way, words) in SAID {
        let Some(case) = cases.get(name) else {
            return Err(wrong("satisfaction", format!("no case of {name}")));
        };
        if *way == RatingWay::Public {
            let desk = cast.desk(Role::CoordinationOffice)?;
            let (names, context) = (&desk.names, &desk.context);
            service::record_own(conn, names, context, case.as_str(), *rating, *words)
                .map_err(fail)?;
            continue;
        }
        // Whoever had no part in the answer.
        for desk in askers {
            let view = service::show(conn, desk, case).map_err(fail)?;
            let Some(answered) = view.answered_on.filter(|_| view.allowed) else {
                continue;
            };
            let on = answered
                .checked_add_days(Days::new(6))
                .map_or(cast.today(), |on| on.min(cast.today()));
            let input = NewRating {
                on: Some(on),
                rating: *rating,
                way: *way,
                words: words.map(str::to_owned),
            };
            service::record(conn, desk, case, view.version, &input).map_err(fail)?;
            break;
        }
    }
    Ok(())
}
