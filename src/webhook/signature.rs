//! Who sent a message, and that it is whole and fresh: the three headers of Standard Webhooks (rows S-02
//! to S-06).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use ring::signature::{ED25519, UnparsedPublicKey};
use sha2::Sha256;

use super::key::{self, Key};

/// The header with the message's id, the same at every attempt.
pub const ID: &str = "webhook-id";
/// The header with the time of the attempt, in whole seconds since 1970.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// The header with the signatures, blank between them.
pub const SIGNATURE: &str = "webhook-signature";

/// How far the sender's clock and the receiver's may differ (row S-10).
pub const TOLERANCE: Duration = Duration::from_secs(300);

/// The signatures of a message by each of these keys.
pub fn sign(keys: &[Key], id: &str, seconds: i64, body: &[u8]) -> String {
    let content = content(id, seconds, body);
    let signed = keys.iter().map(|key| match key {
        Key::Shared(secret) => {
            format!("v1,{}", STANDARD.encode(mac(secret, &content).finalize().into_bytes()))
        }
        Key::Pair(_) => {
            let pair = key.pair().expect("a pair");
            format!("v1a,{}", STANDARD.encode(pair.sign(&content)))
        }
    });
    signed.collect::<Vec<_>>().join(" ")
}

/// Why a message is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// The key is none.
    #[error("the key is neither `whsec_…` nor `whpk_…`")]
    Key,
    /// Its time is no number, or too far from ours: perhaps it was sent before.
    #[error("the message is older or newer than five minutes")]
    Time,
    /// No signature is by this key.
    #[error("no signature of the message is by this key")]
    Signature,
}

/// Believes a message, or says why not. `key` is a shared key (`whsec_…`) or the public half of a pair
/// (`whpk_…`); `id`, `timestamp` and `signatures` are the headers, `now` is the receiver's clock in seconds
/// since 1970. Compared in constant time.
///
/// Whoever believes a message still has to look whether it came before: its id is the same at every attempt.
///
/// # Errors
/// The reason for doubt.
pub fn verify(
    key: &str,
    id: &str,
    timestamp: &str,
    signatures: &str,
    body: &[u8],
    now: i64,
) -> Result<(), Doubt> {
    let seconds: i64 = timestamp.parse().map_err(|_| Doubt::Time)?;
    let content = content(id, seconds, body);
    if now.abs_diff(seconds) > TOLERANCE.as_secs() {
        return Err(Doubt::Time);
    }
    let by = |version: &'static str| {
        let of = move |signature: &str| {
            let (named, coded) = signature.split_once(',')?;
            (named == version).then(|| STANDARD.decode(coded).ok()).flatten()
        };
        signatures.split(' ').filter_map(of)
    };
    let is_believed = if let Some(public) = key::verifying(key) {
        let public = UnparsedPublicKey::new(&ED25519, public);
        by("v1a").any(|signature| public.verify(&content, &signature).is_ok())
    } else {
        let Ok(Key::Shared(secret)) = Key::read(key) else { return Err(Doubt::Key) };
        by("v1").any(|signature| mac(&secret, &content).verify_slice(&signature).is_ok())
    };
    if is_believed { Ok(()) } else { Err(Doubt::Signature) }
}

fn mac(secret: &[u8], content: &[u8]) -> Hmac<Sha256> {
    let mut mac =
        <Hmac<Sha256> as KeyInit>::new_from_slice(secret).expect("HMAC takes keys of every length");
    mac.update(content);
    mac
}

/// What is signed: id, time and body (row S-03).
fn content(id: &str, seconds: i64, body: &[u8]) -> Vec<u8> {
    [format!("{id}.{seconds}.").as_bytes(), body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The two examples of the specification.
    const VECTORS: [(&str, &str, i64, &str, &str); 2] = [
        (
            "plJ3nmyCDGBKInavdOK15jsl",
            "msg_loFOjxBNrRLzqYUf",
            1_731_705_121,
            r#"{"event_type":"ping","data":{"success":true}}"#,
            "rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
        ),
        (
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
            "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
    ];

    #[test]
    fn s_12_both_vectors() {
        for (key, id, seconds, body, expected) in VECTORS {
            // The examples' keys are shorter than keys should be.
            let key = Key::Shared(STANDARD.decode(key).expect("base64"));
            let signed = sign(&[key], id, seconds, body.as_bytes());
            assert_eq!(signed, format!("v1,{expected}"));
        }
    }

    const OURS: &str = "whsec_AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=";

    fn signed(keys: &[&str], body: &str) -> String {
        let keys: Vec<Key> = keys.iter().map(|key| Key::read(key).expect("a key")).collect();
        sign(&keys, "msg_1", 1000, body.as_bytes())
    }

    #[track_caller]
    fn check(signatures: &str, body: &str, now: i64, expected: Result<(), Doubt>) {
        assert_eq!(verify(OURS, "msg_1", "1000", signatures, body.as_bytes(), now), expected);
    }

    #[test]
    fn s_06_any_of_several_signatures_will_do() {
        let other = key::written([4; key::MADE]);
        let both = signed(&[&other, OURS], "{}");
        assert_eq!(both.split(' ').count(), 2);
        check(&both, "{}", 1000, Ok(()));
        check(&signed(&[&other], "{}"), "{}", 1000, Err(Doubt::Signature));
    }

    #[test]
    fn s_10_and_t_28_what_is_stale_or_changed_is_not_believed() {
        let signature = signed(&[OURS], "{}");
        check(&signature, "{}", 1300, Ok(()));
        check(&signature, "{}", 700, Ok(()));
        check(&signature, "{}", 1360, Err(Doubt::Time));
        check(&signature, "{}", 699, Err(Doubt::Time));
        check(&signature, "{} ", 1000, Err(Doubt::Signature));
        for broken in ["", "v1", "v1,", "v1,????", "v2,AAAA", &signature[..20]] {
            check(broken, "{}", 1000, Err(Doubt::Signature));
        }
        let swapped = verify(OURS, "1000", "1", &signature, b"{}", 1000);
        assert_eq!(swapped, Err(Doubt::Time));
        assert_eq!(verify(OURS, "msg_1", "1e3", &signature, b"{}", 1000), Err(Doubt::Time));
        assert_eq!(verify("secret", "msg_1", "1000", &signature, b"{}", 1000), Err(Doubt::Key));
    }

    #[test]
    fn s_05_ed25519_is_verified_by_its_public_half() {
        let private = format!("whsk_{}", STANDARD.encode([9; 32]));
        let public = Key::read(&private).expect("a key").public().expect("a pair");
        let signature = signed(&[&private], "{}");
        assert!(signature.starts_with("v1a,"));
        let verify = |body: &[u8]| verify(&public, "msg_1", "1000", &signature, body, 1000);
        assert_eq!(verify(b"{}"), Ok(()));
        assert_eq!(verify(b"[]"), Err(Doubt::Signature));
    }
}
