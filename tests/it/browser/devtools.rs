//! A browser to look with: a headless Chromium of our own, and the little of its DevTools protocol
//! that looking takes, over a blocking WebSocket.
//!
//! It waits for answers and for things to happen, never for time to pass; the one limit is for the
//! whole of it, so that a browser that hangs fails the test instead of holding it. It judges nothing.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::{Message, WebSocket};

/// What Chromium is called, by who made the package.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// How long all the looking may take before it counts as hung.
const LIMIT: Duration = Duration::from_secs(240);

/// Nothing of its own business: no first run, no updates, no names but loopback's.
const ARGUMENTS: [&str; 14] = [
    "--headless",
    "--remote-debugging-port=0",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/// Something the browser said by itself.
#[derive(Debug)]
pub struct Event {
    pub method: String,
    pub params: Value,
}

/// A running browser with one page.
pub struct Browser {
    socket: WebSocket<TcpStream>,
    session: Option<String>,
    calls: u64,
    events: Vec<Event>,
    until: Instant,
    process: Process,
}

/// Its process, ended when dropped, and the folder it may write to, which goes after it.
struct Process {
    child: Child,
    profile: TempDir,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Browser {
    /// Starts a browser with an empty page; none where none is installed.
    pub fn start() -> Option<Browser> {
        let until = Instant::now() + LIMIT;
        let process = Process::start()?;
        let (port, path) = process.door(until);
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("its door is open");
        stream.set_read_timeout(Some(LIMIT)).expect("a time above zero");
        stream.set_write_timeout(Some(LIMIT)).expect("a time above zero");
        let url = format!("ws://127.0.0.1:{port}{path}");
        let (socket, _) = tungstenite::client(url, stream).expect("it speaks WebSocket");
        let mut browser =
            Browser { socket, session: None, calls: 0, events: Vec::new(), until, process };
        browser.open_page();
        Some(browser)
    }

    fn open_page(&mut self) {
        let page = self.call("Target.createTarget", json!({ "url": "about:blank" }));
        let target = json!({ "targetId": page["targetId"], "flatten": true });
        let attached = self.call("Target.attachToTarget", target);
        self.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network", "DOM"] {
            self.call(&format!("{domain}.enable"), json!({}));
        }
    }

    /// Asks for something and waits for the answer; what happens meanwhile is kept.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let id = self.calls;
        let mut call = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = &self.session {
            call["sessionId"] = session.as_str().into();
        }
        self.socket.send(Message::text(call.to_string())).expect("the browser listens");
        loop {
            let Some(mut answer) = self.read() else { continue };
            if answer["id"] == id {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].take();
            }
        }
    }

    /// Waits until enough has happened since that was last asked.
    pub fn wait(&mut self, is_enough: impl Fn(&[Event]) -> bool) {
        while !is_enough(&self.events) {
            self.read();
        }
    }

    /// All that happened since this was last asked.
    pub fn happened(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// One message; events are kept, answers handed out.
    fn read(&mut self) -> Option<Value> {
        let left = self.until.saturating_duration_since(Instant::now());
        assert!(!left.is_zero(), "the browser took longer than {LIMIT:?}");
        self.socket.get_ref().set_read_timeout(Some(left)).expect("a time above zero");
        let message = match self.socket.read() {
            Ok(message) => message,
            Err(error) => panic!("the browser is gone: {error}\n{}", self.process.said()),
        };
        let Message::Text(text) = message else { return None };
        let mut value: Value = serde_json::from_str(&text).expect("the protocol is JSON");
        match value["method"].as_str().map(str::to_owned) {
            Some(method) => {
                self.events.push(Event { method, params: value["params"].take() });
                None
            }
            None => Some(value),
        }
    }

    /// The value of an expression in the page. The page's policy does not bind it.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "returnByValue": true });
        let mut answer = self.call("Runtime.evaluate", asked);
        assert!(answer["exceptionDetails"].is_null(), "{answer:#}");
        answer["result"]["value"].take()
    }
}

impl Process {
    /// The first browser that is there; with its own profile, and its words in a file beside it.
    fn start() -> Option<Process> {
        let profile = tempfile::tempdir().expect("a temporary folder");
        for name in NAMES {
            let words = std::fs::File::create(said(profile.path())).expect("a file can be made");
            let mut command = Command::new(name);
            command
                .args(ARGUMENTS)
                .args(is_root(profile.path()).then_some("--no-sandbox"))
                .arg(format!("--user-data-dir={}", profile.path().display()))
                .arg("about:blank")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(words);
            match command.spawn() {
                Ok(child) => return Some(Process { child, profile }),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => panic!("{name} cannot be started: {error}"),
            }
        }
        None
    }

    /// Where it listens, which it writes down once it does.
    fn door(&self, until: Instant) -> (u16, String) {
        let file = self.profile.path().join("DevToolsActivePort");
        loop {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            if let Some((port, path)) = text.split_once('\n').filter(|(_, path)| !path.is_empty()) {
                return (port.parse().expect("a port"), path.trim().to_owned());
            }
            assert!(Instant::now() < until, "the browser never listened:\n{}", self.said());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What it said on the side, which tells why it does not run.
    fn said(&self) -> String {
        std::fs::read_to_string(said(self.profile.path())).unwrap_or_default()
    }
}

fn said(profile: &Path) -> PathBuf {
    profile.join("stderr.txt")
}

/// Chromium keeps its sandbox for everybody but root; what root makes belongs to user 0.
fn is_root(made: &Path) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::MetadataExt::uid(&made.metadata().expect("it was made")) == 0;
    #[cfg(not(unix))]
    return made.as_os_str().is_empty();
}
