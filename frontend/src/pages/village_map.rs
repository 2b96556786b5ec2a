//! `/village-map`: the administrator uploads the outlines of the villages, says which is which, and takes
//! the map away.

use leptos::prelude::*;
use serde_json::Value;
use shared::access::Action;
use shared::validate::Errors;
use shared::village_map::{
    MAX_PROPERTY, MapArea, MapChoice, VillageMap, VillageMapPatch, VillageMapView,
};
use wasm_bindgen_futures::JsFuture;

use super::admin::{etag, only_for};
use super::heading;
use crate::api::{Answer, Call, Failure};
use crate::browser;
use crate::directory::directory;
use crate::load::{Loader, load};
use crate::ui::chart::{Region, regions};
use crate::ui::field::{Form, field};
use crate::ui::icon::{Icon, icon};
use crate::ui::live::live;
use crate::ui::notice::notices;
use crate::ui::states::waiting;

/// The page.
pub(crate) fn page() -> AnyView {
    only_for(Action::ManageSettings, "村庄地图", managed)
}

fn managed() -> AnyView {
    let found = load(|| Call::get("/village-map").fetch::<VillageMapView>());
    view! {
        <div class="page">
            <nav class="crumbs" aria-label="位置">
                <a href="/settings">{icon(Icon::Back)} "设置"</a>
            </nav>
            <div class="page-head">
                <div>
                    {heading("村庄地图")}
                    <p class="quiet">
                        "数据看板上的示意图：每个村一块，按未办结、超期或三无情况着色，点开是这个村的事项。"
                    </p>
                </div>
            </div>
            {upload(found)}
            {found.view(waiting, move |view| drawn(found, &view))}
        </div>
    }
    .into_any()
}

/// A file's text.
async fn text_of(file: web_sys::File) -> Option<String> {
    JsFuture::from(file.text()).await.ok()?.as_string()
}

fn unreadable(message: &str) -> Failure {
    Failure::of_field("file", "invalid", message.to_owned())
}

fn upload(found: Loader<VillageMapView>) -> AnyView {
    let form = Form::new();
    let notices = notices();
    let file = RwSignal::new_local(None::<web_sys::File>);
    let property = RwSignal::new("name".to_owned());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let mut errors = Errors::new();
        let named = property.get_untracked();
        errors.text("property", "名称属性", &named, MAX_PROPERTY);
        let Some(picked) = file.get_untracked() else {
            errors.add("file", "required", "请选择 GeoJSON 文件。");
            form.accept(errors);
            return;
        };
        // The whole request may have a megabyte.
        if picked.size() > 1_000_000.0 {
            errors.add("file", "too_large", "文件超过1MB，请先简化边界再上传。");
        }
        if !form.accept(errors) {
            return;
        }
        let request = async move {
            let Some(text) = text_of(picked).await else {
                return Err(unreadable("文件读不出来，请重新选择。"));
            };
            let Ok(geojson) = serde_json::from_str::<Value>(&text) else {
                return Err(unreadable("文件不是 JSON，请选择 GeoJSON 文件。"));
            };
            let body = serde_json::json!({"geojson": geojson, "property": named.trim()});
            let sent: Answer<VillageMapView> = Call::post("/village-map")
                .once(&browser::random_key())
                .json(&body)
                .fetch()
                .await;
            sent
        };
        form.send(request, move |view| {
            notices.say("已上传。");
            found.put(view);
        });
    };
    view! {
        <section class="card" aria-labelledby="upload">
            <h2 id="upload">"上传"</h2>
            <form class="stack" novalidate on:submit=submit>
                {form.summary()}
                <p class="hint">
                    "GeoJSON（FeatureCollection，面要素，经纬度坐标），不超过1MB。村名对得上的自动对应，对不上的在下面指定。再次上传替换原来的。"
                </p>
                {field(form, "file", "GeoJSON 文件").required().group(
                    view! {
                        <input
                            id="map-file"
                            aria-label="GeoJSON 文件"
                            type="file"
                            accept=".geojson,.json,application/geo+json,application/json"
                            on:change=move |event| {
                                form.mended("file");
                                file.set(browser::picked_file(&event));
                            }
                        />
                    }
                    .into_any(),
                )}
                {field(form, "property", "写着村名的属性").required().input(property)}
                <div class="row row-end">{form.submit("上传", "btn btn-primary")}</div>
            </form>
        </section>
    }
    .into_any()
}

fn drawn(found: Loader<VillageMapView>, view: &VillageMapView) -> AnyView {
    let Some(map) = &view.map else {
        return view! {
            <p class="note" data-testid="no-map">
                "还没有上传地图：数据看板上没有地图，各村的数字仍在表中。"
            </p>
        }
        .into_any();
    };
    let notices = notices();
    let missing = (!view.missing.is_empty()).then(|| {
        let names: Vec<&str> = view.missing.iter().map(|unit| unit.name.as_str()).collect();
        view! {
            <p class="note" data-testid="map-missing">
                {icon(Icon::Warning)}
                {format!("地图上还没有：{}。", names.join("、"))}
            </p>
        }
    });
    let version = view.version;
    let rows = map
        .areas
        .iter()
        .enumerate()
        .map(|(at, area)| row(found, version, at, area))
        .collect_view();
    let remove = move |_: leptos::ev::MouseEvent| {
        let call = Call::delete("/village-map").if_match(&etag(version));
        wasm_bindgen_futures::spawn_local(async move {
            match call.fetch::<VillageMapView>().await {
                Ok(view) => {
                    notices.say("已删除。");
                    found.put(view);
                }
                Err(failure) => {
                    notices.say(failure.message());
                    found.reload();
                }
            }
        });
    };
    view! {
        {missing}
        <section class="card" aria-labelledby="areas">
            <div class="card-head">
                <h2 id="areas">"哪块是哪个村"</h2>
                <button type="button" class="btn" data-testid="remove-map" on:click=remove>
                    "删除地图"
                </button>
            </div>
            <div class="map-preview">{preview(map)}</div>
            <ul class="law-list">{rows}</ul>
        </section>
    }
    .into_any()
}

fn preview(map: &VillageMap) -> AnyView {
    let areas = map
        .areas
        .iter()
        .map(|area| Region {
            path: area.shape.path.clone(),
            at: (area.shape.x, area.shape.y),
            class: match area.village {
                Some(_) => "region heat-2",
                None => "region region-unknown",
            },
            label: area
                .village
                .as_ref()
                .map(|village| village.name.clone())
                .or_else(|| area.shape.name.clone())
                .unwrap_or_default(),
            value: String::new(),
            href: None,
        })
        .collect();
    regions((map.width, map.height), "村庄地图预览".to_owned(), areas)
}

fn row(found: Loader<VillageMapView>, version: i64, at: usize, area: &MapArea) -> AnyView {
    let notices = notices();
    let directory = directory();
    let chosen = area
        .village
        .as_ref()
        .map_or_else(String::new, |village| village.id.clone());
    let name = area
        .shape
        .name
        .clone()
        .unwrap_or_else(|| "（没有名称）".to_owned());
    let unknown = area.village.is_none().then(|| {
        view! { " " <span class="badge badge-wait">"对不上"</span> }
    });
    let choose = move |id: String| {
        let patch = VillageMapPatch {
            choices: vec![MapChoice {
                area: at,
                village_id: Some(id).filter(|id| !id.is_empty()),
            }],
        };
        let call = Call::patch("/village-map")
            .if_match(&etag(version))
            .json(&patch);
        wasm_bindgen_futures::spawn_local(async move {
            match call.fetch::<VillageMapView>().await {
                Ok(view) => found.put(view),
                Err(failure) => {
                    notices.say(failure.message());
                    found.reload();
                }
            }
        });
    };
    let options = live(move || {
        let none = (String::new(), "不是本镇的村".to_owned());
        let all = std::iter::once(none).chain(directory.villages());
        all.map(|(id, name)| {
            let is = id == chosen;
            view! { <option value=id selected=is>{name}</option> }.into_any()
        })
        .collect_view()
    });
    let id = format!("map-area-{at}");
    let label = format!("“{name}”代表哪个村");
    view! {
        <li class="law map-row" data-testid="map-area">
            <span>{name}{unknown}</span>
            <select
                id=id
                aria-label=label
                on:change:target=move |event| choose(event.target().value())
            >
                {options}
            </select>
        </li>
    }
    .into_any()
}
