//! What may be done with settings.

use diesel::result::Error as DieselError;
use shared::access::{Action, Denied, Facts, can};
use shared::audit::AuditAction;
use shared::case::deadline::LawProfile;
use shared::problem::FieldError;
use shared::settings::{NewLawProfile, Reporting, Settings, SettingsPatch};
use shared::term::Term;
use shared::validate::Errors;

use super::store;
use crate::audit::{self, Entry};
use crate::auth::Actor;
use crate::context::RequestContext;
use crate::db::Conn;
use crate::error::ApiError;
use crate::idempotency::{self, Answer, Claim, Made};
use crate::org;
use crate::state::State;

/// Why a setting is not as wished.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("invalid fields")]
    Invalid(Vec<FieldError>),
    #[error("changed since it was read")]
    Stale,
    #[error(transparent)]
    Org(#[from] org::service::Error),
    #[error(transparent)]
    Idempotency(#[from] idempotency::Error),
    #[error(transparent)]
    Database(#[from] DieselError),
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(denied) => denied.into(),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::Stale => Self::stale(),
            Error::Org(error) => error.into(),
            Error::Idempotency(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}

/// The settings in force.
pub(super) async fn get(state: &State, actor: &Actor) -> Result<Settings, Error> {
    can(actor, Action::ViewSettings, Facts::None)?;
    let directory = state.directory.current().await?;
    let general = directory.general(&actor.township_id);
    Ok(Settings {
        township_name: directory.unit_name(&actor.township_id).to_owned(),
        urgent_hours: general.urgent_hours,
        reminders: general.reminders,
        reporting: general.reporting,
        visits_per_week: general.visits_per_week,
        notices: general.notices.clone(),
        alerts: general.alerts,
        second_factor_roles: general.second_factor_roles.clone(),
        papers: general.papers.clone(),
        version: general.version,
    })
}

/// Changes settings.
pub(super) async fn change(
    state: &State,
    context: &RequestContext,
    actor: Actor,
    seen: i64,
    patch: SettingsPatch,
) -> Result<Answer, Error> {
    can(&actor, Action::ManageSettings, Facts::None)?;
    patch.check().into_result().map_err(Error::Invalid)?;
    let (context, by) = (context.clone(), actor.clone());
    state
        .db
        .write(move |conn| update(conn, &context, &by, seen, patch))
        .await?;
    state.directory.invalidate();
    let settings = get(state, &actor).await?;
    let version = settings.version;
    Ok(Answer::of(Made::changed(settings, version))?)
}

fn update(
    conn: &mut Conn,
    context: &RequestContext,
    actor: &Actor,
    seen: i64,
    patch: SettingsPatch,
) -> Result<(), Error> {
    let mut general = store::to_change(conn, actor)?;
    if general.version != seen {
        return Err(Error::Stale);
    }
    let mut what = Vec::new();
    if let Some(hours) = patch.urgent_hours {
        what.push(format!(
            "重要信息报送时限由{}小时改为{hours}小时",
            general.urgent_hours
        ));
        general.urgent_hours = hours;
    }
    if let Some(new) = patch.reminders {
        let old = general.reminders;
        what.push(format!(
            "督办黄牌提醒由提前{}日改为提前{}日，红牌提醒由逾期{}日改为逾期{}日",
            old.yellow_days, new.yellow_days, old.red_days, new.red_days
        ));
        general.reminders = new;
    }
    if let Some(new) = patch.reporting {
        let told = |at: Reporting| {
            let days = if at.daily_rest_days {
                "每天"
            } else {
                "工作日"
            };
            let from = at.from.map(|day| format!("，自{day}起"));
            format!(
                "日报告{days}{}点前、周报告星期{}{}点前、月报告{}点前{}",
                at.daily_hour,
                at.weekly_weekday,
                at.weekly_hour,
                at.monthly_hour,
                from.unwrap_or_default()
            )
        };
        what.push(format!(
            "排查报告时限由{}改为{}",
            told(general.reporting),
            told(new)
        ));
        general.reporting = new;
    }
    if let Some(visits) = patch.visits_per_week {
        what.push(format!(
            "每周走访次数由{}次改为{visits}次",
            general.visits_per_week
        ));
        general.visits_per_week = visits;
    }
    if let Some(new) = patch.notices {
        what.push(format!(
            "事项期限前{}日、专项期限前{}日提醒，每日汇总{}",
            listed(&new.case_days),
            listed(&new.matter_days),
            new.digest_at
        ));
        general.notices = new;
    }
    if let Some(new) = patch.alerts {
        let old = general.alerts;
        what.push(format!(
            "重要信息签收时限由{}分钟改为{}分钟，派处置时限由{}分钟改为{}分钟",
            old.acknowledge_minutes,
            new.acknowledge_minutes,
            old.dispatch_minutes,
            new.dispatch_minutes
        ));
        general.alerts = new;
    }
    if let Some(new) = patch.second_factor_roles {
        what.push(match new.as_slice() {
            [] => "不再要求任何角色设置两步验证".to_owned(),
            roles => {
                let labels: Vec<&str> = roles.iter().map(|role| role.label()).collect();
                format!("要求这些角色设置两步验证：{}", labels.join("、"))
            }
        });
        general.second_factor_roles = new;
    }
    if let Some(new) = patch.papers {
        let new = new.tidy();
        let changes = new.changes(&general.papers);
        if !changes.is_empty() {
            what.push(format!("文书文字：{}", changes.join("、")));
        }
        general.papers = new;
    }
    if let Some(name) = patch.township_name {
        org::service::rename(conn, context, &actor.township_id, name.trim())?;
        what.push(format!("乡镇名称改为“{}”", name.trim()));
    }
    general.version = seen.saturating_add(1);
    store::set_general(conn, &actor.township_id, &general, context.now)?;
    let entry = Entry::new(
        AuditAction::SettingWrite,
        format!("修改设置：{}", what.join("，")),
    );
    audit::append(conn, context, actor, entry)?;
    Ok(())
}

fn listed(days: &[u32]) -> String {
    let days: Vec<String> = days.iter().map(u32::to_string).collect();
    days.join("、")
}

/// The law profiles that hold in the caller's township, by the date in force.
pub(super) async fn law_profiles(state: &State, actor: &Actor) -> Result<Vec<LawProfile>, Error> {
    let directory = state.directory.current().await?;
    let profiles = directory.law_profiles(&actor.township_id);
    Ok(profiles.into_iter().cloned().collect())
}

/// Adds a law profile. None is ever changed: cases are counted by the one they were received under.
pub(super) async fn add_law_profile(
    state: &State,
    context: &RequestContext,
    actor: Actor,
    input: NewLawProfile,
    claim: Claim,
) -> Result<Answer, Error> {
    can(&actor, Action::ManageSettings, Facts::None)?;
    input.check().into_result().map_err(Error::Invalid)?;
    let context = context.clone();
    let answer = state
        .db
        .write(move |conn| claim.once(conn, |conn| insert(conn, &context, &actor, input)))
        .await?;
    state.directory.invalidate();
    Ok(answer)
}

fn insert(
    conn: &mut Conn,
    context: &RequestContext,
    actor: &Actor,
    input: NewLawProfile,
) -> Result<Made<LawProfile>, Error> {
    crate::directory::touch(conn)?;
    let profiles = store::law_profiles(conn)?;
    // The county's of that day may be another: the township's own counts before it.
    let township = &actor.township_id;
    let there = profiles.iter().any(|(by, profile)| {
        by.as_ref().is_none_or(|by| by == township) && profile.in_force_from == input.in_force_from
    });
    if there {
        let mut errors = Errors::new();
        errors.add(
            "in_force_from",
            "duplicate",
            "已有从这一天起施行的期限规定。",
        );
        return Err(Error::Invalid(errors.into_vec()));
    }
    let profile = LawProfile {
        id: crate::ids::new_id(),
        title: input.title.trim().to_owned(),
        in_force_from: input.in_force_from,
        limits: input.limits,
    };
    store::insert_law_profile(
        conn,
        &profile,
        (township, actor.user_id.as_str()),
        context.now,
    )?;
    let detail = format!(
        "新增期限规定“{}”，自{}起",
        profile.title, profile.in_force_from
    );
    audit::append(
        conn,
        context,
        actor,
        Entry::new(AuditAction::SettingWrite, detail),
    )?;
    Ok(Made {
        location: None,
        version: None,
        ..Made::created(profile, 1, "")
    })
}
