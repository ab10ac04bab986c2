//! Keys as their owners pass them on: `whsec_` for what both sides know, `whsk_` for the half that only we
//! know, `whpk_` for the half that receivers verify with (rows S-04 and S-05).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{Ed25519KeyPair, KeyPair};

/// What stands before a shared key.
const SHARED: &str = "whsec_";
/// What stands before the signing half of a pair.
const PRIVATE: &str = "whsk_";
/// What stands before the verifying half.
const PUBLIC: &str = "whpk_";

/// The lengths a shared key may have, in bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;
/// The length of one that is made here.
pub const MADE: usize = 32;
/// The lengths of a signing half: its seed, alone or with the verifying half behind it.
const SEED: usize = 32;

/// What messages are signed with.
#[derive(Clone)]
pub enum Key {
    /// Known to both sides: HMAC with SHA-256.
    Shared(Vec<u8>),
    /// Known to us alone: Ed25519.
    Pair([u8; SEED]),
}

/// Why a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Neither of the two kinds.
    #[error("a key begins with `whsec_`, or with `whsk_` for Ed25519")]
    Kind,
    /// No base64 behind that.
    #[error("what stands behind `whsec_` or `whsk_` should be base64")]
    Coding,
    /// Too short to be safe, or longer than libraries take.
    #[error("a `whsec_` key has 24 to 64 bytes; `openssl rand -base64 32` makes good ones")]
    Length,
    /// No seed.
    #[error("a `whsk_` key has 32 bytes, or 64 with its public half behind it")]
    Seed,
}

impl Key {
    /// Reads a key as it is passed on.
    ///
    /// # Errors
    /// What is wrong with it; the text is never part of that.
    pub fn read(text: &str) -> Result<Key, Unreadable> {
        let decode = |coded: &str| STANDARD.decode(coded).map_err(|_| Unreadable::Coding);
        if let Some(coded) = text.strip_prefix(SHARED) {
            let key = decode(coded)?;
            return if LENGTHS.contains(&key.len()) {
                Ok(Key::Shared(key))
            } else {
                Err(Unreadable::Length)
            };
        }
        let coded = text.strip_prefix(PRIVATE).ok_or(Unreadable::Kind)?;
        let whole = decode(coded)?;
        let (seed, public) = whole.split_at_checked(SEED).ok_or(Unreadable::Seed)?;
        let key = Key::Pair(seed.try_into().expect("so many were split off"));
        let fits = public.is_empty()
            || key.public() == Some(format!("{PUBLIC}{}", STANDARD.encode(public)));
        if fits { Ok(key) } else { Err(Unreadable::Seed) }
    }

    /// What receivers verify with, of a pair.
    pub fn public(&self) -> Option<String> {
        self.pair().map(|pair| format!("{PUBLIC}{}", STANDARD.encode(pair.public_key())))
    }

    /// The pair of a seed.
    pub(super) fn pair(&self) -> Option<Ed25519KeyPair> {
        match self {
            Key::Shared(_) => None,
            Key::Pair(seed) => {
                Some(Ed25519KeyPair::from_seed_unchecked(seed).expect("every 32 bytes are a seed"))
            }
        }
    }
}

/// A shared key of these random bytes, as it is passed on.
pub fn written(random: [u8; MADE]) -> String {
    format!("{SHARED}{}", STANDARD.encode(random))
}

/// The verifying half of a pair, as it is passed on.
pub(super) fn verifying(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.strip_prefix(PUBLIC)?).ok()
}

// Never shown, wherever it gets to (T-29).
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, why: Unreadable) {
        assert_eq!(Key::read(text).err(), Some(why), "{text}");
    }

    #[test]
    fn s_04_keys_have_24_to_64_bytes() {
        for (bytes, is_key) in [(23, false), (24, true), (32, true), (64, true), (65, false)] {
            let text = format!("whsec_{}", STANDARD.encode(vec![7; bytes]));
            assert_eq!(Key::read(&text).is_ok(), is_key, "{bytes} bytes");
        }
        refused("whsec_!", Unreadable::Coding);
        refused("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Unreadable::Kind);
        refused("", Unreadable::Kind);
        assert!(Key::read(&written([3; MADE])).is_ok());
    }

    #[test]
    fn s_05_a_pair_is_its_seed() {
        let seed = [9; SEED];
        let alone = Key::read(&format!("whsk_{}", STANDARD.encode(seed))).expect("a seed");
        let public = alone.public().expect("a pair");
        assert!(public.starts_with("whpk_"));
        let half = STANDARD.decode(&public[5..]).expect("base64");
        let whole = STANDARD.encode([&seed[..], &half].concat());
        let both = Key::read(&format!("whsk_{whole}")).expect("seed and public half");
        assert_eq!(both.public(), Some(public));
        let wrong = STANDARD.encode([&seed[..], &[1; 32]].concat());
        refused(&format!("whsk_{wrong}"), Unreadable::Seed);
        refused("whsk_AAAA", Unreadable::Seed);
    }

    #[test]
    fn t_29_a_key_is_never_shown() {
        let key = Key::read(&written([3; MADE])).expect("a key");
        assert_eq!(format!("{key:?}"), "Key(…)");
    }
}
