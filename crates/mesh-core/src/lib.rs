//! The deterministic brain of Diddy-Mesh.
#![no_std]
extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod balance;
pub mod breaker;
pub mod concurrency;
pub mod dice;
pub mod hash;
pub mod outlier;
pub mod retry;
pub mod time;
