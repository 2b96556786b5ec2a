//! `/system`: how this installation stands: version, database, backups, queues. For the administrator.

use leptos::prelude::*;
use shared::access::Action;
use shared::system::{BackupStanding, System};
use shared::term::Term;

use super::admin::only_for;
use super::heading;
use crate::api::Call;
use crate::format;
use crate::load::load;
use crate::ui::icon::{Icon, icon};
use crate::ui::live::live;
use crate::ui::states::waiting_rows;

/// The page.
pub(crate) fn page() -> AnyView {
    only_for(Action::ViewSystem, "系统", system)
}

fn system() -> AnyView {
    let standing = load(|| Call::get("/system").fetch::<System>());
    let busy = standing.busy;
    view! {
        <div class="page page-narrow">
            <div class="page-head">
                {heading("系统")}
                <div class="row page-buttons">
                    <button
                        type="button"
                        class="btn"
                        data-testid="refresh"
                        on:click=move |_| standing.reload()
                    >
                        {live(move || if busy.get() { "正在加载…" } else { "刷新" })}
                    </button>
                </div>
            </div>
            {standing.view(waiting_rows, |system| shown(&system))}
        </div>
    }
    .into_any()
}

type Facts = Vec<(&'static str, String)>;

fn section(id: &'static str, title: &'static str, facts: Facts) -> AnyView {
    let lines = facts
        .into_iter()
        .map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }.into_any())
        .collect_view();
    view! {
        <section class="card" aria-labelledby=id data-testid=id>
            <h2 id=id>{title}</h2>
            <dl class="facts facts-long">{lines}</dl>
        </section>
    }
    .into_any()
}

fn shown(system: &System) -> AnyView {
    let program = vec![
        ("版本", system.version.clone()),
        ("启动于", format::moment(system.started_at)),
        ("服务器时间", format::moment(system.now)),
        (
            "磁盘剩余",
            system
                .disk_free_bytes
                .map_or_else(|| "系统没有告知".to_owned(), format::size),
        ),
    ];
    let database = &system.database;
    let data = vec![
        (
            "数据库",
            format!("{} {}", database.kind.label(), database.version),
        ),
        ("大小", format::size(database.size_bytes)),
        ("结构版本", database.schema.clone()),
        (
            "附件、照片和导入的工作簿",
            format!(
                "{}个，{}",
                system.files.count,
                format::size(system.files.size_bytes)
            ),
        ),
    ];
    let queues: Facts = system
        .queues
        .iter()
        .map(|queue| (queue.kind.label(), queue.length.to_string()))
        .collect();
    let seals = vec![
        ("封存次数", system.audit.seals.to_string()),
        (
            "最近一次",
            system
                .audit
                .sealed_at
                .map_or_else(|| "还没有".to_owned(), format::moment),
        ),
    ];
    view! {
        {alarm(&system.backup)}
        {section("system-program", "程序", program)}
        {section("system-data", "数据", data)}
        {section("system-backup", "备份", backup(&system.backup))}
        {section("system-queues", "等待处理", queues)}
        {section("system-audit", "审计记录的封存", seals)}
    }
    .into_any()
}

/// What somebody should look after.
fn alarm(backup: &BackupStanding) -> Option<AnyView> {
    backup.overdue.then(|| {
        let words = match (&backup.failure, &backup.last) {
            (Some(failure), _) => format!(" 最近一次备份没有成功：{}", failure.reason),
            (None, None) => " 还没有做过备份。".to_owned(),
            (None, Some(_)) => " 备份已经过期，请检查备份是否还在进行。".to_owned(),
        };
        view! {
            <p class="note note-sealed" role="status" data-testid="backup-overdue">
                {icon(Icon::Warning)}
                {words}
            </p>
        }
        .into_any()
    })
}

fn backup(backup: &BackupStanding) -> Facts {
    let every = backup.every_hours.map_or_else(
        || "没有安排定时备份".to_owned(),
        |hours| format!("每{hours}小时一次，保留{}份", backup.keep),
    );
    let mut facts = vec![("安排", every)];
    match &backup.last {
        None => facts.push(("最近一次", "还没有".to_owned())),
        Some(last) => {
            let how = if last.scheduled { "定时" } else { "手工" };
            facts.push((
                "最近一次",
                format!(
                    "{}（{how}），{}",
                    format::moment(last.at),
                    age(backup.age_seconds)
                ),
            ));
            facts.push((
                "文件",
                format!("{}，{}", last.file, format::size(last.size_bytes)),
            ));
        }
    }
    if let Some(failure) = &backup.failure {
        facts.push((
            "失败",
            format!("{}：{}", format::moment(failure.at), failure.reason),
        ));
    }
    facts
}

/// How old it is, as people say it.
fn age(seconds: Option<u64>) -> String {
    match seconds.map(|seconds| seconds / 3600) {
        None => String::new(),
        Some(0) => "不到1小时前".to_owned(),
        Some(hours) if hours < 48 => format!("{hours}小时前"),
        Some(hours) => format!("{}天前", hours / 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_hours_and_days() {
        for (seconds, words) in [
            (0, "不到1小时前"),
            (3599, "不到1小时前"),
            (3600, "1小时前"),
            (47 * 3600, "47小时前"),
            (48 * 3600, "2天前"),
            (10 * 24 * 3600 + 5, "10天前"),
        ] {
            assert_eq!(age(Some(seconds)), words, "{seconds}");
        }
    }
}
