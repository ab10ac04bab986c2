//! Feedloom pulls news from many places in many shapes into one ordered log of changes, serves it as
//! per-category RSS, Atom and JSON Feed, and pushes it to those who asked.
//!
//! # The idea in one breath
//!
//! Sources are pulled into one append-only log. Every reader of that log is a cursor over it.
//! Everything between bytes and bytes is a pure function; time and IO stand at the edge.
//!
//! # The rooms, in reading order
//!
//! | row | room | what it is |
//! |---|---|---|
//! | 0 | [`model`] | the nouns and their laws: item, draft, source, category, feed, subscription, time, text |
//! | 1 | [`adapter`] | bytes of a source → entries |
//! | 1 | [`format`](mod@format) | feed → document |
//! | 1 | [`websub`] | how a hub is found, asked and believed; and our own hub's side of it |
//! | 1 | [`webhook`] | how a message is named, signed and believed |
//! | 2 | [`config`] | `feeds.toml` → values, complete or refused |
//! | 3 | [`store`] | what is remembered, in one transaction a poll |
//! | 3 | [`net`] | the one door out, with a permit for each caller |
//! | 3 | [`clock`] | the one door to the wall clock |
//! | 3 | [`telemetry`] | what happened, counted for machines |
//! | 4 | [`press`] | rendered documents, kept by head |
//! | 5 | [`ingest`] | the verb: pull sources |
//! | 5 | [`deliver`] | the verb: push to those who asked for it |
//! | 5 | [`serve`] | the verb: answer readers |
//! | 6 | [`cli`] | the composition root |
//!
//! A room imports only from rows above it in this table; rooms of one row do not know each other.
//! `tests/it/tidy.rs` is the referee.
//!
//! # The journey of one article
//!
//! 1. `ingest::step` leases a source that is due (`Store::claim_due`).
//! 2. The adapter says what to ask (`Adapter::asks`); the poll adds validators and sends it through
//!    `Transport::send`. A 304 or an equal body ends here.
//! 3. `Adapter::parse` makes entries of the bytes, each with a mark: its name and its looks.
//! 4. `Store::known` tells which are new or changed; details are asked for those, within a budget.
//! 5. `Draft::refine` makes a candidate of each: times, safe HTML, links, keys, names.
//! 6. `Store::commit_poll` settles what only memory knows (ids, slugs, first sightings, twins) and writes
//!    items, log, heads, validators and the next poll in one transaction.
//! 7. A reader asks: `serve` finds the printed copy at the shelf's head, or `press` prints it once
//!    (`Feed::assemble`, `Format::render`).
//! 8. `deliver` reads the log behind the point up to which all webhooks have looked at it
//!    (`Subscriptions::changes`), and `Interest::wants` says who is owed what; the roster says whose turn it is.
//! 9. A subscription is leased (`Subscriptions::claim_deliveries`); each message is named, signed and sent
//!    through the same door, and what came of it is stored (`settle`) before the next one is made.
//! 10. Followers of a topic whose bytes changed are leased (`Followers::claim_pushes`) and sent the printed copy.
//!
//! # What is deliberately absent
//!
//! - No event bus and no in-memory queue that holds truth: a wake-up is a hint, the log is the fact.
//! - No clock, file, socket or environment in rows 0 to 2; budgets there count work, not time.
//! - No Rust for one upstream: what belongs to one upstream is lines in `feeds.toml`.
//! - No foreign feed types in the model, no stored renderings, no SQL outside `store`.
//!
//! # Where this differs from the design
//!
//! The design reads feeds with quick-xml's `Reader`; `adapter::feed` has a tokenizer of its own
//! instead, and quick-xml reads and writes only OPML. Measured, that reader stops at the first
//! fault, makes an event of each reference (thousands in an escaped article), and lets a quote that
//! was never closed swallow the rest of the document.
//!
//! The three declarative kinds `json`, `html` and `sitemap` are one adapter, `adapter::list`, rather
//! than a file each: paging, leads, details, signatures and budgets are the same for all, and only
//! how a page falls apart into entries differs. `full_text` wraps any adapter as one more detail.
//!
//! A listing cut short (a budget, a crash, a failed page) is remembered as unfinished, and its next
//! poll pages past entries it knows. The design's "stop at the first known entry" alone would lose
//! what lies behind the cut.
//!
//! The design gives `Draft::refine` a key rule; it stands on the draft (`Draft::by`), because within one
//! answer it differs from entry to entry. A fourth key, the place, stands between link and title: it
//! recognises articles of a site that moved to another host.
//!
//! The terms of search are made when the index follows the log, not by `refine`: a new rule for terms
//! then only begins the index anew, and ingest need not carry them.
//!
//! Twins are looked for by hashes of clauses and judged by laying their texts side by side, not by
//! SimHash and a measure of bags of pairs: that is near for texts of one template, which must never
//! merge, and far for a copy that was cut. Which twin stands is settled shelf by shelf, so that a
//! story told in two categories is found in both.
//!
//! A view is found under an address like a shelf, so `Shelf` has a variant for it, though the store knows
//! none; what a view, a shelf or a reader's parameters show is one value, `model::view::Selection`. A
//! view's `updated` is that of its newest item, since most of what moves its head does not show in it.
//!
//! The feed of a shelf shows its window *and* the open page of its archive; what is pruned there moves
//! the head. A full house asks those connections to leave that only hold a place; waiting to be accepted,
//! as the design has it, would let whoever opens sockets keep readers out.
//!
//! Which hosts are busy is told to `Store::claim_due` as `Rooms`, which know the manners towards each, so
//! that one claim takes no more of a host than it has room for either.
//!
//! What a hub pushes is taken like an answer that shows changes alone, before the hub is answered; where the
//! source is being polled just then it is made due instead, so nothing acknowledged hangs on memory.
//! Sources that ask the same are polled one after another by the answer of the first; the design
//! has no word for them, `ingest::group` has.
//!
//! Digests are two rooms' affair: the model has the cuts (`model::period`) and the words
//! (`model::digest`), the store what is due, what came and what is written. In the place of their source
//! stands an id that no file can write (`SourceId::ours`).
//!
//! The design's one trait `Sink` would have joined a cursor over the log with a document that is pushed when
//! it changed; they share no step but the lease, so `deliver::webhook` and `deliver::push` are two files and
//! no trait. Who is owed something is known in memory (`deliver::roster`) and made anew from the cursors, so
//! that a change costs one look however many webhooks there are; `claim_deliveries` is told whom it is to
//! lease, and the store judges. A store is three traits, by who asks: `Store`, `Subscriptions`, `Followers`.
//!
//! A webhook has one message under way at a time, in the log's order, and bodies are made when they are
//! sent (rows D-09 and D-12 have four, and bodies that are kept): a retry has the same id, and the newest
//! words. There is no setting for an egress proxy yet (row S-13).
//!
//! Benchmarks time peers in turn and print the ratios (`benches/beside`); the design's harness, divan,
//! prints times one after the other.

#![warn(missing_docs)]
#![forbid(unsafe_code)]

pub mod adapter;
pub mod cli;
pub mod clock;
pub mod config;
pub mod deliver;
pub mod format;
pub mod ingest;
pub mod model;
pub mod net;
pub mod press;
pub mod serve;
pub mod store;
pub mod telemetry;
pub mod webhook;
pub mod websub;
