//! What names mean, judged before anything is connected to.
//!
//! A name is looked up once a connection, and the HTTP client connects to exactly the addresses
//! that were judged here, so that a name cannot mean something else a moment later (row T-05).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;

use super::Error;
use super::guard::{self, Pass};

/// Knows what a name means.
#[async_trait]
pub(super) trait Names: Send + Sync {
    /// The addresses of a name.
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The system's own resolver.
pub(super) struct System;

#[async_trait]
impl Names for System {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// Resolves for the HTTP client, and gives it only what may be reached.
pub(super) struct Resolver {
    /// Who is asked.
    pub names: Arc<dyn Names>,
    /// What may be reached beyond public addresses.
    pub pass: Pass,
}

impl reqwest::dns::Resolve for Resolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let (names, pass) = (self.names.clone(), self.pass.clone());
        Box::pin(async move {
            let addresses = judged(names.as_ref(), &pass, name.as_str()).await?;
            let sockets = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(sockets) as reqwest::dns::Addrs)
        })
    }
}

/// The addresses of a name; none at all when any of them may not be reached, since one answer
/// among others could be picked by whoever made the name.
async fn judged(names: &dyn Names, pass: &Pass, name: &str) -> Result<Vec<IpAddr>, Error> {
    let addresses = meant(names, name).await.unwrap_or_default();
    if addresses.is_empty() {
        return Err(Error::Name(format!("the name {name} cannot be found")));
    }
    if pass.names(name) {
        return Ok(addresses);
    }
    match addresses.iter().find(|address| !pass.reaches(**address)) {
        Some(address) => Err(Error::Refused(guard::private(name, name, *address))),
        None => Ok(addresses),
    }
}

/// What a name means; `localhost` and all below it mean this machine and are not looked up
/// (RFC 6761 section 6.3), however they are spelled.
async fn meant(names: &dyn Names, name: &str) -> io::Result<Vec<IpAddr>> {
    let plain = guard::plain(name);
    if plain == "localhost" || plain.ends_with(".localhost") {
        return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    names.lookup(name).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::source::Allowed;

    /// Answers every name with the same addresses.
    struct Fixed(Vec<IpAddr>);

    #[async_trait]
    impl Names for Fixed {
        async fn lookup(&self, _: &str) -> io::Result<Vec<IpAddr>> {
            Ok(self.0.clone())
        }
    }

    async fn resolves(addresses: &[&str], list: &[&str]) -> bool {
        let names = Fixed(addresses.iter().map(|a| a.parse().unwrap()).collect());
        let allow: Vec<_> = list.iter().map(|one| Allowed::parse(one).unwrap()).collect();
        let pass = Pass::at(80, &allow);
        judged(&names, &pass, "Intern.example.").await.is_ok()
    }

    #[tokio::test]
    async fn t_05_one_private_answer_refuses_all() {
        assert!(resolves(&["1.1.1.1", "2606:4700::1111"], &[]).await);
        assert!(!resolves(&["1.1.1.1", "10.0.0.1"], &[]).await);
        assert!(!resolves(&["::ffff:127.0.0.1"], &[]).await);
    }

    #[tokio::test]
    async fn names_and_networks_may_be_allowed() {
        assert!(resolves(&["10.0.0.1"], &["intern.example"]).await);
        assert!(resolves(&["10.0.0.1"], &["10.0.0.0/8"]).await);
        assert!(!resolves(&["10.0.0.1"], &["intern.example:8080"]).await);
    }
}
