//! The home page: what a role must do today. Each line counts with the very query that its list
//! opens, so that the two cannot differ.

use chrono::Days;
use shared::case::matter::MatterKind;
use shared::case::view::{Home, Todo, TodoList};
use shared::role::Role;
use shared::term::Term;

use super::desk::Desk;
use super::list::{self, CaseQuery, Filter};
use super::matter::list::{self as matters, MatterQuery};
use super::{Error, backlog, service};
use crate::db::Conn;

/// A line of the page before it is counted.
struct Line {
    title: String,
    hint: &'static str,
    query: String,
    urgent: bool,
}

fn line(title: impl Into<String>, hint: &'static str, query: impl Into<String>) -> Line {
    Line {
        title: title.into(),
        hint,
        query: query.into(),
        urgent: false,
    }
}

/// What was sent to a unit that has not taken it yet.
fn offered(unit: &str) -> Line {
    line(
        "待接收",
        "转送、移交到本单位；接收，或五个工作日内提出异议（条例第二十三条）",
        format!("offered_unit_id={unit}&open=true&sort=due_on"),
    )
}

/// The lines that are of a person or a unit, once more for everybody for whom the caller stands in: what is
/// of a unit, unless it is the own one.
fn lines_for_others(desk: &Desk) -> Vec<Line> {
    let mut lines = Vec::new();
    for absent in &desk.actor.stands_in_for {
        let unit = absent.unit_id.as_str();
        let theirs: Vec<Line> = match desk.actor.role {
            Role::TownshipLeader => vec![line(
                "包案的",
                "一包到底",
                format!("lead_id={}&open=true&sort=due_on", absent.user_id),
            )],
            _ if absent.unit_id == desk.actor.unit_id => Vec::new(),
            Role::VillageSecretary | Role::PoliceStation | Role::JusticeOffice | Role::Court => {
                vec![
                    offered(unit),
                    line(
                        "待接办",
                        "交办到这个单位，请开始办理",
                        format!("unit_id={unit}&state=accepted&sort=due_on"),
                    ),
                    line(
                        "正在办理",
                        "记录进展，按期答复",
                        format!("unit_id={unit}&state=handling&sort=due_on"),
                    ),
                ]
            }
            _ => Vec::new(),
        };
        lines.extend(theirs.into_iter().map(|line| Line {
            title: format!("{}（代{}）", line.title, absent.name),
            ..line
        }));
    }
    lines
}

fn lines(desk: &Desk) -> Vec<Line> {
    let today = desk.context.today();
    let soon = today.checked_add_days(Days::new(3)).unwrap_or(today);
    let overdue = Line {
        urgent: true,
        ..line(
            "已超期",
            "超过法定期限仍未办理，请立即处理",
            "overdue=true&open=true&sort=due_on",
        )
    };
    let soon = line(
        "三日内到期",
        "今天起三日内到期的受理、办理、答复",
        format!("due_from={today}&due_before={soon}&sort=due_on"),
    );
    let unit = desk.actor.unit_id.as_str();
    let backlog = line(
        "积案",
        "一件事项、一名领导、一个专班、一套方案、一包到底",
        "backlog=true",
    );
    let answered = line(
        "待办结",
        "已答复，等候信访人意见或申请复查（三十日）",
        "state=answered&sort=received_on",
    );
    match desk.actor.role {
        Role::CoordinationOffice => vec![
            overdue,
            line(
                "待受理",
                "自收到次日起十五日内告知（条例第二十二条、第二十三条）",
                "state=registered&sort=due_on",
            ),
            soon,
            line(
                "已转送未接办",
                "对方接收前由转出单位负责；五个工作日内可以提出异议（条例第二十三条）",
                "state=transferred&sort=due_on",
            ),
            line(
                "已受理未接办",
                "已交办，责任单位还没有开始办理",
                "state=accepted&sort=due_on",
            ),
            answered,
            backlog,
        ],
        Role::TownshipLeader => vec![
            overdue,
            line(
                "我包案的",
                "一包到底",
                format!("lead_id={}&open=true&sort=due_on", desk.actor.user_id),
            ),
            soon,
            answered,
            backlog,
            line(
                "集体事项",
                "五人及以上，未办结",
                "collective=true&open=true&sort=due_on",
            ),
        ],
        Role::VillageSecretary => vec![
            overdue,
            offered(unit),
            line(
                "本村待接办",
                "镇里交办到本村，请开始办理",
                format!("unit_id={unit}&state=accepted&sort=due_on"),
            ),
            line(
                "村内待受理",
                "本村登记的矛盾纠纷和苗头",
                "kind=dispute,sign&state=registered&sort=due_on",
            ),
            line(
                "正在办理",
                "记录进展，按期答复",
                format!("unit_id={unit}&state=handling&sort=due_on"),
            ),
            soon,
            backlog,
        ],
        Role::PoliceStation | Role::JusticeOffice | Role::Court => vec![
            overdue,
            offered(unit),
            line(
                "待接办",
                "交办到本单位，请开始办理",
                format!("unit_id={unit}&state=accepted&sort=due_on"),
            ),
            line(
                "正在办理",
                "记录进展，按期答复",
                format!("unit_id={unit}&state=handling&sort=due_on"),
            ),
            soon,
        ],
        Role::ServiceCentre => vec![
            line(
                "今天登记的",
                "打印回执，告知查询方式",
                format!("received_from={today}"),
            ),
            line(
                "等候受理",
                "十五日内由综治办告知是否受理",
                "state=registered&sort=due_on",
            ),
            overdue,
            line("未办结", "窗口登记、尚未办结", "open=true&sort=due_on"),
        ],
        Role::GroupInformant => vec![
            line(
                "我报的，未办结",
                "看看办到哪一步了",
                "open=true&sort=due_on",
            ),
            line("我报的，已办结", "", "open=false"),
        ],
        Role::Auditor | Role::Administrator | Role::CountyOffice => Vec::new(),
    }
}

/// What is to be done about matters: those whose turn is the own unit's, kind by kind, so that a new
/// kind appears by itself; and for those who supervise, what is late or waits for a decision.
fn matter_todos(conn: &mut Conn, desk: &Desk) -> Result<Vec<Todo>, Error> {
    let mut todos = Vec::new();
    let (command, staff) = match desk.actor.role {
        Role::TownshipLeader | Role::CoordinationOffice => (true, true),
        Role::GroupInformant | Role::Auditor | Role::Administrator | Role::CountyOffice => {
            (false, false)
        }
        _ => (false, true),
    };
    let mut units = vec![(desk.actor.unit_id.as_str(), "等本单位办理".to_owned())];
    for absent in &desk.actor.stands_in_for {
        let unit = absent.unit_id.as_str();
        if units.iter().all(|(known, _)| *known != unit) {
            let whose = desk.names.unit_name(&absent.unit_id);
            units.push((unit, format!("等{whose}办理（代{}）", absent.name)));
        }
    }
    for (unit, whose) in units.into_iter().filter(|_| staff) {
        let own = format!("unit_id={unit}&open=true");
        let late = counted(conn, desk, &format!("{own}&overdue=true"))?;
        for (kind, count) in counted(conn, desk, &own)? {
            let late = late.iter().find(|(of, _)| *of == kind).map(|(_, n)| *n);
            todos.push(Todo {
                title: format!("{}：{whose}", kind.label()),
                hint: late.map_or_else(
                    || "轮到本单位的专项，快到期的在前".to_owned(),
                    |late| format!("其中{late}件已逾期"),
                ),
                count,
                list: TodoList::Matters,
                query: format!("kind={}&{own}", kind.code()),
                urgent: late.is_some(),
            });
        }
    }
    if command {
        for (kind, title, hint) in [
            (
                MatterKind::Order,
                "督办已逾期",
                "红牌：请催办，或提出改进工作、追究责任的建议",
            ),
            (
                MatterKind::Package,
                "积案化解没有进展",
                "至少每14日记录一次进展，方案步骤按期完成",
            ),
        ] {
            let query = format!("kind={}&open=true&overdue=true", kind.code());
            let count = counted(conn, desk, &query)?.iter().map(|(_, n)| n).sum();
            todos.push(Todo {
                title: title.to_owned(),
                hint: hint.to_owned(),
                count,
                list: TodoList::Matters,
                query,
                urgent: count > 0,
            });
        }
        todos.push(Todo {
            title: "建议列为积案".to_owned(),
            hint: "超期60日以上或答复后再次反映，请决定是否列为积案".to_owned(),
            count: backlog::count_proposals(conn, desk)?,
            list: TodoList::Proposals,
            query: String::new(),
            urgent: false,
        });
    }
    Ok(todos)
}

/// How many matters a query string finds, kind by kind.
fn counted(conn: &mut Conn, desk: &Desk, query: &str) -> Result<Vec<(MatterKind, u64)>, Error> {
    let query = actix_web::web::Query::<MatterQuery>::from_query(query)
        .map_err(|e| Error::Damaged(e.to_string()))?
        .into_inner();
    let filter = matters::Filter::read(query)?;
    let mut counts = matters::count_by_kind(conn, desk, &filter)?;
    counts.sort_by_key(|(kind, _)| MatterKind::ALL.iter().position(|of| of == kind));
    Ok(counts)
}

fn filter(query: &str, desk: &Desk) -> Result<Filter, Error> {
    let query = actix_web::web::Query::<CaseQuery>::from_query(query)
        .map_err(|e| Error::Damaged(e.to_string()))?
        .into_inner();
    Ok(Filter::read(query, desk.context.today())?)
}

/// The day in some lines, a count each, those without a count left out: what is due today, and what
/// the page counts.
///
/// # Errors
/// [`Error::Denied`] for roles that take no part in the ledger; the database's own.
pub(crate) fn summary(conn: &mut Conn, desk: &Desk) -> Result<Vec<(String, u64)>, Error> {
    service::may_list(desk)?;
    let today = desk.context.today();
    let query = format!("due_from={today}&due_before={today}&open=true");
    let due = list::count(conn, &desk.actor, &filter(&query, desk)?)?;
    let mut lines = vec![("今天到期".to_owned(), due)];
    let todos = todos(conn, desk)?.into_iter();
    lines.extend(todos.map(|todo| (todo.title, todo.count)));
    lines.retain(|(_, count)| *count > 0);
    Ok(lines)
}

/// The page.
///
/// # Errors
/// [`Error::Denied`] for roles that take no part in the ledger; the database's own.
pub(crate) fn home(conn: &mut Conn, desk: &Desk) -> Result<Home, Error> {
    service::may_list(desk)?;
    let todos = todos(conn, desk)?;
    let rows = |conn: &mut Conn, query: &str| -> Result<_, Error> {
        Ok(list::page(conn, desk, &filter(query, desk)?)?.items)
    };
    Ok(Home {
        today: desk.context.today(),
        standing_in: standing_in(desk),
        todos,
        due_soon: rows(conn, "open=true&sort=due_on&limit=8")?,
        recent: rows(conn, "sort=-updated_at&limit=8")?,
    })
}

/// For whom the caller stands in today, in a sentence.
fn standing_in(desk: &Desk) -> Option<String> {
    let absent = desk.actor.stands_in_for.iter();
    shared::deputy::home_line(absent.map(|absent| (absent.name.as_str(), absent.until)))
}

/// What is to be done.
///
/// # Errors
/// The database's own.
pub(crate) fn todos(conn: &mut Conn, desk: &Desk) -> Result<Vec<Todo>, Error> {
    let mut todos = crate::alert::todos(conn, desk)?;
    todos.extend(crate::report::todos(conn, desk)?);
    for Line {
        title,
        hint,
        query,
        urgent,
    } in lines(desk).into_iter().chain(lines_for_others(desk))
    {
        let count = list::count(conn, &desk.actor, &filter(&query, desk)?)?;
        todos.push(Todo {
            title,
            hint: hint.to_owned(),
            count,
            list: TodoList::Cases,
            query,
            urgent: urgent && count > 0,
        });
    }
    todos.extend(matter_todos(conn, desk)?);
    todos.extend(crate::visit::list::todos(conn, desk)?);
    todos.extend(crate::reception::service::todos(conn, desk)?);
    todos.extend(crate::assessment::todos(conn, desk)?);
    todos.extend(crate::publicity::service::todos(conn, desk)?);
    Ok(todos)
}
