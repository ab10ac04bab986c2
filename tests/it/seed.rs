//! What comes out for the post the whole project grew from: a made-up twin of it here, and the real
//! one where `../shared` is at hand.

use std::path::Path;

use feedloom::model::feed::Shelf;

use crate::house::{House, answer};

const FOLDER: &str = "file://localhost/srv/feedloom/posts/";
const NAME: &str = "2022-05-27-NW202205272394352784.md";
const SLUG: &str = "zhongguoshichangjianguanxinwenwang";

/// What every reader of the post should see.
struct Expected<'a> {
    title: &'a str,
    link: &'a str,
}

async fn check(post: Vec<u8>, expected: Expected<'_>) {
    let house =
        House::new("[[source]]\nid = \"posts\"\nkind = \"posts\"\nurl = \"file:posts/\"\n").await;
    house.web.script(FOLDER, |_| {
        let mut listing = answer(200, format!("{NAME}\t100\t1\n"));
        listing
            .headers_mut()
            .insert("content-type", "application/x-feedloom-listing".parse().unwrap());
        Ok(listing)
    });
    house.web.serve(&format!("{FOLDER}{NAME}"), post);
    house.round().await;
    let shelf = Shelf::Category(SLUG.to_owned());
    let item = house.items(&shelf).await.remove(0);
    assert_eq!(item.title.as_str(), expected.title);
    assert_eq!(item.link.as_deref(), Some(expected.link));
    assert_eq!(item.outlet.as_deref(), Some("中国市场监管新闻网"));
    assert_eq!(item.guid.as_deref(), Some("NW202205272394352784"));
    let body = item.content.as_ref().expect("a body").as_str();
    for gone in ["em_media", "文章来源", "返回", "NewsShare"] {
        assert!(!body.contains(gone), "{gone} is no part of the body: {body}");
    }
    assert!(
        body.starts_with("<p>") && body.ends_with("</p>") && !body.contains("</p> <p>"),
        "{body}"
    );
    assert!(
        !item.public_id.contains("folder.example") && !item.public_id.contains(SLUG),
        "{}",
        item.public_id
    );

    let (rss, _) = house.document(&shelf, "rss").await;
    for part in [
        "<title>中国市场监管新闻网</title>",
        "<pubDate>Fri, 27 May 2022 12:03:15 +0800</pubDate>",
        expected.title,
    ] {
        assert!(rss.contains(part), "{part} in {rss}");
    }
    for format in ["atom", "json"] {
        let (document, _) = house.document(&shelf, format).await;
        assert!(document.contains("2022-05-27T12:03:15+08:00"), "{document}");
    }
}

#[tokio::test]
async fn the_seeds_twin_comes_out_exactly() {
    let post = include_bytes!("../fixtures/posts/seed-twin.md").to_vec();
    let link = "http://share.example.com/html_News/NewsShare.html?infoCode=NW202205272190017364";
    check(post, Expected { title: "重庆云岭：三年织就十五分钟放心菜圈", link }).await;
}

#[tokio::test]
async fn the_seed_comes_out_exactly() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples/seed-post.md");
    let Ok(post) = std::fs::read(&path) else {
        println!("skipped: ../shared/samples/seed-post.md is not at hand");
        return;
    };
    let link = "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW202205272394352784";
    check(post, Expected { title: "重庆荣昌：全方位发力打造食安高地", link }).await;
}
