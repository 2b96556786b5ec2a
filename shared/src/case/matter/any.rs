//! A matter of any kind, for those who ask the same of all: lists, cards, the closing of a case.

use chrono::NaiveDate;

use super::form::Field;
use super::scene::Scene;
use super::view::{Digest, Due};
use super::{Deed, Matter, MatterKind};
use crate::case::view::Named;
use crate::ids::UnitId;

/// Declares [`Any`] over the kinds that there are.
macro_rules! kinds {
    ($( $kind:ident => $room:ident, )+) => {
        /// A matter of any kind.
        #[derive(Debug, Clone)]
        pub enum Any {
            $(
                #[doc = concat!("See [`super::", stringify!($room), "`].")]
                $kind(Box<super::$room::$kind>),
            )+
        }

        impl Any {
            /// The kinds that can be started.
            pub const KINDS: &'static [MatterKind] = &[ $( MatterKind::$kind, )+ ];

            /// Reads one as it is kept.
            ///
            /// # Errors
            /// What was kept cannot be read.
            pub fn read(kind: MatterKind, body: &str) -> Result<Self, serde_json::Error> {
                match kind {
                    $( MatterKind::$kind => serde_json::from_str(body).map(|body| Self::$kind(Box::new(body))), )+
                }
            }

            /// As it is kept.
            ///
            /// # Errors
            /// It cannot be written as JSON.
            pub fn body(&self) -> Result<serde_json::Value, serde_json::Error> {
                match self {
                    $( Self::$kind(matter) => serde_json::to_value(matter), )+
                }
            }

            /// See [`Matter::refuses_opening`].
            pub fn refuses_opening(kind: MatterKind, scene: &Scene<'_>) -> Option<String> {
                match kind {
                    $( MatterKind::$kind => super::$room::$kind::refuses_opening(scene), )+
                }
            }

            /// See [`Matter::refuses`].
            pub fn refuses(&self, deed: Deed, scene: &Scene<'_>) -> Option<String> {
                match self {
                    $( Self::$kind(matter) => matter.refuses(deed, scene), )+
                }
            }

            /// See [`Matter::fields`], of a matter.
            pub fn fields(&self, deed: Deed, scene: &Scene<'_>) -> Vec<Field> {
                match self {
                    $( Self::$kind(matter) => Matter::fields(Some(matter.as_ref()), deed, scene), )+
                }
            }

            /// See [`Matter::fields`], of an opening.
            pub fn opening_fields(kind: MatterKind, scene: &Scene<'_>) -> Vec<Field> {
                match kind {
                    $( MatterKind::$kind => super::$room::$kind::fields(None, kind.opening(), scene), )+
                }
            }

            /// See [`Matter::digest`].
            pub fn digest(&self, scene: &Scene<'_>) -> Digest {
                match self {
                    $( Self::$kind(matter) => matter.digest(scene), )+
                }
            }

            /// See [`Matter::help`].
            pub fn help(deed: Deed) -> &'static str {
                match deed.kind() {
                    $( MatterKind::$kind => super::$room::$kind::help(deed), )+
                }
            }

            /// See [`Matter::blocks_closing`].
            pub fn blocks_closing(&self) -> Option<String> {
                match self {
                    $( Self::$kind(matter) => matter.blocks_closing(), )+
                }
            }

            /// See [`Matter::blocks_clearing`].
            pub fn blocks_clearing(&self) -> Option<String> {
                match self {
                    $( Self::$kind(matter) => matter.blocks_clearing(), )+
                }
            }

            /// See [`Matter::right`].
            pub fn right(&self, scene: &Scene<'_>) -> Option<Due> {
                match self {
                    $( Self::$kind(matter) => matter.right(scene), )+
                }
            }

            /// See [`Matter::also_waiting`].
            pub fn also_waiting(&self) -> Vec<UnitId> {
                match self {
                    $( Self::$kind(matter) => matter.also_waiting(), )+
                }
            }

            /// See [`Matter::succeed`].
            pub fn succeed(&mut self, from: &UnitId, to: &Named) -> bool {
                match self {
                    $( Self::$kind(matter) => matter.succeed(from, to), )+
                }
            }

            /// See [`Matter::end_with_case`].
            pub fn end_with_case(&mut self, on: NaiveDate) -> bool {
                match self {
                    $( Self::$kind(matter) => matter.end_with_case(on), )+
                }
            }
        }
    };
}

impl Any {
    /// Whom it names for what is still to be done: the leader of a package, who keeps in touch.
    pub fn named(&self) -> Option<&Named> {
        match self {
            Self::Package(package) => Some(package.leader()),
            Self::Contact(contact) => Some(&contact.user),
            _ => None,
        }
    }

    /// Names somebody else for that.
    pub fn name(&mut self, to: &Named) {
        match self {
            Self::Package(package) => package.hand_over(to),
            Self::Contact(contact) => contact.user.clone_from(to),
            _ => {}
        }
    }
}

kinds! {
    Mediation => mediation,
    Hearing => hearing,
    Order => order,
    Package => package,
    Contact => contact,
    Measure => measure,
    Visit => visit,
    Service => service,
    Referral => referral,
    Escalation => escalation,
}
