//! Room for what others send: all bodies that are being read share it, and lists until their entries are
//! taken from them, so that hundreds of large answers at once fill no memory (reliability row T-10).
//! Details give theirs back when they are read, since those of a slice wait for each other.
//!
//! A body takes room as it grows. When there is none left, one alone may go on without, whichever asks
//! first, so that bodies that wait for each other's room do not wait for ever.

use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

/// Bytes of all bodies together, beyond the first piece of each.
const ROOM: usize = 64 << 20;

/// What is taken at a time.
const PIECE: usize = 64 << 10;

/// All there is.
#[derive(Clone, Debug)]
pub(super) struct Storage {
    pieces: Arc<Semaphore>,
    beyond: Arc<Mutex<()>>,
}

impl Default for Storage {
    fn default() -> Storage {
        Storage::of(ROOM)
    }
}

/// What one body has taken, given back when dropped.
#[derive(Clone, Debug, Default)]
pub struct Room {
    _taken: Option<Arc<Taken>>,
}

/// What a body has taken so far.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pieces: Option<OwnedSemaphorePermit>,
    beyond: Option<OwnedMutexGuard<()>>,
}

impl Storage {
    fn of(bytes: usize) -> Storage {
        Storage { pieces: Arc::new(Semaphore::new(bytes / PIECE)), beyond: Arc::default() }
    }

    /// Waits until a body of so many bytes has room.
    pub(super) async fn grow(&self, taken: &mut Taken, bytes: usize) {
        let held = taken.pieces.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = (bytes / PIECE).saturating_sub(held);
        if missing == 0 || taken.beyond.is_some() {
            return;
        }
        let count = u32::try_from(missing).unwrap_or(u32::MAX);
        tokio::select! {
            biased;
            more = self.pieces.clone().acquire_many_owned(count) => {
                let more = more.expect("the storage is never closed");
                match &mut taken.pieces {
                    Some(pieces) => pieces.merge(more),
                    none => *none = Some(more),
                }
            }
            alone = self.beyond.clone().lock_owned() => taken.beyond = Some(alone),
        }
    }
}

impl From<Taken> for Room {
    fn from(taken: Taken) -> Room {
        let is_any = taken.pieces.is_some() || taken.beyond.is_some();
        Room { _taken: is_any.then(|| Arc::new(taken)) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    async fn has_room(storage: &Storage, taken: &mut Taken, bytes: usize) -> bool {
        timeout(Duration::from_millis(20), storage.grow(taken, bytes)).await.is_ok()
    }

    #[tokio::test]
    async fn t_10_bodies_share_a_room_and_one_alone_goes_beyond() {
        let storage = Storage::of(4 * PIECE);
        let [mut first, mut second, mut third] = [(); 3].map(|()| Taken::default());
        assert!(has_room(&storage, &mut first, 2 * PIECE).await);
        assert!(has_room(&storage, &mut second, 2 * PIECE).await);
        assert!(has_room(&storage, &mut third, PIECE - 1).await, "a small one needs none");
        assert!(has_room(&storage, &mut first, 9 * PIECE).await, "one goes beyond");
        assert!(!has_room(&storage, &mut second, 3 * PIECE).await, "and no other");
        let held = Room::from(first);
        let copy = held.clone();
        drop(held);
        assert!(!has_room(&storage, &mut second, 3 * PIECE).await, "as long as anybody holds it");
        drop(copy);
        assert!(has_room(&storage, &mut second, 3 * PIECE).await);
    }
}
