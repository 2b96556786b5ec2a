//! A case that is open on the page: what was read, at which version, and what to do when somebody
//! else changed it meanwhile.

use leptos::prelude::*;
use shared::case::action::Availability;
use shared::case::view::CaseView;
use shared::problem::Code;
use wasm_bindgen_futures::spawn_local;

use super::differ::{Change, changes};
use crate::api::{Call, Failure, Tagged};
use crate::load::{Load, Loader, load};
use crate::ui::dialog::dialog;
use crate::ui::field::Form;
use crate::ui::live::live;
use crate::ui::states::waiting;

/// The case that is open.
#[derive(Clone, Copy)]
pub(crate) struct Open {
    id: StoredValue<String>,
    /// The case and its version.
    pub(crate) loader: Loader<Tagged<CaseView>>,
    /// What the caller may do with it.
    pub(crate) actions: Loader<Vec<Availability>>,
    /// Rises whenever it changed, for the lists beside it.
    changed: RwSignal<u32>,
    latest: RwSignal<Option<Tagged<CaseView>>>,
    differing: RwSignal<bool>,
}

impl Open {
    /// Fetches a case.
    pub(crate) fn new(id: String) -> Self {
        let path = format!("/cases/{id}");
        let actions = format!("{path}/actions");
        Self {
            id: StoredValue::new(id),
            loader: load(move || Call::get(path.clone()).tagged()),
            actions: load(move || Call::get(actions.clone()).fetch()),
            changed: RwSignal::new(0),
            latest: RwSignal::new(None),
            differing: RwSignal::new(false),
        }
    }

    /// The case's id.
    pub(crate) fn id(self) -> String {
        self.id.get_value()
    }

    /// A path below the case's.
    pub(crate) fn path(self, rest: &str) -> String {
        format!("/cases/{}{rest}", self.id.get_value())
    }

    /// The page: a skeleton, the failure, or `ready`, which is drawn once and follows the case by
    /// itself, so that what is being typed outlives a reload.
    pub(crate) fn view(self, ready: impl Fn() -> AnyView + Send + 'static) -> AnyView {
        #[derive(Clone, PartialEq, Eq)]
        enum Stage {
            Waiting,
            Failed(Failure),
            Ready,
        }
        let stage = Memo::new(move |_| {
            self.loader.state.with(|state| match state {
                Load::Waiting => Stage::Waiting,
                Load::Failed(failure) => Stage::Failed(failure.clone()),
                Load::Ready(_) => Stage::Ready,
            })
        });
        let draw = move || match stage.get() {
            Stage::Waiting => waiting(),
            Stage::Failed(failure) => unavailable(self, &failure),
            Stage::Ready => view! { {ready()} {self.differences()} }.into_any(),
        };
        draw.into_any()
    }

    /// Something of the case, followed; nothing while it is not there.
    pub(crate) fn with(self, draw: impl Fn(&CaseView) -> AnyView + Send + 'static) -> AnyView {
        live(move || {
            self.loader.state.with(|state| match state {
                Load::Ready(tagged) => draw(&tagged.value),
                Load::Waiting | Load::Failed(_) => ().into_any(),
            })
        })
    }

    /// The case now, not followed.
    pub(crate) fn now(self) -> Option<CaseView> {
        self.loader.state.with_untracked(|state| match state {
            Load::Ready(tagged) => Some(tagged.value.clone()),
            Load::Waiting | Load::Failed(_) => None,
        })
    }

    /// The version read, for `If-Match`.
    pub(crate) fn etag(self) -> String {
        self.loader.state.with_untracked(|state| match state {
            Load::Ready(tagged) if !tagged.etag.is_empty() => tagged.etag.clone(),
            Load::Ready(tagged) => format!("\"{}\"", tagged.value.row.version),
            Load::Waiting | Load::Failed(_) => String::new(),
        })
    }

    /// Follows changes: for the lists beside the case.
    pub(crate) fn track(self) {
        self.changed.track();
    }

    /// The server's answer to a change.
    pub(crate) fn put(self, case: Tagged<CaseView>) {
        self.loader.put(case);
        self.after_change();
    }

    /// Something about the case changed: read it anew.
    pub(crate) fn reload(self) {
        self.loader.reload();
        self.after_change();
    }

    fn after_change(self) {
        self.actions.reload();
        self.changed.try_update(|changed| *changed += 1);
    }

    /// A change failed. Where somebody else was faster, shows what they did; what was typed stays.
    pub(crate) fn fail(self, form: Form, failure: Failure) {
        if failure.code() != Some(Code::StaleVersion) {
            form.fail(failure);
            return;
        }
        let path = self.path("");
        spawn_local(async move {
            match Call::get(path).tagged::<CaseView>().await {
                Ok(latest) => {
                    self.latest.try_set(Some(latest));
                    self.differing.try_set(true);
                }
                Err(failure) => form.fail(failure),
            }
        });
    }

    fn differences(self) -> AnyView {
        dialog(self.differing, "已被他人修改".to_owned(), move || {
            let latest = self.latest.get_untracked();
            let changes = match (self.now(), &latest) {
                (Some(before), Some(latest)) => changes(&before, &latest.value),
                _ => Vec::new(),
            };
            let take = move |_| {
                if let Some(latest) = latest.clone() {
                    self.put(latest);
                }
                self.differing.set(false);
            };
            view! {
                <p>"您打开这件事项之后，别人改了它："</p>
                {table(&changes)}
                <p class="hint">
                    "载入最新内容后，您填写的还在。核对一下是否仍然合适，再提交一次。"
                </p>
                <div class="row row-end">
                    <button
                        type="button"
                        class="btn"
                        on:click=move |_| self.differing.set(false)
                    >
                        "先不载入"
                    </button>
                    <button
                        type="button"
                        class="btn btn-primary"
                        data-testid="take-latest"
                        on:click=take
                    >
                        "载入最新内容，保留我填写的"
                    </button>
                </div>
            }
            .into_any()
        })
    }
}

fn table(changes: &[Change]) -> AnyView {
    if changes.is_empty() {
        return view! { <p>"字段没有变，可能新增了办理记录或附件。"</p> }.into_any();
    }
    let shown = |text: &str| {
        if text.is_empty() {
            "（空）".to_owned()
        } else {
            text.to_owned()
        }
    };
    let rows = changes
        .iter()
        .map(|change| {
            view! {
                <tr>
                    <th scope="row">{change.label}</th>
                    <td>{shown(&change.before)}</td>
                    <td>{shown(&change.after)}</td>
                </tr>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">"栏目"</th>
                    <th scope="col">"您看到的"</th>
                    <th scope="col">"现在是"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn unavailable(open: Open, failure: &Failure) -> AnyView {
    if failure.code() == Some(Code::NotFound) {
        return view! {
            <div class="state">
                {crate::pages::heading("没有找到这件事项")}
                <p>"编号可能有误，或者这件事项不在您可以查看的范围内。"</p>
                <p>
                    <a class="btn" href="/cases">"回到台账"</a>
                </p>
            </div>
        }
        .into_any();
    }
    crate::ui::states::failed(failure, move || open.loader.reload())
}
