//! `/receipts/{number}`: the provisional receipt (临时回执) that a petitioner gets at the door, to show
//! or to print. It is drawn from what lies on the phone, so that it needs no network; once the case has
//! arrived, it says under which number.

use leptos::prelude::*;
use shared::case::deadline::{ClockKind, LawProfile};
use shared::outbox::Draft;
use shared::receipt::{Provisional, ReceiptView};
use shared::term::Term;
use wasm_bindgen_futures::spawn_local;

use crate::api::Call;
use crate::app;
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
        Some(draft) => of_draft(&number, &draft),
        None => of_case(&number),
    })
}

/// It is on this phone: the receipt, whole.
fn of_draft(number: &Provisional, draft: &Draft) -> AnyView {
    let me = app::me();
    let people = draft
        .lines
        .iter()
        .find(|(label, _)| label == "人员")
        .map(|(_, words)| words.clone());
    let profile = LawProfile::default_profile();
    let limit = profile.limit(ClockKind::Acceptance);
    let arrived = draft.number.clone().map(|number| {
        view! { <div><dt>"正式编号"</dt><dd class="number">{number}</dd></div> }
    });
    // An image, not markup of the page: nothing in it can act.
    let qr = qr(number.as_str()).map(|svg| {
        let src = format!("data:image/svg+xml;charset=utf-8,{}", browser::encoded(&svg));
        view! { <img class="receipt-qr" src=src alt="临时回执编号的二维码" width="110" height="110"/> }
    });
    view! {
        <div class="page-head no-print">
            <nav class="crumbs" aria-label="位置">
                <a href="/drafts">{icon(Icon::Back)} "待发"</a>
            </nav>
            <button
                type="button"
                class="btn btn-primary"
                data-testid="print"
                on:click=move |_| browser::print()
            >
                {icon(Icon::Print)}
                "打印"
            </button>
        </div>
        <article class="receipt" data-testid="provisional">
            <header class="receipt-head">
                <div>
                    <p class="receipt-town">{me.township_name.clone()}</p>
                    <h1 id="page-title" tabindex="-1">"临时回执"</h1>
                    <p class="receipt-number number">{number.to_string()}</p>
                </div>
                {qr}
            </header>
            <dl class="facts receipt-facts">
                {people.map(|people| view! { <div><dt>"来访人"</dt><dd>{people}</dd></div> })}
                <div><dt>"收到日期"</dt><dd>{format::date(shared::calendar::shanghai_day(draft.recorded_at))}</dd></div>
                <div><dt>"受理单位"</dt><dd>{me.unit_name.clone()}</dd></div>
                <div><dt>"首问责任人"</dt><dd>{me.user.name.clone()}</dd></div>
                {arrived}
            </dl>
            <h2>"接下来"</h2>
            <ol>
                <li>"您反映的事项已经当面记下，有网络后立即登记，换成正式编号；本回执编号一直可以查。"</li>
                <li>
                    {format!(
                        "自收到之日起{}{}内，您会收到是否受理的书面告知（{}）。",
                        limit.amount,
                        limit.unit.label(),
                        limit.basis,
                    )}
                </li>
                <li>"查询进展：凭本回执编号到登记单位窗口，或找首问责任人。"</li>
            </ol>
            <p class="receipt-foot">
                <span>"来访人签收："</span>
                <span>"经办人（签名）："</span>
            </p>
        </article>
    }
    .into_any()
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

/// The QR code of a text, as SVG.
fn qr(text: &str) -> Option<String> {
    use std::fmt::Write as _;
    let code = qrcodegen::QrCode::encode_text(text, qrcodegen::QrCodeEcc::Medium).ok()?;
    let size = code.size();
    let mut path = String::new();
    for y in 0..size {
        for x in 0..size {
            if code.get_module(x, y) {
                let _ = write!(path, "M{},{}h1v1h-1z", x + 2, y + 2);
            }
        }
    }
    let side = size + 4;
    Some(format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}"><path fill="#fff" d="M0 0h{side}v{side}H0z"/><path d="{path}"/></svg>"##
    ))
}
