//! `/receipts/{number}`: what a provisional receipt (临时回执) was exchanged for. Where its draft lies on
//! this phone, the receipt itself ([`super::provisional`]), without a network.

use leptos::prelude::*;
use shared::receipt::{Provisional, ReceiptView};
use wasm_bindgen_futures::spawn_local;

use crate::api::Call;
use crate::browser;
use crate::format;
use crate::load::load;
use crate::outbox;
use crate::ui::icon::{Icon, icon};
use crate::ui::live::live;
use crate::ui::states::{empty, waiting};

/// The page.
pub(crate) fn page(number: String) -> AnyView {
    let body = match Provisional::read(&number) {
        Ok(number) => receipt(number),
        Err(wrong) => empty("没有这张临时回执", &wrong.to_string(), None),
    };
    view! { <div class="page page-narrow">{body}</div> }.into_any()
}

fn receipt(number: Provisional) -> AnyView {
    spawn_local(outbox::reload());
    let text = StoredValue::new(number.to_string());
    let kept = move || {
        let mine = text.get_value();
        outbox::drafts().with(|drafts| {
            drafts
                .iter()
                .find(|draft| draft.receipt.as_deref() == Some(mine.as_str()))
                .cloned()
        })
    };
    live(move || match kept() {
        Some(draft) => super::provisional::sheet(&draft),
        None => of_case(&number),
    })
}

/// It is not on this phone: what became of it.
fn of_case(number: &Provisional) -> AnyView {
    let path = format!("/receipts/{}", browser::encoded(number.as_str()));
    let found = load(move || Call::get(path.clone()).fetch::<ReceiptView>());
    found.view(waiting, |receipt| {
        view! {
            <div class="state">
                {icon(Icon::Ledger)}
                {crate::pages::heading("临时回执")}
                <p class="number">{receipt.provisional_number.clone()}</p>
                <p>{format!("{} 登记，正式编号：", format::moment(receipt.registered_at))}</p>
                <p>
                    <a class="btn btn-primary" href=format!("/cases/{}", receipt.case_id)>
                        {receipt.number.clone()}
                    </a>
                </p>
            </div>
        }
        .into_any()
    })
}
