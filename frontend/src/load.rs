//! Fetching for a page: what is shown while waiting, after a failure, and when it is there.

use std::future::Future;
use std::pin::Pin;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::api::{Answer, Failure};
use crate::ui::live::live;
use crate::ui::states::failed;

/// Where a fetch stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Load<T> {
    /// Under way, with nothing to show yet.
    Waiting,
    /// There.
    Ready(T),
    /// It failed.
    Failed(Failure),
}

/// A fetch that can be done again. What is there stays shown while it is fetched anew.
pub(crate) struct Loader<T: Send + Sync + 'static> {
    /// What there is to show.
    pub(crate) state: RwSignal<Load<T>>,
    /// Whether a request is under way.
    pub(crate) busy: RwSignal<bool>,
    again: RwSignal<u32>,
}

impl<T: Send + Sync + 'static> Clone for Loader<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Loader<T> {}

impl<T: Clone + Send + Sync + 'static> Loader<T> {
    /// Fetches anew.
    pub(crate) fn reload(self) {
        self.again.try_update(|again| *again += 1);
    }

    /// Takes over a value that came another way, as the answer to a change.
    pub(crate) fn put(self, value: T) {
        self.state.try_set(Load::Ready(value));
    }

    /// The value, if it is there; follows it.
    pub(crate) fn value(self) -> Option<T> {
        self.state.with(|state| match state {
            Load::Ready(value) => Some(value.clone()),
            Load::Waiting | Load::Failed(_) => None,
        })
    }

    /// Shows the skeleton while waiting, the failure with a retry, or the value.
    pub(crate) fn view(
        self,
        waiting: fn() -> AnyView,
        ready: impl Fn(T) -> AnyView + Send + 'static,
    ) -> AnyView {
        live(move || match self.state.get() {
            Load::Waiting => waiting(),
            Load::Ready(value) => ready(value),
            Load::Failed(failure) => failed(&failure, move || self.reload()),
        })
    }
}

/// Fetches now, and again whenever a signal that `fetch` reads changes. Only the last answer counts.
pub(crate) fn load<T, F>(fetch: impl Fn() -> F + 'static) -> Loader<T>
where
    T: Clone + Send + Sync + 'static,
    F: Future<Output = Answer<T>> + 'static,
{
    let loader = Loader {
        state: RwSignal::new(Load::Waiting),
        busy: RwSignal::new(true),
        again: RwSignal::new(0),
    };
    let state = loader.state;
    let ask = move || -> Asked {
        let answer = fetch();
        Box::pin(async move {
            let answer = answer.await;
            let take: Box<dyn FnOnce()> = Box::new(move || {
                state.try_set(match answer {
                    Ok(value) => Load::Ready(value),
                    Err(failure) => Load::Failed(failure),
                });
            });
            take
        })
    };
    follow(loader.busy, loader.again, Box::new(ask));
    loader
}

/// A request under way; it comes to a function that takes the answer over.
type Asked = Pin<Box<dyn Future<Output = Box<dyn FnOnce()>>>>;

/// The part of [`load`] that does not know what is fetched: in the download once.
fn follow(busy: RwSignal<bool>, again: RwSignal<u32>, ask: Box<dyn Fn() -> Asked>) {
    let turn = StoredValue::new(0u32);
    Effect::new(move |_| {
        again.track();
        turn.update_value(|turn| *turn += 1);
        let mine = turn.get_value();
        let asked = ask();
        busy.set(true);
        spawn_local(async move {
            let take = asked.await;
            // A later request is under way, or the page is gone.
            if turn.try_get_value() != Some(mine) {
                return;
            }
            busy.try_set(false);
            take();
        });
    });
}
