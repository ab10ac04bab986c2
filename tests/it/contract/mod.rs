//! Suites that every implementation of a seam passes.

/// Lists what a store promises; each promise is tried in memory and in a file.
macro_rules! contract {
    ($($promise:ident,)*) => {
        mod in_memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                super::$promise(super::Place::Memory).await
            })*
        }
        mod in_a_file {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                super::$promise(super::Place::File).await
            })*
        }
    };
}

mod adapters;
mod adapters_declarative;
mod formats;
mod house;
mod mutants;
mod search;
mod store;
mod upstreams;
