//! The one scoped query layer: `shared::access::visible`, carried out as SQL.
//!
//! Every list, count, search, export, hint and preview of cases starts from [`visible_to`], so that
//! none can forget a rule. The test below proves, over every role and seal, that the filter lets
//! through just what [`shared::access::visible`] does.

use diesel::dsl::{not, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use shared::access::Actor;
use shared::case::number::Series;
use shared::role::Role;
use shared::term::Term;

use crate::db::Conn;
use crate::schema::{case_units, cases};

/// The backend behind [`Conn`].
pub(crate) type Backend = <Conn as Connection>::Backend;
/// A condition on cases.
pub(crate) type Condition = Box<dyn BoxableExpression<cases::table, Backend, SqlType = Bool>>;

/// The rules, for conditions of the type `Condition` around it: a query of cases alone, or one that
/// joins them.
macro_rules! rules {
    () => {
        fn never() -> Condition {
            Box::new(cases::id.eq(""))
        }

        /// All of the conditions.
        fn both(a: Condition, b: Condition) -> Condition {
            Box::new(a.and(b))
        }

        /// One of the conditions.
        fn either(a: Condition, b: Condition) -> Condition {
            Box::new(a.or(b))
        }

        /// What the actor may know to exist.
        pub(crate) fn visible_to(actor: &Actor) -> Condition {
            match ways(actor) {
                Ways::All => both(within_reach(actor), not_sealed_from(actor)),
                Ways::Some(ways) => ways.into_iter().reduce(either).map_or_else(never, |scope| {
                    both(both(within_reach(actor), scope), not_sealed_from(actor))
                }),
            }
        }

        /// How a role comes to see cases, as `access::in_scope` has it: by any of these ways.
        enum Ways {
            All,
            Some(Vec<Condition>),
        }

        fn ways(actor: &Actor) -> Ways {
            let registered_here = || -> Condition {
                match one(actor.own_units()) {
                    Ok(unit) => Box::new(cases::registrar_unit_id.eq(unit)),
                    Err(units) => Box::new(cases::registrar_unit_id.eq_any(units)),
                }
            };
            Ways::Some(match actor.role {
                // The county's office: all that it reaches.
                Role::TownshipLeader | Role::CoordinationOffice | Role::CountyOffice => {
                    return Ways::All;
                }
                Role::VillageSecretary => match actor.own_villages() {
                    villages if villages.is_empty() => vec![referred(actor)],
                    villages => vec![in_village(villages), referred(actor)],
                },
                Role::GroupInformant => vec![registered_by(actor.self_ids())],
                Role::PoliceStation | Role::Court | Role::ServiceCentre => {
                    vec![registered_here(), referred(actor)]
                }
                Role::JusticeOffice => {
                    let mediation: Condition = Box::new(sql::<Bool>("cases.mediation = TRUE"));
                    vec![mediation, registered_here(), referred(actor)]
                }
                Role::Auditor | Role::Administrator => Vec::new(),
            })
        }

        /// The township; of the county's office, what was handed up to the county.
        fn within_reach(actor: &Actor) -> Condition {
            if actor.role != Role::CountyOffice {
                return in_township(actor);
            }
            let county = actor.township_id.as_str().to_owned();
            Box::new(cases::handed_up_to.eq(county).assume_not_null())
        }

        fn registered_by(users: Vec<String>) -> Condition {
            match one(users) {
                Ok(user) => Box::new(cases::registrar_id.eq(user)),
                Err(users) => Box::new(cases::registrar_id.eq_any(users)),
            }
        }

        fn in_township(actor: &Actor) -> Condition {
            Box::new(cases::township_id.eq(actor.township_id.as_str().to_owned()))
        }

        /// False, rather than unknown, for a case of no village, so that its opposite is true.
        fn in_village(ids: Vec<String>) -> Condition {
            let known: Condition = Box::new(cases::village_id.is_not_null());
            let here: Condition = match one(ids) {
                Ok(id) => Box::new(cases::village_id.eq(id).assume_not_null()),
                Err(ids) => Box::new(cases::village_id.eq_any(ids).assume_not_null()),
            };
            both(known, here)
        }

        /// The subquery stands by itself, so that a unit with few cases finds them by its index.
        fn referred(actor: &Actor) -> Condition {
            match one(actor.own_units()) {
                Ok(unit) => {
                    let found = case_units::table.filter(case_units::unit_id.eq(unit));
                    Box::new(cases::id.eq_any(found.select(case_units::case_id)))
                }
                Err(units) => {
                    let found = case_units::table.filter(case_units::unit_id.eq_any(units));
                    Box::new(cases::id.eq_any(found.select(case_units::case_id)))
                }
            }
        }

        /// What sealing leaves (条例第三十条), as `access::sealed_from` has it. Also the audit log's filter.
        /// Who stands in for somebody is kept from what is sealed from either; what only its registrar
        /// may see is not passed on.
        pub(crate) fn not_sealed_from(actor: &Actor) -> Condition {
            let open: Condition = Box::new(cases::seal.eq(Series::Open.code()));
            let registrars: Condition = Box::new(
                cases::seal
                    .eq(Series::RegistrarOnly.code())
                    .and(cases::registrar_id.eq(actor.user_id.as_str().to_owned())),
            );
            let mut others: Condition = Box::new(cases::seal.eq(Series::Sealed.code()));
            for user in actor.self_ids() {
                let not_they: Condition = Box::new(
                    cases::accused_user_id
                        .is_null()
                        .or(cases::accused_user_id.ne(user).assume_not_null()),
                );
                others = both(others, not_they);
            }
            for unit in actor.all_chains() {
                let not_here: Condition = Box::new(
                    cases::accused_unit_id
                        .is_null()
                        .or(cases::accused_unit_id.ne(unit).assume_not_null()),
                );
                others = both(others, not_here);
            }
            either(open, either(registrars, others))
        }
    };
}

/// The only one, or all of them: an equality finds its index where a list might not.
fn one(ids: Vec<String>) -> Result<String, Vec<String>> {
    <[String; 1]>::try_from(ids).map(|[id]| id)
}

rules!();

/// The rules for matters joined with their cases.
pub(crate) mod of_matters {
    use super::*;
    use crate::schema::case_matters;

    /// Matters with their cases.
    pub(crate) type Source = diesel::dsl::InnerJoinQuerySource<case_matters::table, cases::table>;
    /// A condition on matters and their cases.
    pub(crate) type Condition = Box<dyn BoxableExpression<Source, Backend, SqlType = Bool>>;

    rules!();

    /// What the auditor's lists are made of: all of the township but what sealing hides. For rows
    /// that lead to nothing of a case.
    pub(crate) fn countable_by(actor: &Actor) -> Condition {
        both(in_township(actor), not_sealed_from(actor))
    }
}

/// How many sealed cases [`parts`] names one by one.
const NAMED: usize = 400;

/// [`visible_to`], cut into parts that have no case in common. Each can follow an index of its own,
/// where an `OR` would look at every case of the township; lists and counts add the parts up.
///
/// # Errors
/// The database's own.
pub(crate) fn parts(conn: &mut Conn, actor: &Actor) -> QueryResult<Vec<Condition>> {
    let mut parts: Vec<Condition> = Vec::new();
    let open = || -> Condition { Box::new(cases::seal.eq(Series::Open.code())) };
    match ways(actor) {
        Ways::All => parts.push(both(within_reach(actor), open())),
        Ways::Some(ways) => {
            for (n, way) in ways.into_iter().enumerate() {
                let own = both(both(within_reach(actor), open()), way);
                // Not what an earlier way has led to.
                let earlier = match self::ways(actor) {
                    Ways::Some(all) => all.into_iter().take(n).reduce(either),
                    Ways::All => None,
                };
                parts.push(match earlier {
                    Some(earlier) => both(own, Box::new(not(earlier))),
                    None => own,
                });
            }
        }
    }
    // Accusations are few. The literal is what their index is found by; named one by one, they need
    // no other.
    let sealed = || -> Condition {
        let some: Condition = Box::new(sql::<Bool>("cases.seal <> 'open'"));
        both(some, visible_to(actor))
    };
    let some: Vec<String> = cases::table
        .filter(sealed())
        .select(cases::id)
        .limit(i64::try_from(NAMED + 1).unwrap_or(i64::MAX))
        .load(conn)?;
    if some.len() > NAMED {
        parts.push(sealed());
    } else if !some.is_empty() {
        parts.push(both(Box::new(cases::id.eq_any(some)), sealed()));
    }
    Ok(parts)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeSet;

    use chrono::NaiveDate;
    use diesel::connection::SimpleConnection;
    use shared::access::visible;
    use shared::case::state::State;
    use shared::case::{Category, Channel, Kind, Procedure, Purpose, Severity};
    use shared::ids::UnitId;

    use super::*;
    use crate::case::coded::Coded;
    use crate::case::store::{self, CaseRecord, NOTHING_DUE};

    const UNITS: &[(&str, Option<&str>, &str)] = &[
        ("t", None, "township"),
        ("t2", None, "township"),
        ("v1", Some("t"), "village"),
        ("v2", Some("t"), "village"),
        ("g1", Some("v1"), "group"),
        ("office", Some("t"), "coordination_office"),
        ("police", Some("t"), "police_station"),
        ("court", Some("t"), "court"),
        ("justice", Some("t"), "justice_office"),
        ("centre", Some("t"), "service_centre"),
        ("other", Some("t2"), "coordination_office"),
    ];

    fn chain(unit: &str) -> Vec<UnitId> {
        std::iter::successors(Some(unit), |id| {
            UNITS
                .iter()
                .find(|(unit, ..)| unit == id)
                .and_then(|(_, parent, _)| *parent)
        })
        .map(UnitId::from)
        .collect()
    }

    fn actor(user: &str, role: Role, unit: &str) -> Actor {
        let chain = chain(unit);
        Actor {
            user_id: user.into(),
            role,
            unit_id: unit.into(),
            township_id: chain.last().cloned().unwrap(),
            village_id: chain
                .iter()
                .find(|unit| unit.as_str().starts_with('v'))
                .cloned(),
            unit_chain: chain,
            former_units: Vec::new(),
            former_villages: Vec::new(),
            stands_in_for: Vec::new(),
        }
    }

    /// As [`actor`], after another unit was merged into theirs.
    fn actor_of_both(user: &str, role: Role, unit: &str, former: &str) -> Actor {
        let mut actor = actor(user, role, unit);
        actor.former_units = vec![former.into()];
        if actor.village_id.is_some() {
            actor.former_villages = vec![former.into()];
        }
        actor.unit_chain.insert(1, former.into());
        actor
    }

    /// As [`actor`], while they stand in for somebody of another unit.
    fn actor_for(user: &str, role: Role, unit: &str, absent: (&str, &str)) -> Actor {
        let mut actor = actor(user, role, unit);
        let absent = self::actor(absent.0, role, absent.1);
        actor.stands_in_for = vec![absent.absent_until("a", NaiveDate::MAX)];
        actor
    }

    pub(crate) fn actors() -> Vec<Actor> {
        let mut actors = Vec::new();
        for (unit, ..) in UNITS {
            for role in Role::ALL {
                for user in ["a", "b"] {
                    actors.push(actor(user, *role, unit));
                }
            }
        }
        for role in Role::ALL {
            actors.push(actor_of_both("a", *role, "v2", "v1"));
            actors.push(actor_of_both("b", *role, "v2", "v1"));
            actors.push(actor_of_both("b", *role, "justice", "police"));
            actors.push(actor_for("b", *role, "v2", ("a", "v1")));
            actors.push(actor_for("a", *role, "centre", ("b", "police")));
            actors.push(actor_for("a", *role, "t", ("b", "v1")));
        }
        actors
    }

    fn record(n: i64) -> CaseRecord {
        let day = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
        let at = day.and_hms_opt(0, 0, 0).unwrap();
        CaseRecord {
            id: format!("c{n:05}"),
            docid: n,
            township_id: "t".into(),
            number: format!("{n}"),
            number_key: format!("{n:08}"),
            kind: Coded(Kind::Petition),
            state: Coded(State::Registered),
            channel: Coded(Channel::Visit),
            purpose: Coded(Purpose::Claim),
            category: Coded(Category::Other),
            subcategory: None,
            severity: Coded(Severity::Ordinary),
            procedure: Coded(Procedure::Ordinary),
            cause: "起因".into(),
            demand: None,
            occurred_on: None,
            occurred_text: None,
            place: None,
            unit_concerned: None,
            village_id: None,
            group_id: None,
            people_count: 1,
            people_count_text: None,
            collective: false,
            development: None,
            handling: None,
            received_on: day,
            entered_at: at,
            earlier_case_id: None,
            first_receiver_id: "a".into(),
            registrar_id: "a".into(),
            registrar_unit_id: "centre".into(),
            responsible_unit_id: None,
            responsible_user_id: None,
            offered_unit_id: None,
            lead_id: None,
            lawful_path: None,
            outcome: None,
            closed_on: None,
            backlog: false,
            mediation: false,
            seal: Coded(Series::Open),
            accused_unit_id: None,
            accused_user_id: None,
            handed_up_to: None,
            accepted_before: false,
            extended: false,
            reviewed: false,
            final_answered: false,
            heard: None,
            due_on: NOTHING_DUE,
            last_step_on: day,
            petitioner: None,
            law_profile_id: "p".into(),
            version: 1,
            updated_at: at,
        }
    }

    /// Every combination of what scope and sealing look at.
    pub(crate) fn records() -> Vec<(CaseRecord, Option<&'static str>)> {
        let mut records = Vec::new();
        let sealings: &[(Series, Option<&str>, Option<&str>)] = &[
            (Series::Open, None, None),
            (Series::Sealed, Some("v1"), None),
            (Series::Sealed, Some("v1"), Some("b")),
            (Series::Sealed, Some("g1"), None),
            (Series::Sealed, Some("police"), None),
            (Series::Sealed, Some("centre"), Some("a")),
            (Series::RegistrarOnly, Some("office"), None),
            (Series::RegistrarOnly, Some("t"), Some("b")),
        ];
        for township in ["t", "t2"] {
            for village in [None, Some("v1"), Some("v2")] {
                for registrar in ["a", "b"] {
                    for registered_at in ["centre", "police", "v1"] {
                        for referred in [None, Some("police"), Some("v2"), Some("justice")] {
                            for mediation in [false, true] {
                                for (seal, unit, user) in sealings {
                                    // The top of a tree is what stands for a county here.
                                    let handed_up_to =
                                        [None, Some("t"), Some("t2")][records.len() % 3];
                                    let case = CaseRecord {
                                        township_id: township.into(),
                                        village_id: village.map(Into::into),
                                        registrar_id: registrar.into(),
                                        registrar_unit_id: registered_at.into(),
                                        mediation,
                                        seal: Coded(*seal),
                                        accused_unit_id: unit.map(Into::into),
                                        accused_user_id: user.map(Into::into),
                                        handed_up_to: handed_up_to.map(Into::into),
                                        ..record(records.len() as i64 + 1)
                                    };
                                    records.push((case, referred));
                                }
                            }
                        }
                    }
                }
            }
        }
        records
    }

    pub(crate) fn fill(conn: &mut Conn, records: &[(CaseRecord, Option<&str>)]) {
        for (id, parent, kind) in UNITS {
            let parent = parent.map_or("NULL".to_owned(), |parent| format!("'{parent}'"));
            conn.batch_execute(&format!(
                "INSERT INTO units (id, parent_id, kind, name, created_at, updated_at) \
                 VALUES ('{id}', {parent}, '{kind}', '{id}', '2026-03-01 00:00:00', '2026-03-01 00:00:00')"
            ))
            .unwrap();
        }
        for user in ["a", "b"] {
            conn.batch_execute(&format!(
                "INSERT INTO users (id, username, username_key, name, role, unit_id, password_hash, must_change_password, created_at, updated_at) \
                 VALUES ('{user}', '{user}', '{user}', '{user}', 'auditor', 't', 'x', FALSE, '2026-03-01 00:00:00', '2026-03-01 00:00:00')"
            ))
            .unwrap();
        }
        for (case, referred) in records {
            store::insert(conn, case).unwrap();
            if let Some(unit) = referred {
                store::refer(conn, &case.id, unit, case.updated_at).unwrap();
            }
        }
    }

    /// The filter lets through just what `access::visible` does: every role in every unit, over
    /// every combination of township, village, registrar, referral, mediation and seal.
    #[actix_web::test]
    async fn the_filter_and_the_decision_agree() {
        let (db, _dir) = crate::db::tests::temporary();
        let records = records();
        let kept = records.clone();
        db.write(move |conn| {
            fill(conn, &kept);
            Ok::<_, diesel::result::Error>(())
        })
        .await
        .unwrap();
        for actor in actors() {
            let condition = visible_to(&actor);
            let found: Vec<String> = db
                .read_heavy(move |conn| cases::table.filter(condition).select(cases::id).load(conn))
                .await
                .unwrap();
            let found: BTreeSet<String> = found.into_iter().collect();
            let decided: BTreeSet<String> = records
                .iter()
                .filter(|(case, referred)| {
                    let units = referred.iter().map(|unit| (*unit).to_owned()).collect();
                    visible(&actor, &case.facts(units))
                })
                .map(|(case, _)| case.id.clone())
                .collect();
            assert_eq!(found, decided, "{actor:?}");
            // The parts add up to the same, with no case twice.
            let seeing = actor.clone();
            let added: Vec<String> = db
                .read_heavy(move |conn| {
                    let mut ids = Vec::new();
                    for part in parts(conn, &seeing)? {
                        ids.extend(cases::table.filter(part).select(cases::id).load(conn)?);
                    }
                    Ok::<_, diesel::result::Error>(ids)
                })
                .await
                .unwrap();
            let count = added.len();
            let added: BTreeSet<String> = added.into_iter().collect();
            assert_eq!(added.len(), count, "{actor:?}");
            assert_eq!(added, decided, "{actor:?}");
        }
    }
}
