use proptest::prelude::*;

use super::document::{Document, Format, ITEMS, Item};
use super::*;
use crate::adapter::{Entry, testing};
use crate::model::pause::Pause;
use crate::model::text::{Kind as TextKind, SafeHtml};

fn document(text: &str) -> Document<'_> {
    read(text, None).unwrap_or_else(|what| panic!("{what}: {text}"))
}

/// Reads the one item of an RSS feed around `inside`.
fn check(
    inside: &str,
    field: for<'i> fn(&'i document::Item<'_>) -> Option<&'i str>,
    expected: &str,
) {
    let text = format!("<rss version='2.0'><channel><item>{inside}</item></channel></rss>");
    let document = document(&text);
    assert_eq!(document.items.len(), 1, "{inside}");
    assert_eq!(field(&document.items[0]).unwrap_or_default(), expected, "{inside}");
}

fn title<'i>(item: &'i document::Item<'_>) -> Option<&'i str> {
    item.title.as_ref().map(|title| title.raw.as_ref())
}

fn summary<'i>(item: &'i document::Item<'_>) -> Option<&'i str> {
    item.summary.as_ref().map(|summary| summary.raw.as_ref())
}

fn link<'i>(item: &'i document::Item<'_>) -> Option<&'i str> {
    item.link.as_deref()
}

fn format(text: &str, expected: Format) {
    assert_eq!(document(text).format, expected, "{text}");
}

fn refused(text: &str, expected: &str) {
    let what = read(text, None).unwrap_err();
    assert!(what.contains(expected), "{what}");
}

fn parsed(settings: &str, at: &str, body: &str) -> Parsed {
    let adapter = testing::adapter(&KIND, settings);
    let source = testing::source(at);
    let ask = adapter
        .asks(&source, Timestamp::from_seconds(0, crate::model::time::Offset::UTC).unwrap())
        .remove(0);
    adapter.parse(&ask, at, &Response::new(body.to_owned().into()))
}

fn entries(body: &str) -> Vec<Entry> {
    parsed("kind = 'feed'", "https://news.example/rss.xml", body).entries
}

#[test]
fn c_35_what_an_article_says_of_its_language_counts() {
    let language = |content: &str| {
        let feed = format!(
            "<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='zh'><entry xml:lang='ja'><title>t</title>{content}</entry></feed>"
        );
        entries(&feed)[0].draft.language.clone()
    };
    assert_eq!(language("<content>x</content>").as_deref(), Some("ja"));
    assert_eq!(language("<content xml:lang='en'>x</content>").as_deref(), Some("en"));
    assert_eq!(language("<content xml:lang=''>x</content>").as_deref(), Some("ja"));
}

#[test]
fn what_atom_says_of_a_feeds_rights_holds_for_its_entries() {
    let rights = |inside: &str| {
        let feed = format!(
            "<feed xmlns='http://www.w3.org/2005/Atom'><rights>all</rights><entry><title>t</title>{inside}</entry></feed>"
        );
        entries(&feed)[0].draft.rights.as_ref().map(|rights| rights.raw.clone())
    };
    assert_eq!(rights("").as_deref(), Some("all"));
    assert_eq!(rights("<rights>some</rights>").as_deref(), Some("some"));
}

fn cut(text: &str, expected: bool) {
    assert_eq!(document(text).is_cut, expected, "{text}");
}

#[test]
fn x_07_a_document_that_breaks_off_says_so() {
    let item = "<item><title>a</title></item>";
    cut(&format!("<rss><channel>{item}</channel></rss>"), false);
    cut(&format!("<rss><channel>{item}</channel></rss><!-- {} -->", "x".repeat(9000)), false);
    cut(&format!("<rss><channel>{item}"), true);
    cut(&format!("<rss><channel>{item}<item><description>&lt;/rss&gt; </rs"), true);
    cut("<feed xmlns='http://www.w3.org/2005/Atom'><title>t</title></feed>", false);
    cut("<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>t</title></entry>", true);
    cut(&format!("<channel href='x'>{item}</channel>"), false);
    cut("<entry xmlns='http://www.w3.org/2005/Atom'><title>t</title></entry>", false);
    cut("<entry xmlns='http://www.w3.org/2005/Atom'><title>t</title>", true);
    cut(r#"{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"1"},]}"#, false);
    cut(r#"{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"1"},{"id""#, true);
}

#[test]
fn formats_are_told_by_content() {
    format("<rss version='2.0'/>", Format::Rss);
    format("<channel><title>x</title></channel>", Format::Rss);
    format("<rdf:RDF><channel><title>x</title></channel></rdf:RDF>", Format::Rdf);
    format("<feed xmlns='http://www.w3.org/2005/Atom'/>", Format::Atom);
    format("<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:entry/></a:feed>", Format::Atom);
    format("<entry xmlns='http://www.w3.org/2005/Atom'><title>x</title></entry>", Format::Atom);
    format("<CHANNEL HREF='http://x.example/'><ITEM HREF='1'/></CHANNEL>", Format::Cdf);
    format("\u{feff} {\"items\":[]}", Format::Json);
    format("junk <br> <?xml version='1.0'?><!-- x --><rss/>", Format::Rss);
}

#[test]
fn what_is_no_feed_is_refused_with_its_reason() {
    refused("", "empty");
    refused(" \n", "empty");
    refused("hello", "no markup");
    refused("{\"a\":1}", "no JSON Feed");
    refused("[1,2]", "no JSON Feed");
    refused("{\"a\" \"b\"}", "JSON with a fault");
    refused("<urlset><url/></urlset>", "sitemap");
    refused("<kml/>", "<kml>");
    refused("<rdf:RDF><foaf:Person/></rdf:RDF>", "RDF");
    refused("<!DOCTYPE html><html><head><title>x</title></head></html>", "HTML page");
}

#[test]
fn an_unclosed_element_ends_where_the_next_begins() {
    check("<title>甲<link>http://a.example/</link>", title, "甲");
    check("<title>甲<link>http://a.example/</link>", link, "http://a.example/");
    check("<description>乙<pubDate>x</pubDate>", summary, "乙");
    check("<link>http://a.example/<title>甲</title>", title, "甲");
}

#[test]
fn an_unknown_element_that_is_never_closed_hides_nothing() {
    check("<foo><title>甲</title>", title, "甲");
    check("<foo><bar/></foo><title>甲</title>", title, "甲");
    check("<foo:list><title>不是</title></foo:list><title>甲</title>", title, "甲");
}

#[test]
fn html_that_nobody_escaped_is_kept_as_html() {
    check("<description><p>一<br>二</description><title>甲</title>", summary, "<p>一<br>二");
    check("<description>a<b class='x'>c</b></description>", summary, "a<b class=\"x\">c</b>");
    let text = "<rss><channel><item><description>a<b>c</b></description></item></channel></rss>";
    assert_eq!(document(text).items[0].summary.as_ref().unwrap().kind, TextKind::Html);
}

#[test]
fn sections_stand_anywhere() {
    check("<title>一<![CDATA[<二>]]>三<![CDATA[&amp;]]></title>", title, "一<二>三&amp;");
    check(
        "<![CDATA[junk]]><link><![CDATA[ http://a.example/ ]]></link>",
        link,
        "http://a.example/",
    );
}

#[test]
fn a_guid_is_a_permalink_unless_it_says_otherwise() {
    check("<guid>http://a.example/1</guid>", link, "http://a.example/1");
    check("<guid isPermaLink='FALSE'>http://a.example/1</guid>", link, "");
    check("<guid>tag:1</guid>", link, "");
    check(
        "<guid>http://a.example/1</guid><link>http://b.example/</link>",
        link,
        "http://b.example/",
    );
}

#[test]
fn feedburner_gives_the_link_back() {
    let inside = "<link>http://feedproxy.example/1</link><feedburner:origLink>http://a.example/1</feedburner:origLink>";
    check(inside, link, "http://a.example/1");
}

#[test]
fn extensions_fill_gaps_only() {
    check("<media:title>图</media:title><title>甲</title>", title, "甲");
    check("<title>甲</title><itunes:title>播客</itunes:title>", title, "甲");
    check(
        "<media:group><media:content url='v.mp4'><media:title>图</media:title></media:content></media:group>",
        title,
        "图",
    );
    check(
        "<x:y xmlns:x='http://purl.org/dc/elements/1.1/'/><d:date xmlns:d='http://purl.org/dc/elements/1.1/'>2026</d:date>",
        |item| item.published.as_deref(),
        "2026",
    );
}

#[test]
fn persons_in_their_spellings() {
    let author = |item: &document::Item<'_>| {
        let person = item.authors[0].clone();
        format!("{} | {}", person.name.unwrap_or_default(), person.email.unwrap_or_default())
    };
    for (written, expected) in [
        ("a@b.example (张三)", "张三 | a@b.example"),
        ("张三 &lt;a@b.example&gt;", "张三 | a@b.example"),
        ("张三 (mailto:a@b.example)", "张三 | a@b.example"),
        ("a@b.example", " | a@b.example"),
        ("新华社记者 张三", "新华社记者 张三 | "),
        ("@张三", "@张三 | "),
        ("<name>张三</name><email>a@b.example</email>", "张三 | a@b.example"),
    ] {
        let text = format!("<rss><channel><item><author>{written}</author></item></channel></rss>");
        assert_eq!(author(&document(&text).items[0]), expected, "{written}");
    }
}

#[test]
fn atom_texts_by_their_type() {
    for (attributes, inside, kind, expected) in [
        ("", "a &lt;b", TextKind::Unsaid, "a <b"),
        ("type='text'", "&lt;b&gt;", TextKind::Plain, "<b>"),
        ("type='html'", "&lt;b&gt;x", TextKind::Html, "<b>x"),
        ("type='xhtml'", "<div><b>x &lt; y</b></div>", TextKind::Html, "<b>x &lt; y</b>"),
        (
            "type='xhtml'",
            "<x:div xmlns:x='http://www.w3.org/1999/xhtml'><x:i>x</x:i></x:div>",
            TextKind::Html,
            "<i>x</i>",
        ),
        ("type='xhtml'", "<p>x</p><div>y</div>", TextKind::Html, "<p>x</p><div>y</div>"),
        ("type='text/html' mode='escaped'", "&lt;b&gt;x", TextKind::Html, "<b>x"),
        ("mode='base64' type='text/html'", "PGI+eDwvYj4=", TextKind::Html, "<b>x</b>"),
    ] {
        let text = format!(
            "<feed xmlns='http://www.w3.org/2005/Atom'><entry><content {attributes}>{inside}</content></entry></feed>"
        );
        let document = document(&text);
        let content = document.items[0].content.as_ref().unwrap();
        assert_eq!((content.kind, content.raw.as_ref()), (kind, expected), "{text}");
    }
}

#[test]
fn unknown_elements_that_are_never_closed_cost_nobody_anything() {
    for tag in
        ["<br>", "<p>", "<img src='x'>", "<price>12", "<x:y>12", "<thumbnail>http://a.example/"]
    {
        let item = format!(
            "<item>{}<title>T</title>{tag}<link>http://a.example/1</link></item>",
            tag.repeat(20)
        );
        let text = format!("<rss><channel>{}</channel></rss>", item.repeat(40));
        let document = document(&text);
        let whole =
            |item: &&Item<'_>| title(item) == Some("T") && link(item) == Some("http://a.example/1");
        assert_eq!(document.items.iter().filter(whole).count(), 40, "{tag}");
    }
}

#[test]
fn addresses_as_people_write_them() {
    check("<link>www.a.example/1</link>", link, "http://www.a.example/1");
    check("<link>http://a.example/\n      1.html</link>", link, "http://a.example/1.html");
    check("<link>#</link><guid>http://a.example/2</guid>", link, "http://a.example/2");
    check("<enclosure url=http://a.example/3.mp3 type=audio/mpeg/>", file_type, "audio/mpeg");
}

fn file_type<'i>(item: &'i Item<'_>) -> Option<&'i str> {
    item.enclosures.first()?.media_type.as_deref()
}

#[test]
fn people_in_one_line() {
    let text = "<rss><channel><item><author>a@b.c (A), d@e.f (B)</author></item>
        <item><author>a@b.c, d@e.f</author></item><item><author>a@b.c (Name (nick))</author></item></channel></rss>";
    let document = document(text);
    let of = |n: usize| -> Vec<(Option<&str>, Option<&str>)> {
        let authors = document.items[n].authors.iter();
        authors.map(|person| (person.name.as_deref(), person.email.as_deref())).collect()
    };
    assert_eq!(of(0), [(Some("A"), Some("a@b.c")), (Some("B"), Some("d@e.f"))]);
    assert_eq!(of(1), [(None, Some("a@b.c")), (None, Some("d@e.f"))]);
    assert_eq!(of(2), [(Some("Name (nick)"), Some("a@b.c"))]);
}

#[test]
fn pictures_of_one_post_and_forms_of_one_picture() {
    let picture =
        |name: &str| format!("<media:content url='https://p.example/{name}' medium='image'/>");
    let files = |inside: &str| {
        let text = format!("<rss><channel><item>{inside}</item></channel></rss>");
        let item = document(&text).items.remove(0);
        let files: Vec<String> = item.enclosures.iter().map(|file| file.href.to_string()).collect();
        (item.image.map(|image| image.to_string()).unwrap_or_default(), files.join(" "))
    };
    let expect = |image: &str, files: &str| (image.to_owned(), files.to_owned());
    let three = [picture("1.jpg"), picture("2.png"), picture("2.png?w=2")].concat();
    assert_eq!(files(&three), expect("https://p.example/1.jpg", "https://p.example/2.png"));
    let group = format!("<media:group>{three}</media:group>");
    assert_eq!(files(&group), expect("https://p.example/1.jpg", ""));
    let face = "<media:content url='https://0.gravatar.com/avatar/1' medium='image'/>";
    assert_eq!(
        files(&(face.to_owned() + &picture("1.jpg"))),
        expect("https://p.example/1.jpg", "")
    );
}

#[test]
fn an_unclosed_body_ends_before_what_html_does_not_have() {
    let body = "<description><![CDATA[<p>d</p>]]>";
    for after in
        ["<author>甲</author>", "<source url='http://b.example/'>乙</source>", "<image>x</image>"]
    {
        check(&format!("{body}{after}"), summary, "<p>d</p>");
    }
    check(
        "<description><video><source src=x></video>d</description>",
        summary,
        "<video><source src=\"x\"></video>d",
    );
    let entry = "<feed xmlns='http://www.w3.org/2005/Atom'><entry>
        <title type='xhtml'><div>t</div><link href='http://a.example/1'/><id>i</id></entry></feed>";
    let document = document(entry);
    assert_eq!(
        (title(&document.items[0]), link(&document.items[0])),
        (Some("t"), Some("http://a.example/1"))
    );
    assert_eq!(document.items[0].id.as_deref(), Some("i"));
}

#[test]
fn xml_base_is_no_base_of_cdf() {
    let text =
        "<rss xml:base='http://a.example/'><channel xml:base='b/'><link>c</link></channel></rss>";
    assert_eq!(document(text).channel.link.as_deref(), Some("http://a.example/b/c"));
}

#[test]
fn json_as_people_write_it() {
    let text = r#"{"version":"https://jsonfeed.org/version/1","items":{"id":1,"image":{"url":"http://p.example/1"},
        "content_html":["<p>1</p>","<p>2</p>"],"attachments":["http://p.example/2.mp3"]}}"#;
    let document = document(text);
    let item = &document.items[0];
    assert_eq!(item.image.as_deref(), Some("http://p.example/1"));
    assert_eq!(item.content.as_ref().map(|text| text.raw.as_ref()), Some("<p>1</p>\n<p>2</p>"));
    assert_eq!(item.enclosures[0].href, "http://p.example/2.mp3");
}

#[test]
fn xml_base_reaches_inwards() {
    let text = "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://a.example/x/'>
        <entry xml:base='y/'><link href='1.html'/><content type='xhtml'><div xml:base='z/'><a href='2'/></div></content></entry>
        <entry><link href='1.html'/></entry></feed>";
    let document = document(text);
    assert_eq!(link(&document.items[0]), Some("https://a.example/x/y/1.html"));
    assert_eq!(
        document.items[0].content.as_ref().unwrap().base.as_ref().unwrap().as_str(),
        "https://a.example/x/y/z/"
    );
    assert_eq!(link(&document.items[1]), Some("https://a.example/x/1.html"));
}

#[test]
fn xml_base_inside_xhtml() {
    let text = "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://a.example/'><entry>
        <content type='xhtml'><div xml:base='x/'><p xml:base='y/'><a href='1'>1</a></p><img xml:base='/z/' src='2'/><a href='3'>3</a>\
        </div></content></entry></feed>";
    let document = document(text);
    let content = document.items[0].content.as_ref().unwrap();
    let clean = SafeHtml::clean(&content.clone().into_model(), None);
    for address in ["https://a.example/x/y/1", "https://a.example/z/2", "https://a.example/x/3"] {
        assert!(
            clean.as_str().contains(&format!("=\"{address}\"")),
            "{address}: {}",
            clean.as_str()
        );
    }
}

#[test]
fn items_outside_their_channel_and_after_a_second_root() {
    let text = "<rss><channel><title>甲</title></channel><item><title>1</title></item></rss>
        <title>junk</title><rss><channel><item><title>2</title></item></channel></rss>";
    let document = document(text);
    assert_eq!(document.items.iter().filter_map(title).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(document.channel.title.unwrap().raw, "甲");
}

#[test]
fn t_09_entities_of_a_doctype_are_never_expanded() {
    let text = "<!DOCTYPE r [<!ENTITY a 'xx'><!ENTITY b '&a;&a;'>]><rss><channel><title>&b;</title></channel></rss>";
    assert_eq!(document(text).channel.title.unwrap().raw, "&b;");
}

#[test]
fn t_15_depth_costs_nothing() {
    for (open, close) in
        [("<x>", "</x>"), ("<div>", "</div>"), ("<media:group>", ""), ("<a:b>", "")]
    {
        let (open, close) = (open.repeat(100_000), close.repeat(100_000));
        let text = format!(
            "<rss><channel><item><title>甲</title>{open}{close}</item><item/></channel></rss>"
        );
        assert_eq!(document(&text).items.len(), 2);
        let text = format!(
            "<rss><channel><item><description>{open}{close}</description><title>甲</title></item></channel></rss>"
        );
        assert_eq!(document(&text).items.len(), 1);
    }
    let nested =
        format!("{{\"items\":[{{\"id\":1,\"_x\":{}{}}}]}}", "[".repeat(120), "]".repeat(120));
    assert_eq!(document(&nested).items.len(), 1);
}

#[test]
fn t_15_items_beyond_the_bound_are_counted() {
    let text = format!("<rss><channel>{}</channel></rss>", "<item/>".repeat(ITEMS + 5));
    let document = document(&text);
    assert_eq!(document.items.len(), ITEMS);
    assert_eq!(document.problems[0].what, "5 items more than the 1000 kept of one document");
    let json = format!("{{\"items\":[{}1]}}", "{},".repeat(ITEMS + 5));
    assert_eq!(read(&json, None).unwrap().items.len(), ITEMS);
}

#[test]
fn t_15_long_texts_are_cut() {
    let text = format!(
        "<rss><channel><item><description>{}</description></item></channel></rss>",
        "字".repeat(4 << 20)
    );
    let document = document(&text);
    assert!(summary(&document.items[0]).unwrap().len() <= 10 << 20);
    assert_eq!(document.problems.len(), 1);
}

#[test]
fn an_entry_carries_what_its_item_says() {
    let body = "<rss><channel><title>频道</title><link>https://news.example/</link><language>zh-CN</language><ttl>15</ttl>
        <skipHours><hour>0</hour><hour>24</hour><hour>7</hour><hour>25</hour><hour>x</hour></skipHours><skipDays><day>Sunday</day><day> monday</day><day>Someday</day></skipDays>
        <item><title>甲</title><link>/1</link><guid isPermaLink='false'>g1</guid><description>&lt;p&gt;乙&lt;/p&gt;</description>
        <category domain='d'>时政</category><pubDate>Tue, 10 Nov 2026 10:00:00 +0800</pubDate></item></channel></rss>";
    let parsed = parsed("kind = 'feed'", "https://cdn.example/rss.xml", body);
    assert_eq!(parsed.about.title.as_deref(), Some("频道"));
    let pause = Pause { minutes: Some(15), hours: 1 | 1 << 7, days: 1 | 1 << 6 };
    assert_eq!(parsed.about.pause, pause);
    assert_eq!(
        parsed.about.encoding.as_deref(),
        Some("utf-8: its bytes are valid UTF-8, whatever is said of them")
    );
    let draft = &parsed.entries[0].draft;
    assert_eq!((draft.guid.as_deref(), draft.link.as_deref()), (Some("g1"), Some("/1")));
    assert_eq!(draft.base.as_deref(), Some("https://news.example/"));
    assert_eq!(draft.language.as_deref(), Some("zh-CN"));
    assert_eq!(draft.published.as_ref().unwrap().raw, "Tue, 10 Nov 2026 10:00:00 +0800");
    assert_eq!(draft.labels[0].term, "时政");
    assert!(draft.categories.is_empty(), "upstream's categories make no shelves unasked");
}

#[test]
fn shelves_of_upstream_s_words_when_asked_for() {
    let body =
        "<rss><channel><item><title>甲</title><category>时政</category><category>要闻</category>
        <source url='http://a.example/'>晚报</source></item></channel></rss>";
    let names = |settings| {
        let parsed = parsed(settings, "https://news.example/", body);
        parsed.entries[0].draft.categories.iter().map(|c| c.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names("category = 'label'"), ["时政", "要闻"]);
    assert_eq!(names("category = 'outlet'"), ["晚报"]);
    assert_eq!(names("category = 'source'"), ["晚报"]);
    assert!(testing::mistakes(&KIND, "category = 'labels'")[0].starts_with("'labels' | "));
}

#[test]
fn a_source_of_an_item_ends_where_it_is_closed_else_before_its_neighbours() {
    let outlet = |source: &str| {
        let body =
            format!("<rss><channel><item>{source}<title>甲</title></item><item/></channel></rss>");
        let entries = parsed("category = 'outlet'", "https://news.example/", &body).entries;
        let draft = &entries[0].draft;
        (draft.categories[0].name.clone(), draft.title.as_ref().map(|title| title.raw.clone()))
    };
    for source in [
        "<source url='http://a.example/'>晚报</source>",
        "<source url='http://a.example/'>晚报",
        "<source url='http://a.example/'><title>晚报</title></source>",
        "<source><title>晚报</title></source>",
    ] {
        assert_eq!(outlet(source), ("晚报".to_owned(), Some("甲".to_owned())), "{source}");
    }
}

#[test]
fn the_accept_header_lists_feed_types_p_16() {
    let adapter = testing::adapter(&KIND, "kind = 'feed'");
    let now = Timestamp::from_seconds(0, crate::model::time::Offset::UTC).unwrap();
    let asks = adapter.asks(&testing::source("https://a.example/feed?x=1"), now);
    assert_eq!(asks[0].request.uri(), "https://a.example/feed?x=1");
    assert!(
        asks[0].request.headers()[ACCEPT].to_str().unwrap().starts_with("application/atom+xml")
    );
}

#[test]
fn an_entry_without_author_has_its_feed_s() {
    let body = "<feed xmlns='http://www.w3.org/2005/Atom'><author><name>总编</name></author>
        <entry><id>1</id></entry><entry><id>2</id><author><name>甲</name></author></entry>
        <entry><id>3</id><source><author><name>来源</name></author></source></entry></feed>";
    let authors: Vec<_> =
        entries(body).iter().map(|entry| entry.draft.authors[0].name.clone()).collect();
    assert_eq!(authors, ["总编", "甲", "来源"]);
}

#[test]
fn times_are_no_part_of_the_mark() {
    let with = |time, title| {
        let body = format!(
            "<rss><channel><item><guid>1</guid><title>{title}</title><pubDate>{time}</pubDate></item></channel></rss>"
        );
        entries(&body)[0].mark
    };
    assert_eq!(with("a", "甲"), with("b", "甲"));
    assert_eq!(with("a", "甲").key, with("a", "乙").key);
    assert_ne!(with("a", "甲").digest, with("a", "乙").digest);
}

#[test]
fn headers_of_the_file_are_sent_and_win() {
    let ask = |settings| {
        let adapter = testing::adapter(&KIND, settings);
        let now = Timestamp::from_seconds(0, crate::model::time::Offset::UTC).unwrap();
        adapter.asks(&testing::source("https://a.example/feed"), now).remove(0).request
    };
    let request = ask("headers = { Authorization = 'Bearer x', Accept = 'text/xml' }");
    assert_eq!(request.method(), http::Method::GET);
    assert_eq!(request.headers()["authorization"], "Bearer x");
    assert_eq!(request.headers().get_all(ACCEPT).iter().count(), 1);
    assert_eq!(request.headers()[ACCEPT], "text/xml");
}

#[test]
fn t_21_a_header_of_two_lines_is_a_mistake() {
    let mistakes = testing::mistakes(&KIND, "headers = { A = \"x\\ny\" }");
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
}

const SAMPLE: &str = "<?xml version='1.0'?><rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>频道 &amp; 其他</title>
    <item><title>第一条</title><link>http://a.example/1</link><description><![CDATA[<p>一</p>]]></description><guid>1</guid></item>
    <item><title>第二条</title><link>http://a.example/2</link><description>&lt;p&gt;二&lt;/p&gt;</description><dc:creator>甲</dc:creator></item>
    <item><title>第三条</title><link>http://a.example/3</link><enclosure url='http://a.example/3.mp3' type='audio/mpeg' length='3'/></item></channel></rss>";

const JSON_SAMPLE: &str = "{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{\"id\":\"1\",\"title\":\"第一条\"},{\"id\":\"2\",\"tags\":[\"甲\"],\"content_html\":\"<p>二\\n</p>\"},{\"id\":\"3\"}]}";

proptest! {
    #[test]
    fn a_truncated_feed_yields_a_prefix_of_its_items(cut in 0..SAMPLE.len()) {
        let cut = SAMPLE.floor_char_boundary(cut);
        let (whole, part) = (drafts(SAMPLE), drafts(&SAMPLE[..cut]));
        prop_assert_eq!(&whole[..part.len()], &part[..]);
    }

    #[test]
    fn a_truncated_json_feed_yields_a_prefix_of_its_items(cut in 0..JSON_SAMPLE.len()) {
        let cut = JSON_SAMPLE.floor_char_boundary(cut);
        let (whole, part) = (drafts(JSON_SAMPLE), drafts(&JSON_SAMPLE[..cut]));
        prop_assert_eq!(&whole[..part.len()], &part[..]);
    }

    #[test]
    fn t_38_any_bytes_yield_a_value(bytes: Vec<u8>) {
        let _ = read(&decode::decode(&bytes, None).text, None);
    }

    #[test]
    fn t_38_any_arrangement_of_pieces_yields_a_value(pieces in proptest::collection::vec(piece(), 0..60)) {
        let _ = read(&pieces.concat(), None);
        let _ = read(&format!("<rss><channel><item>{}", pieces.concat()), None);
        let _ = read(&format!("<feed xmlns='http://www.w3.org/2005/Atom'><entry>{}", pieces.concat()), None);
        let _ = read(&format!("{{\"items\":[{}", pieces.concat()), None);
    }
}

fn drafts(body: &str) -> Vec<crate::model::draft::Draft> {
    entries(body).into_iter().map(|entry| entry.draft).collect()
}

fn piece() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "<",
        ">",
        "/",
        "</",
        "/>",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<?",
        "?>",
        "&",
        "&amp;",
        "&#x",
        ";",
        "\"",
        "'",
        "=",
        "<item>",
        "</item>",
        "<entry>",
        "</entry>",
        "<title>",
        "</title>",
        "<description>",
        "</description>",
        "<link",
        " href=",
        "<content type='xhtml'>",
        "</content>",
        "<div>",
        "</div>",
        "<div xml:base='",
        "<source>",
        "<author>",
        "</author>",
        "<media:group>",
        "<image>",
        " xmlns:a='http://www.w3.org/2005/Atom'",
        "<a:link",
        "</rss>",
        "<!DOCTYPE [",
        "]",
        "中",
        "\u{3000}",
        " ",
        "{",
        "}",
        "[",
        ",",
        "\"items\":",
        "\"id\":1",
        "\\u",
        "\\ud83d",
    ])
}
