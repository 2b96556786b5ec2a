//! Legal publicity (法制宣传): campaigns by law, form, place and village, and which villages have had
//! none in a quarter. Facts about events: how many came, never who.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::access::FieldFacts;
use crate::case::input::{MAX_LONG, MAX_SHORT};
use crate::case::view::Named;
use crate::ids::{PhotoId, UnitId};
use crate::photo::PhotoView;
use crate::terms;
use crate::validate::Errors;
use crate::visit::view::Struck;

/// The most laws of one campaign.
pub const MAX_LAWS: usize = 20;
/// The largest audience and the most hand-outs that are believed.
pub const MAX_COUNT: u32 = 100_000;
/// How many days back a campaign may be entered: last year's as long as the year is assessed.
pub const BACK_DAYS: i64 = 400;
/// The longest address of a law's text, in characters.
pub const MAX_LINK: usize = 500;

terms! {
    /// How a campaign is held.
    CampaignForm, "宣传形式" {
        /// A lecture.
        Lecture = "lecture", "法治讲座";
        /// Advice at a stand: markets, fairs.
        Stand = "stand", "集中咨询";
        /// From house to house.
        Households = "households", "入户宣传";
        /// By loudspeaker or broadcast.
        Broadcast = "broadcast", "广播宣传";
        /// Boards, banners, posters.
        Posters = "posters", "展板横幅";
        /// Chat groups, short films, web pages.
        Online = "online", "网络新媒体";
        /// A case explained, a trial held in the village.
        Example = "example", "以案释法";
        /// At a school.
        School = "school", "送法进校园";
        /// Otherwise.
        Other = "other", "其他";
    }
}

terms! {
    /// What somebody wants to do about legal publicity.
    PublicityDeed, "法制宣传操作" {
        /// See campaigns and coverage.
        View = "view", "查看法制宣传";
        /// Record a campaign.
        Record = "record", "登记宣传";
        /// Correct one.
        Edit = "edit", "更正宣传记录";
        /// Strike one out.
        Strike = "strike", "划除宣传记录";
        /// Keep the library of laws.
        KeepLaws = "keep_laws", "维护法律法规目录";
    }
}

/// A law of the library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Law {
    /// Its id.
    pub id: String,
    /// Its full title, without 《》.
    pub title: String,
    /// Where its text can be read.
    pub link: Option<String>,
    /// Whether it is no longer offered for new campaigns.
    pub closed: bool,
    /// Rises with each change.
    pub version: i64,
}

/// The library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Laws {
    /// The laws, in the order of the plan.
    pub items: Vec<Law>,
}

/// A law to be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewLaw {
    /// Its full title; 《》 around it are left out.
    pub title: String,
    /// Where its text can be read: https or http.
    #[serde(default)]
    pub link: Option<String>,
}

/// A change of a law; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LawPatch {
    /// Its full title.
    #[serde(default)]
    pub title: Option<String>,
    /// Where its text can be read; empty clears.
    #[serde(default)]
    pub link: Option<String>,
    /// Whether it is no longer offered.
    #[serde(default)]
    pub closed: Option<bool>,
}

/// A title without the marks around it.
pub fn bare_title(title: &str) -> &str {
    let title = title.trim();
    title
        .strip_prefix('《')
        .and_then(|title| title.strip_suffix('》'))
        .unwrap_or(title)
        .trim()
}

fn check_link(errors: &mut Errors, link: &str) {
    let link = link.trim();
    errors.length("link", "链接", link, MAX_LINK);
    let web = link.starts_with("https://") || link.starts_with("http://");
    if !link.is_empty() && (!web || link.contains(char::is_whitespace)) {
        errors.add(
            "link",
            "invalid",
            "链接应以 https:// 或 http:// 开头，中间没有空格。",
        );
    }
}

impl NewLaw {
    /// What is wrong with the input.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        errors.text("title", "名称", bare_title(&self.title), MAX_SHORT);
        check_link(&mut errors, self.link.as_deref().unwrap_or(""));
        errors
    }
}

impl LawPatch {
    /// What is wrong with the input.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        if let Some(title) = &self.title {
            errors.text("title", "名称", bare_title(title), MAX_SHORT);
        }
        check_link(&mut errors, self.link.as_deref().unwrap_or(""));
        errors
    }
}

/// A new campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewCampaign {
    /// The day.
    pub on: NaiveDate,
    /// How it was held.
    pub form: CampaignForm,
    /// The laws that it was about.
    pub laws: Vec<String>,
    /// The village; none for the whole township.
    #[serde(default)]
    pub village_id: Option<UnitId>,
    /// Where.
    pub place: String,
    /// How many people it reached.
    pub audience: u32,
    /// How many hand-outs were given out.
    #[serde(default)]
    pub handouts: u32,
    /// What was said, which hand-outs.
    #[serde(default)]
    pub summary: Option<String>,
    /// Photos that were uploaded before.
    #[serde(default)]
    pub photos: Vec<PhotoId>,
    /// When it was recorded, by the phone's clock. Kept as what the phone says.
    #[serde(default)]
    pub recorded_at: Option<DateTime<Utc>>,
}

/// A correction of a campaign; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CampaignPatch {
    /// The day.
    #[serde(default)]
    pub on: Option<NaiveDate>,
    /// How it was held.
    #[serde(default)]
    pub form: Option<CampaignForm>,
    /// The laws.
    #[serde(default)]
    pub laws: Option<Vec<String>>,
    /// The village; an empty id is the whole township.
    #[serde(default)]
    pub village_id: Option<UnitId>,
    /// Where.
    #[serde(default)]
    pub place: Option<String>,
    /// How many people it reached.
    #[serde(default)]
    pub audience: Option<u32>,
    /// How many hand-outs.
    #[serde(default)]
    pub handouts: Option<u32>,
    /// What was said; empty clears.
    #[serde(default)]
    pub summary: Option<String>,
    /// Photos that were left out.
    #[serde(default)]
    pub add_photos: Vec<PhotoId>,
}

/// Why a campaign is struck out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct StrikeCampaign {
    /// Why.
    pub reason: String,
}

fn check_day(errors: &mut Errors, on: NaiveDate, today: NaiveDate) {
    let ago = today.signed_duration_since(on).num_days();
    if ago < 0 {
        errors.add("on", "in_future", "宣传日期不能晚于今天，办过以后再登记。");
    } else if ago > BACK_DAYS {
        let message = format!("只能补登{BACK_DAYS}天以内的宣传。");
        errors.add("on", "too_early", message);
    }
}

fn check_laws(errors: &mut Errors, laws: &[String]) {
    if laws.is_empty() {
        errors.add("laws", "required", "请至少选择一部法律法规。");
    } else if laws.len() > MAX_LAWS {
        let message = format!("一次最多选{MAX_LAWS}部，现在有{}部。", laws.len());
        errors.add("laws", "too_many", message);
    }
    if laws.iter().collect::<BTreeSet<_>>().len() < laws.len() {
        errors.add("laws", "duplicate", "同一部法律法规选了两次。");
    }
}

fn check_count(errors: &mut Errors, field: &str, name: &str, count: u32) {
    if count > MAX_COUNT {
        let message = format!("{name}最多{MAX_COUNT}，请核对。");
        errors.add(field, "out_of_range", message);
    }
}

impl NewCampaign {
    /// What is wrong with the input by itself. `today` is the day in Asia/Shanghai.
    pub fn check(&self, today: NaiveDate) -> Errors {
        let mut errors = Errors::new();
        check_day(&mut errors, self.on, today);
        check_laws(&mut errors, &self.laws);
        errors.text("place", "地点", &self.place, MAX_SHORT);
        if self.audience == 0 {
            errors.add("audience", "required", "请填写受众人数，可以估计。");
        }
        check_count(&mut errors, "audience", "受众人数", self.audience);
        check_count(&mut errors, "handouts", "发放资料份数", self.handouts);
        let summary = self.summary.as_deref().unwrap_or("");
        errors.length("summary", "宣传内容", summary, MAX_LONG);
        crate::photo::check(&mut errors, &self.photos);
        errors
    }
}

impl CampaignPatch {
    /// What is wrong with the input by itself.
    pub fn check(&self, today: NaiveDate) -> Errors {
        let mut errors = Errors::new();
        if let Some(on) = self.on {
            check_day(&mut errors, on, today);
        }
        if let Some(laws) = &self.laws {
            check_laws(&mut errors, laws);
        }
        if let Some(place) = &self.place {
            errors.text("place", "地点", place, MAX_SHORT);
        }
        if self.audience == Some(0) {
            errors.add("audience", "required", "请填写受众人数，可以估计。");
        }
        check_count(
            &mut errors,
            "audience",
            "受众人数",
            self.audience.unwrap_or(0),
        );
        check_count(
            &mut errors,
            "handouts",
            "发放资料份数",
            self.handouts.unwrap_or(0),
        );
        let summary = self.summary.as_deref().unwrap_or("");
        errors.length("summary", "宣传内容", summary, MAX_LONG);
        crate::photo::check(&mut errors, &self.add_photos);
        errors
    }
}

impl StrikeCampaign {
    /// What is wrong with the input.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::new();
        errors.text("reason", "划除的理由", &self.reason, MAX_SHORT);
        errors
    }
}

/// A campaign in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CampaignRow {
    /// Its id.
    pub id: String,
    /// The day.
    pub on: NaiveDate,
    /// How it was held.
    pub form: CampaignForm,
    /// The laws that it was about.
    pub laws: Vec<Named>,
    /// The village; none for the whole township.
    pub village: Option<Named>,
    /// Where.
    pub place: String,
    /// How many people it reached.
    pub audience: u32,
    /// How many hand-outs were given out.
    pub handouts: u32,
    /// The unit that held it.
    pub unit: Named,
    /// Whether it was struck out.
    pub struck: bool,
}

/// A campaign, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CampaignView {
    /// Its id.
    pub id: String,
    /// What the list says.
    pub row: CampaignRow,
    /// What was said.
    pub summary: Option<String>,
    /// Photos.
    pub photos: Vec<PhotoView>,
    /// Who entered it.
    pub author: Option<Named>,
    /// When, by the server's clock.
    pub entered_at: DateTime<Utc>,
    /// When it was recorded, by the phone's clock.
    pub recorded_at: Option<DateTime<Utc>>,
    /// When and why it was struck out.
    pub struck: Option<Struck>,
    /// Whether the caller may correct it.
    pub may_edit: bool,
    /// Whether the caller may strike it out.
    pub may_strike: bool,
    /// What permission decisions look at.
    pub facts: FieldFacts,
    /// Rises with each change.
    pub version: i64,
}

/// The quarter of a day, 1 to 4.
pub fn quarter(day: NaiveDate) -> u32 {
    day.month0() / 3 + 1
}

/// What a village had in a quarter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuarterCell {
    /// How many campaigns.
    pub campaigns: u32,
    /// How many people they reached together.
    pub audience: u32,
    /// How many hand-outs were given out.
    pub handouts: u32,
}

/// A village's year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VillageYear {
    /// The village; none: what was for the whole township.
    pub village: Option<Named>,
    /// The four quarters.
    pub quarters: Vec<QuarterCell>,
    /// The last campaign of the year.
    pub last_on: Option<NaiveDate>,
    /// The quarters, over or running, in which a village has had none.
    pub missing: Vec<u32>,
}

/// How often a law was publicised in a year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LawYear {
    /// The law.
    pub law: Named,
    /// How many campaigns were about it.
    pub campaigns: u32,
}

/// Coverage of a year by village, quarter and law.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PublicityYear {
    /// The year.
    pub year: i32,
    /// The server's day.
    pub today: NaiveDate,
    /// The villages, and the township's row last.
    pub villages: Vec<VillageYear>,
    /// The laws, those publicised most in front.
    pub laws: Vec<LawYear>,
    /// Villages that have had none in the last quarter that has begun; a secretary's own alone.
    #[serde(default)]
    pub total: u64,
}

/// A campaign as coverage counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The village; none for the whole township.
    pub village: Option<String>,
    /// The day.
    pub on: NaiveDate,
    /// How many people it reached.
    pub audience: u32,
    /// How many hand-outs.
    pub handouts: u32,
}

/// A village's year, or the township's: what was held there. A quarter that has not begun is not
/// missing; the township's row misses nothing, as it is the villages that are to be reached.
pub fn village_year(
    village: Option<Named>,
    year: i32,
    held: &[Held],
    today: NaiveDate,
) -> VillageYear {
    let id = village.as_ref().map(|village| village.id.as_str());
    let mut quarters = vec![QuarterCell::default(); 4];
    let mut last_on = None;
    for campaign in held {
        if campaign.village.as_deref() != id || campaign.on.year() != year {
            continue;
        }
        let at = usize::try_from(quarter(campaign.on) - 1).unwrap_or_default();
        if let Some(cell) = quarters.get_mut(at) {
            cell.campaigns += 1;
            cell.audience = cell.audience.saturating_add(campaign.audience);
            cell.handouts = cell.handouts.saturating_add(campaign.handouts);
        }
        last_on = last_on.max(Some(campaign.on));
    }
    let begun = match year.cmp(&today.year()) {
        std::cmp::Ordering::Less => 4,
        std::cmp::Ordering::Equal => quarter(today),
        std::cmp::Ordering::Greater => 0,
    };
    let missing = (1..=begun)
        .zip(&quarters)
        .filter(|(_, cell)| village.is_some() && cell.campaigns == 0)
        .map(|(quarter, _)| quarter)
        .collect();
    VillageYear {
        village,
        quarters,
        last_on,
        missing,
    }
}

/// Of the rows of a year, how many villages have had no campaign in the last quarter that has begun; with
/// `own`, of that village alone.
pub fn villages_missing(
    rows: &[VillageYear],
    year: i32,
    today: NaiveDate,
    own: Option<&str>,
) -> u64 {
    let last = match year.cmp(&today.year()) {
        std::cmp::Ordering::Less => 4,
        std::cmp::Ordering::Equal => quarter(today),
        std::cmp::Ordering::Greater => return 0,
    };
    let missing = rows.iter().filter(|row| {
        row.missing.contains(&last)
            && row
                .village
                .as_ref()
                .is_some_and(|village| own.is_none_or(|own| own == village.id))
    });
    u64::try_from(missing.count()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn campaign() -> NewCampaign {
        NewCampaign {
            on: day("2026-03-05"),
            form: CampaignForm::Lecture,
            laws: vec!["xinfang".to_owned()],
            village_id: None,
            place: "村委会".to_owned(),
            audience: 60,
            handouts: 0,
            summary: None,
            photos: Vec::new(),
            recorded_at: None,
        }
    }

    fn codes(errors: Errors) -> Vec<String> {
        errors
            .into_vec()
            .into_iter()
            .map(|error| format!("{}:{}", error.field, error.code))
            .collect()
    }

    #[test]
    fn what_a_form_checks() {
        let today = day("2026-03-10");
        assert!(codes(campaign().check(today)).is_empty());
        let wrong = NewCampaign {
            on: day("2026-03-11"),
            laws: vec!["a".into(), "a".into()],
            place: " ".into(),
            audience: 0,
            handouts: MAX_COUNT + 1,
            ..campaign()
        };
        assert_eq!(
            codes(wrong.check(today)),
            [
                "on:in_future",
                "laws:duplicate",
                "place:required",
                "audience:required",
                "handouts:out_of_range",
            ]
        );
        let link = |link: &str| {
            codes(
                NewLaw {
                    title: "《民法典》".into(),
                    link: Some(link.into()),
                }
                .check(),
            )
        };
        assert!(link("https://flk.npc.gov.cn/").is_empty() && link("").is_empty());
        assert_eq!(link("javascript:alert(1)"), ["link:invalid"]);
        assert_eq!(bare_title(" 《信访工作条例》 "), "信访工作条例");
    }

    fn held(village: &str, on: &str, audience: u32) -> Held {
        Held {
            village: (!village.is_empty()).then(|| village.to_owned()),
            on: day(on),
            audience,
            handouts: 10,
        }
    }

    #[test]
    fn quarters_that_have_begun_can_be_missing() {
        let all = [
            held("v1", "2026-01-01", 20),
            held("v1", "2026-03-31", 30),
            held("v1", "2025-12-31", 99),
            held("v2", "2026-04-01", 40),
            held("", "2026-02-01", 500),
        ];
        let named = |id: &str| {
            Some(Named {
                id: id.to_owned(),
                name: id.to_owned(),
            })
        };
        let v1 = village_year(named("v1"), 2026, &all, day("2026-05-01"));
        assert_eq!(v1.quarters[0].campaigns, 2);
        assert_eq!(v1.quarters[0].audience, 50);
        assert_eq!(v1.last_on, Some(day("2026-03-31")));
        assert_eq!(v1.missing, [2], "the second has begun, the third has not");
        let v2 = village_year(named("v2"), 2026, &all, day("2026-05-01"));
        assert_eq!(v2.missing, [1]);
        let before = village_year(named("v1"), 2025, &all, day("2026-05-01"));
        assert_eq!(before.missing, [1, 2, 3]);
        let town = village_year(None, 2026, &all, day("2026-05-01"));
        assert_eq!((town.quarters[0].audience, town.missing.len()), (500, 0));
        assert!(
            village_year(named("v1"), 2027, &all, day("2026-05-01"))
                .missing
                .is_empty()
        );
    }

    proptest! {
        /// Every campaign of the year is counted once, in one row.
        #[test]
        fn nothing_is_lost(days in prop::collection::vec((0u64..800, 0usize..3), 0..40)) {
            let all: Vec<Held> = days
                .iter()
                .map(|(after, village)| Held {
                    village: ["v1", "v2"].get(*village).map(|id| (*id).to_owned()),
                    on: day("2025-01-01") + chrono::Days::new(*after),
                    audience: 1,
                    handouts: 0,
                })
                .collect();
            let today = day("2026-06-01");
            let mut count = 0;
            for village in [Some("v1"), Some("v2"), None] {
                let village = village.map(|id| Named { id: id.into(), name: id.into() });
                let year = village_year(village, 2026, &all, today);
                count += year.quarters.iter().map(|cell| cell.campaigns).sum::<u32>();
                for quarter in &year.missing {
                    prop_assert_eq!(year.quarters[*quarter as usize - 1].campaigns, 0);
                }
            }
            let expected = all.iter().filter(|held| held.on.year() == 2026).count();
            prop_assert_eq!(count as usize, expected);
        }
    }
}
