//! Head-counts as ledgers have them: `4`, `１`, `4人`, `约3人`, `十余人`, `23户46人`.

use shared::case::input::MAX_PEOPLE_COUNT;

use super::text::{chinese_number, compact, is_chinese_numeral};

/// What a cell says of a head-count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CountRead {
    /// So many people.
    Exact(u32),
    /// Not exact: so many are counted, for this reason; the words are kept.
    About(u32, &'static str),
    /// No head-count.
    Unreadable,
}

/// Words that say that a number is not exact.
const ABOUT: &[&str] = &[
    "大约", "大概", "左右", "上下", "以上", "以内", "不到", "不足", "超过", "至少", "最多", "将近",
    "接近", "估计", "约", "近", "余", "多", "来", "几", "等", "共", "上", "超", "逾",
];

/// Words for a head-count that name no number, and the least that they mean.
const NO_NUMBER: &[(&str, u32)] = &[
    ("数百", 200),
    ("几百", 200),
    ("上百", 100),
    ("数十", 20),
    ("几十", 20),
    ("十几", 10),
    ("若干", 2),
    ("部分群众", 2),
    ("部分村民", 2),
    ("多", 2),
    ("数", 2),
    ("几", 2),
];

/// Reads a number in the head-count column.
pub(super) fn read_number(value: f64) -> CountRead {
    if value.fract() == 0.0 && (1.0..=f64::from(MAX_PEOPLE_COUNT)).contains(&value) {
        CountRead::Exact(value as u32)
    } else {
        CountRead::Unreadable
    }
}

/// Reads a text in the head-count column.
pub(super) fn read_text(text: &str) -> CountRead {
    let text = compact(text);
    let bare = text.trim_end_matches(['人', '名', '位', '口', '个']);
    if let Some((_, least)) = NO_NUMBER.iter().find(|(word, _)| *word == bare) {
        return CountRead::About(*least, "没有写明人数，按最少人数计");
    }
    let parts = split(&text);
    let numbers: Vec<&Counted> = parts.iter().filter_map(Part::counted).collect();
    let words: Vec<&str> = parts.iter().filter_map(Part::word).collect();
    let inexact = !words.is_empty();
    let ranges = numbers.len() == 2;
    if !words.iter().all(|word| known(word, ranges)) {
        return CountRead::Unreadable;
    }
    match numbers.as_slice() {
        [one] if one.unit == Unit::Household => about(one.value, "只写了户数，按每户至少一人计"),
        [one] if inexact => about(one.value, "人数不确切，按其中的数字计"),
        [one] => in_range(one.value).map_or(CountRead::Unreadable, CountRead::Exact),
        [a, b] => match (a.unit, b.unit) {
            (Unit::Household, Unit::Person | Unit::None) => {
                about(b.value, "写了户数和人数，按人数计")
            }
            (Unit::Person, Unit::Household) => about(a.value, "写了户数和人数，按人数计"),
            (Unit::None, Unit::Person | Unit::None) if joined(&parts) && a.value < b.value => {
                about(a.value, "人数是一个范围，按较小的数计")
            }
            _ => CountRead::Unreadable,
        },
        _ => CountRead::Unreadable,
    }
}

fn in_range(value: u32) -> Option<u32> {
    (1..=MAX_PEOPLE_COUNT).contains(&value).then_some(value)
}

fn about(value: u32, why: &'static str) -> CountRead {
    in_range(value).map_or(CountRead::Unreadable, |value| CountRead::About(value, why))
}

/// Whether the words beside numbers only say that they are not exact, or join two into a range.
fn known(word: &str, ranges: bool) -> bool {
    let mut rest = word.trim_matches(['(', ')', ',', '，']);
    while !rest.is_empty() {
        let next = ABOUT
            .iter()
            .chain(RANGE.iter().filter(|_| ranges))
            .find_map(|about| rest.strip_prefix(about));
        match next {
            Some(after) => rest = after,
            None => return false,
        }
    }
    true
}

/// Signs between the two ends of a range.
const RANGE: &[&str] = &["-", "~", "—", "–", "至", "到"];

/// Whether the two numbers are the ends of a range.
fn joined(parts: &[Part]) -> bool {
    parts
        .iter()
        .filter_map(Part::word)
        .any(|word| RANGE.contains(&word))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Person,
    Household,
    None,
}

#[derive(Debug)]
struct Counted {
    value: u32,
    unit: Unit,
}

#[derive(Debug)]
enum Part {
    Counted(Counted),
    Word(String),
}

impl Part {
    fn counted(&self) -> Option<&Counted> {
        match self {
            Self::Counted(counted) => Some(counted),
            Self::Word(_) => None,
        }
    }

    fn word(&self) -> Option<&str> {
        match self {
            Self::Counted(_) => None,
            Self::Word(word) => Some(word),
        }
    }
}

/// Numbers with their units, and the words around them (`十余人` is 十, 余; its unit is people).
fn split(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_number = numeric(first);
        let end = rest
            .char_indices()
            .find(|(_, c)| numeric(*c) != is_number)
            .map_or(rest.len(), |(at, _)| at);
        let (run, after) = rest.split_at(end);
        rest = after;
        if !is_number {
            push_word(&mut parts, run);
            continue;
        }
        let value = run.parse().ok().or_else(|| chinese_number(run));
        match value {
            Some(value) => parts.push(Part::Counted(Counted {
                value,
                unit: Unit::None,
            })),
            None => parts.push(Part::Word(run.to_owned())),
        }
    }
    parts
}

/// A word after a number may hold its unit; what is left of the word stays a word.
fn push_word(parts: &mut Vec<Part>, run: &str) {
    let mut word = run;
    if let Some(Part::Counted(counted)) = parts.last_mut() {
        let units = [
            ("个人", Unit::Person),
            ("人", Unit::Person),
            ("名", Unit::Person),
            ("位", Unit::Person),
            ("口", Unit::Person),
            ("户", Unit::Household),
            ("家", Unit::Household),
        ];
        for (name, unit) in units {
            // 十余人, 3人左右: the unit may stand behind or before the word.
            if let Some((before, after)) = word.split_once(name) {
                counted.unit = unit;
                for side in [before, after] {
                    let side = side.trim_start_matches('次');
                    if !side.is_empty() {
                        parts.push(Part::Word(side.to_owned()));
                    }
                }
                return;
            }
        }
    }
    word = word.trim_end_matches(',');
    if !word.is_empty() {
        parts.push(Part::Word(word.to_owned()));
    }
}

fn numeric(c: char) -> bool {
    c.is_ascii_digit() || is_chinese_numeral(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn forms_of_the_ledger() {
        let about = |text: &str| match read_text(text) {
            CountRead::About(value, _) => Some(value),
            _ => None,
        };
        for (text, expect) in [
            ("4", 4),
            ("１", 1),
            ("4人", 4),
            ("5 名", 5),
            ("三人", 3),
            ("二十三人", 23),
            ("3人次", 3),
        ] {
            assert_eq!(read_text(text), CountRead::Exact(expect), "{text}");
        }
        for (text, expect) in [
            ("约3人", 3),
            ("1余人", 1),
            ("十余人", 10),
            ("二十多人", 20),
            ("23户46人", 46),
            ("46人23户", 46),
            ("23户", 23),
            ("30人左右", 30),
            ("3-5人", 3),
            ("3至5人", 3),
            ("百余人", 100),
            ("数十人", 20),
            ("十几人", 10),
            ("多人", 2),
            ("等5人", 5),
        ] {
            assert_eq!(about(text), Some(expect), "{text}");
        }
        for text in [
            "",
            "0",
            "-3",
            "村民",
            "3.5",
            "2男3女",
            "第3组",
            "100001",
            "99999999999",
            "5-3人",
        ] {
            assert_eq!(read_text(text), CountRead::Unreadable, "{text}");
        }
        assert_eq!(read_number(4.0), CountRead::Exact(4));
        for value in [0.0, -1.0, 4.5, 1e9, f64::NAN, f64::INFINITY] {
            assert_eq!(read_number(value), CountRead::Unreadable, "{value}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = read_text(&text);
        }

        #[test]
        fn nothing_like_a_count_panics(text in "[0-9０-９约近余多人户名口几数十百千万一二两\\-至]{0,16}") {
            let _ = read_text(&text);
        }

        #[test]
        fn every_form_comes_back(count in 1u32..=MAX_PEOPLE_COUNT) {
            for text in [format!("{count}"), format!("{count}人"), format!(" {count} 名")] {
                prop_assert_eq!(read_text(&text), CountRead::Exact(count));
            }
            for text in [format!("约{count}人"), format!("{count}余人"), format!("{count}人以上"), format!("{count}多人"), format!("9户{count}人")] {
                prop_assert!(matches!(read_text(&text), CountRead::About(n, _) if n == count), "{}", text);
            }
            prop_assert_eq!(read_number(f64::from(count)), CountRead::Exact(count));
        }
    }
}
