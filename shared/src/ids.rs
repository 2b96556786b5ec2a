//! Newtypes for ids, so that a unit's id cannot stand where a case's belongs.
//!
//! Ids are UUIDv7 texts made by the server; the inside never meets another form.

/// The longest id; the server's own have 36 characters.
const MAX_ID: usize = 64;

/// What a text becomes that no id looks like: too long, or with a NUL, at which PostgreSQL stumbles.
/// Nothing has this id.
const NO_ID: &str = "?";

macro_rules! ids {
    ($( $(#[$meta:meta])* $name:ident; )+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        #[serde(from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes an id as it comes from the database or a URL; a shape that no id has becomes
            /// an id that nothing has.
            pub fn new(id: impl Into<String>) -> Self {
                let id = id.into();
                if id.len() > MAX_ID || id.contains('\0') {
                    Self(NO_ID.to_owned())
                } else {
                    Self(id)
                }
            }
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
            /// The id as owned text.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self::new(id)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self::new(id)
            }
        }
    )+};
}

ids! {
    /// A unit of the organisation (乡镇、村、社、站所).
    UnitId;
    /// A user: a member of staff who signs in.
    UserId;
    /// A case (事项).
    CaseId;
    /// A person of one case; the same human in two cases has two records.
    PersonId;
    /// An entry of a case's timeline.
    EventId;
    /// A file attached to a case.
    AttachmentId;
    /// One run of a ledger import.
    ImportId;
    /// A photo.
    PhotoId;
    /// A piece of urgent information (重要信息).
    AlertId;
    /// A second level of the category (细类): the code of one that the program comes with, or the id of
    /// a township's own.
    SubcategoryCode;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_no_id_looks_like_becomes_one_that_nothing_has() {
        let good = "01a20d42-31de-7481-b33d-05f548fad77a";
        assert_eq!(CaseId::new(good).as_str(), good);
        for bad in ["a\0b", &"a".repeat(65)] {
            let json = serde_json::to_string(bad).unwrap();
            let read: CaseId = serde_json::from_str(&json).unwrap();
            assert_eq!((read.as_str(), CaseId::from(bad).as_str()), ("?", "?"));
        }
        assert_eq!(serde_json::to_string(&UnitId::from("u")).unwrap(), "\"u\"");
    }
}
