//! A house to look at: the built binary over sources that try to break its pages.
//!
//! What upstreams wrote is made up, and of two kinds: ordinary news, enough to fill a page, and all
//! that has no business in a title, a name or a body. Nothing of it is anywhere but on loopback.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::origin::{Place, Running, await_ready, free_port};

/// What would break out of an attribute or a text, and what a template would work out.
pub const MARKUP: &str = "\"><svg onload=alert(1)>";
pub const TEMPLATES: &str = "{{7*7}}${7*7}<%=7*7%>";
/// What turns the words after it round, and never back.
pub const TURNED: &str = "甲\u{202e}乙丙丁";
/// A word no line can hold.
pub const WORD: &str = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftlichkeitsversicherungsnachweisformularvordruckausgabestelle";
/// A picture that never comes: nothing listens there, and a browser does not even ask.
pub const PICTURE: &str = "https://127.0.0.1:1/x.png";
/// How many items fill a page.
pub const MANY: usize = 60;

/// A running house.
pub struct House {
    pub port: u16,
    _running: Running,
    _place: Place,
}

impl House {
    /// Starts it and waits until every source has been tried.
    pub fn start() -> House {
        let port = free_port();
        let place = Place::new(&toml(port));
        place.write("many.json", feed("青禾财经", many()).to_string());
        place.write("hostile.json", feed("unused", hostile()).to_string());
        place.write("empty.json", feed("空", Vec::new()).to_string());
        place.write("list.json", list().to_string());
        place.write("page.html", format!("<!doctype html><p>{MARKUP}{TEMPLATES}"));
        place.write(&format!("posts/{MARKUP}.md"), post(MARKUP));
        place.write(&format!("posts/2022-05-25-{}.md", &WORD[..120]), post(WORD));
        let (code, _, told) = place.run(&["check"]);
        assert_eq!(code, 0, "{told}");
        let running = place.command(&[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let house =
            House { port, _running: Running(running.expect("the binary runs")), _place: place };
        await_ready(port, "/readyz");
        house
    }

    /// Where it answers.
    pub fn site(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// Nothing is due again while somebody looks.
fn toml(port: u16) -> String {
    let long = WORD.repeat(2);
    format!(
        "\
[site]
title = '青禾快报'
description = '财经、科技与地方新闻 {TEMPLATES}'
url = 'http://127.0.0.1:{port}'
[server]
listen = '127.0.0.1:{port}'
[defaults]
interval = '7d'
window = {{ items = {MANY}, max = {MANY} }}
[[category]]
name = '财经'
description = '市场、公司与宏观：每日更新'
[[source]]
id = 'many'
kind = 'feed'
url = 'file:many.json'
categories = ['财经']
[[source]]
id = 'hostile'
title = '''{MARKUP}{TEMPLATES}'''
kind = 'feed'
url = 'file:hostile.json'
categories = ['科', '''{MARKUP}{TEMPLATES}''', '{WORD}', '地方 {TURNED}']
[[view]]
id = 'week'
title = '''{MARKUP}{TEMPLATES}'''
description = '{WORD}'
sources = ['hostile']
[[source]]
id = 'empty'
title = '空'
kind = 'feed'
url = 'file:empty.json'
categories = ['空']
[[source]]
id = 'list'
title = '缺这少那的列表 {TURNED}'
kind = 'json'
url = 'file:list.json'
categories = ['财经']
items = 'items[]'
[source.item]
guid = 'id'
title = 'title'
published = 'time'
[[source]]
id = 'posts'
kind = 'posts'
url = 'file:posts/'
categories = ['财经']
[[source]]
id = 'missing'
title = '{WORD}'
kind = 'feed'
url = '''file:{MARKUP}{TEMPLATES}.json'''
categories = ['没有文章的一类']
[[source]]
id = 'page'
title = '不是订阅源'
kind = 'feed'
url = 'file:page.html'
[[source]]
id = 'refused'
title = '拒绝连接的来源'
kind = 'feed'
url = 'http://127.0.0.1:1/{long}?token=secret&page=1'
allow = ['127.0.0.1:1']
"
    )
}

fn feed(title: &str, items: Vec<Value>) -> Value {
    json!({
        "version": "https://jsonfeed.org/version/1.1", "title": title, "items": items,
        "home_page_url": "https://127.0.0.1:1/", "language": "zh-CN",
    })
}

/// Ordinary news of a few weeks, one in three in English, some with a picture.
fn many() -> Vec<Value> {
    let item = |n: usize| {
        let (title, text, language) = match n % 3 {
            0 => (
                "Rail bureau opens a night line to the coast",
                "A train an hour, from ten in the evening to five in the morning, for those who work late.",
                "en",
            ),
            1 => (
                "青禾市公布春耕进度，早稻栽插过八成",
                "市农业农村局说，今年的早稻栽插比去年早了四天，晚熟品种的秧苗也已备齐，各乡镇的农机站整夜不关门。",
                "zh-CN",
            ),
            _ => ("云岭铁路换上夜光砖", "站台边缘的砖在停电时仍能亮六个小时。", "zh-CN"),
        };
        json!({
            "id": format!("https://127.0.0.1:1/many/{n}"),
            "url": format!("https://127.0.0.1:1/many/{n}"),
            "title": format!("{title} {n}"),
            "content_html": format!("<p>{text}</p><p>{text}{text}</p>"),
            "image": (n % 5 == 1).then_some(PICTURE),
            "language": language,
            "date_published": format!("2022-05-{:02}T{:02}:30:00+08:00", 27 - n / 3, 8 + n % 12),
        })
    };
    (0..MANY).map(item).collect()
}

/// One item for each way to break a page.
fn hostile() -> Vec<Value> {
    let bodies = [
        (MARKUP, format!("<p>{}</p>", escaped(MARKUP)), MARKUP),
        (TEMPLATES, format!("<p>{TEMPLATES}</p><p id=main>id</p><svg onload=alert(1)></svg><script>alert(1)</script><style>*{{display:none}}</style><p style='color:#fff' onclick=alert(1)>看得见</p><a href='javascript:alert(1)'>x</a>"), TEMPLATES),
        (TURNED, format!("<p>{TURNED}</p><p>مرحبا بالعالم، هذا نص من اليمين إلى اليسار</p>"), TURNED),
        ("深处的一篇", deep(), "石汀"),
        (WORD, format!("<p>{0}</p><p>{0}</p><p><code>{0}</code></p><ul><li>{0}<ol><li>{0}</li></ol></li></ul><blockquote><blockquote><p>{0}</p></blockquote></blockquote>", WORD.repeat(2)), WORD),
        ("https://127.0.0.1:1/a/very/long/address/that/somebody/pasted/into/a/title?with=all&of=its&parameters=0123456789012345678901234567890123456789", format!("<p>https://127.0.0.1:1/{0}</p><p><a href='https://127.0.0.1:1/{0}'>https://127.0.0.1:1/{0}</a></p>", "0123456789".repeat(30)), "石汀"),
        ("一", "<p>一</p>".to_owned(), "一"),
        ("宽表、长行与巨图", wide(), "石汀"),
        ("没有正文的一篇", String::new(), ""),
        ("带附件的一篇，也说到另一篇", "<p>另见 <a href='https://127.0.0.1:1/hostile/7'>宽表</a>。</p>".to_owned(), "石汀"),
        ("An article in English among Chinese ones", "<h1>Its own heading</h1><p>Words, <em>some</em> of them <strong>strong</strong>, with <a href='https://127.0.0.1:1/'>a link</a> and <code>code</code>.</p><h3>Another</h3><p>“Quoted,” she said.</p><blockquote><p>A quotation of some length that runs over more than one line of a page.</p></blockquote>".to_owned(), "A. N. Author"),
    ];
    let item = |(n, (title, body, author)): (usize, (&str, String, &str))| {
        let mut item = json!({
            "id": format!("https://127.0.0.1:1/hostile/{n}"),
            "url": format!("https://127.0.0.1:1/hostile/{n}"),
            "title": title,
            "content_html": body,
            "summary": (!body.is_empty()).then_some(title),
            "authors": [{ "name": author }],
            "tags": [title, author],
            "image": (n % 2 == 0).then_some(PICTURE),
            "language": title.starts_with("An ").then_some("en"),
            "date_published": format!("2022-05-{:02}T09:00:00+08:00", 26 - n),
        });
        if title.starts_with('带') {
            item["attachments"] = attachments();
        }
        item
    };
    bodies.into_iter().enumerate().map(item).collect()
}

fn attachments() -> Value {
    json!([
        { "url": "https://127.0.0.1:1/%E9%9F%B3.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 18_400_000 },
        { "url": format!("https://127.0.0.1:1/{WORD}.pdf"), "mime_type": "application/pdf" },
        { "url": "https://127.0.0.1:1/%22%3E%3Csvg%20onload=alert(1)%3E", "mime_type": MARKUP },
    ])
}

/// A body in which everything stands in everything.
fn deep() -> String {
    let nested = |open: &str, close: &str| format!("{}深{}", open.repeat(30), close.repeat(30));
    [
        nested("<blockquote>", "</blockquote>"),
        nested("<ul><li>", "</li></ul>"),
        nested("<dl><dd>", "</dd></dl>"),
        nested("<h1><div>", "</div></h1>"),
        nested("<big>", "</big>"),
        nested("<section><h2>", "</h2></section>"),
        format!("<main><header>上</header><footer>下 <ul><li><a>一</a></ul></footer></main><ruby>{WORD}<rt>{WORD}</rt></ruby>"),
    ]
    .concat()
}

/// A body of all that is wider than a page.
fn wide() -> String {
    let cells =
        |tag: &str| (0..24).map(|n| format!("<{tag}>第{n}列 column</{tag}>")).collect::<String>();
    let row = format!("<tr>{}</tr>", cells("td"));
    format!(
        "<table><caption>宽表</caption><thead><tr>{}</tr></thead><tbody>{row}{row}</tbody></table>\
         <table><tr><td>{WORD}<td>{WORD}</table>\
         <pre>{}</pre>\
         <p><img src='{PICTURE}' width=12000 height=9000 alt='一张很大的图'></p>\
         <p><img src='{PICTURE}' width=12000 height=9000></p>\
         <figure><img src='{PICTURE}'><figcaption>没有尺寸的图</figcaption></figure>\
         <video width=4000 height=3000 controls></video>\
         <hr width=4000 size=4000><p>末段</p>",
        cells("th"),
        "a line of code that goes on and on ".repeat(20)
    )
}

/// Entries that lack what makes an item, and times nobody can read.
fn list() -> Value {
    let title = |n: usize| if n < 4 { "" } else { "时间不明的一篇" };
    let entry = |n| json!({ "id": n, "title": title(n), "time": format!("{MARKUP}{WORD}") });
    json!({ "items": (0..6).map(entry).collect::<Vec<_>>() })
}

fn post(title: &str) -> String {
    let title = json!(title);
    format!("---\ntitle: {title}\ndate: 2022-05-25 10:00:00\n---\n\n正文。{TEMPLATES}\n")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
