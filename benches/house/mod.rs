//! The program as its users have it, in a process of its own.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

/// The program while it serves; it ends with this.
pub struct House {
    process: Child,
    pub address: SocketAddr,
}

impl House {
    /// Starts it in a folder, on these sections of `feeds.toml` beside those of the site and the server.
    pub fn start(folder: &Path, sections: &str) -> House {
        let address = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("one");
        let file = format!(
            "[site]\ntitle = \"Bench\"\nurl = \"http://{address}\"\n[server]\nlisten = \"{address}\"\n{sections}"
        );
        fs::write(folder.join("feeds.toml"), file).expect("written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_feedloom"));
        command.current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
        House { process: command.spawn().expect("it starts"), address }
    }

    /// Waits until it answers.
    pub async fn is_up(&self) {
        let began = Instant::now();
        while ask(Ipv4Addr::LOCALHOST, self.address, "/all.rss").await.is_none() {
            assert!(began.elapsed() < Duration::from_secs(20), "it never came up");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Bytes of memory it holds, pages of mapped files left out.
    pub fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap_or("0 kB");
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) * 1024
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A connection from an address of this machine.
pub async fn connect(from: Ipv4Addr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::V4(SocketAddrV4::new(from, 0)))?;
    socket.connect(to).await
}

/// How long a reader at an address waits for a whole answer, its connection included; none when there is
/// no good one within ten seconds.
pub async fn ask(from: Ipv4Addr, to: SocketAddr, path: &str) -> Option<Duration> {
    let began = Instant::now();
    let answered = timeout(Duration::from_secs(10), async {
        let mut stream = connect(from, to).await.ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok()?;
        answer.starts_with(b"HTTP/1.1 200").then_some(())
    });
    answered.await.ok()??;
    Some(began.elapsed())
}
