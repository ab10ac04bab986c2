//! `[hub]`: whether we tell those who follow our feeds, and how.

use super::{check, source};
use crate::adapter::setting::{Mistake, Reader, Setting};
use crate::model::source::Allowed;
use crate::websub::signature::Algorithm;

/// What the file says of our hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hub {
    /// Whether there is one.
    pub is_open: bool,
    /// Private addresses callbacks may be at.
    pub allow: Vec<Allowed>,
    /// By what pushes are signed.
    pub algorithm: Algorithm,
}

impl Default for Hub {
    fn default() -> Hub {
        Hub { is_open: true, allow: Vec::new(), algorithm: Algorithm::default() }
    }
}

/// Reads `[hub]`.
pub(super) fn read(table: Option<&Setting>, mistakes: &mut Vec<Mistake>) -> Hub {
    let mut hub = Hub::default();
    let Some(table) = table else { return hub };
    let mut reader = Reader::new(table, mistakes);
    hub.is_open = reader.boolean("enabled").unwrap_or(hub.is_open);
    hub.allow = check::each(&mut reader, "allow", source::allowed).unwrap_or_default();
    hub.algorithm = reader.read("signature", algorithm).unwrap_or(hub.algorithm);
    reader.finish();
    hub
}

fn algorithm(setting: &Setting) -> Result<Algorithm, Mistake> {
    let word = setting.text()?;
    let found = Algorithm::NAMES.iter().find(|(name, _)| *name == word);
    found.map(|(_, algorithm)| *algorithm).ok_or_else(|| {
        let names: Vec<&str> = Algorithm::NAMES.iter().map(|(name, _)| *name).collect();
        check::unknown(setting, "signature", word, &names)
    })
}
