//! A made-up map for the demo: nine schematic areas for the villages of the template. None of them is where
//! the village of that name lies.

use shared::role::Role;
use shared::village_map::NewVillageMap;

use super::service;
use crate::db::Conn;
use crate::demo::Error;
use crate::demo::cast::{Cast, wrong};

/// The file as an administrator would upload it.
const FILE: &str = include_str!("demo.geojson");

/// Makes it.
///
/// # Errors
/// [`Error`].
pub(crate) fn load(conn: &mut Conn, cast: &Cast) -> Result<(), Error> {
    let input = NewVillageMap {
        geojson: serde_json::from_str(FILE).map_err(|e| wrong("village_map", e))?,
        property: "name".to_owned(),
    };
    let view = service::upload(conn, cast.desk(Role::Administrator)?, &input)
        .map_err(|e| wrong("village_map", e))?;
    if view.missing.is_empty() {
        Ok(())
    } else {
        Err(wrong("village_map", view.missing))
    }
}
