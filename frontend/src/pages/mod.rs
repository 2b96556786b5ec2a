//! The pages, one room a subject.

pub(crate) mod account;
pub(crate) mod admin;
pub(crate) mod alerts;
pub(crate) mod assessments;
pub(crate) mod audit;
pub(crate) mod backlog;
pub(crate) mod calendar;
pub(crate) mod case;
pub(crate) mod categories;
pub(crate) mod deputies;
pub(crate) mod drafts;
pub(crate) mod field_case;
pub(crate) mod figures;
pub(crate) mod follow_ups;
pub(crate) mod hand_over;
pub(crate) mod help;
pub(crate) mod home;
pub(crate) mod identity;
pub(crate) mod imports;
pub(crate) mod inbox;
pub(crate) mod matters;
pub(crate) mod measures;
pub(crate) mod org;
pub(crate) mod paper_texts;
pub(crate) mod provisional;
pub(crate) mod publicity;
pub(crate) mod receipts;
pub(crate) mod reception;
pub(crate) mod reports;
pub(crate) mod robots;
pub(crate) mod roles;
pub(crate) mod second_factor;
pub(crate) mod settings;
pub(crate) mod setup;
pub(crate) mod sign_ins;
pub(crate) mod system;
pub(crate) mod tokens;
pub(crate) mod users;
pub(crate) mod users_import;
pub(crate) mod village_map;
pub(crate) mod visits;
pub(crate) mod webhooks;
pub(crate) mod workdays;

use leptos::prelude::*;
#[cfg(feature = "parts")]
use leptos::wasm_split::wasm_split;

use crate::browser;
use crate::part::{self, Drawn, Part};
use crate::place::Place;
use crate::ui::icon::{Icon, icon};

/// The page at a place.
pub(crate) fn page(place: Place) -> AnyView {
    match place.part() {
        Part::First => first(place),
        part => part::open(part, place),
    }
}

/// What everybody needs at once.
fn first(place: Place) -> AnyView {
    match place {
        Place::Home => home::page(),
        Place::Account => account::page::page(),
        Place::Password => account::password::page(),
        _ => nowhere(),
    }
}

/// The ledger.
#[cfg_attr(
    feature = "parts",
    wasm_split(cases, fallible, preload(load_cases), wasm_split_path = ::leptos::wasm_split)
)]
pub(crate) fn cases(place: Place) -> Drawn {
    Ok(match place {
        Place::Cases => case::list::page(),
        _ => nowhere(),
    })
}

/// A case with all that is done about it.
#[cfg_attr(
    feature = "parts",
    wasm_split(one_case, fallible, preload(load_one_case), wasm_split_path = ::leptos::wasm_split)
)]
pub(crate) fn one_case(place: Place) -> Drawn {
    Ok(match place {
        Place::Case(id) => case::show::page(id),
        _ => nowhere(),
    })
}

/// Registering and correcting, receipts and documents to print, and what waits on the phone.
#[cfg_attr(
    feature = "parts",
    wasm_split(entry, fallible, preload(load_entry), wasm_split_path = ::leptos::wasm_split)
)]
pub(crate) fn entry(place: Place) -> Drawn {
    Ok(match place {
        Place::NewCase => case::new::page(),
        Place::EditCase(id) => case::edit::page(id),
        Place::Receipt(id) => case::receipt::page(id),
        Place::Paper(case, id) => case::paper::page(case, id),
        Place::Provisional(key) => provisional::page(key),
        Place::Exchanged(number) => receipts::page(number),
        Place::Drafts => drafts::page(),
        _ => nowhere(),
    })
}

/// What groups, villages and units report.
#[cfg_attr(
    feature = "parts",
    wasm_split(reports, fallible, preload(load_reports), wasm_split_path = ::leptos::wasm_split)
)]
pub(crate) fn reports(place: Place) -> Drawn {
    Ok(match place {
        Place::Reports => reports::page(),
        Place::Report(id) => reports::show::page(id),
        _ => nowhere(),
    })
}

/// The work with people outside: urgent information, visits, reception days, what people are told.
#[cfg_attr(
    feature = "parts",
    wasm_split(field, fallible, preload(load_field), wasm_split_path = ::leptos::wasm_split)
)]
pub(crate) fn field(place: Place) -> Drawn {
    Ok(match place {
        Place::Alerts => alerts::page(),
        Place::NewAlert => alerts::new::page(),
        Place::Alert(id) => alerts::show::page(id),
        Place::Inbox => inbox::page(),
        Place::Visits => visits::list::page(),
        Place::NewVisit => visits::new::page(),
        Place::Visit(id) => visits::show::page(id),
        Place::Coverage => visits::coverage::page(),
        Place::Promises => visits::promises::page(),
        Place::Receptions => reception::roster::page(),
        Place::Reception(id) => reception::day::page(id),
        Place::ReceptionNotice(id) => reception::notice::page(id),
        _ => nowhere(),
    })
}

/// Lists over all cases.
#[cfg_attr(
    feature = "parts",
    wasm_split(office, fallible, preload(load_office), wasm_split_path = ::leptos::wasm_split)
)]
pub(crate) fn office(place: Place) -> Drawn {
    Ok(match place {
        Place::Matters => matters::page(),
        Place::Backlog => backlog::page(),
        Place::Measures => measures::page(),
        Place::Calendar => calendar::page(),
        Place::Imports => imports::page(),
        _ => nowhere(),
    })
}

/// The administration.
#[cfg_attr(
    feature = "parts",
    wasm_split(admin, fallible, preload(load_admin), wasm_split_path = ::leptos::wasm_split)
)]
pub(crate) fn administration(place: Place) -> Drawn {
    Ok(match place {
        Place::Org => org::page(),
        Place::Users => users::page(),
        Place::Roles => roles::page(),
        Place::Audit => audit::page(),
        Place::Settings => settings::page(),
        Place::UsersImport => users_import::page(),
        Place::HandOver(id) => hand_over::page(id),
        Place::VillageMap => village_map::page(),
        _ => nowhere(),
    })
}

/// What opens the system to other programs (tokens, webhooks, the identity provider), small pages of the
/// administration, and help.
#[cfg_attr(
    feature = "parts",
    wasm_split(open, fallible, preload(load_open), wasm_split_path = ::leptos::wasm_split)
)]
pub(crate) fn open(place: Place) -> Drawn {
    Ok(match place {
        Place::Tokens => tokens::page(),
        Place::Deputies => deputies::page(),
        Place::Identity => identity::page(),
        Place::Webhooks => webhooks::page(),
        Place::SecondFactor => second_factor::page(),
        Place::SignIns => sign_ins::page(),
        Place::Workdays => workdays::page(),
        Place::Categories => categories::page(),
        Place::PaperTexts => paper_texts::page(),
        Place::System => system::page(),
        Place::Help => help::page(),
        _ => nowhere(),
    })
}

/// What is done for the year's goals: publicity, assessment.
#[cfg_attr(
    feature = "parts",
    wasm_split(year, fallible, preload(load_year), wasm_split_path = ::leptos::wasm_split)
)]
pub(crate) fn year(place: Place) -> Drawn {
    Ok(match place {
        Place::Publicity => publicity::list::page(),
        Place::NewCampaign => publicity::new::page(),
        Place::PublicityYear => publicity::year::page(),
        Place::Campaign(id) => publicity::show::page(id),
        Place::Laws => publicity::laws::page(),
        Place::Assessments => assessments::list::page(),
        Place::Assessment(id) => assessments::show::page(id),
        Place::Criteria => assessments::criteria::page(),
        Place::FollowUps => follow_ups::page(),
        _ => nowhere(),
    })
}

/// Where we stand: indicators, standing, targets, dashboards.
#[cfg_attr(
    feature = "parts",
    wasm_split(figures, fallible, preload(load_figures), wasm_split_path = ::leptos::wasm_split)
)]
pub(crate) fn figures(place: Place) -> Drawn {
    Ok(match place {
        Place::Figures => figures::board::page(),
        Place::Indicators => figures::table::page(),
        Place::IndicatorCases => figures::cases::of_indicator(),
        Place::IndicatorRecords => figures::cases::of_records(),
        Place::Standing => figures::standing::page(),
        Place::StandingCases => figures::cases::of_standing(),
        Place::Targets => figures::targets::page(),
        Place::Analysis => figures::analysis::page(),
        Place::County => figures::county::page(),
        _ => nowhere(),
    })
}

/// The heading of a page, which takes the focus when the page opens.
pub(crate) fn heading(words: impl Into<String>) -> AnyView {
    let words = words.into();
    view! { <h1 id="page-title" tabindex="-1">{words}</h1> }.into_any()
}

/// The head of a page that is printed without it: the way back, and the button.
pub(crate) fn print_head(back: String, words: &'static str) -> AnyView {
    view! {
        <div class="page-head no-print">
            <nav class="crumbs" aria-label="位置">
                <a href=back>{icon(Icon::Back)} {words}</a>
            </nav>
            <button
                type="button"
                class="btn btn-primary"
                data-testid="print"
                on:click=move |_| browser::print()
            >
                {icon(Icon::Print)}
                "打印"
            </button>
        </div>
    }
    .into_any()
}

fn nowhere() -> AnyView {
    view! {
        <div class="state">
            {heading("没有这个页面")}
            <p>"地址可能抄错了，或者这个页面已经不在。"</p>
            <p>
                <a class="btn" href="/">"回到首页"</a>
            </p>
        </div>
    }
    .into_any()
}
