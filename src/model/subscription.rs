//! `Subscription`: a cursor over the log with a filter and a target; `Change`: a row of the log as a
//! subscription reads it.
//!
//! What a subscription wants of a change is decided here, as a pure function. Nothing here knows how it is
//! told.

use std::fmt;
use std::time::Duration;

use super::category::folded;
use super::feed::{Revision, Shelf};
use super::item::{Item, ItemId};
use super::source::{Allowed, SourceId, is_slug};
use super::text::Query;
use super::time::Timestamp;
use super::view::{Member, View};

/// The stable name of a subscription: `[a-z0-9-]`, at most 64 long. Its cursor hangs on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubscriptionId(String);

impl SubscriptionId {
    /// A well-formed id; `None` when a character is out of place.
    pub fn new(id: &str) -> Option<SubscriptionId> {
        is_slug(id).then(|| SubscriptionId(id.to_owned()))
    }

    /// An id as somebody typed it.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn read(id: &str) -> Result<SubscriptionId, String> {
        let what = "should be made of a-z, 0-9 and -, at most 64 of them";
        SubscriptionId::new(id).ok_or_else(|| format!("`{id}` {what}"))
    }

    /// As a string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SubscriptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a webhook is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// An item came.
    Published,
    /// What can be read of an item changed.
    Updated,
    /// An item went.
    Withdrawn,
}

impl Event {
    /// Every event.
    pub const ALL: [Event; 3] = [Event::Published, Event::Updated, Event::Withdrawn];

    /// The type, as it stands in the file and in what is sent.
    pub fn name(self) -> &'static str {
        match self {
            Event::Published => "item.published",
            Event::Updated => "item.updated",
            Event::Withdrawn => "item.withdrawn",
        }
    }

    /// The event of a name.
    pub fn named(name: &str) -> Option<Event> {
        Event::ALL.into_iter().find(|event| event.name() == name)
    }
}

/// A webhook, as the operator describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its name.
    pub id: SubscriptionId,
    /// Where it is told, `http` or `https`.
    pub url: String,
    /// Categories, by their names. It is told of all items when no category, source or view is named.
    pub categories: Vec<String>,
    /// Sources.
    pub sources: Vec<SourceId>,
    /// Views, by their ids.
    pub views: Vec<String>,
    /// Words all of its items have.
    pub query: Option<String>,
    /// What it is told of; everything when empty.
    pub events: Vec<Event>,
    /// Events in one request, at most.
    pub batch: usize,
    /// Whether it is told of what was there before it, and of what new sources bring along.
    pub backlog: bool,
    /// Private addresses it may be at all the same.
    pub allow: Vec<Allowed>,
}

impl Webhook {
    /// The most events in one request.
    pub const LARGEST_BATCH: usize = 100;

    /// A webhook of which nothing is said but its name and where it is: told of everything, one event at a
    /// time, from now on.
    pub fn new(id: SubscriptionId, url: String) -> Webhook {
        Webhook {
            id,
            url,
            categories: Vec::new(),
            sources: Vec::new(),
            views: Vec::new(),
            query: None,
            events: Vec::new(),
            batch: 1,
            backlog: false,
            allow: Vec::new(),
        }
    }
}

/// Where a webhook can be: an address of the web, by `https` unless the operator says that all on the way may
/// read what is told.
///
/// # Errors
/// What is wrong with it, in words.
pub fn address(text: &str, may_be_plain: bool) -> Result<String, String> {
    let example = "such as `https://example.com/hooks/news`";
    let url = url::Url::parse(text.trim()).ok().filter(url::Url::has_host);
    let url = url.ok_or_else(|| format!("this should be an address of the web, {example}"))?;
    match url.scheme() {
        "https" => {}
        "http" if may_be_plain => {}
        "http" => {
            return Err("everybody on the way can read what is told by http; write https, or `allow_http = true` beside it where that is meant".to_owned());
        }
        _ => return Err(format!("this should be an address of the web, {example}")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("user and password have no place here: messages are signed".to_owned());
    }
    if url.as_str().len() > LONGEST_ADDRESS {
        return Err(format!("an address has {LONGEST_ADDRESS} bytes at most"));
    }
    Ok(url.to_string())
}

const LONGEST_ADDRESS: usize = 2048;

/// Whether a subscription is served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// It is.
    #[default]
    Active,
    /// The operator stopped it for a while.
    Paused,
    /// It was given up, since it failed for days or said that it is gone.
    Disabled,
}

impl State {
    /// Every state.
    pub const ALL: [State; 3] = [State::Active, State::Paused, State::Disabled];

    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            State::Active => "active",
            State::Paused => "paused",
            State::Disabled => "disabled",
        }
    }
}

/// How deliveries to a subscription go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Course {
    /// Whether it is served.
    pub state: State,
    /// How far it has come.
    pub reached: Revision,
    /// The end of the batch that is being delivered; a batch that was begun stays the same.
    pub batch: Option<Revision>,
    /// And as what it is sent.
    pub message: Option<String>,
    /// Attempts in a row that failed, all told.
    pub failures: u32,
    /// Those of them by which one event was refused, and not the endpoint away.
    pub refusals: u32,
    /// Since when it fails.
    pub failing: Option<Timestamp>,
    /// Not before then.
    pub due: Option<Timestamp>,
    /// What is wrong, in plain words.
    pub trouble: Option<String>,
    /// The last delivery.
    pub succeeded: Option<Timestamp>,
}

/// Keys of a webhook that the store keeps, since they were made here.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// The one in use, as receivers know it.
    pub current: String,
    /// The one before it, and until when it is still signed with.
    pub former: Option<(String, Timestamp)>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// A webhook that is known, and how it is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// What the operator says of it.
    pub webhook: Webhook,
    /// Whether the file names it; else it was made at run time.
    pub is_listed: bool,
    /// How deliveries go.
    pub course: Course,
    /// Its keys, when it was made at run time.
    pub keys: Option<Keys>,
    /// Events that are to be sent again before all else.
    pub replays: u64,
    /// Events that were given up.
    pub dead: u64,
}

/// What the log says happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// An item came, or came back.
    Published,
    /// Its words changed.
    Updated,
    /// It was put on other shelves.
    Refiled,
    /// It went.
    Withdrawn,
}

/// Where an item stands, or stood before it was withdrawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stand {
    /// The shelf.
    pub shelf: Shelf,
    /// Of a category, its name.
    pub name: Option<String>,
    /// When the item came there.
    pub since: Timestamp,
}

/// A row of the log, with its item as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Its place in the log.
    pub revision: Revision,
    /// What happened.
    pub verb: Verb,
    /// Whether it was backlog, or our own rearranging.
    pub is_quiet: bool,
    /// Whether a later row says all that this one has to say.
    pub is_superseded: bool,
    /// When it happened.
    pub at: Timestamp,
    /// Hash of all the item has been up to here; two changes of an item never have the same.
    pub chain: Vec<u8>,
    /// The item's id.
    pub id: ItemId,
    /// The id documents carry.
    pub public_id: String,
    /// The item; none when it was withdrawn.
    pub item: Option<Item>,
    /// Where it stands.
    pub stands: Vec<Stand>,
}

/// A part of the log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// In the log's order.
    pub rows: Vec<Change>,
    /// How far they go, rows that say nothing to anybody included.
    pub upto: Revision,
    /// Whether the log goes on.
    pub has_more: bool,
}

/// What a webhook wants to be told, ready to be asked.
#[derive(Clone, Debug)]
pub struct Interest {
    members: Vec<Member>,
    views: Vec<View>,
    is_of_all: bool,
    query: Option<Query>,
    events: Vec<Event>,
    backlog: bool,
}

/// Bytes of an item a query looks at.
const LOOKED_AT: usize = 256 << 10;

impl Interest {
    /// That of a webhook, where these are the views there are.
    pub fn of(webhook: &Webhook, views: &[View]) -> Interest {
        let categories = webhook.categories.iter().map(|name| Member::Category(folded(name)));
        let sources = webhook.sources.iter().cloned().map(Member::Source);
        let is_named = |view: &&View| webhook.views.contains(&view.id);
        Interest {
            members: categories.chain(sources).collect(),
            views: views.iter().filter(is_named).cloned().collect(),
            is_of_all: webhook.categories.is_empty()
                && webhook.sources.is_empty()
                && webhook.views.is_empty(),
            query: webhook.query.as_deref().and_then(Query::read),
            events: webhook.events.clone(),
            backlog: webhook.backlog,
        }
    }

    /// What it is told of a change, if anything. A change that put an item on other shelves is its
    /// publication to whom it had not been shown before. Of an item that is gone nobody knows the words any
    /// more, so that its withdrawal is told to all who follow where it stood.
    pub fn wants(&self, change: &Change) -> Option<Event> {
        let event = self.would_want(change)?;
        // A later edit says all that this one says, but not that the item came.
        let is_arrival = change.verb == Verb::Updated && event == Event::Published;
        let is_told = !change.is_superseded || is_arrival;
        (is_told && (self.backlog || !change.is_quiet)).then_some(event)
    }

    /// The same, however old and quiet the change is.
    pub fn would_want(&self, change: &Change) -> Option<Event> {
        // What came later is told by what brought it.
        let stands = change.stands.iter().filter(|stand| stand.since <= change.at);
        let first =
            stands.filter(|stand| self.shows(change, stand)).map(|stand| stand.since).min()?;
        let has_just_come = first == change.at;
        let event = match change.verb {
            Verb::Withdrawn => Event::Withdrawn,
            Verb::Published => Event::Published,
            // Quiet ones are ours, or of shelves that are new themselves.
            Verb::Refiled if !has_just_come || change.is_quiet => return None,
            Verb::Refiled => Event::Published,
            Verb::Updated if has_just_come => Event::Published,
            Verb::Updated => Event::Updated,
        };
        let is_told = self.events.is_empty() || self.events.contains(&event);
        // An item that went has no words to publish, and one that came back did not go.
        let is_so = change.item.is_none() == (event == Event::Withdrawn);
        (is_told && is_so && self.has_words(change)).then_some(event)
    }

    fn has_words(&self, change: &Change) -> bool {
        let (Some(query), Some(item)) = (&self.query, &change.item) else { return true };
        query.matches(&item.searched(LOOKED_AT))
    }

    /// Whether it follows this shelf, for this item.
    fn shows(&self, change: &Change, stand: &Stand) -> bool {
        if self.is_of_all {
            return stand.shelf == Shelf::All;
        }
        let is_in = |members: &[Member]| members.iter().any(|member| is_at(member, stand));
        let of_view = |view: &View| {
            let stands = if view.members.is_empty() {
                stand.shelf == Shelf::All
            } else {
                view.members.iter().any(|member| match member {
                    Member::Category(name) => is_at(&Member::Category(folded(name)), stand),
                    Member::Source(_) => is_at(member, stand),
                })
            };
            stands && passes(view, change.item.as_ref())
        };
        is_in(&self.members) || self.views.iter().any(of_view)
    }
}

/// Whether a stand is at a member; a category's name is folded.
fn is_at(member: &Member, stand: &Stand) -> bool {
    match member {
        Member::Category(name) => stand.name.as_deref().is_some_and(|own| folded(own) == *name),
        Member::Source(id) => matches!(&stand.shelf, Shelf::Source(own) if own == id),
    }
}

/// Whether a view would show an item; quotas hold in windows alone.
fn passes(view: &View, item: Option<&Item>) -> bool {
    let Some(item) = item else { return true };
    let has_words =
        view.query.as_ref().is_none_or(|query| query.matches(&item.searched(LOOKED_AT)));
    has_words && view.sieve.sift().passes(item)
}

/// An event that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dead {
    /// Whom it was for.
    pub subscription: SubscriptionId,
    /// Its place in the log.
    pub revision: Revision,
    /// The item's id.
    pub item: ItemId,
    /// What it was to be told.
    pub event: Event,
    /// As what it was sent.
    pub message: String,
    /// How often.
    pub attempts: u32,
    /// When it was given up.
    pub at: Timestamp,
    /// Why, in plain words.
    pub why: String,
}

/// How long a former key is still signed with, where nothing else is said (row S-06).
pub const OVERLAP: Duration = Duration::from_secs(24 * 3600);

/// How long events that were given up are remembered.
pub const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 3600);
/// And how many of one subscription.
pub const MOST_REMEMBERED: u32 = 10_000;

/// Which events are to be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// Those of an item.
    Item(ItemId),
    /// The one of a revision.
    Revision(Revision),
    /// Those logged from one time on and before another.
    Between(Timestamp, Timestamp),
    /// Those that were given up.
    Dead,
}
