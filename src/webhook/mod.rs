//! Standard Webhooks, pure: how an event is named, signed and believed (www.standardwebhooks.com,
//! specification 1.0).
//!
//! Bytes and headers are values here. What an event says is written in `format`, who is told is decided
//! above. A receiver in Rust can use `signature::verify` as it stands.

pub mod key;
pub mod message;
pub mod signature;
