//! `[[host]]`: manners towards a host that differ from those towards everybody.

use std::collections::HashSet;

use super::check;
use crate::adapter::setting::{Mistake, Reader, Setting};
use crate::model::manners::{Manner, Manners, plain};

/// Reads every `[[host]]`; no two may have one name.
pub(super) fn read(tables: &[Setting], mistakes: &mut Vec<Mistake>) -> Manners {
    let mut known = HashSet::new();
    Manners::new(tables.iter().filter_map(|table| host(table, &mut known, mistakes)))
}

fn host(
    table: &Setting,
    known: &mut HashSet<String>,
    mistakes: &mut Vec<Mistake>,
) -> Option<(String, Manner)> {
    let mut reader = Reader::new(table, mistakes);
    table.rows().ok()?;
    let usual = Manner::default();
    let name = reader.required("name", |setting| {
        let name = name(setting)?;
        match known.insert(name.clone()) {
            true => Ok(name),
            false => Err(Mistake::at(setting, format!("`{name}` has manners of its own already"))),
        }
    });
    let at_once = reader.integer("at_once", 1..=1000);
    let at_once = at_once.and_then(|number| number.try_into().ok()).unwrap_or(usual.at_once);
    let gap = reader.read("gap", check::span).unwrap_or(usual.gap);
    let pushes = reader.integer("pushes", 1..=100_000);
    let pushes = pushes.and_then(|number| number.try_into().ok()).unwrap_or(usual.pushes);
    let holds_all = reader.read("retry_after", scope).unwrap_or(usual.holds_all);
    reader.finish();
    Some((name?, Manner { at_once, gap, pushes, holds_all }))
}

fn name(setting: &Setting) -> Result<String, Mistake> {
    // As addresses have it: names of other scripts in ASCII, IPv6 in brackets.
    url::Host::parse(setting.text()?).map(|host| plain(&host.to_string())).map_err(|_| {
        Mistake::at(
            setting,
            "this should be the name of a host without scheme, port and path, such as `news.example.com`, or an address, such as `192.0.2.7` or `[2001:db8::7]`",
        )
    })
}

/// Whether `Retry-After` holds up the whole host.
fn scope(setting: &Setting) -> Result<bool, Mistake> {
    match setting.text()? {
        "host" => Ok(true),
        "source" => Ok(false),
        _ => Err(Mistake::at(setting, "this should be `host` or `source`")),
    }
}
