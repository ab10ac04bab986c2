//! Manners towards a host: how many exchanges with it run at once, and how long it is left alone from
//! the start of one to that of the next (reliability row P-17).
//!
//! It judges no answer, so it knows no `Retry-After`; who is to be left alone for longer is not asked in
//! the first place.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use crate::model::manners::{Errand, Manner, Manners};

/// The hosts we are talking to or have just talked to, and no others, so that it stays small.
#[derive(Debug)]
pub(super) struct Hosts {
    manners: Arc<Manners>,
    rooms: Mutex<HashMap<(Errand, String), Arc<Room>>>,
}

/// A host's.
#[derive(Debug)]
struct Room {
    gap: Duration,
    places: Arc<Semaphore>,
    turns: Mutex<Turns>,
}

/// Who starts when.
#[derive(Debug)]
struct Turns {
    /// When the next exchange may start.
    next: Instant,
    /// How many there were.
    count: u32,
}

/// A place at a host, given back when dropped.
#[derive(Debug)]
pub(super) struct Stay {
    _place: OwnedSemaphorePermit,
    _room: Arc<Room>,
}

impl Hosts {
    /// Nobody is talked to yet.
    pub(super) fn new(manners: Arc<Manners>) -> Hosts {
        Hosts { manners, rooms: Mutex::default() }
    }

    /// Waits for a place at `host` and until it may be asked again; first come, first served.
    pub(super) async fn enter(&self, host: &str, errand: Errand) -> Stay {
        let room = self.room(host, errand);
        let place = room.places.clone().acquire_owned().await.expect("rooms are never closed");
        let stay = Stay { _place: place, _room: room };
        sleep_until(stay._room.turn()).await;
        stay
    }

    fn room(&self, host: &str, errand: Errand) -> Arc<Room> {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        // Looked through as often as the map would grow, so that it costs nothing on the whole.
        if rooms.len() == rooms.capacity() {
            // A room nobody holds or waits for is known to this map alone.
            rooms.retain(|_, room| Arc::strong_count(room) > 1 || room.is_resting());
        }
        let new = || Arc::new(Room::new(self.manners.of(host), errand));
        rooms.entry((errand, host.to_owned())).or_insert_with(new).clone()
    }
}

impl Room {
    fn new(manner: Manner, errand: Errand) -> Room {
        let places = Arc::new(Semaphore::new(manner.at_once_on(errand)));
        let turns = Mutex::new(Turns { next: Instant::now(), count: 0 });
        Room { gap: manner.gap_on(errand), places, turns }
    }

    /// When whoever asks now may start; the next one waits a gap longer, or a little more, so that we do
    /// not knock like a clock.
    fn turn(&self) -> Instant {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = turns.next.max(Instant::now());
        turns.count = turns.count.wrapping_add(1);
        let odd = f64::from(turns.count.wrapping_mul(619) % 1000) / 10_000.0;
        turns.next = turn + self.gap.mul_f64(1.0 + odd);
        turn
    }

    /// Whether it is to be left alone for a moment.
    fn is_resting(&self) -> bool {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).next > Instant::now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::timeout;

    fn hosts(at_once: usize, gap: Duration) -> Hosts {
        let manner = Manner { at_once, gap, ..Manner::default() };
        let all = ["a.example".to_owned(), "b.example".to_owned()].map(|host| (host, manner));
        Hosts::new(Arc::new(Manners::new(all)))
    }

    #[tokio::test]
    async fn p_17_two_at_once_and_a_third_waits() {
        let hosts = hosts(2, Duration::ZERO);
        let first = hosts.enter("a.example", Errand::Ask).await;
        let _second = hosts.enter("a.example", Errand::Ask).await;
        let _elsewhere = hosts.enter("b.example", Errand::Ask).await;
        assert!(
            timeout(Duration::from_millis(20), hosts.enter("a.example", Errand::Ask))
                .await
                .is_err()
        );
        drop(first);
        assert!(
            timeout(Duration::from_secs(5), hosts.enter("a.example", Errand::Ask)).await.is_ok()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn p_17_a_second_passes_from_start_to_start() {
        let hosts = hosts(2, Duration::from_secs(1));
        let mut starts = Vec::new();
        for _ in 0..4 {
            drop(hosts.enter("a.example", Errand::Ask).await);
            starts.push(Instant::now());
        }
        let began = Instant::now();
        drop(hosts.enter("b.example", Errand::Ask).await);
        assert_eq!(began.elapsed(), Duration::ZERO, "another host is not waited for");
        let gaps: Vec<Duration> = starts.windows(2).map(|two| two[1] - two[0]).collect();
        let is_polite = |gap: &Duration| (1000..1200).contains(&gap.as_millis());
        assert!(gaps.iter().all(is_polite), "{gaps:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn hosts_left_are_forgotten() {
        let hosts = hosts(2, Duration::from_secs(1));
        for number in 0..100 {
            drop(hosts.enter(&format!("{number}.example"), Errand::Ask).await);
        }
        assert_eq!(hosts.rooms.lock().unwrap().len(), 100, "while they are left alone");
        for number in 0..1000 {
            tokio::time::advance(Duration::from_secs(2)).await;
            drop(hosts.enter(&format!("{number}.example"), Errand::Ask).await);
        }
        assert!(hosts.rooms.lock().unwrap().len() < 250);
    }
}
