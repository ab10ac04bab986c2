//! What is one story and what is not, on texts made up for it.

use super::*;
use crate::model::text::{PlainText, SafeHtml, Text};
use crate::model::time::{Offset, Timestamp};

/// An item, as a test tells it; `minutes` after noon of some day.
#[derive(Clone)]
struct Told {
    title: String,
    body: String,
    link: Option<String>,
    minutes: i64,
}

impl Told {
    fn at(mut self, minutes: i64) -> Told {
        self.minutes = minutes;
        self
    }

    fn link(mut self, link: &str) -> Told {
        self.link = Some(link.to_owned());
        self
    }

    fn matter(&self) -> Matter {
        let content = SafeHtml::clean(&Text::unsaid(self.body.as_str()), None);
        Matter {
            title: PlainText::of(&Text::plain(self.title.as_str())),
            content: Some(content).filter(|content| !content.is_empty()),
            link: self.link.clone(),
            ..Matter::default()
        }
    }

    fn gist(&self) -> Gist {
        let link = self.link.as_deref().map(|link| Key::link(crate::model::link::identity(link)));
        Gist::of(&self.matter(), link.as_slice())
    }
}

fn told(title: &str, body: &str) -> Told {
    Told { title: title.to_owned(), body: body.to_owned(), link: None, minutes: 0 }
}

/// Whether the store would find one by the other, and why the two are one story.
fn judged(one: &Told, other: &Told) -> (bool, Option<Reason>) {
    let (gist, others) = (one.gist(), other.gist());
    let linked = gist.link.is_some() && gist.link == others.link;
    let is_found = linked || gist.words.iter().any(|hash| others.words.contains(hash));
    let at = |told: &Told| {
        Timestamp::from_seconds(1_653_624_000 + told.minutes * 60, Offset::CHINA).unwrap()
    };
    let [a, b] = [one, other].map(|told| super::Told::of(&told.matter(), at(told)));
    let reason = a.same(&b, linked);
    assert_eq!(reason, b.same(&a, linked), "it is as true the other way round");
    (is_found, reason)
}

#[track_caller]
fn twins(one: &Told, other: &Told, least: u8) {
    match judged(one, other) {
        (true, Some(Reason::Text { percent })) => assert!(percent >= least, "{percent}"),
        judged => panic!("{} / {}: {judged:?}", one.title, other.title),
    }
}

/// Found or not: the words must tell by themselves.
#[track_caller]
fn strangers(one: &Told, other: &Told) {
    assert_eq!(judged(one, other).1, None, "{} / {}", one.title, other.title);
}

const WATER: [&str; 4] = [
    "江岸市水务局5月27日宣布，投资18.6亿元的北岭水厂二期工程正式通水，日供水能力由30万吨提高到55万吨。",
    "工程于2019年3月开工，铺设管网412公里，沿线11个街道的居民将不再依靠高峰时段的加压车。",
    "水务局总工程师周望表示，新厂采用臭氧与活性炭深度处理工艺，出厂水浊度稳定在0.1以下。",
    "“老百姓拧开龙头，喝到的就是山里的水。”他说，三期工程的环评已经公示，预计明年动工。",
];

fn paragraphs(parts: &[&str]) -> String {
    parts.iter().map(|part| format!("<p>{part}</p>")).collect()
}

fn wire() -> Told {
    told("江岸北岭水厂二期通水 日供水能力达55万吨", &paragraphs(&WATER))
}

#[test]
fn a_wire_copy_from_three_sites_is_one_story() {
    let first = wire();
    let byline = "（文章来源：江岸日报）";
    let second = told(
        "北岭水厂二期工程通水，江岸日供水能力提高到55万吨",
        &format!(
            "<p>某社江岸5月27日电（记者 李禾）{}</p>{}<p>{byline}</p>",
            WATER[0],
            paragraphs(&WATER[1..])
        ),
    );
    let third = told(
        "江岸北岭水厂二期通水 日供水能力达55万吨",
        &format!("{}<p>责任编辑：陈默</p>", paragraphs(&WATER[..3])),
    );
    twins(&first, &second.clone().at(45), 95);
    twins(&first, &third.clone().at(180), 80);
    twins(&second, &third, 75);
}

#[test]
fn a_digest_is_the_article_it_is_the_start_of_when_they_have_one_title() {
    let digest = told(&wire().title, WATER[0]);
    twins(&wire(), &digest, 40);
    strangers(&wire(), &told("江岸要闻", WATER[0]));
}

#[test]
fn light_words_and_marks_may_differ() {
    let mut body = paragraphs(&WATER);
    for (word, other) in [("表示", "称"), ("他说，", "他指出："), ("“", "「"), ("0.1", "０.１")]
    {
        body = body.replace(word, other);
    }
    twins(&wire(), &told(&wire().title, &body), 95);
}

#[test]
fn a_paragraph_may_be_left_out() {
    let body = paragraphs(&[WATER[0], WATER[1], WATER[3]]);
    twins(&wire(), &told(&wire().title, &body), 80);
}

#[test]
fn one_number_less_or_more_is_another_story() {
    for (number, other) in [("18.6", "16.8"), ("55万", "56万"), ("412", "421"), ("0.1", "0.2")] {
        let body = paragraphs(&WATER).replace(number, other);
        strangers(&wire(), &told(&wire().title, &body));
    }
}

#[test]
fn one_name_less_or_more_is_another_story() {
    for (name, other) in [("北岭", "南岭"), ("江岸市", "河口市"), ("周望", "周旺")] {
        let body = paragraphs(&WATER).replace(name, other);
        strangers(&wire(), &told(&wire().title.replace(name, other), &body));
    }
}

#[test]
fn a_correction_is_news_of_its_own() {
    let title = format!("更正：{}", wire().title);
    strangers(&wire(), &told(&title, &paragraphs(&WATER)));
    let note = format!("<p>更正说明</p>{}", paragraphs(&WATER));
    strangers(&wire(), &told(&wire().title, &note));
    strangers(&wire(), &told(&wire().title, &paragraphs(&WATER).replace("55万吨", "54万吨")));
}

fn close(index: &str, points: &str, move_: &str, turnover: &str) -> String {
    format!(
        "截至今日收盘，{index}报{points}点，{move_}，成交额{turnover}亿元。盘面上，多数板块跟随大盘运行，\
         市场情绪总体平稳。分析人士认为，投资者应当关注基本面变化，控制仓位，不宜追高，\
         中长期仍看好具备业绩支撑的行业龙头，短期以震荡整理为主。以上内容仅供参考，不构成投资建议。"
    )
}

#[test]
fn two_market_reports_of_one_template_are_two() {
    let one = told("收评：江指涨0.5%", &close("江指", "3288", "涨0.5%", "4120"));
    for (title, body) in [
        ("收评：江指跌0.5%", close("江指", "3288", "跌0.5%", "4120")),
        ("收评：江指涨0.6%", close("江指", "3288", "涨0.6%", "4120")),
        ("收评：河指涨0.5%", close("河指", "3288", "涨0.5%", "4120")),
        ("收评：江指涨0.5%", close("江指", "3288", "涨0.5%", "4121")),
    ] {
        strangers(&one, &told(title, &body).at(5));
    }
    twins(&one, &told("收评：江指涨0.5%", &close("江指", "3288", "涨0.5%", "4120")).at(5), 100);
}

#[test]
fn two_daily_columns_of_one_name_are_two() {
    let frame = "欢迎收看江岸早读，每天七点，用三分钟为您梳理昨夜今晨的国内外要闻，喝一杯茶的时间就能读完。";
    let monday = format!("<p>{frame}</p><p>一、水厂二期通水。二、古桥修缮完工。三、稻谷开镰。</p>");
    let tuesday =
        format!("<p>{frame}</p><p>一、港口吞吐量创新高。二、公交线路调整。三、学校放假。</p>");
    let day = 24 * 60;
    strangers(&told("江岸早读", &monday), &told("江岸早读", &tuesday).at(day));
    strangers(&told("江岸早读（5月27日）", &monday), &told("江岸早读（5月28日）", &monday).at(day));
    // Where the list shows the frame alone, only the day tells them apart.
    strangers(&told("江岸早读", frame), &told("江岸早读", frame).at(day));
    let long = frame.repeat(3);
    strangers(&told("江岸早读", &long), &told("江岸早读", &format!("{long}{monday}")).at(day));
    strangers(&told("江岸早读", ""), &told("江岸早读", "").at(1));
}

#[test]
fn texts_that_name_nobody_are_told_apart_by_their_titles() {
    let body = "本公司董事会及全体董事保证本公告内容不存在任何虚假记载、误导性陈述或者重大遗漏，\
        并对其内容的真实性、准确性和完整性承担法律责任。公司定于下月召开年度股东大会，\
        会议采用现场投票与网络投票相结合的方式，股权登记日及审议事项详见附件。";
    let title = |name: &str| format!("{name}：关于召开年度股东大会的通知");
    strangers(&told(&title("江岸水务"), body), &told(&title("河口电力"), body).at(3));
    strangers(&told(&title("北岭"), body), &told(&title("南山"), body).at(3));
    twins(&told(&title("江岸水务"), body), &told(&title("江岸水务"), body).at(3), 100);
}

#[test]
fn short_flashes_need_to_be_equal() {
    let flash = "数据显示，截至目前，江岸电网今日最高负荷达812万千瓦，比去年同期略有增长。";
    let one = told("江岸电网最高负荷达812万千瓦", flash);
    twins(&one, &told("江岸电网最高负荷达812万千瓦", flash).at(2), 100);
    twins(&one, &told("江岸最高用电负荷达812万千瓦", &format!("{flash}（某报）")).at(2), 90);
    for (word, other) in
        [("最高", "最低"), ("812", "821"), ("略有增长", "没有增长"), ("江岸", "河口")]
    {
        let other = told(&one.title.replace(word, other), &flash.replace(word, other));
        strangers(&one, &other.at(2));
    }
    strangers(&one, &told(&one.title, flash).at(13 * 60));
}

#[test]
fn quotes_by_other_people_are_other_stories() {
    let said = |who: &str, end: &str| {
        told(
            &format!("{who}谈北岭水厂：百姓喝上山泉水"),
            &format!(
                "谈到北岭水厂二期通水，{who}说：“这是十年磨一剑的工程，从选址、论证到开工，\
                 一步一个脚印，最要紧的是让百姓喝上放心水。”在被问到水价时，{who}回应：{end}"
            ),
        )
    };
    let one = said("周望", "“水价今年不会调整，明年再听证。”");
    strangers(&one, &said("李禾", "“水价今年不会调整，明年再听证。”"));
    strangers(&one, &said("周望", "“水价今年可能调整，下月先听证。”"));
    twins(&one, &said("周望", "“水价今年不会调整，明年再听证。”（江岸日报）"), 90);
}

#[test]
fn texts_in_english_too() {
    let body = "The northern works opened on Friday, raising the daily supply of Riverside from \
        300,000 to 550,000 tonnes. The project cost 1.86 billion and took three years, the water \
        authority said. Residents of eleven districts will no longer depend on tanker trucks during \
        peak hours. A third stage is planned, and its environmental review has been published.";
    let one = told("Riverside opens second stage of northern works", body);
    let copy = format!("RIVERSIDE, May 27 (Wire) -- {body} (Reporting by A. Nobody)");
    twins(&one, &told("Second stage of northern works opens in Riverside", &copy).at(30), 90);
    for (word, other) in [("550,000", "560,000"), ("northern", "southern"), ("eleven", "twelve")] {
        strangers(&one, &told(&one.title.replace(word, other), &body.replace(word, other)).at(30));
    }
}

#[test]
fn a_roundup_that_opens_with_a_story_is_not_that_story() {
    let others = "古桥修缮工程昨日完工，桥面恢复清代石板旧貌。全市早稻开镰，农机上阵，预计半月收完。\
        城东公交线路调整，新增三条微循环线。市图书馆延长开放时间。气象台预计周末有阵雨，出行请带伞。\
        博物馆推出夜场，免费预约。";
    let long = format!(
        "{}{}{}",
        paragraphs(&WATER),
        paragraphs(&[others]),
        paragraphs(&[&others.repeat(2)])
    );
    strangers(&wire(), &told("江岸一日要闻", &long));
}

#[test]
fn one_link_is_one_story_whatever_its_words() {
    let page = |title: &str| told(title, "").link("https://www.paper.example/a/1.html");
    let one = page("水厂通水");
    let other = told("二期工程今日开闸", "x").link("http://paper.example/a/1.html");
    assert_eq!(judged(&one, &other), (true, Some(Reason::Link)));
    assert_eq!(judged(&one, &other.clone().at(4 * 24 * 60)).1, None, "a page that is written anew");
    assert_eq!(judged(&page("行情 涨0.5%"), &page("行情 涨0.8%")).1, None);
    let front = |title: &str| told(title, "").link("https://paper.example/");
    assert_eq!(
        judged(&front("水厂通水"), &front("古桥完工")),
        (false, None),
        "a front page is no article"
    );
}

#[test]
fn what_says_nothing_has_no_gist() {
    assert!(told("早读", "").gist().is_empty());
    assert!(!told("早读", "").link("https://paper.example/1").gist().is_empty());
    assert_eq!(wire().gist().words.len(), 2);
}

/// Not a promise but a check that the hashes on disk mean the same in the next release.
#[test]
fn a_gist_is_the_same_for_ever() {
    assert_eq!(words::hashed("link e.com/1".as_bytes()), 7_048_188_381_176_844_123);
}
