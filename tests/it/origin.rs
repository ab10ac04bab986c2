//! An upstream on loopback for tests of the built binary: real sockets, scripted answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a request asked: method, path, headers with names in lower case, body.
pub struct Asked {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Asked {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What is answered: status, headers, body.
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    /// 200 with a body.
    pub fn ok(body: impl Into<Vec<u8>>) -> Reply {
        Reply { status: 200, headers: Vec::new(), body: body.into() }
    }
}

/// A server that lives as long as the test process.
pub struct Origin {
    pub address: SocketAddr,
}

impl Origin {
    /// Starts answering on a free port.
    pub fn start(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Origin {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        Origin::on(vec![listener], script)
    }

    /// Starts answering on one port of several addresses of this machine; none where it has but one.
    pub fn on_each(
        addresses: &[String],
        script: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Option<Origin> {
        let bound = |_| {
            let first = TcpListener::bind((addresses[0].as_str(), 0)).ok()?;
            let port = first.local_addr().ok()?.port();
            let others =
                addresses[1..].iter().map(|at| TcpListener::bind((at.as_str(), port)).ok());
            std::iter::once(Some(first)).chain(others).collect::<Option<Vec<_>>>()
        };
        // Another program may have the port elsewhere.
        let listeners = (0..9).find_map(bound)?;
        Some(Origin::on(listeners, script))
    }

    fn on(
        listeners: Vec<TcpListener>,
        script: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Origin {
        let address = listeners[0].local_addr().expect("bound");
        let script = Arc::new(script);
        for listener in listeners {
            let script = Arc::clone(&script);
            std::thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let script = Arc::clone(&script);
                    std::thread::spawn(move || {
                        let _ = converse(stream, &*script);
                    });
                }
            });
        }
        Origin { address }
    }
}

fn converse(
    stream: TcpStream,
    script: &(dyn Fn(&Asked) -> Reply + Send + Sync),
) -> std::io::Result<()> {
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut words = line.split(' ').map(str::to_owned);
        let method = words.next().unwrap_or_default();
        let path = words.next().unwrap_or_else(|| "/".to_owned());
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_lowercase(), value.to_owned()));
        }
        let mut asked = Asked { method, path, headers, body: Vec::new() };
        let length = asked.header("content-length").and_then(|length| length.parse().ok());
        asked.body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut asked.body)?;
        let reply = script(&asked);
        write!(writer, "HTTP/1.1 {} X\r\ncontent-length: {}\r\n", reply.status, reply.body.len())?;
        for (name, value) in reply.headers {
            write!(writer, "{name}: {value}\r\n")?;
        }
        writer.write_all(b"\r\n")?;
        writer.write_all(&reply.body)?;
        writer.flush()?;
    }
}

/// A folder with a `feeds.toml` and the built binary to run in it.
pub struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// A new folder with this file; `listen` is on a free port.
    pub fn new(toml: &str) -> Place {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = Place { folder };
        place.write("feeds.toml", toml);
        place
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("inside the folder"))
            .expect("a folder can be made");
        std::fs::write(&path, content).expect("a file can be written");
        path
    }

    /// The binary with arguments, to be run here.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_feedloom"));
        command.current_dir(self.path()).args(arguments).stdin(Stdio::null());
        command
    }

    /// Runs the binary to its end: exit code, stdout, stderr.
    pub fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.command(arguments).output().expect("the binary runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }
}

/// A port nobody listens on at this moment.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port()
}

/// A running process, killed when dropped.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Status, headers with names in lower case, body.
pub type Answer = (u16, Vec<(String, String)>, Vec<u8>);

/// One request over a socket of its own.
pub fn get(port: u16, path: &str, headers: &[(&str, &str)]) -> std::io::Result<Answer> {
    ask(port, "GET", path, headers, b"")
}

/// One request with a body.
pub fn post(
    port: u16,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> std::io::Result<Answer> {
    let length = body.len().to_string();
    let headers: Vec<_> = headers.iter().copied().chain([("content-length", &*length)]).collect();
    ask(port, "POST", path, &headers, body)
}

fn ask(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n")?;
    for (name, value) in headers {
        write!(stream, "{name}: {value}\r\n")?;
    }
    write!(stream, "\r\n")?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer
        .windows(4)
        .position(|w| w == b"\r\n\r\n")
        .ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|code| code.parse().ok())
        .unwrap_or(0);
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    Ok((status, headers, answer[end + 4..].to_vec()))
}

/// Waits until the address answers 200.
pub fn await_ready(port: u16, path: &str) {
    let began = Instant::now();
    while !matches!(get(port, path, &[]), Ok((200, _, _))) {
        assert!(began.elapsed() < Duration::from_secs(30), "{path} did not answer 200 within 30 s");
        std::thread::sleep(Duration::from_millis(20));
    }
}
