use serde_json::{Value, json};

use super::*;
use crate::adapter::testing::setting;

fn read(toml: &str, used: Use) -> (Vec<Selector>, Vec<String>) {
    let table = setting(toml);
    let mut mistakes = Vec::new();
    let mut reader = Reader::new(&table, &mut mistakes);
    let field = reader.get("field").unwrap();
    let selectors = selectors(field, used, Language::Json, reader.mistakes());
    (selectors, mistakes.into_iter().map(|mistake| mistake.what).collect())
}

fn values(toml: &str, used: Use, entry: &Value) -> Vec<String> {
    let (selectors, mistakes) = read(toml, used);
    assert_eq!(mistakes, Vec::<String>::new());
    selectors.iter().flat_map(|selector| selector.values(entry, used)).collect()
}

fn check(toml: &str, entry: Value, expected: &[&str]) {
    assert_eq!(values(toml, Use::Word, &entry), expected, "{toml}");
}

fn refused(toml: &str, used: Use, expected: &str) {
    let (_, mistakes) = read(toml, used);
    assert_eq!(mistakes, [expected], "{toml}");
}

#[test]
fn a_path_a_template_a_constant() {
    check("field = 'id'", json!({"id": 7}), &["7"]);
    check("field = { path = 'id' }", json!({"id": 7}), &["7"]);
    check("field = { template = 'a-{id}-{n}' }", json!({"id": 7, "n": "x"}), &["a-7-x"]);
    check("field = { template = 'a-{id}' }", json!({"id": ""}), &[]);
    check("field = { value = 'zh' }", json!({}), &["zh"]);
}

#[test]
fn splitting() {
    check("field = { path = 'k', split = ',' }", json!({"k": "春耕,化肥,"}), &["春耕", "化肥"]);
    check("field = { path = 'k', split = [',', '-'] }", json!({"k": "a-b,c"}), &["a", "b", "c"]);
}

#[test]
fn q16_a_title_in_front_of_a_digest() {
    let entry = json!({"digest": "【青禾市春耕】全市已调运化肥。"});
    check("field = { path = 'digest', prefix = '【*】' }", entry.clone(), &["青禾市春耕"]);
    check("field = { path = 'digest', strip_prefix = '【*】' }", entry, &["全市已调运化肥。"]);
}

#[test]
fn q17_q18_an_outlet_behind_a_digest() {
    let strip = "field = { path = 'd', strip_suffix = ['（*）', '(*)'] }";
    let take = "field = { path = 'd', suffix = ['（*）', '(*)'] }";
    check(strip, json!({"d": "涨了。（青禾证券报）"}), &["涨了。"]);
    check(take, json!({"d": "涨了。（青禾证券报）"}), &["青禾证券报"]);
    check(strip, json!({"d": "涨了。(中证看点)"}), &["涨了。"]);
    check(take, json!({"d": "涨了。(中证看点)"}), &["中证看点"]);
    check(strip, json!({"d": "涨了。"}), &["涨了。"]);
    check(take, json!({"d": "涨了。"}), &[]);
}

#[test]
fn patterns() {
    check(
        "field = { path = 'id', pattern = '^\\d{8}' }",
        json!({"id": "202303153000"}),
        &["20230315"],
    );
    check(
        "field = { path = 's', pattern = '来源[:：](\\S+)' }",
        json!({"s": "来源：青禾网 x"}),
        &["青禾网"],
    );
    check("field = { path = 's', pattern = '#(\\w)' }", json!({"s": "#a #b"}), &["a", "b"]);
    check("field = { path = 's', pattern = 'x' }", json!({"s": "y"}), &[]);
}

#[test]
fn a_condition() {
    let toml = "field = { value = '要闻', when = { field = 'color', not = [0, 1] } }";
    check(toml, json!({"color": 3}), &["要闻"]);
    check(toml, json!({"color": "3"}), &["要闻"]);
    check(toml, json!({"color": 0}), &[]);
    check(toml, json!({}), &[]);
    let toml = "field = { value = '要闻', when = { field = 'score', at_least = 2 } }";
    check(toml, json!({"score": 2.5}), &["要闻"]);
    check(toml, json!({"score": 1}), &[]);
}

#[test]
fn t_07_values_in_an_address_are_encoded() {
    let address = |toml, entry| values(toml, Use::Address, &entry);
    let toml = "field = { template = 'https://a.example/{id}.html' }";
    assert_eq!(address(toml, json!({"id": "../x?y"})), ["https://a.example/..%2Fx%3Fy.html"]);
    assert_eq!(address("field = { template = '{url}' }", json!({"url": "/a?b=1"})), ["/a?b=1"]);
}

#[test]
fn t_25_patterns_are_bounded() {
    let long = format!("field = {{ path = 'a', pattern = '{}' }}", "x".repeat(2000));
    refused(&long, Use::Word, "this pattern is longer than 1024 bytes");
    let large = "field = { path = 'a', pattern = '(a{0,999}){0,999}' }";
    refused(large, Use::Word, "this pattern is too large; use smaller repetitions");
    let entry = json!({"a": "a".repeat(100_000)});
    check("field = { path = 'a', pattern = '(a+)+$' }", entry, &["a".repeat(65_536).as_str()]);
}

#[test]
fn values_are_bounded() {
    let many = json!({"k": "a,".repeat(10_000)});
    assert_eq!(values("field = { path = 'k', split = ',' }", Use::Word, &many).len(), 100);
}

#[test]
fn mistakes_are_told() {
    refused(
        "field = { path = 'a', template = '{a}' }",
        Use::Word,
        "one of `path`, `template` and `value` is needed here, and only one",
    );
    refused(
        "field = {}",
        Use::Word,
        "one of `path`, `template` and `value` is needed here, and only one",
    );
    refused(
        "field = 3",
        Use::Word,
        "this should be a path in quotes, or a table with `path`, `template` or `value`",
    );
    refused("field = 'a..b'", Use::Word, "in the path `a..b`: a key is missing beside a dot");
    refused(
        "field = { template = '{a' }",
        Use::Word,
        "in the template `{a`: a brace is not closed",
    );
    refused(
        "field = { path = 'a', pattern = '(' }",
        Use::Word,
        "this pattern cannot be read: unclosed group",
    );
    refused(
        "field = { path = 'a', strip_sufix = '（*）' }",
        Use::Word,
        "unknown key `strip_sufix`; did you mean `strip_suffix`?",
    );
    refused("field = { path = 'a', format = 'epoch_s' }", Use::Word, "unknown key `format`");
    refused(
        "field = { path = 'a', split = '' }",
        Use::Word,
        "this should be a separator such as \",\"",
    );
    refused("field = { path = 'a', when = {} }", Use::Word, test::MEANT);
}

#[test]
fn a_wrong_format_is_told_with_the_known_ones() {
    let (_, mistakes) = read("field = { path = 'a', format = ['epoch_s', 'epochs'] }", Use::Time);
    assert!(
        mistakes[0].starts_with("`epochs` is no format of a time; known are datetime"),
        "{mistakes:?}"
    );
}

#[test]
fn formats_of_times() {
    let (selectors, _) =
        read("field = { path = 'a', format = ['epoch_s', '%Y%m%d'], inferred = true }", Use::Time);
    assert_eq!(selectors[0].forms, [Form::EpochSeconds, Form::Pattern("%Y%m%d".to_owned())]);
    assert!(selectors[0].inferred);
}
