//! The tests that see the house from outside, in one binary.

mod admin;
mod browser;
mod cli;
mod contract;
mod digests;
mod guard;
mod hostile;
mod house;
mod hub;
mod journey;
mod kill;
mod laws;
mod ledger;
mod manners;
mod origin;
mod pushing;
mod readme;
mod receivers;
mod seed;
mod tidy;
mod webhook;
mod websub;
