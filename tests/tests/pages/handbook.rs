//! The handbook (`docs/handbook`) against the app: each page that it names for a role is there for that
//! role, under that name, and each picture can be made. With `UPDATE_HANDBOOK=1` they are made anew, from
//! the demo.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::browser::{Browser, Driver};
use crate::county::below_a_county;
use crate::story::sign_in;
use crate::town::Town;

/// A desk's window, and a phone's.
const DESK: (u32, u32) = (1200, 760);
const PHONE: (u32, u32) = (390, 780);

/// The pictures: who (nobody where it is empty), which page, the file's name, the window.
const PICTURES: [(&str, &str, &str, (u32, u32)); 14] = [
    ("", "/login", "login", DESK),
    ("", "/p", "petitioner-public", PHONE),
    ("township_leader", "/", "township_leader-home", DESK),
    (
        "township_leader",
        "/figures",
        "township_leader-figures",
        DESK,
    ),
    (
        "coordination_office",
        "/cases",
        "coordination_office-cases",
        DESK,
    ),
    ("village_secretary", "/", "village_secretary-home", PHONE),
    (
        "group_informant",
        "/alerts/new",
        "group_informant-new-alert",
        PHONE,
    ),
    ("service_centre", "/cases/new", "service_centre-new", DESK),
    ("police_station", "/alerts", "police_station-alerts", PHONE),
    ("justice_office", "/matters", "justice_office-matters", DESK),
    ("court", "/", "court-home", DESK),
    ("auditor", "/audit", "auditor-audit", DESK),
    ("administrator", "/users", "administrator-users", DESK),
    // Last, as it puts a county above the demo.
    (COUNTY, "/", "county_office-home", DESK),
];

/// The role that is only where there is a county.
const COUNTY: &str = "county_office";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/handbook")
}

/// The role that a page of the handbook is for, and the pages of the app that it names.
fn named(text: &str) -> Option<(String, Vec<(String, String)>)> {
    let role = text.strip_prefix("<!-- role: ")?.split(' ').next()?;
    let rows = text.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let (name, path) = (cells.next()?, cells.next()?);
        let path = path.strip_prefix('`')?.split('`').next()?;
        Some((name.to_owned(), path.to_owned()))
    });
    Some((role.to_owned(), rows.collect()))
}

/// Goes to a page as a click would, without loading the app again.
async fn follow(browser: &Browser, path: &str) {
    let click = "const a = document.createElement('a'); a.href = arguments[0]; \
                 document.body.append(a); a.click(); a.remove()";
    browser
        .client
        .execute(click, vec![json!(path)])
        .await
        .unwrap();
}

/// Waits until the page's title is this.
async fn titled(browser: &Browser, role: &str, name: &str, path: &str) {
    let began = Instant::now();
    let wanted = format!("{name} · 信访三无工作台");
    loop {
        let title = browser.client.title().await.unwrap();
        if title == wanted && browser.path().await.split('?').next() == Some(path) {
            return;
        }
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "the handbook of {role} says that {path} is {name}, and it is {title:?} at {}",
            browser.path().await
        );
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_page_that_the_handbook_names_is_there() {
    let mut town = Town::demo();
    let driver = Driver::start().await;
    let mut roles = 0;
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder())
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    // Last, as it puts a county above the demo, whose administrator is not then the installation's.
    files.sort_by_key(|file| (file.ends_with("county_office.md"), file.clone()));
    for file in files {
        if file.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let Some((role, pages)) = named(&text) else {
            continue;
        };
        assert!(!pages.is_empty(), "{}", file.display());
        if role == COUNTY {
            town = below_a_county(town).await;
        }
        let browser = driver.browser(&town.url, 1200, 760).await;
        if role == "nobody" {
            for (name, path) in pages {
                browser.goto(&path).await;
                browser.read(&name).await;
            }
            browser.close().await;
            continue;
        }
        sign_in(&browser, &role).await;
        for (name, path) in pages {
            follow(&browser, &path).await;
            titled(&browser, &role, &name, &path).await;
            browser.see("#page-title").await;
            browser.settle().await;
            let text = browser.text().await;
            for wrong in ["不在您的工作范围内", "没有这个页面", "重试"] {
                assert!(!text.contains(wrong), "{role} {path}: {text}");
            }
        }
        browser.close().await;
        roles += 1;
    }
    assert_eq!(roles, 11, "a page a role");
}

/// Every picture that the handbook and the README show is made here.
#[test]
fn the_pictures_are_known() {
    let mut pages: Vec<PathBuf> = std::fs::read_dir(folder())
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    pages.push(folder().join("../../README.md"));
    let mut shown = 0;
    for page in pages {
        if page.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = std::fs::read_to_string(&page).unwrap();
        for picture in text.split("img/").skip(1) {
            let name = picture.split(".png").next().unwrap();
            let known = PICTURES.iter().any(|(_, _, known, _)| *known == name);
            assert!(known, "{}: {name}", page.display());
            shown += 1;
        }
    }
    assert!(shown >= PICTURES.len(), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_picture_can_be_made() {
    let keep = std::env::var_os("UPDATE_HANDBOOK").is_some();
    let mut town = Town::demo();
    let driver = Driver::start().await;
    for (role, path, name, (width, height)) in PICTURES {
        if role == COUNTY {
            town = below_a_county(town).await;
        }
        let browser = driver.browser(&town.url, width, height).await;
        browser.metrics(width, height).await;
        if !role.is_empty() {
            sign_in(&browser, role).await;
        }
        browser.goto(path).await;
        browser.see("h1").await;
        browser.settle().await;
        let png = browser.client.screenshot().await.unwrap();
        // A page that failed, or has nothing, is small.
        let fits = (12_000..300_000).contains(&png.len());
        assert!(fits, "{name}: {} bytes", png.len());
        let text = browser.text().await;
        for wrong in ["不在您的工作范围内", "没有这个页面", "重试"] {
            assert!(!text.contains(wrong), "{name}: {text}");
        }
        let file = folder().join("img").join(format!("{name}.png"));
        assert!(keep || file.is_file(), "{name} was never made");
        if keep {
            std::fs::write(file, png).unwrap();
        }
        browser.close().await;
    }
}
