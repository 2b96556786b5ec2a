//! Measures by law against a person (依法处理).
//!
//! Only with a legal basis, the authority that took it, the leader who approved, and a notice that was
//! served; without all four nothing is kept. An entry says what was done and by which rule, never
//! where a person is or was, and nothing is counted up into a score. A wrong entry is struck out by a
//! leader, with a reason, never deleted.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::form::{Field, FieldKind};
use super::scene::{MAX_LINE, MAX_TEXT, Scene};
use super::struck::Struck;
use super::view::{Digest, Line, Tone};
use super::{Deed, Done, Matter, MatterKind, Wrong};
use crate::case::view::{MeasureRow, Named};
use crate::ids::{PersonId, UserId};
use crate::role::Role;
use crate::validate::Errors;

/// What the deeds of a measure are given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct MeasureInput {
    /// The day of the measure; of a striking-out, today.
    pub on: Option<NaiveDate>,
    /// `open`: the law.
    pub law: Option<String>,
    /// `open`: the article.
    pub article: Option<String>,
    /// `open`: the authority that took the measure.
    pub authority: Option<String>,
    /// `open`: the leader who approved.
    pub leader_id: Option<UserId>,
    /// `open`: the notice's number.
    pub notice_number: Option<String>,
    /// `open`: when the notice was served.
    pub notice_on: Option<NaiveDate>,
    /// `open`: on whom it was served.
    pub person_id: Option<PersonId>,
    /// What was done, or why it is struck out.
    pub text: Option<String>,
}

/// A measure by law.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    on: NaiveDate,
    law: String,
    article: String,
    authority: String,
    leader: Named,
    notice_number: String,
    notice_on: NaiveDate,
    served_on: Named,
    text: String,
    struck: Option<Struck>,
}

impl Measure {
    /// As the yearly list has it: without cause, people, place and what was done.
    pub fn row(&self, case_number: String) -> MeasureRow {
        MeasureRow {
            case_id: None,
            case_number,
            on: self.on,
            law: self.law.clone(),
            article: self.article.clone(),
            authority: self.authority.clone(),
            leader: self.leader.name.clone(),
            notice_number: self.notice_number.clone(),
            notice_on: self.notice_on,
            struck: self.struck.is_some(),
        }
    }

    fn basis(&self) -> String {
        format!("{}{}", self.law, self.article)
    }
}

impl Matter for Measure {
    const KIND: MatterKind = MatterKind::Measure;
    type Input = MeasureInput;

    fn open(input: MeasureInput, scene: &Scene<'_>) -> Result<(Self, Done), Wrong> {
        let mut errors = Errors::new();
        if input.on.is_none() {
            errors.add("on", "required", "请填写采取措施的日期。");
        }
        let on = scene.day(&mut errors, input.on, scene.received_on);
        let mut line = |field: &str, name: &str, given: &Option<String>| {
            let given = given.as_deref().unwrap_or("");
            errors.text(field, name, given, MAX_LINE);
            given.trim().to_owned()
        };
        let law = line("law", "法律依据：法律法规名称", &input.law);
        let article = line("article", "法律依据：条款", &input.article);
        let authority = line("authority", "作出处理的机关", &input.authority);
        let notice_number = line("notice_number", "告知文书的文号", &input.notice_number);
        let leader = scene.user(
            &mut errors,
            "leader_id",
            input.leader_id.as_ref(),
            |role| role == Role::TownshipLeader,
            "批准的镇领导",
        );
        match input.notice_on {
            None => errors.add("notice_on", "required", "请填写告知文书的送达日期。"),
            Some(day) if day > scene.today => {
                errors.add("notice_on", "in_future", "送达日期不能晚于今天。");
            }
            Some(day) if day < scene.received_on => {
                let message = format!("送达日期不能早于收到事项的日期（{}）。", scene.received_on);
                errors.add("notice_on", "too_early", message);
            }
            Some(_) => {}
        }
        let person = match &input.person_id {
            None => {
                errors.add("person_id", "required", "请选择文书送达给谁。");
                None
            }
            id => scene.person(&mut errors, "person_id", id.as_ref()),
        };
        let text = input.text.as_deref().unwrap_or("");
        errors.text("text", "处理情况", text, MAX_TEXT);
        let (Some(leader), Some(notice_on), Some(person)) = (leader, input.notice_on, person)
        else {
            return Err(Wrong::Invalid(errors));
        };
        errors.or_wrong()?;
        let measure = Self {
            on,
            law,
            article,
            authority,
            leader,
            notice_number,
            notice_on,
            served_on: Named {
                id: person.id.as_str().to_owned(),
                name: person.name,
            },
            text: text.trim().to_owned(),
            struck: None,
        };
        let words = format!(
            "{}依据{}处理，{}批准，{}于{}送达：{}",
            measure.authority,
            measure.basis(),
            measure.leader.name,
            measure.notice_number,
            measure.notice_on,
            measure.text
        );
        Ok((measure, Done::new(on, words)))
    }

    fn step(&mut self, _: Deed, input: MeasureInput, scene: &Scene<'_>) -> Result<Done, Wrong> {
        let (struck, done) = Struck::out(input.on, input.text.as_deref(), self.on, scene)?;
        self.struck = Some(struck);
        Ok(done)
    }

    fn refuses(&self, _: Deed, _: &Scene<'_>) -> Option<String> {
        Struck::refuses(self.struck.as_ref())
    }

    fn fields(_: Option<&Self>, deed: Deed, scene: &Scene<'_>) -> Vec<Field> {
        if deed == Deed::MeasureStrike {
            return Struck::fields();
        }
        let leader = Field::user("leader_id", "批准的镇领导", &[Role::TownshipLeader]).required();
        vec![
            Field::date("on", "处理日期")
                .required()
                .value(scene.today.to_string()),
            Field::text("law", "法律法规", MAX_LINE)
                .required()
                .help("写全称，如：《中华人民共和国治安管理处罚法》。"),
            Field::text("article", "条款", MAX_LINE)
                .required()
                .help("写到条、款、项。"),
            Field::text("authority", "作出处理的机关", MAX_LINE)
                .required()
                .help("有权作出这项处理的机关全称。"),
            if scene.actor.role == Role::TownshipLeader {
                leader.value(scene.actor.user_id.as_str())
            } else {
                leader
            },
            Field::text("notice_number", "告知文书文号", MAX_LINE).required(),
            Field::date("notice_on", "送达日期").required(),
            Field::new("person_id", "送达给", FieldKind::Person).required(),
            Field::long("text", "处理情况", MAX_TEXT)
                .required()
                .help("只写依法做了什么；不得记录个人行踪。"),
        ]
    }

    fn digest(&self, _: &Scene<'_>) -> Digest {
        let (state, state_label, tone) = match &self.struck {
            Some(_) => ("struck", "已划除", Tone::Void),
            None => ("entered", "已登记", Tone::Plain),
        };
        let mut lines = vec![
            Line::new("处理日期", self.on.to_string()),
            Line::new("法律依据", self.basis()),
            Line::new("作出处理的机关", self.authority.clone()),
            Line::new("批准领导", self.leader.name.clone()),
            Line::new(
                "告知文书",
                format!(
                    "{}，{}送达{}",
                    self.notice_number, self.notice_on, self.served_on.name
                ),
            ),
            Line::new("处理情况", self.text.clone()),
        ];
        lines.extend(self.struck.as_ref().map(Struck::line));
        Digest {
            title: format!("{} {}", self.authority, self.basis()),
            state,
            state_label,
            tone,
            open: false,
            due: None,
            unit_id: None,
            stages: Vec::new(),
            lines,
            items: Vec::new(),
        }
    }

    fn help(deed: Deed) -> &'static str {
        match deed {
            Deed::MeasureStrike => "登记有误的，由镇领导写明理由划除，记录保留。",
            _ => {
                "法律依据、作出机关、批准领导、送达文书四项齐全才能登记（参见条例第四十七条）；列入年度清单，由镇领导和监督员查看。"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::tests::{Stage, day};
    use super::*;

    fn input() -> MeasureInput {
        MeasureInput {
            on: Some(day(3, 9)),
            law: Some("《中华人民共和国治安管理处罚法》".to_owned()),
            article: Some("第二十三条第一款".to_owned()),
            authority: Some("县公安局".to_owned()),
            leader_id: Some("leader".into()),
            notice_number: Some("县公（治）行罚决字〔2026〕7号".to_owned()),
            notice_on: Some(day(3, 9)),
            person_id: Some("p".into()),
            text: Some("警告".to_owned()),
        }
    }

    fn fields(input: MeasureInput) -> Vec<String> {
        let stage = Stage::on(day(3, 10));
        match Measure::open(input, &stage.scene()) {
            Err(Wrong::Invalid(errors)) => errors.into_vec().into_iter().map(|e| e.field).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn without_all_four_nothing_is_kept() {
        let stage = Stage::on(day(3, 10));
        assert!(Measure::open(input(), &stage.scene()).is_ok());
        assert_eq!(
            fields(MeasureInput {
                on: Some(day(3, 9)),
                text: Some("警告".to_owned()),
                ..MeasureInput::default()
            }),
            [
                "law",
                "article",
                "authority",
                "notice_number",
                "leader_id",
                "notice_on",
                "person_id"
            ]
        );
        for (wrong, field) in [
            (
                MeasureInput {
                    leader_id: Some("officer".into()),
                    ..input()
                },
                "leader_id",
            ),
            (
                MeasureInput {
                    notice_on: Some(day(3, 11)),
                    ..input()
                },
                "notice_on",
            ),
            (
                MeasureInput {
                    notice_on: Some(day(3, 1)),
                    ..input()
                },
                "notice_on",
            ),
            (
                MeasureInput {
                    person_id: Some("x".into()),
                    ..input()
                },
                "person_id",
            ),
            (
                MeasureInput {
                    on: Some(day(3, 1)),
                    ..input()
                },
                "on",
            ),
        ] {
            assert_eq!(fields(wrong), [field]);
        }
    }

    #[test]
    fn the_yearly_row_has_nobody_and_nothing_of_the_matter() {
        let stage = Stage::on(day(3, 10));
        let scene = stage.scene();
        let (mut measure, _) = Measure::open(input(), &scene).unwrap();
        let row = serde_json::to_string(&measure.row("平川信〔2026〕00001号".to_owned())).unwrap();
        assert!(!row.contains("张三") && !row.contains("警告"), "{row}");
        let strike = MeasureInput {
            text: Some("登记错误".to_owned()),
            ..MeasureInput::default()
        };
        measure.step(Deed::MeasureStrike, strike, &scene).unwrap();
        assert!(measure.refuses(Deed::MeasureStrike, &scene).is_some());
        assert!(measure.row(String::new()).struck);
    }
}
