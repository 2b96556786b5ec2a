//! The map of the villages on a dashboard, coloured by one figure; the table behind it has all of them.

use leptos::prelude::*;
use shared::indicator::view::{Dashboard, VillageLoad};
use shared::role::Role;
use shared::village_map::{VillageMap, VillageMapView};

use crate::load::Loader;
use crate::ui::chart::{Cell, Region, Sheet, chart, regions};
use crate::ui::live::{follow, live};

/// What the map is coloured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Open,
    Overdue,
    Standing,
}

const BY: [(By, &str); 3] = [
    (By::Open, "未办结"),
    (By::Overdue, "超期"),
    (By::Standing, "三无"),
];

/// The map, where one was uploaded and there is more than one village to show.
pub(super) fn section(board: &Dashboard, map: Loader<VillageMapView>, by: RwSignal<By>) -> AnyView {
    if board.villages.len() < 2 {
        return ().into_any();
    }
    let (villages, role) = (board.villages.clone(), board.role);
    live(move || {
        let map = map.value().and_then(|view| view.map)?;
        Some(drawn(&map, &villages, role, by))
    })
}

fn drawn(map: &VillageMap, villages: &[VillageLoad], role: Role, by: RwSignal<By>) -> AnyView {
    let buttons = BY
        .map(|(one, words)| {
            let pressed = follow(move || if by.get() == one { "true" } else { "false" });
            view! {
                <button
                    type="button"
                    class="btn btn-small"
                    aria-pressed=pressed
                    on:click=move |_| by.set(one)
                >
                    {words}
                </button>
            }
            .into_any()
        })
        .into_iter()
        .collect_view();
    let (shapes, loads) = (map.clone(), villages.to_vec());
    let picture = live(move || picture(&shapes, &loads, role, by.get()));
    let picture = view! {
        <div class="map-by" role="group" aria-label="按什么着色">{buttons}</div>
        {picture}
    }
    .into_any();
    let lists = role != Role::Auditor;
    let rows = villages.iter().map(|load| {
        let link = |by| Some(href(load, by)).filter(|_| lists);
        let holds = load
            .holds
            .map_or("—", |holds| if holds { "是" } else { "否" });
        vec![
            Cell::new(&load.village.name),
            Cell::link(load.open, link(By::Open).filter(|_| load.open > 0)),
            Cell::link(load.overdue, link(By::Overdue).filter(|_| load.overdue > 0)),
            Cell::link(holds, Some(href(load, By::Standing))),
        ]
    });
    let head = ["村", "未办结", "其中超期", "三无村"];
    let sheet = Sheet {
        head: head.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    };
    chart(
        "chart-map",
        "村庄地图",
        "示意图，颜色越醒目越多；点一个村看它的事项。",
        picture,
        sheet,
    )
}

/// What a village opens.
fn href(load: &VillageLoad, by: By) -> String {
    let id = &load.village.id;
    match by {
        By::Open => format!("/cases?open=true&village_id={id}"),
        By::Overdue => format!("/cases?open=true&overdue=true&village_id={id}"),
        By::Standing => "/standing".to_owned(),
    }
}

fn picture(map: &VillageMap, villages: &[VillageLoad], role: Role, by: By) -> AnyView {
    let count = |load: &VillageLoad| match by {
        By::Open => load.open,
        By::Overdue => load.overdue,
        By::Standing => 0,
    };
    let most = villages.iter().map(count).max().unwrap_or(0).max(1);
    let areas = map.areas.iter().map(|area| {
        let village = area.village.as_ref();
        let load = village.and_then(|village| villages.iter().find(|l| l.village.id == village.id));
        let name = village.map(|village| village.name.clone());
        let label = name.or_else(|| area.shape.name.clone()).unwrap_or_default();
        let (class, value) = match (load, by) {
            (None, _) => ("region region-unknown", String::new()),
            (Some(load), By::Standing) => match load.holds {
                Some(true) => ("region region-good", "三无村".to_owned()),
                Some(false) => ("region region-bad", "未达三无".to_owned()),
                None => ("region region-unknown", String::new()),
            },
            (Some(load), _) => {
                let class = match (count(load) * 4).div_ceil(most) {
                    0 => "region heat heat-0",
                    1 => "region heat heat-1",
                    2 => "region heat heat-2",
                    3 => "region heat heat-3",
                    _ => "region heat heat-4",
                };
                (class, format!("{}件", count(load)))
            }
        };
        let opens = role != Role::Auditor || by == By::Standing;
        Region {
            path: area.shape.path.clone(),
            at: (area.shape.x, area.shape.y),
            class,
            label,
            value,
            href: load.filter(|_| opens).map(|load| href(load, by)),
        }
    });
    let words = BY
        .iter()
        .find(|(one, _)| *one == by)
        .map_or("", |(_, words)| *words);
    regions(
        (map.width, map.height),
        format!("村庄地图，按{words}着色，数据见下面的数据表"),
        areas.collect(),
    )
}
