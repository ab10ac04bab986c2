//! A store for tests of readers: shelves with items, set by hand, and a count of what was asked.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use async_trait::async_trait;
use tokio::sync::watch;

use crate::model::category::Category;
use crate::model::cut::{Cursor, Since};
use crate::model::digest::Digests;
use crate::model::feed::{
    Archive, Head, Headline, Revision, Shelf, ShelfHead, Site, Tombstone, Window,
};
use crate::model::follower::{Edition, Follower, Following, Intent};
use crate::model::hub::Callback;
use crate::model::item::{Filed, Item, ItemId, Key, Matter, Record};
use crate::model::manners::Rooms;
use crate::model::source::{Mark, PollState, Source, SourceId};
use crate::model::status::Day;
use crate::model::subscription::{
    Changes, Dead, Replay, State, Subscription, SubscriptionId, Webhook,
};
use crate::model::text::PlainText;
use crate::model::time::{Offset, Timestamp, Zone};
use crate::model::view::Selection;
use crate::store::explain::{Explanation, Name};
use crate::store::followers::{Followers, Intended, Push, Pushed, Verdict};
use crate::store::subscriptions::{Delivery, Settled, Subscriptions};
use crate::store::{
    Claimed, Committed, Digested, Error, Fed, Known, LastAnswer, News, PollLease, Slice, Store,
    Unsubscribed,
};

/// Holds what a test put in.
pub(crate) struct Fake {
    pub(crate) shelves: Mutex<BTreeMap<Shelf, (ShelfHead, Vec<Item>)>>,
    pub(crate) states: Mutex<Vec<(SourceId, PollState)>>,
    pub(crate) tombstones: Mutex<Vec<Tombstone>>,
    pub(crate) subscriptions: Mutex<Vec<Subscription>>,
    pub(crate) intents: Mutex<Vec<Intent>>,
    pub(crate) is_away: AtomicBool,
    pub(crate) reads: AtomicUsize,
    grown: watch::Sender<Revision>,
}

/// So many seconds after 2022-05-27 12:00:00 +08:00.
pub(crate) fn time(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_653_624_000 + seconds, Offset::CHINA).unwrap()
}

pub(crate) fn site() -> Site {
    Site {
        title: "Loom".into(),
        url: "https://feeds.example".into(),
        language: Some("zh".into()),
        description: None,
        zone: Zone::default(),
    }
}

pub(crate) fn item(title: &str) -> Item {
    let id = ItemId::mint("test", &Key::guid(title));
    Item::recall(Record {
        id,
        public_id: id.urn(),
        guid: None,
        source: SourceId::new("one").unwrap(),
        source_title: "One".into(),
        source_url: None,
        source_own_id: None,
        matter: Matter { title: PlainText::recall(title.into()), ..Matter::default() },
        categories: vec![Filed { name: "时政".into(), slug: "shizheng".into() }],
        published: time(0),
        published_inferred: false,
        updated: time(0),
        seen: time(0),
        also: Vec::new(),
    })
}

impl Fake {
    /// All, the category `shizheng` (once `politics`) and the source `one`, each with `first`.
    pub(crate) fn new() -> Fake {
        let fake = Fake {
            shelves: Mutex::default(),
            states: Mutex::default(),
            tombstones: Mutex::default(),
            subscriptions: Mutex::default(),
            intents: Mutex::default(),
            is_away: AtomicBool::new(false),
            reads: AtomicUsize::new(0),
            grown: watch::Sender::new(Revision(0)),
        };
        fake.put(Shelf::All, 1, &["first"]);
        fake.put(Shelf::Category("shizheng".into()), 1, &["first"]);
        fake.put(Shelf::Source(SourceId::new("one").unwrap()), 1, &["first"]);
        fake
    }

    /// Sets a shelf's items, newest first, at a revision that was made so many seconds after the start.
    pub(crate) fn put(&self, shelf: Shelf, revision: u64, titles: &[&str]) {
        let aliases = match &shelf {
            Shelf::Category(slug) if slug == "shizheng" => vec!["politics".to_owned()],
            _ => Vec::new(),
        };
        let at = time(i64::try_from(revision).unwrap()).plus(std::time::Duration::from_millis(250));
        let head = ShelfHead {
            name: None,
            rank: None,
            title: shelf.path(),
            shelf: shelf.clone(),
            description: None,
            language: None,
            head: Head { revision: Revision(revision), at },
            came: time(0),
            aliases,
        };
        let items = titles.iter().map(|title| item(title)).collect();
        self.shelves.lock().unwrap().insert(shelf, (head, items));
        self.grown.send_replace(Revision(revision));
    }

    fn answer(&self) -> Result<(), Error> {
        if self.is_away.load(SeqCst) {
            Err(Error::Failed("the disk is gone".into()))
        } else {
            Ok(())
        }
    }
}

#[async_trait]
impl Store for Fake {
    async fn enroll(
        &self,
        _: &[Source],
        _: &[Category],
        _: Window,
        _: Timestamp,
    ) -> Result<(), Error> {
        unreachable!("readers enroll nothing")
    }

    async fn claim_due(
        &self,
        _: Timestamp,
        _: usize,
        _: Option<&[SourceId]>,
        _: &Rooms,
    ) -> Result<Claimed, Error> {
        unreachable!("readers claim nothing")
    }

    async fn release(&self, _: &PollLease) -> Result<(), Error> {
        unreachable!("readers claim nothing")
    }

    async fn postpone(&self, _: &[(SourceId, Timestamp)], _: Timestamp) -> Result<(), Error> {
        unreachable!("readers poll nothing")
    }

    async fn put_back(&self, _: Timestamp) -> Result<usize, Error> {
        unreachable!("readers poll nothing")
    }

    async fn hasten(&self, _: &SourceId, _: Timestamp) -> Result<(), Error> {
        unreachable!("readers poll nothing")
    }

    async fn unsubscribed(&self, _: Timestamp, _: usize) -> Result<Unsubscribed, Error> {
        unreachable!("readers ask no hub")
    }

    async fn offer(&self, _: &Callback, _: Timestamp) -> Result<bool, Error> {
        unreachable!("readers ask no hub")
    }

    async fn callback(&self, _: &str) -> Result<Option<Callback>, Error> {
        Ok(None)
    }

    async fn verify(&self, _: &str, _: Timestamp, _: Timestamp, _: Timestamp) -> Result<(), Error> {
        unreachable!("it knows no hub")
    }

    async fn refuse(&self, _: &str, _: &str) -> Result<(), Error> {
        unreachable!("it knows no hub")
    }

    async fn last_answer(&self, _: &SourceId) -> Result<LastAnswer, Error> {
        unreachable!("readers poll nothing")
    }

    async fn known(
        &self,
        _: &SourceId,
        _: &[(Mark, Vec<Key>)],
    ) -> Result<HashMap<u64, Known>, Error> {
        unreachable!("readers poll nothing")
    }

    async fn commit_poll(&self, _: &PollLease, _: Slice, _: Timestamp) -> Result<Committed, Error> {
        unreachable!("readers poll nothing")
    }

    async fn heads(&self, after: Revision) -> Result<Vec<ShelfHead>, Error> {
        self.answer()?;
        let shelves = self.shelves.lock().unwrap();
        let heads = shelves.values().map(|(head, _)| head);
        Ok(heads.filter(|head| after.0 == 0 || head.head.revision > after).cloned().collect())
    }

    async fn headlines(&self, shelves: &[Shelf], most: usize) -> Result<Vec<Vec<Headline>>, Error> {
        self.answer()?;
        self.reads.fetch_add(1, SeqCst);
        let kept = self.shelves.lock().unwrap();
        let headline = |item: &Item| Headline {
            id: item.id,
            title: item.title.clone(),
            published: item.published,
            language: item.language.clone(),
        };
        let of = |shelf: &Shelf| {
            let items = kept.get(shelf).map(|(_, items)| items.as_slice()).unwrap_or_default();
            items.iter().take(most).map(headline).collect()
        };
        Ok(shelves.iter().map(of).collect())
    }

    async fn feed(&self, shelf: &Shelf, window: Window) -> Result<Fed, Error> {
        let items = self.select(&Selection::of(shelf.clone(), window)).await?;
        let is_everything = *shelf == Shelf::All;
        let tombstones =
            if is_everything { self.tombstones.lock().unwrap().clone() } else { vec![] };
        Ok(Fed { items, older: is_everything.then_some(1), tombstones })
    }

    async fn select(&self, selection: &Selection) -> Result<Vec<Item>, Error> {
        self.answer()?;
        self.reads.fetch_add(1, SeqCst);
        let (shelves, mut sifting) = (self.shelves.lock().unwrap(), selection.sieve.sift());
        let mut items: Vec<Item> = Vec::new();
        for shelf in &selection.shelves {
            for item in shelves.get(shelf).map(|(_, items)| items.as_slice()).unwrap_or_default() {
                let is_found = selection
                    .query
                    .as_ref()
                    .is_none_or(|query| query.matches(&item.searched(1 << 20)));
                let is_new = items.iter().all(|known| known.id != item.id);
                if is_new && is_found && sifting.passes(item) {
                    items.push(item.clone());
                }
            }
        }
        items.truncate(selection.window.max);
        Ok(items)
    }

    async fn page(&self, shelf: &Shelf, page: u64) -> Result<Option<(Archive, Vec<Item>)>, Error> {
        self.answer()?;
        let shelves = self.shelves.lock().unwrap();
        let items = shelves.get(shelf).filter(|_| page == 1).map(|(_, items)| items.clone());
        Ok(items.map(|items| (Archive { page: Some(1), older: None, newer: None }, items)))
    }

    async fn since(&self, _: &[Shelf], since: Since, most: usize) -> Result<Option<News>, Error> {
        self.answer()?;
        let Since::Cursor(cursor) = since else { unreachable!("asked of the real store") };
        if cursor != self.mark(cursor.revision).await? {
            return Ok(None);
        }
        let shelves = self.shelves.lock().unwrap();
        let items = shelves[&Shelf::All].1.iter().take(most).cloned().collect();
        Ok(Some(News { items, cursor: Cursor { revision: Revision(99), check: 7 } }))
    }

    async fn mark(&self, revision: Revision) -> Result<Cursor, Error> {
        self.answer()?;
        Ok(Cursor { revision, check: 7 })
    }

    async fn item(&self, id: ItemId) -> Result<Option<Item>, Error> {
        self.answer()?;
        let shelves = self.shelves.lock().unwrap();
        Ok(shelves.values().flat_map(|(_, items)| items).find(|item| item.id == id).cloned())
    }

    async fn named(&self, guid: &str) -> Result<Option<ItemId>, Error> {
        let id = ItemId::mint("test", &Key::guid(guid));
        Ok(self.item(id).await?.map(|item| item.id))
    }

    async fn related(&self, _: ItemId) -> Result<Vec<Item>, Error> {
        Ok(Vec::new())
    }

    async fn index(&self, _: usize) -> Result<bool, Error> {
        self.answer().map(|()| false)
    }

    async fn digest(&self, _: &Digests, _: Timestamp, _: usize) -> Result<Digested, Error> {
        unreachable!("readers write no digests")
    }

    async fn states(&self) -> Result<Vec<(SourceId, PollState)>, Error> {
        self.answer()?;
        Ok(self.states.lock().unwrap().clone())
    }

    async fn days(&self) -> Result<HashMap<SourceId, Vec<Day>>, Error> {
        self.answer()?;
        Ok(HashMap::new())
    }

    async fn explain(&self, _: &Name) -> Result<Explanation, Error> {
        unreachable!("readers ask for no explanations")
    }

    async fn withdraw(&self, _: &Name, _: Timestamp) -> Result<Option<(ItemId, bool)>, Error> {
        unreachable!("readers withdraw nothing")
    }

    async fn was_withdrawn(&self, id: ItemId) -> Result<bool, Error> {
        self.answer()?;
        Ok(id == ItemId::mint("test", &Key::guid("withdrawn")))
    }

    async fn prune(&self, _: Timestamp) -> Result<u64, Error> {
        unreachable!("readers prune nothing")
    }

    async fn ping(&self) -> Result<(), Error> {
        self.answer()
    }

    fn grown(&self) -> watch::Receiver<Revision> {
        self.grown.subscribe()
    }
}

/// Readers are told what is to be known of subscriptions; nothing else is asked.
#[async_trait]
impl Subscriptions for Fake {
    async fn enlist(&self, _: &[Webhook]) -> Result<(), Error> {
        unreachable!("readers enlist nothing")
    }

    async fn subscribe(&self, _: &Webhook) -> Result<Option<String>, Error> {
        unreachable!("readers subscribe to nothing")
    }

    async fn unsubscribe(&self, _: &SubscriptionId) -> Result<bool, Error> {
        unreachable!("readers end nothing")
    }

    async fn subscriptions(&self) -> Result<Vec<Subscription>, Error> {
        Ok(self.subscriptions.lock().unwrap().clone())
    }

    async fn subscription(&self, _: &SubscriptionId) -> Result<Option<Subscription>, Error> {
        unreachable!("readers ask for all")
    }

    async fn rosters(&self) -> Result<u64, Error> {
        unreachable!("readers deliver nothing")
    }

    async fn steer(&self, _: &SubscriptionId, _: State) -> Result<bool, Error> {
        unreachable!("readers steer nothing")
    }

    async fn rekey(&self, _: &SubscriptionId, _: Timestamp) -> Result<Option<String>, Error> {
        unreachable!("readers have no keys")
    }

    async fn changes(&self, _: Revision, _: Option<Revision>, _: usize) -> Result<Changes, Error> {
        unreachable!("readers deliver nothing")
    }

    async fn replays(&self, _: &SubscriptionId, _: usize) -> Result<Changes, Error> {
        unreachable!("readers deliver nothing")
    }

    async fn claim_deliveries(
        &self,
        _: &[(SubscriptionId, Revision)],
        _: Timestamp,
    ) -> Result<Vec<Delivery>, Error> {
        unreachable!("readers deliver nothing")
    }

    async fn settle(&self, _: &Delivery, _: Settled) -> Result<bool, Error> {
        unreachable!("readers deliver nothing")
    }

    async fn pass(&self, _: &[(SubscriptionId, Revision)]) -> Result<(), Error> {
        unreachable!("readers deliver nothing")
    }

    async fn dead(&self, _: Option<&SubscriptionId>, _: usize) -> Result<Vec<Dead>, Error> {
        unreachable!("readers ask for no dead letters")
    }

    async fn replay(&self, _: &SubscriptionId, _: Replay) -> Result<Option<usize>, Error> {
        unreachable!("readers deliver nothing")
    }

    async fn seal(&self) -> Result<[u8; 32], Error> {
        unreachable!("readers name no messages")
    }
}

/// What is asked of the hub is kept; nobody is asked whether it is meant.
#[async_trait]
impl Followers for Fake {
    async fn intend(&self, intent: &Intent, _: Timestamp) -> Result<Intended, Error> {
        self.answer()?;
        self.intents.lock().unwrap().push(intent.clone());
        Ok(Intended::Taken)
    }

    async fn claim_intents(&self, _: Timestamp, _: usize) -> Result<Vec<Intent>, Error> {
        unreachable!("readers verify nothing")
    }

    async fn verified(&self, _: &Intent, _: Verdict) -> Result<(), Error> {
        unreachable!("readers verify nothing")
    }

    async fn topics(&self, _: Timestamp) -> Result<Vec<Following>, Error> {
        Ok(Vec::new())
    }

    async fn claim_pushes(
        &self,
        _: &[Edition],
        _: usize,
        _: &Rooms,
        _: Timestamp,
    ) -> Result<Vec<Push>, Error> {
        unreachable!("readers push nothing")
    }

    async fn pushed(&self, _: &Push, _: &Pushed) -> Result<(), Error> {
        unreachable!("readers push nothing")
    }

    async fn dismiss(&self, _: &str, _: usize) -> Result<Vec<Follower>, Error> {
        unreachable!("readers dismiss nobody")
    }

    async fn expire(&self, _: Timestamp) -> Result<(), Error> {
        unreachable!("readers dismiss nobody")
    }
}
