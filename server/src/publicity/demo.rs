//! Made-up campaigns for the demo: this year's quarters as far as they have come, some villages still
//! without one.

use chrono::{Datelike, NaiveDate};
use shared::publicity::{CampaignForm, NewCampaign};
use shared::role::Role;

use super::service;
use super::store;
use crate::db::Conn;
use crate::demo::Error;
use crate::demo::cast::{Cast, at, wrong};

/// A campaign: month and day, village (none: the township), form, place, audience and hand-outs, laws by
/// their place in the library, what was said.
type Line = (
    (u32, u32),
    Option<&'static str>,
    CampaignForm,
    &'static str,
    (u32, u32),
    &'static [usize],
    &'static str,
);

const LINES: &[Line] = &[
    (
        (1, 14),
        Some("五里墩村"),
        CampaignForm::Households,
        "1至4社",
        (62, 60),
        &[0, 1],
        "逐户讲信访怎样受理、多久答复，发明白卡。",
    ),
    (
        (1, 22),
        Some("平川村"),
        CampaignForm::Lecture,
        "村党群服务中心",
        (85, 80),
        &[1, 2],
        "土地流转合同怎样签、租金怎样约定。",
    ),
    (
        (2, 10),
        None,
        CampaignForm::Stand,
        "平川集市",
        (310, 400),
        &[0, 1, 3],
        "年前集中咨询，三名律师在场。",
    ),
    (
        (2, 26),
        Some("四坝村"),
        CampaignForm::Broadcast,
        "村村响广播",
        (400, 0),
        &[2],
        "连播一周，讲人民调解和司法确认。",
    ),
    (
        (3, 6),
        Some("三一村"),
        CampaignForm::Example,
        "村民小广场",
        (73, 50),
        &[1],
        "用宅基地界址纠纷说法。",
    ),
    (
        (4, 16),
        Some("芦湾村"),
        CampaignForm::School,
        "芦湾小学",
        (120, 120),
        &[3],
        "送法进校园。",
    ),
    (
        (5, 12),
        Some("五里墩村"),
        CampaignForm::Posters,
        "村务公开栏",
        (150, 0),
        &[0],
        "展板讲依法逐级走访。",
    ),
    (
        (6, 3),
        Some("一工城村"),
        CampaignForm::Lecture,
        "高标准农田工地",
        (46, 46),
        &[1, 2],
        "务工人员怎样依法讨薪。",
    ),
    (
        (7, 20),
        Some("贾家墩村"),
        CampaignForm::Households,
        "居民点",
        (38, 40),
        &[1],
        "讲灌溉用水次序和相邻关系。",
    ),
    (
        (8, 18),
        Some("平川村"),
        CampaignForm::Online,
        "村民微信群",
        (260, 0),
        &[0, 2],
        "短视频讲信访事项三级终结。",
    ),
    (
        (9, 9),
        Some("三三村"),
        CampaignForm::Example,
        "老居民点",
        (54, 30),
        &[1],
        "赡养纠纷以案释法。",
    ),
    (
        (10, 15),
        Some("五里墩村"),
        CampaignForm::Lecture,
        "村党群服务中心",
        (90, 90),
        &[0, 1],
        "请司法所讲调解协议的效力。",
    ),
    (
        (11, 5),
        Some("四坝村"),
        CampaignForm::Households,
        "村口三户",
        (12, 12),
        &[2],
        "讲涵洞工程的办理进度和救济途径。",
    ),
];

/// Makes them.
///
/// # Errors
/// [`Error`].
pub(crate) fn load(conn: &mut Conn, cast: &Cast) -> Result<(), Error> {
    let township = cast.desk(Role::JusticeOffice)?.actor.township_id.clone();
    let library: Vec<String> = store::laws(conn, &township)?
        .into_iter()
        .map(|law| law.id)
        .collect();
    let today = cast.today();
    for ((month, day), village, form, place, (audience, handouts), laws, said) in LINES {
        let on = NaiveDate::from_ymd_opt(today.year(), *month, *day).unwrap_or(today);
        if on > today {
            continue;
        }
        let (writer, village_id) = match village {
            Some(name) => (cast.secretary_of(name)?, Some(cast.village(name)?)),
            None => (cast.desk(Role::JusticeOffice)?, None),
        };
        let input = NewCampaign {
            on,
            form: *form,
            laws: laws
                .iter()
                .filter_map(|at| library.get(*at).cloned())
                .collect(),
            village_id,
            place: (*place).to_owned(),
            audience: *audience,
            handouts: *handouts,
            summary: Some((*said).to_owned()),
            photos: Vec::new(),
            recorded_at: None,
        };
        let then = at(writer, cast.moment(on, 17, 30));
        service::record(conn, &then, &input).map_err(|e| wrong("publicity", e))?;
    }
    Ok(())
}
