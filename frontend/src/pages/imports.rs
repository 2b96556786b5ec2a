//! `/imports`: a hand-kept ledger, from the workbook to the cases: choose, look, mend, confirm. And
//! the runs so far, each of which can be undone as a whole while nothing was done on its cases.

use std::collections::BTreeMap;

use leptos::prelude::*;
use shared::access::Action;
use shared::ledger::{CellNote, ColumnMapping, ImportReport, ImportResult, ImportRun, LedgerField};
use shared::term::Term;
use wasm_bindgen_futures::spawn_local;

use super::admin::foot;
use super::heading;
use crate::api::{Answer, Call, every};
use crate::browser;
use crate::format;
use crate::load::{Loader, load};
use crate::session;
use crate::ui::dialog::Dialog;
use crate::ui::field::{Form, terms};
use crate::ui::icon::{Icon, icon};
use crate::ui::live::{follow, live};
use crate::ui::notice::{Notices, notices};
use crate::ui::states::{empty, waiting};

/// An import under way.
#[derive(Clone, Copy)]
struct Import {
    form: Form,
    file: RwSignal<Option<web_sys::File>, LocalStorage>,
    name: RwSignal<String>,
    /// What the last look found.
    found: RwSignal<Option<ImportResult>>,
    /// What the confirmed run did.
    done: RwSignal<Option<ImportResult>>,
    /// The columns as the person has them.
    columns: RwSignal<Vec<ColumnMapping>>,
    runs: Loader<Vec<ImportRun>>,
    notices: Notices,
}

/// The page.
pub(crate) fn page() -> AnyView {
    if !session::may(Action::ImportLedger) {
        return view! {
            <div class="page">
                {heading("导入台账")}
                <p>"台账导入由镇综治办办理。"</p>
            </div>
        }
        .into_any();
    }
    let import = Import {
        form: Form::new(),
        file: RwSignal::new_local(None),
        name: RwSignal::new(String::new()),
        found: RwSignal::new(None),
        done: RwSignal::new(None),
        columns: RwSignal::new(Vec::new()),
        runs: load(|| every("/imports")),
        notices: notices(),
    };
    let body = live(move || match (import.done.get(), import.found.get()) {
        (Some(done), _) => finished(import, &done),
        (None, Some(found)) => look(import, &found),
        (None, None) => choose(import),
    });
    view! {
        <div class="page page-wide">
            {heading("导入台账")}
            <p class="quiet">
                "把原来手工登记的 Excel 台账一次装进来。先试读，看清哪些能装、哪些要改，确认以后才写入。"
            </p>
            {import.form.summary()}
            {body}
            {history(import)}
        </div>
    }
    .into_any()
}

impl Import {
    fn start_over(self) {
        self.file.set(None);
        self.found.set(None);
        self.done.set(None);
        self.columns.set(Vec::new());
        self.form.failure.set(None);
    }

    fn data(self, dry_run: bool) -> Option<web_sys::FormData> {
        let file = self.file.get_untracked()?;
        let data = web_sys::FormData::new().ok()?;
        // The server reads the fields as they come: the switches before the file.
        let dry_run = if dry_run { "true" } else { "false" };
        data.append_with_str("dry_run", dry_run).ok()?;
        let columns = self.columns.get_untracked();
        if !columns.is_empty() {
            let columns = serde_json::to_string(&columns).ok()?;
            data.append_with_str("mapping", &columns).ok()?;
        }
        data.append_with_blob_and_filename("file", &file, &file.name())
            .ok()?;
        Some(data)
    }

    /// Reads the workbook without writing anything.
    fn try_out(self) {
        let Some(data) = self.data(true) else { return };
        let request = async move { run(&data).await };
        self.form.send(request, move |found| {
            self.columns.set(found.columns.clone());
            self.found.set(Some(found));
            browser::focus_later("import-report");
        });
    }

    /// Writes it.
    fn confirm(self) {
        let Some(data) = self.data(false) else { return };
        let request = async move { run(&data).await };
        self.form.send(request, move |done| {
            self.done.set(Some(done));
            self.runs.reload();
            browser::focus_later("import-done");
        });
    }

    /// The same workbook with the cells to mend coloured.
    fn marked(self) {
        let Some(data) = self.data(true) else { return };
        let name = self.name.get_untracked();
        let stem = name
            .rsplit_once('.')
            .map_or(name.as_str(), |(stem, _)| stem);
        let name = format!("{stem}-待改.xlsx");
        spawn_local(async move {
            match Call::post("/imports/ledger/marked")
                .form(&data)
                .file()
                .await
            {
                Ok(file) => {
                    browser::save_file(&name, &file);
                    self.notices
                        .say("已下载。改好有颜色的格子，保存后再导入，已装入的不会重复。");
                }
                Err(failure) => self.form.fail(failure),
            }
        });
    }
}

async fn run(data: &web_sys::FormData) -> Answer<ImportResult> {
    Call::post("/imports/ledger").form(data).fetch().await
}

fn choose(import: Import) -> AnyView {
    let picked = move |event: leptos::ev::Event| {
        if let Some(file) = browser::picked_file(&event) {
            import.name.set(file.name());
            import.file.set(Some(file));
            import.columns.set(Vec::new());
            import.try_out();
        }
    };
    let busy = import.form.busy;
    view! {
        <section class="card upload">
            <h2>"第1步 选择台账文件"</h2>
            <label class="upload-label" for="import-file">
                {icon(Icon::Upload)}
                <span>
                    {live(move || {
                        if busy.get() {
                            format!("正在试读 {}…", import.name.get())
                        } else {
                            "选择 Excel 文件（.xlsx、.xls）".to_owned()
                        }
                    })}
                </span>
            </label>
            <input
                id="import-file"
                data-testid="import-file"
                type="file"
                accept=".xlsx,.xls,.xlsm,.ods"
                on:change=picked
            />
            <ul class="hint">
                <li>"每张表一个村，或者有一栏写村社，都可以。标题、单位、合计行会自动跳过。"</li>
                <li>"日期写法不一、“约30人”这样的人数，会按原话保留；读不懂的整行不装，逐格说明原因。"</li>
                <li>"同一件登记了两次的，只装一次。"</li>
            </ul>
        </section>
    }
    .into_any()
}

fn look(import: Import, found: &ImportResult) -> AnyView {
    let report = &found.report;
    let loads = report.loaded;
    let flagged = flagged_rows(report);
    let busy = import.form.busy;
    let marked = (flagged > 0).then(|| {
        view! {
            <button
                type="button"
                class="btn"
                data-testid="import-marked"
                on:click=move |_| import.marked()
            >
                {icon(Icon::Download)}
                "下载标注后的原表"
            </button>
        }
    });
    let advice = if flagged > 0 {
        format!(
            "有{flagged}行需要修改，现在不会装入。可以先装能装的{loads}件，改好后再导入一次；也可以改好后一起导入。"
        )
    } else {
        format!("{loads}件都能装入。")
    };
    view! {
        <section class="card">
            <div class="card-head">
                <h2 id="import-report" tabindex="-1">"第2步 核对试读结果"</h2>
                <button type="button" class="btn btn-small" on:click=move |_| import.start_over()>
                    "换一个文件"
                </button>
            </div>
            <p class="quiet">{found.file.clone()} "（还没有写入）"</p>
            {figures(report, false)}
            <p>{advice}</p>
            <div class="row">
                {marked}
                <button
                    type="button"
                    class="btn btn-primary"
                    data-testid="import-confirm"
                    disabled=follow(move || busy.get() || loads == 0)
                    on:click=move |_| import.confirm()
                >
                    {live(move || {
                        if busy.get() {
                            "正在处理…".to_owned()
                        } else {
                            format!("确认导入{loads}件")
                        }
                    })}
                </button>
            </div>
        </section>
        {mapping(import)}
        {details(report)}
    }
    .into_any()
}

fn flagged_rows(report: &ImportReport) -> usize {
    by_row(&report.flagged).len()
}

fn by_row(notes: &[CellNote]) -> BTreeMap<(String, u32), Vec<&CellNote>> {
    let mut rows: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for note in notes {
        rows.entry((note.sheet.clone(), note.row))
            .or_default()
            .push(note);
    }
    rows
}

fn figures(report: &ImportReport, done: bool) -> AnyView {
    let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let figures = [
        ("读到", report.read, "读到的台账行"),
        (if done { "已装入" } else { "可装入" }, report.loaded, ""),
        ("重复", count(report.duplicates.len()), "登记过的，不再装"),
        ("要改", count(flagged_rows(report)), "读不懂的，整行不装"),
        ("提醒", count(report.warnings.len()), "装入，按原话保留"),
        ("跳过", count(report.skipped.len()), "标题、合计等"),
    ];
    let entries = figures
        .into_iter()
        .map(|(name, number, hint)| {
            view! {
                <div>
                    <dt>{name}</dt>
                    <dd>{number}</dd>
                    <span class="hint">{hint}</span>
                </div>
            }
            .into_any()
        })
        .collect_view();
    view! { <dl class="figures" data-testid="import-figures">{entries}</dl> }.into_any()
}

fn mapping(import: Import) -> AnyView {
    let rows = live(move || {
        import
            .columns
            .get()
            .into_iter()
            .enumerate()
            .map(|(at, column)| mapping_row(import, at, &column))
            .collect_view()
    });
    let busy = import.form.busy;
    let unread = live(move || {
        let unread = import.columns.with(|columns| {
            columns
                .iter()
                .filter(|column| column.field.is_none())
                .count()
        });
        if unread == 0 {
            "每一栏都认出来了。".to_owned()
        } else {
            format!("有{unread}栏没有认出来，不会装入。认错的可以在这里改。")
        }
    });
    view! {
        <details class="card">
            <summary><h2>"栏目对应"</h2> <span class="quiet">{unread}</span></summary>
            <div class="table-box">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">"表里的栏目"</th>
                            <th scope="col">"作为"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <p class="row">
                <button
                    type="button"
                    class="btn"
                    disabled=follow(move || busy.get())
                    on:click=move |_| import.try_out()
                >
                    "按改后的对应重新试读"
                </button>
            </p>
        </details>
    }
    .into_any()
}

fn mapping_row(import: Import, at: usize, column: &ColumnMapping) -> AnyView {
    let header = column.header.clone();
    let chosen = column.field;
    let options = terms::<LedgerField>()
        .into_iter()
        .map(|(code, words)| {
            let selected = chosen.is_some_and(|field| field.code() == code);
            view! { <option value=code prop:selected=selected>{words}</option> }.into_any()
        })
        .collect_view();
    view! {
        <tr>
            <th scope="row">{header.clone()}</th>
            <td>
                <select
                    aria-label=format!("“{header}”作为")
                    on:change:target=move |event| {
                        let field = LedgerField::from_code(&event.target().value());
                        import
                            .columns
                            .update_untracked(|columns| {
                                if let Some(column) = columns.get_mut(at) {
                                    column.field = field;
                                }
                            });
                    }
                >
                    <option value="" prop:selected=chosen.is_none()>
                        "不装入"
                    </option>
                    {options}
                </select>
            </td>
        </tr>
    }
    .into_any()
}

fn details(report: &ImportReport) -> AnyView {
    let duplicates: Vec<[String; 3]> = report
        .duplicates
        .iter()
        .map(|duplicate| {
            let of = match (&duplicate.of_row, &duplicate.of_case) {
                (_, Some(number)) => format!("台账里已有：{number}"),
                (Some(row), None) => format!("和“{}”第{}行重复", row.sheet, row.row),
                (None, None) => String::new(),
            };
            [duplicate.sheet.clone(), duplicate.row.to_string(), of]
        })
        .collect();
    let skipped: Vec<[String; 3]> = report
        .skipped
        .iter()
        .map(|skipped| {
            [
                skipped.sheet.clone(),
                skipped.row.to_string(),
                skipped.why.clone(),
            ]
        })
        .collect();
    view! {
        {notes("要改的格子", &report.flagged, true)}
        {notes("提醒：按原话保留，或有所推断", &report.warnings, false)}
        {rows("重复的行", &["表", "行", "和谁重复"], &duplicates)}
        {rows("跳过的行", &["表", "行", "原因"], &skipped)}
    }
    .into_any()
}

fn notes(title: &'static str, notes: &[CellNote], open: bool) -> AnyView {
    if notes.is_empty() {
        return ().into_any();
    }
    let lines = notes
        .iter()
        .map(|note| {
            view! {
                <tr data-testid="import-note">
                    <td>{note.sheet.clone()}</td>
                    <td class="c-row">{note.row}</td>
                    <td>{note.column.clone()}</td>
                    <td>{note.value.clone()}</td>
                    <td>{note.reason.clone()}</td>
                </tr>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <details class="card" open=open>
            <summary><h2>{format!("{title}（{}）", notes.len())}</h2></summary>
            <div class="table-box">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">"表"</th>
                            <th scope="col">"行"</th>
                            <th scope="col">"栏目"</th>
                            <th scope="col">"内容"</th>
                            <th scope="col">"原因"</th>
                        </tr>
                    </thead>
                    <tbody>{lines}</tbody>
                </table>
            </div>
        </details>
    }
    .into_any()
}

fn rows(title: &'static str, heads: &[&'static str; 3], rows: &[[String; 3]]) -> AnyView {
    if rows.is_empty() {
        return ().into_any();
    }
    let heads = heads
        .iter()
        .map(|head| view! { <th scope="col">{*head}</th> }.into_any())
        .collect_view();
    let lines = rows
        .iter()
        .map(|cells| {
            let cells = cells
                .iter()
                .map(|cell| view! { <td>{cell.clone()}</td> }.into_any())
                .collect_view();
            view! { <tr>{cells}</tr> }.into_any()
        })
        .collect_view();
    view! {
        <details class="card">
            <summary><h2>{format!("{title}（{}）", rows.len())}</h2></summary>
            <div class="table-box">
                <table class="table">
                    <thead>
                        <tr>{heads}</tr>
                    </thead>
                    <tbody>{lines}</tbody>
                </table>
            </div>
        </details>
    }
    .into_any()
}

fn finished(import: Import, done: &ImportResult) -> AnyView {
    let left = flagged_rows(&done.report);
    let marked = (left > 0).then(|| {
        view! {
            <p>{format!("还有{left}行要改。改好后再导入这个文件，已装入的不会重复。")}</p>
            <button type="button" class="btn" on:click=move |_| import.marked()>
                {icon(Icon::Download)}
                "下载标注后的原表"
            </button>
        }
    });
    view! {
        <section class="card done">
            <p class="done-mark">{icon(Icon::Check)}</p>
            <h2 id="import-done" tabindex="-1" data-testid="import-done">
                {format!("已装入{}件", done.report.loaded)}
            </h2>
            {figures(&done.report, true)}
            {marked}
            <p class="row row-center">
                <a class="btn btn-primary" href="/cases?sort=-updated_at">"查看台账"</a>
                <button type="button" class="btn" on:click=move |_| import.start_over()>
                    "再导入一个文件"
                </button>
            </p>
        </section>
        {details(&done.report)}
    }
    .into_any()
}

fn history(import: Import) -> AnyView {
    let undoing = Dialog::<ImportRun>::new();
    let list = import.runs.view(waiting, move |runs| {
        if runs.is_empty() {
            return empty(
                "还没有导入过",
                "每次确认导入都会记在这里，可以整批撤销。",
                None,
            );
        }
        let rows = runs
            .into_iter()
            .map(|run| run_row(run, undoing))
            .collect_view();
        view! {
            <div class="table-box">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">"文件"</th>
                            <th scope="col">"时间"</th>
                            <th scope="col">"经办"</th>
                            <th scope="col">"装入"</th>
                            <th scope="col">"撤销"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .into_any()
    });
    let body = move |run: ImportRun| undo(import, &run, undoing.up());
    view! {
        <section class="card">
            <h2>"导入记录"</h2>
            {list}
        </section>
        {undoing.view(|_| "撤销导入".to_owned(), body)}
    }
    .into_any()
}

fn run_row(run: ImportRun, undoing: Dialog<ImportRun>) -> AnyView {
    let action = match (run.undone_at, &run.undo_refused) {
        (Some(at), _) => {
            view! { <span>{format!("已于{}撤销", format::moment(at))}</span> }.into_any()
        }
        (None, Some(why)) => view! { <span class="quiet">{why.clone()}</span> }.into_any(),
        (None, None) => {
            let run = run.clone();
            view! {
                <button
                    type="button"
                    class="btn btn-small"
                    on:click=move |_| undoing.start(run.clone())
                >
                    "整批撤销"
                </button>
            }
            .into_any()
        }
    };
    view! {
        <tr data-testid="import-run">
            <td>{run.file.clone()}</td>
            <td>{format::moment(run.at)}</td>
            <td>{run.actor.name.clone()}</td>
            <td>{format!("{}件", run.loaded)}</td>
            <td>{action}</td>
        </tr>
    }
    .into_any()
}

fn undo(import: Import, run: &ImportRun, up: RwSignal<bool>) -> AnyView {
    let form = Form::new();
    let path = format!("/imports/{}/undo", run.id);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let call = Call::post(path.clone());
        form.send(call.fetch::<ImportRun>(), move |run| {
            up.try_set(false);
            import.notices.say(if run.void_numbers.is_empty() {
                "已撤销，这批事项已从台账移除。".to_owned()
            } else {
                format!(
                    "已撤销，这批事项已从台账移除。之后已有新编号，作废：{}。",
                    run.void_numbers.join("、")
                )
            });
            import.runs.reload();
        });
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            <p>
                {format!(
                    "撤销“{}”的导入，{}件事项会从台账移除。只要还没有人在这些事项上办理过，就可以撤销。",
                    run.file,
                    run.loaded,
                )}
            </p>
            {foot(form, up, "整批撤销", "btn btn-danger")}
        </form>
    }
    .into_any()
}
