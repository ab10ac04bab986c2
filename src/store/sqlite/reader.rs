//! A few connections for reading, each in use by one reader at a time.
//!
//! A reader sees one state of the database from its first statement to its last, whatever the
//! writer does meanwhile. Work runs on Tokio's blocking threads; it never holds up the async ones.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::file;
use crate::store::Error;

/// Connections, and so readers at once.
const READERS: usize = 4;

/// The connections.
pub(super) struct Readers {
    free: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    /// Opens them all, so that none can fail later.
    pub(super) fn open(path: &Path) -> Result<Readers, Error> {
        let idle = (0..READERS).map(|_| file::open_reader(path)).collect::<Result<Vec<_>, _>>()?;
        Ok(Readers { free: Arc::new(Semaphore::new(READERS)), idle: Arc::new(Mutex::new(idle)) })
    }

    /// Runs `work` on one of them, in one snapshot.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = Arc::clone(&self.free).acquire_owned().await;
        let permit = permit.expect("the semaphore is never closed");
        let idle = Arc::clone(&self.idle);
        let read = move || {
            let lent = Lent { connection: take(&idle), idle: &idle };
            let connection = lent.connection.as_ref().expect("given back only at the end");
            let snapshot = connection.unchecked_transaction()?;
            let result = work(&snapshot);
            drop(snapshot);
            drop(lent);
            drop(permit);
            result
        };
        super::joined(tokio::task::spawn_blocking(read).await)?
    }
}

/// A connection that goes back by itself, after a panic too.
struct Lent<'a> {
    connection: Option<Connection>,
    idle: &'a Mutex<Vec<Connection>>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.extend(self.connection.take());
    }
}

fn take(idle: &Mutex<Vec<Connection>>) -> Option<Connection> {
    let connection = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
    assert!(connection.is_some(), "there are as many permits as connections");
    connection
}
