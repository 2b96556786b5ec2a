//! Charts: SVG drawn by small functions, each with its table behind it, to be read by keyboard and
//! screen reader, printed, and saved as CSV or PNG.
//!
//! Drawn here rather than by a library: the download is tight, and every chart has to be a table, too.

mod draw;

use leptos::prelude::*;
use wasm_bindgen::prelude::*;

use crate::browser;
use crate::ui::icon::{Icon, icon};

pub(crate) use draw::{Region, bars, funnel, heat, lines, regions, stacks};

#[wasm_bindgen(module = "/src/ui/chart/save.js")]
extern "C" {
    fn png(id: &str, name: &str);
    /// Turns the large screen's look on or off.
    pub(crate) fn wall(on: bool);
}

/// A cell of the table behind a chart.
#[derive(Clone)]
pub(crate) struct Cell {
    /// What it says.
    pub(crate) text: String,
    /// What it opens.
    pub(crate) href: Option<String>,
}

impl Cell {
    /// Plain text.
    pub(crate) fn new(text: impl ToString) -> Self {
        Self {
            text: text.to_string(),
            href: None,
        }
    }

    /// Text that opens a list, where there is one.
    pub(crate) fn link(text: impl ToString, href: Option<String>) -> Self {
        Self {
            text: text.to_string(),
            href,
        }
    }
}

/// The table behind a chart.
#[derive(Clone)]
pub(crate) struct Sheet {
    /// The names of the columns.
    pub(crate) head: Vec<String>,
    /// The rows; the first cell names the row.
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// What a spreadsheet would take for a formula is made text.
fn quoted(text: &str) -> String {
    let risky = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    let text = if risky {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

impl Sheet {
    /// As CSV, which Excel reads as UTF-8 by its mark.
    fn csv(&self) -> String {
        let head = self
            .head
            .iter()
            .map(|text| quoted(text))
            .collect::<Vec<_>>();
        let rows = self.rows.iter().map(|row| {
            let cells = row.iter().map(|cell| quoted(&cell.text));
            cells.collect::<Vec<_>>().join(",")
        });
        let lines: Vec<String> = std::iter::once(head.join(",")).chain(rows).collect();
        format!("\u{feff}{}\r\n", lines.join("\r\n"))
    }

    /// As a table.
    pub(crate) fn view(&self, caption: &str) -> AnyView {
        let head = self
            .head
            .iter()
            .map(|text| view! { <th scope="col">{text.clone()}</th> }.into_any())
            .collect_view();
        let rows = self
            .rows
            .iter()
            .map(|row| {
                let cells = row
                    .iter()
                    .enumerate()
                    .map(|(n, cell)| {
                        let words = match &cell.href {
                            Some(href) => {
                                view! { <a href=href.clone()>{cell.text.clone()}</a> }.into_any()
                            }
                            None => cell.text.clone().into_any(),
                        };
                        if n == 0 {
                            view! { <th scope="row">{words}</th> }.into_any()
                        } else {
                            view! { <td class="num">{words}</td> }.into_any()
                        }
                    })
                    .collect_view();
                view! { <tr>{cells}</tr> }.into_any()
            })
            .collect_view();
        view! {
            <div class="table-box">
                <table class="table">
                    <caption class="sr-only">{caption.to_owned()}</caption>
                    <thead><tr>{head}</tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .into_any()
    }

    /// Hands it over as a file.
    pub(crate) fn save(&self, name: &str) {
        let parts = js_sys::Array::of1(&JsValue::from_str(&self.csv()));
        if let Ok(file) = web_sys::Blob::new_with_str_sequence(&parts) {
            browser::save_file(&format!("{name}.csv"), &file);
        }
    }
}

/// A chart with its heading, its table and its buttons. `id` is its own on the page.
pub(crate) fn chart(
    id: &'static str,
    title: &'static str,
    note: &'static str,
    picture: AnyView,
    sheet: Sheet,
) -> AnyView {
    let table = sheet.view(title);
    let save = StoredValue::new(sheet);
    let day = browser::today();
    let name = move || format!("{title}{day}");
    view! {
        <figure class="card chart" id=id data-testid=id>
            <figcaption class="card-head">
                <h2>{title}</h2>
                <span class="chart-save">
                    <button
                        type="button"
                        class="btn btn-small btn-quiet"
                        aria-label=format!("{title}：下载 CSV")
                        on:click=move |_| save.with_value(|sheet| sheet.save(&name()))
                    >
                        {icon(Icon::Download)}
                        "CSV"
                    </button>
                    <button
                        type="button"
                        class="btn btn-small btn-quiet"
                        aria-label=format!("{title}：下载 PNG 图片")
                        on:click=move |_| png(id, &format!("{}.png", name()))
                    >
                        {icon(Icon::Download)}
                        "PNG"
                    </button>
                </span>
            </figcaption>
            {(!note.is_empty()).then(|| view! { <p class="hint">{note}</p> })}
            <div class="chart-picture">{picture}</div>
            <details class="chart-table">
                <summary>"数据表"</summary>
                {table}
            </details>
        </figure>
    }
    .into_any()
}
