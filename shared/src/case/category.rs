//! Second levels of the category (细类) as a township has them: those that the program comes with, renamed
//! or out of use where it wants so, and its own. First levels are the same everywhere, so that figures of
//! townships and years compare.

use serde::{Deserialize, Serialize};

use super::{Category, Subcategory};
use crate::ids::SubcategoryCode;
use crate::term::Term;
use crate::validate::Errors;

/// The most characters of a second level's name.
pub const MAX_SUBCATEGORY_NAME: usize = 20;
/// The most second levels of its own that a township has below one first level.
pub const MAX_OWN_BELOW: usize = 30;

impl From<Subcategory> for SubcategoryCode {
    fn from(sub: Subcategory) -> Self {
        Self::new(sub.code())
    }
}

/// A second level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SubcategoryEntry {
    /// Its code; never changed, never used again. `other` is below each first level.
    pub code: SubcategoryCode,
    /// The first level above it.
    pub category: Category,
    /// Its name.
    pub name: String,
    /// Whether it is out of use: no longer offered, still named on old cases.
    pub closed: bool,
    /// Whether the township added it.
    pub own: bool,
}

/// All second levels of a township.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Categories {
    /// By first level; below it those that the program comes with, then the township's own, `other` last.
    pub items: Vec<SubcategoryEntry>,
    /// Rises with each change of the settings; the list's `ETag`.
    pub version: i64,
}

impl Categories {
    /// Those that the program comes with.
    pub fn bundled() -> Self {
        Self::of(&[], 1)
    }

    /// Those that the program comes with, as a township changed them, and its own.
    pub fn of(changes: &[SubcategoryEntry], version: i64) -> Self {
        let mut items = Vec::new();
        for category in Category::ALL {
            let below = |sub: &&Subcategory| **sub != Subcategory::Other;
            for sub in category.subcategories().iter().filter(below) {
                let entry = bundled(*category, *sub);
                let changed = changes.iter().find(|change| change.code == entry.code);
                items.push(changed.cloned().unwrap_or(entry));
            }
            let own = changes
                .iter()
                .filter(|change| change.own && change.category == *category);
            items.extend(own.cloned());
            items.push(bundled(*category, Subcategory::Other));
        }
        Self { items, version }
    }

    /// What is offered below a first level; beside it what a case has already.
    pub fn offered<'a>(
        &'a self,
        category: Category,
        had: Option<&'a SubcategoryCode>,
    ) -> impl Iterator<Item = &'a SubcategoryEntry> {
        self.items.iter().filter(move |entry| {
            entry.category == category && (!entry.closed || Some(&entry.code) == had)
        })
    }

    /// A second level below a first one.
    pub fn find(&self, category: Category, code: &SubcategoryCode) -> Option<&SubcategoryEntry> {
        self.items
            .iter()
            .find(|entry| entry.category == category && entry.code == *code)
    }

    /// Notes what is wrong with the second level of a case, which had another before.
    pub fn check(
        &self,
        errors: &mut Errors,
        category: Category,
        code: Option<&SubcategoryCode>,
        before: Option<&SubcategoryCode>,
    ) {
        let Some(code) = code else {
            return;
        };
        match self.find(category, code) {
            Some(entry) if entry.closed && before != Some(code) => {
                let message = format!("细类“{}”已停用，请选别的。", entry.name);
                errors.add("subcategory", "closed", message);
            }
            Some(_) => {}
            None => match self.items.iter().find(|entry| entry.code == *code) {
                Some(elsewhere) => {
                    let message =
                        format!("“{}”下没有“{}”这一细类。", category.label(), elsewhere.name);
                    errors.add("subcategory", "not_of_category", message);
                }
                None => errors.add(
                    "subcategory",
                    "unknown",
                    "没有这个细类，请从类型表里选（GET /categories）。",
                ),
            },
        }
    }

    /// Notes what is wrong with a name below a first level; `own` is the entry that has it now.
    fn check_name(
        &self,
        errors: &mut Errors,
        category: Category,
        name: &str,
        own: Option<&SubcategoryCode>,
    ) {
        errors.text("name", "细类名称", name, MAX_SUBCATEGORY_NAME);
        let taken = self.items.iter().any(|entry| {
            entry.category == category && Some(&entry.code) != own && entry.name == name.trim()
        });
        if taken {
            let message = format!(
                "“{}”下已有“{}”（停用的也算），请换一个名称，或恢复使用。",
                category.label(),
                name.trim()
            );
            errors.add("name", "duplicate", message);
        }
    }
}

fn bundled(category: Category, sub: Subcategory) -> SubcategoryEntry {
    SubcategoryEntry {
        code: sub.into(),
        category,
        name: sub.label().to_owned(),
        closed: false,
        own: false,
    }
}

/// A second level to be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewSubcategory {
    /// The first level above it.
    pub category: Category,
    /// Its name.
    pub name: String,
}

impl NewSubcategory {
    /// What is wrong with it beside those that are there.
    pub fn check(&self, all: &Categories) -> Errors {
        let mut errors = Errors::new();
        all.check_name(&mut errors, self.category, &self.name, None);
        let own = all
            .items
            .iter()
            .filter(|entry| entry.own && entry.category == self.category);
        if own.count() >= MAX_OWN_BELOW {
            let message = format!(
                "“{}”下自己增加的细类最多{MAX_OWN_BELOW}个。",
                self.category.label()
            );
            errors.add("category", "full", message);
        }
        errors
    }
}

/// A change of a second level.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SubcategoryPatch {
    /// Another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Out of use, or in use again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<bool>,
}

impl SubcategoryPatch {
    /// What is wrong with it for an entry, beside the others that are there.
    pub fn check(&self, all: &Categories, entry: &SubcategoryEntry) -> Errors {
        let mut errors = Errors::new();
        if entry.code == Subcategory::Other.into() {
            errors.add(
                "code",
                "fixed",
                "“其他”每个类型都要有，不能改名，也不能停用。",
            );
        }
        if let Some(name) = &self.name {
            all.check_name(&mut errors, entry.category, name, Some(&entry.code));
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(code: &str, category: Category, name: &str, closed: bool) -> SubcategoryEntry {
        SubcategoryEntry {
            code: code.into(),
            category,
            name: name.to_owned(),
            closed,
            own: true,
        }
    }

    fn codes(errors: Errors) -> Vec<String> {
        let errors = errors.into_vec();
        errors
            .iter()
            .map(|error| format!("{}:{}", error.field, error.code))
            .collect()
    }

    #[test]
    fn what_the_program_comes_with_is_below_its_first_level() {
        let all = Categories::bundled();
        let expected: usize = Category::ALL.iter().map(|c| c.subcategories().len()).sum();
        assert_eq!(all.items.len(), expected);
        for category in Category::ALL {
            for sub in category.subcategories() {
                let entry = all.find(*category, &(*sub).into()).unwrap();
                assert_eq!((entry.name.as_str(), entry.closed), (sub.label(), false));
            }
        }
    }

    #[test]
    fn a_township_renames_closes_and_adds() {
        let renamed = SubcategoryEntry {
            name: "渠水轮灌".to_owned(),
            own: false,
            ..own("irrigation", Category::Water, "", true)
        };
        let all = Categories::of(&[renamed, own("w", Category::Water, "机井电费", false)], 7);
        let offered = |had: Option<&SubcategoryCode>| -> Vec<String> {
            let offered = all.offered(Category::Water, had);
            offered.map(|entry| entry.name.clone()).collect()
        };
        assert_eq!(offered(None), ["机井电费", "其他"]);
        let irrigation = "irrigation".into();
        assert_eq!(offered(Some(&irrigation)), ["渠水轮灌", "机井电费", "其他"]);
        let check = |category, code: &str, before: Option<&SubcategoryCode>| {
            let mut errors = Errors::new();
            all.check(&mut errors, category, Some(&code.into()), before);
            codes(errors)
        };
        assert!(check(Category::Water, "w", None).is_empty());
        assert!(check(Category::Water, "other", None).is_empty());
        assert!(check(Category::Water, "irrigation", Some(&irrigation)).is_empty());
        assert_eq!(
            check(Category::Water, "irrigation", None),
            ["subcategory:closed"]
        );
        assert_eq!(
            check(Category::Rural, "w", None),
            ["subcategory:not_of_category"]
        );
        assert_eq!(check(Category::Water, "x", None), ["subcategory:unknown"]);
    }

    #[test]
    fn names_are_told_apart_and_other_stays() {
        let all = Categories::of(&[own("w", Category::Water, "机井电费", true)], 1);
        let new = |name: &str| {
            let input = NewSubcategory {
                category: Category::Water,
                name: name.to_owned(),
            };
            codes(input.check(&all))
        };
        assert!(new("水权交易").is_empty());
        assert_eq!(new(" 机井电费 "), ["name:duplicate"]);
        assert_eq!(new("其他"), ["name:duplicate"]);
        assert_eq!(new(" "), ["name:required"]);
        let other = all.find(Category::Water, &"other".into()).unwrap();
        let close = SubcategoryPatch {
            closed: Some(true),
            ..SubcategoryPatch::default()
        };
        assert_eq!(codes(close.check(&all, other)), ["code:fixed"]);
        let full: Vec<_> = (0..MAX_OWN_BELOW)
            .map(|n| {
                own(
                    &format!("c{n}"),
                    Category::Water,
                    &format!("细类{n}"),
                    n > 3,
                )
            })
            .collect();
        let input = NewSubcategory {
            category: Category::Water,
            name: "又一个".to_owned(),
        };
        assert_eq!(
            codes(input.check(&Categories::of(&full, 1))),
            ["category:full"]
        );
    }
}
