//! The nouns of Feedloom and their laws. Pure values: no clock, no IO, no wire format,
//! and nothing here knows a room above it.
//!
//! Reading order: `time` and `text` (what fields are made of), `draft` (how anything from
//! outside becomes an item), `item`, `source` (with `pause` and `rhythm`: when it may and should be asked, and `whereabouts`: where), `category`, `feed`, `twin` (which items tell one story),
//! `manners` (how hosts are treated), `status` (with `cause` and `notice`: what an operator should know), `view` and `cut` (what a feed shows), `period` and `digest` (what came in a day or a week, as an item), `subscription` and `wish` (who is told of what), `follower` (who follows a topic).

pub mod category;
pub mod cause;
pub mod cut;
pub mod digest;
pub mod draft;
pub mod feed;
pub mod follower;
pub mod hub;
pub mod item;
pub mod link;
pub mod manners;
pub mod notice;
pub mod pause;
pub mod period;
pub mod pinyin;
pub mod rhythm;
pub mod rules;
pub mod sieve;
pub mod source;
pub mod status;
pub mod subscription;
pub mod text;
pub mod time;
mod titles;
pub mod token;
pub mod twin;
pub mod view;
pub mod whereabouts;
pub mod wish;
