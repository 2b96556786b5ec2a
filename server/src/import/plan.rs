//! What an import would do: the ledger's rows against what the database knows. Pure, so that a dry
//! run and a confirmed run cannot differ.
//!
//! - A row that repeats an earlier one of the file is a duplicate, whether or not the earlier one
//!   is flagged: one mistake is told once, and `read` = `loaded` + flagged rows + duplicates.
//! - A row with a flagged cell is not loaded, whatever else it says; its warnings wait until it is
//!   mended.
//! - A row that repeats a case of the database is a duplicate if it could be loaded otherwise.
//! - What was found by the staff (排查, 下访) arrives as a dispute, what somebody brought as a
//!   petition; nobody but a person makes an accusation of it ([`super::rows`] flags what sounds
//!   like one).
//! - A row with a day of closing arrives closed on that day: settled where the ledger says so,
//!   otherwise final, with a warning. Every other row arrives registered, because a ledger does not
//!   say when a case was accepted, and no day is made up; what was done stands in its words.

use std::collections::HashMap;

use chrono::NaiveDate;
use shared::case::hint::category_hint;
use shared::case::input::{NewCase, NewPerson};
use shared::case::{Category, Channel, Kind, PersonRole, Purpose, Subcategory};
use shared::ids::{SubcategoryCode, UnitId, UserId};
use shared::ledger::{ColumnMapping, Duplicate, ImportReport, LedgerField as F, RowRef};
use shared::org::{Unit, UnitKind};
use shared::term::Term;

use super::mark::{Colour, Mark};
use super::rows::{Draft, Ending, Key, Ledger, LedgerRow, Note, Notes};
use super::text::{compact, shorten};
use super::words;

/// What the database knows.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The township's units that are not closed, the township among them.
    pub(super) units: Vec<Unit>,
    /// The township's leaders.
    pub(super) leaders: Vec<(UserId, String)>,
    /// Second levels that the township has taken out of use.
    pub(super) closed: Vec<SubcategoryCode>,
    /// Cases of the database that the caller may see, by matter.
    pub(super) cases: HashMap<String, Vec<KnownCase>>,
}

/// A case of the database, as far as duplicates go.
#[derive(Debug, Clone)]
pub(super) struct KnownCase {
    /// Its number, for the report.
    pub(super) number: String,
    /// The ID number of its petitioner (or a hash of it, made alike on both sides).
    pub(super) id_number: Option<String>,
}

/// What a run would do.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) columns: Vec<ColumnMapping>,
    pub(super) report: ImportReport,
    pub(super) loads: Vec<Load>,
    /// The cells to be coloured and commented.
    pub(super) marks: Vec<Mark>,
    /// How many rows are flagged; one row may have several flagged cells.
    pub(super) flagged_rows: u32,
}

/// A case to be made.
#[derive(Debug, Clone)]
pub(super) struct Load {
    pub(super) at: RowRef,
    pub(super) key: Key,
    pub(super) case: NewCase,
    pub(super) responsible_unit: Option<UnitId>,
    pub(super) lead: Option<UserId>,
    pub(super) ending: Option<Ending>,
    /// The words of the import event: how the row was sorted, and what no field holds.
    pub(super) text: String,
}

/// Plans the import. `file` is the workbook's name, `today` the day in Asia/Shanghai.
pub(super) fn plan(ledger: Ledger, known: &Known, file: &str, today: NaiveDate) -> Plan {
    let places = Places::of(&known.units);
    let mut plan = Plan {
        columns: ledger.columns,
        ..Plan::default()
    };
    plan.warn(ledger.warnings, 0);
    plan.report.skipped = ledger.skipped;
    let mut seen: HashMap<String, Vec<(Option<String>, RowRef)>> = HashMap::new();
    for row in ledger.rows {
        plan.report.read += 1;
        let earlier = seen.entry(row.key.matter.clone()).or_default();
        if let Some((_, first)) = earlier
            .iter()
            .find(|(id, _)| may_be_one(id.as_deref(), row.key.id_number.as_deref()))
        {
            let first = first.clone();
            plan.repeated(&row.at, row.notes.first_column(), Some(first), None);
            continue;
        }
        earlier.push((row.key.id_number.clone(), row.at.clone()));
        plan.take(row, known, &places, file, today);
    }
    plan
}

/// Whether two rows that agree in name, cause and day can be the same person's.
fn may_be_one(a: Option<&str>, b: Option<&str>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    }
}

impl Plan {
    fn take(
        &mut self,
        row: LedgerRow,
        known: &Known,
        places: &Places<'_>,
        file: &str,
        today: NaiveDate,
    ) {
        let LedgerRow {
            at,
            draft,
            key,
            mut notes,
        } = row;
        let load = Builder {
            draft: &draft,
            notes: &mut notes,
            known,
            places,
        }
        .load(&at, &key, file, today);
        let first_column = notes.first_column();
        let load = match load {
            Some(load) if notes.flags.is_empty() => load,
            _ => {
                self.flagged_rows += 1;
                self.flag(notes.flags, first_column);
                return;
            }
        };
        let repeated = known.cases.get(&key.matter).and_then(|cases| {
            cases
                .iter()
                .find(|case| may_be_one(case.id_number.as_deref(), key.id_number.as_deref()))
        });
        if let Some(case) = repeated {
            self.repeated(&at, first_column, None, Some(case.number.clone()));
            return;
        }
        self.warn(notes.warnings, first_column);
        self.report.loaded += 1;
        self.loads.push(load);
    }

    fn flag(&mut self, notes: Vec<Note>, first_column: u32) {
        for note in notes {
            self.mark(&note, first_column, Colour::Red);
            self.report.flagged.push(note.cell);
        }
    }

    fn warn(&mut self, notes: Vec<Note>, first_column: u32) {
        for note in notes {
            self.mark(&note, first_column, Colour::Yellow);
            self.report.warnings.push(note.cell);
        }
    }

    /// Colours the cell of a note; where the sheet has no such column, the row's first one.
    fn mark(&mut self, note: &Note, first_column: u32, colour: Colour) {
        let reason = &note.cell.reason;
        let text = match (note.column, note.merged_from) {
            (None, _) => format!("{}：{reason}", note.cell.column),
            (_, Some(_)) => format!("第{}行：{reason}", note.cell.row),
            (Some(_), None) => reason.clone(),
        };
        self.marks.push(Mark {
            sheet: note.cell.sheet.clone(),
            // Of a merged region only the first cell can be marked.
            row: note
                .merged_from
                .unwrap_or_else(|| note.cell.row.saturating_sub(1)),
            column: note.column.unwrap_or(first_column),
            colour,
            text,
        });
    }

    fn repeated(
        &mut self,
        at: &RowRef,
        first_column: u32,
        of_row: Option<RowRef>,
        of_case: Option<String>,
    ) {
        let text = match (&of_row, &of_case) {
            (Some(first), _) if first.sheet == at.sheet => format!("与第{}行重复。", first.row),
            (Some(first), _) => format!("与工作表“{}”第{}行重复。", first.sheet, first.row),
            (None, Some(number)) => format!("系统里已有这件事项：{number}。"),
            (None, None) => "重复。".to_owned(),
        };
        self.marks.push(Mark {
            sheet: at.sheet.clone(),
            row: at.row.saturating_sub(1),
            column: first_column,
            colour: Colour::Grey,
            text,
        });
        self.report.duplicates.push(Duplicate {
            sheet: at.sheet.clone(),
            row: at.row,
            of_row,
            of_case,
        });
    }
}

/// The township's units, by the names that a ledger may use.
struct Places<'a> {
    township: Option<&'a Unit>,
    villages: Vec<&'a Unit>,
    units: Vec<&'a Unit>,
}

impl<'a> Places<'a> {
    fn of(units: &'a [Unit]) -> Self {
        let of_kind = |kind: UnitKind| units.iter().filter(move |unit| unit.kind == kind);
        Self {
            township: of_kind(UnitKind::Township).next(),
            villages: of_kind(UnitKind::Village).collect(),
            units: units
                .iter()
                .filter(|unit| !matches!(unit.kind, UnitKind::Group | UnitKind::County))
                .collect(),
        }
    }

    fn township_name(&self) -> &str {
        self.township.map_or("", |unit| unit.name.as_str())
    }

    /// The village that a text names, with or without the township before and 村 behind.
    fn village(&self, text: &str) -> Option<(&'a Unit, Option<u32>)> {
        let text = compact(text);
        let names = [
            text.as_str(),
            text.strip_prefix(self.township_name()).unwrap_or(&text),
        ];
        names.into_iter().find_map(|name| {
            let place = words::place(name);
            let unit = self.villages.iter().find(|unit| {
                let unit_name = compact(&unit.name);
                words::village_stem(&unit_name) == place.stem
            })?;
            Some((*unit, place.group))
        })
    }

    /// The one village that a title mentions (`平川镇五里墩村2023年…`).
    fn village_in(&self, title: &str) -> Option<&'a Unit> {
        let title = compact(title);
        let mut found = self
            .villages
            .iter()
            .filter(|unit| title.contains(&compact(&unit.name)));
        match (found.next(), found.next()) {
            (Some(unit), None) => Some(unit),
            _ => None,
        }
    }

    /// The unit that a text names.
    fn unit(&self, text: &str) -> Option<&'a Unit> {
        let text = compact(text);
        let exact = self.units.iter().find(|unit| compact(&unit.name) == text);
        let township = self.township_name();
        exact.copied().or_else(|| {
            let stem = words::unit_stem(&text, township);
            let mut found = self.units.iter().filter(|unit| {
                unit.kind != UnitKind::Township
                    && words::unit_stem(&compact(&unit.name), township) == stem
            });
            match (found.next(), found.next()) {
                (Some(unit), None) => Some(unit),
                _ => None,
            }
        })
    }
}

/// Builds a case from a row.
struct Builder<'a> {
    draft: &'a Draft,
    notes: &'a mut Notes,
    known: &'a Known,
    places: &'a Places<'a>,
}

impl Builder<'_> {
    fn load(&mut self, at: &RowRef, key: &Key, file: &str, today: NaiveDate) -> Option<Load> {
        let (village_id, group_id) = self.village();
        let mut text = vec![format!(
            "由台账“{}”工作表“{}”第{}行导入。",
            shorten(file, 100),
            at.sheet,
            at.row
        )];
        let (category, subcategory) = self.category(&mut text);
        let responsible_unit = self.responsible_unit(&mut text);
        let lead = self.lead(&mut text);
        self.key_persons(&mut text);
        if let Some(remarks) = &self.draft.remarks {
            text.push(format!("备注：{remarks}。"));
        }
        let draft = self.draft;
        let (received_on, channel) = (draft.received_on?, draft.channel?);
        let kind = words::kind_of(channel);
        text.insert(1, sorted_as(channel, kind));
        let case = NewCase {
            kind,
            channel,
            purpose: Purpose::Claim,
            category,
            subcategory,
            severity: None,
            cause: draft.cause.clone(),
            demand: None,
            occurred_on: draft.occurred_on,
            occurred_text: draft.occurred_text.clone(),
            place: draft.place.clone(),
            unit_concerned: draft.unit_concerned.clone(),
            village_id,
            group_id,
            people_count: draft.people_count,
            people_count_text: draft.people_count_text.clone(),
            collective: None,
            development: draft.development.clone(),
            handling: draft.handling.clone(),
            received_on,
            procedure: None,
            earlier_case_id: None,
            accused_unit_id: None,
            accused_user_id: None,
            first_receiver_id: None,
            people: people(draft, kind),
            photos: Vec::new(),
            recorded_at: None,
            provisional_number: None,
        };
        self.check(&case, today);
        Some(Load {
            at: at.clone(),
            key: key.clone(),
            case,
            responsible_unit,
            lead,
            ending: draft.ending,
            text: shorten(&text.concat(), TEXT_LIMIT),
        })
    }

    /// The checks that every case passes; what they find is flagged in its column.
    fn check(&mut self, case: &NewCase, today: NaiveDate) {
        for error in case.check(today).into_vec() {
            let field = match error.field.as_str() {
                "cause" => F::Cause,
                "development" => F::Development,
                "handling" => F::Handling,
                "place" => F::Place,
                "unit_concerned" => F::UnitConcerned,
                "occurred_text" | "occurred_on" => F::OccurredOn,
                "people_count_text" | "people_count" => F::PeopleCount,
                "received_on" => F::ReceivedOn,
                "village_id" => F::Village,
                field if field.ends_with("id_number") => F::IdNumber,
                field if field.ends_with("phone") => F::Phone,
                _ => F::Petitioner,
            };
            // A cell that is flagged already has been told what is wrong with it.
            if !self.notes.is_flagged(field) {
                self.notes.flag(field, error.message);
            }
        }
    }

    fn village(&mut self) -> (Option<UnitId>, Option<UnitId>) {
        let clues = &self.draft.clues;
        let by_sheet = self.places.village(&clues.sheet).map(|(unit, _)| unit);
        let Some(text) = self.draft.village.as_deref() else {
            return (self.village_of_sheet(by_sheet), None);
        };
        let Some((village, group)) = self.places.village(text) else {
            if self.places.unit(text).is_some() {
                self.notes.warn(F::Village, "不是村，作为镇级事项登记。");
            } else {
                let names: Vec<&str> = self
                    .places
                    .villages
                    .iter()
                    .map(|unit| unit.name.as_str())
                    .collect();
                let reason = format!("系统里没有这个村。现有：{}。", names.join("、"));
                self.notes.flag(F::Village, shorten(&reason, 300));
            }
            return (None, None);
        };
        if let Some(other) = by_sheet.filter(|other| other.id != village.id) {
            let reason = format!(
                "工作表名是“{}”，单元格写的是“{}”，按单元格登记。",
                other.name, village.name
            );
            self.notes.warn(F::Village, reason);
        }
        let group_id = group.and_then(|number| {
            let found = self.known.units.iter().find(|unit| {
                unit.kind == UnitKind::Group
                    && unit.parent_id.as_ref() == Some(&village.id)
                    && group_number(&unit.name) == Some(number)
            });
            if found.is_none() {
                let reason = format!("系统里{}没有{number}社，只登记到村。", village.name);
                self.notes.warn(F::Village, reason);
            }
            found.map(|unit| unit.id.clone())
        });
        (Some(village.id.clone()), group_id)
    }

    /// The village of a row that does not name one.
    fn village_of_sheet(&mut self, by_sheet: Option<&Unit>) -> Option<UnitId> {
        let clues = &self.draft.clues;
        let by_unit = || {
            self.places
                .village(clues.unit.as_deref()?)
                .map(|(unit, _)| unit)
        };
        let by_title = || self.places.village_in(clues.title.as_deref()?);
        let found = by_sheet
            .map(|unit| (unit, "工作表名"))
            .or_else(|| by_unit().map(|unit| (unit, "填报单位")))
            .or_else(|| by_title().map(|unit| (unit, "标题")));
        let reason = match found {
            Some((unit, from)) => format!("没有写村社，按{from}登记为{}。", unit.name),
            None => "没有写村社，作为镇级事项登记。".to_owned(),
        };
        self.notes.warn(F::Village, reason);
        found.map(|(unit, _)| unit.id.clone())
    }

    fn category(&mut self, text: &mut Vec<String>) -> (Category, Option<SubcategoryCode>) {
        match category_hint(&self.draft.cause) {
            Some(hint) if self.known.closed.contains(&hint.subcategory.into()) => {
                text.push(format!(
                    "起因中有“{}”，归为{}。",
                    hint.keyword,
                    hint.category.label()
                ));
                (hint.category, None)
            }
            Some(hint) => {
                text.push(format!(
                    "起因中有“{}”，归为{}—{}。",
                    hint.keyword,
                    hint.category.label(),
                    hint.subcategory.label()
                ));
                (hint.category, Some(hint.subcategory.into()))
            }
            None => {
                let reason = "看不出属于哪一类，归为“其他”，请核对。";
                self.notes.warn(F::Cause, reason);
                (Category::Other, Some(Subcategory::Other.into()))
            }
        }
    }

    fn responsible_unit(&mut self, text: &mut Vec<String>) -> Option<UnitId> {
        let words = self.draft.responsible_unit.as_deref()?;
        let unit = self.places.unit(words);
        if unit.is_none() {
            let reason = "系统里没有这个单位，原文记入导入记录，责任单位请另行确定。";
            self.notes.warn(F::ResponsibleUnit, reason);
            text.push(format!("责任单位：{words}。"));
        }
        unit.map(|unit| unit.id.clone())
    }

    fn lead(&mut self, text: &mut Vec<String>) -> Option<UserId> {
        let words = self.draft.lead.as_deref()?;
        let name = compact(words);
        let mut found = self
            .known
            .leaders
            .iter()
            .filter(|(_, leader)| compact(leader) == name);
        if let (Some((id, _)), None) = (found.next(), found.next()) {
            return Some(id.clone());
        }
        let reason = "镇领导中没有唯一的同名人员，原文记入导入记录，包案领导请另行确定。";
        self.notes.warn(F::Lead, reason);
        text.push(format!("包案领导：{words}。"));
        None
    }

    /// A key person needs a reason, a review date and a follow-up plan, which no ledger has.
    fn key_persons(&mut self, text: &mut Vec<String>) {
        if let Some(words) = self.draft.key_persons.as_deref() {
            let reason =
                "不自动列为重点人员：要有理由、复核日期和跟进方式，由人决定。原文记入导入记录。";
            self.notes.warn(F::KeyPersons, reason);
            text.push(format!("重点人员栏：{words}。"));
        }
    }
}

/// The longest text of an import event.
const TEXT_LIMIT: usize = 4000;

fn sorted_as(channel: Channel, kind: Kind) -> String {
    format!("按“{}”登记为{}。", channel.label(), kind.label())
}

fn people(draft: &Draft, kind: Kind) -> Vec<NewPerson> {
    let numbers = |first: bool, number: &Option<String>| number.clone().filter(|_| first);
    let named = draft.names.iter().enumerate().map(|(i, name)| NewPerson {
        id_number: numbers(i == 0, &draft.id_number),
        phone: numbers(i == 0, &draft.phone),
        ..NewPerson::named(PersonRole::Petitioner, name.clone())
    });
    let mut people: Vec<NewPerson> = named.collect();
    // Numbers without a name are somebody's all the same.
    if people.is_empty()
        && (draft.id_number.is_some() || draft.phone.is_some())
        && kind != Kind::Petition
    {
        people.push(NewPerson {
            id_number: draft.id_number.clone(),
            phone: draft.phone.clone(),
            ..NewPerson::named(PersonRole::Petitioner, "（未写姓名）")
        });
    }
    people
}

/// The number of a group's unit (`3社`, `五里墩村3社`).
fn group_number(name: &str) -> Option<u32> {
    words::place(name).group.or_else(|| {
        let name = compact(name);
        let numeral = name.trim_end_matches(['社', '组', '队']);
        super::text::chinese_number(numeral)
    })
}
