//! `Client`: who is asking, as far as limits go.
//!
//! What a request says of itself is believed only when it comes from a proxy the operator trusts
//! (RFC 7239 section 8.1); anybody else could name a new client with each request.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

/// One client: an IPv4 address, or the network a household has of IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Client(IpAddr);

impl Client {
    /// The client at an address.
    pub(super) fn of(address: IpAddr) -> Client {
        match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = address.to_bits() >> 64 << 64;
                Client(IpAddr::V6(Ipv6Addr::from_bits(network)))
            }
            address => Client(address),
        }
    }
}

/// Who is behind a request that came from `peer`; none when nobody is: `peer` asks for itself. A
/// peer without an address came through a socket in the file system, where only a proxy can be.
///
/// Each proxy adds the address it was asked from at the end, so the list is read from there, as far
/// as it names proxies that are trusted. `X-Forwarded-For` goes before `Forwarded`.
pub(super) fn behind(
    peer: Option<IpAddr>,
    headers: &HeaderMap,
    trusted: &[IpNet],
) -> Option<Client> {
    if !peer.is_none_or(|peer| is_trusted(peer, trusted)) {
        return None;
    }
    let mut hops = named(headers, &X_FORWARDED_FOR, Some);
    if hops.is_empty() {
        hops = named(headers, &header::FORWARDED, forwarded);
    }
    let mut client = None;
    for hop in hops.into_iter().rev() {
        // What cannot be read was not written by a proxy we should believe.
        let Some(address) = address(hop) else { break };
        client = Some(Client::of(address));
        if !is_trusted(address, trusted) {
            break;
        }
    }
    client
}

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Whether an address is one of the operator's proxies.
pub(super) fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    let address = address.to_canonical();
    trusted.iter().any(|network| network.contains(&address))
}

/// The elements of a list header, over all its lines.
fn named<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
    read: impl Fn(&'h str) -> Option<&'h str>,
) -> Vec<&'h str> {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(|hop| read(hop).unwrap_or_default()).collect()
}

/// The `for` of one element of `Forwarded` (RFC 7239 section 4).
fn forwarded(element: &str) -> Option<&str> {
    let pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    let mut hosts = pairs.filter(|(name, _)| name.eq_ignore_ascii_case("for"));
    hosts.next().map(|(_, node)| node)
}

/// An address as proxies write it: alone, quoted, in brackets, with a port.
fn address(node: &str) -> Option<IpAddr> {
    let node = node.trim().trim_matches('"');
    if let Some(bracketed) = node.strip_prefix('[') {
        return bracketed.split(']').next()?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    let alone = node.parse::<IpAddr>().ok();
    alone.or_else(|| node.split_once(':')?.0.parse::<Ipv4Addr>().ok().map(IpAddr::V4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(peer: &str, headers: &[(&str, &str)], expected: Option<&str>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        let trusted = ["127.0.0.1/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
        let found = behind(peer.parse().ok(), &map, &trusted);
        assert_eq!(found, expected.map(|address| Client::of(address.parse().unwrap())));
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let said = [("x-forwarded-for", "203.0.113.9")];
        check("192.0.2.1", &said, None);
        check("127.0.0.1", &said, Some("203.0.113.9"));
        check("::ffff:127.0.0.1", &said, Some("203.0.113.9"));
        check("127.0.0.1", &[], None);
        check("a socket in the file system", &said, Some("203.0.113.9"));
    }

    #[test]
    fn the_last_address_that_is_no_proxy_counts() {
        check(
            "10.1.1.1",
            &[("x-forwarded-for", "1.1.1.1, 203.0.113.9, 10.2.2.2")],
            Some("203.0.113.9"),
        );
        check(
            "10.1.1.1",
            &[("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "203.0.113.9")],
            Some("203.0.113.9"),
        );
        check("10.1.1.1", &[("x-forwarded-for", "1.1.1.1, unknown")], None);
        check("10.1.1.1", &[("x-forwarded-for", "10.3.3.3")], Some("10.3.3.3"));
    }

    #[test]
    fn both_headers_in_all_spellings() {
        check(
            "10.1.1.1",
            &[("forwarded", "for=192.0.2.60;proto=http;by=203.0.113.43")],
            Some("192.0.2.60"),
        );
        check("10.1.1.1", &[("forwarded", "For=\"[2001:db8::1]:4711\"")], Some("2001:db8::1"));
        check("10.1.1.1", &[("forwarded", "proto=http")], None);
        check("10.1.1.1", &[("x-forwarded-for", "192.0.2.43:47011")], Some("192.0.2.43"));
        check(
            "10.1.1.1",
            &[("forwarded", "for=1.1.1.1"), ("x-forwarded-for", "2.2.2.2")],
            Some("2.2.2.2"),
        );
    }

    #[test]
    fn a_household_of_ipv6_is_one_client() {
        let client = |text: &str| Client::of(text.parse().unwrap());
        assert_eq!(client("2001:db8:1:2::1"), client("2001:db8:1:2:ffff::2"));
        assert_ne!(client("2001:db8:1:2::1"), client("2001:db8:1:3::1"));
        assert_eq!(client("::ffff:192.0.2.1"), client("192.0.2.1"));
    }
}
