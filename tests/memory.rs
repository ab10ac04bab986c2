//! What reading a large document takes: at most three times its size, itself included, however it is
//! written. Of one that is not in UTF-8, the size is that of its text. Counted by the allocator, so a
//! binary of its own with a single test.

use feedloom::adapter::{decode, feed};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Bytes of a document this is asked of, at least.
const LARGE: usize = 4 << 20;

fn document(text: impl Fn(usize) -> String) -> String {
    let mut document = String::from("<rss version=\"2.0\"><channel><title>流</title>");
    for number in 0.. {
        if document.len() >= LARGE {
            break;
        }
        document.push_str(&text(number));
    }
    document.push_str("</channel></rss>");
    document
}

#[test]
fn a_large_document_takes_three_times_its_size_at_most() {
    let article = "<p>记者12日从市交通局获悉，两江大桥<b>今晨合龙</b>。</p>\n".repeat(120);
    let escaped = article.replace('<', "&lt;").replace('>', "&gt;");
    let item =
        |body: &str| format!("<item><title>题</title><description>{body}</description></item>");
    let json: Vec<_> = (0..700)
        .map(|n| serde_json::json!({ "id": n.to_string(), "content_html": article }))
        .collect();
    let json = serde_json::json!({ "version": "https://jsonfeed.org/version/1.1", "items": json });
    let documents: Vec<(&str, Vec<u8>)> = vec![
        ("in sections", document(|_| item(&format!("<![CDATA[{article}]]>"))).into_bytes()),
        ("escaped", document(|_| item(&escaped)).into_bytes()),
        ("nested", document(|_| item(&article)).into_bytes()),
        ("tiny", document(|_| "<item/>".to_owned()).into_bytes()),
        ("small", document(|n| item(&n.to_string())).into_bytes()),
        ("deep", document(|_| format!("<a>{}", "x".repeat(60))).into_bytes()),
        ("attributes", document(|n| format!("<item a{n}='1' b='&lt;' c=''/>")).into_bytes()),
        ("categories", document(|n| format!("<category>{n}</category>")).into_bytes()),
        ("references", document(|_| item(&"&#x4e2d;".repeat(800))).into_bytes()),
        ("in GBK", encoding_rs::GBK.encode(&document(|_| item(&escaped))).0.into_owned()),
        ("JSON", json.to_string().into_bytes()),
    ];
    let mut missed = Vec::new();
    for (name, bytes) in documents {
        let before = ALLOCATOR.current_usage();
        ALLOCATOR.reset_peak_usage();
        let decoded = decode::decode(&bytes, None);
        let text_size = decoded.text.len();
        let read = feed::read(&decoded.text, None);
        let taken = ALLOCATOR.peak_usage() - before + bytes.len();
        drop(read);
        let size = bytes.len().max(text_size);
        let times = taken as f64 / size as f64;
        println!("{name}: {times:.2} times {} KiB", size >> 10);
        if times > 3.0 {
            missed.push(format!("{name}: {times:.2}"));
        }
    }
    assert!(missed.is_empty(), "more than three times its size: {missed:?}");
}
