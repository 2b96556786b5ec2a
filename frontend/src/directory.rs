//! Units and colleagues, fetched once and kept for every form and filter.

use leptos::prelude::*;
use shared::access::Action;
use shared::account::{Colleague, User};
use shared::case::category::Categories;
use shared::ids::UnitId;
use shared::org::{Unit, UnitKind};
use shared::role::Role;

use crate::api::{Call, every};
use crate::format::ordered;
use crate::load::{Loader, load};
use crate::session;
use crate::ui::field::offer;

/// The directory, in the context of every page behind the sign-in.
#[derive(Clone, Copy)]
pub(crate) struct Directory {
    units: Loader<Vec<Unit>>,
    colleagues: Loader<Vec<Colleague>>,
    categories: Loader<Categories>,
}

/// Fetches the directory and gives it to the pages below.
pub(crate) fn provide() {
    provide_context(Directory {
        units: load(|| Call::get("/org-units").fetch()),
        colleagues: load(fetch_colleagues),
        categories: load(|| Call::get("/categories").fetch()),
    });
}

async fn fetch_colleagues() -> crate::api::Answer<Vec<Colleague>> {
    if session::may(Action::ManageUsers) {
        let users: Vec<User> = every("/users").await?;
        let persons = users.into_iter().filter(|user| !user.service);
        return Ok(persons.map(colleague).collect());
    }
    if session::may(Action::ViewColleagues) {
        return Call::get("/users/colleagues").fetch().await;
    }
    Ok(Vec::new())
}

fn colleague(user: User) -> Colleague {
    Colleague {
        id: user.id,
        name: user.name,
        role: user.role,
        unit_id: user.unit_id,
        duty: user.duty,
    }
}

/// The directory of the pages behind the sign-in.
pub(crate) fn directory() -> Directory {
    expect_context()
}

/// What a form offers: value and words.
pub(crate) type Options = Vec<(String, String)>;

impl Directory {
    /// All units, closed ones too.
    pub(crate) fn units(self) -> Vec<Unit> {
        self.units.value().unwrap_or_default()
    }

    /// Whether there is a county above the townships; without one no page says a word of it.
    pub(crate) fn has_county(self) -> bool {
        let is = |unit: &Unit| unit.kind == UnitKind::County;
        self.units.state.with(|state| match state {
            crate::load::Load::Ready(units) => units.iter().any(is),
            _ => false,
        })
    }

    /// The roles that can be given to somebody, as a form offers them.
    pub(crate) fn roles(self) -> Options {
        Role::used(self.has_county()).map(offer).collect()
    }

    /// The fetch behind the units, for the page that shows them.
    pub(crate) fn unit_loader(self) -> Loader<Vec<Unit>> {
        self.units
    }

    /// All colleagues.
    pub(crate) fn colleagues(self) -> Vec<Colleague> {
        self.colleagues.value().unwrap_or_default()
    }

    /// The second levels of the category; those that the program comes with, until the township's are here.
    pub(crate) fn categories(self) -> Categories {
        self.categories.value().unwrap_or_else(Categories::bundled)
    }

    /// Whether the township's second levels are here.
    pub(crate) fn has_categories(self) -> bool {
        self.categories.value().is_some()
    }

    /// The fetch behind them, for the page that shows them.
    pub(crate) fn category_loader(self) -> Loader<Categories> {
        self.categories
    }

    /// Fetches everything anew, after a change.
    pub(crate) fn reload(self) {
        self.units.reload();
        self.colleagues.reload();
        self.categories.reload();
    }

    /// A unit's name.
    pub(crate) fn unit_name(self, id: &str) -> Option<String> {
        self.units.state.with(|state| match state {
            crate::load::Load::Ready(units) => units
                .iter()
                .find(|unit| unit.id.as_str() == id)
                .map(|unit| unit.name.clone()),
            _ => None,
        })
    }

    /// A colleague's name.
    pub(crate) fn user_name(self, id: &str) -> Option<String> {
        self.colleagues()
            .into_iter()
            .find(|colleague| colleague.id.as_str() == id)
            .map(|colleague| colleague.name)
    }

    /// Open villages.
    pub(crate) fn villages(self) -> Options {
        self.offer(|unit| unit.kind == UnitKind::Village)
    }

    /// Open groups of a village.
    pub(crate) fn groups(self, village: &str) -> Options {
        self.offer(|unit| {
            unit.kind == UnitKind::Group
                && unit.parent_id.as_ref().map(UnitId::as_str) == Some(village)
        })
    }

    /// Open units that handle cases: villages and offices.
    pub(crate) fn handlers(self) -> Options {
        self.offer(|unit| {
            !matches!(
                unit.kind,
                UnitKind::County | UnitKind::Township | UnitKind::Group
            )
        })
    }

    /// Open units of these kinds; those that handle cases when none is named.
    pub(crate) fn units_of(self, kinds: &[UnitKind]) -> Options {
        if kinds.is_empty() {
            self.handlers()
        } else {
            self.offer(|unit| kinds.contains(&unit.kind))
        }
    }

    /// Open units that may be accused: all but groups, the township itself among them.
    pub(crate) fn accusable(self) -> Options {
        self.offer(|unit| !matches!(unit.kind, UnitKind::County | UnitKind::Group))
    }

    fn offer(self, wanted: impl Fn(&Unit) -> bool) -> Options {
        let units: Vec<Unit> = self
            .units()
            .into_iter()
            .filter(|unit| !unit.closed && wanted(unit))
            .collect();
        let units = ordered(units, |unit| (rank(unit.kind), unit.position));
        units
            .into_iter()
            .map(|unit| (unit.id.into_string(), unit.name))
            .collect()
    }

    /// Colleagues of a unit, or (with no unit) all.
    pub(crate) fn staff_of(self, unit: &str) -> Options {
        self.people(|colleague| unit.is_empty() || colleague.unit_id.as_str() == unit)
    }

    /// Colleagues with one of these roles; with any when none is named.
    pub(crate) fn users_of(self, roles: &[Role]) -> Options {
        self.people(|colleague| roles.is_empty() || roles.contains(&colleague.role))
    }

    /// The township's leaders.
    pub(crate) fn leaders(self) -> Options {
        self.people(|colleague| colleague.role == Role::TownshipLeader)
    }

    fn people(self, wanted: impl Fn(&Colleague) -> bool) -> Options {
        self.colleagues()
            .into_iter()
            .filter(|colleague| wanted(colleague))
            .map(|colleague| {
                let words = match colleague.duty.as_deref().filter(|duty| !duty.is_empty()) {
                    Some(duty) => format!("{}（{duty}）", colleague.name),
                    None => colleague.name,
                };
                (colleague.id.into_string(), words)
            })
            .collect()
    }
}

/// Offices of the township before villages, villages before the rest.
pub(crate) const fn rank(kind: UnitKind) -> u8 {
    match kind {
        UnitKind::County => 0,
        UnitKind::Township => 1,
        UnitKind::Village => 3,
        UnitKind::Group => 4,
        _ => 2,
    }
}
