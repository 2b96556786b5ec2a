//! What becomes of a finding: a case, part of a case, or nothing.

use leptos::prelude::*;
use shared::access::Action;
use shared::case::matter::form::{Choice, Field, FieldKind};
use shared::case::{Category, Kind};
use shared::report::input::{FindingJoin, MAX_SHORT};
use shared::report::view::{FindingView, ReportRow, ReportView};
use shared::report::{FindingState, ReportDeed};
use shared::term::Term;

use super::show::{Open, may};
use crate::api::Call;
use crate::browser;
use crate::pages::admin::{foot, stale};
use crate::pages::case::act::case_field;
use crate::session;
use crate::ui::dialog::Dialog;
use crate::ui::field::Form;
use crate::ui::fields::sheet;
use crate::ui::notice::notices;

/// What somebody decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Case,
    Join,
    Dismiss,
}

impl Fate {
    const fn path(self) -> &'static str {
        match self {
            Self::Case => "case",
            Self::Join => "join",
            Self::Dismiss => "dismiss",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Case => "立为事项",
            Self::Join => "并入已有事项",
            Self::Dismiss => "核实不成立",
        }
    }
}

/// The buttons below a finding, if anything is to be decided.
pub(super) fn buttons(open: Open, report: &ReportRow, finding: &FindingView) -> Option<AnyView> {
    let undecided = matches!(finding.state, FindingState::Open | FindingState::Dismissed);
    if !undecided || !may(report, ReportDeed::Take) {
        return None;
    }
    let registers = [Kind::Sign, Kind::Dispute]
        .into_iter()
        .any(|kind| session::may(Action::RegisterCase(kind)));
    let mut fates = Vec::new();
    if registers {
        fates.push(Fate::Case);
    }
    fates.push(Fate::Join);
    if finding.state == FindingState::Open {
        fates.push(Fate::Dismiss);
    }
    let dialog = Dialog::<Fate>::new();
    let row = fates
        .into_iter()
        .map(|fate| {
            let class = match fate {
                Fate::Case => "btn btn-primary",
                _ => "btn",
            };
            view! {
                <button
                    type="button"
                    class=class
                    data-testid=format!("finding-{}", fate.path())
                    on:click=move |_| dialog.start(fate)
                >
                    {fate.label()}
                </button>
            }
            .into_any()
        })
        .collect_view();
    let finding = StoredValue::new(finding.clone());
    let body =
        move |fate: Fate| finding.with_value(|finding| form(open, finding, fate, dialog.up()));
    Some(
        view! {
            <div class="row report-fates">{row}</div>
            {dialog.view(|fate| fate.label().to_owned(), body)}
        }
        .into_any(),
    )
}

fn form(open: Open, finding: &FindingView, fate: Fate, up: RwSignal<bool>) -> AnyView {
    let form = Form::new();
    let joined = RwSignal::new(String::new());
    let sheet = sheet(form, fields(finding, fate), Vec::new());
    let drawn = match fate {
        Fate::Join => case_field(form, "case_id", "事项", joined, String::new()),
        _ => sheet.view(),
    };
    let hint = match fate {
        Fate::Case => {
            "按这条情况登记一件事项，来源为排查，首问责任人是报告人。当事人姓名等在事项里补充。"
        }
        Fate::Join => "在那件事项的办理记录里加一条，注明这份报告。",
        Fate::Dismiss => "写明怎样核实的、结果如何。",
    };
    let key = StoredValue::new(browser::random_key());
    let path = StoredValue::new(format!("/findings/{}/{}", finding.id, fate.path()));
    let notices = notices();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let call = Call::post(open.path(&path.get_value()))
            .if_match(&open.etag())
            .once(&key.get_value());
        let call = if fate == Fate::Join {
            let mut errors = shared::validate::Errors::new();
            let case_id = joined.get_untracked();
            if case_id.is_empty() {
                errors.add("case_id", "required", "请先查找并选择一件事项。");
            }
            if !form.accept(errors) {
                return;
            }
            call.json(&FindingJoin {
                case_id: case_id.as_str().into(),
            })
        } else {
            let Some(input) = sheet.checked() else { return };
            call.json(&input)
        };
        form.send_or(
            call.tagged::<ReportView>(),
            move |now| {
                up.try_set(false);
                open.loader.put(now);
                notices.say(match fate {
                    Fate::Case => "已立为事项。",
                    Fate::Join => "已并入事项。",
                    Fate::Dismiss => "已记为核实不成立。",
                });
            },
            move |failure| {
                key.try_set_value(browser::random_key());
                form.fail(failure);
            },
        );
    };
    let take = move || {
        up.set(false);
        open.loader.reload();
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {form.summary()}
            {stale(form, take)}
            <p class="hint">{hint}</p>
            {drawn}
            {foot(form, up, fate.label(), "btn btn-primary")}
        </form>
    }
    .into_any()
}

fn fields(finding: &FindingView, fate: Fate) -> Vec<Field> {
    match fate {
        Fate::Case => {
            let kinds = [Kind::Sign, Kind::Dispute].map(|kind| Choice {
                code: kind.code().to_owned(),
                label: kind.label().to_owned(),
            });
            let kind = FieldKind::Choice {
                choices: kinds.to_vec(),
            };
            let category = finding.category.map_or("", Category::code);
            vec![
                Field::new("kind", "类别", kind)
                    .required()
                    .value(Kind::Sign.code()),
                Field::choice::<Category>("category", "类型")
                    .required()
                    .value(category),
            ]
        }
        Fate::Join => Vec::new(),
        Fate::Dismiss => vec![Field::long("reason", "核实情况", MAX_SHORT).required()],
    }
}
