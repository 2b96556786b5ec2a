//! What the work on a case has at hand: who does it, when, the names of units and users, the keys.

use std::sync::Arc;

use chrono::NaiveDate;
use diesel::result::QueryResult;
use shared::access;
use shared::calendar::Calendar;
use shared::case::Category;
use shared::case::number::Series;
use shared::case::view::Named;
use shared::ids::{CaseId, SubcategoryCode, UnitId, UserId};
use shared::org::{Unit, UnitKind};
use shared::role::Role;
use shared::validate::Errors;

use crate::audit::Looked;
use crate::auth::Actor;
use crate::context::RequestContext;
use crate::directory::{Member, Snapshot};
use crate::keys::Keys;
use crate::settings::store::General;
use crate::state::State;

/// Owned, so that it can go into a transaction on another thread.
#[derive(Clone)]
pub(crate) struct Desk {
    /// Who.
    pub(crate) actor: Actor,
    /// Request id, address, time.
    pub(crate) context: RequestContext,
    /// Users and units.
    pub(crate) names: Arc<Snapshot>,
    /// For ID and phone numbers.
    pub(crate) keys: Arc<Keys>,
}

impl Desk {
    /// Gathers it for a request.
    ///
    /// # Errors
    /// The database's own.
    pub(crate) async fn open(
        state: &State,
        actor: Actor,
        context: RequestContext,
    ) -> QueryResult<Self> {
        let names = match state.directory.fresh() {
            Some(names) => names,
            None => state.directory.current().await?,
        };
        Ok(Self {
            actor,
            context,
            names,
            keys: Arc::clone(&state.keys),
        })
    }

    /// The same, for what is only asked: of what it decides nothing is noted ([`Actor::decide`]).
    pub(crate) fn quietly(&self) -> Self {
        Self {
            actor: self.actor.quietly(),
            ..self.clone()
        }
    }

    /// Leaves the trace of a look at a case: `detail` is its number, and which part of it was looked at
    /// where it is not the whole.
    ///
    /// # Errors
    /// The database's own.
    pub(crate) async fn note_look(
        self,
        state: &State,
        id: &CaseId,
        detail: &str,
        seal: Series,
    ) -> QueryResult<()> {
        let Self { actor, context, .. } = self;
        let id = id.as_str();
        let looked = Looked { id, detail, seal };
        state.looks.note(&state.db, context, actor, looked).await
    }

    /// A unit's id and name.
    pub(crate) fn unit(&self, id: Option<&str>) -> Option<Named> {
        let id = id?;
        let name = self.names.unit_name(&UnitId::from(id));
        Some(Named {
            id: id.to_owned(),
            name: name.to_owned(),
        })
    }

    /// A unit's id, and what a record of a day calls it.
    pub(crate) fn unit_then(&self, id: Option<&str>, day: NaiveDate) -> Option<Named> {
        let id = id?;
        Some(Named {
            id: id.to_owned(),
            name: self.names.unit_told(&UnitId::from(id), day),
        })
    }

    /// A user's id and name.
    pub(crate) fn user(&self, id: Option<&str>) -> Option<Named> {
        let id = id?;
        let name = self.names.user_name(&UserId::from(id));
        Some(Named {
            id: id.to_owned(),
            name: name.to_owned(),
        })
    }

    /// An open unit of the actor's township.
    pub(crate) fn known_unit(&self, id: &UnitId) -> Option<&Unit> {
        self.names
            .unit(id)
            .filter(|unit| !unit.closed && self.names.is_within(&unit.id, &self.actor.township_id))
    }

    /// A person of the actor's township who may sign in: to whom work can be given.
    pub(crate) fn known_user(&self, id: &UserId) -> Option<&Arc<Member>> {
        self.names.member(id).filter(|member| {
            member.user.is_active_person() && member.access.township_id == self.actor.township_id
        })
    }

    /// Notes an error unless the village and group are open ones that the actor may name.
    pub(crate) fn check_place(
        &self,
        errors: &mut Errors,
        village: Option<&UnitId>,
        group: Option<&UnitId>,
    ) {
        if let Some(id) = village {
            match self.known_unit(id).map(|unit| unit.kind) {
                Some(UnitKind::Village) => {
                    let bound = matches!(
                        self.actor.role,
                        Role::VillageSecretary | Role::GroupInformant
                    );
                    let own = |actor: &access::Actor| actor.is_own_village(Some(id));
                    if bound && !own(&self.actor) {
                        errors.add("village_id", "not_yours", "只能登记本村的事项。");
                    } else if bound {
                        self.actor.note_behalf(access::for_whom(&self.actor, own));
                    }
                }
                _ => errors.add("village_id", "unknown", "没有这个村，请从列表中选择。"),
            }
        }
        if let Some(id) = group {
            let fits = self.known_unit(id).is_some_and(|unit| {
                unit.kind == UnitKind::Group && unit.parent_id.as_ref() == village
            });
            if !fits {
                errors.add(
                    "group_id",
                    "unknown",
                    "所选的村没有这个社，请从列表中选择。",
                );
            }
        }
    }

    /// Notes an error unless the township has the second level below the first one, and it is in use or
    /// the case's already.
    pub(crate) fn check_subcategory(
        &self,
        errors: &mut Errors,
        category: Category,
        code: Option<&SubcategoryCode>,
        had: Option<&SubcategoryCode>,
    ) {
        if code.is_some() {
            let categories = self.general().categories();
            categories.check(errors, category, code, had);
        }
    }

    /// Notes an error unless accused unit and member of staff exist, belong together, and are not
    /// the one who registers.
    pub(crate) fn check_accused(
        &self,
        errors: &mut Errors,
        unit: Option<&UnitId>,
        user: Option<&UserId>,
    ) {
        if let Some(id) = unit
            && self.known_unit(id).is_none()
        {
            errors.add(
                "accused_unit_id",
                "unknown",
                "没有这个单位，请从列表中选择。",
            );
        }
        let Some(id) = user else { return };
        match self.known_user(id) {
            None => errors.add(
                "accused_user_id",
                "unknown",
                "没有这名工作人员，请从列表中选择。",
            ),
            Some(_) if *id == self.actor.user_id => {
                errors.add(
                    "accused_user_id",
                    "is_registrar",
                    "您是被反映人，请由其他工作人员登记。",
                );
            }
            Some(_) if self.actor.is_self(id) => {
                errors.add(
                    "accused_user_id",
                    "is_registrar",
                    "您正在代理被反映人的工作，请由其他工作人员登记。",
                );
            }
            Some(member) => {
                if unit.is_some_and(|unit| !member.access.unit_chain.contains(unit)) {
                    errors.add(
                        "accused_user_id",
                        "not_of_unit",
                        "被反映人不属于所选的被反映单位。",
                    );
                }
            }
        }
    }

    /// How far an accusation against these is sealed.
    pub(crate) fn seal_of(&self, unit: Option<&UnitId>, user: Option<&UserId>) -> Series {
        let kind = unit
            .and_then(|id| self.names.unit(id))
            .map(|unit| unit.kind);
        let role = user
            .and_then(|id| self.names.member(id))
            .map(|member| member.user.role);
        shared::access::seal_of(kind, role)
    }

    /// The settings of the caller's township.
    pub(crate) fn general(&self) -> &General {
        self.names.general(&self.actor.township_id)
    }

    /// The working-day calendar of the caller's township.
    pub(crate) fn calendar(&self) -> Calendar {
        self.names.calendar(self.actor.township_id.as_str())
    }

    /// The township's short name, with which numbers begin.
    pub(crate) fn township_short_name(&self) -> String {
        self.names
            .unit(&self.actor.township_id)
            .and_then(|unit| unit.short_name.clone())
            .unwrap_or_else(|| self.names.unit_name(&self.actor.township_id).to_owned())
    }
}
