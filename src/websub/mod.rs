//! The protocol of WebSub, pure: how a hub is found, asked and believed (W3C Recommendation of 23 January
//! 2018).
//!
//! Requests and answers are values here; who sends them, and what is remembered, is decided above. `hub` is
//! our own hub's side of it, `discovery`, `intent` and `subscribe` are that of a subscriber.

pub mod discovery;
pub mod hub;
pub mod intent;
pub mod signature;
pub mod subscribe;
