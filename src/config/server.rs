//! `[server]`: where readers are answered, how many at once, and how long they may keep what they got.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;

use super::{address, check};
use crate::adapter::setting::{Mistake, Reader, Setting};

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// At a port.
    Tcp(SocketAddr),
    /// At a socket in the file system, for a proxy on this machine.
    Unix(PathBuf),
}

/// What the file says of answering readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Where to listen.
    pub listen: Listen,
    /// Proxies whose word is taken on who is asking.
    pub trusted_proxies: Vec<IpNet>,
    /// Connections at once.
    pub connections: usize,
    /// Connections, or requests through a proxy, of one client at once.
    pub per_client: usize,
    /// How long readers may keep a feed before they ask again.
    pub max_age: Duration,
    /// Bytes of rendered documents that are kept.
    pub cache: usize,
    /// Paths that ended for good, each with all below it.
    pub retired: Vec<String>,
}

impl Default for Server {
    fn default() -> Server {
        Server {
            listen: Listen::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))),
            trusted_proxies: Vec::new(),
            connections: 4096,
            per_client: 64,
            max_age: Duration::from_secs(300),
            cache: 64 << 20,
            retired: Vec::new(),
        }
    }
}

/// Reads `[server]`.
pub(super) fn read(table: Option<&Setting>, folder: &Path, mistakes: &mut Vec<Mistake>) -> Server {
    let mut server = Server::default();
    let Some(table) = table else { return server };
    let mut reader = Reader::new(table, mistakes);
    let listen = reader.read("listen", |setting| address::of_listener(setting, folder));
    server.listen = listen.unwrap_or(server.listen);
    let proxies = check::each(&mut reader, "trusted_proxies", network);
    server.trusted_proxies = proxies.unwrap_or_default();
    server.max_age = reader.read("max_age", check::duration).unwrap_or(server.max_age);
    server.cache = reader.read("cache", check::size).unwrap_or(server.cache);
    server.retired = check::each(&mut reader, "retired", path).unwrap_or_default();
    if let Some(table) = reader.table("limits") {
        let mut limits = Reader::new(table, reader.mistakes());
        let mut count = |key| {
            let number = limits.integer(key, 1..=1_000_000)?;
            Some(usize::try_from(number).expect("the range begins above zero"))
        };
        server.connections = count("connections").unwrap_or(server.connections);
        server.per_client = count("per_client").unwrap_or(server.per_client);
        limits.finish();
    }
    reader.finish();
    server
}

/// An address or a network of addresses.
fn network(setting: &Setting) -> Result<IpNet, Mistake> {
    let text = setting.text()?.trim();
    let network =
        text.parse().ok().or_else(|| text.parse().ok().map(|address: IpAddr| IpNet::from(address)));
    network.ok_or_else(|| {
        let what = format!(
            "`{}` should be an IP address or a network, such as `10.0.0.7` or `10.0.0.0/8`",
            check::shown(text)
        );
        Mistake::at(setting, what)
    })
}

/// A path as it stands in addresses, such as `/category/old`.
fn path(setting: &Setting) -> Result<String, Mistake> {
    let text = setting.text()?.trim().trim_end_matches('/');
    let is_path =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-./".contains(&byte);
    if text.len() < 2 || !text.starts_with('/') || !text.bytes().all(is_path) {
        let what = "this should be a path without suffix, such as `/category/old` or `/source/old`";
        return Err(Mistake::at(setting, what));
    }
    Ok(text.to_owned())
}
