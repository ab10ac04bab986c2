//! A whole house for tests: memory SQLite, a clock moved by hand, and a web made of scripts.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use feedloom::clock::{Clock, Manual};
use feedloom::config::{self, Config};
use feedloom::deliver::{Deliver, Hub};
use feedloom::format;
use feedloom::ingest::{Callbacks, Ingest, Report, Upstream};
use feedloom::model::digest::Digests;
use feedloom::model::feed::{Revision, Shelf, Window};
use feedloom::model::item::Item;
use feedloom::model::manners::{Manner, Manners};
use feedloom::model::source::{Source, SourceId};
use feedloom::model::time::{Timestamp, Zone};
use feedloom::model::view::Selection;
use feedloom::net::{self, Answer, Door, Permit, Transport};
use feedloom::press::{Press, Terms};
use feedloom::store::{self, Everything};
use http::{Request, Response, StatusCode, header};

/// The head of every `feeds.toml` in tests.
pub const SITE: &str = "[site]\ntitle = \"金融消息\"\nurl = \"https://n.example\"\n";

/// Keys of webhooks: what `env:KEY` and `env:NEXT_KEY` stand for.
pub const KEY: &str = "whsec_AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=";
pub const NEXT_KEY: &str = "whsec_BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ=";

/// A whole house.
pub struct House {
    pub store: Arc<dyn Everything>,
    pub web: Arc<Web>,
    pub clock: Arc<Manual>,
    pub press: Arc<Press>,
    pub deliver: Deliver,
    ingest: Ingest,
}

impl House {
    /// Builds a house on a store of its own from the sources in `toml`.
    pub async fn new(toml: &str) -> House {
        House::with_web(Web::default(), toml).await
    }

    /// The same on a web of its own.
    pub async fn with_web(web: Web, toml: &str) -> House {
        let store = store::open("sqlite::memory:").await.expect("a store in memory opens");
        let clock = Arc::new(Manual::at(time("2022-05-27T13:00:00+08:00")));
        House::on(store, Arc::new(web), clock, toml).await
    }

    /// The same store, web and clock under a file that may have changed: a restart.
    pub async fn restarted(self, toml: &str) -> House {
        let house = House::on(self.store, self.web, self.clock, toml).await;
        house.ingest.resume().await.expect("the store answers");
        house
    }

    async fn on(
        store: Arc<dyn Everything>,
        web: Arc<Web>,
        clock: Arc<Manual>,
        toml: &str,
    ) -> House {
        let config = config(&format!("{SITE}{toml}"));
        let sources: Vec<Source> =
            config.upstreams.iter().map(|upstream| upstream.source.clone()).collect();
        store
            .enroll(&sources, &config.categories, config.window, clock.now())
            .await
            .expect("the file is taken");
        let listed: Vec<_> = config.webhooks.iter().map(|listed| listed.webhook.clone()).collect();
        store.enlist(&listed).await.expect("the file is taken");
        let keys = config.webhooks.into_iter().map(|listed| (listed.webhook.id, listed.keys));
        let upstreams = config.upstreams.into_iter().map(|upstream| Upstream {
            permit: Permit {
                allow: upstream.source.allow.clone(),
                folder: None,
                limits: upstream.source.limits,
                ..Permit::default()
            },
            source: upstream.source,
            adapter: Arc::from(upstream.adapter),
        });
        let digests = Digests {
            site: config.site.clone(),
            periods: config.digests,
            views: config.views.into(),
            keep: config.keep,
        };
        let terms = Terms {
            window: config.window,
            views: digests.views.clone(),
            digests: digests.periods.clone(),
            has_hub: true,
            ..Terms::default()
        };
        let views = digests.views.clone();
        let press = Arc::new(Press::new(store.clone(), config.site, terms));
        let deliver = Deliver::open(
            store.clone(),
            web.clone(),
            clock.clone(),
            press.clone(),
            views,
            keys.collect(),
        );
        let deliver = deliver.await.expect("the store answers").with_hub(Hub::default());
        let ingest = Ingest::new(store.clone(), web.clone(), clock.clone(), upstreams.collect());
        let callbacks = Callbacks::under("https://test.example/callback/");
        let ingest = ingest.with_digests(digests).with_callbacks(callbacks);
        House { store, web, clock, press, deliver, ingest }
    }

    /// Delivers what is owed and due.
    pub async fn deliver(&self) {
        self.deliver.round().await.expect("the store answers");
    }

    /// Polls what is due.
    pub async fn round(&self) -> Vec<Report> {
        self.ingest.round(None, false, |_| {}).await.expect("the store answers")
    }

    /// Polls one source, due or not.
    pub async fn poll(&self, source: &str) -> Report {
        self.poll_one(source, false).await
    }

    /// Polls one source as if it had never been asked.
    pub async fn force(&self, source: &str) -> Report {
        self.poll_one(source, true).await
    }

    async fn poll_one(&self, source: &str, force: bool) -> Report {
        let id = SourceId::new(source).expect("a well-formed id");
        let reports = self.ingest.round(Some(&[id]), force, |_| {}).await;
        let mut reports = reports.expect("the store answers");
        reports.pop().unwrap_or_else(|| panic!("`{source}` was not polled"))
    }

    /// Writes the digests that are due; answers how many.
    pub async fn digest(&self) -> usize {
        self.ingest.digest().await.expect("the store answers")
    }

    /// What pulls, to be run beside the test.
    pub fn ingest(&self) -> Ingest {
        self.ingest.clone()
    }

    /// Lets time pass and polls what is due then.
    pub async fn pass(&self, span: Duration) -> Vec<Report> {
        self.clock.pass(span);
        self.round().await
    }

    /// The items in a shelf's window.
    pub async fn items(&self, shelf: &Shelf) -> Vec<Item> {
        let selection = Selection::of(shelf.clone(), Window::default());
        self.store.select(&selection).await.expect("the store answers")
    }

    /// Titles in a category's window.
    pub async fn titles(&self, slug: &str) -> Vec<String> {
        let items = self.items(&Shelf::Category(slug.to_owned())).await;
        items.iter().map(|item| item.title.as_str().to_owned()).collect()
    }

    /// A document as readers get it, with its tag.
    pub async fn document(&self, shelf: &Shelf, format: &str) -> (String, String) {
        self.press.refresh().await.expect("the store answers");
        let format = format::named(format).expect("a known format");
        let printed = self
            .press
            .print(shelf, format)
            .await
            .expect("the store answers")
            .expect("the shelf exists");
        (
            String::from_utf8(printed.document.bytes.to_vec()).expect("UTF-8"),
            printed.etag(None).to_str().expect("a tag").to_owned(),
        )
    }

    /// The newest revision any shelf shows.
    pub async fn revision(&self) -> Revision {
        let heads = self.store.heads(Revision(0)).await.expect("the store answers");
        heads.iter().map(|head| head.head.revision).max().expect("there is a shelf")
    }
}

/// A file in the tests' own words, or the mistakes in it.
pub fn config(toml: &str) -> Config {
    let secret = |name: &str| match name {
        "env:KEY" => Ok(KEY.to_owned()),
        "env:NEXT_KEY" => Ok(NEXT_KEY.to_owned()),
        _ => Err(format!("no secret `{name}` in tests")),
    };
    config::parse(toml, Path::new("/srv/feedloom"), &secret)
        .unwrap_or_else(|mistakes| panic!("{mistakes:#?}"))
}

/// An instant.
pub fn time(rfc3339: &str) -> Timestamp {
    Timestamp::read(rfc3339, &Zone::Rfc822, None).expect("a time")
}

/// A plain source.
pub fn source(id: &str) -> Source {
    let url = "https://news.example.com/list".parse().unwrap();
    Source::new(SourceId::new(id).unwrap(), url)
}

type Script = Box<dyn FnMut(&Request<Bytes>) -> Result<Response<Bytes>, net::Error> + Send>;

/// A web of scripted answers, with a ledger of every request.
#[derive(Default)]
pub struct Web {
    scripts: Mutex<HashMap<String, Script>>,
    prefixes: Mutex<HashMap<String, Script>>,
    pits: Mutex<HashSet<String>>,
    ledger: Mutex<Vec<Request<Bytes>>>,
    /// What asks the real network for what is scripted nowhere.
    door: Option<Door>,
}

impl Web {
    /// One whose unscripted addresses are asked through the real door.
    pub fn with_door() -> Web {
        let manner = Manner { at_once: 9, gap: Duration::ZERO, ..Manner::default() };
        let hosts = (1..99).map(|n| format!("127.0.1.{n}")).chain(["127.0.0.1".to_owned()]);
        let manners = Manners::new(hosts.map(|host| (host, manner)));
        let door = net::open(net::agent(None), Arc::new(manners));
        Web { door: Some(door), ..Web::default() }
    }

    /// From now on this address answers so.
    pub fn script(
        &self,
        url: &str,
        script: impl FnMut(&Request<Bytes>) -> Result<Response<Bytes>, net::Error> + Send + 'static,
    ) {
        held(&self.scripts).insert(url.to_owned(), Box::new(script));
    }

    /// From now on every address that begins so answers so, unless it is scripted itself.
    pub fn script_prefix(
        &self,
        prefix: &str,
        script: impl FnMut(&Request<Bytes>) -> Result<Response<Bytes>, net::Error> + Send + 'static,
    ) {
        held(&self.prefixes).insert(prefix.to_owned(), Box::new(script));
    }

    /// From now on this address answers 200 with these bytes.
    pub fn serve(&self, url: &str, body: impl Into<Bytes>) {
        let body = body.into();
        self.script(url, move |_| Ok(answer(200, body.clone())));
    }

    /// From now on this address cannot be reached.
    pub fn fail(&self, url: &str) {
        self.script(url, |_| Err(net::Error::Unreachable("connection refused".to_owned())));
    }

    /// From now on whoever asks this address waits for ever.
    pub fn swallow(&self, url: &str) {
        held(&self.pits).insert(url.to_owned());
    }

    /// What is answered to a request, redirects not followed.
    pub fn reply(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let mut scripts = held(&self.scripts);
        let script = scripts.get_mut(&request.uri().to_string());
        script.map_or(answer(404, ""), |script| script(request).expect("it answers"))
    }

    /// How often an address was asked.
    pub fn asked(&self, url: &str) -> usize {
        held(&self.ledger).iter().filter(|request| request.uri() == url).count()
    }

    /// All requests to an address.
    pub fn all(&self, url: &str) -> Vec<Request<Bytes>> {
        let ledger = held(&self.ledger);
        ledger.iter().filter(|request| request.uri() == url).cloned().collect()
    }

    /// The last request to an address.
    pub fn last(&self, url: &str) -> Request<Bytes> {
        let ledger = held(&self.ledger);
        ledger.iter().rfind(|request| request.uri() == url).cloned().expect("it was asked")
    }
}

#[async_trait]
impl Transport for Web {
    async fn send(&self, request: Request<Bytes>, permit: &Permit) -> Result<Answer, net::Error> {
        let (mut request, mut moved) = (request, None);
        loop {
            let at = request.uri().to_string();
            held(&self.ledger).push(request.clone());
            if held(&self.pits).contains(&at) {
                std::future::pending::<()>().await;
            }
            let scripted = held(&self.scripts).get_mut(&at).map(|script| script(&request));
            let scripted = scripted.or_else(|| {
                let mut prefixes = held(&self.prefixes);
                let found = prefixes.iter_mut().find(|(prefix, _)| at.starts_with(prefix.as_str()));
                found.map(|(_, script)| script(&request))
            });
            let response = match (scripted, &self.door) {
                (Some(scripted), _) => scripted?,
                (None, Some(door)) => return door.send(request, permit).await,
                (None, None) => answer(404, ""),
            };
            let Some(to) = response.headers().get(header::LOCATION) else {
                let moved = moved.unwrap_or(false);
                return Ok(Answer { response, at, moved, room: Default::default() });
            };
            moved = Some(moved.unwrap_or(true) && matches!(response.status().as_u16(), 301 | 308));
            *request.uri_mut() = to.to_str().expect("an address").parse().expect("an address");
        }
    }
}

/// A script that panics poisons nothing but its own poll.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An answer with a body.
pub fn answer(status: u16, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response
}

/// Judges clean HTML with a second parser: nothing in it can execute.
pub fn assert_harmless(html: &str) {
    const FORBIDDEN: [&str; 18] = [
        "script", "style", "iframe", "object", "embed", "svg", "math", "form", "input", "button",
        "link", "meta", "base", "template", "textarea", "select", "frame", "noscript",
    ];
    let page = scraper::Html::parse_fragment(html);
    for node in page.tree.nodes() {
        let scraper::Node::Element(element) = node.value() else { continue };
        assert!(!FORBIDDEN.contains(&element.name()), "<{}> in {html}", element.name());
        for (name, value) in element.attrs() {
            assert!(
                !name.starts_with("on") && name != "style" && name != "srcdoc",
                "{name} in {html}"
            );
            let address = matches!(name, "href" | "src" | "action" | "cite" | "poster" | "data");
            let value: String =
                value.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
            let value = value.to_lowercase();
            let harmless = ["http://", "https://", "mailto:", "tel:", "data:image/"]
                .iter()
                .any(|scheme| value.starts_with(scheme));
            assert!(!address || harmless, "{name}={value} in {html}");
        }
    }
}
