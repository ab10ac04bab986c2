//! Suites that every implementation of a seam passes.

mod adapters;
mod adapters_declarative;
mod archives;
mod digests;
mod formats;
mod house;
mod mutants;
mod search;
mod store;
mod twin_samples;
mod twins;
mod upstreams;
mod withdrawals;
