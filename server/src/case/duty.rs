//! What cases, and their matters, ask of somebody by name, and putting another in their place.

use diesel::prelude::*;
use shared::access::visible;
use shared::case::matter::MatterKind;
use shared::case::number::Series;
use shared::case::state::{EventKind, State};
use shared::case::view::{EventData, Named};
use shared::duty::DutyKind;
use shared::ids::UserId;
use shared::term::Term;

use super::service::{Step, Taken};
use super::store::CaseRecord;
use super::{Desk, Error, matter};
use crate::db::Conn;
use crate::directory::Member;
use crate::schema::{case_matters, cases};

/// An open case that names somebody, and in what.
pub(crate) struct Naming {
    /// The case's id.
    pub(crate) id: String,
    /// Whether it is a sealed accusation, of which not even the number is told.
    pub(crate) sealed: bool,
    /// In what.
    pub(crate) kinds: Vec<DutyKind>,
}

/// The open cases of a township that name somebody.
///
/// # Errors
/// The database's own; a matter that cannot be read.
pub(crate) fn of(conn: &mut Conn, township: &str, user: &str) -> Result<Vec<Naming>, Error> {
    let open = cases::township_id
        .eq(township)
        .and(cases::state.ne(State::Closed.code()));
    let rows: Vec<(String, String, Option<String>, Option<String>)> = cases::table
        .filter(open)
        .filter(
            cases::responsible_user_id
                .eq(user)
                .or(cases::lead_id.eq(user)),
        )
        .order(cases::id)
        .select((
            cases::id,
            cases::seal,
            cases::responsible_user_id,
            cases::lead_id,
        ))
        .load(conn)?;
    let mut found: Vec<Naming> = rows
        .into_iter()
        .map(|(id, seal, responsible, lead)| {
            let is = |named: Option<String>| named.as_deref() == Some(user);
            let mut kinds = Vec::new();
            if is(responsible) {
                kinds.push(DutyKind::CaseResponsible);
            }
            if is(lead) {
                kinds.push(DutyKind::CaseLead);
            }
            Naming {
                id,
                sealed: seal != Series::Open.code(),
                kinds,
            }
        })
        .collect();
    for (id, seal, kind) in of_matters(conn, township, user)? {
        match found.iter_mut().find(|case| case.id == id) {
            Some(case) if case.kinds.contains(&kind) => {}
            Some(case) => case.kinds.push(kind),
            None => found.push(Naming {
                id,
                sealed: seal != Series::Open.code(),
                kinds: vec![kind],
            }),
        }
    }
    Ok(found)
}

/// Open matters that name somebody: the case, its seal, what it asks.
fn of_matters(
    conn: &mut Conn,
    township: &str,
    user: &str,
) -> Result<Vec<(String, String, DutyKind)>, Error> {
    let kinds = [MatterKind::Package.code(), MatterKind::Contact.code()];
    let rows: Vec<(matter::store::MatterRecord, String)> = case_matters::table
        .inner_join(cases::table)
        .filter(case_matters::township_id.eq(township))
        .filter(case_matters::open.eq(true))
        .filter(case_matters::kind.eq_any(kinds))
        .order(case_matters::id)
        .select((matter::store::MatterRecord::as_select(), cases::seal))
        .load(conn)?;
    let mut found = Vec::new();
    for (record, seal) in rows {
        if record
            .matter()?
            .named()
            .is_some_and(|named| named.id == user)
        {
            found.push((record.case_id, seal, duty_of(record.kind.0)));
        }
    }
    Ok(found)
}

const fn duty_of(kind: MatterKind) -> DutyKind {
    match kind {
        MatterKind::Contact => DutyKind::Contact,
        _ => DutyKind::CaseLead,
    }
}

/// Who takes over, from whom, and what.
pub(crate) struct Successor<'a> {
    /// From whom.
    pub(crate) from: &'a UserId,
    /// To whom.
    pub(crate) to: &'a Member,
    /// What.
    pub(crate) kinds: &'a [DutyKind],
}

impl Successor<'_> {
    /// Whether the case may be put into the successor's hands.
    fn fits(&self, taken: &Taken, kind: DutyKind) -> bool {
        let to = &self.to.access;
        kind.is_for(to.role)
            && visible(to, &taken.facts)
            && (kind != DutyKind::CaseResponsible
                || taken
                    .facts
                    .responsible_unit_id
                    .as_ref()
                    .is_none_or(|unit| to.unit_chain.contains(unit)))
    }

    fn named(&self) -> Named {
        Named {
            id: self.to.user.id.as_str().to_owned(),
            name: self.to.user.name.clone(),
        }
    }
}

/// Puts a successor in somebody's place with an open case; answers with what, or the kinds for which the
/// successor does not fit. An accusation that the successor must not know of stays with its unit, and
/// nobody is named: who handles it sees that.
///
/// # Errors
/// As with every step of a case.
pub(crate) fn hand_over(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    successor: &Successor<'_>,
) -> Result<Result<Vec<DutyKind>, Vec<DutyKind>>, Error> {
    let mut taken = super::service::take_for_all(conn, id)?;
    let sealed = taken.case.seal.0 != Series::Open;
    let from = successor.from.as_str();
    let from_name = desk.names.user_name(successor.from).to_owned();
    let (mut moved, mut unfit) = (Vec::new(), Vec::new());
    let mut records = Vec::new();
    for record in matter::store::of_case(conn, &taken.case.id)? {
        let names = record.open
            && matches!(record.kind.0, MatterKind::Package | MatterKind::Contact)
            && record
                .matter()?
                .named()
                .is_some_and(|named| named.id == from);
        if names {
            records.push(record);
        }
    }
    for kind in successor.kinds {
        let in_case = named_in(&taken.case, *kind) == Some(from);
        let in_matters = records.iter().any(|record| duty_of(record.kind.0) == *kind);
        if !in_case && !in_matters {
            continue;
        }
        if !successor.fits(&taken, *kind) && !sealed {
            unfit.push(*kind);
            continue;
        }
        moved.push(*kind);
    }
    if !unfit.is_empty() {
        return Ok(Err(unfit));
    }
    if moved.is_empty() {
        return Ok(Ok(moved));
    }
    for kind in &moved {
        let to = successor.fits(&taken, *kind).then(|| successor.named());
        for record in records
            .iter_mut()
            .filter(|record| duty_of(record.kind.0) == *kind)
        {
            if let Some(to) = &to {
                matter::service::hand_over(conn, desk, &taken, record, to)?;
            }
        }
        let what = match kind {
            DutyKind::CaseResponsible => "承办人",
            DutyKind::CaseLead => "包案领导",
            _ => "联系人",
        };
        let text = match &to {
            Some(to) => format!("{what}由{from_name}改为{}（工作交接）", to.name),
            None => format!("{what}{from_name}已离开，请重新确定{what}"),
        };
        let id = to.as_ref().map(|to| to.id.clone());
        if named_in(&taken.case, *kind) == Some(from) {
            match kind {
                DutyKind::CaseResponsible => taken.case.responsible_user_id = id,
                DutyKind::CaseLead => taken.case.lead_id = id,
                _ => {}
            }
        }
        let step = Step {
            kind: match (kind, &to) {
                (DutyKind::CaseLead, Some(_)) => EventKind::LeadSet,
                _ => EventKind::Noted,
            },
            on: desk.context.today(),
            text: Some(text),
            data: EventData {
                user: to,
                ..EventData::default()
            },
        };
        taken.advance(conn, desk, step)?;
    }
    taken.keep(conn, desk, "工作交接")?;
    Ok(Ok(moved))
}

fn named_in(case: &CaseRecord, kind: DutyKind) -> Option<&str> {
    match kind {
        DutyKind::CaseResponsible => case.responsible_user_id.as_deref(),
        DutyKind::CaseLead => case.lead_id.as_deref(),
        _ => None,
    }
}
