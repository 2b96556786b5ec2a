//! Newtypes for ids, so that a unit's id cannot stand where a case's belongs.
//!
//! Ids are UUIDv7 texts made by the server; the inside never meets another form.

macro_rules! ids {
    ($( $(#[$meta:meta])* $name:ident; )+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes an id as it comes from the database or a URL; a shape that no id has becomes
            /// an id that nothing has.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
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
                Self(id)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
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
}
