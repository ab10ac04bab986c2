//! The body of an answer, decoded while it streams and measured at both ends.
//!
//! The HTTP client's own decoding is off, because a bound on decoded bytes alone cannot tell a
//! long feed from a bomb: bytes on the wire, bytes after decoding and the ratio of the two are
//! all held here (reliability rows T-10, T-11). A sender may code a body once, not twice.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_compression::tokio::bufread::{
    BrotliDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder,
};
use async_compression::zstd::DParameter;
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use http::{HeaderMap, header};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt};
use tokio_util::io::StreamReader;

use super::Error;
use super::storage::{Room, Storage, Taken};
use crate::model::source::Limits;

/// What we can read, for `Accept-Encoding`.
pub(super) const CODINGS: &str = "gzip, br, zstd, deflate";

/// Decoded bytes from which on the ratio counts: small documents may compress as well as they like.
const RATIO_FROM: usize = 1 << 20;

/// The largest zstd window taken from others, 8 MiB (RFC 9659 section 3).
const ZSTD_WINDOW: u32 = 23;

/// How long an answer is watched, and what must have come meanwhile.
const PACE: Duration = Duration::from_secs(10);
const LEAST: usize = 10 << 10;

/// How a body is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Identity,
    Gzip,
    Brotli,
    Zstd,
    Deflate,
}

impl Coding {
    /// The coding the headers name (RFC 9110 section 8.4).
    pub(super) fn of(headers: &HeaderMap) -> Result<Coding, Error> {
        let mut coding = Coding::Identity;
        for name in headers.get_all(header::CONTENT_ENCODING) {
            let names = name.to_str().unwrap_or("?");
            for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
                let next = Coding::named(name)?;
                if coding != Coding::Identity && next != Coding::Identity {
                    return Err(Error::Broken("the answer is compressed twice over".to_owned()));
                }
                coding = if next == Coding::Identity { coding } else { next };
            }
        }
        Ok(coding)
    }

    fn named(name: &str) -> Result<Coding, Error> {
        match name.to_ascii_lowercase().as_str() {
            "identity" => Ok(Coding::Identity),
            "gzip" | "x-gzip" => Ok(Coding::Gzip),
            "br" => Ok(Coding::Brotli),
            "zstd" => Ok(Coding::Zstd),
            "deflate" => Ok(Coding::Deflate),
            _ => Err(Error::Broken(
                "the answer is compressed in a way we did not ask for".to_owned(),
            )),
        }
    }
}

/// Reads a body to its end, or to the first bound it breaks.
pub(super) async fn read<S, E>(
    stream: S,
    coding: Coding,
    limits: &Limits,
    storage: &Storage,
) -> Result<(Bytes, Room), Error>
where
    S: Stream<Item = Result<Bytes, E>> + Send,
    E: std::error::Error + Send + Sync + 'static,
{
    let arrived = Arc::new(AtomicUsize::new(0));
    let wire = StreamReader::new(Box::pin(measured(stream, limits.wire, arrived.clone())));
    let is_ours = AtomicBool::new(false);
    let reading = async {
        let mut plain = decoder(wire, coding).await.map_err(told)?;
        let (mut body, mut taken) = (BytesMut::new(), Taken::default());
        while plain.read_buf(&mut body).await.map_err(told)? > 0 {
            check(body.len(), arrived.load(Ordering::Relaxed), limits)?;
            is_ours.store(true, Ordering::Relaxed);
            storage.grow(&mut taken, body.len()).await;
            is_ours.store(false, Ordering::Relaxed);
            body.reserve(16 << 10);
        }
        Ok((body.freeze(), taken.into()))
    };
    tokio::select! {
        read = reading => read,
        too_slow = keeps_pace(&arrived, &is_ours) => Err(too_slow),
    }
}

/// How long is waited for the body of an answer that hardly counts. One that is read to its end leaves the
/// connection to the next exchange.
const MOMENT: Duration = Duration::from_secs(2);

/// The first `most` bytes of a body, or as many as come within a moment, as they are.
pub(super) async fn beginning<S, E>(mut stream: S, most: usize) -> Bytes
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    let mut body = BytesMut::new();
    let reading = async {
        while let Some(Ok(chunk)) = stream.next().await
            && body.len() < most
        {
            body.extend_from_slice(&chunk[..chunk.len().min(most - body.len())]);
        }
    };
    let _ = tokio::time::timeout(MOMENT, reading).await;
    body.freeze()
}

/// Ends when hardly anything arrives: less than a kilobyte a second, over ten of them (row T-12), unless
/// it is us who do not read on.
async fn keeps_pace(arrived: &AtomicUsize, is_ours: &AtomicBool) -> Error {
    let mut before = arrived.load(Ordering::Relaxed);
    loop {
        tokio::time::sleep(PACE).await;
        let now = arrived.load(Ordering::Relaxed);
        if now - before < LEAST && !is_ours.load(Ordering::Relaxed) {
            let seconds = PACE.as_secs();
            return Error::Timeout(format!(
                "the answer comes too slowly: {} bytes in {seconds} s",
                now - before
            ));
        }
        before = now;
    }
}

fn check(decoded: usize, arrived: usize, limits: &Limits) -> Result<(), Error> {
    if decoded > limits.decoded {
        return Err(Error::TooLarge(format!("the answer is longer than {} bytes", limits.decoded)));
    }
    if decoded > RATIO_FROM && decoded > arrived.saturating_mul(limits.ratio) {
        let ratio = limits.ratio;
        return Err(Error::TooLarge(format!(
            "the answer unpacks to more than {ratio} times its size"
        )));
    }
    Ok(())
}

/// The same stream, counted, ending in an error past `most` bytes.
fn measured<S, E>(
    stream: S,
    most: usize,
    arrived: Arc<AtomicUsize>,
) -> impl Stream<Item = io::Result<Bytes>>
where
    S: Stream<Item = Result<Bytes, E>>,
    E: std::error::Error + Send + Sync + 'static,
{
    stream.map(move |chunk| {
        let chunk = chunk.map_err(io::Error::other)?;
        if arrived.fetch_add(chunk.len(), Ordering::Relaxed) + chunk.len() > most {
            let what = format!("the answer is longer than {most} bytes on the wire");
            return Err(io::Error::other(Error::TooLarge(what)));
        }
        Ok(chunk)
    })
}

type Plain<'a> = Pin<Box<dyn AsyncRead + Send + 'a>>;

async fn decoder<'a, R>(mut wire: R, coding: Coding) -> io::Result<Plain<'a>>
where
    R: AsyncBufRead + Unpin + Send + 'a,
{
    let start = wire.fill_buf().await?;
    if start.is_empty() {
        return Ok(Box::pin(wire));
    }
    let is_zlib = looks_like_zlib(start);
    // A file that is itself compressed (`sitemap.xml.gz`) comes without the header.
    let coding = match coding {
        Coding::Identity if is_gzip(start) => Coding::Gzip,
        coding => coding,
    };
    Ok(match coding {
        Coding::Identity => Box::pin(wire),
        Coding::Gzip => {
            let mut gzip = GzipDecoder::new(wire);
            // RFC 1952 section 2.2: a file is a series of members.
            gzip.multiple_members(true);
            Box::pin(gzip)
        }
        Coding::Brotli => Box::pin(BrotliDecoder::new(wire)),
        Coding::Zstd => {
            Box::pin(ZstdDecoder::with_params(wire, &[DParameter::window_log_max(ZSTD_WINDOW)]))
        }
        Coding::Deflate if is_zlib => Box::pin(ZlibDecoder::new(wire)),
        Coding::Deflate => Box::pin(DeflateDecoder::new(wire)),
    })
}

/// Whether this is the start of a gzip file (RFC 1952 section 2.3.1).
pub(super) fn is_gzip(start: &[u8]) -> bool {
    start.starts_with(b"\x1f\x8b")
}

/// Whether this is the zlib wrapper `deflate` means (RFC 9110 section 8.4.1.2), which some servers leave out.
fn looks_like_zlib(start: &[u8]) -> bool {
    match start {
        [method, flags, ..] => {
            method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31)
        }
        _ => true,
    }
}

/// What went wrong while reading: our own word when it was ours.
fn told(error: io::Error) -> Error {
    let kind = error.kind();
    let cause = error.into_inner();
    match cause.and_then(|cause| cause.downcast::<Error>().ok()) {
        Some(ours) => *ours,
        None if kind == io::ErrorKind::UnexpectedEof => {
            Error::Broken("the answer ends in the middle".to_owned())
        }
        None => Error::Broken("the answer breaks off or cannot be unpacked".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn t_12_an_answer_that_hardly_comes_is_ended() {
        let (arrived, is_ours) = (AtomicUsize::new(0), AtomicBool::new(false));
        let coming = async {
            for _ in 0..60 {
                tokio::time::sleep(Duration::from_secs(1)).await;
                arrived.fetch_add(2 << 10, Ordering::Relaxed);
            }
            tokio::time::sleep(PACE * 3).await;
        };
        let began = tokio::time::Instant::now();
        let error = tokio::select! {
            error = keeps_pace(&arrived, &is_ours) => error,
            () = coming => panic!("it was waited for"),
        };
        assert!(began.elapsed() > Duration::from_secs(60), "two kilobytes a second are enough");
        assert!(error.to_string().starts_with("the answer comes too slowly"), "{error}");
    }
}
