//! Without a network: what is written waits on the phone and arrives once, whatever is cut; what is
//! kept is encrypted, and goes with the sign-out, with time, and with another person.

use std::time::{Duration, Instant};

use fantoccini::Locator;
use serde_json::{Value, json};

use crate::browser::{Browser, Driver};
use crate::dialogs::{day, rest};
use crate::reports::every_day;
use crate::shell::kept;
use crate::story::{sign_in, submit};
use crate::town::Town;
use crate::wire::{Way, Wire};

const CAUSE: &str = "三社水渠被冲断二十多米，下游地浇不上水";
const NAME: &str = "尚明德";
const PHONE: &str = "13000004321";
const WHO: &str = "village_secretary";

/// A phone on which somebody is signed in and the app was opened once, at the end of a wire.
async fn phone(driver: &Driver, wire: &Wire, username: &str) -> Browser {
    let browser = driver.browser(&wire.url, 360, 740).await;
    browser.metrics(360, 740).await;
    sign_in(&browser, username).await;
    // Opened once: the app and what may be seen are on the phone.
    kept(&browser).await;
    browser.stored().await;
    browser
}

impl Browser {
    /// Waits until the first sync is over.
    pub(crate) async fn stored(&self) {
        self.until("it has synced", DUMP, |dump| {
            dump["synced"].as_u64().unwrap_or(0) > 8
        })
        .await;
    }

    /// Runs JavaScript until what it gives (through `done`) is so.
    async fn until(&self, what: &str, script: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let found = self.run(script, Vec::new()).await;
            if is_so(&found) {
                return found;
            }
            assert!(
                began.elapsed() < Duration::from_secs(40),
                "{what}: {found}\n{}",
                self.text().await
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Runs JavaScript that answers through `done`.
    async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        let script =
            format!("const done = arguments[arguments.length - 1]; (async () => {{ {script} }})()");
        self.client.execute_async(&script, arguments).await.unwrap()
    }

    /// The words of this text that lie on the phone as they are.
    async fn plain(&self, words: &[&str]) -> Vec<String> {
        let dump = self.run(DUMP, Vec::new()).await;
        assert_eq!(dump["extractable"], json!(0), "a key that can be taken out");
        let text = dump["text"].as_str().unwrap();
        words
            .iter()
            .filter(|word| text.contains(**word))
            .map(|word| (*word).to_owned())
            .collect()
    }

    /// The window hears something.
    async fn hear(&self, event: &str) {
        let script = "window.dispatchEvent(new Event(arguments[0]))";
        let event = vec![json!(event)];
        self.client.execute(script, event).await.unwrap();
    }

    /// How many values each store holds.
    async fn holds(&self, store: &str) -> u64 {
        self.run(DUMP, Vec::new()).await[store]
            .as_u64()
            .unwrap_or(0)
    }

    /// The receipt for whoever stands at the door; and the draft, which waits.
    async fn given(&self) {
        self.see("[data-testid='provisional']").await;
        self.follow("/drafts").await;
        self.draft("waiting").await;
    }

    /// Waits until one draft stands so.
    async fn draft(&self, stage: &str) {
        self.see(&format!("[data-testid='draft'][data-stage='{stage}']"))
            .await;
    }
}

/// Everything that is kept on the phone, as text, and how many values each store holds.
const DUMP: &str = "
    const found = {text: JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage}), extractable: 0};
    const words = (value) => {
      if (value instanceof CryptoKey) { found.extractable += value.extractable ? 1 : 0; return ''; }
      if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
        return new TextDecoder().decode(value) + new TextDecoder('utf-16le').decode(value);
      }
      if (value && typeof value === 'object') return Object.entries(value).map(([k, v]) => k + words(v)).join(' ');
      return String(value);
    };
    const ask = (request) => new Promise((ok, no) => { request.onsuccess = () => ok(request.result); request.onerror = no; });
    for (const {name} of await indexedDB.databases()) {
      const base = await ask(indexedDB.open(name));
      for (const store of base.objectStoreNames) {
        const kept = base.transaction(store).objectStore(store);
        const [keys, values] = await Promise.all([ask(kept.getAllKeys()), ask(kept.getAll())]);
        found[store] = (found[store] ?? 0) + values.length;
        found.text += keys.join(' ') + values.map(words).join(' ');
      }
      base.close();
    }
    done(found);";

/// Sets back the time at which somebody last signed in.
const FIFTEEN_DAYS_AGO: &str = "
    const ask = (request) => new Promise((ok, no) => { request.onsuccess = () => ok(request.result); request.onerror = no; });
    for (const {name} of await indexedDB.databases()) {
      const base = await ask(indexedDB.open(name));
      const meta = base.transaction('meta', 'readwrite').objectStore('meta');
      const seen = JSON.parse(await ask(meta.get('seen')));
      seen.signed_in = new Date(Date.parse(seen.signed_in) - 15 * 864e5).toISOString();
      await ask(meta.put(JSON.stringify(seen), 'seen'));
      base.close();
    }
    done(true);";

/// Registers through the steps of the form.
async fn register(browser: &Browser, cause: &str) {
    register_up_to(browser, cause, async {}).await;
    browser.press("step-submit").await;
}

/// Goes through the steps of the form up to the last button; `more` is done on the third.
async fn register_up_to(browser: &Browser, cause: &str, more: impl Future<Output = ()>) {
    browser.follow("/cases/new").await;
    browser.see("[data-testid='step-next']").await;
    browser.choose_label("village_id", "五里墩村").await;
    browser.press("step-next").await;
    browser.fill("people.0.name", NAME).await;
    browser.fill("people.0.phone", PHONE).await;
    browser.press("step-next").await;
    browser.fill("cause", cause).await;
    browser.choose("category", "water").await;
    more.await;
    browser.press("step-next").await;
    browser.see("[data-testid='step-submit']").await;
}

impl Browser {
    /// Goes to a page of the app without loading it anew, as a link does.
    async fn follow(&self, path: &str) {
        self.client
            .execute(
                "const a = document.createElement('a'); a.href = arguments[0]; \
                 document.body.append(a); a.click(); a.remove()",
                vec![json!(path)],
            )
            .await
            .unwrap();
    }
}

/// How many cases the server has with this cause.
fn registered(town: &Town, cause: &str) -> usize {
    rest(town, "coordination_office", |client| {
        let page = client.get("/cases?limit=200&sort=-received_on").expect(200);
        let page = page.json();
        let items = page["items"].as_array().unwrap();
        items
            .iter()
            .filter(|case| case["cause"].as_str().unwrap().starts_with(cause))
            .count()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_registered_without_a_network_arrives_once() {
    let town = Town::demo();
    let wire = Wire::to(&town.url);
    let driver = Driver::start().await;
    let browser = phone(&driver, &wire, WHO).await;

    wire.set(Way::Down);
    // As a phone says when it loses its network.
    browser.hear("offline").await;
    browser.read("离线").await;
    register(&browser, CAUSE).await;
    browser.given().await;
    browser.read("在这部手机上，还没有发出").await;
    browser.see(".tabs-below [data-testid='count']").await;
    browser.fits().await;
    browser.picture("drafts-waiting-360").await;
    // Nothing of it lies there as it was typed, and the form is empty again.
    assert_eq!(browser.plain(&[CAUSE, NAME, PHONE]).await, [""; 0]);
    assert_eq!(browser.holds("drafts").await, 1);
    assert_eq!(browser.holds("forms").await, 0);

    wire.set(Way::Up);
    browser.draft("accepted").await;
    browser.read("镇里已收到，编号").await;
    browser.gone("[data-testid='count']").await;
    assert_eq!(registered(&town, CAUSE), 1);
    browser.press("open").await;
    browser.see("[data-testid='case-state']").await;
    browser.read(CAUSE).await;
    browser.close().await;
}

/// The wire is cut before the record arrives, and after it did but before the answer was back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_loses_nothing_and_doubles_nothing() {
    let town = Town::demo();
    let wire = Wire::to(&town.url);
    let driver = Driver::start().await;
    let browser = phone(&driver, &wire, WHO).await;
    for (way, arrived) in [
        (Way::Before("POST /api/v1/cases "), 0),
        (Way::After("POST /api/v1/cases "), 1),
    ] {
        let cause = format!("{CAUSE}，第{arrived}回");
        wire.set(way);
        register(&browser, &cause).await;
        browser.given().await;
        browser.read("已经发过，还没有收到答复").await;
        // What may have arrived is not offered to be changed.
        assert!(!browser.has("[data-testid='edit']").await);
        assert_eq!(registered(&town, &cause), arrived);
        // The tab is closed in this state.
        browser.goto("/drafts").await;
        browser.draft("waiting").await;
        wire.set(Way::Up);
        browser.gone("[data-stage='waiting']").await;
        browser.draft("accepted").await;
        assert_eq!(registered(&town, &cause), 1);
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tabs_send_each_draft_once() {
    let town = Town::demo();
    let wire = Wire::to(&town.url);
    let driver = Driver::start().await;
    let browser = phone(&driver, &wire, WHO).await;
    let first = browser.client.window().await.unwrap();
    let other = browser.client.new_window(true).await.unwrap().handle;
    browser
        .client
        .switch_to_window(other.clone())
        .await
        .unwrap();
    browser.goto("/drafts").await;
    browser.see("#page-title").await;
    browser
        .client
        .switch_to_window(first.clone())
        .await
        .unwrap();

    wire.set(Way::Down);
    for turn in 0..3 {
        register(&browser, &format!("{CAUSE}，第{turn}回")).await;
        browser.given().await;
    }
    wire.set(Way::Up);
    // Both hear of the network at once.
    browser
        .client
        .switch_to_window(other.clone())
        .await
        .unwrap();
    browser.hear("online").await;
    browser.client.switch_to_window(first).await.unwrap();
    browser.hear("online").await;
    browser.gone("[data-stage='waiting']").await;
    for turn in 0..3 {
        assert_eq!(registered(&town, &format!("{CAUSE}，第{turn}回")), 1);
    }
    // One turn, one request: the tabs wait for each other.
    assert_eq!(wire.arrived("POST /api/v1/cases "), 3);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_shows_what_waits_and_empties_the_phone() {
    let town = Town::demo();
    let wire = Wire::to(&town.url);
    let driver = Driver::start().await;
    let browser = phone(&driver, &wire, WHO).await;
    wire.set(Way::Down);
    register(&browser, CAUSE).await;
    browser.given().await;
    browser.follow("/account").await;
    browser.press("sign-out").await;
    browser.read("还有1条没有发出").await;
    browser.picture("sign-out-360").await;
    browser.press("stay").await;
    browser.gone("dialog[open]").await;
    assert_eq!(browser.holds("drafts").await, 1);
    browser.press("sign-out").await;
    browser.press("discard").await;
    browser.press("discard-sure").await;
    browser.see("[data-testid='login-username']").await;
    browser
        .until("the phone is empty", DUMP, |dump| {
            ["keys", "drafts", "synced", "forms", "photos"]
                .iter()
                .all(|store| dump[*store].as_u64().unwrap_or(0) == 0)
        })
        .await;
    // The server hears of it when it can be reached: the cookie does not open the session again.
    wire.set(Way::Up);
    browser.goto("/").await;
    browser.see("[data-testid='login-username']").await;
    assert_eq!(registered(&town, CAUSE), 0);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_person_on_the_same_phone_sees_nothing_of_it() {
    let town = Town::demo();
    let wire = Wire::to(&town.url);
    let driver = Driver::start().await;
    let browser = phone(&driver, &wire, WHO).await;
    wire.set(Way::Before("POST /api/v1/cases "));
    register(&browser, CAUSE).await;
    browser.given().await;
    // Their session ends without a sign-out, as when the phone was lost and found.
    browser.cdp("Network.clearBrowserCookies", json!({})).await;
    browser.goto("/").await;
    browser.see("[data-testid='locked']").await;
    browser.read("有1条没有发出的记录").await;
    assert!(!browser.text().await.contains(CAUSE));
    sign_in(&browser, "village_secretary_2").await;
    browser.stored().await;
    browser.goto("/drafts").await;
    browser.read("没有等待发送的内容").await;
    assert!(!browser.text().await.contains(CAUSE));
    assert_eq!(browser.plain(&[CAUSE, NAME]).await, [""; 0]);
    wire.set(Way::Up);
    browser.goto("/account").await;
    browser.press("sign-out").await;
    browser.see("[data-testid='login-username']").await;
    // Whoever wrote it finds it again, and it goes out.
    sign_in(&browser, WHO).await;
    browser.goto("/drafts").await;
    browser.draft("accepted").await;
    assert_eq!(registered(&town, CAUSE), 1);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_synced_is_wiped_after_fourteen_days_and_drafts_are_not() {
    let town = Town::demo();
    let wire = Wire::to(&town.url);
    let driver = Driver::start().await;
    let browser = phone(&driver, &wire, WHO).await;
    wire.set(Way::Before("POST /api/v1/cases "));
    register(&browser, CAUSE).await;
    browser.given().await;
    assert!(browser.holds("synced").await > 0);
    // Their session is over, too, as it would be.
    browser.cdp("Network.clearBrowserCookies", json!({})).await;
    browser.run(FIFTEEN_DAYS_AGO, Vec::new()).await;
    browser.goto("/").await;
    browser.see("[data-testid='wiped']").await;
    browser.read("有1条没有发出的记录").await;
    assert_eq!(browser.holds("synced").await, 0);
    assert_eq!(browser.holds("drafts").await, 1);
    browser.picture("wiped-360").await;
    wire.set(Way::Up);
    sign_in(&browser, WHO).await;
    browser.goto("/drafts").await;
    browser.draft("accepted").await;
    assert_eq!(registered(&town, CAUSE), 1);
    browser.close().await;
}

/// What the server refuses stays, and goes out once it has been changed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_half_typed_outlives_the_window() {
    let town = Town::demo();
    let wire = Wire::to(&town.url);
    let driver = Driver::start().await;
    let browser = phone(&driver, &wire, WHO).await;
    browser.goto("/cases/new").await;
    browser.press("step-next").await;
    browser.fill("people.0.name", NAME).await;
    browser.fill("people.0.phone", PHONE).await;
    browser.read("草稿已存在本机").await;
    assert_eq!(browser.plain(&[NAME, PHONE]).await, [""; 0]);
    browser.goto("/").await;
    browser.see("#page-title").await;
    browser.goto("/cases/new").await;
    browser.read("已恢复上次没有登记完的内容").await;
    browser.follow("/cases/new?step=2").await;
    let typed =
        "done(['name', 'phone'].map((f) => document.getElementById('people.0.' + f)?.value))";
    browser
        .until("it is filled in", typed, |typed| {
            *typed == json!([NAME, PHONE])
        })
        .await;
    browser.close().await;
}

/// A picture larger than what is sent: 2000 × 1000, as BMP.
fn large_picture() -> Vec<u8> {
    let (width, height) = (2000_u32, 1000_u32);
    let size = width * height * 3;
    let mut file = b"BM".to_vec();
    for number in [54 + size, 0, 54, 40, width, height] {
        file.extend(number.to_le_bytes());
    }
    file.extend([1, 0, 24, 0]);
    for number in [0, size, 2835, 2835, 0, 0] {
        file.extend(number.to_le_bytes());
    }
    file.extend((0..size).map(|at| u8::try_from(at % 251).unwrap()));
    file
}

/// The width and height that a JPEG says it has.
fn jpeg_size(file: &[u8]) -> (u16, u16) {
    let mut at = 2;
    loop {
        let length = usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
        if matches!(file[at + 1], 0xc0..=0xc2) {
            let number = |at: usize| u16::from_be_bytes([file[at], file[at + 1]]);
            return (number(at + 7), number(at + 5));
        }
        at += 2 + length;
    }
}

/// Photos are scaled on the phone, and each cut around them leads to one case with one photo.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn photos_go_along_once_and_small() {
    let town = Town::demo();
    let wire = Wire::to(&town.url);
    let driver = Driver::start().await;
    let browser = phone(&driver, &wire, WHO).await;
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("现场.bmp");
    std::fs::write(&picture, large_picture()).unwrap();
    let other = folder.path().join("通知.jpg");
    std::fs::write(&other, "不是照片").unwrap();
    for (turn, way) in [
        Way::Down,
        Way::Before("POST /api/v1/photos "),
        Way::After("POST /api/v1/photos "),
        Way::Before("POST /api/v1/cases "),
        Way::After("POST /api/v1/cases "),
    ]
    .into_iter()
    .enumerate()
    {
        let cause = format!("{CAUSE}，照片第{turn}回");
        register_up_to(&browser, &cause, async {
            let input = browser.client.find(Locator::Css("#photos")).await.unwrap();
            if turn == 0 {
                input.send_keys(other.to_str().unwrap()).await.unwrap();
                browser.see("[data-testid='photo']").await;
            }
            let input = browser.client.find(Locator::Css("#photos")).await.unwrap();
            input.send_keys(picture.to_str().unwrap()).await.unwrap();
            browser.see("[data-testid='photo']").await;
        })
        .await;
        wire.set(way);
        browser.press("step-submit").await;
        if turn == 0 {
            // What is no picture is named at once, and taken out.
            browser.read("“通知.jpg”不是照片").await;
            browser.follow("/cases/new?step=3").await;
            browser.click("[data-testid='photo'] button").await;
            browser.press("step-next").await;
            browser.press("step-submit").await;
        }
        browser.given().await;
        assert_eq!(browser.holds("photos").await, 1);
        // The window is closed in this state.
        if way != Way::Down {
            browser.goto("/drafts").await;
            browser.draft("waiting").await;
        }
        wire.set(Way::Up);
        browser.gone("[data-stage='waiting']").await;
        browser.draft("accepted").await;
        assert_eq!(browser.holds("photos").await, 0);
        assert_eq!(registered(&town, &cause), 1);
        let (width, height) = rest(&town, "coordination_office", |client| {
            let page = client
                .get("/cases?limit=200&sort=-received_on")
                .expect(200)
                .json();
            let cases = page["items"].as_array().unwrap();
            let case = cases
                .iter()
                .find(|case| case["cause"].as_str().unwrap().starts_with(&cause))
                .unwrap();
            let path = format!("/cases/{}/attachments", case["id"].as_str().unwrap());
            let files = client.get(&path).expect(200).json();
            let files = files["items"].as_array().unwrap();
            assert_eq!(files.len(), 1, "{files:?}");
            let file = format!("{path}/{}", files[0]["id"].as_str().unwrap());
            jpeg_size(&client.get(file).expect(200).body)
        });
        assert_eq!((width, height), (1600, 800));
    }
    browser.close().await;
}

/// A reception day today, and its path in the API.
fn reception_day(town: &Town) -> String {
    rest(town, "coordination_office", |office| {
        let me =
            |client: &tests::Client| client.get("/me").expect(200).json()["user"]["id"].clone();
        let leader = rest(town, "township_leader", me);
        let today = day(0);
        let there = office.get(format!("/reception-days?from={today}&to={today}"));
        let there = there.expect(200).json();
        let id = match there["items"].get(0) {
            Some(day) => day["id"].clone(),
            None => {
                let day = json!({
                    "on": today, "from": "09:00", "to": "11:30", "place": "镇信访接待室",
                    "leader_id": leader, "staff": [],
                });
                let made = office.post("/reception-days").json(&day).expect(201);
                made.json()["day"]["id"].clone()
            }
        };
        format!("/reception-days/{}", id.as_str().unwrap())
    })
}

/// Who comes on a reception day is noted without a network, with a photo: they get a receipt at once,
/// and stand there once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_on_a_reception_day_arrives_once() {
    let town = Town::demo();
    let path = reception_day(&town);
    let page = path.replace("/reception-days/", "/reception/");
    let wire = Wire::to(&town.url);
    let driver = Driver::start().await;
    let browser = phone(&driver, &wire, "service_centre").await;
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("欠条.bmp");
    std::fs::write(&picture, large_picture()).unwrap();
    browser.goto(&page).await;
    browser.see("[data-testid='receive-case']").await;
    for (turn, way) in [Way::Down, Way::After("POST /api/v1/reception-days/")]
        .into_iter()
        .enumerate()
    {
        let cause = format!("{CAUSE}，来访第{turn}回");
        wire.set(way);
        browser.press("receive-case").await;
        browser.pick("kind", "petition").await;
        browser.choose("category", "water").await;
        browser.fill("cause", &cause).await;
        browser.fill("name", NAME).await;
        let input = browser.client.find(Locator::Css("#photos")).await.unwrap();
        input.send_keys(picture.to_str().unwrap()).await.unwrap();
        browser.see("[data-testid='photo']").await;
        browser.fits().await;
        browser.picture("receive-360").await;
        submit(&browser).await;
        browser.see("[data-testid='provisional']").await;
        browser.read(NAME).await;
        let number = browser.see("[data-testid='provisional-number']").await;
        let number = number.text().await.unwrap();
        assert_eq!(browser.plain(&[CAUSE, NAME]).await, [""; 0]);
        browser.follow("/drafts").await;
        browser
            .see("[data-testid='draft'][data-kind='reception'][data-stage='waiting']")
            .await;
        wire.set(Way::Up);
        browser.gone("[data-stage='waiting']").await;
        browser.draft("accepted").await;
        assert_eq!(registered(&town, &cause), 1);
        browser.press("open").await;
        browser.see("[data-testid='comer'] a.number").await;
        rest(&town, "coordination_office", |office| {
            let case = office.get(format!("/cases?provisional={}", number.replace('临', "")));
            let case = case.expect(200).json()["items"][0]["id"].clone();
            let case = format!("/cases/{}", case.as_str().unwrap());
            let view = office.get(&case).expect(200).json();
            assert_eq!(view["provisional_number"], json!(number));
            let files = office.get(format!("{case}/attachments")).expect(200).json();
            assert_eq!(files["items"].as_array().unwrap().len(), 1, "{files}");
            let day = office.get(&path).expect(200).json();
            let comers = day["comers"].as_array().unwrap();
            let mine = |comer: &&Value| comer["case"]["id"] == view["id"];
            assert_eq!(comers.iter().filter(mine).count(), 1, "{day}");
        });
    }
    browser.close().await;
}

/// A phone offers its camera beside its gallery, a desk only its files.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_offers_its_camera() {
    let town = Town::demo();
    let driver = Driver::start().await;
    let browser = driver.browser(&town.url, 360, 740).await;
    sign_in(&browser, WHO).await;
    let shown = "done([...document.querySelectorAll('.photo-add')].map((label) => \
        [label.querySelector('input').getAttribute('capture'), label.offsetParent !== null]))";
    for (coarse, wanted) in [
        (true, json!([["environment", true], [null, true]])),
        (false, json!([["environment", false], [null, true]])),
    ] {
        let touch = json!({"enabled": coarse, "maxTouchPoints": 1});
        browser
            .cdp("Emulation.setTouchEmulationEnabled", touch)
            .await;
        for page in ["/visits/new", "/alerts/new"] {
            browser.goto(page).await;
            browser.see("#photos").await;
            browser
                .until(
                    &format!("the buttons of {page}, {coarse}"),
                    shown,
                    |found| *found == wanted,
                )
                .await;
        }
        browser.picture(&format!("photos-coarse-{coarse}")).await;
    }
    browser.close().await;
}

/// Opened without a network: what was synced is shown and dated, what was not is said honestly, and
/// a case, a visit and a report that are written then arrive once each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_app_opens_and_works_without_a_network() {
    let town = Town::demo();
    every_day(&town);
    let wire = Wire::to(&town.url);
    let driver = Driver::start().await;
    let browser = phone(&driver, &wire, "group_informant").await;

    // Another start, in a dead spot.
    wire.set(Way::Files);
    browser.goto("/").await;
    browser.see("#page-title").await;
    browser.read("离线数据，截至").await;
    browser.picture("home-offline-360").await;
    browser.fits().await;
    browser.goto("/cases").await;
    browser
        .see("[data-testid='case-row'], .case-card, .state")
        .await;
    browser.goto("/cases?state=closed").await;
    browser.read("没有存在手机上").await;

    register(&browser, CAUSE).await;
    browser.see("[data-testid='provisional']").await;
    browser.read("临时回执").await;
    let number = browser.see("[data-testid='provisional-number']").await;
    let number = number.text().await.unwrap();
    browser.picture("provisional-360").await;
    browser.fits().await;

    browser.goto("/visits/new").await;
    browser.see("[id='heard']").await;
    browser.fill("heard", "路灯坏了三盏，老人出门不方便").await;
    browser.click("form button[type='submit']").await;
    browser
        .see("[data-testid='draft'][data-kind='visit'][data-stage='waiting']")
        .await;

    browser.goto("/reports").await;
    browser.press("write").await;
    browser.press("add-finding").await;
    browser
        .fill("findings.0.cause", "两户为浇水先后发生争执")
        .await;
    browser.press("submit-report").await;
    browser
        .see("[data-testid='draft'][data-kind='report'][data-stage='waiting']")
        .await;
    assert_eq!(browser.holds("drafts").await, 3);
    let words = [CAUSE, "路灯坏了三盏", "两户为浇水"];
    assert_eq!(browser.plain(&words).await, [""; 0]);

    // The window is closed and opened again, still without a network; then there is one.
    browser.goto("/drafts").await;
    browser.see("[data-testid='draft']").await;
    assert_eq!(browser.count("[data-stage='waiting']").await, 3);
    browser.picture("drafts-three-360").await;
    wire.set(Way::Up);
    browser.gone("[data-stage='waiting']").await;
    assert_eq!(browser.count("[data-stage='accepted']").await, 3);
    assert_eq!(registered(&town, CAUSE), 1);
    rest(&town, "coordination_office", |office| {
        let page = office.get("/visits?limit=200").expect(200).json();
        let visits = page["items"].as_array().unwrap();
        let mine = |visit: &&Value| visit.to_string().contains("路灯坏了三盏");
        assert_eq!(visits.iter().filter(mine).count(), 1);
        let plain = number.split_once('-').unwrap().1;
        let found = office.get(format!("/receipts/{plain}")).expect(200).json();
        assert_eq!(found["provisional_number"], json!(number));
    });
    rest(&town, "group_informant", |informant| {
        let page = informant.get("/reports?pending=false&limit=200");
        let page = page.expect(200).json();
        let sent: Vec<&Value> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|report| report["findings"] == json!(1))
            .collect();
        assert!(!sent.is_empty(), "{page}");
    });
    browser.close().await;
}

/// The session ended while nobody could be asked: the page and the draft stay, and the password is
/// asked for when there is a network.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_ended_meanwhile_asks_for_the_password() {
    let town = Town::demo();
    let wire = Wire::to(&town.url);
    let driver = Driver::start().await;
    let browser = phone(&driver, &wire, WHO).await;
    wire.set(Way::Files);
    browser.goto("/drafts").await;
    browser.read("离线").await;
    register(&browser, CAUSE).await;
    browser.see("[data-testid='provisional']").await;
    browser.cdp("Network.clearBrowserCookies", json!({})).await;
    wire.set(Way::Up);
    browser
        .see("dialog[open] [data-testid='login-password']")
        .await;
    browser.see("[data-testid='provisional']").await;
    // It is drawn anew while the page behind it comes to rest.
    browser.settle().await;
    let password = browser.see("[data-testid='login-password']").await;
    password.send_keys(crate::town::PASSWORD).await.unwrap();
    browser.press("login-submit").await;
    browser.gone("dialog[open]").await;
    browser.follow("/drafts").await;
    browser.draft("accepted").await;
    assert_eq!(registered(&town, CAUSE), 1);
    browser.close().await;
}

/// Somebody was sent to the court while they were out: what they wrote stays, with the reason.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_changed_meanwhile_loses_nothing() {
    let town = Town::demo();
    let wire = Wire::to(&town.url);
    let driver = Driver::start().await;
    let browser = phone(&driver, &wire, WHO).await;
    wire.set(Way::Files);
    browser.hear("offline").await;
    register(&browser, CAUSE).await;
    browser.see("[data-testid='provisional']").await;
    browser.follow("/drafts").await;
    browser.draft("waiting").await;
    rest(&town, "administrator", |admin| {
        let users = admin.get("/users?limit=200").expect(200).json();
        let mut users = users["items"].as_array().unwrap().iter();
        let user = users.find(|user| user["username"] == WHO).unwrap();
        let path = format!("/users/{}", user["id"].as_str().unwrap());
        let etag = admin.get(&path).expect(200).etag();
        let units = admin.get("/org-units").expect(200).json();
        let mut units = units.as_array().unwrap().iter();
        let court = units.find(|unit| unit["kind"] == "court").unwrap();
        let call = admin.patch(&path).if_match(etag);
        let change = json!({"role": "court", "unit_id": court["id"]});
        call.json(&change).expect(200);
    });
    wire.set(Way::Up);
    browser.goto("/drafts").await;
    browser.draft("refused").await;
    browser.read("角色或权限可能在离线期间变了").await;
    assert_eq!(registered(&town, CAUSE), 0);
    assert_eq!(browser.holds("drafts").await, 1);
    browser.close().await;
}

/// Two people write the same report: both are shown, and each choice does what it says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conflict_is_shown_side_by_side() {
    let town = Town::demo();
    every_day(&town);
    let wire = Wire::to(&town.url);
    let driver = Driver::start().await;
    let browser = phone(&driver, &wire, "group_informant").await;
    let mut sent = String::new();
    for (turn, choice) in ["keep-both", "keep-mine", "take-theirs"]
        .into_iter()
        .enumerate()
    {
        // Another report that is due; or the one just sent is taken back and written anew.
        browser.goto("/reports").await;
        if !browser.has("[data-testid='due-report']").await {
            browser.see("#page-title").await;
            browser.settle().await;
        }
        if turn > 0 {
            rest(&town, "group_informant", |client| withdraw(client, &sent));
            browser.goto("/reports").await;
        }
        browser.press("write").await;
        browser.see(".report-form").await;
        // What was written before is in the form before anything is added.
        browser.settle().await;
        let id = browser.path().await;
        let id = id.rsplit('/').next().unwrap().to_owned();
        wire.set(Way::Files);
        browser.hear("offline").await;
        if !browser.has("[data-testid='finding-form']").await {
            browser.press("add-finding").await;
        }
        let mine = format!("我写的第{turn}回");
        browser.fill("findings.0.cause", &mine).await;
        browser.press("submit-report").await;
        browser.draft("waiting").await;
        let theirs = format!("别处写的第{turn}回");
        rest(&town, "group_informant", |other| {
            let report = other.get(format!("/reports/{id}")).expect(200);
            let patch = json!({"findings": [{"cause": theirs}]});
            let call = other
                .patch(format!("/reports/{id}"))
                .if_match(report.etag());
            call.json(&patch).expect(200);
        });
        wire.set(Way::Up);
        browser.draft("conflict").await;
        browser.see("[data-testid='sides']").await;
        browser.read(&theirs).await;
        browser.read(&mine).await;
        browser.fits().await;
        browser.picture("conflict-360").await;
        browser.press(choice).await;
        browser.gone("[data-stage='conflict']").await;
        browser.gone("[data-stage='waiting']").await;
        let now = rest(&town, "group_informant", |other| {
            let report = other.get(format!("/reports/{id}")).expect(200);
            report.text()
        });
        let has = (now.contains(&theirs), now.contains(&mine));
        let wanted = match choice {
            "keep-both" => (true, true),
            "keep-mine" => (false, true),
            _ => (true, false),
        };
        assert_eq!(has, wanted, "{choice}: {now}");
        sent = id;
    }
    // What was not chosen is put by, not lost.
    browser.draft("archived").await;
    browser.close().await;
}

/// Takes back a report that was sent.
fn withdraw(client: &tests::Client, id: &str) {
    let etag = client.get(format!("/reports/{id}")).expect(200).etag();
    let call = client.post(format!("/reports/{id}/actions/withdraw"));
    call.if_match(etag).json(&json!({})).expect(200);
}
