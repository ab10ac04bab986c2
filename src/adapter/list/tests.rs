use super::*;
use crate::adapter::testing::{adapter, answer, mistakes, now, source};
use crate::model::draft::Stamp;
use crate::model::text::Text;
use crate::model::time::Form;

const ROLLING: &str = r#"
url = "https://list.example/roll?type=102"
items = "records[]"
category = "medianame"
skip = { field = "title", contains = "广告" }
item.guid = "infoCode"
item.title = "title"
item.link = ["url_w", { template = "https://pages.example/a/{id}.html" }]
item.summary = { path = "digest", strip_suffix = ["（*）", "(*)"] }
item.outlet = { path = "digest", suffix = ["（*）", "(*)"] }
item.published = ["showtime", { path = "id", pattern = "^(\\d{8})", format = "%Y%m%d", inferred = true }]
detail.url = "/text?id={infoCode}"
detail.content = ["text", "content"]
"#;

fn ask(adapter: &dyn Adapter, url: &str) -> Ask {
    adapter.asks(&source(url), now()).remove(0)
}

fn parse(toml: &str, body: &str) -> Parsed {
    let adapter = adapter(&JSON, toml);
    let at = "https://list.example/roll?type=102";
    adapter.parse(&ask(adapter.as_ref(), at), at, &answer(body))
}

/// A list of one record, read by `ROLLING`.
fn one(record: &str) -> Entry {
    parse(ROLLING, &format!("{{\"records\":[{record}]}}")).entries.remove(0)
}

fn complete(entry: &Entry, body: &str) -> Parsed {
    let adapter = adapter(&JSON, ROLLING);
    let request = entry.follow.clone().unwrap();
    let at = request.uri().to_string();
    adapter.parse(&Ask::detail(request, entry.clone()), &at, &answer(body))
}

fn titles(parsed: &Parsed) -> Vec<&str> {
    parsed
        .entries
        .iter()
        .map(|entry| entry.draft.title.as_ref().map_or("", |title| title.raw.as_str()))
        .collect()
}

fn said(parsed: &Parsed) -> Vec<&str> {
    parsed.problems.iter().map(|problem| problem.what.as_str()).collect()
}

#[test]
fn an_entry_of_a_list() {
    let entry = one(
        r#"{"infoCode": "NW1", "id": "1", "title": "青禾 \"A&B\" 🚀", "url_w": "http://pages.example/1.html",
            "digest": "【青禾】全市已调运化肥。（青禾证券报）", "showtime": "2023-03-15 09:30:05",
            "medianame": " 青禾证券报  南财 "}"#,
    );
    let draft = entry.draft;
    assert_eq!(draft.guid.as_deref(), Some("NW1"));
    assert_eq!(draft.title, Some(Text::unsaid("青禾 \"A&B\" 🚀")));
    assert_eq!(draft.link.as_deref(), Some("http://pages.example/1.html"));
    assert_eq!(draft.summary.unwrap().raw, "【青禾】全市已调运化肥。");
    assert_eq!(draft.outlet.as_deref(), Some("青禾证券报"));
    assert_eq!(draft.published, Some(Stamp::detect("2023-03-15 09:30:05")));
    assert!(!draft.published_inferred);
    assert_eq!(draft.categories, [Membership { name: "青禾证券报 南财".into(), alias: None }]);
    assert_eq!(entry.follow.unwrap().uri(), "https://list.example/text?id=NW1");
}

#[test]
fn w7_fallbacks_fill_empty_fields() {
    let entry = one(
        r#"{"infoCode": "NW2", "id": "202303150002", "title": "", "url_w": "", "digest": null, "showtime": ""}"#,
    );
    let draft = entry.draft;
    assert_eq!(draft.title, None);
    assert_eq!(draft.summary, None);
    assert_eq!(draft.link.as_deref(), Some("https://pages.example/a/202303150002.html"));
    let day = Stamp { raw: "20230315".into(), forms: vec![Form::Pattern("%Y%m%d".into())] };
    assert_eq!(draft.published, Some(day));
    assert!(draft.published_inferred);
    assert_eq!(draft.categories, []);
}

#[test]
fn the_same_record_twice_is_one_entry() {
    let twice = r#"{"records": [{"infoCode": "a", "title": "1"}, {"infoCode": "b", "title": "2"}, {"infoCode": "a", "title": "3"}]}"#;
    assert_eq!(titles(&parse(ROLLING, twice)), ["1", "2"]);
}

#[test]
fn a_rule_drops_and_says_why() {
    let entry = one(r#"{"infoCode": "a", "title": "广告：买"}"#);
    assert_eq!(entry.draft.dropped.as_deref(), Some("skip: `title` contains 广告"));
    assert_eq!(entry.follow.map(|request| request.uri().clone()), None);
}

#[test]
fn q4_a_later_time_is_no_change() {
    let at = |showtime| {
        one(&format!(
            r#"{{"infoCode": "a", "title": "t", "showtime": "{showtime}", "count": {}}}"#,
            1
        ))
        .mark
    };
    assert_eq!(at("2023-03-15 09:30:05"), at("2023-03-15 09:45:00"));
    assert_ne!(at(""), one(r#"{"infoCode": "a", "title": "T", "showtime": ""}"#).mark);
}

#[test]
fn what_nobody_looks_at_is_no_change() {
    let counted =
        |count| one(&format!(r#"{{"infoCode": "a", "title": "t", "commentnum": {count}}}"#)).mark;
    assert_eq!(counted(1), counted(2));
}

#[test]
fn an_entry_without_identifier_goes_by_its_link_or_title() {
    let toml = "items = '[]'\nitem.title = 'title'\nitem.link = 'url'";
    let mark = |record: &str| parse(toml, &format!("[{record}]")).entries[0].mark;
    assert_eq!(
        mark(r#"{"url": "/a", "title": "x"}"#).key,
        mark(r#"{"url": "/a", "title": "y"}"#).key
    );
    assert_eq!(mark(r#"{"title": "x"}"#).key, Mark::new("x", []).key);
    assert_ne!(mark(r#"{"z": 1}"#).key, mark(r#"{"z": 2}"#).key);
}

#[test]
fn q5_text_is_preferred_for_the_body() {
    let entry = one(r#"{"infoCode": "a", "url_w": "https://pages.example/n/1.html"}"#);
    let completed = complete(&entry, r#"{"content": "<p>b</p>", "text": "<p>a</p>"}"#);
    let content = completed.entries[0].draft.content.clone().unwrap();
    assert_eq!(content.raw, "<p>a</p>");
    assert_eq!(content.base.as_deref(), Some("https://pages.example/n/1.html"));
    assert_eq!(completed.entries[0].mark, entry.mark);
    assert!(completed.entries[0].follow.is_none());
    assert_eq!(said(&completed), Vec::<&str>::new());
    let completed = complete(&entry, r#"{"content": "<p>b</p>", "text": ""}"#);
    assert_eq!(completed.entries[0].draft.content.clone().unwrap().raw, "<p>b</p>");
}

#[test]
fn a_detail_without_content_completes_with_a_problem() {
    let entry = one(r#"{"infoCode": "a", "title": "t"}"#);
    for (body, seen) in [
        (r#"{"message":"not found","status":404}"#, r#"{"message":"not found","status":404}"#),
        (r#"{"content": "", "text": ""}"#, r#"{"content":"","text":""}"#),
        ("[]", "[]"),
    ] {
        let completed = complete(&entry, body);
        assert_eq!(completed.entries[0].draft.content, None);
        assert_eq!(
            said(&completed),
            [format!("its detail has nothing of what was asked; it is {seen}")]
        );
    }
}

#[test]
fn a_detail_that_cannot_be_read_is_asked_again() {
    let entry = one(r#"{"infoCode": "a", "title": "t"}"#);
    let broken = complete(&entry, r#"{"content": "<p>a"#);
    assert!(broken.entries.is_empty());
    assert_eq!(
        said(&broken),
        ["the detail: the answer breaks off after 17 bytes, before its first entry is complete"]
    );
    let page = complete(&entry, "<html><title>502</title>");
    assert!(page.entries.is_empty());
    assert_eq!(said(&page), ["the detail: a page came where JSON was due; its title is “502”"]);
}

#[test]
fn a_detail_beside_a_list_in_a_folder() {
    let toml = ROLLING.replace("/text?id={infoCode}", "detail/{infoCode}.json");
    let adapter = adapter(&JSON, &toml);
    let at = "file://localhost/srv/feeds/list.json";
    let list = answer(r#"{"records":[{"infoCode":"NW1"},{"infoCode":"../../etc"}]}"#);
    let parsed = adapter.parse(&ask(adapter.as_ref(), at), at, &list);
    let follows: Vec<String> = parsed
        .entries
        .iter()
        .map(|entry| entry.follow.as_ref().unwrap().uri().to_string())
        .collect();
    assert_eq!(
        follows,
        [
            "file://localhost/srv/feeds/detail/NW1.json",
            "file://localhost/srv/feeds/detail/..%2F..%2Fetc.json"
        ]
    );
}

#[test]
fn t_07_a_detail_that_is_no_address_is_a_problem_of_its_entry() {
    let toml = ROLLING.replace("/text?id={infoCode}", "{url_w}");
    let parsed = parse(&toml, r#"{"records":[{"infoCode":"a","url_w":"file:///etc/passwd"}]}"#);
    assert!(parsed.entries[0].follow.is_none());
    assert_eq!(
        said(&parsed),
        ["`file:///etc/passwd` is not an address we ask: only http and https are"]
    );
}

#[test]
fn t_29_headers_go_only_where_they_were_meant_to() {
    let toml = format!(
        "headers = {{ Referer = 'https://pages.example/' }}\n{}",
        ROLLING.replace("/text?id={infoCode}", "{url_w}")
    );
    let header = |url: &str| {
        let parsed =
            parse(&toml, &format!(r#"{{"records":[{{"infoCode":"a","url_w":"{url}"}}]}}"#));
        parsed.entries[0].follow.clone().unwrap().headers().contains_key("referer")
    };
    assert!(header("https://list.example/1"));
    assert!(!header("https://elsewhere.example/1"));
}

#[test]
fn a_list_that_is_not_there_is_told_with_what_came() {
    let parsed = parse(ROLLING, r#"{"rc": 1, "me": "busy"}"#);
    assert_eq!(said(&parsed), [r#"the answer has no `records[]`; it is {"rc":1,"me":"busy"}"#]);
    assert_eq!(said(&parse(ROLLING, r#"{"records": []}"#)), Vec::<&str>::new());
}

#[test]
fn a_cut_list_keeps_its_complete_entries() {
    let parsed =
        parse(ROLLING, r#"{"records": [{"infoCode": "a", "title": "1"}, {"infoCode": "b", "tit"#);
    assert_eq!(titles(&parsed), ["1"]);
    assert_eq!(said(&parsed), ["the answer breaks off; what was complete before that is taken"]);
}

#[test]
fn t_15_entries_are_bounded() {
    let records: Vec<String> = (0..1_500).map(|n| format!(r#"{{"infoCode": "{n}"}}"#)).collect();
    let parsed = parse(ROLLING, &format!(r#"{{"records": [{}]}}"#, records.join(",")));
    assert_eq!(parsed.entries.len(), 1_000);
    assert_eq!(said(&parsed), ["the answer has more than 1000 entries; the rest is left out"]);
}

#[test]
fn pages_by_number() {
    let toml = "url = 'https://list.example/?p={page}&t={now_s}'\nitems = '[]'\nitem.guid = 'id'\npage.start = 0\npage.most = 3";
    let adapter = adapter(&JSON, toml);
    let mut ask = ask(adapter.as_ref(), "https://list.example/?p={page}&t={now_s}");
    let mut asked = Vec::new();
    loop {
        let at = ask.request.uri().to_string();
        let parsed = adapter.parse(&ask, &at, &answer(r#"[{"id": 1}]"#));
        asked.push(at);
        let Some(request) = parsed.next else { break };
        ask = Ask::list(request);
    }
    assert_eq!(asked, [0, 1, 2].map(|page| format!("https://list.example/?p={page}&t=1678845600")));
}

#[test]
fn pages_by_cursor() {
    let toml = r#"
        url = "https://list.example/?sortEnd="
        items = "data.list[]"
        item.guid = "id"
        page = { url = "https://list.example/?sortEnd={cursor}", cursor = "data.sortEnd" }
    "#;
    let next = |body: &str| parse(toml, body).next.map(|request| request.uri().to_string());
    let list = r#""list": [{"id": 1}]"#;
    assert_eq!(
        next(&format!(r#"{{"data": {{{list}, "sortEnd": "16&7"}}}}"#)).as_deref(),
        Some("https://list.example/?sortEnd=16%267")
    );
    assert_eq!(next(&format!(r#"{{"data": {{{list}, "sortEnd": ""}}}}"#)), None);
    assert_eq!(next(r#"{"data": {"list": [], "sortEnd": "16"}}"#), None);
}

#[test]
fn the_first_page_has_an_empty_cursor() {
    let toml = "items = '[]'\nitem.guid = 'id'\npage.cursor = 'next'\nurl = 'https://list.example/?c={cursor}'";
    let adapter = adapter(&JSON, toml);
    let request = ask(adapter.as_ref(), "https://list.example/?c={cursor}").request;
    assert_eq!(request.uri(), "https://list.example/?c=");
}

#[test]
fn braces_that_are_data_stay() {
    let adapter = adapter(
        &JSON,
        "items = '[]'\nitem.guid = 'id'\nurl = 'https://list.example/?q=%7Bpage%7D'",
    );
    let request = ask(adapter.as_ref(), "https://list.example/?q=%7Bpage%7D").request;
    assert_eq!(request.uri(), "https://list.example/?q=%7Bpage%7D");
}

#[test]
fn a_cursor_may_be_the_last_entry_s() {
    let toml = r#"
        url = "https://list.example/"
        items = "[]"
        item.guid = "id"
        page = { url = "?last_time={cursor}", cursor = "[-1].ctime" }
    "#;
    let next = parse(toml, r#"[{"id": 1, "ctime": 9}, {"id": 2, "ctime": 7}]"#).next.unwrap();
    assert_eq!(next.uri(), "https://list.example/roll?last_time=7");
}

#[test]
fn a_question_with_a_body() {
    let toml = r#"
        method = "POST"
        body = '{"page": {page}, "at": "{now_ms}", "filter": {}}'
        headers = { Referer = "https://pages.example/" }
        items = "[]"
        item.guid = "id"
    "#;
    let adapter = adapter(&JSON, toml);
    let request = ask(adapter.as_ref(), "https://list.example/").request;
    assert_eq!(request.method(), "POST");
    assert_eq!(request.body(), r#"{"page": 1, "at": "1678845600000", "filter": {}}"#);
    assert_eq!(request.headers()["content-type"], "application/json");
    assert_eq!(request.headers()["referer"], "https://pages.example/");
}

#[test]
fn mistakes_are_told_all_at_once() {
    let toml = r#"
method = "PUT"
items = "records[x]"
skip = [{ field = "a" }]
headers = { "a b" = "x", Referer = "a\nb" }
base = "www.example.com"
wrapper = { scirpt = "x" }
[item]
tilte = "title"
link = { template = "https://{id" }
[detail]
content = "text"
[page]
most = 0
"#;
    let expected = [
        "\"PUT\" | `PUT` should be `GET` or `POST`",
        "\"x\" | `a b` is no name of a header",
        "\"a\\nb\" | a header holds one line of visible ASCII characters",
        "{ scirpt = \"x\" } | this should be `{ script = \"its id\" }` or `{ variable = \"its name\" }`; calls and assignments need no word",
        "scirpt | unknown key `scirpt`; did you mean `script`?",
        "\"records[x]\" | in the path `records[x]`: `[x]` should be `[]` for each element, or a number such as `[0]`",
        "{ field = \"a\" } | a test is `empty = [fields]`, or `field` with `equals`, `not`, `contains` or `at_least`",
        "{ template = \"https://{id\" } | in the template `https://{id`: a brace is not closed",
        "tilte | unknown key `tilte`; did you mean `title`?",
        "\"www.example.com\" | `www.example.com` should be an address such as https://www.example.com/",
        "[detail] | `url` is missing here",
        "0 | this should be a number from 1 to 1000",
        "[page] | `url` (or `body`) should hold {page} or {cursor}, else every page is the same",
    ];
    let found = mistakes(&JSON, toml);
    for (found, expected) in found.iter().zip(expected) {
        let (place, what) = found.split_once(" | ").unwrap();
        let (expected_place, expected_what) = expected.split_once(" | ").unwrap();
        assert_eq!(what, expected_what);
        assert!(
            expected_place.contains(place) || place.contains(expected_place),
            "{place}: {what}"
        );
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

#[test]
fn what_a_source_needs() {
    let found = mistakes(&JSON, "kind = 'json'");
    let found: Vec<_> = found.iter().map(|said| said.rsplit(" | ").next().unwrap()).collect();
    assert_eq!(found, ["`items` is missing here", "`item` is missing here"]);
    let url = mistakes(&JSON, "url = 'https://{host}/'\nitems = '[]'\nitem.guid = 'id'");
    assert_eq!(
        url,
        [
            "'https://{host}/' | `{host}` is unknown here; known are {page}, {cursor}, {lead}, {now_ms}, {now_s}"
        ]
    );
}

const FLASHES: &str = r#"
url = "https://flash.example/newsflashes"
items = ".newsflash-item"
skip = { field = ".tag", equals = "广告" }
category = "@data-column"
item.guid = "@data-id"
item.title = "a.item-title"
item.link = "a.item-title@href"
item.summary = ".item-desc"
item.published = ".time"
detail.url = "{a.item-title@href}"
detail.content = ".article"
detail.author = "meta[name='author']@content"
page.url = "{cursor}"
page.cursor = "a.more@href"
"#;

const FLASH_PAGE: &str = r#"<!doctype html><html><head><base href="/list/"><title>快讯</title></head><body><ul>
<li class="newsflash-item" data-id="1" data-column="创投"><a class="item-title" href="/newsflashes/1">青禾 A&amp;B <b>完成</b>融资</a>
<div class="item-desc">数亿元<br>人民币</div><span class="time">3分钟前</span></li>
<li class="newsflash-item" data-id="2"><a class="item-title" href="../newsflashes/2">第二条</a><span class="time">昨天</span></li>
<li class="newsflash-item" data-id="3"><span class="tag">广告</span><a class="item-title" href="/x">买</a></li>
</ul><a class="more" href="?before=2">更多</a></body></html>"#;

#[test]
fn a_page_is_a_list_of_elements() {
    let at = "https://flash.example/newsflashes";
    let adapter = adapter(&HTML, FLASHES);
    let first = ask(adapter.as_ref(), at);
    let parsed = adapter.parse(&first, at, &answer(FLASH_PAGE));
    assert_eq!(titles(&parsed), ["青禾 A&B 完成融资", "第二条", "买"]);
    let draft = &parsed.entries[0].draft;
    assert_eq!(draft.guid.as_deref(), Some("1"));
    assert_eq!(draft.link.as_deref(), Some("/newsflashes/1"));
    assert_eq!(
        draft.summary,
        Some(Text { base: draft.link.clone(), ..Text::plain("数亿元 人民币") })
    );
    assert_eq!(draft.published, Some(Stamp::detect("3分钟前")));
    assert_eq!(draft.categories[0].name, "创投");
    assert_eq!(draft.base.as_deref(), Some("https://flash.example/list/"));
    assert!(parsed.entries[2].draft.dropped.is_some());
    let next = parsed.next.expect("a further page");
    assert_eq!(next.uri(), "https://flash.example/list/?before=2");
    let follow = |entry: &Entry| entry.follow.as_ref().expect("a detail").uri().to_string();
    assert_eq!(follow(&parsed.entries[0]), "https://flash.example/newsflashes/1");
    assert_eq!(follow(&parsed.entries[1]), "https://flash.example/newsflashes/2");
}

#[test]
fn a_page_completes_an_entry() {
    let at = "https://flash.example/newsflashes";
    let adapter = adapter(&HTML, FLASHES);
    let entry =
        adapter.parse(&ask(adapter.as_ref(), at), at, &answer(FLASH_PAGE)).entries.remove(0);
    let page = "<html><head><meta name=author content='青禾'></head><body><div class=article><p>正文</p></div></body></html>";
    let request = entry.follow.clone().expect("a detail");
    let whole = adapter.parse(&Ask::detail(request, entry), at, &answer(page)).entries.remove(0);
    let content = whole.draft.content.expect("a body");
    assert_eq!(
        (content.raw.as_str(), content.kind),
        ("<p>正文</p>", crate::model::text::Kind::Html)
    );
    assert_eq!(whole.draft.authors[0].name, "青禾");
}

#[test]
fn a_page_that_is_another_page_says_which() {
    let at = "https://flash.example/newsflashes";
    let adapter = adapter(&HTML, FLASHES);
    let parsed = adapter.parse(&ask(adapter.as_ref(), at), at, &answer("<title>请登录</title>"));
    assert_eq!(said(&parsed), ["the page has no `.newsflash-item`; its title is “请登录”"]);
    let parsed = adapter.parse(&ask(adapter.as_ref(), at), at, &answer("<i>".repeat(40_000)));
    assert_eq!(said(&parsed), ["the page nests deeper than any page people write"]);
}

#[test]
fn a_lead_gives_the_list_its_address() {
    let toml = r##"
url = "https://xin.example/news/ds_{lead}.json"
lead.url = "https://xin.example/xhsxw.htm"
lead.value = "#list@data-id"
items = "datasource[]"
item.guid = "contentId"
item.title = "title"
item.link = "publishUrl"
detail.kind = "html"
detail.url = "{publishUrl}"
detail.content = "#detailContent"
"##;
    let adapter = adapter(&JSON, toml);
    let first = ask(adapter.as_ref(), "https://xin.example/news/ds_{lead}.json");
    assert_eq!((first.request.uri().path(), first.leads_on), ("/xhsxw.htm", true));
    let at = "https://xin.example/xhsxw.htm";
    let parsed = adapter.parse(&first, at, &answer("<div id=list data-id='7a'></div>"));
    let next = parsed.next.expect("the list");
    assert_eq!(next.uri(), "https://xin.example/news/ds_7a.json");
    let at = next.uri().to_string();
    let list =
        r#"{"datasource":[{"contentId":"c1","title":"标题","publishUrl":"/20230315/c1/c.html"}]}"#;
    let parsed = adapter.parse(&Ask::list(next), &at, &answer(list));
    assert_eq!(titles(&parsed), ["标题"]);
    let detail = parsed.entries[0].follow.as_ref().expect("a detail");
    assert_eq!(detail.uri(), "https://xin.example/20230315/c1/c.html");
    let none = adapter.parse(&first, "https://xin.example/xhsxw.htm", &answer("<p>"));
    assert_eq!(said(&none), ["what leads to the list: it has no such value"]);
}

#[test]
fn marks_in_a_body_are_filled() {
    let toml = r#"
url = "https://wap.example/list.json"
items = "list[]"
item.guid = "id"
detail.url = "https://wap.example/{id}.json"
detail.items = "news"
detail.content = "body"
detail.fill = [
  { mark = "<!--IMG#{n}-->", from = "images[]", template = '<img src="{src}" alt="{alt}">' },
  { mark = "<!--Link#{n}-->", from = "links[]", template = '<a href="{url}">{title}</a>' },
]
"#;
    let adapter = adapter(&JSON, toml);
    let at = "https://wap.example/list.json";
    let list = adapter.parse(&ask(adapter.as_ref(), at), at, &answer(r#"{"list":[{"id":1}]}"#));
    let entry = list.entries[0].clone();
    let body = r#"{"news":{"body":"<p>a<!--IMG#0-->b<!--Link#0--><!--IMG#7--></p>",
        "images":[{"src":"https://p.example/1.jpg?a=1&b=2","alt":"\"图\""}],
        "links":[{"url":"https://l.example/","title":"<甲>"}]}}"#;
    let request = entry.follow.clone().expect("a detail");
    let whole = adapter.parse(&Ask::detail(request, entry), at, &answer(body)).entries.remove(0);
    assert_eq!(
        whole.draft.content.expect("a body").raw,
        "<p>a<img src=\"https://p.example/1.jpg?a=1&amp;b=2\" alt=\"&quot;图&quot;\">b<a href=\"https://l.example/\">&lt;甲></a><!--IMG#7--></p>"
    );
}

#[test]
fn sitemaps_are_followed_newest_first() {
    let adapter = adapter(&SITEMAP, "url = 'https://map.example/index.xml'");
    let at = "https://map.example/index.xml";
    let index = "<sitemapindex><sitemap><loc>/a.xml</loc><lastmod>2020-01-01</lastmod></sitemap>\
        <sitemap><loc>/b.xml</loc><lastmod>2023-01-01</lastmod></sitemap></sitemapindex>";
    let first = adapter.parse(&ask(adapter.as_ref(), at), at, &answer(index));
    let next = first.next.expect("a part");
    assert_eq!((next.uri().path(), first.entries.len()), ("/b.xml", 0));
    let part = "<urlset><url><loc>https://map.example/1</loc><news:news><news:title>甲</news:title>\
        <news:keywords>a, b</news:keywords></news:news></url></urlset>";
    let parsed = adapter.parse(&Ask::list(next), "https://map.example/b.xml", &answer(part));
    assert_eq!(titles(&parsed), ["甲"]);
    assert_eq!(parsed.entries[0].draft.link.as_deref(), Some("https://map.example/1"));
    let last = parsed.next.expect("the other part");
    assert_eq!(last.uri().path(), "/a.xml");
    let parsed =
        adapter.parse(&Ask::list(last), "https://map.example/a.xml", &answer("<urlset></urlset>"));
    assert!(parsed.next.is_none() && parsed.entries.is_empty());
}

#[test]
fn one_link_may_stand_on_several_entries_told_by_their_titles() {
    let settings = "url = 'https://a.example/'\nitems = '[]'\nitem.title = 't'\nitem.link = 'l'";
    let at = "https://a.example/";
    let list = r#"[{"t":"甲","l":"/1"},{"t":"乙","l":"/1"},{"t":"甲","l":"/1"}]"#;
    for (key, expected) in [("", &["甲"][..]), ("\nkey = 'title+day'", &["甲", "乙"])] {
        let adapter = adapter(&JSON, &(settings.to_owned() + key));
        let parsed = adapter.parse(&ask(adapter.as_ref(), at), at, &answer(list));
        assert_eq!(titles(&parsed), expected, "{key}");
    }
}

#[test]
fn fields_of_a_sitemap_stand_where_the_file_names_none() {
    let adapter =
        adapter(&SITEMAP, "url = 'https://map.example/a.xml'\nitem.title = 'image.title'");
    let at = "https://map.example/a.xml";
    let part = "<urlset><url><loc>https://map.example/1</loc><lastmod>2023-01-01</lastmod>\
        <image:image><image:title>甲</image:title></image:image></url></urlset>";
    let parsed = adapter.parse(&ask(adapter.as_ref(), at), at, &answer(part));
    assert_eq!(titles(&parsed), ["甲"]);
    assert_eq!(parsed.entries[0].draft.link.as_deref(), Some("https://map.example/1"));
}

#[test]
fn mistakes_of_pages_are_told() {
    let found = mistakes(
        &HTML,
        "url = 'https://a.example/'\nitems = 'li['\nitem.title = 'a['\nwrapper = { script = 'x' }",
    );
    assert!(found.iter().any(|what| what.contains("`li[` is no CSS selector")), "{found:#?}");
    assert!(found.iter().any(|what| what.contains("`a[` is no CSS selector")), "{found:#?}");
    assert!(found.iter().any(|what| what.contains("only JSON comes in a wrapper")), "{found:#?}");
}
