//! Addresses of the site Feedloom grew out of. Each leads to ours in one step (row C-17).
//!
//! That site had one Atom feed, a page for each category at the root, and articles under their
//! categories and day. What is no address of it is answered by nobody here.

use super::desk::Desk;
use super::error::Error;
use super::router::decoded;
use crate::model::feed::Shelf;

/// What an address of that site led to.
#[derive(Debug, PartialEq, Eq)]
enum Former {
    /// Its one feed.
    Feed,
    /// The feed of a category.
    FeedOf(String),
    /// The page of a category.
    PageOf(String),
    /// An article, by the name of its file.
    Article(String),
}

/// Where the thing at a former address is now.
pub(super) async fn find(desk: &Desk, path: &str) -> Result<String, Error> {
    match read(&decoded(path)).ok_or(Error::NotFound)? {
        Former::Feed => Ok("/all.atom".to_owned()),
        Former::FeedOf(slug) => Ok(format!("{}.atom", category(desk, slug).await?)),
        Former::PageOf(slug) => Ok(format!("{}.html", category(desk, slug).await?)),
        Former::Article(name) => {
            // One list of that site named articles with a prefix, the others without.
            let other = name.strip_prefix("NW").map_or_else(|| format!("NW{name}"), str::to_owned);
            let id = match desk.store.named(&name).await? {
                Some(id) => Some(id),
                None => desk.store.named(&other).await?,
            };
            Ok(format!("/item/{}", id.ok_or(Error::NotFound)?))
        }
    }
}

/// The path of a category's feeds.
async fn category(desk: &Desk, slug: String) -> Result<String, Error> {
    let place = desk.press.locate(&Shelf::Category(slug)).await?;
    Ok(place.ok_or(Error::NotFound)?.path())
}

fn read(path: &str) -> Option<Former> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    match segments.as_slice() {
        ["feed.xml"] => Some(Former::Feed),
        ["feed", name] => Some(Former::FeedOf(name.strip_suffix(".xml")?.to_owned())),
        [slug] => Some(Former::PageOf((*slug).to_owned())),
        [_, .., year, month, day, name] if is_day(year, month, day) => {
            Some(Former::Article(name.strip_suffix(".html")?.to_owned()))
        }
        _ => None,
    }
}

fn is_day(year: &str, month: &str, day: &str) -> bool {
    let is = |text: &str, digits: usize| {
        text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    is(year, 4) && is(month, 2) && is(day, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_former_site() {
        let article = |name: &str| Some(Former::Article(name.to_owned()));
        for (path, expected) in [
            ("/feed.xml", Some(Former::Feed)),
            ("/feed/emnews.xml", Some(Former::FeedOf("emnews".to_owned()))),
            ("/emnews/", Some(Former::PageOf("emnews".to_owned()))),
            ("/emnews/2022/05/27/202205272392747645.html", article("202205272392747645")),
            ("/career/in/touxingpevc/2022/05/27/NW20.html", article("NW20")),
            ("/2022/05/27/a.html", None),
            ("/emnews/2022/5/27/a.html", None),
            ("/emnews/2022/05/27/a", None),
            ("/feed/emnews", None),
            ("/a/b", None),
            ("/", None),
        ] {
            assert_eq!(read(path), expected, "{path}");
        }
    }
}
