//! The pictures. Sizes are in the units of their view box, which is as wide as the place has room for;
//! colours come from the style sheet, by class.

use leptos::prelude::*;

use crate::shell::narrow;

/// How wide a picture is.
fn width() -> f64 {
    if narrow() { 340.0 } else { 500.0 }
}

/// Counts and places of a picture are small.
const fn real(count: u64) -> f64 {
    count as f64
}

fn place(n: usize) -> f64 {
    real(u64::try_from(n).unwrap_or(0))
}

/// The end of the scale: a round number that is not below the greatest count.
fn top(greatest: u64) -> u64 {
    let mut step = 1;
    loop {
        for of in [1, 2, 5] {
            if greatest <= step * of * 4 {
                return (step * of * 4).max(4);
            }
        }
        step *= 10;
    }
}

fn svg(height: f64, words: String, body: AnyView) -> AnyView {
    view! {
        <svg
            class="chart-svg"
            viewBox=format!("0 0 {} {height}", width())
            role="img"
            aria-label=words
        >
            {body}
        </svg>
    }
    .into_any()
}

fn text(x: f64, y: f64, class: &'static str, words: String) -> AnyView {
    view! { <text x=format!("{x:.1}") y=format!("{y:.1}") class=class>{words}</text> }.into_any()
}

fn rect((x, y): (f64, f64), (w, h): (f64, f64), class: String, title: String) -> AnyView {
    view! {
        <rect
            x=format!("{x:.1}")
            y=format!("{y:.1}")
            width=format!("{:.1}", w.max(0.0))
            height=format!("{:.1}", h.max(0.0))
            class=class
        >
            <title>{title}</title>
        </rect>
    }
    .into_any()
}

/// The names of the series, each with its colour.
fn legend(names: &[&'static str]) -> AnyView {
    let items = names
        .iter()
        .enumerate()
        .map(|(n, name)| {
            view! {
                <li>
                    <svg class="swatch" viewBox="0 0 10 10" aria-hidden="true">
                        <rect width="10" height="10" rx="2" class=format!("series-{}", n + 1)></rect>
                    </svg>
                    {*name}
                </li>
            }
            .into_any()
        })
        .collect_view();
    view! { <ul class="legend">{items}</ul> }.into_any()
}

/// Trend lines: a line a series over the labels.
pub(crate) fn lines(labels: &[String], series: &[(&'static str, Vec<u64>)]) -> AnyView {
    let (w, h) = (width(), 240.0);
    let (left, right, head, foot) = (34.0, 20.0, 12.0, 28.0);
    let greatest = series.iter().flat_map(|(_, counts)| counts).max();
    let top = top(greatest.copied().unwrap_or(0));
    let steps = place(labels.len().saturating_sub(1)).max(1.0);
    let x = |n: usize| left + (w - left - right) * place(n) / steps;
    let y = |count: u64| h - foot - (h - head - foot) * real(count) / real(top);
    let grid = (0..=4u64)
        .map(|n| {
            let count = top * n / 4;
            let at = y(count);
            view! {
                <line
                    x1=format!("{left}")
                    x2=format!("{:.1}", w - right)
                    y1=format!("{at:.1}")
                    y2=format!("{at:.1}")
                    class="grid"
                ></line>
                {text(left - 6.0, at + 4.0, "axis axis-end", count.to_string())}
            }
            .into_any()
        })
        .collect_view();
    // So many labels as there is room for, the last one always.
    let every = if narrow() { 3 } else { 1 };
    let last = labels.len().saturating_sub(1);
    let names = labels
        .iter()
        .enumerate()
        .filter(|(n, _)| (last - n).is_multiple_of(every))
        .map(|(n, label)| text(x(n), h - 8.0, "axis axis-middle", label.clone()))
        .collect_view();
    let drawn = series
        .iter()
        .enumerate()
        .map(|(s, (name, counts))| {
            let points: Vec<String> = counts
                .iter()
                .enumerate()
                .map(|(n, count)| format!("{:.1},{:.1}", x(n), y(*count)))
                .collect();
            let dots = counts
                .iter()
                .enumerate()
                .map(|(n, count)| {
                    let label = labels.get(n).cloned().unwrap_or_default();
                    view! {
                        <circle
                            cx=format!("{:.1}", x(n))
                            cy=format!("{:.1}", y(*count))
                            r="3.2"
                            class=format!("series-{}", s + 1)
                        >
                            <title>{format!("{label} {name} {count}件")}</title>
                        </circle>
                    }
                    .into_any()
                })
                .collect_view();
            view! {
                <polyline points=points.join(" ") class=format!("line line-{}", s + 1)></polyline>
                {dots}
            }
            .into_any()
        })
        .collect_view();
    let names_of: Vec<&'static str> = series.iter().map(|(name, _)| *name).collect();
    let words = format!("趋势图：{}，数据见下面的数据表", names_of.join("、"));
    view! {
        {legend(&names_of)}
        {svg(h, words, view! { {grid} {names} {drawn} }.into_any())}
    }
    .into_any()
}

/// Stacked bars, one below the other: a label and a count for each series.
pub(crate) fn stacks(names: &[&'static str], rows: &[(String, Vec<u64>)]) -> AnyView {
    let row = 26.0;
    let left = if narrow() { 96.0 } else { 130.0 };
    let h = row * place(rows.len()) + 6.0;
    let sum = |counts: &[u64]| counts.iter().sum::<u64>();
    let greatest = rows
        .iter()
        .map(|(_, counts)| sum(counts))
        .max()
        .unwrap_or(0);
    let scale = (width() - left - 44.0) / real(greatest.max(1));
    let drawn = rows
        .iter()
        .enumerate()
        .map(|(n, (label, counts))| {
            let at = row * place(n) + 4.0;
            let mut x = left;
            let parts = counts
                .iter()
                .enumerate()
                .map(|(s, count)| {
                    let w = real(*count) * scale;
                    let name = names.get(s).copied().unwrap_or_default();
                    let title = format!("{label} {name} {count}件");
                    let part = rect((x, at), (w, row - 8.0), format!("series-{}", s + 1), title);
                    x += w;
                    part
                })
                .collect_view();
            view! {
                {text(left - 8.0, at + 13.0, "axis axis-end", label.clone())}
                {parts}
                {text(x + 6.0, at + 13.0, "value", sum(counts).to_string())}
            }
            .into_any()
        })
        .collect_view();
    let words = format!("条形图：{}，数据见下面的数据表", names.join("、"));
    let legend = (names.len() > 1).then(|| legend(names));
    view! { {legend} {svg(h, words, drawn.into_any())} }.into_any()
}

/// Bars of one series.
pub(crate) fn bars(name: &'static str, rows: &[(String, u64)]) -> AnyView {
    let rows: Vec<(String, Vec<u64>)> = rows
        .iter()
        .map(|(label, count)| (label.clone(), vec![*count]))
        .collect();
    stacks(&[name], &rows)
}

/// A heat map: rows by columns, the more the darker, with the numbers.
pub(crate) fn heat(columns: &[String], rows: &[(String, Vec<u64>)]) -> AnyView {
    let left = if narrow() { 72.0 } else { 96.0 };
    let (row, head) = (26.0, 20.0);
    let cell = (width() - left - 2.0) / place(columns.len().max(1));
    let greatest = rows.iter().flat_map(|(_, counts)| counts).max();
    let greatest = greatest.copied().unwrap_or(0).max(1);
    let names = columns
        .iter()
        .enumerate()
        .filter(|(n, _)| !narrow() || n.is_multiple_of(2))
        .map(|(n, label)| {
            let x = left + cell * (place(n) + 0.5);
            text(x, 13.0, "axis axis-middle", label.clone())
        })
        .collect_view();
    let drawn = rows
        .iter()
        .enumerate()
        .map(|(r, (label, counts))| {
            let y = head + row * place(r);
            let cells = counts
                .iter()
                .enumerate()
                .map(|(n, count)| {
                    let x = left + cell * place(n);
                    let column = columns.get(n).cloned().unwrap_or_default();
                    // Five steps, and none for nothing.
                    let step = (count * 5).div_ceil(greatest);
                    let shown = if *count == 0 {
                        String::new()
                    } else {
                        count.to_string()
                    };
                    let class = if step > 3 { "heat-dark" } else { "heat-light" };
                    let title = format!("{label} {column} {count}件");
                    view! {
                        {rect((x, y), (cell - 2.0, row - 2.0), format!("heat heat-{step}"), title)}
                        {text(x + cell / 2.0 - 1.0, y + 16.0, class, shown)}
                    }
                    .into_any()
                })
                .collect_view();
            view! {
                {text(left - 8.0, y + 16.0, "axis axis-end", label.clone())}
                {cells}
            }
            .into_any()
        })
        .collect_view();
    let h = head + row * place(rows.len()) + 2.0;
    let words = "热力图：各村各月收到的事项，数据见下面的数据表".to_owned();
    svg(h, words, view! { {names} {drawn} }.into_any())
}

/// A funnel: how many reached each step.
pub(crate) fn funnel(steps: &[(String, u64)]) -> AnyView {
    let row = 40.0;
    let left = if narrow() { 84.0 } else { 110.0 };
    let room = width() - left - 70.0;
    let greatest = steps.iter().map(|(_, count)| *count).max().unwrap_or(0);
    let first = steps.first().map_or(0, |(_, count)| *count);
    let drawn = steps
        .iter()
        .enumerate()
        .map(|(n, (label, count))| {
            let y = row * place(n) + 4.0;
            let w = room * real(*count) / real(greatest.max(1));
            let x = left + (room - w) / 2.0;
            let share = shared::indicator::permille(*count, first)
                .map(shared::indicator::percent_text)
                .unwrap_or_default();
            let title = format!("{label} {count}件 {share}");
            view! {
                {text(left - 8.0, y + 19.0, "axis axis-end", label.clone())}
                {rect((x, y), (w, row - 10.0), "series-1".to_owned(), title)}
                {text(left + room + 8.0, y + 13.0, "value", count.to_string())}
                {text(left + room + 8.0, y + 28.0, "axis", share)}
            }
            .into_any()
        })
        .collect_view();
    let words = "漏斗图：从登记到息诉罢访，数据见下面的数据表".to_owned();
    svg(row * place(steps.len()) + 4.0, words, drawn.into_any())
}

/// A region of a map.
pub(crate) struct Region {
    /// Its outline.
    pub(crate) path: String,
    /// Where its name goes.
    pub(crate) at: (i32, i32),
    /// How it is coloured.
    pub(crate) class: &'static str,
    /// Its name.
    pub(crate) label: String,
    /// What is counted of it.
    pub(crate) value: String,
    /// What it opens.
    pub(crate) href: Option<String>,
}

/// A map: regions of a view box of this size, each with its name; those that open something are links, to
/// be reached by keyboard.
pub(crate) fn regions((width, height): (u32, u32), words: String, regions: Vec<Region>) -> AnyView {
    // Names of the villages at the edge may stick out.
    let (w, h) = (width + 80, height + 80);
    let drawn = regions
        .into_iter()
        .map(|region| {
            let Region {
                path,
                at: (x, y),
                class,
                label,
                value,
                href,
            } = region;
            let spoken = format!("{label} {value}");
            let inner = view! {
                <g>
                    <path d=path class=class><title>{spoken.clone()}</title></path>
                    <text x=x.to_string() y=y.to_string() class="region-name">{label}</text>
                    <text x=x.to_string() y=(y + 44).to_string() class="region-value">{value}</text>
                </g>
            };
            match href {
                Some(href) => view! {
                    <g>
                        <a href=href aria-label=spoken class="region-link">{inner}</a>
                    </g>
                }
                .into_any(),
                None => inner.into_any(),
            }
        })
        .collect_view();
    view! {
        <svg
            class="chart-svg map-svg"
            viewBox=format!("-40 -40 {w} {h}")
            role="group"
            aria-label=words
        >
            {drawn}
        </svg>
    }
    .into_any()
}
