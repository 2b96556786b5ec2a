//! A list that comes page after page: waiting, failed, empty, rows with “more”.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use leptos::prelude::*;
use serde::de::DeserializeOwned;
use shared::page::Page;
use wasm_bindgen_futures::spawn_local;

use crate::api::{Answer, Call, Failure};
use crate::ui::live::{follow, live};
use crate::ui::states::{failed, waiting_rows};

/// The rows that are there, and how to get more.
pub(crate) struct Rows<T: Send + Sync + 'static> {
    rows: RwSignal<Vec<T>>,
    at: Paging,
}

/// The part that does not know what the rows are: in the download once.
#[derive(Clone, Copy)]
struct Paging {
    next: RwSignal<Option<String>>,
    total: RwSignal<Option<u64>>,
    busy: RwSignal<bool>,
    failure: RwSignal<Option<Failure>>,
    /// Fetches from the beginning, or what comes after those shown.
    fetch: Callback<bool>,
}

/// What is to be drawn.
#[derive(Clone, PartialEq, Eq)]
enum Stage {
    Waiting,
    Failed(Failure),
    Empty,
    Rows,
}

impl<T: Send + Sync + 'static> Clone for Rows<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Rows<T> {}

/// What a request comes to: where the next page begins, how many rows there are in all, and a
/// function that takes the rows over (`true`: beside those that are there).
type Asked = Pin<Box<dyn Future<Output = Answer<(Option<String>, u64, Box<dyn FnOnce(bool)>)>>>>;

/// Fetches the list at a path, its query included, and anew whenever that changes.
pub(crate) fn rows<T: DeserializeOwned + Send + Sync + 'static>(path: Memo<String>) -> Rows<T> {
    let rows = RwSignal::new(Vec::<T>::new());
    let ask = move |asked: String| -> Asked {
        Box::pin(async move {
            let page = Call::get(asked).fetch::<Page<T>>().await?;
            let items = page.items;
            let take: Box<dyn FnOnce(bool)> = Box::new(move |more| {
                rows.try_update(|rows| {
                    if !more {
                        rows.clear();
                    }
                    rows.extend(items);
                });
            });
            Ok((page.next_cursor, page.total, take))
        })
    };
    Rows {
        rows,
        at: Paging::new(path, Box::new(ask)),
    }
}

impl<T: Clone + Send + Sync + 'static> Rows<T> {
    /// Fetches the list anew, from its beginning.
    pub(crate) fn reload(self) {
        self.at.fetch.run(false);
    }

    /// Draws the list: `empty` says that there is nothing, `list` draws rows.
    pub(crate) fn view(
        self,
        empty: impl Fn() -> AnyView + Send + 'static,
        list: impl Fn(Vec<T>) -> AnyView + Send + Sync + 'static,
    ) -> AnyView {
        let rows = self.rows;
        let count = Signal::derive(move || rows.with(Vec::len));
        let list: Arc<dyn Fn() -> AnyView + Send + Sync> = Arc::new(move || list(rows.get()));
        self.at.view(count, Box::new(empty), list)
    }
}

impl Paging {
    fn new(path: Memo<String>, ask: Box<dyn Fn(String) -> Asked + Send + Sync>) -> Self {
        let next = RwSignal::new(None::<String>);
        let total = RwSignal::new(None);
        let busy = RwSignal::new(true);
        let failure = RwSignal::new(None);
        // Rises with each request, so that an answer that comes late is dropped.
        let turn = StoredValue::new(0u32);
        let fetch = Callback::new(move |more: bool| {
            let mut asked = path.get_untracked();
            if let Some(cursor) = next.get_untracked().filter(|_| more) {
                asked.push(if asked.contains('?') { '&' } else { '?' });
                asked.push_str("cursor=");
                asked.push_str(&crate::browser::encoded(&cursor));
            }
            turn.update_value(|turn| *turn += 1);
            let mine = turn.get_value();
            busy.set(true);
            let asked = ask(asked);
            spawn_local(async move {
                let answer = asked.await;
                if turn.try_get_value() != Some(mine) {
                    return;
                }
                busy.set(false);
                match answer {
                    Ok((after, count, take)) => {
                        failure.set(None);
                        next.set(after);
                        take(more);
                        total.set(Some(count));
                    }
                    Err(why) => failure.set(Some(why)),
                }
            });
        });
        Effect::new(move |_| {
            path.track();
            fetch.run(false);
        });
        Self {
            next,
            total,
            busy,
            failure,
            fetch,
        }
    }

    fn view(
        self,
        count: Signal<usize>,
        empty: Box<dyn Fn() -> AnyView + Send>,
        list: Arc<dyn Fn() -> AnyView + Send + Sync>,
    ) -> AnyView {
        let stage = Memo::new(move |_| match (self.failure.get(), self.total.get()) {
            (Some(failure), _) => Stage::Failed(failure),
            (None, None) => Stage::Waiting,
            (None, Some(_)) if count.get() == 0 => Stage::Empty,
            (None, Some(_)) => Stage::Rows,
        });
        let draw = live(move || match stage.get() {
            Stage::Waiting => waiting_rows(),
            Stage::Failed(failure) => failed(&failure, move || self.fetch.run(false)),
            Stage::Empty => empty(),
            Stage::Rows => {
                let list = list.clone();
                view! {
                    {live(move || list())}
                    {self.foot(count)}
                }
                .into_any()
            }
        });
        view! {
            <div class="ledger" aria-busy=follow(move || self.busy.get().then_some("true"))>
                {draw}
            </div>
        }
        .into_any()
    }

    fn foot(self, count: Signal<usize>) -> AnyView {
        let words = live(move || {
            let total = self.total.get().unwrap_or_default();
            format!("共 {total} 项，已显示 {} 项", count.get())
        });
        let more = live(move || {
            self.next.get().is_some().then(|| {
                view! {
                    <button
                        type="button"
                        class="btn"
                        data-testid="more"
                        on:click=move |_| {
                            if !self.busy.get_untracked() {
                                self.fetch.run(true);
                            }
                        }
                    >
                        {live(move || if self.busy.get() { "正在加载…" } else { "加载更多" })}
                    </button>
                }
            })
        });
        view! {
            <div class="ledger-foot">
                <p role="status" data-testid="total">{words}</p>
                {more}
            </div>
        }
        .into_any()
    }
}
