//! Who sent a body: `X-Hub-Signature` (section 7.1).

use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

/// The header.
pub const HEADER: &str = "x-hub-signature";

/// Whether whoever knows the secret signed this body, `METHOD=HEX` in the header; compared in constant
/// time. All four methods of the Recommendation are believed, SHA-1 among them, since hubs of old know no
/// other and nobody forges an HMAC with it.
pub fn is_signed(header: &str, secret: &str, body: &[u8]) -> bool {
    let Some((method, signature)) = header.split_once('=') else { return false };
    let Some(signature) = bytes(signature.trim()) else { return false };
    match method.trim().to_ascii_lowercase().as_str() {
        "sha1" => is_of::<Hmac<Sha1>>(secret, body, &signature),
        "sha256" => is_of::<Hmac<Sha256>>(secret, body, &signature),
        "sha384" => is_of::<Hmac<Sha384>>(secret, body, &signature),
        "sha512" => is_of::<Hmac<Sha512>>(secret, body, &signature),
        _ => false,
    }
}

/// By what we sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// For subscribers of old alone.
    Sha1,
    /// What the Recommendation advises.
    #[default]
    Sha256,
    /// Longer.
    Sha384,
    /// Longest.
    Sha512,
}

impl Algorithm {
    /// As they stand in the header and in the file.
    pub const NAMES: &[(&str, Algorithm)] = &[
        ("sha1", Algorithm::Sha1),
        ("sha256", Algorithm::Sha256),
        ("sha384", Algorithm::Sha384),
        ("sha512", Algorithm::Sha512),
    ];
}

/// What stands in the header of a body that is signed with a secret.
pub fn sign(algorithm: Algorithm, secret: &str, body: &[u8]) -> String {
    match algorithm {
        Algorithm::Sha1 => format!("sha1={}", hex::<Hmac<Sha1>>(secret, body)),
        Algorithm::Sha256 => format!("sha256={}", hex::<Hmac<Sha256>>(secret, body)),
        Algorithm::Sha384 => format!("sha384={}", hex::<Hmac<Sha384>>(secret, body)),
        Algorithm::Sha512 => format!("sha512={}", hex::<Hmac<Sha512>>(secret, body)),
    }
}

fn hex<M: Mac + KeyInit>(secret: &str, body: &[u8]) -> String {
    let mut mac =
        <M as KeyInit>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of every length");
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_of<M: Mac + KeyInit>(secret: &str, body: &[u8], signature: &[u8]) -> bool {
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(body);
    mac.verify_slice(signature).is_ok()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().chunks(2);
    let byte = |pair: &[u8]| {
        let digit = |at: usize| char::from(*pair.get(at)?).to_digit(16);
        u8::try_from(digit(0)? << 4 | digit(1)?).ok()
    };
    pairs.map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2202 and RFC 4231, test case 2.
    #[test]
    fn known_signatures_hold() {
        let (secret, body) = ("Jefe", b"what do ya want for nothing?");
        let signatures = [
            "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            "SHA384=af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
            "sha512=164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ];
        for signature in signatures {
            assert!(is_signed(signature, secret, body), "{signature}");
            assert!(!is_signed(signature, "jefe", body), "{signature}");
            assert!(!is_signed(signature, secret, b"what do ya want for nothing"), "{signature}");
        }
    }

    #[test]
    fn t_27_what_is_no_signature_is_none() {
        let whole = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let broken = ["", "sha256", "sha256=", "md5=00", "sha256=zz", &whole[..40], "=", "sha1=é"];
        for signature in broken {
            assert!(!is_signed(signature, "Jefe", b"what do ya want for nothing?"), "{signature}");
        }
    }
}
