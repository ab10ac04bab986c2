//! One wrong file a mistake: where it is told, and in which words.

use std::time::Duration;

use super::*;
use crate::model::manners::Manner;
use crate::model::source::Allowed;

const SITE: &str = "[site]\ntitle = \"金融消息\"\nurl = \"http://127.0.0.1:8080\"\n";

fn secret(name: &str) -> Result<String, String> {
    match name {
        "env:FEEDLOOM_TOKEN" => Ok("0123456789abcdef".to_owned()),
        "env:FEEDLOOM_DESK_KEY" => {
            Ok("whsec_AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=".to_owned())
        }
        "env:HOOK" => Ok("https://chat.example/a/secret/place".to_owned()),
        "env:TOKEN" => Ok("Bearer word".to_owned()),
        "env:LINES" => Ok("a\r\nHost: evil".to_owned()),
        _ => Err(format!("`{name}` is not set")),
    }
}

fn parsed(text: &str) -> Result<Config, Vec<Error>> {
    parse(text, Path::new("/srv/news"), &secret)
}

#[track_caller]
fn good(rest: &str) -> Config {
    let text = format!("{SITE}{rest}");
    parsed(&text).unwrap_or_else(|errors| panic!("{text}\n{errors:#?}"))
}

fn told(text: &str) -> Vec<String> {
    parsed(text).err().unwrap_or_default().iter().map(Error::to_string).collect()
}

/// The file after three good lines of `[site]` has this mistake and no other.
#[track_caller]
fn check(rest: &str, at: &str, words: &str) {
    let told = told(&format!("{SITE}{rest}"));
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].starts_with(&format!("{at}: ")), "{told:#?}");
    assert!(told[0].contains(words), "{told:#?}");
}

/// As `check`, in a source that is right but for this line, which is the eighth.
#[track_caller]
fn in_source(line: &str, column: usize, words: &str) {
    let source =
        format!("[[source]]\nid = \"a\"\nkind = \"feed\"\nurl = \"https://a.example/\"\n{line}\n");
    check(&source, &format!("8:{column}"), words);
}

#[track_caller]
fn alone_told(text: &str, expected: &[&str]) {
    assert_eq!(told(text), expected);
}

#[test]
fn the_least_file_has_every_default() {
    let config = good("[[source]]\nid = \"a\"\nkind = \"feed\"\nurl = \"file:a.rss\"\n");
    assert_eq!(config.site.title, "金融消息");
    assert_eq!(config.server, Server::default());
    assert_eq!(config.server.listen, Listen::Tcp(([127, 0, 0, 1], 8080).into()));
    assert_eq!(config.store, "sqlite:/srv/news/data/feedloom.db");
    assert_eq!(config.window, Window::default());
    let source = &config.upstreams[0].source;
    assert_eq!(source.namespace, "a");
    assert_eq!(source.zone, Zone::default());
    assert_eq!(source.url, "file://localhost/srv/news/a.rss");
    assert_eq!(source.keep, Some(Duration::from_secs(90 * 86_400)));
    assert_eq!((source.budget, source.max_categories, source.interval), (100, 200, None));
}

#[test]
fn full_text_is_for_what_shows_a_beginning() {
    in_source("full_text = 'p['", 13, "no CSS selector");
    let posts = "[[source]]\nid = \"a\"\nkind = \"posts\"\nurl = \"file:a\"\nfull_text = true\n";
    check(posts, "8:13", "whole as they are");
}

#[test]
fn posts_lie_in_a_folder_of_this_machine() {
    let posts = "[[source]]\nid = \"a\"\nkind = \"posts\"\nurl = \"https://a.example/\"\n";
    check(posts, "7:7", "such as `file:posts/`");
}

/// As `check`, in a webhook that is right but for this line, which is the eighth.
#[track_caller]
fn in_webhook(line: &str, column: usize, words: &str) {
    let right = "[[webhook]]\nid = \"desk\"\nurl = \"https://desk.example/\"\nsecret = \"env:FEEDLOOM_DESK_KEY\"\n";
    check(&format!("{right}{line}\n"), &format!("8:{column}"), words);
}

#[test]
fn wrong_webhooks() {
    in_webhook("events = [\"item.publish\"]", 11, "did you mean `item.published`?");
    in_webhook("batch = 101", 9, "from 1 to 100");
    in_webhook("views = [\"none\"]", 10, "`none`");
    in_webhook("sources = [\"none\"]", 12, "`none`");
    in_webhook("query = \"!\"", 9, "no word");
    in_webhook("allow = [\"10.0.0.0/99\"]", 10, "should be a host");
    let webhook = |url: &str, secret: &str| {
        format!("[[webhook]]\nid = \"a\"\nurl = {url}\nsecret = {secret}\n")
    };
    let key = "\"env:FEEDLOOM_DESK_KEY\"";
    for (url, words) in [
        ("\"http://desk.example/\"", "allow_http = true"),
        ("\"ftp://desk.example/\"", "an address of the web"),
        ("\"desk.example\"", "an address of the web"),
        ("\"https://me:word@desk.example/\"", "user and password"),
        ("\"env:NONE\"", "is not set"),
    ] {
        check(&webhook(url, key), "6:7", words);
    }
    let url = "\"https://desk.example/\"";
    check(&webhook(url, "\"whsec_AwMD\""), "7:10", "does not stand in this file");
    check(&webhook(url, "\"env:TOKEN\""), "7:10", "begins with `whsec_`");
    check(&webhook(url, "[]"), "7:10", "there should be one key here");
    let two = format!("{}{}", webhook(url, key), webhook(url, key));
    check(&two, "9:6", "taken further up");
}

#[test]
fn webhooks_as_they_are_meant() {
    let config = good(concat!(
        "[[source]]\nid = \"a\"\nkind = \"feed\"\nurl = \"file:a\"\n",
        "[[webhook]]\nid = \"desk\"\nurl = \"env:HOOK\"\nsecret = [\"env:FEEDLOOM_DESK_KEY\", \"env:FEEDLOOM_DESK_KEY\"]\n",
        "sources = [\"a\"]\nevents = [\"item.updated\"]\nbatch = 50\n",
        "[[webhook]]\nid = \"near\"\nurl = \"http://10.0.0.7/\"\nallow_http = true\nallow = [\"10.0.0.7\"]\nsecret = \"env:FEEDLOOM_DESK_KEY\"\n",
    ));
    let [desk, near] = &config.webhooks[..] else { panic!("two webhooks") };
    assert_eq!(desk.webhook.url, "https://chat.example/a/secret/place");
    assert_eq!((desk.keys.len(), desk.webhook.batch), (2, 50));
    assert_eq!((near.webhook.batch, near.webhook.backlog), (1, false));
    assert!(near.webhook.events.is_empty() && near.webhook.categories.is_empty());
}

#[test]
fn posts_are_kept_for_ever_unless_they_say_otherwise() {
    let posts = "[[source]]\nid = \"a\"\nkind = \"posts\"\nurl = \"file:posts/\"\n";
    assert_eq!(good(posts).upstreams[0].source.keep, None);
    let month = good(&format!("{posts}keep = \"30d\"\n"));
    assert_eq!(month.upstreams[0].source.keep, Some(Duration::from_secs(30 * 86_400)));
    let store =
        "[store]\nkeep = \"for ever\"\n[[source]]\nid = \"a\"\nkind = \"feed\"\nurl = \"file:a\"\n";
    assert_eq!(good(store).upstreams[0].source.keep, None);
}

#[test]
fn a_source_without_zone_takes_that_of_the_defaults_then_the_sites() {
    let source = "[[source]]\nid = \"a\"\nkind = \"feed\"\nurl = \"file:a\"\n";
    let zone = |text: &str| good(&format!("{text}{source}")).upstreams[0].source.zone;
    assert_eq!(zone("timezone = \"Asia/Tokyo\"\n"), "Asia/Tokyo".parse().unwrap());
    let both = "timezone = \"Asia/Tokyo\"\n[defaults]\ntimezone = \"Europe/Berlin\"\n";
    assert_eq!(zone(both), "Europe/Berlin".parse().unwrap());
}

#[test]
fn sources_inherit_the_defaults() {
    let config = good(concat!(
        "[defaults]\ninterval = \"10m\"\ndetails = 7\nlimits = { total = \"1m\" }\nwindow = { items = 20 }\n",
        "[[source]]\nid = \"a\"\nkind = \"feed\"\nurl = \"file:a\"\n",
        "[[source]]\nid = \"b\"\nkind = \"feed\"\nurl = \"file:b\"\ninterval = \"1h\"\nlimits = { connect = \"1s\" }\nallow = [\"10.0.0.0/8\"]\n",
    ));
    let [a, b] = [&config.upstreams[0].source, &config.upstreams[1].source];
    assert_eq!(
        (a.interval, b.interval),
        (Some(Duration::from_secs(600)), Some(Duration::from_secs(3600)))
    );
    assert_eq!(
        (a.budget, b.limits.total, b.limits.connect),
        (7, Duration::from_secs(60), Duration::from_secs(1))
    );
    assert_eq!((config.window.items, config.window.max), (20, 500));
    assert_eq!((a.rank, b.rank), (0, 1));
    assert_eq!(b.allow, [Allowed::parse("10.0.0.0/8").unwrap()]);
}

#[test]
fn sets_of_rules_come_before_a_sources_own() {
    let config = good(concat!(
        "[rules.shared]\nremove = [\".ad\"]\nimages = [\"data-big\"]\n",
        "[[source]]\nid = \"a\"\nkind = \"feed\"\nurl = \"file:a\"\nrules = [\"shared\"]\nremove = [\"nav\"]\n",
        "extract = [{ to = \"label\", scheme = \"urn:x\", pattern = \"(\\\\d+)\", template = \"n{1}\" }]\n",
    ));
    let rules = &config.upstreams[0].source.rules;
    assert_eq!((rules.remove.len(), rules.extract.len()), (2, 1));
    assert_eq!(rules.images, ["data-big"]);
}

#[test]
fn a_categorys_id_stands_for_its_name() {
    let config = good(concat!(
        "[[category]]\nid = \"politics\"\nname = \"时政\"\naliases = [\"old\"]\n",
        "[[source]]\nid = \"a\"\nkind = \"feed\"\nurl = \"file:a\"\ncategories = [\"politics\", \"时政\", \"财经\"]\n",
    ));
    assert_eq!(config.upstreams[0].source.categories, ["时政", "财经"]);
    assert_eq!(config.categories[0].slug.as_deref(), Some("politics"));
}

#[test]
fn t_21_headers_are_one_line_and_secrets_stay_secret() {
    let source = |url: &str, headers: &str| {
        let least = "items = \"[]\"\nitem = { title = \"t\" }";
        format!(
            "[[source]]\nid = \"a\"\nkind = \"json\"\nurl = \"{url}\"\nheaders = {{ {headers} }}\n{least}\n"
        )
    };
    let web = "https://a.example/";
    good(&source(web, "Authorization = \"env:TOKEN\", Referer = \"https://b.example/\""));
    check(&source(web, "A = \"env:LINES\""), "8:17", "no single line");
    check(&source(web, "A = \"env:NONE\""), "8:17", "`env:NONE` is not set");
    check(&source(web, "Host = \"x\""), "8:13", "set by Feedloom itself");
    check(&source("file:a.json", "A = \"x\""), "8:11", "a file or folder takes no headers");
}

#[test]
fn what_is_required() {
    alone_told("", &["1:1: `[site]` is missing; it should hold `title` and `url`"]);
    alone_told("[site]\n", &["1:1: `title` is missing here", "1:1: `url` is missing here"]);
    let told = told(&format!("{SITE}\n[[source]]\n"));
    assert_eq!(
        told,
        ["5:1: `id` is missing here", "5:1: `kind` is missing here", "5:1: `url` is missing here"]
    );
}

#[test]
fn unknown_keys_and_tables() {
    check("langauge = \"zh\"\n", "4:1", "unknown key `langauge`; did you mean `language`?");
    check("[[sources]]\n", "4:3", "did you mean `source`?");
    check("[server]\nport = 80\n", "5:1", "unknown key `port`");
    in_source("intervall = \"10m\"", 1, "did you mean `interval`?");
    in_source("rewrite = true", 1, "unknown key `rewrite`");
    in_source("items = \"a[]\"", 1, "`items` is a key of kind `json`, not of `feed`");
    check("[rules.x]\nremoves = []\n", "5:1", "did you mean `remove`?");
    check("[defaults]\nwindow = { item = 5 }\n", "5:12", "did you mean `items`?");
}

#[test]
fn kinds_and_ids() {
    let source = |id: &str, kind: &str| {
        format!("[[source]]\nid = \"{id}\"\nkind = \"{kind}\"\nurl = \"file:a\"\n")
    };
    check(&source("a", "feeed"), "6:8", "unknown kind `feeed`; did you mean `feed`?");
    check(&source("a", "mail"), "6:8", "there are `feed`, `json`, `html`, `sitemap`, `posts`");
    check(&source("People Politics", "feed"), "5:6", "such as `people-politics`");
    check(&(source("a", "feed") + &source("a", "feed")), "9:6", "`a` is taken further up");
}

#[test]
fn wrong_types() {
    in_source("title = 5", 9, "this should be text in quotes, but it is a whole number");
    in_source("categories = \"时政\"", 14, "a list in brackets");
    in_source("categories = [\"时政\", 5]", 21, "text in quotes");
    in_source("interval = 10", 12, "write \"10m\"");
    in_source("details = -1", 11, "from 0 to 100000");
    in_source("limits = 5", 10, "a table of keys");
    check("[server]\nlisten = true\n", "5:10", "text in quotes");
}

#[test]
fn what_is_no_table_is_said_once() {
    alone_told("site = 5\n", &["1:8: this should be a table of keys, but it is a whole number"]);
    let told = told(&format!("source = 5\ncategory = \"x\"\n{SITE}"));
    assert_eq!(told.len(), 2, "{told:#?}");
}

#[test]
fn wrong_values() {
    in_source("interval = \"10 minutes\"", 12, "`10 minutes` is no span of time");
    in_source("interval = \"0s\"", 12, "more than no time");
    in_source("limits = { wire = \"5 megabytes\" }", 19, "is no size");
    in_source("timezone = \"Asia/Shangai\"", 12, "Asia/Shanghai");
    in_source("language = \"Chinese!\"", 12, "no language tag");
    in_source("remove = [\"p[\"]", 11, "`p[` is no CSS selector: it ends too soon");
    in_source("remove = [\"p >\"]", 11, "`p >` is no CSS selector: a part of it is missing");
    in_source("rules = [\"estmoney\"]", 10, "no rules called `estmoney`");
    in_source("allow = [\"10.0.0.0/99\"]", 10, "should be a host");
    in_source("title = \" \"", 9, "should not be empty");
    in_source("title = \"a\\u0001\"", 9, "without control characters");
    check("[store]\nurl = \"postgres://x\"\n", "5:7", "`sqlite:data/feedloom.db`");
    check("[server]\nlisten = \"unix:\"\n", "5:10", "`unix:feedloom.sock`");
    check("[server]\nlisten = \"localhost\"\n", "5:10", "`127.0.0.1:8080`");
    check("[server]\ntrusted_proxies = [\"lo\"]\n", "5:20", "`10.0.0.0/8`");
    check("[server]\nretired = [\"old\"]\n", "5:12", "`/category/old`");
    check("[[host]]\nname = \"https://a.example\"\n", "5:8", "without scheme");
    check("[[host]]\ngap = \"1s\"\n", "4:1", "`name` is missing");
    check("[[host]]\nname = \"a.example\"\nat_once = 0\n", "6:11", "from 1 to");
    check("[[host]]\nname = \"a.example\"\nretry_after = \"all\"\n", "6:15", "`host` or `source`");
    check(
        "[[host]]\nname = \"a.example\"\n[[host]]\nname = \"A.example.\"\n",
        "7:8",
        "has manners of its own already",
    );
    check("[server]\nlimits = { per_client = 0 }\n", "5:25", "from 1 to");
    check("[defaults]\nwindow = { items = 50, max = 10 }\n", "5:10", "should not be less");
    check("contact = \"我\"\n", "4:11", "mailto:");
}

#[test]
fn wrong_rules_of_extraction() {
    let extract = |inner: &str| format!("[rules.x]\nextract = [{{ {inner} }}]\n");
    check(&extract("to = \"outlet\""), "5:12", "reads nothing");
    check(&extract("to = \"outlets\", select = \"p\""), "5:19", "did you mean `outlet`?");
    check(&extract("select = \"p\""), "5:12", "`to` is missing here");
    check(
        &extract("to = \"image\", scheme = \"urn:x\", select = \"p\""),
        "5:12",
        "only `to = \"label\"`",
    );
    check(&extract("to = \"outlet\", pattern = \"(\""), "5:39", "unclosed group");
    check(&extract("to = \"outlet\", pattern = \"(?:a{1000}){1000}\""), "5:39", "size limit");
    check(
        &extract("to = \"outlet\", pattern = \"(a)\", template = \"{2}\""),
        "5:57",
        "no group of the pattern, which has 1",
    );
    check(&extract("to = \"outlet\", pattern = \"(a)\", template = \"{1\""), "5:57", "no partner");
}

#[test]
fn wrong_categories() {
    check("[[category]]\ntitle = \"时政\"\nid = \"时政\"\n", "6:6", "a-z");
    check("[[category]]\n", "4:1", "`id` or `name` is missing");
    check(
        "[[category]]\nid = \"a\"\n[[category]]\nid = \"b\"\naliases = [\"a\"]\n",
        "8:12",
        "taken further up",
    );
    check(
        "[[category]]\nname = \"ＴｅｃｈＷｅｂ\"\n[[category]]\nname = \"techweb\"\n",
        "7:8",
        "taken further up",
    );
}

#[test]
fn mistakes_of_the_language_itself() {
    check("[[source]\n", "4:10", "unclosed array table");
    check("language = \"zh\"\nlanguage = \"en\"\n", "5:1", "duplicate key");
    check("language = zh\n", "4:12", "must be quoted");
}

#[test]
fn ten_mistakes_are_told_at_once_and_in_order() {
    let text = r#"[site]
titel = "金融"
url = "127.0.0.1"
timezone = "Asia/Peking"

[store]
keep = "long"

[[source]]
id = "A b"
kind = "rss"
url = "htp://x.example/"
intervals = "5m"
remove = ["p["]
rules = ["none"]
"#;
    let told = told(text);
    let places: Vec<_> = told.iter().map(|told| told.split(": ").next().unwrap()).collect();
    let expected =
        ["1:1", "2:1", "3:7", "4:12", "7:8", "10:6", "11:8", "12:7", "13:1", "14:11", "15:10"];
    assert_eq!(places, expected, "{told:#?}");
}

#[test]
fn columns_are_characters_and_a_bom_is_none() {
    let told = told("\u{feff}[site]\ntitle = \"金融\"\nurl = \"http://a.example\"\n\"时政\" = 1\n");
    assert_eq!(told, ["4:1: unknown key `时政`"]);
}

#[test]
fn digests_are_daily_and_weekly_unless_the_file_says_else() {
    let periods = |line: &str| good(&format!("[defaults]\n{line}\n")).digests;
    assert_eq!(periods(""), Period::ALL);
    assert_eq!(periods("digests = []"), []);
    assert_eq!(periods("digests = [\"weekly\"]"), [Period::Weekly]);
    assert_eq!(periods("digests = [\"weekly\", \"daily\", \"weekly\"]"), Period::ALL);
    check("[defaults]\ndigests = [\"dayly\"]\n", "5:12", "did you mean `daily`?");
    check("[defaults]\ndigests = [\"monthly\"]\n", "5:12", "unknown period `monthly`");
    check("[defaults]\ndigests = \"daily\"\n", "5:11", "list");
    check("[defaults]\ndigest = []\n", "5:1", "`digests`");
}

#[test]
fn no_source_can_be_called_as_ours_is() {
    let ours = SourceId::ours();
    let source =
        |id: &str| format!("[[source]]\nid = \"{id}\"\nkind = \"feed\"\nurl = \"file:a\"\n");
    check(&source(ours.as_str()), "5:6", "a-z");
    let line = format!("{}namespace = \"{}\"\n", source("a"), ours.as_str());
    assert_ne!(good(&line).upstreams[0].source.namespace, ours.as_str());
}

#[test]
fn a_source_can_stand_alone() {
    let upstream =
        alone("feed", "file:a.rss", Path::new("/srv")).map_err(|why| panic!("{why}")).unwrap();
    assert_eq!(upstream.source.url, "file://localhost/srv/a.rss");
    assert!(
        alone("feed", "gopher://a.example/", Path::new("/")).err().unwrap().contains("`http://`")
    );
}

/// The annotated file at the root.
const REFERENCE: &str = include_str!("../../feeds.toml");

/// It with every switched-off setting on: those lines have no blank after their `#`.
fn all_switched_on() -> String {
    let switched = |line: &str| match line.strip_prefix('#') {
        Some(setting) if !setting.is_empty() && !setting.starts_with(' ') => setting.to_owned(),
        _ => line.to_owned(),
    };
    REFERENCE.lines().map(switched).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_reference_is_right() {
    let config = parsed(REFERENCE).unwrap_or_else(|errors| panic!("{errors:#?}"));
    assert!(config.upstreams.iter().all(|upstream| upstream.source.is_local()), "it runs offline");
}

#[test]
fn every_setting_the_reference_shows_exists() {
    let config = parsed(&all_switched_on()).unwrap_or_else(|errors| panic!("{errors:#?}"));
    let live = config.upstreams.iter().filter(|upstream| !upstream.source.is_local());
    assert!(live.count() >= 5, "well-known live feeds stand ready");
}

#[test]
fn the_reference_shows_the_true_defaults() {
    let shown = parsed(&all_switched_on()).map_err(|errors| panic!("{errors:#?}")).unwrap();
    let plain = parsed(REFERENCE).map_err(|errors| panic!("{errors:#?}")).unwrap();
    assert_eq!(
        (&shown.server, &shown.store, shown.window, &shown.digests),
        (&plain.server, &plain.store, plain.window, &plain.digests)
    );
    assert_eq!(shown.manners.of("news.example.com"), Manner::default());
    for (shown, plain) in shown.upstreams.iter().zip(&plain.upstreams).take(2) {
        let (shown, plain) = (&shown.source, &plain.source);
        assert_eq!((&shown.id, shown.keep, shown.zone), (&plain.id, plain.keep, plain.zone));
        assert_eq!((shown.budget, shown.limits), (plain.budget, plain.limits));
        assert_eq!((shown.max_categories, shown.collapse), (plain.max_categories, plain.collapse));
    }
}

#[test]
fn t_31_the_operators_door_has_a_token_that_stands_elsewhere() {
    assert!(good("").admin.is_none(), "closed unless it is asked for");
    let admin = good("[admin]\ntoken = \"env:FEEDLOOM_TOKEN\"\n").admin.unwrap();
    assert_eq!(admin.listen, Listen::Tcp("127.0.0.1:8081".parse().unwrap()));
    assert!(admin.token.is("0123456789abcdef"));
    check("[admin]\n", "4:1", "token");
    check("[admin]\ntoken = \"0123456789abcdef\"\n", "5:9", "env:NAME");
    check("[admin]\ntoken = \"env:TOKEN\"\n", "5:9", "16 characters");
    check("[admin]\ntoken = \"env:NONE\"\n", "5:9", "not set");
}

#[test]
fn the_reference_shows_every_key() {
    let common = [
        "id",
        "kind",
        "url",
        "title",
        "categories",
        "max_categories",
        "interval",
        "timezone",
        "language",
        "namespace",
        "keep",
        "collapse",
        "hub",
        "robots",
        "key",
        "details",
        "limits",
        "allow",
        "rules",
        "remove",
        "unwrap",
        "extract",
        "images",
        "full_text",
        // And of webhooks.
        "secret",
        "sources",
        "views",
        "query",
        "events",
        "batch",
        "backlog",
        "allow_http",
        "pushes",
    ];
    let of_kinds = crate::adapter::ALL.iter().flat_map(|kind| kind.keys);
    let all = all_switched_on();
    for key in common.iter().chain(of_kinds) {
        let is_shown = all.lines().any(|line| line.starts_with(&format!("{key} = ")));
        assert!(
            is_shown || all.contains(&format!("\n[source.{key}]")),
            "`{key}` is nowhere in feeds.toml"
        );
    }
}

#[test]
fn broken_files_never_panic() {
    for end in (0..REFERENCE.len()).step_by(101).filter(|end| REFERENCE.is_char_boundary(*end)) {
        let _ = parsed(&REFERENCE[..end]);
        let _ = parsed(&format!("{}{}", &REFERENCE[..end], "[[\"'{"));
    }
}
