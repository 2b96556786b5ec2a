//! The book against the decision and the database; counts against lists.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use shared::access::{Actor, visible};
use shared::case::number::Series;
use shared::case::state::{EventKind, State};
use shared::case::{Category, Kind, Outcome};
use shared::indicator::count::counts;
use shared::indicator::period::{Day, Span};
use shared::indicator::{FigureBy, FigurePart, Indicator};
use shared::role::Role;
use shared::term::Term;

use super::Error;
use super::book::{Cases, Figures, Sum};
use super::grid::{self, Cell, Cut, Grid};
use crate::case::coded::Coded;
use crate::case::scope::tests::{actors, fill, records};
use crate::case::store::{self, CaseRecord, EventRecord};
use crate::db::{Conn, Db};
use crate::directory::Snapshot;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn event(
    case: &str,
    seq: i32,
    kind: EventKind,
    on: NaiveDate,
    outcome: Option<Outcome>,
) -> EventRecord {
    let data = outcome.map_or_else(
        || "{}".to_owned(),
        |outcome| format!("{{\"outcome\":\"{}\"}}", outcome.code()),
    );
    EventRecord {
        id: format!("{case}-{seq}"),
        case_id: case.to_owned(),
        seq,
        kind: Coded(kind),
        on_day: on,
        at: on.and_hms_opt(4, 0, 0).unwrap(),
        actor_id: "a".into(),
        actor_name: "a".into(),
        actor_unit: "centre".into(),
        state: Coded(State::Registered),
        text: None,
        data,
    }
}

/// A number that looks random, of a number.
fn mixed(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// Some of the scope's cases, with a life each that a seed decides, over two year ends.
fn ledger(seed: u64) -> Vec<(CaseRecord, Option<&'static str>, Vec<EventRecord>)> {
    let first = usize::try_from(seed % 5).unwrap();
    let cases = records().into_iter().skip(first).step_by(5).enumerate();
    cases
        .map(|(n, (mut case, referred))| {
            let luck = mixed(seed.wrapping_add(u64::try_from(n).unwrap()));
            let received = day("2024-01-15") + Days::new(luck % 800);
            case.received_on = received;
            case.kind = Coded(Kind::ALL[usize::try_from(luck >> 8).unwrap() % 2]);
            case.collective = luck & 64 == 0;
            let category = usize::try_from(luck >> 16).unwrap() % Category::ALL.len();
            case.category = Coded(Category::ALL[category]);
            case.responsible_unit_id = referred.map(str::to_owned);
            let mut events = vec![event(&case.id, 0, EventKind::Registered, received, None)];
            let steps = [
                (EventKind::Accepted, None),
                (EventKind::Taken, None),
                (EventKind::BacklogMarked, None),
                (EventKind::Answered, None),
                (
                    EventKind::Closed,
                    Some(Outcome::ALL[usize::try_from(luck >> 20).unwrap() % 3]),
                ),
                (EventKind::Reopened, None),
            ];
            let mut on = received;
            let many = usize::try_from(luck >> 24).unwrap() % (steps.len() + 1);
            for (seq, (kind, outcome)) in steps.into_iter().take(many).enumerate() {
                on = on + Days::new(mixed(luck.wrapping_add(seq as u64)) % 40);
                let seq = i32::try_from(seq).unwrap() + 1;
                events.push(event(&case.id, seq, kind, on, outcome));
            }
            (case, referred, events)
        })
        .collect()
}

async fn filled() -> (Db, tempfile::TempDir) {
    filled_by(0).await
}

/// A database with the ledger of a seed.
async fn filled_by(seed: u64) -> (Db, tempfile::TempDir) {
    let (db, dir) = crate::db::tests::temporary();
    db.write(move |conn| {
        let ledger = ledger(seed);
        let cases: Vec<_> = ledger.iter().map(|(c, r, _)| (c.clone(), *r)).collect();
        fill(conn, &cases);
        for event in ledger.iter().flat_map(|(_, _, events)| events) {
            store::insert_event(conn, event)?;
        }
        Ok::<_, diesel::result::Error>(())
    })
    .await
    .unwrap();
    (db, dir)
}

/// What counts for an actor is what they may know of; for the auditor all but what sealing hides.
#[actix_web::test]
async fn the_book_and_the_decision_agree() {
    let (db, _dir) = crate::db::tests::temporary();
    let all = records();
    let kept = all.clone();
    db.write(move |conn| {
        fill(conn, &kept);
        Ok::<_, diesel::result::Error>(())
    })
    .await
    .unwrap();
    let figures = Figures::default();
    let found = db
        .read_heavy(move |conn| {
            figures.read(conn, &Snapshot::default(), |book| {
                let of = |actor: &Actor| book.cases().counted_for(actor).map(|t| t.id).collect();
                let found: Vec<BTreeSet<u32>> = actors().iter().map(of).collect();
                found
            })
        })
        .await
        .unwrap();
    for (actor, found) in actors().iter().zip(found) {
        let decided: BTreeSet<u32> = all
            .iter()
            .filter(|(case, referred)| {
                let facts = case.facts(referred.iter().map(|unit| (*unit).to_owned()).collect());
                match actor.role {
                    Role::Auditor => {
                        actor.township_id == facts.township_id
                            && !shared::access::sealed_from(actor, &facts)
                    }
                    // It sees what is handed up, and counts nothing by itself.
                    Role::CountyOffice => false,
                    _ => visible(actor, &facts),
                }
            })
            .map(|(case, _)| u32::try_from(case.docid).unwrap())
            .collect();
        assert_eq!(found, decided, "{actor:?}");
        let registrars = |case: &CaseRecord| {
            case.seal.0 == Series::RegistrarOnly && case.registrar_id != actor.user_id.as_str()
        };
        let hidden = all.iter().filter(|(case, _)| registrars(case));
        for (case, _) in hidden {
            assert!(!found.contains(&u32::try_from(case.docid).unwrap()));
        }
    }
}

/// One actor of each role, the secretaries of both villages, and those with sealed cases of their own.
fn some_actors() -> Vec<Actor> {
    let fits = |actor: &&Actor| {
        let unit = actor.unit_id.as_str();
        match actor.role {
            Role::TownshipLeader | Role::Auditor => unit == "t",
            Role::CoordinationOffice => unit == "office" || unit == "other",
            Role::VillageSecretary => unit == "v1" || unit == "v2",
            Role::GroupInformant => unit == "g1",
            Role::PoliceStation => unit == "police",
            Role::Court => unit == "court",
            Role::JusticeOffice => unit == "justice",
            Role::ServiceCentre => unit == "centre",
            Role::Administrator | Role::CountyOffice => unit == "t",
        }
    };
    actors().iter().filter(fits).cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    /// Of any ledger, for each role's scope, as of any day.
    #[test]
    fn counts_and_lists_agree(seed in any::<u64>(), later in 0u64..60) {
        let as_of = day("2025-12-20") + Days::new(later);
        actix_web::rt::System::new().block_on(counts_are_lists(seed, as_of));
    }
}

/// Every cell of every cut has a list of just so many cases, each of which the actor counts.
async fn counts_are_lists(seed: u64, as_of: NaiveDate) {
    let (db, _dir) = filled_by(seed).await;
    let figures = Figures::default();
    let checked = db
        .read_heavy(move |conn| {
            figures.read(conn, &Snapshot::default(), |book| {
                let mut checked = 0u32;
                let span = Span {
                    from: day("2025-01-01"),
                    to: day("2025-12-31"),
                    as_of,
                };
                for actor in some_actors() {
                    let own: BTreeSet<u32> =
                        book.cases().counted_for(&actor).map(|t| t.id).collect();
                    for by in FigureBy::ALL.iter().copied() {
                        let cut = Cut::new(Indicator::ALL, span, by);
                        let now = cut.count(book, &actor);
                        let before = cut.last_year().count(book, &actor);
                        for (n, indicator) in Indicator::ALL.iter().enumerate() {
                            let mut keys: Vec<Option<String>> = vec![None];
                            keys.extend(
                                now.rows.keys().chain(before.rows.keys()).cloned().map(Some),
                            );
                            for key in keys {
                                let row = |grid: &Grid| match &key {
                                    None => grid.all[n],
                                    Some(key) => grid.row(key)[n],
                                };
                                let span = match &key {
                                    Some(key) if by == FigureBy::Month => {
                                        let from: NaiveDate = format!("{key}-01").parse().unwrap();
                                        let to = shared::indicator::period::last_of_month(from);
                                        Span { from, to, ..span }
                                    }
                                    _ => span,
                                };
                                let members = |part| {
                                    let cell = Cell {
                                        indicator: *indicator,
                                        part,
                                        span,
                                        by,
                                        key: key.clone(),
                                    };
                                    let found = grid::members(book, &actor, &cell);
                                    assert!(found.iter().all(|(_, id)| own.contains(id)));
                                    let ids: BTreeSet<u32> =
                                        found.iter().map(|(_, id)| *id).collect();
                                    assert_eq!(ids.len(), found.len(), "no case twice");
                                    u64::try_from(found.len()).unwrap()
                                };
                                let told = members(FigurePart::Denominator);
                                if indicator.is_drop() {
                                    assert_eq!(
                                        members(FigurePart::Numerator),
                                        row(&now).denominator,
                                        "{indicator:?} {by:?} {key:?}"
                                    );
                                    assert_eq!(
                                        told,
                                        row(&before).denominator,
                                        "{indicator:?} {by:?} {key:?}"
                                    );
                                } else {
                                    assert_eq!(
                                        members(FigurePart::Numerator),
                                        row(&now).numerator,
                                        "{indicator:?} {by:?} {key:?}"
                                    );
                                    assert_eq!(
                                        told,
                                        row(&now).denominator,
                                        "{indicator:?} {by:?} {key:?}"
                                    );
                                }
                                checked += u32::from(told > 0);
                            }
                            // And the count is what each case says by itself.
                            let alone = book.cases().counted_for(&actor).filter_map(|tally| {
                                counts(*indicator, tally, span.window(), Day::of(span.as_of))
                            });
                            let alone: Vec<bool> = alone.collect();
                            assert_eq!(now.all[n].denominator, u64::try_from(alone.len()).unwrap());
                        }
                    }
                }
                checked
            })
        })
        .await
        .unwrap();
    assert!(checked > 500, "{checked} cells had cases");
}

/// By leaves, as far as they are kept.
fn all_of(conn: &mut Conn, figures: &Figures) -> Result<Vec<Grid>, Error> {
    let span = Span {
        from: day("2024-01-01"),
        to: day("2026-12-31"),
        as_of: day("2026-12-31"),
    };
    let mut grids = Vec::new();
    for by in FigureBy::ALL.iter().copied() {
        let cut = Cut::new(Indicator::ALL, span, by);
        for (n, actor) in some_actors().iter().enumerate() {
            let grid = figures.sum(
                conn,
                &Snapshot::default(),
                format!("{n} {}", by.code()),
                |cases| cut.walk(cases, actor),
                |book, counts| {
                    let whole = cut.count(book, actor);
                    let summed = cut.named(book, counts);
                    assert!(whole == summed, "leaves and the whole");
                    summed
                },
            )?;
            grids.push((*grid).clone());
        }
    }
    Ok(grids)
}

/// After a change, only the leaves are walked again that have changed.
#[actix_web::test]
async fn what_did_not_change_is_not_walked_again() {
    #[derive(Default)]
    struct Seen(BTreeSet<u32>);
    impl Sum for Seen {
        fn merge(&mut self, other: &Self) {
            self.0.extend(&other.0);
        }
    }
    let (db, _dir) = filled().await;
    let figures = Figures::default();
    let walked = move |conn: &mut Conn, figures: &Figures| {
        let walks = std::cell::Cell::new(0);
        let walk = |cases: Cases<'_>| {
            walks.set(walks.get() + 1);
            Seen(cases.all().map(|tally| tally.id).collect())
        };
        let found = figures.sum(
            conn,
            &Snapshot::default(),
            "x".into(),
            walk,
            |book, seen| {
                let all: BTreeSet<u32> = book.cases().all().map(|tally| tally.id).collect();
                assert_eq!(seen.0, all, "each case is in one leaf");
                all.len()
            },
        );
        found.map(|all| (walks.get(), *all))
    };
    let of = figures.clone();
    let (first, all) = db.read_heavy(move |conn| walked(conn, &of)).await.unwrap();
    assert!(first > 5 && all > 40, "{first} leaves, {all} cases");
    let of = figures.clone();
    let again = db.read_heavy(move |conn| walked(conn, &of)).await.unwrap();
    assert_eq!(again, (0, all), "nothing changed");
    let id = ledger(0)[3].0.id.clone();
    db.write(move |conn| {
        let mut case = store::find(conn, &id)?.unwrap();
        case.version += 1;
        case.village_id = Some("v2".into());
        store::save(conn, &case, case.version - 1)
    })
    .await
    .unwrap();
    let after = db.read_heavy(move |conn| walked(conn, &figures)).await;
    assert_eq!(after.unwrap(), (1, all), "one case changed");
}

/// Whatever changes, in whatever order, a book that follows is the same as one that is read anew.
#[actix_web::test]
async fn a_book_that_follows_is_as_good_as_a_new_one() {
    let (db, _dir) = filled().await;
    let figures = Figures::default();
    let mut ids: Vec<String> = ledger(0).into_iter().map(|(case, ..)| case.id).collect();
    ids.sort();
    for round in 0u64..12 {
        let ids = ids.clone();
        db.write(move |conn| {
            for step in 0..3 {
                let luck = mixed(round * 3 + step + 1000);
                let id = &ids[usize::try_from(luck).unwrap_or(7) % ids.len()];
                let mut case = store::find(conn, id)?.unwrap();
                let version = case.version;
                case.version += 1;
                match luck >> 32 & 3 {
                    0 => case.village_id = Some("v2".into()),
                    1 => {
                        case.seal = Coded(Series::Sealed);
                        case.accused_unit_id = Some("v1".into());
                    }
                    2 => {
                        let other = &ids[usize::try_from(luck >> 8).unwrap_or(3) % ids.len()];
                        case.earlier_case_id = (other != id).then(|| other.clone());
                    }
                    _ => {
                        let on = case.received_on + Days::new(3);
                        let outcome = Some(Outcome::Settled);
                        let seq = 100 + i32::try_from(round * 3 + step).unwrap();
                        store::insert_event(conn, &event(id, seq, EventKind::Closed, on, outcome))?;
                    }
                }
                assert!(store::save(conn, &case, version)?);
            }
            // And a new one.
            let mut new = store::find(conn, &ids[0])?.unwrap();
            new.id = format!("new{round:03}");
            new.docid = 100_000 + i64::try_from(round).unwrap();
            new.number = format!("n{round}");
            new.number_key = format!("9999-{round:03}");
            new.version = 1;
            new.earlier_case_id = Some(ids[1].clone());
            store::insert(conn, &new)?;
            let first = event(&new.id, 0, EventKind::Registered, new.received_on, None);
            store::insert_event(conn, &first)
        })
        .await
        .unwrap();
        let figures = figures.clone();
        db.read_heavy(move |conn| {
            let followed = all_of(conn, &figures)?;
            let anew = all_of(conn, &Figures::default())?;
            assert!(followed == anew, "round {round}");
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    }
}
