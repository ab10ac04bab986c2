//! The declarative adapters against recorded answers: `json` and `posts`.
//!
//! `tests/fixtures/json/<case>.toml` is a source as people write it, `<case>.http` what its address
//! answers (headers, a blank line, the body), `<case>.detail.http` what each detail answers.
//! `tests/fixtures/posts/*.md` are posts under their own names. What came of each is compared with
//! `<case>.expected.json`; `FEEDLOOM_BLESS=1` rewrites those, and one that belongs to no case fails.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use feedloom::adapter::{Adapter, Ask, Entry, Parsed, Response};
use feedloom::config;
use feedloom::model::draft::{Draft, Stamp};
use feedloom::model::source::Source;
use feedloom::model::text::{Kind, Text};
use feedloom::model::time::{Form, Offset, Timestamp};
use serde_json::{Map, Value, json};

use super::adapters::Random;

pub(super) fn fixtures(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(kind)
}

/// The files of a folder with this ending, without it, sorted.
pub(super) fn cases(folder: &Path, ending: &str) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap());
    let cases: BTreeSet<String> =
        names.filter_map(|name| Some(name.strip_suffix(ending)?.to_owned())).collect();
    cases.into_iter().collect()
}

fn source(toml: &str) -> (Source, Box<dyn Adapter>) {
    let site = "[site]\ntitle = \"t\"\nurl = \"http://127.0.0.1:8080\"\n";
    let text = format!("{site}[[source]]\nid = \"case\"\n{toml}");
    let no_secrets = |name: &str| Err(format!("no secret is called `{name}`"));
    let config = config::parse(&text, Path::new("/srv"), &no_secrets);
    let mut upstreams = config.unwrap_or_else(|errors| panic!("{errors:#?}\n{text}")).upstreams;
    let upstream = upstreams.remove(0);
    (upstream.source, upstream.adapter)
}

/// 15 March 2023, 10:00 in China.
pub(super) fn now() -> Timestamp {
    Timestamp::from_seconds(1_678_845_600, Offset::CHINA).unwrap()
}

/// An answer as it is recorded: headers, a blank line, the body.
pub(super) fn answer(recorded: &[u8]) -> Response {
    let end = recorded.windows(2).position(|pair| pair == b"\n\n").expect("a blank line");
    let mut answer = Response::new(recorded[end + 2..].to_vec().into());
    for line in std::str::from_utf8(&recorded[..end]).unwrap().lines() {
        let (name, value) = line.split_once(": ").expect("a header");
        let name: http::HeaderName = name.parse().unwrap();
        answer.headers_mut().insert(name, value.parse().unwrap());
    }
    answer
}

/// Reads a list, then each entry's detail when one is recorded.
fn poll(source: &Source, adapter: &dyn Adapter, list: &[u8], detail: Option<&[u8]>) -> Parsed {
    let ask = adapter.asks(source, now()).remove(0);
    let at = ask.request.uri().to_string();
    let mut parsed = adapter.parse(&ask, &at, &answer(list));
    let Some(detail) = detail else { return parsed };
    let asked = std::mem::take(&mut parsed.entries);
    for (position, entry) in asked.into_iter().enumerate() {
        let completed = match entry.follow.clone() {
            None => Parsed { entries: vec![entry], ..Parsed::default() },
            Some(request) => {
                let at = request.uri().to_string();
                adapter.parse(&Ask::detail(request, entry), &at, &answer(detail))
            }
        };
        parsed.entries.extend(completed.entries);
        let told = completed.problems.into_iter();
        parsed.problems.extend(told.map(|mut problem| {
            problem.entry = Some(position);
            problem
        }));
    }
    parsed
}

/// What came of an answer, for people to read.
fn shown(parsed: &Parsed) -> Value {
    let mut shown = Map::new();
    shown.insert("entries".into(), parsed.entries.iter().map(entry).collect());
    let problems: Vec<String> = parsed.problems.iter().map(ToString::to_string).collect();
    put(&mut shown, "problems", problems);
    let next = parsed.next.as_ref().map(|request| request.uri().to_string());
    put(&mut shown, "next", next);
    Value::Object(shown)
}

fn entry(entry: &Entry) -> Value {
    let Draft { dropped, guid, title, link, summary, content, published, updated, .. } =
        &entry.draft;
    let draft = &entry.draft;
    let mut shown = Map::new();
    put(&mut shown, "dropped", dropped.clone());
    put(&mut shown, "retracted", entry.draft.retracted.clone());
    put(&mut shown, "guid", guid.clone());
    put(&mut shown, "title", title.as_ref().map(text));
    put(&mut shown, "link", link.clone());
    put(&mut shown, "summary", summary.as_ref().map(text));
    put(&mut shown, "content", content.as_ref().map(text));
    put(&mut shown, "content_base", content.as_ref().and_then(|content| content.base.clone()));
    put(&mut shown, "published", published.as_ref().map(stamp));
    put(&mut shown, "published_inferred", draft.published_inferred.then_some(true));
    put(&mut shown, "updated", updated.as_ref().map(stamp));
    let names = draft.authors.iter().map(|author| author.name.clone());
    put(&mut shown, "authors", names.collect::<Vec<_>>());
    let labels = draft.labels.iter().map(|label| match &label.scheme {
        Some(scheme) => format!("{} ({scheme})", label.term),
        None => label.term.clone(),
    });
    put(&mut shown, "labels", labels.collect::<Vec<_>>());
    let shelves = draft.categories.iter().map(|shelf| match &shelf.alias {
        Some(alias) => format!("{} ({alias})", shelf.name),
        None => shelf.name.clone(),
    });
    put(&mut shown, "categories", shelves.collect::<Vec<_>>());
    put(&mut shown, "outlet", draft.outlet.clone());
    put(&mut shown, "image", draft.image.clone());
    put(&mut shown, "language", draft.language.clone());
    put(&mut shown, "base", draft.base.clone());
    put(&mut shown, "follow", entry.follow.as_ref().map(|request| request.uri().to_string()));
    Value::Object(shown)
}

pub(super) fn put(shown: &mut Map<String, Value>, key: &str, value: impl Into<Value>) {
    let value = value.into();
    if !value.is_null() && value != json!([]) {
        shown.insert(key.to_owned(), value);
    }
}

fn text(text: &Text) -> String {
    match text.kind {
        Kind::Html => format!("html: {}", text.raw),
        Kind::Plain => format!("plain: {}", text.raw),
        Kind::Unsaid => text.raw.clone(),
    }
}

fn stamp(stamp: &Stamp) -> String {
    match &stamp.forms[..] {
        [Form::Detect] => stamp.raw.clone(),
        forms => format!("{} {forms:?}", stamp.raw),
    }
}

/// Compares with the golden, or rewrites it.
pub(super) fn golden(folder: &Path, case: &str, shown: &Value) {
    let path = folder.join(format!("{case}.expected.json"));
    let printed = format!("{shown:#}\n");
    if std::env::var_os("FEEDLOOM_BLESS").is_some() {
        fs::write(&path, printed).unwrap();
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(printed == expected, "{} differs; what came:\n{printed}", path.display());
}

pub(super) fn no_orphans(folder: &Path, cases: &[String]) {
    for orphan in self::cases(folder, ".expected.json") {
        assert!(cases.contains(&orphan), "{orphan}.expected.json belongs to no case");
    }
}

#[test]
fn json_reads_every_recorded_answer() {
    let folder = fixtures("json");
    let cases = cases(&folder, ".toml");
    for case in &cases {
        let (source, adapter) =
            source(&fs::read_to_string(folder.join(format!("{case}.toml"))).unwrap());
        let list = fs::read(folder.join(format!("{case}.http"))).unwrap();
        let detail = fs::read(folder.join(format!("{case}.detail.http"))).ok();
        golden(&folder, case, &shown(&poll(&source, adapter.as_ref(), &list, detail.as_deref())));
    }
    no_orphans(&folder, &cases);
}

#[test]
fn posts_reads_every_recorded_post() {
    let folder = fixtures("posts");
    let cases = cases(&folder, ".md");
    for case in &cases {
        let text = fs::read(folder.join(format!("{case}.md"))).unwrap();
        golden(&folder, case, &shown(&read_post(&format!("{case}.md"), &text)));
    }
    no_orphans(&folder, &cases);
}

/// The post as the only file of a folder.
fn read_post(name: &str, text: &[u8]) -> Parsed {
    let (source, adapter) = source("kind = \"posts\"\nurl = \"file:posts/\"");
    let listing = format!("content-type: application/x-feedloom-listing\n\n{name}\t1\t2\n");
    let mut file = b"content-type: text/markdown\n\n".to_vec();
    file.extend_from_slice(text);
    poll(&source, adapter.as_ref(), listing.as_bytes(), Some(&file))
}

/// The answer cut at many places, and with bytes of it overwritten.
fn damaged(recorded: &[u8]) -> Vec<Vec<u8>> {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let body = recorded.windows(2).position(|pair| pair == b"\n\n").unwrap() + 2;
    let mut damaged = Vec::new();
    for _ in 0..60 {
        let cut = body + random.below(recorded.len() - body + 1);
        damaged.push(recorded[..cut].to_vec());
        let mut broken = recorded.to_vec();
        for _ in 0..8 {
            let at = body + random.below(broken.len() - body);
            broken[at] = u8::try_from(random.below(256)).unwrap();
        }
        damaged.push(broken);
    }
    damaged
}

#[test]
fn json_survives_cut_and_random_bytes() {
    let folder = fixtures("json");
    for case in cases(&folder, ".toml") {
        let (source, adapter) =
            source(&fs::read_to_string(folder.join(format!("{case}.toml"))).unwrap());
        let list = fs::read(folder.join(format!("{case}.http"))).unwrap();
        let whole = poll(&source, adapter.as_ref(), &list, None).entries.len();
        for list in damaged(&list) {
            let parsed = poll(&source, adapter.as_ref(), &list, Some(&list));
            assert!(
                !parsed.entries.is_empty() || !parsed.problems.is_empty() || whole == 0,
                "{case}"
            );
        }
    }
}

#[test]
fn posts_survive_cut_and_random_bytes() {
    let folder = fixtures("posts");
    for case in cases(&folder, ".md") {
        let mut recorded = b"x: y\n\n".to_vec();
        recorded.extend(fs::read(folder.join(format!("{case}.md"))).unwrap());
        for damaged in damaged(&recorded) {
            assert_eq!(read_post(&format!("{case}.md"), &damaged[6..]).entries.len(), 1);
        }
    }
}

/// The samples beside the repository, when they are there.
fn samples() -> Option<PathBuf> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples");
    let is_there = samples.is_dir();
    if !is_there {
        eprintln!("skipped: the samples of the seed system are not beside this repository");
    }
    is_there.then_some(samples)
}

#[test]
fn the_seed_post() {
    let Some(samples) = samples() else { return };
    let text = fs::read(samples.join("seed-post.md")).unwrap();
    let parsed = read_post("2022-05-27-NW202205272394352784.md", &text);
    assert_eq!(parsed.problems, []);
    let draft = &parsed.entries[0].draft;
    assert_eq!(draft.guid.as_deref(), Some("NW202205272394352784"));
    assert_eq!(draft.title, Some(Text::unsaid("重庆荣昌 ：全方位发力打造食安高地")));
    assert_eq!(draft.published, Some(Stamp::detect("2022-05-27 12:03:15 +0800")));
    assert_eq!(draft.categories[0].name, "中国市场监管新闻网");
    assert_eq!(draft.categories[0].alias.as_deref(), Some("zhongguoshichangjianguanxinwenwang"));
    let link = "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW202205272394352784";
    assert_eq!(draft.link.as_deref(), Some(link));
    assert_eq!(draft.outlet.as_deref(), Some("中国市场监管新闻网"));
    let body = &draft.content.as_ref().unwrap().raw;
    for gone in ["em_media", "文章来源", "NewsShare", "返回", "withounder"] {
        assert!(!body.contains(gone), "{gone}");
    }
    assert!(body.starts_with("<p>“按照规定") && body.ends_with("</p>"));
}

#[test]
fn all_posts_of_the_origin() {
    let Some(samples) = samples() else { return };
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in ["posts", "posts/v-19a746ac", "posts/v-3dd119dc", "posts/v-cfbae483"] {
        let found = fs::read_dir(samples.join(folder)).unwrap().map(|file| file.unwrap().path());
        files.extend(found.filter(|path| path.is_file()));
    }
    assert_eq!(files.len(), 14);
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let parsed = read_post(name, &fs::read(&file).unwrap());
        assert_eq!(parsed.problems, [], "{name}");
        let draft = &parsed.entries[0].draft;
        let body = draft.content.as_ref().map(|content| content.raw.as_str()).unwrap();
        assert!(
            !body.is_empty() && !body.contains("返回首页") && !body.contains("em_media"),
            "{name}"
        );
        assert_eq!(draft.categories.len(), 1, "{name}");
        assert!(draft.published.is_some(), "{name}");
        assert_eq!(draft.title.is_none(), name.starts_with('-'), "{name}");
        let linkless = name.starts_with('-') || name.ends_with("init.md");
        assert_eq!(draft.link.is_none(), linkless, "{name}");
    }
}

#[test]
fn posts_of_the_origin_name_their_outlets() {
    let Some(samples) = samples() else { return };
    for (file, outlet, category) in [
        ("2021-12-08-202112082206936037.md", Some("财联社"), "东财滚动新闻"),
        ("2021-12-08-202112082206972753.md", Some("中证网"), "东财滚动新闻"),
        ("2021-12-08-202112082207020388.md", None, "东财滚动新闻"),
        ("2022-04-21-202204212352227421.md", Some("央视新闻客户端"), "东财滚动新闻"),
        ("2022-05-30-202205302396671645.md", Some("中国证券报"), "东财滚动新闻"),
        ("2022-05-30-NW202205302396671645.md", Some("中国证券报"), "中国证券报"),
        ("2022-06-14-NW202206142412311033.md", Some("东方财富研究中心"), "东方财富研究中心"),
        ("-202205262391921712.md", Some("上海证券报"), "东财滚动新闻"),
        ("2021-12-01-init.md", None, "站长消息"),
    ] {
        let parsed = read_post(file, &fs::read(samples.join("posts").join(file)).unwrap());
        let draft = &parsed.entries[0].draft;
        assert_eq!(draft.outlet.as_deref(), outlet, "{file}");
        assert_eq!(draft.categories[0].name, category, "{file}");
    }
}

/// One of the three lists of the seed system, each entry with its own detail.
fn origin_list(samples: &Path, list: &str, toml: &str) -> Parsed {
    let (source, adapter) = source(&format!(
        "kind = \"json\"\nurl = \"file:api/{list}.json\"\n{toml}\n[source.detail]\n\
         url = \"file:api/detail/{{{}}}.json\"\ncontent = [\"text\", \"content\"]\n",
        if list == "type45" { "infocode" } else { "infoCode" }
    ));
    let ask = adapter.asks(&source, now()).remove(0);
    let at = ask.request.uri().to_string();
    let body = fs::read(samples.join(format!("api/{list}.json"))).unwrap();
    let mut parsed = adapter.parse(&ask, &at, &Response::new(body.into()));
    for entry in &mut parsed.entries {
        let request = entry.follow.clone().unwrap();
        let at = request.uri().to_string();
        let name = at.rsplit('/').next().unwrap();
        let body = fs::read(samples.join("api/detail").join(name)).unwrap();
        let ask = Ask::detail(request, entry.clone());
        let mut completed = adapter.parse(&ask, &at, &Response::new(body.into()));
        parsed.problems.append(&mut completed.problems);
        *entry = completed.entries.remove(0);
    }
    parsed
}

#[test]
fn the_rolling_list_of_the_origin() {
    let Some(samples) = samples() else { return };
    let parsed = origin_list(
        &samples,
        "type102",
        r#"categories = ["东财滚动新闻"]
        items = "records[]"
        [source.item]
        guid = "infoCode"
        title = "title"
        link = ["url_w", { template = "https://finance.eastmoney.com/a/{id}.html" }]
        summary = { path = "digest", strip_suffix = ["（*）", "(*)"] }
        outlet = { path = "digest", suffix = ["（*）", "(*)"] }
        published = ["showtime", { path = "id", pattern = "^(\\d{8})", inferred = true }]"#,
    );
    let drafts: Vec<&Draft> = parsed.entries.iter().map(|entry| &entry.draft).collect();
    assert_eq!(drafts.len(), 6, "the same record twice is one entry");
    let of = |id: &str| {
        *drafts.iter().find(|draft| draft.guid.as_deref().unwrap().ends_with(id)).unwrap()
    };
    assert_eq!(of("0101").outlet.as_deref(), Some("青禾证券报"));
    assert_eq!(of("0691").outlet.as_deref(), Some("银海银行观察"));
    let empty = of("0583");
    assert_eq!((&empty.title, empty.published_inferred), (&None, true));
    assert_eq!(
        empty.link.as_deref(),
        Some("https://finance.eastmoney.com/a/202303153000000583.html")
    );
    assert_eq!(of("0702").summary, None);
    assert_eq!(of("0702").content, None);
    assert_eq!(parsed.problems.len(), 1, "{:?}", parsed.problems);
    assert!(
        of("0350").content.as_ref().unwrap().raw.starts_with("<p>公司发布名为"),
        "text before content"
    );
}

#[test]
fn the_outlets_lists_of_the_origin() {
    let Some(samples) = samples() else { return };
    let item = "title = \"title\"\npublished = [\"showtime\", \"datetime\"]\nguid = [\"infoCode\", \"infocode\"]";
    let rows = |list: &str, path: &str, outlet: &str| {
        let toml = format!(
            "items = \"{path}[]\"\ncategory = \"{outlet}\"\n[source.item]\n{item}\noutlet = \"{outlet}\""
        );
        origin_list(&samples, list, &toml)
    };
    let names = |parsed: &Parsed| -> Vec<String> {
        let shelves = parsed.entries.iter().flat_map(|entry| &entry.draft.categories);
        shelves.map(|shelf| shelf.name.clone()).collect()
    };
    let list = rows("type45", "nodeList", "from");
    assert_eq!(list.entries.len(), 7);
    assert_eq!(
        names(&list),
        [
            "青禾证券报",
            "重庆商报",
            "21世纪经济报道 南财理财通",
            "安信国际证券(香港)",
            "Career In 投行PEVC",
            "TechWeb"
        ]
    );
    assert_eq!(list.problems.len(), 1, "the detail that is an error: {:?}", list.problems);
    let markets = rows("marketType37", "record", "medianame");
    assert_eq!(markets.entries.len(), 6);
    assert_eq!(names(&markets).len(), 6);
}
