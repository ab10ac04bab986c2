//! The protocol of WebSub, pure: how a hub is found, asked and believed (W3C Recommendation of 23 January
//! 2018).
//!
//! Requests and answers are values here; who sends them, and what is remembered, is decided above. Our
//! own hub is not here yet: this is the side of the subscriber.

pub mod discovery;
pub mod intent;
pub mod signature;
pub mod subscribe;
