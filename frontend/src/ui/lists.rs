//! Lists that are a table on a desk and cards on a phone.

use leptos::prelude::*;

use crate::shell::narrow;
use crate::ui::live::live;

/// Draws things as lines of a table on a desk, as cards on a phone, and follows the window.
pub(crate) fn by_width<T: Clone + Send + 'static>(
    caption: &'static str,
    heads: Vec<&'static str>,
    items: Vec<T>,
    line: impl Fn(T) -> AnyView + Send + 'static,
    card: impl Fn(T) -> AnyView + Send + 'static,
) -> AnyView {
    let draw = move |cards: bool| -> Vec<AnyView> {
        let draw = |item: T| if cards { card(item) } else { line(item) };
        items.iter().cloned().map(draw).collect()
    };
    boxed(caption, heads, Box::new(draw))
}

/// `draw` gives the cards (`true`) or the lines.
fn boxed(
    caption: &'static str,
    heads: Vec<&'static str>,
    draw: Box<dyn Fn(bool) -> Vec<AnyView> + Send>,
) -> AnyView {
    live(move || {
        if narrow() {
            view! { <ul class="cards">{draw(true)}</ul> }.into_any()
        } else {
            table(caption, &heads, draw(false))
        }
    })
}

fn table(caption: &'static str, heads: &[&'static str], lines: Vec<AnyView>) -> AnyView {
    let heads = heads
        .iter()
        .map(|head| view! { <th scope="col">{*head}</th> }.into_any())
        .collect_view();
    view! {
        <div class="table-box">
            <table class="table">
                <caption class="sr-only">{caption}</caption>
                <thead>
                    <tr>{heads}</tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </div>
    }
    .into_any()
}
