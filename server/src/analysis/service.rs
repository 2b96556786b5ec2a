//! What can be done with a month's analysis. Each change runs inside one transaction with its audit
//! entry.

use std::collections::BTreeSet;

use diesel::prelude::*;
use shared::access::{Action, Facts, can};
use shared::analysis::{
    Analysis, AnalysisDeed, AnalysisPatch, AnalysisView, Issued, first_day, may_be_issued, spans,
};
use shared::audit::AuditAction;
use shared::case::number::Series;
use shared::case::state::Refused;
use shared::indicator::period::Span;
use shared::term::Term;
use shared::validate::Errors;
use shared::visit::owned;

use super::paper;
use super::store::{self, Record};
use crate::audit::{self, Entry};
use crate::case::{Desk, Error, scope};
use crate::db::Conn;
use crate::indicator::{self, Figures};
use crate::schema::cases;

fn may(desk: &Desk, deed: AnalysisDeed) -> Result<(), Error> {
    Ok(can(&desk.actor, Action::Analysis(deed), Facts::None)?)
}

/// A month that may be looked at, and what it is compared with.
fn checked(desk: &Desk, month: &str) -> Result<[Span; 3], Error> {
    let of = first_day(month).and_then(|first| spans(first, desk.context.today()));
    of.ok_or_else(|| {
        let mut errors = Errors::new();
        let message = "月份应写成2026-03这样，在2000年至本月之间。";
        errors.add("month", "out_of_range", message);
        errors.into()
    })
}

fn frozen(record: &Record) -> Result<Option<Analysis>, Error> {
    let body = record.body.as_deref();
    body.map(|body| {
        serde_json::from_str(body)
            .map_err(|e| Error::Damaged(format!("analyses.body {}: {e}", record.month)))
    })
    .transpose()
}

/// Of cases that were named once, those that may still be: open ones that the reader may know of.
fn still_named(conn: &mut Conn, desk: &Desk, analysis: &mut Analysis) -> QueryResult<()> {
    let ids: Vec<&str> = analysis
        .longest
        .iter()
        .map(|case| case.id.as_str())
        .collect();
    let named: Vec<String> = cases::table
        .filter(scope::visible_to(&desk.actor))
        .filter(cases::seal.eq(Series::Open.code()))
        .filter(cases::id.eq_any(ids))
        .select(cases::id)
        .load(conn)?;
    let named: BTreeSet<String> = named.into_iter().collect();
    analysis.longest.retain(|case| named.contains(&case.id));
    Ok(())
}

/// What is counted of a month: as it was issued, or now. Not inside a transaction that writes, for the
/// book must know nothing that may still be taken back.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(super) fn counted(
    conn: &mut Conn,
    figures: &Figures,
    desk: &Desk,
    month: &str,
    deed: AnalysisDeed,
) -> Result<Analysis, Error> {
    may(desk, deed)?;
    let spans = checked(desk, month)?;
    let record = store::find(conn, desk.actor.township_id.as_str(), month)?;
    match record.as_ref().map(frozen).transpose()?.flatten() {
        Some(mut analysis) => {
            still_named(conn, desk, &mut analysis)?;
            Ok(analysis)
        }
        None => indicator::month::analysis(conn, figures, desk, spans),
    }
}

fn view(desk: &Desk, analysis: Analysis, record: Option<Record>) -> AnalysisView {
    let record = record.as_ref();
    let issued = record.and_then(|record| {
        Some(Issued {
            by: desk.user(record.issued_by.as_deref())?,
            at: record.issued_at?.and_utc(),
        })
    });
    AnalysisView {
        analysis,
        opinion: record.and_then(|record| record.opinion.clone()),
        measures: record.and_then(|record| record.measures.clone()),
        author: record.and_then(|record| desk.user(Some(&record.author_id))),
        written_at: record.map(|record| record.updated_at.and_utc()),
        issued,
        version: record.map_or(0, |record| record.version),
    }
}

/// A month's analysis, whole.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(super) fn show(
    conn: &mut Conn,
    figures: &Figures,
    desk: &Desk,
    month: &str,
) -> Result<AnalysisView, Error> {
    let analysis = counted(conn, figures, desk, month, AnalysisDeed::View)?;
    let record = store::find(conn, desk.actor.township_id.as_str(), month)?;
    Ok(view(desk, analysis, record))
}

/// The month's row as it was read at a version, to be changed.
fn take(conn: &mut Conn, desk: &Desk, month: &str, seen: i64) -> Result<Record, Error> {
    let township = desk.actor.township_id.as_str();
    let record = store::find(conn, township, month)?;
    if record.as_ref().map_or(0, |record| record.version) != seen {
        return Err(Error::Stale);
    }
    let now = desk.context.now.naive_utc();
    let mut record = record.unwrap_or_else(|| Record {
        township_id: township.to_owned(),
        month: month.to_owned(),
        opinion: None,
        measures: None,
        author_id: String::new(),
        updated_at: now,
        body: None,
        issued_by: None,
        issued_at: None,
        version: 0,
    });
    if record.body.is_some() {
        return Err(Refused("这个月的分析研判已经印发，不能再改。".to_owned()).into());
    }
    record.author_id = desk.actor.user_id.as_str().to_owned();
    record.updated_at = now;
    record.version = seen + 1;
    Ok(record)
}

fn keep(
    conn: &mut Conn,
    desk: &Desk,
    record: &Record,
    seen: i64,
    what: AnalysisDeed,
) -> Result<(), Error> {
    // Somebody else was faster.
    if !store::save(conn, record, seen)? {
        return Err(Error::Stale);
    }
    let detail = format!("{}（{}）", what.label(), record.month);
    let entry = Entry::new(AuditAction::Analysis, detail);
    Ok(audit::append(conn, &desk.context, &desk.actor, entry)?)
}

/// Writes the office's words.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], [`Error::Stale`], [`Error::Refused`], the database's own.
pub(super) fn write(
    conn: &mut Conn,
    desk: &Desk,
    month: &str,
    seen: i64,
    patch: &AnalysisPatch,
    analysis: Analysis,
) -> Result<AnalysisView, Error> {
    may(desk, AnalysisDeed::Write)?;
    checked(desk, month)?;
    let mut record = take(conn, desk, month, seen)?;
    patch.check().into_result()?;
    if patch.opinion.is_some() {
        record.opinion = owned(patch.opinion.as_deref());
    }
    if patch.measures.is_some() {
        record.measures = owned(patch.measures.as_deref());
    }
    keep(conn, desk, &record, seen, AnalysisDeed::Write)?;
    Ok(view(desk, analysis, Some(record)))
}

/// Issues it: `analysis`, as [`counted`] has it, stays as it is from now on.
///
/// # Errors
/// [`Error::Denied`], [`Error::Stale`], [`Error::Refused`], the database's own.
pub(super) fn issue(
    conn: &mut Conn,
    desk: &Desk,
    month: &str,
    seen: i64,
    analysis: Analysis,
) -> Result<AnalysisView, Error> {
    may(desk, AnalysisDeed::Issue)?;
    checked(desk, month)?;
    let mut record = take(conn, desk, month, seen)?;
    let opinion = record.opinion.as_deref();
    may_be_issued(&analysis, opinion, record.measures.as_deref()).map_err(Refused)?;
    let body = serde_json::to_string(&analysis).map_err(|e| Error::Damaged(e.to_string()))?;
    record.body = Some(body);
    record.issued_by = Some(desk.actor.user_id.as_str().to_owned());
    record.issued_at = Some(desk.context.now.naive_utc());
    keep(conn, desk, &record, seen, AnalysisDeed::Issue)?;
    Ok(view(desk, analysis, Some(record)))
}

/// The Word file, with its name.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(super) fn download(
    conn: &mut Conn,
    figures: &Figures,
    desk: &Desk,
    month: &str,
) -> Result<(String, Vec<u8>), Error> {
    let view = show(conn, figures, desk, month)?;
    let township = desk.names.unit_name(&desk.actor.township_id);
    let name = format!("{township}{}分析研判.docx", view.analysis.title());
    Ok((name, paper::draw(desk, &view)?))
}

/// Notes that the Word file was taken out; it is given out only after that.
///
/// # Errors
/// The database's own.
pub(super) fn note(conn: &mut Conn, desk: &Desk, name: &str) -> Result<(), Error> {
    let entry = Entry::new(AuditAction::Export, format!("导出{name}"));
    Ok(audit::append(conn, &desk.context, &desk.actor, entry)?)
}
