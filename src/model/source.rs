//! `Source`: an upstream we pull, and `PollState`: what we remember of it between polls.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use http::Uri;
use sha2::{Digest, Sha256};

use super::cause::Cause;
use super::hub::Push;
use super::manners::plain;
use super::pause::Pause;
use super::rhythm::Rhythm;
use super::rules::Rules;
use super::time::{Offset, Timestamp, Zone};
use super::whereabouts::Whereabouts;

/// The stable name of a source, as it stands in the file: `[a-z0-9-]`, at most 64 long.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(String);

/// The one id that cannot be written in a file.
const OURS: &str = " digests";

impl SourceId {
    /// A well-formed id; `None` when a character is out of place.
    pub fn new(id: &str) -> Option<SourceId> {
        is_slug(id).then(|| SourceId(id.to_owned()))
    }

    /// What stands for a source where the text is our own: in digests. It is nobody's in a file, since
    /// ids there hold no blank and names begin with none.
    pub fn ours() -> SourceId {
        SourceId(OURS.to_owned())
    }

    /// Whether the text is our own, and there is no such upstream.
    pub fn is_ours(&self) -> bool {
        self.0 == OURS
    }

    /// As a string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether this can be a name in the file and in addresses: `[a-z0-9-]`, at most 64 long.
pub(super) fn is_slug(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && !text.starts_with('-')
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An upstream as the file describes it.
#[derive(Clone, Debug)]
pub struct Source {
    /// Everything remembered hangs on it.
    pub id: SourceId,
    /// Its place in the file, from zero; in a namespace the lowest owns the text.
    pub rank: u32,
    /// Within it, keys name the same article. The source's own id unless several lists share one.
    pub namespace: String,
    /// The operator's title; without one, that of its document, else its id.
    pub title: Option<String>,
    /// Where it is; `file://localhost/…` for folders and files.
    pub url: Uri,
    /// Names of categories all its items stand in.
    pub categories: Vec<String>,
    /// How many categories its items may open.
    pub max_categories: usize,
    /// What a time without zone means.
    pub zone: Zone,
    /// The language of its items, when they don't say.
    pub language: Option<String>,
    /// The operator's interval; it binds.
    pub interval: Option<Duration>,
    /// How long its items are kept, from the first sighting; for ever when absent.
    pub keep: Option<Duration>,
    /// Which of an entry's names tells which article it is.
    pub key: KeyRule,
    /// Whether its items stand together with those of other sources that tell the same story.
    pub collapse: bool,
    /// Cleaning that belongs to this upstream.
    pub rules: Rules,
    /// How many details one poll may ask.
    pub budget: usize,
    /// Private addresses it may reach all the same.
    pub allow: Vec<Allowed>,
    /// Bounds of one exchange with it.
    pub limits: Limits,
    /// Whether its hub is asked to push.
    pub hub: bool,
    /// Whether its site's `robots.txt` is heard.
    pub robots: bool,
}

impl Source {
    /// A source of which nothing is said but its name and where it is: first in the file, times
    /// without zone are China's, kept for ever, filed nowhere.
    pub fn new(id: SourceId, url: Uri) -> Source {
        Source {
            rank: 0,
            namespace: id.as_str().to_owned(),
            id,
            title: None,
            url,
            categories: Vec::new(),
            max_categories: 200,
            zone: Zone::Fixed(Offset::CHINA),
            language: None,
            interval: None,
            keep: None,
            key: KeyRule::Auto,
            collapse: true,
            rules: Rules::default(),
            budget: 100,
            allow: Vec::new(),
            limits: Limits::default(),
            hub: true,
            robots: false,
        }
    }

    /// The host it is asked of; none for what stands on this machine.
    pub fn host(&self) -> Option<String> {
        self.url.host().filter(|_| !self.is_local()).map(plain)
    }

    /// Whether this source is a file or folder of this machine.
    pub fn is_local(&self) -> bool {
        self.url.scheme_str() == Some("file")
    }
}

/// Which of the names upstream gives an entry tells which article it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyRule {
    /// All of them, the strongest first; what turns out to name nothing is left out.
    #[default]
    Auto,
    /// Upstream's identifier alone, where there is one.
    Guid,
    /// The canonical link, whatever identifier stands beside it.
    Link,
    /// The title and the day, where links lead nowhere in particular either.
    Title,
}

impl KeyRule {
    /// As it stands in the file.
    pub fn name(self) -> &'static str {
        match self {
            KeyRule::Auto => "auto",
            KeyRule::Guid => "guid",
            KeyRule::Link => "link",
            KeyRule::Title => "title+day",
        }
    }

    /// The rule of a name.
    pub fn named(name: &str) -> Option<KeyRule> {
        KeyRule::ALL.into_iter().find(|rule| rule.name() == name)
    }

    /// Every rule.
    pub const ALL: [KeyRule; 4] = [KeyRule::Auto, KeyRule::Guid, KeyRule::Link, KeyRule::Title];
}

/// The media type of a folder's listing, which is how a folder answers: a line a file (of a folder
/// within, with its path from here), `name TAB size TAB milliseconds of its last change since 1970`,
/// in order of name, each ended by a line feed.
pub const LISTING: &str = "application/x-feedloom-listing";

/// A private address the operator lets a source reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// A host name or literal address, and a port when only that one is meant.
    Host(String, Option<u16>),
    /// All addresses that share so many leading bits.
    Network(IpAddr, u8),
}

impl Allowed {
    /// Reads `name`, `name:port`, `10.0.0.7`, `[fd00::1]:8080`, `10.0.0.0/8` or `fd00::/8`; `None` when it is none of these.
    pub fn parse(text: &str) -> Option<Allowed> {
        if let Some((network, bits)) = text.split_once('/') {
            let network: IpAddr = network.parse().ok()?;
            let bits: u8 = bits.parse().ok()?;
            let most = if network.is_ipv4() { 32 } else { 128 };
            return (bits <= most).then_some(Allowed::Network(network, bits));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(Allowed::Host(address.to_string(), None));
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (text, None),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let plausible = !host.is_empty()
            && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | ':'));
        plausible.then(|| Allowed::Host(host.to_lowercase(), port))
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Allowed::Host(host, None) => f.write_str(host),
            Allowed::Host(host, Some(port)) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Allowed::Host(host, Some(port)) => write!(f, "{host}:{port}"),
            Allowed::Network(network, bits) => write!(f, "{network}/{bits}"),
        }
    }
}

/// Bounds of one exchange; all kept while streaming.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes on the wire.
    pub wire: usize,
    /// Bytes after decoding.
    pub decoded: usize,
    /// Decoded bytes a wire byte may become, past the first MiB.
    pub ratio: usize,
    /// Redirects followed.
    pub redirects: usize,
    /// Until connected.
    pub connect: Duration,
    /// From then on until the head of the answer is there.
    pub headers: Duration,
    /// For everything.
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            wire: 5 << 20,
            decoded: 16 << 20,
            ratio: 100,
            redirects: 5,
            connect: Duration::from_secs(10),
            headers: Duration::from_secs(15),
            total: Duration::from_secs(30),
        }
    }
}

/// What a source calls an entry and how it looked in the list, times left out.
///
/// Made by the adapter before any detail is asked; it alone decides whether upstream changed
/// something, so that a new version of our cleaning republishes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mark {
    /// Hash of the entry's name within its source.
    pub key: u64,
    /// Hash of its looks.
    pub digest: u64,
}

impl Mark {
    /// The same looks under another name.
    pub fn renamed(self, name: &str) -> Mark {
        Mark { key: hashed(name), ..self }
    }

    /// The mark of an entry called `name` that looks like `looks`.
    pub fn new<'a>(name: &str, looks: impl IntoIterator<Item = &'a str>) -> Mark {
        let mut hash = Sha256::new();
        for part in looks {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Mark { key: hashed(name), digest: short(hash.finalize().as_slice()) }
    }
}

fn hashed(name: &str) -> u64 {
    short(Sha256::digest(name.as_bytes()).as_slice())
}

fn short(digest: &[u8]) -> u64 {
    u64::from_le_bytes(digest[..8].try_into().expect("SHA-256 has 32 bytes"))
}

/// What an answer said of itself, to be sent back byte for byte (RFC 9110 section 13).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// The address they belong to.
    pub url: String,
    /// `ETag` as received.
    pub etag: Option<String>,
    /// `Last-Modified` as received.
    pub last_modified: Option<String>,
    /// Hash of the body, so that an equal 200 makes no work.
    pub body: Option<[u8; 32]>,
    /// Bytes of the body.
    pub size: Option<u64>,
    /// When the body came, in milliseconds since 1970.
    pub whole_at: Option<i64>,
}

impl Validators {
    /// The same, for an address that is asked for the whole document next and looked at whatever it is.
    pub fn without_conditions(&self) -> Validators {
        Validators { etag: None, last_modified: None, body: None, ..self.clone() }
    }

    /// Whether they can tell that nothing changed.
    pub fn are_any(&self) -> bool {
        self.etag.is_some() || self.last_modified.is_some()
    }
}

/// What we remember of a source between polls.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PollState {
    /// By position in the adapter's questions.
    pub validators: Vec<Validators>,
    /// When it was last asked.
    pub polled: Option<Timestamp>,
    /// When it last answered in a way we could use.
    pub succeeded: Option<Timestamp>,
    /// Failures in a row.
    pub failures: u32,
    /// Since when it fails.
    pub failing: Option<Timestamp>,
    /// Why the last poll failed, by kind.
    pub cause: Option<Cause>,
    /// When an answer last showed nothing of the one before it.
    pub missed: Option<Timestamp>,
    /// When it is asked next.
    pub due: Option<Timestamp>,
    /// What is wrong, in plain words; none when the last poll went well.
    pub trouble: Option<String>,
    /// Entries that could not be used in the last answer, in plain words, at most a handful.
    pub problems: Vec<String>,
    /// The document's own title.
    pub title: Option<String>,
    /// Whether its last listing was not taken to its end: a crash, a page or a detail that failed, a
    /// spent budget. What is known on the first page then tells nothing of those behind it.
    pub unfinished: bool,
    /// The key rule its answers taught, where the file leaves it open.
    pub learned: Option<KeyRule>,
    /// Polls in a row that showed most of what is known under new identifiers.
    pub renamings: u32,
    /// When it does not want to be asked, as its last whole answer said.
    pub pause: Pause,
    /// How often it brings something new.
    pub rhythm: Rhythm,
    /// Where it is asked.
    pub whereabouts: Whereabouts,
    /// The hub that tells of its changes.
    pub push: Option<Push>,
    /// Items readers find on its shelf.
    pub items: u64,
}

impl PollState {
    /// When it is asked next; none when never, since it is gone for good.
    pub fn next(&self) -> Option<Timestamp> {
        self.due.filter(|due| due.millis() < Timestamp::NEVER.millis())
    }
}
