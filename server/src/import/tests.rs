//! The fixture, read and planned: the counts, and each flagged row with its reason.

use chrono::NaiveDate;
use shared::ids::UnitId;
use shared::ledger::{ColumnMapping, LedgerField};
use shared::org::{TEMPLATE_OFFICES, TEMPLATE_TOWNSHIP, TEMPLATE_VILLAGES, Unit, UnitKind};

use super::plan::{Known, Plan, plan};
use super::reader::{self, ReadError};
use super::rows::{self, Options};

pub(super) const FIXTURE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../tests/fixtures/ledger-2023.xlsx"
);

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()
}

fn unit(parent: Option<&str>, kind: UnitKind, name: &str) -> Unit {
    Unit {
        id: UnitId::new(format!("{}/{name}", parent.unwrap_or(""))),
        parent_id: parent.map(UnitId::new),
        kind,
        name: name.to_owned(),
        short_name: None,
        responsible_user_id: None,
        lead_user_id: None,
        position: 0,
        closed: false,
        merged_into: None,
        merged_on: None,
        former_names: Vec::new(),
        version: 1,
    }
}

fn known() -> Known {
    let mut units = vec![unit(None, UnitKind::Township, TEMPLATE_TOWNSHIP)];
    let root = units[0].id.as_str().to_owned();
    for (name, groups) in TEMPLATE_VILLAGES {
        let village = unit(Some(&root), UnitKind::Village, name);
        let id = village.id.as_str().to_owned();
        units.push(village);
        for group in 1..=*groups {
            units.push(unit(Some(&id), UnitKind::Group, &format!("{group}社")));
        }
    }
    for (kind, name) in TEMPLATE_OFFICES {
        units.push(unit(Some(&root), *kind, name));
    }
    Known {
        units,
        ..Known::default()
    }
}

fn plan_bytes(bytes: &[u8], mapping: &[ColumnMapping]) -> Result<Plan, ReadError> {
    let book = reader::read(bytes)?;
    let options = Options {
        file: "ledger-2023.xlsx",
        mapping,
        today: today(),
    };
    let ledger = rows::read(&book, options)?;
    Ok(plan(ledger, &known(), "ledger-2023.xlsx", today()))
}

fn plan_cells(rows: &[&[&str]]) -> Result<Plan, ReadError> {
    plan_bytes(&workbook(rows), &[])
}

/// A workbook of one sheet `五里墩村` with these rows; numbers become numbers.
fn workbook(rows: &[&[&str]]) -> Vec<u8> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet().set_name("五里墩村").unwrap();
    for (row, cells) in (0..).zip(rows) {
        for (column, text) in (0..).zip(cells.iter()) {
            match text.parse::<f64>() {
                Ok(number) => sheet.write(row, column, number).unwrap(),
                Err(_) => sheet.write(row, column, *text).unwrap(),
            };
        }
    }
    workbook.save_to_buffer().unwrap()
}

const HEADER: &[&str] = &[
    "登记日期",
    "信访人姓名",
    "身份证号",
    "联系电话",
    "村社",
    "信访形式",
    "涉及人数",
    "起因",
    "发生时间",
    "办结日期",
    "是否息诉",
    "责任单位",
    "备注",
];

/// The reasons for which a row with these cells is flagged, and the plan. Cells that are not named
/// are those of a sound row.
fn one_row(cells: &[(&str, &str)]) -> (Vec<String>, Plan) {
    let sound = |header: &str| match header {
        "登记日期" => "2023年5月3日",
        "信访人姓名" => "张三",
        "信访形式" => "来信",
        "涉及人数" => "1",
        "起因" => "反映邻村羊群啃食玉米5亩",
        _ => "",
    };
    let row: Vec<&str> = HEADER
        .iter()
        .map(|header| {
            let own = cells.iter().find(|(name, _)| name == header);
            own.map_or(sound(header), |(_, value)| *value)
        })
        .collect();
    let plan = plan_cells(&[&["2023年台账"], HEADER, &row]).unwrap();
    assert_eq!(plan.report.read, 1);
    let reasons = plan.report.flagged.iter().map(|note| note.reason.clone());
    (reasons.collect(), plan)
}

/// The answer to the issue's question: how many rows are read, loaded, flagged, skipped, and why
/// each flagged one is.
#[test]
fn the_fixture() {
    let plan = plan_bytes(&std::fs::read(FIXTURE).unwrap(), &[]).unwrap();
    let report = &plan.report;
    assert_eq!(report.read, 90);
    assert_eq!(report.loaded, 54);
    assert_eq!(plan.flagged_rows, 27);
    assert_eq!(report.duplicates.len(), 9);
    assert_eq!(report.skipped.len(), 45);
    assert_eq!(report.warnings.len(), 151);
    assert_eq!(plan.loads.len(), 54);
    let closed = plan.loads.iter().filter(|load| load.ending.is_some());
    assert_eq!(closed.count(), 26);

    // In each sheet: a wrong check digit, a day that does not exist, no cause.
    const WRONG_ID: (&str, &str) = ("身份证号", "身份证号校验位不对，请核对是否抄错一位。");
    const NO_SUCH_DAY: (&str, &str) = ("登记日期", "没有这一天，请核对日期。");
    const NO_CAUSE: (&str, &str) = ("起因及主要诉求", "没有写起因。");
    let flagged: Vec<_> = report
        .flagged
        .iter()
        .map(|note| {
            (
                note.sheet.as_str(),
                note.row,
                note.column.as_str(),
                note.value.as_str(),
                note.reason.as_str(),
            )
        })
        .collect();
    let mut expected = Vec::new();
    for (sheet, id) in [
        ("五里墩村", "999999**********31"),
        ("一工城村", "999999**********21"),
        ("平川村", "999999**********21"),
        ("三一村", "999999**********91"),
        ("三二村", "999999**********61"),
        ("三三村", "999999**********91"),
        ("四坝村", "999999**********81"),
        ("芦湾村", "999999**********01"),
        ("贾家墩村", "999999**********81"),
    ] {
        expected.push((sheet, 6, WRONG_ID.0, id, WRONG_ID.1));
        expected.push((sheet, 7, NO_SUCH_DAY.0, "2023年2月30日", NO_SUCH_DAY.1));
        expected.push((sheet, 8, NO_CAUSE.0, "", NO_CAUSE.1));
        let skipped: Vec<_> = report
            .skipped
            .iter()
            .filter(|skipped| skipped.sheet == sheet)
            .map(|skipped| (skipped.row, skipped.why.as_str()))
            .collect();
        assert_eq!(
            skipped,
            [
                (1, "标题行"),
                (2, "填报单位行"),
                (3, "表头行"),
                (12, "空行"),
                (15, "合计行")
            ],
            "{sheet}"
        );
        let twice = report
            .duplicates
            .iter()
            .find(|twice| twice.sheet == sheet)
            .unwrap();
        assert_eq!(
            (twice.row, twice.of_row.as_ref().map(|of| of.row)),
            (10, Some(9)),
            "{sheet}"
        );
    }
    assert_eq!(flagged, expected);
}

#[test]
fn what_the_fixture_says_beyond_its_cells_is_told() {
    let plan = plan_bytes(&std::fs::read(FIXTURE).unwrap(), &[]).unwrap();
    let said = |sheet: &str, row: u32| -> Vec<String> {
        plan.report
            .warnings
            .iter()
            .filter(|note| note.sheet == sheet && note.row == row)
            .map(|note| format!("{}: {}: {}", note.column, note.value, note.reason))
            .collect()
    };
    let has = |sheet: &str, row: u32, part: &str| {
        let said = said(sheet, row);
        assert!(
            said.iter().any(|line| line.contains(part)),
            "{sheet} {row} {part}: {said:?}"
        );
    };
    has(
        "五里墩村",
        5,
        "登记日期: 45056: 单元格是日期的序列数，读作2023年5月10日。",
    );
    has(
        "五里墩村",
        11,
        "登记日期: 7月22日: 没有写年份，按标题的年份读作2023年7月22日。",
    );
    has("一工城村", 5, "村社: 一工城村3社: 单元格与第4行合并");
    has("一工城村", 5, "涉及人数: 1余人: 人数不确切");
    has("三三村", 14, "信访形式: 走访: 按“下访”理解。");
    has(
        "四坝村",
        13,
        "涉及人数: 23户46人: 写了户数和人数，按人数计，记为46人",
    );
    has(
        "贾家墩村",
        9,
        "涉及人数: 二十多人: 人数不确切，按其中的数字计，记为20人",
    );
    has("贾家墩村", 9, "发生时间: 2022年春: 时间不精确，保留原文。");
}

#[test]
fn the_fixture_keeps_words_and_dates() {
    let plan = plan_bytes(&std::fs::read(FIXTURE).unwrap(), &[]).unwrap();
    let load = |sheet: &str, row: u32| {
        plan.loads
            .iter()
            .find(|load| load.at.sheet == sheet && load.at.row == row)
            .unwrap()
    };
    let spring = load("贾家墩村", 9);
    assert_eq!(spring.case.occurred_text.as_deref(), Some("2022年春"));
    assert_eq!(spring.case.people_count, 20);
    assert_eq!(spring.case.people_count_text.as_deref(), Some("二十多人"));
    let ending = spring.ending.unwrap();
    assert_eq!(
        (ending.on.to_string().as_str(), ending.settled),
        ("2023-12-26", true)
    );
    let wide = load("贾家墩村", 14);
    assert_eq!(wide.case.received_on.to_string(), "2023-08-19");
    assert_eq!(wide.case.people_count_text, None);
    let court = load("三三村", 14);
    assert!(
        court
            .responsible_unit
            .as_ref()
            .unwrap()
            .as_str()
            .ends_with("蓼泉法庭")
    );
    let merged = load("一工城村", 5);
    assert!(
        merged
            .case
            .group_id
            .as_ref()
            .unwrap()
            .as_str()
            .ends_with("一工城村/3社")
    );
    // 蓼泉法庭 and 综治办 are found with and without the township's 镇 before them.
    assert!(
        plan.loads
            .iter()
            .all(|load| load.responsible_unit.is_some())
    );
}

#[test]
fn rows_are_flagged_for_what_cannot_be_read() {
    for (cells, reason) in [
        (vec![("登记日期", "")], "没有登记日期"),
        (vec![("登记日期", "2023年5月")], "精确到日"),
        (vec![("登记日期", "春天")], "看不出是哪一天"),
        (vec![("登记日期", "2027.1.1")], "晚于今天"),
        (vec![("登记日期", "5.3")], "看不出是哪一天"),
        (vec![("信访人姓名", "")], "没有信访人姓名"),
        (vec![("身份证号", "'99999919530714071")], "18位"),
        (vec![("身份证号", "999999195307140712")], "末几位已经丢失"),
        (vec![("联系电话", "12345")], "电话号码应为"),
        (vec![("村社", "五里屯村")], "系统里没有这个村"),
        (vec![("信访形式", "飞鸽传书")], "看不出是哪种形式"),
        (vec![("信访形式", "")], "没有写明信访形式"),
        (vec![("涉及人数", "村民")], "看不出是多少人"),
        (vec![("涉及人数", "0")], "看不出是多少人"),
        (vec![("起因", "/")], "没有写起因"),
        (vec![("起因", "举报村支部书记侵占集体资金")], "检举控告"),
        (vec![("办结日期", "2023年4月1日")], "早于登记日期"),
        (vec![("办结日期", "2026年12月1日")], "晚于今天"),
        (vec![("办结日期", "2023年9月")], "精确到日"),
        (vec![("办结日期", "2023.6.31")], "没有这一天"),
        (vec![("发生时间", "2023年4月31日")], "没有这一天"),
    ] {
        let (reasons, plan) = one_row(&cells);
        assert!(
            reasons.iter().any(|r| r.contains(reason)),
            "{cells:?}: {reasons:?}"
        );
        assert_eq!(plan.report.loaded, 0, "{cells:?}");
    }
}

#[test]
fn rows_are_loaded_with_a_warning_where_words_remain() {
    for (cells, reason) in [
        (vec![("涉及人数", "")], "按1人计"),
        (vec![("信访人姓名", "张三、李四")], "分别登记"),
        (
            vec![("联系电话", "13000009455、13000001219")],
            "只导入第一个",
        ),
        (vec![("村社", "")], "按工作表名登记为五里墩村"),
        (vec![("村社", "三一村2社")], "按单元格登记"),
        (vec![("村社", "五里墩村9社")], "没有9社"),
        (vec![("村社", "平川镇")], "镇级事项"),
        (vec![("信访形式", "电话")], "按“来电”理解"),
        (vec![("起因", "反映某事")], "归为“其他”"),
        (vec![("发生时间", "2023年6月1日")], "晚于登记日期"),
        (vec![("发生时间", "前年")], "保留原文"),
        (
            vec![("办结日期", "2023年6月1日"), ("是否息诉", "否")],
            "程序终结",
        ),
        (vec![("办结日期", "2023年6月1日")], "程序终结"),
        (vec![("是否息诉", "是")], "按未办结登记"),
        (vec![("是否息诉", "基本")], "看不出是否息诉"),
        (vec![("责任单位", "水管所")], "系统里没有这个单位"),
        (vec![("登记日期", "23.5.3")], "年份只写了两位"),
    ] {
        let (reasons, plan) = one_row(&cells);
        assert_eq!(reasons, Vec::<String>::new(), "{cells:?}");
        let said: Vec<&str> = plan
            .report
            .warnings
            .iter()
            .map(|note| note.reason.as_str())
            .collect();
        assert!(
            said.iter().any(|r| r.contains(reason)),
            "{cells:?}: {said:?}"
        );
        assert_eq!(plan.loads.len(), 1, "{cells:?}");
    }
}

#[test]
fn a_sound_row_is_loaded_without_a_word() {
    let (reasons, plan) = one_row(&[
        ("村社", "五里墩村8社"),
        ("发生时间", "2023.5.1"),
        ("身份证号", "'999999195307140712"),
        ("联系电话", "130 0000 9455"),
    ]);
    assert_eq!(reasons, Vec::<String>::new());
    assert_eq!(plan.report.warnings, vec![]);
    let load = &plan.loads[0];
    assert_eq!(
        load.case.people[0].id_number.as_deref(),
        Some("999999195307140712")
    );
    assert_eq!(
        load.text,
        "由台账“ledger-2023.xlsx”工作表“五里墩村”第3行导入。按“来信”登记为信访件。起因中有“羊群”，归为损害赔偿—牲畜损毁。"
    );
}

#[test]
fn the_same_matter_twice_and_two_people_of_one_name() {
    let row = |id: &'static str, cause: &'static str, date: &'static str| -> Vec<&'static str> {
        vec![date, "王芳", id, "", "", "来信", "1", cause]
    };
    let rows = [
        row("'999999195307140712", "反映低保问题。", "2023.5.3"),
        row("", "反映 低保问题", "2023年5月3日"),
        row("'999999197605200743", "反映低保问题。", "2023/05/03"),
        row("", "反映低保问题。", "2023.5.4"),
    ];
    let mut all: Vec<&[&str]> = vec![HEADER];
    all.extend(rows.iter().map(Vec::as_slice));
    let plan = plan_cells(&all).unwrap();
    let twice: Vec<u32> = plan
        .report
        .duplicates
        .iter()
        .map(|twice| twice.row)
        .collect();
    assert_eq!(twice, [3]);
    assert_eq!(plan.report.loaded, 3);
}

#[test]
fn a_flagged_row_twice_is_told_once() {
    let row: &[&str] = &[
        "2023年2月30日",
        "王芳",
        "",
        "",
        "",
        "来信",
        "1",
        "反映低保问题。",
    ];
    let bare: &[&str] = &["", "李四", "", "", "", "来信", "1", ""];
    let plan = plan_cells(&[HEADER, row, row, bare, bare]).unwrap();
    assert_eq!(
        (
            plan.report.read,
            plan.flagged_rows,
            plan.report.duplicates.len()
        ),
        (4, 2, 2)
    );
}

#[test]
fn lines_that_are_no_rows() {
    let plan = plan_cells(&[
        &["平川镇五里墩村2023年台账"],
        HEADER,
        &[
            "2023.5.3",
            "张三",
            "",
            "",
            "",
            "来信",
            "1",
            "反映低保问题。",
        ],
        &["小 计", "", "", "", "", "", "1"],
        HEADER,
        &["平川镇五里墩村2023年台账"],
        &[
            "2023.5.4",
            "李四",
            "",
            "",
            "",
            "来信",
            "1",
            "反映低保问题。",
        ],
        &["累计：2件"],
        &["填表人：王五", "", "", "", "", "审核人：赵六"],
    ])
    .unwrap();
    assert_eq!((plan.report.read, plan.report.loaded), (2, 2));
    let why: Vec<_> = plan
        .report
        .skipped
        .iter()
        .map(|s| (s.row, s.why.as_str()))
        .collect();
    assert_eq!(
        why,
        [
            (1, "标题行"),
            (2, "表头行"),
            (4, "小计行"),
            (5, "重复的表头行"),
            (6, "重复的标题行"),
            (8, "累计行"),
            (9, "说明或落款行")
        ]
    );
}

#[test]
fn a_mapping_corrects_the_columns() {
    let rows: &[&[&str]] = &[
        &["登记日期", "姓名", "经办", "形式", "啥事儿", "银行卡"],
        &["2023.5.3", "张三", "李四", "来信", "反映低保问题。", "6222"],
    ];
    let bytes = workbook(rows);
    let plan = plan_bytes(&bytes, &[]).unwrap();
    assert_eq!(plan.report.flagged[0].column, "起因及主要诉求");
    assert!(
        plan.report
            .warnings
            .iter()
            .any(|note| note.column == "啥事儿" && note.row == 1)
    );
    let map = |header: &str, field| ColumnMapping {
        header: header.into(),
        field,
    };
    let mapping = [
        map("啥事儿", Some(LedgerField::Cause)),
        map("银行卡", None),
        map("经办", None),
    ];
    let plan = plan_bytes(&bytes, &mapping).unwrap();
    assert_eq!(plan.report.loaded, 1);
    assert_eq!(plan.loads[0].case.cause, "反映低保问题。");
    let unread: Vec<_> = plan
        .report
        .warnings
        .iter()
        .filter(|note| note.row == 1)
        .collect();
    assert!(unread.is_empty(), "{unread:?}");
    assert_eq!(
        plan_bytes(&bytes, &[map("没有这栏", None)]).unwrap_err(),
        ReadError::NoSuchHeader("没有这栏".into())
    );
    let twice = [
        map("姓名", Some(LedgerField::Cause)),
        map("啥事儿", Some(LedgerField::Cause)),
    ];
    assert!(matches!(
        plan_bytes(&bytes, &twice),
        Err(ReadError::MappedTwice(_))
    ));
}

#[test]
fn old_and_open_workbooks() {
    for name in ["ledger-small.xls", "ledger-small.ods"] {
        let path = format!("{}/../tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
        let plan = plan_bytes(&std::fs::read(path).unwrap(), &[]).unwrap();
        assert_eq!((plan.report.read, plan.report.loaded), (3, 2), "{name}");
        let first = &plan.loads[0];
        assert_eq!(first.case.received_on.to_string(), "2023-02-09", "{name}");
        assert_eq!(first.case.people_count, 4, "{name}");
        let merged = &plan.loads[1];
        assert!(
            merged
                .case
                .group_id
                .as_ref()
                .unwrap()
                .as_str()
                .ends_with("/1社"),
            "{name}"
        );
        assert_eq!(
            plan.report.flagged[0].reason, "没有这一天，请核对日期。",
            "{name}"
        );
        assert!(
            plan.report.skipped.iter().any(|s| s.why == "合计行"),
            "{name}"
        );
    }
}

#[test]
fn formulas_count_as_their_stored_results() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, text) in (0..).zip(HEADER) {
        sheet.write(0, column, *text).unwrap();
    }
    for (column, text) in [
        (0, "2023.5.3"),
        (1, "张三"),
        (5, "来信"),
        (7, "反映低保问题。"),
    ] {
        for row in [1, 2] {
            sheet.write(row, column, text).unwrap();
        }
    }
    let formula = rust_xlsxwriter::Formula::new("=1+2").set_result("3");
    sheet.write_formula(1, 6, formula).unwrap();
    sheet.write(2, 1, "李四").unwrap();
    let formula = rust_xlsxwriter::Formula::new("=2+2").set_result("4");
    sheet.write_formula(2, 6, formula).unwrap();
    // As a program leaves it that writes formulas without working them out.
    let bytes = rewritten(&book.save_to_buffer().unwrap(), |xml| {
        xml.replace("<v>4</v>", "")
    });
    let plan = plan_bytes(&bytes, &[]).unwrap();
    assert_eq!(plan.loads[0].case.people_count, 3);
    assert!(
        plan.report.flagged[0].reason.contains("公式"),
        "{:?}",
        plan.report.flagged
    );
}

#[test]
fn hidden_sheets_and_sheets_without_a_header_are_told() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet().set_name("五里墩村").unwrap();
    for (column, text) in (0..).zip(HEADER) {
        sheet.write(0, column, *text).unwrap();
    }
    let hidden = book.add_worksheet().set_name("旧").unwrap();
    hidden.set_hidden(true);
    hidden.write(0, 0, "旧台账").unwrap();
    book.add_worksheet()
        .set_name("说明")
        .unwrap()
        .write(4, 0, "填报说明")
        .unwrap();
    book.add_worksheet().set_name("空").unwrap();
    let plan = plan_bytes(&book.save_to_buffer().unwrap(), &[]).unwrap();
    let why: Vec<_> = plan
        .report
        .skipped
        .iter()
        .map(|s| (s.sheet.as_str(), s.row, s.why.as_str()))
        .collect();
    assert_eq!(
        why,
        [
            ("五里墩村", 1, "表头行"),
            ("旧", 1, "隐藏的工作表，没有读取"),
            ("说明", 5, "这张工作表没有台账的表头，没有读取")
        ]
    );
}

fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(
            *name,
            zip::write::SimpleFileOptions::default().compression_level(Some(1)),
        )
        .unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The workbook with its sheets' XML changed.
fn rewritten(bytes: &[u8], change: impl Fn(String) -> String) -> Vec<u8> {
    use std::io::Read;
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut parts = Vec::new();
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).unwrap();
        let (name, mut content) = (part.name().unwrap().into_owned(), Vec::new());
        part.read_to_end(&mut content).unwrap();
        if name.starts_with("xl/worksheets/sheet") {
            content = change(String::from_utf8(content).unwrap()).into_bytes();
        }
        parts.push((name, content));
    }
    let parts: Vec<(&str, &[u8])> = parts
        .iter()
        .map(|(n, c)| (n.as_str(), c.as_slice()))
        .collect();
    zipped(&parts)
}

fn compound(stream: &str) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(std::io::Cursor::new(Vec::new())).unwrap();
    file.create_stream(stream).unwrap();
    file.into_inner().into_inner()
}

#[test]
fn other_files_get_a_clear_answer() {
    let sound = workbook(&[HEADER]);
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    for (name, bytes, expect) in [
        ("empty", vec![], ReadError::Empty),
        (
            "csv",
            "登记日期,姓名\n2023.5.3,张三\n".into(),
            ReadError::SaveAsXlsx("文本或 CSV 文件"),
        ),
        (
            "html",
            "<html><table><tr><td>登记日期</td></tr></table>".into(),
            ReadError::SaveAsXlsx("网页格式的表格"),
        ),
        ("png", png, ReadError::OtherType("图片")),
        (
            "pdf",
            b"%PDF-1.7\n".to_vec(),
            ReadError::OtherType("PDF 文件"),
        ),
        (
            "docx",
            zipped(&[("word/document.xml", b"<x/>")]),
            ReadError::OtherType("Word 文档"),
        ),
        (
            "zip",
            zipped(&[("a.txt", b"x")]),
            ReadError::OtherType("压缩包"),
        ),
        (
            "xlsb",
            zipped(&[("xl/workbook.bin", b"x")]),
            ReadError::SaveAsXlsx("二进制工作簿（.xlsb）"),
        ),
        (
            "doc",
            compound("WordDocument"),
            ReadError::OtherType("Word 文档"),
        ),
        (
            "encrypted",
            compound("EncryptedPackage"),
            ReadError::Encrypted,
        ),
        (
            "cut off",
            sound[..sound.len() / 2].to_vec(),
            ReadError::Broken,
        ),
        (
            "no parts",
            zipped(&[("xl/workbook.xml", b"<x/>")]),
            ReadError::Broken,
        ),
        (
            "too large",
            vec![b' '; reader::MAX_FILE + 1],
            ReadError::TooLarge,
        ),
        ("no header", workbook(&[&["说明"]]), ReadError::NoHeader),
    ] {
        assert_eq!(plan_bytes(&bytes, &[]).unwrap_err(), expect, "{name}");
    }
}

#[test]
fn bombs_are_measured_before_they_are_read() {
    // 300 MB of spaces in a part that packs into a few hundred kilobytes.
    let bomb = zipped(&[
        ("xl/workbook.xml", b"<x/>"),
        ("xl/sharedStrings.xml", &vec![b' '; 300 << 20]),
    ]);
    // How small depends on the compressor that the build has.
    assert!(bomb.len() < 8 << 20);
    assert_eq!(plan_bytes(&bomb, &[]).unwrap_err(), ReadError::TooMuch);

    // A cell in the far corner.
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "登记日期").unwrap();
    sheet.write(1_048_575, 16_383, "x").unwrap();
    let bytes = book.save_to_buffer().unwrap();
    assert_eq!(plan_bytes(&bytes, &[]).unwrap_err(), ReadError::TooMuch);

    // A cell repeated over all columns of all rows of an OpenDocument sheet.
    let content = r#"<x><table:table table:name="a"><table:table-row table:number-rows-repeated="1048576"><table:table-cell office:value-type="string" table:number-columns-repeated="16384"><text:p>x</text:p></table:table-cell></table:table-row></table:table></x>"#;
    let ods = zipped(&[
        (
            "mimetype",
            b"application/vnd.oasis.opendocument.spreadsheet",
        ),
        ("META-INF/manifest.xml", b"<x/>"),
        ("content.xml", content.as_bytes()),
    ]);
    assert_eq!(plan_bytes(&ods, &[]).unwrap_err(), ReadError::TooMuch);
}

#[test]
fn damaged_files_never_panic() {
    // Each of a few hundred single-byte damages of each format is answered, not survived.
    for name in ["ledger-small.xls", "ledger-small.ods", "ledger-2023.xlsx"] {
        let path = format!("{}/../tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
        let sound = std::fs::read(path).unwrap();
        for step in 0..120 {
            let mut bytes = sound.clone();
            let at = step * bytes.len() / 120;
            bytes[at] ^= 0x5a;
            let _ = plan_bytes(&bytes, &[]);
        }
    }
}

#[test]
fn marks_go_into_the_same_workbook() {
    let bytes = std::fs::read(FIXTURE).unwrap();
    let plan = plan_bytes(&bytes, &[]).unwrap();
    let marked = super::mark::mark(&bytes, &plan.marks).unwrap();
    if let Ok(path) = std::env::var("IMPORT_MARKED") {
        std::fs::write(path, &marked).unwrap();
    }
    let again = plan_bytes(&marked, &[]).unwrap();
    assert_eq!(again.report, plan.report, "it reads as before");
    // Marking what is marked adds words to the comments that are there.
    let twice = super::mark::mark(&marked, &plan.marks).unwrap();
    assert_eq!(plan_bytes(&twice, &[]).unwrap().report, plan.report);
    for name in ["ledger-small.xls", "ledger-small.ods"] {
        let path = format!("{}/../tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
        let bytes = std::fs::read(path).unwrap();
        assert_eq!(
            super::mark::mark(&bytes, &[]).unwrap_err(),
            super::mark::MarkError::NotXlsx
        );
    }
}

/// `IMPORT_MARK=in.xlsx IMPORT_MARKED=out.xlsx`: for looking at the result with other programs.
#[test]
fn marks_any_workbook_named() {
    let (Ok(from), Ok(to)) = (std::env::var("IMPORT_MARK"), std::env::var("IMPORT_MARKED")) else {
        return;
    };
    let bytes = std::fs::read(from).unwrap();
    let plan = plan_bytes(&bytes, &[]).unwrap();
    std::fs::write(to, super::mark::mark(&bytes, &plan.marks).unwrap()).unwrap();
}
