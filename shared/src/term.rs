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

/// Reads a term by its code. One function for all sets, where a derive would give each its own: it
/// keeps the app's download small.
///
/// # Errors
/// The input is no text, or names no term (`unknown variant`).
pub fn read<'de, T: Term, D: serde::Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    use serde::Deserialize as _;
    use serde::de::Error as _;
    let code = String::deserialize(deserializer)?;
    T::from_code(&code).ok_or_else(|| D::Error::unknown_variant(&code, &[]))
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
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        $(#[$meta])*
        pub enum $name {
            $(
                $(#[$vmeta])* #[doc = ""] #[doc = $label]
                #[cfg_attr(feature = "openapi", schema(rename = $code))]
                $variant,
            )+
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str($crate::term::Term::code(*self))
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::term::read(deserializer)
            }
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
