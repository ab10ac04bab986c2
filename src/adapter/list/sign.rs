//! Signed addresses: some upstreams want a hash of the query in the query.
//!
//! ```toml
//! sign = { parameter = "sign", chain = ["sha1", "md5"] }   # md5(sha1(query)), both in hexadecimal
//! ```
//! What is hashed is the query with its parameters sorted. It is no secret, only a shibboleth.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use url::Url;

use crate::adapter::setting::{Mistake, Reader, Setting};

/// How an address is signed.
#[derive(Debug, PartialEq, Eq)]
pub struct Sign {
    parameter: String,
    chain: Vec<Hash>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Md5,
    Sha1,
    Sha256,
}

impl Sign {
    /// Reads `sign`.
    pub fn read(setting: &Setting, mistakes: &mut Vec<Mistake>) -> Option<Sign> {
        let mut reader = Reader::new(setting, mistakes);
        let parameter = reader.required("parameter", Setting::text);
        let chain = reader.required("chain", |setting| {
            setting.one_or_list().iter().map(hash).collect::<Result<Vec<_>, _>>()
        });
        reader.finish();
        Some(Sign { parameter: parameter?.to_owned(), chain: chain? })
    }

    /// The address with its signature.
    pub fn signed(&self, mut address: Url) -> Url {
        let query = address.query().unwrap_or_default().to_owned();
        let mut pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
        pairs.sort_unstable();
        let signature = self.chain.iter().fold(pairs.join("&"), |text, hash| hash.of(&text));
        address.query_pairs_mut().append_pair(&self.parameter, &signature);
        address
    }
}

impl Hash {
    fn of(self, text: &str) -> String {
        match self {
            Hash::Md5 => hex(&Md5::digest(text)),
            Hash::Sha1 => hex(&Sha1::digest(text)),
            Hash::Sha256 => hex(&Sha256::digest(text)),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hash(setting: &Setting) -> Result<Hash, Mistake> {
    match setting.text()? {
        "md5" => Ok(Hash::Md5),
        "sha1" => Ok(Hash::Sha1),
        "sha256" => Ok(Hash::Sha256),
        other => Err(Mistake::at(
            setting,
            format!("`{other}` is no hash known here; there are `md5`, `sha1` and `sha256`"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sorted_query_is_hashed_link_by_link() {
        let sign = Sign { parameter: "sign".to_owned(), chain: vec![Hash::Sha1, Hash::Md5] };
        let url = Url::parse("https://a.example/list?os=web&app=x&rn=20").unwrap();
        let expected = hex(&Md5::digest(hex(&Sha1::digest("app=x&os=web&rn=20"))));
        let query = format!("os=web&app=x&rn=20&sign={expected}");
        assert_eq!(sign.signed(url).query(), Some(query.as_str()));
        assert_eq!(Hash::Md5.of("abc"), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(Hash::Sha1.of("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    }
}
