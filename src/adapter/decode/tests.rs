use proptest::prelude::*;

use super::*;

const NEWS: &str = "<?xml version=\"1.0\"?><title>重庆荣昌：全方位发力打造食安高地</title>";

fn check(bytes: &[u8], content_type: Option<&str>, encoding: &str, text: &str) {
    let decoded = decode(bytes, content_type);
    assert_eq!(
        (decoded.encoding.as_str(), decoded.text.as_ref()),
        (encoding, text),
        "{}",
        decoded.why
    );
}

fn encoded(encoding: &'static Encoding, text: &str) -> Vec<u8> {
    encoding.encode(text).0.into_owned()
}

fn declared(label: &str) -> String {
    NEWS.replace("\"1.0\"", &format!("\"1.0\" encoding='{label}'"))
}

fn wide(text: &str, unit: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

#[test]
fn plain_utf_8_is_borrowed() {
    assert!(matches!(decode(NEWS.as_bytes(), None).text, Cow::Borrowed(_)));
}

#[test]
fn t_17_a_mark_wins() {
    let bytes = [b"\xef\xbb\xbf", NEWS.as_bytes()].concat();
    check(&bytes, Some("text/xml; charset=gb2312"), "utf-8", NEWS);
}

#[test]
fn t_17_utf_16_with_and_without_mark() {
    for (mark, unit, name) in [
        ("\u{feff}", u16::to_le_bytes as fn(u16) -> [u8; 2], "utf-16le"),
        ("", u16::to_le_bytes, "utf-16le"),
        ("\u{feff}", u16::to_be_bytes, "utf-16be"),
        ("", u16::to_be_bytes, "utf-16be"),
    ] {
        check(&wide(&format!("{mark}{NEWS}"), unit), None, name, NEWS);
    }
}

#[test]
fn t_17_utf_32_with_and_without_mark() {
    let little: Vec<u8> = NEWS.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    let big: Vec<u8> =
        format!("\u{feff}{NEWS}").chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
    check(&little, None, "utf-32le", NEWS);
    check(&big, None, "utf-32be", NEWS);
}

#[test]
fn t_17_valid_utf_8_wins_over_a_false_label() {
    let text = declared("gb2312");
    check(text.as_bytes(), Some("text/xml; charset=gbk"), "utf-8", &text);
}

#[test]
fn t_17_gb2312_means_gb18030() {
    let text = declared("gb2312").replace("重庆", "㐂𠮷镕");
    check(&encoded(GB18030, &text), None, "gb18030", &text);
}

#[test]
fn a_short_text_in_gbk_that_happens_to_be_utf_8() {
    let bytes = [b"<?xml encoding='gbk'?><a>".as_slice(), b"\xc6\xaa", b"</a>"].concat();
    check(&bytes, None, "gb18030", "<?xml encoding='gbk'?><a>篇</a>");
}

#[test]
fn t_17_undeclared_encodings_are_recognised() {
    let long = NEWS.repeat(3);
    check(&encoded(GBK, &long), None, "gb18030", &long);
    let traditional = "<title>臺灣的新聞報導與國際財經資訊，請讀者參閱最新發展</title>".repeat(3);
    check(&encoded(encoding_rs::BIG5, &traditional), None, "big5", &traditional);
}

#[test]
fn t_17_false_utf_8_labels() {
    let text = declared("utf-8");
    check(&encoded(GBK, &text), Some("text/xml; charset=utf-8"), "gb18030", &text);
    check(
        b"<?xml encoding='utf-8'?><a>caf\xe9 cr\xe8me</a>",
        None,
        "windows-1252",
        "<?xml encoding='utf-8'?><a>café crème</a>",
    );
}

#[test]
fn the_header_comes_before_the_declaration() {
    let text = declared("big5");
    check(&encoded(GBK, &text), Some("text/xml;charset=\"GBK\""), "gb18030", &text);
}

#[test]
fn a_western_default_of_the_server_says_little() {
    let text = declared("gbk");
    check(&encoded(GBK, &text), Some("text/xml; charset=iso-8859-1"), "gb18030", &text);
}

#[test]
fn t_17_misspelt_labels() {
    for label in ["utf8", "utf_8", "UTF-8", "charset=utf8"] {
        assert_eq!(known(label), Some(UTF_8), "{label}");
    }
    for label in ["gb-2312", "GB_2312-80", "x-gbk", "x-gb2312", "cp936", "'gbk'", "gb18030"] {
        assert_eq!(known(label), Some(GB18030), "{label}");
    }
    for label in ["unicode", "utf-16", "utf-7", "hz-gb-2312", "", "x-user"] {
        assert_eq!(known(label), None, "{label}");
    }
}

#[test]
fn html_declares_in_a_meta() {
    let page =
        "<html><META http-equiv=content-type content=\"text/html; charset=gb2312\"><p>新闻资讯</p>";
    check(&encoded(GBK, page), None, "gb18030", page);
}

#[test]
fn t_17_a_declaration_far_down() {
    let text = format!("{}{}", " ".repeat(2000), declared("big5"))
        .replace("庆荣昌", "要新聞")
        .replace("发", "發");
    check(
        &encoded(encoding_rs::BIG5, &text.replace("：全方位發力打造食安高地", "")),
        None,
        "big5",
        &text.replace("：全方位發力打造食安高地", ""),
    );
}

/// A text cut inside a character, as scripts do that count bytes, and one that breaks off in one.
#[test]
fn t_17_damage_is_no_proof_against_two_bytes_a_character() {
    let chinese = "沙洲市今晚关灯一小时，市民在江边观看灯光，交通部门提醒绕行。";
    let japanese = "沙洲市では今夜一時間だけ明かりを消します。市民は川辺で灯を見ています。";
    let korean = "오늘 밤 도시 전체가 한 시간 동안 불을 끕니다. 시민들은 강변에서 지켜봅니다.";
    for (encoding, sentence) in [
        (GB18030, chinese),
        (BIG5, "沙洲市今晚關燈一小時，市民在江邊觀看燈光，交通部門提醒繞行。"),
        (EUC_JP, japanese),
        (SHIFT_JIS, japanese),
        (EUC_KR, korean),
    ] {
        let bytes = encoded(encoding, &format!("<a>{}</a>", sentence.repeat(8)));
        let name = encoding.name().to_ascii_lowercase();
        for label in [None, Some(name.as_str()), Some("utf-8")] {
            let header = label.map(|label| format!("text/xml; charset={label}"));
            let mut damaged = bytes.clone();
            damaged[42] = b'.';
            for bytes in [&damaged[..], &bytes[..bytes.len() - 5], &bytes[..bytes.len() - 6]] {
                let decoded = decode(bytes, header.as_deref());
                assert_eq!(decoded.encoding, name, "{label:?}");
                assert!(decoded.text.matches('\u{fffd}').count() <= 2, "{}", decoded.text);
            }
        }
    }
}

/// A wrong label fits with a few faults, too; one that fits without any is the better one.
#[test]
fn t_17_a_label_that_needs_forgiving_yields() {
    let text = declared("gb2312").replace(
        "</title>",
        &format!(
            "{}</title>",
            "两江大桥今晨合龙，桥名由朱镕书写，囍字灯笼挂满全桥，全长二公里。".repeat(30)
        ),
    );
    for label in ["euc-kr", "big5", "euc-jp"] {
        let header = format!("text/xml; charset={label}");
        check(&encoded(GB18030, &text), Some(&header), "gb18030", &text);
        let undeclared = text.replace(" encoding='gb2312'", "");
        check(&encoded(GB18030, &undeclared), Some(&header), "gb18030", &undeclared);
    }
}

#[test]
fn t_17_the_mark_of_utf_8_before_something_else() {
    let bytes = [b"\xef\xbb\xbf".to_vec(), encoded(GB18030, &declared("gb2312"))].concat();
    check(&bytes, None, "gb18030", &declared("gb2312"));
    let wide: Vec<u8> = NEWS.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    let bytes = [b"\xef\xbb\xbf".to_vec(), wide].concat();
    check(&bytes, None, "utf-32le", NEWS);
}

#[test]
fn t_17_a_document_that_says_utf_8_and_is() {
    for text in ["© 2026 Foo", "Новости дня"] {
        let text = format!("<?xml version='1.0' encoding='utf-8'?><a>{text}</a>");
        check(text.as_bytes(), Some("text/xml; charset=gb2312"), "utf-8", &text);
    }
}

#[test]
fn damaged_utf_8_stays_utf_8() {
    let cut = &NEWS.as_bytes()[..NEWS.len() - "地</title>".len() + 1];
    assert_eq!(decode(cut, None).encoding, "utf-8");
    let mut spoilt = NEWS.repeat(4).into_bytes();
    spoilt[40] = 0xff;
    let decoded = decode(&spoilt, None);
    assert_eq!(decoded.encoding, "utf-8");
    assert!(decoded.text.contains("食安高地"));
}

#[test]
fn t_17_what_xml_cannot_carry_is_removed() {
    check(b"a\0b\x08c\td\x1b\xef\xbf\xbee\xef\xbf\xbff", None, "utf-8", "abc\tdef");
    check("￥100".as_bytes(), None, "utf-8", "￥100");
}

proptest! {
    #[test]
    fn t_17_any_bytes_become_text(bytes: Vec<u8>, content_type in proptest::option::of(".{0,40}")) {
        let decoded = decode(&bytes, content_type.as_deref());
        prop_assert!(decoded.text.chars().all(is_xml));
    }

    #[test]
    fn any_gb_text_declared_so_is_read_back(words in "[\u{4e00}-\u{9fa5}，。]{8,60}") {
        let text = format!("<?xml version='1.0' encoding='gb2312'?><t>{words}</t>");
        let bytes = encoded(GB18030, &text);
        let decoded = decode(&bytes, None);
        prop_assert_eq!(decoded.text.as_ref(), text.as_str());
    }
}
