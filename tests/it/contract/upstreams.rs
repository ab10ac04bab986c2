//! Every upstream of `examples/upstreams.toml` against a made-up answer of its shape: all of them are
//! lines in a file, and none is a line of Rust.
//!
//! `tests/fixtures/upstreams/<id>.http` is what a source's address answers (headers, a blank line, the
//! body), `<id>.lead.http` what leads there, `<id>.part.http` what each part of an index answers,
//! `<id>.detail.http` what each detail does. What becomes of the entries is compared with
//! `<id>.expected.json`; `FEEDLOOM_BLESS=1` rewrites those.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use feedloom::adapter::{Ask, Entry, Parsed};
use feedloom::config::{self, Upstream};
use feedloom::model::draft::Refined;
use feedloom::model::item::Candidate;
use serde_json::{Map, Value, json};

use super::adapters_declarative::{answer, cases, fixtures, golden, no_orphans, now, put};

/// Rows of the survey of upstreams (`requirements/origin.md`, section 4), each with its sources here.
const ROWS: &[(&str, &[&str])] = &[
    ("webapi 102, 45, markets", &["em-webapi-rolling", "em-webapi-outlets", "em-webapi-markets"]),
    ("GetNewsText", &["em-webapi-rolling"]),
    ("kuaixun v1", &["em-kuaixun"]),
    ("getFastNewsList", &["em-fastnews", "em-fastnews-call"]),
    ("getNewsByColumns", &["em-columns"]),
    ("pushlist", &["em-pushlist"]),
    ("GetNewsList", &["em-pc-list"]),
    ("GetInfoList", &["em-pc-fast"]),
    ("list by stock", &["em-stock"]),
    ("search-api-web", &["em-search"]),
    ("wap detail", &["em-wap"]),
    ("web page", &["em-columns"]),
    ("Sina roll", &["sina-roll"]),
    ("Sina 7×24", &["sina-724", "sina-zhibo"]),
    ("Sina detail", &["sina-roll"]),
    ("Cailianshe", &["cls-telegraph", "cls-nodeapi"]),
    ("Cailianshe, signed", &["cls-telegraph"]),
    ("Cailianshe, page", &["cls-page"]),
    ("wallstreetcn", &["wallstreetcn-lives"]),
    ("36kr newsflashes", &["36kr-list"]),
    ("36kr, embedded and gateway", &["36kr-page", "36kr-gateway"]),
    ("36kr, old", &["36kr-old"]),
    ("jin10", &["jin10-newest", "jin10-flash"]),
    ("Xinhua", &["xinhua"]),
    ("CCTV", &["cctv-news"]),
    ("People's Daily lists", &["people-lists"]),
    ("People's Daily RSS", &["people-politics"]),
    ("gov.cn", &["gov-yaowen"]),
    ("163", &["163-guonei"]),
    ("163, detail", &["163-guonei"]),
    ("10jqka", &["10jqka-push"]),
    ("stcn", &["stcn-kuaixun"]),
    ("thepaper", &["thepaper-page", "thepaper-api"]),
    ("cankaoxiaoxi", &["cankao-zhongguo"]),
    ("gelonghui", &["gelonghui-news"]),
];

/// Sources of further shapes: a sitemap, an index of sitemaps, a page with days only, a feed with its full text.
const BESIDES: [&str; 4] = ["guardian-news", "bbc-news", "stats-releases", "chinanews-finance"];

pub(super) fn upstreams() -> Vec<Upstream> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/upstreams.toml");
    let no_secrets = |name: &str| Err(format!("no secret is called `{name}`"));
    let config = config::parse(&fs::read_to_string(path).unwrap(), Path::new("/srv"), &no_secrets);
    config.unwrap_or_else(|errors| panic!("{errors:#?}")).upstreams
}

/// What a source's address answers, and everything behind it.
struct Recorded {
    folder: PathBuf,
    id: String,
}

impl Recorded {
    fn file(&self, part: &str) -> Option<Vec<u8>> {
        fs::read(self.folder.join(format!("{}{part}.http", self.id))).ok()
    }

    /// The list, read as a poll would read it: past what leads there, and with the first of its parts.
    fn list(&self, upstream: &Upstream) -> Parsed {
        let mut ask = upstream.adapter.asks(&upstream.source, now()).remove(0);
        let kinds = if ask.leads_on { [".lead", ""] } else { ["", ".part"] };
        let mut parsed = Parsed::default();
        for kind in kinds {
            let Some(body) = self.file(kind) else { continue };
            let at = ask.request.uri().to_string();
            parsed = upstream.adapter.parse(&ask, &at, &answer(&body));
            match parsed.next.clone().filter(|_| parsed.entries.is_empty()) {
                Some(next) => ask = Ask::list(next),
                None => break,
            }
        }
        parsed
    }

    fn completed(&self, upstream: &Upstream, entry: Entry, problems: &mut Vec<String>) -> Entry {
        let (Some(request), Some(body)) = (entry.follow.clone(), self.file(".detail")) else {
            assert!(entry.follow.is_none(), "{} has details and none recorded", self.id);
            return entry;
        };
        let at = request.uri().to_string();
        let mut parsed = upstream.adapter.parse(&Ask::detail(request, entry), &at, &answer(&body));
        problems.extend(parsed.problems.iter().map(ToString::to_string));
        parsed.entries.pop().expect("a detail that can be read")
    }
}

#[test]
fn every_upstream_is_lines_in_a_file() {
    let folder = fixtures("upstreams");
    let upstreams = upstreams();
    for upstream in &upstreams {
        let recorded = Recorded { folder: folder.clone(), id: upstream.source.id.to_string() };
        assert!(recorded.file("").is_some(), "{} has no recorded answer", recorded.id);
        let parsed = recorded.list(upstream);
        let mut problems: Vec<String> = parsed.problems.iter().map(ToString::to_string).collect();
        let next = parsed.next.map(|request| request.uri().to_string());
        let entries = parsed.entries.into_iter();
        let completed = entries.map(|entry| recorded.completed(upstream, entry, &mut problems));
        let completed: Vec<Entry> = completed.collect();
        assert!(!completed.is_empty(), "{} gives no entries: {problems:?}", recorded.id);
        let items: Vec<Value> = completed
            .into_iter()
            .map(|entry| item(&entry.draft.refine(&upstream.source, now())))
            .collect();
        let mut shown = Map::new();
        put(&mut shown, "items", items);
        put(&mut shown, "problems", problems);
        put(&mut shown, "next", next);
        golden(&folder, &recorded.id, &Value::Object(shown));
    }
    let ids: Vec<String> =
        upstreams.iter().map(|upstream| upstream.source.id.to_string()).collect();
    no_orphans(&folder, &ids);
    for part in cases(&folder, ".http") {
        let id = part.split('.').next().unwrap_or_default();
        assert!(ids.iter().any(|known| known == id), "{part}.http belongs to no source");
    }
}

#[test]
fn every_row_of_the_survey_has_its_source() {
    let ids: BTreeSet<String> =
        upstreams().iter().map(|upstream| upstream.source.id.to_string()).collect();
    let named: BTreeSet<&str> =
        ROWS.iter().flat_map(|(_, ids)| *ids).copied().chain(BESIDES).collect();
    for (row, sources) in ROWS {
        assert!(!sources.is_empty() && sources.iter().all(|id| ids.contains(*id)), "{row}");
    }
    assert_eq!(ids.iter().map(String::as_str).collect::<BTreeSet<_>>(), named);
    assert!(ROWS.len() >= 35, "the survey has 35 rows");
}

fn item(refined: &Refined) -> Value {
    match refined {
        Refined::Item(candidate) => shown(candidate),
        Refined::Dropped(rule) => json!({ "dropped": rule }),
        other => json!({ "unusable": format!("{other:?}") }),
    }
}

/// What a reader would see, and what it is known by.
fn shown(candidate: &Candidate) -> Value {
    let matter = &candidate.matter;
    let mut shown = Map::new();
    put(&mut shown, "guid", candidate.guid.clone());
    put(&mut shown, "title", matter.title.as_str());
    put(&mut shown, "title_inferred", matter.title_inferred.then_some(true));
    put(&mut shown, "link", matter.link.clone());
    put(&mut shown, "published", candidate.published.map(|at| at.rfc3339()));
    put(&mut shown, "published_inferred", candidate.published_inferred.then_some(true));
    put(&mut shown, "updated", candidate.updated.map(|at| at.rfc3339()));
    put(&mut shown, "summary", matter.summary.as_ref().map(|text| text.as_str()));
    put(&mut shown, "content", matter.content.as_ref().map(|html| html.as_str()));
    put(&mut shown, "outlet", matter.outlet.clone());
    let names = matter.authors.iter().map(|author| author.name.clone());
    put(&mut shown, "authors", names.collect::<Vec<_>>());
    let labels = matter.labels.iter().map(|label| label.term.clone());
    put(&mut shown, "labels", labels.collect::<Vec<_>>());
    let shelves = candidate.categories.iter().map(|shelf| shelf.name.clone());
    put(&mut shown, "categories", shelves.collect::<Vec<_>>());
    put(&mut shown, "image", matter.image.clone());
    let files = matter.enclosures.iter().map(|file| file.url.clone());
    put(&mut shown, "enclosures", files.collect::<Vec<_>>());
    Value::Object(shown)
}
