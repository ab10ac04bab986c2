//! `feedloom preview SOURCE|URL`: what a source gives, and what would become of it.
//!
//! Asks, reads and refines as a poll would, but knows nothing and stores nothing: every entry is
//! new, and of the details only those of the entries shown are asked.

mod show;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use crate::adapter::{About, Ask, Entry, Problem, Request};
use crate::clock::{Clock, System};
use crate::config::{self, Config, Upstream};
use crate::model::draft::Refined;
use crate::model::source::{Allowed, SourceId};
use crate::model::time::Timestamp;
use crate::net::{Answer, Door, Permit, Transport};

use super::{Outcome, Refused, app, poll};

/// Answers without entries that are followed.
const LEADS_MOST: usize = 3;

/// What to look at.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  feedloom preview em-rolling
  feedloom preview https://www.ruanyifeng.com/blog/atom.xml --json
  feedloom preview examples/feeds/36kr.rss")]
pub struct Arguments {
    /// The id of a source, an address, or the path of a file or a folder of posts
    #[arg(value_name = "SOURCE|URL")]
    what: String,
    /// How many entries to show
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// Everything there is to show.
struct Look {
    exchanges: Vec<Exchange>,
    about: About,
    entries: usize,
    shown: Vec<Seen>,
    problems: Vec<Problem>,
}

/// One question and what came of it.
struct Exchange {
    method: String,
    url: String,
    /// What came back, or why nothing did.
    answer: Result<Came, String>,
}

/// What came back.
struct Came {
    status: u16,
    media_type: Option<String>,
    bytes: usize,
    at: String,
}

/// An entry, its times as they were written, and what would become of it.
struct Seen {
    published: Option<String>,
    updated: Option<String>,
    categories: Vec<String>,
    refined: Refined,
    /// Why its detail could not be had.
    trouble: Option<String>,
}

/// Looks, and shows what it saw.
pub async fn run(path: &Path, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let (upstream, door) = chosen(path, &arguments.what)?;
    let looker = Looker {
        upstream: &upstream,
        door: &door,
        permit: app::permit(&upstream),
        now: System.now(),
    };
    let look = looker.look(arguments.limit).await;
    show::print(&look, arguments.json)?;
    let is_read = look.entries > 0 || look.problems.is_empty();
    Ok(Outcome::of(is_read && look.exchanges.iter().all(Exchange::is_usable)))
}

impl Exchange {
    fn is_usable(&self) -> bool {
        self.answer.as_ref().is_ok_and(|came| (200..300).contains(&came.status))
    }
}

/// The source of that id, else one made of the address or path; and the door the file describes.
fn chosen(path: &Path, what: &str) -> Result<(Upstream, Door), Refused> {
    let config = app::configuration(path);
    let is_elsewhere = what.contains(':') || what.contains('/') || Path::new(what).exists();
    let config = match config {
        Err(refused) if !is_elsewhere && path.exists() => return Err(refused),
        Err(Refused(why)) if !is_elsewhere => {
            let what = format!(
                "`{what}` is no address and no file here, and no source can be looked up: {why}"
            );
            return Err(Refused(what));
        }
        config => config.ok(),
    };
    let (contact, manners, upstreams) = match config {
        Some(Config { contact, manners, upstreams, .. }) => (contact, manners, upstreams),
        None => Default::default(),
    };
    let door = app::door(contact.as_deref(), Arc::new(manners));
    let all: Vec<SourceId> = upstreams.iter().map(|upstream| upstream.source.id.clone()).collect();
    match upstreams.into_iter().find(|upstream| upstream.source.id.as_str() == what) {
        Some(upstream) => Ok((upstream, door)),
        None if is_elsewhere => Ok((elsewhere(what)?, door)),
        None => Err(Refused(poll::unknown(what, &all))),
    }
}

/// An address or path as a source. Who types an address may reach it, private or not.
fn elsewhere(what: &str) -> Result<Upstream, Refused> {
    let here = std::env::current_dir()
        .map_err(|error| Refused(format!("there is no current folder: {error}")))?;
    let path = Path::new(what.strip_prefix("file:").unwrap_or(what));
    let url = if path.exists() { format!("file:{}", path.display()) } else { what.to_owned() };
    let kind = if path.is_dir() { "posts" } else { "feed" };
    let mut upstream = config::alone(kind, &url, &here).map_err(Refused)?;
    let host = upstream.source.url.authority().map(|authority| authority.as_str());
    upstream.source.allow = host.and_then(Allowed::parse).into_iter().collect();
    Ok(upstream)
}

/// Who looks, at what, and when.
struct Looker<'a> {
    upstream: &'a Upstream,
    door: &'a dyn Transport,
    permit: Permit,
    now: Timestamp,
}

impl Looker<'_> {
    async fn look(&self, limit: usize) -> Look {
        let mut look = Look {
            exchanges: Vec::new(),
            about: About::default(),
            entries: 0,
            shown: Vec::new(),
            problems: Vec::new(),
        };
        let mut asks: VecDeque<Ask> =
            self.upstream.adapter.asks(&self.upstream.source, self.now).into();
        while let Some(ask) = asks.pop_front() {
            let (exchange, answer) = self.exchange(&ask.request).await;
            let is_usable = exchange.is_usable();
            look.exchanges.push(exchange);
            let Some(answer) = answer.filter(|_| is_usable) else { continue };
            let parsed = self.upstream.adapter.parse(&ask, &answer.at, &answer.response);
            // What only leads on (a sitemap of sitemaps) is followed until there is something to show.
            if let Some(next) = parsed.next.filter(|_| parsed.entries.is_empty())
                && look.exchanges.len() < LEADS_MOST
            {
                asks.push_front(Ask::list(next));
            }
            look.about = parsed.about;
            look.entries += parsed.entries.len();
            look.problems.extend(parsed.problems);
            for entry in parsed.entries.into_iter().take(limit - look.shown.len().min(limit)) {
                look.shown.push(self.seen(entry).await);
            }
        }
        look
    }

    async fn exchange(&self, request: &Request) -> (Exchange, Option<Answer>) {
        let answer = self.door.send(request.clone(), &self.permit).await;
        let exchange = Exchange {
            method: request.method().to_string(),
            url: request.uri().to_string(),
            answer: answer.as_ref().map(came).map_err(ToString::to_string),
        };
        (exchange, answer.ok())
    }

    /// The entry with its detail, refined.
    async fn seen(&self, entry: Entry) -> Seen {
        let (entry, trouble) = match entry.follow.clone() {
            Some(request) => self.completed(entry, request).await,
            None => (entry, None),
        };
        let raw = |stamp: &Option<crate::model::draft::Stamp>| {
            stamp.as_ref().map(|stamp| stamp.raw.clone())
        };
        let (published, updated) = (raw(&entry.draft.published), raw(&entry.draft.updated));
        let asked = entry.draft.categories.iter().map(|membership| membership.name.clone());
        let categories = self.upstream.source.categories.iter().cloned().chain(asked).collect();
        let refined = entry.draft.refine(&self.upstream.source, self.now);
        Seen { published, updated, categories, refined, trouble }
    }

    async fn completed(&self, entry: Entry, request: Request) -> (Entry, Option<String>) {
        let (exchange, answer) = self.exchange(&request).await;
        let answer = match (exchange.answer, answer) {
            (Ok(came), Some(answer)) if (200..300).contains(&came.status) => answer,
            (Ok(came), _) => {
                return (entry, Some(format!("{} answers {}", exchange.url, came.status)));
            }
            (Err(why), _) => return (entry, Some(why)),
        };
        let ask = Ask::detail(request, entry.clone());
        let mut parsed = self.upstream.adapter.parse(&ask, &answer.at, &answer.response);
        let trouble = parsed.problems.first().map(|problem| problem.what.clone());
        let completed =
            if parsed.entries.is_empty() { entry } else { parsed.entries.swap_remove(0) };
        (completed, trouble)
    }
}

fn came(answer: &Answer) -> Came {
    let media_type = answer.response.headers().get(http::header::CONTENT_TYPE);
    Came {
        status: answer.response.status().as_u16(),
        media_type: media_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
        bytes: answer.response.body().len(),
        at: answer.at.clone(),
    }
}
