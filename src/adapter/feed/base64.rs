//! Base64 (RFC 4648) as feeds write it: with line breaks, with or without padding, either alphabet.

/// The bytes a text encodes; none when a character is out of place.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0);
    for byte in text.bytes().filter(|b| !b.is_ascii_whitespace() && *b != b'=') {
        bits = bits << 6 | u32::from(value(byte)?);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}

fn value(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(decode(text).as_deref(), expected.map(str::as_bytes), "{text}");
    }

    #[test]
    fn padded_broken_and_bare() {
        check("PGI+5Lit5Zu9PC9iPg==", Some("<b>中国</b>"));
        check("PGI-5Lit\n 5Zu9PC9iPg", Some("<b>中国</b>"));
    }

    #[test]
    fn what_is_not_base64() {
        check("中国", None);
        check("", Some(""));
    }
}
