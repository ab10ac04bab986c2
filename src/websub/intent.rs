//! What a hub says to a callback before it delivers anything: that it means to subscribe us, or that it
//! will not (sections 5.2 and 5.3).

use std::time::Duration;

use url::form_urlencoded;

/// What a hub means to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// To deliver a topic, for so long; it waits for the challenge to be said back.
    Subscribe {
        /// Of which topic.
        topic: String,
        /// What is to be said back.
        challenge: String,
        /// For how long; none when it does not say.
        lease: Option<Duration>,
    },
    /// Not to deliver a topic, or not any more.
    Denied {
        /// Of which topic.
        topic: String,
        /// Why, when it says so.
        reason: Option<String>,
    },
}

/// The shortest lease that is believed.
const SHORTEST: Duration = Duration::from_secs(300);
/// The longest.
pub const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);
/// The longest challenge that is said back.
const CHALLENGE: usize = 1024;

impl Intent {
    /// Reads a callback's query; none of what a hub has no reason to say to us, and of what is said
    /// wrongly (T-27).
    pub fn read(query: &str) -> Option<Intent> {
        let value = |name: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
        };
        let topic = value("hub.topic")?;
        match value("hub.mode")?.as_str() {
            "subscribe" => {
                let challenge = value("hub.challenge")?;
                let is_plain = (1..=CHALLENGE).contains(&challenge.len());
                let lease = match value("hub.lease_seconds") {
                    None => None,
                    Some(seconds) => Some(lease(&seconds, SHORTEST)?),
                };
                is_plain.then_some(Intent::Subscribe { topic, challenge, lease })
            }
            "denied" => Some(Intent::Denied { topic, reason: value("hub.reason") }),
            // We never ask to be let go, so whoever says so is no hub of ours.
            _ => None,
        }
    }
}

/// A lease within reason; none of what is no number.
pub(super) fn lease(seconds: &str, shortest: Duration) -> Option<Duration> {
    let is_number = !seconds.is_empty() && seconds.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = is_number.then(|| seconds.parse().unwrap_or(u64::MAX))?;
    (seconds > 0).then(|| Duration::from_secs(seconds).clamp(shortest, LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, expected: Option<Intent>) {
        assert_eq!(Intent::read(query), expected, "{query}");
    }

    fn subscribe(lease: Option<u64>) -> Option<Intent> {
        let (topic, challenge) = ("https://a.example/?x=1".to_owned(), "c h".to_owned());
        Some(Intent::Subscribe { topic, challenge, lease: lease.map(Duration::from_secs) })
    }

    #[test]
    fn what_a_hub_says() {
        let query =
            "hub.mode=subscribe&hub.topic=https%3A%2F%2Fa.example%2F%3Fx%3D1&hub.challenge=c+h";
        check(query, subscribe(None));
        check(&format!("{query}&hub.lease_seconds=864000&more=1"), subscribe(Some(864_000)));
        let denied = |reason: Option<&str>| {
            let reason = reason.map(str::to_owned);
            Some(Intent::Denied { topic: "https://a.example/".to_owned(), reason })
        };
        check("hub.mode=denied&hub.topic=https://a.example/", denied(None));
        check("hub.topic=https://a.example/&hub.mode=denied&hub.reason=no", denied(Some("no")));
    }

    #[test]
    fn t_27_what_no_hub_says_is_not_heard() {
        let query =
            "hub.mode=subscribe&hub.topic=https%3A%2F%2Fa.example%2F%3Fx%3D1&hub.challenge=c+h";
        check(
            &format!("{query}&hub.lease_seconds=999999999999999999999"),
            subscribe(Some(2_592_000)),
        );
        check(&format!("{query}&hub.lease_seconds=1"), subscribe(Some(300)));
        for lease in ["-1", "abc", "", "0", "1.5", "+60"] {
            check(&format!("{query}&hub.lease_seconds={lease}"), None);
        }
        check("hub.mode=unsubscribe&hub.topic=https://a.example/&hub.challenge=c", None);
        check("hub.mode=subscribe&hub.topic=https://a.example/", None);
        check("hub.mode=subscribe&hub.challenge=c", None);
        check("", None);
        let long = "c".repeat(1025);
        check(
            &format!("hub.mode=subscribe&hub.topic=https://a.example/&hub.challenge={long}"),
            None,
        );
    }
}
