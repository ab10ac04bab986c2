//! JSON Feed 1.1 (jsonfeed.org/version/1.1).
//!
//! What the format has no word for (the source an item is from, its outlet) stands under `_feedloom`,
//! as the format asks of extensions.

use bytes::Bytes;
use chrono::DateTime;
use serde::Serialize;

use super::{Document, Format, is_address, labels};
use crate::model::cause::Cause;
use crate::model::feed::{Feed, Site};
use crate::model::item::{Also, Enclosure, Item, ItemId, Person};
use crate::model::notice::Notice;
use crate::model::status::{Condition, Day, Standing, Status, public};
use crate::model::time::Timestamp;
use crate::model::twin::Reason;

/// JSON Feed 1.1.
pub struct Json;

const MEDIA_TYPE: &str = "application/feed+json; charset=utf-8";
const VERSION: &str = "https://jsonfeed.org/version/1.1";

impl Format for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn media_type(&self) -> &'static str {
        MEDIA_TYPE
    }

    fn render(&self, feed: &Feed) -> Document {
        write(
            MEDIA_TYPE,
            &FeedJson {
                version: VERSION,
                title: &feed.title,
                home_page_url: &feed.home,
                feed_url: feed.current_as("json").unwrap_or_else(|| feed.address_as("json")),
                next_url: feed.older_as("json"),
                _feedloom: feed.cursor.map(|cursor| FeedExtension { cursor: cursor.written() }),
                description: &feed.description,
                language: feed.language.as_deref(),
                hubs: feed.hub.iter().map(|url| HubsJson { kind: "WebSub", url }).collect(),
                items: feed.items.iter().map(|item| item_of(&feed.site, item)).collect(),
            },
        )
    }
}

/// One item by itself, in the shape it has in a feed, with the articles it speaks of.
pub fn item(site: &Site, item: &Item, related: &[Item]) -> Document {
    let page = |item: &Item| format!("{}/item/{}", site.url, item.id);
    let mut shape = item_of(&site.url, item);
    shape._feedloom.related = related
        .iter()
        .map(|other| RelatedJson { url: page(other), title: other.title.as_str() })
        .collect();
    write("application/json; charset=utf-8", &shape)
}

/// How the site and every source are doing.
pub fn status(site: &Site, status: &Status) -> Document {
    let shape = StatusJson {
        title: &site.title,
        now: status.now.rfc3339(),
        ready: status.is_ready,
        updated: status.updated.rfc3339(),
        categories: status.categories,
        items: status.items(),
        failing: status.count(Condition::Failing),
        sources: status.sources.iter().map(|source| standing(source, status.now)).collect(),
        subscriptions: status
            .subscriptions
            .iter()
            .map(|(id, about)| ToldJson { id: id.as_str(), notice: notice(about.clone()) })
            .collect(),
    };
    let mut bytes = serde_json::to_vec_pretty(&shape).expect("as above");
    bytes.push(b'\n');
    Document { media_type: "application/json; charset=utf-8", bytes: Bytes::from(bytes) }
}

fn standing(source: &Standing, now: Timestamp) -> StandingJson<'_> {
    let state = &source.state;
    let written = |at: Option<Timestamp>| at.map(Timestamp::rfc3339);
    StandingJson {
        id: source.id.as_str(),
        title: &source.title,
        kind: source.kind.as_deref(),
        url: source.url.as_deref(),
        state: source.condition().name(),
        last_success: written(state.succeeded),
        last_poll: written(state.polled),
        next_poll: written(state.next()),
        failures: state.failures,
        last_error: state.trouble.as_deref(),
        cause: state.cause.map(Cause::name),
        failing_since: written(state.failing),
        usual_gap_seconds: state.rhythm.gap.map(|gap| gap.as_secs()),
        hub: state.push.as_ref().map(|push| HubJson {
            url: push.hub.url.parse().map(|url| public(&url)).unwrap_or_default(),
            pushes_until: written(push.until.filter(|_| push.is_active(now))),
            last_error: push.trouble.as_deref(),
        }),
        notices: source.state.notices(now).into_iter().map(notice).collect(),
        problems: &state.problems,
        items: state.items,
        days: source.days.iter().map(day).collect(),
    }
}

fn notice(notice: Notice) -> NoticeJson {
    let Notice { kind, what, since } = notice;
    NoticeJson { kind: kind.name(), what, since: since.rfc3339() }
}

fn day(day: &Day) -> DayJson {
    let date = DateTime::from_timestamp(day.number * 86_400, 0).unwrap_or_default();
    DayJson {
        day: date.format("%Y-%m-%d").to_string(),
        polls: day.polls,
        failures: day.failures,
        items: day.items,
    }
}

fn write<T: Serialize>(media_type: &'static str, value: &T) -> Document {
    let bytes =
        serde_json::to_vec(value).expect("plain structures with string keys always serialise");
    Document { media_type, bytes: Bytes::from(bytes) }
}

#[derive(Serialize)]
struct FeedJson<'a> {
    version: &'static str,
    title: &'a str,
    home_page_url: &'a str,
    feed_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<String>,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<HubsJson<'a>>,
    items: Vec<ItemJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    _feedloom: Option<FeedExtension>,
}

/// Who tells of a feed's changes.
#[derive(Serialize)]
struct HubsJson<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: &'a str,
}

/// Where a reader goes on who asked what came since.
#[derive(Serialize)]
struct FeedExtension {
    cursor: String,
}

/// An item.
#[derive(Serialize)]
pub(super) struct ItemJson<'a> {
    id: &'a str,
    url: String,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_html: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    date_published: String,
    date_modified: String,
    authors: Vec<AuthorJson>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<AttachmentJson<'a>>,
    _feedloom: Extension<'a>,
}

#[derive(Serialize)]
struct StatusJson<'a> {
    title: &'a str,
    now: String,
    ready: bool,
    updated: String,
    categories: usize,
    items: u64,
    failing: usize,
    sources: Vec<StandingJson<'a>>,
    /// Those of which something is to be known.
    subscriptions: Vec<ToldJson<'a>>,
}

#[derive(Serialize)]
struct ToldJson<'a> {
    id: &'a str,
    notice: NoticeJson,
}

#[derive(Serialize)]
struct StandingJson<'a> {
    id: &'a str,
    title: &'a str,
    kind: Option<&'a str>,
    url: Option<&'a str>,
    state: &'static str,
    last_success: Option<String>,
    last_poll: Option<String>,
    next_poll: Option<String>,
    failures: u32,
    last_error: Option<&'a str>,
    cause: Option<&'static str>,
    failing_since: Option<String>,
    usual_gap_seconds: Option<u64>,
    hub: Option<HubJson<'a>>,
    notices: Vec<NoticeJson>,
    problems: &'a [String],
    items: u64,
    days: Vec<DayJson>,
}

/// The hub a source names.
#[derive(Serialize)]
struct HubJson<'a> {
    url: String,
    pushes_until: Option<String>,
    last_error: Option<&'a str>,
}

#[derive(Serialize)]
struct NoticeJson {
    kind: &'static str,
    what: String,
    since: String,
}

#[derive(Serialize)]
struct DayJson {
    day: String,
    polls: u32,
    failures: u32,
    items: u32,
}

#[derive(Serialize)]
struct AuthorJson {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize)]
struct AttachmentJson<'a> {
    url: &'a str,
    mime_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_in_bytes: Option<u64>,
}

/// Where an item is from, which JSON Feed has no word for.
#[derive(Serialize)]
struct Extension<'a> {
    /// Its page here.
    page: String,
    /// In what is told of a change: its place in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
    /// Whether its body was left out, since it is long.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    thin: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    source_title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    outlet: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also_from: Vec<AlsoJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<RelatedJson<'a>>,
}

impl ItemJson<'_> {
    /// The same, as of a change.
    pub(super) fn at(mut self, revision: u64) -> Self {
        self._feedloom.revision = Some(revision);
        self
    }

    /// The same without its body, in whose place the summary stands.
    pub(super) fn thin(mut self) -> Self {
        if self.content_html.take().is_some() {
            self.content_text = Some(self.summary.take().unwrap_or(self.title));
            self._feedloom.thin = true;
        }
        self
    }
}

/// Another source that has the story, where it is read, and how that is known.
#[derive(Serialize)]
struct AlsoJson<'a> {
    source: &'a str,
    title: &'a str,
    url: String,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<u8>,
}

/// An article that another one links to, with its page here.
#[derive(Serialize)]
struct RelatedJson<'a> {
    url: String,
    title: &'a str,
}

/// An item as it stands in a feed.
pub(super) fn item_of<'a>(site: &str, item: &'a Item) -> ItemJson<'a> {
    let address = |link: &Option<String>, id: &ItemId| {
        link.clone().unwrap_or_else(|| format!("{site}/item/{id}"))
    };
    let content = item.content.as_ref().map(|html| html.as_str());
    let summary = item.summary.as_ref().map(|text| text.as_str());
    ItemJson {
        id: &item.public_id,
        url: address(&item.link, &item.id),
        title: item.title.as_str(),
        content_html: content,
        content_text: content.is_none().then(|| summary.unwrap_or(item.title.as_str())),
        summary: summary.filter(|_| content.is_some()),
        image: item.image.as_deref(),
        date_published: item.published.rfc3339(),
        date_modified: item.updated.rfc3339(),
        authors: item.byline().into_iter().map(author).collect(),
        tags: tags(item),
        language: item.language.as_deref(),
        attachments: item.enclosures.iter().map(attachment).collect(),
        _feedloom: Extension {
            page: format!("{site}/item/{}", item.id),
            revision: None,
            thin: false,
            source: (!item.source.is_ours()).then_some(item.source.as_str()),
            source_title: &item.source_title,
            outlet: item.outlet.as_deref(),
            also_from: item
                .also
                .iter()
                .map(|twin| also(address(&twin.link, &twin.id), twin))
                .collect(),
            related: Vec::new(),
        },
    }
}

fn also(url: String, twin: &Also) -> AlsoJson<'_> {
    let (reason, percent) = match twin.reason {
        Reason::Link => ("link", None),
        Reason::Text { percent } => ("text", Some(percent)),
    };
    AlsoJson { source: twin.source.as_str(), title: &twin.publication, url, reason, percent }
}

fn author(person: Person) -> AuthorJson {
    let mail =
        person.email.filter(|email| is_address(email)).map(|email| format!("mailto:{email}"));
    AuthorJson { name: person.name, url: person.url.or(mail) }
}

fn tags(item: &Item) -> Vec<&str> {
    let labels = labels(item).map(|label| label.term.as_str());
    item.category_names().chain(labels).collect()
}

fn attachment(file: &Enclosure) -> AttachmentJson<'_> {
    AttachmentJson {
        url: &file.url,
        mime_type: file.media_type.as_deref().unwrap_or("application/octet-stream"),
        size_in_bytes: file.length,
    }
}
