//! `feedloom subscriptions`: who is told of what happens, and how that goes.

use std::io::Write;
use std::path::Path;

use clap::Subcommand;
use serde_json::Value;

use super::{Outcome, Refused, app, note, results};
use crate::clock::{Clock, System};
use crate::format;
use crate::model::feed::Revision;
use crate::model::follower::Following;
use crate::model::subscription::{OVERLAP, State, Subscription, SubscriptionId, Webhook};
use crate::model::view::View;
use crate::model::wish::Wish;
use crate::store::Everything;

/// What to do with subscriptions.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  feedloom subscriptions
  feedloom subscriptions add desk https://desk.example/hooks/news --category 财经 --event item.published
  feedloom subscriptions test desk
  feedloom subscriptions pause desk

Those of feeds.toml are changed there; pause, resume and test work for all. A running `serve` sees
every change within a second.")]
pub struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    /// Print JSON instead of a table
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make one, told of what happens from now on; its key is shown once
    Add(Box<Add>),
    /// End one that was made at run time
    Remove(One),
    /// Send nothing until it is resumed; nothing is lost meanwhile
    Pause(One),
    /// Go on where it stopped, at once
    Resume(One),
    /// Make a new key; the old one is signed with as well for a day
    Rotate(One),
    /// Send a message that only shows that messages arrive
    Test(One),
}

#[derive(Debug, clap::Args)]
struct One {
    /// The subscription
    #[arg(value_name = "ID")]
    id: String,
}

#[derive(Debug, clap::Args)]
struct Add {
    /// What to call it: a-z, 0-9 and -
    #[arg(value_name = "ID")]
    id: String,
    /// Where it is told
    #[arg(value_name = "URL")]
    url: String,
    /// Only items of this category, by its name; again for more
    #[arg(long, value_name = "NAME")]
    category: Vec<String>,
    /// And of this source
    #[arg(long, value_name = "ID")]
    source: Vec<String>,
    /// And of this view
    #[arg(long, value_name = "ID")]
    view: Vec<String>,
    /// Only items with these words
    #[arg(long, value_name = "WORDS")]
    query: Option<String>,
    /// Only this event: item.published, item.updated or item.withdrawn; again for more
    #[arg(long, value_name = "EVENT")]
    event: Vec<String>,
    /// Events in one message, at most
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=100))]
    batch: u16,
    /// Begin with what is there already, and tell what new sources bring along
    #[arg(long)]
    backlog: bool,
    /// A private address it may be at: a name, an address or a network; again for more
    #[arg(long, value_name = "HOST")]
    allow: Vec<String>,
    /// It may be told by http, which everybody on the way can read
    #[arg(long)]
    allow_http: bool,
}

/// Lists them, or changes one.
pub async fn run(path: &Path, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let config = app::configuration(path)?;
    let Some(what) = &arguments.what else {
        return list(&*app::store(&config).await?, arguments.json).await;
    };
    match what {
        What::Add(add) => {
            let webhook = add.webhook(&config.views)?;
            let store = app::store(&config).await?;
            match store.subscribe(&webhook).await? {
                Some(key) => made(&webhook.id, &key, arguments.json),
                None => Err(Refused(format!("`{}` is taken", webhook.id)).into()),
            }
        }
        What::Test(One { id }) => {
            let id = read(id)?;
            let house = app::open(config).await?;
            let Some(found) = house.store.subscription(&id).await? else { return unknown(&id) };
            match house.deliver.trial(&found).await {
                Ok(()) => {
                    writeln!(results(), "{id} took the message")?;
                    Ok(Outcome::Done)
                }
                Err(why) => {
                    note(format!("{id} did not take the message: {why}"));
                    Ok(Outcome::Failed)
                }
            }
        }
        What::Pause(one) => steer(&*app::store(&config).await?, one, State::Paused).await,
        What::Resume(one) => steer(&*app::store(&config).await?, one, State::Active).await,
        What::Rotate(One { id }) => {
            let (id, store) = (read(id)?, app::store(&config).await?);
            match store.rekey(&id, System.now().plus(OVERLAP)).await? {
                Some(key) => made(&id, &key, arguments.json),
                None => not_here(&*store, &id, "name a second key in its `secret`").await,
            }
        }
        What::Remove(One { id }) => {
            let (id, store) = (read(id)?, app::store(&config).await?);
            if store.unsubscribe(&id).await? {
                writeln!(results(), "{id} is removed")?;
                return Ok(Outcome::Done);
            }
            not_here(&*store, &id, "take it out there").await
        }
    }
}

impl Add {
    fn webhook(&self, views: &[View]) -> Result<Webhook, Refused> {
        let wish = Wish {
            id: self.id.clone(),
            url: self.url.clone(),
            allow_http: self.allow_http,
            categories: self.category.clone(),
            sources: self.source.clone(),
            views: self.view.clone(),
            query: self.query.clone(),
            events: self.event.clone(),
            batch: Some(usize::from(self.batch)),
            backlog: self.backlog,
            allow: self.allow.clone(),
        };
        wish.webhook(views)
            .map_err(|why| Refused(why.replace("`allow_http = true` beside it", "`--allow-http`")))
    }
}

/// An id, as it was typed.
pub(super) fn read(id: &str) -> Result<SubscriptionId, Refused> {
    SubscriptionId::read(id).map_err(Refused)
}

/// Says that there is no such subscription.
pub(super) fn unknown(id: &SubscriptionId) -> anyhow::Result<Outcome> {
    note(format!("there is no subscription `{id}`; `feedloom subscriptions` lists them"));
    Ok(Outcome::Failed)
}

async fn not_here(
    store: &dyn Everything,
    id: &SubscriptionId,
    instead: &str,
) -> anyhow::Result<Outcome> {
    if store.subscription(id).await?.is_none() {
        return unknown(id);
    }
    note(format!("`{id}` stands in feeds.toml; {instead}"));
    Ok(Outcome::Failed)
}

async fn steer(store: &dyn Everything, one: &One, state: State) -> anyhow::Result<Outcome> {
    let id = read(&one.id)?;
    if !store.steer(&id, state).await? {
        return unknown(&id);
    }
    writeln!(results(), "{id} is {}", state.name())?;
    Ok(Outcome::Done)
}

fn made(id: &SubscriptionId, key: &str, as_json: bool) -> anyhow::Result<Outcome> {
    let mut results = results();
    if as_json {
        writeln!(results, "{}", serde_json::json!({ "id": id.as_str(), "secret": key }))?;
    } else {
        writeln!(results, "{key}")?;
        note(format!("{id} is signed with this key; it is not shown again"));
    }
    results.flush()?;
    Ok(Outcome::Done)
}

async fn list(store: &dyn Everything, as_json: bool) -> anyhow::Result<Outcome> {
    let all = store.subscriptions().await?;
    let newest = newest(store);
    let followed = store.topics(System.now()).await?;
    let mut results = results();
    if as_json {
        let all: Vec<Value> =
            all.iter().map(|one| format::subscriptions::subscription(one, newest)).collect();
        writeln!(results, "{}", serde_json::to_string_pretty(&all)?)?;
    } else if all.is_empty() {
        note(
            "there are no subscriptions; [[webhook]] in feeds.toml or `feedloom subscriptions add` makes one",
        );
    }
    let width = all.iter().map(|one| one.webhook.id.as_str().len()).max().unwrap_or(0);
    for one in all.iter().filter(|_| !as_json) {
        writeln!(results, "{:width$}  {}", one.webhook.id.as_str(), told(one, newest))?;
    }
    for one in followed.iter().filter(|_| !as_json) {
        let Following { topic, followers, failing, .. } = one;
        let many = if *followers == 1 { "" } else { "s" };
        writeln!(results, "/hub  {topic}  {followers} follower{many}, {failing} failing")?;
    }
    results.flush()?;
    Ok(Outcome::Done)
}

/// How far the log has come.
pub(super) fn newest(store: &dyn Everything) -> Revision {
    *store.grown().borrow()
}

/// How it is doing, on one line.
fn told(one: &Subscription, newest: Revision) -> String {
    let course = &one.course;
    let behind = newest.0.saturating_sub(course.reached.0);
    let mut told = format!("{:8}  {}", course.state.name(), format::subscriptions::address(one));
    if behind > 0 {
        told.push_str(&format!("  {behind} changes to look at"));
    }
    if one.replays > 0 {
        told.push_str(&format!("  {} to be sent again", one.replays));
    }
    if one.dead > 0 {
        told.push_str(&format!("  {} given up", one.dead));
    }
    if let Some(trouble) = &course.trouble {
        told.push_str(&format!("\n    {trouble}"));
        if let Some(due) = course.due {
            told.push_str(&format!("; tried again at {}", due.rfc3339()));
        }
    }
    told
}
