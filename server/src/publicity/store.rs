//! Rows of campaigns and laws.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use shared::ids::UnitId;
use shared::publicity::{CampaignForm, Law};

use crate::case::coded::Coded;
use crate::case::scope::Backend;
use crate::db::Conn;
use crate::schema::{campaign_laws, campaigns, laws};

/// A condition on campaigns.
pub(super) type Condition = Box<dyn BoxableExpression<campaigns::table, Backend, SqlType = Bool>>;

/// A campaign as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = campaigns,
    treat_none_as_null = true,
    treat_none_as_default_value = false
)]
pub(super) struct CampaignRecord {
    pub(super) id: String,
    pub(super) township_id: String,
    pub(super) unit_id: String,
    pub(super) author_id: String,
    pub(super) on_day: NaiveDate,
    pub(super) form: Coded<CampaignForm>,
    pub(super) village_id: Option<String>,
    pub(super) place: String,
    pub(super) audience: i32,
    pub(super) handouts: i32,
    pub(super) summary: Option<String>,
    pub(super) entered_at: NaiveDateTime,
    pub(super) recorded_at: Option<NaiveDateTime>,
    pub(super) struck_at: Option<NaiveDateTime>,
    pub(super) struck_by: Option<String>,
    pub(super) struck_why: Option<String>,
    pub(super) version: i64,
}

/// A law as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = laws,
    treat_none_as_null = true,
    treat_none_as_default_value = false
)]
pub(super) struct LawRecord {
    pub(super) id: String,
    /// Whose library it is in; of nobody's before the first run.
    pub(super) township_id: Option<String>,
    pub(super) title: String,
    pub(super) link: Option<String>,
    pub(super) closed: bool,
    pub(super) position: i32,
    pub(super) version: i64,
}

impl LawRecord {
    /// As the API gives it.
    pub(super) fn view(self) -> Law {
        Law {
            id: self.id,
            title: self.title,
            link: self.link,
            closed: self.closed,
            version: self.version,
        }
    }
}

pub(super) fn find(conn: &mut Conn, id: &str) -> QueryResult<Option<CampaignRecord>> {
    campaigns::table
        .find(id)
        .select(CampaignRecord::as_select())
        .first(conn)
        .optional()
}

pub(super) fn insert(conn: &mut Conn, campaign: &CampaignRecord) -> QueryResult<()> {
    diesel::insert_into(campaigns::table)
        .values(campaign)
        .execute(conn)
        .map(drop)
}

/// Saves a campaign that was read at `version`; whether it still stood at that.
pub(super) fn save(conn: &mut Conn, campaign: &CampaignRecord, version: i64) -> QueryResult<bool> {
    diesel::update(
        campaigns::table
            .find(&campaign.id)
            .filter(campaigns::version.eq(version)),
    )
    .set(campaign)
    .execute(conn)
    .map(|rows| rows == 1)
}

/// The laws of some campaigns, in their order: campaign, law, title.
pub(super) fn laws_of(conn: &mut Conn, ids: &[&str]) -> QueryResult<Vec<(String, String, String)>> {
    campaign_laws::table
        .inner_join(laws::table.on(laws::id.eq(campaign_laws::law_id)))
        .filter(campaign_laws::campaign_id.eq_any(ids))
        .order((campaign_laws::campaign_id, campaign_laws::position))
        .select((campaign_laws::campaign_id, laws::id, laws::title))
        .load(conn)
}

/// Writes which laws a campaign was about.
pub(super) fn set_laws(conn: &mut Conn, id: &str, of: &[String]) -> QueryResult<()> {
    diesel::delete(campaign_laws::table.filter(campaign_laws::campaign_id.eq(id))).execute(conn)?;
    for (position, law) in of.iter().enumerate() {
        let row = (
            campaign_laws::campaign_id.eq(id),
            campaign_laws::law_id.eq(law),
            campaign_laws::position.eq(i32::try_from(position).unwrap_or(i32::MAX)),
        );
        diesel::insert_into(campaign_laws::table)
            .values(row)
            .execute(conn)?;
    }
    Ok(())
}

/// The campaigns of a township from one day to another that were not struck out.
pub(super) fn held(
    conn: &mut Conn,
    township: &str,
    from: NaiveDate,
    to: NaiveDate,
) -> QueryResult<Vec<CampaignRecord>> {
    campaigns::table
        .filter(campaigns::township_id.eq(township))
        .filter(campaigns::struck_at.is_null())
        .filter(campaigns::on_day.ge(from))
        .filter(campaigns::on_day.le(to))
        .order((campaigns::on_day, campaigns::id))
        .select(CampaignRecord::as_select())
        .load(conn)
}

/// A township's library, in its order.
pub(super) fn laws(conn: &mut Conn, township: &UnitId) -> QueryResult<Vec<LawRecord>> {
    laws::table
        .filter(laws::township_id.eq(township.as_str()))
        .order((laws::position, laws::id))
        .select(LawRecord::as_select())
        .load(conn)
}

/// A law of a township's library.
pub(super) fn law(conn: &mut Conn, township: &UnitId, id: &str) -> QueryResult<Option<LawRecord>> {
    laws::table
        .find(id)
        .filter(laws::township_id.eq(township.as_str()))
        .select(LawRecord::as_select())
        .first(conn)
        .optional()
}

/// Gives a township its library: what the database came with, where nobody has that yet; else a copy of
/// what another has in use.
pub(crate) fn begin_library(
    conn: &mut Conn,
    township: &UnitId,
    like: Option<&UnitId>,
) -> QueryResult<()> {
    let Some(like) = like else {
        return diesel::update(laws::table.filter(laws::township_id.is_null()))
            .set(laws::township_id.eq(township.as_str()))
            .execute(conn)
            .map(drop);
    };
    for law in laws(conn, like)?.into_iter().filter(|law| !law.closed) {
        let copy = LawRecord {
            id: crate::ids::new_id(),
            township_id: Some(township.as_str().to_owned()),
            version: 1,
            ..law
        };
        insert_law(conn, &copy)?;
    }
    Ok(())
}

pub(super) fn insert_law(conn: &mut Conn, law: &LawRecord) -> QueryResult<()> {
    diesel::insert_into(laws::table)
        .values(law)
        .execute(conn)
        .map(drop)
}

/// Saves a law that was read at `version`; whether it still stood at that.
pub(super) fn save_law(conn: &mut Conn, law: &LawRecord, version: i64) -> QueryResult<bool> {
    diesel::update(laws::table.find(&law.id).filter(laws::version.eq(version)))
        .set(law)
        .execute(conn)
        .map(|rows| rows == 1)
}
