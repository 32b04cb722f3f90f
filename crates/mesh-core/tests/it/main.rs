//! Integration tests of the brain, in one binary.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets the impossible should stop there"
)]

extern crate alloc;

mod fast_failure;
mod machine_properties;
mod traffic_properties;
