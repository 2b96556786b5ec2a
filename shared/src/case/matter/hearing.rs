//! Hearings (听证; 条例第三十一条第六项, 第三十六条).
//!
//! Planned with its panel, announced at least seven days before, held on the day that was announced,
//! with the parties' attendance, minutes and conclusion. In the final review the time from the notice
//! to the hearing does not count in the limit; the holding says how many days that are.

use chrono::{Days, NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use super::form::{Field, FieldKind};
use super::scene::{MAX_LINE, MAX_TEXT, Scene};
use super::view::{Digest, Due, Item, Line, Stage, Tone};
use super::{Deed, Done, Matter, MatterKind, Wrong};
use crate::case::state::State;
use crate::case::view::{EventData, Named};
use crate::ids::PersonId;
use crate::term::Term;
use crate::terms;
use crate::validate::Errors;

terms! {
    /// In which round the hearing is.
    HearingPurpose, "听证阶段" {
        /// While the case is handled, before the answer.
        Handling = "handling", "办理听证";
        /// In the review.
        Review = "review", "复查听证";
        /// In the final review: its time does not count in the limit (条例第三十六条).
        FinalReview = "final_review", "复核听证";
    }
}

terms! {
    /// How the notice was given.
    NoticeWay, "告知方式" {
        /// Posted at the township's and the village's notice boards.
        Posted = "posted", "张贴公告";
        /// On the government's web site.
        Online = "online", "网上公告";
        /// Served on the parties.
        Served = "served", "书面送达当事人";
    }
}

/// How many days before the hearing its notice is given.
pub const NOTICE_DAYS: u64 = 7;
/// The rule behind hearings.
const BASIS: &str = "《信访工作条例》第三十一条第六项和信访听证的规定";
/// The fewest members of a panel.
const FEWEST: usize = 3;
/// The most members of a panel.
const MOST: usize = 15;

/// A member of the panel, as entered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct PanelInput {
    /// Their name.
    pub name: Option<String>,
    /// Their post, or what they are.
    pub post: Option<String>,
    /// Whether they chair.
    pub chair: Option<bool>,
}

/// What the deeds of a hearing are given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct HearingInput {
    /// `open`: the day of planning; `notify`: of the notice; `cancel`: of calling it off.
    pub on: Option<NaiveDate>,
    /// `open`: in which round.
    pub purpose: Option<HearingPurpose>,
    /// `open`: the day of the hearing.
    pub held_on: Option<NaiveDate>,
    /// `open`: its time, `HH:MM`.
    pub time: Option<String>,
    /// `open`: its place.
    pub place: Option<String>,
    /// `open`: the panel.
    pub panel: Option<Vec<PanelInput>>,
    /// `open`: whether it is not public.
    pub closed_doors: Option<bool>,
    /// `notify`: in which ways.
    pub ways: Option<Vec<NoticeWay>>,
    /// `hold`: who of the case's persons was there.
    pub present: Option<Vec<PersonId>>,
    /// `hold`: who else was there.
    pub others: Option<String>,
    /// `hold`: the minutes.
    pub minutes: Option<String>,
    /// `hold`: the conclusion.
    pub conclusion: Option<String>,
    /// `open`: what is heard about; `notify`: where and to whom; `hold`: why the petitioner was not
    /// there; `cancel`: why.
    pub text: Option<String>,
}

/// A member of the panel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) post: String,
    pub(crate) chair: bool,
}

/// The notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Notice {
    on: NaiveDate,
    ways: Vec<NoticeWay>,
    text: String,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    present: Vec<Named>,
    absent: Vec<Named>,
    absence: Option<String>,
    others: Option<String>,
    minutes: String,
    conclusion: String,
    excluded_days: Option<u32>,
}

/// A hearing that was called off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Cancelled {
    on: NaiveDate,
    reason: String,
}

/// A hearing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hearing {
    planned_on: NaiveDate,
    purpose: HearingPurpose,
    pub(crate) subject: String,
    pub(crate) held_on: NaiveDate,
    pub(crate) time: String,
    pub(crate) place: String,
    pub(crate) panel: Vec<Member>,
    pub(crate) public: bool,
    notice: Option<Notice>,
    record: Option<Record>,
    cancelled: Option<Cancelled>,
}

fn filled(text: Option<&str>) -> Option<String> {
    crate::case::input::filled(text).map(str::to_owned)
}

/// The last day on which the notice of a hearing on a day can be given.
fn last_notice(held_on: NaiveDate) -> NaiveDate {
    held_on
        .checked_sub_days(Days::new(NOTICE_DAYS))
        .unwrap_or(NaiveDate::MIN)
}

/// Notes what is wrong with the panel; answers it.
fn panel(errors: &mut Errors, input: Option<Vec<PanelInput>>) -> Vec<Member> {
    let input = input.unwrap_or_default();
    let count = input.len();
    if !(FEWEST..=MOST).contains(&count) || count.is_multiple_of(2) {
        errors.add(
            "panel",
            "odd_from_three",
            format!("听证员应为{FEWEST}人以上的单数，现在有{count}人（{BASIS}）。"),
        );
    }
    if input.iter().filter(|m| m.chair == Some(true)).count() != 1 {
        errors.add("panel", "one_chair", "听证员中应指定一名主持人。");
    }
    let mut members: Vec<Member> = Vec::with_capacity(count);
    for (n, member) in input.into_iter().take(MOST).enumerate() {
        let name = member.name.as_deref().unwrap_or("");
        errors.text(&format!("panel.{n}.name"), "听证员姓名", name, MAX_LINE);
        let post = member.post.as_deref().unwrap_or("");
        errors.text(&format!("panel.{n}.post"), "职务或身份", post, MAX_LINE);
        let member = Member {
            name: name.trim().to_owned(),
            post: post.trim().to_owned(),
            chair: member.chair == Some(true),
        };
        if members
            .iter()
            .any(|m| m.name == member.name && m.post == member.post)
        {
            errors.add(format!("panel.{n}.name"), "twice", "同一名听证员填了两次。");
        }
        members.push(member);
    }
    members
}

impl Hearing {
    fn notify(&mut self, input: HearingInput, scene: &Scene<'_>) -> Result<Done, Wrong> {
        let mut errors = Errors::new();
        let on = scene.day(&mut errors, input.on, self.planned_on);
        if let Some(late) = self.late_notice(on) {
            errors.add("on", "too_late", late);
        }
        let mut ways = input.ways.unwrap_or_default();
        ways.sort_unstable();
        ways.dedup();
        if ways.is_empty() {
            errors.add("ways", "required", "请选择告知方式。");
        }
        let text = input.text.as_deref().unwrap_or("");
        errors.text("text", "公告地点或送达情况", text, MAX_TEXT);
        errors.or_wrong()?;
        let labels: Vec<&str> = ways.iter().map(|way| way.label()).collect();
        let words = format!(
            "{}{}在{}举行听证，{}：{}",
            self.held_on,
            self.time,
            self.place,
            labels.join("、"),
            text.trim()
        );
        self.notice = Some(Notice {
            on,
            ways,
            text: text.trim().to_owned(),
        });
        Ok(Done::new(on, words))
    }

    fn hold(&mut self, input: HearingInput, scene: &Scene<'_>) -> Result<Done, Wrong> {
        let mut errors = Errors::new();
        let mut wanted = input.present.unwrap_or_default();
        wanted.sort_unstable();
        wanted.dedup();
        for id in &wanted {
            scene.person(&mut errors, "present", Some(id));
        }
        let of = |there: bool| -> Vec<Named> {
            scene
                .persons
                .iter()
                .filter(|person| wanted.contains(&person.id) == there)
                .map(|person| Named {
                    id: person.id.as_str().to_owned(),
                    name: person.name.clone(),
                })
                .collect()
        };
        let parties = |bringing: bool| {
            let of = move |person: &&super::PersonFact| !bringing || person.role.brings_the_case();
            scene.persons.iter().filter(of)
        };
        // A dispute has parties, none of whom brought it; an anonymous letter has nobody.
        let mut heard = parties(parties(true).next().is_some()).peekable();
        let missing = heard.peek().is_some() && !heard.any(|person| wanted.contains(&person.id));
        let absence = input.text.as_deref().unwrap_or("");
        if missing {
            errors.text("text", "信访人（当事人）未到场的原因", absence, MAX_TEXT);
        } else {
            errors.length("text", "未到场的原因", absence, MAX_TEXT);
        }
        let others = input.others.as_deref().unwrap_or("");
        errors.length("others", "其他到场人员", others, MAX_TEXT);
        let minutes = input.minutes.as_deref().unwrap_or("");
        errors.text("minutes", "听证笔录", minutes, MAX_TEXT);
        let conclusion = input.conclusion.as_deref().unwrap_or("");
        errors.text("conclusion", "听证结论", conclusion, MAX_TEXT);
        errors.or_wrong()?;
        let excluded_days = self.excluded_days(scene);
        let record = Record {
            present: of(true),
            absent: of(false),
            absence: filled(Some(absence)),
            others: filled(Some(others)),
            minutes: minutes.trim().to_owned(),
            conclusion: conclusion.trim().to_owned(),
            excluded_days,
        };
        let mut words = format!("{}，结论：{}", self.purpose.label(), record.conclusion);
        if let Some(days) = excluded_days {
            words += &format!("；听证时间{days}日不计入复核期限（《信访工作条例》第三十六条）");
        }
        self.record = Some(record);
        let mut done = Done::new(self.held_on, words);
        done.data = EventData {
            excluded_days,
            ..EventData::default()
        };
        Ok(done)
    }

    /// In the final review, the days from the notice (or from the request, if that came later) to
    /// the hearing.
    fn excluded_days(&self, scene: &Scene<'_>) -> Option<u32> {
        if self.purpose != HearingPurpose::FinalReview {
            return None;
        }
        let from = self.notice.as_ref()?.on.max(scene.final_review_asked_on()?);
        u32::try_from((self.held_on - from).num_days()).ok()
    }

    fn cancel(&mut self, input: HearingInput, scene: &Scene<'_>) -> Result<Done, Wrong> {
        let mut errors = Errors::new();
        let floor = self.notice.as_ref().map_or(self.planned_on, |n| n.on);
        let on = scene.day(&mut errors, input.on, floor);
        let reason = input.text.as_deref().unwrap_or("");
        errors.text("text", "取消理由", reason, MAX_TEXT);
        errors.or_wrong()?;
        let reason = reason.trim().to_owned();
        let words = format!("取消听证，理由：{reason}");
        self.cancelled = Some(Cancelled { on, reason });
        Ok(Done::new(on, words))
    }

    /// Why a notice of a day comes too late, if it does.
    pub(crate) fn late_notice(&self, on: NaiveDate) -> Option<String> {
        let last = last_notice(self.held_on);
        (on > last).then(|| {
            format!(
                "听证公告应在举行的{NOTICE_DAYS}日前发布：{}举行的，最迟{last}（{BASIS}）。请取消后另定日期。",
                self.held_on
            )
        })
    }

    /// The day of the notice, when it was given.
    pub(crate) fn noticed_on(&self) -> Option<NaiveDate> {
        self.notice.as_ref().map(|notice| notice.on)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.record.is_none() && self.cancelled.is_none()
    }

    const fn state(&self) -> (&'static str, &'static str, Tone) {
        match (&self.cancelled, &self.record, &self.notice) {
            (Some(_), ..) => ("cancelled", "已取消", Tone::Void),
            (None, Some(_), _) => ("held", "已举行", Tone::Good),
            (None, None, Some(_)) => ("notified", "已公告", Tone::Active),
            (None, None, None) => ("planned", "待公告", Tone::Warn),
        }
    }

    fn due(&self) -> Option<Due> {
        if !self.is_open() {
            return None;
        }
        let (on, what) = if self.notice.is_some() {
            (self.held_on, "举行听证")
        } else {
            (last_notice(self.held_on), "发布听证公告")
        };
        Some(Due {
            on,
            what: what.to_owned(),
            basis: Some(BASIS.to_owned()),
            petitioners: false,
        })
    }
}

impl Matter for Hearing {
    const KIND: MatterKind = MatterKind::Hearing;
    type Input = HearingInput;

    fn open(input: HearingInput, scene: &Scene<'_>) -> Result<(Self, Done), Wrong> {
        let mut errors = Errors::new();
        let planned_on = scene.day(&mut errors, input.on, scene.received_on);
        match input.purpose {
            None => errors.add("purpose", "required", "请选择听证阶段。"),
            Some(purpose) if purpose != round(scene.case.state) => errors.add(
                "purpose",
                "other_round",
                format!(
                    "事项现在是“{}”，应选“{}”。",
                    scene.case.state.label(),
                    round(scene.case.state).label()
                ),
            ),
            Some(_) => {}
        }
        match input.held_on {
            None => errors.add("held_on", "required", "请填写听证日期。"),
            Some(day) if last_notice(day) < planned_on => errors.add(
                "held_on",
                "too_soon",
                format!("听证公告应在举行的{NOTICE_DAYS}日前发布，听证日期至少在{NOTICE_DAYS}日之后（{BASIS}）。"),
            ),
            Some(_) => {}
        }
        let time = input.time.as_deref().unwrap_or("").trim().to_owned();
        if NaiveTime::parse_from_str(&time, "%H:%M").is_err() {
            errors.add("time", "invalid", "请填写听证开始的时间，如 09:30。");
        }
        let place = input.place.as_deref().unwrap_or("");
        errors.text("place", "听证地点", place, MAX_LINE);
        let subject = input.text.as_deref().unwrap_or("");
        errors.text("text", "听证事项", subject, MAX_TEXT);
        let panel = panel(&mut errors, input.panel);
        let (Some(purpose), Some(held_on)) = (input.purpose, input.held_on) else {
            return Err(Wrong::Invalid(errors));
        };
        errors.or_wrong()?;
        let hearing = Self {
            planned_on,
            purpose,
            subject: subject.trim().to_owned(),
            held_on,
            time,
            place: place.trim().to_owned(),
            panel,
            public: input.closed_doors != Some(true),
            notice: None,
            record: None,
            cancelled: None,
        };
        let words = format!(
            "{}，定于{held_on}{}在{}举行，听证员{}人，{}",
            purpose.label(),
            hearing.time,
            hearing.place,
            hearing.panel.len(),
            if hearing.public {
                "公开"
            } else {
                "不公开"
            }
        );
        Ok((hearing, Done::new(planned_on, words)))
    }

    fn step(&mut self, deed: Deed, input: HearingInput, scene: &Scene<'_>) -> Result<Done, Wrong> {
        match deed {
            Deed::HearingNotify => self.notify(input, scene),
            Deed::HearingHold => self.hold(input, scene),
            _ => self.cancel(input, scene),
        }
    }

    fn refuses_opening(scene: &Scene<'_>) -> Option<String> {
        match scene.case.state {
            State::Accepted | State::Handling | State::UnderReview | State::UnderFinalReview => {
                None
            }
            _ => Some(scene.case_is_over().unwrap_or_else(|| {
                "在办理、复查、复核中可以举行听证（《信访工作条例》第三十一条第六项、第三十六条）。"
                    .to_owned()
            })),
        }
    }

    fn refuses(&self, deed: Deed, scene: &Scene<'_>) -> Option<String> {
        if let Some(cancelled) = &self.cancelled {
            return Some(format!("听证已于{}取消。", cancelled.on));
        }
        if self.record.is_some() {
            return Some("听证已经举行，笔录和结论已登记。".to_owned());
        }
        match deed {
            Deed::HearingNotify if self.notice.is_some() => Some("听证公告已经发布。".to_owned()),
            Deed::HearingHold if self.notice.is_none() => Some(format!(
                "还没有发布听证公告。听证要先公告，{NOTICE_DAYS}日后才能举行（{BASIS}）。"
            )),
            Deed::HearingHold if scene.today < self.held_on => Some(format!(
                "听证定于{}举行，还没有到；改期的，取消后重新组织。",
                self.held_on
            )),
            _ => None,
        }
    }

    fn fields(_: Option<&Self>, deed: Deed, scene: &Scene<'_>) -> Vec<Field> {
        match deed {
            Deed::HearingNotify => vec![
                Field::on("公告日期")
                    .help(format!("举行的{NOTICE_DAYS}日前（{BASIS}）。不填为今天。")),
                Field::choices::<NoticeWay>("ways", "告知方式").required(),
                Field::long("text", "公告地点或送达情况", MAX_TEXT)
                    .required()
                    .help(match scene.care(|_| true) {
                        Some(care) => format!(
                            "在哪里张贴，或向哪些当事人送达；公告不写要求中性措辞的人的姓名。联系须知——{care}"
                        ),
                        None => "在哪里张贴，或向哪些当事人送达。".to_owned(),
                    }),
            ],
            Deed::HearingHold => vec![
                Field::new("present", "到场的当事人", FieldKind::Persons)
                    .help("没有勾选的记为未到场。"),
                Field::long("text", "未到场的原因", MAX_TEXT)
                    .help("信访人（没有信访人的，当事人）都未到场的必填。"),
                Field::long("others", "其他到场人员", MAX_TEXT).help("责任单位、旁听人员等。"),
                Field::long("minutes", "听证笔录", MAX_TEXT)
                    .required()
                    .help("陈述、质询、辩论、评议、合议的要点；原件作附件上传。"),
                Field::long("conclusion", "听证结论", MAX_TEXT).required(),
            ],
            Deed::HearingCancel => vec![
                Field::on("取消日期"),
                Field::long("text", "取消理由", MAX_TEXT).required(),
            ],
            _ => vec![
                Field::choice::<HearingPurpose>("purpose", "听证阶段")
                    .required()
                    .value(round(scene.case.state).code()),
                Field::long("text", "听证事项", MAX_TEXT).required(),
                Field::date("held_on", "听证日期").required().help(format!(
                    "至少在{NOTICE_DAYS}日之后，公告要提前{NOTICE_DAYS}日发布。"
                )),
                Field::new("time", "开始时间", FieldKind::Time).required(),
                Field::text("place", "地点", MAX_LINE).required(),
                Field::rows(
                    "panel",
                    "听证员",
                    vec![
                        Field::text("name", "姓名", MAX_LINE).required(),
                        Field::text("post", "职务或身份", MAX_LINE).required(),
                        Field::new("chair", "主持人", FieldKind::Check),
                    ],
                    FEWEST,
                    MOST,
                )
                .required()
                .help("3人以上单数，指定一名主持人；与事项有利害关系的应当回避。"),
                Field::new("closed_doors", "不公开举行", FieldKind::Check)
                    .help("听证公开举行；涉及国家秘密、商业秘密、个人隐私的除外。"),
                Field::on("决定日期"),
            ],
        }
    }

    fn digest(&self, _: &Scene<'_>) -> Digest {
        let (state, state_label, tone) = self.state();
        let held = self.record.as_ref().map(|_| self.held_on);
        let notified = self.notice.as_ref().map(|notice| notice.on);
        let open = self.is_open();
        let mut lines = vec![
            Line::new("听证事项", self.subject.clone()),
            Line::new(
                "时间地点",
                format!("{} {} {}", self.held_on, self.time, self.place),
            ),
            Line::new(
                "公开",
                if self.public {
                    "公开举行"
                } else {
                    "不公开举行"
                },
            ),
        ];
        if let Some(notice) = &self.notice {
            let ways: Vec<&str> = notice.ways.iter().map(|way| way.label()).collect();
            let text = format!("{} {}：{}", notice.on, ways.join("、"), notice.text);
            lines.push(Line::new("公告", text));
        }
        if let Some(record) = &self.record {
            let names = |people: &[Named]| {
                let names: Vec<&str> = people.iter().map(|p| p.name.as_str()).collect();
                (!names.is_empty()).then(|| names.join("、"))
            };
            lines.extend(Line::maybe("到场当事人", names(&record.present)));
            lines.extend(Line::maybe("未到场", names(&record.absent)));
            lines.extend(Line::maybe("未到场原因", record.absence.clone()));
            lines.extend(Line::maybe("其他到场人员", record.others.clone()));
            lines.push(Line::new("笔录", record.minutes.clone()));
            lines.push(Line::new("结论", record.conclusion.clone()));
            let days = record.excluded_days.map(|days| format!("{days}日"));
            lines.extend(Line::maybe("不计入复核期限", days));
        }
        if let Some(cancelled) = &self.cancelled {
            let text = format!("{} {}", cancelled.on, cancelled.reason);
            lines.push(Line::toned("取消", text, Tone::Void));
        }
        let items = self
            .panel
            .iter()
            .map(|member| Item {
                group: "听证员".to_owned(),
                title: member.name.clone(),
                on: None,
                state_label: if member.chair {
                    "主持人"
                } else {
                    "听证员"
                }
                .to_owned(),
                tone: Tone::Plain,
                text: Some(member.post.clone()),
            })
            .collect();
        Digest {
            title: format!("{} {}", self.purpose.label(), self.held_on),
            state,
            state_label,
            tone,
            open,
            due: self.due(),
            unit_id: None,
            stages: vec![
                Stage::new("组织", Some(self.planned_on), false),
                Stage::new("公告", notified, open && notified.is_none()),
                Stage::new("举行", held, open && notified.is_some()),
            ],
            lines,
            items,
        }
    }

    fn help(deed: Deed) -> &'static str {
        match deed {
            Deed::HearingNotify => {
                "举行的7日前公告或送达当事人（《信访工作条例》第三十一条第六项和信访听证的规定）。"
            }
            Deed::HearingHold => {
                "登记到场情况、笔录和结论。复核听证从公告到举行的时间不计入复核期限（《信访工作条例》第三十六条）。"
            }
            Deed::HearingCancel => "改期的也先取消，写明理由，再重新组织。",
            _ => {
                "重大、复杂、疑难的事项可以举行听证，公开质询、辩论、评议、合议（《信访工作条例》第三十一条第六项）。听证员3人以上单数。"
            }
        }
    }

    fn blocks_closing(&self) -> Option<String> {
        self.is_open().then(|| {
            format!(
                "定于{}的听证还没有举行，先登记听证情况，或说明理由取消。",
                self.held_on
            )
        })
    }

    fn end_with_case(&mut self, on: NaiveDate) -> bool {
        let ends = self.is_open();
        if ends {
            self.cancelled = Some(Cancelled {
                on,
                reason: "事项已办结。".to_owned(),
            });
        }
        ends
    }
}

/// The round that a case in a state is in.
const fn round(state: State) -> HearingPurpose {
    match state {
        State::UnderReview => HearingPurpose::Review,
        State::UnderFinalReview => HearingPurpose::FinalReview,
        _ => HearingPurpose::Handling,
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::tests::{Stage as Set, day};
    use super::*;
    use crate::case::deadline::{Clock, ClockKind};

    fn member(name: &str, chair: bool) -> PanelInput {
        PanelInput {
            name: Some(name.to_owned()),
            post: Some("人大代表".to_owned()),
            chair: Some(chair),
        }
    }

    fn input() -> HearingInput {
        HearingInput {
            purpose: Some(HearingPurpose::Handling),
            held_on: Some(day(3, 20)),
            time: Some("09:30".to_owned()),
            place: Some("镇综治中心会议室".to_owned()),
            panel: Some(vec![
                member("甲", true),
                member("乙", false),
                member("丙", false),
            ]),
            text: Some("流转费的数额".to_owned()),
            ..HearingInput::default()
        }
    }

    fn notice() -> HearingInput {
        HearingInput {
            ways: Some(vec![NoticeWay::Posted]),
            text: Some("村务公开栏".to_owned()),
            ..HearingInput::default()
        }
    }

    fn minutes() -> HearingInput {
        HearingInput {
            present: Some(vec!["p".into()]),
            minutes: Some("双方陈述，听证员询问。".to_owned()),
            conclusion: Some("应予支付".to_owned()),
            ..HearingInput::default()
        }
    }

    fn fields(wrong: Wrong) -> Vec<String> {
        let Wrong::Invalid(errors) = wrong else {
            panic!("{wrong:?}");
        };
        let name = |e: crate::problem::FieldError| format!("{}:{}", e.field, e.code);
        errors.into_vec().into_iter().map(name).collect()
    }

    #[test]
    fn a_panel_is_odd_from_three_with_one_chair() {
        let set = Set::on(day(3, 10));
        let scene = set.scene();
        assert!(Hearing::open(input(), &scene).is_ok());
        let panel = |members: &[(&str, bool)]| HearingInput {
            panel: Some(members.iter().map(|(n, c)| member(n, *c)).collect()),
            ..input()
        };
        for (wrong, expected) in [
            (panel(&[("甲", true)]), &["panel:odd_from_three"][..]),
            (
                panel(&[("甲", true), ("乙", false), ("丙", false), ("丁", false)]),
                &["panel:odd_from_three"],
            ),
            (
                panel(&[("甲", false), ("乙", false), ("丙", false)]),
                &["panel:one_chair"],
            ),
            (
                panel(&[("甲", true), ("乙", true), ("丙", false)]),
                &["panel:one_chair"],
            ),
            (
                panel(&[("甲", true), ("乙", false), (" ", false)]),
                &["panel.2.name:required"],
            ),
            (
                panel(&[("甲", true), ("甲", false), ("丙", false)]),
                &["panel.1.name:twice"],
            ),
            (
                HearingInput {
                    held_on: Some(day(3, 16)),
                    ..input()
                },
                &["held_on:too_soon"],
            ),
            (
                HearingInput {
                    purpose: Some(HearingPurpose::FinalReview),
                    time: Some("九点".to_owned()),
                    ..input()
                },
                &["purpose:other_round", "time:invalid"],
            ),
        ] {
            assert_eq!(fields(Hearing::open(wrong, &scene).unwrap_err()), expected);
        }
    }

    #[test]
    fn it_is_held_only_after_its_notice_seven_days_before() {
        let mut set = Set::on(day(3, 10));
        let (hearing, _) = Hearing::open(input(), &set.scene()).unwrap();
        // Without a notice, even on its day.
        set.today = day(3, 20);
        let why = hearing.refuses(Deed::HearingHold, &set.scene()).unwrap();
        assert!(why.contains("公告"), "{why}");
        // The notice: on 13 March at the latest.
        for (on, ok) in [(day(3, 13), true), (day(3, 14), false)] {
            let mut hearing = hearing.clone();
            let input = HearingInput {
                on: Some(on),
                ..notice()
            };
            let done = hearing.step(Deed::HearingNotify, input, &set.scene());
            assert_eq!(done.is_ok(), ok, "{on}");
            if let Err(wrong) = done {
                assert_eq!(fields(wrong), ["on:too_late"]);
            }
        }
        let mut hearing = hearing;
        set.today = day(3, 12);
        hearing
            .step(Deed::HearingNotify, notice(), &set.scene())
            .unwrap();
        assert!(hearing.refuses(Deed::HearingNotify, &set.scene()).is_some());
        set.today = day(3, 19);
        assert!(hearing.refuses(Deed::HearingHold, &set.scene()).is_some());
        set.today = day(3, 20);
        assert_eq!(hearing.refuses(Deed::HearingHold, &set.scene()), None);
        assert!(hearing.blocks_closing().is_some());
        // The petitioner was not there: why not.
        let alone = HearingInput {
            present: Some(vec!["q".into()]),
            ..minutes()
        };
        let wrong = hearing
            .clone()
            .step(Deed::HearingHold, alone, &set.scene())
            .unwrap_err();
        assert_eq!(fields(wrong), ["text:required"]);
        let done = hearing
            .step(Deed::HearingHold, minutes(), &set.scene())
            .unwrap();
        assert_eq!((done.on, done.data.excluded_days), (day(3, 20), None));
        assert_eq!(hearing.digest(&set.scene()).state, "held");
        assert!(hearing.refuses(Deed::HearingCancel, &set.scene()).is_some());
        assert_eq!(hearing.blocks_closing(), None);
    }

    #[test]
    fn in_the_final_review_the_days_from_notice_to_hearing_are_left_out() {
        let mut set = Set::on(day(3, 10));
        set.case.state = State::UnderFinalReview;
        let asked = day(3, 5);
        set.clocks = vec![Clock {
            kind: ClockKind::FinalReviewAnswer,
            owner: ClockKind::FinalReviewAnswer.owner(),
            from: asked,
            due: day(4, 4),
            extended_days: 0,
            met_on: None,
            stopped: false,
            basis: String::new(),
            certain: true,
        }];
        let plan = HearingInput {
            purpose: Some(HearingPurpose::FinalReview),
            ..input()
        };
        let (mut hearing, _) = Hearing::open(plan, &set.scene()).unwrap();
        set.today = day(3, 12);
        hearing
            .step(Deed::HearingNotify, notice(), &set.scene())
            .unwrap();
        set.today = day(3, 25);
        let done = hearing
            .step(Deed::HearingHold, minutes(), &set.scene())
            .unwrap();
        assert_eq!((done.on, done.data.excluded_days), (day(3, 20), Some(8)));
        assert!(done.text.contains("第三十六条"), "{}", done.text);
    }

    #[test]
    fn it_is_called_off_with_a_reason_or_ends_with_the_case() {
        let set = Set::on(day(3, 10));
        let (hearing, _) = Hearing::open(input(), &set.scene()).unwrap();
        let mut called_off = hearing.clone();
        let empty = HearingInput::default();
        let wrong = called_off
            .step(Deed::HearingCancel, empty, &set.scene())
            .unwrap_err();
        assert_eq!(fields(wrong), ["text:required"]);
        let why = HearingInput {
            text: Some("双方和解".to_owned()),
            ..HearingInput::default()
        };
        called_off
            .step(Deed::HearingCancel, why, &set.scene())
            .unwrap();
        assert_eq!(called_off.digest(&set.scene()).state, "cancelled");
        assert!(!called_off.end_with_case(day(3, 10)));
        let mut ended = hearing;
        assert!(ended.end_with_case(day(3, 10)));
        assert!(!ended.digest(&set.scene()).open);
    }
}
