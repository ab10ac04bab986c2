//! Brings a stamp into one spelling: lower case, no accents, plain digits, plain marks, no comments.
//!
//! Only what times need: this is no Unicode normalisation, and nobody is shown the result.

/// The text in one spelling, as the word tables know it.
pub fn fold(raw: &str) -> String {
    let mut folded = String::with_capacity(raw.len());
    for char in raw.chars() {
        match plain(char) {
            Some(plain) => folded.push(plain),
            None if is_dropped(char) => {}
            None => folded.extend(char.to_lowercase().filter(|c| !is_dropped(*c)).map(unaccented)),
        }
    }
    if folded.contains('(') { without_comments(&folded) } else { folded }
}

/// Full-width forms, other scripts' digits, and the many blanks, dashes and separators.
fn plain(char: char) -> Option<char> {
    let from = |base: u32| char::from_digit(u32::from(char) - base, 10);
    match char {
        '0'..='9' | 'a'..='z' => Some(char),
        '\u{FF01}'..='\u{FF5E}' => {
            let ascii = char::from_u32(u32::from(char) - 0xFEE0)?;
            plain(ascii).or(Some(ascii.to_ascii_lowercase()))
        }
        '٠'..='٩' => from(0x660),
        '۰'..='۹' => from(0x6F0),
        '‐'..='―' | '−' | '﹣' => Some('-'),
        '。' => Some('.'),
        '∶' | '︰' | '﹕' => Some(':'),
        '、' | '·' | '•' | '|' | ';' | '"' | '\'' | '`' | '[' | ']' | '{' | '}' | '<' | '>'
        | '@' | '&' | '【' | '】' | '「' | '」' | '“' | '”' | '‘' | '’' | '〔' | '〕' | '\\' => {
            Some(',')
        }
        _ if char.is_whitespace() => Some(' '),
        _ => None,
    }
}

/// Combining marks and characters without width.
fn is_dropped(char: char) -> bool {
    matches!(char, '\u{300}'..='\u{36F}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{AD}')
}

fn unaccented(char: char) -> char {
    match char {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ą' | 'ă' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'ď' => 'd',
        'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => 'e',
        'ğ' => 'g',
        'ì' | 'í' | 'î' | 'ï' | 'ı' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ő' => 'o',
        'ř' => 'r',
        'ś' | 'š' | 'ş' | 'ș' => 's',
        'ť' | 'ţ' | 'ț' => 't',
        'ù' | 'ú' | 'û' | 'ü' | 'ű' | 'ů' => 'u',
        'ý' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        'ά' => 'α',
        'έ' => 'ε',
        'ή' => 'η',
        'ί' | 'ϊ' | 'ΐ' => 'ι',
        'ό' => 'ο',
        'ύ' | 'ϋ' | 'ΰ' => 'υ',
        'ώ' => 'ω',
        'ς' => 'σ',
        'й' => 'и',
        'ё' => 'е',
        'ї' => 'і',
        other => other,
    }
}

/// Takes out comments (RFC 5322 section 3.2.2), however deep they nest, by counting.
///
/// One that has digits is kept without its parentheses, because Chinese lists put the time itself
/// there: `（05-27 12:03）`, `(GMT+8)`.
fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let (mut depth, mut opened, mut digits) = (0_usize, 0, false);
    for char in text.chars() {
        match char {
            '(' => {
                if depth == 0 {
                    (opened, digits) = (kept.len(), false);
                }
                depth += 1;
                kept.push(' ');
            }
            ')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && !digits {
                    kept.truncate(opened);
                }
                kept.push(' ');
            }
            _ => {
                digits |= char.is_ascii_digit();
                kept.push(char);
            }
        }
    }
    if depth > 0 && !digits {
        kept.truncate(opened);
    }
    kept
}
