//! One visit to a page: opened once, read once, looked at in every width and by day and by night,
//! and opened once more without scripts.
//!
//! All that is wrong with it comes back as words; nothing is asserted here.

use std::collections::HashSet;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::devtools::{Browser, Event};
use super::hostile::PICTURE;

/// A telephone, a tablet, a desk.
const WIDTHS: [u32; 3] = [360, 768, 1440];
const SCHEMES: [&str; 2] = ["light", "dark"];

const READ: &str = include_str!("read.js");
const LOOK: &str = include_str!("look.js");

/// Someone at a browser, on our site.
pub struct Visitor {
    pub browser: Browser,
    site: String,
    /// Where pictures of every look go.
    album: Option<PathBuf>,
}

impl Visitor {
    /// Sits down.
    pub fn new(browser: Browser, site: String) -> Visitor {
        let album = std::env::var_os("FEEDLOOM_SCREENSHOTS").map(PathBuf::from);
        if let Some(album) = &album {
            std::fs::create_dir_all(album).expect("FEEDLOOM_SCREENSHOTS is a folder");
        }
        Visitor { browser, site, album }
    }

    /// Opens a page, which should answer with this status; says what there is, and what is wrong.
    pub fn visit(&mut self, path: &str, status: u16) -> (Value, Vec<String>) {
        self.open(path);
        let read = self.read();
        let mut faults = faults(&read["faults"]);
        for (n, (width, scheme)) in
            WIDTHS.iter().flat_map(|width| SCHEMES.map(|scheme| (*width, scheme))).enumerate()
        {
            self.turn(width, scheme);
            self.keep(&format!("{path} {n} {width} {scheme}"));
            let seen = self.look(width);
            faults.extend(seen.into_iter().map(|fault| format!("{width} px, {scheme}: {fault}")));
        }
        self.settle();
        faults.extend(self.complaints(path, status));
        // What stands in it may change between two visits; that it always does would be a fault.
        if !(0..3).any(|_| self.markup() == self.markup_without_scripts(path)) {
            faults.push("it is another page without scripts".to_owned());
        }
        (read, faults.into_iter().map(|fault| format!("{path}: {fault}")).collect())
    }

    /// Opens a page as a desk shows it.
    pub fn open(&mut self, path: &str) {
        self.turn(WIDTHS[2], SCHEMES[0]);
        self.browser.happened();
        self.browser.call("Page.navigate", json!({ "url": format!("{}{path}", self.site) }));
        self.browser
            .wait(|events| events.iter().any(|event| event.method == "Page.loadEventFired"));
        self.settle();
    }

    /// What the open page is made of.
    pub fn read(&mut self) -> Value {
        self.browser.evaluate(&format!("({READ})()"))
    }

    /// What is wrong with how it looks.
    pub fn look(&mut self, width: u32) -> Vec<String> {
        faults(&self.browser.evaluate(&format!("({LOOK})({width})")))
    }

    /// What the browser complained of, and what it asked of others than us.
    pub fn complaints(&mut self, path: &str, status: u16) -> Vec<String> {
        let page = format!("{}{path}", self.site);
        let events = self.browser.happened();
        events.iter().filter_map(|event| self.complaint(event, &page, status)).collect()
    }

    fn complaint(&self, event: &Event, page: &str, status: u16) -> Option<String> {
        let params = &event.params;
        match event.method.as_str() {
            "Log.entryAdded" => {
                let entry = &params["entry"];
                let is_loud = entry["level"] == "error" || entry["level"] == "warning";
                let is_expected = entry["source"] == "network"
                    && (entry["url"] == PICTURE || (entry["url"] == page && status != 200));
                (is_loud && !is_expected).then(|| format!("{}: {}", entry["text"], entry["url"]))
            }
            "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" => Some(params.to_string()),
            "Network.requestWillBeSent" => {
                let url = params["request"]["url"].as_str().expect("a request has an address");
                let is_ours = url.starts_with(&format!("{}/", self.site));
                let is_known = is_ours || url == PICTURE || url.starts_with("data:");
                (!is_known).then(|| format!("it asks {url}"))
            }
            "Network.responseReceived" if params["type"] == "Document" => {
                let answered = &params["response"]["status"];
                (*answered != status).then(|| format!("it answers {answered}"))
            }
            _ => None,
        }
    }

    /// Waits until nothing is under way any more. What the page itself had to say has been said
    /// when it answers after that.
    pub fn settle(&mut self) {
        self.browser.wait(|events| {
            let ids = |methods: &[&str]| -> HashSet<String> {
                let of = events.iter().filter(|event| methods.contains(&event.method.as_str()));
                of.map(|event| event.params["requestId"].to_string()).collect()
            };
            let ended = ids(&["Network.loadingFinished", "Network.loadingFailed"]);
            ids(&["Network.requestWillBeSent"]).is_subset(&ended)
        });
        self.browser.evaluate("0");
    }

    /// Gives the window a width and a scheme, and no movement between two.
    fn turn(&mut self, width: u32, scheme: &str) {
        let metrics =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.browser.call("Emulation.setDeviceMetricsOverride", metrics);
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.browser.call("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// All elements as they are now, but for the fractions of a second that stand in times.
    fn markup(&mut self) -> Value {
        let without_times = ".replace(/ datetime=\"[^\"]*\"/g, '')";
        self.browser.evaluate(&format!("document.documentElement.outerHTML{without_times}"))
    }

    fn markup_without_scripts(&mut self, path: &str) -> Value {
        self.browser.call("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
        self.open(path);
        let markup = self.markup();
        self.browser.call("Emulation.setScriptExecutionDisabled", json!({ "value": false }));
        markup
    }

    /// Takes a picture of the whole page, where somebody wants to see it.
    fn keep(&mut self, called: &str) {
        let Some(album) = &self.album else { return };
        let called = called.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let file = album.join(format!("{}.png", called.trim_matches('-')));
        let asked = json!({ "format": "png", "captureBeyondViewport": true });
        let picture = self.browser.call("Page.captureScreenshot", asked);
        let picture = picture["data"].as_str().expect("a picture").as_bytes();
        std::fs::write(file, base64(picture)).expect("a picture can be kept");
    }
}

pub fn faults(list: &Value) -> Vec<String> {
    let list = list.as_array().expect("a list of faults");
    list.iter().map(|fault| fault.as_str().expect("words").to_owned()).collect()
}

/// Bytes written in base64 (RFC 4648 section 4).
fn base64(text: &[u8]) -> Vec<u8> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0u32, 0);
    for byte in text {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => break,
        };
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}
