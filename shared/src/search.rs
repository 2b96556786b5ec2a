//! How Chinese text becomes index terms.
//!
//! Chinese has no spaces, and the databases' tokenisers cut it differently or not at all. So the
//! text is cut here, the same for both databases: each run of Han characters becomes its single
//! characters' pairs (bigrams), each run of letters and digits one word. Terms are written as plain
//! ASCII (code points in hexadecimal), which every tokeniser leaves whole in any locale.

/// One piece of text as the index sees it.
enum Run {
    Han(Vec<char>),
    Word(String),
}

fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut gap = true;
    for c in text.chars().map(fold) {
        if is_han(c) {
            match runs.last_mut() {
                Some(Run::Han(chars)) if !gap => chars.push(c),
                _ => runs.push(Run::Han(vec![c])),
            }
            gap = false;
        } else if c.is_alphanumeric() {
            match runs.last_mut() {
                Some(Run::Word(word)) if !gap => word.extend(c.to_lowercase()),
                _ => runs.push(Run::Word(c.to_lowercase().collect())),
            }
            gap = false;
        } else {
            gap = true;
        }
    }
    runs
}

/// Full-width letters and digits become half-width, so that `８社` is found by `8社`.
fn fold(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => u32::from(c)
            .checked_sub(0xfee0)
            .and_then(char::from_u32)
            .unwrap_or(c),
        _ => c,
    }
}

const fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}' | '\u{3007}')
}

fn term(chars: &[char]) -> String {
    let mut term = String::with_capacity(1 + chars.len() * 4);
    term.push('h');
    for c in chars {
        term.push_str(&format!("{:04x}", u32::from(*c)));
    }
    term
}

fn word(text: &str) -> String {
    if text.is_ascii() {
        format!("w{text}")
    } else {
        term(&text.chars().collect::<Vec<_>>())
    }
}

/// The terms under which a text is found, in order, separated by spaces. Each Han character begins
/// a term: a pair with the next one, or alone at the end of its run.
pub fn index_terms(text: &str) -> String {
    let mut terms = Vec::new();
    for run in runs(text) {
        match run {
            Run::Han(chars) => {
                for i in 0..chars.len() {
                    if let Some(pair) = chars.get(i..(i + 2).min(chars.len())) {
                        terms.push(term(pair));
                    }
                }
            }
            Run::Word(text) => terms.push(word(&text)),
        }
    }
    terms.join(" ")
}

/// What to look for in the index: every phrase must be found; within a phrase the terms stand side
/// by side. `prefix` says that the last term of the phrase is the beginning of an indexed term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// The terms, in order; never empty, plain ASCII letters and digits only.
    pub terms: Vec<String>,
    /// Whether the last term may be the beginning of a longer one.
    pub prefix: bool,
}

/// The phrases of a search text. Empty when the text has nothing to look for.
pub fn query_phrases(text: &str) -> Vec<Phrase> {
    runs(text)
        .into_iter()
        .map(|run| match run {
            Run::Han(chars) if chars.len() == 1 => Phrase {
                terms: vec![term(&chars)],
                prefix: true,
            },
            // The last character stands at the end of a pair already; alone it would only match
            // where the text ends.
            Run::Han(chars) => Phrase {
                terms: chars.windows(2).map(term).collect(),
                prefix: false,
            },
            Run::Word(text) => Phrase {
                terms: vec![word(&text)],
                prefix: true,
            },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(text: &str, query: &str) -> bool {
        let index = index_terms(text);
        let index: Vec<&str> = index.split(' ').collect();
        query_phrases(query).iter().all(|phrase| {
            index.windows(phrase.terms.len()).any(|window| {
                window
                    .iter()
                    .zip(&phrase.terms)
                    .enumerate()
                    .all(|(i, (have, want))| {
                        have == want
                            || (phrase.prefix
                                && i + 1 == phrase.terms.len()
                                && have.starts_with(want.as_str()))
                    })
            })
        })
    }

    #[test]
    fn two_characters_are_found_anywhere() {
        let text = "反映8社土地流转费2年未兑付，涉及耕地29亩";
        for query in [
            "土地",
            "流转",
            "转费",
            "兑付",
            "付",
            "耕地",
            "8社",
            "29亩",
            "土地 耕地",
            "８社",
        ] {
            assert!(finds(text, query), "{query}");
        }
        for query in ["土流", "地耕", "宅基", "付涉", "9亩"] {
            assert!(!finds(text, query), "{query}");
        }
    }

    #[test]
    fn terms_are_plain_ascii() {
        assert!(
            index_terms("王·Ａ①é水𠮷")
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == ' ')
        );
        assert!(
            query_phrases("\"' OR * -- ：")
                .iter()
                .all(|p| p.terms == ["wor"])
        );
    }
}
