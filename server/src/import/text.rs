//! How people write: full-width letters, stray spaces, Chinese numerals, ways of saying "nothing".

/// Half-width letters, digits and punctuation; an ideographic space becomes a plain one.
pub(super) fn half_width(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => u32::from(c)
                .checked_sub(0xfee0)
                .and_then(char::from_u32)
                .unwrap_or(c),
            '\u{3000}' | '\u{a0}' => ' ',
            other => other,
        })
        .collect()
}

/// Half-width and without any white space: for comparing and parsing, never for keeping.
pub(super) fn compact(text: &str) -> String {
    half_width(text)
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '\u{feff}' | '\u{200b}'..='\u{200d}'))
        .collect()
}

/// For telling whether two texts say the same: letters and digits only.
pub(super) fn essence(text: &str) -> String {
    compact(text)
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// A text without surrounding white space and a spreadsheet's leading apostrophe.
pub(super) fn tidy(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('\'').unwrap_or(text).trim()
}

/// Whether a cell is filled with a way of saying "nothing" (`无`, `/`, `—`).
pub(super) fn says_nothing(text: &str) -> bool {
    let text = compact(text);
    matches!(
        text.as_str(),
        "" | "无" | "暂无" | "没有" | "未填" | "空" | "不详" | "未知" | "未提供" | "N/A" | "n/a"
    ) || text.chars().all(|c| {
        matches!(
            c,
            '/' | '\\' | '-' | '—' | '–' | '_' | '.' | '、' | '*' | '\''
        )
    })
}

/// The number that a text of Chinese numerals says (`二十三`, `一百零五`, `两千`, `二〇二三`).
pub(super) fn chinese_number(text: &str) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    let digits: Option<Vec<u32>> = text.chars().map(chinese_digit).collect();
    if let Some(digits) = digits {
        // Digit by digit, as years are written. Two or three digits in a row are no number.
        return match digits.as_slice() {
            [one] => Some(*one),
            [_, _, _, _] => Some(digits.iter().fold(0, |sum, digit| sum * 10 + digit)),
            _ => None,
        };
    }
    let (mut total, mut section, mut digit) = (0u32, 0u32, None::<u32>);
    for c in text.chars() {
        if let Some(value) = chinese_digit(c) {
            // 一百零五: the zero only separates; two other digits in a row are no number.
            if digit.is_some_and(|before| before != 0) {
                return None;
            }
            digit = Some(value);
            continue;
        }
        let unit = match c {
            '十' => 10,
            '百' => 100,
            '千' => 1_000,
            '万' => 10_000,
            _ => return None,
        };
        let count = digit.take();
        if unit == 10_000 {
            let section_value = section.checked_add(count.unwrap_or(0))?;
            total = total.checked_add(section_value.max(1).checked_mul(unit)?)?;
            section = 0;
        } else {
            let count = count.filter(|count| *count > 0).unwrap_or(1);
            section = section.checked_add(count.checked_mul(unit)?)?;
        }
    }
    total.checked_add(section)?.checked_add(digit.unwrap_or(0))
}

/// A Chinese digit.
fn chinese_digit(c: char) -> Option<u32> {
    Some(match c {
        '零' | '〇' | '○' => 0,
        '一' | '壹' => 1,
        '二' | '两' | '贰' => 2,
        '三' | '叁' => 3,
        '四' | '肆' => 4,
        '五' | '伍' => 5,
        '六' | '陆' => 6,
        '七' | '柒' => 7,
        '八' | '捌' => 8,
        '九' | '玖' => 9,
        _ => return None,
    })
}

/// Whether a character may be part of a Chinese number.
pub(super) fn is_chinese_numeral(c: char) -> bool {
    chinese_digit(c).is_some() || matches!(c, '十' | '百' | '千' | '万')
}

/// The first so many characters, with `…` where something is left out.
pub(super) fn shorten(text: &str, max: usize) -> String {
    let mut short: String = text.chars().take(max).collect();
    if text.chars().count() > max {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn chinese_numbers() {
        for (text, expect) in [
            ("三", Some(3)),
            ("十", Some(10)),
            ("十二", Some(12)),
            ("二十", Some(20)),
            ("二十三", Some(23)),
            ("两百", Some(200)),
            ("一百零五", Some(105)),
            ("一千二百三十四", Some(1234)),
            ("三万", Some(30_000)),
            ("二〇二三", Some(2023)),
            ("二三", None),
            ("人", None),
            ("", None),
        ] {
            assert_eq!(chinese_number(text), expect, "{text}");
        }
    }

    #[test]
    fn ways_of_saying_nothing() {
        for text in ["", " ", "无", "/", "——", "－", "不详", "暂 无"] {
            assert!(says_nothing(text), "{text:?}");
        }
        assert!(!says_nothing("无钱"));
        assert!(!says_nothing("0"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = (chinese_number(&text), essence(&text), says_nothing(&text), shorten(&text, 3));
        }

        #[test]
        fn numerals_never_panic(text in "[零〇一二两三四五六七八九十百千万]{0,24}") {
            let _ = chinese_number(&text);
        }
    }
}
