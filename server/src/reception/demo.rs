//! Made-up reception days for the demo: a roster of seven weeks, who came on the past days, and a
//! notice for the next one.

use shared::case::input::{NewCase, NewPerson};
use shared::case::{Category, Channel, Kind, PersonRole, Purpose, Subcategory};
use shared::ids::CaseId;
use shared::reception::{NewComer, NewRoster, ReceptionPatch, ReceptionRow};
use shared::role::Role;

use super::service;
use crate::case::Desk;
use crate::db::Conn;
use crate::demo::Error;
use crate::demo::cast::{Cases, Cast, at, wrong};

/// For how many days back and ahead there is a roster.
const DAYS: u64 = 24;

/// Makes them.
///
/// # Errors
/// [`Error`].
pub(crate) fn load(conn: &mut Conn, cast: &Cast, cases: &Cases) -> Result<(), Error> {
    let office = cast.desk(Role::CoordinationOffice)?;
    let first = cast.days_ago(DAYS);
    let roster = NewRoster {
        from_on: first,
        to_on: cast.in_days(DAYS),
        weekday: 2,
        leaders: vec![cast.user(Role::TownshipLeader)?],
        from: "09:00".to_owned(),
        to: "11:30".to_owned(),
        place: "镇便民服务中心一楼接待室".to_owned(),
        staff: vec![
            cast.user(Role::JusticeOffice)?,
            cast.user(Role::ServiceCentre)?,
        ],
    };
    let then = at(office, cast.moment(first, 8, 40));
    let made = service::roster(conn, &then, &roster)
        .map_err(|e| wrong("reception", e))?
        .made;
    let mut past: Vec<&ReceptionRow> = made.iter().filter(|day| day.on < cast.today()).collect();
    past.reverse();
    let centre = cast.desk(Role::ServiceCentre)?;
    let leader = cast.desk(Role::TownshipLeader)?;
    if let Some(day) = past.first() {
        came(
            conn,
            cast,
            centre,
            day,
            (9, 20),
            asked(
                "养老保险断缴两年还能不能补",
                "可以补缴，带身份证和社保卡到三号窗口办理，当场算了补缴的钱数。",
            ),
        )?;
        came(conn, cast, centre, day, (9, 50), registered(cast)?)?;
        if let Some(case) = cases.get("冯世杰") {
            let input = joined(
                case,
                "来问支渠闸门什么时候换好，担心误了浇水。已当面说明采购进度和完工日期。",
            );
            // The window does not see that case; the leader on duty does.
            came(conn, cast, leader, day, (10, 40), input)?;
        }
    }
    if let Some(day) = past.get(1) {
        came(
            conn,
            cast,
            centre,
            day,
            (9, 15),
            asked(
                "宅基地确权证丢了怎样补办",
                "到自然资源所窗口申请，先登报声明遗失；已给了材料清单。",
            ),
        )?;
        came(
            conn,
            cast,
            leader,
            day,
            (10, 5),
            asked(
                "外出打工工资没有结清找谁",
                "工地在本镇的，由综治办会同劳动监察协调；在外地的，可以在网上向当地劳动监察投诉，当场教会了怎样填。",
            ),
        )?;
    }
    // The usual words, and what this one is about.
    if let Some(day) = made.iter().find(|day| day.on > cast.today()) {
        let notice = service::show(conn, office, &day.id)
            .map_err(|e| wrong("reception", e))?
            .notice;
        let patch = ReceptionPatch {
            notice: Some(format!(
                "{notice}\n本次接待日请县水务部门到场，集中听取灌溉用水和渠道维修方面的意见。"
            )),
            ..ReceptionPatch::default()
        };
        service::patch(conn, office, &day.id, day.version, &patch)
            .map_err(|e| wrong("reception", e))?;
    }
    Ok(())
}

fn came(
    conn: &mut Conn,
    cast: &Cast,
    desk: &Desk,
    day: &ReceptionRow,
    (hour, minute): (u32, u32),
    mut input: NewComer,
) -> Result<(), Error> {
    input.received_by = Some(cast.user(Role::TownshipLeader)?);
    let then = at(desk, cast.moment(day.on, hour, minute));
    if let Some(case) = &mut input.case {
        case.received_on = day.on;
    }
    service::receive(conn, &then, &day.id, &input)
        .map(drop)
        .map_err(|e| wrong("reception", e))
}

fn nobody() -> NewComer {
    NewComer {
        received_by: None,
        case: None,
        case_id: None,
        text: None,
        topic: None,
        answer: None,
        photos: Vec::new(),
        recorded_at: None,
    }
}

fn asked(topic: &str, answer: &str) -> NewComer {
    NewComer {
        topic: Some(topic.to_owned()),
        answer: Some(answer.to_owned()),
        ..nobody()
    }
}

fn joined(case: &CaseId, text: &str) -> NewComer {
    NewComer {
        case_id: Some(case.clone()),
        text: Some(text.to_owned()),
        ..nobody()
    }
}

fn registered(cast: &Cast) -> Result<NewComer, Error> {
    let village = cast.village("贾家墩村")?;
    let mut petitioner = NewPerson::named(PersonRole::Petitioner, "汪秀兰");
    petitioner.phone = Some("13000017731".to_owned());
    let case = NewCase {
        kind: Kind::Petition,
        channel: Channel::Visit,
        purpose: Purpose::Claim,
        category: Category::Construction,
        subcategory: Some(Subcategory::PublicWorks.into()),
        severity: None,
        cause: "居民点主路的路灯坏了两个多月，晚上老人孩子出门看不清路，多次找村里没有修。"
            .to_owned(),
        demand: Some("尽快修好路灯。".to_owned()),
        occurred_on: None,
        occurred_text: None,
        place: Some("贾家墩村居民点主路".to_owned()),
        unit_concerned: None,
        village_id: Some(village),
        group_id: None,
        people_count: 1,
        people_count_text: None,
        collective: None,
        development: None,
        handling: None,
        received_on: cast.today(),
        procedure: None,
        earlier_case_id: None,
        accused_unit_id: None,
        accused_user_id: None,
        first_receiver_id: None,
        people: vec![petitioner],
        photos: Vec::new(),
        recorded_at: None,
        provisional_number: None,
    };
    Ok(NewComer {
        case: Some(Box::new(case)),
        ..nobody()
    })
}
