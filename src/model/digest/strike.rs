//! A digest without one of its headlines: what was withdrawn by hand leaves every output, newsletters too.

use crate::model::item::{ItemId, Matter};
use crate::model::text::{SafeHtml, Text};

/// Begins the line that says where a headline is from: it leads to the item's page here.
const LINE: &str = "<p><a href=\"";
const PICTURE: &str = "<img src=\"";

/// What a digest says when it tells of an item no more; none when it tells of nothing else. A body that
/// is no list of headlines, which only the largest are not, is given up whole.
pub fn without(digest: Matter, id: ItemId) -> Option<Matter> {
    let html = digest.content.as_ref()?.as_str();
    let (list, after) = html.strip_prefix("<ol>")?.rsplit_once("</ol>")?;
    let headlines = list.split_inclusive("</li>");
    let kept: String = headlines.filter(|headline| !is_of(headline, id)).collect();
    if kept.is_empty() {
        return None;
    }
    if kept.len() == list.len() {
        return Some(digest);
    }
    let picture = kept.split_once(PICTURE).and_then(|(_, rest)| rest.split_once('"'));
    Some(Matter {
        image: picture.map(|(address, _)| address.replace("&amp;", "&")),
        content: Some(SafeHtml::clean(&Text::html(format!("<ol>{kept}</ol>{after}")), None)),
        // It names headlines and counts them.
        summary: None,
        ..digest
    })
}

fn is_of(headline: &str, id: ItemId) -> bool {
    let page = format!("/item/{id}");
    let addresses = headline.split(LINE).skip(1).filter_map(|rest| rest.split('"').next());
    addresses.into_iter().any(|address| address.ends_with(&page))
}
