//! The door against servers that misbehave: each test starts its own on loopback, which speaks
//! raw bytes and keeps what it was asked.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::http::Request;
use async_trait::async_trait;
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::model::manners::Manner;

/// A door for hosts that are our own.
fn door() -> Door {
    let own = Manner { at_once: 16, gap: Duration::ZERO, ..Manner::default() };
    let hosts = ["127.0.0.1", "localhost"].map(|host| (host.to_owned(), own));
    open(agent(None), Arc::new(Manners::new(hosts)))
}

/// A server on loopback and what was asked of it.
struct Origin {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

/// What is sent for a request.
#[derive(Clone)]
enum Reply {
    /// These bytes, then the connection is closed.
    Whole(Vec<u8>),
    /// These bytes, then these for ever.
    Endless(Vec<u8>, Vec<u8>),
    /// These bytes, one by one, slowly.
    Slow(Vec<u8>),
    /// Nothing, the connection stays open.
    Silence,
}

fn text(answer: &str) -> Reply {
    Reply::Whole(answer.replace('\n', "\r\n").into_bytes())
}

fn ok(headers: &str, body: &[u8]) -> Reply {
    let head = format!("HTTP/1.1 200 OK\n{headers}Connection: close\n\n").replace('\n', "\r\n");
    Reply::Whole([head.as_bytes(), body].concat())
}

impl Origin {
    /// Answers by `reply`, a function of the request line and this server's own port.
    async fn start(reply: impl Fn(&str, u16) -> Reply + Send + Sync + 'static) -> Origin {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (kept, reply) = (asked.clone(), Arc::new(reply));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (kept, reply) = (kept.clone(), reply.clone());
                tokio::spawn(async move {
                    let head = head(&mut stream).await;
                    let line = head.lines().next().unwrap_or_default().to_owned();
                    kept.lock().unwrap().push(head);
                    speak(&mut stream, reply(&line, address.port())).await;
                });
            }
        });
        Origin { address, asked }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    async fn ask(&self, path: &str) -> Result<Answer, Error> {
        door().send(get(&self.url(path)), &self.permit()).await
    }

    fn permit(&self) -> Permit {
        let port = self.address.port();
        let limits = Limits {
            wire: 64 << 10,
            decoded: 8 << 20,
            connect: Duration::from_secs(2),
            total: Duration::from_millis(1500),
            ..Limits::default()
        };
        let allow = vec![Allowed::Host("127.0.0.1".to_owned(), Some(port))];
        Permit { allow, limits, ..Permit::default() }
    }
}

async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).await.unwrap_or(0) == 1 {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

async fn speak(stream: &mut TcpStream, reply: Reply) {
    match reply {
        Reply::Whole(bytes) => drop(stream.write_all(&bytes).await),
        Reply::Endless(start, again) => {
            let _ = stream.write_all(&start).await;
            while stream.write_all(&again).await.is_ok() {}
        }
        Reply::Slow(bytes) => {
            for byte in bytes {
                tokio::time::sleep(Duration::from_millis(100)).await;
                if stream.write_all(&[byte]).await.is_err() {
                    return;
                }
            }
        }
        Reply::Silence => tokio::time::sleep(Duration::from_secs(60)).await,
    }
}

fn get(url: &str) -> Request<Bytes> {
    Request::get(url).body(Bytes::new()).unwrap()
}

#[tokio::test]
async fn an_answer_with_its_headers_and_address() {
    let origin = Origin::start(|_, _| ok("ETag: W/\"a\"\nContent-Length: 2\n", b"ok")).await;
    let answer = origin.ask("/feed?x=1").await.unwrap();
    assert_eq!(answer.response.body(), "ok");
    assert_eq!(answer.response.headers()["etag"], "W/\"a\"");
    assert_eq!((answer.at, answer.moved), (origin.url("/feed?x=1"), false));
}

#[tokio::test]
async fn p_01_validators_go_out_byte_for_byte() {
    let origin = Origin::start(|_, _| text("HTTP/1.1 304 Not Modified\nETag: \"b\"\n\n")).await;
    let request = Request::get(origin.url("/"))
        .header("if-none-match", "W/\"odd, tag\"")
        .header("if-modified-since", "yesterday, or so")
        .body(Bytes::new())
        .unwrap();
    let answer = door().send(request, &origin.permit()).await.unwrap();
    assert_eq!(answer.response.status(), 304);
    let asked = origin.asked().remove(0).to_lowercase();
    assert!(asked.contains("\r\nif-none-match: w/\"odd, tag\"\r\n"), "{asked}");
    assert!(asked.contains("\r\nif-modified-since: yesterday, or so\r\n"), "{asked}");
}

#[tokio::test]
async fn p_14_an_honest_name() {
    let origin = Origin::start(|_, _| ok("", b"")).await;
    let name = agent(Some("https://feeds.example/\r\nX-Evil: 1 编"));
    open(name, Arc::default()).send(get(&origin.url("/")), &origin.permit()).await.unwrap();
    let expected = format!(
        "user-agent: Feedloom/{} (+https://feeds.example/X-Evil: 1)\r\n",
        env!("CARGO_PKG_VERSION")
    );
    assert!(origin.asked()[0].contains(&expected), "{}", origin.asked()[0]);
}

#[tokio::test]
async fn p_15_no_cookies_no_referer() {
    let origin = Origin::start(|line, _| match line {
        "GET / HTTP/1.1" => {
            text("HTTP/1.1 302 Found\nSet-Cookie: a=b\nLocation: /next\nContent-Length: 0\n\n")
        }
        _ => ok("", b"there"),
    })
    .await;
    assert_eq!(origin.ask("/").await.unwrap().response.body(), "there");
    let asked = origin.asked().concat().to_lowercase();
    assert!(!asked.contains("cookie") && !asked.contains("referer"), "{asked}");
}

#[tokio::test]
async fn p_16_codings_are_offered() {
    let origin = Origin::start(|_, _| ok("", b"")).await;
    origin.ask("/").await.unwrap();
    assert!(origin.asked()[0].contains("accept-encoding: gzip, br, zstd, deflate\r\n"));
}

#[tokio::test]
async fn moved_only_when_all_redirects_are_permanent() {
    let origin = Origin::start(|line, _| match line {
        "GET /old HTTP/1.1" => text("HTTP/1.1 301 Moved\nLocation: /older\nContent-Length: 0\n\n"),
        "GET /older HTTP/1.1" => text("HTTP/1.1 308 Moved\nLocation: /new\nContent-Length: 0\n\n"),
        "GET /mixed HTTP/1.1" => text("HTTP/1.1 302 Found\nLocation: /old\nContent-Length: 0\n\n"),
        _ => ok("", b"there"),
    })
    .await;
    let answer = origin.ask("/old").await.unwrap();
    assert_eq!((answer.at, answer.moved), (origin.url("/new"), true));
    assert!(!origin.ask("/mixed").await.unwrap().moved);
    assert!(!origin.ask("/new").await.unwrap().moved);
}

#[tokio::test]
async fn t_14_redirects_in_a_circle() {
    let origin = Origin::start(|line, _| match line {
        "GET /a HTTP/1.1" => text("HTTP/1.1 302 Found\nLocation: /b\nContent-Length: 0\n\n"),
        _ => text("HTTP/1.1 302 Found\nLocation: /a\nContent-Length: 0\n\n"),
    })
    .await;
    assert_eq!(origin.ask("/a").await.unwrap_err().to_string(), "127.0.0.1 redirects in a circle");
    assert_eq!(origin.asked().len(), 2);
}

#[tokio::test]
async fn t_14_redirects_without_end() {
    let origin = Origin::start(|line, _| {
        let number: u32 = line[5..line.len() - 9].parse().unwrap();
        text(&format!("HTTP/1.1 302 Found\nLocation: /{}\nContent-Length: 0\n\n", number + 1))
    })
    .await;
    assert!(matches!(origin.ask("/1").await, Err(Error::Broken(_))));
    assert_eq!(origin.asked().len(), 6);
}

/// A redirect of an allowed server to another port of this machine, which must not be asked.
#[tokio::test]
async fn t_04_a_redirect_passes_the_guard_again() {
    let inner = Origin::start(|_, _| ok("", b"secret")).await;
    let port = inner.address.port();
    let spellings = [
        "http://127.0.0.1:",
        "//127.1:",
        "http://2130706433:",
        "http://[::ffff:127.0.0.1]:",
        "http://localhost:",
    ];
    for spelling in spellings {
        let origin = Origin::start(move |_, _| {
            text(&format!("HTTP/1.1 301 Moved\nLocation: {spelling}{port}/\nContent-Length: 0\n\n"))
        })
        .await;
        let error = origin.ask("/").await.unwrap_err();
        assert!(matches!(error, Error::Refused(_)), "{spelling}: {error:?}");
    }
    assert_eq!(inner.asked().len(), 0);
}

#[tokio::test]
async fn t_04_a_redirect_reaches_no_file() {
    let origin = Origin::start(|_, _| {
        text("HTTP/1.1 302 Found\nLocation: file:///etc/passwd\nContent-Length: 0\n\n")
    })
    .await;
    assert!(matches!(origin.ask("/").await, Err(Error::Refused(_))));
}

#[tokio::test]
async fn t_04_two_locations_are_none() {
    let origin = Origin::start(|_, _| {
        text("HTTP/1.1 302 Found\nLocation: /a\nLocation: /b\nContent-Length: 0\n\n")
    })
    .await;
    assert!(matches!(origin.ask("/").await, Err(Error::Broken(_))));
}

/// Method of Feedbin: a real listener that nobody may connect to.
#[tokio::test]
async fn t_06_no_byte_reaches_a_private_address() {
    let origin = Origin::start(|_, _| ok("", b"secret")).await;
    let port = origin.address.port();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "localhost",
        "localhost.",
        "LOCALHOST",
    ] {
        let error = door().send(get(&format!("http://{host}:{port}/")), &Permit::default()).await;
        assert!(matches!(error, Err(Error::Refused(_))), "{host}: {error:?}");
    }
    assert_eq!(origin.asked().len(), 0);
}

/// A name that means one public and one private address, and counts how often it was asked.
struct Mixed(Mutex<u32>);

#[async_trait]
impl names::Names for Mixed {
    async fn lookup(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
        *self.0.lock().unwrap() += 1;
        Ok(vec!["203.0.114.1".parse().unwrap(), "127.0.0.1".parse().unwrap()])
    }
}

#[tokio::test]
async fn t_05_resolved_once_and_refused() {
    let names = Arc::new(Mixed(Mutex::new(0)));
    let http = http::Http::new(agent(None), names.clone(), Arc::default());
    let error =
        http.send(get("http://rebind.example:8080/"), &Permit::default()).await.unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error:?}");
    assert_eq!(*names.0.lock().unwrap(), 1);
}

#[tokio::test]
async fn a_connection_of_one_permit_serves_no_other() {
    let origin = Origin::start(|_, _| text("HTTP/1.1 200 OK\nContent-Length: 2\n\nok")).await;
    let door = door();
    door.send(get(&origin.url("/")), &origin.permit()).await.unwrap();
    let strict = door.send(get(&origin.url("/")), &Permit::default()).await;
    assert!(matches!(strict, Err(Error::Refused(_))));
}

#[tokio::test]
async fn t_11_an_endless_body_stops_at_the_bound() {
    let origin = Origin::start(|_, _| {
        let start = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<rss>".to_vec();
        Reply::Endless(start, b"<item></item>".repeat(100))
    })
    .await;
    assert!(matches!(origin.ask("/").await, Err(Error::TooLarge(_))));
}

#[tokio::test]
async fn t_11_a_lying_length() {
    for (length, expected) in
        [("9999999999", "TooLarge"), ("5", "Broken"), ("-1", "Broken"), ("1, 2", "Broken")]
    {
        let origin =
            Origin::start(move |_, _| ok(&format!("Content-Length: {length}\n"), b"abc")).await;
        let error = origin.ask("/").await.unwrap_err();
        assert!(format!("{error:?}").starts_with(expected), "{length}: {error:?}");
    }
    let origin = Origin::start(|_, _| ok("Content-Length: 2\n", b"abc")).await;
    assert_eq!(origin.ask("/").await.unwrap().response.body(), "ab");
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    pressed(plain, |wire| Box::pin(async_compression::tokio::bufread::GzipEncoder::new(wire)))
}

/// `plain` through one of the encoders, which are only asynchronous.
fn pressed(
    plain: &[u8],
    encoder: for<'a> fn(&'a [u8]) -> std::pin::Pin<Box<dyn tokio::io::AsyncRead + 'a>>,
) -> Vec<u8> {
    let mut coded = Vec::new();
    futures_util::FutureExt::now_or_never(encoder(plain).read_to_end(&mut coded)).unwrap().unwrap();
    coded
}

async fn coded(coding: &'static str, body: Vec<u8>) -> Result<Answer, Error> {
    let origin =
        Origin::start(move |_, _| ok(&format!("Content-Encoding: {coding}\n"), &body)).await;
    origin.ask("/").await
}

#[tokio::test]
async fn every_coding_is_read() {
    use async_compression::tokio::bufread::{
        BrotliEncoder, DeflateEncoder, ZlibEncoder, ZstdEncoder,
    };
    let plain = "新闻 news ".repeat(1000);
    for (coding, body) in [
        ("gzip", gzip(plain.as_bytes())),
        ("X-GZip", gzip(plain.as_bytes())),
        ("br", pressed(plain.as_bytes(), |wire| Box::pin(BrotliEncoder::new(wire)))),
        ("zstd", pressed(plain.as_bytes(), |wire| Box::pin(ZstdEncoder::new(wire)))),
        ("deflate", pressed(plain.as_bytes(), |wire| Box::pin(ZlibEncoder::new(wire)))),
        ("deflate", pressed(plain.as_bytes(), |wire| Box::pin(DeflateEncoder::new(wire)))),
        ("identity", plain.clone().into_bytes()),
        ("identity", gzip(plain.as_bytes())),
    ] {
        let answer = coded(coding, body).await.unwrap();
        assert_eq!(answer.response.body(), plain.as_bytes(), "{coding}");
        assert!(
            !answer.response.headers().contains_key("content-encoding") || coding == "identity"
        );
    }
}

#[tokio::test]
async fn t_10_members_of_gzip_are_one_body() {
    let body = [gzip(b"one "), gzip(b"two")].concat();
    assert_eq!(coded("gzip", body).await.unwrap().response.body(), "one two");
}

#[tokio::test]
async fn t_10_a_gzip_bomb_stops_at_the_bound() {
    let bomb = gzip(&vec![0; 9 << 20]);
    assert!(bomb.len() < 64 << 10);
    assert!(matches!(coded("gzip", bomb).await, Err(Error::TooLarge(_))));
}

#[tokio::test]
async fn t_10_the_ratio_counts_past_the_first_mebibyte() {
    let small = coded("gzip", gzip(&vec![b' '; 1 << 20])).await.unwrap();
    assert_eq!(small.response.body().len(), 1 << 20);
    let error = coded("gzip", gzip(&vec![b' '; 3 << 20])).await.unwrap_err();
    assert!(error.to_string().contains("100 times"), "{error}");
}

#[tokio::test]
async fn t_10_one_coding_at_most() {
    for coding in ["gzip, gzip", "gzip\nContent-Encoding: br", "compress", "新"] {
        assert!(matches!(coded(coding, gzip(b"x")).await, Err(Error::Broken(_))), "{coding}");
    }
}

#[tokio::test]
async fn t_10_a_cut_or_wrong_coding_is_an_error() {
    let whole = gzip("新闻".repeat(100).as_bytes());
    assert!(matches!(
        coded("gzip", whole[..whole.len() / 2].to_vec()).await,
        Err(Error::Broken(_))
    ));
    assert!(matches!(coded("gzip", b"<rss/>".to_vec()).await, Err(Error::Broken(_))));
    assert_eq!(coded("gzip", Vec::new()).await.unwrap().response.body(), "");
}

#[tokio::test]
async fn t_12_slow_headers_end_at_the_deadline() {
    let origin =
        Origin::start(|_, _| Reply::Slow(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec()))
            .await;
    assert!(matches!(origin.ask("/").await, Err(Error::Timeout(_))));
}

#[tokio::test]
async fn t_12_a_silent_server_ends_at_the_deadline() {
    let origin = Origin::start(|_, _| Reply::Silence).await;
    let error = origin.ask("/").await.unwrap_err();
    assert_eq!(error.to_string(), "127.0.0.1 took longer than 1.5 s");
}

#[tokio::test]
async fn t_13_headers_are_bounded() {
    let long = Origin::start(|_, _| ok(&format!("X: {}\n", "y".repeat(70 << 10)), b"")).await;
    assert!(matches!(long.ask("/").await, Err(Error::TooLarge(_))));
    let many = Origin::start(|_, _| ok(&"Set-Cookie: a=b\n".repeat(1000), b"")).await;
    assert!(matches!(many.ask("/").await, Err(Error::Broken(_))));
    let endless = Origin::start(|_, _| {
        Reply::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X: y\r\n".repeat(100))
    })
    .await;
    assert!(endless.ask("/").await.is_err());
}

#[tokio::test]
async fn a_refused_connection_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let permit =
        Permit { allow: vec![Allowed::Host("127.0.0.1".into(), None)], ..Permit::default() };
    let error = door().send(get(&format!("http://{address}/")), &permit).await.unwrap_err();
    let expected = format!("127.0.0.1 refuses connections on port {}", address.port());
    assert_eq!(error, Error::Unreachable(expected));
}

#[tokio::test]
async fn what_is_not_http_is_broken() {
    let origin = Origin::start(|_, _| text("220 mail.example ESMTP\n")).await;
    assert!(matches!(origin.ask("/").await, Err(Error::Broken(_))));
}

/// A server that answers one request a connection, leaves the connection open, and closes it as
/// soon as a second one comes.
async fn one_answer_a_connection() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let first = head(&mut stream).await;
            kept.lock().unwrap().push(first);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
            let second = head(&mut stream).await;
            kept.lock().unwrap().push(second);
        }
    });
    (address, asked)
}

#[tokio::test]
async fn a_connection_closed_while_it_was_taken_up_again_costs_nothing() {
    let (address, asked) = one_answer_a_connection().await;
    let allow = vec![Allowed::Host("127.0.0.1".to_owned(), Some(address.port()))];
    let (door, permit) = (door(), Permit { allow, ..Permit::default() });
    for _ in 0..2 {
        let answer = door.send(get(&format!("http://{address}/")), &permit).await.unwrap();
        assert_eq!(answer.response.body(), "ok");
    }
    assert_eq!(asked.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_server_that_only_hangs_up_is_asked_once() {
    let origin = Origin::start(|_, _| Reply::Whole(Vec::new())).await;
    assert!(matches!(origin.ask("/").await, Err(Error::Broken(_))));
    assert_eq!(origin.asked().len(), 1);
}
