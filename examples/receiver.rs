//! A receiver of webhooks in Rust: `FEEDLOOM_KEY=whsec_… cargo run --example receiver 9000`. It believes what
//! `feedloom::webhook::signature::verify` believes, takes each message once, and prints a line for each event.
//!
//! A server of your own does the same three things: verify the bytes as they came, look whether their id
//! came before, and answer soon.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use feedloom::clock::{Clock, System};
use feedloom::webhook::signature;
use serde_json::Value;

const LONGEST: usize = 4 << 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = std::env::var("FEEDLOOM_KEY").map_err(|_| "FEEDLOOM_KEY is not set")?;
    let port: u16 = std::env::args().nth(1).ok_or("say which port")?.parse()?;
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    // Whoever is restarted keeps them on disk.
    let mut seen = HashSet::new();
    for stream in listener.incoming() {
        let mut stream = stream?;
        let status = match read(&stream) {
            Some(message) => take(&key, &message, &mut seen),
            None => 400,
        };
        let _ =
            write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    }
    Ok(())
}

/// A message: its three headers and its bytes.
struct Message {
    id: String,
    timestamp: String,
    signature: String,
    body: Vec<u8>,
}

fn take(key: &str, message: &Message, seen: &mut HashSet<String>) -> u16 {
    let Message { id, timestamp, signature, body } = message;
    let now = System.now().seconds();
    if let Err(doubt) = signature::verify(key, id, timestamp, signature, body, now) {
        eprintln!("not believed: {doubt}");
        return 401;
    }
    let Ok(message) = serde_json::from_slice::<Value>(body) else { return 400 };
    if seen.insert(id.clone()) {
        let events = message["data"]["events"].as_array();
        for event in events.map_or(std::slice::from_ref(&message), Vec::as_slice) {
            let data = &event["data"];
            let about = data["title"].as_str().or(data["id"].as_str()).unwrap_or_default();
            println!("{} {about}", event["type"].as_str().unwrap_or_default());
        }
    }
    204
}

fn read(stream: &TcpStream) -> Option<Message> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let (mut message, mut length) = (
        Message {
            id: String::new(),
            timestamp: String::new(),
            signature: String::new(),
            body: Vec::new(),
        },
        0,
    );
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            signature::ID => message.id = value.to_owned(),
            signature::TIMESTAMP => message.timestamp = value.to_owned(),
            signature::SIGNATURE => message.signature = value.to_owned(),
            "content-length" => length = value.parse().ok().filter(|length| *length <= LONGEST)?,
            _ => {}
        }
    }
    message.body = vec![0; length];
    reader.read_exact(&mut message.body).ok()?;
    Some(message)
}
