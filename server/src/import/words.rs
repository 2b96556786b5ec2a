//! The ledger's other cells: the channel, whether it is settled, names, village and group.

use shared::case::{Channel, Kind};
use shared::term::Term;

use super::text::{chinese_number, compact};

/// Words for a channel beside its label.
const CHANNELS: &[(&str, Channel)] = &[
    ("信件", Channel::Letter),
    ("写信", Channel::Letter),
    ("书信", Channel::Letter),
    ("上访", Channel::Visit),
    ("接访", Channel::Visit),
    ("约访", Channel::Visit),
    ("到访", Channel::Visit),
    ("窗口", Channel::Visit),
    ("电话", Channel::Call),
    ("打电话", Channel::Call),
    ("热线", Channel::Call),
    ("网络", Channel::Online),
    ("网上信访", Channel::Online),
    ("网信", Channel::Online),
    ("网上投诉", Channel::Online),
    ("邮件", Channel::Online),
    ("微信", Channel::Online),
    ("摸排", Channel::Inspection),
    ("排查发现", Channel::Inspection),
    ("日排查", Channel::Inspection),
    ("周排查", Channel::Inspection),
    ("月排查", Channel::Inspection),
    // In this ledger 来访 is a visit to the office, so 走访 is the staff's visit to households.
    ("走访", Channel::HouseholdVisit),
    ("入户", Channel::HouseholdVisit),
    ("入户走访", Channel::HouseholdVisit),
    ("领导下访", Channel::HouseholdVisit),
    ("转办", Channel::Superior),
    ("交办", Channel::Superior),
    ("上级交办", Channel::Superior),
    ("上级", Channel::Superior),
    ("县转", Channel::Superior),
    ("县信访局转办", Channel::Superior),
    ("信访局转办", Channel::Superior),
    ("市转", Channel::Superior),
];

/// The channel that a cell names, and whether it is only a synonym.
pub(super) fn channel(text: &str) -> Option<(Channel, bool)> {
    let text = compact(text);
    if let Some(channel) = Channel::from_label(&text) {
        return Some((channel, false));
    }
    CHANNELS
        .iter()
        .find(|(word, _)| *word == text)
        .map(|(_, channel)| (*channel, true))
}

/// The kind of ledger row that a channel makes: what the staff found is a dispute, what somebody
/// brought is a petition.
pub(super) const fn kind_of(channel: Channel) -> Kind {
    match channel {
        Channel::Inspection | Channel::HouseholdVisit => Kind::Dispute,
        Channel::Letter | Channel::Visit | Channel::Call | Channel::Online | Channel::Superior => {
            Kind::Petition
        }
    }
}

/// Whether the cell says that the petitioner accepts; none where it says neither.
pub(super) fn settled(text: &str) -> Option<bool> {
    match compact(text).as_str() {
        "是" | "已" | "已息诉" | "息诉" | "息诉罢访" | "已息诉罢访" | "已化解" | "化解"
        | "满意" | "√" | "✓" | "✔" | "Y" | "y" | "yes" | "Yes" | "YES" | "TRUE" | "true" => {
            Some(true)
        }
        "否" | "未" | "没有" | "未息诉" | "未化解" | "不满意" | "×" | "✗" | "X" | "x" | "N"
        | "n" | "no" | "No" | "NO" | "FALSE" | "false" => Some(false),
        _ => None,
    }
}

/// The names in a cell, and whether more was understood than one name (`张三、李四`, `张三等5人`).
pub(super) fn names(text: &str) -> (Vec<String>, bool) {
    let text = text.trim();
    let head = text
        .split_once('等')
        .filter(|(head, tail)| !head.is_empty() && is_and_others(tail))
        .map_or(text, |(head, _)| head);
    let names: Vec<String> = head
        .split(['、', ',', '，', ';', '；', '/', '\n'])
        .map(|name| {
            // 王 芳: a space within a Chinese name only aligns it.
            if name.is_ascii() {
                name.trim().to_owned()
            } else {
                name.split_whitespace().collect()
            }
        })
        .filter(|name: &String| !name.is_empty())
        .collect();
    let more = head.len() != text.len() || names.len() > 1;
    (names, more)
}

/// What may follow 等 behind a name: nothing, or a head-count.
fn is_and_others(tail: &str) -> bool {
    tail.is_empty() || tail.ends_with(['人', '户', '名'])
}

/// A village's name without its ending, and a group's number, as a cell has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The name without 村, 村委会, 村民委员会 and the group.
    pub(super) stem: String,
    /// The group's number.
    pub(super) group: Option<u32>,
}

/// Reads a village, perhaps with its group: `五里墩８社`, `一工城村3社`, `平川`, `三一村三社`.
pub(super) fn place(text: &str) -> Place {
    let text = compact(text);
    let (name, group) = split_group(&text);
    Place {
        stem: village_stem(name).to_owned(),
        group,
    }
}

fn split_group(text: &str) -> (&str, Option<u32>) {
    let Some(bare) = ["村民小组", "社", "组", "队"]
        .iter()
        .find_map(|ending| text.strip_suffix(ending))
    else {
        return (text, None);
    };
    let digits = bare.trim_end_matches(|c: char| c.is_ascii_digit());
    if digits.len() < bare.len() {
        let number = bare.get(digits.len()..).and_then(|n| n.parse().ok());
        return (digits.strip_suffix('第').unwrap_or(digits), number);
    }
    // 三一村三社 has a group; in 三三社 nobody can tell where the village's name ends.
    if let Some((village, numeral)) = bare.rsplit_once('村')
        && let Some(number) = chinese_number(numeral.trim_start_matches('第'))
    {
        return (village, Some(number));
    }
    (text, None)
}

/// A village's name without its ending.
pub(super) fn village_stem(name: &str) -> &str {
    let name = name
        .strip_suffix("村民委员会")
        .or_else(|| name.strip_suffix("村委会"))
        .or_else(|| name.strip_suffix("委会"))
        .unwrap_or(name);
    match name.strip_suffix('村') {
        Some(stem) if !stem.is_empty() => stem,
        _ => name,
    }
}

/// A unit's name without what is left out in writing: the township's name or 镇, 乡 before it,
/// 村, 村委会 behind it.
pub(super) fn unit_stem<'a>(name: &'a str, township: &str) -> &'a str {
    let name = name
        .strip_prefix(township)
        .filter(|rest| !rest.is_empty())
        .unwrap_or(name);
    let bare = name
        .strip_prefix(['镇', '乡'])
        .filter(|rest| !rest.is_empty())
        .unwrap_or(name);
    village_stem(bare)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn channels_and_their_synonyms() {
        for (text, expect) in [
            ("来信", Some((Channel::Letter, false))),
            (" 上级 转办 ", Some((Channel::Superior, false))),
            ("走访", Some((Channel::HouseholdVisit, true))),
            ("电话", Some((Channel::Call, true))),
            ("飞鸽", None),
            ("", None),
        ] {
            assert_eq!(channel(text), expect, "{text}");
        }
    }

    #[test]
    fn villages_and_groups() {
        for (text, stem, group) in [
            ("五里墩８社", "五里墩", Some(8)),
            ("一工城村3社", "一工城", Some(3)),
            ("平川", "平川", None),
            ("平川村", "平川", None),
            ("三二６社", "三二", Some(6)),
            ("三一村三社", "三一", Some(3)),
            ("三一村第三村民小组", "三一", Some(3)),
            ("三三社", "三三社", None),
            ("五里墩村村委会", "五里墩", None),
            ("五里墩村委会", "五里墩", None),
            ("芦湾村 第2组", "芦湾", Some(2)),
            ("村", "村", None),
            ("", "", None),
        ] {
            assert_eq!(
                place(text),
                Place {
                    stem: stem.into(),
                    group
                },
                "{text}"
            );
        }
    }

    #[test]
    fn names_alone_and_in_company() {
        for (text, expect, more) in [
            ("朱芳", vec!["朱芳"], false),
            ("王 芳", vec!["王芳"], false),
            ("张三、李四", vec!["张三", "李四"], true),
            ("张三等5人", vec!["张三"], true),
            ("张三等", vec!["张三"], true),
            ("等等看", vec!["等等看"], false),
            ("", vec![], false),
        ] {
            let expect: Vec<String> = expect.into_iter().map(String::from).collect();
            assert_eq!(names(text), (expect, more), "{text}");
        }
    }

    #[test]
    fn units_with_and_without_township() {
        for (name, stem) in [
            ("镇综治办", "综治办"),
            ("平川镇综治办", "综治办"),
            ("综治办", "综治办"),
            ("平川镇", "平川镇"),
            ("五里墩村村委会", "五里墩"),
            ("镇", "镇"),
        ] {
            assert_eq!(unit_stem(name, "平川镇"), stem, "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = (channel(&text), settled(&text), names(&text), place(&text), unit_stem(&text, "平川镇"));
        }
    }
}
