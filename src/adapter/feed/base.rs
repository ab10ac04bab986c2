//! Where relative addresses start (XML Base), within bounds: a short document with a long base, or
//! with bases inside one another, would else become a very long one (T-15).

use std::cell::Cell;

use url::Url;

/// Bytes of a base; a longer one is none.
const LONGEST: usize = 2 << 10;
/// Bytes that resolving may add to one document; addresses beyond that stay as they are written.
const ROOM: usize = 4 << 20;

/// Whether addresses can start from here.
pub(super) fn is_base(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https" | "file") && url.as_str().len() <= LONGEST
}

/// Resolves the addresses of one document.
pub(super) struct Resolver {
    room: Cell<usize>,
}

impl Resolver {
    /// Nothing resolved yet.
    pub fn new() -> Resolver {
        Resolver { room: Cell::new(ROOM) }
    }

    /// The base an element declares inside `outer`.
    pub fn base(&self, outer: Option<&Url>, own: &str) -> Option<Url> {
        let joined = match outer {
            Some(outer) => outer.join(own),
            None => Url::parse(own),
        };
        joined.ok().filter(is_base)
    }

    /// An address made absolute.
    pub fn resolve(&self, base: &Url, address: &str) -> Option<String> {
        let absolute: String = base.join(address).ok()?.into();
        let added = absolute.len().saturating_sub(address.len());
        self.room.set(self.room.get().checked_sub(added)?);
        Some(absolute)
    }
}
