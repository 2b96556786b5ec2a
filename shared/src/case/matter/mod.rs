//! Matters of a case (专项): what is done about a case beside its own way from state to state:
//! mediation, hearing, order, backlog package, contact plan, measure, visit to a higher level,
//! service of a document, referral, handing up to the county.
//!
//! Each kind is a plain type that implements [`Matter`]: pure functions that check an input, change
//! the body, and say what that does to the case ([`Done`]). Server and app know nothing of a single
//! kind: one store, one service, one card and one dialog serve all (`server/src/case/matter`,
//! `frontend/src/pages/case/matter`). What a deed asks for is declared as [`Field`]s beside the rule
//! that checks it.
//!
//! Neighbours: [`deed`] what can be done, [`form`] what a deed asks for, [`view`] what people see,
//! [`scene`] what the rules may look at.

pub mod any;
pub mod contact;
pub mod deed;
pub mod escalation;
pub mod form;
pub mod hearing;
pub mod measure;
pub mod mediation;
pub mod order;
pub mod package;
pub mod referral;
pub mod scene;
pub mod service;
pub mod struck;
pub mod view;
pub mod visit;

use chrono::NaiveDate;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use any::Any;
pub use deed::Deed;
pub use form::{Choice, Field, FieldKind};
pub use scene::{People, PersonFact, Scene, UnitFact, UserFact};
pub use view::{Digest, Due, Item, Line, Stage, Tone};

use crate::case::state::{EventKind, Refused};
use crate::case::view::{EventData, Named};
use crate::ids::UnitId;
use crate::terms;
use crate::validate::Errors;

terms! {
    /// What a matter is.
    MatterKind, "专项" {
        /// People's mediation (人民调解法).
        Mediation = "mediation", "人民调解";
        /// A hearing (条例第三十一条第六项).
        Hearing = "hearing", "听证";
        /// An order to a unit (交办、转办、督办).
        Order = "order", "督办";
        /// The package of a backlog case (五个一).
        Package = "package", "积案化解";
        /// Regular contact with a long-standing petitioner.
        Contact = "contact", "跟进联系";
        /// A measure by law against a person.
        Measure = "measure", "依法处理";
        /// A petition visit to a higher level.
        Visit = "visit", "到上级走访";
        /// A document served.
        Service = "service", "文书送达";
        /// A hand-over to another unit or an outside authority.
        Referral = "referral", "移交";
        /// Handed up to the county.
        Escalation = "escalation", "上报县级";
    }
}

impl MatterKind {
    /// The deed that starts one.
    pub const fn opening(self) -> Deed {
        match self {
            Self::Mediation => Deed::MediationOpen,
            Self::Hearing => Deed::HearingOpen,
            Self::Order => Deed::OrderOpen,
            Self::Package => Deed::PackageOpen,
            Self::Contact => Deed::ContactOpen,
            Self::Measure => Deed::MeasureOpen,
            Self::Visit => Deed::VisitOpen,
            Self::Service => Deed::ServiceOpen,
            Self::Referral => Deed::ReferralOpen,
            Self::Escalation => Deed::EscalationOpen,
        }
    }

    /// The collection's name in the API's URLs, below `/cases/{id}/`.
    pub const fn collection(self) -> &'static str {
        match self {
            Self::Mediation => "mediations",
            Self::Hearing => "hearings",
            Self::Order => "orders",
            Self::Package => "packages",
            Self::Contact => "contacts",
            Self::Measure => "measures",
            Self::Visit => "visits",
            Self::Service => "services",
            Self::Referral => "referrals",
            Self::Escalation => "escalations",
        }
    }

    /// The kinds that there is a use for: without a county above the township none of a county.
    pub fn used(county: bool) -> impl Iterator<Item = Self> {
        let all = <Self as crate::term::Term>::ALL.iter().copied();
        all.filter(move |kind| county || *kind != Self::Escalation)
    }
}

/// Why a deed comes to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// The matter's or the case's state does not allow it, whatever the input (409).
    Refused(String),
    /// Fields that are not valid (422).
    Invalid(Errors),
}

impl Wrong {
    /// A refusal with its sentence.
    pub fn refused(why: impl Into<String>) -> Self {
        Self::Refused(why.into())
    }
}

impl From<Refused> for Wrong {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused.0)
    }
}

impl Errors {
    /// The errors as why a deed comes to nothing, if there are any.
    ///
    /// # Errors
    /// [`Wrong::Invalid`].
    pub fn or_wrong(self) -> Result<(), Wrong> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(Wrong::Invalid(self))
        }
    }
}

/// What a deed did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The day on which it took effect; it lies between the last step and today.
    pub on: NaiveDate,
    /// The words of the timeline's entry.
    pub text: String,
    /// What the entry says beside its words. The service adds which matter and deed it is.
    pub data: EventData,
    /// What it does to the case, in this order, in the same transaction.
    pub effects: Vec<Effect>,
}

impl Done {
    /// A deed that does nothing to the case but stand in its timeline.
    pub fn new(on: NaiveDate, text: impl Into<String>) -> Self {
        Self {
            on,
            text: text.into(),
            data: EventData::default(),
            effects: Vec::new(),
        }
    }

    /// The same, with an effect.
    #[must_use]
    pub fn with(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }
}

/// What a deed does to the case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The unit may see the case from now on.
    Refer(UnitId),
    /// The case is in mediation: the justice office sees it.
    Mediation,
    /// The leader takes the case (包案领导).
    Lead(Named),
    /// The case was sent to the unit, which sees it; nobody else answers for it until it takes it.
    Offer(UnitId),
    /// The unit that the case was sent to does not take it, or it was taken back.
    OfferEnds,
    /// The unit answers for the case from now on (and sees it); what it was offered is taken.
    Responsible(UnitId),
    /// The county's office may read the case from now on.
    HandUp(UnitId),
    /// It may not any more.
    HandedUpEnds,
    /// An event that the transition table has to allow (`BacklogCleared`, `Reopened`, `HandedOver` …).
    Event(EventKind, Box<EventData>, String),
}

/// A kind of matter: the body that is kept, and its rules.
pub trait Matter: Serialize + DeserializeOwned + Clone + std::fmt::Debug {
    /// Which kind.
    const KIND: MatterKind;
    /// What its deeds are given; which fields count depends on the deed. Field names are those of
    /// [`Matter::fields`].
    type Input: Serialize + DeserializeOwned;

    /// Starts one.
    ///
    /// # Errors
    /// [`Wrong`].
    fn open(input: Self::Input, scene: &Scene<'_>) -> Result<(Self, Done), Wrong>;

    /// Takes a step. Nothing is kept of a failed one. Permission was decided before.
    ///
    /// # Errors
    /// [`Wrong`].
    fn step(&mut self, deed: Deed, input: Self::Input, scene: &Scene<'_>) -> Result<Done, Wrong>;

    /// Why the case allows no such matter now, whatever the input.
    fn refuses_opening(scene: &Scene<'_>) -> Option<String> {
        scene.case_is_over()
    }

    /// Why the matter's own state allows no such step now, whatever the input.
    fn refuses(&self, deed: Deed, scene: &Scene<'_>) -> Option<String>;

    /// What a deed asks for; the opening too.
    fn fields(matter: Option<&Self>, deed: Deed, scene: &Scene<'_>) -> Vec<Field>;

    /// What people see of it, and what lists look at.
    fn digest(&self, scene: &Scene<'_>) -> Digest;

    /// In which words a form explains a deed: what it does, by which rule.
    fn help(deed: Deed) -> &'static str;

    /// Why the case may not be closed while this stands as it does.
    fn blocks_closing(&self) -> Option<String> {
        None
    }

    /// Why the case may not be taken off the backlog by itself while this stands as it does.
    fn blocks_clearing(&self) -> Option<String> {
        None
    }

    /// A right of the parties that lapses unused, until its last day. It goes by without a step, so
    /// lists keep it apart from what is due.
    fn right(&self, _scene: &Scene<'_>) -> Option<Due> {
        None
    }

    /// Units that have something to do beside the one whose turn the digest names.
    fn also_waiting(&self) -> Vec<UnitId> {
        Vec::new()
    }

    /// Puts a unit in the place of one that was merged into it, where something is still to be done or
    /// asked of it; whether it changed. What is over keeps the name of its time.
    fn succeed(&mut self, _from: &UnitId, _to: &Named) -> bool {
        false
    }

    /// Ends with the case, if it is of those that do; whether it changed.
    fn end_with_case(&mut self, _on: NaiveDate) -> bool {
        false
    }
}

/// Which matter and deed a timeline's entry is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Mark {
    /// The matter.
    pub id: String,
    /// What was done.
    pub deed: Deed,
}

/// Puts a unit in another's place; whether it was there.
pub(crate) fn replace(unit: &mut Named, from: &UnitId, to: &Named) -> bool {
    let is_there = unit.id == from.as_str();
    if is_there {
        unit.clone_from(to);
    }
    is_there
}

/// A unit's id and name, as a body keeps them: the name stays what it was at that time.
pub fn named(id: &UnitId, unit: &UnitFact) -> Named {
    Named {
        id: id.as_str().to_owned(),
        name: unit.name.clone(),
    }
}
