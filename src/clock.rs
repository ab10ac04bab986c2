//! The only door to the wall clock. Everything else is handed a `Timestamp` or a `Clock`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use tokio::sync::watch;

use crate::model::time::{Offset, Timestamp};

/// Tells the time and waits for one.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The present, at offset zero.
    fn now(&self) -> Timestamp;

    /// Returns once it is `at`, or later; and when the clock is set back meanwhile, since what was waited
    /// for may be another time now.
    async fn sleep_until(&self, at: Timestamp);
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

/// The longest single sleep, so that a stepped clock or a suspended machine is noticed soon.
const NAP: Duration = Duration::from_secs(30);

#[async_trait]
impl Clock for System {
    #[allow(clippy::disallowed_methods, reason = "this is the door")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(millis, Offset::UTC).expect("a clock between the years 0 and 9999")
    }

    async fn sleep_until(&self, at: Timestamp) {
        let mut latest = self.now();
        loop {
            let left = at.since(latest);
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(NAP)).await;
            let now = self.now();
            if now < latest {
                return;
            }
            latest = now;
        }
    }
}

/// A clock moved by hand, for tests.
#[derive(Debug)]
pub struct Manual {
    now: watch::Sender<Timestamp>,
}

impl Manual {
    /// A clock that stands at `now`.
    pub fn at(now: Timestamp) -> Manual {
        Manual { now: watch::Sender::new(now) }
    }

    /// Sets the clock, forwards or back.
    pub fn set(&self, now: Timestamp) {
        self.now.send_replace(now);
    }

    /// Moves the clock forwards.
    pub fn pass(&self, span: Duration) {
        self.now.send_modify(|now| *now = now.plus(span));
    }
}

#[async_trait]
impl Clock for Manual {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    async fn sleep_until(&self, at: Timestamp) {
        let mut now = self.now.subscribe();
        let mut latest = *now.borrow_and_update();
        while latest.millis() < at.millis() {
            now.changed().await.expect("the clock outlives its sleepers");
            let next = *now.borrow_and_update();
            if next.millis() < latest.millis() {
                return;
            }
            latest = next;
        }
    }
}
