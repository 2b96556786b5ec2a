//! The ledger as a workbook, in the columns that townships hand in. Scope and sealing apply; it
//! says who took it out and when, and the audit log has it. Cells are text, never formulas.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Workbook, XlsxError};
use shared::access::{Action, Facts, can};
use shared::audit::AuditAction;
use shared::term::Term;

use super::desk::Desk;
use super::list::{self, Filter};
use super::store::CaseRecord;
use super::{Error, view};
use crate::audit;
use crate::db::Conn;

/// A column: header, width in characters, what a case says in it.
type Column = (&'static str, f64, fn(&Desk, &CaseRecord) -> String);

const COLUMNS: &[Column] = &[
    ("编号", 22.0, |_, case| case.number.clone()),
    ("登记日期", 12.0, |_, case| case.received_on.to_string()),
    ("类别", 10.0, |_, case| case.kind.0.label().to_owned()),
    ("信访人姓名", 12.0, |_, case| {
        case.petitioner.clone().unwrap_or_default()
    }),
    ("村社", 16.0, |desk, case| {
        let name = |id: &Option<String>| {
            desk.unit(id.as_deref())
                .map(|unit| unit.name)
                .unwrap_or_default()
        };
        format!("{}{}", name(&case.village_id), name(&case.group_id))
    }),
    ("信访形式", 10.0, |_, case| {
        case.channel.0.label().to_owned()
    }),
    ("涉及人数", 10.0, |_, case| {
        case.people_count_text
            .clone()
            .unwrap_or_else(|| case.people_count.to_string())
    }),
    ("类型", 12.0, |_, case| case.category.0.label().to_owned()),
    ("起因及主要诉求", 50.0, |_, case| {
        match &case.demand {
            Some(demand) => format!("{}\n诉求：{demand}", case.cause),
            None => case.cause.clone(),
        }
    }),
    ("发生时间", 12.0, |_, case| {
        let day = case.occurred_on.map(|day| day.to_string());
        case.occurred_text.clone().or(day).unwrap_or_default()
    }),
    ("发生地点", 16.0, |_, case| {
        case.place.clone().unwrap_or_default()
    }),
    ("涉及单位", 16.0, |_, case| {
        case.unit_concerned.clone().unwrap_or_default()
    }),
    ("事态发展", 24.0, |_, case| {
        case.development.clone().unwrap_or_default()
    }),
    ("调处情况", 24.0, |_, case| {
        case.handling.clone().unwrap_or_default()
    }),
    ("包案领导", 12.0, |desk, case| {
        desk.user(case.lead_id.as_deref())
            .map(|user| user.name)
            .unwrap_or_default()
    }),
    ("责任单位", 14.0, |desk, case| {
        desk.unit(case.responsible_unit_id.as_deref())
            .map(|unit| unit.name)
            .unwrap_or_default()
    }),
    ("状态", 10.0, |_, case| case.state.0.label().to_owned()),
    ("办理期限", 12.0, |_, case| {
        case.due().map(|day| day.to_string()).unwrap_or_default()
    }),
    ("办结日期", 12.0, |_, case| {
        case.closed_on
            .map(|day| day.to_string())
            .unwrap_or_default()
    }),
    ("办结结果", 12.0, |_, case| {
        case.outcome
            .map(|outcome| outcome.0.label().to_owned())
            .unwrap_or_default()
    }),
    ("积案", 8.0, |_, case| {
        if case.backlog { "是" } else { "" }.to_owned()
    }),
];

impl From<XlsxError> for Error {
    fn from(error: XlsxError) -> Self {
        Self::Damaged(error.to_string())
    }
}

/// The workbook's bytes and how many cases it has. Blocking.
///
/// # Errors
/// [`Error::Denied`], the database's own.
pub(crate) fn ledger(
    conn: &mut Conn,
    desk: &Desk,
    filter: Filter,
) -> Result<(Vec<u8>, u64), Error> {
    can(&desk.actor, Action::ExportLedger, Facts::None)?;
    let mut workbook = Workbook::new();
    let title = Format::new()
        .set_bold()
        .set_font_size(16)
        .set_align(FormatAlign::Center);
    let small = Format::new().set_font_color(Color::Gray);
    let head = Format::new()
        .set_bold()
        .set_border(FormatBorder::Thin)
        .set_background_color(Color::RGB(0x00F0_F0F0))
        .set_align(FormatAlign::Center)
        .set_text_wrap();
    let cell = Format::new()
        .set_border(FormatBorder::Thin)
        .set_align(FormatAlign::Top)
        .set_text_wrap();
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name("台账")?;
    sheet
        .set_landscape()
        .set_paper_size(9)
        .set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(2, 2)?.set_freeze_panes(3, 1)?;
    for (at, (_, width, _)) in (0u16..).zip(COLUMNS) {
        sheet.set_column_width(at, *width)?;
    }
    let township = desk.names.unit_name(&desk.actor.township_id).to_owned();
    let last = u16::try_from(COLUMNS.len()).unwrap_or(1) - 1;
    sheet.merge_range(
        0,
        0,
        0,
        last,
        &format!("{township}矛盾纠纷和信访事项台账"),
        &title,
    )?;
    let note = format!(
        "导出人：{}（{}）　导出时间：{}　内部资料，注意保管",
        desk.actor.name(),
        desk.names.unit_name(&desk.actor.unit_id),
        desk.context.today(),
    );
    sheet.write_string_with_format(1, 0, note, &small)?;
    for (at, (name, _, _)) in (0u16..).zip(COLUMNS) {
        sheet.write_string_with_format(2, at, *name, &head)?;
    }
    let mut line = 2u32;
    let count = list::every(conn, desk, filter, |_, case| {
        line += 1;
        for (at, (_, _, text)) in (0u16..).zip(COLUMNS) {
            // A cell holds at most 32,767 characters.
            let text = view::shorten(&text(desk, case), 32_000);
            sheet.write_string_with_format(line, at, text, &cell)?;
        }
        Ok(())
    })?;
    Ok((workbook.save_to_buffer()?, count))
}

/// Notes an export in the audit log; the file is given out only after that.
///
/// # Errors
/// The database's own.
pub(crate) fn note(conn: &mut Conn, desk: &Desk, count: u64) -> Result<(), Error> {
    let entry = audit::Entry::new(AuditAction::Export, format!("导出台账{count}件"));
    Ok(audit::append(conn, &desk.context, &desk.actor, entry)?)
}
