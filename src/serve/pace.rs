//! `Paced`: a connection that ends when its other side stops moving.
//!
//! hyper starts no clock before it knows the version, sets one anew for each request, and bounds
//! nowhere how long an answer may take, so a client that never reads would hold its bytes for ever.
//! Here one alarm a connection does all that. How slowly a client takes its answer is not judged,
//! only that it does.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::gate::Guest;

/// How long the other side may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Until the head of a request has come, counted from the end of what came before.
    pub head: Duration,
    /// Until it takes some more of an answer.
    pub stall: Duration,
    /// Until anything moves, in either direction, when it may ask at any time.
    pub idle: Duration,
}

/// A stream whose reads and writes fail when its other side takes longer.
pub(super) struct Paced<S> {
    stream: S,
    limits: Limits,
    guest: Arc<Guest>,
    reading: Wait,
    writing: Wait,
}

impl<S> Paced<S> {
    /// A stream held to these limits. `guest` knows whether a request is awaited from the other side,
    /// and is told when it takes something.
    pub(super) fn new(stream: S, limits: Limits, guest: Arc<Guest>) -> Paced<S> {
        Paced { stream, limits, guest, reading: Wait::default(), writing: Wait::default() }
    }

    fn wrote<T>(
        &mut self,
        poll: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if poll.is_pending() {
            let end = self.writing.begin() + self.limits.stall;
            return self.writing.until(end, self.limits.stall, context).map(Err);
        }
        // What went at once was told when it was given.
        if self.writing.end() {
            self.guest.takes();
        }
        self.reading.end();
        poll
    }

    /// When the present wait for something to read has lasted too long.
    fn end_of_reading(&mut self) -> Instant {
        let began = self.reading.begin();
        match self.guest.awaited_since() {
            // Bytes of a head that come one by one are no excuse.
            Some(since) if self.writing.since.is_none() => {
                Instant::from_std(since) + self.limits.head
            }
            _ => began + self.limits.idle,
        }
    }
}

/// Something pending.
///
/// The alarm is set once and looked at when it rings: setting one for each wait would cost more than
/// most answers.
#[derive(Default)]
struct Wait {
    /// When the present wait began.
    since: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Wait {
    /// When the present wait began, which may be now.
    fn begin(&mut self) -> Instant {
        *self.since.get_or_insert_with(Instant::now)
    }

    /// Ends the wait; answers whether there was one.
    fn end(&mut self) -> bool {
        self.since.take().is_some()
    }

    /// Pending until `end`, then the error to report. The end may have moved by the next call, but
    /// never to less than `least` from then.
    fn until(
        &mut self,
        end: Instant,
        least: Duration,
        context: &mut Context<'_>,
    ) -> Poll<io::Error> {
        let ring = |end: Instant| end.min(Instant::now() + least);
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(ring(end))));
        while alarm.as_mut().poll(context).is_ready() {
            if Instant::now() >= end {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            alarm.as_mut().reset(ring(end));
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
        let (end, least) = (self.end_of_reading(), self.limits.head.min(self.limits.idle));
        self.reading.until(end, least, context).map(Err)
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
        if let [alone] = slices {
            // The kernel has a shorter way for it, and most answers are nothing but a head.
            return self.poll_write(context, alone);
        }
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

    /// A stream that is being answered, unless it has a `head` to send.
    fn paced<S>(stream: S, stall: Duration, idle: Duration, head: Option<Duration>) -> Paced<S> {
        let gate = Arc::new(Gate::new(1, 1));
        let guest = gate.admit(None).expect("room").guest.clone();
        if head.is_none() {
            guest.asks(false);
        }
        Paced::new(stream, Limits { head: head.unwrap_or(LONG), stall, idle }, guest)
    }

    const SHORT: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn t_22_a_reader_that_takes_nothing_is_left() {
        let (_reader, stream) = duplex(16);
        let mut paced = paced(stream, SHORT, LONG, None);
        let error = paced.write_all(&[0; 64]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_slow_reader_is_not() {
        let (mut reader, stream) = duplex(16);
        let mut paced = paced(stream, Duration::from_millis(500), LONG, None);
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
        let mut paced = paced(stream, LONG, SHORT, None);
        let error = paced.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn t_22_a_head_is_awaited_so_long_however_it_trickles() {
        let (mut writer, stream) = duplex(16);
        let mut paced = paced(stream, LONG, LONG, Some(Duration::from_millis(300)));
        let trickling = tokio::spawn(async move {
            while writer.write_u8(b'x').await.is_ok() {
                sleep(Duration::from_millis(20)).await;
            }
        });
        let reading = async { while paced.read_u8().await.is_ok() {} };
        tokio::time::timeout(Duration::from_secs(10), reading).await.expect("an end");
        drop(paced);
        trickling.await.unwrap();
    }

    #[tokio::test]
    async fn who_was_answered_is_awaited_anew() {
        let (mut writer, stream) = duplex(16);
        let mut paced = paced(stream, LONG, LONG, Some(Duration::from_millis(400)));
        let guest = paced.guest.clone();
        for _ in 0..5 {
            sleep(Duration::from_millis(150)).await;
            writer.write_u8(b'x').await.unwrap();
            paced.read_u8().await.unwrap();
            guest.asks(false);
            guest.moves();
        }
        assert_eq!(paced.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
