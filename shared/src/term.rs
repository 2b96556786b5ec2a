//! Terms of the field: enums that carry a stable English code and a Chinese label.

/// A term with a stable code (in the API and the database) and a label (in the UI).
pub trait Term: Copy + Eq + Sized + 'static {
    /// What the field calls this set of terms, for messages (`受理方式`).
    const NAME: &'static str;
    /// Every term, in the order in which a form offers them.
    const ALL: &'static [Self];
    /// The stable code, as in the API and the database.
    fn code(self) -> &'static str;
    /// The Chinese label.
    fn label(self) -> &'static str;
    /// The term with this code, if there is one.
    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|term| term.code() == code)
    }
    /// The term with this label, if there is one.
    fn from_label(label: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|term| term.label() == label)
    }
}

/// A code that names no term of its set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}没有“{code}”这一项")]
pub struct UnknownTerm {
    /// What the set is called.
    pub name: &'static str,
    /// The code that was given.
    pub code: String,
}

/// Declares an enum of terms: variants with doc comments, codes and labels.
///
/// Serialises as the code. See [`Term`].
#[macro_export]
macro_rules! terms {
    (
        $(#[$meta:meta])*
        $name:ident, $set:literal {
            $( $(#[$vmeta:meta])* $variant:ident = $code:literal, $label:literal; )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum $name {
            $( $(#[$vmeta])* #[doc = ""] #[doc = $label] #[serde(rename = $code)] $variant, )+
        }

        impl $crate::term::Term for $name {
            const NAME: &'static str = $set;
            const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];
            fn code(self) -> &'static str {
                match self { $( Self::$variant => $code, )+ }
            }
            fn label(self) -> &'static str {
                match self { $( Self::$variant => $label, )+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::term::UnknownTerm;
            fn from_str(code: &str) -> Result<Self, Self::Err> {
                <Self as $crate::term::Term>::from_code(code).ok_or_else(|| $crate::term::UnknownTerm {
                    name: $set,
                    code: code.to_owned(),
                })
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($crate::term::Term::code(*self))
            }
        }
    };
}
