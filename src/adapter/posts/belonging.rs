//! What a post belongs to: a category in the seed's form or in Jekyll's, and tags.

use serde_json::Value;

use super::post::Post;
use crate::model::item::Membership;

/// What a post says it belongs to.
pub(super) struct Belonging {
    /// Its categories, with the slug the old site used.
    pub memberships: Vec<Membership>,
    /// Their names.
    pub names: Vec<String>,
    /// Tags that are no category.
    pub tags: Vec<String>,
}

/// Tags that are a category's name as they stand.
const WHOLE: [&str; 2] = ["东财滚动新闻", "站长消息"];

impl Post<'_> {
    /// The seed writes a slug under `categories` and its name, with 新闻 behind it, under `tags`, blanks
    /// and all (W3). Any other Jekyll post means by them what they say: categories divided by blanks,
    /// and tags. What says nothing else is filed under the outlet its source line names.
    pub(super) fn belonging(&self) -> Belonging {
        let slugs = self.list(&["categories", "category"]);
        match &self.list(&["tags", "tag"])[..] {
            [tag] if self.is_seed_tag(tag) => {
                return Belonging::under(without_news(tag), alias(&slugs));
            }
            _ => {}
        }
        let tags = self.divided("tags", "tag");
        let line = self.seed.outlet.clone().filter(|_| self.seed.has_source_line);
        match (line, &tags[..]) {
            (_, [tag]) if slugs.is_empty() => Belonging::under(without_news(tag), None),
            (Some(outlet), []) => Belonging::under(outlet, alias(&slugs)),
            (Some(outlet), _) if slugs.is_empty() => {
                Belonging { tags, ..Belonging::under(outlet, None) }
            }
            _ => Belonging { tags, ..Belonging::of(self.divided("categories", "category")) },
        }
    }

    fn is_seed_tag(&self, tag: &str) -> bool {
        let is_whole = WHOLE.contains(&tag);
        is_whole || tag.ends_with("新闻") || self.seed.back.is_some_and(|back| back.trim() == tag)
    }

    /// What stands under either key: a list as it is, and one text divided by blanks under the first
    /// key but not under the second, as Jekyll does.
    fn divided(&self, many: &str, one: &str) -> Vec<String> {
        let list = self.list(&[many]);
        match self.front.get(many) {
            _ if list.is_empty() => self.list(&[one]),
            Some(Value::Array(_)) => list,
            _ => list.iter().flat_map(|text| text.split(' ')).map(str::to_owned).collect(),
        }
    }
}

impl Belonging {
    fn under(name: String, alias: Option<String>) -> Belonging {
        Belonging {
            names: vec![name.clone()],
            memberships: vec![Membership { name, alias }],
            tags: Vec::new(),
        }
    }

    fn of(names: Vec<String>) -> Belonging {
        let memberships =
            names.iter().map(|name| Membership { name: name.clone(), alias: None }).collect();
        Belonging { memberships, names, tags: Vec::new() }
    }
}

/// The name in a tag of the seed: without its final 新闻, unless that is the name itself.
fn without_news(tag: &str) -> String {
    if WHOLE.contains(&tag) {
        return tag.to_owned();
    }
    let name = tag.strip_suffix("新闻").unwrap_or(tag).trim_end();
    if name.is_empty() { tag.to_owned() } else { name.to_owned() }
}

fn alias(slugs: &[String]) -> Option<String> {
    match slugs {
        [slug] => Some(slug.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_tags() {
        let check = |tag: &str, name: &str| assert_eq!(without_news(tag), name);
        check("中国青禾报新闻", "中国青禾报");
        check("东财滚动新闻", "东财滚动新闻");
        check("站长消息", "站长消息");
        check("视界新闻新闻", "视界新闻");
        check("新闻", "新闻");
        check("Career In 投行PEVC新闻", "Career In 投行PEVC");
    }
}
