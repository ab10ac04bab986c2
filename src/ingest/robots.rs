//! What a site asks of programs, in `robots.txt` (RFC 9309): heard for sources whose `robots` is switched
//! on (reliability row P-18). By default it is not, since an operator who names a feed is no crawler.

use std::collections::HashMap;
use std::panic::catch_unwind;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Uri};
use robotstxt::DefaultMatcher;

use crate::model::time::Timestamp;
use crate::net::{Error, Permit, Transport};

/// How long it is believed (RFC 9309 section 2.4).
const BELIEVED: Duration = Duration::from_secs(24 * 3600);
/// How long a site that could not say is not asked again.
const PAUSE: Duration = Duration::from_secs(300);
/// As much of it as is read (section 2.5).
const LONGEST: usize = 500 << 10;
/// Sites whose wishes are kept.
const SITES: usize = 1024;
/// What we are called there.
const NAME: &str = "Feedloom";

/// The wishes of sites we have asked, and what those answered that could not say.
#[derive(Debug, Default)]
pub(super) struct Robots(Mutex<HashMap<String, (Timestamp, Wishes)>>);

type Wishes = Result<Arc<str>, Error>;

impl Robots {
    /// Whether `url` may be asked for; where it redirects to is not looked at. A site that cannot say fails as
    /// it fails for everything; one that has no such file wishes nothing.
    pub(super) async fn check(
        &self,
        url: &Uri,
        transport: &dyn Transport,
        permit: &Permit,
        now: Timestamp,
    ) -> Result<(), Error> {
        let (Some(scheme), Some(authority)) = (url.scheme_str(), url.authority()) else {
            return Ok(());
        };
        let site = format!("{scheme}://{authority}");
        let wishes = match self.kept(&site, now) {
            Some(wishes) => wishes,
            None => {
                let wishes = ask(&site, transport, permit).await;
                self.keep(site.clone(), now, wishes.clone());
                wishes
            }
        };
        if is_allowed(&wishes?, &url.to_string()) {
            return Ok(());
        }
        let path = url.path();
        Err(Error::Refused(format!(
            "{site}/robots.txt asks programs to stay away from {path}; `robots = false` would ask all the same"
        )))
    }

    fn kept(&self, site: &str, now: Timestamp) -> Option<Wishes> {
        let sites = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, wishes) = sites.get(site)?;
        let lasts = if wishes.is_ok() { BELIEVED } else { PAUSE };
        // One noted by a clock that was ahead is asked again.
        (*at <= now && now.since(*at) < lasts).then(|| wishes.clone())
    }

    fn keep(&self, site: String, now: Timestamp, wishes: Wishes) {
        let mut sites = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sites.len() >= SITES {
            sites.retain(|_, (at, _)| now.since(*at) < BELIEVED / 2);
        }
        if sites.len() < SITES {
            sites.insert(site, (now, wishes));
        }
    }
}

async fn ask(site: &str, transport: &dyn Transport, permit: &Permit) -> Result<Arc<str>, Error> {
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = format!("{site}/robots.txt")
        .parse()
        .map_err(|_| Error::Broken(format!("{site} has no address for its robots.txt")))?;
    let answer = transport.send(request, permit).await?;
    let status = answer.response.status();
    if status.is_server_error() {
        return Err(Error::Broken(format!("{site}/robots.txt answered {status}")));
    }
    if !status.is_success() {
        return Ok(Arc::default());
    }
    let body = answer.response.body();
    Ok(String::from_utf8_lossy(&body[..body.len().min(LONGEST)]).into())
}

/// Whether these wishes let us ask for an address. What makes the reader fail wishes nothing.
fn is_allowed(wishes: &str, url: &str) -> bool {
    let read = || DefaultMatcher::default().one_agent_allowed_by_robots(wishes, NAME, url);
    catch_unwind(read).unwrap_or(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wishes: &str, path: &str, expected: bool) {
        let url = format!("https://a.example{path}");
        assert_eq!(is_allowed(wishes, &url), expected, "{wishes:?} {path}");
    }

    #[test]
    fn p_18_wishes_are_read() {
        let wishes = "User-agent: *\nDisallow: /private\nAllow: /private/feed\n\nUser-agent: feedloom\nDisallow: /ours*.xml$\n";
        check(wishes, "/feed", true);
        check(wishes, "/ours/1.xml", false);
        check(wishes, "/ours/1.xml?x", true);
        check(wishes, "/private", true);
        let wishes = "user-agent: *\r\ndisallow: /private\r\nallow: /private/feed\r\n";
        check(wishes, "/private/x", false);
        check(wishes, "/private/feed", true);
        check("", "/x", true);
        check("<!doctype html>", "/x", true);
    }

    #[test]
    fn whatever_stands_there_it_is_read() {
        for wishes in [
            "Disallow: /%e",
            "user-agent: *\ndisallow: 中文%",
            "\u{feff}user-agent:*\nallow",
            "user-agent: 中\ndisallow:é",
        ] {
            for path in ["/", "/中文", "/%", "/%zz?é"] {
                let _ = is_allowed(wishes, &format!("https://a.example{path}"));
            }
        }
    }
}
