//! The refine table: one draft in, one item out.

use super::*;
use crate::model::source::SourceId;
use crate::model::time::Offset;

fn source() -> Source {
    let url = "https://news.example.com/list.json".parse().unwrap();
    Source::new(SourceId::new("wire").unwrap(), url)
}

/// 2022-05-27 13:00 +08:00.
fn seen() -> Timestamp {
    Timestamp::from_seconds(1_653_627_600, Offset::CHINA).unwrap()
}

fn draft() -> Draft {
    Draft { title: Some(Text::unsaid("标题")), ..Draft::default() }
}

#[track_caller]
fn refine(draft: Draft) -> Candidate {
    match draft.refine(&source(), seen()) {
        Refined::Item(candidate) => *candidate,
        other => panic!("no item: {other:?}"),
    }
}

#[track_caller]
fn content(html: &str) -> String {
    let candidate = refine(Draft { content: Some(Text::html(html)), ..draft() });
    candidate.matter.content.as_ref().map(|html| html.as_str().to_owned()).unwrap_or_default()
}

#[track_caller]
fn title(raw: &str) -> String {
    refine(Draft { title: Some(Text::unsaid(raw)), ..Draft::default() })
        .matter
        .title
        .as_str()
        .to_owned()
}

#[track_caller]
fn published(raw: &str) -> Candidate {
    refine(Draft { published: Some(Stamp::detect(raw)), ..draft() })
}

#[test]
fn q1_a_time_without_zone_is_the_sources() {
    assert_eq!(
        published("2021-12-08 12:05:03").published.unwrap().rfc3339(),
        "2021-12-08T12:05:03+08:00"
    );
}

#[test]
fn law_2_the_written_offset_survives() {
    assert_eq!(
        published("2022-05-27T04:03:15Z").published.unwrap().rfc3339(),
        "2022-05-27T04:03:15Z"
    );
    assert_eq!(
        published("Fri, 27 May 2022 12:03:15 +0800").published.unwrap().rfc822(),
        "Fri, 27 May 2022 12:03:15 +0800"
    );
}

#[test]
fn q2_no_readable_time_is_the_first_sighting() {
    for raw in [" +0800", "", "待定"] {
        let candidate = published(raw);
        assert_eq!(candidate.published, None, "{raw}");
        assert!(candidate.published_inferred);
    }
    assert_eq!(published("待定").published_raw.as_deref(), Some("待定"));
}

#[test]
fn law_3_a_time_more_than_a_day_ahead_is_not_believed() {
    assert_eq!(
        published("2022-05-28 12:59:00").published.unwrap().rfc3339(),
        "2022-05-28T12:59:00+08:00"
    );
    let far = published("2022-05-29 13:00:01");
    assert_eq!((far.published, far.published_raw.as_deref()), (None, Some("2022-05-29 13:00:01")));
}

#[test]
fn a_post_for_a_later_day_comes_in_at_its_time() {
    let held = Draft { published: Some(Stamp::detect("2022-05-27 18:00")), held: true, ..draft() };
    let Refined::Later(at) = held.refine(&source(), seen()) else { panic!("it comes in now") };
    assert_eq!(at.rfc3339(), "2022-05-27T18:00:00+08:00");
}

#[test]
fn q10_to_q14_titles() {
    assert_eq!(title("江岸区 ：开展检查"), "江岸区：开展检查");
    assert_eq!(title("次新股活跃 三羊上演"), "次新股活跃 三羊上演");
    assert_eq!(title("　　主要品种收盘一览 "), "主要品种收盘一览");
    assert_eq!(title("发布&quot;星桥&quot;系统"), "发布\"星桥\"系统");
    assert_eq!(title("路径C:\\star & 温度<60℃【速览】🚀"), "路径C:\\star & 温度<60℃【速览】🚀");
}

#[test]
fn q13_an_empty_title_is_made_from_the_summary() {
    let candidate = refine(Draft {
        title: Some(Text::unsaid("")),
        summary: Some(Text::plain("新品将于5月上市。其余未定。")),
        ..Draft::default()
    });
    assert_eq!(candidate.matter.title.as_str(), "新品将于5月上市");
    assert!(candidate.matter.title_inferred);
}

#[test]
fn q15_a_summary_that_repeats_the_title_is_none() {
    let candidate = refine(Draft { summary: Some(Text::plain("【标题】")), ..draft() });
    assert_eq!(candidate.matter.summary, None);
    let candidate = refine(Draft { summary: Some(Text::plain("标题。")), ..draft() });
    assert_eq!(candidate.matter.summary, None);
}

#[test]
fn q16_the_title_before_a_summary_goes() {
    let candidate =
        refine(Draft { summary: Some(Text::plain("【标题】全文如下。")), ..draft() });
    assert_eq!(candidate.matter.summary.as_ref().unwrap().as_str(), "全文如下。");
}

#[test]
fn q20_the_summary_stays_beside_a_body_that_starts_with_it() {
    let candidate = refine(Draft {
        summary: Some(Text::plain("首段。")),
        content: Some(Text::html("<p>首段。</p><p>次段。</p>")),
        ..draft()
    });
    assert_eq!(candidate.matter.summary.as_ref().unwrap().as_str(), "首段。");
    assert_eq!(candidate.matter.content.as_ref().unwrap().as_str(), "<p>首段。</p><p>次段。</p>");
}

#[test]
fn q24_raw_ampersands_in_addresses() {
    assert_eq!(
        content("<p><img src=\"https://e.com/p?a=1&imageType=k\" alt=\"x\"></p>"),
        "<p><img src=\"https://e.com/p?a=1&amp;imageType=k\" alt=\"x\"></p>"
    );
}

#[test]
fn q34_q35_blanks_at_the_edges_of_blocks() {
    assert_eq!(
        content("<p>甲<br /></p>\n <p>乙 </p><p><strong>丙 </strong></p>"),
        "<p>甲</p><p>乙</p><p><strong>丙</strong></p>"
    );
}

#[test]
fn q36_captions_that_say_nothing_are_emptied() {
    assert_eq!(
        content(
            "<center><img src=\"https://e.com/D1_w859h506.jpg\" alt=\"图片\" style=\"border:#d1d1d1 1px solid\" /></center>"
        ),
        "<figure><img src=\"https://e.com/D1_w859h506.jpg\" width=\"859\" height=\"506\" alt=\"\"></figure>"
    );
}

#[test]
fn q38_a_caption_in_its_own_paragraph_stays() {
    assert_eq!(
        content("<p style=\"text-align:center;\">图片来源：编辑部</p>"),
        "<p>图片来源：编辑部</p>"
    );
}

#[test]
fn q39_escaped_text_is_escaped_once() {
    assert_eq!(content("<p>&lt;蒙特利尔议定书&gt;</p>"), "<p>&lt;蒙特利尔议定书&gt;</p>");
}

#[test]
fn q41_q42_lists_of_stories_and_bold_headings_stay() {
    assert_eq!(
        content("<p><strong>三大看点</strong></p><p>●近日</p>"),
        "<p><strong>三大看点</strong></p><p>●近日</p>"
    );
}

#[test]
fn q44_parentheses_of_both_widths_stay() {
    assert_eq!(content("<p>甲(简称“乙”)（丙）</p>"), "<p>甲(简称“乙”)（丙）</p>");
}

#[test]
fn q45_plain_text_is_wrapped_in_paragraphs() {
    let candidate =
        refine(Draft { content: Some(Text::plain("甲。\n\n乙 & 丙。")), ..draft() });
    assert_eq!(
        candidate.matter.content.as_ref().unwrap().as_str(),
        "<p>甲。</p><p>乙 &amp; 丙。</p>"
    );
}

#[test]
fn w16_a_double_blank_between_names_is_one() {
    assert_eq!(
        content("<p>　　甲。(记者林一　　通讯员周小满)</p>"),
        "<p>甲。(记者林一 通讯员周小满)</p>"
    );
}

#[test]
fn w14_braces_of_templates_are_text() {
    assert_eq!(content("<p>兼容{{旧版}}与{% 模板 %}</p>"), "<p>兼容{{旧版}}与{% 模板 %}</p>");
}

#[test]
fn w17_nothing_executable_survives() {
    assert_eq!(
        content(
            "<p onclick=\"track(1)\">视频</p><iframe src=\"//player.example.com/\"></iframe><script>var ad=1;</script><p><a href=\"javascript:void(0)\">查看</a></p>"
        ),
        "<p>视频</p><p>查看</p>"
    );
}

/// Notes are on the article's own page, pictures where its site says.
#[test]
fn places_on_the_page_are_on_the_articles() {
    let html = "<p>甲<a href=\"#n1\">1</a><a href=\"b.html\">乙</a><img src=\"\"></p>";
    let link = Some("https://news.example.com/2022/1.html".to_owned());
    let item = refine(Draft { content: Some(Text::html(html)), link, ..draft() });
    let content = item.matter.content.as_ref().expect("a body").as_str();
    for address in ["https://news.example.com/2022/1.html#n1", "https://news.example.com/b.html"] {
        assert!(content.contains(&format!("href=\"{address}\"")), "{content}");
    }
    assert!(!content.contains("<img"), "{content}");
}

#[test]
fn a_description_with_markup_is_the_body_when_there_is_none() {
    let candidate = refine(Draft { summary: Some(Text::unsaid("<p>甲</p>")), ..draft() });
    assert_eq!(candidate.matter.content.as_ref().unwrap().as_str(), "<p>甲</p>");
    assert_eq!(candidate.matter.summary, None);
}

#[test]
fn keys_are_guid_link_place_and_title_with_day() {
    let candidate = refine(Draft {
        guid: Some(" tag:a,2022:1 ".into()),
        link: Some("http://www.e.com/a?utm_source=x".into()),
        published: Some(Stamp::detect("2022-05-27 12:03")),
        ..draft()
    });
    let keys: Vec<&str> = candidate.keys.iter().map(Key::as_str).collect();
    assert_eq!(
        keys,
        [
            "guid tag:a,2022:1",
            "link e.com/a",
            "place a title 2022-05-27 标题",
            "title 2022-05-27 标题"
        ]
    );
    assert_eq!(refine(draft()).keys[0].as_str(), "title - 标题");
}

#[test]
fn what_has_neither_title_nor_text_is_unusable() {
    let empty = Draft {
        link: Some("https://e.com/".into()),
        content: Some(Text::html("<p><br></p>")),
        ..Draft::default()
    };
    assert!(matches!(empty.refine(&source(), seen()), Refined::Unusable(_)));
}

#[test]
fn t_20_what_xml_cannot_carry_reaches_no_field() {
    let dirty = "a\u{0}\u{8}\u{FFFE}b";
    let candidate = refine(Draft {
        guid: Some(dirty.into()),
        title: Some(Text::plain(dirty)),
        summary: Some(Text::plain(format!("{dirty}c"))),
        content: Some(Text::html(format!("<p>{dirty}</p>"))),
        authors: vec![Person { name: dirty.into(), ..Person::default() }],
        outlet: Some(dirty.into()),
        ..Draft::default()
    });
    let text = format!("{candidate:?}");
    assert!(
        !text.contains("\\0") && !text.contains("\\u{8}") && !text.contains("\\u{fffe}"),
        "{text}"
    );
}

#[test]
fn t_18_addresses_outside_bodies_are_web_addresses_or_gone() {
    let evil = "javascript:alert(1)".to_owned();
    let candidate = refine(Draft {
        link: Some(evil.clone()),
        image: Some(evil.clone()),
        comments: Some(evil.clone()),
        enclosures: vec![Enclosure {
            url: evil.clone(),
            media_type: Some("text/html; x".into()),
            length: None,
        }],
        authors: vec![Person { name: "<b onclick=x>甲</b>".into(), email: None, url: Some(evil) }],
        ..draft()
    });
    let matter = &candidate.matter;
    assert_eq!((&matter.link, &matter.image, &matter.comments), (&None, &None, &None));
    assert!(matter.enclosures.is_empty());
    assert_eq!(matter.authors, [Person { name: "甲".into(), ..Person::default() }]);
}
