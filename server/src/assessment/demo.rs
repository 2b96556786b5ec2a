//! Made-up assessments for the demo: last year's three-without villages are decided, named and rewarded;
//! of this year's some have handed in, one was reviewed, one objects. A sheet for next year is a draft.

use chrono::{Datelike, NaiveDate};
use shared::assessment::criteria::{CriteriaPatch, NewCriteria};
use shared::assessment::honour::{HonourDecision, HonourKind, HonourState, HonourStep, NewHonour};
use shared::assessment::{
    AssessmentInput, AssessmentKind, AssessmentRow, AssessmentStep, AssessmentView, Mark,
    NewAssessments, may_be_named,
};
use shared::role::Role;

use super::{criteria, honour, service};
use crate::case::Desk;
use crate::db::Conn;
use crate::demo::Error;
use crate::demo::cast::{Cast, at, wrong};
use crate::indicator::book::Figures;

fn fail(e: crate::case::Error) -> Error {
    wrong("assessments", e)
}

/// Marks for the items that are scored by hand: full, less so many tenths.
fn marks(view: &AssessmentView, less: u32, evidence: &str) -> Vec<Mark> {
    view.items
        .iter()
        .filter(|item| !item.by_data)
        .map(|item| Mark {
            code: item.code.clone(),
            score: Some(item.full.saturating_sub(less)),
            evidence: Some(evidence.to_owned()),
        })
        .collect()
}

/// One village's assessment on its way.
struct Course<'a> {
    cast: &'a Cast,
    figures: &'a Figures,
    view: AssessmentView,
}

impl Course<'_> {
    fn step(
        &mut self,
        conn: &mut Conn,
        desk: &Desk,
        on: NaiveDate,
        step: AssessmentStep,
        input: &AssessmentInput,
    ) -> Result<(), Error> {
        let then = at(desk, self.cast.moment(on, 15, 10));
        let id = self.view.row.id.clone();
        let counted =
            service::counted(conn, self.figures, &then, &id, step.deed()).map_err(fail)?;
        let seen = self.view.version;
        self.view = service::step(conn, &then, (&id, step), seen, input, counted).map_err(fail)?;
        Ok(())
    }

    fn submit(&mut self, conn: &mut Conn, on: NaiveDate, less: u32) -> Result<(), Error> {
        let cast = self.cast;
        let secretary = cast.secretary_of(&self.view.row.village.name)?;
        let input = AssessmentInput {
            marks: marks(&self.view, less, "见全年工作台账和会议记录"),
            ..AssessmentInput::default()
        };
        self.step(conn, secretary, on, AssessmentStep::Submit, &input)
    }

    fn review(
        &mut self,
        conn: &mut Conn,
        on: NaiveDate,
        less: u32,
        text: Option<&str>,
    ) -> Result<(), Error> {
        let office = self.cast.desk(Role::CoordinationOffice)?;
        let input = AssessmentInput {
            marks: marks(&self.view, less, "查看台账、方案和会议记录，走访了三户"),
            text: text.map(str::to_owned),
            ..AssessmentInput::default()
        };
        self.step(conn, office, on, AssessmentStep::Review, &input)
    }

    /// Decided as the points and the veto items have it.
    fn decide(&mut self, conn: &mut Conn, on: NaiveDate) -> Result<bool, Error> {
        let view = &self.view;
        let named = may_be_named(&view.items, &view.vetoes, view.named_from).is_ok();
        let leader = self.cast.desk(Role::TownshipLeader)?;
        let text = if named {
            "镇党委会议研究，同意命名"
        } else {
            "镇党委会议研究，不予命名，限期整改"
        };
        let input = AssessmentInput {
            named: Some(named),
            text: Some(text.to_owned()),
            ..AssessmentInput::default()
        };
        self.step(conn, leader, on, AssessmentStep::Decide, &input)?;
        Ok(named)
    }

    fn honour(
        &mut self,
        conn: &mut Conn,
        on: NaiveDate,
        (kind, title, evidence): (HonourKind, &str, &str),
        number: Option<&str>,
    ) -> Result<(), Error> {
        let office = at(
            self.cast.desk(Role::CoordinationOffice)?,
            self.cast.moment(on, 9, 20),
        );
        let input = NewHonour {
            kind,
            title: title.to_owned(),
            evidence: evidence.to_owned(),
            photos: Vec::new(),
        };
        let id = self.view.row.id.clone();
        let view = honour::propose(conn, &office, &id, &input).map_err(fail)?;
        let waits = view
            .honours
            .iter()
            .find(|honour| honour.state == HonourState::Proposed);
        self.view = view.clone();
        let (Some(waits), Some(number)) = (waits, number) else {
            return Ok(());
        };
        let leader = at(
            self.cast.desk(Role::TownshipLeader)?,
            self.cast.moment(on, 16, 40),
        );
        let decision = HonourDecision {
            text: "镇党委会议纪要".to_owned(),
            number: Some(number.to_owned()).filter(|number| !number.is_empty()),
        };
        let step = (waits.id.as_str(), HonourStep::Grant);
        self.view = honour::step(conn, &leader, step, waits.version, &decision).map_err(fail)?;
        Ok(())
    }
}

/// Begins a year's assessments; a course for each village.
fn begin<'a>(
    conn: &mut Conn,
    cast: &'a Cast,
    figures: &'a Figures,
    on: NaiveDate,
    year: i32,
    kind: AssessmentKind,
) -> Result<Vec<Course<'a>>, Error> {
    let office = at(cast.desk(Role::CoordinationOffice)?, cast.moment(on, 9, 0));
    let all = service::start(conn, &office, &NewAssessments { year, kind }).map_err(fail)?;
    let course = |row: &AssessmentRow| {
        let view = service::show(conn, figures, &office, &row.id).map_err(fail)?;
        Ok(Course {
            cast,
            figures,
            view,
        })
    };
    all.items.iter().map(course).collect()
}

/// Makes them, once the cases are committed: what is counted must not be taken back.
///
/// # Errors
/// [`Error`].
pub(crate) fn load(conn: &mut Conn, cast: &Cast, figures: &Figures) -> Result<(), Error> {
    let this_year = cast.today().year();
    last_year(conn, cast, figures, this_year - 1)?;
    this_years(conn, cast, figures, this_year)?;
    next_years_sheet(conn, cast)
}

fn last_year(conn: &mut Conn, cast: &Cast, figures: &Figures, year: i32) -> Result<(), Error> {
    let courses = begin(
        conn,
        cast,
        figures,
        cast.days_ago(40),
        year,
        AssessmentKind::ThreeWithout,
    )?;
    let number = format!("平政发〔{}〕6号", year + 1);
    for (n, mut course) in (0u32..).zip(courses) {
        course.submit(conn, cast.days_ago(36), 0)?;
        course.review(conn, cast.days_ago(30), 5 * (n % 4), None)?;
        let named = course.decide(conn, cast.days_ago(24))?;
        if !named || n > 3 {
            continue;
        }
        let title = format!("授予{year}年度“三无村”称号");
        let naming = (
            HonourKind::Naming,
            title.as_str(),
            "考核得分和公示无异议的记录",
        );
        course.honour(conn, cast.days_ago(20), naming, Some(&number))?;
        if n == 0 {
            let reward = (
                HonourKind::Reward,
                "奖励工作经费1万元",
                "排名第一，全年没有积案和越级集体访",
            );
            course.honour(conn, cast.days_ago(19), reward, Some(&number))?;
        }
        if n == 1 {
            let reward = (
                HonourKind::Reward,
                "奖励工作经费5000元",
                "排查报告按时率全镇最高",
            );
            course.honour(conn, cast.days_ago(18), reward, None)?;
        }
    }
    Ok(())
}

/// So many days ago, but not before this year.
fn lately(cast: &Cast, days: u64) -> NaiveDate {
    let first = shared::indicator::period::first_of_year(cast.today().year());
    cast.days_ago(days).max(first)
}

fn this_years(conn: &mut Conn, cast: &Cast, figures: &Figures, year: i32) -> Result<(), Error> {
    let began = lately(cast, 8);
    let courses = begin(
        conn,
        cast,
        figures,
        began,
        year,
        AssessmentKind::ThreeWithout,
    )?;
    // The first village's is left open: its secretary has it to do.
    for (n, mut course) in (0u32..).zip(courses) {
        let own = course.view.row.village.name == "五里墩村";
        if own || n > 5 {
            continue;
        }
        course.submit(conn, lately(cast, 6), 0)?;
        if n >= 3 {
            continue;
        }
        course.review(conn, lately(cast, 4), 10, None)?;
        if n == 2 {
            let secretary = cast.secretary_of(&course.view.row.village.name)?;
            let input = AssessmentInput {
                text: Some("有一份周报告是网络故障迟报，已当天说明，请核实。".to_owned()),
                ..AssessmentInput::default()
            };
            course.step(
                conn,
                secretary,
                lately(cast, 2),
                AssessmentStep::Object,
                &input,
            )?;
        }
    }
    begin(conn, cast, figures, began, year, AssessmentKind::Peaceful).map(drop)
}

/// More points for publicity and fewer for reports: a draft that waits for a leader.
fn next_years_sheet(conn: &mut Conn, cast: &Cast) -> Result<(), Error> {
    let office = at(
        cast.desk(Role::CoordinationOffice)?,
        cast.moment(lately(cast, 3), 10, 30),
    );
    let input = NewCriteria {
        kind: AssessmentKind::Peaceful,
        year: cast.today().year() + 1,
        sheet: None,
        note: Some("加大法制宣传的分值，走访改为每次0.2分".to_owned()),
    };
    let draft = criteria::begin(conn, &office, &input).map_err(fail)?;
    let mut sheet = draft.sheet;
    for item in &mut sheet.items {
        match item.code.as_str() {
            "publicity" => (item.points, item.each, item.standard) = (15, Some(40), String::new()),
            "reports" => item.points = 10,
            "visits" => (item.each, item.standard) = (Some(2), String::new()),
            _ => {}
        }
    }
    let patch = CriteriaPatch {
        sheet: Some(sheet),
        ..CriteriaPatch::default()
    };
    let id = draft.id.unwrap_or_default();
    criteria::patch(conn, &office, &id, draft.version, &patch).map_err(fail)?;
    Ok(())
}
