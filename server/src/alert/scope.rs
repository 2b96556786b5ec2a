//! `shared::access::alert_visible`, carried out as SQL.

use diesel::prelude::*;
use diesel::sql_types::Bool;
use shared::access::Actor;
use shared::alert::step::AlertEventKind;
use shared::role::Role;
use shared::term::Term;

use crate::case::scope::Backend;
use crate::schema::{alert_events, alerts};

/// A condition on urgent information.
pub(super) type Condition = Box<dyn BoxableExpression<alerts::table, Backend, SqlType = Bool>>;

/// What the actor may know to exist. Every list and count starts from it.
pub(super) fn visible_to(actor: &Actor) -> Condition {
    let more: Condition = if actor.role == Role::PoliceStation {
        Box::new(alerts::id.ne(""))
    } else {
        let sent = alert_events::table
            .filter(alert_events::kind.eq(AlertEventKind::Dispatched.code()))
            .filter(
                alert_events::unit_id
                    .eq_any(actor.own_units())
                    .assume_not_null()
                    .or(alert_events::user_id
                        .eq_any(actor.self_ids())
                        .assume_not_null()),
            )
            .select(alert_events::alert_id);
        Box::new(alerts::id.eq_any(sent))
    };
    crate::field::in_field!(alerts, actor, more)
}
