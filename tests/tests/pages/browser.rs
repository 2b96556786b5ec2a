//! A headless Chromium, driven through chromedriver, and the words in which the tests use it.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};

/// How long a page may take to show what is waited for. Machines are slow under a full test run.
const PATIENCE: Duration = Duration::from_secs(30);

/// chromedriver, ended with the test.
pub(crate) struct Driver {
    child: Child,
    url: String,
    _profile: tempfile::TempDir,
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

impl Driver {
    pub(crate) async fn start() -> Self {
        let program =
            std::env::var("XINFANG_CHROMEDRIVER").unwrap_or("/usr/bin/chromedriver".into());
        let port = free_port();
        let child = Command::new(&program)
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| panic!("{program}: {e}"));
        let driver = Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
            _profile: tempfile::tempdir().unwrap(),
        };
        let began = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < PATIENCE, "chromedriver does not answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        driver
    }

    /// A browser of its own: own cookies, own storage.
    pub(crate) async fn browser(&self, base: &str, width: u32, height: u32) -> Browser {
        let binary = std::env::var("XINFANG_CHROMIUM").unwrap_or("/usr/bin/chromium".into());
        let args = [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--lang=zh-CN".to_owned(),
            format!("--window-size={width},{height}"),
        ];
        let mut capabilities = Capabilities::new();
        capabilities.insert(
            "goog:chromeOptions".to_owned(),
            json!({"args": args, "binary": binary}),
        );
        let connector = hyper_util::client::legacy::connect::HttpConnector::new();
        let client = ClientBuilder::new(connector)
            .capabilities(capabilities)
            .connect(&self.url)
            .await
            .unwrap();
        let browser = Browser {
            client,
            base: base.to_owned(),
        };
        browser.resize(width, height).await;
        let hear = json!({"source": HEAR});
        browser
            .cdp("Page.addScriptToEvaluateOnNewDocument", hear)
            .await;
        browser
    }
}

/// Notes what a page complains about, to be told where a test fails.
const HEAR: &str = "
    window.complaints = [];
    const tell = console.error;
    console.error = (...words) => { window.complaints.push(words.join(' ')); tell(...words); };
    addEventListener('error', (event) => window.complaints.push(event.message));
    addEventListener('unhandledrejection', (event) => window.complaints.push(String(event.reason)));";

/// One browser.
pub(crate) struct Browser {
    pub(crate) client: Client,
    base: String,
}

impl Browser {
    pub(crate) async fn close(self) {
        let _ = self.client.close().await;
    }

    /// Headless windows have no frame, but Chromium keeps a least width: the device's metrics do not.
    pub(crate) async fn resize(&self, width: u32, height: u32) {
        self.client.set_window_size(width, height).await.unwrap();
    }

    pub(crate) async fn goto(&self, path: &str) {
        self.client
            .goto(&format!("{}{path}", self.base))
            .await
            .unwrap();
    }

    pub(crate) async fn path(&self) -> String {
        let url = self.client.current_url().await.unwrap();
        let query = url
            .query()
            .map_or(String::new(), |query| format!("?{query}"));
        format!("{}{query}", url.path())
    }

    /// Waits for an element; a picture and the page's text tell what was there instead.
    pub(crate) async fn see(&self, css: &str) -> Element {
        let began = Instant::now();
        loop {
            if let Ok(element) = self.client.find(Locator::Css(css)).await
                && element.is_displayed().await.unwrap_or(false)
            {
                return element;
            }
            if began.elapsed() > PATIENCE {
                self.fail(&format!("no {css}")).await;
            }
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
    }

    /// Waits until the page's text has these words.
    pub(crate) async fn read(&self, words: &str) {
        let began = Instant::now();
        while !self.text().await.contains(words) {
            if began.elapsed() > PATIENCE {
                self.fail(&format!("nobody says {words:?}")).await;
            }
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
    }

    /// Waits until an element is no more.
    pub(crate) async fn gone(&self, css: &str) {
        let began = Instant::now();
        while self.has(css).await {
            if began.elapsed() > PATIENCE {
                self.fail(&format!("still there: {css}")).await;
            }
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
    }

    async fn fail(&self, what: &str) -> ! {
        let picture = self.picture("failure").await;
        let complaints = "return (window.complaints ?? []).join('\\n')";
        let complaints = self.client.execute(complaints, Vec::new()).await;
        panic!(
            "{what} on {} ({})\n{}\n{complaints:?}",
            self.path().await,
            picture.display(),
            self.text().await
        );
    }

    pub(crate) async fn text(&self) -> String {
        let text = self
            .client
            .execute("return document.body.innerText", Vec::new())
            .await;
        text.ok()
            .and_then(|text| text.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    pub(crate) async fn has(&self, css: &str) -> bool {
        self.client.find(Locator::Css(css)).await.is_ok()
    }

    pub(crate) async fn count(&self, css: &str) -> usize {
        self.client
            .find_all(Locator::Css(css))
            .await
            .map_or(0, |found| found.len())
    }

    /// Clicks, once it can be clicked.
    pub(crate) async fn click(&self, css: &str) {
        let began = Instant::now();
        loop {
            let element = self.see(css).await;
            let _ = self
                .client
                .execute(
                    "arguments[0].scrollIntoView({block:'center'})",
                    vec![serde_json::to_value(&element).unwrap()],
                )
                .await;
            match element.click().await {
                Ok(()) => return,
                Err(error) if began.elapsed() > PATIENCE => {
                    self.fail(&format!("cannot click {css}: {error}")).await
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    pub(crate) async fn press(&self, testid: &str) {
        self.click(&format!("[data-testid='{testid}']")).await;
    }

    /// Fills a field by its id, as a person would: clear, type.
    pub(crate) async fn fill(&self, id: &str, text: &str) {
        let field = self.see(&format!("[id='{id}']")).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Chooses in a list by the value.
    pub(crate) async fn choose(&self, id: &str, value: &str) {
        self.see(&format!("[id='{id}']")).await;
        self.set(id, value).await;
    }

    /// Chooses in a list by what it says.
    pub(crate) async fn choose_label(&self, id: &str, label: &str) {
        let began = Instant::now();
        loop {
            let value = self
                .client
                .execute(
                    "const s = document.getElementById(arguments[0]); if (!s) return null; \
                     const o = [...s.options].find(o => o.text.trim().startsWith(arguments[1])); return o ? o.value : null",
                    vec![json!(id), json!(label)],
                )
                .await
                .unwrap();
            if let Some(value) = value.as_str() {
                return self.set(id, value).await;
            }
            if began.elapsed() > PATIENCE {
                self.fail(&format!("{id} does not offer {label}")).await;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn set(&self, id: &str, value: &str) {
        self.client
            .execute(
                "const e = document.getElementById(arguments[0]); e.value = arguments[1]; \
                 e.dispatchEvent(new Event('input', {bubbles: true})); \
                 e.dispatchEvent(new Event('change', {bubbles: true}))",
                vec![json!(id), json!(value)],
            )
            .await
            .unwrap();
    }

    /// A picture of the page, below target/pages.
    pub(crate) async fn picture(&self, name: &str) -> PathBuf {
        let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/pages");
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join(format!("{name}.png"));
        if let Ok(png) = self.client.screenshot().await {
            std::fs::write(&path, png).unwrap();
        }
        path
    }

    /// Nothing sticks out to the right at this width.
    pub(crate) async fn fits(&self) {
        let over = self
            .client
            .execute(
                "return document.documentElement.scrollWidth - document.documentElement.clientWidth",
                Vec::new(),
            )
            .await
            .unwrap();
        assert!(
            over.as_i64().unwrap_or(0) <= 1,
            "{} scrolls sideways by {over}",
            self.path().await
        );
    }
}

impl Browser {
    /// Chooses a term, whether the form offers it as a list or as buttons.
    pub(crate) async fn pick(&self, name: &str, code: &str) {
        self.see(&format!("[name='{name}']")).await;
        if self.has(&format!("select[id='{name}']")).await {
            self.choose(name, code).await;
        } else {
            self.click(&format!("label:has(input[name='{name}'][value='{code}'])"))
                .await;
        }
    }

    /// Fills a day, so many days from the browser's today.
    pub(crate) async fn set_date(&self, id: &str, days: i64) {
        let day = self
            .client
            .execute(
                "const d = new Date(Date.now() + arguments[0] * 864e5 + 8 * 36e5); \
                 return d.toISOString().slice(0, 10)",
                vec![json!(days)],
            )
            .await
            .unwrap();
        self.choose(id, day.as_str().unwrap_or_default()).await;
    }

    /// Chooses how a case ended, whether the form offers it as a list or as buttons.
    pub(crate) async fn choose_term(&self, name: &str, code: &str) {
        if self.has(&format!("select[id='{name}']")).await {
            self.choose(name, code).await;
        } else {
            self.click(&format!("label:has(input[name='{name}'][value='{code}'])"))
                .await;
        }
    }

    /// A phone's screen: headless windows have a least width, the emulated device has none.
    pub(crate) async fn metrics(&self, width: u32, height: u32) {
        self.cdp(
            "Emulation.setDeviceMetricsOverride",
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}),
        )
        .await;
    }

    /// A command of the DevTools protocol, and its answer.
    pub(crate) async fn cdp(&self, command: &str, params: Value) -> Value {
        use fantoccini::wd::WebDriverCompatibleCommand;
        #[derive(Debug)]
        struct Cdp(Value);
        impl WebDriverCompatibleCommand for Cdp {
            fn endpoint(
                &self,
                base: &url::Url,
                session: Option<&str>,
            ) -> Result<url::Url, url::ParseError> {
                base.join(&format!(
                    "session/{}/goog/cdp/execute",
                    session.unwrap_or_default()
                ))
            }
            fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
                (http::Method::POST, Some(self.0.to_string()))
            }
        }
        let body = json!({"cmd": command, "params": params});
        self.client
            .issue_cmd(Cdp(body))
            .await
            .unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// Waits until nothing is loading.
    pub(crate) async fn settle(&self) {
        let began = Instant::now();
        while self.has("[aria-busy='true'], .skeleton").await && began.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(80)).await;
        }
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}
