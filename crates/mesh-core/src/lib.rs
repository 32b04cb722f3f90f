//! The deterministic brain of Diddy-Mesh.
#![no_std]
#![cfg_attr(
    test,
    expect(clippy::cast_possible_truncation, reason = "the tests' numbers are small")
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod admission;
pub mod balance;
pub mod breaker;
pub mod concurrency;
pub mod dice;
pub mod event;
pub mod filter;
pub mod hash;
pub mod limits;
pub mod machine;
pub mod method;
pub mod outlier;
pub mod path;
pub mod reason;
pub mod retry;
mod ring;
pub mod route;
pub mod snapshot;
pub mod time;

/// The programs of the texts, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Texts;
