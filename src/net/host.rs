//! Manners towards a host: how many exchanges with it run at once.
//!
//! It knows no gaps between requests and no `Retry-After`; both belong to this file when they come.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Exchanges at once with one host (reliability row P-17).
const AT_ONCE: usize = 2;

/// The hosts we are talking to at this moment, and no others, so that it stays small.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    rooms: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// A place at a host, given back when dropped.
#[derive(Debug)]
pub(super) struct Stay {
    _place: OwnedSemaphorePermit,
}

impl Hosts {
    /// Waits for a place at `host`; first come, first served.
    pub(super) async fn enter(&self, host: &str) -> Stay {
        let room = self.room(host);
        let place = room.acquire_owned().await.expect("rooms are never closed");
        Stay { _place: place }
    }

    fn room(&self, host: &str) -> Arc<Semaphore> {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        // A room nobody holds or waits for is known to this map alone.
        rooms.retain(|_, room| Arc::strong_count(room) > 1);
        rooms.entry(host.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test]
    async fn two_at_once_and_a_third_waits() {
        let hosts = Hosts::default();
        let first = hosts.enter("a.example").await;
        let _second = hosts.enter("a.example").await;
        let _elsewhere = hosts.enter("b.example").await;
        assert!(timeout(Duration::from_millis(20), hosts.enter("a.example")).await.is_err());
        drop(first);
        assert!(timeout(Duration::from_secs(5), hosts.enter("a.example")).await.is_ok());
    }

    #[tokio::test]
    async fn hosts_left_are_forgotten() {
        let hosts = Hosts::default();
        for number in 0..100 {
            drop(hosts.enter(&format!("{number}.example")).await);
        }
        assert_eq!(hosts.rooms.lock().unwrap().len(), 1);
    }
}
