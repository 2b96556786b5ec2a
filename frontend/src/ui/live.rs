//! Parts of a page that follow signals.

use leptos::prelude::*;

/// A part of a page that is drawn anew whenever a signal that it reads changes.
///
/// A closure in `view!` does the same, but each brings its own copy of the machinery to the
/// download; here they share one.
pub(crate) fn live<V: IntoAny>(mut draw: impl FnMut() -> V + Send + 'static) -> AnyView {
    let draw: Box<dyn FnMut() -> AnyView + Send> = Box::new(move || draw().into_any());
    draw.into_any()
}
