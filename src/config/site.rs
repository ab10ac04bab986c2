//! `[site]`, `[server]`, `[store]` and `[[category]]`: who we are, where we answer, what we call our shelves.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use super::{address, check};
use crate::adapter::setting::{Mistake, Reader, Setting};
use crate::model::category::{Category, folded};
use crate::model::feed::Site;
use crate::model::time::Zone;

/// What `[site]` says.
pub(super) struct Owner {
    pub(super) site: Option<Site>,
    pub(super) zone: Option<Zone>,
    pub(super) contact: Option<String>,
}

/// Reads `[site]`.
pub(super) fn owner(table: &Setting, mistakes: &mut Vec<Mistake>) -> Owner {
    let mut reader = Reader::new(table, mistakes);
    if table.rows().is_err() {
        return Owner { site: None, zone: None, contact: None };
    }
    let title = reader.required("title", check::words);
    let url = reader.required("url", address::of_site);
    let language = reader.read("language", check::language);
    let description = reader.read("description", check::words);
    let zone = reader.read("timezone", check::zone);
    let contact = reader.read("contact", contact);
    reader.finish();
    let site = title.zip(url).map(|(title, url)| Site {
        title,
        url,
        language,
        description,
        zone: zone.unwrap_or_default(),
    });
    Owner { site, zone, contact }
}

/// How to reach the operator. It goes into the User-Agent of every request (RFC 9110, section 10.1.5).
fn contact(setting: &Setting) -> Result<String, Mistake> {
    let text = check::words(setting)?;
    let is_comment =
        text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'(' | b')' | b'\\'));
    if !is_comment {
        return Err(Mistake::at(
            setting,
            "this should be an address in ASCII, such as `mailto:me@example.com` or `https://example.com/about`",
        ));
    }
    Ok(text)
}

/// What `[store]` says.
pub(super) struct Keeping {
    pub(super) url: String,
    pub(super) keep: Option<Duration>,
}

/// Reads `[store]`.
pub(super) fn keeping(
    table: Option<&Setting>,
    folder: &Path,
    mistakes: &mut Vec<Mistake>,
) -> Keeping {
    let (mut url, mut keep) = (None, None);
    if let Some(table) = table {
        let mut reader = Reader::new(table, mistakes);
        url = reader.read("url", |setting| address::of_store(setting, folder));
        keep = reader.read("keep", check::keeping);
        reader.finish();
    }
    Keeping {
        url: url.unwrap_or_else(|| address::store_in(folder, "data/feedloom.db")),
        keep: keep.unwrap_or(Some(Duration::from_secs(90 * 86_400))),
    }
}

/// Reads every `[[category]]`; no two may go by one name or stand at one address.
pub(super) fn categories(tables: &[Setting], mistakes: &mut Vec<Mistake>) -> Vec<Category> {
    let mut names = Taken::default();
    let mut slugs = Taken::default();
    tables.iter().filter_map(|table| category(table, &mut names, &mut slugs, mistakes)).collect()
}

fn category(
    table: &Setting,
    names: &mut Taken,
    slugs: &mut Taken,
    mistakes: &mut Vec<Mistake>,
) -> Option<Category> {
    let mut reader = Reader::new(table, mistakes);
    table.rows().ok()?;
    let mut once = |setting: &Setting| slugs.take(setting, check::slug(setting)?);
    let slug = reader.read("id", &mut once);
    let aliases = check::each(&mut reader, "aliases", &mut once).unwrap_or_default();
    let named = ["name", "title", "id"].into_iter().filter_map(|key| reader.get(key)).next();
    let name = match named {
        Some(setting) => {
            reader.noted(check::words(setting).and_then(|name| names.take(setting, name)))
        }
        None => {
            reader.note(table, "`id` or `name` is missing here");
            None
        }
    };
    let title = reader.read("title", check::words);
    let description = reader.read("description", check::words);
    let language = reader.read("language", check::language);
    reader.allow(["name"]);
    reader.finish();
    Some(Category { name: name?, slug, title, description, language, aliases })
}

/// Words that may stand only once in the file.
#[derive(Default)]
pub(super) struct Taken(HashSet<String>);

impl Taken {
    /// The word, unless it stands further up already.
    pub(super) fn take(&mut self, setting: &Setting, word: String) -> Result<String, Mistake> {
        match self.0.insert(folded(&word)) {
            true => Ok(word),
            false => {
                Err(Mistake::at(setting, format!("`{word}` is taken further up in this file")))
            }
        }
    }
}
