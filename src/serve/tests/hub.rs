//! What is asked of our hub, without any socket.

use super::super::client::Client;
use super::*;
use url::form_urlencoded::Serializer;

impl House {
    /// Asks the hub to tell a callback of a topic; the status, and what is said.
    async fn ask_hub(&self, topic: &str, client: Option<&str>) -> (u16, String) {
        let body = Serializer::new(String::new())
            .append_pair("hub.mode", "subscribe")
            .append_pair("hub.topic", topic)
            .append_pair("hub.callback", "https://reader.example/callback")
            .finish();
        let mut request = Request::builder()
            .method("POST")
            .uri("/hub")
            .header("host", "a.example")
            .body(())
            .unwrap();
        let client = client.map(|address| Client::of(address.parse().unwrap()));
        request.extensions_mut().insert(client);
        let head = request.into_parts().0;
        let answer =
            self.desk.take(router::Route::Hub, &head, async { Ok(Bytes::from(body)) }).await;
        let status = answer.status().as_u16();
        (status, String::from_utf8(answer.into_body().to_vec()).unwrap())
    }

    fn topics_asked(&self) -> Vec<(String, String)> {
        let intents = self.store.intents.lock().unwrap();
        intents.iter().map(|intent| (intent.topic.clone(), intent.asked.clone())).collect()
    }
}

#[tokio::test]
async fn h_14_topics_are_compared_once_they_are_read() {
    let house = house();
    let spellings = [
        "https://feeds.example/all.atom",
        "HTTPS://Feeds.Example:443/all.atom",
        "https://feeds.example/%61ll.atom",
        "https://feeds.example/x/../all.atom",
    ];
    for spelling in spellings {
        assert_eq!(house.ask_hub(spelling, None).await.0, 202, "{spelling}");
    }
    // Whoever asked is asked back in his own spelling.
    let expected = spellings.map(|spelling| ("/all.atom".to_owned(), spelling.to_owned()));
    assert_eq!(house.topics_asked(), expected);
}

#[tokio::test]
async fn h_27_only_feeds_of_ours_are_topics() {
    let house = house();
    for topic in [
        "http://feeds.example/all.atom",
        "https://feeds.example:8443/all.atom",
        "https://feeds.example/all.atom/",
        "https://feeds.example/all.atom?limit=3",
        "https://feeds.example/all.atom#top",
        "https://feeds.example/all",
        "https://feeds.example/all.html",
        "https://feeds.example/search.atom",
        "https://feeds.example/category/none.atom",
        // An old slug: its feeds name another address.
        "https://feeds.example/category/politics.atom",
        "https://me@feeds.example/all.atom",
        "nothing",
    ] {
        let (status, said) = house.ask_hub(topic, None).await;
        assert!(status == 400 && said.contains("no topic of this hub"), "{topic}: {status} {said}");
    }
    assert_eq!(house.topics_asked(), []);
    for topic in ["/category/shizheng.rss", "/source/one.json"] {
        assert_eq!(house.ask_hub(&format!("https://feeds.example{topic}"), None).await.0, 202);
    }
}

#[tokio::test]
async fn t_26_a_client_asks_sixty_times_an_hour() {
    let house = house();
    let topic = "https://feeds.example/all.atom";
    for _ in 0..60 {
        assert_eq!(house.ask_hub(topic, Some("192.0.2.7")).await.0, 202);
    }
    let (status, said) = house.ask_hub(topic, Some("192.0.2.7")).await;
    assert!(status == 429 && said.contains("too often"), "{status} {said}");
    assert_eq!(house.ask_hub(topic, Some("192.0.2.8")).await.0, 202, "others are heard");
}

#[tokio::test]
async fn h_28_nothing_is_promised_that_cannot_be_remembered() {
    let house = house();
    house.store.is_away.store(true, SeqCst);
    let (status, _) = house.ask_hub("https://feeds.example/all.atom", None).await;
    assert_eq!(status, 503);
    assert_eq!(house.topics_asked(), []);
}
