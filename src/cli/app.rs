//! The composition root: what the file says → a house of concrete things. The one place where store,
//! door, clock and adapters meet; whoever wants another one changes a line here.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use tokio::sync::Notify;

use super::Refused;
use crate::clock::{self, Clock};
use crate::config::{self, Config};
use crate::deliver::{Deliver, Hub};
use crate::ingest::{self, Callbacks, Ingest};
use crate::model::category::Category;
use crate::model::digest::Digests;
use crate::model::feed::Window;
use crate::model::manners::Manners;
use crate::model::source::Source;
use crate::model::view::View;
use crate::net::{self, Permit, Transport};
use crate::press::{Press, Terms};
use crate::serve;
use crate::store::{self, Everything, Store};
use crate::telemetry::Telemetry;

/// The longest file that is read as a configuration, in bytes.
const LONGEST: u64 = 8 << 20;

/// Reads the file, or says everything that is wrong with it, each mistake on a line of its own.
pub fn configuration(path: &Path) -> Result<Config, Refused> {
    let text = text(path)?;
    let folder = folder(path)?;
    let found = |secret: &str| found(secret, &folder);
    config::parse(&text, &folder, &found).map_err(|errors| {
        let lines = errors.iter().map(|error| format!("{}:{error}", path.display()));
        Refused(lines.collect::<Vec<_>>().join("\n"))
    })
}

fn text(path: &Path) -> Result<String, Refused> {
    let refused = |why: String| Refused(format!("{}: {why}", path.display()));
    let bytes = bounded(path, LONGEST).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            refused("there is no such file; name one with --config".into())
        }
        _ => refused(format!("it cannot be read: {error}")),
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
        let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
        let line = before.split('\n').count();
        Refused(format!(
            "{}:{line}:{column}: this is not UTF-8; save the file as UTF-8",
            path.display()
        ))
    })
}

/// Reads a file that should not be longer than `most`.
fn bounded(path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(std::io::Error::other(format!("it is longer than {most} bytes"))),
        false => Ok(bytes),
    }
}

/// The folder paths in the file start from, absolute.
fn folder(path: &Path) -> Result<PathBuf, Refused> {
    let whole = std::path::absolute(path)
        .map_err(|error| Refused(format!("{}: {error}", path.display())))?;
    Ok(whole.parent().map(Path::to_path_buf).unwrap_or(whole))
}

/// What `env:NAME` or `file:PATH` stands for.
fn found(secret: &str, folder: &Path) -> Result<String, String> {
    const MOST: u64 = 64 << 10;
    match secret.split_once(':') {
        Some(("env", name)) => {
            std::env::var(name).map_err(|_| format!("`{name}` is not set in the environment"))
        }
        Some((_, path)) => {
            let bytes = bounded(&folder.join(path), MOST)
                .map_err(|error| format!("`{path}` cannot be read: {error}"))?;
            let text = String::from_utf8(bytes).map_err(|_| format!("`{path}` is not UTF-8"))?;
            Ok(text.trim_end_matches(['\r', '\n']).to_owned())
        }
        None => Err(format!("`{secret}` is no secret")),
    }
}

/// Everything that works, put together.
pub struct House {
    /// What is remembered.
    pub store: Arc<dyn Everything>,
    /// What pulls.
    pub ingest: Ingest,
    /// What pushes.
    pub deliver: Deliver,
    /// What prints.
    pub press: Arc<Press>,
    /// What the time is.
    pub clock: Arc<dyn Clock>,
    /// What happened.
    pub telemetry: Arc<Telemetry>,
    /// Whom our hub tells that something was asked, if it is open.
    pub asked: Option<Arc<Notify>>,
    /// The views there are.
    pub views: Arc<[View]>,
    /// What is pulled, as readers may know it, in the file's order.
    pub upstreams: Vec<serve::Upstream>,
}

/// Opens the store as it is, for those who only look.
pub async fn store(config: &Config) -> anyhow::Result<Arc<dyn Everything>> {
    store::open(&config.store).await.context("the store cannot be opened")
}

/// Opens the store, tells it what the file says, and puts the rooms together around it.
pub async fn open(config: Config) -> anyhow::Result<House> {
    let clock: Arc<dyn Clock> = Arc::new(clock::System);
    let store = store(&config).await?;
    let sources: Vec<Source> =
        config.upstreams.iter().map(|upstream| upstream.source.clone()).collect();
    enroll(&*store, &sources, &config.categories, config.window, &*clock).await?;
    let listed: Vec<_> = config.webhooks.iter().map(|listed| listed.webhook.clone()).collect();
    store.enlist(&listed).await.context("the store could not take in what the file says")?;
    let known = upstreams(&config);
    let manners = Arc::new(config.manners);
    let transport: Arc<dyn Transport> = Arc::new(door(config.contact.as_deref(), manners.clone()));
    let telemetry: Arc<Telemetry> = Arc::default();
    let keys = config.webhooks.into_iter().map(|listed| (listed.webhook.id, listed.keys));
    let upstreams = config.upstreams.into_iter().map(|upstream| ingest::Upstream {
        permit: permit(&upstream),
        source: upstream.source,
        adapter: Arc::from(upstream.adapter),
    });
    let views: Arc<[View]> = config.views.into();
    let digests = Digests {
        site: config.site.clone(),
        periods: config.digests,
        views: views.clone(),
        keep: config.keep,
    };
    let ingest = Ingest::new(store.clone(), transport.clone(), clock.clone(), upstreams.collect());
    let callbacks = Callbacks::under(&format!("{}/callback/", config.site.url));
    let (out, polite) = (transport, manners.clone());
    let ingest = ingest
        .with_manners(manners)
        .with_digests(digests.clone())
        .with_callbacks(callbacks)
        .with_telemetry(telemetry.clone());
    let terms = Terms {
        window: config.window,
        max_age: u32::try_from(config.server.max_age.as_secs()).unwrap_or(u32::MAX),
        capacity: config.server.cache,
        views: views.clone(),
        retired: config.server.retired,
        digests: digests.periods.clone(),
        has_hub: config.hub.is_open,
    };
    let press = Arc::new(Press::new(store.clone(), config.site, terms));
    let (of, hub) =
        (views.clone(), Hub { allow: config.hub.allow, algorithm: config.hub.algorithm });
    let deliver =
        Deliver::open(store.clone(), out, clock.clone(), press.clone(), of, keys.collect());
    let deliver = deliver.await.context("the store could not be asked")?;
    let deliver = deliver.with_manners(polite).with_telemetry(telemetry.clone());
    let deliver = if config.hub.is_open { deliver.with_hub(hub) } else { deliver };
    let asked = config.hub.is_open.then(|| deliver.asked());
    Ok(House { store, ingest, deliver, press, clock, asked, views, upstreams: known, telemetry })
}

/// What readers may know of the sources.
pub fn upstreams(config: &Config) -> Vec<serve::Upstream> {
    config
        .upstreams
        .iter()
        .map(|upstream| serve::Upstream::of(&upstream.source, upstream.kind))
        .collect()
}

async fn enroll(
    store: &dyn Store,
    sources: &[Source],
    categories: &[Category],
    window: Window,
    clock: &dyn Clock,
) -> anyhow::Result<()> {
    let enrolled = store.enroll(sources, categories, window, clock.now()).await;
    enrolled.context("the store could not take in what the file says")
}

/// The door out, with our name on it and our manners.
pub fn door(contact: Option<&str>, manners: Arc<Manners>) -> net::Door {
    net::open(net::agent(contact), manners)
}

/// What polling this source may do. A list has its details beside it, so for one in a file the whole
/// folder is open; any other file is open alone.
pub fn permit(upstream: &config::Upstream) -> Permit {
    let source = &upstream.source;
    let path =
        url::Url::parse(&source.url.to_string()).ok().and_then(|url| url.to_file_path().ok());
    let folder = match path {
        Some(path) if !matches!(upstream.kind, "feed" | "posts") => {
            path.parent().map(Path::to_path_buf)
        }
        path => path,
    };
    Permit { allow: source.allow.clone(), folder, limits: source.limits, ..Permit::default() }
}
