//! Preview, confirm, list and undo imports. A confirmed run is one transaction: what it plans it
//! writes, all or nothing, against the database as it stands at that moment.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{Datelike, NaiveDate};
use shared::access::{Action, Facts, can};
use shared::audit::AuditAction;
use shared::case::Outcome;
use shared::case::number::{CaseNumber, Series};
use shared::case::state::{EventKind, Refused};
use shared::case::view::Named;
use shared::ids::{ImportId, SubcategoryCode, UserId};
use shared::ledger::{ColumnMapping, ImportResult, ImportRun};
use shared::org::Unit;
use shared::page::Page;
use shared::role::Role;
use shared::term::Term;

use super::plan::{Known, KnownCase, Plan, plan};
use super::rows::{self, Ledger, Options, matter_of};
use super::store::{self, OwnCase, RowRecord, RunRecord};
use super::text::shorten;
use super::{Error, reader};
use crate::audit::{self, Entry};
use crate::case::service::{Draft, Entering};
use crate::case::{self, Desk};
use crate::db::Conn;
use crate::keys::Keys;

/// A workbook to be imported, and how a person has mapped its columns.
#[derive(Debug, Clone, Default)]
pub(super) struct Upload {
    /// The file's name, without folders.
    pub(super) file: String,
    pub(super) bytes: Vec<u8>,
    pub(super) mapping: Vec<ColumnMapping>,
}

/// A confirmed run's workbook, as it is kept.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) hash: String,
    pub(super) size: u64,
}

/// Whether the actor may import at all.
///
/// # Errors
/// [`Error::Denied`].
pub(super) fn may_import(desk: &Desk) -> Result<(), Error> {
    Ok(can(&desk.actor, Action::ImportLedger, Facts::None)?)
}

/// Whoever imports a ledger is who first received all of it: no program.
///
/// # Errors
/// [`Error::Case`].
pub(super) fn refuse_program(desk: &Desk) -> Result<(), Error> {
    if desk.actor.user().service {
        let why = "程序账号不办理工作，台账请由镇综治办的工作人员导入。";
        return Err(case::Error::from(Refused(why.to_owned())).into());
    }
    Ok(())
}

/// Reads a workbook's ledger. Takes its time: not on an async thread.
///
/// # Errors
/// [`Error::Read`].
pub(super) fn read(upload: &Upload, keys: &Keys, today: NaiveDate) -> Result<Ledger, Error> {
    let book = reader::read(&upload.bytes)?;
    let options = Options {
        file: &upload.file,
        mapping: &upload.mapping,
        today,
    };
    let mut ledger = rows::read(&book, options)?;
    for row in &mut ledger.rows {
        // Compared as the database has them.
        let number = row.key.id_number.take();
        row.key.id_number = number.map(|number| keys.lookup_hash("id_number", &number));
    }
    Ok(ledger)
}

/// What an import would do, as things stand.
///
/// # Errors
/// [`Error::Denied`], the database's own.
pub(super) fn preview(
    conn: &mut Conn,
    desk: &Desk,
    ledger: Ledger,
    file: &str,
) -> Result<Plan, Error> {
    may_import(desk)?;
    let known = known(conn, desk, &ledger)?;
    Ok(plan(ledger, &known, file, desk.context.today()))
}

/// A preview's answer.
pub(super) fn preview_result(plan: Plan, file: &str) -> ImportResult {
    ImportResult {
        import_id: None,
        dry_run: true,
        file: file.to_owned(),
        columns: plan.columns,
        report: plan.report,
    }
}

/// Imports.
///
/// # Errors
/// [`Error::Denied`], the database's own; then nothing is written.
pub(super) fn confirm(
    conn: &mut Conn,
    desk: &Desk,
    ledger: Ledger,
    file: &str,
    kept: &Kept,
) -> Result<ImportResult, Error> {
    store::lock(conn)?;
    let plan = preview(conn, desk, ledger, file)?;
    let run = run_record(desk, file, kept, &plan);
    store::insert_run(conn, &run)?;
    for load in &plan.loads {
        let outcome = |settled| {
            if settled {
                Outcome::Settled
            } else {
                Outcome::Final
            }
        };
        let entering = Entering {
            input: &load.case,
            kind: EventKind::Imported,
            text: Some(load.text.clone()),
            responsible_unit_id: load
                .responsible_unit
                .as_ref()
                .map(|id| id.as_str().to_owned()),
            lead_id: load.lead.as_ref().map(|id| id.as_str().to_owned()),
            closed: load
                .ending
                .map(|ending| (ending.on, outcome(ending.settled))),
            field: None,
        };
        let case = Draft::new(desk, &entering)?.enter(conn, desk)?.case;
        let row = RowRecord {
            case_id: case.id.clone(),
            import_id: run.id.clone(),
            sheet: load.at.sheet.clone(),
            row_number: i32::try_from(load.at.row).unwrap_or(i32::MAX),
            fingerprint: fingerprint(&desk.keys, &load.key.matter),
            id_hash: load.key.id_number.clone(),
        };
        store::insert_row(conn, &row)?;
        let entry = Entry::new(AuditAction::CaseWrite, format!("{}：台账导入", case.number));
        audit::append(
            conn,
            &desk.context,
            &desk.actor,
            entry.of_case(case.id, false, false),
        )?;
    }
    let detail = format!(
        "导入台账“{file}”：{}行，登记{}件，待改{}行，重复{}行",
        run.read, run.loaded, run.flagged_rows, run.duplicates
    );
    audit::append(
        conn,
        &desk.context,
        &desk.actor,
        Entry::new(AuditAction::Import, detail),
    )?;
    Ok(ImportResult {
        import_id: Some(ImportId::new(run.id)),
        dry_run: false,
        file: run.file,
        columns: plan.columns,
        report: plan.report,
    })
}

fn run_record(desk: &Desk, file: &str, kept: &Kept, plan: &Plan) -> RunRecord {
    let number = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    let report = &plan.report;
    RunRecord {
        id: crate::ids::new_id(),
        township_id: desk.actor.township_id.as_str().to_owned(),
        file: file.to_owned(),
        hash: kept.hash.clone(),
        size: i64::try_from(kept.size).unwrap_or(i64::MAX),
        at: desk.context.now.naive_utc(),
        actor_id: desk.actor.user_id.as_str().to_owned(),
        actor_name: desk.actor.name().to_owned(),
        read: number(report.read),
        loaded: number(report.loaded),
        flagged_rows: number(plan.flagged_rows),
        duplicates: i32::try_from(report.duplicates.len()).unwrap_or(i32::MAX),
        undone_at: None,
        undone_by: None,
    }
}

fn fingerprint(keys: &Keys, matter: &str) -> String {
    keys.lookup_hash("import_matter", matter)
}

fn closed(desk: &Desk) -> Vec<SubcategoryCode> {
    let all = desk.general().categories().items.into_iter();
    all.filter(|entry| entry.closed)
        .map(|entry| entry.code)
        .collect()
}

/// What the database knows of the rows of a file, as far as the actor may see it.
fn known(conn: &mut Conn, desk: &Desk, ledger: &Ledger) -> Result<Known, Error> {
    let mut known = Known {
        units: units(desk),
        leaders: leaders(desk),
        closed: closed(desk),
        cases: HashMap::new(),
    };
    let matters: HashMap<String, &str> = ledger
        .rows
        .iter()
        .map(|row| row.key.matter.as_str())
        .map(|matter| (fingerprint(&desk.keys, matter), matter))
        .collect();
    // Rows imported before, however their cases have been edited since.
    for row in store::imported(conn, desk.actor.township_id.as_str())? {
        if let Some(matter) = matters.get(&row.fingerprint)
            && let Some(number) = store::visible_number(conn, &desk.actor, &row.case_id)?
        {
            let case = KnownCase {
                number,
                id_number: row.id_hash,
            };
            known
                .cases
                .entry((*matter).to_owned())
                .or_default()
                .push(case);
        }
    }
    // Cases that were entered here, and edited ones as they are now.
    let wanted: BTreeSet<&str> = matters.values().copied().collect();
    for (from, to) in months(ledger) {
        for case in store::received_between(conn, &desk.actor, from, to)? {
            let person = case.petitioner.as_deref().unwrap_or_default();
            let matter = matter_of(person, &case.cause, &case.received_on.to_string());
            if wanted.contains(matter.as_str()) {
                let id_number = store::petitioner_hash(conn, &case.id)?;
                let case = KnownCase {
                    number: case.number,
                    id_number,
                };
                known.cases.entry(matter).or_default().push(case);
            }
        }
    }
    Ok(known)
}

/// The township's open units, itself among them.
fn units(desk: &Desk) -> Vec<Unit> {
    let township = &desk.actor.township_id;
    let units = desk.names.units().iter();
    units
        .filter(|unit| !unit.closed && desk.names.is_within(&unit.id, township))
        .cloned()
        .collect()
}

fn leaders(desk: &Desk) -> Vec<(UserId, String)> {
    desk.names
        .members()
        .filter(|member| {
            member.user.role == Role::TownshipLeader
                && member.user.is_active_person()
                && member.access.township_id == desk.actor.township_id
        })
        .map(|member| (member.user.id.clone(), member.user.name.clone()))
        .collect()
}

/// The months in which the file's rows were received: first and last day.
fn months(ledger: &Ledger) -> Vec<(NaiveDate, NaiveDate)> {
    let days = ledger.rows.iter().filter_map(|row| row.draft.received_on);
    let mut months: BTreeMap<(i32, u32), (NaiveDate, NaiveDate)> = BTreeMap::new();
    for day in days {
        let (first, last) = months
            .entry((day.year(), day.month()))
            .or_insert((day, day));
        *first = day.min(*first);
        *last = day.max(*last);
    }
    months.into_values().collect()
}

/// The township's runs, newest first.
///
/// # Errors
/// [`Error::Denied`], the database's own.
pub(super) fn list(
    conn: &mut Conn,
    desk: &Desk,
    after: Option<&str>,
    limit: u32,
) -> Result<Page<ImportRun>, Error> {
    may_import(desk)?;
    let township = desk.actor.township_id.as_str();
    let mut records = store::runs(conn, township, after, limit.saturating_add(1))?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = records.len() > most;
    records.truncate(most);
    let last = records.last().filter(|_| more);
    let next_cursor = last.map(|run| crate::page::cursor(&run.id));
    let items: Result<Vec<ImportRun>, Error> = records
        .into_iter()
        .map(|run| view(conn, desk, run))
        .collect();
    Ok(Page {
        items: items?,
        next_cursor,
        total: store::count(conn, township)?,
    })
}

/// A run.
///
/// # Errors
/// [`Error::Denied`], the database's own.
pub(super) fn show(conn: &mut Conn, desk: &Desk, id: &ImportId) -> Result<ImportRun, Error> {
    let run = find(conn, desk, id)?;
    view(conn, desk, run)
}

fn find(conn: &mut Conn, desk: &Desk, id: &ImportId) -> Result<RunRecord, Error> {
    may_import(desk)?;
    store::run(conn, desk.actor.township_id.as_str(), id.as_str())?
        .ok_or(Error::Denied(shared::access::Denied::Hidden))
}

/// A run whose workbook is to be given out; noted in the audit log.
///
/// # Errors
/// [`Error::Denied`], the database's own.
pub(super) fn download(
    conn: &mut Conn,
    desk: &Desk,
    id: &ImportId,
) -> Result<(String, Kept), Error> {
    let run = find(conn, desk, id)?;
    let entry = Entry::new(
        AuditAction::Download,
        format!("下载导入的台账“{}”", run.file),
    );
    audit::append(conn, &desk.context, &desk.actor, entry)?;
    let kept = Kept {
        hash: run.hash,
        size: run.size.unsigned_abs(),
    };
    Ok((run.file, kept))
}

fn view(conn: &mut Conn, desk: &Desk, run: RunRecord) -> Result<ImportRun, Error> {
    let cases = store::cases_of(conn, &run.id)?;
    let undo_refused = refused(conn, desk, &run, &cases)?;
    Ok(ImportRun {
        void_numbers: store::void_numbers_of(conn, &run.id)?,
        id: run.id.into(),
        file: run.file,
        at: run.at.and_utc(),
        actor: Named {
            id: run.actor_id,
            name: run.actor_name,
        },
        loaded: u32::try_from(run.loaded).unwrap_or(0),
        undone_at: run.undone_at.map(|at| at.and_utc()),
        undo_refused,
    })
}

/// Why a run cannot be undone; none if it can.
fn refused(
    conn: &mut Conn,
    desk: &Desk,
    run: &RunRecord,
    cases: &[OwnCase],
) -> Result<Option<String>, Error> {
    if run.undone_at.is_some() {
        return Ok(Some("这次导入已经撤销。".to_owned()));
    }
    let linked: BTreeSet<String> = store::linked_to(conn, &run.id)?.into_iter().collect();
    let touched: Vec<&OwnCase> = cases
        .iter()
        .filter(|case| case.version != 1 || linked.contains(&case.id))
        .collect();
    if touched.is_empty() {
        return Ok(None);
    }
    // What has been sealed since is not named: not everybody who imports may know of it.
    let open = Series::Open.code();
    let named: Vec<&str> = touched
        .iter()
        .filter(|case| case.seal == open)
        .map(|case| case.number.as_str())
        .collect();
    let shown = named
        .iter()
        .take(20)
        .copied()
        .collect::<Vec<_>>()
        .join("、");
    tracing::debug!(run = run.id, by = %desk.actor.user_id, touched = touched.len(), "undo refused");
    Ok(Some(match named.len() {
        0 => "导入后已有事项办理过，不能整体撤销。".to_owned(),
        1..=20 => format!("导入后这些事项已经办理过，不能整体撤销：{shown}。"),
        many => format!("导入后有{many}件事项已经办理过，不能整体撤销：{shown}等。"),
    }))
}

/// Undoes a run as a whole.
///
/// The cases are taken out. Numbers at the end of their series are given again to the next cases;
/// numbers that later cases have gone past stay void and are kept, so that the series has no number
/// that nobody can account for. The run stays in the list, undone.
///
/// # Errors
/// [`Error::Denied`], [`Error::UndoRefused`], the database's own.
pub(super) fn undo(conn: &mut Conn, desk: &Desk, id: &ImportId) -> Result<ImportRun, Error> {
    store::lock(conn)?;
    let run = find(conn, desk, id)?;
    store::lock_cases(conn, &run.id)?;
    let cases = store::cases_of(conn, &run.id)?;
    if let Some(reason) = refused(conn, desk, &run, &cases)? {
        return Err(Error::UndoRefused(reason));
    }
    let now = desk.context.now.naive_utc();
    let mut series: BTreeMap<(Series, i32), BTreeMap<u32, CaseNumber>> = BTreeMap::new();
    for case in &cases {
        store::delete_case(conn, case)?;
        let entry = Entry::new(
            AuditAction::CaseWrite,
            format!("{}：撤销导入，移出台账", case.number),
        );
        audit::append(
            conn,
            &desk.context,
            &desk.actor,
            entry.of_case(&*case.id, false, false),
        )?;
        let number: CaseNumber = case
            .number
            .parse()
            .map_err(|_| Error::Damaged(format!("case number {}", case.number)))?;
        let counts = series.entry((number.series, number.year)).or_default();
        counts.insert(number.count, number);
    }
    let mut void = 0usize;
    for ((kind, year), numbers) in series {
        let counts: BTreeSet<u32> = numbers.keys().copied().collect();
        let last = store::take_back(conn, &run.township_id, kind, year, &counts)?;
        for (count, number) in numbers {
            if i64::from(count) < last {
                store::insert_void(conn, &number, &run, now)?;
                void += 1;
            }
        }
    }
    store::mark_undone(conn, &run.id, now, desk.actor.user_id.as_str())?;
    let detail = format!(
        "撤销导入台账“{}”：移出{}件，收回编号{}个，作废编号{void}个",
        run.file,
        cases.len(),
        cases.len() - void
    );
    audit::append(
        conn,
        &desk.context,
        &desk.actor,
        Entry::new(AuditAction::Import, detail),
    )?;
    show(conn, desk, id)
}

/// A file's name as it is kept: without folders and what headers and pages choke on.
pub(super) fn tidy_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let tidied: String = last.chars().filter(|c| !c.is_control()).collect();
    let tidied = shorten(tidied.trim(), 120);
    if tidied.is_empty() {
        "台账".to_owned()
    } else {
        tidied
    }
}
