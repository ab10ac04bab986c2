//! The gate: how many connections are open at once, all told and of one client.
//!
//! When the house is full, whoever holds a place without asking anything gives it up: first those
//! that never asked, the longest waiting of them, then the longest idle. So sockets that are held
//! open to keep others out keep nobody out (reliability row T-22). Who is in the middle of being
//! answered stays; when all are, the newcomer is told to come again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::AbortHandle;

use super::client::Client;

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crowd {
    /// This client has as many connections or requests under way as one may have.
    OfOne,
    /// Everybody inside is being answered.
    OfAll,
}

/// Counts who is inside.
#[derive(Debug)]
pub(super) struct Gate {
    most: usize,
    of_one: usize,
    inside: Mutex<Inside>,
    opened: Instant,
}

#[derive(Debug, Default)]
struct Inside {
    guests: HashMap<u64, Arc<Guest>>,
    of: HashMap<Client, usize>,
    next: u64,
}

/// A connection, as far as the gate knows it.
#[derive(Debug)]
pub(super) struct Guest {
    /// Zero while it is being answered; else when it last moved, in milliseconds since the gate
    /// opened, above `HAS_ASKED` when it has asked before. Whose is smallest leaves first.
    since: AtomicU64,
    opened: Instant,
    /// Whether it asks several things at once.
    is_multiplexed: AtomicBool,
    /// What ends it. A future to be told by would be looked at with every request.
    end: OnceLock<AbortHandle>,
}

impl Guest {
    /// Says what ends it when its place is wanted by another.
    pub(super) fn ends_by(&self, end: AbortHandle) {
        let _ = self.end.set(end);
    }

    /// It is being answered from now on, over HTTP/2 or not.
    pub(super) fn asks(&self, is_multiplexed: bool) {
        if is_multiplexed {
            self.is_multiplexed.store(true, Ordering::Relaxed);
        }
        self.since.store(0, Ordering::Relaxed);
    }

    /// It was answered.
    pub(super) fn moves(&self) {
        self.since.store(HAS_ASKED | since(self.opened), Ordering::Relaxed);
    }

    /// It took some of an answer; what is sent before one (HTTP/2's settings) counts for nothing.
    pub(super) fn takes(&self) {
        if self.since.load(Ordering::Relaxed) > HAS_ASKED {
            self.moves();
        }
    }

    /// Since when the head of its next request is awaited; none while it is being answered, nor when
    /// it may ask at any time.
    pub(super) fn awaited_since(&self) -> Option<Instant> {
        let since = self.since.load(Ordering::Relaxed);
        let is_awaited = since > 0 && !self.is_multiplexed.load(Ordering::Relaxed);
        is_awaited.then(|| self.opened + Duration::from_millis(since & !HAS_ASKED))
    }
}

/// Milliseconds since then, never zero.
fn since(opened: Instant) -> u64 {
    u64::try_from(opened.elapsed().as_millis()).unwrap_or(u64::MAX).clamp(1, HAS_ASKED - 1)
}

/// Above all times of those that never asked, so that these leave first.
const HAS_ASKED: u64 = 1 << 62;

/// A place inside, given back when dropped.
#[derive(Debug)]
pub(super) struct Pass {
    gate: Arc<Gate>,
    id: u64,
    client: Option<Client>,
    pub(super) guest: Arc<Guest>,
}

/// One request of a client whose connections are a proxy's.
#[derive(Debug)]
pub(super) struct Ticket {
    gate: Arc<Gate>,
    client: Client,
}

impl Gate {
    /// Room for `most` connections, `of_one` of each client.
    pub(super) fn new(most: usize, of_one: usize) -> Gate {
        Gate { most, of_one, inside: Mutex::default(), opened: Instant::now() }
    }

    /// Lets a connection in; one without a client of its own (a proxy's) counts only towards all.
    pub(super) fn admit(self: &Arc<Gate>, client: Option<Client>) -> Result<Pass, Crowd> {
        let mut inside = self.lock();
        if let Some(client) = client {
            inside.count(client, self.of_one)?;
        }
        if inside.guests.len() >= self.most && !inside.make_room() {
            client.into_iter().for_each(|client| inside.uncount(client));
            return Err(Crowd::OfAll);
        }
        let (since, opened) = (AtomicU64::new(since(self.opened)), self.opened);
        let guest =
            Arc::new(Guest { since, opened, is_multiplexed: false.into(), end: OnceLock::new() });
        inside.next += 1;
        let id = inside.next;
        inside.guests.insert(id, guest.clone());
        Ok(Pass { gate: self.clone(), id, client, guest })
    }

    /// Lets a request in that came through a proxy.
    pub(super) fn ask(self: &Arc<Gate>, client: Client) -> Result<Ticket, Crowd> {
        self.lock().count(client, self.of_one)?;
        Ok(Ticket { gate: self.clone(), client })
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    fn count(&mut self, client: Client, most: usize) -> Result<(), Crowd> {
        let count = self.of.entry(client).or_default();
        if *count >= most {
            return Err(Crowd::OfOne);
        }
        *count += 1;
        Ok(())
    }

    fn uncount(&mut self, client: Client) {
        if let Some(count) = self.of.get_mut(&client) {
            *count -= 1;
            if *count == 0 {
                self.of.remove(&client);
            }
        }
    }

    /// Asks whoever needs his place least to leave; answers whether there was anyone.
    fn make_room(&mut self) -> bool {
        let since = |guest: &Guest| guest.since.load(Ordering::Relaxed);
        let waiting = self.guests.iter().filter(|(_, guest)| since(guest) > 0);
        let Some(id) = waiting.min_by_key(|(id, guest)| (since(guest), **id)).map(|(id, _)| *id)
        else {
            return false;
        };
        if let Some(end) = self.guests.remove(&id).as_ref().and_then(|guest| guest.end.get()) {
            end.abort();
        }
        true
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut inside = self.gate.lock();
        inside.guests.remove(&self.id);
        self.client.into_iter().for_each(|client| inside.uncount(client));
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.gate.lock().uncount(self.client);
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn client(last: u8) -> Option<Client> {
        Some(Client::of(IpAddr::from([192, 0, 2, last])))
    }

    fn is_sent_away(pass: &Pass) -> bool {
        !pass.gate.lock().guests.contains_key(&pass.id)
    }

    #[test]
    fn t_22_one_client_has_so_many_places() {
        let gate = Arc::new(Gate::new(10, 2));
        let first = gate.admit(client(1)).ok();
        let _second = gate.admit(client(1)).unwrap();
        assert_eq!(gate.admit(client(1)).err(), Some(Crowd::OfOne));
        assert!(gate.admit(client(2)).is_ok());
        drop(first);
        assert!(gate.admit(client(1)).is_ok());
    }

    #[test]
    fn t_22_a_proxy_has_as_many_as_it_needs_and_its_clients_have_not() {
        let gate = Arc::new(Gate::new(10, 1));
        let _passes = (gate.admit(None).unwrap(), gate.admit(None).unwrap());
        let ticket = gate.ask(client(1).unwrap()).ok();
        assert_eq!(gate.ask(client(1).unwrap()).err(), Some(Crowd::OfOne));
        drop(ticket);
        assert!(gate.ask(client(1).unwrap()).is_ok());
    }

    #[test]
    fn t_22_who_never_asked_leaves_first_and_who_is_answered_stays() {
        let gate = Arc::new(Gate::new(3, 10));
        let [answered, idle, silent] = [1, 2, 3].map(|last| gate.admit(client(last)).unwrap());
        answered.guest.asks(false);
        idle.guest.asks(false);
        idle.guest.moves();
        let fourth = gate.admit(client(4)).unwrap();
        fourth.guest.asks(false);
        assert_eq!([&answered, &idle, &silent].map(is_sent_away), [false, false, true]);
        let fifth = gate.admit(client(5)).unwrap();
        fifth.guest.asks(false);
        assert_eq!([&answered, &idle].map(is_sent_away), [false, true]);
        assert_eq!(gate.admit(client(6)).err(), Some(Crowd::OfAll));
        drop((answered, idle, silent, fourth, fifth));
        let inside = gate.lock();
        assert!(inside.guests.is_empty() && inside.of.is_empty());
    }
}
