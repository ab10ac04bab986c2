//! What only a socket shows: versions of HTTP, deadlines, limits and the stop.

use super::*;
use http_body_util::BodyExt;

/// A server on loopback, its address, and what stops it.
struct Served {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    running: tokio::task::JoinHandle<()>,
    house: House,
}

async fn served(bounds: Bounds) -> Served {
    let house = house();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let listener = Listener::Tcp(listener);
    let (stop, stopped) = oneshot::channel();
    let running = run(listener, house.desk.clone(), bounds, stopped.map(|_| ()));
    Served { address, stop, running: tokio::spawn(running), house }
}

fn brief() -> Bounds {
    let short = Duration::from_millis(300);
    Bounds { head: short, stall: short, idle: short * 4, stop: short, ..Bounds::default() }
}

impl Served {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes and reads until the other side hangs up.
    async fn say(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        heard(&mut stream).await
    }
}

async fn heard(stream: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    let _ = timeout(Duration::from_secs(5), stream.read_to_end(&mut heard))
        .await
        .expect("the server hangs up");
    String::from_utf8(heard).unwrap()
}

#[tokio::test]
async fn c_06_head_over_a_socket() {
    let served = served(Bounds::default()).await;
    let head = served.say(b"HEAD /all.rss HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    let length = served.house.get("/all.rss").await.body().len();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    assert!(
        head.contains(&format!("content-length: {length}\r\n")) && head.contains("\r\ndate: "),
        "{head}"
    );
}

#[tokio::test]
async fn c_05_a_304_over_a_socket() {
    let served = served(Bounds::default()).await;
    let known = served
        .say(b"GET /all.rss HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\nConnection: close\r\n\r\n")
        .await;
    assert!(
        known.starts_with("HTTP/1.1 304 Not Modified\r\n") && known.ends_with("\r\n\r\n"),
        "{known}"
    );
    assert!(known.contains("\r\ndate: ") && !known.contains("content-length"), "{known}");
}

#[tokio::test]
async fn c_24_old_and_pipelined_requests() {
    let served = served(Bounds::default()).await;
    assert!(served.say(b"GET /healthz HTTP/1.0\r\n\r\n").await.starts_with("HTTP/1.0 200 OK\r\n"));
    assert!(
        served
            .say(b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 400 ")
    );
    let both = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    assert_eq!(served.say(both.as_bytes()).await.matches("HTTP/1.1 200 OK").count(), 2);
}

#[tokio::test]
async fn c_19_a_long_head_is_431() {
    let served = served(Bounds::default()).await;
    let long = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(20 << 10));
    assert!(served.say(long.as_bytes()).await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn c_24_http_2_and_1_1_answer_alike() {
    let served = served(Bounds::default()).await;
    let io = TokioIo::new(served.connect().await);
    let (mut client, talk) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(talk);
    for (method, path) in [
        ("GET", "/all.rss"),
        ("HEAD", "/all.rss"),
        ("GET", "/none"),
        ("POST", "/"),
        ("GET", "/all/"),
    ] {
        let request =
            Request::builder().method(method).uri(format!("http://{}{path}", served.address));
        let request = request.body(http_body_util::Empty::<Bytes>::new()).unwrap();
        let (mut head, body) = client.send_request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        head.headers.remove("date");
        let mut plain = served.house.ask(method, path, &[]).await;
        assert_eq!(head.status, plain.status(), "{method} {path}");
        assert_eq!(sorted(&head.headers), sorted(plain.headers_mut()), "{method} {path}");
        assert_eq!(body, plain.body());
    }
}

fn sorted(headers: &HeaderMap) -> Vec<String> {
    let mut lines: Vec<_> =
        headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn t_22_a_silent_client_is_hung_up_on() {
    let served = served(brief()).await;
    for start in
        [&b""[..], b"P", b"PRI * HTTP/2.0\r\n", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\nX: "]
    {
        let from = Instant::now();
        served.say(start).await;
        assert!(from.elapsed() < Duration::from_secs(2), "{start:?}");
    }
}

#[tokio::test]
async fn t_22_a_client_byte_by_byte_is_hung_up_on() {
    let served = served(brief()).await;
    for request in [
        "GET / HTTP/1.1\r\nHost: a.example\r\nX: yyyyyyyyyyyyyyyyyy",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let mut stream = served.connect().await;
        let from = Instant::now();
        for byte in request.bytes().cycle() {
            if stream.write_all(&[byte]).await.is_err() {
                break;
            }
            sleep(Duration::from_millis(40)).await;
            assert!(from.elapsed() < Duration::from_secs(3), "{request}");
        }
    }
}

#[tokio::test]
async fn t_22_who_asks_gets_the_place_of_who_only_holds_one() {
    let served = served(Bounds { connections: 2, ..Bounds::default() }).await;
    let (mut first, _second) = (served.connect().await, served.connect().await);
    let answer = served.say(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert_eq!(heard(&mut first).await, "", "the longest waiting was asked to leave");
}

#[tokio::test]
async fn t_22_a_client_with_too_many_connections_is_told() {
    let served = served(Bounds { per_client: 2, ..Bounds::default() }).await;
    let _others = (served.connect().await, served.connect().await);
    let answer = served.say(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: 5"), "{answer}");
}

#[tokio::test]
async fn t_22_clients_behind_a_proxy_are_counted_each() {
    let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let served = served(Bounds { per_client: 1, trusted_proxies, ..Bounds::default() }).await;
    let _idle = (served.connect().await, served.connect().await);
    let answer = served
        .say(b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\nConnection: close\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
#[cfg(unix)]
async fn a_socket_in_the_file_system() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let listener = Listener::Unix(tokio::net::UnixListener::bind(&path).unwrap());
    let house = house();
    let running = tokio::spawn(run(listener, house.desk.clone(), brief(), std::future::pending()));
    let mut stream = tokio::net::UnixStream::connect(&path).await.unwrap();
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut heard = String::new();
    stream.read_to_string(&mut heard).await.unwrap();
    assert!(heard.starts_with("HTTP/1.1 200 OK"), "{heard}");
    running.abort();
}

#[tokio::test]
async fn t_22_a_client_that_never_reads_is_hung_up_on() {
    let served = served(brief()).await;
    let titles = vec!["x".repeat(100_000); 300];
    let titles: Vec<_> = titles.iter().map(String::as_str).collect();
    served.house.store.put(Shelf::All, 9, &titles);
    served.house.desk.press.reload().await.unwrap();
    let mut stream = served.connect().await;
    stream.write_all(b"GET /all.json HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    sleep(Duration::from_millis(1500)).await;
    let mut heard = Vec::new();
    let _ = timeout(Duration::from_secs(5), stream.read_to_end(&mut heard))
        .await
        .expect("the server hung up");
    assert!(heard.len() < 30_000_000, "{}", heard.len());
}

#[tokio::test]
async fn a_stop_waits_for_answers_but_not_for_half_requests() {
    let served = served(Bounds { stop: Duration::from_millis(300), ..Bounds::default() }).await;
    let mut half = served.connect().await;
    half.write_all(b"GET / HTTP/1.1\r\nHost").await.unwrap();
    let mut idle = served.connect().await;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    idle.read_u8().await.unwrap();
    served.stop.send(()).unwrap();
    timeout(Duration::from_secs(2), served.running).await.expect("a hard deadline").unwrap();
    assert!(TcpStream::connect(served.address).await.is_err());
    heard(&mut idle).await;
}
