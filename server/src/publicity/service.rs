//! What can be done about legal publicity. Each change runs inside one transaction with its audit entry.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Deserialize;
use shared::access::{Action, Facts, FieldFacts, can};
use shared::audit::AuditAction;
use shared::case::state::Refused;
use shared::case::view::{Named, Todo, TodoList};
use shared::ids::{UnitId, UserId};
use shared::org::UnitKind;
use shared::page::Page;
use shared::photo::OwnerKind;
use shared::publicity::{
    CampaignForm, CampaignPatch, CampaignRow, CampaignView, Held, Law, LawPatch, LawYear, Laws,
    NewCampaign, NewLaw, PublicityDeed, PublicityYear, StrikeCampaign, VillageYear, bare_title,
    village_year, villages_missing,
};
use shared::role::Role;
use shared::term::Term;
use shared::validate::Errors;
use shared::visit::owned;
use shared::visit::view::Struck;

use super::store::{self, CampaignRecord, Condition, LawRecord};
use crate::audit::{self, Entry};
use crate::case::coded::Coded;
use crate::case::store::utc;
use crate::case::{Desk, Error};
use crate::db::Conn;
use crate::page::cursor;
use crate::photo;
use crate::schema::{campaign_laws, campaigns};

/// The query string of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct CampaignQuery {
    /// 村；township 是全镇的
    village_id: Option<String>,
    /// 法律法规
    law_id: Option<String>,
    /// 宣传形式
    form: Option<String>,
    /// 从哪一天
    from: Option<NaiveDate>,
    /// 到哪一天
    to: Option<NaiveDate>,
    /// 每页条数，1 到 200，默认 50
    limit: Option<u32>,
    /// 上一页答复中的 next_cursor
    cursor: Option<String>,
}

/// The query string of the coverage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct YearQuery {
    /// 年份，默认今年
    year: Option<i32>,
}

/// Stands for the whole township in a query.
const TOWNSHIP: &str = "township";

fn facts(campaign: &CampaignRecord) -> FieldFacts {
    FieldFacts {
        township_id: campaign.township_id.as_str().into(),
        unit_id: campaign.unit_id.as_str().into(),
        village_id: campaign.village_id.as_deref().map(UnitId::from),
        author_id: Some(campaign.author_id.as_str().into()),
        people: Vec::new(),
    }
}

fn may(desk: &Desk, deed: PublicityDeed) -> Result<(), Error> {
    Ok(can(&desk.actor, Action::Publicity(deed), Facts::None)?)
}

/// Finds a campaign that the actor may do something with.
fn find(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    deed: PublicityDeed,
) -> Result<CampaignRecord, Error> {
    let campaign = store::find(conn, id)?.ok_or_else(Error::hidden)?;
    let facts = facts(&campaign);
    desk.actor
        .decide(Action::Publicity(deed), Facts::Field(&facts))?;
    Ok(campaign)
}

/// Whether the actor may see the campaign that a photo belongs to.
///
/// # Errors
/// The database's own.
pub(crate) fn may_see(conn: &mut Conn, desk: &Desk, id: &str) -> Result<bool, Error> {
    match find(conn, desk, id, PublicityDeed::View) {
        Ok(_) => Ok(true),
        Err(Error::Denied(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

fn log(conn: &mut Conn, desk: &Desk, detail: String) -> Result<(), Error> {
    let entry = Entry::new(AuditAction::Publicity, detail);
    audit::append(conn, &desk.context, &desk.actor, entry)?;
    Ok(())
}

fn log_campaign(
    conn: &mut Conn,
    desk: &Desk,
    what: &str,
    campaign: &CampaignRecord,
) -> Result<(), Error> {
    let village = campaign.village_id.as_deref().map(UnitId::from);
    let village = village.map_or("全镇", |id| desk.names.unit_name(&id));
    let detail = format!("{what}：{} {village}", campaign.on_day);
    log(conn, desk, detail)
}

/// Notes what is wrong with the village; a secretary's is their own.
fn check_village(desk: &Desk, errors: &mut Errors, village: Option<&UnitId>) {
    if desk.actor.role == Role::VillageSecretary && !desk.actor.is_own_village(village) {
        errors.add("village_id", "not_yours", "村支部书记只登记本村的宣传。");
        return;
    }
    let known = |id: &UnitId| {
        desk.known_unit(id)
            .is_some_and(|unit| unit.kind == UnitKind::Village)
    };
    if village.is_some_and(|id| !known(id)) {
        errors.add("village_id", "unknown", "没有这个村，请从列表中选择。");
    }
}

/// Notes an error unless every law is in the library; one that is no longer offered stays where it was.
fn check_laws(
    conn: &mut Conn,
    township: &UnitId,
    errors: &mut Errors,
    chosen: &[String],
    before: &[String],
) -> QueryResult<()> {
    let library = store::laws(conn, township)?;
    for id in chosen {
        match library.iter().find(|law| law.id == *id) {
            None => errors.add(
                "laws",
                "unknown",
                "目录中没有这部法律法规，请从列表中选择。",
            ),
            Some(law) if law.closed && !before.contains(id) => {
                let message = format!("《{}》已停用，不能再选。", law.title);
                errors.add("laws", "closed", message);
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn done(errors: Errors) -> Result<(), Error> {
    errors.into_result().map_err(Error::from)
}

fn count(of: u32) -> i32 {
    i32::try_from(of).unwrap_or(i32::MAX)
}

/// What a list shows of campaigns.
fn rows(
    conn: &mut Conn,
    desk: &Desk,
    records: &[CampaignRecord],
) -> Result<Vec<CampaignRow>, Error> {
    let ids: Vec<&str> = records
        .iter()
        .map(|campaign| campaign.id.as_str())
        .collect();
    let laws = store::laws_of(conn, &ids)?;
    let rows = records.iter().map(|campaign| CampaignRow {
        id: campaign.id.clone(),
        on: campaign.on_day,
        form: campaign.form.0,
        laws: laws
            .iter()
            .filter(|(of, ..)| *of == campaign.id)
            .map(|(_, id, title)| Named {
                id: id.clone(),
                name: title.clone(),
            })
            .collect(),
        village: desk.unit(campaign.village_id.as_deref()),
        place: campaign.place.clone(),
        audience: campaign.audience.unsigned_abs(),
        handouts: campaign.handouts.unsigned_abs(),
        unit: Named {
            id: campaign.unit_id.clone(),
            name: desk
                .names
                .unit_name(&UnitId::from(campaign.unit_id.as_str()))
                .to_owned(),
        },
        struck: campaign.struck_at.is_some(),
    });
    Ok(rows.collect())
}

/// No row has a NUL, and PostgreSQL takes none.
fn set(text: Option<&String>) -> Option<String> {
    text.map(|text| text.trim().replace('\0', "\u{fffd}"))
        .filter(|text| !text.is_empty())
}

/// A page of campaigns, the last day in front.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(super) fn page(
    conn: &mut Conn,
    desk: &Desk,
    query: CampaignQuery,
) -> Result<Page<CampaignRow>, Error> {
    may(desk, PublicityDeed::View)?;
    let mut errors = Errors::new();
    let (limit, after) =
        crate::page::place::<(NaiveDate, String)>(query.limit, query.cursor.clone(), &mut errors);
    let form = set(query.form.as_ref()).map(|form| CampaignForm::from_code(&form));
    if form == Some(None) {
        errors.add("form", "unknown", "没有这种宣传形式。");
    }
    done(errors)?;
    let chosen = || -> Condition {
        let township = desk.actor.township_id.as_str().to_owned();
        let mut all: Condition = Box::new(campaigns::township_id.eq(township));
        if let Some(form) = form.flatten() {
            all = Box::new(all.and(campaigns::form.eq(form.code())));
        }
        match set(query.village_id.as_ref()) {
            Some(id) if id == TOWNSHIP => {
                all = Box::new(all.and(campaigns::village_id.is_null()));
            }
            Some(id) => {
                let here = campaigns::village_id.eq_any(desk.names.with_former(id.as_str()));
                all = Box::new(all.and(here.assume_not_null()));
            }
            None => {}
        }
        if let Some(law) = set(query.law_id.as_ref()) {
            let about = campaign_laws::table
                .filter(campaign_laws::law_id.eq(law))
                .select(campaign_laws::campaign_id);
            all = Box::new(all.and(campaigns::id.eq_any(about)));
        }
        if let Some(from) = query.from {
            all = Box::new(all.and(campaigns::on_day.ge(from)));
        }
        if let Some(to) = query.to {
            all = Box::new(all.and(campaigns::on_day.le(to)));
        }
        all
    };
    let total: i64 = campaigns::table.filter(chosen()).count().get_result(conn)?;
    let mut found = campaigns::table
        .filter(chosen())
        .order((campaigns::on_day.desc(), campaigns::id.desc()))
        .limit(limit + 1)
        .select(CampaignRecord::as_select())
        .into_boxed();
    if let Some((day, id)) = after {
        found = found.filter(
            campaigns::on_day
                .le(day)
                .and(campaigns::on_day.lt(day).or(campaigns::id.lt(id))),
        );
    }
    let mut records: Vec<CampaignRecord> = found.load(conn)?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = records.len() > most;
    records.truncate(most);
    let last = records.last().filter(|_| more);
    let next_cursor = last.map(|campaign| cursor(&(campaign.on_day, campaign.id.as_str())));
    Ok(Page {
        items: rows(conn, desk, &records)?,
        next_cursor,
        total: total.unsigned_abs(),
    })
}

/// A campaign, whole.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(super) fn show(conn: &mut Conn, desk: &Desk, id: &str) -> Result<CampaignView, Error> {
    let campaign = find(conn, desk, id, PublicityDeed::View)?;
    let facts = facts(&campaign);
    let allowed = |deed: PublicityDeed| {
        let about = Facts::Field(&facts);
        campaign.struck_at.is_none() && can(&desk.actor, Action::Publicity(deed), about).is_ok()
    };
    let mut rows = rows(conn, desk, std::slice::from_ref(&campaign))?;
    Ok(CampaignView {
        id: campaign.id.clone(),
        row: rows.pop().ok_or_else(Error::hidden)?,
        photos: photo::of(conn, OwnerKind::Publicity, id)?,
        author: desk.user(Some(&campaign.author_id)),
        entered_at: utc(campaign.entered_at),
        recorded_at: campaign.recorded_at.map(utc),
        struck: campaign.struck_at.map(|at| Struck {
            at: utc(at),
            actor: Named {
                id: campaign.struck_by.clone().unwrap_or_default(),
                name: campaign
                    .struck_by
                    .as_deref()
                    .map_or("", |id| desk.names.user_name(&UserId::from(id)))
                    .to_owned(),
            },
            reason: campaign.struck_why.clone().unwrap_or_default(),
        }),
        may_edit: allowed(PublicityDeed::Edit),
        may_strike: allowed(PublicityDeed::Strike),
        summary: campaign.summary.clone(),
        version: campaign.version,
        facts,
    })
}

/// Records a campaign.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(crate) fn record(
    conn: &mut Conn,
    desk: &Desk,
    input: &NewCampaign,
) -> Result<CampaignView, Error> {
    may(desk, PublicityDeed::Record)?;
    let mut errors = input.check(desk.context.today());
    check_village(desk, &mut errors, input.village_id.as_ref());
    check_laws(conn, &desk.actor.township_id, &mut errors, &input.laws, &[])?;
    done(errors)?;
    let campaign = CampaignRecord {
        id: crate::ids::new_id(),
        township_id: desk.actor.township_id.as_str().to_owned(),
        unit_id: desk.actor.unit_id.as_str().to_owned(),
        author_id: desk.actor.user_id.as_str().to_owned(),
        on_day: input.on,
        form: Coded(input.form),
        village_id: input.village_id.as_ref().map(|id| id.as_str().to_owned()),
        place: input.place.trim().to_owned(),
        audience: count(input.audience),
        handouts: count(input.handouts),
        summary: owned(input.summary.as_deref()),
        entered_at: desk.context.now.naive_utc(),
        recorded_at: input.recorded_at.map(crate::visit::service::millis),
        struck_at: None,
        struck_by: None,
        struck_why: None,
        version: 1,
    };
    store::insert(conn, &campaign)?;
    store::set_laws(conn, &campaign.id, &input.laws)?;
    photo::claim(
        conn,
        desk,
        OwnerKind::Publicity,
        &campaign.id,
        &input.photos,
    )?;
    log_campaign(conn, desk, "登记法制宣传", &campaign)?;
    show(conn, desk, &campaign.id)
}

/// That the caller has seen the campaign as it stands, and that it was not struck out.
fn ready(campaign: &CampaignRecord, seen: i64) -> Result<(), Error> {
    if campaign.version != seen {
        return Err(Error::Stale);
    }
    if campaign.struck_at.is_some() {
        return Err(Refused("这条宣传记录已经划除。".to_owned()).into());
    }
    Ok(())
}

fn save(
    conn: &mut Conn,
    desk: &Desk,
    mut campaign: CampaignRecord,
    what: &str,
) -> Result<CampaignView, Error> {
    let seen = campaign.version;
    campaign.version = seen + 1;
    if !store::save(conn, &campaign, seen)? {
        return Err(Error::Stale);
    }
    log_campaign(conn, desk, what, &campaign)?;
    show(conn, desk, &campaign.id)
}

/// Corrects a campaign.
///
/// # Errors
/// [`Error::Denied`], [`Error::Stale`], [`Error::Refused`], [`Error::Invalid`], the database's own.
pub(super) fn patch(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    seen: i64,
    input: &CampaignPatch,
) -> Result<CampaignView, Error> {
    let mut campaign = find(conn, desk, id, PublicityDeed::Edit)?;
    ready(&campaign, seen)?;
    let mut errors = input.check(desk.context.today());
    let village = match &input.village_id {
        None => campaign.village_id.as_deref().map(UnitId::from),
        Some(id) => Some(id.clone()).filter(|id| !id.as_str().is_empty()),
    };
    if input.village_id.is_some() {
        check_village(desk, &mut errors, village.as_ref());
    }
    if let Some(chosen) = &input.laws {
        let before = store::laws_of(conn, &[id])?;
        let before: Vec<String> = before.into_iter().map(|(_, law, _)| law).collect();
        check_laws(conn, &desk.actor.township_id, &mut errors, chosen, &before)?;
    }
    done(errors)?;
    campaign.village_id = village.map(UnitId::into_string);
    campaign.on_day = input.on.unwrap_or(campaign.on_day);
    campaign.form = input.form.map_or(campaign.form, Coded);
    if let Some(place) = &input.place {
        campaign.place = place.trim().to_owned();
    }
    campaign.audience = input.audience.map_or(campaign.audience, count);
    campaign.handouts = input.handouts.map_or(campaign.handouts, count);
    if input.summary.is_some() {
        campaign.summary = owned(input.summary.as_deref());
    }
    if let Some(chosen) = &input.laws {
        store::set_laws(conn, id, chosen)?;
    }
    photo::claim(conn, desk, OwnerKind::Publicity, id, &input.add_photos)?;
    save(conn, desk, campaign, "更正法制宣传")
}

/// Strikes a campaign out: it can still be seen, and counts no more.
///
/// # Errors
/// [`Error::Denied`], [`Error::Stale`], [`Error::Refused`], [`Error::Invalid`], the database's own.
pub(super) fn strike(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    seen: i64,
    input: &StrikeCampaign,
) -> Result<CampaignView, Error> {
    let mut campaign = find(conn, desk, id, PublicityDeed::Strike)?;
    ready(&campaign, seen)?;
    done(input.check())?;
    campaign.struck_at = Some(desk.context.now.naive_utc());
    campaign.struck_by = Some(desk.actor.user_id.as_str().to_owned());
    campaign.struck_why = Some(input.reason.trim().to_owned());
    save(conn, desk, campaign, "划除法制宣传")
}

/// Coverage of a year by village, quarter and law.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(super) fn year(conn: &mut Conn, desk: &Desk, query: YearQuery) -> Result<PublicityYear, Error> {
    use chrono::Datelike;
    may(desk, PublicityDeed::View)?;
    let today = desk.context.today();
    let year = query.year.unwrap_or_else(|| today.year());
    let (records, villages) = rows_of(conn, desk, year)?;
    Ok(PublicityYear {
        year,
        today,
        total: missing(desk, &villages, year, today),
        villages,
        laws: by_law(conn, &desk.actor.township_id, &records)?,
    })
}

/// How many villages have had none: of all, of a secretary's own, and of those whom they stand in for.
fn missing(desk: &Desk, villages: &[VillageYear], year: i32, today: NaiveDate) -> u64 {
    if desk.actor.role != Role::VillageSecretary {
        return villages_missing(villages, year, today, None);
    }
    let own = desk.actor.selves().map(|(_, unit)| unit.as_str());
    own.map(|unit| villages_missing(villages, year, today, Some(unit)))
        .sum()
}

/// What the home page says of publicity: villages that have had none in the running quarter.
///
/// # Errors
/// The database's own.
pub(crate) fn todos(conn: &mut Conn, desk: &Desk) -> Result<Vec<Todo>, Error> {
    use chrono::Datelike;
    let hint = match desk.actor.role {
        Role::VillageSecretary => "每个季度至少开展一次，登记形式、地点和参加人数",
        Role::CoordinationOffice | Role::JusticeOffice => "每个村每个季度至少开展一次",
        _ => return Ok(Vec::new()),
    };
    let today = desk.context.today();
    let (_, villages) = rows_of(conn, desk, today.year())?;
    Ok(vec![Todo {
        title: "本季度还没有法制宣传的村".to_owned(),
        hint: hint.to_owned(),
        count: missing(desk, &villages, today.year(), today),
        list: TodoList::Publicity,
        query: format!("year={}", today.year()),
        urgent: false,
    }])
}

/// The campaigns of a year, and the rows of the villages with the township's last.
fn rows_of(
    conn: &mut Conn,
    desk: &Desk,
    year: i32,
) -> Result<(Vec<CampaignRecord>, Vec<VillageYear>), Error> {
    let today = desk.context.today();
    let bounds = (
        NaiveDate::from_ymd_opt(year, 1, 1),
        NaiveDate::from_ymd_opt(year, 12, 31),
    );
    let (Some(from), Some(to), true) = (bounds.0, bounds.1, (2000..=2100).contains(&year)) else {
        let mut errors = Errors::new();
        errors.add("year", "out_of_range", "年份应在2000至2100之间。");
        return Err(errors.into());
    };
    let township = desk.actor.township_id.as_str();
    let records = store::held(conn, township, from, to)?;
    let held: Vec<Held> = records
        .iter()
        .map(|campaign| Held {
            village: campaign.village_id.as_deref().map(|id| {
                let village = desk.names.unit_as_of(&id.into(), to.min(today));
                village.into_string()
            }),
            on: campaign.on_day,
            audience: campaign.audience.unsigned_abs(),
            handouts: campaign.handouts.unsigned_abs(),
        })
        .collect();
    let names = &desk.names;
    // A closed village's row stays where it has something to show.
    let shown = names.units().iter().filter(|unit| {
        unit.kind == UnitKind::Village
            && names.is_within(&unit.id, &desk.actor.township_id)
            && (!unit.closed
                || held
                    .iter()
                    .any(|one| one.village.as_deref() == Some(unit.id.as_str())))
    });
    let mut villages: Vec<VillageYear> = shown
        .map(|unit| {
            let village = Named {
                id: unit.id.as_str().to_owned(),
                name: unit.name.clone(),
            };
            village_year(Some(village), year, &held, today)
        })
        .collect();
    villages.push(village_year(None, year, &held, today));
    Ok((records, villages))
}

/// How often each law was publicised; those that still wait for it stand at the end.
fn by_law(
    conn: &mut Conn,
    township: &UnitId,
    records: &[CampaignRecord],
) -> Result<Vec<LawYear>, Error> {
    let mut laws: Vec<(LawYear, bool)> = store::laws(conn, township)?
        .into_iter()
        .map(|law| {
            let year = LawYear {
                law: Named {
                    id: law.id,
                    name: law.title,
                },
                campaigns: 0,
            };
            (year, law.closed)
        })
        .collect();
    for some in records.chunks(500) {
        let ids: Vec<&str> = some.iter().map(|campaign| campaign.id.as_str()).collect();
        for (_, id, _) in store::laws_of(conn, &ids)? {
            if let Some((year, _)) = laws.iter_mut().find(|(year, _)| year.law.id == id) {
                year.campaigns += 1;
            }
        }
    }
    laws.retain(|(year, closed)| year.campaigns > 0 || !closed);
    let mut laws: Vec<LawYear> = laws.into_iter().map(|(year, _)| year).collect();
    laws.sort_by_key(|year| std::cmp::Reverse(year.campaigns));
    Ok(laws)
}

/// The library.
///
/// # Errors
/// [`Error::Denied`] and the database's own.
pub(crate) fn laws(conn: &mut Conn, desk: &Desk) -> Result<Laws, Error> {
    may(desk, PublicityDeed::View)?;
    let items = store::laws(conn, &desk.actor.township_id)?;
    Ok(Laws {
        items: items.into_iter().map(LawRecord::view).collect(),
    })
}

/// Notes an error if another law has the title.
fn check_title(
    conn: &mut Conn,
    township: &UnitId,
    errors: &mut Errors,
    title: &str,
    but: Option<&str>,
) -> QueryResult<()> {
    let there = store::laws(conn, township)?
        .into_iter()
        .any(|law| law.title == title && Some(law.id.as_str()) != but);
    if there {
        errors.add("title", "duplicate", "目录中已经有这部法律法规。");
    }
    Ok(())
}

/// Adds a law to the library.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], the database's own.
pub(super) fn add_law(conn: &mut Conn, desk: &Desk, input: &NewLaw) -> Result<Law, Error> {
    may(desk, PublicityDeed::KeepLaws)?;
    let title = bare_title(&input.title);
    let mut errors = input.check();
    check_title(conn, &desk.actor.township_id, &mut errors, title, None)?;
    done(errors)?;
    let last = store::laws(conn, &desk.actor.township_id)?
        .last()
        .map_or(0, |law| law.position);
    let law = LawRecord {
        id: crate::ids::new_id(),
        township_id: Some(desk.actor.township_id.as_str().to_owned()),
        title: title.to_owned(),
        link: owned(input.link.as_deref()),
        closed: false,
        position: last.saturating_add(1),
        version: 1,
    };
    store::insert_law(conn, &law)?;
    log(conn, desk, format!("法律法规目录增加《{}》", law.title))?;
    Ok(law.view())
}

/// Changes a law of the library.
///
/// # Errors
/// [`Error::Denied`], [`Error::Stale`], [`Error::Invalid`], the database's own.
pub(super) fn patch_law(
    conn: &mut Conn,
    desk: &Desk,
    id: &str,
    seen: i64,
    input: &LawPatch,
) -> Result<Law, Error> {
    may(desk, PublicityDeed::KeepLaws)?;
    let mut law = store::law(conn, &desk.actor.township_id, id)?.ok_or_else(Error::hidden)?;
    if law.version != seen {
        return Err(Error::Stale);
    }
    let mut errors = input.check();
    if let Some(title) = &input.title {
        check_title(
            conn,
            &desk.actor.township_id,
            &mut errors,
            bare_title(title),
            Some(id),
        )?;
    }
    done(errors)?;
    if let Some(title) = &input.title {
        law.title = bare_title(title).to_owned();
    }
    if input.link.is_some() {
        law.link = owned(input.link.as_deref());
    }
    law.closed = input.closed.unwrap_or(law.closed);
    law.version = seen + 1;
    if !store::save_law(conn, &law, seen)? {
        return Err(Error::Stale);
    }
    log(conn, desk, format!("法律法规目录修改《{}》", law.title))?;
    Ok(law.view())
}
