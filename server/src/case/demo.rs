//! Made-up cases for the demo: made-up people, ID numbers of a district that does not exist
//! (999999), days counted back from today, so that something is always due, late and done.

use chrono::{Days, NaiveDate};
use shared::case::action::{ActionInput, CaseAction};
use shared::case::input::{NewCase, NewPerson};
use shared::case::view::CaseView;
use shared::case::{
    Category, Channel, FollowUp, Kind, LawfulPath, Opinion, Outcome, PersonRole, Procedure,
    Purpose, ReviewOutcome, Severity, Subcategory,
};
use shared::ids::UnitId;
use shared::org::UnitKind;
use shared::role::Role;
use shared::term::Term;

use super::desk::Desk;
use super::{Error, service};
use crate::db::Conn;
use crate::demo::Error as Demo;
use crate::demo::cast::{Cases, Cast, wrong};

/// How far a demo case has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Registered,
    Accepted,
    Handling,
    Answered,
    UnderReview,
    Reviewed,
    Final,
    Closed,
    Declined,
    Transferred,
    Backlog,
}

/// A demo case: days ago, village, who registers, kind, channel, category, head-count, cause,
/// demand, how far it has come.
struct Line {
    days_ago: u64,
    village: &'static str,
    by: Role,
    kind: Kind,
    channel: Channel,
    category: (Category, Subcategory),
    count: u32,
    name: &'static str,
    cause: &'static str,
    demand: &'static str,
    progress: Progress,
}

macro_rules! lines {
    ($( $days:literal $village:literal $by:ident $kind:ident $channel:ident $cat:ident/$sub:ident $count:literal $name:literal $cause:literal $demand:literal $progress:ident; )+) => {
        &[ $( Line {
            days_ago: $days, village: $village, by: Role::$by, kind: Kind::$kind, channel: Channel::$channel,
            category: (Category::$cat, Subcategory::$sub), count: $count, name: $name,
            cause: $cause, demand: $demand, progress: Progress::$progress,
        }, )+ ]
    };
}

const LINES: &[Line] = lines! {
    2 "五里墩村" ServiceCentre Petition Visit Rural/LandTransfer 1 "周福安" "把3社12亩承包地流转给蔬菜合作社，2024年以来流转费一直没有兑付，合同也没有换签。" "尽快支付拖欠的流转费，补签合同。" Registered;
    1 "平川村" ServiceCentre Petition Call Water/Irrigation 6 "钱月梅" "斗渠尾部几户春灌总轮不上水，地里玉米受旱，村里没有公示轮灌次序。" "公开轮灌表，按次序放水。" Registered;
    4 "三一村" VillageSecretary Dispute Inspection Neighbours/Boundary 2 "何大成" "两家宅基地界址不清，新修院墙占了滴水檐，为此多次争吵。" "请村委会实地丈量，确认界址。" Registered;
    3 "四坝村" GroupInformant Sign Inspection Labour/UnpaidWages 9 "沈来福" "养殖场欠9名务工人员两个月工资，有人说月底再不给就一起去镇上。" "" Registered;
    13 "芦湾村" ServiceCentre Petition Letter Relief/MinimumAllowance 1 "韩秀英" "丈夫去世后带两个上学的孩子，申请低保没有评上，不清楚评议结果。" "重新核查家庭情况并说明理由。" Registered;
    18 "贾家墩村" ServiceCentre Petition Visit Expropriation/CompensationStandard 3 "魏长顺" "通村道路拓宽占用承包地，补偿金额与公示的标准不一致。" "按公示标准重新核算。" Registered;
    9 "一工城村" ServiceCentre Petition Visit Labour/UnpaidWages 1 "施小军" "在镇上工地干了46天，包工头欠工资8600元。" "帮助讨回工资。" Accepted;
    12 "三二村" CoordinationOffice Petition Superior VillageAffairs/CollectiveAccounts 7 "尤建国" "村集体机动地发包收入三年没有公示，群众要求公开账目。" "公开近三年村级账目。" Accepted;
    20 "五里墩村" CoordinationOffice Petition Online Environment/Pollution 5 "许家明" "村东养殖场粪污排进农渠，天热时气味很大。" "整治粪污，清理农渠。" Handling;
    26 "五里墩村" VillageSecretary Dispute Inspection Damages/Livestock 2 "朱来喜" "羊群啃食邻家玉米约3亩，双方对赔偿数额说不拢。" "按市场价赔偿。" Handling;
    57 "平川村" CoordinationOffice Petition Visit Rural/LandRights 1 "郑德旺" "二轮承包时少分了1.8亩地，多次向村里反映没有结果。" "核对承包台账，补足面积。" Handling;
    75 "四坝村" CoordinationOffice Petition Letter Construction/PublicWorks 14 "杨正和" "村口涵洞修窄了，一下雨就积水，学生上学要绕路。" "拓宽涵洞或修排水沟。" Handling;
    34 "三三村" JusticeOffice Dispute HouseholdVisit Family/Support 3 "陈玉兰" "三个儿子对轮流赡养母亲意见不一，母亲住院费没有人垫。" "商定赡养办法和医疗费分担。" Handling;
    45 "芦湾村" PoliceStation Dispute Call Damages/Injury 2 "吕进财" "浇水时争执推搡，一人摔伤手臂，医药费协商不成。" "赔偿医药费和误工费。" Handling;
    50 "贾家墩村" CoordinationOffice Petition Visit Water/Irrigation 4 "冯世杰" "支渠闸门损坏一年没有修，下游地块浇不上水。" "修好闸门。" Answered;
    66 "一工城村" CoordinationOffice Petition Online Relief/TemporaryRelief 1 "蒋文秀" "家中失火，申请临时救助后没有回音。" "尽快救助。" Answered;
    58 "四坝村" CoordinationOffice Petition Visit Construction/IllegalBuilding 1 "乔永顺" "邻居在公共通道上搭建棚房，多次反映没有拆除。" "拆除棚房，恢复通道。" UnderReview;
    84 "芦湾村" CoordinationOffice Petition Letter Rural/LandRights 1 "史玉琴" "确权面积比承包合同少0.7亩，要求更正。" "按合同面积更正确权登记。" Reviewed;
    150 "三二村" CoordinationOffice Petition Visit Expropriation/CompensationStandard 1 "龙开明" "修渠占用果园，认为果树补偿标准偏低。" "提高补偿标准。" Final;
    96 "三一村" CoordinationOffice Petition Visit Rural/FarmSubsidy 1 "秦守业" "耕地地力补贴面积登记少了，少领两年补贴。" "更正面积，补发补贴。" Closed;
    88 "五里墩村" VillageSecretary Dispute Inspection Neighbours/Boundary 2 "卫长青" "门前排水沟走向影响邻居院墙，双方堵沟相持。" "改沟。" Closed;
    110 "平川村" VillageSecretary Dispute HouseholdVisit Family/Divorce 2 "张巧云" "离婚后彩礼返还数额有争议，男方多次上门讨要。" "调解返还数额。" Closed;
    120 "四坝村" CoordinationOffice Petition Call Environment/Pollution 1 "孙学礼" "邻近预制厂夜间作业噪声大，老人睡不好。" "限制夜间作业。" Closed;
    70 "三三村" CoordinationOffice Petition Visit Labour/SocialInsurance 1 "王存德" "养老保险缴费年限少记两年。" "核对补记。" Closed;
    40 "芦湾村" VillageSecretary Dispute Inspection Damages/Livestock 2 "赵满仓" "放牛踩坏邻家苗圃，愿意赔但价钱谈不拢。" "协商赔偿。" Closed;
    30 "三二村" ServiceCentre Petition Visit Litigation/Execution 1 "褚良才" "法院判决的货款16600元一直没有执行到位。" "尽快执行。" Declined;
    6 "贾家墩村" CoordinationOffice Petition Visit Damages/Injury 1 "吴双喜" "反映与人打架受伤，派出所立案后一个月没有告知进展。" "告知办案进展。" Transferred;
    368 "五里墩村" CoordinationOffice Petition Visit Rural/LandTransfer 1 "杜春林" "2023年流转给合作社的6亩地，当年流转费少付了一半。" "补足流转费。" Closed;
    376 "平川村" CoordinationOffice Petition Call Water/Irrigation 4 "段玉成" "冬灌轮次安排在夜里，地头没有照明，几户老人浇不了水。" "调整轮次。" Closed;
    385 "三三村" VillageSecretary Dispute Inspection Neighbours/Boundary 2 "田兴国" "两家地埂被犁掉一截，各说各有理。" "按承包册重新划埂。" Closed;
    394 "四坝村" CoordinationOffice Petition Visit Labour/UnpaidWages 3 "任小玲" "在蔬菜大棚务工三个月，工资拖了一个月没有结。" "结清工资。" Closed;
    402 "芦湾村" CoordinationOffice Petition Letter Relief/MinimumAllowance 1 "戴桂花" "家里主要劳力生病，申请低保没有得到答复。" "告知评议结果。" Closed;
    415 "一工城村" CoordinationOffice Petition Visit Rural/FarmSubsidy 1 "石建业" "地力补贴发到了已经搬走的户头上。" "核对后补发。" Closed;
    424 "贾家墩村" VillageSecretary Dispute HouseholdVisit Family/Support 2 "范秀兰" "弟兄两个对父亲的医药费怎么分摊说不到一起。" "商定分摊办法。" Closed;
    437 "五里墩村" VillageSecretary Dispute Inspection Damages/Livestock 2 "牛占海" "放羊踩坏邻家新栽的红枣苗六十多棵，补栽的钱谁出说不拢。" "补栽或按苗价赔偿。" Closed;
    446 "三一村" CoordinationOffice Petition Visit Water/Irrigation 8 "岳成林" "支渠衬砌后分水口改了位置，八户的地头接不上水。" "增设分水口。" Closed;
    455 "平川村" CoordinationOffice Petition Call Environment/Pollution 6 "雷彩霞" "村边收购站露天烧塑料，晚上烟味呛人。" "停止焚烧，搬离村边。" Closed;
    463 "四坝村" VillageSecretary Dispute HouseholdVisit Family/Divorce 2 "柴玉香" "夫妻分居后为孩子由谁抚养争执，双方亲属几次上门。" "商定抚养和探望办法。" Closed;
    470 "三二村" CoordinationOffice Petition Letter VillageAffairs/CollectiveAccounts 12 "缪怀德" "五社修渠集资款的余额没有公布，群众要求退还。" "公布账目，退还余额。" Closed;
    478 "芦湾村" CoordinationOffice Petition Visit Labour/UnpaidWages 7 "葛长河" "在育苗基地拉膜，七个人的工钱拖到年底没有结。" "结清工钱。" Closed;
    487 "贾家墩村" VillageSecretary Dispute Inspection Neighbours/Boundary 2 "尹克俭" "后院围墙往外挪了半米，邻居的架子车进不来。" "恢复原界。" Closed;
    495 "一工城村" CoordinationOffice Petition Visit Construction/PublicWorks 5 "喻秀珍" "巷道铺管以后没有回填平整，雨天走不成路。" "回填硬化。" Closed;
    503 "三三村" CoordinationOffice Petition Online Rural/FarmSubsidy 1 "隋大军" "农机购置补贴的申请交上去半年没有回音。" "告知审核结果。" Closed;
    512 "五里墩村" CoordinationOffice Petition Visit Expropriation/CompensationStandard 9 "苗玉宝" "高压线塔占了九户的地角，青苗费的算法几家不一样。" "统一算法，补足差额。" Closed;
    520 "平川村" VillageSecretary Dispute HouseholdVisit Family/Support 3 "季秀英" "老人轮到谁家住，三个女儿意见不一。" "商定赡养办法。" Closed;
    529 "三一村" CoordinationOffice Petition Call Relief/TemporaryRelief 1 "霍生财" "冰雹打了大棚，救助款报了没有下来。" "查明原因，尽快发放。" Closed;
    537 "四坝村" CoordinationOffice Petition Visit Rural/LandRights 2 "闵国栋" "确权时把两家的地块号登反了。" "更正登记。" Closed;
    546 "芦湾村" PoliceStation Dispute Call Damages/Injury 2 "靳文斌" "麦场上因为占地方动了手，一人眉骨缝了四针。" "赔偿医药费。" Closed;
    555 "三二村" CoordinationOffice Petition Visit Rural/LandTransfer 10 "党永福" "蔬菜公司第二年的流转费晚了四个月，十户要求加付利息。" "兑付流转费。" Closed;
    563 "贾家墩村" CoordinationOffice Petition Letter Construction/IllegalBuilding 1 "解振华" "邻居的彩钢棚挡住了采光。" "拆除或降低高度。" Closed;
    572 "一工城村" VillageSecretary Dispute Inspection Water/Irrigation 2 "车有才" "上下游两家争着放夜水，吵过两回。" "按轮灌表放水。" Closed;
    580 "三三村" CoordinationOffice Petition Visit Labour/SocialInsurance 1 "荆玉梅" "村干部离任补贴的年限少算一届。" "核对任职年限。" Closed;
    589 "五里墩村" CoordinationOffice Petition Visit VillageAffairs/CollectiveAccounts 6 "卓文海" "机动地发包没有招标，群众要求重新公开发包。" "公开重新发包。" Closed;
    598 "平川村" CoordinationOffice Petition Call Relief/MinimumAllowance 1 "蒲兰英" "儿子找到工作后低保停了，不清楚怎么核算的。" "说明核算办法。" Closed;
    607 "四坝村" VillageSecretary Dispute Inspection Damages/Livestock 2 "栾国庆" "看门狗咬伤邻家的羊，两只死了。" "赔偿损失。" Closed;
    616 "三一村" CoordinationOffice Petition Visit Expropriation/Resettlement 5 "桑建设" "搬迁户的旧宅还没有验收，奖励款没有发。" "组织验收，发放奖励款。" Closed;
    625 "芦湾村" CoordinationOffice Petition Online Environment/Pollution 1 "郝志远" "农药瓶扔在渠边没有人收。" "设回收点，清理渠边。" Closed;
    634 "三二村" VillageSecretary Dispute HouseholdVisit Neighbours/Boundary 2 "丛桂芳" "两家合用的水井谁出电费说不清。" "商定分摊办法。" Closed;
    643 "贾家墩村" CoordinationOffice Petition Visit Rural/LandRights 1 "宫长林" "外嫁女儿的承包地被收回，本人要求保留。" "依法答复。" Closed;
    652 "三三村" CoordinationOffice Petition Visit Labour/UnpaidWages 4 "巩小兵" "给合作社盖库房，尾款拖了半年。" "付清尾款。" Closed;
    661 "一工城村" CoordinationOffice Petition Letter Construction/PublicWorks 1 "屈玉芳" "路灯坏了三盏，一直没有人修。" "修好路灯。" Closed;
    260 "三二村" CoordinationOffice Petition Visit Expropriation/Resettlement 11 "许兴旺" "2023年修水库搬迁，安置房至今没有办证，部分户过渡费只发到去年年底。" "办理房产证，补发过渡费。" Backlog;
    190 "平川村" CoordinationOffice Petition Superior Rural/LandTransfer 23 "朱广田" "村里把四社机动地整体流转给公司种药材，公司停业后租金拖欠两年，地里的设施没有拆。" "清退设施，支付租金，收回土地。" Backlog;
};

/// The other side of those disputes that are mediated: whose, and who.
const OTHER_SIDES: &[(&str, &str)] = &[("朱来喜", "邓满堂")];

/// Makes the cases.
///
/// # Errors
/// [`Demo`].
pub(crate) fn load(conn: &mut Conn, cast: &Cast) -> Result<Cases, Demo> {
    let office = Office { cast };
    let mut cases = Cases::new();
    for (at, line) in LINES.iter().enumerate() {
        office
            .play(conn, at, line, &mut cases)
            .map_err(|e| wrong(line.name, e))?;
    }
    office
        .accusation(conn)
        .map_err(|e| wrong("accusation", e))?;
    Ok(cases)
}

/// The people who play the demo.
struct Office<'a> {
    cast: &'a Cast,
}

impl Office<'_> {
    /// The one whose user name is the role's code.
    fn desk(&self, role: Role) -> Result<&Desk, Error> {
        let found = self
            .cast
            .find(|desk| desk.actor.user().username == role.code());
        found.ok_or_else(|| Error::Damaged(format!("the demo has no {role}")))
    }

    fn play(
        &self,
        conn: &mut Conn,
        at: usize,
        line: &Line,
        cases: &mut Cases,
    ) -> Result<(), Error> {
        let office = self.desk(Role::CoordinationOffice)?;
        let today = office.context.today();
        let received = ago(today, line.days_ago);
        let village = office
            .names
            .units()
            .iter()
            .find(|unit| unit.kind == UnitKind::Village && unit.name == line.village)
            .map(|unit| unit.id.clone());
        let desk = match line.by {
            Role::VillageSecretary => self.cast.secretary(village.as_ref()).unwrap_or(office),
            role => self.desk(role)?,
        };
        // There is one informant; what other villages' informants report comes by the office.
        let desk = match line.by {
            Role::GroupInformant if desk.actor.village_id != village => office,
            _ => desk,
        };
        let input = NewCase {
            village_id: village.clone(),
            ..new_case(at, line, received)
        };
        let mut case = service::register(conn, desk, &input)?;
        cases.insert(line.name, case.row.id.clone());
        let unit = self.handler(line, village.as_ref());
        let step =
            |conn: &mut Conn, case: &mut CaseView, desk: &Desk, action, input: ActionInput| {
                *case = service::act(conn, desk, &case.row.id, case.row.version, action, &input)?;
                Ok::<_, Error>(())
            };
        let on = |days: u64| Some(later(received, days, today));
        let text = |text: &str| Some(text.to_owned());
        let input = ActionInput::default;
        match line.progress {
            Progress::Registered => return Ok(()),
            Progress::Declined => {
                return step(
                    conn,
                    &mut case,
                    office,
                    CaseAction::Decline,
                    ActionInput {
                        on: on(4),
                        text: text(
                            "已生效判决的执行属于人民法院职权，建议向执行法院申请恢复执行。",
                        ),
                        path: Some(LawfulPath::Litigation),
                        ..input()
                    },
                );
            }
            Progress::Transferred => {
                let police = self.desk(Role::PoliceStation)?.actor.unit_id.clone();
                return step(
                    conn,
                    &mut case,
                    office,
                    CaseAction::Transfer,
                    ActionInput {
                        on: on(2),
                        text: text("属于公安机关职权，转派出所办理。"),
                        unit_id: Some(police),
                        ..input()
                    },
                );
            }
            _ => {}
        }
        step(
            conn,
            &mut case,
            office,
            CaseAction::Accept,
            ActionInput {
                on: on(3),
                procedure: Some(Procedure::Ordinary),
                ..input()
            },
        )?;
        step(
            conn,
            &mut case,
            office,
            CaseAction::Dispatch,
            ActionInput {
                on: on(4),
                unit_id: unit,
                text: text("请实地核实，依法依规提出处理意见。"),
                ..input()
            },
        )?;
        if line.progress == Progress::Accepted {
            return Ok(());
        }
        let handler = self.handler_desk(&case).unwrap_or(office);
        step(
            conn,
            &mut case,
            handler,
            CaseAction::Take,
            ActionInput {
                on: on(6),
                ..input()
            },
        )?;
        step(
            conn,
            &mut case,
            handler,
            CaseAction::Note,
            ActionInput {
                text: text("入户走访，听取双方意见，核对有关材料。"),
                ..input()
            },
        )?;
        if matches!(line.progress, Progress::Handling | Progress::Backlog) {
            if line.progress == Progress::Backlog {
                let leader = self.desk(Role::TownshipLeader)?;
                step(
                    conn,
                    &mut case,
                    leader,
                    CaseAction::MarkBacklog,
                    ActionInput {
                        text: text("久拖未决，列为积案，一包到底。"),
                        ..input()
                    },
                )?;
                step(
                    conn,
                    &mut case,
                    leader,
                    CaseAction::SetLead,
                    ActionInput {
                        user_id: Some(leader.actor.user_id.clone()),
                        ..input()
                    },
                )?;
            }
            return Ok(());
        }
        step(
            conn,
            &mut case,
            handler,
            CaseAction::Answer,
            ActionInput {
                on: on(25),
                text: text(
                    "经核查，反映的情况基本属实，已按政策处理到位。如不服本处理意见，可自收到之日起三十日内申请复查。",
                ),
                notice: text("当面送达信访人，已签送达回证"),
                ..input()
            },
        )?;
        if matches!(
            line.progress,
            Progress::UnderReview | Progress::Reviewed | Progress::Final
        ) {
            return self.review(conn, &mut case, received, line.progress);
        }
        if line.progress == Progress::Closed {
            let leader = self.desk(Role::TownshipLeader)?;
            step(
                conn,
                &mut case,
                leader,
                CaseAction::Close,
                ActionInput {
                    on: on(30),
                    text: text("回访时信访人表示满意，息诉罢访。"),
                    outcome: Some(Outcome::Settled),
                    opinion: Some(Opinion::Agrees),
                    ..input()
                },
            )?;
        }
        Ok(())
    }

    /// The rounds of review that an answered demo case has gone through.
    fn review(
        &self,
        conn: &mut Conn,
        case: &mut CaseView,
        received: NaiveDate,
        progress: Progress,
    ) -> Result<(), Error> {
        use CaseAction as A;
        let office = self.desk(Role::CoordinationOffice)?;
        let today = office.context.today();
        let upheld = Some(ReviewOutcome::Upheld);
        let (county, city) = (Some("县信访局"), Some("市信访局"));
        let served = Some("邮寄送达，回执已收");
        let rounds = [
            (
                A::Hear,
                28,
                "信访人对处理意见不满意，已告知可以申请复查。",
                None,
                None,
                None,
            ),
            (
                A::RequestReview,
                40,
                "认为处理意见没有解决全部问题。",
                county,
                None,
                None,
            ),
            (
                A::AnswerReview,
                62,
                "事实清楚、程序合法，维持原处理意见。",
                None,
                served,
                upheld,
            ),
            (
                A::RequestFinalReview,
                80,
                "仍不服复查意见。",
                city,
                None,
                None,
            ),
            (
                A::AnswerFinalReview,
                104,
                "维持复查意见，本意见为信访终结意见。",
                None,
                served,
                upheld,
            ),
        ];
        let count = match progress {
            Progress::UnderReview => 2,
            Progress::Reviewed => 3,
            _ => rounds.len(),
        };
        for (action, day, text, authority, notice, review) in rounds.into_iter().take(count) {
            let input = ActionInput {
                on: Some(later(received, day, today)),
                text: Some(text.to_owned()),
                authority: authority.map(str::to_owned),
                notice: notice.map(str::to_owned),
                review,
                opinion: (action == A::Hear).then_some(Opinion::Disagrees),
                ..ActionInput::default()
            };
            *case = service::act(conn, office, &case.row.id, case.row.version, action, &input)?;
        }
        Ok(())
    }

    /// The unit that a demo case is given to.
    fn handler(&self, line: &Line, village: Option<&UnitId>) -> Option<UnitId> {
        match line.by {
            role @ (Role::PoliceStation | Role::JusticeOffice) => {
                self.desk(role).ok().map(|desk| desk.actor.unit_id.clone())
            }
            _ => village.cloned(),
        }
    }

    /// Somebody of the unit that answers for the case.
    fn handler_desk(&self, case: &CaseView) -> Option<&Desk> {
        let unit = case.row.responsible_unit.as_ref()?.id.as_str();
        self.cast.find(|desk| desk.actor.unit_id.as_str() == unit)
    }

    /// An accusation against the village whose secretary signs in: there, and invisible there.
    fn accusation(&self, conn: &mut Conn) -> Result<(), Error> {
        let office = self.desk(Role::CoordinationOffice)?;
        let secretary = self.desk(Role::VillageSecretary)?;
        let received = ago(office.context.today(), 5);
        let input = NewCase {
            purpose: Purpose::Accusation,
            village_id: secretary.actor.village_id.clone(),
            accused_unit_id: secretary.actor.village_id.clone(),
            severity: Some(Severity::Grave),
            ..new_case(
                LINES.len(),
                &Line {
                    days_ago: 5,
                    village: "",
                    by: Role::CoordinationOffice,
                    kind: Kind::Petition,
                    channel: Channel::Letter,
                    category: (Category::VillageAffairs, Subcategory::Cadres),
                    count: 1,
                    name: "匿名",
                    cause: "来信反映村干部在机动地发包中优亲厚友，没有经过村民会议。",
                    demand: "查清并公开结果。",
                    progress: Progress::Registered,
                },
                received,
            )
        };
        service::register(conn, office, &input).map(drop)
    }
}

fn new_case(at: usize, line: &Line, received: NaiveDate) -> NewCase {
    let mut petitioner = NewPerson::named(
        if line.kind == Kind::Petition {
            PersonRole::Petitioner
        } else {
            PersonRole::OtherParty
        },
        line.name,
    );
    petitioner.phone = Some(format!("130000{:05}", 10_007 + at * 137));
    petitioner.id_number = id_number(at);
    let mut people = vec![petitioner];
    let other = OTHER_SIDES.iter().find(|(name, _)| *name == line.name);
    people.extend(other.map(|(_, other)| NewPerson::named(PersonRole::OtherParty, *other)));
    if line.progress == Progress::Backlog {
        people.push(NewPerson {
            reason: Some("过渡期长，家庭确有困难".to_owned()),
            review_on: Some(later(received, line.days_ago + 30, NaiveDate::MAX)),
            follow_up: vec![FollowUp::Explanation, FollowUp::Help],
            ..NewPerson::named(PersonRole::KeyPerson, line.name)
        });
    }
    NewCase {
        kind: line.kind,
        channel: line.channel,
        purpose: Purpose::Claim,
        category: line.category.0,
        subcategory: Some(line.category.1.into()),
        severity: None,
        cause: line.cause.to_owned(),
        demand: Some(line.demand.to_owned()),
        occurred_on: None,
        occurred_text: None,
        place: (!line.village.is_empty()).then(|| line.village.to_owned()),
        unit_concerned: None,
        village_id: None,
        group_id: None,
        people_count: line.count,
        people_count_text: None,
        collective: None,
        development: None,
        handling: None,
        received_on: received,
        procedure: None,
        earlier_case_id: None,
        accused_unit_id: None,
        accused_user_id: None,
        first_receiver_id: None,
        people,
        photos: Vec::new(),
        recorded_at: None,
        provisional_number: None,
    }
}

/// A made-up ID number of the district 999999, with its check digit.
fn id_number(at: usize) -> Option<String> {
    let head = format!(
        "9999991970{:02}{:02}{:03}",
        at % 12 + 1,
        at % 28 + 1,
        100 + at
    );
    (0..=9)
        .map(|digit| format!("{head}{digit}"))
        .chain([format!("{head}X")])
        .find(|number| shared::identity::IdNumber::parse(number).is_ok())
}

fn ago(today: NaiveDate, days: u64) -> NaiveDate {
    today.checked_sub_days(Days::new(days)).unwrap_or(today)
}

fn later(day: NaiveDate, days: u64, most: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(days))
        .unwrap_or(day)
        .min(most)
}
