//! The body of a post in the seed's form, taken apart.
//!
//! ```text
//! > digest（outlet）
//!
//! <p>…</p><p class="em_media">（文章来源：outlet）</p>
//!
//! <https://source.example/1.html>
//!
//! [返回栏目](//site.example/category/x.html)｜[返回首页](//site.example/)
//! ```
//! Every part may be missing, the older posts lack most. A body without the last two parts is any
//! Jekyll post, of which nothing but a source line is taken away: a quotation at its start and a
//! parenthesis at its end are then the author's own words.

use crate::adapter::select::affix::Affix;
use crate::model::text::{PlainText, Text};

/// A body taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seed<'t> {
    /// What is left: the article.
    pub article: String,
    /// The digest quoted in front of it.
    pub digest: Option<String>,
    /// The address of the source.
    pub link: Option<&'t str>,
    /// The outlet: that of the source line, else that of the digest (Q19).
    pub outlet: Option<String>,
    /// Whether the outlet is from a source line, which says more than a parenthesis does.
    pub has_source_line: bool,
    /// The name of the page its first back link goes to.
    pub back: Option<&'t str>,
    /// Whether it has a source link or back links at its end, as only the seed's form does.
    pub is_seed: bool,
}

/// Takes a body apart.
pub fn take_apart(body: &str) -> Seed<'_> {
    let (rest, back) = back_links(body.trim_end());
    let (rest, link) = source_link(rest);
    let mut seed = Seed { is_seed: back.is_some() || link.is_some(), back, ..Seed::default() };
    seed.link = link.filter(|link| !link.is_empty());
    let (article, media) = source_line(without_blank_start(rest));
    seed.has_source_line = media.is_some();
    seed.article = match digest(&article) {
        Some((digest, rest)) if seed.is_seed || starts_with_tag(rest) => {
            seed.digest = Some(digest);
            rest.to_owned()
        }
        _ => article,
    };
    let named = seed.outlet_of_digest();
    seed.outlet = media.or(named);
    seed
}

impl Seed<'_> {
    /// The outlet in the final parenthesis of the digest, which is cut off there (Q17, Q18). A post
    /// that is nothing but a digest has it at the end of its text.
    fn outlet_of_digest(&mut self) -> Option<String> {
        if let Some(digest) = &mut self.digest {
            let (outlet, rest) = final_parenthesis(digest)?;
            *digest = rest;
            return Some(outlet);
        }
        if !self.is_seed || starts_with_tag(&self.article) {
            return None;
        }
        let (outlet, rest) = final_parenthesis(&self.article)?;
        self.article = rest;
        Some(outlet)
    }
}

fn final_parenthesis(text: &str) -> Option<(String, String)> {
    ["（*）", "(*)"].iter().find_map(|written| {
        let affix = Affix::parse(written).expect("a well-formed affix");
        let (outlet, rest) = affix.split_end(text)?;
        (!rest.trim().is_empty()).then(|| (outlet.to_owned(), rest.trim_end().to_owned()))
    })
}

/// Cuts off the lines at the end that are nothing but back links; the first one's name, if there are any.
fn back_links(body: &str) -> (&str, Option<&str>) {
    let (mut rest, mut name) = (body, None);
    while let Some(first) = names_of_links(last_line(rest)) {
        rest = before_last_line(rest);
        name = Some(first);
    }
    (rest, name)
}

/// The first name of a line that is nothing but links `[返回…](…)`.
fn names_of_links(line: &str) -> Option<&str> {
    let mut rest = line.trim();
    let mut first = None;
    while !rest.is_empty() {
        let (name, after) = rest.strip_prefix("[返回")?.split_once("](")?;
        let (_, after) = after.split_once(')')?;
        first.get_or_insert(name);
        rest = after.trim_start_matches(['｜', '|', ' ', '\u{3000}', '\t']);
    }
    first
}

/// Cuts off a final line `<address>`; an empty pair of brackets is a source that is not known (W7).
fn source_link(body: &str) -> (&str, Option<&str>) {
    let line = last_line(body).trim();
    let address = line.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).map(str::trim);
    let is_address = |address: &&str| {
        let is_web = address.starts_with("http://") || address.starts_with("https://");
        address.is_empty() || (is_web && !address.contains([' ', '<', '>']))
    };
    match address.filter(is_address) {
        Some(address) => (before_last_line(body), Some(address)),
        None => (body, None),
    }
}

fn last_line(text: &str) -> &str {
    text.rsplit('\n').next().unwrap_or(text)
}

fn before_last_line(text: &str) -> &str {
    text.rfind('\n').map_or("", |at| &text[..at]).trim_end()
}

fn without_blank_start(text: &str) -> &str {
    let blank = text.len() - text.trim_start().len();
    &text[text[..blank].rfind('\n').map_or(0, |at| at + 1)..]
}

/// The quotation at the start of a body, when a blank line or the end follows it, and what follows.
fn digest(body: &str) -> Option<(String, &str)> {
    let mut digest: Vec<&str> = Vec::new();
    let mut rest = body;
    while let Some(quoted) = rest.strip_prefix('>') {
        let (line, after) = quoted.split_once('\n').unwrap_or((quoted, ""));
        digest.push(line.trim());
        rest = after;
    }
    let ends = rest.lines().next().unwrap_or("").trim().is_empty();
    if digest.is_empty() || !ends {
        return None;
    }
    Some((digest.join("\n").trim().to_owned(), rest.trim_start_matches(['\n', '\r'])))
}

/// Takes the source line away, wherever it stands: a paragraph of the class `em_media`, or one that
/// says nothing but `文章来源：…` (Q31). Keyword spans within it don't count (Q32).
fn source_line(body: &str) -> (String, Option<String>) {
    let mut kept = String::new();
    let mut outlet = None;
    let mut rest = body;
    while let Some((before, tag, inside, after)) = paragraph(rest) {
        // What cannot say it is not searched for it; each paragraph of each post comes by here.
        let named = inside.contains('源').then(|| PlainText::of(&Text::html(inside)));
        let named = named.and_then(|words| source_named(words.as_str()));
        let is_source = tag.contains("em_media") || named.is_some();
        kept.push_str(if is_source { before } else { &rest[..rest.len() - after.len()] });
        outlet = outlet.or(named).filter(|outlet: &String| !outlet.is_empty());
        rest = after;
    }
    kept.push_str(rest);
    let end = kept.trim_end();
    if let (None, Some(named)) = (&outlet, source_named(last_line(end))) {
        return (before_last_line(end).to_owned(), Some(named));
    }
    (kept, outlet)
}

/// The next `<p …>…</p>`: what comes before it, its tag, what it holds, what comes after.
fn paragraph(text: &str) -> Option<(&str, &str, &str, &str)> {
    let mut from = 0;
    loop {
        let start = from + text[from..].find("<p")?;
        from = start + 2;
        if !text[from..].starts_with(['>', ' ', '\t', '\n']) {
            continue;
        }
        let open = from + text[from..].find('>')?;
        let close = open + text[open..].find("</p>")?;
        return Some((
            &text[..start],
            &text[from..open],
            &text[open + 1..close],
            &text[close + 4..],
        ));
    }
}

/// The outlet that a line of only `（文章来源：…）` names.
fn source_named(line: &str) -> Option<String> {
    let line = line.trim().trim_matches(['（', '）', '(', ')']).trim();
    let named = line.strip_prefix("文章来源")?.trim_start().strip_prefix(['：', ':'])?.trim();
    let is_name =
        !named.is_empty() && named.chars().count() <= OUTLET_MOST && !named.contains('。');
    is_name.then(|| named.to_owned())
}

/// The longest name of an outlet, in characters.
const OUTLET_MOST: usize = 60;

/// Whether a text starts with markup. An address in angle brackets is none.
pub fn starts_with_tag(text: &str) -> bool {
    let Some(tag) = text.trim_start().strip_prefix('<') else { return false };
    let name = tag.trim_start_matches('/');
    let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    tag.starts_with("!--")
        || (end > 0 && name[end..].starts_with(['>', ' ', '/', '\n', '\r', '\t']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "<http://source.example/a/1.html>";
    const BACK: &str =
        "[返回青禾新闻](//site.example/category/qinghe.html)｜[返回首页](//site.example/)";

    fn check(body: &str, article: &str, digest: Option<&str>, outlet: Option<&str>) {
        let seed = take_apart(body);
        assert_eq!(seed.article, article, "{body}");
        assert_eq!(seed.digest.as_deref(), digest, "{body}");
        assert_eq!(seed.outlet.as_deref(), outlet, "{body}");
    }

    #[test]
    fn everything_in_its_place() {
        let body = format!(
            "> 调运化肥。（青禾证券报）\n\n<p>a</p>\n <p>b</p><p class=\"em_media\">（文章来源：重庆商报）</p>\n\n{LINK}\n\n{BACK}"
        );
        let seed = take_apart(&body);
        assert_eq!(seed.article, "<p>a</p>\n <p>b</p>");
        assert_eq!(seed.digest.as_deref(), Some("调运化肥。"));
        assert_eq!(seed.link, Some("http://source.example/a/1.html"));
        assert_eq!(seed.outlet.as_deref(), Some("重庆商报"));
        assert_eq!(seed.back, Some("青禾新闻"));
        assert!(seed.is_seed && seed.has_source_line);
    }

    #[test]
    fn back_links_in_all_stored_forms() {
        for back in [
            BACK,
            "[返回东财滚动新闻](../emnews/)\n[返回首页](../)",
            "[返回东财滚动新闻](//site.example/emnews/)\n[返回首页](//site.example/)\n",
            "[返回首页](/)",
        ] {
            check(&format!("正文\n\n{LINK}\n\n{back}"), "正文", None, None);
        }
        check(&format!("\n正文。\n\n{LINK}"), "正文。", None, None);
        check("\n祝贺开站\n", "祝贺开站", None, None);
    }

    #[test]
    fn w7_an_empty_source_link_is_none() {
        let body = format!("正文\n\n<>\n\n{BACK}");
        assert_eq!(take_apart(&body).link, None);
        check(&body, "正文", None, None);
    }

    #[test]
    fn q17_q18_the_outlet_of_a_digest() {
        check(&format!("涨了。（财讯社）\n\n{LINK}"), "涨了。", None, Some("财讯社"));
        check(&format!("涨了。(中证看点)\n\n{LINK}"), "涨了。", None, Some("中证看点"));
        check(
            &format!("记者从青禾石化获悉（600028）\n\n{LINK}"),
            "记者从青禾石化获悉（600028）",
            None,
            None,
        );
        check(
            &format!("青禾控股(03301.HK)：回购。\n\n{LINK}"),
            "青禾控股(03301.HK)：回购。",
            None,
            None,
        );
    }

    #[test]
    fn q19_the_source_line_wins() {
        let body = format!(
            "> 逆回购。（央行）\n\n<p>a</p><p class=\"em_media\">（文章来源：央行网站）</p>\n\n{LINK}"
        );
        check(&body, "<p>a</p>", Some("逆回购。"), Some("央行网站"));
    }

    #[test]
    fn q31_q32_a_source_line_cut_by_a_keyword() {
        let line = "<p class=\"em_media\">（文章来源：上海<span id=\"bk_90.BK0473\"><a class=\"keytip\">证券</a></span><span id=\"q\"></span>报）</p>";
        check(&format!("<p>a</p>{line}"), "<p>a</p>", None, Some("上海证券报"));
        check(
            "<p>a</p><p>(文章来源: A&amp;B)</p>\n<p>c</p>",
            "<p>a</p>\n<p>c</p>",
            None,
            Some("A&B"),
        );
        check("正文\n\n文章来源：财讯社", "正文", None, Some("财讯社"));
        check(
            "<p>本文章来源：于网络</p><pre>x</pre>",
            "<p>本文章来源：于网络</p><pre>x</pre>",
            None,
            None,
        );
    }

    #[test]
    fn the_author_s_own_words_stay() {
        check("> 名言\n\n正文（见附录）", "> 名言\n\n正文（见附录）", None, None);
        check("> 名言\n正文", "> 名言\n正文", None, None);
        check("见 <https://a.example/>", "见 <https://a.example/>", None, None);
    }

    #[test]
    fn a_digest_of_several_lines() {
        check("> 一\n> 二\n\n<p>a</p>", "<p>a</p>", Some("一\n二"), None);
        check(&format!("> 一\n\n{LINK}"), "", Some("一"), None);
    }

    #[test]
    fn hostile_bodies_are_read_in_one_pass() {
        for body in [
            "<p".repeat(100_000),
            "<p>".repeat(100_000),
            "[返回](".repeat(100_000),
            "> \n".repeat(100_000),
        ] {
            take_apart(&body);
        }
    }

    #[test]
    fn what_starts_with_a_tag() {
        for tag in ["<p>", " <p class=x>", "<!-- x -->", "</p>", "<br/>"] {
            assert!(starts_with_tag(tag), "{tag}");
        }
        for text in ["<https://a.example/>", "< 60", "<60℃", "a <p>", "<>"] {
            assert!(!starts_with_tag(text), "{text}");
        }
    }
}
