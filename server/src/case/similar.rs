//! Earlier cases that may be the same matter, while one is being registered.
//!
//! Two ways: a person with the same ID or phone number (by keyed hash), or a text that is alike.
//! Both look only at what the caller may see, so that a hint never tells of a hidden case.

use std::collections::HashSet;

use diesel::prelude::*;
use shared::case::input::SimilarQuery;
use shared::case::view::Similar;
use shared::identity::{IdNumber, Phone};
use shared::search::index_terms;

use super::desk::Desk;
use super::scope;
use super::store::CaseRecord;
use super::{Error, view};
use crate::db::Conn;
use crate::schema::{case_people, cases};

/// How many of the latest cases are compared by text.
const COMPARED: i64 = 400;
/// From how many percent on texts are alike.
const ALIKE: u32 = 50;
/// The same, where a name is the same too.
const ALIKE_WITH_NAME: u32 = 30;
/// From how many terms on a text says enough to be compared.
const FEWEST_TERMS: usize = 6;
/// How many hints are given at most.
const MOST: usize = 8;
/// How many numbers are looked up at most.
const MOST_NUMBERS: usize = 20;

/// Finds them, the most likely first.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(crate) fn find(
    conn: &mut Conn,
    desk: &Desk,
    query: &SimilarQuery,
) -> Result<Vec<Similar>, Error> {
    super::service::may_list(desk)?;
    let terms = terms_of(&query.cause);
    let same = same_people(conn, desk, query)?;
    let mut found: Vec<(bool, u32, CaseRecord)> = same
        .into_iter()
        .map(|case| (true, alike(&terms, &terms_of(&case.cause)), case))
        .collect();
    if terms.len() >= FEWEST_TERMS {
        for case in latest(conn, desk, query)? {
            let alike = alike(&terms, &terms_of(&case.cause));
            let named = case
                .petitioner
                .as_ref()
                .is_some_and(|name| query.names.iter().any(|n| n.trim() == name));
            let enough = alike >= ALIKE || (named && alike >= ALIKE_WITH_NAME);
            if enough && !found.iter().any(|(_, _, other)| other.id == case.id) {
                found.push((false, alike, case));
            }
        }
    }
    found.retain(|(_, _, case)| {
        query
            .except
            .as_ref()
            .is_none_or(|id| id.as_str() != case.id)
    });
    found.sort_by_key(|(same, alike, _)| std::cmp::Reverse((*same, *alike)));
    found.truncate(MOST);
    let today = desk.context.today();
    Ok(found
        .into_iter()
        .map(|(same_person, alike, case)| Similar {
            case: view::row(desk, today, &case),
            same_person,
            alike,
        })
        .collect())
}

fn terms_of(text: &str) -> HashSet<String> {
    index_terms(text)
        .split(' ')
        .filter(|term| !term.is_empty())
        .map(str::to_owned)
        .collect()
}

/// How much of the shorter text the longer one has, in percent: what is being typed is often only
/// the beginning.
fn alike(a: &HashSet<String>, b: &HashSet<String>) -> u32 {
    let shorter = a.len().min(b.len());
    if shorter < FEWEST_TERMS {
        return 0;
    }
    u32::try_from(a.intersection(b).count() * 100 / shorter).unwrap_or(0)
}

fn same_people(
    conn: &mut Conn,
    desk: &Desk,
    query: &SimilarQuery,
) -> Result<Vec<CaseRecord>, Error> {
    let ids = query
        .id_numbers
        .iter()
        .filter_map(|number| IdNumber::parse(number).ok());
    let phones = query
        .phones
        .iter()
        .filter_map(|number| Phone::parse(number).ok());
    let ids = ids.map(|number| {
        (
            "id_number",
            desk.keys.lookup_hash("id_number", number.as_str()),
        )
    });
    let phones = phones.map(|number| ("phone", desk.keys.lookup_hash("phone", number.as_str())));
    let mut case_ids: Vec<String> = Vec::new();
    for (column, hash) in ids.chain(phones).take(MOST_NUMBERS) {
        let people = case_people::table.select(case_people::case_id).limit(50);
        let found: Vec<String> = if column == "id_number" {
            people.filter(case_people::id_hash.eq(hash)).load(conn)?
        } else {
            people.filter(case_people::phone_hash.eq(hash)).load(conn)?
        };
        case_ids.extend(found);
    }
    case_ids.sort();
    case_ids.dedup();
    let mut found = Vec::new();
    for id in case_ids {
        let case = cases::table
            .filter(cases::id.eq(id))
            .filter(scope::visible_to(&desk.actor))
            .select(CaseRecord::as_select())
            .first::<CaseRecord>(conn)
            .optional()?;
        found.extend(case);
    }
    found.sort_by_key(|case| std::cmp::Reverse(case.received_on));
    Ok(found)
}

fn latest(conn: &mut Conn, desk: &Desk, query: &SimilarQuery) -> Result<Vec<CaseRecord>, Error> {
    let mut latest = cases::table
        .filter(scope::visible_to(&desk.actor))
        .order((cases::received_on.desc(), cases::id.desc()))
        .limit(COMPARED)
        .select(CaseRecord::as_select())
        .into_boxed();
    if let Some(village) = &query.village_id {
        let villages = desk.names.with_former(village.as_str());
        latest = latest.filter(cases::village_id.eq_any(villages).assume_not_null());
    }
    Ok(latest.load(conn)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_like_the_whole() {
        let whole = "斗渠尾部几户春灌总轮不上水，地里玉米受旱，村里没有公示轮灌次序。";
        for (text, expect) in [
            ("反映斗渠春灌水轮不上，玉米受旱", true),
            ("养殖场粪污排进农渠，天热时气味很大", false),
            ("宅基地界址不清，院墙占了滴水檐", false),
            ("春灌", false),
        ] {
            assert_eq!(
                alike(&terms_of(text), &terms_of(whole)) >= ALIKE,
                expect,
                "{text}"
            );
        }
    }
}
