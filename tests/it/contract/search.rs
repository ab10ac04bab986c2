//! What every store promises of search: exactly what a scan of all texts would find, newest first, and
//! an index that ends at the newest state of everything, whatever happened on the way.

use std::collections::BTreeMap;
use std::time::Duration;

use feedloom::model::feed::{Shelf, Window};
use feedloom::model::source::Source;
use feedloom::model::text::Query;

use super::house::*;

contract! {
    chinese_is_found_as_a_scan_of_all_texts_finds_it,
    one_character_is_found,
    other_words_are_found_by_their_beginning,
    all_words_are_wanted_wherever_they_stand,
    everything_a_reader_sees_is_searched,
    no_query_is_an_order,
    the_index_follows_edits,
    what_is_withdrawn_is_not_found_and_comes_back,
    what_is_pruned_is_not_found,
    the_newest_come_first,
    items_of_one_second_stand_in_the_feeds_order,
    only_what_stands_on_the_shelf_is_found,
    the_index_follows_in_small_steps,
    two_who_follow_do_not_hinder_each_other,
    the_index_ends_at_the_newest_state,
    the_end_of_a_book_is_not_searched,
}

#[tokio::test]
async fn x_01_an_index_goes_on_after_a_restart() {
    let (mut house, a) = one_source(Place::File).await;
    house.poll(&a, &["1", "2", "3", "4"].map(|name| entry(name).title(&named(name)))).await;
    let mut steps = 0;
    while house.store.index(1).await.expect("indexed") {
        house = house.restart().await;
        steps += 1;
        assert!(!house.find("第").await.is_empty(), "what was indexed stays so");
    }
    assert_eq!((steps, house.find("第").await.len()), (3, 4));
    assert!(!house.store.index(1).await.expect("indexed"));
}

fn named(name: &str) -> String {
    format!("第{name}条")
}

/// Numbers that are the same at every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    /// A text of few characters, so that most pairs stand in most texts and phrases in few.
    fn text(&mut self, length: usize) -> String {
        const FEW: [&str; 14] =
            ["重", "庆", "日", "报", "人", "民", "𠮷", "国", "，", "。", "GDP", "a", " ", "15"];
        (0..length).map(|_| FEW[self.below(FEW.len())]).collect()
    }
}

async fn chinese_is_found_as_a_scan_of_all_texts_finds_it(place: Place) {
    let (house, a) = one_source(place).await;
    let mut dice = Dice(7);
    let texts: Vec<String> = (0..120).map(|_| dice.text(60)).collect();
    let entries: Vec<Entry> = (0..)
        .zip(&texts)
        .map(|(n, text): (usize, _)| {
            entry(&format!("{n:03}")).content(Some(&format!("<p>{text}</p>")))
        })
        .collect();
    house.poll(&a, &entries).await;
    house.index().await;
    let mut found = 0;
    for _ in 0..300 {
        let (length, from) = (2 + dice.below(5), dice.below(50));
        let piece: String =
            texts[dice.below(texts.len())].chars().skip(from).take(length).collect();
        if !piece.chars().all(|c| "重庆日报人民𠮷国".contains(c)) {
            continue;
        }
        let scanned: Vec<String> = (0..)
            .zip(&texts)
            .filter(|(_, text)| text.contains(&piece))
            .map(|(n, _): (usize, _)| format!("{n:03}"))
            .collect();
        assert_eq!(house.find(&piece).await, scanned, "{piece}");
        found += scanned.len();
    }
    assert!(found > 300, "{found}");
    // Whatever is asked, the index says what the texts themselves say.
    for _ in 0..300 {
        let length = 1 + dice.below(6);
        let words = dice.text(length);
        let Some(query) = Query::read(&words) else { continue };
        let lines = entries.iter().map(|entry| format!("{}\n{}", entry.name, body(entry)));
        let matching = lines.filter(|text| query.matches(text));
        let expected: Vec<String> = matching.map(|text| text[..3].to_owned()).collect();
        assert_eq!(house.find(&words).await, expected, "{words}");
    }
}

fn body(entry: &Entry) -> &str {
    let text = entry.draft.content.as_ref().expect("a body");
    text.raw.trim_start_matches("<p>").trim_end_matches("</p>")
}

async fn one_character_is_found(place: Place) {
    let (house, a) = one_source(place).await;
    let titles = ["汽车", "天然气汽", "公共汽车站", "气", "A股上涨", "A，股"];
    house.poll(&a, &titles.map(entry)).await;
    house.index().await;
    assert_eq!(house.find("汽").await, ["汽车", "天然气汽", "公共汽车站"]);
    assert_eq!(house.find("A股").await, ["A股上涨", "A，股"], "a mark only parts");
}

async fn other_words_are_found_by_their_beginning(place: Place) {
    let (house, a) = one_source(place).await;
    house
        .poll(&a, &["Apple ships", "ＡＰＰＬＥ 发布", "pineapple", "air", "AI 大模型"].map(entry))
        .await;
    house.index().await;
    assert_eq!(house.find("appl").await, ["Apple ships", "ＡＰＰＬＥ 发布"]);
    assert_eq!(house.find("apple").await.len(), 2);
    assert_eq!(house.find("ai").await, ["AI 大模型"], "two letters are a word");
    assert_eq!(house.find("applesauce").await, [""; 0]);
}

async fn all_words_are_wanted_wherever_they_stand(place: Place) {
    let (house, a) = one_source(place).await;
    let both = entry("1").title("重庆一季度").content(Some("<p>GDP 增长。</p>"));
    house.poll(&a, &[both, entry("2").title("重庆"), entry("3").title("GDP")]).await;
    house.index().await;
    assert_eq!(house.find("gdp\u{3000}重庆").await, ["重庆一季度"]);
    assert_eq!(house.find("重庆").await, ["重庆一季度", "重庆"]);
}

async fn everything_a_reader_sees_is_searched(place: Place) {
    let (house, a) = one_source(place).await;
    let mut entry = entry("标题一").content(Some("<p>正<b>文</b>二</p><script>脚本三</script>"));
    entry.draft.summary = Some(feedloom::model::text::Text::plain("摘要四"));
    entry.draft.outlet = Some("媒体五".to_owned());
    house.poll(&a, &[entry]).await;
    house.index().await;
    for words in ["标题一", "正文二", "摘要四", "媒体五"] {
        assert_eq!(house.find(words).await, ["标题一"], "{words}");
    }
    assert!(house.find("脚本三").await.is_empty());
    assert!(house.find("script").await.is_empty(), "markup is no word");
}

async fn no_query_is_an_order(place: Place) {
    let (house, a) = one_source(place).await;
    house.poll(&a, &[entry("and or not near terms"), entry("rowid")]).await;
    house.index().await;
    assert_eq!(house.find("AND OR NOT").await, ["and or not near terms"]);
    assert_eq!(house.find("terms:near").await, [""; 0]);
    let marks = [
        "\"",
        "'",
        "*",
        "^",
        "(",
        ")",
        ":",
        "-",
        "+",
        "{",
        "}",
        ";",
        "--",
        "NEAR(",
        "\u{E000}1",
        "\0",
    ];
    for one in marks {
        for words in [format!("rowid {one}"), format!("{one}rowid{one}"), format!("{one} rowid")] {
            let found = house.find(&words).await;
            let is_word = one.contains(char::is_alphanumeric);
            assert_eq!(found.len(), usize::from(!is_word), "{words:?}");
        }
    }
}

async fn the_index_follows_edits(place: Place) {
    let (house, a) = one_source(place).await;
    house.poll(&a, &[entry("1").title("旧标题")]).await;
    assert_eq!(house.find("标题").await, ["旧标题"], "before it has followed, too");
    house.index().await;
    assert_eq!(house.find("标题").await, ["旧标题"]);
    house.poll(&a, &[entry("1").title("新标题")]).await;
    for _ in 0..2 {
        assert_eq!(house.find("标题").await, ["新标题"]);
        assert!(house.find("旧").await.is_empty());
        house.index().await;
    }
}

async fn what_is_withdrawn_is_not_found_and_comes_back(place: Place) {
    let (house, a) = one_source(place).await;
    let both = [entry("1").title("标题一"), entry("2").title("标题二")];
    house.poll_whole(&a, &both).await;
    house.index().await;
    house.poll_whole(&a, &both[1..]).await;
    assert_eq!(house.find("标题").await, ["标题二"], "at once, before the index knows");
    house.index().await;
    assert_eq!(house.find("标题").await, ["标题二"]);
    house.poll_whole(&a, &both).await;
    house.index().await;
    assert_eq!(house.find("标题").await, ["标题一", "标题二"], "in its old place");
}

async fn what_is_pruned_is_not_found(place: Place) {
    let mut house = House::new(place).await;
    house.window = Window { items: 1, age: Duration::ZERO, ..Window::default() };
    let a = Source { keep: Some(DAY), ..source("a") };
    house.enroll(std::slice::from_ref(&a)).await;
    house.poll(&a, &["1", "2", "3"].map(|name| entry(name).title(&named(name)))).await;
    assert!(house.store.index(2).await.expect("indexed"), "one is not yet in the index");
    house.pass(2 * DAY);
    house.poll(&a, &[entry("4").title(&named("4"))]).await;
    assert_eq!(house.store.prune(house.now()).await.expect("pruned"), 3);
    assert_eq!(house.find("第").await, [named("4")]);
    house.index().await;
    assert_eq!(house.find("第").await, [named("4")]);
}

async fn the_newest_come_first(place: Place) {
    let (house, a) = one_source(place).await;
    let old =
        |name: &str, days: u32| entry(name).title(&named(name)).published(house.ago(days * DAY));
    house.poll(&a, &[old("d", 9), old("b", 2), old("c", 5)]).await;
    house.index().await;
    house.poll(&a, &[old("a", 0)]).await;
    let b = source("b");
    house.enroll(&[a, b.clone()]).await;
    house.poll(&b, &[old("e", 30), old("x", 3)]).await;
    house.index().await;
    let order = ["a", "b", "x", "c", "d", "e"].map(named);
    assert_eq!(house.titles(&Shelf::All).await, order);
    assert_eq!(house.find("第").await, order);
    assert_eq!(house.find_on(&Shelf::All, "第", 3).await, order[..3]);
    assert!(house.find_on(&Shelf::All, "第", 0).await.is_empty());
}

async fn items_of_one_second_stand_in_the_feeds_order(place: Place) {
    let (house, a) = one_source(place).await;
    let b = source("b");
    house.enroll(&[a.clone(), b.clone()]).await;
    let at = house.ago(HOUR);
    let list = |names: &[&str]| -> Vec<Entry> {
        let entry = |name: &&str| entry(name).title(&named(name)).published(at.clone());
        names.iter().map(entry).collect()
    };
    house.poll(&a, &list(&["1", "2", "3"])).await;
    house.index().await;
    house.poll(&b, &list(&["4", "5"])).await;
    house.index().await;
    let order = ["4", "5", "1", "2", "3"].map(named);
    assert_eq!(house.titles(&Shelf::All).await, order);
    for most in 1..=5 {
        assert_eq!(house.find_on(&Shelf::All, "第", most).await, order[..most]);
    }
}

async fn only_what_stands_on_the_shelf_is_found(place: Place) {
    let house = House::new(place).await;
    let (a, b) = (filed("a", &["First"]), filed("b", &["Second"]));
    house.enroll(&[a.clone(), b.clone()]).await;
    house.poll(&a, &["1", "2"].map(|name| entry(name).title(&named(name)))).await;
    let moving = entry("3").title(&named("3"));
    house.poll(&b, std::slice::from_ref(&moving)).await;
    house.index().await;
    let (first, second) = (house.category("First").await, house.category("Second").await);
    assert_eq!(house.find_on(&first, "第", 9).await, ["1", "2"].map(named));
    assert_eq!(house.find_on(&second, "第", 9).await, [named("3")]);
    assert_eq!(house.find_on(&Shelf::Source(b.id.clone()), "第", 9).await, [named("3")]);
    assert_eq!(house.find_on(&first, "第3", 9).await, [""; 0]);
    house.poll(&b, &[moving.category("Third", None)]).await;
    let third = house.category("Third").await;
    house.index().await;
    assert_eq!(house.find_on(&third, "第", 9).await, [named("3")]);
    let unknown = Shelf::Category("unknown".to_owned());
    assert!(house.find_on(&unknown, "第", 9).await.is_empty());
}

async fn the_index_follows_in_small_steps(place: Place) {
    let (house, a) = one_source(place).await;
    let names: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    let entries: Vec<Entry> = names.iter().map(|name| entry(name).title(&named(name))).collect();
    house.poll(&a, &entries).await;
    let expected: Vec<String> = names.iter().map(|name| named(name)).collect();
    for step in 1..=6 {
        let has_more = house.store.index(7).await.expect("indexed");
        assert_eq!(has_more, step < 6, "forty in steps of seven");
        assert_eq!(house.find("第").await, expected, "each once, wherever the index stands");
    }
}

async fn two_who_follow_do_not_hinder_each_other(place: Place) {
    let (house, a) = one_source(place).await;
    let names: Vec<String> = (0..60).map(|n| n.to_string()).collect();
    let entries: Vec<Entry> = names.iter().map(|name| entry(name).title(&named(name))).collect();
    house.poll(&a, &entries).await;
    let follow = async || while house.store.index(3).await.expect("indexed") {};
    futures_util::future::join(follow(), follow()).await;
    let expected: Vec<String> = names.iter().map(|name| named(name)).collect();
    assert_eq!(house.find("第").await, expected);
}

/// Entries come, change, go and return; the index follows now and then, and things are pruned.
async fn the_index_ends_at_the_newest_state(place: Place) {
    for seed in 0..6 {
        let mut house = House::new(place).await;
        house.window = Window { items: 3, age: Duration::ZERO, ..Window::default() };
        let a = Source { keep: Some(DAY), ..source("a") };
        house.enroll(std::slice::from_ref(&a)).await;
        let (mut dice, mut list) = (Dice(seed), BTreeMap::new());
        for _ in 0..30 {
            for _ in 0..4 {
                let name = dice.below(25);
                match dice.below(3) {
                    0 => drop(list.remove(&name)),
                    _ => drop(list.insert(name, dice.text(12))),
                }
            }
            let entry = |(name, text): (&usize, &String)| {
                entry(&name.to_string()).title(&format!("第{name}条{text}"))
            };
            house.poll_whole(&a, &list.iter().map(entry).collect::<Vec<_>>()).await;
            if dice.below(3) == 0 {
                house.store.index(1 + dice.below(9)).await.expect("indexed");
            }
            if dice.below(4) == 0 {
                house.pass(DAY);
                house.store.prune(house.now()).await.expect("pruned");
            }
        }
        house.index().await;
        let wide = Window { items: 500, ..house.window };
        let all = titles(&house.within(&Shelf::All, wide).await);
        assert!(all.len() > 3, "{all:?}");
        for words in ["第", "重庆", "人民日", "国", "gdp", "庆 a"] {
            let query = Query::read(words).expect("a query");
            let expected: Vec<&String> = all.iter().filter(|title| query.matches(title)).collect();
            let found = house.find(words).await;
            assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{words} with seed {seed}");
        }
    }
}

async fn the_end_of_a_book_is_not_searched(place: Place) {
    let (house, a) = one_source(place).await;
    let book = format!("<p>开头。{}结尾。</p>", "长文。".repeat(30_000));
    house.poll(&a, &[entry("书名").content(Some(&book)), entry("2").title("短文")]).await;
    house.index().await;
    assert_eq!(house.find("书名").await, ["书名"]);
    assert_eq!(house.find("开头").await, ["书名"]);
    assert!(house.find("结尾").await.is_empty(), "past 256 KiB");
    assert_eq!(house.find("短文").await, ["短文"]);
}
