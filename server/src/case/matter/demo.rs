//! What is done about the demo's cases: a mediation whose agreement is kept in part, a hearing to
//! come, an order that is open and one that was answered, the package of a backlog case.

use shared::case::matter::hearing::{Hearing, HearingInput, HearingPurpose, NoticeWay, PanelInput};
use shared::case::matter::mediation::{
    AgreementForm, Mediation, MediationAsker, MediationInput, MediationMethod, MediationOutcome,
    MediatorInput, PromiseInput, YuanInput,
};
use shared::case::matter::order::{Order, OrderForm, OrderInput, OrderSource};
use shared::case::matter::package::{
    Care, Means, MemberInput, Package, PackageInput, PlanStepInput,
};
use shared::case::matter::view::MatterView;
use shared::case::matter::{Deed, Matter};
use shared::ids::{CaseId, PersonId};
use shared::role::Role;

use super::service;
use crate::case::Desk;
use crate::case::store;
use crate::db::Conn;
use crate::demo::Error;
use crate::demo::cast::{Cases, Cast, wrong};

/// Makes it.
///
/// # Errors
/// [`Error`].
pub(crate) fn load(conn: &mut Conn, cast: &Cast, cases: &Cases) -> Result<(), Error> {
    let case = |name: &str| cases.get(name).ok_or_else(|| wrong("matters", name));
    mediation(conn, cast, case("朱来喜")?)?;
    hearing(conn, cast, case("杨正和")?)?;
    open_order(conn, cast, case("郑德旺")?)?;
    answered_order(conn, cast, case("许家明")?)?;
    package(conn, cast, case("许兴旺")?)
}

fn text(words: &str) -> Option<String> {
    Some(words.to_owned())
}

/// A matter that is under way.
struct Course<'a> {
    case: &'a CaseId,
    view: MatterView,
}

impl<'a> Course<'a> {
    fn open<T: Matter>(
        conn: &mut Conn,
        desk: &Desk,
        case: &'a CaseId,
        input: T::Input,
    ) -> Result<Self, Error> {
        let view = service::open::<T>(conn, desk, case, input);
        Ok(Self {
            case,
            view: view.map_err(|e| wrong("matters", e))?,
        })
    }

    fn step<T: Matter>(
        &mut self,
        conn: &mut Conn,
        desk: &Desk,
        deed: Deed,
        input: T::Input,
    ) -> Result<(), Error> {
        let (id, version) = (self.view.id.clone(), self.view.version);
        self.view = service::step::<T>(conn, desk, self.case, &id, version, deed, input)
            .map_err(|e| wrong("matters", e))?;
        Ok(())
    }
}

fn mediation(conn: &mut Conn, cast: &Cast, case: &CaseId) -> Result<(), Error> {
    type M = Mediation;
    let secretary = cast.desk(Role::VillageSecretary)?;
    let people = store::people(conn, case.as_str())?;
    let person = |at: usize| -> Result<PersonId, Error> {
        let person = people.get(at).ok_or_else(|| wrong("matters", at))?;
        Ok(person.id.as_str().into())
    };
    let (owner, grower) = (person(0)?, person(1)?);
    let both = vec![owner.clone(), grower.clone()];
    let mut course = Course::open::<M>(
        conn,
        secretary,
        case,
        MediationInput {
            on: Some(cast.days_ago(19)),
            asked_by: Some(MediationAsker::Both),
            unit_id: secretary.actor.village_id.clone(),
            dispute: text("羊群啃食玉米约3亩的赔偿数额"),
            first_party: vec![grower],
            other_party: vec![owner.clone()],
            consent: Some(true),
            ..MediationInput::default()
        },
    )?;
    let mediator = |name: &str, post: &str| MediatorInput {
        name: name.to_owned(),
        post: text(post),
    };
    let place = "五里墩村人民调解室";
    course.step::<M>(
        conn,
        secretary,
        Deed::MediationAppoint,
        MediationInput {
            on: Some(cast.days_ago(18)),
            mediators: vec![
                mediator("张得福", "村人民调解委员会主任"),
                mediator("雷玉春", "村民代表"),
            ],
            meet_on: Some(cast.days_ago(16)),
            meet_time: text("15:00"),
            place: text(place),
            ..MediationInput::default()
        },
    )?;
    course.step::<M>(
        conn,
        secretary,
        Deed::MediationSession,
        MediationInput {
            on: Some(cast.days_ago(16)),
            present: both,
            methods: vec![MediationMethod::Law, MediationMethod::Consultation],
            text: text(
                "双方到地头看了受损面积，农技员估产每亩减收900斤左右。羊主认可赔偿，希望分两次给付。",
            ),
            outcome: Some(MediationOutcome::Agreed),
            ..MediationInput::default()
        },
    )?;
    let promise = |what: &str, amount: Option<&str>, manner: &str, due_on| PromiseInput {
        what: text(what),
        by: Some(owner.clone()),
        amount: amount.map(|amount| YuanInput::Text(amount.to_owned())),
        manner: text(manner),
        due_on: Some(due_on),
    };
    course.step::<M>(
        conn,
        secretary,
        Deed::MediationAgree,
        MediationInput {
            on: Some(cast.days_ago(14)),
            form: Some(AgreementForm::Written),
            facts: text("羊群两次进入邻家玉米地，受损约3亩，双方对减产数额说法不一。"),
            duties: text("争议的是赔偿数额；羊主看管不严，承担全部赔偿责任。"),
            content: text(
                "羊主赔偿玉米减产损失3600元，分两次付清；自费补好地边围栏，以后羊群出圈有人跟着。",
            ),
            promises: vec![
                promise(
                    "支付第一笔赔偿款",
                    Some("2000"),
                    "现金，当面点清",
                    cast.days_ago(7),
                ),
                promise("补好地边围栏", None, "自行购料修补", cast.in_days(6)),
                promise(
                    "支付第二笔赔偿款",
                    Some("1600"),
                    "银行转账",
                    cast.in_days(20),
                ),
            ],
            parties_signed: Some(true),
            mediators_signed: Some(true),
            sealed: Some(true),
            ..MediationInput::default()
        },
    )?;
    course.step::<M>(
        conn,
        secretary,
        Deed::MediationFulfil,
        MediationInput {
            on: Some(cast.days_ago(8)),
            promise: text("1"),
            proof: text("收条一张，村文书在场"),
            ..MediationInput::default()
        },
    )
}

fn hearing(conn: &mut Conn, cast: &Cast, case: &CaseId) -> Result<(), Error> {
    let office = cast.desk(Role::CoordinationOffice)?;
    let member = |name: &str, post: &str, chair: bool| PanelInput {
        name: text(name),
        post: text(post),
        chair: Some(chair),
    };
    let mut course = Course::open::<Hearing>(
        conn,
        office,
        case,
        HearingInput {
            on: Some(cast.days_ago(4)),
            purpose: Some(HearingPurpose::Handling),
            held_on: Some(cast.in_days(6)),
            time: text("09:30"),
            place: text("镇综治中心会议室"),
            panel: Some(vec![
                member("曹文礼", "镇人大代表", true),
                member("严正平", "律师", false),
                member("戚秀兰", "村民代表", false),
            ]),
            text: text("村口涵洞拓宽还是修排水沟，资金和工期怎样安排"),
            ..HearingInput::default()
        },
    )?;
    course.step::<Hearing>(
        conn,
        office,
        Deed::HearingNotify,
        HearingInput {
            on: Some(cast.days_ago(3)),
            ways: Some(vec![NoticeWay::Posted, NoticeWay::Served]),
            text: text("张贴在镇政务公开栏和四坝村村务公开栏，书面送达信访人代表"),
            ..HearingInput::default()
        },
    )
}

fn open_order(conn: &mut Conn, cast: &Cast, case: &CaseId) -> Result<(), Error> {
    let leader = cast.desk(Role::TownshipLeader)?;
    let village = cast.secretary_of("平川村")?;
    let mut course = Course::open::<Order>(
        conn,
        leader,
        case,
        OrderInput {
            on: Some(cast.days_ago(6)),
            form: Some(OrderForm::Supervise),
            source: Some(OrderSource::Leader),
            leader_id: Some(leader.actor.user_id.clone()),
            unit_id: Some(village.actor.unit_id.clone()),
            demand: text(
                "办理期限快到了，请核对二轮承包台账和原始合同，拿出补足面积的意见，附会议记录。",
            ),
            deadline: Some(cast.in_days(4)),
            ..OrderInput::default()
        },
    )?;
    let on = Some(cast.days_ago(5));
    let receive = OrderInput {
        on,
        ..OrderInput::default()
    };
    course.step::<Order>(conn, village, Deed::OrderReceive, receive)
}

fn answered_order(conn: &mut Conn, cast: &Cast, case: &CaseId) -> Result<(), Error> {
    let office = cast.desk(Role::CoordinationOffice)?;
    let village = cast.desk(Role::VillageSecretary)?;
    let mut course = Course::open::<Order>(
        conn,
        office,
        case,
        OrderInput {
            on: Some(cast.days_ago(10)),
            form: Some(OrderForm::Assign),
            source: Some(OrderSource::Higher),
            authority: text("县信访局"),
            number: text("县信交办第18号"),
            unit_id: Some(village.actor.unit_id.clone()),
            demand: text("核实养殖场粪污排入农渠的情况，落实整改，并把结果告知信访人。"),
            deadline: Some(cast.in_days(3)),
            ..OrderInput::default()
        },
    )?;
    let receive = OrderInput {
        on: Some(cast.days_ago(9)),
        ..OrderInput::default()
    };
    course.step::<Order>(conn, village, Deed::OrderReceive, receive)?;
    course.step::<Order>(
        conn,
        village,
        Deed::OrderFeedback,
        OrderInput {
            on: Some(cast.days_ago(2)),
            text: text(
                "养殖场已封堵排口，粪污改为吸污车外运；村东农渠清淤完成一半。已当面告知信访人，月底前清完。",
            ),
            ..OrderInput::default()
        },
    )
}

fn package(conn: &mut Conn, cast: &Cast, case: &CaseId) -> Result<(), Error> {
    type P = Package;
    let leader = cast.desk(Role::TownshipLeader)?;
    let village = cast.secretary_of("三二村")?;
    let justice = cast.desk(Role::JusticeOffice)?;
    let office = cast.desk(Role::CoordinationOffice)?;
    let member = |desk: &Desk| MemberInput {
        unit_id: Some(desk.actor.unit_id.clone()),
        person: text(desk.actor.name()),
    };
    let mut course = Course::open::<P>(
        conn,
        leader,
        case,
        PackageInput {
            on: Some(cast.days_ago(25)),
            leader_id: Some(leader.actor.user_id.clone()),
            team: Some(vec![member(office), member(village), member(justice)]),
            ..PackageInput::default()
        },
    )?;
    let step = |what: &str, owner: &str, due| PlanStepInput {
        what: text(what),
        owner: text(owner),
        due: Some(due),
    };
    course.step::<P>(
        conn,
        office,
        Deed::PackagePlan,
        PackageInput {
            on: Some(cast.days_ago(23)),
            goal: text("两个月内办出安置房产权证，补齐过渡费，搬迁户签字认可。"),
            care: Some(vec![Care::Explanation, Care::Help, Care::Contact]),
            means: Some(vec![
                Means::Policy,
                Means::Administrative,
                Means::Consultation,
            ]),
            steps: Some(vec![
                step("逐户核对搬迁协议和过渡费台账", "三二村", cast.days_ago(12)),
                step("与县自然资源局会商办证缺件", "镇综治办", cast.in_days(9)),
                step("补发过渡费并公示", "三二村", cast.in_days(24)),
            ]),
            ..PackageInput::default()
        },
    )?;
    course.step::<P>(
        conn,
        village,
        Deed::PackageDone,
        PackageInput {
            on: Some(cast.days_ago(13)),
            which: text("1"),
            text: text("11户全部核对完，6户过渡费少发4个月，已造册。"),
            ..PackageInput::default()
        },
    )?;
    course.step::<P>(
        conn,
        leader,
        Deed::PackageProgress,
        PackageInput {
            on: Some(cast.days_ago(5)),
            text: text("上门走了4户，解释办证卡在规划核实，给了固定联系人的电话；2户有看病困难，已转民政。"),
            ..PackageInput::default()
        },
    )
}
