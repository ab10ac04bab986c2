//! Bytes → text. What servers say about encodings is often wrong, so the order of belief is the
//! one real feeds justify: a byte order mark that is not plainly false, then the bytes themselves
//! where they prove what they are, then the header, then the declaration, then a guess.
//!
//! Decoding never fails: what no encoding explains becomes U+FFFD. The text is valid UTF-8 and
//! free of the characters XML 1.0 cannot carry (section 2.2), so that nothing later has to look
//! for them. It deliberately knows nothing of the document beyond its first few kilobytes.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    BIG5, CoderResult, DecoderResult, EUC_JP, EUC_KR, Encoding, GB18030, GBK, REPLACEMENT,
    SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252,
};

use super::Response;
use crate::model::text::is_xml;

/// Bytes in which a document declares its encoding; HTML's 1,024 are not always enough.
const PROLOGUE: usize = 4096;
/// Bytes a guess is made from.
const SAMPLE: usize = 1 << 20;

/// Text, and how it came to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// Without byte order mark; borrowed when the bytes were plain UTF-8 already.
    pub text: Cow<'a, str>,
    /// The encoding's name as the WHATWG has it, in lower case.
    pub encoding: String,
    /// Why that one, in plain words.
    pub why: &'static str,
}

/// Text of the bytes, whatever they are. `content_type` is the header the bytes came with.
pub fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Decoded<'a> {
    // Most documents are UTF-8, and looking at every byte is what reading them costs: once must do.
    let unmarked = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let valid = UTF_8.decode_without_bom_handling_and_without_replacement(unmarked);
    let (encoding, why) = choose(bytes, unmarked, valid.is_some(), content_type);
    let text = match (encoding, valid) {
        (Choice::Known(encoding), Some(text)) if encoding == UTF_8 => text,
        (Choice::Known(encoding), _) => Cow::Owned(transcode(unmarked, encoding)),
        (Choice::Utf32 { big }, _) => Cow::Owned(utf_32(unmarked, big)),
    };
    Decoded { text: allowed(text), encoding: encoding.name(), why }
}

/// Text of bytes in an encoding. The crate's own way takes room for the worst at once, three bytes for
/// one; Chinese takes three for two.
fn transcode(bytes: &[u8], encoding: &'static Encoding) -> String {
    let mut decoder = encoding.new_decoder_with_bom_removal();
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 2 + 64);
    let mut rest = bytes;
    loop {
        let (result, read, _) = decoder.decode_to_string(rest, &mut text, true);
        rest = &rest[read..];
        match result {
            CoderResult::InputEmpty => return text,
            CoderResult::OutputFull => text.reserve_exact(rest.len() + 64),
        }
    }
}

/// Text of an answer, by its own `Content-Type`.
pub fn text(response: &Response) -> Cow<'_, str> {
    let content_type = response.headers().get(http::header::CONTENT_TYPE);
    decode(response.body(), content_type.and_then(|value| value.to_str().ok())).text
}

#[derive(Clone, Copy)]
enum Choice {
    Known(&'static Encoding),
    /// Not in the Encoding Standard, but in the wild.
    Utf32 {
        big: bool,
    },
}

impl Choice {
    fn name(self) -> String {
        match self {
            Choice::Known(encoding) => encoding.name().to_ascii_lowercase(),
            Choice::Utf32 { big } => if big { "utf-32be" } else { "utf-32le" }.to_owned(),
        }
    }
}

fn choose(
    bytes: &[u8],
    unmarked: &[u8],
    is_utf_8: bool,
    content_type: Option<&str>,
) -> (Choice, &'static str) {
    let utf_8 = Utf8::of(unmarked, is_utf_8);
    // The mark of UTF-8 gets in front of other text where files are put together.
    let is_false = unmarked.len() < bytes.len() && matches!(utf_8, Utf8::Other);
    if let Some(choice) = mark(bytes).filter(|_| !is_false) {
        return (choice, "a byte order mark says so");
    }
    let bytes = unmarked;
    if let Some(choice) = wide(bytes) {
        return (choice, "every character has its zero bytes");
    }
    let header = content_type.and_then(charset).and_then(known);
    let declared = declaration(bytes).and_then(known);
    let (encoding, why) = narrow(utf_8, bytes, header, declared);
    (Choice::Known(encoding), why)
}

/// The encoding a byte order mark names.
fn mark(bytes: &[u8]) -> Option<Choice> {
    Some(match bytes {
        [0xff, 0xfe, 0, 0, ..] => Choice::Utf32 { big: false },
        [0, 0, 0xfe, 0xff, ..] => Choice::Utf32 { big: true },
        [0xef, 0xbb, 0xbf, ..] => Choice::Known(UTF_8),
        [0xff, 0xfe, ..] => Choice::Known(UTF_16LE),
        [0xfe, 0xff, ..] => Choice::Known(UTF_16BE),
        _ => return None,
    })
}

/// UTF-16 and UTF-32 without a mark: the first characters of a document are ASCII (XML 1.0 appendix F).
fn wide(bytes: &[u8]) -> Option<Choice> {
    Some(match bytes {
        [0, 0, 0, first, ..] if *first != 0 => Choice::Utf32 { big: true },
        [first, 0, 0, 0, ..] if *first != 0 => Choice::Utf32 { big: false },
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => Choice::Known(UTF_16BE),
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => Choice::Known(UTF_16LE),
        _ => return None,
    })
}

/// An encoding whose ASCII is ASCII.
fn narrow(
    utf_8: Utf8,
    bytes: &[u8],
    header: Option<&'static Encoding>,
    declared: Option<&'static Encoding>,
) -> (&'static Encoding, &'static str) {
    let header = header.map(|encoding| (encoding, "the Content-Type header says so"));
    let declared = declared.map(|encoding| (encoding, "the document declares it"));
    let said = || [header, declared].into_iter().flatten();
    match utf_8 {
        Utf8::Ascii => said().next().unwrap_or((UTF_8, "it is plain ASCII")),
        Utf8::Valid { is_short } => {
            let utf_8 = said().find(|(encoding, _)| *encoding == UTF_8);
            // 篇 in GBK is a valid sequence of two bytes; Chinese in UTF-8 has three.
            let other = said().next().filter(|(encoding, _)| is_short && is_double_byte(encoding));
            let proven = (UTF_8, "its bytes are valid UTF-8, whatever is said of them");
            utf_8.or(other).unwrap_or(proven)
        }
        Utf8::Damaged => (UTF_8, "its bytes are UTF-8 with a few faults"),
        Utf8::Other => {
            // Servers put a Western default on everything; a document that says otherwise knows better.
            let knows_better =
                declared.is_some_and(|(encoding, _)| encoding != UTF_8 && encoding != WINDOWS_1252);
            let counts =
                |encoding| encoding != UTF_8 && !(encoding == WINDOWS_1252 && knows_better);
            let said: Vec<_> = said().filter(|(encoding, _)| counts(*encoding)).collect();
            let fitting = said.iter().copied().find(|(encoding, _)| fits(encoding, bytes));
            let damaged = || {
                let whole = said.iter().filter(|(encoding, _)| is_double_byte(encoding));
                let damaged =
                    whole.filter(|(encoding, _)| without_damage(encoding, bytes).is_some());
                damaged.min_by_key(|(encoding, _)| faults(encoding, bytes)).copied()
            };
            match fitting.or_else(damaged) {
                // A label that needs forgiving counts where the bytes look like nothing better.
                Some(said) if fitting.is_none() => {
                    let found = guess(bytes, Some(said));
                    if is_double_byte(found.0) { found } else { said }
                }
                // Every byte fits a Western label; what the bytes look like says more than that.
                Some(said) if said.0 == WINDOWS_1252 => {
                    let found = guess(bytes, None);
                    let is_proven = is_double_byte(found.0) && fits(found.0, bytes);
                    if is_proven { found } else { said }
                }
                Some(said) => said,
                None => guess(bytes, said.first().copied()),
            }
        }
    }
}

fn fits(encoding: &'static Encoding, bytes: &[u8]) -> bool {
    encoding.decode_without_bom_handling_and_without_replacement(bytes).is_some()
}

/// Bytes of an encoding without the sequences it does not know, when these are few enough to be
/// damage: a text cut inside a character by its length in bytes, a document that breaks off in one.
fn without_damage(encoding: &'static Encoding, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut kept = Vec::with_capacity(bytes.len());
    let mut text = String::with_capacity(64 << 10);
    let (mut rest, mut sound, mut faults) = (bytes, 0usize, 0usize);
    loop {
        text.clear();
        let (result, read) = decoder.decode_to_string_without_replacement(rest, &mut text, true);
        sound += text.bytes().filter(|&byte| byte >= 0xc0).count();
        let bad = match result {
            DecoderResult::Malformed(bad, after) => usize::from(bad) + usize::from(after),
            _ => 0,
        };
        kept.extend_from_slice(&rest[..read.saturating_sub(bad)]);
        rest = &rest[read..];
        faults += usize::from(bad > 0);
        let is_end = faults == 1 && bad > 0 && rest.is_empty();
        if rest.is_empty() && result != DecoderResult::OutputFull {
            return (sound > faults * 10 || (is_end && sound > 0)).then_some(kept);
        }
    }
}

/// What the bytes look like; what was said stands where the guess explains them no better.
fn guess(
    bytes: &[u8],
    said: Option<(&'static Encoding, &'static str)>,
) -> (&'static Encoding, &'static str) {
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let guess = detect(sample, sample.len() == bytes.len());
    // To the detector one fault is proof against an encoding, which damage is not.
    let damaged = || {
        let whole = [GB18030, BIG5, EUC_KR, EUC_JP, SHIFT_JIS].into_iter();
        whole.into_iter().find(|encoding| {
            let kept = without_damage(encoding, sample);
            kept.is_some_and(|kept| kept.len() < sample.len() && detect(&kept, true) == *encoding)
        })
    };
    let guess = Some(guess).filter(|guess| is_double_byte(guess)).or_else(damaged).unwrap_or(guess);
    match said {
        Some(said) if faults(said.0, bytes) <= faults(guess, bytes) => said,
        _ => (guess, "its bytes look like it"),
    }
}

fn detect(bytes: &[u8], is_whole: bool) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, is_whole);
    modern(detector.guess(None, Utf8Detection::Deny))
}

fn faults(encoding: &'static Encoding, bytes: &[u8]) -> usize {
    encoding.decode_without_bom_handling(bytes).0.matches('\u{fffd}').count()
}

fn is_double_byte(encoding: &'static Encoding) -> bool {
    !encoding.is_single_byte() && encoding != UTF_8
}

/// How far bytes are UTF-8.
enum Utf8 {
    Ascii,
    Valid { is_short: bool },
    Damaged,
    Other,
}

impl Utf8 {
    fn of(bytes: &[u8], is_valid: bool) -> Utf8 {
        if bytes.is_ascii() {
            return Utf8::Ascii;
        }
        if is_valid {
            return Utf8::Valid { is_short: !bytes.iter().any(|&b| b >= 0xe0) };
        }
        // A document cut inside its last character is whole otherwise.
        let sound = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
        if sound + 3 >= bytes.len() && !bytes[..sound].is_ascii() {
            return Utf8::Damaged;
        }
        // A few faults among many sound sequences are damage; other encodings have almost no sound ones.
        let (mut sound, mut unsound) = (0usize, 0usize);
        for chunk in bytes.utf8_chunks() {
            sound += chunk.valid().bytes().filter(|&b| b >= 0xc0).count();
            unsound += usize::from(!chunk.invalid().is_empty());
        }
        if sound > unsound.saturating_mul(10) { Utf8::Damaged } else { Utf8::Other }
    }
}

/// `charset` of a `Content-Type`.
fn charset(content_type: &str) -> Option<&str> {
    let value = after(content_type, "charset")?;
    value.split([';', ',']).next()
}

/// The encoding the XML declaration or an HTML `meta` names.
fn declaration(bytes: &[u8]) -> Option<&str> {
    let prologue = &bytes[..bytes.len().min(PROLOGUE)];
    let ascii = prologue.utf8_chunks().map(|chunk| chunk.valid());
    ascii.into_iter().find_map(|text| match text.find("<?xml") {
        Some(start) => {
            let text = &text[start..];
            after(&text[..text.find('>').unwrap_or(text.len())], "encoding").and_then(quoted)
        }
        None => metas(text).find_map(|meta| after(meta, "charset")).and_then(quoted),
    })
}

fn metas(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.match_indices('<').map(|(at, _)| &text[at + 1..]);
    let metas = starts
        .filter(|tag| tag.as_bytes().get(..4).is_some_and(|n| n.eq_ignore_ascii_case(b"meta")));
    metas.map(|tag| &tag[..tag.find('>').unwrap_or(tag.len())])
}

/// What follows `name =`.
fn after<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let at = text.to_ascii_lowercase().find(name)?;
    text[at + name.len()..].trim_start().strip_prefix('=').map(str::trim_start)
}

fn quoted(text: &str) -> Option<&str> {
    let text = text.trim_start_matches(['"', '\'']);
    text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '>' | '?' | '/'))
        .next()
}

/// The encoding a label means, in the Encoding Standard or in what people write.
fn known(label: &str) -> Option<&'static Encoding> {
    let label = label.trim().trim_matches(['"', '\'']);
    let encoding = Encoding::for_label(label.as_bytes()).or_else(|| misspelt(label))?;
    // ASCII could be read up to here, so it is not UTF-16; and `replacement` means "decode nothing".
    (![REPLACEMENT, UTF_16LE, UTF_16BE].contains(&encoding)).then(|| modern(encoding))
}

fn misspelt(label: &str) -> Option<&'static Encoding> {
    let squeezed: String = label.chars().filter(char::is_ascii_alphanumeric).collect();
    let meant = match squeezed.to_ascii_lowercase().trim_start_matches("charset") {
        "utf8" | "utf8mb4" | "xutf8" | "unicode11utf8" => "utf-8",
        "gb2312" | "gb231280" | "xgb2312" | "xgbk" | "gbk2312" | "cp936" | "ms936"
        | "windows936" | "euccn" | "eucgb2312cn" | "gb180302000" | "gb180302005"
        | "gb180302022" | "zhcn" => "gbk",
        "big5" | "cp950" | "ms950" | "windows950" | "big5tw" | "zhtw" => "big5",
        "shiftjis" | "sjis" | "cp932" | "windows932" => "shift_jis",
        "eucjp" | "ujis" => "euc-jp",
        "euckr" | "cp949" | "uhc" | "ksc5601" => "euc-kr",
        "koi8r" | "koi8" => "koi8-r",
        "latin1" | "iso88591" | "iso885915" | "ansi" | "cp1252" | "win1252" => "windows-1252",
        "cp1251" | "win1251" | "windows1251" => "windows-1251",
        other => other.strip_prefix("iso8859").and_then(latin).unwrap_or_default(),
    };
    Encoding::for_label(meant.as_bytes())
}

fn latin(part: &str) -> Option<&'static str> {
    Some(match part {
        "2" => "iso-8859-2",
        "3" => "iso-8859-3",
        "4" => "iso-8859-4",
        "5" => "iso-8859-5",
        "6" => "iso-8859-6",
        "7" => "iso-8859-7",
        "8" => "iso-8859-8",
        "9" => "iso-8859-9",
        "10" => "iso-8859-10",
        "13" => "iso-8859-13",
        "14" => "iso-8859-14",
        "16" => "iso-8859-16",
        _ => return None,
    })
}

/// GB 2312 and GBK are parts of GB 18030, and what is labelled so often uses the whole.
fn modern(encoding: &'static Encoding) -> &'static Encoding {
    if encoding == GBK { GB18030 } else { encoding }
}

fn utf_32(bytes: &[u8], big: bool) -> String {
    let characters = bytes.chunks(4).map(|chunk| {
        let code = <[u8; 4]>::try_from(chunk).ok().map(|code| match big {
            true => u32::from_be_bytes(code),
            false => u32::from_le_bytes(code),
        });
        code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
    });
    characters.skip_while(|&c| c == '\u{feff}').collect()
}

/// The same text without the characters XML 1.0 cannot carry.
pub fn allowed(text: Cow<'_, str>) -> Cow<'_, str> {
    if !is_suspect(text.as_bytes()) || text.chars().all(is_xml) {
        return text;
    }
    Cow::Owned(text.chars().filter(|&c| is_xml(c)).collect())
}

/// Whether some byte could belong to a character that isn't allowed. Written without early exit
/// inside a block, so that it runs at the speed of memory.
fn is_suspect(bytes: &[u8]) -> bool {
    const BLOCK: usize = 4096;
    let control = |b: u8| (b < 0x20) & (b != b'\t') & (b != b'\n') & (b != b'\r');
    // U+FFFE and U+FFFF end in BF BE and BF BF; little else does.
    let last_two = |a: u8, b: u8| (a == 0xbf) & (b >= 0xbe);
    bytes.chunks(BLOCK).any(|block| block.iter().fold(false, |any, &b| any | control(b)))
        || (0..bytes.len().div_ceil(BLOCK)).any(|block| {
            let block = &bytes[block * BLOCK..bytes.len().min((block + 1) * BLOCK + 1)];
            let pairs = block.iter().zip(block.iter().skip(1));
            pairs.fold(false, |any, (&a, &b)| any | last_two(a, b))
        })
}

#[cfg(test)]
mod tests;
