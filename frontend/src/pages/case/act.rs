//! Steps of a case: the panel of what may be done now, and a dialog for each.

use chrono::NaiveDate;
use leptos::prelude::*;
use shared::case::action::{ActionInput, Availability, CaseAction, Ground};
use shared::case::deadline::{ClockKind, LawProfile};
use shared::case::state::State;
use shared::case::view::{CaseRow, CaseView};
use shared::case::{Kind, LawfulPath, Opinion, Outcome, Procedure, ReviewOutcome};
use shared::page::Page;
use shared::term::Term;
use wasm_bindgen_futures::spawn_local;

use super::open::Open;
use crate::api::Call;
use crate::app::focus_heading;
use crate::browser;
use crate::directory::{Options, directory};
use crate::format::{self, ordered};
use crate::pages::admin::foot;
use crate::session;
use crate::ui::dialog::Dialog;
use crate::ui::field::{Form, field, filled, terms};
use crate::ui::live::{follow, live};
use crate::ui::notice::notices;
use crate::ui::states::waiting;

/// The steps in the order in which a case in this state most likely takes them.
fn likely(case: &CaseView) -> &'static [CaseAction] {
    use CaseAction as A;
    let given = case.row.responsible_unit.is_some();
    match case.row.state {
        State::Registered if case.row.sealed => {
            &[A::HandOver, A::Accept, A::Transfer, A::Decline, A::Close]
        }
        State::Registered => &[A::Accept, A::Transfer, A::Decline, A::Close],
        State::Accepted if given => &[A::Take, A::Dispatch, A::Extend, A::Close],
        State::Accepted => &[A::Dispatch, A::Take, A::Extend, A::Close],
        State::Transferred => &[A::Take, A::Accept, A::Object, A::Decline, A::Close],
        State::Handling => &[A::Answer, A::Close, A::Extend, A::Dispatch],
        State::Answered if case.heard == Some(Opinion::Agrees) => {
            &[A::Close, A::RequestReview, A::RequestFinalReview, A::Hear]
        }
        State::Answered => &[A::Hear, A::Close, A::RequestReview, A::RequestFinalReview],
        State::UnderReview => &[A::AnswerReview],
        State::UnderFinalReview => &[A::AnswerFinalReview],
        State::Closed | State::Declined => &[A::Reopen],
    }
}

/// The one step to take next, if the caller may take it. A note, a link and the like are never it.
fn next_step(case: &CaseView, allowed: &[CaseAction]) -> Option<CaseAction> {
    let given = case.row.responsible_unit.is_some();
    likely(case)
        .iter()
        .copied()
        .filter(|action| match action {
            // Whoever has given it out waits for the unit; a withdrawal, an extension and another
            // unit are exceptions.
            CaseAction::Dispatch => !given,
            CaseAction::Close => {
                case.row.state == State::Answered
                    || (case.row.state == State::Handling && case.row.kind != Kind::Petition)
            }
            // Asked once; the answer stands until the next one.
            CaseAction::Hear => case.heard.is_none(),
            // The petitioner's to ask for.
            CaseAction::RequestReview | CaseAction::RequestFinalReview => false,
            CaseAction::Extend | CaseAction::Object | CaseAction::Decline | CaseAction::Reopen => {
                false
            }
            _ => true,
        })
        .find(|action| allowed.contains(action))
}

/// The panel.
pub(crate) fn panel(open: Open) -> AnyView {
    let dialog = Dialog::<CaseAction>::new();
    let draw = live(move || {
        let Some(actions) = open.actions.value() else {
            return open.actions.view(waiting, |_| ().into_any());
        };
        open.with(move |case| buttons(case, &actions, dialog))
    });
    view! {
        <section class="card actions" aria-label="办理">
            <h2>"办理"</h2>
            {draw}
        </section>
        {dialog.view(
            |action| action.label().to_owned(),
            move |action| form(open, action, dialog.up()),
        )}
    }
    .into_any()
}

fn buttons(case: &CaseView, actions: &[Availability], dialog: Dialog<CaseAction>) -> AnyView {
    let allowed: Vec<CaseAction> = actions
        .iter()
        .filter(|action| action.allowed)
        .map(|action| action.action)
        .collect();
    let next = next_step(case, &allowed);
    let order = likely(case);
    let rest: Vec<CaseAction> = allowed
        .iter()
        .copied()
        .filter(|action| Some(*action) != next)
        .collect();
    let rest = ordered(rest, |action| {
        order
            .iter()
            .position(|likely| likely == action)
            .unwrap_or(order.len())
    });
    let none = allowed.is_empty().then(|| {
        view! { <p class="quiet">"这件事项现在不需要您操作。"</p> }
    });
    let first = next.map(|action| {
        view! {
            {button(action, "btn btn-primary btn-wide", dialog)}
            <p class="hint">{action.help()}</p>
        }
    });
    let others = rest
        .into_iter()
        .map(|action| button(action, "btn", dialog))
        .collect_view();
    let refused: Vec<AnyView> = actions
        .iter()
        .filter(|action| !action.allowed)
        .map(refused)
        .collect();
    let refused = (!refused.is_empty()).then(|| {
        view! {
            <details class="more">
                <summary>{format!("暂不能办理的操作（{}）", refused.len())}</summary>
                <ul class="refused">{refused}</ul>
            </details>
        }
    });
    view! {
        {none}
        {first}
        <div class="action-grid">{others}</div>
        {refused}
    }
    .into_any()
}

fn button(action: CaseAction, class: &'static str, dialog: Dialog<CaseAction>) -> AnyView {
    view! {
        <button
            type="button"
            class=class
            data-testid=format!("action-{}", action.code())
            on:click=move |_| dialog.start(action)
        >
            {action.label()}
        </button>
    }
    .into_any()
}

fn refused(action: &Availability) -> AnyView {
    view! {
        <li>
            <span class="refused-name">{action.label.clone()}</span>
            <span>{action.reason.clone().unwrap_or_default()}</span>
        </li>
    }
    .into_any()
}

/// The values of a step's form.
#[derive(Clone, Copy)]
struct Values {
    on: RwSignal<String>,
    text: RwSignal<String>,
    procedure: RwSignal<String>,
    path: RwSignal<String>,
    unit_id: RwSignal<String>,
    user_id: RwSignal<String>,
    days: RwSignal<String>,
    notice: RwSignal<String>,
    outcome: RwSignal<String>,
    earlier: RwSignal<String>,
    authority: RwSignal<String>,
    review: RwSignal<String>,
    opinion: RwSignal<String>,
}

impl Values {
    fn new(case: &CaseView, action: CaseAction, profile: &LawProfile) -> Self {
        let empty = || RwSignal::new(String::new());
        let days = if action == CaseAction::Extend {
            profile.limit(ClockKind::Extension).amount.to_string()
        } else {
            String::new()
        };
        let unit = match action {
            CaseAction::Dispatch => case
                .row
                .responsible_unit
                .as_ref()
                .or(case.row.village.as_ref())
                .map(|unit| unit.id.clone()),
            _ => None,
        };
        Self {
            on: RwSignal::new(format::short_date(browser::today())),
            text: empty(),
            procedure: RwSignal::new(case.procedure.code().to_owned()),
            path: RwSignal::new(if action == CaseAction::Decline && case.repeats_final {
                LawfulPath::AlreadyFinal.code().to_owned()
            } else {
                String::new()
            }),
            unit_id: RwSignal::new(unit.unwrap_or_default()),
            user_id: RwSignal::new(match (action, &case.row.lead) {
                (CaseAction::SetLead, Some(lead)) => lead.id.clone(),
                _ => String::new(),
            }),
            days: RwSignal::new(days),
            notice: empty(),
            outcome: RwSignal::new(match (action, case.row.state) {
                (CaseAction::Close, State::Registered | State::Accepted | State::Transferred) => {
                    Outcome::Withdrawn.code().to_owned()
                }
                _ => String::new(),
            }),
            earlier: empty(),
            authority: empty(),
            review: empty(),
            opinion: RwSignal::new(match action {
                CaseAction::Close => case.heard.map_or("", Opinion::code).to_owned(),
                _ => String::new(),
            }),
        }
    }

    /// What is sent: only the fields that count for the step.
    fn input(self, action: CaseAction) -> ActionInput {
        use CaseAction as A;
        let text = |signal: RwSignal<String>| filled(&signal.get_untracked());
        let mut input = ActionInput {
            on: self.on.get_untracked().parse().ok(),
            text: text(self.text),
            ..ActionInput::default()
        };
        match action {
            A::Accept => input.procedure = Procedure::from_code(&self.procedure.get_untracked()),
            A::Decline => input.path = LawfulPath::from_code(&self.path.get_untracked()),
            A::Transfer => input.unit_id = text(self.unit_id).map(Into::into),
            A::Dispatch => {
                input.unit_id = text(self.unit_id).map(Into::into);
                input.user_id = text(self.user_id).map(Into::into);
            }
            A::SetLead => input.user_id = text(self.user_id).map(Into::into),
            A::Extend => {
                input.days = self.days.get_untracked().trim().parse().ok();
                input.notice = text(self.notice);
            }
            A::Answer => input.notice = text(self.notice),
            A::Hear => input.opinion = Opinion::from_code(&self.opinion.get_untracked()),
            A::RequestReview | A::RequestFinalReview => input.authority = text(self.authority),
            A::AnswerReview | A::AnswerFinalReview => {
                input.review = ReviewOutcome::from_code(&self.review.get_untracked());
                input.authority = text(self.authority);
                input.notice = text(self.notice);
            }
            A::Close => {
                input.outcome = Outcome::from_code(&self.outcome.get_untracked());
                input.notice = text(self.notice);
                if input.outcome == Some(Outcome::Settled) {
                    input.opinion = Opinion::from_code(&self.opinion.get_untracked());
                }
            }
            A::Link => input.earlier_case_id = text(self.earlier).map(Into::into),
            A::HandOver => input.authority = text(self.authority),
            A::Object | A::Take | A::Note | A::MarkBacklog | A::ClearBacklog | A::Reopen => {}
        }
        input
    }
}

/// The day of the last step that moved the case, as far as its clocks tell; the server knows.
fn not_before(case: &CaseView) -> NaiveDate {
    case.clocks
        .iter()
        .flat_map(|clock| [Some(clock.from), clock.met_on])
        .flatten()
        .chain([case.row.received_on])
        .max()
        .unwrap_or(case.row.received_on)
}

/// What a step is looked at with, as far as the page knows it.
fn ground<'a>(case: &'a CaseView, profile: &'a LawProfile) -> Ground<'a> {
    Ground {
        today: browser::today(),
        not_before: not_before(case),
        profile,
        case: &case.facts,
        clocks: &case.clocks,
        heard: case.heard,
        repeats_final: case.repeats_final,
    }
}

fn form(open: Open, action: CaseAction, up: RwSignal<bool>) -> AnyView {
    let Some(case) = open.now() else {
        return ().into_any();
    };
    let profile = LawProfile::default_profile();
    let values = Values::new(&case, action, &profile);
    let form = Form::new();
    let notices = notices();
    let key = StoredValue::new(browser::random_key());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let input = values.input(action);
        let Some(case) = open.now() else {
            return;
        };
        let profile = LawProfile::default_profile();
        if !form.accept(input.check(action, &ground(&case, &profile))) {
            return;
        }
        let path = open.path(&format!("/actions/{}", action.code()));
        let etag = open.etag();
        let request = async move {
            Call::post(path)
                .if_match(&etag)
                .once(&key.get_value())
                .json(&input)
                .tagged::<CaseView>()
                .await
        };
        form.send_or(
            request,
            move |after| {
                up.try_set(false);
                notices.say(format!(
                    "{}：已完成，事项现在是“{}”。",
                    action.label(),
                    after.value.row.state.label()
                ));
                open.put(after);
                focus_heading();
            },
            move |failure| {
                // Another body under the same key would be refused.
                key.try_set_value(browser::random_key());
                open.fail(form, failure);
            },
        );
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            <p class="help-box">{action.help()}</p>
            {form.summary()}
            {fields(form, values, action, &case)}
            {foot(form, up, action.label(), "btn btn-primary")}
        </form>
    }
    .into_any()
}

fn fields(form: Form, values: Values, action: CaseAction, case: &CaseView) -> AnyView {
    use CaseAction as A;
    let own = match action {
        A::Accept => accept_fields(form, values, case),
        A::Decline => {
            let hint = if case.repeats_final {
                shared::case::action::ALREADY_FINAL
            } else {
                "告知信访人向谁、怎样提出。依法分类处理。"
            };
            field(form, "path", "信访人可走的法定途径")
                .required()
                .hint(hint.to_owned())
                .select(values.path, Some("请选择"), terms::<LawfulPath>())
        }
        A::Transfer => unit_field(form, values, "转送到哪个单位"),
        A::Dispatch => dispatch_fields(form, values),
        A::SetLead => {
            let directory = directory();
            let leaders = Signal::derive(move || directory.leaders());
            field(form, "user_id", "包案领导").required().select(
                values.user_id,
                Some("请选择"),
                leaders,
            )
        }
        A::Extend => extend_fields(form, values, case),
        A::Hear => opinion_field(
            form,
            values,
            "不同意的，告知信访人可以申请复查、复核，不得以此为由拖延。",
        ),
        A::RequestReview => review_request_fields(form, values, case, ClockKind::ReviewRequest),
        A::RequestFinalReview => {
            review_request_fields(form, values, case, ClockKind::FinalReviewRequest)
        }
        A::AnswerReview => review_answer_fields(
            form,
            values,
            "维持、变更：信访人可以申请复核。撤销：退回重新办理，办理期限另行计算。",
        ),
        A::AnswerFinalReview => review_answer_fields(
            form,
            values,
            "复核意见是终结意见，登记后事项办结，同一事实和理由不再受理。",
        ),
        A::Close => close_fields(form, values, case),
        A::Link => case_field(
            form,
            "earlier_case_id",
            "前一件事项",
            values.earlier,
            case.row.id.to_string(),
        ),
        A::HandOver => field(form, "authority", "有权机关名称")
            .required()
            .placeholder("如：某县纪委监委")
            .hint("写全称。移送后这件事项在本镇办结，材料随案移送。".to_owned())
            .input(values.authority),
        A::Answer
        | A::Object
        | A::Take
        | A::Note
        | A::MarkBacklog
        | A::ClearBacklog
        | A::Reopen => ().into_any(),
    };
    let (label, hint, must) = words(action);
    let mut text = field(form, "text", label);
    if must {
        text = text.required();
    }
    if !hint.is_empty() {
        text = text.hint(hint.to_owned());
    }
    let rows = if matches!(action, A::Answer) { 8 } else { 4 };
    let notice = match action {
        A::Answer => Some(
            field(form, "notice", "送达情况")
                .required()
                .placeholder("如：3月2日当面送达张三，本人签收")
                .hint("向谁、怎样送达。从送达次日起，信访人30日内可以申请复查（《信访工作条例》第三十五条）。".to_owned())
                .input(values.notice),
        ),
        A::AnswerReview | A::AnswerFinalReview => Some(
            field(form, "notice", "送达情况")
                .required()
                .placeholder("如：4月2日邮寄送达张三，回执已收")
                .hint(if action == A::AnswerReview {
                    "向谁、怎样送达。从送达次日起，信访人30日内可以申请复核（《信访工作条例》第三十六条）。".to_owned()
                } else {
                    "向谁、怎样送达。".to_owned()
                })
                .input(values.notice),
        ),
        A::Extend => Some(
            field(form, "notice", "延期告知书")
                .required()
                .placeholder("文号，或告知的时间和方式")
                .input(values.notice),
        ),
        A::Close if case.row.backlog => Some(
            field(form, "notice", "息诉罢访凭据")
                .placeholder("承诺书、协议或复核意见的日期和文号")
                .hint("积案办结必填；信访人撤回的可以不填。".to_owned())
                .input(values.notice),
        ),
        _ => None,
    };
    let day_label = match action {
        A::Answer | A::AnswerReview | A::AnswerFinalReview => "送达日期",
        A::RequestReview | A::RequestFinalReview => "申请日期",
        A::Hear => "征询日期",
        A::Accept | A::Decline => "决定日期",
        A::Note => "发生日期",
        _ => "日期",
    };
    view! {
        {own}
        {text.area(values.text, rows)}
        {notice}
        {field(form, "on", day_label)
            .class("field field-short")
            .hint("实际办理的日期。补录的可以填以前的日期，录入时间另外记下。".to_owned())
            .between(format::short_date(not_before(case)), format::short_date(browser::today()))
            .date(values.on)}
    }
    .into_any()
}

/// What the text of a step is called, a hint, and whether it must be there.
const fn words(action: CaseAction) -> (&'static str, &'static str, bool) {
    use CaseAction as A;
    match action {
        A::Decline | A::Transfer | A::Object | A::MarkBacklog | A::Reopen => ("理由", "", true),
        A::Extend => ("延期理由", "写明情况复杂在哪里。", true),
        A::Answer => (
            "处理意见",
            "写明查清的事实、依据、处理意见，以及不服可以怎样申请复查。",
            true,
        ),
        A::Hear => (
            "征询情况",
            "怎样联系的、信访人怎么说。没有联系上的，写明联系了几次、用什么方式。",
            true,
        ),
        A::RequestReview | A::RequestFinalReview => ("申请理由", "信访人为什么不服。", true),
        A::AnswerReview => ("复查意见", "复查机关查明的事实、依据和意见。", true),
        A::AnswerFinalReview => ("复核意见", "复核机关查明的事实、依据和意见。", true),
        A::Close => ("办结情况", "怎样解决的，信访人是什么态度。", true),
        A::ClearBacklog => ("化解情况", "", true),
        A::Note => ("进展内容", "走访、调处、事态变化，一事一记。", true),
        _ => ("说明", "", false),
    }
}

/// What follows from a date: the last day of a limit that starts on it.
fn follows(clock: ClockKind, from: &str) -> Option<String> {
    let from: NaiveDate = from.parse().ok()?;
    let profile = LawProfile::default_profile();
    let limit = profile.limit(clock);
    let due = profile.due(clock, from, &session::calendar()).date;
    Some(format!(
        "{}期限{}{}，到{}（{}）。",
        clock.label(),
        limit.amount,
        limit.unit.label(),
        format::date(due),
        limit.basis
    ))
}

fn accept_fields(form: Form, values: Values, case: &CaseView) -> AnyView {
    let first = case.row.first;
    let options: Options = Procedure::ALL
        .iter()
        .filter(|procedure| first || **procedure == Procedure::Ordinary)
        .map(|procedure| crate::ui::field::offer(*procedure))
        .collect();
    let hint = Signal::derive(move || {
        let clock = if values.procedure.get() == Procedure::Simple.code() {
            ClockKind::SimpleAnswer
        } else {
            ClockKind::Handling
        };
        follows(clock, &values.on.get()).unwrap_or_default()
    });
    field(form, "procedure", "办理程序")
        .hint(hint)
        .choices(values.procedure, options)
}

fn unit_field(form: Form, values: Values, label: &'static str) -> AnyView {
    let directory = directory();
    let units = Signal::derive(move || directory.handlers());
    field(form, "unit_id", label)
        .required()
        .select(values.unit_id, Some("请选择"), units)
}

fn dispatch_fields(form: Form, values: Values) -> AnyView {
    let directory = directory();
    let staff = Signal::derive(move || {
        let unit = values.unit_id.get();
        if unit.is_empty() {
            Vec::new()
        } else {
            directory.staff_of(&unit)
        }
    });
    // Another unit, other people.
    Effect::new(move |before: Option<String>| {
        let unit = values.unit_id.get();
        if before.is_some_and(|before| before != unit) {
            values.user_id.set(String::new());
        }
        unit
    });
    view! {
        {unit_field(form, values, "责任单位")}
        {field(form, "user_id", "承办人")
            .hint("不选的，由单位第一责任人安排。".to_owned())
            .select(values.user_id, Some("不指定"), staff)}
    }
    .into_any()
}

fn extend_fields(form: Form, values: Values, case: &CaseView) -> AnyView {
    let due = case.row.due_on;
    let most = LawProfile::default_profile().limit(ClockKind::Extension);
    let basis = most.basis.clone();
    let hint = Signal::derive(move || {
        let days: Option<u64> = values.days.get().trim().parse().ok();
        match (due, days) {
            (Some(due), Some(days)) if days <= u64::from(most.amount) => format!(
                "现在{}到期，延长后到{}。只能延长一次（{basis}）。",
                format::date(due),
                due.checked_add_days(chrono::Days::new(days))
                    .map(format::date)
                    .unwrap_or_default(),
            ),
            _ => format!("1至{}天，只能延长一次（{basis}）。", most.amount),
        }
    });
    field(form, "days", "延长天数")
        .class("field field-short")
        .kind("number")
        .mode("numeric")
        .between(1, most.amount)
        .required()
        .hint(hint)
        .input(values.days)
}

fn close_fields(form: Form, values: Values, case: &CaseView) -> AnyView {
    let state = case.row.state;
    let petition = case.row.kind == Kind::Petition;
    // What has no answer yet can only be withdrawn; a dispute can be settled while it is handled.
    let only_withdrawal = !(state == State::Answered || (state == State::Handling && !petition));
    let options: Options = Outcome::ALL
        .iter()
        .filter(|outcome| {
            **outcome != Outcome::HandedOver
                && (!only_withdrawal || **outcome == Outcome::Withdrawn)
        })
        .map(|outcome| crate::ui::field::offer(*outcome))
        .collect();
    let hint = if only_withdrawal {
        "还没有答复，现在只能因信访人撤回而办结。"
    } else if !petition {
        "“息诉罢访”指当事人和解或接受处理结果。"
    } else {
        "“程序终结”指信访人申请复查、复核的期限已过。"
    };
    // Only what is settled asks for it.
    let opinion = move || {
        (petition && values.outcome.get() == Outcome::Settled.code()).then(|| {
            opinion_field(
                form,
                values,
                "按“息诉罢访”办结，要有信访人在最后一次答复之后的同意；不同意、没有联系上的，不能这样办结（《信访工作条例》第三十五条、第三十六条的救济权利）。",
            )
        })
    };
    view! {
        {field(form, "outcome", "办结结果")
            .required()
            .hint(hint.to_owned())
            .choices(values.outcome, options)}
        {opinion}
    }
    .into_any()
}

/// What the petitioner says of the outcome.
fn opinion_field(form: Form, values: Values, hint: &'static str) -> AnyView {
    field(form, "opinion", "信访人对处理结果的意见")
        .required()
        .hint(hint.to_owned())
        .choices(values.opinion, terms::<Opinion>())
}

/// To whom a review is asked for, and until when.
fn review_request_fields(form: Form, values: Values, case: &CaseView, clock: ClockKind) -> AnyView {
    let (label, example) = if clock == ClockKind::ReviewRequest {
        ("复查机关", "原办理机关的上一级机关，如：某县信访局")
    } else {
        ("复核机关", "复查机关的上一级机关，如：某市信访局")
    };
    let until = case
        .clocks
        .iter()
        .rfind(|running| running.kind == clock && running.is_running())
        .map(|running| {
            format!(
                "期限到{}，以信访人提出申请的日期为准，逾期不再受理（{}）。",
                format::date(running.due),
                running.basis
            )
        })
        .unwrap_or_default();
    field(form, "authority", label)
        .required()
        .placeholder(example)
        .hint(until)
        .input(values.authority)
}

/// What a review came to.
fn review_answer_fields(form: Form, values: Values, hint: &'static str) -> AnyView {
    view! {
        {field(form, "review", "结论")
            .required()
            .hint(hint.to_owned())
            .choices(values.review, terms::<ReviewOutcome>())}
        {field(form, "authority", "作出意见的机关")
            .hint("与申请时登记的机关不同的才填。".to_owned())
            .input(values.authority)}
    }
    .into_any()
}

/// Finds a case by number or words.
pub(crate) fn case_field(
    form: Form,
    name: &'static str,
    label: &'static str,
    value: RwSignal<String>,
    except: String,
) -> AnyView {
    let typed = RwSignal::new(String::new());
    let found = RwSignal::new(None::<Vec<CaseRow>>);
    let except = StoredValue::new(except);
    let search = move || {
        let q = typed.get_untracked();
        if q.trim().is_empty() {
            return;
        }
        let asked = crate::api::query([("q", q.trim()), ("limit", "8")]);
        spawn_local(async move {
            match Call::get(format!("/cases{asked}"))
                .fetch::<Page<CaseRow>>()
                .await
            {
                Ok(page) => {
                    let rows = page
                        .items
                        .into_iter()
                        .filter(|row| row.id.as_str() != except.get_value())
                        .collect();
                    found.try_set(Some(rows));
                }
                Err(failure) => form.fail(failure),
            }
        });
    };
    let results = Signal::derive(move || {
        found
            .get()
            .unwrap_or_default()
            .into_iter()
            .map(|row| {
                let who = row.petitioner.unwrap_or_default();
                (
                    row.id.into_string(),
                    format!("{} {who} {}", row.number, row.cause),
                )
            })
            .collect::<Options>()
    });
    let chosen = live(move || {
        found.get().map(|rows| {
            if rows.is_empty() {
                view! { <p class="hint">"没有找到。换个词试试，如信访人姓名。"</p> }.into_any()
            } else {
                field(form, name, format!("选择{label}"))
                    .required()
                    .class("field choices-long")
                    .choices(value, results)
            }
        })
    });
    view! {
        <div class="field">
            <label for="case-q">{format!("查找{label}")}</label>
            <p class="hint">"输入编号、姓名或起因里的词。"</p>
            <div class="row">
                <input
                    id="case-q"
                    type="search"
                    autocomplete="off"
                    prop:value=follow(move || typed.get())
                    on:input:target=move |event| typed.set(event.target().value())
                    on:keydown=move |event| {
                        if event.key() == "Enter" {
                            event.prevent_default();
                            search();
                        }
                    }
                />
                <button type="button" class="btn" on:click=move |_| search()>
                    "查找"
                </button>
            </div>
        </div>
        {chosen}
    }
    .into_any()
}
