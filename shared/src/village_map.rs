//! The village map: a schematic drawing of the villages, made of what the administrator uploads. Areas in
//! degrees become paths in a view box a thousand wide; it shows which village lies where, and no more.

use serde::{Deserialize, Serialize};

use crate::case::view::Named;
use crate::validate::Errors;

/// The longest side of the drawing, in its own units.
pub const SIDE: f64 = 1000.0;
/// The most areas.
pub const MAX_AREAS: usize = 200;
/// The most points that are taken, in all.
pub const MAX_TAKEN: usize = 200_000;
/// The most points that are kept, in all: every dashboard loads them.
pub const MAX_KEPT: usize = 20_000;
/// The longest name of a property, in characters.
pub const MAX_PROPERTY: usize = 60;
/// The longest name of an area that is kept, in characters.
pub const MAX_NAME: usize = 60;

/// A place: degrees of longitude and latitude.
pub type Degrees = (f64, f64);
/// A closed line; the first of a polygon is its outside, the others are holes.
pub type Ring = Vec<Degrees>;

/// An area as it was uploaded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Area {
    /// What the chosen property calls it.
    pub name: Option<String>,
    /// Its polygons.
    pub polygons: Vec<Vec<Ring>>,
}

/// An area as it is drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Shape {
    /// What the file calls it.
    pub name: Option<String>,
    /// Its outline, as an SVG path.
    pub path: String,
    /// Where its name goes: from the left.
    pub x: i32,
    /// Where its name goes: from the top.
    pub y: i32,
}

/// A drawing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Drawing {
    /// How wide it is.
    pub width: u32,
    /// How high it is.
    pub height: u32,
    /// The areas, in the file's order.
    pub shapes: Vec<Shape>,
}

#[derive(Debug, Clone, Copy)]
struct Bounds {
    west: f64,
    east: f64,
    south: f64,
    north: f64,
}

fn points(areas: &[Area]) -> impl Iterator<Item = Degrees> {
    let polygons = areas.iter().flat_map(|area| &area.polygons);
    polygons.flatten().flatten().copied()
}

/// Draws areas: fitted into a view box, north up, as broad as they are at their latitude.
///
/// # Errors
/// What is wrong with them, in the field `geojson`.
pub fn draw(areas: &[Area]) -> Result<Drawing, Errors> {
    let fail = |code: &str, message: String| {
        let mut errors = Errors::new();
        errors.add("geojson", code, message);
        Err(errors)
    };
    if areas.is_empty() {
        return fail(
            "empty",
            "文件中没有面（Polygon、MultiPolygon）。".to_owned(),
        );
    }
    if areas.len() > MAX_AREAS {
        let message = format!("最多{MAX_AREAS}个面，现在有{}个。", areas.len());
        return fail("too_many", message);
    }
    let taken = points(areas).count();
    if taken > MAX_TAKEN {
        let message = format!("最多{MAX_TAKEN}个坐标点，现在有{taken}个；请先简化边界。");
        return fail("too_many", message);
    }
    let is_degree = |(lon, lat): Degrees| {
        lon.is_finite() && lat.is_finite() && lon.abs() <= 180.0 && lat.abs() <= 90.0
    };
    if !points(areas).all(is_degree) {
        let message = "坐标应为经纬度（度），经度在前；投影坐标请先转换。".to_owned();
        return fail("not_degrees", message);
    }
    let mut bounds = Bounds {
        west: f64::INFINITY,
        east: f64::NEG_INFINITY,
        south: f64::INFINITY,
        north: f64::NEG_INFINITY,
    };
    for (lon, lat) in points(areas) {
        bounds.west = bounds.west.min(lon);
        bounds.east = bounds.east.max(lon);
        bounds.south = bounds.south.min(lat);
        bounds.north = bounds.north.max(lat);
    }
    // A degree of longitude shrinks towards the poles.
    let shrink = f64::midpoint(bounds.south, bounds.north)
        .to_radians()
        .cos()
        .max(0.01);
    let (broad, high) = (
        (bounds.east - bounds.west) * shrink,
        bounds.north - bounds.south,
    );
    if !(broad > 0.0 && high > 0.0) {
        return fail("no_area", "这些面没有面积，请检查坐标。".to_owned());
    }
    let scale = SIDE / broad.max(high);
    let place = |(lon, lat): Degrees| {
        (
            whole((lon - bounds.west) * shrink * scale),
            whole((bounds.north - lat) * scale),
        )
    };
    let mut shapes = Vec::with_capacity(areas.len());
    let mut kept = 0;
    for (at, area) in areas.iter().enumerate() {
        let (path, label, count) = outline(area, place);
        let Some((x, y)) = label else {
            let name = area.name.as_deref().unwrap_or("没有名称");
            let message = format!("第{}个面（{name}）没有面积，画不出来。", at + 1);
            return fail("no_area", message);
        };
        kept += count;
        shapes.push(Shape {
            name: area.name.as_ref().map(|name| {
                let name = name.trim().replace('\0', "\u{fffd}");
                name.chars().take(MAX_NAME).collect()
            }),
            path,
            x,
            y,
        });
    }
    if kept > MAX_KEPT {
        let message = format!("画出来有{kept}个点，最多{MAX_KEPT}个；请先简化边界。");
        return fail("too_many", message);
    }
    let side = |length: f64| u32::try_from(whole(length * scale)).unwrap_or(1).max(1);
    Ok(Drawing {
        width: side(broad),
        height: side(high),
        shapes,
    })
}

/// A length of the drawing, to the nearest unit. Lengths lie between 0 and [`SIDE`].
fn whole(length: f64) -> i32 {
    length.clamp(0.0, SIDE).round() as i32
}

/// A closed line on the drawing: without points that fall together, none where no area is left.
fn ring(ring: &Ring, place: impl Fn(Degrees) -> (i32, i32)) -> Option<Vec<(i32, i32)>> {
    let mut drawn: Vec<(i32, i32)> = ring.iter().map(|at| place(*at)).collect();
    drawn.dedup();
    if drawn.len() > 1 && drawn.first() == drawn.last() {
        drawn.pop();
    }
    (drawn.len() >= 3 && twice_area(&drawn) != 0).then_some(drawn)
}

/// Twice the area within a closed line; negative where it runs the other way round.
fn twice_area(ring: &[(i32, i32)]) -> i64 {
    let next = ring.iter().cycle().skip(1);
    let sum = ring.iter().zip(next).map(|((x1, y1), (x2, y2))| {
        i64::from(*x1) * i64::from(*y2) - i64::from(*x2) * i64::from(*y1)
    });
    sum.sum()
}

/// The centre of gravity of what a closed line holds.
fn centre(ring: &[(i32, i32)]) -> (i32, i32) {
    let area = twice_area(ring);
    let (mut sum_x, mut sum_y) = (0i64, 0i64);
    let next = ring.iter().cycle().skip(1);
    for ((x1, y1), (x2, y2)) in ring.iter().zip(next) {
        let [x1, y1, x2, y2] = [*x1, *y1, *x2, *y2].map(i64::from);
        let cross = x1 * y2 - x2 * y1;
        sum_x += (x1 + x2) * cross;
        sum_y += (y1 + y2) * cross;
    }
    let mean = |sum: i64| {
        let mean = sum.checked_div(3 * area).unwrap_or(0);
        i32::try_from(mean).unwrap_or(0)
    };
    (mean(sum_x), mean(sum_y))
}

type Outline = (String, Option<(i32, i32)>, usize);

/// An area's path, where its name goes, and how many points it has.
fn outline(area: &Area, place: impl Fn(Degrees) -> (i32, i32)) -> Outline {
    use std::fmt::Write as _;
    let mut path = String::new();
    let mut label: Option<(i64, (i32, i32))> = None;
    let mut count = 0;
    for polygon in &area.polygons {
        for (n, line) in polygon.iter().enumerate() {
            let Some(line) = ring(line, &place) else {
                continue;
            };
            count += line.len();
            for (n, (x, y)) in line.iter().enumerate() {
                let pen = if n == 0 { 'M' } else { 'L' };
                // Writing to a string does not fail.
                let _ = write!(path, "{pen}{x} {y}");
            }
            path.push('Z');
            // The name stands in the largest part.
            let size = twice_area(&line).abs();
            if n == 0 && label.is_none_or(|(largest, _)| size > largest) {
                label = Some((size, centre(&line)));
            }
        }
    }
    (path, label.map(|(_, at)| at), count)
}

/// Whether a name in the file means a village: the same, but for white space and the ending 村.
pub fn same_name(file: &str, village: &str) -> bool {
    let bare = |name: &str| {
        let name: String = name.chars().filter(|c| !c.is_whitespace()).collect();
        let short = name
            .strip_suffix("村民委员会")
            .or_else(|| name.strip_suffix("村委会"))
            .or_else(|| name.strip_suffix('村'));
        short.unwrap_or(&name).to_owned()
    };
    let (file, village) = (bare(file), bare(village));
    !file.is_empty() && file == village
}

/// A file to be made the township's map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewVillageMap {
    /// A GeoJSON FeatureCollection (RFC 7946) of Polygons and MultiPolygons; at most a megabyte with all.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub geojson: serde_json::Value,
    /// Which property of a feature names the village.
    pub property: String,
}

impl NewVillageMap {
    /// What is wrong with what stands beside the file.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        errors.text("property", "名称属性", &self.property, MAX_PROPERTY);
        errors
    }
}

/// Which village an area stands for, chosen by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MapChoice {
    /// The area's place in [`VillageMap::areas`], from 0.
    pub area: usize,
    /// The village; none, where it is no village of the township.
    #[serde(default)]
    pub village_id: Option<String>,
}

/// A change of the map.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct VillageMapPatch {
    /// Which area stands for which village; what is not named stays.
    pub choices: Vec<MapChoice>,
}

/// An area of the map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MapArea {
    /// How it is drawn.
    pub shape: Shape,
    /// The village that it stands for; none where the name is unknown and nobody has chosen one.
    pub village: Option<Named>,
}

/// The township's map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VillageMap {
    /// How wide the drawing is.
    pub width: u32,
    /// How high it is.
    pub height: u32,
    /// The property that names the villages in the file.
    pub property: String,
    /// The areas.
    pub areas: Vec<MapArea>,
}

/// What there is of a map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VillageMapView {
    /// The map; none where none was uploaded.
    pub map: Option<VillageMap>,
    /// Villages of the township that no area stands for.
    pub missing: Vec<Named>,
    /// Whether the caller may upload one and change it.
    pub may_edit: bool,
    /// Rises with each change; 0 without a map.
    pub version: i64,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn square(name: &str, lon: f64, lat: f64, side: f64) -> Area {
        Area {
            name: Some(name.to_owned()),
            polygons: vec![vec![vec![
                (lon, lat),
                (lon + side, lat),
                (lon + side, lat + side),
                (lon, lat + side),
                (lon, lat),
            ]]],
        }
    }

    #[test]
    fn two_squares_at_the_equator() {
        // Two squares side by side, each half as broad as the drawing: 1000 by 500, north up.
        let drawing = draw(&[square("甲", 0.0, 0.0, 0.1), square("乙", 0.1, 0.0, 0.1)]).unwrap();
        assert_eq!((drawing.width, drawing.height), (1000, 500));
        let [first, second] = &drawing.shapes[..] else {
            panic!("{drawing:?}");
        };
        assert_eq!(first.path, "M0 500L500 500L500 0L0 0Z");
        assert_eq!((first.x, first.y), (250, 250));
        assert_eq!((second.x, second.y), (750, 250));
        assert_eq!(second.name.as_deref(), Some("乙"));
    }

    #[test]
    fn at_sixty_degrees_a_degree_is_half_as_broad() {
        let drawing = draw(&[square("甲", 10.0, 59.5, 1.0)]).unwrap();
        assert_eq!((drawing.width, drawing.height), (500, 1000));
    }

    #[test]
    fn what_cannot_be_drawn() {
        let code = |areas: &[Area]| {
            let errors = draw(areas).unwrap_err().into_vec();
            errors.into_iter().map(|error| error.code).next().unwrap()
        };
        assert_eq!(code(&[]), "empty");
        assert_eq!(code(&vec![square("甲", 0.0, 0.0, 1.0); 201]), "too_many");
        // Metres of a projection.
        assert_eq!(
            code(&[square("甲", 500_000.0, 4_300_000.0, 1000.0)]),
            "not_degrees"
        );
        assert_eq!(code(&[square("甲", f64::NAN, 0.0, 1.0)]), "not_degrees");
        assert_eq!(code(&[square("甲", 1.0, 1.0, 0.0)]), "no_area");
        let speck = square("点", 0.0, 0.0, 0.000_001);
        assert_eq!(code(&[square("甲", 0.0, 0.0, 10.0), speck]), "no_area");
        let line = Area {
            name: None,
            polygons: vec![vec![vec![(0.0, 0.0), (1.0, 1.0), (0.0, 0.0)]]],
        };
        assert_eq!(code(&[line]), "no_area");
    }

    #[test]
    fn names_of_villages() {
        for (file, village, same) in [
            ("五里墩村", "五里墩村", true),
            (" 五里墩 ", "五里墩村", true),
            ("五里墩村委会", "五里墩村", true),
            ("五里墩村民委员会", "五里墩村", true),
            ("三一村", "三二村", false),
            ("村", "村", false),
            ("", "五里墩村", false),
        ] {
            assert_eq!(same_name(file, village), same, "{file} {village}");
        }
    }

    proptest! {
        /// Whatever is drawn lies within its view box, names too where the outline bulges out.
        #[test]
        fn all_lies_within_the_drawing(
            places in prop::collection::vec((-179.0f64..179.0, -85.0f64..85.0), 3..40),
        ) {
            let area = Area { name: None, polygons: vec![vec![places]] };
            if let Ok(drawing) = draw(&[area]) {
                prop_assert!(drawing.width <= 1000 && drawing.height <= 1000);
                for shape in &drawing.shapes {
                    let numbers = shape.path.split(|c: char| !c.is_ascii_digit());
                    for number in numbers.filter(|n| !n.is_empty()) {
                        prop_assert!(number.parse::<u32>().unwrap() <= 1000);
                    }
                    prop_assert!(shape.path.starts_with('M') && shape.path.ends_with('Z'));
                }
            }
        }
    }
}
