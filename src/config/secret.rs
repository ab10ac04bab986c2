//! Values that may be secrets: `"env:NAME"` and `"file:PATH"` stand for what is found there.
//!
//! Where they are found is not known here: `parse` is handed a function that looks. What it finds
//! is never part of a message; whether it can stand in a header is the adapter's to say.

use super::Secret;
use super::check::shown;
use crate::adapter::setting::{Mistake, Setting, Value};

/// Headers Feedloom sets itself; a second one would break the exchange or its answer.
const OURS: [&str; 10] = [
    "accept-encoding",
    "connection",
    "content-length",
    "host",
    "if-modified-since",
    "if-none-match",
    "proxy-authorization",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Whether it stands for a secret and is none itself.
pub(super) fn is_reference(text: &str) -> bool {
    text.starts_with("env:") || text.starts_with("file:")
}

/// Puts what was found in the place of every secret among these headers.
pub(super) fn reveal(headers: &mut Setting, secret: Secret, mistakes: &mut Vec<Mistake>) {
    let Value::Table(rows) = &mut headers.value else { return };
    for (name, setting) in rows {
        if OURS.contains(&name.text.to_ascii_lowercase().as_str()) {
            let what = format!("the header `{}` is set by Feedloom itself", shown(&name.text));
            mistakes.push(Mistake { span: name.span.clone(), what });
        }
        let span = setting.span.clone();
        let Value::String(text) = &mut setting.value else { continue };
        if !is_reference(text) {
            continue;
        }
        match secret(text) {
            Ok(found) if found.chars().any(char::is_control) => {
                let what = format!("what `{}` stands for is no single line", shown(text));
                mistakes.push(Mistake { span, what });
            }
            Ok(found) => *text = found,
            Err(what) => mistakes.push(Mistake { span, what }),
        }
    }
}
