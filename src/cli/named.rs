//! What people call an item by on the command line: its id or page here, upstream's id, its link.

use crate::model::item::{ItemId, Key};
use crate::model::link;
use crate::store::explain::Name;

/// How to write one.
pub(super) const HELP: &str = "An item's id or page here, upstream's id of it, or its link";

/// Everything a word may mean.
pub(super) fn read(text: &str) -> Name {
    let text = text.trim();
    let last = text.rsplit('/').next().unwrap_or(text);
    let id = ItemId::parse(last.trim_end_matches(".json").trim_start_matches("urn:uuid:"));
    let link = link::canonical(text, None);
    let link = link.map(|link| Key::link(link::identity(&link)));
    let keys = [Key::guid(text)].into_iter().chain(link).collect();
    Name { id, keys, text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_goes_by_many_names() {
        let id = ItemId::mint("a", &Key::guid("1"));
        for text in [
            id.to_string(),
            format!("/item/{id}"),
            format!("https://n.example/item/{id}.json"),
            id.urn(),
        ] {
            assert_eq!(read(&text).id, Some(id), "{text}");
        }
        let named = read("https://www.a.example/x?utm_source=y");
        assert_eq!(named.id, None);
        assert_eq!(named.keys[0], Key::guid("https://www.a.example/x?utm_source=y"));
        assert!(named.keys[1].is_link());
        assert_eq!(read("NW1").keys, [Key::guid("NW1")]);
    }
}
