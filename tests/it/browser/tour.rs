//! A walk over every kind of page a house has, and what only shows when all have been seen: that
//! hostile words stand where they should, and that no address of ours leads nowhere.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::hostile::{House, MANY, MARKUP, TEMPLATES, TURNED, WORD};
use super::page::Visitor;
use crate::origin::get;

/// A walk over every kind of page, and what was found on it.
pub struct Tour<'a> {
    house: &'a House,
    /// Every page with what it is made of, in the order of the visits.
    pages: Vec<(String, Value)>,
    /// What is wrong anywhere.
    pub faults: Vec<String>,
}

impl Tour<'_> {
    /// A walk that has not begun.
    pub fn new(house: &House) -> Tour<'_> {
        Tour { house, pages: Vec::new(), faults: Vec::new() }
    }

    /// Follows the front page to every shelf, and some of those to their items.
    pub fn go(&mut self, visitor: &mut Visitor) {
        self.visit(visitor, "/", 200);
        let kinds = ["/category/", "/source/", "/view/"];
        let is_shelf =
            |path: &str| path.ends_with(".html") && kinds.iter().any(|kind| path.starts_with(kind));
        for path in self.links("/", is_shelf) {
            self.visit(visitor, &path, 200);
        }
        let is_item = |path: &str| path.starts_with("/item/");
        let mut items = self.links("/source/hostile.html", is_item);
        items.extend(self.links("/source/posts.html", is_item));
        items.extend(self.links("/source/many.html", is_item).into_iter().take(1));
        for path in ["/all.html", "/status"].into_iter().chain(items.iter().map(String::as_str)) {
            self.visit(visitor, path, 200);
        }
        for path in self.links("/all.html", |path| path.starts_with("/archive/")).iter().take(1) {
            self.visit(visitor, path, 200);
        }
        self.visit(visitor, "/nowhere", 404);
        if self.has_search() {
            self.visit(visitor, "/search", 200);
            self.visit(visitor, "/search?q=%E4%BA%91%E5%B2%AD", 200);
        }
    }

    fn visit(&mut self, visitor: &mut Visitor, path: &str, status: u16) {
        let (read, faults) = visitor.visit(path, status);
        self.faults.extend(faults);
        self.pages.push((path.to_owned(), read));
    }

    /// The page that was visited at this address.
    fn page(&self, path: &str) -> &Value {
        let found = self.pages.iter().find(|(visited, _)| visited == path);
        &found.unwrap_or_else(|| panic!("{path} was visited")).1
    }

    /// Where a page leads to on our site, in its order.
    fn links(&self, path: &str, is_meant: impl Fn(&str) -> bool) -> Vec<String> {
        let links = self.page(path)["links"].as_array().expect("a list");
        let mut paths: Vec<String> = Vec::new();
        for path in links.iter().filter_map(|link| self.own(&link["url"])) {
            if is_meant(path) && !paths.iter().any(|known| known == path) {
                paths.push(path.to_owned());
            }
        }
        paths
    }

    /// The path of an address on our site.
    fn own<'u>(&self, url: &'u Value) -> Option<&'u str> {
        url.as_str().and_then(|url| url.strip_prefix(&self.house.site()))
    }

    fn has_search(&self) -> bool {
        self.ask("/search").0 == 200
    }

    /// Status, media type and new place of what a browser gets that asks for a path.
    fn ask(&self, path: &str) -> (u16, String, String) {
        let wishes = [("accept", "text/html,*/*;q=0.8")];
        let answer = get(self.house.port, path, &wishes);
        let (status, headers, _) = answer.expect("the house answers");
        let header = |name| {
            let found = headers.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        (status, header("content-type"), header("location"))
    }

    /// What is hostile stands there as it was written, and nothing of it was worked out.
    pub fn says_what_upstreams_wrote(&mut self) {
        let both = format!("{MARKUP}{TEMPLATES}");
        let shown: [(&str, &[&str]); 4] = [
            ("/", &[&both, WORD, TEMPLATES]),
            ("/all.html", &[MARKUP, TEMPLATES, WORD, TURNED]),
            ("/source/hostile.html", &[&both, MARKUP, TEMPLATES, WORD]),
            ("/status", &[&both, WORD, TURNED, "127.0.0.1:1"]),
        ];
        for (path, words) in shown {
            let said = self.page(path)["words"].as_str().expect("words").to_owned();
            let missing = words.iter().filter(|words| !said.contains(**words));
            self.faults.extend(missing.map(|words| format!("{path} does not say {words}")));
        }
        let titles: Vec<&str> =
            self.pages.iter().filter_map(|(_, read)| read["heading"].as_str()).collect();
        for title in [&both, MARKUP, TEMPLATES, WORD, "一"] {
            if !titles.contains(&title) {
                self.faults.push(format!("no page is headed {title}; {titles:#?}"));
            }
        }
    }

    /// Every address of ours on any page answers, at once or where it has moved to; and where a
    /// page says what it answers with, it does.
    pub fn links_lead_somewhere(&mut self) {
        let mut promised = self.promised();
        // The search page comes with the search.
        if !self.has_search() {
            promised.remove("/search");
        }
        assert!(promised.len() > MANY, "the links were found: {promised:#?}");
        for (path, types) in promised {
            let mut answer = self.ask(&path);
            if answer.0 == 308 {
                answer = self.ask(self.own(&answer.2.as_str().into()).unwrap_or(&answer.2));
            }
            let (status, is, _) = answer;
            if status != 200 || types.iter().any(|promised| !is.starts_with(promised.as_str())) {
                self.faults.push(format!("{path} answers {status} with {is}, not {types:?}"));
            }
        }
    }

    /// The addresses of ours on all pages, each with the media types they say it answers with.
    fn promised(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut promised: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let lists = self.pages.iter().flat_map(|(_, read)| [&read["links"], &read["alternates"]]);
        for link in lists.flat_map(|list| list.as_array().expect("a list")) {
            let Some(path) = self.own(&link["url"]) else { continue };
            let types = promised.entry(path.to_owned()).or_default();
            types.extend(link["type"].as_str().map(str::to_owned));
        }
        promised
    }
}
