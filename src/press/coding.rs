//! Content codings: the same bytes, smaller on the way (RFC 9110 section 8.4.1).
//!
//! A document is coded once and the copy is kept beside it, so the levels are those that pay off
//! over many readers. Which coding a reader gets is decided elsewhere; nothing here knows HTTP.

use std::io::{self, Write};

use bytes::Bytes;

/// How the bytes of a document are coded on the way to a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coding {
    /// Brotli (RFC 7932).
    Brotli,
    /// Zstandard (RFC 8878).
    Zstd,
    /// gzip (RFC 1952).
    Gzip,
}

/// All codings, those first that make our documents smallest.
pub const CODINGS: &[Coding] = &[Coding::Brotli, Coding::Zstd, Coding::Gzip];

/// Shorter documents fit into one packet as they are.
pub const LEAST: usize = 1024;

impl Coding {
    /// Its name in `Content-Encoding`, which its entity tags end with as well.
    pub fn name(self) -> &'static str {
        match self {
            Coding::Brotli => "br",
            Coding::Zstd => "zstd",
            Coding::Gzip => "gzip",
        }
    }

    /// The bytes in this coding; the same ones on every node.
    pub fn encode(self, bytes: &[u8]) -> Bytes {
        let coded = match self {
            Coding::Brotli => brotli(bytes),
            Coding::Zstd => zstd::bulk::compress(bytes, 9),
            Coding::Gzip => gzip(bytes),
        };
        Bytes::from(coded.expect("coding from memory to memory cannot fail"))
    }
}

fn brotli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut coded = Vec::with_capacity(bytes.len() / 4);
    let mut writer = brotli::CompressorWriter::new(&mut coded, 64 << 10, 6, 22);
    writer.write_all(bytes)?;
    drop(writer); // Writes the end.
    Ok(coded)
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let room = Vec::with_capacity(bytes.len() / 4);
    let mut writer = flate2::write::GzEncoder::new(room, flate2::Compression::new(6));
    writer.write_all(bytes)?;
    writer.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn decoded(coding: Coding, bytes: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        match coding {
            Coding::Brotli => drop(brotli::Decompressor::new(bytes, 4096).read_to_end(&mut plain)),
            Coding::Zstd => plain = zstd::bulk::decompress(bytes, 1 << 20).unwrap(),
            Coding::Gzip => drop(flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain)),
        }
        plain
    }

    #[test]
    fn c_12_what_was_coded_reads_back() {
        let text = "重庆日报：新闻与消息 <p>feed</p>\n".repeat(900);
        for coding in CODINGS {
            for plain in [&b""[..], b"x", text.as_bytes()] {
                let coded = coding.encode(plain);
                assert_eq!(decoded(*coding, &coded), plain, "{}", coding.name());
                assert_eq!(coded, coding.encode(plain), "the same bytes each time");
            }
            assert!(coding.encode(text.as_bytes()).len() * 20 < text.len(), "{}", coding.name());
        }
    }
}
