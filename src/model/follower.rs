//! `Follower`: a callback that follows a topic of our hub under a lease; `Intent`: what somebody asked of the
//! hub, and is not known to be meant until the callback says so (WebSub).

use std::time::Duration;

use super::feed::{Revision, Shelf};
use super::time::Timestamp;

/// A feed in a format, by its address without the site's: what a hub tells the changes of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Topic {
    /// Of what.
    pub shelf: Shelf,
    /// In which format.
    pub format: &'static str,
}

impl Topic {
    /// The topic at a path, in one of these formats; none of what can be no topic. Whether there is such a
    /// shelf is not known here.
    pub fn read(path: &str, formats: impl Iterator<Item = &'static str>) -> Option<Topic> {
        let (path, suffix) = path.rsplit_once('.')?;
        let format = formats.into_iter().find(|format| *format == suffix)?;
        Some(Topic { shelf: Shelf::at(path)?, format })
    }

    /// Its path, as it stands in addresses and in the store.
    pub fn path(&self) -> String {
        format!("{}.{}", self.shelf.path(), self.format)
    }
}

/// What a subscriber asks of the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To tell it.
    Subscribe,
    /// To tell it no more.
    Unsubscribe,
}

impl Mode {
    /// The word of the protocol.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Subscribe => "subscribe",
            Mode::Unsubscribe => "unsubscribe",
        }
    }
}

/// What somebody asked of the hub.
#[derive(Clone, PartialEq, Eq)]
pub struct Intent {
    /// Its number in the store; a later one of the same callback and topic takes its place.
    pub number: i64,
    /// What is asked.
    pub mode: Mode,
    /// The topic's path.
    pub topic: String,
    /// The topic as it was asked for.
    pub asked: String,
    /// Whom to ask whether it is meant, and to tell.
    pub callback: String,
    /// What to sign with.
    pub secret: Option<String>,
    /// For how long.
    pub lease: Duration,
    /// How often the callback was asked in vain.
    pub attempts: u32,
}

/// Somebody who is told of a topic's changes.
#[derive(Clone, PartialEq, Eq)]
pub struct Follower {
    /// Its number in the store.
    pub number: i64,
    /// The topic's path.
    pub topic: String,
    /// The topic as it was asked for.
    pub asked: String,
    /// Where it is told.
    pub callback: String,
    /// What to sign with.
    pub secret: Option<String>,
    /// What it was sent last.
    pub sent: Option<Vec<u8>>,
    /// Attempts in a row that failed.
    pub failures: u32,
}

// Addresses and secrets of others are capabilities: they are never shown (T-29).
impl std::fmt::Debug for Intent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Intent({} {})", self.mode.name(), self.topic)
    }
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Follower({} of {})", self.number, self.topic)
    }
}

/// How a topic stands, as far as pushing goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edition {
    /// The topic's path.
    pub topic: String,
    /// How far it has come.
    pub revision: Revision,
    /// Hash of its bytes.
    pub hash: Vec<u8>,
}

/// How many follow a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Following {
    /// The topic's path.
    pub topic: String,
    /// How many.
    pub followers: u64,
    /// Of these, those whose last push failed.
    pub failing: u64,
    /// When the first of their leases ends.
    pub until: Timestamp,
}
