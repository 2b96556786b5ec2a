//! Made-up urgent information for the demo: one that ended with a result and belongs to a case, a
//! drill, one that waits for somebody to be sent, and one that was found later.

use chrono::{DateTime, Duration, Utc};
use shared::alert::AlertKind;
use shared::alert::input::{AlertCase, AlertStepInput, NewAlert, NewMissed};
use shared::alert::step::AlertStep;
use shared::alert::view::AlertView;
use shared::role::Role;

use super::service;
use crate::case::Desk;
use crate::db::Conn;
use crate::demo::Error;
use crate::demo::cast::{Cases, Cast, at, wrong};

/// Makes them.
///
/// # Errors
/// [`Error`].
pub(crate) fn load(conn: &mut Conn, cast: &Cast, cases: &Cases) -> Result<(), Error> {
    ended(conn, cast, cases)?;
    drill(conn, cast)?;
    missed(conn, cast, cases)?;
    waiting(conn, cast)
}

fn told(kind: AlertKind, what: &str, place: &str, people: u32) -> NewAlert {
    NewAlert {
        kind: Some(kind),
        what: what.to_owned(),
        village_id: None,
        place: Some(place.to_owned()),
        people_count: Some(people),
        photos: Vec::new(),
        discovered_at: None,
        recorded_at: None,
        drill: false,
    }
}

/// One piece of urgent information, and the moment from which its minutes count.
struct Course {
    alert: AlertView,
    began: DateTime<Utc>,
}

impl Course {
    fn begin(
        conn: &mut Conn,
        desk: &Desk,
        began: DateTime<Utc>,
        input: &NewAlert,
    ) -> Result<Self, Error> {
        let alert = service::report(conn, &at(desk, began), input);
        Ok(Self {
            alert: alert.map_err(|e| wrong("alerts", e))?,
            began,
        })
    }

    /// Takes a step so many minutes after it was reported.
    fn step(
        &mut self,
        conn: &mut Conn,
        desk: &Desk,
        minutes: i64,
        step: AlertStep,
        input: &AlertStepInput,
    ) -> Result<(), Error> {
        let row = &self.alert.row;
        let then = at(desk, self.began + Duration::minutes(minutes));
        self.alert = service::act(conn, &then, &row.id, row.version, step, input)
            .map_err(|e| wrong("alerts", e))?;
        Ok(())
    }
}

fn said(text: &str) -> AlertStepInput {
    AlertStepInput {
        text: Some(text.to_owned()),
        ..AlertStepInput::default()
    }
}

fn ended(conn: &mut Conn, cast: &Cast, cases: &Cases) -> Result<(), Error> {
    let (office, police) = (
        cast.desk(Role::CoordinationOffice)?,
        cast.desk(Role::PoliceStation)?,
    );
    let began = cast.moment(cast.days_ago(9), 9, 12);
    let input = told(
        AlertKind::Crowd,
        "十几名群众在村委会门口聚集，要求当天答复四社机动地租金什么时候付",
        "村委会门口",
        15,
    );
    let mut course = Course::begin(conn, cast.secretary_of("平川村")?, began, &input)?;
    let leader = cast.desk(Role::TownshipLeader)?;
    let none = AlertStepInput::default();
    course.step(conn, leader, 4, AlertStep::Acknowledge, &none)?;
    let dispatch = AlertStepInput {
        unit_id: Some(police.actor.unit_id.clone()),
        ..said("派出所到场维持秩序，司法所、村两委当面解释，请群众推选代表，不得激化。")
    };
    course.step(conn, leader, 9, AlertStep::Dispatch, &dispatch)?;
    let noted = said("已到场，群众情绪平稳，推选了3名代表，其余人陆续离开。");
    course.step(conn, police, 41, AlertStep::Note, &noted)?;
    let result = said(
        "镇村当面答复：三个工作日内公布清欠方案，逐笔写明支付日期。代表表示接受，没有发生过激行为。",
    );
    course.step(conn, office, 150, AlertStep::Close, &result)?;
    if let Some(case) = cases.get("朱广田") {
        let input = AlertCase {
            case_id: Some(case.clone()),
            ..AlertCase::default()
        };
        let then = at(office, course.began + Duration::minutes(170));
        let row = &course.alert.row;
        service::to_case(conn, &then, &row.id, row.version, &input)
            .map_err(|e| wrong("alerts", e))?;
    }
    Ok(())
}

fn drill(conn: &mut Conn, cast: &Cast) -> Result<(), Error> {
    let began = cast.moment(cast.days_ago(5), 10, 0);
    let input = NewAlert {
        drill: true,
        ..told(
            AlertKind::Disaster,
            "防汛演练：沟道来水，通知低洼处三户转移到村部",
            "南沟",
            11,
        )
    };
    let mut course = Course::begin(conn, cast.secretary_of("四坝村")?, began, &input)?;
    let office = cast.desk(Role::CoordinationOffice)?;
    let none = AlertStepInput::default();
    course.step(conn, office, 3, AlertStep::Acknowledge, &none)?;
    let police = cast.desk(Role::PoliceStation)?;
    let dispatch = AlertStepInput {
        unit_id: Some(police.actor.unit_id.clone()),
        ..said("按预案到场协助转移，清点人数后报告。")
    };
    course.step(conn, office, 8, AlertStep::Dispatch, &dispatch)?;
    let result = said("演练结束，三户十一人二十六分钟内全部转移，联络电话有一户打不通，已更新。");
    course.step(conn, office, 35, AlertStep::Close, &result)
}

fn missed(conn: &mut Conn, cast: &Cast, cases: &Cases) -> Result<(), Error> {
    let office = cast.desk(Role::CoordinationOffice)?;
    let input = NewMissed {
        kind: Some(AlertKind::Crowd),
        what: "七名群众包车到县里反映搬迁安置房办证，村里当天没有上报".to_owned(),
        place: Some("三二村".to_owned()),
        discovered_at: cast.moment(cast.days_ago(18), 8, 30),
        unit_id: cast.village("三二村")?,
        case_id: cases.get("许兴旺").cloned(),
    };
    let then = at(office, cast.moment(cast.days_ago(7), 17, 10));
    service::enter_missed(conn, &then, &input)
        .map(drop)
        .map_err(|e| wrong("alerts", e))
}

fn waiting(conn: &mut Conn, cast: &Cast) -> Result<(), Error> {
    let input = told(
        AlertKind::Order,
        "两户为浇水争执，有人拿了铁锹，已拉开，怕再起冲突",
        "三支渠斗口",
        6,
    );
    let informant = cast.desk(Role::GroupInformant)?;
    let mut course = Course::begin(conn, informant, cast.minutes_ago(12), &input)?;
    let police = cast.desk(Role::PoliceStation)?;
    let none = AlertStepInput::default();
    course.step(conn, police, 4, AlertStep::Acknowledge, &none)
}
