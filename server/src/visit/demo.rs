//! Made-up visits for the demo: a fortnight of them, with a promise that was kept, one that is open
//! and one that is late; this week's duty is done in part.

use chrono::NaiveDate;
use shared::role::Role;
use shared::visit::duty::monday;
use shared::visit::{KeepPromise, NewPromise, NewVisit, VisitKind};

use super::service;
use crate::case::Desk;
use crate::db::Conn;
use crate::demo::Error;
use crate::demo::cast::{Cases, Cast, at, wrong};

/// What was promised: what, and so many days after today (before, where negative) by when.
type Promised = (&'static str, i64);

/// A visit: village, kind, place, what was heard, what was promised.
struct Line {
    village: &'static str,
    kind: VisitKind,
    place: &'static str,
    heard: &'static str,
    promised: Option<Promised>,
}

const fn line(
    village: &'static str,
    kind: VisitKind,
    place: &'static str,
    heard: &'static str,
    promised: Option<Promised>,
) -> Line {
    Line {
        village,
        kind,
        place,
        heard,
        promised,
    }
}

/// Makes them.
///
/// # Errors
/// [`Error`].
pub(crate) fn load(conn: &mut Conn, cast: &Cast, cases: &Cases) -> Result<(), Error> {
    use VisitKind as K;
    let leader = cast.desk(Role::TownshipLeader)?;
    let secretary = cast.desk(Role::VillageSecretary)?;
    let week = monday(cast.today());
    let in_week = |days: u64| cast.days_ago(days).max(week);

    // The promise that was kept.
    let kept = line(
        "五里墩村",
        K::Household,
        "居民点东头第三户",
        "轮水次序乱，他家总是排在最后，地里已经受旱。问村里能不能定个次序贴出来。",
        Some(("请水管员到斗口看水，定下轮灌次序并张贴", -9)),
    );
    let visit = record(conn, cast, secretary, cast.days_ago(16), &kept, None)?;
    if let Some(promise) = visit.promises.first() {
        let then = at(secretary, cast.moment(cast.days_ago(10), 18, 20));
        let input = KeepPromise {
            on: None,
            how: "水管员到场，轮灌次序已贴在村务公开栏，该户当天浇上水。".to_owned(),
        };
        service::keep(conn, &then, (&visit.id, &promise.id), visit.version, &input)
            .map_err(|e| wrong("visits", e))?;
    }

    // Late, and open.
    let late = line(
        "芦湾村",
        K::Household,
        "老居民点北二户",
        "家里一人残疾、两个孩子上学，低保去年没有评上，不知道差在哪里。",
        Some(("带齐户口本和残疾证，陪同到镇上重新申报低保", -3)),
    );
    let writer = cast.secretary_of(late.village)?;
    record(conn, cast, writer, cast.days_ago(13), &late, None)?;
    let open = line(
        "四坝村",
        K::Household,
        "村口涵洞旁三户",
        "一下雨涵洞就积水，孩子上学要绕路，院墙也泡过两回。盼着雨季前有个说法。",
        Some(("协调水利部门现场踏勘，拿出排水办法并答复三户", 5)),
    );
    record(conn, cast, leader, cast.days_ago(9), &open, None)?;

    let lines: [(&Desk, NaiveDate, Line); 7] = [
        (
            leader,
            cast.days_ago(11),
            line(
                "一工城村",
                K::Cadre,
                "村部和两个社",
                "看了高标准农田的渠口，群众担心工期误了浇水。已告知施工单位的完工日期。",
                None,
            ),
        ),
        (
            cast.secretary_of("三一村")?,
            cast.days_ago(9),
            line(
                "三一村",
                K::Household,
                "新修院墙的两户",
                "两家都同意等村里量了界址再动工，情绪平稳。",
                Some(("请两家到场，实地丈量界址并记录", 2)),
            ),
        ),
        (
            cast.desk(Role::JusticeOffice)?,
            cast.days_ago(6),
            line(
                "三三村",
                K::Household,
                "老居民点",
                "老人愿意轮流住，三个儿子对医药费怎么分还没有说拢，约好再到司法所谈一次。",
                None,
            ),
        ),
        (
            cast.desk(Role::GroupInformant)?,
            cast.days_ago(3),
            line(
                "五里墩村",
                K::Cadre,
                "社里各户",
                "走了十一户，没有新的纠纷；有人问今年的流转费什么时候兑付。",
                None,
            ),
        ),
        (
            cast.secretary_of("平川村")?,
            in_week(2),
            line(
                "平川村",
                K::Household,
                "四社机动地承租户",
                "租金还没有着落，最担心明年地里的设施拆不掉，误了种。",
                None,
            ),
        ),
        (
            secretary,
            in_week(1),
            line(
                "五里墩村",
                K::Household,
                "养殖场下风口三户",
                "粪污车改到白天走了，气味小了些；农渠里的淤积还没有清。",
                Some(("月底前清完村东农渠淤积", 8)),
            ),
        ),
        (
            leader,
            in_week(1),
            line(
                "平川村",
                K::Cadre,
                "村委会和四社",
                "听了清欠方案的进度，群众要求写明每一笔什么时候给。已请村里把方案公示出来。",
                None,
            ),
        ),
    ];
    for (writer, on, line) in &lines {
        record(conn, cast, writer, *on, line, None)?;
    }

    // After a case was closed, somebody asks again.
    if let Some(case) = cases.get("秦守业") {
        let again = line(
            "三一村",
            K::FollowUp,
            "",
            "补贴已补发到卡上，本人看过明细，没有别的意见。",
            None,
        );
        record(conn, cast, leader, cast.days_ago(5), &again, Some(case))?;
    }
    Ok(())
}

fn record(
    conn: &mut Conn,
    cast: &Cast,
    writer: &Desk,
    on: NaiveDate,
    line: &Line,
    case: Option<&shared::ids::CaseId>,
) -> Result<shared::visit::view::VisitView, Error> {
    let village = cast.village(line.village)?;
    // The informant's round is through the own group.
    let group = (writer.actor.role == Role::GroupInformant).then(|| writer.actor.unit_id.clone());
    let promises = line.promised.iter().map(|(what, days)| NewPromise {
        what: (*what).to_owned(),
        due_on: match u64::try_from(*days) {
            Ok(days) => cast.in_days(days),
            Err(_) => cast.days_ago(days.unsigned_abs()),
        },
        unit_id: None,
        user_id: None,
    });
    let input = NewVisit {
        kind: line.kind,
        on,
        visitors: Vec::new(),
        village_id: Some(village),
        group_id: group,
        place: (!line.place.is_empty()).then(|| line.place.to_owned()),
        heard: line.heard.to_owned(),
        promises: promises.collect(),
        photos: Vec::new(),
        case_id: case.cloned(),
        recorded_at: None,
    };
    let then = at(writer, cast.moment(on, 16, 30));
    service::record(conn, &then, &input).map_err(|e| wrong("visits", e))
}
