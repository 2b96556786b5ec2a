//! Petition visits to higher levels (上访登记).
//!
//! A lawful visit is a right (条例第三条、第四条): an entry says where, when and how many, and, if the
//! visit was abnormal, by which rule and on what evidence. It belongs to the case, never to a person;
//! who entered it is in the timeline. A wrong entry is struck out with a reason, never deleted.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::form::Field;
use super::scene::{MAX_LINE, MAX_TEXT, Scene};
use super::struck::Struck;
use super::view::{Digest, Line, Tone};
use super::{Deed, Done, Matter, MatterKind, Wrong};
use crate::term::Term;
use crate::terms;
use crate::validate::Errors;

terms! {
    /// The level that was visited.
    Level, "走访层级" {
        /// The county.
        County = "county", "县级";
        /// The city.
        City = "city", "市级";
        /// The province.
        Province = "province", "省级";
        /// The capital.
        Capital = "capital", "国家级（进京）";
    }
}

terms! {
    /// Whether the visit kept to the rules.
    Conduct, "走访性质" {
        /// At the place and in the way that the rules name (条例第十九条、第二十条).
        Normal = "normal", "正常走访";
        /// At another place or in another way than the rules name.
        Abnormal = "abnormal", "非正常走访";
    }
}

terms! {
    /// What an entry rests on.
    #[cfg_attr(feature = "openapi", schema(as = VisitEvidence))]
    Evidence, "依据来源" {
        /// A notice of the higher authority.
        Notice = "notice", "上级通报";
        /// The national petition system.
        System = "system", "信访信息系统登记";
        /// A record of the police.
        Police = "police", "公安机关通报";
        /// What the petitioner said themselves.
        Petitioner = "petitioner", "信访人自述";
    }
}

/// What the deeds of a visit are given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct VisitInput {
    /// The day of the visit; of a striking-out, today.
    pub on: Option<NaiveDate>,
    /// `open`: the level.
    pub level: Option<Level>,
    /// `open`: the authority visited.
    pub authority: Option<String>,
    /// `open`: how many people.
    pub people_count: Option<u32>,
    /// `open`: normal or not.
    pub conduct: Option<Conduct>,
    /// `open`, abnormal: which rule says so.
    pub rule: Option<String>,
    /// `open`: what the entry rests on.
    pub evidence: Option<Evidence>,
    /// `open`: the evidence's number or words.
    pub evidence_text: Option<String>,
    /// `open`: whether a level was left out.
    pub skip_level: Option<bool>,
    /// What was done, or why it is struck out.
    pub text: Option<String>,
}

/// A visit to a higher level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    on: NaiveDate,
    level: Level,
    authority: String,
    people_count: u32,
    conduct: Conduct,
    rule: Option<String>,
    evidence: Evidence,
    evidence_text: String,
    skip_level: bool,
    text: Option<String>,
    struck: Option<Struck>,
}

/// The most people of a visit that an entry takes.
const MOST_PEOPLE: u32 = 10_000;

fn filled(text: Option<&str>) -> Option<String> {
    crate::case::input::filled(text).map(str::to_owned)
}

impl Visit {
    /// What figures look at: the day, and how it counts in bits ([`crate::indicator::tally::up`]). None
    /// where the entry was struck out: what was struck out has never been.
    pub fn counted(&self) -> Option<(NaiveDate, u16)> {
        use crate::indicator::tally::up;
        let bit = |is: bool, bit: u16| if is { bit } else { 0 };
        let bits = bit(self.conduct == Conduct::Abnormal, up::ABNORMAL)
            | bit(self.skip_level, up::SKIPPED)
            | bit(self.level != Level::County, up::BEYOND_COUNTY)
            | bit(
                self.people_count >= crate::case::COLLECTIVE_FROM,
                up::COLLECTIVE,
            );
        self.struck.is_none().then_some((self.on, bits))
    }
}

impl Matter for Visit {
    const KIND: MatterKind = MatterKind::Visit;
    type Input = VisitInput;

    fn open(input: VisitInput, scene: &Scene<'_>) -> Result<(Self, Done), Wrong> {
        let mut errors = Errors::new();
        if input.on.is_none() {
            errors.add("on", "required", "请填写走访日期。");
        }
        let on = scene.day(&mut errors, input.on, NaiveDate::MIN);
        if input.level.is_none() {
            errors.add("level", "required", "请选择走访层级。");
        }
        let authority = input.authority.as_deref().unwrap_or("");
        errors.text("authority", "走访的机关", authority, MAX_LINE);
        let people_count = input.people_count.unwrap_or(0);
        if !(1..=MOST_PEOPLE).contains(&people_count) {
            let message = format!("人数应在1至{MOST_PEOPLE}之间。");
            errors.add("people_count", "out_of_range", message);
        }
        if input.conduct.is_none() {
            errors.add("conduct", "required", "请选择走访性质。");
        }
        let rule = input.rule.as_deref().unwrap_or("");
        if input.conduct == Some(Conduct::Abnormal) {
            errors.text("rule", "认定非正常走访所依据的条款", rule, MAX_LINE);
        } else {
            errors.length("rule", "条款", rule, MAX_LINE);
        }
        if input.evidence.is_none() {
            errors.add("evidence", "required", "请选择依据来源。");
        }
        let evidence_text = input.evidence_text.as_deref().unwrap_or("");
        errors.text("evidence_text", "通报文号或凭据", evidence_text, MAX_LINE);
        let text = input.text.as_deref().unwrap_or("");
        errors.length("text", "处理情况", text, MAX_TEXT);
        let (Some(level), Some(conduct), Some(evidence)) =
            (input.level, input.conduct, input.evidence)
        else {
            return Err(Wrong::Invalid(errors));
        };
        errors.or_wrong()?;
        let visit = Self {
            on,
            level,
            authority: authority.trim().to_owned(),
            people_count,
            conduct,
            rule: filled(input.rule.as_deref()).filter(|_| conduct == Conduct::Abnormal),
            evidence,
            evidence_text: evidence_text.trim().to_owned(),
            skip_level: input.skip_level.unwrap_or(false),
            text: filled(input.text.as_deref()),
            struck: None,
        };
        let words = format!(
            "{}{}，{}人，{}；依据：{}（{}）",
            level.label(),
            visit.authority,
            people_count,
            conduct.label(),
            evidence.label(),
            visit.evidence_text
        );
        Ok((visit, Done::new(on, words)))
    }

    fn step(&mut self, _: Deed, input: VisitInput, scene: &Scene<'_>) -> Result<Done, Wrong> {
        let (struck, done) = Struck::out(input.on, input.text.as_deref(), self.on, scene)?;
        self.struck = Some(struck);
        Ok(done)
    }

    /// A visit may become known after the case has ended.
    fn refuses_opening(_: &Scene<'_>) -> Option<String> {
        None
    }

    fn refuses(&self, _: Deed, _: &Scene<'_>) -> Option<String> {
        Struck::refuses(self.struck.as_ref())
    }

    fn fields(_: Option<&Self>, deed: Deed, _: &Scene<'_>) -> Vec<Field> {
        if deed == Deed::VisitStrike {
            return Struck::fields();
        }
        vec![
            Field::date("on", "走访日期").required(),
            Field::choice::<Level>("level", "走访层级").required(),
            Field::text("authority", "走访的机关", MAX_LINE).required(),
            Field::new(
                "people_count",
                "人数",
                super::FieldKind::Number {
                    min: 1,
                    max: MOST_PEOPLE,
                },
            )
            .required(),
            Field::new("skip_level", "越级（未先向本级或上一级提出）", super::FieldKind::Check),
            Field::choice::<Conduct>("conduct", "走访性质")
                .required()
                .help("依法走访是公民的权利；只有违反《信访工作条例》第二十条、第二十六条的才是非正常走访。"),
            Field::text("rule", "认定条款", MAX_LINE).help("非正常走访必填，如：条例第二十六条第一项。"),
            Field::choice::<Evidence>("evidence", "依据来源").required(),
            Field::text("evidence_text", "通报文号或凭据", MAX_LINE).required(),
            Field::long("text", "处理情况", MAX_TEXT),
        ]
    }

    fn digest(&self, _: &Scene<'_>) -> Digest {
        let (state, state_label, tone) = match (&self.struck, self.conduct) {
            (Some(_), _) => ("struck", "已划除", Tone::Void),
            (None, Conduct::Normal) => ("normal", "正常走访", Tone::Plain),
            (None, Conduct::Abnormal) => ("abnormal", "非正常走访", Tone::Warn),
        };
        let mut lines = vec![
            Line::new("走访日期", self.on.to_string()),
            Line::new("人数", format!("{}人", self.people_count)),
            Line::new("越级", if self.skip_level { "是" } else { "否" }),
            Line::new(
                "依据",
                format!("{}：{}", self.evidence.label(), self.evidence_text),
            ),
        ];
        lines.extend(Line::maybe("认定条款", self.rule.clone()));
        lines.extend(Line::maybe("处理情况", self.text.clone()));
        lines.extend(self.struck.as_ref().map(Struck::line));
        Digest {
            title: format!("{} {}", self.level.label(), self.authority),
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
            Deed::VisitStrike => "登记有误的写明理由划除，记录保留，不再计入统计。",
            _ => "登记到县级以上机关走访的时间、人数和依据；只记事项，不记个人行踪。",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::tests::{Stage, day};
    use super::*;

    fn input() -> VisitInput {
        VisitInput {
            on: Some(day(3, 9)),
            level: Some(Level::City),
            authority: Some("市信访局".to_owned()),
            people_count: Some(6),
            conduct: Some(Conduct::Normal),
            evidence: Some(Evidence::Notice),
            evidence_text: Some("市信通〔2026〕3号".to_owned()),
            ..VisitInput::default()
        }
    }

    #[test]
    fn an_abnormal_visit_names_the_rule_and_any_entry_its_evidence() {
        let stage = Stage::on(day(3, 10));
        let scene = stage.scene();
        assert!(Visit::open(input(), &scene).is_ok());
        for (wrong, field) in [
            (
                VisitInput {
                    conduct: Some(Conduct::Abnormal),
                    ..input()
                },
                "rule",
            ),
            (
                VisitInput {
                    evidence_text: None,
                    ..input()
                },
                "evidence_text",
            ),
            (
                VisitInput {
                    on: Some(day(3, 11)),
                    ..input()
                },
                "on",
            ),
            (
                VisitInput {
                    people_count: Some(0),
                    ..input()
                },
                "people_count",
            ),
        ] {
            let Err(Wrong::Invalid(errors)) = Visit::open(wrong, &scene) else {
                panic!("{field}");
            };
            let fields: Vec<String> = errors.into_vec().into_iter().map(|e| e.field).collect();
            assert_eq!(fields, [field]);
        }
    }

    #[test]
    fn a_wrong_entry_is_struck_out_once_and_stays() {
        let stage = Stage::on(day(3, 10));
        let scene = stage.scene();
        let (mut visit, _) = Visit::open(input(), &scene).unwrap();
        let strike = |text: &str| VisitInput {
            text: Some(text.to_owned()),
            ..VisitInput::default()
        };
        assert!(visit.step(Deed::VisitStrike, strike(" "), &scene).is_err());
        assert!(visit.refuses(Deed::VisitStrike, &scene).is_none());
        visit
            .step(Deed::VisitStrike, strike("重复登记"), &scene)
            .unwrap();
        assert!(visit.refuses(Deed::VisitStrike, &scene).is_some());
        let digest = visit.digest(&scene);
        assert_eq!(digest.state, "struck");
        assert!(
            digest
                .lines
                .iter()
                .any(|line| line.text.contains("重复登记"))
        );
    }
}
