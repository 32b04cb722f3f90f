//! Deterministic simulations of the brain: the real [`mesh_core::machine::Machine`] with compiled
//! documents, under simulated time, arrivals and servers.
//!
//! Each scenario gives [`figure::Figure`]s, some with a bound that must hold; the tests and
//! `cargo xtask sim` look at the same ones. The same seed gives the same figures on every machine.
//! What is simulated, and what is left out, stands in `docs/simulation.md`.
#![expect(
    clippy::std_instead_of_alloc,
    reason = "a program on std; alloc's names buy nothing here"
)]

pub mod chain;
pub mod distribution;
pub mod event_queue;
pub mod figure;
pub mod mesh;
pub mod pool;
pub mod samples;
pub mod scenario;
pub mod server;
