//! Digests, written: what stands in one, and in whose words.

use super::super::item::{Also, Enclosure, ItemId, Record};
use super::super::source::SourceId;
use super::super::time::Zone;
use super::super::twin::Reason;
use super::*;

fn time(text: &str) -> Timestamp {
    Timestamp::read(text, &Zone::Rfc822, None).expect("a time")
}

fn site() -> Site {
    Site {
        title: "新闻".into(),
        url: "https://n.example".into(),
        language: None,
        description: None,
        zone: Zone::default(),
    }
}

fn item(title: &str, change: impl FnOnce(&mut Record)) -> Item {
    let id = ItemId::mint("wire", &Key::guid(title));
    let at = time("2026-11-24T04:03:15Z");
    let mut record = Record {
        id,
        public_id: id.urn(),
        guid: None,
        source: SourceId::new("wire").expect("an id"),
        source_title: "电讯".into(),
        source_url: None,
        source_own_id: None,
        matter: Matter { title: plain(title), ..Matter::default() },
        categories: Vec::new(),
        published: at,
        published_inferred: false,
        updated: at,
        seen: at,
        also: Vec::new(),
    };
    change(&mut record);
    Item::recall(record)
}

/// The digest of these items in a language, `left` more not shown.
fn digest(language: Option<&str>, items: &[Item], left: usize) -> Candidate {
    let (site, of) = (site(), Shelf::Category("keji".into()));
    let cut = time("2026-11-25T00:00:00+08:00");
    let edition = Edition {
        site: &site,
        period: Period::Daily,
        cut,
        of: &of,
        name: "category/科技",
        title: "科技",
        language,
    };
    let mut digest = Digest::new(&edition);
    items.iter().for_each(|item| digest.add(item));
    digest.finish(left)
}

/// Its body, without what the sanitiser says of every link.
fn body(digest: &Candidate) -> String {
    let html = digest.matter.content.as_ref().expect("a body").as_str();
    html.replace(" rel=\"noopener noreferrer nofollow ugc\"", "")
}

fn html(items: &[Item]) -> String {
    body(&digest(None, items, 0))
}

#[track_caller]
fn check(item: Item, expected: &str) {
    assert_eq!(html(&[item]), format!("<ol><li>{expected}</li></ol>"));
}

#[test]
fn a_headline_with_all_there_is() {
    let twin = |name: &str, link: Option<&str>| Also {
        id: ItemId::mint("other", &Key::guid(name)),
        source: SourceId::new("other").expect("an id"),
        publication: name.into(),
        link: link.map(str::to_owned),
        reason: Reason::Link,
    };
    let whole = item("标题", |record| {
        record.matter.link = Some("https://wire.example/1?a=1&b=2".into());
        record.matter.image = Some("https://wire.example/1.jpg".into());
        record.matter.summary = Some(plain("一句话。"));
        record.matter.outlet = Some("日报".into());
        record.also = vec![twin("晚报", Some("https://e.example/")), twin("周刊", None)];
    });
    let page = |name: &str| twin(name, None).link_on("https://n.example");
    let (id, others) = (whole.id, [page("晚报"), page("周刊")]);
    check(
        whole,
        &format!(
            "<p><strong><a href=\"https://wire.example/1?a=1&amp;b=2\">标题</a></strong></p>\
             <p><img src=\"https://wire.example/1.jpg\" alt=\"标题\"></p><p>一句话。</p>\
             <p><a href=\"https://n.example/item/{id}\">12:03</a> · 日报 · \
             另见 <a href=\"{}\">晚报</a>、<a href=\"{}\">周刊</a></p>",
            others[0], others[1]
        ),
    );
}

#[test]
fn a_headline_with_nothing_leads_to_its_page_here() {
    let bare = item("标题", |record| record.published = time("2026-11-20T23:30:00Z"));
    let page = format!("https://n.example/item/{}", bare.id);
    check(
        bare,
        &format!(
            "<p><strong><a href=\"{page}\">标题</a></strong></p>\
             <p><a href=\"{page}\">11月21日 07:30</a> · 电讯</p>"
        ),
    );
}

#[test]
fn a_picture_that_is_attached_stands_in() {
    let file = |kind: &str, url: &str| Enclosure {
        url: url.into(),
        media_type: Some(kind.into()),
        length: None,
    };
    let attached = item("标题", |record| {
        record.matter.enclosures = vec![
            file("audio/mpeg", "https://a.example/1.mp3"),
            file("image/png", "https://a.example/1.png"),
        ];
    });
    let candidate = digest(None, &[item("其一", |_| {}), attached], 0);
    assert_eq!(candidate.matter.image.as_deref(), Some("https://a.example/1.png"));
    let html = body(&candidate);
    assert_eq!(html.matches("<img ").count(), 1);
    assert!(!html.contains("mp3"));
}

#[test]
fn what_upstream_wrote_stays_text() {
    let hostile = item("<script>alert(1)</script> \"x\" & <b>y", |record| {
        record.matter.link = Some("https://a.example/\"onclick=\"x".into());
        record.matter.image = Some("javascript:alert(1)".into());
        record.matter.outlet = Some("<img src=x onerror=y>".into());
        record.matter.summary = Some(plain("a < b"));
    });
    let html = html(&[hostile]);
    assert!(
        html.contains("&lt;script&gt;alert(1)&lt;/script&gt; \"x\" &amp; &lt;b&gt;y</a>"),
        "{html}"
    );
    for gone in ["<script", "javascript:", " onclick=\"", "<b>", "<img src=\"x"] {
        assert!(!html.contains(gone), "{gone} in {html}");
    }
}

#[test]
fn what_has_no_room_is_counted() {
    let two = [item("甲", |_| {}), item("乙", |_| {})];
    for (language, title, left, summary) in [
        (None, "科技 · 2026年11月24日", "另有 3 篇，见 ", "共 5 篇：甲；乙"),
        (Some("en"), "科技 · 24 November 2026", "3 more in ", "5 items: 甲; 乙"),
    ] {
        let candidate = digest(language, &two, 3);
        assert_eq!(candidate.matter.title.as_str(), title);
        assert_eq!(candidate.matter.summary.as_ref().map(PlainText::as_str), Some(summary));
        let html = body(&candidate);
        let end =
            format!("</ol><p>{left}<a href=\"https://n.example/category/keji.html\">科技</a></p>");
        assert!(html.ends_with(&end), "{html}");
    }
}

#[test]
fn it_is_dated_by_its_cut_on_the_sites_clock() {
    let candidate = digest(None, &[item("甲", |_| {})], 0);
    let published = candidate.published.map(Timestamp::rfc3339);
    assert_eq!(published.as_deref(), Some("2026-11-25T00:00:00+08:00"));
    assert_eq!(candidate.keys, [Key::guid("daily 2026-11-24T16:00:00Z category/科技")]);
}

#[test]
fn the_next_cut_is_that_of_the_day_or_of_the_week() {
    let next = |periods: &[Period], now: &str| {
        let (site, periods, views) = (site(), periods.to_vec(), Arc::from([]));
        let digests = Digests { site, periods, views, keep: None };
        digests.next(time(now)).map(Timestamp::rfc3339)
    };
    let (day, week) = ("2026-11-25T00:00:00+08:00", "2026-11-30T00:00:00+08:00");
    let now = "2026-11-24T12:00:00Z";
    assert_eq!(next(&Period::ALL, now).as_deref(), Some(day));
    assert_eq!(next(&[Period::Weekly], now).as_deref(), Some(week));
    assert_eq!(next(&[], now), None);
}

#[test]
fn a_headline_is_struck_out_with_all_that_belongs_to_it() {
    let pictured = |title: &str| {
        item(title, |record| {
            record.matter.image = Some(format!("https://a.example/{title}?a=1&b=2"));
            record.matter.link = Some("https://a.example/the-same".into());
        })
    };
    let items = [pictured("甲"), pictured("乙"), item("丙", |_| {})];
    let whole = digest(None, &items, 2).matter.clone();
    let struck = without(whole.clone(), items[0].id).expect("two are left");
    let expected = digest(None, &items[1..], 2);
    assert_eq!(struck.content, expected.matter.content);
    assert_eq!(struck.image, expected.matter.image);
    assert_eq!((struck.title.clone(), struck.summary.clone()), (whole.title.clone(), None));
    let struck = without(struck, items[1].id).expect("one is left");
    assert_eq!(
        (struck.image.clone(), struck.content.clone()),
        (None, digest(None, &items[2..], 2).matter.content.clone())
    );
    assert_eq!(without(struck, items[2].id), None, "nothing is left");
    assert_eq!(without(Matter { content: None, ..whole.clone() }, items[0].id), None);
    let stranger = item("丁", |_| {}).id;
    assert_eq!(without(whole.clone(), stranger), Some(whole));
}
