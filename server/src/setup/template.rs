//! The units that an organisation starts with.

use shared::ids::UnitId;
use shared::org::{TEMPLATE_OFFICES, TEMPLATE_VILLAGES, Unit, UnitKind};
use shared::setup::Template;

/// The units of a template, those above before those below; the first is the township.
pub(crate) fn units(template: Template, township_name: &str, short_name: &str) -> Vec<Unit> {
    let mut township = unit(None, UnitKind::Township, township_name, 1);
    township.short_name = Some(short_name.to_owned());
    let root = township.id.clone();
    let mut units = vec![township];
    if template == Template::Pingchuan {
        for (position, (kind, name)) in (1..).zip(TEMPLATE_OFFICES) {
            units.push(unit(Some(&root), *kind, name, position));
        }
        for (position, (name, groups)) in (101..).zip(TEMPLATE_VILLAGES) {
            let village = unit(Some(&root), UnitKind::Village, name, position);
            let id = village.id.clone();
            units.push(village);
            for (position, number) in (1..).zip(1..=*groups) {
                units.push(unit(
                    Some(&id),
                    UnitKind::Group,
                    &format!("{number}社"),
                    position,
                ));
            }
        }
    }
    units
}

fn unit(parent: Option<&UnitId>, kind: UnitKind, name: &str, position: i32) -> Unit {
    Unit {
        id: UnitId::new(crate::ids::new_id()),
        parent_id: parent.cloned(),
        kind,
        name: name.to_owned(),
        short_name: None,
        responsible_user_id: None,
        lead_user_id: None,
        position,
        closed: false,
        merged_into: None,
        merged_on: None,
        former_names: Vec::new(),
        version: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_stands_where_it_may() {
        let units = units(Template::Pingchuan, "平川镇", "平川");
        for unit in &units {
            let parent = unit.parent_id.as_ref().map(|id| {
                units
                    .iter()
                    .take_while(|other| other.id != unit.id)
                    .find(|u| u.id == *id)
                    .unwrap()
            });
            assert!(
                unit.kind.fits_below(parent.map(|parent| parent.kind)),
                "{}",
                unit.name
            );
        }
        assert_eq!(
            units
                .iter()
                .filter(|unit| unit.kind == UnitKind::Village)
                .count(),
            9
        );
        assert_eq!(super::units(Template::Empty, "明永乡", "明永").len(), 1);
    }
}
