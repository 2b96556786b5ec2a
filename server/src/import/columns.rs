//! Which column of a sheet is which field of the ledger: by the header's synonyms, or as a person
//! says.

use shared::ledger::{ColumnMapping, LedgerField};

use super::text::compact;

/// A sheet's columns, left to right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Columns(pub(super) Vec<Column>);

/// A column with a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// Where it is, from 0.
    pub(super) at: u32,
    /// The header, as the sheet has it, on one line.
    pub(super) header: String,
    /// What it is read as.
    pub(super) field: Option<LedgerField>,
}

impl Columns {
    /// Decides for the headers of a row. What a person says comes first; then the leftmost column
    /// that fits a field has it.
    pub(super) fn of(headers: &[(u32, String)], mapping: &[ColumnMapping]) -> Self {
        let said = |header: &str| {
            let header = compact(header);
            mapping.iter().find(|m| compact(&m.header) == header)
        };
        let mut taken: Vec<LedgerField> = Vec::new();
        for (_, header) in headers {
            taken.extend(said(header).and_then(|m| m.field));
        }
        let mut columns = Vec::with_capacity(headers.len());
        for (at, header) in headers {
            let field = match said(header) {
                Some(mapping) => mapping.field,
                None => field_of(header).filter(|field| !taken.contains(field)),
            };
            if said(header).is_none() {
                taken.extend(field);
            }
            columns.push(Column {
                at: *at,
                header: one_line(header),
                field,
            });
        }
        Self(columns)
    }

    /// The column of a field.
    #[cfg(test)]
    pub(super) fn find(&self, field: LedgerField) -> Option<&Column> {
        self.0.iter().find(|column| column.field == Some(field))
    }

    /// How many fields are found: what tells a header row from others.
    pub(super) fn known(&self) -> usize {
        self.0
            .iter()
            .filter(|column| column.field.is_some())
            .count()
    }
}

/// A header without line breaks and runs of spaces.
fn one_line(header: &str) -> String {
    header.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The field that a header means, if it is a known one.
pub(super) fn field_of(header: &str) -> Option<LedgerField> {
    let name = bare(header);
    if name.is_empty() {
        return None;
    }
    let exact = SYNONYMS
        .iter()
        .find(|(_, names)| names.contains(&name.as_str()))
        .map(|(field, _)| *field);
    exact.or_else(|| {
        // A header is short; a cell's sentence that has a keyword in it is none.
        if name.chars().count() > 14 {
            return None;
        }
        KEYWORDS
            .iter()
            .find(|(word, _)| name.contains(word))
            .map(|(_, field)| *field)
    })
}

/// Without spaces, marks, and what stands in brackets (`涉及人数（人）`).
fn bare(header: &str) -> String {
    let mut depth = 0u32;
    let mut name = String::new();
    for c in compact(header).chars() {
        match c {
            '(' | '[' | '【' | '〔' => depth += 1,
            ')' | ']' | '】' | '〕' => depth = depth.saturating_sub(1),
            c if depth == 0 && c.is_alphanumeric() => name.push(c),
            _ => {}
        }
    }
    name
}

/// Headers as ledgers have them. Their order is that of [`LedgerField`].
const SYNONYMS: &[(LedgerField, &[&str])] = &[
    (
        LedgerField::Serial,
        &["序号", "编号", "序", "No", "NO", "行号"],
    ),
    (
        LedgerField::ReceivedOn,
        &[
            "登记日期",
            "登记时间",
            "受理日期",
            "受理时间",
            "来访日期",
            "来访时间",
            "信访日期",
            "信访时间",
            "接访日期",
            "接访时间",
            "接待日期",
            "接待时间",
            "收件日期",
            "收信日期",
            "排查日期",
            "排查时间",
            "上报日期",
            "上报时间",
            "日期",
            "收到日期",
            "反映日期",
            "反映时间",
        ],
    ),
    (
        LedgerField::Petitioner,
        &[
            "信访人姓名",
            "信访人",
            "姓名",
            "上访人",
            "上访人姓名",
            "来访人",
            "来访人姓名",
            "当事人",
            "当事人姓名",
            "反映人",
            "反映人姓名",
            "申请人",
            "投诉人",
            "群众姓名",
            "来信人",
        ],
    ),
    (
        LedgerField::IdNumber,
        &[
            "身份证号",
            "身份证号码",
            "身份证",
            "公民身份号码",
            "证件号码",
            "证件号",
        ],
    ),
    (
        LedgerField::Phone,
        &[
            "联系电话",
            "电话",
            "手机",
            "手机号",
            "手机号码",
            "联系方式",
            "电话号码",
        ],
    ),
    (
        LedgerField::Village,
        &[
            "村社",
            "村组",
            "村",
            "村别",
            "所属村",
            "所在村",
            "所在村社",
            "村名",
            "行政村",
            "村社名称",
            "村居",
            "所属村社",
        ],
    ),
    (
        LedgerField::Channel,
        &[
            "信访形式",
            "来源",
            "信访方式",
            "来访形式",
            "反映形式",
            "反映方式",
            "信访渠道",
            "渠道",
            "事项来源",
            "信息来源",
            "受理方式",
            "排查方式",
            "形式",
        ],
    ),
    (
        LedgerField::PeopleCount,
        &[
            "涉及人数",
            "人数",
            "涉事人数",
            "参与人数",
            "涉访人数",
            "上访人数",
            "涉及户数及人数",
            "涉及户数人数",
        ],
    ),
    (
        LedgerField::Cause,
        &[
            "起因及主要诉求",
            "起因",
            "主要诉求",
            "诉求",
            "起因及诉求",
            "信访事由",
            "事由",
            "信访事项",
            "反映问题",
            "反映的问题",
            "反映的主要问题",
            "主要问题",
            "信访内容",
            "反映内容",
            "主要内容",
            "纠纷内容",
            "矛盾纠纷内容",
            "矛盾纠纷事由",
            "纠纷起因",
            "基本情况",
            "案由",
            "起因和诉求",
            "内容",
            "简要案情",
            "矛盾纠纷简况",
        ],
    ),
    (
        LedgerField::OccurredOn,
        &[
            "发生时间",
            "发生日期",
            "事发时间",
            "事发日期",
            "起始时间",
            "问题发生时间",
            "纠纷发生时间",
        ],
    ),
    (
        LedgerField::Place,
        &[
            "发生地点",
            "地点",
            "事发地点",
            "事发地",
            "发生地",
            "问题属地",
        ],
    ),
    (
        LedgerField::UnitConcerned,
        &[
            "涉及单位",
            "涉事单位",
            "被反映单位",
            "涉及部门",
            "涉及单位或个人",
        ],
    ),
    (
        LedgerField::KeyPersons,
        &["重点人员", "重点人", "牵头人", "骨干人员"],
    ),
    (
        LedgerField::Development,
        &[
            "事态发展",
            "发展态势",
            "事态",
            "目前动态",
            "事态发展情况",
            "动态",
            "现状",
        ],
    ),
    (
        LedgerField::Handling,
        &[
            "调处情况",
            "处理情况",
            "办理情况",
            "化解情况",
            "调解情况",
            "处置情况",
            "处理结果",
            "办理结果",
            "化解措施",
            "调处结果",
            "工作进展",
            "进展情况",
            "采取措施",
            "化解进展",
        ],
    ),
    (
        LedgerField::Lead,
        &[
            "包案领导",
            "包案人",
            "包抓领导",
            "责任领导",
            "包案领导姓名",
            "领导包案",
        ],
    ),
    (
        LedgerField::ResponsibleUnit,
        &[
            "责任单位",
            "办理单位",
            "承办单位",
            "处理单位",
            "牵头单位",
            "责任部门",
            "化解责任单位",
        ],
    ),
    (
        LedgerField::ClosedOn,
        &[
            "办结日期",
            "办结时间",
            "化解日期",
            "化解时间",
            "结案日期",
            "结案时间",
            "完成时间",
            "办理完成日期",
            "调处完成时间",
        ],
    ),
    (
        LedgerField::Settled,
        &[
            "是否息诉",
            "息诉",
            "是否息诉罢访",
            "息诉罢访",
            "是否化解",
            "是否满意",
            "是否息访",
        ],
    ),
    (LedgerField::Remarks, &["备注", "说明", "附注", "其他说明"]),
];

/// Parts of a header that tell its field when no synonym fits; the first that is found decides.
const KEYWORDS: &[(&str, LedgerField)] = &[
    ("身份证", LedgerField::IdNumber),
    ("电话", LedgerField::Phone),
    ("办结", LedgerField::ClosedOn),
    ("息诉", LedgerField::Settled),
    ("息访", LedgerField::Settled),
    ("包案", LedgerField::Lead),
    ("重点人", LedgerField::KeyPersons),
    ("责任单位", LedgerField::ResponsibleUnit),
    ("涉及单位", LedgerField::UnitConcerned),
    ("人数", LedgerField::PeopleCount),
    ("发生时间", LedgerField::OccurredOn),
    ("发生地", LedgerField::Place),
    ("登记日期", LedgerField::ReceivedOn),
    ("登记时间", LedgerField::ReceivedOn),
    ("信访人", LedgerField::Petitioner),
    ("当事人", LedgerField::Petitioner),
    ("起因", LedgerField::Cause),
    ("诉求", LedgerField::Cause),
    ("信访形式", LedgerField::Channel),
    ("事态", LedgerField::Development),
    ("调处", LedgerField::Handling),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(names: &[&str]) -> Vec<(u32, String)> {
        (0..)
            .zip(names.iter().map(|name| (*name).to_owned()))
            .collect()
    }

    #[test]
    fn synonyms_with_spaces_breaks_and_brackets() {
        for (header, expect) in [
            ("序号", Some(LedgerField::Serial)),
            ("登记\n日期", Some(LedgerField::ReceivedOn)),
            ("身 份 证 号", Some(LedgerField::IdNumber)),
            ("涉及人数（人）", Some(LedgerField::PeopleCount)),
            ("*信访人姓名", Some(LedgerField::Petitioner)),
            ("起因及主要诉求：", Some(LedgerField::Cause)),
            ("信访人身份证号码", Some(LedgerField::IdNumber)),
            ("家庭住址", None),
            ("", None),
            ("因包案领导未到场，信访人未签字，改日再办", None),
        ] {
            assert_eq!(field_of(header), expect, "{header}");
        }
    }

    #[test]
    fn each_field_is_read_from_one_column() {
        let columns = Columns::of(&headers(&["姓名", "当事人", "电话"]), &[]);
        assert_eq!(columns.known(), 2);
        assert_eq!(columns.find(LedgerField::Petitioner).unwrap().at, 0);
        assert_eq!(columns.0[1].field, None);
    }

    #[test]
    fn a_person_decides_first() {
        let mapping = [
            ColumnMapping {
                header: "当 事 人".into(),
                field: Some(LedgerField::Petitioner),
            },
            ColumnMapping {
                header: "电话".into(),
                field: None,
            },
        ];
        let columns = Columns::of(&headers(&["姓名", "当事人", "电话"]), &mapping);
        assert_eq!(columns.find(LedgerField::Petitioner).unwrap().at, 1);
        assert_eq!(columns.0[0].field, None);
        assert_eq!(columns.find(LedgerField::Phone), None);
    }

    #[test]
    fn no_synonym_stands_for_two_fields() {
        let mut seen = std::collections::BTreeMap::new();
        for (field, names) in SYNONYMS {
            for name in *names {
                assert_eq!(bare(name), *name, "written as it is compared");
                assert_eq!(seen.insert(*name, *field), None, "{name}");
            }
        }
    }
}
