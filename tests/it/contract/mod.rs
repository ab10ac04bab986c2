//! Suites that every implementation of a seam passes.

mod adapters;
mod adapters_declarative;
mod formats;
mod house;
mod store;
mod upstreams;
