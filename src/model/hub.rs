//! `Hub`: who tells of a document's changes, and `Callback`: the address of ours where it does.

use super::source::SourceId;
use super::time::Timestamp;

/// Who tells of a document's changes, by its own word (WebSub, section 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hub {
    /// Where it is.
    pub url: String,
    /// What the hub calls the document: its own address, as the document says it.
    pub topic: String,
}

/// An address of ours that one hub knows, for one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// The end of the address, which nobody can guess.
    pub token: String,
    /// The source the topic is of.
    pub source: SourceId,
    /// Who may use it, for what.
    pub hub: Hub,
    /// What the hub signs with.
    pub secret: String,
    /// When the hub was asked to use it.
    pub asked: Timestamp,
    /// Until when the hub will; none while it has not said so.
    pub lease: Option<Timestamp>,
}

/// How it stands with the hub of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// The hub the source named last.
    pub hub: Hub,
    /// Until when it tells us of changes; none when it does not.
    pub until: Option<Timestamp>,
    /// Why it does not, in plain words.
    pub trouble: Option<String>,
}

impl Push {
    /// Whether changes are told.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until > now)
    }
}
