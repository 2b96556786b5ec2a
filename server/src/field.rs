//! `shared::access::field_visible`, carried out as SQL, for every table of the work in the field:
//! reports, visits, reception days, urgent information.

/// What the actor may know of, as a condition on a table that has `township_id`, `unit_id`,
/// `village_id` (nullable) and `author_id` (nullable). `$more` is a further way in: having a part in
/// it. Every list and count of such a table starts from it.
macro_rules! in_field {
    ($table:ident, $actor:expr) => {
        crate::field::in_field!($table, $actor, $table::id.eq(""))
    };
    ($table:ident, $actor:expr, $more:expr) => {{
        use shared::role::Role;
        type Condition = Box<
            dyn diesel::BoxableExpression<
                    $table::table,
                    crate::case::scope::Backend,
                    SqlType = diesel::sql_types::Bool,
                >,
        >;
        let actor: &shared::access::Actor = $actor;
        let part: Condition = Box::new(
            $table::unit_id
                .eq_any(actor.own_units())
                .or($table::author_id.eq_any(actor.self_ids()).assume_not_null())
                .or($more),
        );
        let villages = actor.own_villages();
        let scope: Condition = match actor.role {
            Role::TownshipLeader | Role::CoordinationOffice => Box::new($table::id.ne("")),
            Role::VillageSecretary if !villages.is_empty() => {
                let here = $table::village_id.eq_any(villages);
                Box::new(part.or(here.assume_not_null()))
            }
            Role::Auditor | Role::Administrator | Role::CountyOffice => Box::new($table::id.eq("")),
            _ => part,
        };
        let township = actor.township_id.as_str().to_owned();
        let condition: Condition = Box::new($table::township_id.eq(township).and(scope));
        condition
    }};
}
pub(crate) use in_field;
