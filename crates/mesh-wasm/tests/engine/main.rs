//! The surface of `engine.wasm`, called as a host calls it. All tests of the binary share one
//! instance, as all requests of an isolate do: each loads its own Snapshot and names its own
//! services.
#![cfg(all(target_arch = "wasm32", feature = "engine"))]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "tests may fail loudly, and their numbers are small"
)]

mod host;
mod load;
mod requests;
mod tables;
