//! What can be done with the village map. Each change runs inside one transaction with its audit entry.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use geojson::{FeatureCollection, GeometryValue, Position};
use serde::{Deserialize, Serialize};
use shared::access::{Action, Facts, can};
use shared::audit::AuditAction;
use shared::case::view::Named;
use shared::ids::UnitId;
use shared::indicator::FigureDeed;
use shared::org::UnitKind;
use shared::validate::Errors;
use shared::village_map::{
    Area, Drawing, MapArea, NewVillageMap, Ring, VillageMap, VillageMapPatch, VillageMapView, draw,
    same_name,
};

use crate::audit::{self, Entry};
use crate::case::{Desk, Error};
use crate::db::Conn;
use crate::schema::village_maps;

/// The map as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = village_maps, primary_key(township_id))]
struct MapRecord {
    township_id: String,
    body: String,
    user_id: String,
    version: i64,
    updated_at: NaiveDateTime,
}

/// What is kept of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    drawing: Drawing,
    property: String,
    /// The village that each shape stands for.
    villages: Vec<Option<String>>,
}

impl MapRecord {
    fn kept(&self) -> Result<Kept, Error> {
        serde_json::from_str(&self.body)
            .map_err(|e| Error::Damaged(format!("village_maps.body {}: {e}", self.township_id)))
    }
}

fn body(kept: &Kept) -> Result<String, Error> {
    serde_json::to_string(kept).map_err(|e| Error::Damaged(e.to_string()))
}

fn find(conn: &mut Conn, desk: &Desk) -> QueryResult<Option<MapRecord>> {
    village_maps::table
        .find(desk.actor.township_id.as_str())
        .select(MapRecord::as_select())
        .first(conn)
        .optional()
}

fn may_edit(desk: &Desk) -> Result<(), Error> {
    Ok(can(&desk.actor, Action::ManageSettings, Facts::None)?)
}

/// The township's open villages.
fn villages(desk: &Desk) -> Vec<Named> {
    let names = &desk.names;
    names
        .units()
        .iter()
        .filter(|unit| unit.kind == UnitKind::Village && !unit.closed)
        .filter(|unit| names.is_within(&unit.id, &desk.actor.township_id))
        .map(|unit| Named {
            id: unit.id.as_str().to_owned(),
            name: unit.name.clone(),
        })
        .collect()
}

/// What there is of a map, for those who see dashboards and for whoever looks after it.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(super) fn show(conn: &mut Conn, desk: &Desk) -> Result<VillageMapView, Error> {
    let edits = may_edit(desk).is_ok();
    if !edits {
        let action = Action::Figures(FigureDeed::Dashboard);
        can(&desk.actor, action, Facts::None)?;
    }
    let mut missing = villages(desk);
    let Some(record) = find(conn, desk)? else {
        return Ok(VillageMapView {
            map: None,
            missing,
            may_edit: edits,
            version: 0,
        });
    };
    let Kept {
        drawing,
        property,
        villages: chosen,
    } = record.kept()?;
    // The area of a village that was merged into another is that one's, too.
    let now = |id: String| desk.names.unit_now(&id.into()).into_string();
    let chosen: Vec<Option<String>> = chosen.into_iter().map(|id| id.map(now)).collect();
    missing.retain(|village| !chosen.contains(&Some(village.id.clone())));
    // A village that was closed since is named no more.
    let open = |id: &str| desk.known_unit(&UnitId::from(id)).is_some();
    let shapes = drawing.shapes.into_iter();
    let areas = shapes.enumerate().map(|(at, shape)| MapArea {
        village: chosen
            .get(at)
            .and_then(|id| id.as_deref())
            .filter(|id| open(id))
            .and_then(|id| desk.unit(Some(id))),
        shape,
    });
    Ok(VillageMapView {
        map: Some(VillageMap {
            width: drawing.width,
            height: drawing.height,
            property,
            areas: areas.collect(),
        }),
        missing,
        may_edit: edits,
        version: record.version,
    })
}

fn invalid(code: &str, message: impl Into<String>) -> Error {
    let mut errors = Errors::new();
    errors.add("geojson", code, message);
    errors.into()
}

fn ring(positions: &[Position]) -> Option<Ring> {
    positions
        .iter()
        .map(|position| match position.as_slice() {
            [lon, lat, ..] => Some((*lon, *lat)),
            _ => None,
        })
        .collect()
}

fn polygon(rings: &[Vec<Position>]) -> Option<Vec<Ring>> {
    rings.iter().map(|positions| ring(positions)).collect()
}

/// The areas of a file.
fn areas(input: &NewVillageMap) -> Result<Vec<Area>, Error> {
    let read = FeatureCollection::deserialize(&input.geojson);
    let collection = read.map_err(|_| {
        invalid(
            "not_geojson",
            "文件不是 GeoJSON 的 FeatureCollection（RFC 7946），请检查后重新上传。",
        )
    })?;
    let property = input.property.trim();
    let mut areas = Vec::with_capacity(collection.features.len());
    for (at, feature) in collection.features.iter().enumerate() {
        let value = feature.geometry.as_ref().map(|geometry| &geometry.value);
        let polygons = match value {
            Some(GeometryValue::Polygon { coordinates }) => {
                polygon(coordinates).map(|polygon| vec![polygon])
            }
            Some(GeometryValue::MultiPolygon { coordinates }) => coordinates
                .iter()
                .map(|rings| polygon(rings))
                .collect::<Option<Vec<_>>>(),
            _ => {
                let message = format!("第{}个要素不是面：只能有 Polygon 和 MultiPolygon。", at + 1);
                return Err(invalid("not_polygon", message));
            }
        };
        let Some(polygons) = polygons else {
            let message = format!("第{}个要素有不完整的坐标。", at + 1);
            return Err(invalid("not_degrees", message));
        };
        let name = match feature.property(property) {
            Some(serde_json::Value::String(name)) => Some(name.clone()),
            Some(serde_json::Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        areas.push(Area { name, polygons });
    }
    if !areas.is_empty() && areas.iter().all(|area| area.name.is_none()) {
        let mut errors = Errors::new();
        let message = format!("没有一个要素有属性“{property}”，请填写写着村名的属性。");
        errors.add("property", "unknown", message);
        return Err(errors.into());
    }
    Ok(areas)
}

fn log(conn: &mut Conn, desk: &Desk, detail: String) -> Result<(), Error> {
    let entry = Entry::new(AuditAction::MapWrite, detail);
    audit::append(conn, &desk.context, &desk.actor, entry)?;
    Ok(())
}

/// Makes a file the township's map, in the place of the one before.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(super) fn upload(
    conn: &mut Conn,
    desk: &Desk,
    input: &NewVillageMap,
) -> Result<VillageMapView, Error> {
    may_edit(desk)?;
    input.check().into_result()?;
    let areas = areas(input)?;
    let drawing = draw(&areas)?;
    let known = villages(desk);
    let matched = drawing.shapes.iter().map(|shape| {
        let name = shape.name.as_deref()?;
        let village = known
            .iter()
            .find(|village| same_name(name, &village.name))?;
        Some(village.id.clone())
    });
    let villages: Vec<Option<String>> = matched.collect();
    let found = villages.iter().flatten().count();
    let detail = format!(
        "上传村庄地图：{}个面，{found}个对上村",
        drawing.shapes.len()
    );
    let before = find(conn, desk)?;
    let record = MapRecord {
        township_id: desk.actor.township_id.as_str().to_owned(),
        body: body(&Kept {
            drawing,
            property: input.property.trim().to_owned(),
            villages,
        })?,
        user_id: desk.actor.user_id.as_str().to_owned(),
        version: before.as_ref().map_or(1, |before| before.version + 1),
        updated_at: desk.context.now.naive_utc(),
    };
    match before {
        Some(_) => diesel::update(village_maps::table.find(&record.township_id))
            .set(&record)
            .execute(conn)?,
        None => diesel::insert_into(village_maps::table)
            .values(&record)
            .execute(conn)?,
    };
    log(conn, desk, detail)?;
    show(conn, desk)
}

fn seen(conn: &mut Conn, desk: &Desk, version: i64) -> Result<MapRecord, Error> {
    may_edit(desk)?;
    let record = find(conn, desk)?.ok_or_else(Error::hidden)?;
    if record.version != version {
        return Err(Error::Stale);
    }
    Ok(record)
}

/// Says which area stands for which village.
///
/// # Errors
/// [`Error::Denied`], [`Error::Stale`], [`Error::Invalid`], the database's own.
pub(super) fn choose(
    conn: &mut Conn,
    desk: &Desk,
    version: i64,
    input: &VillageMapPatch,
) -> Result<VillageMapView, Error> {
    let mut record = seen(conn, desk, version)?;
    let mut kept = record.kept()?;
    let known = villages(desk);
    let mut errors = Errors::new();
    kept.villages.resize(kept.drawing.shapes.len(), None);
    for (at, choice) in input.choices.iter().enumerate() {
        let village = choice.village_id.as_ref().filter(|id| !id.is_empty());
        if let Some(id) = village
            && known.iter().all(|known| known.id != *id)
        {
            let message = "没有这个村，请从列表中选择。";
            errors.add(format!("choices.{at}.village_id"), "unknown", message);
            continue;
        }
        match kept.villages.get_mut(choice.area) {
            Some(chosen) => *chosen = village.cloned(),
            None => {
                let message = "地图上没有这个面。";
                errors.add(format!("choices.{at}.area"), "unknown", message);
            }
        }
    }
    errors.into_result()?;
    record.body = body(&kept)?;
    record.user_id = desk.actor.user_id.as_str().to_owned();
    record.version = version + 1;
    record.updated_at = desk.context.now.naive_utc();
    let row = village_maps::table
        .find(&record.township_id)
        .filter(village_maps::version.eq(version));
    if diesel::update(row).set(&record).execute(conn)? != 1 {
        return Err(Error::Stale);
    }
    let detail = format!("指定村庄地图上的村：{}处", input.choices.len());
    log(conn, desk, detail)?;
    show(conn, desk)
}

/// Takes the map away.
///
/// # Errors
/// [`Error::Denied`], [`Error::Stale`], the database's own.
pub(super) fn remove(conn: &mut Conn, desk: &Desk, version: i64) -> Result<VillageMapView, Error> {
    let record = seen(conn, desk, version)?;
    let row = village_maps::table
        .find(&record.township_id)
        .filter(village_maps::version.eq(version));
    if diesel::delete(row).execute(conn)? != 1 {
        return Err(Error::Stale);
    }
    log(conn, desk, "删除村庄地图".to_owned())?;
    show(conn, desk)
}
