//! Which addresses may be reached: public ones, and those the operator allows.
//!
//! A literal address never reaches a resolver, so the guard acts twice: `admit` on what stands in
//! the address, before anything is sent, and `names::Resolver` on what a name turns out to mean, at
//! the one lookup whose answers are then connected to. Environment proxies would step around both
//! and are not used. The guard knows nothing of redirects: each hop is simply admitted anew.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use super::Error;
use crate::model::source::Allowed;

/// Special-purpose IPv4 ranges: all of the IANA registry (RFC 6890 and its updates), and multicast.
const SPECIAL_V4: &[(Ipv4Addr, u8)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),       // this network
    (Ipv4Addr::new(10, 0, 0, 0), 8),      // private use
    (Ipv4Addr::new(100, 64, 0, 0), 10),   // shared address space
    (Ipv4Addr::new(127, 0, 0, 0), 8),     // loopback
    (Ipv4Addr::new(169, 254, 0, 0), 16),  // link local, cloud metadata
    (Ipv4Addr::new(172, 16, 0, 0), 12),   // private use
    (Ipv4Addr::new(192, 0, 0, 0), 24),    // protocol assignments
    (Ipv4Addr::new(192, 0, 2, 0), 24),    // documentation
    (Ipv4Addr::new(192, 31, 196, 0), 24), // AS112
    (Ipv4Addr::new(192, 52, 193, 0), 24), // AMT
    (Ipv4Addr::new(192, 88, 99, 0), 24),  // 6to4 relays
    (Ipv4Addr::new(192, 168, 0, 0), 16),  // private use
    (Ipv4Addr::new(192, 175, 48, 0), 24), // AS112
    (Ipv4Addr::new(198, 18, 0, 0), 15),   // benchmarking
    (Ipv4Addr::new(198, 51, 100, 0), 24), // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),  // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4),     // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),     // reserved, broadcast
];

/// Special-purpose IPv6 ranges inside global unicast; everything outside it is refused anyway.
const SPECIAL_V6: &[(Ipv6Addr, u8)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments, Teredo among them
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48), // AS112
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

/// What is handed out as global unicast (RFC 4291 section 2.4); loopback, mapped, discard,
/// segment-routing, unique-local, link-local and multicast addresses all lie outside.
const GLOBAL_V6: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// The well-known NAT64 prefix (RFC 6052): behind DNS64 it is the way to every IPv4 host.
const NAT64: (Ipv6Addr, u8) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// What an operator's `allow` comes to at one port. Callers with equal passes may share connections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pass(Vec<Allowed>);

impl Pass {
    /// What holds at `port`.
    pub(super) fn at(port: u16, allow: &[Allowed]) -> Pass {
        let here = allow.iter().filter_map(|one| match one {
            Allowed::Host(_, Some(only)) if *only != port => None,
            Allowed::Host(host, _) => Some(Allowed::Host(plain(host), None)),
            network => Some(network.clone()),
        });
        Pass(here.collect())
    }

    /// Whether this host was named, so that all its addresses may be reached.
    pub(super) fn names(&self, host: &str) -> bool {
        let host = plain(host);
        self.0.iter().any(|one| matches!(one, Allowed::Host(named, _) if *named == host))
    }

    /// Whether this address may be reached.
    pub(super) fn reaches(&self, address: IpAddr) -> bool {
        let address = canonical(address);
        is_public(address)
            || self.0.iter().any(|one| match one {
                Allowed::Host(host, _) => {
                    host.parse().is_ok_and(|named| canonical(named) == address)
                }
                Allowed::Network(network, bits) => is_within(address, *network, *bits),
            })
    }
}

/// Lets an address pass, or says why not. Of a name only its port is judged here; what it turns
/// out to mean is for `names::Resolver`, which holds the same pass.
pub(super) fn admit(url: &Url, allow: &[Allowed]) -> Result<Pass, Error> {
    if !matches!(url.scheme(), "http" | "https") {
        return refused(format!("`{}:` is not asked, only http and https are", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refused("an address with a user name or password in it is not asked".to_owned());
    }
    let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
        return refused("the address names no host".to_owned());
    };
    let pass = Pass::at(port, allow);
    let literal: Option<IpAddr> = match host {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    };
    let name = literal.map_or_else(|| host.to_string(), |address| address.to_string());
    if let Some(address) = literal.filter(|address| !pass.reaches(*address)) {
        return refused(private(&name, &format!("{host}:{port}"), address));
    }
    if !is_of_the_web(port) && !pass.names(&name) {
        return refused(format!(
            "port {port} of {name} is not one of the web; `allow = [\"{host}:{port}\"]` would let it be asked"
        ));
    }
    Ok(pass)
}

/// Whether an address by its looks is one that only this machine or its network reaches. No name is looked
/// up for that: this is no guard, but what others are not bothered with.
pub fn is_private(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    match url.host() {
        Some(Host::Ipv4(address)) => !is_public(canonical(address.into())),
        Some(Host::Ipv6(address)) => !is_public(canonical(address.into())),
        Some(Host::Domain(name)) => {
            let name = plain(name);
            let last = name.rsplit('.').next().unwrap_or_default();
            // RFC 6761 and RFC 6762; a name of one word means nothing elsewhere.
            !name.contains('.') || matches!(last, "localhost" | "local" | "test" | "invalid")
        }
        None => false,
    }
}

/// Other low ports speak other protocols, which a crafted request could talk to (row T-03).
fn is_of_the_web(port: u16) -> bool {
    matches!(port, 80 | 443 | 1024..)
}

fn refused<T>(why: String) -> Result<T, Error> {
    Err(Error::Refused(why))
}

/// Why a private address was refused, and which `allowed` would let it pass.
///
/// No advice is given for link-local addresses and those nobody has: what answers there are the
/// metadata of cloud machines, and a redirect to them is an attack.
pub(super) fn private(host: &str, allowed: &str, address: IpAddr) -> String {
    let what = if host == address.to_string() {
        format!("{host} is a private or special address")
    } else {
        format!("{host} stands for {address}, a private or special address")
    };
    match is_somebodys(canonical(address)) {
        true => format!("{what}; `allow = [\"{allowed}\"]` would let it be reached"),
        false => what,
    }
}

/// Whether an operator may have a server of their own there.
fn is_somebodys(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let shared = is_within(address, Ipv4Addr::new(100, 64, 0, 0).into(), 10);
            v4.is_private() || v4.is_loopback() || shared
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local(),
    }
}

/// A host as it is compared: lower case, without brackets and without the dot of the DNS root.
pub(super) fn plain(host: &str) -> String {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let host = host.strip_suffix('.').unwrap_or(host).to_lowercase();
    host.parse::<IpAddr>().map_or(host, |address| address.to_string())
}

/// The address that is really reached: the IPv4 address in its mapped and NAT64 forms.
///
/// The other forms that carry one (compatible, 6to4, Teredo) are refused whatever they carry.
fn canonical(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if is_within(v6.into(), NAT64.0.into(), NAT64.1) => {
            let [.., a, b, c, d] = v6.octets();
            Ipv4Addr::new(a, b, c, d).into()
        }
        other => other,
    }
}

fn is_public(address: IpAddr) -> bool {
    let in_range = |network: IpAddr, bits: u8| is_within(address, network, bits);
    match address {
        IpAddr::V4(_) => {
            !SPECIAL_V4.iter().any(|(network, bits)| in_range((*network).into(), *bits))
        }
        IpAddr::V6(_) => {
            in_range(GLOBAL_V6.0.into(), GLOBAL_V6.1)
                && !SPECIAL_V6.iter().any(|(network, bits)| in_range((*network).into(), *bits))
        }
    }
}

fn is_within(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            let differing = address.to_bits() ^ network.to_bits();
            differing.leading_zeros() >= u32::from(bits)
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            let differing = address.to_bits() ^ network.to_bits();
            differing.leading_zeros() >= u32::from(bits)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allow(list: &[&str]) -> Vec<Allowed> {
        list.iter().map(|one| Allowed::parse(one).unwrap()).collect()
    }

    fn passes(url: &str, list: &[&str]) -> bool {
        Url::parse(url).is_ok_and(|url| admit(&url, &allow(list)).is_ok())
    }

    #[test]
    fn public_addresses_pass() {
        for host in [
            "1.1.1.1",
            "172.32.0.1",
            "[2606:4700::1111]",
            "[::ffff:8.8.8.8]",
            "[64:ff9b::808:808]",
            "news.example",
        ] {
            assert!(passes(&format!("http://{host}/"), &[]), "{host}");
        }
    }

    #[test]
    fn t_06_every_spelling_of_a_private_address() {
        for host in [
            "127.1",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "[::ffff:169.254.169.254]",
            "[::ffff:a9fe:a9fe]",
            "[::127.0.0.1]",
            "[64:ff9b::a9fe:a9fe]",
            "[64:ff9b:1::1]",
            "[2002:7f00:1::]",
            "[2001:0:0:0:0:0:80ff:fffe]",
            "[fe80::1%25eth0]",
            "[fd00:ec2::254]",
            "100.64.0.1",
            "100.100.100.200",
            "192.0.0.192",
            "198.18.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "224.0.0.1",
            "0.0.0.0",
            "[::]",
            "[::1]",
            "１２７.０.０.１",
            "127.0.0.1.",
            "%31%32%37.0.0.1",
            "[ff02::1]",
            "[fec0::1]",
            "[100::1]",
            "[5f00::1]",
        ] {
            assert!(!passes(&format!("http://{host}/"), &[]), "{host}");
        }
    }

    #[test]
    fn t_06_first_and_last_address_of_every_range() {
        for (network, bits) in SPECIAL_V4 {
            let first = network.to_bits();
            let last = first | (u32::MAX >> bits);
            for address in [first, last] {
                assert!(!is_public(Ipv4Addr::from_bits(address).into()), "{network}/{bits}");
            }
        }
        for (network, bits) in SPECIAL_V6 {
            let last = network.to_bits() | (u128::MAX >> bits);
            assert!(
                !is_public((*network).into()) && !is_public(Ipv6Addr::from_bits(last).into()),
                "{network}/{bits}"
            );
        }
    }

    #[test]
    fn t_06_neighbours_of_ranges_are_public() {
        for address in [
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "169.253.255.255",
            "172.15.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn t_03_only_the_web() {
        for url in [
            "ftp://a.example/",
            "gopher://a.example/",
            "file:///etc/passwd",
            "data:text/plain,x",
            "jar:http://a.example!/",
            "unix:/run/x",
            "http://user:word@a.example/",
            "http://a.example:25/",
            "http://a.example:6/",
        ] {
            assert!(!passes(url, &[]), "{url}");
        }
        assert!(passes("http://a.example:8080/", &[]));
    }

    #[test]
    fn what_the_operator_allows_passes() {
        assert!(passes("http://127.0.0.1:8080/", &["127.0.0.1"]));
        assert!(passes("http://127.0.0.1:8080/", &["127.0.0.1:8080"]));
        assert!(passes("http://[::1]:8080/", &["[::1]:8080"]));
        assert!(passes("http://10.1.2.3/", &["10.0.0.0/8"]));
        assert!(passes("http://[fd00::7]/", &["fd00::/8"]));
        assert!(passes("http://a.example:25/", &["a.example:25"]));
    }

    #[test]
    fn advice_names_the_port_and_is_given_only_where_one_may_have_a_server() {
        let said = |url: &str| admit(&Url::parse(url).unwrap(), &[]).unwrap_err().to_string();
        assert!(said("http://10.0.0.7:8080/").contains("`allow = [\"10.0.0.7:8080\"]`"));
        assert!(said("http://[fd00::7]/").contains("`allow = [\"[fd00::7]:80\"]`"));
        for host in ["169.254.169.254", "[::ffff:169.254.169.254]", "0.0.0.0", "[fe80::1]"] {
            assert!(!said(&format!("http://{host}/")).contains("allow"), "{host}");
        }
    }

    #[test]
    fn and_nothing_beside_it() {
        assert!(!passes("http://127.0.0.1:8081/", &["127.0.0.1:8080"]));
        assert!(!passes("http://127.0.0.2/", &["127.0.0.1"]));
        assert!(!passes("http://11.0.0.1:25/", &["10.0.0.0/8"]));
        assert!(!passes("http://192.168.0.1/", &["10.0.0.0/8", "fd00::/8"]));
    }
}
