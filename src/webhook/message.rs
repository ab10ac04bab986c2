//! What a message is called: the same at every attempt, on every node, and after what was lost is fetched
//! again (row D-03).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::model::item::ItemId;
use crate::model::subscription::{Event, SubscriptionId};

/// What ids are derived with; kept by the store, known to nobody else.
pub type Seal = [u8; 32];

/// The id of an event for a subscription. `chain` is the hash of all the item has been up to the event, so
/// that an edit and its reversal are two.
pub fn of_event(
    seal: &Seal,
    subscription: &SubscriptionId,
    item: ItemId,
    event: Event,
    chain: &[u8],
) -> String {
    let id = item.bytes();
    derived(seal, [subscription.as_str().as_bytes(), &id, event.name().as_bytes(), chain])
}

/// The id of a batch, by those of its members in their order.
pub fn of_batch(seal: &Seal, subscription: &SubscriptionId, members: &[String]) -> String {
    let members = members.iter().map(String::as_bytes);
    derived(seal, [subscription.as_str().as_bytes()].into_iter().chain(members))
}

/// The id of a message that is no event, such as a trial; `what` tells it from all others.
pub fn of_trial(seal: &Seal, subscription: &SubscriptionId, what: &str) -> String {
    derived(seal, [subscription.as_str().as_bytes(), b"trial", what.as_bytes()])
}

fn derived<'a>(seal: &Seal, fields: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut mac =
        <Hmac<Sha256> as KeyInit>::new_from_slice(seal).expect("HMAC takes keys of every length");
    for field in fields {
        // With their lengths, so that no two rows of fields run into one.
        mac.update(&(field.len() as u64).to_le_bytes());
        mac.update(field);
    }
    format!("msg_{}", URL_SAFE_NO_PAD.encode(&mac.finalize().into_bytes()[..18]))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::item::Key;

    #[test]
    fn d_03_ids_are_derived_and_tell_all_apart() {
        let id = |text: &str| SubscriptionId::new(text).expect("an id");
        let item = |guid: &str| ItemId::mint("news", &Key::guid(guid));
        let name = |endpoint: &str, guid: &str, event, chain: &[u8]| {
            of_event(&[7; 32], &id(endpoint), item(guid), event, chain)
        };
        let (published, updated) = (Event::Published, Event::Updated);
        let ids = [
            name("a", "1", published, b"x"),
            name("b", "1", published, b"x"),
            name("a", "2", published, b"x"),
            name("a", "1", updated, b"x"),
            name("a", "1", updated, b"y"),
            of_event(&[8; 32], &id("a"), item("1"), published, b"x"),
            of_batch(&[7; 32], &id("a"), &["x".to_owned()]),
            of_batch(&[7; 32], &id("a"), &["x".to_owned(), String::new()]),
        ];
        assert_eq!(BTreeSet::from(ids.clone()).len(), ids.len());
        assert_eq!(ids[0], name("a", "1", published, b"x"), "and again the same");
        for id in ids {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
            assert!(id.bytes().all(is_plain) && id.len() == 28, "{id}");
        }
    }
}
