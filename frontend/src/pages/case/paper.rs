//! `/cases/{id}/papers/{pid}`: a document to print.

use leptos::prelude::*;
use shared::case::paper::{Block, Paper, PaperView};

use crate::api::Call;
use crate::load::load;
use crate::pages::print_head;
use crate::ui::states::waiting;

/// The page.
pub(crate) fn page(case: String, id: String) -> AnyView {
    let path = format!("/cases/{case}/documents/{id}");
    let paper = load(move || Call::get(path.clone()).fetch::<PaperView>());
    let back = format!("/cases/{case}?tab=papers");
    view! {
        <div class="page page-narrow">
            {print_head(back, "文书")}
            {paper.view(waiting, |view| drawn(view.paper, view.row.void.is_some()))}
        </div>
    }
    .into_any()
}

fn drawn(paper: Paper, void: bool) -> AnyView {
    let void = void.then(|| view! { <p class="paper-void">"已作废"</p> });
    let addressee = paper
        .addressee
        .map(|to| view! { <p class="paper-to">{format!("{to}：")}</p> });
    let blocks = paper.blocks.into_iter().map(block).collect_view();
    let signer = paper.signer.map(|signer| {
        (
            view! { <p>{signer}</p> },
            view! { <small>"〔印章〕"</small> },
        )
    });
    let (signer, seal) = signer.unzip();
    let notes = paper.notes.into_iter();
    let notes = notes.map(|note| view! { <p>{note}</p> }).collect_view();
    let cover = paper.envelope.map(|envelope| {
        let rows = [
            ("收件人", envelope.to),
            ("地址", envelope.address),
            ("内件", envelope.subject),
            ("寄件单位", envelope.from),
        ];
        let rows = rows.map(|(name, value)| vec![name.to_owned(), value]);
        view! {
            <aside class="paper-cover">
                <p><small>"（信封标签，沿框裁下）"</small></p>
                {table(false, rows.to_vec())}
            </aside>
        }
    });
    view! {
        <article class="paper">
            {void}
            <h1 id="page-title" tabindex="-1">
                <span>{paper.issuer}</span>
                " "
                <span>{paper.title}</span>
            </h1>
            <p class="paper-number">{paper.number}</p>
            {addressee}
            {blocks}
            <footer>{signer} <p>{paper.date} {seal}</p></footer>
            {notes}
            {cover}
        </article>
    }
    .into_any()
}

fn block(block: Block) -> AnyView {
    match block {
        Block::Heading { text } => view! { <h2>{text}</h2> }.into_any(),
        Block::Paragraph { text } => view! { <p>{text}</p> }.into_any(),
        Block::Table { head, rows } => table(head, rows),
        Block::Signatures { lines } => lines
            .into_iter()
            .map(|line| view! { <p class="paper-sign">{line}</p> }.into_any())
            .collect_view()
            .into_any(),
    }
}

fn table(head: bool, rows: Vec<Vec<String>>) -> AnyView {
    let rows = rows
        .into_iter()
        .enumerate()
        .map(|(at, row)| {
            let cells = row
                .into_iter()
                .enumerate()
                .map(|(column, words)| {
                    if head && at == 0 {
                        view! { <th scope="col">{words}</th> }.into_any()
                    } else if !head && column == 0 {
                        view! { <th scope="row">{words}</th> }.into_any()
                    } else {
                        view! { <td>{words}</td> }.into_any()
                    }
                })
                .collect_view();
            view! { <tr>{cells}</tr> }.into_any()
        })
        .collect_view();
    view! { <table><tbody>{rows}</tbody></table> }.into_any()
}
