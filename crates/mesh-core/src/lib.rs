//! The deterministic brain of Diddy-Mesh.
//!
//! A [`snapshot::Snapshot`] says what the mesh is; a [`machine::Machine`] takes requests through it
//! (its page has a whole one as an example). Time, dice and outcomes are handed in; decisions and
//! events come out. Each part is useful alone: [`route`], [`balance`], [`breaker`], [`retry`],
//! [`concurrency`], [`outlier`]. Every bound stands in [`limits`].
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
pub mod latency;
pub mod limits;
pub mod machine;
pub mod method;
pub mod name;
pub mod outlier;
pub mod path;
pub mod rate_limit;
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
