//! What the ledger can be filtered by. The URL carries all of it, so that a list can be bookmarked,
//! sent to a colleague, and found again by the browser's Back.

use shared::case::state::State;
use shared::case::{Category, Channel, Kind, Procedure, Purpose, Severity};

use crate::directory::{Directory, Options};
use crate::ui::field::terms;

/// What a filter is chosen from.
#[derive(Clone, Copy)]
pub(crate) enum Choices {
    /// Terms.
    Terms(fn() -> Options),
    /// Villages.
    Villages,
    /// Units that handle cases.
    Units,
    /// Leaders.
    Leaders,
    /// A day.
    Day,
    /// Yes or no: the words for both.
    YesNo(&'static str, &'static str),
}

/// A filter.
#[derive(Clone, Copy)]
pub(crate) struct Filter {
    /// Its name in the URL and the API.
    pub(crate) key: &'static str,
    /// What a clerk calls it.
    pub(crate) label: &'static str,
    /// What it is chosen from.
    pub(crate) choices: Choices,
}

const fn filter(key: &'static str, label: &'static str, choices: Choices) -> Filter {
    Filter {
        key,
        label,
        choices,
    }
}

/// All filters, in the order in which the form has them.
pub(crate) const FILTERS: [Filter; 20] = [
    filter("state", "状态", Choices::Terms(terms::<State>)),
    filter("kind", "类别", Choices::Terms(terms::<Kind>)),
    filter("village_id", "村", Choices::Villages),
    filter("unit_id", "责任单位", Choices::Units),
    filter("lead_id", "包案领导", Choices::Leaders),
    filter("category", "类型", Choices::Terms(terms::<Category>)),
    filter("channel", "来源", Choices::Terms(terms::<Channel>)),
    filter("purpose", "诉求性质", Choices::Terms(terms::<Purpose>)),
    filter("severity", "紧急程度", Choices::Terms(terms::<Severity>)),
    filter("procedure", "程序", Choices::Terms(terms::<Procedure>)),
    filter("received_from", "收到日期从", Choices::Day),
    filter("received_to", "收到日期到", Choices::Day),
    filter("due_from", "到期日从", Choices::Day),
    filter("due_before", "到期日到", Choices::Day),
    filter("open", "办结", Choices::YesNo("未办结", "已办结")),
    filter("overdue", "逾期", Choices::YesNo("已逾期", "未逾期")),
    filter("backlog", "积案", Choices::YesNo("积案", "非积案")),
    filter("collective", "集体访", Choices::YesNo("集体", "非集体")),
    filter("first", "初次", Choices::YesNo("初次", "重复")),
    filter("mine", "我的", Choices::YesNo("我经办的", "不是我经办的")),
];

impl Filter {
    /// What is offered.
    pub(crate) fn options(&self, directory: Directory) -> Options {
        match self.choices {
            Choices::Terms(terms) => terms(),
            Choices::Villages => directory.villages(),
            Choices::Units => directory.handlers(),
            Choices::Leaders => directory.leaders(),
            Choices::Day => Vec::new(),
            Choices::YesNo(yes, no) => vec![
                ("true".to_owned(), yes.to_owned()),
                ("false".to_owned(), no.to_owned()),
            ],
        }
    }

    /// A value in words, for the chip that shows it.
    pub(crate) fn words(&self, value: &str, directory: Directory) -> String {
        match self.choices {
            Choices::YesNo(yes, no) => if value == "true" { yes } else { no }.to_owned(),
            Choices::Day => format!("{} {value}", self.label),
            Choices::Villages | Choices::Units => format!(
                "{}：{}",
                self.label,
                directory.unit_name(value).unwrap_or_else(|| "…".to_owned())
            ),
            Choices::Leaders => format!(
                "{}：{}",
                self.label,
                directory.user_name(value).unwrap_or_else(|| "…".to_owned())
            ),
            Choices::Terms(terms) => {
                let terms = terms();
                let words: Vec<&str> = value
                    .split(',')
                    .map(|code| {
                        terms
                            .iter()
                            .find(|(known, _)| known == code)
                            .map_or(code, |(_, words)| words.as_str())
                    })
                    .collect();
                format!("{}：{}", self.label, words.join("、"))
            }
        }
    }
}

/// A list's query: what is filtered, searched and sorted by, in a fixed order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query(Vec<(&'static str, String)>);

impl Query {
    /// From the URL; what the ledger does not know is left out.
    pub(crate) fn read<'a>(get: impl Fn(&'static str) -> Option<&'a str>) -> Self {
        let keys = ["q"]
            .into_iter()
            .chain(FILTERS.iter().map(|filter| filter.key))
            .chain(["sort"]);
        Self(
            keys.filter_map(|key| {
                let value = get(key)?.trim();
                (!value.is_empty()).then(|| (key, value.to_owned()))
            })
            .collect(),
        )
    }

    /// From a query string of plain codes (`state=registered&open=true`).
    pub(crate) fn parse(text: &str) -> Self {
        let pairs: Vec<(&str, &str)> = text
            .trim_start_matches('?')
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .collect();
        Self::read(|key| {
            pairs
                .iter()
                .find(|(known, _)| *known == key)
                .map(|(_, value)| *value)
        })
    }

    /// A value.
    pub(crate) fn get(&self, key: &str) -> &str {
        self.0
            .iter()
            .find(|(known, _)| *known == key)
            .map_or("", |(_, value)| value.as_str())
    }

    /// With a value changed; an empty one takes it away.
    pub(crate) fn with(&self, key: &str, value: &str) -> Self {
        Self::read(|known| Some(if known == key { value } else { self.get(known) }))
    }

    /// The pairs.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (*key, value.as_str()))
    }

    /// The filters that are set, without search and order.
    pub(crate) fn filters(&self) -> Vec<(Filter, String)> {
        FILTERS
            .iter()
            .filter_map(|filter| {
                let value = self.get(filter.key);
                (!value.is_empty()).then(|| (*filter, value.to_owned()))
            })
            .collect()
    }

    /// The query string, with its question mark, or nothing.
    pub(crate) fn text(&self) -> String {
        crate::api::query(self.pairs())
    }

    /// Whether it is the same list, whatever the order of rows.
    pub(crate) fn same_list(&self, other: &Self) -> bool {
        self.with("sort", "") == other.with("sort", "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_keeps_what_the_ledger_knows() {
        let query = Query::parse("?open=true&nonsense=1&state=registered,accepted&sort=-due_on");
        let pairs: Vec<_> = query.pairs().collect();
        assert_eq!(
            pairs,
            [
                ("state", "registered,accepted"),
                ("open", "true"),
                ("sort", "-due_on")
            ]
        );
    }

    #[test]
    fn changing_one_value_keeps_the_others() {
        let query = Query::parse("state=registered&open=true");
        assert_eq!(
            query.with("open", "").with("backlog", "true"),
            Query::parse("backlog=true&state=registered")
        );
        assert!(query.same_list(&query.with("sort", "number")));
        assert!(!query.same_list(&query.with("state", "")));
    }
}
