//! A month's analysis as a Word file, to be edited on: its words and tables, in the order in which the
//! office hands it in.

use shared::analysis::{AnalysisLine, AnalysisView, LongOpen};
use shared::case::paper::{Block, chinese_day};

use crate::case::paper::docx::{self, Letter};
use crate::case::{Desk, Error};
use crate::clock::day_of;
use crate::export::Mark;

/// What stands where nothing was written yet.
const TO_WRITE: &str = "（待填写）";

/// Draws it.
///
/// # Errors
/// [`Error::Damaged`] where it cannot be packed.
pub(super) fn draw(desk: &Desk, view: &AnalysisView) -> Result<Vec<u8>, Error> {
    let analysis = &view.analysis;
    let township = desk.names.unit_name(&desk.actor.township_id);
    let day = match &view.issued {
        Some(issued) => day_of(issued.at),
        None => desk.context.today(),
    };
    let number = match &view.issued {
        Some(_) => String::new(),
        None => format!("（草稿，数据截至{}）", chinese_day(analysis.as_of)),
    };
    let mut blocks = vec![heading("一、总体情况")];
    blocks.extend(analysis.summary().into_iter().map(paragraph));
    blocks.push(lines("项目", &analysis.flow));
    blocks.push(paragraph(analysis.compared()));
    blocks.push(heading("二、主要指标"));
    blocks.push(lines("指标", &analysis.figures));
    blocks.push(heading("三、重点领域和重点村"));
    for (name, spots) in [("类型", &analysis.categories), ("村", &analysis.villages)] {
        if spots.is_empty() {
            blocks.push(paragraph(format!("按{name}：没有收到事项。")));
        } else {
            blocks.push(lines(name, spots));
        }
    }
    blocks.push(heading("四、办理时间最长的事项"));
    if analysis.longest.is_empty() {
        blocks.push(paragraph("没有未办结的事项。".to_owned()));
    } else {
        blocks.push(longest(&analysis.longest));
    }
    for (name, words) in [
        ("五、研判意见", &view.opinion),
        ("六、下步措施", &view.measures),
    ] {
        blocks.push(heading(name));
        let words = words.as_deref().unwrap_or(TO_WRITE);
        let written = words.lines().map(str::trim).filter(|line| !line.is_empty());
        blocks.extend(written.map(|line| paragraph(line.to_owned())));
    }
    docx::letter(&Letter {
        note: None,
        mark: Some(Mark::of(desk).words().to_owned()),
        issuer: township.to_owned(),
        title: format!("{}信访和矛盾纠纷分析研判", analysis.title()),
        number,
        addressee: None,
        blocks: &blocks,
        signer: Some(desk.names.unit_name(&desk.actor.unit_id).to_owned()),
        date: chinese_day(day),
        notes: &[],
        envelope: None,
    })
}

fn heading(text: &str) -> Block {
    Block::Heading {
        text: text.to_owned(),
    }
}

fn paragraph(text: String) -> Block {
    Block::Paragraph { text }
}

fn lines(name: &str, lines: &[AnalysisLine]) -> Block {
    let head = [name, "本月", "上月", "上年同月", "环比", "同比"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(lines.iter().map(|line| {
        vec![
            line.label.clone(),
            line.words(&line.now),
            line.words(&line.before),
            line.words(&line.last_year),
            line.change_words(&line.before),
            line.change_words(&line.last_year),
        ]
    }));
    Block::Table { head: true, rows }
}

fn longest(cases: &[LongOpen]) -> Block {
    let head = [
        "编号",
        "村",
        "事由",
        "收到日期",
        "已办",
        "责任单位",
        "包案领导",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let known = |words: &Option<String>| words.clone().unwrap_or_else(|| "—".to_owned());
    rows.extend(cases.iter().map(|case| {
        let backlog = if case.backlog { "（积案）" } else { "" };
        vec![
            case.number.clone(),
            known(&case.village),
            case.cause.clone(),
            case.received_on.to_string(),
            format!("{}日{backlog}", case.days),
            known(&case.unit),
            known(&case.lead),
        ]
    }));
    Block::Table { head: true, rows }
}
