//! Who may do what: [`can`] is the only place that decides (design section 1).
//!
//! The server enforces it, the app asks it which buttons to show, and the server's SQL scope
//! carries out the same [`visible`] as filters; a test proves that the two agree.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::alert::AlertDeed;
use crate::analysis::{self, AnalysisDeed};
use crate::assessment::AssessmentDeed;
use crate::case::Kind;
use crate::case::action::CaseAction;
use crate::case::matter::Deed;
use crate::case::number::Series;
use crate::case::paper::PaperKind;
use crate::case::state::State;
use crate::county::{self, CountyDeed};
use crate::export::{self, ExportDeed};
use crate::ids::{UnitId, UserId};
use crate::indicator::{self, FigureDeed};
use crate::org::UnitKind;
use crate::publicity::PublicityDeed;
use crate::reception::ReceptionDeed;
use crate::report::ReportDeed;
use crate::role::Role;
use crate::satisfaction::{self, Answerers};
use crate::term::Term;
use crate::token::{self, TokenDeed};
use crate::visit::VisitDeed;
use crate::webhook::{self, WebhookDeed};

/// The signed-in caller, as far as decisions look at them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Actor {
    /// Who.
    pub user_id: UserId,
    /// As what.
    pub role: Role,
    /// The unit they belong to.
    pub unit_id: UnitId,
    /// The unit and those above it, own first, each followed by those that were merged into it: whoever
    /// is of a unit now is of all that it is made of, so that a seal against one of them holds.
    pub unit_chain: Vec<UnitId>,
    /// The township.
    pub township_id: UnitId,
    /// The village they belong to, if any.
    pub village_id: Option<UnitId>,
    /// Units that were merged into theirs (行政村合并): what is those units' is theirs.
    #[serde(default)]
    pub former_units: Vec<UnitId>,
    /// Villages that were merged into the one they belong to.
    #[serde(default)]
    pub former_villages: Vec<UnitId>,
    /// Absent colleagues whose work is theirs today (临时代理), beside their own. Of those for whom these
    /// stand in nothing is passed on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stands_in_for: Vec<StandsFor>,
}

/// An absent colleague for whom somebody stands in, as far as decisions look at them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StandsFor {
    /// Whose work it is.
    pub user_id: UserId,
    /// Their name.
    pub name: String,
    /// The last day.
    pub until: NaiveDate,
    /// Their unit.
    pub unit_id: UnitId,
    /// As [`Actor::unit_chain`]: a seal against one of these holds against who stands in, too.
    pub unit_chain: Vec<UnitId>,
    /// As [`Actor::village_id`].
    pub village_id: Option<UnitId>,
    /// As [`Actor::former_units`].
    #[serde(default)]
    pub former_units: Vec<UnitId>,
    /// As [`Actor::former_villages`].
    #[serde(default)]
    pub former_villages: Vec<UnitId>,
}

impl Actor {
    /// Whether a user is the actor, or somebody for whom they stand in: whether what is that user's is
    /// theirs to see and do. What is personal (account, inbox, drafts) is compared with `user_id`.
    pub fn is_self(&self, user: &UserId) -> bool {
        *user == self.user_id
            || self
                .stands_in_for
                .iter()
                .any(|absent| *user == absent.user_id)
    }

    /// The ids of [`Actor::is_self`], for filters, the own in front.
    pub fn self_ids(&self) -> Vec<String> {
        self.selves()
            .map(|(user, _)| user.as_str().to_owned())
            .collect()
    }

    /// The actor and those for whom they stand in, each with the unit, the own in front.
    pub fn selves(&self) -> impl Iterator<Item = (&UserId, &UnitId)> {
        let absent = self.stands_in_for.iter();
        let absent = absent.map(|absent| (&absent.user_id, &absent.unit_id));
        std::iter::once((&self.user_id, &self.unit_id)).chain(absent)
    }

    /// As whom the actor works where something is a unit's, and in which unit: as themself, unless the unit
    /// is that of somebody for whom they stand in and not theirs.
    pub fn self_in(&self, unit: Option<&UnitId>) -> (&UserId, &UnitId) {
        let own = |unit: &UnitId, former: &[UnitId], of: &UnitId| unit == of || former.contains(of);
        let absent = unit.and_then(|of| {
            let theirs = || {
                let mut absent = self.stands_in_for.iter();
                absent.find(|absent| own(&absent.unit_id, &absent.former_units, of))
            };
            (!own(&self.unit_id, &self.former_units, of))
                .then(theirs)
                .flatten()
        });
        absent.map_or((&self.user_id, &self.unit_id), |absent| {
            (&absent.user_id, &absent.unit_id)
        })
    }

    /// Whether a unit is the actor's, or was merged into it, or is that of somebody for whom they stand
    /// in.
    pub fn is_own_unit(&self, unit: &UnitId) -> bool {
        self.units().any(|own| own == unit)
    }

    fn units(&self) -> impl Iterator<Item = &UnitId> {
        let absent = self.stands_in_for.iter();
        let absent =
            absent.flat_map(|absent| std::iter::once(&absent.unit_id).chain(&absent.former_units));
        std::iter::once(&self.unit_id)
            .chain(&self.former_units)
            .chain(absent)
    }

    fn villages(&self) -> impl Iterator<Item = &UnitId> {
        let absent = self.stands_in_for.iter();
        let absent =
            absent.flat_map(|absent| absent.village_id.iter().chain(&absent.former_villages));
        self.village_id
            .iter()
            .chain(&self.former_villages)
            .chain(absent)
    }

    /// Whether a village is the one that the actor belongs to, or was merged into it, or is that of
    /// somebody for whom they stand in.
    pub fn is_own_village(&self, village: Option<&UnitId>) -> bool {
        village.is_some_and(|village| self.villages().any(|own| own == village))
    }

    /// The ids of [`Actor::is_own_unit`], for filters, each once, the own in front.
    pub fn own_units(&self) -> Vec<String> {
        each_once(self.units())
    }

    /// The ids of [`Actor::is_own_village`], for filters; empty where they belong to none.
    pub fn own_villages(&self) -> Vec<String> {
        each_once(self.villages())
    }

    /// Whether the actor is of a unit or of one below it, by themself or for somebody: what is sealed
    /// from the unit is sealed from them.
    pub fn is_of(&self, unit: &UnitId) -> bool {
        self.chains().any(|of| of == unit)
    }

    fn chains(&self) -> impl Iterator<Item = &UnitId> {
        let absent = self.stands_in_for.iter();
        self.unit_chain
            .iter()
            .chain(absent.flat_map(|absent| &absent.unit_chain))
    }

    /// The ids of [`Actor::is_of`], each once, for filters.
    pub fn all_chains(&self) -> Vec<String> {
        each_once(self.chains())
    }

    /// The actor with nothing but their own rights.
    #[must_use]
    pub fn alone(&self) -> Self {
        Self {
            stands_in_for: Vec::new(),
            ..self.clone()
        }
    }

    /// What the actor is to somebody who stands in for them up to a day: their own rights alone.
    pub fn absent_until(&self, name: &str, until: NaiveDate) -> StandsFor {
        StandsFor {
            user_id: self.user_id.clone(),
            name: name.to_owned(),
            until,
            unit_id: self.unit_id.clone(),
            unit_chain: self.unit_chain.clone(),
            village_id: self.village_id.clone(),
            former_units: self.former_units.clone(),
            former_villages: self.former_villages.clone(),
        }
    }

    /// Whether nothing stands above the actor's township, or the actor is of the county above the
    /// townships: what belongs to the installation is theirs.
    pub fn is_topmost(&self) -> bool {
        self.unit_chain.last() == Some(&self.township_id)
    }

    /// The county above the actor's township; none where there is none, and for whoever is of the county.
    pub fn county(&self) -> Option<&UnitId> {
        let topmost = self.unit_chain.last();
        topmost.filter(|topmost| **topmost != self.township_id)
    }

    /// A township's leader, as one of its own who neither is accused in a case nor has entered one: whose
    /// figures the county is shown.
    pub fn leader_of(township: &UnitId, unit_chain: Vec<UnitId>) -> Self {
        Self {
            // Nobody's.
            user_id: UserId::new(format!("leader:{township}")),
            role: Role::TownshipLeader,
            unit_id: township.clone(),
            unit_chain,
            township_id: township.clone(),
            village_id: None,
            former_units: Vec::new(),
            former_villages: Vec::new(),
            stands_in_for: Vec::new(),
        }
    }
}

fn each_once<'a>(units: impl Iterator<Item = &'a UnitId>) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for unit in units {
        if ids.iter().all(|known| known != unit.as_str()) {
            ids.push(unit.as_str().to_owned());
        }
    }
    ids
}

/// What decisions look at in a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseFacts {
    /// Its township.
    pub township_id: UnitId,
    /// Its village.
    pub village_id: Option<UnitId>,
    /// Who entered it.
    pub registrar_id: UserId,
    /// Their unit at that time.
    pub registrar_unit_id: UnitId,
    /// The unit that answers for it.
    pub responsible_unit_id: Option<UnitId>,
    /// The unit that it was sent to and that has not taken it yet.
    pub offered_unit_id: Option<UnitId>,
    /// Units that it was assigned or referred to, the responsible one among them.
    pub unit_ids: Vec<UnitId>,
    /// Whether it is or was in mediation.
    pub mediation: bool,
    /// Petition, dispute or sign.
    pub kind: Kind,
    /// Where it stands.
    pub state: State,
    /// Whether it is backlog.
    pub backlog: bool,
    /// How far it is sealed (条例第三十条).
    pub seal: Series,
    /// Of an accusation: the accused unit.
    pub accused_unit_id: Option<UnitId>,
    /// Of an accusation: the accused member of staff.
    pub accused_user_id: Option<UserId>,
    /// The county that it was handed up to, until it is taken back or sent back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handed_up_to: Option<UnitId>,
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// See the cases that are theirs to see.
    ListCases,
    /// See a case.
    ViewCase,
    /// Enter a case of this kind.
    RegisterCase(Kind),
    /// Change a case's fields.
    EditCase,
    /// Add, change or remove a person of a case.
    EditPeople,
    /// Show an ID or phone number in full.
    RevealPerson,
    /// See and download the files of a case.
    ViewFiles,
    /// Attach or remove a file.
    Attach,
    /// Upload a photo, and see it again.
    Photo,
    /// Do something with urgent information ([`Facts::Alert`]), or in general.
    Alert(AlertDeed),
    /// Take a step with a case.
    Case(CaseAction),
    /// Take a step with a matter of a case ([`Facts::Matter`]), or start one ([`Facts::Case`]).
    Matter(Deed),
    /// See a document of a case.
    ViewPaper(PaperKind),
    /// Make a document of a case, or void it.
    MakePaper(PaperKind),
    /// See the yearly list of measures by law (依法处理).
    ListMeasures,
    /// Load a hand-kept ledger.
    ImportLedger,
    /// Take something out as a file.
    Export(ExportDeed),
    /// Do something with the monthly analysis.
    Analysis(AnalysisDeed),
    /// See the organisation.
    ViewOrg,
    /// Change the organisation.
    ManageOrg,
    /// See colleagues, to assign to.
    ViewColleagues,
    /// Create and change users.
    ManageUsers,
    /// Name who stands in for somebody ([`Facts::User`]), or in general (临时代理).
    NameDeputy,
    /// See settings.
    ViewSettings,
    /// Change settings.
    ManageSettings,
    /// Read the audit log.
    ViewAudit,
    /// See how the installation stands: database, backups, queues.
    ViewSystem,
    /// Do something about reports ([`Facts::Field`], or nothing in particular).
    Report(ReportDeed),
    /// Do something with visits.
    Visit(VisitDeed),
    /// Do something with reception days.
    Reception(ReceptionDeed),
    /// Record what the petitioner says of an answer ([`Facts::Answer`]).
    Rate,
    /// See which answers wait for somebody to ask the petitioner.
    FollowUps,
    /// Give the petitioner the code for the public page.
    QueryCode,
    /// Do something about legal publicity ([`Facts::Field`]), or in general.
    Publicity(PublicityDeed),
    /// Do something about the assessment of villages ([`Facts::Field`]), or in general.
    Assessment(AssessmentDeed),
    /// Do something with figures: indicators, standing, targets, dashboards.
    Figures(FigureDeed),
    /// See what the county's office sees of its townships.
    County(CountyDeed),
    /// Do something about API tokens.
    Token(TokenDeed),
    /// Do something about webhooks.
    Webhook(WebhookDeed),
}

impl Action {
    /// Everything that somebody may want to do, for the table of who may do what.
    pub fn all() -> Vec<Self> {
        fn each<T: Term>(of: impl Fn(T) -> Action) -> impl Iterator<Item = Action> {
            T::ALL.iter().map(move |deed| of(*deed))
        }
        let single = [
            Self::ListCases,
            Self::ViewCase,
            Self::EditCase,
            Self::EditPeople,
            Self::RevealPerson,
            Self::ViewFiles,
            Self::Attach,
            Self::Photo,
            Self::ListMeasures,
            Self::ImportLedger,
            Self::ViewOrg,
            Self::ManageOrg,
            Self::ViewColleagues,
            Self::ManageUsers,
            Self::NameDeputy,
            Self::ViewSettings,
            Self::ManageSettings,
            Self::ViewSystem,
            Self::ViewAudit,
            Self::Rate,
            Self::FollowUps,
            Self::QueryCode,
        ];
        single
            .into_iter()
            .chain(each(Self::RegisterCase))
            .chain(each(Self::Alert))
            .chain(each(Self::Case))
            .chain(each(Self::Matter))
            .chain(each(Self::ViewPaper))
            .chain(each(Self::MakePaper))
            .chain(each(Self::Export))
            .chain(each(Self::Analysis))
            .chain(ReportDeed::ALL.map(Self::Report))
            .chain(each(Self::Visit))
            .chain(each(Self::Reception))
            .chain(each(Self::Publicity))
            .chain(each(Self::Assessment))
            .chain(each(Self::Figures))
            .chain(each(Self::County))
            .chain(TokenDeed::ALL.map(Self::Token))
            .chain(WebhookDeed::ALL.map(Self::Webhook))
            .collect()
    }
}

/// What an action is about.
#[derive(Debug, Clone, Copy)]
pub enum Facts<'a> {
    /// Nothing in particular.
    None,
    /// A case.
    Case(&'a CaseFacts),
    /// A matter of a case.
    Matter(&'a CaseFacts, &'a MatterFacts),
    /// A record of the work in the field.
    Field(&'a FieldFacts),
    /// Urgent information.
    Alert(&'a AlertFacts),
    /// The answer of a case.
    Answer(&'a CaseFacts, &'a Answerers),
    /// A user's account.
    User(&'a Actor),
    /// A unit: the township that it is of or is, and what it is.
    Unit(&'a UnitId, UnitKind),
    /// The townships below the actor's topmost unit, which is of this kind.
    Townships(UnitKind),
}

/// What decisions look at in urgent information.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertFacts {
    /// As in every record of the field; `people` are those who were sent.
    pub field: FieldFacts,
    /// Units that were sent.
    pub units: Vec<UnitId>,
}

/// What decisions look at in a record of the work in the field: a report, a visit, a reception day,
/// urgent information.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldFacts {
    /// Its township.
    pub township_id: UnitId,
    /// The unit that it is of: a group's, a village's, an office's.
    pub unit_id: UnitId,
    /// The village that it is about or of.
    pub village_id: Option<UnitId>,
    /// Who entered it; nobody, where a rule made it.
    pub author_id: Option<UserId>,
    /// Members of staff who have a part in it: visitors, who is on duty.
    pub people: Vec<UserId>,
}

/// What decisions look at in a matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatterFacts {
    /// The unit whose turn it is, or that it was given to.
    pub unit_id: Option<UnitId>,
    /// Units that have something to do beside it.
    pub also: Vec<UnitId>,
}

/// Why somebody may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// They may not know that it exists: answered like what does not exist (404).
    #[error("没有找到这件事项，或者您无权查看。")]
    Hidden,
    /// They may know of it but not do this (403); the sentence says whose task it is.
    #[error("{0}")]
    NotAllowed(&'static str),
}

/// Decides.
///
/// # Errors
/// [`Denied`], with the reason.
pub fn can(actor: &Actor, action: Action, facts: Facts<'_>) -> Result<(), Denied> {
    match facts {
        Facts::None => {
            can_in_general(actor.role, action)?;
            match action {
                Action::ViewSystem if !actor.is_topmost() => {
                    Err(Denied::NotAllowed("系统状况由县级系统管理员查看。"))
                }
                // Whoever has the role sits in the county's unit; nobody else is let in by it.
                Action::County(_) if !actor.is_topmost() => Err(Denied::NotAllowed(county::WHOSE)),
                _ => Ok(()),
            }
        }
        Facts::User(user) if action == Action::NameDeputy => {
            can_in_general(actor.role, action)?;
            // Their own absence everybody may see to; whoever stands in for somebody may not.
            let own = actor.user_id == user.user_id;
            let keeps = actor.role == Role::Administrator && looks_after(actor, user);
            allow_or_hide(user.township_id == actor.township_id || keeps)?;
            allow((own || keeps, "临时代理由系统管理员或本人安排。"))
        }
        // The county's look after the townships' administrators, not after programs there.
        Facts::User(user) if action == Action::Token(TokenDeed::MakeFor) => {
            can_in_general(actor.role, action)?;
            allow_or_hide(user.township_id == actor.township_id)
        }
        Facts::User(user) => {
            can_in_general(actor.role, action)?;
            allow_or_hide(looks_after(actor, user))
        }
        Facts::Unit(township, kind) => {
            can_in_general(actor.role, action)?;
            // The county's keep the townships' names.
            let below = kind == UnitKind::Township && actor.is_topmost();
            allow_or_hide(*township == actor.township_id || below)
        }
        Facts::Townships(above) => {
            can_in_general(actor.role, action)?;
            let county = above == UnitKind::County && actor.is_topmost();
            allow((
                county,
                "乡镇由县级系统管理员新建；还没有县级的，先在服务器上执行 xinfang admin create-county。",
            ))
        }
        Facts::Case(case) => {
            if visible(actor, case) {
                can_with_case(actor, action, case, None)
            } else {
                Err(Denied::Hidden)
            }
        }
        Facts::Matter(case, matter) => {
            if visible(actor, case) {
                can_with_case(actor, action, case, Some(matter))
            } else {
                Err(Denied::Hidden)
            }
        }
        Facts::Answer(case, answerers) => {
            if visible(actor, case) {
                satisfaction::may_rate(actor, case, answerers)
            } else {
                Err(Denied::Hidden)
            }
        }
        Facts::Field(facts) => {
            // The roster is public; what is told of who came is decided entry by entry.
            let visible = match action {
                Action::Reception(_) | Action::Publicity(_) => {
                    actor.township_id == facts.township_id
                }
                Action::Visit(_) => visit_visible(actor, facts),
                Action::Assessment(_) => assessment_visible(actor, facts),
                _ => field_visible(actor, facts),
            };
            if visible {
                can_in_field(actor, action, facts)
            } else {
                Err(Denied::Hidden)
            }
        }
        Facts::Alert(facts) => {
            if alert_visible(actor, facts) {
                can_in_general(actor.role, action)
            } else {
                Err(Denied::Hidden)
            }
        }
    }
}

/// For whom an act is that the actor may do: none where their own rights suffice, else the first of those
/// for whom they stand in by whose rights they may. Of what [`can`] has allowed.
pub fn on_behalf<'a>(actor: &'a Actor, action: Action, facts: Facts<'_>) -> Option<&'a StandsFor> {
    for_whom(actor, |actor| can(actor, action, facts).is_ok())
}

/// As [`on_behalf`], by any question.
pub fn for_whom(actor: &Actor, allowed: impl Fn(&Actor) -> bool) -> Option<&StandsFor> {
    let first = actor.stands_in_for.first()?;
    let mut one = actor.alone();
    if allowed(&one) {
        return None;
    }
    let mut absent = actor.stands_in_for.iter();
    absent
        .find(|absent| {
            one.stands_in_for = vec![(*absent).clone()];
            allowed(&one)
        })
        .or(Some(first))
}

fn allow_or_hide(allowed: bool) -> Result<(), Denied> {
    if allowed { Ok(()) } else { Err(Denied::Hidden) }
}

/// Whose accounts an administrator looks after: those of the own township; the county's beside its own
/// those of the townships' administrators, so that none is locked out for good.
fn looks_after(actor: &Actor, user: &Actor) -> bool {
    user.township_id == actor.township_id
        || (user.role == Role::Administrator && user.unit_chain.contains(&actor.township_id))
}

/// Whether the actor may know of urgent information: as of every record of the field, and the police
/// station and the units that were sent besides. `server::alert::scope` has the same as SQL.
pub fn alert_visible(actor: &Actor, alert: &AlertFacts) -> bool {
    let called = match actor.role {
        Role::PoliceStation => true,
        Role::Auditor | Role::Administrator | Role::CountyOffice => false,
        _ => alert.units.iter().any(|unit| actor.is_own_unit(unit)),
    };
    field_visible(actor, &alert.field) || (called && actor.township_id == alert.field.township_id)
}

/// Whose a deed with urgent information is, and whose it is otherwise.
const fn can_alert(role: Role, deed: AlertDeed) -> Result<(), &'static str> {
    use AlertDeed as D;
    use Role as R;
    let (allowed, whose) = match deed {
        D::List | D::Report | D::Note | D::Case => {
            (role.handles_cases(), "您的角色不接触重要信息。")
        }
        D::Acknowledge => (
            matches!(
                role,
                R::TownshipLeader | R::CoordinationOffice | R::PoliceStation
            ),
            "由镇领导、镇综治办或派出所签收。",
        ),
        D::Dispatch => (
            matches!(role, R::TownshipLeader | R::CoordinationOffice),
            "由镇领导或镇综治办派处置。",
        ),
        D::Close => (
            matches!(role, R::TownshipLeader | R::CoordinationOffice),
            "由镇领导或镇综治办办结。",
        ),
        D::Missed => (
            matches!(role, R::CoordinationOffice),
            "漏报由镇综治办补登。",
        ),
        D::Rate => (
            matches!(role, R::TownshipLeader | R::CoordinationOffice | R::Auditor),
            "报送率由镇领导、镇综治办和监督员查看。",
        ),
    };
    if allowed { Ok(()) } else { Err(whose) }
}

/// Whether the actor may know of a record of the work in the field. `server::field` has the same as SQL.
pub fn field_visible(actor: &Actor, facts: &FieldFacts) -> bool {
    let part = || actor.is_own_unit(&facts.unit_id) || has_part(actor, facts);
    actor.township_id == facts.township_id
        && match actor.role {
            Role::TownshipLeader | Role::CoordinationOffice => true,
            Role::VillageSecretary => part() || actor.is_own_village(facts.village_id.as_ref()),
            Role::GroupInformant
            | Role::PoliceStation
            | Role::Court
            | Role::JusticeOffice
            | Role::ServiceCentre => part(),
            Role::Auditor | Role::Administrator | Role::CountyOffice => false,
        }
}

/// Of a record of the field that is visible to the actor.
fn can_in_field(actor: &Actor, action: Action, facts: &FieldFacts) -> Result<(), Denied> {
    can_in_general(actor.role, action)?;
    match action {
        Action::Report(deed) => can_report(actor, deed, facts),
        Action::Visit(deed) => allow(can_with_visit(actor, deed, facts)),
        Action::Reception(deed) => allow(can_with_reception(actor, deed, facts)),
        Action::Publicity(deed) => allow(can_with_campaign(actor, deed, facts)),
        _ => Ok(()),
    }
}

/// Whose reports are whose task, by the role alone.
const fn may_report(role: Role, deed: ReportDeed) -> (bool, &'static str) {
    use ReportDeed as D;
    use Role as R;
    match deed {
        D::View => (
            role.handles_cases(),
            "监督员查看报告情况的统计；您的角色不接触报告内容。",
        ),
        D::Board => (
            !matches!(role, R::Administrator | R::CountyOffice),
            "您的角色不接触报告。",
        ),
        D::Write => (
            role.handles_cases() && !matches!(role, R::CoordinationOffice),
            "报告由社信息员、村支部书记和各站所填写。",
        ),
        D::Take | D::Dismiss => (role.handles_cases(), "由报告单位、所在村或镇综治办处置。"),
        D::Judge => (
            matches!(role, R::CoordinationOffice),
            "由镇综治办退回、签收和免报。",
        ),
    }
}

/// Of a report that is visible to the actor.
fn can_report(actor: &Actor, deed: ReportDeed, facts: &FieldFacts) -> Result<(), Denied> {
    use ReportDeed as D;
    let own = actor.is_own_unit(&facts.unit_id);
    let village =
        actor.role == Role::VillageSecretary && actor.is_own_village(facts.village_id.as_ref());
    let command = matches!(actor.role, Role::TownshipLeader | Role::CoordinationOffice);
    let (allowed, whose) = match deed {
        D::View | D::Board | D::Judge => (true, ""),
        D::Write => (own, "只能填写本单位的报告。"),
        D::Take | D::Dismiss => (
            own || village || command,
            "由报告单位、所在村、镇综治办或镇领导处置。",
        ),
    };
    allow((allowed, whose))
}

fn allow((allowed, whose): (bool, &'static str)) -> Result<(), Denied> {
    if allowed {
        Ok(())
    } else {
        Err(Denied::NotAllowed(whose))
    }
}

/// Whether the actor may know of a visit: leaders and office of all, a secretary of those to the own
/// village, everybody of those that they wrote or have a part in. That somebody of the same unit
/// wrote it is not enough. `server::visit::store` has the same as SQL.
pub fn visit_visible(actor: &Actor, facts: &FieldFacts) -> bool {
    field_visible(actor, facts)
        && match actor.role {
            Role::TownshipLeader | Role::CoordinationOffice => true,
            Role::VillageSecretary => {
                has_part(actor, facts) || actor.is_own_village(facts.village_id.as_ref())
            }
            _ => has_part(actor, facts),
        }
}

fn has_part(actor: &Actor, facts: &FieldFacts) -> bool {
    is_author(actor, facts) || facts.people.iter().any(|user| actor.is_self(user))
}

fn is_author(actor: &Actor, facts: &FieldFacts) -> bool {
    facts
        .author_id
        .as_ref()
        .is_some_and(|user| actor.is_self(user))
}

/// Of a visit that is visible to the actor.
fn can_with_visit(actor: &Actor, deed: VisitDeed, facts: &FieldFacts) -> (bool, &'static str) {
    let author = is_author(actor, facts);
    let office = actor.role == Role::CoordinationOffice;
    let leader = actor.role == Role::TownshipLeader;
    match deed {
        VisitDeed::View | VisitDeed::Record | VisitDeed::Coverage | VisitDeed::Keep => (true, ""),
        VisitDeed::Edit => (author, "由记录人更正。"),
        VisitDeed::Strike => (author || office, "由记录人或镇综治办划除。"),
        VisitDeed::Release => (
            author || office || leader,
            "由记录人、镇综治办或镇领导说明不再兑现。",
        ),
        VisitDeed::Register => (
            author || office || leader || actor.role == Role::VillageSecretary,
            "由记录人、本村支部书记、镇综治办或镇领导转为事项。",
        ),
    }
}

/// Of a reception day of the actor's township.
fn can_with_reception(
    actor: &Actor,
    deed: ReceptionDeed,
    facts: &FieldFacts,
) -> (bool, &'static str) {
    match deed {
        ReceptionDeed::View | ReceptionDeed::Count | ReceptionDeed::Keep => (true, ""),
        ReceptionDeed::Receive => (
            matches!(
                actor.role,
                Role::TownshipLeader | Role::CoordinationOffice | Role::ServiceCentre
            ) || has_part(actor, facts),
            "由值班领导、陪同接待的人员、便民服务中心或镇综治办登记。",
        ),
    }
}

fn can_visit_in_general(role: Role, deed: VisitDeed) -> bool {
    use Role as R;
    let records = matches!(
        role,
        R::TownshipLeader
            | R::CoordinationOffice
            | R::VillageSecretary
            | R::GroupInformant
            | R::PoliceStation
            | R::JusticeOffice
    );
    match deed {
        // The auditor sees figures alone.
        VisitDeed::Coverage => records || role == R::Auditor,
        VisitDeed::Record | VisitDeed::Register | VisitDeed::Edit => records,
        VisitDeed::View | VisitDeed::Strike | VisitDeed::Keep | VisitDeed::Release => {
            role.handles_cases()
        }
    }
}

fn can_receive_in_general(role: Role, deed: ReceptionDeed) -> bool {
    use Role as R;
    match deed {
        ReceptionDeed::View => role != R::CountyOffice,
        ReceptionDeed::Count => !matches!(role, R::Administrator | R::CountyOffice),
        ReceptionDeed::Keep => matches!(role, R::TownshipLeader | R::CoordinationOffice),
        // The court registers nothing; of the rest, who is on duty.
        ReceptionDeed::Receive => role.handles_cases() && role != R::Court,
    }
}

/// Whose a deed of legal publicity is by the role alone, and whose it is otherwise. What was made
/// public is no secret within the township.
const fn may_publicise(role: Role, deed: PublicityDeed) -> (bool, &'static str) {
    use PublicityDeed as D;
    use Role as R;
    match deed {
        D::View => (
            !matches!(role, R::CountyOffice),
            "法制宣传由各乡镇登记和查看。",
        ),
        D::Record | D::Edit | D::Strike => (
            matches!(
                role,
                R::CoordinationOffice | R::JusticeOffice | R::VillageSecretary | R::PoliceStation
            ),
            "法制宣传由镇综治办、司法所、派出所和村支部书记登记。",
        ),
        D::KeepLaws => (
            matches!(role, R::Administrator),
            "法律法规目录由系统管理员维护。",
        ),
    }
}

/// Whether the actor may see the assessment of a village: leaders, office and auditor all, a secretary
/// the own village's.
fn assessment_visible(actor: &Actor, facts: &FieldFacts) -> bool {
    actor.township_id == facts.township_id
        && match actor.role {
            Role::TownshipLeader | Role::CoordinationOffice | Role::Auditor => true,
            Role::VillageSecretary => actor.is_own_village(facts.village_id.as_ref()),
            _ => false,
        }
}

/// Whose a step of an assessment is, and whose it is otherwise.
pub(crate) const fn may_assess(role: Role, deed: AssessmentDeed) -> (bool, &'static str) {
    use AssessmentDeed as D;
    use Role as R;
    match deed {
        D::View => (
            matches!(
                role,
                R::TownshipLeader | R::CoordinationOffice | R::Auditor | R::VillageSecretary
            ),
            "考核由镇领导、镇综治办、监督员和村支部书记查看。",
        ),
        D::Start | D::Return | D::Review => (
            matches!(role, R::CoordinationOffice),
            "考核由镇综治办组织和审核。",
        ),
        D::WriteCriteria | D::Propose => (
            matches!(role, R::CoordinationOffice),
            "考核表和命名奖励由镇综治办提出，镇领导决定。",
        ),
        D::Enforce | D::Honour => (
            matches!(role, R::TownshipLeader),
            "考核表的施行、命名和奖励由镇领导决定。",
        ),
        D::Submit | D::Object => (
            matches!(role, R::VillageSecretary),
            "自评和异议由本村支部书记提出。",
        ),
        D::Decide => (matches!(role, R::TownshipLeader), "命名由镇领导决定。"),
    }
}

/// Of a campaign of the actor's township.
fn can_with_campaign(
    actor: &Actor,
    deed: PublicityDeed,
    facts: &FieldFacts,
) -> (bool, &'static str) {
    let own = actor.is_own_unit(&facts.unit_id);
    match deed {
        PublicityDeed::View | PublicityDeed::Record | PublicityDeed::KeepLaws => (true, ""),
        PublicityDeed::Edit => (own, "由登记单位更正。"),
        PublicityDeed::Strike => (
            own || actor.role == Role::CoordinationOffice,
            "由登记单位或镇综治办划除。",
        ),
    }
}

/// How far an accusation is sealed: against a township leader or the office itself only the
/// registrar sees it; against anybody else the office handles it.
pub fn seal_of(accused_unit: Option<UnitKind>, accused_role: Option<Role>) -> Series {
    let leadership = matches!(
        accused_unit,
        Some(UnitKind::Township | UnitKind::County | UnitKind::CoordinationOffice)
    ) || matches!(
        accused_role,
        Some(Role::TownshipLeader | Role::CoordinationOffice)
    );
    if leadership {
        Series::RegistrarOnly
    } else {
        Series::Sealed
    }
}

/// What the rules of sight ask of a case and of who looks at it. The server's tallies answer the same
/// questions with numbers in place of ids ([`crate::indicator::tally::Before`]).
pub trait Sight {
    /// Whether it is of the reader's township.
    fn same_township(&self) -> bool;
    /// Whether it is of the village that the reader belongs to.
    fn same_village(&self) -> bool;
    /// Whether it was referred to the reader's unit.
    fn referred(&self) -> bool;
    /// Whether the reader entered it, or somebody for whom they stand in.
    fn registered(&self) -> bool;
    /// Whether the reader themself entered it.
    fn registered_personally(&self) -> bool;
    /// Whether it was entered in the reader's unit.
    fn registered_here(&self) -> bool;
    /// Whether it is or was in mediation.
    fn mediation(&self) -> bool;
    /// How far it is sealed.
    fn seal(&self) -> Series;
    /// Whether it accuses the reader, or somebody for whom they stand in.
    fn accused(&self) -> bool;
    /// Whether it accuses the reader's unit or one above it, or one of somebody for whom they stand in.
    fn of_accused_unit(&self) -> bool;
    /// Whether it was handed up to the county that the reader is of, and still is.
    fn handed_up(&self) -> bool;
}

/// A case as an actor may see it.
struct Seen<'a> {
    actor: &'a Actor,
    case: &'a CaseFacts,
}

impl Sight for Seen<'_> {
    fn same_township(&self) -> bool {
        self.actor.township_id == self.case.township_id
    }
    fn same_village(&self) -> bool {
        self.actor.is_own_village(self.case.village_id.as_ref())
    }
    fn referred(&self) -> bool {
        let mut referred = self.case.unit_ids.iter();
        referred.any(|unit| self.actor.is_own_unit(unit))
    }
    fn registered(&self) -> bool {
        self.actor.is_self(&self.case.registrar_id)
    }
    fn registered_personally(&self) -> bool {
        self.case.registrar_id == self.actor.user_id
    }
    fn registered_here(&self) -> bool {
        self.actor.is_own_unit(&self.case.registrar_unit_id)
    }
    fn mediation(&self) -> bool {
        self.case.mediation
    }
    fn seal(&self) -> Series {
        self.case.seal
    }
    fn accused(&self) -> bool {
        let user = self.case.accused_user_id.as_ref();
        user.is_some_and(|user| self.actor.is_self(user))
    }
    fn of_accused_unit(&self) -> bool {
        let unit = self.case.accused_unit_id.as_ref();
        unit.is_some_and(|unit| self.actor.is_of(unit))
    }
    fn handed_up(&self) -> bool {
        self.case.handed_up_to.as_ref() == Some(&self.actor.township_id)
    }
}

/// Whether sealing hides a case from its reader (条例第三十条): nobody of the accused unit, nor the
/// accused, sees that it exists; where only the registrar may, nobody else, not even who stands in for
/// them. Whoever stands in for an accused is kept from it like them.
fn sealed_away(sight: &impl Sight) -> bool {
    match sight.seal() {
        Series::Open => false,
        Series::RegistrarOnly => !sight.registered_personally(),
        Series::Sealed => sight.accused() || sight.of_accused_unit(),
    }
}

/// Whether sealing hides the case from the actor (条例第三十条).
pub fn sealed_from(actor: &Actor, case: &CaseFacts) -> bool {
    sealed_away(&Seen { actor, case })
}

/// Whether somebody of this role may know that a case exists.
pub fn sees(role: Role, sight: &impl Sight) -> bool {
    // The county's office is of no township: what was handed up is all that it reaches.
    let reaches = role == Role::CountyOffice || sight.same_township();
    reaches && in_scope(role, sight) && !sealed_away(sight)
}

/// Whether a case counts in figures that somebody of this role reads: what they may know of; for the
/// auditor, who opens no case, all of the township but what sealing hides. The county's office reads the
/// figures of each township's leader ([`Actor::leader_of`]), and has none of its own.
pub fn counts(role: Role, sight: &impl Sight) -> bool {
    match role {
        Role::Auditor => sight.same_township() && !sealed_away(sight),
        Role::CountyOffice => false,
        _ => sees(role, sight),
    }
}

/// Whether the actor may know that the case exists.
pub fn visible(actor: &Actor, case: &CaseFacts) -> bool {
    sees(actor.role, &Seen { actor, case })
}

fn in_scope(role: Role, sight: &impl Sight) -> bool {
    match role {
        Role::TownshipLeader | Role::CoordinationOffice => true,
        Role::VillageSecretary => sight.referred() || sight.same_village(),
        Role::GroupInformant => sight.registered(),
        Role::PoliceStation | Role::Court | Role::ServiceCentre => {
            sight.referred() || sight.registered_here()
        }
        Role::JusticeOffice => sight.mediation() || sight.referred() || sight.registered_here(),
        Role::CountyOffice => sight.handed_up(),
        Role::Auditor | Role::Administrator => false,
    }
}

/// What the county's office may, of all that there is: the rest is the townships'. A list of what it may, so
/// that nothing new is its by oversight.
const fn county_may(action: Action) -> bool {
    matches!(
        action,
        Action::County(_)
            | Action::ViewCase
            | Action::Matter(Deed::EscalationInstruct | Deed::EscalationReturn)
            | Action::ViewOrg
            | Action::ViewColleagues
            | Action::Token(TokenDeed::Own)
    )
}

fn can_in_general(role: Role, action: Action) -> Result<(), Denied> {
    use Role as R;
    if role == R::CountyOffice && !county_may(action) {
        return Err(Denied::NotAllowed(county::NOT_ITS));
    }
    let allowed = match action {
        Action::Alert(deed) => return can_alert(role, deed).map_err(Denied::NotAllowed),
        Action::Figures(deed) => return indicator::may(role, deed).map_err(Denied::NotAllowed),
        Action::Export(deed) => return export::may(role, deed).map_err(Denied::NotAllowed),
        Action::Analysis(deed) => return analysis::may(role, deed).map_err(Denied::NotAllowed),
        Action::County(deed) => return county::may(role, deed).map_err(Denied::NotAllowed),
        Action::ListCases => role.handles_cases(),
        Action::ViewCase => role.handles_cases() || role == R::CountyOffice,
        Action::RegisterCase(kind) => match role {
            R::TownshipLeader
            | R::CoordinationOffice
            | R::VillageSecretary
            | R::ServiceCentre
            | R::JusticeOffice
            | R::PoliceStation => true,
            R::GroupInformant => kind != Kind::Petition,
            R::Court | R::Auditor | R::Administrator | R::CountyOffice => false,
        },
        Action::ListMeasures => matches!(role, R::TownshipLeader | R::Auditor),
        Action::FollowUps => matches!(
            role,
            R::TownshipLeader | R::CoordinationOffice | R::ServiceCentre
        ),
        Action::ImportLedger => role == R::CoordinationOffice,
        Action::ViewOrg => true,
        Action::ViewColleagues | Action::NameDeputy => role != R::Auditor,
        Action::ManageOrg | Action::ManageUsers | Action::ManageSettings | Action::ViewSystem => {
            role == R::Administrator
        }
        Action::ViewSettings => {
            matches!(
                role,
                R::Administrator | R::TownshipLeader | R::CoordinationOffice | R::Auditor
            )
        }
        Action::ViewAudit => role == R::Auditor,
        Action::Report(deed) => may_report(role, deed).0,
        Action::Publicity(deed) => may_publicise(role, deed).0,
        Action::Assessment(deed) => may_assess(role, deed).0,
        Action::Token(deed) => token::may(role, deed).0,
        Action::Webhook(deed) => return allow(webhook::may(role, deed)),
        Action::Visit(deed) => can_visit_in_general(role, deed),
        Action::Reception(deed) => can_receive_in_general(role, deed),
        Action::EditCase
        | Action::EditPeople
        | Action::RevealPerson
        | Action::Rate
        | Action::QueryCode
        | Action::ViewFiles
        | Action::Attach
        | Action::Photo
        | Action::Case(_)
        | Action::Matter(_)
        | Action::ViewPaper(_)
        | Action::MakePaper(_) => role.handles_cases() || role == R::CountyOffice,
    };
    if allowed {
        Ok(())
    } else {
        Err(Denied::NotAllowed(whose_in_general(action)))
    }
}

const fn whose_in_general(action: Action) -> &'static str {
    match action {
        Action::Report(deed) => may_report(Role::Administrator, deed).1,
        Action::Publicity(deed) => may_publicise(Role::Auditor, deed).1,
        Action::Assessment(deed) => may_assess(Role::Administrator, deed).1,
        Action::Token(deed) => token::may(Role::Auditor, deed).1,
        Action::RegisterCase(_) => "您的角色不登记这类事项。",
        Action::FollowUps => "满意度回访由便民服务中心、镇综治办和镇领导办理。",
        Action::ImportLedger => "台账导入由镇综治办办理。",
        Action::ManageOrg | Action::ManageUsers | Action::ManageSettings | Action::ViewSystem => {
            "这项管理由系统管理员办理。"
        }
        Action::NameDeputy => "监督员的工作不由他人代理。",
        Action::ViewAudit => "审计记录由监督员查看。",
        Action::ListMeasures => "依法处理清单由镇领导和监督员查看。",
        Action::ViewSettings => "您的角色不查看系统设置。",
        Action::Visit(VisitDeed::Record | VisitDeed::Edit | VisitDeed::Register) => {
            "走访由镇领导、镇综治办、村支部书记、社信息员、派出所和司法所记录。"
        }
        Action::Visit(_) => "您的角色不查看走访内容。",
        Action::Reception(ReceptionDeed::Keep) => "接待日由镇综治办和镇领导安排。",
        Action::Reception(_) => "您的角色不登记来访群众。",
        _ => "您的角色不接触事项内容。",
    }
}

/// Of a case that is visible to the actor.
fn can_with_case(
    actor: &Actor,
    action: Action,
    case: &CaseFacts,
    matter: Option<&MatterFacts>,
) -> Result<(), Denied> {
    use CaseAction as A;
    if actor.role == Role::CountyOffice {
        // It reads what was handed up, and says what it thinks of it; whoever may not know of the case
        // has been refused before.
        let allowed = county_may(action) && !matches!(action, Action::County(_));
        return allow((allowed, county::NOT_ITS));
    }
    if case.seal == Series::RegistrarOnly {
        return match action {
            Action::ViewCase
            | Action::RevealPerson
            | Action::ViewFiles
            | Action::Attach
            | Action::ViewPaper(_)
            | Action::MakePaper(
                PaperKind::Receipt | PaperKind::Transfer | PaperKind::ServiceReturn,
            )
            | Action::Case(A::HandOver) => Ok(()),
            _ => Err(Denied::NotAllowed(
                "反映镇领导或综治办的检举控告只能移送有权机关（《信访工作条例》第三十条）。",
            )),
        };
    }
    let who = Who::of(actor, case);
    let (allowed, whose) = match action {
        Action::ViewCase | Action::ViewFiles => (true, ""),
        Action::EditCase | Action::EditPeople | Action::Attach => (
            who.office
                || who.leader
                || who.handler
                || who.own_village
                || (who.registrar && case.state == State::Registered),
            "由登记人（受理前）、办理单位或镇综治办修改。",
        ),
        Action::QueryCode => (
            case.seal == Series::Open && (who.office || who.registrar),
            "查询码由登记人或镇综治办打印给信访人。",
        ),
        Action::RevealPerson => (
            who.office
                || who.leader
                || who.handler
                || who.own_village
                || who.registrar
                || who.justice,
            "只有办理这件事项的人员可以查看完整号码。",
        ),
        Action::Case(action) => match action {
            A::Accept if case.state == State::Transferred => (
                who.office || who.offered,
                "由收到转送的单位受理；镇综治办可以收回受理。",
            ),
            A::Accept => (
                who.office || (who.own_village && case.kind != Kind::Petition),
                "由镇综治办受理；村内矛盾纠纷由村支部书记受理。",
            ),
            A::Decline => (
                who.office || (who.offered && case.state == State::Transferred),
                "由镇综治办决定。",
            ),
            A::Transfer | A::Dispatch => (who.office || who.leader, "由镇综治办或镇领导办理。"),
            A::Object => (who.offered, "由收到转送的单位提出。"),
            A::Take if case.state == State::Transferred => {
                (who.offered, "由收到转送的单位接收；接收前由转出单位负责。")
            }
            A::Take => (
                who.handler || (who.own_village && case.kind != Kind::Petition),
                "由责任单位办理。",
            ),
            A::Answer => (
                who.handler || (who.own_village && case.kind != Kind::Petition),
                "由责任单位答复。",
            ),
            A::RequestReview | A::RequestFinalReview => (
                who.office || who.leader || who.handler || (who.registrar && who.staff),
                "由登记人、责任单位或镇综治办登记信访人的申请。",
            ),
            A::AnswerReview | A::AnswerFinalReview => (
                who.office || who.leader,
                "复查、复核意见由镇综治办或镇领导登记。",
            ),
            A::Hear => (
                who.office
                    || who.leader
                    || who.handler
                    || who.own_village
                    || (who.registrar && who.staff),
                "由登记人、办理单位或镇综治办征询。",
            ),
            A::SetLead => (who.office || who.leader, "由镇综治办或镇领导确定。"),
            A::Extend => (
                who.leader,
                "延期由镇领导批准（《信访工作条例》第三十四条）。",
            ),
            A::Close => (
                who.leader
                    || (!case.backlog
                        && (who.office || (who.own_village && case.kind != Kind::Petition))),
                if case.backlog {
                    "积案由镇领导批准办结。"
                } else {
                    "由镇领导或镇综治办办结；村内矛盾纠纷由村支部书记办结。"
                },
            ),
            A::Reopen => (who.office || who.leader, "由镇综治办或镇领导重新启动。"),
            A::MarkBacklog => (who.office || who.leader, "由镇综治办或镇领导列为积案。"),
            A::ClearBacklog => (who.leader, "积案销号由镇领导批准。"),
            A::Note => (
                who.office
                    || who.leader
                    || who.handler
                    || who.offered
                    || who.own_village
                    || who.registrar
                    || who.justice,
                "由办理这件事项的人员记录。",
            ),
            A::Link => (
                who.office || who.leader || who.handler || who.own_village || who.registrar,
                "由登记人、办理单位或镇综治办关联。",
            ),
            A::HandOver => (
                who.office && case.seal != Series::Open,
                "只有检举控告件移送有权机关，由镇综治办办理。",
            ),
        },
        Action::Matter(deed) => can_with_matter(actor, &who, deed, case, matter),
        Action::ViewPaper(kind) => can_see_paper(actor, &who, kind),
        Action::MakePaper(kind) => can_make_paper(actor, &who, case, kind),
        // Not about a case.
        _ => return can_in_general(actor.role, action),
    };
    if allowed {
        Ok(())
    } else {
        Err(Denied::NotAllowed(whose))
    }
}

/// Whether a document is for the actor to see. The court sees what comes to it, whoever only
/// reported a case its receipt.
fn can_see_paper(actor: &Actor, who: &Who, kind: PaperKind) -> (bool, &'static str) {
    match actor.role {
        Role::Court => (
            who.handler || kind.concerns_court(),
            "法庭查看调解协议和司法确认申请。",
        ),
        Role::GroupInformant => (kind == PaperKind::Receipt, "文书由办理这件事项的人员查看。"),
        _ => (true, ""),
    }
}

/// Whether a document is for the actor to make: whoever does what it is about.
fn can_make_paper(
    actor: &Actor,
    who: &Who,
    case: &CaseFacts,
    kind: PaperKind,
) -> (bool, &'static str) {
    use PaperKind as K;
    let command = who.office || who.leader;
    let village = who.own_village && case.kind != Kind::Petition;
    let justice = actor.role == Role::JusticeOffice;
    match kind {
        K::Receipt => (
            command || who.handler || who.own_village || who.registrar,
            "由登记人、办理单位或镇综治办出具。",
        ),
        K::Acceptance | K::Refusal | K::Extension | K::Answer | K::Transfer => (
            command || who.handler || village,
            "由办理单位、镇综治办或镇领导出具。",
        ),
        K::Assignment | K::Order | K::ReviewAnswer | K::FinalReviewAnswer => {
            (command, "由镇综治办或镇领导出具。")
        }
        K::Agreement | K::Confirmation => (
            who.office || who.own_village || justice || (who.handler && actor.role != Role::Court),
            "由调解的村、司法所或镇综治办出具。",
        ),
        K::HearingNotice => (
            command || who.handler || justice,
            "由镇综治办、镇领导、责任单位或司法所出具。",
        ),
        K::ServiceReturn => (
            command || who.handler || who.own_village || who.registrar || justice,
            "由办理单位、登记人或镇综治办出具。",
        ),
    }
}

/// Whether a deed is the actor's, and whose it is otherwise.
fn can_with_matter(
    actor: &Actor,
    who: &Who,
    deed: Deed,
    case: &CaseFacts,
    matter: Option<&MatterFacts>,
) -> (bool, &'static str) {
    use Deed as D;
    let command = who.office || who.leader;
    let working = command || who.handler || who.own_village;
    let justice = actor.role == Role::JusticeOffice;
    // The unit whose turn it is.
    let own = |unit: &UnitId| actor.is_own_unit(unit);
    let given = who.staff && matter.is_some_and(|matter| matter.unit_id.as_ref().is_some_and(own));
    let awaited = who.staff && matter.is_some_and(|matter| matter.also.iter().any(own));
    match deed {
        D::MediationOpen => (
            working || justice || (who.registrar && who.staff),
            "由办理单位、登记人、司法所或镇综治办提出。",
        ),
        D::MediationAppoint
        | D::MediationSession
        | D::MediationAgree
        | D::MediationWrite
        | D::MediationFail
        | D::MediationFulfil
        | D::MediationBreach
        | D::MediationApply => (
            // The court, whose turn it is while it examines an agreement, only decides.
            (awaited && actor.role != Role::Court) || justice || who.office || who.own_village,
            "由调解的村、司法所或镇综治办登记。",
        ),
        D::MediationDecide => (actor.role == Role::Court, "由法庭裁定。"),
        D::HearingOpen | D::HearingNotify | D::HearingHold | D::HearingCancel => (
            command || who.handler || justice,
            "由镇综治办、镇领导、责任单位或司法所组织。",
        ),
        D::OrderOpen | D::OrderReturn | D::OrderRemind | D::OrderConclude | D::OrderPropose => {
            (command, "由镇综治办或镇领导督办。")
        }
        D::OrderReceive | D::OrderFeedback => (given, "由收到督办的单位办理。"),
        D::OrderReply => (
            awaited || command,
            "由收到建议的单位答复；镇外机关的答复由镇综治办登记。",
        ),
        D::PackageOpen => (command, "由镇综治办或镇领导确定。"),
        D::PackagePlan | D::PackageSubmit => (
            working || given,
            "由责任单位、专班牵头单位、镇综治办或镇领导登记。",
        ),
        D::PackageProgress | D::PackageDone => (
            working || given || awaited,
            "由责任单位、专班成员单位、镇综治办或镇领导登记。",
        ),
        D::PackageApprove | D::PackageReject => (who.leader, "积案销号由镇领导批准。"),
        D::ContactOpen | D::ContactNote | D::ContactReview | D::ContactEnd => (
            working || (justice && who.justice),
            "由办理这件事项的人员登记。",
        ),
        D::MeasureOpen => (
            command || (actor.role == Role::PoliceStation),
            "由派出所、镇综治办或镇领导登记。",
        ),
        D::MeasureStrike => (who.leader, "由镇领导批准划除。"),
        D::VisitOpen | D::VisitStrike => (command, "由镇综治办或镇领导登记。"),
        D::ServiceOpen | D::ServiceStrike => (
            working || who.registrar || justice,
            "由办理单位、登记人或镇综治办登记。",
        ),
        D::ReferralOpen | D::ReferralReceipt | D::ReferralWithdraw => (
            command || who.handler || (who.own_village && case.kind != Kind::Petition),
            "由责任单位、镇综治办或镇领导移交；村内矛盾纠纷由村支部书记移交。",
        ),
        D::ReferralTake | D::ReferralObject => (given, "由接收单位办理。"),
        D::EscalationOpen | D::EscalationWithdraw => (command, "由镇综治办或镇领导上报和收回。"),
        // Decided before anything that a township's people are to a case.
        D::EscalationInstruct | D::EscalationReturn => (
            actor.role == Role::CountyOffice,
            "由县级信访联席办批示和退回。",
        ),
    }
}

/// What the actor is to the case.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, named where they decide"
)]
struct Who {
    staff: bool,
    leader: bool,
    office: bool,
    handler: bool,
    /// Of the unit that it was sent to and that has not taken it yet.
    offered: bool,
    own_village: bool,
    registrar: bool,
    justice: bool,
}

impl Who {
    fn of(actor: &Actor, case: &CaseFacts) -> Self {
        let staff = !matches!(
            actor.role,
            Role::GroupInformant | Role::Auditor | Role::Administrator | Role::CountyOffice
        );
        let own = |unit: &UnitId| actor.is_own_unit(unit);
        Self {
            staff,
            leader: actor.role == Role::TownshipLeader,
            office: actor.role == Role::CoordinationOffice,
            handler: staff && case.responsible_unit_id.as_ref().is_some_and(own),
            offered: staff && case.offered_unit_id.as_ref().is_some_and(own),
            own_village: actor.role == Role::VillageSecretary
                && actor.is_own_village(case.village_id.as_ref()),
            registrar: actor.is_self(&case.registrar_id)
                || (actor.role == Role::ServiceCentre && own(&case.registrar_unit_id)),
            justice: actor.role == Role::JusticeOffice && case.mediation,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A new kind of action does not compile here until it is named, and then fails until
    /// [`Action::all`] has it.
    const fn place(action: Action) -> usize {
        match action {
            Action::ListCases => 0,
            Action::ViewCase => 1,
            Action::RegisterCase(_) => 2,
            Action::EditCase => 3,
            Action::EditPeople => 4,
            Action::RevealPerson => 5,
            Action::Attach => 6,
            Action::Photo => 7,
            Action::Alert(_) => 8,
            Action::Case(_) => 9,
            Action::Matter(_) => 10,
            Action::ViewPaper(_) => 11,
            Action::MakePaper(_) => 12,
            Action::ListMeasures => 13,
            Action::ImportLedger => 14,
            Action::Export(_) => 15,
            Action::Analysis(_) => 16,
            Action::ViewOrg => 17,
            Action::ManageOrg => 18,
            Action::ViewColleagues => 19,
            Action::ManageUsers => 20,
            Action::ViewSettings => 21,
            Action::ManageSettings => 22,
            Action::ViewAudit => 23,
            Action::Report(deed) => match deed {
                ReportDeed::View => 24,
                ReportDeed::Board => 25,
                ReportDeed::Write => 26,
                ReportDeed::Take => 27,
                ReportDeed::Dismiss => 28,
                ReportDeed::Judge => 29,
            },
            Action::Visit(_) => 30,
            Action::Reception(_) => 31,
            Action::Rate => 32,
            Action::FollowUps => 33,
            Action::QueryCode => 34,
            Action::Publicity(_) => 35,
            Action::Assessment(_) => 36,
            Action::Figures(_) => 37,
            Action::Token(deed) => match deed {
                TokenDeed::Own => 38,
                TokenDeed::Oversee => 39,
                TokenDeed::MakeFor => 47,
            },
            Action::ViewSystem => 40,
            Action::Webhook(deed) => match deed {
                WebhookDeed::Own => 41,
                WebhookDeed::Oversee => 42,
                WebhookDeed::Allow => 43,
            },
            Action::ViewFiles => 44,
            Action::County(_) => 45,
            Action::NameDeputy => 46,
        }
    }

    #[test]
    fn all_actions_are_all() {
        let places: BTreeSet<usize> = Action::all().into_iter().map(place).collect();
        assert_eq!(places, (0..48).collect());
    }

    fn secretary(user: &str, village: &str) -> Actor {
        Actor {
            user_id: user.into(),
            role: Role::VillageSecretary,
            unit_id: village.into(),
            unit_chain: vec![village.into(), "t".into()],
            township_id: "t".into(),
            former_units: Vec::new(),
            former_villages: Vec::new(),
            village_id: Some(village.into()),
            stands_in_for: Vec::new(),
        }
    }

    fn dispute(village: &str, registrar: &str) -> CaseFacts {
        CaseFacts {
            township_id: "t".into(),
            village_id: Some(village.into()),
            registrar_id: registrar.into(),
            registrar_unit_id: "t".into(),
            responsible_unit_id: None,
            offered_unit_id: None,
            unit_ids: Vec::new(),
            mediation: false,
            kind: Kind::Dispute,
            state: State::Registered,
            backlog: false,
            seal: Series::Open,
            accused_unit_id: None,
            accused_user_id: None,
            handed_up_to: None,
        }
    }

    #[test]
    fn whoever_stands_in_has_the_absents_rights_and_does_it_for_them() {
        let absent = secretary("a", "v1");
        let mut deputy = secretary("b", "v2");
        let accept = Action::Case(CaseAction::Accept);
        let theirs = dispute("v1", "x");
        assert!(!visible(&deputy, &theirs));
        let until = NaiveDate::from_ymd_opt(2026, 3, 10).unwrap();
        deputy.stands_in_for = vec![absent.absent_until("李某某", until)];
        assert!(can(&deputy, accept, Facts::Case(&theirs)).is_ok());
        let whom = |facts| on_behalf(&deputy, accept, facts).map(|absent| absent.name.as_str());
        assert_eq!(whom(Facts::Case(&theirs)), Some("李某某"));
        // What is theirs anyway is done for nobody.
        let own = dispute("v2", "x");
        assert_eq!(whom(Facts::Case(&own)), None);
        assert_eq!(deputy.self_ids(), ["b", "a"]);
        assert_eq!(deputy.own_villages(), ["v2", "v1"]);
        assert_eq!(deputy.all_chains(), ["v2", "t", "v1"]);
        let at = |unit: &str| deputy.self_in(Some(&unit.into())).1.as_str();
        assert_eq!([at("v1"), at("v2"), at("t")], ["v1", "v2", "v2"]);
        assert_eq!(deputy.self_in(Some(&"v1".into())).0.as_str(), "a");
        // Of nobody for whom the absent stands in is anything passed on.
        let mut third = secretary("c", "v3");
        third.stands_in_for = vec![deputy.absent_until("b", until)];
        assert!(visible(&third, &own) && !visible(&third, &theirs));
        // Nor what is personal.
        assert!(can(&deputy, Action::NameDeputy, Facts::User(&absent)).is_err());
        assert!(can(&absent, Action::NameDeputy, Facts::User(&absent)).is_ok());
    }

    #[test]
    fn a_seal_against_either_holds_against_whoever_stands_in() {
        let absent = secretary("a", "v1");
        let mut deputy = secretary("b", "v2");
        let sealed = |village: &str, unit: Option<&str>, user: Option<&str>| CaseFacts {
            seal: Series::Sealed,
            accused_unit_id: unit.map(Into::into),
            accused_user_id: user.map(Into::into),
            ..dispute(village, "x")
        };
        // Of their own village, against the absent: theirs to see as long as they are only themselves.
        assert!(visible(&deputy, &sealed("v2", Some("v1"), None)));
        let until = NaiveDate::from_ymd_opt(2026, 3, 10).unwrap();
        deputy.stands_in_for = vec![absent.absent_until("李某某", until)];
        for village in ["v1", "v2"] {
            for (unit, user) in [
                (Some("v1"), None),
                (Some("v2"), None),
                (None, Some("a")),
                (None, Some("b")),
            ] {
                assert!(!visible(&deputy, &sealed(village, unit, user)), "{unit:?}");
            }
            assert!(visible(&deputy, &sealed(village, Some("police"), None)));
        }
        // What its registrar alone may see.
        let alone = CaseFacts {
            seal: Series::RegistrarOnly,
            ..dispute("v1", "a")
        };
        assert!(visible(&absent, &alone) && !visible(&deputy, &alone));
    }

    #[test]
    fn what_is_of_the_installation_is_the_topmost_units() {
        let actor = |role, chain: &[&str]| Actor {
            user_id: "u".into(),
            role,
            unit_id: chain[0].into(),
            unit_chain: chain.iter().map(|id| (*id).into()).collect(),
            township_id: chain[chain.len().min(2) - 1].into(),
            former_units: Vec::new(),
            former_villages: Vec::new(),
            village_id: None,
            stands_in_for: Vec::new(),
        };
        // Of a township's office with a county above; of a township alone; of the county itself.
        let below = actor(Role::Administrator, &["office", "t", "c"]);
        let alone = actor(Role::Administrator, &["office", "t"]);
        let county = actor(Role::Administrator, &["c"]);
        let system = |actor: &Actor| can(actor, Action::ViewSystem, Facts::None).is_ok();
        assert_eq!([&below, &alone, &county].map(system), [false, true, true]);
        let make =
            |actor: &Actor, kind| can(actor, Action::ManageOrg, Facts::Townships(kind)).is_ok();
        assert!(make(&county, UnitKind::County));
        assert!(!make(&alone, UnitKind::Township));
        assert!(!make(&below, UnitKind::County));
        let change = |actor: &Actor, township: &str, kind| {
            can(
                actor,
                Action::ManageOrg,
                Facts::Unit(&township.into(), kind),
            )
            .is_ok()
        };
        assert!(change(&below, "t", UnitKind::Village));
        assert!(!change(&below, "other", UnitKind::Township));
        assert!(!change(&below, "c", UnitKind::County));
        assert!(change(&county, "t", UnitKind::Township));
        assert!(!change(&county, "t", UnitKind::Village));
        // The county's looks after the townships' administrators, and nobody else of them.
        let clerk = actor(Role::CoordinationOffice, &["office", "t", "c"]);
        let keep = |actor: &Actor, user: &Actor| {
            can(actor, Action::ManageUsers, Facts::User(user)).is_ok()
        };
        assert!(keep(&below, &clerk) && keep(&county, &below) && keep(&county, &county));
        assert!(!keep(&county, &clerk) && !keep(&below, &county));
        assert!(!keep(&clerk, &clerk));
        // Tokens for programs are made by the administrator of their own township or county alone.
        let make_for = |actor: &Actor, user: &Actor| {
            can(actor, Action::Token(TokenDeed::MakeFor), Facts::User(user))
        };
        assert!(make_for(&below, &clerk).is_ok() && make_for(&county, &county).is_ok());
        assert_eq!(make_for(&county, &below), Err(Denied::Hidden));
        assert_eq!(make_for(&alone, &county), Err(Denied::Hidden));
        for role in Role::ALL
            .iter()
            .filter(|role| **role != Role::Administrator)
        {
            let other = Actor {
                role: *role,
                ..clerk.clone()
            };
            assert!(matches!(
                make_for(&other, &clerk),
                Err(Denied::NotAllowed(_))
            ));
            let in_general = can(&other, Action::Token(TokenDeed::MakeFor), Facts::None);
            assert!(in_general.is_err(), "{role}");
        }
    }
}
