//! `/drafts/{key}`: the provisional receipt of a case that was taken without a network; what the
//! petitioner takes home at once, on paper or as a picture of the screen.

use leptos::prelude::*;
use qrcodegen::{QrCode, QrCodeEcc};
use serde_json::Value;
use shared::case::deadline::{ClockKind, LawProfile};
use shared::outbox::{Draft, Stage};
use shared::term::Term as _;

use super::case::draft::Draft as Typed;
use super::print_head;
use crate::api::Failure;
use crate::app;
use crate::browser;
use crate::directory::directory;
use crate::format;
use crate::load::load;
use crate::outbox;
use crate::ui::states::waiting;

/// The page.
pub(crate) fn page(key: String) -> AnyView {
    let draft = load(move || {
        let key = key.clone();
        async move { outbox::find(&key).await.ok_or(Failure::NotKept) }
    });
    view! {
        <div class="page page-narrow">
            {print_head("/drafts".to_owned(), "待发")}
            {draft.view(waiting, |draft| sheet(&draft))}
        </div>
    }
    .into_any()
}

/// The receipt of a draft, and where the draft is.
pub(super) fn sheet(draft: &Draft) -> AnyView {
    let Some(number) = draft.receipt.clone() else {
        return view! { <p>"这一条没有临时回执。"</p> }.into_any();
    };
    let now = match (&draft.number, draft.stage) {
        (Some(number), _) => format!("已登记进系统，正式编号 {number}。"),
        (None, Stage::Waiting) => "已记在工作人员的手机上，有网络时自动登记进系统。".to_owned(),
        (None, _) => draft.where_it_is(),
    };
    view! {
        <p class="note no-print" role="status" data-testid="provisional-now">{now}</p>
        {paper(draft, &number)}
    }
    .into_any()
}

fn paper(draft: &Draft, number: &str) -> AnyView {
    let me = app::me();
    let profile = LawProfile::default_profile();
    let acceptance = profile.limit(ClockKind::Acceptance);
    let typed = serde_json::to_string(&draft.form)
        .ok()
        .and_then(|text| shared::json::read::<Typed>(&text).ok())
        .unwrap_or_default();
    let first = typed.people.first();
    // Others at home may read it.
    let neutral = first.is_some_and(|person| person.care.neutral);
    let title = if neutral {
        "事项登记临时回执"
    } else {
        "信访事项登记临时回执"
    };
    // Of a reception day the form is flat.
    let flat = |name: &str| draft.form.get(name).and_then(Value::as_str);
    let petitioner = first
        .map(|person| person.name.clone())
        .or_else(|| flat("name").map(str::to_owned))
        .filter(|name| !name.is_empty());
    let receiver = flat("received_by")
        .and_then(|id| directory().user_name(id))
        .unwrap_or_else(|| me.user.name.clone());
    let cause = (!neutral && draft.stage != Stage::Accepted)
        .then(|| view! { <div><dt>"反映事项"</dt><dd>{draft.title.clone()}</dd></div> });
    let petitioner = petitioner.map(|name| view! { <div><dt>"来访人"</dt><dd>{name}</dd></div> });
    let next = format!(
        "登记进系统后有正式编号；自收到之日起{}{}内，您会收到是否受理的书面告知（{}）。",
        acceptance.amount,
        acceptance.unit.label(),
        acceptance.basis,
    );
    view! {
        <article class="receipt" data-testid="provisional">
            <header class="receipt-head">
                <div>
                    <p class="receipt-town">{me.township_name.clone()}</p>
                    <h1 id="page-title" tabindex="-1">{title}</h1>
                    <p class="receipt-number number" data-testid="provisional-number">
                        {number.to_owned()}
                    </p>
                </div>
                <img
                    class="receipt-qr"
                    src=picture(number)
                    alt="临时编号的二维码"
                    width="110"
                    height="110"
                />
            </header>
            <dl class="facts receipt-facts">
                {petitioner}
                {cause}
                <div><dt>"收到时间"</dt><dd>{format::moment(draft.recorded_at)}</dd></div>
                <div><dt>"登记单位"</dt><dd>{me.unit_name.clone()}</dd></div>
                <div><dt>"首问责任人"</dt><dd>{receiver}</dd></div>
            </dl>
            <h2>"接下来"</h2>
            <ol>
                <li>"这里没有网络，先给您这张临时回执；您反映的内容已经记下，不用再说一遍。"</li>
                <li>{next}</li>
                <li>"查询进展：凭这个临时编号到便民服务中心窗口或镇综治办，或找首问责任人，都能查到正式编号，并补打带查询码的登记回执；有了查询码，也可以自己在查询页上查。"</li>
            </ol>
            <p class="receipt-foot">
                <span>"来访人签收："</span>
                <span>"经手人签字："</span>
            </p>
        </article>
    }
    .into_any()
}

/// The QR code of a number, as the address of an image: not markup of the page, so that nothing in it
/// can act.
fn picture(number: &str) -> String {
    use std::fmt::Write as _;
    // What stands before the first dash is no letter of a QR code's small alphabet.
    let plain = number.split_once('-').map_or(number, |(_, plain)| plain);
    let Ok(code) = QrCode::encode_text(plain, QrCodeEcc::Medium) else {
        return String::new();
    };
    let size = code.size();
    let mut path = String::new();
    for y in 0..size {
        for x in (0..size).filter(|x| code.get_module(*x, y)) {
            let _ = write!(path, "M{x} {y}h1v1h-1z");
        }
    }
    let (from, side) = (-4, size + 8);
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{from} {from} {side} {side}\">\
         <rect x=\"{from}\" y=\"{from}\" width=\"{side}\" height=\"{side}\" fill=\"#fff\"/>\
         <path d=\"{path}\"/></svg>"
    );
    format!(
        "data:image/svg+xml;charset=utf-8,{}",
        browser::encoded(&svg)
    )
}
