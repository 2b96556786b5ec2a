//! `/cases/{id}/receipt`: what a petitioner takes home, half a sheet of A4.

use leptos::prelude::*;
use shared::case::view::Receipt;

use crate::api::Call;
use crate::browser;
use crate::format;
use crate::load::load;
use crate::pages::print_head;
use crate::ui::states::waiting;

/// The page.
pub(crate) fn page(id: String) -> AnyView {
    let path = format!("/cases/{id}/receipt");
    let receipt = load(move || Call::get(path.clone()).fetch::<Receipt>());
    let back = format!("/cases/{id}");
    view! {
        <div class="page page-narrow">
            {print_head(back, "事项")}
            {receipt.view(waiting, |receipt| sheet(&receipt))}
        </div>
    }
    .into_any()
}

/// How the petitioner looks the case up.
fn query(receipt: &Receipt) -> AnyView {
    let window = "查询进展：凭本回执编号到登记单位窗口，或找首问责任人。";
    let Some(code) = receipt
        .query_code
        .clone()
        .filter(|_| !receipt.query_page.is_empty())
    else {
        let missing = (!receipt.query_page.is_empty()).then(|| {
            view! {
                <p class="note no-print">
                    "查询码只给登记人和镇综治办打印：请由他们打印交给信访人的回执。"
                </p>
            }
        });
        return view! { <p>{window}</p> {missing} }.into_any();
    };
    let page = receipt.query_page.clone();
    view! {
        <div class="receipt-query">
            <p>
                "自己查进展：扫右上角的二维码，或者打开 "
                <span class="receipt-page">{page}</span>
                "，填本回执编号和查询码："
            </p>
            <p class="receipt-code number" data-testid="query-code">{code}</p>
            <p>"查询码请自己保管，不要告诉别人。也可以凭编号到登记单位窗口查。"</p>
        </div>
    }
    .into_any()
}

fn sheet(receipt: &Receipt) -> AnyView {
    let next = receipt.next.iter().cloned();
    let next = next.map(|step| view! { <li>{step}</li> }).collect_view();
    let notes = receipt.notes.iter().cloned();
    let notes = notes.map(|note| view! { <p>{note}</p> }).collect_view();
    // An image, not markup of the page: nothing in it can act.
    let qr = format!(
        "data:image/svg+xml;charset=utf-8,{}",
        browser::encoded(&receipt.qr_svg)
    );
    // Others at home may read it.
    let title = if receipt.care.neutral {
        "事项登记回执"
    } else {
        "信访事项登记回执"
    };
    let cause = receipt
        .cause
        .clone()
        .map(|cause| view! { <div><dt>"反映事项"</dt><dd>{cause}</dd></div> });
    let care = receipt
        .care
        .line()
        .map(|care| view! { <div><dt>"联系约定"</dt><dd>{care}</dd></div> });
    let provisional = receipt.provisional_number.clone().map(|number| {
        view! { <p class="quiet">{format!("换发自临时回执 {number}")}</p> }
    });
    let petitioner = receipt
        .petitioner
        .clone()
        .unwrap_or_else(|| "（未留姓名）".to_owned());
    view! {
        <article class="receipt">
            <header class="receipt-head">
                <div>
                    <p class="receipt-town">{receipt.township.clone()}</p>
                    <h1 id="page-title" tabindex="-1">{title}</h1>
                    <p class="receipt-number number">{receipt.number.clone()}</p>
                    {provisional}
                </div>
                <img class="receipt-qr" src=qr alt="查询进展的二维码" width="110" height="110"/>
            </header>
            <dl class="facts receipt-facts">
                <div><dt>"信访人"</dt><dd>{petitioner}</dd></div>
                {cause}
                {care}
                <div><dt>"收到日期"</dt><dd>{format::date(receipt.received_on)}</dd></div>
                <div><dt>"登记单位"</dt><dd>{receipt.office.clone()}</dd></div>
                <div><dt>"首问责任人"</dt><dd>{receipt.first_receiver.clone()}</dd></div>
            </dl>
            <h2>"接下来"</h2>
            <ol>{next}</ol>
            {query(receipt)}
            {notes}
            <p class="receipt-foot">
                <span>"信访人签收："</span>
                <span>"登记单位（盖章）："</span>
            </p>
        </article>
    }
    .into_any()
}
