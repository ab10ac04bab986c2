//! `[admin]`: where the operator's own programs ask, apart from readers.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use super::secret::is_reference;
use super::{Listen, Secret, address};
use crate::adapter::setting::{Mistake, Reader, Setting};
use crate::model::token::Token;

/// What the file says of the operator's own door; without `[admin]` there is none.
#[derive(Clone, Debug)]
pub struct Admin {
    /// Where to listen.
    pub listen: Listen,
    /// What callers show.
    pub token: Token,
}

/// Reads `[admin]`.
pub(super) fn read(
    table: &Setting,
    folder: &Path,
    secret: Secret,
    mistakes: &mut Vec<Mistake>,
) -> Option<Admin> {
    let mut reader = Reader::new(table, mistakes);
    let listen = reader.read("listen", |setting| address::of_listener(setting, folder));
    let token = reader.required("token", |setting| token(setting, secret));
    reader.finish();
    let usual = Listen::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 8081)));
    Some(Admin { listen: listen.unwrap_or(usual), token: token? })
}

/// A secret that does not stand in the file itself.
fn token(setting: &Setting, secret: Secret) -> Result<Token, Mistake> {
    let text = setting.text()?;
    if !is_reference(text) {
        let what = "a token does not stand in this file; write \"env:NAME\" or \"file:PATH\"";
        return Err(Mistake::at(setting, what));
    }
    let found = secret(text).map_err(|what| Mistake::at(setting, what))?;
    Token::new(found.trim()).ok_or_else(|| {
        let what = format!("a token has at least {} characters", Token::SHORTEST);
        Mistake::at(setting, what)
    })
}
