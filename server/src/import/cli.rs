//! `xinfang import FILE`: the import without a browser, on this machine's database.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde::Serialize;
use shared::ledger::{CellNote, ImportReport, Skipped};
use shared::org::{TEMPLATE_SHORT_NAME, TEMPLATE_TOWNSHIP, UnitKind};
use shared::role::Role;
use shared::setup::Template;

use super::plan::{Known, plan};
use super::reader::ReadError;
use super::service::{self, Upload};
use super::{Error, rows, vault};
use crate::auth::Actor;
use crate::case::Desk;
use crate::clock::Clock;
use crate::config::Config;
use crate::context::RequestContext;
use crate::directory::Member;
use crate::setup::template;
use crate::state::State;

/// What the command line says.
#[derive(Debug, Args)]
pub struct Import {
    /// 台账工作簿（.xlsx、.xls、.ods）
    file: PathBuf,
    /// 只预览，什么都不写入
    #[arg(long)]
    dry_run: bool,
    /// 输出格式
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// 以哪个镇综治办用户的名义导入，默认是第一个
    #[arg(long = "as", value_name = "USERNAME")]
    username: Option<String>,
    /// 使用演示数据库
    #[arg(long)]
    demo: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Why the command came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The file cannot be read as a ledger. Exit code 2.
    #[error("{path}：{why}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Database or keys.
    #[error(transparent)]
    App(#[from] crate::app::Error),
    /// The import itself.
    #[error("{0}")]
    Import(String),
    /// The database's own.
    #[error("数据库出错：{0}")]
    Database(#[from] diesel::result::Error),
}

impl CliError {
    /// 2 for a file that cannot be read, 1 for the rest. Rows to be mended are no failure.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::File { .. } => 2,
            _ => 1,
        }
    }
}

impl From<Error> for CliError {
    fn from(error: Error) -> Self {
        Self::Import(crate::error::ApiError::from(error).detail.into_owned())
    }
}

/// Runs it; gives what is to be printed.
///
/// # Errors
/// [`CliError`].
pub fn run(import: &Import, config: Config, clock: &Clock) -> Result<String, CliError> {
    let upload = upload(&import.file)?;
    let report = if !exists(&config, import.demo) {
        if !import.dry_run {
            return Err(nobody(import.username.as_deref()));
        }
        without_database(&upload, clock, &import.file)?
    } else {
        let state = State::open(config, clock.clone(), import.demo)?;
        let report = with_database(import, &state, upload);
        state.db.close();
        report?
    };
    Ok(match import.format {
        Format::Json => json_of(&report),
        Format::Text => text_of(&report, import.dry_run),
    })
}

fn upload(path: &Path) -> Result<Upload, CliError> {
    let refuse = |why: String| CliError::File {
        path: path.to_owned(),
        why,
    };
    let about = std::fs::metadata(path).map_err(|error| refuse(format!("无法读取：{error}")))?;
    if about.len() > super::MAX_FILE as u64 {
        return Err(refuse(ReadError::TooLarge.to_string()));
    }
    let bytes = std::fs::read(path).map_err(|error| refuse(format!("无法读取：{error}")))?;
    let name = path.file_name().map(|name| name.to_string_lossy());
    Ok(Upload {
        file: service::tidy_name(name.as_deref().unwrap_or_default()),
        bytes,
        mapping: Vec::new(),
    })
}

/// Whether there is a database; a dry run does not make one.
fn exists(config: &Config, demo: bool) -> bool {
    let url = config.database_url(demo);
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return true;
    }
    let path = url.strip_prefix("sqlite://").unwrap_or(&url);
    Path::new(path.strip_prefix("file:").unwrap_or(path)).exists()
}

/// A dry run where nothing has been set up yet: against the bundled organisation.
fn without_database(upload: &Upload, clock: &Clock, path: &Path) -> Result<ImportReport, CliError> {
    tracing::info!("没有数据库，按内置的单位模板预览，不与库内事项比对");
    let unreadable = |error: ReadError| CliError::File {
        path: path.to_owned(),
        why: error.to_string(),
    };
    let today = clock.today();
    let book = super::reader::read(&upload.bytes).map_err(unreadable)?;
    let options = rows::Options {
        file: &upload.file,
        mapping: &upload.mapping,
        today,
    };
    let ledger = rows::read(&book, options).map_err(unreadable)?;
    let known = Known {
        units: template::units(Template::Pingchuan, TEMPLATE_TOWNSHIP, TEMPLATE_SHORT_NAME),
        ..Known::default()
    };
    Ok(plan(ledger, &known, &upload.file, today).report)
}

fn with_database(import: &Import, state: &State, upload: Upload) -> Result<ImportReport, CliError> {
    let names = state.db.read_blocking(|conn| state.directory.read(conn))?;
    let member = match importer(names.members(), import.username.as_deref()) {
        Ok(member) => member,
        // Nothing has been set up: a dry run can do without.
        Err(_) if import.dry_run && !names.units().iter().any(|u| u.kind == UnitKind::Village) => {
            return without_database(&upload, &state.clock, &import.file);
        }
        Err(error) => return Err(error),
    };
    let desk = Desk {
        actor: Actor::of_member(member),
        context: RequestContext::local(&state.clock),
        names,
        keys: Arc::clone(&state.keys),
    };
    let ledger = service::read(&upload, &state.keys, desk.context.today()).map_err(|error| {
        CliError::File {
            path: import.file.clone(),
            why: error.to_string(),
        }
    })?;
    let file = upload.file;
    if import.dry_run {
        let planning = |conn: &mut crate::db::Conn| service::preview(conn, &desk, ledger, &file);
        return Ok(state.db.read_blocking(planning)?.report);
    }
    let kept = vault::keep(state, &upload.bytes)?;
    let result = state
        .db
        .write_blocking(move |conn| service::confirm(conn, &desk, ledger, &file, &kept))?;
    Ok(result.report)
}

/// The user of the coordination office in whose name the import runs.
fn importer<'a>(
    members: impl Iterator<Item = &'a Arc<Member>>,
    username: Option<&str>,
) -> Result<Arc<Member>, CliError> {
    let mut found: Vec<&Arc<Member>> = members
        .filter(|member| match username {
            Some(username) => member.user.username == username,
            None => member.user.role == Role::CoordinationOffice && member.user.is_active_person(),
        })
        .collect();
    found.sort_by(|a, b| a.user.username.cmp(&b.user.username));
    // Into which of several townships the ledger belongs is not guessed.
    let of = |member: &Member| member.access.township_id.clone();
    if let [first, others @ ..] = found.as_slice()
        && others.iter().any(|other| of(other) != of(first))
    {
        return Err(CliError::Import(
            "这里有几个乡镇，请用 --as 写明以哪个镇综治办用户的名义导入。".to_owned(),
        ));
    }
    match found.first() {
        Some(member) if member.user.disabled => {
            Err(CliError::Import("这个用户已停用。".to_owned()))
        }
        // It would be who first received all of it.
        Some(member) if member.user.service => Err(CliError::Import(
            "程序账号不办理工作，请换一名镇综治办的用户。".to_owned(),
        )),
        Some(member) => Ok(Arc::clone(member)),
        None => Err(nobody(username)),
    }
}

fn nobody(username: Option<&str>) -> CliError {
    CliError::Import(match username {
        Some(username) => format!("没有用户名为“{username}”的用户。"),
        None => "还没有镇综治办的用户。请先完成初始设置并新增一名（xinfang admin create-user --role coordination_office）；只想预览，请加 --dry-run；演示数据请加 --demo。".to_owned(),
    })
}

/// Just the keys of design section 4, in its order.
#[derive(Serialize)]
struct Report<'a> {
    read: u32,
    loaded: u32,
    duplicates: Vec<Row<'a>>,
    flagged: &'a [CellNote],
    skipped: &'a [Skipped],
    warnings: &'a [CellNote],
}

#[derive(Serialize)]
struct Row<'a> {
    sheet: &'a str,
    row: u32,
}

fn json_of(report: &ImportReport) -> String {
    let twice = report.duplicates.iter().map(|twice| Row {
        sheet: &twice.sheet,
        row: twice.row,
    });
    let report = Report {
        read: report.read,
        loaded: report.loaded,
        duplicates: twice.collect(),
        flagged: &report.flagged,
        skipped: &report.skipped,
        warnings: &report.warnings,
    };
    serde_json::to_string_pretty(&report).unwrap_or_default()
}

fn text_of(report: &ImportReport, dry_run: bool) -> String {
    let mut lines = Vec::new();
    let done = if dry_run { "可登记" } else { "已登记" };
    let mut rows: Vec<_> = report.flagged.iter().map(|n| (&n.sheet, n.row)).collect();
    rows.dedup();
    lines.push(format!(
        "共{}行：{done}{}件，待改{}行，重复{}行；跳过{}行，提示{}处。",
        report.read,
        report.loaded,
        rows.len(),
        report.duplicates.len(),
        report.skipped.len(),
        report.warnings.len()
    ));
    for (title, notes) in [("待改", &report.flagged), ("提示", &report.warnings)] {
        for note in notes {
            lines.push(format!(
                "{title} {} 第{}行 {}“{}”：{}",
                note.sheet, note.row, note.column, note.value, note.reason
            ));
        }
    }
    for twice in &report.duplicates {
        let of = match (&twice.of_row, &twice.of_case) {
            (Some(first), _) => format!("与{} 第{}行相同", first.sheet, first.row),
            (None, Some(number)) => format!("与{number}相同"),
            (None, None) => String::new(),
        };
        lines.push(format!("重复 {} 第{}行：{of}", twice.sheet, twice.row));
    }
    for skipped in &report.skipped {
        lines.push(format!(
            "跳过 {} 第{}行：{}",
            skipped.sheet, skipped.row, skipped.why
        ));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Flags;
    use crate::import::tests::FIXTURE;

    fn import(dry_run: bool, demo: bool, format: Format) -> Import {
        Import {
            file: FIXTURE.into(),
            dry_run,
            format,
            username: None,
            demo,
        }
    }

    fn config(dir: &Path) -> Config {
        let flags = Flags {
            data_dir: Some(dir.display().to_string()),
            ..Flags::default()
        };
        Config::load(&flags).unwrap()
    }

    #[test]
    fn a_dry_run_needs_and_makes_no_database() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::manual("2026-11-24T02:00:00Z".parse().unwrap());
        let text = run(
            &import(true, false, Format::Json),
            config(dir.path()),
            &clock,
        )
        .unwrap();
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        let keys: Vec<&str> = report
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(keys.len(), 6, "{keys:?}");
        assert!(
            text.trim_start_matches(['{', ' ', '\n'])
                .starts_with("\"read\": 90")
        );
        assert_eq!(report["loaded"], 54);
        assert_eq!(
            report["duplicates"][0],
            serde_json::json!({"sheet": "五里墩村", "row": 10})
        );
        let refused = run(
            &import(false, false, Format::Text),
            config(dir.path()),
            &clock,
        );
        assert_eq!(refused.unwrap_err().exit_code(), 1);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        let other = Import {
            file: Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"),
            ..import(true, false, Format::Text)
        };
        let error = run(&other, config(dir.path()), &clock);
        assert_eq!(error.unwrap_err().exit_code(), 2);
    }

    #[test]
    fn it_imports_in_the_name_of_the_office() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::manual("2026-11-24T02:00:00Z".parse().unwrap());
        let state = State::open(config(dir.path()), clock.clone(), true).unwrap();
        crate::demo::load(&state).unwrap();
        state.db.close();
        drop(state);
        let again = |format| run(&import(false, true, format), config(dir.path()), &clock).unwrap();
        assert!(again(Format::Text).starts_with("共90行：已登记54件，待改27行，重复9行"));
        assert!(again(Format::Text).starts_with("共90行：已登记0件，待改27行，重复63行"));
        let wrong = Import {
            username: Some("nobody".into()),
            ..import(false, true, Format::Text)
        };
        assert_eq!(
            run(&wrong, config(dir.path()), &clock)
                .unwrap_err()
                .exit_code(),
            1
        );
    }
}
