//! Parts of a page that follow signals. A closure in `view!` does the same, but each brings its own
//! copy of the machinery to the download; those that go through here share one.

use leptos::prelude::*;

/// A part of a page that is drawn anew whenever a signal that it reads changes.
pub(crate) fn live<V: IntoAny>(mut draw: impl FnMut() -> V + Send + 'static) -> AnyView {
    let draw: Box<dyn FnMut() -> AnyView + Send> = Box::new(move || draw().into_any());
    draw.into_any()
}

/// A list that is drawn anew whenever a signal that `items` reads changes. What stays the same keeps
/// its elements.
pub(crate) fn each<T: 'static>(
    items: impl Fn() -> Vec<T> + Send + 'static,
    draw: impl Fn(T) -> AnyView + Send + 'static,
) -> AnyView {
    live(move || items().into_iter().map(&draw).collect_view())
}

/// An attribute's or a property's value that changes with the signals that it reads.
pub(crate) fn follow<V: 'static>(
    value: impl FnMut() -> V + Send + 'static,
) -> Box<dyn FnMut() -> V + Send> {
    Box::new(value)
}

/// Does something now, and again whenever a signal that it reads changes.
pub(crate) fn watch(act: impl Fn() + 'static) {
    watch_boxed(Box::new(act));
}

fn watch_boxed(act: Box<dyn Fn()>) {
    Effect::new(move |_| act());
}
