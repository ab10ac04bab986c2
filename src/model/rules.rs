//! `Rules`: cleaning that belongs to one upstream, declared in the file.
//!
//! What is good for all articles is done by `Draft::refine` without being asked; what only one
//! upstream needs (its widgets, its keyword spans, its source line) stands here as data.

use ego_tree::NodeId;
use regex::{Captures, Regex};
use scraper::{ElementRef, Html, Node, Selector};

use super::text::scripted::LATE;
use super::text::{Text, is_too_deep, plain};

/// Cleaning that belongs to one upstream. Applied to a body before it is sanitised: extract first, then remove, then unwrap.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Elements that go with all they hold.
    pub remove: Vec<Selector>,
    /// Elements that go while what they hold stays.
    pub unwrap: Vec<Selector>,
    /// What is read out of the body into fields.
    pub extract: Vec<Extract>,
    /// Attributes of `img` that hold a better picture than `src`, best first.
    pub images: Vec<String>,
}

/// One field read out of a body.
#[derive(Clone, Debug)]
pub struct Extract {
    /// Where it goes.
    pub to: Field,
    /// The elements it is read from; the whole body when absent.
    pub select: Option<Selector>,
    /// The attribute that holds it; the element's words when absent.
    pub attribute: Option<String>,
    /// What of it is meant; the whole when absent.
    pub pattern: Option<Regex>,
    /// How the pattern's groups make the value: `{1}.{2}`; the first group (else the whole match) when absent.
    pub template: Option<String>,
}

/// A field a rule can fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// The outlet's name; what the adapter found is replaced.
    Outlet,
    /// An author's name.
    Author,
    /// A label of this scheme.
    Label(Option<String>),
    /// The picture that stands for the item.
    Image,
}

impl Rules {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.remove.is_empty()
            && self.unwrap.is_empty()
            && self.extract.is_empty()
            && self.images.is_empty()
    }

    /// Applies the rules to a body: what is left of it, and what was read out of it, in the rules' order.
    /// Selectors and patterns are linear in the body's length; a body too deep for a tree is left as it is.
    pub fn apply(&self, html: &str) -> (String, Vec<(&Field, String)>) {
        if self.is_empty() || is_too_deep(html) {
            return (html.to_owned(), Vec::new());
        }
        let mut page = Html::parse_fragment(html);
        let found = self.found(&page);
        for selector in &self.remove {
            for id in ids(&page, selector) {
                if let Some(mut node) = page.tree.get_mut(id) {
                    node.detach();
                }
            }
        }
        for selector in &self.unwrap {
            for id in ids(&page, selector) {
                unwrap(&mut page, id);
            }
        }
        self.prefer_images(&mut page);
        (page.root_element().inner_html(), found)
    }

    /// What the rules read out of a text that stays as it is. Of plain text only rules without a
    /// selector can read.
    pub fn read(&self, text: &Text) -> Vec<(&Field, String)> {
        if text.is_html() && (self.extract.is_empty() || is_too_deep(&text.raw)) {
            return Vec::new();
        }
        if text.is_html() {
            return self.found(&Html::parse_fragment(&text.raw));
        }
        let rules = self.extract.iter().filter(|rule| rule.select.is_none());
        rules
            .flat_map(|rule| {
                rule.distinct(std::slice::from_ref(&text.raw))
                    .into_iter()
                    .map(|value| (&rule.to, value))
            })
            .collect()
    }

    fn found(&self, page: &Html) -> Vec<(&Field, String)> {
        let rules = self.extract.iter();
        rules.flat_map(|rule| rule.read(page).into_iter().map(|value| (&rule.to, value))).collect()
    }

    fn prefer_images(&self, page: &mut Html) {
        if self.images.is_empty() {
            return;
        }
        let pictures = Selector::parse("img").expect("a plain element name");
        for id in ids(page, &pictures) {
            let Some(mut node) = page.tree.get_mut(id) else { continue };
            let Node::Element(element) = node.value() else { continue };
            let better = self.images.iter().find_map(|name| element.attr(name).map(str::to_owned));
            let source = element.attrs.iter_mut().find(|(name, _)| &*name.local == "src");
            if let (Some(better), Some((_, source))) = (better, source) {
                *source = better.into();
                // The file's word goes before what is guessed of such names later.
                element.attrs.retain(|(name, _)| !LATE.contains(&&*name.local));
            }
        }
    }
}

fn ids(page: &Html, selector: &Selector) -> Vec<NodeId> {
    page.select(selector).map(|element| element.id()).collect()
}

fn unwrap(page: &mut Html, id: NodeId) {
    while let Some(child) =
        page.tree.get(id).and_then(|node| node.first_child()).map(|child| child.id())
    {
        let Some(mut node) = page.tree.get_mut(id) else { return };
        node.insert_id_before(child);
    }
    if let Some(mut node) = page.tree.get_mut(id) {
        node.detach();
    }
}

impl Extract {
    /// Most values one rule reads out of one body.
    const MOST: usize = 50;

    fn read(&self, page: &Html) -> Vec<String> {
        let texts: Vec<String> = match &self.select {
            Some(select) => page
                .select(select)
                .take(Self::MOST)
                .filter_map(|element| self.text_of(element))
                .collect(),
            None => vec![page.root_element().text().collect()],
        };
        self.distinct(&texts)
    }

    /// The values of some texts, each once.
    fn distinct(&self, texts: &[String]) -> Vec<String> {
        let mut values: Vec<String> =
            texts.iter().flat_map(|text| self.values(text)).take(Self::MOST).collect();
        let mut known = std::collections::HashSet::new();
        values.retain(|value| !value.is_empty() && known.insert(value.clone()));
        values
    }

    fn text_of(&self, element: ElementRef<'_>) -> Option<String> {
        match &self.attribute {
            Some(name) => element.attr(name).map(str::to_owned),
            None => Some(element.text().collect()),
        }
    }

    fn values(&self, text: &str) -> Vec<String> {
        let Some(pattern) = &self.pattern else { return vec![plain::fold(text)] };
        pattern.captures_iter(text).map(|groups| plain::fold(&self.fill(&groups))).collect()
    }

    fn fill(&self, groups: &Captures<'_>) -> String {
        let group = |n: usize| groups.get(n).map_or("", |group| group.as_str());
        match &self.template {
            Some(template) => (0..groups.len())
                .fold(template.clone(), |text, n| text.replace(&format!("{{{n}}}"), group(n))),
            None if groups.len() > 1 => group(1).to_owned(),
            None => group(0).to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(css: &str) -> Selector {
        Selector::parse(css).unwrap()
    }

    fn rules() -> Rules {
        Rules {
            remove: vec![select("p[style*='display:none']"), select("a.chart"), select("p.media")],
            unwrap: vec![select("span"), select("a.tip")],
            extract: vec![
                Extract {
                    to: Field::Outlet,
                    select: Some(select("p.media")),
                    attribute: None,
                    pattern: Some(Regex::new("来源：(.+?)）").unwrap()),
                    template: None,
                },
                Extract {
                    to: Field::Label(None),
                    select: Some(select("a.tip")),
                    attribute: Some("data-code".into()),
                    pattern: Some(Regex::new(r"^(\d+),(\w+)$").unwrap()),
                    template: Some("{1}.{2}".into()),
                },
                Extract {
                    to: Field::Label(None),
                    select: None,
                    attribute: None,
                    pattern: Some(Regex::new(r"[（(](6\d{5})[)）]").unwrap()),
                    template: Some("1.{1}".into()),
                },
            ],
            images: vec!["orginial_src".into()],
        }
    }

    #[track_caller]
    fn check(html: &str, expected: &str, found: &[&str]) {
        let rules = rules();
        let (left, values) = rules.apply(html);
        assert_eq!(left, expected);
        assert_eq!(values.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>(), found);
    }

    #[test]
    fn q23_widgets_go_with_all_they_hold() {
        check("<p><a class=chart><img src=x></a></p><p>甲</p>", "<p></p><p>甲</p>", &[]);
    }

    #[test]
    fn q25_keyword_spans_leave_their_words_and_a_ticker() {
        check(
            "<p>甲<span id=s><a class=tip data-code=\"0,300115\">乙丙</a></span><span></span>丁</p>",
            "<p>甲乙丙丁</p>",
            &["0.300115"],
        );
    }

    #[test]
    fn q28_unwrapping_adds_no_blank() {
        check("(C<span>PPI</span>B)", "(CPPIB)", &[]);
    }

    #[test]
    fn q30_strong_words_stay_strong() {
        check(
            "<strong>甲<span>乙</span></strong><span>丙</span><span>丁</span>",
            "<strong>甲乙</strong>丙丁",
            &[],
        );
    }

    #[test]
    fn q32_a_source_line_cut_by_a_keyword_reads_whole() {
        check(
            "<p>甲</p><p class=media>（文章来源：上海<span>证券</span>报）</p>",
            "<p>甲</p>",
            &["上海证券报"],
        );
    }

    #[test]
    fn q33_hidden_spacers_go() {
        check("<p style=\"display:none;height:1px\"><br /></p><p>甲</p>", "<p>甲</p>", &[]);
    }

    #[test]
    fn q21_codes_in_the_text_are_read_and_stay() {
        check("<p>甲（600028）乙</p>", "<p>甲（600028）乙</p>", &["1.600028"]);
    }

    #[test]
    fn q37_the_larger_picture_is_preferred() {
        check(
            "<img orginial_src=\"b.jpg\" src=\"a.jpg\">",
            "<img orginial_src=\"b.jpg\" src=\"b.jpg\">",
            &[],
        );
    }
}
