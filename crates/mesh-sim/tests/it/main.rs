//! The scenarios, with fewer requests than `cargo xtask sim` has, in one binary.
#![expect(clippy::unwrap_used, reason = "a test that meets the impossible should stop there")]

mod chain;
mod pool;
mod scenarios;
