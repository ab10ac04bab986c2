//! `Paced`: a connection that ends when its other side stops moving.
//!
//! hyper bounds how long a request's head may take; nothing bounds how long an answer may, so a
//! client that never reads would hold its bytes for ever. How slowly a client may move is not
//! judged here, only that it does.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::gate::Guest;

/// A stream whose reads fail after `idle` without progress in either direction, and whose
/// writes fail after `stall` without progress of their own.
pub(super) struct Paced<S> {
    stream: S,
    reading: Patience,
    writing: Patience,
    guest: Arc<Guest>,
}

impl<S> Paced<S> {
    /// A stream held to these limits; `guest` is told when its other side takes something.
    pub(super) fn new(stream: S, stall: Duration, idle: Duration, guest: Arc<Guest>) -> Paced<S> {
        Paced { stream, reading: Patience::new(idle), writing: Patience::new(stall), guest }
    }

    fn wrote<T>(
        &mut self,
        poll: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            self.writing.end();
            self.reading.end();
            self.guest.takes();
            return poll;
        }
        self.writing.wait(context).map(Err)
    }
}

/// How long something may be pending.
///
/// The alarm is set once and looked at when it rings: setting one for each wait would cost more than
/// most answers.
struct Patience {
    limit: Duration,
    /// When the present wait began.
    since: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    fn new(limit: Duration) -> Patience {
        Patience { limit, since: None, alarm: None }
    }

    fn end(&mut self) {
        self.since = None;
    }

    /// Pending until nothing has ended the wait for the limit, then the error to report.
    fn wait(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let since = *self.since.get_or_insert_with(Instant::now);
        let end = since + self.limit;
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(end)));
        while alarm.as_mut().poll(context).is_ready() {
            if Instant::now() >= end {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            // It was set for an earlier wait.
            alarm.as_mut().reset(end);
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_read(context, buffer);
        if poll.is_ready() {
            self.reading.end();
            return poll;
        }
        self.reading.wait(context).map(Err)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(poll, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.wrote(poll, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::super::gate::Gate;
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::sleep;

    fn paced<S>(stream: S, stall: Duration, idle: Duration) -> Paced<S> {
        let gate = Arc::new(Gate::new(1, 1));
        Paced::new(stream, stall, idle, gate.admit(None).expect("room").guest.clone())
    }

    const SHORT: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn t_22_a_reader_that_takes_nothing_is_left() {
        let (_reader, stream) = duplex(16);
        let mut paced = paced(stream, SHORT, LONG);
        let error = paced.write_all(&[0; 64]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_slow_reader_is_not() {
        let (mut reader, stream) = duplex(16);
        let mut paced = paced(stream, Duration::from_millis(500), LONG);
        let writing = tokio::spawn(async move { paced.write_all(&[0; 128]).await });
        for _ in 0..8 {
            sleep(Duration::from_millis(100)).await;
            reader.read_exact(&mut [0; 16]).await.unwrap();
        }
        writing.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn nothing_at_all_is_idleness() {
        let (_writer, stream) = duplex(16);
        let mut paced = paced(stream, LONG, SHORT);
        let error = paced.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
