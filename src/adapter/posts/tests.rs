use super::*;
use crate::adapter::testing::{adapter, answer, now, source};
use crate::model::draft::Stamp;
use crate::model::item::{Label, Membership};
use crate::model::text::{Kind as TextKind, Text};

fn listing_of(text: &str) -> Parsed {
    let adapter = adapter(&KIND, "");
    let mut answer = answer(text);
    answer.headers_mut().insert("content-type", LISTING.parse().unwrap());
    let at = "file://localhost/srv/my%20posts/";
    let ask = adapter.asks(&source(at), now()).remove(0);
    assert_eq!(ask.request.uri(), at);
    adapter.parse(&ask, at, &answer)
}

fn parsed(toml: &str, name: &str, text: &str) -> Parsed {
    let entry = listing_of(&format!("{name}\t1\t2\n")).entries.remove(0);
    let request = entry.follow.clone().unwrap();
    let at = request.uri().to_string();
    let ask = Ask::detail(request, entry);
    adapter(&KIND, toml).parse(&ask, &at, &answer(text))
}

fn draft(name: &str, text: &str) -> Draft {
    parsed("", name, text).entries.remove(0).draft
}

/// A post with this front matter, and nothing to see but a word.
fn front(rows: &str) -> Draft {
    draft("2022-05-27-x.md", &format!("---\n{rows}\n---\n正文"))
}

fn shelves(draft: &Draft) -> Vec<(&str, Option<&str>)> {
    draft.categories.iter().map(|shelf| (shelf.name.as_str(), shelf.alias.as_deref())).collect()
}

fn labels(draft: &Draft) -> Vec<&str> {
    draft.labels.iter().map(|label: &Label| label.term.as_str()).collect()
}

const POST: &str = "---\nlayout: post\ntitle: \"青禾市 ：春耕\"\ndate: 2022-05-27 12:03:15 +0800\n\
    categories: qingheribao\ntags: 青禾日报新闻\n---\n<p>全市已调运化肥。</p>\n <p>{{ page.x }}</p>\
    <p class=\"em_media\">（文章来源：青禾日报）</p>\n\n<http://source.example/1?a=1>\n\n\
    [返回青禾日报新闻](//site.example/category/qingheribao.html)｜[返回首页](//site.example/)";

#[test]
fn a_post_of_the_seed() {
    let draft = draft("2022-05-27-NW202205270000000001.md", POST);
    assert_eq!(draft.guid.as_deref(), Some("NW202205270000000001"));
    assert_eq!(draft.title, Some(Text::unsaid("青禾市 ：春耕")));
    assert_eq!(draft.link.as_deref(), Some("http://source.example/1?a=1"));
    assert_eq!(draft.published, Some(Stamp::detect("2022-05-27 12:03:15 +0800")));
    assert!(!draft.published_inferred && draft.held);
    assert_eq!(draft.outlet.as_deref(), Some("青禾日报"));
    assert_eq!(
        draft.categories,
        [Membership { name: "青禾日报".into(), alias: Some("qingheribao".into()) }]
    );
    let content = draft.content.unwrap();
    assert_eq!(content.raw, "<p>全市已调运化肥。</p>\n <p>{{ page.x }}</p>");
    assert_eq!(
        (content.kind, content.base.as_deref()),
        (TextKind::Html, Some("http://source.example/1?a=1"))
    );
    assert_eq!(draft.summary, None);
    assert_eq!((draft.dropped, draft.retracted), (None, None));
}

#[test]
fn q7_q8_a_blank_line_before_and_no_newline_behind() {
    let same = draft("2022-05-27-NW202205270000000001.md", POST);
    for text in [format!("\n{POST}"), format!("\u{FEFF}{POST}\n"), POST.replace('\n', "\r\n")] {
        assert_eq!(draft("2022-05-27-NW202205270000000001.md", &text), same);
    }
}

#[test]
fn q2_a_post_without_a_time() {
    let text = "---\ntitle: \"\"\ndate:  +0800\ncategories: emnews\ntags: 东财滚动新闻\n---\n\n正文。\n\n<>\n";
    let draft = draft("-202205262391921712.md", text);
    assert_eq!(draft.published, Some(Stamp::detect("2022-05-26")));
    assert!(draft.published_inferred);
    assert_eq!(draft.guid.as_deref(), Some("202205262391921712"));
    assert_eq!((draft.title, draft.link), (None, None));
}

#[test]
fn q2_the_day_of_the_file_s_name() {
    let draft = front("title: a");
    assert_eq!(draft.published, Some(Stamp::detect("2022-05-27")));
    assert!(draft.published_inferred);
    assert_eq!(self::draft("about.md", "---\ntitle: a\n---\n").published, None);
}

#[test]
fn q9_the_list_s_name_is_a_shelf_and_the_digest_names_the_outlet() {
    let text = "---\ntags: 东财滚动新闻\ncategories: emnews\n---\n\n涨了。（财讯社）\n\n<http://a.example/1>";
    let draft = draft("2021-12-08-1.md", text);
    assert_eq!(shelves(&draft), [("东财滚动新闻", Some("emnews"))]);
    assert_eq!(draft.outlet.as_deref(), Some("财讯社"));
}

#[test]
fn q14_characters_of_a_title_stay() {
    let title = front(r#"title: '"星桥"：C:\star & <60℃ 🚀【速览】'"#).title.unwrap();
    assert_eq!(title, Text::unsaid(r#""星桥"：C:\star & <60℃ 🚀【速览】"#));
}

#[test]
fn q45_a_digest_alone_is_plain_text() {
    let text = "---\ntitle: a\n---\n\n第一段 *原文* 。\n\n第二段。\n\n<http://a.example/1>";
    assert_eq!(
        draft("2021-12-08-1.md", text).content.unwrap(),
        Text {
            base: Some("http://a.example/1".into()),
            ..Text::plain("第一段 *原文* 。\n\n第二段。")
        }
    );
}

#[test]
fn q16_a_digest_in_front_of_a_body() {
    let text =
        "---\ntitle: a\n---\n> 【青禾】调运化肥。（证券时报）\n\n<p>a</p>\n\n<http://a.example/1>";
    let draft = draft("2021-12-08-1.md", text);
    assert_eq!(draft.summary.unwrap().raw, "【青禾】调运化肥。");
    assert_eq!(draft.content.unwrap().raw, "<p>a</p>");
    assert_eq!(draft.outlet.as_deref(), Some("证券时报"));
}

#[test]
fn w3_a_name_with_blanks_is_one_category() {
    let draft = front("categories: Career In touxingPEVC\ntags: Career In 投行PEVC新闻");
    assert_eq!(shelves(&draft), [("Career In 投行PEVC", Some("Career In touxingPEVC"))]);
    assert_eq!(labels(&draft), [""; 0]);
}

#[test]
fn categories_of_any_jekyll_post() {
    assert_eq!(
        shelves(&front("categories: tech linux\ntags: a b")),
        [("tech", None), ("linux", None)]
    );
    assert_eq!(labels(&front("categories: tech linux\ntags: a b")), ["a", "b"]);
    let draft = front("categories: [开源 软件, linux]\ntags: [a, b c]");
    assert_eq!(shelves(&draft), [("开源 软件", None), ("linux", None)]);
    assert_eq!(labels(&draft), ["a", "b c"]);
    assert_eq!(shelves(&front("category: 开源 软件\ntags: a")), [("开源 软件", None)]);
    assert_eq!(shelves(&front("tags: 随笔")), [("随笔", None)]);
    assert_eq!(shelves(&front("tags: rust web")), []);
    assert_eq!(shelves(&front("title: a")), []);
}

#[test]
fn the_source_line_names_the_category_when_nothing_else_does() {
    let post = |rows: &str| {
        draft(
            "1.md",
            &format!("---\n{rows}\n---\n<p>a</p><p class=\"em_media\">（文章来源：重庆商报）</p>"),
        )
    };
    assert_eq!(shelves(&post("title: a")), [("重庆商报", None)]);
    assert_eq!(
        shelves(&post("categories: zhongqingshangbao")),
        [("重庆商报", Some("zhongqingshangbao"))]
    );
    let tagged = post("tags: 青禾日报新闻");
    assert_eq!(shelves(&tagged), [("青禾日报", None)]);
    assert_eq!(tagged.outlet.as_deref(), Some("重庆商报"));
}

#[test]
fn a_configured_source_shelves_no_post_itself() {
    let one = |toml| parsed(toml, "2022-05-27-x.md", POST).entries.remove(0).draft;
    let configured = one("categories = ['要闻']");
    assert_eq!((shelves(&configured), labels(&configured)), (vec![], vec!["青禾日报"]));
    assert_eq!(shelves(&one("category = 'layout'")), [("post", None)]);
    assert_eq!(shelves(&one("categories = []")), [("青禾日报", Some("qingheribao"))]);
}

#[test]
fn the_front_matter_s_own_words() {
    let draft = front(
        "guid: g-1\nauthor: [甲, {name: 乙, email: b@b.example}]\ndescription: 一句\nimage: {path: /a.png}\n\
         lang: zh-TW\nlast_modified_at: 2022-05-28\nlink: https://a.example/",
    );
    assert_eq!(draft.guid.as_deref(), Some("g-1"));
    assert_eq!(draft.authors.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["甲", "乙"]);
    assert_eq!(draft.authors[1].email.as_deref(), Some("b@b.example"));
    assert_eq!(draft.summary.unwrap().raw, "一句");
    assert_eq!(draft.image.as_deref(), Some("/a.png"));
    assert_eq!(draft.language.as_deref(), Some("zh-TW"));
    assert_eq!(draft.updated, Some(Stamp::detect("2022-05-28")));
    assert_eq!(draft.link.as_deref(), Some("https://a.example/"));
    assert_eq!(front("id: 0123").guid.as_deref(), Some("0123"));
}

#[test]
fn drafts_are_taken_back_and_later_posts_held() {
    assert_eq!(
        front("published: false").retracted.as_deref(),
        Some("its front matter says `published: false`")
    );
    assert_eq!(
        front("draft: true").retracted.as_deref(),
        Some("its front matter says `draft: true`")
    );
    let later = front("date: 2999-01-01\npublished: true");
    assert!(later.held && later.retracted.is_none());
}

#[test]
fn markdown_and_markup() {
    let content = |name: &str, body: &str| {
        draft(name, &format!("---\ntitle: a\n---\n{body}")).content.unwrap()
    };
    assert_eq!(
        content("1.md", "# 题\n\n**a** {{ x }}").raw,
        "<h1>题</h1>\n<p><strong>a</strong> {{ x }}</p>\n"
    );
    assert_eq!(content("1.md", "<p>a *b*</p>\n\n*c*").raw, "<p>a *b*</p>\n<p><em>c</em></p>\n");
    assert_eq!(content("1.html", "a *b*\n\n<p>c").raw, "a *b*\n\n<p>c");
    assert_eq!(draft("1.md", "---\ntitle: a\n---\n").content, None);
}

#[test]
fn w14_a_broken_front_matter_does_not_lose_the_post() {
    let parsed = parsed("", "2022-05-27-x.md", "---\ntitle: \"青禾\"系统\"\n---\n正文");
    assert_eq!(parsed.entries[0].draft.title, Some(Text::unsaid("青禾\"系统")));
    assert!(
        parsed.problems[0]
            .what
            .starts_with("2022-05-27-x.md: its front matter is broken and was read line by line (")
    );
}

#[test]
fn what_is_no_post_is_refused_in_words() {
    let parsed = parsed("", "2022-05-27-x.md", "正文");
    let why = "it has no front matter: its first line should be `---`";
    assert_eq!(parsed.entries[0].draft.dropped.as_deref(), Some(why));
    assert_eq!(parsed.problems[0].what, format!("2022-05-27-x.md: {why}"));
}

#[test]
fn a_folder_s_listing() {
    let listing = listing_of(
        "-1.md\t5\t10\n.hidden.md\t1\t1\n_drafts/x.md\t1\t1\na.txt\t1\t1\nb#?.HTML\t1\t1\n新 闻.md\t1\t1\nbroken\n",
    );
    let follows: Vec<String> = listing
        .entries
        .iter()
        .map(|entry| entry.follow.as_ref().unwrap().uri().to_string())
        .collect();
    assert_eq!(
        follows,
        [
            "file://localhost/srv/my%20posts/-1.md",
            "file://localhost/srv/my%20posts/b%23%3F.HTML",
            "file://localhost/srv/my%20posts/%E6%96%B0%20%E9%97%BB.md",
        ]
    );
    assert!(!listing.whole);
    assert_eq!(
        listing.problems,
        [Problem::of_document("a line of the listing cannot be read: `broken`")]
    );
    assert_eq!(listing.entries[0].mark, Mark::new("-1.md", ["5", "10"]));
}

#[test]
fn a_folder_without_posts_is_whole() {
    let listing = listing_of("a.txt\t1\t1\n");
    assert!(listing.whole && listing.entries.is_empty() && listing.problems.is_empty());
}

#[test]
fn a_touched_file_looks_different_and_keeps_its_name() {
    let mark = |line: &str| listing_of(line).entries[0].mark;
    let (old, new) = (mark("a.md\t5\t10\n"), mark("a.md\t5\t11\n"));
    assert_eq!(old.key, new.key);
    assert_ne!(old.digest, new.digest);
}

#[test]
fn what_is_no_folder_is_said() {
    let adapter = adapter(&KIND, "");
    let ask = adapter.asks(&source("https://a.example/"), now()).remove(0);
    let parsed = adapter.parse(&ask, "https://a.example/", &answer("<html>"));
    assert_eq!(
        parsed.problems,
        [Problem::of_document("this is not a folder; the kind `posts` reads a folder of files")]
    );
    assert!(!parsed.whole);
}
