//! The receivers in `examples/receivers/`: what we sign is believed by the published libraries, what is forged
//! is not, and what comes twice is taken once. Those whose library is missing here are said to be skipped.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use feedloom::clock::{Clock, System};
use feedloom::webhook::key::Key;
use feedloom::webhook::signature;

use crate::house::KEY;
use crate::origin::{Running, free_port, post};

const PATIENCE: Duration = Duration::from_secs(20);

fn recipes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/receivers")
}

/// A receiver that runs, and the lines it prints.
struct Recipe {
    port: u16,
    lines: Receiver<String>,
    _running: Running,
}

/// Starts a receiver; none where it cannot run here.
fn start(mut command: Command, port: u16) -> Option<Recipe> {
    let folder = tempfile::tempdir().expect("a folder").keep();
    command
        .env("FEEDLOOM_KEY", KEY)
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let (tell, lines) = channel();
    let stdout = child.stdout.take().expect("it is piped");
    std::thread::spawn(move || {
        BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| tell.send(line))
    });
    let running = Running(child);
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(began.elapsed() < PATIENCE, "the receiver does not listen");
        std::thread::sleep(Duration::from_millis(20));
    }
    Some(Recipe { port, lines, _running: running })
}

impl Recipe {
    /// Sends a message signed by a key, so many seconds ago; answers the status.
    fn send(&self, key: &str, id: &str, ago: i64, body: &str) -> u16 {
        let seconds = System.now().seconds() - ago;
        let key = Key::read(key).expect("a key");
        let signed = signature::sign(&[key], id, seconds, body.as_bytes());
        let seconds = seconds.to_string();
        let headers = [
            ("content-type", "application/json"),
            (signature::ID, id),
            (signature::TIMESTAMP, &*seconds),
            (signature::SIGNATURE, &*signed),
        ];
        post(self.port, "/", &headers, body.as_bytes()).expect("an answer").0
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line")
    }

    fn keeps_its_word(&self) {
        let one = r#"{"type":"item.published","timestamp":"2026-11-25T08:00:00+08:00","data":{"id":"urn:n:1","title":"月食"}}"#;
        let two = r#"{"type":"batch","timestamp":"2026-11-25T08:00:00+08:00","data":{"events":[{"type":"item.updated","data":{"id":"urn:n:2","title":"two"}},{"type":"item.withdrawn","data":{"id":"urn:n:3"}}]}}"#;
        let other = "whsec_BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ=";
        assert_eq!(self.send(other, "msg_0", 0, one), 401, "another key");
        assert_eq!(self.send(KEY, "msg_0", 360, one), 401, "T-28: six minutes late");
        assert_eq!(self.send(KEY, "msg_1", 0, one), 204);
        assert_eq!(self.send(KEY, "msg_1", 3, one), 204, "once more, signed anew");
        assert_eq!(self.send(KEY, "msg_2", 0, two), 204);
        let lines = [self.line(), self.line(), self.line()];
        assert_eq!(lines, ["item.published 月食", "item.updated two", "item.withdrawn urn:n:3"]);
    }
}

/// Python where the library is.
fn python() -> Option<String> {
    let python = std::env::var("FEEDLOOM_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    has(&python, &["-c", "import standardwebhooks"]).then_some(python)
}

fn has(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    let status = command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

#[test]
fn s_12_the_library_for_python_believes_us() {
    let Some(python) = python() else {
        println!(
            "skipped: Python's standardwebhooks is not here; python3 -m pip install standardwebhooks"
        );
        return;
    };
    let port = free_port();
    let mut command = Command::new(&python);
    command.arg(recipes().join("receiver.py")).arg(port.to_string());
    start(command, port).expect("it runs").keeps_its_word();
}

#[test]
fn s_12_the_library_for_node_believes_us() {
    if !has("node", &["-e", "require('standardwebhooks')"]) {
        println!(
            "skipped: Node's standardwebhooks is not here; npm install standardwebhooks, and NODE_PATH"
        );
        return;
    }
    let port = free_port();
    let mut command = Command::new("node");
    command.arg(recipes().join("receiver.cjs")).arg(port.to_string());
    start(command, port).expect("it runs").keeps_its_word();
}

#[test]
fn s_07_our_own_receiver_believes_us() {
    let program = std::env::current_exe().ok();
    let program = program.and_then(|at| Some(at.parent()?.parent()?.join("examples/receiver")));
    let Some(program) = program.filter(|program| program.exists()) else {
        println!("skipped: the example is not built; `cargo test` without --test builds it");
        return;
    };
    let port = free_port();
    let mut command = Command::new(program);
    command.arg(port.to_string());
    start(command, port).expect("it runs").keeps_its_word();
}

/// The recipes that do something with what they take.
#[test]
fn recipes_do_what_they_say() {
    let Some(python) = python() else {
        println!(
            "skipped: Python's standardwebhooks is not here; python3 -m pip install standardwebhooks"
        );
        return;
    };
    let item = r#"{"type":"item.published","timestamp":"2026-11-25T08:00:00+08:00","data":{"id":"urn:n:1","url":"https://n.example/1","title":"月食","summary":"今晚"}}"#;
    let room: std::sync::Arc<std::sync::Mutex<Vec<Vec<u8>>>> = std::sync::Arc::default();
    let heard = room.clone();
    let chat = crate::origin::Origin::start(move |asked| {
        heard.lock().expect("nobody panicked").push(asked.body.clone());
        crate::origin::Reply::ok("ok")
    });
    // A queue that takes one command a connection, as Redis does.
    let queue = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = queue.local_addr().expect("bound");
    let (tell, commands) = channel();
    std::thread::spawn(move || {
        for mut stream in queue.incoming().flatten() {
            use std::io::{Read, Write};
            let mut command = vec![0; 65_536];
            let length = stream.read(&mut command).unwrap_or(0);
            let _ = stream.write_all(b"$3\r\n1-0\r\n");
            let _ = tell.send(String::from_utf8_lossy(&command[..length]).into_owned());
        }
    });
    let drafts = tempfile::tempdir().expect("a folder");
    let drafted = drafts.path().display().to_string();
    let arguments: BTreeMap<&str, Vec<String>> = BTreeMap::from([
        ("chat.py", vec![]),
        ("newsletter.py", vec![drafted]),
        ("stream.py", vec![at.to_string(), "news".to_owned()]),
    ]);
    for (recipe, more) in arguments {
        let port = free_port();
        let mut command = Command::new(&python);
        command.arg(recipes().join(recipe)).arg(port.to_string()).args(more);
        command.env("ROOM", format!("http://{}/room", chat.address));
        let recipe = start(command, port).expect("it runs");
        assert_eq!(recipe.send(KEY, "msg_1", 0, item), 204);
        assert_eq!(recipe.send(KEY, "msg_1", 1, item), 204, "again, and taken once");
    }
    let said = room.lock().expect("nobody panicked").clone();
    assert_eq!(said.len(), 1);
    let said: serde_json::Value = serde_json::from_slice(&said[0]).expect("JSON");
    assert_eq!(said["text"], "月食\nhttps://n.example/1");
    let draft = std::fs::read_to_string(drafts.path().join("2026-11-25.md")).expect("a draft");
    assert_eq!(draft, "## [月食](https://n.example/1)\n\n今晚\n\n");
    let command = commands.recv_timeout(PATIENCE).expect("a command");
    assert!(command.starts_with("*10\r\n$4\r\nXADD\r\n$4\r\nnews\r\n"), "{command}");
    assert!(command.contains("item.published"), "{command}");
}
